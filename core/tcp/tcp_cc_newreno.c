/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc_newreno.c - slow start and congestion avoidance (RFC 5681 section 3.1)
 *
 * Byte counting in slow start with L = 2 SMSS, L = 1 SMSS behind a timeout (RFC 3465).
 */
#include "tcp/tcp_impl.h"

static void newreno_init(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)t;
	(void)p;
	c->cc_state.newreno.acked = 0;
}

static void newreno_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked,
			  bool limited)
{
	(void)t;
	if (!limited)
		return;
	if (p->cwnd < c->ssthresh) {
		tcp_cc_slow_start(p, acked);
		return;
	}
	c->cc_state.newreno.acked += acked;
	if (c->cc_state.newreno.acked >= p->cwnd) {
		c->cc_state.newreno.acked -= p->cwnd;
		p->cwnd = MIN(p->cwnd + p->mss, TCP_CWND_MAX);
	}
}

static uint32_t newreno_loss(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight)
{
	(void)t;
	c->cc_state.newreno.acked = 0;
	return MAX(flight / 2, 2u * p->mss);			/* equation 4 */
}

const struct tcp_cc_ops tcp_cc_newreno = {
	.name = "newreno",
	.init = newreno_init,
	.acked = newreno_acked,
	.loss = newreno_loss,
};
