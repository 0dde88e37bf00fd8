/* SPDX-License-Identifier: MIT */
/* test_due.c - workloads/due.h: the earliest first, of equal ones the lower index */
#include <stdlib.h>

#include "base/rng.h"
#include "tests/unit/cu.h"
#include "workloads/due.h"

enum { N = 4096 };

static struct due at[N];
static struct due_heap h = { at, 0 };

static void sorted(void)
{
	struct rng r;
	struct due last = { 0, 0 };

	rng_stream(&r, 1, 1);
	CHECK(due_first_ns(&h) == NSEC_NEVER);
	for (uint32_t i = 0; i < N; i++)
		due_push(&h, rng_below(&r, 1000), i);
	for (uint32_t i = 0; i < N; i++) {
		struct due first = at[0];

		CHECK(i == 0 || due_before(&last, &first));
		last = first;
		due_pop(&h);
	}
	CHECK(h.n == 0 && due_first_ns(&h) == NSEC_NEVER);
}

/* As a load uses it: the first goes on to a later time, some leave and come back. Every index is
 * served as often as its gaps say. */
static void replaced(void)
{
	static uint64_t due_ns[N], times[N];
	uint64_t now = 0;
	struct rng r;

	rng_stream(&r, 2, 2);
	for (uint32_t i = 0; i < N; i++)
		due_push(&h, due_ns[i] = rng_below(&r, 1000), i);
	for (int k = 0; k < 400000; k++) {
		uint32_t i = at[0].index;

		CHECK(at[0].ns >= now && at[0].ns == due_ns[i]);
		now = at[0].ns;
		times[i]++;
		due_ns[i] += 500 + rng_below(&r, 1000);
		if (rng_below(&r, 4)) {
			due_replace(&h, due_ns[i], i);
		} else {
			due_pop(&h);
			due_push(&h, due_ns[i], i);
		}
	}
	for (uint32_t i = 0; i < N; i++)
		CHECK(times[i] > 70 && times[i] < 130);	/* 97.7 each */
	CHECK(h.n == N);
}

CU_MAIN("due", TEST(sorted), TEST(replaced))
