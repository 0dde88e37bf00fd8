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

/**
 * Run the job @path unless the store @dir has its point. With @out the file of the point is
 * written there instead of into the store. Prints what came of it. Returns an exit code.
 */
int job_run(const char *path, const char *dir, const char *out, bool quiet);

#endif
