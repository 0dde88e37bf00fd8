/* SPDX-License-Identifier: MIT */
/*
 * judge.c - see judge.h
 *
 * Not here: NAME.md (caption.c).
 */
#include <stdlib.h>

#include "cli/claims.h"
#include "cli/judge.h"
#include "cli/result.h"
#include "cli/saved.h"
#include "sim/costs.h"

/* Price lists, beside the definitions in the source and where `make install` puts them, or the
 * program's; systems. */
static void sources_read(struct fitted *f, const struct figure_env *env)
{
	static const char *const beside[] = { "../sim/prices", "../prices", "prices" };
	char dir[600];
	size_t n = 0;

	for (size_t i = 0; n == 0 && i < ARRAY_LEN(beside); i++) {
		snprintf(dir, sizeof(dir), "%s/%s", env->figs, beside[i]);
		n = fitted_read(f, dir);
	}
	if (n == 0 && costs_dir(dir, sizeof(dir)))
		fitted_read(f, dir);
	for (size_t i = 0; n == 0 && i < f->n; i++)
		f->used[i].met = true;	/* ours, of numbers that are not these definitions' */
	snprintf(dir, sizeof(dir), "%s/systems", env->figs);
	fitted_read(f, dir);
}

static void damaged_add(struct table *t, const char *what)
{
	for (size_t r = 0; r < t->n_rows; r++)
		if (strcmp(table_get(t, r, 0), what) == 0)
			return;		/* another figure draws it as well */
	table_set(t, table_row_add(t), 0, what);
}

/* Only a result that is not there has not been run. */
static void figure_judge(struct judgement *j, const struct figure *fig,
			 const struct figure_env *env)
{
	struct table result;
	char err[700];
	int rc = saved_read(&result, env->out, figure_data(fig), err, sizeof(err));
	bool damaged = rc != 0 && rc != -ENOENT;

	j->n_found += rc != -ENOENT;
	if (damaged)
		damaged_add(&j->damaged, err);
	verdicts_take(&j->verdicts, fig, rc ? NULL : &result, damaged ? err : NULL);
	curves_take(&j->curves, fig, env, &result);
	table_free(&result);
}

int judge_make(struct judgement *j, const struct figure_env *env, char names[][FIGURE_NAME_MAX],
	       size_t n, char *err, size_t err_len)
{
	int rc;

	memset(j, 0, sizeof(*j));
	table_col_add(&j->damaged, "what");
	sources_read(&j->fitted, env);
	rc = verdicts_begin(&j->verdicts, env, &j->fitted, err, err_len);
	if (!rc)
		rc = curves_begin(&j->curves, env, &j->fitted, err, err_len);
	for (size_t i = 0; rc == 0 && i < n; i++) {
		struct figure fig;

		if (figure_open(&fig, env, names[i])) {
			figure_judge(j, &fig, env);
		} else {
			conf_complain(&fig.conf, "ix figure");
			j->n_unreadable++;
		}
		figure_close(&fig);
	}
	if (!rc) {
		verdicts_count(&j->verdicts);
		curves_check(&j->curves);
	}
	return rc;
}

static unsigned checks_count(const struct table *t, const char *check, enum verdict v)
{
	int cc = table_col(t, "check"), cv = table_col(t, "verdict");
	unsigned n = 0;

	for (size_t r = 0; r < t->n_rows; r++)
		n += strcmp(table_get(t, r, cc), check) == 0 &&
		     strcmp(table_get(t, r, cv), verdict_name(v)) == 0;
	return n;
}

static void shapes_print(const struct table *t, FILE *f)
{
	int cc = table_col(t, "check"), ce = table_col(t, "error"), co = table_col(t, "simulated");

	for (size_t r = 0; r < t->n_rows; r++)
		if (strncmp(table_get(t, r, cc), "median", 6) == 0)
			fprintf(f, "points: %s: %s (%s)\n", table_get(t, r, cc),
				table_get(t, r, ce)[0] ? table_get(t, r, ce) : "none simulated",
				table_get(t, r, co));
	fprintf(f, "shapes: order of systems right at %u of %u published points; %u of %u knees "
		"within 15 %%\n", checks_count(t, "order", VERDICT_HOLDS),
		checks_count(t, "order", VERDICT_HOLDS) + checks_count(t, "order", VERDICT_MISSES),
		checks_count(t, "knee", VERDICT_HOLDS),
		checks_count(t, "knee", VERDICT_HOLDS) + checks_count(t, "knee", VERDICT_MISSES));
}

void judge_print(const struct judgement *j, const bool *show, FILE *f)
{
	verdicts_print(&j->verdicts, show, f);
	shapes_print(&j->curves.checks, f);
}

bool judge_complain(const struct judgement *j, const bool *show, FILE *f)
{
	for (size_t r = 0; r < j->damaged.n_rows; r++)
		fprintf(f, "ix figure: %s\n", table_get(&j->damaged, r, 0));
	verdicts_complain(&j->verdicts, show, &j->damaged, f);
	return j->verdicts.n_broken + j->damaged.n_rows + j->n_unreadable > 0;
}

static json_t *table_json(const struct table *t)
{
	json_t *rows = json_array();

	for (size_t r = 0; r < t->n_rows; r++) {
		json_t *row = json_object();

		for (size_t c = 0; c < t->n_cols; c++) {
			const char *text = table_get(t, r, (int)c);
			double v;

			json_object_set_new(row, t->cols[c],
					    table_number(t, r, (int)c, &v) ? result_number(v) :
					    text[0] ? json_string(text) : json_null());
		}
		json_array_append_new(rows, row);
	}
	return rows;
}

json_t *judge_json(const struct judgement *j)
{
	const struct table *t = &j->curves.checks;
	const struct verdicts *v = &j->verdicts;
	json_t *summary = json_pack("{s:i, s:i, s:i, s:i, s:i}", "hold", (int)v->n_holds, "miss",
				    (int)v->n_misses, "not_run", (int)v->n_not_run, "informative",
				    (int)v->n_informative, "malformed", (int)v->n_broken);

	json_object_set_new(summary, "order_right",
			    json_integer(checks_count(t, "order", VERDICT_HOLDS)));
	json_object_set_new(summary, "order_wrong",
			    json_integer(checks_count(t, "order", VERDICT_MISSES)));
	json_object_set_new(summary, "knees_near",
			    json_integer(checks_count(t, "knee", VERDICT_HOLDS)));
	json_object_set_new(summary, "knees_far",
			    json_integer(checks_count(t, "knee", VERDICT_MISSES)));
	return json_pack("{s:o, s:o, s:o, s:o}", "claims", table_json(&v->table), "points",
			 table_json(&j->curves.points), "shapes", table_json(t), "summary",
			 summary);
}

int judge_save(const struct judgement *j, const struct figure_env *env, char *err, size_t err_len)
{
	const struct { const char *name; const struct table *t; } files[] = {
		{ "claims", &j->verdicts.table }, { "points", &j->curves.points },
		{ "shapes", &j->curves.checks },
	};
	char path[600];
	int rc = 0;

	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(files); i++) {
		result_path(path, sizeof(path), env->out, files[i].name, "csv");
		rc = result_save_table(path, files[i].t, err, err_len);
	}
	return rc;
}

bool judge_is_stale(const struct figure_env *env, const char *name)
{
	const char *list;
	bool stale = false;
	char path[600], err[512];
	json_t *manifest, *was;

	result_path(path, sizeof(path), env->out, name, "json");
	manifest = json_load_file(path, 0, NULL);
	json_object_foreach(json_object_get(manifest, "price_lists"), list, was) {
		const uint64_t then = strtoull(json_string_value(was) ?: "", NULL, 16);
		struct costs now = { .hash = then };	/* a list that is gone says nothing */

		costs_load(&now, list, err, sizeof(err));
		stale |= now.hash != then;
	}
	json_decref(manifest);
	return stale;
}

void judge_free(struct judgement *j)
{
	fitted_free(&j->fitted);
	verdicts_free(&j->verdicts);
	curves_free(&j->curves);
	table_free(&j->damaged);
}
