/* SPDX-License-Identifier: MIT */
/*
 * world.h - everything a run on hardware consists of; private to hw/
 *
 *	run.c		brings it up and takes it down
 *	loop.c		passes and sleeps
 *	report.c	prints what came of it
 */
#ifndef HW_WORLD_H
#define HW_WORLD_H

#include "hw/impair.h"
#include "hw/mem.h"
#include "hw/run.h"
#include "hw/tap_nic.h"

/* The application shares our address space: entering it is a call. */
struct direct_user {
	struct user user;
	struct ixev *ev;
};

struct world {
	const struct hw_cfg *cfg;
	uint64_t seed;
	uint32_t ip;
	struct hw_mem mem;		/* frames, application, then the dataplane */
	struct mempool pool;
	struct tap_nic tap;
	struct impair im;
	bool impaired;
	struct direct_user user;
	struct dp *dp;
	void *app;
	struct work work;		/* of the whole run */
	nsec start, end;		/* of the loop; end: NSEC_NEVER unless bounded */
	nsec stop;			/* the client begins nothing after this, or NSEC_NEVER */
	nsec finished;			/* when the client said so, NSEC_NEVER before */
	/* loop.c */
	nsec next_count;		/* of a finished client's connections */
	bool busy;			/* the last pass received something */
	bool hinted;			/* about oversize frames */
	uint64_t rx_errors;		/* known not to mean that the interface is gone */
	nsec last_busy;
	nsec spin_budget;		/* adapts between 0 and cfg->spin_ns */
	uint32_t unpolled;		/* passes since the last look at signals */
	uint64_t sleeps;
};

/** From here on SIGINT and SIGTERM end the loop, and only where it looks. */
void loop_signals(void);

/**
 * Pass after pass until a signal, the end, or the client is done and its connections had
 * time to close. Returns 0, -ETIMEDOUT when the client was not done in time, or -ENODEV when
 * the interface is gone.
 */
int loop_run(struct world *wd);

/** What a client measured. */
void report_client(const struct world *wd, const struct app_report *r, FILE *out);

/** Every counter that is not zero: the core's, the interface's, the faults', the work's. */
void report_stats(const struct world *wd, FILE *out);

#endif
