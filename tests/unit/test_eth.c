/* SPDX-License-Identifier: MIT */
/* test_eth.c - core/net/eth.c and the TX batch of core/net/netif.c */
#include "net_bed.h"

static const uint8_t payload[26] = "abcdefghijklmnopqrstuvwxyz";

static void short_frames_are_counted(void)
{
	struct bed *b = bed_new();
	uint8_t f[ETH_HLEN] = { 0 };

	for (size_t len = 0; len < ETH_HLEN; len++)
		eth_rx(&b->nif, bed_mbuf(b, f, len), b->now);
	CHECK_EQ(b->st.v[STAT_ETH_SHORT], ETH_HLEN);
	CHECK_EQ(b->w.net_other, ETH_HLEN);
	bed_done(b);
}

static void header_alone_is_a_short_packet(void)
{
	struct bed *b = bed_new();
	uint8_t f[ETH_HLEN];

	memcpy(f, us_mac, 6);
	memcpy(f + 6, peer_mac, 6);
	be16_store(f + ETH_TYPE, ETHERTYPE_IPV4);
	eth_rx(&b->nif, bed_mbuf(b, f, sizeof(f)), b->now);
	be16_store(f + ETH_TYPE, ETHERTYPE_ARP);
	eth_rx(&b->nif, bed_mbuf(b, f, sizeof(f)), b->now);
	CHECK_EQ(b->st.v[STAT_IP_BAD_HEADER], 1);
	CHECK_EQ(b->st.v[STAT_ARP_BAD], 1);
	bed_done(b);
}

static void addresses_filter(void)
{
	static const uint8_t group[6] = { 0x01, 0, 0x5e, 0, 0, 1 };
	struct bed *b = bed_new();
	uint8_t ip[64];
	size_t n = ip_build(ip, PEER, US, IPPROTO_TCP_, payload, 20);

	bed_rx(b, peer_mac, ETHERTYPE_IPV4, ip, n);
	bed_rx(b, group, ETHERTYPE_IPV4, ip, n);
	CHECK_EQ(b->st.v[STAT_ETH_NOT_OURS], 2);
	CHECK_EQ(b->seen.n_tcp, 0);
	bed_rx(b, us_mac, ETHERTYPE_IPV4, ip, n);
	CHECK_EQ(b->seen.n_tcp, 1);
	CHECK_EQ(b->w.net_other, 2);
	bed_done(b);
}

static void broadcast_only_for_arp_and_ip(void)
{
	struct bed *b = bed_new();
	uint8_t ip[64];
	size_t n = udp_build(ip, PEER, BCAST, 5, UDP_OPEN_PORT, payload, 26);

	bed_rx(b, eth_broadcast, 0x86dd, ip, n);
	bed_rx(b, us_mac, 0x0600, ip, n);
	CHECK_EQ(b->st.v[STAT_ETH_UNKNOWN_TYPE], 2);
	bed_rx(b, eth_broadcast, ETHERTYPE_IPV4, ip, n);
	CHECK_EQ(b->seen.n_udp, 1);
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	bed_done(b);
}

/* RFC 1122 section 3.3.6 */
static void broadcast_frame_with_unicast_packet_is_dropped(void)
{
	struct bed *b = bed_new();
	uint8_t ip[64];
	size_t n = udp_build(ip, PEER, US, 5, UDP_OPEN_PORT, payload, 26);

	bed_rx(b, eth_broadcast, ETHERTYPE_IPV4, ip, n);
	CHECK_EQ(b->seen.n_udp, 0);
	CHECK_EQ(b->st.v[STAT_IP_NOT_OURS], 1);
	bed_done(b);
}

static void padding_is_trimmed(void)
{
	struct bed *b = bed_new();
	uint8_t ip[64];

	for (size_t len = 0; len < 26; len++) {
		bed_rx_ip(b, ip, ip_build(ip, PEER, US, IPPROTO_TCP_, payload, len));
		CHECK_EQ(b->seen.len, len);
		CHECK(memcmp(b->seen.data, payload, len) == 0);
	}
	bed_done(b);
}

static void tx_writes_the_header(void)
{
	struct bed *b = bed_new();
	struct bed_frame *f;

	eth_tx(&b->nif, bed_mbuf(b, payload, 26), gw_mac, 0x1234);
	f = bed_out(b);
	CHECK_EQ(f->len, 40);
	CHECK(eth_addr_eq(f->data, gw_mac));
	CHECK(eth_addr_eq(f->data + 6, us_mac));
	CHECK_EQ(be16_load(f->data + 12), 0x1234);
	CHECK(memcmp(f->data + 14, payload, 26) == 0);
	bed_done(b);
}

/* Frame @i is i + 20 bytes long; every third has a piece of 100. */
static void push(struct bed *b, uint32_t i)
{
	struct mbuf *m = bed_mbuf(b, payload, 20);

	m->len = (uint16_t)(20 + i);
	if (i % 3 == 0) {
		m->n_frags = 1;
		m->frag_len = 100;
		m->frag[0] = (struct mbuf_frag){ b->seen.data, 100 };
	}
	netif_push(&b->nif, m);
}

static void full_ring_keeps_the_rest_in_order(void)
{
	struct bed *b = bed_new();

	for (uint32_t i = 0; i < 9; i++)
		push(b, i);
	b->ring = 4;
	netif_post(&b->nif);
	CHECK_EQ(b->st.v[STAT_TX_RING_FULL], 1);
	CHECK_EQ(b->st.v[STAT_TX_FRAMES], 4);
	CHECK_EQ(b->w.tx_frames, 4);
	CHECK_EQ(b->w.tx_bytes, 4 * 20 + 0 + 1 + 2 + 3 + 200);
	CHECK_EQ(b->w.tx_frags, 2);
	CHECK_EQ(netif_room(&b->nif), NETIF_TXQ - 5);
	netif_post(&b->nif);		/* nothing taken, nothing lost */
	CHECK_EQ(b->st.v[STAT_TX_RING_FULL], 2);
	push(b, 9);
	b->ring = 100;
	netif_post(&b->nif);
	CHECK_EQ(b->w.tx_frames, 10);
	CHECK_EQ(b->w.tx_bytes, 10 * 20 + 45 + 400);
	CHECK_EQ(b->w.tx_frags, 4);
	for (uint32_t i = 0; i < 10; i++)
		CHECK_EQ(bed_out(b)->len, 20 + i + (i % 3 == 0 ? 100 : 0));
	CHECK_EQ(b->n_bursts, 3);
	bed_done(b);
}

static void empty_post_rings_no_bell(void)
{
	struct bed *b = bed_new();

	netif_post(&b->nif);
	CHECK_EQ(b->n_bursts, 0);
	bed_done(b);
}

static void backlog_is_bounded(void)
{
	struct bed *b = bed_new();
	struct mbuf *head = bed_mbuf(b, payload, 20);

	b->nif.n_txq = NETIF_TXQ;	/* as after many refused posts */
	netif_push(&b->nif, head);
	CHECK_EQ(b->st.v[STAT_TX_BACKLOG_DROP], 1);
	CHECK_EQ(netif_room(&b->nif), 0);
	b->nif.n_txq = 0;
	bed_done(b);
}

CU_MAIN("eth", TEST(short_frames_are_counted), TEST(header_alone_is_a_short_packet),
	TEST(addresses_filter), TEST(broadcast_only_for_arp_and_ip),
	TEST(broadcast_frame_with_unicast_packet_is_dropped), TEST(padding_is_trimmed),
	TEST(tx_writes_the_header), TEST(full_ring_keeps_the_rest_in_order),
	TEST(empty_post_rings_no_bell), TEST(backlog_is_bounded))
