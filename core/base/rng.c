/* SPDX-License-Identifier: MIT */
/*
 * rng.c - xoshiro256** (Blackman and Vigna, 2018), seeded through SplitMix64
 * (Steele, Lea and Flood, 2014)
 *
 * rng_stream() and rng_split() make a generator; the rest draws from one. Integer
 * arithmetic only, but for one exact multiplication by 2^-53, so every machine draws the
 * same numbers. Not here: distributions (workloads/dist.c), secrets (a backend's entropy).
 */
#include "base/rng.h"

#define SPLITMIX_GAMMA	0x9e3779b97f4a7c15ULL

/* SplitMix64's output function: a bijection, every input bit reaches every output bit. */
static uint64_t mix(uint64_t z)
{
	z = (z ^ z >> 30) * 0xbf58476d1ce4e5b9ULL;
	z = (z ^ z >> 27) * 0x94d049bb133111ebULL;
	return z ^ z >> 31;
}

/* Four consecutive SplitMix64 outputs differ from each other, so they are never all zero. */
static void seed_state(struct rng *r, uint64_t x)
{
	for (size_t i = 0; i < ARRAY_LEN(r->s); i++)
		r->s[i] = mix(x += SPLITMIX_GAMMA);
}

void rng_stream(struct rng *r, uint64_t seed, uint64_t stream)
{
	seed_state(r, mix(mix(seed + SPLITMIX_GAMMA) + stream));
}

void rng_split(struct rng *parent, struct rng *child)
{
	seed_state(child, mix(rng_u64(parent)));
}

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

uint64_t rng_u64(struct rng *r)
{
	uint64_t *s = r->s;
	uint64_t result = rotl(s[1] * 5, 7) * 9;
	uint64_t t = s[1] << 17;

	s[2] ^= s[0];
	s[3] ^= s[1];
	s[1] ^= s[2];
	s[0] ^= s[3];
	s[2] ^= t;
	s[3] = rotl(s[3], 45);
	return result;
}

/* Lemire, "Fast random integer generation in an interval", 2019. */
uint64_t rng_below(struct rng *r, uint64_t n)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m;

	assert(n >= 1);
	m = (u128)rng_u64(r) * n;
	if (unlikely((uint64_t)m < n)) {
		uint64_t floor = -n % n;	/* 2^64 mod n: this many low parts are excess */

		while ((uint64_t)m < floor)
			m = (u128)rng_u64(r) * n;
	}
	return (uint64_t)(m >> 64);
}

double rng_unit(struct rng *r)
{
	return (double)(rng_u64(r) >> 11) * 0x1.0p-53;
}

bool rng_chance(struct rng *r, uint32_t ppb)
{
	if (ppb == 0)
		return false;
	if (ppb >= 1000000000)
		return true;
	return rng_below(r, 1000000000) < ppb;
}
