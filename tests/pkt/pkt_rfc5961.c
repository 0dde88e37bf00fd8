/* SPDX-License-Identifier: MIT */
/*
 * pkt_rfc5961.c - blind attacks: which ACKs are believed, and how often we answer
 * (RFC 5961 sections 5 and 7)
 */
#include "cases.h"

/* [SND.UNA - MAX.SND.WND, SND.NXT] is believed. */
static void old_ack_within_the_largest_window_is_taken(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1 - BED_WND, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_done(b);
}

static void older_ack_is_challenged_and_its_text_dropped(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1 - BED_WND - 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 1);
	bed_rx(b, SEG(ACK, 1, 1 + 0x80000000u, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	bed_done(b);
}

/* No more than 10 in any 5 s: five at once, then one a second. */
static void challenges_are_limited_in_a_second(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 100; i++)
		bed_rx(b, SEG(SYN, 10, 0, 0));
	for (uint32_t i = 0; i < 5; i++)
		bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 5);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE_LIMITED), 95);
	bed_tick(b, SEC - MSEC);
	bed_rx(b, SEG(SYN, 10, 0, 0));
	bed_expect_nothing(b);
	bed_tick(b, MSEC);
	bed_rx(b, SEG(SYN, 10, 0, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(SYN, 10, 0, 0));
	bed_expect_nothing(b);
	bed_done(b);
}

static void no_five_seconds_see_more_than_ten_challenges(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t at[61] = { 0 };

	for (uint32_t i = 0; i < 60; i++) {		/* in steps of 250 ms */
		for (uint32_t k = 0; k < 3; k++)
			bed_rx(b, SEG(RST, 10, 0, 0));
		bed_forget_tx(b);
		at[i + 1] = bed_stat(b, STAT_TCP_CHALLENGE);
		bed_tick(b, 250 * MSEC);
	}
	for (uint32_t i = 0; i + 20 <= 60; i++)
		CHECK(at[i + 20] - at[i] <= 10);
	CHECK(at[60] >= 15);
	bed_done(b);
}

/* Long quiet does not save up more than the burst, nor does it use up anything. */
static void allowance_is_full_again_after_a_while(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < 8; i++)
			bed_rx(b, SEG(SYN, 10, 0, 0));
		CHECK_EQ(bed_tx_waiting(b), 5);
		bed_forget_tx(b);
		bed_tick(b, (round + 1) * 1500 * SEC);
	}
	bed_done(b);
}

/* CVE-2016-5696: what one connection is answered says nothing about another. */
static void limit_is_of_each_connection(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	for (b->cur = 0; b->cur < 2; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	b->cur = 0;
	for (uint32_t i = 0; i < 1000; i++)
		bed_rx(b, SEG(RST, 10, 0, 0));
	bed_forget_tx(b);
	b->cur = 1;
	for (uint32_t i = 0; i < 5; i++) {
		bed_rx(b, SEG(RST, 10, 0, 0));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_rx(b, SEG(RST, 10, 0, 0));
	bed_expect_nothing(b);
	bed_done(b);
}

/* A handle used again begins with an allowance of its own. */
static void next_connection_of_the_slot_has_its_own_allowance(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 20; i++)
		bed_rx(b, SEG(RST, 10, 0, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	bed_rx(b, SEG(RST, 10, 0, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_done(b);
}

/* Times are microseconds modulo 2^32. */
static void fresh_allowance_is_full_when_the_clock_wraps(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	b->now = (1ULL << 32) * NSEC_PER_USEC - 3 * SEC;
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	for (uint32_t i = 0; i < 5; i++) {
		bed_rx(b, SEG(RST, 10, 0, 0));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_tick(b, 4 * SEC);
	for (uint32_t i = 0; i < 4; i++) {
		bed_rx(b, SEG(RST, 10, 0, 0));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_rx(b, SEG(RST, 10, 0, 0));
	bed_expect_nothing(b);
	bed_done(b);
}

/* What is not a challenge is not limited by them, and the reverse. */
static void limit_does_not_touch_other_acks(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 20; i++)
		bed_rx(b, SEG(SYN, 10, 0, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, -99, 1, 50));		/* old text: acknowledged again */
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void syn_in_time_wait_is_challenged_within_the_limit(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	for (uint32_t i = 0; i < 8; i++)
		bed_rx(b, SEG(SYN | ACK, 2, 2, 0));
	CHECK_EQ(bed_tx_waiting(b), 5);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 5);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE_LIMITED), 3);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_forget_tx(b);
	bed_done(b);
}

/* The peer has crashed and opens again: our challenge makes it reset the old connection. */
static void challenge_lets_a_restarted_peer_clear_the_way(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(SYN, 5000, 0, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	b->conn[0].heard = b->conn[0].edge_known = false;
	bed_rx(b, SEG(SYN, 5000, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 5001, 0));
	bed_done(b);
}

/* Somebody else has spoken for both ends: their ACKs are unacceptable to each other, and would
 * answer each other for ever. */
static void acks_do_not_answer_acks_for_ever(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 100; i++)
		bed_rx(b, SEG(ACK, -9, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 11, 0));			/* of what we never sent */
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_EMPTY_LIMITED), 100);
	bed_tick(b, TCP_EMPTY_ACK_US * NSEC_PER_USEC);
	bed_rx(b, SEG(ACK, 1, 11, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	for (uint32_t i = 0; i < 3; i++) {		/* what carries something is answered */
		bed_rx(b, SEG(ACK, -9, 1, 10));
		bed_expect(b, SEG(ACK, 1, 1, 0));
		bed_rx(b, SEG(FIN | ACK, -9, 1, 0));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_done(b);
}

/* Text from where no window was lately, by somebody who guesses: one answer now and then. What
 * the peer may have sent again has its answer meanwhile. */
static void blind_text_has_an_answer_now_and_then(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	int32_t wnd = (int32_t)b->dp->tcp.cfg.rcv_wnd;

	for (uint32_t i = 0; i < 50; i++) {
		bed_rx(b, SEG(ACK, -wnd - 1000, 1, 10));
		bed_rx(b, SEG(ACK, 1 + 2 * wnd, 1, 10));
	}
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_EMPTY_LIMITED), 99);
	for (uint32_t i = 0; i < 3; i++) {
		bed_rx(b, SEG(ACK, 1 - wnd, 1, 10));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_tick(b, TCP_EMPTY_ACK_US * NSEC_PER_USEC);
	bed_rx(b, SEG(ACK, -wnd - 1000, 1, 10));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_done(b);
}

const struct pkt_case pkt_rfc5961[] = {
	CASE(blind_text_has_an_answer_now_and_then, "RFC 9293 3.10.7.4; RFC 5961 7"),
	CASE(old_ack_within_the_largest_window_is_taken, "RFC 5961 5.2 [5.2-1, RFC 9293 MAY-12]"),
	CASE(older_ack_is_challenged_and_its_text_dropped,
	     "RFC 5961 5.2 [5.2-1, 5.2-2, RFC 9293 MAY-12]"),
	CASE(challenges_are_limited_in_a_second, "RFC 5961 7 [7-1]"),
	CASE(no_five_seconds_see_more_than_ten_challenges, "RFC 5961 7 [7-1]"),
	CASE(allowance_is_full_again_after_a_while, "RFC 5961 7"),
	CASE(limit_is_of_each_connection, "RFC 5961 7; CVE-2016-5696 [7-3]"),
	CASE(next_connection_of_the_slot_has_its_own_allowance, "RFC 5961 7"),
	CASE(fresh_allowance_is_full_when_the_clock_wraps, "RFC 5961 7"),
	CASE(limit_does_not_touch_other_acks, "RFC 5961 7"),
	CASE(syn_in_time_wait_is_challenged_within_the_limit, "RFC 5961 4.2, 7"),
	CASE(challenge_lets_a_restarted_peer_clear_the_way, "RFC 5961 4.2 [4.2-1]"),
	CASE(acks_do_not_answer_acks_for_ever, "RFC 5961 7 [7-1]"),
	CASES_END
};
