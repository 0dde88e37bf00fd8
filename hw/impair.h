/* SPDX-License-Identifier: MIT */
/*
 * impair.h - a struct nic that wraps a struct nic and lets faults befall its frames
 *
 * Loss, duplication, corruption of one bit, reordering, jitter, longer paths, ECN marks and
 * link flaps, decided by base/fault.h, in both directions, each with streams of its own. A
 * frame that is held back comes out after fault_cfg.reorder_frames later ones of its direction
 * or when its time has come, whichever is first, so nothing is held for ever.
 *
 * The caller sets `now` before each pass, calls impair_poll(), and does not sleep past
 * impair_deadline().
 */
#ifndef HW_IMPAIR_H
#define HW_IMPAIR_H

#include "base/fault.h"
#include "plat.h"

enum {
	IMPAIR_HELD_MAX = 64,	/* frames held back a direction; beyond it they pass */
	IMPAIR_READY_MAX = 256,	/* frames waiting for the wrapped NIC's ring */
};

struct impair_held {
	struct mbuf *m;
	nsec due;
	uint32_t after;		/* later frames to go first; 0: only time releases it */
};

struct impair_dir {
	struct fault fault;
	struct mbuf *head, *tail;	/* ready to go on, oldest first */
	uint32_t n_ready;
	uint32_t n_held;
	struct impair_held held[IMPAIR_HELD_MAX];	/* in order of arrival */
};

struct impair {
	struct nic nic;
	struct nic *inner;
	struct mempool *pool;	/* copies come from here */
	nsec epoch;		/* flaps count from here */
	nsec now;
	uint64_t n_no_mbuf;	/* duplicates and corruptions not made: pool empty */
	uint64_t n_not_held;	/* frames not held back: too many already are */
	struct impair_dir rx, tx;
};

/** Wrap @inner, which outlives it, from @now on. @pool is the dataplane's. */
void impair_init(struct impair *im, struct nic *inner, struct mempool *pool,
		 const struct fault_cfg *cfg, uint64_t seed, nsec now);

/** Send what has become due. Adds doorbells to @w. */
void impair_poll(struct impair *im, struct work *w);

/** When frames that are held become due; 0: some can be received now; NSEC_NEVER: none. */
nsec impair_deadline(const struct impair *im);

/** Free every frame inside. */
void impair_drop(struct impair *im);

#endif
