/* SPDX-License-Identifier: MIT */
/*
 * task.c - see task.h
 *
 * A child resolves its point again and keeps the result before it tells the parent, so
 * what was told is on disk. Not here: processes (workers.c), files (store.c).
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/point.h"
#include "cli/simrun.h"
#include "cli/task.h"
#include "cli/workers.h"

/* What @fn of workers_run() sees: the tasks that have to run. */
struct batch {
	struct tasks *ts;
	struct task *tasks;
	size_t n;
	size_t *todo;		/* job to task */
	struct job *jobs;
};

void tasks_begin(struct tasks *ts, const struct sweep *sw)
{
	memset(ts, 0, sizeof(*ts));
	ts->sw = sw;
	ts->columns.names = sw->columns;
	progress_start(&ts->progress, sw->label ? sw->label : "ix sweep", sw->quiet);
	store_open(&ts->store, sw->store_dir);
	store_open_failures(&ts->failures, sw->failures_dir);
}

void task_free(struct task *t)
{
	free(t->data);
	t->data = NULL;
}

bool task_configure(const struct sweep *sw, const struct task *t, struct conf *c,
		    struct scenario *sc)
{
	for (size_t i = 0; i < TASK_EXTRA_MAX && t->extra[i]; i++)
		conf_set_layer(c, t->extra[i], "search", CONF_LAYER_SEARCH);
	return sweep_configure(sw, t->point, c, sc);
}

/* A run that writes files of its own has to run. */
static bool is_kept(const struct scenario *sc)
{
	return !sc->pcap[0] && !sc->trace[0] && !sc->series[0];
}

/* What searches will run is not known before they do. */
static bool is_refused(const struct tasks *ts)
{
	return !ts->sw->has_search && columns_refused(&ts->columns);
}

/* ---- in a child ---- */

char *task_measure(struct store *st, const char *name, struct scenario *sc, char *err,
		   size_t err_len)
{
	struct store_key k = { 0 };
	struct point p;
	char *text = NULL, why[600];

	if (store_key(st, sc, &k, why, sizeof(why)) != 0)
		return point_failure(why);
	if (strcmp(k.name, name) != 0) {
		store_key_free(&k);
		return point_failure("the configuration or the program changed while the sweep "
				     "ran; run it again");
	}
	text = point_measure(sc);
	point_read(&p, text, strlen(text));
	if (p.status != POINT_FAILED && (p.price_hash_server != k.prices[0] ||
					 p.price_hash_client != k.prices[1])) {
		free(text);
		text = point_failure("a price list changed while the sweep ran; run it again");
	} else if (p.status != POINT_FAILED && is_kept(sc)) {
		store_put(st, &k, text, err, err_len);
	}
	point_free(&p);
	store_key_free(&k);
	return text;
}

/* Leaves a line and the document. The line: + if it finished, - if it failed, and why the
 * result is not in the store although it should be. */
static void job_run(void *ctx, size_t i, FILE *out)
{
	const struct batch *b = ctx;
	const struct task *t = &b->tasks[b->todo[i]];
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	char err[700] = "", *text;
	struct point p;

	if (!sc || !c)
		abort();
	conf_init(c);
	if (task_configure(b->ts->sw, t, c, sc))
		text = task_measure(&b->ts->store, t->name, sc, err, sizeof(err));
	else
		text = point_failure(c->errors);
	point_read(&p, text, strlen(text));
	fprintf(out, "%c%s\n%s", p.status == POINT_FAILED ? '-' : '+', err, text);
}

/* ---- in the parent ---- */

static bool job_done(void *ctx, size_t i, struct job *j, size_t done)
{
	struct batch *b = ctx;
	struct tasks *ts = b->ts;
	struct task *t = &b->tasks[b->todo[i]];
	const char *eol = j->ok && j->data ? memchr(j->data, '\n', j->len) : NULL;
	char what[48];

	t->state = eol ? TASK_RAN : TASK_LOST;
	if (eol) {
		t->len = j->len - (size_t)(eol + 1 - j->data);
		t->data = malloc(t->len + 1);
		if (!t->data)
			abort();
		memcpy(t->data, eol + 1, t->len);
		columns_saw(&ts->columns, t->kind, t->data, t->len);
		if (eol > j->data + 1 && !ts->err[0])
			snprintf(ts->err, sizeof(ts->err), "%.*s", (int)(eol - j->data) - 1,
				 j->data + 1);
		ts->n_kept += eol == j->data + 1 && *j->data == '+';
	} else {
		snprintf(t->why, sizeof(t->why), "%s", j->why[0] ? j->why : "left no result");
	}
	free(j->data);
	j->data = NULL;
	snprintf(what, sizeof(what), "(%zu of %zu)", done, b->n);
	progress_update(&ts->progress, (double)done / (double)b->n, what);
	return !ts->err[0] && !is_refused(ts);
}

/* Nothing runs: the document of a run elsewhere that failed, or that would fail without @k. */
static void failure_look(struct tasks *ts, struct task *t, const struct store_key *k,
			 const char *no_key)
{
	char why[STORE_DIR_MAX + 200];

	if (k)
		t->data = store_get(&ts->failures, k, &t->len, why, sizeof(why));
	else
		t->data = point_failure(no_key);
	if (t->data)
		t->state = TASK_RAN;
	if (!k)
		t->len = strlen(t->data);
	else if (why[0])
		fprintf(stderr, "%s: %s\n", ts->progress.label, why);
}

static void store_look(struct tasks *ts, struct task *t, struct scenario *sc)
{
	struct store_key k;
	char why[STORE_DIR_MAX + 200];

	if (store_key(&ts->store, sc, &k, why, sizeof(why)) != 0) {
		if (ts->sw->collect)
			failure_look(ts, t, NULL, why);
		return;		/* it fails by itself when it runs */
	}
	snprintf(t->name, sizeof(t->name), "%s", k.name);
	if (is_kept(sc) && (t->data = store_get(&ts->store, &k, &t->len, why, sizeof(why)))) {
		t->state = TASK_STORED;
		ts->n_stored++;
		columns_saw(&ts->columns, t->kind, t->data, t->len);
	} else if (is_kept(sc) && why[0]) {
		fprintf(stderr, "%s: %s\n", ts->progress.label, why);
	}
	if (t->state == TASK_NEW && ts->sw->collect)
		failure_look(ts, t, &k, NULL);
	store_key_free(&k);
}

static void task_look(struct tasks *ts, struct task *t, struct conf *c, struct scenario *sc)
{
	conf_init(c);
	t->state = TASK_NEW;
	if (task_configure(ts->sw, t, c, sc)) {
		t->kind = columns_kind(sc);
		columns_want(&ts->columns, t->kind);
		store_look(ts, t, sc);
	}
	conf_free(c);
}

struct named {
	const char *name;
	size_t task;
};

static int by_name(const void *a, const void *b)
{
	const struct named *x = a, *y = b;
	int d = strcmp(x->name, y->name);

	return d ? d : x->task < y->task ? -1 : 1;
}

/* Of equal tasks that have to run, the first does; twin[i] is whose result task i takes.
 * Without a store everything runs. */
static size_t *twins_find(const struct sweep *sw, const struct task *t, size_t n)
{
	struct named *by = calloc(n + 1, sizeof(*by));
	size_t *twin = calloc(n + 1, sizeof(*twin)), m = 0;

	if (!by || !twin)
		abort();
	for (size_t i = 0; i < n; i++) {
		twin[i] = i;
		if (sw->store_dir && t[i].state == TASK_NEW && t[i].name[0])
			by[m++] = (struct named){ t[i].name, i };
	}
	qsort(by, m, sizeof(*by), by_name);
	for (size_t i = 1; i < m; i++)
		if (strcmp(by[i].name, by[i - 1].name) == 0)
			twin[by[i].task] = twin[by[i - 1].task];
	free(by);
	return twin;
}

static void twin_take(struct task *t, const struct task *from)
{
	t->state = from->state;
	t->len = from->len;
	memcpy(t->why, from->why, sizeof(t->why));
	if (!from->data)
		return;
	t->data = malloc(from->len + 1);
	if (!t->data)
		abort();
	memcpy(t->data, from->data, from->len);
}

/* A child that was interrupted may have kept its point and not said so. */
static size_t kept_unsaid(const struct batch *b)
{
	char path[STORE_DIR_MAX + 64];
	size_t n = 0;

	for (size_t i = 0; b->ts->sw->store_dir && i < b->n; i++) {
		const struct task *t = &b->tasks[b->todo[i]];

		if (t->state != TASK_NEW || !t->name[0])
			continue;
		store_path(&b->ts->store, t->name, path, sizeof(path));
		n += access(path, F_OK) == 0;
	}
	return n;
}

/* In order, but first those that tell which columns there are. */
static void todo_fill(struct batch *b, const size_t *twin, size_t n)
{
	size_t first = 0;

	for (size_t i = 0; i < n; i++)
		if (b->tasks[i].state == TASK_NEW && twin[i] == i)
			b->todo[b->n++] = i;
	for (size_t i = 0; i < b->n; i++)
		if (columns_first(&b->ts->columns, b->tasks[b->todo[i]].kind)) {
			size_t task = b->todo[i];

			b->todo[i] = b->todo[first];
			b->todo[first++] = task;
		}
}

static int batch_run(struct batch *b, size_t n)
{
	const struct sweep *sw = b->ts->sw;
	size_t *twin = twins_find(sw, b->tasks, n);
	int rc = 0;

	b->todo = calloc(n + 1, sizeof(*b->todo));
	b->jobs = calloc(n + 1, sizeof(*b->jobs));
	if (!b->todo || !b->jobs)
		abort();
	todo_fill(b, twin, n);
	progress_start(&b->ts->progress, b->ts->progress.label, sw->quiet);
	if (b->n)
		rc = workers_run(b->jobs, b->n, sw->jobs ? sw->jobs : workers_default(), job_run,
				 job_done, b);
	progress_clear(&b->ts->progress);
	if (rc)
		b->ts->n_kept += kept_unsaid(b);
	for (size_t i = 0; rc == 0 && i < n; i++)
		if (twin[i] != i) {
			twin_take(&b->tasks[i], &b->tasks[twin[i]]);
			b->ts->n_stored++;
		}
	for (size_t i = 0; i < b->n; i++)
		free(b->jobs[i].data);
	free(b->jobs);
	free(b->todo);
	free(twin);
	if (rc < 0)
		return b->ts->err[0] ? IX_FAILED : IX_USAGE;
	return rc > 0 ? IX_SIGNAL + rc : 0;
}

int tasks_run(struct tasks *ts, struct task *t, size_t n)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	struct batch b = { .ts = ts, .tasks = t };

	if (!sc || !c)
		abort();
	for (size_t i = 0; i < n; i++)
		task_look(ts, &t[i], c, sc);
	free(c);
	free(sc);
	ts->n_asked += n;
	if (ts->n_stored && !ts->sw->quiet && !ts->told) {
		fprintf(stderr, "%s: %zu of %zu points are in %s\n", ts->progress.label,
			ts->n_stored, n, ts->store.dir);
		ts->told = true;
	}
	if (is_refused(ts))
		return IX_USAGE;
	if (ts->sw->collect) {
		for (size_t i = 0; i < n; i++)
			if (t[i].state == TASK_NEW)
				t[i].state = TASK_MISSING;
		return 0;
	}
	return batch_run(&b, n);
}
