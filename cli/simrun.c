/* SPDX-License-Identifier: MIT */
/*
 * simrun.c - see simrun.h
 *
 * Not here: the summary for people (cmd_sim.c), many points (sweep.c).
 */
#include <inttypes.h>

#include "cli/result.h"
#include "cli/simrun.h"
#include "workloads/hist.h"

static size_t sections(void *ctx, struct section out[CONF_SECTIONS_MAX])
{
	_Static_assert((int)SCENARIO_SECTIONS_MAX <= (int)CONF_SECTIONS_MAX,
		       "room for every section");
	return scenario_sections(ctx, out);
}

void simrun_schema(struct schema *s, struct scenario *sc)
{
	*s = (struct schema){ sections, sc, "workload", "ix sim --list-keys" };
}

static const struct section *section_find(const struct section *sec, size_t n, const char *path)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(sec[i].path, path) == 0)
			return &sec[i];
	return NULL;
}

/* Client and server must agree on what they share; saying it once is enough. */
static void server_follows(const struct conf *c, const struct schema *s)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);
	const struct section *client = section_find(sec, n, "workload");
	const struct section *server = section_find(sec, n, "workload.server");
	char key[CONF_KEY_MAX];

	for (size_t i = 0; client && server && i < client->n * server->n; i++) {
		const struct knob *from = &client->knobs[i / server->n];
		const struct knob *to = &server->knobs[i % server->n];

		snprintf(key, sizeof(key), "workload.server.%s", to->name);
		if (strcmp(from->name, to->name) == 0 && from->unit == to->unit &&
		    from->type == to->type && !conf_names(c, s, key))
			knob_set(to, server->obj, knob_get(from, client->obj));
	}
}

bool simrun_rate_is_idle(const struct schema *s)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);
	const struct section *w = section_find(sec, n, "workload");

	for (size_t i = 0; w && i < w->n; i++)
		if (strcmp(w->knobs[i].name, "mode") == 0)
			return strcmp(w->knobs[i].names[knob_get(&w->knobs[i], w->obj)],
				      "closed") == 0;
	return false;
}

bool simrun_configure(struct conf *c, const char *file, struct scenario *sc)
{
	struct schema s;
	char err[512];

	scenario_defaults(sc);
	simrun_schema(&s, sc);
	if (file && !conf_read(c, file))
		return false;
	if (c->n_errors || !conf_apply(c, &s))
		return false;
	server_follows(c, &s);
	if (scenario_check(sc, err, sizeof(err)) != 0) {
		conf_error(c, "%s%s%s", file ? file : "", file ? ": " : "", err);
		return false;
	}
	return true;
}

static void set_hash(json_t *o, const char *name, uint64_t hash)
{
	char text[20];

	snprintf(text, sizeof(text), "%016" PRIx64, hash);
	json_object_set_new(o, name, json_string(text));
}

void simrun_price_list(json_t *manifest, const char *list, uint64_t hash)
{
	json_t *lists = json_object_get(manifest, "price_lists");

	if (!lists) {
		lists = json_object();
		json_object_set_new(manifest, "price_lists", lists);
	}
	set_hash(lists, list, hash);
}

static json_t *hist_json(const struct hist *h)
{
	static const struct { const char *name; uint32_t ppm; } q[] = {
		{ "p50_us", 500000 }, { "p90_us", 900000 }, { "p95_us", 950000 },
		{ "p99_us", 990000 }, { "p999_us", 999000 }, { "p9999_us", 999900 },
	};
	json_t *o = json_object();

	json_object_set_new(o, "n", json_integer((json_int_t)h->n));
	json_object_set_new(o, "mean_us", result_number(h->n ? hist_mean(h) / 1e3 : 0));
	json_object_set_new(o, "min_us", result_number(h->n ? (double)h->min / 1e3 : 0));
	for (size_t i = 0; i < ARRAY_LEN(q); i++)
		json_object_set_new(o, q[i].name,
				    result_number((double)hist_quantile(h, q[i].ppm) / 1e3));
	json_object_set_new(o, "max_us", result_number((double)h->max / 1e3));
	return o;
}

/* Of a ping-pong: half the mean round trip, and both directions' payload a second. */
static double one_way_us(const struct app_row *row)
{
	return row->rounds ? (double)row->total_ns / (double)row->rounds / 2e3 : 0;
}

static double goodput_gbps(const struct app_row *row)
{
	return row->total_ns ? 16.0 * row->bytes * (double)row->rounds / (double)row->total_ns : 0;
}

/* Of a row, and the name of a metric of the whole run, for which a row has no room. */
#define ROW_GOODPUT	"goodput_gbps"

static json_t *rows_json(const struct sim_result *r)
{
	json_t *a = json_array();

	for (uint32_t i = 0; i < r->n_rows; i++) {
		const struct app_row *row = &r->rows[i];
		json_t *o = json_object();

		json_object_set_new(o, "msg_bytes", json_integer(row->bytes));
		json_object_set_new(o, "rounds", json_integer((json_int_t)row->rounds));
		json_object_set_new(o, "one_way_us", result_number(one_way_us(row)));
		json_object_set_new(o, ROW_GOODPUT, result_number(goodput_gbps(row)));
		json_array_append_new(a, o);
	}
	return a;
}

const char *simrun_empty(const struct sim_result *r)
{
	const struct metric *m = sim_metric(r, "requests");
	const struct metric *rate = sim_metric(r, "requests_per_s");

	if (m && m->value > 0 && rate && rate->value == 0 && r->n_rows == 0)
		return "every request was completed before the measured time began; set warmup=0";
	return m && m->value > 0 ? NULL :
	       "no request was completed in the measured time, so there is no rate and no latency; "
	       "measure longer (duration), or from the start what ends early (warmup=0), or see "
	       "what was lost";
}

json_t *simrun_json(const struct sim_result *r)
{
	json_t *o = json_object(), *m = json_object(), *h = json_object();

	for (uint32_t i = 0; i < r->n_metrics; i++)
		json_object_set_new(m, r->metrics[i].name, result_number(r->metrics[i].value));
	json_object_set_new(o, "metrics", m);
	if (r->latency)
		json_object_set_new(h, "latency", hist_json(r->latency));
	if (r->service)
		json_object_set_new(h, "service", hist_json(r->service));
	json_object_set_new(o, "histograms", h);
	json_object_set_new(o, "rows", rows_json(r));
	json_object_set_new(o, "limit", json_string(r->limit));
	json_object_set_new(o, "client_bound", json_boolean(r->client_bound));
	if (r->client_bound)
		json_object_set_new(o, "why", json_string(r->why));
	json_object_set_new(o, "virtual_end_ns", json_integer((json_int_t)r->end));
	json_object_set_new(o, "events", json_integer((json_int_t)r->events));
	set_hash(o, "trace_hash", r->trace_hash);
	return o;
}

bool simrun_is_row(const char *name)
{
	static const char *const columns[] = { "msg_bytes", "rounds", "one_way_us", ROW_GOODPUT };
	size_t i = 0;

	while (i < ARRAY_LEN(columns) && strcmp(name, columns[i]) != 0)
		i++;
	return i < ARRAY_LEN(columns);
}

static void row_cells(struct table *t, size_t row, const struct app_row *r)
{
	table_set_number(t, row, table_col_add(t, "msg_bytes"), r->bytes);
	table_set_number(t, row, table_col_add(t, "rounds"), (double)r->rounds);
	table_set_number(t, row, table_col_add(t, "one_way_us"), one_way_us(r));
	table_set_number(t, row, table_col_add(t, ROW_GOODPUT), goodput_gbps(r));
}

void simrun_rows(struct table *t, size_t row0, size_t n_lead, const char *limit,
		 uint32_t n_metrics, const struct metric *metrics, uint32_t n_rows,
		 const struct app_row *rows)
{
	size_t row = row0;

	for (uint32_t i = 0; i < MAX(n_rows, 1u); i++) {
		if (i > 0) {
			row = table_row_add(t);
			for (size_t c = 0; c < n_lead; c++)
				table_set(t, row, c, table_get(t, row0, (int)c));
		}
		if (n_rows > 0)
			row_cells(t, row, &rows[i]);
		if (limit)
			table_set(t, row, table_col_add(t, SIMRUN_LIMIT), limit);
		for (uint32_t m = 0; m < n_metrics; m++)
			if (n_rows == 0 || strcmp(metrics[m].name, ROW_GOODPUT) != 0)
				table_set_number(t, row, table_col_add(t, metrics[m].name),
						 metrics[m].value);
	}
}
