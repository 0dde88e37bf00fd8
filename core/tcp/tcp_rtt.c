/* SPDX-License-Identifier: MIT */
/*
 * tcp_rtt.c - round-trip estimation and the retransmission timeout (RFC 6298)
 *
 * SRTT and RTTVAR in microseconds, scaled by 8 and 4 as Jacobson did. The timeout itself
 * is tcp_rtt_rto() in tcp_impl.h. Touches no timer: see tcp_timer.c.
 */
#include "tcp/tcp_impl.h"

enum { RTT_MAX_US = 120 * 1000 * 1000 };

/** Fold in one measurement of a segment sent once (Karn). RFC 6298 (2.2), (2.3). */
static void sample(struct tcp_pcb *p, uint32_t rtt_us)
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
 * What was timed is acknowledged by a frame that came at @arrival. One that came before the
 * data was sent acknowledges by guessing: it measures nothing.
 */
void tcp_rtt_timed(struct tcp_pcb *p, nsec arrival)
{
	int32_t us = (int32_t)((uint32_t)(arrival / NSEC_PER_USEC) - p->rtt_t0);

	p->flags &= ~(uint32_t)F_RTT;
	if (us >= 0)
		sample(p, (uint32_t)us);
}
