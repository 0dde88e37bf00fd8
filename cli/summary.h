/* SPDX-License-Identifier: MIT */
/*
 * summary.h - a simulated run, told to a person
 */
#ifndef CLI_SUMMARY_H
#define CLI_SUMMARY_H

#include <stdio.h>

#include "sim/run.h"

/** What was simulated, throughput, latency, processors, drops; the budget if it was asked for. */
void summary_print(const struct scenario *sc, const struct sim_result *r, FILE *f);

#endif
