/* SPDX-License-Identifier: MIT */
/*
 * stat.c - names and meanings of the counters, from the table in the header
 */
#include "base/stat.h"

const struct stat_desc stat_descs[STAT_NR] = {
#define X(id, name, doc) [STAT_##id] = { name, doc },
	STAT_TABLE(X)
#undef X
};
