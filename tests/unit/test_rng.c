/* SPDX-License-Identifier: MIT */
/*
 * test_rng.c - the generator against its published algorithm, and what every user of a
 * stream relies on: pinned values, independence, exact ranges
 */
#include "base/rng.h"
#include "tests/unit/cu.h"

/* xoshiro256** from the state 1, 2, 3, 4: the reference implementation's first outputs. */
static void matches_the_published_algorithm(void)
{
	static const uint64_t want[] = {
		11520, 0, 1509978240, 1215971899390074240, 1216172134540287360,
		607988272756665600, 16172922978634559625U, 8476171486693032832,
		10595114339597558777U, 2904607092377533576,
	};
	struct rng r = { { 1, 2, 3, 4 } };

	for (uint32_t i = 0; i < ARRAY_LEN(want); i++)
		CHECK_EQ(rng_u64(&r), want[i]);
}

/* Computed by a separate program; a change here changes every recorded run. */
static void streams_are_pinned(void)
{
	static const struct {
		uint64_t seed, stream, want[3];
	} v[] = {
		{ 0, 0, { 0x30bb94d28b7ab90c, 0x16a17f40c767e533, 0xe3e4b8ec5f525c28 } },
		{ 42, 0, { 0x4fa257184348bb94, 0x7c2c9a11c6af5cf1, 0x74a4342d6693dd9d } },
		{ 42, 1, { 0x1eb4a55f230a2c04, 0x261a2448a2d50f45, 0x59c88066637ea82c } },
		{ UINT64_MAX, UINT64_MAX,
		  { 0x3bc675e4f8a5843b, 0xea6f50791f9d9949, 0xd9b47208b05be56a } },
	};

	for (uint32_t i = 0; i < ARRAY_LEN(v); i++) {
		struct rng r;

		rng_stream(&r, v[i].seed, v[i].stream);
		for (uint32_t j = 0; j < 3; j++)
			CHECK_EQ(rng_u64(&r), v[i].want[j]);
	}
}

/* Bits in which the outputs of two generators differ: 32 of 64 when independent. */
static void check_unrelated(struct rng *a, struct rng *b)
{
	uint64_t differ = 0;

	for (uint32_t i = 0; i < 1000; i++)
		differ += (uint64_t)__builtin_popcountll(rng_u64(a) ^ rng_u64(b));
	CHECK(differ > 31300 && differ < 32700);	/* 32000 +- 5.5 sigma */
}

static void neighbouring_streams_are_unrelated(void)
{
	for (uint64_t n = 0; n < 64; n++) {
		struct rng a, b;

		rng_stream(&a, 1, n);
		rng_stream(&b, 1, n + 1);
		check_unrelated(&a, &b);
		rng_stream(&a, n, 1);
		rng_stream(&b, n + 1, 1);
		check_unrelated(&a, &b);
		rng_stream(&a, n, n + 1);
		rng_stream(&b, n + 1, n);
		check_unrelated(&a, &b);
	}
}

static void split_is_unrelated_to_its_parent(void)
{
	struct rng parent, child, sibling, again, child2;

	rng_stream(&parent, 5, 5);
	again = parent;
	rng_split(&parent, &child);
	rng_split(&again, &child2);
	CHECK(memcmp(&child, &child2, sizeof(child)) == 0);
	check_unrelated(&parent, &child);
	rng_split(&parent, &sibling);
	check_unrelated(&child, &sibling);
}

static void below_is_in_range_and_even(void)
{
	static const uint64_t ns[] = { 1, 2, 3, 10, 1000, 1ULL << 32, (1ULL << 63) + 1,
				       UINT64_MAX };
	uint32_t count[10] = { 0 };
	struct rng r;

	rng_stream(&r, 3, 0);
	for (uint32_t i = 0; i < ARRAY_LEN(ns); i++)
		for (uint32_t j = 0; j < 1000; j++)
			CHECK(rng_below(&r, ns[i]) < ns[i]);
	for (uint32_t i = 0; i < 100000; i++)
		count[rng_below(&r, 10)]++;
	for (uint32_t i = 0; i < 10; i++)
		CHECK(count[i] > 9500 && count[i] < 10500);
}

/*
 * Where a modulo would show: n is 3/4 of 2^64, so a biased draw puts half instead of a
 * third of its values below n / 3.
 */
static void below_has_no_bias(void)
{
	uint64_t n = 3ULL << 62;
	uint32_t low = 0;
	struct rng r;

	rng_stream(&r, 4, 0);
	for (uint32_t i = 0; i < 30000; i++)
		low += rng_below(&r, n) % 3 == 0;
	CHECK(low > 9600 && low < 10400);
	low = 0;
	for (uint32_t i = 0; i < 30000; i++)
		low += rng_below(&r, n) < n / 3;
	CHECK(low > 9600 && low < 10400);
}

static void unit_is_below_one(void)
{
	struct rng top = { { 0, 0x3333333333333333, 0, 0 } };
	double sum = 0, x;
	struct rng r;

	rng_stream(&r, 6, 0);
	for (uint32_t i = 0; i < 100000; i++) {
		x = rng_unit(&r);
		CHECK(x >= 0.0 && x < 1.0);
		sum += x;
	}
	CHECK(sum > 49500 && sum < 50500);
	for (uint32_t i = 0; i < 10; i++)
		CHECK(rng_unit(&top) < 1.0);
}

static void chance_hits_its_rate(void)
{
	struct rng r, before;
	uint32_t hits = 0;

	rng_stream(&r, 8, 0);
	before = r;
	CHECK(!rng_chance(&r, 0));
	CHECK(rng_chance(&r, 1000000000));
	CHECK(memcmp(&r, &before, sizeof(r)) == 0);	/* nothing was drawn */
	for (uint32_t i = 0; i < 1000000; i++)
		hits += rng_chance(&r, 10000000);	/* 1 % */
	CHECK(hits > 9500 && hits < 10500);
	CHECK(memcmp(&r, &before, sizeof(r)) != 0);
}

CU_MAIN("rng", TEST(matches_the_published_algorithm), TEST(streams_are_pinned),
	TEST(neighbouring_streams_are_unrelated), TEST(split_is_unrelated_to_its_parent),
	TEST(below_is_in_range_and_even), TEST(below_has_no_bias), TEST(unit_is_below_one),
	TEST(chance_hits_its_rate))
