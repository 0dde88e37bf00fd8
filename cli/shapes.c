/* SPDX-License-Identifier: MIT */
/*
 * shapes.c - are our curves of the published shape: order, knees, errors; see curves.h
 */
#include <math.h>
#include <stdlib.h>

#include "cli/claims.h"
#include "cli/curves_impl.h"
#include "cli/measure.h"

enum { KNEE_TOLERANCE_PCT = 15, ORDER_MAX = 32 };

/* Values closer than this are equal as far as one can read them off a page. */
static const double order_slack = 1.05;

enum check_column { K_CHECK, K_FIGURE, K_SERIES, K_AT, K_PUBLISHED, K_OURS, K_ERROR, K_VERDICT,
		    K_WHY, CHECK_COLUMNS };

static const char *const columns[CHECK_COLUMNS] = {
	"check", "figure", "series", "at", "published", "simulated", "error", "verdict",
	"why",
};

static size_t check_add(struct table *t, const char *check, const char *figure, const char *series,
			const char *at)
{
	size_t row = table_row_add(t);

	table_set(t, row, K_CHECK, check);
	table_set(t, row, K_FIGURE, figure);
	table_set(t, row, K_SERIES, series);
	table_set(t, row, K_AT, at);
	table_set(t, row, K_VERDICT, verdict_name(VERDICT_NOT_RUN));
	return row;
}

static bool same(const struct table *t, size_t a, size_t b, int col)
{
	return strcmp(table_get(t, a, col), table_get(t, b, col)) == 0;
}

/* ---- order of systems at one x ---- */

struct entry {
	const char *series, *system;
	double published, ours;
};

static int by_published(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;

	return (p->published < q->published) - (p->published > q->published);
}

static int by_ours(const void *a, const void *b)
{
	const struct entry *p = a, *q = b;

	return (p->ours < q->ours) - (p->ours > q->ours);
}

static void order_text(struct entry *e, size_t n, int (*by)(const void *, const void *), char *buf,
		       size_t len)
{
	size_t at = 0;

	qsort(e, n, sizeof(*e), by);
	buf[0] = '\0';
	for (size_t i = 0; i < n && at < len; i++)
		at += (size_t)snprintf(buf + at, len - at, "%s%s", i ? " > " : "", e[i].series);
}

/* Is a pair of different systems, apart in the paper, the other way round here? */
static bool is_out_of_order(const struct entry *e, size_t n)
{
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < n; j++)
			if (strcmp(e[i].system, e[j].system) != 0 &&
			    e[i].published > order_slack * e[j].published &&
			    e[i].ours <= e[j].ours)
				return true;
	return false;
}

/* Points of the figure, x and quantity of row @first; they may be anywhere behind it. */
static size_t order_gather(const struct table *p, size_t first, struct entry *e, bool *two)
{
	size_t n = 0;

	*two = false;
	for (size_t r = first; r < p->n_rows && n < ORDER_MAX; r++) {
		if (!same(p, first, r, P_FIGURE) || !same(p, first, r, P_X) ||
		    !same(p, first, r, P_QUANTITY))
			continue;
		if (!table_number(p, r, P_OURS, &e[n].ours) ||
		    !table_number(p, r, P_PUBLISHED, &e[n].published))
			continue;
		e[n].series = table_get(p, r, P_SERIES);
		e[n].system = table_get(p, r, P_SYSTEM);
		*two |= n > 0 && strcmp(e[n].system, e[0].system) != 0;
		n++;
	}
	return n;
}

static bool is_first_of_x(const struct table *p, size_t row)
{
	for (size_t r = 0; r < row; r++)
		if (same(p, row, r, P_FIGURE) && same(p, row, r, P_X) &&
		    same(p, row, r, P_QUANTITY))
			return false;
	return true;
}

static void orders_check(struct curves *c)
{
	const struct table *p = &c->points;
	struct entry e[ORDER_MAX];
	char text[600];
	bool two, wrong;

	for (size_t r = 0; r < p->n_rows; r++) {
		size_t n = is_first_of_x(p, r) ? order_gather(p, r, e, &two) : 0, row;

		if (n < 2 || !two)
			continue;
		row = check_add(&c->checks, "order", table_get(p, r, P_FIGURE),
				table_get(p, r, P_QUANTITY), table_get(p, r, P_X));
		order_text(e, n, by_published, text, sizeof(text));
		table_set(&c->checks, row, K_PUBLISHED, text);
		order_text(e, n, by_ours, text, sizeof(text));
		table_set(&c->checks, row, K_OURS, text);
		wrong = is_out_of_order(e, n);
		table_set(&c->checks, row, K_VERDICT,
			  verdict_name(wrong ? VERDICT_MISSES : VERDICT_HOLDS));
		if (!wrong && strcmp(text, table_get(&c->checks, row, K_PUBLISHED)) != 0)
			table_set(&c->checks, row, K_WHY, "What changed places is of one system, "
				  "or less than 5 % apart in the paper.");
	}
}

/* ---- knees ---- */

/* x of the knee that @how asks for, "90 %" or "2 x", KNEE_LOG where the axis is. Changes @ps. */
static double knee_of(struct points *ps, const char *how)
{
	double amount = strtod(how, NULL), x;
	bool log_x = strstr(how, KNEE_LOG) != NULL;

	if (ps->n == 0)
		return NAN;
	for (size_t i = 0; log_x && i < ps->n; i++)
		ps->p[i].x = log(ps->p[i].x);
	x = points_cross(ps, strchr(how, '%') ? points_max(ps) * amount / 100 :
						ps->p[0].y * amount);
	return log_x ? exp(x) : x;
}

/* The points of the curve of row @first, by column @col; they are in the order of x. */
static struct points curve_of(const struct table *p, size_t first, enum point_column col)
{
	struct points ps = { 0, calloc(p->n_rows + 1, sizeof(*ps.p)) };
	struct point at;

	if (!ps.p)
		abort();
	for (size_t r = first; r < p->n_rows; r++)
		if (same(p, first, r, P_FIGURE) && same(p, first, r, P_SERIES) &&
		    table_number(p, r, (int)P_X, &at.x) &&
		    table_number(p, r, (int)col, &at.y))
			ps.p[ps.n++] = at;
	return ps;
}

static void number_set(struct table *t, size_t row, enum check_column col, double v)
{
	char text[40];

	snprintf(text, sizeof(text), fabs(v) < 1000 ? "%.4g" : "%.0f", v);
	table_set(t, row, col, isfinite(v) ? text : "");
}

static const char *why_of(const struct curves *c, const char *figure, const char *series)
{
	for (size_t r = 0; r < c->whys.n_rows; r++)
		if (strcmp(table_get(&c->whys, r, W_FIGURE), figure) == 0 &&
		    strcmp(table_get(&c->whys, r, W_SERIES), series) == 0)
			return table_get(&c->whys, r, W_WHY);
	return "";
}

static void knee_judge(struct curves *c, size_t row, double published, double ours)
{
	struct table *t = &c->checks;
	bool near = fabs(ours - published) <= published * KNEE_TOLERANCE_PCT / 100;
	char text[40];

	snprintf(text, sizeof(text), "%+.1f %%", 100 * (ours / published - 1));
	number_set(t, row, K_OURS, ours);
	table_set(t, row, K_ERROR, isfinite(ours) ? text : "no knee");
	table_set(t, row, K_VERDICT, verdict_name(near ? VERDICT_HOLDS : VERDICT_MISSES));
	if (!near)
		table_set(t, row, K_WHY,
			  why_of(c, table_get(t, row, K_FIGURE), table_get(t, row, K_SERIES)));
}

static void knee_check(struct curves *c, size_t first)
{
	const struct table *p = &c->points;
	const char *how = table_get(p, first, P_KNEE);
	struct points theirs = curve_of(p, first, P_PUBLISHED), ours = curve_of(p, first, P_OURS);
	double published = knee_of(&theirs, how);

	if (theirs.n >= 3 && isfinite(published)) {
		size_t row = check_add(&c->checks, "knee", table_get(p, first, P_FIGURE),
				       table_get(p, first, P_SERIES), how);

		number_set(&c->checks, row, K_PUBLISHED, published);
		if (ours.n > 0)
			knee_judge(c, row, published, knee_of(&ours, how));
	}
	free(theirs.p);
	free(ours.p);
}

static void knees_check(struct curves *c)
{
	const struct table *p = &c->points;

	for (size_t r = 0; r < p->n_rows; r++)
		if (table_get(p, r, P_KNEE)[0] &&
		    (r == 0 || !same(p, r, r - 1, P_FIGURE) || !same(p, r, r - 1, P_SERIES)))
			knee_check(c, r);
}

/* ---- errors ---- */

static int by_value(const void *a, const void *b)
{
	const double *p = a, *q = b;

	return (*p > *q) - (*p < *q);
}

static void median_add(struct curves *c, const char *fitted, const char *check)
{
	const struct table *p = &c->points;
	double *v = calloc(p->n_rows + 1, sizeof(*v));
	size_t n = 0, row, all = 0;
	char text[60];

	if (!v)
		abort();
	for (size_t r = 0; r < p->n_rows; r++) {
		bool ours = strcmp(table_get(p, r, P_FITTED), fitted) == 0;

		all += ours;
		if (ours && table_number(p, r, P_ERROR, &v[n])) {
			v[n] = fabs(v[n]);
			n++;
		}
	}
	qsort(v, n, sizeof(*v), by_value);
	row = check_add(&c->checks, check, "all", "", "");
	snprintf(text, sizeof(text), "%zu points", all);
	table_set(&c->checks, row, K_PUBLISHED, text);
	snprintf(text, sizeof(text), "%zu points", n);
	table_set(&c->checks, row, K_OURS, text);
	if (n > 0) {
		snprintf(text, sizeof(text), "%.1f %%", (v[n / 2] + v[(n - 1) / 2]) / 2);
		table_set(&c->checks, row, K_ERROR, text);
		table_set(&c->checks, row, K_VERDICT, verdict_name(VERDICT_INFORMATIVE));
	}
	free(v);
}

void curves_check(struct curves *c)
{
	table_free(&c->checks);
	for (size_t i = 0; i < CHECK_COLUMNS; i++)
		table_col_add(&c->checks, columns[i]);
	median_add(c, "yes", "median error, fitted on");
	median_add(c, "no", "median error, not used");
	orders_check(c);
	knees_check(c);
}
