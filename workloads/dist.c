/* SPDX-License-Identifier: MIT */
/*
 * dist.c - logarithm by reduction and series, gaps by inversion
 */
#include "workloads/dist.h"

const char *const dist_names[] = { "exponential", "fixed", "uniform", NULL };

/* ln 2 in two parts; the first has 21 trailing zero bits, so e * LN2_HI is exact. */
static const double LN2_HI = 0x1.62e42fee00000p-1;
static const double LN2_LO = 0x1.a39ef35793c76p-33;

static const uint64_t EXP_MASK = 0x7ffULL << 52;
static const uint64_t EXP_ONE = 0x3ffULL << 52;
static const uint64_t SQRT2_FRAC = 0x6a09e667f3bcdULL;	/* fraction bits of sqrt 2 */

/* x = m 2^e with m in [sqrt(1/2), sqrt 2); ln m = 2 atanh(s), s = (m - 1) / (m + 1). With
 * |s| < 0.172 the terms left out are below 1e-19. */
double dist_ln(double x)
{
	uint64_t bits;
	double m, s, s2, sum, e;
	int64_t exp;

	memcpy(&bits, &x, sizeof(bits));
	assert(x > 0 && (bits & EXP_MASK) != 0 && (bits & EXP_MASK) != EXP_MASK);
	exp = (int64_t)(bits >> 52) - 0x3ff;
	bits = (bits & ~EXP_MASK) | EXP_ONE;
	if ((bits & ~EXP_ONE) > SQRT2_FRAC) {
		bits -= 1ULL << 52;
		exp++;
	}
	memcpy(&m, &bits, sizeof(m));
	e = (double)exp;
	s = (m - 1) / (m + 1);
	s2 = s * s;
	sum = 0;
	for (int k = 23; k >= 3; k -= 2)
		sum = (sum + 1.0 / k) * s2;
	return e * LN2_HI + (e * LN2_LO + 2 * (s + s * sum));
}

void dist_init(struct dist *d, enum dist_kind kind, double mean_ns)
{
	assert(mean_ns > 0);
	*d = (struct dist){ .kind = kind, .mean_ns = mean_ns };
}

static double draw(const struct dist *d, struct rng *r)
{
	switch (d->kind) {
	case DIST_EXPONENTIAL:
		return d->mean_ns * -dist_ln(1 - rng_unit(r));
	case DIST_UNIFORM:
		return d->mean_ns * 2 * rng_unit(r);
	default:
		return d->mean_ns;
	}
}

uint64_t dist_gap_ns(struct dist *d, struct rng *r)
{
	double gap = draw(d, r) + d->carry_ns;
	uint64_t whole = (uint64_t)gap;

	d->carry_ns = gap - (double)whole;
	return whole;
}
