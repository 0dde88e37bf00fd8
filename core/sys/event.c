/* SPDX-License-Identifier: MIT */
/*
 * event.c - event conditions from TCP: the sink core/tcp writes to
 */
#include "sys/event.h"

static uint32_t room(void *ctx) { return events_room(ctx); }

static void knock(void *ctx, uint64_t handle, const struct flow *f)
{
	struct ix_event *ev = events_push(ctx, IX_EV_KNOCK);

	ev->handle = handle;
	ev->addr = (struct ix_addr){ .ip = f->raddr, .port = f->rport, .local_port = f->lport };
}

static void connected(void *ctx, uint64_t cookie, int outcome)
{
	struct ix_event *ev = events_push(ctx, IX_EV_CONNECTED);

	ev->cookie = cookie;
	ev->outcome = outcome;
}

static void recv_bytes(void *ctx, uint64_t cookie, const uint8_t *p, uint32_t len)
{
	struct ix_event *ev = events_push(ctx, IX_EV_RECV);

	ev->cookie = cookie;
	ev->ptr = (uintptr_t)p;
	ev->len = len;
}

static void sent(void *ctx, uint64_t cookie, uint32_t bytes, uint32_t window)
{
	struct ix_event *ev = events_push(ctx, IX_EV_SENT);

	ev->cookie = cookie;
	ev->bytes = bytes;
	ev->window = window;
}

static void dead(void *ctx, uint64_t cookie, enum tcp_end_reason why)
{
	struct ix_event *ev = events_push(ctx, IX_EV_DEAD);

	ev->cookie = cookie;
	ev->reason = why;
}

const struct tcp_sink events_tcp_sink = {
	.room = room,
	.knock = knock,
	.connected = connected,
	.recv = recv_bytes,
	.sent = sent,
	.dead = dead,
};

_Static_assert((int)TCP_END_CLOSED == (int)IX_DEAD_CLOSED &&
	       (int)TCP_END_RESET == (int)IX_DEAD_RESET &&
	       (int)TCP_END_ABORTED == (int)IX_DEAD_ABORTED &&
	       (int)TCP_END_TIMEOUT == (int)IX_DEAD_TIMEOUT &&
	       (int)TCP_END_UNREACHABLE == (int)IX_DEAD_UNREACHABLE, "one set of reasons");
