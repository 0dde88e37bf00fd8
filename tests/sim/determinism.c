/* SPDX-License-Identifier: MIT */
/*
 * determinism.c - equal scenarios and seeds give equal bytes, also within one process
 *
 *	determinism [FILE.conf...]	default: what tests/sim/determinism/ holds
 *
 * Every scenario runs once, then all of them again in the opposite order, so that anything a
 * run leaves behind would show in another. A third run with the next seed must differ, and
 * no scenario may be idle or lossless: equality of nothing proves nothing.
 * Not here: other processes, compilers, optimisations and sanitizers, and sweeps
 * (tests/e2e/determinism.sh).
 */
#include <dirent.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/simrun.h"

#define FOLDER "tests/sim/determinism"

enum { SCENARIOS_MAX = 16 };

/** What a run leaves: its JSON, all of it. */
struct outcome {
	char *json;
	uint64_t hash, events;
	double lost, rexmit;
};

static double metric(const struct sim_result *r, const char *name)
{
	const struct metric *m = sim_metric(r, name);

	return m ? m->value : -1;
}

static bool play(const char *file, uint64_t seed_step, struct outcome *o)
{
	static struct scenario sc;
	static struct sim_result r;
	char err[512] = "";
	struct conf c;
	json_t *all;
	bool ok;

	conf_init(&c);
	ok = simrun_configure(&c, file, &sc);
	if (!ok)
		conf_complain(&c, "determinism");
	conf_free(&c);
	if (!ok)
		return false;
	sc.seed += seed_step;
	if (sim_run(&sc, &r, NULL, NULL, err, sizeof(err)) != 0) {
		fprintf(stderr, "determinism: %s: %s\n", file, err);
		return false;
	}
	all = simrun_json(&r);
	*o = (struct outcome){ json_dumps(all, JSON_INDENT(1)), r.trace_hash, r.events,
			       metric(&r, "fault_lost"),
			       metric(&r, "server_tcp_rexmit") + metric(&r, "client_tcp_rexmit") };
	json_decref(all);
	sim_result_free(&r);
	return o->json != NULL;
}

static bool complain(const char *file, const char *what)
{
	fprintf(stderr, "determinism: %s: %s\n", file, what);
	return false;
}

/* The first line that differs says more than the whole. */
static void show_difference(const char *a, const char *b)
{
	size_t i = 0, line = 0;

	for (; a[i] && a[i] == b[i]; i++)
		if (a[i] == '\n')
			line = i + 1;
	fprintf(stderr, "\tfirst:  %.*s\n\tsecond: %.*s\n", (int)strcspn(a + line, "\n"), a + line,
		(int)strcspn(b + line, "\n"), b + line);
}

static bool judge(const char *file, const struct outcome *a, const struct outcome *b,
		  const struct outcome *other)
{
	bool ok = true;

	if (a->hash != b->hash || strcmp(a->json, b->json) != 0) {
		ok = complain(file, "two runs in one process differ");
		show_difference(a->json, b->json);
	}
	if (other->hash == a->hash)
		ok = complain(file, "another seed gives the same trace");
	if (a->events < 10000 || a->lost < 5 || a->rexmit < 5)
		ok = complain(file, "too idle to prove anything: it needs losses and recovery");
	printf("%-40s %016llx %8llu events %5.0f lost %5.0f retransmitted\n", file,
	       (unsigned long long)a->hash, (unsigned long long)a->events, a->lost, a->rexmit);
	return ok;
}

static bool compare(size_t n, char **file)
{
	struct outcome a[SCENARIOS_MAX], b[SCENARIOS_MAX], other;
	bool ok = true;

	for (size_t i = 0; i < n; i++)
		if (!play(file[i], 0, &a[i]))
			return false;
	for (size_t i = n; i-- > 0;)
		if (!play(file[i], 0, &b[i]))
			return false;
	for (size_t i = 0; i < n; i++) {
		if (!play(file[i], 1, &other))
			return false;
		ok &= judge(file[i], &a[i], &b[i], &other);
		free(a[i].json);
		free(b[i].json);
		free(other.json);
	}
	return ok;
}

static int is_conf(const struct dirent *d)
{
	const char *dot = strrchr(d->d_name, '.');

	return dot && strcmp(dot, ".conf") == 0;
}

/* The files of FOLDER, sorted. They live as long as the program. */
static size_t find(char *file[SCENARIOS_MAX + 1])
{
	static char path[SCENARIOS_MAX][300];
	struct dirent **d;
	int n = scandir(FOLDER, &d, is_conf, alphasort);

	for (int i = 0; i < n; i++) {
		if (i < SCENARIOS_MAX) {
			snprintf(path[i], sizeof(path[i]), FOLDER "/%s", d[i]->d_name);
			file[i] = path[i];
		}
		free(d[i]);
	}
	if (n >= 0)
		free(d);
	return n < 0 ? 0 : (size_t)n;
}

int main(int argc, char **argv)
{
	char *found[SCENARIOS_MAX + 1];
	char **file = argc > 1 ? argv + 1 : found;
	size_t n = argc > 1 ? (size_t)argc - 1 : find(found);
	bool ok;

	if (n == 0 || n > SCENARIOS_MAX) {
		fprintf(stderr, "determinism: %zu scenarios; run it from the top of the tree, or "
			"name 1 to %d\n", n, SCENARIOS_MAX);
		return 2;
	}
	ok = compare(n, file);
	printf("determinism: %zu scenarios, each twice in one process: %s\n", n,
	       ok ? "equal" : "NOT equal");
	return !ok;
}
