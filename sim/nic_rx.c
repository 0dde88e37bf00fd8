/* SPDX-License-Identifier: MIT */
/*
 * nic_rx.c - from the last bit at a port to an mbuf in the stack's hands
 *
 *	last bit -> address filter -> packet cap -> RSS -> descriptor	at arrival
 *	-> rx_latency -> PCIe bandwidth -> pcie_latency -> visible	computed, no event
 *	-> bytes copied into a posted buffer				at rx_burst
 *
 * The buffers posted to the ring are real: they leave the pool at the refill. Which of the
 * pool's they are is decided at rx_burst, the most recently freed first, so a busy simulation
 * touches a few warm buffers where the hardware walks all of its ring.
 */
#include "sim/nic_impl.h"

static inline void enqueue(struct frame ***tail, struct frame *f)
{
	f->next = NULL;
	**tail = f;
	*tail = &f->next;
}

static inline struct frame *dequeue(struct frame **head, struct frame ***tail)
{
	struct frame *f = *head;

	*head = f->next;
	if (*head == NULL)
		*tail = head;
	return f;
}

/* RSS: note the hash in @f and return the queue it selects; what has none goes to 0. */
static inline struct nic_queue *steer(struct sim_nic *n, struct frame *f)
{
	struct frame_flow fl;

	frame_flow(f, &fl);
	if (fl.kind == FLOW_NONE) {
		f->flags &= (uint8_t)~FRAME_RSS;
		return &n->queues[0];
	}
	if (fl.kind == FLOW_L4)
		f->rss = toeplitz_ipv4(n->tz, fl.saddr, fl.daddr, fl.sport, fl.dport);
	else
		f->rss = toeplitz_ipv4_addrs(n->tz, fl.saddr, fl.daddr);
	f->flags |= FRAME_RSS;
	return &n->queues[n->nic.reta[f->rss % RSS_RETA_LEN]];
}

/* Post buffers for all used descriptors once there are rx_refill of them. Returns how many. */
uint32_t nic_rx_refill(struct nic_queue *q)
{
	const struct nic_cfg *cfg = &q->n->cfg;
	uint32_t used = cfg->rx_ring - q->n_bufs, posted;

	if (used < cfg->rx_refill || q->pool == NULL)
		return 0;
	posted = mbuf_set_aside(q->pool, used);
	q->n_bufs += posted;
	q->n->counters.rx_drop_no_mbuf += used - posted;
	q->idle_doorbells += posted != 0;
	return posted;
}

/* The same at @now; the doorbell and what the NIC fetches then pass over PCIe. There is one ring a
 * queue here, but one a port in the hardware: its cards take turns. */
static inline void refill(struct nic_queue *q, nsec now)
{
	struct sim_nic *n = q->n;
	uint32_t posted = nic_rx_refill(q), card;

	if (posted == 0)
		return;
	card = n->cards == 1 ? 0 : q->n_refills++ % n->cards;
	nic_pcie_up(n, card, now, pcie_read(posted * PCIE_DESC));
	nic_pcie_down(n, card, now, PCIE_DOORBELL + pcie_completion(posted * PCIE_DESC));
}

/* Whether a frame that arrives at @now finds a descriptor. An idle thread polls without
 * engine events; its polls would have refilled a ring that ran dry. */
static inline bool descriptor_left(struct nic_queue *q, nsec now)
{
	if (likely(q->n_rx < q->n_bufs))
		return true;
	if (!q->in_pass && now >= q->pass_end)
		refill(q, now);
	return q->n_rx < q->n_bufs;
}

/* Bytes over PCIe of a frame of @len and its descriptor. While @behind, when the link is busy with
 * what came before, descriptors are written back by cache lines. */
static inline uint32_t dma_bytes(struct nic_queue *q, uint32_t len, bool behind)
{
	bool shared = behind && q->n_written % PCIE_DESC_A_LINE != 0;

	q->n_written = behind ? q->n_written + 1 : 1;
	return pcie_write(len) + PCIE_DESC + (shared ? 0 : PCIE_WRITE);
}

/* DMA of @f into the ring of its queue. Takes @f. */
static void dma(struct nic_port *p, struct frame *f, nsec now)
{
	struct sim_nic *n = p->n;
	struct pacer *pcie = &n->pcie_up[p->card];
	struct nic_queue *q = steer(n, f);
	nsec ready = now + n->cfg.rx_latency_ns, start, visible;
	bool was_empty = q->n_rx == 0;

	if (!descriptor_left(q, now)) {
		n->counters.rx_drop_no_desc++;
		frame_put(n->fp, f);
		return;
	}
	start = nic_pcie_up(n, p->card, now, dma_bytes(q, f->len, pcie->free > ready));
	visible = pacer_end(pcie) + n->cfg.pcie_latency_ns;
	f->hop_ns[HOP_NIC] += (uint32_t)n->cfg.rx_latency_ns;
	f->hop_ns[HOP_PCIE] += (uint32_t)(visible - start);
	f->at = MAX(visible, q->rx_visible);	/* another card's frame is before it in the ring */
	f->hop_ns[HOP_QUEUE] += (uint32_t)(start - ready + (f->at - visible));
	q->rx_visible = f->at;
	enqueue(&q->rx_tail, f);
	q->n_rx++;
	n->counters.rx_frames++;
	n->counters.rx_bytes += f->len;
	n->dma_mark += (uint32_t)ALIGN_UP(f->len, (uint32_t)CACHE_LINE);
	f->dma_mark = n->dma_mark;
	if (q->n_rx > n->counters.rx_ring_high)
		n->counters.rx_ring_high = q->n_rx;
	if ((was_empty || q->n_rx == q->wake_n) && q->wake != NULL)
		q->wake(q->wake_ctx, f->at);
}

/* The packet engine takes one frame every 1/port_pps_max s; the others wait in the port's
 * packet memory or are lost. Takes @f. */
static void capped(struct nic_port *p, struct frame *f, nsec now)
{
	if (p->fifo_bytes + f->len > NIC_RX_FIFO) {
		p->n->counters.rx_drop_cap++;
		frame_put(p->n->fp, f);
		return;
	}
	f->at = pacer_take(&p->rx_cap, now, 1);
	if (f->at <= now && p->fifo_head == NULL) {
		dma(p, f, now);
		return;
	}
	f->hop_ns[HOP_QUEUE] += (uint32_t)(f->at - now);
	p->fifo_bytes += f->len;
	enqueue(&p->fifo_tail, f);
	if (p->fifo_head == f)
		engine_at(p->n->engine, &p->turn, f->at);
}

void nic_rx_turn(struct event *ev, nsec now)
{
	struct nic_port *p = container_of(ev, struct nic_port, turn);
	struct frame *f = dequeue(&p->fifo_head, &p->fifo_tail);

	if (p->fifo_head != NULL)
		engine_at(p->n->engine, &p->turn, p->fifo_head->at);
	p->fifo_bytes -= f->len;
	dma(p, f, now);
}

void nic_rx_port(struct port *port, struct frame *f, nsec now)
{
	struct nic_port *p = container_of(port, struct nic_port, in);
	struct sim_nic *n = p->n;
	bool group = (f->data[0] & 1) != 0;

	if (!group && memcmp(f->data, n->nic.mac, sizeof(n->nic.mac)) != 0) {
		n->counters.rx_filtered++;
		frame_put(n->fp, f);
	} else if (n->cfg.port_pps_max != 0) {
		capped(p, f, now);
	} else {
		dma(p, f, now);
	}
}

/* Checksum flags of @f, as the NIC would report them. */
static uint8_t csum_flags(const struct sim_nic *n, struct frame *f)
{
	static const uint8_t flags[] = {
		[FRAME_CSUM_NONE] = 0,
		[FRAME_CSUM_IP] = MBUF_RX_IP_CSUM_OK,
		[FRAME_CSUM_L4] = MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK,
		[FRAME_CSUM_BAD] = MBUF_RX_CSUM_BAD,
	};

	if (!n->cfg.csum_offload) {
		frame_csum_write(f);
		return 0;
	}
	if ((f->flags & (FRAME_CSUM_VIRTUAL | FRAME_BYTES_SUSPECT)) == FRAME_CSUM_VIRTUAL)
		return MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK;
	return flags[frame_csum_verify(f)];
}

/* The oldest frame of @q, in a buffer of its pool. */
static inline struct mbuf *take(struct nic_queue *q, struct sim_nic *n)
{
	struct frame *f = dequeue(&q->rx_head, &q->rx_tail);
	struct mbuf *m = mbuf_alloc_aside(q->pool);

	q->n_bufs--;
	q->n_rx--;
	m->arrival = f->at;
	m->flags = csum_flags(n, f);
	if ((f->flags & FRAME_RSS) != 0) {
		m->flags |= MBUF_RX_HASH;
		m->hash = f->rss;
	}
	m->len = f->len;
	memcpy(mbuf_data(m), f->data, f->len);
	if (unlikely(q->rx_tap != NULL))
		q->rx_tap(q->tap_ctx, f, f->at, q->now);
	frame_put(n->fp, f);
	return m;
}

uint32_t nic_rx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
		      struct work *w)
{
	struct sim_nic *sn = nic_sim(nic);
	struct nic_queue *q = &sn->queues[queue];
	uint32_t r = 0;

	assert(queue < sn->cfg.queues);
	while (r < n && q->rx_head != NULL && q->rx_head->at <= q->now)
		m[r++] = take(q, sn);
	refill(q, q->now);
	w->rx_polls++;
	w->rx_doorbells += q->idle_doorbells;
	q->idle_doorbells = 0;
	sn->counters.rx_polls_empty += r == 0;
	return r;
}
