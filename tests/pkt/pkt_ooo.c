/* SPDX-License-Identifier: MIT */
/*
 * pkt_ooo.c - out of order: every gap is acknowledged at once, every byte delivered once
 * (RFC 9293 section 3.10.7.4 seventh, RFC 5681 section 4.2)
 */
#include "cases.h"

static void gap_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	bed_done(b);
}

static void filled_gap_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

/* One of two gaps: still an ACK at once, and it stops at the second. */
static void partly_filled_gap_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_queue(b, SEG(ACK, 101, 1, 100));
	bed_queue(b, SEG(ACK, 301, 1, 100));
	bed_pass(b);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_forget_events(b);
	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 401, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

/* A peer that numbers bytes beyond its own FIN: they are nothing. */
static void bytes_beyond_a_fin_are_dropped(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 2, 1, 50));
	CHECK_EQ(dp_usage(b->dp).frames_held, 1);
	bed_rx(b, SEG(ACK | FIN, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_done(b);
}

static void shortened_gap_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void reverse_order_is_put_right(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 9; i > 0; i--)
		bed_rx(b, SEG(ACK, 1 + i * 50, 1, 50));
	CHECK_EQ(bed_stat(b, STAT_TCP_OOO), 9);
	CHECK_EQ(bed_tx_waiting(b), 9);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 50));
	bed_expect(b, SEG(ACK, 1, 501, 0));
	for (uint32_t i = 0; i < 10; i++)
		bed_expect_event(b, IX_EV_RECV, 50);
	CHECK_EQ(bed_recv_done(b, 500), 0);
	bed_done(b);
}

static void duplicate_of_what_is_held_is_dropped(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_rx(b, SEG(ACK, 121, 1, 50));
	CHECK_EQ(bed_cold(b)->ooo_frames, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

/* [101,151) and [201,251) are held; the new one covers, overlaps, or joins them. */
static void overlaps_are_resolved_byte_for_byte(void)
{
	static const struct { uint32_t seq, len; } news[] = {
		{ 101, 150 }, { 120, 100 }, { 51, 250 }, { 151, 50 }, { 140, 200 }, { 60, 60 },
		{ 99, 3 }, { 250, 10 }, { 101, 50 }, { 101, 51 }, { 100, 51 }, { 100, 52 } };

	for (uint32_t i = 0; i < ARRAY_LEN(news); i++) {
		struct bed *b = bed_in(TCP_ESTABLISHED);

		bed_rx(b, SEG(ACK, 101, 1, 50));
		bed_rx(b, SEG(ACK, 201, 1, 50));
		bed_rx(b, SEG(ACK, news[i].seq, 1, news[i].len));
		bed_rx(b, SEG(ACK, 1, 1, 400));
		CHECK_EQ(rcv_nxt(b), 401);
		CHECK_EQ(b->conn[0].rx_off, 400);
		bed_forget_tx(b);
		bed_forget_events(b);
		CHECK_EQ(dp_usage(b->dp).frames_held > 0, true);
		CHECK_EQ(bed_recv_done(b, 400), 0);
		CHECK_EQ(dp_usage(b->dp).frames_held, 0);
		bed_forget_tx(b);
		bed_done(b);
	}
}

static void every_order_of_four_segments_gives_the_same_stream(void)
{
	for (uint32_t perm = 0; perm < 256; perm++) {
		struct bed *b;
		uint32_t seen = 0;

		for (uint32_t i = 0; i < 4; i++)
			seen |= BIT(perm >> (2 * i) & 3);
		if (seen != 15)
			continue;
		b = bed_in(TCP_ESTABLISHED);
		for (uint32_t i = 0; i < 4; i++)
			bed_rx(b, SEG(ACK, 1 + (perm >> (2 * i) & 3) * 100, 1, 130));
		CHECK_EQ(rcv_nxt(b), 431);
		CHECK_EQ(b->conn[0].rx_off, 430);
		bed_forget_tx(b);
		bed_forget_events(b);
		CHECK_EQ(bed_recv_done(b, 430), 0);
		bed_done(b);
	}
}

static void early_fin_is_remembered(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | FIN, 101, 1, 50));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 152, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 50);
	bed_expect_event(b, IX_EV_RECV, 0);
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	bed_done(b);
}

static void early_bare_fin_is_remembered(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | FIN, 101, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 102, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_done(b);
}

static void reassembly_is_bounded(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.ooo_frames_max = 4;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	for (uint32_t i = 1; i <= 6; i++)
		bed_rx(b, SEG(ACK, 1 + i * 100, 1, 100));
	CHECK_EQ(bed_stat(b, STAT_TCP_OOO_DROP), 2);
	CHECK_EQ(dp_usage(b->dp).frames_held, 4);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 501, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void without_reassembly_the_order_is_waited_for(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.ooo_frames_max = 0;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

const struct pkt_case pkt_ooo[] = {
	CASE(gap_is_acknowledged_at_once, "RFC 5681 4.2 [3.2-1, 4.2-4, RFC 9293 MAY-13]"),
	CASE(filled_gap_is_acknowledged_at_once, "RFC 5681 4.2 [3.2-2]"),
	CASE(partly_filled_gap_is_acknowledged_at_once, "RFC 5681 4.2 [3.2-2]"),
	CASE(bytes_beyond_a_fin_are_dropped, "RFC 9293 3.10.7.4"),
	CASE(shortened_gap_is_acknowledged_at_once, "RFC 5681 4.2 [3.2-2]"),
	CASE(reverse_order_is_put_right, "RFC 9293 3.10.7.4 [SHLD-31]"),
	CASE(duplicate_of_what_is_held_is_dropped, "RFC 9293 3.10.7.4"),
	CASE(overlaps_are_resolved_byte_for_byte, "RFC 9293 3.10.7.4"),
	CASE(every_order_of_four_segments_gives_the_same_stream, "RFC 9293 3.10.7.4 [SHLD-31]"),
	CASE(early_fin_is_remembered, "RFC 9293 3.10.7.4"),
	CASE(early_bare_fin_is_remembered, "RFC 9293 3.10.7.4"),
	CASE(reassembly_is_bounded, "RFC 9293 3.10.7.4"),
	CASE(without_reassembly_the_order_is_waited_for, "RFC 9293 3.10.7.4"),
	CASES_END
};
