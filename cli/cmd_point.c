/* SPDX-License-Identifier: MIT */
/*
 * cmd_point.c - `ix point`: one point of a sweep, on whatever machine
 */
#include <argp.h>
#include <signal.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/jobs.h"
#include "cli/store.h"
#include "cli/sweep_args.h"

enum { KEY_STORE = 1000, KEY_FAILURES, KEY_TAKE };

struct point_args {
	const char *store, *out, *failures;
	char **files;
	size_t n_files;
	bool take, quiet;
};

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct point_args *a = st->input;

	switch (key) {
	case 'o':	a->out = args_file(st, arg); break;
	case 'q':	a->quiet = true; break;
	case KEY_STORE:	a->store = args_folder(st, "--store", arg); break;
	case KEY_FAILURES: a->failures = args_folder(st, "--failures", arg); break;
	case KEY_TAKE:	a->take = true; break;
	case ARGP_KEY_ARGS:
		a->files = st->argv + st->next;
		a->n_files = (size_t)(st->argc - st->next);
		break;
	case ARGP_KEY_END:
		if (a->n_files == 0)
			argp_error(st, "name a job; `ix sweep --export DIR` writes them");
		if (a->out && (a->n_files > 1 || a->take))
			argp_error(st, "--out takes one job");
		if (a->out && a->failures)
			argp_error(st, "--out writes why a run failed to its FILE; --failures is "
				   "for --take");
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static const struct argp_option options[] = {
	{ "store", KEY_STORE, "DIR", 0, "where finished points are kept and looked for (default: "
	  "IX_STORE, or build/store)", 0 },
	{ "out", 'o', "FILE", 0, "write the finished point, or why the run failed, to FILE, not "
	  "into a store", 0 },
	{ "take", KEY_TAKE, NULL, 0, "the files are those of --out: put the finished points into "
	  "the store; one that is none, or damaged, is exit status 4", 0 },
	{ "failures", KEY_FAILURES, "DIR", 0, "keep why runs failed in DIR, for `ix sweep "
	  "--collect --failures DIR`; a store has no failed runs", 0 },
	{ "quiet", 'q', NULL, 0, "say nothing about what went well", 0 },
	{ 0 },
};

static const char doc[] =
	"Run points that `ix sweep --export` planned, unless the store has them, one after the "
	"other.\v"
	"On machines that share the folder of the store, name it on all of them; from others "
	"bring back the file of --out and --take it. scripts/sweep_parallel.sh and "
	"scripts/sweep_slurm.sh do this for a list of hosts and for a cluster. A job that would "
	"not be the point that was planned, because the program or a price list is another, is "
	"not run.\n\n"
	"Examples:\n"
	"  ix sweep my.conf --export jobs && ix point jobs/*.job\n"
	"  ix sweep my.conf --collect -o results/my.csv\n\n" CLI_EXIT_CODES;

static int take(const struct point_args *a, const char *dir)
{
	struct store *st = malloc(sizeof(*st)), *failures = malloc(sizeof(*failures));
	char err[700];
	int rc = IX_OK;

	if (!st || !failures)
		abort();
	store_open(st, dir);
	store_open_failures(failures, a->failures);
	for (size_t i = 0; i < a->n_files; i++) {
		int one = store_take(st, a->failures ? failures : NULL, a->files[i], err,
				     sizeof(err));

		if (one)
			fprintf(stderr, "ix point: %s\n", err);
		if (one && rc != IX_FAILED)	/* of one that is good, and stays where it is */
			rc = one == -EINVAL ? IX_REFUSED : IX_FAILED;
	}
	free(failures);
	free(st);
	return rc;
}

int cmd_point(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "JOB...",
				   .doc = doc };
	struct point_args a = { 0 };
	struct job_how how;
	const char *dir;
	int rc = IX_OK;

	argp_parse(&argp, argc, argv, 0, NULL, &a);
	dir = a.store ? a.store : store_default_dir();
	if (a.take)
		return take(&a, dir);
	how = (struct job_how){ dir, a.out, a.failures, a.quiet };
	for (size_t i = 0; i < a.n_files; i++) {
		int one = job_run(a.files[i], &how);

		rc = one > rc ? one : rc;
		if (one == IX_SIGNAL + SIGINT || one == IX_SIGNAL + SIGTERM)
			break;
	}
	return rc;
}
