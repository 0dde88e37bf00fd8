/* SPDX-License-Identifier: MIT */
/*
 * kv_conn.c - a connection: its life, its input piece by piece, its back-pressure
 *
 * A piece of received memory is parsed where it lies and given back at once. What is left of
 * it, half a request, is copied into a buffer of the thread's pool and parsed there when more
 * has come; there is one for each connection that the server admits.
 *
 * A connection with too much output in flight is not parsed: its pieces are held, unacknowledged,
 * until some of it was sent, so a client that does not read meets a closed window. Held pieces
 * are named by descriptors; a connection that finds none left is reset and counted.
 */
#include "workloads/kv.h"

enum { BINARY_MAGIC = 0x80 };

/* ---- buffers of half requests ---- */

static union kv_in *in_take(struct kv_server *s)
{
	union kv_in *in = s->in_free;

	if (in) {
		s->in_free = in->next;
		return in;
	}
	assert(s->ins_used < s->ins_n);
	return &s->ins[s->ins_used++];
}

static void in_put(struct kv_server *s, struct kv_conn *c)
{
	c->in->next = s->in_free;
	s->in_free = c->in;
	c->in = NULL;
	c->in_len = 0;
}

/* ---- steps ---- */

void kv_close(struct kv_conn *c)
{
	kv_seal(kv_server_of(&c->ctx), c);
	c->state = KV_CLOSING;
	ixev_close(&c->ctx, IX_CLOSE_FIN);
}

/* A value on its way into its item; the ASCII protocol's "\r\n" goes there too. */
static uint32_t value_step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t take = MIN(n, c->left);
	uint32_t all = c->item->nbytes + (c->proto == KV_ASCII ? 2 : 0);

	memcpy(kv_value(c->item) + (all - c->left), p, take);
	c->left -= take;
	if (c->left > 0)
		return take;
	c->state = KV_COMMAND;
	if (c->proto == KV_ASCII)
		kv_ascii_filled(s, c);
	else
		kv_bin_filled(s, c);
	return take;
}

static uint32_t swallow_step(struct kv_conn *c, uint32_t n)
{
	uint32_t take = MIN(n, c->left);

	c->left -= take;
	if (c->left == 0)
		c->state = KV_COMMAND;
	return take;
}

static uint32_t skip_step(struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	const uint8_t *end = memchr(p, '\n', n);

	if (!end)
		return n;
	c->state = KV_COMMAND;
	return (uint32_t)(end - p) + 1;
}

static inline uint32_t step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	switch (c->state) {
	case KV_COMMAND:
		return c->proto == KV_BINARY ? kv_bin_step(s, c, p, n) : kv_ascii_step(s, c, p, n);
	case KV_KEYS:
		return kv_ascii_key(s, c, p, n);
	case KV_VALUE:
		return value_step(s, c, p, n);
	case KV_SWALLOW:
		return swallow_step(c, n);
	case KV_SKIP_LINE:
		return skip_step(c, p, n);
	default:
		return n;
	}
}

/*
 * A half request is buffered: add what there is room for and take one step. Returns how many of
 * the @n bytes at @p are done with. The buffered bytes alone were no step, so one that succeeds
 * ends behind them.
 */
static uint32_t buffered(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t had = c->in_len, add = MIN(n, KV_IN_MAX - had), used;

	memcpy(c->in->bytes + had, p, add);
	used = step(s, c, c->in->bytes, had + add);
	if (used > 0) {
		assert(used > had);
		in_put(s, c);
		return used - had;
	}
	c->in_len = (uint16_t)(had + add);
	assert(c->in_len < KV_IN_MAX);	/* so much is a step of either protocol */
	return add;
}

static void stash(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	assert(n < KV_IN_MAX);
	c->in = in_take(s);
	c->in_len = (uint16_t)n;
	memcpy(c->in->bytes, p, n);
}

/* Parse until the bytes are used up or output is in the way; returns the bytes used. */
static uint32_t consume(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t used = 0, k;

	while (used < n && kv_may_go(s, c)) {
		if (unlikely(c->in != NULL)) {
			used += buffered(s, c, p + used, n - used);
			continue;
		}
		k = step(s, c, p + used, n - used);
		if (unlikely(k == 0)) {
			stash(s, c, p + used, n - used);
			k = n - used;
		}
		used += k;
	}
	kv_seal(s, c);
	return used;
}

/* ---- held pieces ---- */

static void piece_put(struct kv_server *s, struct kv_piece *f)
{
	f->next = s->piece_free;
	s->piece_free = f;
}

static struct kv_piece *piece_take(struct kv_server *s)
{
	struct kv_piece *f = s->piece_free;

	if (f)
		s->piece_free = f->next;
	else if (s->pieces_used < s->cfg.frames)
		f = &s->pieces[s->pieces_used++];
	return f;
}

static void hold(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t len)
{
	struct kv_piece *f = piece_take(s);

	if (!f) {
		s->served.died++;
		c->state = KV_CLOSING;
		ixev_close(&c->ctx, IX_CLOSE_RST);
		return;
	}
	*f = (struct kv_piece){ .next = f, .addr = p, .len = len };
	if (c->held) {
		f->next = c->held->next;
		c->held->next = f;
	}
	c->held = f;
}

/* Let go of the oldest piece. */
static void unhold(struct kv_server *s, struct kv_conn *c)
{
	struct kv_piece *f = c->held->next;

	if (f == c->held)
		c->held = NULL;
	else
		c->held->next = f->next;
	piece_put(s, f);
}

static void held_drop(struct kv_server *s, struct kv_conn *c)
{
	while (c->held)
		unhold(s, c);
}

/* Some output was sent: go on with what was held. */
static void resume(struct kv_server *s, struct kv_conn *c)
{
	while (c->held && kv_may_go(s, c)) {
		struct kv_piece *f = c->held->next;
		uint32_t used = consume(s, c, f->addr, f->len);

		ixev_recv_done(&c->ctx, used);
		f->addr += used;
		f->len -= used;
		if (f->len == 0)
			unhold(s, c);
	}
}

/* ---- handlers ---- */

static void close_if_done(struct kv_conn *c)
{
	if (c->eof && !c->held && c->state != KV_CLOSING)
		kv_close(c);
}

void kv_piece(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t len)
{
	uint32_t used = 0;

	if (likely(!c->held)) {
		used = consume(s, c, p, len);
		ixev_recv_done(&c->ctx, used);
	}
	if (unlikely(used < len))
		hold(s, c, p + used, len - used);
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct kv_server *s = kv_server_of(ctx);
	struct kv_conn *c = kv_conn_of(ctx);

	s->st->stats.bytes_read += len;
	if (unlikely(c->proto == KV_UNKNOWN))
		c->proto = p[0] == BINARY_MAGIC ? KV_BINARY : KV_ASCII;
	kv_batch_add(s, c, p, len);
}

static void conn_eof(struct ixev_ctx *ctx)
{
	kv_batch_run(kv_server_of(ctx));
	kv_conn_of(ctx)->eof = true;
	close_if_done(kv_conn_of(ctx));
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	struct kv_conn *c = kv_conn_of(ctx);

	(void)bytes;
	(void)window;
	if (likely(!c->held))
		return;
	kv_store_clock(kv_server_of(ctx)->st, ixev_now(ctx->ev));
	resume(kv_server_of(ctx), c);
	close_if_done(c);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct kv_server *s = kv_server_of(ctx);
	struct kv_conn *c = kv_conn_of(ctx);

	kv_batch_forget(s, c);
	held_drop(s, c);
	if (c->in)
		in_put(s, c);
	if (c->item)
		kv_unref(s->st, c->item);
	c->item = NULL;
	assert(c->chunks == 0 && !c->out);
	if (reason == IX_DEAD_TIMEOUT || reason == IX_DEAD_UNREACHABLE)
		s->served.died++;
	s->served.open--;
	s->st->stats.curr_conns--;
	c->free_next = s->conn_free;
	s->conn_free = c;
}

static const struct ixev_conn_ops conn_ops = {
	.recv = conn_recv, .eof = conn_eof, .sent = conn_sent, .dead = conn_dead,
};

static struct ixev_ctx *knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct kv_server *s = app;
	struct kv_conn *c = s->conn_free;
	uint64_t now = ixev_now(ev);

	(void)from;
	if (c) {
		s->conn_free = c->free_next;
	} else if (s->conns_used < s->cfg.conns_max) {
		c = &s->conns[s->conns_used++];
	} else {
		s->served.refused++;
		s->st->stats.refused_conns++;
		return NULL;
	}
	memset(c, 0, sizeof(*c));
	ixev_ctx_init(&c->ctx, &conn_ops);
	s->served.open++;
	s->served.opened += now >= s->warmup_ns && now < s->stop_ns;
	s->st->stats.curr_conns++;
	s->st->stats.total_conns++;
	return &c->ctx;
}

static void idle(void *app, struct ixev *ev)
{
	(void)ev;
	kv_batch_run(app);
}

const struct ixev_ops kv_thread_ops = { .knock = knock, .idle = idle };
