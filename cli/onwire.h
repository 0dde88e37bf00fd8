/* SPDX-License-Identifier: MIT */
/*
 * onwire.h - what `ix serve` and `ix load` share: options, configuration, exit codes
 */
#ifndef CLI_ONWIRE_H
#define CLI_ONWIRE_H

#include <stdbool.h>

struct argp_option;

struct onwire {
	const char *name;		/* "ix serve" */
	bool client;
	const struct argp_option *options;	/* after the shared ones */
	const char *doc;
};

/** Parse, configure, run on the interface until a signal or the end. Returns an exit code. */
int onwire_run(const struct onwire *ow, int argc, char **argv);

#endif
