/* SPDX-License-Identifier: MIT */
/*
 * eth.c - Ethernet II (RFC 894, RFC 1122 section 2.3.3)
 *
 * eth_rx() takes what the NIC received: our unicast address, or broadcast, carrying IPv4 or
 * ARP. Multicast groups are never joined, so multicast frames are not ours. Padding is
 * left to the layer that knows the length. eth_tx() leaves padding to the NIC.
 * Not here: 802.3/LLC and VLAN tags, which count as unknown types.
 */
#include "net/eth.h"
#include "net/arp.h"
#include "net/ip.h"

const uint8_t eth_broadcast[ETH_ALEN] = { 0xff, 0xff, 0xff, 0xff, 0xff, 0xff };

static inline uint32_t raw32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

static inline uint64_t raw64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/*
 * The common frame in one look: TCP in IPv4 to our MAC and address, no options, no fragment,
 * checksum vouched for by the NIC, from a neighbour or an ordinary address. Takes @m and
 * returns true only when ip_rx() would have handed the same to TCP; in any doubt it changes
 * nothing, and the frame goes the long way.
 */
static inline bool rx_tcp(struct netif *nif, struct mbuf *m, nsec now)
{
	const uint8_t *p = mbuf_data(m), *ip = p + ETH_HLEN;
	const struct netif_up *up = nif->up;
	uint32_t len = m->len - (uint32_t)(ETH_HLEN + IP_HLEN_MIN), tcp_len, saddr, us = nif->ip;

	if (m->len < ETH_HLEN + IP_HLEN_MIN || (raw64(p) ^ nif->mac_raw) << 16 != 0)
		return false;
	if ((raw32(p + ETH_TYPE) & __builtin_bswap32(0xffffff00)) != __builtin_bswap32(0x08004500))
		return false;
	/* offset and MF are 0, protocol is TCP */
	if ((raw32(ip + IP_OFF) & __builtin_bswap32(0x3fff00ff)) != __builtin_bswap32(IPPROTO_TCP_))
		return false;
	if ((m->flags & (MBUF_RX_IP_CSUM_OK | MBUF_RX_CSUM_BAD)) != MBUF_RX_IP_CSUM_OK)
		return false;
	tcp_len = be16_load(ip + IP_TOTLEN) - (uint32_t)IP_HLEN_MIN;	/* wraps if below */
	if (tcp_len > len || be32_load(ip + IP_DST) != us)
		return false;
	saddr = be32_load(ip + IP_SRC);
	/* the host part is in [1, ~mask - 1]: on our subnet, and not its first or last */
	if ((saddr ^ nif->net) - 1 >= nif->host_max && ip_addr_is_special(nif, saddr))
		return false;
	if (saddr == us || up->tcp_rx == NULL)
		return false;
	m->l3_off = (uint16_t)(m->off + ETH_HLEN);
	m->off = m->l4_off = (uint16_t)(m->off + ETH_HLEN + IP_HLEN_MIN);
	m->len = (uint16_t)tcp_len;
	up->tcp_rx(nif->up_ctx, m, saddr, us, now);
	return true;
}

/* Everything that rx_tcp() would not take: step by step. */
static __attribute__((noinline)) void rx_any(struct netif *nif, struct mbuf *m, nsec now)
{
	const uint8_t *p = mbuf_data(m);
	enum stat bad = STAT_NR;
	uint16_t type = 0;
	bool ours = false;

	if (m->len < ETH_HLEN) {
		bad = STAT_ETH_SHORT;
	} else {
		type = be16_load(p + ETH_TYPE);
		ours = eth_addr_eq(p + ETH_DST, nif->mac);
		if (!ours && !eth_addr_eq(p + ETH_DST, eth_broadcast))
			bad = STAT_ETH_NOT_OURS;
		else if (type != ETHERTYPE_IPV4 && type != ETHERTYPE_ARP)
			bad = STAT_ETH_UNKNOWN_TYPE;
	}
	if (bad != STAT_NR) {
		nif->stats->v[bad]++;
		netif_drop(nif, m);
		return;
	}
	mbuf_pull(m, ETH_HLEN);
	if (type == ETHERTYPE_ARP)
		arp_rx(nif, m, now);
	else if (ours)
		ip_rx(nif, m, now);
	else
		ip_rx_broadcast(nif, m, now);
}

void eth_rx(struct netif *nif, struct mbuf *m, nsec now)
{
	if (unlikely(!rx_tcp(nif, m, now)))
		rx_any(nif, m, now);
}

void eth_tx(struct netif *nif, struct mbuf *m, const uint8_t dst[ETH_ALEN], uint16_t type)
{
	uint8_t *p = mbuf_prepend(m, ETH_HLEN);

	memcpy(p + ETH_DST, dst, ETH_ALEN);
	memcpy(p + ETH_SRC, nif->mac, ETH_ALEN);
	be16_store(p + ETH_TYPE, type);
	netif_push(nif, m);
}
