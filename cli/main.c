/* SPDX-License-Identifier: MIT */
/*
 * main.c - `ix COMMAND ...`: find the command and become it
 *
 * Not here: any option of a command (cmd_*.c).
 */
#include <argp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "base/types.h"
#include "cli/cli.h"
#include "cli/conf.h"

static const struct command commands[] = {
	{ "sim", "run one scenario in the simulator and print its numbers", cmd_sim },
	{ "sweep", "run a scenario over values of its knobs, into a CSV", cmd_sweep },
	{ "search", "the highest load under which an objective holds", cmd_search },
	{ "point", "run points of a sweep that was planned elsewhere", cmd_point },
	{ "figure", "reproduce figures of the papers and check their claims", cmd_figure },
	{ "serve", "serve a workload on a real network interface", cmd_serve },
	{ "load", "load a server from a real network interface", cmd_load },
	{ "rss", "explain which queue a flow's frames reach, and why", cmd_rss },
	{ "doctor", "what this machine has, lacks, and how to fix it", cmd_doctor },
};

static void usage(FILE *f)
{
	fputs("Usage: ix COMMAND [OPTION...]\n"
	      "The IX dataplane: one core, in a simulator and on real interfaces.\n\n", f);
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		fprintf(f, "  %-9s %s\n", commands[i].name, commands[i].doc);
	fputs("  help      `ix help COMMAND`: options and examples of one command\n"
	      "\nStart here:\n"
	      "  ix doctor                              can this machine run everything?\n"
	      "  ix sim                                 a first run: an echo server, saturated\n"
	      "  ix sim -s mode=open -s workload.rate='500 k/s'\n"
	      "                                         the same at a load of its own\n"
	      "  ix sim --list-keys                     every knob, its range and meaning\n"
	      "  ix figure all --quick                  the paper's figures, a preview\n"
	      "\n" CLI_EXIT_CODES "\n", f);
}

static const struct command *command_find(const char *name)
{
	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (strcmp(commands[i].name, name) == 0)
			return &commands[i];
	return NULL;
}

static int unknown(const char *name)
{
	const struct command *best = NULL;
	unsigned d, best_d = 3;

	for (size_t i = 0; i < ARRAY_LEN(commands); i++) {
		d = edit_distance(name, commands[i].name);
		if (d < best_d) {
			best_d = d;
			best = &commands[i];
		}
	}
	fprintf(stderr, "ix: there is no command \"%s\"", name);
	if (best)
		fprintf(stderr, "; did you mean `ix %s`?\n", best->name);
	else
		fputs("; `ix --help` lists them\n", stderr);
	return IX_USAGE;
}

static int command_run(const struct command *c, int argc, char **argv)
{
	static char name[32];

	snprintf(name, sizeof(name), "ix %s", c->name);
	argv[0] = name;
	argp_err_exit_status = IX_USAGE;
	program_invocation_name = program_invocation_short_name = name;
	return c->run(argc, argv);
}

static int help(int argc, char **argv)
{
	static char flag[] = "--help";
	char *args[] = { argv[0], flag, NULL };
	const struct command *c;

	if (argc < 2 || strcmp(argv[1], "help") == 0 || strcmp(argv[1], flag) == 0) {
		usage(stdout);
		return IX_OK;
	}
	c = command_find(argv[1]);
	return c ? command_run(c, 2, args) : unknown(argv[1]);
}

static int dispatch(int argc, char **argv)
{
	const struct command *c;

	if (argc < 2) {
		usage(stderr);
		return IX_USAGE;
	}
	if (strcmp(argv[1], "--help") == 0 || strcmp(argv[1], "-h") == 0 ||
	    strcmp(argv[1], "-?") == 0) {
		usage(stdout);
		return IX_OK;
	}
	if (strcmp(argv[1], "--version") == 0 || strcmp(argv[1], "-V") == 0) {
		printf("ix %s (commit %s, %s)\n", ix_version, ix_commit, ix_compiler);
		return IX_OK;
	}
	if (strcmp(argv[1], "help") == 0)
		return help(argc - 1, argv + 1);
	c = command_find(argv[1]);
	return c ? command_run(c, argc - 1, argv + 1) : unknown(argv[1]);
}

int main(int argc, char **argv)
{
	int rc = dispatch(argc, argv);

	/* A full disk or a closed pipe must not look like success. */
	if (fflush(stdout) != 0 && rc == IX_OK) {
		perror("ix: standard output");
		rc = IX_FAILED;
	}
	return rc;
}
