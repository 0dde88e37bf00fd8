/* SPDX-License-Identifier: MIT */
/*
 * tlb.h - how often a thread misses its TLB, by reuse distance in pages
 *
 * The distance of a page is how many other pages its thread touched since it touched that one;
 * at or above the TLB's reach the touch is a miss and costs a walk of the page tables. A page
 * holds many flows or objects, fewer when it is small. Flow state comes from LIFO pools
 * of the thread, so a connection's place is how many there were when it was opened;
 * objects lie where their hash says in memory of a given size.
 *
 * A walk costs its upper levels (tlb_walk, tlb_walk_nested), which are always cached, and an entry
 * of the last one, in each dimension, from the cache level that holds all of that level: the
 * tables of small pages are 512 times as large.
 *
 * First model: fully associative LRU, levels as one, hyperthreads with a TLB of their own, no
 * pages of code, stacks, rings and frames; flows whose hashes share a slot lie where the
 * younger one does.
 */
#ifndef SIM_TLB_H
#define SIM_TLB_H

#include "sim/arena.h"
#include "sim/costs.h"

enum {
	TLB_SLOTS = 1 << 20,		/* flows told apart, */
	TLB_SLOT_SHIFT = 12,		/* ... by hash */
	TLB_PLACES = 1 << 20,		/* places of flow state a thread; more share the last */
};

/* Where things of one kind lie. */
struct tlb_area {
	uint64_t pages_milli;		/* touched at a time, thousandths; 0: not modelled */
	uint32_t first, pages;		/* entries of tlb_thread.pages: groups touched together */
	uint64_t walk_ps;		/* of a group */
};

struct tlb {
	bool on;
	uint64_t reach_milli;		/* entries, thousandths */
	uint32_t place_bytes, page_shift;
	struct tlb_area flow, object;
	uint32_t *place;		/* of flow state in its thread's, by flow hash */
	struct arena mem;		/* of them */
};

/* In a thread's list of pages by last touch; zero: not in the TLB. */
struct tlb_page {
	uint32_t prev, next;
};

struct tlb_thread {
	uint64_t held_milli;		/* pages in the TLB */
	uint64_t misses_milli;
	struct tlb_page *pages;
	struct arena mem;		/* of them */
};

/** Pages of 2^@page_shift bytes, @entries of which a TLB holds; a miss walks one table, or two
 * when @nested; @objects stored objects. Returns 0 or -ENOMEM, as does the next; nothing is
 * allocated when the model is off. */
int tlb_init(struct tlb *m, const struct costs *costs, uint32_t page_shift, uint64_t entries,
	     bool nested, uint64_t objects);
void tlb_fini(struct tlb *m);

int tlb_thread_init(struct tlb_thread *t, const struct tlb *m);
void tlb_thread_fini(struct tlb_thread *t);

/** A new connection @hash, when its thread had @place others. */
static inline void tlb_place(const struct tlb *m, uint32_t hash, uint32_t place)
{
	m->place[hash >> TLB_SLOT_SHIFT] = MIN(place, (uint32_t)TLB_PLACES - 1);
}

/** A segment of flow @hash, a touch of object @hash: what walking page tables costs, ps. */
uint64_t tlb_flow(const struct tlb *m, struct tlb_thread *t, uint32_t hash);
uint64_t tlb_object(const struct tlb *m, struct tlb_thread *t, uint32_t hash);

#endif
