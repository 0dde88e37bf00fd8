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

#include "base/types.h"
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

/* Signals that end a sweep: noted, and looked at between jobs. */
static volatile sig_atomic_t signal_seen;

static void signal_note(int number)
{
	signal_seen = number;
}

struct signals {
	struct sigaction old_int, old_term;
	sigset_t old_mask;
};

/* They are let in during ppoll() only, so none is lost between a look and the wait. */
static void signals_take(struct signals *s)
{
	struct sigaction note = { .sa_handler = signal_note };
	sigset_t both;

	signal_seen = 0;
	sigaction(SIGINT, &note, &s->old_int);
	sigaction(SIGTERM, &note, &s->old_term);
	if (s->old_int.sa_handler == SIG_IGN)	/* as under nohup */
		sigaction(SIGINT, &s->old_int, NULL);
	sigemptyset(&both);
	sigaddset(&both, SIGINT);
	sigaddset(&both, SIGTERM);
	sigprocmask(SIG_BLOCK, &both, &s->old_mask);
}

static void signals_give_back(const struct signals *s)
{
	sigaction(SIGINT, &s->old_int, NULL);
	sigaction(SIGTERM, &s->old_term, NULL);
	sigprocmask(SIG_SETMASK, &s->old_mask, NULL);
}

static void child_main(job_fn *fn, void *ctx, size_t i, int fd, pid_t parent)
{
	FILE *out = fdopen(fd, "w");

	prctl(PR_SET_PDEATHSIG, SIGKILL);	/* an interrupted sweep leaves nobody behind */
	if (!out || getppid() != parent)
		_exit(1);
	fn(ctx, i, out);
	_exit(fclose(out) == 0 ? 0 : 1);
}

static bool child_start(struct child *c, size_t i, job_fn *fn, void *ctx,
			const struct signals *sig)
{
	pid_t parent = getpid();
	int fds[2];

	if (pipe(fds) != 0)
		return false;
	c->pid = fork();
	if (c->pid == 0) {
		signals_give_back(sig);
		close(fds[0]);
		child_main(fn, ctx, i, fds[1], parent);
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
	j->signal = WIFSIGNALED(status) ? WTERMSIG(status) : 0;
	if (j->signal)
		snprintf(j->why, sizeof(j->why), "killed by signal %d (%s)", j->signal,
			 strsignal(j->signal));
	else if (!j->ok)
		snprintf(j->why, sizeof(j->why), "ended with status %d", WEXITSTATUS(status));
}

/* Everything that goes on between the first job and the last. */
struct crew {
	struct job *jobs;
	size_t n, next, finished;
	unsigned parallel, running;
	struct child child[PARALLEL_MAX];
	struct signals sig;
	job_fn *fn;
	void *ctx;
};

/* Start as many as may run. */
static void crew_start(struct crew *w)
{
	while (w->running < w->parallel && w->next < w->n) {
		if (child_start(&w->child[w->running], w->next, w->fn, w->ctx, &w->sig)) {
			w->running++;
		} else if (w->running > 0) {
			return;		/* try again when one has ended */
		} else {
			snprintf(w->jobs[w->next].why, sizeof(w->jobs[w->next].why),
				 "cannot start a process: %.60s", strerror(errno));
			w->finished++;
		}
		w->next++;
	}
}

static void crew_kill(struct crew *w)
{
	for (unsigned i = 0; i < w->running; i++)
		kill(w->child[i].pid, SIGKILL);
	for (unsigned i = 0; i < w->running; i++)
		child_end(&w->child[i], &w->jobs[w->child[i].job]);
	w->running = 0;
}

/* Wait for one or more, and take what they say. false: start no more. */
static bool crew_wait(struct crew *w, job_done_fn *done)
{
	struct pollfd pfd[PARALLEL_MAX];
	bool more = true;

	for (unsigned i = 0; i < w->running; i++)
		pfd[i] = (struct pollfd){ w->child[i].fd, POLLIN, 0 };
	if (w->running == 0 || ppoll(pfd, w->running, NULL, &w->sig.old_mask) < 0)
		return true;
	for (unsigned i = w->running; i-- > 0;) {
		size_t job = w->child[i].job;

		if (!pfd[i].revents || child_read(&w->child[i], &w->jobs[job]))
			continue;
		child_end(&w->child[i], &w->jobs[job]);
		w->child[i] = w->child[--w->running];
		w->finished++;
		if (done && !done(w->ctx, job, &w->jobs[job], w->finished))
			more = false;
	}
	return more;
}

int workers_run(struct job *jobs, size_t n, unsigned parallel, job_fn *fn, job_done_fn *done,
		void *ctx)
{
	struct crew *w = calloc(1, sizeof(*w));
	int rc = 0;

	if (!w)
		abort();
	w->jobs = jobs;
	w->n = n;
	w->parallel = MIN(MAX(parallel, 1u), (unsigned)PARALLEL_MAX);
	w->fn = fn;
	w->ctx = ctx;
	fflush(NULL);		/* or every child would print it again */
	signals_take(&w->sig);
	while (w->finished < n && !signal_seen && (rc == 0 || w->running > 0)) {
		if (rc == 0)
			crew_start(w);
		if (!crew_wait(w, done))
			rc = -ECANCELED;
	}
	if (signal_seen && w->finished < n) {
		rc = signal_seen;
		crew_kill(w);
	}
	signals_give_back(&w->sig);
	free(w);
	return rc;
}
