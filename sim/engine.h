/* SPDX-License-Identifier: MIT */
/*
 * engine.h - the discrete-event engine: one clock, one order
 *
 * Events fire by (time, scheduling order): two events at one instant fire in the order
 * they were scheduled. An event is embedded in its owner, so scheduling never allocates
 * beyond the heap's growth, and any number of engines live in one process.
 */
#ifndef SIM_ENGINE_H
#define SIM_ENGINE_H

#include "base/types.h"

struct engine;
struct event;

typedef void event_fn(struct event *ev, nsec now);

struct event {
	event_fn *fire;
	nsec at;
	uint64_t order;
	uint32_t pos;		/* heap position + 1; 0: not scheduled. Zeroed memory is valid */
};

struct engine *engine_new(void);	/* NULL: no memory */
void engine_free(struct engine *e);
nsec engine_now(const struct engine *e);

/** Schedule @ev (moves it if scheduled) at @at >= now. */
void engine_at(struct engine *e, struct event *ev, nsec at);
void engine_cancel(struct engine *e, struct event *ev);
static inline bool event_scheduled(const struct event *ev) { return ev->pos != 0; }

/** Fire events up to and including @until, or until engine_stop(); the clock then stands at
 * @until. Returns the number fired. */
uint64_t engine_run(struct engine *e, nsec until);
void engine_stop(struct engine *e);

/** Time of the first event, NSEC_NEVER when there is none. */
nsec engine_next(const struct engine *e);

#endif
