/* SPDX-License-Identifier: MIT */
/*
 * lock.c - waiting for a lock; see lock.h
 */
#include "sim/lock.h"

/* Holding that may be booked ahead of time: passes book at their start what they spread over
 * their length. Beyond it, the lock is asked for more than there is. */
enum { AHEAD_PS = 20000000 };

/* Lines fetched from another core, by @n acquisitions of @held ps in all: as many of them as
 * there are holdings of others among all, and the first if the last holder was another. */
static uint64_t transfers_ps(const struct lock *l, const struct lock_user *u, nsec now, uint64_t n,
			     uint64_t held)
{
	uint64_t all = load_busy(&l->load, now), own = load_busy(&u->load, now);
	uint64_t ps = l->transfer_ps * n * ((all - own) >> 10) / ((all + held) >> 10 | 1);

	return l->last && l->last != u ? MAX(ps, l->transfer_ps) : ps;
}

/* Book @held from @now on. Returns how much more was booked before than could be served. */
static uint64_t book(struct lock *l, nsec now, uint64_t held)
{
	uint64_t at = now * 1000, ahead = l->free_ps > at ? l->free_ps - at : 0;

	l->free_ps = at + ahead + held;
	return ahead > AHEAD_PS ? ahead - AHEAD_PS : 0;
}

uint64_t lock_wait(struct lock *l, struct lock_user *u, nsec now, uint64_t n, uint64_t hold_ps)
{
	uint64_t rho = load_others(&l->load, &u->load, now), held = n * hold_ps;
	uint64_t moved, wait, excess;

	if (held == 0)
		return 0;
	moved = l->transfer_ps ? transfers_ps(l, u, now, n, held) : 0;
	held += moved;
	wait = held * load_wait(rho) / LOAD_FULL;
	excess = book(l, now, held);
	if (rho)
		wait = MIN(wait + excess, held * (l->threads - 1));
	load_add(&l->load, now, held);
	load_add(&u->load, now, held);
	l->last = u;
	u->held_ps += held;
	u->wait_ps += wait + moved;
	return wait + moved;
}
