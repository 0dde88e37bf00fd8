/* SPDX-License-Identifier: MIT */
/*
 * dist.c - logarithm and exponential by reduction and series, gaps by inversion
 */
#include "workloads/dist.h"

const char *const dist_names[] = { "exponential", "fixed", "uniform", "gpareto",
				   NULL };

/* ln 2 in two parts; the first has 21 trailing zero bits, so e * LN2_HI is exact. */
static const double LN2_HI = 0x1.62e42fee00000p-1;
static const double LN2_LO = 0x1.a39ef35793c76p-33;

static const double INV_LN2 = 0x1.71547652b82fep+0;

/* Shape of the gaps that Facebook saw at its ETC pool. */
static const double GPARETO_SHAPE = 0.154971;

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
	sum = s2 * (1.0 / 23);
	sum = (sum + 1.0 / 21) * s2;
	sum = (sum + 1.0 / 19) * s2;
	sum = (sum + 1.0 / 17) * s2;
	sum = (sum + 1.0 / 15) * s2;
	sum = (sum + 1.0 / 13) * s2;
	sum = (sum + 1.0 / 11) * s2;
	sum = (sum + 1.0 / 9) * s2;
	sum = (sum + 1.0 / 7) * s2;
	sum = (sum + 1.0 / 5) * s2;
	sum = (sum + 1.0 / 3) * s2;
	return e * LN2_HI + (e * LN2_LO + 2 * (s + s * sum));
}

/* x = k ln 2 + r with |r| <= ln 2 / 2, and the terms of e^r left out are below 1e-17. */
double dist_exp(double x)
{
	uint64_t bits;
	double k, r, sum, scale;
	int64_t n;

	assert(x >= -700 && x <= 700);
	n = (int64_t)(x * INV_LN2 + (x < 0 ? -0.5 : 0.5));
	k = (double)n;
	r = (x - k * LN2_HI) - k * LN2_LO;
	sum = 1 + r * (1.0 / 13);
	sum = 1 + sum * r * (1.0 / 12);
	sum = 1 + sum * r * (1.0 / 11);
	sum = 1 + sum * r * (1.0 / 10);
	sum = 1 + sum * r * (1.0 / 9);
	sum = 1 + sum * r * (1.0 / 8);
	sum = 1 + sum * r * (1.0 / 7);
	sum = 1 + sum * r * (1.0 / 6);
	sum = 1 + sum * r * (1.0 / 5);
	sum = 1 + sum * r * (1.0 / 4);
	sum = 1 + sum * r * (1.0 / 3);
	sum = 1 + sum * r * 0.5;
	sum = 1 + sum * r;
	bits = (uint64_t)(n + 0x3ff) << 52;
	memcpy(&scale, &bits, sizeof(scale));
	return sum * scale;
}

double dist_pow(double x, double y)
{
	return dist_exp(y * dist_ln(x));
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
	case DIST_GPARETO:
		return d->mean_ns * ((1 - GPARETO_SHAPE) / GPARETO_SHAPE) *
		       (dist_pow(1 - rng_unit(r), -GPARETO_SHAPE) - 1);
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
