/* SPDX-License-Identifier: MIT */
/*
 * frame.h - a frame on the wire, and who takes it
 *
 * Bytes without preamble, FCS and gap; those are the 24 B a link adds. The TX NIC does
 * not write checksums: it notes FRAME_CSUM_VIRTUAL, and frame_csum_write() fills them in
 * only for those who look (capture, corruption, a NIC without RX offload).
 */
#ifndef SIM_FRAME_H
#define SIM_FRAME_H

#include "base/hash.h"

enum {
	FRAME_MIN = 60,			/* bytes; a NIC pads with zeros */
	FRAME_MAX = 1536,
	FRAME_SMALL = 192,		/* up to here a frame takes four cache lines */
	FRAME_WIRE_OVERHEAD = 24,	/* preamble 8, FCS 4, inter-frame gap 12 */
};

enum {
	FRAME_CSUM_VIRTUAL = BIT(0),	/* checksums hold by construction, bytes not written */
	FRAME_BYTES_SUSPECT = BIT(1),	/* corrupted on the way: verify in software */
	FRAME_RSS = BIT(2),		/* the receiving NIC hashed it */
};

/* Where a frame's time went, ns each; see budget.h. The first five grow on the way. */
enum hop { HOP_TRANSMIT, HOP_PCIE, HOP_NIC, HOP_WIRE, HOP_SWITCH, HOP_QUEUE, HOP_STACK, HOP_APP,
	   HOP_NR };

struct frame {
	struct frame *next;		/* the owner's link */
	nsec at;			/* when the current stage ends */
	uint16_t len;
	uint8_t flags;
	bool ecn_marked : 1;
	bool small : 1;			/* data has room for FRAME_SMALL bytes only */
	uint32_t hop_ns[HOP_NR];
	uint32_t rss;			/* hash, with FRAME_RSS */
	uint32_t dma_mark;		/* sim_nic_dma_mark() when it was placed in memory */
	uint8_t data[FRAME_MAX];
} __attribute__((aligned(CACHE_LINE)));

/** Recycles frames of one simulation; grows by whole slabs. Small ones are apart: a hundred
 * thousand of them under way shall not be one a page. */
struct frame_pool;
struct frame_pool *frame_pool_new(void);
void frame_pool_free(struct frame_pool *fp);
/** Room for @len bytes; len, flags, hop_ns are zeroed, data is not. */
struct frame *frame_get(struct frame_pool *fp, uint32_t len);
void frame_put(struct frame_pool *fp, struct frame *f);
uint32_t frame_pool_out(const struct frame_pool *fp);	/* frames not put back */

struct frame *frame_dup(struct frame_pool *fp, const struct frame *f);

/** The default key's Toeplitz table, one a simulation: it stays in the first-level cache. */
const struct toeplitz *frame_pool_toeplitz(const struct frame_pool *fp);

/* What RSS, bonding and offloads can tell of a frame. */
enum flow_kind {
	FLOW_NONE,		/* not IPv4, or its header is malformed */
	FLOW_IPV4,		/* addresses only: a fragment, or neither TCP nor UDP */
	FLOW_L4,		/* TCP or UDP with its first four bytes there */
};

struct frame_flow {
	enum flow_kind kind;
	uint32_t saddr, daddr;	/* host order, like the ports */
	uint16_t sport, dport;
	uint16_t l4_off;	/* of the transport header in data */
	uint8_t proto;
};

void frame_flow(const struct frame *f, struct frame_flow *fl);

/** Picks the member of a bond: spreads flows, keeps each one's frames together. */
uint32_t frame_bond_hash(const struct frame *f);

/** What a NIC with RX checksum offload would find. */
enum frame_csum {
	FRAME_CSUM_NONE,	/* nothing it checks: not IPv4 */
	FRAME_CSUM_IP,		/* header right; no TCP or UDP checksum to check */
	FRAME_CSUM_L4,		/* both right */
	FRAME_CSUM_BAD,
};
enum frame_csum frame_csum_verify(const struct frame *f);

/** Write the IPv4 header checksum, or the TCP or UDP checksum, if there is one. */
void frame_csum_write_ip(struct frame *f);
void frame_csum_write_l4(struct frame *f);

/** Set Congestion Experienced if the packet is ECN-capable (RFC 3168), keeping the header
 * checksum right. Returns whether it did. */
bool frame_ecn_mark(struct frame *f);

/** Write the checksums a NIC would have written; clears FRAME_CSUM_VIRTUAL. */
void frame_csum_write(struct frame *f);

/** Something that takes frames: a NIC, a switch port, a wrapper around one. */
struct port {
	/* The last bit of @f has arrived at @now. Takes @f. */
	void (*rx)(struct port *p, struct frame *f, nsec now);
};

#endif
