/* SPDX-License-Identifier: MIT */
/*
 * sweep_args.c - what the command lines of `ix sweep` and `ix search` share
 */
#include "cli/sweep_args.h"

#include <ctype.h>
#include <dirent.h>
#include <stdlib.h>
#include <string.h>

#include "cli/result.h"
#include "cli/store.h"

enum { KEY_STORE = 2000, KEY_NO_STORE, KEY_BOUND };

unsigned args_count(struct argp_state *st, const char *option, const char *arg, unsigned min,
		    unsigned max)
{
	char *end;
	unsigned long v = strtoul(arg, &end, 10);

	if (!isdigit((unsigned char)*arg) || *end || v < min || v > max)
		argp_error(st, "%s needs a number from %u to %u, not \"%s\"", option, min, max,
			   arg);
	return (unsigned)v;
}

const char *args_folder(struct argp_state *st, const char *option, const char *arg)
{
	DIR *d = opendir(arg);

	if (!d && !*arg)
		argp_error(st, "%s needs a folder, and its name is empty", option);
	if (!d && errno == ENOTDIR)
		argp_error(st, "%s needs a folder, and \"%s\" is none", option, arg);
	if (d)
		closedir(d);
	return arg;
}

const char *args_file(struct argp_state *st, const char *arg)
{
	const char *trouble = *arg ? result_trouble(arg) : "no name was given";

	if (trouble)
		argp_error(st, "-o needs the file to write, not \"%s\": %s", arg, trouble);
	return arg;
}

/* -o of a CSV and the manifest beside it: nothing runs if they cannot be written. */
static const char *csv_name(struct argp_state *st, const char *arg)
{
	const char *slash = strrchr(arg, '/'), *base = slash ? slash + 1 : arg;
	char dir[RESULT_DIR_LEN], name[RESULT_NAME_LEN];
	char path[RESULT_DIR_LEN + RESULT_NAME_LEN + 8];

	args_file(st, arg);
	if (!*base)
		argp_error(st, "-o needs the file to write, such as results/b.csv, not \"%s\": it "
			   "is a folder", arg);
	if (strlen(base) >= RESULT_NAME_LEN || (size_t)(base - arg) >= RESULT_DIR_LEN)
		argp_error(st, "-o needs the file to write, not \"%s\": it is too long", arg);
	result_split(arg, dir, sizeof(dir), name, sizeof(name));
	for (int i = 0; i < 2; i++) {
		result_path(path, sizeof(path), dir, name, i ? "json" : "csv");
		if (result_trouble(path))
			argp_error(st, "-o %s writes %s, which cannot be: %s", arg, path,
				   result_trouble(path));
	}
	return arg;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct sweep_args *a = st->input;

	switch (key) {
	case 's':
		if (a->n_sets == SWEEP_SETS_MAX)
			argp_error(st, "more than %d -s", SWEEP_SETS_MAX);
		a->sets[a->n_sets++] = arg;
		break;
	case 'o':	a->out = csv_name(st, arg); break;
	case 'j':	a->jobs = args_count(st, "-j", arg, 1, JOBS_MAX); break;
	case 'q':	a->quiet = true; break;
	case KEY_STORE:	a->store = args_folder(st, "--store", arg); break;
	case KEY_NO_STORE: a->no_store = true; break;
	case KEY_BOUND:	a->allow_client_bound = true; break;
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
	{ "set", 's', "KEY=VALUE", 0, "set a knob of every run; may be repeated", 0 },
	{ "out", 'o', "FILE.csv", 0, "where to write; the manifest goes beside it as FILE.json "
	  "(default: to standard output, no manifest)", 0 },
	{ "jobs", 'j', "N", 0, "runs at a time (default: every processor)", 0 },
	{ "allow-client-bound", KEY_BOUND, NULL, 0, "keep runs whose client was the bottleneck",
	  0 },
	{ "store", KEY_STORE, "DIR", 0, "where finished runs are kept and looked for (default: "
	  "IX_STORE, or build/store)", 1 },
	{ "no-store", KEY_NO_STORE, NULL, 0, "run everything, keep nothing", 1 },
	{ "quiet", 'q', NULL, 0, "no progress", 2 },
	{ 0 },
};

const struct argp sweep_argp = { .options = options, .parser = parse };

void sweep_args_apply(const struct sweep_args *a, struct sweep *sw)
{
	sw->file = a->file;
	sw->sets = a->sets;
	sw->n_sets = a->n_sets;
	sw->jobs = a->jobs;
	sw->quiet = a->quiet;
	sw->allow_client_bound = a->allow_client_bound;
	sw->store_dir = a->no_store ? NULL : a->store ? a->store : store_default_dir();
}
