/* SPDX-License-Identifier: MIT */
/*
 * seq.h - arithmetic on sequence numbers modulo 2^32 (RFC 9293, section 3.4)
 *
 * Comparisons hold for numbers less than 2^31 apart.
 */
#ifndef BASE_SEQ_H
#define BASE_SEQ_H

#include "base/types.h"

static inline bool seq_lt(uint32_t a, uint32_t b)  { return (int32_t)(a - b) < 0; }
static inline bool seq_leq(uint32_t a, uint32_t b) { return (int32_t)(a - b) <= 0; }
static inline bool seq_gt(uint32_t a, uint32_t b)  { return (int32_t)(a - b) > 0; }
static inline bool seq_geq(uint32_t a, uint32_t b) { return (int32_t)(a - b) >= 0; }

static inline uint32_t seq_max(uint32_t a, uint32_t b) { return seq_lt(a, b) ? b : a; }
static inline uint32_t seq_min(uint32_t a, uint32_t b) { return seq_lt(a, b) ? a : b; }

/** True when @x lies in [@lo, @lo + @len). */
static inline bool seq_in(uint32_t x, uint32_t lo, uint32_t len) { return x - lo < len; }

#endif
