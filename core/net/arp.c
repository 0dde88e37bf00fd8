/* SPDX-License-Identifier: MIT */
/*
 * arp.c - the neighbour cache (RFC 826, RFC 1122 section 2.3.2, RFC 5227)
 *
 * ARP_ENTRIES entries, found by hash of the IPv4 address through short chains. Life of one:
 *	INCOMPLETE	broadcast request each second; up to ARP_PENDING_MAX packets wait;
 *			after ARP_PROBES_MAX requests the entry and its packets are dropped
 *	REACHABLE	usable; at ARP_AGE_NS probed if a packet used it since it was
 *			learnt, dropped otherwise
 *	STALE_PROBE	still usable; one unicast probe (RFC 1122 2.3.2.1 (2)), then
 *			broadcasts, then dropped
 *	STATIC		never changes
 * A new neighbour takes the place of the least recently used REACHABLE entry that was not
 * asked within the last second, so no neighbour is ever asked twice in one. At most half of
 * the entries are INCOMPLETE: packets from addresses nobody has, which make us answer, cannot
 * push out neighbours that are there.
 * Not here: probing for our own address before use, and giving it up on conflict: it is
 * configured, so a conflicting claim is ignored and answered (RFC 5227 section 2.4 (c)).
 */
#include "net/arp.h"
#include "net/eth.h"
#include "net/ip.h"

static inline struct arp_entry **bucket(struct netif *nif, uint32_t ip)
{
	return &nif->arp_bucket[(ip ^ ip >> 8) % ARP_ENTRIES];
}

static inline struct arp_entry *find(struct netif *nif, uint32_t ip)
{
	struct arp_entry *e = *bucket(nif, ip);

	while (e != NULL && e->ip != ip)
		e = e->chain;
	return e;
}

static inline bool usable(const struct arp_entry *e)
{
	return e->state >= ARP_REACHABLE;
}

/* Send an ARP request for @tip to @dst. */
static void request_send(struct netif *nif, uint32_t tip, const uint8_t *dst)
{
	struct mbuf *m = mbuf_alloc(nif->pool);
	uint8_t *p;

	if (m == NULL) {
		STAT_INC(nif->stats, TX_NO_MBUF);
		return;
	}
	p = mbuf_data(m);
	m->len = ARP_LEN;
	be16_store(p + ARP_HTYPE, 1);
	be16_store(p + ARP_PTYPE, ETHERTYPE_IPV4);
	p[ARP_HLEN] = ETH_ALEN;
	p[ARP_PLEN] = 4;
	be16_store(p + ARP_OP, ARP_OP_REQUEST);
	memcpy(p + ARP_SHA, nif->mac, ETH_ALEN);
	be32_store(p + ARP_SPA, nif->ip);
	memset(p + ARP_THA, 0, ETH_ALEN);
	be32_store(p + ARP_TPA, tip);
	STAT_INC(nif->stats, ARP_REQ_TX);
	eth_tx(nif, m, dst, ETHERTYPE_ARP);
}

static void probe(struct arp_entry *e, const uint8_t *dst, nsec now)
{
	e->n_probes++;
	e->quiet_until = now + ARP_PROBE_NS;
	timer_arm(e->nif->wheel, &e->timer, now + ARP_PROBE_NS);
	request_send(e->nif, e->ip, dst);
}

/* Unlink the entry and free what waits on it. */
static void entry_drop(struct arp_entry *e)
{
	struct arp_entry **at = bucket(e->nif, e->ip);
	struct mbuf *pending = e->pending;

	while (*at != e)
		at = &(*at)->chain;
	*at = e->chain;
	timer_cancel(e->nif->wheel, &e->timer);
	e->state = ARP_FREE;
	e->pending = NULL;
	e->n_pending = 0;
	mbuf_free_chain(pending);
}

/* A probe went unanswered, or the entry came of age. */
static void entry_timer(struct timer *t, nsec now)
{
	struct arp_entry *e = container_of(t, struct arp_entry, timer);

	if (e->state == ARP_REACHABLE) {
		if (e->used + ARP_AGE_NS <= now) {
			entry_drop(e);
			return;
		}
		e->state = ARP_STALE_PROBE;
		e->n_probes = 0;
		probe(e, e->hdr + ETH_DST, now);
	} else if (e->n_probes < ARP_PROBES_MAX) {
		probe(e, eth_broadcast, now);
	} else {
		STAT_INC(e->nif->stats, ARP_FAILED);
		entry_drop(e);
	}
}

/* May a new neighbour take this place? @force: anything but a static entry goes. */
static bool evictable(const struct arp_entry *e, nsec now, bool force)
{
	if (force)
		return e->state != ARP_STATIC;
	return e->state == ARP_REACHABLE && e->quiet_until <= now;
}

/* An entry for @ip, linked and in state INCOMPLETE, or NULL. The cache has none for it. */
static struct arp_entry *entry_new(struct netif *nif, uint32_t ip, nsec now, bool force)
{
	struct arp_entry *victim = NULL;

	for (struct arp_entry *e = nif->arp; e < nif->arp + ARP_ENTRIES; e++) {
		if (e->state == ARP_FREE) {
			victim = e;
			break;
		}
		if (evictable(e, now, force) && (victim == NULL || e->used < victim->used))
			victim = e;
	}
	if (victim == NULL)
		return NULL;
	if (victim->state != ARP_FREE)
		entry_drop(victim);
	*victim = (struct arp_entry){ .ip = ip, .state = ARP_INCOMPLETE, .nif = nif, .used = now };
	victim->timer.fire = entry_timer;
	victim->chain = *bucket(nif, ip);
	*bucket(nif, ip) = victim;
	return victim;
}

/* Is no place left for a neighbour that may not exist? */
static bool unresolved_full(const struct netif *nif)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ARP_ENTRIES; i++)
		n += nif->arp[i].state == ARP_INCOMPLETE;
	return n >= ARP_UNRESOLVED_MAX;
}

static void entry_tx(struct arp_entry *e, struct mbuf *m)
{
	memcpy(mbuf_prepend(m, ETH_HLEN), e->hdr, ETH_HLEN);
	netif_push(e->nif, m);
}

/* Send what waited for the address of @e. */
static void pending_send(struct arp_entry *e)
{
	struct mbuf *m = e->pending, *next;

	e->pending = NULL;
	e->n_pending = 0;
	for (; m != NULL; m = next) {
		next = m->next;
		m->next = NULL;
		entry_tx(e, m);
	}
}

static void entry_set_mac(struct arp_entry *e, const uint8_t *mac)
{
	memcpy(e->hdr + ETH_DST, mac, ETH_ALEN);
	memcpy(e->hdr + ETH_SRC, e->nif->mac, ETH_ALEN);
	be16_store(e->hdr + ETH_TYPE, ETHERTYPE_IPV4);
}

/* The address of @e is @mac: seen in a packet just now. */
static void entry_learn(struct arp_entry *e, const uint8_t *mac, nsec now)
{
	entry_set_mac(e, mac);
	e->state = ARP_REACHABLE;
	e->n_probes = 0;
	timer_arm(e->nif->wheel, &e->timer, now + ARP_AGE_NS);
	STAT_INC(e->nif->stats, ARP_LEARNT);
	pending_send(e);
}

/* Queue @m; when the queue is full the oldest goes: the latest SHOULD be kept (2.3.2.2). */
static void pending_add(struct arp_entry *e, struct mbuf *m)
{
	struct mbuf **at = &e->pending, *oldest;

	if (e->n_pending == ARP_PENDING_MAX) {
		oldest = e->pending;
		e->pending = oldest->next;
		e->n_pending--;
		oldest->next = NULL;
		STAT_INC(e->nif->stats, ARP_PENDING_DROP);
		mbuf_free(oldest);
	}
	while (*at != NULL)
		at = &(*at)->next;
	m->next = NULL;
	*at = m;
	e->n_pending++;
}

void arp_tx(struct netif *nif, struct mbuf *m, uint32_t ip, nsec now)
{
	struct arp_entry *e = arp_ready(nif, ip, now);

	if (e != NULL) {
		entry_tx(e, m);
		return;
	}
	e = find(nif, ip);
	if (e == NULL && (ip_addr_is_special(nif, ip) || ip == nif->ip)) {
		STAT_INC(nif->stats, IP_NO_ROUTE);
		mbuf_free(m);
		return;
	}
	if (e == NULL) {
		e = unresolved_full(nif) ? NULL : entry_new(nif, ip, now, false);
		if (e == NULL) {	/* or every place is static or was asked just now */
			STAT_INC(nif->stats, ARP_PENDING_DROP);
			mbuf_free(m);
			return;
		}
		probe(e, eth_broadcast, now);
	}
	e->used = now;
	pending_add(e, m);
}

/* Well formed, for Ethernet and IPv4, and from a sender that can exist? */
static bool packet_valid(const struct netif *nif, const struct mbuf *m)
{
	static const uint8_t nobody[ETH_ALEN];
	const uint8_t *p = mbuf_data(m);
	uint32_t spa;

	if (m->len < ARP_LEN || be16_load(p + ARP_HTYPE) != 1 ||
	    be16_load(p + ARP_PTYPE) != ETHERTYPE_IPV4 || p[ARP_HLEN] != ETH_ALEN ||
	    p[ARP_PLEN] != 4)
		return false;
	if (be16_load(p + ARP_OP) != ARP_OP_REQUEST && be16_load(p + ARP_OP) != ARP_OP_REPLY)
		return false;
	if ((p[ARP_SHA] & 1) != 0 || eth_addr_eq(p + ARP_SHA, nobody))
		return false;
	spa = be32_load(p + ARP_SPA);		/* 0: a probe (RFC 5227 section 2.1.1) */
	return spa == 0 ? be16_load(p + ARP_OP) == ARP_OP_REQUEST : !ip_addr_is_special(nif, spa);
}

/* Someone claims our address: keep it, and say so at a bounded rate. */
static void conflict(struct netif *nif, const uint8_t *sha, nsec now)
{
	if (eth_addr_eq(sha, nif->mac))
		return;			/* our own announcement, come back */
	STAT_INC(nif->stats, ARP_BAD);
	if (now < nif->arp_defend_at)
		return;
	nif->arp_defend_at = now + ARP_DEFEND_NS;
	arp_announce(nif);
}

/* Merge the sender into the cache; @create: it may get an entry of its own. */
static void merge(struct netif *nif, uint32_t spa, const uint8_t *sha, bool create, nsec now)
{
	struct arp_entry *e = find(nif, spa);
	bool on_link = ((spa ^ nif->ip) & nif->mask) == 0 || spa == nif->gateway;

	if (e == NULL && create && on_link)
		e = entry_new(nif, spa, now, false);
	if (e != NULL && e->state != ARP_STATIC)
		entry_learn(e, sha, now);
}

/* Turn the request in @m into its reply. Takes @m. */
static void reply(struct netif *nif, struct mbuf *m)
{
	uint8_t *p = mbuf_data(m);

	be16_store(p + ARP_OP, ARP_OP_REPLY);
	memcpy(p + ARP_THA, p + ARP_SHA, ETH_ALEN);
	memcpy(p + ARP_TPA, p + ARP_SPA, 4);
	memcpy(p + ARP_SHA, nif->mac, ETH_ALEN);
	be32_store(p + ARP_SPA, nif->ip);
	m->len = ARP_LEN;
	m->flags = 0;
	STAT_INC(nif->stats, ARP_REQ_RX);
	eth_tx(nif, m, p + ARP_THA, ETHERTYPE_ARP);
}

/* RFC 826, "Packet Reception"; the conflict check of RFC 5227 comes first. */
void arp_rx(struct netif *nif, struct mbuf *m, nsec now)
{
	const uint8_t *p = mbuf_data(m);
	uint32_t spa, tpa;

	nif->work->net_other++;
	if (!packet_valid(nif, m)) {
		STAT_INC(nif->stats, ARP_BAD);
		mbuf_free(m);
		return;
	}
	spa = be32_load(p + ARP_SPA);
	tpa = be32_load(p + ARP_TPA);
	if (spa == nif->ip) {
		conflict(nif, p + ARP_SHA, now);
		mbuf_free(m);
		return;
	}
	if (spa != 0)
		merge(nif, spa, p + ARP_SHA, tpa == nif->ip, now);
	if (tpa == nif->ip && be16_load(p + ARP_OP) == ARP_OP_REQUEST)
		reply(nif, m);
	else
		mbuf_free(m);
}

void arp_announce(struct netif *nif)
{
	request_send(nif, nif->ip, eth_broadcast);
}

int arp_static(struct netif *nif, uint32_t ip, const uint8_t mac[ETH_ALEN])
{
	struct arp_entry *e = find(nif, ip);

	if (e == NULL)
		e = entry_new(nif, ip, 0, true);
	if (e == NULL)
		return -ENOSPC;
	timer_cancel(nif->wheel, &e->timer);
	entry_set_mac(e, mac);
	e->state = ARP_STATIC;
	pending_send(e);
	return 0;
}

const uint8_t *arp_lookup(struct netif *nif, uint32_t ip)
{
	const struct arp_entry *e = find(nif, ip);

	return e != NULL && usable(e) ? e->hdr + ETH_DST : NULL;
}

void arp_flush(struct netif *nif)
{
	for (struct arp_entry *e = nif->arp; e < nif->arp + ARP_ENTRIES; e++)
		if (e->state != ARP_FREE && e->state != ARP_STATIC)
			entry_drop(e);
}
