/* SPDX-License-Identifier: MIT */
/*
 * swarm_jobs.c - many worlds, each in a child: none takes the others with it
 *
 * What an assertion says becomes the outcome of its world. A world that hangs is ended by
 * its alarm. Results are in the order of the worlds, whatever ends first.
 */
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/workers.h"
#include "tests/sim/swarm.h"

enum { LIMIT_S = 120 };

struct batch {
	const struct world *w;
	bool compare;
};

/* Of the child: where an assertion leaves its words. */
static FILE *child_out;

void worlds_assert_failed(const char *text, const char *file, unsigned line, const char *fn)
{
	struct outcome o = { 0 };

	snprintf(o.why, sizeof(o.why), "%s:%u: %s: assertion `%s' failed", file, line, fn, text);
	if (!child_out) {
		fprintf(stderr, "%s\n", o.why);
		abort();
	}
	fflush(stdout);
	if (fwrite(&o, sizeof(o), 1, child_out) != 1 || fclose(child_out) != 0)
		_exit(1);
	_exit(0);
}

/* With the fast path and without: the same frames at the same times. */
static void run_both(const struct world *w, struct outcome *o)
{
	static struct world other;
	struct outcome slow;

	other = *w;
	world_fast_path(&other, true);
	world_run(&other, false, o);
	if (!o->ok)
		return;
	world_fast_path(&other, false);
	world_run(&other, false, &slow);
	if (slow.ok && slow.hash == o->hash)
		return;
	o->ok = false;
	if (slow.ok)
		snprintf(o->why, sizeof(o->why), "the wire shows the fast path: hash %016llx "
			 "with it, %016llx without", (unsigned long long)o->hash,
			 (unsigned long long)slow.hash);
	else
		memcpy(o->why, slow.why, sizeof(o->why));
}

static void job(void *ctx, size_t i, FILE *out)
{
	const struct batch *b = ctx;
	struct outcome o;

	child_out = out;
	alarm(LIMIT_S);
	if (b->compare)
		run_both(&b->w[i], &o);
	else
		world_run(&b->w[i], false, &o);
	if (fwrite(&o, sizeof(o), 1, out) != 1)
		_exit(1);
}

void worlds_run(const struct world *w, size_t n, unsigned jobs, bool compare, struct outcome *o)
{
	struct batch b = { w, compare };
	struct job *j = calloc(n, sizeof(*j));
	int rc;

	if (!j) {
		fputs("swarm: no memory for the list of jobs\n", stderr);
		exit(1);
	}
	rc = workers_run(j, n, jobs, job, NULL, &b);
	if (rc > 0)
		raise(rc);	/* interrupted: the default is to end */
	for (size_t i = 0; i < n; i++) {
		if (j[i].ok && j[i].len == sizeof(o[i])) {
			memcpy(&o[i], j[i].data, sizeof(o[i]));
		} else {
			o[i] = (struct outcome){ 0 };
			snprintf(o[i].why, sizeof(o[i].why), "crashed: %s", j[i].why);
		}
		free(j[i].data);
	}
	free(j);
}
