/* SPDX-License-Identifier: MIT */
/*
 * machine.c - prices of what threads share; see machine.h
 */
#include "sim/machine.h"

#include "dp/dp.h"
#include "ix/abi.h"

enum { PAGE_2M, PAGE_4K };

const char *const machine_page_names[] = { "2M", "4K", NULL };

const struct knob machine_knobs[] = {
	{ .name = "page", .off = offsetof(struct machine_cfg, page), .type = KNOB_ENUM,
	  .max = PAGE_4K, .def = PAGE_2M, .doc = "page size of dataplane and application",
	  .names = machine_page_names },
	{ .name = "nested", .off = offsetof(struct machine_cfg, nested), .type = KNOB_BOOL,
	  .def = 1, .doc = "nested page tables, as under Dune: a TLB miss walks both" },
	{ .name = "objects", .off = offsetof(struct machine_cfg, objects), .type = KNOB_U64,
	  .min = 1, .max = 1000000000, .def = 1000000,
	  .doc = "stored objects, which decide over how many pages they lie" },
};
const size_t n_machine_knobs = ARRAY_LEN(machine_knobs);

int machine_init(struct machine *m, const struct machine_cfg *cfg, const struct costs *costs,
		 uint32_t threads)
{
	const uint64_t *v = costs->v;
	bool big = cfg->page == PAGE_2M;

	*m = (struct machine){
		.costs = costs,
		.ddio_bytes = v[COST_rx_frame_lines] ? v[COST_ddio_bytes] / COST_SCALE : 0,
		.waits = v[COST_conn_lock] || v[COST_app_lock] || v[COST_app_update_lock] ||
			 v[COST_dram_rate],
	};
	if (tlb_init(&m->tlb, costs, big ? 21 : 12,
		     v[big ? COST_tlb_2m_entries : COST_tlb_4k_entries] / COST_SCALE,
		     cfg->nested, cfg->objects) != 0)
		return -ENOMEM;
	for (int i = 0; i < LOCK_ITEM; i++)
		lock_init(&m->lock[i], threads, v[COST_lock_transfer]);
	if (cache_init(&m->cache, costs) == 0) {
		if (stripes_init(&m->items, threads, v[COST_app_item_lock]) == 0)
			return 0;
		cache_fini(&m->cache);
	}
	tlb_fini(&m->tlb);
	return -ENOMEM;
}

void machine_fini(struct machine *m)
{
	stripes_fini(&m->items);
	cache_fini(&m->cache);
	tlb_fini(&m->tlb);
}

int machine_thread_init(struct machine_thread *t, const struct machine *m)
{
	*t = (struct machine_thread){ 0 };
	cache_thread_init(&t->cache, &m->cache);
	return tlb_thread_init(&t->tlb, &m->tlb);
}

void machine_thread_fini(struct machine_thread *t)
{
	tlb_thread_fini(&t->tlb);
}

bool machine_wants_objects(const struct machine *m)
{
	const uint64_t *v = m->costs->v;

	return v[COST_object_lines] || v[COST_object_pages] || v[COST_app_item_lock];
}

/* Software reads rx_frame_lines of each line of the frame. */
uint64_t machine_frame(const struct machine *m, struct machine_thread *t, uint32_t len,
		       uint32_t behind)
{
	const uint64_t *v = m->costs->v;
	uint64_t line = v[COST_line_bytes] / COST_SCALE;
	uint64_t lines_milli = (len + line - 1) / line * v[COST_rx_frame_lines];

	if (behind <= m->ddio_bytes)
		return 0;
	t->count.cold_frames++;
	t->cache.count.misses_milli += lines_milli;
	return lines_milli * v[COST_dram_line] / COST_SCALE;
}

uint64_t machine_pages(struct machine *m, struct machine_thread *t, uint32_t hash, bool syn)
{
	if (syn)
		tlb_place(&m->tlb, hash, t->dp ? dp_conns(t->dp) : 0);
	return tlb_flow(&m->tlb, &t->tlb, hash);
}

void machine_fetch_objects(const struct machine *m, const struct ix_page *page)
{
	const struct cache_class *k = &m->cache.object;
	uint32_t n = MIN(page->n_objects, page->max_objects);

	for (uint32_t i = 0; page->objects && k->slots && i < n; i++) {
		prefetch(&k->slots[page->objects[i] >> k->shift]);
		if (m->items.stripe)
			prefetch(stripes_of(&m->items, page->objects[i]));
	}
}

uint64_t machine_objects(struct machine *m, struct machine_thread *t, const struct ix_page *page,
			 nsec now)
{
	uint32_t n = MIN(page->n_objects, page->max_objects);
	uint64_t ps = 0;

	for (uint32_t i = 0; page->objects && i < n; i++) {
		ps += cache_touch_object(&m->cache, &t->cache, page->objects[i]);
		if (m->tlb.on)
			ps += tlb_object(&m->tlb, &t->tlb, page->objects[i]);
		if (m->items.stripe)
			ps += stripes_wait(&m->items, &t->lock[LOCK_ITEM], now, page->objects[i]);
	}
	return ps;
}

/* Lines that were missed since the last pass wait for those of the others. A line is written back
 * for every one that is read: flow state and objects are mostly written. */
static uint64_t dram_wait(struct machine *m, struct machine_thread *t, nsec now)
{
	const uint64_t *v = m->costs->v;
	uint64_t lines_milli = t->cache.count.misses_milli - t->misses_seen;
	uint64_t bytes = 2 * lines_milli * (v[COST_line_bytes] / COST_SCALE) / COST_SCALE;
	uint64_t busy = bytes * COST_SCALE * COST_SCALE / v[COST_dram_rate];
	uint64_t rho = load_others(&m->dram, &t->dram, now);
	uint64_t wait = lines_milli * v[COST_dram_line] / COST_SCALE * load_wait(rho) / LOAD_FULL;

	t->misses_seen = t->cache.count.misses_milli;
	load_add(&m->dram, now, busy);
	load_add(&t->dram, now, busy);
	t->count.dram_ps += busy;
	t->count.dram_wait_ps += wait;
	return wait;
}

uint64_t machine_wait(struct machine *m, struct machine_thread *t, const struct work *w, nsec now)
{
	const uint64_t *v = m->costs->v;
	uint64_t ps = v[COST_dram_rate] ? dram_wait(m, t, now) : 0;

	if (m->shared)
		ps += lock_wait(&m->lock[LOCK_CONN], &t->lock[LOCK_CONN], now, w->tcp_conns,
				v[COST_conn_lock]);
	ps += lock_wait(&m->lock[LOCK_APP], &t->lock[LOCK_APP], now, w->app_requests,
			v[COST_app_lock]);
	return ps + lock_wait(&m->lock[LOCK_APP], &t->lock[LOCK_APP], now, w->app_updates,
			      v[COST_app_update_lock]);
}
