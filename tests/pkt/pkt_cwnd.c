/* SPDX-License-Identifier: MIT */
/*
 * pkt_cwnd.c - how the congestion window grows (RFC 5681 section 3.1, RFC 3465, RFC 6928)
 */
#include "cases.h"

static void initial_window_is_ten_segments(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_pcb(b)->cwnd, 10 * BED_MSS);
	CHECK_EQ(bed_sendv(b, 20000), 10 * BED_MSS);
	expect_full(b, 1, 1, 10);
	bed_done(b);
}

static void slow_start_grows_by_what_is_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	for (uint32_t i = 0; i < 5; i++) {
		bed_rx(b, SEG(ACK, 1, 2001 + i * 2000, 0));
		CHECK_EQ(bed_pcb(b)->cwnd, 12000 + i * 2000);
		bed_forget_events(b);
		send_full(b, 4);
	}
	bed_done(b);
}

/* L = 2 SMSS: a stretch ACK counts for two segments. */
static void one_ack_grows_slow_start_by_two_segments_at_most(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 12000);
	bed_forget_events(b);
	bed_done(b);
}

static void acknowledged_bytes_count_not_acks(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	for (uint32_t i = 1; i <= 10; i++)
		bed_rx(b, SEG(ACK, 1, 1 + i * 10, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 10100);
	bed_forget_events(b);
	bed_done(b);
}

static void window_does_not_grow_while_it_is_not_the_limit(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 20; i++) {
		send_full(b, 1);
		bed_rx(b, SEG(ACK, 1, 1001 + i * 1000, 0));
	}
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	bed_forget_events(b);
	bed_done(b);
}

/* Three ACKs in one pass, the first of a full window: nobody could fill it between them. */
static void acks_of_one_pass_grow_the_window_as_if_apart(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_cold(b)->ssthresh = 5000;
	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	for (uint32_t i = 1; i <= 3; i++)
		bed_queue(b, SEG(ACK, 1, 1 + i * 2000, 0));
	bed_pass(b);
	CHECK_EQ(bed_cold(b)->cc_state.newreno.acked, 6000);
	bed_forget_events(b);
	bed_done(b);
}

/* Above ssthresh: one segment when a whole window's worth of bytes is acknowledged. */
static void congestion_avoidance_grows_one_segment_a_window(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t acked = 1;

	bed_cold(b)->ssthresh = 5000;
	bed_pcb(b)->cwnd = 5000;
	send_full(b, 5);
	for (uint32_t cwnd = 5; cwnd < 8; cwnd++) {
		for (uint32_t i = 0; i < cwnd; i++) {
			CHECK_EQ(bed_pcb(b)->cwnd, cwnd * 1000);
			acked += 1000;
			bed_rx(b, SEG(ACK, 1, acked, 0));
			bed_forget_events(b);
			send_full(b, i + 1 < cwnd ? 1 : 2);
		}
	}
	bed_done(b);
}

static void window_of_the_peer_bounds_what_cwnd_would_allow(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 3000));
	CHECK_EQ(bed_sendv(b, 20000), 3000);
	expect_full(b, 1, 1, 3);
	bed_done(b);
}

/* 700 bytes of the window are no segment while there is more to send. */
static void odd_window_is_used_in_full_segments(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_pcb(b)->cwnd = 3700;
	CHECK_EQ(bed_sendv(b, 20000), 3000);
	expect_full(b, 1, 1, 3);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	CHECK_EQ(bed_pcb(b)->cwnd, 5700);
	CHECK_EQ(bed_sendv(b, 20000), 4000);
	expect_full(b, 3001, 1, 4);
	CHECK_EQ(bed_sendv(b, 700), 700);		/* ... unless there is no more */
	bed_expect(b, SEG(ACK, 7001, 1, 700));
	bed_done(b);
}

/* Behind a timeout L is one segment: the hole that closes may free a whole window. */
static void slow_start_behind_a_timeout_grows_by_one_segment_an_ack(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 2000);
	expect_full(b, 4001, 1, 2);
	bed_rx(b, SEG(ACK, 1, 6001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 3000);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

const struct pkt_case pkt_cwnd[] = {
	CASE(initial_window_is_ten_segments,
	     "RFC 6928 2 [2-1, 2-3, RFC 5681 3.1-3, RFC 5681 3.1-13]"),
	CASE(slow_start_grows_by_what_is_acknowledged,
	     "RFC 5681 3.1 [3.1-1, 3.1-5, 3.1-6, RFC 3465 2.2-1, RFC 9293 MUST-19]"),
	CASE(one_ack_grows_slow_start_by_two_segments_at_most,
	     "RFC 3465 2.2 [2.2-1, 2.3-1, RFC 5681 3.1-6]"),
	CASE(acknowledged_bytes_count_not_acks, "RFC 5681 3.1 [3.1-6, RFC 3465 2.2-1]"),
	CASE(window_does_not_grow_while_it_is_not_the_limit, "RFC 7661 4"),
	CASE(acks_of_one_pass_grow_the_window_as_if_apart, "RFC 5681 3.1, RFC 7661 4"),
	CASE(congestion_avoidance_grows_one_segment_a_window,
	     "RFC 5681 3.1 [3.1-1, 3.1-7, 3.1-8, RFC 3465 2.1-1, RFC 9293 MUST-19]"),
	CASE(slow_start_behind_a_timeout_grows_by_one_segment_an_ack,
	     "RFC 3465 2.3 [2.3-2, RFC 5681 3.1-12]"),
	CASE(window_of_the_peer_bounds_what_cwnd_would_allow, "RFC 5681 3.1 [2-1]"),
	CASE(odd_window_is_used_in_full_segments, "RFC 9293 3.7 [SHLD-28]"),
	CASES_END
};
