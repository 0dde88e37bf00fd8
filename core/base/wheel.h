/* SPDX-License-Identifier: MIT */
/*
 * wheel.h - hierarchical timing wheel (IX section 4.2; Varghese and Lauck, 1987)
 *
 * Finest tick 2^14 ns = 16.384 us. Arming and cancelling are O(1). A timer never
 * fires early: it fires in the first wheel_run() whose @now has reached the end of
 * the tick that holds its deadline; tick k ends at k * 2^14 ns and holds what is due
 * after the end of tick k - 1. One run fires in order of ticks, and within a tick in
 * arming order, across cascades too. Nothing here allocates.
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"

enum {
	WHEEL_TICK_SHIFT = 14,
	WHEEL_SLOT_BITS = 8,
	WHEEL_SLOTS = 1 << WHEEL_SLOT_BITS,
	WHEEL_WORDS = WHEEL_SLOTS / 64,
	WHEEL_LEVELS = 4,	/* horizon 2^32 ticks, 19.5 hours; later ones wait in `far` */
};

struct timer;

/** Runs with the timer already disarmed; it may arm it again. */
typedef void timer_fn(struct timer *t, nsec now);

struct timer {
	struct list link;		/* linked exactly while armed */
	nsec deadline;
	timer_fn *fire;
};

struct wheel {
	uint64_t tick;			/* the next to run: every one below has been */
	uint32_t n_armed;
	uint32_t words;			/* of map that are not 0, WHEEL_WORDS a level */
	uint64_t map[WHEEL_LEVELS][WHEEL_WORDS];	/* non-empty slots */
	struct list far;		/* beyond the top level */
	struct list late;		/* armed for a tick that has been run: next run */
	struct list due;		/* expired, not yet fired (budget ran out) */
	struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
};

/** Empty wheel whose time is @now. Must precede everything else. */
void wheel_init(struct wheel *w, nsec now);

/**
 * Set @t to fire at @deadline. Re-arms if armed. If the tick of @deadline has been run
 * already, @t fires in the next run: never in the one that is firing now.
 */
void timer_arm(struct wheel *w, struct timer *t, nsec deadline);

/** Disarm; harmless when not armed. */
void timer_cancel(struct wheel *w, struct timer *t);

static inline bool timer_armed(const struct timer *t) { return list_linked(&t->link); }

/**
 * The time before which no run fires anything: never late, may be early by up to one
 * cascade. 0 when a timer waits for the next run whatever its @now, NSEC_NEVER when
 * nothing is armed.
 */
nsec wheel_next(const struct wheel *w);

/** Soon there will be a run: fetch where it begins; once that has arrived, the timer that is first
 * there, which is returned to fetch what it is about. NULL: none. */
void wheel_prefetch(const struct wheel *w);
const struct timer *wheel_prefetch_next(const struct wheel *w);

/**
 * Fire what is due at @now, at most @budget timers; the rest stays due and
 * wheel_next() says so by returning 0. Returns the number fired. A callback may arm
 * and cancel any timer, but not run the wheel.
 */
uint32_t wheel_run(struct wheel *w, nsec now, uint32_t budget);

#endif
