/* SPDX-License-Identifier: MIT */
/* test_sim_fault.c - decisions applied: every frame is lost, late, doubled or itself */
#include "tests/unit/cu.h"

#include "sim/fault.h"
#include "tests/unit/sim_bed.h"

enum { FRAMES = 2000, GAP_NS = 100 };

struct bed {
	struct event ev;		/* sends the next frame */
	struct engine *e;
	struct frame_pool *fp;
	struct fault_cfg cfg;
	struct sim_fault *sf;
	struct sink sink;
	uint32_t sent;
	bool ect;			/* every second packet is ECN-capable */
};

static void send_next(struct event *ev, nsec now)
{
	struct bed *b = container_of(ev, struct bed, ev);
	struct frame *f = bed_frame(b->fp, 118, 1, 2, (uint16_t)b->sent);
	struct port *p = sim_fault_port(b->sf);

	be32_store(f->data + 100, (uint32_t)now);
	if (b->ect) {
		f->data[15] = (uint8_t)(b->sent % 2 * 2);
		f->flags |= FRAME_CSUM_VIRTUAL;
		frame_csum_write(f);
	}
	if (++b->sent < FRAMES)
		engine_at(b->e, ev, now + GAP_NS);
	p->rx(p, f, now);
}

static void bed_init(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	b->e = engine_new();
	b->fp = frame_pool_new();
	b->ev.fire = send_next;
	sink_init(&b->sink, b->fp);
}

static void bed_run(struct bed *b, nsec until)
{
	CHECK(fault_wanted(&b->cfg));
	b->sf = sim_fault_new(b->e, b->fp, &b->cfg, 7, 40, &b->sink.in);
	engine_at(b->e, &b->ev, 0);
	engine_run(b->e, until);
}

static void bed_down(struct bed *b)
{
	sink_drain(&b->sink);
	sim_fault_free(b->sf);
	CHECK_EQ(frame_pool_out(b->fp), 0);
	frame_pool_free(b->fp);
	engine_free(b->e);
}

static void nothing_asked_nothing_wanted(void)
{
	struct fault_cfg cfg = { .reorder_ns = 5, .reorder_frames = 3, .flap_down_ns = 5 };

	CHECK(!fault_wanted(&cfg));
}

static void lost_frames_are_gone_and_counted(void)
{
	struct bed b;

	bed_init(&b);
	b.cfg.loss_ppb = 100000000;
	bed_run(&b, NSEC_PER_SEC);
	CHECK_EQ(b.sink.n + sim_fault_state(b.sf)->n_lost, FRAMES);
	CHECK(b.sink.n > 1700 && b.sink.n < 1900);
	bed_down(&b);
}

static void a_double_follows_its_original(void)
{
	uint32_t doubles = 0;
	int last = -1;
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.dup_ppb = 200000000;
	bed_run(&b, NSEC_PER_SEC);
	while ((f = sink_pop(&b.sink)) != NULL) {
		int id = be16_load(f->data + 34);

		CHECK(id == last || id == last + 1);
		CHECK_EQ(f->len, 118);
		doubles += id == last;
		last = id;
		frame_put(b.fp, f);
	}
	CHECK_EQ(last, FRAMES - 1);
	CHECK_EQ(doubles, sim_fault_state(b.sf)->n_dup);
	CHECK(doubles > 300);
	bed_down(&b);
}

static void a_flipped_bit_is_one_bit_and_suspect(void)
{
	uint32_t flipped = 0, bad = 0;
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.corrupt_ppb = 300000000;
	bed_run(&b, NSEC_PER_SEC);
	for (uint32_t id = 0; (f = sink_pop(&b.sink)) != NULL; id++) {
		struct frame *want = bed_frame(b.fp, 118, 1, 2, (uint16_t)id);
		uint32_t bits = 0;

		be32_store(want->data + 100, id * GAP_NS);
		if ((f->flags & FRAME_BYTES_SUSPECT) != 0)
			frame_csum_write(want);
		for (uint32_t i = 0; i < 118; i++)
			bits += (uint32_t)__builtin_popcount(f->data[i] ^ want->data[i]);
		CHECK_EQ(bits, (f->flags & FRAME_BYTES_SUSPECT) != 0);
		if (bits != 0) {
			CHECK_EQ(f->flags & FRAME_CSUM_VIRTUAL, 0);
			bad += frame_csum_verify(f) == FRAME_CSUM_BAD;
		}
		flipped += bits;
		frame_put(b.fp, want);
		frame_put(b.fp, f);
	}
	CHECK_EQ(flipped, sim_fault_state(b.sf)->n_corrupt);
	CHECK(bad > flipped * 7 / 10);	/* all but hits in the Ethernet header and version */
	bed_down(&b);
}

static void jitter_delays_but_keeps_the_order(void)
{
	uint32_t id = 0, delayed = 0;
	nsec at = 0;
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.jitter_ns = 5000;
	bed_run(&b, NSEC_PER_SEC);
	CHECK_EQ(b.sink.n, FRAMES);
	for (; (f = sink_pop(&b.sink)) != NULL; id++) {
		CHECK_EQ(be16_load(f->data + 34), id);
		CHECK(f->hop_ns[HOP_WIRE] <= 5000);
		CHECK(id * GAP_NS + f->hop_ns[HOP_WIRE] >= at);
		at = id * GAP_NS + f->hop_ns[HOP_WIRE];
		if (id < ARRAY_LEN(b.sink.at))
			CHECK_EQ(b.sink.at[id], at);
		delayed += f->hop_ns[HOP_WIRE] > 2500;
		frame_put(b.fp, f);
	}
	CHECK(delayed > FRAMES / 2);
	bed_down(&b);
}

static void only_the_reordered_are_overtaken(void)
{
	uint32_t late = 0, next = 0;
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.reorder_ppb = 50000000;
	b.cfg.reorder_ns = 1050;
	bed_run(&b, NSEC_PER_SEC);
	CHECK_EQ(b.sink.n, FRAMES);
	while ((f = sink_pop(&b.sink)) != NULL) {
		uint32_t id = be16_load(f->data + 34);

		CHECK_EQ(f->hop_ns[HOP_WIRE], f->hop_ns[HOP_WIRE] != 0 ? 1050 : 0);
		if (f->hop_ns[HOP_WIRE] == 0) {
			CHECK(id >= next);
			next = id + 1;
		} else {
			late++;
		}
		frame_put(b.fp, f);
	}
	CHECK_EQ(late, sim_fault_state(b.sf)->n_reordered);
	CHECK(late > 50);
	bed_down(&b);
}

static void a_flapping_link_is_down_when_it_should(void)
{
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.flap_period_ns = 50000;
	b.cfg.flap_down_ns = 10000;
	bed_run(&b, NSEC_PER_SEC);
	while ((f = sink_pop(&b.sink)) != NULL) {
		uint32_t at = be32_load(f->data + 100);

		CHECK(at < 50000 || at % 50000 >= 10000);
		frame_put(b.fp, f);
	}
	CHECK_EQ(sim_fault_state(b.sf)->n_flapped, 3 * 100);
	CHECK_EQ(b.sink.n, FRAMES - 3 * 100);
	bed_down(&b);
}

/* When the path becomes shorter again, frames overtake those still on the long one. */
static void a_longer_path_keeps_its_own_order(void)
{
	uint32_t next[2] = { 0, 0 }, overtaken = 0;
	struct frame *f;
	struct bed b;

	bed_init(&b);
	b.cfg.path_period_ns = 20000;
	b.cfg.path_extra_ns = 550;
	bed_run(&b, NSEC_PER_SEC);
	CHECK_EQ(b.sink.n, FRAMES);
	while ((f = sink_pop(&b.sink)) != NULL) {
		uint32_t id = be16_load(f->data + 34), long_way = id * GAP_NS / 20000 % 2;

		CHECK_EQ(f->hop_ns[HOP_WIRE], long_way ? 550 : 0);
		CHECK(id >= next[long_way]);
		next[long_way] = id + 1;
		overtaken += id < next[!long_way];
		frame_put(b.fp, f);
	}
	CHECK_EQ(overtaken, 4 * 5);	/* five frames, each of the four times */
	bed_down(&b);
}

static void marks_are_set_where_they_may_be(void)
{
	struct frame *f;
	uint32_t i = 0;
	struct bed b;

	bed_init(&b);
	b.ect = true;
	b.cfg.ecn_ppb = 1000000000;
	bed_run(&b, NSEC_PER_SEC);
	for (; (f = sink_pop(&b.sink)) != NULL; i++) {
		CHECK_EQ(f->ecn_marked, i % 2);
		CHECK_EQ(f->data[15] & 3, i % 2 ? 3 : 0);
		CHECK(frame_csum_verify(f) != FRAME_CSUM_BAD);
		frame_put(b.fp, f);
	}
	CHECK_EQ(i, FRAMES);
	CHECK_EQ(sim_fault_state(b.sf)->n_marked, FRAMES / 2);
	bed_down(&b);
}

static void frames_held_back_come_home(void)
{
	struct bed b;

	bed_init(&b);
	b.cfg.reorder_ppb = 500000000;
	b.cfg.reorder_ns = NSEC_PER_SEC;
	b.cfg.jitter_ns = NSEC_PER_MSEC;
	bed_run(&b, 150000);
	CHECK(frame_pool_out(b.fp) > 100);
	bed_down(&b);
}

CU_MAIN("sim_fault", TEST(nothing_asked_nothing_wanted), TEST(lost_frames_are_gone_and_counted),
	TEST(a_double_follows_its_original), TEST(a_flipped_bit_is_one_bit_and_suspect),
	TEST(jitter_delays_but_keeps_the_order), TEST(only_the_reordered_are_overtaken),
	TEST(a_longer_path_keeps_its_own_order), TEST(marks_are_set_where_they_may_be),
	TEST(a_flapping_link_is_down_when_it_should), TEST(frames_held_back_come_home))
