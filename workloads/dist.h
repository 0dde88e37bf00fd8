/* SPDX-License-Identifier: MIT */
/*
 * dist.h - gaps between arrivals, the same on every machine
 *
 * Uses + - * / on IEEE doubles and no libm, so a seed gives the same gaps under any
 * compiler and C library (built with -ffp-contract=off).
 */
#ifndef WORKLOADS_DIST_H
#define WORKLOADS_DIST_H

#include "base/rng.h"

enum dist_kind { DIST_EXPONENTIAL, DIST_FIXED, DIST_UNIFORM, DIST_GPARETO, DIST_NR };

/** NULL-terminated, for knobs; index is enum dist_kind. */
extern const char *const dist_names[];

struct dist {
	enum dist_kind kind;
	double mean_ns;		/* > 0; may be below 1 */
	double carry_ns;	/* fraction not yet given out, in [0, 1) */
};

void dist_init(struct dist *d, enum dist_kind kind, double mean_ns);

/**
 * The next gap in whole nanoseconds. What rounding cuts off is carried, so that n gaps
 * add up to the n real-valued gaps to within 1 ns: rates do not drift. UNIFORM is on
 * [0, 2 mean). FIXED draws nothing. GPARETO is generalised Pareto of shape 0.154971, as at
 * Facebook's ETC pool (Atikoglu et al., SIGMETRICS 2012), scaled to the mean.
 */
uint64_t dist_gap_ns(struct dist *d, struct rng *r);

/** Natural logarithm of a positive normal number, absolute error <= 1e-12 + 2^-52 |ln x|. */
double dist_ln(double x);

/** e to the @x, |x| <= 700, relative error <= 1e-15. */
double dist_exp(double x);

/** @x to the @y, x positive and normal, |y ln x| <= 700; relative error <= 1e-12 (1 + |y|). */
double dist_pow(double x, double y);

#endif
