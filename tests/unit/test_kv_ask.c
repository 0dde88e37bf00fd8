/* SPDX-License-Identifier: MIT */
/* test_kv_ask.c - workloads/kv_ask.c: requests as the protocols say, answers cut anywhere, lies */
#include <stdlib.h>
#include <string.h>

#include "tests/unit/cu.h"
#include "workloads/kv_ask.h"

static struct kv_dist etc, usr;
static uint8_t buf[KV_ASK_HEAD_MAX];
static uint8_t value[256];

static struct kv_ask ask(enum kv_proto proto, enum kv_op op)
{
	struct kv_ask q = { .proto = (uint8_t)proto, .op = (uint8_t)op,
			    .opaque = 0x01020304, .value_len = 5, .value = value };

	memcpy(value, "hello", 5);
	kv_dist_init(&usr, KV_USR, 1000, 1);
	kv_ask_compose(&q, &usr, 7, buf);
	return q;
}

static void requests_are_as_the_protocols_say(void)
{
	static const char key[] = "0000000000000000007";
	struct kv_ask q = ask(KV_BINARY, KV_GET);

	CHECK_EQ(kv_ask_compose(&q, &usr, 7, buf), 24 + 19);
	CHECK(memcmp(buf, "\x80\0\0\x13\0\0\0\0\0\0\0\x13\1\2\3\4\0\0\0\0\0\0\0\0", 24) == 0);
	CHECK(memcmp(buf + 24, key, 19) == 0 && q.key_off == 24 && q.key_len == 19);
	q = ask(KV_BINARY, KV_SET);
	CHECK_EQ(kv_ask_compose(&q, &usr, 7, buf), 24 + 8 + 19);
	CHECK(memcmp(buf, "\x80\1\0\x13\x8\0\0\0\0\0\0\x20\1\2\3\4\0\0\0\0\0\0\0\0", 24) == 0);
	CHECK(memcmp(buf + 24, "\0\0\0\0\0\0\0\0", 8) == 0 && memcmp(buf + 32, key, 19) == 0);
	q = ask(KV_ASCII, KV_GET);
	CHECK_EQ(kv_ask_compose(&q, &usr, 7, buf), 25);
	CHECK(memcmp(buf, "get 0000000000000000007\r\n", 25) == 0 && q.key_off == 4);
	q = ask(KV_ASCII, KV_SET);
	q.value_len = KV_VALUE_MAX;
	CHECK_EQ(kv_ask_compose(&q, &usr, 7, buf), 37);
	CHECK(memcmp(buf, "set 0000000000000000007 0 0 1000000\r\n", 37) == 0);
}

static void the_longest_request_fits(void)
{
	uint32_t longest = 0, key = 0;

	kv_dist_init(&etc, KV_ETC, 100000000, 1);
	for (uint32_t i = 0; i < 3000000; i++)
		if (kv_dist_key_len(&etc, i) > kv_dist_key_len(&etc, key))
			key = i;
	for (int i = 0; i < 4; i++) {
		struct kv_ask q = { .proto = i < 2 ? KV_BINARY : KV_ASCII,
				    .op = i % 2 ? KV_SET : KV_GET, .value_len = KV_VALUE_MAX };

		longest = MAX(longest, kv_ask_compose(&q, &etc, key, buf));
	}
	CHECK(longest > 200 && longest <= KV_ASK_HEAD_MAX);
}

/* Feed @p[@len] in pieces of at most @piece bytes, the first @first; returns the verdict and in
 * @used the bytes taken. */
static enum kv_verdict feed(const struct kv_ask *q, const void *p, uint32_t len, uint32_t first,
			    uint32_t piece, uint32_t *bad, uint32_t *taken)
{
	struct kv_answer a = { 0 };
	enum kv_verdict v = KV_MORE;
	uint32_t at = 0, used;

	while (v == KV_MORE && at < len) {
		uint32_t n = MIN(at == 0 ? first : piece, len - at);
		uint8_t *copy = malloc(n);	/* a sanitizer sees what is read beyond it */

		memcpy(copy, (const uint8_t *)p + at, n);
		v = kv_ask_eat(&a, q, buf, copy, n, &used);
		free(copy);
		CHECK(used <= n && (used > 0 || v == KV_GARBLED));
		at += used;
	}
	*bad = a.bad_bytes;
	*taken = at;
	return v;
}

/* The same whole and cut in two anywhere, and byte by byte; what follows is left alone. */
static void expect(const struct kv_ask *q, const void *p, uint32_t len, enum kv_verdict want,
		   uint32_t want_bad)
{
	uint8_t *more = malloc(len + 3);
	uint32_t bad, taken;

	memcpy(more, p, len);
	memcpy(more + len, "\x81zz", 3);
	for (uint32_t cut = 1; cut <= len + 3; cut++) {
		CHECK_EQ(feed(q, more, len + 3, cut, len + 3, &bad, &taken), want);
		CHECK(want == KV_GARBLED || (bad == want_bad && taken == len));
	}
	CHECK_EQ(feed(q, more, len + 3, 1, 1, &bad, &taken), want);
	CHECK(want == KV_GARBLED || (bad == want_bad && taken == len));
	free(more);
}

#define EXPECT(q, text, want, bad) expect(q, text, sizeof(text) - 1, want, bad)
#define BIN(op, key, extras, status, body) \
	"\x81" op key extras "\0" status "\0\0\0" body "\1\2\3\4\0\0\0\0\0\0\0\0"

static void binary_answers(void)
{
	struct kv_ask q = ask(KV_BINARY, KV_GET);

	EXPECT(&q, BIN("\0", "\0\0", "\4", "\0\0", "\x9") "\0\0\0\0hello", KV_DONE, 0);
	EXPECT(&q, BIN("\0", "\0\0", "\4", "\0\0", "\x9") "\0\0\0\0heLLo", KV_DONE, 2);
	EXPECT(&q, BIN("\0", "\0\2", "\4", "\0\0", "\xb") "\0\0\0\0kkhello", KV_DONE, 0);
	EXPECT(&q, BIN("\0", "\0\0", "\4", "\0\0", "\x8") "\0\0\0\0hell", KV_DONE, 1);
	EXPECT(&q, BIN("\0", "\0\0", "\4", "\0\0", "\x4") "\0\0\0\0", KV_DONE, 5);
	EXPECT(&q, BIN("\0", "\0\0", "\0", "\0\1", "\x9") "Not found", KV_MISS, 0);
	EXPECT(&q, BIN("\0", "\0\0", "\0", "\0\x82", "\3") "mem", KV_REFUSED, 0);
	q = ask(KV_BINARY, KV_SET);
	EXPECT(&q, BIN("\1", "\0\0", "\0", "\0\0", "\0"), KV_DONE, 0);
	EXPECT(&q, BIN("\1", "\0\0", "\0", "\0\1", "\0"), KV_REFUSED, 0);
	EXPECT(&q, BIN("\1", "\0\0", "\0", "\0\3", "\5") "large", KV_REFUSED, 0);
}

static void binary_lies(void)
{
	struct kv_ask q = ask(KV_BINARY, KV_GET);

	EXPECT(&q, BIN("\1", "\0\0", "\4", "\0\0", "\x9") "\0\0\0\0hello", KV_GARBLED, 0);
	EXPECT(&q, BIN("\0", "\0\0", "\xa", "\0\0", "\x9") "\0\0\0\0hello", KV_GARBLED, 0);
	EXPECT(&q, BIN("\0", "\xff\xff", "\4", "\0\0", "\x9") "\0\0\0\0hello", KV_GARBLED, 0);
	EXPECT(&q, "\x80\0\0\0\4\0\0\0\0\0\0\x9\1\2\3\4\0\0\0\0\0\0\0\0....hello", KV_GARBLED, 0);
	EXPECT(&q, "\x81\0\0\0\4\0\0\0\0\0\0\x9\1\2\3\5\0\0\0\0\0\0\0\0....hello", KV_GARBLED, 0);
	EXPECT(&q, "\x81\0\0\0\4\0\0\0\xff\0\0\x9\1\2\3\4\0\0\0\0\0\0\0\0....h", KV_GARBLED, 0);
	EXPECT(&q, "VALUE 0000000000000000007 0 5\r\nhello\r\nEND\r\n", KV_GARBLED, 0);
}

#define KEY "0000000000000000007"

static void ascii_answers(void)
{
	struct kv_ask q = ask(KV_ASCII, KV_GET);

	EXPECT(&q, "VALUE " KEY " 0 5\r\nhello\r\nEND\r\n", KV_DONE, 0);
	EXPECT(&q, "VALUE " KEY " 4294967295 5 99\r\nhellO\r\nEND\r\n", KV_DONE, 1);
	EXPECT(&q, "VALUE " KEY " 0 0\r\n\r\nEND\r\n", KV_DONE, 5);
	EXPECT(&q, "VALUE " KEY " 0 7\r\nhello!!\r\nEND\r\n", KV_DONE, 2);
	EXPECT(&q, "END\r\n", KV_MISS, 0);
	EXPECT(&q, "ERROR\r\n", KV_REFUSED, 0);
	EXPECT(&q, "SERVER_ERROR out of memory\r\n", KV_REFUSED, 0);
	q = ask(KV_ASCII, KV_SET);
	EXPECT(&q, "STORED\r\n", KV_DONE, 0);
	EXPECT(&q, "NOT_STORED\r\n", KV_REFUSED, 0);
	EXPECT(&q, "CLIENT_ERROR bad data chunk\r\n", KV_REFUSED, 0);
}

static void ascii_lies(void)
{
	struct kv_ask q = ask(KV_ASCII, KV_GET);

	EXPECT(&q, "STORED\r\n", KV_GARBLED, 0);
	EXPECT(&q, "\r\n", KV_GARBLED, 0);
	EXPECT(&q, "\n", KV_GARBLED, 0);
	EXPECT(&q, "END\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE 0000000000000000008 0 5\r\nhello\r\nEND\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0 5\r\nhelloEND\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0 5\r\nhello\r\nVALUE " KEY " 0 5\r\nhello\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0 -5\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0 99999999999999999999999\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 4294967296 5\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0 5 1 2\r\nhello\r\nEND\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE " KEY " 0\r\n", KV_GARBLED, 0);
	EXPECT(&q, "VALUE\r\n", KV_GARBLED, 0);
	q = ask(KV_ASCII, KV_SET);
	EXPECT(&q, "END\r\n", KV_GARBLED, 0);
}

/* A line of an error may be longer than what is kept, but not without end. */
static void long_lines(void)
{
	static char text[5000];
	struct kv_ask q = ask(KV_ASCII, KV_GET);
	uint32_t bad, taken;

	memset(text, 'x', sizeof(text));
	memcpy(text, "SERVER_ERROR ", 13);
	CHECK_EQ(feed(&q, text, sizeof(text), 100, 7, &bad, &taken), KV_GARBLED);
	CHECK_EQ(feed(&q, text, sizeof(text), 5000, 5000, &bad, &taken), KV_GARBLED);
	memcpy(text + 1998, "\r\n", 2);
	CHECK_EQ(feed(&q, text, sizeof(text), 100, 7, &bad, &taken), KV_REFUSED);
	CHECK_EQ(taken, 2000);
	CHECK_EQ(feed(&q, text, sizeof(text), 5000, 5000, &bad, &taken), KV_REFUSED);
	CHECK_EQ(taken, 2000);
}

/* Mutated answers: whatever comes, every call takes something or gives up. */
static void noise(void)
{
	static const char bin[] = BIN("\0", "\0\0", "\4", "\0\0", "\x9") "\0\0\0\0hello";
	static const char txt[] = "VALUE " KEY " 0 5\r\nhello\r\nEND\r\n";
	uint32_t bad, taken, seen[5] = { 0 };
	struct rng r;

	rng_stream(&r, 9, 9);
	for (int i = 0; i < 300000; i++) {
		struct kv_ask q = ask((enum kv_proto)(i & 1), (enum kv_op)(i >> 1 & i >> 2 & 1));
		uint32_t len = q.proto == KV_BINARY ? sizeof(bin) - 1 : sizeof(txt) - 1;
		uint32_t first = 1 + (uint32_t)rng_below(&r, len);
		uint32_t piece = 1 + (uint32_t)rng_below(&r, len);
		char text[64];

		memcpy(text, q.proto == KV_BINARY ? bin : txt, len);
		for (uint64_t n = rng_below(&r, 4); n > 0; n--)
			text[rng_below(&r, len)] = (char)rng_u64(&r);
		seen[feed(&q, text, len, first, piece, &bad, &taken)]++;
	}
	for (int i = 0; i < 5; i++)
		CHECK(seen[i] > 0);
}

CU_MAIN("kv_ask", TEST(requests_are_as_the_protocols_say), TEST(the_longest_request_fits),
	TEST(binary_answers), TEST(binary_lies), TEST(ascii_answers), TEST(ascii_lies),
	TEST(long_lines), TEST(noise))
