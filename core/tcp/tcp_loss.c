/* SPDX-License-Identifier: MIT */
/*
 * tcp_loss.c - loss recovery: open, fast recovery, behind a timeout
 *
 * An acknowledgement has been read into struct tcp_acked and the scoreboard; this file
 * decides what it means: RACK says what is lost where the peer has SACK (tcp_rack.c), here
 * duplicate ACKs do where it has not (RFC 5681 section 3.2, RFC 6582, RFC 3042). In recovery
 * PRR sets the window (tcp_prr.c); behind a timeout slow start does. SND.NXT never moves
 * back: what is lost is a hole of the scoreboard, and tcp_output.c sends it again.
 * Not here: how far windows shrink (tcp_cc_*.c), what may be sent (tcp_output.c).
 */
#include "tcp/tcp_impl.h"

enum { DUP_THRESH = 3 };

/*
 * RFC 5681 section 3.1, RFC 7661: the window, not the application, was the limit. The
 * application runs behind all ACKs of a pass: the flight is what it was at the first. With less
 * than half a window out none counts, as on the fast path.
 */
static bool limited(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c,
		    uint32_t flight)
{
	if (2 * flight < p->cwnd)
		return false;
	c->pass_flight = c->pass_us == t->now_us ? MAX(c->pass_flight, flight) : flight;
	c->pass_us = t->now_us;
	flight = c->pass_flight;
	return p->cwnd < c->ssthresh ? 2 * flight >= p->cwnd : flight + p->mss >= p->cwnd;
}

/** SND.UNA has advanced by @acked, and there is no scoreboard: the common case. */
void tcp_loss_open(struct tcp *t, struct tcp_pcb *p, uint32_t acked, uint32_t flight)
{
	struct tcp_cold *c = tcp_cold(t, p);

	c->cc->acked(t, p, c, acked, limited(t, p, c, flight));
}

/* RFC 6582 section 3.2 step 2, RFC 6675 section 5 step 4. */
static void enter_recovery(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			   const struct tcp_acked *a)
{
	STAT_INC(t->nif->stats, TCP_FAST_REXMIT);
	tcp_undo_save(t, p, c);
	/* What limited transmit lent beyond cwnd does not count (RFC 5681 section 3.2). */
	c->ssthresh = c->cc->loss(t, p, c, MIN(tcp_flight(p) + (a->ack - a->una), p->cwnd));
	c->recover = p->snd_nxt;
	c->partial = c->tlp_out = false;
	tcp_ecn_reduced(p, c);
	p->flags = (p->flags | F_RECOVERY | F_OUTPUT) & ~(uint32_t)F_PTO;
	tcp_prr_begin(p, c, a);
	tcp_prr_acked(t, p, c, a, true);
	tcp_timer_restart_rto(t, p);
}

static void leave_recovery(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	p->flags &= ~(uint32_t)F_RECOVERY;
	p->cwnd = c->ssthresh;
	c->partial = false;
	c->dupacks = 0;
	if (!c->sack_ok)
		c->sacked = 0;
	tcp_rack_recovered(c);
	tcp_board_settle(p, c);
	tcp_timer_data_acked(t, p);
}

static void leave_timeout(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	p->flags &= ~(uint32_t)F_RTX;
	c->frto = c->rtx_due = false;
	tcp_board_lose_none(t, c);
	tcp_rack_recovered(c);
	tcp_board_settle(p, c);
}

/* Each duplicate is a segment that has left the network; a peer that invents more of them
 * than were outstanding gains nothing. */
static void count_dupacks(struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a, uint32_t n)
{
	uint32_t most = (p->flags & F_RECOVERY ? c->recover : p->snd_nxt) - p->snd_una;
	uint32_t sacked = MIN(n * p->mss, most > p->mss ? most - p->mss : 0);

	if (sacked <= c->sacked)
		return;
	a->delivered += sacked - c->sacked;
	c->sacked = sacked;
}

/* RFC 5681 section 3.2, RFC 3042. */
static void dupack(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a)
{
	if (p->flags & F_RTX)
		return;
	if (!(p->flags & F_RECOVERY) && c->dup_una != p->snd_una)
		c->dupacks = 0;
	c->dup_una = p->snd_una;
	if (c->dupacks < UINT8_MAX)
		c->dupacks++;
	tcp_board_extend(t, p, c, p->snd_una);		/* begins it */
	if (p->flags & F_RECOVERY) {
		count_dupacks(p, c, a, c->dupacks);
	} else if (c->dupacks < DUP_THRESH) {
		STAT_INC(t->nif->stats, TCP_LIMITED_TX);
		count_dupacks(p, c, a, c->dupacks);
	} else if (c->dupacks == DUP_THRESH && seq_geq(p->snd_una, c->recover)) {
		count_dupacks(p, c, a, c->dupacks);
		tcp_board_lose_first(t, p, c, false);
		enter_recovery(t, p, c, a);
	}
}

/* The peer has no SACK: RFC 6582 section 3.2. */
static void newreno(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a)
{
	if (a->dup) {
		dupack(t, p, c, a);
		return;
	}
	if (a->ack == a->una)
		return;
	if ((p->flags & F_RECOVERY) && seq_lt(p->snd_una, c->recover)) {
		tcp_board_lose_first(t, p, c, false);
		if (!c->partial)
			tcp_timer_restart_rto(t, p);
		c->partial = true;
	} else if (!(p->flags & F_RECOVERY)) {
		c->dupacks = 0;
		c->sacked = 0;
	}
}

static void in_recovery(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			const struct tcp_acked *a, uint32_t lost)
{
	if (seq_geq(p->snd_una, c->recover)) {
		leave_recovery(t, p, c);
		if (c->lost > 0)		/* of the next window of data */
			enter_recovery(t, p, c, a);
		return;
	}
	tcp_prr_acked(t, p, c, a, c->lost > lost);
	p->flags |= F_OUTPUT;
}

static void behind_timeout(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			   const struct tcp_acked *a)
{
	if (a->delivered > 0)
		c->cc->acked(t, p, c, a->delivered, a->flight > 0);
	if (seq_geq(p->snd_una, c->recover))
		leave_timeout(t, p, c);
	p->flags |= F_OUTPUT;
}

/* The probe alone has repaired what was lost: answer it as any loss (RFC 8985 section 7.4). */
static void probe_repaired(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	c->ssthresh = c->cc->loss(t, p, c, MIN(tcp_flight(p) + p->mss, p->cwnd));
	p->cwnd = MIN(p->cwnd, c->ssthresh);
	c->undo = false;
	tcp_ecn_reduced(p, c);
}

/**
 * What @a means for a connection that has a scoreboard or got a duplicate ACK. SND.UNA and
 * the scoreboard have moved already.
 */
void tcp_loss_ack(struct tcp *t, struct tcp_pcb *p, struct tcp_acked *a)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t lost = c->lost;
	bool was = p->flags & (F_RECOVERY | F_RTX);

	if (a->dup)
		STAT_INC(t->nif->stats, TCP_DUP_ACK);
	if (a->dsack)
		tcp_rack_dsack(p, c, a);
	if (c->tlp_out && tcp_rack_verdict(p, c, a))
		probe_repaired(t, p, c);
	if (tcp_undo_try(t, p, c, a))
		was = false;
	if (c->sack_ok)
		tcp_rack_detect(t, p, c);
	else
		newreno(t, p, c, a);
	if ((p->flags & F_RECOVERY) && was)
		in_recovery(t, p, c, a, lost);
	else if (p->flags & F_RTX)
		behind_timeout(t, p, c, a);
	else if (!(p->flags & F_RECOVERY) && c->lost > 0)
		enter_recovery(t, p, c, a);
	else if (!(p->flags & F_RECOVERY) && a->ack != a->una)
		tcp_loss_open(t, p, a->ack - a->una, a->flight);
	tcp_board_settle(p, c);
}

/** The reordering timer has expired: look again (RFC 8985 section 6.3). */
void tcp_loss_check(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_acked a = { .una = p->snd_una, .ack = p->snd_una, .flight = tcp_flight(p) };
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t lost = c->lost;

	tcp_timer_restart_rto(t, p);
	tcp_rack_detect(t, p, c);
	if (c->lost == lost)
		return;
	if (!(p->flags & (F_RECOVERY | F_RTX)))
		enter_recovery(t, p, c, &a);
	p->flags |= F_OUTPUT;
	tcp_output(t, p);
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
	uint8_t backoff = p->flags & F_BACKOFF ? c->backoff : 0;

	if (++c->retries == 1)
		tcp_keep_stalled(t, p, p->rto_at - tcp_rtt_rto(t, p, backoff));
	if (!give_up(t, p, c))
		return true;
	tcp_end(t, p, unreachable ? TCP_END_UNREACHABLE : TCP_END_TIMEOUT);
	return false;
}

/*
 * RFC 6298 (5.4) - (5.7). SACKed bytes stay SACKed (RFC 6675 section 5.1) unless the peer
 * seems to have dropped them: the timer ran out again, or what it reported begins where its
 * acknowledgement ends.
 */
static void timeout_data(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	bool first = c->retries == 1 && !(p->flags & F_RTX);
	bool reneged = c->sacked > 0 && c->sack_ok &&
		       (c->retries > 1 || !c->holes || tcp_hole(t, c->holes)->seq != p->snd_una);

	if (first) {
		if (!(p->flags & F_RECOVERY))
			tcp_undo_save(t, p, c);
		c->ssthresh = c->cc->loss(t, p, c, MIN(tcp_flight(p), p->cwnd));
		if (c->cc->timeout)
			c->cc->timeout(t, p, c);
	}
	c->frto = first && c->sack_ok && !(p->flags & F_RECOVERY);
	if (reneged)
		STAT_INC(t->nif->stats, TCP_RENEGED);
	if (reneged || !c->sack_ok)
		tcp_board_reset(t, p, c);
	p->cwnd = p->mss;					/* the loss window */
	p->flags = (p->flags | F_RTX | F_OUTPUT) & ~(uint32_t)F_RECOVERY;
	c->dupacks = 0;
	c->partial = c->tlp_out = false;
	c->rtx_due = true;
	c->recover = p->snd_nxt;
	tcp_ecn_reduced(p, c);
	if (c->sack_ok && !reneged && c->retries == 1)
		tcp_rack_timed_out(t, p, c);
	else
		tcp_board_lose_all(t, p, c);
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
	c->backoff = (uint8_t)(p->flags & F_BACKOFF ? MIN(c->backoff + 1, 16) : 1);
	p->flags |= F_BACKOFF;
	if (p->state < TCP_ESTABLISHED)
		tcp_tx_syn(t, p);
	else
		timeout_data(t, p, c);
	if (!(p->flags & F_T_RTO))
		tcp_timer_restart_rto(t, p);
}

/** About to send behind an idle time longer than the RTO: RFC 5681 section 4.1. */
void tcp_loss_idle(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t restart = t->cfg.init_cwnd * p->mss;

	if ((p->flags & F_PTO) && !us_before(p->rto_at + tcp_rtt_rto(t, p, 0), t->now_us))
		return;
	p->rto_at = t->now_us;
	if (p->cwnd <= restart)
		return;
	STAT_INC(t->nif->stats, TCP_IDLE_RESTART);
	p->cwnd = restart;
	if (c->cc->idle)
		c->cc->idle(t, p, c);
}
