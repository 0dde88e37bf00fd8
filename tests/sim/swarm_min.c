/* SPDX-License-Identifier: MIT */
/*
 * swarm_min.c - the smallest world that still fails in the same way; see swarm.h
 *
 * Greedy: every change that makes the world calmer is kept if the failure stays, group by
 * group, dial by dial, and what cannot be calm is halved; again until nothing changes. Two
 * failures are the same if what they say is, digits (hexadecimal ones) aside. Not here:
 * which options give the world that is left (world_print).
 */
#include "tests/sim/swarm.h"

enum { ROUNDS_MAX = 8 };

struct hunt {
	struct world *w;		/* the smallest so far */
	char why[320];
	unsigned tried;
	bool compare;
	FILE *log;
	size_t n;
	struct dial dial[WORLD_DIALS_MAX];
};

/* What a failure says without what may differ between two of its kind: a number, a hash. */
static void class_of(char *to, const char *why, size_t n)
{
	size_t k = 0;

	for (; *why && k + 1 < n; why++)
		if (!strchr("0123456789abcdef", *why))
			to[k++] = *why;
	to[k] = '\0';
}

/* Does @next fail as the first did? Then it is the smallest so far. */
static bool try(struct hunt *h, struct world *next, const char *what)
{
	char err[256], class[sizeof(h->why)];
	struct outcome o;

	if (world_settle(next, err, sizeof(err)) != 0 || memcmp(next, h->w, sizeof(*next)) == 0)
		return false;
	h->tried++;
	worlds_run(next, 1, 1, h->compare, &o);
	class_of(class, o.why, sizeof(class));
	if (o.ok || strcmp(class, h->why) != 0)
		return false;
	fprintf(h->log, "  %s\n", what);
	*h->w = *next;
	return true;
}

static bool in_group(const struct dial *d, const char *group)
{
	size_t n = strlen(group);

	return n == 0 || (strncmp(d->key, group, n) == 0 && d->key[n] == '.');
}

/* All dials of @group at once, "" for all there are; what is broken on purpose stays so. */
static bool calm_group(struct hunt *h, const char *group)
{
	static struct world next;
	char what[64];

	next = *h->w;
	for (size_t i = 0; i < h->n; i++)
		if (in_group(&h->dial[i], group))
			dial_set(&h->dial[i], &next, h->dial[i].calm);
	next.swarm.broken = h->w->swarm.broken;
	snprintf(what, sizeof(what), "%s calm", group[0] ? group : "everything");
	return try(h, &next, what);
}

static bool calm_dial(struct hunt *h, const struct dial *d)
{
	static struct world next;
	char what[CONF_KEY_MAX + 8];

	next = *h->w;
	dial_set(d, &next, d->calm);
	snprintf(what, sizeof(what), "%s calm", d->key);
	return try(h, &next, what);
}

/* A number that cannot be calm, and may be smaller: half of what it is, then a bit less. */
static bool shrink_dial(struct hunt *h, const struct dial *d)
{
	uint64_t v = dial_get(d, h->w), smaller[] = { v / 2, v - v / 4, v - 1 };
	static struct world next;
	char what[CONF_KEY_MAX + 40];

	if (d->knob->type != KNOB_U32 && d->knob->type != KNOB_U64)
		return false;
	if (!in_group(d, "swarm") && !in_group(d, "fault") && strcmp(d->key, "clients") != 0)
		return false;
	for (size_t i = 0; i < ARRAY_LEN(smaller) - (v > 64); i++) {
		if (v <= d->calm || smaller[i] < MAX(d->knob->min, d->calm) || smaller[i] >= v)
			continue;
		next = *h->w;
		dial_set(d, &next, smaller[i]);
		snprintf(what, sizeof(what), "%s %llu", d->key, (unsigned long long)smaller[i]);
		if (try(h, &next, what))
			return true;
	}
	return false;
}

/* The connection that matters may be a later one. */
static bool skip_conns(struct hunt *h)
{
	static struct world next;
	uint32_t n = h->w->swarm.conns;

	for (uint32_t cut = n - 1; cut > 0; cut--) {
		next = *h->w;
		next.swarm.first += cut;
		next.swarm.conns -= cut;
		if (try(h, &next, "the first connections left out"))
			return true;
	}
	return false;
}

static bool one_round(struct hunt *h)
{
	static const char *const groups[] = {
		"", "fault", "swarm", "client", "server", "switch", "link",
	};
	bool smaller = false;

	for (size_t i = 0; i < ARRAY_LEN(groups); i++)
		smaller |= calm_group(h, groups[i]);
	smaller |= skip_conns(h);
	for (size_t i = 0; i < h->n; i++)
		while (calm_dial(h, &h->dial[i]) || shrink_dial(h, &h->dial[i]))
			smaller = true;
	return smaller;
}

bool world_minimise(struct world *w, bool compare, FILE *log)
{
	static struct hunt h;
	struct outcome o;

	h = (struct hunt){ .w = w, .compare = compare, .log = log };
	h.n = world_dials(h.dial);
	worlds_run(w, 1, 1, compare, &o);
	if (o.ok)
		return false;
	class_of(h.why, o.why, sizeof(h.why));
	fprintf(log, "  fails: %s\n", o.why);
	for (unsigned i = 0; i < ROUNDS_MAX && one_round(&h); i++)
		;
	fprintf(log, "  %u worlds tried\n", h.tried);
	return true;
}
