/* SPDX-License-Identifier: MIT */
/*
 * test_search.c - bisection under an objective, against servers whose answer is known
 */
#include <stdlib.h>

#include "base/rng.h"
#include "cli/search.h"
#include "tests/unit/cu.h"

/* A server: its p99 at a load, noise around it, and the load its clients cannot pass. */
struct server {
	double knee, noise;
	uint64_t client_limit;
	bool dies;
};

static struct search s;
static struct search_spec spec;
static unsigned runs;

static struct search_spec spec_new(const char *sla)
{
	struct search_spec out = { .key = "workload.rate", .unit = UNIT_PER_SEC, .lo = 50000,
				   .hi = 4000000, .tolerance = 0.02, .seeds = 3,
				   .seeds_max = 12 };
	char err[300];

	CHECK(search_objective(&out, sla, err, sizeof(err)));
	return out;
}

/* Flat, then a wall: 100 up to the knee, 100 more for every 1 % above. */
static char *run(const struct server *sv, const struct task *t)
{
	uint64_t seed = strtoull(t->extra[1] + 5, NULL, 10);
	double load, y, u;
	char text[400];
	struct rng r;

	CHECK(strncmp(t->extra[0], "workload.rate=", 14) == 0);
	load = strtod(t->extra[0] + 14, NULL);
	load *= strstr(t->extra[0], " k/s") ? 1e3 : strstr(t->extra[0], " M/s") ? 1e6 : 1;
	rng_stream(&r, seed, (uint64_t)load);
	u = rng_unit(&r) - 0.5;
	y = 100 + (load > sv->knee ? (load / sv->knee - 1) * 10000 : 0);
	y += u * sv->noise * y;
	runs++;
	if (sv->dies)
		return NULL;
	snprintf(text, sizeof(text), "{\"status\":\"%s\",\"why\":\"too slow\",\"prices\":[\"1\","
		 "\"2\"],\"metrics\":[[\"p99\",%.17g,\"d\"],[\"rate\",%.17g,\"d\"]],\"rows\":[]}",
		 sv->client_limit && load > (double)sv->client_limit ? "client-bound" : "ok", y,
		 load);
	return strdup(text);
}

static void search(const struct server *sv, const struct search_spec *sp)
{
	struct task *want[SEARCH_SEEDS_MAX];
	size_t n;

	search_end(&s);
	search_begin(&s, sp, 0, 1);
	runs = 0;
	while ((n = search_wants(&s, want, SEARCH_SEEDS_MAX)) > 0) {
		for (size_t i = 0; i < n; i++) {
			want[i]->data = run(sv, want[i]);
			want[i]->len = want[i]->data ? strlen(want[i]->data) : 0;
			want[i]->state = want[i]->data ? TASK_RAN : TASK_LOST;
			if (!want[i]->data)
				strcpy(want[i]->why, "killed");
		}
		search_take(&s, false);
		CU_ASSERT_FATAL(runs < 2000);
	}
}

static void exact_server(void)
{
	const struct server sv = { .knee = 1e6 };

	spec = spec_new("p99<500");		/* crossed at 1.04 M/s */
	search(&sv, &spec);
	CHECK_EQ(s.state, SEARCH_FOUND);
	CHECK(s.holds->value < 1040000 && s.fails->value > 1040000);
	CHECK(s.fails->value - s.holds->value <= s.holds->value / 50);
	CHECK_EQ(s.holds->n, 3);
	CHECK(runs <= 3 * 14);
	spec.tolerance = 0.0001;
	search(&sv, &spec);
	CHECK(s.fails->value - s.holds->value <= s.holds->value / 10000);
	CHECK(s.holds->value <= 1040000 && s.fails->value >= 1040000);
}

/* The interval holds the truth, whatever the noise, and loads near it are unsure. */
static void noisy_server(void)
{
	unsigned wrong = 0, unsure = 0;

	for (unsigned i = 0; i < 50; i++) {
		const struct server sv = { .knee = 800000 + 10007 * i, .noise = 0.6 };
		double truth = sv.knee * 1.04;

		spec = spec_new("p99 <= 500");
		search(&sv, &spec);
		CHECK_EQ(s.state, SEARCH_FOUND);
		wrong += (double)s.holds->value > truth || (double)s.fails->value < truth;
		for (size_t t = 0; t < s.n_trials; t++)
			unsure += s.trials[t]->verdict == TRIAL_UNSURE;
	}
	CHECK(wrong <= 6);		/* a 95 % interval, a few times a search */
	CHECK(unsure > 0);
}

static void above(void)
{
	const struct server sv = { .knee = 1e6 };

	/* 1000 - p99 would be the natural one; a limit no load passes does as well. */
	spec = spec_new("p99>50");
	search(&sv, &spec);
	CHECK_EQ(s.state, SEARCH_FAILED);
	CHECK(strstr(s.why, "does not surely fail even at workload.rate=4 M/s") != NULL);
}

static void no_answer(void)
{
	struct server sv = { .knee = 10000 };

	spec = spec_new("p99<500");
	search(&sv, &spec);
	CHECK_EQ(s.state, SEARCH_FAILED);
	CHECK(strstr(s.why, "does not surely hold even at workload.rate=50 k/s") != NULL);
	CHECK_EQ(runs, 3);
	sv.dies = true;
	search(&sv, &spec);
	CHECK(s.state == SEARCH_FAILED && strstr(s.why, "seed=1: killed"));
	sv.dies = false;
	spec = spec_new("p98<500");
	search(&sv, &spec);
	CHECK(s.state == SEARCH_FAILED && strstr(s.why, "no metric is called \"p98\""));
}

/* Clients that give up first say nothing; above the answer they do no harm. */
static void client_bound(void)
{
	struct server sv = { .knee = 2e6, .client_limit = 1000000 };

	spec = spec_new("p99<500");
	search(&sv, &spec);
	CHECK_EQ(s.state, SEARCH_REFUSED);
	CHECK(strstr(s.why, "the client was the bottleneck") && strstr(s.why, "too slow"));
	sv.client_limit = 2500000;
	search(&sv, &spec);
	CHECK_EQ(s.state, SEARCH_FOUND);
	sv.client_limit = 10000;
	search(&sv, &spec);
	CHECK(s.state == SEARCH_REFUSED && strstr(s.why, "workload.rate=50 k/s: too slow"));
}

static void means(void)
{
	const struct server sv = { .knee = 1e6, .noise = 0.01 };
	struct metric *m;
	struct point first;
	uint32_t n;

	spec = spec_new("p99<500");
	search(&sv, &spec);
	CU_ASSERT_FATAL(s.state == SEARCH_FOUND);
	m = search_means(s.holds, &n, &first);
	CHECK_EQ(n, 2);
	CHECK(m[0].value > s.holds->mean - 1e-6 && m[0].value < s.holds->mean + 1e-6);
	CHECK(m[1].value == (double)s.holds->value);
	free(m);
	point_free(&first);
}

static void objectives(void)
{
	static const char *const bad[] = { "", "p99", "p99<", "<5", "p99<5x", "p99=5", "p99 5",
					   "a<nan", "a<inf" };
	struct search_spec sp = { 0 };
	char err[300];

	for (size_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK(!search_objective(&sp, bad[i], err, sizeof(err)) &&
		      strstr(err, "is no objective"));
	CHECK(search_objective(&sp, "rate > 1e6 ", err, sizeof(err)));
	CHECK(sp.above && sp.limit == 1e6 && strcmp(sp.metric, "rate") == 0);
	search_end(&s);
}

CU_MAIN("search", TEST(exact_server), TEST(noisy_server), TEST(above), TEST(no_answer),
	TEST(client_bound), TEST(means), TEST(objectives))
