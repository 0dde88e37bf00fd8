/* SPDX-License-Identifier: MIT */
/*
 * tcp_fast.c - header prediction: the expected segment on an ESTABLISHED connection
 *
 * Next in sequence, acknowledges nothing old and nothing unsent, no flag but ACK and PSH,
 * and the connection is in none of the conditions of F_SLOW. What it does is what
 * tcp_segment() would have done: a test replays every script with it off.
 */
#include "tcp/tcp_impl.h"

static bool predicted(const struct tcp *t, const struct tcp_pcb *p, const struct tcp_seg *s)
{
	uint32_t acked = s->ack - p->snd_una;

	if (p->state != TCP_ESTABLISHED || (p->flags & F_SLOW) || !t->cfg.fast_path)
		return false;
	if ((s->flags & ~TH_PSH) != TH_ACK || s->seq != p->rcv_nxt || acked > tcp_flight(p))
		return false;
	if (s->len == 0)
		return acked != 0;
	return s->len <= p->rcv_adv - p->rcv_nxt && (p->flags & F_COOKIE) &&
	       mempool_avail(t->nif->pool) > t->nif->pool->pool.n / 8;
}

/* RFC 7323 section 4.3, when nothing is wrong. */
static bool timestamps_ok(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct tcp_cold *c;

	if (!(p->flags & F_TS))
		return s->opts_len == 0;
	c = tcp_cold(t, p);
	if (s->opts_len != 12 || !tcp_opts_ts(s) || !s->has_ts || seq_lt(s->tsval, c->ts_recent))
		return false;
	if (seq_leq(s->seq, c->last_ack_sent)) {
		c->ts_recent = s->tsval;
		c->ts_recent_at = tcp_ts_now(t);
	}
	return true;
}

static void take_ack(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	uint32_t wnd = s->wnd << tcp_snd_scale(p), acked = s->ack - p->snd_una;
	uint32_t flight = tcp_flight(p);

	if (wnd != p->snd_wnd) {
		struct tcp_cold *c = tcp_cold(t, p);

		p->snd_wnd = wnd;
		c->max_snd_wnd = MAX(c->max_snd_wnd, wnd);
	}
	p->snd_wl1 = s->seq;
	p->snd_wl2 = s->ack;
	if (acked == 0)
		return;
	tcp_snd_acked(t, p, s->ack, s->m->arrival);
	if (unlikely(2 * flight >= p->cwnd))
		tcp_loss_acked(t, p, acked, flight);
	tcp_snd_tell(t, p, acked);
}

bool tcp_fast(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	if (!predicted(t, p, s) || !timestamps_ok(t, p, s))
		return false;
	take_ack(t, p, s);
	if (s->len == 0)
		return true;
	tcp_rcv_append(t, p, s->m, s->len);
	t->sink->recv(t->sink_ctx, p->cookie, mbuf_data(s->m), s->len);
	s->m = NULL;
	return true;
}
