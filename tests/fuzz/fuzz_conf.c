/* SPDX-License-Identifier: MIT */
/*
 * fuzz_conf.c - configuration text, as `ix sim FILE -s ... -s ...` reads it
 *
 * The input up to its first NUL is a file; each further string is one `-s`. Files that
 * include others are left out: what they do is libconfig's business and the host's.
 *
 * A configuration is taken or refused with sentences. One that is taken has every knob in its
 * range, and printed and read again it is the same.
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <unistd.h>

#include "cli/simrun.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
const char *__lsan_default_suppressions(void);

/* libconfig 1.5 forgets a string when the text around it is no configuration. */
const char *__lsan_default_suppressions(void)
{
	return "leak:libconfig.so";
}

#define FUZZ_CHECK(x) ((x) ? (void)0 : fail(#x, __LINE__))

static _Noreturn void fail(const char *what, int line)
{
	fprintf(stderr, "fuzz_conf.c:%d: does not hold: %s\n", line, what);
	abort();
}

/* A file that is only memory; its name is in @path. */
static int file_of(const void *text, size_t n, char path[64])
{
	int fd = memfd_create("conf", 0);

	FUZZ_CHECK(fd >= 0 && write(fd, text, n) == (ssize_t)n);
	snprintf(path, 64, "/proc/self/fd/%d", fd);
	return fd;
}

static bool in_range(const struct knob *k, const void *obj)
{
	uint64_t v = knob_get(k, obj);

	switch (k->type) {
	case KNOB_U32:
	case KNOB_U64:
		return v >= k->min && v <= k->max;
	case KNOB_ENUM:
		for (uint64_t i = 0; i <= v; i++)
			if (!k->names[i])
				return false;
		return true;
	case KNOB_STRING:
		return memchr((const char *)obj + k->off, 0, k->max + 1) != NULL;
	case KNOB_IPV4:
		return k->max == 0 || (v >= k->min && v <= k->max);
	case KNOB_DOUBLE:
	case KNOB_BOOL:
		break;
	}
	return true;
}

static void check_ranges(const struct schema *s)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n = s->sections(s->ctx, sec);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < sec[i].n; j++)
			FUZZ_CHECK(in_range(&sec[i].knobs[j], sec[i].obj));
}

static char *printed(const struct schema *s, size_t *n)
{
	char *text = NULL;
	FILE *f = open_memstream(&text, n);

	FUZZ_CHECK(f != NULL);
	schema_print(s, f);
	fclose(f);
	return text;
}

/* What --print-config writes must be taken, and mean the same. */
static void check_round_trip(const struct schema *s)
{
	static struct scenario again;
	struct schema s2;
	struct conf c;
	size_t n, n2;
	char *text = printed(s, &n), *text2, path[64];
	int fd = file_of(text, n, path);
	bool taken, same;

	conf_init(&c);
	simrun_schema(&s2, &again);
	taken = simrun_configure(&c, path, &again);
	if (!taken)
		fprintf(stderr, "%s\n%s\n", text, c.errors);
	FUZZ_CHECK(taken);
	text2 = printed(&s2, &n2);
	same = n == n2 && memcmp(text, text2, n) == 0;
	if (!same)
		fprintf(stderr, "%s\n--- read again:\n%s\n", text, text2);
	FUZZ_CHECK(same);
	free(text);
	free(text2);
	conf_free(&c);
	close(fd);
}

static void options(struct conf *c, const uint8_t *p, size_t n)
{
	char arg[300];

	for (int i = 0; n > 0 && i < 20; i++) {
		size_t len = strnlen((const char *)p, n), skip = MIN(len + 1, n);

		snprintf(arg, sizeof(arg), "%.*s", (int)len, (const char *)p);
		conf_set(c, arg, "-s");
		p += skip;
		n -= skip;
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static struct scenario sc;
	size_t n = strnlen((const char *)data, size);
	struct schema s;
	struct conf c;
	char path[64];
	bool ok;
	int fd;

	if (size == 0 || size > 2048 || memchr(data, '@', size))
		return 0;
	fd = file_of(data, n, path);
	conf_init(&c);
	if (n < size)
		options(&c, data + n + 1, size - n - 1);
	simrun_schema(&s, &sc);
	ok = simrun_configure(&c, path, &sc);
	FUZZ_CHECK(ok == (c.n_errors == 0));
	FUZZ_CHECK(strlen(c.errors) == c.errors_len);
	FUZZ_CHECK(ok || c.errors[c.errors_len - 1] == '\n');
	if (ok) {
		check_ranges(&s);
		if (size % 8 == 0)	/* a hundred keys: it costs more than all the rest */
			check_round_trip(&s);
	}
	conf_free(&c);
	close(fd);
	return 0;
}
