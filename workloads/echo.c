/* SPDX-License-Identifier: MIT */
/*
 * echo.c - echo server: a stream (RFC 862), or whole messages of a fixed size
 *
 * size = 0: every frame that arrives is sent back from where it lies, without a copy, and
 * acknowledged to the dataplane once the peer has acknowledged the echo.
 * size > 0: a message is assembled in one of the connection's buffers (the only copy) and
 * answered from it when it is whole. Bytes that find every buffer still being sent are
 * held unacknowledged, so a pipelining client meets a closed window, never a lost byte.
 *
 * Frames held or echoed are named by `frames` descriptors. With at least as many as the
 * dataplane has frames they cannot run out; a connection that finds none is reset and
 * counted, because its bytes could not be remembered.
 * Not here: the port, which the world opens.
 */
#include "workloads/carve.h"

enum { BUFFERS_MAX = 64 };	/* fits conn.next_buf and conn.busy */

struct echo_cfg {
	uint32_t size;
	uint32_t buffers;
	uint32_t conns_max;
	uint32_t frames;
	uint64_t app_cycles;
};

static const struct knob echo_knobs[] = {
	{ .name = "size", .off = offsetof(struct echo_cfg, size), .type = KNOB_U32,
	  .unit = UNIT_BYTES, .min = 0, .max = 1 << 20, .def = 64,
	  .doc = "message size; 0: echo the stream as it arrives" },
	{ .name = "buffers", .off = offsetof(struct echo_cfg, buffers), .type = KNOB_U32,
	  .min = 1, .max = BUFFERS_MAX, .def = 2, .doc = "messages a connection may have in work" },
	{ .name = "conns_max", .off = offsetof(struct echo_cfg, conns_max), .type = KNOB_U32,
	  .min = 1, .max = 4000000, .def = 16384,
	  .doc = "connections an instance serves; more are refused" },
	{ .name = "frames", .off = offsetof(struct echo_cfg, frames), .type = KNOB_U32,
	  .min = 1, .max = 4000000, .def = 65536,
	  .doc = "received frames an instance can hold; give it the dataplane's frame count" },
	{ .name = "app_cycles", .off = offsetof(struct echo_cfg, app_cycles), .type = KNOB_U64,
	  .unit = UNIT_CYCLES, .min = 0, .max = 1000000000, .def = 0,
	  .doc = "declared work of a request (stream: of a frame)" },
};

enum { PIECES_SHARE = 4 };	/* of all descriptors, what one connection may hold: a quarter */

/** A received frame, or what is left of it. */
struct piece {
	struct ixev_ref ref;	/* message mode uses only addr and len */
	struct piece *next;
};

/* A request touches two cache lines up to the end of the first reference, and its buffer. */
struct conn {
	struct ixev_ctx ctx;
	union {
		struct piece *held;	/* messages: what arrived while no buffer was free: the
					 * last of a ring */
		struct conn *free_next;	/* not in use */
	};
	union {
		uint32_t fill;		/* messages: bytes in the buffer that is being filled */
		uint32_t frames;	/* stream: frames being sent */
	};
	uint8_t next_buf;	/* index of the buffer that is being filled */
	uint8_t busy;		/* buffers being sent */
	bool eof;
	struct ixev_ref refs[];	/* one a buffer; the buffers follow */
};

_Static_assert(sizeof(struct conn) + sizeof(struct ixev_ref) <= 2 * CACHE_LINE,
	       "what every request touches");

struct echo {
	struct echo_cfg cfg;
	struct ixev *ev;
	uint64_t warmup_ns, stop_ns;
	unsigned char *conns;	/* conns_max of @stride bytes */
	size_t stride;
	uint32_t conns_used;	/* of them taken at least once */
	struct conn *conn_free;
	struct piece *pieces;
	uint32_t pieces_used;
	struct piece *piece_free;
	struct app_served served;
};

struct layout {
	size_t echo, ev, conns, stride, pieces, end;
};

static struct layout layout_of(const struct echo_cfg *cfg, const struct app_env *env)
{
	size_t bufs = cfg->size ? cfg->buffers : 0;
	struct layout l = { 0 };

	l.stride = ALIGN_UP(sizeof(struct conn) + bufs * (sizeof(struct ixev_ref) + cfg->size),
			    (size_t)CACHE_LINE);
	l.echo = carve(&l.end, sizeof(struct echo));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, cfg->conns_max * l.stride);
	l.pieces = carve(&l.end, cfg->frames * sizeof(struct piece));
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static struct echo *echo_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static bool measuring(const struct echo *s)
{
	uint64_t now = ixev_now(s->ev);

	return now >= s->warmup_ns && now < s->stop_ns;
}

static void count_request(struct echo *s, uint32_t bytes)
{
	ixev_work(s->ev, s->cfg.app_cycles);
	if (measuring(s)) {
		s->served.requests++;
		s->served.bytes += bytes;
	}
}

/* ---- descriptors of frames ---- */

/* NULL: none is left, or too many are this connection's, and it has been reset. */
static struct piece *piece_take(struct echo *s, struct conn *c, const uint8_t *p, uint32_t len)
{
	struct piece *f = s->piece_free;

	if (c->frames >= MAX(s->cfg.frames / PIECES_SHARE, 16u)) {
		s->served.died++;
		ixev_close(&c->ctx, IX_CLOSE_RST);
		return NULL;
	}
	if (f) {
		s->piece_free = f->next;
	} else if (s->pieces_used < s->cfg.frames) {
		f = &s->pieces[s->pieces_used++];
	} else {
		s->served.died++;
		ixev_close(&c->ctx, IX_CLOSE_RST);
		return NULL;
	}
	f->next = NULL;
	f->ref.addr = p;
	f->ref.len = len;
	return f;
}

static void piece_put(struct echo *s, struct piece *f)
{
	f->next = s->piece_free;
	s->piece_free = f;
}

/* ---- stream ---- */

static void stream_released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	conn_of(ctx)->frames--;
	ixev_recv_done(ctx, ref->len);
	piece_put(echo_of(ctx), container_of(ref, struct piece, ref));
}

static void stream_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct echo *s = echo_of(ctx);
	struct conn *c = conn_of(ctx);
	struct piece *f = piece_take(s, c, p, len);

	if (!f)
		return;
	f->ref.release = stream_released;
	c->frames++;
	count_request(s, len);
	ixev_send(ctx, &f->ref);
}

/* ---- messages ---- */

static void buf_released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->busy--;
}

static uint8_t *buf_of(struct echo *s, struct conn *c, uint32_t i)
{
	return (uint8_t *)(void *)&c->refs[s->cfg.buffers] + (size_t)i * s->cfg.size;
}

static void answer(struct echo *s, struct conn *c)
{
	struct ixev_ref *ref = &c->refs[c->next_buf];

	ref->addr = buf_of(s, c, c->next_buf);
	ref->len = s->cfg.size;
	ref->release = buf_released;
	c->fill = 0;
	c->next_buf = (uint8_t)(c->next_buf + 1u == s->cfg.buffers ? 0 : c->next_buf + 1);
	c->busy++;
	count_request(s, s->cfg.size);
	ixev_send(&c->ctx, ref);
}

/* Assemble and answer until the bytes or the buffers run out; returns the bytes taken. */
static uint32_t consume(struct echo *s, struct conn *c, const uint8_t *p, uint32_t len)
{
	uint32_t used = 0;

	while (used < len && c->busy < s->cfg.buffers) {
		uint32_t n = MIN(len - used, s->cfg.size - c->fill);

		memcpy(buf_of(s, c, c->next_buf) + c->fill, p + used, n);
		c->fill += n;
		used += n;
		if (c->fill == s->cfg.size)
			answer(s, c);
	}
	ixev_recv_done(&c->ctx, used);
	return used;
}

/* Put @f behind what is held. */
static void hold(struct conn *c, struct piece *f)
{
	f->next = f;
	if (c->held) {
		f->next = c->held->next;
		c->held->next = f;
	}
	c->held = f;
}

/* Take the oldest of what is held. */
static struct piece *unhold(struct conn *c)
{
	struct piece *f = c->held->next;

	if (f == c->held)
		c->held = NULL;
	else
		c->held->next = f->next;
	return f;
}

static void msg_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct echo *s = echo_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t used = c->held ? 0 : consume(s, c, p, len);
	struct piece *f;

	if (used == len)
		return;
	f = piece_take(s, c, p + used, len - used);
	if (f)
		hold(c, f);
}

/* Buffers were released: go on with what was held. */
static void held_consume(struct echo *s, struct conn *c)
{
	while (c->held && c->busy < s->cfg.buffers) {
		struct piece *f = c->held->next;
		uint32_t used = consume(s, c, f->ref.addr, f->ref.len);

		f->ref.addr += used;
		f->ref.len -= used;
		if (f->ref.len)
			return;
		piece_put(s, unhold(c));
	}
}

/* ---- connection ---- */

/* After close() received frames are the dataplane's again, so a stream waits until the
 * last echo is acknowledged; messages are in buffers of our own. */
static void close_if_done(struct echo *s, struct conn *c)
{
	if (c->eof && !c->held && (s->cfg.size || !c->frames))
		ixev_close(&c->ctx, IX_CLOSE_FIN);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	conn_of(ctx)->eof = true;
	close_if_done(echo_of(ctx), conn_of(ctx));
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	struct conn *c = conn_of(ctx);

	(void)bytes;
	(void)window;
	if (c->held)
		held_consume(echo_of(ctx), c);
	if (c->eof)
		close_if_done(echo_of(ctx), c);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct echo *s = echo_of(ctx);
	struct conn *c = conn_of(ctx);

	while (c->held)
		piece_put(s, unhold(c));
	if (reason == IX_DEAD_TIMEOUT || reason == IX_DEAD_UNREACHABLE)
		s->served.died++;
	s->served.open--;
	c->free_next = s->conn_free;
	s->conn_free = c;
}

static const struct ixev_conn_ops stream_ops = {
	.recv = stream_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};
static const struct ixev_conn_ops msg_ops = {
	.recv = msg_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};

static struct ixev_ctx *echo_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct echo *s = app;
	struct conn *c = s->conn_free;

	(void)ev;
	(void)from;
	if (c) {
		s->conn_free = c->free_next;
	} else if (s->conns_used < s->cfg.conns_max) {
		c = (struct conn *)(void *)(s->conns + s->conns_used++ * s->stride);
	} else {
		s->served.refused++;
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	ixev_ctx_init(&c->ctx, s->cfg.size ? &msg_ops : &stream_ops);
	s->served.open++;
	s->served.opened += measuring(s);
	return &c->ctx;
}

static const struct ixev_ops thread_ops = { .knock = echo_knock };

/* ---- what the world calls ---- */

static size_t echo_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *echo_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct echo *s;

	if (!carve_fits(env, l.end, "echo", err, err_len))
		return NULL;
	s = carved(env, l.echo);
	memcpy(&s->cfg, cfg, sizeof(s->cfg));
	s->warmup_ns = env->warmup_ns;
	s->stop_ns = env->stop_ns;
	s->conns = carved(env, l.conns);
	s->stride = l.stride;
	s->pieces = carved(env, l.pieces);
	s->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, s);
	return s;
}

static struct ixev *echo_ev(void *app)
{
	return ((struct echo *)app)->ev;
}

static void echo_report(void *app, struct app_report *r)
{
	const struct echo *s = app;

	app_report_served(r, &s->served);
}

const struct app_ops echo_server_ops = {
	.name = "echo",
	.doc = "echo server: returns the stream, or messages of a fixed size when they are whole",
	.knobs = echo_knobs,
	.n_knobs = ARRAY_LEN(echo_knobs),
	.cfg_size = sizeof(struct echo_cfg),
	.mem_need = echo_mem_need,
	.start = echo_start,
	.ev = echo_ev,
	.report = echo_report,
};
