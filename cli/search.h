/* SPDX-License-Identifier: MIT */
/*
 * search.h - the highest load under which an objective holds, by bisection over runs
 *
 * The objective is a sentence about a metric, "latency_p99_us<500". A load is run with
 * several seeds, that of the scenario and those after it. It holds, or fails, when the
 * 95% interval of the mean (Student) lies on that side of the limit; while the interval
 * straddles the limit more seeds are run, up to a bound, after which the load is unsure. A
 * load at which a client was the bottleneck is refused: it says nothing about the server.
 *
 * The answer is an interval: the highest load that surely holds, and above it the lowest
 * that surely fails. Bisection goes on until every step between the two is at most
 * @tolerance wide. Everything is exact arithmetic and sqrt, so equal runs give one answer.
 */
#ifndef CLI_SEARCH_H
#define CLI_SEARCH_H

#include "cli/point.h"
#include "cli/task.h"

enum { SEARCH_SEEDS_MAX = 30, SEARCH_TRIALS_MAX = 64, SEARCH_TEXT_MAX = 160 };

struct search_spec {
	char key[CONF_KEY_MAX];		/* in full, a number */
	enum knob_unit unit;
	uint64_t lo, hi;
	char metric[48];
	bool above;			/* the metric must stay above the limit, not below */
	double limit, tolerance;
	unsigned seeds, seeds_max;
};

enum trial_verdict { TRIAL_OPEN, TRIAL_HOLDS, TRIAL_FAILS, TRIAL_UNSURE, TRIAL_REFUSED };

/** One load and what its runs said. */
struct trial {
	uint64_t value;
	enum trial_verdict verdict;
	unsigned n;			/* seeds that have run */
	double y[SEARCH_SEEDS_MAX], mean, ci95;
	char why[300];			/* of a refusal */
	char limit[24];			/* of the first run */
	char text[SEARCH_TEXT_MAX];			/* "workload.rate=1.5 M/s" */
	char seed[SEARCH_SEEDS_MAX][32];		/* "seed=7" */
	struct task task[SEARCH_SEEDS_MAX];
};

enum search_state { SEARCH_GOES_ON, SEARCH_FOUND, SEARCH_REFUSED, SEARCH_FAILED };

struct search {
	const struct search_spec *spec;
	size_t point;			/* of the sweep */
	uint64_t seed;			/* the first */
	enum search_state state;
	char why[600];			/* unless found */
	size_t n_trials;
	struct trial *trials[SEARCH_TRIALS_MAX];	/* in the order they were tried */
	const struct trial *holds, *fails;	/* when found */
};

/** Read "latency_p99_us<500" into @spec. false: a sentence in @err. */
bool search_objective(struct search_spec *spec, const char *text, char *err, size_t err_len);

void search_begin(struct search *s, const struct search_spec *spec, size_t point, uint64_t seed);

/**
 * Store in @out[@max] the runs the search wants next; none: it has ended. They are its own:
 * run them, then call search_take().
 */
size_t search_wants(struct search *s, struct task **out, size_t max);
void search_take(struct search *s, bool allow_client_bound);

/** Means over the seeds of every metric of @l, to be freed; *@n of them. @doc keeps the texts. */
struct metric *search_means(const struct trial *l, uint32_t *n, struct point *doc);

/** Every search of a sweep, a round of runs of all of them at a time. */
struct searches {
	size_t n;
	struct search *s;
};

/** Begin those of @sw. false: mistakes at an end of a range were noted in @c. */
bool searches_begin(struct searches *ss, const struct sweep *sw, struct conf *c);
/** Run them to their ends. Returns as tasks_run(). */
int searches_run(struct searches *ss, struct tasks *ts);
/** That of point @point, or NULL. */
const struct search *searches_of(const struct searches *ss, size_t point);
void searches_end(struct searches *ss);

/** "holds", "fails", ... */
const char *trial_verdict_name(enum trial_verdict v);

/**
 * What limited the server where the objective holds; if it was not loaded enough to tell,
 * where it fails.
 */
const char *search_limit(const struct search *s);

void search_end(struct search *s);

#endif
