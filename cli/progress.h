/* SPDX-License-Identifier: MIT */
/*
 * progress.h - how far a long command is, on stderr, and whether output may be coloured
 *
 * Silent for the first two seconds. On a terminal one line is rewritten; elsewhere a line
 * appears every five seconds. Results never depend on the host time used here.
 */
#ifndef CLI_PROGRESS_H
#define CLI_PROGRESS_H

#include <stdio.h>

#include "base/types.h"

struct progress {
	const char *label;
	double started_s, shown_s;
	bool tty, quiet, dirty;
};

void progress_start(struct progress *p, const char *label, bool quiet);
/** @fraction done, 0..1; @what follows the percentage, may be NULL. */
void progress_update(struct progress *p, double fraction, const char *what);
/** Remove the line from a terminal, so that the next message starts clean. */
void progress_clear(struct progress *p);

enum style { STYLE_PLAIN, STYLE_BOLD, STYLE_DIM, STYLE_GOOD, STYLE_BAD, STYLE_WARN };

/** Escape sequence for @f: "" unless it is a terminal and NO_COLOR is not set. */
const char *style_on(FILE *f, enum style s);
const char *style_off(FILE *f);

#endif
