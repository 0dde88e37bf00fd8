/* SPDX-License-Identifier: MIT */
/*
 * stress.h - what a seed of stress has chosen
 */
#ifndef TESTS_SIM_STRESS_H
#define TESTS_SIM_STRESS_H

#include "base/types.h"

enum { SETS_MAX = 120, SET_LEN = 200 };

/* Assignments, as `ix sim -s` takes them. */
struct choice {
	uint64_t seed;
	size_t n;
	char set[SETS_MAX][SET_LEN];
};

/** Draw the assignments of @seed; the same on every machine. */
void stress_choose(struct choice *c, uint64_t seed);

#endif
