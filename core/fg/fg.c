/* SPDX-License-Identifier: MIT */
/*
 * fg.c - flow lookup in the runs of flow groups
 *
 * Chains through the flows themselves: a lookup reads one word of the table and, when
 * the chain is one long, the flow it wanted. Not here: moving a group to another thread.
 */
#include "fg/fg.h"

uint32_t fg_buckets(uint32_t n_max)
{
	uint32_t part = 1;

	while (part * FG_COUNT < 2 * (uint64_t)n_max && part < BIT(24))
		part <<= 1;
	return part * FG_COUNT;
}

void fg_init(struct fg_table *t, uint32_t *head, void *nodes, uint32_t stride, uint32_t n_max,
	     const uint64_t key[2])
{
	uint32_t part = fg_buckets(n_max) / FG_COUNT;

	*t = (struct fg_table){
		.head = head,
		.nodes = nodes,
		.stride = stride,
		.part = part,
		.run_mask = FG_RUN * part - 1,
		.mask = FG_COUNT * part - 1,
		.key = { key[0], key[1] },
	};
}

static uint32_t slot_of(const struct fg_table *t, const struct flow_node *n)
{
	return (uint32_t)((size_t)((const uint8_t *)n - t->nodes) / t->stride);
}

void fg_insert(struct fg_table *t, struct flow_node *n, uint32_t bucket)
{
	n->next = t->head[bucket];
	t->head[bucket] = slot_of(t, n) + 1;
}

void fg_remove(struct fg_table *t, struct flow_node *n, uint32_t bucket)
{
	uint32_t *link = &t->head[bucket];

	while (fg_node(t, *link - 1) != n)
		link = &fg_node(t, *link - 1)->next;
	*link = n->next;
	n->next = 0;
}
