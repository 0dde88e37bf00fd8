/* SPDX-License-Identifier: MIT */
/*
 * kv_bin_op.c - the operations of the binary protocol
 *
 * A quiet operation answers only what its client does not expect: a get that it hits, anything
 * else that it failed.
 */
#include "workloads/kv_bin.h"

static enum bin_status status_of(enum kv_result r)
{
	static const uint8_t status[] = {
		[KV_STORED] = BIN_OK,
		[KV_NOT_STORED] = BIN_NOT_STORED,
		[KV_EXISTS] = BIN_EXISTS,
		[KV_NOT_FOUND] = BIN_NOT_FOUND,
		[KV_NO_MEMORY] = BIN_NO_MEMORY,
		[KV_TOO_LARGE] = BIN_TOO_LARGE,
		[KV_NON_NUMERIC] = BIN_NON_NUMERIC,
	};

	return (enum bin_status)status[r];
}

/* What an operation came to, which has nothing to say but that. */
static void answer(struct kv_server *s, struct kv_conn *c, uint8_t op, bool quiet,
		   enum bin_status status, uint64_t cas)
{
	if (status != BIN_OK)
		bin_error(s, c, op, status);
	else if (!quiet)
		bin_ok(s, c, op, cas);
}

/* ---- get, touch ---- */

static void get_miss(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	s->st->stats.get_misses++;
	s->st->stats.touch_misses += r->touch;
	if (r->quiet)
		return;
	if (!r->with_key)
		bin_error(s, c, r->op, BIN_NOT_FOUND);
	else
		memcpy(bin_head(s, c, r->op, BIN_NOT_FOUND, 0, r->nkey, r->nkey, 0, r->nkey),
		       r->key, r->nkey);
}

/* Returns the bytes of the answer. */
static uint32_t get_hit(struct kv_server *s, struct kv_conn *c, const struct bin_req *r,
			struct kv_item *it)
{
	uint32_t nkey = r->with_key ? r->nkey : 0, body = 4 + nkey + it->nbytes;
	bool copy = it->nbytes <= s->cfg.copy_max;
	uint8_t *p = bin_head(s, c, r->op, BIN_OK, 4, nkey, body, it->cas,
			      copy ? body : 4 + nkey);

	be32_store(p, it->flags);
	if (nkey > 0)
		memcpy(p + 4, r->key, nkey);
	if (copy)
		memcpy(p + 4 + nkey, kv_value(it), it->nbytes);
	else
		kv_out_item(s, c, it, kv_value(it), it->nbytes);
	return BIN_HEAD + body;
}

void bin_get(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	struct kv_store *st = s->st;
	uint32_t hash = kv_hash_of(s, r->key, r->nkey), bytes = BIN_HEAD + r->nkey;
	struct kv_item *it = kv_find(st, r->key, r->nkey, hash);

	st->stats.cmd_get++;
	st->stats.cmd_touch += r->touch;
	if (likely(it != NULL)) {
		st->cls[it->cls].stats.get_hits++;
		if (r->touch) {
			st->cls[it->cls].stats.touch_hits++;
			it->exptime = kv_exptime(st, be32_load(r->extras));
		}
		bytes += get_hit(s, c, r, it);
		kv_used(st, it);
	} else {
		get_miss(s, c, r);
	}
	kv_request(s, hash, bytes, 0);
}

void bin_touch(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	uint32_t hash = kv_hash_of(s, r->key, r->nkey);
	struct kv_item *it = kv_touch(s->st, r->key, r->nkey, hash, be32_load(r->extras));

	if (it)
		be32_store(bin_head(s, c, r->op, BIN_OK, 4, 0, 4, it->cas, 4), it->flags);
	else
		bin_error(s, c, r->op, BIN_NOT_FOUND);
	kv_request(s, hash, 2 * BIN_HEAD + r->nkey, 0);
}

/* ---- storage ---- */

static enum kv_verb verb_of(const struct bin_req *r)
{
	switch (r->op) {
	case OP_APPEND:
	case OP_APPENDQ:
		return KV_APPEND;
	case OP_PREPEND:
	case OP_PREPENDQ:
		return KV_PREPEND;
	default:
		break;
	}
	if (r->cas != 0)
		return KV_CAS;
	if (r->op == OP_ADD || r->op == OP_ADDQ)
		return KV_ADD;
	return r->op == OP_REPLACE || r->op == OP_REPLACEQ ? KV_REPLACE : KV_SET;
}

void bin_store(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	uint32_t flags = r->nextras ? be32_load(r->extras) : 0;
	uint32_t exptime = r->nextras ? be32_load(r->extras + 4) : 0;
	enum kv_result why;
	struct kv_item *it;

	c->hash = kv_hash_of(s, r->key, r->nkey);
	it = kv_item_new(s->st, r->key, r->nkey, flags, kv_exptime(s->st, exptime), r->nvalue,
			 &why);
	if (!it) {
		if (r->op == OP_SET || r->op == OP_SETQ)	/* it is out of date */
			kv_forget(s->st, r->key, r->nkey, c->hash);
		kv_request(s, c->hash, BIN_HEAD + r->nkey, 0);
		bin_error(s, c, r->op, status_of(why));
		kv_swallow(c, r->nvalue);
		return;
	}
	c->op = r->op;
	c->noreply = r->quiet;
	c->verb = (uint8_t)verb_of(r);
	c->cas = r->cas;
	kv_fill(c, it, r->nvalue);
	if (r->nvalue > 0)
		return;
	c->state = KV_COMMAND;
	kv_bin_filled(s, c);
}

static enum bin_status store_status(enum kv_result r, unsigned verb)
{
	if (r == KV_NOT_STORED && verb == KV_ADD)
		return BIN_EXISTS;
	if (r == KV_NOT_STORED && verb == KV_REPLACE)
		return BIN_NOT_FOUND;
	return status_of(r);
}

void kv_bin_filled(struct kv_server *s, struct kv_conn *c)
{
	struct kv_item *it = c->item;
	uint32_t bytes = 2 * BIN_HEAD + it->nkey + it->nbytes;
	enum kv_result r;

	c->item = NULL;
	memcpy(kv_value(it) + it->nbytes, "\r\n", 2);
	r = kv_put(s->st, it, c->hash, (enum kv_verb)c->verb, &c->cas);
	kv_request(s, c->hash, bytes, r == KV_STORED);
	answer(s, c, c->op, c->noreply, store_status(r, c->verb), c->cas);
}

/* ---- incr, decr, delete ---- */

/* Make the number that incr or decr found missing. */
static enum bin_status number_new(struct kv_server *s, const struct bin_req *r, uint32_t hash,
				  uint64_t value, uint32_t exptime, uint64_t *cas)
{
	uint8_t digits[KV_DELTA_DIGITS];
	uint32_t n = kv_decimal(digits, value);
	enum kv_result why;
	struct kv_item *it = kv_item_new(s->st, r->key, r->nkey, 0, kv_exptime(s->st, exptime), n,
					 &why);

	if (!it)
		return status_of(why);
	memcpy(kv_value(it), digits, n);
	memcpy(kv_value(it) + n, "\r\n", 2);
	*cas = 0;
	return status_of(kv_put(s->st, it, hash, KV_ADD, cas));
}

void bin_delta(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	uint32_t hash = kv_hash_of(s, r->key, r->nkey), exptime = be32_load(r->extras + 16);
	bool incr = r->op == OP_INCREMENT || r->op == OP_INCREMENTQ;
	uint64_t cas = r->cas, value = 0;
	enum kv_result done = kv_delta(s->st, r->key, r->nkey, hash, incr, be64_load(r->extras),
				       &cas, &value);
	enum bin_status status = status_of(done);

	if (done == KV_NOT_FOUND && exptime != (uint32_t)BIN_NO_CREATE) {
		value = be64_load(r->extras + 8);
		status = number_new(s, r, hash, value, exptime, &cas);
	}
	kv_request(s, hash, 2 * BIN_HEAD + 28 + r->nkey, status == BIN_OK);
	if (status != BIN_OK)
		bin_error(s, c, r->op, status);
	else if (!r->quiet)
		be64_store(bin_head(s, c, r->op, BIN_OK, 0, 0, 8, cas, 8), value);
}

void bin_delete(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	uint32_t hash = kv_hash_of(s, r->key, r->nkey);
	enum kv_result done = kv_delete(s->st, r->key, r->nkey, hash, r->cas);

	kv_request(s, hash, 2 * BIN_HEAD + r->nkey, done == KV_STORED);
	answer(s, c, r->op, r->quiet, status_of(done), 0);
}

/* ---- no key ---- */

void bin_flush(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	kv_flush(s->st, r->nextras ? be32_load(r->extras) : 0);
	kv_request(s, 0, 2 * BIN_HEAD, 0);
	answer(s, c, r->op, r->quiet, BIN_OK, 0);
}

void bin_noop(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	kv_request(s, 0, 2 * BIN_HEAD, 0);
	bin_ok(s, c, r->op, 0);
}

void bin_verbosity(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	bin_noop(s, c, r);
}

void bin_version(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	uint32_t n = sizeof(KV_VERSION) - 1;

	kv_request(s, 0, 2 * BIN_HEAD + n, 0);
	memcpy(bin_head(s, c, r->op, BIN_OK, 0, 0, n, 0, n), KV_VERSION, n);
}

void bin_quit(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	kv_request(s, 0, 2 * BIN_HEAD, 0);
	answer(s, c, r->op, r->quiet, BIN_OK, 0);
	kv_close(c);
}

void bin_stat(struct kv_server *s, struct kv_conn *c, const struct bin_req *r)
{
	kv_request(s, 0, 2 * BIN_HEAD, 0);
	if (!kv_stats_bin(s, c, r->key, r->nkey))
		bin_error(s, c, r->op, BIN_NOT_FOUND);
}
