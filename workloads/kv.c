/* SPDX-License-Identifier: MIT */
/*
 * kv.c - memcached server: what a world calls
 *
 * One program for both worlds: in the simulator the elastic threads of a host share one store,
 * on hardware there is one thread. The threads of a host are run by one host thread in either
 * world, one after the other, so nothing is locked here: what memcached 1.4.18's item locks and
 * its global cache lock cost is in the simulator's price list, and each request declares what
 * it did (kv_request).
 *
 * Thread 0 makes the store. Everything else is a thread's own: connections, output, half requests.
 * Not here: the port, which the world opens; records to begin with (kv_preload.c).
 */
#include "workloads/kv.h"

#include "workloads/carve.h"
#include "workloads/kv_preload.h"

#define MIB	(1ULL << 20)

/* Where no clock is on the wall: the day of OSDI'14. */
#define UNIX_NS	(1412553600 * NSEC_PER_SEC)

enum { SPARE_CHUNKS = 4096 };

static const struct knob kv_knobs[] = {
	{ .name = "memory_limit", .off = offsetof(struct kv_cfg, memory_limit), .type = KNOB_U64,
	  .unit = UNIT_BYTES, .min = MIB, .max = 1ULL << 38, .def = 1024 * MIB,
	  .doc = "memory for items; then the least recently used go" },
	{ .name = "conns_max", .off = offsetof(struct kv_cfg, conns_max), .type = KNOB_U32,
	  .min = 1, .max = 1000000, .def = 16384,
	  .doc = "connections an instance serves; more are refused" },
	{ .name = "frames", .off = offsetof(struct kv_cfg, frames), .type = KNOB_U32,
	  .min = 1, .max = 4000000, .def = 65536,
	  .doc = "received frames an instance can hold while output is in the way" },
	{ .name = "hash_power", .off = offsetof(struct kv_cfg, hash_power), .type = KNOB_U32,
	  .min = 4, .max = 30, .def = 20, .doc = "buckets of the hash table, as a power of two" },
	{ .name = "copy_max", .off = offsetof(struct kv_cfg, copy_max), .type = KNOB_U32,
	  .unit = UNIT_BYTES, .min = 0, .max = KV_COPY_MAX, .def = 512,
	  .doc = "longer values are sent from where they are stored, not copied" },
	{ .name = "evict", .off = offsetof(struct kv_cfg, evict), .type = KNOB_BOOL, .def = 1,
	  .doc = "make room for new items; else they are refused when memory is full" },
	{ .name = "stored", .off = offsetof(struct kv_cfg, stored), .type = KNOB_BOOL,
	  .doc = "begin with the records of a preset" },
	{ .name = "preset", .off = offsetof(struct kv_cfg, preset), .type = KNOB_ENUM,
	  .max = KV_PRESET_NR - 1, .names = kv_preset_names, .doc = "whose records" },
	{ .name = "records", .off = offsetof(struct kv_cfg, records), .type = KNOB_U32,
	  .min = 1, .max = 100000000, .def = 1000000, .doc = "how many; the client's records" },
};

struct layout {
	size_t server, ev, conns, chunks, pieces, ins, end;
	uint32_t n_chunks;
};

static struct layout layout_of(const struct kv_cfg *cfg, const struct app_env *env)
{
	struct layout l = { 0 };

	l.n_chunks = cfg->conns_max * KV_STEP_CHUNKS + KV_STATS_CHUNKS + SPARE_CHUNKS;
	l.server = carve(&l.end, sizeof(struct kv_server));
	l.ev = carve(&l.end, ixev_bytes(env->max_calls));
	l.conns = carve(&l.end, cfg->conns_max * sizeof(struct kv_conn));
	l.chunks = carve(&l.end, l.n_chunks * sizeof(struct kv_chunk));
	l.pieces = carve(&l.end, cfg->frames * sizeof(struct kv_piece));
	l.ins = carve(&l.end, cfg->conns_max * sizeof(union kv_in));
	return l;
}

static struct kv_store_cfg store_cfg_of(const struct kv_cfg *cfg, const struct app_env *env)
{
	return (struct kv_store_cfg){
		.memory_limit = cfg->memory_limit, .hash_power = cfg->hash_power,
		.evict = cfg->evict, .seed = env->seed,
		.unix_ns = env->unix_ns ? env->unix_ns : UNIX_NS,
	};
}

static size_t kv_mem_need(const void *cfg, const struct app_env *env)
{
	return layout_of(cfg, env).end;
}

static size_t kv_shared_need(const void *cfg, const struct app_env *env)
{
	struct kv_store_cfg store = store_cfg_of(cfg, env);

	return kv_store_bytes(&store);
}

static void *kv_start(const void *cfg, const struct app_env *env, char *err, size_t err_len)
{
	struct layout l = layout_of(cfg, env);
	struct kv_store_cfg store = store_cfg_of(cfg, env);
	struct kv_server *s;

	if (!carve_fits(env, l.end, "kv", err, err_len))
		return NULL;
	if (!env->shared) {
		snprintf(err, err_len, "kv: the world gave no memory for the store");
		return NULL;
	}
	s = carved(env, l.server);
	memcpy(&s->cfg, cfg, sizeof(s->cfg));
	s->st = env->shared;
	if (env->thread == 0) {
		s->st = kv_store_init(env->shared, &store);
		if (s->cfg.stored)
			kv_preload(s->st, (enum kv_preset)s->cfg.preset, s->cfg.records);
	}
	s->threads = env->threads;
	s->warmup_ns = env->warmup_ns;
	s->stop_ns = env->stop_ns;
	s->conns = carved(env, l.conns);
	s->chunks = carved(env, l.chunks);
	s->chunks_n = s->chunks_left = l.n_chunks;
	s->chunks_reserve = l.n_chunks - SPARE_CHUNKS;
	s->pieces = carved(env, l.pieces);
	s->ins = carved(env, l.ins);
	s->ins_n = s->cfg.conns_max;
	s->ev = ixev_init(carved(env, l.ev), env->max_calls, &kv_thread_ops, s);
	return s;
}

static struct ixev *kv_ev(void *app)
{
	return ((struct kv_server *)app)->ev;
}

static void kv_report(void *app, struct app_report *r)
{
	const struct kv_server *s = app;

	app_report_served(r, &s->served);
}

const struct app_ops kv_server_ops = {
	.name = "kv",
	.doc = "memcached server: both protocols, slab classes, LRU eviction, expiry",
	.knobs = kv_knobs,
	.n_knobs = ARRAY_LEN(kv_knobs),
	.cfg_size = sizeof(struct kv_cfg),
	.mem_need = kv_mem_need,
	.shared_need = kv_shared_need,
	.start = kv_start,
	.ev = kv_ev,
	.report = kv_report,
};
