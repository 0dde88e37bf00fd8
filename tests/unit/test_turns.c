/* SPDX-License-Identifier: MIT */
/* test_turns.c - whose turn it is */
#include "tests/unit/cu.h"
#include "workloads/turns.h"

enum { N = 8 };

/* First come, first served, over the end of the ring and back. */
static void longest_first(void)
{
	uint32_t at[N], in = 0, out = 0;
	struct turns t = { .at = at, .max = N };

	for (int round = 0; round < 5 * N; round++) {
		while (t.n < N)
			turns_put(&t, in++);
		for (int i = 0; i <= round % N; i++) {
			CHECK_EQ(turns_next(&t), out);
			CHECK_EQ(turns_take(&t), out++);
		}
	}
	while (t.n)
		CHECK_EQ(turns_take(&t), out++);
	CHECK_EQ(in, out);
}

/* What is next is taken; nobody is lost or doubled; after a put and a take each of those that
 * wait is as likely. */
static void any_by_chance(void)
{
	struct rng chance;
	uint32_t at[N], taken[N] = { 0 }, waits = 0, again = 0, last = N;
	struct turns t = { .at = at, .max = N, .chance = &chance };

	rng_stream(&chance, 1, 0);
	for (uint32_t i = 0; i < N; i++) {
		turns_put(&t, i);
		waits |= BIT(i);
	}
	for (int i = 0; i < 80000; i++) {
		uint32_t next = turns_next(&t), it = turns_take(&t);

		CHECK_EQ(it, next);
		CHECK((waits & BIT(it)) != 0);
		taken[it]++;
		again += it == last;
		last = it;
		turns_put(&t, it);
	}
	for (uint32_t i = 0; i < N; i++)
		CHECK(taken[i] > 9600 && taken[i] < 10400);
	CHECK_EQ(again, 0);	/* the next one was drawn before it came back */
	for (uint32_t i = 0; i < N; i++) {
		uint32_t it = turns_take(&t);

		CHECK((waits & BIT(it)) != 0);
		waits &= ~BIT(it);
	}
	CHECK_EQ(t.n, 0);
}

/* One slot is enough for one that waits. */
static void ring_of_one(void)
{
	struct rng chance;
	uint32_t at[1];
	struct turns t = { .at = at, .max = 1, .chance = &chance };

	rng_stream(&chance, 1, 0);
	for (uint32_t i = 0; i < 3; i++) {
		turns_put(&t, i);
		CHECK_EQ(turns_take(&t), i);
		CHECK_EQ(t.n, 0);
	}
}

CU_MAIN("turns", TEST(longest_first), TEST(any_by_chance), TEST(ring_of_one))
