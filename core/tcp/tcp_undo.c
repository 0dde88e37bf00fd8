/* SPDX-License-Identifier: MIT */
/*
 * tcp_undo.c - a reduction that was for nothing is taken back
 *
 * Three proofs that what was sent again had not been lost:
 *	F-RTO (RFC 5682 with SACK): behind a timeout, something sent only once arrives
 *	Eifel (RFC 3522): the acknowledgement echoes a timestamp older than the retransmission
 *	D-SACK (RFC 3708): the peer has reported every retransmission as a duplicate
 * The response is RFC 4015's: the windows are what they were.
 */
#include "tcp/tcp_impl.h"

static bool any_sent_again(const struct tcp *t, const struct tcp_cold *c)
{
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next)
		if (tcp_hole(t, i)->flags & HOLE_AGAIN)
			return true;
	return false;
}

/** The window is about to shrink because of loss. A retransmission of the time before that is
 * still out is one of this time: its echo and its D-SACK must prove nothing. */
void tcp_undo_save(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c)
{
	c->prior_cwnd = p->cwnd;
	c->prior_ssthresh = c->ssthresh;
	c->undo = true;
	if (any_sent_again(t, c))
		return;
	c->undo_rtx = 0;
	c->rtx_ts_set = false;
}

static bool explained(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	uint32_t n = a->dsack ? MAX((a->dsacked + p->mss - 1) / p->mss, 1) : 0;

	if (c->undo_rtx == 0 || n == 0)
		return false;
	c->undo_rtx -= MIN(n, c->undo_rtx);
	return c->undo_rtx == 0;
}

static bool proven(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	if ((p->flags & F_RTX) && c->frto && c->sack_ok && a->original)
		return true;
	if (a->has_ts && c->rtx_ts_set && a->ack != a->una && seq_lt(a->tsecr, c->rtx_ts))
		return true;
	return explained(p, c, a);
}

/** Does @a prove the last reduction wrong? Then it is undone, and true is returned. */
bool tcp_undo_try(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	if (!c->undo || !proven(p, c, a))
		return false;
	STAT_INC(t->nif->stats, TCP_UNDO);
	p->cwnd = MAX(p->cwnd, c->prior_cwnd);
	c->ssthresh = MAX(c->ssthresh, c->prior_ssthresh);
	c->undo = c->frto = c->rtx_due = false;
	p->flags &= ~(uint32_t)(F_RTX | F_RECOVERY | F_BACKOFF);
	c->partial = false;
	tcp_board_lose_none(t, c);
	tcp_board_settle(p, c);
	if (c->cc->undo)
		c->cc->undo(t, p, c);
	return true;
}
