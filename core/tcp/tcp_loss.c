/* SPDX-License-Identifier: MIT */
/*
 * tcp_loss.c - loss: fast retransmit, NewReno recovery, limited transmit, timeout
 *
 * RFC 5681 section 3.2, RFC 6582, RFC 3042, RFC 6298 section 5. After a timeout
 * [rtx_nxt, rtx_end) is sent again as the window grows; SND.NXT never moves back.
 * Not here: how windows shrink (tcp_cc_*.c), what may be sent (tcp_output.c).
 */
#include "tcp/tcp_impl.h"

static void set_dupacks(struct tcp_pcb *p, struct tcp_cold *c, uint8_t n)
{
	c->dupacks = n;
	if (n)
		p->flags |= F_DUPACKS;
	else
		p->flags &= ~(uint32_t)F_DUPACKS;
}

static void rexmit_first(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t data = seq_min(p->snd_nxt, p->snd_end) - p->snd_una;

	p->flags &= ~(uint32_t)F_RTT;
	STAT_INC(t->nif->stats, TCP_FAST_REXMIT);
	tcp_tx_data(t, p, p->snd_una, MIN(data, p->mss),
		    (p->flags & F_FIN_SENT) && data <= p->mss ? TH_FIN : 0, TX_REXMIT);
}

/* RFC 6582 section 3.2 step 2. */
static void enter_recovery(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	/* What limited transmit lent beyond cwnd does not count (RFC 5681 section 3.2). */
	c->ssthresh = c->cc->loss(t, p, c, MIN(tcp_flight(p), p->cwnd));
	c->recover = p->snd_nxt;
	c->partial = false;
	p->cwnd = c->ssthresh + 3u * p->mss;
	p->flags |= F_RECOVERY;
	rexmit_first(t, p);
	tcp_timer_restart_rto(t, p);
}

/* A segment has left the network; a peer that invents more of them gains nothing. */
static void inflate(struct tcp_pcb *p, const struct tcp_cold *c)
{
	if (p->cwnd < c->ssthresh + tcp_flight(p))
		p->cwnd += p->mss;
}

/** A duplicate ACK has arrived. */
void tcp_loss_dupack(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	STAT_INC(t->nif->stats, TCP_DUP_ACK);
	if (p->flags & F_RTX)
		return;
	if (c->dupacks < UINT8_MAX)
		set_dupacks(p, c, (uint8_t)(c->dupacks + 1));
	if (p->flags & F_RECOVERY)
		inflate(p, c);
	else if (c->dupacks < 3)
		STAT_INC(t->nif->stats, TCP_LIMITED_TX);
	else if (c->dupacks == 3 && seq_geq(p->snd_una, c->recover))
		enter_recovery(t, p, c);
}

/* RFC 6582 section 3.2 step 3. */
static void partial_ack(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked)
{
	rexmit_first(t, p);
	p->cwnd -= MIN(acked, p->cwnd - p->mss);
	if (acked >= p->mss)
		p->cwnd += p->mss;
	if (!c->partial)
		tcp_timer_restart_rto(t, p);
	c->partial = true;
}

static void leave_recovery(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	p->flags &= ~(uint32_t)F_RECOVERY;
	p->cwnd = MIN(c->ssthresh, MAX(tcp_flight(p), p->mss) + p->mss);
	set_dupacks(p, c, 0);
	tcp_timer_data_acked(t, p);
}

/**
 * SND.UNA has advanced by @acked; @flight was outstanding before. Grows the window only
 * when the window was what limited the sender (RFC 5681 section 3.1, RFC 7661).
 */
void tcp_loss_acked(struct tcp *t, struct tcp_pcb *p, uint32_t acked, uint32_t flight)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->flags & F_RECOVERY) {
		if (seq_lt(p->snd_una, c->recover))
			partial_ack(t, p, c, acked);
		else
			leave_recovery(t, p, c);
		return;
	}
	set_dupacks(p, c, 0);
	if (p->flags & F_RTX) {
		c->cc->acked(t, p, c, acked, true);
		c->rtx_nxt = seq_max(c->rtx_nxt, p->snd_una);
		if (seq_geq(p->snd_una, c->rtx_end))
			p->flags &= ~(uint32_t)F_RTX;
	} else {
		c->cc->acked(t, p, c, acked, p->cwnd < c->ssthresh ? 2 * flight >= p->cwnd
								   : flight + p->mss >= p->cwnd);
	}
}

static bool give_up(const struct tcp *t, const struct tcp_pcb *p, const struct tcp_cold *c)
{
	return c->retries > (p->state < TCP_ESTABLISHED ? t->cfg.syn_retries : t->cfg.data_retries);
}

/** One more timeout without progress. False: it was one too many, the connection is gone. */
bool tcp_loss_retry(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool unreachable = c->soft_err && c->soft_una == p->snd_una;

	c->retries++;
	if (!give_up(t, p, c))
		return true;
	tcp_end(t, p, unreachable ? TCP_END_UNREACHABLE : TCP_END_TIMEOUT);
	return false;
}

/* RFC 6298 (5.4) - (5.7). */
static void timeout_data(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	if (c->retries == 1) {
		c->ssthresh = c->cc->loss(t, p, c, MIN(tcp_flight(p), p->cwnd));
		if (c->cc->timeout)
			c->cc->timeout(t, p, c);
	}
	p->cwnd = p->mss;					/* the loss window */
	p->flags = (p->flags | F_RTX | F_OUTPUT) & ~(uint32_t)(F_RECOVERY | F_RTT);
	set_dupacks(p, c, 0);
	c->recover = c->rtx_end = p->snd_nxt;
	c->rtx_nxt = p->snd_una;
	tcp_output(t, p);
}

/** The retransmission timer has expired. May end the connection. */
void tcp_loss_timeout(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->snd_una == p->snd_nxt) {		/* armed only to retry a build that had no room */
		tcp_output(t, p);
		return;
	}
	STAT_INC(t->nif->stats, TCP_RTO);
	if (!tcp_loss_retry(t, p))
		return;
	if (c->backoff < 16)
		c->backoff++;
	p->flags &= ~(uint32_t)F_RTT;
	if (p->state < TCP_ESTABLISHED)
		tcp_tx_syn(t, p);
	else
		timeout_data(t, p, c);
	if (!(p->flags & F_T_RTO))
		tcp_timer_restart_rto(t, p);
}
