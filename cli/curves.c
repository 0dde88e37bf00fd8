/* SPDX-License-Identifier: MIT */
/*
 * curves.c - see curves.h
 *
 * Not here: the checks (shapes.c).
 */
#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "cli/curves_impl.h"
#include "cli/measure.h"
#include "cli/result.h"

static const char *const columns[POINT_COLUMNS] = {
	[P_FIGURE] = "figure", [P_SERIES] = "series", [P_SYSTEM] = "system",
	[P_QUANTITY] = "quantity", [P_X] = "x", [P_X_UNIT] = "x_unit",
	[P_PUBLISHED] = "published", [P_OURS] = "simulated", [P_UNIT] = "unit",
	[P_ERROR] = "error_pct", [P_FITTED] = "fitted", [P_KNEE] = "knee", [P_NOTE] = "note",
};

static const char *const why_columns[WHY_COLUMNS] = { "figure", "series", "why" };

/* An achieved load is not quite the offered one: a run is at x if it is as near. */
static const double at_slack = 0.01;

static const char *cell(const struct table *t, size_t row, const char *col)
{
	return table_get(t, row, table_col(t, col));
}

/* A published point that cannot be read would be missing from the order and the knees. */
static int published_check(const struct table *t, const char *path, char *err, size_t err_len)
{
	static const char *const needed[] = { "figure", "series", "x", "x_unit", "y", "y_unit" };
	double v;

	for (size_t i = 0; i < ARRAY_LEN(needed); i++)
		if (table_col(t, needed[i]) == TABLE_NO_COLUMN) {
			snprintf(err, err_len, "%s: there is no column %s", path, needed[i]);
			return -EINVAL;
		}
	for (size_t r = 0; r < t->n_rows; r++)
		if (!table_number(t, r, table_col(t, "x"), &v) ||
		    !table_number(t, r, table_col(t, "y"), &v)) {
			snprintf(err, err_len, "%s: point %zu, \"%.40s\" of \"%.40s\": x and y "
				 "are numbers, not \"%.40s\" and \"%.40s\"", path, r + 1,
				 cell(t, r, "series"), cell(t, r, "figure"), cell(t, r, "x"),
				 cell(t, r, "y"));
			return -EINVAL;
		}
	return 0;
}

int curves_begin(struct curves *c, const struct figure_env *env, struct fitted *f, char *err,
		 size_t err_len)
{
	static const struct { enum point_column to; const char *from; } same[] = {
		{ P_FIGURE, "figure" }, { P_SERIES, "series" }, { P_X, "x" },
		{ P_X_UNIT, "x_unit" }, { P_PUBLISHED, "y" }, { P_UNIT, "y_unit" },
	};
	struct table t;
	char path[600];
	double x;
	int rc;

	memset(c, 0, sizeof(*c));
	for (size_t i = 0; i < POINT_COLUMNS; i++)
		table_col_add(&c->points, columns[i]);
	for (size_t i = 0; i < WHY_COLUMNS; i++)
		table_col_add(&c->whys, why_columns[i]);
	result_path(path, sizeof(path), env->figs, "curves", "csv");
	rc = table_read(&t, path, err, err_len);
	if (rc == 0)
		rc = published_check(&t, path, err, err_len);
	for (size_t r = 0; rc == 0 && r < t.n_rows; r++) {
		table_row_add(&c->points);
		for (size_t i = 0; i < ARRAY_LEN(same); i++)
			table_set(&c->points, r, same[i].to, cell(&t, r, same[i].from));
		table_number(&t, r, table_col(&t, "x"), &x);
		table_set(&c->points, r, P_FITTED,
			  fitted_point(f, cell(&t, r, "figure"), cell(&t, r, "series"), x) ? "yes" :
											     "no");
		table_set(&c->points, r, P_NOTE, "not run");
	}
	table_free(&t);
	return rc;
}

/* "IX 4x10GbE" is of the system "IX". */
static void system_set(struct table *t, size_t row, const char *given)
{
	const char *series = table_get(t, row, P_SERIES);
	char name[64];

	snprintf(name, sizeof(name), "%.*s", (int)strcspn(series, " "), series);
	table_set(t, row, P_SYSTEM, given ? given : name);
}

/* How its knee is found: "90 %" of the largest y, "2 x" the first; on which axis. */
static void knee_set(struct table *t, size_t row, const config_setting_t *how)
{
	double share = setting_number(how, "knee", 0), times = setting_number(how, "knee_times", 0);
	char text[40] = "";
	int log_x = 0;

	config_setting_lookup_bool(how, "x_log", &log_x);
	if (share > 0)
		snprintf(text, sizeof(text), "%g %%%s", share, log_x ? KNEE_LOG : "");
	else if (times > 0)
		snprintf(text, sizeof(text), "%g x%s", times, log_x ? KNEE_LOG : "");
	table_set(t, row, P_KNEE, text);
}

/* Where the run is that is within 1 % of @x, the nearest; @x where there is none. */
static double run_near(const struct points *ps, double x)
{
	double off = at_slack * fabs(x), at = x;

	for (size_t i = 0; i < ps->n; i++)
		if (fabs(ps->p[i].x - x) <= off) {
			off = fabs(ps->p[i].x - x);
			at = ps->p[i].x;
		}
	return at;
}

static void point_take(struct table *t, size_t row, const config_setting_t *how,
		       const struct points *ps)
{
	double x, published, ours;

	system_set(t, row, setting_text(how, "system", NULL));
	knee_set(t, row, how);
	table_set(t, row, P_QUANTITY, setting_text(how, "quantity", ""));
	if (!ps->n || !table_number(t, row, P_X, &x) ||
	    !table_number(t, row, P_PUBLISHED, &published))
		return;
	x /= setting_number(how, "x_scale", 1);
	ours = points_at(ps, run_near(ps, x)) * setting_number(how, "y_scale", 1);
	if (!isfinite(ours)) {
		table_set(t, row, P_NOTE, x > ps->p[0].x ? "we do not get that far" :
							   "below our first point");
		return;
	}
	table_set(t, row, P_NOTE, "");
	table_set_number(t, row, P_OURS, ours);
	if (published != 0)
		table_set_number(t, row, P_ERROR, round(1000 * (ours / published - 1)) / 10);
}

/* Points of one entry of the list `curves`. */
static void entry_take(struct curves *c, const struct figure *fig, const config_setting_t *how,
		       const struct table *result)
{
	const char *figure = setting_text(how, "figure", fig->name);
	const char *series = setting_text(how, "series", NULL);
	const char *x = setting_text(how, "x", ""), *y = setting_text(how, "y", "");
	const config_setting_t *where = config_setting_get_member(how, "where");
	struct table *t = &c->points;

	for (size_t i = 0; i < 2 && result->n_cols > 0; i++)
		if (table_col(result, i ? y : x) == TABLE_NO_COLUMN)
			fprintf(stderr, "ix figure: %s: curves: there is no column \"%s\" in "
				"%s.csv\n", fig->name, i ? y : x, figure_data(fig));
	for (size_t r = 0; r < t->n_rows; r++) {
		const char *name = table_get(t, r, P_SERIES);
		struct points ps;

		if (strcmp(table_get(t, r, P_FIGURE), figure) != 0 ||
		    (series && strcmp(name, series) != 0))
			continue;
		ps = points_get(result, x, y, where, "series", where ? NULL : name);
		point_take(t, r, how, &ps);
		free(ps.p);
	}
}

static void whys_take(struct table *t, const struct figure *fig)
{
	const config_setting_t *list = config_setting_get_member(fig->group, "misses"), *how;

	for (unsigned i = 0; list && (how = config_setting_get_elem(list, i)); i++) {
		size_t row = table_row_add(t);

		table_set(t, row, W_FIGURE, setting_text(how, "figure", fig->name));
		table_set(t, row, W_SERIES, setting_text(how, "series", ""));
		table_set(t, row, W_WHY, setting_text(how, "why", ""));
	}
}

void curves_take(struct curves *c, const struct figure *fig, const struct figure_env *env,
		 const struct table *result)
{
	const config_setting_t *list = config_setting_get_member(fig->group, "curves");

	for (int i = 0; list && i < config_setting_length(list); i++)
		entry_take(c, fig, config_setting_get_elem(list, (unsigned)i), result);
	if (!env->quick)		/* they are about the whole figure */
		whys_take(&c->whys, fig);
}

void curves_free(struct curves *c)
{
	table_free(&c->points);
	table_free(&c->checks);
	table_free(&c->whys);
}
