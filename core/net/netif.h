/* SPDX-License-Identifier: MIT */
/*
 * netif.h - one interface of one elastic thread: addresses, neighbours, TX batch
 *
 * The layers below TCP hang off this struct. Frames go down
 *	tcp, udp, icmp -> ip_tx -> (arp) -> eth_tx -> netif_push
 * and wait in `txq` until the pass posts them (netif_post). Frames come up
 *	eth_rx -> arp_rx | ip_rx -> icmp_rx | udp_rx | tcp (through `up`).
 */
#ifndef NET_NETIF_H
#define NET_NETIF_H

#include "base/rng.h"
#include "base/stat.h"
#include "base/wheel.h"
#include "net/wire.h"
#include "plat.h"

enum {
	NETIF_TXQ = 4096,	/* frames waiting for the doorbell */
	NETIF_MARKS = 64,	/* passes whose frames are told apart; power of two */
};

enum {
	ARP_ENTRIES = 256,	/* neighbours, power of two */
	ARP_UNRESOLVED_MAX = ARP_ENTRIES / 2, /* of them asked for and never heard of */
	ARP_PENDING_MAX = 8,	/* frames held a neighbour while it is resolved */
	ARP_PROBES_MAX = 3,	/* requests before giving up */
};

#define ARP_PROBE_NS	(1 * NSEC_PER_SEC)	/* between requests: at most 1/s (RFC 1122) */
#define ARP_AGE_NS	(60 * NSEC_PER_SEC)	/* then probed if it was used, else dropped */
#define ARP_DEFEND_NS	(10 * NSEC_PER_SEC)	/* between defences of our address (RFC 5227) */

enum arp_state { ARP_FREE, ARP_INCOMPLETE, ARP_REACHABLE, ARP_STALE_PROBE, ARP_STATIC };

struct arp_entry {
	uint32_t ip;
	uint8_t state;		/* enum arp_state */
	uint8_t n_probes;
	uint8_t hdr[ETH_HLEN];	/* the Ethernet header of packets to it; its MAC comes first */
	uint16_t n_pending;
	struct mbuf *pending;	/* oldest first, linked by next, whole IP packets */
	struct timer timer;	/* probe or ageing */
	struct netif *nif;
	nsec used;		/* last time a frame went to it, or it was learnt */
	nsec quiet_until;	/* no request to this neighbour before; 0: never asked */
	struct arp_entry *chain; /* next entry of the same bucket */
};

/* What the layers above supply; a NULL entry means nobody is there. */
struct netif_up {
	/* Takes @m, whose off is at the TCP header, l3_off at the IPv4 header, len without
	 * Ethernet padding. Addresses are validated. */
	void (*tcp_rx)(void *ctx, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now);
	/* Takes @m if true is returned; off is at the UDP payload. False: no such port. */
	bool (*udp_rx)(void *ctx, struct mbuf *m, uint32_t saddr, uint16_t sport,
		       uint16_t dport, nsec now);
	/* An ICMP error quotes a segment we may have sent: @quote is its IPv4 header
	 * (validated: @quote_len bytes, IPv4, at least 8 bytes past the header, source is
	 * us). @type, @code, @mtu from the message. */
	void (*icmp_err)(void *ctx, const uint8_t *quote, uint32_t quote_len, uint8_t type,
			 uint8_t code, uint16_t mtu, nsec now);
};

struct netif {
	struct nic *nic;
	uint16_t queue;
	uint16_t mtu;
	uint8_t mac[ETH_ALEN];
	uint16_t ip_id;
	uint32_t ip;		/* host order */
	uint32_t mask;
	uint32_t gateway;	/* 0: none */
	uint32_t net;		/* first and last address of the subnet: nobody's; */
	uint32_t bcast;		/* all ones on /31 and /32, which have neither (RFC 3021) */
	uint32_t host_max;	/* greatest host part in use, 0 on /31 and /32 */
	struct mempool *pool;	/* headers of what this thread sends */
	struct stats *stats;
	struct work *work;	/* of the pass that is running */
	struct wheel *wheel;
	const struct netif_up *up;
	void *up_ctx;
	uint32_t n_txq;
	uint32_t txq_frags;	/* pieces of the frames in txq */
	uint64_t txq_bytes;
	uint32_t refs;		/* frames that name application memory and have not been let go */
	uint32_t refs_of[NETIF_MARKS];	/* of them, by mark: they come back in any order */
	uint32_t refs_mark;	/* of those made now; one mark a pass, as long as there are any */
	uint32_t refs_oldest;	/* nothing is left of the marks before it */
	struct mbuf_done refs_done;
	uint32_t icmp_tokens;	/* token bucket of ICMP errors */
	nsec icmp_refill;
	nsec arp_defend_at;	/* no defence of our address before */
	uint64_t mac_raw;	/* mac in memory order, low 48 bits: for eth_rx's first look */
	struct arp_entry *arp_bucket[ARP_ENTRIES];	/* chains by hash of the address */
	struct arp_entry arp[ARP_ENTRIES];
	struct mbuf *txq[NETIF_TXQ];
};

struct netif_cfg {
	uint32_t ip, mask, gateway;	/* host order; gateway 0: none */
};

/**
 * Addresses, an empty neighbour cache, an empty batch. Sends nothing. Leaves @pool, @stats,
 * @work, @wheel, @up and @up_ctx as they are: the caller sets them, before or after, and they
 * outlive the interface.
 */
void netif_init(struct netif *nif, struct nic *nic, uint16_t queue, const struct netif_cfg *cfg);

/** Queue a complete Ethernet frame for the next netif_post(). Takes @m; drops and counts
 * when the backlog is full. */
static inline void netif_push(struct netif *nif, struct mbuf *m)
{
	uint32_t at = nif->n_txq;

	if (unlikely(at == NETIF_TXQ)) {
		STAT_INC(nif->stats, TX_BACKLOG_DROP);
		mbuf_free(m);
		return;
	}
	nif->n_txq = at + 1;
	nif->txq_bytes += mbuf_frame_len(m);
	nif->txq_frags += m->n_frags;
	nif->txq[at] = m;
}

/** @m names application memory: count it until the NIC has let go of it. A `done` of its own
 * calls netif_refs_back(). */
static inline void netif_refs_taken(struct netif *nif, struct mbuf *m)
{
	m->mark = nif->refs_mark % NETIF_MARKS;
	nif->refs_of[m->mark]++;
	nif->refs++;
	if (m->done == NULL)
		m->done = &nif->refs_done;
}

static inline void netif_refs_back(struct netif *nif, const struct mbuf *m)
{
	nif->refs_of[m->mark]--;
	nif->refs--;
}

/** Move refs_oldest to the oldest frame there is, or to refs_mark. */
static inline void netif_refs_settle(struct netif *nif)
{
	while (nif->refs_oldest != nif->refs_mark &&
	       nif->refs_of[nif->refs_oldest % NETIF_MARKS] == 0)
		nif->refs_oldest++;
}

/** Has every frame up to @mark been let go? A mark may get more while it is refs_mark. */
static inline bool netif_refs_settled(struct netif *nif, uint32_t mark)
{
	netif_refs_settle(nif);
	return nif->refs == 0 || (int32_t)(nif->refs_oldest - mark) > 0;
}

/** Frames netif_push() would take now. TCP holds back rather than lose a segment. */
static inline uint32_t netif_room(const struct netif *nif) { return NETIF_TXQ - nif->n_txq; }

/** Let go of a received frame no transport took; the caller has counted why. Takes @m. */
static inline void netif_drop(struct netif *nif, struct mbuf *m)
{
	nif->work->net_other++;
	mbuf_free(m);
}

/** Step 6 of the pass: give the batch to the NIC; what its ring refuses stays queued. */
void netif_post(struct netif *nif);

#endif
