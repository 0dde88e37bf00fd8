/* SPDX-License-Identifier: MIT */
/*
 * swarm.h - peers that talk at random and check every byte they hear
 *
 * One libix program plays both ends. A connection's number decides everything about it:
 * how much each side sends, in what pieces, how slowly it reads, and how the connection
 * ends. The client sends the number first, so the server knows it too.
 */
#ifndef TESTS_SIM_SWARM_H
#define TESTS_SIM_SWARM_H

#include "workloads/app.h"

/** Of one run; both workloads read it. */
struct swarm_cfg {
	uint64_t seed;
	uint32_t conns;			/* a client opens this many, over spread_ns */
	uint32_t bytes_max;		/* either way, on one connection */
	uint64_t spread_ns;
	uint64_t start_ns;
};

/** What became of an instance's connections. */
struct swarm_tally {
	uint32_t begun, ended;
	uint32_t orderly, aborted;	/* ended as the plan said */
	uint32_t wrong;			/* did not */
	uint64_t bytes;			/* checked */
	char why[160];			/* the first thing that was wrong */
};

extern const struct app_ops swarm_server_ops, swarm_client_ops;

const struct swarm_tally *swarm_tally(void *app);

#endif
