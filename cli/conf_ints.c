/* SPDX-License-Identifier: MIT */
/*
 * conf_ints.c - see conf_ints.h
 */
#include <ctype.h>
#include <errno.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "cli/conf_ints.h"
#include "cli/result.h"

enum { INCLUDE_DEPTH = 10, WORD_MAX = 80 };	/* the depth is libconfig's */

struct scan {
	struct conf *c;
	const char *path, *dir, *p;
	unsigned line;
	int depth;
	bool ok;
};

static void file_scan(struct conf *c, const char *path, const char *dir, int depth, bool *ok);

/* Behind the text up to @end, counting lines. */
static void skip_to(struct scan *s, const char *end)
{
	for (; s->p < end; s->p++)
		s->line += *s->p == '\n';
}

static const char *comment_end(const char *p)
{
	const char *end;

	if (p[0] == '/' && p[1] == '*') {
		end = strstr(p + 2, "*/");
		return end ? end + 2 : p + strlen(p);
	}
	return p + strcspn(p, "\n");
}

/* @p is behind a quote; where the other one is. */
static const char *string_end(const char *p)
{
	while (*p && *p != '"')
		p += *p == '\\' && p[1] ? 2 : 1;
	return p;
}

static void include_scan(struct scan *s)
{
	const char *name = s->p + strcspn(s->p, "\"\n"), *end;
	char path[1024];

	if (*name++ != '"')
		return;
	end = string_end(name);
	snprintf(path, sizeof(path), "%s/%.*s", s->dir, (int)(end - name), name);
	if (s->depth < INCLUDE_DEPTH)
		file_scan(s->c, path, s->dir, s->depth + 1, &s->ok);
	skip_to(s, *end ? end + 1 : end);
}

/* A plain number has 32 bits: hexadecimal ones wrap to negative numbers as well. */
static bool is_kept(const char *word)
{
	const char *digits = word + (*word == '-' || *word == '+');
	bool hex = digits[0] == '0' && (digits[1] == 'x' || digits[1] == 'X');
	long long v;
	char *end;

	errno = 0;
	v = strtoll(word, &end, hex ? 16 : 10);
	if (end == word || !strchr("L", *end))	/* a fraction, a name: not ours */
		return true;
	return errno == 0 && (*end == 'L' || (v >= INT32_MIN && v <= INT32_MAX));
}

static void word_scan(struct scan *s)
{
	size_t n = strspn(s->p, "+-.0123456789_abcdefghijklmnopqrstuvwxyz"
			  "ABCDEFGHIJKLMNOPQRSTUVWXYZ*");
	char word[WORD_MAX];

	snprintf(word, sizeof(word), "%.*s", (int)n, s->p);
	if (!isalpha((unsigned char)word[0]) && !is_kept(word)) {
		conf_error(s->c, "%s:%u: %s does not fit a plain number of a configuration file, "
			   "which has 32 bits, or 64 with an L behind; put it in quotes: \"%s\"",
			   s->path, s->line, word, word);
		s->ok = false;
	}
	s->p += n;
}

static void file_scan(struct conf *c, const char *path, const char *dir, int depth, bool *ok)
{
	size_t len;
	char *text = result_load(path, &len);
	struct scan s = { .c = c, .path = path, .dir = dir, .p = text, .line = 1, .depth = depth,
			  .ok = true };

	if (!text)
		return;
	text[len] = '\0';
	while (*s.p) {
		const char *end;

		if (*s.p == '#' || (*s.p == '/' && (s.p[1] == '/' || s.p[1] == '*'))) {
			skip_to(&s, comment_end(s.p));
		} else if (*s.p == '"') {
			end = string_end(s.p + 1);
			skip_to(&s, *end ? end + 1 : end);
		} else if (*s.p == '@') {
			include_scan(&s);
		} else if (isalnum((unsigned char)*s.p) || strchr("+-._*", *s.p)) {
			word_scan(&s);
		} else {
			skip_to(&s, s.p + 1);
		}
	}
	free(text);
	*ok &= s.ok;
}

bool conf_ints_check(struct conf *c, const char *path, const char *dir)
{
	bool ok = true;

	file_scan(c, path, dir, 0, &ok);
	return ok;
}
