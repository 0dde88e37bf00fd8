/* SPDX-License-Identifier: MIT */
/*
 * cache.h - what a flow's state or a stored object costs to reach, by reuse distance
 *
 * Reuse distance: bytes touched since the flow's state or the object was last touched, on its
 * thread for the two private levels and on the host for the shared one. A distance below
 * a level's size means the lines are found there. New connections (SYN) take their state
 * from the top of a LIFO pool, so they find it in the second level.
 *
 * First model: fully associative LRU by distance, two classes of lines, one socket, flows
 * (and objects) whose hashes share a slot count as one. No code misses. Not here: received
 * frames and memory bandwidth (machine.h), pages (tlb.h).
 */
#ifndef SIM_CACHE_H
#define SIM_CACHE_H

#include "sim/arena.h"
#include "sim/costs.h"

enum { CACHE_SLOT_BITS = 20, CACHE_OBJECT_BITS = 22, CACHE_MARK_SHIFT = 6 };

/* When a flow or object was last touched: the two counters below, in units of 64 B, as of then. */
struct cache_slot {
	uint32_t thread_mark, host_mark;
};

struct cache_counters {
	uint64_t touches;	/* segments priced */
	uint64_t objects;	/* touches of objects priced */
	uint64_t misses_milli;	/* lines from memory, thousandths */
};

/* Things of one size. */
struct cache_class {
	struct cache_slot *slots;	/* 2^bits, by hash */
	uint32_t shift;			/* 32 - bits */
	uint64_t lines_milli, bytes;	/* of one, as touched */
	uint64_t ps[4];			/* of one's lines: L1, L2, L3, memory */
};

struct cache {
	struct cache_class flow, object; /* objects have slots once one was touched */
	uint64_t touched;		/* bytes, whole host; starts past the last level's size */
	uint64_t size[3];		/* bytes: L1, L2, L3 */
	uint64_t base_misses_milli;
	bool off;			/* flow state has no lines: nothing to model */
	struct arena mem;		/* of all slots */
};

/* One thread's view. */
struct cache_thread {
	uint64_t touched;		/* bytes; starts past the last level's size */
	struct cache_counters count;
};

/** Returns 0 or -ENOMEM. */
int cache_init(struct cache *c, const struct costs *costs);
void cache_fini(struct cache *c);
void cache_thread_init(struct cache_thread *t, const struct cache *c);

/** The model itself; call cache_touch(). */
uint64_t cache_touch_slot(struct cache *c, struct cache_thread *t, uint32_t hash, uint32_t bytes,
			  bool syn);

/** A segment of flow @hash and @bytes arrived. Returns what reaching its state costs, ps. */
static inline uint64_t cache_touch(struct cache *c, struct cache_thread *t, uint32_t hash,
				   uint32_t bytes, bool syn)
{
	return c->off ? 0 : cache_touch_slot(c, t, hash, bytes, syn);
}

/** A stored object was touched. Returns what reaching it costs, ps. */
uint64_t cache_touch_object(struct cache *c, struct cache_thread *t, uint32_t hash);

#endif
