/* SPDX-License-Identifier: MIT */
/*
 * cmd_search.c - `ix search`: the highest load under which an objective holds
 *
 * A sweep of one group without dimensions, each of whose points is a search. Not here: how
 * it decides (search.c).
 */
#include <stdlib.h>

#include "cli/advice.h"
#include "cli/cli.h"
#include "cli/conf.h"
#include "cli/outcome.h"
#include "cli/result.h"
#include "cli/sweep_args.h"
#include "cli/units.h"

enum { KEY_SLA = 1000, KEY_TOLERANCE, KEY_SEEDS, KEY_SEEDS_MAX };

struct search_args {
	struct sweep_args sweep;
	const char *range, *sla;
	double tolerance;
	unsigned seeds, seeds_max;
};

static double part(struct argp_state *st, const char *arg)
{
	char *end;
	double v = strtod(arg, &end);

	if (strcmp(end, "%") == 0 || strcmp(end, " %") == 0) {
		v /= 100;
		end = end + strlen(end);
	}
	if (end == arg || *end || !(v >= 1e-6 && v < 1))
		argp_error(st, "--tolerance is a part of the load, such as 2%% or 0.02, not \"%s\"",
			   arg);
	return v;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct search_args *a = st->input;

	switch (key) {
	case ARGP_KEY_INIT: st->child_inputs[0] = &a->sweep; break;
	case 'v':
		if (a->range)
			argp_error(st, "a search varies one knob; to vary others too, write a "
				   "`search` into a group of a sweep (docs/sweeps.md)");
		a->range = arg;
		break;
	case KEY_SLA:	a->sla = arg; break;
	case KEY_TOLERANCE: a->tolerance = part(st, arg); break;
	case KEY_SEEDS:	a->seeds = args_count(st, "--seeds", arg, 1, SEARCH_SEEDS_MAX); break;
	case KEY_SEEDS_MAX:
		a->seeds_max = args_count(st, "--seeds-max", arg, 1, SEARCH_SEEDS_MAX);
		break;
	case ARGP_KEY_END:
		if (!a->range || !a->sla)
			argp_error(st, "say what to vary and what must hold: --vary "
				   "workload.rate='50 k/s..4 M/s' --sla 'latency_p99_us<500'");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ "vary", 'v', "KEY=LO..HI", 0, "the knob to raise, and between what", 0 },
	{ "sla", KEY_SLA, "METRIC<X", 0, "what must hold; METRIC>X too", 0 },
	{ "tolerance", KEY_TOLERANCE, "T", 0, "how near the two ends come, as a part of the load "
	  "(default: 2%)", 0 },
	{ "seeds", KEY_SEEDS, "K", 0, "runs of a load to begin with (default: 3)", 0 },
	{ "seeds-max", KEY_SEEDS_MAX, "K", 0, "... and at most, while the interval of the mean "
	  "straddles X (default: 4 times as many)", 0 },
	{ 0 },
};

static const struct argp_child children[] = { { &sweep_argp, 0, NULL, 0 }, { 0 } };

static const char doc[] =
	"Find the highest load under which an objective holds, by bisection over simulated "
	"runs.\v"
	"A load holds when the 95 % interval of the mean over its seeds lies on the right side "
	"of X, and fails when it lies on the other. The answer is an interval: the highest load "
	"that surely holds and the lowest above it that surely fails. A search that ends at a "
	"load whose client was the bottleneck is refused (exit status 4).\n\n"
	"Examples:\n"
	"  ix search -s mode=open -v workload.rate='100 k/s..4 M/s' \\\n"
	"       --sla 'latency_p99_us<500'\n"
	"  ix search my.conf -v workload.rate='50 k/s..2 M/s' --sla 'latency_p99_us<200' \\\n"
	"       --tolerance 1% --seeds 5 -o results/sla.csv\n\n" CLI_EXIT_CODES;

static int by_value(const void *a, const void *b)
{
	const struct trial *const *x = a, *const *y = b;

	return (*x)->value < (*y)->value ? -1 : (*x)->value > (*y)->value;
}

static void trials_print(const struct search *s)
{
	const struct trial *sorted[SEARCH_TRIALS_MAX];
	char text[UNIT_TEXT_MAX];

	memcpy(sorted, s->trials, s->n_trials * sizeof(sorted[0]));
	qsort(sorted, s->n_trials, sizeof(sorted[0]), by_value);
	printf("%-24s %-8s %14s %12s %6s\n", s->spec->key, "verdict", s->spec->metric,
	       "95% +-", "seeds");
	for (size_t i = 0; i < s->n_trials; i++) {
		const struct trial *l = sorted[i];

		unit_format(s->spec->unit, l->value, text, sizeof(text));
		printf("%-24s %-8s", text, trial_verdict_name(l->verdict));
		if (l->verdict == TRIAL_REFUSED)
			printf(" %14s\n", "client-bound");
		else if (l->n == 0)
			printf(" %14s\n", l->verdict == TRIAL_FAILS ? "no answers" : "failed");
		else
			printf(" %14.6g %12.4g %6u\n", l->mean, l->ci95, l->n);
	}
}

/* The answer in sentences, and what a reader asks next. */
static void answer_print(const struct search *s)
{
	char lo[UNIT_TEXT_MAX], hi[UNIT_TEXT_MAX];
	struct metric *m;
	struct point first;
	uint32_t n;

	unit_format(s->spec->unit, s->holds->value, lo, sizeof(lo));
	unit_format(s->spec->unit, s->fails->value, hi, sizeof(hi));
	printf("\n%s %s %g surely holds at %s = %s and surely fails at %s\n", s->spec->metric,
	       s->spec->above ? ">" : "<", s->spec->limit, s->spec->key, lo, hi);
	m = search_means(s->holds, &n, &first);
	printf("at %s, the mean of %u runs:\n", lo, s->holds->n);
	for (uint32_t i = 0; i < n; i++)
		if (strcmp(m[i].name, s->spec->metric) == 0 ||
		    strcmp(m[i].name, "requests_per_s") == 0 ||
		    strcmp(m[i].name, "server_util_pct") == 0)
			printf("  %-24s %.6g\n", m[i].name, m[i].value);
	printf("  %-24s %s\n", "limit", search_limit(s));
	free(m);
	point_free(&first);
}

static int report(const struct search_args *a, const struct sweep_outcome *o)
{
	const struct search *s = &o->searches.s[0];
	char err[600], dir[RESULT_DIR_LEN], name[RESULT_NAME_LEN];
	int rc = IX_OK;

	trials_print(s);
	if (s->state == SEARCH_FOUND) {
		answer_print(s);
	} else {
		fflush(stdout);
		fprintf(stderr, "ix search: %s: %s\n",
			s->state == SEARCH_REFUSED ? "refused" : "failed", s->why);
		rc = s->state == SEARCH_REFUSED ? IX_REFUSED : IX_FAILED;
	}
	if (!a->sweep.quiet)
		printf("\n%zu runs, %zu of them from the store\n", o->n_runs, o->n_stored);
	if (a->sweep.out) {
		result_split(a->sweep.out, dir, sizeof(dir), name, sizeof(name));
		if (sweep_save(o, dir, name, err, sizeof(err)) != 0) {
			fprintf(stderr, "ix search: %s\n", err);
			rc = IX_FAILED;
		}
	}
	return rc;
}

/* A search takes the knobs of a file, and no more. */
static void file_tell(const struct sweep_args *a)
{
	struct conf *c = malloc(sizeof(*c));

	if (!c)
		abort();
	conf_init(c);
	if (a->file && !a->quiet && conf_read(c, a->file))
		advice_beyond_knobs(c, a->file, "ix search");
	conf_free(c);
	free(c);
}

int cmd_search(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "[FILE.conf]",
				   .doc = doc, .children = children };
	struct search_args *a = calloc(1, sizeof(*a));
	struct sweep *sw = calloc(1, sizeof(*sw));
	struct conf *c = malloc(sizeof(*c));
	struct sweep_outcome o = { 0 };
	int rc;

	if (!a || !sw || !c)
		abort();
	conf_init(c);
	argp_parse(&argp, argc, argv, 0, NULL, a);
	sweep_args_apply(&a->sweep, sw);
	sw->label = "ix search";
	file_tell(&a->sweep);
	sweep_search(sw, c, a->range, a->sla, a->tolerance, a->seeds, a->seeds_max);
	rc = sweep_run(sw, c, &o);
	if (rc == IX_USAGE)
		conf_complain(c, "ix search");
	else if (o.manifest)
		rc = report(a, &o);
	sweep_outcome_free(&o);
	sweep_free(sw);
	conf_free(c);
	free(c);
	free(sw);
	free(a);
	return rc;
}
