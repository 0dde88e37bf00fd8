/* SPDX-License-Identifier: MIT */
/*
 * cpu.h - the processor of a host: how long a pass takes, and who shares a core
 *
 * An elastic thread is idle or in a pass. A pass of a thread whose sibling hyperthread is
 * in a pass when it starts takes smt_slowdown times as long; each other core that is in a
 * pass then adds core_contention (shared cache, memory and PCIe). Polling while idle costs
 * the others nothing. Not here: when passes start (host.c), what misses cost (cache.c).
 */
#ifndef SIM_CPU_H
#define SIM_CPU_H

#include "sim/costs.h"

enum { CPU_THREADS_MAX = 64 };

/* Where one pass's time went, ns; total is the sum of the others. */
struct cpu_charge {
	nsec total, stack, app, transmit;
};

struct cpu_thread {
	nsec busy_until;	/* end of the last pass */
	nsec next_at;		/* start of the next one, NSEC_NEVER when none is due */
	uint32_t sibling;	/* the core's other hyperthread; itself when there is none */
};

struct cpu {
	const struct costs *costs;
	uint32_t n_threads;
	struct cpu_thread thread[CPU_THREADS_MAX];
};

/**
 * Place @n_threads: @packed fills both hyperthreads of a core before the next core, else
 * every core gets one first. Returns 0, or -ERANGE when the machine of @costs is smaller.
 */
int cpu_init(struct cpu *cpu, const struct costs *costs, uint32_t n_threads, bool packed);

/** The core a thread is on. */
uint32_t cpu_core(uint32_t thread, uint32_t n_cores, bool packed);

/** Other cores than that of @thread of which at least one hyperthread is in a pass. */
uint32_t cpu_others_busy(const struct cpu *cpu, uint32_t thread, nsec now);

/** Duration of a pass of @thread that starts @now and costs @ps on a machine of its own, at
 * least 1 ns. */
nsec cpu_duration(const struct cpu *cpu, uint32_t thread, uint64_t ps, nsec now);

/** Split @total ns of a pass in proportion to its prices: @s, and @extra_ps of the stack. */
struct cpu_charge cpu_split(nsec total, const struct cost_split *s, uint64_t extra_ps);

/** Mean time until the idle loop sees an arrival, ns. */
static inline nsec cpu_detect_ns(const struct cpu *cpu)
{
	return cpu->costs->v[COST_poll] / (2 * COST_SCALE);
}

#endif
