/* SPDX-License-Identifier: MIT */
/* ip.h - IPv4 (RFC 791, RFC 1122 section 3.2); fragments are counted and dropped */
#ifndef NET_IP_H
#define NET_IP_H

#include "net/netif.h"

/** A packet; m->off is at the IPv4 header. Validates all of it. Takes @m. */
void ip_rx(struct netif *nif, struct mbuf *m, nsec now);

/** As ip_rx(), for a frame that came by link-layer broadcast: one that names our unicast
 * address is dropped (RFC 1122 section 3.3.6). */
void ip_rx_broadcast(struct netif *nif, struct mbuf *m, nsec now);

/**
 * Prepend an IPv4 header (DF set, TTL 64) to the segment in @m and send it on its way:
 * on-link or by the gateway. @m->off is at the L4 header, whose checksum field the
 * caller has left to ip_tx: it is filled by the NIC or in software, as the NIC can.
 * @proto: TCP or UDP. @l4_csum_off: offset of that field in the L4 header. Takes @m.
 * The caller has checked that the packet fits the MTU.
 */
void ip_tx(struct netif *nif, struct mbuf *m, uint32_t daddr, uint8_t proto,
	   uint16_t l4_csum_off, nsec now);

/** As ip_tx(), for a segment whose checksum is in place or that has none (ICMP). */
void ip_tx_raw(struct netif *nif, struct mbuf *m, uint32_t daddr, uint8_t proto, nsec now);

/** True for addresses no host may have: 0/8, 127/8, multicast, class E, the first and the
 * last of our subnet. */
static inline bool ip_addr_is_special(const struct netif *nif, uint32_t ip)
{
	uint32_t top = ip >> 24;

	return top - 1 >= 223 || top == 127 || ip == nif->net || ip == nif->bcast;
}

#endif
