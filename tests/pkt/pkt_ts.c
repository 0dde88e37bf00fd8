/* SPDX-License-Identifier: MIT */
/*
 * pkt_ts.c - timestamps: agreement, what is echoed, and PAWS (RFC 7323 sections 3 to 5)
 *
 * The peer's clock begins at 0xffffff00 and wraps like everything else.
 */
#include "cases.h"

static struct bed *with_ts(enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_go(b, s);
	return b;
}

static void syn_ack_answers_an_offer(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0, .has_ts = true, .tsval = 777));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .has_ts = true, .tsecr = 777));
	bed_done(b);
}

static void syn_ack_offers_nothing_unasked(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_pcb(b)->flags & F_TS, 0);
	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10, .no_ts = true));
	bed_done(b);
}

static void offer_is_not_taken_when_turned_off(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_rx(b, SEG(SYN, 0, 0, 0, .has_ts = true, .tsval = 777));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .no_ts = true));
	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 5));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 11, 0, .no_ts = true));
	bed_done(b);
}

static void active_open_offers_and_agrees(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_go(b, TCP_SYN_SENT);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0, .has_ts = true, .tsecr = 0xffffff00));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	bed_done(b);
}

static void every_segment_carries_them(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 2000), 2000);
	bed_expect(b, SEG(ACK, 1, 1, 988, .has_ts = true));	/* MSS counts the option in */
	bed_expect(b, SEG(ACK, 989, 1, 988, .has_ts = true));
	bed_expect(b, SEG(ACK, 1977, 1, 24, .has_ts = true));
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_close(b, IX_CLOSE_HALF);
	bed_expect(b, SEG(FIN | ACK, 2001, 1, 0, .has_ts = true));
	bed_done(b);
}

static void segment_without_them_is_dropped(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100, .no_ts = true));
	bed_expect_nothing(b);
	bed_expect_no_event(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void reset_needs_none(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(RST, 1, 0, 0, .no_ts = true));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

static void older_timestamp_is_rejected_in_every_state(void)
{
	for (enum tcp_state s = TCP_ESTABLISHED; s < TCP_TIME_WAIT; s++) {
		struct bed *b = with_ts(s);

		bed_rx(b, SEG(ACK, rcv_nxt(b), snd_nxt(b), 100, .has_ts = true,
			      .tsval = 0xffffff00 - 1));
		bed_expect(b, SEG(ACK, snd_nxt(b), rcv_nxt(b), 0, .tsecr = 0xffffff00));
		CHECK_EQ(bed_stat(b, STAT_TCP_PAWS), 1);
		CHECK_EQ(bed_state(b), s);
		bed_expect_no_event(b);
		bed_done(b);
	}
}

static void timestamps_wrap(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	b->auto_done = true;
	for (uint32_t i = 0; i < 6; i++) {
		b->conn[0].tsval += 100;
		bed_rx(b, SEG(ACK, 1 + i * 10, 1, 10));
		bed_expect_event(b, IX_EV_RECV, 10);
		bed_tick(b, 50 * MSEC);
		bed_expect(b, SEG(ACK, 1, 11 + i * 10, 0, .tsecr = b->conn[0].tsval));
	}
	CHECK(b->conn[0].tsval < 1000);
	bed_done(b);
}

/* (2) of 4.3: the earliest unacknowledged segment's, or the delay of our ACK is not seen. */
static void delayed_ack_echoes_the_earlier_segment(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 50));
	bed_rx(b, SEG(ACK, 11, 1, 10, .has_ts = true, .tsval = 60));
	bed_expect(b, SEG(ACK, 1, 21, 0, .tsecr = 50));
	bed_forget_events(b);
	bed_done(b);
}

static void segment_beyond_a_gap_is_not_echoed(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 11, 1, 10, .has_ts = true, .tsval = 60));
	bed_expect(b, SEG(ACK, 1, 1, 0, .tsecr = 0xffffff00));
	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 70));
	bed_expect(b, SEG(ACK, 1, 21, 0, .tsecr = 70));
	bed_forget_events(b);
	bed_done(b);
}

static void duplicate_with_a_newer_timestamp_is_echoed(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 50));
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 11, 0, .tsecr = 50));
	bed_rx(b, SEG(ACK, 6, 1, 10, .has_ts = true, .tsval = 90));
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 16, 0, .tsecr = 90));
	bed_forget_events(b);
	bed_done(b);
}

/* 5.5: what is older than 24 days says nothing any more. */
static void stale_ts_recent_is_void(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_tick(b, 23ULL * 24 * 3600 * SEC);
	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 0xfffffe00));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_tick(b, 2ULL * 24 * 3600 * SEC);
	bed_rx(b, SEG(ACK, 1, 1, 10, .has_ts = true, .tsval = 0xfffffe00));
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_done(b);
}

static void odd_layout_of_the_option_is_understood(void)
{
	static const uint8_t odd[] = { 1, 8, 10, 0, 0, 0, 9, 0, 0, 0, 0, 1 };
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 10, .opts = odd, .opts_len = sizeof(odd)));
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 11, 0, .tsecr = 9));
	bed_done(b);
}

static void our_clock_moves_in_milliseconds(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);
	uint32_t a, c;

	CHECK_EQ(bed_sendv(b, 10), 10);
	a = bed_take(b).tsval;
	bed_tick(b, 102400 * 1000ULL);
	CHECK_EQ(bed_sendv(b, 10), 10);
	c = bed_take(b).tsval;
	CHECK_EQ(c - a, 100);
	bed_done(b);
}

static void syn_has_nothing_to_echo(void)
{
	struct bed *b = with_ts(TCP_SYN_SENT);
	struct bed_seg syn;

	bed_tick_to_frame(b, 2 * SEC);			/* the SYN again */
	syn = bed_take(b);
	CHECK_EQ(syn.flags, SYN);
	CHECK(syn.has_ts && syn.tsval != 0);
	CHECK_EQ(syn.tsecr, 0);
	bed_done(b);
}

static void reset_says_nothing_about_the_time(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(RST, 2, 0, 0, .has_ts = true, .tsval = 100000));
	bed_expect(b, SEG(ACK, 1, 1, 0, .tsecr = 0xffffff00));
	bed_rx(b, SEG(ACK, 1, 1, 10));
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 11, 0, .tsecr = 0xffffff00));
	bed_done(b);
}

static void echo_of_a_syn_is_not_read(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .has_ts = true, .tsval = 0xffffff00,
			      .tsecr = 0xdeadbeef));
	CHECK_EQ(bed_pcb(b)->srtt >> 3, BED_RTT_US);
	bed_done(b);
}

static void older_timestamp_is_told_before_the_window(void)
{
	struct bed *b = with_ts(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1 + BED_RCV_WND, 1, 100, .has_ts = true, .tsval = 0xffffff00 - 1));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_PAWS), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_OUT_OF_WINDOW), 0);
	bed_done(b);
}

const struct pkt_case pkt_ts[] = {
	CASE(syn_ack_answers_an_offer, "RFC 7323 3.2 [3.2-2, 3.2-9]"),
	CASE(syn_ack_offers_nothing_unasked, "RFC 7323 3.2 [3.2-2]"),
	CASE(offer_is_not_taken_when_turned_off, "RFC 7323 3.2 [3.2-8]"),
	CASE(active_open_offers_and_agrees, "RFC 7323 3.2 [3.2-1, 3.2-3]"),
	CASE(every_segment_carries_them, "RFC 7323 3.2; RFC 6691 [3.2-3, RFC 9293 MUST-16]"),
	CASE(segment_without_them_is_dropped, "RFC 7323 3.2 [3.2-5, 3.2-6]"),
	CASE(reset_needs_none, "RFC 7323 3.2, 5.2 [5.2-1]"),
	CASE(older_timestamp_is_rejected_in_every_state, "RFC 7323 5.3 R1 [5.3-1]"),
	CASE(timestamps_wrap, "RFC 7323 5.2 [3.2-9]"),
	CASE(delayed_ack_echoes_the_earlier_segment, "RFC 7323 4.3 (A) [4.3-1]"),
	CASE(segment_beyond_a_gap_is_not_echoed, "RFC 7323 4.3 (B) [4.3-2, 4.3-3]"),
	CASE(duplicate_with_a_newer_timestamp_is_echoed, "RFC 7323 4.3 (C) [4.3-3]"),
	CASE(stale_ts_recent_is_void, "RFC 7323 5.5 [5.5-1]"),
	CASE(odd_layout_of_the_option_is_understood, "RFC 7323 appendix A [A-1, RFC 9293 MUST-64]"),
	CASE(our_clock_moves_in_milliseconds, "RFC 7323 5.4 [5.4-1, 4.1-2]"),
	CASE(syn_has_nothing_to_echo, "RFC 7323 3.2 [3.2-7]"),
	CASE(older_timestamp_is_told_before_the_window, "RFC 7323 5.3 [5.3-2]"),
	CASE(reset_says_nothing_about_the_time, "RFC 7323 5.2 [5.2-2]"),
	CASE(echo_of_a_syn_is_not_read, "RFC 7323 3.2 [3.2-10]"),
	CASES_END
};
