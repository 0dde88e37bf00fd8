/* SPDX-License-Identifier: MIT */
/*
 * point.c - see point.h
 *
 * Not here: where documents are kept (store.c), who runs them (task.c).
 */
#include <math.h>
#include <stdlib.h>

#include "cli/point.h"
#include "cli/result.h"
#include "cli/simrun.h"

static const char *const status_names[] = { "ok", "client-bound", "failed" };

/* JSON has no infinities. */
static json_t *exact(double v)
{
	return isnan(v) ? json_string("nan") : isinf(v) ? json_string(v > 0 ? "inf" : "-inf") :
							  json_real(v);
}

static bool exact_read(const json_t *j, double *v)
{
	if (json_is_string(j))
		*v = strtod(json_string_value(j), NULL);
	else
		*v = json_number_value(j);
	return json_is_string(j) || json_is_number(j);
}

static char *text_of(json_t *doc)
{
	char *text = json_dumps(doc, JSON_COMPACT | JSON_REAL_PRECISION(17));

	if (!text)
		abort();
	json_decref(doc);
	return text;
}

char *point_failure(const char *why)
{
	return text_of(json_pack("{s:s, s:s}", "status", status_names[POINT_FAILED], "why", why));
}

static json_t *hash_json(uint64_t hash)
{
	char text[20];

	snprintf(text, sizeof(text), "%016llx", (unsigned long long)hash);
	return json_string(text);
}

static char *result_text(const struct sim_result *r)
{
	enum point_status status = r->client_bound ? POINT_CLIENT_BOUND : POINT_OK;
	json_t *doc = json_object(), *metrics = json_array(), *rows = json_array();

	for (uint32_t i = 0; i < r->n_metrics; i++)
		json_array_append_new(metrics, json_pack("[s, o, s]", r->metrics[i].name,
							 exact(r->metrics[i].value),
							 r->metrics[i].doc));
	for (uint32_t i = 0; i < r->n_rows; i++)
		json_array_append_new(rows, json_pack("[I, I, I]", (json_int_t)r->rows[i].bytes,
						      (json_int_t)r->rows[i].rounds,
						      (json_int_t)r->rows[i].total_ns));
	json_object_set_new(doc, "status", json_string(status_names[status]));
	if (r->client_bound)
		json_object_set_new(doc, "why", json_string(r->why));
	json_object_set_new(doc, "limit", json_string(r->limit));
	json_object_set_new(doc, "prices", json_pack("[o, o]", hash_json(r->price_hash_server),
						     hash_json(r->price_hash_client)));
	json_object_set_new(doc, "metrics", metrics);
	json_object_set_new(doc, "rows", rows);
	return text_of(doc);
}

char *point_measure(const struct scenario *sc)
{
	struct sim_result *r = calloc(1, sizeof(*r));
	char err[512] = "", *text;

	if (!r)
		abort();
	if (sim_run(sc, r, NULL, NULL, err, sizeof(err)) != 0) {
		text = point_failure(err);
	} else {
		text = simrun_empty(r) ? point_failure(simrun_empty(r)) : result_text(r);
		sim_result_free(r);
	}
	free(r);
	return text;
}

/* ---- reading ---- */

static bool metric_read(const json_t *j, struct metric *m)
{
	const char *name = json_string_value(json_array_get(j, 0));
	const char *doc = json_string_value(json_array_get(j, 2));

	if (!name || !doc || !exact_read(json_array_get(j, 1), &m->value))
		return false;
	snprintf(m->name, sizeof(m->name), "%s", name);
	m->doc = doc;		/* lives as long as the document */
	return true;
}

static bool numbers_read(struct point *p)
{
	const json_t *metrics = json_object_get(p->doc, "metrics"), *m;
	const json_t *rows = json_object_get(p->doc, "rows"), *row;
	size_t i;

	p->n_metrics = (uint32_t)json_array_size(metrics);
	p->n_rows = (uint32_t)json_array_size(rows);
	p->metrics = calloc(p->n_metrics + 1u, sizeof(*p->metrics));
	p->rows = calloc(p->n_rows + 1u, sizeof(*p->rows));
	if (!p->metrics || !p->rows)
		abort();
	json_array_foreach(metrics, i, m)
		if (!metric_read(m, &p->metrics[i]))
			return false;
	json_array_foreach(rows, i, row)
		p->rows[i] = (struct app_row){
			(uint32_t)json_integer_value(json_array_get(row, 0)),
			(uint64_t)json_integer_value(json_array_get(row, 1)),
			(uint64_t)json_integer_value(json_array_get(row, 2)),
		};
	return p->n_metrics > 0;
}

static uint64_t hash_read(const json_t *j)
{
	const char *text = json_string_value(j);

	return text ? strtoull(text, NULL, 16) : 0;
}

bool point_read(struct point *p, const char *text, size_t len)
{
	const json_t *prices;
	const char *status;

	memset(p, 0, sizeof(*p));
	p->status = POINT_FAILED;
	p->doc = json_loadb(text, len, 0, NULL);
	status = json_string_value(json_object_get(p->doc, "status"));
	p->why = json_string_value(json_object_get(p->doc, "why"));
	p->limit = json_string_value(json_object_get(p->doc, "limit"));
	if (!p->limit)
		p->limit = "";
	if (status && p->why && strcmp(status, status_names[POINT_FAILED]) == 0)
		return true;
	prices = json_object_get(p->doc, "prices");
	p->price_hash_server = hash_read(json_array_get(prices, 0));
	p->price_hash_client = hash_read(json_array_get(prices, 1));
	for (enum point_status s = POINT_OK; status && s < POINT_FAILED; s++)
		if (strcmp(status, status_names[s]) == 0 && numbers_read(p))
			p->status = s;
	if (p->status == POINT_FAILED)
		p->why = "left an incomplete result";
	else if (!p->why)
		p->why = "";
	return p->status != POINT_FAILED;
}

void point_free(struct point *p)
{
	free(p->metrics);
	free(p->rows);
	json_decref(p->doc);
	memset(p, 0, sizeof(*p));
}

const struct metric *point_metric(const struct point *p, const char *name)
{
	for (uint32_t i = 0; i < p->n_metrics; i++)
		if (strcmp(p->metrics[i].name, name) == 0)
			return &p->metrics[i];
	return NULL;
}

const struct metric *point_metric_like(const struct point *p, const char *name, unsigned *distance)
{
	const struct metric *like = NULL;

	*distance = (unsigned)strlen(name) / 2 + 1;
	for (uint32_t i = 0; i < p->n_metrics; i++) {
		unsigned d = edit_distance(name, p->metrics[i].name);

		if (d < *distance) {
			*distance = d;
			like = &p->metrics[i];
		}
	}
	return like;
}
