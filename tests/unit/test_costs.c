/* SPDX-License-Identifier: MIT */
/*
 * test_costs.c - price lists: strict reading, exact arithmetic, the lists that come along
 */
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "sim/costs.h"

/* The shortest legal list; %s is one more line. */
#define LIST \
	"passes 100 ns \"test\"\n" \
	"poll 60 ns \"test\"\n" \
	"smt_slowdown 1.75 x \"test\"\n" \
	"core_contention 0.025 x \"test\"\n" \
	"cores 8 cores \"test\" # comment\n" \
	"line_bytes 64 B \"test\"\n" \
	"l1_bytes 32768 B \"test\"\n" \
	"l2_bytes 262144 B \"test\"\n" \
	"l3_bytes 20971520 B \"test\"\n" \
	"l1_line 0 ns \"test\"\n" \
	"l2_line 1 ns \"test\"\n" \
	"l3_line 5 ns \"test\"\n" \
	"dram_line 38 ns \"test\"\n" \
	"pcb_lines 2 lines \"test\"\n" \
	"bucket_lines 1 lines \"test\"\n" \
	"app_lines 2 lines \"test\"\n" \
	"base_misses 1.4 misses \"test\"\n"

static struct costs costs;
static char err[512];

static int parse(const char *text)
{
	err[0] = '\0';
	return costs_parse(&costs, "t.conf", text, strlen(text), err, sizeof(err));
}

/* The list with @line added is refused, and the sentence holds @want. */
static void refused(const char *line, const char *want)
{
	char text[4096];

	snprintf(text, sizeof(text), "%s%s\n", LIST, line);
	CHECK_EQ(parse(text), -EINVAL);
	if (!strstr(err, want))
		fprintf(stderr, "got '%s', want '%s' in it\n", err, want);
	CHECK(strstr(err, want) != NULL);
}

static void reads_values_exactly(void)
{
	CHECK_EQ(parse(LIST "\n# comment\n  rx_bytes\t0.05 ns \"a, b # c\"\r\n"
		       "app_cycles 0.417 ns \"x\""), 0);
	CHECK_EQ(costs.v[COST_passes], 100000);
	CHECK_EQ(costs.v[COST_rx_bytes], 50);
	CHECK_EQ(costs.v[COST_app_cycles], 417);
	CHECK_EQ(costs.v[COST_smt_slowdown], 1750);
	CHECK_EQ(costs.v[COST_cores], 8 * COST_SCALE);
	CHECK_EQ(costs.v[COST_l3_bytes], 20971520ULL * COST_SCALE);
	CHECK_EQ(costs.v[COST_tcp_slow], 0);
}

static void refuses_with_file_and_line(void)
{
	refused("rx_framez 1 ns \"x\"", "t.conf:18: no such price: 'rx_framez'");
	refused("passes 1 ns \"x\"", "t.conf:18: this price is given twice");
	refused("rx_frames 1.2345 ns \"x\"", "'1.2345'");
	refused("rx_frames -1 ns \"x\"", "'-1'");
	refused("rx_frames 1e3 ns \"x\"", "'1e3'");
	refused("rx_frames . ns \"x\"", "'.'");
	refused("rx_frames 1. ns \"x\"", "'1.'");
	refused("rx_frames 99999999999999999999 ns \"x\"", "not a number");
	refused("rx_frames", "not a number");
	refused("rx_frames 1 us \"x\"", "rx_frames is priced in ns, not in 'us'");
	refused("rx_frames 1 \"x\"", "rx_frames is priced in ns");
	refused("rx_frames 1 ns", "a quoted source is missing");
	refused("rx_frames 1 ns # x", "a quoted source is missing");
	refused("rx_frames 1 ns \"\"", "the source is empty");
	refused("rx_frames 1 ns \"x", "no closing quote");
	refused("rx_frames 1 ns \"x\" y", "something follows the source: 'y'");
}

static void refuses_incomplete_lists(void)
{
	CHECK_EQ(parse("passes 1 ns \"x\"\n"), -EINVAL);
	CHECK(strstr(err, "'poll'") != NULL);
	CHECK_EQ(parse(""), -EINVAL);
	CHECK_EQ(parse(strchr(LIST, '\n') + 1), -EINVAL);	/* the first line is `passes` */
	CHECK(strstr(err, "'passes' must be at least 1 ns") != NULL);
}

static void refuses_nonsense_values(void)
{
	char text[4096], *at;

	strcpy(text, LIST);
	at = strstr(text, "1.75");
	memcpy(at, "0.99", 4);
	CHECK_EQ(parse(text), -EINVAL);
	CHECK(strstr(err, "t.conf:3: the value is too small") != NULL);
	strcpy(text, LIST);
	at = strstr(text, "262144");
	memcpy(at, "2621  ", 6);
	CHECK_EQ(parse(text), -EINVAL);
	CHECK(strstr(err, "must not shrink") != NULL);
}

static void hash_is_of_the_bytes(void)
{
	uint64_t h;

	CHECK_EQ(parse(LIST), 0);
	h = costs.hash;
	CHECK_EQ(parse(LIST), 0);
	CHECK(costs.hash == h);
	CHECK_EQ(parse(LIST "# a comment\n"), 0);
	CHECK(costs.hash != h);
}

static void prices_work_linearly(void)
{
	struct work w = { .passes = 2, .rx_bytes = 1000, .events = 3, .tx_frames = 4 };
	struct cost_split s;

	CHECK_EQ(parse(LIST "rx_bytes 0.05 ns \"x\"\nevents 10 ns \"x\"\n"
		       "tx_frames 7.5 ns \"x\"\n"), 0);
	CHECK_EQ(costs_total(&costs, &w), 200000 + 50000 + 30000 + 30000);
	s = costs_split(&costs, &w);
	CHECK_EQ(s.total, costs_total(&costs, &w));
	CHECK_EQ(s.app, 30000);
	CHECK_EQ(s.transmit, 30000);
}

static void loads_the_lists_that_come_along(void)
{
	static const char *const names[] = { "ix", "linux", "linux-tuned", "mtcp", "client",
					     "free" };

	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		err[0] = '\0';
		CHECK_EQ(costs_load(&costs, names[i], err, sizeof(err)), 0);
		if (err[0])
			fprintf(stderr, "%s\n", err);
	}
	CHECK_EQ(costs_load(&costs, "ix", err, sizeof(err)), 0);
	CHECK(costs.v[COST_passes] >= COST_SCALE);
	CHECK_EQ(costs.v[COST_cores], 8 * COST_SCALE);
	CHECK_EQ(costs_load(&costs, "no-such-list", err, sizeof(err)), -ENOENT);
	CHECK(strstr(err, "no-such-list") != NULL);
	CHECK_EQ(costs_load(&costs, "/no/such/file", err, sizeof(err)), -ENOENT);
	CHECK(strstr(err, "/no/such/file") != NULL);
}

static void search_dir_comes_first(void)
{
	char dir[] = "/tmp/test_costs.XXXXXX", path[64];
	FILE *f;

	CHECK(mkdtemp(dir) != NULL);
	snprintf(path, sizeof(path), "%s/ix.conf", dir);
	f = fopen(path, "w");
	CHECK(f != NULL);
	if (!f)
		return;
	fputs(LIST, f);
	fclose(f);
	costs_search_dir(dir);
	CHECK_EQ(costs_load(&costs, "ix", err, sizeof(err)), 0);
	CHECK_EQ(costs.v[COST_passes], 100000);
	CHECK_EQ(costs.v[COST_tcp_fast], 0);
	costs_search_dir(NULL);
	CHECK_EQ(costs_load(&costs, "ix", err, sizeof(err)), 0);
	CHECK(costs.v[COST_tcp_fast] != 0);
	unlink(path);
	rmdir(dir);
}

static int override(const char *text)
{
	err[0] = '\0';
	return costs_override(&costs, "server.prices", text, err, sizeof(err));
}

static void items_are_overridden(void)
{
	uint64_t hash;

	CHECK_EQ(parse(LIST), 0);
	hash = costs.hash;
	CHECK_EQ(override(""), 0);
	CHECK(costs.hash == hash);
	CHECK_EQ(override("crossings 41.667 ns; poll 50 ns;"), 0);
	CHECK_EQ(costs.v[COST_crossings], 41667);
	CHECK_EQ(costs.v[COST_poll], 50000);
	CHECK_EQ(costs.v[COST_passes], 100000);
	CHECK(costs.hash == hash);
	CHECK_EQ(override("crossing 1 ns"), -EINVAL);
	CHECK(strstr(err, "server.prices:1") && strstr(err, "no such price"));
	CHECK_EQ(override("poll 1 ns; poll 2 ns"), -EINVAL);
	CHECK(strstr(err, "server.prices:2") && strstr(err, "given twice"));
	CHECK_EQ(override("poll 1 ns crossings 2 ns"), -EINVAL);
	CHECK(strstr(err, "a semicolon is missing") != NULL);
	CHECK_EQ(override("passes 0 ns"), -EINVAL);
	CHECK_EQ(parse(LIST), 0);
	CHECK_EQ(override("wake_jitter 1000000 ns"), 0);
	CHECK_EQ(override("wake_jitter 1000000.001 ns"), -EINVAL);
	CHECK(strstr(err, "wake_jitter is 1000000.001, but at most 1000000 ns") != NULL);
	CHECK_EQ(override("pcb_lines 1000000000 lines"), -EINVAL);
	CHECK_EQ(override("smt_slowdown 1001 x"), -EINVAL);
}

CU_MAIN("costs", TEST(items_are_overridden), TEST(reads_values_exactly),
	TEST(refuses_with_file_and_line),
	TEST(refuses_incomplete_lists), TEST(refuses_nonsense_values), TEST(hash_is_of_the_bytes),
	TEST(prices_work_linearly), TEST(loads_the_lists_that_come_along),
	TEST(search_dir_comes_first))
