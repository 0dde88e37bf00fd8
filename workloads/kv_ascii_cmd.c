/* SPDX-License-Identifier: MIT */
/*
 * kv_ascii_cmd.c - the commands of the ASCII protocol but get
 *
 * What a command answers, to the letter and in which order it looks for mistakes, is
 * memcached's. "noreply" silences mistakes too.
 */
#include "workloads/kv_ascii.h"

#define BAD_LINE	"CLIENT_ERROR bad command line format\r\n"
#define BAD_DELETE	"CLIENT_ERROR bad command line format.  Usage: delete <key> [noreply]\r\n"
#define NO_MEMORY	"SERVER_ERROR out of memory storing object\r\n"
#define NO_NUMBER	"CLIENT_ERROR cannot increment or decrement non-numeric value\r\n"

static const char *result_text(enum kv_result r)
{
	static const char *const text[] = {
		[KV_STORED] = "STORED\r\n",
		[KV_NOT_STORED] = "NOT_STORED\r\n",
		[KV_EXISTS] = "EXISTS\r\n",
		[KV_NOT_FOUND] = "NOT_FOUND\r\n",
		[KV_NO_MEMORY] = NO_MEMORY,
		[KV_TOO_LARGE] = "SERVER_ERROR object too large for cache\r\n",
		[KV_NON_NUMERIC] = NO_NUMBER,
	};

	return text[r];
}

static void noreply_maybe(struct kv_conn *c, const struct kv_line *l)
{
	c->noreply = kv_word_is(l, l->n - 1, "noreply");
}

/* A request that stored or found nothing, or a command that is about no object. */
static void declare(struct kv_server *s, const struct kv_line *l, uint32_t hash, unsigned update)
{
	uint32_t bytes = 0;

	for (uint32_t i = 0; i < l->n; i++)
		bytes += l->len[i] + 1;
	kv_request(s, hash, bytes, update);
}

static uint32_t hash_of(struct kv_server *s, const struct kv_line *l)
{
	return kv_hash(s->st, l->word[1], l->len[1]);
}

/* ---- storage ---- */

/* Flags, exptime, length and cas id of a storage command. */
struct store_args {
	uint64_t flags, cas;
	int64_t exptime, nbytes;
};

static bool store_args(const struct kv_line *l, enum kv_verb verb, struct store_args *a)
{
	uint32_t plus = l->word[2][0] == '+';

	a->cas = 0;
	return l->len[1] <= KV_NKEY_MAX &&
	       kv_number(l->word[2] + plus, l->len[2] - plus, &a->flags) &&
	       a->flags <= INT64_MAX && kv_word_signed(l, 3, &a->exptime) &&
	       kv_word_signed(l, 4, &a->nbytes) && a->nbytes >= 0 && a->nbytes <= INT32_MAX - 2 &&
	       (verb != KV_CAS || kv_number(l->word[5], l->len[5], &a->cas));
}

static void cmd_store(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
		      unsigned verb)
{
	uint32_t words = verb == KV_CAS ? 6 : 5;
	struct store_args a;
	enum kv_result why;
	struct kv_item *it;

	if (l->n != words && l->n != words + 1) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	noreply_maybe(c, l);
	if (!store_args(l, verb, &a)) {
		kv_ascii_reply(s, c, BAD_LINE);
		return;
	}
	c->hash = hash_of(s, l);
	it = kv_item_new(s->st, l->word[1], l->len[1], (uint32_t)a.flags,
			 kv_exptime(s->st, a.exptime), (uint32_t)a.nbytes, &why);
	if (it) {
		c->verb = (uint8_t)verb;
		c->cas = a.cas;
		kv_fill(c, it, (uint32_t)a.nbytes + 2);
		return;
	}
	if (verb == KV_SET)	/* what is there is out of date */
		kv_forget(s->st, l->word[1], l->len[1], c->hash);
	declare(s, l, c->hash, 0);
	kv_ascii_reply(s, c, result_text(why));
	kv_swallow(c, (uint32_t)a.nbytes + 2);
}

void kv_ascii_filled(struct kv_server *s, struct kv_conn *c)
{
	struct kv_item *it = c->item;
	uint32_t bytes = it->nkey + it->nsuffix + it->nbytes;
	enum kv_result r;

	c->item = NULL;
	if (memcmp(kv_value(it) + it->nbytes, "\r\n", 2) != 0) {
		kv_unref(s->st, it);
		kv_ascii_reply(s, c, "CLIENT_ERROR bad data chunk\r\n");
		return;
	}
	r = kv_put(s->st, it, c->hash, (enum kv_verb)c->verb, &c->cas);
	kv_request(s, c->hash, bytes, r == KV_STORED);
	kv_ascii_reply(s, c, result_text(r));
}

/* ---- one key ---- */

static void cmd_delta(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
		      unsigned incr)
{
	uint8_t text[KV_DELTA_DIGITS + 3];
	uint64_t delta, value = 0, cas = 0;
	uint32_t plus, n, hash;
	enum kv_result r;

	if (l->n != 3 && l->n != 4) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	noreply_maybe(c, l);
	plus = l->word[2][0] == '+';
	if (l->len[1] > KV_NKEY_MAX) {
		kv_ascii_reply(s, c, BAD_LINE);
		return;
	}
	if (!kv_number(l->word[2] + plus, l->len[2] - plus, &delta)) {
		kv_ascii_reply(s, c, "CLIENT_ERROR invalid numeric delta argument\r\n");
		return;
	}
	hash = hash_of(s, l);
	r = kv_delta(s->st, l->word[1], l->len[1], hash, incr, delta, &cas, &value);
	declare(s, l, hash, r == KV_STORED);
	if (r != KV_STORED) {
		kv_ascii_reply(s, c, result_text(r));
		return;
	}
	n = kv_decimal(text, value);
	memcpy(text + n, "\r\n", 3);
	kv_ascii_reply(s, c, (const char *)text);
}

static void cmd_delete(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
		       unsigned arg)
{
	uint32_t hash;
	enum kv_result r;
	bool zero;

	(void)arg;
	if (l->n < 2 || l->n > 4) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	if (l->n > 2) {		/* an old form has a time, which must be 0 */
		noreply_maybe(c, l);
		zero = kv_word_is(l, 2, "0");
		if (!(l->n == 3 ? zero || c->noreply : zero && c->noreply)) {
			kv_ascii_reply(s, c, BAD_DELETE);
			return;
		}
	}
	if (l->len[1] > KV_NKEY_MAX) {
		kv_ascii_reply(s, c, BAD_LINE);
		return;
	}
	hash = hash_of(s, l);
	r = kv_delete(s->st, l->word[1], l->len[1], hash, 0);
	declare(s, l, hash, r == KV_STORED);
	kv_ascii_reply(s, c, r == KV_STORED ? "DELETED\r\n" : "NOT_FOUND\r\n");
}

static void cmd_touch(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
		      unsigned arg)
{
	struct kv_item *it;
	int64_t exptime;
	uint32_t hash;

	(void)arg;
	if (l->n != 3 && l->n != 4) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	noreply_maybe(c, l);
	if (l->len[1] > KV_NKEY_MAX) {
		kv_ascii_reply(s, c, BAD_LINE);
		return;
	}
	if (!kv_word_signed(l, 2, &exptime)) {
		kv_ascii_reply(s, c, "CLIENT_ERROR invalid exptime argument\r\n");
		return;
	}
	hash = hash_of(s, l);
	it = kv_touch(s->st, l->word[1], l->len[1], hash, exptime);
	declare(s, l, hash, 0);
	kv_ascii_reply(s, c, it ? "TOUCHED\r\n" : "NOT_FOUND\r\n");
}

/* ---- no key ---- */

static void cmd_flush_all(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
			  unsigned arg)
{
	int64_t delay = 0;

	(void)arg;
	if (l->n > 3) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	noreply_maybe(c, l);
	if (l->n > (c->noreply ? 2u : 1u) && !kv_word_signed(l, 1, &delay)) {
		kv_ascii_reply(s, c, "CLIENT_ERROR invalid exptime argument\r\n");
		return;
	}
	kv_flush(s->st, delay);
	declare(s, l, 0, 0);
	kv_ascii_reply(s, c, "OK\r\n");
}

static void cmd_verbosity(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
			  unsigned arg)
{
	int64_t level;

	(void)arg;
	if (l->n < 2 || l->n > 3) {
		kv_ascii_reply(s, c, "ERROR\r\n");
		return;
	}
	noreply_maybe(c, l);
	declare(s, l, 0, 0);
	kv_ascii_reply(s, c, kv_word_signed(l, 1, &level) ? "OK\r\n" : BAD_LINE);
}

static void cmd_version(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
			unsigned arg)
{
	(void)arg;
	declare(s, l, 0, 0);
	kv_ascii_reply(s, c, l->n == 1 ? "VERSION " KV_VERSION "\r\n" : "ERROR\r\n");
}

static void cmd_quit(struct kv_server *s, struct kv_conn *c, const struct kv_line *l, unsigned arg)
{
	(void)arg;
	declare(s, l, 0, 0);
	if (l->n == 1)
		kv_close(c);
	else
		kv_ascii_reply(s, c, "ERROR\r\n");
}

static void cmd_stats(struct kv_server *s, struct kv_conn *c, const struct kv_line *l,
		      unsigned arg)
{
	(void)arg;
	declare(s, l, 0, 0);
	if (l->n == 1)
		kv_stats_ascii(s, c, (const uint8_t *)"", 0);
	else
		kv_stats_ascii(s, c, l->word[1], l->len[1]);
}

void kv_ascii_command(struct kv_server *s, struct kv_conn *c, const struct kv_line *l)
{
	static const struct {
		const char *name;
		void (*run)(struct kv_server *, struct kv_conn *, const struct kv_line *,
			    unsigned arg);
		unsigned arg;
	} commands[] = {
		{ "set", cmd_store, KV_SET }, { "add", cmd_store, KV_ADD },
		{ "replace", cmd_store, KV_REPLACE }, { "append", cmd_store, KV_APPEND },
		{ "prepend", cmd_store, KV_PREPEND }, { "cas", cmd_store, KV_CAS },
		{ "incr", cmd_delta, 1 }, { "decr", cmd_delta, 0 }, { "delete", cmd_delete, 0 },
		{ "touch", cmd_touch, 0 }, { "flush_all", cmd_flush_all, 0 },
		{ "verbosity", cmd_verbosity, 0 }, { "version", cmd_version, 0 },
		{ "stats", cmd_stats, 0 }, { "quit", cmd_quit, 0 },
	};

	for (size_t i = 0; i < ARRAY_LEN(commands); i++)
		if (kv_word_is(l, 0, commands[i].name)) {
			commands[i].run(s, c, l, commands[i].arg);
			return;
		}
	kv_ascii_reply(s, c, "ERROR\r\n");
}
