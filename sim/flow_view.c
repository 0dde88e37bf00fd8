/* SPDX-License-Identifier: MIT */
/*
 * flow_view.c - see flow_view.h
 */
#include "sim/flow_view.h"

#include "dp/dp_impl.h"
#include "tcp/tcp_impl.h"

bool flow_view(const struct dp *dp, uint32_t slot, struct flow_view *v)
{
	const struct tcp *t = &dp->tcp;
	const struct tcp_pcb *p = &t->pcbs[slot];
	const struct tcp_cold *c = &t->colds[slot];

	if (slot >= t->cfg.conns_max || p->state < TCP_ESTABLISHED || p->state == TCP_TIME_WAIT)
		return false;
	*v = (struct flow_view){
		.life = p->gen, .cwnd = p->cwnd, .ssthresh = c->ssthresh,
		.srtt_us = p->srtt >> 3, .flight = tcp_flight(p),
		.acked = p->snd_una - c->iss - 1,
	};
	return true;
}
