/* SPDX-License-Identifier: MIT */
/*
 * host_parts.c - threads that do not run to completion: Linux's order, and mTCP's
 *
 * The engine event of a thread is its next part: the stack (frames to event conditions), the
 * application, or, for mTCP, the application's calls. Each part takes the hyperthread until
 * its work is paid for; the one that is due first is next, the stack before the application.
 *
 *	softirq	A frame raises an interrupt, at most one in `itr`. The stack then polls until
 *		the ring is empty, batch_max frames (NAPI's budget) a part. Once it has for
 *		softirq_max, it is a thread like the application (ksoftirqd): for each of its
 *		parts the application may run as long, until the ring is empty. Event conditions
 *		are what epoll_wait() returns; the application serves app_batch connections, a
 *		crossing a call, then interrupts get their turn. One that sleeps is woken,
 *		which costs, and waits for its turn (wake_jitter); one that spins looks again
 *		(spin_jitter).
 *	thread	The stack polls. What it has for the application waits `handoff_events` for the
 *		other thread to be switched to, the application's calls `handoff_calls` on their
 *		way back; an application that is given more meanwhile runs again when that is
 *		due, after the stack has taken its calls.
 *
 * Not here: IX's pass, and what parts and pass share (host.c).
 */
#include "sim/host_impl.h"

enum { EPOLL_MAX = 1024 };	/* events a call of epoll_wait() returns at most */

static const struct exec_cfg *exec_of(const struct host_thread *t)
{
	return &t->host->setup.cfg->exec;
}

static uint64_t price(const struct host_thread *t, enum cost c)
{
	return t->host->setup.costs->v[c];
}

/* The first part due, after what is running. */
static void want_part(struct host_thread *t)
{
	struct cpu_thread *c = &t->host->cpu.thread[t->queue];
	const struct host_parts *p = &t->parts;
	nsec at = MIN(MIN(p->stack_at, p->app_at), p->calls_at);

	if (at == NSEC_NEVER)
		return;
	at = MAX(at, c->busy_until);
	t->start.hints = p->stack_at <= at ? &host_stack_hints : &host_app_hints;
	if (at >= c->next_at)
		return;
	c->next_at = at;
	engine_at(t->host->setup.engine, &t->start, at);
}

/* When the stack sees a frame that is visible at @at. */
static nsec stack_sees(struct host_thread *t, nsec at)
{
	if (at == NSEC_NEVER)
		return at;
	return at <= t->parts.polled_until ? t->parts.polled_until : host_seen_at(t, at);
}

void host_part_wake(void *ctx, nsec at)
{
	struct host_thread *t = ctx;

	t->parts.stack_at = MIN(t->parts.stack_at, stack_sees(t, at));
	want_part(t);
}

/* What the stack has next. */
static void stack_next(struct host_thread *t)
{
	nsec timer = exec_tick(exec_of(t), dp_stack_deadline(t->dp));

	if (timer == 0 && dp_app_due(t->dp))	/* no room for events: the application's turn */
		t->parts.stack_at = NSEC_NEVER;
	else
		t->parts.stack_at = MIN(timer, stack_sees(t, sim_nic_rx_next(t->host->nic,
									      t->queue)));
}

/* The application has something to do from @end on: when will it run? */
static void app_next(struct host_thread *t, nsec end)
{
	const struct app_ops *app = t->host->setup.app;
	struct host_parts *p = &t->parts;
	nsec due = app->next_due ? app->next_due(t->app) : NSEC_NEVER;

	if (!p->called && dp_app_due(t->dp)) {
		nsec at = end;

		if (exec_of(t)->stack == STACK_THREAD)
			at += price(t, COST_handoff_events) / COST_SCALE;
		else if (p->asleep)
			at += exec_jitter(&t->jitter, price(t, exec_of(t)->app_spin ?
							       COST_spin_jitter :
							       COST_wake_jitter));
		p->app_at = MIN(p->app_at, at);		/* a timer may have set it, much later */
		if (p->calls_at != NSEC_NEVER)
			p->calls_at = MIN(p->calls_at, p->app_at);
		p->called = true;
	}
	if (due != NSEC_NEVER && p->calls_at == NSEC_NEVER)
		p->app_at = MIN(p->app_at, MAX(due, end));
}

/* What entering the stack costs. Frames that came until the last part ended are polled, whatever
 * ran since; others interrupt, so the ring was empty. */
static uint64_t interrupt_ps(struct host_thread *t, nsec now)
{
	struct host_parts *p = &t->parts;

	if (exec_of(t)->wake != WAKE_INTERRUPT || now <= p->polled_until ||
	    (p->ksoftirqd && p->stack_at <= p->polled_until))
		return 0;
	host_irq(t, now);
	p->softirq_from = now;
	p->ksoftirqd = false;
	p->owed = 0;
	return price(t, COST_irq);
}

/* ... and what follows from what the stack did: a wake-up of who sleeps and @had nothing to do,
 * state that moves to the application's core. */
static uint64_t wakeup_ps(struct host_thread *t, const struct work *w, bool had)
{
	const struct exec_cfg *x = exec_of(t);
	uint64_t ps = 0;

	if (x->stack != STACK_SOFTIRQ)
		return 0;
	if (!x->steered)
		ps = (w->tcp_fast + w->tcp_slow) * price(t, COST_cross_segment);
	if (!t->parts.asleep || had || !dp_app_due(t->dp) || x->app_spin)
		return ps;
	t->wakeups++;
	return ps + price(t, COST_wakeup) + (x->steered ? 0 : price(t, COST_cross_wakeup));
}

/* A part of the stack from @now to @end: does it still go first? Who sleeps saves nothing. */
static void softirq_shares(struct host_thread *t, nsec now, nsec end)
{
	const struct exec_cfg *x = exec_of(t);
	struct host_parts *p = &t->parts;

	if (x->stack != STACK_SOFTIRQ || x->softirq_max_ns == 0)
		return;
	p->ksoftirqd |= end - p->softirq_from >= x->softirq_max_ns;
	if (p->ksoftirqd)
		p->owed = dp_app_due(t->dp) ? p->owed + (end - now) : 0;
}

static void stack_part(struct host_thread *t, nsec now)
{
	struct host_parts *p = &t->parts;
	bool had = dp_app_due(t->dp);
	uint64_t extra_ps = interrupt_ps(t, now);
	struct work w = { 0 };
	nsec end;

	dp_run_stack(t->dp, now, &w);
	extra_ps += wakeup_ps(t, &w, had);
	end = host_pass_end(t, &w, extra_ps, now);
	p->unread += exec_app_reads(exec_of(t), &w);
	p->polled_until = end;
	softirq_shares(t, now, end);
	if (exec_of(t)->itr_adaptive && sim_nic_rx_waiting(t->host->nic, t->queue) == 0)
		exec_itr_update(&t->itr, t->rx_bytes, t->tx_bytes);
	stack_next(t);
	app_next(t, end);
}

/* A call of epoll_wait() a round of connections; where calls cross one by one it is one, and what
 * waits for one connection is read by one. */
static uint32_t app_budget(struct host_thread *t, struct work *w)
{
	struct host_parts *p = &t->parts;
	const struct exec_cfg *x = exec_of(t);
	uint32_t n;

	if (x->stack == STACK_THREAD || x->app_batch == 0)
		return UINT32_MAX;
	if (x->app_batch > 1)
		return x->app_batch;
	n = MAX(dp_app_run_length(t->dp), 1u);
	if (x->calls == CALLS_BATCHED)
		return n;
	if (p->returned == 0)
		p->returned = EPOLL_MAX;
	else
		w->crossings--;			/* this part is the same epoll_wait()'s */
	p->returned--;
	w->events -= n - 1;
	return n;
}

static void app_part(struct host_thread *t, nsec now)
{
	const struct app_ops *app = t->host->setup.app;
	struct host_parts *p = &t->parts;
	bool thread = exec_of(t)->stack == STACK_THREAD;
	struct work w = { 0 };
	uint64_t before;
	nsec end;

	if (app->next_due && app->next_due(t->app) <= now)
		dp_kick(t->dp);
	before = t->switches;
	t->switches += thread;
	dp_run_app(t->dp, now, app_budget(t, &w), &w);
	if (!thread)
		dp_run_calls(t->dp, now, &w);
	w.copied_bytes += p->unread;
	p->unread = 0;
	end = host_pass_end(t, &w, (t->switches - before) * price(t, COST_switch), now);
	p->app_at = NSEC_NEVER;
	p->called = false;
	p->owed -= MIN(p->owed, end - now);
	if (thread)
		p->calls_at = end + price(t, COST_handoff_calls) / COST_SCALE;
	p->asleep = !dp_app_due(t->dp);
	if (p->asleep)
		p->returned = 0;
	stack_next(t);
	app_next(t, end);
}

static void calls_part(struct host_thread *t, nsec now)
{
	struct work w = { 0 };
	nsec end;

	t->switches++;
	dp_run_calls(t->dp, now, &w);
	end = host_pass_end(t, &w, price(t, COST_switch), now);
	t->parts.calls_at = NSEC_NEVER;
	stack_next(t);
	app_next(t, end);
}

void host_part(struct event *ev, nsec now)
{
	struct host_thread *t = container_of(ev, struct host_thread, start);
	const struct host_parts *p = &t->parts;

	host_pass_begin(t, now);
	if (p->calls_at <= now) {
		calls_part(t, now);
	} else if (p->stack_at <= now && (p->owed == 0 || p->app_at > now)) {
		stack_part(t, now);
	} else {
		assert(p->app_at <= now);	/* its calls have run: nothing overtakes them */
		app_part(t, now);
	}
	want_part(t);
}
