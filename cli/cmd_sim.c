/* SPDX-License-Identifier: MIT */
/*
 * cmd_sim.c - `ix sim`: one scenario in the simulator
 */
#include <argp.h>
#include <stdlib.h>

#include "cli/advice.h"
#include "cli/cli.h"
#include "cli/progress.h"
#include "cli/result.h"
#include "cli/simrun.h"
#include "cli/summary.h"

enum { KEY_JSON = 1000, KEY_PCAP, KEY_TRACE, KEY_SERIES, KEY_SEED, KEY_PRINT, KEY_LIST, KEY_BOUND };

struct sim_args {
	const char *file, *out;
	bool json, print, list, quiet, allow_client_bound;
	struct conf conf;
	struct scenario sc;
	struct sim_result result;
};

static void set(struct sim_args *a, const char *knob, const char *value, const char *option)
{
	char text[400];

	snprintf(text, sizeof(text), "%s=%s", knob, value);
	conf_set(&a->conf, text, option);
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct sim_args *a = st->input;

	switch (key) {
	case 's':	conf_set(&a->conf, arg, "-s"); break;
	case 'b':	set(a, "budget", "true", "--budget"); break;
	case 'o':
		if (arg[0] == '\0')
			argp_error(st, "--out wants a folder; \".\" is this one");
		if (strlen(arg) >= RESULT_DIR_LEN)
			argp_error(st, "--out: the name of the folder is longer than %d letters",
				   RESULT_DIR_LEN - 1);
		a->out = arg;
		break;
	case 'q':	a->quiet = true; break;
	case KEY_JSON:	a->json = true; break;
	case KEY_PCAP:	set(a, "pcap", arg, "--pcap"); break;
	case KEY_TRACE:	set(a, "trace", arg, "--trace"); break;
	case KEY_SERIES: set(a, "series", arg, "--series"); break;
	case KEY_SEED:	set(a, "seed", arg, "--seed"); break;
	case KEY_PRINT:	a->print = true; break;
	case KEY_LIST:	a->list = true; break;
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
	{ "set", 's', "KEY=VALUE", 0, "set a knob, over the file; may be repeated. A key may be "
	  "shortened to its end where only one fits", 0 },
	{ "seed", KEY_SEED, "N", 0, "seed of every random element", 0 },
	{ "budget", 'b', NULL, 0, "account every nanosecond of a request, hop by hop", 0 },
	{ "json", KEY_JSON, NULL, 0, "print metrics, histograms and manifest as JSON", 1 },
	{ "out", 'o', "DIR", 0, "also write DIR/NAME.csv and the manifest DIR/NAME.json", 1 },
	{ "pcap", KEY_PCAP, "FILE", 0, "capture at the server's port 0 (Wireshark)", 1 },
	{ "trace", KEY_TRACE, "FILE", 0, "every pass as a Chrome trace (Perfetto)", 1 },
	{ "series", KEY_SERIES, "FILE", 0, "windows of flows and queues over time, as CSV; "
	  "series_period and series_flows say how often and how many", 1 },
	{ "quiet", 'q', NULL, 0, "no progress", 1 },
	{ "list-keys", KEY_LIST, NULL, 0, "print every knob, its default, range and meaning", 2 },
	{ "print-config", KEY_PRINT, NULL, 0, "print the resolved configuration and exit", 2 },
	{ "allow-client-bound", KEY_BOUND, NULL, 0,
	  "exit 0 even if a client was the bottleneck", 2 },
	{ 0 },
};

static const char doc[] =
	"Simulate one scenario: a server and its clients, from FILE.conf, or the defaults.\v"
	"Equal scenarios, seeds and commits give equal bytes. Values carry units: 10 us, 64 KB, "
	"10 Gb/s, 0.5 %, 1.5 M/s.\n\n"
	"Examples:\n"
	"  ix sim -s mode=open -s workload.rate='200 k/s'\n"
	"  ix sim -s workload=netpipe -s link.rate='40 Gb/s' --budget\n"
	"  ix sim my.conf --seed 7 --json > run.json\n"
	"  ix sim my.conf --pcap run.pcap --trace run.trace.json\n"
	"  ix sim -s workload=netpipe --list-keys\n"
	"  ix sim -s server.threads=4 --print-config > my.conf\n\n" CLI_EXIT_CODES;

static bool show_progress(void *ctx, nsec now, nsec end)
{
	progress_update(ctx, end ? (double)now / (double)end : 0, NULL);
	return true;
}

/* A single run as a sweep of one point: the same two files. */
static int save(struct sim_args *a, const json_t *manifest, const char *name)
{
	char path[512], err[600] = "";
	struct table t = { 0 };
	int rc;

	simrun_rows(&t, table_row_add(&t), 0, a->result.limit, a->result.n_metrics,
		    a->result.metrics, a->result.n_rows, a->result.rows);
	result_path(path, sizeof(path), a->out, name, "csv");
	rc = result_save_table(path, &t, err, sizeof(err));
	table_free(&t);
	result_path(path, sizeof(path), a->out, name, "json");
	if (!rc)
		rc = result_save_json(path, manifest, err, sizeof(err));
	if (rc)
		fprintf(stderr, "ix sim: %s\n", err);
	return rc ? IX_FAILED : IX_OK;
}

static int report(struct sim_args *a, const struct schema *s)
{
	json_t *manifest = result_manifest(s, "sim", a->file), *all = simrun_json(&a->result);
	char name[200];
	int rc = IX_OK;

	simrun_price_list(manifest, a->sc.server.profile, a->result.price_hash_server);
	simrun_price_list(manifest, a->sc.client.profile, a->result.price_hash_client);
	json_object_set(all, "manifest", manifest);
	if (a->json)
		result_print_json(all, stdout);
	else
		summary_print(&a->sc, &a->result, stdout);
	if (a->out) {
		result_name(name, sizeof(name), a->file ? a->file : "sim");
		rc = save(a, all, name);
	}
	json_decref(all);
	json_decref(manifest);
	if (simrun_empty(&a->result)) {
		fprintf(stderr, "ix sim: failed: %s\n", simrun_empty(&a->result));
		return IX_FAILED;
	}
	if (a->result.client_bound) {
		fprintf(stderr, "ix sim: %s: %s\n", a->allow_client_bound ? "warning" : "refused",
			a->result.why);
		if (rc == IX_OK && !a->allow_client_bound)
			rc = IX_REFUSED;
	}
	return rc;
}

static int run(struct sim_args *a)
{
	struct progress p;
	struct schema s;
	char err[512] = "";
	int rc;

	simrun_schema(&s, &a->sc);
	if (!simrun_configure(&a->conf, a->file, &a->sc)) {
		conf_complain(&a->conf, "ix sim");
		return IX_USAGE;
	}
	if (a->list || a->print) {
		(a->list ? schema_list : schema_print)(&s, stdout);
		return IX_OK;
	}
	if (!a->quiet && a->file)
		advice_beyond_knobs(&a->conf, a->file, "ix sim");
	if (!a->quiet && conf_names(&a->conf, &s, "workload.rate") && simrun_rate_is_idle(&s))
		fprintf(stderr, "ix sim: %s\n", SIMRUN_RATE_IDLE);
	progress_start(&p, "simulating", a->quiet);
	rc = sim_run(&a->sc, &a->result, show_progress, &p, err, sizeof(err));
	progress_clear(&p);
	if (rc) {
		fprintf(stderr, "ix sim: %s\n", err);
		return rc == -EINVAL ? IX_USAGE : rc == -ENOENT ? IX_MISSING : IX_FAILED;
	}
	rc = report(a, &s);
	sim_result_free(&a->result);
	return rc;
}

int cmd_sim(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse, .args_doc = "[FILE.conf]",
				   .doc = doc };
	struct sim_args *a = calloc(1, sizeof(*a));
	int rc;

	if (!a)
		return IX_FAILED;
	conf_init(&a->conf);
	argp_parse(&argp, argc, argv, 0, NULL, a);
	rc = run(a);
	conf_free(&a->conf);
	free(a);
	return rc;
}
