/* SPDX-License-Identifier: MIT */
/*
 * stream.c - stream server: verifies what comes, sends what it is asked for
 *
 * Also what both ends share: the pattern, sending and comparing it (stream.h). Bytes are
 * compared where they lie and acknowledged at once; pieces are sent from one pattern.
 * Not here: the clock, which is the client's (stream_client.c).
 */
#include "workloads/stream.h"

#include "workloads/carve.h"

/* ---- both ends ---- */

void stream_pattern(uint8_t *pattern)
{
	uint32_t x = 1;

	for (uint32_t i = 0; i < STREAM_PERIOD; i++) {
		x = x * 1664525u + 1013904223u;
		pattern[i] = pattern[STREAM_PERIOD + i] = (uint8_t)(x >> 24);
	}
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	container_of(ctx, struct stream_conn, ctx)->busy--;
}

bool stream_pump(struct stream_conn *c)
{
	while (c->out < c->out_end && c->busy < STREAM_REFS) {
		struct ixev_ref *ref = &c->refs[c->next_ref];

		c->next_ref = (c->next_ref + 1) % STREAM_REFS;
		c->busy++;
		ref->addr = c->pattern + (c->out + c->shift_out) % STREAM_PERIOD;
		ref->len = (uint32_t)MIN(c->out_end - c->out, (uint64_t)STREAM_PERIOD);
		ref->release = released;
		c->out += ref->len;
		ixev_send(&c->ctx, ref);
	}
	return c->out == c->out_end;
}

void stream_word_send(struct stream_conn *c, uint64_t v)
{
	for (uint32_t i = 0; i < STREAM_WORD; i++)
		c->word_out[i] = (uint8_t)(v >> (56 - 8 * i));
	c->word_ref = (struct ixev_ref){ .addr = c->word_out, .len = STREAM_WORD };
	ixev_send(&c->ctx, &c->word_ref);
}

uint32_t stream_word_take(struct stream_conn *c, const uint8_t *p, uint32_t len)
{
	uint32_t n = MIN(len, (uint32_t)STREAM_WORD - c->word_in_len);

	memcpy(c->word_in + c->word_in_len, p, n);
	c->word_in_len = (uint8_t)(c->word_in_len + n);
	return n;
}

uint64_t stream_word(const struct stream_conn *c)
{
	uint64_t v = 0;

	for (uint32_t i = 0; i < STREAM_WORD; i++)
		v = v << 8 | c->word_in[i];
	return v;
}

uint32_t stream_check(struct stream_conn *c, const uint8_t *p, uint32_t len)
{
	uint32_t done = 0;

	while (done < len) {
		const uint8_t *want = c->pattern + (c->in + c->shift_in) % STREAM_PERIOD;
		uint32_t n = MIN(len - done, (uint32_t)STREAM_PERIOD), ok = 0;

		if (memcmp(p + done, want, n) == 0)
			ok = n;
		else
			while (p[done + ok] == want[ok])
				ok++;
		c->in += ok;
		done += ok;
		if (ok < n)
			break;
	}
	return done;
}

/* ---- the server ---- */

struct stream_cfg {
	uint32_t conns_max;
};

static const struct knob stream_knobs[] = {
	{ .name = "conns_max", .off = offsetof(struct stream_cfg, conns_max), .type = KNOB_U32,
	  .min = 1, .max = 1 << 20, .def = 4096,
	  .doc = "connections at a time; more are refused" },
};

struct conn {
	struct stream_conn s;	/* the context is its first member */
	struct conn *free_next;
	bool eof, answered;
};

struct server {
	struct stream_cfg cfg;
	struct ixev *ev;
	uint8_t *pattern;
	struct conn *conns, *conn_free;
	uint32_t conns_used;
	struct app_served served;
	uint64_t bad_bytes;
};

struct layout {
	size_t server, ev, conns, pattern, end;
};

static struct layout layout_of(const struct stream_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.server = carve(&l.end, sizeof(struct server));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, cfg->conns_max * sizeof(struct conn));
	l.pattern = carve(&l.end, STREAM_PATTERN);
	return l;
}

static struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, s.ctx);
}

static struct server *server_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

/* Send on; after everything and the client's FIN the count, once, and our FIN. */
static void conn_go(struct server *s, struct conn *c)
{
	if (!stream_pump(&c->s) || !c->eof || c->answered)
		return;
	c->answered = true;
	s->served.requests++;
	s->served.bytes += c->s.in + c->s.out;
	stream_word_send(&c->s, c->s.in);
	ixev_close(&c->s.ctx, IX_CLOSE_FIN);
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct server *s = server_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t n = stream_word_take(&c->s, p, len);

	ixev_recv_done(ctx, len);
	if (n > 0 && c->s.word_in_len == STREAM_WORD) {
		c->s.out_end = stream_word(&c->s);
		conn_go(s, c);
	}
	if (stream_check(&c->s, p + n, len - n) < len - n) {
		s->bad_bytes++;
		ixev_close(ctx, IX_CLOSE_RST);
	}
}

/* A client that ends before it has asked gets no answer. */
static void conn_eof(struct ixev_ctx *ctx)
{
	struct conn *c = conn_of(ctx);

	c->eof = true;
	if (c->s.word_in_len == STREAM_WORD)
		conn_go(server_of(ctx), c);
	else
		ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	if (conn_of(ctx)->s.word_in_len == STREAM_WORD)
		conn_go(server_of(ctx), conn_of(ctx));
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct server *s = server_of(ctx);
	struct conn *c = conn_of(ctx);

	s->served.died += reason != IX_DEAD_CLOSED;
	s->served.open--;
	c->free_next = s->conn_free;
	s->conn_free = c;
}

static const struct ixev_conn_ops conn_ops = {
	.recv = conn_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};

static struct ixev_ctx *server_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct server *s = app;
	struct conn *c = s->conn_free;

	(void)ev;
	(void)from;
	if (c != NULL) {
		s->conn_free = c->free_next;
	} else if (s->conns_used < s->cfg.conns_max) {
		c = &s->conns[s->conns_used++];
	} else {
		s->served.refused++;
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	c->s.pattern = s->pattern;
	c->s.shift_in = STREAM_TO_SERVER;
	c->s.shift_out = STREAM_TO_CLIENT;
	ixev_ctx_init(&c->s.ctx, &conn_ops);
	s->served.opened++;
	s->served.open++;
	return &c->s.ctx;
}

static const struct ixev_ops thread_ops = { .knock = server_knock };

/* ---- what the world calls ---- */

static size_t server_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static void *server_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct server *s;

	if (!carve_fits(env, l.end, "stream", err, err_len))
		return NULL;
	s = carved(env, l.server);
	memcpy(&s->cfg, cfg, sizeof(s->cfg));
	s->conns = carved(env, l.conns);
	s->pattern = carved(env, l.pattern);
	stream_pattern(s->pattern);
	s->ev = ixev_init(carved(env, l.ev), env->max_calls, &thread_ops, s);
	return s;
}

static struct ixev *server_ev(void *app)
{
	return ((struct server *)app)->ev;
}

static void server_report(void *app, struct app_report *r)
{
	const struct server *s = app;

	app_report_served(r, &s->served);
	r->bad_bytes = s->bad_bytes;
}

const struct app_ops stream_server_ops = {
	.name = "stream",
	.doc = "stream server: verifies every byte that comes and sends as many as it is asked for",
	.knobs = stream_knobs,
	.n_knobs = ARRAY_LEN(stream_knobs),
	.cfg_size = sizeof(struct stream_cfg),
	.mem_need = server_mem_need,
	.start = server_start,
	.ev = server_ev,
	.report = server_report,
};
