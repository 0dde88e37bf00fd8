/* SPDX-License-Identifier: MIT */
/*
 * test_fg.c - flows are found, and their chains are short whatever part of the groups is here
 */
#include <stdlib.h>

#include "base/rng.h"
#include "fg/fg.h"
#include "tests/unit/cu.h"

enum { N = 4096 };

static struct flow_node node[N];
static uint32_t rss[N];
static uint32_t *head;
static struct fg_table table;

/* Flows of every @each-th group from @first on, as RSS gives them to one of @each queues. */
static void fill(uint32_t each, uint32_t first)
{
	static const uint64_t key[2] = { 1, 2 };
	struct rng r;

	rng_stream(&r, 7, each);
	head = calloc(fg_buckets(N), sizeof(*head));
	memset(node, 0, sizeof(node));
	fg_init(&table, head, node, sizeof(node[0]), N, key);
	for (uint32_t i = 0; i < N; i++) {
		struct flow *f = &node[i].flow;

		*f = (struct flow){ .laddr = 1, .raddr = i >> 8, .lport = 7, .rport = (uint16_t)i };
		rss[i] = (uint32_t)rng_u64(&r) / FG_COUNT * FG_COUNT +
			 (uint32_t)rng_below(&r, FG_COUNT / each) * each + first;
		fg_insert(&table, &node[i], fg_bucket(&table, f, rss[i]));
	}
}

/* Nodes read to find every flow. */
static uint32_t reads(void)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < N; i++) {
		uint32_t slot = head[fg_bucket(&table, &node[i].flow, rss[i])] - 1;

		for (n++; slot != i; n++)
			slot = node[slot].next - 1;
	}
	return n;
}

/* Two buckets a flow: 1.25 reads a lookup when they are spread evenly. */
static void chains_are_short(void)
{
	for (uint32_t each = 1; each <= FG_RUN; each *= 2) {
		fill(each, each / 2);
		CHECK(reads() < N * 13 / 10);
		free(head);
	}
	fill(FG_COUNT, 5);		/* one group: its run holds an eighth of the table */
	CHECK(reads() < N * 6);
	free(head);
}

/* A group's flows are in its run and nowhere else. */
static void a_group_is_a_run(void)
{
	uint32_t buckets = fg_buckets(N);

	fill(1, 0);
	for (uint32_t i = 0; i < N; i++) {
		uint32_t from = rss[i] % FG_COUNT * (buckets / FG_COUNT);
		uint32_t at = (fg_bucket(&table, &node[i].flow, rss[i]) - from) % buckets;

		CHECK(at < FG_RUN * (buckets / FG_COUNT));
	}
	free(head);
}

static void what_was_inserted_is_found_until_removed(void)
{
	fill(1, 0);
	for (uint32_t i = 0; i < N; i++) {
		uint32_t bucket = fg_bucket(&table, &node[i].flow, rss[i]);
		struct flow copy = node[i].flow;

		CHECK(fg_find(&table, &copy, bucket) == &node[i]);
		fg_remove(&table, &node[i], bucket);
		CHECK(fg_find(&table, &copy, bucket) == NULL);
	}
	for (uint32_t i = 0; i < fg_buckets(N); i++)
		CHECK_EQ(head[i], 0);
	free(head);
}

CU_MAIN("fg", TEST(chains_are_short), TEST(a_group_is_a_run),
	TEST(what_was_inserted_is_found_until_removed))
