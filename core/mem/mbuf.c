/* SPDX-License-Identifier: MIT */
/*
 * mbuf.c - frames of our own pool: allocation, release, gathering
 *
 * mbuf_alloc() and mbuf_free() touch the first line of the header and nothing else.
 * A frame of ours that is in its pool has no `pool`, which is how a double free is caught.
 * Not here: foreign frames; their backend fills the header and `release` takes them back.
 */
#include "mem/mbuf.h"

_Static_assert(offsetof(struct mbuf, frag) == CACHE_LINE, "all but the pieces in one line");

enum { FRAME_BYTES = sizeof(struct mbuf) + MBUF_ROOM };

size_t mempool_bytes(uint32_t n)
{
	return pool_bytes(FRAME_BYTES, n);
}

void mempool_init(struct mempool *mp, void *mem, uint32_t n)
{
	pool_init(&mp->pool, mem, FRAME_BYTES, n);
	mp->release = NULL;
}

static inline struct mbuf *init(struct mempool *mp, struct mbuf *m)
{
	prefetch(mp->pool.free);	/* it is the next one, and links to the one behind it */
	m->next = NULL;
	m->buf = (uint8_t *)(m + 1);
	m->pool = mp;
	m->arrival = 0;
	m->off = MBUF_HEADROOM;
	m->len = 0;
	m->flags = 0;
	m->n_frags = 0;
	m->l3_off = 0;
	m->l4_off = 0;
	m->hash = 0;
	m->seq = 0;
	m->frag_len = 0;
	m->done = NULL;
	return m;
}

struct mbuf *mbuf_alloc(struct mempool *mp)
{
	if (unlikely(mempool_avail(mp) == 0))	/* the free list may hold what is set aside */
		return NULL;
	return init(mp, pool_alloc(&mp->pool));
}

uint32_t mbuf_set_aside(struct mempool *mp, uint32_t n)
{
	n = MIN(n, mempool_avail(mp));
	mp->pool.n_avail -= n;
	return n;
}

struct mbuf *mbuf_alloc_aside(struct mempool *mp)
{
	mp->pool.n_avail++;
	return init(mp, pool_alloc(&mp->pool));
}

void mbuf_free(struct mbuf *m)
{
	struct mempool *mp = m->pool;
	struct mbuf_done *done = m->done;

	assert(mp != NULL);	/* NULL: freed twice */
	if (unlikely(done != NULL)) {
		m->done = NULL;
		done->fn(done, m);
	}
	m->gen++;
	m->flags = 0;		/* a stale handle must not find MBUF_APP */
	if (unlikely(mp->release != NULL)) {
		mp->release(mp, m);
		return;
	}
	m->pool = NULL;
	pool_free(&mp->pool, m);
}

void mbuf_free_chain(struct mbuf *m)
{
	while (m != NULL) {
		struct mbuf *next = m->next;

		mbuf_free(m);
		m = next;
	}
}

uint32_t mbuf_gather(const struct mbuf *m, uint8_t *to, uint32_t cap)
{
	uint32_t n = MIN(m->len, cap);

	memcpy(to, mbuf_data(m), n);
	for (uint32_t i = 0; i < m->n_frags && n < cap; i++) {
		uint32_t take = MIN(m->frag[i].len, cap - n);

		memcpy(to + n, m->frag[i].p, take);
		n += take;
	}
	return n;
}
