/* SPDX-License-Identifier: MIT */
/*
 * sweep.h - one scenario over the product of values of some knobs
 *
 * An axis is "key=" and a list "v1,v2,v3", a range "lo:hi:step" (hi included if it is
 * hit) or a geometric range "lo..hi*factor" (hi always included). Values carry units.
 * Points run in forked children; the table's rows are in the order of the product, last
 * axis fastest, however many run at a time. A point that fails is a row with its axes, no
 * numbers and an error; a run whose client was the bottleneck fails too, unless allowed.
 */
#ifndef CLI_SWEEP_H
#define CLI_SWEEP_H

#include "cli/conf.h"
#include "cli/table.h"

enum { SWEEP_AXES_MAX = 8, SWEEP_VALUES_MAX = 1000, SWEEP_POINTS_MAX = 100000 };

struct axis {
	char key[CONF_KEY_MAX];	/* in full */
	char column[CONF_KEY_MAX + 8];	/* key with the unit of its numbers */
	size_t n;
	char **values;		/* as conf_set() takes them */
	char **plain;		/* as the CSV shows them, base units */
};

struct sweep {
	size_t n_axes;
	struct axis axes[SWEEP_AXES_MAX];
	/* What every point has in common. */
	const char *file;			/* configuration, may be NULL */
	const char *const *sets;		/* "key=value" */
	size_t n_sets;
	unsigned jobs;				/* at a time; 0: all processors */
	bool quiet, allow_client_bound;
	const char *const *columns;		/* metrics to keep, NULL-terminated; NULL: all */
	const char *label;			/* of the progress line */
};

struct sweep_outcome {
	size_t n_points, n_failed;
	struct table table;
	json_t *manifest;	/* of the first point, with axes, columns and failures */
};

/**
 * Add the axis "key=values" to @sw; @c gets what the first point of the others would be
 * applied to, so that the key is known. Mistakes are noted in @c.
 */
bool sweep_axis_add(struct sweep *sw, struct conf *c, const char *spec, const char *where);

/** Add the axes of the configuration's group `sweep`, if there is one; @quick: its quick values. */
bool sweep_axes_from(struct sweep *sw, struct conf *c, const config_setting_t *group, bool quick);

size_t sweep_points(const struct sweep *sw);

/**
 * Check every point, then run them. Returns an exit code: IX_USAGE and mistakes in @c before
 * anything ran, IX_FAILED when a point failed, else IX_OK. @out is filled unless IX_USAGE.
 */
int sweep_run(const struct sweep *sw, struct conf *c, struct sweep_outcome *out);

/** Write DIR/NAME.csv and DIR/NAME.json. Returns 0 or a negative errno and a sentence. */
int sweep_save(const struct sweep_outcome *out, const char *dir, const char *name, char *err,
	       size_t err_len);

void sweep_outcome_free(struct sweep_outcome *out);
void sweep_free(struct sweep *sw);

#endif
