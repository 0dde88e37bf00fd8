/* SPDX-License-Identifier: MIT */
/*
 * netpipe_client.c - NetPIPE client: ping-pong through the schedule, a row a size
 *
 * One connection, of instance 0; the other instances have nothing to do. The first round
 * trip of a size is not counted. Rows hold the sizes as sent, perturbed ones too. A
 * connection that dies takes its rows along: the run starts over after a pause, because
 * the server starts the schedule over.
 * Goodput is 2 x rounds x bytes x 8 / total_ns, one-way latency total_ns / rounds / 2.
 */
#include "workloads/carve.h"
#include "workloads/netpipe.h"

enum { REFS = 4 };

static const struct knob client_knobs[] = {
	NETPIPE_KNOBS,
	{ .name = "backoff", .off = offsetof(struct netpipe_cfg, backoff_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .min = 1, .max = 100 * NSEC_PER_SEC, .def = NSEC_PER_MSEC,
	  .doc = "wait before a connection that failed or died is opened again" },
};

struct client {
	struct netpipe_cfg cfg;
	struct netpipe_sizes sizes;
	struct app_env env;
	struct ixev *ev;
	uint8_t *buf;
	struct ixev_ctx ctx;
	bool entered, open, ping_due;
	uint32_t at, round;		/* place in the schedule */
	uint32_t got;			/* bytes of the answer */
	uint64_t ping_ns;		/* when the message was sent */
	uint64_t connect_ns;		/* when to connect, or NSEC_NEVER */
	uint32_t next_ref, busy;
	struct ixev_ref refs[REFS];
	struct ixev_timer wake;
	bool wake_armed;
	uint64_t opened, failed, died, bad_bytes;
	struct app_row rows[NETPIPE_SIZES_MAX];
};

struct layout {
	size_t client, ev, buf, end;
};

static struct layout layout_of(const struct netpipe_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.client = carve(&l.end, sizeof(struct client));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.buf = carve(&l.end, netpipe_largest(cfg));
	return l;
}

static struct client *client_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static bool all_done(const struct client *cl)
{
	return cl->at == cl->sizes.n;
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	client_of(ctx)->busy--;
}

/* Send the next message, or wait for a reference: conn_sent() comes back. */
static void ping(struct client *cl)
{
	struct ixev_ref *ref = &cl->refs[cl->next_ref];

	if (!cl->ping_due || cl->busy == REFS || ixev_now(cl->ev) >= cl->env.stop_ns)
		return;
	cl->ping_due = false;
	cl->next_ref = (cl->next_ref + 1) % REFS;
	cl->busy++;
	cl->got = 0;
	cl->ping_ns = ixev_now(cl->ev);
	ref->addr = cl->buf;
	ref->len = cl->sizes.bytes[cl->at];
	ref->release = released;
	ixev_send(&cl->ctx, ref);
}

static void rows_reset(struct client *cl)
{
	cl->at = cl->round = cl->got = 0;
	for (uint32_t i = 0; i < cl->sizes.n; i++)
		cl->rows[i] = (struct app_row){ .bytes = cl->sizes.bytes[i] };
}

/* A round trip is over. */
static void pong(struct client *cl)
{
	struct app_row *row = &cl->rows[cl->at];

	if (cl->round > 0) {
		row->rounds++;
		row->total_ns += ixev_now(cl->ev) - cl->ping_ns;
	}
	if (cl->round++ == cl->cfg.rounds) {
		cl->round = 0;
		cl->at++;
	}
	cl->ping_due = !all_done(cl);
	if (all_done(cl))
		ixev_close(&cl->ctx, IX_CLOSE_FIN);
	ping(cl);
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct client *cl = client_of(ctx);
	uint32_t want = cl->ping_due ? 0 : cl->sizes.bytes[cl->at] - cl->got;

	(void)p;
	ixev_recv_done(ctx, len);
	if (len > want)
		cl->bad_bytes += len - want;
	cl->got += MIN(len, want);
	if (want && len >= want)
		pong(cl);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	ping(client_of(ctx));
}

static void conn_connected(struct ixev_ctx *ctx, int outcome)
{
	struct client *cl = client_of(ctx);

	if (outcome) {
		cl->failed++;
		cl->connect_ns = ixev_now(cl->ev) + cl->cfg.backoff_ns;
		return;
	}
	cl->open = true;
	cl->opened++;
	rows_reset(cl);
	cl->ping_due = true;
	ping(cl);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct client *cl = client_of(ctx);

	(void)reason;
	cl->open = false;
	if (all_done(cl))
		return;
	cl->died++;
	cl->connect_ns = ixev_now(cl->ev) + cl->cfg.backoff_ns;
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

static uint64_t client_next_due(void *app)
{
	const struct client *cl = app;

	if (cl->env.index != 0)
		return NSEC_NEVER;
	if (!cl->entered)
		return 0;
	return cl->connect_ns < cl->env.stop_ns ? cl->connect_ns : NSEC_NEVER;
}

static void woken(struct ixev_timer *t, struct ixev *ev)
{
	struct client *cl = ixev_app(ev);

	(void)t;
	cl->wake_armed = false;
}

static void client_idle(void *app, struct ixev *ev)
{
	struct client *cl = app;
	uint64_t due;

	cl->entered = true;
	due = client_next_due(cl);
	if (due <= ixev_now(ev)) {
		cl->connect_ns = NSEC_NEVER;
		cl->next_ref = cl->busy = 0;
		ixev_ctx_init(&cl->ctx, &conn_ops);
		ixev_connect(ev, &cl->ctx, cl->env.server_ip, cl->env.server_port);
	} else if (due != NSEC_NEVER && !cl->wake_armed && !cl->env.exact_wake) {
		ixev_timer_arm(ev, &cl->wake, due - ixev_now(ev));
		cl->wake_armed = true;
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
	struct client *cl;

	if (!carve_fits(env, l.end, "netpipe-client", err, err_len))
		return NULL;
	cl = carved(env, l.client);
	memcpy(&cl->cfg, cfg, sizeof(cl->cfg));
	if (!netpipe_schedule(&cl->cfg, &cl->sizes)) {
		snprintf(err, err_len, "netpipe-client: no message size between min_bytes %u and "
			 "max_bytes %u with perturb %u; min_bytes must be above perturb and not "
			 "above max_bytes", cl->cfg.min_bytes, cl->cfg.max_bytes, cl->cfg.perturb);
		return NULL;
	}
	cl->env = *env;
	cl->buf = carved(env, l.buf);
	rows_reset(cl);
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
	r->conns_opened = cl->opened;
	r->conns_failed = cl->failed;
	r->conns_died = cl->died;
	r->conns_open = cl->open;
	r->bad_bytes = cl->bad_bytes;
	r->closed = true;
	if (cl->env.index != 0)
		return;
	r->n_rows = cl->sizes.n;
	r->rows = cl->rows;
	for (uint32_t i = 0; i < cl->sizes.n; i++) {
		r->requests += cl->rows[i].rounds;
		r->bytes += cl->rows[i].rounds * cl->rows[i].bytes;
	}
}

/* Also when time is over: nothing more will be sent. */
static bool client_finished(void *app)
{
	const struct client *cl = app;

	return cl->env.index != 0 || all_done(cl) ||
	       (cl->entered && ixev_now(cl->ev) >= cl->env.stop_ns);
}

const struct app_ops netpipe_client_ops = {
	.name = "netpipe-client",
	.doc = "NetPIPE client: one connection, ping-pong over a schedule of message sizes",
	.client = true,
	.knobs = client_knobs,
	.n_knobs = ARRAY_LEN(client_knobs),
	.cfg_size = sizeof(struct netpipe_cfg),
	.mem_need = client_mem_need,
	.start = client_start,
	.ev = client_ev,
	.report = client_report,
	.finished = client_finished,
	.next_due = client_next_due,
};
