/* SPDX-License-Identifier: MIT */
/*
 * judge.h - what the saved results of all figures say about the papers
 *
 * A function of the results in a folder, whoever made them and when: nothing is run.
 */
#ifndef CLI_JUDGE_H
#define CLI_JUDGE_H

#include "cli/curves.h"
#include "cli/verdicts.h"

struct judgement {
	struct fitted fitted;
	struct verdicts verdicts;
	struct curves curves;
	struct table damaged;	/* a sentence a result that cannot be read */
	unsigned n_found;	/* results that are there, damaged ones included */
	unsigned n_unreadable;	/* definitions; what is wrong with them was printed */
};

/** Judge every one of the @n figures @names. Returns 0 or a negative errno and a sentence. */
int judge_make(struct judgement *j, const struct figure_env *env, char names[][FIGURE_NAME_MAX],
	       size_t n, char *err, size_t err_len);

/** Tables for people: claims, those @show as verdicts_print(), then what points and shapes say. */
void judge_print(const struct judgement *j, const bool *show, FILE *f);

/** Say what could not be judged, and why: results, and claims, of those not run @show. Returns true
 * if anything is malformed or damaged, which is a failure. */
bool judge_complain(const struct judgement *j, const bool *show, FILE *f);

/** {"claims": [...], "points": [...], "shapes": [...], "summary": {...}} */
json_t *judge_json(const struct judgement *j);

/** Write claims.csv, points.csv and shapes.csv. Returns 0 or a negative errno and a sentence. */
int judge_save(const struct judgement *j, const struct figure_env *env, char *err, size_t err_len);

/** Write NAME.md: what was run, how to run it again, and the verdicts about it. */
int judge_caption(const struct judgement *j, const struct figure *fig, const struct figure_env *env,
		  char *err, size_t err_len);

/** Were the results saved as @name, figure_data(), made with price lists that changed since? */
bool judge_is_stale(const struct figure_env *env, const char *name);

void judge_free(struct judgement *j);

#endif
