/* SPDX-License-Identifier: MIT */
/*
 * cpu.c - duration of passes and placement of threads; see cpu.h
 */
#include "sim/cpu.h"

uint32_t cpu_core(uint32_t thread, uint32_t n_cores, bool packed)
{
	return packed ? thread / 2 : thread % n_cores;
}

int cpu_init(struct cpu *cpu, const struct costs *costs, uint32_t n_threads, bool packed)
{
	uint32_t n_cores = (uint32_t)(costs->v[COST_cores] / COST_SCALE);

	if (n_threads > 2 * n_cores || n_threads > CPU_THREADS_MAX)
		return -ERANGE;
	*cpu = (struct cpu){ .costs = costs, .n_threads = n_threads };
	for (uint32_t i = 0; i < n_threads; i++) {
		uint32_t other = packed ? i ^ 1 : i < n_cores ? i + n_cores : i - n_cores;

		cpu->thread[i].sibling = other < n_threads ? other : i;
		cpu->thread[i].next_at = NSEC_NEVER;
	}
	return 0;
}

/* In a pass at @now, or starting one at this very instant. */
static bool busy(const struct cpu_thread *t, nsec now)
{
	return t->busy_until > now || t->next_at <= now;
}

uint32_t cpu_others_busy(const struct cpu *cpu, uint32_t thread, nsec now)
{
	uint32_t n = 0, mine = cpu->thread[thread].sibling;

	for (uint32_t i = 0; i < cpu->n_threads; i++) {
		uint32_t other = cpu->thread[i].sibling;
		bool counted = other < i && busy(&cpu->thread[other], now);

		n += i != thread && i != mine && !counted && busy(&cpu->thread[i], now);
	}
	return n;
}

nsec cpu_duration(const struct cpu *cpu, uint32_t thread, uint64_t ps, nsec now)
{
	uint32_t other = cpu->thread[thread].sibling;
	uint64_t contention = cpu->costs->v[COST_core_contention];
	nsec ns;

	if (other != thread && busy(&cpu->thread[other], now))
		ps = ps * cpu->costs->v[COST_smt_slowdown] / COST_SCALE;
	if (contention && cpu->n_threads > 1)
		ps += ps * contention * cpu_others_busy(cpu, thread, now) / COST_SCALE;
	ns = (ps + 999) / 1000;
	return ns ? ns : 1;
}

struct cpu_charge cpu_split(nsec total, const struct cost_split *s, uint64_t extra_ps)
{
	uint64_t all = s->total + extra_ps;
	struct cpu_charge c = { .total = total };

	if (all) {
		c.app = total * s->app / all;
		c.transmit = total * s->transmit / all;
	}
	c.stack = total - c.app - c.transmit;
	return c;
}
