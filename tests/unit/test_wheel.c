/* SPDX-License-Identifier: MIT */
/*
 * test_wheel.c - the timing wheel: each promise of wheel.h, then 10^5 random operations
 * against a naive model that keeps one sorted array
 */
#include "base/rng.h"
#include "base/wheel.h"
#include "tests/unit/cu.h"

#define TICK		(1ULL << WHEEL_TICK_SHIFT)
#define LEVEL_TICKS(l)	(1ULL << (l) * WHEEL_SLOT_BITS)
#define HORIZON		(LEVEL_TICKS(WHEEL_LEVELS) * TICK)
#define ALL		UINT32_MAX
#define DAY		(86400 * NSEC_PER_SEC)

static struct wheel w;

/* A timer that writes its name into the log when it fires. */
struct probe {
	struct timer t;
	uint32_t id;
	nsec again;		/* re-arm at this deadline, unless 0 */
	struct timer *cancels;	/* cancel this one, unless NULL */
};

static uint32_t fired[4096];
static uint32_t n_fired;

static void probe_fire(struct timer *t, nsec now)
{
	struct probe *p = container_of(t, struct probe, t);

	CHECK(!timer_armed(t));
	CHECK(t->deadline <= now);
	fired[n_fired++ % ARRAY_LEN(fired)] = p->id;
	if (p->again != 0)
		timer_arm(&w, t, p->again);
	if (p->cancels != NULL)
		timer_cancel(&w, p->cancels);
}

static void setup(nsec now, struct probe *p, uint32_t n)
{
	wheel_init(&w, now);
	n_fired = 0;
	memset(p, 0, n * sizeof(*p));
	for (uint32_t i = 0; i < n; i++) {
		p[i].t.fire = probe_fire;
		p[i].id = i;
	}
}

static void empty_never_fires(void)
{
	struct probe p[1];

	setup(12345, p, 1);
	CHECK(wheel_next(&w) == NSEC_NEVER);
	CHECK_EQ(wheel_run(&w, 100 * DAY, ALL), 0);
	timer_cancel(&w, &p[0].t);
	CHECK(!timer_armed(&p[0].t));
	CHECK_EQ(w.n_armed, 0);
}

/* Never before its deadline, always in the first run at or past the end of its tick. */
static void fires_at_the_end_of_its_tick(void)
{
	static const uint64_t ticks[] = { 1, 2, 255, 256, 257, 511, 512, 65535, 65536, 65537,
					  1 << 24, (1 << 24) + 1, (1ULL << 32) - 1, 1ULL << 32,
					  (1ULL << 32) + 1, 5ULL << 32 };
	struct probe p[1];

	for (uint32_t i = 0; i < ARRAY_LEN(ticks); i++) {
		nsec end = ticks[i] * TICK;

		for (nsec early = 0; early < TICK; early += TICK / 4) {
			setup(0, p, 1);
			timer_arm(&w, &p[0].t, end - early);
			CHECK(timer_armed(&p[0].t));
			CHECK(wheel_next(&w) <= end);
			CHECK_EQ(wheel_run(&w, end - 1, ALL), 0);
			CHECK_EQ(wheel_run(&w, end, ALL), 1);
			CHECK(!timer_armed(&p[0].t));
			CHECK(wheel_next(&w) == NSEC_NEVER);
		}
	}
}

static void past_deadline_fires_in_next_run(void)
{
	struct probe p[2];

	setup(50 * TICK + 7, p, 2);
	timer_arm(&w, &p[0].t, 3);
	timer_arm(&w, &p[1].t, 50 * TICK);
	CHECK(wheel_next(&w) == 0);
	CHECK_EQ(wheel_run(&w, 50 * TICK + 7, ALL), 2);
	CHECK_EQ(fired[0], 0);
	CHECK_EQ(fired[1], 1);
}

/* A callback that re-arms in the past must not keep wheel_run() in a loop. */
static void rearm_in_the_past_waits_for_next_run(void)
{
	struct probe p[1];

	setup(0, p, 1);
	p[0].again = 1;
	timer_arm(&w, &p[0].t, 5 * TICK);
	CHECK_EQ(wheel_run(&w, 9 * TICK, ALL), 1);
	CHECK(timer_armed(&p[0].t));
	CHECK(wheel_next(&w) == 0);
	CHECK_EQ(wheel_run(&w, 9 * TICK, ALL), 1);
	CHECK_EQ(wheel_run(&w, 9 * TICK, ALL), 1);
	timer_cancel(&w, &p[0].t);
	CHECK_EQ(wheel_run(&w, 9 * TICK, ALL), 0);
}

/*
 * One deadline, armed from ever closer: the first waits at a high level, the last goes
 * straight to level 0. They fire in arming order all the same.
 */
static void equal_deadlines_keep_order_across_levels(void)
{
	static const uint64_t gaps[] = { 3ULL << 32, 1ULL << 32, 1 << 30, 1 << 24, 70000, 65536,
					 600, 256, 255, 100, 1 };
	struct probe p[2 * ARRAY_LEN(gaps)];
	nsec deadline = 4 * HORIZON + 0x123456 * TICK - 5;
	uint32_t n = 0;

	setup(0, p, ARRAY_LEN(p));
	for (uint32_t i = 0; i < ARRAY_LEN(gaps); i++) {
		wheel_run(&w, deadline - gaps[i] * TICK, ALL);
		timer_arm(&w, &p[n++].t, deadline);
		timer_arm(&w, &p[n++].t, deadline);
	}
	CHECK_EQ(n_fired, 0);
	CHECK_EQ(wheel_run(&w, deadline + TICK, ALL), n);
	for (uint32_t i = 0; i < n; i++)
		CHECK_EQ(fired[i], i);
}

static void one_run_fires_in_deadline_order(void)
{
	struct probe p[400];
	struct rng r;

	setup(0, p, ARRAY_LEN(p));
	rng_stream(&r, 7, 0);
	for (uint32_t i = 0; i < ARRAY_LEN(p); i++)
		timer_arm(&w, &p[i].t, TICK * (1 + rng_below(&r, 1ULL << rng_below(&r, 37))));
	CHECK_EQ(wheel_run(&w, 40 * DAY, ALL), ARRAY_LEN(p));
	for (uint32_t i = 1; i < ARRAY_LEN(p); i++) {
		nsec a = p[fired[i - 1]].t.deadline, b = p[fired[i]].t.deadline;

		CHECK(a < b || (a == b && fired[i - 1] < fired[i]));
	}
}

static void budget_leaves_the_rest_due(void)
{
	struct probe p[10];

	setup(0, p, ARRAY_LEN(p));
	for (uint32_t i = 0; i < ARRAY_LEN(p); i++)
		timer_arm(&w, &p[i].t, (1 + i) * TICK);
	CHECK_EQ(wheel_run(&w, 20 * TICK, 0), 0);
	CHECK_EQ(wheel_run(&w, 20 * TICK, 4), 4);
	CHECK(wheel_next(&w) == 0);
	CHECK_EQ(w.n_armed, 6);
	timer_cancel(&w, &p[4].t);
	timer_arm(&w, &p[5].t, 21 * TICK);	/* taken back from due */
	CHECK_EQ(wheel_run(&w, 20 * TICK, 4), 4);
	CHECK(wheel_next(&w) == 21 * TICK);
	CHECK_EQ(wheel_run(&w, 21 * TICK, 4), 1);
	CHECK_EQ(n_fired, 9);
	CHECK_EQ(fired[8], 5);
}

static void callback_cancels_one_that_is_due(void)
{
	struct probe p[3];

	setup(0, p, 3);
	for (uint32_t i = 0; i < 3; i++)
		timer_arm(&w, &p[i].t, TICK);
	p[0].cancels = &p[1].t;
	CHECK_EQ(wheel_run(&w, TICK, ALL), 2);
	CHECK_EQ(fired[1], 2);
	CHECK_EQ(w.n_armed, 0);
}

static void rearm_moves_the_deadline(void)
{
	struct probe p[1];

	setup(0, p, 1);
	timer_arm(&w, &p[0].t, TICK);
	timer_arm(&w, &p[0].t, 300 * TICK);
	CHECK_EQ(w.n_armed, 1);
	CHECK_EQ(wheel_run(&w, 299 * TICK, ALL), 0);
	timer_arm(&w, &p[0].t, 400 * TICK);
	CHECK_EQ(wheel_run(&w, 399 * TICK, ALL), 0);
	CHECK_EQ(wheel_run(&w, 400 * TICK, ALL), 1);
}

/* A cancelled timer leaves no wake-up behind, at any level. */
static void cancel_clears_the_map(void)
{
	struct probe p[2];

	for (unsigned shift = 0; shift < 40; shift++) {
		setup(0, p, 2);
		timer_arm(&w, &p[0].t, TICK << shift);
		timer_arm(&w, &p[1].t, TICK << shift);
		timer_cancel(&w, &p[0].t);
		CHECK(wheel_next(&w) <= TICK << shift);
		timer_cancel(&w, &p[1].t);
		CHECK(wheel_next(&w) == NSEC_NEVER);
		for (unsigned l = 0; l < WHEEL_LEVELS; l++)
			for (unsigned i = 0; i < WHEEL_SLOTS / 64; i++)
				CHECK(w.map[l][i] == 0);
	}
}

/* Sleeping until wheel_next() each time reaches the timer in one step a level. */
static void next_makes_progress(void)
{
	struct rng r;
	struct probe p[1];

	rng_stream(&r, 11, 0);
	for (uint32_t i = 0; i < 2000; i++) {
		nsec start = rng_below(&r, 100 * DAY), now = start;
		nsec deadline = start + 1 + rng_below(&r, 1ULL << rng_below(&r, 46));
		uint32_t steps = 0;

		setup(start, p, 1);
		timer_arm(&w, &p[0].t, deadline);
		for (; n_fired == 0 && steps < 10; steps++) {
			nsec next = wheel_next(&w);

			CHECK(next < deadline + TICK);
			now = MAX(now, next);
			wheel_run(&w, now, ALL);
		}
		CHECK(n_fired == 1);
		CHECK(now < deadline + TICK);
		CHECK(steps <= WHEEL_LEVELS + 1);
	}
}

static void never_is_a_deadline_too(void)
{
	struct probe p[2];

	setup(NSEC_NEVER - DAY, p, 2);
	timer_arm(&w, &p[0].t, NSEC_NEVER);
	timer_arm(&w, &p[1].t, NSEC_NEVER - DAY / 2);
	CHECK_EQ(wheel_run(&w, NSEC_NEVER - 1, ALL), 1);
	CHECK_EQ(fired[0], 1);
	CHECK(timer_armed(&p[0].t));
	CHECK(wheel_next(&w) == NSEC_NEVER);
}

/* ---- against a model ---- */

enum { MODEL_TIMERS = 256, MODEL_OPS = 100000 };

/*
 * The naive wheel: a timer waits for the end of its tick, or is late, or due; the due
 * ones are kept in firing order by one key.
 */
struct model_timer {
	struct timer t;
	enum { IDLE, WAITS, LATE, DUE } state;
	uint64_t tick;
	uint64_t run;		/* DUE: the run that found it; LATE come before that run's others */
	uint64_t seq;		/* arming order */
};

static struct model {
	struct model_timer t[MODEL_TIMERS];
	uint64_t seq, run, done_tick;	/* done_tick: the last tick run */
	nsec now, recent[8];
	uint32_t n_recent, errors;
	uint64_t n_fired;
	struct rng rng;
} m;

static void model_arm(struct model_timer *x, nsec deadline)
{
	timer_arm(&w, &x->t, deadline);
	x->tick = deadline / TICK + (deadline % TICK != 0);
	x->seq = m.seq++;
	x->state = x->tick <= m.done_tick ? LATE : WAITS;
	m.recent[m.n_recent++ % ARRAY_LEN(m.recent)] = deadline;
}

static void model_cancel(struct model_timer *x)
{
	timer_cancel(&w, &x->t);
	x->state = IDLE;
}

/* What becomes due in the run at m.now: first the late ones, then the ticks in order. */
static void model_expire(void)
{
	m.done_tick = MAX(m.done_tick, m.now / TICK);
	m.run += 2;
	for (uint32_t i = 0; i < MODEL_TIMERS; i++) {
		struct model_timer *x = &m.t[i];

		if (x->state == LATE) {
			x->run = m.run;
			x->tick = 0;
			x->state = DUE;
		} else if (x->state == WAITS && x->tick <= m.done_tick) {
			x->run = m.run + 1;
			x->state = DUE;
		}
	}
}

static bool fires_before(const struct model_timer *a, const struct model_timer *b)
{
	if (a->run != b->run)
		return a->run < b->run;
	return a->tick != b->tick ? a->tick < b->tick : a->seq < b->seq;
}

static struct model_timer *model_first_due(void)
{
	struct model_timer *first = NULL;

	for (uint32_t i = 0; i < MODEL_TIMERS; i++)
		if (m.t[i].state == DUE && (first == NULL || fires_before(&m.t[i], first)))
			first = &m.t[i];
	return first;
}

/* Near, far, equal to an earlier one, on a slot boundary of any level, or in the past. */
static nsec model_deadline(void)
{
	uint64_t span = 1ULL << rng_below(&m.rng, 52);
	uint64_t unit = TICK << 8 * rng_below(&m.rng, 5);

	switch (rng_below(&m.rng, 6)) {
	case 0:
	case 1:
		return m.recent[rng_below(&m.rng, ARRAY_LEN(m.recent))];
	case 2:
		return (m.now / unit + rng_below(&m.rng, 3)) * unit + rng_below(&m.rng, 3) - 1;
	case 3:
		return m.now - MIN(m.now, rng_below(&m.rng, span));
	default:
		return m.now + rng_below(&m.rng, span);
	}
}

static void model_touch(void)
{
	struct model_timer *x = &m.t[rng_below(&m.rng, MODEL_TIMERS)];

	if (rng_below(&m.rng, 4) == 0)
		model_cancel(x);
	else
		model_arm(x, model_deadline());
}

static void model_fire(struct timer *t, nsec now)
{
	struct model_timer *x = container_of(t, struct model_timer, t);

	m.errors += x != model_first_due();
	m.errors += now != m.now || t->deadline > now;
	m.n_fired++;
	x->state = IDLE;
	if (rng_below(&m.rng, 4) == 0)
		model_arm(x, model_deadline());
	if (rng_below(&m.rng, 4) == 0)
		model_touch();
}

static void model_check_next(void)
{
	uint64_t first = UINT64_MAX;
	uint32_t armed = 0;
	nsec next = wheel_next(&w);

	for (uint32_t i = 0; i < MODEL_TIMERS; i++) {
		struct model_timer *x = &m.t[i];

		m.errors += timer_armed(&x->t) != (x->state != IDLE);
		armed += x->state != IDLE;
		if (x->state == DUE || x->state == LATE)
			first = 0;
		else if (x->state == WAITS)
			first = MIN(first, x->tick * TICK);
	}
	m.errors += armed != w.n_armed;
	m.errors += next > first || (next == 0) != (first == 0);
	m.errors += (next == NSEC_NEVER) != (armed == 0);
}

static void model_run(void)
{
	uint32_t budget = rng_below(&m.rng, 3) == 0 ? (uint32_t)rng_below(&m.rng, 8) : ALL;
	uint64_t before = m.n_fired;
	uint32_t n;

	switch (rng_below(&m.rng, 4)) {
	case 0:
		break;			/* the same time again */
	case 1:
		n = rng_below(&m.rng, 50) == 0 ? 50 : 36;
		m.now += rng_below(&m.rng, 1ULL << rng_below(&m.rng, n));
		break;
	default:
		if (w.n_armed != 0)
			m.now = MAX(m.now, wheel_next(&w));
	}
	model_expire();
	n = wheel_run(&w, m.now, budget);
	m.errors += n != m.n_fired - before;
	m.errors += n > budget || (n < budget && model_first_due() != NULL);
}

static void random_operations_match_the_model(void)
{
	memset(&m, 0, sizeof(m));
	rng_stream(&m.rng, 20140822, 0);
	m.now = 3 * HORIZON - 77 * TICK;
	m.done_tick = m.now / TICK;
	wheel_init(&w, m.now);
	for (uint32_t i = 0; i < MODEL_TIMERS; i++)
		m.t[i].t.fire = model_fire;
	for (uint32_t i = 0; i < MODEL_OPS && m.errors == 0; i++) {
		if (rng_below(&m.rng, 3) == 0)
			model_run();
		else
			model_touch();
		model_check_next();
		if (m.errors != 0)
			fprintf(stderr, "wheel and model part at operation %u, now %llu\n", i,
				(unsigned long long)m.now);
	}
	CHECK_EQ(m.errors, 0);
	CHECK(m.n_fired > MODEL_OPS / 10);
}

/* What is fetched ahead is the timer that fires first, if one is within the horizon. */
static void prefetch_tells_the_next_timer(void)
{
	struct probe p[3] = { { .t.fire = probe_fire, .id = 0 }, { .t.fire = probe_fire, .id = 1 },
			      { .t.fire = probe_fire, .id = 2 } };

	wheel_init(&w, 0);
	n_fired = 0;
	wheel_prefetch(&w);
	CHECK(wheel_prefetch_next(&w) == NULL);
	timer_arm(&w, &p[2].t, 2 * HORIZON);
	CHECK(wheel_prefetch_next(&w) == NULL);
	timer_arm(&w, &p[1].t, 300 * TICK);
	timer_arm(&w, &p[0].t, 7 * TICK);
	for (uint32_t i = 0; i < 2; i++) {
		wheel_prefetch(&w);
		CHECK(wheel_prefetch_next(&w) == &p[i].t);
		CHECK_EQ(wheel_run(&w, i == 0 ? 7 * TICK : 300 * TICK, ALL), 1);
		CHECK_EQ(fired[i], i);
	}
	timer_cancel(&w, &p[2].t);
	CHECK(wheel_prefetch_next(&w) == NULL);
}

CU_MAIN("wheel", TEST(empty_never_fires), TEST(fires_at_the_end_of_its_tick),
	TEST(past_deadline_fires_in_next_run), TEST(rearm_in_the_past_waits_for_next_run),
	TEST(equal_deadlines_keep_order_across_levels), TEST(one_run_fires_in_deadline_order),
	TEST(budget_leaves_the_rest_due), TEST(callback_cancels_one_that_is_due),
	TEST(rearm_moves_the_deadline), TEST(cancel_clears_the_map), TEST(next_makes_progress),
	TEST(never_is_a_deadline_too),
	TEST(prefetch_tells_the_next_timer), TEST(random_operations_match_the_model))
