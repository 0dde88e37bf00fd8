/* SPDX-License-Identifier: MIT */
/*
 * jobs.c - see jobs.h
 *
 * Not here: command lines (cmd_sweep.c, cmd_point.c), who carries jobs to machines
 * (scripts/sweep_parallel.sh, scripts/sweep_slurm.sh).
 */
#include <dirent.h>
#include <search.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/jobs.h"
#include "cli/point.h"
#include "cli/result.h"
#include "cli/simrun.h"
#include "cli/task.h"
#include "cli/workers.h"

/* A header is read whole: the name of the file in it is cut. */
enum { HEADER_MAX = 400, FILE_SHOWN = 160 };

static bool has_jobs(const char *dir)
{
	struct dirent *e;
	DIR *d = opendir(dir);
	bool found = false;

	while (d && (e = readdir(d))) {
		size_t n = strlen(e->d_name);

		found |= n > 4 && strcmp(e->d_name + n - 4, ".job") == 0;
	}
	if (d)
		closedir(d);
	return found;
}

/* ---- planning ---- */

struct plan {
	const struct sweep *sw;
	struct store store;
	const char *dir;
	void *names;		/* tree of the keys that are planned */
	size_t n_jobs, n_stored, n_searches, n_failing, n_points;
	char why[740];		/* the first that cannot run */
};

static int by_text(const void *a, const void *b)
{
	return strcmp(a, b);
}

/* Is @name new? It is planned then. */
static bool name_add(struct plan *p, const char *name)
{
	char *own = strdup(name), **at;

	at = own ? tsearch(own, &p->names, by_text) : NULL;
	if (!at)
		abort();
	if (*at == own)
		return true;
	free(own);
	return false;
}

static int job_write(struct plan *p, size_t point, const struct store_key *k, struct scenario *sc,
		     char *err, size_t err_len)
{
	char path[600], *text = NULL;
	struct schema s;
	size_t len;
	FILE *f = open_memstream(&text, &len);
	int rc;

	if (!f)
		abort();
	simrun_schema(&s, sc);
	fprintf(f, "# ix point: point %zu of %zu of %.*s\n# key %s\n# code %s\n", point + 1,
		p->n_points, FILE_SHOWN, p->sw->file ? p->sw->file : "the command line", k->name,
		p->store.code);
	schema_print(&s, f);
	fclose(f);
	snprintf(path, sizeof(path), "%.500s/%06zu.job", p->dir, ++p->n_jobs);
	rc = result_save(path, text, len, err, err_len);
	free(text);
	return rc;
}

/* Returns 0, or a negative errno and a sentence. */
static int point_plan(struct plan *p, size_t point, struct scenario *sc, char *err, size_t err_len)
{
	struct store_key k;
	char why[600], *kept;
	size_t len;
	int rc = store_key(&p->store, sc, &k, err, err_len);

	if (rc) {
		if (p->n_failing++ == 0)
			snprintf(p->why, sizeof(p->why), "point %zu: %s", point + 1, err);
		return 0;
	}
	kept = store_get(&p->store, &k, &len, why, sizeof(why));
	if (why[0])
		fprintf(stderr, "ix sweep: %s\n", why);
	if (kept)
		p->n_stored++;
	else if (name_add(p, k.name))
		rc = job_write(p, point, &k, sc, err, err_len);
	free(kept);
	store_key_free(&k);
	return rc;
}

static int points_plan(struct plan *p, char *err, size_t err_len)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	int rc = 0;

	if (!sc || !c)
		abort();
	for (size_t i = 0; rc == 0 && i < p->n_points; i++) {
		size_t local = i;

		if (sweep_group(p->sw, &local)->search) {
			p->n_searches++;
			continue;
		}
		conf_init(c);
		sweep_configure(p->sw, i, c, sc);
		conf_free(c);
		rc = point_plan(p, i, sc, err, err_len);
	}
	free(c);
	free(sc);
	return rc;
}

int jobs_export(const struct sweep *sw, struct conf *c, const char *dir)
{
	struct plan p = { .sw = sw, .dir = dir };
	char err[700];
	int rc;

	if (c->n_errors || !sweep_check(sw, c))
		return IX_USAGE;
	if (has_jobs(dir)) {
		conf_error(c, "%s has jobs already; remove them, or name another folder", dir);
		return IX_USAGE;
	}
	store_open(&p.store, sw->store_dir);
	p.n_points = sweep_points(sw);
	rc = points_plan(&p, err, sizeof(err));
	tdestroy(p.names, free);
	if (rc) {
		fprintf(stderr, "ix sweep: %s\n", err);
		return IX_FAILED;
	}
	printf("%zu job%s in %s for %zu point%s", p.n_jobs, p.n_jobs == 1 ? "" : "s", dir,
	       p.n_points - p.n_searches, p.n_points - p.n_searches == 1 ? "" : "s");
	if (p.n_stored)
		printf(", %zu of which are in %s already", p.n_stored, sw->store_dir);
	putchar('\n');
	if (p.n_failing)
		fprintf(stderr, "ix sweep: %zu point%s cannot run and %s not planned; %s\n",
			p.n_failing, p.n_failing == 1 ? "" : "s", p.n_failing == 1 ? "is" : "are",
			p.why);
	if (p.n_searches)
		fprintf(stderr, "ix sweep: %zu points are searches, whose runs are known only as "
			"they go: `ix sweep` runs them here\n", p.n_searches);
	return IX_OK;
}

/* ---- running ---- */

/* The rest of the line of @text that begins with "# @word ". */
static void header_find(const char *text, const char *word, char *buf, size_t len)
{
	const char *at = strstr(text, word);

	buf[0] = '\0';
	if (at)
		snprintf(buf, len, "%.*s", (int)strcspn(at + strlen(word), "\n"),
			 at + strlen(word));
}

/* What the job says about itself. false: it is none. */
static bool header_read(const char *path, char *key, size_t key_len, char *code, size_t code_len)
{
	char head[HEADER_MAX + 1];
	FILE *f = fopen(path, "r");
	size_t n = f ? fread(head, 1, HEADER_MAX, f) : 0;

	if (f)
		fclose(f);
	head[n] = '\0';
	header_find(head, "\n# key ", key, key_len);
	header_find(head, "\n# code ", code, code_len);
	return strncmp(head, "# ix point: ", 12) == 0 && *key && *code;
}

/* Is the point that this machine would run the one that was planned? */
static bool is_planned(const char *path, const struct store *st, const struct store_key *k)
{
	char key[64], code[128];

	if (!header_read(path, key, sizeof(key), code, sizeof(code))) {
		fprintf(stderr, "ix point: %s: not a job; `ix sweep --export DIR` writes jobs\n",
			path);
		return false;
	}
	if (strcmp(key, k->name) == 0)
		return true;
	if (strcmp(code, st->code) != 0)
		fprintf(stderr, "ix point: %s: planned for %s, but this program is %s; use the "
			"same program\n", path, code, st->code);
	else
		fprintf(stderr, "ix point: %s: it was edited, or a price list or another file it "
			"names is not the one it was planned with\n", path);
	return false;
}

static void verdict_print(const char *path, const struct store_key *k, const struct point *p,
			  bool was_there)
{
	printf("%s: %s %s%s%s\n", path, k->name, was_there ? "was in the store" : "ran",
	       p->status == POINT_CLIENT_BOUND ? "; client-bound: " : "", p->why);
}

/* ---- in a child, so that one that dies leaves a failure too ---- */

struct one {
	struct store *st;
	const struct store_key *k;
	struct scenario *sc;
};

/* Leaves a line, why the result could not be kept, and the document. */
static void one_run(void *ctx, size_t i, FILE *out)
{
	const struct one *o = ctx;
	char err[700] = "", *text;

	(void)i;
	text = task_measure(o->st, o->k->name, o->sc, err, sizeof(err));
	fprintf(out, "%s\n%s", err, text);
}

/* The document, or NULL when @signal interrupted this program. A signal that ended the run
 * is a failure of its own. */
static char *measure(struct one *o, int *signal, char *err, size_t err_len)
{
	struct job j = { 0 };
	char *text = NULL, *eol;

	*signal = workers_run(&j, 1, 1, one_run, NULL, o);
	eol = j.ok && j.data ? memchr(j.data, '\n', j.len) : NULL;
	if (eol) {
		snprintf(err, err_len, "%.*s", (int)(eol - j.data), j.data);
		text = strndup(eol + 1, j.len - (size_t)(eol + 1 - j.data));
	} else if (!*signal) {
		*signal = j.signal;
		text = point_failure(j.why[0] ? j.why : "left no result");
	}
	free(j.data);
	return text;
}

/* ---- and what becomes of it ---- */

/* To @how->out, or to the folder of failures; a finished point is in the store by now. */
static void result_leave(const struct job_how *how, const struct store_key *k, bool is_failure,
			 const char *text, char *err, size_t err_len)
{
	struct store *failures;
	char *file;
	size_t len;

	if (how->out) {
		file = store_text(k, text, &len);
		result_save(how->out, file, len, err, err_len);
		free(file);
	} else if (is_failure && how->failures) {
		failures = malloc(sizeof(*failures));
		if (!failures)
			abort();
		store_open_failures(failures, how->failures);
		store_put(failures, k, text, err, err_len);
		free(failures);
	}
}

/* Run it, or find it, and keep it. */
static int planned_run(const char *path, struct one *o, const struct job_how *how)
{
	char err[700] = "", *text;
	size_t len;
	struct point p;
	bool was_there;
	int signal = 0, rc = IX_OK;

	text = store_get(o->st, o->k, &len, err, sizeof(err));
	was_there = text != NULL;
	if (err[0])
		fprintf(stderr, "ix point: %s\n", err);
	err[0] = '\0';
	if (!text)
		text = measure(o, &signal, err, sizeof(err));
	if (!text)
		return IX_SIGNAL + signal;
	point_read(&p, text, was_there ? len : strlen(text));
	if (p.status == POINT_FAILED) {
		fprintf(stderr, "ix point: %s: %s\n", path, p.why);
		rc = signal ? IX_SIGNAL + signal : IX_FAILED;
	}
	result_leave(how, o->k, p.status == POINT_FAILED, text, err, sizeof(err));
	if (err[0]) {
		fprintf(stderr, "ix point: %s\n", err);
		rc = IX_FAILED;
	} else if (rc == IX_OK && !how->quiet) {
		verdict_print(path, o->k, &p, was_there);
	}
	point_free(&p);
	free(text);
	return rc;
}

int job_run(const char *path, const struct job_how *how)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	struct store *st = malloc(sizeof(*st));
	struct store_key k = { 0 };
	char err[600];
	int rc = IX_USAGE;

	if (!sc || !c || !st)
		abort();
	conf_init(c);
	store_open(st, how->out ? NULL : how->dir);
	if (!simrun_configure(c, path, sc)) {
		conf_complain(c, "ix point");
	} else if (store_key(st, sc, &k, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix point: %s: %s\n", path, err);
		rc = IX_MISSING;
	} else if (is_planned(path, st, &k)) {
		rc = planned_run(path, &(struct one){ st, &k, sc }, how);
	}
	store_key_free(&k);
	conf_free(c);
	free(st);
	free(c);
	free(sc);
	return rc;
}
