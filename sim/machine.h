/* SPDX-License-Identifier: MIT */
/*
 * machine.h - what a host's threads share and wait for: caches, TLBs, memory, locks
 *
 * Cache lines of flows and objects (cache.h), pages (tlb.h), received frames that DMA has
 * pushed out of its part of the last level before software read them, memory bandwidth
 * (load.h) and locks (lock.h). Every part is off until the price list has its items. Not
 * here: how long a pass takes (cpu.h), hyperthreads, what the work itself costs.
 */
#ifndef SIM_MACHINE_H
#define SIM_MACHINE_H

#include "base/knob.h"
#include "sim/cache.h"
#include "sim/lock.h"
#include "sim/stripes.h"
#include "sim/tlb.h"

struct machine_cfg {
	uint32_t page;			/* index into machine_page_names[] */
	bool nested;			/* page tables of a guest in those of a host */
	uint64_t objects;		/* stored objects */
};

extern const struct knob machine_knobs[];
extern const size_t n_machine_knobs;
extern const char *const machine_page_names[];

/* LOCK_CONN: tables of connections and ports that threads share; LOCK_APP: the application's;
 * LOCK_ITEM: those of its objects, by hash. */
enum { LOCK_CONN, LOCK_APP, LOCK_ITEM, LOCKS };

struct ix_page;
struct dp;

struct machine {
	const struct costs *costs;
	struct cache cache;
	struct tlb tlb;
	struct lock lock[LOCK_ITEM];
	struct stripes items;
	struct load dram;
	uint64_t ddio_bytes;		/* 0: all of the last level, nothing is pushed out */
	bool shared;			/* connection tables: LOCK_CONN is taken */
	bool waits;			/* some lock or memory bandwidth is modelled */
};

/* Every field is a uint64_t, see host_counts. */
struct machine_counts {
	uint64_t cold_frames;		/* received frames read from memory */
	uint64_t dram_ps;		/* memory busy with what the thread missed */
	uint64_t dram_wait_ps;		/* ... and made to wait by the others */
};

struct machine_thread {
	struct cache_thread cache;
	struct tlb_thread tlb;
	struct lock_user lock[LOCKS];
	struct load dram;
	const struct dp *dp;		/* set when there is one */
	uint64_t misses_seen;		/* of cache.count.misses_milli */
	struct machine_counts count;
};

/** Each returns 0 or -ENOMEM; a failed one needs no fini. */
int machine_init(struct machine *m, const struct machine_cfg *cfg, const struct costs *costs,
		 uint32_t threads);
int machine_thread_init(struct machine_thread *t, const struct machine *m);
void machine_fini(struct machine *m);
void machine_thread_fini(struct machine_thread *t);

/** Does the price list have anything to say about stored objects? */
bool machine_wants_objects(const struct machine *m);

/** A frame of @len bytes is taken from a ring, after DMA of @behind bytes more; only when
 * ddio_bytes is not 0. Returns what reading it costs, ps. */
uint64_t machine_frame(const struct machine *m, struct machine_thread *t, uint32_t len,
		       uint32_t behind);

/** Fetch what machine_segment() of @hash will look at. */
static inline void machine_prefetch(const struct machine *m, uint32_t hash)
{
	if (!m->cache.off)
		prefetch(&m->cache.flow.slots[hash >> m->cache.flow.shift]);
	if (m->tlb.on)
		prefetch(&m->tlb.place[hash >> TLB_SLOT_SHIFT]);
}

uint64_t machine_pages(struct machine *m, struct machine_thread *t, uint32_t hash, bool syn);

/** A segment of flow @hash and @bytes arrived. Returns what reaching its state costs, ps. */
static inline uint64_t machine_segment(struct machine *m, struct machine_thread *t, uint32_t hash,
				       uint32_t bytes, bool syn)
{
	uint64_t ps = cache_touch(&m->cache, &t->cache, hash, bytes, syn);

	return likely(!m->tlb.on) ? ps : ps + machine_pages(m, t, hash, syn);
}

/** Fetch what machine_objects() will look at. */
void machine_fetch_objects(const struct machine *m, const struct ix_page *page);

/** What reaching the objects costs that the application declared in @page, ps; waiting for their
 * locks included. */
uint64_t machine_objects(struct machine *m, struct machine_thread *t, const struct ix_page *page,
			 nsec now);

uint64_t machine_wait(struct machine *m, struct machine_thread *t, const struct work *w, nsec now);

/** What the pass of @t that starts @now and did @w waits for others, ps: not work, so a busy
 * hyperthread does not slow it down. */
static inline uint64_t machine_wait_ps(struct machine *m, struct machine_thread *t,
				       const struct work *w, nsec now)
{
	return likely(!m->waits) ? 0 : machine_wait(m, t, w, now);
}

#endif
