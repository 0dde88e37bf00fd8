/* SPDX-License-Identifier: MIT */
/*
 * netpipe.c - NetPIPE server: answers each message of the schedule with one as long
 *
 * Bytes are acknowledged as they come and not looked at; answers are sent from one static
 * buffer. A connection starts the schedule from its beginning; an answer leaves when the
 * whole message is in.
 * Not here: the clock, which is the client's (netpipe_client.c).
 */
#include "workloads/netpipe.h"

#include "workloads/carve.h"

enum { CONNS = 16, REFS = 4 };	/* answers are let go late, so a few may be outstanding */

static const struct knob netpipe_knobs[] = { NETPIPE_KNOBS };

struct conn {
	struct ixev_ctx ctx;
	bool used, eof;
	uint32_t at, round;	/* place in the schedule */
	uint32_t got;		/* bytes of the message */
	uint32_t next_ref, busy, owed;
	struct ixev_ref refs[REFS];
};

struct netpipe {
	struct netpipe_cfg cfg;
	struct netpipe_sizes sizes;
	struct ixev *ev;
	uint8_t *buf;
	struct app_served served;
	struct conn conns[CONNS];
};

struct layout {
	size_t netpipe, ev, buf, end;
};

static bool is_size(const struct netpipe_cfg *cfg, uint64_t centre)
{
	return centre >= cfg->min_bytes && centre <= cfg->max_bytes;
}

static void add_size(const struct netpipe_cfg *cfg, struct netpipe_sizes *s, uint32_t centre)
{
	if (!is_size(cfg, centre))
		return;
	if (cfg->perturb)
		s->bytes[s->n++] = centre - cfg->perturb;
	s->bytes[s->n++] = centre;
	if (cfg->perturb)
		s->bytes[s->n++] = centre + cfg->perturb;
}

/* At most 2 * 25 centres of 3 sizes: 150 of NETPIPE_SIZES_MAX. */
bool netpipe_schedule(const struct netpipe_cfg *cfg, struct netpipe_sizes *s)
{
	s->n = 0;
	if (cfg->perturb >= cfg->min_bytes)
		return false;
	for (uint32_t pow = 1; pow <= cfg->max_bytes; pow *= 2) {
		add_size(cfg, s, pow);
		if (pow > 1)
			add_size(cfg, s, pow + pow / 2);
	}
	assert(s->n <= NETPIPE_SIZES_MAX);
	return s->n > 0;
}

size_t netpipe_largest(const struct netpipe_cfg *cfg)
{
	return (size_t)cfg->max_bytes + cfg->perturb;
}

static struct layout layout_of(const struct netpipe_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.netpipe = carve(&l.end, sizeof(struct netpipe));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.buf = carve(&l.end, netpipe_largest(cfg));
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static struct netpipe *netpipe_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->busy--;
}

/* Send the answers that are owed, as far as there are references. */
static void answer(struct netpipe *s, struct conn *c)
{
	while (c->owed && c->busy < REFS && c->at < s->sizes.n) {
		struct ixev_ref *ref = &c->refs[c->next_ref];

		c->next_ref = (c->next_ref + 1) % REFS;
		c->busy++;
		c->owed--;
		ref->addr = s->buf;
		ref->len = s->sizes.bytes[c->at];
		ref->release = released;
		s->served.requests++;
		s->served.bytes += ref->len;
		if (c->round++ == s->cfg.rounds) {
			c->round = 0;
			c->at++;
		}
		ixev_send(&c->ctx, ref);
	}
	if (c->eof && !c->owed)
		ixev_close(&c->ctx, IX_CLOSE_FIN);
}

/* A message is whole when as many bytes came as the answer to it will have. A peer that
 * runs another schedule never gets further than the end of ours. */
static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct netpipe *s = netpipe_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)p;
	ixev_recv_done(ctx, len);
	c->got += len;
	if (c->owed || c->at >= s->sizes.n || c->got < s->sizes.bytes[c->at])
		return;
	c->got -= s->sizes.bytes[c->at];
	c->owed = 1;
	answer(s, c);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	conn_of(ctx)->eof = true;
	answer(netpipe_of(ctx), conn_of(ctx));
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	if (conn_of(ctx)->owed)
		answer(netpipe_of(ctx), conn_of(ctx));
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct netpipe *s = netpipe_of(ctx);

	if (reason == IX_DEAD_TIMEOUT || reason == IX_DEAD_UNREACHABLE)
		s->served.died++;
	s->served.open--;
	conn_of(ctx)->used = false;
}

static const struct ixev_conn_ops conn_ops = {
	.recv = conn_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};

static struct ixev_ctx *netpipe_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct netpipe *s = app;

	(void)ev;
	(void)from;
	for (struct conn *c = s->conns; c < s->conns + CONNS; c++) {
		if (c->used)
			continue;
		memset(c, 0, sizeof(*c));
		c->used = true;
		s->served.opened++;
		s->served.open++;
		ixev_ctx_init(&c->ctx, &conn_ops);
		return &c->ctx;
	}
	s->served.refused++;
	return NULL;
}

static const struct ixev_ops thread_ops = { .knock = netpipe_knock };

static size_t netpipe_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *netpipe_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct netpipe *s;

	if (!carve_fits(env, l.end, "netpipe", err, err_len))
		return NULL;
	s = carved(env, l.netpipe);
	memcpy(&s->cfg, cfg, sizeof(s->cfg));
	if (!netpipe_schedule(&s->cfg, &s->sizes)) {
		snprintf(err, err_len, "netpipe: no message size between min_bytes %u and "
			 "max_bytes %u with perturb %u; min_bytes must be above perturb and not "
			 "above max_bytes", s->cfg.min_bytes, s->cfg.max_bytes, s->cfg.perturb);
		return NULL;
	}
	s->buf = carved(env, l.buf);
	s->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, s);
	return s;
}

static struct ixev *netpipe_ev(void *app)
{
	return ((struct netpipe *)app)->ev;
}

static void netpipe_report(void *app, struct app_report *r)
{
	const struct netpipe *s = app;

	app_report_served(r, &s->served);
}

const struct app_ops netpipe_server_ops = {
	.name = "netpipe",
	.doc = "NetPIPE server: answers every message of the schedule with one of its size",
	.knobs = netpipe_knobs,
	.n_knobs = ARRAY_LEN(netpipe_knobs),
	.cfg_size = sizeof(struct netpipe_cfg),
	.mem_need = netpipe_mem_need,
	.start = netpipe_start,
	.ev = netpipe_ev,
	.report = netpipe_report,
};
