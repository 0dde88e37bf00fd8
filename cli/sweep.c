/* SPDX-License-Identifier: MIT */
/*
 * sweep.c - a sweep from its points to its table; see sweep.h
 *
 * Not here: what the points are (plan.c), where their results come from (task.c).
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/outcome.h"
#include "cli/point.h"
#include "cli/result.h"
#include "cli/simrun.h"

static bool is_kept(const struct sweep *sw, const char *name)
{
	for (size_t i = 0; sw->columns && sw->columns[i]; i++)
		if (strcmp(sw->columns[i], name) == 0)
			return true;
	return !sw->columns;
}

static void manifest_columns(const struct sweep *sw, json_t *columns, const struct metric *m,
			     uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		if (is_kept(sw, m[i].name) && !json_object_get(columns, m[i].name))
			json_object_set_new(columns, m[i].name, json_string(m[i].doc));
	if (is_kept(sw, SIMRUN_LIMIT))
		json_object_set_new(columns, SIMRUN_LIMIT, json_string(SIMRUN_LIMIT_DOC));
}

static uint32_t metrics_keep(const struct sweep *sw, struct metric *m, uint32_t n)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < n; i++)
		if (is_kept(sw, m[i].name))
			m[kept++] = m[i];
	return kept;
}

static void point_failed(struct sweep_outcome *out, size_t row, const char *why)
{
	size_t col = table_col_add(&out->table, "error");
	json_t *f = json_object_get(out->manifest, "failed");

	table_set(&out->table, row, col, why);
	json_array_append_new(f, json_pack("{s:i, s:s}", "line", (int)row + 2, "error", why));
	out->n_failed++;
}

/* What a row begins with, and the price lists it is simulated with. */
struct row {
	size_t at, n_lead;
	char list[2][SCENARIO_PATH_MAX + 1];	/* of server, client */
};

/* A row with what precedes the metrics. */
static struct row row_new(const struct sweep *sw, const struct task *t, struct table *table)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	struct row r = { .at = table_row_add(table) };

	if (!sc || !c)
		abort();
	conf_init(c);
	task_configure(sw, t, c, sc);
	r.n_lead = sweep_lead_cells(sw, t->point, sc, table, r.at);
	strcpy(r.list[0], sc->server.profile);
	strcpy(r.list[1], sc->client.profile);
	conf_free(c);
	free(c);
	free(sc);
	return r;
}

static void prices_tell(const struct row *r, const struct point *p, json_t *manifest)
{
	simrun_price_list(manifest, r->list[0], p->price_hash_server);
	simrun_price_list(manifest, r->list[1], p->price_hash_client);
}

static const char *task_trouble(const struct task *t)
{
	if (t->state == TASK_MISSING)
		return "not in the store";
	return t->state == TASK_LOST || !t->data ? t->why : NULL;
}

static void task_take(const struct sweep *sw, const struct task *t, struct sweep_outcome *out)
{
	struct row r = row_new(sw, t, &out->table);
	struct point p;

	if (task_trouble(t)) {
		out->n_missing += t->state == TASK_MISSING;
		point_failed(out, r.at, task_trouble(t));
		return;
	}
	point_read(&p, t->data, t->len);
	if (p.status == POINT_FAILED ||
	    (p.status == POINT_CLIENT_BOUND && !sw->allow_client_bound)) {
		point_failed(out, r.at, p.why);
	} else {
		manifest_columns(sw, json_object_get(out->manifest, "columns"), p.metrics,
				 p.n_metrics);
		prices_tell(&r, &p, out->manifest);
		simrun_rows(&out->table, r.at, r.n_lead, is_kept(sw, SIMRUN_LIMIT) ? p.limit : NULL,
			    metrics_keep(sw, p.metrics, p.n_metrics), p.metrics, p.n_rows, p.rows);
	}
	point_free(&p);
}

/* The row of a search: the load that holds, the interval, and means over its seeds. */
static void search_row(const struct sweep *sw, const struct search *s, struct sweep_outcome *out)
{
	struct task t = { .point = s->point, .extra = { s->holds ? s->holds->text : NULL } };
	struct row r = row_new(sw, &t, &out->table);
	struct metric *m;
	struct point doc;
	uint32_t n;
	double cells[SWEEP_SEARCH_COLUMNS];

	if (s->state != SEARCH_FOUND) {
		out->n_refused += s->state == SEARCH_REFUSED;
		point_failed(out, r.at, s->why);
		return;
	}
	cells[0] = (double)s->holds->value;
	cells[1] = (double)s->fails->value;
	cells[2] = s->holds->mean;
	cells[3] = s->holds->ci95;
	cells[4] = s->holds->n;
	for (size_t i = 0; i < SWEEP_SEARCH_COLUMNS; i++)
		table_set_number(&out->table, r.at, r.n_lead - SWEEP_SEARCH_COLUMNS + i, cells[i]);
	m = search_means(s->holds, &n, &doc);
	manifest_columns(sw, json_object_get(out->manifest, "columns"), m, n);
	prices_tell(&r, &doc, out->manifest);
	simrun_rows(&out->table, r.at, r.n_lead, is_kept(sw, SIMRUN_LIMIT) ? search_limit(s) : NULL,
		    metrics_keep(sw, m, n), m, 0, NULL);
	free(m);
	point_free(&doc);
}

/* The sentence for a sweep that did not get to its end. */
static void broken_off(const struct tasks *ts, int rc)
{
	const char *label = ts->progress.label;

	fprintf(stderr, "%s: %s\n", label, rc < IX_SIGNAL ? ts->err : "interrupted");
	if (ts->sw->store_dir)
		fprintf(stderr, "%s: %zu finished points are in %s; the same command goes on from "
			"there%s\n", label, ts->n_stored + ts->n_kept, ts->store.dir,
			rc < IX_SIGNAL ? " (or --store DIR with room, or --no-store)" : "");
	else
		fprintf(stderr, "%s: without a store %zu finished points are lost\n", label,
			ts->n_kept);
}

/* Points that are no searches, in order. */
static struct task *grid_new(const struct sweep *sw, size_t *n_grid)
{
	size_t n = sweep_points(sw);
	struct task *t = calloc(n + 1, sizeof(*t));

	if (!t)
		abort();
	*n_grid = 0;
	for (size_t i = 0; i < n; i++) {
		size_t local = i;

		if (!sweep_group(sw, &local)->search)
			t[(*n_grid)++].point = i;
	}
	return t;
}

static void outcome_fill(const struct sweep *sw, const struct task *t, const struct searches *ss,
			 struct sweep_outcome *out)
{
	out->manifest = sweep_manifest(sw);
	sweep_lead_columns(sw, &out->table);
	for (size_t i = 0; i < out->n_points; i++) {
		const struct search *s = searches_of(ss, i);

		if (s)
			search_row(sw, s, out);
		else
			task_take(sw, t++, out);
	}
}

int sweep_run(const struct sweep *sw, struct conf *c, struct sweep_outcome *out)
{
	struct searches *ss = &out->searches;
	struct tasks ts;
	struct task *t;
	size_t n;
	int rc;

	memset(out, 0, sizeof(*out));
	if (c->n_errors || !sweep_check(sw, c) || !searches_begin(ss, sw, c))
		return IX_USAGE;
	t = grid_new(sw, &n);
	tasks_begin(&ts, sw);
	rc = tasks_run(&ts, t, n);
	ts.told = true;		/* a search meets stored runs one by one */
	if (rc == 0)
		rc = searches_run(ss, &ts);
	if (rc == 0 && columns_refused(&ts.columns))
		rc = IX_USAGE;
	if (rc == IX_USAGE) {
		columns_complain(&ts.columns, c);
	} else if (rc) {
		broken_off(&ts, rc);
	} else {
		columns_warn(&ts.columns, ts.progress.label);
		out->n_points = sweep_points(sw);
		out->n_stored = ts.n_stored;
		out->n_runs = ts.n_asked;
		outcome_fill(sw, t, ss, out);
		rc = out->n_failed ? IX_FAILED : IX_OK;
	}
	for (size_t i = 0; i < n; i++)
		task_free(&t[i]);
	free(t);
	return rc;
}

int sweep_save(const struct sweep_outcome *out, const char *dir, const char *name, char *err,
	       size_t err_len)
{
	char path[512], hash[RESULT_HASH_LEN], *text;
	size_t len;
	int rc;

	result_path(path, sizeof(path), dir, name, "csv");
	text = result_table_text(&out->table, &len);
	result_hash(hash, text, len);
	json_object_set_new(out->manifest, RESULT_HASH, json_string(hash));
	result_tidy(path);
	rc = result_save(path, text, len, err, err_len);
	free(text);
	result_path(path, sizeof(path), dir, name, "json");
	if (rc == 0)
		rc = result_save_json(path, out->manifest, err, err_len);
	if (rc != 0)
		unlink(path);	/* an old one is of another table */
	return rc;
}

void sweep_outcome_free(struct sweep_outcome *out)
{
	searches_end(&out->searches);
	table_free(&out->table);
	json_decref(out->manifest);
	memset(out, 0, sizeof(*out));
}
