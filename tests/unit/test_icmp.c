/* SPDX-License-Identifier: MIT */
/* test_icmp.c - core/net/icmp.c: echo, errors in, errors out */
#include "net_bed.h"

static uint8_t ip[2048], msg[2048];

/* An echo request of @len bytes of data in ip[]; returns the packet's length. */
static size_t ping(uint32_t dst, size_t len)
{
	memset(msg, 0, ICMP_HLEN);
	msg[ICMP_TYPE] = ICMP_T_ECHO;
	be32_store(msg + 4, 0x12340001);
	for (size_t i = 0; i < len; i++)
		msg[ICMP_HLEN + i] = (uint8_t)(i * 7);
	return icmp_build(ip, PEER, dst, msg, ICMP_HLEN + len);
}

static void echo_is_answered(void)
{
	struct bed *b = bed_new();
	uint8_t *out;

	arp_static(&b->nif, PEER, peer_mac);
	for (size_t len = 0; len < 1472; len += 91) {
		bed_rx_ip(b, ip, ping(US, len));
		out = bed_check_ip(bed_out(b), peer_mac);
		CHECK_EQ(be32_load(out + IP_DST), PEER);
		CHECK_EQ(be16_load(out + IP_TOTLEN), 28 + len);
		CHECK_EQ(out[20 + ICMP_TYPE], ICMP_T_ECHO_REPLY);
		CHECK_EQ(naive_sum(out + 20, 8 + len, 0), 0xffff);
		CHECK(memcmp(out + 24, msg + 4, 4 + len) == 0);
	}
	CHECK_EQ(b->st.v[STAT_ICMP_ECHO], 17);
	CHECK_EQ(b->w.net_other, 17);
	bed_done(b);
}

/* Checksums of every kind, that of a reply which is all zeros but for it included. */
static void echo_checksum_is_sound(void)
{
	struct bed *b = bed_new();
	uint32_t bad = 0;

	arp_static(&b->nif, PEER, peer_mac);
	for (uint32_t v = 0; v < 65536; v += 5) {
		size_t n;

		memset(msg, 0, 8);
		msg[ICMP_TYPE] = ICMP_T_ECHO;
		be16_store(msg + 4, (uint16_t)v);
		n = icmp_build(ip, PEER, US, msg, 8);
		bed_rx_ip(b, ip, n);
		bad += naive_sum(bed_out(b)->data + 34, 8, 0) != 0xffff;
	}
	CHECK_EQ(bad, 0);
	bed_done(b);
}

static void echo_not_for_broadcast(void)
{
	struct bed *b = bed_new();

	arp_static(&b->nif, PEER, peer_mac);
	bed_rx(b, eth_broadcast, ETHERTYPE_IPV4, ip, ping(BCAST, 10));
	bed_rx(b, eth_broadcast, ETHERTYPE_IPV4, ip, ping(UINT32_MAX, 10));
	bed_rx(b, us_mac, ETHERTYPE_IPV4, ip, ping(BCAST, 10));
	bed_silent(b);
	CHECK_EQ(b->st.v[STAT_ICMP_ECHO], 0);
	bed_done(b);
}

static void echo_larger_than_the_mtu(void)
{
	struct bed *b = bed_new();

	arp_static(&b->nif, PEER, peer_mac);
	bed_rx_ip(b, ip, ping(US, 1472));
	CHECK(bed_out(b) != NULL);
	bed_rx_ip(b, ip, ping(US, 1473));
	bed_silent(b);
	CHECK_EQ(b->st.v[STAT_ICMP_BAD], 1);
	bed_done(b);
}

static void malformed(void)
{
	struct bed *b = bed_new();
	size_t n = ping(US, 9);

	for (size_t at = 20; at < n; at++) {
		ip[at] ^= 4;
		bed_rx_ip(b, ip, n);
		ip[at] ^= 4;
	}
	CHECK_EQ(b->st.v[STAT_ICMP_BAD], n - 20);
	bed_rx_ip(b, ip, ip_build(ip, PEER, US, IPPROTO_ICMP_, msg, 7));
	CHECK_EQ(b->st.v[STAT_ICMP_BAD], n - 20 + 1);
	memset(msg, 0, 8);
	msg[ICMP_TYPE] = 13;	/* a timestamp: discarded in silence */
	bed_rx_ip(b, ip, icmp_build(ip, PEER, US, msg, 8));
	CHECK_EQ(b->st.v[STAT_ICMP_BAD], n - 20 + 1);
	bed_silent(b);
	bed_done(b);
}

/* An error of @type, @code quoting @quote[@len]. */
static void feed_error(struct bed *b, uint8_t type, uint8_t code, const uint8_t *quote, size_t len)
{
	memset(msg, 0, ICMP_HLEN);
	msg[ICMP_TYPE] = type;
	msg[ICMP_CODE] = code;
	be16_store(msg + ICMP_MTU, 1280);
	memcpy(msg + ICMP_HLEN, quote, len);
	bed_rx_ip(b, ip, icmp_build(ip, FAR, US, msg, ICMP_HLEN + len));
}

static void errors_reach_the_layer_above(void)
{
	static const uint8_t seg[20] = { 0x10, 0x00, 0x00, 0x50, 1, 2, 3, 4 };
	struct bed *b = bed_new();
	uint8_t q[64];

	ip_build(q, US, PEER, IPPROTO_TCP_, seg, 20);
	feed_error(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, q, 28);
	CHECK_EQ(b->seen.n_icmp, 1);
	CHECK_EQ(b->seen.type, ICMP_T_UNREACH);
	CHECK_EQ(b->seen.code, ICMP_C_FRAG_NEEDED);
	CHECK_EQ(b->seen.mtu, 1280);
	CHECK_EQ(b->seen.len, 28);
	CHECK(memcmp(b->seen.data, q, 28) == 0);
	feed_error(b, ICMP_T_UNREACH, ICMP_C_PORT, q, 40);
	CHECK_EQ(b->seen.mtu, 0);
	CHECK_EQ(b->seen.len, 40);
	feed_error(b, ICMP_T_TIME_EXCEEDED, 0, q, 28);
	feed_error(b, ICMP_T_PARAM_PROBLEM, 0, q, 28);
	CHECK_EQ(b->seen.n_icmp, 4);
	CHECK_EQ(b->st.v[STAT_ICMP_UNREACH_RX], 4);
	bed_silent(b);
	bed_done(b);
}

static void quotes_are_validated(void)
{
	static const uint8_t seg[20] = { 0 };
	struct bed *b = bed_new();
	uint8_t q[64];

	for (size_t len = 0; len < 28; len++) {
		ip_build(q, US, PEER, IPPROTO_TCP_, seg, 20);
		feed_error(b, ICMP_T_UNREACH, 0, q, len);
	}
	q[IP_VHL] = 0x46;	/* 24 + 8 > 28 */
	feed_error(b, ICMP_T_UNREACH, 0, q, 28);
	q[IP_VHL] = 0x44;
	feed_error(b, ICMP_T_UNREACH, 0, q, 40);
	q[IP_VHL] = 0x65;
	feed_error(b, ICMP_T_UNREACH, 0, q, 40);
	ip_build(q, PEER, US, IPPROTO_TCP_, seg, 20);	/* not from us */
	feed_error(b, ICMP_T_UNREACH, 0, q, 40);
	ip_build(q, US, PEER, IPPROTO_TCP_, seg, 20);
	be16_store(q + IP_OFF, 3);			/* no ports in there */
	feed_error(b, ICMP_T_UNREACH, 0, q, 40);
	CHECK_EQ(b->seen.n_icmp, 0);
	CHECK_EQ(b->st.v[STAT_ICMP_BAD], 28 + 5);
	b->up.icmp_err = NULL;
	ip_build(q, US, PEER, IPPROTO_TCP_, seg, 20);
	feed_error(b, ICMP_T_UNREACH, 0, q, 28);
	bed_done(b);
}

/* A packet to a closed port from @src. */
static void provoke(struct bed *b, uint32_t src)
{
	bed_rx_ip(b, ip, udp_build(ip, src, US, 4000, 9, "x", 1));
}

static uint32_t n_out(struct bed *b)
{
	netif_post(&b->nif);
	return b->n_out;
}

static void errors_are_rate_limited(void)
{
	struct bed *b = bed_new();

	arp_static(&b->nif, PEER, peer_mac);
	for (int i = 0; i < 50; i++)
		provoke(b, PEER);
	CHECK_EQ(n_out(b), ICMP_BURST);
	CHECK_EQ(b->st.v[STAT_ICMP_ERR_TX], ICMP_BURST);
	CHECK_EQ(b->st.v[STAT_ICMP_RATE_LIMITED], 30);
	for (int i = 0; i < 1000; i++) {	/* a second of ten times the rate */
		b->now += NSEC_PER_MSEC;
		provoke(b, PEER);
	}
	CHECK(n_out(b) >= ICMP_BURST + ICMP_RATE_PER_SEC - 1);
	CHECK(n_out(b) <= ICMP_BURST + ICMP_RATE_PER_SEC + 1);
	b->now += 3600 * NSEC_PER_SEC;		/* silence saves up a burst, no more */
	b->n_out = 0;
	for (int i = 0; i < 50; i++)
		provoke(b, PEER);
	CHECK_EQ(n_out(b), ICMP_BURST);
	bed_done(b);
}

static void no_error_about(struct bed *b, uint8_t proto, uint32_t dst, uint16_t frag, uint32_t src)
{
	struct mbuf *m;
	uint32_t before = n_out(b);

	ip_build(ip, src, dst, proto, msg, 20);
	be16_store(ip + IP_OFF, frag);
	m = bed_mbuf(b, ip, 40);
	m->l3_off = m->off;
	mbuf_pull(m, 20);
	icmp_unreach(&b->nif, m, ICMP_C_PORT, b->now);
	mbuf_free(m);
	CHECK_EQ(n_out(b), before);
}

static void errors_never_sent(void)
{
	struct bed *b = bed_new();

	arp_static(&b->nif, PEER, peer_mac);
	no_error_about(b, IPPROTO_ICMP_, US, 0, PEER);
	no_error_about(b, IPPROTO_UDP_, BCAST, 0, PEER);
	no_error_about(b, IPPROTO_UDP_, IP4(224, 0, 0, 1), 0, PEER);
	no_error_about(b, IPPROTO_UDP_, US, 5, PEER);
	no_error_about(b, IPPROTO_UDP_, US, 0, 0);
	no_error_about(b, IPPROTO_UDP_, US, 0, IP4(127, 0, 0, 1));
	no_error_about(b, IPPROTO_UDP_, US, 0, BCAST);
	no_error_about(b, IPPROTO_UDP_, US, 0, US);
	CHECK_EQ(b->nif.icmp_tokens, ICMP_BURST);
	provoke(b, PEER);
	CHECK_EQ(n_out(b), 1);
	bed_done(b);
}

static void short_packet_is_quoted_whole(void)
{
	struct bed *b = bed_new();
	struct bed_frame *f;

	arp_static(&b->nif, PEER, peer_mac);
	bed_rx_ip(b, ip, ip_build(ip, PEER, US, 99, msg, 3));
	f = bed_out(b);
	CHECK_EQ(f->len, ETH_HLEN + 20 + 8 + 23);
	CHECK_EQ(naive_sum(bed_check_ip(f, peer_mac) + 20, 31, 0), 0xffff);
	bed_done(b);
}

static void empty_pool_is_weather(void)
{
	struct bed *b = bed_new();
	struct mbuf *held[BED_FRAMES];
	uint32_t n = 0;

	arp_static(&b->nif, PEER, peer_mac);
	while (n < BED_FRAMES - 1)
		held[n++] = mbuf_alloc(&b->pool);
	provoke(b, PEER);
	CHECK_EQ(b->st.v[STAT_TX_NO_MBUF], 1);
	CHECK_EQ(b->st.v[STAT_ICMP_ERR_TX], 0);
	while (n > 0)
		mbuf_free(held[--n]);
	bed_silent(b);
	bed_done(b);
}

CU_MAIN("icmp", TEST(echo_is_answered), TEST(echo_checksum_is_sound), TEST(echo_not_for_broadcast),
	TEST(echo_larger_than_the_mtu), TEST(malformed), TEST(errors_reach_the_layer_above),
	TEST(quotes_are_validated), TEST(errors_are_rate_limited), TEST(errors_never_sent),
	TEST(short_packet_is_quoted_whole), TEST(empty_pool_is_weather))
