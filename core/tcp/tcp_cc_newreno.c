/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc_newreno.c - slow start and congestion avoidance (RFC 5681 section 3.1)
 *
 * Byte counting with L = 2 SMSS in slow start (RFC 3465). Recovery itself, the window
 * inflation of RFC 6582, is tcp_loss.c's: it is the same for every algorithm.
 */
#include "tcp/tcp_impl.h"

#define CWND_MAX (1u << 30)

static void newreno_init(struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)p;
	c->acked_ca = 0;
}

static void newreno_acked(struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked)
{
	if (p->cwnd < c->ssthresh) {
		p->cwnd = MIN(p->cwnd + MIN(acked, 2u * p->mss), CWND_MAX);
		return;
	}
	c->acked_ca += acked;
	if (c->acked_ca >= p->cwnd) {
		c->acked_ca -= p->cwnd;
		p->cwnd = MIN(p->cwnd + p->mss, CWND_MAX);
	}
}

static void newreno_loss(struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight)
{
	c->ssthresh = MAX(flight / 2, 2u * p->mss);		/* equation 4 */
	c->acked_ca = 0;
}

static void newreno_timeout(struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight, bool first)
{
	if (first)
		newreno_loss(p, c, flight);
	p->cwnd = p->mss;					/* the loss window */
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.loss = newreno_loss,
	.timeout = newreno_timeout,
};
