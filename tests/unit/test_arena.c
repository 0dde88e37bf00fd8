/* SPDX-License-Identifier: MIT */
/* test_arena.c - pieces of any size: zeroed, aligned, apart, and all given back */
#include "base/rng.h"
#include "sim/arena.h"
#include "tests/unit/cu.h"

enum { PIECES = 200 };

static struct { uint8_t *p; size_t size; } piece[PIECES];

static bool is_zero(const uint8_t *p, size_t n)
{
	return n == 0 || (p[0] == 0 && memcmp(p, p + 1, n - 1) == 0);
}

static void an_empty_arena_is_dropped(void)
{
	struct arena a = { 0 };

	arena_drop(&a);
	CHECK(arena_get(&a, 1, 1) != NULL);
	arena_drop(&a);
	arena_drop(&a);
	CHECK(a.huge.chunks == NULL && a.small.chunks == NULL);
}

/* Small, medium and large, in no order. */
static void pieces_are_zeroed_aligned_and_apart(void)
{
	struct arena a = { 0 };
	struct rng r;

	rng_stream(&r, 7, 0);
	for (uint32_t i = 0; i < PIECES; i++) {
		size_t align = (size_t)1 << rng_below(&r, 13);
		size_t size = (size_t)1 << rng_below(&r, 23);

		piece[i].size = size - rng_below(&r, (uint32_t)size / 2 + 1);
		piece[i].p = (i % 2 ? arena_get : arena_get_huge)(&a, piece[i].size, align);
		CHECK(piece[i].p != NULL);
		CHECK_EQ((uintptr_t)piece[i].p % align, 0);
		CHECK(is_zero(piece[i].p, piece[i].size));
		memset(piece[i].p, (int)(i % 255 + 1), piece[i].size);
	}
	for (uint32_t i = 0; i < PIECES; i++) {
		CHECK_EQ(piece[i].p[0], i % 255 + 1);
		CHECK(memcmp(piece[i].p, piece[i].p + 1, piece[i].size - 1) == 0);
	}
	arena_drop(&a);
}

CU_MAIN("arena", TEST(an_empty_arena_is_dropped), TEST(pieces_are_zeroed_aligned_and_apart))
