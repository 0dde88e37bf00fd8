/* SPDX-License-Identifier: MIT */
/*
 * caption.c - captions: filling in what was run, breaking lines, NAME.md; see caption.h
 */
#include <stdlib.h>

#include "cli/caption.h"
#include "cli/judge.h"
#include "cli/result.h"

static void value_text(const json_t *v, char *buf, size_t len)
{
	char *dump;

	if (json_is_string(v)) {
		snprintf(buf, len, "%s", json_string_value(v));
		return;
	}
	dump = json_dumps(v, JSON_ENCODE_ANY | JSON_REAL_PRECISION(10));
	snprintf(buf, len, "%s", dump ? dump : "?");
	free(dump);
}

/* Copy @text, {key} replaced by the manifest's value: of its configuration, or its own. @tell: say
 * which is not there. */
static void expand(const json_t *manifest, const char *text, bool tell, char *buf, size_t len)
{
	const json_t *config = json_object_get(manifest, "config"), *v;
	char key[CONF_KEY_MAX];
	size_t n = 0;

	while (*text && n + 1 < len) {
		const char *close = *text == '{' ? strchr(text, '}') : NULL;

		if (!close || (size_t)(close - text) > sizeof(key)) {
			buf[n++] = *text++;
			continue;
		}
		snprintf(key, sizeof(key), "%.*s", (int)(close - text - 1), text + 1);
		v = json_object_get(config, key);
		if (!v)
			v = json_object_get(manifest, key);
		if (!v && tell)
			fprintf(stderr, "ix figure: a caption names {%s}, which is no knob of the "
				"run\n", key);
		value_text(v, buf + n, len - n);
		n += strlen(buf + n);
		text = close + 1;
	}
	buf[n] = '\0';
}

static json_t *manifest_load(const struct figure *fig, const struct figure_env *env)
{
	char path[600];

	result_path(path, sizeof(path), env->out, figure_data(fig), "json");
	return json_load_file(path, 0, NULL);
}

void caption_text(const struct figure *fig, const struct figure_env *env, char buf[CAPTION_MAX])
{
	json_t *manifest = manifest_load(fig, env);

	expand(manifest, figure_text(fig, "caption", ""), true, buf, CAPTION_MAX);
	json_decref(manifest);
}

/* Letters of a proportional font, in widths of its average one; 0: within a UTF-8 letter. */
static double letter_width(char ch)
{
	if (((unsigned char)ch & 0xc0) == 0x80)
		return 0;
	if (strchr(" .,:;'|!()[]/ijlft", ch))
		return 0.6;
	return strchr("mwMW@%", ch) || (ch >= 'A' && ch <= 'Z') ? 1.3 : 1.05;
}

size_t caption_wrap(char *text, double width)
{
	char *blank = NULL;
	double used = 0, since = 0;	/* of the line; since its last blank */
	size_t lines = 1;

	for (; *text; text++) {
		double w = letter_width(*text);

		used += w;
		since += w;
		if (*text == '\n') {
			used = since = 0;
			blank = NULL;
			lines++;
		}
		if (*text == ' ') {
			blank = text;
			since = 0;
		}
		if (used > width && blank) {
			*blank = '\n';
			blank = NULL;
			used = since;
			lines++;
		}
	}
	return lines;
}

/* ---- NAME.md ---- */

/* A cell of a Markdown table. */
static void cell_print(const struct table *t, size_t row, const char *col, FILE *f)
{
	const char *s = table_get(t, row, table_col(t, col));

	fputs(" ", f);
	for (; *s; s++)
		fputs(*s == '|' ? "\\|" : (char[]){ *s, '\0' }, f);
	fputs(" |", f);
}

static void row_print(const struct table *t, size_t row, const char *const *cols, size_t n, FILE *f)
{
	fputs("|", f);
	for (size_t c = 0; c < n; c++)
		cell_print(t, row, cols[c], f);
	fputs("\n", f);
}

static void claims_write(const struct table *t, const struct figure *fig, FILE *f)
{
	static const char *const cols[] = { "id", "system", "quantity", "published", "simulated",
					    "unit", "error", "tolerance", "verdict" };
	bool any = false;

	for (size_t r = 0; r < t->n_rows; r++) {
		if (!figure_claims(fig, table_get(t, r, 0)))
			continue;
		if (!any)
			fputs("\n| Claim | System | Quantity | Published | Simulated | Unit | "
			      "Error | Tolerance | Verdict |\n"
			      "|---|---|---|---|---|---|---|---|---|\n", f);
		any = true;
		row_print(t, r, cols, ARRAY_LEN(cols), f);
	}
	for (size_t r = 0; r < t->n_rows; r++) {
		const char *why = table_get(t, r, table_col(t, "why"));

		if (why[0] && figure_claims(fig, table_get(t, r, 0)))
			fprintf(f, "\n%s: %s\n", table_get(t, r, 0), why);
	}
}

/* Do points or checks of row @row belong to this definition? */
static bool is_point_of(const struct figure *fig, const struct table *t, size_t row)
{
	const char *figure = table_get(t, row, table_col(t, "figure"));
	const config_setting_t *list = config_setting_get_member(fig->group, "curves");

	for (int i = 0; list && i < config_setting_length(list); i++) {
		const char *s = fig->name;

		config_setting_lookup_string(config_setting_get_elem(list, (unsigned)i), "figure",
					     &s);
		if (strcmp(s, figure) == 0)
			return true;
	}
	return false;
}

static void points_write(const struct judgement *j, const struct figure *fig, FILE *f)
{
	static const char *const cols[] = { "series", "x", "published", "simulated", "unit",
					    "error_pct", "fitted", "note" };
	static const char *const checks[] = { "check", "series", "at", "published", "simulated",
					      "error", "verdict" };
	const struct table *t = &j->curves.points, *k = &j->curves.checks;
	bool any = false;

	for (size_t r = 0; r < t->n_rows; r++) {
		if (!is_point_of(fig, t, r))
			continue;
		if (!any)
			fputs("\n| Curve | At | Published | Simulated | Unit | Error, % | Fitted "
			      "| Note |\n|---|---|---|---|---|---|---|---|\n", f);
		any = true;
		row_print(t, r, cols, ARRAY_LEN(cols), f);
	}
	any = false;
	for (size_t r = 0; r < k->n_rows; r++) {
		if (!is_point_of(fig, k, r))
			continue;
		if (!any)
			fputs("\n| Shape | Curve | At | Published | Simulated | Error | Verdict |\n"
			      "|---|---|---|---|---|---|---|\n", f);
		any = true;
		row_print(k, r, checks, ARRAY_LEN(checks), f);
	}
	for (size_t r = 0; r < k->n_rows; r++) {
		const char *why = table_get(k, r, table_col(k, "why"));
		const char *series = table_get(k, r, table_col(k, "series"));

		if (why[0] && is_point_of(fig, k, r))
			fprintf(f, "\n%s%s%s at %s: %s\n",
				table_get(k, r, table_col(k, "check")), series[0] ? " of " : "",
				series, table_get(k, r, table_col(k, "at")), why);
	}
}

static void failed_write(const json_t *manifest, FILE *f)
{
	const json_t *failed = json_object_get(manifest, "failed"), *one;
	size_t i;

	if (json_array_size(failed) == 0)
		return;
	fprintf(f, "\n%zu points failed; the drawing has a cross for each:\n\n",
		json_array_size(failed));
	json_array_foreach(failed, i, one)
		fprintf(f, "- line %d: %s\n", (int)json_integer_value(json_object_get(one, "line")),
			json_string_value(json_object_get(one, "error")));
}

static void list_print(const json_t *list, const char *key, FILE *f)
{
	const json_t *e;
	size_t i;

	json_array_foreach(list, i, e)
		fprintf(f, "%s%s", i ? ", " : "",
			json_string_value(key ? json_object_get(e, key) : e));
}

/* What each group of the sweep is built on, sets and varies. */
static void groups_write(const json_t *manifest, FILE *f)
{
	const json_t *groups = json_object_get(manifest, "groups"), *g;
	const char *base, *name;
	size_t i;

	if (json_array_size(groups) == 0)
		return;
	fputs("\n| Curve | Built on | Set | Varied |\n|---|---|---|---|\n", f);
	json_array_foreach(groups, i, g) {
		name = json_string_value(json_object_get(g, "name"));
		base = json_string_value(json_object_get(g, "base"));
		fprintf(f, "| %s | %s | ", name ? name : "", base ? base : "");
		list_print(json_object_get(g, "set"), NULL, f);
		fputs(" | ", f);
		list_print(json_object_get(g, "axes"), "key", f);
		fputs(" |\n", f);
	}
}

int judge_caption(const struct judgement *j, const struct figure *fig, const struct figure_env *env,
		  char *err, size_t err_len)
{
	json_t *manifest = manifest_load(fig, env);
	const char *ours = strstr(fig->path, "paper-figs/");	/* found without --figs */
	char caption[CAPTION_MAX], path[600], *data = NULL;
	size_t len;
	FILE *f;
	int rc;

	if (!manifest)
		return 0;		/* nothing was run */
	f = open_memstream(&data, &len);
	if (!f)
		abort();
	expand(manifest, figure_text(fig, "caption", ""), false, caption, sizeof(caption));
	fprintf(f, "# %s\n\n![%s](%s.svg)\n\n%s\n\n", figure_text(fig, "title", fig->name),
		figure_text(fig, "alt", figure_text(fig, "title", fig->name)), fig->name, caption);
	fprintf(f, "Run again: `./ix figure %s%s%s%s`. Numbers: `%s.csv`; every knob, price list "
		"and commit: `%s.json`.\n", fig->name,
		json_is_true(json_object_get(manifest, "quick")) ? " --quick" : "",
		ours ? "" : " --figs ", ours ? "" : env->figs, figure_data(fig), figure_data(fig));
	failed_write(manifest, f);
	groups_write(manifest, f);
	claims_write(&j->verdicts.table, fig, f);
	points_write(j, fig, f);
	fclose(f);
	json_decref(manifest);
	result_path(path, sizeof(path), env->out, fig->name, "md");
	result_tidy(path);
	rc = result_save(path, data, len, err, err_len);
	free(data);
	return rc;
}
