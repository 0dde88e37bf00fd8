/* SPDX-License-Identifier: MIT */
/*
 * cmd_serve.c - `ix serve`: a server on a real network interface
 */
#include <argp.h>

#include "cli/cli.h"
#include "cli/onwire.h"

static const struct argp_option options[] = {
	{ "port", 'p', "PORT", 0, "listen here (default 7)", 0 },
	{ 0 },
};

static const char doc[] =
	"Serve a workload from a real network interface until interrupted.\v"
	"A tap: interface is made on the spot; packet: attaches to one that exists. Both need "
	"CAP_NET_ADMIN or CAP_NET_RAW; `ix doctor` says what is missing.\n\n"
	"Examples:\n"
	"  sudo ix serve echo --nic tap:ix0 --ip 10.9.0.2/24 --peer-ip 10.9.0.1/24\n"
	"  then: ping 10.9.0.2; nc 10.9.0.2 7\n"
	"  sudo ix serve echo --nic packet:eth1 --ip 192.168.1.50/24 -s dp.batch_max=16\n\n"
	CLI_EXIT_CODES;

int cmd_serve(int argc, char **argv)
{
	static const struct onwire ow = { "ix serve", false, options, doc };

	return onwire_run(&ow, argc, argv);
}
