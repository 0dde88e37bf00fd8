/* SPDX-License-Identifier: MIT */
/*
 * switch.h - an output-queued Ethernet switch with a shared buffer
 *
 * Learns MAC addresses from sources, floods what it does not know; a corrupted frame goes on,
 * for others to find it out, but teaches nothing. Ports can be bonded
 * into one logical port; a hash of addresses and ports picks the member, so a flow keeps
 * its order. Above ecn_bytes in one output queue it marks packets of ECN-capable
 * transports (RFC 3168); above buffer_bytes in all queues together it drops.
 */
#ifndef SIM_SWITCH_H
#define SIM_SWITCH_H

#include "base/knob.h"
#include "sim/engine.h"
#include "sim/frame.h"

enum { SWITCH_PORTS_MAX = 1024 };

struct link_end;
struct switch_cfg;		/* sim/scenario.h */
extern const struct knob switch_knobs[];
extern const size_t n_switch_knobs;

struct switch_counters {
	uint64_t frames, bytes;		/* forwarded, copies of flooded ones included */
	uint64_t flooded;		/* frames in to a group or unknown address */
	uint64_t filtered;		/* destination behind the port it came from */
	uint64_t drop_buffer;		/* the shared buffer was full */
	uint64_t ecn_marked;
	uint64_t buffer_high;		/* bytes, most ever held */
};

struct sim_switch;

/** @ports: 1 .. SWITCH_PORTS_MAX. NULL: no memory. */
struct sim_switch *sim_switch_new(struct engine *e, struct frame_pool *fp,
				  const struct switch_cfg *cfg, uint32_t ports);
void sim_switch_free(struct sim_switch *sw);

/** Where the link into port @i delivers. */
struct port *sim_switch_port(struct sim_switch *sw, uint32_t i);

/** Port @i transmits on @out; the rate of the link is that of both directions. */
void sim_switch_cable(struct sim_switch *sw, uint32_t i, struct link_end *out);

/** Make ports [first, first + n) one logical port. Before any frame. */
void sim_switch_bond(struct sim_switch *sw, uint32_t first, uint32_t n);

/** Know beforehand that @mac is behind port @i, as if a frame had come from there. */
void sim_switch_learn(struct sim_switch *sw, const uint8_t mac[6], uint32_t i);

/** Bytes in the output queue of port @i, for onlookers: asking changes nothing. */
uint64_t sim_switch_queue_bytes(const struct sim_switch *sw, uint32_t i, nsec now);

const struct switch_counters *sim_switch_counters(const struct sim_switch *sw);

#endif
