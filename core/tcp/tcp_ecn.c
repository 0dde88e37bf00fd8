/* SPDX-License-Identifier: MIT */
/*
 * tcp_ecn.c - explicit congestion notification: agreeing on it, echoing and obeying marks
 *
 * RFC 3168 section 6.1, and the echo of RFC 8257 section 3.2 for an algorithm that counts
 * marks. Only new data says ECT(0): SYNs, pure ACKs, probes and retransmissions do not.
 * Entered only for connections with F_ECN, but for the handshake.
 * Not here: how far a window shrinks (tcp_cc_*.c), loss (tcp_loss.c).
 * Departures: a loss reduces the window even if a mark in the same window of data has; a
 * window of one segment is not made to wait for the timer (6.1.2).
 */
#include "tcp/tcp_impl.h"

enum { ECN_SETUP = TH_ECE | TH_CWR };

const char *const tcp_ecn_names[] = { "off", "on", "passive", NULL };

static bool is_ce(const struct mbuf *m)
{
	return (m->buf[m->l3_off + IP_TOS] & IP_ECN_MASK) == IP_ECN_CE;
}

/**
 * What the SYN or SYN-ACK that is going out says, TH_ECE and TH_CWR. Only the first SYN asks:
 * something on the way may drop those that do (6.1.1.1).
 */
uint8_t tcp_ecn_syn(const struct tcp *t, const struct tcp_pcb *p)
{
	const struct tcp_cold *c = tcp_cold(t, p);

	if (p->state == TCP_SYN_RCVD)
		return p->flags & F_ECN ? TH_ECE : 0;
	return !c->ecn_asked && (t->cfg.ecn == TCP_ECN_ON || c->cc->ecn) ? ECN_SETUP : 0;
}

/** ... and has found room, saying @flags. */
void tcp_ecn_syn_sent(const struct tcp *t, const struct tcp_pcb *p, uint8_t flags)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->state == TCP_SYN_RCVD)
		return;
	if (flags)
		c->ecn_asked = true;
	else
		c->ecn_mute = true;
}

/** Is a peer that asks for ECN to get it, from a connection with @cc? */
bool tcp_ecn_willing(const struct tcp *t, const struct tcp_cc_ops *cc)
{
	return t->cfg.ecn != TCP_ECN_OFF || cc->ecn;
}

/** The peer's SYN or SYN-ACK has @flags; its last word counts. Section 6.1.1. */
void tcp_ecn_agree(struct tcp *t, struct tcp_pcb *p, uint8_t flags)
{
	const struct tcp_cold *c = tcp_cold(t, p);
	bool agreed;

	if (flags & TH_ACK)			/* both bits: a reflection, not an answer */
		agreed = c->ecn_asked && (flags & ECN_SETUP) == TH_ECE;
	else
		agreed = tcp_ecn_willing(t, c->cc) && (flags & ECN_SETUP) == ECN_SETUP;
	p->flags = agreed ? p->flags | F_ECN : p->flags & ~(uint32_t)F_ECN;
}

/*
 * RFC 8257 section 3.2: every acknowledgement speaks of segments in one state only. Where the
 * state changes, what came before is acknowledged first.
 */
static void echo_exactly(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, bool ce)
{
	if (ce == c->ecn_echo)
		return;
	if (p->flags & (F_ACK_NOW | F_ACK_LATER))
		tcp_tx_ack(t, p);
	c->ecn_echo = ce;
	p->flags |= F_ACK_NOW;
	tcp_dirty(t, p);
}

/** New text has come, and is not counted yet. Section 6.1.3. */
void tcp_ecn_text(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool ce = is_ce(s->m);

	if (ce)
		STAT_INC(t->nif->stats, TCP_ECN_CE);
	if (c->cc->ecn)
		echo_exactly(t, p, c, ce);
	else if (ce || (s->flags & TH_CWR))
		c->ecn_echo = ce;
}

/**
 * @m begins with the finished header of a segment; @fresh: for data that is sent for the first
 * time. Sections 6.1.2, 6.1.5.
 */
void tcp_ecn_stamp(struct tcp *t, struct tcp_pcb *p, struct mbuf *m, bool fresh)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint8_t *flags = &mbuf_data(m)[TCP_FLAGS];

	if (c->ecn_echo)
		*flags |= TH_ECE;
	if (!fresh || c->ecn_mute)
		return;
	m->flags |= MBUF_TX_ECT0;
	if (!c->ecn_cwr)
		return;
	c->ecn_cwr = false;
	*flags |= TH_CWR;
	STAT_INC(t->nif->stats, TCP_ECN_CWR);
}

/* Once a window of data; a loss that is being repaired has reduced it, and holds it. */
static void reduce(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	uint32_t flight = MIN(tcp_flight(p), p->cwnd);

	if (flight == 0 || c->ecn_held)
		return;
	STAT_INC(t->nif->stats, TCP_ECN_ECE);
	if (c->cc->marked)
		c->ssthresh = c->cc->marked(t, p, c, flight);
	else
		c->ssthresh = c->cc->loss(t, p, c, flight);
	p->cwnd = MIN(p->cwnd, c->ssthresh);
	c->undo = false;			/* there is congestion: the last one stands */
	tcp_ecn_reduced(p, c);
}

/**
 * An ACK at or above SND.UNA, which has not moved yet. True: it says ECE, so it does not make
 * the window grow.
 */
bool tcp_ecn_ack(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool ece = s->flags & TH_ECE;

	/* ECE may go on until the segment that says CWR, the one at ecn_end, has arrived. */
	if (c->ecn_held && seq_gt(s->ack, c->ecn_end))
		c->ecn_held = false;
	if (c->cc->ece)
		c->cc->ece(t, p, c, s->ack - p->snd_una, ece);
	if (ece)
		reduce(t, p, c);
	return ece;
}

/** Header prediction expects @s, which says neither ECE nor CWR. False: take the long way. */
bool tcp_ecn_fast(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	const struct tcp_cold *c = tcp_cold(t, p);

	if (s->len > 0 && (is_ce(s->m) || (c->ecn_echo && c->cc->ecn)))
		return false;
	tcp_ecn_ack(t, p, s);
	return true;
}
