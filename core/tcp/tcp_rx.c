/* SPDX-License-Identifier: MIT */
/*
 * tcp_rx.c - a segment arrives: decode it, find its connection, take the expected one
 *
 * Bytes become struct tcp_seg here, bounds first; nobody above looks at the header again.
 *
 * Header prediction takes the expected segment of an ESTABLISHED connection: next in
 * sequence, acknowledging nothing old and nothing unsent, no flag but ACK and PSH, and none
 * of the conditions of F_SLOW. It does what tcp_segment() would have done; a test replays
 * every script with it off.
 * Not here: all other segments (tcp_segment.c), LISTEN (tcp_listen.c). RFC 9293 3.10.7.
 */
#include "net/csum.h"
#include "tcp/tcp_impl.h"

static inline bool csum_ok(struct tcp *t, const struct mbuf *m, ip_addr saddr, ip_addr daddr)
{
	uint32_t sum;

	if (likely(m->flags & MBUF_RX_L4_CSUM_OK))
		return true;
	t->nif->work->csum_bytes += m->len;
	sum = csum_add(csum_pseudo(saddr, daddr, IPPROTO_TCP_, m->len),
		       csum_partial(mbuf_data(m), m->len), 0);
	return csum_fold(sum) == 0;
}

/* Leaves m->off at the payload. */
static inline bool decode(struct tcp *t, struct tcp_seg *s, struct mbuf *m, ip_addr saddr,
			  ip_addr daddr)
{
	const uint8_t *h = mbuf_data(m);
	uint32_t hlen = m->len < TCP_HLEN_MIN ? 0 : (uint32_t)(h[TCP_OFF] >> 4) * 4;

	if (unlikely(hlen < TCP_HLEN_MIN || hlen > m->len)) {
		STAT_INC(t->nif->stats, TCP_BAD_HEADER);
		return false;
	}
	if (unlikely(!csum_ok(t, m, saddr, daddr))) {
		STAT_INC(t->nif->stats, TCP_BAD_CSUM);
		return false;
	}
	s->m = m;
	s->seq = be32_load(h + TCP_SEQ);
	s->ack = be32_load(h + TCP_ACK);
	s->wnd = be16_load(h + TCP_WND);
	s->flags = h[TCP_FLAGS];
	s->opts = h + TCP_HLEN_MIN;
	s->opts_len = (uint8_t)(hlen - TCP_HLEN_MIN);
	s->has_ts = false;
	mbuf_pull(m, (uint16_t)hlen);
	s->len = m->len;
	return true;
}

static inline void flow_of(struct flow *f, const uint8_t *h, ip_addr saddr, ip_addr daddr)
{
	*f = (struct flow){ .laddr = daddr, .raddr = saddr,
			    .lport = be16_load(h + TCP_DPORT), .rport = be16_load(h + TCP_SPORT) };
}

static uint32_t rss_of(const struct tcp *t, const struct mbuf *m, const struct flow *f)
{
	return likely(m->flags & MBUF_RX_HASH) ? m->hash : tcp_rss(t, f);
}

/* 3.10.7.1 and 3.10.7.2: CLOSED and LISTEN. */
static void no_connection(struct tcp *t, const struct flow *f, struct tcp_seg *s,
			  const uint32_t *beyond)
{
	struct tcp_listener *l = tcp_listener_of(t, f->lport);
	uint8_t kind = s->flags & (TH_SYN | TH_ACK);
	struct tcp_pcb *p = NULL;

	if (s->flags & TH_RST)
		return;
	if (l && kind == TH_SYN) {
		tcp_listen_syn(t, l, f, s, beyond);
		return;
	}
	if (l && kind == TH_ACK)
		p = tcp_cookie_take(t, l, f, s);
	if (p) {
		tcp_segment(t, p, s);
		return;
	}
	/* While cookies are out it may have overtaken the segment that brings one back: no RST
	 * for what may be a connection. If it is none, the next one that comes later gets it. */
	if (l && kind == TH_ACK && t->now < l->cookies_until) {
		STAT_INC(t->nif->stats, TCP_COOKIE_EARLY);
		return;
	}
	STAT_INC(t->nif->stats, TCP_NO_CONN);
	tcp_tx_rst_for(t, f, s);
}

/* A SYN over TIME-WAIT: the old connection makes way for one that numbers beyond it. */
static void reuse(struct tcp *t, struct tcp_pcb *p, const struct flow *f, struct tcp_seg *s)
{
	uint32_t beyond = p->snd_nxt;

	STAT_INC(t->nif->stats, TCP_TIME_WAIT_REUSE);
	tcp_pcb_free(t, p);
	no_connection(t, f, s, &beyond);
}

static inline bool predicted(const struct tcp *t, const struct tcp_pcb *p, const struct tcp_seg *s,
			     uint32_t slow)
{
	uint32_t acked = s->ack - p->snd_una;

	if (p->state != TCP_ESTABLISHED || (p->flags & slow) || !t->cfg.fast_path)
		return false;
	if ((s->flags & ~TH_PSH) != TH_ACK || s->seq != p->rcv_nxt || acked > tcp_flight(p))
		return false;
	if (seq_lt(s->seq, p->snd_wl1))		/* one ahead of it was dropped, its window not */
		return false;
	if (s->len == 0)
		return acked != 0;
	return s->len <= p->rcv_adv - p->rcv_nxt && (p->flags & F_COOKIE) &&
	       mempool_avail(t->nif->pool) > t->nif->pool->pool.n / 4;
}

/* RFC 7323 section 4.3, when nothing is wrong. */
static inline bool timestamps_ok(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
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

static inline __attribute__((always_inline)) void take_ack(struct tcp *t, struct tcp_pcb *p,
							    const struct tcp_seg *s)
{
	uint32_t wnd = s->wnd << tcp_snd_scale(p), acked = s->ack - p->snd_una;
	uint32_t flight = tcp_flight(p), tx_us;

	if (wnd != p->snd_wnd) {
		struct tcp_cold *c = tcp_cold(t, p);

		if (wnd > p->snd_wnd)	/* a smaller one is below the largest, which is cold */
			c->max_snd_wnd = MAX(c->max_snd_wnd, wnd);
		p->snd_wnd = wnd;
	}
	p->snd_wl1 = s->seq;
	p->snd_wl2 = s->ack;
	if (acked == 0)
		return;
	tx_us = tcp_snd_acked(t, p, s->ack, s->m->arrival);
	if (unlikely(2 * flight >= p->cwnd))
		tcp_loss_open(t, p, acked, flight);
	if (unlikely(tcp_snd_in_nic(t, p, tx_us)))
		tcp_snd_owe(t, p, acked);
	else
		tcp_snd_tell(t, p, acked);
}

static inline __attribute__((always_inline)) void take(struct tcp *t, struct tcp_pcb *p,
							struct tcp_seg *s)
{
	take_ack(t, p, s);
	if (s->len == 0)
		return;
	tcp_rcv_append(t, p, s->m, s->len);
	t->sink->recv(t->sink_ctx, p->cookie, mbuf_data(s->m), s->len);
	s->m = NULL;
}

static inline bool fast(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	if (!predicted(t, p, s, F_SLOW | F_ECN) || !timestamps_ok(t, p, s))
		return false;
	take(t, p, s);
	return true;
}

/* ... of a connection with ECN. Apart, so that the others do not pay for it. */
static __attribute__((noinline)) bool fast_ecn(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	if (!predicted(t, p, s, F_SLOW) || !timestamps_ok(t, p, s) || !tcp_ecn_fast(t, p, s))
		return false;
	take(t, p, s);
	return true;
}

void tcp_rx(struct tcp *tcp, struct mbuf *m, ip_addr saddr, ip_addr daddr)
{
	const uint8_t *h = mbuf_data(m);
	struct tcp_pcb *p;
	struct tcp_seg s;
	struct flow f;

	if (unlikely(!decode(tcp, &s, m, saddr, daddr))) {
		mbuf_free(m);
		return;
	}
	flow_of(&f, h, saddr, daddr);
	p = tcp_pcb_find(tcp, &f, rss_of(tcp, m, &f));
	if (unlikely(!p)) {
		tcp->nif->work->tcp_slow++;
		no_connection(tcp, &f, &s, NULL);
	} else if (likely(fast(tcp, p, &s)) || ((p->flags & F_ECN) && fast_ecn(tcp, p, &s))) {
		tcp->nif->work->tcp_fast++;
		STAT_INC(tcp->nif->stats, TCP_FAST);
	} else {
		tcp->nif->work->tcp_slow++;
		STAT_INC(tcp->nif->stats, TCP_SLOW);
		if (p->state == TCP_TIME_WAIT && tcp_close_reuse(tcp, p, &s))
			reuse(tcp, p, &f, &s);
		else
			tcp_segment(tcp, p, &s);
	}
	if (s.m)
		mbuf_free(s.m);
}

/* The frame is unverified: @m may be anything, so look only where its length allows. */
static inline bool peek(const struct tcp *t, const struct mbuf *m, struct flow *f, uint32_t *bucket)
{
	const uint8_t *ip = mbuf_data(m) + ETH_HLEN, *h = ip + IP_HLEN_MIN;

	if (m->len < ETH_HLEN + IP_HLEN_MIN + TCP_HLEN_MIN || ip[IP_VHL] != 0x45 ||
	    ip[IP_PROTO] != IPPROTO_TCP_)
		return false;
	flow_of(f, h, ip_addr_load(ip + IP_SRC), ip_addr_load(ip + IP_DST));
	*bucket = fg_bucket(&t->flows, f, rss_of(t, m, f));
	return true;
}

static inline void fetch_pcb(const struct tcp *t, uint32_t i)
{
	prefetch(&t->pcbs[i - 1]);
	prefetch((uint8_t *)&t->pcbs[i - 1] + CACHE_LINE);
}

uint32_t tcp_prefetch_bucket(const struct tcp *tcp, const struct flow *f, uint32_t rss)
{
	uint32_t bucket = fg_bucket(&tcp->flows, f, rss);

	prefetch(&tcp->flows.head[bucket]);
	return bucket;
}

uint32_t tcp_prefetch_flow(const struct tcp *tcp, uint32_t bucket)
{
	uint32_t slot = tcp->flows.head[bucket];

	if (slot) {
		fetch_pcb(tcp, slot);
		prefetch(&tcp->colds[slot - 1]);
	}
	return slot;
}

void tcp_prefetch_handle(const struct tcp *tcp, uint64_t handle)
{
	uint32_t slot = (uint32_t)handle;

	if (slot >= tcp->pcb_pool.n_fresh)
		return;
	fetch_pcb(tcp, slot + 1);
	prefetch(&tcp->colds[slot]);
}

void tcp_prefetch_timer(const struct tcp *tcp, const struct timer *timer)
{
	size_t at = (uintptr_t)timer - (uintptr_t)tcp->colds;

	if (at < tcp->cfg.conns_max * sizeof(struct tcp_cold))
		fetch_pcb(tcp, (uint32_t)(at / sizeof(struct tcp_cold)) + 1);
}

/* The cookie is the application's, as a rule an address; prefetching another is harmless. */
void tcp_prefetch_conn(const struct tcp *tcp, uint32_t slot)
{
	const struct tcp_pcb *p;

	if (!slot)
		return;
	p = &tcp->pcbs[slot - 1];
	prefetch((const void *)(uintptr_t)p->cookie);
	if (p->snd_head)
		prefetch(tcp_ref(tcp, p->snd_head));
}

/* Each round reads what the round before has fetched: bucket, connection, what it names. */
void tcp_prefetch(struct tcp *tcp, struct mbuf *const *m, uint32_t n)
{
	struct flow f[TCP_PREFETCH_MAX];
	uint32_t at[TCP_PREFETCH_MAX], k = 0;

	assert(n <= TCP_PREFETCH_MAX);
	for (uint32_t i = 0; i < n; i++)
		if (peek(tcp, m[i], &f[k], &at[k]))
			prefetch(&tcp->flows.head[at[k++]]);
	for (uint32_t i = 0; i < k; i++) {
		at[i] = tcp->flows.head[at[i]];
		if (at[i])
			fetch_pcb(tcp, at[i]);
	}
	for (uint32_t i = 0; i < k; i++) {
		const struct tcp_pcb *p = at[i] ? &tcp->pcbs[at[i] - 1] : NULL;

		if (p && p->snd_head)
			prefetch(tcp_ref(tcp, p->snd_head));
		if (p && p->node.next && !flow_eq(&p->node.flow, &f[i]))
			fetch_pcb(tcp, p->node.next);
	}
}
