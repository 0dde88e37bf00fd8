/* SPDX-License-Identifier: MIT */
/*
 * stripes.c - waiting for a lock of many; see stripes.h
 */
#include "sim/stripes.h"

int stripes_init(struct stripes *s, uint32_t threads, uint64_t hold_ps)
{
	*s = (struct stripes){ .threads = threads, .hold_ps = hold_ps };
	if (hold_ps == 0)
		return 0;
	s->stripe = arena_get(&s->mem, STRIPES * sizeof(*s->stripe), CACHE_LINE);
	return s->stripe ? 0 : -ENOMEM;
}

void stripes_fini(struct stripes *s)
{
	arena_drop(&s->mem);
	s->stripe = NULL;
}

/* Of the horizon that ends @now, ps; moves on to it. */
static uint64_t busy(struct stripe *l, nsec now)
{
	uint32_t window = (uint32_t)(now / LOAD_HORIZON);
	uint64_t left = LOAD_HORIZON - now % LOAD_HORIZON;

	if (window != l->window) {
		l->before = window == l->window + 1 ? l->busy : 0;
		l->busy = 0;
		l->window = window;
	}
	return l->busy + l->before * left / LOAD_HORIZON;
}

uint64_t stripes_wait(struct stripes *s, struct lock_user *u, nsec now, uint32_t hash)
{
	struct stripe *l = stripes_of(s, hash);
	uint64_t others = busy(l, now) * (s->threads - 1) / s->threads;
	uint64_t rho = others / (LOAD_HORIZON * 1000 / LOAD_FULL);
	uint64_t wait = s->hold_ps * load_wait(rho) / LOAD_FULL;

	wait = MIN(wait, s->hold_ps * (s->threads - 1));
	l->busy = (uint32_t)MIN(l->busy + s->hold_ps, (uint64_t)UINT32_MAX);
	l->held_ps += s->hold_ps;
	u->held_ps += s->hold_ps;
	u->wait_ps += wait;
	return wait;
}

void stripes_count(const struct stripes *s, uint64_t *held_ps)
{
	for (uint32_t i = 0; i < STRIPES; i++)
		held_ps[i] = s->stripe ? s->stripe[i].held_ps : 0;
}
