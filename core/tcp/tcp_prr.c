/* SPDX-License-Identifier: MIT */
/*
 * tcp_prr.c - how much may be sent during fast recovery: Proportional Rate Reduction (RFC 9937)
 *
 * The window follows what has been delivered, so that the flight arrives at ssthresh when
 * recovery ends, neither in one step nor in a burst. Names are the RFC's.
 */
#include "tcp/tcp_impl.h"

/** Recovery begins with the acknowledgement @a; ssthresh is set. Section 6.1. */
void tcp_prr_begin(const struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a)
{
	uint32_t acked = a->ack - a->una;
	uint32_t sacked = a->delivered > acked ? a->delivered - acked : 0;

	c->prr_delivered = c->prr_out = 0;
	c->prr_flight = tcp_flight(p) + acked - MIN(c->sacked - MIN(sacked, c->sacked),
						    tcp_flight(p));
	c->prr_flight = MAX(c->prr_flight, p->mss);
}

/** An acknowledgement during recovery; @more_lost: it tells of further loss. Sets cwnd. */
void tcp_prr_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
		   const struct tcp_acked *a, bool more_lost)
{
	uint32_t pipe = tcp_pipe(t, p), sndcnt;
	uint64_t want;

	if (a->delivered == 0 && c->prr_out > 0)
		return;
	c->prr_delivered += a->delivered;
	if (pipe > c->ssthresh) {
		want = ((uint64_t)c->prr_delivered * c->ssthresh + c->prr_flight - 1) /
		       c->prr_flight;
		sndcnt = want > c->prr_out ? (uint32_t)(want - c->prr_out) : 0;
	} else {
		sndcnt = MAX(c->prr_delivered > c->prr_out ? c->prr_delivered - c->prr_out : 0,
			     a->delivered);
		if (a->ack != a->una && !more_lost)	/* SafeACK */
			sndcnt += p->mss;
		sndcnt = MIN(sndcnt, c->ssthresh - pipe);
	}
	/* The fast retransmit itself, and that of a partial ACK (RFC 6582 section 3.2). */
	if (c->prr_out == 0 || (!c->sack_ok && a->ack != a->una))
		sndcnt = MAX(sndcnt, p->mss);
	p->cwnd = MAX(pipe + sndcnt, p->mss);
}
