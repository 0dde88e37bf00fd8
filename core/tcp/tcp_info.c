/* SPDX-License-Identifier: MIT */
/*
 * tcp_info.c - how a connection is doing, and whether it holds short segments
 *
 * tcp_info_get() reads and changes nothing; tcp_set_nagle() lets go what was held.
 * Not here: what the ABI calls these (core/sys/bsys_info.c), the other options (tcp_cc.c,
 * tcp_keep.c).
 */
#include "tcp/tcp_impl.h"

/* SYN and FIN are none of the stream's bytes. */
static uint32_t delivered(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	bool syn = p->snd_una != c->iss, fin = p->snd_una == p->snd_end + 1;

	return p->snd_una - c->iss - syn - fin + c->sacked;
}

static uint32_t cc_index(const struct tcp_cc_ops *cc)
{
	uint32_t i = 0;

	while (tcp_cc_find(i) && tcp_cc_find(i) != cc)
		i++;
	return i;
}

void tcp_info_get(const struct tcp *tcp, const struct tcp_pcb *p, struct tcp_info *i)
{
	const struct tcp_cold *c = tcp_cold(tcp, p);
	uint8_t backoff = p->flags & F_BACKOFF ? c->backoff : 0;
	bool sampled = p->srtt != 0;

	*i = (struct tcp_info){
		.state = p->state,
		.cc = cc_index(c->cc),
		.sack = c->sack_ok,
		.ts = (p->flags & F_TS) != 0,
		.wscale = c->wscale,
		.ecn = (p->flags & F_ECN) != 0,
		.nagle = c->nagle,
		.mss = p->mss,
		.cwnd = p->cwnd,
		.ssthresh = c->ssthresh,
		.in_flight = tcp_flight(p),
		.snd_wnd = p->snd_wnd,
		.rcv_wnd = p->rcv_adv - p->rcv_nxt,
		.rcv_lim = p->rcv_lim,
		.rcv_held = p->rcv_held,
		.ooo_frames = c->ooo_frames,
		.srtt_us = p->srtt >> 3,
		.rttvar_us = sampled ? p->rttvar >> 2 : 0,
		.rto_us = tcp_rtt_rto(tcp, p, backoff),
		.backoff = backoff,
		.rexmit_segs = c->rexmit_segs,
		.rexmit_bytes = c->rexmit_bytes,
		.min_rtt_us = c->min_rtt,
		.lost_bytes = c->lost,
		.sacked_bytes = c->sacked,
		.reordering = c->reordering,
		.delivered_bytes = delivered(p, c),
	};
}

uint64_t tcp_info_at(const struct tcp *tcp, uint32_t slot, struct tcp_info *i)
{
	const struct tcp_pcb *p = slot < tcp->pcb_pool.n_fresh ? &tcp->pcbs[slot] : NULL;

	if (!p || p->state == TCP_CLOSED)
		return 0;
	tcp_info_get(tcp, p, i);
	return tcp_handle(tcp, p);
}

void tcp_set_nagle(struct tcp *tcp, struct tcp_pcb *p, bool on)
{
	tcp_cold(tcp, p)->nagle = on;
	tcp->nagle_used |= on;
	if (!on && (p->flags & F_OUTPUT))
		tcp_output(tcp, p);		/* what it has held */
}
