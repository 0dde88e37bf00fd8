/* SPDX-License-Identifier: MIT */
/*
 * tcp_ooo.c - the reassembly queue (RFC 9293 section 3.10.7.4, seventh)
 *
 * Frames beyond RCV.NXT, sorted, without overlap: what is new is cut to fit between what is
 * there, and replaces only frames it covers whole. Bounded by ooo_frames_max, and stops
 * growing while a quarter of the pool is left: bytes in order need only an eighth, or the
 * frames that wait here could keep out the one they wait for. A segment behind all that is held,
 * as after a loss, costs no walk; any other at most ooo_frames_max steps.
 */
#include "tcp/tcp_impl.h"

static uint32_t end_of(const struct mbuf *m) { return m->seq + m->len; }

static bool full(const struct tcp *t, const struct tcp_cold *c)
{
	return c->ooo_frames >= t->cfg.ooo_frames_max ||
	       mempool_avail(t->nif->pool) <= t->nif->pool->pool.n / 4;
}

/* Where @m belongs; what the frames before hold of it is cut off its head. */
static struct mbuf **find_place(struct tcp_pcb *p, struct tcp_cold *c, struct mbuf *m)
{
	struct mbuf **link = &c->ooo;

	if (c->ooo && seq_leq(end_of(c->ooo_tail), m->seq))	/* the usual case: at the end */
		return &c->ooo_tail->next;
	for (; *link && seq_leq((*link)->seq, m->seq); link = &(*link)->next) {
		uint32_t cut;

		if (seq_leq(end_of(*link), m->seq))
			continue;
		cut = MIN(end_of(*link) - m->seq, m->len);
		tcp_sack_twice(p, c, m->seq, m->seq + cut);
		mbuf_pull(m, (uint16_t)cut);
		m->seq += cut;
	}
	return link;
}

/* Frames from @link on that @m covers whole go, one that it overlaps keeps its bytes. */
static void cut_rest(struct tcp_pcb *p, struct tcp_cold *c, struct mbuf *m, struct mbuf **link)
{
	while (*link && seq_leq(end_of(*link), end_of(m))) {
		struct mbuf *covered = *link;

		tcp_sack_twice(p, c, covered->seq, end_of(covered));
		*link = covered->next;
		mbuf_free(covered);
		c->ooo_frames--;
	}
	if (*link && seq_gt(end_of(m), (*link)->seq)) {
		tcp_sack_twice(p, c, (*link)->seq, end_of(m));
		m->len = (uint16_t)((*link)->seq - m->seq);
	}
}

/** Hold the segment's frame, or drop and count it. Takes s->m. */
void tcp_ooo_insert(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);
	struct mbuf *m = s->m, **link;

	s->m = NULL;
	if (full(t, c)) {
		STAT_INC(t->nif->stats, TCP_OOO_DROP);
		mbuf_free(m);
		return;
	}
	m->seq = s->seq;
	link = find_place(p, c, m);
	if (m->len > 0)
		cut_rest(p, c, m, link);
	tcp_sack_held(c, s->seq, s->seq + s->len);
	if (m->len == 0) {
		mbuf_free(m);
		return;
	}
	m->next = *link;
	*link = m;
	if (!m->next)
		c->ooo_tail = m;
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
		tcp_sack_twice(p, c, m->seq, m->seq + old);
		mbuf_pull(m, (uint16_t)old);
		if (m->len == 0)
			mbuf_free(m);
		else
			tcp_rcv_append(t, p, m, m->len);
	}
	tcp_sack_idle(p, c);
}

/** Let go of everything that waits. */
void tcp_ooo_drop(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	mbuf_free_chain(c->ooo);
	c->ooo = NULL;
	c->ooo_frames = 0;
	c->n_sack = 0;
}
