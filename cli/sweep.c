/* SPDX-License-Identifier: MIT */
/*
 * sweep.c - running the points of a sweep; see sweep.h
 *
 * Not here: what the points are (plan.c), processes (workers.c).
 */
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/simrun.h"
#include "cli/sweep.h"
#include "cli/workers.h"

/* What a child leaves behind: this, then metrics, then rows. Same process image, so the
 * docs that metrics point to are at the same addresses. */
struct point_result {
	int rc;
	bool client_bound;
	uint32_t n_metrics, n_rows;
	uint64_t price_hash_server, price_hash_client;
	char err[512];
};

struct running {
	const struct sweep *sw;
	struct progress progress;
};

/* In a child. */
static void point_run(void *ctx, size_t i, FILE *out)
{
	const struct running *rn = ctx;
	struct scenario *sc = malloc(sizeof(*sc));
	struct sim_result *r = calloc(1, sizeof(*r));
	struct conf *c = malloc(sizeof(*c));
	struct point_result p = { .rc = -ENOMEM };

	if (sc && r && c) {
		conf_init(c);
		if (sweep_configure(rn->sw, i, c, sc))
			p.rc = sim_run(sc, r, NULL, NULL, p.err, sizeof(p.err));
		else
			snprintf(p.err, sizeof(p.err), "%.500s", c->errors);
	}
	if (p.rc == 0 && simrun_empty(r)) {
		p.rc = -ENODATA;
		snprintf(p.err, sizeof(p.err), "%s", simrun_empty(r));
	}
	if (p.rc == 0) {
		p.client_bound = r->client_bound;
		p.n_metrics = r->n_metrics;
		p.n_rows = r->n_rows;
		p.price_hash_server = r->price_hash_server;
		p.price_hash_client = r->price_hash_client;
		if (r->client_bound)
			snprintf(p.err, sizeof(p.err), "%.400s", r->why);
	}
	fwrite(&p, sizeof(p), 1, out);
	if (p.rc == 0) {
		fwrite(r->metrics, sizeof(r->metrics[0]), r->n_metrics, out);
		if (r->n_rows)
			fwrite(r->rows, sizeof(r->rows[0]), r->n_rows, out);
	}
}

static void point_done(void *ctx, size_t done, size_t n)
{
	struct running *rn = ctx;
	char what[48];

	snprintf(what, sizeof(what), "(%zu of %zu)", done, n);
	progress_update(&rn->progress, (double)done / (double)n, what);
}

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

/* A row with what precedes the metrics. */
static size_t point_row(const struct sweep *sw, size_t point, struct table *t, size_t *n_lead)
{
	struct scenario *sc = malloc(sizeof(*sc));
	struct conf *c = malloc(sizeof(*c));
	size_t row = table_row_add(t);

	if (!sc || !c)
		abort();
	conf_init(c);
	sweep_configure(sw, point, c, sc);
	*n_lead = sweep_lead_cells(sw, point, sc, t, row);
	conf_free(c);
	free(c);
	free(sc);
	return row;
}

static void point_take(const struct sweep *sw, size_t point, const struct job *j,
		       struct sweep_outcome *out)
{
	size_t n_lead, row = point_row(sw, point, &out->table, &n_lead);
	const size_t at = sizeof(struct point_result);
	struct point_result p;
	struct metric *m;
	struct app_row *rows;

	if (!j->ok || j->len < sizeof(p)) {
		point_failed(out, row, j->why[0] ? j->why : "left no result");
		return;
	}
	memcpy(&p, j->data, sizeof(p));
	if (p.rc != 0 || (p.client_bound && !sw->allow_client_bound)) {
		point_failed(out, row, p.err);
		return;
	}
	if (j->len != at + p.n_metrics * sizeof(*m) + p.n_rows * sizeof(*rows)) {
		point_failed(out, row, "left an incomplete result");
		return;
	}
	m = malloc(p.n_metrics * sizeof(*m) + 1);
	rows = malloc(p.n_rows * sizeof(*rows) + 1);
	if (!m || !rows)
		abort();
	memcpy(m, j->data + at, p.n_metrics * sizeof(*m));
	memcpy(rows, j->data + at + p.n_metrics * sizeof(*m), p.n_rows * sizeof(*rows));
	manifest_columns(sw, json_object_get(out->manifest, "columns"), m, p.n_metrics);
	if (!json_object_get(out->manifest, "price_list_hash"))
		simrun_manifest(out->manifest, p.price_hash_server, p.price_hash_client);
	simrun_rows(&out->table, row, n_lead, metrics_keep(sw, m, p.n_metrics), m, p.n_rows,
		    rows);
	free(m);
	free(rows);
}

int sweep_run(const struct sweep *sw, struct conf *c, struct sweep_outcome *out)
{
	struct running rn = { .sw = sw };
	struct job *jobs;

	memset(out, 0, sizeof(*out));
	if (c->n_errors || !sweep_check(sw, c))
		return IX_USAGE;
	out->n_points = sweep_points(sw);
	out->manifest = sweep_manifest(sw);
	sweep_lead_columns(sw, &out->table);
	jobs = calloc(out->n_points, sizeof(*jobs));
	if (!jobs)
		abort();
	progress_start(&rn.progress, sw->label ? sw->label : "sweep", sw->quiet);
	workers_run(jobs, out->n_points, sw->jobs ? sw->jobs : workers_default(), point_run,
		    point_done, &rn);
	progress_clear(&rn.progress);
	for (size_t i = 0; i < out->n_points; i++) {
		point_take(sw, i, &jobs[i], out);
		free(jobs[i].data);
	}
	free(jobs);
	return out->n_failed ? IX_FAILED : IX_OK;
}

int sweep_save(const struct sweep_outcome *out, const char *dir, const char *name, char *err,
	       size_t err_len)
{
	char path[512];
	int rc;

	result_path(path, sizeof(path), dir, name, "csv");
	rc = result_save_table(path, &out->table, err, err_len);
	result_path(path, sizeof(path), dir, name, "json");
	return rc ? rc : result_save_json(path, out->manifest, err, err_len);
}

void sweep_outcome_free(struct sweep_outcome *out)
{
	table_free(&out->table);
	json_decref(out->manifest);
	memset(out, 0, sizeof(*out));
}
