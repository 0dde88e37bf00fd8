/* SPDX-License-Identifier: MIT */
/*
 * pkt_rack.c - loss detected by time (RFC 8985 section 6)
 */
#include "cases.h"

/* A quarter of the least round trip: 2.5 ms. */
static void one_segment_overtaken_waits_for_the_window(void)
{
	struct bed *b = ten_out();
	nsec waited;

	sack(b, 1, 1001, 2001);
	bed_expect_nothing(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 2500 * 1000 && waited < 2600 * 1000);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void what_arrives_within_the_window_was_reordered(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 2001);
	bed_tick(b, 2 * MSEC);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_tick(b, 20 * MSEC);
	bed_expect_nothing(b);
	CHECK(bed_cold(b)->reordering);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void three_segments_overtaking_are_enough_without_reordering(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void once_reordering_was_seen_the_window_holds(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 2001);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	CHECK(bed_cold(b)->reordering);
	sack(b, 2001, 3001, 7001);
	bed_expect_nothing(b);
	CHECK(bed_tick_to_frame(b, SEC) >= 2400 * 1000);
	expect_full(b, 2001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void lost_retransmission_is_sent_again_without_a_timeout(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_forget_events(b);
	bed_tick(b, MSEC);
	send_full(b, 3);				/* behind the retransmission */
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 13001);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	bed_rx(b, SEG(ACK, 1, 13001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* The retransmission has arrived, sent after the tail: so the tail is lost. */
static void delivered_retransmission_tells_of_a_lost_tail(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	bed_tick(b, 3 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	expect_full(b, 4001, 1, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void dsack_widens_the_window_once_a_round_trip(void)
{
	struct bed *b = ten_out();

	sack(b, 4001, 1, 1001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	sack(b, 4001, 1001, 2001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	send_full(b, 2);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 12001, 0, .n_sack = 1, .sack = { { 9001, 10001 } }));
	CHECK_EQ(bed_cold(b)->reo_mult, 3);
	bed_forget_events(b);
	bed_done(b);
}

static void wide_window_wears_off_in_sixteen_recoveries(void)
{
	struct bed *b = bed_in_sack();
	uint32_t at = 1;

	send_full(b, 4);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 4001, 1, 1001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	at = 4001;
	for (uint32_t i = 0; i < 16; i++, at += 4000) {
		CHECK_EQ(bed_cold(b)->reo_mult, 2);
		bed_forget_events(b);
		while (bed_pcb(b)->cwnd < 4000)
			bed_pcb(b)->cwnd += 1000;
		send_full(b, 4);
		bed_tick(b, BED_RTT_US * 1000);
		sack(b, at, at + 1000, at + 4000);
		bed_tick(b, 6 * MSEC);
		bed_forget_tx(b);
		bed_rx(b, SEG(ACK, 1, at + 4000, 0));
	}
	CHECK_EQ(bed_cold(b)->reo_mult, 1);
	bed_forget_events(b);
	bed_done(b);
}

/* Section 6.3: what was sent less than a round trip ago is not lost with the rest. */
static void timeout_spares_what_was_sent_lately(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 3);
	bed_tick(b, 195 * MSEC);
	send_full(b, 2);
	CHECK(bed_tick_to_frame(b, SEC) < 6 * MSEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->lost, 2000);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* Sixteen rounds of D-SACK would wait for four round trips: SRTT is the bound. */
static void window_is_a_round_trip_at_most(void)
{
	struct bed *b = ten_out();
	nsec waited;

	bed_cold(b)->reo_mult = 16;
	sack(b, 1, 1001, 2001);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 9900 * 1000 && waited <= 10100 * 1000);
	expect_full(b, 1, 1, 1);
	ack_all_and_done(b);
}

static void window_grows_by_a_quarter_a_round(void)
{
	for (uint32_t mult = 1; mult <= 4; mult++) {
		struct bed *b = ten_out();
		nsec waited;

		bed_cold(b)->reo_mult = (uint8_t)mult;
		sack(b, 1, 1001, 2001);
		waited = bed_tick_to_frame(b, SEC);
		CHECK(waited >= mult * 2490 * 1000 && waited <= mult * 2510 * 1000);
		bed_forget_tx(b);
		ack_all_and_done(b);
	}
}

static void without_reordering_nothing_is_waited_for_in_recovery(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	sack(b, 1, 1001, 5001);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 6001, 7001 }, { 1001, 5001 } }));
	CHECK_EQ(bed_cold(b)->lost + bed_stat(b, STAT_TCP_REXMIT) * 1000, 2000);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* The path has become longer; five minutes later the shorter time is forgotten. */
static void least_round_trip_is_of_the_last_minutes(void)
{
	struct bed *b = bed_in_sack();
	uint32_t at = 1;

	for (uint32_t i = 0; i < 30; i++, at += 1000) {
		send_full(b, 1);
		bed_tick(b, 40 * MSEC);
		bed_rx(b, SEG(ACK, 1, at + 1000, 0));
		bed_forget_events(b);
	}
	send_full(b, 4);
	bed_tick(b, 40 * MSEC);
	sack(b, at, at + 1000, at + 2000);
	CHECK_EQ(bed_cold(b)->min_rtt, 10000);
	bed_rx(b, SEG(ACK, 1, at + 4000, 0));
	bed_forget_events(b);
	at += 4000;
	bed_tick(b, 301 * SEC);
	send_full(b, 4);
	bed_tick(b, 40 * MSEC);
	sack(b, at, at + 1000, at + 2000);
	CHECK(bed_cold(b)->min_rtt >= 35000);
	CHECK(bed_tick_to_frame(b, SEC) >= 8 * MSEC);	/* a quarter of that */
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* An ACK faster than any round trip is of the original: it proves nothing about what followed. */
static void ack_too_early_for_the_retransmission_is_not_its(void)
{
	struct bed *b = ten_out();
	uint32_t tx;

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	tx = bed_cold(b)->rack_tx;
	bed_tick(b, MSEC);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	CHECK_EQ(bed_cold(b)->rack_tx, tx);
	CHECK_EQ(bed_cold(b)->rack_rtt, 10000);
	CHECK_EQ(bed_cold(b)->lost, 0);
	bed_tick(b, 5 * MSEC);
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

/* What was sent again and arrives below what was reported is no reordering. */
static void retransmission_that_arrives_is_no_reordering(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK(!bed_cold(b)->reordering);
	ack_all_and_done(b);
}

static void block_below_another_is_reordering(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 9001, 10001);
	CHECK(!bed_cold(b)->reordering);
	sack(b, 1, 4001, 5001);
	CHECK(bed_cold(b)->reordering);
	ack_all_and_done(b);
}

/* What was sent behind what has arrived may still be on its way, however long it takes. */
static void what_was_sent_later_is_not_lost(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 4);
	bed_tick(b, 5 * MSEC);
	send_full(b, 4);
	bed_tick(b, 5 * MSEC);
	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_tick(b, 50 * MSEC);
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->lost, 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 1);
	ack_all_and_done(b);
}

/* Loss of a retransmission is repaired, but the window is reduced once: see 9.3. */
static void timer_looks_again_behind_a_lost_retransmission(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 9001);
	expect_full(b, 1, 1, 1);
	bed_forget_events(b);
	bed_tick(b, MSEC);
	send_full(b, 1);
	bed_cold(b)->reordering = true;
	bed_tick(b, BED_RTT_US * 1000 - MSEC);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 10001, 11001 }, { 1001, 9001 } }));
	CHECK(bed_tick_to_frame(b, SEC) < 5 * MSEC);
	bed_forget_tx(b);
	CHECK(bed_stat(b, STAT_TCP_REXMIT) >= 2);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	ack_all_and_done(b);
}

/* Sending again takes the mark of loss away, and notes the time. */
static void sending_again_clears_the_mark(void)
{
	struct bed *b = ten_out();
	struct snd_hole *h;

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	h = tcp_hole(&b->dp->tcp, bed_cold(b)->holes);
	CHECK_EQ(h->flags, HOLE_AGAIN);
	CHECK_EQ(h->tx_us, b->dp->tcp.now_us);
	CHECK_EQ(bed_cold(b)->lost, 0);
	ack_all_and_done(b);
}

static void timeout_marks_all_that_is_old(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->lost, 4000);		/* the first has gone again */
	ack_all_and_done(b);
}

const struct pkt_case pkt_rack[] = {
	CASE(one_segment_overtaken_waits_for_the_window, "RFC 8985 6.2 [6.2-5, 6.2-7, 6.2-8]"),
	CASE(what_arrives_within_the_window_was_reordered, "RFC 8985 6.2 [6.2-3, 6.2-5]"),
	CASE(three_segments_overtaking_are_enough_without_reordering,
	     "RFC 8985 6.2 [6.2-4, 6.2-7, RFC 6675 3-1, RFC 6675 5-1]"),
	CASE(once_reordering_was_seen_the_window_holds, "RFC 8985 6.2 [6.2-3, 6.2-5, 6.2-8]"),
	CASE(lost_retransmission_is_sent_again_without_a_timeout, "RFC 8985 6.2 [6.1-1, 6.2-7]"),
	CASE(delivered_retransmission_tells_of_a_lost_tail, "RFC 8985 6.2 [6.1-1, 6.2-7]"),
	CASE(dsack_widens_the_window_once_a_round_trip, "RFC 8985 6.2 [4-3, 6.2-5]"),
	CASE(wide_window_wears_off_in_sixteen_recoveries, "RFC 8985 6.2 [4-3]"),
	CASE(timeout_spares_what_was_sent_lately, "RFC 8985 6.3 [6.3-1]"),
	CASE(timeout_marks_all_that_is_old, "RFC 8985 6.3 [6.3-1]"),
	CASE(window_is_a_round_trip_at_most, "RFC 8985 6.2 [6.2-6]"),
	CASE(window_grows_by_a_quarter_a_round, "RFC 8985 6.2 [4-3, 6.2-5]"),
	CASE(without_reordering_nothing_is_waited_for_in_recovery, "RFC 8985 6.2 [6.2-4]"),
	CASE(least_round_trip_is_of_the_last_minutes, "RFC 8985 6.2 [6.2-1]"),
	CASE(ack_too_early_for_the_retransmission_is_not_its, "RFC 8985 6.2 [6.2-2]"),
	CASE(retransmission_that_arrives_is_no_reordering, "RFC 8985 6.2 [6.2-3]"),
	CASE(block_below_another_is_reordering, "RFC 8985 6.2 [6.2-3]"),
	CASE(what_was_sent_later_is_not_lost, "RFC 8985 6.2 [6.2-7, 4-2]"),
	CASE(timer_looks_again_behind_a_lost_retransmission, "RFC 8985 6.2 [6.2-8]"),
	CASE(sending_again_clears_the_mark, "RFC 8985 6.1 [6.1-1, 4-2]"),
	CASES_END
};
