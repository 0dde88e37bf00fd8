/* SPDX-License-Identifier: MIT */
/*
 * onwire.c - see onwire.h
 *
 * Every option is an assignment to a knob of hw/run.h, so options, -s and a file obey the
 * same rules. Not here: anything about interfaces (hw/).
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/cli.h"
#include "cli/conf.h"
#include "cli/onwire.h"
#include "hw/run.h"

enum { KEY_FIRST = 1000, KEY_LIST, KEY_PRINT };

struct state {
	const struct onwire *ow;
	const struct app_ops *app;
	const char *file;
	bool list, print;
	struct conf conf;
	struct hw_cfg cfg;
};

/* Options that are knobs: `--ip A` is `-s ip=A`. */
static const struct {
	int key;
	const char *option, *knob;
} knob_options[] = {
	{ 'i', "--nic", "nic" }, { 'a', "--ip", "ip" }, { 'g', "--gateway", "gateway" },
	{ 'm', "--mac", "mac" }, { 'P', "--peer-ip", "peer_ip" }, { 'p', "--port", "port" },
	{ 't', "--to", "target" }, { 'd', "--duration", "duration" },
};

static const struct argp_option shared[] = {
	{ "nic", 'i', "NIC", 0, "tap:NAME or packet:NAME", 0 },
	{ "ip", 'a', "IP/LEN", 0, "our address and prefix", 0 },
	{ "gateway", 'g', "IP", 0, "way off the subnet", 0 },
	{ "mac", 'm', "MAC", 0, "our MAC address", 0 },
	{ "peer-ip", 'P', "IP/LEN", 0, "address for the kernel's side of a TAP", 0 },
	{ "duration", 'd', "TIME", 0, "how long, such as \"10 s\"", 0 },
	{ "set", 's', "KEY=VALUE", 0, "set a knob; may be repeated", 1 },
	{ "stats", 'v', NULL, 0, "print every counter that is not zero at the end", 1 },
	{ "file", 'f', "FILE", 0, "read knobs from a configuration", 1 },
	{ "list-keys", KEY_LIST, NULL, 0, "print every knob and exit", 1 },
	{ "print-config", KEY_PRINT, NULL, 0, "print the resolved configuration and exit", 1 },
	{ 0 },
};

static void names_list(char *buf, size_t len)
{
	size_t n = 0;

	buf[0] = '\0';
	for (const struct app_ops *const *a = app_all; *a; a++) {
		if ((*a)->client)
			continue;
		n += (size_t)snprintf(buf + n, len - n, "%s%s", n ? ", " : "", (*a)->name);
		if (n >= len)
			return;
	}
}

/* Workloads go by the server's name; the client of "echo" is "echo-client". */
static const struct app_ops *app_for(const char *name, bool client)
{
	char full[64];
	const struct app_ops *a;

	snprintf(full, sizeof(full), "%s%s", name, client ? "-client" : "");
	a = app_find(full);
	return a && a->client == client ? a : NULL;
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct state *s = st->input;
	char text[400], names[200];

	for (size_t i = 0; i < ARRAY_LEN(knob_options); i++)
		if (key == knob_options[i].key) {
			snprintf(text, sizeof(text), "%s=%s", knob_options[i].knob, arg);
			conf_set(&s->conf, text, knob_options[i].option);
			return 0;
		}
	switch (key) {
	case 's':	conf_set(&s->conf, arg, "-s"); break;
	case 'f':	s->file = arg; break;
	case 'v':	conf_set(&s->conf, "stats=true", "--stats"); break;
	case KEY_LIST:	s->list = true; break;
	case KEY_PRINT:	s->print = true; break;
	case ARGP_KEY_ARG:
		names_list(names, sizeof(names));
		if (s->app)
			argp_error(st, "one workload is enough; what is \"%s\"?", arg);
		s->app = app_for(arg, s->ow->client);
		if (!s->app)
			argp_error(st, "there is no workload \"%s\"; there are: %s", arg, names);
		break;
	case ARGP_KEY_END:
		names_list(names, sizeof(names));
		if (!s->app)
			argp_error(st, "name a workload: %s", names);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static size_t sections(void *ctx, struct section out[CONF_SECTIONS_MAX])
{
	_Static_assert((int)HW_SECTIONS_MAX <= (int)CONF_SECTIONS_MAX, "room for every section");
	return hw_sections(ctx, out);
}

static int fail(const struct state *s, const char *what, int code)
{
	fprintf(stderr, "%s: %s\n", s->ow->name, what);
	return code;
}

static int exit_code(int rc)
{
	switch (rc) {
	case -EINVAL:	return IX_USAGE;
	case -EPERM:
	case -EACCES:
	case -ENOENT:
	case -ENODEV:
	case -ENOSYS:	return IX_MISSING;
	default:	return IX_FAILED;
	}
}

static int run(struct state *s)
{
	struct schema schema = { sections, &s->cfg, NULL, "--list-keys" };
	char err[512];
	int rc;

	hw_defaults(&s->cfg, s->app);
	if (s->list) {
		schema_list(&schema, stdout);
		return IX_OK;
	}
	if (s->file)
		conf_read(&s->conf, s->file);
	if (s->conf.n_errors || !conf_apply(&s->conf, &schema))
		goto complain;
	if (s->print) {
		schema_print(&schema, stdout);
		return IX_OK;
	}
	if (hw_check(&s->cfg, err, sizeof(err)) != 0)
		return fail(s, err, IX_USAGE);
	rc = hw_run(&s->cfg, stdout, err, sizeof(err));
	return rc < 0 ? fail(s, err, exit_code(rc)) : IX_OK;
complain:
	conf_complain(&s->conf, s->ow->name);
	return IX_USAGE;
}

int onwire_run(const struct onwire *ow, int argc, char **argv)
{
	struct argp_option options[24] = { { 0 } };
	struct argp argp = { .options = options, .parser = parse, .args_doc = "WORKLOAD",
			     .doc = ow->doc };
	struct state *s = calloc(1, sizeof(*s));
	size_t n = 0;
	int rc;

	if (!s)
		return IX_FAILED;
	for (const struct argp_option *o = ow->options; o->name; o++)
		options[n++] = *o;
	for (size_t i = 0; shared[i].name; i++)
		options[n++] = shared[i];
	assert(n < ARRAY_LEN(options));
	s->ow = ow;
	conf_init(&s->conf);
	argp_parse(&argp, argc, argv, 0, NULL, s);
	rc = run(s);
	conf_free(&s->conf);
	free(s);
	return rc;
}
