/* SPDX-License-Identifier: MIT */
/*
 * tcp_listen.c - passive open: LISTEN, the backlog, and the knock (RFC 9293 3.10.7.2)
 *
 * A listener is a port. A SYN makes a connection in SYN-RECEIVED; when the handshake is
 * done the application hears `knock`. A connection counts against the backlog from its
 * SYN until it is accepted or gone.
 */
#include "tcp/tcp_impl.h"

enum {
	REUSE_GAP = 65536,		/* bytes between two connections of one flow */
	STALE_US = 100 * 1000,		/* a handshake that lasts longer may have to make room */
};

struct tcp_listener *tcp_listener_of(struct tcp *t, uint16_t port)
{
	for (uint32_t i = 0; i < t->n_listeners; i++)
		if (t->listeners[i].port == port)
			return &t->listeners[i];
	return NULL;
}

/*
 * Room for one more half-open connection of @l? When there is none the oldest makes way, if
 * it is stale: a flood of SYNs ages, a handshake does not (RFC 4987 section 3.4).
 */
static bool make_room(struct tcp *t, struct tcp_listener *l)
{
	struct tcp_cold *oldest;
	struct tcp_pcb *p;

	if (l->n_pending < t->cfg.backlog_max && t->pcb_pool.n_avail > 0)
		return true;
	if (list_empty(&l->half_open))
		return l->n_pending < t->cfg.backlog_max;
	oldest = container_of(l->half_open.next, struct tcp_cold, link);
	p = &t->pcbs[oldest - t->colds];
	if (t->now_us - oldest->syn_us < STALE_US)
		return l->n_pending < t->cfg.backlog_max;
	STAT_INC(t->nif->stats, TCP_HALF_OPEN_EVICTED);
	tcp_pcb_free(t, p);
	return true;
}

/**
 * A SYN for a listener. @beyond: where an earlier connection of the flow stopped sending, our
 * numbers must begin later (RFC 9293 section 3.6.1); NULL: there is none.
 */
void tcp_listen_syn(struct tcp *t, struct tcp_listener *l, const struct flow *f, struct tcp_seg *s,
		    const uint32_t *beyond)
{
	uint32_t iss = tcp_hs_iss(t, f);
	struct tcp_pcb *p;
	struct tcp_opts o;

	if (tcp_opts_decode(&o, s->opts, s->opts_len) != 0) {
		STAT_INC(t->nif->stats, TCP_BAD_HEADER);
		return;
	}
	if (!make_room(t, l)) {
		STAT_INC(t->nif->stats, TCP_LISTEN_DROP);
		return;
	}
	p = tcp_pcb_new(t, f);
	if (!p)
		return;
	l->n_pending++;
	p->flags |= F_KNOCKED;
	tcp_cold(t, p)->listener = (uint16_t)(l - t->listeners);
	list_add_tail(&l->half_open, &tcp_cold(t, p)->link);
	tcp_hs_take_syn(t, p, s, &o);
	p->snd_wnd = s->wnd;
	if (beyond && seq_leq(iss, *beyond))
		iss = *beyond + REUSE_GAP;
	p->snd_una = tcp_cold(t, p)->iss = iss;
	p->snd_nxt = p->snd_end = p->snd_una + 1;
	tcp_set_state(t, p, TCP_SYN_RCVD);
	tcp_tx_syn(t, p);
	tcp_timer_data_sent(t, p);
}

/** The connection no longer counts against its listener's backlog. */
void tcp_listen_unpend(struct tcp *t, struct tcp_pcb *p)
{
	if (!(p->flags & F_KNOCKED))
		return;
	p->flags &= ~(uint32_t)F_KNOCKED;
	t->listeners[tcp_cold(t, p)->listener].n_pending--;
}

void tcp_listen_knock(struct tcp *t, struct tcp_pcb *p)
{
	STAT_INC(t->nif->stats, TCP_KNOCKS);
	t->sink->knock(t->sink_ctx, tcp_handle(t, p), &p->node.flow);
}
