/* SPDX-License-Identifier: MIT */
/*
 * fault.h - seeded decisions about what befalls a frame
 *
 * Only the decision: sim/fault.c applies it to links, hw/impair.c to a real NIC.
 * Every kind of fault draws from a stream of its own, so raising one rate leaves
 * the others' pattern as it was.
 */
#ifndef BASE_FAULT_H
#define BASE_FAULT_H

#include "base/knob.h"
#include "base/rng.h"

struct fault_cfg {
	uint32_t loss_ppb;	/* 0 .. 1e9, each */
	uint32_t burst_frames;	/* mean length of a run of losses, at the same rate; 0, 1: each
				 * frame for itself */
	uint32_t dup_ppb;
	uint32_t corrupt_ppb;	/* one bit flips */
	uint32_t reorder_ppb;	/* frame is held back */
	uint32_t reorder_frames; /* by this many later frames, where there is no clock */
	uint64_t reorder_ns;	/* by this long, where there is one */
	uint64_t jitter_ns;	/* every frame: uniform extra delay in [0, jitter_ns] */
	uint64_t flap_period_ns; /* 0: never; otherwise the link is down for the */
	uint64_t flap_down_ns;	/* first flap_down_ns of each period after the first */
	uint64_t blackout_at_ns; /* down once, from here on, for blackout_ns; 0: never */
	uint64_t blackout_ns;
	uint64_t path_period_ns; /* 0: one path; otherwise every second period (the first is */
	uint64_t path_extra_ns;	/* not) goes by a path that is path_extra_ns longer */
	uint32_t ecn_ppb;	/* ECN-capable packets marked Congestion Experienced */
};

extern const struct knob fault_knobs[];
extern const size_t n_fault_knobs;

struct fault {
	struct fault_cfg cfg;
	struct rng loss, dup, corrupt, reorder, jitter, ecn;
	bool in_burst;		/* the last frame was lost */
	uint64_t n_lost, n_dup, n_corrupt, n_reordered, n_flapped;
	uint64_t n_marked;	/* ECN-capable ones; whoever carries the mark out counts it */
};

struct fault_verdict {
	bool drop, dup, corrupt, reorder;
	bool detour;		/* goes by the longer path */
	bool mark;		/* fault_ecn_mark() it */
	uint32_t corrupt_bit;	/* in [0, 8 * len) when corrupt */
	uint64_t delay_ns;	/* jitter, plus reorder_ns when reorder, path_extra_ns if detour */
};

/** A distance no other numbering of streams reaches. */
#define FAULT_STREAMS_FAR	(1ULL << 48)

/** False when @cfg asks for nothing: then nobody needs to be asked. */
bool fault_wanted(const struct fault_cfg *cfg);

/** Streams @stream .. @stream + 4 of @seed are this instance's own, and the same numbers
 * FAULT_STREAMS_FAR further on (kinds that came later, so that recorded runs replay). */
void fault_init(struct fault *f, const struct fault_cfg *cfg, uint64_t seed, uint64_t stream);

/** The fate of the next frame, @len bytes, at @now. Counts what it decides. */
struct fault_verdict fault_next(struct fault *f, uint32_t len, nsec now);

/**
 * Set Congestion Experienced in the Ethernet frame @p[@len] if it carries an IPv4 packet
 * that is ECN-capable (RFC 3168), keeping the header checksum right. Returns whether it
 * did. Only the two headers need to be there.
 */
bool fault_ecn_mark(uint8_t *p, uint32_t len);

#endif
