/* SPDX-License-Identifier: MIT */
/*
 * test_pool.c - fixed-size objects: bounds, order, indices, and untouched fresh memory
 */
#include "base/rng.h"
#include "mem/pool.h"
#include "tests/unit/cu.h"

enum { N = 16, SIZE = 24 };

static _Alignas(CACHE_LINE) uint8_t room[N * SIZE + 8];

static void setup(struct pool *p)
{
	memset(room, 0xa5, sizeof(room));
	pool_init(p, room, SIZE, N);
}

static void bytes_round_up_to_a_word(void)
{
	CHECK_EQ(pool_bytes(24, 10), 240);
	CHECK_EQ(pool_bytes(17, 10), 240);
	CHECK_EQ(pool_bytes(1, 10), 80);
	CHECK_EQ(pool_bytes(64, 0), 0);
	CHECK_EQ(pool_bytes(1u << 30, 1u << 20), 1LL << 50);
}

static void hands_out_every_object_once(void)
{
	uint8_t *obj[N];
	struct pool p;

	setup(&p);
	CHECK_EQ(p.n_avail, N);
	for (uint32_t i = 0; i < N; i++) {
		obj[i] = pool_alloc(&p);
		CHECK(obj[i] >= room && obj[i] + SIZE <= room + N * SIZE);
		CHECK_EQ((obj[i] - room) % SIZE, 0);
		for (uint32_t j = 0; j < i; j++)
			CHECK(obj[i] != obj[j]);
		CHECK_EQ(p.n_avail, N - 1 - i);
		memset(obj[i], 0x11, SIZE);
	}
	CHECK(pool_alloc(&p) == NULL);
	CHECK_EQ(p.n_avail, 0);
	CHECK(room[N * SIZE] == 0xa5);
	pool_free(&p, obj[5]);
	CHECK(pool_alloc(&p) == obj[5]);
	CHECK(pool_alloc(&p) == NULL);
}

static void last_freed_goes_out_first(void)
{
	void *a, *b, *c;
	struct pool p;

	setup(&p);
	a = pool_alloc(&p);
	b = pool_alloc(&p);
	c = pool_alloc(&p);
	pool_free(&p, b);
	pool_free(&p, a);
	pool_free(&p, c);
	CHECK(pool_alloc(&p) == c);
	CHECK(pool_alloc(&p) == a);
	CHECK(pool_alloc(&p) == b);
	CHECK_EQ(p.n_avail, N - 3);
}

static void fresh_objects_are_not_touched(void)
{
	struct pool p;
	void *a;

	setup(&p);
	a = pool_alloc(&p);
	pool_free(&p, a);
	a = pool_alloc(&p);
	pool_free(&p, a);
	for (uint32_t i = SIZE; i < sizeof(room); i++)
		CHECK(room[i] == 0xa5);
}

static void index_and_at_are_inverse(void)
{
	struct pool p;

	setup(&p);
	for (uint32_t i = 0; i < N; i++) {
		void *obj = pool_alloc(&p);

		CHECK(pool_at(&p, pool_index(&p, obj)) == obj);
	}
	CHECK(pool_at(&p, 0) == room);
	CHECK(pool_at(&p, N - 1) == room + (N - 1) * SIZE);
}

static void random_use_never_overlaps(void)
{
	bool out[N] = { false };
	struct pool p;
	struct rng r;
	uint32_t n = 0;

	setup(&p);
	rng_stream(&r, 1, 0);
	for (uint32_t step = 0; step < 20000; step++) {
		uint32_t i = (uint32_t)rng_below(&r, N);

		if (out[i]) {
			memset(pool_at(&p, i), (int)step & 0xff, SIZE);
			pool_free(&p, pool_at(&p, i));
			out[i] = false;
			n--;
		} else {
			uint8_t *obj = pool_alloc(&p);
			uint32_t at = pool_index(&p, obj);

			CHECK(at < N && !out[at]);
			out[at] = true;
			memset(obj, 0xff, SIZE);
			n++;
		}
		CHECK_EQ(p.n_avail, N - n);
	}
}

static void an_empty_pool_has_nothing(void)
{
	struct pool p;

	pool_init(&p, NULL, SIZE, 0);
	CHECK(pool_alloc(&p) == NULL);
	CHECK_EQ(p.n_avail, 0);
}

CU_MAIN("pool", TEST(bytes_round_up_to_a_word), TEST(hands_out_every_object_once),
	TEST(last_freed_goes_out_first), TEST(fresh_objects_are_not_touched),
	TEST(index_and_at_are_inverse), TEST(random_use_never_overlaps),
	TEST(an_empty_pool_has_nothing))
