/* SPDX-License-Identifier: MIT */
/* test_tcp_dctcp.c - DCTCP's average and its cut against RFC 8257 in floating point */
#include <math.h>

#include "cu.h"
#include "tcp/tcp_impl.h"

static struct tcp t;
static struct tcp_pcb p;
static struct tcp_cold c;

#define DCTCP (c.cc_state.dctcp)

static void fresh(uint32_t una)
{
	t = (struct tcp){ 0 };
	p = (struct tcp_pcb){ .mss = 1000, .cwnd = 100000, .snd_una = una, .snd_nxt = una };
	c = (struct tcp_cold){ .ssthresh = 1000 };
	tcp_cc_dctcp.init(&t, &p, &c);
}

static void ack(uint32_t bytes, bool ece)
{
	tcp_cc_dctcp.ece(&t, &p, &c, bytes, ece);
	p.snd_una += bytes;
}

/* One observation window of @n segments, @marked of them; the one before ends with its first. */
static void window(uint32_t n, uint32_t marked)
{
	p.snd_nxt = p.snd_una + n * 1000;
	for (uint32_t i = 0; i < n; i++)
		ack(1000, i < marked);
}

static void alpha_starts_at_one(void)
{
	fresh(5);
	CHECK_EQ(DCTCP.alpha, 1 << 16);
	CHECK_EQ(tcp_cc_dctcp.marked(&t, &p, &c, 100000), 50000);
}

/* Every window's share, one ACK late, across the wrap of sequence numbers. */
static void average_is_the_formulas(void)
{
	uint32_t n = 1, marked = 0, share = 0;
	double alpha = 1, m = 0;

	fresh(0xffff8000u);
	p.snd_nxt = p.snd_una + 1000;
	ack(1000, false);			/* ends the empty window of the beginning */
	alpha *= 15.0 / 16;
	for (uint32_t i = 0; i < 2000; i++) {
		share = (share * 7 + i) % 11;
		n = 5 + i % 30;
		/* The window's first ACK belongs to the one before, and ends it. */
		marked = MIN(share, n - 1);
		p.snd_nxt = p.snd_una + n * 1000;
		ack(1000, false);
		if (i > 0)
			alpha = alpha * 15 / 16 + m / 16;
		else
			alpha = alpha * 15 / 16;	/* no byte of it was marked */
		CHECK(fabs(DCTCP.alpha / 65536.0 - alpha) < 0.001);
		for (uint32_t k = 1; k < n; k++)
			ack(1000, k <= marked);
		/* n - 1 segments here, and the first of the next window. */
		m = (double)marked / n;
	}
}

static void share_is_of_bytes_not_of_acks(void)
{
	fresh(0);
	window(1, 0);
	DCTCP.alpha = 0;
	p.snd_nxt = p.snd_una + 10000;
	ack(1000, false);
	CHECK_EQ(DCTCP.alpha, 0);
	ack(6000, true);
	ack(3000, false);
	p.snd_nxt = p.snd_una + 3000;
	ack(3000, false);
	CHECK_EQ(DCTCP.alpha, (uint32_t)(65536 * 6000ULL / 12000) / 16);
}

static void all_marked_is_one_and_none_is_zero(void)
{
	fresh(0);
	for (uint32_t i = 0; i < 200; i++)
		window(10, 0);
	CHECK_EQ(DCTCP.alpha, 0);
	CHECK_EQ(tcp_cc_dctcp.marked(&t, &p, &c, 100000), 100000);
	for (uint32_t i = 0; i < 300; i++)
		window(10, 10);
	CHECK(DCTCP.alpha > 65536 - 65 && DCTCP.alpha <= 65536);
}

static void cut_is_equation_9(void)
{
	fresh(0);
	for (uint32_t cwnd = 2000; cwnd < TCP_CWND_MAX / 3; cwnd = cwnd * 3 + 7) {
		for (uint32_t alpha = 0; alpha <= 65536; alpha += 4096) {
			double want = cwnd * (1 - alpha / 65536.0 / 2);

			p.cwnd = cwnd;
			DCTCP.alpha = alpha;
			want = MAX(want, 2000);
			CHECK(fabs(tcp_cc_dctcp.marked(&t, &p, &c, 0) - want) <= 1);
		}
	}
}

static void duplicate_acks_change_nothing(void)
{
	fresh(0);
	for (uint32_t i = 0; i < 10; i++)
		ack(0, true);
	CHECK_EQ(DCTCP.alpha, 1 << 16);
	CHECK(!DCTCP.begun);
}

static void loss_is_newrenos(void)
{
	fresh(0);
	DCTCP.alpha = 0;
	CHECK_EQ(tcp_cc_dctcp.loss(&t, &p, &c, 80000), 40000);
	CHECK_EQ(DCTCP.alpha, 0);
}

CU_MAIN("tcp_dctcp", TEST(alpha_starts_at_one), TEST(average_is_the_formulas),
	TEST(share_is_of_bytes_not_of_acks), TEST(all_marked_is_one_and_none_is_zero),
	TEST(cut_is_equation_9), TEST(duplicate_acks_change_nothing), TEST(loss_is_newrenos))
