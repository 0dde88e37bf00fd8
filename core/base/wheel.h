/* SPDX-License-Identifier: MIT */
/*
 * wheel.h - hierarchical timing wheel (IX section 4.2; Varghese and Lauck, 1987)
 *
 * Finest tick 2^14 ns = 16.384 us. Arming and cancelling are O(1). A timer never
 * fires early: it fires in the first wheel_run() whose @now has reached the end of
 * the tick that holds its deadline. Timers with equal deadlines fire in arming
 * order, across cascades too. Nothing here allocates.
 */
#ifndef BASE_WHEEL_H
#define BASE_WHEEL_H

#include "base/list.h"

enum {
	WHEEL_TICK_SHIFT = 14,
	WHEEL_SLOT_BITS = 8,
	WHEEL_SLOTS = 1 << WHEEL_SLOT_BITS,
	WHEEL_LEVELS = 4,		/* horizon 2^32 ticks, 19.5 hours; later ones wait in the top */
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
	uint64_t tick;			/* every tick below this has been run */
	uint32_t n_armed;
	uint64_t map[WHEEL_LEVELS][WHEEL_SLOTS / 64];	/* non-empty slots */
	struct list slot[WHEEL_LEVELS][WHEEL_SLOTS];
	struct list due;		/* expired, not yet fired (budget ran out) */
};

/** Empty wheel whose time is @now. Must precede everything else. */
void wheel_init(struct wheel *w, nsec now);

/** Set @t to fire at @deadline (in the past: next run). Re-arms if armed. */
void timer_arm(struct wheel *w, struct timer *t, nsec deadline);

/** Disarm; harmless when not armed. */
void timer_cancel(struct wheel *w, struct timer *t);

static inline bool timer_armed(const struct timer *t) { return list_linked(&t->link); }

/**
 * A time at or before which nothing fires: never late, may be early by up to one
 * cascade. NSEC_NEVER when nothing is armed. O(levels * words of the map).
 */
nsec wheel_next(const struct wheel *w);

/**
 * Fire what is due at @now, at most @budget timers; the rest stays due and
 * wheel_next() says so by returning 0. Returns the number fired.
 */
uint32_t wheel_run(struct wheel *w, nsec now, uint32_t budget);

#endif
