/* SPDX-License-Identifier: MIT */
/*
 * sweep_args.h - what the command lines of `ix sweep` and `ix search` share
 */
#ifndef CLI_SWEEP_ARGS_H
#define CLI_SWEEP_ARGS_H

#include <argp.h>

#include "cli/sweep.h"

enum { SWEEP_SETS_MAX = 128, JOBS_MAX = 256 };

/** As given; strings are the command line's. */
struct sweep_args {
	const char *file;		/* NULL: the defaults */
	const char *sets[SWEEP_SETS_MAX];
	size_t n_sets;
	const char *out;		/* FILE.csv; NULL: none */
	const char *store;
	unsigned jobs;			/* 0: every processor */
	bool quiet, no_store, allow_client_bound;
};

/** Options and the one argument, for argp.children; the child's input is a struct sweep_args. */
extern const struct argp sweep_argp;

/** @arg if it names a folder, there or not yet; otherwise a usage error. */
const char *args_folder(struct argp_state *st, const char *option, const char *arg);

/** @arg of -o if it names a file that can be written or made; otherwise a usage error. */
const char *args_file(struct argp_state *st, const char *arg);

/** A number of @option from @min to @max; anything else ends the program with a sentence. */
unsigned args_count(struct argp_state *st, const char *option, const char *arg, unsigned min,
		    unsigned max);

/** What @a says of @sw, which keeps @a's strings. */
void sweep_args_apply(const struct sweep_args *a, struct sweep *sw);

#endif
