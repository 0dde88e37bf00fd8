/* SPDX-License-Identifier: MIT */
/*
 * stream_client.c - stream client: so many bytes over so many connections, then done
 *
 * A connection asks, sends, ends its direction, and is whole when every byte it asked for
 * came and was right, the server's count is what was sent, and the stream has ended. It is
 * opened once: one that failed or died is counted and not repeated.
 * Goodput is bytes / elapsed of the report; set-up and close are in it.
 */
#include "workloads/carve.h"
#include "workloads/stream.h"

enum { SEND, RECV, BOTH };

struct client_cfg {
	uint64_t bytes;
	uint32_t direction, connections, total;
};

static const char *const direction_names[] = { "send", "recv", "both", NULL };

#define FIELD(f)	.name = #f, .off = offsetof(struct client_cfg, f)

static const struct knob client_knobs[] = {
	{ FIELD(bytes), .type = KNOB_U64, .unit = UNIT_BYTES, .min = 1, .max = 1ULL << 40,
	  .def = 1 << 20, .doc = "a connection, each way that is used" },
	{ FIELD(direction), .type = KNOB_ENUM, .max = BOTH, .names = direction_names,
	  .doc = "send: to the server; recv: from it; both: at the same time" },
	{ FIELD(connections), .type = KNOB_U32, .min = 1, .max = 1 << 20, .def = 1,
	  .doc = "at a time, of all instances together" },
	{ FIELD(total), .type = KNOB_U32, .max = UINT32_MAX,
	  .doc = "connections one after another, in all; 0: as many as at a time" },
};

struct conn {
	struct stream_conn s;
	struct conn *free_next;
	bool half, whole;	/* our FIN is asked for; everything came and was right */
};

struct client {
	struct client_cfg cfg;
	struct app_env env;
	struct ixev *ev;
	uint8_t *pattern;
	struct conn *conns, *conn_free;
	uint32_t conns_used, n_conns;	/* of this instance, at a time */
	uint64_t total, started, ended;
	bool entered;
	uint64_t requests, bytes, opened, failed, died, open, bad_bytes;
};

struct layout {
	size_t client, ev, conns, pattern, end;
};

static uint32_t share_of(uint32_t total, const struct app_env *env)
{
	return total / env->n + (env->index < total % env->n);
}

static struct layout layout_of(const struct client_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.client = carve(&l.end, sizeof(struct client));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, share_of(cfg->connections, env) * sizeof(struct conn));
	l.pattern = carve(&l.end, STREAM_PATTERN);
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, s.ctx);
}

static struct client *client_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static void conn_go(struct conn *c)
{
	if (!stream_pump(&c->s) || c->half)
		return;
	c->half = true;
	ixev_close(&c->s.ctx, IX_CLOSE_HALF);
}

static void conn_connected(struct ixev_ctx *ctx, int outcome)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	if (outcome != 0) {
		cl->failed++;
		cl->ended++;
		c->free_next = cl->conn_free;
		cl->conn_free = c;
		return;
	}
	cl->opened++;
	cl->open++;
	stream_word_send(&c->s, c->s.in_end);
	conn_go(c);
}

/* The bytes we asked for, then the server's count, and nothing behind it. */
static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t n = (uint32_t)MIN(c->s.in_end - c->s.in, (uint64_t)len);
	uint32_t right = stream_check(&c->s, p, n);

	ixev_recv_done(ctx, len);
	if (right == n)
		right += stream_word_take(&c->s, p + n, len - n);
	if (right == len)
		return;
	cl->bad_bytes++;
	ixev_close(ctx, IX_CLOSE_RST);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	c->whole = c->s.word_in_len == STREAM_WORD && c->s.in == c->s.in_end &&
		   stream_word(&c->s) == c->s.out_end;
	cl->bad_bytes += !c->whole;
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	conn_go(conn_of(ctx));
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	if (reason == IX_DEAD_CLOSED && c->whole) {
		cl->requests++;
		cl->bytes += c->s.in + c->s.out;
	} else {
		cl->died++;
	}
	cl->open--;
	cl->ended++;
	c->free_next = cl->conn_free;
	cl->conn_free = c;
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

static struct conn *conn_take(struct client *cl)
{
	struct conn *c = cl->conn_free;

	if (c != NULL)
		cl->conn_free = c->free_next;
	else if (cl->conns_used < cl->n_conns)
		c = &cl->conns[cl->conns_used++];
	return c;
}

static bool stopped(const struct client *cl)
{
	return cl->entered && ixev_now(cl->ev) >= cl->env.stop_ns;
}

/* Open what may be open. */
static void client_idle(void *app, struct ixev *ev)
{
	struct client *cl = app;
	struct conn *c;

	cl->entered = true;
	while (cl->started < cl->total && !stopped(cl) && (c = conn_take(cl)) != NULL) {
		memset(c, 0, sizeof(*c));
		c->s.pattern = cl->pattern;
		c->s.shift_out = STREAM_TO_SERVER;
		c->s.shift_in = STREAM_TO_CLIENT;
		c->s.out_end = cl->cfg.direction == RECV ? 0 : cl->cfg.bytes;
		c->s.in_end = cl->cfg.direction == SEND ? 0 : cl->cfg.bytes;
		cl->started++;
		ixev_ctx_init(&c->s.ctx, &conn_ops);
		ixev_connect(ev, &c->s.ctx, cl->env.server_ip, cl->env.server_port);
	}
}

static const struct ixev_ops thread_ops = { .idle = client_idle };

/* ---- what the world calls ---- */

static size_t client_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *client_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct client *cl;

	if (!carve_fits(env, l.end, "stream-client", err, err_len))
		return NULL;
	cl = carved(env, l.client);
	memcpy(&cl->cfg, cfg, sizeof(cl->cfg));
	cl->env = *env;
	cl->n_conns = share_of(cl->cfg.connections, env);
	cl->total = cl->cfg.total != 0 ? share_of(cl->cfg.total, env) : cl->n_conns;
	cl->conns = carved(env, l.conns);
	cl->pattern = carved(env, l.pattern);
	stream_pattern(cl->pattern);
	cl->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, cl);
	return cl;
}

static struct ixev *client_ev(void *app)
{
	return ((struct client *)app)->ev;
}

static void client_report(void *app, struct app_report *r)
{
	const struct client *cl = app;

	memset(r, 0, sizeof(*r));
	r->requests = cl->requests;
	r->bytes = cl->bytes;
	r->conns_opened = cl->opened;
	r->conns_failed = cl->failed;
	r->conns_died = cl->died;
	r->conns_open = cl->open;
	r->bad_bytes = cl->bad_bytes;
}

static bool client_finished(void *app)
{
	const struct client *cl = app;

	return cl->n_conns == 0 || cl->ended == cl->total || stopped(cl);
}

static uint64_t client_next_due(void *app)
{
	return ((const struct client *)app)->entered ? UINT64_MAX : 0;
}

const struct app_ops stream_client_ops = {
	.name = "stream-client",
	.doc = "stream client: so many verified bytes over so many connections",
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
