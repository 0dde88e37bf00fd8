/* SPDX-License-Identifier: MIT */
/*
 * bulk.c - bulk receiver: takes streams, checks their bytes, and keeps the barrier
 *
 * In stream mode it only takes. In barrier mode it is the client of partition/aggregate:
 * when `connections` senders are there and the block of each has come, it asks all of them
 * for the next one at once (incast: Vasudevan et al., SIGCOMM 2009, section 2). A sender that
 * went away and came back owes nothing.
 * The barrier is one of an elastic thread: run it with one thread.
 * Not here: what is measured, which is the senders' (bulk_client.c).
 */
#include "workloads/bulk.h"

#include "workloads/carve.h"

enum { REFS = 4 };	/* requests are let go late, so a few may be outstanding */

const char *const bulk_mode_names[] = { "stream", "barrier", NULL };

struct bulk_cfg {
	uint32_t mode, connections, block, conns_max;
	bool verify;
};

static const struct knob bulk_knobs[] = {
	BULK_KNOBS(struct bulk_cfg),
	{ .name = "conns_max", .off = offsetof(struct bulk_cfg, conns_max), .type = KNOB_U32,
	  .min = 1, .max = 4096, .def = 1024, .doc = "connections open at a time" },
	{ .name = "verify", .off = offsetof(struct bulk_cfg, verify), .type = KNOB_BOOL, .def = 1,
	  .doc = "compare every byte with what was sent" },
};

struct conn {
	struct ixev_ctx ctx;
	bool used, eof;
	uint64_t off;		/* bytes of the stream that came */
	uint32_t owed;		/* bytes of the block that is under way */
	uint32_t next_ref, busy;
	struct ixev_ref refs[REFS];
};

struct bulk {
	struct bulk_cfg cfg;
	struct ixev *ev;
	uint64_t stop_ns;
	uint8_t *pattern;	/* 2 * BULK_PERIOD bytes */
	uint32_t waiting;	/* connections with a block under way */
	struct app_served served;	/* requests: blocks */
	uint64_t bad_bytes;
	struct conn *conns;
};

struct layout {
	size_t bulk, ev, pattern, conns, end;
};

void bulk_pattern(uint8_t *buf, size_t len)
{
	for (size_t i = 0; i < len; i++) {
		uint32_t x = (uint32_t)(i % BULK_PERIOD) * 2654435761u;

		buf[i] = (uint8_t)(x >> 24);
	}
}

static struct layout layout_of(const struct bulk_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.bulk = carve(&l.end, sizeof(struct bulk));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.pattern = carve(&l.end, 2 * BULK_PERIOD);
	l.conns = carve(&l.end, cfg->conns_max * sizeof(struct conn));
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static struct bulk *bulk_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->busy--;
}

/* Ask one sender for its next block. */
static void ask(struct bulk *s, struct conn *c)
{
	struct ixev_ref *ref = &c->refs[c->next_ref];

	c->next_ref = (c->next_ref + 1) % REFS;
	c->busy++;
	c->owed = s->cfg.block;
	s->waiting++;
	ref->addr = s->pattern;
	ref->len = BULK_GO;
	ref->release = released;
	ixev_send(&c->ctx, ref);
}

/* Every sender that is there can be asked: an earlier request's memory is its own again. */
static bool askable(const struct bulk *s)
{
	for (const struct conn *c = s->conns; c < s->conns + s->cfg.conns_max; c++)
		if (c->used && (c->eof || c->busy == REFS))
			return false;
	return true;
}

/* The next round, if the last one is over and all senders are there. */
static void barrier(struct bulk *s)
{
	if (s->cfg.mode != BULK_BARRIER || s->waiting > 0 || s->served.open != s->cfg.connections ||
	    ixev_now(s->ev) >= s->stop_ns || !askable(s))
		return;
	for (struct conn *c = s->conns; c < s->conns + s->cfg.conns_max; c++)
		if (c->used)
			ask(s, c);
}

static void verify(struct bulk *s, const struct conn *c, const uint8_t *p, uint32_t len)
{
	uint64_t off = c->off;

	for (uint32_t n; s->cfg.verify && len > 0; p += n, len -= n, off += n) {
		const uint8_t *want = s->pattern + off % BULK_PERIOD;

		n = MIN(len, (uint32_t)BULK_PERIOD);
		if (memcmp(p, want, n) == 0)
			continue;
		for (uint32_t i = 0; i < n; i++)
			s->bad_bytes += p[i] != want[i];
	}
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct bulk *s = bulk_of(ctx);
	struct conn *c = conn_of(ctx);

	verify(s, c, p, len);
	c->off += len;
	s->served.bytes += len;
	ixev_recv_done(ctx, len);
	if (c->owed == 0)
		return;
	c->owed -= MIN(len, c->owed);
	if (c->owed > 0)
		return;
	s->served.requests++;
	s->waiting--;
	barrier(s);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	barrier(bulk_of(ctx));
}

static void conn_eof(struct ixev_ctx *ctx)
{
	conn_of(ctx)->eof = true;
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct bulk *s = bulk_of(ctx);
	struct conn *c = conn_of(ctx);

	if (reason == IX_DEAD_TIMEOUT || reason == IX_DEAD_UNREACHABLE)
		s->served.died++;
	s->waiting -= c->owed > 0;
	s->served.open--;
	c->used = false;
}

static const struct ixev_conn_ops conn_ops = {
	.recv = conn_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};

static struct ixev_ctx *bulk_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct bulk *s = app;

	(void)ev;
	(void)from;
	for (struct conn *c = s->conns; c < s->conns + s->cfg.conns_max; c++) {
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

/* A connection accepted in this entry can be asked only now that accept is in the batch. */
static void bulk_idle(void *app, struct ixev *ev)
{
	(void)ev;
	barrier(app);
}

static const struct ixev_ops thread_ops = { .knock = bulk_knock, .idle = bulk_idle };

static size_t bulk_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *bulk_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct bulk *s;

	if (!carve_fits(env, l.end, "bulk", err, err_len))
		return NULL;
	s = carved(env, l.bulk);
	memcpy(&s->cfg, cfg, sizeof(s->cfg));
	if (s->cfg.mode == BULK_BARRIER && env->n > 1) {
		snprintf(err, err_len, "bulk: a barrier is kept by one elastic thread and the "
			 "server has %u; set server.threads = 1, or mode = stream", env->n);
		return NULL;
	}
	s->stop_ns = env->stop_ns;
	s->pattern = carved(env, l.pattern);
	bulk_pattern(s->pattern, 2 * BULK_PERIOD);
	s->conns = carved(env, l.conns);
	s->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, s);
	return s;
}

static struct ixev *bulk_ev(void *app)
{
	return ((struct bulk *)app)->ev;
}

static void bulk_report(void *app, struct app_report *r)
{
	const struct bulk *s = app;

	app_report_served(r, &s->served);
	r->bad_bytes = s->bad_bytes;
}

const struct app_ops bulk_server_ops = {
	.name = "bulk",
	.doc = "bulk receiver: takes streams, or asks all senders for a block at once",
	.knobs = bulk_knobs,
	.n_knobs = ARRAY_LEN(bulk_knobs),
	.cfg_size = sizeof(struct bulk_cfg),
	.mem_need = bulk_mem_need,
	.start = bulk_start,
	.ev = bulk_ev,
	.report = bulk_report,
};
