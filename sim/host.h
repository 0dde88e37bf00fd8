/* SPDX-License-Identifier: MIT */
/*
 * host.h - a simulated host: one NIC, n elastic threads, each with its application
 *
 * Drives core/dp: starts a pass when a frame has become visible or a deadline has come,
 * prices what it did (cpu.h, machine.h), and holds its frames back until the time it took is
 * over. Setting up allocates; running does not.
 */
#ifndef SIM_HOST_H
#define SIM_HOST_H

#include "sim/arena.h"
#include "sim/budget.h"
#include "sim/cpu.h"
#include "sim/scenario.h"
#include "sim/trace.h"
#include "workloads/app.h"

/* What a host is made of; all of it outlives the host. */
struct host_setup {
	struct engine *engine;
	struct frame_pool *frames;
	struct arena *mem;		/* of everything the host has; dropped after it */
	const struct host_cfg *cfg;
	const struct costs *costs;
	char name[24];
	uint32_t id;			/* number of the host, 0: the server */
	uint32_t ip, mask;		/* host order */
	uint8_t mac[6];
	uint64_t seed;
	const struct app_ops *app;
	const void *app_cfg;
	struct app_env env;		/* but mem, max_calls, seed; index of the first thread */
	bool budget;
	struct trace *trace;		/* NULL: none */
};

/* Counted since the start; every field is a uint64_t, so two can be subtracted as arrays. */
struct host_counts {
	uint64_t passes, passes_rx;	/* all, those that took frames */
	uint64_t irqs, wakeups, switches;
	uint64_t cost_ps, object_ps;	/* of passes on a core of their own; of it, objects */
	uint64_t busy_ns;		/* in passes, summed over threads */
	uint64_t thread_busy_ns[CPU_THREADS_MAX];
	uint64_t segments, objects, misses_milli; /* of the cache model */
	uint64_t tlb_misses_milli;
	uint64_t lock_held_ps[LOCKS];
	uint64_t lock_wait_ps[LOCKS];
	struct machine_counts machine;
	struct work work;
	struct stats stats;
	struct nic_counters nic;
};

struct host;

/* When the parts of a thread that does not run to completion may run next; NSEC_NEVER: nothing
 * to do. See host_parts.c. */
struct host_parts {
	nsec stack_at, app_at, calls_at;
	nsec polled_until;		/* softirq: polled until then, not interrupting */
	nsec softirq_from;		/* ... since the interrupt at that time */
	nsec owed;			/* ksoftirqd: what the application has before the stack */
	bool ksoftirqd;			/* the stack has taken its time and shares */
	uint64_t unread;		/* bytes that exec_app_reads() left to the application */
	uint32_t returned;		/* events the last epoll_wait() has returned and are left */
	bool asleep;			/* the application waits for events */
	bool called;			/* app_at counts what waits for the application */
};

enum { HOST_NEAR = 4 };			/* segments of a coming pass that are looked at */

/* One elastic thread. */
struct host_thread {
	struct event start;		/* of the next pass */
	struct host *host;
	uint16_t queue;
	nsec irq_at;			/* of the last interrupt */
	struct exec_itr itr;
	uint64_t irqs, wakeups, switches; /* of the whole run */
	struct rng jitter;
	struct host_parts parts;
	uint32_t flow, in_flow, merged;	/* large segments: whose frame was last, how many, in all */
	uint32_t data;			/* ... with payload and not merged */
	uint64_t touch_ps;		/* what the running pass's reaching for memory costs */
	uint64_t busy_ns;
	uint64_t rx_bytes, tx_bytes;	/* of all passes */
	uint32_t soon[HOST_NEAR], n_soon; /* hints: the buckets of the coming pass's first */
	uint32_t near[HOST_NEAR], n_near; /* ... connections, the connections, */
	const struct ixev_ctx *sends;	/* ... and one that the application will send on, or NULL */
	uint64_t hash;			/* of the times of its passes */
	struct machine_thread machine;
	struct dp *dp;
	size_t app_off;			/* of the instance's memory in the host's */
	void *app;
	struct ixev *ev;
	struct budget *budget;		/* NULL: not asked for */
	struct user user;
	struct mempool pool;
};

/* Summed over threads as it happens: hundreds of them would each need lines for it. */
struct host_sum {
	uint64_t passes, passes_rx;
	uint64_t cost_ps;		/* what passes would have cost on a core of their own */
	uint64_t object_ps;		/* of it, reaching for the application's objects */
	struct work work;
};

struct host {
	struct host_setup setup;
	struct sim_nic *nic;
	struct cpu cpu;
	struct machine machine;
	nsec detect_ns;			/* from visible to seen by an idle thread */
	struct host_sum sum;
	struct core_env core;
	uint8_t *app_mem;		/* of all instances: what they share, then each one's */
	size_t app_len, app_shared;
	bool crowded;			/* a thread's connections are many for its tables */
	uint32_t n_threads;
	struct host_thread *threads;
};

/** Build a host, its threads' dataplanes and applications. NULL, and a sentence in @err. */
struct host *host_new(const struct host_setup *setup, char *err, size_t err_len);
void host_free(struct host *h);

/** On every thread: a permanent neighbour, a listening port. Returns 0 or the core's error. */
int host_arp_static(struct host *h, uint32_t ip, const uint8_t mac[6]);
int host_listen(struct host *h, uint16_t port);

/** First pass of every thread at @at. */
void host_start(struct host *h, nsec at);

/** Every counter as of @now. */
void host_count(const struct host *h, nsec now, struct host_counts *c);

/** @to += @c, field by field. */
void host_counts_add(struct host_counts *to, const struct host_counts *c);

/** @c -= @earlier, @len bytes of nothing but uint64_t each. */
void counts_since(void *c, const void *earlier, size_t len);

/** @c -= @earlier, field by field; marks that are maxima (rx_ring_high) stay. */
void host_counts_since(struct host_counts *c, const struct host_counts *earlier);

/** Fold the threads' pass times into @hash. */
uint64_t host_hash(const struct host *h, uint64_t hash);

/** True when every instance that knows an end has reached it, and at least one does. */
bool host_finished(const struct host *h);

#endif
