/* SPDX-License-Identifier: MIT */
/*
 * plot.c - drawing a figure with gnuplot from its saved result
 *
 * The script gets everything as gnuplot variables: name, ext (svg, pdf, png), csv, curves,
 * out, figs, title, caption. The caption is made from the manifest, so it says what was run.
 */
#include <spawn.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/figure.h"
#include "cli/result.h"

extern char **environ;

enum { CAPTION_MAX = 2048, CAPTION_WIDTH = 126 };

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

/* Copy @text, {key} replaced by the manifest's value: of its configuration, or its own. */
static void caption_expand(const json_t *manifest, const char *text, char *buf, size_t len)
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
		value_text(v, buf + n, len - n);
		n += strlen(buf + n);
		text = close + 1;
	}
	buf[n] = '\0';
}

/* Break lines at blanks so that none is longer than @width, where words allow. */
static void caption_wrap(char *text, size_t width)
{
	char *line = text, *blank = NULL;

	for (; *text; text++) {
		if (*text != ' ')
			continue;
		if (blank && (size_t)(text - line) > width) {
			*blank = '\n';
			line = blank + 1;
		}
		blank = text;
	}
	if (blank && (size_t)(text - line) > width)
		*blank = '\n';
}

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
			      const char *ext, const char *caption)
{
	char *text = NULL, path[600];
	size_t len;
	FILE *f = open_memstream(&text, &len);

	if (!f)
		abort();
	variable(f, "name", fig->name);
	variable(f, "ext", ext);
	variable(f, "figs", env->figs);
	result_path(path, sizeof(path), env->out, fig->name, "csv");
	variable(f, "csv", path);
	result_path(path, sizeof(path), env->figs, "curves", "csv");
	variable(f, "curves", path);
	result_path(path, sizeof(path), env->out, fig->name, ext);
	variable(f, "out", path);
	variable(f, "title", figure_text(fig, "title", fig->name));
	variable(f, "caption", caption);
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

int figure_plot(const struct figure *fig, const struct figure_env *env)
{
	static const char *const exts[] = { "svg", "pdf", "png" };
	const char *plot = figure_text(fig, "plot", NULL);
	char path[600], caption[CAPTION_MAX], script[700], *vars;
	json_t *manifest;
	int rc = 0;

	if (!plot)
		return IX_OK;
	result_path(path, sizeof(path), env->out, fig->name, "json");
	manifest = json_load_file(path, 0, NULL);
	caption_expand(manifest, figure_text(fig, "caption", ""), caption, sizeof(caption));
	caption_wrap(caption, CAPTION_WIDTH);
	json_decref(manifest);
	snprintf(script, sizeof(script), "%s/%s", env->figs, plot);
	for (size_t i = 0; rc == 0 && i < ARRAY_LEN(exts); i++) {
		vars = script_variables(fig, env, exts[i], caption);
		rc = gnuplot(vars, script);
		free(vars);
	}
	result_path(path, sizeof(path), env->out, fig->name, "pdf");
	if (rc == 0)
		pdf_date_clear(path);
	if (rc == -ENOENT) {
		fprintf(stderr, "ix figure: %s: gnuplot is missing, so there are numbers "
			"(%s/%s.csv) but no drawing; install it: sudo apt-get install "
			"--no-install-recommends gnuplot-nox\n", fig->name, env->out, fig->name);
		return IX_MISSING;
	}
	if (rc)
		fprintf(stderr, "ix figure: gnuplot failed on %s; the numbers are in %s/%s.csv\n",
			script, env->out, fig->name);
	return rc ? IX_FAILED : IX_OK;
}
