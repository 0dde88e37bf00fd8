/* SPDX-License-Identifier: MIT */
/*
 * netif.c - the interface of one elastic thread and its TX batch
 *
 * netif_push() (netif.h) collects complete frames during a pass, netif_post() gives them to the
 * NIC in order with one call. What the TX ring refuses stays at the head of the batch.
 * Not here: headers (eth.c, ip.c), neighbours (arp.c).
 */
#include "net/netif.h"
#include "net/icmp.h"

static void refs_done(struct mbuf_done *d, struct mbuf *m)
{
	netif_refs_back(container_of(d, struct netif, refs_done), m);
}

void netif_init(struct netif *nif, struct nic *nic, uint16_t queue, const struct netif_cfg *cfg)
{
	bool has_bcast = ~cfg->mask > 1;	/* not on /31 and /32 */

	nif->nic = nic;
	nif->queue = queue;
	nif->mtu = nic->mtu;
	memcpy(nif->mac, nic->mac, ETH_ALEN);
	nif->mac_raw = 0;
	memcpy(&nif->mac_raw, nic->mac, ETH_ALEN);
	nif->ip_id = 0;
	nif->ip = cfg->ip;
	nif->mask = cfg->mask;
	nif->gateway = cfg->gateway;
	nif->net = has_bcast ? cfg->ip & cfg->mask : UINT32_MAX;
	nif->bcast = has_bcast ? cfg->ip | ~cfg->mask : UINT32_MAX;
	nif->host_max = has_bcast ? ~cfg->mask - 1 : 0;
	nif->refs = nif->refs_mark = nif->refs_oldest = 0;
	memset(nif->refs_of, 0, sizeof(nif->refs_of));
	nif->refs_done.fn = refs_done;
	nif->n_txq = 0;
	nif->txq_frags = 0;
	nif->txq_bytes = 0;
	nif->icmp_tokens = ICMP_BURST;
	nif->icmp_refill = 0;
	nif->arp_defend_at = 0;
	memset(nif->arp_bucket, 0, sizeof(nif->arp_bucket));
	memset(nif->arp, 0, sizeof(nif->arp));
}

/* Frames [@from, n_txq) were refused: they become the batch. */
static void keep_refused(struct netif *nif, uint32_t from)
{
	nif->txq_bytes = 0;
	nif->txq_frags = 0;
	for (uint32_t i = from; i < nif->n_txq; i++) {
		nif->txq_bytes += mbuf_frame_len(nif->txq[i]);
		nif->txq_frags += nif->txq[i]->n_frags;
	}
	nif->n_txq -= from;
	memmove(nif->txq, nif->txq + from, nif->n_txq * sizeof(nif->txq[0]));
}

void netif_post(struct netif *nif)
{
	uint32_t n = nif->n_txq, frags = nif->txq_frags, sent;
	uint64_t bytes = nif->txq_bytes;
	struct work *w = nif->work;

	if (n == 0)
		return;
	sent = nif->nic->ops->tx_burst(nif->nic, nif->queue, nif->txq, n, w);
	assert(sent <= n && nif->n_txq == n);
	if (sent < n)
		STAT_INC(nif->stats, TX_RING_FULL);
	keep_refused(nif, sent);
	STAT_ADD(nif->stats, TX_FRAMES, sent);
	w->tx_frames += sent;
	w->tx_bytes += bytes - nif->txq_bytes;
	w->tx_frags += frags - nif->txq_frags;
}
