/* SPDX-License-Identifier: MIT */
/*
 * tcp_sack_rx.c - what a receiver selectively acknowledges (RFC 2018 section 4, RFC 2883)
 *
 * cold->sack holds the last blocks that received something, the latest first: disjoint, not
 * touching, and all of it in the reassembly queue, which lets go of nothing before RCV.NXT has
 * passed it. So nothing is ever taken back. cold->dsack is what arrived twice; it is reported
 * once, in front, by the next acknowledgement without data.
 * Departure: of more than four blocks the oldest is forgotten, and one that grows again later is
 * then reported from there on only. An early FIN is not reported: it has no byte.
 * Not here: what the peer's blocks say (tcp_sacked.c).
 */
#include "tcp/tcp_impl.h"

enum { SACK_HEAD = 0x01010502 };	/* two NOPs, kind, length without blocks */

static bool touch(const struct tcp_range *a, const struct tcp_range *b)
{
	return seq_leq(a->from, b->to) && seq_leq(b->from, a->to);
}

/** [@from, @to) is held in reassembly: its block is the latest. */
void tcp_sack_held(struct tcp_cold *c, uint32_t from, uint32_t to)
{
	struct tcp_range now = { from, to }, kept[TCP_SACK_MAX];
	uint8_t n = 0;

	for (uint8_t i = 0; i < c->n_sack; i++) {
		if (touch(&now, &c->sack[i])) {
			now.from = seq_min(now.from, c->sack[i].from);
			now.to = seq_max(now.to, c->sack[i].to);
		} else if (n < TCP_SACK_MAX - 1) {
			kept[n++] = c->sack[i];
		}
	}
	c->sack[0] = now;
	memcpy(c->sack + 1, kept, n * sizeof(kept[0]));
	c->n_sack = (uint8_t)(n + 1);
}

/**
 * [@from, @to) has arrived again. Only the first contiguous duplicate is reported, and each but
 * once (RFC 2883 section 4); pieces that touch are one.
 */
void tcp_sack_twice(struct tcp_pcb *p, struct tcp_cold *c, uint32_t from, uint32_t to)
{
	if (!c->sack_ok || from == to)
		return;
	p->flags |= F_OOO;
	if (!tcp_sack_due(c))
		c->dsack = (struct tcp_range){ from, to };
	else if (from == c->dsack.to)
		c->dsack.to = to;
}

/** A duplicate is to be reported. */
bool tcp_sack_due(const struct tcp_cold *c)
{
	return c->dsack.from != c->dsack.to;
}

/** Something that waited is gone: the short way again, if it was the last. */
void tcp_sack_idle(struct tcp_pcb *p, const struct tcp_cold *c)
{
	if (!c->ooo && !c->fin_seen && !tcp_sack_due(c))
		p->flags &= ~(uint32_t)F_OOO;
}

/* RCV.NXT has passed them. */
static void prune(const struct tcp_pcb *p, struct tcp_cold *c)
{
	uint8_t n = 0;

	for (uint8_t i = 0; i < c->n_sack; i++)
		if (seq_gt(c->sack[i].from, p->rcv_nxt))
			c->sack[n++] = c->sack[i];
	c->n_sack = n;
}

static uint8_t *put_block(uint8_t *o, const struct tcp_range *r)
{
	be32_store(o, r->from);
	be32_store(o + 4, r->to);
	return o + 8;
}

/** Append the option to @m, an acknowledgement whose header is complete but for it. */
void tcp_sack_put(struct tcp *t, struct tcp_pcb *p, struct mbuf *m)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool twice = tcp_sack_due(c);
	uint32_t n, room = p->flags & F_TS ? TCP_SACK_MAX - 1 : TCP_SACK_MAX;
	uint8_t *h = mbuf_data(m), *o = h + m->len;

	prune(p, c);
	n = MIN(c->n_sack + (twice ? 1u : 0u), room);
	if (!c->sack_ok || n == 0)
		return;
	be32_store(o, SACK_HEAD + 8 * n);
	o += 4;
	if (twice) {
		STAT_INC(t->nif->stats, TCP_DSACK_TX);
		o = put_block(o, &c->dsack);
	}
	for (uint32_t i = 0; i < n - twice; i++)
		o = put_block(o, &c->sack[i]);
	m->len = (uint16_t)(o - h);
	h[TCP_OFF] = (uint8_t)(m->len / 4 << 4);
	c->dsack = (struct tcp_range){ 0, 0 };
	tcp_sack_idle(p, c);
}
