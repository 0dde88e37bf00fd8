/* SPDX-License-Identifier: MIT */
/*
 * kv_dist.h - the records of a key-value store and who asks for them how often
 *
 * ETC and USR are two memcached pools of Facebook (Atikoglu et al., SIGMETRICS 2012) as the IX
 * paper loads them (section 5.5): sizes, mix and gaps. Record i has one key and one value for
 * all time, functions of (preset, records, seed), so a store that was filled, a later SET and
 * whoever checks an answer agree without talking.
 *
 * No libm: the tables come from dist_pow(), so every machine draws the same records.
 */
#ifndef WORKLOADS_KV_DIST_H
#define WORKLOADS_KV_DIST_H

#include "base/knob.h"
#include "workloads/dist.h"

/* The plain ones update as often as the authors' scripts, the others as often as their text
 * says; records and gaps are the same. */
enum kv_preset { KV_ETC, KV_ETC_OSDI, KV_USR, KV_USR_OSDI, KV_PRESET_NR };

/** NULL-terminated, for knobs; index is enum kv_preset. */
extern const char *const kv_preset_names[];

enum {
	KV_KEY_MAX = 250,		/* bytes, memcached's limit */
	KV_VALUE_MAX = 1000000,		/* bytes */
	KV_SMALL = 15,			/* values below have a probability each */
	KV_VALUE_PERIOD = 4096,		/* bytes after which the bytes of a value recur */
	KV_GUIDE = 256,			/* slices of the unit interval */
	KV_OCTAVES = 31, KV_SUBS = 32,
};

/** What store and load must agree on; the seed that they use unless a test wants another. */
#define KV_SEED		2014

/* Private to kv_dist.c but for @preset and @records. Probabilities are in 2^-31. A quantile q is
 * looked up by where its slice of the unit interval starts (guide), then step by step. */
struct kv_dist {
	enum kv_preset preset;
	uint32_t records, digits;
	uint64_t seed;
	uint8_t key_guide[KV_GUIDE], small_guide[KV_GUIDE];
	uint32_t key_cdf[KV_KEY_MAX + 1];
	uint32_t small_cdf[KV_SMALL];
	/* Longer values, in 1/256 B, against the probability of a longer one: KV_SUBS knots an
	 * octave, straight between them. */
	int32_t tail[KV_OCTAVES * KV_SUBS + 1];
};

/** @records is 1 or more. */
void kv_dist_init(struct kv_dist *d, enum kv_preset preset, uint32_t records, uint64_t seed);

/** Bytes of the key of @record. */
uint32_t kv_dist_key_len(const struct kv_dist *d, uint32_t record);

/** The key of @record into @out: its number in decimal, zeros in front. Returns its length. No two
 * records have the same. */
uint32_t kv_dist_key(const struct kv_dist *d, uint32_t record, char out[KV_KEY_MAX]);

/** Bytes of the value of @record, 0 or more. */
uint32_t kv_dist_value_len(const struct kv_dist *d, uint32_t record);

/** Requests that update, in 1e9; the others read. */
uint32_t kv_update_ppb(enum kv_preset preset);

/** Distribution of the gaps between requests. */
enum dist_kind kv_gap_kind(enum kv_preset preset);

/** Values are slices of one pattern of period KV_VALUE_PERIOD; where that of @record starts. */
static inline uint32_t kv_value_off(uint32_t record)
{
	return (record * 2654435761u >> 16) % KV_VALUE_PERIOD;
}

static inline uint8_t kv_pattern_byte(uint32_t i)
{
	return (uint8_t)((i % KV_VALUE_PERIOD + 1) * 2246822519u >> 24);
}

/** Byte @j of the value of @record. */
static inline uint8_t kv_value_byte(uint32_t record, uint32_t j)
{
	return kv_pattern_byte(kv_value_off(record) + j);
}

/** The pattern from its start; kv_value_byte(r, j) is @buf[kv_value_off(r) + j]. */
void kv_pattern(uint8_t *buf, size_t len);

#endif
