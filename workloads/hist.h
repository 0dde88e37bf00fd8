/* SPDX-License-Identifier: MIT */
/*
 * hist.h - log-linear histogram of nanoseconds, mergeable, at most 1% relative error
 *
 * 128 linear sub-buckets an octave: a bucket is at most 1/128 of its value wide.
 * Fixed size, no allocation; count, sum, min and max are exact.
 */
#ifndef WORKLOADS_HIST_H
#define WORKLOADS_HIST_H

#include <stdint.h>

enum { HIST_SUB_BITS = 7, HIST_OCTAVES = 40, HIST_BUCKETS = (HIST_OCTAVES + 1) << HIST_SUB_BITS };

struct hist {
	uint64_t n, sum, min, max;
	uint64_t bucket[HIST_BUCKETS];	/* values at and above 2^(HIST_OCTAVES + 7) clamp */
};

void hist_reset(struct hist *h);
void hist_add(struct hist *h, uint64_t v);
void hist_merge(struct hist *to, const struct hist *from);
/** Value at quantile @ppm / 1e6 (500000: the median), 0 when empty: the midpoint of the bucket,
 * clamped to [min, max]. */
uint64_t hist_quantile(const struct hist *h, uint32_t ppm);
double hist_mean(const struct hist *h);

#endif
