/* SPDX-License-Identifier: MIT */
/*
 * ixev_timer.c - one-shot timers over timer_arm and timer_cancel
 *
 * At most one timer of the dataplane stands behind an ixev_timer. What handlers ask for
 * is kept in its flags and issued when the batch ends, cancel before arm, so its handle
 * is always known when handlers run. An event that was already in the array when its
 * timer was cancelled or moved is swallowed, never delivered early.
 * Not here: resolution, which is the dataplane's wheel's (16 us in the paper).
 */
#include "libix/ixev_impl.h"

static void timer_pend(struct ixev *ev, struct ixev_timer *t)
{
	if (t->flags & IXEV_T_PENDED)
		return;
	t->flags |= IXEV_T_PENDED;
	t->pend_next = NULL;
	*ev->timer_tail = t;
	ev->timer_tail = &t->pend_next;
}

void ixev_timer_init(struct ixev_timer *t, void (*fire)(struct ixev_timer *, struct ixev *))
{
	*t = (struct ixev_timer){ .fire = fire };
}

void ixev_timer_arm(struct ixev *ev, struct ixev_timer *t, uint64_t delay_ns)
{
	if (t->flags & IXEV_T_LIVE)
		t->flags |= IXEV_T_CANCEL;
	t->flags |= IXEV_T_WANT;
	t->delay_ns = delay_ns;
	timer_pend(ev, t);
}

void ixev_timer_cancel(struct ixev *ev, struct ixev_timer *t)
{
	t->flags &= (uint8_t)~IXEV_T_WANT;
	if (t->flags & IXEV_T_LIVE) {
		t->flags |= IXEV_T_CANCEL;
		timer_pend(ev, t);
	}
}

void ixev_timer_event(struct ixev *ev, struct ixev_timer *t)
{
	bool cancelled = (t->flags & IXEV_T_CANCEL) != 0;

	if (t->flags & IXEV_T_STALE) {
		t->flags &= (uint8_t)~IXEV_T_STALE;
		return;
	}
	if (!(t->flags & IXEV_T_LIVE))
		return;
	t->flags &= (uint8_t)~(IXEV_T_LIVE | IXEV_T_CANCEL);
	t->handle = 0;
	if (!cancelled)
		t->fire(t, ev);
}

/* No room at the dataplane: ask again when the thread is next entered. */
void ixev_timer_return(struct ixev *ev, struct ixev_timer *t, uint32_t nr, int64_t ret)
{
	if (nr == IX_CALL_TIMER_CANCEL) {
		if (ret < 0)
			t->flags |= IXEV_T_STALE;
	} else if (ret > 0) {
		t->handle = (ix_handle_t)ret;
	} else {
		t->flags &= (uint8_t)~IXEV_T_LIVE;
		if (t != &ev->kick)
			ixev_timer_arm(ev, t, t->delay_ns);
	}
}

static bool timer_issue(struct ixev *ev, struct ixev_timer *t)
{
	struct ix_call *c;

	if (t->flags & IXEV_T_CANCEL) {
		c = ixev_call_for(ev, t, 0);
		if (!c)
			return false;
		ix_raw_timer_cancel(c, t->handle);
		t->flags &= (uint8_t)~(IXEV_T_CANCEL | IXEV_T_LIVE);
	}
	if (t->flags & IXEV_T_WANT) {
		c = ixev_call_for(ev, t, 0);
		if (!c)
			return false;
		ix_raw_timer_arm(c, ix_raw_addr(t), t->delay_ns);
		t->flags &= (uint8_t)~IXEV_T_WANT;
		t->flags |= IXEV_T_LIVE;
	}
	return true;
}

bool ixev_timers_flush(struct ixev *ev)
{
	struct ixev_timer *t;

	while ((t = ev->timer_head) != NULL) {
		if (!timer_issue(ev, t))
			return false;
		t->flags &= (uint8_t)~IXEV_T_PENDED;
		ev->timer_head = t->pend_next;
		if (!ev->timer_head)
			ev->timer_tail = &ev->timer_head;
	}
	return true;
}

void ixev_kick(struct ixev *ev)
{
	if (ev->kick.flags & IXEV_T_LIVE)
		return;
	ev->kick.flags |= IXEV_T_WANT;
	ev->kick.delay_ns = 0;
	(void)timer_issue(ev, &ev->kick);
}
