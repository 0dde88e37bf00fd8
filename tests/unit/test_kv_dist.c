/* SPDX-License-Identifier: MIT */
/* test_kv_dist.c - workloads/kv_dist.c: the published self-check, unique keys, mixes, draws */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cu.h"
#include "workloads/kv_dist.h"

enum { RECORDS = 1000000 };

static struct kv_dist d;
static uint32_t len_of[RECORDS];

static int by_value(const void *a, const void *b)
{
	uint32_t x = *(const uint32_t *)a, y = *(const uint32_t *)b;

	return (x > y) - (x < y);
}

static uint32_t quantile(double q)
{
	return len_of[(size_t)(q * RECORDS)];
}

static double mean_sorted(uint32_t (*len)(const struct kv_dist *, uint32_t))
{
	double sum = 0;

	for (uint32_t i = 0; i < RECORDS; i++)
		sum += len_of[i] = len(&d, i);
	qsort(len_of, RECORDS, sizeof(len_of[0]), by_value);
	return sum / RECORDS;
}

/* Published: mean 36.2, median 33.9 (lengths are whole, so the median is 34). */
static void etc_keys_are_as_published(void)
{
	kv_dist_init(&d, KV_ETC, RECORDS, KV_SEED);
	CHECK(fabs(mean_sorted(kv_dist_key_len) - 36.2) < 0.05);
	CHECK_EQ(quantile(0.5), 34);
	CHECK(len_of[0] >= 6 && len_of[RECORDS - 1] <= KV_KEY_MAX);
	CHECK(len_of[RECORDS - 1] > 150);
	for (uint32_t n = 20; n <= 120; n += 10) {	/* against the formula */
		double want = exp(-pow(1 + 0.078688 * (n + 0.5 - 30.7984) / 8.20449,
				       -1 / 0.078688));
		uint32_t have = 0;

		while (have < RECORDS && len_of[have] <= n)
			have++;
		CHECK(fabs((double)have / RECORDS - want) < 0.0025);
	}
}

/* Published: mean 194, p50 39, p90 520, p99 1899. */
static void etc_values_are_as_published(void)
{
	static const double p[15] = { .00536, .00047, .17820, .09239, .00018, .02740, .00065,
				      .00606, .00023, .00837, .00837, .08989, .00092, .00326,
				      .01980 };
	uint32_t i = 0;

	kv_dist_init(&d, KV_ETC_OSDI, RECORDS, KV_SEED);
	CHECK(fabs(mean_sorted(kv_dist_value_len) - 194) < 2.5);	/* 5 standard errors */
	CHECK(abs((int)quantile(0.5) - 39) <= 1);
	CHECK(abs((int)quantile(0.9) - 520) <= 8);
	CHECK(abs((int)quantile(0.99) - 1899) <= 60);
	CHECK(len_of[RECORDS - 1] > 20000 && len_of[RECORDS - 1] <= KV_VALUE_MAX);
	for (uint32_t n = 0; n < 15; n++) {
		uint32_t from = i;

		while (len_of[i] == n)
			i++;
		CHECK(fabs((double)(i - from) / RECORDS - p[n]) < 0.0025);
	}
	for (double x = 100; x <= 20000; x *= 3) {
		double want = 0.55845 * pow(1 + 0.348238 * (x - 15) / 214.476, -1 / 0.348238);
		uint32_t longer = 0;

		while (longer < RECORDS && len_of[RECORDS - 1 - longer] > x)
			longer++;
		CHECK(fabs((double)longer / RECORDS - want) < 5 * sqrt(want / RECORDS) + 0.0005);
	}
}

static uint64_t hash_key(const char *key, uint32_t len)
{
	uint64_t h = 0xcbf29ce484222325;

	for (uint32_t i = 0; i < len; i++)
		h = (h ^ (uint8_t)key[i]) * 0x100000001b3;
	return h;
}

static int by_hash(const void *a, const void *b)
{
	uint64_t x = *(const uint64_t *)a, y = *(const uint64_t *)b;

	return (x > y) - (x < y);
}

static void keys_are_unique(void)
{
	static uint64_t seen[RECORDS];
	char key[KV_KEY_MAX + 1];

	for (int preset = 0; preset < KV_PRESET_NR; preset += KV_USR) {
		kv_dist_init(&d, (enum kv_preset)preset, RECORDS, 7);
		for (uint32_t i = 0; i < RECORDS; i++) {
			uint32_t len = kv_dist_key(&d, i, key);

			CHECK(len == kv_dist_key_len(&d, i) && len >= 6 && len <= KV_KEY_MAX);
			key[len] = '\0';
			CHECK_EQ(strtoul(key, NULL, 10), i);
			seen[i] = hash_key(key, len);
		}
		qsort(seen, RECORDS, sizeof(seen[0]), by_hash);
		for (uint32_t i = 1; i < RECORDS; i++)
			CHECK(seen[i] != seen[i - 1]);
	}
}

static void keys_are_their_number(void)
{
	char key[KV_KEY_MAX];

	kv_dist_init(&d, KV_USR, RECORDS, KV_SEED);
	CHECK_EQ(kv_dist_key(&d, 123456, key), 19);
	CHECK(memcmp(key, "0000000000000123456", 19) == 0);
	CHECK_EQ(kv_dist_value_len(&d, 123456), 2);
	kv_dist_init(&d, KV_USR, UINT32_MAX, KV_SEED);
	CHECK_EQ(kv_dist_key(&d, UINT32_MAX - 1, key), 19);
	CHECK(memcmp(key, "0000000004294967294", 19) == 0);
	kv_dist_init(&d, KV_ETC, 1, KV_SEED);
	CHECK(kv_dist_key(&d, 0, key) > 1);
	kv_dist_init(&d, KV_USR, 100000001, KV_SEED);	/* eight digits, nine */
	CHECK_EQ(kv_dist_key(&d, 99999999, key), 19);
	CHECK(memcmp(key, "0000000000099999999", 19) == 0);
	CHECK_EQ(kv_dist_key(&d, 100000000, key), 19);
	CHECK(memcmp(key, "0000000000100000000", 19) == 0);
}

/* The longest key and value come out where the quantile says so, not beyond. */
static void the_cap_holds(void)
{
	uint32_t longest_key = 0, longest = 0;

	kv_dist_init(&d, KV_ETC, UINT32_MAX, 1);
	for (uint32_t i = 0; i < 30000000; i++) {
		longest_key = MAX(longest_key, kv_dist_key_len(&d, i));
		longest = MAX(longest, kv_dist_value_len(&d, i));
	}
	CHECK(longest_key > 200 && longest_key <= KV_KEY_MAX);
	CHECK(longest > 100000 && longest <= KV_VALUE_MAX);
	CHECK(d.tail[0] > 256 * 890000 && d.tail[0] <= 256 * KV_VALUE_MAX);	/* 1 in 2^31 */
	for (size_t i = 1; i < ARRAY_LEN(d.tail); i++)
		CHECK(d.tail[i] <= d.tail[i - 1]);
}

static void mixes_are_as_named(void)
{
	static const double want[KV_PRESET_NR] = { 0.033, 0.25, 0.002, 0.01 };
	struct rng r;

	rng_stream(&r, 1, 1);
	for (int preset = 0; preset < KV_PRESET_NR; preset++) {
		uint32_t n = 0, ppb = kv_update_ppb((enum kv_preset)preset);
		double w = want[preset];

		CHECK_EQ(ppb, (uint32_t)(w * 1e9 + 0.5));
		for (int i = 0; i < 1000000; i++)
			n += rng_chance(&r, ppb);
		CHECK(fabs(n / 1e6 - w) < 5 * sqrt(w * (1 - w) / 1e6));
	}
	CHECK(strcmp(kv_preset_names[KV_USR_OSDI], "usr-osdi") == 0);
	CHECK(kv_preset_names[KV_PRESET_NR] == NULL);
}

static void gaps_keep_the_rate(void)
{
	static const double sd[] = { 1.2038, 1 };	/* 1/sqrt(1 - 2 0.154971); exponential */

	for (int preset = 0; preset < KV_PRESET_NR; preset++) {
		double sum = 0;
		struct dist gap;
		struct rng r;

		rng_stream(&r, 1, 2);
		dist_init(&gap, kv_gap_kind((enum kv_preset)preset), 1000);
		for (int i = 0; i < 1000000; i++)
			sum += (double)dist_gap_ns(&gap, &r);
		CHECK(fabs(sum / 1e6 - 1000) < 5 * sd[preset / 2]);
	}
}

static void bytes_are_the_pattern(void)
{
	static uint8_t buf[3 * KV_VALUE_PERIOD];
	uint32_t seen[256] = { 0 };

	kv_pattern(buf, sizeof(buf));
	for (uint32_t r = 0; r < 5000; r++)
		for (uint32_t j = 0; j < 2 * KV_VALUE_PERIOD; j += 97)
			CHECK(kv_value_byte(r, j) == buf[kv_value_off(r) + j]);
	for (uint32_t i = 0; i < KV_VALUE_PERIOD; i++)
		seen[buf[i]]++;
	for (int i = 0; i < 256; i++)
		CHECK(seen[i] >= 8 && seen[i] <= 24);	/* 16 each */
}

/* The same bytes with every compiler, level and machine: change only on purpose. */
static uint64_t golden(enum kv_preset preset)
{
	uint64_t h = 0xcbf29ce484222325;
	char key[KV_KEY_MAX];

	kv_dist_init(&d, preset, RECORDS, KV_SEED);
	for (uint32_t i = 0; i < 10000; i++) {
		h = (h ^ hash_key(key, kv_dist_key(&d, i, key))) * 0x100000001b3;
		h = (h ^ kv_dist_value_len(&d, i)) * 0x100000001b3;
		h = (h ^ kv_value_byte(i, i)) * 0x100000001b3;
	}
	return h;
}

static void golden_draws(void)
{
	CHECK_EQ(golden(KV_ETC), 0xb241c53ab4c5bce6);
	CHECK_EQ(golden(KV_ETC_OSDI), golden(KV_ETC));
	CHECK_EQ(golden(KV_USR), 0x61ce09d7025204da);
}

CU_MAIN("kv_dist", TEST(etc_keys_are_as_published), TEST(etc_values_are_as_published),
	TEST(keys_are_unique), TEST(keys_are_their_number), TEST(the_cap_holds),
	TEST(mixes_are_as_named), TEST(gaps_keep_the_rate), TEST(bytes_are_the_pattern),
	TEST(golden_draws))
