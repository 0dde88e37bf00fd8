/* SPDX-License-Identifier: MIT */
/*
 * fault.h - an unkind stretch of cable: a port that wraps a port
 *
 * Applies the decisions of base/fault.h to the frames of one direction, where their last
 * bit arrives: loss, flaps, duplicates, ECN marks, flipped bits, delay. Jitter keeps the order
 * of frames; only frames picked for reordering or on the longer path are overtaken, and they
 * keep their order among themselves. A flipped bit is one Ethernet's FCS did not catch, or
 * nobody would see it.
 */
#ifndef SIM_FAULT_H
#define SIM_FAULT_H

#include "base/fault.h"
#include "sim/engine.h"
#include "sim/frame.h"

struct sim_fault;

/** Its streams are fault_init()'s. NULL: no memory. */
struct sim_fault *sim_fault_new(struct engine *e, struct frame_pool *fp,
				const struct fault_cfg *cfg, uint64_t seed, uint64_t stream,
				struct port *to);
void sim_fault_free(struct sim_fault *sf);

/** What to attach to the link instead of @to. */
struct port *sim_fault_port(struct sim_fault *sf);

/** What it did so far: the n_ fields. */
const struct fault *sim_fault_state(const struct sim_fault *sf);

/** From now on nothing befalls a frame; those held back still come. */
void sim_fault_heal(struct sim_fault *sf);

#endif
