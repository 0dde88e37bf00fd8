/* SPDX-License-Identifier: MIT */
/*
 * fg.h - flow groups: the unit in which connections belong to an elastic thread
 *
 * A flow group is an RSS bucket (IX section 4.4): 128 of them, as the 82599's RETA has
 * entries. A group's flows are in a contiguous run of hash buckets, so they can be walked, and
 * handed to another thread, without looking at the whole table. A thread of many has few of the
 * groups, and its flows shall not crowd their 128th parts: a run is FG_RUN parts long, which is
 * how far apart groups are that FG_RUN threads take in turns, and runs overlap.
 *
 * Inside a run the bucket is chosen by a keyed hash: the Toeplitz hash is linear and
 * its key public, so a peer could pick ports that collide in it.
 */
#ifndef FG_FG_H
#define FG_FG_H

#include "base/hash.h"

enum { FG_COUNT = RSS_RETA_LEN, FG_RUN = 16 };

/** A connection's name, host order. */
struct flow {
	ip_addr laddr, raddr;
	uint16_t lport, rport;
};

/** RSS hash of the frames we receive for @f. */
static inline uint32_t flow_rss(const struct toeplitz *tz, const struct flow *f)
{
	return toeplitz_ipv4(tz, f->raddr, f->laddr, f->rport, f->lport);
}

/** First member of whatever is found by flow. */
struct flow_node {
	struct flow flow;
	uint32_t next;		/* slot + 1 of the next in the chain, 0 at its end */
};

struct fg_table {
	uint32_t *head;		/* slot + 1 or 0 */
	uint8_t *nodes;		/* slot i is at nodes + i * stride */
	uint32_t stride;
	uint32_t part;		/* buckets from a group's first to the next one's: a power of two */
	uint32_t run_mask, mask; /* of FG_RUN parts, of all */
	uint64_t key[2];
};

/** Hash buckets a table for @n_max flows has: at least two a flow, FG_COUNT parts. */
uint32_t fg_buckets(uint32_t n_max);

/** @head: fg_buckets(@n_max) zeroed words; @nodes: @n_max objects of @stride bytes. */
void fg_init(struct fg_table *t, uint32_t *head, void *nodes, uint32_t stride, uint32_t n_max,
	     const uint64_t key[2]);

/** Bucket of @f, whose RSS hash (of the frames we receive) is @rss. */
static inline uint32_t fg_bucket(const struct fg_table *t, const struct flow *f, uint32_t rss)
{
	uint32_t h = hash_fold(t->key, (uint64_t)f->laddr << 32 | f->raddr,
			       (uint64_t)f->lport << 16 | f->rport);

	return ((rss % FG_COUNT) * t->part + (h & t->run_mask)) & t->mask;
}

static inline struct flow_node *fg_node(const struct fg_table *t, uint32_t slot)
{
	return (struct flow_node *)(void *)(t->nodes + (size_t)slot * t->stride);
}

static inline bool flow_eq(const struct flow *a, const struct flow *b)
{
	return a->raddr == b->raddr && a->lport == b->lport && a->rport == b->rport &&
	       a->laddr == b->laddr;
}

/** The node of @f in @bucket, or NULL. */
static inline struct flow_node *fg_find(const struct fg_table *t, const struct flow *f,
					uint32_t bucket)
{
	for (uint32_t i = t->head[bucket]; i != 0;) {
		struct flow_node *n = fg_node(t, i - 1);

		if (flow_eq(&n->flow, f))
			return n;
		i = n->next;
	}
	return NULL;
}

/** Insert a node that fg_find() does not find. */
void fg_insert(struct fg_table *t, struct flow_node *n, uint32_t bucket);

/** Remove a node that is in @bucket. */
void fg_remove(struct fg_table *t, struct flow_node *n, uint32_t bucket);

#endif
