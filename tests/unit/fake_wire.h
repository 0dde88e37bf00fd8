/* SPDX-License-Identifier: MIT */
/*
 * fake_wire.h - two fake dataplanes and what a TCP between them would do
 *
 * Executes the calls of both threads: connections, windows, short accepts, segments cut
 * at random, acknowledgements that come late, FIN, RST, refusals, timers. It checks what a
 * dataplane would refuse: bytes of a sendv unchanged until `sent`, recv_done within what
 * was delivered, no call on a handle after close. Frames are freed when they are done with,
 * so a sanitizer sees every use after recv_done.
 */
#ifndef TESTS_UNIT_FAKE_WIRE_H
#define TESTS_UNIT_FAKE_WIRE_H

#include <errno.h>
#include <stdbool.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tests/unit/cu.h"
#include "tests/unit/fake_dp.h"

enum { ENDS = 128, SEGS = 64, FRAMES = 64, TIMERS = 8, PASS_NS = 2000, MSS = 1460 };

struct seg {
	const uint8_t *src;	/* the sender's memory */
	uint8_t *copy;		/* ... as it was at sendv */
	uint32_t len;
	bool delivered;
};

struct end {
	bool used, valid, known, open, fin_out, fin_told, starved;
	int side;
	uint32_t gen;
	uint64_t cookie;
	struct end *peer;	/* NULL: gone */
	struct seg seg[SEGS];
	uint32_t n_seg;
	uint8_t *frame[FRAMES];	/* held by the application */
	uint32_t frame_len[FRAMES];
	uint32_t n_frames, frame_off;
};

struct wire_timer {
	uint64_t cookie, due_ns, handle;
};

struct wire {
	struct fake_dp dp[2];	/* 0: client, 1: server */
	struct ixev *ev[2];
	struct end end[ENDS];
	struct wire_timer timer[2][TIMERS];
	uint8_t *grave[2][ENDS * FRAMES];	/* frames to free after the next entry */
	uint32_t n_grave[2];
	struct rng rng;
	uint64_t now_ns, next_handle;
	uint32_t wnd;		/* bytes in flight and held at most */
	uint64_t bad_calls;	/* on a handle that is not valid */
	bool refuse_all;	/* connects fail at the wire */
};

static inline void wire_init(struct wire *w, uint64_t seed, uint32_t max_calls, uint32_t wnd)
{
	memset(w, 0, sizeof(*w));
	fake_init(&w->dp[0], max_calls);
	fake_init(&w->dp[1], max_calls);
	rng_stream(&w->rng, seed, 7);
	w->wnd = wnd;
}

static inline bool wire_room(const struct wire *w, int side)
{
	return w->dp[side].n_queued + 8 < FAKE_EVENTS;
}

static inline struct end *end_new(struct wire *w, int side)
{
	for (struct end *e = w->end; e < w->end + ENDS; e++) {
		uint32_t gen = e->gen + 1;

		if (e->used)
			continue;
		memset(e, 0, sizeof(*e));
		e->used = e->valid = true;
		e->side = side;
		e->gen = gen;
		return e;
	}
	return NULL;
}

static inline uint64_t end_handle(const struct wire *w, const struct end *e)
{
	return (uint64_t)e->gen << 32 | (uint64_t)(e - w->end);
}

static inline struct end *end_find(struct wire *w, int side, uint64_t handle)
{
	uint32_t slot = (uint32_t)handle;

	if (slot >= ENDS || !w->end[slot].used || !w->end[slot].valid ||
	    w->end[slot].side != side || end_handle(w, &w->end[slot]) != handle) {
		w->bad_calls++;
		return NULL;
	}
	return &w->end[slot];
}

static inline void frames_drop(struct wire *w, struct end *e)
{
	for (uint32_t i = 0; i < e->n_frames; i++)
		w->grave[e->side][w->n_grave[e->side]++] = e->frame[i];
	e->n_frames = 0;
}

/* The connection is over at this end; its cookie learns it if there is one. */
static inline void end_die(struct wire *w, struct end *e, enum ix_dead_reason reason)
{
	struct ix_event dead = { .nr = IX_EV_DEAD, .reason = reason, .cookie = e->cookie };
	struct ix_event refused = { .nr = IX_EV_CONNECTED, .outcome = -ECONNREFUSED,
				    .cookie = e->cookie };

	if (e->known)
		fake_event(&w->dp[e->side], e->open ? dead : refused);
	for (uint32_t i = 0; i < e->n_seg; i++)
		free(e->seg[i].copy);
	frames_drop(w, e);
	if (e->peer)
		e->peer->peer = NULL;
	e->used = false;
}

static inline int64_t do_connect(struct wire *w, int side, const struct ix_call *c)
{
	struct end *a = end_new(w, side), *b = end_new(w, !side);

	if (!a || !b)
		return -EADDRNOTAVAIL;
	a->cookie = c->cookie;
	a->known = true;
	a->peer = b;
	b->peer = a;
	if (w->refuse_all) {
		b->used = false;
		end_die(w, a, IX_DEAD_RESET);
		return (int64_t)end_handle(w, a);
	}
	fake_event(&w->dp[!side], (struct ix_event){ .nr = IX_EV_KNOCK,
						     .handle = end_handle(w, b) });
	return (int64_t)end_handle(w, a);
}

static inline int64_t do_accept(struct wire *w, struct end *e, const struct ix_call *c)
{
	e->cookie = c->new_cookie;
	e->known = e->open = true;
	e->peer->open = true;
	fake_event(&w->dp[!e->side],
		   (struct ix_event){ .nr = IX_EV_CONNECTED, .cookie = e->peer->cookie });
	return 0;
}

/* One segment of at most MSS bytes from @p; returns what was taken. */
static inline uint32_t seg_add(struct wire *w, struct end *e, const uint8_t *p, uint64_t len)
{
	uint32_t most = (uint32_t)(len < MSS ? len : MSS);
	uint32_t n = rng_chance(&w->rng, 300000000) ? 1 + (uint32_t)rng_below(&w->rng, most) : most;
	struct seg *s = &e->seg[e->n_seg++];

	*s = (struct seg){ .src = p, .copy = malloc(n), .len = n };
	memcpy(s->copy, p, n);
	return n;
}

static inline uint32_t in_flight(const struct end *e)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < e->n_seg; i++)
		sum += e->seg[i].len;
	return sum;
}

static inline int64_t do_sendv(struct wire *w, struct end *e, const struct ix_call *c)
{
	const struct ix_sg *sg = (const struct ix_sg *)(uintptr_t)c->sg;
	uint64_t room = w->wnd - in_flight(e), taken = 0, asked = 0;

	CU_ASSERT(c->n >= 1 && c->n <= IX_SG_MAX && !e->fin_out && e->open);
	if (rng_chance(&w->rng, 100000000))
		room = rng_below(&w->rng, room + 1);
	for (uint32_t i = 0; i < c->n; i++) {
		const uint8_t *p = (const uint8_t *)(uintptr_t)sg[i].addr;
		uint64_t off = 0, n;

		CU_ASSERT(sg[i].len > 0);
		asked += sg[i].len;
		while (off < sg[i].len && taken < room && e->n_seg < SEGS) {
			n = sg[i].len - off;
			n = seg_add(w, e, p + off, n < room - taken ? n : room - taken);
			off += n;
			taken += n;
		}
		if (off < sg[i].len)
			room = 0;
	}
	e->starved = taken < asked;
	return (int64_t)taken;
}

static inline int64_t do_recv_done(struct wire *w, struct end *e, uint64_t bytes)
{
	(void)w;
	while (bytes && e->n_frames) {
		uint32_t left = e->frame_len[0] - e->frame_off;

		if (bytes < left) {
			e->frame_off += (uint32_t)bytes;
			return 0;
		}
		bytes -= left;
		free(e->frame[0]);
		e->frame_off = 0;
		e->n_frames--;
		memmove(e->frame, e->frame + 1, e->n_frames * sizeof(e->frame[0]));
		memmove(e->frame_len, e->frame_len + 1, e->n_frames * sizeof(e->frame_len[0]));
	}
	CU_ASSERT(bytes == 0);
	return bytes ? -EINVAL : 0;
}

static inline int64_t do_close(struct wire *w, struct end *e, uint32_t mode)
{
	struct end *peer = e->peer;

	if (mode == IX_CLOSE_RST || !e->known) {
		end_die(w, e, IX_DEAD_ABORTED);
		if (peer)
			end_die(w, peer, IX_DEAD_RESET);
		return 0;
	}
	e->fin_out = true;
	if (mode == IX_CLOSE_FIN) {
		e->valid = false;
		frames_drop(w, e);
	}
	return 0;
}

static inline int64_t do_timer(struct wire *w, int side, const struct ix_call *c)
{
	for (struct wire_timer *t = w->timer[side]; t < w->timer[side] + TIMERS; t++) {
		if (c->nr == IX_CALL_TIMER_CANCEL && t->handle == c->handle) {
			t->handle = 0;
			return 0;
		}
		if (c->nr == IX_CALL_TIMER_ARM && !t->handle) {
			*t = (struct wire_timer){ c->cookie, w->now_ns + c->delay_ns,
						  ++w->next_handle };
			return (int64_t)t->handle;
		}
	}
	return -EBADF;
}

static inline int64_t do_call(struct wire *w, int side, const struct ix_call *c)
{
	struct end *e;

	if (c->nr == IX_CALL_CONNECT)
		return do_connect(w, side, c);
	if (c->nr == IX_CALL_TIMER_ARM || c->nr == IX_CALL_TIMER_CANCEL)
		return do_timer(w, side, c);
	e = end_find(w, side, c->handle);
	if (!e)
		return -EBADF;
	switch (c->nr) {
	case IX_CALL_ACCEPT:
		return do_accept(w, e, c);
	case IX_CALL_SENDV:
		return do_sendv(w, e, c);
	case IX_CALL_RECV_DONE:
		return do_recv_done(w, e, c->bytes);
	default:
		return do_close(w, e, c->n);
	}
}

/* Acknowledge what the peer has had for a pass; tell of the window. */
static inline void end_ack(struct wire *w, struct end *e)
{
	struct ix_event sent = { .nr = IX_EV_SENT, .cookie = e->cookie };

	while (e->n_seg && e->seg[0].delivered && !rng_chance(&w->rng, 200000000)) {
		CU_ASSERT(memcmp(e->seg[0].src, e->seg[0].copy, e->seg[0].len) == 0);
		sent.bytes += e->seg[0].len;
		free(e->seg[0].copy);
		e->n_seg--;
		memmove(e->seg, e->seg + 1, e->n_seg * sizeof(e->seg[0]));
	}
	if (!sent.bytes && !(e->starved && e->n_seg == 0))
		return;
	sent.window = w->wnd - in_flight(e);
	e->starved = false;
	fake_event(&w->dp[e->side], sent);
}

/* Hand the peer what is on the wire, as its window allows. */
static inline void end_deliver(struct wire *w, struct end *e)
{
	struct end *to = e->peer;
	uint32_t held = 0;

	for (uint32_t i = 0; to && i < to->n_frames; i++)
		held += to->frame_len[i];
	for (uint32_t i = 0; i < e->n_seg && to; i++) {
		struct seg *s = &e->seg[i];

		if (s->delivered)
			continue;
		if (!to->valid) {
			s->delivered = true;	/* closed there: nobody reads it */
			continue;
		}
		if (held + s->len > w->wnd || to->n_frames == FRAMES || !wire_room(w, to->side) ||
		    rng_chance(&w->rng, 200000000))
			return;
		held += s->len;
		s->delivered = true;
		to->frame[to->n_frames] = malloc(s->len);
		memcpy(to->frame[to->n_frames], s->src, s->len);
		to->frame_len[to->n_frames++] = s->len;
		fake_event(&w->dp[to->side],
			   (struct ix_event){ .nr = IX_EV_RECV, .cookie = to->cookie, .len = s->len,
				   .ptr = (uint64_t)(uintptr_t)to->frame[to->n_frames - 1] });
	}
}

static inline void end_fin(struct wire *w, struct end *e)
{
	struct end *to = e->peer;

	if (!to || !e->fin_out || e->n_seg)
		return;
	if (!e->fin_told && to->valid)
		fake_event(&w->dp[to->side],
			   (struct ix_event){ .nr = IX_EV_RECV, .cookie = to->cookie });
	e->fin_told = true;
	if (to->fin_told && to->n_seg == 0) {
		end_die(w, e, IX_DEAD_CLOSED);
		end_die(w, to, IX_DEAD_CLOSED);
	}
}

static inline void wire_timers(struct wire *w, int side)
{
	for (struct wire_timer *t = w->timer[side]; t < w->timer[side] + TIMERS; t++) {
		if (!t->handle || t->due_ns > w->now_ns)
			continue;
		t->handle = 0;
		fake_event(&w->dp[side],
			   (struct ix_event){ .nr = IX_EV_TIMER, .cookie = t->cookie });
	}
}

/* One pass of @side: enter, execute the batch in order, fire timers. */
static inline void wire_pass(struct wire *w, int side)
{
	struct fake_dp *d = &w->dp[side];

	fake_enter(d, w->ev[side], w->now_ns);
	for (uint32_t i = 0; i < w->n_grave[side]; i++)
		free(w->grave[side][i]);
	w->n_grave[side] = 0;
	for (uint32_t i = 0; i < d->n_left; i++)
		fake_return(d, i, do_call(w, side, &d->left[i]));
	wire_timers(w, side);
}

/* Both sides, then the wire between them; time moves by PASS_NS. */
static inline void wire_step(struct wire *w)
{
	wire_pass(w, 0);
	wire_pass(w, 1);
	w->now_ns += PASS_NS;
	for (struct end *e = w->end; e < w->end + ENDS; e++) {
		if (!e->used || !e->open || !wire_room(w, 0) || !wire_room(w, 1))
			continue;
		end_ack(w, e);
		end_deliver(w, e);
		end_fin(w, e);
	}
}

/* Abort everything; after it, nothing may be left. */
static inline void wire_end(struct wire *w)
{
	for (int i = 0; i < 20; i++) {
		for (struct end *e = w->end; e < w->end + ENDS; e++)
			if (e->used)
				end_die(w, e, IX_DEAD_TIMEOUT);
		w->refuse_all = true;
		wire_step(w);
	}
}

#endif
