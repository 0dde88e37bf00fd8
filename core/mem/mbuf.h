/* SPDX-License-Identifier: MIT */
/*
 * mbuf.h - a frame: one linear part, and on transmission pieces of application memory
 *
 * A frame has one owner, which frees it or hands it on.
 *	_alloc, _pop	give the caller a frame, or NULL
 *	_rx, _push	take the frame, whatever the outcome
 *	anything else	borrows; nic_ops.tx_burst takes a prefix and says so
 *
 * The header is separate from the data room (`buf`), so a header can live in the
 * private area of another system's packet descriptor and point at its room.
 */
#ifndef MEM_MBUF_H
#define MEM_MBUF_H

#include "mem/pool.h"

enum {
	MBUF_ROOM = 2048,	/* bytes of data room */
	MBUF_HEADROOM = 128,	/* default offset: room for headers to be prepended */
	MBUF_FRAGS_MAX = 4,	/* pieces of application memory a frame can name */
};

/* mbuf.flags */
enum {
	MBUF_RX_IP_CSUM_OK = BIT(0),	/* the NIC verified the IPv4 header checksum */
	MBUF_RX_L4_CSUM_OK = BIT(1),	/* the NIC verified the TCP or UDP checksum */
	MBUF_RX_CSUM_BAD = BIT(2),	/* the NIC found a checksum wrong */
	MBUF_RX_HASH = BIT(3),		/* `hash` is the NIC's RSS hash */
	MBUF_TX_IP_CSUM = BIT(4),	/* the NIC is to fill in the IPv4 header checksum */
	MBUF_TX_L4_CSUM = BIT(5),	/* the NIC is to fill in the TCP or UDP checksum */
	MBUF_APP = BIT(6),		/* held by the application (UDP), for handle checks */
	MBUF_TX_ECT0 = BIT(7),		/* the IPv4 header is to say ECT(0) (RFC 3168) */
};

struct mbuf;
struct mempool;

/** Called by mbuf_free() instead of freeing silently; the frame is gone afterwards. */
struct mbuf_done {
	void (*fn)(struct mbuf_done *d, struct mbuf *m);
};

struct mbuf_frag {
	const uint8_t *p;
	uint32_t len;
};

struct mbuf {
	struct mbuf *next;	/* the owner's link */
	uint8_t *buf;		/* data room, MBUF_ROOM bytes */
	struct mempool *pool;
	union {
		nsec arrival;	/* RX: when the NIC made it visible */
		uint32_t mark;	/* TX: see netif_refs_taken() */
	};
	uint16_t off;		/* first valid byte of buf */
	uint16_t len;		/* valid bytes of buf */
	uint8_t flags;
	uint8_t n_frags;	/* TX: pieces that follow the linear part, in order */
	uint16_t l3_off;	/* offset of the IPv4 header in buf */
	uint16_t l4_off;	/* offset of the TCP or UDP header in buf */
	uint16_t gen;		/* bumped at every free: makes handles to frames safe */
	uint32_t hash;		/* RX: RSS hash, with MBUF_RX_HASH */
	uint32_t seq;		/* TCP: sequence number of the first byte at off */
	uint32_t frag_len;	/* TX: bytes in all pieces */
	struct mbuf_done *done;	/* TX: told when the NIC lets go, or NULL */
	struct mbuf_frag frag[MBUF_FRAGS_MAX] __attribute__((aligned(CACHE_LINE)));
};

_Static_assert(sizeof(struct mbuf) == 2 * CACHE_LINE, "two lines; the second only for TX");

static inline uint8_t *mbuf_data(const struct mbuf *m) { return m->buf + m->off; }

/** Bytes of the whole frame, pieces included. */
static inline uint32_t mbuf_frame_len(const struct mbuf *m) { return m->len + m->frag_len; }

/** Make room for @n bytes in front; the caller has checked the headroom. */
static inline uint8_t *mbuf_prepend(struct mbuf *m, uint16_t n)
{
	assert(m->off >= n);
	m->off = (uint16_t)(m->off - n);
	m->len = (uint16_t)(m->len + n);
	return mbuf_data(m);
}

/** Drop @n bytes in front, @n <= len. */
static inline void mbuf_pull(struct mbuf *m, uint16_t n)
{
	assert(m->len >= n);
	m->off = (uint16_t)(m->off + n);
	m->len = (uint16_t)(m->len - n);
}

/** A pool of frames. `release` is how a foreign pool (DPDK) takes a frame back; NULL: ours. */
struct mempool {
	struct pool pool;	/* objects: struct mbuf, then MBUF_ROOM bytes */
	void (*release)(struct mempool *mp, struct mbuf *m);
};

/** Bytes mempool_init() needs for @n frames. */
size_t mempool_bytes(uint32_t n);

/** @mem: mempool_bytes(@n) bytes, 64-byte aligned, zeroed, outliving the pool. */
void mempool_init(struct mempool *mp, void *mem, uint32_t n);

/** A frame with off = MBUF_HEADROOM, len 0, no flags, no frags; NULL when the pool is empty. */
struct mbuf *mbuf_alloc(struct mempool *mp);

/** Set up to @n frames aside, as a ring of buffers does; returns how many. mbuf_alloc_aside() then
 * gives one of them as mbuf_alloc() does: that which was freed last. */
uint32_t mbuf_set_aside(struct mempool *mp, uint32_t n);
struct mbuf *mbuf_alloc_aside(struct mempool *mp);

/** Take the frame; run its completion first if it has one. */
void mbuf_free(struct mbuf *m);

/** Free a chain linked by next; NULL is an empty chain. */
void mbuf_free_chain(struct mbuf *m);

/**
 * Copy the frame, linear part and pieces, to @to (@cap bytes). Returns the number of
 * bytes copied, at most @cap. What a NIC without scatter-gather does.
 */
uint32_t mbuf_gather(const struct mbuf *m, uint8_t *to, uint32_t cap);

static inline uint32_t mempool_avail(const struct mempool *mp) { return mp->pool.n_avail; }

#endif
