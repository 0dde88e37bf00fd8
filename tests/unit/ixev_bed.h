/* SPDX-License-Identifier: MIT */
/*
 * ixev_bed.h - a thread over a fake dataplane, with handlers that count (test_ixev*.c)
 *
 * bed_init() makes `t`; conn_up() gives an accepted connection; event() and knock() queue,
 * enter() runs, LEFT(...) is the batch that must have been left.
 */
#ifndef TESTS_UNIT_IXEV_BED_H
#define TESTS_UNIT_IXEV_BED_H

#include <stdlib.h>

#include "base/types.h"
#include "tests/unit/cu.h"
#include "tests/unit/fake_dp.h"

enum { H = 7 };		/* generation bits of the handles played here */

struct conn {
	struct ixev_ctx ctx;
	struct ixev_ref ref[80];
	int released[80];
	int n_recv, n_eof, n_sent, n_dead, n_connected, outcome;
	enum ix_dead_reason reason;
	uint32_t got, to_ack;
	bool reconnect, resend, keep;	/* what handlers do */
	int close_on_recv;		/* mode + 1 */
	struct ix_tcp_info *ask;	/* for an info, and a set */
};

static struct bed {
	struct fake_dp dp;
	struct ixev *ev;
	void *mem;
	struct conn *accept;		/* what the next knock gets */
	bool send_in_knock;
	uint64_t now;
	int n_idle, n_udp, n_fired;
} t;

static uint8_t data[4096];

static inline struct conn *conn_of(struct ixev_ctx *c)
{
	return container_of(c, struct conn, ctx);
}

static const struct ixev_conn_ops ops;

static inline void on_release(struct ixev_ctx *ctx, struct ixev_ref *r)
{
	struct conn *c = conn_of(ctx);

	c->released[r - c->ref]++;
	if (c->keep)			/* an answer by reference gives back what it named */
		ixev_recv_done(ctx, r->len);
	if (c->resend && r == c->ref) {
		c->resend = false;
		ixev_send(ctx, r);
	}
}

static inline void on_connected(struct ixev_ctx *ctx, int outcome)
{
	conn_of(ctx)->n_connected++;
	conn_of(ctx)->outcome = outcome;
}

static inline void on_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct conn *c = conn_of(ctx);

	(void)p;
	c->n_recv++;
	c->got += len;
	if (c->ask) {
		CHECK_EQ(ixev_info(ctx, c->ask), 0);
		CHECK_EQ(ixev_set(ctx, IX_OPT_NAGLE, 1), 0);
	}
	if (!c->keep)
		ixev_recv_done(ctx, c->to_ack ? c->to_ack : len);
	if (c->close_on_recv)
		ixev_close(ctx, (enum ix_close_mode)(c->close_on_recv - 1));
}

static inline void on_eof(struct ixev_ctx *ctx)
{
	conn_of(ctx)->n_eof++;
}

static inline void on_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	conn_of(ctx)->n_sent++;
}

static inline void on_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct conn *c = conn_of(ctx);

	c->n_dead++;
	c->reason = reason;
	if (c->reconnect) {
		c->reconnect = false;
		ixev_ctx_init(ctx, &ops);
		ixev_connect(t.ev, ctx, 0x0a000001, 80);
	}
}

static const struct ixev_conn_ops ops = { on_connected, on_recv, on_eof, on_sent, on_dead };

static inline void send(struct conn *c, int i, uint32_t len)
{
	c->ref[i] = (struct ixev_ref){ .addr = data + i, .len = len, .release = on_release };
	ixev_send(&c->ctx, &c->ref[i]);
}

static inline struct ixev_ctx *on_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct conn *c = t.accept;

	(void)from;
	CHECK(app == &t && ev == t.ev);
	if (!c)
		return NULL;
	ixev_ctx_init(&c->ctx, &ops);
	if (t.send_in_knock)
		send(c, 0, 10);
	return &c->ctx;
}

static inline void on_udp(void *app, struct ixev *ev, ix_handle_t h, const uint8_t *p, uint32_t len,
		   const struct ix_addr *from)
{
	struct ix_sg sg = { 1, 1 };

	(void)app;
	(void)p;
	t.n_udp++;
	CHECK_EQ(len, 5);
	CHECK_EQ(ixev_udp_recv_done(ev, h), 0);
	CHECK_EQ(ixev_udp_send(ev, 99, from, 53, &sg, 1), 0);
}

static inline void on_idle(void *app, struct ixev *ev)
{
	(void)app;
	(void)ev;
	t.n_idle++;
}

static const struct ixev_ops thread_ops = { .knock = on_knock, .udp_recv = on_udp,
					    .idle = on_idle };

static inline void bed_init(uint32_t max_calls)
{
	free(t.mem);
	memset(&t, 0, sizeof(t));
	t.mem = malloc(ixev_bytes(max_calls));
	t.ev = ixev_init(t.mem, max_calls, &thread_ops, &t);
	fake_init(&t.dp, max_calls);
}

static inline void enter(void)
{
	fake_enter(&t.dp, t.ev, t.now += 1000);
}

static inline void event(uint32_t nr, struct conn *c, uint64_t bytes, uint32_t word)
{
	struct ix_event e = { .nr = nr, .cookie = (uint64_t)(uintptr_t)&c->ctx, .bytes = bytes };

	e.window = word;
	if (nr == IX_EV_RECV)
		e.ptr = (uint64_t)(uintptr_t)data;
	fake_event(&t.dp, e);
}

static inline uint64_t handle_of(uint32_t slot)
{
	return (uint64_t)H << 32 | slot;
}

static inline void knock(uint32_t slot)
{
	fake_event(&t.dp, (struct ix_event){ .nr = IX_EV_KNOCK, .handle = handle_of(slot) });
}

/* An accepted connection with nothing pending. */
static inline void conn_up(struct conn *c, uint32_t slot)
{
	memset(c, 0, sizeof(*c));
	t.accept = c;
	knock(slot);
	enter();
	CHECK_EQ(t.dp.n_left, 1);
	CHECK_EQ(t.dp.left[0].nr, IX_CALL_ACCEPT);
	CHECK_EQ(t.dp.left[0].handle, handle_of(slot));
	CHECK_EQ(t.dp.left[0].new_cookie, (uint64_t)(uintptr_t)&c->ctx);
}

/* The batch left is exactly these calls, in order; ends with IX_CALL_NONE. */
static inline void left_is(const uint32_t *nr)
{
	uint32_t i = 0;

	for (; nr[i] != IX_CALL_NONE; i++)
		CHECK_EQ(i < t.dp.n_left ? t.dp.left[i].nr : IX_CALL_NONE, nr[i]);
	CHECK_EQ(t.dp.n_left, i);
}
#define LEFT(...) left_is((const uint32_t[]){ __VA_ARGS__, IX_CALL_NONE })
#define LEFT_NOTHING() CHECK_EQ(t.dp.n_left, 0)

#endif
