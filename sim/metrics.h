/* SPDX-License-Identifier: MIT */
/*
 * metrics.h - from counters and reports to the named numbers of a struct sim_result
 */
#ifndef SIM_METRICS_H
#define SIM_METRICS_H

#include "sim/limit.h"
#include "sim/run.h"
#include "sim/topology.h"

/** Both groups of hosts over the measured window. */
struct metrics_window {
	nsec ns;				/* its length */
	struct host_counts server, clients;	/* clients: summed */
	uint64_t client_thread_busy_ns[TOPOLOGY_HOSTS_MAX][CPU_THREADS_MAX];
	uint32_t busiest_client, busiest_thread;
	uint64_t client_busy_max_ns;		/* of that one */
	struct limit_ports ports;
	uint64_t item_held_ps[STRIPES];		/* of the server's item locks */
};

/** Everything counted as of @now, client hosts summed; the busiest thread is not looked for. */
void metrics_count(const struct topology *t, nsec now, struct metrics_window *w);

/** What sums do not tell of the time between @earlier and @w: the client thread that was busiest,
 * and how long the item lock was held that was held most, the one that can be the limit. */
void metrics_busiest(const struct topology *t, struct metrics_window *w,
		    const struct metrics_window *earlier);

/** @r->metrics, rows, histograms and the client-bound verdict. Returns 0 or -ENOMEM. */
int metrics_fill(struct sim_result *r, const struct topology *t, const struct metrics_window *w);

/** Half width of the 95% confidence interval of the mean of @x[@n] (Student), 0 for n < 2. */
double metrics_ci95(const double *x, uint32_t n);

#endif
