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
	uint32_t dup_ppb;
	uint32_t corrupt_ppb;	/* one bit flips */
	uint32_t reorder_ppb;	/* frame is held back */
	uint32_t reorder_frames; /* by this many later frames, where there is no clock */
	uint64_t reorder_ns;	/* by this long, where there is one */
	uint64_t jitter_ns;	/* every frame: uniform extra delay in [0, jitter_ns] */
	uint64_t flap_period_ns; /* 0: never; otherwise the link is down for the */
	uint64_t flap_down_ns;	/* first flap_down_ns of each period after the first */
};

extern const struct knob fault_knobs[];
extern const size_t n_fault_knobs;

struct fault {
	struct fault_cfg cfg;
	struct rng loss, dup, corrupt, reorder, jitter;
	uint64_t n_lost, n_dup, n_corrupt, n_reordered, n_flapped;
};

struct fault_verdict {
	bool drop, dup, corrupt, reorder;
	uint32_t corrupt_bit;	/* in [0, 8 * len) when corrupt */
	uint64_t delay_ns;	/* jitter, plus reorder_ns when reorder */
};

/** Streams @stream .. @stream + 4 of @seed are this instance's own. */
void fault_init(struct fault *f, const struct fault_cfg *cfg, uint64_t seed, uint64_t stream);

/** The fate of the next frame, @len bytes, at @now. Counts what it decides. */
struct fault_verdict fault_next(struct fault *f, uint32_t len, nsec now);

#endif
