/* SPDX-License-Identifier: MIT */
/*
 * kv_load_conn.c - connections of the key-value load: requests sent, answers taken, ends
 *
 * A request is composed into a buffer of its own and stays there until it is released; a value
 * that does not fit is sent from the pattern of which every value is a slice, which the instances
 * of a host share. An answer that is none ends its connection, which is opened again later.
 *
 * Not here: when requests are due (kv_load.c), what they look like (kv_ask.c).
 */
#include "workloads/kv_load.h"

/* ---- sending ---- */

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->released++;
}

static const uint8_t *value_of(const struct load *l, uint32_t record)
{
	return l->shared->pattern + kv_value_off(record);
}

static void ref_send(struct conn *c, struct ixev_ref *ref, const uint8_t *p, uint32_t len,
		     bool last)
{
	ref->addr = p;
	ref->len = len;
	ref->release = last ? released : NULL;
	ixev_send(&c->ctx, ref);
}

/* A value that is too long for the buffer, behind @head bytes there; what ends it lies there. */
static void set_send(const struct load *l, struct conn *c, struct request *q, uint32_t head,
		     uint32_t tail)
{
	ref_send(c, &q->head, q->buf, head, false);
	ref_send(c, &q->value, value_of(l, q->record), q->ask.value_len, tail == 0);
	if (tail)
		ref_send(c, &q->tail, q->buf + head, tail, true);
}

static void request_send(struct load *l, struct conn *c, enum kv_op op, uint32_t record,
			 uint64_t intended_ns, uint64_t now)
{
	struct request *q = ring_at(l, c, c->sent);
	uint32_t head, value, tail;

	q->ask.value = l->cfg.verify ? value_of(l, record) : NULL;
	q->ask.value_len = kv_dist_value_len(&l->shared->dist, record);
	q->ask.opaque = c->sent;
	q->ask.proto = (uint8_t)l->cfg.protocol;
	q->ask.op = (uint8_t)op;
	q->record = record;
	q->intended_ns = intended_ns;
	q->sent_ns = now;
	c->sent++;
	l->outstanding++;
	head = kv_ask_compose(&q->ask, &l->shared->dist, record, q->buf);
	if (op == KV_GET) {
		ref_send(c, &q->head, q->buf, head, true);
		return;
	}
	value = q->ask.value_len;
	tail = kv_ask_tail((enum kv_proto)q->ask.proto);
	if (head + value + tail > l->buf_len) {
		memcpy(q->buf + head, "\r\n", tail);
		set_send(l, c, q, head, tail);
		return;
	}
	memcpy(q->buf + head, value_of(l, record), value);
	memcpy(q->buf + head + value, "\r\n", tail);
	ref_send(c, &q->head, q->buf, head + value + tail, true);
}

/* One draw decides both: the upper half which record, without bias (Lemire 2019), the lower half
 * what is done. */
void kv_load_send(struct load *l, struct conn *c, uint64_t intended_ns, uint64_t now)
{
	uint32_t n = l->cfg.records;
	uint64_t draw = rng_u64(&l->records), at = (draw >> 32) * n;

	if (unlikely((uint32_t)at < n))
		while ((uint32_t)at < -n % n) {
			draw = rng_u64(&l->records);
			at = (draw >> 32) * n;
		}
	if (intended_ns != now)
		meter_sent(&l->meter, intended_ns, now);
	request_send(l, c, (uint32_t)draw < l->update ? KV_SET : KV_GET, (uint32_t)(at >> 32),
		     intended_ns, now);
}

static void fill_send(struct load *l, struct conn *c, uint64_t now)
{
	while (kv_load_able(l, c) && l->fill_next < l->fill_end && !stopped(l))
		request_send(l, c, KV_SET, l->fill_next++, now, now);
}

void kv_load_go(struct load *l, struct conn *c)
{
	uint64_t now;

	if (c->queued || !kv_load_able(l, c))
		return;
	now = ixev_now(l->ev);
	if (l->filling) {
		fill_send(l, c, now);
	} else if (!l->paced) {
		while (kv_load_able(l, c) && !stopped(l))
			kv_load_send(l, c, now, now);
	} else {
		c->queued = true;
		due_push(&l->due, c->due_ns, c->n);
		kv_load_due(l, c->due_ns);
	}
}

/* ---- connections ---- */

static void conn_retry(struct load *l, struct conn *c)
{
	c->retry_ns = ixev_now(l->ev) + l->cfg.backoff_ns;
	c->retry_next = NULL;
	if (l->retry)
		l->retry_tail->retry_next = c;
	else
		l->retry = c;
	l->retry_tail = c;
	kv_load_due(l, c->retry_ns);
}

static void conn_connected(struct ixev_ctx *ctx, int outcome)
{
	struct load *l = load_of(ctx);
	struct conn *c = conn_of(ctx);

	if (outcome) {
		l->failed++;
		conn_retry(l, c);
		return;
	}
	c->open = true;
	l->open++;
	l->opened += meter_covers(&l->meter, ixev_now(l->ev));
	kv_load_go(l, c);
}

/* Nothing more is sent; dead() counts what is lost. */
static void conn_shut(struct load *l, struct conn *c, enum ix_close_mode mode)
{
	l->open -= c->open;
	c->open = false;
	ixev_close(&c->ctx, mode);
}

static void answered(struct load *l, struct conn *c, const struct request *q, enum kv_verdict v)
{
	uint64_t now = ixev_now(l->ev);

	l->outstanding--;
	c->done++;
	l->errors += v == KV_REFUSED;
	if (l->filling) {
		if (l->outstanding == 0 && l->fill_next == l->fill_end)
			kv_load_filled(l);
		return;
	}
	if (meter_covers(&l->meter, now)) {
		*(q->ask.op == KV_SET ? &l->sets : &l->gets) += 1;
		l->misses += v == KV_MISS;
	}
	meter_done(&l->meter, q->intended_ns, q->sent_ns, now, q->ask.value_len);
}

/* Take one answer, or what there is of it, from @p[@len]. Returns the bytes taken; 0 when the
 * stream makes no sense, as when nothing was asked. */
static uint32_t answer_take(struct load *l, struct conn *c, const uint8_t *p, uint32_t len)
{
	const struct request *q = ring_at(l, c, c->done);
	enum kv_verdict v;
	uint32_t used;

	if (c->done == c->sent)
		return 0;
	v = kv_ask_eat(&c->answer, &q->ask, q->buf, p, len, &used);
	if (v == KV_GARBLED)
		return 0;
	if (v != KV_MORE)
		answered(l, c, q, v);
	return used;
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct load *l = load_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t used = 0, n;

	while (c->open && used < len) {
		n = answer_take(l, c, p + used, len - used);
		used += n;
		if (n == 0) {
			l->errors++;
			conn_shut(l, c, IX_CLOSE_RST);
		}
	}
	l->bad_bytes += c->answer.bad_bytes;
	c->answer.bad_bytes = 0;
	ixev_recv_done(ctx, len);
	kv_load_go(l, c);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	kv_load_go(load_of(ctx), conn_of(ctx));
}

static void conn_eof(struct ixev_ctx *ctx)
{
	conn_shut(load_of(ctx), conn_of(ctx), IX_CLOSE_FIN);
}

/* What was being stored will be stored again. */
static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct load *l = load_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)reason;
	for (; c->done != c->sent; c->done++) {
		const struct request *q = ring_at(l, c, c->done);

		l->outstanding--;
		if (l->filling)
			l->fill_next = MIN(l->fill_next, q->record);
		else
			meter_lost(&l->meter, q->intended_ns);
	}
	l->open -= c->open;
	c->open = false;
	l->died++;
	conn_retry(l, c);
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

/* Stays in the heap if it is there: its next request is due when it was. */
void kv_load_open(struct load *l, struct conn *c)
{
	c->sent = c->done = c->released = 0;
	c->open = false;
	memset(&c->answer, 0, sizeof(c->answer));
	ixev_ctx_init(&c->ctx, &conn_ops);
	ixev_connect(l->ev, &c->ctx, l->env.server_ip, l->env.server_port);
}
