/* SPDX-License-Identifier: MIT */
/*
 * cache.c - reuse distance to price; see cache.h
 *
 * A slot holds 32-bit marks of 64 B: a flow silent while 256 GB are touched may look
 * recent, which takes a hundred million segments.
 */
#include "sim/cache.h"

#include <stdlib.h>

enum { L1, L2, L3, MEMORY };

int cache_init(struct cache *c, const struct costs *costs)
{
	const uint64_t *v = costs->v;
	uint64_t lines = v[COST_pcb_lines] + v[COST_bucket_lines] + v[COST_app_lines];

	*c = (struct cache){
		.lines_milli = lines,
		.state_bytes = lines * (v[COST_line_bytes] / COST_SCALE) / COST_SCALE,
		.base_misses_milli = v[COST_base_misses],
	};
	for (int i = L1; i <= L3; i++)
		c->size[i] = v[COST_l1_bytes + i] / COST_SCALE;
	for (int i = L1; i <= MEMORY; i++)
		c->ps[i] = lines * v[COST_l1_line + i] / COST_SCALE;
	c->touched = ALIGN_UP(c->size[L3], BIT(CACHE_MARK_SHIFT));
	c->off = lines == 0 && c->base_misses_milli == 0;
	if (c->off)
		return 0;
	c->slots = calloc((size_t)1 << CACHE_SLOT_BITS, sizeof(*c->slots));
	return c->slots ? 0 : -ENOMEM;
}

void cache_fini(struct cache *c)
{
	free(c->slots);
	c->slots = NULL;
}

void cache_thread_init(struct cache_thread *t, const struct cache *c)
{
	*t = (struct cache_thread){ .touched = ALIGN_UP(c->size[L3], BIT(CACHE_MARK_SHIFT)) };
}

static uint64_t distance(uint64_t touched, uint32_t mark)
{
	return (uint64_t)((uint32_t)(touched >> CACHE_MARK_SHIFT) - mark) << CACHE_MARK_SHIFT;
}

uint64_t cache_touch_slot(struct cache *c, struct cache_thread *t, uint32_t hash, uint32_t bytes,
			  bool syn)
{
	struct cache_slot *s = &c->slots[hash >> (32 - CACHE_SLOT_BITS)];
	uint64_t own = distance(t->touched, s->thread_mark);
	uint64_t all = distance(c->touched, s->host_mark);
	int level = own < c->size[L1] ? L1 : own < c->size[L2] || syn ? L2 :
		    all < c->size[L3] ? L3 : MEMORY;

	t->touched += c->state_bytes + bytes;
	c->touched += c->state_bytes + bytes;
	s->thread_mark = (uint32_t)(t->touched >> CACHE_MARK_SHIFT);
	s->host_mark = (uint32_t)(c->touched >> CACHE_MARK_SHIFT);
	t->count.touches++;
	t->count.misses_milli += c->base_misses_milli + (level == MEMORY ? c->lines_milli : 0);
	return c->ps[level];
}
