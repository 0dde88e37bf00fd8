/* SPDX-License-Identifier: MIT */
/*
 * kv_out.c - answers: chunks filled by copying, and items sent from where they lie
 *
 * A handler fills c->out and seals it before it returns, so the answers to all requests of a
 * piece leave together. An item that is sent has a reference until its last byte is
 * acknowledged. The chunks are the thread's. While more than the reserve is left, a connection
 * may have KV_CONN_CHUNKS in flight; in need, one step's, which the reserve holds for each,
 * beside one `stats`: they cannot run out.
 */
#include "workloads/kv.h"

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	struct kv_chunk *k = container_of(ref, struct kv_chunk, ref);
	struct kv_conn *c = kv_conn_of(ctx);
	struct kv_server *s = kv_server_of(ctx);

	if (k->item)
		kv_unref(s->st, k->item);
	c->chunks--;
	c->out_bytes -= ref->len;
	k->next = s->chunk_free;
	s->chunk_free = k;
	s->chunks_left++;
}

struct kv_chunk *kv_chunk_take(struct kv_server *s, struct kv_conn *c)
{
	struct kv_chunk *k = s->chunk_free;

	if (k) {
		s->chunk_free = k->next;
	} else {
		assert(s->chunks_used < s->chunks_n);
		k = &s->chunks[s->chunks_used++];
		k->ref.release = released;
	}
	s->chunks_left--;
	k->item = NULL;
	k->used = 0;
	c->chunks++;
	c->out = k;
	return k;
}

static void send_chunk(struct kv_server *s, struct kv_conn *c, struct kv_chunk *k)
{
	c->out_bytes += k->ref.len;
	s->st->stats.bytes_written += k->ref.len;
	ixev_send(&c->ctx, &k->ref);
}

/* Hand on what was filled. A chunk that is empty goes back as if it had been sent. */
void kv_seal(struct kv_server *s, struct kv_conn *c)
{
	struct kv_chunk *k = c->out;

	if (!k)
		return;
	c->out = NULL;
	k->ref.addr = k->data;
	k->ref.len = k->used;
	if (k->used > 0)
		send_chunk(s, c, k);
	else
		released(&c->ctx, &k->ref);
}

void kv_out_text(struct kv_server *s, struct kv_conn *c, const char *text)
{
	uint32_t n = (uint32_t)strlen(text);

	memcpy(kv_out(s, c, n), text, n);
}

void kv_out_item(struct kv_server *s, struct kv_conn *c, struct kv_item *it, const uint8_t *p,
		 uint32_t len)
{
	struct kv_chunk *k;

	kv_seal(s, c);
	k = kv_chunk_take(s, c);
	c->out = NULL;
	k->item = it;
	k->ref.addr = p;
	k->ref.len = len;
	kv_ref(it);
	send_chunk(s, c, k);
}
