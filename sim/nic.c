/* SPDX-License-Identifier: MIT */
/*
 * nic.c - the simulated NIC: bring-up, knobs, and the small calls; see nic.h
 *
 * Not here: reception (nic_rx.c), transmission (nic_tx.c).
 *
 * Where the default latencies come from. The paper gives 3 us across a pair of 10GbE NICs.
 * A 64 B message (118 B frame) into an idle pair costs, without the wire,
 *	doorbell, a posted write		1 x 300 ns
 *	descriptor read, data read		4 x 300 ns
 *	202 B at 32 Gb/s			     51 ns
 *	TX pipeline and MAC			    552 ns
 *	RX pipeline and MAC			    552 ns
 *	182 B at 32 Gb/s			     46 ns
 *	data and descriptor, posted writes	1 x 300 ns
 * together 3001 ns. 300 ns one way is a PCIe 2.0 root complex's read round trip of 600 ns;
 * 32 Gb/s is an x8 slot of 5 GT/s after 8b/10b. Of the 202 B down 28 are the doorbell, 36 the
 * descriptor and 138 the data; of the 182 up 142 are the data and 40 the descriptor
 * (pcie.h).
 */
#include "sim/nic_impl.h"

#define NIC_FIELD(f)	.off = offsetof(struct nic_cfg, f)

const struct knob nic_knobs[] = {
	{ .name = "ports", NIC_FIELD(ports), .type = KNOB_U32, .min = 1, .max = NIC_PORTS_MAX,
	  .def = 1, .doc = "links, bonded by the switch on a hash of addresses and ports" },
	{ .name = "rx_ring", NIC_FIELD(rx_ring), .type = KNOB_U32, .unit = UNIT_FRAMES,
	  .min = 8, .max = 65536, .def = 512, .doc = "RX descriptors a queue" },
	{ .name = "tx_ring", NIC_FIELD(tx_ring), .type = KNOB_U32, .unit = UNIT_FRAMES,
	  .min = 8, .max = 65536, .def = 4096, .doc = "TX descriptors a queue" },
	{ .name = "rx_refill", NIC_FIELD(rx_refill), .type = KNOB_U32, .unit = UNIT_FRAMES,
	  .min = 1, .max = 65536, .def = 32,
	  .doc = "used RX descriptors before they are refilled with one doorbell" },
	{ .name = "rx_latency", NIC_FIELD(rx_latency_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = NSEC_PER_MSEC, .def = 552, .doc = "last bit in to start of DMA" },
	{ .name = "tx_latency", NIC_FIELD(tx_latency_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = NSEC_PER_MSEC, .def = 552, .doc = "end of DMA to first bit out" },
	{ .name = "pcie_latency", NIC_FIELD(pcie_latency_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .max = NSEC_PER_MSEC, .def = 300,
	  .doc = "one way over PCIe; sending takes five, receiving one" },
	{ .name = "pcie_rate", NIC_FIELD(pcie_bps), .type = KNOB_U64, .unit = UNIT_BPS,
	  .min = 1000000, .max = 1000000000000, .def = 32000000000,
	  .doc = "PCIe bandwidth of a card of two ports, each way, packet overhead included" },
	{ .name = "port_pps_max", NIC_FIELD(port_pps_max), .type = KNOB_U64,
	  .unit = UNIT_PER_SEC, .max = 1000000000, .def = 0,
	  .doc = "packets a second a port and direction; the 82599 does about 9 M/s; 0: any" },
	{ .name = "csum_offload", NIC_FIELD(csum_offload), .type = KNOB_BOOL, .def = 1,
	  .doc = "the NIC fills in and verifies checksums" },
};
const size_t n_nic_knobs = ARRAY_LEN(nic_knobs);

static int reta_set(struct nic *nic, uint16_t bucket, uint16_t queue)
{
	if (bucket >= RSS_RETA_LEN || queue >= nic->n_queues)
		return -EINVAL;
	nic->reta[bucket] = (uint8_t)queue;
	return 0;
}

static const struct nic_ops ops = {
	.rx_burst = nic_rx_burst,
	.tx_burst = nic_tx_burst,
	.reta_set = reta_set,
};

static void init_nic(struct nic *nic, const struct nic_cfg *cfg, const uint8_t mac[6])
{
	nic->ops = &ops;
	memcpy(nic->mac, mac, sizeof(nic->mac));
	nic->mtu = 1500;
	nic->n_queues = (uint16_t)cfg->queues;
	nic->caps = NIC_RSS | (cfg->csum_offload ? NIC_RX_CSUM | NIC_TX_CSUM : 0);
	memcpy(nic->rss_key, rss_default_key, RSS_KEY_LEN);
	for (uint32_t i = 0; i < RSS_RETA_LEN; i++)
		nic->reta[i] = (uint8_t)(i % cfg->queues);
}

static void init_port(struct sim_nic *n, uint32_t i)
{
	struct nic_port *p = &n->ports[i];

	p->in.rx = nic_rx_port;
	p->n = n;
	p->card = i / NIC_PORTS_PER_CARD;
	p->fifo_tail = &p->fifo_head;
	p->turn.fire = nic_rx_turn;
	if (n->cfg.port_pps_max != 0) {
		pacer_init(&p->rx_cap, n->cfg.port_pps_max);
		pacer_init(&p->tx_cap, n->cfg.port_pps_max);
	}
}

static bool init_queue(struct sim_nic *n, struct arena *mem, uint32_t i)
{
	struct nic_queue *q = &n->queues[i];

	q->n = n;
	q->rx_tail = &q->rx_head;
	q->tx_tail = &q->tx_head;
	q->doorbell.fire = nic_tx_doorbell;
	q->done = arena_get(mem, n->cfg.tx_ring * sizeof(q->done[0]), CACHE_LINE);
	return q->done != NULL;
}

static void check_cfg(const struct nic_cfg *cfg)
{
	assert(cfg->ports > 0 && cfg->ports <= NIC_PORTS_MAX);
	assert(cfg->queues > 0 && cfg->queues <= NIC_QUEUES_MAX);
	assert(cfg->rx_ring > 0 && cfg->tx_ring > 0);
	assert(cfg->rx_refill > 0 && cfg->rx_refill <= cfg->rx_ring);
}

struct sim_nic *sim_nic_new(struct engine *e, struct frame_pool *fp, struct arena *mem,
			    const struct nic_cfg *cfg, const uint8_t mac[6])
{
	struct sim_nic *n = arena_get(mem, sizeof(*n) + cfg->queues * sizeof(n->queues[0]),
				      CACHE_LINE);

	check_cfg(cfg);
	if (n == NULL)
		return NULL;
	n->engine = e;
	n->fp = fp;
	n->tz = frame_pool_toeplitz(fp);
	n->cfg = *cfg;
	n->cards = (cfg->ports + NIC_PORTS_PER_CARD - 1) / NIC_PORTS_PER_CARD;
	init_nic(&n->nic, cfg, mac);
	for (uint32_t i = 0; i < NIC_CARDS_MAX; i++) {
		pacer_init(&n->pcie_up[i], cfg->pcie_bps);
		pacer_init(&n->pcie_down[i], cfg->pcie_bps);
	}
	for (uint32_t i = 0; i < cfg->ports; i++)
		init_port(n, i);
	for (uint32_t i = 0; i < cfg->queues; i++) {
		if (!init_queue(n, mem, i)) {
			sim_nic_free(n);
			return NULL;
		}
	}
	return n;
}

static void put_all(struct frame_pool *fp, struct frame *f)
{
	while (f != NULL) {
		struct frame *next = f->next;

		frame_put(fp, f);
		f = next;
	}
}

void sim_nic_free(struct sim_nic *n)
{
	if (n == NULL)
		return;
	for (uint32_t i = 0; i < n->cfg.ports; i++) {
		engine_cancel(n->engine, &n->ports[i].turn);
		put_all(n->fp, n->ports[i].fifo_head);
	}
	for (uint32_t i = 0; i < n->cfg.queues; i++) {
		struct nic_queue *q = &n->queues[i];

		engine_cancel(n->engine, &q->doorbell);
		put_all(n->fp, q->rx_head);
		put_all(n->fp, q->tx_head);
	}
}

struct nic *sim_nic_nic(struct sim_nic *n)
{
	return &n->nic;
}

struct port *sim_nic_port(struct sim_nic *n, uint32_t port)
{
	assert(port < n->cfg.ports);
	return &n->ports[port].in;
}

void sim_nic_cable(struct sim_nic *n, uint32_t port, struct link_end *out)
{
	assert(port < n->cfg.ports);
	n->ports[port].out = out;
	n->ports[port].tx_ahead_ns = NIC_TX_FIFO * 8 * NSEC_PER_SEC / out->wire.rate;
}

void sim_nic_attach(struct sim_nic *n, uint16_t queue, struct mempool *pool, nic_wake_fn *wake,
		    void *ctx)
{
	struct nic_queue *q = &n->queues[queue];

	assert(queue < n->cfg.queues && q->pool == NULL);
	q->pool = pool;
	q->wake = wake;
	q->wake_ctx = ctx;
	nic_rx_refill(q);
}

nsec sim_nic_rx_next(const struct sim_nic *n, uint16_t queue)
{
	const struct nic_queue *q = &n->queues[queue];

	return q->rx_head == NULL ? NSEC_NEVER : q->rx_head->at;
}

void sim_nic_wake_at(struct sim_nic *n, uint16_t queue, uint32_t frames)
{
	n->queues[queue].wake_n = frames;
}

uint32_t sim_nic_rx_waiting(const struct sim_nic *n, uint16_t queue)
{
	return n->queues[queue].n_rx;
}

uint32_t sim_nic_rx_bufs(const struct sim_nic *n, uint16_t queue)
{
	return n->queues[queue].n_bufs;
}

const struct frame *sim_nic_soon(const struct sim_nic *n, uint16_t queue)
{
	const struct nic_queue *q = &n->queues[queue];

	prefetch_to(q, q + 1);
	if (q->rx_head != NULL) {
		prefetch_to(q->rx_head, q->rx_head->data + CACHE_LINE);
		if (q->rx_head->next != NULL)
			prefetch_to(q->rx_head->next, q->rx_head->next->data + CACHE_LINE);
	}
	return q->rx_head;
}

const struct frame *sim_nic_near(const struct sim_nic *n, uint16_t queue)
{
	const struct nic_queue *q = &n->queues[queue];

	prefetch(&q->done[q->done_first]);
	if (q->pool != NULL && q->pool->pool.free != NULL) {
		const struct mbuf *m = q->pool->pool.free;

		prefetch(m);
		prefetch_to((const uint8_t *)(m + 1) + MBUF_HEADROOM,
			    (const uint8_t *)(m + 1) + MBUF_HEADROOM + 2 * CACHE_LINE);
	}
	return q->rx_head;
}

uint32_t sim_nic_dma_mark(const struct sim_nic *n)
{
	return n->dma_mark;
}

const struct nic_counters *sim_nic_counters(const struct sim_nic *n)
{
	return &n->counters;
}

void sim_nic_tap(struct sim_nic *n, uint16_t queue, nic_rx_tap_fn *rx, nic_tx_tap_fn *tx,
		 void *ctx)
{
	struct nic_queue *q = &n->queues[queue];

	q->rx_tap = rx;
	q->tx_tap = tx;
	q->tap_ctx = ctx;
}
