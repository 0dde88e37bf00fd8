/* SPDX-License-Identifier: MIT */
/*
 * tcp_board.c - the scoreboard: what of what we sent has left the network (RFC 6675 section 4)
 *
 * It covers [SND.UNA, board_end): bytes in a hole have not been reported, all others have
 * been SACKed. A hole is a run of bytes sent at one time, or taken for one: it carries the
 * latest, which can only make loss detection wait. Bytes sent once and beyond board_end need
 * no place here: their times are in the send queue. So a connection that loses nothing has
 * no scoreboard, and one that does has as many entries as the network made gaps, at most
 * TCP_HOLES_MAX: what would need more is not believed, and repeated by the peer.
 * Not here: which holes are lost (tcp_rack.c, tcp_loss.c), decoding SACK (tcp_sacked.c).
 */
#include "tcp/tcp_impl.h"

static uint32_t hole_index(const struct tcp *t, const struct snd_hole *h)
{
	return (uint32_t)(h - t->holes) + 1;
}

/* A sixteenth of what is left, and two: no few peers can have all holes. */
static struct snd_hole *hole_new(struct tcp *t, struct tcp_cold *c)
{
	uint32_t most = MIN((uint32_t)TCP_HOLES_MAX, 2 + t->hole_pool.n_avail / 16);
	struct snd_hole *h = c->n_holes < most ? pool_alloc(&t->hole_pool) : NULL;

	if (h)
		c->n_holes++;
	else
		STAT_INC(t->nif->stats, TCP_BOARD_FULL);
	return h;
}

/* Put @h behind @prev, or first. */
static void hole_insert(struct tcp *t, struct tcp_cold *c, struct snd_hole *prev,
			struct snd_hole *h)
{
	uint32_t *link = prev ? &prev->next : &c->holes;

	h->next = *link;
	*link = hole_index(t, h);
	if (h->next == 0)
		c->holes_tail = *link;
}

/* Take out the hole behind @prev, or the first. Returns the index of the one behind it. */
static uint32_t hole_remove(struct tcp *t, struct tcp_cold *c, struct snd_hole *prev)
{
	uint32_t *link = prev ? &prev->next : &c->holes;
	struct snd_hole *h = tcp_hole(t, *link);

	*link = h->next;
	if (h->next == 0)
		c->holes_tail = prev ? hole_index(t, prev) : 0;
	c->n_holes--;
	pool_free(&t->hole_pool, h);
	return *link;
}

/* The piece of the send queue that holds byte @end - 1, or the last one (a FIN has none). */
static struct snd_ref *ref_before(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
				  uint32_t end)
{
	uint32_t i = c->board_ref ? c->board_ref : p->snd_head;
	struct snd_ref *r;

	if (p->snd_head == 0)
		return NULL;
	for (r = tcp_ref(t, i); r->next && seq_lt(r->seq + r->len, end); r = tcp_ref(t, i))
		i = r->next;
	c->board_ref = i;
	return r;
}

static uint32_t sent_at(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t end)
{
	const struct snd_ref *r = ref_before(t, p, c, end);

	return r ? r->tx_us : t->now_us;
}

/* What an earlier one has left may be hours or gigabytes old. */
static void begin(struct tcp_pcb *p, struct tcp_cold *c)
{
	if (p->flags & F_BOARD)
		return;
	p->flags |= F_BOARD;
	c->board_end = p->snd_una;
	c->board_ref = 0;
	c->rack_valid = false;
	if (c->recover - p->snd_una > tcp_flight(p))
		c->recover = p->snd_una;
}

/** Have [.., @end), which has been sent, in a hole or SACKed; false when there is no room. */
bool tcp_board_extend(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t end)
{
	struct snd_hole *tail, *h = NULL;
	bool joins;
	uint32_t tx;

	begin(p, c);
	if (seq_leq(end, c->board_end))
		return true;
	tx = sent_at(t, p, c, end);
	tail = c->holes_tail ? tcp_hole(t, c->holes_tail) : NULL;
	joins = tail && tail->end == c->board_end && tail->flags == 0;
	if (!joins || (tail->tx_us != tx && c->n_holes <= TCP_HOLES_MAX / 2))
		h = hole_new(t, c);
	if (h) {
		*h = (struct snd_hole){ .seq = c->board_end, .end = end, .tx_us = tx };
		hole_insert(t, c, tail, h);
	} else if (joins) {
		tail->end = end;
		tail->tx_us = tx;
	} else {
		return false;
	}
	c->board_end = end;
	return true;
}

/** ... all that was sent before @before_us. */
void tcp_board_extend_sent(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			   uint32_t before_us)
{
	uint32_t limit = seq_min(p->snd_nxt, p->snd_end), end = p->snd_una;
	const struct snd_ref *r;

	begin(p, c);
	if (seq_lt(c->board_end, limit))
		for (r = ref_before(t, p, c, c->board_end + 1); r;
		     r = r->next ? tcp_ref(t, r->next) : NULL) {
			if (!us_before(r->tx_us, before_us) || seq_geq(r->seq, limit))
				break;
			end = seq_min(r->seq + r->len, limit);
		}
	tcp_board_extend(t, p, c, end);
}

/** Have a hole begin at @seq, which lies in one; false when there is no room. */
bool tcp_board_cut(struct tcp *t, struct tcp_cold *c, uint32_t seq)
{
	struct snd_hole *h = tcp_hole(t, c->holes), *rest;

	while (seq_leq(h->end, seq))
		h = tcp_hole(t, h->next);
	if (h->seq == seq)
		return true;
	rest = hole_new(t, c);
	if (!rest)
		return false;
	*rest = *h;
	rest->seq = h->end = seq;
	hole_insert(t, c, h, rest);
	return true;
}

void tcp_board_lose(struct tcp_cold *c, struct snd_hole *h)
{
	if (h->flags & HOLE_LOST)
		return;
	h->flags |= HOLE_LOST;
	c->lost += h->end - h->seq;
}

/** The first segment outstanding is lost; @again: also if it is one that was sent again. */
void tcp_board_lose_first(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, bool again)
{
	uint32_t end = p->snd_una + MIN(tcp_flight(p), p->mss);
	struct snd_hole *h;

	tcp_board_extend(t, p, c, end);
	if (!c->holes)
		return;
	h = tcp_hole(t, c->holes);
	if (!(h->flags & HOLE_LOST) && h->end - h->seq > p->mss)
		tcp_board_cut(t, c, h->seq + p->mss);
	if (again || !(h->flags & HOLE_AGAIN))
		tcp_board_lose(c, h);
}

/** Everything outstanding is to be sent again; without room for it, SACKed bytes as well. */
void tcp_board_lose_all(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	if (!tcp_board_extend(t, p, c, p->snd_nxt)) {
		tcp_board_reset(t, p, c);
		tcp_board_extend(t, p, c, p->snd_nxt);
	}
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next)
		tcp_board_lose(c, tcp_hole(t, i));
}

/** Nothing is lost after all. */
void tcp_board_lose_none(struct tcp *t, struct tcp_cold *c)
{
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next)
		tcp_hole(t, i)->flags &= ~(uint32_t)HOLE_LOST;
	c->lost = 0;
}

/** The first hole that is to be sent again, or NULL. */
struct snd_hole *tcp_board_lost(struct tcp *t, const struct tcp_cold *c)
{
	if (c->lost == 0)
		return NULL;
	for (uint32_t i = c->holes; i; i = tcp_hole(t, i)->next)
		if (tcp_hole(t, i)->flags & HOLE_LOST)
			return tcp_hole(t, i);
	return NULL;
}

/* The first @len bytes of @h, which stands behind @prev, have just been sent again. */
static void cut_sent(struct tcp *t, struct tcp_cold *c, struct snd_hole *prev,
		     struct snd_hole *h, uint32_t len)
{
	bool joins = prev && prev->end == h->seq && prev->flags == HOLE_AGAIN;
	struct snd_hole *n = NULL;

	if (!joins || (prev->tx_us != t->now_us && c->n_holes <= TCP_HOLES_MAX / 2))
		n = hole_new(t, c);
	if (!n && joins) {
		prev->end += len;
		prev->tx_us = t->now_us;
		h->seq += len;
		return;
	}
	if (!n) {		/* the whole of it waits for the next verdict */
		if (h->flags & HOLE_LOST)
			c->lost -= h->end - h->seq - len;
		h->flags = HOLE_AGAIN;
		h->tx_us = t->now_us;
		return;
	}
	*n = (struct snd_hole){ .seq = h->seq, .end = h->seq + len, .tx_us = t->now_us,
				.flags = HOLE_AGAIN };
	h->seq += len;
	hole_insert(t, c, prev, n);
}

/** [@seq, @seq + @len), the beginning of a hole, has been sent again. */
void tcp_board_sent(struct tcp *t, struct tcp_cold *c, uint32_t seq, uint32_t len)
{
	struct snd_hole *prev = NULL, *h = tcp_hole(t, c->holes);

	while (h->seq != seq) {
		prev = h;
		h = tcp_hole(t, h->next);
	}
	if (h->flags & HOLE_LOST)
		c->lost -= len;
	if (h->end - h->seq == len) {
		h->flags = HOLE_AGAIN;
		h->tx_us = t->now_us;
	} else {
		cut_sent(t, c, prev, h, len);
	}
}

/** Nothing is left to remember: the fast path is open again. */
void tcp_board_settle(struct tcp_pcb *p, const struct tcp_cold *c)
{
	if (c->holes || c->sacked || c->tlp_out || !(p->flags & F_BOARD))
		return;
	p->flags &= ~(uint32_t)F_BOARD;
	p->rtt_seq = p->snd_una;
}

/** Forget everything: the peer may have dropped what it reported (RFC 2018 section 8). */
void tcp_board_reset(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c)
{
	while (c->holes)
		hole_remove(t, c, NULL);
	c->sacked = c->lost = 0;
	c->board_end = p->snd_una;
	c->board_ref = 0;
	tcp_board_settle(p, c);
}

/* Bytes [.., @end) of @h have arrived. */
static void filled(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a,
		   const struct snd_hole *h, uint32_t end, uint32_t bytes)
{
	if (h->flags & HOLE_LOST)
		c->lost -= bytes;
	a->original = a->original || (!(h->flags & HOLE_AGAIN) && seq_lt(h->seq, c->recover));
	tcp_rack_delivered(t, p, c, a, h, end);
}

/* Holes below @ack close; returns how many bytes they had. */
static uint32_t close_below(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			    struct tcp_acked *a)
{
	uint32_t bytes = 0;

	while (c->holes && seq_lt(tcp_hole(t, c->holes)->seq, a->ack)) {
		struct snd_hole *h = tcp_hole(t, c->holes);
		uint32_t end = seq_min(h->end, a->ack), n = end - h->seq;

		bytes += n;
		filled(t, p, c, a, h, end, n);
		h->seq = end;
		if (h->seq == h->end)
			hole_remove(t, c, NULL);
	}
	return bytes;
}

/* A peer without SACK: the segment that was missing, and those its duplicates stood for. */
static void eat_dupacks(const struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a)
{
	uint32_t acked = a->ack - a->una, eaten = acked > p->mss ? acked - p->mss : 0;

	uint32_t left = p->snd_nxt - a->ack;

	eaten = MIN(eaten, c->sacked);
	c->sacked = MIN(c->sacked - eaten, left > p->mss ? left - p->mss : 0);
	a->delivered += acked - eaten;
}

/** SND.UNA is about to move from a->una to a->ack. */
void tcp_board_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a)
{
	uint32_t held = close_below(t, p, c, a), known = seq_min(a->ack, c->board_end) - a->una;

	if (!c->sack_ok) {
		eat_dupacks(p, c, a);
	} else {
		c->sacked -= known - held;
		a->delivered += a->ack - a->una - (known - held);
	}
	if (seq_gt(a->ack, c->board_end)) {
		struct snd_hole fresh = { .seq = c->board_end, .end = a->ack,
					  .tx_us = sent_at(t, p, c, a->ack) };

		filled(t, p, c, a, &fresh, a->ack, 0);
		c->board_end = a->ack;
	}
	if (a->ack == p->snd_nxt)
		c->sacked = 0;
}

/* The part of the block beyond board_end: a gap, and behind it what has arrived. */
static void sack_beyond(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			struct tcp_acked *a, uint32_t from, uint32_t to)
{
	struct snd_hole fresh = { .seq = from, .end = to };

	if (!tcp_board_extend(t, p, c, from))
		return;
	fresh.tx_us = sent_at(t, p, c, to);
	c->sacked += to - from;
	c->board_end = to;
	a->delivered += to - from;
	filled(t, p, c, a, &fresh, to, 0);
}

/* [@lo, @hi) of @h, which stands behind @prev, has arrived. Returns the last hole before @hi. */
static struct snd_hole *fill(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			     struct tcp_acked *a, struct snd_hole *prev, struct snd_hole *h,
			     uint32_t lo, uint32_t hi)
{
	struct snd_hole *rest = NULL;

	if (lo != h->seq && hi != h->end) {
		rest = hole_new(t, c);
		if (!rest)
			return h;
	}
	c->sacked += hi - lo;
	a->delivered += hi - lo;
	filled(t, p, c, a, h, hi, hi - lo);
	if (rest) {
		*rest = *h;
		rest->seq = hi;
		h->end = lo;
		hole_insert(t, c, h, rest);
		return h;
	}
	if (lo == h->seq && hi == h->end) {
		hole_remove(t, c, prev);
		return prev;
	}
	*(lo == h->seq ? &h->seq : &h->end) = lo == h->seq ? hi : lo;
	return h;
}

/** The peer has [@from, @to), within (SND.UNA, SND.NXT]. */
void tcp_board_sack(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a,
		    uint32_t from, uint32_t to)
{
	struct snd_hole *prev = NULL;
	uint32_t i;

	begin(p, c);
	for (i = seq_lt(from, c->board_end) ? c->holes : 0; i;) {
		struct snd_hole *h = tcp_hole(t, i);

		if (seq_geq(h->seq, to))
			break;
		if (seq_gt(h->end, from))
			prev = fill(t, p, c, a, prev, h, seq_max(h->seq, from),
				    seq_min(h->end, to));
		else
			prev = h;
		i = prev ? prev->next : c->holes;
	}
	if (seq_gt(to, c->board_end))
		sack_beyond(t, p, c, a, seq_max(from, c->board_end), to);
}
