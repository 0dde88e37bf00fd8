/* SPDX-License-Identifier: MIT */
/*
 * kv_bin.c - the binary protocol: reading requests, writing answers
 *
 * A request is a header of 24 bytes, extras, key and value; the operations are shown the first
 * three, value bytes go into their item. What a request may look like is in one table. As
 * memcached does: a header that cannot be right is answered and ends the connection, an
 * operation nobody knows is answered and passed over.
 * Not here: the operations (kv_bin_op.c).
 */
#include "workloads/kv_bin.h"

/* Bytes of a header. */
enum {
	AT_MAGIC = 0, AT_OP = 1, AT_NKEY = 2, AT_EXTRAS = 4, AT_STATUS = 6, AT_BODY = 8,
	AT_OPAQUE = 12, AT_CAS = 16,
};

enum form {
	FORM_UNKNOWN,
	FORM_NONE,		/* nothing but the header */
	FORM_KEY,		/* extras and key */
	FORM_VALUE,		/* and a value, which may be empty */
	FORM_FLUSH,		/* extras or not */
	FORM_STAT,		/* a key or not */
};

static const struct {
	bin_op_fn *run;
	uint8_t form, extras;
	bool quiet, touch, with_key;
} ops[OP_NR] = {
	[OP_GET] = { bin_get, FORM_KEY, 0, 0, 0, 0 },
	[OP_GETQ] = { bin_get, FORM_KEY, 0, 1, 0, 0 },
	[OP_GETK] = { bin_get, FORM_KEY, 0, 0, 0, 1 },
	[OP_GETKQ] = { bin_get, FORM_KEY, 0, 1, 0, 1 },
	[OP_GAT] = { bin_get, FORM_KEY, 4, 0, 1, 0 },
	[OP_GATQ] = { bin_get, FORM_KEY, 4, 1, 1, 0 },
	[OP_GATK] = { bin_get, FORM_KEY, 4, 0, 1, 1 },
	[OP_GATKQ] = { bin_get, FORM_KEY, 4, 1, 1, 1 },
	[OP_TOUCH] = { bin_touch, FORM_KEY, 4, 0, 1, 0 },
	[OP_SET] = { bin_store, FORM_VALUE, 8, 0, 0, 0 },
	[OP_SETQ] = { bin_store, FORM_VALUE, 8, 1, 0, 0 },
	[OP_ADD] = { bin_store, FORM_VALUE, 8, 0, 0, 0 },
	[OP_ADDQ] = { bin_store, FORM_VALUE, 8, 1, 0, 0 },
	[OP_REPLACE] = { bin_store, FORM_VALUE, 8, 0, 0, 0 },
	[OP_REPLACEQ] = { bin_store, FORM_VALUE, 8, 1, 0, 0 },
	[OP_APPEND] = { bin_store, FORM_VALUE, 0, 0, 0, 0 },
	[OP_APPENDQ] = { bin_store, FORM_VALUE, 0, 1, 0, 0 },
	[OP_PREPEND] = { bin_store, FORM_VALUE, 0, 0, 0, 0 },
	[OP_PREPENDQ] = { bin_store, FORM_VALUE, 0, 1, 0, 0 },
	[OP_DELETE] = { bin_delete, FORM_KEY, 0, 0, 0, 0 },
	[OP_DELETEQ] = { bin_delete, FORM_KEY, 0, 1, 0, 0 },
	[OP_INCREMENT] = { bin_delta, FORM_KEY, 20, 0, 0, 0 },
	[OP_INCREMENTQ] = { bin_delta, FORM_KEY, 20, 1, 0, 0 },
	[OP_DECREMENT] = { bin_delta, FORM_KEY, 20, 0, 0, 0 },
	[OP_DECREMENTQ] = { bin_delta, FORM_KEY, 20, 1, 0, 0 },
	[OP_FLUSH] = { bin_flush, FORM_FLUSH, 4, 0, 0, 0 },
	[OP_FLUSHQ] = { bin_flush, FORM_FLUSH, 4, 1, 0, 0 },
	[OP_QUIT] = { bin_quit, FORM_NONE, 0, 0, 0, 0 },
	[OP_QUITQ] = { bin_quit, FORM_NONE, 0, 1, 0, 0 },
	[OP_NOOP] = { bin_noop, FORM_NONE, 0, 0, 0, 0 },
	[OP_VERSION] = { bin_version, FORM_NONE, 0, 0, 0, 0 },
	[OP_VERBOSITY] = { bin_verbosity, FORM_FLUSH, 4, 0, 0, 0 },
	[OP_STAT] = { bin_stat, FORM_STAT, 0, 0, 0, 0 },
};

/* ---- answers ---- */

uint8_t *bin_head(struct kv_server *s, struct kv_conn *c, uint8_t op, enum bin_status status,
		  uint32_t extras, uint32_t nkey, uint32_t body, uint64_t cas, uint32_t room)
{
	uint8_t *h = kv_out(s, c, BIN_HEAD + room);

	h[AT_MAGIC] = BIN_RESPONSE;
	h[AT_OP] = op;
	be16_store(h + AT_NKEY, (uint16_t)nkey);
	be16_store(h + AT_EXTRAS, (uint16_t)(extras << 8));	/* and the data type, 0 */
	be16_store(h + AT_STATUS, (uint16_t)status);
	be32_store(h + AT_BODY, body);
	memcpy(h + AT_OPAQUE, &c->opaque, 4);
	be64_store(h + AT_CAS, cas);
	return h + BIN_HEAD;
}

void bin_ok(struct kv_server *s, struct kv_conn *c, uint8_t op, uint64_t cas)
{
	bin_head(s, c, op, BIN_OK, 0, 0, 0, cas, 0);
}

static const char *status_text(enum bin_status status)
{
	switch (status) {
	case BIN_NOT_FOUND:
		return "Not found";
	case BIN_EXISTS:
		return "Data exists for key.";
	case BIN_TOO_LARGE:
		return "Too large.";
	case BIN_INVALID:
		return "Invalid arguments";
	case BIN_NOT_STORED:
		return "Not stored.";
	case BIN_NON_NUMERIC:
		return "Non-numeric server-side value for incr or decr";
	case BIN_NO_MEMORY:
		return "Out of memory";
	default:
		return "Unknown command";
	}
}

void bin_error(struct kv_server *s, struct kv_conn *c, uint8_t op, enum bin_status status)
{
	const char *text = status_text(status);
	uint32_t n = (uint32_t)strlen(text);

	memcpy(bin_head(s, c, op, status, 0, 0, n, 0, n), text, n);
}

/* ---- requests ---- */

static bool form_is_right(const struct bin_req *r, uint32_t op)
{
	switch (ops[op].form) {
	case FORM_KEY:
		return r->nkey > 0 && r->nextras == ops[op].extras && r->nvalue == 0;
	case FORM_VALUE:
		return r->nkey > 0 && r->nextras == ops[op].extras;
	case FORM_FLUSH:
		return r->nkey == 0 && r->nvalue == 0 &&
		       (r->nextras == 0 || r->nextras == ops[op].extras);
	case FORM_STAT:
		return r->nextras == 0 && r->nvalue == 0;
	default:
		return r->nextras == 0 && r->nkey == 0 && r->nvalue == 0;
	}
}

/* Answer and end the connection. */
static uint32_t refuse(struct kv_server *s, struct kv_conn *c, const struct bin_req *r,
		       enum bin_status why, uint32_t n)
{
	bin_error(s, c, r->op, why);
	kv_close(c);
	return n;
}

static uint32_t unknown(struct kv_server *s, struct kv_conn *c, const struct bin_req *r,
			uint32_t body)
{
	kv_request(s, 0, BIN_HEAD, 0);
	bin_error(s, c, r->op, BIN_UNKNOWN);
	kv_swallow(c, body);
	return BIN_HEAD;
}

uint32_t kv_bin_step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	struct bin_req r;
	uint32_t body, head;

	if (unlikely(n < BIN_HEAD))
		return 0;
	if (unlikely(p[AT_MAGIC] != BIN_REQUEST)) {
		kv_close(c);
		return n;
	}
	r.op = p[AT_OP];
	r.nkey = be16_load(p + AT_NKEY);
	r.nextras = p[AT_EXTRAS];
	r.cas = be64_load(p + AT_CAS);
	body = be32_load(p + AT_BODY);
	memcpy(&c->opaque, p + AT_OPAQUE, 4);
	head = r.nextras + r.nkey;
	if (unlikely(head > body))
		return refuse(s, c, &r, BIN_UNKNOWN, n);
	if (unlikely(r.nkey > KV_NKEY_MAX))
		return refuse(s, c, &r, BIN_INVALID, n);
	if (unlikely(r.op >= OP_NR || ops[r.op].form == FORM_UNKNOWN))
		return unknown(s, c, &r, body);
	r.nvalue = body - head;
	if (unlikely(!form_is_right(&r, r.op)))
		return refuse(s, c, &r, BIN_INVALID, n);
	head += BIN_HEAD;
	if (unlikely(n < head))
		return 0;
	r.extras = p + BIN_HEAD;
	r.key = r.extras + r.nextras;
	r.quiet = ops[r.op].quiet;
	r.touch = ops[r.op].touch;
	r.with_key = ops[r.op].with_key;
	ops[r.op].run(s, c, &r);
	return head;
}
