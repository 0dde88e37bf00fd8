/* SPDX-License-Identifier: MIT */
/*
 * conf_ints.h - whole numbers of a configuration file that its parser would not keep
 */
#ifndef CLI_CONF_INTS_H
#define CLI_CONF_INTS_H

#include <stdbool.h>

#include "cli/conf.h"

/**
 * libconfig takes the low 32 bits of a plain whole number and the nearest of 64 bits of one that
 * ends in L, and says nothing. Complains about each such number of @path and of what it includes
 * from @dir; the file must have been parsed. False: there was one.
 */
bool conf_ints_check(struct conf *c, const char *path, const char *dir);

#endif
