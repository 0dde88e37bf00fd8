/* SPDX-License-Identifier: MIT */
/*
 * rig_wire.c - the fuzzed dataplane's wire: frames made from the input, frames sent checked
 *
 * Frames made here have right addresses, lengths and checksums (or the NIC's word for it),
 * so that an input need not find them; ops 4 and 5 let it try anything.
 */
#include "net/csum.h"
#include "tests/fuzz/rig.h"

uint8_t *rig_frame_new(struct rig *r, struct mbuf **m)
{
	if (r->n_rx == RIG_RING)
		return NULL;
	*m = mbuf_alloc(&r->pool);
	if (!*m)
		return NULL;
	(*m)->arrival = r->now;
	memset(mbuf_data(*m), 0, ETH_HLEN + IP_HLEN_MAX + TCP_HLEN_MAX);
	return mbuf_data(*m);
}

/* MBUF_RX_* flags out of two bits: nothing known, verified, verified, bad. */
static uint8_t mark_of(uint8_t bits)
{
	static const uint8_t mark[4] = { MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK, 0,
					 MBUF_RX_IP_CSUM_OK, MBUF_RX_CSUM_BAD };

	return mark[bits & 3];
}

void rig_frame_in(struct rig *r, struct mbuf *m, size_t len, uint8_t mark)
{
	m->len = (uint16_t)len;
	m->flags = mark;
	r->rx[r->n_rx++] = m;
}

static void put_eth(uint8_t *f, uint16_t type)
{
	memcpy(f, (const uint8_t[]){ 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 1, 0 }, 12);
	be16_store(f + ETH_TYPE, type);
}

/* Ethernet and IPv4 in front of @len bytes; the header checksum is right. */
uint8_t *rig_put_ip(uint8_t *f, uint8_t proto, uint32_t src, size_t len)
{
	uint8_t *ip = f + ETH_HLEN;

	put_eth(f, ETHERTYPE_IPV4);
	ip[IP_VHL] = 0x45;
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = proto;
	be16_store(ip + IP_TOTLEN, (uint16_t)(IP_HLEN_MIN + len));
	be32_store(ip + IP_SRC, src);
	be32_store(ip + IP_DST, RIG_IP);
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, IP_HLEN_MIN)));
	return ip + IP_HLEN_MIN;
}

/* ---- segments ---- */

struct seg {
	uint8_t flags;
	uint32_t seq, ack;
	uint16_t wnd;
	uint32_t len;
	uint8_t opts[40];
	uint8_t opts_len;
};

/* Segment of @p; RFC 9293's checksum, which a NIC without offload leaves to the stack. */
static void send_seg(struct rig *r, const struct rig_peer *p, const struct seg *s)
{
	size_t hlen = TCP_HLEN_MIN + ALIGN_UP(s->opts_len, 4u), len = hlen + s->len;
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m), *h;

	if (!f)
		return;
	h = rig_put_ip(f, IPPROTO_TCP_, p->ip, len);
	be16_store(h + TCP_SPORT, p->port);
	be16_store(h + TCP_DPORT, p->lport);
	be32_store(h + TCP_SEQ, s->seq);
	be32_store(h + TCP_ACK, s->ack);
	h[TCP_OFF] = (uint8_t)(hlen / 4 << 4);
	h[TCP_FLAGS] = s->flags;
	be16_store(h + TCP_WND, s->wnd);
	memcpy(h + TCP_HLEN_MIN, s->opts, s->opts_len);
	for (uint32_t i = 0; i < s->len; i++)
		h[hlen + i] = rig_byte(s->seq + !!(s->flags & TH_SYN) + i);
	be16_store(h + TCP_CSUM, csum_fold(csum_add(csum_partial(h, len),
			csum_pseudo(p->ip, RIG_IP, IPPROTO_TCP_, (uint32_t)len), 0)));
	rig_frame_in(r, m, ETH_HLEN + IP_HLEN_MIN + len, (r->options & RIG_SOFT_CSUM) ? 0 :
		 MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK);
}

/* Options by shape: none; a SYN's; timestamps; MSS alone; else bytes of the input. */
static void put_opts(struct rig *r, struct rig_peer *p, struct seg *s, uint8_t shape)
{
	static const uint8_t syn[] = { 2, 4, 5, 0xb4, 4, 2, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0,
				       1, 3, 3, 7 };
	static const uint8_t ts[] = { 1, 1, 8, 10, 0, 0, 0, 0, 0, 0, 0, 0 };
	size_t n;
	const uint8_t *raw;

	switch (shape & 7) {
	case 0:
		return;
	case 1:
		memcpy(s->opts, syn, s->opts_len = sizeof(syn));
		be32_store(s->opts + 8, p->tsval += shape >> 3);
		return;
	case 2:
	case 3:
		memcpy(s->opts, ts, s->opts_len = sizeof(ts));
		be32_store(s->opts + 4, p->tsval += shape >> 3);
		be32_store(s->opts + 8, p->tsecr);
		return;
	case 4:
		memcpy(s->opts, (const uint8_t[]){ 2, 4, 0, (uint8_t)(shape & 0xf8) },
		       s->opts_len = 4);
		return;
	default:
		raw = feed_bytes(&r->feed, MIN(shape >> 3, 40), &n);
		if (n > 0)
			memcpy(s->opts, raw, n);
		s->opts_len = (uint8_t)n;
	}
}

static uint32_t offset(uint8_t v)
{
	return (uint32_t)((int8_t)(v & 0xfe) / 2 * (v & 1 ? 1447 : 1));
}

static void advance(struct rig_peer *p, const struct seg *s)
{
	if (s->seq == p->snd_nxt)
		p->snd_nxt += s->len + !!(s->flags & TH_SYN) + !!(s->flags & TH_FIN);
}

static void op_segment(struct rig *r, struct rig_peer *p)
{
	struct feed *f = &r->feed;
	struct seg s = { .flags = feed_u8(f) };
	uint8_t shape;

	s.seq = p->snd_nxt + offset(feed_u8(f));
	s.ack = p->rcv_nxt + offset(feed_u8(f));
	s.wnd = (uint16_t)(feed_u8(f) * 257);
	s.len = feed_u16(f) % 1400;
	shape = feed_u8(f);
	put_opts(r, p, &s, shape);
	send_seg(r, p, &s);
	advance(p, &s);
}

/* The usual ones, with timestamps as soon as the stack has sent any. */
static void op_usual(struct rig *r, struct rig_peer *p, uint8_t kind)
{
	static const uint8_t flags[] = { TH_ACK, TH_ACK | TH_PSH, TH_ACK | TH_FIN, TH_SYN,
					 TH_RST | TH_ACK };
	struct seg s = { .flags = flags[kind], .seq = p->snd_nxt, .ack = p->rcv_nxt, .wnd = 65535,
			 .len = kind == 1 ? 100 : 0 };

	if (s.flags == TH_SYN)
		p->heard = false;
	if (s.flags == TH_SYN && p->lport != RIG_PORT)
		s.flags |= TH_ACK;		/* it was the stack that called */
	put_opts(r, p, &s, s.flags & TH_SYN ? 9 : p->tsecr ? 10 : 0);
	send_seg(r, p, &s);
	advance(p, &s);
}

/** A reset that no connection in a synchronised state, or SYN-SENT, may ignore. */
void rig_wire_reset(struct rig *r, const struct tcp_pcb *p)
{
	const struct flow *f = &p->node.flow;
	struct rig_peer peer = { .ip = f->raddr, .port = f->rport, .lport = f->lport };
	struct seg s = { .flags = TH_RST | TH_ACK, .seq = p->rcv_nxt, .ack = p->snd_nxt };

	if (p->state != TCP_CLOSED && p->state != TCP_TIME_WAIT)
		send_seg(r, &peer, &s);
}

/* ---- other frames ---- */

static void op_raw(struct rig *r)
{
	size_t want = feed_u16(&r->feed) % (MBUF_ROOM - MBUF_HEADROOM), n;
	uint8_t mark = mark_of(feed_u8(&r->feed));
	const uint8_t *raw = feed_bytes(&r->feed, want, &n);
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m);

	if (!f)
		return;
	r->forged = true;
	if (n > 0)
		memcpy(f, raw, n);
	rig_frame_in(r, m, n, mark);
}

static void op_ip(struct rig *r, const struct rig_peer *p)
{
	uint8_t proto = feed_u8(&r->feed), mark;
	uint16_t frag = feed_u16(&r->feed);
	size_t n;
	const uint8_t *raw;
	struct mbuf *m;
	uint8_t *f;

	mark = mark_of(feed_u8(&r->feed));
	raw = feed_bytes(&r->feed, feed_u16(&r->feed) % 1481, &n);
	f = rig_frame_new(r, &m);
	if (!f)
		return;
	r->forged |= proto == IPPROTO_TCP_;
	be16_store(f + ETH_HLEN + IP_OFF, frag);
	rig_put_ip(f, proto, p->ip, n);
	if (n > 0)
		memcpy(f + ETH_HLEN + IP_HLEN_MIN, raw, n);
	rig_frame_in(r, m, ETH_HLEN + IP_HLEN_MIN + n, mark);
}

static void op_icmp_err(struct rig *r, const struct rig_peer *p)
{
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m), *h;

	if (!f)
		return;
	h = rig_put_ip(f, IPPROTO_ICMP_, p->ip, ICMP_HLEN + sizeof(p->quote));
	h[ICMP_TYPE] = feed_u8(&r->feed) & 15;
	h[ICMP_CODE] = feed_u8(&r->feed) & 15;
	be16_store(h + ICMP_MTU, feed_u16(&r->feed));
	memcpy(h + ICMP_HLEN, p->quote, sizeof(p->quote));
	be16_store(h + ICMP_CSUM, csum_fold(csum_partial(h, ICMP_HLEN + sizeof(p->quote))));
	rig_frame_in(r, m, ETH_HLEN + IP_HLEN_MIN + ICMP_HLEN + sizeof(p->quote), 0);
}

static void op_arp(struct rig *r, const struct rig_peer *p)
{
	static const uint32_t addr[4] = { RIG_IP, 0, 0x0a000005u, 0x0a0000ffu };
	uint8_t shape = feed_u8(&r->feed);
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m), *a;

	if (!f)
		return;
	a = f + ETH_HLEN;
	put_eth(f, ETHERTYPE_ARP);
	be16_store(a + ARP_HTYPE, 1);
	be16_store(a + ARP_PTYPE, ETHERTYPE_IPV4);
	a[ARP_HLEN] = 6;
	a[ARP_PLEN] = 4;
	be16_store(a + ARP_OP, shape & 1 ? ARP_OP_REPLY : ARP_OP_REQUEST);
	memcpy(a + ARP_SHA, (const uint8_t[]){ 2, 0, 0, 0, 2, shape >> 4 }, ETH_ALEN);
	be32_store(a + ARP_SPA, shape & 8 ? addr[shape >> 4 & 3] : p->ip);
	be32_store(a + ARP_TPA, addr[shape >> 1 & 3]);
	rig_frame_in(r, m, ETH_FRAME_MIN, 0);
}

static void op_udp(struct rig *r, const struct rig_peer *p)
{
	uint8_t port = feed_u8(&r->feed);
	size_t len = UDP_HLEN + feed_u8(&r->feed) * 5u;
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m), *h;

	if (!f)
		return;
	h = rig_put_ip(f, IPPROTO_UDP_, p->ip, len);
	be16_store(h + UDP_SPORT, p->port);
	be16_store(h + UDP_DPORT, port);
	be16_store(h + UDP_LEN, (uint16_t)len);
	memset(h + UDP_HLEN, port, len - UDP_HLEN);
	rig_frame_in(r, m, ETH_HLEN + IP_HLEN_MIN + len, MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK);
}

void rig_wire_op(struct rig *r, uint8_t op)
{
	struct rig_peer *p = &r->peer[(op >> 4) % RIG_PEERS];

	switch (op & 15) {
	case 2:
	case 3:
		op_segment(r, p);
		break;
	case 4:
		op_raw(r);
		break;
	case 5:
		op_ip(r, p);
		break;
	case 6:
		op_icmp_err(r, p);
		break;
	case 7:
		op_arp(r, p);
		break;
	case 9:
		op_udp(r, p);
		break;
	default:
		op_usual(r, p, (uint8_t)((op & 15) - 10));
		break;
	}
}

/* ---- what the stack sends ---- */

static struct rig_peer *peer_of(struct rig *r, uint32_t ip, const uint8_t *h)
{
	uint16_t port = be16_load(h + TCP_DPORT), lport = be16_load(h + TCP_SPORT);
	struct rig_peer *p = r->peer;

	for (; p < r->peer + RIG_PEERS; p++)
		if (p->ip == ip && p->port == port && p->lport == lport)
			return p;
	if ((h[TCP_FLAGS] & (TH_SYN | TH_ACK)) != TH_SYN)
		return NULL;
	p = &r->peer[r->next_peer++ % RIG_PEERS];	/* a new call takes an end's place */
	*p = (struct rig_peer){ .ip = ip, .port = port, .lport = lport, .snd_nxt = 0x7ffffff0u };
	return p;
}

/* The connection that sent these bytes, if it is still there: once it is gone its memory may
 * hold anything, though a full NIC may still take the frame. One that has its addresses and its
 * numbers has not sent it before its SYN. */
static const struct tcp_pcb *sender_of(const struct rig *r, const struct rig_peer *p, uint32_t seq)
{
	const struct tcp *t = &r->dp->tcp;

	for (uint32_t i = 0; i < t->pcb_pool.n_fresh; i++) {
		const struct tcp_pcb *pcb = rig_pcb(r, i);
		uint32_t iss = tcp_cold(t, pcb)->iss;

		if (pcb->state >= TCP_ESTABLISHED && iss == p->iss &&
		    pcb->node.flow.rport == p->port && pcb->node.flow.raddr == p->ip &&
		    pcb->node.flow.lport == p->lport &&
		    !(pcb->flags & F_CLOSED) && seq - iss <= pcb->snd_end - iss)
			return pcb;
	}
	return NULL;
}

/* An echo: byte s of ours is the peer's byte at the same distance from its SYN. */
static void check_bytes(const struct rig *r, const struct rig_peer *p, const uint8_t *h,
			uint32_t hlen, uint32_t len)
{
	uint32_t seq = be32_load(h + TCP_SEQ);
	const struct tcp_pcb *pcb = sender_of(r, p, seq);
	const struct tcp_cold *c;

	if (!pcb)
		return;
	if (r->options & RIG_SOFT_CSUM)
		RIG_CHECK(csum_fold(csum_add(csum_partial(h, len), csum_pseudo(RIG_IP, p->ip,
				IPPROTO_TCP_, len), 0)) == 0);
	c = tcp_cold(&r->dp->tcp, pcb);
	for (uint32_t i = 0; i < len - hlen && !r->forged; i++)
		RIG_CHECK(h[hlen + i] == rig_byte(c->irs + (seq - c->iss) + i));
}

static void saw_segment(struct rig *r, const uint8_t *ip, const uint8_t *h, uint32_t len)
{
	uint32_t hlen = (h[TCP_OFF] >> 4) * 4u, seq = be32_load(h + TCP_SEQ), end;
	struct rig_peer *p = peer_of(r, be32_load(ip + IP_DST), h);

	RIG_CHECK(len >= TCP_HLEN_MIN && hlen >= TCP_HLEN_MIN && hlen <= len);
	RIG_CHECK((h[TCP_FLAGS] & (TH_SYN | TH_FIN)) != (TH_SYN | TH_FIN));
	if (!p)
		return;
	memcpy(p->quote, ip, sizeof(p->quote));
	if (h[TCP_FLAGS] & TH_RST)
		return;
	end = seq + (len - hlen) + !!(h[TCP_FLAGS] & TH_SYN) + !!(h[TCP_FLAGS] & TH_FIN);
	if (!p->heard || (h[TCP_FLAGS] & TH_SYN) || seq_gt(end, p->rcv_nxt))
		p->rcv_nxt = end;
	p->heard = true;
	if (h[TCP_FLAGS] & TH_SYN)
		p->iss = seq;
	if (hlen == TCP_HLEN_MIN + 12 && be32_load(h + TCP_HLEN_MIN) == 0x0101080a)
		p->tsecr = be32_load(h + TCP_HLEN_MIN + 4);
	if (!r->kick)		/* an application that keeps its bytes still */
		check_bytes(r, p, h, hlen, len);
}

/** Check a frame the stack has given to the NIC and learn from it. Borrows @m. */
void rig_wire_sent(struct rig *r, const struct mbuf *m)
{
	uint8_t f[2048];
	uint32_t len = mbuf_gather(m, f, sizeof(f));
	uint8_t *ip = f + ETH_HLEN, *h = ip + IP_HLEN_MIN;

	RIG_CHECK(len == mbuf_frame_len(m));
	RIG_CHECK(len >= ETH_HLEN && len <= ETH_HLEN + 1500u);
	RIG_CHECK(memcmp(f + ETH_SRC, r->nic.mac, ETH_ALEN) == 0);
	if (be16_load(f + ETH_TYPE) != ETHERTYPE_IPV4) {
		RIG_CHECK(be16_load(f + ETH_TYPE) == ETHERTYPE_ARP && len >= ETH_HLEN + ARP_LEN);
		return;
	}
	RIG_CHECK(len >= ETH_HLEN + IP_HLEN_MIN && ip[IP_VHL] == 0x45);
	RIG_CHECK(be16_load(ip + IP_TOTLEN) == len - ETH_HLEN);
	RIG_CHECK(be32_load(ip + IP_SRC) == RIG_IP);
	len -= ETH_HLEN + IP_HLEN_MIN;
	if (r->options & RIG_SOFT_CSUM)
		RIG_CHECK(csum_fold(csum_partial(ip, IP_HLEN_MIN)) == 0);
	if (ip[IP_PROTO] != IPPROTO_TCP_)
		return;
	(r->segment ? r->segment : saw_segment)(r, ip, h, len);
}

uint32_t rig_frame_sum(const struct mbuf *m)
{
	uint8_t f[2048];
	uint32_t len = mbuf_gather(m, f, sizeof(f)), sum = 2166136261u;	/* FNV-1a */

	for (uint32_t i = 0; i < len; i++)
		sum = (sum ^ f[i]) * 16777619u;
	return sum;
}
