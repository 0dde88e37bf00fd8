/* SPDX-License-Identifier: MIT */
/*
 * link.h - a full-duplex cable: two transmitters, each with a queue and a receiving port
 *
 * A transmitter serialises frames one after the other at the link's rate, computed when
 * they are handed over; only the arrival of the oldest one is an engine event, so the
 * event heap holds one entry a busy direction however many frames are under way.
 * The last bit of a frame reaches the other side propagation_ns after it was sent; the
 * inter-frame gap keeps the transmitter busy but does not delay the arrival.
 * Not here: loss and delay (fault.h), capture (pcap.h), buffer limits (switch.h, nic.h).
 */
#ifndef SIM_LINK_H
#define SIM_LINK_H

#include "base/knob.h"
#include "sim/engine.h"
#include "sim/frame.h"
#include "sim/pace.h"

enum { LINK_GAP = 12 };		/* bytes of FRAME_WIRE_OVERHEAD that follow the last bit */

struct link_cfg;		/* sim/scenario.h */
extern const struct knob link_knobs[];
extern const size_t n_link_knobs;

/** One direction. The fields are link.c's; others read the counters. */
struct link_end {
	struct event arrival;		/* of the head */
	struct engine *engine;
	struct port *to;		/* the other side */
	struct frame *head, **tail;	/* handed over, not arrived; `at` is the arrival */
	struct frame *unsent;		/* first whose last bit is not known to be out */
	uint64_t queued_bytes;		/* of unsent and its successors */
	uint64_t *shared_bytes;		/* a buffer these bytes are in too, or NULL */
	struct pacer wire;
	uint64_t propagation_ns;
	uint64_t gap_ns;
	uint64_t n_frames, n_bytes;	/* arrived; bytes without wire overhead */
	uint64_t hash;			/* of arrival time, length, TCP sequence of every frame */
};

struct link;

/** NULL: no memory. Frames still under way at link_free() go back to @fp. */
struct link *link_new(struct engine *e, struct frame_pool *fp, const struct link_cfg *cfg);
void link_free(struct link *l);

/** The transmitter of side @side, 0 or 1; it delivers to the port of the other side. */
struct link_end *link_end_of(struct link *l, uint32_t side);

/** Let @end deliver to @to: a NIC's or switch's port, or a wrapper around one. */
void link_attach(struct link_end *end, struct port *to);

/**
 * Queue @f, whose first bit can leave at @ready. Takes @f. Calls are in order of @ready or
 * the queue is what decides. @ready may lie in the past (cut-through, see switch.c) as
 * long as the arrival does not. Adds the wait to HOP_QUEUE and the rest to HOP_WIRE.
 */
void link_send(struct link_end *end, struct frame *f, nsec ready);

/** Frame bytes handed over whose last bit is not out at @now (the one being sent counts). */
uint64_t link_backlog_bytes(struct link_end *end, nsec now);

/** The same, for onlookers: nothing is updated, so asking changes nothing. */
uint64_t link_queue_bytes(const struct link_end *end, nsec now);

/** When the transmitter will have sent all it was given. */
static inline nsec link_busy_until(const struct link_end *end) { return pacer_end(&end->wire); }

/** First bit in to last bit in of a frame of @len bytes, rounded down. */
static inline nsec link_frame_ns(const struct link_end *end, uint32_t len)
{
	return pacer_ns(&end->wire, (uint64_t)(len + FRAME_WIRE_OVERHEAD) * 8) - end->gap_ns;
}

#endif
