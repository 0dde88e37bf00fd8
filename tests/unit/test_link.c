/* SPDX-License-Identifier: MIT */
/* test_link.c - serialisation without drift, order, backlog, and where the time went */
#include "tests/unit/cu.h"

#include "sim/link.h"
#include "sim/scenario.h"
#include "tests/unit/sim_bed.h"

struct bed {
	struct engine *e;
	struct frame_pool *fp;
	struct link_cfg cfg;
	struct link *l;
	struct link_end *end;
	struct sink sink;
};

static void bed_up(struct bed *b)
{
	memset(b, 0, sizeof(*b));
	b->e = engine_new();
	b->fp = frame_pool_new();
	knob_defaults(link_knobs, n_link_knobs, &b->cfg);
	b->l = link_new(b->e, b->fp, &b->cfg);
	b->end = link_end_of(b->l, 0);
	sink_init(&b->sink, b->fp);
	link_attach(b->end, &b->sink.in);
}

static void bed_down(struct bed *b)
{
	sink_drain(&b->sink);
	link_free(b->l);
	CHECK_EQ(frame_pool_out(b->fp), 0);
	frame_pool_free(b->fp);
	engine_free(b->e);
}

/* 118 B of frame are 142 B on the wire: 113.6 ns at 10 Gb/s. */
static void pacer_does_not_drift(void)
{
	static const struct { uint64_t rate, bits, secs, want; } t[] = {
		{ 10000000000, 142 * 8, 1, 8802816 },
		{ 10000000000, 142 * 8, 10, 88028169 },
		{ 10000000000, 84 * 8, 1, 14880952 },
		{ 10000000000, 1538 * 8, 10, 8127438 },
		{ 26000000000, 134 * 8, 1, 24253731 },
		{ 8999999, 1, 10, 89999990 },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(t); i++) {
		struct pacer p;
		uint64_t n = 0;

		pacer_init(&p, t[i].rate);
		for (; pacer_end(&p) <= t[i].secs * NSEC_PER_SEC; n++)
			pacer_take(&p, 0, t[i].bits);
		CHECK_EQ(n - 1, t[i].want);
	}
}

/* The reciprocal against a division, where it is least exact. */
static void pacer_divides_exactly(void)
{
	static const uint64_t rate[] = {
		1, 2, 3, 7, 1000000, 8999999, 9000000, 1ULL << 33, 10000000000, 26000000000,
		32000000000, 999999999999, 1000000000000,
	};

	for (uint32_t i = 0; i < ARRAY_LEN(rate); i++) {
		struct pacer p;

		pacer_init(&p, rate[i]);
		for (uint32_t bit = 0; bit < 63; bit++) {
			uint64_t q = (1ULL << bit) / rate[i], x = q * rate[i];

			CHECK_EQ(pacer_quotient(&p, x), q);
			CHECK_EQ(pacer_quotient(&p, x + rate[i] - 1), q);
			CHECK_EQ(pacer_quotient(&p, x + rate[i]), q + 1);
		}
		CHECK_EQ(pacer_quotient(&p, INT64_MAX), INT64_MAX / rate[i]);
		CHECK_EQ(pacer_ns(&p, 12345), 12345 * NSEC_PER_SEC / rate[i]);
	}
}

/* Keeps one frame queued behind the one on the wire, for ever. */
struct pump {
	struct port in;
	struct link_end *end;
	uint64_t n;
};

static void pump_rx(struct port *p, struct frame *f, nsec now)
{
	struct pump *pump = container_of(p, struct pump, in);

	pump->n++;
	link_send(pump->end, f, now);
}

static void a_busy_link_carries_exactly_its_rate(void)
{
	struct pump pump = { .in.rx = pump_rx };
	struct bed b;

	bed_up(&b);
	pump.end = b.end;
	link_attach(b.end, &pump.in);
	for (uint32_t i = 0; i < 3; i++)
		link_send(b.end, bed_frame(b.fp, 118, 1, 2, 1000), 0);
	engine_run(b.e, NSEC_PER_SEC + b.cfg.propagation_ns);
	CHECK(pump.n == 8802816 || pump.n == 8802817);
	CHECK_EQ(b.end->n_frames, pump.n);
	CHECK_EQ(b.end->n_bytes, pump.n * 118);
	bed_down(&b);
}

static void frame_i_arrives_when_it_should(void)
{
	struct bed b;

	bed_up(&b);
	for (uint32_t i = 0; i < 50; i++)
		link_send(b.end, bed_frame(b.fp, 118, 1, 2, (uint16_t)i), 1000);
	engine_run(b.e, NSEC_PER_SEC);
	CHECK_EQ(b.sink.n, 50);
	for (uint32_t i = 0; i < 50; i++) {
		/* the whole 142 B slot, rounded up, less 9 ns of gap, plus 25 of cable */
		nsec slots_end = 1000 + ((i + 1) * 1136 + 9) / 10;

		CHECK_EQ(b.sink.at[i], slots_end - 9 + 25);
	}
	for (uint16_t i = 0; i < 50; i++) {
		struct frame *f = sink_pop(&b.sink);

		CHECK_EQ(be16_load(f->data + 34), i);
		CHECK_EQ(bed_hops(f), b.sink.at[i] - 1000);
		CHECK_EQ(f->hop_ns[HOP_QUEUE], i * 1136 / 10);
		frame_put(b.fp, f);
	}
	bed_down(&b);
}

static void an_idle_link_starts_afresh(void)
{
	struct bed b;

	bed_up(&b);
	link_send(b.end, bed_frame(b.fp, 60, 1, 2, 1), 0);
	link_send(b.end, bed_frame(b.fp, 60, 1, 2, 1), 500);
	engine_run(b.e, NSEC_PER_SEC);
	CHECK_EQ(b.sink.at[0], 68 - 9 + 25);
	CHECK_EQ(b.sink.at[1], 500 + 68 - 9 + 25);
	CHECK_EQ(link_busy_until(b.end), 568);
	CHECK_EQ(link_frame_ns(b.end, 60), 67 - 9);
	bed_down(&b);
}

static void backlog_counts_what_is_not_out(void)
{
	uint64_t shared = 0;
	struct bed b;

	bed_up(&b);
	b.end->shared_bytes = &shared;
	for (uint32_t i = 0; i < 4; i++) {
		shared += 1514;		/* 1230.4 ns each */
		link_send(b.end, bed_frame(b.fp, 1514, 1, 2, 1), 0);
	}
	CHECK_EQ(link_backlog_bytes(b.end, 0), 4 * 1514);
	CHECK_EQ(link_backlog_bytes(b.end, 1221), 4 * 1514);
	CHECK_EQ(link_backlog_bytes(b.end, 1222), 3 * 1514);
	CHECK_EQ(shared, 3 * 1514);
	engine_run(b.e, 3000);
	CHECK_EQ(b.sink.n, 2);
	CHECK_EQ(shared, 2 * 1514);
	engine_run(b.e, 10000);
	CHECK_EQ(shared, 0);
	CHECK_EQ(link_backlog_bytes(b.end, 10000), 0);
	bed_down(&b);
}

static void directions_are_independent(void)
{
	struct sink other;
	struct bed b;

	bed_up(&b);
	sink_init(&other, b.fp);
	link_attach(link_end_of(b.l, 1), &other.in);
	link_send(b.end, bed_frame(b.fp, 118, 1, 2, 1), 0);
	link_send(link_end_of(b.l, 1), bed_frame(b.fp, 118, 2, 1, 1), 0);
	engine_run(b.e, 1000);
	CHECK_EQ(b.sink.at[0], other.at[0]);
	CHECK_EQ(other.n, 1);
	sink_drain(&other);
	bed_down(&b);
}

static void frames_under_way_come_back(void)
{
	struct bed b;

	bed_up(&b);
	for (uint32_t i = 0; i < 300; i++)	/* more than a slab */
		link_send(b.end, bed_frame(b.fp, 118, 1, 2, 1), 0);
	engine_run(b.e, 500);
	CHECK_EQ(frame_pool_out(b.fp), 300);
	bed_down(&b);
}

static void hash_sees_content_and_time(void)
{
	uint64_t hash[4];

	for (uint32_t i = 0; i < 4; i++) {
		struct frame *f;
		struct bed b;

		bed_up(&b);
		f = bed_frame(b.fp, 118, 1, 2, 1);
		be32_store(f->data + 38, i == 1 ? 7 : 0);
		link_send(b.end, f, i == 2 ? 1 : 0);
		engine_run(b.e, 1000);
		hash[i] = b.end->hash;
		bed_down(&b);
	}
	CHECK(hash[0] == hash[3]);
	CHECK(hash[0] != hash[1]);
	CHECK(hash[0] != hash[2]);
}

CU_MAIN("link", TEST(pacer_does_not_drift), TEST(pacer_divides_exactly),
	TEST(a_busy_link_carries_exactly_its_rate),
	TEST(frame_i_arrives_when_it_should), TEST(an_idle_link_starts_afresh),
	TEST(backlog_counts_what_is_not_out), TEST(directions_are_independent),
	TEST(frames_under_way_come_back), TEST(hash_sees_content_and_time))
