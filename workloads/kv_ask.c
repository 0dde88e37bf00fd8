/* SPDX-License-Identifier: MIT */
/*
 * kv_ask.c - compose requests, take answers apart; see kv_ask.h
 *
 * An answer has parts: a head (24 bytes, or a line), bytes to skip, a value, and in ASCII
 * what follows a value. A head that lies whole in what arrived is read in place, otherwise it
 * is gathered first.
 */
#include "workloads/kv_ask.h"

enum {
	BIN_HEAD = 24, BIN_SET_EXTRAS = 8, BIN_GET_EXTRAS = 4,
	BIN_REQUEST = 0x80, BIN_RESPONSE = 0x81, BIN_GET = 0, BIN_SET = 1,
	BIN_OK = 0, BIN_NOT_FOUND = 1,
	BODY_MAX = 2 << 20,		/* no server has more to say */
	TEXT_MAX = 2048,		/* a line of ASCII, what is not kept included */
};

enum { PART_HEAD, PART_BODY, PART_END };

static const char AFTER_VALUE[] = "\r\nEND\r\n";
enum { AFTER_LEN = sizeof(AFTER_VALUE) - 1 };

/* ---- requests ---- */

/* What a head begins with, as one word. */
static uint64_t word_of(uint32_t magic, uint32_t op, uint32_t key_len, uint32_t extras)
{
	uint8_t b[8] = { (uint8_t)magic, (uint8_t)op, (uint8_t)(key_len >> 8), (uint8_t)key_len,
			 (uint8_t)extras };
	uint64_t word;

	memcpy(&word, b, sizeof(word));
	return word;
}

static uint32_t compose_binary(struct kv_ask *q, const struct kv_dist *d, uint32_t record,
			       uint8_t *buf)
{
	uint32_t extras = q->op == KV_SET ? BIN_SET_EXTRAS : 0;
	uint32_t key = BIN_HEAD + extras, key_len = kv_dist_key(d, record, (char *)buf + key);
	uint64_t word = word_of(BIN_REQUEST, extras ? BIN_SET : BIN_GET, key_len, extras);

	memcpy(buf, &word, sizeof(word));
	be32_store(buf + 8, extras + key_len + (extras ? q->value_len : 0));
	be32_store(buf + 12, q->opaque);
	memset(buf + 16, 0, 8);
	if (extras)
		memset(buf + BIN_HEAD, 0, BIN_SET_EXTRAS);	/* flags, expiry */
	q->key_off = (uint8_t)key;
	q->key_len = (uint8_t)key_len;
	return key + key_len;
}

static uint32_t put_number(uint8_t *to, uint32_t v)
{
	uint32_t n = 1;

	for (uint32_t rest = v; rest >= 10; rest /= 10)
		n++;
	for (uint32_t i = n; i > 0; v /= 10)
		to[--i] = (uint8_t)('0' + v % 10);
	return n;
}

static uint32_t compose_ascii(struct kv_ask *q, const struct kv_dist *d, uint32_t record,
			      uint8_t *buf)
{
	uint32_t n = 4;

	memcpy(buf, q->op == KV_SET ? "set " : "get ", 4);
	q->key_off = (uint8_t)n;
	q->key_len = (uint8_t)kv_dist_key(d, record, (char *)buf + n);
	n += q->key_len;
	if (q->op == KV_SET) {
		memcpy(buf + n, " 0 0 ", 5);
		n += 5;
		n += put_number(buf + n, q->value_len);
	}
	memcpy(buf + n, "\r\n", 2);
	return n + 2;
}

uint32_t kv_ask_compose(struct kv_ask *q, const struct kv_dist *d, uint32_t record, uint8_t *buf)
{
	return q->proto == KV_BINARY ? compose_binary(q, d, record, buf) :
				       compose_ascii(q, d, record, buf);
}

/* ---- answers ---- */

static void will_skip(struct kv_answer *a, enum kv_verdict verdict, uint32_t bytes)
{
	a->part = PART_BODY;
	a->verdict = (uint8_t)verdict;
	a->skip = bytes;
	a->left = a->len = 0;
}

/* A value of @len bytes after @skip others. One of a wrong length is not compared. */
static void will_read(struct kv_answer *a, const struct kv_ask *q, uint32_t skip, uint32_t len)
{
	will_skip(a, KV_DONE, skip);
	a->left = a->len = len;
	if (q->value && len != q->value_len)
		a->bad_bytes += len > q->value_len ? len - q->value_len : q->value_len - len;
}

static void compare(struct kv_answer *a, const uint8_t *p, const uint8_t *want, uint32_t n)
{
	if (memcmp(p, want, n) == 0)
		return;
	for (uint32_t i = 0; i < n; i++)
		a->bad_bytes += p[i] != want[i];
}

/* What is to be skipped, and what is to be compared. Returns the bytes taken. */
static uint32_t eat_body(struct kv_answer *a, const struct kv_ask *q, const uint8_t *p,
			 uint32_t len)
{
	uint32_t skip = MIN(a->skip, len), n = MIN(a->left, len - skip);

	if (n && q->value && a->len == q->value_len)
		compare(a, p + skip, q->value + (a->len - a->left), n);
	a->skip -= skip;
	a->left -= n;
	return skip + n;
}

/* Keep @n more bytes of a head; those beyond what is kept are only counted. */
static void keep(struct kv_answer *a, const uint8_t *p, uint32_t n)
{
	if (a->got < KV_ASK_LINE_MAX)
		memcpy(a->head + a->got, p, MIN(n, KV_ASK_LINE_MAX - a->got));
	a->got += n;
}

static enum kv_verdict whole(struct kv_answer *a)
{
	a->part = PART_HEAD;
	a->got = 0;
	return (enum kv_verdict)a->verdict;
}

static bool head_binary(struct kv_answer *a, const struct kv_ask *q, const uint8_t *h)
{
	uint32_t status = be16_load(h + 6), body = be32_load(h + 8);
	uint32_t before = be16_load(h + 2) + (uint32_t)h[4];	/* key and extras */

	if (h[0] != BIN_RESPONSE || h[1] != (q->op == KV_SET ? BIN_SET : BIN_GET) ||
	    be32_load(h + 12) != q->opaque || body < before || body > BODY_MAX)
		return false;
	if (status == BIN_OK && q->op == KV_GET)
		will_read(a, q, before, body - before);
	else if (status == BIN_NOT_FOUND && q->op == KV_GET)
		will_skip(a, KV_MISS, body);
	else
		will_skip(a, status == BIN_OK ? KV_DONE : KV_REFUSED, body);
	return true;
}

/* The usual answer, whole and right, in one piece. Returns its bytes, or 0: look closer. */
static uint32_t eat_hit(const struct kv_ask *q, const uint8_t *p, uint32_t len)
{
	uint64_t want = word_of(BIN_RESPONSE, BIN_GET, 0, BIN_GET_EXTRAS), word;
	uint32_t all = BIN_HEAD + BIN_GET_EXTRAS + q->value_len;

	if (len < all)
		return 0;
	memcpy(&word, p, sizeof(word));
	if (word != want || be32_load(p + 8) != all - BIN_HEAD || be32_load(p + 12) != q->opaque ||
	    (q->value && memcmp(p + BIN_HEAD + BIN_GET_EXTRAS, q->value, q->value_len) != 0))
		return 0;
	return all;
}

static enum kv_verdict eat_binary(struct kv_answer *a, const struct kv_ask *q, const uint8_t *p,
				  uint32_t len, uint32_t *used)
{
	const uint8_t *head = p;
	uint32_t n = 0;

	if (a->part == PART_HEAD) {
		if (a->got == 0 && q->op == KV_GET && (*used = eat_hit(q, p, len)) != 0)
			return KV_DONE;
		n = MIN(BIN_HEAD - a->got, len);
		if (n < BIN_HEAD) {
			keep(a, p, n);
			head = a->head;
		}
		*used = n;
		if (n < BIN_HEAD && a->got < BIN_HEAD)
			return KV_MORE;
		if (!head_binary(a, q, head))
			return KV_GARBLED;
	}
	*used = n + eat_body(a, q, p + n, len - n);
	return a->skip || a->left ? KV_MORE : whole(a);
}

/* A decimal number at *@p, before @end, that a blank or the end follows. False: there is none, or
 * it is above @max. Moves *@p behind the blank. */
static bool number(const uint8_t **p, const uint8_t *end, uint64_t max, uint64_t *v)
{
	const uint8_t *c = *p;

	for (*v = 0; c < end && *c >= '0' && *c <= '9'; c++) {
		*v = *v * 10 + (uint64_t)(*c - '0');
		if (*v > max)
			return false;
	}
	if (c == *p || (c < end && *c != ' '))
		return false;
	*p = c < end ? c + 1 : end;
	return true;
}

/* "VALUE key flags bytes [cas]", with the key that was asked for. */
static bool line_value(struct kv_answer *a, const struct kv_ask *q, const uint8_t *key,
		       const uint8_t *p, uint32_t len)
{
	const uint8_t *at = p + 6 + q->key_len + 1, *end = p + len;
	uint64_t flags, bytes, cas;

	if (len < 10u + q->key_len || memcmp(p, "VALUE ", 6) != 0 ||
	    memcmp(p + 6, key, q->key_len) != 0 || at[-1] != ' ' ||
	    !number(&at, end, UINT32_MAX, &flags) || !number(&at, end, BODY_MAX, &bytes) ||
	    (at < end && (!number(&at, end, UINT64_MAX / 16, &cas) || at < end)))
		return false;
	will_read(a, q, 0, (uint32_t)bytes);
	return true;
}

static bool line_is(const uint8_t *p, uint32_t len, const char *text)
{
	return len == strlen(text) && memcmp(p, text, len) == 0;
}

static bool line_starts(const uint8_t *p, uint32_t len, const char *text)
{
	return len >= strlen(text) && memcmp(p, text, strlen(text)) == 0;
}

/* The first line of an answer, of @len bytes without its end. */
static bool line_ascii(struct kv_answer *a, const struct kv_ask *q, const uint8_t *key,
		       const uint8_t *p, uint32_t len)
{
	if (q->op == KV_GET && line_value(a, q, key, p, len))
		return true;
	if (q->op == KV_GET ? line_is(p, len, "END") : line_is(p, len, "STORED"))
		will_skip(a, q->op == KV_GET ? KV_MISS : KV_DONE, 0);
	else if (line_is(p, len, "ERROR") || line_starts(p, len, "CLIENT_ERROR ") ||
		 line_starts(p, len, "SERVER_ERROR ") ||
		 (q->op == KV_SET && (line_is(p, len, "NOT_STORED") ||
				      line_is(p, len, "NOT_FOUND") || line_is(p, len, "EXISTS"))))
		will_skip(a, KV_REFUSED, 0);
	else
		return false;
	return true;
}

/* Up to and with the end of a line. */
static enum kv_verdict eat_line(struct kv_answer *a, const struct kv_ask *q, const uint8_t *key,
				const uint8_t *p, uint32_t len, uint32_t *used)
{
	const uint8_t *nl = memchr(p, '\n', len), *line = p;
	uint32_t n = nl ? (uint32_t)(nl - p) + 1 : len, all = a->got + n;

	*used = n;
	if (a->got || !nl) {
		keep(a, p, n);
		line = a->head;
	}
	if (all > TEXT_MAX)
		return KV_GARBLED;
	if (!nl)
		return KV_MORE;
	a->got = 0;
	if (all < 2 || (all <= KV_ASK_LINE_MAX && line[all - 2] != '\r') ||
	    !line_ascii(a, q, key, line, MIN(all - 2, KV_ASK_LINE_MAX)))
		return KV_GARBLED;
	return (enum kv_verdict)a->verdict;
}

/* What follows a value: every byte must be the one expected. */
static enum kv_verdict eat_end(struct kv_answer *a, const uint8_t *p, uint32_t len, uint32_t *used)
{
	uint32_t n = MIN(AFTER_LEN - a->got, len);

	if (memcmp(p, AFTER_VALUE + a->got, n) != 0)
		return KV_GARBLED;
	*used += n;
	a->got += n;
	return a->got == AFTER_LEN ? whole(a) : KV_MORE;
}

static enum kv_verdict eat_ascii(struct kv_answer *a, const struct kv_ask *q, const uint8_t *key,
				 const uint8_t *p, uint32_t len, uint32_t *used)
{
	enum kv_verdict v;

	*used = 0;
	if (a->part == PART_HEAD) {
		v = eat_line(a, q, key, p, len, used);
		if (v == KV_MORE || v == KV_GARBLED)
			return v;
		if (q->op == KV_SET || v != KV_DONE)
			return whole(a);
	}
	*used += eat_body(a, q, p + *used, len - *used);
	if (a->left)
		return KV_MORE;
	a->part = PART_END;
	return eat_end(a, p + *used, len - *used, used);
}

enum kv_verdict kv_ask_eat(struct kv_answer *a, const struct kv_ask *q, const uint8_t *buf,
			   const uint8_t *p, uint32_t len, uint32_t *used)
{
	return q->proto == KV_BINARY ? eat_binary(a, q, p, len, used) :
				       eat_ascii(a, q, buf + q->key_off, p, len, used);
}
