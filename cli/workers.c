/* SPDX-License-Identifier: MIT */
/*
 * workers.c - see workers.h
 */
#include <errno.h>
#include <poll.h>
#include <sched.h>
#include <stdlib.h>
#include <string.h>
#include <sys/prctl.h>
#include <sys/wait.h>
#include <signal.h>
#include <unistd.h>

#include "cli/workers.h"

enum { PARALLEL_MAX = 256, READ_BYTES = 65536 };

struct child {
	pid_t pid;
	int fd;
	size_t job;
};

unsigned workers_default(void)
{
	cpu_set_t set;
	int n = sched_getaffinity(0, sizeof(set), &set) == 0 ? CPU_COUNT(&set) : 1;

	return n < 1 ? 1 : (unsigned)n;
}

static void child_main(job_fn *fn, void *ctx, size_t i, int fd)
{
	FILE *out = fdopen(fd, "w");

	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* an interrupted sweep leaves nobody behind */
	if (!out)
		_exit(1);
	fn(ctx, i, out);
	_exit(fclose(out) == 0 ? 0 : 1);
}

static bool child_start(struct child *c, size_t i, job_fn *fn, void *ctx)
{
	int fds[2];

	if (pipe(fds) != 0)
		return false;
	c->pid = fork();
	if (c->pid == 0) {
		close(fds[0]);
		child_main(fn, ctx, i, fds[1]);
	}
	close(fds[1]);
	if (c->pid < 0) {
		close(fds[0]);
		return false;
	}
	c->fd = fds[0];
	c->job = i;
	return true;
}

/* Take what is there. Returns false at the end of the stream. */
static bool child_read(const struct child *c, struct job *j)
{
	char *grown = realloc(j->data, j->len + READ_BYTES);
	ssize_t n;

	if (!grown)
		return false;
	j->data = grown;
	do {
		n = read(c->fd, j->data + j->len, READ_BYTES);
	} while (n < 0 && errno == EINTR);
	if (n <= 0)
		return false;
	j->len += (size_t)n;
	return true;
}

static void child_end(const struct child *c, struct job *j)
{
	int status = 0;

	close(c->fd);
	while (waitpid(c->pid, &status, 0) < 0 && errno == EINTR)
		;
	j->ok = WIFEXITED(status) && WEXITSTATUS(status) == 0;
	if (WIFSIGNALED(status))
		snprintf(j->why, sizeof(j->why), "killed by signal %d (%s)", WTERMSIG(status),
			 strsignal(WTERMSIG(status)));
	else if (!j->ok)
		snprintf(j->why, sizeof(j->why), "ended with status %d", WEXITSTATUS(status));
}

void workers_run(struct job *jobs, size_t n, unsigned parallel, job_fn *fn, job_done_fn *done,
		 void *ctx)
{
	struct child child[PARALLEL_MAX];
	struct pollfd pfd[PARALLEL_MAX];
	size_t next = 0, finished = 0;
	unsigned running = 0;

	if (parallel < 1)
		parallel = 1;
	if (parallel > PARALLEL_MAX)
		parallel = PARALLEL_MAX;
	fflush(NULL);		/* or every child would print it again */
	while (finished < n) {
		while (running < parallel && next < n) {
			if (child_start(&child[running], next, fn, ctx)) {
				running++;
			} else if (running > 0) {
				break;	/* try again when one has ended */
			} else {
				snprintf(jobs[next].why, sizeof(jobs[next].why),
					 "cannot start a process: %.60s", strerror(errno));
				finished++;
			}
			next++;
		}
		for (unsigned i = 0; i < running; i++)
			pfd[i] = (struct pollfd){ child[i].fd, POLLIN, 0 };
		if (running == 0 || poll(pfd, running, -1) < 0)
			continue;
		for (unsigned i = running; i-- > 0;) {
			if (!pfd[i].revents || child_read(&child[i], &jobs[child[i].job]))
				continue;
			child_end(&child[i], &jobs[child[i].job]);
			child[i] = child[--running];
			finished++;
			if (done)
				done(ctx, finished, n);
		}
	}
}
