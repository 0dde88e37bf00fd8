/* SPDX-License-Identifier: MIT */
/*
 * tcp_snd.c - the fifth step, ACK, and the send queue (RFC 9293 section 3.10.7.4)
 *
 * The queue is a list of references to application memory covering [SND.UNA, snd_end).
 * Nothing is ever queued beyond the window, so snd_end - SND.UNA is what the window took.
 * Not here: loss (tcp_loss.c), sending (tcp_output.c).
 */
#include "tcp/tcp_impl.h"

static void pop_ref(struct tcp *t, struct tcp_pcb *p, struct snd_ref *r)
{
	if (p->snd_head != p->snd_tail) {
		struct tcp_cold *c = tcp_cold(t, p);

		if (c->snd_cur == p->snd_head)
			c->snd_cur = r->next;
		if (c->board_ref == p->snd_head)
			c->board_ref = r->next;
		if (c->rtx_ref == p->snd_head)
			c->rtx_ref = r->next;
		p->snd_head = r->next;
	} else {
		p->snd_head = p->snd_tail = 0;
	}
	pool_free(&t->ref_pool, r);
}

void tcp_snd_drop_refs(struct tcp *t, struct tcp_pcb *p)
{
	while (p->snd_head)
		pop_ref(t, p, tcp_ref(t, p->snd_head));
}

/**
 * SND.UNA advances to @ack, in (SND.UNA, SND.NXT]; the segment came at @arrival. Returns when
 * the last of it was first sent, in us.
 */
uint32_t tcp_snd_acked(struct tcp *t, struct tcp_pcb *p, uint32_t ack, nsec arrival)
{
	uint32_t tx_us = t->now_us;

	if (seq_gt(ack, p->rtt_seq) && p->snd_head && !(p->flags & F_BOARD)) {
		tcp_rtt_sample(p, tcp_ref(t, p->snd_head)->tx_us,
			       (uint32_t)(arrival / NSEC_PER_USEC));
		p->rtt_seq = p->snd_nxt;
	}
	while (p->snd_head) {
		struct snd_ref *r = tcp_ref(t, p->snd_head);

		if (seq_geq(r->seq, ack))
			break;
		tx_us = r->tx_us;
		if (seq_gt(r->seq + r->len, ack))
			break;
		pop_ref(t, p, r);
	}
	p->snd_una = ack;
	tcp_timer_data_acked(t, p);
	return tx_us;
}

/** The end of a pass: what it has given the NIC is told from what the next one will. When the
 * marks have run out the next pass shares this one's. */
void tcp_snd_mark(struct tcp *t)
{
	struct netif *nif = t->nif;

	netif_refs_settle(nif);
	if (nif->refs_of[nif->refs_mark % NETIF_MARKS] > 0 &&
	    nif->refs_mark - nif->refs_oldest < NETIF_MARKS - 1)
		nif->refs_mark++;
}

/** Raise `sent` for @bytes later: tcp_resume() does when the NIC has let go of all it has. */
void tcp_snd_owe(struct tcp *t, struct tcp_pcb *p, uint32_t bytes)
{
	struct tcp_cold *c = tcp_cold(t, p);

	STAT_INC(t->nif->stats, TCP_SENT_HELD);
	p->flags |= F_SENT_OWED;
	c->sent_owed += bytes;
	c->wait_mark = t->wait_mark = t->nif->refs_mark;
	t->n_waiting += !c->sent_waits;
	c->sent_waits = true;
	tcp_dirty(t, p);
}

/* RFC 9293 section 3.8.6.2.1: a sliver is not worth an event. */
static bool worth_telling(const struct tcp *t, const struct tcp_pcb *p, uint32_t usable)
{
	uint32_t half = tcp_cold(t, p)->max_snd_wnd / 2;

	return usable > 0 && (usable >= MIN(p->mss, half) || p->snd_end == p->snd_una);
}

/** Raise `sent`: @bytes acknowledged, or 0 when only the window opened. */
void tcp_snd_tell(struct tcp *t, struct tcp_pcb *p, uint32_t bytes)
{
	uint32_t usable = tcp_snd_usable(t, p);

	if (unlikely(p->flags & (F_BLOCKED | F_SENT_OWED))) {
		struct tcp_cold *c = tcp_cold(t, p);

		if (c->sent_waits && bytes > 0) {
			c->sent_owed += bytes;
			p->flags |= F_SENT_OWED;
			return;
		}
		if (bytes == 0 && !((p->flags & F_BLOCKED) && worth_telling(t, p, usable)))
			return;
		if (usable > 0)
			p->flags &= ~(uint32_t)F_BLOCKED;
	}
	if (p->flags & F_COOKIE)
		t->sink->sent(t->sink_ctx, p->cookie, bytes, usable);
}

static bool newer_window(const struct tcp_pcb *p, const struct tcp_seg *s)
{
	return seq_lt(p->snd_wl1, s->seq) || (p->snd_wl1 == s->seq && seq_leq(p->snd_wl2, s->ack));
}

static void update_window(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s, uint32_t wnd)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!newer_window(p, s))
		return;
	p->snd_wl1 = s->seq;
	p->snd_wl2 = s->ack;
	p->snd_wnd = wnd;
	c->max_snd_wnd = MAX(c->max_snd_wnd, wnd);
	if ((wnd == 0 || (p->flags & F_T_PERSIST)) && !(p->flags & F_CLOSED))
		c->retries = 0;		/* the peer lives: persist, do not give up (MUST-37) */
	if (wnd > 0 && (p->flags & F_T_PERSIST)) {
		p->flags &= ~(uint32_t)F_T_PERSIST;
		c->probes = 0;
		c->stalled = false;
	}
}

/* RFC 5681 section 2: its five conditions but that data is outstanding. Text that found no room
 * is text: not s->len. */
static bool is_again(const struct tcp_pcb *p, const struct tcp_seg *s, uint32_t wnd)
{
	return s->ack == p->snd_una && s->m->len == 0 &&
	       !(s->flags & (TH_SYN | TH_FIN)) && wnd == p->snd_wnd;
}

/* The application waits for a window, and no ACK is due that would bring it: the update may
 * have been lost, so ask (3.8.6.1). */
static void watch_window(struct tcp *t, struct tcp_pcb *p)
{
	if ((p->flags & F_BLOCKED) && p->snd_una == p->snd_nxt)
		tcp_timer_persist(t, p);
}

/* Raise `sent` for @bytes, first sent at @tx_us, or owe it while the NIC still has them. */
static void tell(struct tcp *t, struct tcp_pcb *p, uint32_t bytes, uint32_t tx_us)
{
	if (bytes > 0 && tcp_snd_in_nic(t, p, tx_us))
		tcp_snd_owe(t, p, bytes);
	else if (bytes > 0 || (p->flags & F_BLOCKED))
		tcp_snd_tell(t, p, bytes);
}

/* The scoreboard needs the send queue as it was, what is SACKed as it is; windows come last.
 * Returns when the last of what is acknowledged was first sent. */
static uint32_t take_ack(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s,
		     struct tcp_acked *a)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool sack = c->sack_ok && s->opts_len > 0;
	uint32_t tx_us = t->now_us;

	if (unlikely(p->flags & F_ECN) && seq_geq(s->ack, a->una) && tcp_ecn_ack(t, p, s))
		a->flight = 0;			/* no reason to grow: RFC 3168 section 6.1.2 */
	if (a->ack != a->una) {
		c->retries = 0;
		c->soft_err = false;
		if (p->flags & F_BOARD)
			tcp_board_acked(t, p, c, a);
		else
			a->delivered = a->ack - a->una;
		tx_us = tcp_snd_acked(t, p, a->ack, s->m->arrival);
	}
	if (sack)
		tcp_sacked_take(t, p, s, a);
	if (a->dup || a->dsack || (p->flags & (F_BOARD | F_RECOVERY | F_RTX)))
		tcp_loss_ack(t, p, a);
	else if (a->ack != a->una)
		tcp_loss_open(t, p, a->ack - a->una, a->flight);
	return tx_us;
}

enum verdict tcp_snd_ack(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	uint32_t wnd = s->wnd << tcp_snd_scale(p);
	struct tcp_acked a = { .una = p->snd_una, .ack = p->snd_una, .flight = tcp_flight(p),
			       .arrival_us = (uint32_t)(s->m->arrival / NSEC_PER_USEC),
			       .has_ts = s->has_ts, .tsecr = s->tsecr };
	uint32_t tx_us;
	bool fin;

	if (!(s->flags & TH_ACK))
		return V_DROP;
	if (seq_gt(s->ack, p->snd_nxt))
		return V_ACK;
	if (seq_lt(s->ack, p->snd_una - tcp_cold(t, p)->max_snd_wnd))
		return V_CHALLENGE;		/* RFC 5961 section 5.2 */
	a.again = is_again(p, s, wnd);
	a.dup = a.again && p->snd_nxt != p->snd_una;
	if (seq_geq(s->ack, p->snd_una)) {
		update_window(t, p, s, wnd);
		a.ack = s->ack;
	}
	fin = a.ack != a.una && (p->flags & F_FIN_SENT) && a.ack == p->snd_end + 1;
	tx_us = take_ack(t, p, s, &a);
	tell(t, p, a.ack - a.una - fin, tx_us);
	if (p->flags & (F_OUTPUT | F_RTX))
		tcp_output(t, p);
	watch_window(t, p);
	return fin ? tcp_close_acked(t, p) : V_NEXT;
}
