/* SPDX-License-Identifier: MIT */
/*
 * workers.h - jobs in forked children, a bounded number at a time
 *
 * A job runs in a copy of this process and leaves bytes behind; whatever it does to memory
 * or however it dies, the parent only sees those bytes and how it ended. Jobs start in
 * order; results are kept by index, so nothing depends on which ends first.
 */
#ifndef CLI_WORKERS_H
#define CLI_WORKERS_H

#include <stdbool.h>
#include <stdio.h>

struct job {
	char *data;		/* what it wrote; the caller frees */
	size_t len;
	bool ok;		/* it returned, and everything arrived */
	int signal;		/* that killed it, or 0 */
	char why[96];		/* if not: "killed by signal 11 (Segmentation fault)" */
};

/** In a child: do job @i and write its result to @out. */
typedef void job_fn(void *ctx, size_t i, FILE *out);
/** In the parent, after job @i, the @done th. false: start no more. */
typedef bool job_done_fn(void *ctx, size_t i, struct job *job, size_t done);

/**
 * Run jobs 0 .. n-1, at most @parallel at a time, into zeroed @jobs[@n]. Returns 0; or
 * -ECANCELED when @done said so, after those that ran; or the number of a signal (SIGINT,
 * SIGTERM), after which nothing runs any more.
 */
int workers_run(struct job *jobs, size_t n, unsigned parallel, job_fn *fn, job_done_fn *done,
		void *ctx);

/** Processors this process may use. */
unsigned workers_default(void);

#endif
