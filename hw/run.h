/* SPDX-License-Identifier: MIT */
/*
 * run.h - one elastic thread and one workload on a real network interface
 *
 * The command line fills struct hw_cfg: hw_defaults() first, then the knobs of
 * hw_sections() (from options and files), then hw_run(), which checks it, brings the
 * interface up and stays until the client has finished or a signal ends it.
 *
 *	struct hw_cfg cfg;
 *	hw_defaults(&cfg, app_find("echo"));
 *	n = hw_sections(&cfg, sec);	... set knobs ...
 *	if (hw_run(&cfg, stdout, err, sizeof(err)) < 0)
 *		fprintf(stderr, "ix serve: %s\n", err);
 *
 * Not here: command line and configuration files (cli/), the interface (hw/tap_nic.h).
 */
#ifndef HW_RUN_H
#define HW_RUN_H

#include <stdio.h>

#include "base/fault.h"
#include "dp/dp.h"
#include "workloads/app.h"

enum { HW_SECTIONS_MAX = 8, HW_APP_CFG_MAX = 1024 };

/** Everything that decides a run; hw_knobs[] describes every scalar of the top level. */
struct hw_cfg {
	char nic[64];		/* "tap:NAME" (made if it does not exist) or "packet:NAME" */
	char ip[20];		/* ours, "10.9.0.2/24" */
	char gateway[16];	/* "10.9.0.1"; "": none */
	char mac[18];		/* ours, "02:49:0a:09:00:02"; "": made of ip, or the device's */
	char peer_ip[20];	/* tap: give the kernel's side this address; "": leave it alone */
	char target[24];	/* clients: "10.9.0.1:7" */
	uint32_t port;		/* servers: listen here */
	uint64_t seed;		/* 0: secrets and seeds from the kernel's generator */
	uint64_t warmup_ns;	/* clients: not measured */
	uint64_t duration_ns;	/* clients: measured, after warm-up; 0: until the client has
				 * done what its workload bounds. Servers: then exit; 0: never */
	uint64_t spin_ns;	/* poll at most this long before sleeping; 0: sleep at once */
	bool stats;		/* print every counter that is not zero at the end */
	struct dp_cfg dp;
	struct fault_cfg fault;	/* applied to both directions */
	const struct app_ops *app;	/* set by hw_defaults() */
	_Alignas(16) unsigned char app_cfg[HW_APP_CFG_MAX];	/* configuration of app */
};

extern const struct knob hw_knobs[];
extern const size_t n_hw_knobs;

/** Every default, for the workload @app (server or client); an echo server's size is 0: it echoes
 * the stream. */
void hw_defaults(struct hw_cfg *cfg, const struct app_ops *app);

/**
 * The groups of @cfg. Paths: "" (hw_knobs), "dp", "fault", "workload". Returns how many
 * were stored in @out.
 */
size_t hw_sections(struct hw_cfg *cfg, struct section out[HW_SECTIONS_MAX]);

/** What is wrong with @cfg without touching the machine. Returns 0, or -EINVAL and a sentence. */
int hw_check(const struct hw_cfg *cfg, char *err, size_t err_len);

/**
 * Run until SIGINT or SIGTERM, or until the client has finished. Prints to @out, flushed:
 * a server "listening on 10.9.0.2 port 7" once it can be reached, a client its report
 * (one "name value" a line), either its counters with cfg->stats. Hints go to stderr.
 *
 * Returns 0 (ended by a signal, too), or a negative errno and a sentence in @err: bad
 * configuration, missing privilege, taken name, no memory; -ECONNREFUSED: no connection
 * could be opened; -EBADMSG: the peer sent bytes it should not have; -ETIMEDOUT: the
 * client was not done long after its end. Not reentrant: it owns the process's signals.
 */
int hw_run(const struct hw_cfg *cfg, FILE *out, char *err, size_t err_len);

#endif
