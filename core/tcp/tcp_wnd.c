/* SPDX-License-Identifier: MIT */
/*
 * tcp_wnd.c - how large a receive window may be: what the application takes, what memory there is
 *
 * A connection begins with rcv_wnd_init. When the application has taken half a window within
 * SIZE_RTTS round trips, the limit doubles, up to rcv_wnd (dynamic right-sizing, Fisk and Feng
 * 2001): one that takes little, or slowly, never claims more. The round trip is SRTT, which the
 * handshake has measured; without it, half a window taken is enough.
 *
 * Frames are what a window promises. Of the pool, while at most a half is left no limit grows;
 * a quarter: the right edge stops but for wnd_floor, and the window shrinks as data arrives; an
 * eighth: text and SYNs are refused (tcp_rcv.c, tcp_listen.c). Who was denied waits in
 * tcp.starved until 3/8 are free, and is told then, REVISIT_MAX a pass. The floor keeps a peer
 * sending whatever happens, so that a stream never waits for an update that is lost.
 * Not here: the edge itself (tcp_rcv_wnd() in tcp_impl.h), which never moves left.
 */
#include "tcp/tcp_impl.h"

enum { SIZE_RTTS = 8, REVISIT_MAX = 16 };

_Static_assert(SIZE_RTTS == 8, "tcp_pcb.srtt is eight round trips");

/* What the wire can say, and the knob allows. */
static uint32_t lim_max(const struct tcp *t, const struct tcp_pcb *p)
{
	return MIN(t->cfg.rcv_wnd, (uint32_t)UINT16_MAX << tcp_rcv_scale(p));
}

/* First byte the application has not given back. */
static uint32_t taken_to(const struct tcp_pcb *p) { return p->rcv_nxt - p->rcv_held; }

static void begin(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c)
{
	c->size_seq = taken_to(p);
	c->size_at = t->now_us;
}

/** The peer's SYN is taken, and with it the scale. */
void tcp_wnd_init(struct tcp *t, struct tcp_pcb *p)
{
	p->rcv_lim = MIN(t->cfg.rcv_wnd_init, lim_max(t, p));
	begin(t, p, tcp_cold(t, p));
}

static void size(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool enough = taken_to(p) - c->size_seq > p->rcv_lim / 2;
	bool late = p->srtt != 0 && t->now_us - c->size_at > p->srtt;

	if (!enough && !late)
		return;
	begin(t, p, c);
	if (late || tcp_wnd_scarce(t, 4) || p->rcv_lim == lim_max(t, p))
		return;
	p->rcv_lim = MIN(2 * p->rcv_lim, lim_max(t, p));
	STAT_INC(t->nif->stats, TCP_RCV_GROWN);
}

static void starve(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	STAT_INC(t->nif->stats, TCP_RCV_PRESSURE);
	if (c->starved || p->state < TCP_ESTABLISHED || p->state == TCP_TIME_WAIT)
		return;
	list_add_tail(&t->starved, &c->link);
	t->n_starved++;
	c->starved = true;
}

/** The window may grow by @growth, which is worth it: by how much it does. */
uint32_t tcp_wnd_open(struct tcp *t, struct tcp_pcb *p, uint32_t growth)
{
	uint32_t wnd = p->rcv_adv - p->rcv_nxt;

	if (p->rcv_lim < t->cfg.rcv_wnd) {
		size(t, p);
		growth = tcp_rcv_growth(p);
	}
	if (likely(!tcp_wnd_scarce(t, 2)) || wnd + growth <= t->wnd_floor)
		return growth;
	starve(t, p);
	return wnd < t->wnd_floor ? t->wnd_floor - wnd : 0;
}

/** An update would be worth sending, but says nothing while frames are scarce. */
bool tcp_wnd_withheld(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t wnd = p->rcv_adv - p->rcv_nxt;

	if (likely(!tcp_wnd_scarce(t, 2)) || wnd + t->wnd_step <= t->wnd_floor)
		return false;
	starve(t, p);
	return true;
}

/** It waits for frames no more: told, or past receiving. */
void tcp_wnd_settled(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!c->starved)
		return;
	c->starved = false;
	list_del(&c->link);
	t->n_starved--;
}

/** There are frames again: those who waited longest are told first. */
void tcp_wnd_revisit(struct tcp *t)
{
	for (uint32_t i = 0; i < REVISIT_MAX && t->n_starved > 0; i++) {
		struct tcp_cold *c = container_of(t->starved.next, struct tcp_cold, link);
		struct tcp_pcb *p = &t->pcbs[c - t->colds];

		tcp_wnd_settled(t, p);
		if (tcp_rcv_growth(p) < t->wnd_update || (p->flags & F_FIN_RCVD))
			continue;
		p->flags |= F_ACK_NOW;
		tcp_dirty(t, p);
	}
}
