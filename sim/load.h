/* SPDX-License-Identifier: MIT */
/*
 * load.h - how busy a shared resource was lately, and how long one waits for it
 *
 * Busy time is summed over a horizon of virtual time that slides: the window under way counts
 * whole, the one before it in proportion to what of it lies within the horizon. A sum is
 * linear in what was added, so what a resource was busy for less what one user caused is
 * exactly what all others caused: nobody waits for himself. Time never goes back.
 */
#ifndef SIM_LOAD_H
#define SIM_LOAD_H

#include "base/types.h"

enum {
	LOAD_HORIZON = 100000,		/* ns */
	LOAD_FULL = 1000000,		/* utilisations are in millionths */
	LOAD_MAX = 990000,		/* above it a queue's wait is taken as at this much */
};

/* Of a resource, or of one user's share of it. All zero: never used. */
struct load {
	uint64_t window;		/* number of the window under way */
	uint64_t busy, before;		/* ps, in it and in the one before */
};

/** @ps of the resource were used at about @now. */
static inline void load_add(struct load *l, nsec now, uint64_t ps)
{
	uint64_t window = now / LOAD_HORIZON;

	if (window != l->window) {
		l->before = window == l->window + 1 ? l->busy : 0;
		l->busy = 0;
		l->window = window;
	}
	l->busy += ps;
}

/** Busy time within the horizon that ends @now, ps. */
static inline uint64_t load_busy(const struct load *l, nsec now)
{
	uint64_t window = now / LOAD_HORIZON, left = LOAD_HORIZON - now % LOAD_HORIZON;

	if (window == l->window)
		return l->busy + l->before * left / LOAD_HORIZON;
	return window == l->window + 1 ? l->busy * left / LOAD_HORIZON : 0;
}

/** Utilisation by everybody but @own, millionths; above LOAD_FULL when more was asked for
 * than there is. */
static inline uint64_t load_others(const struct load *all, const struct load *own, nsec now)
{
	return (load_busy(all, now) - load_busy(own, now)) / (LOAD_HORIZON * 1000 / LOAD_FULL);
}

/** Mean wait of an M/D/1 queue at utilisation @rho, in millionths of the service time. */
static inline uint64_t load_wait(uint64_t rho)
{
	uint64_t r = MIN(rho, (uint64_t)LOAD_MAX);

	return r * LOAD_FULL / (2 * (LOAD_FULL - r));
}

#endif
