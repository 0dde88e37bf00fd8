/* SPDX-License-Identifier: MIT */
/*
 * kv_ask.h - memcached's protocols from the client's side: what is asked, what is answered
 *
 * Binary (GET and SET, each answered) and ASCII ("get", "set"). kv_ask_compose() writes a
 * request up to its value; kv_ask_eat() takes answers from a stream cut anywhere, one at a time and
 * in the order of the requests, and trusts nothing in them: lengths are bounded, what a server
 * claims is compared with what was asked.
 *
 * Not here: connections, time, records (kv_load.c, kv_dist.c).
 */
#ifndef WORKLOADS_KV_ASK_H
#define WORKLOADS_KV_ASK_H

#include "workloads/kv_dist.h"

enum kv_proto { KV_BINARY, KV_ASCII };
enum kv_op { KV_GET, KV_SET };

enum {
	/* Bytes of a request before its value, at most: binary 24 and 8, ASCII less. */
	KV_ASK_HEAD_MAX = 32 + KV_KEY_MAX,
	KV_ASK_LINE_MAX = 320,		/* of a line of an answer, that is kept */
};

/** What is between a value and the next request: nothing, or "\r\n". */
static inline uint32_t kv_ask_tail(enum kv_proto proto)
{
	return proto == KV_ASCII ? 2 : 0;
}

/** A request, and what should be answered. */
struct kv_ask {
	const uint8_t *value;		/* NULL: do not compare */
	uint32_t value_len;
	uint32_t opaque;		/* binary: comes back in the answer */
	uint8_t proto, op;		/* enum kv_proto, enum kv_op */
	uint8_t key_off, key_len;	/* where the key is in what was composed */
};

/**
 * Compose @q, whose key_off and key_len are set here, but for its value into @buf
 * (KV_ASK_HEAD_MAX bytes); the key is that of @record. Returns the bytes.
 */
uint32_t kv_ask_compose(struct kv_ask *q, const struct kv_dist *d, uint32_t record, uint8_t *buf);

enum kv_verdict {
	KV_MORE,		/* the answer is not whole yet */
	KV_DONE,		/* what was asked for, or stored */
	KV_MISS,
	KV_REFUSED,		/* an error, well told */
	KV_GARBLED,		/* not an answer to @q: the stream is lost */
};

/** Where in an answer a connection's stream is; zeroed at its beginning. */
struct kv_answer {
	uint8_t part;			/* private */
	uint8_t verdict;		/* ... what it will be */
	uint32_t skip, left, len;	/* ... to ignore; then of the value; all of that */
	uint32_t got;			/* ... of a head or a line that came in pieces */
	uint32_t bad_bytes;		/* of values; the caller takes them */
	uint8_t head[KV_ASK_LINE_MAX];
};

/** Take what belongs to the answer to @q, as composed into @buf, from @p[@len], @len >= 1: *@used
 * bytes, 1 or more. */
enum kv_verdict kv_ask_eat(struct kv_answer *a, const struct kv_ask *q, const uint8_t *buf,
			   const uint8_t *p, uint32_t len, uint32_t *used);

#endif
