/* SPDX-License-Identifier: MIT */
/*
 * verdicts.c - see verdicts.h
 *
 * A claim of a figure's configuration that claims.csv does not have brings its own
 * quantity, value, unit, tolerance and origin.
 */
#include "cli/claims.h"
#include "cli/result.h"
#include "cli/verdicts.h"

enum column { ID, FIGURE, SYSTEM, QUANTITY, PUBLISHED, UNIT, TOLERANCE, OURS, ERROR, VERDICT, NOTE,
	      COLUMNS };

static const char *const columns[COLUMNS] = {
	"id", "figure", "system", "quantity", "published", "unit", "tolerance", "ours", "error",
	"verdict", "note",
};

static const char *cell(const struct table *t, size_t row, const char *col)
{
	return table_get(t, row, table_col(t, col));
}

int verdicts_begin(struct verdicts *v, const struct figure_env *env, char *err, size_t err_len)
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
	result_path(path, sizeof(path), env->figs, "claims", "csv");
	rc = table_read(&claims, path, err, err_len);
	if (rc)
		return rc;
	for (size_t r = 0; r < claims.n_rows; r++) {
		table_row_add(&v->table);
		for (size_t i = 0; i < ARRAY_LEN(from); i++)
			table_set(&v->table, r, i, cell(&claims, r, from[i]));
		table_set(&v->table, r, VERDICT, verdict_name(VERDICT_NOT_RUN));
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
	size_t row;

	for (row = 0; row < t->n_rows; row++)
		if (strcmp(table_get(t, row, ID), id) == 0)
			return row;
	row = table_row_add(t);
	table_set(t, row, ID, id);
	table_set(t, row, FIGURE, fig->name);
	for (size_t i = 0; i < ARRAY_LEN(own); i++) {
		const char *s = NULL;

		config_setting_lookup_string(how, own[i].member, &s);
		table_set(t, row, own[i].col, s ? s : "");
	}
	table_set(t, row, VERDICT, verdict_name(VERDICT_NOT_RUN));
	return row;
}

static void claim_take(struct table *t, size_t row, const config_setting_t *how,
		       const struct table *result)
{
	char err[256], error[40];
	enum verdict verdict;
	double ours;

	if (claim_measure(how, result, &ours, err, sizeof(err)) != 0) {
		table_set(t, row, VERDICT, verdict_name(VERDICT_FAILS));
		table_set(t, row, NOTE, err);
		return;
	}
	verdict = claim_judge(table_get(t, row, PUBLISHED), table_get(t, row, TOLERANCE), ours,
			      error, sizeof(error));
	snprintf(err, sizeof(err), "%.4g", ours);
	table_set(t, row, OURS, err);
	table_set(t, row, ERROR, error);
	table_set(t, row, VERDICT, verdict_name(verdict));
}

void verdicts_take(struct verdicts *v, const struct figure *fig, const struct figure_env *env)
{
	const config_setting_t *list = config_setting_get_member(fig->group, "claims");
	struct table result;
	char path[600], err[600];
	bool have;

	result_path(path, sizeof(path), env->out, fig->name, "csv");
	have = table_read(&result, path, err, sizeof(err)) == 0;
	for (int i = 0; list && i < config_setting_length(list); i++) {
		const config_setting_t *how = config_setting_get_elem(list, (unsigned)i);
		const char *id = NULL;
		size_t row;

		config_setting_lookup_string(how, "id", &id);
		row = claim_row(&v->table, fig, how, id ? id : "?");
		if (have)
			claim_take(&v->table, row, how, &result);
	}
	if (have)
		table_free(&result);
}

static bool verdict_is(const struct table *t, size_t row, enum verdict v)
{
	return strcmp(table_get(t, row, VERDICT), verdict_name(v)) == 0;
}

void verdicts_print(struct verdicts *v, FILE *f)
{
	static const enum column shown[] = {
		ID, SYSTEM, QUANTITY, PUBLISHED, OURS, UNIT, ERROR, TOLERANCE, VERDICT,
	};
	struct table t = { 0 };

	for (size_t c = 0; c < ARRAY_LEN(shown); c++)
		table_col_add(&t, columns[shown[c]]);
	for (size_t r = 0; r < v->table.n_rows; r++) {
		v->n_holds += verdict_is(&v->table, r, VERDICT_HOLDS);
		v->n_fails += verdict_is(&v->table, r, VERDICT_FAILS) ||
			      verdict_is(&v->table, r, VERDICT_BROKEN);
		if (verdict_is(&v->table, r, VERDICT_NOT_RUN)) {
			v->n_not_run++;
			continue;
		}
		table_row_add(&t);
		for (size_t c = 0; c < ARRAY_LEN(shown); c++)
			table_set(&t, t.n_rows - 1, c, table_get(&v->table, r, (int)shown[c]));
	}
	if (t.n_rows > 0)
		table_print(&t, f);
	fprintf(f, "\nclaims: %u hold, %u fail, %u not simulated yet\n", v->n_holds, v->n_fails,
		v->n_not_run);
	table_free(&t);
}

void verdicts_free(struct verdicts *v)
{
	table_free(&v->table);
}
