/* SPDX-License-Identifier: MIT */
/*
 * kv_load_bed.h - a store that answers GET and SET of a key-value load, right or as told wrong
 *
 * Enough of memcached's protocols for the requests of kv_ask.c: keys are numbers, values are
 * compared with what they must be and made again when asked for. kv_store tells what it saw
 * and says how to answer.
 */
#ifndef TESTS_UNIT_KV_LOAD_BED_H
#define TESTS_UNIT_KV_LOAD_BED_H

#include "tests/unit/app_bed.h"
#include "workloads/kv_dist.h"

enum kv_lie {
	LIE_NONE, LIE_OPAQUE, LIE_MAGIC, LIE_LENGTH, LIE_SHORT_VALUE, LIE_WRONG_VALUE, LIE_ERROR,
	LIE_UNASKED, LIE_CLOSE, LIE_SILENT, LIE_NR
};

enum { STORE_CONNS = 64, STORE_RECORDS = 5000, STORE_IN = 1200 << 10, STORE_REFS = 256 };

struct store_out {
	struct ixev_ref ref;
	uint8_t *bytes;
};

struct store_conn {
	struct ixev_ctx ctx;
	bool used, shut;
	uint8_t *in;
	uint32_t n_in;
	struct store_out out[STORE_REFS];
	uint32_t n_out, n_released;
};

static struct kv_store {
	struct ixev *ev;
	struct kv_dist dist;
	bool has[STORE_RECORDS];
	uint32_t last;				/* record of the last request */
	enum kv_lie lie;
	uint32_t lie_every;			/* so many answers, one is a lie */
	uint32_t n, n_gets, n_sets, n_lies;
	uint32_t bad_requests, bad_values;
	uint32_t times[STORE_RECORDS];		/* asked for */
	struct store_conn conn[STORE_CONNS];
} kvs;

static inline void store_released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	struct store_conn *c = (struct store_conn *)(void *)ctx;

	free(((struct store_out *)(void *)ref)->bytes);
	c->n_released++;
}

static inline void store_send(struct store_conn *c, const void *p, uint32_t len)
{
	struct store_out *o = &c->out[c->n_out++ % STORE_REFS];

	CU_ASSERT_FATAL(c->n_out - c->n_released <= STORE_REFS);
	o->bytes = malloc(len);
	memcpy(o->bytes, p, len);
	o->ref = (struct ixev_ref){ .addr = o->bytes, .len = len, .release = store_released };
	ixev_send(&c->ctx, &o->ref);
}

/* The record of a key, and whether it is that record's. */
static inline uint32_t store_record(const uint8_t *key, uint32_t len)
{
	char want[KV_KEY_MAX], text[KV_KEY_MAX + 1] = "";
	uint32_t r;

	memcpy(text, key, len);
	r = (uint32_t)strtoul(text, NULL, 10);
	if (r >= STORE_RECORDS || kv_dist_key(&kvs.dist, r, want) != len ||
	    memcmp(key, want, len) != 0) {
		kvs.bad_requests++;
		r = 0;
	}
	kvs.last = r;
	kvs.times[r]++;
	return r;
}

static inline void store_set(uint32_t r, const uint8_t *v, uint32_t len)
{
	bool bad = len != kv_dist_value_len(&kvs.dist, r);

	for (uint32_t j = 0; j < len; j++)
		bad |= v[j] != kv_value_byte(r, j);
	kvs.bad_values += bad;
	kvs.has[r] = true;
	kvs.n_sets++;
}

static inline bool store_lies(enum kv_lie lie)
{
	return kvs.lie == lie && kvs.lie_every && kvs.n % kvs.lie_every == 0;
}

/* The value of @r, as long as it says. */
static inline uint32_t store_value(uint32_t r, uint8_t *v)
{
	uint32_t len = kv_dist_value_len(&kvs.dist, r);

	for (uint32_t j = 0; j < len; j++)
		v[j] = kv_value_byte(r, j);
	if (len && store_lies(LIE_WRONG_VALUE))
		v[len / 2] ^= 0x55;
	return len && store_lies(LIE_SHORT_VALUE) ? len - 1 : len;
}

static inline void store_bin_answer(struct store_conn *c, const uint8_t *h, bool hit, uint32_t r)
{
	static uint8_t a[28 + STORE_IN];
	uint32_t body = 0, status = 0;

	memset(a, 0, 28);
	if (h[1] == 0 && hit)
		body = 4 + store_value(r, a + 28);
	else if (h[1] == 0)
		status = 1;
	if (store_lies(LIE_ERROR)) {
		status = 0x82;
		body = 0;
	}
	a[0] = store_lies(LIE_MAGIC) ? 0x80 : 0x81;
	a[1] = h[1];
	a[4] = body ? 4 : 0;
	be16_store(a + 6, (uint16_t)status);
	be32_store(a + 8, store_lies(LIE_LENGTH) ? 0xffffff : body);
	be32_store(a + 12, be32_load(h + 12) + store_lies(LIE_OPAQUE));
	store_send(c, a, 24 + body);
}

/* The size of the request at @p[@n], answered; 0 while it is not whole. */
static inline uint32_t store_bin(struct store_conn *c, const uint8_t *p, uint32_t n)
{
	uint32_t key, extras, body, r;

	if (n < 24 || n < 24 + be32_load(p + 8))
		return 0;
	key = be16_load(p + 2);
	extras = p[4];
	body = be32_load(p + 8);
	kvs.bad_requests += p[0] != 0x80 || p[1] > 1 || extras != (p[1] ? 8 : 0) ||
			    body < key + extras || key > KV_KEY_MAX || (p[1] == 0 && body != key);
	r = store_record(p + 24 + extras, key);
	kvs.n++;
	if (p[1] == 1)
		store_set(r, p + 24 + extras + key, body - key - extras);
	else
		kvs.n_gets++;
	if (!store_lies(LIE_SILENT))
		store_bin_answer(c, p, kvs.has[r], r);
	return 24 + body;
}

static inline void store_get_ascii(struct store_conn *c, uint32_t r)
{
	static char a[400 + STORE_IN];
	char key[KV_KEY_MAX];
	uint32_t len;
	int n = 0;

	if (kvs.has[r]) {
		static uint8_t v[STORE_IN];

		len = store_value(r, v);
		n = (int)kv_dist_key(&kvs.dist, r, key);
		n = sprintf(a, "VALUE %.*s 0 %u\r\n", n, key, len);
		memcpy(a + n, v, len);
		n += (int)len;
		n += sprintf(a + n, "\r\n");
	}
	n += sprintf(a + n, "END\r\n");
	store_send(c, a, (uint32_t)n);
}

static inline uint32_t store_ascii(struct store_conn *c, const uint8_t *p, uint32_t n)
{
	const uint8_t *nl = memchr(p, '\n', n), *sp;
	uint32_t line, len, r;

	if (!nl)
		return 0;
	line = (uint32_t)(nl - p) + 1;
	sp = memchr(p + 4, memcmp(p, "set ", 4) == 0 ? ' ' : '\r', line - 4);
	if (!sp || (memcmp(p, "set ", 4) != 0 && memcmp(p, "get ", 4) != 0)) {
		kvs.bad_requests++;
		return line;
	}
	len = p[0] == 's' ? (uint32_t)strtoul((const char *)sp + 5, NULL, 10) + 2 : 0;
	if (n < line + len)
		return 0;
	r = store_record(p + 4, (uint32_t)(sp - p) - 4);
	kvs.n++;
	if (p[0] == 's') {
		kvs.bad_requests += memcmp(p + line + len - 2, "\r\n", 2) != 0;
		store_set(r, p + line, len - 2);
	} else {
		kvs.n_gets++;
	}
	if (store_lies(LIE_ERROR))
		store_send(c, "SERVER_ERROR out of memory\r\n", 28);
	else if (store_lies(LIE_MAGIC))
		store_send(c, "HELLO\r\n", 7);
	else if (p[0] == 's')
		store_send(c, "STORED\r\n", 8);
	else
		store_get_ascii(c, r);
	return line + len;
}

static inline void store_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct store_conn *c = (struct store_conn *)(void *)ctx;
	uint32_t at = 0, n;

	CU_ASSERT_FATAL(c->n_in + len <= STORE_IN);
	memcpy(c->in + c->n_in, p, len);
	c->n_in += len;
	ixev_recv_done(ctx, len);
	while (!c->shut && at < c->n_in) {
		n = c->in[at] == 0x80 ? store_bin(c, c->in + at, c->n_in - at) :
					store_ascii(c, c->in + at, c->n_in - at);
		if (n == 0)
			break;
		at += n;
		if (store_lies(LIE_UNASKED))
			store_send(c, "\x81surprise", 9);
		if (store_lies(LIE_CLOSE)) {
			c->shut = true;
			ixev_close(ctx, kvs.n % 2 ? IX_CLOSE_FIN : IX_CLOSE_RST);
		}
		kvs.n_lies += kvs.lie && kvs.lie_every && kvs.n % kvs.lie_every == 0;
	}
	memmove(c->in, c->in + at, c->n_in - at);
	c->n_in -= at;
}

static inline void store_eof(struct ixev_ctx *ctx)
{
	ixev_close(ctx, IX_CLOSE_FIN);
}

static inline void store_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct store_conn *c = (struct store_conn *)(void *)ctx;

	(void)reason;
	free(c->in);
	c->used = false;
}

static inline struct ixev_ctx *store_knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	static const struct ixev_conn_ops ops = { .recv = store_recv, .eof = store_eof,
						  .dead = store_dead };

	(void)app;
	(void)ev;
	(void)from;
	for (struct store_conn *c = kvs.conn; c < kvs.conn + STORE_CONNS; c++)
		if (!c->used) {
			memset(c, 0, sizeof(*c));
			c->used = true;
			c->in = malloc(STORE_IN);
			ixev_ctx_init(&c->ctx, &ops);
			return &c->ctx;
		}
	return NULL;
}

static inline size_t store_mem_need(const void *cfg, const struct app_env *env)
{
	(void)cfg;
	return ixev_bytes(env->max_calls);
}

static inline void *store_start(const void *cfg, const struct app_env *env, char *err, size_t len)
{
	static const struct ixev_ops ops = { .knock = store_knock };

	(void)cfg;
	(void)err;
	(void)len;
	kvs.ev = ixev_init(env->mem, env->max_calls, &ops, &kvs);
	return &kvs;
}

static inline struct ixev *store_ev(void *app)
{
	return ((struct kv_store *)app)->ev;
}

static inline void store_report(void *app, struct app_report *r)
{
	(void)app;
	memset(r, 0, sizeof(*r));
}

static const struct app_ops store_ops = {
	.name = "kv-store", .doc = "answers a key-value load in tests", .mem_need = store_mem_need,
	.start = store_start, .ev = store_ev, .report = store_report,
};

/** The load on the store, which has every record if @full. Knobs may be set until bed_start(). */
static inline void bed_kv(enum kv_preset preset, uint32_t records, bool full)
{
	bed_cfg("kv-client", "echo");
	b.ops[1] = &store_ops;
	memset(&kvs, 0, sizeof(kvs));
	kv_dist_init(&kvs.dist, preset, records, KV_SEED);
	memset(kvs.has, full, sizeof(kvs.has));
	bed_set(0, "preset", preset);
	bed_set(0, "records", records);
	bed_set(0, "connections", 4);
	bed_set(0, "connect_ramp", 0);
}

#endif
