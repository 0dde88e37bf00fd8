/* SPDX-License-Identifier: MIT */
/*
 * tcp.c - bring-up, and the walk over connections that have something due
 *
 * Not here: what a segment does (tcp_rx.c, tcp_segment.c), what a call does (tcp_call.c).
 */
#include "tcp/tcp_impl.h"

enum { REFS_A_CONN = 2, REFS_MIN = 4096, CONNS_A_HOLE = 8, HOLES_MIN = 4096 };

static uint32_t holes_of(uint32_t n) { return n / CONNS_A_HOLE + HOLES_MIN; }

static size_t holes_bytes(uint32_t n)
{
	return pool_bytes(sizeof(struct snd_hole), holes_of(n));
}

static size_t refs_bytes(uint32_t n)
{
	return pool_bytes(sizeof(struct snd_ref), n * REFS_A_CONN + REFS_MIN);
}

size_t tcp_bytes(uint32_t n)
{
	return ALIGN_UP(n * sizeof(struct tcp_pcb), CACHE_LINE) +
	       ALIGN_UP(n * sizeof(struct tcp_cold), CACHE_LINE) +
	       ALIGN_UP(refs_bytes(n), CACHE_LINE) + ALIGN_UP(holes_bytes(n), CACHE_LINE) +
	       fg_buckets(n) * sizeof(uint32_t);
}

static void *carve(uint8_t **at, size_t n)
{
	void *p = *at;

	*at += ALIGN_UP(n, CACHE_LINE);
	return p;
}

/** Smallest shift that makes our window fit 16 bits (RFC 7323 section 2.2). */
static uint8_t scale_for(uint32_t wnd)
{
	uint8_t shift = 0;

	while (shift < 14 && wnd >> shift > UINT16_MAX)
		shift++;
	return shift;
}

static void rtx_done(struct mbuf_done *d, struct mbuf *m)
{
	struct tcp *t = container_of(d, struct tcp, rtx_done);
	struct tcp_pcb *p = &t->pcbs[m->hash];
	struct tcp_cold *c = tcp_cold(t, p);

	netif_refs_back(t->nif, m);
	if (p->gen != m->seq || p->state == TCP_CLOSED)
		return;
	assert(c->rtx_in_nic > 0);
	if (--c->rtx_in_nic == 0 && (p->flags & (F_SENT_OWED | F_DEAD_OWED))) {
		tcp_dirty(t, p);
		t->resume_due = true;
	}
}

void tcp_init(struct tcp *tcp, const struct tcp_cfg *cfg, struct netif *nif, void *mem,
	      const struct toeplitz *tz, const uint64_t secret[2], const struct tcp_sink *sink,
	      void *sink_ctx)
{
	uint32_t n = cfg->conns_max;
	uint8_t *at = mem;

	tcp->cfg = *cfg;
	tcp->nif = nif;
	tcp->sink = sink;
	tcp->sink_ctx = sink_ctx;
	tcp->tz = tz;
	tcp->secret[0] = secret[0];
	tcp->secret[1] = secret[1];
	tcp->cfg.rcv_wnd_init = MIN(cfg->rcv_wnd_init, cfg->rcv_wnd);
	tcp->nagle_used = cfg->nagle;
	tcp->wnd_step = MIN(cfg->mss, tcp->cfg.rcv_wnd_init / 2);
	tcp->wnd_update = MIN(2u * cfg->mss, tcp->cfg.rcv_wnd_init / 2);
	tcp->wnd_floor = MIN(4u * cfg->mss, tcp->cfg.rcv_wnd_init);
	tcp->rcv_scale = cfg->wscale ? scale_for(cfg->rcv_wnd) : 0;
	tcp->pcbs = carve(&at, n * sizeof(struct tcp_pcb));
	tcp->colds = carve(&at, n * sizeof(struct tcp_cold));
	pool_init(&tcp->pcb_pool, tcp->pcbs, sizeof(struct tcp_pcb), n);
	tcp->refs = carve(&at, refs_bytes(n));
	pool_init(&tcp->ref_pool, tcp->refs, sizeof(struct snd_ref),
		  n * REFS_A_CONN + REFS_MIN);
	tcp->holes = carve(&at, holes_bytes(n));
	pool_init(&tcp->hole_pool, tcp->holes, sizeof(struct snd_hole), holes_of(n));
	fg_init(&tcp->flows, carve(&at, fg_buckets(n) * sizeof(uint32_t)), tcp->pcbs,
		sizeof(struct tcp_pcb), n, secret);
	list_init(&tcp->time_wait);
	list_init(&tcp->starved);
	tcp->rtx_done.fn = rtx_done;
}

int tcp_listen(struct tcp *tcp, uint16_t port, const struct tcp_cc_ops *cc)
{
	if (port == 0)
		return -EINVAL;
	if (tcp_listener_of(tcp, port))
		return -EADDRINUSE;
	if (tcp->n_listeners == TCP_LISTENERS_MAX)
		return -ENOSPC;
	tcp->listeners[tcp->n_listeners++] = (struct tcp_listener){ .port = port, .cc = cc };
	return 0;
}

struct mbuf *tcp_take_grave(struct tcp *tcp)
{
	struct mbuf *m = tcp->grave;

	tcp->grave = NULL;
	return m;
}

static struct tcp_pcb *dirty_pop(struct tcp *t)
{
	uint32_t me = t->dirty_head;
	struct tcp_pcb *p;

	if (me == 0)
		return NULL;
	p = &t->pcbs[me - 1];
	t->dirty_head = p->dirty_next;
	if (t->dirty_head == 0)
		t->dirty_tail = 0;
	p->flags &= ~(uint32_t)F_DIRTY;
	if (p->state == TCP_CLOSED && !(p->flags & F_ENDING))
		pool_free(&t->pcb_pool, p);
	return p;
}

static void resume(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (c->sent_waits && netif_refs_settled(t->nif, c->wait_mark)) {
		c->sent_waits = false;
		t->n_waiting--;
	}
	if ((p->flags & F_SENT_OWED) && c->rtx_in_nic == 0 && !c->sent_waits &&
	    t->ref_pool.n_avail > 0) {
		uint32_t bytes = c->sent_owed;

		p->flags &= ~(uint32_t)F_SENT_OWED;
		c->sent_owed = 0;
		tcp_snd_tell(t, p, bytes);
	}
	if ((p->flags & (F_UNDELIVERED | F_EOF_OWED)) && (p->flags & F_COOKIE))
		tcp_rcv_deliver(t, p);
	if ((p->flags & F_DEAD_OWED) && !(p->flags & (F_UNDELIVERED | F_EOF_OWED)) &&
	    c->rtx_in_nic == 0 && !c->sent_waits)
		tcp_finish(t, p);
}

/* Connections that stay due are put back behind @last, so one walk visits each once. */
void tcp_resume(struct tcp *tcp)
{
	uint32_t last = tcp->dirty_tail, me = 0;

	tcp->resume_due = false;
	while (me != last && tcp->sink->room(tcp->sink_ctx) >= TCP_EVENTS_A_FRAME) {
		struct tcp_pcb *p;

		me = tcp->dirty_head;
		p = dirty_pop(tcp);
		if (p->state == TCP_CLOSED) {
			if ((p->flags & F_ENDING) && !tcp_end_raise(tcp, p))
				tcp_dirty(tcp, p);
			continue;
		}
		tcp_dirty(tcp, p);
		resume(tcp, p);
	}
}

enum { F_STAYS_DUE = F_UNDELIVERED | F_EOF_OWED | F_SENT_OWED | F_DEAD_OWED | F_OUTPUT };

static bool still_due(const struct tcp *t, const struct tcp_pcb *p)
{
	if (p->flags & (F_UNDELIVERED | F_EOF_OWED))
		return p->flags & F_COOKIE;
	if (p->flags & (F_SENT_OWED | F_DEAD_OWED))
		return true;
	return (p->flags & F_OUTPUT) && netif_room(t->nif) == 0;
}

void tcp_flush(struct tcp *tcp)
{
	uint32_t last, me = 0;

	if (unlikely(tcp_wnd_due(tcp)))
		tcp_wnd_revisit(tcp);
	last = tcp->dirty_tail;
	while (me != last) {
		struct tcp_pcb *p;

		me = tcp->dirty_head;
		p = dirty_pop(tcp);
		if (p->state == TCP_CLOSED) {
			if (p->flags & F_ENDING)
				tcp_dirty(tcp, p);
			continue;
		}
		if (p->flags & F_OUTPUT)
			tcp_output(tcp, p);
		if (p->flags & F_ACK_NOW)
			tcp_tx_ack(tcp, p);
		else if (p->flags & F_ACK_LATER)
			tcp_timer_ack_owed(tcp, p);
		if (unlikely(p->flags & F_STAYS_DUE) && still_due(tcp, p))
			tcp_dirty(tcp, p);
	}
	tcp_snd_mark(tcp);
}

static uint32_t chain_len(const struct mbuf *m)
{
	uint32_t n = 0;

	for (; m; m = m->next)
		n++;
	return n;
}

uint32_t tcp_frames_held(const struct tcp *tcp)
{
	uint32_t n = chain_len(tcp->grave);

	for (uint32_t i = 0; i < tcp->pcb_pool.n_fresh; i++)
		if (tcp->pcbs[i].state != TCP_CLOSED)
			n += chain_len(tcp->pcbs[i].rcv_head) + chain_len(tcp->colds[i].ooo);
	return n;
}
