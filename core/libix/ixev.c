/* SPDX-License-Identifier: MIT */
/*
 * ixev.c - the event library's entry and the life of a context
 *
 * ixev_run() is one entry: return codes of the last batch, then every event, then the
 * idle handler, then the flush. A context with something to issue is on the pending list
 * once; the flush turns it into accept or connect, recv_done, sendv and close, in that
 * order. Contexts that find the call array full stay on the list, in order, and a timer
 * brings the next entry.
 *
 * Stale return codes cannot hit a context that was reused: calls with a context are
 * issued only in the flush, after the last handler, and all their return codes are
 * consumed before the first handler of the next entry (a connect or accept that failed
 * is told in a second round). Cookies are addresses of contexts and timers.
 *
 * Not here: references (ixev_send.c), timers (ixev_timer.c).
 */
#include <string.h>

#include "libix/ixev_impl.h"

enum {
	PREFETCH_AHEAD = 16,	/* events; the state of 1 M connections is not in any cache */
	SG_PER_CALL = 2,	/* more are taken from the other calls' share */
};

static uint32_t sg_entries(uint32_t max_calls)
{
	return max_calls * SG_PER_CALL + IX_SG_MAX;
}

uint64_t ixev_bytes(uint32_t max_calls)
{
	return sizeof(struct ixev) + sg_entries(max_calls) * sizeof(struct ix_sg) +
	       max_calls * (sizeof(struct ixev_slot) + sizeof(ix_handle_t));
}

/* Its only use is the entry it causes. */
static void kicked(struct ixev_timer *t, struct ixev *ev)
{
	(void)t;
	(void)ev;
}

struct ixev *ixev_init(void *mem, uint32_t max_calls, const struct ixev_ops *ops, void *app)
{
	struct ixev *ev = mem;

	memset(ev, 0, sizeof(*ev));
	ev->ops = ops;
	ev->app = app;
	ev->pend_tail = &ev->pend_head;
	ev->timer_tail = &ev->timer_head;
	ev->max_calls = max_calls;
	ev->max_sg = sg_entries(max_calls);
	ev->slot = (struct ixev_slot *)(void *)(ev + 1);
	ev->sg = (struct ix_sg *)(void *)(ev->slot + max_calls);
	ev->refuse = (ix_handle_t *)(void *)(ev->sg + ev->max_sg);
	ixev_timer_init(&ev->kick, kicked);
	return ev;
}

uint64_t ixev_now(const struct ixev *ev)
{
	return ev->now_ns;
}

void *ixev_app(const struct ixev *ev)
{
	return ev->app;
}

void ixev_work(struct ixev *ev, uint64_t cycles)
{
	ev->work_cycles += cycles;
}

void ixev_request(struct ixev *ev, uint32_t object, uint32_t bytes, unsigned update)
{
	struct ix_page *page = ev->page;

	page->app_requests++;
	page->app_updates += update;
	page->app_bytes += bytes;
	if (page->n_objects < page->max_objects)
		page->objects[page->n_objects++] = object;
}

void ixev_ctx_init(struct ixev_ctx *c, const struct ixev_conn_ops *ops)
{
	memset(c, 0, sizeof(*c));
	c->ops = ops;
}

void ixev_connect(struct ixev *ev, struct ixev_ctx *c, uint32_t ip, uint16_t port)
{
	c->ev = ev;
	c->handle = (uint64_t)ip << 16 | port;
	c->flags |= IXEV_F_CONNECT;
	ixev_pend(c);
}

void ixev_recv_done(struct ixev_ctx *c, uint32_t bytes)
{
	if (bytes > c->held)
		bytes = c->held;
	if (!bytes)
		return;
	c->held -= bytes;
	c->recv_done += bytes;
	ixev_pend(c);
}

static int close_rank(unsigned mode)
{
	return mode == IX_CLOSE_HALF ? 1 : mode == IX_CLOSE_FIN ? 2 : 3;
}

/* A stronger close replaces a weaker one; all others are told twice. */
void ixev_close(struct ixev_ctx *c, enum ix_close_mode mode)
{
	if (c->flags & IXEV_F_GONE)
		return;
	if ((c->flags & IXEV_F_SHUT) && close_rank(mode) <= close_rank(c->close_mode))
		return;
	c->close_mode = (uint8_t)mode;
	c->flags |= IXEV_F_CLOSE | IXEV_F_SHUT;
	if (mode != IX_CLOSE_HALF)
		c->flags |= IXEV_F_DEAF;
	ixev_pend(c);
}

static void unpend(struct ixev *ev, struct ixev_ctx *c)
{
	if (!(c->flags & IXEV_F_PENDED))
		return;
	c->flags &= (uint16_t)~IXEV_F_PENDED;
	*c->pend_prev = c->pend_next;
	if (c->pend_next)
		c->pend_next->pend_prev = c->pend_prev;
	else
		ev->pend_tail = c->pend_prev;
}

/* Nothing of the context is left with the library or the dataplane afterwards. */
static void bury(struct ixev *ev, struct ixev_ctx *c)
{
	unpend(ev, c);
	c->flags = IXEV_F_GONE;
	c->handle = 0;
	c->held = 0;
	c->recv_done = 0;
	ixev_release_all(c);
}

static void dead(struct ixev *ev, struct ixev_ctx *c, enum ix_dead_reason reason)
{
	bury(ev, c);
	if (c->ops->dead)
		c->ops->dead(c, reason);
}

static void connect_failed(struct ixev *ev, struct ixev_ctx *c, int outcome)
{
	bury(ev, c);
	if (c->ops->connected)
		c->ops->connected(c, outcome);
}

/* ---- return codes ---- */

/* Returns true if the context never got a connection. */
static bool take_open(struct ixev_ctx *c, uint32_t nr, int64_t ret)
{
	if (ret < 0 || (nr == IX_CALL_CONNECT && ret == 0))
		return true;
	if (nr == IX_CALL_CONNECT) {
		c->handle = (ix_handle_t)ret;
		if (c->flags & IXEV_F_CLOSE)
			ixev_pend(c);
	}
	return false;
}

/* Tell those whose connect or accept failed, now that no return code is needed any more. */
static void reap(struct ixev *ev)
{
	for (uint32_t i = 0; i < ev->n_slots; i++) {
		const struct ix_call *call = &ev->page->calls[ev->slot[i].call];

		if (call->nr == IX_CALL_CONNECT && call->ret <= 0)
			connect_failed(ev, ev->slot[i].who, call->ret ? (int)call->ret : -1);
		else if (call->nr == IX_CALL_ACCEPT && call->ret < 0)
			dead(ev, ev->slot[i].who, IX_DEAD_RESET);
	}
}

/* The array counts as full (ev->limit is 0) while its return codes are needed. */
static void take_returns(struct ixev *ev)
{
	const struct ixev_slot *s = ev->slot, *end = s + ev->n_slots;
	bool failed = false;

	for (; s < end; s++) {
		const struct ix_call *call = &ev->page->calls[s->call];

		if (call->nr == IX_CALL_SENDV)
			ixev_sendv_return(s->who, s->asked, call->ret);
		else if (call->nr == IX_CALL_CONNECT || call->nr == IX_CALL_ACCEPT)
			failed |= take_open(s->who, call->nr, call->ret);
		else
			ixev_timer_return(ev, s->who, call->nr, call->ret);
	}
	if (failed)
		reap(ev);
}

/* ---- events ---- */

static void refuse(struct ixev *ev, ix_handle_t handle)
{
	uint32_t i;

	/* More than max_calls at once: the dataplane's own patience ends the oldest. */
	if (ev->n_refuse == ev->max_calls) {
		ev->refuse_head = (ev->refuse_head + 1) % ev->max_calls;
		ev->n_refuse--;
	}
	i = (ev->refuse_head + ev->n_refuse) % ev->max_calls;
	ev->refuse[i] = handle;
	ev->n_refuse++;
}

static void knock(struct ixev *ev, const struct ix_event *e)
{
	struct ixev_ctx *c = NULL;

	if (ev->ops->knock)
		c = ev->ops->knock(ev->app, ev, &e->addr);
	if (!c) {
		refuse(ev, e->handle);
		return;
	}
	c->ev = ev;
	c->handle = e->handle;
	c->flags |= IXEV_F_ACCEPT | IXEV_F_OPEN;
	ixev_pend(c);
}

static void connected(struct ixev *ev, struct ixev_ctx *c, int outcome)
{
	if (outcome) {
		connect_failed(ev, c, outcome);
		return;
	}
	c->flags |= IXEV_F_OPEN;
	if (c->todo || (c->flags & IXEV_F_CLOSE))
		ixev_pend(c);
	if (c->ops->connected && !(c->flags & IXEV_F_DEAF))
		c->ops->connected(c, 0);
}

/*
 * Closing waits for sends to be accepted, so the peer's stream has to keep moving. Bytes go back
 * oldest first, and while a reference is out it may name the oldest: then they wait for it.
 */
static void received_deaf(struct ixev_ctx *c, uint32_t len)
{
	bool named = c->head && c->held;

	if (c->flags & IXEV_F_GONE)
		return;
	c->held += len;
	if (!named)
		ixev_recv_done(c, c->held);
}

static void received(struct ixev_ctx *c, const uint8_t *p, uint32_t len)
{
	if (c->flags & (IXEV_F_DEAF | IXEV_F_GONE)) {
		received_deaf(c, len);
	} else if (len) {
		c->held += len;
		if (c->ops->recv)
			c->ops->recv(c, p, len);
	} else if (c->ops->eof) {
		c->ops->eof(c);
	}
}

static void datagram(struct ixev *ev, const struct ix_event *e)
{
	if (ev->ops->udp_recv)
		ev->ops->udp_recv(ev->app, ev, e->handle, (const uint8_t *)(uintptr_t)e->ptr,
				  e->len, &e->addr);
	else
		(void)ixev_udp_recv_done(ev, e->handle);
}

static void dispatch_rare(struct ixev *ev, const struct ix_event *e)
{
	void *who = (void *)(uintptr_t)e->cookie;

	switch (e->nr) {
	case IX_EV_KNOCK:
		knock(ev, e);
		break;
	case IX_EV_CONNECTED:
		connected(ev, who, e->outcome);
		break;
	case IX_EV_DEAD:
		dead(ev, who, (enum ix_dead_reason)e->reason);
		break;
	case IX_EV_TIMER:
		ixev_timer_event(ev, who);
		break;
	case IX_EV_UDP_RECV:
		datagram(ev, e);
		break;
	case IX_EV_UDP_SENT:
		if (ev->ops->udp_sent)
			ev->ops->udp_sent(ev->app, ev, e->cookie);
		break;
	default:
		break;
	}
}

static inline void dispatch(struct ixev *ev, const struct ix_event *e)
{
	void *who = (void *)(uintptr_t)e->cookie;

	if (e->nr == IX_EV_RECV)
		received(who, (const uint8_t *)(uintptr_t)e->ptr, e->len);
	else if (e->nr == IX_EV_SENT)
		ixev_sent_event(who, e->bytes, e->window);
	else
		dispatch_rare(ev, e);
}

/* Where a handle stands instead of a cookie this is no address; prefetching is harmless. */
static inline void prefetch_ctx(const struct ix_event *e)
{
	__builtin_prefetch((const void *)(uintptr_t)e->cookie);
	__builtin_prefetch((const void *)(uintptr_t)(e->cookie + 64));
}

/* As many as an entry of few needs; those of many are fetched on the way. */
enum { PREFETCH_FIRST = 4 };

static inline uint32_t at_most(uint32_t n, uint32_t max)
{
	return n < max ? n : max;
}

void ixev_prefetch(const struct ixev *ev, const struct ix_event *e, uint32_t n)
{
	for (uint32_t i = 0; i < at_most(ev->n_slots, PREFETCH_FIRST); i++)
		__builtin_prefetch(ev->slot[i].who);
	for (uint32_t i = 0; i < at_most(n, PREFETCH_FIRST); i++)
		prefetch_ctx(&e[i]);
}

void ixev_prefetch_next(const struct ixev *ev, const struct ix_page *page,
			const struct ix_event *e, uint32_t n)
{
	for (uint32_t i = 0; i < at_most(ev->n_slots, PREFETCH_FIRST); i++) {
		const struct ixev_ctx *c = ev->slot[i].who;

		if (page->calls[ev->slot[i].call].nr == IX_CALL_SENDV)
			__builtin_prefetch(c->todo);
	}
	for (uint32_t i = 0; i < at_most(n, PREFETCH_FIRST); i++) {
		const struct ixev_ctx *c = (const void *)(uintptr_t)e[i].cookie;

		if (e[i].nr == IX_EV_SENT)
			__builtin_prefetch(c->head);
		else if (e[i].nr == IX_EV_RECV)
			__builtin_prefetch((const void *)(uintptr_t)e[i].ptr);
	}
}

static void take_events(struct ixev *ev, const struct ix_page *page)
{
	const struct ix_event *e = page->events, *end = e + page->n_events;
	const struct ix_event *far = end - e > PREFETCH_AHEAD ? end - PREFETCH_AHEAD : e;

	for (; e < far; e++) {
		prefetch_ctx(e + PREFETCH_AHEAD);
		dispatch(ev, e);
	}
	for (; e < end; e++)
		dispatch(ev, e);
}

/* ---- flush ---- */

static bool flush_open(struct ixev *ev, struct ixev_ctx *c)
{
	struct ix_call *call = ixev_call_for(ev, c, 0);

	if (!call)
		return false;
	if (c->flags & IXEV_F_ACCEPT) {
		ix_raw_accept(call, c->handle, ix_raw_addr(c));
	} else {
		ix_raw_connect(call, ix_raw_addr(c), (uint32_t)(c->handle >> 16),
			       (uint16_t)c->handle);
		c->handle = 0;
	}
	c->flags &= (uint16_t)~(IXEV_F_ACCEPT | IXEV_F_CONNECT);
	return true;
}

/* FIN and HALF wait until everything sent is accepted, RST waits for nothing. */
static bool may_close(const struct ixev_ctx *c)
{
	if (!(c->flags & IXEV_F_CLOSE))
		return false;
	return c->close_mode == IX_CLOSE_RST || (!c->todo && (c->flags & IXEV_F_OPEN));
}

static bool flush_close(struct ixev *ev, struct ixev_ctx *c)
{
	struct ix_call *call = ixev_call(ev);

	if (!call)
		return false;
	ix_raw_close(call, c->handle, (enum ix_close_mode)c->close_mode);
	c->flags &= (uint16_t)~IXEV_F_CLOSE;
	if (c->close_mode != IX_CLOSE_HALF) {
		c->flags |= IXEV_F_GONE;
		c->handle = 0;
		c->held = 0;
	}
	return true;
}

/* Issue all @c has; false when the array is full: the rest stays with the context. */
static bool flush_ctx(struct ixev *ev, struct ixev_ctx *c)
{
	struct ix_call *call;

	if ((c->flags & (IXEV_F_ACCEPT | IXEV_F_CONNECT)) && !flush_open(ev, c))
		return false;
	if (!c->handle)
		return true;	/* connecting: the return code will pend it again */
	if (c->recv_done) {
		call = ixev_call(ev);
		if (!call)
			return false;
		ix_raw_recv_done(call, c->handle, c->recv_done);
		c->recv_done = 0;
	}
	if (may_close(c))
		return flush_close(ev, c);
	if (c->todo && (c->flags & (IXEV_F_OPEN | IXEV_F_WAIT)) == IXEV_F_OPEN)
		return ixev_sendv_issue(ev, c);
	return true;
}

static bool flush_refused(struct ixev *ev)
{
	while (ev->n_refuse) {
		struct ix_call *call = ixev_call(ev);

		if (!call)
			return false;
		ix_raw_close(call, ev->refuse[ev->refuse_head], IX_CLOSE_RST);
		ev->refuse_head = (ev->refuse_head + 1) % ev->max_calls;
		ev->n_refuse--;
	}
	return true;
}

static bool flush_pending(struct ixev *ev)
{
	struct ixev_ctx *c = ev->pend_head;

	for (; c && flush_ctx(ev, c); c = c->pend_next)
		c->flags &= (uint16_t)~IXEV_F_PENDED;
	ev->pend_head = c;
	if (c)
		c->pend_prev = &ev->pend_head;
	else
		ev->pend_tail = &ev->pend_head;
	return !c;
}

void ixev_run(struct ixev *ev, struct ix_page *page)
{
	uint32_t max = page->max_calls < ev->max_calls ? page->max_calls : ev->max_calls;

	ev->page = page;
	ev->now_ns = page->now_ns;
	ev->work_cycles = 0;
	take_returns(ev);
	ev->n_calls = 0;
	ev->n_slots = 0;
	ev->n_sg = 0;
	ev->limit = max - 1;	/* the last one is for the kick */
	take_events(ev, page);
	if (ev->ops->idle)
		ev->ops->idle(ev->app, ev);
	if (!flush_refused(ev) || !ixev_timers_flush(ev) || !flush_pending(ev)) {
		ev->limit = max;
		ixev_kick(ev);
	}
	page->n_calls = ev->n_calls;
	page->app_cycles = ev->work_cycles;
	ev->limit = 0;
	ev->page = NULL;
}

/* ---- one connection ---- */

/* A descriptor for a call on @c that runs before what the flush issues. */
static struct ix_call *call_on(const struct ixev_ctx *c)
{
	if (!c->ev || !c->handle || (c->flags & (IXEV_F_GONE | IXEV_F_CONNECT)))
		return NULL;
	return ixev_call(c->ev);
}

int ixev_info(struct ixev_ctx *c, struct ix_tcp_info *to)
{
	struct ix_call *call = call_on(c);

	if (!call)
		return -1;
	ix_raw_info(call, c->handle, to, sizeof(*to));
	return 0;
}

int ixev_set(struct ixev_ctx *c, enum ix_option opt, uint64_t value)
{
	struct ix_call *call = call_on(c);

	if (!call)
		return -1;
	ix_raw_set(call, c->handle, opt, value);
	return 0;
}

/* ---- datagrams ---- */

int ixev_udp_send(struct ixev *ev, uint64_t cookie, const struct ix_addr *to, uint16_t local_port,
		  const struct ix_sg *sg, uint32_t n)
{
	struct ix_addr addr = { .ip = to->ip, .port = to->port, .local_port = local_port };
	struct ix_call *call = ixev_call(ev);

	if (!call)
		return -1;
	ix_raw_udp_sendv(call, cookie, &addr, sg, n);
	return 0;
}

int ixev_udp_recv_done(struct ixev *ev, ix_handle_t handle)
{
	struct ix_call *call = ixev_call(ev);

	if (!call)
		return -1;
	ix_raw_udp_recv_done(call, handle);
	return 0;
}
