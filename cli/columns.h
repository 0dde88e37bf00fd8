/* SPDX-License-Identifier: MIT */
/*
 * columns.h - are there metrics of the names that a sweep is to keep?
 *
 * What a run's metrics are called follows from its workload, switch, probe, budget and threads of
 * the server (sim/metrics.c): runs that agree in the first four are of one kind, and the one with
 * the most threads has every name. A name is refused as soon as that run of every kind has
 * finished and none has it.
 */
#ifndef CLI_COLUMNS_H
#define CLI_COLUMNS_H

#include "cli/conf.h"

enum { COLUMNS_MAX = 128, COLUMNS_KINDS = 64 };

struct columns {
	const char *const *names;	/* NULL-terminated; NULL: all there are */
	bool known[COLUMNS_MAX];
	struct {
		char name[48];		/* of a metric, the most like it so far; "" for none */
		unsigned distance;
	} like[COLUMNS_MAX];
	struct {
		unsigned threads, seen;		/* the most there are, that finished */
		bool asked;
	} kind[COLUMNS_KINDS];
};

struct scenario;
/** What decides the names of a run of @sc, for the calls below. */
unsigned columns_kind(const struct scenario *sc);

/** There is a run of @kind. */
void columns_want(struct columns *c, unsigned kind);

/** Must a run of @kind come first, so that names are known early? Once for each kind. */
bool columns_first(struct columns *c, unsigned kind);

/** A run of @kind has left a document (point.h) of @len bytes. */
void columns_saw(struct columns *c, unsigned kind, const char *doc, size_t len);

/** Is it certain that some name is of no metric? */
bool columns_refused(const struct columns *c);

/** A sentence in @conf for each such name. */
void columns_complain(const struct columns *c, struct conf *conf);

/** All runs are over: a sentence on standard error, after @label, for each name that no metric has
 * of those that finished. They are not refused: a run that failed may have had it. */
void columns_warn(const struct columns *c, const char *label);

#endif
