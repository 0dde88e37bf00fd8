/* SPDX-License-Identifier: MIT */
/*
 * test_group.c - what a configuration varies: groups, zips, lists, who overrules whom
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/search.h"
#include "cli/simrun.h"
#include "cli/sweep.h"
#include "tests/unit/cu.h"

static char dir[] = "/tmp/ix_group_XXXXXX", path[64];
static struct sweep sw;
static struct conf conf;

static void save(const char *name, const char *text)
{
	char full[64];
	FILE *f;

	snprintf(full, sizeof(full), "%s/%s", dir, name);
	f = fopen(full, "w");
	CU_ASSERT_FATAL(f != NULL);
	fputs(text, f);
	fclose(f);
}

static bool take(const char *text, bool quick)
{
	sweep_free(&sw);
	conf_free(&conf);
	memset(&sw, 0, sizeof(sw));
	conf_init(&conf);
	save("s.conf", text);
	snprintf(path, sizeof(path), "%s/s.conf", dir);
	sw.file = path;
	return conf_read(&conf, path) && sweep_take(&sw, &conf, quick) && sweep_check(&sw, &conf);
}

/* Is the CSV before the metrics @want? */
static bool table_is(const char *want)
{
	static struct scenario sc;
	struct table t = { 0 };
	struct conf c;
	char *got = NULL;
	size_t len;
	FILE *f = open_memstream(&got, &len);
	bool same;

	sweep_lead_columns(&sw, &t);
	for (size_t i = 0; i < sweep_points(&sw); i++) {
		conf_init(&c);
		CHECK(sweep_configure(&sw, i, &c, &sc));
		sweep_lead_cells(&sw, i, &sc, &t, table_row_add(&t));
		conf_free(&c);
	}
	table_write(&t, f);
	fclose(f);
	same = strcmp(got, want) == 0;
	if (!same)
		fprintf(stderr, "got:\n%s", got);
	free(got);
	table_free(&t);
	return same;
}

static bool says(const char *text)
{
	bool there = strstr(conf.errors, text) != NULL;

	if (!there)
		fprintf(stderr, "got: %s", conf.errors);
	return there;
}

static void plain_form(void)
{
	CHECK(take("sweep = ( { key = \"threads\"; values = [1, 2]; },\n"
		   "{ key = \"workload.rate\"; values = \"1 k/s:2 k/s:1 k/s\"; } );", false) ==
	      false);
	CHECK(says("ambiguous"));
	CHECK(take("sweep = ( { key = \"server.threads\"; values = [1, 2]; },\n"
		   "{ key = \"workload.rate\"; values = \"1 k/s:2 k/s:1 k/s\";\n"
		   "quick = [\"3 k/s\"]; } );", false));
	CHECK(table_is("server.threads,workload.rate_per_s\n1,1000\n1,2000\n2,1000\n2,2000\n"));
	CHECK(sweep_vary(&sw, &conf, "seed=8,9", "--vary"));
	CHECK_EQ(sweep_points(&sw), 8);
}

static void quick_values(void)
{
	const char *text = "sweep = { quick = [\"seed=5\"]; axes = ( { key = \"clients\"; "
			   "values = \"1:9:1\"; quick = [2]; } ); };";

	CHECK(take(text, false));
	CHECK_EQ(sweep_points(&sw), 9);
	CHECK(take(text, true));
	CHECK(sweep_vary(&sw, &conf, "seed=1", "--vary"));
	CHECK(table_is("clients,seed\n2,1\n"));
	CHECK(take(text, true));
	CHECK(sweep_vary(&sw, &conf, "server.threads=1", "--vary"));
	CHECK_EQ(sw.groups[0].quick.n, 1);
}

/* File, base, set (a file in it, then what follows), options, dimensions. */
static void precedence(void)
{
	static const char *const options[] = { "client.threads=6" };

	save("base.conf", "seed = 2; clients = 2; server = { threads = 2; };");
	save("more.conf", "clients = 3; server = { threads = 3; };");
	CHECK(take("seed = 1; clients = 1; server = { threads = 1; }; client = { threads = 1; };\n"
		   "sweep = ( { name = \"a\"; base = \"base.conf\";\n"
		   "set = [\"more.conf\", \"server.threads=4\", \"client.threads=5\"];\n"
		   "axes = ( { key = \"workload.size\"; values = [1]; } ); },\n"
		   "{ name = \"b\"; axes = ( { key = \"seed\"; values = [7]; },\n"
		   "{ key = \"server.threads\"; values = [8]; },\n"
		   "{ key = \"clients\"; values = [9]; } ); } );", false));
	CHECK(table_is("series,workload.size_bytes,seed,server.threads,clients\n"
		       "a,1,2,4,3\nb,64,7,8,9\n"));
	sw.sets = options;
	sw.n_sets = 1;
	CHECK(sweep_vary(&sw, &conf, "client.threads=1", "--vary"));
	CHECK(!sweep_check(&sw, &conf));
	CHECK(says("client.threads is given twice: 6 (-s), then 1"));
	CHECK(says("(in point 1 of 2: a, workload.size=1, client.threads=1)"));
}

static void zip(void)
{
	CHECK(take("sweep = { axes = ( { key = \"seed\"; values = [1, 2]; } );\n"
		   "zip = ( { key = \"workload.connections\"; values = [20000, 40000]; },\n"
		   "{ key = \"workload.server.conns_max\"; values = [20000, 50000]; } ); };",
		   false));
	CHECK(table_is("seed,workload.connections,workload.server.conns_max\n"
		       "1,20000,20000\n1,40000,50000\n2,20000,20000\n2,40000,50000\n"));
	CHECK(take("sweep = { axes = ( ( { key = \"clients\"; values = [2, 3]; },\n"
		   "{ key = \"seed\"; values = [4, 5]; } ) ); };", false));
	CHECK(table_is("clients,seed\n2,4\n3,5\n"));
	CHECK(!take("sweep = { zip = ( { key = \"clients\"; values = [2, 3]; },\n"
		    "{ key = \"seed\"; values = [4]; } ); };", false));
	CHECK(says("clients has 2 and seed has 1"));
}

/* A point says what it likes, a workload and its knobs too. */
static void listed(void)
{
	CHECK(take("points = ( { set = [\"clients=2\", \"seed=3\"]; label = \"x\"; },\n"
		   "{ set = [\"workload.max_bytes=64\", \"workload=netpipe\", \"clients=1\"]; }"
		   " );", false));
	CHECK(table_is("label,clients,seed,workload.max_bytes,workload\n"
		       "x,2,3,,echo\n,1,1,64,netpipe\n"));
	CHECK(!take("points = ( { set = [\"clients=2\", \"clients=3\"]; } );", false));
	CHECK(says("clients is given twice"));
	CHECK(!take("points = ( { set = [\"clients\"]; } );", false));
	CHECK(says("sets \"key=value\""));
	CHECK(!take("points = ();", false));
}

static void mistakes(void)
{
	CHECK(!take("sweep = ( { name = \"a\"; axis = (); } );", false));
	CHECK(says("s.conf:1: a group of sweep has no member \"axis\"; it may have name, base"));
	CHECK(!take("sweep = ( { key = \"seed\"; value = [1]; } );", false));
	CHECK(says("an axis has no member \"value\""));
	CHECK(!take("sweep = ( { key = \"seed\"; values = [1]; }, { name = \"a\"; } );", false));
	CHECK(says("not both"));
	CHECK(!take("sweep = [1, 2];", false));
	CHECK(says("list of axes"));
	CHECK(!take("sweep = ( { name = \"a\"; base = \"none.conf\"; } );", false));
	CHECK(says("none.conf: cannot read the configuration: No such file"));
	CHECK(!take("sweep = ( { name = \"a\"; set = [\"server.thread=1\"]; } );", false));
	CHECK(says("s.conf:1: unknown key \"server.thread\"; did you mean server.threads"));
	CHECK(says("(in point 1 of 1: a)"));
	CHECK(!take("sweep = ( { name = \"a\"; set = \"seed=1\"; } );", false));
	CHECK(says("set is a list"));
	CHECK(!take("sweep = ( { quick = [\"x.conf\"]; } );", true));
	CHECK(says("quick is a list of quoted \"key=value\", at most"));
	CHECK(!take("sweep = ( { zip = (); } );", false));
	CHECK(says("nothing to vary"));
	CHECK(!take("sweep = ( { key = \"server.dp.batch_max\"; values = [0]; } );", false));
	CHECK(says("s.conf:1: server.dp.batch_max: 0 is out of range"));
	CHECK(!take("sweep = ( { key = \"workload.rate\"; values = [\"-5 k/s\"]; } );", false));
	CHECK(says("s.conf:1: workload.rate: "));
}

static void searches(void)
{
	static const char text[] =
		"sweep = { axes = ( { key = \"seed\"; values = [1, 2]; } ); search = {\n"
		"key = \"workload.rate\"; lo = \"50 k/s\"; hi = \"4 M/s\"; seeds = 4; "
		"quick_seeds = 2;\nsla = \"latency_p99_us<500\"; tolerance = 0.01; }; };";
	const struct search_spec *sp;

	CHECK(take(text, false));
	sp = sw.groups[0].search;
	CHECK(strcmp(sp->key, "workload.rate") == 0 && sp->lo == 50000 && sp->hi == 4000000);
	CHECK(sp->tolerance == 0.01 && sp->seeds == 4 && sp->seeds_max == 16);
	CHECK(strcmp(sp->metric, "latency_p99_us") == 0 && !sp->above && sp->limit == 500);
	CHECK(table_is("seed,workload.rate_per_s,search_lo,search_hi,search_value,search_ci95,"
		       "search_seeds\n1,100000,,,,,\n2,100000,,,,,\n"));
	CHECK(take(text, true));
	CHECK(sw.groups[0].search->seeds == 2 && sw.groups[0].search->seeds_max == 8);
	CHECK(!take("sweep = { search = { key = \"workload.rate\"; }; };", false));
	CHECK(says("a search is { key = \"workload.rate\"; lo"));
	CHECK(!take("sweep = { search = { key = \"workload.rate\"; lo = 5; hi = 4; sla = "
		    "\"x<1\"; }; };", false));
	CHECK(says("a search needs 0 < lo < hi, not 5 to 4"));
	CHECK(!take("sweep = { search = { key = \"workload.mode\"; lo = 5; hi = 4; sla = "
		    "\"x<1\"; }; };", false));
	CHECK(says("workload.mode is no number"));
	CHECK(!take("sweep = { search = { key = \"clients\"; lo = 1; hi = 4; sla = \"x\"; }; };",
		    false));
	CHECK(says("is no objective"));
	CHECK(!take("sweep = { search = { key = \"clients\"; lo = 1; hi = 4; sla = \"x<1\"; "
		    "seeds = 31; }; };", false));
	CHECK(says("1 <= seeds <= seeds_max <= 30"));
}

static void begin(void)
{
	CU_ASSERT_FATAL(mkdtemp(dir) != NULL);
}

static void end(void)
{
	static const char *const names[] = { "s.conf", "base.conf", "more.conf" };
	char full[64];

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		snprintf(full, sizeof(full), "%s/%s", dir, names[i]);
		unlink(full);
	}
	CHECK(rmdir(dir) == 0);
	sweep_free(&sw);
	conf_free(&conf);
}

CU_MAIN("group", TEST(begin), TEST(plain_form), TEST(quick_values), TEST(precedence), TEST(zip),
	TEST(listed), TEST(mistakes), TEST(searches), TEST(end))
