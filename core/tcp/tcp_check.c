/* SPDX-License-Identifier: MIT */
/*
 * tcp_check.c - may this segment speak? Sequence, PAWS, RST, SYN
 *
 * The first four steps of RFC 9293 section 3.10.7.4, with RFC 7323 section 5.3 (PAWS) and
 * RFC 5961 sections 3 and 4 (blind reset and SYN). Third, security, is not implemented:
 * IPv4 options are skipped.
 */
#include "tcp/tcp_impl.h"

/* 24 days of 1.024 ms ticks, after which ts_recent is void (RFC 7323 section 5.5). */
#define TS_RECENT_LIFE	(24u * 24 * 3600 * 1000 / 1024 * 1000)

static bool paws_rejects(const struct tcp *t, const struct tcp_cold *c, const struct tcp_seg *s)
{
	return s->has_ts && seq_lt(s->tsval, c->ts_recent) &&
	       tcp_ts_now(t) - c->ts_recent_at < TS_RECENT_LIFE;
}

/**
 * RFC 9293 section 3.4, the four cases. @len counts SYN and FIN. An empty segment at the
 * right edge is taken too: a peer that has filled the window acknowledges from there, and
 * while something before it is missing those ACKs are all it can send. (Linux and the BSDs
 * do the same.)
 */
static bool acceptable(const struct tcp_pcb *p, uint32_t seq, uint32_t len)
{
	uint32_t wnd = p->rcv_adv - p->rcv_nxt;

	if (len == 0)
		return seq - p->rcv_nxt <= wnd;
	if (wnd == 0)
		return false;
	return seq_in(seq, p->rcv_nxt, wnd) || seq_in(seq + len - 1, p->rcv_nxt, wnd) ||
	       (seq_lt(seq, p->rcv_nxt) && seq_gt(seq + len, p->rcv_nxt));
}

/** @seq is beyond the window, or below any there can have been while what it carries was on its
 * way: no retransmission of an honest peer begins there. */
bool tcp_check_far(const struct tcp *t, const struct tcp_pcb *p, uint32_t seq)
{
	return seq - (p->rcv_nxt - t->cfg.rcv_wnd) > t->cfg.rcv_wnd + (p->rcv_adv - p->rcv_nxt);
}

static enum verdict reject(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	uint32_t wnd = p->rcv_adv - p->rcv_nxt;
	struct tcp_cold *c = tcp_cold(t, p);

	/* No room, yet valid ACKs and RSTs are taken (MUST-66); the text is not, and the
	 * peer hears where we stand. */
	if (wnd == 0 && s->seq == p->rcv_nxt && !(s->flags & TH_SYN)) {
		s->len = 0;
		s->flags &= (uint8_t)~TH_FIN;
		p->flags |= F_ACK_NOW;
		tcp_dirty(t, p);
		return V_NEXT;
	}
	if (seq_lt(s->seq, p->rcv_nxt) && !(s->flags & (TH_RST | TH_SYN))) {	/* again */
		STAT_ADD(t->nif->stats, TCP_DUP_DATA, s->len);
		if (!tcp_check_far(t, p, s->seq))
			tcp_sack_twice(p, c, s->seq, seq_min(s->seq + s->len, p->rcv_nxt));
	}
	STAT_INC(t->nif->stats, TCP_OUT_OF_WINDOW);
	return s->flags & TH_RST ? V_DROP : V_ACK;
}

enum verdict tcp_check_seq(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t len = s->len + !!(s->flags & TH_SYN) + !!(s->flags & TH_FIN);

	/* The SYN again: our SYN-ACK was lost. */
	if (p->state == TCP_SYN_RCVD && (s->flags & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN &&
	    s->seq == c->irs) {
		tcp_ecn_agree(t, p, s->flags);
		tcp_tx_syn(t, p);
		return V_DROP;
	}
	if ((p->flags & F_TS) && !(s->flags & TH_RST)) {
		if (!s->has_ts)
			return V_DROP;		/* RFC 7323 section 3.2 */
		if (paws_rejects(t, c, s)) {
			STAT_INC(t->nif->stats, TCP_PAWS);
			return V_ACK;
		}
	}
	if (!acceptable(p, s->seq, len))
		return reject(t, p, s);
	if (s->has_ts && seq_geq(s->tsval, c->ts_recent) && seq_leq(s->seq, c->last_ack_sent)) {
		c->ts_recent = s->tsval;
		c->ts_recent_at = tcp_ts_now(t);
	}
	return V_NEXT;
}

enum verdict tcp_check_rst(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	if (!(s->flags & TH_RST))
		return V_NEXT;
	if (s->seq != p->rcv_nxt) {
		STAT_INC(t->nif->stats, TCP_RST_IGNORED);
		return V_CHALLENGE;		/* RFC 5961 section 3.2 */
	}
	STAT_INC(t->nif->stats, TCP_RST_RX);
	tcp_end(t, p, TCP_END_RESET);
	return V_GONE;
}

enum verdict tcp_check_syn(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	(void)t;
	(void)p;
	return s->flags & TH_SYN ? V_CHALLENGE : V_NEXT;	/* RFC 5961 section 4.2 */
}
