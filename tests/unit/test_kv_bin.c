/* SPDX-License-Identifier: MIT */
/* test_kv_bin.c - the binary protocol: what each operation answers, however its bytes come */
#include "tests/unit/cu.h"
#include "tests/unit/kv_bed.h"
#include "workloads/kv_bin.h"

/* A session: what is said and what must be heard. */
static struct {
	uint8_t say[1 << 16], hear[1 << 16];
	size_t n_say, n_hear;
	uint32_t opaque;
} t;

static size_t packet(uint8_t *to, uint8_t magic, uint8_t op, uint16_t status, const void *extras,
		     size_t nextras, const void *key, size_t nkey, const void *value,
		     size_t nvalue, uint64_t cas)
{
	to[0] = magic;
	to[1] = op;
	be16_store(to + 2, (uint16_t)nkey);
	to[4] = (uint8_t)nextras;
	to[5] = 0;
	be16_store(to + 6, status);
	be32_store(to + 8, (uint32_t)(nextras + nkey + nvalue));
	be32_store(to + 12, t.opaque);
	be64_store(to + 16, cas);
	if (nextras)
		memcpy(to + 24, extras, nextras);
	if (nkey)
		memcpy(to + 24 + nextras, key, nkey);
	if (nvalue)
		memcpy(to + 24 + nextras + nkey, value, nvalue);
	return 24 + nextras + nkey + nvalue;
}

static void ask(uint8_t op, const void *extras, size_t nextras, const char *key, const char *value,
		uint64_t cas)
{
	t.opaque += 0x01020305;
	t.n_say += packet(t.say + t.n_say, 0x80, op, 0, extras, nextras, key, strlen(key), value,
			  strlen(value), cas);
}

static void answer(uint8_t op, uint16_t status, const void *extras, size_t nextras,
		   const char *key, const void *value, size_t nvalue, uint64_t cas)
{
	t.n_hear += packet(t.hear + t.n_hear, 0x81, op, status, extras, nextras, key, strlen(key),
			   value, nvalue, cas);
}

static void error(uint8_t op, uint16_t status, const char *text)
{
	answer(op, status, NULL, 0, "", text, strlen(text), 0);
}

static void ok(uint8_t op, uint64_t cas)
{
	answer(op, 0, NULL, 0, "", NULL, 0, cas);
}

#define NOT_FOUND(op)	error(op, 1, "Not found")
#define EXISTS(op)	error(op, 2, "Data exists for key.")
#define NOT_STORED(op)	error(op, 5, "Not stored.")

static void store(uint8_t op, const char *key, const char *value, uint64_t cas)
{
	static const uint8_t flags[8] = { 0xde, 0xad, 0xbe, 0xef };

	ask(op, flags, 8, key, value, cas);
}

static void hit(uint8_t op, const char *key, const char *value, uint64_t cas)
{
	static const uint8_t flags[4] = { 0xde, 0xad, 0xbe, 0xef };

	answer(op, 0, flags, 4, key, value, strlen(value), cas);
}

static void get(uint8_t op, const char *key) { ask(op, NULL, 0, key, "", 0); }

static void gat(uint8_t op, const char *key, uint32_t exptime)
{
	uint8_t e[4];

	be32_store(e, exptime);
	ask(op, e, 4, key, "", 0);
}

static void delta(uint8_t op, const char *key, uint64_t by, uint64_t initial, uint32_t exptime)
{
	uint8_t e[20];

	be64_store(e, by);
	be64_store(e + 8, initial);
	be32_store(e + 16, exptime);
	ask(op, e, 20, key, "", 0);
}

static void number(uint8_t op, uint64_t v, uint64_t cas)
{
	uint8_t b[8];

	be64_store(b, v);
	answer(op, 0, NULL, 0, "", b, 8, cas);
}

static void write_storage(void)
{
	get(OP_GET, "a"), NOT_FOUND(OP_GET);
	get(OP_GETQ, "a");
	get(OP_GETK, "a"), answer(OP_GETK, 1, NULL, 0, "a", NULL, 0, 0);
	get(OP_GETKQ, "a");
	store(OP_SET, "a", "value", 0), ok(OP_SET, 1);
	get(OP_GET, "a"), hit(OP_GET, "", "value", 1);
	get(OP_GETQ, "a"), hit(OP_GETQ, "", "value", 1);
	get(OP_GETK, "a"), hit(OP_GETK, "a", "value", 1);
	get(OP_GETKQ, "a"), hit(OP_GETKQ, "a", "value", 1);
	store(OP_SET, "e", "", 0), ok(OP_SET, 2);
	get(OP_GETK, "e"), hit(OP_GETK, "e", "", 2);
	store(OP_SETQ, "a", "v2", 0);
	store(OP_SET, "a", "v3", 1), EXISTS(OP_SET);
	store(OP_SET, "a", "v3", 3), ok(OP_SET, 4);
	store(OP_SET, "nope", "v3", 3), NOT_FOUND(OP_SET);
	store(OP_SETQ, "nope", "v3", 3), NOT_FOUND(OP_SETQ);
	store(OP_ADD, "a", "x", 0), EXISTS(OP_ADD);
	store(OP_ADDQ, "a", "x", 0), EXISTS(OP_ADDQ);
	store(OP_ADD, "b", "x", 0), ok(OP_ADD, 5);
	store(OP_ADDQ, "c", "x", 0);
	store(OP_REPLACE, "nope", "x", 0), NOT_FOUND(OP_REPLACE);
	store(OP_REPLACEQ, "nope", "x", 0), NOT_FOUND(OP_REPLACEQ);
	store(OP_REPLACE, "b", "y", 0), ok(OP_REPLACE, 7);
	store(OP_REPLACEQ, "c", "z", 0);
	ask(OP_APPEND, NULL, 0, "nope", "1", 0), NOT_STORED(OP_APPEND);
	ask(OP_PREPENDQ, NULL, 0, "nope", "1", 0), NOT_STORED(OP_PREPENDQ);
	ask(OP_APPEND, NULL, 0, "b", "1", 0), ok(OP_APPEND, 9);
	ask(OP_APPENDQ, NULL, 0, "b", "2", 0);
	ask(OP_PREPEND, NULL, 0, "b", "3", 9), EXISTS(OP_PREPEND);
	ask(OP_PREPEND, NULL, 0, "b", "3", 10), ok(OP_PREPEND, 11);
	ask(OP_PREPENDQ, NULL, 0, "b", "4", 0);
	get(OP_GET, "b"), hit(OP_GET, "", "43y12", 12);
	ask(OP_DELETE, NULL, 0, "b", "", 11), EXISTS(OP_DELETE);
	ask(OP_DELETE, NULL, 0, "b", "", 12), ok(OP_DELETE, 0);
	ask(OP_DELETE, NULL, 0, "b", "", 0), NOT_FOUND(OP_DELETE);
	ask(OP_DELETEQ, NULL, 0, "b", "", 0), NOT_FOUND(OP_DELETEQ);
	ask(OP_DELETEQ, NULL, 0, "c", "", 0);
}

static void write_rest(void)
{
	static const uint8_t flags[4] = { 0xde, 0xad, 0xbe, 0xef }, later[4] = { 0, 0, 1, 0 };

	delta(OP_INCREMENT, "n", 1, 5, UINT32_MAX), NOT_FOUND(OP_INCREMENT);
	delta(OP_INCREMENT, "n", 1, 5, 0), number(OP_INCREMENT, 5, 13);
	delta(OP_INCREMENT, "n", 7, 5, 0), number(OP_INCREMENT, 12, 14);
	delta(OP_INCREMENTQ, "n", 1, 5, 0);
	delta(OP_DECREMENT, "n", 4, 5, 0), number(OP_DECREMENT, 9, 16);
	delta(OP_DECREMENTQ, "n", 2, 5, 0);
	delta(OP_DECREMENT, "n", 100, 5, 0), number(OP_DECREMENT, 0, 18);
	delta(OP_INCREMENT, "a", 1, 5, 0),
		error(OP_INCREMENT, 6, "Non-numeric server-side value for incr or decr");
	gat(OP_TOUCH, "a", 100), answer(OP_TOUCH, 0, flags, 4, "", NULL, 0, 4);
	gat(OP_TOUCH, "b", 100), NOT_FOUND(OP_TOUCH);
	gat(OP_GAT, "a", 0), hit(OP_GAT, "", "v3", 4);
	gat(OP_GATQ, "a", 0), hit(OP_GATQ, "", "v3", 4);
	gat(OP_GATK, "a", 0), hit(OP_GATK, "a", "v3", 4);
	gat(OP_GATKQ, "a", 0), hit(OP_GATKQ, "a", "v3", 4);
	gat(OP_GAT, "b", 0), NOT_FOUND(OP_GAT);
	gat(OP_GATQ, "b", 0);
	ask(OP_NOOP, NULL, 0, "", "", 0), ok(OP_NOOP, 0);
	ask(OP_VERSION, NULL, 0, "", "", 0), error(OP_VERSION, 0, "1.4.18");
	ask(OP_VERBOSITY, later, 4, "", "", 0), ok(OP_VERBOSITY, 0);
	ask(0x1f, NULL, 0, "", "", 0), error(0x1f, 0x81, "Unknown command");
	ask(0x77, later, 4, "key", "and a value", 0), error(0x77, 0x81, "Unknown command");
	ask(OP_STAT, NULL, 0, "nope", "", 0), NOT_FOUND(OP_STAT);
	ask(OP_STAT, NULL, 0, "reset", "", 0), ok(OP_STAT, 0);
	ask(OP_STAT, NULL, 0, "sizes", "", 0);
	answer(OP_STAT, 0, NULL, 0, "sizes_status", "disabled", 8, 0), ok(OP_STAT, 0);
	ask(OP_FLUSH, later, 4, "", "", 0), ok(OP_FLUSH, 0);
	get(OP_GET, "a"), hit(OP_GET, "", "v3", 4);
	ask(OP_FLUSHQ, NULL, 0, "", "", 0);
	get(OP_GET, "a"), NOT_FOUND(OP_GET);
	ask(OP_QUIT, NULL, 0, "", "", 0), ok(OP_QUIT, 0);
}

static void script(void)
{
	memset(&t, 0, sizeof(t));
	write_storage();
	write_rest();
}

static void check_session(size_t first, size_t rest)
{
	size_t got;
	bool closed;
	uint8_t *out = kv_bed_session(t.say, t.n_say, first, rest, &got, &closed);
	size_t at = 0;

	while (at < got && at < t.n_hear && out[at] == t.hear[at])
		at++;
	CHECK_EQ(at, t.n_hear);
	CHECK_EQ(got, t.n_hear);
	CHECK(closed);
	free(out);
}

static void however_it_is_cut(void)
{
	script();
	check_session(0, 0);
	check_session(1, 1);
	check_session(0, 23);
	for (size_t cut = 1; cut < t.n_say; cut++)
		check_session(cut, 0);
}

/* Headers that cannot be right are answered and end the connection. */
static void wrong_requests(void)
{
	static const struct {
		uint8_t op, nextras;
		uint16_t nkey;
		uint32_t body;
		uint16_t status;
	} bad[] = {
		{ OP_GET, 0, 5, 4, 0x81 },		/* longer than the body */
		{ OP_SET, 8, 1, 8, 0x81 },
		{ OP_GET, 0, 251, 251, 4 },		/* key too long */
		{ OP_SET, 8, 65535, 0xffffffff, 4 },
		{ OP_GET, 0, 0, 0, 4 }, { OP_GET, 4, 1, 5, 4 }, { OP_GET, 0, 1, 2, 4 },
		{ OP_SET, 0, 1, 1, 4 }, { OP_SET, 8, 0, 8, 4 }, { OP_APPEND, 8, 1, 9, 4 },
		{ OP_INCREMENT, 8, 1, 9, 4 }, { OP_TOUCH, 0, 1, 1, 4 }, { OP_NOOP, 0, 1, 1, 4 },
		{ OP_QUIT, 1, 0, 1, 4 }, { OP_FLUSH, 2, 0, 2, 4 }, { OP_STAT, 4, 0, 4, 4 },
		{ OP_VERSION, 0, 0, 1, 4 }, { OP_DELETE, 4, 1, 5, 4 },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct bed_conn *c = &kb.conn[0];
		uint8_t head[BIN_HEAD] = { BIN_REQUEST, bad[i].op };

		be16_store(head + 2, bad[i].nkey);
		head[4] = bad[i].nextras;
		be32_store(head + 8, bad[i].body);
		kv_bed_init();
		kv_bed_start();
		kv_bed_open();
		kv_bed_put(0, head, sizeof(head));
		kv_bed_settle();
		CHECK(c->closed && !c->reset);
		CHECK(c->n_out > BIN_HEAD && c->out[0] == BIN_RESPONSE && c->out[1] == bad[i].op);
		CHECK_EQ(be16_load(c->out + 6), bad[i].status);
		kv_bed_end();
	}
}

static void too_large(void)
{
	static uint8_t zeros[1 << 20];
	struct bed_conn *c = &kb.conn[0];
	uint8_t head[BIN_HEAD + 8 + 1] = { BIN_REQUEST, OP_SET, 0, 1, 8 };

	head[BIN_HEAD + 8] = 'k';
	kv_bed_init();
	kv_bed_start();
	kv_bed_open();
	be32_store(head + 8, 8 + 1 + 3);
	kv_bed_put(0, head, sizeof(head));
	kv_bed_put(0, "old", 3);
	kv_bed_settle();
	CHECK_EQ(c->n_out, BIN_HEAD);
	c->n_out = 0;
	be32_store(head + 8, 8 + 1 + sizeof(zeros));
	kv_bed_put(0, head, sizeof(head));
	kv_bed_settle();
	CHECK_EQ(be16_load(c->out + 6), BIN_TOO_LARGE);
	CHECK(memcmp(c->out + BIN_HEAD, "Too large.", 10) == 0);
	kv_bed_put(0, zeros, sizeof(zeros));	/* passed over */
	c->n_out = 0;
	memset(&t, 0, sizeof(t));
	get(OP_GET, "k");			/* what it was to replace is gone */
	kv_bed_put(0, t.say, t.n_say);
	kv_bed_settle();
	CHECK_EQ(be16_load(c->out + 6), BIN_NOT_FOUND);
	CHECK(!c->closed);
	kv_bed_end();
}

static void bad_magic(void)
{
	uint8_t two[2 * BIN_HEAD] = { BIN_REQUEST, OP_NOOP };

	kv_bed_init();
	kv_bed_start();
	kv_bed_open();
	kv_bed_put(0, two, sizeof(two));	/* the second has no magic */
	kv_bed_settle();
	CHECK(kb.conn[0].closed);
	CHECK_EQ(kb.conn[0].n_out, BIN_HEAD);
	kv_bed_end();
}

CU_MAIN("kv_bin", TEST(however_it_is_cut), TEST(wrong_requests), TEST(too_large),
	TEST(bad_magic))
