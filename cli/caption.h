/* SPDX-License-Identifier: MIT */
/*
 * caption.h - a figure's caption: its text with what was run filled in
 */
#ifndef CLI_CAPTION_H
#define CLI_CAPTION_H

#include "cli/figure.h"

enum { CAPTION_MAX = 4096 };

/** The caption of @fig with every {key} replaced by what the saved manifest says. */
void caption_text(const struct figure *fig, const struct figure_env *env, char buf[CAPTION_MAX]);

/** Break @text at blanks so that no line is wider than @width of an average letter, where words
 * allow. Returns how many lines there are. */
size_t caption_wrap(char *text, double width);

#endif
