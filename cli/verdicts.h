/* SPDX-License-Identifier: MIT */
/*
 * verdicts.h - every claim of the papers beside what our results say
 *
 * A member of a figure's list `claims` says how one is measured:
 *
 *	{ id = "C01"; op = "at"; ...	(measure.h)
 *	  accept = "7-8";		# judged instead of the value, where the conditions say so
 *	  why = "..."; }		# told when it misses
 *
 * One that claims.csv does not have brings its own quantity, value, unit, tolerance and note.
 */
#ifndef CLI_VERDICTS_H
#define CLI_VERDICTS_H

#include "cli/figure.h"
#include "cli/fitted.h"

struct verdicts {
	struct table table;	/* a row a claim: results/claims.csv */
	struct table taken;	/* id and figure of those that a figure claims */
	unsigned n_holds, n_misses, n_not_run, n_informative;
	unsigned n_broken;	/* definitions that are no measurement: our mistake */
};

/** All claims of claims.csv, "not run". Returns 0 or a negative errno and a sentence. */
int verdicts_begin(struct verdicts *v, const struct figure_env *env, struct fitted *f,
		   char *err, size_t err_len);

/** Measure the claims of @fig in its saved @result; without one they stay "not run", or are
 * malformed if @damage says what is wrong with it. */
void verdicts_take(struct verdicts *v, const struct figure *fig, const struct table *result,
		   const char *damage);

/** After every figure: count. */
void verdicts_count(struct verdicts *v);

/** Print those whose @show[row of the table] is true (NULL: all), and how many of all hold. */
void verdicts_print(const struct verdicts *v, const bool *show, FILE *f);

/** Say which claims are malformed, but for those of the results in column 0 of @damaged, and which
 * of @show could not be measured in the results that are there. */
void verdicts_complain(const struct verdicts *v, const bool *show, const struct table *damaged,
		       FILE *f);

void verdicts_free(struct verdicts *v);

#endif
