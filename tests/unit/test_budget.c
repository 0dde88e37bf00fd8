/* SPDX-License-Identifier: MIT */
/*
 * test_budget.c - hops add up to the round trip, through two hosts and back
 *
 * A hand-made ping-pong whose every stage is known; tests/sim runs the real one.
 */
#include <stdlib.h>

#include "base/rng.h"
#include "cu.h"
#include "sim/budget.h"

static struct budget client, server;
static struct rng rng;

static void setup(nsec from, nsec to)
{
	budget_init(&client, true, from, to);
	budget_init(&server, false, from, to);
	rng_stream(&rng, 1, 1);
}

/* The network: random time in each of its stages. Returns when @f is visible. */
static nsec cross(struct frame *f, nsec at)
{
	static const enum hop stages[] = { HOP_PCIE, HOP_NIC, HOP_WIRE, HOP_SWITCH, HOP_QUEUE };

	for (size_t i = 0; i < ARRAY_LEN(stages); i++) {
		uint32_t ns = (uint32_t)rng_below(&rng, 1000);

		f->hop_ns[stages[i]] += ns;
		at += ns;
	}
	return at;
}

static struct cpu_charge pass_of(nsec total)
{
	return (struct cpu_charge){ .total = total, .stack = total / 2, .app = total / 4,
				    .transmit = total - total / 2 - total / 4 };
}

/* A pass of @b at @now that sends @f. Returns the doorbell. */
static nsec send(struct budget *b, struct frame *f, uint32_t flow, nsec now)
{
	struct cpu_charge c = pass_of(100 + rng_below(&rng, 900));

	memset(f, 0, offsetof(struct frame, data));
	budget_pass(b, now, &c);
	budget_tx(b, f, flow);
	return now + c.total;
}

/* One request at @t0; the server answers @later ns after the pass that took it. Returns when
 * the client's pass takes the answer. */
static nsec ping(uint32_t flow, nsec t0, nsec later)
{
	static struct frame f;
	nsec visible = cross(&f, send(&client, &f, flow, t0)), taken = visible + 77;

	budget_rx(&server, &f, flow, visible, taken);
	visible = cross(&f, send(&server, &f, flow, taken + later));
	taken = visible + 33;
	budget_rx(&client, &f, flow, visible, taken);
	return taken;
}

static uint64_t sum(void)
{
	uint64_t ns = 0;

	for (int i = 0; i < HOP_NR; i++)
		ns += client.sum_ns[i];
	return ns;
}

static void sum_is_the_round_trip(void)
{
	nsec now = 1000, total = 0;

	setup(0, NSEC_NEVER);
	for (int i = 0; i < 1000; i++) {
		nsec end = ping(42, now, i % 3 == 0 ? 5000 : 0);

		total += end - now;
		CHECK_EQ(sum(), total);
		now = end + rng_below(&rng, 100);
	}
	CHECK_EQ(client.n, 1000);
	CHECK(client.sum_ns[HOP_APP] > 0 && client.sum_ns[HOP_TRANSMIT] > 0);
	CHECK(client.sum_ns[HOP_QUEUE] >= 1000 * (77 + 33) + 334 * 5000);
}

static void window_is_by_request(void)
{
	nsec end;

	setup(10000, 20000);
	ping(1, 9999, 0);
	CHECK_EQ(client.n, 0);
	ping(1, 10000, 0);
	CHECK_EQ(client.n, 1);
	end = ping(1, 19999, 0);
	CHECK(end > 20000);
	CHECK_EQ(client.n, 2);
	ping(1, 20000, 0);
	CHECK_EQ(client.n, 2);
}

/* A frame the server sends on a flow it has nothing of carries its own pass only. */
static void flows_do_not_mix(void)
{
	static struct frame f;
	nsec visible;

	setup(0, NSEC_NEVER);
	visible = cross(&f, send(&client, &f, 5, 0));
	budget_rx(&server, &f, 5, visible, visible);
	send(&server, &f, 5 + BUDGET_SLOTS, visible);
	CHECK_EQ(f.hop_ns[HOP_WIRE], 0);
	CHECK_EQ(f.hop_ns[HOP_STACK] + f.hop_ns[HOP_APP] + f.hop_ns[HOP_TRANSMIT],
		 server.pass.total);
}

static void hops_clamp_instead_of_wrapping(void)
{
	static struct frame f;

	setup(0, NSEC_NEVER);
	memset(&f, 0, offsetof(struct frame, data));
	budget_rx(&server, &f, 9, 10, 10);
	send(&server, &f, 9, 10 + (nsec)UINT32_MAX * 2);
	CHECK_EQ(f.hop_ns[HOP_QUEUE], UINT32_MAX);
}

static void merge_adds(void)
{
	struct budget *all = calloc(1, sizeof(*all));

	CHECK(all != NULL);
	if (!all)
		return;
	setup(0, NSEC_NEVER);
	ping(1, 100, 0);
	budget_merge(all, &client);
	budget_merge(all, &client);
	CHECK_EQ(all->n, 2);
	CHECK_EQ(all->sum_ns[HOP_WIRE], 2 * client.sum_ns[HOP_WIRE]);
	free(all);
}

CU_MAIN("budget", TEST(sum_is_the_round_trip), TEST(window_is_by_request), TEST(flows_do_not_mix),
	TEST(hops_clamp_instead_of_wrapping), TEST(merge_adds))
