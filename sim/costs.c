/* SPDX-License-Identifier: MIT */
/*
 * costs.c - find, read and check a price list
 *
 * Entry points: costs_load, costs_parse. Not here: the prices themselves (sim/prices/)
 * and what is done with them (cpu.c, cache.c).
 */
#include "sim/costs.h"

#include <ctype.h>
#include <fcntl.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

#include "base/hash.h"

enum { FILE_MAX = 1 << 20, INTEGER_MAX = 1000000000 };

struct item {
	const char *name;
	const char *unit;
	uint64_t min;		/* thousandths */
	bool required;
};

static const struct item items[COST_NR] = {
#define X(name, unit, doc) { #name, "ns", 0, false },
	WORK_TABLE(X)
#undef X
#define X(name, unit, min, doc) { #name, unit, min, true },
	COST_FIXED(X)
#undef X
#define X(name, unit, doc) { #name, unit, 0, false },
	COST_OPTIONAL(X)
#undef X
};

static char search_dir[512];

/* Where parsing stands. */
struct reader {
	const char *file, *p, *end;
	unsigned line;
	const char *form;	/* of a line, for whoever wrote another */
	char *err;
	size_t err_len;
};

void costs_search_dir(const char *dir)
{
	snprintf(search_dir, sizeof(search_dir), "%s", dir ? dir : "");
}

struct cost_split costs_split(const struct costs *c, const struct work *w)
{
	const uint64_t *v = c->v;

	return (struct cost_split){
		.total = costs_total(c, w),
		.app = w->events * v[COST_events] + w->app_cycles * v[COST_app_cycles] +
		       w->app_requests * v[COST_app_requests] +
		       w->app_updates * v[COST_app_updates] +
		       w->app_bytes * v[COST_app_bytes],
		.transmit = w->tx_segments * v[COST_tx_segments] +
			    w->tx_frames * v[COST_tx_frames] + w->tx_bytes * v[COST_tx_bytes] +
			    w->tx_frags * v[COST_tx_frags] +
			    w->tx_doorbells * v[COST_tx_doorbells],
	};
}

/* The beginning of a word of the list, for a message; whatever the file is, a terminal survives. */
static const char *quotable(const char *word, size_t len, char text[65])
{
	len = MIN(len, 64);
	for (size_t i = 0; i < len; i++)
		text[i] = iscntrl((unsigned char)word[i]) ? '?' : word[i];
	text[len] = '\0';
	return text;
}

static int complain(const struct reader *r, const char *what, const char *word, size_t word_len)
{
	char text[65];

	snprintf(r->err, r->err_len, "%s:%u: %s: '%s'; write: %s", r->file, r->line, what,
		 quotable(word, word_len, text), r->form);
	return -EINVAL;
}

static void skip_blanks(struct reader *r)
{
	while (r->p < r->end && (*r->p == ' ' || *r->p == '\t' || *r->p == '\r'))
		r->p++;
}

/* The next word of the line, empty at its end or at a comment. */
static size_t word(struct reader *r, const char **w)
{
	skip_blanks(r);
	*w = r->p;
	while (r->p < r->end && *r->p != ' ' && *r->p != '\t' && *r->p != '\r' && *r->p != '#')
		r->p++;
	return (size_t)(r->p - *w);
}

static bool same(const char *s, const char *w, size_t n)
{
	return strlen(s) == n && memcmp(s, w, n) == 0;
}

static int find_item(const char *w, size_t n)
{
	for (int i = 0; i < COST_NR; i++)
		if (same(items[i].name, w, n))
			return i;
	return -1;
}

/* Decimal number with at most three decimals, in thousandths. Returns false on anything else. */
static bool number(const char *w, size_t n, uint64_t *v)
{
	uint64_t whole = 0, part = 0, scale = COST_SCALE;
	size_t i = 0;

	for (; i < n && w[i] >= '0' && w[i] <= '9'; i++) {
		whole = whole * 10 + (uint64_t)(w[i] - '0');
		if (whole > INTEGER_MAX)
			return false;
	}
	if (i == 0)
		return false;
	if (i < n && w[i] == '.') {
		if (++i == n)
			return false;
		for (; i < n && w[i] >= '0' && w[i] <= '9' && scale > 1; i++) {
			scale /= 10;
			part += (uint64_t)(w[i] - '0') * scale;
		}
	}
	*v = whole * COST_SCALE + part;
	return i == n;
}

/* The quoted source and nothing after it but a comment. */
static int read_source(struct reader *r)
{
	const char *start;

	skip_blanks(r);
	if (r->p == r->end || *r->p != '"')
		return complain(r, "a quoted source is missing before", r->p,
				(size_t)(r->end - r->p));
	start = ++r->p;
	while (r->p < r->end && *r->p != '"')
		r->p++;
	if (r->p == r->end)
		return complain(r, "the source has no closing quote", start,
				(size_t)(r->end - start));
	if (r->p == start)
		return complain(r, "the source is empty", "", 0);
	r->p++;
	skip_blanks(r);
	if (r->p < r->end && *r->p != '#')
		return complain(r, "something follows the source", r->p, (size_t)(r->end - r->p));
	return 0;
}

/* The largest value of a unit, whole; 0: any. Beyond them sums of prices would leave 64 bits, and
 * a single piece of work a run. */
static uint64_t largest(const char *unit)
{
	static const struct { const char *unit; uint32_t max; } most[] = {
		{ "ns", NSEC_PER_MSEC }, { "lines", 100000 }, { "pages", 100000 },
		{ "misses", 100000 }, { "x", 1000 }, { "cores", 4096 },
	};

	for (size_t i = 0; i < ARRAY_LEN(most); i++)
		if (strcmp(most[i].unit, unit) == 0)
			return most[i].max;
	return 0;
}

/* Is the value of item @i in its range? Returns 0, or -EINVAL and a sentence. */
static int check_range(struct reader *r, int i, uint64_t v, const char *value, size_t n_value)
{
	uint64_t most = largest(items[i].unit);

	if (v < items[i].min)
		return complain(r, "the value is too small", value, n_value);
	if (most == 0 || v <= most * COST_SCALE)
		return 0;
	snprintf(r->err, r->err_len, "%s:%u: %s is %.*s, but at most %llu %s are legal", r->file,
		 r->line, items[i].name, (int)MIN(n_value, 64), value, (unsigned long long)most,
		 items[i].unit);
	return -EINVAL;
}

/* "name value unit". Stores which item it was, or -1 if the line is empty. */
static int read_price(struct reader *r, struct costs *c, bool seen[COST_NR], int *item)
{
	const char *name, *value, *unit;
	size_t n_name, n_value, n_unit;
	char text[65];
	int i;

	*item = -1;
	n_name = word(r, &name);
	if (n_name == 0)
		return 0;
	i = find_item(name, n_name);
	if (i < 0)
		return complain(r, "no such price", name, n_name);
	if (seen[i])
		return complain(r, "this price is given twice", name, n_name);
	seen[i] = true;
	n_value = word(r, &value);
	if (!number(value, n_value, &c->v[i]))
		return complain(r, "not a number of at most three decimals", value, n_value);
	if (check_range(r, i, c->v[i], value, n_value) != 0)
		return -EINVAL;
	n_unit = word(r, &unit);
	if (!same(items[i].unit, unit, n_unit)) {
		snprintf(r->err, r->err_len, "%s:%u: %s is priced in %s, not in '%s'", r->file,
			 r->line, items[i].name, items[i].unit, quotable(unit, n_unit, text));
		return -EINVAL;
	}
	*item = i;
	return 0;
}

static int read_line(struct reader *r, struct costs *c, bool seen[COST_NR])
{
	int item, rc = read_price(r, c, seen, &item);

	return rc != 0 || item < 0 ? rc : read_source(r);
}

/* What no single line can be blamed for. */
static int check_list(const struct reader *r, const struct costs *c, const bool seen[COST_NR])
{
	for (int i = 0; i < COST_NR; i++)
		if (items[i].required && !seen[i]) {
			snprintf(r->err, r->err_len, "%s: the price '%s' (%s) is missing; "
				 "add a line", r->file, items[i].name, items[i].unit);
			return -EINVAL;
		}
	if (c->v[COST_passes] < COST_SCALE) {
		snprintf(r->err, r->err_len, "%s: the price 'passes' must be at least 1 ns, "
			 "or virtual time could stand still", r->file);
		return -EINVAL;
	}
	if (c->v[COST_l1_bytes] > c->v[COST_l2_bytes] ||
	    c->v[COST_l2_bytes] > c->v[COST_l3_bytes]) {
		snprintf(r->err, r->err_len, "%s: l1_bytes, l2_bytes and l3_bytes must not shrink",
			 r->file);
		return -EINVAL;
	}
	return 0;
}

int costs_override(struct costs *c, const char *who, const char *text, char *err, size_t err_len)
{
	struct reader r = { .file = who, .form = "name value unit; name value unit",
			    .err = err, .err_len = err_len };
	bool seen[COST_NR] = { false };
	const char *p = text, *end = text + strlen(text);
	int rc = 0, item;

	while (rc == 0 && p < end) {
		const char *semicolon = strchr(p, ';');

		r.p = p;
		r.end = semicolon ? semicolon : end;
		r.line++;
		rc = read_price(&r, c, seen, &item);
		skip_blanks(&r);
		if (rc == 0 && r.p < r.end)
			rc = complain(&r, "a semicolon is missing before", r.p,
				      (size_t)(r.end - r.p));
		p = r.end + 1;
	}
	memset(seen, true, sizeof(seen));
	return rc ? rc : check_list(&r, c, seen);
}

int costs_parse(struct costs *c, const char *file, const char *text, size_t len,
		char *err, size_t err_len)
{
	static const uint64_t key[2] = { 0x6978206c61622070ULL, 0x7269636520206c73ULL };
	struct reader r = { .file = file, .form = "name value unit \"source\"",
			    .err = err, .err_len = err_len };
	const char *end = text + len, *p = text;
	bool seen[COST_NR] = { false };

	*c = (struct costs){ .hash = siphash24(key, text, len) };
	while (p < end) {
		const char *eol = memchr(p, '\n', (size_t)(end - p));
		int rc;

		r.p = p;
		r.end = eol ? eol : end;
		r.line++;
		rc = read_line(&r, c, seen);
		if (rc)
			return rc;
		p = r.end + 1;
	}
	return check_list(&r, c, seen);
}

/* Directory of the running program, "." when unknown. */
static void program_dir(char *dir, size_t len)
{
	ssize_t n = readlink("/proc/self/exe", dir, len - 1);
	char *slash;

	dir[n > 0 ? n : 0] = '\0';
	slash = strrchr(dir, '/');
	if (slash)
		*slash = '\0';
	else
		snprintf(dir, len, ".");
}

/* From the program to the lists that come along: in the source, or as `make install` puts them. */
static const char *const beside[] = { "sim/prices", "../sim/prices", "../../sim/prices",
				      "../../../sim/prices", "../share/ix/prices" };

bool costs_dir(char *dir, size_t len)
{
	char program[512], list[1200];

	program_dir(program, sizeof(program));
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		snprintf(dir, len, "%s/%s", program, beside[i]);
		snprintf(list, sizeof(list), "%s/ix.conf", dir);
		if (access(list, R_OK) == 0)
			return true;
	}
	return false;
}

/* Opens at once whatever is there; of a pipe fopen() would wait for the writer. */
static FILE *list_at(const char *path)
{
	int fd = open(path, O_RDONLY | O_NONBLOCK | O_CLOEXEC);

	return fd < 0 ? NULL : fdopen(fd, "r");
}

/* Try the places a named list can be in; the path that was opened is left in @path. */
static FILE *open_list(const char *name, char *path, size_t len)
{
	char dir[512];
	FILE *f;

	if (strchr(name, '/')) {
		snprintf(path, len, "%s", name);
		return list_at(path);
	}
	if (search_dir[0]) {
		snprintf(path, len, "%s/%s.conf", search_dir, name);
		f = list_at(path);
		if (f)
			return f;
	}
	program_dir(dir, sizeof(dir));
	for (size_t i = 0; i < ARRAY_LEN(beside); i++) {
		snprintf(path, len, "%s/%s/%s.conf", dir, beside[i], name);
		f = list_at(path);
		if (f)
			return f;
	}
	snprintf(path, len, "sim/prices/%s.conf", name);
	return list_at(path);
}

int costs_load(struct costs *c, const char *name, char *err, size_t err_len)
{
	char path[1200], *text;
	FILE *f = open_list(name, path, sizeof(path));
	struct stat st;
	size_t n;
	int rc;

	if (!f) {
		snprintf(err, err_len, "no price list '%s': looked in sim/prices beside and above "
			 "the program%s%s, last at %s; give a path, or name one of "
			 "sim/prices/*.conf", name, search_dir[0] ? " and in " : "", search_dir,
			 path);
		return -ENOENT;
	}
	if (fstat(fileno(f), &st) != 0 || !S_ISREG(st.st_mode)) {
		snprintf(err, err_len, "%s: is no regular file; name a price list, such as one of "
			 "sim/prices/*.conf", path);
		fclose(f);
		return -EINVAL;
	}
	text = malloc(FILE_MAX);
	n = text ? fread(text, 1, FILE_MAX, f) : 0;
	if (!text || ferror(f) || n == FILE_MAX) {
		snprintf(err, err_len, "%s: cannot be read, or is larger than %d bytes", path,
			 FILE_MAX);
		rc = -EIO;
	} else {
		rc = costs_parse(c, path, text, n, err, err_len);
	}
	free(text);
	fclose(f);
	return rc;
}
