/* SPDX-License-Identifier: MIT */
/*
 * echo_client_conn.c - the echo load's connections: what is sent on them, what comes back
 *
 * Not here: when something is due (echo_client.c), what is measured (meter.c).
 */
#include "workloads/echo_client.h"

enum { SLICE_WARM = 128 };		/* bytes of one worth fetching ahead */

/* ---- sending ---- */

static bool able(const struct client *cl, const struct conn *c)
{
	return c->open && !c->ending && c->sent - c->done < cl->cfg.depth &&
	       c->sent - c->released <= cl->cfg.depth &&
	       (cl->cfg.rounds == 0 || c->sent < cl->cfg.rounds);
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	(void)ref;
	conn_of(ctx)->released++;
}

static const uint8_t *slice(const struct client *cl, const struct conn *c, uint32_t seq)
{
	return cl->pattern + ((c->index * 2654435761u + seq * 61u) & (PATTERN_OFFSETS - 1));
}

/* ... that will be read a little later: nobody has touched it for long. */
static const uint8_t *slice_fetch(const struct client *cl, const struct conn *c, uint32_t seq)
{
	const uint8_t *p = slice(cl, c, seq);

	prefetch_to(p, p + MIN(cl->cfg.size, (uint32_t)SLICE_WARM));
	return p;
}

static void request_send(struct client *cl, struct conn *c, uint64_t intended_ns)
{
	struct request *q = ring_at(cl, c, c->sent);

	q->ref.addr = slice_fetch(cl, c, c->sent);
	q->ref.len = cl->cfg.size;
	q->ref.release = released;
	q->intended_ns = intended_ns;
	q->sent_ns = ixev_now(cl->ev);
	c->sent++;
	cl->outstanding++;
	meter_sent(&cl->meter, intended_ns, q->sent_ns);
	ixev_send(&c->ctx, &q->ref);
}

static void able_put(struct client *cl, struct conn *c)
{
	if (c->queued || !able(cl, c))
		return;
	c->queued = true;
	turns_put(&cl->able, c->n);
}

static struct conn *able_take(struct client *cl)
{
	struct conn *c = conn_at(cl, turns_take(&cl->able));

	c->queued = false;
	return c;
}

/* Closed loop, a bounded number outstanding, once the ramp is over. */
void echo_client_turns(struct client *cl)
{
	while (cl->able.n && cl->outstanding < cl->cfg.outstanding && !stopped(cl) &&
	       ixev_now(cl->ev) >= cl->next_ns) {
		struct conn *c = able_take(cl);

		if (!able(cl, c))
			continue;
		request_send(cl, c, ixev_now(cl->ev));
		able_put(cl, c);
	}
}

/* The connection may have become able to send. */
static void conn_go(struct client *cl, struct conn *c)
{
	if (cl->cfg.mode == MODE_CLOSED && cl->cfg.outstanding == 0) {
		while (able(cl, c) && !stopped(cl))
			request_send(cl, c, ixev_now(cl->ev));
		return;
	}
	able_put(cl, c);
	if (cl->cfg.mode == MODE_CLOSED)
		echo_client_turns(cl);
}

/* Send what is due; connections that died while they waited are dropped here. */
void echo_client_due(struct client *cl)
{
	while (!stopped(cl) && cl->next_ns <= ixev_now(cl->ev) && cl->able.n) {
		struct conn *c = able_take(cl);

		if (!able(cl, c))
			continue;
		request_send(cl, c, cl->next_ns);
		cl->next_ns += dist_gap_ns(&cl->gap, &cl->rng);
		conn_go(cl, c);
	}
}

/* ---- connections ---- */

static void conn_end(struct client *cl, struct conn *c)
{
	c->ending = true;
	ixev_close(&c->ctx, cl->cfg.close ? IX_CLOSE_FIN : IX_CLOSE_RST);
}

static void conn_retry(struct client *cl, struct conn *c)
{
	c->retry_ns = ixev_now(cl->ev) + cl->cfg.backoff_ns;
	turns_put(&cl->retry, c->n);
}

static void conn_connected(struct ixev_ctx *ctx, int outcome)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	if (outcome) {
		cl->failed++;
		conn_retry(cl, c);
		return;
	}
	c->open = true;
	cl->open++;
	cl->opened += meter_covers(&cl->meter, ixev_now(cl->ev));
	conn_go(cl, c);
}

static void verify(struct client *cl, struct conn *c, const uint8_t *p, uint32_t n)
{
	const uint8_t *want = slice(cl, c, c->done) + c->got;

	if (!cl->cfg.verify || memcmp(p, want, n) == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		cl->bad_bytes += p[i] != want[i];
}

static void answered(struct client *cl, struct conn *c)
{
	const struct request *q = ring_at(cl, c, c->done);

	meter_done(&cl->meter, q->intended_ns, q->sent_ns, ixev_now(cl->ev), cl->cfg.size);
	cl->outstanding--;
	c->got = 0;
	c->done++;
	if (cl->cfg.rounds && c->done == cl->cfg.rounds)
		conn_end(cl, c);
}

static void conn_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);
	uint32_t used = 0;

	while (used < len && c->done != c->sent) {
		uint32_t n = MIN(len - used, cl->cfg.size - c->got);

		verify(cl, c, p + used, n);
		c->got += n;
		used += n;
		if (c->got == cl->cfg.size)
			answered(cl, c);
	}
	cl->bad_bytes += len - used;	/* nobody asked for these */
	ixev_recv_done(ctx, len);
	conn_go(cl, c);
}

static void conn_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)bytes;
	(void)window;
	if (cl->cfg.verify)
		slice_fetch(cl, c, c->done);	/* the answer, as a rule, came with this */
	conn_go(cl, c);
}

/* The server leaves first: nothing more is sent, and dead() counts what is outstanding. */
static void conn_eof(struct ixev_ctx *ctx)
{
	struct conn *c = conn_of(ctx);

	client_of(ctx)->open -= c->open;
	c->open = false;
	ixev_close(ctx, IX_CLOSE_FIN);
}

static void conn_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct client *cl = client_of(ctx);
	struct conn *c = conn_of(ctx);

	(void)reason;
	for (; c->done != c->sent; c->done++) {
		meter_lost(&cl->meter, ring_at(cl, c, c->done)->intended_ns);
		cl->outstanding--;
	}
	cl->open -= c->open;
	c->open = false;
	if (!c->ending) {
		cl->died++;
		conn_retry(cl, c);
	} else if (!stopped(cl)) {
		echo_client_open(cl, c);
	}
}

static const struct ixev_conn_ops conn_ops = {
	.connected = conn_connected, .recv = conn_recv, .eof = conn_eof, .sent = conn_sent,
	.dead = conn_dead,
};

void echo_client_open(struct client *cl, struct conn *c)
{
	c->sent = c->done = c->released = c->got = 0;
	c->open = c->ending = false;
	ixev_ctx_init(&c->ctx, &conn_ops);
	ixev_connect(cl->ev, &c->ctx, cl->env.server_ip, cl->env.server_port);
}
