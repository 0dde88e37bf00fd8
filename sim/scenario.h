/* SPDX-License-Identifier: MIT */
/*
 * scenario.h - everything that decides a simulated run
 *
 * A server host and n client hosts on one switch (or back to back). Two equal scenarios
 * give equal bytes. The configuration reader fills it through scenario_sections().
 */
#ifndef SIM_SCENARIO_H
#define SIM_SCENARIO_H

#include "base/fault.h"
#include "dp/dp.h"
#include "sim/exec.h"
#include "sim/machine.h"
#include "sim/nic.h"

struct app_ops;

enum { SCENARIO_PATH_MAX = 255, SCENARIO_SECTIONS_MAX = 24 };

struct link_cfg {
	uint64_t rate_bps;
	uint64_t propagation_ns;
};

struct switch_cfg {
	bool present;			/* false: client 0 and server are cabled directly */
	bool cut_through;		/* forward after the header instead of the last bit */
	uint64_t latency_ns;		/* last (cut-through: first) bit in to first bit out */
	uint64_t buffer_bytes;		/* shared by all output queues */
	uint64_t ecn_bytes;		/* mark above this much in one queue; 0: never */
};

struct host_cfg {
	uint32_t threads;		/* elastic threads */
	bool smt_packed;		/* both hyperthreads of a core before the next core */
	char profile[SCENARIO_PATH_MAX + 1];	/* price list: a name in sim/prices/ or a path */
	char prices[SCENARIO_PATH_MAX + 1];	/* items that differ: "crossings 0 ns; ..." */
	struct dp_cfg dp;
	struct nic_cfg nic;
	struct exec_cfg exec;
	struct machine_cfg machine;
};

struct scenario {
	uint64_t seed;
	uint64_t warmup_ns;
	uint64_t duration_ns;		/* measured, after warm-up */
	uint32_t clients;		/* client hosts */
	uint32_t arp;			/* 0: static entries everywhere, 1: resolved on the wire */
	uint32_t workload;		/* index into workload_names: "echo", ..., "kv" */
	bool probe;			/* one more client host, unloaded, measures the latency */
	bool budget;			/* account every nanosecond of a request (slower) */
	char pcap[SCENARIO_PATH_MAX + 1];	/* capture at the server's port 0; "": none */
	char trace[SCENARIO_PATH_MAX + 1];	/* Chrome trace JSON; "": none */
	char series[SCENARIO_PATH_MAX + 1];	/* time series CSV; "": none */
	uint64_t series_period_ns;
	uint32_t series_flows;		/* the first so many flows are in it */
	struct link_cfg link;
	struct switch_cfg sw;
	struct fault_cfg fault;		/* on the server's links, both directions */
	struct host_cfg server, client;
	unsigned char server_app[1024];	/* configuration of the server workload's app_ops */
	unsigned char client_app[1024];
	/* Workloads that are not in workload_names: tests. NULL: the named one. */
	const struct app_ops *test_server, *test_client;
};

/** NULL-terminated; the knob `workload` is an index into it. */
extern const char *const workload_names[];

/** Every default, for the default workload. */
void scenario_defaults(struct scenario *sc);

/** Choose the workload and set its knobs, the client's and the server's, to their defaults. */
void scenario_workload(struct scenario *sc, uint32_t workload);

/** The two programs of @sc's workload. */
const struct app_ops *scenario_server_ops(const struct scenario *sc);
const struct app_ops *scenario_client_ops(const struct scenario *sc);

/**
 * The groups of @sc, given its workload. Paths: "", "link", "switch", "fault", "server",
 * "server.dp", "server.nic", "server.exec", "server.machine", the same of "client", "workload"
 * (the client's knobs), "workload.server". Returns how many were stored in @out.
 */
size_t scenario_sections(struct scenario *sc, struct section out[SCENARIO_SECTIONS_MAX]);

/** Contradictions no single knob can see. Returns 0, or -EINVAL and a sentence in @err. */
int scenario_check(const struct scenario *sc, char *err, size_t err_len);

#endif
