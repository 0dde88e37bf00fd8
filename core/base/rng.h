/* SPDX-License-Identifier: MIT */
/*
 * rng.h - seeded splittable generator (xoshiro256**, seeded through SplitMix64)
 *
 * Every random element owns a numbered stream: rng_stream(seed, n). Two streams of
 * one seed are independent, and drawing from one never disturbs another.
 */
#ifndef BASE_RNG_H
#define BASE_RNG_H

#include "base/types.h"

struct rng {
	uint64_t s[4];
};

/** Stream @stream of @seed. Any values, 0 included. */
void rng_stream(struct rng *r, uint64_t seed, uint64_t stream);

/** Child generator, independent of the parent's later draws. */
void rng_split(struct rng *parent, struct rng *child);

uint64_t rng_u64(struct rng *r);

/** Uniform in [0, @n), @n >= 1, without bias. */
uint64_t rng_below(struct rng *r, uint64_t n);

/** Uniform in [0, 1), 53 bits. */
double rng_unit(struct rng *r);

/** True with probability @ppb / 1e9; draws nothing at 0 and at 1e9. */
bool rng_chance(struct rng *r, uint32_t ppb);

#endif
