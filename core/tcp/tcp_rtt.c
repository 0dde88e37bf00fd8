/* SPDX-License-Identifier: MIT */
/*
 * tcp_rtt.c - round-trip estimation and the retransmission timeout (RFC 6298)
 *
 * SRTT and RTTVAR in microseconds, scaled by 8 and 4 as Jacobson did, from one sample a
 * round trip. The timeout itself is tcp_rtt_rto() in tcp_impl.h. Touches no timer: see
 * tcp_timer.c.
 */
#include "tcp/tcp_impl.h"

enum { RTT_MAX_US = 120 * 1000 * 1000, MIN_RTT_LIFE_US = 300 * 1000 * 1000 };

/* RFC 6298 (2.2), (2.3). */
static void fold_in(struct tcp_pcb *p, uint32_t rtt_us)
{
	uint32_t r = MIN(MAX(rtt_us, 1), RTT_MAX_US);

	if (p->srtt == 0) {
		p->srtt = r << 3;
		p->rttvar = r << 1;
		return;
	}
	int32_t err = (int32_t)(r - (p->srtt >> 3));
	uint32_t abs_err = (uint32_t)(err < 0 ? -err : err);

	p->rttvar += abs_err - (p->rttvar >> 2);
	p->srtt = MAX(p->srtt + (uint32_t)err, 1);
}

/**
 * What was sent at @tx_us, and only then (Karn), is acknowledged by a frame that came at
 * @arrival_us. One that came before it was sent acknowledges by guessing: it measures
 * nothing. A sample ends the back-off of the timer (section 5).
 */
void tcp_rtt_sample(struct tcp_pcb *p, uint32_t tx_us, uint32_t arrival_us)
{
	int32_t us = (int32_t)(arrival_us - tx_us);

	if (us < 0)
		return;
	p->flags &= ~(uint32_t)F_BACKOFF;
	fold_in(p, (uint32_t)us);
}

/** RACK.min_RTT (RFC 8985 section 6.2 step 1): the least of the last minutes. */
void tcp_rtt_min(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c, uint32_t rtt_us)
{
	bool old = t->now_us - c->min_rtt_at > MIN_RTT_LIFE_US;

	if (c->min_rtt != 0 && rtt_us > c->min_rtt && !old)
		return;
	c->min_rtt = old && c->min_rtt ? MAX(MIN(rtt_us, p->srtt >> 3), 1) : MAX(rtt_us, 1);
	c->min_rtt_at = t->now_us;
}
