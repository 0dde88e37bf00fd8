/* SPDX-License-Identifier: MIT */
/*
 * tcp_ooo.c - the reassembly queue (RFC 9293 section 3.10.7.4, seventh)
 *
 * Frames beyond RCV.NXT, sorted, without overlap: what is new is cut to fit between what is
 * there, and replaces only frames it covers whole. Bounded by ooo_frames_max, and stops
 * growing while a quarter of the pool is left: bytes in order need only an eighth, or the
 * frames that wait here could keep out the one they wait for.
 */
#include "tcp/tcp_impl.h"

static uint32_t end_of(const struct mbuf *m) { return m->seq + m->len; }

/** Hold the segment's frame, or drop and count it. Takes s->m. */
void tcp_ooo_insert(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);
	struct mbuf *m = s->m, **link = &c->ooo;

	s->m = NULL;
	m->seq = s->seq;
	if (c->ooo_frames >= t->cfg.ooo_frames_max ||
	    mempool_avail(t->nif->pool) <= t->nif->pool->pool.n / 4) {
		STAT_INC(t->nif->stats, TCP_OOO_DROP);
		mbuf_free(m);
		return;
	}
	while (*link && seq_leq((*link)->seq, m->seq)) {
		if (seq_gt(end_of(*link), m->seq)) {		/* overlaps our head */
			uint32_t cut = MIN(end_of(*link) - m->seq, m->len);

			mbuf_pull(m, (uint16_t)cut);
			m->seq += cut;
		}
		link = &(*link)->next;
	}
	while (*link && seq_leq(end_of(*link), end_of(m))) {	/* we cover it */
		struct mbuf *covered = *link;

		*link = covered->next;
		mbuf_free(covered);
		c->ooo_frames--;
	}
	if (*link && seq_gt(end_of(m), (*link)->seq))		/* it overlaps our tail */
		m->len = (uint16_t)((*link)->seq - m->seq);
	if (m->len == 0) {
		mbuf_free(m);
		return;
	}
	m->next = *link;
	*link = m;
	c->ooo_frames++;
	p->flags |= F_OOO;
	STAT_INC(t->nif->stats, TCP_OOO);
}

/** Move what RCV.NXT has reached to the in-order list. */
void tcp_ooo_collect(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	while (c->ooo && seq_leq(c->ooo->seq, p->rcv_nxt)) {
		struct mbuf *m = c->ooo;
		uint32_t old = MIN(p->rcv_nxt - m->seq, m->len);

		c->ooo = m->next;
		c->ooo_frames--;
		mbuf_pull(m, (uint16_t)old);
		if (m->len == 0)
			mbuf_free(m);
		else
			tcp_rcv_append(t, p, m, m->len);
	}
	if (!c->ooo && !c->fin_seen)
		p->flags &= ~(uint32_t)F_OOO;
}

/** Let go of everything that waits. */
void tcp_ooo_drop(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	mbuf_free_chain(c->ooo);
	c->ooo = NULL;
	c->ooo_frames = 0;
}
