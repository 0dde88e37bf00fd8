/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the discrete-event engine: one clock, one order
 *
 * Events fire by (time, scheduling order): two events at one instant fire in the order
 * they were scheduled. An event is embedded in its owner, so scheduling never allocates
 * beyond a heap's growth, and any number of engines live in one process.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "base/list.h"

struct engine;
struct event;

typedef void event_fn(struct event *ev, nsec now);

/* Told before an event fires, so that hundreds of owners that take turns find their state in a
 * cache: in about 0.4 us, in about 0.2 us, next. Each reads what the one before has fetched, and
 * changes nothing. An event that is scheduled late is told at once what it has missed. */
struct event_hints {
	void (*soon)(struct event *ev), (*near)(struct event *ev), (*next)(struct event *ev);
};

struct event {
	event_fn *fire;
	const struct event_hints *hints;	/* NULL: none */
	nsec at;
	uint64_t order;
	struct list node;	/* of its bucket */
	uint32_t pos;		/* where it waits; 0: not scheduled. Zeroed memory is valid */
};

struct engine *engine_new(void);	/* NULL: no memory */
void engine_free(struct engine *e);
nsec engine_now(const struct engine *e);

/** Schedule @ev (moves it if scheduled) at @at >= now, never NSEC_NEVER. */
void engine_at(struct engine *e, struct event *ev, nsec at);
void engine_cancel(struct engine *e, struct event *ev);
static inline bool event_scheduled(const struct event *ev) { return ev->pos != 0; }

/** Fire events up to and including @until, or until engine_stop(). The clock then stands at
 * @until; after a stop, or with NSEC_NEVER, at the last event. Returns the number fired. */
uint64_t engine_run(struct engine *e, nsec until);
void engine_stop(struct engine *e);

/** Time of the first event, NSEC_NEVER when there is none. */
nsec engine_next(const struct engine *e);

/** Of the times of all events fired, in order: part of the determinism oracle. */
uint64_t engine_hash(const struct engine *e);

#endif
