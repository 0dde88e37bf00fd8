/* SPDX-License-Identifier: MIT */
/*
 * host_setup.c - build, start, count and take down a host; see host.h
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "ix/abi.h"
#include "sim/host_impl.h"

/* Streams of the scenario's seed; links and faults have those below STREAM_HOSTS. */
#define STREAM_HOSTS	(1ULL << 32)
enum { STREAM_DP, STREAM_APP, STREAMS_A_THREAD };
#define STREAM_JITTER	(2ULL << 32)
enum { OBJECTS_MAX = 4096 };		/* an application declares in one entry */
enum { CROWDED = 8 };			/* as many times the connections: room for more */

static void *core_mem(struct core_env *env, size_t size, size_t align)
{
	struct host *h = container_of(env, struct host, core);

	return h->crowded ? arena_get_huge(h->setup.mem, size, align) :
			    arena_get(h->setup.mem, size, align);
}

static const struct core_ops core_ops = { .mem = core_mem };
static const struct user_ops user_ops = { .run = host_app_run };

static void stream_of(const struct host_thread *t, uint64_t which, struct rng *r)
{
	const struct host_setup *s = &t->host->setup;
	uint64_t thread = (uint64_t)s->id * CPU_THREADS_MAX + t->queue;

	rng_stream(r, s->seed, STREAM_HOSTS + thread * STREAMS_A_THREAD + which);
}

/* What the instance of thread @queue is told, but for its memory. */
static struct app_env app_env_of(const struct host *h, uint16_t queue)
{
	const struct host_setup *s = &h->setup;
	struct host_thread of = { .host = (struct host *)(uintptr_t)h, .queue = queue };
	struct app_env env = s->env;
	struct rng r;

	stream_of(&of, STREAM_APP, &r);
	env.seed = rng_u64(&r);
	env.index += queue;
	env.thread = queue;
	env.threads = h->setup.cfg->threads;
	env.max_calls = s->cfg->dp.calls_max;
	env.exact_wake = s->app->next_due != NULL;
	env.mem_len = s->app->mem_need(s->app_cfg, &env);
	return env;
}

/* One block: what the instances share, then each one's own. It is their common window, for
 * they are threads of one program. */
static int alloc_apps(struct host *h, char *err, size_t err_len)
{
	const struct host_setup *s = &h->setup;
	struct app_env env = app_env_of(h, 0);

	h->app_shared = s->app->shared_need ? s->app->shared_need(s->app_cfg, &env) : 0;
	h->app_len = ALIGN_UP(h->app_shared, (size_t)CACHE_LINE);
	h->crowded = s->app->conns &&
		     s->app->conns(s->app_cfg, &env) >= s->cfg->dp.conns_max / CROWDED;
	for (uint32_t i = 0; i < s->cfg->threads; i++) {
		env = app_env_of(h, (uint16_t)i);
		h->threads[i].app_off = h->app_len;
		h->app_len += ALIGN_UP(env.mem_len, (size_t)CACHE_LINE);
	}
	h->app_mem = arena_get(h->setup.mem, h->app_len, CACHE_LINE);
	if (h->app_mem)
		return 0;
	snprintf(err, err_len, "%s: no memory for %zu bytes of application %s; lower what "
		 "its tables follow (conns_max, buffers, frames, size, depth, memory_limit)",
		 s->name, h->app_len, s->app->name);
	return -ENOMEM;
}

/* The application instance of a thread and the window on its memory. */
static int start_app(struct host_thread *t, char *err, size_t err_len)
{
	struct host *h = t->host;
	const struct host_setup *s = &h->setup;
	struct app_env env = app_env_of(h, t->queue);

	env.mem = h->app_mem + t->app_off;
	env.shared = h->app_shared ? h->app_mem : NULL;
	t->user = (struct user){ .ops = &user_ops, .win_base = (uintptr_t)h->app_mem,
				 .win_len = h->app_len };
	t->app = s->app->start(s->app_cfg, &env, err, err_len);
	if (!t->app)
		return -EINVAL;
	t->ev = s->app->ev(t->app);
	return 0;
}

static int start_dp(struct host_thread *t, char *err, size_t err_len)
{
	struct host *h = t->host;
	const struct host_setup *s = &h->setup;
	uint32_t mbufs = s->cfg->dp.mbufs;
	void *mem = arena_get(h->setup.mem, mempool_bytes(mbufs), CACHE_LINE);
	struct dp_env env = {
		.core = &h->core, .nic = sim_nic_nic(h->nic), .queue = t->queue, .user = &t->user,
		.pool = &t->pool, .ip = s->ip, .mask = s->mask,
	};
	struct rng r, first;

	if (mem) {
		mempool_init(&t->pool, mem, mbufs);
		sim_nic_attach(h->nic, t->queue, &t->pool,
			       s->cfg->exec.stack == STACK_COMPLETION ? host_wake : host_part_wake,
			       t);
		if (s->cfg->exec.policy == BATCH_WAIT)
			sim_nic_wake_at(h->nic, t->queue, s->cfg->dp.batch_max);
		/* A kernel has one secret: a host's threads take ports from one run of numbers. */
		stream_of(&h->threads[0], STREAM_DP, &first);
		env.secret[0] = rng_u64(&first);
		env.secret[1] = rng_u64(&first);
		stream_of(t, STREAM_DP, &r);
		rng_u64(&r);
		rng_u64(&r);
		env.seed = rng_u64(&r);
		t->dp = dp_init(&s->cfg->dp, &env, engine_now(s->engine));
	}
	if (!t->dp) {
		snprintf(err, err_len, "%s: no memory for the dataplane of thread %u; lower "
			 "dp.conns_max or dp.mbufs", s->name, t->queue);
		return -ENOMEM;
	}
	return 0;
}

/* Room for the objects an application declares; without it none are wanted. */
static int want_objects(struct host_thread *t, char *err, size_t err_len)
{
	struct ix_page *page = dp_page(t->dp);

	t->machine.dp = t->dp;
	if (!machine_wants_objects(&t->host->machine))
		return 0;
	page->objects = arena_get(t->host->setup.mem, OBJECTS_MAX * sizeof(*page->objects),
				  CACHE_LINE);
	if (!page->objects) {
		snprintf(err, err_len, "%s: no memory for declared objects", t->host->setup.name);
		return -ENOMEM;
	}
	page->max_objects = OBJECTS_MAX;
	return 0;
}

static int start_thread(struct host *h, uint16_t queue, char *err, size_t err_len)
{
	struct host_thread *t = &h->threads[queue];
	const struct host_setup *s = &h->setup;
	int rc;

	t->host = h;
	t->queue = queue;
	t->start.fire = s->cfg->exec.stack == STACK_COMPLETION ? host_pass : host_part;
	t->start.hints = &host_pass_hints;
	t->parts = (struct host_parts){ .app_at = NSEC_NEVER, .calls_at = NSEC_NEVER };
	t->itr = (struct exec_itr){ .ns = s->cfg->exec.itr_ns, .max_ns = s->cfg->exec.itr_max_ns };
	rng_stream(&t->jitter, s->seed,
		   STREAM_JITTER + (uint64_t)s->id * CPU_THREADS_MAX + queue);
	if (machine_thread_init(&t->machine, &h->machine) != 0) {
		snprintf(err, err_len, "%s: no memory for the TLB model", s->name);
		return -ENOMEM;
	}
	if (s->budget) {
		t->budget = arena_get(h->setup.mem, sizeof(*t->budget), CACHE_LINE);
		if (!t->budget) {
			snprintf(err, err_len, "%s: no memory for the budget", s->name);
			return -ENOMEM;
		}
		budget_init(t->budget, s->app->client, s->env.warmup_ns, s->env.stop_ns);
	}
	rc = start_app(t, err, err_len);
	if (rc == 0)
		rc = start_dp(t, err, err_len);
	if (rc == 0)
		rc = want_objects(t, err, err_len);
	if (rc == 0)
		sim_nic_tap(h->nic, queue, host_rx_tap, s->budget ? host_tx_tap : NULL, t);
	if (rc == 0 && s->trace)
		trace_thread(s->trace, s->id, s->name, queue);
	return rc;
}

/* Everything but the threads. */
static int build(struct host *h, char *err, size_t err_len)
{
	const struct host_setup *s = &h->setup;
	struct nic_cfg nic = s->cfg->nic;

	h->core.ops = &core_ops;
	if (cpu_init(&h->cpu, s->costs, s->cfg->threads, s->cfg->smt_packed) != 0) {
		snprintf(err, err_len, "%s.threads is %u, but price list %s describes %u cores, "
			 "%u hyperthreads; lower it, or raise `cores` there", s->name,
			 s->cfg->threads, s->cfg->profile,
			 (unsigned)(s->costs->v[COST_cores] / COST_SCALE),
			 (unsigned)(2 * (s->costs->v[COST_cores] / COST_SCALE)));
		return -ERANGE;
	}
	h->detect_ns = cpu_detect_ns(&h->cpu);
	nic.queues = s->cfg->threads;
	h->nic = sim_nic_new(s->engine, s->frames, s->mem, &nic, s->mac);
	h->threads = arena_get(h->setup.mem, s->cfg->threads * sizeof(*h->threads), CACHE_LINE);
	if (!h->nic || !h->threads ||
	    machine_init(&h->machine, &s->cfg->machine, s->costs, s->cfg->threads) != 0) {
		snprintf(err, err_len, "%s: no memory for NIC, threads and cache model", s->name);
		return -ENOMEM;
	}
	h->machine.shared = s->cfg->exec.shared;
	return 0;
}

struct host *host_new(const struct host_setup *setup, char *err, size_t err_len)
{
	struct host *h = calloc(1, sizeof(*h));
	int rc;

	if (!h) {
		snprintf(err, err_len, "%s: no memory", setup->name);
		return NULL;
	}
	h->setup = *setup;
	rc = build(h, err, err_len);
	if (rc == 0)
		rc = alloc_apps(h, err, err_len);
	for (uint32_t i = 0; rc == 0 && i < setup->cfg->threads; i++) {
		h->n_threads++;
		rc = start_thread(h, (uint16_t)i, err, err_len);
	}
	if (rc == 0)
		return h;
	host_free(h);
	return NULL;
}

void host_free(struct host *h)
{
	if (!h)
		return;
	for (uint32_t i = 0; i < h->n_threads; i++) {
		engine_cancel(h->setup.engine, &h->threads[i].start);
		machine_thread_fini(&h->threads[i].machine);
	}
	sim_nic_free(h->nic);
	machine_fini(&h->machine);
	free(h);
}

int host_arp_static(struct host *h, uint32_t ip, const uint8_t mac[6])
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < h->n_threads; i++)
		rc = dp_arp_static(h->threads[i].dp, ip, mac);
	return rc;
}

int host_listen(struct host *h, uint16_t port)
{
	int rc = 0;

	for (uint32_t i = 0; rc == 0 && i < h->n_threads; i++)
		rc = dp_listen(h->threads[i].dp, port);
	return rc;
}

void host_start(struct host *h, nsec at)
{
	for (uint32_t i = 0; i < h->n_threads; i++) {
		h->cpu.thread[i].next_at = at;
		h->threads[i].parts.stack_at = at;
		engine_at(h->setup.engine, &h->threads[i].start, at);
	}
}

/* Add array @b to @a; both are structs of nothing but uint64_t. */
static void add_all(void *a, const void *b, size_t bytes)
{
	uint64_t x, y;

	for (size_t i = 0; i < bytes; i += sizeof(x)) {
		memcpy(&x, (char *)a + i, sizeof(x));
		memcpy(&y, (const char *)b + i, sizeof(y));
		x += y;
		memcpy((char *)a + i, &x, sizeof(x));
	}
}

static void count_machine(const struct machine_thread *t, struct host_counts *c)
{
	c->segments += t->cache.count.touches;
	c->objects += t->cache.count.objects;
	c->misses_milli += t->cache.count.misses_milli;
	c->tlb_misses_milli += t->tlb.misses_milli;
	for (int i = 0; i < LOCKS; i++) {
		c->lock_held_ps[i] += t->lock[i].held_ps;
		c->lock_wait_ps[i] += t->lock[i].wait_ps;
	}
	add_all(&c->machine, &t->count, sizeof(c->machine));
}

void host_count(const struct host *h, nsec now, struct host_counts *c)
{
	memset(c, 0, sizeof(*c));
	for (uint32_t i = 0; i < h->n_threads; i++) {
		const struct host_thread *t = &h->threads[i];
		nsec until = h->cpu.thread[i].busy_until;

		c->irqs += t->irqs;
		c->wakeups += t->wakeups;
		c->switches += t->switches;
		c->thread_busy_ns[i] = t->busy_ns - (until > now ? until - now : 0);
		c->busy_ns += c->thread_busy_ns[i];
		count_machine(&t->machine, c);
		add_all(&c->stats, dp_stats(t->dp), sizeof(c->stats));
	}
	c->passes = h->sum.passes;
	c->passes_rx = h->sum.passes_rx;
	c->cost_ps = h->sum.cost_ps;
	c->object_ps = h->sum.object_ps;
	c->work = h->sum.work;
	c->nic = *sim_nic_counters(h->nic);
}

void host_counts_add(struct host_counts *to, const struct host_counts *c)
{
	uint64_t high = MAX(to->nic.rx_ring_high, c->nic.rx_ring_high);

	add_all(to, c, sizeof(*to));
	to->nic.rx_ring_high = high;
}

void counts_since(void *c, const void *earlier, size_t len)
{
	uint64_t x, y;

	assert(len % sizeof(x) == 0);
	for (size_t i = 0; i < len; i += sizeof(x)) {
		memcpy(&x, (char *)c + i, sizeof(x));
		memcpy(&y, (const char *)earlier + i, sizeof(y));
		x -= y;
		memcpy((char *)c + i, &x, sizeof(x));
	}
}

void host_counts_since(struct host_counts *c, const struct host_counts *earlier)
{
	uint64_t high = c->nic.rx_ring_high;

	counts_since(c, earlier, sizeof(*c));
	c->nic.rx_ring_high = high;
}

uint64_t host_hash(const struct host *h, uint64_t hash)
{
	for (uint32_t i = 0; i < h->n_threads; i++)
		hash = (hash ^ h->threads[i].hash) * 0x9e3779b97f4a7c15ULL;
	return hash;
}

bool host_finished(const struct host *h)
{
	const struct app_ops *app = h->setup.app;

	for (uint32_t i = 0; i < h->n_threads; i++)
		if (!app->finished || !app->finished(h->threads[i].app))
			return false;
	return true;
}
