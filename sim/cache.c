/* SPDX-License-Identifier: MIT */
/*
 * cache.c - reuse distance to price; see cache.h
 *
 * A slot holds 32-bit marks of 64 B: a flow silent while 256 GB are touched may look
 * recent, which takes a hundred million segments.
 */
#include "sim/cache.h"

enum { L1, L2, L3, MEMORY };

static void class_init(struct cache_class *k, const struct costs *costs, uint64_t lines,
		       uint32_t bits)
{
	const uint64_t *v = costs->v;

	*k = (struct cache_class){
		.shift = 32 - bits, .lines_milli = lines,
		.bytes = lines * (v[COST_line_bytes] / COST_SCALE) / COST_SCALE,
	};
	for (int i = L1; i <= MEMORY; i++)
		k->ps[i] = lines * v[COST_l1_line + i] / COST_SCALE;
}

static bool class_alloc(struct cache *c, struct cache_class *k)
{
	k->slots = arena_get(&c->mem, sizeof(*k->slots) << (32 - k->shift), CACHE_LINE);
	return k->slots != NULL;
}

int cache_init(struct cache *c, const struct costs *costs)
{
	const uint64_t *v = costs->v;

	*c = (struct cache){ .base_misses_milli = v[COST_base_misses] };
	class_init(&c->flow, costs, v[COST_pcb_lines] + v[COST_bucket_lines] + v[COST_app_lines],
		   CACHE_SLOT_BITS);
	class_init(&c->object, costs, v[COST_object_lines], CACHE_OBJECT_BITS);
	for (int i = L1; i <= L3; i++)
		c->size[i] = v[COST_l1_bytes + i] / COST_SCALE;
	c->touched = ALIGN_UP(c->size[L3], BIT(CACHE_MARK_SHIFT));
	c->off = c->flow.lines_milli == 0 && c->base_misses_milli == 0;
	return c->off || class_alloc(c, &c->flow) ? 0 : -ENOMEM;
}

void cache_fini(struct cache *c)
{
	arena_drop(&c->mem);
	c->flow.slots = c->object.slots = NULL;
}

void cache_thread_init(struct cache_thread *t, const struct cache *c)
{
	*t = (struct cache_thread){ .touched = ALIGN_UP(c->size[L3], BIT(CACHE_MARK_SHIFT)) };
}

static uint64_t distance(uint64_t touched, uint32_t mark)
{
	return (uint64_t)((uint32_t)(touched >> CACHE_MARK_SHIFT) - mark) << CACHE_MARK_SHIFT;
}

/* Where the lines of @hash are; @bytes are touched with them. @warm: in the second level at
 * worst. */
static inline int touch(struct cache *c, struct cache_thread *t, struct cache_class *k,
			uint32_t hash, uint32_t bytes, bool warm)
{
	struct cache_slot *s = &k->slots[hash >> k->shift];
	uint64_t own = distance(t->touched, s->thread_mark);
	uint64_t all = distance(c->touched, s->host_mark);
	int level = own < c->size[L1] ? L1 : own < c->size[L2] || warm ? L2 :
		    all < c->size[L3] ? L3 : MEMORY;

	t->touched += k->bytes + bytes;
	c->touched += k->bytes + bytes;
	s->thread_mark = (uint32_t)(t->touched >> CACHE_MARK_SHIFT);
	s->host_mark = (uint32_t)(c->touched >> CACHE_MARK_SHIFT);
	t->count.misses_milli += level == MEMORY ? k->lines_milli : 0;
	return level;
}

uint64_t cache_touch_slot(struct cache *c, struct cache_thread *t, uint32_t hash, uint32_t bytes,
			  bool syn)
{
	t->count.touches++;
	t->count.misses_milli += c->base_misses_milli;
	return c->flow.ps[touch(c, t, &c->flow, hash, bytes, syn)];
}

/* Without memory for the table every object is found in memory. */
uint64_t cache_touch_object(struct cache *c, struct cache_thread *t, uint32_t hash)
{
	struct cache_class *k = &c->object;

	t->count.objects++;
	if (k->lines_milli == 0)
		return 0;
	if (unlikely(k->slots == NULL) && !class_alloc(c, k)) {
		t->count.misses_milli += k->lines_milli;
		return k->ps[MEMORY];
	}
	return k->ps[touch(c, t, k, hash, 0, false)];
}
