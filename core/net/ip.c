/* SPDX-License-Identifier: MIT */
/*
 * ip.c - IPv4 for a host with one interface (RFC 791, RFC 1122 section 3.2)
 *
 * ip_rx() validates the header, trims link padding and dispatches by protocol; ip_tx() fills
 * in or delegates checksums and picks the next hop. Only UDP may come by broadcast: TCP must
 * not (RFC 9293 MUST-57) and a broadcast ping is ignored (RFC 1122 section 3.2.2.6).
 * Not here: reassembly (fragments are counted and dropped), options (skipped), forwarding,
 * loopback, sending to broadcast or multicast addresses.
 */
#include "net/ip.h"
#include "net/arp.h"
#include "net/csum.h"
#include "net/icmp.h"
#include "net/udp.h"

enum { IP_VHL_PLAIN = 0x45, IP_TTL_DEFAULT = 64 };

/* What the NIC did not vouch for: verify here. The counter to bump, STAT_NR: all is well. */
static __attribute__((noinline)) enum stat check_csum(struct netif *nif, const struct mbuf *m,
						      uint32_t hlen)
{
	const uint8_t *p = mbuf_data(m);

	nif->work->csum_bytes += hlen;
	if (csum_fold(csum_partial(p, hlen)) != 0)
		return STAT_IP_BAD_CSUM;
	if ((m->flags & MBUF_RX_CSUM_BAD) == 0)
		return STAT_NR;
	switch (p[IP_PROTO]) {		/* the NIC means the inner one */
	case IPPROTO_TCP_:	return STAT_TCP_BAD_CSUM;
	case IPPROTO_UDP_:	return STAT_UDP_BAD;
	default:		return STAT_IP_BAD_CSUM;
	}
}

/* The counter of the first thing wrong with the packet in @m, or STAT_NR for nothing. */
static inline enum stat check_header(struct netif *nif, const struct mbuf *m)
{
	const uint8_t *p = mbuf_data(m);
	uint32_t hlen, total, saddr;
	enum stat bad;

	if (unlikely(m->len < IP_HLEN_MIN))
		return STAT_IP_BAD_HEADER;
	hlen = (p[IP_VHL] & 15u) * 4;
	total = be16_load(p + IP_TOTLEN);
	if (unlikely(p[IP_VHL] >> 4 != 4 || hlen < IP_HLEN_MIN || total < hlen || total > m->len))
		return STAT_IP_BAD_HEADER;
	if (unlikely((m->flags & (MBUF_RX_IP_CSUM_OK | MBUF_RX_CSUM_BAD)) != MBUF_RX_IP_CSUM_OK)) {
		bad = check_csum(nif, m, hlen);
		if (bad != STAT_NR)
			return bad;
	}
	saddr = be32_load(p + IP_SRC);
	if (unlikely(ip_addr_is_special(nif, saddr) || saddr == nif->ip))
		return STAT_IP_BAD_SOURCE;
	if (unlikely(be16_load(p + IP_OFF) & (IP_FLAG_MF | IP_OFF_MASK)))
		return STAT_IP_FRAGMENT;
	return STAT_NR;
}

/* Anything but TCP to our own address. @m is at the L4 header. */
static void deliver_other(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr,
			  nsec now)
{
	uint8_t proto = m->buf[m->l3_off + IP_PROTO];
	bool bcast = daddr == nif->bcast || daddr == UINT32_MAX;

	if (daddr != nif->ip && !(bcast && proto == IPPROTO_UDP_)) {
		STAT_INC(nif->stats, IP_NOT_OURS);
		netif_drop(nif, m);
		return;
	}
	switch (proto) {
	case IPPROTO_ICMP_:
		icmp_rx(nif, m, saddr, daddr, now);
		return;
	case IPPROTO_UDP_:
		udp_rx(nif, m, saddr, daddr, now);
		return;
	default:
		STAT_INC(nif->stats, IP_UNKNOWN_PROTO);
		icmp_unreach(nif, m, ICMP_C_PROTO, now);
		netif_drop(nif, m);
	}
}

void ip_rx(struct netif *nif, struct mbuf *m, nsec now)
{
	const uint8_t *p = mbuf_data(m);
	enum stat bad = check_header(nif, m);
	uint32_t saddr, daddr, hlen;

	if (unlikely(bad != STAT_NR)) {
		nif->stats->v[bad]++;
		netif_drop(nif, m);
		return;
	}
	hlen = (p[IP_VHL] & 15u) * 4;
	saddr = be32_load(p + IP_SRC);
	daddr = be32_load(p + IP_DST);
	m->l3_off = m->off;
	m->off = m->l4_off = (uint16_t)(m->off + hlen);
	m->len = (uint16_t)(be16_load(p + IP_TOTLEN) - hlen);
	if (likely(p[IP_PROTO] == IPPROTO_TCP_ && daddr == nif->ip && nif->up->tcp_rx != NULL))
		nif->up->tcp_rx(nif->up_ctx, m, saddr, daddr, now);
	else
		deliver_other(nif, m, saddr, daddr, now);
}

void ip_rx_broadcast(struct netif *nif, struct mbuf *m, nsec now)
{
	if (m->len >= IP_HLEN_MIN && be32_load(mbuf_data(m) + IP_DST) == nif->ip) {
		STAT_INC(nif->stats, IP_NOT_OURS);
		netif_drop(nif, m);
		return;
	}
	ip_rx(nif, m, now);
}

/* The neighbour that takes a packet to @daddr off the subnet; 0: nobody. */
static uint32_t route_off_link(const struct netif *nif, uint32_t daddr)
{
	return ip_addr_is_special(nif, daddr) ? 0 : nif->gateway;
}

/* The 20 bytes at @p, their checksum field zero. */
static inline void write_header(struct netif *nif, const struct mbuf *m, uint8_t *p,
				uint32_t total, uint32_t daddr, uint8_t proto)
{
	p[IP_VHL] = IP_VHL_PLAIN;
	p[IP_TOS] = m->flags & MBUF_TX_ECT0 ? IP_ECN_ECT0 : 0;
	be16_store(p + IP_TOTLEN, (uint16_t)total);
	be16_store(p + IP_ID, nif->ip_id++);
	be16_store(p + IP_OFF, IP_FLAG_DF);
	p[IP_TTL] = IP_TTL_DEFAULT;
	p[IP_PROTO] = proto;
	be16_store(p + IP_CSUM, 0);
	be32_store(p + IP_SRC, nif->ip);
	be32_store(p + IP_DST, daddr);
}

/* Checksum the header or have it done, and send by whatever way there is. */
static void output(struct netif *nif, struct mbuf *m, uint32_t daddr, uint8_t proto, nsec now)
{
	uint8_t *p = mbuf_prepend(m, IP_HLEN_MIN);
	uint32_t total = mbuf_frame_len(m), hop = daddr;

	assert(total <= nif->mtu);
	m->l3_off = m->off;
	write_header(nif, m, p, total, daddr, proto);
	if (nif->nic->caps & NIC_TX_CSUM) {
		m->flags |= MBUF_TX_IP_CSUM;
	} else {
		be16_store(p + IP_CSUM, csum_fold(csum_partial(p, IP_HLEN_MIN)));
		nif->work->csum_bytes += IP_HLEN_MIN;
	}
	if (((daddr ^ nif->ip) & nif->mask) != 0)
		hop = route_off_link(nif, daddr);
	if (hop == 0) {
		STAT_INC(nif->stats, IP_NO_ROUTE);
		mbuf_free(m);
		return;
	}
	arp_tx(nif, m, hop, now);
}

/* Fill in the checksum of the segment in @m in software; the field is zero. */
static void fill_l4_csum(struct netif *nif, const struct mbuf *m, uint32_t daddr, uint8_t proto,
			 uint16_t csum_off)
{
	uint32_t len = mbuf_frame_len(m);
	uint32_t sum = csum_add(csum_pseudo(nif->ip, daddr, proto, len), csum_mbuf_l4(m), 0);
	uint16_t csum = csum_fold(sum);

	if (csum == 0 && proto == IPPROTO_UDP_)
		csum = UINT16_MAX;	/* zero means "none" (RFC 768) */
	be16_store(mbuf_data(m) + csum_off, csum);
	nif->work->csum_bytes += len;
}

static __attribute__((noinline)) void tx_any(struct netif *nif, struct mbuf *m, uint32_t daddr,
					     uint8_t proto, uint16_t csum_off, nsec now)
{
	if (nif->nic->caps & NIC_TX_CSUM)
		m->flags |= MBUF_TX_L4_CSUM;
	else
		fill_l4_csum(nif, m, daddr, proto, csum_off);
	output(nif, m, daddr, proto, now);
}

/* To a known neighbour on the subnet, checksums left to the NIC: both headers at once. */
static inline void tx_ready(struct netif *nif, struct mbuf *m, const struct arp_entry *e,
			    uint32_t daddr, uint8_t proto)
{
	uint32_t total = mbuf_frame_len(m) + IP_HLEN_MIN;
	uint8_t *p = mbuf_prepend(m, ETH_HLEN + IP_HLEN_MIN);

	assert(total <= nif->mtu);
	m->l3_off = (uint16_t)(m->off + ETH_HLEN);
	m->flags |= MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM;
	memcpy(p, e->hdr, ETH_HLEN);
	write_header(nif, m, p + ETH_HLEN, total, daddr, proto);
	netif_push(nif, m);
}

void ip_tx(struct netif *nif, struct mbuf *m, uint32_t daddr, uint8_t proto,
	   uint16_t l4_csum_off, nsec now)
{
	struct arp_entry *e = NULL;

	m->l4_off = m->off;
	be16_store(mbuf_data(m) + l4_csum_off, 0);
	if (likely(((daddr ^ nif->ip) & nif->mask) == 0 && (nif->nic->caps & NIC_TX_CSUM) != 0))
		e = arp_ready(nif, daddr, now);
	if (likely(e != NULL))
		tx_ready(nif, m, e, daddr, proto);
	else
		tx_any(nif, m, daddr, proto, l4_csum_off, now);
}

void ip_tx_raw(struct netif *nif, struct mbuf *m, uint32_t daddr, uint8_t proto, nsec now)
{
	m->l4_off = m->off;
	output(nif, m, daddr, proto, now);
}
