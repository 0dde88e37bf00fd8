/* SPDX-License-Identifier: MIT */
/*
 * measure.c - see measure.h
 */
#include <math.h>
#include <stdlib.h>

#include "cli/measure.h"

struct how {
	const char *op, *x, *y, *series, *from, *to, *of;
	double at, level, share, scale, offset, step;
	unsigned line;		/* of the definition */
	const config_setting_t *where, *columns;
};

double setting_number(const config_setting_t *set, const char *name, double fallback)
{
	const config_setting_t *m = config_setting_get_member(set, name);

	if (!m || !config_setting_is_number(m))
		return fallback;
	return config_setting_type(m) == CONFIG_TYPE_FLOAT ? config_setting_get_float(m) :
							     (double)config_setting_get_int64(m);
}

const char *setting_text(const config_setting_t *set, const char *name, const char *fallback)
{
	const char *s = NULL;

	config_setting_lookup_string(set, name, &s);
	return s ? s : fallback;
}

static bool cell_passes(const struct table *t, size_t row, const char *where)
{
	const char *eq = where ? strchr(where, '=') : NULL;
	char col[128];

	if (!eq)
		return false;
	snprintf(col, sizeof(col), "%.*s", (int)(eq - where), where);
	return strcmp(table_get(t, row, table_col(t, col)), eq + 1) == 0;
}

bool row_passes(const struct table *t, size_t row, const config_setting_t *where)
{
	if (!where)
		return true;
	if (!config_setting_is_aggregate(where))
		return cell_passes(t, row, config_setting_get_string(where));
	for (int i = 0; i < config_setting_length(where); i++)
		if (!cell_passes(t, row, config_setting_get_string_elem(where, i)))
			return false;
	return true;
}

static int by_x(const void *a, const void *b)
{
	const struct point *p = a, *q = b;

	return (p->x > q->x) - (p->x < q->x);
}

struct points points_get(const struct table *t, const char *x, const char *y,
			 const config_setting_t *where, const char *column, const char *value)
{
	int cx = table_col(t, x), cy = table_col(t, y);
	int cs = value ? table_col(t, column) : TABLE_NO_COLUMN;
	struct points ps = { 0, calloc(t->n_rows + 1, sizeof(*ps.p)) };
	struct point p;

	if (!ps.p)
		abort();
	for (size_t r = 0; r < t->n_rows; r++)
		if (row_passes(t, r, where) &&
		    (!value || strcmp(table_get(t, r, cs), value) == 0) &&
		    table_number(t, r, cx, &p.x) && table_number(t, r, cy, &p.y))
			ps.p[ps.n++] = p;
	qsort(ps.p, ps.n, sizeof(*ps.p), by_x);
	return ps;
}

double points_at(const struct points *ps, double x)
{
	for (size_t i = 0; i < ps->n; i++) {
		const struct point *a = &ps->p[i], *b = a + 1;

		if (a->x == x)
			return a->y;
		if (i + 1 < ps->n && a->x < x && x < b->x)
			return a->y + (b->y - a->y) * (x - a->x) / (b->x - a->x);
	}
	return NAN;
}

/* x between a and b where the straight line has y == level. */
static double cross(const struct point *a, const struct point *b, double level)
{
	return b->y == a->y ? b->x : a->x + (b->x - a->x) * (level - a->y) / (b->y - a->y);
}

double points_cross(const struct points *ps, double level)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->p[i].y >= level)
			return i == 0 ? ps->p[0].x : cross(&ps->p[i - 1], &ps->p[i], level);
	return NAN;
}

double points_max(const struct points *ps)
{
	double v = NAN;

	for (size_t i = 0; i < ps->n; i++)
		if (!(ps->p[i].y <= v))
			v = ps->p[i].y;
	return v;
}

static struct points rows_of(const struct how *h, const struct table *t, const char *value)
{
	return points_get(t, h->x, h->y, h->where, h->series, value);
}

/* y where x is exactly `at`. */
static double exact(const struct how *h, const struct points *ps)
{
	for (size_t i = 0; i < ps->n; i++)
		if (ps->p[i].x == h->at)
			return ps->p[i].y;
	return NAN;
}

static double measure_at(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)t;
	return exact(h, ps);
}

static double measure_last(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)h;
	(void)t;
	return ps->n ? ps->p[ps->n - 1].y : NAN;
}

static double measure_row(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)h;
	(void)t;
	return ps->n == 1 ? ps->p[0].y : NAN;
}

static double measure_max(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)h;
	(void)t;
	return points_max(ps);
}

static double measure_crosses(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)t;
	return points_cross(ps, h->level);
}

/* The load that a series carries below the level; its last row if it never leaves. */
static double load_below(const struct how *h, const struct points *ps)
{
	double v = NAN;

	for (size_t i = 0; i < ps->n; i++) {
		if (ps->p[i].y > h->level)
			return i > 0 ? cross(&ps->p[i - 1], &ps->p[i], h->level) : NAN;
		v = ps->p[i].x;
	}
	return v;
}

static double measure_load(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)t;
	return load_below(h, ps);
}

static double measure_reaches(const struct how *h, const struct points *ps, const struct table *t)
{
	const double enough = points_max(ps) * h->share / 100;

	(void)t;
	for (size_t i = 0; i < ps->n; i++)
		if (ps->p[i].y >= enough)
			return ps->p[i].x;
	return NAN;
}

static double measure_share(const struct how *h, const struct points *ps, const struct table *t)
{
	(void)t;
	return 100 * exact(h, ps) / points_max(ps);
}

static double measure_ratio(const struct how *h, const struct points *ps, const struct table *t)
{
	struct points of, to;
	double v;

	(void)ps;
	if (!h->of || !h->to)
		return NAN;
	of = rows_of(h, t, h->of);
	to = rows_of(h, t, h->to);
	v = isfinite(h->at) ? exact(h, &of) / exact(h, &to) : points_max(&of) / points_max(&to);
	free(of.p);
	free(to.p);
	return v;
}

static double measure_spread(const struct how *h, const struct points *ps, const struct table *t)
{
	double lo, hi, worst = NAN;

	(void)t;
	for (size_t i = 0, j; i < ps->n && ps->p[i].x <= h->at; i = j) {
		lo = hi = ps->p[i].y;
		for (j = i + 1; j < ps->n && ps->p[j].x == ps->p[i].x; j++) {
			lo = MIN(lo, ps->p[j].y);
			hi = MAX(hi, ps->p[j].y);
		}
		if (j - i > 1 && !(hi - lo <= worst))
			worst = hi - lo;
	}
	return worst;
}

static double measure_gain(const struct how *h, const struct points *ps, const struct table *t)
{
	struct points from, to;
	double v;

	(void)ps;
	if (!h->from || !h->to)
		return NAN;
	from = rows_of(h, t, h->from);
	to = rows_of(h, t, h->to);
	v = 100 * (load_below(h, &to) / load_below(h, &from) - 1);
	free(from.p);
	free(to.p);
	return v;
}

static double measure_sum(const struct how *h, const struct points *ps, const struct table *t)
{
	int cx = table_col(t, h->x);
	double x, part, sum = 0;

	if (!h->columns)
		return NAN;
	for (size_t r = 0; r < t->n_rows; r++) {
		if (!row_passes(t, r, h->where) || !table_number(t, r, cx, &x) || x != h->at)
			continue;
		for (int i = 0; i < config_setting_length(h->columns); i++) {
			const char *col = config_setting_get_string_elem(h->columns, i);

			if (!col || !table_number(t, r, table_col(t, col), &part))
				return NAN;
			sum += part;
		}
		return 100 * sum / exact(h, ps);
	}
	return NAN;
}

static const struct op {
	const char *name;
	double (*measure)(const struct how *h, const struct points *ps, const struct table *t);
	bool no_x;
} ops[] = {
	{ "at", measure_at, false }, { "last", measure_last, false },
	{ "row", measure_row, true }, { "max", measure_max, true },
	{ "crosses", measure_crosses, false }, { "load", measure_load, false },
	{ "reaches", measure_reaches, false }, { "share", measure_share, false },
	{ "ratio", measure_ratio, false }, { "spread", measure_spread, false },
	{ "gain", measure_gain, false }, { "sum", measure_sum, false },
};

static const struct op *op_find(const char *name)
{
	for (size_t i = 0; name && i < ARRAY_LEN(ops); i++)
		if (strcmp(ops[i].name, name) == 0)
			return &ops[i];
	return NULL;
}

static void op_unknown(const config_setting_t *how, const char *name, char *err, size_t err_len)
{
	size_t n = (size_t)snprintf(err, err_len, "line %u: unknown op \"%s\"; there are",
				    config_setting_source_line(how), name);

	for (size_t i = 0; i < ARRAY_LEN(ops) && n < err_len; i++)
		n += (size_t)snprintf(err + n, err_len - n, "%s %s", i ? "," : "", ops[i].name);
}

/* ---- is the definition about this table, and the table as it should be? ---- */

/* A list of texts, or one text: how many there are, and text @i of them; NULL: it is no text. */
static int texts_count(const config_setting_t *texts)
{
	return !texts ? 0 : config_setting_is_aggregate(texts) ? config_setting_length(texts) : 1;
}

static const char *texts_get(const config_setting_t *texts, int i)
{
	return config_setting_is_aggregate(texts) ? config_setting_get_string_elem(texts, i) :
						    config_setting_get_string(texts);
}

/* A column that is not there is a misspelt definition or a damaged table, no missing row. */
static bool column_is(const struct how *h, const struct table *t, const char *name, char *err,
		      size_t err_len)
{
	if (name && table_col(t, name) != TABLE_NO_COLUMN)
		return true;
	snprintf(err, err_len, "line %u: the result has no column \"%s\"", h->line, name ?: "");
	return false;
}

static bool columns_are(const struct how *h, const struct table *t, char *err, size_t err_len)
{
	bool ok = column_is(h, t, h->x, err, err_len) && column_is(h, t, h->y, err, err_len);

	if (ok && (h->of || h->to || h->from))
		ok = column_is(h, t, h->series, err, err_len);
	for (int i = 0; ok && i < texts_count(h->columns); i++)
		ok = column_is(h, t, texts_get(h->columns, i), err, err_len);
	for (int i = 0; ok && i < texts_count(h->where); i++) {
		const char *where = texts_get(h->where, i), *eq = where ? strchr(where, '=') : NULL;
		char col[128];

		if (!eq) {
			snprintf(err, err_len, "line %u: where is \"column=value\", or a list of "
				 "such texts", h->line);
			return false;
		}
		snprintf(col, sizeof(col), "%.*s", (int)(eq - where), where);
		ok = column_is(h, t, col, err, err_len);
	}
	return ok;
}

/* A cell may be empty, nan or infinite: there is no value. Another text is damage. */
static bool cell_is(const struct table *t, size_t row, const char *col, char *err, size_t err_len)
{
	const char *text = table_get(t, row, table_col(t, col));
	char *end;

	strtod(text, &end);
	if (*end == '\0')
		return true;
	snprintf(err, err_len, "line %zu of the result: %s is \"%.40s\", which is no number",
		 row + 2, col, text);
	return false;
}

static bool cells_are(const struct how *h, const struct table *t, char *err, size_t err_len)
{
	bool ok = true;

	for (size_t r = 0; ok && r < t->n_rows; r++) {
		if (!row_passes(t, r, h->where))
			continue;
		ok = cell_is(t, r, h->x, err, err_len) && cell_is(t, r, h->y, err, err_len);
		for (int i = 0; ok && i < texts_count(h->columns); i++)
			ok = cell_is(t, r, texts_get(h->columns, i), err, err_len);
	}
	return ok;
}

size_t rows_failed(const struct table *t)
{
	int col = table_col(t, "error");
	size_t n = 0;

	for (size_t r = 0; r < t->n_rows; r++)
		n += table_get(t, r, col)[0] != '\0';
	return n;
}

static bool any_row(const struct table *t, const char *col, const char *value)
{
	for (size_t r = 0; r < t->n_rows; r++)
		if (strcmp(table_get(t, r, table_col(t, col)), value) == 0)
			return true;
	return false;
}

/* Why there is no number: a value that no row has, or else what was asked. */
static void no_row(const struct how *h, const struct table *t, char *err, size_t err_len)
{
	const char *const values[] = { h->of, h->to, h->from };

	for (int i = 0; i < texts_count(h->where); i++) {
		const char *where = texts_get(h->where, i), *eq = strchr(where, '=');
		char col[128];

		snprintf(col, sizeof(col), "%.*s", (int)(eq - where), where);
		if (any_row(t, col, eq + 1))
			continue;
		snprintf(err, err_len, "no row of the result has %s", where);
		return;
	}
	for (size_t i = 0; i < ARRAY_LEN(values); i++)
		if (values[i] && !any_row(t, h->series, values[i])) {
			snprintf(err, err_len, "no row of the result has %s=%s", h->series,
				 values[i]);
			return;
		}
	snprintf(err, err_len, "no row of the result gives %s of %s over %s", h->op, h->y, h->x);
}

/* The number, or nan. */
static double number_of(const struct how *h, const struct op *op, const struct table *t)
{
	struct points ps = rows_of(h, t, NULL);
	double v = op->measure(h, &ps, t) * h->scale + h->offset;

	free(ps.p);
	return h->step > 0 ? h->step * ceil(v / h->step - 1e-9) : v;
}

int measure(const config_setting_t *how, const struct table *t, double *ours, char *err,
	    size_t err_len)
{
	struct how h = {
		setting_text(how, "op", NULL), setting_text(how, "x", NULL),
		setting_text(how, "y", NULL), setting_text(how, "series", "series"),
		setting_text(how, "from", NULL), setting_text(how, "to", NULL),
		setting_text(how, "of", NULL), setting_number(how, "at", INFINITY),
		setting_number(how, "level", 0), setting_number(how, "share", 95),
		setting_number(how, "scale", 1), setting_number(how, "offset", 0),
		setting_number(how, "step", 0), config_setting_source_line(how),
		config_setting_get_member(how, "where"),
		config_setting_get_member(how, "columns"),
	};
	const struct op *op = op_find(h.op);

	if (h.op && !op) {
		op_unknown(how, h.op, err, err_len);
		return -EINVAL;
	}
	if (!op || !h.y || (!h.x && !op->no_x)) {
		snprintf(err, err_len, "line %u: a claim needs op, x and y",
			 config_setting_source_line(how));
		return -EINVAL;
	}
	if (!h.x)
		h.x = h.y;
	if (t->n_rows > 0 && rows_failed(t) == t->n_rows) {
		snprintf(err, err_len, "every point failed");
		return -ENODATA;
	}
	if (!columns_are(&h, t, err, err_len) || !cells_are(&h, t, err, err_len))
		return -EINVAL;
	*ours = number_of(&h, op, t);
	if (isfinite(*ours))
		return 0;
	no_row(&h, t, err, err_len);
	return -ENODATA;
}
