/* SPDX-License-Identifier: MIT */
/*
 * hist.c - log-linear histogram: which bucket a value falls into, and back
 *
 * Bucket row 0 holds 0 .. 127 exactly; row o + 1 holds [2^(o+7), 2^(o+8)) in 128 buckets
 * of 2^o each. A quantile answers with the middle of its bucket.
 */
#include "workloads/hist.h"

#include <string.h>

enum { SUB = 1 << HIST_SUB_BITS };

void hist_reset(struct hist *h)
{
	memset(h, 0, sizeof(*h));
}

static uint32_t bucket_of(uint64_t v)
{
	uint32_t octave;

	if (v < SUB)
		return (uint32_t)v;
	if (v >> (HIST_OCTAVES + HIST_SUB_BITS))
		return HIST_BUCKETS - 1;
	octave = 63 - HIST_SUB_BITS - (uint32_t)__builtin_clzll(v);
	return ((octave + 1) << HIST_SUB_BITS) + (uint32_t)((v >> octave) & (SUB - 1));
}

static uint64_t midpoint(uint32_t bucket)
{
	uint32_t row = bucket >> HIST_SUB_BITS;
	uint64_t sub = bucket & (SUB - 1);

	if (row == 0)
		return sub;
	return ((SUB + sub) << (row - 1)) + ((1ULL << (row - 1)) >> 1);
}

void hist_add(struct hist *h, uint64_t v)
{
	if (h->n == 0 || v < h->min)
		h->min = v;
	if (v > h->max)
		h->max = v;
	h->n++;
	h->sum += v;
	h->bucket[bucket_of(v)]++;
}

void hist_merge(struct hist *to, const struct hist *from)
{
	if (from->n == 0)
		return;
	if (to->n == 0 || from->min < to->min)
		to->min = from->min;
	if (from->max > to->max)
		to->max = from->max;
	to->n += from->n;
	to->sum += from->sum;
	for (uint32_t i = 0; i < HIST_BUCKETS; i++)
		to->bucket[i] += from->bucket[i];
}

/* How many values lie at or below the quantile: ceil(n * ppm / 1e6), 1 .. n. */
static uint64_t rank_of(uint64_t n, uint32_t ppm)
{
	uint64_t rank = n / 1000000 * ppm + (n % 1000000 * ppm + 999999) / 1000000;

	return rank == 0 ? 1 : rank > n ? n : rank;
}

uint64_t hist_quantile(const struct hist *h, uint32_t ppm)
{
	uint64_t rank, seen = 0, v;
	uint32_t i = 0;

	if (h->n == 0)
		return 0;
	rank = rank_of(h->n, ppm);
	while (i < HIST_BUCKETS - 1 && (seen += h->bucket[i]) < rank)
		i++;
	v = midpoint(i);
	return v < h->min ? h->min : v > h->max ? h->max : v;
}

double hist_mean(const struct hist *h)
{
	return h->n ? (double)h->sum / (double)h->n : 0;
}
