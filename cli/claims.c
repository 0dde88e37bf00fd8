/* SPDX-License-Identifier: MIT */
/*
 * claims.c - see claims.h
 *
 * Not here: measuring (measure.c), which claims belong to a figure, and the table of verdicts
 * (verdicts.c).
 */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/claims.h"

const char *verdict_name(enum verdict v)
{
	static const char *const names[] = {
		[VERDICT_HOLDS] = "holds", [VERDICT_MISSES] = "misses",
		[VERDICT_NOT_RUN] = "not run", [VERDICT_INFORMATIVE] = "informative",
		[VERDICT_BROKEN] = "malformed",
	};

	return names[v];
}

/* "5.7" or "46-54". */
static bool value_bounds(const char *value, double *lo, double *hi)
{
	char *end;

	*lo = *hi = strtod(value, &end);
	if (end == value)
		return false;
	if (*end == '-') {
		const char *second = end + 1;

		*hi = strtod(second, &end);
		if (end == second || *hi < *lo)
			return false;
	}
	return *end == '\0' && isfinite(*lo) && isfinite(*hi);
}

static enum verdict within(double ours, double lo, double hi, double slack)
{
	const double rounding = 1e-9 * fabs(ours);

	return ours >= lo - slack - rounding && ours <= hi + slack + rounding ? VERDICT_HOLDS :
										 VERDICT_MISSES;
}

enum verdict claim_judge(const char *value, const char *unit, const char *accept,
			 const char *tolerance, double ours, char *error, size_t error_len)
{
	double lo, hi, mid, tol;
	char *end;

	snprintf(error, error_len, "-");
	if (!value_bounds(value, &lo, &hi) || !isfinite(ours))
		return VERDICT_BROKEN;
	mid = (lo + hi) / 2;
	if (accept && !value_bounds(accept, &lo, &hi))
		return VERDICT_BROKEN;
	if (mid != 0)
		snprintf(error, error_len, "%+.1f %%", 100 * (ours - mid) / fabs(mid));
	else
		snprintf(error, error_len, "%+.4g%s%s", ours, unit[0] ? " " : "", unit);
	if (strcmp(tolerance, "at most") == 0)
		return within(ours, -INFINITY, hi, 0);
	if (strcmp(tolerance, "at least") == 0)
		return within(ours, lo, INFINITY, 0);
	if (strcmp(tolerance, "exact") == 0)
		return within(ours, lo, hi, 0);
	if (strcmp(tolerance, "informative") == 0)
		return VERDICT_INFORMATIVE;
	tol = strtod(tolerance, &end);
	if (end == tolerance || !isfinite(tol) || tol < 0)
		return VERDICT_BROKEN;
	if (strcmp(end, "%") == 0)
		return within(ours, lo, hi, accept ? 0 : tol / 100 * fabs(mid));
	if (strcmp(end, " points") != 0)
		return VERDICT_BROKEN;
	snprintf(error, error_len, "%+.1f points", ours - mid);
	return within(ours, lo, hi, accept ? 0 : tol);
}
