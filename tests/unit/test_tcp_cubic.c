/* SPDX-License-Identifier: MIT */
/* test_tcp_cubic.c - CUBIC's arithmetic against the formulas of RFC 9438 in floating point */
#include <math.h>

#include "cu.h"
#include "tcp/tcp_impl.h"

static struct tcp t;
static struct tcp_pcb p;
static struct tcp_cold c;

#define CUBIC (c.cc_state.cubic)

static void fresh(uint32_t mss, uint32_t cwnd, uint32_t rtt_us)
{
	t = (struct tcp){ .now_us = 0xfffff000u };
	p = (struct tcp_pcb){ .mss = (uint16_t)mss, .cwnd = cwnd, .srtt = rtt_us << 3 };
	c = (struct tcp_cold){ .ssthresh = 0 };
	tcp_cc_cubic.init(&t, &p, &c);
}

/* A loss with the window full; cwnd is ssthresh afterwards, as behind fast recovery. */
static void lose(void)
{
	c.ssthresh = p.cwnd = tcp_cc_cubic.loss(&t, &p, &c, p.cwnd);
}

/* @us in which a full window is acknowledged every round trip, two segments an ACK. */
static void run(uint64_t us)
{
	double owed = 0;

	for (uint64_t at = 0; at < us; ) {
		double gap = 2.0 * p.mss / p.cwnd * (p.srtt >> 3) + owed;
		uint32_t step = (uint32_t)gap;

		owed = gap - step;
		at += step;
		t.now_us += step;
		tcp_cc_cubic.acked(&t, &p, &c, 2u * p.mss, true);
	}
}

static void cube_root_is_exact(void)
{
	uint64_t x = 0x9e3779b97f4a7c15ULL;

	for (uint64_t r = 0; r < 2642245; r += 1 + r / 1000) {
		CHECK_EQ(tcp_cc_cbrt(r * r * r), r);
		CHECK_EQ(tcp_cc_cbrt((r + 1) * (r + 1) * (r + 1) - 1), r);
	}
	for (uint32_t i = 0; i < 20000; i++) {
		uint64_t v = x >> (i % 64), r = tcp_cc_cbrt(v);

		CHECK(r * r * r <= v);
		CHECK(r == 2642245 || (r + 1) * (r + 1) * (r + 1) > v);
		x = x * 6364136223846793005ULL + 1442695040888963407ULL;
	}
	CHECK_EQ(tcp_cc_cbrt(UINT64_MAX), 2642245);
}

static void k_is_equation_2(void)
{
	for (uint32_t mss = 500; mss <= 1460; mss += 120) {
		for (uint32_t segs = 10; segs < 500000; segs = segs * 3 + 1) {
			uint32_t cwnd = segs * mss;
			double k;

			fresh(mss, cwnd, 100000);
			lose();
			tcp_cc_cubic.acked(&t, &p, &c, mss, true);
			k = cbrt((segs - cwnd * 7.0 / 10 / mss) / 0.4);
			CHECK(fabs(CUBIC.now.k / 1024.0 - k) < 0.002);
		}
	}
}

/* A long path: the window is the curve's, before K and behind it. */
static void window_follows_the_curve(void)
{
	double k = cbrt(1000 * 0.3 / 0.4), w_max = 1000;

	fresh(1000, 1000 * 1000, 100000);
	lose();
	tcp_cc_cubic.acked(&t, &p, &c, 2000, true);
	for (uint32_t s = 1; s <= 14; s++) {
		double now, want;

		run(1000 * 1000);
		now = CUBIC.now.t_us / 1e6;
		want = 0.4 * pow(now - k, 3) + w_max;
		CHECK(fabs(now - s) < 0.05);
		CHECK(fabs(p.cwnd / 1000.0 - want) < 0.01 * want);
		if (fabs(p.cwnd / 1000.0 - want) >= 0.01 * want)
			fprintf(stderr, "after %u s: %f segments, want %f\n", s, p.cwnd / 1000.0,
				want);
	}
}

static void concave_then_flat_then_convex(void)
{
	uint32_t was, early, flat, late;

	fresh(1000, 1000 * 1000, 100000);
	lose();
	was = p.cwnd;
	run(2000 * 1000);
	early = p.cwnd - was;
	run(6000 * 1000);
	was = p.cwnd;
	run(2000 * 1000);
	flat = p.cwnd - was;
	run(5000 * 1000);
	was = p.cwnd;
	run(2000 * 1000);
	late = p.cwnd - was;
	CHECK(early > 10 * flat);
	CHECK(late > 10 * flat);
}

/* A short path: Reno's estimate is above the curve until long behind this. */
static void short_paths_grow_as_reno_does(void)
{
	uint32_t was;

	fresh(1000, 20 * 1000, 1000);
	lose();
	CHECK_EQ(p.cwnd, 14000);
	was = p.cwnd;
	run(5 * 1000);
	CHECK(fabs((double)p.cwnd - was - 5 * 1000 * 9.0 / 17) < 300);
	while (p.cwnd < 21000)
		run(1000);
	was = p.cwnd;
	run(5 * 1000);
	CHECK(fabs((double)p.cwnd - was - 5 * 1000) < 600);
}

static void growth_is_half_the_window_a_round_trip_at_most(void)
{
	fresh(1000, 10000, 100000);
	CUBIC.now.w_max = 1000 * 1000;
	CUBIC.now.cwnd_prior = 1000 * 1000;
	tcp_cc_cubic.acked(&t, &p, &c, 0, true);
	t.now_us += 100000;
	CUBIC.now.k = 0;			/* far beyond the window at once */
	tcp_cc_cubic.acked(&t, &p, &c, 10000, true);
	CHECK_EQ(p.cwnd, 15000);
}

static void reduction_and_fast_convergence(void)
{
	fresh(1000, 100000, 1000);
	CHECK_EQ(tcp_cc_cubic.loss(&t, &p, &c, 80000), 56000);
	CHECK_EQ(CUBIC.now.w_max, 100000);
	p.cwnd = 60000;
	CHECK_EQ(tcp_cc_cubic.loss(&t, &p, &c, 60000), 42000);
	CHECK_EQ(CUBIC.now.w_max, 51000);
	CHECK_EQ(CUBIC.now.cwnd_prior, 60000);
	CHECK_EQ(tcp_cc_cubic.loss(&t, &p, &c, 1000), 2000);
}

static void undo_restores_the_stage(void)
{
	struct tcp_cubic_epoch was;
	uint32_t cwnd, ssthresh;

	fresh(1000, 1000 * 1000, 100000);
	lose();
	run(3000 * 1000);
	was = CUBIC.now;
	cwnd = p.cwnd;
	ssthresh = c.ssthresh;
	lose();
	tcp_cc_cubic.timeout(&t, &p, &c);
	CHECK_EQ(CUBIC.now.w_max, 0);
	p.cwnd = cwnd;				/* tcp_loss.c's part */
	c.ssthresh = ssthresh;
	t.now_us += 60 * 1000 * 1000;
	tcp_cc_cubic.undo(&t, &p, &c);
	CHECK(memcmp(&CUBIC.now, &was, sizeof(was)) == 0);
	run(100 * 1000);
	CHECK(CUBIC.now.t_us - was.t_us <= 250000);
	CHECK(p.cwnd >= cwnd && p.cwnd < cwnd + cwnd / 50);
}

static void silence_counts_two_round_trips_and_idleness_none(void)
{
	uint32_t t_us;

	fresh(1000, 100000, 10000);
	lose();
	run(50 * 1000);
	t_us = CUBIC.now.t_us;
	t.now_us += 7 * 1000 * 1000;
	tcp_cc_cubic.acked(&t, &p, &c, 1000, true);
	CHECK_EQ(CUBIC.now.t_us - t_us, 20000);
	t_us = CUBIC.now.t_us;
	t.now_us += 7 * 1000 * 1000;
	tcp_cc_cubic.idle(&t, &p, &c);
	t.now_us += 5000;
	tcp_cc_cubic.acked(&t, &p, &c, 1000, true);
	CHECK_EQ(CUBIC.now.t_us - t_us, 5000);
	tcp_cc_cubic.acked(&t, &p, &c, 1000, false);
	CHECK_EQ(CUBIC.now.t_us - t_us, 5000);
}

/* The largest and smallest numbers there are: no step overflows, the window stays in range. */
static void extremes_stay_in_range(void)
{
	static const uint32_t mss[] = { 52, 1460, 65495 };

	for (uint32_t i = 0; i < ARRAY_LEN(mss); i++) {
		fresh(mss[i], TCP_CWND_MAX, 120u * 1000 * 1000);
		lose();
		for (uint32_t n = 0; n < 100; n++) {
			uint32_t was = p.cwnd;

			t.now_us += 100 * 1000 * 1000;
			tcp_cc_cubic.acked(&t, &p, &c, p.cwnd, true);
			CHECK(p.cwnd >= was && p.cwnd <= TCP_CWND_MAX);
		}
		CHECK_EQ(p.cwnd, TCP_CWND_MAX);
		CHECK_EQ(CUBIC.now.t_us, UINT32_MAX);
	}
}

CU_MAIN("tcp_cubic", TEST(cube_root_is_exact), TEST(k_is_equation_2),
	TEST(window_follows_the_curve), TEST(concave_then_flat_then_convex),
	TEST(short_paths_grow_as_reno_does), TEST(growth_is_half_the_window_a_round_trip_at_most),
	TEST(reduction_and_fast_convergence), TEST(undo_restores_the_stage),
	TEST(silence_counts_two_round_trips_and_idleness_none), TEST(extremes_stay_in_range))
