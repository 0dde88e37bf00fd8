/* SPDX-License-Identifier: MIT */
/*
 * measure.h - a number out of a figure's CSV, as a claim's definition says
 *
 *	{ op = "at"; x = "bytes"; at = 64.0; y = "one_way_us"; where = "series=IX"; }
 *
 *	at	y in the row where x is `at`
 *	last	y in the row with the largest x
 *	row	y of the only row
 *	max	largest y
 *	crosses	smallest x where y reaches `level`, straight lines between rows
 *	load	largest x with y <= `level`, straight lines between rows
 *	reaches	smallest x of a row with y of at least `share` % of the largest y
 *	share	100 * y at `at` / largest y
 *	ratio	y at `at` where column `series` is `of`, over the same where it is `to`;
 *		without `at`, of the largest y
 *	spread	largest max - min of y among rows of equal x, where x <= `at`
 *	gain	100 (b / a - 1): a, b = `load` where column `series` is `from`, `to`
 *	sum	100 * (sum of `columns`) / y, in the row where x is `at`
 *
 * `where = "column=value"`, or a list of such texts, keeps only those rows; `series` is
 * "series" unless said. The result is multiplied by `scale`, `offset` is added, and it is
 * rounded up to a multiple of `step`. `row` and `max` need no x.
 *
 * Not here: what a claim is and whether it holds (claims.h).
 */
#ifndef CLI_MEASURE_H
#define CLI_MEASURE_H

#include <libconfig.h>

#include "cli/table.h"

struct point {
	double x, y;
};

struct points {
	size_t n;
	struct point *p;	/* by x; to be freed */
};

/** A number of a group of a configuration, or @fallback. */
double setting_number(const config_setting_t *set, const char *name, double fallback);

/** A text of a group of a configuration, or @fallback. */
const char *setting_text(const config_setting_t *set, const char *name, const char *fallback);

/** Does @row pass what @where, a text or a list of texts "column=value", asks? NULL: yes. */
bool row_passes(const struct table *t, size_t row, const config_setting_t *where);

/** Rows that pass @where, and where @column is @value unless that is NULL. */
struct points points_get(const struct table *t, const char *x, const char *y,
			 const config_setting_t *where, const char *column, const char *value);

/** y at @x on straight lines between points; NAN outside of them. */
double points_at(const struct points *ps, double x);

/** Smallest x where y reaches @level; NAN if it does not. */
double points_cross(const struct points *ps, double level);

/** Largest y; NAN without points. */
double points_max(const struct points *ps);

/** How many rows of @t are points that failed. */
size_t rows_failed(const struct table *t);

/** Measure what @how says in @t. Returns 0; -EINVAL and a sentence in @err if @how is no
 * measurement, @t lacks a column that it names, or a cell that it reads is a text; or -ENODATA and
 * a sentence if @t has no such row. */
int measure(const config_setting_t *how, const struct table *t, double *ours, char *err,
	    size_t err_len);

#endif
