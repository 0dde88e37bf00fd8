/* SPDX-License-Identifier: MIT */
/*
 * tcp_tx.c - build segments and hand them to IP (RFC 9293 section 3.1)
 *
 * Payload is never copied: a frame carries the header and up to MBUF_FRAGS_MAX references
 * into the send queue. Not here: the decision to send (tcp_output.c, tcp_segment.c).
 */
#include "net/ip.h"
#include "tcp/tcp_impl.h"

enum {
	CHALLENGE_BURST = 5,
	CHALLENGE_US = 1000 * 1000,	/* one more */
	TS_WORDS = 0x0101080a,
	SACK_OK = 0x0402,
};

static inline struct mbuf *tx_alloc(struct tcp *t)
{
	struct mbuf *m;

	if (netif_room(t->nif) == 0)
		return NULL;
	m = mbuf_alloc(t->nif->pool);
	if (!m)
		STAT_INC(t->nif->stats, TX_NO_MBUF);
	return m;
}

static inline void put_header(uint8_t *h, const struct flow *f, uint32_t seq, uint32_t ack,
			      uint8_t flags, uint32_t wnd, uint32_t hlen)
{
	be32_store(h + TCP_SPORT, (uint32_t)f->lport << 16 | f->rport);
	be32_store(h + TCP_SEQ, seq);
	be32_store(h + TCP_ACK, ack);
	be32_store(h + TCP_OFF, hlen / 4 << 28 | (uint32_t)flags << 16 | (wnd & UINT16_MAX));
	be32_store(h + TCP_CSUM, 0);		/* and the urgent pointer */
}

static void put_ts(uint8_t *h, uint32_t tsval, uint32_t tsecr)
{
	be32_store(h, TS_WORDS);
	be32_store(h + 4, tsval);
	be32_store(h + 8, tsecr);
}

static void emit(struct tcp *t, struct mbuf *m, const struct flow *f)
{
	t->nif->work->tx_segments++;
	ip_tx(t->nif, m, f->raddr, IPPROTO_TCP_, TCP_CSUM, t->now);
}

/* The segment acknowledges all we have: nothing is owed any more. Returns the window field. */
static uint32_t take_ack(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t wnd = tcp_rcv_wnd(t, p);

	p->rcv_adv = p->rcv_nxt + wnd;
	p->flags &= ~(uint32_t)(F_ACK_NOW | F_ACK_LATER | F_T_DELACK);
	return MIN(wnd >> tcp_rcv_scale(p), UINT16_MAX);
}

/* A frame with the header of a synchronized connection, flags and all; @fresh: for new data. */
static inline __attribute__((always_inline)) struct mbuf *start(struct tcp *t, struct tcp_pcb *p,
								uint32_t seq, uint8_t flags,
								bool fresh)
{
	uint32_t hlen = p->flags & F_TS ? TCP_HLEN_MIN + 12 : TCP_HLEN_MIN;
	struct mbuf *m = tx_alloc(t);
	uint8_t *h;

	if (!m)
		return NULL;
	h = mbuf_prepend(m, (uint16_t)hlen);
	if (p->flags & F_TS) {
		struct tcp_cold *c = tcp_cold(t, p);

		put_ts(h + TCP_HLEN_MIN, tcp_ts_now(t), c->ts_recent);
		c->last_ack_sent = p->rcv_nxt;
	}
	put_header(h, &p->node.flow, seq, p->rcv_nxt, flags | TH_ACK, take_ack(t, p), hlen);
	if (unlikely(p->flags & F_ECN))
		tcp_ecn_stamp(t, p, m, fresh);
	return m;
}

/* The reference that holds @seq, which the queue covers. */
static inline struct snd_ref *find_ref(struct tcp *t, struct tcp_pcb *p, uint32_t seq)
{
	struct snd_ref *r = tcp_ref(t, p->snd_head);
	struct tcp_cold *c;
	uint32_t i;

	if (likely(p->snd_head == p->snd_tail))
		return r;
	c = tcp_cold(t, p);
	i = p->snd_head;
	if (c->snd_cur && seq_geq(seq, tcp_ref(t, c->snd_cur)->seq))
		i = c->snd_cur;
	else if (c->rtx_ref && seq_geq(seq, tcp_ref(t, c->rtx_ref)->seq))
		i = c->rtx_ref;
	for (r = tcp_ref(t, i); seq_leq(r->seq + r->len, seq); r = tcp_ref(t, i))
		i = r->next;
	*(seq == p->snd_nxt ? &c->snd_cur : &c->rtx_ref) = i;
	return r;
}

/* Reference up to @len bytes from @seq; returns how many fitted the pieces of a frame. */
static inline uint32_t add_pieces(struct tcp *t, struct tcp_pcb *p, struct mbuf *m, uint32_t seq,
				  uint32_t len)
{
	struct snd_ref *r = find_ref(t, p, seq);
	uint32_t off = seq - r->seq, done = 0;

	if (likely(len <= r->len - off)) {
		m->frag[0] = (struct mbuf_frag){ .p = r->p + off, .len = len };
		m->n_frags = 1;
		m->frag_len = len;
		return len;
	}

	while (done < len && m->n_frags < MBUF_FRAGS_MAX) {
		uint32_t n = MIN(r->len - off, len - done);

		m->frag[m->n_frags++] = (struct mbuf_frag){ .p = r->p + off, .len = n };
		done += n;
		if (r->next == 0)
			break;
		r = tcp_ref(t, r->next);
		off = 0;
	}
	m->frag_len = done;
	return done;
}

/* @r has been sent up to @seq = SND.NXT. The rest is a piece with a time of its own, while
 * there are references; else @r has the time of its last part: only its ACK is a sample. */
static struct snd_ref *cut_ref(struct tcp *t, struct tcp_pcb *p, struct snd_ref *r, uint32_t seq,
			       uint32_t len)
{
	bool plenty = t->ref_pool.n_avail > t->ref_pool.n / 2;
	struct snd_ref *rest = plenty ? pool_alloc(&t->ref_pool) : NULL;
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t i;

	if (!rest) {
		p->rtt_seq = seq + len - 1;
		return r;
	}
	i = tcp_ref_index(t, rest);
	*rest = *r;
	r->len = seq - r->seq;
	r->next = i;
	rest->p += r->len;
	rest->len -= r->len;
	rest->seq = seq;
	if (p->snd_head == p->snd_tail)
		c->rtx_ref = 0;
	if (rest->next == 0)
		p->snd_tail = i;
	c->snd_cur = i;
	return rest;
}

/* [@seq, @seq + @len) goes out for the first time. */
static void note_times(struct tcp *t, struct tcp_pcb *p, uint32_t seq, uint32_t len)
{
	struct snd_ref *r = find_ref(t, p, seq);

	if (unlikely(seq_lt(r->seq, seq) && r->tx_us != t->now_us))
		r = cut_ref(t, p, r, seq, len);
	r->tx_us = t->now_us;
	while (seq_lt(r->seq + r->len, seq + len)) {
		r = tcp_ref(t, r->next);
		r->tx_us = t->now_us;
	}
}

/* What `sent` and the undoing of a recovery must know of a retransmission. */
static void sent_again(struct tcp *t, struct tcp_pcb *p, struct mbuf *m)
{
	struct tcp_cold *c = tcp_cold(t, p);

	STAT_INC(t->nif->stats, TCP_REXMIT);
	m->done = &t->rtx_done;
	m->hash = tcp_slot(t, p);
	m->seq = p->gen;
	c->rtx_in_nic++;
	c->rexmit_segs++;
	c->rexmit_bytes += m->frag_len;
	c->undo_rtx++;
	if (!c->rtx_ts_set) {
		c->rtx_ts_set = true;
		c->rtx_ts = tcp_ts_now(t);
	}
}

/**
 * Send [@seq, @seq + @len) of the queue, with TH_FIN in @flags a FIN behind it if all of
 * it fits. Returns the sequence numbers sent: 0 when there is no frame or no room.
 */
uint32_t tcp_tx_data(struct tcp *t, struct tcp_pcb *p, uint32_t seq, uint32_t len, uint8_t flags,
		     uint32_t how)
{
	struct mbuf *m = start(t, p, seq, len ? TH_PSH : 0, len > 0 && !(how & TX_REXMIT));
	uint32_t sent = 0;

	if (!m)
		return 0;
	if (len > 0)
		sent = add_pieces(t, p, m, seq, len);
	if ((flags & TH_FIN) && sent == len) {
		mbuf_data(m)[TCP_FLAGS] |= TH_FIN;
		sent++;
	}
	if (how & TX_REXMIT)
		sent_again(t, p, m);
	else if (m->n_frags > 0)
		note_times(t, p, seq, m->frag_len);
	if (m->n_frags > 0 || m->done)
		netif_refs_taken(t->nif, m);
	emit(t, m, &p->node.flow);
	return sent;
}

/* What tcp_tx_one() leaves to tcp_output(). */
enum { F_NOT_PLAIN = F_RTX | F_OUTPUT | F_BOARD | F_RECOVERY | F_BLOCKED | F_SENT_OWED |
			   F_BACKOFF };

/**
 * The common send: an empty queue, and a piece that is one segment and fits both windows. Sends
 * and queues @sg as tcp_sendv() would have, or returns false having done nothing.
 */
bool tcp_tx_one(struct tcp *t, struct tcp_pcb *p, const struct mbuf_frag *sg)
{
	struct snd_ref *r;
	struct mbuf *m;

	if (p->snd_head != 0 || (p->flags & F_NOT_PLAIN) || sg->len > p->mss ||
	    sg->len > MIN(p->cwnd, p->snd_wnd) || us_before(p->rto_at, t->now_us) ||
	    t->cfg.pacing)
		return false;
	r = pool_alloc(&t->ref_pool);
	if (!r)
		return false;
	m = start(t, p, p->snd_nxt, TH_PSH, true);
	if (!m) {
		pool_free(&t->ref_pool, r);
		return false;
	}
	*r = (struct snd_ref){ .p = sg->p, .len = sg->len, .seq = p->snd_end,
			       .tx_us = t->now_us };
	p->snd_head = p->snd_tail = tcp_ref_index(t, r);
	p->snd_nxt = p->snd_end += sg->len;
	m->frag[0] = *sg;
	m->n_frags = 1;
	m->frag_len = sg->len;
	netif_refs_taken(t->nif, m);
	tcp_timer_one_sent(t, p);
	emit(t, m, &p->node.flow);
	return true;
}

/**
 * Acknowledge now, with what waits beyond RCV.NXT: a segment with data never says it, and need
 * not, for every segment out of order is answered by one of these. Without a frame the
 * acknowledgement stays owed.
 */
void tcp_tx_ack(struct tcp *t, struct tcp_pcb *p)
{
	struct mbuf *m = start(t, p, p->snd_nxt, 0, false);

	if (likely(m)) {
		if (unlikely(p->flags & F_OOO))
			tcp_sack_put(t, p, m);
		emit(t, m, &p->node.flow);
	} else {
		p->flags |= F_ACK_NOW;
		tcp_dirty(t, p);
	}
}

/** A segment below the window makes the peer say where it stands (3.8.6.1, as Linux does). */
void tcp_tx_probe(struct tcp *t, struct tcp_pcb *p)
{
	struct mbuf *m = start(t, p, p->snd_una - 1, 0, false);

	if (m)
		emit(t, m, &p->node.flow);
}

/* SACK-permitted takes the place of the padding in front of timestamps. */
static uint32_t put_syn_options(const struct tcp_opts *say, uint8_t *o)
{
	uint32_t n = 4;

	be32_store(o, 0x02040000u | say->mss);
	if (say->has_ts) {
		put_ts(o + n, say->tsval, say->tsecr);
		if (say->sack_ok)
			be16_store(o + n, SACK_OK);
		n += 12;
	} else if (say->sack_ok) {
		be32_store(o + n, 0x01010000u | SACK_OK);
		n += 4;
	}
	if (say->has_wscale) {
		be32_store(o + n, 0x01030300u | say->wscale);
		n += 4;
	}
	return n;
}

/* What our SYN offers, or our SYN-ACK agrees to. */
static struct tcp_opts syn_options(const struct tcp *t, const struct tcp_pcb *p)
{
	const struct tcp_cold *c = tcp_cold(t, p);
	bool answer = p->state == TCP_SYN_RCVD;

	return (struct tcp_opts){
		.mss = t->cfg.mss,
		.has_ts = answer ? (p->flags & F_TS) != 0 : t->cfg.timestamps,
		.tsval = tcp_ts_now(t), .tsecr = answer ? c->ts_recent : 0,
		.sack_ok = answer ? c->sack_ok : t->cfg.sack,
		.has_wscale = answer ? c->wscale : t->cfg.wscale, .wscale = t->rcv_scale,
	};
}

/** A SYN or SYN-ACK with the options @say; the window is not scaled (RFC 7323 2.2). */
bool tcp_tx_syn_for(struct tcp *t, const struct flow *f, uint32_t seq, uint32_t ack, uint8_t flags,
		    const struct tcp_opts *say)
{
	struct mbuf *m = tx_alloc(t);
	uint8_t opts[40], *h;
	uint32_t n;

	if (!m)
		return false;
	n = put_syn_options(say, opts);
	h = mbuf_prepend(m, (uint16_t)(TCP_HLEN_MIN + n));
	memcpy(h + TCP_HLEN_MIN, opts, n);
	put_header(h, f, seq, ack, flags, MIN(t->cfg.rcv_wnd_init, UINT16_MAX), TCP_HLEN_MIN + n);
	emit(t, m, f);
	return true;
}

/** SYN in SYN-SENT, SYN-ACK in SYN-RECEIVED. */
void tcp_tx_syn(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	bool answer = p->state == TCP_SYN_RCVD;
	struct tcp_opts say = syn_options(t, p);
	uint8_t ecn = tcp_ecn_syn(t, p);

	if (!tcp_tx_syn_for(t, &p->node.flow, c->iss, answer ? p->rcv_nxt : 0,
			    (uint8_t)((answer ? TH_SYN | TH_ACK : TH_SYN) | ecn), &say))
		return;
	tcp_ecn_syn_sent(t, p, ecn);
	c->syn_again = c->syn_timed;		/* Karn */
	if (!c->syn_timed) {
		c->syn_timed = true;
		c->syn_us = t->now_us;
	}
}

static void rst(struct tcp *t, const struct flow *f, uint32_t seq, uint32_t ack, uint8_t flags)
{
	struct mbuf *m = tx_alloc(t);

	if (!m)
		return;
	STAT_INC(t->nif->stats, TCP_RST_TX);
	put_header(mbuf_prepend(m, TCP_HLEN_MIN), f, seq, ack, flags, 0, TCP_HLEN_MIN);
	emit(t, m, f);
}

/** Abort: RST at SND.NXT. */
void tcp_tx_rst(struct tcp *t, struct tcp_pcb *p)
{
	rst(t, &p->node.flow, p->snd_nxt, p->rcv_nxt, TH_RST | TH_ACK);
}

/** The RST that answers @s (3.5.2 and 3.10.7.1); never to an RST. */
void tcp_tx_rst_for(struct tcp *t, const struct flow *f, const struct tcp_seg *s)
{
	uint32_t len = s->len + !!(s->flags & TH_SYN) + !!(s->flags & TH_FIN);

	if (s->flags & TH_RST)
		return;
	if (s->flags & TH_ACK)
		rst(t, f, s->ack, 0, TH_RST);
	else
		rst(t, f, 0, s->seq + len, TH_RST | TH_ACK);
}

/**
 * Challenge ACK. RFC 5961 section 7 wants no more than 10 in any 5 s: five at once, then one a
 * second. Each connection has its own allowance: one that connections share tells a peer how
 * much of it others have used, and so which guesses about them were right (CVE-2016-5696).
 */
void tcp_tx_challenge(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t owed_us = c->challenge_at - t->now_us;

	if (owed_us > CHALLENGE_BURST * CHALLENGE_US)
		owed_us = 0;				/* in the past */
	if (owed_us > (CHALLENGE_BURST - 1) * CHALLENGE_US) {
		STAT_INC(t->nif->stats, TCP_CHALLENGE_LIMITED);
		return;
	}
	c->challenge_at = t->now_us + owed_us + CHALLENGE_US;
	STAT_INC(t->nif->stats, TCP_CHALLENGE);
	tcp_tx_ack(t, p);
}
