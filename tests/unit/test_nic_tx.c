/* SPDX-License-Identifier: MIT */
/* test_nic_tx.c - gathering, doorbells, the TX ring, offloads, and the way to another NIC */
#include "tests/unit/cu.h"

#include "tests/unit/nic_bed.h"

/* 5 x 300 over PCIe, 202 B at 32 Gb/s, 552 pipeline; then the slot on the wire less the
 * gap, plus 25 of cable */
enum { FIRST_BIT = 1500 + 51 + 552, ARRIVES = FIRST_BIT + 114 - 9 + 25 };

static void a_frame_leaves_after_its_doorbell(void)
{
	struct nic_bed b;
	struct frame *f;
	uint8_t want[118];

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(nic_bed_send(&b, 1, 118, 700), 1);	/* the pass takes 700 ns */
	CHECK_EQ(b.w.tx_doorbells, 1);
	CHECK_EQ(mempool_avail(&b.pool[0]), BED_MBUFS - 512);	/* freed at once */
	engine_run(b.e, 699);
	CHECK_EQ(sim_nic_counters(b.n)->tx_frames, 0);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(sim_nic_counters(b.n)->tx_frames, 1);
	CHECK_EQ(sim_nic_counters(b.n)->tx_bytes, 118);
	CHECK_EQ(b.sink[0].at[0], 700 + ARRIVES);
	f = sink_pop(&b.sink[0]);
	bed_tcp(want, 118, 1, 2, 0);
	CHECK(memcmp(f->data, want, 118) == 0);
	CHECK_EQ(f->flags, FRAME_CSUM_VIRTUAL);
	CHECK_EQ(bed_hops(f), ARRIVES);
	frame_put(b.fp, f);
	nic_bed_down(&b);
}

static void pieces_are_gathered_and_short_frames_padded(void)
{
	static const uint8_t app[6] = { 1, 2, 3, 4, 5, 6 };
	struct nic_bed b;
	struct mbuf *m;
	struct frame *f;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	f = frame_get(b.fp, FRAME_SMALL);	/* the next frame has a past */
	memset(f->data, 0xee, FRAME_SMALL);
	frame_put(b.fp, f);
	m = nic_bed_mbuf(&b, 54, 9);
	m->frag[0] = (struct mbuf_frag){ app, 2 };
	m->frag[1] = (struct mbuf_frag){ app + 2, 3 };
	m->n_frags = 2;
	m->frag_len = 5;
	nic_pass_begin(b.n, 0, 0);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, &m, 1, &b.w), 1);
	nic_pass_end(b.n, 0, 0);
	engine_run(b.e, NSEC_PER_MSEC);
	f = sink_pop(&b.sink[0]);
	CHECK_EQ(f->len, 60);
	CHECK(memcmp(f->data + 54, (uint8_t[6]){ 1, 2, 3, 4, 5, 0 }, 6) == 0);
	frame_put(b.fp, f);
	nic_bed_down(&b);
}

static void checksums_are_filled_as_asked(void)
{
	static const uint8_t asked[] = { 0, MBUF_TX_IP_CSUM, MBUF_TX_L4_CSUM,
					 MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM };
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	nic_pass_begin(b.n, 0, 0);
	for (uint32_t i = 0; i < 4; i++) {
		struct mbuf *m = nic_bed_mbuf(&b, 61, 9);

		m->flags = asked[i];
		CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, &m, 1, &b.w), 1);
	}
	nic_pass_end(b.n, 0, 0);
	engine_run(b.e, NSEC_PER_MSEC);
	for (uint32_t i = 0; i < 4; i++) {
		struct frame *f = sink_pop(&b.sink[0]);

		CHECK_EQ(f->flags, i == 3 ? FRAME_CSUM_VIRTUAL : 0);
		frame_csum_write(f);
		CHECK_EQ(be16_load(f->data + 24) != 0, (asked[i] & MBUF_TX_IP_CSUM) != 0);
		CHECK_EQ(be16_load(f->data + 50) != 0, (asked[i] & MBUF_TX_L4_CSUM) != 0);
		CHECK(i != 3 || frame_csum_verify(f) == FRAME_CSUM_L4);
		frame_put(b.fp, f);
	}
	nic_bed_down(&b);
}

/* A descriptor is free again when its DMA is done, 1551 ns after the doorbell. */
static void a_full_ring_takes_a_prefix(void)
{
	struct mbuf *m[12];
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.tx_ring = 8;
	nic_bed_up(&b, BED_MBUFS);
	for (uint32_t i = 0; i < 12; i++)
		m[i] = nic_bed_mbuf(&b, 118, (uint16_t)i);
	nic_pass_begin(b.n, 0, 0);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, m, 12, &b.w), 8);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, m + 8, 4, &b.w), 0);
	CHECK_EQ(b.w.tx_doorbells, 1);
	CHECK_EQ(sim_nic_counters(b.n)->tx_ring_full, 8);
	nic_pass_end(b.n, 0, 0);
	engine_run(b.e, 1550);
	nic_pass_begin(b.n, 0, 1550);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, m + 8, 4, &b.w), 0);
	nic_pass_end(b.n, 0, 1550);
	engine_run(b.e, 1551 + 38);			/* two are read */
	nic_pass_begin(b.n, 0, 1551 + 38);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 0, m + 8, 4, &b.w), 2);
	nic_pass_end(b.n, 0, 1551 + 38);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(b.sink[0].n, 10);
	nic_bed_free(m + 10, 2);
	nic_bed_down(&b);
}

/* PCIe is faster than the link, but the NIC holds 160 KB: the ring feels the wire. */
static void a_saturated_link_fills_the_ring(void)
{
	struct nic_bed b;
	uint32_t sent = 0;

	nic_bed_init(&b);
	b.cfg.tx_ring = 256;
	nic_bed_up(&b, BED_MBUFS);
	for (nsec t = 0; t < NSEC_PER_MSEC; t += 10000) {
		engine_run(b.e, t);
		sent += nic_bed_send(&b, 32, 1514, t);
	}
	/* 813 leave in 1 ms; 106 in the NIC, 256 in the ring */
	CHECK(sent > 1140 && sent < 1190);
	engine_run(b.e, 10 * NSEC_PER_MSEC);
	CHECK_EQ(b.sink[0].n, sent);
	nic_bed_down(&b);
}

static void passes_of_two_queues_interleave(void)
{
	struct nic_bed b;
	struct mbuf *m;

	nic_bed_init(&b);
	b.cfg.queues = 2;
	nic_bed_up(&b, BED_MBUFS);
	nic_bed_send(&b, 1, 118, 5000);		/* queue 0 is in a long pass */
	m = nic_bed_mbuf(&b, 60, 9);
	nic_pass_begin(b.n, 1, 0);
	CHECK_EQ(b.nic->ops->tx_burst(b.nic, 1, &m, 1, &b.w), 1);
	nic_pass_end(b.n, 1, 100);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(b.sink[0].head->len, 60);	/* its doorbell rang first */
	CHECK(b.sink[0].at[0] < 100 + ARRIVES);
	CHECK_EQ(b.sink[0].at[1], 5000 + ARRIVES);
	nic_bed_down(&b);
}

/* The next pass may begin at the instant the last one ended, before its doorbell fires. */
static void back_to_back_passes_keep_their_doorbells(void)
{
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	nic_bed_send(&b, 1, 118, 1000);
	engine_run(b.e, 999);
	nic_pass_begin(b.n, 0, 1000);
	nic_pass_end(b.n, 0, 9000);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(b.sink[0].n, 1);
	CHECK_EQ(b.sink[0].at[0], 1000 + ARRIVES);
	nic_bed_down(&b);
}

static void the_packet_cap_paces_transmission(void)
{
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.port_pps_max = 1000000;
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(nic_bed_send(&b, 10, 118, 0), 10);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(b.sink[0].n, 10);
	for (uint32_t i = 0; i < 10; i++) {
		struct frame *f = sink_pop(&b.sink[0]);

		CHECK_EQ(b.sink[0].at[i], ARRIVES + i * 1000);
		CHECK_EQ(bed_hops(f), b.sink[0].at[i]);
		frame_put(b.fp, f);
	}
	nic_bed_down(&b);
}

static void flows_keep_their_port(void)
{
	uint64_t n = 0;
	struct nic_bed b;

	nic_bed_init(&b);
	b.cfg.ports = 4;
	nic_bed_up(&b, BED_MBUFS);
	CHECK_EQ(nic_bed_send(&b, 200, 118, 0), 200);	/* 200 flows, twice */
	CHECK_EQ(nic_bed_send(&b, 200, 118, 0), 200);
	engine_run(b.e, NSEC_PER_MSEC);
	for (uint32_t p = 0; p < 4; p++) {
		uint32_t odd = 0;

		n += b.sink[p].n;
		CHECK(b.sink[p].n > 50 && b.sink[p].n < 150);
		for (const struct frame *f = b.sink[p].head; f != NULL; f = f->next)
			odd ^= be16_load(f->data + 34);
		CHECK_EQ(odd, 0);			/* each flow an even number of times */
	}
	CHECK_EQ(n, 400);
	nic_bed_down(&b);
}

static void count_tap(void *ctx, struct frame *f, nsec end)
{
	uint32_t *n = ctx;

	CHECK_EQ(bed_hops(f), 0);
	CHECK_EQ(end, 700);
	f->hop_ns[HOP_TRANSMIT] = 11;
	++*n;
}

static void a_tap_sees_frames_at_the_doorbell(void)
{
	struct nic_bed b;
	uint32_t n = 0;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	sim_nic_tap(b.n, 0, NULL, count_tap, &n);
	nic_bed_send(&b, 3, 118, 700);
	CHECK_EQ(n, 0);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(n, 3);
	CHECK_EQ(b.sink[0].head->hop_ns[HOP_TRANSMIT], 11);
	nic_bed_down(&b);
}

/* "3 us across a pair of 10GbE NICs": from the doorbell to the other ring, less the wire. */
static void a_pair_costs_3_us(void)
{
	struct nic_bed a, b;
	struct mbuf *m[1];
	struct frame *f;
	nsec wire;

	nic_bed_init(&a);
	nic_bed_up(&a, BED_MBUFS);
	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	nic_bed_send(&a, 1, 118, 0);
	engine_run(a.e, 10000);
	f = frame_dup(b.fp, a.sink[0].head);		/* each bed has its own pool */
	f->data[5] = 1;					/* to b, who is also host 1 */
	engine_run(b.e, a.sink[0].at[0]);
	wire = f->hop_ns[HOP_WIRE];
	CHECK_EQ(wire, 114 - 9 + 25);
	nic_bed_arrive(&b, 0, f);
	CHECK_EQ(nic_bed_poll(&b, 0, 20000, m, 1), 1);
	CHECK_EQ(m[0]->arrival - wire, 3001);
	CHECK_EQ(bed_hops(&b.tapped[0]), m[0]->arrival);
	mbuf_free(m[0]);
	CHECK_EQ(sim_nic_rx_next(b.n, 0), NSEC_NEVER);
	nic_bed_down(&a);
	nic_bed_down(&b);
}

/* One doorbell, three completions of descriptors, two reads of them; a read a frame. */
static void a_burst_shares_doorbell_and_fetch(void)
{
	const struct nic_counters *c;
	struct nic_bed b;

	nic_bed_init(&b);
	nic_bed_up(&b, BED_MBUFS);
	c = sim_nic_counters(b.n);
	CHECK_EQ(nic_bed_send(&b, 33, 118, 0), 33);
	engine_run(b.e, NSEC_PER_MSEC);
	CHECK_EQ(c->pcie_down[0], 28 + 3 * 20 + 33 * (16 + 20 + 118));
	CHECK_EQ(c->pcie_up[0], 2 * 24 + 33 * 24);
	CHECK_EQ(nic_bed_send(&b, 1, 1514, NSEC_PER_MSEC), 1);
	engine_run(b.e, 2 * NSEC_PER_MSEC);
	CHECK_EQ(c->pcie_down[0], 28 + 3 * 20 + 33 * (16 + 20 + 118) +
		 28 + 20 + 16 + 6 * 20 + 1514);
	CHECK_EQ(c->pcie_up[0], 2 * 24 + 33 * 24 + 24 + 3 * 24);
	nic_bed_down(&b);
}

CU_MAIN("nic_tx", TEST(a_frame_leaves_after_its_doorbell),
	TEST(pieces_are_gathered_and_short_frames_padded), TEST(checksums_are_filled_as_asked),
	TEST(a_full_ring_takes_a_prefix), TEST(a_saturated_link_fills_the_ring),
	TEST(passes_of_two_queues_interleave), TEST(back_to_back_passes_keep_their_doorbells),
	TEST(the_packet_cap_paces_transmission), TEST(flows_keep_their_port),
	TEST(a_tap_sees_frames_at_the_doorbell), TEST(a_pair_costs_3_us),
	TEST(a_burst_shares_doorbell_and_fetch))
