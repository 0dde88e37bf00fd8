/* SPDX-License-Identifier: MIT */
/*
 * bench_kv.c - what a request costs at the memcached server, library included
 *
 *	bench_kv get_bin|get_ascii|set_bin usr|etc RECORDS REQUESTS [RUNS]
 *
 * 64 connections, one request each a pass, records in an order no prefetcher follows. The
 * dataplane is two arrays: it delivers, takes whatever is sent, and acknowledges it in the next
 * pass. Prints a CSV line a run: what,preset,records,ns a request in ixev_run(),preempted passes.
 * Under callgrind with --toggle-collect=ixev_run instructions come from the difference of two
 * runs of different length.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "ix/ixev.h"
#include "workloads/app.h"
#include "workloads/kv_bin.h"
#include "workloads/kv_dist.h"
#include "workloads/kv_preload.h"

enum { CONNS = 64, EVENTS = 4 * CONNS, CALLS = 4 * CONNS, PREEMPTED_NS = 200000,
       PIECE = BIN_HEAD + 8 + KV_KEY_MAX + 16, VALUE_COPY = 2048 };

static struct bench {
	struct ix_page page;
	struct ix_event events[EVENTS];
	struct ix_call calls[CALLS];
	struct ixev *ev;
	struct kv_dist dist;
	uint64_t cookie[CONNS], unacked[CONNS];
	uint8_t piece[CONNS][PIECE + VALUE_COPY];
	uint32_t at;
	uint64_t now_ns, timed_ns, timed, preempted, answered;
} b;

static uint64_t clock_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static void take_call(struct ix_call *call)
{
	const struct ix_sg *sg = (const struct ix_sg *)(uintptr_t)call->sg;
	uint32_t conn = (uint32_t)call->handle;
	uint64_t n = 0;

	if (call->nr == IX_CALL_ACCEPT)
		b.cookie[conn] = call->new_cookie;
	for (uint32_t i = 0; call->nr == IX_CALL_SENDV && i < call->n; i++)
		n += sg[i].len;
	b.answered += n > 0;
	if (call->nr == IX_CALL_SENDV)
		b.unacked[conn] += n;
	call->ret = (int64_t)n;
}

static void pass(bool timed)
{
	uint64_t t0, t;

	b.page.now_ns = b.now_ns += 10000;
	b.page.n_objects = 0;
	t0 = clock_ns();
	ixev_run(b.ev, &b.page);
	t = clock_ns() - t0;
	if (timed && t < PREEMPTED_NS) {
		b.timed_ns += t;
		b.timed++;
	}
	b.preempted += timed && t >= PREEMPTED_NS;
	b.page.n_events = 0;
	for (uint32_t i = 0; i < b.page.n_calls; i++)
		take_call(&b.calls[i]);
}

static struct ix_event *event(uint32_t nr)
{
	struct ix_event *e = &b.events[b.page.n_events++];

	*e = (struct ix_event){ .nr = nr };
	return e;
}

static uint32_t next_record(void)
{
	b.at = b.at * 1664525u + 1013904223u;
	return (uint32_t)((uint64_t)(b.at ^ b.at >> 15) * b.dist.records >> 32);
}

/* A request about some record into @to; returns its length. */
static uint32_t request(const char *what, uint8_t *to)
{
	char key[KV_KEY_MAX];
	uint32_t r = next_record(), nkey = kv_dist_key(&b.dist, r, key), n = 0, extras = 0;

	if (!strcmp(what, "get_ascii")) {
		memcpy(to, "get ", 4);
		memcpy(to + 4, key, nkey);
		memcpy(to + 4 + nkey, "\r\n", 2);
		return nkey + 6;
	}
	memset(to, 0, BIN_HEAD + 8);
	if (!strcmp(what, "set_bin")) {
		n = MIN(kv_dist_value_len(&b.dist, r), (uint32_t)VALUE_COPY);
		extras = 8;
		to[1] = OP_SET;
		to[4] = 8;
	}
	to[0] = BIN_REQUEST;
	be16_store(to + 2, (uint16_t)nkey);
	be32_store(to + 8, extras + nkey + n);
	memcpy(to + BIN_HEAD + extras, key, nkey);
	return BIN_HEAD + extras + nkey + n;
}

static void run(const char *what, const char *preset, uint64_t requests)
{
	b.timed_ns = b.timed = b.preempted = b.answered = 0;
	for (uint64_t done = 0; done < requests; done += CONNS) {
		for (uint32_t c = 0; c < CONNS; c++) {
			struct ix_event *e;

			if (b.unacked[c] > 0) {
				e = event(IX_EV_SENT);
				e->cookie = b.cookie[c];
				e->bytes = b.unacked[c];
				e->window = 1 << 20;
				b.unacked[c] = 0;
			}
			e = event(IX_EV_RECV);
			e->cookie = b.cookie[c];
			e->ptr = (uintptr_t)b.piece[c];
			e->len = request(what, b.piece[c]);
		}
		pass(true);
	}
	if (b.answered < requests) {
		fprintf(stderr, "bench: %llu of %llu answered\n", (unsigned long long)b.answered,
			(unsigned long long)requests);
		exit(1);
	}
	printf("%s,%s,%u,%.2f,%llu\n", what, preset, b.dist.records,
	       (double)b.timed_ns / (double)b.timed / CONNS, (unsigned long long)b.preempted);
}

static void knob(void *cfg, const char *name, uint64_t v)
{
	for (size_t i = 0; i < kv_server_ops.n_knobs; i++)
		if (!strcmp(kv_server_ops.knobs[i].name, name))
			knob_set(&kv_server_ops.knobs[i], cfg, v);
}

static void start(uint32_t preset, uint32_t records)
{
	struct app_env env = { .max_calls = CALLS, .threads = 1, .n = 1, .stop_ns = UINT64_MAX };
	uint64_t cfg[128];
	char err[200] = "";
	size_t shared;
	void *app;

	knob_defaults(kv_server_ops.knobs, kv_server_ops.n_knobs, cfg);
	knob(cfg, "conns_max", CONNS);
	knob(cfg, "stored", 1);
	knob(cfg, "preset", preset);
	knob(cfg, "records", records);
	shared = ALIGN_UP(kv_server_ops.shared_need(cfg, &env), (size_t)CACHE_LINE);
	env.mem_len = kv_server_ops.mem_need(cfg, &env);
	env.shared = calloc(1, shared + env.mem_len + CACHE_LINE);
	env.shared = (void *)ALIGN_UP((uintptr_t)env.shared, (uintptr_t)CACHE_LINE);
	env.mem = (uint8_t *)env.shared + shared;
	app = kv_server_ops.start(cfg, &env, err, sizeof(err));
	if (!app) {
		fprintf(stderr, "bench: %s\n", err);
		exit(1);
	}
	b.ev = kv_server_ops.ev(app);
	b.page = (struct ix_page){ .events = b.events, .calls = b.calls, .max_events = EVENTS,
				   .max_calls = CALLS };
	kv_dist_init(&b.dist, (enum kv_preset)preset, records, KV_SEED);
	for (uint32_t c = 0; c < CONNS; c++)
		event(IX_EV_KNOCK)->handle = 1ULL << 32 | c;
	pass(false);
}

int main(int argc, char **argv)
{
	bool etc = argc > 2 && !strcmp(argv[2], "etc");
	long long records = argc > 3 ? atoll(argv[3]) : 0, requests = argc > 4 ? atoll(argv[4]) : 0;

	if (records < 1 || requests < 1 || records > 100000000) {
		fprintf(stderr, "usage: bench_kv get_bin|get_ascii|set_bin usr|etc RECORDS "
			"REQUESTS [RUNS]\n");
		return 2;
	}
	start(etc ? KV_ETC : KV_USR, (uint32_t)records);
	for (int left = argc > 5 ? atoi(argv[5]) : 1; left > 0; left--)
		run(argv[1], etc ? "etc" : "usr", (uint64_t)requests);
	return 0;
}
