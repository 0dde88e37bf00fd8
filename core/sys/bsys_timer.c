/* SPDX-License-Identifier: MIT */
/*
 * bsys_timer.c - one-shot timers of the application, and bring-up of the calls
 */
#include "sys/bsys.h"

#define DELAY_MAX_NS (1ULL << 60)

size_t bsys_timer_bytes(uint32_t n)
{
	return pool_bytes(sizeof(struct app_timer), n);
}

void bsys_init(struct sys *s, void *timer_mem, uint32_t timers_max, uint32_t udp_held_max)
{
	pool_init(&s->timers, timer_mem, sizeof(struct app_timer), timers_max);
	s->udp_held_max = udp_held_max;
}

static void fire(struct timer *timer, nsec now)
{
	struct app_timer *t = container_of(timer, struct app_timer, timer);

	(void)now;
	events_push(&t->sys->events, IX_EV_TIMER)->cookie = t->cookie;
	t->armed = false;
	pool_free(&t->sys->timers, t);
}

/** timer_arm(cookie, delay): the timer's handle, -EINVAL, -ENOBUFS. */
int64_t bsys_timer_arm(struct sys *s, const struct ix_call *d)
{
	struct app_timer *t;

	if (d->delay_ns > DELAY_MAX_NS)
		return -EINVAL;
	t = pool_alloc(&s->timers);
	if (!t) {
		s->timers_short++;
		return -ENOBUFS;
	}
	t->timer = (struct timer){ .fire = fire };
	t->cookie = d->cookie;
	t->sys = s;
	t->gen = (t->gen + 1) & INT32_MAX;
	t->gen += t->gen == 0;
	t->armed = true;
	timer_arm(s->nif->wheel, &t->timer, s->now + d->delay_ns);
	return (int64_t)((uint64_t)t->gen << 32 | pool_index(&s->timers, t));
}

/** timer_cancel(handle): 0, or -EBADF when it has fired or never was. */
int64_t bsys_timer_cancel(struct sys *s, const struct ix_call *d)
{
	uint32_t i = (uint32_t)d->handle;
	struct app_timer *t;

	if (i >= s->timers.n_fresh)
		return -EBADF;
	t = pool_at(&s->timers, i);
	if (!t->armed || t->gen != d->handle >> 32)
		return -EBADF;
	timer_cancel(s->nif->wheel, &t->timer);
	t->armed = false;
	pool_free(&s->timers, t);
	return 0;
}
