/* SPDX-License-Identifier: MIT */
/*
 * pool.c - bring-up of a pool; allocation is inline in the header
 */
#include "mem/pool.h"

/* What an object takes: room for the link of the free list, and its alignment. */
static uint32_t object_bytes(uint32_t size)
{
	assert(size <= UINT32_MAX - 8);
	return MAX(ALIGN_UP(size, 8u), 8u);
}

size_t pool_bytes(uint32_t size, uint32_t n)
{
	return (size_t)object_bytes(size) * n;
}

void pool_init(struct pool *p, void *mem, uint32_t size, uint32_t n)
{
	assert(mem != NULL || n == 0);
	assert((uintptr_t)mem % CACHE_LINE == 0);
	*p = (struct pool){ .base = mem, .size = object_bytes(size), .n = n, .n_avail = n };
	p->end = n > 0 ? p->base + pool_bytes(size, n) : p->base;
}
