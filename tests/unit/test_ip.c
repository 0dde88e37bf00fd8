/* SPDX-License-Identifier: MIT */
/* test_ip.c - core/net/ip.c: what is let in, and what leaves */
#include "net_bed.h"

static const uint8_t payload[40] = "segment that TCP would have written....";
static uint8_t ip[2048];

/* A good packet to us in ip[]; returns its length. */
static size_t good(void)
{
	return ip_build(ip, PEER, US, IPPROTO_TCP_, payload, sizeof(payload));
}

/* Feed ip[@n] after its checksum is right again: nothing gets through, @id goes up by one. */
static void refused(struct bed *b, size_t n, enum stat id)
{
	uint32_t seen = b->seen.n_tcp + b->seen.n_udp + b->seen.n_icmp;
	uint64_t before = b->st.v[id], other = b->w.net_other;

	ip_recsum(ip);
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->st.v[id], before + 1);
	CHECK_EQ(b->seen.n_tcp + b->seen.n_udp + b->seen.n_icmp, seen);
	CHECK_EQ(b->w.net_other, other + 1);
}

static void a_good_packet_reaches_tcp(void)
{
	struct bed *b = bed_new();

	bed_rx_ip(b, ip, good());
	CHECK_EQ(b->seen.n_tcp, 1);
	CHECK_EQ(b->seen.saddr, PEER);
	CHECK_EQ(b->seen.daddr, US);
	CHECK_EQ(b->seen.len, sizeof(payload));
	CHECK_EQ(b->seen.l3_gap, IP_HLEN_MIN);
	CHECK(memcmp(b->seen.data, payload, sizeof(payload)) == 0);
	CHECK_EQ(b->w.csum_bytes, IP_HLEN_MIN);
	CHECK_EQ(b->w.net_other, 0);
	bed_done(b);
}

static void lengths_and_version(void)
{
	struct bed *b = bed_new();
	size_t n = good();

	ip[IP_VHL] = 0x65;	refused(b, n, STAT_IP_BAD_HEADER);
	ip[IP_VHL] = 0x44;	refused(b, n, STAT_IP_BAD_HEADER);
	ip[IP_VHL] = 0x40;	refused(b, n, STAT_IP_BAD_HEADER);
	good();
	ip[IP_VHL] = 0x4f;	/* header of 60 in a total of 60: fits, checked below */
	be16_store(ip + IP_TOTLEN, 59);
	refused(b, n, STAT_IP_BAD_HEADER);
	good();
	be16_store(ip + IP_TOTLEN, 19);
	refused(b, n, STAT_IP_BAD_HEADER);
	be16_store(ip + IP_TOTLEN, (uint16_t)(n + 1));
	refused(b, n, STAT_IP_BAD_HEADER);
	be16_store(ip + IP_TOTLEN, 0xffff);
	refused(b, n, STAT_IP_BAD_HEADER);
	bed_done(b);
}

static void options_are_skipped(void)
{
	struct bed *b = bed_new();
	size_t n = good();

	memmove(ip + 60, ip + 20, n - 20);
	memset(ip + 20, 1, 40);		/* no-operation */
	ip[IP_VHL] = 0x4f;
	be16_store(ip + IP_TOTLEN, (uint16_t)(n + 40));
	ip_recsum(ip);
	bed_rx_ip(b, ip, n + 40);
	CHECK_EQ(b->seen.n_tcp, 1);
	CHECK_EQ(b->seen.len, sizeof(payload));
	CHECK_EQ(b->seen.l3_gap, 60);
	CHECK(memcmp(b->seen.data, payload, sizeof(payload)) == 0);
	bed_done(b);
}

static void any_wrong_bit_breaks_the_checksum(void)
{
	struct bed *b = bed_new();
	size_t n = good();

	for (uint32_t bit = 16 * 8; bit < 20 * 8; bit++) {
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
		bed_rx_ip(b, ip, n);
		ip[bit / 8] ^= (uint8_t)(1 << bit % 8);
	}
	CHECK_EQ(b->st.v[STAT_IP_BAD_CSUM], 32);
	CHECK_EQ(b->seen.n_tcp, 0);
	bed_done(b);
}

static void rx_flags(struct bed *b, uint8_t flags, uint8_t proto, uint16_t csum)
{
	uint8_t f[ETH_HLEN + 60];
	struct mbuf *m;

	good();
	ip[IP_PROTO] = proto;
	ip_recsum(ip);
	be16_store(ip + IP_CSUM, (uint16_t)(be16_load(ip + IP_CSUM) ^ csum));
	memcpy(f, us_mac, 6);
	be16_store(f + ETH_TYPE, ETHERTYPE_IPV4);
	memcpy(f + ETH_HLEN, ip, 60);
	m = bed_mbuf(b, f, sizeof(f));
	m->flags = flags;
	eth_rx(&b->nif, m, b->now);
}

static void the_nic_may_have_checked(void)
{
	struct bed *b = bed_new();

	rx_flags(b, MBUF_RX_IP_CSUM_OK, IPPROTO_TCP_, 0x5555);	/* trusted, not summed */
	CHECK_EQ(b->seen.n_tcp, 1);
	CHECK_EQ(b->w.csum_bytes, 0);
	rx_flags(b, MBUF_RX_CSUM_BAD, IPPROTO_TCP_, 0x5555);
	CHECK_EQ(b->st.v[STAT_IP_BAD_CSUM], 1);
	rx_flags(b, MBUF_RX_CSUM_BAD, IPPROTO_TCP_, 0);		/* then it is the inner one */
	CHECK_EQ(b->st.v[STAT_TCP_BAD_CSUM], 1);
	rx_flags(b, MBUF_RX_CSUM_BAD | MBUF_RX_IP_CSUM_OK, IPPROTO_UDP_, 0);
	CHECK_EQ(b->st.v[STAT_UDP_BAD], 1);
	CHECK_EQ(b->seen.n_tcp, 1);
	bed_done(b);
}

static void sources_no_host_has(void)
{
	static const uint32_t bad[] = { 0, IP4(0, 1, 2, 3), IP4(127, 0, 0, 1), IP4(224, 0, 0, 1),
		IP4(239, 1, 1, 1), IP4(240, 0, 0, 1), UINT32_MAX, BCAST, IP4(10, 0, 0, 0), US };
	struct bed *b = bed_new();

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		size_t n = good();

		be32_store(ip + IP_SRC, bad[i]);
		refused(b, n, STAT_IP_BAD_SOURCE);
		CHECK(bad[i] == US || ip_addr_is_special(&b->nif, bad[i]));
	}
	CHECK(!ip_addr_is_special(&b->nif, IP4(1, 0, 0, 0)));
	CHECK(!ip_addr_is_special(&b->nif, IP4(126, 255, 255, 255)));
	CHECK(!ip_addr_is_special(&b->nif, IP4(128, 0, 0, 0)));
	CHECK(!ip_addr_is_special(&b->nif, IP4(223, 255, 255, 255)));
	CHECK(!ip_addr_is_special(&b->nif, IP4(10, 0, 1, 255)));
	bed_done(b);
}

static void slash_31_has_no_broadcast(void)
{
	struct bed *b = bed_new();

	netif_init(&b->nif, &b->nic, 0, &(struct netif_cfg){ US, 0xfffffffe, 0 });
	CHECK(!ip_addr_is_special(&b->nif, IP4(10, 0, 0, 0)));
	CHECK(ip_addr_is_special(&b->nif, UINT32_MAX));
	bed_done(b);
}

static void destinations(void)
{
	struct bed *b = bed_new();
	size_t n = good();

	be32_store(ip + IP_DST, IP4(10, 0, 0, 3));
	refused(b, n, STAT_IP_NOT_OURS);
	be32_store(ip + IP_DST, IP4(224, 0, 0, 1));
	refused(b, n, STAT_IP_NOT_OURS);
	be32_store(ip + IP_DST, BCAST);			/* RFC 9293 MUST-57 */
	refused(b, n, STAT_IP_NOT_OURS);
	be32_store(ip + IP_DST, UINT32_MAX);
	refused(b, n, STAT_IP_NOT_OURS);
	bed_silent(b);
	n = udp_build(ip, PEER, UINT32_MAX, 9, UDP_OPEN_PORT, payload, 8);
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->seen.n_udp, 1);
	bed_done(b);
}

static void fragments_are_dropped(void)
{
	struct bed *b = bed_new();
	size_t n = good();

	be16_store(ip + IP_OFF, IP_FLAG_MF);	refused(b, n, STAT_IP_FRAGMENT);
	be16_store(ip + IP_OFF, 1);		refused(b, n, STAT_IP_FRAGMENT);
	be16_store(ip + IP_OFF, IP_OFF_MASK | IP_FLAG_DF);
	refused(b, n, STAT_IP_FRAGMENT);
	be16_store(ip + IP_OFF, IP_FLAG_DF);
	ip_recsum(ip);
	bed_rx_ip(b, ip, n);
	CHECK_EQ(b->seen.n_tcp, 1);
	bed_done(b);
}

static void unknown_protocol_is_answered(void)
{
	struct bed *b = bed_new();
	size_t n = good();
	uint8_t *out;

	arp_static(&b->nif, PEER, peer_mac);
	ip[IP_PROTO] = 132;
	refused(b, n, STAT_IP_UNKNOWN_PROTO);
	out = bed_check_ip(bed_out(b), peer_mac);
	CHECK_EQ(out[20 + ICMP_TYPE], ICMP_T_UNREACH);
	CHECK_EQ(out[20 + ICMP_CODE], ICMP_C_PROTO);
	CHECK(memcmp(out + 28, ip, 28) == 0);
	b->up.tcp_rx = NULL;			/* nobody is there */
	good();
	refused(b, n, STAT_IP_UNKNOWN_PROTO);
	CHECK(bed_out(b) != NULL);
	bed_done(b);
}

/* A TCP-like segment: 20 bytes whose checksum at 16 holds junk, then an odd piece. */
static struct mbuf *segment(struct bed *b)
{
	struct mbuf *m = bed_mbuf(b, payload, 20);

	be16_store(mbuf_data(m) + TCP_CSUM, 0xdead);
	m->n_frags = 2;
	m->frag[0] = (struct mbuf_frag){ payload, 13 };
	m->frag[1] = (struct mbuf_frag){ payload + 3, 30 };
	m->frag_len = 43;
	return m;
}

static void tx_in_software(void)
{
	struct bed *b = bed_new();
	uint8_t *out;
	struct bed_frame *f;

	arp_static(&b->nif, PEER, peer_mac);
	ip_tx(&b->nif, segment(b), PEER, IPPROTO_TCP_, TCP_CSUM, b->now);
	f = bed_out(b);
	out = bed_check_ip(f, peer_mac);
	CHECK_EQ(f->flags & (MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM), 0);
	CHECK_EQ(f->len, ETH_HLEN + 20 + 63);
	CHECK_EQ(out[IP_PROTO], IPPROTO_TCP_);
	CHECK_EQ(be32_load(out + IP_DST), PEER);
	CHECK_EQ(l4_sum(out), 0xffff);
	CHECK_EQ(b->w.csum_bytes, 20 + 63);
	CHECK(memcmp(out + 40, payload, 13) == 0 && memcmp(out + 53, payload + 3, 30) == 0);
	bed_done(b);
}

static void tx_left_to_the_nic(void)
{
	struct bed *b = bed_new();
	struct bed_frame *f;
	uint8_t *out;

	b->nic.caps = NIC_TX_CSUM;
	arp_static(&b->nif, PEER, peer_mac);
	for (uint16_t i = 0; i < 2; i++) {
		ip_tx(&b->nif, segment(b), PEER, IPPROTO_TCP_, TCP_CSUM, b->now);
		f = bed_out(b);
		out = bed_check_ip(f, peer_mac);
		CHECK_EQ(f->flags, MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM);
		CHECK_EQ(f->l3_off, ETH_HLEN);
		CHECK_EQ(f->l4_off, ETH_HLEN + IP_HLEN_MIN);
		CHECK_EQ(be16_load(out + IP_CSUM), 0);
		CHECK_EQ(be16_load(out + 20 + TCP_CSUM), 0);
		CHECK_EQ(be16_load(out + IP_ID), i);
	}
	CHECK_EQ(b->w.csum_bytes, 0);
	bed_done(b);
}

static void next_hop(void)
{
	static const uint32_t nowhere[] = { IP4(127, 0, 0, 1), IP4(224, 0, 0, 5), UINT32_MAX,
		BCAST, US, 0, IP4(10, 0, 0, 0) };
	struct bed *b = bed_new();

	arp_static(&b->nif, GATEWAY, gw_mac);
	arp_static(&b->nif, PEER, peer_mac);
	bed_tx(b, FAR, payload, 4);
	CHECK_EQ(be32_load(bed_check_ip(bed_out(b), gw_mac) + IP_DST), FAR);
	bed_tx(b, PEER, payload, 4);
	bed_check_ip(bed_out(b), peer_mac);
	for (size_t i = 0; i < ARRAY_LEN(nowhere); i++)
		bed_tx(b, nowhere[i], payload, 4);
	CHECK_EQ(b->st.v[STAT_IP_NO_ROUTE], ARRAY_LEN(nowhere));
	b->nif.gateway = 0;
	bed_tx(b, FAR, payload, 4);
	CHECK_EQ(b->st.v[STAT_IP_NO_ROUTE], ARRAY_LEN(nowhere) + 1);
	bed_silent(b);
	bed_done(b);
}

CU_MAIN("ip", TEST(a_good_packet_reaches_tcp), TEST(lengths_and_version), TEST(options_are_skipped),
	TEST(any_wrong_bit_breaks_the_checksum), TEST(the_nic_may_have_checked),
	TEST(sources_no_host_has), TEST(slash_31_has_no_broadcast), TEST(destinations),
	TEST(fragments_are_dropped), TEST(unknown_protocol_is_answered), TEST(tx_in_software),
	TEST(tx_left_to_the_nic), TEST(next_hop))
