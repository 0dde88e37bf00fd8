/* SPDX-License-Identifier: MIT */
/*
 * fitted.c - see fitted.h
 */
#include <ctype.h>
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/fitted.h"

static void used_add(struct fitted *f, const char *name, size_t len, double x)
{
	if (f->n == FITTED_MAX || len >= sizeof(f->used[0].name))
		return;
	memcpy(f->used[f->n].name, name, len);
	f->used[f->n].name[len] = '\0';
	f->used[f->n++].x = x;
}

/* "1024", "0.5 and 1", "250992 against 1296": numbers of one curve. Returns what follows. */
static const char *numbers_add(struct fitted *f, const char *name, size_t len, const char *s)
{
	static const char *const between[] = { " and ", ", ", " against " };
	char *end;

	for (;;) {
		double x = strtod(s, &end);
		const char *next = NULL;

		if (end == s)
			return s;
		used_add(f, name, len, x);
		for (size_t i = 0; i < ARRAY_LEN(between) && !next; i++) {
			size_t n = strlen(between[i]);

			if (strncmp(end, between[i], n) == 0 && isdigit((unsigned char)end[n]))
				next = end + n;
		}
		if (!next)
			return end;
		s = next;
	}
}

void fitted_add(struct fitted *f, const char *text)
{
	const char *s = text;

	while (*s) {
		const char *slash = strncmp(s, "fig", 3) == 0 ? strchr(s, '/') : NULL;
		const char *second = slash ? strchr(slash + 1, '/') : NULL;
		bool word = s == text || !isalnum((unsigned char)s[-1]);

		if (word && second && isdigit((unsigned char)second[1])) {
			s = numbers_add(f, s, (size_t)(second - s), second + 1);
			continue;
		}
		if (word && *s == 'C' && isdigit((unsigned char)s[1]) &&
		    isdigit((unsigned char)s[2]) && !isalnum((unsigned char)s[3]))
			used_add(f, s, 3, 0);
		s++;
	}
}

static void list_read(struct fitted *f, const char *path)
{
	static const char *const ways[] = { "by hand on ", "fit: ", "fitted on: " };
	char line[1024];
	FILE *file = fopen(path, "r");

	while (file && fgets(line, sizeof(line), file))
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			const char *source = strstr(line, ways[i]);

			if (source)
				fitted_add(f, source + strlen(ways[i]));
		}
	if (file)
		fclose(file);
}

size_t fitted_read(struct fitted *f, const char *dir)
{
	DIR *d = opendir(dir);
	struct dirent *e;
	char path[1024];
	size_t n = 0;

	while (d && (e = readdir(d))) {
		size_t len = strlen(e->d_name);

		if (len < 6 || strcmp(e->d_name + len - 5, ".conf") != 0)
			continue;
		snprintf(path, sizeof(path), "%s/%s", dir, e->d_name);
		list_read(f, path);
		n++;
	}
	if (d)
		closedir(d);
	return n;
}

static bool is_used(const struct fitted *f, const char *name, double x)
{
	for (size_t i = 0; i < f->n; i++)
		if (f->used[i].x == x && strcmp(f->used[i].name, name) == 0)
			return true;
	return false;
}

bool fitted_claim(const struct fitted *f, const char *id)
{
	return is_used(f, id, 0);
}

bool fitted_point(const struct fitted *f, const char *figure, const char *series, double x)
{
	char name[128];

	snprintf(name, sizeof(name), "%s/%s", figure, series);
	return is_used(f, name, x);
}
