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

static void challenges_are_limited_in_a_second(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 1200; i++) {
		bed_rx(b, SEG(SYN, 10, 0, 0));
		bed_forget_tx(b);
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 1000);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE_LIMITED), 200);
	bed_tick(b, SEC);
	bed_rx(b, SEG(SYN, 10, 0, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_done(b);
}

static void limit_is_shared_by_all_connections(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	for (b->cur = 0; b->cur < 2; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	for (uint32_t i = 0; i < 1100; i++) {
		b->cur = i % 2;
		bed_rx(b, SEG(RST, 10, 0, 0));
		bed_forget_tx(b);
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 1000);
	CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE_LIMITED), 100);
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

const struct pkt_case pkt_rfc5961[] = {
	CASE(old_ack_within_the_largest_window_is_taken, "RFC 5961 5.2"),
	CASE(older_ack_is_challenged_and_its_text_dropped, "RFC 5961 5.2"),
	CASE(challenges_are_limited_in_a_second, "RFC 5961 7"),
	CASE(limit_is_shared_by_all_connections, "RFC 5961 7"),
	CASE(challenge_lets_a_restarted_peer_clear_the_way, "RFC 5961 4.2"),
	CASE(acks_do_not_answer_acks_for_ever, "RFC 5961 7"),
	CASES_END
};
