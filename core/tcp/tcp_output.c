/* SPDX-License-Identifier: MIT */
/*
 * tcp_output.c - what may be sent now (RFC 9293 sections 3.7, 3.8; RFC 5681; RFC 6298)
 *
 * In order: what is lost (holes of the scoreboard), new data, our FIN. What cannot go leaves
 * F_OUTPUT set, and the event that will let it go (an ACK, a window, room in the ring, the
 * pace, the persist or retransmission timer) comes back here.
 */
#include "tcp/tcp_impl.h"

enum { PACE_LATE_US = 32 };	/* two ticks of the wheel: made up for, or they would limit */
enum step { STEP_DONE, STEP_HELD, STEP_PACED, STEP_NO_ROOM };

/*
 * The pace: a window in the time of a round trip, a quarter faster (twice as fast in slow
 * start), so that the pace is never what limits. It begins anew in an empty network: SRTT may
 * be of another age (what is sent again measures nothing), and a segment a round trip is no
 * burst. False: not yet, the timer is set.
 */
static bool paced(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c;

	if (likely(!t->cfg.pacing))
		return true;
	c = tcp_cold(t, p);
	if (tcp_pipe(t, p) == 0)
		c->pace_at = t->now_us - PACE_LATE_US;
	if (!us_before(t->now_us, c->pace_at) || p->srtt == 0 ||
	    c->pace_at - t->now_us > 4 * (p->srtt >> 3))	/* of another age of the clock */
		return true;
	tcp_timer_pace(t, p, c->pace_at);
	return false;
}

static void pace(struct tcp *t, struct tcp_pcb *p, uint32_t bytes)
{
	struct tcp_cold *c;
	uint32_t gain, least = t->now_us - PACE_LATE_US;

	if (likely(!t->cfg.pacing))
		return;
	c = tcp_cold(t, p);
	gain = p->cwnd < c->ssthresh ? 8 : 5;			/* quarters */
	if (us_before(c->pace_at, least) || c->pace_at - least > 4 * (p->srtt >> 3) + PACE_LATE_US)
		c->pace_at = least;
	c->pace_at += (uint32_t)((uint64_t)bytes * (p->srtt >> 3) * 4 / gain / p->cwnd);
}

/* A timeout, and no room on any scoreboard: the first segment, and nothing is measured. */
static enum step send_first(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	bool fin = p->snd_nxt == p->snd_end + 1;
	uint32_t data = tcp_flight(p) - fin, len = MIN(data, p->mss);

	if (!tcp_tx_data(t, p, p->snd_una, len, fin && len == data ? TH_FIN : 0, TX_REXMIT))
		return STEP_NO_ROOM;
	c->rtx_due = c->frto = c->undo = false;
	p->rtt_seq = p->snd_nxt;
	return STEP_DONE;
}

/* What is lost goes first; the first segment goes whatever the window says. */
static enum step send_again(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	struct snd_hole *h;

	while ((h = tcp_board_lost(t, c)) != NULL) {
		uint32_t data = seq_max(seq_min(h->end, p->snd_end), h->seq) - h->seq;
		uint32_t len = MIN(data, p->mss), seq = h->seq, sent, pipe = tcp_pipe(t, p);
		bool fin = len == data && seq_gt(h->end, p->snd_end);

		if (pipe > 0 && pipe + len > p->cwnd && !c->rtx_due)
			return STEP_HELD;
		if (!paced(t, p))
			return STEP_PACED;
		sent = tcp_tx_data(t, p, seq, len, fin ? TH_FIN : 0, TX_REXMIT);
		if (sent == 0)
			return STEP_NO_ROOM;
		c->rtx_due = false;
		tcp_board_sent(t, c, seq, sent);
		c->prr_out += sent;
		pace(t, p, sent);
	}
	if (unlikely(c->rtx_due && !c->holes && tcp_flight(p) > 0))
		return send_first(t, p, c);
	return STEP_DONE;
}

/* Nagle (3.7.4) holds a short segment while something is in flight. */
static bool nagle_holds(const struct tcp *t, const struct tcp_pcb *p, uint32_t len)
{
	return t->nagle_used && tcp_cold(t, p)->nagle && len < p->mss && tcp_flight(p) > 0 &&
	       !(p->flags & F_FIN_WANTED);
}

static enum step send_new(struct tcp *t, struct tcp_pcb *p)
{
	while (seq_lt(p->snd_nxt, p->snd_end)) {
		uint32_t len = MIN(p->snd_end - p->snd_nxt, p->mss), sent;

		if (tcp_flight(p) + len > p->snd_wnd || tcp_pipe(t, p) + len > p->cwnd)
			return STEP_HELD;
		if (nagle_holds(t, p, len))
			return STEP_HELD;
		if (!paced(t, p))
			return STEP_PACED;
		sent = tcp_tx_data(t, p, p->snd_nxt, len, 0, 0);
		if (sent == 0)
			return STEP_NO_ROOM;
		p->snd_nxt += sent;
		pace(t, p, sent);
		if (unlikely(p->flags & F_RECOVERY))
			tcp_cold(t, p)->prr_out += sent;
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

	if (unlikely(p->flags & F_BOARD))
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

	if ((p->flags & (F_BOARD | F_OUTPUT | F_FIN_WANTED)) || len > p->mss || len == 0 ||
	    t->nagle_used || t->cfg.pacing || tcp_flight(p) + len > MIN(p->cwnd, p->snd_wnd))
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
	uint32_t nxt = p->snd_nxt;
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
	if (p->snd_una != p->snd_nxt || s == STEP_NO_ROOM) {
		if (p->snd_nxt != nxt || !(p->flags & F_T_RTO))	/* else it would never fire */
			tcp_timer_data_sent(t, p);
	} else if (s == STEP_HELD) {
		tcp_timer_persist(t, p);
	}
}
