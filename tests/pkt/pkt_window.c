/* SPDX-License-Identifier: MIT */
/*
 * pkt_window.c - the window we offer: what it says, when it is said again, and that its
 * right edge never moves left (RFC 9293 sections 3.8.6 and 3.8.6.2.2)
 *
 * The bed itself checks the edge of every frame of every case.
 */
#include "cases.h"

static struct bed *with_window(uint32_t wnd)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.rcv_wnd = wnd;
	return bed_in_cfg(&cfg, TCP_ESTABLISHED);
}

static void window_shrinks_by_what_is_held(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 6; i += 2) {
		bed_rx(b, SEG(ACK, 1 + i * 1000, 1, 1000));
		bed_rx(b, SEG(ACK, 1001 + i * 1000, 1, 1000));
		bed_expect(b, SEG(ACK, 1, 2001 + i * 1000, 0,
				  .wnd = BED_RCV_WND - (i + 2) * 1000));
	}
	bed_forget_events(b);
	bed_done(b);
}

static void window_is_kept_open_by_recv_done(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->auto_done = true;
	for (uint32_t i = 0; i < 40; i += 2) {
		bed_rx(b, SEG(ACK, 1 + i * 1000, 1, 1000));
		bed_rx(b, SEG(ACK, 1001 + i * 1000, 1, 1000));
		bed_expect(b, SEG(ACK, 1, 2001 + i * 1000, 0));
	}
	CHECK(b->conn[0].edge - 40001 >= BED_RCV_WND - 2 * BED_MSS);
	bed_forget_events(b);
	bed_done(b);
}

static void recv_done_of_two_segments_updates_the_window(void)
{
	struct bed *b = with_window(8000);

	for (uint32_t i = 0; i < 8; i++)
		bed_queue(b, SEG(ACK, 1 + i * 1000, 1, 1000));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 8001, 0, .zero_wnd = true));
	CHECK_EQ(bed_recv_done(b, 1000), 0);
	bed_expect_nothing(b);
	CHECK_EQ(bed_recv_done(b, 1000), 0);
	bed_expect(b, SEG(ACK, 1, 8001, 0, .wnd = 2000));
	CHECK_EQ(bed_recv_done(b, 6000), 0);
	bed_expect(b, SEG(ACK, 1, 8001, 0, .wnd = 8000));
	bed_forget_events(b);
	bed_done(b);
}

static void recv_done_in_crumbs_makes_no_crumbs_of_window(void)
{
	struct bed *b = with_window(4000);

	for (uint32_t i = 0; i < 4; i++)
		bed_queue(b, SEG(ACK, 1 + i * 1000, 1, 1000));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 4001, 0, .zero_wnd = true));
	for (uint32_t i = 0; i < 19; i++)
		CHECK_EQ(bed_recv_done(b, 100), 0);
	bed_expect_nothing(b);
	CHECK_EQ(bed_recv_done(b, 100), 0);
	bed_expect(b, SEG(ACK, 1, 4001, 0, .wnd = 2000));
	bed_forget_events(b);
	bed_done(b);
}

static void closed_window_answers_probes(void)
{
	struct bed *b = with_window(2048);

	bed_rx(b, SEG(ACK, 1, 1, 1024));
	bed_rx(b, SEG(ACK, 1025, 1, 1024));
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true));
	bed_rx(b, SEG(ACK, 2049, 1, 1));
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true));
	bed_rx(b, SEG(ACK, 2048, 1, 0));
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_RECV, 1024);
	bed_expect_event(b, IX_EV_RECV, 1024);
	bed_done(b);
}

/* MUST-66: what a segment acknowledges or resets counts even if its text has no room. */
static void closed_window_still_takes_acks_and_resets(void)
{
	struct bed *b = with_window(2048);

	bed_rx(b, SEG(ACK, 1, 1, 1024));
	bed_rx(b, SEG(ACK, 1025, 1, 1024));
	bed_forget_tx(b);
	bed_forget_events(b);
	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1, 2049, 500));
	bed_rx(b, SEG(ACK, 2049, 501, 1));
	bed_expect(b, SEG(ACK, 501, 2049, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_SENT, 500);
	bed_rx(b, SEG(RST, 2049, 0, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

/* Even when the application lets go of less than it was given, the edge stays. */
static void edge_stays_where_it_was_promised(void)
{
	struct bed *b = with_window(4000);

	bed_rx(b, SEG(ACK, 1, 1, 700));
	bed_rx(b, SEG(ACK, 701, 1, 700));
	bed_expect(b, SEG(ACK, 1, 1401, 0, .wnd = 2600));
	CHECK_EQ(bed_recv_done(b, 600), 0);
	bed_rx(b, SEG(ACK, 1401, 1, 700));
	bed_rx(b, SEG(ACK, 2101, 1, 700));
	bed_expect(b, SEG(ACK, 1, 2801, 0, .wnd = 1200));
	bed_forget_events(b);
	bed_done(b);
}

static void window_of_a_syn_is_not_scaled(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd = 1 << 20;
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 7));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .wnd = 65535, .has_ws = true, .ws = 5));
	bed_done(b);
}

const struct pkt_case pkt_window[] = {
	CASE(window_shrinks_by_what_is_held, "RFC 9293 3.8.6"),
	CASE(window_is_kept_open_by_recv_done, "RFC 9293 3.8.6 [MUST-39]"),
	CASE(recv_done_of_two_segments_updates_the_window, "RFC 9293 3.8.6.2.2 [MUST-39]"),
	CASE(recv_done_in_crumbs_makes_no_crumbs_of_window, "RFC 9293 3.8.6.2.2 [MUST-39]"),
	CASE(closed_window_answers_probes, "RFC 9293 3.8.6.1 [MAY-8]"),
	CASE(closed_window_still_takes_acks_and_resets, "RFC 9293 3.10.7.4 [MUST-66]"),
	CASE(edge_stays_where_it_was_promised, "RFC 9293 3.8.6 [SHLD-14, RFC 7323 2.4-2]"),
	CASE(window_of_a_syn_is_not_scaled, "RFC 7323 2.2 [2.2-3]"),
	CASES_END
};
