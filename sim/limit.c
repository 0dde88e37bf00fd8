/* SPDX-License-Identifier: MIT */
/*
 * limit.c - utilisations of a window and their maximum; see limit.h
 */
#include "sim/limit.h"

void limit_ports_count(struct limit_ports *p, const struct topology *t)
{
	memset(p, 0, sizeof(*p));
	for (uint32_t i = 0; i < t->n_links; i++)
		for (uint32_t side = 0; side < 2; side++) {
			const struct link_end *end = link_end_of(t->link[i], side);

			p->frames[i][side] = end->n_frames;
			p->bytes[i][side] = end->n_bytes;
		}
	for (uint32_t id = 0; id < t->n_hosts; id++) {
		const struct nic_counters *c = sim_nic_counters(t->host[id]->nic);

		memcpy(p->pcie_up[id], c->pcie_up, sizeof(c->pcie_up));
		memcpy(p->pcie_down[id], c->pcie_down, sizeof(c->pcie_down));
	}
}

void limit_ports_since(struct limit_ports *p, const struct limit_ports *earlier)
{
	counts_since(p, earlier, sizeof(*p));
}

/* @used of what there is in @ns at @rate a second. Counting where a window begins and ends is a
 * frame or so off, so it may come out a little above 100. */
static double percent(uint64_t used, uint64_t rate, nsec ns)
{
	double pct = rate && ns ? (double)used * 1e11 / (double)rate / (double)ns : 0;

	return MIN(pct, 100);
}

/* Port @i of a NIC of @cfg, the busier direction. */
static void judge_port(struct limit_nic *l, const struct topology *t, nsec ns,
		       const struct nic_cfg *cfg, const struct limit_ports *p, uint32_t i)
{
	for (uint32_t side = 0; side < 2; side++) {
		uint64_t frames = p->frames[i][side];
		uint64_t bytes = p->bytes[i][side] + frames * FRAME_WIRE_OVERHEAD;
		double link = percent(bytes * 8, t->sc->link.rate_bps, ns);
		double cap = percent(frames, cfg->port_pps_max, ns);

		l->link = MAX(l->link, link);
		l->cap = MAX(l->cap, cap);
	}
}

/* Host @id with its ports from @first on: the server has several, a client one. Back to back
 * both are at the same cable. */
static struct limit_nic judge_nic(const struct topology *t, nsec ns, const struct limit_ports *p,
				  uint32_t id, uint32_t first, uint32_t ports)
{
	const struct nic_cfg *cfg = id ? &t->sc->client.nic : &t->sc->server.nic;
	struct limit_nic l = { 0 };

	for (uint32_t i = 0; i < ports; i++)
		judge_port(&l, t, ns, cfg, p, first + i);
	for (uint32_t i = 0; i < NIC_CARDS_MAX; i++) {
		double up = percent(p->pcie_up[id][i] * 8, cfg->pcie_bps, ns);
		double down = percent(p->pcie_down[id][i] * 8, cfg->pcie_bps, ns);

		l.pcie_up = MAX(l.pcie_up, up);
		l.pcie_down = MAX(l.pcie_down, down);
	}
	return l;
}

static void judge_host(struct limit *l, nsec ns, const struct host_counts *c)
{
	double waits = 0;

	for (uint32_t i = 0; i < CPU_THREADS_MAX; i++) {
		double busy = percent(c->thread_busy_ns[i], NSEC_PER_SEC, ns);

		l->core = MAX(l->core, busy);
	}
	for (int i = 0; i < LOCKS; i++) {
		double held = percent(c->lock_held_ps[i] / 1000, NSEC_PER_SEC, ns);

		l->lock = MAX(l->lock, held);
		if (c->busy_ns)
			waits += (double)c->lock_wait_ps[i] / 1e3 / (double)c->busy_ns;
	}
	l->working = l->core * (1 - MIN(waits, 1));
}

/* Of the clients' NICs the one nearest to its end. */
static void judge_clients(struct limit *l, const struct topology *t, nsec ns,
			  const struct limit_ports *p)
{
	for (uint32_t id = 1; id < t->n_hosts; id++) {
		uint32_t port = t->sw ? t->sc->server.nic.ports + id - 1 : 0;
		struct limit_nic nic = judge_nic(t, ns, p, id, port, 1);
		const struct { double pct; const char *part; } all[] = {
			{ nic.link, "link" }, { nic.cap, "packet cap" },
			{ MAX(nic.pcie_up, nic.pcie_down), "PCIe" },
		};

		for (size_t i = 0; i < ARRAY_LEN(all); i++)
			if (all[i].pct > l->client_nic) {
				l->client_nic = all[i].pct;
				l->client_part = all[i].part;
				l->client_id = id;
			}
	}
}

void limit_judge(struct limit *l, const struct topology *t, nsec ns,
		 const struct host_counts *server, const struct limit_ports *ports,
		 uint64_t client_ns)
{
	int best = LIMIT_PCT - 1;	/* in whole percent */
	bool waits;

	*l = (struct limit){ .client_cpu = percent(client_ns, NSEC_PER_SEC, ns), .name = "none" };
	judge_host(l, ns, server);
	l->nic = judge_nic(t, ns, ports, 0, 0, t->sc->server.nic.ports);
	judge_clients(l, t, ns, ports);
	waits = l->lock > l->working;
	const struct { double pct; const char *name; } all[] = {
		{ l->nic.link, "link" }, { l->nic.cap, "packet cap" },
		{ MAX(l->nic.pcie_up, l->nic.pcie_down), "PCIe" },
		{ waits ? l->working : l->core, "core" },
		{ waits ? MAX(l->lock, l->core) : l->lock, "lock" },
		{ MAX(l->client_cpu, l->client_nic), "client" },
	};

	for (size_t i = 0; i < ARRAY_LEN(all); i++)
		if ((int)(all[i].pct + 0.5) > best) {
			best = (int)(all[i].pct + 0.5);
			l->name = all[i].name;
		}
}
