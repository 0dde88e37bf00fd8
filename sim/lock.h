/* SPDX-License-Identifier: MIT */
/*
 * lock.h - a lock that a host's threads share: what waiting for it costs
 *
 * A pass happens at one instant in the core, so who holds a lock when is not known. What is
 * known is how much of the last 100 us the other threads held it (load.h). The wait for one
 * acquisition is the mean wait of an M/D/1 queue at that utilisation, at most until every
 * other thread has had its turn. Once all together have asked for more than there is, the
 * excess is waited off too, so a saturated lock serves 1/hold acquisitions a second.
 *
 * Holding itself is part of the price of what is done under the lock and is not added. What
 * is: fetching the lock's line from the core that held it last (`transfer_ps`), in
 * proportion to how likely that was another one; the lock stays held meanwhile.
 */
#ifndef SIM_LOCK_H
#define SIM_LOCK_H

#include "sim/load.h"

struct lock_user;

/* Zeroed, then lock_init(). */
struct lock {
	struct load load;
	uint64_t free_ps;		/* when all that was asked for could have been served */
	uint32_t threads;		/* that may take it */
	uint64_t transfer_ps;
	const struct lock_user *last;	/* who took it last */
};

/* A thread's part. All zero: never took it. */
struct lock_user {
	struct load load;
	uint64_t held_ps, wait_ps;	/* in all; transfers are in both */
};

static inline void lock_init(struct lock *l, uint32_t threads, uint64_t transfer_ps)
{
	*l = (struct lock){ .threads = threads, .transfer_ps = transfer_ps };
}

/**
 * The thread of @u takes @l @n times from @now on and holds it @hold_ps each. Returns the time it
 * spends waiting, transfers of the line included, ps.
 */
uint64_t lock_wait(struct lock *l, struct lock_user *u, nsec now, uint64_t n, uint64_t hold_ps);

#endif
