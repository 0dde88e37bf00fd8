/* SPDX-License-Identifier: MIT */
/*
 * kv_batch.c - what came in an entry is served at its end, its cache misses overlapped
 *
 * Bucket and item of a random key are in no cache, one behind the other. So a piece that arrives
 * is only looked at: if a get begins there, its bucket is prefetched. When all events have been
 * seen the items at the heads of the buckets are, and then the pieces are served, in the order
 * in which they came. The hash of the first key is remembered; all else of the look is a hint.
 */
#include "workloads/kv_bin.h"

/* Where the key of a get at the start of a piece is, and how long. */
static bool find_key(const struct kv_conn *c, const uint8_t *p, uint32_t len, const uint8_t **key,
		     uint32_t *nkey)
{
	const uint8_t *k;

	if (c->proto == KV_BINARY) {
		if (len < BIN_HEAD + 1)
			return false;
		*key = p + BIN_HEAD + p[4];
		*nkey = be16_load(p + 2);
		return *nkey > 0 && *nkey <= KV_NKEY_MAX && p[4] + *nkey <= len - BIN_HEAD;
	}
	if (len < 6 || memcmp(p, "get ", 4) != 0)
		return false;
	k = *key = p + 4;
	while (k < p + len && *k > ' ')
		k++;
	*nkey = (uint32_t)(k - *key);
	return k < p + len && *nkey > 0 && *nkey <= KV_NKEY_MAX;
}

void kv_batch_add(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t len)
{
	struct kv_piece_in *b;

	if (s->n_batch == KV_BATCH)
		kv_batch_run(s);
	b = &s->batch[s->n_batch++];
	b->conn = c;
	b->addr = p;
	b->len = len;
	b->key = NULL;
	c->batched = true;
	if (c->state == KV_COMMAND && !c->in && find_key(c, p, len, &b->key, &b->nkey)) {
		b->hash = kv_hash(s->st, b->key, b->nkey);
		kv_prefetch(s->st, b->hash);
	} else {
		b->key = NULL;
	}
}

void kv_batch_run(struct kv_server *s)
{
	struct kv_piece_in *end = s->batch + s->n_batch;

	if (s->n_batch == 0)
		return;
	kv_store_clock(s->st, ixev_now(s->ev));
	for (struct kv_piece_in *b = s->batch; b < end; b++) {
		const struct kv_item *it = b->key ? s->st->bucket[b->hash & s->st->mask] : NULL;

		if (it) {
			prefetch(it);
			prefetch(it->data);
		}
	}
	for (struct kv_piece_in *b = s->batch; b < end; b++) {
		if (!b->conn)
			continue;
		s->hint = b;
		b->conn->batched = false;
		kv_piece(s, b->conn, b->addr, b->len);
	}
	s->hint = NULL;
	s->n_batch = 0;
}

void kv_batch_forget(struct kv_server *s, struct kv_conn *c)
{
	for (struct kv_piece_in *b = s->batch; c->batched && b < s->batch + s->n_batch; b++)
		if (b->conn == c)
			b->conn = NULL;
}
