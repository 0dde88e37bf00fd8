/* SPDX-License-Identifier: MIT */
/*
 * sim_bed.h - what the suites of the simulated network share: frames and a sink
 */
#ifndef TESTS_UNIT_SIM_BED_H
#define TESTS_UNIT_SIM_BED_H

#include <stdlib.h>

#include "sim/engine.h"
#include "sim/frame.h"

/** A port that keeps what arrives, oldest first, and when. */
struct sink {
	struct port in;
	struct frame_pool *fp;
	struct frame *head, *tail;
	uint64_t n;
	nsec last;
	nsec at[64];		/* of the first 64 frames */
};

static inline void sink_rx(struct port *p, struct frame *f, nsec now)
{
	struct sink *s = container_of(p, struct sink, in);

	if (s->n < ARRAY_LEN(s->at))
		s->at[s->n] = now;
	s->n++;
	s->last = now;
	f->next = NULL;
	*(s->head != NULL ? &s->tail->next : &s->head) = f;
	s->tail = f;
}

static inline void sink_init(struct sink *s, struct frame_pool *fp)
{
	*s = (struct sink){ .in.rx = sink_rx, .fp = fp };
}

static inline struct frame *sink_pop(struct sink *s)
{
	struct frame *f = s->head;

	if (f != NULL)
		s->head = f->next;
	return f;
}

/** Give back what the sink holds; returns how many that were. */
static inline uint32_t sink_drain(struct sink *s)
{
	uint32_t n = 0;

	for (struct frame *f; (f = sink_pop(s)) != NULL; n++)
		frame_put(s->fp, f);
	return n;
}

static inline void bed_mac(uint8_t mac[6], uint8_t host)
{
	memcpy(mac, (uint8_t[6]){ 2, 0, 0, 0, 0, host }, 6);
}

/** Write a TCP segment in a frame of @len bytes from host @src to @dst; 10.0.0.x. */
static inline void bed_tcp(uint8_t *d, uint32_t len, uint8_t src, uint8_t dst, uint16_t sport)
{
	memset(d, 0, len);
	bed_mac(d, dst);
	bed_mac(d + 6, src);
	be16_store(d + 12, 0x0800);
	d[14] = 0x45;
	be16_store(d + 16, (uint16_t)(len - 14));
	d[22] = 64;
	d[23] = 6;
	be32_store(d + 26, 0x0a000000u + src);
	be32_store(d + 30, 0x0a000000u + dst);
	be16_store(d + 34, sport);
	be16_store(d + 36, 80);
	d[46] = 0x50;
	d[47] = 0x10;
	for (uint32_t i = 54; i < len; i++)
		d[i] = (uint8_t)i;
}

static inline struct frame *bed_frame(struct frame_pool *fp, uint32_t len, uint8_t src,
				      uint8_t dst, uint16_t sport)
{
	struct frame *f = frame_get(fp, FRAME_MAX);

	f->len = (uint16_t)len;
	f->flags = FRAME_CSUM_VIRTUAL;
	bed_tcp(f->data, len, src, dst, sport);
	return f;
}

static inline uint32_t bed_hops(const struct frame *f)
{
	uint32_t sum = 0;

	for (int i = 0; i < HOP_NR; i++)
		sum += f->hop_ns[i];
	return sum;
}

#endif
