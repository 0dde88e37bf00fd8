/* SPDX-License-Identifier: MIT */
/*
 * pkt_ip.c - what IP keeps away from TCP: addresses no host has, packets for nobody or for
 * everybody, options (RFC 9293 sections 3.9.2.1 and 3.9.2.3)
 */
#include "cases.h"
#include "net/csum.h"

enum { IP = ETH_HLEN };

#define US 0x0a000001u
#define PEER 0x0a000002u

static void fix_csums(uint8_t *ip)
{
	uint32_t hlen = (ip[IP_VHL] & 15u) * 4, n = be16_load(ip + IP_TOTLEN) - hlen;
	uint32_t sum;

	be16_store(ip + IP_CSUM, 0);
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, hlen)));
	be16_store(ip + hlen + TCP_CSUM, 0);
	sum = csum_pseudo(be32_load(ip + IP_SRC), be32_load(ip + IP_DST), IPPROTO_TCP_, n);
	be16_store(ip + hlen + TCP_CSUM, csum_fold(csum_add(sum, csum_partial(ip + hlen, n), 0)));
}

/* @seg from @saddr to @daddr, and a pass. */
static void rx_between(struct bed *b, uint32_t saddr, uint32_t daddr, struct bed_seg seg)
{
	uint8_t *ip;

	bed_queue(b, seg);
	ip = mbuf_data(b->rx[b->rx_n - 1]) + IP;
	be32_store(ip + IP_SRC, saddr);
	be32_store(ip + IP_DST, daddr);
	fix_csums(ip);
	bed_pass(b);
}

/* @seg behind @n bytes of IP options, and a pass. */
static void rx_behind(struct bed *b, const uint8_t *opts, uint32_t n, struct bed_seg seg)
{
	struct mbuf *m;
	uint8_t *ip;

	bed_queue(b, seg);
	m = b->rx[b->rx_n - 1];
	ip = mbuf_data(m) + IP;
	memmove(ip + IP_HLEN_MIN + n, ip + IP_HLEN_MIN, m->len - (uint32_t)IP - IP_HLEN_MIN);
	memcpy(ip + IP_HLEN_MIN, opts, n);
	m->len = (uint16_t)(m->len + n);
	ip[IP_VHL] = (uint8_t)(ip[IP_VHL] + n / 4);
	be16_store(ip + IP_TOTLEN, (uint16_t)(be16_load(ip + IP_TOTLEN) + n));
	fix_csums(ip);
	bed_pass(b);
}

static struct bed *fresh(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_align_iss(b);
	return b;
}

static void syn_between_hosts_is_answered(void)
{
	struct bed *b = fresh();

	rx_between(b, PEER, US, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_done(b);
}

static void syn_from_an_impossible_address_is_dropped(void)
{
	static const uint32_t from[] = { 0, 0xffffffff, 0x0a0000ff, 0x0a000000, 0xe0000001,
					 0x7f000001, US };
	struct bed *b = fresh();

	for (uint32_t i = 0; i < ARRAY_LEN(from); i++)
		rx_between(b, from[i], US, SEG(SYN, 0, 0, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_IP_BAD_SOURCE), ARRAY_LEN(from));
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void syn_to_everybody_or_somebody_else_is_dropped(void)
{
	static const uint32_t to[] = { 0xffffffff, 0x0a0000ff, 0xe0000001, 0x0a000003 };
	struct bed *b = fresh();

	for (uint32_t i = 0; i < ARRAY_LEN(to); i++)
		rx_between(b, PEER, to[i], SEG(SYN, 0, 0, 0));
	bed_expect_nothing(b);
	CHECK_EQ(b->icmp_seen, 0);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void options_of_ip_are_skipped(void)
{
	static const uint8_t unknown[] = { 0x9e, 4, 0xab, 0xcd };
	static const uint8_t route[] = { 0x83, 7, 4, 10, 0, 0, 3, 0 };
	struct bed *b = bed_in(TCP_ESTABLISHED);

	rx_behind(b, unknown, sizeof(unknown), SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	rx_behind(b, route, sizeof(route), SEG(ACK, 101, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_done(b);
}

const struct pkt_case pkt_ip[] = {
	CASE(syn_between_hosts_is_answered, "RFC 9293 3.9.2.3"),
	CASE(syn_from_an_impossible_address_is_dropped, "RFC 9293 3.9.2.3 [MUST-63]"),
	CASE(syn_to_everybody_or_somebody_else_is_dropped, "RFC 9293 3.9.2.3 [MUST-57]"),
	CASE(options_of_ip_are_skipped, "RFC 9293 3.9.2.1 [MUST-50]"),
	CASES_END
};
