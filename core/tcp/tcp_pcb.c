/* SPDX-License-Identifier: MIT */
/*
 * tcp_pcb.c - the life of a connection's slot: birth, lookup, state, death
 *
 * A freed slot that is still in the dirty list goes back to the pool when the list is
 * walked, so the list needs no back links. Handles carry the slot's generation.
 */
#include "tcp/tcp_impl.h"

#define S(state) BIT(state)

/* Legal successors, RFC 9293 section 3.3.2; CLOSED follows any state. */
static const uint16_t tcp_next[] = {
	[TCP_CLOSED] = S(TCP_SYN_SENT) | S(TCP_SYN_RCVD),
	[TCP_SYN_SENT] = S(TCP_SYN_RCVD) | S(TCP_ESTABLISHED),
	[TCP_SYN_RCVD] = S(TCP_ESTABLISHED) | S(TCP_FIN_WAIT_1),
	[TCP_ESTABLISHED] = S(TCP_FIN_WAIT_1) | S(TCP_CLOSE_WAIT),
	[TCP_FIN_WAIT_1] = S(TCP_FIN_WAIT_2) | S(TCP_CLOSING) | S(TCP_TIME_WAIT),
	[TCP_FIN_WAIT_2] = S(TCP_TIME_WAIT),
	[TCP_CLOSE_WAIT] = S(TCP_LAST_ACK),
	[TCP_CLOSING] = S(TCP_TIME_WAIT),
	[TCP_LAST_ACK] = 0,
	[TCP_TIME_WAIT] = 0,
};

void tcp_set_state(struct tcp *t, struct tcp_pcb *p, enum tcp_state next)
{
	assert(next == TCP_CLOSED || (tcp_next[p->state] & S(next)) != 0);
	if (next == TCP_ESTABLISHED)
		STAT_INC(t->nif->stats, TCP_OPENED);
	p->state = (uint8_t)next;
}

/** RSS hash of the frames this flow receives. */
uint32_t tcp_rss(const struct tcp *t, const struct flow *f)
{
	return flow_rss(t->tz, f);
}

struct tcp_pcb *tcp_pcb_find(const struct tcp *t, const struct flow *f, uint32_t rss)
{
	struct flow_node *n = fg_find(&t->flows, f, fg_bucket(&t->flows, f, rss));

	return n ? container_of(n, struct tcp_pcb, node) : NULL;
}

struct tcp_pcb *tcp_pcb_of(const struct tcp *t, uint64_t handle)
{
	uint32_t slot = (uint32_t)handle;
	struct tcp_pcb *p;

	if (slot >= t->pcb_pool.n_fresh)
		return NULL;
	p = &t->pcbs[slot];
	if (p->gen != handle >> 32 || p->state == TCP_CLOSED || (p->flags & F_CLOSED))
		return NULL;
	return p;
}

/* The table is full: the oldest connection in TIME-WAIT makes room, but none whose `dead` is
 * still owed, nor one whose slot this pass has yet to visit. */
static struct tcp_pcb *pcb_alloc(struct tcp *t)
{
	struct tcp_pcb *p = pool_alloc(&t->pcb_pool);

	if (p)
		return p;
	list_for_each(&t->time_wait, it) {
		struct tcp_pcb *old = &t->pcbs[container_of(it, struct tcp_cold, link) - t->colds];

		if (old->flags & (F_DIRTY | F_DEAD_OWED))
			continue;
		tcp_pcb_free(t, old);
		return pool_alloc(&t->pcb_pool);
	}
	return NULL;
}

/** A connection in CLOSED, findable by @f. NULL and a counted refusal when there is no room. */
struct tcp_pcb *tcp_pcb_new(struct tcp *t, const struct flow *f)
{
	struct tcp_pcb *p = pcb_alloc(t);
	struct tcp_cold *c;
	uint32_t gen;

	if (!p) {
		STAT_INC(t->nif->stats, TCP_NO_PCB);
		return NULL;
	}
	gen = (p->gen + 1) & INT32_MAX;
	*p = (struct tcp_pcb){ .node.flow = *f, .gen = gen ? gen : 1 };
	c = tcp_cold(t, p);
	*c = (struct tcp_cold){
		.timer.fire = tcp_timer_fire,
		.tcp = t,
		.cc = t->cfg.cc,
		.nagle = t->cfg.nagle,
		.bucket = fg_bucket(&t->flows, f, tcp_rss(t, f)),
		.empty_acked_at = t->now_us - TCP_EMPTY_ACK_US,
		.challenge_at = t->now_us,
		.keep_slice_us = t->cfg.keep_slice_us,
		.user_timeout_us = t->cfg.user_timeout_us,
		.linger_us = t->cfg.linger_us,
	};
	fg_insert(&t->flows, &p->node, c->bucket);
	t->nif->work->tcp_conns++;
	return p;
}

/* The protocol is done with it: nothing finds it any more. What it received is still there. */
static void detach(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	tcp_listen_unpend(t, p);
	tcp_timer_stop(t, p);
	tcp_snd_drop_refs(t, p);
	tcp_board_reset(t, p, c);
	t->n_waiting -= c->sent_waits;
	c->sent_waits = false;
	tcp_wnd_settled(t, p);
	list_del(&c->link);
	t->n_time_wait -= p->state == TCP_TIME_WAIT;
	fg_remove(&t->flows, &p->node, c->bucket);
	if (p->flags & F_ACTIVE)
		tcp_port_free(t, p->node.flow.lport);
	p->state = TCP_CLOSED;
	t->nif->work->tcp_conns++;
}

/** Drop everything the connection has and free its slot. Raises no event. */
void tcp_pcb_free(struct tcp *t, struct tcp_pcb *p)
{
	detach(t, p);
	tcp_rcv_drop_all(t, p);
	if (!(p->flags & F_DIRTY))
		pool_free(&t->pcb_pool, p);
}

static int errno_of(enum tcp_end_reason why)
{
	switch (why) {
	case TCP_END_RESET:		return -ECONNREFUSED;
	case TCP_END_TIMEOUT:		return -ETIMEDOUT;
	case TCP_END_UNREACHABLE:	return -EHOSTUNREACH;
	default:			return -ECONNABORTED;
	}
}

static void tell_end(struct tcp *t, struct tcp_pcb *p, enum tcp_end_reason why)
{
	if (!(p->flags & F_COOKIE))
		return;
	p->flags &= ~(uint32_t)F_COOKIE;
	if (p->state == TCP_SYN_SENT || p->state == TCP_SYN_RCVD)
		t->sink->connected(t->sink_ctx, p->cookie, errno_of(why));
	else
		t->sink->dead(t->sink_ctx, p->cookie, why);
}

static void count_end(struct tcp *t, enum tcp_end_reason why)
{
	struct stats *st = t->nif->stats;

	if (why == TCP_END_CLOSED)
		STAT_INC(st, TCP_CLOSED);
	else
		STAT_INC(st, TCP_ABORTED);
	if (why == TCP_END_TIMEOUT)
		STAT_INC(st, TCP_TIMEOUT);
}

/* Frames that name the application's memory are still to be sent: `dead` would give it back
 * too early, and the frame would carry whatever is there by then. */
static void end_later(struct tcp *t, struct tcp_pcb *p, enum tcp_end_reason why)
{
	struct tcp_cold *c = tcp_cold(t, p);

	detach(t, p);
	c->why = (uint8_t)why;
	c->wait_mark = t->wait_mark = t->nif->refs_mark;
	t->n_waiting++;
	p->flags = (p->flags & F_DIRTY) | F_ENDING;
	tcp_dirty(t, p);
}

bool tcp_end_raise(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!netif_refs_settled(t->nif, c->wait_mark))
		return false;
	t->n_waiting--;
	t->sink->dead(t->sink_ctx, p->cookie, (enum tcp_end_reason)c->why);
	tcp_rcv_drop_all(t, p);
	p->flags = 0;
	pool_free(&t->pcb_pool, p);
	return true;
}

void tcp_end(struct tcp *t, struct tcp_pcb *p, enum tcp_end_reason why)
{
	count_end(t, why);
	if ((p->flags & F_COOKIE) && p->state >= TCP_ESTABLISHED &&
	    t->nif->refs > 0) {
		end_later(t, p, why);
		return;
	}
	tell_end(t, p, why);
	tcp_pcb_free(t, p);
}

/* The application hears `dead`, but the protocol goes on (TIME-WAIT, FIN-WAIT-2). */
static void release_app(struct tcp *t, struct tcp_pcb *p, enum tcp_end_reason why)
{
	count_end(t, why);
	tell_end(t, p, why);
	tcp_snd_drop_refs(t, p);
	tcp_rcv_drop_all(t, p);
	p->flags &= ~(uint32_t)(F_BLOCKED | F_EOF_OWED | F_UNDELIVERED | F_DEAD_OWED);
	p->flags |= F_CLOSED;
}

void tcp_finish(struct tcp *t, struct tcp_pcb *p)
{
	bool undelivered = (p->flags & (F_UNDELIVERED | F_EOF_OWED)) && !(p->flags & F_CLOSED);

	if (undelivered || tcp_cold(t, p)->rtx_in_nic > 0 || tcp_cold(t, p)->sent_waits) {
		p->flags |= F_DEAD_OWED;
		tcp_dirty(t, p);
	} else if (p->state == TCP_TIME_WAIT || p->state == TCP_FIN_WAIT_2) {
		release_app(t, p, TCP_END_CLOSED);
	} else {
		tcp_end(t, p, TCP_END_CLOSED);
	}
}
