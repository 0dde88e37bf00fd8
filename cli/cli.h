/* SPDX-License-Identifier: MIT */
/*
 * cli.h - what the commands of `ix` share: their table, their exit codes, their version
 *
 * A command is a function with main()'s arguments; argv[0] is "ix NAME" so that its own
 * --help says so. It returns one of the exit codes below and never calls exit().
 */
#ifndef CLI_CLI_H
#define CLI_CLI_H

enum {
	IX_OK = 0,
	IX_FAILED = 1,		/* a run or a point of a sweep failed, a result is damaged, ... */
	IX_USAGE = 2,		/* wrong command line or configuration */
	IX_MISSING = 3,		/* this machine lacks something; the message says what */
	IX_REFUSED = 4,		/* the client was the bottleneck; what is to be taken is no point */
	IX_SIGNAL = 128,	/* plus its number: a signal ended it */
};

struct command {
	const char *name;
	const char *doc;	/* one line */
	int (*run)(int argc, char **argv);
};

int cmd_sim(int argc, char **argv);
int cmd_sweep(int argc, char **argv);
int cmd_search(int argc, char **argv);
int cmd_point(int argc, char **argv);
int cmd_figure(int argc, char **argv);
int cmd_serve(int argc, char **argv);
int cmd_load(int argc, char **argv);
int cmd_rss(int argc, char **argv);
int cmd_doctor(int argc, char **argv);

/** Printed at the end of every command's --help. */
#define CLI_EXIT_CODES \
	"Exit status: 0 ok; 1 a run failed, or a result cannot be read or written; 2 wrong usage " \
	"or configuration; " \
	"3 something is missing on this machine; 4 refused, the client was the bottleneck, or " \
	"what is to be taken is no point; 130 interrupted."

/* version.c */
extern const char ix_version[];		/* "0.1.0" */
extern const char ix_commit[];		/* git commit of the build, "unknown" outside git */
extern const char ix_compiler[];	/* "gcc 12.2.0" */

#endif
