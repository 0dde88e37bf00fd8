/* SPDX-License-Identifier: MIT */
/*
 * test_lock.c - who waits for a lock, and for how long
 */
#include "cu.h"
#include "sim/lock.h"

enum { THREADS_MAX = 16, HOLD = 100000 };		/* ps */

static struct lock lock;
static struct lock_user user[THREADS_MAX];

/* @n threads that pass after pass do @batch times: work @think ps, hold the lock HOLD ps. Returns
 * acquisitions in a millisecond. */
static uint64_t closed_loop(uint32_t n, uint64_t batch, uint64_t think)
{
	nsec at[THREADS_MAX] = { 0 }, from = NSEC_PER_MSEC, to = 2 * NSEC_PER_MSEC;
	uint64_t done = 0;

	lock_init(&lock, n, 0);
	memset(user, 0, sizeof(user));
	for (uint32_t i = 0; i < n; i++)
		at[i] = i * 77;
	for (;;) {
		uint32_t t = 0;

		for (uint32_t i = 1; i < n; i++)
			if (at[i] < at[t])
				t = i;
		if (at[t] >= to)
			return done;
		done += at[t] >= from ? batch : 0;
		at[t] += (batch * (think + HOLD) +
			  lock_wait(&lock, &user[t], at[t], batch, HOLD)) / 1000;
	}
}

static void a_single_user_never_waits(void)
{
	lock_init(&lock, 4, 5000);
	memset(user, 0, sizeof(user));
	for (nsec t = 0; t < NSEC_PER_MSEC; t += 150)
		CHECK_EQ(lock_wait(&lock, &user[2], t, 2, HOLD), 0);
	CHECK_EQ(user[2].wait_ps, 0);
	CHECK_EQ(user[2].held_ps / HOLD / 2, NSEC_PER_MSEC / 150 + 1);
	CHECK_EQ(lock_wait(&lock, &user[0], 1000, 0, HOLD), 0);
	CHECK_EQ(lock_wait(&lock, &user[0], 1000, 5, 0), 0);
}

/* Whatever the number of threads, the batch, and the work beside, once they ask for more. */
static void a_saturated_lock_serves_its_rate(void)
{
	static const uint32_t n[] = { 2, 3, 4, 8, 16 };
	static const uint64_t batch[] = { 1, 10, 64 };
	const uint64_t want = NSEC_PER_MSEC * 1000 / HOLD;

	for (size_t i = 0; i < ARRAY_LEN(n); i++)
		for (size_t b = 0; b < ARRAY_LEN(batch); b++)
			for (uint64_t k = 0; k <= n[i] / 2; k++) {
				uint64_t got = closed_loop(n[i], batch[b], k * HOLD / 2);

				if (got * 100 <= want * 95 || got * 100 >= want * 105)
					fprintf(stderr, "%u threads, batch %llu, think %llu/2: "
						"%llu of %llu\n", n[i],
						(unsigned long long)batch[b],
						(unsigned long long)k, (unsigned long long)got,
						(unsigned long long)want);
				CHECK(got * 100 > want * 95 && got * 100 < want * 105);
			}
}

/* At little load everybody gets almost what he asks for. */
static void an_idle_lock_costs_little(void)
{
	uint64_t got = closed_loop(4, 1, 79 * HOLD), want = 4 * NSEC_PER_MSEC * 1000 / (80 * HOLD);

	CHECK(got <= want && got * 100 >= want * 99);
}

/* The wait of one acquisition at growing load by another thread. */
static void waits_grow_with_load(void)
{
	uint64_t last = 0, wait = 0;

	for (uint64_t share = 0; share <= 120; share += 5) {
		lock_init(&lock, 8, 0);
		memset(user, 0, sizeof(user));
		for (nsec t = 0; t < 3 * LOAD_HORIZON; t += 1000)
			lock_wait(&lock, &user[1], t, share, 10000);
		wait = lock_wait(&lock, &user[0], 3 * LOAD_HORIZON, 1, HOLD);
		CHECK(wait >= last);
		CHECK(wait <= 7 * HOLD);
		if (share == 50)		/* M/D/1 at a half */
			CHECK(wait > HOLD * 49 / 100 && wait < HOLD * 51 / 100);
		last = wait;
	}
	CHECK_EQ(wait, 7 * HOLD);
}

/* The line moves as often as the last holder was another thread. */
static void lines_move_between_cores(void)
{
	uint64_t alone, both = 0;

	lock_init(&lock, 2, 40000);
	memset(user, 0, sizeof(user));
	CHECK_EQ(lock_wait(&lock, &user[0], 0, 1, 1000), 0);
	CHECK_EQ(lock_wait(&lock, &user[1], 10 * LOAD_HORIZON, 1, 1000), 40000);
	alone = lock_wait(&lock, &user[1], 20 * LOAD_HORIZON, 1, 1000);
	CHECK_EQ(alone, 0);
	for (nsec t = 30 * LOAD_HORIZON; t < 40 * LOAD_HORIZON; t += 2000) {
		lock_wait(&lock, &user[0], t, 10, 1000);
		both = lock_wait(&lock, &user[0], t + 1000, 10, 1000);
	}
	CHECK_EQ(both, 0);
	for (nsec t = 40 * LOAD_HORIZON; t < 50 * LOAD_HORIZON; t += 20000) {
		lock_wait(&lock, &user[0], t, 10, 1000);
		both = lock_wait(&lock, &user[1], t + 10000, 10, 1000);
	}
	CHECK(both >= 10 * 40000 * 4 / 10 && both <= 10 * 40000 * 7 / 10);
}

CU_MAIN("lock", TEST(a_single_user_never_waits), TEST(a_saturated_lock_serves_its_rate),
	TEST(an_idle_lock_costs_little), TEST(waits_grow_with_load),
	TEST(lines_move_between_cores))
