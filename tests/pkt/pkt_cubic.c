/* SPDX-License-Identifier: MIT */
/*
 * pkt_cubic.c - CUBIC on the wire: when its window moves (RFC 9438)
 *
 * Not here: the curve itself (tests/unit/test_tcp_cubic.c).
 */
#include "cases.h"

#define CUBIC(b) (&bed_cold(b)->cc_state.cubic)

static struct bed *cubic(void)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.cc = CC_CUBIC;
	return bed_in_cfg(&cfg, TCP_ESTABLISHED);
}

/* In congestion avoidance at @n segments, before its first ACK; the last reduction was @prior. */
static struct bed *avoiding(uint32_t n, uint32_t w_max, uint32_t prior)
{
	struct bed *b = cubic();

	bed_cold(b)->ssthresh = bed_pcb(b)->cwnd = n * BED_MSS;
	CUBIC(b)->now.w_max = w_max;
	CUBIC(b)->now.cwnd_prior = prior;
	return b;
}

static void fill(struct bed *b)
{
	bed_sendv(b, 64 * BED_MSS);
	bed_forget_tx(b);
}

/* What was in flight is acknowledged, two segments an ACK, and the window is kept full. */
static void round_trip(struct bed *b)
{
	struct bed_conn *c = &b->conn[0];
	uint32_t una, end;

	fill(b);
	end = snd_nxt(b);
	bed_tick(b, BED_RTT_US * 1000);
	for (una = bed_pcb(b)->snd_una - c->iss; una != end; fill(b)) {
		una += MIN(2u * BED_MSS, end - una);
		bed_rx(b, SEG(ACK, 1, una, 0));
		bed_forget_events(b);
	}
}

static void dupacks(struct bed *b, uint32_t ack, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bed_rx(b, SEG(ACK, 1, ack, 0));
}

static void slow_start_is_renos(void)
{
	struct bed *b = cubic();

	send_full(b, 10);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 12000);
	bed_forget_events(b);
	bed_done(b);
}

static void loss_takes_three_tenths(void)
{
	struct bed *b = cubic();

	send_full(b, 10);
	dupacks(b, 1, 3);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 7000);
	CHECK_EQ(CUBIC(b)->now.w_max, 10000);
	CHECK_EQ(CUBIC(b)->now.cwnd_prior, 10000);
	bed_done(b);
}

static void lower_loss_makes_room(void)
{
	struct bed *b = avoiding(10, 20000, 0);

	send_full(b, 10);
	dupacks(b, 1, 3);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(CUBIC(b)->now.w_max, 8500);
	CHECK_EQ(CUBIC(b)->now.cwnd_prior, 10000);
	bed_done(b);
}

static void mark_is_as_a_loss(void)
{
	struct bed *b = bed_in_ecn(CC_CUBIC);

	send_ect(b, 10, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 2001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 7000);
	CHECK_EQ(CUBIC(b)->now.w_max, 10000);
	bed_forget_events(b);
	bed_done(b);
}

/* Short round trips: Reno's estimate leads, 9/17 of a segment each up to the last window. */
static void small_windows_grow_as_renos(void)
{
	struct bed *b = avoiding(10, 14000, 14000);

	round_trip(b);				/* the acks also begin the stage */
	CHECK(bed_pcb(b)->cwnd >= 10500 && bed_pcb(b)->cwnd <= 10530);
	for (uint32_t i = 0; i < 4; i++)
		round_trip(b);
	CHECK(bed_pcb(b)->cwnd >= 12300 && bed_pcb(b)->cwnd <= 12650);
	bed_done(b);
}

static void beyond_the_last_window_growth_is_a_segment_a_round_trip(void)
{
	struct bed *b = avoiding(10, 10000, 10000);

	round_trip(b);
	CHECK(bed_pcb(b)->cwnd >= 10900 && bed_pcb(b)->cwnd <= 11000);
	round_trip(b);
	CHECK(bed_pcb(b)->cwnd >= 11700 && bed_pcb(b)->cwnd <= 12000);
	bed_done(b);
}

static void window_that_is_not_the_limit_stays(void)
{
	struct bed *b = avoiding(10, 20000, 0);

	for (uint32_t i = 0; i < 5; i++) {
		send_full(b, 4);
		bed_tick(b, 10 * MSEC);
		bed_rx(b, SEG(ACK, 1, snd_nxt(b), 0));
		bed_forget_events(b);
	}
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	CHECK(!CUBIC(b)->now.live);
	bed_done(b);
}

static void idle_time_is_not_the_curves(void)
{
	struct bed *b = avoiding(10, 20000, 0);
	uint32_t t_us;

	round_trip(b);
	round_trip(b);
	t_us = CUBIC(b)->now.t_us;
	CHECK(t_us >= BED_RTT_US && t_us < 3 * BED_RTT_US);
	bed_rx(b, SEG(ACK, 1, snd_nxt(b), 0));
	bed_tick(b, 30 * SEC);
	bed_forget_tx(b);
	bed_cold(b)->ssthresh = bed_pcb(b)->cwnd = 10000;	/* whatever idleness did to them */
	round_trip(b);
	CHECK(CUBIC(b)->now.t_us - t_us <= 3 * BED_RTT_US);
	bed_done(b);
}

static void timeout_begins_at_the_plateau(void)
{
	struct bed *b = avoiding(10, 20000, 0);

	send_full(b, 10);
	bed_tick(b, 201 * MSEC);
	bed_forget_tx(b);
	CHECK_EQ(bed_cold(b)->ssthresh, 7000);
	CHECK_EQ(CUBIC(b)->now.w_max, 0);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_cold(b)->ssthresh = bed_pcb(b)->cwnd = 7000;
	round_trip(b);
	CHECK_EQ(CUBIC(b)->now.k, 0);
	CHECK_EQ(CUBIC(b)->now.w_max, 7000);
	bed_done(b);
}

const struct pkt_case pkt_cubic[] = {
	CASE(slow_start_is_renos, "RFC 9438 4.10 [4.10-1]"),
	CASE(loss_takes_three_tenths, "RFC 9438 4.6 [4.6-1, 4.6-2, RFC 9293 MAY-18]"),
	CASE(lower_loss_makes_room, "RFC 9438 4.7 [4.7-1]"),
	CASE(mark_is_as_a_loss, "RFC 9438 4.6"),
	CASE(small_windows_grow_as_renos, "RFC 9438 4.3 [4.3-1, 4.3-2]"),
	CASE(beyond_the_last_window_growth_is_a_segment_a_round_trip, "RFC 9438 4.3 [4.3-2]"),
	CASE(window_that_is_not_the_limit_stays, "RFC 9438 5.8 [4.6-3]"),
	CASE(idle_time_is_not_the_curves, "RFC 9438 5.8 [4.2-2]"),
	CASE(timeout_begins_at_the_plateau, "RFC 9438 4.8 [4.8-1]"),
	CASES_END
};
