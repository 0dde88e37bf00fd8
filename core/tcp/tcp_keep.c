/* SPDX-License-Identifier: MIT */
/*
 * tcp_keep.c - how long a connection may stay without progress
 *
 * Keepalive asks a silent peer whether it is there (RFC 9293 section 3.8.4). The user timeout
 * ends a connection whose data is not acknowledged or whose window stays closed (3.9.1, RFC
 * 5482). Linger ends one that was closed and whose data and FIN are not acknowledged. All are
 * off by default and share one deadline.
 *
 * No segment leaves its time: at the deadline RCV.NXT and SND.UNA are compared with what they
 * were at the last one, and a segment that can have moved neither came the slow way, which
 * leaves a mark. A peer is probed when TCP_KEEP_SLICES looks in a row have found nothing.
 * Not here: R1 and R2 (tcp_loss.c), zero-window probes (tcp_timer.c).
 */
#include "tcp/tcp_impl.h"

/** Call when the connection is ESTABLISHED. */
void tcp_keep_open(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (c->keep_slice_us == 0)
		return;
	c->keep_rcv = p->rcv_nxt;
	c->keep_una = p->snd_una;
	tcp_timer_keep(t, p, t->now_us + c->keep_slice_us);
}

/** Call when SND.UNA has not moved since @since_us though it should have. */
void tcp_keep_stalled(struct tcp *t, struct tcp_pcb *p, uint32_t since_us)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool still = c->stalled && c->stall_una == p->snd_una && p->snd_wnd == 0;

	if (still)
		return;
	c->stalled = true;
	c->stall_una = p->snd_una;
	c->stalled_at = since_us;
	if (c->user_timeout_us > 0)
		tcp_timer_keep(t, p, since_us + c->user_timeout_us);
}

/** Call when the application has closed both directions. */
void tcp_keep_closed(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (c->linger_us == 0)
		return;
	c->linger_at = t->now_us + c->linger_us;
	tcp_timer_keep(t, p, c->linger_at);
}

/* The end of our stream is not acknowledged. */
static bool lingers(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	return c->linger_us > 0 && (p->flags & F_CLOSED) &&
	       (p->state == TCP_FIN_WAIT_1 || p->state == TCP_CLOSING || p->state == TCP_LAST_ACK);
}

static bool stalled(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	return c->stalled && c->stall_una == p->snd_una &&
	       ((p->flags & F_T_PERSIST) || c->retries > 0 ||
		(p->snd_wnd == 0 && tcp_flight(p) > 0));
}

/* A segment has come since the last look. */
static bool heard(const struct tcp_pcb *p, struct tcp_cold *c)
{
	bool any = c->keep_heard || c->keep_rcv != p->rcv_nxt || c->keep_una != p->snd_una;

	c->keep_heard = false;
	c->keep_rcv = p->rcv_nxt;
	c->keep_una = p->snd_una;
	return any;
}

/* Nothing is under way that has a timer of its own. */
static bool idle(const struct tcp_pcb *p)
{
	return p->snd_una == p->snd_nxt && !(p->flags & F_T_PERSIST);
}

/* 3.8.4: one more look at a connection that may be dead. */
static void keepalive(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	c->keep_silent = heard(p, c) || !idle(p) ? 0 : (uint8_t)(c->keep_silent + 1);
	if (c->keep_silent < TCP_KEEP_SLICES) {
		tcp_timer_keep(t, p, t->now_us + c->keep_slice_us);
		return;
	}
	if (c->keep_silent >= TCP_KEEP_SLICES + t->cfg.keep_probes) {
		tcp_end(t, p, TCP_END_TIMEOUT);
		return;
	}
	STAT_INC(t->nif->stats, TCP_KEEPALIVE);
	tcp_tx_probe(t, p);
	tcp_timer_keep(t, p, t->now_us + t->cfg.keep_interval_us);
}

/** The deadline has come; it may be another's, or void by now. May end the connection. */
void tcp_keep_due(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->flags & F_DEAD_OWED)
		return;				/* the protocol has nothing left to wait for */
	if (lingers(p, c)) {
		if (!us_before(t->now_us, c->linger_at)) {
			tcp_tx_rst(t, p);
			tcp_end(t, p, TCP_END_ABORTED);
			return;
		}
		tcp_timer_keep(t, p, c->linger_at);
	}
	if (c->user_timeout_us > 0 && stalled(p, c)) {
		if (t->now_us - c->stalled_at >= c->user_timeout_us) {
			tcp_end(t, p, TCP_END_TIMEOUT);
			return;
		}
		tcp_timer_keep(t, p, c->stalled_at + c->user_timeout_us);
	}
	if (c->keep_slice_us > 0 && !(p->flags & F_CLOSED) && p->state >= TCP_ESTABLISHED)
		keepalive(t, p, c);
}

void tcp_set_keepalive(struct tcp *tcp, struct tcp_pcb *p, uint32_t idle_us)
{
	struct tcp_cold *c = tcp_cold(tcp, p);

	c->keep_slice_us = (idle_us + TCP_KEEP_SLICES - 1) / TCP_KEEP_SLICES;
	c->keep_silent = 0;
	if (p->state >= TCP_ESTABLISHED)
		tcp_keep_open(tcp, p);
}

void tcp_set_user_timeout(struct tcp *tcp, struct tcp_pcb *p, uint32_t us)
{
	struct tcp_cold *c = tcp_cold(tcp, p);

	c->user_timeout_us = us;
	if (us > 0 && stalled(p, c))
		tcp_timer_keep(tcp, p, c->stalled_at + us);
}

void tcp_set_linger(struct tcp *tcp, struct tcp_pcb *p, uint32_t us)
{
	tcp_cold(tcp, p)->linger_us = us;
}
