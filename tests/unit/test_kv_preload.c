/* SPDX-License-Identifier: MIT */
/* test_kv_preload.c - a store that begins with records has every one of them, byte for byte */
#include "tests/unit/cu.h"
#include "tests/unit/kv_bed.h"
#include "workloads/kv_dist.h"
#include "workloads/kv_preload.h"

static struct kv_item *find(const struct kv_dist *d, uint32_t record)
{
	char key[KV_KEY_MAX];
	uint32_t n = kv_dist_key(d, record, key);
	const uint8_t *k = (const uint8_t *)key;

	return kv_find(kb.app->st, k, n, kv_hash(kb.app->st, k, n));
}

static bool is_right(const struct kv_dist *d, uint32_t record, struct kv_item *it)
{
	if (it->nbytes != kv_dist_value_len(d, record))
		return false;
	for (uint32_t j = 0; j < it->nbytes; j++)
		if (kv_value(it)[j] != kv_value_byte(record, j))
			return false;
	return memcmp(kv_value(it) + it->nbytes, "\r\n", 2) == 0;
}

static void begin(uint32_t what, uint32_t records, uint64_t memory)
{
	kv_bed_init();
	kv_bed_set("memory_limit", memory);
	kv_bed_set("stored", 1);
	kv_bed_set("preset", what);
	kv_bed_set("records", records);
	kv_bed_start();
}

static void every_record(void)
{
	static const uint32_t what[] = { KV_ETC, KV_USR };

	for (size_t k = 0; k < ARRAY_LEN(what); k++) {
		struct kv_dist d;
		uint32_t wrong = 0;

		begin(what[k], 20000, 64 << 20);
		kv_dist_init(&d, (enum kv_preset)what[k], 20000, KV_SEED);
		CHECK_EQ(kb.app->st->n_items, 20000);
		for (uint32_t i = 0; i < 20000; i++) {
			struct kv_item *it = find(&d, i);

			wrong += !it || !is_right(&d, i, it);
		}
		CHECK_EQ(wrong, 0);
		kv_bed_end();
	}
}

/* More than memory holds: the last ones are there. */
static void too_many_records(void)
{
	struct kv_dist d;

	begin(KV_USR, 50000, 1 << 20);
	kv_dist_init(&d, KV_USR, 50000, KV_SEED);
	CHECK_EQ(kb.app->st->n_items, (1 << 20) / 96);
	CHECK(find(&d, 49999) != NULL && is_right(&d, 49999, find(&d, 49999)));
	CHECK(!find(&d, 0));
	kv_bed_end();
}

/* A client's request finds one. */
static void over_a_connection(void)
{
	struct kv_dist d;
	char ask[KV_KEY_MAX + 8], want[KV_KEY_MAX + 64];
	uint32_t n, len;

	begin(KV_USR, 1000, 1 << 20);
	kv_dist_init(&d, KV_USR, 1000, KV_SEED);
	kv_bed_open();
	memcpy(ask, "get ", 4);
	n = kv_dist_key(&d, 77, ask + 4);
	memcpy(ask + 4 + n, "\r\n", 2);
	kv_bed_put(0, ask, n + 6);
	kv_bed_settle();
	len = kv_dist_value_len(&d, 77);
	n = (uint32_t)snprintf(want, sizeof(want), "VALUE %.*s 0 %u\r\n", (int)n, ask + 4, len);
	CHECK(kb.conn[0].n_out == n + len + 7 && memcmp(kb.conn[0].out, want, n) == 0);
	CHECK_EQ(kb.conn[0].out[n], kv_value_byte(77, 0));
	kv_bed_end();
}

CU_MAIN("kv_preload", TEST(every_record), TEST(too_many_records), TEST(over_a_connection))
