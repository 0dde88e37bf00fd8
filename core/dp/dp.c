/* SPDX-License-Identifier: MIT */
/*
 * dp.c - the pass: run to completion with adaptive, bounded batching (IX section 4.2)
 *
 * A pass never waits to fill a batch: it takes what is there, at most B. So a batch is
 * one frame at low load, and grows only when frames have queued up behind a pass.
 *
 * When the event array has no room the pass stops processing frames: those it has taken
 * wait, in order, for the next pass, and those in the ring for the NIC's flow control.
 */
#include "dp/dp_impl.h"
#include "net/arp.h"
#include "net/eth.h"

/* The steps are parts of dp_run_once(), whoever else uses them. */
#define ALWAYS_INLINE inline __attribute__((always_inline))

enum { PREFETCH_CONNS = 4096 };		/* below this, connections are in the cache anyway */
#define TX_RETRY_NS (10 * NSEC_PER_USEC)	/* frames the ring refused */
#define TELL_NS (10 * NSEC_PER_USEC)	/* calls that were refused */
#define NIC_WAIT_NS (100 * NSEC_PER_USEC)	/* connections that wait for the NIC to let go */

static ALWAYS_INLINE void begin(struct dp *dp, nsec now, struct work *w)
{
	assert(now >= dp->now);
	dp->now = now;
	dp->flush_owed = false;
	dp->nif.work = w;
	w->passes++;
	tcp_set_now(&dp->tcp, now);
	if (unlikely(!dp->announced)) {
		dp->announced = true;
		arp_announce(&dp->nif);
	}
}

static ALWAYS_INLINE void rx_poll(struct dp *dp, struct work *w)
{
	if (unlikely(dp->rx_pos < dp->rx_n))
		return;
	dp->rx_pos = 0;
	dp->rx_n = dp->nic->ops->rx_burst(dp->nic, dp->queue, dp->rx, dp->cfg.batch_max, w);
	w->rx_frames += dp->rx_n;
	STAT_ADD(&dp->stats, RX_FRAMES, dp->rx_n);
}

/* Connections too many to stay cached: fetch those of the next frames before the first is
 * needed. Returns the frame up to which that has been done. */
static uint32_t warm(struct dp *dp)
{
	uint32_t n = MIN(dp->rx_n - dp->rx_pos, (uint32_t)TCP_PREFETCH_MAX);

	if (n > 1)
		tcp_prefetch(&dp->tcp, dp->rx + dp->rx_pos, n);
	return dp->rx_pos + n;
}

static ALWAYS_INLINE void net_input(struct dp *dp, nsec now, struct work *w)
{
	uint32_t warm_to = tcp_conns(&dp->tcp) > PREFETCH_CONNS ? dp->rx_pos : dp->rx_n;

	tcp_resume(&dp->tcp);
	while (dp->rx_pos < dp->rx_n) {
		struct mbuf *m;

		if (unlikely(events_room(&dp->sys.events) < TCP_EVENTS_A_FRAME)) {
			STAT_INC(&dp->stats, RX_BACKPRESSURE);
			return;
		}
		if (dp->rx_pos == warm_to)
			warm_to = warm(dp);
		m = dp->rx[dp->rx_pos++];
		w->rx_bytes += m->len;
		eth_rx(&dp->nif, m, now);
	}
}

/* Without an event: because it said so, or to learn that a call was refused. For want of a timer
 * not before there is one: it would ask again, and again. */
static inline bool app_wanted(const struct dp *dp)
{
	return dp->kicked || dp->now >= dp->tell_at ||
	       (unlikely(dp->sys.timers_short > 0) && dp->sys.timers.n_avail > 0);
}

static ALWAYS_INLINE void app_run(struct dp *dp, nsec now, uint32_t max, struct work *w)
{
	struct events *e = &dp->sys.events;
	struct ix_page *page = dp->page;
	uint32_t n = MIN(events_pending(e), max);

	page->n_calls = 0;
	if (n == 0 && !app_wanted(dp))
		return;
	dp->kicked = false;
	dp->tell_at = NSEC_NEVER;
	dp->sys.timers_short = 0;
	page->events = e->ev + e->pos;
	page->n_events = n;
	page->now_ns = now;
	page->app_cycles = page->app_requests = page->app_updates = page->app_bytes = 0;
	w->events += n;
	STAT_ADD(&dp->stats, EVENTS, n);
	w->crossings++;
	dp->user->ops->run(dp->user, page);
	w->app_cycles += page->app_cycles;
	w->app_requests += page->app_requests;
	w->app_updates += page->app_updates;
	w->app_bytes += page->app_bytes;
	events_consume(e, n);
}

/* What died before the application ran is let go now, if it has seen `dead`. Returns how many
 * calls there were. */
static ALWAYS_INLINE uint32_t calls_run(struct dp *dp, nsec now)
{
	uint32_t n = dp->page->n_calls;		/* read once, believed never */
	struct mbuf *grave = events_pending(&dp->sys.events) ? NULL : tcp_take_grave(&dp->tcp);

	dp->page->n_calls = 0;
	if (unlikely(n > dp->sys.calls_max)) {
		STAT_INC(&dp->stats, CALLS_BOUNDED);
		n = dp->sys.calls_max;
	}
	if (n > 0) {
		uint32_t refused = bsys_run(&dp->sys, n, now);

		if (unlikely(refused > 0) && refused > dp->sys.timers_short)
			dp->tell_at = now + TELL_NS;
	}
	if (unlikely(n == dp->sys.calls_max))
		dp->kicked = true;		/* it may have had more to say */
	mbuf_free_chain(grave);
	return n;
}

static ALWAYS_INLINE void timers_run(struct dp *dp, nsec now, struct work *w)
{
	w->timers += wheel_run(&dp->wheel, now, events_room(&dp->sys.events) / 2);
}

static ALWAYS_INLINE void tx_flush(struct dp *dp)
{
	tcp_flush(&dp->tcp);
	netif_post(&dp->nif);
}

/* The steps of figure 1b, in its order. */
void dp_run_once(struct dp *dp, nsec now, struct work *w)
{
	begin(dp, now, w);
	rx_poll(dp, w);			/* 1 NIC rx ring, at most cfg.batch_max frames */
	net_input(dp, now, w);		/* 2 Ethernet, IP, TCP: frames to event conditions */
	app_run(dp, now, UINT32_MAX, w); /* 3 the application consumes every event */
	calls_run(dp, now);		/* 4 its batched system calls, in order */
	timers_run(dp, now, w);		/* 5 timers due at or before now */
	tx_flush(dp);			/* 6 NIC tx ring */
}

void dp_run_late(struct dp *dp, nsec now, struct work *w)
{
	uint64_t timers;
	uint32_t calls;

	begin(dp, now, w);
	rx_poll(dp, w);
	net_input(dp, now, w);
	tx_flush(dp);			/* what the pass before this one has left */
	app_run(dp, now, UINT32_MAX, w);
	timers = w->timers;
	calls = calls_run(dp, now);
	timers_run(dp, now, w);
	dp->flush_owed = calls > 0 || w->timers > timers;
}

void dp_run_stack(struct dp *dp, nsec now, struct work *w)
{
	begin(dp, now, w);
	events_compact(&dp->sys.events);
	rx_poll(dp, w);
	net_input(dp, now, w);
	timers_run(dp, now, w);
	tx_flush(dp);
}

void dp_run_app(struct dp *dp, nsec now, uint32_t max_events, struct work *w)
{
	begin(dp, now, w);
	app_run(dp, now, max_events, w);
}

void dp_run_calls(struct dp *dp, nsec now, struct work *w)
{
	begin(dp, now, w);
	calls_run(dp, now);
	tx_flush(dp);
}

void dp_kick(struct dp *dp)
{
	dp->kicked = true;
}

bool dp_app_due(const struct dp *dp)
{
	return app_wanted(dp) || events_pending(&dp->sys.events) > 0;
}

uint32_t dp_app_run_length(const struct dp *dp)
{
	const struct events *e = &dp->sys.events;
	uint32_t i = e->pos;

	while (i < e->n && e->ev[i].cookie == e->ev[e->pos].cookie)
		i++;
	return i - e->pos;
}

nsec dp_stack_deadline(const struct dp *dp)
{
	nsec at;

	if (dp->rx_pos < dp->rx_n || tcp_resume_ready(&dp->tcp) || dp->flush_owed)
		return 0;
	at = wheel_next(&dp->wheel);
	if (dp->now < dp->tell_at)		/* then it is the application's turn */
		at = MIN(at, dp->tell_at);
	if (dp->nif.n_txq > 0)
		at = MIN(at, dp->now + TX_RETRY_NS);
	else if (dp->tcp.dirty_head)
		at = MIN(at, dp->now + NIC_WAIT_NS);
	return at;
}

nsec dp_next_deadline(const struct dp *dp)
{
	return dp_app_due(dp) || dp->tcp.grave ? 0 : dp_stack_deadline(dp);
}

void dp_prefetch(const struct dp *dp)
{
	prefetch(&dp->cfg.batch_max);
	prefetch_to(&dp->nic, &dp->tcp.mark_at);
	prefetch(&dp->tcp.starved);
	prefetch_to(&dp->sys, &dp->sys.udp_ports);
	prefetch(&dp->stats.v[STAT_RX_FRAMES]);
	prefetch(&dp->stats.v[STAT_TCP_FAST]);
	prefetch(&dp->stats.v[STAT_EVENTS]);
	prefetch_to(&dp->now, dp->rx + 8);
	prefetch_to(&dp->wheel, &dp->wheel.slot);
	prefetch_to(&dp->nif, dp->nif.refs_of);
	prefetch(&dp->nif.refs_mark);
	prefetch(dp->nif.txq);
}

void dp_prefetch_next(const struct dp *dp)
{
	prefetch_to(dp->page, dp->page + 1);
	prefetch(dp->sys.events.ev + dp->sys.events.pos);
	prefetch(dp->sys.calls);
	prefetch(&dp->tcp.mark_at[dp->nif.refs_mark % NETIF_MARKS]);
	prefetch(&dp->nif.refs_of[dp->nif.refs_mark % NETIF_MARKS]);
	prefetch(dp->nif.pool->pool.free);
	wheel_prefetch(&dp->wheel);
}

void dp_prefetch_timer(const struct dp *dp)
{
	const struct timer *t = wheel_prefetch_next(&dp->wheel);

	if (t)
		tcp_prefetch_timer(&dp->tcp, t);
}

uint32_t dp_prefetch_bucket(const struct dp *dp, uint32_t raddr, uint16_t rport, uint16_t lport,
			    uint32_t rss)
{
	struct flow f = { .laddr = dp->nif.ip, .raddr = raddr, .lport = lport, .rport = rport };

	return tcp_prefetch_bucket(&dp->tcp, &f, rss);
}

uint32_t dp_prefetch_flow(const struct dp *dp, uint32_t bucket)
{
	return tcp_prefetch_flow(&dp->tcp, bucket);
}

void dp_prefetch_conn(const struct dp *dp, uint32_t slot)
{
	tcp_prefetch_conn(&dp->tcp, slot);
}

void dp_prefetch_handle(const struct dp *dp, uint64_t handle)
{
	tcp_prefetch_handle(&dp->tcp, handle);
}

uint32_t dp_pending(const struct dp *dp, const struct ix_event **events)
{
	*events = dp->sys.events.ev + dp->sys.events.pos;
	return events_pending(&dp->sys.events);
}

uint32_t dp_conns(const struct dp *dp) { return tcp_conns(&dp->tcp); }
const struct stats *dp_stats(const struct dp *dp) { return &dp->stats; }
struct ix_page *dp_page(struct dp *dp) { return dp->page; }
