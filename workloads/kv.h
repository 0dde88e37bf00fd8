/* SPDX-License-Identifier: MIT */
/*
 * kv.h - the memcached server inside: connections, their output, the two protocols
 *
 * kv.c		knobs, memory, start and report: what a world calls
 * kv_conn.c	life of a connection, input piece by piece, back-pressure
 * kv_batch.c	the order in which an entry's input is served
 * kv_out.c	answers: chunks that are filled by copying, items that are sent from where they lie
 * kv_ascii.c, kv_ascii_cmd.c, kv_bin.c, kv_bin_op.c	the protocols
 * kv_stats.c	`stats`
 * kv_store.h	the store
 *
 * A protocol is a function that is shown the bytes that came and takes one step: a command, a
 * key of a multi-get. It returns the bytes it took, or 0 when it must see more of them. Bytes
 * of a value go straight into their item. So what is kept of a half request is at most
 * KV_IN_MAX bytes, and a multi-get of any length is answered as it comes.
 */
#ifndef WORKLOADS_KV_H
#define WORKLOADS_KV_H

#include "workloads/app.h"
#include "workloads/kv_store.h"

enum {
	KV_IN_MAX = 2048,	/* bytes of a half request; an ASCII line is not longer */
	KV_CHUNK_DATA = 1024,	/* bytes of an answer's chunk; the longest single piece fits */
	KV_COPY_MAX = 680,	/* value bytes that may be copied, with a key around them */
	KV_STEP_CHUNKS = 4,	/* a step of a protocol takes at most so many, `stats` apart */
	KV_STATS_CHUNKS = 64,	/* ... which takes at most these */
	KV_CONN_CHUNKS = 64,	/* in flight: such a connection is not read */
	KV_CONN_BYTES = 1 << 20,	/* ... or with so many bytes */
	KV_BATCH = 64,		/* pieces that are served together */
};

#define KV_VERSION	"1.4.18"	/* whose behaviour this is */

/* 64 bytes, then data: a stride that is no power of two spreads them over a cache's sets. */
struct kv_chunk {
	struct ixev_ref ref;
	struct kv_chunk *next;		/* not in use */
	struct kv_item *item;		/* what is sent is this item's, not data */
	uint32_t used;
	uint32_t pad[3];
	uint8_t data[KV_CHUNK_DATA];
};

/** Room for a half request. */
union kv_in {
	union kv_in *next;		/* not in use */
	uint8_t bytes[KV_IN_MAX];
};

/** Received bytes that wait until the connection's output has gone. */
struct kv_piece {
	struct kv_piece *next;
	const uint8_t *addr;
	uint32_t len;
};

/** A piece that came in this entry; the key of its first request, if that is a get. */
struct kv_piece_in {
	struct kv_conn *conn;		/* NULL: dead since */
	const uint8_t *addr, *key;
	uint32_t len, nkey, hash;
};

enum kv_state {
	KV_COMMAND,		/* a request begins */
	KV_KEYS,		/* ASCII get: keys come until the line ends */
	KV_VALUE,		/* bytes of c->item's value come */
	KV_SWALLOW,		/* c->left bytes mean nothing */
	KV_SKIP_LINE,		/* nothing does until the line ends */
	KV_CLOSING,
};

enum kv_proto { KV_UNKNOWN, KV_ASCII, KV_BINARY };	/* by the first byte */

struct kv_conn {
	_Alignas(CACHE_LINE) struct ixev_ctx ctx;
	struct kv_chunk *out;	/* being filled; empty between handlers */
	union kv_in *in;	/* the half request, or NULL */
	struct kv_item *item;	/* to be filled */
	union {
		struct kv_piece *held;	/* what came while output was in the way: last of a ring */
		struct kv_conn *free_next;
	};
	uint32_t left;		/* bytes of the value to come, or to swallow */
	uint16_t in_len;
	uint16_t chunks;	/* of output, in flight or being filled */
	uint8_t proto, state;
	bool eof, noreply;	/* eof: nothing more comes */
	uint32_t out_bytes;	/* in flight */
	/* Of the request whose value or keys come. */
	uint64_t cas;
	uint32_t hash;
	uint32_t opaque;
	uint32_t exptime;
	uint32_t keys;		/* seen on this line */
	uint8_t op;		/* opcode; kind of get */
	uint8_t verb;		/* enum kv_verb */
	bool batched;		/* pieces of this entry wait for its end */
};

_Static_assert(offsetof(struct kv_conn, cas) == 2 * CACHE_LINE, "what every request touches");

struct kv_cfg {
	uint64_t memory_limit;
	uint32_t conns_max, frames, hash_power, copy_max;
	uint32_t preset, records;
	bool evict, stored;
};

/** An elastic thread of the server. */
struct kv_server {
	struct kv_cfg cfg;
	struct ixev *ev;
	struct kv_store *st;
	uint64_t warmup_ns, stop_ns;
	uint32_t threads;
	struct kv_conn *conns, *conn_free;
	uint32_t conns_used;
	struct kv_chunk *chunks, *chunk_free;
	uint32_t chunks_used, chunks_n, chunks_left, chunks_reserve;
	struct kv_piece *pieces, *piece_free;
	uint32_t pieces_used;
	union kv_in *ins, *in_free;
	uint32_t ins_used, ins_n;
	struct app_served served;
	struct kv_piece_in *hint;	/* the piece that is being served */
	uint32_t n_batch;
	struct kv_piece_in batch[KV_BATCH];
};

static inline struct kv_conn *kv_conn_of(struct ixev_ctx *ctx)
{
	return container_of(ctx, struct kv_conn, ctx);
}

static inline struct kv_server *kv_server_of(const struct ixev_ctx *ctx)
{
	return ixev_app(ctx->ev);
}

/** A request was served: on the object of @hash, with @bytes parsed and composed. */
static inline void kv_request(struct kv_server *s, uint32_t hash, uint32_t bytes, unsigned update)
{
	uint64_t now = ixev_now(s->ev);

	ixev_request(s->ev, hash, bytes, update);
	if (now >= s->warmup_ns && now < s->stop_ns) {
		s->served.requests++;
		s->served.bytes += bytes;
	}
}

/** The hash of a key, which may have been looked at before. */
static inline uint32_t kv_hash_of(const struct kv_server *s, const uint8_t *key, uint32_t nkey)
{
	const struct kv_piece_in *b = s->hint;

	return b && b->key == key && b->nkey == nkey ? b->hash : kv_hash(s->st, key, nkey);
}

/* ---- kv_batch.c ---- */

/** @len bytes of @c came; they are served when the entry ends. */
void kv_batch_add(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t len);

/** Serve what came. */
void kv_batch_run(struct kv_server *s);

/** @c is dead. */
void kv_batch_forget(struct kv_server *s, struct kv_conn *c);

/* ---- kv_conn.c ---- */

extern const struct ixev_ops kv_thread_ops;

/** Serve a piece that came, or hold it. */
void kv_piece(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t len);

/** No more requests; FIN behind what was answered. */
void kv_close(struct kv_conn *c);

/** @left bytes follow that belong to a request which was refused. */
static inline void kv_swallow(struct kv_conn *c, uint32_t left)
{
	c->left = left;
	c->state = left > 0 ? KV_SWALLOW : KV_COMMAND;
}

/** @left bytes follow that fill @c->item from the start of its value. */
static inline void kv_fill(struct kv_conn *c, struct kv_item *it, uint32_t left)
{
	c->item = it;
	c->left = left;
	c->state = KV_VALUE;
}

/* ---- kv_out.c ---- */

struct kv_chunk *kv_chunk_take(struct kv_server *s, struct kv_conn *c);
void kv_seal(struct kv_server *s, struct kv_conn *c);

/** Room for @n bytes of answer in one piece, @n <= KV_CHUNK_DATA; they count as written. */
static inline uint8_t *kv_out(struct kv_server *s, struct kv_conn *c, uint32_t n)
{
	struct kv_chunk *k = c->out;

	if (!k || k->used + n > KV_CHUNK_DATA) {
		if (k)
			kv_seal(s, c);
		k = kv_chunk_take(s, c);
	}
	k->used += n;
	return k->data + k->used - n;
}

/** The last @n bytes of the room last given were not needed. */
static inline void kv_out_back(struct kv_conn *c, uint32_t n)
{
	c->out->used -= n;
}

void kv_out_text(struct kv_server *s, struct kv_conn *c, const char *text);

/** Send @len bytes at @p, inside @it, from where they are. */
void kv_out_item(struct kv_server *s, struct kv_conn *c, struct kv_item *it, const uint8_t *p,
		 uint32_t len);

/** May another step be taken, or is too much in flight? */
static inline bool kv_may_go(const struct kv_server *s, const struct kv_conn *c)
{
	uint32_t max = likely(s->chunks_left > s->chunks_reserve) ? KV_CONN_CHUNKS : KV_STEP_CHUNKS;

	return (uint32_t)c->chunks + KV_STEP_CHUNKS <= max && c->out_bytes < KV_CONN_BYTES;
}

/* ---- the protocols; see the top for what they return ---- */

uint32_t kv_ascii_step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n);
uint32_t kv_ascii_key(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n);
/** The value of c->item is there, "\r\n" included. */
void kv_ascii_filled(struct kv_server *s, struct kv_conn *c);
/** Answer with a line, which has its "\r\n", unless noreply was asked for; next a command. */
void kv_ascii_reply(struct kv_server *s, struct kv_conn *c, const char *text);

uint32_t kv_bin_step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n);
void kv_bin_filled(struct kv_server *s, struct kv_conn *c);

/* ---- kv_stats.c ---- */

/** Answer `stats @what`, "": the general ones. */
void kv_stats_ascii(struct kv_server *s, struct kv_conn *c, const uint8_t *what, uint32_t n);
/** As binary packets; false: there are no such. */
bool kv_stats_bin(struct kv_server *s, struct kv_conn *c, const uint8_t *what, uint32_t n);

#endif
