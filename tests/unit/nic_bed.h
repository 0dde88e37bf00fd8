/* SPDX-License-Identifier: MIT */
/*
 * nic_bed.h - a NIC whose ports are cabled to sinks, with a pool a queue
 */
#ifndef TESTS_UNIT_NIC_BED_H
#define TESTS_UNIT_NIC_BED_H

#include "sim/link.h"
#include "sim/nic.h"
#include "sim/scenario.h"
#include "tests/unit/sim_bed.h"

enum { BED_QUEUES = 4, BED_MBUFS = 1024 };

struct nic_bed {
	struct engine *e;
	struct frame_pool *fp;
	struct nic_cfg cfg;
	struct link_cfg link_cfg;
	struct arena arena;
	struct sim_nic *n;
	struct nic *nic;
	struct link *l[NIC_PORTS_MAX];
	struct sink sink[NIC_PORTS_MAX];	/* what port i sent */
	struct mempool pool[BED_QUEUES];
	void *mem[BED_QUEUES];
	uint32_t wakes;
	nsec woken_at;
	struct work w;
	uint32_t n_tapped;
	struct frame tapped[4];			/* what the last rx_bursts handed up */
};

static inline void nic_bed_init(struct nic_bed *b)
{
	memset(b, 0, sizeof(*b));
	b->e = engine_new();
	b->fp = frame_pool_new();
	knob_defaults(nic_knobs, n_nic_knobs, &b->cfg);
	knob_defaults(link_knobs, n_link_knobs, &b->link_cfg);
	b->cfg.queues = 1;
}

static inline void nic_bed_wake(void *ctx, nsec at)
{
	struct nic_bed *b = ctx;

	b->wakes++;
	b->woken_at = at;
}

static inline void nic_bed_rx_tap(void *ctx, const struct frame *f, nsec visible, nsec now)
{
	struct nic_bed *b = ctx;

	CHECK_EQ(f->at, visible);
	CHECK(now >= visible);
	if (b->n_tapped < ARRAY_LEN(b->tapped))		/* a small frame has no more than this */
		memcpy(&b->tapped[b->n_tapped++], f, offsetof(struct frame, data) + f->len);
}

/* The host is number 1. */
static inline void nic_bed_up(struct nic_bed *b, uint32_t mbufs)
{
	uint8_t mac[6];

	bed_mac(mac, 1);
	b->n = sim_nic_new(b->e, b->fp, &b->arena, &b->cfg, mac);
	b->nic = sim_nic_nic(b->n);
	for (uint32_t i = 0; i < b->cfg.ports; i++) {
		sink_init(&b->sink[i], b->fp);
		b->l[i] = link_new(b->e, b->fp, &b->link_cfg);
		link_attach(link_end_of(b->l[i], 0), &b->sink[i].in);
		link_attach(link_end_of(b->l[i], 1), sim_nic_port(b->n, i));
		sim_nic_cable(b->n, i, link_end_of(b->l[i], 0));
	}
	for (uint16_t q = 0; q < b->cfg.queues; q++) {
		b->mem[q] = aligned_alloc(CACHE_LINE, ALIGN_UP(mempool_bytes(mbufs), 64ul));
		memset(b->mem[q], 0, mempool_bytes(mbufs));
		mempool_init(&b->pool[q], b->mem[q], mbufs);
		sim_nic_attach(b->n, q, &b->pool[q], nic_bed_wake, b);
		sim_nic_tap(b->n, q, nic_bed_rx_tap, NULL, b);
	}
}

/* Nothing may be missing: every buffer is in its pool or its ring, every frame at home. */
static inline void nic_bed_down(struct nic_bed *b)
{
	for (uint16_t q = 0; q < b->cfg.queues; q++) {
		CHECK_EQ(mempool_avail(&b->pool[q]) + sim_nic_rx_bufs(b->n, q),
			 b->pool[q].pool.n);
	}
	for (uint32_t i = 0; i < b->cfg.ports; i++) {
		sink_drain(&b->sink[i]);
		link_free(b->l[i]);
	}
	sim_nic_free(b->n);
	arena_drop(&b->arena);
	CHECK_EQ(frame_pool_out(b->fp), 0);
	frame_pool_free(b->fp);
	engine_free(b->e);
	for (uint16_t q = 0; q < b->cfg.queues; q++)
		free(b->mem[q]);
}

/** A frame's last bit arrives at port @p now. */
static inline void nic_bed_arrive(struct nic_bed *b, uint32_t p, struct frame *f)
{
	struct port *port = sim_nic_port(b->n, p);

	port->rx(port, f, engine_now(b->e));
}

static inline void nic_bed_arrive_n(struct nic_bed *b, uint32_t n)
{
	while (n-- > 0)
		nic_bed_arrive(b, 0, bed_frame(b->fp, 118, 2, 1, 5));
}

/** Let the clock stand at @at, then poll queue @q in a pass; stores at most @n in @m. */
static inline uint32_t nic_bed_poll(struct nic_bed *b, uint16_t q, nsec at, struct mbuf **m,
				    uint32_t n)
{
	uint32_t r;

	engine_run(b->e, at);
	nic_pass_begin(b->n, q, at);
	r = b->nic->ops->rx_burst(b->nic, q, m, n, &b->w);
	nic_pass_end(b->n, q, at);
	return r;
}

static inline void nic_bed_free(struct mbuf **m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mbuf_free(m[i]);
}

static inline struct mbuf *nic_bed_mbuf(struct nic_bed *b, uint32_t len, uint16_t sport)
{
	struct mbuf *m = mbuf_alloc(&b->pool[0]);

	CHECK(m != NULL);
	bed_tcp(mbuf_data(m), len, 1, 2, sport);
	m->len = (uint16_t)len;
	m->flags = MBUF_TX_IP_CSUM | MBUF_TX_L4_CSUM;
	return m;
}

/** Send @n frames of @len bytes in one pass from now to @end; returns how many were taken. */
static inline uint32_t nic_bed_send(struct nic_bed *b, uint32_t n, uint32_t len, nsec end)
{
	uint32_t r = 0;

	nic_pass_begin(b->n, 0, engine_now(b->e));
	for (uint32_t i = 0; i < n; i++) {
		struct mbuf *m = nic_bed_mbuf(b, len, (uint16_t)i);
		uint32_t taken = b->nic->ops->tx_burst(b->nic, 0, &m, 1, &b->w);

		if (taken == 0)
			mbuf_free(m);
		r += taken;
	}
	nic_pass_end(b->n, 0, end);
	return r;
}

#endif
