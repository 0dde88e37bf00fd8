/* SPDX-License-Identifier: MIT */
/*
 * net_bed.h - one interface on a bench: a NIC that captures, layers above that remember
 *
 * bed_new() gives US/24 with a gateway, checksum offload off; bed_rx*() feed a frame in,
 * bed_out() posts the batch and returns the next captured frame. bed_done() fails on a
 * leaked frame or timer. Checksums of what comes out are verified with naive_sum(), which
 * shares nothing with core/net/csum.c.
 */
#ifndef TESTS_UNIT_NET_BED_H
#define TESTS_UNIT_NET_BED_H

#include <stdlib.h>
#include "net/arp.h"
#include "net/csum.h"
#include "net/eth.h"
#include "net/icmp.h"
#include "net/ip.h"
#include "net/udp.h"
#include "cu.h"

enum { BED_FRAMES = 1024, BED_OUT = 64, UDP_OPEN_PORT = 7777 };

#define IP4(a, b, c, d)	((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))
#define US	IP4(10, 0, 0, 1)
#define PEER	IP4(10, 0, 0, 2)
#define GATEWAY	IP4(10, 0, 0, 254)
#define FAR	IP4(192, 0, 2, 9)
#define BCAST	IP4(10, 0, 0, 255)

static const uint8_t us_mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 1 };
static const uint8_t peer_mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 2 };
static const uint8_t gw_mac[ETH_ALEN] = { 0x02, 0, 0, 0, 0, 0xfe };

struct bed_frame {
	uint16_t len, l3_off, l4_off;	/* offsets from the Ethernet header */
	uint8_t flags;
	uint8_t data[2048];
};

/* What reached a layer above, last. */
struct bed_seen {
	uint32_t n_tcp, n_udp, n_icmp;
	uint32_t saddr, daddr;
	uint16_t sport, dport, len, l3_gap, mtu;
	uint8_t type, code;
	uint8_t data[2048];
};

struct bed {
	struct nic nic;		/* first: the ops find the bed by it */
	struct netif nif;
	struct netif_up up;
	struct mempool pool;
	struct stats st;
	struct work w;
	struct wheel wheel;
	nsec now;
	void *mem;
	uint32_t ring;		/* frames the TX ring still takes */
	uint32_t n_bursts, n_out, n_read;
	struct bed_frame out[BED_OUT];
	struct bed_seen seen;
};

/* RFC 1071 section 4.1, word by word. */
static inline uint32_t naive_sum(const uint8_t *p, size_t len, uint32_t sum)
{
	for (; len > 1; len -= 2, p += 2)
		sum += (uint32_t)(p[0] << 8 | p[1]);
	if (len > 0)
		sum += (uint32_t)p[0] << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static inline uint32_t bed_tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
				    struct work *w)
{
	struct bed *b = (struct bed *)(void *)nic;
	uint32_t i;

	(void)queue;
	b->n_bursts++;
	w->tx_doorbells++;
	for (i = 0; i < n && b->ring > 0; i++, b->ring--) {
		struct bed_frame *f = &b->out[b->n_out++ % BED_OUT];

		f->len = (uint16_t)mbuf_gather(m[i], f->data, sizeof(f->data));
		f->flags = m[i]->flags;
		f->l3_off = (uint16_t)(m[i]->l3_off - m[i]->off);
		f->l4_off = (uint16_t)(m[i]->l4_off - m[i]->off);
		mbuf_free(m[i]);
	}
	return i;
}

static inline void bed_see(struct bed *b, const struct mbuf *m, uint32_t saddr, uint32_t daddr)
{
	b->seen.saddr = saddr;
	b->seen.daddr = daddr;
	b->seen.len = m->len;
	b->seen.l3_gap = (uint16_t)(m->off - m->l3_off);
	memcpy(b->seen.data, m->buf + m->off, m->len);
}

static inline void bed_tcp_rx(void *ctx, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now)
{
	struct bed *b = ctx;

	CHECK(now == b->now);
	CHECK_EQ(m->l4_off, m->off);
	b->seen.n_tcp++;
	bed_see(b, m, saddr, daddr);
	mbuf_free(m);
}

static inline bool bed_udp_rx(void *ctx, struct mbuf *m, uint32_t saddr, uint16_t sport,
			      uint16_t dport, nsec now)
{
	struct bed *b = ctx;

	CHECK(now == b->now);
	if (dport != UDP_OPEN_PORT)
		return false;
	b->seen.n_udp++;
	b->seen.sport = sport;
	b->seen.dport = dport;
	bed_see(b, m, saddr, 0);
	mbuf_free(m);
	return true;
}

static inline void bed_icmp_err(void *ctx, const uint8_t *quote, uint32_t quote_len, uint8_t type,
				uint8_t code, uint16_t mtu, nsec now)
{
	struct bed *b = ctx;

	CHECK(now == b->now);
	b->seen.n_icmp++;
	b->seen.type = type;
	b->seen.code = code;
	b->seen.mtu = mtu;
	b->seen.len = (uint16_t)quote_len;
	memcpy(b->seen.data, quote, quote_len);
}

static inline struct bed *bed_new(void)
{
	static const struct nic_ops ops = { .tx_burst = bed_tx_burst };
	struct bed *b = calloc(1, sizeof(*b));

	b->nic = (struct nic){ .ops = &ops, .mtu = 1500, .n_queues = 1 };
	memcpy(b->nic.mac, us_mac, ETH_ALEN);
	b->mem = aligned_alloc(CACHE_LINE, ALIGN_UP(mempool_bytes(BED_FRAMES), (size_t)CACHE_LINE));
	memset(b->mem, 0, mempool_bytes(BED_FRAMES));
	mempool_init(&b->pool, b->mem, BED_FRAMES);
	b->now = 1000 * NSEC_PER_SEC + 7;
	wheel_init(&b->wheel, b->now);
	b->ring = UINT32_MAX;
	b->up = (struct netif_up){ bed_tcp_rx, bed_udp_rx, bed_icmp_err };
	b->nif.pool = &b->pool;
	b->nif.stats = &b->st;
	b->nif.work = &b->w;
	b->nif.wheel = &b->wheel;
	b->nif.up = &b->up;
	b->nif.up_ctx = b;
	netif_init(&b->nif, &b->nic, 0, &(struct netif_cfg){ US, IP4(255, 255, 255, 0), GATEWAY });
	return b;
}

/* The next frame sent, or NULL. */
static inline struct bed_frame *bed_out(struct bed *b)
{
	netif_post(&b->nif);
	return b->n_read < b->n_out ? &b->out[b->n_read++ % BED_OUT] : NULL;
}

/* Nothing (more) was sent. */
static inline void bed_silent(struct bed *b)
{
	CHECK(bed_out(b) == NULL);
}

static inline void bed_done(struct bed *b)
{
	b->ring = UINT32_MAX;
	netif_post(&b->nif);
	arp_flush(&b->nif);
	CHECK_EQ(mempool_avail(&b->pool), BED_FRAMES);
	CHECK_EQ(b->wheel.n_armed, 0);
	free(b->mem);
	free(b);
}

/* Let @d pass, firing what comes due, a millisecond at a time. */
static inline void bed_wait(struct bed *b, nsec d)
{
	for (nsec end = b->now + d; b->now < end; b->now = MIN(b->now + NSEC_PER_MSEC, end))
		wheel_run(&b->wheel, b->now, UINT32_MAX);
	wheel_run(&b->wheel, b->now, UINT32_MAX);
}

static inline struct mbuf *bed_mbuf(struct bed *b, const void *data, size_t len)
{
	struct mbuf *m = mbuf_alloc(&b->pool);

	memcpy(mbuf_data(m), data, len);
	m->len = (uint16_t)len;
	return m;
}

/* An Ethernet frame to @dst, @type around @len bytes of @p, padded with junk to the minimum. */
static inline void bed_rx(struct bed *b, const uint8_t *dst, uint16_t type, const void *p,
			  size_t len)
{
	uint8_t f[2048];

	memset(f, 0xa5, sizeof(f));
	memcpy(f + ETH_DST, dst, ETH_ALEN);
	memcpy(f + ETH_SRC, peer_mac, ETH_ALEN);
	be16_store(f + ETH_TYPE, type);
	memcpy(f + ETH_HLEN, p, len);
	eth_rx(&b->nif, bed_mbuf(b, f, MAX(len + ETH_HLEN, (size_t)ETH_FRAME_MIN)), b->now);
}

static inline void bed_rx_ip(struct bed *b, const uint8_t *ip, size_t len)
{
	bed_rx(b, us_mac, ETHERTYPE_IPV4, ip, len);
}

/* Write the header checksum of @ip anew. */
static inline void ip_recsum(uint8_t *ip)
{
	be16_store(ip + IP_CSUM, 0);
	be16_store(ip + IP_CSUM, (uint16_t)~naive_sum(ip, (ip[0] & 15u) * 4, 0));
}

/* A packet without options in @ip; returns its length. */
static inline size_t ip_build(uint8_t *ip, uint32_t src, uint32_t dst, uint8_t proto,
			      const void *payload, size_t len)
{
	memset(ip, 0, IP_HLEN_MIN);
	ip[IP_VHL] = 0x45;
	be16_store(ip + IP_TOTLEN, (uint16_t)(len + IP_HLEN_MIN));
	ip[IP_TTL] = 9;
	ip[IP_PROTO] = proto;
	be32_store(ip + IP_SRC, src);
	be32_store(ip + IP_DST, dst);
	ip_recsum(ip);
	memcpy(ip + IP_HLEN_MIN, payload, len);
	return len + IP_HLEN_MIN;
}

/* Naive sum of the TCP or UDP segment of @ip, pseudo header included; valid: 0xffff. */
static inline uint32_t l4_sum(const uint8_t *ip)
{
	uint32_t hlen = (ip[0] & 15u) * 4, len = be16_load(ip + IP_TOTLEN) - hlen;

	return naive_sum(ip + hlen, len, naive_sum(ip + IP_SRC, 8, ip[IP_PROTO] + len));
}

/* A datagram with its checksum, as an IPv4 packet. Returns its length. */
static inline size_t udp_build(uint8_t *ip, uint32_t src, uint32_t dst, uint16_t sport,
			       uint16_t dport, const void *payload, size_t len)
{
	uint8_t u[2048] = { 0 };
	size_t n;

	be16_store(u + UDP_SPORT, sport);
	be16_store(u + UDP_DPORT, dport);
	be16_store(u + UDP_LEN, (uint16_t)(len + UDP_HLEN));
	memcpy(u + UDP_HLEN, payload, len);
	n = ip_build(ip, src, dst, IPPROTO_UDP_, u, len + UDP_HLEN);
	be16_store(ip + IP_HLEN_MIN + UDP_CSUM, (uint16_t)~l4_sum(ip));
	return n;
}

/* An ICMP message of @len bytes at @p, its checksum written, as an IPv4 packet. */
static inline size_t icmp_build(uint8_t *ip, uint32_t src, uint32_t dst, uint8_t *p, size_t len)
{
	be16_store(p + ICMP_CSUM, 0);
	be16_store(p + ICMP_CSUM, (uint16_t)~naive_sum(p, len, 0));
	return ip_build(ip, src, dst, IPPROTO_ICMP_, p, len);
}

static inline void arp_build(uint8_t *p, uint16_t op, const uint8_t *sha, uint32_t spa,
			     uint32_t tpa)
{
	memset(p, 0, ARP_LEN);
	be16_store(p + ARP_HTYPE, 1);
	be16_store(p + ARP_PTYPE, ETHERTYPE_IPV4);
	p[ARP_HLEN] = 6;
	p[ARP_PLEN] = 4;
	be16_store(p + ARP_OP, op);
	memcpy(p + ARP_SHA, sha, ETH_ALEN);
	be32_store(p + ARP_SPA, spa);
	be32_store(p + ARP_TPA, tpa);
}

static inline void bed_rx_arp(struct bed *b, uint16_t op, const uint8_t *sha, uint32_t spa,
			      uint32_t tpa)
{
	uint8_t p[ARP_LEN];

	arp_build(p, op, sha, spa, tpa);
	bed_rx(b, op == ARP_OP_REQUEST ? eth_broadcast : us_mac, ETHERTYPE_ARP, p, sizeof(p));
}

/* The next frame out is a request for @tip to @dst. */
static inline void bed_expect_request(struct bed *b, const uint8_t *dst, uint32_t tip)
{
	struct bed_frame *f = bed_out(b);

	CU_ASSERT_PTR_NOT_NULL_FATAL(f);
	CHECK_EQ(f->len, ETH_HLEN + ARP_LEN);
	CHECK(eth_addr_eq(f->data + ETH_DST, dst));
	CHECK(eth_addr_eq(f->data + ETH_SRC, us_mac));
	CHECK_EQ(be16_load(f->data + ETH_TYPE), ETHERTYPE_ARP);
	CHECK_EQ(be16_load(f->data + ETH_HLEN + ARP_OP), ARP_OP_REQUEST);
	CHECK(eth_addr_eq(f->data + ETH_HLEN + ARP_SHA, us_mac));
	CHECK_EQ(be32_load(f->data + ETH_HLEN + ARP_SPA), US);
	CHECK_EQ(be32_load(f->data + ETH_HLEN + ARP_TPA), tip);
}

/* The IPv4 packet in @f to @dst_mac: header valid, length right. Returns it. */
static inline uint8_t *bed_check_ip(struct bed_frame *f, const uint8_t *dst_mac)
{
	uint8_t *ip = f->data + ETH_HLEN;

	CHECK(eth_addr_eq(f->data + ETH_DST, dst_mac));
	CHECK(eth_addr_eq(f->data + ETH_SRC, us_mac));
	CHECK_EQ(be16_load(f->data + ETH_TYPE), ETHERTYPE_IPV4);
	CHECK_EQ(ip[IP_VHL], 0x45);
	CHECK_EQ(be16_load(ip + IP_TOTLEN), f->len - ETH_HLEN);
	CHECK_EQ(be32_load(ip + IP_SRC), US);
	CHECK_EQ(ip[IP_TTL], 64);
	CHECK_EQ(be16_load(ip + IP_OFF), IP_FLAG_DF);
	if (!(f->flags & MBUF_TX_IP_CSUM))
		CHECK_EQ(naive_sum(ip, IP_HLEN_MIN, 0), 0xffff);
	return ip;
}

/* Send @len bytes of @data as a UDP datagram to @daddr. */
static inline void bed_tx(struct bed *b, uint32_t daddr, const void *data, size_t len)
{
	udp_tx(&b->nif, bed_mbuf(b, data, len), daddr, 1111, 2222, b->now);
}

#endif
