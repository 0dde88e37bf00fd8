/* SPDX-License-Identifier: MIT */
/*
 * echo_client.c - echo load: closed or open loop, churning or persistent connections
 *
 * Closed loop: every connection keeps `depth` requests outstanding, or an instance
 * `outstanding`. Open loop: requests are due at times drawn in advance. Whose turn it is,
 * `order` says: of the connection that has been able to send for longest, or of any that is.
 * A request that is due when none is able waits with its intended time, so delay at the
 * client is measured, not omitted. The queue needs no memory: the generator stops at the
 * oldest request that was not sent and goes on when a connection is able.
 *
 * After `rounds` answers a connection is closed and opened again, the first time after a share
 * of them with `spread`: else all that began together end together. Connection set-up is in no
 * latency. Requests are slices of one seeded pattern at an offset that depends on the
 * connection and the request, sent without a copy; the answer is compared with the slice.
 *
 * Not here: what is measured (meter.c), gaps (dist.c).
 */
#include "workloads/carve.h"
#include "workloads/echo_client.h"

static const char *const mode_names[] = { "closed", "open", NULL };
static const char *const close_names[] = { "rst", "fin", NULL };
static const char *const order_names[] = { "turns", "random", NULL };

#define FIELD(f)	.name = #f, .off = offsetof(struct client_cfg, f)
#define FIELD_NS(f)	.name = #f, .off = offsetof(struct client_cfg, f##_ns), \
			.type = KNOB_U64, .unit = UNIT_NS

static const struct knob client_knobs[] = {
	{ FIELD(size), .type = KNOB_U32, .unit = UNIT_BYTES, .min = 1, .max = 1 << 20, .def = 64,
	  .doc = "message size, both ways" },
	{ FIELD(rounds), .type = KNOB_U32, .max = UINT32_MAX,
	  .doc = "answers before a connection is closed and opened again; 0: never" },
	{ FIELD(connections), .type = KNOB_U32, .min = 1, .max = 16000000, .def = 64,
	  .doc = "connections of all instances together" },
	{ FIELD(mode), .type = KNOB_ENUM, .max = MODE_OPEN, .names = mode_names,
	  .doc = "closed: send when answered; open: send when due" },
	{ FIELD(rate), .type = KNOB_U64, .unit = UNIT_PER_SEC, .max = 1000000000, .def = 100000,
	  .doc = "open loop: requests of all instances together" },
	{ FIELD(gap), .type = KNOB_ENUM, .max = DIST_NR - 1, .names = dist_names,
	  .doc = "open loop: distribution of the gaps" },
	{ FIELD(depth), .type = KNOB_U32, .min = 1, .max = 256, .def = 1,
	  .doc = "requests a connection may have outstanding" },
	{ FIELD(outstanding), .type = KNOB_U32, .max = 1 << 20,
	  .doc = "closed loop: requests under way an instance; 0: depth a connection" },
	{ FIELD(order), .type = KNOB_ENUM, .max = ORDER_RANDOM, .names = order_names,
	  .doc = "which connection sends: the one able to for longest, or any that is" },
	{ FIELD_NS(connect_ramp), .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "the first connects are spread over this time" },
	{ FIELD_NS(backoff), .min = 1, .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "wait before a connection that failed or died is opened again" },
	{ FIELD(close), .type = KNOB_ENUM, .max = 1, .names = close_names,
	  .doc = "how a connection ends after its rounds" },
	{ FIELD(spread), .type = KNOB_BOOL,
	  .doc = "rounds: the first time a random share of them, as if begun long ago" },
	{ FIELD(verify), .type = KNOB_BOOL, .def = 1, .doc = "compare answers with what was sent" },
};
struct layout {
	size_t client, ev, conns, stride, able, retry, pattern, end;
};
static uint32_t share_of(uint32_t total, const struct app_env *env)
{
	return total / env->n + (env->index < total % env->n);
}

static uint32_t ring_len(const struct client_cfg *cfg)
{
	uint32_t n = 2;

	while (n <= cfg->depth)
		n *= 2;
	return n;
}

static struct layout layout_of(const struct client_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.stride = ALIGN_UP(sizeof(struct conn) + ring_len(cfg) * sizeof(struct request),
			    (size_t)CACHE_LINE);
	l.client = carve(&l.end, sizeof(struct client));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, share_of(cfg->connections, env) * l.stride);
	l.able = carve(&l.end, share_of(cfg->connections, env) * sizeof(uint32_t));
	l.retry = carve(&l.end, share_of(cfg->connections, env) * sizeof(uint32_t));
	l.pattern = carve(&l.end, (size_t)PATTERN_OFFSETS + cfg->size);
	return l;
}
/* ---- time ---- */

/* When the connection @i of this instance is first opened. Cannot overflow: the knobs'
 * limits give 1.6e18. */
static uint64_t ramp_ns(const struct client *cl, uint32_t i)
{
	return cl->start_ns +
	       cl->cfg.connect_ramp_ns * conn_at(cl, i)->index / cl->cfg.connections;
}

static uint64_t retry_first(const struct client *cl)
{
	return conn_at(cl, turns_next(&cl->retry))->retry_ns;
}

static void due_connect(struct client *cl)
{
	uint64_t now = ixev_now(cl->ev);

	if (stopped(cl))
		return;
	for (; cl->started < cl->n_conns && ramp_ns(cl, cl->started) <= now; cl->started++) {
		struct conn *c = conn_at(cl, cl->started);

		echo_client_open(cl, c);
		if (cl->cfg.spread && cl->cfg.rounds)
			c->sent = c->done = c->released =
				(uint32_t)rng_below(&cl->chance, cl->cfg.rounds);
	}
	while (cl->retry.n && retry_first(cl) <= now)
		echo_client_open(cl, conn_at(cl, turns_take(&cl->retry)));
}

static uint64_t client_next_due(void *app)
{
	const struct client *cl = app;
	uint64_t due = NSEC_NEVER;

	if (cl->n_conns == 0)
		return NSEC_NEVER;
	if (!cl->entered)
		return 0;
	if (stopped(cl))
		return NSEC_NEVER;	/* what is still due never leaves */
	if (cl->started < cl->n_conns)
		due = ramp_ns(cl, cl->started);
	if (cl->retry.n)
		due = MIN(due, retry_first(cl));
	if (cl->able.n && (cl->cfg.mode == MODE_OPEN || cl->outstanding < cl->cfg.outstanding))
		due = MIN(due, cl->next_ns);
	return due < cl->env.stop_ns ? due : NSEC_NEVER;
}

static const struct ixev_ctx *client_fetch(const void *app)
{
	const struct client *cl = app;
	const struct conn *c;

	if (cl->able.n == 0)
		return NULL;
	c = conn_at(cl, turns_next(&cl->able));
	prefetch_to(c, c + 1);
	return &c->ctx;
}

static void woken(struct ixev_timer *t, struct ixev *ev)
{
	struct client *cl = ixev_app(ev);

	(void)t;
	cl->wake_ns = NSEC_NEVER;
}

static void first_entry(struct client *cl)
{
	cl->entered = true;
	cl->start_ns = ixev_now(cl->ev);
	cl->next_ns = cl->start_ns + cl->cfg.connect_ramp_ns;
	if (cl->cfg.mode == MODE_OPEN)
		cl->next_ns += dist_gap_ns(&cl->gap, &cl->rng);
}

/* Last in every entry: send and connect what is due, and see that we come back. */
static void client_idle(void *app, struct ixev *ev)
{
	struct client *cl = app;
	uint64_t due;

	if (cl->n_conns == 0)
		return;
	if (!cl->entered)
		first_entry(cl);
	due_connect(cl);
	if (cl->cfg.mode == MODE_OPEN)
		echo_client_due(cl);
	else if (cl->cfg.outstanding)
		echo_client_turns(cl);
	if (cl->env.exact_wake)
		return;
	due = client_next_due(cl);
	if (due < cl->wake_ns) {
		ixev_timer_arm(ev, &cl->wake, due - ixev_now(ev));
		cl->wake_ns = due;
	}
}

static const struct ixev_ops thread_ops = { .idle = client_idle };

/* ---- what the world calls ---- */

static size_t client_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static uint32_t client_conns(const void *cfg, const struct app_env *env)
{
	return share_of(((const struct client_cfg *)cfg)->connections, env);
}

static void pattern_fill(struct client *cl)
{
	struct rng r;

	rng_stream(&r, cl->env.seed, 1);
	for (size_t i = 0; i < (size_t)PATTERN_OFFSETS + cl->cfg.size; i++)
		cl->pattern[i] = (uint8_t)(rng_u64(&r) >> 56);
}

/* This instance's part of the load: of the connections, and of the rate in equal parts
 * over the instances that have any. */
static void load_init(struct client *cl)
{
	uint32_t busy = MIN(cl->cfg.connections, cl->env.n);

	cl->n_conns = share_of(cl->cfg.connections, &cl->env);
	for (uint32_t i = 0; i < cl->n_conns; i++) {
		conn_at(cl, i)->n = i;
		conn_at(cl, i)->index = cl->env.index + i * cl->env.n;
	}
	rng_stream(&cl->rng, cl->env.seed, 2);
	rng_stream(&cl->chance, cl->env.seed, 3);
	cl->able.max = cl->retry.max = cl->n_conns;
	cl->able.chance = cl->cfg.order == ORDER_RANDOM ? &cl->chance : NULL;
	if (cl->cfg.mode == MODE_OPEN)
		dist_init(&cl->gap, (enum dist_kind)cl->cfg.gap,
			  1e9 * busy / (double)cl->cfg.rate);
}

static void *client_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct client *cl;

	if (!carve_fits(env, l.end, "echo-client", err, err_len))
		return NULL;
	cl = carved(env, l.client);
	memcpy(&cl->cfg, cfg, sizeof(cl->cfg));
	if (cl->cfg.mode == MODE_OPEN && cl->cfg.rate == 0) {
		snprintf(err, err_len, "echo-client: mode is open and rate is 0; give a rate, for "
			 "example 100 k/s, or use mode closed");
		return NULL;
	}
	cl->env = *env;
	cl->conns = carved(env, l.conns);
	cl->stride = l.stride;
	cl->ring_mask = ring_len(&cl->cfg) - 1;
	cl->able.at = carved(env, l.able);
	cl->retry.at = carved(env, l.retry);
	cl->pattern = carved(env, l.pattern);
	cl->wake_ns = NSEC_NEVER;
	pattern_fill(cl);
	load_init(cl);
	meter_init(&cl->meter, env->warmup_ns, env->stop_ns);
	cl->meter.one_clock = cl->cfg.mode == MODE_CLOSED;
	ixev_timer_init(&cl->wake, woken);
	cl->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, cl);
	return cl;
}

static struct ixev *client_ev(void *app)
{
	return ((struct client *)app)->ev;
}

enum { GAPS_MAX = 10000000 };		/* drawn one by one: a third of a second */

/* Requests that were due in the measured time and are still at the generator. Of very many the rest
 * is estimated. */
static uint64_t never_sent(const struct client *cl)
{
	struct dist gap = cl->gap;
	struct rng rng = cl->rng;
	uint64_t n = 0, t = cl->next_ns;

	if (cl->cfg.mode != MODE_OPEN || !cl->entered)
		return 0;
	for (uint64_t k = 0; t < cl->env.stop_ns; k++, t += dist_gap_ns(&gap, &rng)) {
		if (k == GAPS_MAX && t > cl->next_ns)
			return n + (uint64_t)((double)k / (double)(t - cl->next_ns) *
					      (double)(cl->env.stop_ns -
						       MAX(t, cl->env.warmup_ns)));
		n += meter_covers(&cl->meter, t);
	}
	return n;
}

static uint64_t still_out(const struct client *cl)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < cl->n_conns; i++) {
		struct conn *c = conn_at(cl, i);

		for (uint32_t k = c->done; k != c->sent; k++)
			n += meter_covers(&cl->meter, ring_at(cl, c, k)->intended_ns);
	}
	return n;
}

static void client_report(void *app, struct app_report *r)
{
	struct client *cl = app;

	memset(r, 0, sizeof(*r));
	meter_report(&cl->meter, r);
	r->unanswered += still_out(cl);
	r->never_sent = never_sent(cl);
	r->conns_opened = cl->opened;
	r->conns_failed = cl->failed;
	r->conns_died = cl->died;
	r->conns_open = cl->open;
	r->bad_bytes = cl->bad_bytes;
	r->closed = cl->cfg.mode == MODE_CLOSED;
}

/* It has no bound but time: finished once that is over and nothing is outstanding. */
static bool client_finished(void *app)
{
	const struct client *cl = app;

	return cl->n_conns == 0 || (cl->entered && stopped(cl) && cl->outstanding == 0);
}

const struct app_ops echo_client_ops = {
	.name = "echo-client",
	.doc = "echo load: closed or open loop over persistent or churning connections",
	.client = true,
	.knobs = client_knobs,
	.n_knobs = ARRAY_LEN(client_knobs),
	.cfg_size = sizeof(struct client_cfg),
	.mem_need = client_mem_need,
	.conns = client_conns,
	.start = client_start,
	.ev = client_ev,
	.report = client_report,
	.finished = client_finished,
	.next_due = client_next_due,
	.fetch = client_fetch,
};
