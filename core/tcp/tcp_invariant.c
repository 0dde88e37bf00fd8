/* SPDX-License-Identifier: MIT */
/*
 * tcp_invariant.c - what holds of a connection between any two segments
 *
 * One fact an assert. Tests call it after every segment, call and timer; nothing else does.
 */
#include "tcp/tcp_impl.h"

static void check_send_queue(const struct tcp *t, const struct tcp_pcb *p)
{
	uint32_t seq, bytes = 0, i = p->snd_head;

	assert((p->snd_head == 0) == (p->snd_tail == 0));
	if (i == 0)
		return;
	seq = tcp_ref(t, i)->seq;
	assert(seq_leq(seq, p->snd_una));
	for (; i != 0; i = tcp_ref(t, i)->next) {
		const struct snd_ref *r = tcp_ref(t, i);

		assert(r->len > 0);
		assert(r->seq == seq);
		seq += r->len;
		bytes += r->len;
		assert((r->next == 0) == (i == p->snd_tail));
	}
	assert(seq == p->snd_end);
	assert(bytes >= p->snd_end - p->snd_una);
}

static void check_receive_queue(const struct tcp *t, const struct tcp_pcb *p)
{
	const struct tcp_cold *c = tcp_cold(t, p);
	uint32_t bytes = 0, undel = 0, frames = 0;
	bool pending = false;

	for (const struct mbuf *m = p->rcv_head; m; m = m->next) {
		bytes += m->len;
		pending = pending || m == c->undel;
		undel += pending ? m->len : 0;
		assert(m->len > 0);
		assert(m->next || m == p->rcv_tail);
	}
	assert(bytes == p->rcv_held);
	assert(undel == ((p->flags & F_UNDELIVERED) ? c->undel_bytes : 0));
	for (const struct mbuf *m = c->ooo; m; m = m->next) {
		frames++;
		assert(m->len > 0);
		assert(seq_gt(m->seq, p->rcv_nxt));
		assert(!m->next || seq_leq(m->seq + m->len, m->next->seq));
		assert(m->next || m == c->ooo_tail);
	}
	assert(frames == c->ooo_frames);
	assert(frames <= t->cfg.ooo_frames_max);
	assert(!c->ooo || (p->flags & F_OOO));
}

static void check_board(const struct tcp *t, const struct tcp_pcb *p)
{
	const struct tcp_cold *c = tcp_cold(t, p);
	uint32_t held = 0, lost = 0, n = 0, at = p->snd_una, last = 0;

	if (!(p->flags & F_BOARD)) {
		assert(c->n_holes == 0 && c->holes == 0 && c->sacked == 0 && c->lost == 0);
		return;
	}
	for (uint32_t i = c->holes; i; last = i, i = tcp_hole(t, i)->next) {
		const struct snd_hole *h = tcp_hole(t, i);

		assert(seq_geq(h->seq, at));	/* not below SND.UNA, no overlap */
		assert(seq_lt(h->seq, h->end));
		at = h->end;
		held += h->end - h->seq;
		lost += h->flags & HOLE_LOST ? h->end - h->seq : 0;
		n++;
	}
	assert(last == c->holes_tail);
	assert(n == c->n_holes && n <= TCP_HOLES_MAX);
	assert(lost == c->lost);
	assert(seq_leq(at, c->board_end) && seq_leq(c->board_end, p->snd_nxt));
	assert(seq_geq(c->board_end, p->snd_una));
	if (c->sack_ok)
		assert(c->sacked == c->board_end - p->snd_una - held);
	assert(c->sacked <= tcp_flight(p));
}

/* What was selectively acknowledged is held, every byte, until RCV.NXT has passed it. */
static void check_sack(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	assert(c->n_sack <= TCP_SACK_MAX);
	assert(c->sack_ok || c->dsack.from == c->dsack.to);
	assert(c->dsack.from == c->dsack.to || (p->flags & F_OOO));
	for (uint32_t i = 0; i < c->n_sack; i++) {
		uint32_t at = c->sack[i].from;

		assert(seq_lt(at, c->sack[i].to));
		if (seq_leq(c->sack[i].to, p->rcv_nxt))
			continue;
		for (const struct mbuf *m = c->ooo; m && seq_leq(m->seq, at); m = m->next)
			at = seq_max(at, m->seq + m->len);
		assert(seq_geq(at, c->sack[i].to));
	}
}

static void check_timers(const struct tcp *t, const struct tcp_pcb *p)
{
	const struct tcp_cold *c = tcp_cold(t, p);

	assert(((p->flags & F_TIMER) != 0) == timer_armed(&c->timer));
	if (p->flags & (F_T_RTO | F_T_DELACK | F_T_PERSIST | F_T_WAIT | F_T_PACE |
			F_T_KEEP))
		assert(p->flags & F_TIMER);
	if (p->snd_una != p->snd_nxt && p->state != TCP_TIME_WAIT)
		assert(p->flags & F_T_RTO);
	assert(!((p->flags & F_T_PERSIST) && p->snd_wnd > 0 && tcp_flight(p) > 0));
}

void tcp_check_pcb(const struct tcp *t, const struct tcp_pcb *p)
{
	if (p->state == TCP_CLOSED)
		return;
	assert(p->gen != 0);
	assert(seq_leq(p->snd_una, p->snd_nxt));
	assert(seq_leq(p->snd_nxt, p->snd_end + 1));
	assert((p->flags & F_FIN_SENT) || seq_leq(p->snd_nxt, p->snd_end));
	assert(!(p->flags & F_FIN_SENT) || (p->flags & F_FIN_WANTED));
	if (p->state >= TCP_ESTABLISHED) {
		assert(seq_leq(p->rcv_nxt, p->rcv_adv));
		assert(p->mss > 0);
		assert(p->cwnd >= p->mss);
		assert(p->rcv_lim <= t->cfg.rcv_wnd);
	}
	assert(!(p->flags & F_RECOVERY) || !(p->flags & F_RTX));
	check_send_queue(t, p);
	check_board(t, p);
	check_receive_queue(t, p);
	check_sack(p, tcp_cold(t, p));
	check_timers(t, p);
}
