/* SPDX-License-Identifier: MIT */
/*
 * cmd_figure.c - `ix figure`: the papers' figures, from definition to drawing and verdict
 */
#include <argp.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/figure.h"
#include "cli/result.h"
#include "cli/store.h"
#include "cli/verdicts.h"

enum { KEY_QUICK = 1000, KEY_FIGS, KEY_REDRAW, KEY_STORE, KEY_NO_STORE };

struct figure_args {
	struct figure_env env;
	char names[FIGURES_MAX][FIGURE_NAME_MAX];	/* to run */
	char all[FIGURES_MAX][FIGURE_NAME_MAX];		/* there are */
	size_t n_names, n_all;
	bool list, redraw, no_store;
};

static bool is_figure(const struct figure_args *a, const char *name)
{
	for (size_t i = 0; i < a->n_all; i++)
		if (strcmp(a->all[i], name) == 0)
			return true;
	return false;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct figure_args *a = st->input;
	unsigned long jobs;
	char *end;

	switch (key) {
	case 'j':
		jobs = strtoul(arg, &end, 10);
		a->env.jobs = (unsigned)jobs;
		if (end == arg || *end || jobs < 1 || jobs > 256)
			argp_error(st, "-j needs a number from 1 to 256, not \"%s\"", arg);
		break;
	case 'o':	a->env.out = arg; break;
	case 'l':	a->list = true; break;
	case 'q':	a->env.quiet = true; break;
	case KEY_QUICK:	a->env.quick = true; break;
	case KEY_STORE:	a->env.store_dir = arg; break;
	case KEY_NO_STORE: a->no_store = true; break;
	case KEY_REDRAW: a->redraw = true; break;
	case KEY_FIGS:	snprintf(a->env.figs, sizeof(a->env.figs), "%s", arg); break;
	case ARGP_KEY_ARG:
		if (a->n_names == FIGURES_MAX || strlen(arg) >= FIGURE_NAME_MAX)
			argp_error(st, "\"%s\" is one name too many, or too long", arg);
		strcpy(a->names[a->n_names++], arg);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{"quick", KEY_QUICK, NULL, 0, "fewer points, shorter runs; into build/quick", 0},
	{"jobs", 'j', "N", 0, "points at a time (default: every processor)", 0},
	{"out", 'o', "DIR", 0, "where results go (default: results)", 0},
	{"redraw", KEY_REDRAW, NULL, 0, "run nothing: draw and judge the results that are there",
	 0},
	{"store", KEY_STORE, "DIR", 0, "where finished points are kept and looked for (default: "
	 "IX_STORE, or build/store)", 0},
	{"no-store", KEY_NO_STORE, NULL, 0, "run every point, keep none", 0},
	{"list", 'l', NULL, 0, "print the figures there are", 0},
	{"figs", KEY_FIGS, "DIR", 0, "folder of the definitions (default: paper-figs)", 0},
	{"quiet", 'q', NULL, 0, "no progress", 0},
	{0},
};

static const char doc[] =
	"Reproduce figures: run each one's sweep, write results/NAME.csv and its manifest "
	"NAME.json, draw NAME.svg, .pdf and .png with published points beside ours, and judge the "
	"claims made about it. results/claims.csv lists every claim of the papers, those not "
	"simulated yet included. Without a name: all of them.\v"
	"Without gnuplot the numbers are still made and judged; the exit status is 3 then, unless "
	"something else failed.\n\n"
	"Examples:\n"
	"  ix figure --list\n"
	"  ix figure fig2\n"
	"  ix figure all --quick\n"
	"  ix figure batch --redraw\n\n" CLI_EXIT_CODES;

static int names_resolve(struct figure_args *a)
{
	bool all = a->n_names == 0 || (a->n_names == 1 && strcmp(a->names[0], "all") == 0);

	if (all) {
		memcpy(a->names, a->all, sizeof(a->all));
		a->n_names = a->n_all;
	}
	for (size_t i = 0; i < a->n_names; i++)
		if (!is_figure(a, a->names[i])) {
			fprintf(stderr, "ix figure: there is no figure \"%s\" in %s; `ix figure "
				"--list` prints them\n", a->names[i], a->env.figs);
			return IX_USAGE;
		}
	return IX_OK;
}

static void list_print(const struct figure_args *a)
{
	for (size_t i = 0; i < a->n_all; i++) {
		struct figure fig;
		bool ok = figure_open(&fig, &a->env, a->all[i]);

		printf("%-10s %s\n", a->all[i],
		       ok ? figure_text(&fig, "title", "") : "(unreadable)");
		figure_close(&fig);
	}
}

/* A usage error outranks a failure outranks something missing. */
static int worse(int a, int b)
{
	static const int rank[] = { [IX_OK] = 0, [IX_MISSING] = 1, [IX_FAILED] = 2, [IX_USAGE] = 3,
				    [IX_REFUSED] = 2 };

	return rank[a] >= rank[b] ? a : b;
}

static int figure_do(struct figure_args *a, const char *name)
{
	struct figure fig;
	int rc = IX_OK;

	if (!figure_open(&fig, &a->env, name)) {
		conf_complain(&fig.conf, "ix figure");
		rc = IX_USAGE;
	} else {
		if (!a->redraw)
			rc = figure_run(&fig, &a->env);
		if (rc != IX_USAGE && rc < IX_SIGNAL)
			rc = worse(rc, figure_plot(&fig, &a->env));
		if (rc == IX_OK)
			printf("%s: %s/%s.csv and .json, drawn as .svg .pdf .png\n", name,
			       a->env.out, name);
	}
	figure_close(&fig);
	return rc;
}

/* Claims are a function of the saved results, whoever made them and when. */
static int judge(struct figure_args *a)
{
	struct verdicts v;
	char path[600], err[700];
	int rc = IX_OK;

	if (verdicts_begin(&v, &a->env, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix figure: %s\n", err);
		return IX_MISSING;
	}
	for (size_t i = 0; i < a->n_all; i++) {
		struct figure fig;

		if (figure_open(&fig, &a->env, a->all[i]))
			verdicts_take(&v, &fig, &a->env);
		figure_close(&fig);
	}
	putchar('\n');
	verdicts_print(&v, stdout);
	result_path(path, sizeof(path), a->env.out, "claims", "csv");
	if (result_save_table(path, &v.table, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix figure: %s\n", err);
		rc = IX_FAILED;
	}
	rc = worse(rc, v.n_fails ? IX_FAILED : IX_OK);
	verdicts_free(&v);
	return rc;
}

static int run(struct figure_args *a)
{
	int rc;

	if (!a->env.figs[0] && !figure_dir_find(a->env.figs, sizeof(a->env.figs))) {
		fputs("ix figure: cannot find paper-figs; run from the source folder or say --figs "
		      "DIR\n", stderr);
		return IX_MISSING;
	}
	if (!a->env.out)
		a->env.out = a->env.quick ? "build/quick" : "results";
	if (!a->env.store_dir)
		a->env.store_dir = store_default_dir();
	if (a->no_store)
		a->env.store_dir = NULL;
	a->n_all = figure_names(a->env.figs, a->all, FIGURES_MAX);
	if (a->list) {
		list_print(a);
		return IX_OK;
	}
	rc = names_resolve(a);
	if (rc)
		return rc;
	for (size_t i = 0; i < a->n_names; i++) {
		int one = figure_do(a, a->names[i]);

		if (one >= IX_SIGNAL)
			return one;
		rc = worse(rc, one);
	}
	return rc == IX_USAGE ? rc : worse(rc, judge(a));
}

int cmd_figure(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "[NAME...|all]",
				   .doc = doc };
	struct figure_args *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return IX_FAILED;
	argp_parse(&argp, argc, argv, 0, NULL, a);
	rc = run(a);
	free(a);
	return rc;
}
