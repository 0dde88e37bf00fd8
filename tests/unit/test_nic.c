/* SPDX-License-Identifier: MIT */
/* test_nic.c - descriptors, RSS, visibility, offloads; transmission is test_nic_tx.c's */
#include "tests/unit/cu.h"

#include "tests/unit/nic_bed.h"

/* 552 pipeline, 118 + 24 B of data and 16 + 24 of descriptor at 32 Gb/s, 300 over PCIe */
enum { FIRST = 182, NEXT = 158, VISIBLE = 552 + 46 + 300 };

static void a_frame_is_seen_when_visible_and_not_before(void)
{
	struct mbuf *m[8];
	struct nic_bed b;
	uint8_t want[118];

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	engine_run(b.e, 1000);
	CHECK_EQ(sim_nic_rx_next(b.n, 0), NSEC_NEVER);
	nic_bed_arrive(&b, 0, bed_frame(b.fp, 118, 2, 1, 5));
	CHECK_EQ(b.wakes, 1);
	CHECK_EQ(b.woken_at, 1000 + VISIBLE);
	CHECK_EQ(sim_nic_rx_next(b.n, 0), 1000 + VISIBLE);
	CHECK_EQ(nic_bed_poll(&b, 0, 1000 + VISIBLE - 1, m, 8), 0);
	CHECK_EQ(sim_nic_counters(b.n)->rx_polls_empty, 1);
	CHECK_EQ(nic_bed_poll(&b, 0, 1000 + VISIBLE + 50, m, 8), 1);
	CHECK_EQ(m[0]->arrival, 1000 + VISIBLE);
	CHECK_EQ(m[0]->off, MBUF_HEADROOM);
	CHECK_EQ(m[0]->len, 118);
	bed_tcp(want, 118, 2, 1, 5);
	CHECK(memcmp(mbuf_data(m[0]), want, 118) == 0);
	CHECK_EQ(m[0]->flags, MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK | MBUF_RX_HASH);
	CHECK_EQ(bed_hops(&b.tapped[0]), VISIBLE);
	CHECK_EQ(b.w.rx_polls, 2);
	mbuf_free(m[0]);
	nic_bed_down(&b);
}

static void wakes_only_an_empty_ring_and_keeps_the_order(void)
{
	struct mbuf *m[8];
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	for (uint16_t i = 0; i < 6; i++)
		nic_bed_arrive(&b, 0, bed_frame(b.fp, 118, 2, 1, i));
	CHECK_EQ(b.wakes, 1);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 4), 4);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m + 4, 4), 2);
	for (uint32_t i = 0; i < 6; i++) {
		/* 4 B a ns; four descriptors are written back together: no drift */
		uint32_t bytes = FIRST + i * NEXT + (i / 4u) * (FIRST - NEXT);

		CHECK_EQ(be16_load(mbuf_data(m[i]) + 34), i);
		CHECK_EQ(m[i]->arrival, 852 + (bytes + 3) / 4);
	}
	nic_bed_free(m, 6);
	nic_bed_down(&b);
}

static uint32_t reference_hash(const struct frame *f, uint32_t len)
{
	return toeplitz_ref(rss_default_key, f->data + 26, len);	/* addresses, then ports */
}

static void rss_follows_the_reta(void)
{
	struct mbuf *m[2];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.queues = BED_QUEUES;
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(b.nic->ops->reta_set(b.nic, 128, 0), -EINVAL);
	CHECK_EQ(b.nic->ops->reta_set(b.nic, 0, BED_QUEUES), -EINVAL);
	for (uint16_t i = 0; i < 128; i++)
		CHECK_EQ(b.nic->ops->reta_set(b.nic, i, (i / 2) % BED_QUEUES), 0);
	for (uint16_t i = 0; i < 200; i++) {
		struct frame *f = bed_frame(b.fp, 118, 2, 1, i);
		uint32_t hash;
		uint16_t q;

		f->data[23] = i % 3 == 0 ? 17 : i % 3 == 1 ? 6 : 47;	/* UDP, TCP, GRE */
		f->data[20] = i % 10 == 9 ? 0x20 : 0x40;		/* more fragments, DF */
		hash = reference_hash(f, i % 3 == 2 || i % 10 == 9 ? 8 : 12);
		q = (uint16_t)(hash % 128 / 2 % BED_QUEUES);
		nic_bed_arrive(&b, 0, f);
		CHECK_EQ(nic_bed_poll(&b, q, (i + 1u) * 10000, m, 2), 1);
		CHECK_EQ(m[0]->hash, hash);
		CHECK((m[0]->flags & MBUF_RX_HASH) != 0);
		mbuf_free(m[0]);
	}
	nic_bed_down(&b);
}

static void what_has_no_hash_goes_to_queue_0(void)
{
	struct mbuf *m[4];
	struct nic_bed b;
	struct frame *f;

	nic_bed_init(&b);
	b.cfg.queues = BED_QUEUES;
	nic_bed_up(&b, BED_MBUFS);
	for (uint32_t i = 0; i < 3; i++) {
		f = bed_frame(b.fp, 60, 2, 1, 5);
		f->flags = 0;
		if (i == 0)
			be16_store(f->data + 12, 0x0806);
		else
			f->data[14] = i == 1 ? 0x65 : 0x4f;	/* version 6, header too long */
		nic_bed_arrive(&b, 0, f);
	}
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 4), 3);
	for (uint32_t i = 0; i < 3; i++)
		CHECK_EQ(m[i]->flags, 0);
	nic_bed_free(m, 3);
	nic_bed_down(&b);
}

static void takes_its_own_and_group_addresses(void)
{
	struct mbuf *m[4];
	struct nic_bed b;
	struct frame *f;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	nic_bed_arrive(&b, 0, bed_frame(b.fp, 118, 2, 3, 5));
	f = bed_frame(b.fp, 118, 2, 3, 5);
	memset(f->data, 0xff, 6);
	nic_bed_arrive(&b, 0, f);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 4), 1);
	CHECK_EQ(sim_nic_counters(b.n)->rx_filtered, 1);
	CHECK_EQ(sim_nic_counters(b.n)->rx_frames, 1);
	mbuf_free(m[0]);
	nic_bed_down(&b);
}

static void descriptors_are_refilled_in_batches(void)
{
	struct mbuf *m[64];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.rx_ring = 64;
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(mempool_avail(&b.pool[0]), BED_MBUFS - 64);
	nic_bed_arrive_n(&b, 31);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 64), 31);
	CHECK_EQ(b.w.rx_doorbells, 1);		/* the first filling */
	CHECK_EQ(sim_nic_rx_bufs(b.n, 0), 33);
	nic_bed_arrive_n(&b, 1);
	CHECK_EQ(nic_bed_poll(&b, 0, 200000, m + 31, 33), 1);
	CHECK_EQ(b.w.rx_doorbells, 2);
	CHECK_EQ(sim_nic_rx_bufs(b.n, 0), 64);
	CHECK_EQ(mempool_avail(&b.pool[0]), BED_MBUFS - 64 - 32);
	nic_bed_free(m, 32);
	nic_bed_down(&b);
}

static void a_full_ring_drops_and_counts(void)
{
	const struct nic_counters *c;
	struct mbuf *m[BED_MBUFS];
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	c = sim_nic_counters(b.n);
	nic_bed_arrive_n(&b, 600);
	CHECK_EQ(c->rx_drop_no_desc, 88);
	CHECK_EQ(c->rx_frames, 512);
	CHECK_EQ(c->rx_bytes, 512 * 118);
	CHECK_EQ(c->rx_ring_high, 512);
	CHECK_EQ(nic_bed_poll(&b, 0, NSEC_PER_MSEC, m, BED_MBUFS), 512);
	nic_bed_free(m, 512);
	nic_bed_arrive_n(&b, 600);
	CHECK_EQ(c->rx_drop_no_desc, 176);
	nic_bed_down(&b);
}

/* An empty pool leaves descriptors empty; an idle thread posts buffers once there are some. */
static void an_empty_pool_starves_the_ring(void)
{
	const struct nic_counters *c;
	struct mbuf *m[128];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.rx_ring = 64;
	nic_bed_up(&b, 80);
	c = sim_nic_counters(b.n);
	nic_bed_arrive_n(&b, 64);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 128), 64);
	CHECK_EQ(sim_nic_rx_bufs(b.n, 0), 16);
	CHECK_EQ(c->rx_drop_no_mbuf, 48);
	nic_bed_arrive_n(&b, 17);
	CHECK_EQ(c->rx_drop_no_desc, 1);
	nic_bed_free(m, 40);
	nic_bed_arrive_n(&b, 1);
	CHECK_EQ(c->rx_drop_no_desc, 1);
	CHECK_EQ(sim_nic_rx_bufs(b.n, 0), 16 + 40);
	CHECK_EQ(nic_bed_poll(&b, 0, 200000, m, 40), 17);
	CHECK_EQ(b.w.rx_doorbells, 3);		/* the idle refill is reported, too */
	nic_bed_free(m, 17);
	nic_bed_free(m + 40, 24);
	nic_bed_down(&b);
}

/* A thread in the middle of a pass does not poll: no refill then. */
static void a_busy_thread_does_not_refill(void)
{
	struct mbuf *m[64];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.rx_ring = 64;
	nic_bed_up(&b, 64);
	nic_bed_arrive_n(&b, 64);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 64), 64);
	nic_pass_begin(b.n, 0, 100000);
	nic_pass_end(b.n, 0, 150000);
	nic_bed_free(m, 64);
	engine_run(b.e, 149999);
	nic_bed_arrive_n(&b, 1);
	CHECK_EQ(sim_nic_counters(b.n)->rx_drop_no_desc, 1);
	engine_run(b.e, 150000);
	nic_bed_arrive_n(&b, 1);
	CHECK_EQ(sim_nic_counters(b.n)->rx_drop_no_desc, 1);
	nic_bed_down(&b);
}

static void checksums_are_verified_when_bytes_are_real(void)
{
	static const uint8_t both = MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK;
	static const uint8_t want[] = { both, both, MBUF_RX_CSUM_BAD, MBUF_RX_CSUM_BAD,
					MBUF_RX_IP_CSUM_OK };
	struct mbuf *m[8];
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	for (uint32_t i = 0; i < ARRAY_LEN(want); i++) {
		struct frame *f = bed_frame(b.fp, 119, 2, 1, 5);

		if (i == 4)
			f->data[23] = 1;		/* ICMP: nothing beyond the header */
		if (i > 0)
			frame_csum_write(f);
		if (i == 2 || i == 3)
			f->data[i == 2 ? 118 : 27] ^= 4;
		f->flags |= i >= 2 ? FRAME_BYTES_SUSPECT : 0;
		nic_bed_arrive(&b, 0, f);
	}
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 8), ARRAY_LEN(want));
	for (uint32_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK_EQ(m[i]->flags, want[i] | MBUF_RX_HASH);
	nic_bed_free(m, ARRAY_LEN(want));
	nic_bed_down(&b);
}

static void without_offload_the_bytes_are_right_and_unflagged(void)
{
	struct mbuf *m[1];
	struct frame *want;
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.csum_offload = false;
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(b.nic->caps, NIC_RSS);
	nic_bed_arrive_n(&b, 1);
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 1), 1);
	CHECK_EQ(m[0]->flags, MBUF_RX_HASH);
	want = bed_frame(b.fp, 118, 2, 1, 5);
	frame_csum_write(want);
	CHECK(be16_load(want->data + 24) != 0 && be16_load(want->data + 50) != 0);
	CHECK(memcmp(mbuf_data(m[0]), want->data, 118) == 0);
	frame_put(b.fp, want);
	mbuf_free(m[0]);
	nic_bed_down(&b);
}

/* 60 B frames at 10 Gb/s are 14.9 M/s; the engine takes 9 M/s and buffers 512 KB. */
static void the_packet_cap_queues_then_drops(void)
{
	const struct nic_counters *c;
	struct mbuf *m[512];
	uint64_t taken = 0;
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.port_pps_max = 9000000;
	nic_bed_up(&b, BED_MBUFS);
	c = sim_nic_counters(b.n);
	for (uint32_t i = 0; i < 45000; i++)
		link_send(link_end_of(b.l[0], 1), bed_frame(b.fp, 60, 2, 1, 5), 0);
	for (nsec t = 10000; t <= 2 * NSEC_PER_MSEC; t += 10000) {
		uint32_t r = nic_bed_poll(&b, 0, t, m, 512);

		nic_bed_free(m, r);
		taken += r;
	}
	CHECK(taken >= 17980 && taken <= 18000);	/* 9 M/s for 2 ms less the latency */
	CHECK_EQ(c->rx_drop_no_desc, 0);
	CHECK(c->rx_drop_cap > 0);
	engine_run(b.e, 20 * NSEC_PER_MSEC);
	CHECK_EQ(c->rx_frames + c->rx_drop_cap + c->rx_drop_no_desc, 45000);
	nic_bed_down(&b);
}

/* What @n frames of 118 B, far apart, take of PCIe at a refill threshold. */
static void refill_bytes(uint32_t refill, uint32_t n, uint64_t up, uint64_t down)
{
	struct mbuf *m[1];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.rx_refill = refill;
	nic_bed_up(&b, BED_MBUFS);
	for (uint32_t i = 0; i < n; i++) {
		engine_run(b.e, i * 10000 + 1000);
		nic_bed_arrive_n(&b, 1);
		CHECK_EQ(nic_bed_poll(&b, 0, (i + 1) * 10000, m, 1), 1);
		nic_bed_free(m, 1);
	}
	CHECK_EQ(sim_nic_counters(b.n)->pcie_up[0], n * FIRST + up);
	CHECK_EQ(sim_nic_counters(b.n)->pcie_down[0], down);
	nic_bed_down(&b);
}

static void a_refill_is_a_doorbell_and_a_fetch(void)
{
	refill_bytes(1, 64, 64 * 24, 64 * (28 + 20 + 16));
	refill_bytes(32, 64, 2 * 24, 2 * (28 + 2 * 20 + 32 * 16));
	refill_bytes(64, 64, 2 * 24, 28 + 4 * 20 + 64 * 16);
	refill_bytes(65, 64, 0, 0);
}

static void the_second_card_has_its_own_pcie(void)
{
	struct mbuf *m[8];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.ports = 4;
	nic_bed_up(&b, BED_MBUFS);
	for (uint32_t p = 0; p < 4; p++)
		nic_bed_arrive(&b, p, bed_frame(b.fp, 118, 2, 1, (uint16_t)p));
	CHECK_EQ(nic_bed_poll(&b, 0, 100000, m, 8), 4);
	CHECK_EQ(m[0]->arrival, VISIBLE);
	CHECK_EQ(m[1]->arrival, VISIBLE + 39);
	CHECK_EQ(m[2]->arrival, VISIBLE + 39);	/* visible earlier, but behind m[1] */
	CHECK_EQ(m[3]->arrival, VISIBLE + 39);
	nic_bed_free(m, 4);
	nic_bed_down(&b);
}

CU_MAIN("nic", TEST(a_frame_is_seen_when_visible_and_not_before),
	TEST(wakes_only_an_empty_ring_and_keeps_the_order), TEST(rss_follows_the_reta),
	TEST(what_has_no_hash_goes_to_queue_0), TEST(takes_its_own_and_group_addresses),
	TEST(descriptors_are_refilled_in_batches), TEST(a_full_ring_drops_and_counts),
	TEST(an_empty_pool_starves_the_ring), TEST(a_busy_thread_does_not_refill),
	TEST(checksums_are_verified_when_bytes_are_real),
	TEST(without_offload_the_bytes_are_right_and_unflagged),
	TEST(the_packet_cap_queues_then_drops), TEST(the_second_card_has_its_own_pcie),
	TEST(a_refill_is_a_doorbell_and_a_fetch))
