/* SPDX-License-Identifier: MIT */
/* test_switch.c - learning, timing, bonding, the shared buffer and its marks */
#include "tests/unit/cu.h"

#include "sim/link.h"
#include "sim/scenario.h"
#include "sim/switch.h"
#include "tests/unit/sim_bed.h"

enum { PORTS = 5 };

/* Host i + 1 sits behind port i, on a link of its own; its frames end in sink[i]. */
struct bed {
	struct engine *e;
	struct frame_pool *fp;
	struct link_cfg link_cfg;
	struct switch_cfg cfg;
	struct sim_switch *sw;
	struct link *l[PORTS];
	struct sink sink[PORTS];
};

static void bed_cfg(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	knob_defaults(link_knobs, n_link_knobs, &b->link_cfg);
	knob_defaults(switch_knobs, n_switch_knobs, &b->cfg);
	b->e = engine_new();
	b->fp = frame_pool_new();
}

/* @fast: the port whose link has four times the rate, PORTS for none. */
static void bed_up(struct bed *b, uint32_t fast)
{
	b->sw = sim_switch_new(b->e, b->fp, &b->cfg, PORTS);
	for (uint32_t i = 0; i < PORTS; i++) {
		struct link_cfg cfg = b->link_cfg;

		cfg.rate_bps *= i == fast ? 4 : 1;
		b->l[i] = link_new(b->e, b->fp, &cfg);
		sink_init(&b->sink[i], b->fp);
		link_attach(link_end_of(b->l[i], 0), sim_switch_port(b->sw, i));
		link_attach(link_end_of(b->l[i], 1), &b->sink[i].in);
		sim_switch_cable(b->sw, i, link_end_of(b->l[i], 1));
	}
}

static void bed_down(struct bed *b)
{
	for (uint32_t i = 0; i < PORTS; i++) {
		sink_drain(&b->sink[i]);
		link_free(b->l[i]);
	}
	sim_switch_free(b->sw);
	CHECK_EQ(frame_pool_out(b->fp), 0);
	frame_pool_free(b->fp);
	engine_free(b->e);
}

static void learn_all(struct bed *b)
{
	for (uint32_t i = 0; i < PORTS; i++) {
		uint8_t mac[6];

		bed_mac(mac, (uint8_t)(i + 1));
		sim_switch_learn(b->sw, mac, i);
	}
}

static void send_len(struct bed *b, uint8_t src, uint8_t dst, uint16_t sport, uint32_t len)
{
	link_send(link_end_of(b->l[src - 1], 0), bed_frame(b->fp, len, src, dst, sport),
		  engine_now(b->e));
}

static void settle(struct bed *b)
{
	engine_run(b->e, engine_now(b->e) + NSEC_PER_MSEC);
}

static void floods_until_it_has_learned(void)
{
	const struct switch_counters *c;
	struct bed b;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	c = sim_switch_counters(b.sw);
	send_len(&b, 1, 2, 1, 118);		/* unknown: to all but port 0 */
	settle(&b);
	CHECK_EQ(b.sink[0].n, 0);
	for (uint32_t i = 1; i < PORTS; i++)
		CHECK_EQ(b.sink[i].n, 1);
	send_len(&b, 2, 1, 1, 118);		/* known from the first frame */
	settle(&b);
	CHECK_EQ(b.sink[0].n, 1);
	CHECK_EQ(b.sink[2].n, 1);
	send_len(&b, 1, 2, 1, 118);
	settle(&b);
	CHECK_EQ(b.sink[1].n, 2);
	CHECK_EQ(b.sink[2].n, 1);
	CHECK_EQ(c->flooded, 1);
	CHECK_EQ(c->frames, PORTS - 1 + 2);
	bed_down(&b);
}

/* One flipped bit makes host 3 of host 2: nobody moves because of it. */
static void corrupted_frame_teaches_nothing(void)
{
	struct bed b;
	struct frame *f;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	learn_all(&b);
	f = bed_frame(b.fp, 64, 2, 1, 1000);
	f->data[11] = 3;
	f->flags |= FRAME_BYTES_SUSPECT;
	link_send(link_end_of(b.l[1], 0), f, engine_now(b.e));
	settle(&b);
	send_len(&b, 1, 3, 1000, 64);
	settle(&b);
	CHECK_EQ(b.sink[0].n, 1);
	CHECK_EQ(b.sink[1].n, 0);
	CHECK_EQ(b.sink[2].n, 1);
	bed_down(&b);
}

static void broadcast_floods_and_own_port_filters(void)
{
	struct frame *f;
	struct bed b;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	learn_all(&b);
	f = bed_frame(b.fp, 60, 3, 1, 1);
	memset(f->data, 0xff, 6);
	link_send(link_end_of(b.l[2], 0), f, 0);
	settle(&b);
	for (uint32_t i = 0; i < PORTS; i++)
		CHECK_EQ(b.sink[i].n, i != 2);
	send_len(&b, 4, 4, 1, 60);		/* to itself */
	settle(&b);
	CHECK_EQ(b.sink[3].n, 1);
	CHECK_EQ(sim_switch_counters(b.sw)->filtered, 1);
	bed_down(&b);
}

/* One 118 B frame, sent at 0; the input's last bit is in at 130 (see test_link.c). */
static nsec one_way(bool cut_through, uint32_t fast, uint32_t hops[HOP_NR])
{
	struct frame *f;
	struct bed b;
	nsec at;

	bed_cfg(&b);
	b.cfg.cut_through = cut_through;
	bed_up(&b, fast);
	learn_all(&b);
	send_len(&b, 1, 2, 1, 118);
	settle(&b);
	CHECK_EQ(b.sink[1].n, 1);
	at = b.sink[1].at[0];
	f = sink_pop(&b.sink[1]);
	CHECK_EQ(bed_hops(f), at);
	memcpy(hops, f->hop_ns, sizeof(f->hop_ns));
	frame_put(b.fp, f);
	bed_down(&b);
	return at;
}

static void cut_through_overlaps_input_and_output(void)
{
	uint32_t hops[HOP_NR];

	/* 130 + 300, then 113.6 up, less the gap of 9, plus 25 of cable */
	CHECK_EQ(one_way(false, PORTS, hops), 430 + 114 - 9 + 25);
	CHECK_EQ(hops[HOP_SWITCH], 300);
	/* first bit in at 130 - 104 */
	CHECK_EQ(one_way(true, PORTS, hops), 26 + 300 + 114 - 9 + 25);
	CHECK_EQ(hops[HOP_SWITCH], 300);
	CHECK_EQ(hops[HOP_QUEUE], 0);
	CHECK_EQ(hops[HOP_WIRE], 26 + 114 - 9 + 25);
	/* an output at 40 Gb/s cannot: 28.4 ns, gap 2 */
	CHECK_EQ(one_way(true, 1, hops), 430 + 29 - 2 + 25);
	/* an input at 40 Gb/s can: last bit in at 29 - 2 + 25, first bit 26 before */
	CHECK_EQ(one_way(true, 0, hops), 52 - 26 + 300 + 114 - 9 + 25);
}

static void contention_is_queueing(void)
{
	nsec last = 0;
	struct bed b;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	learn_all(&b);
	for (uint16_t k = 0; k < 10; k++) {
		for (uint8_t src = 1; src < 5; src++)
			send_len(&b, src, 5, k, 118);
	}
	settle(&b);
	CHECK_EQ(b.sink[4].n, 40);
	for (uint32_t i = 0; i < 40; i++) {
		struct frame *f = sink_pop(&b.sink[4]);

		CHECK(b.sink[4].at[i] - last >= 113);
		last = b.sink[4].at[i];
		CHECK_EQ(bed_hops(f), last);
		CHECK_EQ(be16_load(f->data + 34), i / 4);	/* each input in order */
		frame_put(b.fp, f);
	}
	CHECK_EQ(last, 26 + 300 + (40 * 1136 + 9) / 10 - 9 + 25);
	bed_down(&b);
}

static void a_bond_keeps_flows_together_and_spreads_them(void)
{
	uint64_t n = 0;
	struct bed b;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	sim_switch_bond(b.sw, 0, 4);		/* host 1 has four ports */
	learn_all(&b);
	for (uint16_t flow = 0; flow < 400; flow++) {
		send_len(&b, 5, 1, flow, 118);
		send_len(&b, 5, 1, flow, 118);
	}
	settle(&b);
	for (uint32_t i = 0; i < 4; i++) {
		struct frame *f, *g;

		n += b.sink[i].n;
		CHECK(b.sink[i].n > 120 && b.sink[i].n < 280);
		while ((f = sink_pop(&b.sink[i])) != NULL && (g = sink_pop(&b.sink[i])) != NULL) {
			CHECK_EQ(be16_load(f->data + 34), be16_load(g->data + 34));
			frame_put(b.fp, f);
			frame_put(b.fp, g);
		}
		CHECK(f == NULL);
	}
	CHECK_EQ(n, 800);
	send_len(&b, 2, 5, 1, 60);		/* from another member: the same host */
	send_len(&b, 3, 1, 1, 60);		/* to itself over the bond */
	settle(&b);
	CHECK_EQ(b.sink[4].n, 1);
	CHECK_EQ(sim_switch_counters(b.sw)->filtered, 1);
	bed_down(&b);
}

static void flooding_reaches_a_bond_once(void)
{
	struct bed b;

	bed_cfg(&b);
	bed_up(&b, PORTS);
	sim_switch_bond(b.sw, 0, 4);
	send_len(&b, 5, 1, 1, 60);
	settle(&b);
	CHECK_EQ(b.sink[0].n + b.sink[1].n + b.sink[2].n + b.sink[3].n, 1);
	bed_down(&b);
}

/* Four inputs at full rate into one output: it fills at three times the rate. */
static void overload(struct bed *b, uint32_t frames)
{
	for (uint32_t k = 0; k < frames; k++) {
		for (uint8_t src = 1; src < 5; src++)
			send_len(b, src, 5, (uint16_t)k, 1514);
	}
	settle(b);
}

static void the_shared_buffer_drops_and_recovers(void)
{
	const struct switch_counters *c;
	struct bed b;

	bed_cfg(&b);
	b.cfg.buffer_bytes = 20 * 1514;
	bed_up(&b, PORTS);
	learn_all(&b);
	c = sim_switch_counters(b.sw);
	overload(&b, 100);
	CHECK_EQ(b.sink[4].n + c->drop_buffer, 400);
	CHECK(b.sink[4].n >= 100 + 15 && b.sink[4].n <= 100 + 25);
	CHECK(c->buffer_high <= 20 * 1514);
	CHECK(c->buffer_high > 19 * 1514);
	overload(&b, 5);			/* 20 frames fit: nothing was leaked */
	CHECK_EQ(b.sink[4].n + c->drop_buffer, 420);
	overload(&b, 6);
	CHECK(b.sink[4].n >= 134);
	bed_down(&b);
}

/* What is on a long cable is out of the buffer: 100 km hold 20 frames and more. */
static void bytes_on_the_cable_are_not_in_the_buffer(void)
{
	struct bed b;

	bed_cfg(&b);
	b.link_cfg.propagation_ns = 500 * NSEC_PER_USEC;
	b.cfg.buffer_bytes = 2 * 1514;
	bed_up(&b, PORTS);
	learn_all(&b);
	for (uint32_t i = 0; i < 100; i++)
		send_len(&b, 1, 2, 1, 1514);
	engine_run(b.e, 3 * NSEC_PER_MSEC);
	CHECK_EQ(b.sink[1].n, 100);
	CHECK_EQ(sim_switch_counters(b.sw)->drop_buffer, 0);
	bed_down(&b);
}

static void ecn_marks_capable_packets_and_only_them(void)
{
	uint32_t marked = 0, n = 0;
	struct frame *f;
	struct bed b;

	bed_cfg(&b);
	b.cfg.ecn_bytes = 10 * 1514;
	bed_up(&b, PORTS);
	learn_all(&b);
	for (uint32_t k = 0; k < 20; k++) {
		for (uint8_t src = 1; src < 5; src++) {
			f = bed_frame(b.fp, 1514, src, 5, (uint16_t)k);
			f->data[15] = src == 1 ? 0 : src == 2 ? 1 : 2;	/* -, ECT(1), ECT(0) */
			frame_csum_write(f);
			link_send(link_end_of(b.l[src - 1], 0), f, 0);
		}
	}
	settle(&b);
	for (; (f = sink_pop(&b.sink[4])) != NULL; n++) {
		bool ce = (f->data[15] & 3) == 3;

		CHECK_EQ(ce, f->ecn_marked);
		CHECK(!ce || f->data[11] != 1);
		CHECK(n > 8 || !ce);			/* short queue: no mark */
		CHECK(n < 40 || n > 60 || ce || f->data[11] == 1);	/* long queue */
		CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_L4);
		marked += ce;
		frame_put(b.fp, f);
	}
	CHECK(marked > 30);
	CHECK_EQ(sim_switch_counters(b.sw)->ecn_marked, marked);
	bed_down(&b);
}

CU_MAIN("switch", TEST(floods_until_it_has_learned), TEST(corrupted_frame_teaches_nothing),
	TEST(broadcast_floods_and_own_port_filters),
	TEST(cut_through_overlaps_input_and_output), TEST(contention_is_queueing),
	TEST(a_bond_keeps_flows_together_and_spreads_them), TEST(flooding_reaches_a_bond_once),
	TEST(the_shared_buffer_drops_and_recovers),
	TEST(bytes_on_the_cable_are_not_in_the_buffer),
	TEST(ecn_marks_capable_packets_and_only_them))
