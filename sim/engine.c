/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the event queue: buckets for the near future, a heap for the rest
 *
 * Nearly every event (a frame's arrival, the end of a pass) is less than HORIZON away. It
 * goes into the bucket of its 64 ns, a list kept sorted from the back; a bitmap finds the
 * first bucket. Later events wait in an intrusive 4-ary heap. An event stays where it was
 * put; the next one is the smaller of the two fronts by (time, order). So where an event
 * waits never shows in the order of firing.
 */
#include "sim/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BUCKET_SHIFT = 6,
	BUCKETS = 512,		/* 32.768 us ahead of the clock */
	WORDS = BUCKETS / 64,
	AHEAD = 4,		/* buckets, from the hint to the event */
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
	uint64_t hinted;	/* buckets up to this one have been told; counted from time 0 */
	uint32_t words;		/* which words of map are not 0 */
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
	e->words |= BIT(i / 64);
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
			e->words &= ~BIT(i / 64);
	}
}

/* First event in the buckets, or NULL: circular search from the clock's own bucket. */
static inline struct event *bucket_first(const struct engine *e)
{
	uint32_t from = bucket_of(e->now), word = from / 64, later;
	uint64_t bits = e->map[word] & ~0ULL << from % 64;

	if (e->words == 0)
		return NULL;
	if (bits == 0) {
		later = e->words & ~1u << word;
		word = (uint32_t)__builtin_ctz(later != 0 ? later : e->words);
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

void engine_cancel(struct engine *e, struct event *ev)
{
	if (ev->pos == (uint32_t)IN_BUCKET)
		bucket_del(e, ev);
	else if (ev->pos != 0)
		heap_del(e, ev->pos - 1);
	ev->pos = 0;
}

void engine_at(struct engine *e, struct event *ev, nsec at)
{
	assert(at >= e->now && at != NSEC_NEVER);
	if (ev->pos != 0)
		engine_cancel(e, ev);
	ev->at = at;
	ev->order = e->order++;
	if (is_near(e, at))
		bucket_add(e, ev);
	else
		heap_add(e, ev);
}

static inline struct event *first(const struct engine *e)
{
	struct event *near = bucket_first(e);

	if (e->n > 0 && (near == NULL || before(e->heap[0], near)))
		return e->heap[0];
	return near;
}

nsec engine_next(const struct engine *e)
{
	const struct event *ev = first(e);

	return ev == NULL ? NSEC_NEVER : ev->at;
}

/* Tell the events of the buckets that have come within AHEAD. */
static inline void look_ahead(struct engine *e)
{
	uint64_t now = e->now >> BUCKET_SHIFT;

	if (likely(e->hinted == now + AHEAD))
		return;
	for (uint64_t i = MAX(e->hinted, now) + 1; i <= now + AHEAD; i++)
		for (struct event *ev = e->bucket[i % BUCKETS].head; ev != NULL; ev = ev->next)
			if (ev->soon != NULL)
				ev->soon(ev);
	e->hinted = now + AHEAD;
}

uint64_t engine_run(struct engine *e, nsec until)
{
	struct event *ev, *next;
	uint64_t n = 0;

	e->stop = false;
	while (!e->stop && (ev = first(e)) != NULL && ev->at <= until) {
		engine_cancel(e, ev);
		next = first(e);
		if (next != NULL && next->warm != NULL)
			next->warm(next);
		e->now = ev->at;
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
