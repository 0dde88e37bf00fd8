/* SPDX-License-Identifier: MIT */
/*
 * columns.c - see columns.h
 */
#include "cli/columns.h"
#include "cli/point.h"
#include "cli/simrun.h"

enum { THREADS = 256 };		/* a kind is a number of them below, the rest above */

unsigned columns_kind(const struct scenario *sc)
{
	unsigned kind = sc->workload * 8 + sc->sw.present * 4u + sc->probe * 2u + sc->budget;

	assert(kind < COLUMNS_KINDS && sc->server.threads < THREADS);
	return kind * THREADS + sc->server.threads;
}

void columns_want(struct columns *c, unsigned kind)
{
	unsigned *threads = &c->kind[kind / THREADS].threads;

	*threads = MAX(*threads, kind % THREADS);
}

bool columns_first(struct columns *c, unsigned kind)
{
	bool *asked = &c->kind[kind / THREADS].asked;

	if (!c->names || *asked || kind % THREADS < c->kind[kind / THREADS].threads)
		return false;
	*asked = true;
	return true;
}

static bool all_known(const struct columns *c)
{
	size_t i = 0;

	while (c->names && c->names[i] && c->known[i])
		i++;
	return !c->names || !c->names[i];
}

void columns_saw(struct columns *c, unsigned kind, const char *doc, size_t len)
{
	unsigned *seen = &c->kind[kind / THREADS].seen;
	struct point p;

	if (all_known(c))
		return;
	point_read(&p, doc, len);
	if (p.status != POINT_FAILED) {
		*seen = MAX(*seen, kind % THREADS);
		for (size_t i = 0; c->names[i]; i++)
			c->known[i] |= point_metric(&p, c->names[i]) ||
				       strcmp(c->names[i], SIMRUN_LIMIT) == 0;
	}
	point_free(&p);
}

bool columns_refused(const struct columns *c)
{
	bool any = false;

	for (size_t i = 0; i < COLUMNS_KINDS; i++) {
		if (c->kind[i].seen < c->kind[i].threads)
			return false;
		any |= c->kind[i].seen > 0;
	}
	return any && !all_known(c);
}

void columns_complain(const struct columns *c, struct conf *conf)
{
	for (size_t i = 0; c->names[i]; i++)
		if (!c->known[i])
			conf_error(conf, "no metric is called \"%s\"; `ix sim --json` shows their "
				   "names", c->names[i]);
}
