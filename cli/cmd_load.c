/* SPDX-License-Identifier: MIT */
/*
 * cmd_load.c - `ix load`: a load generator on a real network interface
 */
#include <argp.h>

#include "cli/cli.h"
#include "cli/onwire.h"

static const struct argp_option options[] = {
	{ "to", 't', "IP:PORT", 0, "the server", 0 },
	{ 0 },
};

static const char doc[] =
	"Load a server from a real network interface and report what it did, one \"name value\" "
	"a line. The server may be anything that speaks the workload.\v"
	"Examples:\n"
	"  sudo ix load echo --nic tap:ix1 --ip 10.9.0.3/24 --to 10.9.0.2:7 -d '5 s'\n"
	"  sudo ix load echo --nic packet:eth1 --ip 192.168.1.51/24 \\\n"
	"       --to 192.168.1.50:7 -s workload.size=1000 -s "
	"workload.connections=16\n\n" CLI_EXIT_CODES;

int cmd_load(int argc, char **argv)
{
	static const struct onwire ow = { "ix load", true, options, doc };

	return onwire_run(&ow, argc, argv);
}
