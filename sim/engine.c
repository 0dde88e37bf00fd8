/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the event queue: buckets for the near future, a heap for the rest
 *
 * Nearly every event (a frame's arrival, the end of a pass) is less than 262 us away. It goes
 * into the bucket of its 64 ns, a list kept sorted from the back; a bitmap finds the first
 * bucket. Later events wait in an intrusive 4-ary heap until they are due soon. The next one
 * is the smaller of the two fronts by (time, order), so where an event waits never shows in
 * the order of firing. It is remembered: it is looked for once an event is taken, and whatever
 * is scheduled before it takes its place.
 */
#include "sim/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BUCKET_SHIFT = 6,
	BUCKETS = 4096,		/* 262.144 us ahead of the clock */
	WORDS = BUCKETS / 64,
	SOON = 6, NEAR = 3,	/* buckets, from a hint to the event */
	ARITY = 4,
	CAP_INITIAL = 256,
	IN_BUCKET = -1,		/* event.pos; otherwise heap position + 1 */
};

struct bucket {
	struct event *head, *tail;
};

struct engine {
	nsec now;
	uint64_t order;		/* of the next scheduling */
	uint64_t hash;
	bool stop;
	struct event *first;	/* NULL: not known */
	uint64_t soon;		/* buckets up to this one have been told; counted from time 0 */
	uint64_t words;		/* which words of map are not 0 */
	uint64_t map[WORDS];	/* which buckets are not empty */
	struct bucket bucket[BUCKETS];
	struct event **heap;
	uint32_t n, cap;
};

static inline bool before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static inline uint32_t bucket_of(nsec at)
{
	return (uint32_t)(at >> BUCKET_SHIFT) % BUCKETS;
}

static inline bool is_near(const struct engine *e, nsec at)
{
	return (at >> BUCKET_SHIFT) - (e->now >> BUCKET_SHIFT) < BUCKETS;
}

static inline void bucket_add(struct engine *e, struct event *ev)
{
	uint32_t i = bucket_of(ev->at);
	struct bucket *b = &e->bucket[i];
	struct event *prev = b->tail;

	while (prev != NULL && before(ev, prev))
		prev = prev->prev;
	ev->prev = prev;
	ev->next = prev != NULL ? prev->next : b->head;
	*(ev->next != NULL ? &ev->next->prev : &b->tail) = ev;
	*(prev != NULL ? &prev->next : &b->head) = ev;
	ev->pos = (uint32_t)IN_BUCKET;
	e->map[i / 64] |= 1ULL << i % 64;
	e->words |= 1ULL << i / 64;
}

static inline void bucket_del(struct engine *e, struct event *ev)
{
	uint32_t i = bucket_of(ev->at);
	struct bucket *b = &e->bucket[i];

	*(ev->prev != NULL ? &ev->prev->next : &b->head) = ev->next;
	*(ev->next != NULL ? &ev->next->prev : &b->tail) = ev->prev;
	if (b->head == NULL) {
		e->map[i / 64] &= ~(1ULL << i % 64);
		if (e->map[i / 64] == 0)
			e->words &= ~(1ULL << i / 64);
	}
}

/* First event in the buckets, or NULL: circular search from the clock's own bucket. */
static inline struct event *bucket_first(const struct engine *e)
{
	uint32_t from = bucket_of(e->now), word = from / 64;
	uint64_t later, bits = e->map[word] & ~0ULL << from % 64;

	if (e->words == 0)
		return NULL;
	if (bits == 0) {
		later = e->words & ~1ULL << word;
		word = (uint32_t)__builtin_ctzll(later != 0 ? later : e->words);
		bits = e->map[word];
	}
	return e->bucket[word * 64 + (uint32_t)__builtin_ctzll(bits)].head;
}

static inline void place(struct engine *e, uint32_t i, struct event *ev)
{
	e->heap[i] = ev;
	ev->pos = i + 1;
}

static void sift_up(struct engine *e, uint32_t i, struct event *ev)
{
	for (; i > 0 && before(ev, e->heap[(i - 1) / ARITY]); i = (i - 1) / ARITY)
		place(e, i, e->heap[(i - 1) / ARITY]);
	place(e, i, ev);
}

static void sift_down(struct engine *e, uint32_t i, struct event *ev)
{
	for (;;) {
		uint32_t first = i * ARITY + 1, end = MIN(first + ARITY, e->n), least = first;

		for (uint32_t c = first + 1; c < end; c++) {
			if (before(e->heap[c], e->heap[least]))
				least = c;
		}
		if (first >= e->n || before(ev, e->heap[least]))
			break;
		place(e, i, e->heap[least]);
		i = least;
	}
	place(e, i, ev);
}

static void heap_add(struct engine *e, struct event *ev)
{
	if (unlikely(e->n == e->cap)) {
		struct event **heap = realloc(e->heap, e->cap * 2 * sizeof(*heap));

		if (heap == NULL) {
			fprintf(stderr, "ix: no memory for more than %u events; run fewer hosts "
				"at once\n", e->cap);
			abort();
		}
		e->heap = heap;
		e->cap *= 2;
	}
	sift_up(e, e->n++, ev);
}

static void heap_del(struct engine *e, uint32_t i)
{
	struct event *last = e->heap[--e->n];

	if (i == e->n)
		return;
	if (i > 0 && before(last, e->heap[(i - 1) / ARITY]))
		sift_up(e, i, last);
	else
		sift_down(e, i, last);
}

struct engine *engine_new(void)
{
	struct engine *e = calloc(1, sizeof(*e));

	if (e == NULL)
		return NULL;
	e->cap = CAP_INITIAL;
	e->soon = SOON;
	e->heap = calloc(e->cap, sizeof(*e->heap));
	if (e->heap == NULL) {
		free(e);
		return NULL;
	}
	return e;
}

void engine_free(struct engine *e)
{
	if (e == NULL)
		return;
	free(e->heap);
	free(e);
}

nsec engine_now(const struct engine *e)
{
	return e->now;
}

uint64_t engine_hash(const struct engine *e)
{
	return e->hash;
}

static inline void take(struct engine *e, struct event *ev)
{
	if (likely(ev->pos == (uint32_t)IN_BUCKET))
		bucket_del(e, ev);
	else
		heap_del(e, ev->pos - 1);
	ev->pos = 0;
}

void engine_cancel(struct engine *e, struct event *ev)
{
	if (ev->pos == 0)
		return;
	if (ev == e->first)
		e->first = NULL;
	take(e, ev);
}

/* What an event has missed that goes into a bucket whose events have been told. */
static inline void tell_late(const struct engine *e, struct event *ev)
{
	uint64_t bucket = ev->at >> BUCKET_SHIFT;

	if (bucket > e->soon || ev->hints == NULL)
		return;
	ev->hints->soon(ev);
	if (bucket <= e->soon - (SOON - NEAR))
		ev->hints->near(ev);
	if (ev == e->first)
		ev->hints->next(ev);
}

void engine_at(struct engine *e, struct event *ev, nsec at)
{
	assert(at >= e->now && at != NSEC_NEVER);
	engine_cancel(e, ev);
	ev->at = at;
	ev->order = e->order++;
	if (likely(is_near(e, at)))
		bucket_add(e, ev);
	else
		heap_add(e, ev);
	if (e->first != NULL && at < e->first->at)
		e->first = ev;
	tell_late(e, ev);
}

static inline struct event *first(struct engine *e)
{
	struct event *near;

	if (e->first != NULL)
		return e->first;
	near = bucket_first(e);
	if (e->n > 0 && (near == NULL || before(e->heap[0], near)))
		near = e->heap[0];
	e->first = near;
	return near;
}

nsec engine_next(struct engine *e)
{
	const struct event *ev = first(e);

	return ev == NULL ? NSEC_NEVER : ev->at;
}

/* Tell the events of the buckets that have come within SOON, and those SOON - NEAR before them. */
static inline void look_ahead(struct engine *e)
{
	uint64_t now = e->now >> BUCKET_SHIFT;

	while (e->n > 0 && e->heap[0]->at >> BUCKET_SHIFT <= now + SOON) {
		struct event *ev = e->heap[0];

		heap_del(e, 0);
		bucket_add(e, ev);
	}
	for (uint64_t i = MAX(e->soon, now) + 1; i <= now + SOON; i++) {
		struct event *ev = e->bucket[i % BUCKETS].head;

		for (; ev != NULL; ev = ev->next)
			if (ev->hints != NULL)
				ev->hints->soon(ev);
		ev = e->bucket[(i - (SOON - NEAR)) % BUCKETS].head;
		for (; ev != NULL; ev = ev->next)
			if (ev->hints != NULL)
				ev->hints->near(ev);
	}
	e->soon = now + SOON;
}

uint64_t engine_run(struct engine *e, nsec until)
{
	struct event *ev, *next;
	uint64_t n = 0;

	e->stop = false;
	while (!e->stop && (ev = first(e)) != NULL && ev->at <= until) {
		take(e, ev);
		e->now = ev->at;
		e->first = NULL;
		next = first(e);
		if (next != NULL && next->hints != NULL)
			next->hints->next(next);
		look_ahead(e);
		e->hash = (e->hash ^ e->now) * 0x9e3779b97f4a7c15ULL;
		ev->fire(ev, e->now);
		n++;
	}
	if (!e->stop && until != NSEC_NEVER)
		e->now = MAX(e->now, until);
	return n;
}

void engine_stop(struct engine *e)
{
	e->stop = true;
}
