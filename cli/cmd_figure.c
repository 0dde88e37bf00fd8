/* SPDX-License-Identifier: MIT */
/*
 * cmd_figure.c - `ix figure`: the papers' figures, from definition to drawing and verdict
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/advice.h"
#include "cli/cli.h"
#include "cli/judge.h"
#include "cli/result.h"
#include "cli/saved.h"
#include "cli/store.h"
#include "cli/sweep_args.h"

enum { KEY_QUICK = 1000, KEY_FIGS, KEY_REDRAW, KEY_CLAIMS, KEY_JSON, KEY_STORE,
       KEY_NO_STORE };

struct figure_args {
	struct figure_env env;
	char names[FIGURES_MAX][FIGURE_NAME_MAX];	/* to run */
	char all[FIGURES_MAX][FIGURE_NAME_MAX];		/* there are */
	const char *figs, *out, *store;			/* as given, or NULL */
	size_t n_names, n_all;
	bool unsaved[FIGURES_MAX];	/* by name in all: its run left no results */
	bool list, redraw, claims, json, no_store;
};

/* Where @name stands in all, or n_all. */
static size_t figure_index(const struct figure_args *a, const char *name)
{
	size_t i = 0;

	while (i < a->n_all && strcmp(a->all[i], name) != 0)
		i++;
	return i;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct figure_args *a = st->input;

	switch (key) {
	case 'j':	a->env.jobs = args_count(st, "-j", arg, 1, JOBS_MAX); break;
	case 'o':
		if (strlen(arg) >= RESULT_DIR_LEN)
			argp_error(st, "-o: the name of the folder is longer than %d letters",
				   RESULT_DIR_LEN - 1);
		a->out = arg;
		break;
	case 'l':	a->list = true; break;
	case 'q':	a->env.quiet = true; break;
	case KEY_QUICK:	a->env.quick = true; break;
	case KEY_STORE:	a->store = args_folder(st, "--store", arg); break;
	case KEY_NO_STORE: a->no_store = true; break;
	case KEY_REDRAW: a->redraw = true; break;
	case KEY_CLAIMS: a->claims = true; break;
	case KEY_JSON:	a->claims = a->json = true; break;
	case KEY_FIGS:	a->figs = arg; break;
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
	{"claims", KEY_CLAIMS, NULL, 0,
	 "run and write nothing: print every claim beside what the saved results say", 0},
	{"json", KEY_JSON, NULL, 0, "as --claims, with points and shapes, for programs", 0},
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
	"claims made about it. NAME.md is its caption with the verdicts; claims.csv lists every "
	"claim of the papers, points.csv every published point, those not simulated included, and "
	"shapes.csv whether order and knees are right. Without a name: all of them.\v"
	"A claim that misses is a result: it is shown, and the exit status is 0. It is 1 when a "
	"point failed, a claim's definition is no measurement, or a saved result is damaged.\n\n"
	"Without gnuplot the numbers are still made and judged; the exit status is 3 then, unless "
	"something else failed.\n\n"
	"Examples:\n"
	"  ix figure --list\n"
	"  ix figure fig2\n"
	"  ix figure all --quick\n"
	"  ix figure fig6 --redraw\n"
	"  ix figure --claims\n\n" CLI_EXIT_CODES;

static int names_resolve(struct figure_args *a)
{
	bool all = a->n_names == 0 || (a->n_names == 1 && strcmp(a->names[0], "all") == 0);

	if (all) {
		memcpy(a->names, a->all, sizeof(a->all));
		a->n_names = a->n_all;
	}
	for (size_t i = 0; i < a->n_names; i++)
		if (figure_index(a, a->names[i]) == a->n_all) {
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

static int figure_draw(const struct figure_args *a, const struct figure *fig)
{
	const char *data = figure_data(fig);
	size_t i = figure_index(a, data);
	char path[600], err[700];
	struct table result;
	int rc;

	result_path(path, sizeof(path), a->env.out, data, "csv");
	if (i < a->n_all && a->unsaved[i]) {
		fprintf(stderr, "ix figure: %s is not drawn: this run was not saved as %s\n",
			fig->name, path);
		return IX_FAILED;
	}
	rc = saved_read(&result, a->env.out, data, err, sizeof(err));
	table_free(&result);
	if (rc == -ENOENT) {
		fprintf(stderr, "ix figure: %s is not drawn: there is no %s; figure %s makes it\n",
			fig->name, path, data);
		return IX_MISSING;
	}
	if (rc) {
		fprintf(stderr, "ix figure: %s is not drawn: %s\n", fig->name, err);
		return IX_FAILED;
	}
	rc = figure_plot(fig, &a->env);
	if (rc == IX_OK)
		printf("%s: %s, drawn as %s.svg .pdf .png\n", fig->name, path, fig->name);
	return rc;
}

static int figure_do(struct figure_args *a, const char *name, bool draw)
{
	struct figure fig;
	bool saved;
	int rc = IX_OK;

	if (!figure_open(&fig, &a->env, name)) {
		conf_complain(&fig.conf, "ix figure");
		rc = IX_USAGE;
	} else if (!draw && figure_data(&fig) == fig.name) {
		rc = figure_run(&fig, &a->env, &saved);
		a->unsaved[figure_index(a, name)] = !saved;
	} else if (draw) {
		rc = figure_draw(a, &fig);
	}
	figure_close(&fig);
	return rc;
}

/* Run all, then draw all: one may draw what another has run. */
static int figures_do(struct figure_args *a)
{
	int rc = IX_OK, one;

	for (size_t i = 0; !a->redraw && i < a->n_names; i++) {
		one = figure_do(a, a->names[i], false);
		if (one >= IX_SIGNAL)
			return one;
		rc = worse(rc, one);
	}
	for (size_t i = 0; rc != IX_USAGE && i < a->n_names; i++)
		rc = worse(rc, figure_do(a, a->names[i], true));
	return rc;
}

/* claims.csv, points.csv, shapes.csv, and a caption for each figure that has results. */
static int judgement_write(struct figure_args *a, const struct judgement *j)
{
	char err[700];
	int rc = judge_save(j, &a->env, err, sizeof(err));

	for (size_t i = 0; rc == 0 && i < a->n_all; i++) {
		struct figure fig;

		if (figure_open(&fig, &a->env, a->all[i]))
			rc = judge_caption(j, &fig, &a->env, err, sizeof(err));
		figure_close(&fig);
	}
	if (rc)
		fprintf(stderr, "ix figure: %s\n", err);
	return rc ? IX_FAILED : IX_OK;
}

/* An option and its value; nothing if there is none. */
static void option_print(const char *option, const char *value)
{
	if (!value)
		return;
	fprintf(stderr, " %s ", option);
	advice_word(value, stderr);
}

static bool is_stale(const struct figure_args *a, const char *name)
{
	struct figure fig;
	bool stale = figure_open(&fig, &a->env, name) &&
		     judge_is_stale(&a->env, figure_data(&fig));

	figure_close(&fig);
	return stale;
}

/* The command that makes results again, up to the names of the figures. */
static void command_print(const struct figure_args *a)
{
	fprintf(stderr, "ix figure%s", a->env.quick ? " --quick" : "");
	option_print("--figs", a->figs);
	option_print("-o", a->out);
	option_print("--store", a->store);
}

/* Evidence would be taken for more than it is. */
static void fitted_warn(const struct fitted *f)
{
	for (size_t i = 0; i < f->n; i++)
		if (!f->used[i].met)
			fprintf(stderr, "ix figure: warning: a price or a knob was fitted on "
				"\"%s\", x = %g, which is no claim of claims.csv and no point of "
				"curves.csv\n", f->used[i].name, f->used[i].x);
}

/* One sentence, which ends in the command that makes the old results again. */
static void stale_warn(const struct figure_args *a)
{
	bool any = false;

	for (size_t i = 0; i < a->n_all; i++) {
		if (!is_stale(a, a->all[i]))
			continue;
		if (!any) {
			fputs("ix figure: warning: price lists have changed since these "
			      "results were made; make them again: ", stderr);
			command_print(a);
		}
		fputc(' ', stderr);
		advice_word(a->all[i], stderr);
		any = true;
	}
	if (any)
		fputc('\n', stderr);
}

/* Whose results figure @i draws; false: those of a figure that is asked about itself. */
static bool data_of(const struct figure_args *a, size_t i, char data[FIGURE_NAME_MAX])
{
	struct figure fig;
	bool ok = figure_open(&fig, &a->env, a->all[i]);

	if (ok)
		snprintf(data, FIGURE_NAME_MAX, "%s", figure_data(&fig));
	figure_close(&fig);
	return ok && (strcmp(data, a->all[i]) == 0 || figure_index(a, data) == a->n_all);
}

/* Tables without the manifest they were saved with. */
static void doubtful_warn(const struct figure_args *a)
{
	char why[1400], data[FIGURE_NAME_MAX];

	for (size_t i = 0; i < a->n_all; i++) {
		if (!data_of(a, i, data) ||
		    !saved_is_doubtful(a->env.out, data, why, sizeof(why)))
			continue;
		fprintf(stderr, "ix figure: warning: %s; make it again: ", why);
		command_print(a);
		fputc(' ', stderr);
		advice_word(data, stderr);
		fputc('\n', stderr);
	}
}

/* Everything is "not run" in the wrong folder, too. */
static void nowhere_tell(const struct figure_args *a)
{
	char *cwd = a->env.out[0] == '/' ? NULL : getcwd(NULL, 0);

	fprintf(stderr, "ix figure: note: there is no result of these figures in %s%s%s; `ix "
		"figure all` makes them, -o DIR says where else they are\n", cwd ?: "",
		cwd ? "/" : "", a->env.out);
	free(cwd);
}

/* The claims that the figures of this run measured; NULL: all. To be freed. */
static bool *claims_shown(const struct figure_args *a, const struct table *claims)
{
	bool *show;

	if (a->claims)
		return NULL;
	show = calloc(claims->n_rows + 1, sizeof(*show));
	if (!show)
		abort();
	for (size_t i = 0; i < a->n_names; i++) {
		struct figure fig;

		if (figure_open(&fig, &a->env, a->names[i]))
			for (size_t r = 0; r < claims->n_rows; r++)
				show[r] |= figure_claims(&fig, table_get(claims, r,
									 table_col(claims, "id")));
		figure_close(&fig);
	}
	return show;
}

static void judge_tell(const struct figure_args *a, const struct judgement *j, const bool *show)
{
	if (!a->claims)
		putchar('\n');
	judge_print(j, show, stdout);
	if (a->env.quick)
		puts("preview: shorter runs of fewer points, so verdicts may differ from those "
		     "without --quick");
}

/* What stands between the results and a verdict. Returns an exit code. */
static int trouble_tell(const struct figure_args *a, const struct judgement *j, const bool *show)
{
	bool failed;

	fflush(stdout);		/* not in the middle of a table */
	failed = judge_complain(j, show, stderr);
	if (a->claims && j->n_found == 0)
		nowhere_tell(a);
	fitted_warn(&j->fitted);
	stale_warn(a);
	doubtful_warn(a);
	return failed ? IX_FAILED : IX_OK;
}

/* Claims are a function of the saved results, whoever made them and when. */
static int judge(struct figure_args *a)
{
	struct judgement *j = malloc(sizeof(*j));
	char err[700];
	bool *show;
	int rc = IX_OK;

	if (!j)
		abort();
	if (judge_make(j, &a->env, a->all, a->n_all, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix figure: %s\n", err);
		judge_free(j);
		free(j);
		return IX_MISSING;
	}
	show = claims_shown(a, &j->verdicts.table);
	if (a->json) {
		json_t *o = judge_json(j);

		result_print_json(o, stdout);
		json_decref(o);
	} else {
		judge_tell(a, j, show);
		if (!a->claims)
			rc = judgement_write(a, j);
	}
	rc = worse(rc, trouble_tell(a, j, show));
	free(show);
	judge_free(j);
	free(j);
	return rc;
}

static int run(struct figure_args *a)
{
	int rc;

	if (a->figs) {
		snprintf(a->env.figs, sizeof(a->env.figs), "%s", a->figs);
	} else if (!figure_dir_find(a->env.figs, sizeof(a->env.figs))) {
		fputs("ix figure: cannot find paper-figs; run from the source folder or say --figs "
		      "DIR\n", stderr);
		return IX_MISSING;
	}
	a->env.out = a->out ? a->out : a->env.quick ? "build/quick" : "results";
	a->env.store_dir = a->no_store ? NULL : a->store ? a->store : store_default_dir();
	a->n_all = figure_names(a->env.figs, a->all, FIGURES_MAX);
	if (a->list) {
		list_print(a);
		return IX_OK;
	}
	if (a->claims && a->n_names > 0) {
		fputs("ix figure: --claims and --json are about all figures; give no name\n",
		      stderr);
		return IX_USAGE;
	}
	if (a->claims)
		return judge(a);
	rc = names_resolve(a);
	if (rc)
		return rc;
	rc = figures_do(a);
	return rc == IX_USAGE || rc >= IX_SIGNAL ? rc : worse(rc, judge(a));
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
