/* SPDX-License-Identifier: MIT */
/*
 * budget.c - the latency budget; see budget.h
 */
#include "sim/budget.h"

const char *const budget_hop_names[HOP_NR] = {
	[HOP_TRANSMIT] = "transmit", [HOP_PCIE] = "pcie", [HOP_NIC] = "nic", [HOP_WIRE] = "wire",
	[HOP_SWITCH] = "switch", [HOP_QUEUE] = "queue", [HOP_STACK] = "stack", [HOP_APP] = "app",
};

void budget_init(struct budget *b, bool origin, nsec from, nsec to)
{
	memset(b, 0, sizeof(*b));
	b->origin = origin;
	b->from = from;
	b->to = to;
}

static struct budget_slot *slot_of(struct budget *b, uint32_t flow)
{
	return &b->slot[flow % BUDGET_SLOTS];
}

/* An answer is in: the hops from its request's pass to this one. */
static void finish(struct budget *b, const struct frame *f, nsec visible, nsec now)
{
	nsec took = now - visible;

	for (int i = 0; i < HOP_NR; i++)
		took += f->hop_ns[i];
	if (took > now || now - took < b->from || now - took >= b->to)
		return;
	for (int i = 0; i < HOP_NR; i++)
		b->sum_ns[i] += f->hop_ns[i];
	b->sum_ns[HOP_QUEUE] += now - visible;
	b->n++;
}

void budget_rx(struct budget *b, const struct frame *f, uint32_t flow, nsec visible, nsec now)
{
	struct budget_slot *s = slot_of(b, flow);

	assert(now >= visible);
	if (b->origin) {
		finish(b, f, visible, now);
		return;
	}
	s->flow = flow;
	s->at = now + 1;
	for (int i = 0; i < HOP_NR; i++)
		s->hop_ns[i] = f->hop_ns[i];
	s->hop_ns[HOP_QUEUE] += now - visible;
}

void budget_pass(struct budget *b, nsec now, const struct cpu_charge *c)
{
	b->pass_at = now;
	b->pass = *c;
}

static void add(struct frame *f, enum hop hop, uint64_t ns)
{
	f->hop_ns[hop] = (uint32_t)MIN(f->hop_ns[hop] + ns, UINT32_MAX);
}

void budget_tx(struct budget *b, struct frame *f, uint32_t flow)
{
	struct budget_slot *s = slot_of(b, flow);

	if (!b->origin && s->at != 0 && s->flow == flow) {
		for (int i = 0; i < HOP_NR; i++)
			add(f, (enum hop)i, s->hop_ns[i]);
		add(f, HOP_QUEUE, b->pass_at + 1 - s->at);
	}
	add(f, HOP_STACK, b->pass.stack);
	add(f, HOP_APP, b->pass.app);
	add(f, HOP_TRANSMIT, b->pass.transmit);
}

void budget_merge(struct budget *to, const struct budget *from)
{
	to->n += from->n;
	for (int i = 0; i < HOP_NR; i++)
		to->sum_ns[i] += from->sum_ns[i];
}
