/* SPDX-License-Identifier: MIT */
/*
 * nic.h - the simulated NIC: an 82599 with n ports behind one struct nic
 *
 * RX: link -> packet cap -> RSS -> descriptor (with a buffer of the queue's pool) -> PCIe
 * -> visible in the ring -> rx_burst. TX: tx_burst -> (end of the pass) doorbell -> PCIe
 * read -> link. Drops are counted at each place.
 *
 * A pass happens at one instant in the core but takes time in the simulation: the host
 * brackets it with nic_pass_begin() and nic_pass_end().
 */
#ifndef SIM_NIC_H
#define SIM_NIC_H

#include "base/knob.h"
#include "plat.h"
#include "sim/arena.h"
#include "sim/engine.h"
#include "sim/frame.h"

enum {
	NIC_PORTS_MAX = 4,
	NIC_QUEUES_MAX = 64,
	NIC_PORTS_PER_CARD = 2,		/* an X520 is a dual-port card in a slot of its own */
	NIC_CARDS_MAX = NIC_PORTS_MAX / NIC_PORTS_PER_CARD,
};

struct nic_cfg {
	uint32_t ports;			/* links the switch bonds on an L3+L4 hash */
	uint32_t queues;
	uint32_t rx_ring;		/* descriptors a queue */
	uint32_t tx_ring;
	uint32_t rx_refill;		/* descriptors refilled at a time */
	uint64_t rx_latency_ns;		/* MAC and pipeline, last bit in to DMA start */
	uint64_t tx_latency_ns;		/* DMA end to first bit out */
	uint64_t pcie_latency_ns;	/* one way: a posted write; a read costs two */
	uint64_t pcie_bps;		/* of a card, each way, overhead included, bits/s */
	uint64_t port_pps_max;		/* packet cap a port and direction, 0: none */
	bool csum_offload;
};

extern const struct knob nic_knobs[];
extern const size_t n_nic_knobs;

struct nic_counters {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_filtered;		/* not for our address (flooded by the switch) */
	uint64_t rx_drop_cap;		/* over the packet cap (its input FIFO) */
	uint64_t rx_drop_no_desc;	/* ring full or never refilled */
	uint64_t rx_drop_no_mbuf;	/* refill found the pool empty (descriptors, not frames) */
	uint64_t tx_ring_full;		/* frames tx_burst refused */
	uint64_t rx_ring_high;		/* most frames waiting in one ring */
	uint64_t rx_polls_empty;
	uint64_t pcie_up[NIC_CARDS_MAX], pcie_down[NIC_CARDS_MAX]; /* bytes, overhead included */
};

struct sim_nic;

/** Told when a frame becomes visible in an empty ring at @at >= now; wakes an idle thread. */
typedef void nic_wake_fn(void *ctx, nsec at);

/** Made of @mem, which outlives it; NULL: no memory. */
struct sim_nic *sim_nic_new(struct engine *e, struct frame_pool *fp, struct arena *mem,
			    const struct nic_cfg *cfg, const uint8_t mac[6]);
void sim_nic_free(struct sim_nic *n);
struct nic *sim_nic_nic(struct sim_nic *n);
struct port *sim_nic_port(struct sim_nic *n, uint32_t port);	/* where a link delivers */

struct link_end;
void sim_nic_cable(struct sim_nic *n, uint32_t port, struct link_end *out);

/** Give queue @q its buffers and fill its ring. */
void sim_nic_attach(struct sim_nic *n, uint16_t q, struct mempool *pool, nic_wake_fn *wake,
		    void *ctx);

/** Call @q's wake for the frame that makes @n wait in the ring, too. */
void sim_nic_wake_at(struct sim_nic *n, uint16_t q, uint32_t frames);

/** Frames in the ring of @q, visible or on the way. */
uint32_t sim_nic_rx_waiting(const struct sim_nic *n, uint16_t q);

/** Time of the oldest visible-or-coming frame of queue @q; NSEC_NEVER when the ring is empty. */
nsec sim_nic_rx_next(const struct sim_nic *n, uint16_t q);

/** Fetch what the next pass of @queue touches; then what it takes. Each returns its first frame,
 * NULL when there is none. */
const struct frame *sim_nic_soon(const struct sim_nic *n, uint16_t queue);
const struct frame *sim_nic_near(const struct sim_nic *n, uint16_t queue);

/** Bytes placed in memory so far, in whole cache lines, modulo 2^32; see frame.dma_mark. */
uint32_t sim_nic_dma_mark(const struct sim_nic *n);

/** Buffers of its pool that ring @q holds now, filled ones included. */
uint32_t sim_nic_rx_bufs(const struct sim_nic *n, uint16_t q);

/** Between these, rx_burst sees frames visible by @now and tx_burst collects; at the end the
 * collected frames' doorbell rings at @end, which may be now or later. */
void nic_pass_begin(struct sim_nic *n, uint16_t q, nsec now);
void nic_pass_end(struct sim_nic *n, uint16_t q, nsec end);

/** As nic_pass_end(), with doorbells of their own: of the frames collected, which were made at even
 * distances from @from (not) to @end, @burst ring at a time, when the last of them is made. */
void nic_pass_end_spread(struct sim_nic *n, uint16_t q, uint32_t burst, nsec from, nsec end);

const struct nic_counters *sim_nic_counters(const struct sim_nic *n);

/* Budget accounting (see budget.h): hop times of the frames the last rx_burst handed up, in
 * order, and a tap on frames at the doorbell. Both are off (NULL) unless asked for. */
typedef void nic_rx_tap_fn(void *ctx, const struct frame *f, nsec visible, nsec now);
typedef void nic_tx_tap_fn(void *ctx, struct frame *f, nsec end);
void sim_nic_tap(struct sim_nic *n, uint16_t q, nic_rx_tap_fn *rx, nic_tx_tap_fn *tx, void *ctx);

#endif
