/* SPDX-License-Identifier: MIT */
/*
 * jobs.h - points as files that other machines run
 *
 * A job is a configuration with every knob, headed by what was planned:
 *
 *	# ix point: point 3 of 20 of my.conf
 *	# key 0123456789abcdef0123456789abcdef
 *	# code commit 0123456789ab
 *
 * `ix point` runs it if it comes to the same key there, so that another program or another
 * price list is a sentence instead of a point that nobody asked for.
 */
#ifndef CLI_JOBS_H
#define CLI_JOBS_H

#include "cli/sweep.h"

/**
 * Write DIR/000001.job ... for the points that the store does not have, equal ones once;
 * @dir must not have jobs yet. Searches are not planned: what they run is known as they go.
 * Returns an exit code; mistakes of the sweep are in @c, others are printed.
 */
int jobs_export(const struct sweep *sw, struct conf *c, const char *dir);

struct job_how {
	const char *dir;	/* the store */
	const char *out;	/* a file for what comes of it, instead of the store; or NULL */
	const char *failures;	/* a folder for why it failed, or NULL */
	bool quiet;
};

/**
 * Run the job @path, in a child, unless the store has its point. Prints what came of it.
 * Returns an exit code; IX_SIGNAL + the number of the signal that ended the run.
 */
int job_run(const char *path, const struct job_how *how);

#endif
