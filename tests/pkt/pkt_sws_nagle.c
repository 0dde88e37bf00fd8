/* SPDX-License-Identifier: MIT */
/*
 * pkt_sws_nagle.c - no slivers: the sender's silly window avoidance, and Nagle when asked for
 * (RFC 9293 sections 3.7.4 and 3.8.6.2.1)
 */
#include "cases.h"

static struct bed *with_nagle(void)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.nagle = true;
	return bed_in_cfg(&cfg, TCP_ESTABLISHED);
}

static void without_nagle_short_segments_go_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(bed_sendv(b, 10), 10);
		bed_expect(b, SEG(ACK, 1 + i * 10, 1, 10));
	}
	bed_done(b);
}

static void nagle_sends_the_first_short_segment(void)
{
	struct bed *b = with_nagle();

	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	bed_done(b);
}

static void nagle_holds_short_segments_while_data_is_in_flight(void)
{
	struct bed *b = with_nagle();

	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	CHECK_EQ(bed_sendv(b, 20), 20);
	CHECK_EQ(bed_sendv(b, 30), 30);
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 11, 0));
	bed_expect_event(b, IX_EV_SENT, 10);
	bed_expect(b, SEG(ACK, 11, 1, 50));
	bed_done(b);
}

static void nagle_sends_full_segments(void)
{
	struct bed *b = with_nagle();

	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	CHECK_EQ(bed_sendv(b, 1500), 1500);
	bed_expect(b, SEG(ACK, 11, 1, 1000));
	bed_expect_nothing(b);
	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1011, 1, 1000));
	bed_done(b);
}

static void nagle_lets_the_last_data_go_with_close(void)
{
	struct bed *b = with_nagle();

	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	CHECK_EQ(bed_sendv(b, 20), 20);
	bed_close(b, IX_CLOSE_FIN);
	bed_expect(b, SEG(ACK, 11, 1, 20));
	bed_expect(b, SEG(FIN | ACK, 31, 1, 0));
	bed_done(b);
}

/* 10 bytes of window while 9990 are in flight: not worth a segment. */
static void sliver_of_window_is_not_used(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 9990), 9990);
	bed_forget_tx(b);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_expect(b, SEG(ACK, 9991, 1, 1000));
	bed_done(b);
}

/* ... unless that is all there is to send. */
static void small_send_that_fits_is_not_held(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 9990), 9990);
	bed_forget_tx(b);
	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(ACK, 9991, 1, 10));
	bed_done(b);
}

/* A window of five segments and a half, and more to send than that: five go, and when one has
 * been acknowledged, another. */
static void window_is_used_in_whole_segments(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 5500));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_accept(b);
	CHECK_EQ(bed_sendv(b, 20000), 5000);
	expect_full(b, 1, 1, 5);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .wnd = 5500));
	bed_expect_sent(b, 1000, 1500);
	CHECK_EQ(bed_sendv(b, 20000), 1000);
	expect_full(b, 5001, 1, 1);
	bed_expect_nothing(b);
	bed_done(b);
}

/* A peer whose whole window is small: half of it is worth a segment (Fs = 1/2). */
static void half_of_a_small_window_is_used(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 600));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_cold(b)->max_snd_wnd = 600;
	bed_accept(b);
	CHECK_EQ(bed_sendv(b, 300), 300);
	bed_expect(b, SEG(ACK, 1, 1, 300));
	CHECK_EQ(bed_sendv(b, 1000), 300);
	bed_expect(b, SEG(ACK, 301, 1, 300));
	bed_done(b);
}

static void sliver_of_window_is_not_told(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_rx(b, SEG(ACK, 1, 9001, 0, .wnd = 1010));
	bed_expect_sent(b, 9000, 10);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_rx(b, SEG(ACK, 1, 9001, 0, .wnd = 1020));
	bed_expect_no_event(b);
	bed_rx(b, SEG(ACK, 1, 9001, 0, .wnd = 2000));
	bed_expect_sent(b, 0, 1000);
	bed_done(b);
}

const struct pkt_case pkt_sws_nagle[] = {
	CASE(without_nagle_short_segments_go_at_once, "RFC 9293 3.7.4 [MUST-17]"),
	CASE(nagle_sends_the_first_short_segment, "RFC 9293 3.7.4 [SHLD-7]"),
	CASE(nagle_holds_short_segments_while_data_is_in_flight,
	     "RFC 9293 3.7.4 [SHLD-7, SHLD-27]"),
	CASE(nagle_sends_full_segments, "RFC 9293 3.7.4 [SHLD-7, SHLD-28]"),
	CASE(nagle_lets_the_last_data_go_with_close, "RFC 9293 3.7.4 [SHLD-7]"),
	CASE(sliver_of_window_is_not_used, "RFC 9293 3.8.6.2.1 [MUST-38]"),
	CASE(small_send_that_fits_is_not_held, "RFC 9293 3.8.6.2.1 [MUST-38]"),
	CASE(window_is_used_in_whole_segments, "RFC 9293 3.8.6.2.1 [MUST-38]"),
	CASE(half_of_a_small_window_is_used, "RFC 9293 3.8.6.2.1 [MUST-38]"),
	CASE(sliver_of_window_is_not_told, "RFC 9293 3.8.6.2.1 [MUST-38]"),
	CASES_END
};
