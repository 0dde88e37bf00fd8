/* SPDX-License-Identifier: MIT */
/*
 * stress.c - random configurations: every run ends, twice the same, and no byte is wrong
 *
 *	stress [OPTION...]		many seeds; a failure is a line that replays it
 *	--first S --seeds N		these seeds (1, SEEDS)
 *	--seed S			only this one, and what it has chosen
 *	--minimise S			... without the settings that it fails without, too
 *	--jobs N			children at a time (2)
 *	--verbose			a line a seed
 *
 * A seed draws assignments (stress_choose.c): execution models, knobs at and near their
 * ends, prices, workloads, faults. What `ix sim` would refuse has to be refused with a
 * sentence; everything else has to end in bounded time and memory, give the same hash again,
 * deliver what was sent, and, where nothing forbids it, answer requests. A child a seed, so
 * an assertion, a sanitizer or an endless loop is a failure of its seed.
 * Not here: random peers and packets (swarm), mistakes in files (tests/e2e/cli.sh).
 */
#include <math.h>
#include <getopt.h>
#include <signal.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/resource.h>
#include <unistd.h>

#include "cli/simrun.h"
#include "cli/workers.h"
#include "tests/sim/stress.h"

enum {
	SEEDS = 150,
	LIMIT_S = 30,			/* a run that takes longer hangs */
	SLOW_MS = 2000,			/* shown */
	EVENTS_MAX = 20000000,		/* ... or spins */
	RSS_MAX_KB = 3 << 20,		/* under sanitizers, too */
};

/* A lost ARP request is sent again after a second (RFC 1122 section 2.3.2.1). */
static const uint64_t patience_ns[] = { 100 * NSEC_PER_MSEC, 4 * NSEC_PER_SEC };

struct outcome {
	bool refused, failed;
	uint32_t cpu_ms;
	uint64_t hash, events, requests;
	char why[600];
};

/* ---- a run ---- */

/* Memory that is not there is a sentence of the program's, also in a build with sanitizers. */
const char *__asan_default_options(void);
const char *__asan_default_options(void)
{
	return "allocator_may_return_null=1:max_allocation_size_mb=4096";
}

static bool under_way(void *ctx, nsec now, nsec end)
{
	uint64_t *told = ctx;

	(void)now, (void)end;
	return (*told += 400000) < EVENTS_MAX;	/* PROGRESS_EVENTS of sim/run.c */
}

static double metric(const struct sim_result *r, const char *name)
{
	const struct metric *m = sim_metric(r, name);

	return m ? m->value : 0;
}

__attribute__((format(printf, 2, 3)))
static void fail(struct outcome *o, const char *fmt, ...)
{
	va_list ap;

	if (o->failed)
		return;
	o->failed = true;
	va_start(ap, fmt);
	vsnprintf(o->why, sizeof(o->why), fmt, ap);
	va_end(ap);
}

/* A time of requests of which there were none: the load's, the run's. */
static bool is_of_nothing(const struct sim_result *r, const struct metric *m)
{
	return isnan(m->value) && (strncmp(m->name, "load_latency_", 13) == 0 ||
				   ((strncmp(m->name, "latency_", 8) == 0 ||
				     strncmp(m->name, "service_", 8) == 0) &&
				    metric(r, "requests_timed") == 0));
}

static void judge(struct outcome *o, const struct sim_result *r)
{
	for (uint32_t i = 0; i < r->n_metrics; i++)
		if (!(r->metrics[i].value >= 0 && r->metrics[i].value < 1e19) &&
		    !is_of_nothing(r, &r->metrics[i]))
			fail(o, "%s is %g", r->metrics[i].name, r->metrics[i].value);
	if (metric(r, "bad_bytes") > 0)
		fail(o, "%g bad bytes", metric(r, "bad_bytes"));
	if (metric(r, "errors") > 0 && metric(r, "fault_corrupted") == 0)
		fail(o, "%g errors", metric(r, "errors"));
	o->hash = r->trace_hash;
	o->events = r->events;
	o->requests = (uint64_t)metric(r, "requests");
}

static bool configure(const struct choice *c, struct scenario *sc, struct outcome *o)
{
	struct conf conf;
	bool ok;

	conf_init(&conf);
	for (size_t i = 0; i < c->n; i++)
		conf_set(&conf, c->set[i], "-s");
	ok = simrun_configure(&conf, NULL, sc);
	o->refused = !ok;
	snprintf(o->why, sizeof(o->why), "%.*s", (int)strcspn(conf.errors, "\n"), conf.errors);
	if (!ok && o->why[0] == '\0')
		fail(o, "refused without a word");
	if (!ok && strstr(o->why, "unknown"))
		fail(o, "this test's own mistake: %.500s", conf.errors);
	conf_free(&conf);
	return ok;
}

/* Nothing was answered: a matter of time, of which there is plenty now, and then more? */
static void expect_progress(struct scenario *sc, struct outcome *o)
{
	static struct sim_result r;
	char err[512] = "";
	bool answered = false;

	sc->warmup_ns = 0;
	for (size_t i = 0; i < ARRAY_LEN(patience_ns) && !answered && !o->failed; i++) {
		uint64_t told = 0;
		int rc;

		sc->duration_ns = patience_ns[i];
		rc = sim_run(sc, &r, under_way, &told, err, sizeof(err));
		if (rc) {
			fail(o, "longer: %d: %.400s", rc, err);
		} else {
			answered = metric(&r, "requests") > 0;
			sim_result_free(&r);
		}
	}
	if (!answered)
		fail(o, "no request was answered in 4 s");
}

static void run(const struct choice *c, struct outcome *o)
{
	static struct scenario sc;
	static struct sim_result r;
	char err[512] = "";
	uint64_t told;
	int rc;

	memset(o, 0, sizeof(*o));
	if (!configure(c, &sc, o))
		return;
	for (int i = 0; i < 2 && !o->failed; i++) {
		uint64_t hash = o->hash;

		told = 0;
		rc = sim_run(&sc, &r, under_way, &told, err, sizeof(err));
		if (rc == -EINVAL && i == 0 && err[0]) {
			o->refused = true;
			snprintf(o->why, sizeof(o->why), "%.500s", err);
			return;
		}
		if (rc == 0)
			judge(o, &r);
		else
			fail(o, "%d: %.400s", rc, err);
		if (i > 0 && o->hash != hash)
			fail(o, "hash %016llx, then %016llx", (unsigned long long)hash,
			     (unsigned long long)o->hash);
		if (rc == 0)
			sim_result_free(&r);
	}
	if (!o->failed && o->requests == 0)
		expect_progress(&sc, o);
}

static void check_memory(struct outcome *o)
{
	struct rusage u;

	getrusage(RUSAGE_SELF, &u);
	o->cpu_ms = (uint32_t)(u.ru_utime.tv_sec * 1000 + u.ru_utime.tv_usec / 1000);
	if (u.ru_maxrss > RSS_MAX_KB)
		fail(o, "%ld MiB of memory", u.ru_maxrss >> 10);
}

static void job(void *ctx, size_t i, FILE *out)
{
	const struct choice *c = ctx;
	struct outcome o;

	alarm(LIMIT_S);
	run(&c[i], &o);
	check_memory(&o);
	if (fwrite(&o, sizeof(o), 1, out) != 1)
		_exit(1);
}

static void run_all(const struct choice *c, struct outcome *o, size_t n, unsigned jobs)
{
	struct job *j = calloc(n, sizeof(*j));
	int rc;

	if (!j)
		exit(1);
	rc = workers_run(j, n, jobs, job, NULL, (void *)(uintptr_t)c);
	if (rc > 0)
		raise(rc);
	for (size_t i = 0; i < n; i++) {
		if (j[i].ok && j[i].len == sizeof(*o)) {
			memcpy(&o[i], j[i].data, sizeof(*o));
		} else {
			memset(&o[i], 0, sizeof(*o));
			if (strstr(j[i].why, "signal 14"))
				fail(&o[i], "did not end in %d s", LIMIT_S);
			else
				fail(&o[i], "%s", j[i].why);
		}
		free(j[i].data);
	}
	free(j);
}

static void print(const struct choice *c, const struct outcome *o, bool all)
{
	printf("stress --seed %llu: %s: %s%s%llu requests, %llu events, hash %016llx\n",
	       (unsigned long long)c->seed,
	       o->failed ? "FAILED" : o->refused ? "refused" : "ok", o->why,
	       o->why[0] ? "; " : "", (unsigned long long)o->requests,
	       (unsigned long long)o->events, (unsigned long long)o->hash);
	if (!all)
		return;
	printf("  %u ms of processor time: ix sim", o->cpu_ms);
	for (size_t i = 0; i < c->n; i++)
		printf(" -s '%s'", c->set[i]);
	printf("\n");
}

/* Leave out one setting after the other, as long as it fails. */
static void minimise(struct choice *c, struct outcome *o)
{
	static struct choice less;
	struct outcome now;
	bool shorter = true;

	while (shorter) {
		shorter = false;
		for (size_t i = 2; i < c->n; i++) {
			less = *c;
			less.n--;
			memmove(less.set[i], less.set[i + 1], (less.n - i) * SET_LEN);
			run_all(&less, &now, 1, 1);
			if (!now.failed)
				continue;
			*c = less;
			*o = now;
			shorter = true;
			i--;
		}
	}
}

static int many(uint64_t first, uint64_t n, unsigned jobs, bool verbose)
{
	struct choice *c = calloc(n, sizeof(*c));
	struct outcome *o = calloc(n, sizeof(*o));
	uint64_t failed = 0, refused = 0, idle = 0, requests = 0, hash = 0;

	if (!c || !o) {
		fputs("stress: no memory; use fewer --seeds\n", stderr);
		exit(1);
	}
	for (uint64_t i = 0; i < n; i++)
		stress_choose(&c[i], first + i);
	run_all(c, o, n, jobs);
	for (uint64_t i = 0; i < n; i++) {
		failed += o[i].failed;
		refused += o[i].refused;
		idle += !o[i].failed && !o[i].refused && o[i].requests == 0;
		requests += o[i].requests;
		hash = (hash ^ o[i].hash) * 0x9e3779b97f4a7c15ULL;
		if (o[i].failed || o[i].cpu_ms > SLOW_MS || verbose)
			print(&c[i], &o[i],
			      o[i].failed || o[i].cpu_ms > SLOW_MS);
	}
	free(c);
	free(o);
	printf("stress: %llu seeds twice, %llu failed, %llu refused, %llu without an answer; "
	       "%llu requests, hash %016llx\n", (unsigned long long)n,
	       (unsigned long long)failed, (unsigned long long)refused,
	       (unsigned long long)idle, (unsigned long long)requests,
	       (unsigned long long)hash);
	return failed != 0;
}

static int one(uint64_t seed, bool smallest)
{
	static struct choice c;
	static struct outcome o;

	stress_choose(&c, seed);
	run_all(&c, &o, 1, 1);
	if (smallest && o.failed)
		minimise(&c, &o);
	print(&c, &o, true);
	return o.failed;
}

static uint64_t number(const char *text)
{
	char *end;
	uint64_t v = strtoull(text, &end, 10);

	if (*text < '0' || *text > '9' || *end) {
		fprintf(stderr, "stress: \"%s\" is not a number\n", text);
		exit(2);
	}
	return v;
}

int main(int argc, char **argv)
{
	static const struct option options[] = {
		{ "seeds", 1, NULL, 'n' }, { "first", 1, NULL, 'f' }, { "seed", 1, NULL, 's' },
		{ "minimise", 1, NULL, 'm' }, { "jobs", 1, NULL, 'j' },
		{ "verbose", 0, NULL, 'v' }, { 0 },
	};
	uint64_t first = 1, seeds = SEEDS;
	unsigned jobs = 2;
	bool verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':	seeds = number(optarg); break;
		case 'f':	first = number(optarg); break;
		case 's':	return one(number(optarg), false);
		case 'm':	return one(number(optarg), true);
		case 'j':	jobs = MAX((unsigned)number(optarg), 1u); break;
		case 'v':	verbose = true; break;
		default:	return 2;
		}
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	return many(first, seeds, jobs, verbose);
}
