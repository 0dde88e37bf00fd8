/* SPDX-License-Identifier: MIT */
/*
 * cmd_sweep.c - `ix sweep`: a scenario over values of its knobs, into a CSV and a manifest
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/columns.h"
#include "cli/conf.h"
#include "cli/jobs.h"
#include "cli/outcome.h"
#include "cli/result.h"
#include "cli/sweep_args.h"

enum { KEY_COLUMNS = 1000, KEY_COLLECT, KEY_FAILURES, KEY_EXPORT };

struct cmd_args {
	struct sweep_args sweep;
	const char *vary[SWEEP_DIMS_MAX], *export, *failures;
	char *columns[COLUMNS_MAX + 1];
	size_t n_vary, n_columns;
	bool collect;
};

static void columns_take(struct cmd_args *a, char *list, struct argp_state *st)
{
	for (char *save, *w = strtok_r(list, ", ", &save); w; w = strtok_r(NULL, ", ", &save)) {
		if (a->n_columns == COLUMNS_MAX)
			argp_error(st, "at most %d columns", COLUMNS_MAX);
		a->columns[a->n_columns++] = w;
	}
	if (a->n_columns == 0)
		argp_error(st, "--columns needs names, such as requests_per_s,latency_p99_us");
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct cmd_args *a = st->input;

	switch (key) {
	case ARGP_KEY_INIT: st->child_inputs[0] = &a->sweep; break;
	case 'v':
		if (a->n_vary == SWEEP_DIMS_MAX)
			argp_error(st, "at most %d knobs can be varied at once", SWEEP_DIMS_MAX);
		a->vary[a->n_vary++] = arg;
		break;
	case KEY_COLLECT: a->collect = true; break;
	case KEY_FAILURES: a->failures = args_folder(st, "--failures", arg); break;
	case KEY_EXPORT: a->export = args_folder(st, "--export", arg); break;
	case KEY_COLUMNS: columns_take(a, arg, st); break;
	case ARGP_KEY_END:
		if (a->collect && a->export)
			argp_error(st, "--export writes jobs and --collect gathers what they left; "
				   "say one of them");
		if (a->failures && !a->collect)
			argp_error(st, "--failures says where --collect finds why runs failed; say "
				   "--collect too");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ "vary", 'v', "KEY=VALUES", 0, "v1,v2,v3 or lo:hi:step or lo..hi*factor, with units; "
	  "repeated: every combination", 0 },
	{ "columns", KEY_COLUMNS, "A,B,...", 0, "keep only these metrics; a name that "
	  "no run has ends the sweep as soon as that is certain", 0 },
	{ "collect", KEY_COLLECT, NULL, 0, "run nothing: assemble what the store has; what is "
	  "missing are rows with an error", 1 },
	{ "failures", KEY_FAILURES, "DIR", 0, "with --collect: why runs failed is in DIR, from "
	  "`ix point --failures`", 1 },
	{ "export", KEY_EXPORT, "DIR", 0, "run nothing: write a job for `ix point` into DIR for "
	  "every point that the store does not have", 1 },
	{ 0 },
};

static const struct argp_child children[] = { { &sweep_argp, 0, NULL, 0 }, { 0 } };

static const char doc[] =
	"Run a scenario over values of its knobs. The file's own `sweep` group counts too:\n"
	"  sweep = ( { key = \"server.dp.batch_max\"; values = [1, 16, 64]; } );\v"
	"Rows are in the order of the combinations, last --vary fastest, and the same whatever "
	"-j is. A point that fails is a row with an error; the others are kept, and the exit "
	"status is 1. docs/sweeps.md has the other forms of `sweep`: groups with settings of "
	"their own, knobs varied together, listed points, searches.\n\n"
	"Finished points are kept in a store, by the code, the knobs, the seed and the data files "
	"that decide them, and are not run again: a sweep that was interrupted or killed goes on "
	"when it is run again. A run that failed is tried again.\n\n"
	"Examples:\n"
	"  ix sweep -s mode=open -v server.dp.batch_max=1,2,8,16,64 -o results/b.csv\n"
	"  ix sweep my.conf -v workload.rate='100 k/s:1 M/s:100 k/s' -v seed=1:5:1\n"
	"  ix sweep my.conf -v 'workload.connections=16..16384*4' \\\n"
	"       --columns requests\n"
	"  ix sweep my.conf --export jobs && ix point jobs/*.job\n"
	"  ix sweep my.conf --collect\n\n" CLI_EXIT_CODES;

static void failures_print(const struct sweep_outcome *o)
{
	const json_t *failed = json_object_get(o->manifest, "failed");
	size_t i;
	const json_t *f;

	if (o->n_failed == 0)
		return;
	fprintf(stderr, "ix sweep: %zu of %zu points failed", o->n_failed, o->n_points);
	if (o->n_missing)
		fprintf(stderr, ", %zu because the store does not have them", o->n_missing);
	fputs(":\n", stderr);
	json_array_foreach(failed, i, f) {
		fprintf(stderr, "  line %d: %s\n",
			(int)json_integer_value(json_object_get(f, "line")),
			json_string_value(json_object_get(f, "error")));
		if (i == 9 && o->n_failed > 10) {
			fputs("  ... the CSV's column `error` has them all\n", stderr);
			break;
		}
	}
}

static int save(const struct cmd_args *a, const struct sweep_outcome *o, int code)
{
	char dir[RESULT_DIR_LEN], name[RESULT_NAME_LEN], err[600];

	failures_print(o);
	if (!a->sweep.out) {
		table_write(&o->table, stdout);
		return code;
	}
	result_split(a->sweep.out, dir, sizeof(dir), name, sizeof(name));
	if (sweep_save(o, dir, name, err, sizeof(err)) != 0) {
		fprintf(stderr, "ix sweep: %s\n", err);
		return IX_FAILED;
	}
	printf("%zu points (%zu of %zu runs from the store), %zu lines in %s/%s.csv; what they "
	       "were made from in %s/%s.json\n", o->n_points, o->n_stored, o->n_runs,
	       o->table.n_rows, dir, name, dir, name);
	return code;
}

/* Axes of the file, then those of the command line. */
static void axes_add(const struct cmd_args *a, struct sweep *sw, struct conf *c)
{
	if (a->sweep.file && conf_read(c, a->sweep.file))
		sweep_take(sw, c, false);
	for (size_t i = 0; c->n_errors == 0 && i < a->n_vary; i++)
		sweep_vary(sw, c, a->vary[i], "--vary");
}

int cmd_sweep(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "[FILE.conf]",
				   .doc = doc, .children = children };
	struct cmd_args *a = calloc(1, sizeof(*a));
	struct sweep *sw = calloc(1, sizeof(*sw));
	struct conf *c = malloc(sizeof(*c));
	struct sweep_outcome o = { 0 };
	int rc;

	if (!a || !sw || !c)
		abort();
	conf_init(c);
	argp_parse(&argp, argc, argv, 0, NULL, a);
	sweep_args_apply(&a->sweep, sw);
	sw->collect = a->collect;
	sw->failures_dir = a->failures;
	sw->columns = a->n_columns ? (const char *const *)a->columns : NULL;
	axes_add(a, sw, c);
	if (c->n_errors == 0 && sw->n_groups == 0)
		conf_error(c, "nothing to vary; say --vary key=v1,v2,v3 (`ix help sweep`)");
	rc = a->export ? jobs_export(sw, c, a->export) : sweep_run(sw, c, &o);
	if (rc == IX_USAGE)
		conf_complain(c, "ix sweep");
	else if (o.manifest)
		rc = save(a, &o, rc);
	sweep_outcome_free(&o);
	sweep_free(sw);
	conf_free(c);
	free(c);
	free(sw);
	free(a);
	return rc;
}
