/* SPDX-License-Identifier: MIT */
/*
 * claims.h - what the papers state, and whether a number agrees
 *
 * A claim has a value, a unit and a tolerance (paper-figs/claims.csv). A figure's
 * configuration says how to measure ours from its CSV (measure.h).
 */
#ifndef CLI_CLAIMS_H
#define CLI_CLAIMS_H

#include "base/types.h"

enum verdict { VERDICT_HOLDS, VERDICT_MISSES, VERDICT_NOT_RUN, VERDICT_INFORMATIVE,
	       VERDICT_BROKEN };

/** "holds", "misses", "not run", "informative", "malformed" */
const char *verdict_name(enum verdict v);

/**
 * Judge @ours against @value ("5.7", or "46-54") under @tolerance ("10%", "5 points", "exact",
 * "at most", "at least", "informative"). @accept, if not NULL, is what is accepted instead of
 * @value, and of what @tolerance adds to it. Stores how far it is off @value, or
 * off the middle of it, as text: "+3.5 %", or in @unit where that is 0, "+3.5 us".
 */
enum verdict claim_judge(const char *value, const char *unit, const char *accept,
			 const char *tolerance, double ours, char *error, size_t error_len);

#endif
