/* SPDX-License-Identifier: MIT */
/*
 * engine.c - the event queue: buckets for the near future, a heap for the rest
 *
 * Nearly every event (a frame's arrival, the end of a pass) is less than 524 us away. It goes
 * into the bucket of its 128 ns, a list kept sorted from the back; a bitmap finds the first
 * bucket. Later events wait in an intrusive 4-ary heap until they are due soon. The first one
 * is the smaller of the two fronts by (time, order), so where an event waits never shows in
 * the order of firing. It is always known: it is looked for once an event is taken, and whatever
 * is scheduled before it takes its place. One that never comes lies in the heap, so that there
 * always is a first.
 */
#include "sim/engine.h"

#include <stdio.h>
#include <stdlib.h>

enum {
	BUCKET_SHIFT = 7,
	BUCKETS = 4096,		/* 524.288 us ahead of the clock */
	WORDS = BUCKETS / 64,
	SOON = 3, NEAR = 2,	/* buckets, from a hint to the event */
	ARITY = 4,
	CAP_INITIAL = 256,
	IN_BUCKET = -1,		/* event.pos; otherwise heap position + 1 */
};

struct engine {
	nsec now;
	uint64_t order;		/* of the next scheduling */
	uint64_t hash;
	bool stop;
	struct event *first;	/* of all that wait */
	uint64_t soon;		/* buckets up to this one have been told; counted from time 0 */
	uint64_t words;		/* which words of map are not 0 */
	uint64_t map[WORDS];	/* which buckets are not empty */
	struct list bucket[BUCKETS];
	struct event **heap;
	uint32_t n, cap;
	struct event never;	/* in the heap, behind all others */
};

static inline bool before(const struct event *a, const struct event *b)
{
	return a->at < b->at || (a->at == b->at && a->order < b->order);
}

static inline uint64_t bucket_of(nsec at)
{
	return (at >> BUCKET_SHIFT) % BUCKETS;
}

/* In buckets from the clock's on; e->soon may be behind, but never ahead. */
static inline bool is_near(const struct engine *e, nsec at)
{
	return at >> BUCKET_SHIFT < e->soon - SOON + BUCKETS;
}

static inline struct event *event_of(struct list *node)
{
	return container_of(node, struct event, node);
}

static inline void bucket_add(struct engine *e, struct event *ev)
{
	uint64_t i = bucket_of(ev->at);
	struct list *b = &e->bucket[i], *prev = b->prev;

	if (prev == b) {
		e->map[i / 64] |= 1ULL << i % 64;
		e->words |= 1ULL << i / 64;
	}
	while (prev != b && before(ev, event_of(prev)))
		prev = prev->prev;
	ev->node.prev = prev;
	ev->node.next = prev->next;
	prev->next->prev = &ev->node;
	prev->next = &ev->node;
	ev->pos = (uint32_t)IN_BUCKET;
}

static inline void bucket_del(struct engine *e, struct event *ev)
{
	struct list *prev = ev->node.prev, *next = ev->node.next;
	uint64_t i = bucket_of(ev->at);

	prev->next = next;
	next->prev = prev;
	if (prev == next) {	/* the bucket: nothing is left in it */
		e->map[i / 64] &= ~(1ULL << i % 64);
		if (e->map[i / 64] == 0)
			e->words &= ~(1ULL << i / 64);
	}
}

/* First event in the buckets, or NULL: circular search from the clock's own bucket. */
static inline struct event *bucket_first(struct engine *e)
{
	uint64_t i = bucket_of(e->now), word = i / 64;
	uint64_t later, bits = e->map[word] >> i % 64;

	if (likely(bits != 0))
		return event_of(e->bucket[i + (uint32_t)__builtin_ctzll(bits)].next);
	if (e->words == 0)
		return NULL;
	later = e->words & ~1ULL << word;
	word = (uint32_t)__builtin_ctzll(later != 0 ? later : e->words);
	return event_of(e->bucket[word * 64 + (uint32_t)__builtin_ctzll(e->map[word])].next);
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
	for (uint32_t i = 0; i < BUCKETS; i++)
		list_init(&e->bucket[i]);
	e->never.at = NSEC_NEVER;
	e->first = &e->never;
	heap_add(e, &e->never);
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

/* The smaller of the two fronts. */
static inline struct event *find_first(struct engine *e)
{
	struct event *near = bucket_first(e), *far = e->heap[0];

	return near != NULL && before(near, far) ? near : far;
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
	take(e, ev);
	if (ev == e->first)
		e->first = find_first(e);
}

/* What an event has missed that goes into a bucket whose events have been told. */
static __attribute__((noinline)) void tell_late(const struct engine *e, struct event *ev)
{
	ev->hints->soon(ev);
	if (ev->at >> BUCKET_SHIFT <= e->soon - (SOON - NEAR))
		ev->hints->near(ev);
	if (ev == e->first)
		ev->hints->next(ev);
}

/* Apart, so that engine_at() has no calls to save registers for; so is tell_late(). */
static __attribute__((noinline)) void move(struct engine *e, struct event *ev, nsec at)
{
	engine_cancel(e, ev);
	engine_at(e, ev, at);
}

void engine_at(struct engine *e, struct event *ev, nsec at)
{
	assert(at >= e->now && at != NSEC_NEVER);
	if (unlikely(ev->pos != 0)) {
		move(e, ev, at);
		return;
	}
	ev->order = e->order++;
	if (at < e->first->at)
		e->first = ev;
	ev->at = at;
	if (unlikely(!is_near(e, at))) {
		heap_add(e, ev);
		return;
	}
	bucket_add(e, ev);
	if (ev->hints != NULL && at >> BUCKET_SHIFT <= e->soon)
		tell_late(e, ev);
}

nsec engine_next(const struct engine *e)
{
	return e->first->at;
}

/* The clock's bucket is another one: tell the events of the buckets that have come within SOON, and
 * those SOON - NEAR before them. */
static inline void look_ahead(struct engine *e, uint64_t bucket)
{
	uint64_t soon = bucket + SOON;

	while (e->heap[0] != &e->never && e->heap[0]->at >> BUCKET_SHIFT <= soon) {
		struct event *ev = e->heap[0];

		heap_del(e, 0);
		bucket_add(e, ev);
	}
	for (uint64_t i = MAX(e->soon, bucket) + 1; i <= soon; i++) {
		list_for_each(&e->bucket[i % BUCKETS], it) {
			struct event *ev = event_of(it);

			if (ev->hints != NULL)
				ev->hints->soon(ev);
		}
		list_for_each(&e->bucket[(i - (SOON - NEAR)) % BUCKETS], it) {
			struct event *ev = event_of(it);

			if (ev->hints != NULL)
				ev->hints->near(ev);
		}
	}
	e->soon = soon;
}

uint64_t engine_run(struct engine *e, nsec until)
{
	nsec last = MIN(until, NSEC_NEVER - 1);
	uint64_t n = 0;

	e->stop = false;
	while (!e->stop && e->first->at <= last) {
		struct event *ev = e->first;

		take(e, ev);
		e->now = ev->at;
		if (e->now >> BUCKET_SHIFT != e->soon - SOON)
			look_ahead(e, e->now >> BUCKET_SHIFT);
		e->first = find_first(e);
		if (e->first->hints != NULL)
			e->first->hints->next(e->first);
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
