/* SPDX-License-Identifier: MIT */
/*
 * test_fault.c - rates, replay, independence of the kinds, flapping, and the knob table
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
	wild.dup_ppb = wild.reorder_ppb = 20 * PERCENT;
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
	CHECK(compared > 4000 && compared < 6000);
	CHECK(hits > 300);
}

static void raising_a_rate_only_adds(void)
{
	struct fault_cfg low = defaults(), high;
	struct fault a, b;

	low.loss_ppb = low.corrupt_ppb = 5 * PERCENT;
	high = low;
	high.loss_ppb = high.corrupt_ppb = 15 * PERCENT;
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
	TEST(link_flaps_after_the_first_period), TEST(an_empty_frame_has_no_bit_to_flip))
