/* SPDX-License-Identifier: MIT */
/*
 * test_load.c - utilisation over a sliding horizon, and the wait it stands for
 */
#include "cu.h"
#include "sim/load.h"

static void a_steady_load_is_measured(void)
{
	struct load all = { 0 }, own = { 0 };

	for (nsec t = 0; t < 10 * LOAD_HORIZON; t += 500) {
		load_add(&all, t, 150000);		/* 150 of 500 ns */
		if (t % 1000 == 0)
			load_add(&all, t, 200000);	/* 200 of 1000, by us */
		if (t % 1000 == 0)
			load_add(&own, t, 200000);
		if (t < 2 * LOAD_HORIZON)
			continue;
		CHECK(load_busy(&all, t) / 1000 - 49500 <= 1000);
		CHECK(load_others(&all, &own, t) - 298000 <= 4000);
	}
}

static void a_single_user_is_nobody_else(void)
{
	struct load all = { 0 }, own = { 0 };
	uint64_t x = 88172645463325252;

	for (nsec t = 0; t < 30 * LOAD_HORIZON; t += x % 70000) {
		x ^= x << 13;
		x ^= x >> 7;
		x ^= x << 17;
		load_add(&all, t, x % 9999999);
		load_add(&own, t, x % 9999999);
		CHECK_EQ(load_others(&all, &own, t + 12345), 0);
	}
}

static void it_is_forgotten(void)
{
	struct load l = { 0 };

	load_add(&l, 5, 1000000);
	CHECK_EQ(load_busy(&l, 5), 1000000);
	CHECK_EQ(load_busy(&l, LOAD_HORIZON + LOAD_HORIZON / 4), 750000);
	CHECK_EQ(load_busy(&l, 2 * LOAD_HORIZON), 0);
	load_add(&l, 7 * LOAD_HORIZON, 5);
	CHECK_EQ(load_busy(&l, 7 * LOAD_HORIZON), 5);
}

/* rho / (2 (1 - rho)), growing, and bounded. */
static void waits_are_those_of_a_queue(void)
{
	uint64_t last = 0;

	CHECK_EQ(load_wait(0), 0);
	CHECK_EQ(load_wait(500000), 500000);
	CHECK_EQ(load_wait(800000), 2000000);
	for (uint64_t rho = 0; rho < 2 * LOAD_FULL; rho += 1000) {
		CHECK(load_wait(rho) >= last);
		last = load_wait(rho);
	}
	CHECK_EQ(last, 49500000);
}

CU_MAIN("load", TEST(a_steady_load_is_measured), TEST(a_single_user_is_nobody_else),
	TEST(it_is_forgotten), TEST(waits_are_those_of_a_queue))
