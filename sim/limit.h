/* SPDX-License-Identifier: MIT */
/*
 * limit.h - which resource limited a run: the most utilised one, if it was utilised enough
 *
 * Waiting for a lock keeps a core busy. Where a lock is utilised more than cores are without
 * that waiting, they are busy for the lock's sake: it is the limit, not they.
 * Utilisations are compared in whole percent, and the first of this order wins among equals:
 * link, packet cap, PCIe, core, lock, client. A core is busy beside a full link whatever it
 * could do: it takes what there is in smaller batches, which cost more. A client is its
 * processors, link, packet cap and PCIe; where its cable is as full as the server's, the link is
 * the limit.
 * Below LIMIT_PCT nothing was the limit: the load was not enough, or waiting for answers was.
 */
#ifndef SIM_LIMIT_H
#define SIM_LIMIT_H

#include "sim/topology.h"

enum { LIMIT_PCT = 95 };

/* What arrived over all cables, by the index of the topology and direction, and bytes over PCIe by
 * host and card. */
struct limit_ports {
	uint64_t frames[TOPOLOGY_LINKS_MAX][2], bytes[TOPOLOGY_LINKS_MAX][2];
	uint64_t pcie_up[TOPOLOGY_HOSTS_MAX][NIC_CARDS_MAX];
	uint64_t pcie_down[TOPOLOGY_HOSTS_MAX][NIC_CARDS_MAX];
};

/* Percent of the window, of the port, direction or card most utilised. */
struct limit_nic {
	double link;
	double cap;			/* of the packet cap */
	double pcie_up, pcie_down;
};

/* Percent of the window, of the one most utilised. */
struct limit {
	double core;			/* server threads: in passes */
	double working;			/* ... without waiting for locks */
	double lock;
	struct limit_nic nic;		/* of the server */
	double client_cpu;		/* client threads: in passes */
	double client_nic;		/* of one part of one client's NIC */
	const char *client_part;	/* ... "link", "packet cap", "PCIe", or NULL if unused */
	uint32_t client_id;		/* ... of that host */
	const char *name;		/* of the limit, or "none" */
};

/** Count what cables and cards have seen; @p -= @earlier. */
void limit_ports_count(struct limit_ports *p, const struct topology *t);
void limit_ports_since(struct limit_ports *p, const struct limit_ports *earlier);

/** Over a window of @ns: what @server counted and @ports saw; the busiest client thread was busy
 * for @client_ns. */
void limit_judge(struct limit *l, const struct topology *t, nsec ns,
		 const struct host_counts *server, const struct limit_ports *ports,
		 uint64_t client_ns);

#endif
