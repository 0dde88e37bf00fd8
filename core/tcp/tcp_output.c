/* SPDX-License-Identifier: MIT */
/*
 * tcp_output.c - what may be sent now (RFC 9293 sections 3.7, 3.8; RFC 5681; RFC 6298)
 *
 * In order: what a timeout wants again, new data, our FIN. What cannot go leaves F_OUTPUT
 * set, and the event that will let it go (an ACK, a window, room in the ring, the persist
 * or retransmission timer) comes back here.
 */
#include "tcp/tcp_impl.h"

enum step { STEP_DONE, STEP_HELD, STEP_NO_ROOM };

static uint32_t window(const struct tcp *t, const struct tcp_pcb *p)
{
	uint32_t cwnd = p->cwnd;

	if ((p->flags & (F_DUPACKS | F_RECOVERY)) == F_DUPACKS)
		cwnd += MIN(tcp_cold(t, p)->dupacks, 2u) * p->mss;
	return MIN(cwnd, p->snd_wnd);
}

/* [rtx_nxt, rtx_end) again; the first segment goes whatever the window says. */
static enum step send_again(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	while (seq_lt(c->rtx_nxt, c->rtx_end)) {
		uint32_t out = c->rtx_nxt - p->snd_una;
		uint32_t data = seq_min(c->rtx_end, p->snd_end) - c->rtx_nxt;
		uint32_t len = MIN(data, p->mss), sent;
		bool fin = (p->flags & F_FIN_SENT) && len == data && seq_gt(c->rtx_end, p->snd_end);

		if (seq_geq(c->rtx_nxt, p->snd_end))
			len = 0;
		if (out > 0 && out + len > window(t, p))
			return STEP_HELD;
		sent = tcp_tx_data(t, p, c->rtx_nxt, len, fin || len == 0 ? TH_FIN : 0, TX_REXMIT);
		if (sent == 0)
			return STEP_NO_ROOM;
		c->rtx_nxt += sent;
	}
	return STEP_DONE;
}

/* Nagle (3.7.4) holds a short segment while something is in flight. */
static bool nagle_holds(const struct tcp *t, const struct tcp_pcb *p, uint32_t len)
{
	return t->cfg.nagle && len < p->mss && tcp_flight(p) > 0 && !(p->flags & F_FIN_WANTED);
}

static enum step send_new(struct tcp *t, struct tcp_pcb *p)
{
	while (seq_lt(p->snd_nxt, p->snd_end)) {
		uint32_t len = MIN(p->snd_end - p->snd_nxt, p->mss), sent;

		if (tcp_flight(p) + len > window(t, p))
			return STEP_HELD;
		if (nagle_holds(t, p, len))
			return STEP_HELD;
		sent = tcp_tx_data(t, p, p->snd_nxt, len, 0, 0);
		if (sent == 0)
			return STEP_NO_ROOM;
		p->snd_nxt += sent;
	}
	return STEP_DONE;
}

static enum step send_fin(struct tcp *t, struct tcp_pcb *p)
{
	if (!(p->flags & F_FIN_WANTED) || (p->flags & F_FIN_SENT))
		return STEP_DONE;
	if (tcp_tx_data(t, p, p->snd_nxt, 0, TH_FIN, 0) == 0)
		return STEP_NO_ROOM;
	p->snd_nxt++;
	p->flags |= F_FIN_SENT;
	return STEP_DONE;
}

static enum step send_all(struct tcp *t, struct tcp_pcb *p)
{
	enum step s = STEP_DONE;

	if (unlikely(p->flags & F_RTX))
		s = send_again(t, p);
	if (s == STEP_DONE)
		s = send_new(t, p);
	if (s == STEP_DONE)
		s = send_fin(t, p);
	return s;
}

/* The common case: the queue's news fits one segment, and nothing stands against it. */
static inline bool send_one(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t len = p->snd_end - p->snd_nxt, sent;

	if ((p->flags & (F_RTX | F_OUTPUT | F_FIN_WANTED | F_DUPACKS)) || len > p->mss ||
	    len == 0 || t->cfg.nagle || tcp_flight(p) + len > MIN(p->cwnd, p->snd_wnd))
		return false;
	sent = tcp_tx_data(t, p, p->snd_nxt, len, 0, 0);
	p->snd_nxt += sent;
	if (unlikely(sent < len))
		return false;
	tcp_timer_data_sent(t, p);
	return true;
}

/** Send what may go now. */
void tcp_output(struct tcp *t, struct tcp_pcb *p)
{
	enum step s;

	if (likely(send_one(t, p)))
		return;
	s = send_all(t, p);
	if (s == STEP_DONE) {
		p->flags &= ~(uint32_t)F_OUTPUT;
	} else {
		p->flags |= F_OUTPUT;
		if (s == STEP_NO_ROOM)
			tcp_dirty(t, p);
	}
	if (p->snd_una != p->snd_nxt || s == STEP_NO_ROOM)
		tcp_timer_data_sent(t, p);
	else if (s == STEP_HELD)
		tcp_timer_persist(t, p);
}
