/* SPDX-License-Identifier: MIT */
/*
 * arp.h - address resolution (RFC 826, RFC 1122 section 2.3.2, RFC 5227 announcements)
 *
 * The cache is bounded, aged and never grows by unsolicited traffic: a request or
 * reply refreshes what is there, and creates an entry only when it is addressed to us.
 */
#ifndef NET_ARP_H
#define NET_ARP_H

#include "net/netif.h"

/** An ARP packet; m->off is behind the Ethernet header. Takes @m. */
void arp_rx(struct netif *nif, struct mbuf *m, nsec now);

/**
 * The neighbour @ip if a packet can go to it now, else NULL. Marks it as used: the caller
 * sends. The hot half of arp_tx(), for ip_tx().
 */
static inline struct arp_entry *arp_ready(struct netif *nif, uint32_t ip, nsec now)
{
	struct arp_entry *e = nif->arp_bucket[(ip ^ ip >> 8) % ARP_ENTRIES];

	while (e != NULL && e->ip != ip)
		e = e->chain;
	if (unlikely(e == NULL || e->state < ARP_REACHABLE))
		return NULL;
	e->used = now;
	return e;
}

/** Send the IP packet @m to next hop @ip, resolving it first if need be. Takes @m. */
void arp_tx(struct netif *nif, struct mbuf *m, uint32_t ip, nsec now);

/** Announce our address (gratuitous ARP, RFC 5227 section 2.3). */
void arp_announce(struct netif *nif);

/** Permanent entry. Returns 0, or -ENOSPC when the cache is full of static entries. */
int arp_static(struct netif *nif, uint32_t ip, const uint8_t mac[ETH_ALEN]);

/** The entry's MAC if it is usable now, else NULL. */
const uint8_t *arp_lookup(struct netif *nif, uint32_t ip);

/** Forget every neighbour but the static ones: pending frames freed, timers cancelled. */
void arp_flush(struct netif *nif);

#endif
