/* SPDX-License-Identifier: MIT */
/*
 * run.c - bring up an elastic thread and a workload on an interface, run, take it down
 *
 * Entry point: hw_run() of hw/run.h. The order matters: frames, interface, application
 * (its window must be known), dataplane, port. What the core must not guess comes from
 * getrandom(2) unless a seed asks for a run that can be repeated.
 *
 * Not here: configuration (hw/cfg.c), passes (hw/loop.c), numbers (hw/report.c).
 */
#include "hw/run.h"

#include <stdlib.h>
#include <sys/random.h>

#include "hw/addr.h"
#include "hw/clock.h"
#include "hw/netdev.h"
#include "hw/world.h"

#define MEM_MAX	((size_t)16 << 30)	/* address space, not memory */
#define MEM_MIN	((size_t)128 << 20)

enum { STREAM_SECRET = 1, STREAM_SEED = 2, STREAM_APP = 3 };

static void user_run(struct user *u, struct ix_page *page)
{
	ixev_run(container_of(u, struct direct_user, user)->ev, page);
}

static const struct user_ops direct_ops = { user_run };

static int no_memory(const char *what, char *err, size_t err_len)
{
	snprintf(err, err_len, "no memory for %s: lower dp.mbufs, dp.conns_max or the workload's "
		 "connections, or free some", what);
	return -ENOMEM;
}

/* ---- bring-up ---- */

static void pick_seed(struct world *wd)
{
	wd->seed = wd->cfg->seed;
	while (wd->seed == 0)
		if (getrandom(&wd->seed, sizeof(wd->seed), 0) != sizeof(wd->seed))
			abort();	/* cannot fail for 8 bytes: getrandom(2) */
}

/* Address space is free, but a limit (ulimit -v) may forbid much of it. */
static int map_memory(struct world *wd, char *err, size_t err_len)
{
	size_t pool_len = mempool_bytes(wd->cfg->dp.mbufs);
	size_t size = MEM_MAX;
	void *mem;

	while (hw_mem_init(&wd->mem, size) < 0)
		if ((size /= 2) < MEM_MIN)
			return no_memory("the dataplane", err, err_len);
	mem = hw_mem_get(&wd->mem, pool_len, CACHE_LINE);
	if (mem == NULL)
		return no_memory("the frame pool", err, err_len);
	mempool_init(&wd->pool, mem, wd->cfg->dp.mbufs);
	return 0;
}

/* Our MAC: as configured; on a TAP a local one made of the address; else the device's. */
static const uint8_t *pick_mac(const struct world *wd, uint8_t mac[6])
{
	if (wd->cfg->mac[0] != '\0') {
		int e = addr_mac(wd->cfg->mac, mac);

		assert(e == 0);
		(void)e;
		return mac;
	}
	if (strncmp(wd->cfg->nic, "tap:", 4) != 0)
		return NULL;
	mac[0] = 0x02;	/* locally administered */
	mac[1] = 0x49;
	be32_store(mac + 2, wd->ip);
	return mac;
}

/* The kernel's end of the TAP: give it an address, or say how to. */
static int set_peer(const struct world *wd, uint32_t mask, char *err, size_t err_len)
{
	uint32_t ip, prefix, other = (wd->ip & mask) + 1;
	char text[ADDR_IP_LEN];
	int e = 0;

	if (wd->tap.kind != TAP_KIND_TAP)
		return 0;
	if (wd->cfg->peer_ip[0] != '\0') {
		e = addr_ip_prefix(wd->cfg->peer_ip, &ip, &prefix);
		assert(e == 0);
		e = netdev_addr_set(wd->tap.name, ip, prefix);
		if (e < 0)
			snprintf(err, err_len, "the kernel's side of %s cannot be given the "
				 "address %s (%s): CAP_NET_ADMIN is needed, or 'ip addr add %s dev "
				 "%s' beforehand", wd->tap.name, wd->cfg->peer_ip, strerror(-e),
				 wd->cfg->peer_ip, wd->tap.name);
		return e;
	}
	if (netdev_addr_get(wd->tap.name, &ip) == -EADDRNOTAVAIL)
		fprintf(stderr, "hint: the kernel's side of %s has no address; give it one: "
			"ip addr add %s/%d dev %s\n", wd->tap.name,
			addr_ip_str(other == wd->ip ? other + 1 : other, text),
			__builtin_popcount(mask), wd->tap.name);
	return 0;
}

static int open_nic(struct world *wd, uint32_t mask, char *err, size_t err_len)
{
	uint8_t mac[6];
	int e = tap_nic_open(&wd->tap, wd->cfg->nic, pick_mac(wd, mac), &wd->pool, err, err_len);

	if (e == 0)
		e = set_peer(wd, mask, err, err_len);
	if (e < 0)
		return e;
	wd->impaired = fault_wanted(&wd->cfg->fault);
	impair_init(&wd->im, &wd->tap.nic, &wd->pool, &wd->cfg->fault, wd->seed, clock_now_ns());
	if (wd->impaired)
		fprintf(stderr, "faults are on, seed = %llu\n", (unsigned long long)wd->seed);
	return 0;
}

static int start_app(struct world *wd, nsec now, char *err, size_t err_len)
{
	const struct app_ops *app = wd->cfg->app;
	struct app_env env = { .max_calls = wd->cfg->dp.calls_max, .n = 1, .threads = 1,
			       .unix_ns = clock_unix_ns(), .exact_wake = app->next_due != NULL };
	size_t shared, all;
	struct rng rng;
	int e;

	rng_stream(&rng, wd->seed, STREAM_APP);
	env.seed = rng_u64(&rng);
	env.warmup_ns = now + wd->cfg->warmup_ns;
	env.stop_ns = wd->cfg->duration_ns == 0 ? NSEC_NEVER : env.warmup_ns + wd->cfg->duration_ns;
	wd->stop = env.stop_ns;
	if (app->client) {
		e = addr_ip_port(wd->cfg->target, &env.server_ip, &env.server_port);
		assert(e == 0);
		(void)e;
	}
	shared = app->shared_need ? app->shared_need(wd->cfg->app_cfg, &env) : 0;
	env.mem_len = app->mem_need(wd->cfg->app_cfg, &env);
	all = ALIGN_UP(shared, (size_t)CACHE_LINE) + env.mem_len;
	env.shared = hw_mem_get(&wd->mem, all, 4096);
	if (env.shared == NULL)
		return no_memory("the workload", err, err_len);
	env.mem = (uint8_t *)env.shared + (all - env.mem_len);
	wd->app = app->start(wd->cfg->app_cfg, &env, err, err_len);
	if (wd->app == NULL)
		return -EINVAL;
	wd->user = (struct direct_user){
		.user = { &direct_ops, (uintptr_t)env.shared, all },
		.ev = app->ev(wd->app),
	};
	return 0;
}

static int start_dp(struct world *wd, uint32_t mask, nsec now, char *err, size_t err_len)
{
	struct dp_env env = {
		.core = &wd->mem.env, .user = &wd->user.user, .pool = &wd->pool,
		.nic = wd->impaired ? &wd->im.nic : &wd->tap.nic, .ip = wd->ip, .mask = mask,
	};
	struct rng rng;
	int e = 0;

	if (wd->cfg->gateway[0] != '\0')
		e = addr_ip(wd->cfg->gateway, &env.gateway);
	assert(e == 0);
	rng_stream(&rng, wd->seed, STREAM_SEED);
	env.seed = rng_u64(&rng);
	rng_stream(&rng, wd->seed, STREAM_SECRET);
	env.secret[0] = rng_u64(&rng);
	env.secret[1] = rng_u64(&rng);
	if (wd->cfg->seed == 0 &&
	    getrandom(env.secret, sizeof(env.secret), 0) != sizeof(env.secret))
		abort();	/* cannot fail for 16 bytes: getrandom(2) */
	wd->dp = dp_init(&wd->cfg->dp, &env, now);
	if (wd->dp == NULL)
		return no_memory("the dataplane", err, err_len);
	if (wd->cfg->app->client)
		return 0;
	e = dp_listen(wd->dp, (uint16_t)wd->cfg->port);
	if (e < 0)
		snprintf(err, err_len, "port %u cannot be listened on: %s", wd->cfg->port,
			 strerror(-e));
	return e;
}

static int bring_up(struct world *wd, char *err, size_t err_len)
{
	uint32_t prefix;
	nsec now;
	int e = addr_ip_prefix(wd->cfg->ip, &wd->ip, &prefix);

	assert(e == 0);
	pick_seed(wd);
	e = map_memory(wd, err, err_len);
	if (e == 0)
		e = open_nic(wd, addr_mask(prefix), err, err_len);
	now = clock_now_ns();
	if (e == 0)
		e = start_app(wd, now, err, err_len);
	return e < 0 ? e : start_dp(wd, addr_mask(prefix), now, err, err_len);
}

/* ---- the run ---- */

static int client_verdict(const struct world *wd, FILE *out, int e, char *err, size_t err_len)
{
	struct app_report r = { 0 };

	wd->cfg->app->report(wd->app, &r);
	report_client(wd, &r, out);
	if (e == -ENODEV)
		snprintf(err, err_len, "interface %s was deleted after %llu requests", wd->tap.name,
			 (unsigned long long)r.requests);
	else if (e == -ETIMEDOUT)
		snprintf(err, err_len, "the client was not done 10 s after its end: %llu requests "
			 "completed, connections are stuck", (unsigned long long)r.requests);
	else if (r.bad_bytes > 0)
		snprintf(err, err_len, "%llu bytes from %s were not what it should have sent",
			 (unsigned long long)r.bad_bytes, wd->cfg->target);
	else if (r.errors > 0)
		snprintf(err, err_len, "%llu answers of %s were errors, or were not understood",
			 (unsigned long long)r.errors, wd->cfg->target);
	else if (r.conns_opened + r.requests == 0 && r.conns_failed > 0)
		snprintf(err, err_len, "no connection could be opened to %s: nobody listens there, "
			 "or nothing answers", wd->cfg->target);
	else if (r.requests == 0)
		snprintf(err, err_len, "no request was answered by %s in the time measured: run "
			 "longer, or see whether it can be reached", wd->cfg->target);
	else
		return e;
	return e < 0 ? e : r.bad_bytes + r.errors > 0 ? -EBADMSG : -ECONNREFUSED;
}

static int run_world(struct world *wd, FILE *out, char *err, size_t err_len)
{
	char ip[ADDR_IP_LEN];
	int e;

	loop_signals();
	if (!wd->cfg->app->client) {
		fprintf(out, "listening on %s port %u\n", addr_ip_str(wd->ip, ip), wd->cfg->port);
		fflush(out);
	}
	e = loop_run(wd);
	if (wd->cfg->app->client)
		e = client_verdict(wd, out, e, err, err_len);
	else if (e == -ENODEV)
		snprintf(err, err_len, "interface %s was deleted: nothing can be served on it any "
			 "more", wd->tap.name);
	tap_nic_count_missed(&wd->tap);
	if (wd->cfg->stats)
		report_stats(wd, out);
	return e;
}

int hw_run(const struct hw_cfg *cfg, FILE *out, char *err, size_t err_len)
{
	struct world wd = { .cfg = cfg, .tap = { .fd = -1 } };
	int e = hw_check(cfg, err, err_len);

	if (e < 0)
		return e;
	e = bring_up(&wd, err, err_len);
	if (e == 0)
		e = run_world(&wd, out, err, err_len);
	if (wd.impaired)
		impair_drop(&wd.im);
	tap_nic_close(&wd.tap);
	hw_mem_free(&wd.mem);
	return e;
}
