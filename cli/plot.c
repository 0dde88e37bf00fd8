/* SPDX-License-Identifier: MIT */
/*
 * plot.c - drawing a figure with gnuplot from its saved result
 *
 * The script gets everything as gnuplot variables: name, ext (svg, pdf, png), csv, curves,
 * out, figs, title, caption and caption_lines, n_failed, quick. The caption is made from the
 * manifest, so it says what was run, and the script makes room for its lines.
 *
 * `out` is a name beside the drawing's own, which it gets when all three are whole: until then an
 * old one stays.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/caption.h"
#include "cli/cli.h"
#include "cli/result.h"

extern char **environ;

/* Of the caption's letters in 900 pixels, less the margins. */
static const double caption_width = 118;

static const struct kind { const char *ext, *end; } kinds[] = {
	{ "svg", "</svg>" }, { "pdf", "%%EOF" }, { "png", "IEND" },
};

struct drawing {
	const char *ext, *out;
	char caption[CAPTION_MAX];
	size_t lines, n_failed;
};

/* One variable in gnuplot's syntax: single quotes, where nothing is substituted; two of
 * them are one. A line break needs the other kind of quotes. */
static void variable(FILE *f, const char *name, const char *value)
{
	fprintf(f, "%s = '", name);
	for (; *value; value++) {
		if (*value == '\n')
			fputs("'.\"\\n\".'", f);
		else if (*value == '\'')
			fputs("''", f);
		else
			fputc(*value, f);
	}
	fputs("'; ", f);
}

static char *script_variables(const struct figure *fig, const struct figure_env *env,
			      const struct drawing *d)
{
	char *text = NULL, path[600];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	variable(f, "name", fig->name);
	variable(f, "ext", d->ext);
	variable(f, "figs", env->figs);
	result_path(path, sizeof(path), env->out, figure_data(fig), "csv");
	variable(f, "csv", path);
	result_path(path, sizeof(path), env->figs, "curves", "csv");
	variable(f, "curves", path);
	variable(f, "out", d->out);
	variable(f, "title", figure_text(fig, "title", fig->name));
	variable(f, "caption", d->caption);
	fprintf(f, "caption_lines = %zu; n_failed = %zu; quick = %d; ", d->lines, d->n_failed,
		env->quick);
	fclose(f);
	return text;
}

static int gnuplot(char *variables, char *script)
{
	char prog[] = "gnuplot", opt[] = "-e";
	char *argv[] = { prog, opt, variables, script, NULL };
	int status = 0;
	pid_t pid;
	int rc;

	setenv("TZ", "UTC0", 1);	/* see pdf_date_clear() */
	rc = posix_spawnp(&pid, prog, NULL, NULL, argv, environ);

	if (rc != 0)
		return -rc;
	while (waitpid(pid, &status, 0) < 0 && errno == EINTR)
		;
	/* 127: posix_spawnp() on systems that find out in the child. */
	if (WIFEXITED(status) && WEXITSTATUS(status) == 127)
		return -ENOENT;
	return WIFEXITED(status) && WEXITSTATUS(status) == 0 ? 0 : -EIO;
}

/* Cairo writes the time of day into a PDF; equal results shall be equal files. */
static void pdf_date_clear(const char *path)
{
	static const char mark[] = "/CreationDate (D:", epoch[] = "19700101000000";
	FILE *f = fopen(path, "r+b");
	size_t hit = 0;
	int ch;

	while (f && hit < sizeof(mark) - 1 && (ch = getc(f)) != EOF)
		hit = ch == mark[hit] ? hit + 1 : ch == mark[0];
	if (f && hit == sizeof(mark) - 1) {
		fseek(f, 0, SEEK_CUR);		/* from reading to writing */
		fputs(epoch, f);
	}
	if (f)
		fclose(f);
}

/* Does @path end as a file of its kind does? gnuplot does not say when a disk was full. */
static bool is_whole(const char *path, const char *end)
{
	FILE *f = fopen(path, "rb");
	char tail[16] = "";
	size_t n = 0;

	if (f && fseek(f, -(long)sizeof(tail), SEEK_END) == 0)
		n = fread(tail, 1, sizeof(tail), f);
	if (f)
		fclose(f);
	return memmem(tail, n, end, strlen(end)) != NULL;
}

static size_t failed_count(const struct figure *fig, const struct figure_env *env)
{
	json_t *manifest;
	char path[600];
	size_t n;

	result_path(path, sizeof(path), env->out, figure_data(fig), "json");
	manifest = json_load_file(path, 0, NULL);
	n = json_array_size(json_object_get(manifest, "failed"));
	json_decref(manifest);
	return n;
}

static int plot_trouble(const struct figure *fig, const struct figure_env *env, const char *script,
			int rc)
{
	if (rc == -ENOENT) {
		fprintf(stderr, "ix figure: %s: gnuplot is missing, so there are numbers "
			"(%s/%s.csv) but no drawing; install it: sudo apt-get install "
			"--no-install-recommends gnuplot-nox\n", fig->name, env->out,
			figure_data(fig));
		return IX_MISSING;
	}
	if (rc == -ENOSPC)
		fprintf(stderr, "ix figure: %s: gnuplot could not write the whole of %s/%s.svg, "
			".pdf and .png; is there room?\n", fig->name, env->out, fig->name);
	else
		fprintf(stderr, "ix figure: gnuplot failed on %s; the numbers are in %s/%s.csv\n",
			script, env->out, figure_data(fig));
	return IX_FAILED;
}

/* Where drawing @kind goes in the end, and what it is until then. */
static void paths_of(const struct figure *fig, const struct figure_env *env, const struct kind *k,
		     char path[600], char tmp[640])
{
	result_path(path, 600, env->out, fig->name, k->ext);
	result_tmp(tmp, 640, path);
}

static int draw(const struct figure *fig, const struct figure_env *env, char *script,
		const struct kind *k, struct drawing *d)
{
	char path[600], tmp[640], *vars;
	int rc;

	paths_of(fig, env, k, path, tmp);
	result_tidy(path);
	d->ext = k->ext;
	d->out = tmp;
	vars = script_variables(fig, env, d);
	rc = gnuplot(vars, script);
	free(vars);
	if (rc == 0 && !is_whole(tmp, k->end))
		rc = -ENOSPC;
	if (rc == 0 && strcmp(k->ext, "pdf") == 0)
		pdf_date_clear(tmp);
	return rc;
}

/* All three are whole: they take their names. Or none of them does. */
static int names_take(const struct figure *fig, const struct figure_env *env, int rc)
{
	char path[600], tmp[640];

	for (size_t i = 0; i < ARRAY_LEN(kinds); i++) {
		paths_of(fig, env, &kinds[i], path, tmp);
		if (rc == 0 && result_rename(tmp, path) != 0)
			rc = -ENOSPC;
		if (rc)
			unlink(tmp);
	}
	return rc;
}

int figure_plot(const struct figure *fig, const struct figure_env *env)
{
	const char *plot = figure_text(fig, "plot", NULL);
	struct drawing d = { 0 };
	char script[700];
	int rc = 0;

	if (!plot)
		return IX_OK;
	caption_text(fig, env, d.caption);
	d.lines = caption_wrap(d.caption, caption_width);
	d.n_failed = failed_count(fig, env);
	snprintf(script, sizeof(script), "%s/%s", env->figs, plot);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(kinds); i++)
		rc = draw(fig, env, script, &kinds[i], &d);
	rc = names_take(fig, env, rc);
	return rc ? plot_trouble(fig, env, script, rc) : IX_OK;
}
