/* SPDX-License-Identifier: MIT */
/*
 * udp.c - UDP (RFC 768, RFC 1122 section 4.1)
 *
 * udp_rx() validates a datagram and offers it to the layer above; a port nobody serves is
 * answered with port unreachable. udp_tx() prepends a header and always asks for a checksum.
 * Not here: ports and their owners (sys/), the MTU check of a send call.
 */
#include "net/udp.h"
#include "net/csum.h"
#include "net/icmp.h"
#include "net/ip.h"

/* Check lengths and checksum and trim to the UDP length. */
static bool datagram_valid(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr)
{
	const uint8_t *p = mbuf_data(m);
	uint32_t len, sum;

	if (m->len < UDP_HLEN)
		return false;
	len = be16_load(p + UDP_LEN);
	if (len < UDP_HLEN || len > m->len || be16_load(p + UDP_DPORT) == 0)
		return false;
	m->len = (uint16_t)len;
	if (be16_load(p + UDP_CSUM) == 0 || (m->flags & MBUF_RX_L4_CSUM_OK) != 0)
		return true;
	nif->work->csum_bytes += len;
	sum = csum_add(csum_pseudo(saddr, daddr, IPPROTO_UDP_, len), csum_partial(p, len), 0);
	return csum_fold(sum) == 0;
}

void udp_rx(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now)
{
	const uint8_t *p = mbuf_data(m);
	uint16_t sport, dport;

	nif->work->net_other++;
	if (!datagram_valid(nif, m, saddr, daddr)) {
		STAT_INC(nif->stats, UDP_BAD);
		mbuf_free(m);
		return;
	}
	sport = be16_load(p + UDP_SPORT);
	dport = be16_load(p + UDP_DPORT);
	mbuf_pull(m, UDP_HLEN);
	if (nif->up->udp_rx != NULL && nif->up->udp_rx(nif->up_ctx, m, saddr, sport, dport, now))
		return;			/* counted there: delivered, or no room */
	STAT_INC(nif->stats, UDP_NO_PORT);
	icmp_unreach(nif, m, ICMP_C_PORT, now);
	mbuf_free(m);
}

void udp_tx(struct netif *nif, struct mbuf *m, uint32_t daddr, uint16_t sport, uint16_t dport,
	    nsec now)
{
	uint8_t *p = mbuf_prepend(m, UDP_HLEN);

	be16_store(p + UDP_SPORT, sport);
	be16_store(p + UDP_DPORT, dport);
	be16_store(p + UDP_LEN, (uint16_t)mbuf_frame_len(m));
	ip_tx(nif, m, daddr, IPPROTO_UDP_, UDP_CSUM, now);
}
