/* SPDX-License-Identifier: MIT */
/*
 * turns.h - whose turn it is: indices that wait, in a ring in memory of the caller
 *
 * The one that has waited longest is next, or any with equal chance of those that wait when the
 * one before is taken: so who is next is known ahead, and nobody is twice in a row while
 * others wait.
 */
#ifndef WORKLOADS_TURNS_H
#define WORKLOADS_TURNS_H

#include "base/rng.h"

struct turns {
	uint32_t *at;		/* room for @max */
	uint32_t max, head, n;
	struct rng *chance;	/* NULL: longest first */
};

static inline uint32_t *turns_slot(const struct turns *t, uint32_t i)
{
	uint32_t k = t->head + i;

	return &t->at[k < t->max ? k : k - t->max];
}

/** The next one; @n is not 0. */
static inline uint32_t turns_next(const struct turns *t)
{
	return *turns_slot(t, 0);
}

static inline void turns_put(struct turns *t, uint32_t index)
{
	*turns_slot(t, t->n++) = index;
}

static inline uint32_t turns_take(struct turns *t)
{
	uint32_t index = turns_next(t), drawn, *slot;

	t->head = t->head + 1 < t->max ? t->head + 1 : 0;
	if (--t->n < 2 || t->chance == NULL)
		return index;
	slot = turns_slot(t, (uint32_t)rng_below(t->chance, t->n));
	drawn = *slot;
	*slot = turns_next(t);
	*turns_slot(t, 0) = drawn;
	return index;
}

#endif
