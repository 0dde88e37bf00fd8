/* SPDX-License-Identifier: MIT */
/*
 * nic_impl.h - what nic.c, nic_rx.c and nic_tx.c share; nobody else includes it
 */
#ifndef SIM_NIC_IMPL_H
#define SIM_NIC_IMPL_H

#include "sim/link.h"
#include "sim/nic.h"
#include "sim/pcie.h"

enum {
	NIC_RX_FIFO = 512 * 1024,	/* 82599: packet memory of a port, bytes */
	NIC_TX_FIFO = 160 * 1024,
	/* Round trips of a frame posted to an idle NIC: the doorbell is a posted write, then the
	 * descriptor and, after it, the data are read. Later frames follow at PCIe bandwidth. */
	NIC_DOORBELL_TRIPS = 1,
	NIC_READ_TRIPS = 2 + 2,
};

struct nic_port {
	struct port in;
	struct sim_nic *n;
	struct link_end *out;
	uint32_t card;
	uint64_t tx_ahead_ns;		/* NIC_TX_FIFO on the wire */
	struct pacer rx_cap, tx_cap;	/* used when cfg.port_pps_max is set */
	struct frame *fifo_head, **fifo_tail;	/* waiting for rx_cap; `at` is their turn */
	uint32_t fifo_bytes;
	struct event turn;		/* of the head */
};

struct nic_queue {
	struct sim_nic *n;
	bool in_pass;
	nsec now;			/* of the pass */
	nsec pass_end;
	/* RX: posted buffers; the first n_rx of them have a frame, visible at `at` */
	struct mempool *pool;
	uint32_t n_bufs, n_rx;
	uint32_t idle_doorbells;	/* refills of the idle loop, not yet reported */
	uint32_t n_refills;		/* which card the next one is for */
	uint32_t n_written;		/* descriptors written back in a row, without a pause */
	struct frame *rx_head, **rx_tail;
	nsec rx_visible;		/* of the youngest frame */
	uint32_t wake_n;		/* waiting frames that wake too; 0: none */
	nic_wake_fn *wake;
	void *wake_ctx;
	/* TX: collected frames, and when the DMA of those posted is done */
	struct frame *tx_head, **tx_tail;
	uint32_t n_tx;
	uint32_t done_first, n_done;
	nsec *done;			/* ring of cfg.tx_ring */
	nsec done_last;
	struct event doorbell;
	nsec spread_step, spread_end;	/* doorbells of their own; 0: one for all */
	uint32_t spread_burst;		/* ... frames of one */
	nic_rx_tap_fn *rx_tap;
	nic_tx_tap_fn *tx_tap;
	void *tap_ctx;
};

struct sim_nic {
	struct nic nic;
	struct engine *engine;
	struct frame_pool *fp;
	const struct toeplitz *tz;
	struct nic_cfg cfg;
	struct nic_counters counters;
	uint32_t dma_mark;
	uint32_t cards;
	struct pacer pcie_up[NIC_CARDS_MAX], pcie_down[NIC_CARDS_MAX];
	struct nic_port ports[NIC_PORTS_MAX];
	struct nic_queue queues[];
};

static inline struct sim_nic *nic_sim(struct nic *nic)
{
	return container_of(nic, struct sim_nic, nic);
}

/* Take @bytes of @card's PCIe link, towards memory or from it. Times are the same distance from the
 * present for whoever asks, so that nobody holds a place that another could use: the
 * start of a frame's DMA up, the end of a doorbell's round trips down. Returns the start. */
static inline nsec nic_pcie_up(struct sim_nic *n, uint32_t card, nsec now, uint32_t bytes)
{
	n->counters.pcie_up[card] += bytes;
	return pacer_take(&n->pcie_up[card], now + n->cfg.rx_latency_ns, (uint64_t)bytes * 8);
}

static inline nsec nic_pcie_down(struct sim_nic *n, uint32_t card, nsec now, uint32_t bytes)
{
	nsec trips = (NIC_DOORBELL_TRIPS + NIC_READ_TRIPS) * n->cfg.pcie_latency_ns;

	n->counters.pcie_down[card] += bytes;
	return pacer_take(&n->pcie_down[card], now + trips, (uint64_t)bytes * 8);
}

/* nic_rx.c */
void nic_rx_port(struct port *p, struct frame *f, nsec now);
void nic_rx_turn(struct event *ev, nsec now);
uint32_t nic_rx_refill(struct nic_queue *q);
uint32_t nic_rx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
		      struct work *w);

/* nic_tx.c */
uint32_t nic_tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
		      struct work *w);
void nic_tx_doorbell(struct event *ev, nsec now);

#endif
