/* SPDX-License-Identifier: MIT */
/*
 * trace.h - a run as a Chrome trace (chrome://tracing, Perfetto): passes on a time line
 *
 * Trace Event Format, JSON array form: a process a host, a thread an elastic thread, a
 * complete event ("X") a pass with what it did as arguments. Nothing is written but
 * passes, at most TRACE_PASSES_MAX of them; the rest is counted and said at the end.
 */
#ifndef SIM_TRACE_H
#define SIM_TRACE_H

#include "base/work.h"
#include "sim/cpu.h"

enum { TRACE_PASSES_MAX = 2000000 };

struct trace;

/** Create @path. NULL, and a sentence in @err, when that fails. */
struct trace *trace_open(const char *path, char *err, size_t err_len);

/** Name a row before its passes: host @pid, thread @tid. */
void trace_thread(struct trace *t, uint32_t pid, const char *host, uint32_t tid);

/** A pass of [@start, @start + @c->total) that did @w. */
void trace_pass(struct trace *t, uint32_t pid, uint32_t tid, nsec start, const struct cpu_charge *c,
		const struct work *w);

/** Finish and free. Returns 0, or -EIO and a sentence when the file is incomplete. */
int trace_close(struct trace *t, char *err, size_t err_len);

#endif
