/* SPDX-License-Identifier: MIT */
/*
 * test_cpu.c - placement on cores, hyperthread sharing, rounding, splitting
 */
#include "cu.h"
#include "sim/cpu.h"

static struct costs costs;
static struct cpu cpu;

static void setup(uint32_t cores, uint32_t threads, bool packed)
{
	memset(&costs, 0, sizeof(costs));
	costs.v[COST_cores] = cores * COST_SCALE;
	costs.v[COST_smt_slowdown] = 1750;
	costs.v[COST_poll] = 60 * COST_SCALE;
	CHECK_EQ(cpu_init(&cpu, &costs, threads, packed), 0);
}

/* A thread's sibling is the other thread on its core, whatever the placement. */
static void siblings_share_a_core(void)
{
	for (uint32_t cores = 1; cores <= 8; cores++)
		for (uint32_t n = 1; n <= 2 * cores; n++)
			for (int packed = 0; packed < 2; packed++) {
				setup(cores, n, packed);
				for (uint32_t i = 0; i < n; i++) {
					uint32_t mine = cpu_core(i, cores, packed), want = i;

					CHECK(mine < cores);
					for (uint32_t j = 0; j < n; j++)
						if (j != i && cpu_core(j, cores, packed) == mine)
							want = j;
					CHECK_EQ(cpu.thread[i].sibling, want);
				}
			}
}

static void spread_fills_cores_first(void)
{
	setup(8, 8, false);
	for (uint32_t i = 0; i < 8; i++)
		CHECK_EQ(cpu.thread[i].sibling, i);
	setup(8, 2, true);
	CHECK_EQ(cpu.thread[0].sibling, 1);
	setup(8, 3, true);
	CHECK_EQ(cpu.thread[2].sibling, 2);
}

static void refuses_more_threads_than_the_machine_has(void)
{
	setup(8, 16, true);
	CHECK_EQ(cpu_init(&cpu, &costs, 17, true), -ERANGE);
	CHECK_EQ(cpu_init(&cpu, &costs, 17, false), -ERANGE);
	costs.v[COST_cores] = 1000 * COST_SCALE;
	CHECK_EQ(cpu_init(&cpu, &costs, CPU_THREADS_MAX + 1, false), -ERANGE);
}

static void slows_down_beside_a_busy_sibling(void)
{
	setup(8, 3, true);
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1000);
	cpu.thread[1].busy_until = 501;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1750);
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 501), 1000);	/* over at this instant */
	cpu.thread[1].next_at = 501;				/* ... and starting again */
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 501), 1750);
	cpu.thread[1].next_at = 502;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 501), 1000);
	cpu.thread[2].busy_until = 10000;			/* alone on its core */
	CHECK_EQ(cpu_duration(&cpu, 2, 1000000, 501), 1000);
}

/* Each other core with a busy hyperthread adds the same, one with two no more. */
static void contends_with_other_cores(void)
{
	setup(8, 6, true);
	costs.v[COST_core_contention] = 100;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1000);
	cpu.thread[2].busy_until = 600;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1100);
	cpu.thread[3].busy_until = 600;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1100);
	cpu.thread[5].next_at = 500;
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 1200);
	cpu.thread[1].busy_until = 600;			/* its own sibling slows, not contends */
	CHECK_EQ(cpu_duration(&cpu, 0, 1000000, 500), 2100);
	cpu.thread[0].busy_until = 600;
	CHECK_EQ(cpu_duration(&cpu, 3, 1000000, 500), 2100);
}

static void rounds_up_and_never_to_zero(void)
{
	setup(8, 1, true);
	CHECK_EQ(cpu_duration(&cpu, 0, 0, 0), 1);
	CHECK_EQ(cpu_duration(&cpu, 0, 1, 0), 1);
	CHECK_EQ(cpu_duration(&cpu, 0, 1000, 0), 1);
	CHECK_EQ(cpu_duration(&cpu, 0, 1001, 0), 2);
	CHECK_EQ(cpu_detect_ns(&cpu), 30);
}

static void split_adds_up(void)
{
	struct cost_split s = { .total = 900, .app = 301, .transmit = 200 };
	struct cpu_charge c = cpu_split(1234567, &s, 100);

	CHECK_EQ(c.total, 1234567);
	CHECK_EQ(c.stack + c.app + c.transmit, c.total);
	CHECK_EQ(c.app, 1234567ULL * 301 / 1000);
	CHECK_EQ(c.transmit, 1234567ULL * 200 / 1000);
	s = (struct cost_split){ 0 };
	c = cpu_split(1, &s, 0);
	CHECK_EQ(c.stack, 1);
}

CU_MAIN("cpu", TEST(siblings_share_a_core), TEST(spread_fills_cores_first),
	TEST(refuses_more_threads_than_the_machine_has), TEST(slows_down_beside_a_busy_sibling),
	TEST(contends_with_other_cores), TEST(rounds_up_and_never_to_zero), TEST(split_adds_up))
