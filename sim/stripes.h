/* SPDX-License-Identifier: MIT */
/*
 * stripes.h - locks that share the application's objects by hash: what waiting for one costs
 *
 * As lock.h, but of thousands, so each knows only how much all threads held it in the last
 * 100 us. What others held is taken as all but one thread's even share. The line of a lock comes
 * with the object that it guards (cache.h), so moving it is not added.
 */
#ifndef SIM_STRIPES_H
#define SIM_STRIPES_H

#include "sim/arena.h"
#include "sim/lock.h"

enum {
	STRIPES_BITS = 13,		/* memcached 1.4.18 with more than four threads */
	STRIPES = 1 << STRIPES_BITS,
};

struct stripe {
	uint32_t window;		/* number of the horizon under way, modulo 2^32 */
	uint32_t busy, before;		/* ps, in it and in the one before */
	uint64_t held_ps;		/* in all */
};

/* All zero: no locks. */
struct stripes {
	struct stripe *stripe;
	uint32_t threads;
	uint64_t hold_ps;
	struct arena mem;
};

/** @threads take one for @hold_ps at a time; 0: no locks. Returns 0 or -ENOMEM. */
int stripes_init(struct stripes *s, uint32_t threads, uint64_t hold_ps);
void stripes_fini(struct stripes *s);

static inline struct stripe *stripes_of(const struct stripes *s, uint32_t hash)
{
	return &s->stripe[hash >> (32 - STRIPES_BITS)];
}

/** The thread of @u touches the object @hash at @now. Returns how long it waits, ps. */
uint64_t stripes_wait(struct stripes *s, struct lock_user *u, nsec now, uint32_t hash);

/** How long each was held so far, ps, into @held_ps[STRIPES]; zeros without locks. */
void stripes_count(const struct stripes *s, uint64_t *held_ps);

#endif
