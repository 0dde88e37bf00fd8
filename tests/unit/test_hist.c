/* SPDX-License-Identifier: MIT */
/* test_hist.c - workloads/hist.c: exactness, relative error, merge, clamping */
#include <stdlib.h>
#include <string.h>

#include "base/rng.h"
#include "tests/unit/cu.h"
#include "workloads/hist.h"

static struct hist a, b, c;

static void empty_answers_zero(void)
{
	hist_reset(&a);
	CHECK_EQ(hist_quantile(&a, 500000), 0);
	CHECK(hist_mean(&a) == 0);
}

static void small_values_are_exact(void)
{
	hist_reset(&a);
	for (uint64_t v = 0; v < 128; v++)
		hist_add(&a, v);
	CHECK_EQ(a.n, 128);
	CHECK_EQ(a.sum, 127 * 64);
	CHECK_EQ(hist_quantile(&a, 500000), 63);	/* the 64th smallest */
	CHECK_EQ(hist_quantile(&a, 1000000), 127);
	CHECK_EQ(hist_quantile(&a, 0), 0);
	CHECK_EQ(hist_quantile(&a, 7813), 1);		/* just past 1/128 */
}

static void one_value_is_every_quantile(void)
{
	hist_reset(&a);
	hist_add(&a, 123456789);
	for (uint32_t q = 0; q <= 1000000; q += 50000)
		CHECK_EQ(hist_quantile(&a, q), 123456789);
}

static int by_value(const void *x, const void *y)
{
	uint64_t p = *(const uint64_t *)x, q = *(const uint64_t *)y;

	return (p > q) - (p < q);
}

static void quantiles_within_one_percent(void)
{
	enum { N = 20000 };
	static uint64_t v[N];
	struct rng r;

	rng_stream(&r, 1, 1);
	hist_reset(&a);
	for (int i = 0; i < N; i++) {
		v[i] = rng_u64(&r) >> (18 + rng_below(&r, 46));
		hist_add(&a, v[i]);
	}
	qsort(v, N, sizeof(v[0]), by_value);
	for (uint32_t q = 50; q <= 1000000; q += 50) {	/* N divides 1e6: ranks are whole */
		double want = (double)v[(uint64_t)q * N / 1000000 - 1];
		double got = (double)hist_quantile(&a, q);

		if (got < want * 0.99 - 0.5 || got > want * 1.01 + 0.5) {
			CHECK_EQ(got, want);
			return;
		}
	}
	CHECK_EQ(a.min, v[0]);
	CHECK_EQ(a.max, v[N - 1]);
}

static void every_octave_has_its_buckets(void)
{
	for (int o = 8; o < 47; o++) {
		uint64_t lo = 1ULL << o;

		hist_reset(&a);
		hist_add(&a, lo - 1);
		hist_add(&a, lo);
		hist_add(&a, lo + (lo >> 7));
		hist_add(&a, 1ULL << 50);
		hist_add(&a, 0);
		uint64_t below = hist_quantile(&a, 400000), first = hist_quantile(&a, 600000);
		uint64_t next = hist_quantile(&a, 800000);

		CHECK(below < lo && first >= lo && first < lo + (lo >> 7));
		CHECK(next >= lo + (lo >> 7));
	}
}

static void huge_values_clamp(void)
{
	hist_reset(&a);
	hist_add(&a, UINT64_MAX);
	hist_add(&a, 1ULL << 47);
	hist_add(&a, 1);
	CHECK_EQ(a.bucket[HIST_BUCKETS - 1], 2);
	CHECK_EQ(a.max, UINT64_MAX);
	CHECK(hist_quantile(&a, 900000) >= (1ULL << 46));
}

static void merge_is_the_union(void)
{
	struct rng r;

	rng_stream(&r, 3, 1);
	hist_reset(&a);
	hist_reset(&b);
	hist_reset(&c);
	hist_merge(&a, &c);	/* an empty one changes nothing, min included */
	for (int i = 0; i < 5000; i++) {
		uint64_t v = 1000 + rng_below(&r, 1000000);

		hist_add(i % 3 ? &a : &b, v);
		hist_add(&c, v);
	}
	hist_merge(&a, &b);
	CHECK(memcmp(&a, &c, sizeof(a)) == 0);
	hist_reset(&b);
	hist_merge(&b, &c);
	CHECK(memcmp(&b, &c, sizeof(b)) == 0);
}

CU_MAIN("hist", TEST(empty_answers_zero), TEST(small_values_are_exact),
	TEST(one_value_is_every_quantile), TEST(quantiles_within_one_percent),
	TEST(every_octave_has_its_buckets), TEST(huge_values_clamp), TEST(merge_is_the_union))
