/* SPDX-License-Identifier: MIT */
/*
 * kv_ascii.c - the ASCII protocol: lines, and the keys of a get as they come
 *
 * A get is not read as a line: behind its verb each key is a step of its own, so a multi-get of
 * any length needs no more memory than a key, and stops between keys when the client does not
 * read. The price: when a key is too long, those before it have been answered; memcached takes
 * their answers back.
 * Any other line has at most KV_IN_MAX bytes; a longer one closes the connection.
 * Not here: commands (kv_ascii_cmd.c).
 */
#include "workloads/kv_ascii.h"

/* kv_conn.op while keys come. */
enum { GET_CAS = 1, GET_TOUCH = 2, GET_EXPTIME = 4 };	/* the last: comes first on the line */

#define BAD_LINE	"CLIENT_ERROR bad command line format\r\n"

void kv_ascii_reply(struct kv_server *s, struct kv_conn *c, const char *text)
{
	if (!c->noreply)
		kv_out_text(s, c, text);
	c->noreply = false;
}

bool kv_word_signed(const struct kv_line *l, uint32_t i, int64_t *v)
{
	const uint8_t *p = l->word[i];
	uint32_t sign = p[0] == '-' || p[0] == '+';
	uint64_t u;

	if (!kv_number(p + sign, l->len[i] - sign, &u) || u > INT64_MAX)
		return false;
	*v = p[0] == '-' ? -(int64_t)u : (int64_t)u;
	return true;
}

/* ---- get ---- */

/* "VALUE key flags length[ cas]\r\n", value, "\r\n". */
static uint32_t value_out(struct kv_server *s, struct kv_conn *c, struct kv_item *it, bool cas)
{
	uint32_t head = (uint32_t)it->nkey + it->nsuffix, body = it->nbytes + 2, digits;
	bool copy = it->nbytes <= s->cfg.copy_max;
	uint8_t *q;

	if (!cas) {
		q = kv_out(s, c, 6 + (copy ? head + body : 0));
		memcpy(q, "VALUE ", 6);
		if (copy)
			memcpy(q + 6, it->data, head + body);
		else
			kv_out_item(s, c, it, it->data, head + body);
		return head + body;
	}
	q = kv_out(s, c, 6 + head + 1 + KV_DELTA_DIGITS);
	memcpy(q, "VALUE ", 6);
	memcpy(q + 6, it->data, head - 2);
	q += 6 + head - 2;
	*q++ = ' ';
	digits = kv_decimal(q, it->cas);
	memcpy(q + digits, "\r\n", 2);
	kv_out_back(c, KV_DELTA_DIGITS - digits);
	if (copy)
		memcpy(kv_out(s, c, body), kv_value(it), body);
	else
		kv_out_item(s, c, it, kv_value(it), body);
	return head + body;
}

static void get_key(struct kv_server *s, struct kv_conn *c, const uint8_t *key, uint32_t nkey)
{
	struct kv_store *st = s->st;
	uint32_t hash = kv_hash_of(s, key, nkey), bytes = nkey;
	struct kv_item *it = kv_find(st, key, nkey, hash);
	bool touch = c->op & GET_TOUCH;

	c->keys++;
	st->stats.cmd_get++;
	st->stats.cmd_touch += touch;
	if (it) {
		st->cls[it->cls].stats.get_hits++;
		if (touch) {
			st->cls[it->cls].stats.touch_hits++;
			it->exptime = c->exptime;
		}
		bytes += value_out(s, c, it, c->op & GET_CAS);
		kv_used(st, it);
	} else {
		st->stats.get_misses++;
		st->stats.touch_misses += touch;
	}
	kv_request(s, hash, bytes, 0);
}

/* A word of a get's line that is no key. False: the line is over with an error. */
static bool exptime_word(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	struct kv_line l = { .n = 1, .len = { n }, .word = { p } };
	int64_t exptime;

	if (!kv_word_signed(&l, 0, &exptime)) {
		kv_ascii_reply(s, c, "CLIENT_ERROR invalid exptime argument\r\n");
		return false;
	}
	c->exptime = kv_exptime(s->st, exptime);
	c->op &= (uint8_t)~GET_EXPTIME;
	return true;
}

static bool get_word(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	if (c->op & GET_EXPTIME)
		return exptime_word(s, c, p, n);
	if (n > KV_NKEY_MAX) {
		kv_ascii_reply(s, c, BAD_LINE);
		return false;
	}
	get_key(s, c, p, n);
	return true;
}

static void get_end(struct kv_server *s, struct kv_conn *c)
{
	bool whole = c->keys > 0 || (c->op & (GET_TOUCH | GET_EXPTIME)) == GET_TOUCH;

	kv_ascii_reply(s, c, whole ? "END\r\n" : "ERROR\r\n");
}

uint32_t kv_ascii_key(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t from = 0, to, len;
	bool last, ok = true;

	while (from < n && p[from] == ' ')
		from++;
	for (to = from; to < n && p[to] != ' ' && p[to] != '\n'; to++)
		;
	if (unlikely(to == n)) {
		if (to - from <= KV_NKEY_MAX + 1)	/* a key and '\r' */
			return from;
		kv_ascii_reply(s, c, BAD_LINE);
		c->state = KV_SKIP_LINE;
		return n;
	}
	last = p[to] == '\n';
	len = to - from - (last && to > from && p[to - 1] == '\r');
	if (len > 0)
		ok = get_word(s, c, p + from, len);
	if (last) {
		c->state = KV_COMMAND;
		if (ok)
			get_end(s, c);
	} else if (!ok) {
		c->state = KV_SKIP_LINE;
	}
	return to + 1;
}

/* ---- lines ---- */

/* Is it a get? Then its keys come, and the length of its verb is returned; 0: it is none. */
static uint32_t get_begins(struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t len = 4, op;

	if (n < 4 || p[0] != 'g' || p[2] != 't')
		return 0;
	op = p[1] == 'a' ? GET_TOUCH | GET_EXPTIME : 0;
	if (p[1] != 'e' && p[1] != 'a')
		return 0;
	if (n > 4 && p[3] == 's') {
		len = 5;
		op |= GET_CAS;
	}
	if (p[len - 1] != ' ')
		return 0;
	c->op = (uint8_t)op;
	c->keys = 0;
	c->state = KV_KEYS;
	return len;
}

static void split(struct kv_line *l, const uint8_t *p, uint32_t n)
{
	uint32_t i = 0;

	l->n = 0;
	while (i < n && l->n < KV_TOKENS) {
		uint32_t from = i;

		while (i < n && p[i] != ' ')
			i++;
		if (i > from) {
			l->word[l->n] = p + from;
			l->len[l->n++] = i - from;
		}
		i++;
	}
}

uint32_t kv_ascii_step(struct kv_server *s, struct kv_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t len = get_begins(c, p, n);
	const uint8_t *end;
	struct kv_line l;

	if (likely(len > 0))
		return len;
	while (len < n && p[len] == ' ')
		len++;
	if (len > 0)
		return len;
	end = memchr(p, '\n', MIN(n, (uint32_t)KV_IN_MAX));
	if (!end) {
		if (n < KV_IN_MAX)
			return 0;
		kv_close(c);
		return n;
	}
	len = (uint32_t)(end - p);
	split(&l, p, len - (len > 1 && p[len - 1] == '\r'));
	c->noreply = false;
	if (l.n > 0)
		kv_ascii_command(s, c, &l);
	else
		kv_ascii_reply(s, c, "ERROR\r\n");
	return len + 1;
}
