/* SPDX-License-Identifier: MIT */
/*
 * fake_dp.h - a dataplane that only plays: a page, events to come, the batch that was left
 *
 * A test queues events, enters the thread, looks at the calls in `left`, and writes the
 * return codes the thread shall find next. Nothing is checked here.
 */
#ifndef TESTS_UNIT_FAKE_DP_H
#define TESTS_UNIT_FAKE_DP_H

#include <string.h>

#include "ix/ixev.h"

enum { FAKE_EVENTS = 256, FAKE_CALLS = 256 };

struct fake_dp {
	struct ix_page page;
	struct ix_event events[FAKE_EVENTS];
	struct ix_call calls[FAKE_CALLS];
	struct ix_call left[FAKE_CALLS];	/* the last batch, as the thread wrote it */
	uint32_t n_left;
	uint32_t n_queued;			/* events for the next entry */
	uint64_t entries;
};

static inline void fake_init(struct fake_dp *d, uint32_t max_calls)
{
	memset(d, 0, sizeof(*d));
	d->page.events = d->events;
	d->page.calls = d->calls;
	d->page.max_events = FAKE_EVENTS;
	d->page.max_calls = max_calls;
}

static inline void fake_event(struct fake_dp *d, struct ix_event e)
{
	d->events[d->n_queued++] = e;
}

/* Enter @ev with what is queued; the batch it leaves is in left[n_left], all returning 0. */
static inline void fake_enter(struct fake_dp *d, struct ixev *ev, uint64_t now_ns)
{
	d->page.n_events = d->n_queued;
	d->page.now_ns = now_ns;
	d->n_queued = 0;
	d->entries++;
	ixev_run(ev, &d->page);
	memset(d->events, 0xee, sizeof(d->events));
	d->n_left = d->page.n_calls;
	memcpy(d->left, d->calls, sizeof(d->left));
	for (uint32_t i = 0; i < d->n_left; i++)
		d->calls[i].ret = 0;
}

static inline void fake_return(struct fake_dp *d, uint32_t i, int64_t ret)
{
	d->calls[i].ret = ret;
}

#endif
