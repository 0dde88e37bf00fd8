/* SPDX-License-Identifier: MIT */
/*
 * tcp_rcv.c - the seventh step, segment text; delivery; the receive window
 *
 * A frame that carries bytes in sequence is appended to rcv_head and stays there until
 * recv_done covers it: the application reads the frame's own bytes. Undelivered frames
 * (not accepted yet, or no event room) are the tail of the same list, from cold->undel.
 */
#include "tcp/tcp_impl.h"

void tcp_rcv_drop_all(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (p->rcv_head) {
		p->rcv_tail->next = t->grave;
		t->grave = p->rcv_head;
	}
	tcp_ooo_drop(t, p);
	c->undel = NULL;
	c->rcv_frames = 0;
	c->undel_bytes = 0;
	p->rcv_head = p->rcv_tail = NULL;
	p->rcv_held = 0;
	p->flags &= ~(uint32_t)F_UNDELIVERED;
	tcp_sack_idle(p, c);
}

/** The first segments of text are acknowledged at once, until the application has answered: in a
 * conversation acknowledgements ride on answers (Linux: pingpong). */
void tcp_rcv_quick(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (c->quick == 0)
		return;
	if (c->quick == t->cfg.quickack) {
		c->quick_end = p->snd_end;
	} else if (p->snd_end != c->quick_end) {
		c->quick = 0;
		return;
	}
	c->quick--;
	p->flags |= F_ACK_NOW;
}

/** Hand the application what waits, as far as there is room; then the end of stream. */
void tcp_rcv_deliver(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	while (c->undel) {
		struct mbuf *m = c->undel;

		if (t->sink->room(t->sink_ctx) < TCP_EVENTS_A_FRAME / 2)
			return;
		t->sink->recv(t->sink_ctx, p->cookie, mbuf_data(m), m->len);
		c->undel_bytes -= m->len;
		c->undel = m->next;
		c->rcv_frames--;
	}
	p->flags &= ~(uint32_t)F_UNDELIVERED;
	if ((p->flags & F_EOF_OWED) && t->sink->room(t->sink_ctx) >= TCP_EVENTS_A_FRAME / 2) {
		p->flags &= ~(uint32_t)F_EOF_OWED;
		t->sink->recv(t->sink_ctx, p->cookie, NULL, 0);
	}
}

/* Frames [m ..] of the list have become readable; deliver now or later. */
static void readable(struct tcp *t, struct tcp_pcb *p, struct mbuf *m)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!(p->flags & F_UNDELIVERED)) {
		p->flags |= F_UNDELIVERED;
		c->undel = m;
	}
	for (; m; m = m->next) {
		c->undel_bytes += m->len;
		c->rcv_frames++;
	}
	if (p->flags & F_COOKIE)
		tcp_rcv_deliver(t, p);
}

/* Cut @s to the window; false: nothing of it is new. */
static bool trim(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	uint32_t old, room = p->rcv_adv - p->rcv_nxt;

	if (seq_lt(s->seq, p->rcv_nxt)) {
		old = MIN(p->rcv_nxt - s->seq, s->len);
		STAT_ADD(t->nif->stats, TCP_DUP_DATA, old);
		tcp_sack_twice(p, tcp_cold(t, p), s->seq, s->seq + old);
		mbuf_pull(s->m, (uint16_t)old);
		s->seq += old;
		s->len -= old;
	}
	if (seq_gt(s->seq + s->len, p->rcv_nxt + room)) {
		s->len = p->rcv_nxt + room - s->seq;
		s->flags &= (uint8_t)~TH_FIN;
	}
	s->m->len = (uint16_t)s->len;
	return s->len > 0;
}

/* Frames are memory too: a peer that sends single bytes is bounded in frames. The pool keeps
 * an eighth for what we must send. Half of that is for connections that hold nothing: those
 * whose applications do not read cannot starve those whose do. */
static bool too_many(const struct tcp *t, const struct tcp_pcb *p)
{
	uint32_t keep = t->nif->pool->pool.n / (p->rcv_head || (p->flags & F_OOO) ? 8 : 16);

	return tcp_cold(t, p)->rcv_frames >= t->cfg.rcv_frames_max ||
	       mempool_avail(t->nif->pool) <= keep;
}

static void note_fin(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!(s->flags & TH_FIN) || (p->flags & F_FIN_RCVD) || c->fin_seen)
		return;
	c->fin_seen = true;
	c->fin_seq = s->seq + s->len;
	p->flags |= F_OOO;
}

/*
 * Three quarters of the pool are out: what fits goes behind the bytes of the last frame, or
 * one peer that sends single bytes to an application that does not take them would hold every
 * frame there is. The application sees bytes appear behind those it has; @s keeps its frame.
 */
static bool pack(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	struct mbuf *tail = p->rcv_tail;
	uint8_t *to;

	if (!p->rcv_head || (p->flags & F_OOO) || s->seq != p->rcv_nxt ||
	    mempool_avail(t->nif->pool) > t->nif->pool->pool.n / 4 ||
	    s->len > MBUF_ROOM - (uint32_t)tail->off - tail->len)
		return false;
	to = mbuf_data(tail) + tail->len;
	memcpy(to, mbuf_data(s->m), s->len);
	t->nif->work->copied_bytes += s->len;
	STAT_INC(t->nif->stats, TCP_RCV_PACKED);
	tail->len = (uint16_t)(tail->len + s->len);
	tcp_rcv_took(t, p, s->len);
	if (p->flags & F_UNDELIVERED)
		tcp_cold(t, p)->undel_bytes += s->len;
	else
		t->sink->recv(t->sink_ctx, p->cookie, to, s->len);
	return true;
}

static void in_order(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct mbuf *first = s->m;

	s->m = NULL;
	tcp_rcv_append(t, p, first, s->len);
	if (p->flags & F_OOO) {
		p->flags |= F_ACK_NOW;		/* fills a gap: RFC 5681 section 4.2 */
		tcp_ooo_collect(t, p);
	}
	readable(t, p, first);
}

enum verdict tcp_rcv_text(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	uint32_t had = s->len;

	if (had == 0 && !(s->flags & TH_FIN))
		return V_NEXT;
	if (p->flags & F_FIN_RCVD)
		return V_ACK;			/* only retransmissions can be here */
	if ((p->flags & F_CLOSED) && seq_gt(s->seq + s->len, p->rcv_nxt))
		return V_ABORT;			/* RFC 1122 section 4.2.2.13 */
	if (!trim(t, p, s)) {
		note_fin(t, p, s);
		if (had > 0) {
			p->flags |= F_ACK_NOW;
			tcp_dirty(t, p);
		}
		return seq_gt(s->seq, p->rcv_nxt) ? V_ACK : V_NEXT;
	}
	if (unlikely(p->flags & F_ECN))
		tcp_ecn_text(t, p, s);
	if (!(s->flags & TH_FIN) && pack(t, p, s))
		return V_NEXT;
	if (too_many(t, p)) {
		STAT_INC(t->nif->stats, TCP_RCV_DROP);
		return V_ACK;
	}
	note_fin(t, p, s);
	if (s->seq != p->rcv_nxt) {
		tcp_ooo_insert(t, p, s);
		return V_ACK;			/* at once: RFC 5681 section 4.2 */
	}
	in_order(t, p, s);
	return V_NEXT;
}
