/* SPDX-License-Identifier: MIT */
/*
 * verdicts.c - see verdicts.h
 */
#include "cli/claims.h"
#include "cli/measure.h"
#include "cli/result.h"
#include "cli/verdicts.h"

enum column { ID, FIGURE, SYSTEM, QUANTITY, PUBLISHED, UNIT, TOLERANCE, OURS, ERROR, VERDICT,
	      FITTED, NOTE, WHY, COLUMNS };

static const char *const columns[COLUMNS] = {
	"id", "figure", "system", "quantity", "published", "unit", "tolerance", "simulated",
	"error", "verdict", "fitted", "note", "why",
};

static const char *cell(const struct table *t, size_t row, const char *col)
{
	return table_get(t, row, table_col(t, col));
}

/* The first row of claim @id, or how many there are. */
static size_t find(const struct table *t, const char *id)
{
	size_t row = 0;

	while (row < t->n_rows && strcmp(table_get(t, row, ID), id) != 0)
		row++;
	return row;
}

int verdicts_begin(struct verdicts *v, const struct figure_env *env, struct fitted *f,
		   char *err, size_t err_len)
{
	static const char *const from[] = {
		"id", "figure", "system", "quantity", "value", "unit", "tolerance",
	};
	struct table claims;
	char path[600];
	int rc;

	memset(v, 0, sizeof(*v));
	for (size_t i = 0; i < COLUMNS; i++)
		table_col_add(&v->table, columns[i]);
	table_col_add(&v->taken, "id");
	table_col_add(&v->taken, "figure");
	result_path(path, sizeof(path), env->figs, "claims", "csv");
	rc = table_read(&claims, path, err, err_len);
	if (rc)
		return rc;
	for (size_t r = 0; r < claims.n_rows; r++) {
		table_row_add(&v->table);
		for (size_t i = 0; i < ARRAY_LEN(from); i++)
			table_set(&v->table, r, i, cell(&claims, r, from[i]));
		if (find(&v->table, table_get(&v->table, r, ID)) < r) {
			table_set(&v->table, r, VERDICT, verdict_name(VERDICT_BROKEN));
			table_set(&v->table, r, WHY, "claims.csv has this id twice");
			continue;
		}
		table_set(&v->table, r, VERDICT, verdict_name(VERDICT_NOT_RUN));
		table_set(&v->table, r, FITTED,
			  fitted_claim(f, cell(&claims, r, "id")) ? "yes" : "no");
		table_set(&v->table, r, NOTE, cell(&claims, r, "conditions"));
	}
	table_free(&claims);
	return 0;
}

/* The row of claim @id; a new one is filled from the configuration. */
static size_t claim_row(struct table *t, const struct figure *fig, const config_setting_t *how,
			const char *id)
{
	static const struct { enum column col; const char *member; } own[] = {
		{ SYSTEM, "system" }, { QUANTITY, "quantity" }, { PUBLISHED, "value" },
		{ UNIT, "unit" }, { TOLERANCE, "tolerance" }, { NOTE, "note" },
	};
	size_t row = find(t, id);

	if (row < t->n_rows)
		return row;
	row = table_row_add(t);
	table_set(t, row, ID, id);
	table_set(t, row, FIGURE, fig->name);
	for (size_t i = 0; i < ARRAY_LEN(own); i++)
		table_set(t, row, own[i].col, setting_text(how, own[i].member, ""));
	table_set(t, row, VERDICT, verdict_name(VERDICT_NOT_RUN));
	table_set(t, row, FITTED, "no");
	return row;
}

static void refuse(struct table *t, size_t row, enum verdict verdict, const char *why)
{
	table_set(t, row, VERDICT, verdict_name(verdict));
	table_set(t, row, WHY, why);
}

/* Is claim @id another figure's, or this one's twice? Then it is nobody's. */
static bool is_taken(struct verdicts *v, size_t row, const char *id, const struct figure *fig)
{
	size_t before = find(&v->taken, id);
	char why[2 * FIGURE_NAME_MAX + 80];

	if (before == v->taken.n_rows) {
		table_row_add(&v->taken);
		table_set(&v->taken, before, 0, id);
		table_set(&v->taken, before, 1, fig->name);
		return false;
	}
	if (strcmp(table_get(&v->taken, before, 1), fig->name) == 0)
		snprintf(why, sizeof(why), "figure %s has this id twice", fig->name);
	else
		snprintf(why, sizeof(why), "figures %s and %s have this id both",
			 table_get(&v->taken, before, 1), fig->name);
	table_set(&v->table, row, OURS, "");
	table_set(&v->table, row, ERROR, "");
	refuse(&v->table, row, VERDICT_BROKEN, why);
	return true;
}

/* Add to the reason that points of the figure failed, whatever it is about. */
static void failures_mark(struct table *t, size_t row, const struct table *result)
{
	const char *why = table_get(t, row, WHY);
	size_t n = rows_failed(result), len = strlen(why);
	bool sentence = len > 0 && why[len - 1] == '.';
	char text[2000];

	if (n == 0)
		return;
	snprintf(text, sizeof(text), "%s%s%zu of the %zu points of the figure failed%s", why,
		 sentence ? " " : len ? "; " : "", n, result->n_rows, sentence ? "." : "");
	table_set(t, row, WHY, text);
}

/* Measure, judge, and say why not where it misses or could not be measured. */
static void claim_take(struct table *t, size_t row, const config_setting_t *how,
		       const struct table *result)
{
	char err[400], error[80];
	enum verdict verdict;
	double ours;
	int rc = measure(how, result, &ours, err, sizeof(err));

	if (rc != 0) {
		refuse(t, row, rc == -ENODATA ? VERDICT_NOT_RUN : VERDICT_BROKEN, err);
		return;
	}
	verdict = claim_judge(table_get(t, row, PUBLISHED), table_get(t, row, UNIT),
			      setting_text(how, "accept", NULL), table_get(t, row, TOLERANCE),
			      ours, error, sizeof(error));
	snprintf(err, sizeof(err), "%.4g", ours);
	table_set(t, row, OURS, err);
	table_set(t, row, ERROR, error);
	table_set(t, row, VERDICT, verdict_name(verdict));
	if (setting_text(how, "accept", NULL))
		table_set(t, row, TOLERANCE, setting_text(how, "accept", ""));
	if (verdict == VERDICT_MISSES)
		table_set(t, row, WHY, setting_text(how, "why", ""));
	if (verdict == VERDICT_BROKEN)
		table_set(t, row, WHY, "what was published, or its tolerance, is no number: is "
			  "this id in claims.csv?");
}

void verdicts_take(struct verdicts *v, const struct figure *fig, const struct table *result,
		   const char *damage)
{
	const config_setting_t *list = config_setting_get_member(fig->group, "claims");

	for (int i = 0; list && i < config_setting_length(list); i++) {
		const config_setting_t *how = config_setting_get_elem(list, (unsigned)i);
		const char *id = setting_text(how, "id", "?");
		size_t row = claim_row(&v->table, fig, how, id);

		if (is_taken(v, row, id, fig))
			continue;
		if (damage)
			refuse(&v->table, row, VERDICT_BROKEN, damage);
		if (!result)
			continue;
		claim_take(&v->table, row, how, result);
		failures_mark(&v->table, row, result);
	}
}

static bool verdict_is(const struct table *t, size_t row, enum verdict v)
{
	return strcmp(table_get(t, row, VERDICT), verdict_name(v)) == 0;
}

void verdicts_count(struct verdicts *v)
{
	for (size_t r = 0; r < v->table.n_rows; r++) {
		v->n_holds += verdict_is(&v->table, r, VERDICT_HOLDS);
		v->n_misses += verdict_is(&v->table, r, VERDICT_MISSES);
		v->n_not_run += verdict_is(&v->table, r, VERDICT_NOT_RUN);
		v->n_informative += verdict_is(&v->table, r, VERDICT_INFORMATIVE);
		v->n_broken += verdict_is(&v->table, r, VERDICT_BROKEN);
	}
}

void verdicts_print(const struct verdicts *v, const bool *show, FILE *f)
{
	static const enum column shown[] = {
		ID, SYSTEM, QUANTITY, PUBLISHED, OURS, UNIT, ERROR, TOLERANCE, VERDICT,
	};
	struct table t = { 0 };

	for (size_t c = 0; c < ARRAY_LEN(shown); c++)
		table_col_add(&t, columns[shown[c]]);
	for (size_t r = 0; r < v->table.n_rows; r++) {
		if (show && !show[r])
			continue;
		table_row_add(&t);
		for (size_t c = 0; c < ARRAY_LEN(shown); c++)
			table_set(&t, t.n_rows - 1, c, table_get(&v->table, r, (int)shown[c]));
	}
	if (t.n_rows > 0)
		table_print(&t, f);
	table_free(&t);
	fprintf(f, "\nclaims%s: %u hold, %u miss, %u not run, %u informative\n",
		show ? " of all figures" : "", v->n_holds,
		v->n_misses, v->n_not_run, v->n_informative);
}

void verdicts_complain(const struct verdicts *v, const bool *show, const struct table *damaged,
		       FILE *f)
{
	const struct table *t = &v->table;

	for (size_t r = 0; r < t->n_rows; r++) {
		const char *id = table_get(t, r, ID), *why = table_get(t, r, WHY);

		if (verdict_is(t, r, VERDICT_BROKEN) && find(damaged, why) == damaged->n_rows)
			fprintf(f, "ix figure: claim %s is malformed: %s\n", id, why);
		if (verdict_is(t, r, VERDICT_NOT_RUN) && why[0] && (!show || show[r]))
			fprintf(f, "ix figure: note: claim %s is not run: %s\n", id, why);
	}
}

void verdicts_free(struct verdicts *v)
{
	table_free(&v->taken);
	table_free(&v->table);
}
