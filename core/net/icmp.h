/* SPDX-License-Identifier: MIT */
/* icmp.h - ICMP (RFC 792, RFC 1122 section 3.2.2): echo, errors in, limited errors out */
#ifndef NET_ICMP_H
#define NET_ICMP_H

#include "net/netif.h"

enum { ICMP_RATE_PER_SEC = 100, ICMP_BURST = 20 };	/* errors sent (RFC 1812 4.3.2.8) */

/** A message; m->off at the ICMP header, l3_off at the IPv4 header. Takes @m. */
void icmp_rx(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now);

/**
 * Answer the packet whose IPv4 header is at @m->l3_off with a destination unreachable of
 * @code, unless the rate limit, a broadcast or a fragment forbids it (RFC 1122 3.2.2).
 * Borrows @m.
 */
void icmp_unreach(struct netif *nif, const struct mbuf *m, uint8_t code, nsec now);

#endif
