/* SPDX-License-Identifier: MIT */
/*
 * due.h - who is due first: a binary heap of (time, index) in memory of the caller
 *
 * An entry's time stands while it is in the heap; of equal times the lower index is first.
 */
#ifndef WORKLOADS_DUE_H
#define WORKLOADS_DUE_H

#include "base/types.h"

struct due {
	uint64_t ns;
	uint32_t index;
};

/** @at has room for every entry that is in the heap at once. */
struct due_heap {
	struct due *at;
	uint32_t n;
};

/** When the first is due; NSEC_NEVER when there is none. */
static inline uint64_t due_first_ns(const struct due_heap *h)
{
	return h->n ? h->at[0].ns : NSEC_NEVER;
}

static inline bool due_before(const struct due *a, const struct due *b)
{
	return a->ns < b->ns || (a->ns == b->ns && a->index < b->index);
}

static inline void due_push(struct due_heap *h, uint64_t ns, uint32_t index)
{
	struct due e = { ns, index };
	uint32_t i = h->n++;

	for (; i > 0 && due_before(&e, &h->at[(i - 1) / 2]); i = (i - 1) / 2)
		h->at[i] = h->at[(i - 1) / 2];
	h->at[i] = e;
}

/** Another in the place of the first. */
static inline void due_replace(struct due_heap *h, uint64_t ns, uint32_t index)
{
	struct due e = { ns, index };
	uint32_t i = 0, child;

	while ((child = 2 * i + 1) < h->n) {
		if (child + 1 < h->n && due_before(&h->at[child + 1], &h->at[child]))
			child++;
		if (!due_before(&h->at[child], &e))
			break;
		h->at[i] = h->at[child];
		i = child;
	}
	h->at[i] = e;
}

static inline void due_pop(struct due_heap *h)
{
	struct due last = h->at[--h->n];

	if (h->n)
		due_replace(h, last.ns, last.index);
}

#endif
