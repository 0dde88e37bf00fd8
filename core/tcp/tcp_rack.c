/* SPDX-License-Identifier: MIT */
/*
 * tcp_rack.c - loss detection by time: RACK, and tail loss probes (RFC 8985)
 *
 * A segment is lost if one sent after it has arrived and a reordering window has passed. The
 * window begins at nothing, widens when the network is seen to reorder, and with every round
 * in which a D-SACK shows a retransmission to have been needless.
 * Only for peers with SACK; for others see tcp_loss.c.
 */
#include "tcp/tcp_impl.h"

enum {
	REO_PERSIST = 16,		/* recoveries a widened window lasts (section 6.2 step 4) */
	DUP_THRESH = 3,			/* segments, while no reordering has been seen */
	PTO_MARGIN_US = 2000,		/* beyond 2 SRTT: a timer's and a scheduler's slack */
};

static bool sent_after(uint32_t tx1, uint32_t end1, uint32_t tx2, uint32_t end2)
{
	return us_before(tx2, tx1) || (tx1 == tx2 && seq_gt(end1, end2));
}

/** Bytes of @h up to @end have arrived (section 6.2, steps 1 to 3). */
void tcp_rack_delivered(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a,
			const struct snd_hole *h, uint32_t end)
{
	uint32_t rtt = a->arrival_us - h->tx_us;
	bool again = h->flags & HOLE_AGAIN;

	if ((int32_t)rtt < 0 || (again && rtt < c->min_rtt))
		return;			/* of an earlier transmission, or a guess */
	if (!again) {
		tcp_rtt_min(t, p, c, rtt);
		if (c->rack_valid && seq_lt(end, c->rack_fack) && seq_lt(p->snd_una, c->rack_fack))
			c->reordering = true;
		if (!a->rtt_taken && seq_gt(end, p->rtt_seq)) {
			a->rtt_taken = true;
			tcp_rtt_sample(p, h->tx_us, a->arrival_us);
			p->rtt_seq = p->snd_nxt;
		}
	}
	c->rack_fack = c->rack_valid ? seq_max(c->rack_fack, end) : end;
	if (c->rack_valid && !sent_after(h->tx_us, end, c->rack_tx, c->rack_end))
		return;
	c->rack_valid = true;
	c->rack_tx = h->tx_us;
	c->rack_end = end;
	c->rack_rtt = rtt;
}

/** Something has arrived twice: wait longer next time (step 4). */
void tcp_rack_dsack(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	if (c->dsack_in_round && seq_in(c->dsack_round, a->ack + 1, tcp_flight(p)))
		return;
	c->dsack_in_round = true;
	c->dsack_round = p->snd_nxt;
	c->reo_mult = (uint8_t)MIN(MAX(c->reo_mult, 1) + 1, UINT8_MAX);
	c->reo_persist = REO_PERSIST;
}

/** A recovery has ended: a widened window wears off. */
void tcp_rack_recovered(struct tcp_cold *c)
{
	if (c->reo_persist > 0 && --c->reo_persist == 0)
		c->reo_mult = 1;
}

static uint32_t reo_wnd(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	uint32_t srtt = p->srtt >> 3, base = c->min_rtt ? c->min_rtt : srtt;

	if (!c->reordering && ((p->flags & (F_RECOVERY | F_RTX)) ||
			       c->sacked > (DUP_THRESH - 1) * (uint32_t)p->mss))
		return 0;
	return (uint32_t)MIN((uint64_t)base * MAX(c->reo_mult, 1) / 4, srtt);
}

/** Step 5: mark what is lost now; a timer comes for what may be. */
void tcp_rack_detect(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	uint32_t limit = c->rack_rtt + reo_wnd(p, c), wait = 0;

	if (!c->rack_valid)
		return;
	tcp_board_extend_sent(t, p, c, c->rack_tx);
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next) {
		struct snd_hole *h = tcp_hole(t, i);
		uint32_t age = t->now_us - h->tx_us;

		if ((h->flags & HOLE_LOST) ||
		    !sent_after(c->rack_tx, c->rack_end, h->tx_us, h->end))
			continue;
		if (age >= limit)
			tcp_board_lose(c, h);
		else
			wait = MAX(wait, limit - age);
	}
	if (wait > 0)
		tcp_timer_reorder(t, p, wait);
}

/** The retransmission timer has expired: lost is what is older than a round trip (6.3). */
void tcp_rack_timed_out(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	uint32_t rtt = c->rack_valid ? c->rack_rtt : p->srtt >> 3;
	uint32_t cut = t->now_us - rtt - reo_wnd(p, c);

	tcp_board_extend_sent(t, p, c, cut + 1);
	if (p->snd_nxt == p->snd_end + 1 && seq_geq(c->board_end, p->snd_end))
		tcp_board_extend(t, p, c, p->snd_nxt);		/* the FIN */
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next)
		if (!us_before(cut, tcp_hole(t, i)->tx_us))
			tcp_board_lose(c, tcp_hole(t, i));
	tcp_board_lose_first(t, p, c, true);	/* the timer was about it */
}

/** Is a loss probe to be sent if nothing is heard, and in how many us? Section 7.2. */
bool tcp_rack_pto(const struct tcp *t, const struct tcp_pcb *p, uint32_t *us)
{
	const struct tcp_cold *c = tcp_cold(t, p);
	bool one = tcp_flight(p) <= p->mss && p->snd_head == p->snd_tail;

	if (!t->cfg.tlp || !c->sack_ok || p->srtt == 0 || p->state < TCP_ESTABLISHED ||
	    (p->flags & (F_BOARD | F_RECOVERY | F_RTX | F_BACKOFF)) || p->snd_una == p->snd_nxt)
		return false;
	*us = 2 * (p->srtt >> 3) + (one ? TCP_ACK_DELAY_US : PTO_MARGIN_US);
	return *us < tcp_rtt_rto(t, p, 0);
}

/* The last segment again. Returns the sequence numbers sent. */
static uint32_t probe_again(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	bool fin = p->snd_nxt == p->snd_end + 1;
	uint32_t data_end = p->snd_nxt - fin, len = MIN(data_end - p->snd_una, p->mss), sent;
	uint32_t from = data_end - len;

	if (!tcp_board_extend(t, p, c, p->snd_nxt) || !tcp_board_cut(t, c, from))
		return 0;
	sent = tcp_tx_data(t, p, from, len, fin ? TH_FIN : 0, TX_REXMIT);
	if (sent > 0)
		tcp_board_sent(t, c, from, sent);
	return sent;
}

/** The probe timer has expired: section 7.3. */
void tcp_rack_probe(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t fresh = p->snd_end - p->snd_nxt, sent = 0;

	tcp_timer_restart_rto(t, p);
	if (p->flags & (F_BOARD | F_RECOVERY | F_RTX))
		return;
	c->tlp_again = false;
	if (!(p->flags & F_FIN_SENT) && fresh > 0 && tcp_flight(p) < p->snd_wnd) {
		fresh = MIN(MIN(fresh, p->mss), p->snd_wnd - tcp_flight(p));
		sent = tcp_tx_data(t, p, p->snd_nxt, fresh, 0, 0);
		p->snd_nxt += sent;
	} else {
		c->tlp_again = true;
		sent = probe_again(t, p, c);
	}
	if (sent > 0) {
		STAT_INC(t->nif->stats, TCP_TLP);
		tcp_board_extend(t, p, c, p->snd_una);		/* begins it */
		c->tlp_out = true;
		c->tlp_end = p->snd_nxt;
		p->flags |= F_BACKOFF;		/* undoubled; no probe before a sample */
		c->backoff = 0;
	}
	tcp_board_settle(p, c);
}

/** Section 7.4: true if the probe has repaired a loss that nothing else will tell about. */
bool tcp_rack_verdict(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	bool lost = false;

	if (seq_lt(a->ack, c->tlp_end))
		return false;
	if (!c->tlp_again || a->dsack)
		c->tlp_out = false;
	else if (seq_gt(a->ack, c->tlp_end))
		c->tlp_out = false, lost = true;
	else if (a->again && a->delivered == 0)
		c->tlp_out = false;		/* both have arrived */
	tcp_board_settle(p, c);
	return lost;
}
