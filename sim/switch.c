/* SPDX-License-Identifier: MIT */
/*
 * switch.c - an output-queued switch, see switch.h
 *
 * A frame is handled when its last bit is in, at t. Store and forward: its first bit may
 * leave at t + latency. Cut-through: at (first bit in) + latency, which is t - frame_ns +
 * latency and may be before t. That is sound: nothing downstream acts on a first bit, and
 * the last bit cannot overtake itself, because an output that is faster than the input
 * stores and forwards as real switches do (it would run dry in the middle of the frame).
 * Another input's frame that arrives between that start and t was handled at its own last
 * bit and so holds the output already: the queue is in order of last bits in, off from the
 * order of first bits by at most one frame.
 */
#include "sim/switch.h"

#include <stdlib.h>

#include "sim/link.h"
#include "sim/scenario.h"

const struct knob switch_knobs[] = {
	{ .name = "present", .off = offsetof(struct switch_cfg, present), .type = KNOB_BOOL,
	  .def = 1, .doc = "hosts meet at a switch; false: client 0 is cabled to the server" },
	{ .name = "cut_through", .off = offsetof(struct switch_cfg, cut_through),
	  .type = KNOB_BOOL, .def = 1, .doc = "forward after the header, not the last bit" },
	{ .name = "latency", .off = offsetof(struct switch_cfg, latency_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .min = 0, .max = NSEC_PER_SEC, .def = 300,
	  .doc = "last (cut-through: first) bit in to first bit out" },
	{ .name = "buffer", .off = offsetof(struct switch_cfg, buffer_bytes), .type = KNOB_U64,
	  .unit = UNIT_BYTES, .min = FRAME_MAX, .max = 1ULL << 30, .def = 9000000,
	  .doc = "packet memory shared by all output queues (Trident+: 9 MB)" },
	{ .name = "ecn", .off = offsetof(struct switch_cfg, ecn_bytes), .type = KNOB_U64,
	  .unit = UNIT_BYTES, .min = 0, .max = 1ULL << 30, .def = 0,
	  .doc = "mark ECN-capable packets above this much in one queue; 0: never" },
};
const size_t n_switch_knobs = ARRAY_LEN(switch_knobs);

enum {
	MACS = 4096,		/* table slots, power of two */
	MACS_MAX = MACS / 4 * 3,
	HEADER = 46,		/* preamble, Ethernet, IPv4 and ports: what forwarding reads */
};

struct sw_port {
	struct port in;
	struct sim_switch *sw;
	struct link_end *out;
	uint32_t group;		/* index of its bond's first port */
	uint32_t members;	/* of the group, valid at its first port */
	uint64_t header_ns;
};

struct mac_entry {
	uint64_t mac;		/* 0: free */
	uint32_t group;
};

struct sim_switch {
	struct engine *engine;
	struct frame_pool *fp;
	struct switch_cfg cfg;
	struct switch_counters counters;
	uint64_t held;		/* bytes in all output queues, those sent lately included */
	uint32_t n_ports, n_macs;
	struct mac_entry macs[MACS];
	struct sw_port ports[];
};

static inline uint64_t mac_load(const uint8_t *p)
{
	return (uint64_t)be16_load(p) << 32 | be32_load(p + 2);
}

static inline bool mac_is_group(uint64_t mac) { return (mac >> 40 & 1) != 0; }

/* The entry of @mac, or the free one where it belongs. Ends: the table is never full. */
static inline struct mac_entry *mac_find(struct sim_switch *sw, uint64_t mac)
{
	uint64_t i = mac * 0x9e3779b97f4a7c15ULL >> 52;

	_Static_assert(MACS == 1 << 12, "the shift above");
	while (sw->macs[i].mac != 0 && sw->macs[i].mac != mac)
		i = (i + 1) % MACS;
	return &sw->macs[i];
}

static inline void learn(struct sim_switch *sw, uint64_t mac, uint32_t group)
{
	struct mac_entry *m;

	if (mac == 0 || mac_is_group(mac))
		return;
	m = mac_find(sw, mac);
	if (m->mac == 0) {
		if (sw->n_macs == MACS_MAX)
			return;		/* stays unknown: flooded, as in a real switch */
		sw->n_macs++;
		m->mac = mac;
	}
	m->group = group;
}

/* Room for @f in the shared buffer. `held` may count bytes that are out already: it is
 * made exact only when it matters. */
static bool admit(struct sim_switch *sw, const struct frame *f, nsec now)
{
	if (sw->held + f->len > sw->cfg.buffer_bytes) {
		for (uint32_t i = 0; i < sw->n_ports; i++) {
			if (sw->ports[i].out != NULL)
				link_backlog_bytes(sw->ports[i].out, now);
		}
		if (sw->held + f->len > sw->cfg.buffer_bytes)
			return false;
	}
	sw->held += f->len;
	if (sw->held > sw->counters.buffer_high)
		sw->counters.buffer_high = sw->held;
	return true;
}

/* When @f can leave @to, having arrived whole from @from at @now. Accounts the hop. */
static nsec ready_at(struct sw_port *from, struct sw_port *to, struct frame *f, nsec now)
{
	const struct switch_cfg *cfg = &from->sw->cfg;
	uint64_t latency_ns = cfg->latency_ns;
	uint64_t overlap_ns = 0;

	if (cfg->cut_through && from->out != NULL &&
	    to->out->wire.rate <= from->out->wire.rate) {
		overlap_ns = link_frame_ns(from->out, f->len);
		latency_ns = MAX(latency_ns, from->header_ns);
	}
	f->hop_ns[HOP_SWITCH] += (uint32_t)latency_ns;
	f->hop_ns[HOP_WIRE] -= (uint32_t)overlap_ns;	/* the output counts them again */
	return now + latency_ns - overlap_ns;
}

/* Takes @f. */
static void forward(struct sw_port *from, uint32_t group, struct frame *f, nsec now)
{
	struct sim_switch *sw = from->sw;
	struct sw_port *to = &sw->ports[group];

	if (to->members > 1)
		to += (uint64_t)frame_bond_hash(f) * to->members >> 32;
	if (to->out == NULL || !admit(sw, f, now)) {
		sw->counters.drop_buffer += to->out != NULL;
		frame_put(sw->fp, f);
		return;
	}
	if (sw->cfg.ecn_bytes != 0 && link_backlog_bytes(to->out, now) > sw->cfg.ecn_bytes)
		sw->counters.ecn_marked += frame_ecn_mark(f);
	sw->counters.frames++;
	sw->counters.bytes += f->len;
	link_send(to->out, f, ready_at(from, to, f, now));
}

static void flood(struct sw_port *from, struct frame *f, nsec now)
{
	struct sim_switch *sw = from->sw;

	sw->counters.flooded++;
	for (uint32_t i = 0; i < sw->n_ports; i++) {
		if (sw->ports[i].group == i && i != from->group)
			forward(from, i, frame_dup(sw->fp, f), now);
	}
	frame_put(sw->fp, f);
}

static void port_rx(struct port *p, struct frame *f, nsec now)
{
	struct sw_port *from = container_of(p, struct sw_port, in);
	struct sim_switch *sw = from->sw;
	uint64_t dst = mac_load(f->data), src = mac_load(f->data + 6);
	const struct mac_entry *m;

	if (!(f->flags & FRAME_BYTES_SUSPECT))	/* as a real one does not before the FCS */
		learn(sw, src, from->group);
	m = mac_find(sw, dst);
	if (mac_is_group(dst) || m->mac == 0) {
		flood(from, f, now);
	} else if (m->group == from->group) {
		sw->counters.filtered++;
		frame_put(sw->fp, f);
	} else {
		forward(from, m->group, f, now);
	}
}

struct sim_switch *sim_switch_new(struct engine *e, struct frame_pool *fp,
				  const struct switch_cfg *cfg, uint32_t ports)
{
	struct sim_switch *sw;

	assert(ports > 0 && ports <= SWITCH_PORTS_MAX);
	sw = calloc(1, sizeof(*sw) + ports * sizeof(sw->ports[0]));
	if (sw == NULL)
		return NULL;
	sw->engine = e;
	sw->fp = fp;
	sw->cfg = *cfg;
	sw->n_ports = ports;
	for (uint32_t i = 0; i < ports; i++) {
		sw->ports[i].in.rx = port_rx;
		sw->ports[i].sw = sw;
		sw->ports[i].group = i;
		sw->ports[i].members = 1;
	}
	return sw;
}

void sim_switch_free(struct sim_switch *sw)
{
	free(sw);
}

struct port *sim_switch_port(struct sim_switch *sw, uint32_t i)
{
	assert(i < sw->n_ports);
	return &sw->ports[i].in;
}

void sim_switch_cable(struct sim_switch *sw, uint32_t i, struct link_end *out)
{
	assert(i < sw->n_ports);
	sw->ports[i].out = out;
	sw->ports[i].header_ns = HEADER * 8 * NSEC_PER_SEC / out->wire.rate;
	out->shared_bytes = &sw->held;
}

void sim_switch_bond(struct sim_switch *sw, uint32_t first, uint32_t n)
{
	assert(n > 0 && n <= sw->n_ports && first <= sw->n_ports - n);
	for (uint32_t i = first; i < first + n; i++)
		sw->ports[i].group = first;
	sw->ports[first].members = n;
}

void sim_switch_learn(struct sim_switch *sw, const uint8_t mac[6], uint32_t i)
{
	assert(i < sw->n_ports);
	learn(sw, mac_load(mac), sw->ports[i].group);
}

uint64_t sim_switch_queue_bytes(const struct sim_switch *sw, uint32_t i, nsec now)
{
	assert(i < sw->n_ports);
	return sw->ports[i].out != NULL ? link_queue_bytes(sw->ports[i].out, now) : 0;
}

const struct switch_counters *sim_switch_counters(const struct sim_switch *sw)
{
	return &sw->counters;
}
