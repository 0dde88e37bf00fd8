/* SPDX-License-Identifier: MIT */
/*
 * echo_client.h - an instance of the echo load, its connections and requests (private to
 * echo_client*.c)
 */
#ifndef WORKLOADS_ECHO_CLIENT_H
#define WORKLOADS_ECHO_CLIENT_H

#include "workloads/dist.h"
#include "workloads/meter.h"
#include "workloads/turns.h"

enum { MODE_CLOSED, MODE_OPEN };
enum { ORDER_TURNS, ORDER_RANDOM };
enum { PATTERN_OFFSETS = 4096 };	/* slices; a power of two */

struct client_cfg {
	uint32_t size, rounds, connections, mode, gap, depth, outstanding, order, close;
	uint64_t rate, connect_ramp_ns, backoff_ns;
	bool spread, verify;
};

/** One request; the ring has more than depth, as an answer may precede the release of its
 * request, and a power of two, so that request numbers may wrap. */
struct request {
	struct ixev_ref ref;
	uint64_t intended_ns, sent_ns;
};

struct conn {
	struct ixev_ctx ctx;
	uint64_t retry_ns;		/* backing off until then */
	uint32_t n, index;		/* in this instance, over all */
	uint32_t sent, done, released;	/* requests of this incarnation */
	uint32_t got;			/* bytes of the oldest answer */
	bool open, ending, queued;	/* ending: closed by us; queued: among the able */
	struct request ring[];
};

struct client {
	struct client_cfg cfg;
	struct app_env env;
	struct ixev *ev;
	unsigned char *conns;
	size_t stride;
	uint32_t ring_mask;
	uint8_t *pattern;
	uint32_t n_conns, started;	/* of this instance; first connects done */
	bool entered;
	uint64_t start_ns;		/* first entry */
	struct turns able, retry;	/* connections that may be able to send; that back off */
	uint64_t next_ns;		/* open loop: intended start of the next request */
	struct dist gap;
	struct rng rng, chance;
	struct ixev_timer wake;
	uint64_t wake_ns;		/* when it is armed for, or NSEC_NEVER */
	uint64_t outstanding, opened, failed, died, open, bad_bytes;
	struct meter meter;
};

static inline struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static inline struct client *client_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static inline struct conn *conn_at(const struct client *cl, uint32_t i)
{
	return (struct conn *)(void *)(cl->conns + i * cl->stride);
}

static inline struct request *ring_at(const struct client *cl, struct conn *c, uint32_t seq)
{
	return &c->ring[seq & cl->ring_mask];
}

static inline bool stopped(const struct client *cl)
{
	return ixev_now(cl->ev) >= cl->env.stop_ns;
}

/* echo_client_conn.c */
/** Open @c, for the first time or again. Stays among the able if it is there. */
void echo_client_open(struct client *cl, struct conn *c);
/** Closed loop, a bounded number outstanding: send. */
void echo_client_turns(struct client *cl);
/** Open loop: send what is due. */
void echo_client_due(struct client *cl);

#endif
