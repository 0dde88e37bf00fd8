/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc_dctcp.c - Data Center TCP (RFC 8257)
 *
 * The window shrinks by half the share of bytes that were marked: alpha, an average over
 * windows of data with g = 1/16. Everything else, loss too, is NewReno's (section 3.5), and
 * so is a connection whose peer does not speak ECN.
 * Not here: the receiver's echo (section 3.2) and once a window (tcp_ecn.c).
 */
#include "tcp/tcp_impl.h"

enum { ONE = 1 << 16, G_SHIFT = 4 };

static void dctcp_init(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	(void)t;
	(void)p;
	c->cc_state.dctcp = (struct tcp_dctcp){ .alpha = ONE };	/* careful at first */
}

static void dctcp_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked,
			bool limited)
{
	tcp_cc_newreno.acked(t, p, c, acked, limited);
}

static uint32_t dctcp_loss(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight)
{
	return tcp_cc_newreno.loss(t, p, c, flight);
}

/* Equation 9: cwnd, not what is outstanding. */
static uint32_t dctcp_marked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight)
{
	uint64_t cut = (uint64_t)p->cwnd * c->cc_state.dctcp.alpha / (2 * ONE);

	(void)t;
	(void)flight;
	c->cc_state.dctcp.acked = 0;
	return MAX(p->cwnd - (uint32_t)cut, 2u * p->mss);
}

/* Section 3.3, the numbered steps. Rounds so that alpha reaches 0 without marks. */
static void dctcp_ece(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked,
		      bool ece)
{
	struct tcp_dctcp *d = &c->cc_state.dctcp;
	uint32_t m, ack = p->snd_una + acked;

	(void)t;
	d->bytes_acked += acked;					/* 1, 2 */
	if (ece)
		d->bytes_marked += acked;				/* 3 */
	if (d->bytes_acked == 0 || (d->begun && seq_leq(ack, d->window_end)))
		return;							/* 4 */
	m = (uint32_t)((uint64_t)d->bytes_marked * ONE / d->bytes_acked);	/* 5 */
	d->alpha -= (d->alpha + BIT(G_SHIFT) - 1) >> G_SHIFT;		/* 6 */
	d->alpha += m >> G_SHIFT;
	d->window_end = p->snd_nxt;					/* 7 */
	d->begun = true;
	d->bytes_acked = d->bytes_marked = 0;				/* 8 */
}

const struct tcp_cc_ops tcp_cc_dctcp = {
	.name = "dctcp",
	.ecn = true,
	.init = dctcp_init,
	.acked = dctcp_acked,
	.loss = dctcp_loss,
	.marked = dctcp_marked,
	.ece = dctcp_ece,
};
