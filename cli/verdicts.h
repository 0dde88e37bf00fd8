/* SPDX-License-Identifier: MIT */
/*
 * verdicts.h - every claim of the papers beside what our results say
 */
#ifndef CLI_VERDICTS_H
#define CLI_VERDICTS_H

#include "cli/figure.h"

struct verdicts {
	struct table table;	/* a row a claim: results/claims.csv */
	unsigned n_holds, n_fails, n_not_run;
};

/** All claims of claims.csv, "not run". Returns 0 or a negative errno and a sentence. */
int verdicts_begin(struct verdicts *v, const struct figure_env *env, char *err, size_t err_len);

/** Measure the claims of @fig in its saved CSV; without one they stay "not run". */
void verdicts_take(struct verdicts *v, const struct figure *fig, const struct figure_env *env);

/** Count, and print the claims that were measured. */
void verdicts_print(struct verdicts *v, FILE *f);

void verdicts_free(struct verdicts *v);

#endif
