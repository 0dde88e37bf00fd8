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

/* One of @p, or the metric of it that is most like @i's name. */
static void look_for(struct columns *c, size_t i, const struct point *p)
{
	const char *name = c->names[i];
	const struct metric *like;
	unsigned d;

	c->known[i] |= point_metric(p, name) || strcmp(name, SIMRUN_LIMIT) == 0 ||
		       (p->n_rows > 0 && simrun_is_row(name));
	if (c->known[i] || !(like = point_metric_like(p, name, &d)))
		return;
	if (!*c->like[i].name || d < c->like[i].distance) {
		strcpy(c->like[i].name, like->name);
		c->like[i].distance = d;
	}
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
			look_for(c, i, &p);
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

/* "" or a question. */
static void question(char *out, size_t len, const char *like)
{
	snprintf(out, len, *like ? "; did you mean %s?" : "%s", like);
}

void columns_complain(const struct columns *c, struct conf *conf)
{
	char ask[80];

	for (size_t i = 0; c->names[i]; i++) {
		question(ask, sizeof(ask), c->like[i].name);
		if (!c->known[i])
			conf_error(conf, "no metric is called \"%s\"%s `ix sim --json` shows "
				   "their names", c->names[i], *ask ? ask : ";");
	}
}

void columns_warn(const struct columns *c, const char *label)
{
	bool any = false;
	char ask[80];

	for (size_t i = 0; i < COLUMNS_KINDS; i++)
		any |= c->kind[i].seen > 0;
	for (size_t i = 0; any && c->names && c->names[i]; i++) {
		question(ask, sizeof(ask), c->like[i].name);
		if (!c->known[i])
			fprintf(stderr, "%s: warning: of the points that finished none has a "
				"metric called \"%s\"%s\n", label, c->names[i], ask);
	}
}
