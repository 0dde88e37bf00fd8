/* SPDX-License-Identifier: MIT */
/*
 * kv_load.c - the load of the paper's memcached figures: GET and SET, in three tempers
 *
 * closed	every connection keeps `depth` requests outstanding.
 * mutilate	every connection draws gaps of its own and sends when due; while `depth` are
 *		outstanding, what is due waits. Time counts from the send, as in the tool that the
 *		paper used: what waited at the client is not in it (coordinated omission), and
 *		latency and service are the same by definition.
 * open		the same requests at the same times, but latency counts from when one was due.
 *
 * The probe is one instance more that has its own connections, depth and rate; it is paced even
 * beside a closed load. With `fill`, an instance first stores its part of the records and measures
 * from when that was answered.
 *
 * Not here: connections (kv_load_conn.c), records (kv_dist.c), what is measured (meter.c).
 */
#include "workloads/carve.h"
#include "workloads/kv_load.h"

/* Buffers of a request: room for its head and a short value, up to the end of a cache line. */
enum { STREAM_GAPS = 1, STREAM_RECORDS = 2, BUF_USR = 56, BUF_ETC = 312 };

static const char *const mode_names[] = { "closed", "mutilate", "open", NULL };
static const char *const protocol_names[] = { "binary", "ascii", NULL };

#define FIELD(f)	.name = #f, .off = offsetof(struct load_cfg, f)
#define FIELD_NS(f)	.name = #f, .off = offsetof(struct load_cfg, f##_ns), \
			.type = KNOB_U64, .unit = UNIT_NS

static const struct knob load_knobs[] = {
	{ FIELD(preset), .type = KNOB_ENUM, .max = KV_PRESET_NR - 1, .names = kv_preset_names,
	  .doc = "sizes, mix and gaps; -osdi: with the mix that the paper's text states" },
	{ FIELD(records), .type = KNOB_U32, .min = 1, .max = 100000000, .def = 1000000,
	  .doc = "keys that are asked for, each equally often" },
	{ FIELD(protocol), .type = KNOB_ENUM, .max = KV_ASCII, .names = protocol_names,
	  .doc = "what is spoken" },
	{ FIELD(mode), .type = KNOB_ENUM, .max = MODE_OPEN, .def = MODE_MUTILATE,
	  .names = mode_names, .doc = "closed: send when answered; mutilate: send when due, time "
	  "from the send; open: send when due, time from then" },
	{ FIELD(rate), .type = KNOB_U64, .unit = UNIT_PER_SEC, .max = 1000000000, .def = 100000,
	  .doc = "requests due of all instances together, the probe's not counted; 0: as closed" },
	{ FIELD(connections), .type = KNOB_U32, .min = 1, .max = 1000000, .def = 64,
	  .doc = "connections of all instances together, the probe's not counted" },
	{ FIELD(depth), .type = KNOB_U32, .min = 1, .max = 256, .def = 4,
	  .doc = "requests a connection may have outstanding" },
	{ FIELD(probe_connections), .type = KNOB_U32, .min = 1, .max = 4096, .def = 4,
	  .doc = "connections of the probe" },
	{ FIELD(probe_depth), .type = KNOB_U32, .min = 1, .max = 256, .def = 1,
	  .doc = "requests a connection of the probe may have outstanding" },
	{ FIELD(probe_rate), .type = KNOB_U64, .unit = UNIT_PER_SEC, .max = 1000000000,
	  .def = 2000, .doc = "requests due of the probe; 0: as closed" },
	{ FIELD_NS(connect_ramp), .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "the first connects are spread over this time" },
	{ FIELD_NS(backoff), .min = 1, .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "wait before a connection that failed or died is opened again" },
	{ FIELD(stored), .type = KNOB_BOOL, .def = 1,
	  .doc = "in the simulator: the server begins with the records" },
	{ FIELD(fill), .type = KNOB_BOOL,
	  .doc = "store every record first; what is measured begins after it" },
	{ FIELD(verify), .type = KNOB_BOOL, .def = 1,
	  .doc = "compare values and their lengths with what was stored" },
};

struct layout {
	size_t load, ev, due, conns, conn_stride, request_stride, end;
	uint32_t ring_len, buf_len;
};

/* What an instance goes by: the probe has numbers of its own. */
static struct load_cfg cfg_of(const struct load_cfg *cfg, const struct app_env *env)
{
	struct load_cfg own = *cfg;

	if (env->probe) {
		own.connections = cfg->probe_connections;
		own.depth = cfg->probe_depth;
		own.rate = cfg->probe_rate;
		own.mode = cfg->mode == MODE_OPEN ? MODE_OPEN : MODE_MUTILATE;
		own.fill = false;
	}
	return own;
}

static uint32_t share_of(uint32_t total, const struct app_env *env)
{
	return total / env->n + (env->index < total % env->n);
}

static bool is_etc(const struct load_cfg *cfg)
{
	return cfg->preset == KV_ETC || cfg->preset == KV_ETC_OSDI;
}

static struct layout layout_of(const struct load_cfg *cfg, const struct app_env *env)
{
	uint32_t n = share_of(cfg->connections, env);
	struct layout l = { .ring_len = 2, .buf_len = is_etc(cfg) ? BUF_ETC : BUF_USR };

	while (l.ring_len <= cfg->depth)
		l.ring_len *= 2;
	l.request_stride = ALIGN_UP(offsetof(struct request, buf) + l.buf_len, (size_t)CACHE_LINE);
	l.conn_stride = ALIGN_UP(sizeof(struct conn), (size_t)CACHE_LINE) +
			l.ring_len * l.request_stride;
	l.load = carve(&l.end, sizeof(struct load));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.due = carve(&l.end, n * sizeof(struct due));
	l.conns = carve(&l.end, n * l.conn_stride);
	return l;
}

/* Send what is due. Connections that may not send any more leave the heap here. */
static void due_send(struct load *l, uint64_t now)
{
	bool open = l->cfg.mode == MODE_OPEN;

	while (due_first_ns(&l->due) <= now) {
		struct conn *c = conn_at(l, l->due.at[0].index);

		if (kv_load_able(l, c)) {
			kv_load_send(l, c, open ? c->due_ns : now, now);
			c->due_ns += dist_gap_ns(&l->gap, &l->gaps);
		}
		c->queued = kv_load_able(l, c);
		if (c->queued)
			due_replace(&l->due, c->due_ns, c->n);
		else
			due_pop(&l->due);
	}
}

/* ---- the beginning ---- */

/* The load begins: every connection's first request is a gap away. */
static void load_begin(struct load *l, uint64_t from_ns)
{
	for (uint32_t i = 0; l->paced && i < l->n_conns; i++)
		conn_at(l, i)->due_ns = from_ns + dist_gap_ns(&l->gap, &l->gaps);
}

void kv_load_filled(struct load *l)
{
	uint64_t now = ixev_now(l->ev);

	l->filling = false;
	l->measured_ns = now;
	meter_init(&l->meter, MAX(l->env.warmup_ns, now), l->env.stop_ns);
	load_begin(l, MAX(now, l->start_ns + l->cfg.connect_ramp_ns));
	for (uint32_t i = 0; i < l->n_conns; i++)
		kv_load_go(l, conn_at(l, i));
}

/* ---- time ---- */

/* When the connection @i of this instance is first opened. Cannot overflow: the knobs' limits
 * give 1e17. */
static uint64_t ramp_ns(const struct load *l, uint32_t i)
{
	uint64_t index = l->env.index + (uint64_t)i * l->env.n;

	return l->start_ns + l->cfg.connect_ramp_ns * index / l->cfg.connections;
}

static void due_connect(struct load *l, uint64_t now)
{
	struct conn *c;

	for (; l->started < l->n_conns && ramp_ns(l, l->started) <= now; l->started++)
		kv_load_open(l, conn_at(l, l->started));
	while ((c = l->retry) != NULL && c->retry_ns <= now) {
		l->retry = c->retry_next;
		kv_load_open(l, c);
	}
}

/* Do what is due, and find when there is something to do again. */
static void due_run(struct load *l, uint64_t now)
{
	if (!l->entered) {
		l->entered = true;
		l->start_ns = now;
		load_begin(l, l->start_ns + l->cfg.connect_ramp_ns);
	}
	l->next_ns = NSEC_NEVER;
	if (stopped(l))
		return;		/* what is still due never leaves, and is no reason to come back */
	due_connect(l, now);
	due_send(l, now);
	kv_load_due(l, due_first_ns(&l->due));
	if (l->started < l->n_conns)
		kv_load_due(l, ramp_ns(l, l->started));
	if (l->retry)
		kv_load_due(l, l->retry->retry_ns);
}

static uint64_t load_next_due(void *app)
{
	return ((const struct load *)app)->next_ns;
}

/* The connection that is due next, and where its request will be. */
/* What the first that is due will touch. */
static void next_known(struct load *l)
{
	if (!l->due.n) {
		l->next = NULL;
		return;
	}
	l->next = conn_at(l, l->due.at[0].index);
	l->next_ring = ring_at(l, l->next, l->next->sent);
}

static const struct ixev_ctx *load_fetch(const void *app)
{
	const struct load *l = app;

	if (!l->next)
		return NULL;
	prefetch_to(l->next, l->next + 1);
	prefetch_to(l->next_ring, l->next_ring->buf + CACHE_LINE);
	return &l->next->ctx;
}

static void woken(struct ixev_timer *t, struct ixev *ev)
{
	struct load *l = ixev_app(ev);

	(void)t;
	l->wake_ns = NSEC_NEVER;
}

/* Last in every entry: send and connect what is due, and see that we come back. */
static void load_idle(void *app, struct ixev *ev)
{
	struct load *l = app;
	uint64_t now = ixev_now(ev);

	if (l->next_ns <= now)
		due_run(l, now);
	next_known(l);
	if (!l->env.exact_wake && l->next_ns < l->wake_ns) {
		ixev_timer_arm(ev, &l->wake, l->next_ns - now);
		l->wake_ns = l->next_ns;
	}
}

static const struct ixev_ops thread_ops = { .idle = load_idle };

/* ---- what the world calls ---- */

static size_t load_mem_need(const void *cfg, const struct app_env *env)
{
	struct load_cfg own = cfg_of(cfg, env);

	return layout_of(&own, env).end;
}

static size_t pattern_len(const struct load_cfg *cfg)
{
	return KV_VALUE_PERIOD + (is_etc(cfg) ? KV_VALUE_MAX : KV_SMALL);
}

static size_t load_shared_need(const void *cfg, const struct app_env *env)
{
	(void)env;
	return sizeof(struct shared) + pattern_len(cfg);
}

/* This instance's part of the load: of the connections, of the rate and of the records in equal
 * parts over those that have any. */
static void part_init(struct load *l)
{
	const struct load_cfg *cfg = &l->cfg;
	uint64_t busy = MIN(cfg->connections, l->env.n), records = cfg->records;

	l->n_conns = share_of(cfg->connections, &l->env);
	for (uint32_t i = 0; i < l->n_conns; i++)
		conn_at(l, i)->n = i;
	if (cfg->fill && l->n_conns) {
		l->fill_next = (uint32_t)(records * l->env.index / busy);
		l->fill_end = (uint32_t)(records * (l->env.index + 1) / busy);
	}
	l->filling = l->fill_next < l->fill_end;
	l->paced = cfg->mode != MODE_CLOSED && cfg->rate > 0;
	l->update = (uint32_t)(((uint64_t)kv_update_ppb((enum kv_preset)cfg->preset) << 32) /
			       1000000000);
	l->next_ns = l->n_conns ? 0 : NSEC_NEVER;
	rng_stream(&l->gaps, l->env.seed, STREAM_GAPS);
	rng_stream(&l->records, l->env.seed, STREAM_RECORDS);
	if (l->paced)
		dist_init(&l->gap, kv_gap_kind((enum kv_preset)cfg->preset),
			  1e9 * cfg->connections / (double)cfg->rate);
}

static void *load_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct load_cfg own = cfg_of(cfg, env);
	struct layout lay = layout_of(&own, env);
	struct shared *shared = env->shared;
	struct load *l;

	if (!carve_fits(env, lay.end, "kv-client", err, err_len))
		return NULL;
	if (env->thread == 0) {
		kv_dist_init(&shared->dist, (enum kv_preset)own.preset, own.records, KV_SEED);
		kv_pattern(shared->pattern, pattern_len(&own));
	}
	l = carved(env, lay.load);
	l->cfg = own;
	l->env = *env;
	l->shared = shared;
	l->conns = carved(env, lay.conns);
	l->conn_stride = lay.conn_stride;
	l->request_stride = lay.request_stride;
	l->ring_mask = lay.ring_len - 1;
	l->buf_len = lay.buf_len;
	l->due.at = carved(env, lay.due);
	l->wake_ns = NSEC_NEVER;
	part_init(l);
	meter_init(&l->meter, env->warmup_ns, env->stop_ns);
	l->meter.one_clock = !l->paced || own.mode != MODE_OPEN;
	ixev_timer_init(&l->wake, woken);
	l->ev = ixev_init(carved(env, lay.ev), env->max_calls, &thread_ops, l);
	return l;
}

static struct ixev *load_ev(void *app)
{
	return ((struct load *)app)->ev;
}

/* Requests that were due in the measured time and still wait; without an end, until now. */
static uint64_t never_sent(const struct load *l)
{
	uint64_t n = 0, end = l->env.stop_ns == NSEC_NEVER ? ixev_now(l->ev) : l->env.stop_ns;
	struct dist gap = l->gap;
	struct rng rng = l->gaps;

	if (!l->paced || !l->entered || l->filling)
		return 0;
	for (uint32_t i = 0; i < l->n_conns; i++)
		for (uint64_t t = conn_at(l, i)->due_ns; t < end; t += dist_gap_ns(&gap, &rng))
			n += meter_covers(&l->meter, t);
	return n;
}

static uint64_t still_out(const struct load *l)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < l->n_conns && !l->filling; i++) {
		struct conn *c = conn_at(l, i);

		for (uint32_t k = c->done; k != c->sent; k++)
			n += meter_covers(&l->meter, ring_at(l, c, k)->intended_ns);
	}
	return n;
}

static void load_report(void *app, struct app_report *r)
{
	struct load *l = app;

	memset(r, 0, sizeof(*r));
	meter_report(&l->meter, r);
	r->unanswered += still_out(l);
	r->never_sent = never_sent(l);
	r->conns_opened = l->opened;
	r->conns_failed = l->failed;
	r->conns_died = l->died;
	r->conns_open = l->open;
	r->bad_bytes = l->bad_bytes;
	r->gets = l->gets;
	r->sets = l->sets;
	r->misses = l->misses;
	r->errors = l->errors;
	r->closed = !l->paced;
	r->measured_from_ns = l->measured_ns;
}

/* It has no bound but time: finished once that is over and nothing is outstanding. */
static bool load_finished(void *app)
{
	const struct load *l = app;

	return l->n_conns == 0 || (l->entered && stopped(l) && l->outstanding == 0);
}

const struct app_ops kv_client_ops = {
	.name = "kv-client",
	.doc = "key-value load: the records, mix and pacing of the paper's memcached figures",
	.client = true,
	.probes = true,
	.knobs = load_knobs,
	.n_knobs = ARRAY_LEN(load_knobs),
	.cfg_size = sizeof(struct load_cfg),
	.mem_need = load_mem_need,
	.shared_need = load_shared_need,
	.start = load_start,
	.ev = load_ev,
	.report = load_report,
	.finished = load_finished,
	.next_due = load_next_due,
	.fetch = load_fetch,
};
