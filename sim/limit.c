/* SPDX-License-Identifier: MIT */
/*
 * limit.c - utilisations of a window and their maximum; see limit.h
 */
#include "sim/limit.h"

void limit_ports_count(struct limit_ports *p, const struct topology *t)
{
	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < t->sc->server.nic.ports; i++)
		for (uint32_t side = 0; side < 2; side++) {
			const struct link_end *end = link_end_of(t->link[i], side);

			p->frames[i][side] = end->n_frames;
			p->bytes[i][side] = end->n_bytes;
		}
}

void limit_ports_since(struct limit_ports *p, const struct limit_ports *earlier)
{
	for (uint32_t i = 0; i < NIC_PORTS_MAX; i++)
		for (uint32_t side = 0; side < 2; side++) {
			p->frames[i][side] -= earlier->frames[i][side];
			p->bytes[i][side] -= earlier->bytes[i][side];
		}
}

/* @used of what there is in @ns at @rate a second. Counting where a window begins and ends is a
 * frame or so off, so it may come out a little above 100. */
static double percent(uint64_t used, uint64_t rate, nsec ns)
{
	double pct = rate && ns ? (double)used * 1e11 / (double)rate / (double)ns : 0;

	return MIN(pct, 100);
}

static void judge_ports(struct limit *l, const struct topology *t, nsec ns,
			const struct limit_ports *p)
{
	const struct scenario *sc = t->sc;

	for (uint32_t i = 0; i < NIC_PORTS_MAX; i++)
		for (uint32_t side = 0; side < 2; side++) {
			uint64_t frames = p->frames[i][side];
			uint64_t bytes = p->bytes[i][side] + frames * FRAME_WIRE_OVERHEAD;
			double link = percent(bytes * 8, sc->link.rate_bps, ns);
			double cap = percent(frames, sc->server.nic.port_pps_max, ns);

			l->link = MAX(l->link, link);
			l->cap = MAX(l->cap, cap);
		}
}

static void judge_cards(struct limit *l, const struct topology *t, nsec ns,
			const struct nic_counters *c)
{
	uint64_t rate = t->sc->server.nic.pcie_bps;

	for (uint32_t i = 0; i < NIC_CARDS_MAX; i++) {
		double up = percent(c->pcie_up[i] * 8, rate, ns);
		double down = percent(c->pcie_down[i] * 8, rate, ns);

		l->pcie_up = MAX(l->pcie_up, up);
		l->pcie_down = MAX(l->pcie_down, down);
	}
}

static void judge_host(struct limit *l, nsec ns, const struct host_counts *c)
{
	for (uint32_t i = 0; i < CPU_THREADS_MAX; i++) {
		double busy = percent(c->thread_busy_ns[i], NSEC_PER_SEC, ns);

		l->core = MAX(l->core, busy);
	}
	for (int i = 0; i < LOCKS; i++) {
		double held = percent(c->lock_held_ps[i] / 1000, NSEC_PER_SEC, ns);

		l->lock = MAX(l->lock, held);
	}
}

/* Without waiting for a lock that is itself the limit. */
static double core_used(const struct limit *l, const struct host_counts *c)
{
	double waits = 0;

	for (int i = 0; i < LOCKS && c->busy_ns; i++)
		waits += (double)c->lock_wait_ps[i] / 1e3 / (double)c->busy_ns;
	return l->lock >= LIMIT_PCT ? l->core * (1 - MIN(waits, 1)) : l->core;
}

void limit_judge(struct limit *l, const struct topology *t, nsec ns,
		 const struct host_counts *server, const struct limit_ports *ports,
		 uint64_t client_ns)
{
	int best = LIMIT_PCT - 1;	/* in whole percent */

	*l = (struct limit){ .client = percent(client_ns, NSEC_PER_SEC, ns), .name = "none" };
	judge_host(l, ns, server);
	judge_ports(l, t, ns, ports);
	judge_cards(l, t, ns, &server->nic);
	const struct { double pct; const char *name; } all[] = {
		{ l->link, "link" }, { l->cap, "packet cap" },
		{ MAX(l->pcie_up, l->pcie_down), "PCIe" }, { core_used(l, server), "core" },
		{ l->lock, "lock" }, { l->client, "client" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if ((int)(all[i].pct + 0.5) > best) {
			best = (int)(all[i].pct + 0.5);
			l->name = all[i].name;
		}
}
