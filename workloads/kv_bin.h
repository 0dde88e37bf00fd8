/* SPDX-License-Identifier: MIT */
/*
 * kv_bin.h - a request of the binary protocol, between its reader and its operations
 */
#ifndef WORKLOADS_KV_BIN_H
#define WORKLOADS_KV_BIN_H

#include "workloads/kv.h"

enum {
	BIN_HEAD = 24,
	BIN_REQUEST = 0x80, BIN_RESPONSE = 0x81,
	BIN_NO_CREATE = -1,	/* expiry of incr and decr: do not make what is not there */
};

enum {
	OP_GET, OP_SET, OP_ADD, OP_REPLACE, OP_DELETE, OP_INCREMENT, OP_DECREMENT, OP_QUIT,
	OP_FLUSH, OP_GETQ, OP_NOOP, OP_VERSION, OP_GETK, OP_GETKQ, OP_APPEND, OP_PREPEND,
	OP_STAT, OP_SETQ, OP_ADDQ, OP_REPLACEQ, OP_DELETEQ, OP_INCREMENTQ, OP_DECREMENTQ,
	OP_QUITQ, OP_FLUSHQ, OP_APPENDQ, OP_PREPENDQ, OP_VERBOSITY, OP_TOUCH, OP_GAT, OP_GATQ,
	OP_GATK = 0x23, OP_GATKQ, OP_NR,
};

enum bin_status {
	BIN_OK = 0x00, BIN_NOT_FOUND = 0x01, BIN_EXISTS = 0x02, BIN_TOO_LARGE = 0x03,
	BIN_INVALID = 0x04, BIN_NOT_STORED = 0x05, BIN_NON_NUMERIC = 0x06, BIN_UNKNOWN = 0x81,
	BIN_NO_MEMORY = 0x82,
};

/** A request whose header, extras and key are there. */
struct bin_req {
	const uint8_t *extras, *key;
	uint32_t nextras, nkey;
	uint32_t nvalue;	/* bytes that follow the key */
	uint64_t cas;
	uint8_t op;		/* as it came; the answer has it */
	bool quiet;		/* no answer when all is as expected */
	bool touch, with_key;	/* kinds of get */
};

static inline uint64_t be64_load(const uint8_t *p)
{
	return (uint64_t)be32_load(p) << 32 | be32_load(p + 4);
}

static inline void be64_store(uint8_t *p, uint64_t v)
{
	be32_store(p, (uint32_t)(v >> 32));
	be32_store(p + 4, (uint32_t)v);
}

/**
 * Begin an answer to operation @op: its header, with @extras, @nkey and @body (all three
 * together) bytes to come, of which @room lie in one piece with it. Returns where they go.
 */
uint8_t *bin_head(struct kv_server *s, struct kv_conn *c, uint8_t op, enum bin_status status,
		  uint32_t extras, uint32_t nkey, uint32_t body, uint64_t cas, uint32_t room);

/** Answer without a body. */
void bin_ok(struct kv_server *s, struct kv_conn *c, uint8_t op, uint64_t cas);

/** Answer with an error and memcached's words for it. */
void bin_error(struct kv_server *s, struct kv_conn *c, uint8_t op, enum bin_status status);

/* kv_bin_op.c: what may be done with a request */
typedef void bin_op_fn(struct kv_server *s, struct kv_conn *c, const struct bin_req *r);
bin_op_fn bin_get, bin_touch, bin_store, bin_delta, bin_delete, bin_flush, bin_noop, bin_version,
	  bin_quit, bin_stat, bin_verbosity;

#endif
