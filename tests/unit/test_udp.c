/* SPDX-License-Identifier: MIT */
/* test_udp.c - core/net/udp.c */
#include "net_bed.h"

static const uint8_t payload[33] = "a datagram of an odd length, 33b";
static uint8_t ip[2048];

static size_t good(uint16_t dport)
{
	return udp_build(ip, PEER, US, 4000, dport, payload, sizeof(payload));
}

static void delivers_to_an_open_port(void)
{
	struct bed *b = bed_new();

	bed_rx_ip(b, ip, good(UDP_OPEN_PORT));
	CHECK_EQ(b->seen.n_udp, 1);
	CHECK_EQ(b->seen.saddr, PEER);
	CHECK_EQ(b->seen.sport, 4000);
	CHECK_EQ(b->seen.dport, UDP_OPEN_PORT);
	CHECK_EQ(b->seen.len, sizeof(payload));
	CHECK(memcmp(b->seen.data, payload, sizeof(payload)) == 0);
	CHECK_EQ(b->st.v[STAT_UDP_RX], 0);	/* who takes it counts it */
	CHECK_EQ(b->w.net_other, 1);
	CHECK_EQ(b->w.csum_bytes, 20 + 8 + sizeof(payload));
	bed_done(b);
}

static void empty_datagram(void)
{
	struct bed *b = bed_new();

	bed_rx_ip(b, ip, udp_build(ip, PEER, US, 0, UDP_OPEN_PORT, payload, 0));
	CHECK_EQ(b->seen.n_udp, 1);
	CHECK_EQ(b->seen.len, 0);
	bed_done(b);
}

/* Feed a packet with @len in the UDP length field and no checksum. */
static void feed_len(struct bed *b, uint16_t len)
{
	size_t n = good(UDP_OPEN_PORT);

	be16_store(ip + 20 + UDP_LEN, len);
	be16_store(ip + 20 + UDP_CSUM, 0);
	bed_rx_ip(b, ip, n);
}

static void length_field(void)
{
	struct bed *b = bed_new();
	size_t n;

	feed_len(b, 0);
	feed_len(b, 7);
	feed_len(b, sizeof(payload) + 9);
	feed_len(b, 0xffff);
	n = ip_build(ip, PEER, US, IPPROTO_UDP_, payload, 7);	/* no room for a header */
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->st.v[STAT_UDP_BAD], 5);
	feed_len(b, 8 + 10);		/* shorter than the packet: trimmed */
	CHECK_EQ(b->seen.n_udp, 1);
	CHECK_EQ(b->seen.len, 10);
	bed_silent(b);
	bed_done(b);
}

static void checksum(void)
{
	struct bed *b = bed_new();
	size_t n = good(UDP_OPEN_PORT);

	for (size_t at = 20; at < n; at++) {	/* any byte wrong, the checksum's own too */
		ip[at] ^= 0x10;
		bed_rx_ip(b, ip, n);
		ip[at] ^= 0x10;
	}
	CHECK_EQ(b->st.v[STAT_UDP_BAD], n - 20);
	be32_store(ip + IP_SRC, PEER + 1);	/* the pseudo header counts */
	ip_recsum(ip);
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->st.v[STAT_UDP_BAD], n - 20 + 1);
	CHECK_EQ(b->seen.n_udp, 0);
	good(UDP_OPEN_PORT);
	be16_store(ip + 20 + UDP_CSUM, 0);	/* none: allowed */
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->seen.n_udp, 1);
	bed_done(b);
}

static void closed_port_is_answered(void)
{
	struct bed *b = bed_new();
	uint8_t *out;

	arp_static(&b->nif, PEER, peer_mac);
	bed_rx_ip(b, ip, good(9));
	CHECK_EQ(b->st.v[STAT_UDP_NO_PORT], 1);
	out = bed_check_ip(bed_out(b), peer_mac);
	CHECK_EQ(out[20 + ICMP_TYPE], ICMP_T_UNREACH);
	CHECK_EQ(out[20 + ICMP_CODE], ICMP_C_PORT);
	CHECK_EQ(naive_sum(out + 20, 8 + 28, 0), 0xffff);
	CHECK(memcmp(out + 28, ip, 28) == 0);
	bed_rx(b, eth_broadcast, ETHERTYPE_IPV4, ip,
	       udp_build(ip, PEER, BCAST, 4000, 9, payload, sizeof(payload)));
	CHECK_EQ(b->st.v[STAT_UDP_NO_PORT], 2);
	bed_silent(b);				/* never about a broadcast */
	b->up.udp_rx = NULL;
	bed_rx_ip(b, ip, good(UDP_OPEN_PORT));
	CHECK_EQ(b->st.v[STAT_UDP_NO_PORT], 3);
	bed_done(b);
}

static void port_zero_is_malformed(void)
{
	struct bed *b = bed_new();

	bed_rx_ip(b, ip, good(0));
	CHECK_EQ(b->st.v[STAT_UDP_BAD], 1);
	bed_done(b);
}

static void tx_linear_and_pieces(void)
{
	struct bed *b = bed_new();
	struct mbuf *m = bed_mbuf(b, payload, 5);
	uint8_t *out;

	arp_static(&b->nif, PEER, peer_mac);
	m->n_frags = 1;
	m->frag[0] = (struct mbuf_frag){ payload + 5, 28 };
	m->frag_len = 28;
	udp_tx(&b->nif, m, PEER, 1111, 2222, b->now);
	out = bed_check_ip(bed_out(b), peer_mac);
	CHECK_EQ(out[IP_PROTO], IPPROTO_UDP_);
	CHECK_EQ(be16_load(out + 20 + UDP_SPORT), 1111);
	CHECK_EQ(be16_load(out + 20 + UDP_DPORT), 2222);
	CHECK_EQ(be16_load(out + 20 + UDP_LEN), 8 + 33);
	CHECK_EQ(l4_sum(out), 0xffff);
	CHECK(memcmp(out + 28, payload, 33) == 0);
	bed_done(b);
}

/* One in 65536 datagrams sums to zero, which would say "no checksum" (RFC 768). */
static void zero_checksum_goes_out_as_ones(void)
{
	struct bed *b = bed_new();
	uint8_t two[2], *out;
	uint32_t n_ones = 0;

	arp_static(&b->nif, PEER, peer_mac);
	for (uint32_t v = 0; v <= UINT16_MAX; v++) {
		be16_store(two, (uint16_t)v);
		bed_tx(b, PEER, two, 2);
		out = bed_out(b)->data + ETH_HLEN;
		if (be16_load(out + 20 + UDP_CSUM) == 0 || l4_sum(out) != 0xffff) {
			CU_FAIL("checksum of a datagram sent");
			break;
		}
		n_ones += be16_load(out + 20 + UDP_CSUM) == 0xffff;
	}
	CHECK_EQ(n_ones, 1);
	bed_done(b);
}

CU_MAIN("udp", TEST(delivers_to_an_open_port), TEST(empty_datagram), TEST(length_field),
	TEST(checksum), TEST(closed_port_is_answered), TEST(port_zero_is_malformed),
	TEST(tx_linear_and_pieces), TEST(zero_checksum_goes_out_as_ones))
