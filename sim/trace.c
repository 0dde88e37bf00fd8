/* SPDX-License-Identifier: MIT */
/*
 * trace.c - Chrome trace export by plain writes; see trace.h
 */
#include "sim/trace.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

struct trace {
	FILE *f;
	uint64_t n_passes, n_left_out;
	bool any;
	char path[256];
};

struct trace *trace_open(const char *path, char *err, size_t err_len)
{
	struct trace *t = calloc(1, sizeof(*t));

	if (!t) {
		snprintf(err, err_len, "trace: no memory");
		return NULL;
	}
	snprintf(t->path, sizeof(t->path), "%s", path);
	t->f = fopen(path, "w");
	if (!t->f) {
		snprintf(err, err_len, "trace: cannot create %s: %s", path, strerror(errno));
		free(t);
		return NULL;
	}
	fputs("[\n", t->f);
	return t;
}

/* Between two elements. */
static void separate(struct trace *t)
{
	if (t->any)
		fputs(",\n", t->f);
	t->any = true;
}

void trace_thread(struct trace *t, uint32_t pid, const char *host, uint32_t tid)
{
	separate(t);
	fprintf(t->f, "{\"name\":\"process_name\",\"ph\":\"M\",\"pid\":%u,\"tid\":%u,"
		"\"args\":{\"name\":\"%s\"}},\n", pid, tid, host);
	fprintf(t->f, "{\"name\":\"thread_name\",\"ph\":\"M\",\"pid\":%u,\"tid\":%u,"
		"\"args\":{\"name\":\"elastic thread %u\"}}", pid, tid, tid);
}

/* The format's unit is the microsecond; three decimals keep every nanosecond. */
static void slice(struct trace *t, const char *name, uint32_t pid, uint32_t tid, nsec at, nsec ns)
{
	separate(t);
	fprintf(t->f, "{\"name\":\"%s\",\"ph\":\"X\",\"pid\":%u,\"tid\":%u,"
		"\"ts\":%" PRIu64 ".%03u,\"dur\":%" PRIu64 ".%03u", name, pid, tid,
		at / 1000, (unsigned)(at % 1000), ns / 1000, (unsigned)(ns % 1000));
}

void trace_pass(struct trace *t, uint32_t pid, uint32_t tid, nsec start, const struct cpu_charge *c,
		const struct work *w)
{
	const char *comma = "";

	if (t->n_passes == TRACE_PASSES_MAX) {
		t->n_left_out++;
		return;
	}
	t->n_passes++;
	slice(t, "pass", pid, tid, start, c->total);
	fputs(",\"args\":{", t->f);
#define X(name, unit, doc) \
	if (w->name) { \
		fprintf(t->f, "%s\"%s\":%" PRIu64, comma, #name, w->name); \
		comma = ","; \
	}
	WORK_TABLE(X)
#undef X
	fprintf(t->f, "%s\"stack_ns\":%" PRIu64 ",\"app_ns\":%" PRIu64 ",\"transmit_ns\":%" PRIu64
		"}}", comma, c->stack, c->app, c->transmit);
}

int trace_close(struct trace *t, char *err, size_t err_len)
{
	int rc = 0;

	separate(t);
	fprintf(t->f, "{\"name\":\"passes left out\",\"ph\":\"M\",\"pid\":0,\"tid\":0,"
		"\"args\":{\"count\":%" PRIu64 "}}\n]\n", t->n_left_out);
	if (ferror(t->f) | fclose(t->f)) {
		snprintf(err, err_len, "trace: %s is incomplete: the disk is full or the device "
			 "failed", t->path);
		rc = -EIO;
	}
	free(t);
	return rc;
}
