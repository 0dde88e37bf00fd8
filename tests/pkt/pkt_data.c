/* SPDX-License-Identifier: MIT */
/*
 * pkt_data.c - bytes in and out: segmentation, scatter-gather, what `sent` says and when
 * (RFC 9293 section 3.8; IX table 1 and section 4.2)
 */
#include "cases.h"

static void send_goes_out_in_the_same_pass(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK | PSH, 1, 1, 10));
	bed_rx(b, SEG(ACK, 1, 11, 0));
	bed_expect_sent(b, 10, 10 * BED_MSS);
	bed_done(b);
}

static void long_send_is_cut_into_full_segments(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 2500), 2500);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect(b, SEG(ACK, 1001, 1, 1000));
	bed_expect(b, SEG(ACK, 2001, 1, 500));
	bed_done(b);
}

/* A frame names four pieces at most: 25 of 100 bytes need seven. */
static void more_than_four_pieces_take_more_frames(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_send_pieces(b, 25, 100), 2500);
	for (uint32_t i = 0; i < 6; i++)
		bed_expect(b, SEG(ACK, 1 + i * 400, 1, 400));
	bed_expect(b, SEG(ACK, 2401, 1, 100));
	CHECK_EQ(b->work.tx_frags, 25);
	bed_rx(b, SEG(ACK, 1, 2501, 0));
	bed_expect_event(b, IX_EV_SENT, 2500);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	bed_done(b);
}

static void pieces_longer_than_a_segment_straddle_segments(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_send_pieces(b, 3, 1700), 5100);
	expect_full(b, 1, 1, 5);
	bed_expect(b, SEG(ACK, 5001, 1, 100));
	bed_rx(b, SEG(ACK, 1, 1701, 0));
	bed_expect_event(b, IX_EV_SENT, 1700);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 2);
	bed_done(b);
}

static void adjacent_sends_share_a_reference(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 5; i++)
		CHECK_EQ(bed_sendv(b, 10), 10);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 1);
	for (uint32_t i = 0; i < 5; i++)
		bed_expect(b, SEG(ACK, 1 + i * 10, 1, 10));
	bed_done(b);
}

static void ack_in_the_middle_of_a_piece_counts_bytes(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_send_pieces(b, 2, 500), 1000);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1, 251, 0));
	bed_expect_event(b, IX_EV_SENT, 250);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 2);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 750);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	bed_done(b);
}

static void sendv_takes_what_the_window_takes(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 15000), 10000);		/* cwnd: ten segments */
	expect_full(b, 1, 1, 10);
	CHECK_EQ(bed_sendv(b, 5000), 0);
	bed_expect_nothing(b);
	bed_done(b);
}

static void sendv_is_limited_by_the_peers_window(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 2500));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_accept(b);
	CHECK_EQ(bed_sendv(b, 2500), 2500);
	expect_full(b, 1, 1, 2);
	bed_expect(b, SEG(ACK, 2001, 1, 500));
	CHECK_EQ(bed_sendv(b, 15000), 0);
	bed_done(b);
}

static void sent_comes_before_recv_of_the_same_segment(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 50));
	bed_expect_sent(b, 1000, 10000);
	bed_expect_event(b, IX_EV_RECV, 50);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1001, 51, 0));
	bed_done(b);
}

static void sent_says_the_window_that_is_left(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 4);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .wnd = 5000));
	bed_expect_sent(b, 1000, 2000);
	bed_rx(b, SEG(ACK, 1, 2001, 0, .wnd = 2000));
	bed_expect_sent(b, 1000, 0);
	bed_done(b);
}

static void data_carries_the_ack_that_is_owed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_nothing(b);
	send_full(b, 1);
	bed_tick(b, 100 * MSEC);
	bed_expect_nothing(b);
	bed_done(b);
}

static void batch_of_data_is_acknowledged_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 6; i++)
		bed_queue(b, SEG(ACK, 1 + i * 1000, 1, 1000));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 6001, 0));
	for (uint32_t i = 0; i < 6; i++)
		bed_expect_event(b, IX_EV_RECV, 1000);
	bed_done(b);
}

static void data_flows_both_ways_in_half_closed_states(void)
{
	struct bed *b = bed_in(TCP_CLOSE_WAIT);

	send_full(b, 2);
	bed_rx(b, SEG(ACK, 2, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_done(b);
	b = bed_in(TCP_FIN_WAIT_2);
	bed_rx(b, SEG(ACK, 1, 2, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 2, 101, 0));
	bed_done(b);
	b = bed_in(TCP_FIN_WAIT_1);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 2, 101, 0));
	bed_done(b);
}

static void send_is_refused_where_our_side_is_closed(void)
{
	static const enum tcp_state states[] = { TCP_SYN_SENT, TCP_FIN_WAIT_1, TCP_FIN_WAIT_2,
						 TCP_CLOSING };

	for (uint32_t i = 0; i < ARRAY_LEN(states); i++) {
		struct bed *b = bed_in(states[i]);

		CHECK_EQ(bed_sendv(b, 10), -ENOTCONN);
		bed_done(b);
	}
}

static void tx_ring_that_is_full_loses_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_room = 3;
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	expect_full(b, 1, 1, 3);
	bed_expect_nothing(b);
	b->tx_room = UINT32_MAX;
	bed_tick(b, MSEC);
	expect_full(b, 3001, 1, 7);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_expect_event(b, IX_EV_SENT, 10000);
	bed_done(b);
}

static void last_segment_of_what_there_is_is_pushed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 2500), 2500);
	expect_full(b, 1, 1, 2);
	CHECK(bed_take(b).flags & PSH);
	CHECK_EQ(bed_sendv(b, 1), 1);
	CHECK(bed_take(b).flags & PSH);
	bed_done(b);
}

const struct pkt_case pkt_data[] = {
	CASE(send_goes_out_in_the_same_pass, "IX 4.2 [RFC 9293 MUST-60]"),
	CASE(long_send_is_cut_into_full_segments, "RFC 9293 3.7 [SHLD-28, MUST-2]"),
	CASE(more_than_four_pieces_take_more_frames, "IX table 1, sendv"),
	CASE(pieces_longer_than_a_segment_straddle_segments, "IX table 1, sendv"),
	CASE(adjacent_sends_share_a_reference, "tcp_call.c"),
	CASE(ack_in_the_middle_of_a_piece_counts_bytes, "IX table 1, sent"),
	CASE(sendv_takes_what_the_window_takes, "IX table 1, sendv"),
	CASE(sendv_is_limited_by_the_peers_window, "RFC 9293 3.8.6 [RFC 5681 2-1]"),
	CASE(sent_comes_before_recv_of_the_same_segment, "RFC 9293 3.10.7.4"),
	CASE(sent_says_the_window_that_is_left, "IX table 1, sent"),
	CASE(data_carries_the_ack_that_is_owed, "RFC 9293 3.8.6.3 [MUST-58]"),
	CASE(batch_of_data_is_acknowledged_once, "IX 4.2 [RFC 9293 MUST-58, RFC 9293 MUST-59]"),
	CASE(data_flows_both_ways_in_half_closed_states, "RFC 9293 3.10.7.4"),
	CASE(send_is_refused_where_our_side_is_closed, "RFC 9293 3.10.3"),
	CASE(tx_ring_that_is_full_loses_nothing, "plat.h tx_burst"),
	CASE(last_segment_of_what_there_is_is_pushed, "RFC 9293 3.9.1.2 [MUST-60, MUST-61]"),
	CASES_END
};
