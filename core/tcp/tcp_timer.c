/* SPDX-License-Identifier: MIT */
/*
 * tcp_timer.c - when a connection wants to be woken; the only file that arms or cancels
 *
 * Callers report what happened. A connection has up to six deadlines (retransmission,
 * delayed ACK, persist, wait, pace, keep) and one timer on the wheel, set to the earliest.
 * Setting a deadline later, or dropping it, leaves the wheel alone: when the timer fires it
 * looks at the deadlines and arms itself again. So a request and its answer touch no wheel.
 */
#include "tcp/tcp_impl.h"

/** Have the wheel fire at @at_us, or earlier if it is to already. */
void tcp_timer_set(struct tcp *t, struct tcp_pcb *p, uint32_t at_us)
{
	int32_t in_us = (int32_t)(at_us - t->now_us);

	if ((p->flags & F_TIMER) && !us_before(at_us, p->timer_at))
		return;
	p->flags |= F_TIMER;
	p->timer_at = at_us;
	timer_arm(t->nif->wheel, &tcp_cold(t, p)->timer,
		  t->now + (in_us > 0 ? (uint32_t)in_us : 0) * NSEC_PER_USEC);
}

/** RFC 6298 (5.3), (5.6): from now on. */
void tcp_timer_restart_rto(struct tcp *t, struct tcp_pcb *p)
{
	uint8_t backoff = p->flags & F_BACKOFF ? tcp_cold(t, p)->backoff : 0;

	p->flags = (p->flags | F_T_RTO) & ~(uint32_t)(F_PTO | F_T_PERSIST);
	p->rto_at = t->now_us + tcp_rtt_rto(t, p, backoff);
	tcp_timer_set(t, p, p->rto_at);
}

/** More than one segment is out: a loss probe may come before the timeout (RFC 8985 7.2). */
void tcp_timer_sent_more(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t us;

	p->flags &= ~(uint32_t)F_T_PERSIST;
	if (!tcp_rack_pto(t, p, &us)) {
		if (!(p->flags & F_T_RTO))
			tcp_timer_restart_rto(t, p);
		return;
	}
	p->flags |= F_T_RTO | F_PTO;
	tcp_cold(t, p)->pto = PTO_PROBE;
	p->rto_at = t->now_us + us;
	tcp_timer_set(t, p, p->rto_at);
}

/** Something may be lost, and will be if it has not arrived @us from now (RFC 8985 6.2). */
void tcp_timer_reorder(struct tcp *t, struct tcp_pcb *p, uint32_t us)
{
	p->flags |= F_T_RTO | F_PTO;
	tcp_cold(t, p)->pto = PTO_REORDER;
	p->rto_at = t->now_us + us;
	tcp_timer_set(t, p, p->rto_at);
}

/** The pace allows no segment before @at_us. */
void tcp_timer_pace(struct tcp *t, struct tcp_pcb *p, uint32_t at_us)
{
	p->flags |= F_T_PACE;
	tcp_cold(t, p)->pace_at = at_us;
	tcp_timer_set(t, p, at_us);
}

/** Call at the end of a pass that left one segment unacknowledged. RFC 9293 3.8.6.3. */
void tcp_timer_ack_owed(struct tcp *t, struct tcp_pcb *p)
{
	if (t->cfg.delack_us == 0) {
		tcp_tx_ack(t, p);
	} else if (!(p->flags & F_T_DELACK)) {
		p->flags |= F_T_DELACK;
		tcp_cold(t, p)->delack_at = t->now_us + t->cfg.delack_us;
		tcp_timer_set(t, p, tcp_cold(t, p)->delack_at);
	}
}

static void next_probe(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	p->flags |= F_T_PERSIST;
	c->persist_at = t->now_us + tcp_rtt_rto(t, p, c->probes);
	tcp_timer_set(t, p, c->persist_at);
}

/** Call when there is something to send, nothing in flight, and no window. 3.8.6.1. */
void tcp_timer_persist(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->flags & F_T_PERSIST)
		return;
	next_probe(t, p, c);
	c->stalled = false;			/* the window has been open since */
	tcp_keep_stalled(t, p, t->now_us);
}

/** Call on entering a state that ends by itself @us from now. */
void tcp_timer_wait(struct tcp *t, struct tcp_pcb *p, uint32_t us)
{
	p->flags |= F_T_WAIT;
	tcp_cold(t, p)->wait_at = t->now_us + us;
	tcp_timer_set(t, p, tcp_cold(t, p)->wait_at);
}

/** Have tcp_keep_due() look at the connection at @at_us, or earlier if it is to already. */
void tcp_timer_keep(struct tcp *t, struct tcp_pcb *p, uint32_t at_us)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if ((p->flags & F_T_KEEP) && !us_before(at_us, c->keep_at))
		return;
	p->flags |= F_T_KEEP;
	c->keep_at = at_us;
	tcp_timer_set(t, p, at_us);
}

/** Call when the connection is freed. */
void tcp_timer_stop(struct tcp *t, struct tcp_pcb *p)
{
	if (p->flags & F_TIMER)
		timer_cancel(t->nif->wheel, &tcp_cold(t, p)->timer);
	p->flags &= ~(uint32_t)(F_TIMER | F_T_RTO | F_T_DELACK | F_T_PERSIST | F_T_WAIT |
				F_T_PACE | F_T_KEEP);
}

static bool take_due(struct tcp *t, struct tcp_pcb *p, uint32_t flag, uint32_t at)
{
	if (!(p->flags & flag) || us_before(t->now_us, at))
		return false;
	p->flags &= ~flag;
	return true;
}

/*
 * A window that stayed a sliver is used after all (3.8.6.2.1); a closed one is probed, for as
 * long as the application keeps the connection (3.8.6.1). One that it has closed ends at R2: a
 * peer could hold it for ever (RFC 6429).
 */
static void fire_persist(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	uint32_t held = p->snd_end - p->snd_nxt, sent = 0;

	if (held > 0 && held <= INT32_MAX && p->snd_wnd > 0)
		sent = tcp_tx_data(t, p, p->snd_nxt, MIN(held, MIN(p->snd_wnd, p->mss)), 0, 0);
	if (sent > 0) {
		p->snd_nxt += sent;
		tcp_timer_data_sent(t, p);
		return;
	}
	if ((p->flags & F_CLOSED) && !tcp_loss_retry(t, p))
		return;
	STAT_INC(t->nif->stats, TCP_PROBE);
	tcp_tx_probe(t, p);
	if (c->probes < 16)
		c->probes++;
	next_probe(t, p, c);
}

/* FIN-WAIT-2 and TIME-WAIT end; one whose data is not delivered yet waits on. */
static void fire_wait(struct tcp *t, struct tcp_pcb *p)
{
	if (p->flags & F_DEAD_OWED)
		tcp_timer_wait(t, p, MAX(t->cfg.time_wait_us, 1000));
	else
		tcp_pcb_free(t, p);
}

static void rearm(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	if (p->flags & F_T_RTO)
		tcp_timer_set(t, p, p->rto_at);
	if (p->flags & F_T_DELACK)
		tcp_timer_set(t, p, c->delack_at);
	if (p->flags & F_T_PERSIST)
		tcp_timer_set(t, p, c->persist_at);
	if (p->flags & F_T_WAIT)
		tcp_timer_set(t, p, c->wait_at);
	if (p->flags & F_T_PACE)
		tcp_timer_set(t, p, c->pace_at);
	if (p->flags & F_T_KEEP)
		tcp_timer_set(t, p, c->keep_at);
}

static void fire_rto(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	bool pto = p->flags & F_PTO;

	p->flags &= ~(uint32_t)F_PTO;
	if (!pto)
		tcp_loss_timeout(t, p);
	else if (c->pto == PTO_PROBE)
		tcp_rack_probe(t, p);
	else
		tcp_loss_check(t, p);
}

void tcp_timer_fire(struct timer *timer, nsec now)
{
	struct tcp_cold *c = container_of(timer, struct tcp_cold, timer);
	struct tcp *t = c->tcp;
	struct tcp_pcb *p = &t->pcbs[c - t->colds];

	(void)now;
	p->flags &= ~(uint32_t)F_TIMER;
	if (take_due(t, p, F_T_DELACK, c->delack_at)) {
		STAT_INC(t->nif->stats, TCP_DELACK);
		tcp_tx_ack(t, p);
	}
	if (take_due(t, p, F_T_PERSIST, c->persist_at))
		fire_persist(t, p, c);
	if (take_due(t, p, F_T_PACE, c->pace_at))
		tcp_output(t, p);
	if (take_due(t, p, F_T_RTO, p->rto_at))
		fire_rto(t, p, c);
	if (take_due(t, p, F_T_KEEP, c->keep_at))
		tcp_keep_due(t, p);
	if (p->state != TCP_CLOSED && take_due(t, p, F_T_WAIT, c->wait_at))
		fire_wait(t, p);
	if (p->state != TCP_CLOSED)
		rearm(t, p, c);
}
