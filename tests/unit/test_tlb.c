/* SPDX-License-Identifier: MIT */
/*
 * test_tlb.c - which pages a thread's TLB holds, and what the others cost
 */
#include "base/rng.h"
#include "cu.h"
#include "sim/tlb.h"

enum { SMALL = 12, BIG = 21, REACH = 32, WALK = 50000 };

static struct costs costs;
static struct tlb m;
static struct tlb_thread t;

/* Flows of 512 B in each of two areas, objects of 1 KB in one. */
static void setup(uint32_t page_shift, uint64_t objects)
{
	memset(&costs, 0, sizeof(costs));
	costs.v[COST_line_bytes] = 64 * COST_SCALE;
	costs.v[COST_pcb_lines] = 16 * COST_SCALE;
	costs.v[COST_flow_pages] = 2 * COST_SCALE;
	costs.v[COST_object_pages] = 1 * COST_SCALE;
	costs.v[COST_object_bytes] = 1024 * COST_SCALE;
	costs.v[COST_tlb_walk] = WALK;
	costs.v[COST_tlb_walk_nested] = 2 * WALK;
	CHECK_EQ(tlb_init(&m, &costs, page_shift, REACH, false, objects), 0);
	CHECK(m.on);
	CHECK_EQ(tlb_thread_init(&t, &m), 0);
}

static void teardown(void)
{
	tlb_thread_fini(&t);
	tlb_fini(&m);
}

static uint32_t flow(uint32_t i)
{
	return i << 12;
}

static void it_is_off_without_prices(void)
{
	memset(&costs, 0, sizeof(costs));
	CHECK_EQ(tlb_init(&m, &costs, SMALL, REACH, false, 1000), 0);
	CHECK(!m.on);
	CHECK_EQ(tlb_thread_init(&t, &m), 0);
	CHECK(m.place == NULL && t.pages == NULL);
	teardown();
}

/* Eight flows lie on a small page of each area; 16 pairs of pages are held. */
static void the_reach_is_exact(void)
{
	static const struct { uint32_t flows; uint64_t ps; } at[] = {
		{ 8, 0 }, { 16 * 8, 0 }, { 17 * 8, 2 * WALK },
	};

	for (size_t k = 0; k < ARRAY_LEN(at); k++) {
		uint64_t before, ps = 0;

		setup(SMALL, 1);
		for (uint32_t i = 0; i < at[k].flows; i++)
			tlb_place(&m, flow(i), i);
		for (uint32_t i = 0; i < at[k].flows; i++)
			tlb_flow(&m, &t, flow(i));
		CHECK_EQ(t.misses_milli, 2 * at[k].flows / 8 * 1000);
		before = t.misses_milli;
		for (uint32_t i = 0; i < at[k].flows; i += 8)
			ps = tlb_flow(&m, &t, flow(i));
		CHECK_EQ(ps, at[k].ps);
		CHECK_EQ(t.misses_milli - before, at[k].ps ? 2 * at[k].flows / 8 * 1000 : 0);
		teardown();
	}
}

static void a_reopened_connection_takes_the_place_of_the_last(void)
{
	setup(SMALL, 1);
	for (uint32_t i = 0; i < 1000; i++) {
		tlb_place(&m, flow(i), 5);
		CHECK_EQ(tlb_flow(&m, &t, flow(i)), i ? 0 : 2 * WALK);
	}
	for (uint32_t i = 0; i < 4; i++) {		/* a thread of many has as many pages */
		tlb_place(&m, flow(i), 70000 + i * 200000);
		CHECK_EQ(tlb_flow(&m, &t, flow(i)), 2 * WALK);
	}
	tlb_place(&m, flow(0), UINT32_MAX);		/* past the end: the last place */
	CHECK_EQ(tlb_flow(&m, &t, flow(0)), 2 * WALK);
	teardown();
}

/* More pages than an area has room for: the rest share the last. */
static void state_without_measure_stays_in_its_area(void)
{
	setup(SMALL, 1);
	tlb_thread_fini(&t);
	tlb_fini(&m);
	costs.v[COST_pcb_lines] = 100000 * COST_SCALE;
	costs.v[COST_line_bytes] = 80000 * COST_SCALE;
	CHECK_EQ(tlb_init(&m, &costs, SMALL, REACH, false, 1), 0);
	CHECK_EQ(tlb_thread_init(&t, &m), 0);
	for (uint32_t i = 0; i < 100; i++) {
		tlb_place(&m, flow(i), i * 10000);
		tlb_flow(&m, &t, flow(i));
	}
	CHECK(t.misses_milli > 0);
	teardown();
}

/* What the last level of the tables costs is decided by its size: 8 B a page, in each dimension. */
static void a_walk_ends_where_the_tables_fit(void)
{
	enum { L2_LINE = 1000, L3_LINE = 5000, DRAM_LINE = 25000 };
	static const struct { uint32_t shift; bool nested; uint64_t objects, leaf; } at[] = {
		{ SMALL, false, 4096 * 4, 0 },			/* 4096 pages of 4 objects */
		{ SMALL, false, 4200 * 4, L2_LINE },
		{ SMALL, false, 40000 * 4, L3_LINE },
		{ SMALL, true, 40000 * 4, 2 * L3_LINE },
		{ SMALL, false, 3000000 * 4, DRAM_LINE },
		{ BIG, false, 3000000 * 4, L2_LINE },		/* the same memory, 5860 pages */
	};

	for (size_t i = 0; i < ARRAY_LEN(at); i++) {
		setup(SMALL, 1);
		teardown();
		costs.v[COST_l1_bytes] = 32768 * COST_SCALE;
		costs.v[COST_l2_bytes] = 262144 * COST_SCALE;
		costs.v[COST_l3_bytes] = 20971520ULL * COST_SCALE;
		costs.v[COST_l2_line] = L2_LINE;
		costs.v[COST_l3_line] = L3_LINE;
		costs.v[COST_dram_line] = DRAM_LINE;
		CHECK_EQ(tlb_init(&m, &costs, at[i].shift, REACH, at[i].nested, at[i].objects), 0);
		CHECK_EQ(m.object.walk_ps, (at[i].nested ? 2u : 1u) * WALK + at[i].leaf);
		tlb_fini(&m);
	}
}

/* Misses of 100 touches of random objects of @n. */
static uint64_t misses(uint32_t page_shift, uint64_t n)
{
	struct rng r;
	uint64_t before;

	setup(page_shift, n);
	rng_stream(&r, 1, 1);
	for (int i = 0; i < 100000; i++)
		tlb_object(&m, &t, (uint32_t)rng_u64(&r));
	before = t.misses_milli;
	for (int i = 0; i < 100000; i++)
		tlb_object(&m, &t, (uint32_t)rng_u64(&r));
	before = t.misses_milli - before;
	teardown();
	return before / 1000 / 1000;
}

/* Uniform objects are missed as often as their pages are outside the reach. */
static void large_pages_reach_further(void)
{
	CHECK_EQ(misses(SMALL, 100), 0);
	CHECK(misses(SMALL, 1000) > 85 && misses(SMALL, 1000) < 90);	/* 32 of 251 */
	CHECK_EQ(misses(BIG, 60000), 0);				/* 30 pages */
	CHECK(misses(BIG, 1000000) > 90 && misses(BIG, 1000000) < 95);	/* 32 of 489 */
	CHECK_EQ(misses(SMALL, 1000000), 99);
}

CU_MAIN("tlb", TEST(it_is_off_without_prices), TEST(the_reach_is_exact),
	TEST(a_walk_ends_where_the_tables_fit),
	TEST(a_reopened_connection_takes_the_place_of_the_last), TEST(large_pages_reach_further),
	TEST(state_without_measure_stays_in_its_area))
