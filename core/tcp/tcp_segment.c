/* SPDX-License-Identifier: MIT */
/*
 * tcp_segment.c - SEGMENT ARRIVES for a connection, the long way (RFC 9293 section 3.10.7)
 *
 * One switch by state, the RFC's steps as helpers, one exit.
 */
#include "tcp/tcp_impl.h"

/* Sixth (URG) is ignored as data in line: RFC 6093. */
static enum verdict text_and_fin(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	enum verdict v = tcp_rcv_text(t, p, s);				/* seventh */

	return v == V_NEXT ? tcp_close_fin(t, p) : v;			/* eighth */
}

/* 3.10.7.4 */
static enum verdict synchronized(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	enum verdict v = tcp_check_seq(t, p, s);			/* first; PAWS */

	if (v == V_NEXT)
		v = tcp_check_rst(t, p, s);				/* second; RFC 5961 */
	if (v == V_NEXT)
		v = tcp_check_syn(t, p, s);				/* fourth; RFC 5961 */
	if (v == V_NEXT && p->state == TCP_SYN_RCVD)
		v = tcp_hs_syn_rcvd(t, p, s);				/* fifth, SYN-RECEIVED */
	if (v == V_NEXT)
		v = tcp_snd_ack(t, p, s);				/* fifth */
	if (v == V_NEXT)
		v = text_and_fin(t, p, s);
	return v;
}

/*
 * Two ends that disagree about the stream (somebody else spoke in it) would acknowledge each
 * other's acknowledgements for ever: one answer now and then to a segment that carries nothing,
 * or that somebody blind has made up. What the peer may have sent again is answered at once.
 */
static void answer(struct tcp *t, struct tcp_pcb *p, bool limited)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (limited && t->now_us - c->empty_acked_at < TCP_EMPTY_ACK_US) {
		STAT_INC(t->nif->stats, TCP_EMPTY_LIMITED);
		return;
	}
	if (limited)
		c->empty_acked_at = t->now_us;
	tcp_tx_ack(t, p);
}

/* The only place that answers, resets or ends because of a segment; @empty: as it came. */
static void conclude(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s, enum verdict v,
		     bool empty)
{
	switch (v) {
	case V_NEXT:
		if ((p->flags & F_OOO) && tcp_sack_due(tcp_cold(t, p)))
			tcp_tx_ack(t, p);	/* part of it was a duplicate: RFC 2883 */
		break;
	case V_DROP:
	case V_GONE:
		break;
	case V_ACK:
		answer(t, p, empty || tcp_check_far(t, p, s->seq));
		break;
	case V_CHALLENGE:
		tcp_tx_challenge(t, p);
		break;
	case V_RST:
		tcp_tx_rst_for(t, &p->node.flow, s);
		break;
	case V_ABORT:
		tcp_tx_rst(t, p);
		tcp_end(t, p, TCP_END_ABORTED);
		break;
	}
}

void tcp_segment(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	bool empty = s->len == 0 && !(s->flags & (TH_SYN | TH_FIN));
	enum verdict v = V_NEXT;

	if (p->flags & F_T_KEEP)
		tcp_cold(t, p)->keep_heard = true;
	if ((p->flags & F_TS) && !tcp_opts_ts(s)) {
		STAT_INC(t->nif->stats, TCP_BAD_HEADER);
		return;
	}
	switch (p->state) {
	case TCP_SYN_SENT:
		v = tcp_hs_syn_sent(t, p, s);				/* 3.10.7.3 */
		if (v == V_NEXT)
			v = text_and_fin(t, p, s);
		break;
	case TCP_TIME_WAIT:
		v = tcp_close_time_wait(t, p, s);
		break;
	default:
		v = synchronized(t, p, s);
		break;
	}
	conclude(t, p, s, v, empty);
}
