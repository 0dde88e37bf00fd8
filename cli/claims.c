/* SPDX-License-Identifier: MIT */
/*
 * claims.c - see claims.h
 *
 * Not here: which claims belong to a figure, and the table of verdicts (cmd_figure.c).
 */
#include <math.h>
#include <stdlib.h>

#include "cli/claims.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_HOLDS] = "holds", [VERDICT_FAILS] = "FAILS",
		[VERDICT_NOT_RUN] = "not run", [VERDICT_INFORMATIVE] = "informative",
		[VERDICT_BROKEN] = "malformed",
	};

	return names[v];
}

/* "5.7" or "46-54". */
static bool value_bounds(const char *value, double *lo, double *hi)
{
	char *end;

	*lo = *hi = strtod(value, &end);
	if (end == value)
		return false;
	if (*end == '-') {
		const char *second = end + 1;

		*hi = strtod(second, &end);
		if (end == second || *hi < *lo)
			return false;
	}
	return *end == '\0';
}

static enum verdict within(double ours, double lo, double hi, double slack)
{
	const double rounding = 1e-9 * fabs(ours);

	return ours >= lo - slack - rounding && ours <= hi + slack + rounding ? VERDICT_HOLDS :
										 VERDICT_FAILS;
}

enum verdict claim_judge(const char *value, const char *tolerance, double ours, char *error,
			 size_t error_len)
{
	double lo, hi, mid, tol;
	char *end;

	snprintf(error, error_len, "-");
	if (!value_bounds(value, &lo, &hi) || !isfinite(ours))
		return VERDICT_BROKEN;
	mid = (lo + hi) / 2;
	if (mid != 0)
		snprintf(error, error_len, "%+.1f %%", 100 * (ours - mid) / fabs(mid));
	if (strcmp(tolerance, "at most") == 0)
		return within(ours, -INFINITY, hi, 0);
	if (strcmp(tolerance, "at least") == 0)
		return within(ours, lo, INFINITY, 0);
	if (strcmp(tolerance, "exact") == 0)
		return within(ours, lo, hi, 0);
	if (strcmp(tolerance, "informative") == 0)
		return VERDICT_INFORMATIVE;
	tol = strtod(tolerance, &end);
	if (end == tolerance || tol < 0)
		return VERDICT_BROKEN;
	if (strcmp(end, "%") == 0)
		return within(ours, lo, hi, tol / 100 * fabs(mid));
	if (strcmp(end, " points") != 0)
		return VERDICT_BROKEN;
	snprintf(error, error_len, "%+.1f points", ours - mid);
	return within(ours, lo, hi, tol);
}

/* ---- measuring ---- */

struct how {
	const char *op, *x, *y, *where, *series, *from, *to;
	double at, level, scale;
	const config_setting_t *columns;
};

struct points {
	size_t n;
	struct point { double x, y; } *p;
};

static double number(const config_setting_t *set, const char *name, double fallback)
{
	const config_setting_t *m = config_setting_get_member(set, name);

	if (!m || !config_setting_is_number(m))
		return fallback;
	return config_setting_type(m) == CONFIG_TYPE_FLOAT ? config_setting_get_float(m) :
							     (double)config_setting_get_int64(m);
}

static const char *text(const config_setting_t *set, const char *name)
{
	const char *s = NULL;

	config_setting_lookup_string(set, name, &s);
	return s;
}

static bool cell_is(const struct table *t, size_t row, int col, const char *want, size_t len)
{
	const char *cell = table_get(t, row, col);

	return strlen(cell) == len && strncmp(cell, want, len) == 0;
}

static bool row_passes(const struct table *t, size_t row, const char *where)
{
	const char *eq = where ? strchr(where, '=') : NULL;
	char col[128];

	if (!eq)
		return true;
	snprintf(col, sizeof(col), "%.*s", (int)(eq - where), where);
	return cell_is(t, row, table_col(t, col), eq + 1, strlen(eq + 1));
}

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

/* Rows that pass h->where and where h->series is @series, if that is given; by x. */
static struct points points_get(const struct how *h, const struct table *t, const char *series)
{
	int cx = table_col(t, h->x), cy = table_col(t, h->y);
	int cs = series ? table_col(t, h->series) : TABLE_NO_COLUMN;
	struct points ps = { 0, calloc(t->n_rows + 1, sizeof(*ps.p)) };
	struct point p;

	for (size_t r = 0; ps.p && r < t->n_rows; r++)
		if (row_passes(t, r, h->where) &&
		    (!series || cell_is(t, r, cs, series, strlen(series))) &&
		    table_number(t, r, cx, &p.x) && table_number(t, r, cy, &p.y))
			ps.p[ps.n++] = p;
	if (ps.n)
		qsort(ps.p, ps.n, sizeof(*ps.p), by_x);
	return ps;
}

static double measure_at(const struct how *h, const struct table *t)
{
	struct points ps = points_get(h, t, NULL);
	double v = NAN;

	for (size_t i = 0; i < ps.n; i++)
		if (ps.p[i].x == h->at)
			v = ps.p[i].y;
	free(ps.p);
	return v;
}

/* x between a and b where the straight line has y == level. */
static double cross(const struct point *a, const struct point *b, double level)
{
	return b->y == a->y ? b->x : a->x + (b->x - a->x) * (level - a->y) / (b->y - a->y);
}

static double measure_crosses(const struct how *h, const struct table *t)
{
	struct points ps = points_get(h, t, NULL);
	double v = NAN;

	for (size_t i = 0; i < ps.n && isnan(v); i++)
		if (ps.p[i].y >= h->level)
			v = i == 0 ? ps.p[0].x : cross(&ps.p[i - 1], &ps.p[i], h->level);
	free(ps.p);
	return v;
}

static double measure_spread(const struct how *h, const struct table *t)
{
	struct points ps = points_get(h, t, NULL);
	double lo, hi, worst = NAN;

	for (size_t i = 0, j; i < ps.n && ps.p[i].x <= h->at; i = j) {
		lo = hi = ps.p[i].y;
		for (j = i + 1; j < ps.n && ps.p[j].x == ps.p[i].x; j++) {
			lo = MIN(lo, ps.p[j].y);
			hi = MAX(hi, ps.p[j].y);
		}
		if (j - i > 1 && !(hi - lo <= worst))
			worst = hi - lo;
	}
	free(ps.p);
	return worst;
}

/* The load that a series carries below the level; its last row if it never leaves. */
static double load_below(const struct how *h, const struct table *t, const char *series)
{
	struct points ps = points_get(h, t, series);
	double v = NAN;

	for (size_t i = 0; i < ps.n; i++) {
		if (ps.p[i].y > h->level) {
			if (i > 0)
				v = cross(&ps.p[i - 1], &ps.p[i], h->level);
			break;
		}
		v = ps.p[i].x;
	}
	free(ps.p);
	return v;
}

static double measure_gain(const struct how *h, const struct table *t)
{
	if (!h->series || !h->from || !h->to)
		return NAN;
	return 100 * (load_below(h, t, h->to) / load_below(h, t, h->from) - 1);
}

static double measure_sum(const struct how *h, const struct table *t)
{
	int cx = table_col(t, h->x), cy = table_col(t, h->y);
	double x, y, part, sum = 0;

	if (!h->columns)
		return NAN;
	for (size_t r = 0; r < t->n_rows; r++) {
		if (!row_passes(t, r, h->where) || !table_number(t, r, cx, &x) || x != h->at ||
		    !table_number(t, r, cy, &y))
			continue;
		for (int i = 0; i < config_setting_length(h->columns); i++) {
			const char *col = config_setting_get_string_elem(h->columns, i);

			if (!col || !table_number(t, r, table_col(t, col), &part))
				return NAN;
			sum += part;
		}
		return 100 * sum / y;
	}
	return NAN;
}

int claim_measure(const config_setting_t *how, const struct table *t, double *ours, char *err,
		  size_t err_len)
{
	static const struct {
		const char *op;
		double (*measure)(const struct how *h, const struct table *t);
	} ops[] = {
		{ "at", measure_at }, { "crosses", measure_crosses }, { "spread", measure_spread },
		{ "gain", measure_gain }, { "sum", measure_sum },
	};
	struct how h = {
		text(how, "op"),
		text(how, "x"),
		text(how, "y"),
		text(how, "where"),
		text(how, "series"),
		text(how, "from"),
		text(how, "to"),
		number(how, "at", INFINITY),
		number(how, "level", 0),
		number(how, "scale", 1),
		config_setting_get_member(how, "columns"),
	};

	if (!h.op || !h.x || !h.y) {
		snprintf(err, err_len, "line %u: a claim needs op, x and y",
			 config_setting_source_line(how));
		return -EINVAL;
	}
	for (size_t i = 0; i < ARRAY_LEN(ops); i++) {
		if (strcmp(ops[i].op, h.op) != 0)
			continue;
		*ours = ops[i].measure(&h, t) * h.scale;
		if (isfinite(*ours))
			return 0;
		snprintf(err, err_len, "no row of the result gives %s of %s over %s", h.op, h.y,
			 h.x);
		return -EINVAL;
	}
	snprintf(err, err_len,
		 "line %u: unknown op \"%s\"; there are at, crosses, spread, gain, sum",
		 config_setting_source_line(how), h.op);
	return -EINVAL;
}
