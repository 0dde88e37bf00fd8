/* SPDX-License-Identifier: MIT */
/* test_kv_conn.c - the server's connections: output that does not leave, hostile input, bounds */
#include "base/rng.h"
#include "tests/unit/cu.h"
#include "tests/unit/kv_bed.h"

static struct bed_conn *begin(void)
{
	kv_bed_init();
	kv_bed_start();
	CHECK_EQ(kv_bed_open(), 0);
	return &kb.conn[0];
}

static void say(int i, const char *text)
{
	kv_bed_put(i, text, strlen(text));
}

/* A value of @n bytes under @key. */
static void give(int i, const char *key, size_t n)
{
	size_t room = n + 400;
	char *s = malloc(room);
	int at = snprintf(s, room, "set %s 0 0 %zu\r\n", key, n);

	memset(s + at, key[0], n);
	memcpy(s + at + n, "\r\n", 2);
	kv_bed_put(i, s, (size_t)at + n + 2);
	free(s);
	kv_bed_settle();
}

/* All that was heard is that value of @n bytes. */
static bool heard_value(const struct bed_conn *c, const char *key, size_t n, size_t from)
{
	char head[300];
	size_t at = (size_t)snprintf(head, sizeof(head), "VALUE %s 0 %zu\r\n", key, n);

	if (c->n_out < from + at + n + 7 || memcmp(c->out + from, head, at) != 0)
		return false;
	for (size_t i = 0; i < n; i++)
		if (c->out[from + at + i] != (uint8_t)key[0])
			return false;
	return memcmp(c->out + from + at + n, "\r\nEND\r\n", 7) == 0;
}

/* Values of all sizes around what is copied and what is sent from where it lies. */
static void values_of_any_size(void)
{
	static const size_t sizes[] = { 0, 1, 511, 512, 513, 680, 1000, 1024, 1460, 10000,
					1048500 };
	struct bed_conn *c = begin();

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++) {
		give(0, "v", sizes[i]);
		c->n_out = 0;
		say(0, "get v\r\n");
		kv_bed_settle();
		CHECK(heard_value(c, "v", sizes[i], 0));
		c->n_out = 0;
		say(0, "gets v\r\n");
		kv_bed_settle();
		CHECK(c->n_out > sizes[i] + 20);
	}
	c->n_out = 0;
	give(0, "v", 1048570);
	CHECK(c->n_out > 12 && memcmp(c->out, "SERVER_ERROR", 12) == 0);
	c->n_out = 0;
	say(0, "get v\r\n");
	kv_bed_settle();
	CHECK(c->n_out == 5);
	kv_bed_end();
}

/* A value that is overwritten, deleted, flushed, evicted while it is being sent stays as it was. */
static void sent_as_it_was(void)
{
	struct bed_conn *c = begin();

	give(0, "v", 100000);
	c->n_out = 0;
	c->stalled = true;
	c->room = 1000;
	say(0, "get v\r\n");
	kv_bed_open();
	give(1, "v", 100000);
	say(1, "delete v\r\nflush_all\r\n");
	for (int i = 0; i < 100; i++) {
		char key[16];

		snprintf(key, sizeof(key), "w%d", i);
		give(1, key, 100000);
	}
	CHECK(kb.app->st->stats.curr_conns == 2);
	c->stalled = false;
	c->starved = true;
	kv_bed_settle();
	CHECK(heard_value(c, "v", 100000, 0));
	kv_bed_end();
}

/* Who pipelines without reading is not parsed, and has every answer in the end. */
static void slow_reader(void)
{
	enum { PIECES = 60, EACH = 100 };
	char piece[EACH * 16 + 1] = "";
	struct bed_conn *c = begin();
	size_t one = strlen("VALUE small 0 10\r\nssssssssss\r\nEND\r\n");

	give(0, "small", 10);
	for (int i = 0; i < EACH; i++)
		strcat(piece, "get small\r\n");
	c->n_out = 0;
	c->stalled = true;
	c->room = 100;
	for (int i = 0; i < PIECES; i++)
		say(0, piece);
	CHECK(c->held > 0);		/* the peer meets a closed window */
	CHECK(kb.app->conns[0].chunks <= KV_CONN_CHUNKS);
	CHECK(kb.requests < 2500);
	kv_bed_eof(0);			/* and an end that comes early */
	CHECK(!c->closed);
	c->stalled = false;
	c->starved = true;
	kv_bed_settle();
	CHECK_EQ(c->n_out, PIECES * EACH * one);
	CHECK_EQ(c->held, 0);
	CHECK(c->closed && c->dead);
	CHECK_EQ(kb.requests, PIECES * EACH + 1);
	kv_bed_end();
}

/* One line asks for far more than may be in flight. */
static void long_multi_get(void)
{
	enum { KEYS = 2000 };
	struct bed_conn *c = begin();
	size_t one = strlen("VALUE v 0 60000\r\n") + 60000 + 2;

	give(0, "v", 60000);
	c->n_out = 0;
	c->stalled = true;
	c->room = 5;
	say(0, "get");
	for (int i = 0; i < KEYS / 100; i++)
		for (int k = 0; k < 100; k++)
			say(0, " v");
	CHECK(kb.app->conns[0].out_bytes < 2 * KV_CONN_BYTES);
	CHECK(!c->closed || c->reset);	/* more pieces than there are descriptors */
	kv_bed_kill(0);
	kv_bed_open();
	c = &kb.conn[0];
	c->stalled = true;
	char *line = calloc(1, KEYS * 2 + 8);

	CU_ASSERT_FATAL(line != NULL);
	strcpy(line, "get");
	for (int i = 0; i < KEYS; i++)
		memcpy(line + 3 + 2 * i, " v", 2);
	memcpy(line + 3 + 2 * KEYS, "\r\n", 2);
	say(0, line);
	free(line);
	CHECK(kb.app->conns[0].out_bytes < 2 * KV_CONN_BYTES);
	c->stalled = false;
	c->starved = true;
	kv_bed_settle();
	CHECK_EQ(c->n_out, KEYS * one + 5);
	kv_bed_end();
}

/* Everybody stalls: output cannot run out, and all are served when they read again. */
static void all_stall(void)
{
	char piece[120 * 24 + 1] = "";

	begin();
	for (int i = 1; i < BED_CONNS; i++)
		kv_bed_open();
	give(0, "v", 2000);
	for (int i = 0; i < 120; i++)
		strcat(piece, "get v nope v\r\nstats\r\n");
	kb.app->chunks_left -= 4000;	/* little to spare */
	kb.app->chunks_n -= 4000;
	for (int i = 0; i < BED_CONNS; i++) {
		kb.conn[i].n_out = 0;
		kb.conn[i].stalled = true;
		say(i, piece);
	}
	for (int i = 0; i < BED_CONNS; i++) {
		kb.conn[i].stalled = false;
		kb.conn[i].starved = true;
	}
	kv_bed_settle();
	for (int i = 0; i < BED_CONNS; i++) {
		CHECK(kb.conn[i].n_out > 120 * 4000);
		CHECK_EQ(kb.conn[i].held, 0);
	}
	CHECK_EQ(kb.requests, 1 + BED_CONNS * 120 * 4);
	kv_bed_end();
}

/* A client that goes away with a half request, a half value, answers in flight. */
static void gone_in_the_middle(void)
{
	static const char *const half[] = {
		"get some", "set a 0 0 1000\r\nabc", "ge", "set b 0 0 99999999\r\nabc", "\x80",
		"set a 0 0 5\r\nabcde\r", "gat 100", "get a",
	};

	for (size_t i = 0; i < ARRAY_LEN(half); i++)
		for (int how = 0; how < 3; how++) {
			struct bed_conn *c = begin();

			give(0, "a", 5000);
			c->stalled = how == 2;
			say(0, "get a\r\n");
			say(0, half[i]);
			if (how == 1)
				kv_bed_eof(0);
			else
				kv_bed_kill(0);
			kv_bed_settle();
			CHECK_EQ(kb.app->st->n_items, 1);
			CHECK(how != 1 || c->dead);
			kv_bed_end();
		}
}

/* Long lines, long keys, lengths that no memory holds: answered or closed, and bounded. */
static void hostile_lengths(void)
{
	char junk[5000];
	struct bed_conn *c = begin();

	memset(junk, 'z', sizeof(junk));
	kv_bed_put(0, junk, 1000);
	CHECK(!c->closed);
	kv_bed_put(0, junk, 1047);
	CHECK(!c->closed);
	kv_bed_put(0, junk, 1);
	kv_bed_settle();
	CHECK(c->closed && c->n_out == 0);	/* KV_IN_MAX bytes and no line */
	kv_bed_kill(0);

	kv_bed_open();
	say(0, "get ");
	for (int i = 0; i < 100; i++)		/* an endless key: answered once, then skipped */
		kv_bed_put(0, junk, sizeof(junk));
	say(0, "\r\nversion\r\n");
	kv_bed_settle();
	CHECK(!c->closed);
	CHECK(c->n_out == 38 + 16 && memcmp(c->out, "CLIENT_ERROR", 12) == 0);
	CHECK(memcmp(c->out + 38, "VERSION", 7) == 0);
	c->n_out = 0;
	say(0, "set a 0 0 1073741824\r\n");	/* answered at once, and passed over */
	for (int i = 0; i < 100; i++)
		kv_bed_put(0, junk, sizeof(junk));
	kv_bed_settle();
	CHECK(c->n_out == 41 && memcmp(c->out, "SERVER_ERROR object too large", 29) == 0);
	CHECK(kb.app->conns[0].state == KV_SWALLOW);
	for (int i = 0; i < 100; i++)
		say(0, "          ");
	kv_bed_kill(0);
	kv_bed_end();
}

/* Eight clients that each begin the largest value there is, in memory for three of them. */
static void half_values_fill_memory(void)
{
	uint32_t refused = 0;

	begin();
	for (int i = 1; i < BED_CONNS; i++)
		kv_bed_open();
	for (int i = 0; i < BED_CONNS; i++) {
		say(i, "set a 0 0 1000000\r\nabc");
		kv_bed_settle();
		refused += kb.conn[i].n_out > 0 &&
			   memcmp(kb.conn[i].out, "SERVER_ERROR out of memory", 26) == 0;
	}
	CHECK_EQ(refused, BED_CONNS - 4);
	kv_bed_kill(0);
	kv_bed_open();
	give(0, "b", 1000000);
	CHECK(kb.conn[0].n_out == 8 && memcmp(kb.conn[0].out, "STORED\r\n", 8) == 0);
	kv_bed_end();
}

static void too_many_connections(void)
{
	kv_bed_init();
	kv_bed_set("conns_max", 2);
	kv_bed_start();
	for (int i = 0; i < 4; i++)
		kv_bed_open();
	kv_bed_pass();
	CHECK(!kb.conn[1].closed && kb.conn[2].dead && kb.conn[3].dead);
	CHECK_EQ(kb.app->served.refused, 2);
	kv_bed_kill(0);
	kb.conn[2] = (struct bed_conn){ 0 };
	kb.conn[3] = (struct bed_conn){ 0 };
	CHECK_EQ(kv_bed_open(), 0);
	kv_bed_pass();
	CHECK(kb.conn[0].known && !kb.conn[0].closed);
	kv_bed_end();
}

/* Any bytes, in any pieces: no answer is asked for but that everything comes back. */
static void garbage(void)
{
	static const char *const words[] = {
		"get ", "gets ", "set ", "a", " ", "\r\n", "\n", "0", "1", "10 ", "noreply",
		"stats", "incr ", "\x80\x01", "gat ", "-1", "append ", "flush_all", "delete ",
		"quit", "abc",
	};
	struct rng r;

	for (uint64_t seed = 0; seed < 2000; seed++) {
		begin();
		rng_stream(&r, seed, 1);
		for (int i = 0; i < 60; i++) {
			char piece[400] = "";
			uint32_t n = 0;

			while (n < 300 && rng_below(&r, 20) > 0) {
				const char *w = words[rng_below(&r, ARRAY_LEN(words))];

				strcpy(piece + n, w);
				n += (uint32_t)strlen(w);
			}
			if (n > 0 && rng_below(&r, 10) == 0)
				piece[rng_below(&r, n)] = (char)rng_u64(&r);
			kv_bed_put(0, piece, n);
		}
		kv_bed_settle();
		kv_bed_end();
	}
}

CU_MAIN("kv_conn", TEST(values_of_any_size), TEST(sent_as_it_was), TEST(slow_reader),
	TEST(long_multi_get), TEST(all_stall), TEST(gone_in_the_middle), TEST(hostile_lengths),
	TEST(half_values_fill_memory), TEST(too_many_connections), TEST(garbage))
