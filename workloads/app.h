/* SPDX-License-Identifier: MIT */
/*
 * app.h - what a workload is to the world that runs it
 *
 * A workload is a libix program: it sees ix/ixev.h and this file. A world (sim/, hw/)
 * starts one instance an elastic thread, gives it memory in its window, and asks for its
 * report. It never calls the world: time is ixev_now(), randomness is its seed.
 */
#ifndef WORKLOADS_APP_H
#define WORKLOADS_APP_H

#include <stdbool.h>
#include <stddef.h>

#include "base/knob.h"
#include "ix/ixev.h"

struct hist;

/** What a started instance is told. */
struct app_env {
	void *mem;		/* zeroed, in the window, as mem_need() asked */
	size_t mem_len;
	void *shared;		/* of all instances of the host, in the window of each, as
				 * shared_need() asked; zeroed before thread 0 starts; else 0 */
	uint32_t thread;	/* of this instance on its host, among threads; 0 starts first */
	uint32_t threads;
	bool probe;		/* the one unloaded instance that measures; index 0 of n 1 */
	uint32_t max_calls;	/* of the thread's page; for ixev_init() */
	uint64_t seed;		/* the instance's own */
	uint32_t server_ip;	/* whom a client talks to, host order */
	uint16_t server_port;
	uint32_t index;		/* of this instance among n, over all hosts */
	uint32_t n;
	uint64_t unix_ns;	/* Unix time when ixev_now() was 0; 0: this world has none */
	uint64_t warmup_ns;	/* measure from here ... */
	uint64_t stop_ns;	/* ... to here; send nothing new afterwards */
	bool exact_wake;	/* the world enters the thread at next_due(), so that no timer is
				 * needed; else the instance arms one, as exact as the wheel */
};

/**
 * What an instance measured between warmup and stop; merged over instances by the world.
 * Rates (requests, bytes, conns_opened) count what completed in that time; latency, service,
 * slices, late, never_sent and unanswered cover the requests whose intended start lies in it.
 * conns_failed, conns_died, bad_bytes, misses and errors are of the whole run.
 */
struct app_report {
	uint64_t requests;		/* completed */
	uint64_t bytes;			/* payload bytes of completed requests, one direction */
	uint64_t conns_opened, conns_failed, conns_died;
	uint64_t conns_open;		/* established when the report was made */
	uint64_t late;			/* open loop: sent more than 1 us after intended */
	uint64_t never_sent;		/* open loop: due before stop and not sent by then */
	uint64_t unanswered;		/* sent and without a whole answer, lost connections too */
	uint64_t bad_bytes;		/* payload that was not what the peer should have sent */
	/* Key-value load: gets and sets are those among requests. */
	uint64_t gets, sets;
	uint64_t misses;		/* ... of gets, what the server does not have */
	uint64_t errors;		/* answers that were an error, or no answer at all */
	bool closed;			/* a client that asks again only when it is answered */
	uint64_t measured_from_ns;	/* when measuring began, if after warmup; else 0 */
	struct hist *latency;		/* ns, from the intended start; NULL on servers */
	struct hist *service;		/* ns, from the actual send */
	/* Means of equal time slices, for a confidence interval by batch means. */
	uint32_t n_slices;
	uint64_t slice_sum_ns[32];
	uint64_t slice_n[32];
	/* netpipe: one row a message size */
	uint32_t n_rows;
	const struct app_row *rows;
	/* bulk: payload bytes acknowledged, by flow */
	uint32_t n_flows;
	const uint64_t *flow_bytes;
};

/** What every server counts; opened, requests and bytes as app_report says. */
struct app_served {
	uint64_t requests, bytes, opened, refused, died, open;
};

/** Fill @r with @s, and what else it has with 0. */
void app_report_served(struct app_report *r, const struct app_served *s);

/** One size of netpipe. */
struct app_row {
	uint32_t bytes;
	uint64_t rounds;
	uint64_t total_ns;	/* of all its round trips */
};

struct app_ops {
	const char *name;		/* "echo", "echo-client", "netpipe", ... */
	const char *doc;
	bool client;
	bool probes;			/* a client that knows app_env.probe */
	const struct knob *knobs;	/* of its configuration struct */
	size_t n_knobs;
	size_t cfg_size;
	size_t (*mem_need)(const void *cfg, const struct app_env *env);
	/* Bytes that the instances of a host share, @env being thread 0's; NULL: none. Where
	 * threads run at once, what lies there is the workload's to lock. */
	size_t (*shared_need)(const void *cfg, const struct app_env *env);
	/* May be NULL. The connections an instance will have: what to reckon with, not a bound. */
	uint32_t (*conns)(const void *cfg, const struct app_env *env);
	/* Returns the instance, or NULL and a sentence in @err (of @err_len). */
	void *(*start)(const void *cfg, const struct app_env *env, char *err, size_t err_len);
	struct ixev *(*ev)(void *app);		/* what the world enters with ixev_run() */
	void (*report)(void *app, struct app_report *r);	/* adds to nothing: fills @r */
	/* A bounded client has done all it was asked; NULL of servers, which never have. */
	bool (*finished)(void *app);
	/* May be NULL. When the instance next wants to act without an event: 0 before its first
	 * entry, UINT64_MAX for never. Valid between entries. A world that can enters the
	 * thread exactly then (and says so in exact_wake). */
	uint64_t (*next_due)(void *app);
	/* May be NULL. There will be an entry soon, perhaps because of next_due(): fetch what it
	 * touches, change nothing. Returns the connection that sends then, or NULL. */
	const struct ixev_ctx *(*fetch)(const void *app);
};

extern const struct app_ops echo_server_ops, echo_client_ops;
extern const struct app_ops netpipe_server_ops, netpipe_client_ops;
extern const struct app_ops stream_server_ops, stream_client_ops;
extern const struct app_ops bulk_server_ops, bulk_client_ops;
extern const struct app_ops kv_server_ops, kv_client_ops;

/** By name, or NULL. */
const struct app_ops *app_find(const char *name);
extern const struct app_ops *const app_all[];	/* NULL-terminated */

#endif
