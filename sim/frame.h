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

#include "base/types.h"

enum {
	FRAME_MAX = 1536,		/* bytes */
	FRAME_WIRE_OVERHEAD = 24,	/* preamble 8, FCS 4, inter-frame gap 12 */
};

enum {
	FRAME_CSUM_VIRTUAL = BIT(0),	/* checksums hold by construction, bytes not written */
	FRAME_BYTES_SUSPECT = BIT(1),	/* corrupted on the way: verify in software */
};

/* Where a frame's time went, ns each; see budget.h. The first five grow on the way. */
enum hop { HOP_TRANSMIT, HOP_PCIE, HOP_NIC, HOP_WIRE, HOP_SWITCH, HOP_QUEUE, HOP_STACK, HOP_APP, HOP_NR };

struct frame {
	struct frame *next;		/* the owner's link */
	nsec at;			/* when the current stage ends */
	uint16_t len;
	uint8_t flags;
	uint8_t ecn_marked;
	uint32_t hop_ns[HOP_NR];
	uint8_t data[FRAME_MAX];
};

/** Recycles frames of one simulation; grows by whole slabs. */
struct frame_pool;
struct frame_pool *frame_pool_new(void);
void frame_pool_free(struct frame_pool *fp);
struct frame *frame_get(struct frame_pool *fp);		/* len, flags, hop_ns zeroed; data not */
void frame_put(struct frame_pool *fp, struct frame *f);
uint32_t frame_pool_out(const struct frame_pool *fp);	/* frames not put back */

/** Write the checksums a NIC would have written; clears FRAME_CSUM_VIRTUAL. */
void frame_csum_write(struct frame *f);

/** Something that takes frames: a NIC, a switch port, a wrapper around one. */
struct port {
	/* The last bit of @f has arrived at @now. Takes @f. */
	void (*rx)(struct port *p, struct frame *f, nsec now);
};

#endif
