/* SPDX-License-Identifier: MIT */
/*
 * arena.h - memory that is taken piece by piece and dropped at once
 *
 * Hundreds of dataplanes take turns, so a simulation's memory is touched all over, and with
 * pages of 4 KB nearly every touch would miss the TLB. An arena asks for huge ones where they
 * will be used, and puts pieces one behind the other.
 */
#ifndef SIM_ARENA_H
#define SIM_ARENA_H

#include "base/types.h"

struct arena_chunk;

/* Chunks of one page size. */
struct arena_part {
	struct arena_chunk *chunks;
	size_t at, total;	/* used of the last chunk; bytes of all */
};

/* All zero: empty. */
struct arena {
	struct arena_part huge, small;
};

/** @size zeroed bytes, @align a power of two up to 4096; NULL: no memory. */
void *arena_get(struct arena *a, size_t size, size_t align);

/** The same of what will be used all over, whatever its size: in huge pages. */
void *arena_get_huge(struct arena *a, size_t size, size_t align);

/** Give everything back; the arena is empty again. */
void arena_drop(struct arena *a);

#endif
