/* SPDX-License-Identifier: MIT */
/*
 * limit.h - which resource limited a run: the most utilised one, if it was utilised enough
 *
 * Waiting for a lock keeps a core busy, so where a lock is utilised that much, waiting does
 * not count as use of the core. Utilisations are compared in whole percent, and the first
 * of this order wins among equals: link, packet cap, PCIe, core, lock, client. A core is busy
 * beside a full link whatever it could do: it takes what there is in smaller batches, which
 * cost more. Below LIMIT_PCT nothing was the limit: the load was not enough, or waiting for
 * answers was.
 */
#ifndef SIM_LIMIT_H
#define SIM_LIMIT_H

#include "sim/topology.h"

enum { LIMIT_PCT = 95 };

/* What arrived over the server's cables: from it, and at it. */
struct limit_ports {
	uint64_t frames[NIC_PORTS_MAX][2], bytes[NIC_PORTS_MAX][2];
};

/* Percent of the window, of the one most utilised. */
struct limit {
	double core;			/* server threads: in passes */
	double link;			/* ports of the server and directions */
	double cap;			/* ... of the packet cap */
	double pcie_up, pcie_down;	/* cards */
	double lock;
	double client;			/* client threads: in passes */
	const char *name;		/* of the limit, or "none" */
};

/** Count what the ports have seen; @p -= @earlier. */
void limit_ports_count(struct limit_ports *p, const struct topology *t);
void limit_ports_since(struct limit_ports *p, const struct limit_ports *earlier);

/** Over a window of @ns: what @server counted and @ports saw; the busiest client thread was busy
 * for @client_ns. */
void limit_judge(struct limit *l, const struct topology *t, nsec ns,
		 const struct host_counts *server, const struct limit_ports *ports,
		 uint64_t client_ns);

#endif
