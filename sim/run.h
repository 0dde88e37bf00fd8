/* SPDX-License-Identifier: MIT */
/*
 * run.h - run a scenario, get its numbers
 */
#ifndef SIM_RUN_H
#define SIM_RUN_H

#include "sim/scenario.h"
#include "workloads/app.h"

/** One named number of a result: a CSV column, a JSON member. */
struct metric {
	char name[48];		/* lower_case with the unit last: "latency_p99_us" */
	double value;
	const char *doc;	/* one line, static */
};

enum { SIM_METRICS_MAX = 512 };

struct sim_result {
	uint64_t trace_hash;	/* of every frame and event of the run: the determinism oracle */
	uint64_t events;	/* engine events fired */
	nsec end;		/* virtual time at the end */
	uint64_t price_hash_server, price_hash_client;	/* of the price lists' bytes */
	bool client_bound;	/* a client, not the server, was the limit */
	char why[256];		/* ... the sentence that says so */
	const char *limit;	/* of the run (sim/limit.h): "core", "link", "packet cap", "PCIe",
				 * "lock", "client"; "connections": closed loop, all wait; "none":
				 * not loaded enough to tell */
	/* Of the probe where there is one, else of all clients; NULL when the workload has none. */
	struct hist *latency, *service;
	struct hist *load_latency;	/* of the clients beside a probe, or NULL */
	uint32_t n_rows;
	struct app_row *rows;	/* netpipe */
	uint32_t n_metrics;
	struct metric metrics[SIM_METRICS_MAX];
};

/** Told now and then how far the run is; returning false stops it. */
typedef bool sim_progress_fn(void *ctx, nsec now, nsec end);

/**
 * Run @sc to its end. Returns 0, or a negative errno and a sentence in @err: bad price
 * list, no memory, unwritable capture or trace. On 0 the caller owns @r (sim_result_free).
 */
int sim_run(const struct scenario *sc, struct sim_result *r, sim_progress_fn *progress, void *ctx,
	    char *err, size_t err_len);
void sim_result_free(struct sim_result *r);

/** The metric @name, or NULL. */
const struct metric *sim_metric(const struct sim_result *r, const char *name);

#endif
