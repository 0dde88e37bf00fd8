/* SPDX-License-Identifier: MIT */
/*
 * kv_bed.h - the memcached server between two arrays: sessions as bytes in, bytes out
 *
 * kv_bed_init() starts the server of one thread with knobs as "name", value pairs set by
 * kv_bed_set() before; kv_bed_open() is a client, kv_bed_put() gives the server a piece of its
 * stream, out[] of the client is all it was sent. Broken promises of either side abort: received
 * bytes given back once and not more, sent bytes unchanged until they are acknowledged and
 * inside the window of the application. A client may stall: it acknowledges nothing and takes
 * `room` bytes.
 */
#ifndef TESTS_UNIT_KV_BED_H
#define TESTS_UNIT_KV_BED_H

#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>

#include "ix/ixev.h"
#include "workloads/app.h"
#include "workloads/kv.h"

enum { BED_CONNS = 8, BED_EVENTS = 256, BED_CALLS = 64, BED_PASSES = 100000 };

#define BED_CHECK(x) \
	do { \
		if (!(x)) { \
			fprintf(stderr, "%s:%d: %s\n", __FILE__, __LINE__, #x); \
			abort(); \
		} \
	} while (0)

/* Memory of the application that is being sent, and as it was. */
struct bed_sent {
	struct bed_sent *next;
	const uint8_t *src;
	uint8_t *copy;
	size_t len;
};

struct bed_frame {
	struct bed_frame *next;
	size_t len, done;
	uint8_t *bytes;
};

struct bed_conn {
	bool used, known, closed, reset, dead, stalled, starved, eof;
	uint64_t handle, cookie;
	size_t room;			/* stalled: bytes it still takes */
	uint8_t *out;
	size_t n_out, out_cap;
	struct bed_sent *sent, **sent_tail;
	struct bed_frame *frames, **frames_tail;
	size_t held;			/* bytes the server has not given back */
};

static struct kv_bed {
	struct ix_page page;
	struct ix_event events[BED_EVENTS];
	struct ix_call calls[BED_CALLS];
	uint32_t objects[BED_EVENTS];
	struct app_env env;
	union {
		unsigned char bytes[1024];
		uint64_t align;
	} cfg;
	uint8_t *win;
	size_t win_len;
	struct kv_server *app;
	struct ixev *ev;
	uint64_t now_ns, next_handle;
	struct bed_conn conn[BED_CONNS];
	uint64_t requests, updates;	/* declared */
} kb;

static inline void kv_bed_set(const char *name, uint64_t v)
{
	const struct app_ops *o = &kv_server_ops;

	for (size_t i = 0; i < o->n_knobs; i++)
		if (strcmp(o->knobs[i].name, name) == 0) {
			BED_CHECK(knob_set(&o->knobs[i], kb.cfg.bytes, v) == 0);
			return;
		}
	BED_CHECK(false);	/* no such knob */
}

/* Before kv_bed_set() and kv_bed_start(). */
static inline void kv_bed_init(void)
{
	memset(&kb, 0, sizeof(kb));
	knob_defaults(kv_server_ops.knobs, kv_server_ops.n_knobs, kb.cfg.bytes);
	kv_bed_set("memory_limit", 4 << 20);
	kv_bed_set("conns_max", BED_CONNS);
	kv_bed_set("hash_power", 8);
	kv_bed_set("frames", 64);
	kb.now_ns = 5 * NSEC_PER_SEC;
	kb.page = (struct ix_page){ .events = kb.events, .calls = kb.calls,
				    .max_events = BED_EVENTS, .max_calls = BED_CALLS,
				    .objects = kb.objects, .max_objects = BED_EVENTS };
	kb.env = (struct app_env){ .max_calls = BED_CALLS, .seed = 7, .n = 1, .threads = 1,
				   .stop_ns = UINT64_MAX };
}

static inline void kv_bed_start(void)
{
	size_t shared = ALIGN_UP(kv_server_ops.shared_need(kb.cfg.bytes, &kb.env),
				 (size_t)CACHE_LINE);
	char err[256] = "";

	kb.env.mem_len = kv_server_ops.mem_need(kb.cfg.bytes, &kb.env);
	kb.win_len = shared + kb.env.mem_len;
	kb.win = mmap(NULL, kb.win_len, PROT_READ | PROT_WRITE,
		      MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, -1, 0);
	BED_CHECK(kb.win != MAP_FAILED);
	kb.env.shared = kb.win;
	kb.env.mem = kb.win + shared;
	kb.app = kv_server_ops.start(kb.cfg.bytes, &kb.env, err, sizeof(err));
	if (!kb.app)
		fprintf(stderr, "start: %s\n", err);
	BED_CHECK(kb.app);
	kb.ev = kv_server_ops.ev(kb.app);
}

static inline void bed_event(struct ix_event e)
{
	BED_CHECK(kb.page.n_events < BED_EVENTS);
	kb.events[kb.page.n_events++] = e;
}

static inline struct bed_conn *bed_find(uint64_t handle)
{
	for (struct bed_conn *c = kb.conn; c < kb.conn + BED_CONNS; c++)
		if (c->used && !c->closed && c->handle == handle)
			return c;
	return NULL;
}

/* ---- calls ---- */

static inline int64_t bed_sendv(struct bed_conn *c, const struct ix_call *call)
{
	const struct ix_sg *sg = (const struct ix_sg *)(uintptr_t)call->sg;
	size_t took = 0;

	for (uint32_t i = 0; i < call->n; i++) {
		const uint8_t *p = (const uint8_t *)(uintptr_t)sg[i].addr;
		size_t len = sg[i].len;
		struct bed_sent *s;

		BED_CHECK(p >= kb.win && len >= 1 && p + len <= kb.win + kb.win_len);
		if (c->stalled && len > c->room)
			len = c->room;
		if (len == 0)
			break;
		c->room -= c->stalled ? len : 0;
		if (c->n_out + len > c->out_cap) {
			c->out_cap = (c->n_out + len) * 2;
			c->out = realloc(c->out, c->out_cap);
			BED_CHECK(c->out);
		}
		memcpy(c->out + c->n_out, p, len);
		c->n_out += len;
		s = malloc(sizeof(*s));
		BED_CHECK(s);
		*s = (struct bed_sent){ .src = p, .copy = malloc(len), .len = len };
		BED_CHECK(s->copy);
		memcpy(s->copy, p, len);
		*c->sent_tail = s;
		c->sent_tail = &s->next;
		took += len;
		if (len < sg[i].len)
			break;
	}
	c->starved = c->stalled && c->room == 0;
	return (int64_t)took;
}

static inline void bed_frames_free(struct bed_conn *c)
{
	while (c->frames) {
		struct bed_frame *f = c->frames;

		c->frames = f->next;
		free(f->bytes);
		free(f);
	}
	c->frames_tail = &c->frames;
	c->held = 0;
}

static inline void bed_recv_done(struct bed_conn *c, uint64_t bytes)
{
	BED_CHECK(bytes >= 1 && bytes <= c->held);
	c->held -= bytes;
	while (bytes > 0) {
		struct bed_frame *f = c->frames;
		size_t n = MIN(bytes, f->len - f->done);

		f->done += n;
		bytes -= n;
		if (f->done < f->len)
			break;
		c->frames = f->next;
		if (!c->frames)
			c->frames_tail = &c->frames;
		free(f->bytes);
		free(f);
	}
}

static inline void bed_call(struct ix_call *call)
{
	struct bed_conn *c = bed_find(call->handle);
	int64_t ret = 0;

	switch (call->nr) {
	case IX_CALL_ACCEPT:
		BED_CHECK(c && !c->known);
		c->known = true;
		c->cookie = call->new_cookie;
		break;
	case IX_CALL_SENDV:
		BED_CHECK(c && c->known);
		ret = bed_sendv(c, call);
		break;
	case IX_CALL_RECV_DONE:
		BED_CHECK(c && c->known);
		bed_recv_done(c, call->bytes);
		break;
	case IX_CALL_CLOSE:
		BED_CHECK(c);
		c->closed = true;
		c->reset = call->n == IX_CLOSE_RST;
		if (!c->known)		/* a knock that was refused */
			c->dead = true;
		bed_frames_free(c);
		break;
	default:	/* the library's timer */
		ret = 1;
	}
	call->ret = ret;
}

/* ---- passes ---- */

/* Acknowledge all that was sent; what it named must be as it was. */
static inline void bed_ack(struct bed_conn *c)
{
	uint64_t bytes = 0;

	if (c->stalled)
		return;
	while (c->sent) {
		struct bed_sent *s = c->sent;

		BED_CHECK(memcmp(s->src, s->copy, s->len) == 0);
		bytes += s->len;
		c->sent = s->next;
		free(s->copy);
		free(s);
	}
	c->sent_tail = &c->sent;
	if (bytes > 0 || c->starved)
		bed_event((struct ix_event){ .nr = IX_EV_SENT, .window = 1 << 20,
					     .cookie = c->cookie, .bytes = bytes });
	c->starved = false;
}

static inline void bed_dead(struct bed_conn *c, enum ix_dead_reason why)
{
	bed_frames_free(c);
	while (c->sent) {
		struct bed_sent *s = c->sent;

		c->sent = s->next;
		free(s->copy);
		free(s);
	}
	c->sent_tail = &c->sent;
	c->dead = c->closed = true;
	bed_event((struct ix_event){ .nr = IX_EV_DEAD, .reason = why, .cookie = c->cookie });
}

/* Enter the server with what is queued, and run its calls. */
static inline void kv_bed_pass(void)
{
	for (struct bed_conn *c = kb.conn; c < kb.conn + BED_CONNS; c++) {
		if (!c->used || !c->known || c->dead)
			continue;
		bed_ack(c);
		if (c->closed && (c->reset || !c->sent))
			bed_dead(c, c->reset ? IX_DEAD_ABORTED : IX_DEAD_CLOSED);
	}
	kb.page.now_ns = kb.now_ns;
	kb.page.app_requests = kb.page.app_updates = kb.page.app_bytes = 0;
	kb.page.n_objects = 0;
	ixev_run(kb.ev, &kb.page);
	kb.requests += kb.page.app_requests;
	kb.updates += kb.page.app_updates;
	kb.page.n_events = 0;
	for (uint32_t i = 0; i < kb.page.n_calls; i++)
		bed_call(&kb.calls[i]);
	kb.now_ns += 1000;
}

/** Until nothing moves any more. */
static inline void kv_bed_settle(void)
{
	for (int i = 0; i < BED_PASSES; i++) {
		bool busy = false;

		kv_bed_pass();
		for (struct bed_conn *c = kb.conn; c < kb.conn + BED_CONNS; c++)
			busy |= c->used && c->known && !c->dead &&
				(((c->sent || c->starved) && !c->stalled) || c->closed);
		if (!busy && kb.page.n_calls == 0)
			return;
	}
	BED_CHECK(false);	/* it does not settle */
}

/** Client @i, which is not open. */
static inline void kv_bed_open_at(int i)
{
	BED_CHECK(i < BED_CONNS && !kb.conn[i].used);
	kb.conn[i] = (struct bed_conn){ .used = true, .handle = 1ULL << 32 | ++kb.next_handle };
	kb.conn[i].sent_tail = &kb.conn[i].sent;
	kb.conn[i].frames_tail = &kb.conn[i].frames;
	bed_event((struct ix_event){ .nr = IX_EV_KNOCK, .handle = kb.conn[i].handle });
	kv_bed_pass();
}

/** A client; its index. */
static inline int kv_bed_open(void)
{
	int i = 0;

	while (i < BED_CONNS && kb.conn[i].used)
		i++;
	kv_bed_open_at(i);
	return i;
}

/** @n bytes of client @i's stream, as one piece, in a block of their own. */
static inline void kv_bed_put(int i, const void *p, size_t n)
{
	struct bed_conn *c = &kb.conn[i];
	struct bed_frame *f;

	if (c->closed || n == 0)
		return;
	f = malloc(sizeof(*f));
	BED_CHECK(f);
	*f = (struct bed_frame){ .len = n, .bytes = malloc(n) };
	BED_CHECK(f->bytes);
	memcpy(f->bytes, p, n);
	*c->frames_tail = f;
	c->frames_tail = &f->next;
	c->held += n;
	bed_event((struct ix_event){ .nr = IX_EV_RECV, .len = (uint32_t)n, .cookie = c->cookie,
				     .ptr = (uintptr_t)f->bytes });
	kv_bed_pass();
}

/** A session from start to end on a server of its own: the client sends @in[@n] in pieces of
 * @first, then @rest bytes (0: all). Returns what it was sent, to be freed; *@closed: the server
 * ended it. */
static inline uint8_t *kv_bed_session(const uint8_t *in, size_t n, size_t first, size_t rest,
				      size_t *n_out, bool *closed);

/** FIN of client @i. */
static inline void kv_bed_eof(int i)
{
	if (kb.conn[i].closed)
		return;
	kb.conn[i].eof = true;
	bed_event((struct ix_event){ .nr = IX_EV_RECV, .cookie = kb.conn[i].cookie });
	kv_bed_pass();
}

/** Client @i is gone, and may be opened anew. */
static inline void kv_bed_kill(int i)
{
	struct bed_conn *c = &kb.conn[i];

	if (c->known && !c->dead) {
		bed_dead(c, IX_DEAD_RESET);
		kv_bed_pass();
	}
	free(c->out);
	bed_frames_free(c);
	*c = (struct bed_conn){ 0 };
}

/** Everything must have come back to the server. */
static inline void kv_bed_end(void)
{
	for (int i = 0; i < BED_CONNS; i++)
		if (kb.conn[i].used)
			kv_bed_kill(i);
	BED_CHECK(kb.app->served.open == 0);
	BED_CHECK(kb.app->chunks_left == kb.app->chunks_n);
	for (uint32_t i = 0; i < kb.app->st->n_classes; i++) {
		const struct kv_class *k = &kb.app->st->cls[i];

		BED_CHECK(k->n_items + k->n_free + k->n_fresh == k->pages * k->per_page);
	}
	munmap(kb.win, kb.win_len);
}

static inline uint8_t *kv_bed_session(const uint8_t *in, size_t n, size_t first, size_t rest,
				      size_t *n_out, bool *closed)
{
	struct bed_conn *c = &kb.conn[0];
	uint8_t *out;

	kv_bed_init();
	kv_bed_start();
	BED_CHECK(kv_bed_open() == 0);
	for (size_t at = 0, len; at < n; at += len) {
		len = at == 0 && first > 0 ? first : rest > 0 ? rest : n - at;
		len = MIN(len, n - at);
		kv_bed_put(0, in + at, len);
		if (rest == 1)
			kv_bed_pass();
	}
	kv_bed_settle();
	*n_out = c->n_out;
	*closed = c->closed;
	out = c->out;
	c->out = NULL;
	kv_bed_end();
	return out;
}

#endif
