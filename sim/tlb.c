/* SPDX-License-Identifier: MIT */
/*
 * tlb.c - page reuse distance to price; see tlb.h
 *
 * A thread's pages that are in the TLB are in a list by last touch, so a page is found there
 * exactly when its distance is below the reach.
 */
#include "sim/tlb.h"

enum {
	PAGES_MAX = 1 << 24,		/* of an area */
	HEAD = 1,			/* of the list; 0 is no page */
	FIRST = 2,
	PTE_BYTES = 8,
};

/* An entry of the last level of the tables of @pages pages, read from where they fit; what always
 * hits is in the price of the walk. */
static uint64_t leaf_ps(const uint64_t *v, uint64_t pages)
{
	uint64_t bytes = pages * PTE_BYTES * COST_SCALE;

	return bytes <= v[COST_l1_bytes] ? 0 : bytes <= v[COST_l2_bytes] ? v[COST_l2_line] :
	       bytes <= v[COST_l3_bytes] ? v[COST_l3_line] : v[COST_dram_line];
}

/* Of @pages pages pages_milli/1000 are touched at a time, in as many places. */
static void area_init(struct tlb_area *a, uint32_t first, uint64_t pages_milli, uint64_t pages,
		      const uint64_t *v, bool nested)
{
	uint64_t walk_ps = v[nested ? COST_tlb_walk_nested : COST_tlb_walk] +
			   (nested ? 2 : 1) * leaf_ps(v, pages);

	a->pages_milli = pages_milli;
	a->first = first;
	a->pages = (uint32_t)MIN(pages + 1, (uint64_t)PAGES_MAX);
	a->walk_ps = walk_ps * pages_milli / COST_SCALE;
}

int tlb_init(struct tlb *m, const struct costs *costs, uint32_t page_shift, uint64_t entries,
	     bool nested, uint64_t objects)
{
	const uint64_t *v = costs->v;
	uint64_t lines = v[COST_pcb_lines] + v[COST_bucket_lines] + v[COST_app_lines];
	uint64_t bytes = lines * (v[COST_line_bytes] / COST_SCALE) / COST_SCALE;
	uint64_t areas = MAX(v[COST_flow_pages], (uint64_t)COST_SCALE);
	uint64_t object_bytes = v[COST_object_bytes] / COST_SCALE;

	*m = (struct tlb){
		.on = entries && (v[COST_flow_pages] || v[COST_object_pages]),
		.reach_milli = entries * COST_SCALE, .page_shift = page_shift,
		.place_bytes = (uint32_t)(bytes * COST_SCALE / areas),
	};
	area_init(&m->flow, FIRST, v[COST_flow_pages],
		  (uint64_t)TLB_PLACES * m->place_bytes >> page_shift, v, nested);
	area_init(&m->object, FIRST + m->flow.pages, v[COST_object_pages],
		  objects * object_bytes >> page_shift, v, nested);
	if (m->on)
		m->place = arena_get(&m->mem, TLB_SLOTS * sizeof(*m->place), CACHE_LINE);
	return m->on && !m->place ? -ENOMEM : 0;
}

void tlb_fini(struct tlb *m)
{
	arena_drop(&m->mem);
	m->place = NULL;
}

int tlb_thread_init(struct tlb_thread *t, const struct tlb *m)
{
	*t = (struct tlb_thread){ 0 };
	if (!m->on)
		return 0;
	t->pages = arena_get(&t->mem, ((size_t)m->object.first + m->object.pages) *
			     sizeof(*t->pages), CACHE_LINE);
	if (!t->pages)
		return -ENOMEM;
	t->pages[HEAD] = (struct tlb_page){ HEAD, HEAD };
	return 0;
}

void tlb_thread_fini(struct tlb_thread *t)
{
	arena_drop(&t->mem);
	*t = (struct tlb_thread){ .misses_milli = t->misses_milli };
}

static inline void out(struct tlb_page *p, uint32_t i)
{
	p[p[i].prev].next = p[i].next;
	p[p[i].next].prev = p[i].prev;
	p[i] = (struct tlb_page){ 0, 0 };
}

static inline void in(struct tlb_page *p, uint32_t i)
{
	p[i] = (struct tlb_page){ HEAD, p[HEAD].next };
	p[p[i].next].prev = i;
	p[HEAD].next = i;
}

/* Touch group @i of @a. */
static uint64_t touch(const struct tlb *m, struct tlb_thread *t, const struct tlb_area *a,
		      uint32_t i)
{
	struct tlb_page *p = t->pages;

	if (a->pages_milli == 0)
		return 0;
	if (p[i].next) {
		out(p, i);
		in(p, i);
		return 0;
	}
	in(p, i);
	t->held_milli += a->pages_milli;
	t->misses_milli += a->pages_milli;
	while (t->held_milli > m->reach_milli && p[HEAD].prev != i) {
		uint32_t old = p[HEAD].prev;

		t->held_milli -= old < m->object.first ? m->flow.pages_milli :
							 m->object.pages_milli;
		out(p, old);
	}
	return a->walk_ps;
}

uint64_t tlb_flow(const struct tlb *m, struct tlb_thread *t, uint32_t hash)
{
	uint64_t at = (uint64_t)m->place[hash >> TLB_SLOT_SHIFT] * m->place_bytes;

	uint64_t page = MIN(at >> m->page_shift, (uint64_t)m->flow.pages - 1);

	return touch(m, t, &m->flow, m->flow.first + (uint32_t)page);
}

uint64_t tlb_object(const struct tlb *m, struct tlb_thread *t, uint32_t hash)
{
	return touch(m, t, &m->object,
		     m->object.first + (uint32_t)((uint64_t)hash * m->object.pages >> 32));
}
