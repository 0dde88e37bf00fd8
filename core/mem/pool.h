/* SPDX-License-Identifier: MIT */
/*
 * pool.h - fixed-size objects over memory the caller supplies
 *
 * LIFO, so what was freed last (and is warm) goes out first. Objects never handed
 * out are not touched: an idle pool of a million costs no resident memory.
 */
#ifndef MEM_POOL_H
#define MEM_POOL_H

#include "base/types.h"

struct pool {
	void *free;		/* first free object; its first word links to the next */
	uint8_t *base, *end;	/* [base, end) */
	uint32_t size;		/* bytes an object, multiple of 8 */
	uint32_t n;		/* objects in all */
	uint32_t n_fresh;	/* objects [n_fresh, n) were never handed out */
	uint32_t n_avail;
};

/** Bytes pool_init() needs for @n objects of @size. */
size_t pool_bytes(uint32_t size, uint32_t n);

/** @mem: pool_bytes() bytes, 64-byte aligned, owned by the caller, outliving the pool. */
void pool_init(struct pool *p, void *mem, uint32_t size, uint32_t n);

/** An object with indeterminate content, or NULL when all are out. */
static inline void *pool_alloc(struct pool *p)
{
	void *obj = p->free;

	if (likely(obj != NULL))
		memcpy(&p->free, obj, sizeof(void *));
	else if (p->n_fresh < p->n)
		obj = p->base + (size_t)p->n_fresh++ * p->size;
	else
		return NULL;
	p->n_avail--;
	return obj;
}

/** Give back an object of this pool; NULL is a bug. */
static inline void pool_free(struct pool *p, void *obj)
{
	assert((uint8_t *)obj >= p->base && (uint8_t *)obj < p->end);
	memcpy(obj, &p->free, sizeof(void *));
	p->free = obj;
	p->n_avail++;
}

static inline uint32_t pool_index(const struct pool *p, const void *obj)
{
	return (uint32_t)((size_t)((const uint8_t *)obj - p->base) / p->size);
}

static inline void *pool_at(const struct pool *p, uint32_t i)
{
	return p->base + (size_t)i * p->size;
}

#endif
