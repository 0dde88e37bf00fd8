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
	struct fitted_number *u;

	if (f->n == f->cap) {
		f->cap = f->cap ? 2 * f->cap : 32;
		f->used = realloc(f->used, f->cap * sizeof(*f->used));
		if (!f->used)
			abort();
	}
	u = &f->used[f->n++];
	*u = (struct fitted_number){ .x = x };
	snprintf(u->name, sizeof(u->name), "%.*s", (int)len, name);
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
	FILE *file = fopen(path, "r");
	char *line = NULL;
	size_t len = 0;

	while (file && getline(&line, &len, file) >= 0)
		for (size_t i = 0; i < ARRAY_LEN(ways); i++) {
			const char *source = strstr(line, ways[i]);

			if (source)
				fitted_add(f, source + strlen(ways[i]));
		}
	free(line);
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

static bool is_used(struct fitted *f, const char *name, double x)
{
	bool any = false;

	for (size_t i = 0; i < f->n; i++) {
		bool same = f->used[i].x == x && strcmp(f->used[i].name, name) == 0;

		f->used[i].met |= same;
		any |= same;
	}
	return any;
}

bool fitted_claim(struct fitted *f, const char *id)
{
	return is_used(f, id, 0);
}

bool fitted_point(struct fitted *f, const char *figure, const char *series, double x)
{
	char name[64];

	snprintf(name, sizeof(name), "%s/%s", figure, series);
	return is_used(f, name, x);
}

void fitted_free(struct fitted *f)
{
	free(f->used);
	memset(f, 0, sizeof(*f));
}
