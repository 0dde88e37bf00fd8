/* SPDX-License-Identifier: MIT */
/*
 * test_columns.c - names of metrics: what decides them, and when one is refused
 */
#include <stdlib.h>

#include "cli/columns.h"
#include "cli/point.h"
#include "tests/unit/cu.h"

static struct scenario sc;
static unsigned n_runs;

/* Names of the metrics of a run, a line each, to be freed; NULL: it fails. */
static char *names(void)
{
	char *doc = point_measure(&sc), *text = NULL;
	struct point p;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CU_ASSERT_FATAL(f != NULL);
	point_read(&p, doc, strlen(doc));
	for (uint32_t i = 0; i < p.n_metrics; i++)
		fprintf(f, "%s\n", p.metrics[i].name);
	fclose(f);
	if (p.status == POINT_FAILED) {
		free(text);
		text = NULL;
	}
	point_free(&p);
	free(doc);
	return text;
}

/* A number's next value, or every one of a few. */
static void knob_try(const struct section *sec, const struct knob *k, const char *want)
{
	bool few = k->type == KNOB_BOOL || k->type == KNOB_ENUM;
	uint64_t was = knob_get(k, sec->obj), last = few ? was + 8 : was + 1;
	unsigned kind = columns_kind(&sc);
	char err[512], *got;

	for (uint64_t v = few ? 0 : last; v <= last && strcmp(k->name, "workload") != 0; v++) {
		if (knob_set(k, sec->obj, v) != 0 || scenario_check(&sc, err, sizeof(err)) != 0)
			continue;
		got = names();
		n_runs += got != NULL;
		if (got && columns_kind(&sc) == kind && strcmp(got, want) != 0) {
			fprintf(stderr, "%s.%s = %llu: other names\n", sec->path, k->name,
				(unsigned long long)v);
			CU_FAIL("columns_kind() lacks a knob");
		}
		free(got);
	}
	if (k->type != KNOB_STRING && k->type != KNOB_DOUBLE)
		CHECK_EQ(knob_set(k, sec->obj, was), 0);
}

/* No other knob than those of columns_kind() changes the names. */
static void kinds(void)
{
	for (uint32_t w = 0; workload_names[w]; w++) {
		struct section sec[SCENARIO_SECTIONS_MAX];
		size_t n;
		char *want;

		scenario_defaults(&sc);
		scenario_workload(&sc, w);
		sc.clients = 1;
		sc.warmup_ns = 100000;
		sc.duration_ns = workload_names[w + 1] ? 200000 : 2000000;	/* kv begins late */
		want = names();
		CU_ASSERT_FATAL(want != NULL);
		n = scenario_sections(&sc, sec);
		for (size_t i = 0; i < n; i++)
			for (size_t j = 0; j < sec[i].n; j++)
				if (w == 0 || !*sec[i].path ||
				    strncmp(sec[i].path, "workload", 8) == 0)
					knob_try(&sec[i], &sec[i].knobs[j], want);
		free(want);
	}
	CHECK(n_runs > 200);
}

static const char *const asked[] = { "a", "limit", "b", NULL };
static const char a[] = "{\"status\":\"ok\",\"metrics\":[[\"a\",1,\"\"]]}";
static const char b[] = "{\"status\":\"client-bound\",\"why\":\"x\",\"metrics\":[[\"b\",1,\"\"]]}";
static const char none[] = "{\"status\":\"failed\",\"why\":\"x\"}";

static void saw(struct columns *c, const char *doc)
{
	columns_saw(c, columns_kind(&sc), doc, strlen(doc));
}

/* Refused when the widest run of every kind has finished; a failed one says nothing. */
static void refusal(void)
{
	struct columns c = { .names = asked };
	struct conf conf;

	scenario_defaults(&sc);
	CHECK(!columns_refused(&c));
	columns_want(&c, columns_kind(&sc));
	sc.server.threads = 2;
	columns_want(&c, columns_kind(&sc));
	saw(&c, none);
	CHECK(!columns_refused(&c));
	sc.server.threads = 1;
	saw(&c, a);
	CHECK(!columns_refused(&c));
	sc.server.threads = 2;
	saw(&c, a);
	CHECK(columns_refused(&c));
	conf_init(&conf);
	columns_complain(&c, &conf);
	CHECK(conf.n_errors == 1 && strstr(conf.errors, "no metric is called \"b\""));
	conf_free(&conf);
	sc.budget = true;
	columns_want(&c, columns_kind(&sc));
	CHECK(!columns_refused(&c));
	saw(&c, b);
	CHECK(!columns_refused(&c));
}

/* The metric most like the name is asked about, if it is like it. */
static void likeness(void)
{
	static const char *const wanted[] = { "latency_p9_us", "zzz", NULL };
	static const char doc[] = "{\"status\":\"ok\",\"metrics\":[[\"latency_mean_us\",1,\"\"],"
		"[\"latency_p99_us\",1,\"\"],[\"late\",1,\"\"]]}";
	struct columns c = { .names = wanted };
	struct conf conf;

	scenario_defaults(&sc);
	columns_want(&c, columns_kind(&sc));
	saw(&c, doc);
	conf_init(&conf);
	columns_complain(&c, &conf);
	CHECK(strstr(conf.errors, "latency_p9_us\"; did you mean latency_p99_us? `ix") != NULL);
	CHECK(strstr(conf.errors, "\"zzz\"; `ix") != NULL);
	conf_free(&conf);
}

static void all_there_are(void)
{
	struct columns c = { 0 };

	columns_want(&c, columns_kind(&sc));
	CHECK(!columns_first(&c, columns_kind(&sc)));
	saw(&c, a);
	CHECK(!columns_refused(&c));
}

static void order(void)
{
	struct columns c = { .names = asked };
	unsigned one, two;

	scenario_defaults(&sc);
	one = columns_kind(&sc);
	sc.server.threads = 2;
	two = columns_kind(&sc);
	columns_want(&c, two);
	columns_want(&c, one);
	CHECK(!columns_first(&c, one));
	CHECK(columns_first(&c, two));
	CHECK(!columns_first(&c, two));
}

CU_MAIN("columns", TEST(kinds), TEST(refusal), TEST(likeness), TEST(all_there_are), TEST(order))
