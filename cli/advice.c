/* SPDX-License-Identifier: MIT */
/*
 * advice.c - see advice.h
 */
#include <ctype.h>

#include "cli/advice.h"

static bool is_plain(const char *word)
{
	const char *s = word;

	while (isalnum((unsigned char)*s) || (*s && strchr("/._-+,:@%", *s)))
		s++;
	return *word && !*s;
}

void advice_word(const char *word, FILE *f)
{
	if (is_plain(word)) {
		fputs(word, f);
		return;
	}
	fputc('\'', f);
	for (; *word; word++)
		fputs(*word == '\'' ? "'\\''" : (char[]){ *word, '\0' }, f);
	fputc('\'', f);
}

void advice_beyond_knobs(const struct conf *c, const char *file, const char *prog)
{
	const char *data;

	if (config_lookup(&c->file, "sweep") || config_lookup(&c->file, "points")) {
		fprintf(stderr, "%s: %s describes a sweep, and this goes without what that sets; "
			"it is run by: ix sweep ", prog, file);
		advice_word(file, stderr);
		fputc('\n', stderr);
	} else if (config_lookup_string(&c->file, "figure.data", &data)) {
		fprintf(stderr, "%s: %s draws what figure %s has measured, and this goes without "
			"all that; `ix figure` makes the drawing\n", prog, file, data);
	}
}
