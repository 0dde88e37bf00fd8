/* SPDX-License-Identifier: MIT */
/*
 * kv_preload.c - a store that is full at the start, so that runs need no load to warm it up
 *
 * Records 0, 1, ... of kv_dist.h in that order, as if each had been set at time 0. Where memory is
 * less than they need, the first ones are evicted as they would have been.
 */
#include "workloads/kv_preload.h"

enum { BATCH = 32 };		/* buckets are on their way while items are made */

/* Values are slices of a pattern; two periods of it hold every slice of one. */
static void value_write(uint8_t *to, uint32_t n, const uint8_t *slice)
{
	while (n > KV_VALUE_PERIOD) {
		memcpy(to, slice, KV_VALUE_PERIOD);
		to += KV_VALUE_PERIOD;
		n -= KV_VALUE_PERIOD;
	}
	memcpy(to, slice, n);
	memcpy(to + n, "\r\n", 2);
}

/* The items of records @first .. @first + @n - 1, and where they belong. */
static void make(struct kv_store *st, const struct kv_dist *d, const uint8_t *pattern,
		 uint32_t first, uint32_t n, struct kv_item **item, uint32_t *hash)
{
	for (uint32_t i = 0; i < n; i++) {
		char key[KV_KEY_MAX];
		uint32_t nkey = kv_dist_key(d, first + i, key);
		uint32_t len = kv_dist_value_len(d, first + i);
		const uint8_t *k = (const uint8_t *)key;
		enum kv_result why;

		hash[i] = kv_hash(st, k, nkey);
		kv_prefetch(st, hash[i]);
		item[i] = kv_item_new(st, k, nkey, 0, 0, len, &why);
		if (item[i])
			value_write(kv_value(item[i]), len, pattern + kv_value_off(first + i));
	}
}

void kv_preload(struct kv_store *st, enum kv_preset preset, uint32_t records)
{
	uint8_t pattern[2 * KV_VALUE_PERIOD];
	struct kv_item *item[BATCH];
	uint32_t hash[BATCH];
	struct kv_dist d;

	kv_dist_init(&d, preset, records, KV_SEED);
	kv_pattern(pattern, sizeof(pattern));
	for (uint32_t at = 0, n; at < records; at += n) {
		n = MIN(records - at, (uint32_t)BATCH);
		make(st, &d, pattern, at, n, item, hash);
		for (uint32_t i = 0; i < n; i++)
			if (item[i]) {
				kv_link(st, item[i], hash[i]);
				kv_unref(st, item[i]);
			}
	}
	for (uint32_t i = 0; i < st->n_classes; i++)	/* nobody has asked for anything yet */
		memset(&st->cls[i].stats, 0, sizeof(st->cls[i].stats));
}
