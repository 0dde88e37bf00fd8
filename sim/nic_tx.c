/* SPDX-License-Identifier: MIT */
/*
 * nic_tx.c - from tx_burst to the first bit on a link
 *
 *	bytes gathered, mbuf freed					at tx_burst
 *	-> doorbell (posted write) -> descriptor read -> data read	at the end of the pass
 *	-> tx_latency -> packet cap -> link				computed, no event
 *
 * The mbuf can be freed at once because its bytes are copied; the descriptor stays in use
 * until the DMA of its frame is done. The DMA runs at most NIC_TX_FIFO bytes ahead of the
 * wire, so a saturated link fills the ring and tx_burst refuses.
 */
#include "sim/nic_impl.h"

/* What one doorbell has posted so far: frames a port, bytes asked for a card. */
struct burst {
	uint32_t frames[NIC_PORTS_MAX], up[NIC_CARDS_MAX];
};

/* Forget descriptors whose DMA was done by @now. */
static inline void retire(struct nic_queue *q, nsec now)
{
	uint32_t ring = q->n->cfg.tx_ring;

	while (q->n_done > 0 && q->done[q->done_first] <= now) {
		q->done_first = q->done_first + 1 == ring ? 0 : q->done_first + 1;
		q->n_done--;
	}
	if (q->n_done == 0)
		q->done_first = 0;	/* keeps an idle ring's memory warm */
}

static inline void remember(struct nic_queue *q, nsec done)
{
	uint32_t ring = q->n->cfg.tx_ring, i = q->done_first + q->n_done++;

	q->done[i >= ring ? i - ring : i] = done;
}

/* The checksums @m asks for: all of TCP or UDP stays virtual, the rest is written. */
static inline void offload(struct frame *f, uint8_t flags)
{
	const uint8_t both = MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM;

	if ((flags & both) == both) {
		f->flags = FRAME_CSUM_VIRTUAL;
		return;
	}
	if ((flags & MBUF_TX_IP_CSUM) != 0)
		frame_csum_write_ip(f);
	if ((flags & MBUF_TX_L4_CSUM) != 0)
		frame_csum_write_l4(f);
}

/* The frame of @m, padded; frees @m. */
static inline struct frame *gather(struct sim_nic *n, struct mbuf *m)
{
	uint32_t len = mbuf_frame_len(m);
	struct frame *f = frame_get(n->fp, len);

	assert(len > 0 && len <= FRAME_MAX);	/* the stack knows the MTU */
	if (m->n_frags == 0)
		memcpy(f->data, mbuf_data(m), len);
	else
		mbuf_gather(m, f->data, FRAME_MAX);
	if (len < FRAME_MIN) {
		memset(f->data + len, 0, FRAME_MIN - len);
		len = FRAME_MIN;
	}
	f->len = (uint16_t)len;
	if ((m->flags & (MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM)) != 0)
		offload(f, m->flags);
	mbuf_free(m);
	return f;
}

uint32_t nic_tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
		      struct work *w)
{
	struct sim_nic *sn = nic_sim(nic);
	struct nic_queue *q = &sn->queues[queue];
	uint32_t r = 0, room;

	assert(queue < sn->cfg.queues);
	retire(q, q->now);
	room = sn->cfg.tx_ring - q->n_done - q->n_tx;
	for (; r < n && r < room; r++) {
		struct frame *f = gather(sn, m[r]);

		*q->tx_tail = f;
		q->tx_tail = &f->next;
	}
	q->n_tx += r;
	sn->counters.tx_ring_full += n - r;
	w->tx_doorbells += r != 0;
	return r;
}

/* DMA of @f, whose doorbell rang at @end, and on to its link. Takes @f. */
static void post(struct nic_queue *q, struct frame *f, nsec end, struct burst *b)
{
	struct sim_nic *n = q->n;
	const struct nic_cfg *cfg = &n->cfg;
	uint32_t port = cfg->ports == 1 ? 0 :
			(uint32_t)((uint64_t)frame_bond_hash(f) * cfg->ports >> 32);
	struct nic_port *p = &n->ports[port];
	uint32_t k = b->frames[port]++;
	nsec ready = end + (NIC_DOORBELL_TRIPS + NIC_READ_TRIPS) * cfg->pcie_latency_ns;
	nsec start = nic_pcie_down(n, p->card, end, pcie_tx_down(k, f->len));
	nsec read = pacer_end(&n->pcie_down[p->card]), busy = link_busy_until(p->out);
	nsec done = busy > read + p->tx_ahead_ns ? busy - p->tx_ahead_ns : read;
	nsec out = done + cfg->tx_latency_ns;

	b->up[p->card] += pcie_tx_up(k, f->len);
	q->done_last = MAX(q->done_last, done);
	remember(q, q->done_last);
	f->hop_ns[HOP_PCIE] += (uint32_t)(ready - end + (read - start));
	f->hop_ns[HOP_QUEUE] += (uint32_t)(start - ready + (done - read));
	f->hop_ns[HOP_NIC] += (uint32_t)cfg->tx_latency_ns;
	if (cfg->port_pps_max != 0) {
		nsec turn = pacer_take(&p->tx_cap, out, 1);

		f->hop_ns[HOP_QUEUE] += (uint32_t)(turn - out);
		out = turn;
	}
	n->counters.tx_frames++;
	n->counters.tx_bytes += f->len;
	link_send(p->out, f, out);
}

static inline void ring(struct nic_queue *q, struct frame *f, nsec now, struct burst *b)
{
	if (unlikely(q->tx_tap != NULL))
		q->tx_tap(q->tap_ctx, f, now);
	post(q, f, now, b);
}

/* The requests that reading what @b posted has taken. */
static inline void posted(struct nic_queue *q, const struct burst *b, nsec now)
{
	for (uint32_t card = 0; card < q->n->cards; card++)
		if (b->up[card] != 0)
			nic_pcie_up(q->n, card, now, b->up[card]);
}

/* The next doorbell of a pass that has several: when the frames it tells of have been made. */
static void spread_next(struct nic_queue *q, nsec now)
{
	nsec at = now + q->spread_step * MIN(q->n_tx, q->spread_burst);

	engine_at(q->n->engine, &q->doorbell, MIN(at, q->spread_end));
}

void nic_tx_doorbell(struct event *ev, nsec now)
{
	struct nic_queue *q = container_of(ev, struct nic_queue, doorbell);
	bool more = q->spread_step != 0 && q->n_tx > q->spread_burst;
	struct frame *f = q->tx_head, *next;
	struct burst b = { 0 };

	retire(q, now);
	for (uint32_t n = more ? q->spread_burst : q->n_tx; n > 0; n--) {
		next = f->next;
		if (next != NULL)
			prefetch_to(next, next->data + 1);
		ring(q, f, now, &b);
		q->n_tx--;
		f = next;
	}
	q->tx_head = f;
	if (f == NULL)
		q->tx_tail = &q->tx_head;
	posted(q, &b, now);
	if (more)
		spread_next(q, now);
}

/* The last pass ended at this very instant. */
static __attribute__((noinline)) void ring_late(struct nic_queue *q, nsec now)
{
	while (event_scheduled(&q->doorbell)) {
		assert(q->doorbell.at <= now);
		engine_cancel(q->n->engine, &q->doorbell);
		nic_tx_doorbell(&q->doorbell, q->doorbell.at);
	}
}

void nic_pass_begin(struct sim_nic *n, uint16_t queue, nsec now)
{
	struct nic_queue *q = &n->queues[queue];

	assert(queue < n->cfg.queues && now >= q->now);
	q->now = now;
	q->in_pass = true;
	if (unlikely(event_scheduled(&q->doorbell)))
		ring_late(q, now);
}

void nic_pass_end(struct sim_nic *n, uint16_t queue, nsec end)
{
	struct nic_queue *q = &n->queues[queue];

	assert(queue < n->cfg.queues && end >= q->now);
	q->in_pass = false;
	q->pass_end = end;
	if (q->tx_head == NULL)
		return;
	if (end > engine_now(n->engine))
		engine_at(n->engine, &q->doorbell, end);
	else
		nic_tx_doorbell(&q->doorbell, end);
}

void nic_pass_end_spread(struct sim_nic *n, uint16_t queue, uint32_t burst, nsec from, nsec end)
{
	struct nic_queue *q = &n->queues[queue];
	nsec step = q->n_tx > burst ? MAX((end - from) / q->n_tx, 1u) : 0;

	q->spread_end = end;
	q->spread_step = step;
	q->spread_burst = burst;
	nic_pass_end(n, queue, step ? MIN(from + step * burst, end) : end);
	q->pass_end = end;
}
