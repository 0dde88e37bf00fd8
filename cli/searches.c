/* SPDX-License-Identifier: MIT */
/*
 * searches.c - every search of a sweep, in rounds: what all of them want runs at once
 *
 * Not here: how one search decides (search.c).
 */
#include <stdlib.h>

#include "cli/search.h"
#include "cli/simrun.h"
#include "cli/units.h"

/* Resolve both ends of the range of @s: what cannot be run is said before anything runs. */
static bool ends_check(struct search *s, const struct sweep *sw, struct conf *c,
		       struct scenario *sc)
{
	const uint64_t ends[] = { s->spec->lo, s->spec->hi };
	struct schema schema;
	bool ok = true;

	for (size_t i = 0; ok && i < ARRAY_LEN(ends); i++) {
		struct conf *one = malloc(sizeof(*one));
		char text[UNIT_TEXT_MAX], assignment[SEARCH_TEXT_MAX];
		struct task t = { .point = s->point, .extra = { assignment } };

		if (!one)
			abort();
		conf_init(one);
		unit_format(s->spec->unit, ends[i], text, sizeof(text));
		snprintf(assignment, sizeof(assignment), "%.127s=%.30s", s->spec->key, text);
		ok = task_configure(sw, &t, one, sc);
		if (!ok)
			conf_error(c, "at %s: %.*s", assignment,
				   (int)strcspn(one->errors, "\n"), one->errors);
		conf_free(one);
		free(one);
	}
	s->seed = sc->seed;
	simrun_schema(&schema, sc);
	if (ok && strcmp(s->spec->key, "workload.rate") == 0 && simrun_rate_is_idle(&schema)) {
		conf_error(c, "%s", SIMRUN_RATE_IDLE);
		ok = false;
	}
	return ok;
}

bool searches_begin(struct searches *ss, const struct sweep *sw, struct conf *c)
{
	struct scenario *sc = malloc(sizeof(*sc));
	size_t n = sweep_points(sw);
	bool ok = true;

	memset(ss, 0, sizeof(*ss));
	ss->s = calloc(n, sizeof(*ss->s));
	if (!ss->s || !sc)
		abort();
	for (size_t i = 0; ok && i < n; i++) {
		size_t local = i;
		const struct group *g = sweep_group(sw, &local);

		if (!g->search)
			continue;
		search_begin(&ss->s[ss->n], g->search, i, 0);
		ok = ends_check(&ss->s[ss->n++], sw, c, sc);
	}
	free(sc);
	return ok;
}

const struct search *searches_of(const struct searches *ss, size_t point)
{
	for (size_t i = 0; i < ss->n; i++)
		if (ss->s[i].point == point)
			return &ss->s[i];
	return NULL;
}

int searches_run(struct searches *ss, struct tasks *ts)
{
	struct task **wanted = calloc(ss->n * SEARCH_SEEDS_MAX + 1, sizeof(*wanted));
	struct task *round = calloc(ss->n * SEARCH_SEEDS_MAX + 1, sizeof(*round));
	size_t n;
	int rc = 0;

	if (!wanted || !round)
		abort();
	do {
		n = 0;
		for (size_t i = 0; i < ss->n; i++)
			n += search_wants(&ss->s[i], wanted + n, SEARCH_SEEDS_MAX);
		for (size_t i = 0; i < n; i++)
			round[i] = *wanted[i];
		rc = n ? tasks_run(ts, round, n) : 0;
		for (size_t i = 0; i < n; i++)
			*wanted[i] = round[i];
		for (size_t i = 0; rc == 0 && i < ss->n; i++)
			search_take(&ss->s[i], ts->sw->allow_client_bound);
	} while (rc == 0 && n > 0);
	free(round);
	free(wanted);
	return rc;
}

void searches_end(struct searches *ss)
{
	for (size_t i = 0; i < ss->n; i++)
		search_end(&ss->s[i]);
	free(ss->s);
	ss->s = NULL;
	ss->n = 0;
}
