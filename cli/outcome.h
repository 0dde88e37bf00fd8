/* SPDX-License-Identifier: MIT */
/*
 * outcome.h - running a sweep, and what comes of it: a table and a manifest
 */
#ifndef CLI_OUTCOME_H
#define CLI_OUTCOME_H

#include "cli/search.h"
#include "cli/sweep.h"

struct sweep_outcome {
	size_t n_points;		/* rows, but for workloads that make several */
	size_t n_failed, n_refused, n_missing;	/* of the points; refused: searches */
	size_t n_runs, n_stored;	/* runs asked for, and those that the store had */
	struct table table;
	json_t *manifest;	/* of the first point, with axes, columns and failures */
	struct searches searches;
};

/**
 * Check every point, then take them from the store or run them. Returns an exit code:
 * IX_USAGE and mistakes in @c before anything ran, or once it is certain that a column is
 * of no metric, IX_SIGNAL + a signal's number after a sentence, IX_FAILED when a point failed
 * or is missing, else IX_OK. @out has no table when there is nothing to save: it is filled
 * unless IX_USAGE, a signal or a full disk.
 */
int sweep_run(const struct sweep *sw, struct conf *c, struct sweep_outcome *out);

/** Write DIR/NAME.csv and, with its hash, DIR/NAME.json. Returns 0 or a negative errno and a
 * sentence. */
int sweep_save(const struct sweep_outcome *out, const char *dir, const char *name, char *err,
	       size_t err_len);

void sweep_outcome_free(struct sweep_outcome *out);

#endif
