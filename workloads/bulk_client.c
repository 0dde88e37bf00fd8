/* SPDX-License-Identifier: MIT */
/*
 * bulk_client.c - bulk sender: long flows, or a block whenever the receiver asks (incast)
 *
 * Flow i of all instances starts i * stagger after the others could. Stream mode keeps
 * `depth` blocks with TCP until `bytes` are sent, `send_time` is over, or the run is; a
 * block is one piece of memory, sent without a copy, and all pieces are of one buffer.
 * Barrier mode sends one block a request.
 *
 * A request of the report is a block: acknowledged (stream), or known to have been received
 * together with everybody else's, because the next was asked for (barrier: its latency is
 * the round's completion time). Bytes, and those of each flow, are what was acknowledged in
 * the measured time.
 */
#include "workloads/bulk.h"
#include "workloads/carve.h"
#include "workloads/meter.h"

struct client_cfg {
	uint32_t mode, connections, block, depth, rounds;
	uint64_t bytes, stagger_ns, send_time_ns, backoff_ns;
};

#define FIELD(f)	.name = #f, .off = offsetof(struct client_cfg, f)
#define FIELD_NS(f)	.name = #f, .off = offsetof(struct client_cfg, f##_ns), \
			.type = KNOB_U64, .unit = UNIT_NS

static const struct knob client_knobs[] = {
	BULK_KNOBS(struct client_cfg),
	{ FIELD(depth), .type = KNOB_U32, .min = 2, .max = 256, .def = 32,
	  .doc = "stream: blocks of a flow that TCP is given at a time" },
	{ FIELD(rounds), .type = KNOB_U32, .max = 1000000,
	  .doc = "barrier: blocks of a flow, then it ends; 0: until the run ends" },
	{ FIELD(bytes), .type = KNOB_U64, .unit = UNIT_BYTES, .max = 1ULL << 40,
	  .doc = "stream: length of a flow; 0: no end" },
	{ FIELD_NS(stagger), .max = 1000 * NSEC_PER_SEC,
	  .doc = "each flow starts so long after the one before it" },
	{ FIELD_NS(send_time), .max = 10000 * NSEC_PER_SEC,
	  .doc = "stream: a flow takes no further block after this long; 0: until the run ends" },
	{ FIELD_NS(backoff), .min = 1, .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "wait before a connection that failed or died is opened again" },
};

struct piece {
	struct ixev_ref ref;
	uint64_t at_ns;			/* when it was handed over */
};

struct conn {
	struct ixev_ctx ctx;
	bool open, done;		/* done: all it was asked for is sent, or time is over */
	uint64_t connect_ns;		/* when to open it, or NSEC_NEVER */
	uint64_t since_ns;		/* established */
	uint64_t off;			/* bytes of this incarnation handed over */
	uint64_t sent, acked_window;	/* bytes of all: handed over; acknowledged when measured */
	uint64_t asked_ns;		/* barrier: when its block was asked for; 0: none */
	uint32_t got, owed, rounds;	/* barrier: bytes of the request, blocks to send, done */
	uint32_t next, busy;
	struct piece *ring;		/* depth */
};

struct client {
	struct client_cfg cfg;
	struct app_env env;
	struct ixev *ev;
	uint32_t n_conns, n_done;
	struct conn *conns;
	uint8_t *pattern;		/* BULK_PERIOD + block bytes */
	uint64_t *flow_bytes;		/* of the report */
	bool entered;
	uint64_t due_ns;		/* the first connect_ns */
	struct ixev_timer wake;
	uint64_t wake_ns;		/* when it is armed for, or NSEC_NEVER */
	uint64_t opened, failed, died, open, bad_bytes;
	struct meter meter;
};

struct layout {
	size_t client, ev, conns, rings, pattern, flows, end;
};

static uint32_t share_of(uint32_t total, const struct app_env *env)
{
	return total / env->n + (env->index < total % env->n);
}

static struct layout layout_of(const struct client_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };
	size_t n = share_of(cfg->connections, env);

	l.client = carve(&l.end, sizeof(struct client));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, n * sizeof(struct conn));
	l.rings = carve(&l.end, n * cfg->depth * sizeof(struct piece));
	l.pattern = carve(&l.end, (size_t)BULK_PERIOD + cfg->block);
	l.flows = carve(&l.end, n * sizeof(uint64_t));
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

static void due_update(struct client *cl)
{
	cl->due_ns = NSEC_NEVER;
	for (struct conn *c = cl->conns; c < cl->conns + cl->n_conns; c++)
		cl->due_ns = MIN(cl->due_ns, c->connect_ns);
}

/* ---- sending ---- */

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	struct client *cl = client_of(ctx);
	struct piece *p = container_of(ref, struct piece, ref);
	struct conn *c = conn_of(ctx);

	c->busy--;
	if (cl->cfg.mode == BULK_STREAM && ref->done == ref->len)
		meter_done(&cl->meter, p->at_ns, p->at_ns, ixev_now(cl->ev), ref->len);
}

static void piece_send(struct client *cl, struct conn *c, uint32_t len)
{
	struct piece *p = &c->ring[c->next];

	c->next = (c->next + 1) % cl->cfg.depth;
	c->busy++;
	p->at_ns = ixev_now(cl->ev);
	p->ref.addr = cl->pattern + c->off % BULK_PERIOD;
	p->ref.len = len;
	p->ref.release = released;
	c->off += len;
	c->sent += len;
	ixev_send(&c->ctx, &p->ref);
}

static void conn_finish(struct client *cl, struct conn *c)
{
	c->done = true;
	cl->n_done++;
	ixev_close(&c->ctx, IX_CLOSE_FIN);
}

/* Bytes the flow may still hand over. */
static uint64_t stream_left(const struct client *cl, const struct conn *c)
{
	uint64_t now = ixev_now(cl->ev);

	if (now >= cl->env.stop_ns ||
	    (cl->cfg.send_time_ns && now - c->since_ns >= cl->cfg.send_time_ns))
		return 0;
	return cl->cfg.bytes ? cl->cfg.bytes - c->sent : UINT64_MAX;
}

/* Hand over what there is room for. */
static void conn_go(struct client *cl, struct conn *c)
{
	uint64_t left;

	if (!c->open || c->done)
		return;
	if (cl->cfg.mode == BULK_BARRIER) {
		for (; c->owed > 0 && c->busy < cl->cfg.depth; c->owed--)
			piece_send(cl, c, cl->cfg.block);
		return;
	}
	while ((left = stream_left(cl, c)) > 0 && c->busy < cl->cfg.depth)
		piece_send(cl, c, (uint32_t)MIN(left, (uint64_t)cl->cfg.block));
	if (left == 0 && c->busy == 0)		/* a closed flow is not told of acknowledgements */
		conn_finish(cl, c);
}

/* The receiver asks for a block, so it has everybody's last. */
static void conn_asked(struct client *cl, struct conn *c)
{
	uint64_t now = ixev_now(cl->ev);

	if (c->asked_ns) {
		meter_done(&cl->meter, c->asked_ns, c->asked_ns, now, cl->cfg.block);
		c->rounds++;
	}
	c->asked_ns = now;
	if (now >= cl->env.stop_ns || (cl->cfg.rounds && c->rounds == cl->cfg.rounds)) {
		c->asked_ns = 0;
		conn_finish(cl, c);
		return;
	}
	c->owed++;
	conn_go(cl, c);
}

/* ---- connections ---- */

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	for (uint32_t i = 0; i < len; i++, c->got = (c->got + 1) % BULK_GO)
		cl->bad_bytes += p[i] != cl->pattern[c->got];
	ixev_recv_done(ctx, len);
	/* One request at most is under way, so got is 0 again when it is whole. */
	if (c->got == 0 && !c->done)
		conn_asked(cl, c);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)window;
	if (meter_covers(&cl->meter, ixev_now(cl->ev)))
		c->acked_window += bytes;
	conn_go(cl, c);
}

/* Open it again in a while; a stream starts over at its first byte, a block is lost. */
static void conn_retry(struct client *cl, struct conn *c)
{
	if (c->asked_ns)
		meter_lost(&cl->meter, c->asked_ns);
	c->asked_ns = c->off = 0;
	c->got = c->owed = c->next = c->busy = 0;
	c->connect_ns = ixev_now(cl->ev) + cl->cfg.backoff_ns;
	due_update(cl);
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
	c->since_ns = ixev_now(cl->ev);
	cl->open++;
	cl->opened += meter_covers(&cl->meter, c->since_ns);
	conn_go(cl, c);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)reason;
	c->open = false;
	cl->open--;
	if (c->done)
		return;
	cl->died++;
	conn_retry(cl, c);
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

/* ---- the instance ---- */

static uint64_t client_next_due(void *app)
{
	const struct client *cl = app;

	if (!cl->entered)
		return 0;
	return cl->due_ns < cl->env.stop_ns ? cl->due_ns : NSEC_NEVER;
}

static void woken(struct ixev_timer *t, struct ixev *ev)
{
	struct client *cl = ixev_app(ev);

	(void)t;
	cl->wake_ns = NSEC_NEVER;
}

/* First entry: flow index + k * n, counted over all instances, has its turn. */
static void schedule(struct client *cl, uint64_t now)
{
	cl->entered = true;
	for (uint32_t k = 0; k < cl->n_conns; k++)
		cl->conns[k].connect_ns = now + cl->cfg.stagger_ns *
					  (cl->env.index + (uint64_t)k * cl->env.n);
	due_update(cl);
}

static void client_idle(void *app, struct ixev *ev)
{
	struct client *cl = app;
	uint64_t now = ixev_now(ev);

	if (!cl->entered)
		schedule(cl, now);
	for (struct conn *c = cl->conns; cl->due_ns <= now && c < cl->conns + cl->n_conns; c++) {
		if (c->connect_ns > now || now >= cl->env.stop_ns)
			continue;
		c->connect_ns = NSEC_NEVER;
		ixev_ctx_init(&c->ctx, &conn_ops);
		ixev_connect(ev, &c->ctx, cl->env.server_ip, cl->env.server_port);
	}
	due_update(cl);
	if (client_next_due(cl) < cl->wake_ns && !cl->env.exact_wake) {
		cl->wake_ns = cl->due_ns;
		ixev_timer_arm(ev, &cl->wake, cl->due_ns - now);
	}
}

static const struct ixev_ops thread_ops = { .idle = client_idle };

static size_t client_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *client_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct piece *rings;
	struct client *cl;

	if (!carve_fits(env, l.end, "bulk-client", err, err_len))
		return NULL;
	cl = carved(env, l.client);
	memcpy(&cl->cfg, cfg, sizeof(cl->cfg));
	cl->env = *env;
	cl->n_conns = share_of(cl->cfg.connections, env);
	cl->conns = carved(env, l.conns);
	rings = carved(env, l.rings);
	for (uint32_t k = 0; k < cl->n_conns; k++)
		cl->conns[k].ring = rings + (size_t)k * cl->cfg.depth;
	cl->pattern = carved(env, l.pattern);
	bulk_pattern(cl->pattern, (size_t)BULK_PERIOD + cl->cfg.block);
	cl->flow_bytes = carved(env, l.flows);
	cl->due_ns = cl->wake_ns = NSEC_NEVER;
	meter_init(&cl->meter, env->warmup_ns, env->stop_ns);
	ixev_timer_init(&cl->wake, woken);
	cl->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, cl);
	return cl;
}

static struct ixev *client_ev(void *app)
{
	return ((struct client *)app)->ev;
}

static void client_report(void *app, struct app_report *r)
{
	struct client *cl = app;

	memset(r, 0, sizeof(*r));
	meter_report(&cl->meter, r);
	r->conns_opened = cl->opened;
	r->conns_failed = cl->failed;
	r->conns_died = cl->died;
	r->conns_open = cl->open;
	r->bad_bytes = cl->bad_bytes;
	r->bytes = 0;
	r->n_flows = cl->n_conns;
	r->flow_bytes = cl->flow_bytes;
	for (uint32_t k = 0; k < cl->n_conns; k++) {
		cl->flow_bytes[k] = cl->conns[k].acked_window;
		r->bytes += cl->flow_bytes[k];
	}
}

/* Also when time is over: nothing more will be sent. */
static bool client_finished(void *app)
{
	const struct client *cl = app;

	return cl->n_done == cl->n_conns ||
	       (cl->entered && ixev_now(cl->ev) >= cl->env.stop_ns);
}

const struct app_ops bulk_client_ops = {
	.name = "bulk-client",
	.doc = "bulk sender: long flows, or a block whenever the receiver asks",
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
