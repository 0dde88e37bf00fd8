/* SPDX-License-Identifier: MIT */
/*
 * simrun.h - a configured simulation: from file and options to a scenario, and its result
 * in a form that leaves the process
 */
#ifndef CLI_SIMRUN_H
#define CLI_SIMRUN_H

#include "cli/conf.h"
#include "cli/table.h"
#include "sim/run.h"

/** The knobs of @sc; @s refers to it. */
void simrun_schema(struct schema *s, struct scenario *sc);

/**
 * Defaults, then @file (NULL: none), then what conf_set() put into @c. false: mistakes
 * were noted in @c, contradictions between knobs among them. A knob of workload.server
 * that the client has too ("size") follows the client's unless it is assigned itself.
 */
bool simrun_configure(struct conf *c, const char *file, struct scenario *sc);

/* What is wrong where simrun_rate_is_idle(), in words. */
#define SIMRUN_RATE_IDLE	"workload.rate has no effect with workload.mode = closed, whose " \
				"clients send when they are answered; set workload.mode=open"
/** Do the clients send when they are answered, so that a rate has no effect? */
bool simrun_rate_is_idle(const struct schema *s);

/** Add to a manifest what only a run knows: that it took @list, whose bytes hash to @hash. */
void simrun_price_list(json_t *manifest, const char *list, uint64_t hash);

/** NULL, or the sentence that nothing was measured: no rate or latency of @r means anything. */
const char *simrun_empty(const struct sim_result *r);

/** Everything measured: metrics, histograms, rows. */
json_t *simrun_json(const struct sim_result *r);

/* The column of sim_result.limit, and what it means. */
#define SIMRUN_LIMIT		"limit"
#define SIMRUN_LIMIT_DOC	"the resource that was the limit, or none"

/** Is @name a column that rows of netpipe have, kept or not? */
bool simrun_is_row(const char *name);

/** Append @r to @t: a line, or a line a row of netpipe. @row0: first line, filled by then with
 * what precedes; further lines get a copy of its first @n_lead cells. @limit: NULL if no
 * column is wanted. */
void simrun_rows(struct table *t, size_t row0, size_t n_lead, const char *limit,
		 uint32_t n_metrics, const struct metric *metrics, uint32_t n_rows,
		 const struct app_row *rows);

#endif
