/* SPDX-License-Identifier: MIT */
/* test_dist.c - workloads/dist.c: the logarithm against libm, moments, no drift, golden draws */
#include <math.h>
#include <string.h>

#include "tests/unit/cu.h"
#include "workloads/dist.h"

static void ln_agrees_with_libm(void)
{
	struct rng r;
	double worst = 0;

	rng_stream(&r, 1, 1);
	for (int i = 0; i < 500000; i++) {
		double u = 1 - rng_unit(&r);
		double x = i % 2 ? u : ldexp(u, (int)rng_below(&r, 200) - 100);
		double err = fabs(dist_ln(x) - log(x));

		worst = err > worst ? err : worst;
	}
	CHECK(worst <= 1e-12);
	CHECK(fabs(dist_ln(0x1p-53) - log(0x1p-53)) <= 1e-12);
	for (int k = -60; k <= 60; k++)	/* both sides of every reduction boundary */
		for (int e = -3; e <= 3; e++) {
			double x = ldexp(M_SQRT2, k) * (1 + e * 0x1p-52);

			CHECK(fabs(dist_ln(x) - log(x)) <= 1e-12);
		}
}

static void ln_of_one_is_zero(void)
{
	CHECK(dist_ln(1) == 0);
	CHECK(dist_ln(2) == 0x1.62e42fefa39efp-1);
}

static void exp_agrees_with_libm(void)
{
	struct rng r;
	double worst = 0;

	rng_stream(&r, 2, 1);
	for (int i = 0; i < 500000; i++) {
		double x = (rng_unit(&r) - 0.5) * (i % 2 ? 1400 : 4);
		double err = fabs(dist_exp(x) / exp(x) - 1);

		worst = err > worst ? err : worst;
	}
	CHECK(worst <= 1e-15);
	for (int k = -900; k <= 900; k++)	/* both sides of every reduction boundary */
		for (int e = -3; e <= 3; e++) {
			double x = (k + 0.5) * M_LN2 * (1 + e * 0x1p-52);

			CHECK(fabs(dist_exp(x) / exp(x) - 1) <= 1e-15);
		}
	CHECK(dist_exp(0) == 1);
}

static void pow_agrees_with_libm(void)
{
	struct rng r;
	double worst = 0;

	rng_stream(&r, 3, 1);
	for (int i = 0; i < 500000; i++) {
		double x = ldexp(1 - rng_unit(&r), (int)rng_below(&r, 60) - 30);
		double y = (rng_unit(&r) - 0.5) * 40;
		double err = fabs(dist_pow(x, y) / pow(x, y) - 1) / (1 + fabs(y));

		worst = err > worst ? err : worst;
	}
	CHECK(worst <= 1e-12);
	CHECK(dist_pow(1, 17) == 1);
}

static double mean_of(enum dist_kind kind, double mean, uint64_t *over_mean, uint64_t *max)
{
	struct dist d;
	struct rng r;
	double sum = 0;

	rng_stream(&r, 42, 5);
	dist_init(&d, kind, mean);
	*over_mean = *max = 0;
	for (int i = 0; i < 1000000; i++) {
		uint64_t g = dist_gap_ns(&d, &r);

		sum += (double)g;
		*over_mean += (double)g > mean;
		*max = MAX(*max, g);
	}
	return sum / 1e6;
}

static void exponential_has_its_shape(void)
{
	uint64_t over, max;
	double mean = mean_of(DIST_EXPONENTIAL, 5000, &over, &max);

	CHECK(fabs(mean - 5000) < 25);			/* 5 standard errors */
	CHECK(fabs((double)over / 1e6 - exp(-1)) < 0.0025);
	CHECK(max > 5000 * 10 && max < 5000 * 25);	/* ln 1e6 = 13.8 means */
}

/* P(gap > x) = (1 + 0.154971 x / scale)^(-1/0.154971), scale = mean (1 - 0.154971). */
static void gpareto_has_its_shape(void)
{
	uint64_t over, max;
	double mean = mean_of(DIST_GPARETO, 5000, &over, &max);
	double p = pow(1 + 0.154971 / (1 - 0.154971), -1 / 0.154971);

	CHECK(fabs(mean - 5000) < 30);			/* 5 standard errors */
	CHECK(fabs((double)over / 1e6 - p) < 0.0025);
	CHECK(max > 5000 * 25 && max < 5000 * 120);
}

static void uniform_has_its_range(void)
{
	uint64_t over, max;
	double mean = mean_of(DIST_UNIFORM, 5000, &over, &max);

	CHECK(fabs(mean - 5000) < 15);
	CHECK(fabs((double)over / 1e6 - 0.5) < 0.0025);
	CHECK(max >= 9990 && max <= 10000);
}

static void fixed_does_not_drift(void)
{
	struct dist d;
	struct rng r, before;
	uint64_t sum = 0;

	rng_stream(&r, 1, 1);
	before = r;
	dist_init(&d, DIST_FIXED, 10.0 / 3);
	for (int i = 0; i < 3000000; i++) {
		uint64_t g = dist_gap_ns(&d, &r);

		CHECK(g == 3 || g == 4);
		sum += g;
	}
	CHECK(sum >= 9999999 && sum <= 10000000);
	CHECK(memcmp(&r, &before, sizeof(r)) == 0);	/* draws nothing */
}

static void means_below_a_nanosecond_work(void)
{
	uint64_t over, max;

	CHECK(fabs(mean_of(DIST_EXPONENTIAL, 0.25, &over, &max) - 0.25) < 0.002);
}

/* The same bits with every compiler, level and machine: change only on purpose. */
static void golden_draws(void)
{
	uint64_t h = 0xcbf29ce484222325, bits;
	struct dist d;
	struct rng r;

	rng_stream(&r, 2014, 1);
	dist_init(&d, DIST_EXPONENTIAL, 1234.5);
	for (int i = 0; i < 100000; i++) {
		double x = dist_ln(1 - rng_unit(&r));

		memcpy(&bits, &x, sizeof(bits));
		h = (h ^ bits) * 0x100000001b3;
		h = (h ^ dist_gap_ns(&d, &r)) * 0x100000001b3;
	}
	CHECK_EQ(h, 0x39090949b37445bd);
	dist_init(&d, DIST_GPARETO, 1234.5);
	for (int i = 0; i < 100000; i++) {
		double x = dist_pow(1 - rng_unit(&r), -0.154971);

		memcpy(&bits, &x, sizeof(bits));
		h = (h ^ bits) * 0x100000001b3;
		h = (h ^ dist_gap_ns(&d, &r)) * 0x100000001b3;
	}
	CHECK_EQ(h, 0x92ba2f9a7edda458);
}

CU_MAIN("dist", TEST(ln_agrees_with_libm), TEST(ln_of_one_is_zero),
	TEST(exp_agrees_with_libm), TEST(pow_agrees_with_libm), TEST(exponential_has_its_shape),
	TEST(gpareto_has_its_shape), TEST(uniform_has_its_range), TEST(fixed_does_not_drift),
	TEST(means_below_a_nanosecond_work), TEST(golden_draws))
