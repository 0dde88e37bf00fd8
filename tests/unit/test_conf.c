/* SPDX-License-Identifier: MIT */
/*
 * test_conf.c - configurations: what is applied, and what every mistake says
 */
#include <stdlib.h>
#include <unistd.h>

#include "cli/conf.h"
#include "tests/unit/cu.h"

struct dp {
	uint32_t batch_max;
	uint64_t rto_ns;
	bool nagle;
};

struct prog {
	uint64_t seed;
	uint32_t workload;
	double skew;
	char pcap[32];
	struct dp server, client;
	uint32_t size, rounds;	/* "echo" has size, "netpipe" has rounds */
	uint32_t server_size;
};

static const char *const workloads[] = { "echo", "netpipe", NULL };
static const struct knob top_knobs[] = {
	{"seed", offsetof(struct prog, seed), KNOB_U64, UNIT_NONE, 0, UINT64_MAX, 1, "d", NULL,
	 NULL},
	{"workload", offsetof(struct prog, workload), KNOB_ENUM, UNIT_NONE, 0, 1, 0, "d", workloads,
	 NULL},
	{"skew", offsetof(struct prog, skew), KNOB_DOUBLE, UNIT_NONE, 0, 2, 1, "d", NULL, NULL},
	{"pcap", offsetof(struct prog, pcap), KNOB_STRING, UNIT_NONE, 0, 31, 0, "d", NULL, ""},
};
static const struct knob dp_knobs_[] = {
	{"batch_max", offsetof(struct dp, batch_max), KNOB_U32, UNIT_FRAMES, 1, 1024, 64, "d", NULL,
	 NULL},
	{"rto", offsetof(struct dp, rto_ns), KNOB_U64, UNIT_NS, 0, NSEC_PER_SEC, 1000, "d", NULL,
	 NULL},
	{"nagle", offsetof(struct dp, nagle), KNOB_BOOL, UNIT_NONE, 0, 1, 0, "d", NULL, NULL},
};
static const struct knob echo_knobs[] = {
	{ "size", 0, KNOB_U32, UNIT_BYTES, 1, 65536, 64, "d", NULL, NULL },
};
static const struct knob netpipe_knobs[] = {
	{ "rounds", 0, KNOB_U32, UNIT_NONE, 1, 1000, 5, "d", NULL, NULL },
};

static size_t sections(void *ctx, struct section out[CONF_SECTIONS_MAX])
{
	struct prog *p = ctx;

	out[0] = (struct section){ "", top_knobs, ARRAY_LEN(top_knobs), p };
	out[1] = (struct section){ "server.dp", dp_knobs_, ARRAY_LEN(dp_knobs_), &p->server };
	out[2] = (struct section){ "client.dp", dp_knobs_, ARRAY_LEN(dp_knobs_), &p->client };
	out[3] = (struct section){ "workload", echo_knobs, 1, &p->size };
	if (p->workload)
		out[3] = (struct section){ "workload", netpipe_knobs, 1, &p->rounds };
	out[4] = (struct section){ "workload.server", echo_knobs, 1, &p->server_size };
	return 5;
}

static struct prog prog;
static struct conf conf;
static const struct schema schema = { sections, &prog, "workload", "ix sim --list-keys" };

static void defaults(void)
{
	struct section sec[CONF_SECTIONS_MAX];
	size_t n;

	memset(&prog, 0, sizeof(prog));
	n = sections(&prog, sec);
	for (size_t i = 0; i < n; i++)
		knob_defaults(sec[i].knobs, sec[i].n, sec[i].obj);
}

/* Apply @text (NULL: no file) and options up to NULL; true when there was no mistake. */
static bool apply(const char *text, const char *const *options)
{
	char path[] = "/tmp/test_conf.XXXXXX";
	int fd = mkstemp(path);
	bool ok = true;

	conf_free(&conf);
	conf_init(&conf);
	defaults();
	if (text) {
		CHECK(write(fd, text, strlen(text)) == (ssize_t)strlen(text));
		ok = conf_read(&conf, path);
	}
	for (; options && *options; options++)
		ok &= conf_set(&conf, *options, "-s");
	ok = ok && conf_apply(&conf, &schema);
	close(fd);
	unlink(path);
	CHECK((conf.n_errors == 0) == ok);
	return ok;
}

#define OPTIONS(...) (const char *const[]){ __VA_ARGS__, NULL }

static bool says(const char *what)
{
	if (strstr(conf.errors, what))
		return true;
	fprintf(stderr, "wanted \"%s\" in: %s\n", what, conf.errors);
	return false;
}

static void a_file_and_options_are_applied(void)
{
	CHECK(apply("seed = 7;\nskew = 0.1;\nserver : { dp : { batch_max = 16; rto = \"10 us\"; "
		    "nagle = true; } }\n"
		    "workload = { name = \"netpipe\"; rounds = 9; };\nsweep = ( 1, 2 );\nfigure = "
		    "{ x = (1); };\n",
		    OPTIONS("client.dp.batch_max=8", "server.dp.batch_max=32", "rounds=11")));
	CHECK_EQ(prog.seed, 7);
	CHECK(prog.skew == 0.1);
	CHECK_EQ(prog.server.batch_max, 32);	/* an option overrules the file */
	CHECK_EQ(prog.client.batch_max, 8);
	CHECK_EQ(prog.server.rto_ns, 10000);
	CHECK(prog.server.nagle && !prog.client.nagle);
	CHECK_EQ(prog.workload, 1);
	CHECK_EQ(prog.rounds, 11);		/* found by its end, in the chosen workload */
}

static void the_workload_comes_first(void)
{
	/* The key of the chosen workload precedes the choice, and the choice is an option. */
	CHECK(apply("workload = { size = 100; };", OPTIONS("workload=echo")));
	CHECK_EQ(prog.size, 100);
	CHECK(apply(NULL, OPTIONS("workload.rounds=3", "workload=netpipe")));
	CHECK_EQ(prog.rounds, 3);
	CHECK(apply(NULL, OPTIONS("workload.name=netpipe")));
	CHECK_EQ(prog.rounds, 5);		/* its default, not what echo left */
	CHECK(!apply("workload = { size = 100; };", OPTIONS("workload=netpipe")));
	CHECK(says("unknown key \"workload.size\""));
}

static void an_unknown_key_names_the_nearest(void)
{
	CHECK(!apply("seed = 1;\nserver = { dp = {\n batch_mx = 3; } };", NULL));
	CHECK(says(":3: unknown key \"server.dp.batch_mx\"; did you mean server.dp.batch_max "
		   "(1 to 1024 frames; default 64)?"));
	CHECK(!apply(NULL, OPTIONS("sede=1")));
	CHECK(says("did you mean seed"));
	CHECK(!apply(NULL, OPTIONS("quite.different=1")));
	CHECK(says("`ix sim --list-keys` prints them all"));
}

static void every_mistake_is_named(void)
{
	CHECK(!apply("server = { dp = { batch_max = 2000; rto = \"10 Gb/s\"; nagle = 1; } };\nseed "
		     "= true;\n"
		     "pcap = 3;\nskew = \"1\";\nclient = { dp = { rto = 10; } };",
		     NULL));
	CHECK_EQ(conf.n_errors, 7);
	CHECK(says(":1: server.dp.batch_max: 2000 is out of range: 1 to 1024 frames (default 64)"));
	CHECK(says(":1: server.dp.rto: needs a time such as \"10 us\" (ns, us, ms, s), not \"10 "
		   "Gb/s\""));
	CHECK(says(":1: server.dp.nagle: wrong type: write true or false"));
	CHECK(says(":2: seed: wrong type: true and false do not fit here"));
	CHECK(says(":3: pcap: wrong type: text needs quotes"));
	CHECK(says(":4: skew: wrong type: write a number without quotes"));
	CHECK(says(":5: client.dp.rto: needs a time"));
}

static void nothing_is_said_twice(void)
{
	CHECK(!apply("seed = 1;\nseed = 2;\n", NULL));
	CHECK(says(":2: duplicate setting name: \"seed = 2;\""));
	CHECK(!apply(NULL, OPTIONS("seed=1", "seed=2")));
	CHECK(says("-s: seed is given twice: 1 (-s), then 2"));
	CHECK(!apply(NULL, OPTIONS("workload=echo", "workload.name=netpipe")));
	CHECK(says("workload is given twice"));
}

static void an_end_must_fit_one_key(void)
{
	CHECK(!apply(NULL, OPTIONS("batch_max=4")));
	CHECK(says(
		"\"batch_max\" is ambiguous; it may be: server.dp.batch_max, client.dp.batch_max"));
	CHECK(apply(NULL, OPTIONS("size=4")));		/* the outer of two nested groups */
	CHECK_EQ(prog.size, 4);
	CHECK_EQ(prog.server_size, 64);
	CHECK(!apply(NULL, OPTIONS("max=4")));		/* whole words only */
	CHECK(says("unknown key"));
	CHECK(!apply("size = 4;", NULL));		/* a file spells it out */
	CHECK(says("did you mean workload.size"));
}

static void bad_syntax_has_a_line(void)
{
	CHECK(!apply("seed = 1;\nserver = {\n", NULL));
	CHECK(says("syntax error"));
	CHECK(!apply("seed = (1, 2);", NULL));
	CHECK(says("seed is a list"));
	CHECK(!apply(NULL, OPTIONS("seed")));
	CHECK(says("write key=value"));
	CHECK(!apply(NULL, OPTIONS("=3")));
	conf_free(&conf);
	conf_init(&conf);
	CHECK(!conf_read(&conf, "/nonexistent/x.conf"));
	CHECK(says("cannot read the configuration: No such file"));
}

static void printed_configurations_read_back(void)
{
	struct prog before;
	char *text = NULL;
	size_t len;
	FILE *f = open_memstream(&text, &len);

	CHECK(apply("seed = 9000000000L;\nskew = 1.25;\npcap = \"a\\\"b\\\\c\";\nworkload = { name "
		    "= \"netpipe\"; };",
		    OPTIONS("server.dp.rto=12.5 us", "client.dp.nagle=on")));
	before = prog;
	schema_print(&schema, f);
	fclose(f);
	CHECK(apply(text, NULL));
	CHECK(memcmp(&before, &prog, sizeof(prog)) == 0);
	free(text);
}

static void json_keeps_types(void)
{
	json_t *j;

	CHECK(apply(NULL, OPTIONS("server.dp.rto=12.5 us", "seed=18446744073709551615")));
	j = schema_json(&schema);
	CHECK(json_is_integer(json_object_get(j, "server.dp.batch_max")));
	CHECK(json_is_false(json_object_get(j, "server.dp.nagle")));
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(j, "server.dp.rto")), "12.5 us");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(j, "seed")),
			       "18446744073709551615");
	CU_ASSERT_STRING_EQUAL(json_string_value(json_object_get(j, "workload")), "echo");
	json_decref(j);
}

static void distances(void)
{
	CHECK_EQ(edit_distance("abc", "abc"), 0);
	CHECK_EQ(edit_distance("abc", "acb"), 1);	/* swapped neighbours are one slip */
	CHECK_EQ(edit_distance("", "abc"), 3);
	CHECK_EQ(edit_distance("kitten", "sitting"), 3);
}

static void the_end(void)
{
	conf_free(&conf);	/* for the leak checker */
}

/* The parser would keep the low 32 bits, or the largest of 64, and say nothing. */
static void a_number_that_is_too_large_is_refused(void)
{
	CHECK(!apply("# 5000000000\nseed = 5000000000;\n", NULL) && says(":2: 5000000000 does"));
	CHECK(!apply("seed = 0x100000005;", NULL) && says("0x100000005 does not fit"));
	CHECK(!apply("seed = 18446744073709551617L;", NULL) && says("18446744073709551617L"));
	CHECK(!apply("sweep = ( { key = \"seed\"; values = [4294967297, 2]; } );", NULL));
	CHECK(apply("seed = 5000000000L; // 5000000000\n", NULL) && prog.seed == 5000000000);
	CHECK(apply("seed = \"18446744073709551615\"; /* 5000000000\n */", NULL));
	CHECK(prog.seed == UINT64_MAX);
	CHECK(apply("seed = 0x7fffffff;", NULL) && prog.seed == INT32_MAX);
}

CU_MAIN("conf", TEST(a_file_and_options_are_applied),
	TEST(a_number_that_is_too_large_is_refused), TEST(the_workload_comes_first),
	TEST(an_unknown_key_names_the_nearest), TEST(every_mistake_is_named),
	TEST(nothing_is_said_twice), TEST(an_end_must_fit_one_key), TEST(bad_syntax_has_a_line),
	TEST(printed_configurations_read_back), TEST(json_keeps_types), TEST(distances),
	TEST(the_end))
