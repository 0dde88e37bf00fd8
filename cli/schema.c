/* SPDX-License-Identifier: MIT */
/*
 * schema.c - the knobs of a program as one tree: find a key, list, print, export
 *
 * Not here: reading files and applying values (conf.c).
 */
#include <stdlib.h>

#include "cli/conf.h"
#include "cli/units.h"

unsigned edit_distance(const char *a, const char *b)
{
	enum { MAX_LEN = CONF_KEY_MAX };
	unsigned row[3][MAX_LEN + 1];
	unsigned *prev2 = row[0], *prev = row[1], *cur = row[2], *t;
	size_t na = MIN(strlen(a), (size_t)MAX_LEN), nb = MIN(strlen(b), (size_t)MAX_LEN);

	for (size_t j = 0; j <= nb; j++)
		prev[j] = (unsigned)j;
	for (size_t i = 1; i <= na; i++) {
		cur[0] = (unsigned)i;
		for (size_t j = 1; j <= nb; j++) {
			cur[j] = MIN(MIN(prev[j], cur[j - 1]) + 1,
				     prev[j - 1] + (a[i - 1] != b[j - 1]));
			if (i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1])
				cur[j] = MIN(cur[j], prev2[j - 2] + 1);
		}
		t = prev2, prev2 = prev, prev = cur, cur = t;
	}
	return prev[nb];
}

static void key_join(char *out, const char *path, const char *name)
{
	snprintf(out, CONF_KEY_MAX, "%s%s%s", path, *path ? "." : "", name);
}

static bool is_group(const struct section *sec, size_t n, const char *key)
{
	size_t len = strlen(key);

	for (size_t i = 0; i < n; i++)
		if (strncmp(sec[i].path, key, len) == 0 &&
		    (sec[i].path[len] == '\0' || sec[i].path[len] == '.'))
			return true;
	return false;
}

/* "workload.name" stands for "workload" when that is both a knob and a group. */
static bool key_is(const struct section *sec, size_t n, const char *full, const char *key)
{
	size_t len = strlen(full);

	if (strcmp(full, key) == 0)
		return true;
	return strncmp(full, key, len) == 0 && strcmp(key + len, ".name") == 0 &&
	       is_group(sec, n, full);
}

static bool ends_with(const char *full, const char *key)
{
	size_t nf = strlen(full), nk = strlen(key);

	return nf > nk && full[nf - nk - 1] == '.' && strcmp(full + nf - nk, key) == 0;
}

static const char *last_word(const char *key)
{
	const char *dot = strrchr(key, '.');

	return dot ? dot + 1 : key;
}

/* How far @key is from @full: as a whole, or by its last word in another group. */
static unsigned key_distance(const char *full, const char *key)
{
	unsigned whole = edit_distance(full, key);
	unsigned word = edit_distance(last_word(full), last_word(key)) + 1;

	return MIN(whole, word);
}

static void unknown_key(const struct schema *s, const struct section *sec, size_t n,
			const char *key, char *err, size_t err_len)
{
	const struct knob *best = NULL;
	char full[CONF_KEY_MAX], best_key[CONF_KEY_MAX] = "", range[200], def[UNIT_TEXT_MAX];
	unsigned d, best_d = (unsigned)strlen(last_word(key)) / 2 + 1;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			key_join(full, sec[i].path, sec[i].knobs[j].name);
			d = key_distance(full, key);
			if (d < best_d) {
				best_d = d;
				best = &sec[i].knobs[j];
				strcpy(best_key, full);
			}
		}
	if (best) {
		value_range(best, range, sizeof(range));
		value_default(best, def, sizeof(def));
		snprintf(err, err_len, "unknown key \"%.100s\"; did you mean %s (%s; default %s)?",
			 key, best_key, range, def);
	} else {
		snprintf(err, err_len, "unknown key \"%.100s\"; `%s` prints them all", key,
			 s->list_keys);
	}
}

static void found(struct conf_knob *out, const struct section *sec, const struct knob *k)
{
	out->knob = k;
	out->obj = sec->obj;
	key_join(out->key, sec->path, k->name);
}

/* Is the group @outer that of @inner or above it? */
static bool encloses(const struct section *outer, const struct section *inner)
{
	size_t n = strlen(outer->path);

	return strncmp(outer->path, inner->path, n) == 0 &&
	       (inner->path[n] == '\0' || inner->path[n] == '.');
}

static int ambiguous(const char *key, const char *list, char *err, size_t err_len)
{
	snprintf(err, err_len, "\"%.100s\" is ambiguous; it may be: %s", key, list);
	return CONF_AMBIGUOUS;
}

/* By its end. Of "workload.size" and "workload.server.size" the outer one is meant. */
static int find_by_end(const struct section *sec, size_t n, const char *key, struct conf_knob *out,
		       char *err, size_t err_len)
{
	const struct section *best = NULL;
	char full[CONF_KEY_MAX], list[400];
	size_t at = 0;
	bool clear = true;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			key_join(full, sec[i].path, sec[i].knobs[j].name);
			if (!ends_with(full, key))
				continue;
			if (at < sizeof(list))
				at += (size_t)snprintf(list + at, sizeof(list) - at, "%s%s",
						       at ? ", " : "", full);
			if (best && encloses(best, &sec[i]))
				continue;
			clear = !best || (clear && encloses(&sec[i], best));
			best = &sec[i];
			found(out, &sec[i], &sec[i].knobs[j]);
		}
	if (!best)
		return CONF_UNKNOWN;
	return clear ? CONF_FOUND : ambiguous(key, list, err, err_len);
}

int schema_find(const struct schema *s, const char *key, bool suffix, struct conf_knob *out,
		char *err, size_t err_len)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);
	char full[CONF_KEY_MAX];
	int rc = CONF_UNKNOWN;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			key_join(full, sec[i].path, sec[i].knobs[j].name);
			if (key_is(sec, n, full, key)) {
				found(out, &sec[i], &sec[i].knobs[j]);
				return CONF_FOUND;
			}
		}
	if (suffix)
		rc = find_by_end(sec, n, key, out, err, err_len);
	if (rc == CONF_UNKNOWN)
		unknown_key(s, sec, n, key, err, err_len);
	return rc;
}

/* ---- output ---- */

/* Text with a unit, or a number beyond libconfig's and JSON's 63 bits. */
static bool is_quoted(const struct knob *k, const void *obj)
{
	switch (k->type) {
	case KNOB_BOOL:
	case KNOB_DOUBLE:
		return false;
	case KNOB_U32:
	case KNOB_U64:
		return (k->unit != UNIT_NONE && k->unit != UNIT_FRAMES && k->unit != UNIT_CYCLES) ||
		       knob_get(k, obj) > INT64_MAX;
	case KNOB_ENUM:
	case KNOB_IPV4:
	case KNOB_STRING:
		break;
	}
	return true;
}

static void print_quoted(const char *text, FILE *f)
{
	fputc('"', f);
	for (; *text; text++) {
		if (*text == '"' || *text == '\\')
			fputc('\\', f);
		fputc(*text, f);
	}
	fputc('"', f);
}

static void print_knob(const struct section *sec, size_t n, const struct section *own,
		       const struct knob *k, int depth, FILE *f)
{
	char text[UNIT_TEXT_MAX], full[CONF_KEY_MAX];

	key_join(full, own->path, k->name);
	if (is_group(sec, n, full))
		return;		/* printed as `name` inside its group */
	value_format(k, own->obj, text, sizeof(text));
	fprintf(f, "%*s%s = ", depth * 2, "", k->name);
	if (is_quoted(k, own->obj))
		print_quoted(text, f);
	else if (k->type == KNOB_DOUBLE && !strpbrk(text, ".e"))
		fprintf(f, "%s.0", text);
	else if (k->type == KNOB_U64 && knob_get(k, own->obj) > INT32_MAX)
		fprintf(f, "%sL", text);
	else
		fputs(text, f);
	fputs(";\n", f);
}

/* The knob that shares its name with the group @path is its first line. */
static void print_selector(const struct section *sec, size_t n, const char *path, int depth,
			   FILE *f)
{
	char full[CONF_KEY_MAX], text[UNIT_TEXT_MAX];

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			key_join(full, sec[i].path, sec[i].knobs[j].name);
			if (strcmp(full, path) != 0)
				continue;
			value_format(&sec[i].knobs[j], sec[i].obj, text, sizeof(text));
			fprintf(f, "%*sname = ", depth * 2, "");
			print_quoted(text, f);
			fputs(";\n", f);
		}
}

static void print_group(const struct section *sec, size_t n, const char *path, int depth, FILE *f)
{
	size_t len = strlen(path);
	const char *done[CONF_SECTIONS_MAX];
	size_t n_done = 0;

	if (len > 0)
		print_selector(sec, n, path, depth, f);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; strcmp(sec[i].path, path) == 0 && j < sec[i].n; j++)
			print_knob(sec, n, &sec[i], &sec[i].knobs[j], depth, f);
	for (size_t i = 0; i < n; i++) {
		const char *rest = sec[i].path + len;
		char child[CONF_KEY_MAX];
		bool seen = false;
		size_t word;

		if (strncmp(sec[i].path, path, len) != 0 || (len > 0 && *rest++ != '.') || !*rest)
			continue;
		word = strcspn(rest, ".");
		for (size_t j = 0; j < n_done; j++)
			seen |= strncmp(done[j], rest, word) == 0 && strcspn(done[j], ".") == word;
		if (seen)
			continue;
		done[n_done++] = rest;
		fprintf(f, "%*s%.*s = {\n", depth * 2, "", (int)word, rest);
		snprintf(child, sizeof(child), "%.*s", (int)((size_t)(rest - sec[i].path) + word),
			 sec[i].path);
		print_group(sec, n, child, depth + 1, f);
		fprintf(f, "%*s};\n", depth * 2, "");
	}
}

void schema_print(const struct schema *s, FILE *f)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);

	print_group(sec, n, "", 0, f);
}

void schema_list(const struct schema *s, FILE *f)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);
	char full[CONF_KEY_MAX], range[200], def[UNIT_TEXT_MAX];

	fprintf(f, "%-30s %-14s %s\n", "KEY", "DEFAULT", "LEGAL VALUES, MEANING");
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++) {
			const struct knob *k = &sec[i].knobs[j];

			key_join(full, sec[i].path, k->name);
			value_range(k, range, sizeof(range));
			value_default(k, def, sizeof(def));
			fprintf(f, "%-30s %-14s %s\n%-45s %s\n", full, def, range, "", k->doc);
		}
}

json_t *schema_json(const struct schema *s)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);
	char full[CONF_KEY_MAX], text[UNIT_TEXT_MAX];
	json_t *j, *all = json_object();

	for (size_t i = 0; i < n; i++)
		for (size_t m = 0; m < sec[i].n; m++) {
			const struct knob *k = &sec[i].knobs[m];

			key_join(full, sec[i].path, k->name);
			value_format(k, sec[i].obj, text, sizeof(text));
			if (k->type == KNOB_BOOL)
				j = json_boolean(knob_get(k, sec[i].obj) != 0);
			else if (k->type == KNOB_DOUBLE)
				j = json_real(strtod(text, NULL));
			else if (!is_quoted(k, sec[i].obj))
				j = json_integer((json_int_t)knob_get(k, sec[i].obj));
			else
				j = json_string(text);
			json_object_set_new(all, full, j);
		}
	return all;
}
