/* SPDX-License-Identifier: MIT */
/*
 * wheel.c - hierarchical timing wheel: arm, cancel, expire, fire
 *
 * A timer of tick T lives at the level of the highest base-256 digit in which T and
 * w->tick differ, in the slot named by T's digit there; in `far` when they differ above
 * the top digit. Two facts follow, and everything here leans on them:
 *
 *   - all timers of one tick are in one list at any moment, so appending keeps arming
 *     order, and a cascade, which walks that list in order into empty slots, keeps it too;
 *   - at level l only slots above w->tick's own digit are occupied (level 0: or equal),
 *     so the first set bit of the lowest occupied level is the next thing to happen.
 *
 * The place of T changes only when w->tick enters the slot that holds it: enter() is the
 * one function that moves w->tick, and it stops at every occupied slot on the way.
 * Not here: what a timer means (tcp_timer.c, libix).
 */
#include "base/wheel.h"

#define TICK_NONE	UINT64_MAX
#define FAR_SHIFT	(WHEEL_LEVELS * WHEEL_SLOT_BITS)

/* The tick that holds @deadline: the first whose end is not before it. */
static uint64_t tick_of(nsec deadline)
{
	uint64_t below_end = (1ULL << WHEEL_TICK_SHIFT) - 1;

	return (deadline >> WHEEL_TICK_SHIFT) + ((deadline & below_end) != 0);
}

static unsigned digit(uint64_t tick, unsigned level)
{
	return (unsigned)(tick >> (level * WHEEL_SLOT_BITS)) % WHEEL_SLOTS;
}

static void map_set(struct wheel *w, unsigned level, unsigned slot)
{
	w->map[level][slot / 64] |= 1ULL << slot % 64;
	w->words |= BIT(level * WHEEL_WORDS + slot / 64);
}

static void map_clear(struct wheel *w, unsigned level, unsigned slot)
{
	w->map[level][slot / 64] &= ~(1ULL << slot % 64);
	if (w->map[level][slot / 64] == 0)
		w->words &= ~BIT(level * WHEEL_WORDS + slot / 64);
}

void wheel_init(struct wheel *w, nsec now)
{
	memset(w, 0, sizeof(*w));
	w->tick = (now >> WHEEL_TICK_SHIFT) + 1;
	for (unsigned level = 0; level < WHEEL_LEVELS; level++)
		for (unsigned slot = 0; slot < WHEEL_SLOTS; slot++)
			list_init(&w->slot[level][slot]);
	list_init(&w->far);
	list_init(&w->late);
	list_init(&w->due);
}

/* Append @t to the list where its tick lives now. */
static void place(struct wheel *w, struct timer *t)
{
	uint64_t tick = tick_of(t->deadline);
	uint64_t differ = tick ^ w->tick;
	unsigned level, slot;

	if (unlikely(tick < w->tick)) {
		list_add_tail(&w->late, &t->link);
		return;
	}
	if (unlikely(differ >> FAR_SHIFT != 0)) {
		list_add_tail(&w->far, &t->link);
		return;
	}
	level = (63u - (unsigned)__builtin_clzll(differ | 1)) / WHEEL_SLOT_BITS;
	slot = digit(tick, level);
	list_add_tail(&w->slot[level][slot], &t->link);
	map_set(w, level, slot);
}

void timer_arm(struct wheel *w, struct timer *t, nsec deadline)
{
	assert(t->fire != NULL);
	timer_cancel(w, t);
	t->deadline = deadline;
	place(w, t);
	w->n_armed++;
}

void timer_cancel(struct wheel *w, struct timer *t)
{
	struct list *next = t->link.next;
	size_t at;
	bool alone;

	if (next == NULL)
		return;
	alone = next == t->link.prev;	/* both are the head: the list empties */
	list_del(&t->link);
	assert(w->n_armed > 0);
	w->n_armed--;
	at = (uintptr_t)next - (uintptr_t)w->slot;
	if (alone && at < sizeof(w->slot)) {
		at /= sizeof(struct list);
		map_clear(w, (unsigned)(at / WHEEL_SLOTS), (unsigned)(at % WHEEL_SLOTS));
	}
}

/* First tick of the next occupied slot, TICK_NONE when all are empty; `far` is not looked at. */
static uint64_t next_slot(const struct wheel *w, unsigned *level)
{
	unsigned word, slot, shift;
	uint64_t upper;

	if (w->words == 0)
		return TICK_NONE;
	word = (unsigned)__builtin_ctz(w->words);
	*level = word / WHEEL_WORDS;
	slot = word % WHEEL_WORDS * 64 +
	       (unsigned)__builtin_ctzll(w->map[*level][word % WHEEL_WORDS]);
	shift = *level * WHEEL_SLOT_BITS;
	upper = w->tick >> (shift + WHEEL_SLOT_BITS) << WHEEL_SLOT_BITS;
	return (upper | slot) << shift;
}

/* First tick of the first horizon that holds a timer of `far`. O(timers in far). */
static uint64_t next_far(const struct wheel *w)
{
	uint64_t first = TICK_NONE;

	list_for_each(&w->far, it) {
		uint64_t tick = tick_of(container_of(it, struct timer, link)->deadline);

		first = MIN(first, tick);
	}
	return first == TICK_NONE ? first : first >> FAR_SHIFT << FAR_SHIFT;
}

/* Put every timer of @from where it belongs by now, in the order they have. */
static void cascade(struct wheel *w, struct list *from)
{
	struct list all, *node;

	list_init(&all);
	list_append(&all, from);
	while ((node = list_pop(&all)) != NULL)
		place(w, container_of(node, struct timer, link));
}

/*
 * Move on to @tick; no occupied slot lies in between. If @tick is the first of a slot of
 * an upper level, that slot is opened. Only one can be: the timers of lower levels that
 * shared the old upper digits are behind us.
 */
static void enter(struct wheel *w, uint64_t tick)
{
	unsigned level = (unsigned)__builtin_ctzll(tick) / WHEEL_SLOT_BITS;
	unsigned slot;

	w->tick = tick;
	if (likely(level == 0))
		return;
	if (level >= WHEEL_LEVELS) {
		cascade(w, &w->far);
		return;
	}
	slot = digit(tick, level);
	map_clear(w, level, slot);
	cascade(w, &w->slot[level][slot]);
}

/* Move every timer of a tick below @end to `due`. At most one step an occupied slot. */
static void expire(struct wheel *w, uint64_t end)
{
	for (;;) {
		unsigned level = WHEEL_LEVELS;
		uint64_t tick = next_slot(w, &level);

		if (tick == TICK_NONE && end >> FAR_SHIFT != w->tick >> FAR_SHIFT) {
			level = WHEEL_LEVELS;
			tick = next_far(w);
		}
		if (tick >= end)
			break;
		if (level == 0) {
			map_clear(w, 0, digit(tick, 0));
			list_append(&w->due, &w->slot[0][digit(tick, 0)]);
			tick++;
		}
		enter(w, tick);
	}
	enter(w, end);
}

/* The slot that expires or is opened next, NULL when all are empty. */
static const struct list *first_slot(const struct wheel *w)
{
	unsigned word, level;

	if (w->words == 0)
		return NULL;
	word = (unsigned)__builtin_ctz(w->words);
	level = word / WHEEL_WORDS;
	word %= WHEEL_WORDS;
	return &w->slot[level][word * 64 + (unsigned)__builtin_ctzll(w->map[level][word])];
}

void wheel_prefetch(const struct wheel *w)
{
	const struct list *slot = first_slot(w);

	if (slot != NULL)
		prefetch(slot);
}

const struct timer *wheel_prefetch_next(const struct wheel *w)
{
	const struct list *slot = first_slot(w);

	if (slot == NULL)
		return NULL;
	prefetch(slot->next);
	return container_of(slot->next, struct timer, link);
}

nsec wheel_next(const struct wheel *w)
{
	unsigned level;
	uint64_t tick;

	if (!list_empty(&w->due) || !list_empty(&w->late))
		return 0;
	if (w->n_armed == 0)
		return NSEC_NEVER;
	tick = next_slot(w, &level);
	if (tick == TICK_NONE)
		tick = ((w->tick >> FAR_SHIFT) + 1) << FAR_SHIFT;
	return tick > NSEC_NEVER >> WHEEL_TICK_SHIFT ? NSEC_NEVER : tick << WHEEL_TICK_SHIFT;
}

uint32_t wheel_run(struct wheel *w, nsec now, uint32_t budget)
{
	uint64_t end = (now >> WHEEL_TICK_SHIFT) + 1;
	struct list *node;
	uint32_t n = 0;

	list_append(&w->due, &w->late);
	if (end > w->tick)
		expire(w, end);
	while (n < budget && (node = list_pop(&w->due)) != NULL) {
		struct timer *t = container_of(node, struct timer, link);

		w->n_armed--;
		n++;
		t->fire(t, now);
	}
	return n;
}
