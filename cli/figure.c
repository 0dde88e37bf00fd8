/* SPDX-License-Identifier: MIT */
/*
 * figure.c - definitions of figures, and running them; see figure.h
 *
 * Not here: drawing (plot.c), verdicts (verdicts.c), the command line (cmd_figure.c).
 */
#include <dirent.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/figure.h"
#include "cli/outcome.h"
#include "cli/result.h"

static bool is_dir(const char *path)
{
	char probe[600];

	snprintf(probe, sizeof(probe), "%s/claims.csv", path);
	return access(probe, R_OK) == 0;
}

bool figure_dir_find(char *dir, size_t len)
{
	/* Beside the program in build/CC/, or in PREFIX/bin/. */
	static const char *const relative[] = { "../../paper-figs", "../share/ix/paper-figs" };
	char exe[400];
	ssize_t n = readlink("/proc/self/exe", exe, sizeof(exe) - 1);

	snprintf(dir, len, "paper-figs");
	if (is_dir(dir))
		return true;
	if (n <= 0)
		return false;
	exe[n] = '\0';
	*strrchr(exe, '/') = '\0';
	for (size_t i = 0; i < ARRAY_LEN(relative); i++) {
		snprintf(dir, len, "%s/%s", exe, relative[i]);
		if (is_dir(dir))
			return true;
	}
	return false;
}

static int by_name(const void *a, const void *b)
{
	return strcmp(a, b);
}

size_t figure_names(const char *dir, char names[][FIGURE_NAME_MAX], size_t max)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	size_t n = 0;

	while (d && n < max && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len < 6 || len - 5 >= FIGURE_NAME_MAX ||
		    strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		memcpy(names[n], e->d_name, len - 5);
		names[n++][len - 5] = '\0';
	}
	if (d)
		closedir(d);
	qsort(names, n, sizeof(names[0]), by_name);
	return n;
}

/* A list of texts in the figure group. */
static size_t texts_take(struct figure *fig, const char *member, const char **out)
{
	const config_setting_t *list = config_setting_get_member(fig->group, member);
	size_t n = 0;

	if (list && !config_setting_is_array(list) && !config_setting_is_list(list))
		conf_error(&fig->conf, "%s: figure.%s is a list of quoted texts", fig->path,
			   member);
	if (list && config_setting_length(list) > FIGURE_LIST_MAX)
		conf_error(&fig->conf, "%s: figure.%s has more than %d texts", fig->path, member,
			   FIGURE_LIST_MAX);
	for (int i = 0; list && i < config_setting_length(list) && n < FIGURE_LIST_MAX; i++) {
		const char *s = config_setting_get_string_elem(list, i);

		if (s)
			out[n++] = s;
		else
			conf_error(&fig->conf, "%s: figure.%s is a list of quoted texts", fig->path,
				   member);
	}
	return n;
}

/* A member that nobody reads is a typing error. */
static void members_check(struct figure *fig)
{
	static const char *const known[] = { "title", "plot", "alt", "caption", "columns", "quick",
					     "curves", "claims", "misses", "data" };
	const config_setting_t *m;

	for (unsigned i = 0; (m = config_setting_get_elem(fig->group, i)) != NULL; i++) {
		size_t k = 0;

		while (k < ARRAY_LEN(known) && strcmp(config_setting_name(m), known[k]) != 0)
			k++;
		if (k == ARRAY_LEN(known))
			conf_error(&fig->conf, "%s:%d: a figure has no \"%s\"; it has title, plot, "
				   "alt, caption, columns, quick, curves, claims, misses, data",
				   fig->path, (int)config_setting_source_line(m),
				   config_setting_name(m));
	}
}

/* Lists of groups, one of them with @needed texts. */
static void groups_check(struct figure *fig, const char *member, const char *const *needed)
{
	const config_setting_t *list = config_setting_get_member(fig->group, member), *one;
	const char *text;

	if (list && !config_setting_is_list(list))
		conf_error(&fig->conf, "%s: figure.%s is a list of groups: ( { ... }, ... )",
			   fig->path, member);
	for (unsigned i = 0; list && (one = config_setting_get_elem(list, i)) != NULL; i++)
		for (size_t k = 0; needed[k]; k++)
			if (!config_setting_is_group(one) ||
			    !config_setting_lookup_string(one, needed[k], &text))
				conf_error(&fig->conf, "%s:%d: figure.%s: entry %u needs a text %s",
					   fig->path, (int)config_setting_source_line(one), member,
					   i + 1, needed[k]);
}

bool figure_open(struct figure *fig, const struct figure_env *env, const char *name)
{
	memset(fig, 0, sizeof(*fig));
	conf_init(&fig->conf);
	snprintf(fig->name, sizeof(fig->name), "%s", name);
	snprintf(fig->path, sizeof(fig->path), "%s/%s.conf", env->figs, name);
	if (!conf_read(&fig->conf, fig->path))
		return false;
	fig->group = config_lookup(&fig->conf.file, "figure");
	if (!fig->group || !config_setting_is_group(fig->group)) {
		conf_error(&fig->conf, "%s: a figure needs a group `figure`", fig->path);
		return false;
	}
	members_check(fig);
	groups_check(fig, "misses", (const char *const[]){ "series", "why", NULL });
	groups_check(fig, "claims", (const char *const[]){ "id", NULL });
	groups_check(fig, "curves", (const char *const[]){ "x", "y", NULL });
	if (env->quick)
		fig->n_quick = texts_take(fig, "quick", fig->quick);
	fig->all_columns = !config_setting_get_member(fig->group, "columns");
	texts_take(fig, "columns", fig->columns);
	return fig->conf.n_errors == 0;
}

void figure_close(struct figure *fig)
{
	conf_free(&fig->conf);
}

const char *figure_text(const struct figure *fig, const char *member, const char *fallback)
{
	const char *s = NULL;

	config_setting_lookup_string(fig->group, member, &s);
	return s ? s : fallback;
}

const char *figure_data(const struct figure *fig)
{
	return figure_text(fig, "data", fig->name);
}

static void failures_print(const struct figure *fig, const struct sweep_outcome *o)
{
	const json_t *failed = json_object_get(o->manifest, "failed");
	const json_t *f = json_array_get(failed, 0);

	if (f)
		fprintf(stderr, "ix figure: %s: %zu of %zu points failed; the first: %s\n",
			fig->name, o->n_failed, o->n_points,
			json_string_value(json_object_get(f, "error")));
}

int figure_run(struct figure *fig, const struct figure_env *env, bool *saved)
{
	struct sweep *sw = calloc(1, sizeof(*sw));
	struct sweep_outcome o;
	char err[600], label[FIGURE_NAME_MAX + 8];
	int rc;

	if (!sw)
		abort();
	snprintf(label, sizeof(label), "figure %s", fig->name);
	sw->file = fig->path;
	sw->quick = fig->quick;
	sw->n_quick = fig->n_quick;
	sw->columns = fig->all_columns ? NULL : fig->columns;
	sw->jobs = env->jobs;
	sw->quiet = env->quiet;
	sw->label = label;
	sw->store_dir = env->store_dir;
	sweep_take(sw, &fig->conf, env->quick);
	if (fig->conf.n_errors == 0)
		sweep_at_least_one(sw, &fig->conf);
	rc = sweep_run(sw, &fig->conf, &o);
	*saved = false;
	if (rc == IX_USAGE) {
		conf_complain(&fig->conf, "ix figure");
	} else if (o.manifest) {
		failures_print(fig, &o);
		json_object_set_new(o.manifest, "command", json_string("figure"));
		json_object_set_new(o.manifest, "figure", json_string(fig->name));
		json_object_set_new(o.manifest, "quick", json_boolean(env->quick));
		/* Not the folder it was found in: that differs between machines. */
		json_object_set_new(o.manifest, "input",
				    json_string(strstr(fig->path, "paper-figs/")));
		*saved = sweep_save(&o, env->out, fig->name, err, sizeof(err)) == 0;
		if (!*saved) {
			fprintf(stderr, "ix figure: %s\n", err);
			rc = IX_FAILED;
		}
	}
	sweep_outcome_free(&o);
	sweep_free(sw);
	free(sw);
	return rc;
}

bool figure_claims(const struct figure *fig, const char *id)
{
	const config_setting_t *list = config_setting_get_member(fig->group, "claims");

	for (int i = 0; list && i < config_setting_length(list); i++) {
		const char *s = NULL;

		config_setting_lookup_string(config_setting_get_elem(list, (unsigned)i), "id", &s);
		if (s && strcmp(s, id) == 0)
			return true;
	}
	return false;
}
