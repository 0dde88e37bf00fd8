/* SPDX-License-Identifier: MIT */
/*
 * tcp_listen.c - passive open: LISTEN, the backlog, and the knock (RFC 9293 3.10.7.2)
 *
 * A listener is a port. A SYN makes a connection in SYN-RECEIVED; when the handshake is
 * done the application hears `knock`. A connection counts against the backlog from its
 * SYN until it is accepted or gone. When too many are half open, SYNs are answered with
 * cookies (tcp_cookie.c) and leave nothing here: RFC 4987.
 */
#include "tcp/tcp_impl.h"

enum {
	REUSE_GAP = 65536,		/* bytes between two connections of one flow */
	PARTS = 1000 * 1000 * 1000,	/* that make one, in syn_cookies_at */
};

struct tcp_listener *tcp_listener_of(struct tcp *t, uint16_t port)
{
	for (uint32_t i = 0; i < t->n_listeners; i++)
		if (t->listeners[i].port == port)
			return &t->listeners[i];
	return NULL;
}

/* Half-open connections have their share of the backlog, or of the slots that others leave. */
static bool crowded(const struct tcp *t, const struct tcp_listener *l)
{
	uint32_t room = t->pcb_pool.n_avail + t->n_time_wait + l->n_half_open;

	room = MIN(room, t->cfg.backlog_max);
	return l->n_pending >= t->cfg.backlog_max ||
	       (uint64_t)l->n_half_open * PARTS >= (uint64_t)room * t->cfg.syn_cookies_at;
}

static bool wants_cookie(const struct tcp *t, const struct tcp_listener *l)
{
	if (t->cfg.syn_cookies == TCP_COOKIE_AUTO)
		return crowded(t, l);
	return t->cfg.syn_cookies == TCP_COOKIE_ALWAYS;
}

/**
 * A connection in SYN-RECEIVED, out of the peer's @syn (seq and wnd count) and what it offers.
 * Counts against the backlog of @l. NULL and a counted refusal when there is no room.
 */
struct tcp_pcb *tcp_listen_open(struct tcp *t, struct tcp_listener *l, const struct flow *f,
				const struct tcp_seg *syn, const struct tcp_opts *o, uint32_t iss)
{
	struct tcp_pcb *p;

	if (l->n_pending >= t->cfg.backlog_max) {
		STAT_INC(t->nif->stats, TCP_LISTEN_DROP);
		return NULL;
	}
	p = tcp_pcb_new(t, f);
	if (!p)
		return NULL;
	l->n_pending++;
	l->n_half_open++;
	p->flags |= F_KNOCKED;
	tcp_cold(t, p)->cc = l->cc;
	tcp_cold(t, p)->listener = (uint16_t)(l - t->listeners);
	tcp_hs_take_syn(t, p, syn, o);
	p->snd_wnd = syn->wnd;
	p->snd_una = tcp_cold(t, p)->iss = iss;
	p->snd_nxt = p->snd_end = iss + 1;
	tcp_set_state(t, p, TCP_SYN_RCVD);
	return p;
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

	if (tcp_wnd_scarce(t, 1)) {		/* what is left is for the connections there are */
		STAT_INC(t->nif->stats, TCP_SYN_PRESSURE);
		return;
	}
	if (tcp_opts_decode(&o, s->opts, s->opts_len) != 0) {
		STAT_INC(t->nif->stats, TCP_BAD_HEADER);
		return;
	}
	if (!beyond && wants_cookie(t, l)) {	/* over TIME-WAIT the peer is known */
		tcp_cookie_send(t, l, f, s, &o);
		return;
	}
	if (beyond && seq_leq(iss, *beyond))
		iss = *beyond + REUSE_GAP;
	p = tcp_listen_open(t, l, f, s, &o, iss);
	if (!p)
		return;
	tcp_tx_syn(t, p);
	tcp_timer_data_sent(t, p);
}

/** The handshake of @p is done. */
void tcp_listen_full_open(struct tcp *t, const struct tcp_pcb *p)
{
	if (p->flags & F_KNOCKED)
		t->listeners[tcp_cold(t, p)->listener].n_half_open--;
}

/** The connection no longer counts against its listener's backlog. */
void tcp_listen_unpend(struct tcp *t, struct tcp_pcb *p)
{
	if (!(p->flags & F_KNOCKED))
		return;
	if (p->state == TCP_SYN_RCVD)
		tcp_listen_full_open(t, p);
	p->flags &= ~(uint32_t)F_KNOCKED;
	t->listeners[tcp_cold(t, p)->listener].n_pending--;
}

void tcp_listen_knock(struct tcp *t, struct tcp_pcb *p)
{
	STAT_INC(t->nif->stats, TCP_KNOCKS);
	t->sink->knock(t->sink_ctx, tcp_handle(t, p), &p->node.flow);
}
