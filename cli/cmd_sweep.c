/* SPDX-License-Identifier: MIT */
/*
 * cmd_sweep.c - `ix sweep`: a scenario over values of its knobs, into a CSV and a manifest
 */
#include <argp.h>
#include <stdlib.h>
#include <unistd.h>

#include "cli/cli.h"
#include "cli/conf.h"
#include "cli/jobs.h"
#include "cli/outcome.h"
#include "cli/result.h"
#include "cli/store.h"

enum { SETS_MAX = 128, COLUMNS_MAX = 128, DIR_LEN = 400, NAME_LEN = 200, KEY_COLUMNS = 1000,
       KEY_BOUND, KEY_STORE, KEY_NO_STORE, KEY_COLLECT,
       KEY_EXPORT };

struct sweep_args {
	const char *file, *out, *store, *export;
	const char *sets[SETS_MAX], *vary[SWEEP_DIMS_MAX];
	char *columns[COLUMNS_MAX + 1];
	size_t n_sets, n_vary, n_columns;
	unsigned jobs;
	bool quiet, allow_client_bound, no_store, collect;
};

static void columns_take(struct sweep_args *a, char *list)
{
	for (char *save, *w = strtok_r(list, ",", &save); w; w = strtok_r(NULL, ",", &save))
		if (a->n_columns < COLUMNS_MAX)
			a->columns[a->n_columns++] = w;
}

/* Why @path cannot become a CSV and a manifest beside it, or NULL. */
static const char *out_trouble(const char *path)
{
	const char *slash = strrchr(path, '/'), *base = slash ? slash + 1 : path;

	if (!*path)
		return "no name was given";
	if (!*base || strcmp(base, ".") == 0 || strcmp(base, "..") == 0)
		return "it is a folder";
	return strlen(base) >= NAME_LEN || (size_t)(base - path) >= DIR_LEN ? "it is too long" :
									      NULL;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct sweep_args *a = st->input;
	unsigned long jobs;
	char *end;

	switch (key) {
	case 's':
		if (a->n_sets == SETS_MAX)
			argp_error(st, "more than %d -s", SETS_MAX);
		a->sets[a->n_sets++] = arg;
		break;
	case 'v':
		if (a->n_vary == SWEEP_DIMS_MAX)
			argp_error(st, "at most %d knobs can be varied at once", SWEEP_DIMS_MAX);
		a->vary[a->n_vary++] = arg;
		break;
	case 'j':
		jobs = strtoul(arg, &end, 10);
		a->jobs = (unsigned)jobs;
		if (end == arg || *end || jobs < 1 || jobs > 256)
			argp_error(st, "-j needs a number from 1 to 256, not \"%s\"", arg);
		break;
	case 'o':
		a->out = arg;
		if (out_trouble(arg))
			argp_error(st, "-o needs the file to write, such as results/b.csv, not "
				   "\"%s\": %s", arg, out_trouble(arg));
		break;
	case 'q':	a->quiet = true; break;
	case KEY_BOUND:	a->allow_client_bound = true; break;
	case KEY_STORE:	a->store = arg; break;
	case KEY_NO_STORE: a->no_store = true; break;
	case KEY_COLLECT: a->collect = true; break;
	case KEY_EXPORT: a->export = arg; break;
	case KEY_COLUMNS: columns_take(a, arg); break;
	case ARGP_KEY_ARG:
		if (a->file)
			argp_error(st, "one configuration is enough; what is \"%s\"?", arg);
		a->file = arg;
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ "vary", 'v', "KEY=VALUES", 0, "v1,v2,v3 or lo:hi:step or lo..hi*factor, with units; "
	  "repeated: every combination", 0 },
	{ "set", 's', "KEY=VALUE", 0, "set a knob of every point; may be repeated", 0 },
	{ "out", 'o', "FILE.csv", 0, "where to write; the manifest goes beside it as FILE.json "
	  "(default: the CSV to standard output, no manifest)", 0 },
	{ "jobs", 'j', "N", 0, "points at a time (default: every processor)", 0 },
	{ "columns", KEY_COLUMNS, "A,B,...", 0, "keep only these metrics", 0 },
	{ "allow-client-bound", KEY_BOUND, NULL, 0,
	  "keep points whose client was the bottleneck", 0 },
	{ "store", KEY_STORE, "DIR", 0, "where finished points are kept and looked for (default: "
	  "IX_STORE, or build/store)", 1 },
	{ "no-store", KEY_NO_STORE, NULL, 0, "run every point, keep none", 1 },
	{ "collect", KEY_COLLECT, NULL, 0, "run nothing: assemble what the store has; what is "
	  "missing are rows with an error", 1 },
	{ "export", KEY_EXPORT, "DIR", 0, "run nothing: write a job for `ix point` into DIR for "
	  "every point that the store does not have", 1 },
	{ "quiet", 'q', NULL, 0, "no progress", 2 },
	{ 0 },
};

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
	"  ix sweep my.conf -v 'workload.connections=16..16384*4' --columns "
	"requests\n"
	"  ix sweep my.conf --export jobs && ix point jobs/*.job && ix sweep my.conf --collect "
	"\n\n" CLI_EXIT_CODES;

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

/* Which metrics there are is only known after a run. */
static bool columns_check(const struct sweep_args *a, const struct sweep_outcome *o)
{
	const json_t *known = json_object_get(o->manifest, "columns");
	bool ok = true;

	for (size_t i = 0; o->n_failed < o->n_points && i < a->n_columns; i++) {
		if (json_object_get(known, a->columns[i]))
			continue;
		fprintf(stderr, "ix sweep: no metric is called \"%s\"; `ix sim --json` shows their "
			"names\n", a->columns[i]);
		ok = false;
	}
	return ok;
}

static int save(const struct sweep_args *a, const struct sweep_outcome *o, int code)
{
	char dir[DIR_LEN], name[NAME_LEN], err[600];

	failures_print(o);
	if (!columns_check(a, o))
		code = IX_USAGE;
	if (!a->out) {
		table_write(&o->table, stdout);
		return code;
	}
	result_split(a->out, dir, sizeof(dir), name, sizeof(name));
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
static void axes_add(const struct sweep_args *a, struct sweep *sw, struct conf *c)
{
	if (a->file && conf_read(c, a->file))
		sweep_take(sw, c, false);
	for (size_t i = 0; c->n_errors == 0 && i < a->n_vary; i++)
		sweep_vary(sw, c, a->vary[i], "--vary");
}

int cmd_sweep(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "[FILE.conf]",
				   .doc = doc };
	struct sweep_args *a = calloc(1, sizeof(*a));
	struct sweep *sw = calloc(1, sizeof(*sw));
	struct conf *c = malloc(sizeof(*c));
	struct sweep_outcome o = { 0 };
	int rc;

	if (!a || !sw || !c)
		abort();
	conf_init(c);
	argp_parse(&argp, argc, argv, 0, NULL, a);
	sw->file = a->file;
	sw->sets = a->sets;
	sw->n_sets = a->n_sets;
	sw->jobs = a->jobs;
	sw->quiet = a->quiet;
	sw->allow_client_bound = a->allow_client_bound;
	sw->store_dir = a->no_store ? NULL : a->store ? a->store : store_default_dir();
	sw->collect = a->collect;
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
