/* SPDX-License-Identifier: MIT */
/*
 * arena.c - chunks of whole huge pages; see arena.h
 *
 * A chunk is as large as all of its kind before it, within limits, so a large host has few and
 * a small one asks for little; the kernel commits what is touched. Pieces of medium size are
 * pools and tables made for the worst case, of which most hosts touch the beginning only: with
 * huge pages they would commit several times what they use, so they are apart, in small ones,
 * unless the caller knows better: where a hundred thousand small pages are in use, fetching ahead
 * is of little use, for what is fetched outlives its translation.
 * Pieces are a line apart: many are of equal size, often a large power of two, and what is
 * touched in each would meet in a few sets of a cache.
 * Under AddressSanitizer a piece is a block of malloc's, so that running over it is found.
 */
#include "sim/arena.h"

#include <stdlib.h>
#include <sys/mman.h>

enum {
	HUGE_PAGE = 2 << 20,
	CHUNK_MAX = 64 << 20,
	MEDIUM_MIN = HUGE_PAGE / 2, MEDIUM_MAX = 2 * HUGE_PAGE - 1,
};

#ifdef __SANITIZE_ADDRESS__
enum { APART = true };
#else
enum { APART = false };
#endif

struct arena_chunk {
	struct arena_chunk *next;
	void *map;		/* what was mapped: @mem begins on a huge page in it */
	size_t map_len;
	uint8_t *mem;
	size_t len;
};

static bool chunk_malloc(struct arena_chunk *c, size_t size, size_t align)
{
	if (posix_memalign(&c->map, MAX(align, sizeof(void *)), size) != 0)
		return false;
	c->mem = memset(c->map, 0, size);
	c->len = size;
	return true;
}

static bool chunk_map(struct arena_chunk *c, size_t size, bool huge)
{
	c->len = ALIGN_UP(size, (size_t)HUGE_PAGE);
	c->map_len = c->len + HUGE_PAGE;
	c->map = mmap(NULL, c->map_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	if (c->map == MAP_FAILED)
		return false;
	c->mem = (uint8_t *)ALIGN_UP((uintptr_t)c->map, (uintptr_t)HUGE_PAGE);
	if (huge)
		madvise(c->mem, c->len, MADV_HUGEPAGE);	/* where there are none, small ones do */
	return true;
}

static bool grow(struct arena_part *p, size_t size, size_t align, bool huge)
{
	struct arena_chunk *c = calloc(1, sizeof(*c));
	size_t want = MAX(size, MIN(p->total, (size_t)CHUNK_MAX));

	if (!c || !(APART ? chunk_malloc(c, size, align) : chunk_map(c, want, huge))) {
		free(c);
		return false;
	}
	c->next = p->chunks;
	p->chunks = c;
	p->at = 0;
	p->total += c->len;
	return true;
}

static void *get(struct arena *a, size_t size, size_t align, bool huge)
{
	struct arena_part *p = huge ? &a->huge : &a->small;
	size_t at = ALIGN_UP(p->at, align);

	assert(align != 0 && align <= 4096 && (align & (align - 1)) == 0);
	if (APART || !p->chunks || at > p->chunks->len || size > p->chunks->len - at) {
		if (!grow(p, size, align, huge))
			return NULL;
		at = 0;
	}
	p->at = at + size + CACHE_LINE;
	return p->chunks->mem + at;
}

void *arena_get(struct arena *a, size_t size, size_t align)
{
	return get(a, size, align, size < MEDIUM_MIN || size > MEDIUM_MAX);
}

void *arena_get_huge(struct arena *a, size_t size, size_t align)
{
	return get(a, size, align, true);
}

static void drop(struct arena_chunk *c)
{
	struct arena_chunk *next;

	for (; c; c = next) {
		next = c->next;
		if (APART)
			free(c->map);
		else
			munmap(c->map, c->map_len);
		free(c);
	}
}

void arena_drop(struct arena *a)
{
	drop(a->huge.chunks);
	drop(a->small.chunks);
	*a = (struct arena){ 0 };
}
