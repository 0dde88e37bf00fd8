/* SPDX-License-Identifier: MIT */
/*
 * test_fault.c - rates, bursts, replay, independence of the kinds, flapping, and the knobs
 */
#include "base/fault.h"
#include "tests/unit/cu.h"

enum { FRAMES = 200000, LEN = 60, PERCENT = 10000000 };

static struct fault_cfg defaults(void)
{
	struct fault_cfg cfg;

	memset(&cfg, 0xa5, sizeof(cfg));
	knob_defaults(fault_knobs, n_fault_knobs, &cfg);
	return cfg;
}

static void no_faults_by_default(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	CHECK_EQ(cfg.loss_ppb | cfg.dup_ppb | cfg.corrupt_ppb | cfg.reorder_ppb, 0);
	CHECK_EQ(cfg.jitter_ns | cfg.flap_period_ns | cfg.flap_down_ns, 0);
	CHECK_EQ(cfg.ecn_ppb | cfg.blackout_ns | cfg.path_period_ns, 0);
	CHECK_EQ(cfg.burst_frames, 1);
	CHECK(!fault_wanted(&cfg));
	CHECK_EQ(cfg.reorder_frames, 3);
	CHECK_EQ(cfg.reorder_ns, 100000);
	fault_init(&f, &cfg, 1, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		struct fault_verdict v = fault_next(&f, LEN, i);

		CHECK(!v.drop && !v.dup && !v.corrupt && !v.reorder && v.delay_ns == 0);
	}
	CHECK_EQ(f.n_lost + f.n_dup + f.n_corrupt + f.n_reordered + f.n_flapped, 0);
}

static void knobs_describe_their_fields(void)
{
	struct fault_cfg cfg = defaults();

	for (size_t i = 0; i < n_fault_knobs; i++) {
		const struct knob *k = &fault_knobs[i];

		CHECK(k->doc != NULL && k->name != NULL);
		CHECK_EQ(knob_set(k, &cfg, k->max), 0);
		CHECK_EQ(knob_get(k, &cfg), k->max);
		CHECK_EQ(knob_set(k, &cfg, k->max + 1), -ERANGE);
		for (size_t j = 0; j < i; j++) {
			CHECK(strcmp(k->name, fault_knobs[j].name) != 0);
			CHECK(k->off != fault_knobs[j].off);
		}
	}
	CHECK_EQ(cfg.loss_ppb, 1000000000);
	CHECK_EQ(cfg.reorder_ppb, 1000000000);
}

static bool about(uint64_t n, uint64_t want)
{
	return n > want - want / 10 && n < want + want / 10;
}

static void rates_are_met_and_counted(void)
{
	struct fault_cfg cfg = defaults();
	uint64_t lost = 0, dup = 0, corrupt = 0, held = 0, delay = 0, most = 0, bits = 0;
	struct fault f;

	cfg.loss_ppb = 2 * PERCENT;
	cfg.dup_ppb = 3 * PERCENT;
	cfg.corrupt_ppb = 4 * PERCENT;
	cfg.reorder_ppb = 5 * PERCENT;
	cfg.jitter_ns = 999;
	fault_init(&f, &cfg, 1, 0);
	for (uint32_t i = 0; i < FRAMES; i++) {
		struct fault_verdict v = fault_next(&f, LEN, i);
		uint64_t jitter = v.delay_ns - (v.reorder ? cfg.reorder_ns : 0);

		lost += v.drop;
		dup += v.dup;
		corrupt += v.corrupt;
		held += v.reorder;
		delay += jitter;
		most = MAX(most, jitter);
		bits += v.corrupt_bit;
		CHECK(v.corrupt_bit < 8 * LEN);
		CHECK(!v.drop || (!v.dup && !v.corrupt && !v.reorder));
	}
	CHECK(about(lost, FRAMES * 2 / 100));
	CHECK(about(dup, FRAMES * 98 / 100 * 3 / 100));
	CHECK(about(corrupt, FRAMES * 98 / 100 * 4 / 100));
	CHECK(about(held, FRAMES * 98 / 100 * 5 / 100));
	CHECK(about(delay, FRAMES * 98ULL / 100 * 999 / 2));
	CHECK(about(bits, corrupt * 8 * LEN / 2));
	CHECK_EQ(most, 999);
	CHECK(f.n_lost == lost && f.n_dup == dup && f.n_corrupt == corrupt &&
	      f.n_reordered == held);
}

static void replays_bit_for_bit(void)
{
	struct fault_cfg cfg = defaults();
	uint32_t other = 0;
	struct fault a, b, c;

	cfg.loss_ppb = cfg.dup_ppb = cfg.corrupt_ppb = cfg.reorder_ppb = 10 * PERCENT;
	cfg.jitter_ns = 5000;
	fault_init(&a, &cfg, 9, 100);
	fault_init(&b, &cfg, 9, 100);
	fault_init(&c, &cfg, 9, 105);
	for (uint32_t i = 0; i < 5000; i++) {
		struct fault_verdict va = fault_next(&a, LEN + i % 1400, i);
		struct fault_verdict vb = fault_next(&b, LEN + i % 1400, i);
		struct fault_verdict vc = fault_next(&c, LEN + i % 1400, i);

		CHECK(va.drop == vb.drop && va.dup == vb.dup && va.corrupt == vb.corrupt &&
		      va.reorder == vb.reorder && va.corrupt_bit == vb.corrupt_bit &&
		      va.delay_ns == vb.delay_ns);
		other += va.drop != vc.drop;
	}
	CHECK(other > 500);	/* 2 * 0.1 * 0.9 of them */
}

/* The other kinds and the link's flaps do not move the pattern of corruption. */
static void kinds_do_not_disturb_each_other(void)
{
	struct fault_cfg calm = defaults(), wild;
	uint32_t compared = 0, hits = 0;
	struct fault a, b;

	calm.corrupt_ppb = 10 * PERCENT;
	calm.jitter_ns = 700;
	wild = calm;
	wild.loss_ppb = 30 * PERCENT;
	wild.burst_frames = 4;
	wild.dup_ppb = wild.reorder_ppb = wild.ecn_ppb = 20 * PERCENT;
	wild.flap_period_ns = 100;
	wild.flap_down_ns = 30;
	fault_init(&a, &calm, 2, 0);
	fault_init(&b, &wild, 2, 0);
	for (uint32_t i = 0; i < 10000; i++) {
		struct fault_verdict va = fault_next(&a, LEN, i), vb = fault_next(&b, LEN, i);

		if (vb.drop)
			continue;
		compared++;
		hits += va.corrupt;
		CHECK(va.corrupt == vb.corrupt && va.corrupt_bit == vb.corrupt_bit);
		CHECK(va.delay_ns == vb.delay_ns - (vb.reorder ? wild.reorder_ns : 0));
	}
	CHECK(compared > 4000 && compared < 6000);	/* 0.7 * 0.7 of them */
	CHECK(hits > 300);
}

static void raised(bool bursts)
{
	struct fault_cfg low = defaults(), high;
	struct fault a, b;

	low.loss_ppb = low.corrupt_ppb = 5 * PERCENT;
	high = low;
	high.loss_ppb = high.corrupt_ppb = 15 * PERCENT;
	low.burst_frames = high.burst_frames = 1 + 4 * (uint32_t)bursts;
	fault_init(&a, &low, 3, 0);
	fault_init(&b, &high, 3, 0);
	for (uint32_t i = 0; i < 10000; i++) {
		struct fault_verdict va = fault_next(&a, LEN, i), vb = fault_next(&b, LEN, i);

		CHECK(!va.drop || vb.drop);
		CHECK(!va.corrupt || vb.drop || (vb.corrupt && va.corrupt_bit == vb.corrupt_bit));
	}
	CHECK(b.n_lost > 2 * a.n_lost);
	CHECK(b.n_corrupt > 2 * a.n_corrupt);
}

static void raising_a_rate_only_adds(void)
{
	raised(false);
	raised(true);
}

/* The loss pattern of recorded runs: bursts of 1 are what was there before bursts. */
static void a_burst_of_one_is_no_burst(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;
	struct rng r;

	cfg.loss_ppb = 7 * PERCENT;
	fault_init(&f, &cfg, 5, 50);
	rng_stream(&r, 5, 50);
	for (uint32_t i = 0; i < 10000; i++)
		CHECK_EQ(fault_next(&f, LEN, i).drop, rng_chance(&r, 7 * PERCENT));
	CHECK(f.n_lost > 500);
}

static void bursts_have_the_mean_and_keep_the_rate(void)
{
	static const struct { uint32_t percent, mean; } c[] = { { 2, 8 }, { 5, 3 }, { 30, 5 } };

	for (size_t i = 0; i < ARRAY_LEN(c); i++) {
		struct fault_cfg cfg = defaults();
		uint64_t lost = 0, runs = 0;
		bool before = false;
		struct fault f;

		cfg.loss_ppb = c[i].percent * PERCENT;
		cfg.burst_frames = c[i].mean;
		fault_init(&f, &cfg, 4, 0);
		for (uint32_t n = 0; n < 5 * FRAMES; n++) {
			bool drop = fault_next(&f, LEN, n).drop;

			lost += drop;
			runs += drop && !before;
			before = drop;
		}
		CHECK(about(lost, 5ULL * FRAMES * c[i].percent / 100));
		CHECK(about(lost, runs * c[i].mean));
	}
}

/* 60 % of independent loss has runs of 2.5 frames: no memory makes them shorter. */
static void bursts_are_never_shorter_than_by_chance(void)
{
	struct fault_cfg a = defaults(), b = a;
	struct fault one, two;

	a.loss_ppb = b.loss_ppb = 60 * PERCENT;
	b.burst_frames = 2;
	fault_init(&one, &a, 6, 0);
	fault_init(&two, &b, 6, 0);
	for (uint32_t i = 0; i < 10000; i++)
		CHECK_EQ(fault_next(&one, LEN, i).drop, fault_next(&two, LEN, i).drop);
}

static void all_and_nothing_have_no_bursts(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	cfg.burst_frames = 1000000;
	fault_init(&f, &cfg, 1, 0);
	for (uint32_t i = 0; i < 1000; i++)
		CHECK(!fault_next(&f, LEN, i).drop);
	f.cfg.loss_ppb = 1000000000;
	for (uint32_t i = 0; i < 1000; i++)
		CHECK(fault_next(&f, LEN, i).drop);
	f.cfg = (struct fault_cfg){ 0 };	/* healed in the middle of a burst */
	CHECK(!fault_next(&f, LEN, 0).drop);
}

static void a_blackout_comes_once(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	cfg.blackout_at_ns = 300;
	CHECK(!fault_wanted(&cfg));
	cfg.blackout_ns = 200;
	CHECK(fault_wanted(&cfg));
	fault_init(&f, &cfg, 1, 0);
	for (nsec now = 0; now < 2000; now++)
		CHECK_EQ(fault_next(&f, LEN, now).drop, now >= 300 && now < 500);
	CHECK_EQ(f.n_flapped, 200);
}

static void the_path_changes_and_changes_back(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	cfg.path_period_ns = 100;
	CHECK(!fault_wanted(&cfg));
	cfg.path_extra_ns = 7000;
	CHECK(fault_wanted(&cfg));
	cfg.reorder_ppb = 10 * PERCENT;
	fault_init(&f, &cfg, 1, 0);
	for (nsec now = 0; now < 1000; now++) {
		struct fault_verdict v = fault_next(&f, LEN, now);

		CHECK_EQ(v.detour, now / 100 % 2 == 1);
		CHECK_EQ(v.delay_ns, (v.detour ? 7000 : 0) + (v.reorder ? cfg.reorder_ns : 0));
	}
	CHECK(f.n_reordered > 50);
}

static void marks_come_at_their_rate(void)
{
	struct fault_cfg cfg = defaults();
	uint64_t marks = 0;
	struct fault f;

	cfg.ecn_ppb = 10 * PERCENT;
	CHECK(fault_wanted(&cfg));
	fault_init(&f, &cfg, 1, 0);
	for (uint32_t i = 0; i < FRAMES; i++)
		marks += fault_next(&f, LEN, i).mark;
	CHECK(about(marks, FRAMES / 10));
}

/* Ones-complement sum of the header; 0xffff when its checksum holds. */
static uint32_t header_sum(const uint8_t *ip, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i += 2)
		sum += be16_load(ip + i);
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return sum;
}

static void only_capable_packets_are_marked_and_stay_right(void)
{
	uint8_t p[60], was[60];

	for (uint32_t i = 0; i < 4 * 65536; i++) {
		memset(p, 0, sizeof(p));
		be16_store(p + 12, 0x0800);
		p[14] = 0x46;
		p[15] = (uint8_t)(0xa4 | i % 4);
		be16_store(p + 18, (uint16_t)(i / 4));	/* every value of the checksum */
		be16_store(p + 24, (uint16_t)~header_sum(p + 14, 24));
		memcpy(was, p, sizeof(p));
		CHECK_EQ(fault_ecn_mark(p, sizeof(p)), i % 4 != 0);
		CHECK_EQ(p[15], i % 4 != 0 ? 0xa7 : 0xa4);
		CHECK_EQ(header_sum(p + 14, 24), 0xffff);
		was[15] = p[15];
		memcpy(was + 24, p + 24, 2);
		CHECK(memcmp(p, was, sizeof(p)) == 0);
	}
	CHECK(!fault_ecn_mark(p, 37));		/* options cut off */
	p[14] = 0x44;				/* shorter than a header */
	CHECK(!fault_ecn_mark(p, sizeof(p)));
	p[14] = 0x65;
	CHECK(!fault_ecn_mark(p, sizeof(p)));
	p[14] = 0x45;
	CHECK(fault_ecn_mark(p, 34));
	CHECK(!fault_ecn_mark(p, 33));
	be16_store(p + 12, 0x0806);
	CHECK(!fault_ecn_mark(p, sizeof(p)));
}

static void link_flaps_after_the_first_period(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	cfg.flap_period_ns = 1000;
	cfg.flap_down_ns = 10;
	fault_init(&f, &cfg, 1, 0);
	for (nsec now = 0; now < 5000; now++)
		CHECK_EQ(fault_next(&f, LEN, now).drop, now >= 1000 && now % 1000 < 10);
	CHECK_EQ(f.n_flapped, 40);
	CHECK_EQ(f.n_lost, 0);
}

static void an_empty_frame_has_no_bit_to_flip(void)
{
	struct fault_cfg cfg = defaults();
	struct fault f;

	cfg.corrupt_ppb = 100 * PERCENT;
	fault_init(&f, &cfg, 1, 0);
	CHECK(!fault_next(&f, 0, 0).corrupt);
	CHECK(fault_next(&f, 1, 0).corrupt);
	CHECK(fault_next(&f, 1, 0).corrupt_bit < 8);
	CHECK_EQ(f.n_corrupt, 2);
}

CU_MAIN("fault", TEST(no_faults_by_default), TEST(knobs_describe_their_fields),
	TEST(rates_are_met_and_counted), TEST(replays_bit_for_bit),
	TEST(kinds_do_not_disturb_each_other), TEST(raising_a_rate_only_adds),
	TEST(a_burst_of_one_is_no_burst), TEST(bursts_have_the_mean_and_keep_the_rate),
	TEST(bursts_are_never_shorter_than_by_chance), TEST(all_and_nothing_have_no_bursts),
	TEST(a_blackout_comes_once), TEST(the_path_changes_and_changes_back),
	TEST(marks_come_at_their_rate), TEST(only_capable_packets_are_marked_and_stay_right),
	TEST(link_flaps_after_the_first_period), TEST(an_empty_frame_has_no_bit_to_flip))
