/* SPDX-License-Identifier: MIT */
/*
 * budget.h - where a request's nanoseconds went, hop by hop
 *
 * A frame carries what its stages took (frame.hop_ns); links, switch and NIC add theirs.
 * A thread remembers the hops of the frame it received, and hands them on, with its own
 * share of the pass, to the frame it sends on the same flow. The thread that asked
 * (origin) sums up when the answer is taken from its ring. Nothing is lost on the way:
 * with one request of one segment under way, the hops add up to its round trip.
 *
 * HOP_QUEUE is waiting for a pass: in the ring, for the polling loop, and for the pass
 * that answers. With several segments a message, every segment counts by itself.
 */
#ifndef SIM_BUDGET_H
#define SIM_BUDGET_H

#include "sim/cpu.h"
#include "sim/frame.h"

enum { BUDGET_SLOTS = 4096 };

extern const char *const budget_hop_names[HOP_NR];

/* The last frame received on a flow, not yet answered. */
struct budget_slot {
	uint32_t flow;			/* symmetric hash; valid when at is not 0 */
	nsec at;			/* start of the pass that took it, + 1 */
	uint64_t hop_ns[HOP_NR];
};

struct budget {
	bool origin;			/* this thread asks; else it answers */
	nsec from, to;			/* sums answers to what was asked in [from, to) */
	nsec pass_at;			/* start of the running pass */
	struct cpu_charge pass;		/* its share */
	uint64_t n;			/* answers */
	uint64_t sum_ns[HOP_NR];
	struct budget_slot slot[BUDGET_SLOTS];
};

/** Zeroed memory is a valid budget but for @origin and the window. */
void budget_init(struct budget *b, bool origin, nsec from, nsec to);

/** The pass that starts @now took @f, visible since @visible, of flow @flow. */
void budget_rx(struct budget *b, const struct frame *f, uint32_t flow, nsec visible, nsec now);

/** The pass that started at @now is over and cost @c; the frames it sends come next. */
void budget_pass(struct budget *b, nsec now, const struct cpu_charge *c);

/** @f is at the doorbell. */
void budget_tx(struct budget *b, struct frame *f, uint32_t flow);

/** Add @from's answers to @to. */
void budget_merge(struct budget *to, const struct budget *from);

#endif
