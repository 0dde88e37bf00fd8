/* SPDX-License-Identifier: MIT */
/* test_engine.c - one clock, one order: buckets and heap against a sorted reference */
#include "tests/unit/cu.h"

#include "base/rng.h"
#include "sim/engine.h"

enum { EVENTS = 600 };

struct probe {
	struct event ev;
	struct engine *e;
	uint32_t id;
	nsec again;		/* schedule itself once more, this much later */
};

static struct probe probes[EVENTS];
static uint32_t fired[4 * EVENTS];
static nsec fired_at[4 * EVENTS];
static uint32_t n_fired;

static void fire(struct event *ev, nsec now)
{
	struct probe *p = container_of(ev, struct probe, ev);

	fired[n_fired] = p->id;
	fired_at[n_fired++] = now;
	CHECK_EQ(engine_now(p->e), now);
	CHECK(!event_scheduled(ev));
	if (p->again != 0) {
		engine_at(p->e, ev, now + p->again);
		p->again = 0;
	}
}

static struct engine *start(void)
{
	struct engine *e = engine_new();

	memset(probes, 0, sizeof(probes));
	n_fired = 0;
	for (uint32_t i = 0; i < EVENTS; i++)
		probes[i] = (struct probe){ .ev.fire = fire, .e = e, .id = i };
	return e;
}

static void fires_by_time_then_scheduling_order(void)
{
	static const nsec at[] = { 50, 10, 50, 40000, 10, 0, 40000, 1 };
	static const uint32_t want[] = { 5, 7, 1, 4, 0, 2, 3, 6 };
	struct engine *e = start();

	for (uint32_t i = 0; i < ARRAY_LEN(at); i++)
		engine_at(e, &probes[i].ev, at[i]);
	CHECK_EQ(engine_next(e), 0);
	CHECK_EQ(engine_run(e, NSEC_NEVER), ARRAY_LEN(at));
	for (uint32_t i = 0; i < ARRAY_LEN(at); i++)
		CHECK_EQ(fired[i], want[i]);
	CHECK_EQ(engine_now(e), 40000);
	CHECK_EQ(engine_next(e), NSEC_NEVER);
	engine_free(e);
}

/* One instant, reached by an event that was far away and one that is scheduled near. */
static void far_and_near_meet_in_order(void)
{
	struct engine *e = start();

	engine_at(e, &probes[0].ev, 1000000);
	engine_at(e, &probes[1].ev, 999990);
	probes[1].again = 10;
	engine_at(e, &probes[2].ev, 1000000);
	engine_run(e, 2000000);
	CHECK_EQ(n_fired, 4);
	CHECK_EQ(fired[1], 0);
	CHECK_EQ(fired[2], 2);
	CHECK_EQ(fired[3], 1);
	engine_free(e);
}

static void run_includes_until_and_leaves_the_clock_there(void)
{
	struct engine *e = start();

	engine_at(e, &probes[0].ev, 100);
	engine_at(e, &probes[1].ev, 101);
	CHECK_EQ(engine_run(e, 100), 1);
	CHECK_EQ(engine_now(e), 100);
	CHECK_EQ(engine_next(e), 101);
	CHECK_EQ(engine_run(e, 100), 0);
	CHECK_EQ(engine_run(e, 5000), 1);
	CHECK_EQ(engine_now(e), 5000);
	engine_free(e);
}

static void moving_takes_a_new_place_in_the_order(void)
{
	struct engine *e = start();

	for (uint32_t i = 0; i < 3; i++)
		engine_at(e, &probes[i].ev, 7);
	engine_at(e, &probes[0].ev, 7);		/* now the last of its instant */
	engine_at(e, &probes[2].ev, 2000000);	/* bucket to heap */
	engine_at(e, &probes[2].ev, 6);		/* and back */
	CHECK_EQ(engine_run(e, NSEC_NEVER), 3);
	CHECK_EQ(fired[0], 2);
	CHECK_EQ(fired[1], 1);
	CHECK_EQ(fired[2], 0);
	engine_free(e);
}

/* The first event leaves its place, for a later one and for the heap. */
static void who_is_first_is_known_when_the_first_moves(void)
{
	struct engine *e = start();

	engine_at(e, &probes[0].ev, 1000);
	engine_at(e, &probes[1].ev, 1001);
	engine_at(e, &probes[2].ev, 3000000);
	engine_at(e, &probes[0].ev, 1002);
	CHECK_EQ(engine_next(e), 1001);
	engine_cancel(e, &probes[1].ev);
	CHECK_EQ(engine_next(e), 1002);
	engine_at(e, &probes[0].ev, 4000000);
	CHECK_EQ(engine_next(e), 3000000);
	CHECK_EQ(engine_run(e, NSEC_NEVER), 2);
	CHECK_EQ(fired[0], 2);
	CHECK_EQ(fired[1], 0);
	engine_free(e);
}

/* After an idle time: one that waited in the heap lies between two of one bucket. */
static void far_event_fires_between_two_of_its_bucket(void)
{
	struct engine *e = start();

	engine_at(e, &probes[0].ev, 1000021);
	engine_at(e, &probes[1].ev, 600000);
	engine_run(e, 600000);
	engine_at(e, &probes[2].ev, 1000020);
	engine_at(e, &probes[3].ev, 1000022);
	CHECK_EQ(engine_next(e), 1000020);
	CHECK_EQ(engine_run(e, NSEC_NEVER), 3);
	CHECK_EQ(fired[1], 2);
	CHECK_EQ(fired[2], 0);
	CHECK_EQ(fired[3], 3);
	engine_free(e);
}

static void cancel_is_idempotent(void)
{
	struct engine *e = start();

	engine_cancel(e, &probes[0].ev);
	engine_at(e, &probes[0].ev, 5);
	engine_at(e, &probes[1].ev, 5000000);
	engine_cancel(e, &probes[0].ev);
	engine_cancel(e, &probes[0].ev);
	engine_cancel(e, &probes[1].ev);
	CHECK(!event_scheduled(&probes[0].ev));
	CHECK_EQ(engine_next(e), NSEC_NEVER);
	CHECK_EQ(engine_run(e, NSEC_NEVER), 0);
	engine_free(e);
}

/* Any time but never: also where what never comes is as near as what does. */
static void the_end_of_time_comes(void)
{
	static const nsec before[] = { 1, 127, 128, 300, 512, 2000 };
	struct engine *e = start();

	for (size_t i = ARRAY_LEN(before); i-- > 0;) {
		engine_at(e, &probes[i].ev, NSEC_NEVER - before[i]);
		CHECK_EQ(engine_run(e, NSEC_NEVER), 1);
		CHECK_EQ(engine_now(e), NSEC_NEVER - before[i]);
	}
	CHECK_EQ(engine_next(e), NSEC_NEVER);
	engine_free(e);
}

static void stop_event_fire(struct event *ev, nsec now)
{
	struct probe *p = container_of(ev, struct probe, ev);

	(void)now;
	engine_stop(p->e);
}

static void stop_leaves_the_clock_at_the_last_event(void)
{
	struct engine *e = start();

	probes[0].ev.fire = stop_event_fire;
	engine_at(e, &probes[0].ev, 30);
	engine_at(e, &probes[1].ev, 31);
	CHECK_EQ(engine_run(e, 1000), 1);
	CHECK_EQ(engine_now(e), 30);
	CHECK_EQ(engine_run(e, 1000), 1);
	CHECK_EQ(n_fired, 1);
	engine_free(e);
}

/* The reference: all pending events by (time, order), found by looking at each. */
static uint32_t reference_first(void)
{
	uint32_t best = EVENTS;

	for (uint32_t i = 0; i < EVENTS; i++) {
		const struct event *a = &probes[i].ev, *b = &probes[best % EVENTS].ev;

		if (event_scheduled(a) && (best == EVENTS || a->at < b->at ||
					   (a->at == b->at && a->order < b->order)))
			best = i;
	}
	return best;
}

static void agrees_with_a_sorted_list(void)
{
	struct engine *e = start();
	struct rng r;
	uint32_t steps = 0;

	rng_stream(&r, 42, 0);
	while (steps++ < 20000) {
		struct event *ev = &probes[rng_below(&r, EVENTS)].ev;
		uint32_t want = reference_first();

		switch (rng_below(&r, 8)) {
		case 0:
			engine_at(e, ev, engine_now(e) + rng_below(&r, 200));
			break;
		case 1:
			engine_at(e, ev, engine_now(e) + rng_below(&r, 100000));
			break;
		case 2:
			engine_at(e, ev, engine_now(e) + rng_below(&r, 5000000));
			break;
		case 3:
			if (rng_chance(&r, 200000000))
				engine_cancel(e, ev);
			break;
		default:
			CHECK_EQ(engine_next(e), want < EVENTS ? probes[want].ev.at : NSEC_NEVER);
			n_fired = 0;
			if (want == EVENTS || engine_run(e, engine_next(e)) == 0)
				break;
			CHECK_EQ(fired[0], want);
		}
	}
	CHECK(engine_now(e) > 2000000);		/* all buckets were used more than once */
	engine_free(e);
}

/* How often an event was told, and that no hint came after a later one. */
static uint32_t told[EVENTS][3];

static void tell(struct event *ev, uint32_t stage)
{
	struct probe *p = container_of(ev, struct probe, ev);

	CHECK(event_scheduled(ev));
	for (uint32_t later = stage + 1; later < 3; later++)
		CHECK_EQ(told[p->id][later], 0);
	told[p->id][stage]++;
}

static void soon(struct event *ev) { tell(ev, 0); }
static void near(struct event *ev) { tell(ev, 1); }
static void next(struct event *ev) { tell(ev, 2); }

static void hints_come_in_order_and_to_latecomers_too(void)
{
	static const struct event_hints hints = { .soon = soon, .near = near, .next = next };
	struct engine *e = start();

	memset(told, 0, sizeof(told));
	for (uint32_t i = 0; i < 100; i++)	/* without hints: keep the clock going */
		engine_at(e, &probes[i].ev, i * 50);
	for (uint32_t i = 100; i < 103; i++)
		probes[i].ev.hints = &hints;
	engine_at(e, &probes[100].ev, 2525);
	engine_run(e, 2000);
	CHECK_EQ(told[100][0], 0);
	engine_run(e, 2150);
	CHECK_EQ(told[100][0], 1);
	CHECK_EQ(told[100][1], 0);
	engine_run(e, 2450);
	CHECK_EQ(told[100][1], 1);
	engine_at(e, &probes[101].ev, 2460);
	CHECK_EQ(told[101][0], 1);
	CHECK_EQ(told[101][1], 1);
	engine_at(e, &probes[102].ev, 2850);
	CHECK_EQ(told[102][0], 1);
	CHECK_EQ(told[102][1], 0);
	engine_run(e, 5000);
	for (uint32_t i = 100; i < 103; i++)
		for (uint32_t stage = 0; stage < 3; stage++)
			CHECK(told[i][stage] > 0);
	CHECK_EQ(told[100][0], 1);
	CHECK_EQ(told[100][1], 1);
	engine_free(e);
}

static void hints_come_for_far_events_too(void)
{
	static const struct event_hints hints = { .soon = soon, .near = near, .next = next };
	struct engine *e = start();

	memset(told, 0, sizeof(told));
	probes[0].ev.hints = &hints;
	engine_at(e, &probes[0].ev, 3000000);
	for (uint32_t i = 1; i < 100; i++)
		engine_at(e, &probes[i].ev, 2996000 + i * 50);
	engine_run(e, 2999000);
	CHECK_EQ(told[0][0], 0);
	engine_run(e, NSEC_NEVER);
	CHECK_EQ(told[0][0], 1);
	CHECK_EQ(told[0][1], 1);
	CHECK(told[0][2] > 0);
	engine_free(e);
}

static void hash_tells_runs_apart(void)
{
	uint64_t hash[3];

	for (uint32_t i = 0; i < 3; i++) {
		struct engine *e = start();

		engine_at(e, &probes[0].ev, 10 + i / 2);
		engine_run(e, 100);
		hash[i] = engine_hash(e);
		engine_free(e);
	}
	CHECK(hash[0] == hash[1]);
	CHECK(hash[0] != hash[2]);
}

CU_MAIN("engine", TEST(fires_by_time_then_scheduling_order), TEST(far_and_near_meet_in_order),
	TEST(run_includes_until_and_leaves_the_clock_there),
	TEST(moving_takes_a_new_place_in_the_order),
	TEST(who_is_first_is_known_when_the_first_moves),
	TEST(far_event_fires_between_two_of_its_bucket), TEST(cancel_is_idempotent),
	TEST(the_end_of_time_comes),
	TEST(stop_leaves_the_clock_at_the_last_event), TEST(agrees_with_a_sorted_list),
	TEST(hints_come_in_order_and_to_latecomers_too), TEST(hints_come_for_far_events_too),
	TEST(hash_tells_runs_apart))
