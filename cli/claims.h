/* SPDX-License-Identifier: MIT */
/*
 * claims.h - what the papers state, and whether a result agrees
 *
 * A claim has a value, a unit and a tolerance (paper-figs/claims.csv). A figure's
 * configuration says how to measure ours from its CSV:
 *
 *	{ id = "C01"; op = "at"; x = "bytes"; at = 64.0; y = "one_way_us"; }
 *
 *	at	y in the row where x is `at`
 *	crosses	smallest x where y reaches `level`, straight lines between rows
 *	spread	largest max - min of y among rows of equal x, where x <= `at`
 *	gain	100 (b / a - 1): a, b = largest x with y <= `level` where column `series` is
 *		`from`, `to`; straight lines between rows
 *	sum	100 * (sum of `columns`) / y, in the row where x is `at`
 *
 * `where = "column=value"` keeps only those rows; the result is multiplied by `scale`.
 */
#ifndef CLI_CLAIMS_H
#define CLI_CLAIMS_H

#include <libconfig.h>

#include "cli/table.h"

enum verdict { VERDICT_HOLDS, VERDICT_FAILS, VERDICT_NOT_RUN, VERDICT_INFORMATIVE, VERDICT_BROKEN };

/** "holds", "FAILS", "not run", "informative", "malformed" */
const char *verdict_name(enum verdict v);

/**
 * Judge @ours against @value ("5.7", or "46-54") under @tolerance ("10%", "5 points",
 * "exact", "at most", "at least", "informative"). Stores how far it is off as text, "+3.5 %".
 */
enum verdict claim_judge(const char *value, const char *tolerance, double ours, char *error,
			 size_t error_len);

/** Measure what @how says in @t. Returns 0, or -EINVAL and a sentence in @err. */
int claim_measure(const config_setting_t *how, const struct table *t, double *ours, char *err,
		  size_t err_len);

#endif
