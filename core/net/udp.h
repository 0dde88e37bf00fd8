/* SPDX-License-Identifier: MIT */
/* udp.h - UDP (RFC 768, RFC 1122 section 4.1) */
#ifndef NET_UDP_H
#define NET_UDP_H

#include "net/netif.h"

/** A datagram; m->off at the UDP header. Takes @m. */
void udp_rx(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now);

/**
 * Prepend a UDP header to @m (payload in its linear part, its pieces, or both) and send
 * it. Takes @m. The caller has checked that it fits the MTU.
 */
void udp_tx(struct netif *nif, struct mbuf *m, uint32_t daddr, uint16_t sport, uint16_t dport,
	    nsec now);

#endif
