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
	size_t n_jobs, n_stored, n_searches, n_points;
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

	if (rc)
		return rc;
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
		return rc == -ENOENT ? IX_MISSING : IX_FAILED;
	}
	printf("%zu job%s in %s for %zu point%s", p.n_jobs, p.n_jobs == 1 ? "" : "s", dir,
	       p.n_points - p.n_searches, p.n_points - p.n_searches == 1 ? "" : "s");
	if (p.n_stored)
		printf(", %zu of which are in %s already", p.n_stored, sw->store_dir);
	putchar('\n');
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

/* Run it, or find it, and keep it. */
static int planned_run(const char *path, struct store *st, const struct store_key *k,
		       struct scenario *sc, const char *out, bool quiet)
{
	char err[700] = "", *text, *file;
	size_t len;
	struct point p;
	bool was_there;
	int rc = IX_OK;

	text = store_get(st, k, &len, err, sizeof(err));
	was_there = text != NULL;
	if (err[0])
		fprintf(stderr, "ix point: %s\n", err);
	err[0] = '\0';
	if (!text)
		text = task_measure(st, k->name, sc, err, sizeof(err));
	point_read(&p, text, strlen(text));
	if (p.status == POINT_FAILED) {
		fprintf(stderr, "ix point: %s: %s\n", path, p.why);
		rc = IX_FAILED;
	} else if (out) {
		file = store_text(k, text, &len);
		result_save(out, file, len, err, sizeof(err));
		free(file);
	}
	if (err[0]) {
		fprintf(stderr, "ix point: %s\n", err);
		rc = IX_FAILED;
	} else if (rc == IX_OK && !quiet) {
		verdict_print(path, k, &p, was_there);
	}
	point_free(&p);
	free(text);
	return rc;
}

int job_run(const char *path, const char *dir, const char *out, bool quiet)
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
	store_open(st, out ? NULL : dir);
	if (!simrun_configure(c, path, sc)) {
		conf_complain(c, "ix point");
	} else if (store_key(st, sc, &k, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix point: %s: %s\n", path, err);
		rc = IX_MISSING;
	} else if (is_planned(path, st, &k)) {
		rc = planned_run(path, st, &k, sc, out, quiet);
	}
	store_key_free(&k);
	conf_free(c);
	free(st);
	free(c);
	free(sc);
	return rc;
}
