/* SPDX-License-Identifier: MIT */
/*
 * kv_load.h - an instance of the key-value load, its connections and requests (private to
 * kv_load*.c)
 */
#ifndef WORKLOADS_KV_LOAD_H
#define WORKLOADS_KV_LOAD_H

#include "workloads/due.h"
#include "workloads/kv_ask.h"
#include "workloads/meter.h"

enum load_mode { MODE_CLOSED, MODE_MUTILATE, MODE_OPEN };

struct load_cfg {
	uint32_t preset, records, protocol, mode, connections, depth;
	uint32_t probe_connections, probe_depth;
	uint64_t rate, probe_rate, connect_ramp_ns, backoff_ns;
	bool stored, fill, verify;
};

/* Of all instances of a host. */
struct shared {
	struct kv_dist dist;
	uint8_t pattern[];	/* every value is a slice of it */
};

/** One request. The ring of a connection has more than depth, as an answer may precede the
 * release of its request, and a power of two, so that request numbers may wrap. */
struct request {
	struct ixev_ref value, tail;	/* used by few: what does not fit in @buf */
	uint32_t record;
	_Alignas(CACHE_LINE) struct ixev_ref head;
	uint64_t intended_ns, sent_ns;
	struct kv_ask ask;
	uint8_t buf[];			/* a GET of USR ends with the second line */
};

struct conn {
	struct ixev_ctx ctx;
	uint64_t due_ns;		/* paced: of the next request */
	uint32_t sent, done, released;	/* requests of this incarnation */
	uint32_t n;			/* of this instance's */
	bool open, queued;		/* queued: in the heap */
	struct conn *retry_next;	/* backing off */
	uint64_t retry_ns;
	struct kv_answer answer;
};

struct load {
	struct load_cfg cfg;		/* the probe's own numbers in it */
	struct app_env env;
	struct ixev *ev;
	const struct shared *shared;
	unsigned char *conns;
	size_t conn_stride, request_stride;
	uint32_t ring_mask, buf_len;
	uint32_t n_conns, started;	/* of this instance; first connects done */
	bool entered, paced, filling;
	uint32_t update;		/* probability, in 2^-32 */
	uint64_t next_ns;		/* when there is something to do without an event */
	uint32_t fill_next, fill_end;	/* records to be stored */
	uint64_t start_ns;		/* first entry */
	uint64_t measured_ns;		/* with fill: when it was done */
	struct due_heap due;		/* connections that may send when due */
	struct conn *next;		/* the first of them, or NULL, */
	struct request *next_ring;	/* ... and its request: as of the last entry */
	struct conn *retry, *retry_tail;
	struct dist gap;
	struct rng gaps, records;
	struct ixev_timer wake;
	uint64_t wake_ns;		/* when it is armed for, or NSEC_NEVER */
	uint64_t outstanding, opened, failed, died, open, bad_bytes;
	uint64_t gets, sets, misses, errors;
	struct meter meter;
};

static inline struct conn *conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct conn, ctx);
}

static inline struct load *load_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

static inline struct conn *conn_at(const struct load *l, uint32_t i)
{
	return (struct conn *)(void *)(l->conns + i * l->conn_stride);
}

static inline struct request *ring_at(const struct load *l, struct conn *c, uint32_t seq)
{
	return (struct request *)(void *)((unsigned char *)c +
		ALIGN_UP(sizeof(*c), (size_t)CACHE_LINE) +
		(seq & l->ring_mask) * l->request_stride);
}

static inline bool stopped(const struct load *l)
{
	return ixev_now(l->ev) >= l->env.stop_ns;
}

/** It may send another request. */
static inline bool kv_load_able(const struct load *l, const struct conn *c)
{
	return c->open && c->sent - c->done < l->cfg.depth && c->sent - c->released <= l->cfg.depth;
}

/** There is something to do at @ns, which matters before the end. */
static inline void kv_load_due(struct load *l, uint64_t ns)
{
	if (ns < l->next_ns && ns < l->env.stop_ns)
		l->next_ns = ns;
}

/* kv_load_conn.c */
void kv_load_open(struct load *l, struct conn *c);
/** The connection may have become able to send: it sends, or waits until it is due. */
void kv_load_go(struct load *l, struct conn *c);
/** A request of the load, drawn at @now; @c is able. */
void kv_load_send(struct load *l, struct conn *c, uint64_t intended_ns, uint64_t now);

/* kv_load.c */
/** Every record was stored: measuring and the load begin. */
void kv_load_filled(struct load *l);

#endif
