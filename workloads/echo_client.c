/* SPDX-License-Identifier: MIT */
/*
 * echo_client.c - echo load: closed or open loop, churning or persistent connections
 *
 * Closed loop: every connection keeps `depth` requests outstanding, or an instance `outstanding`,
 * each on the connection that has been able to send for longest. Open loop: requests
 * are due at times drawn in advance; a due one goes to the connection that has been able
 * to send for longest. When none is able it waits with its intended time, so delay at the
 * client is measured, not omitted. The queue needs no memory: the generator stops at the
 * oldest request that was not sent and goes on when a connection is able.
 *
 * After `rounds` answers a connection is closed and opened again; connection set-up is in
 * no latency. Requests are slices of one seeded pattern at an offset that depends on the
 * connection and the request, sent without a copy; the answer is compared with the slice.
 *
 * Not here: what is measured (meter.c), gaps (dist.c).
 */
#include "workloads/carve.h"
#include "workloads/dist.h"
#include "workloads/meter.h"

enum { MODE_CLOSED, MODE_OPEN };
enum { PATTERN_OFFSETS = 4096 };	/* slices; a power of two */

struct client_cfg {
	uint32_t size, rounds, connections, mode, gap, depth, outstanding, close;
	uint64_t rate, connect_ramp_ns, backoff_ns;
	bool verify;
};

static const char *const mode_names[] = { "closed", "open", NULL };
static const char *const close_names[] = { "rst", "fin", NULL };

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
	{ FIELD_NS(connect_ramp), .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "the first connects are spread over this time" },
	{ FIELD_NS(backoff), .min = 1, .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "wait before a connection that failed or died is opened again" },
	{ FIELD(close), .type = KNOB_ENUM, .max = 1, .names = close_names,
	  .doc = "how a connection ends after its rounds" },
	{ FIELD(verify), .type = KNOB_BOOL, .def = 1, .doc = "compare answers with what was sent" },
};

/** One request; the ring has more than depth, as an answer may precede the release of its
 * request, and a power of two, so that request numbers may wrap. */
struct request {
	struct ixev_ref ref;
	uint64_t intended_ns, sent_ns;
};

struct conn {
	struct ixev_ctx ctx;
	struct conn *able_next;		/* may be able to send */
	struct conn *retry_next;	/* backing off */
	uint64_t retry_ns;
	uint32_t index;			/* over all instances */
	uint32_t sent, done, released;	/* requests of this incarnation */
	uint32_t got;			/* bytes of the oldest answer */
	bool open, ending, queued;	/* ending: closed by us; queued: on the able list */
	struct request ring[];
};

struct client {
	struct client_cfg cfg;
	struct app_env env;
	struct ixev *ev;
	unsigned char *conns;
	size_t stride;
	uint32_t ring_mask;
	uint8_t *pattern;
	uint32_t n_conns, started;	/* of this instance; first connects done */
	bool entered;
	uint64_t start_ns;		/* first entry */
	struct conn *able, *able_tail;
	struct conn *retry, *retry_tail;
	uint64_t next_ns;		/* open loop: intended start of the next request */
	struct dist gap;
	struct rng rng;
	struct ixev_timer wake;
	uint64_t wake_ns;		/* when it is armed for, or NSEC_NEVER */
	uint64_t outstanding, opened, failed, died, open, bad_bytes;
	struct meter meter;
};

struct layout {
	size_t client, ev, conns, stride, pattern, end;
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
	l.pattern = carve(&l.end, (size_t)PATTERN_OFFSETS + cfg->size);
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static struct client *client_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static struct conn *conn_at(const struct client *cl, uint32_t i)
{
	return (struct conn *)(void *)(cl->conns + i * cl->stride);
}

static struct request *ring_at(const struct client *cl, struct conn *c, uint32_t seq)
{
	return &c->ring[seq & cl->ring_mask];
}

static bool stopped(const struct client *cl)
{
	return ixev_now(cl->ev) >= cl->env.stop_ns;
}

/* ---- sending ---- */

static bool able(const struct client *cl, const struct conn *c)
{
	return c->open && !c->ending && c->sent - c->done < cl->cfg.depth &&
	       c->sent - c->released <= cl->cfg.depth &&
	       (cl->cfg.rounds == 0 || c->sent < cl->cfg.rounds);
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->released++;
}

static const uint8_t *slice(const struct client *cl, const struct conn *c, uint32_t seq)
{
	return cl->pattern + ((c->index * 2654435761u + seq * 61u) & (PATTERN_OFFSETS - 1));
}

static void request_send(struct client *cl, struct conn *c, uint64_t intended_ns)
{
	struct request *q = ring_at(cl, c, c->sent);

	q->ref.addr = slice(cl, c, c->sent);
	q->ref.len = cl->cfg.size;
	q->ref.release = released;
	q->intended_ns = intended_ns;
	q->sent_ns = ixev_now(cl->ev);
	c->sent++;
	cl->outstanding++;
	meter_sent(&cl->meter, intended_ns, q->sent_ns);
	ixev_send(&c->ctx, &q->ref);
}

static void able_put(struct client *cl, struct conn *c)
{
	if (c->queued || !able(cl, c))
		return;
	c->queued = true;
	c->able_next = NULL;
	if (cl->able)
		cl->able_tail->able_next = c;
	else
		cl->able = c;
	cl->able_tail = c;
}

static struct conn *able_take(struct client *cl)
{
	struct conn *c = cl->able;

	cl->able = c->able_next;
	c->queued = false;
	return c;
}

/* Closed loop, a bounded number outstanding: connections take turns once the ramp is over. */
static void turns_send(struct client *cl)
{
	while (cl->able && cl->outstanding < cl->cfg.outstanding && !stopped(cl) &&
	       ixev_now(cl->ev) >= cl->next_ns) {
		struct conn *c = able_take(cl);

		if (!able(cl, c))
			continue;
		request_send(cl, c, ixev_now(cl->ev));
		able_put(cl, c);
	}
}

/* The connection may have become able to send. */
static void conn_go(struct client *cl, struct conn *c)
{
	if (cl->cfg.mode == MODE_CLOSED && cl->cfg.outstanding == 0) {
		while (able(cl, c) && !stopped(cl))
			request_send(cl, c, ixev_now(cl->ev));
		return;
	}
	able_put(cl, c);
	if (cl->cfg.mode == MODE_CLOSED)
		turns_send(cl);
}

/* Send what is due; connections that died while on the list are dropped from it here. */
static void due_send(struct client *cl)
{
	struct conn *c;

	while (!stopped(cl) && cl->next_ns <= ixev_now(cl->ev) && (c = cl->able) != NULL) {
		able_take(cl);
		if (!able(cl, c))
			continue;
		request_send(cl, c, cl->next_ns);
		cl->next_ns += dist_gap_ns(&cl->gap, &cl->rng);
		conn_go(cl, c);
	}
}

/* ---- connections ---- */

static void conn_end(struct client *cl, struct conn *c)
{
	c->ending = true;
	ixev_close(&c->ctx, cl->cfg.close ? IX_CLOSE_FIN : IX_CLOSE_RST);
}

static void conn_retry(struct client *cl, struct conn *c)
{
	c->retry_ns = ixev_now(cl->ev) + cl->cfg.backoff_ns;
	c->retry_next = NULL;
	if (cl->retry)
		cl->retry_tail->retry_next = c;
	else
		cl->retry = c;
	cl->retry_tail = c;
}

static void conn_connected(struct ixev_ctx *ctx, int outcome)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	if (outcome) {
		cl->failed++;
		conn_retry(cl, c);
		return;
	}
	c->open = true;
	cl->open++;
	cl->opened += meter_covers(&cl->meter, ixev_now(cl->ev));
	conn_go(cl, c);
}

static void verify(struct client *cl, struct conn *c, const uint8_t *p, uint32_t n)
{
	const uint8_t *want = slice(cl, c, c->done) + c->got;

	if (!cl->cfg.verify || memcmp(p, want, n) == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		cl->bad_bytes += p[i] != want[i];
}

static void answered(struct client *cl, struct conn *c)
{
	const struct request *q = ring_at(cl, c, c->done);

	meter_done(&cl->meter, q->intended_ns, q->sent_ns, ixev_now(cl->ev), cl->cfg.size);
	cl->outstanding--;
	c->got = 0;
	c->done++;
	if (cl->cfg.rounds && c->done == cl->cfg.rounds)
		conn_end(cl, c);
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t used = 0;

	while (used < len && c->done != c->sent) {
		uint32_t n = MIN(len - used, cl->cfg.size - c->got);

		verify(cl, c, p + used, n);
		c->got += n;
		used += n;
		if (c->got == cl->cfg.size)
			answered(cl, c);
	}
	cl->bad_bytes += len - used;	/* nobody asked for these */
	ixev_recv_done(ctx, len);
	conn_go(cl, c);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	conn_go(client_of(ctx), conn_of(ctx));
}

/* The server leaves first: whatever is outstanding is lost, which dead() counts. */
static void conn_eof(struct ixev_ctx *ctx)
{
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_open(struct client *cl, struct conn *c);

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)reason;
	for (; c->done != c->sent; c->done++) {
		meter_lost(&cl->meter, ring_at(cl, c, c->done)->intended_ns);
		cl->outstanding--;
	}
	cl->open -= c->open;
	c->open = false;
	if (!c->ending) {
		cl->died++;
		conn_retry(cl, c);
	} else if (!stopped(cl)) {
		conn_open(cl, c);
	}
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

/* Stays on the able list if it is there. */
static void conn_open(struct client *cl, struct conn *c)
{
	c->sent = c->done = c->released = c->got = 0;
	c->open = c->ending = false;
	ixev_ctx_init(&c->ctx, &conn_ops);
	ixev_connect(cl->ev, &c->ctx, cl->env.server_ip, cl->env.server_port);
}

/* ---- time ---- */

/* When the connection @i of this instance is first opened. Cannot overflow: the knobs'
 * limits give 1.6e18. */
static uint64_t ramp_ns(const struct client *cl, uint32_t i)
{
	return cl->start_ns +
	       cl->cfg.connect_ramp_ns * conn_at(cl, i)->index / cl->cfg.connections;
}

static void due_connect(struct client *cl)
{
	uint64_t now = ixev_now(cl->ev);
	struct conn *c;

	if (stopped(cl))
		return;
	for (; cl->started < cl->n_conns && ramp_ns(cl, cl->started) <= now; cl->started++)
		conn_open(cl, conn_at(cl, cl->started));
	while ((c = cl->retry) != NULL && c->retry_ns <= now) {
		cl->retry = c->retry_next;
		conn_open(cl, c);
	}
}

static uint64_t client_next_due(void *app)
{
	const struct client *cl = app;
	uint64_t due = NSEC_NEVER;

	if (cl->n_conns == 0)
		return NSEC_NEVER;
	if (!cl->entered)
		return 0;
	if (cl->started < cl->n_conns)
		due = ramp_ns(cl, cl->started);
	if (cl->retry)
		due = MIN(due, cl->retry->retry_ns);
	if (cl->able && (cl->cfg.mode == MODE_OPEN || cl->outstanding < cl->cfg.outstanding))
		due = MIN(due, cl->next_ns);
	return due < cl->env.stop_ns ? due : NSEC_NEVER;
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
		due_send(cl);
	else if (cl->cfg.outstanding)
		turns_send(cl);
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
	for (uint32_t i = 0; i < cl->n_conns; i++)
		conn_at(cl, i)->index = cl->env.index + i * cl->env.n;
	rng_stream(&cl->rng, cl->env.seed, 2);
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

/* Requests that were due in the measured time and are still at the generator. */
static uint64_t never_sent(const struct client *cl)
{
	struct dist gap = cl->gap;
	struct rng rng = cl->rng;
	uint64_t n = 0, t = cl->next_ns;

	if (cl->cfg.mode != MODE_OPEN || !cl->entered)
		return 0;
	for (; t < cl->env.stop_ns; t += dist_gap_ns(&gap, &rng))
		n += meter_covers(&cl->meter, t);
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
	.start = client_start,
	.ev = client_ev,
	.report = client_report,
	.finished = client_finished,
	.next_due = client_next_due,
};
