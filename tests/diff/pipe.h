/* SPDX-License-Identifier: MIT */
/*
 * pipe.h - one direction of an impaired wire: faults, a bottleneck, a delay
 *
 * A frame meets, in this order: loss (single frames and bursts), corruption, duplication;
 * a link of a given rate behind a drop-tail queue that marks ECN-capable frames above a
 * threshold (RFC 3168); random marks; propagation delay; and holding back behind later
 * frames. Every decision is drawn from a numbered stream a TCP frame, so the same seed does
 * the same to the n-th TCP frame whatever TCP sent it; ARP and the like are only delayed.
 *
 * No I/O and no clock: frames and times are arguments. Shared by tests/diff/wire_main.c and
 * tests/unit/test_pipe.c. What is drawn for loss, duplication, corruption and reordering is
 * base/fault.h's.
 */
#ifndef TESTS_DIFF_PIPE_H
#define TESTS_DIFF_PIPE_H

#include "base/fault.h"
#include "base/knob.h"
#include "mem/mbuf.h"

struct pipe_cfg {
	uint64_t rate_bps;	/* of the link, payload of the frame only */
	uint64_t delay_ns;	/* one way */
	uint32_t queue_bytes;	/* more waiting than this: dropped */
	uint32_t mark_bytes;	/* more waiting than this: marked; 0: never */
	uint32_t mark_ppb;	/* marked at random */
	uint32_t burst_ppb;	/* a frame that begins a burst of losses */
	uint32_t burst_frames;	/* its length, if so many come ... */
	uint64_t burst_ns;	/* ... in this time: it must not eat one timeout after another */
};

extern const struct knob pipe_knobs[];
extern const size_t n_pipe_knobs;

#define PIPE_COUNTERS(X) \
	X(frames, "frames in") \
	X(tcp, "of them TCP, which faults may befall") \
	X(syn, "SYN flags") \
	X(fin, "FIN flags") \
	X(rst, "RST flags") \
	X(burst, "frames lost in bursts") \
	X(overflow, "frames lost: queue full") \
	X(marked, "frames marked CE") \
	X(no_mbuf, "duplicates not made: no frame") \
	X(out, "frames out") \
	X(bytes, "bytes of those")

struct pipe_counters {
#define X(name, doc) uint64_t name;
	PIPE_COUNTERS(X)
#undef X
};

/** Frames in order of departure; mbuf.arrival is when. */
struct pipe_line {
	struct mbuf *head, *tail;
};

struct pipe {
	struct pipe_cfg cfg;
	struct fault fault;
	struct rng burst, mark;
	struct mempool *pool;		/* duplicates come from here */
	uint32_t burst_left;
	nsec burst_end;
	nsec free_at;			/* when the link has sent all it has taken */
	struct pipe_line line, late;	/* in order; held back */
	struct pipe_counters n;
};

/** @pool outlives the pipe. Streams @stream .. @stream + 6 of @seed are its own. */
void pipe_init(struct pipe *p, const struct pipe_cfg *cfg, const struct fault_cfg *fault,
	       struct mempool *pool, uint64_t seed, uint64_t stream);

/** A frame enters at @now, which never goes back. Takes @m. */
void pipe_push(struct pipe *p, struct mbuf *m, nsec now);

/** When the next frame leaves, or NSEC_NEVER. */
nsec pipe_due(const struct pipe *p);

/** The next frame, or NULL: none is due at @now. */
struct mbuf *pipe_pop(struct pipe *p, nsec now);

#endif
