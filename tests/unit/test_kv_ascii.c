/* SPDX-License-Identifier: MIT */
/* test_kv_ascii.c - the ASCII protocol: what each command answers, however its bytes come */
#include "tests/unit/cu.h"
#include "tests/unit/kv_bed.h"

struct talk {
	const char *say, *hear;
};

#define BAD	"CLIENT_ERROR bad command line format\r\n"
#define K50	"kkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkkk"
#define K250	K50 K50 K50 K50 K50

/* One connection, one store, line after line. */
static const struct talk script[] = {
	{ "get a\r\n", "END\r\n" },
	{ "set a 5 0 3\r\nabc\r\n", "STORED\r\n" },
	{ "get a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n" },
	{ "get a\n", "VALUE a 5 3\r\nabc\r\nEND\r\n" },
	{ "gets a\r\n", "VALUE a 5 3 1\r\nabc\r\nEND\r\n" },
	{ "set b 4294967295 0 0\r\n\r\n", "STORED\r\n" },
	{ "get a nope  b \r\n", "VALUE a 5 3\r\nabc\r\nVALUE b 4294967295 0\r\n\r\nEND\r\n" },
	{ "gets b a\r\n", "VALUE b 4294967295 0 2\r\n\r\nVALUE a 5 3 1\r\nabc\r\nEND\r\n" },
	{ "  get   a\r\n", "VALUE a 5 3\r\nabc\r\nEND\r\n" },
	{ "add a 0 0 1\r\nx\r\n", "NOT_STORED\r\n" },
	{ "add c 0 0 1\r\nx\r\n", "STORED\r\n" },
	{ "replace d 0 0 1\r\nx\r\n", "NOT_STORED\r\n" },
	{ "replace c 1 0 2\r\n\r\n\r\n", "STORED\r\n" },	/* a value of CR LF */
	{ "get c\r\n", "VALUE c 1 2\r\n\r\n\r\nEND\r\n" },
	{ "append a 9 9 2\r\nde\r\n", "STORED\r\n" },
	{ "prepend a 9 9 1\r\n_\r\n", "STORED\r\n" },
	{ "gets a\r\n", "VALUE a 5 6 6\r\n_abcde\r\nEND\r\n" },
	{ "append d 0 0 1\r\nx\r\n", "NOT_STORED\r\n" },
	{ "cas a 1 0 1 5\r\nz\r\n", "EXISTS\r\n" },
	{ "cas a 1 0 1 6\r\nz\r\n", "STORED\r\n" },
	{ "cas d 1 0 1 6\r\nz\r\n", "NOT_FOUND\r\n" },
	{ "get a\r\n", "VALUE a 1 1\r\nz\r\nEND\r\n" },
	{ "set n 0 0 2\r\n10\r\n", "STORED\r\n" },
	{ "incr n 5\r\n", "15\r\n" }, { "decr n 6\r\n", "9\r\n" },
	{ "get n\r\n", "VALUE n 0 2\r\n9 \r\nEND\r\n" },
	{ "incr n +91\r\n", "100\r\n" }, { "decr n 1000\r\n", "0\r\n" },
	{ "incr n 18446744073709551615\r\n", "18446744073709551615\r\n" },
	{ "incr n 1\r\n", "0\r\n" },
	{ "incr n 18446744073709551616\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n" },
	{ "incr n x\r\n", "CLIENT_ERROR invalid numeric delta argument\r\n" },
	{ "incr a 1\r\n", "CLIENT_ERROR cannot increment or decrement non-numeric value\r\n" },
	{ "incr d 1\r\n", "NOT_FOUND\r\n" }, { "decr d 1\r\n", "NOT_FOUND\r\n" },
	{ "incr n\r\n", "ERROR\r\n" },
	{ "touch a 0\r\n", "TOUCHED\r\n" }, { "touch d 0\r\n", "NOT_FOUND\r\n" },
	{ "touch a x\r\n", "CLIENT_ERROR invalid exptime argument\r\n" },
	{ "touch a\r\n", "ERROR\r\n" },
	{ "gat 100 a d\r\n", "VALUE a 1 1\r\nz\r\nEND\r\n" },
	{ "gats 0 a\r\n", "VALUE a 1 1 7\r\nz\r\nEND\r\n" },
	{ "gat x a\r\n", "CLIENT_ERROR invalid exptime argument\r\n" },
	{ "gat\r\n", "ERROR\r\n" }, { "gat \r\n", "ERROR\r\n" }, { "gat 1\r\n", "END\r\n" },
	{ "delete c\r\n", "DELETED\r\n" }, { "delete c\r\n", "NOT_FOUND\r\n" },
	{ "delete c 0\r\n", "NOT_FOUND\r\n" },
	{ "delete c 1\r\n", "CLIENT_ERROR bad command line format.  "
			    "Usage: delete <key> [noreply]\r\n" },
	{ "delete\r\n", "ERROR\r\n" },
	{ "set c 0 0 1 noreply\r\nq\r\n", "" }, { "add c 0 0 1 noreply\r\nr\r\n", "" },
	{ "append c 0 0 1 noreply\r\ns\r\n", "" }, { "incr n 7 noreply\r\n", "" },
	{ "touch c 0 noreply\r\n", "" }, { "verbosity 1 noreply\r\n", "" },
	{ "get c n\r\n", "VALUE c 0 2\r\nqs\r\nVALUE n 0 20\r\n7                   \r\nEND\r\n" },
	{ "delete c noreply\r\n", "" }, { "delete c 0 noreply\r\n", "" },
	{ "get c\r\n", "END\r\n" },
	{ "verbosity 1\r\n", "OK\r\n" }, { "verbosity\r\n", "ERROR\r\n" },
	{ "verbosity 1 2 3\r\n", "ERROR\r\n" },
	{ "version\r\n", "VERSION 1.4.18\r\n" }, { "version x\r\n", "ERROR\r\n" },
	{ "quit x\r\n", "ERROR\r\n" },
	{ "\r\n", "ERROR\r\n" }, { "\n", "ERROR\r\n" }, { "get\r\n", "ERROR\r\n" },
	{ "get \r\n", "ERROR\r\n" }, { "gets\r\n", "ERROR\r\n" }, { "getx a\r\n", "ERROR\r\n" },
	{ "GET a\r\n", "ERROR\r\n" }, { "foo\r\n", "ERROR\r\n" }, { "g\r\n", "ERROR\r\n" },
	{ "set a 0 0\r\n", "ERROR\r\n" }, { "set a 0 0 1 2 3\r\n", "ERROR\r\n" },
	{ "set a 0 0 x\r\n", BAD }, { "set a 0 x 1\r\n", BAD }, { "set a x 0 1\r\n", BAD },
	{ "set a -1 0 1\r\n", BAD }, { "set a 0 0 -1\r\n", BAD },
	{ "set a 0 0 2147483646\r\n", BAD }, { "set a 0 0 99999999999999999999\r\n", BAD },
	{ "cas a 0 0 1 x\r\n", BAD }, { "cas a 0 0 1\r\n", "ERROR\r\n" },
	{ "set " K250 " 0 0 1\r\nK\r\n", "STORED\r\n" },
	{ "get " K250 "\r\n", "VALUE " K250 " 0 1\r\nK\r\nEND\r\n" },
	{ "set " K250 "k 0 0 1\r\n", BAD }, { "get " K250 "k\r\n", BAD },
	{ "get a " K250 "k a\r\n", "VALUE a 1 1\r\nz\r\n" BAD },
	{ "delete " K250 "k\r\n", BAD }, { "incr " K250 "k 1\r\n", BAD },
	{ "touch " K250 "k 1\r\n", BAD },
	{ "set a 0 0 3\r\nabcdef\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\n" },
	{ "set a 0 0 3 noreply\r\nabcdef\r\n", "ERROR\r\n" },
	{ "set a 0 0 3\r\na\r\nb\r\n", "CLIENT_ERROR bad data chunk\r\nERROR\r\n" },
	{ "get a\r\n", "VALUE a 1 1\r\nz\r\nEND\r\n" },
	{ "set e 0 -1 1\r\nx\r\n", "STORED\r\n" }, { "get e\r\n", "END\r\n" },
	{ "flush_all x\r\n", "CLIENT_ERROR invalid exptime argument\r\n" },
	{ "flush_all 1 2 3\r\n", "ERROR\r\n" },
	{ "flush_all\r\n", "OK\r\n" }, { "get a\r\n", "END\r\n" },
	{ "set a 0 0 1\r\ny\r\n", "STORED\r\n" },
	{ "flush_all 100\r\n", "OK\r\n" }, { "get a\r\n", "VALUE a 0 1\r\ny\r\nEND\r\n" },
	{ "flush_all noreply\r\n", "" }, { "get a\r\n", "END\r\n" },
	{ "stats foo\r\n", "ERROR\r\n" }, { "stats reset\r\n", "RESET\r\n" },
	{ "stats sizes\r\n", "STAT sizes_status disabled\r\nEND\r\n" },
	{ "quit\r\n", "" },
};

static void each_command(void)
{
	kv_bed_init();
	kv_bed_start();
	kv_bed_open();
	for (size_t i = 0; i < ARRAY_LEN(script); i++) {
		size_t want = strlen(script[i].hear);
		struct bed_conn *c = &kb.conn[0];

		c->n_out = 0;
		kv_bed_put(0, script[i].say, strlen(script[i].say));
		kv_bed_pass();
		if (c->n_out != want || memcmp(c->out, script[i].hear, want) != 0)
			fprintf(stderr, "%.60s: %.*s\n", script[i].say, (int)c->n_out, c->out);
		CHECK(c->n_out == want && memcmp(c->out, script[i].hear, want) == 0);
		CHECK_EQ(c->held, 0);
	}
	CHECK(kb.conn[0].closed && !kb.conn[0].reset);
	kv_bed_end();
}

static char *all_of(size_t *n, bool hear)
{
	char *s = calloc(1, 1 << 16);

	CU_ASSERT_FATAL(s != NULL);
	for (size_t i = 0; i < ARRAY_LEN(script); i++)
		strcat(s, hear ? script[i].hear : script[i].say);
	*n = strlen(s);
	return s;
}

static void same_answers(const char *in, size_t n, const char *want, size_t n_want, size_t first,
			 size_t rest)
{
	size_t got;
	bool closed;
	uint8_t *out = kv_bed_session((const uint8_t *)in, n, first, rest, &got, &closed);

	CHECK_EQ(got, n_want);
	CHECK(got == n_want && memcmp(out, want, got) == 0);
	CHECK(closed);
	free(out);
}

/* The whole script in one piece, byte by byte, and cut in two anywhere. */
static void however_it_is_cut(void)
{
	size_t n, n_want;
	char *in = all_of(&n, false), *want = all_of(&n_want, true);

	same_answers(in, n, want, n_want, 0, 0);
	same_answers(in, n, want, n_want, 1, 1);
	same_answers(in, n, want, n_want, 0, 7);
	for (size_t cut = 1; cut < n; cut++)
		same_answers(in, n, want, n_want, cut, 0);
	free(in);
	free(want);
}

static bool heard(const char *text)
{
	struct bed_conn *c = &kb.conn[0];
	size_t n = strlen(text);

	return c->n_out >= n && memmem(c->out, c->n_out, text, n) != NULL;
}

static void say(const char *text)
{
	kb.conn[0].n_out = 0;
	kv_bed_put(0, text, strlen(text));
	kv_bed_settle();
}

static void stats_add_up(void)
{
	kv_bed_init();
	kv_bed_start();
	kv_bed_open();
	say("set a 0 0 1\r\nx\r\nset b 0 0 500\r\n");
	for (int i = 0; i < 500; i++)
		kv_bed_put(0, "y", 1);
	say("\r\nget a b c\r\ndelete c\r\nincr a 1\r\ntouch a 0\r\ngat 0 b\r\nflush_all 999\r\n");
	kv_bed_open();
	say("stats\r\n");
	CHECK(heard("STAT cmd_get 4\r\n") && heard("STAT cmd_set 2\r\n"));
	CHECK(heard("STAT get_hits 3\r\n") && heard("STAT get_misses 1\r\n"));
	CHECK(heard("STAT delete_misses 1\r\n") && heard("STAT cmd_touch 2\r\n"));
	CHECK(heard("STAT touch_hits 2\r\n") && heard("STAT curr_items 2\r\n"));
	CHECK(heard("STAT curr_connections 2\r\n") && heard("STAT version 1.4.18\r\n"));
	CHECK(heard("STAT time 1412553605\r\n") && heard("STAT uptime 0\r\n"));
	CHECK(heard("\r\nEND\r\n"));
	say("stats settings\r\n");
	CHECK(heard("STAT maxbytes 4194304\r\n") && heard("\r\nEND\r\n"));
	say("stats items\r\n");
	CHECK(heard("STAT items:1:number 1\r\n") && heard("STAT items:9:number 1\r\n"));
	say("stats slabs\r\n");
	CHECK(heard("STAT 1:chunk_size 96\r\n") && heard("STAT 9:used_chunks 1\r\n"));
	CHECK(heard("STAT active_slabs 2\r\n") && heard("STAT total_malloced 2097152\r\nEND\r\n"));
	say("stats reset\r\nstats\r\n");
	CHECK(heard("STAT cmd_get 0\r\n") && heard("STAT curr_connections 2\r\n"));
	CHECK(heard("STAT curr_items 2\r\n"));
	kv_bed_end();
}

CU_MAIN("kv_ascii", TEST(each_command), TEST(however_it_is_cut), TEST(stats_add_up))
