/* SPDX-License-Identifier: MIT */
/*
 * advice.h - sentences that end in a command to copy
 */
#ifndef CLI_ADVICE_H
#define CLI_ADVICE_H

#include <stdio.h>

#include "cli/conf.h"

/** Print @word so that a shell takes it for one word: quoted only where it has to be. */
void advice_word(const char *word, FILE *f);

/**
 * @prog makes runs of @file without what the file says beyond knobs: its sweep, or that it is
 * the drawing of another figure's results. Say so on standard error and name the command that
 * heeds it; nothing if there is no such thing. @c has read @file.
 */
void advice_beyond_knobs(const struct conf *c, const char *file, const char *prog);

#endif
