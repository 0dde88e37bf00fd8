/* SPDX-License-Identifier: MIT */
/* test_arp.c - core/net/arp.c: resolution, ageing, bounds, hostile claims */
#include "net_bed.h"

static const uint8_t other_mac[6] = { 0x02, 0, 0, 0, 0, 0x77 };

static bool is_mac(struct bed *b, uint32_t ip, const uint8_t *mac)
{
	const uint8_t *got = arp_lookup(&b->nif, ip);

	return got != NULL && eth_addr_eq(got, mac);
}

static void resolves_then_sends_in_order(void)
{
	struct bed *b = bed_new();

	for (uint8_t i = 0; i < 3; i++)
		bed_tx(b, PEER, &i, 1);
	bed_expect_request(b, eth_broadcast, PEER);
	bed_silent(b);				/* one request, not three */
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	bed_rx_arp(b, ARP_OP_REPLY, peer_mac, PEER, US);
	for (uint8_t i = 0; i < 3; i++)
		CHECK_EQ(bed_check_ip(bed_out(b), peer_mac)[28], i);
	CHECK(is_mac(b, PEER, peer_mac));
	bed_tx(b, PEER, "z", 1);
	bed_check_ip(bed_out(b), peer_mac);
	CHECK_EQ(b->st.v[STAT_ARP_REQ_TX], 1);
	CHECK_EQ(b->st.v[STAT_ARP_LEARNT], 1);
	bed_done(b);
}

static void pending_is_bounded_and_keeps_the_latest(void)
{
	struct bed *b = bed_new();

	for (uint8_t i = 0; i < ARP_PENDING_MAX + 5; i++)
		bed_tx(b, PEER, &i, 1);
	CHECK_EQ(b->st.v[STAT_ARP_PENDING_DROP], 5);
	bed_expect_request(b, eth_broadcast, PEER);
	bed_rx_arp(b, ARP_OP_REPLY, peer_mac, PEER, US);
	for (uint8_t i = 5; i < ARP_PENDING_MAX + 5; i++)
		CHECK_EQ(bed_check_ip(bed_out(b), peer_mac)[28], i);
	bed_silent(b);
	bed_done(b);
}

static void gives_up_after_the_probe_limit(void)
{
	struct bed *b = bed_new();

	bed_tx(b, PEER, "a", 1);
	bed_tx(b, PEER, "b", 1);
	for (int i = 0; i < ARP_PROBES_MAX; i++) {
		bed_expect_request(b, eth_broadcast, PEER);
		bed_wait(b, NSEC_PER_SEC - NSEC_PER_MSEC);
		bed_silent(b);			/* at most one a second */
		CHECK_EQ(mempool_avail(&b->pool), BED_FRAMES - 2);
		bed_wait(b, 2 * NSEC_PER_MSEC);
	}
	bed_silent(b);
	CHECK_EQ(b->st.v[STAT_ARP_FAILED], 1);
	CHECK_EQ(mempool_avail(&b->pool), BED_FRAMES);
	CHECK_EQ(b->wheel.n_armed, 0);
	bed_tx(b, PEER, "c", 1);		/* a fresh start */
	bed_expect_request(b, eth_broadcast, PEER);
	bed_done(b);
}

static void late_reply_to_the_second_probe(void)
{
	struct bed *b = bed_new();

	bed_tx(b, PEER, "a", 1);
	bed_expect_request(b, eth_broadcast, PEER);
	bed_wait(b, NSEC_PER_SEC + NSEC_PER_MSEC);
	bed_expect_request(b, eth_broadcast, PEER);
	bed_rx_arp(b, ARP_OP_REPLY, peer_mac, PEER, US);
	bed_check_ip(bed_out(b), peer_mac);
	bed_wait(b, 10 * NSEC_PER_SEC);
	bed_silent(b);
	bed_done(b);
}

/* Learn PEER and use it half way to its age. */
static struct bed *bed_aged(void)
{
	struct bed *b = bed_new();

	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	bed_wait(b, ARP_AGE_NS / 2);
	bed_tx(b, PEER, "a", 1);
	bed_check_ip(bed_out(b), peer_mac);
	bed_wait(b, ARP_AGE_NS / 2 + NSEC_PER_MSEC);
	bed_expect_request(b, peer_mac, PEER);	/* the first probe is unicast */
	return b;
}

static void ageing_probe_answered(void)
{
	struct bed *b = bed_aged();

	bed_tx(b, PEER, "b", 1);		/* still usable meanwhile */
	bed_check_ip(bed_out(b), peer_mac);
	bed_rx_arp(b, ARP_OP_REPLY, peer_mac, PEER, US);
	bed_wait(b, ARP_AGE_NS - NSEC_PER_SEC);
	bed_silent(b);
	CHECK(is_mac(b, PEER, peer_mac));
	bed_done(b);
}

static void ageing_probe_unanswered(void)
{
	struct bed *b = bed_aged();

	for (int i = 1; i < ARP_PROBES_MAX; i++) {
		bed_wait(b, NSEC_PER_SEC + NSEC_PER_MSEC);
		bed_expect_request(b, eth_broadcast, PEER);
		CHECK(is_mac(b, PEER, peer_mac));
	}
	bed_wait(b, NSEC_PER_SEC + NSEC_PER_MSEC);
	bed_silent(b);
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	CHECK_EQ(b->st.v[STAT_ARP_FAILED], 1);
	bed_done(b);
}

static void unused_neighbour_is_forgotten_silently(void)
{
	struct bed *b = bed_new();

	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	bed_wait(b, ARP_AGE_NS + NSEC_PER_MSEC);
	bed_silent(b);
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	CHECK_EQ(b->wheel.n_armed, 0);
	CHECK_EQ(b->st.v[STAT_ARP_FAILED], 0);
	bed_done(b);
}

static void request_is_answered_and_learnt(void)
{
	struct bed *b = bed_new();
	struct bed_frame *f;
	uint8_t *p;

	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	f = bed_out(b);
	p = f->data + ETH_HLEN;
	CHECK_EQ(f->len, ETH_HLEN + ARP_LEN);
	CHECK(eth_addr_eq(f->data, peer_mac));
	CHECK_EQ(be16_load(p + ARP_OP), ARP_OP_REPLY);
	CHECK(eth_addr_eq(p + ARP_SHA, us_mac) && eth_addr_eq(p + ARP_THA, peer_mac));
	CHECK_EQ(be32_load(p + ARP_SPA), US);
	CHECK_EQ(be32_load(p + ARP_TPA), PEER);
	CHECK(is_mac(b, PEER, peer_mac));
	CHECK_EQ(b->st.v[STAT_ARP_REQ_RX], 1);
	CHECK_EQ(b->w.net_other, 1);
	bed_done(b);
}

/* RFC 826's merge flag: refresh what is known, create only when asked ourselves. */
static void merge_flag(void)
{
	struct bed *b = bed_new();

	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, IP4(10, 0, 0, 9));
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, PEER);	/* gratuitous */
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	bed_rx_arp(b, ARP_OP_REQUEST, other_mac, PEER, PEER);	/* it moved */
	CHECK(is_mac(b, PEER, other_mac));
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, FAR, US);	/* answered, not remembered */
	CHECK(bed_out(b) != NULL);
	CHECK(arp_lookup(&b->nif, FAR) == NULL);
	bed_silent(b);
	bed_done(b);
}

static void address_probe_is_answered_not_learnt(void)
{
	struct bed *b = bed_new();

	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, 0, US);	/* RFC 5227 section 2.1.1 */
	CHECK(bed_out(b) != NULL);
	CHECK_EQ(b->st.v[STAT_ARP_LEARNT], 0);
	bed_done(b);
}

static void malformed(void)
{
	struct bed *b = bed_new();
	static const struct { uint8_t at, v; } wrong[] = { { ARP_HTYPE + 1, 6 }, { ARP_PTYPE, 9 },
		{ ARP_HLEN, 8 }, { ARP_PLEN, 16 }, { ARP_OP + 1, 3 }, { ARP_OP + 1, 0 },
		{ ARP_SHA, 3 }, { ARP_SPA, 224 }, { ARP_SPA, 127 }, { ARP_SPA + 3, 255 } };
	uint8_t p[ARP_LEN], frame[ETH_HLEN + ARP_LEN];

	for (size_t i = 0; i < ARRAY_LEN(wrong); i++) {
		arp_build(p, ARP_OP_REQUEST, peer_mac, PEER, US);
		p[wrong[i].at] = wrong[i].v;
		bed_rx(b, us_mac, ETHERTYPE_ARP, p, sizeof(p));
	}
	arp_build(p, ARP_OP_REPLY, peer_mac, 0, US);
	bed_rx(b, us_mac, ETHERTYPE_ARP, p, sizeof(p));
	memset(p + ARP_SHA, 0, 6);
	be32_store(p + ARP_SPA, PEER);
	bed_rx(b, us_mac, ETHERTYPE_ARP, p, sizeof(p));
	arp_build(frame + ETH_HLEN, ARP_OP_REQUEST, peer_mac, PEER, US);
	memcpy(frame, us_mac, 6);
	be16_store(frame + ETH_TYPE, ETHERTYPE_ARP);
	for (size_t len = ETH_HLEN; len < sizeof(frame); len++)
		eth_rx(&b->nif, bed_mbuf(b, frame, len), b->now);
	CHECK_EQ(b->st.v[STAT_ARP_BAD], ARRAY_LEN(wrong) + 2 + ARP_LEN);
	CHECK_EQ(b->st.v[STAT_ARP_LEARNT], 0);
	bed_silent(b);
	bed_done(b);
}

static void claims_of_our_address_are_answered_at_a_bounded_rate(void)
{
	struct bed *b = bed_new();

	for (int i = 0; i < 99; i++)
		bed_rx_arp(b, ARP_OP_REPLY, other_mac, US, US);
	bed_expect_request(b, eth_broadcast, US);	/* an announcement */
	bed_silent(b);
	CHECK(arp_lookup(&b->nif, US) == NULL);
	bed_rx_arp(b, ARP_OP_REQUEST, us_mac, US, US);	/* our own, looped back */
	CHECK_EQ(b->st.v[STAT_ARP_BAD], 99);
	b->now += ARP_DEFEND_NS;
	bed_rx_arp(b, ARP_OP_REQUEST, other_mac, US, PEER);
	bed_expect_request(b, eth_broadcast, US);
	bed_done(b);
}

static void announcement(void)
{
	struct bed *b = bed_new();

	arp_announce(&b->nif);
	bed_expect_request(b, eth_broadcast, US);
	bed_done(b);
}

static void static_entries_stay(void)
{
	struct bed *b = bed_new();

	bed_tx(b, PEER, "a", 1);
	bed_expect_request(b, eth_broadcast, PEER);
	CHECK_EQ(arp_static(&b->nif, PEER, peer_mac), 0);	/* ends the resolution */
	bed_check_ip(bed_out(b), peer_mac);
	CHECK_EQ(b->wheel.n_armed, 0);
	bed_rx_arp(b, ARP_OP_REPLY, other_mac, PEER, US);
	bed_rx_arp(b, ARP_OP_REQUEST, other_mac, PEER, PEER);
	CHECK(is_mac(b, PEER, peer_mac));
	bed_wait(b, 2 * ARP_AGE_NS);
	arp_flush(&b->nif);
	CHECK(is_mac(b, PEER, peer_mac));
	CHECK_EQ(arp_static(&b->nif, PEER, other_mac), 0);	/* but by configuration */
	CHECK(is_mac(b, PEER, other_mac));
	bed_silent(b);
	bed_done(b);
}

/* An interface on 10/8 that has learnt ARP_ENTRIES neighbours, one a millisecond. */
static struct bed *bed_full(void)
{
	struct bed *b = bed_new();

	netif_init(&b->nif, &b->nic, 0, &(struct netif_cfg){ US, 0xff000000, 0 });
	for (uint32_t i = 0; i < ARP_ENTRIES; i++) {
		b->now += NSEC_PER_MSEC;
		bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, IP4(10, 1, 0, 0) + i * 257, US);
		netif_post(&b->nif);
	}
	b->n_read = b->n_out;
	return b;
}

static void least_recently_used_goes(void)
{
	struct bed *b = bed_full();
	uint32_t first = IP4(10, 1, 0, 0);

	b->now += NSEC_PER_MSEC;
	bed_tx(b, first, "a", 1);		/* now the most recent */
	CHECK(bed_out(b) != NULL);
	bed_rx_arp(b, ARP_OP_REQUEST, other_mac, IP4(10, 9, 9, 9), US);
	CHECK(bed_out(b) != NULL);
	CHECK(is_mac(b, IP4(10, 9, 9, 9), other_mac));
	CHECK(is_mac(b, first, peer_mac));
	CHECK(arp_lookup(&b->nif, first + 257) == NULL);
	for (uint32_t i = 2; i < ARP_ENTRIES; i++)
		CHECK(is_mac(b, first + i * 257, peer_mac));
	bed_done(b);
}

static void neighbours_being_resolved_are_not_evicted(void)
{
	struct bed *b = bed_new();

	netif_init(&b->nif, &b->nic, 0, &(struct netif_cfg){ US, 0xff000000, 0 });
	for (uint32_t i = 0; i < ARP_UNRESOLVED_MAX; i++)
		bed_tx(b, IP4(10, 2, 0, 1) + i, "a", 1);
	CHECK_EQ(b->st.v[STAT_ARP_REQ_TX], ARP_UNRESOLVED_MAX);
	bed_tx(b, PEER, "a", 1);			/* no place: dropped and counted */
	CHECK_EQ(b->st.v[STAT_ARP_PENDING_DROP], 1);
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	for (uint32_t i = 0; i < ARP_ENTRIES - ARP_UNRESOLVED_MAX; i++) {
		bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, IP4(10, 3, 0, 1) + i, US);
		netif_post(&b->nif);
		b->n_read = b->n_out;
	}
	bed_rx_arp(b, ARP_OP_REPLY, other_mac, IP4(10, 2, 0, 1), US);
	b->now += 1;
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);	/* who asks us gets a place */
	CHECK(is_mac(b, PEER, peer_mac));
	CHECK(is_mac(b, IP4(10, 2, 0, 1), other_mac));	/* asked less than a second ago: stays */
	CHECK_EQ(b->st.v[STAT_ARP_REQ_TX], ARP_UNRESOLVED_MAX);
	bed_done(b);
}

/* Spoofed sources on our subnet make us resolve addresses nobody has. */
static void addresses_nobody_has_do_not_push_out_neighbours(void)
{
	struct bed *b = bed_new();

	netif_init(&b->nif, &b->nic, 0, &(struct netif_cfg){ US, 0xff000000, 0 });
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	for (uint32_t i = 0; i < 4 * ARP_ENTRIES; i++) {
		b->now += NSEC_PER_MSEC;
		bed_tx(b, IP4(10, 2, 0, 1) + i, "a", 1);
		netif_post(&b->nif);
		b->n_read = b->n_out;
	}
	CHECK(is_mac(b, PEER, peer_mac));
	CHECK_EQ(b->st.v[STAT_ARP_REQ_TX], ARP_UNRESOLVED_MAX);
	CHECK_EQ(BED_FRAMES - mempool_avail(&b->pool), ARP_UNRESOLVED_MAX);
	bed_done(b);
}

static void full_of_static_entries(void)
{
	struct bed *b = bed_full();

	for (uint32_t i = 0; i < ARP_ENTRIES; i++)
		CHECK_EQ(arp_static(&b->nif, IP4(10, 3, 0, 1) + i, gw_mac), 0);
	CHECK_EQ(arp_static(&b->nif, PEER, gw_mac), -ENOSPC);
	CHECK_EQ(arp_static(&b->nif, IP4(10, 3, 0, 1), peer_mac), 0);
	bed_rx_arp(b, ARP_OP_REQUEST, peer_mac, PEER, US);
	CHECK(bed_out(b) != NULL);
	CHECK(arp_lookup(&b->nif, PEER) == NULL);
	CHECK_EQ(b->wheel.n_armed, 0);
	bed_done(b);
}

CU_MAIN("arp", TEST(resolves_then_sends_in_order), TEST(pending_is_bounded_and_keeps_the_latest),
	TEST(gives_up_after_the_probe_limit), TEST(late_reply_to_the_second_probe),
	TEST(ageing_probe_answered), TEST(ageing_probe_unanswered),
	TEST(unused_neighbour_is_forgotten_silently), TEST(request_is_answered_and_learnt),
	TEST(merge_flag), TEST(address_probe_is_answered_not_learnt), TEST(malformed),
	TEST(claims_of_our_address_are_answered_at_a_bounded_rate), TEST(announcement),
	TEST(static_entries_stay), TEST(least_recently_used_goes),
	TEST(neighbours_being_resolved_are_not_evicted),
	TEST(addresses_nobody_has_do_not_push_out_neighbours), TEST(full_of_static_entries))
