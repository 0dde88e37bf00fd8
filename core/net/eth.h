/* SPDX-License-Identifier: MIT */
/* eth.h - Ethernet II (RFC 894) */
#ifndef NET_ETH_H
#define NET_ETH_H

#include "net/netif.h"

extern const uint8_t eth_broadcast[ETH_ALEN];

static inline bool eth_addr_eq(const uint8_t *a, const uint8_t *b)
{
	return memcmp(a, b, ETH_ALEN) == 0;
}

/** A frame from the NIC: validate, strip the header, dispatch by type. Takes @m. */
void eth_rx(struct netif *nif, struct mbuf *m, nsec now);

/** Prepend a header to the packet in @m and queue the frame. Takes @m. */
void eth_tx(struct netif *nif, struct mbuf *m, const uint8_t dst[ETH_ALEN], uint16_t type);

#endif
