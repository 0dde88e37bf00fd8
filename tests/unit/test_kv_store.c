/* SPDX-License-Identifier: MIT */
/* test_kv_store.c - the store: classes, table, LRU, expiry, references, every verb */
#include <stdlib.h>

#include "base/rng.h"
#include "tests/unit/cu.h"
#include "workloads/kv_store.h"

static struct kv_store *st;

enum { MIB = 1 << 20 };

static void store_start(uint64_t limit, uint32_t power)
{
	struct kv_store_cfg cfg = { .memory_limit = limit, .hash_power = power, .evict = true,
				    .seed = 3, .unix_ns = 1000000000 * NSEC_PER_SEC };
	size_t n = ALIGN_UP(kv_store_bytes(&cfg), (size_t)CACHE_LINE);

	st = aligned_alloc(CACHE_LINE, n);
	CU_ASSERT_FATAL(st != NULL);
	memset(st, 0, n);
	kv_store_init(st, &cfg);
	kv_store_clock(st, 0);
}

static void store_end(void)
{
	free(st);
}

static const uint8_t *bytes(const char *s) { return (const uint8_t *)s; }

static uint32_t hash(const char *key)
{
	return kv_hash(st, bytes(key), (uint32_t)strlen(key));
}

static struct kv_item *make(const char *key, const char *value, uint32_t n, uint32_t exptime)
{
	enum kv_result why;
	struct kv_item *it = kv_item_new(st, bytes(key), (uint32_t)strlen(key), 0, exptime, n,
					 &why);

	if (it) {
		memset(kv_value(it), value[0], n);
		memcpy(kv_value(it), value, MIN(n, strlen(value)));
		memcpy(kv_value(it) + n, "\r\n", 2);
	}
	return it;
}

static enum kv_result put(const char *key, const char *value, enum kv_verb verb, uint64_t cas)
{
	struct kv_item *it = make(key, value, (uint32_t)strlen(value), 0);

	CU_ASSERT_FATAL(it != NULL);
	return kv_put(st, it, hash(key), verb, &cas);
}

static struct kv_item *find(const char *key)
{
	return kv_find(st, bytes(key), (uint32_t)strlen(key), hash(key));
}

static bool has(const char *key, const char *value)
{
	struct kv_item *it = find(key);

	return it && it->nbytes == strlen(value) &&
	       memcmp(kv_value(it), value, it->nbytes) == 0 &&
	       memcmp(kv_value(it) + it->nbytes, "\r\n", 2) == 0;
}

/* The sizes that memcached -vv prints. */
static void classes_are_memcacheds(void)
{
	static const uint32_t want[] = {
		96, 120, 152, 192, 240, 304, 384, 480, 600, 752, 944, 1184, 1480, 1856, 2320, 2904,
		3632, 4544, 5680, 7104, 8880, 11104, 13880, 17352, 21696, 27120, 33904, 42384,
		52984, 66232, 82792, 103496, 129376, 161720, 202152, 252696, 315872, 394840,
		493552, 616944, 771184, 1048576,
	};

	store_start(MIB, 8);
	CHECK_EQ(st->n_classes, ARRAY_LEN(want));
	for (uint32_t i = 0; i < st->n_classes; i++) {
		CHECK_EQ(st->cls[i].size, want[i]);
		CHECK_EQ(st->cls[i].per_page, MIB / want[i]);
		CHECK_EQ(kv_slab_class(st, want[i]), i);
		CHECK_EQ(kv_slab_class(st, want[i] + 1), i + 1);
	}
	store_end();
}

static void numbers(void)
{
	static const struct {
		const char *text;
		bool ok;
		uint64_t v;
	} t[] = {
		{ "0", true, 0 }, { "18446744073709551615", true, UINT64_MAX },
		{ "18446744073709551616", false, 0 }, { "99999999999999999999", false, 0 },
		{ "", false, 0 }, { "1a", false, 0 }, { "-1", false, 0 }, { "007", true, 7 },
	};
	uint8_t buf[KV_DELTA_DIGITS];

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		uint64_t v = 0;

		CHECK_EQ(kv_number(bytes(t[i].text), (uint32_t)strlen(t[i].text), &v), t[i].ok);
		CHECK(!t[i].ok || v == t[i].v);
	}
	CHECK_EQ(kv_decimal(buf, UINT64_MAX), 20);
	CHECK(memcmp(buf, "18446744073709551615", 20) == 0);
	CHECK_EQ(kv_decimal(buf, 0), 1);
	CHECK_EQ(buf[0], '0');
}

static void verbs(void)
{
	uint64_t cas;

	store_start(MIB, 8);
	CHECK_EQ(put("k", "v1", KV_REPLACE, 0), KV_NOT_STORED);
	CHECK_EQ(put("k", "v1", KV_APPEND, 0), KV_NOT_STORED);
	CHECK_EQ(put("k", "v1", KV_CAS, 1), KV_NOT_FOUND);
	CHECK_EQ(put("k", "v1", KV_ADD, 0), KV_STORED);
	CHECK_EQ(put("k", "v2", KV_ADD, 0), KV_NOT_STORED);
	CHECK(has("k", "v1"));
	CHECK_EQ(put("k", "v2", KV_REPLACE, 0), KV_STORED);
	CHECK_EQ(put("k", "++", KV_APPEND, 0), KV_STORED);
	CHECK_EQ(put("k", "--", KV_PREPEND, 0), KV_STORED);
	CHECK(has("k", "--v2++"));
	cas = find("k")->cas;
	CHECK_EQ(put("k", "x", KV_CAS, cas + 1), KV_EXISTS);
	CHECK_EQ(put("k", "x", KV_APPEND, cas + 1), KV_EXISTS);
	CHECK_EQ(put("k", "x", KV_CAS, cas), KV_STORED);
	CHECK_EQ(put("k", "y", KV_CAS, cas), KV_EXISTS);
	CHECK(has("k", "x"));
	CHECK_EQ(kv_delete(st, bytes("k"), 1, hash("k"), cas), KV_EXISTS);
	CHECK_EQ(kv_delete(st, bytes("k"), 1, hash("k"), 0), KV_STORED);
	CHECK_EQ(kv_delete(st, bytes("k"), 1, hash("k"), 0), KV_NOT_FOUND);
	CHECK_EQ(st->n_items, 0);
	CHECK_EQ(st->bytes, 0);
	CHECK_EQ(st->cls[0].requested, 0);
	store_end();
}

static enum kv_result delta(const char *key, bool incr, uint64_t by, uint64_t *v)
{
	uint64_t cas = 0;

	return kv_delta(st, bytes(key), (uint32_t)strlen(key), hash(key), incr, by, &cas, v);
}

static void deltas(void)
{
	struct kv_item *it;
	uint64_t v;

	store_start(MIB, 8);
	CHECK_EQ(delta("n", true, 1, &v), KV_NOT_FOUND);
	put("n", "9", KV_SET, 0);
	CHECK_EQ(delta("n", true, 1, &v), KV_STORED);	/* longer: another item */
	CHECK(v == 10 && has("n", "10"));
	CHECK_EQ(delta("n", false, 1, &v), KV_STORED);	/* in place, a blank behind */
	CHECK(v == 9 && has("n", "9 "));
	CHECK_EQ(delta("n", true, 3, &v), KV_STORED);
	CHECK(v == 12 && has("n", "12"));
	CHECK_EQ(delta("n", false, 100, &v), KV_STORED);
	CHECK(v == 0 && has("n", "0 "));
	it = find("n");
	kv_ref(it);		/* it is being sent: its bytes must stay */
	CHECK_EQ(delta("n", true, 5, &v), KV_STORED);
	CHECK(memcmp(kv_value(it), "0 ", 2) == 0);
	CHECK(find("n") != it && has("n", "5"));
	kv_unref(st, it);
	put("n", "18446744073709551615", KV_SET, 0);
	CHECK_EQ(delta("n", true, 2, &v), KV_STORED);
	CHECK_EQ(v, 1);
	put("n", " 9 0", KV_SET, 0);	/* as strtoull() reads it */
	CHECK_EQ(delta("n", true, 2, &v), KV_STORED);
	CHECK(v == 11 && has("n", "11  "));
	put("n", "9x", KV_SET, 0);
	CHECK_EQ(delta("n", true, 2, &v), KV_NON_NUMERIC);
	put("n", "five", KV_SET, 0);
	CHECK_EQ(delta("n", true, 1, &v), KV_NON_NUMERIC);
	put("n", "", KV_SET, 0);
	CHECK_EQ(delta("n", true, 1, &v), KV_NON_NUMERIC);
	store_end();
}

static void expiry(void)
{
	uint64_t cas = 0;

	store_start(MIB, 8);
	kv_put(st, make("a", "1", 1, kv_exptime(st, 10)), hash("a"), KV_SET, &cas);
	kv_put(st, make("b", "1", 1, kv_exptime(st, 0)), hash("b"), KV_SET, &cas);
	kv_put(st, make("c", "1", 1, kv_exptime(st, -1)), hash("c"), KV_SET, &cas);
	/* absolute: a second ago, in five seconds, when nobody lives any more */
	kv_put(st, make("d", "1", 1, kv_exptime(st, 999999999)), hash("d"), KV_SET, &cas);
	kv_put(st, make("e", "1", 1, kv_exptime(st, 1000000005)), hash("e"), KV_SET, &cas);
	kv_put(st, make("f", "1", 1, kv_exptime(st, INT64_MAX)), hash("f"), KV_SET, &cas);
	CHECK(find("a") && find("b") && !find("c") && !find("d") && find("e") && find("f"));
	kv_store_clock(st, 4999999999);
	CHECK(find("a") && find("e"));
	kv_store_clock(st, 5 * NSEC_PER_SEC);
	CHECK(find("a") && !find("e"));
	CHECK(kv_touch(st, bytes("a"), 1, hash("a"), 100) != NULL);
	kv_store_clock(st, 104 * NSEC_PER_SEC);
	CHECK(find("a") != NULL);
	kv_store_clock(st, 105 * NSEC_PER_SEC);
	CHECK(!find("a") && find("b") && find("f"));
	CHECK(kv_touch(st, bytes("a"), 1, hash("a"), 100) == NULL);
	CHECK_EQ(st->n_items, 2);
	store_end();
}

static void flushes(void)
{
	store_start(MIB, 8);
	put("a", "1", KV_SET, 0);
	kv_flush(st, 0);
	CHECK(!find("a"));
	put("a", "2", KV_SET, 0);	/* in the same second: it stays */
	CHECK(has("a", "2"));
	kv_flush(st, 3);
	put("b", "1", KV_SET, 0);
	kv_store_clock(st, 2 * NSEC_PER_SEC);
	CHECK(find("a") && find("b"));
	kv_store_clock(st, 3 * NSEC_PER_SEC);
	put("c", "1", KV_SET, 0);	/* after it was due */
	CHECK(!find("a") && !find("b") && find("c"));
	kv_flush(st, 10);
	kv_flush(st, -1);		/* now, and the one that was to come is off */
	CHECK(!find("c"));
	put("d", "1", KV_SET, 0);
	kv_store_clock(st, 20 * NSEC_PER_SEC);
	CHECK(find("d") != NULL);
	store_end();
}

static char *name(uint32_t i)
{
	static char buf[16];

	snprintf(buf, sizeof(buf), "key%06u", i);
	return buf;
}

/* Memory is full: the least recently used of the class go, those in use stay. */
static void eviction(void)
{
	enum { PER_PAGE = MIB / 1184, N = 5 * PER_PAGE };
	struct kv_item *pinned;
	uint64_t cas = 0;
	uint32_t left = 0;

	store_start(2 * MIB, 10);
	for (uint32_t i = 0; i < N; i++) {
		kv_store_clock(st, i * NSEC_PER_SEC);
		kv_put(st, make(name(i), "x", 1050, 0), hash(name(i)), KV_SET, &cas);
		if (i == 1)
			kv_ref(find(name(1)));
		if (find(name(0)))		/* read every second, moved each minute */
			kv_used(st, find(name(0)));
	}
	CHECK_EQ(st->used_pages, 2);
	CHECK_EQ(st->n_items, 2 * PER_PAGE);
	CHECK(find(name(0)) != NULL);
	pinned = find(name(1));
	CHECK(pinned != NULL);
	for (uint32_t i = 2; i < N; i++)
		left += find(name(i)) != NULL;
	CHECK_EQ(left, 2 * PER_PAGE - 2);
	for (uint32_t i = N - 1; i > N - left; i--)
		CHECK(find(name(i)) != NULL);
	CHECK_EQ(st->cls[kv_slab_class(st, 1184)].stats.evicted, N - 2 * PER_PAGE);
	kv_unref(st, pinned);
	CHECK(find(name(1)) == pinned);
	/* another size gets its first page all the same, and lives by itself */
	kv_put(st, make("small", "x", 1, 0), hash("small"), KV_SET, &cas);
	CHECK(find("small") != NULL);
	CHECK_EQ(st->used_pages, 3);
	store_end();
}

static void no_room_without_eviction(void)
{
	enum kv_result why = KV_STORED;
	uint64_t cas = 0;
	struct kv_item *it;
	uint32_t n = 0;

	store_start(MIB, 8);
	st->evict = false;
	while ((it = make(name(n), "x", 100000, 0)) != NULL) {
		kv_put(st, it, hash(name(n)), KV_SET, &cas);
		n++;
	}
	CHECK_EQ(n, MIB / 103496);
	CHECK(kv_item_new(st, bytes("k"), 1, 0, 0, 100000, &why) == NULL);
	CHECK_EQ(why, KV_NO_MEMORY);
	CHECK(kv_item_new(st, bytes("k"), 1, 0, 0, MIB, &why) == NULL);
	CHECK_EQ(why, KV_TOO_LARGE);
	CHECK(kv_item_new(st, bytes("k"), 1, 0, 0, UINT32_MAX, &why) == NULL);
	CHECK_EQ(why, KV_TOO_LARGE);
	CHECK_EQ(st->cls[kv_slab_class(st, 100100)].stats.out_of_memory, 2);
	/* an append whose result has no room leaves what there is */
	CHECK_EQ(put(name(0), "y", KV_APPEND, 0), KV_NO_MEMORY);
	CHECK_EQ(find(name(0))->nbytes, 100000);
	store_end();
}

/* What expired is taken before a page is. */
static void reclaim(void)
{
	uint64_t cas = 0;

	store_start(4 * MIB, 8);
	kv_put(st, make("old", "x", 600000, kv_exptime(st, 1)), hash("old"), KV_SET, &cas);
	kv_store_clock(st, 2 * NSEC_PER_SEC);
	kv_put(st, make("new", "x", 600000, 0), hash("new"), KV_SET, &cas);
	CHECK_EQ(st->used_pages, 1);
	CHECK_EQ(st->cls[kv_slab_class(st, 600100)].stats.reclaimed, 1);
	CHECK(!find("old") && find("new"));
	store_end();
}

/* An item that is being sent outlives its deletion and is freed with its last reference. */
static void references(void)
{
	struct kv_item *it;
	struct kv_class *k;

	store_start(MIB, 8);
	put("k", "v", KV_SET, 0);
	it = find("k");
	k = &st->cls[it->cls];
	kv_ref(it);
	kv_ref(it);
	CHECK_EQ(kv_delete(st, bytes("k"), 1, hash("k"), 0), KV_STORED);
	CHECK(!find("k"));
	CHECK(kv_value(it)[0] == 'v');
	CHECK_EQ(k->n_free, 0);
	kv_unref(st, it);
	CHECK_EQ(k->n_free, 0);
	kv_unref(st, it);
	CHECK_EQ(k->n_free, 1);
	CHECK_EQ(k->requested, 0);
	store_end();
}

/* A plain array against the store, on a table so small that every chain is long. */
static void against_a_model(void)
{
	enum { KEYS = 200 };
	char want[KEYS][8] = { "" };
	struct rng r;

	store_start(MIB, 4);
	rng_stream(&r, 1, 1);
	for (int i = 0; i < 20000; i++) {
		uint32_t k = (uint32_t)rng_below(&r, KEYS), what = (uint32_t)rng_below(&r, 4);
		char value[8];

		snprintf(value, sizeof(value), "%u", (unsigned)rng_below(&r, 100000));
		if (what < 2) {
			CHECK_EQ(put(name(k), value, KV_SET, 0), KV_STORED);
			memcpy(want[k], value, sizeof(value));
		} else if (what == 2) {
			CHECK_EQ(kv_delete(st, bytes(name(k)), 9, hash(name(k)), 0),
				 want[k][0] ? KV_STORED : KV_NOT_FOUND);
			want[k][0] = '\0';
		} else if (want[k][0]) {
			CHECK(has(name(k), want[k]));
		} else {
			CHECK(!find(name(k)));
		}
	}
	store_end();
}

/* Keys that differ in one bit or in length alone go to all buckets alike. */
static void hash_spreads(void)
{
	uint32_t n[256] = { 0 }, worst = 0;
	uint8_t key[KV_NKEY_MAX] = { 0 };

	store_start(MIB, 8);
	for (uint32_t len = 1; len <= KV_NKEY_MAX; len++)
		for (uint32_t bit = 0; bit < 8 * len && bit < 256; bit++) {
			key[bit / 8] ^= (uint8_t)BIT(bit % 8);
			n[kv_hash(st, key, len) & 255]++;
			key[bit / 8] ^= (uint8_t)BIT(bit % 8);
		}
	for (int i = 0; i < 256; i++)
		worst = MAX(worst, n[i]);
	CHECK(worst < 320);	/* 233 on average */
	store_end();
}

CU_MAIN("kv_store", TEST(classes_are_memcacheds), TEST(numbers), TEST(verbs), TEST(deltas),
	TEST(expiry), TEST(flushes), TEST(eviction), TEST(no_room_without_eviction),
	TEST(reclaim), TEST(references), TEST(against_a_model), TEST(hash_spreads))
