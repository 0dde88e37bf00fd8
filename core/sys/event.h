/* SPDX-License-Identifier: MIT */
/*
 * event.h - the array of event conditions (IX table 1, right)
 *
 * Bounded, and nothing is ever dropped: whoever may raise events asks for room first and
 * does less. Above `max` lies a reserve for what a full batch of calls may still raise.
 */
#ifndef SYS_EVENT_H
#define SYS_EVENT_H

#include "base/stat.h"
#include "base/work.h"
#include "ix/abi.h"
#include "tcp/tcp.h"

struct events {
	struct ix_event *ev;
	uint32_t pos;		/* consumed by the application: always 0 after a whole pass */
	uint32_t n;
	uint32_t max;		/* frames and timers stop here */
	uint32_t cap;		/* calls may go on to here */
	struct stats *stats;
};

extern const struct tcp_sink events_tcp_sink;	/* ctx: struct events */

static inline uint32_t events_room(const struct events *e)
{
	return e->n < e->max ? e->max - e->n : 0;
}

/** Not yet consumed. */
static inline uint32_t events_pending(const struct events *e)
{
	return e->n - e->pos;
}

/** The application has consumed @taken more. */
static inline void events_consume(struct events *e, uint32_t taken)
{
	e->pos += taken;
	if (likely(e->pos == e->n))
		e->pos = e->n = 0;
}

/** Make room behind what is pending. */
static inline void events_compact(struct events *e)
{
	if (likely(e->pos == 0))
		return;
	memmove(e->ev, e->ev + e->pos, events_pending(e) * sizeof(*e->ev));
	e->n -= e->pos;
	e->pos = 0;
}

/** The next slot, zeroed but for nr. The caller has seen to it that there is one. */
static inline struct ix_event *events_push(struct events *e, enum ix_event_nr nr)
{
	struct ix_event *ev = &e->ev[e->n];

	assert(e->n < e->cap);
	e->n++;
	*ev = (struct ix_event){ .nr = nr };
	return ev;
}

#endif
