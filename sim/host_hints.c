/* SPDX-License-Identifier: MIT */
/*
 * host_hints.c - what a thread's coming pass or part will touch, fetched before it begins
 *
 * Hundreds of threads take turns, so each finds that the others have used the cache. The engine
 * tells of a pass three times (engine.h). A part is the stack's or the application's: what only the
 * other one touches is left to its own hints.
 */
#include "sim/host_impl.h"

/* Bytes an application, its event library touch in nearly every entry. */
enum { WARM_APP = 512, WARM_EV = 256 };

static struct host_thread *thread_of(struct event *ev)
{
	return container_of(ev, struct host_thread, start);
}

static inline const struct frame *soon_any(const struct host_thread *t)
{
	const struct frame *f = sim_nic_soon(t->host->nic, t->queue);

	prefetch_to(t, t + 1);
	dp_prefetch(t->dp);
	return f;
}

static inline void soon_app(const struct host_thread *t)
{
	prefetch_to(t->app, (const char *)t->app + WARM_APP);
	prefetch_to(t->ev, (const char *)t->ev + WARM_EV);
}

/* The segments that the stack will begin with: @f and its successors. Of another frame, what is
 * fetched is of no use, and no harm. */
static inline void soon_stack(struct host_thread *t, const struct frame *f)
{
	t->n_near = 0;
	for (t->n_soon = 0; f != NULL && t->n_soon < HOST_NEAR; f = f->next) {
		const uint8_t *ip = f->data + HOST_AT_IP, *tcp = f->data + HOST_AT_TCP;

		t->soon[t->n_soon++] = dp_prefetch_bucket(t->dp, be32_load(ip + IP_SRC),
							  be16_load(tcp + TCP_SPORT),
							  be16_load(tcp + TCP_DPORT), f->rss);
	}
}

static inline void near_stack(struct host_thread *t, const struct frame *f)
{
	t->n_near = t->n_soon;
	for (uint32_t i = 0; i < t->n_near; i++)
		t->near[i] = dp_prefetch_flow(t->dp, t->soon[i]);
	for (uint32_t i = 0; f != NULL && i < HOST_NEAR; f = f->next, i++)
		machine_prefetch(&t->host->machine, f->rss);
}

static inline void near_app(struct host_thread *t)
{
	const struct app_ops *app = t->host->setup.app;
	const struct ix_event *events;
	uint32_t n = dp_pending(t->dp, &events);

	ixev_prefetch(t->ev, events, n);
	t->sends = app->fetch ? app->fetch(t->app) : NULL;
}

static inline void next_stack(const struct host_thread *t)
{
	for (uint32_t i = 0; i < t->n_near; i++)
		dp_prefetch_conn(t->dp, t->near[i]);
	dp_prefetch_timer(t->dp);
}

/* The connections that the application will make calls on: where it has heard something, and the
 * one it will send on. */
static void next_called(const struct host_thread *t, const struct ix_event *e, uint32_t n)
{
	for (uint32_t i = 0; i < MIN(n, (uint32_t)HOST_NEAR); i++) {
		const struct ixev_ctx *c = (const void *)(uintptr_t)e[i].cookie;

		if (e[i].nr == IX_EV_RECV || e[i].nr == IX_EV_SENT)
			dp_prefetch_handle(t->dp, c->handle);
	}
	if (t->sends)
		dp_prefetch_handle(t->dp, t->sends->handle);
}

static inline void next_app(const struct host_thread *t)
{
	const struct ix_event *events;
	uint32_t n = dp_pending(t->dp, &events);

	next_called(t, events, n);
	ixev_prefetch_next(t->ev, dp_page(t->dp), events, n);
}

static void stack_soon(struct event *ev)
{
	struct host_thread *t = thread_of(ev);

	soon_stack(t, soon_any(t));
}

static void stack_next(struct event *ev) { next_stack(thread_of(ev)); }
static void app_next(struct event *ev) { next_app(thread_of(ev)); }

static void stack_near(struct event *ev)
{
	struct host_thread *t = thread_of(ev);

	dp_prefetch_next(t->dp);
	near_stack(t, sim_nic_near(t->host->nic, t->queue));
}

static void app_near(struct event *ev)
{
	struct host_thread *t = thread_of(ev);

	dp_prefetch_next(t->dp);
	sim_nic_near(t->host->nic, t->queue);
	near_app(t);
}

static void pass_soon(struct event *ev)
{
	stack_soon(ev);
	soon_app(thread_of(ev));
}

static void app_soon(struct event *ev)
{
	soon_any(thread_of(ev));
	soon_app(thread_of(ev));
}

static void pass_near(struct event *ev)
{
	stack_near(ev);
	near_app(thread_of(ev));
}

static void pass_next(struct event *ev)
{
	next_stack(thread_of(ev));
	next_app(thread_of(ev));
}

const struct event_hints host_pass_hints = {
	.soon = pass_soon, .near = pass_near, .next = pass_next,
};
const struct event_hints host_stack_hints = {
	.soon = stack_soon, .near = stack_near, .next = stack_next,
};
const struct event_hints host_app_hints = {
	.soon = app_soon, .near = app_near, .next = app_next,
};
