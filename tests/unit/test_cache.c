/* SPDX-License-Identifier: MIT */
/*
 * test_cache.c - reuse distance decides the level, the level the price
 */
#include "base/rng.h"
#include "cu.h"
#include "sim/cache.h"

enum { LINES = 5, STATE = LINES * 64, FRAME = 64, TOUCH = STATE + FRAME };
enum { P1 = 0, P2 = 1000 * LINES, P3 = 5000 * LINES, PM = 38000 * LINES };

static struct costs costs;
static struct cache cache;
static struct cache_thread th[2];

static void setup(void)
{
	memset(&costs, 0, sizeof(costs));
	costs.v[COST_line_bytes] = 64 * COST_SCALE;
	costs.v[COST_l1_bytes] = 32768ULL * COST_SCALE;
	costs.v[COST_l2_bytes] = 262144ULL * COST_SCALE;
	costs.v[COST_l3_bytes] = 20971520ULL * COST_SCALE;
	costs.v[COST_l2_line] = 1000;
	costs.v[COST_l3_line] = 5000;
	costs.v[COST_dram_line] = 38000;
	costs.v[COST_pcb_lines] = 2000;
	costs.v[COST_bucket_lines] = 1000;
	costs.v[COST_app_lines] = 2000;
	costs.v[COST_base_misses] = 1400;
	CHECK_EQ(cache_init(&cache, &costs), 0);
	cache_thread_init(&th[0], &cache);
	cache_thread_init(&th[1], &cache);
}

/* Hash of flow @i in a slot of its own. */
static uint32_t flow(uint32_t i)
{
	return i << (32 - CACHE_SLOT_BITS);
}

static uint64_t touch(int t, uint32_t i)
{
	return cache_touch(&cache, &th[t], flow(i), FRAME, false);
}

static void first_touch_is_a_miss(void)
{
	setup();
	CHECK_EQ(touch(0, 7), PM);
	CHECK_EQ(touch(0, 7), P1);
	CHECK_EQ(th[0].count.touches, 2);
	CHECK_EQ(th[0].count.misses_milli, 2 * 1400 + LINES * 1000);
	cache_fini(&cache);
}

static void a_new_connection_is_warm(void)
{
	setup();
	CHECK_EQ(cache_touch(&cache, &th[0], flow(3), FRAME, true), P2);
	CHECK_EQ(th[0].count.misses_milli, 1400);
	cache_fini(&cache);
}

/* Round robin over n flows: everybody's reuse distance is (n - 1) touches. */
static uint64_t round_robin(uint32_t n)
{
	uint64_t ps = 0;

	for (uint32_t i = 0; i < 2 * n; i++)
		ps = touch(0, i % n);
	return ps;
}

static void distance_decides_the_level(void)
{
	static const struct { uint32_t n; uint64_t want; } at[] = {
		{ 32768 / TOUCH, P1 }, { 32768 / TOUCH + 2, P2 }, { 262144 / TOUCH, P2 },
		{ 262144 / TOUCH + 2, P3 }, { 20971520 / TOUCH, P3 }, { 20971520 / TOUCH + 2, PM },
		{ 250000, PM },
	};

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		setup();
		CHECK_EQ(round_robin(at[i].n), at[i].want);
		cache_fini(&cache);
	}
}

/* What another thread touches pushes a flow out of the shared level only. */
static void threads_share_the_last_level(void)
{
	setup();
	touch(0, 1);
	for (uint32_t i = 0; i < 1000; i++)
		touch(1, 100 + i);
	CHECK_EQ(touch(0, 1), P1);
	for (uint32_t i = 0; i < 200; i++)
		touch(0, 2000 + i);
	CHECK_EQ(touch(0, 1), P2);
	for (uint32_t i = 0; i < 1000; i++)
		touch(0, 2000 + i);
	for (uint32_t i = 0; i < 20971520 / TOUCH; i++)
		touch(1, 10000 + i);
	CHECK_EQ(touch(0, 1), PM);
	cache_fini(&cache);
}

/* Uniformly random flows: misses grow with their number, and never shrink. */
static void misses_grow_with_connections(void)
{
	static const uint32_t n[] = { 1000, 50000, 100000, 250000 };
	uint64_t last = 0;

	for (size_t k = 0; k < ARRAY_LEN(n); k++) {
		struct rng r;
		uint64_t before;

		setup();
		rng_stream(&r, 1, 1);
		for (uint32_t i = 0; i < n[k]; i++)
			touch(0, i);
		before = th[0].count.misses_milli;
		for (uint32_t i = 0; i < 100000; i++)
			touch(0, (uint32_t)rng_below(&r, n[k]));
		before = th[0].count.misses_milli - before;
		CHECK(before >= last);
		if (n[k] == 1000)
			CHECK_EQ(before, 100000 * 1400);
		if (n[k] == 250000)
			CHECK(before > 100000ULL * (1400 + LINES * 700));
		last = before;
		cache_fini(&cache);
	}
}

/* Objects are a class of their own, in the same levels. */
static void objects_share_the_levels(void)
{
	enum { OBJECT_LINES = 3 };

	setup();
	cache_fini(&cache);
	CHECK_EQ(cache_touch_object(&cache, &th[0], 1), 0);	/* no lines: free, no table */
	CHECK(cache.object.slots == NULL);
	costs.v[COST_object_lines] = OBJECT_LINES * 1000;
	CHECK_EQ(cache_init(&cache, &costs), 0);
	th[0].count = (struct cache_counters){ 0 };
	touch(0, 1);
	CHECK(cache.object.slots == NULL);			/* until one is touched */
	CHECK_EQ(cache_touch_object(&cache, &th[0], flow(1)), 38000 * OBJECT_LINES);
	CHECK_EQ(cache_touch_object(&cache, &th[0], flow(1)), 0);
	CHECK_EQ(th[0].count.touches, 1);
	CHECK_EQ(th[0].count.objects, 2);
	CHECK_EQ(th[0].count.misses_milli, 1400 + (LINES + OBJECT_LINES) * 1000);
	for (uint32_t i = 0; i < 300; i++)
		cache_touch_object(&cache, &th[0], i << (32 - CACHE_OBJECT_BITS) | 1);
	CHECK_EQ(touch(0, 1), P2);				/* out of the first level */
	for (uint32_t i = 0; i < 20971520 / (64 * OBJECT_LINES) + 2; i++)
		cache_touch_object(&cache, &th[1], i << (32 - CACHE_OBJECT_BITS));
	CHECK_EQ(touch(0, 1), P1);				/* another thread cannot do that */
	CHECK_EQ(cache_touch_object(&cache, &th[1], 0), 38000 * OBJECT_LINES);
	cache_fini(&cache);
}

CU_MAIN("cache", TEST(first_touch_is_a_miss), TEST(a_new_connection_is_warm),
	TEST(distance_decides_the_level), TEST(threads_share_the_last_level),
	TEST(misses_grow_with_connections),
	TEST(objects_share_the_levels))
