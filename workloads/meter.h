/* SPDX-License-Identifier: MIT */
/*
 * meter.h - what a client measures: latency, service, slices, rates
 *
 * A request is measured when its intended start lies in [warmup, stop), so a sender that
 * falls behind measures its own delay too (no coordinated omission). Rates count what
 * completed in the same time.
 */
#ifndef WORKLOADS_METER_H
#define WORKLOADS_METER_H

#include "workloads/app.h"
#include "workloads/hist.h"

enum { METER_SLICES = 32, METER_LATE_NS = 1000 };

struct meter {
	uint64_t warmup_ns, span_ns;	/* what is measured begins, and lasts */
	uint64_t slice_ns;		/* of a slice; the last takes what rounding leaves */
	uint64_t at_ns;			/* where the slice of the latest request begins */
	uint32_t at;			/* ... which that is */
	bool one_clock;			/* set by the owner: every request leaves when intended, so
					 * that latency and service are one histogram */
	uint64_t requests, bytes, late, lost;
	uint64_t slice_sum_ns[METER_SLICES];
	uint64_t slice_n[METER_SLICES];
	struct hist latency, service;
};

/** @m is zeroed memory; again while nothing was measured yet. */
void meter_init(struct meter *m, uint64_t warmup_ns, uint64_t stop_ns);

/** Is @t_ns in [warmup, stop)? */
static inline bool meter_covers(const struct meter *m, uint64_t t_ns)
{
	return t_ns - m->warmup_ns < m->span_ns;
}

/** A request left at @sent_ns that should have left at @intended_ns, which is not later. */
void meter_sent(struct meter *m, uint64_t intended_ns, uint64_t sent_ns);

/** ... and its answer of @bytes is whole at @now_ns. */
void meter_done(struct meter *m, uint64_t intended_ns, uint64_t sent_ns, uint64_t now_ns,
		uint32_t bytes);

/** ... or will never come. */
void meter_lost(struct meter *m, uint64_t intended_ns);

/** Fill the fields of @r that a meter knows; `unanswered` is the lost ones so far. */
void meter_report(struct meter *m, struct app_report *r);

#endif
