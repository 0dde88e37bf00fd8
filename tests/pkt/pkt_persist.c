/* SPDX-License-Identifier: MIT */
/*
 * pkt_persist.c - the peer's window is closed: probing, and waiting as long as it lives
 * (RFC 9293 section 3.8.6.1)
 */
#include "cases.h"

/* Established; the peer's window is closed and the application wants to send. */
static struct bed *shut_out(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	return b;
}

static void closed_window_is_probed_with_backoff(void)
{
	struct bed *b = shut_out();
	nsec gap = 200 * MSEC;

	for (uint32_t i = 0; i < 5; i++, gap *= 2) {
		nsec waited = bed_tick_to_frame(b, 20 * SEC);

		CHECK(waited >= gap && waited < gap + MSEC);
		bed_expect(b, SEG(ACK, 0, 1, 0));
		bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	}
	bed_expect_no_event(b);
	bed_done(b);
}

static void answered_probes_go_on_forever(void)
{
	struct bed *b = shut_out();

	for (uint32_t i = 0; i < 100; i++) {
		CHECK(bed_tick_to_frame(b, 61 * SEC) <= 60 * SEC + MSEC);
		bed_expect(b, SEG(ACK, 0, 1, 0));
		bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	}
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_expect_no_event(b);
	bed_done(b);
}

/* A closed window says nothing about the peer's health: only the application gives up. */
static void unanswered_probes_go_on_forever(void)
{
	struct bed *b = shut_out();

	for (uint32_t i = 0; i < 100; i++) {
		CHECK(bed_tick_to_frame(b, 61 * SEC) <= 60 * SEC + MSEC);
		bed_expect(b, SEG(ACK, 0, 1, 0));
	}
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_expect_no_event(b);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 3000));
	bed_expect_sent(b, 0, 3000);
	send_full(b, 3);
	bed_done(b);
}

static void opening_window_is_told(void)
{
	struct bed *b = shut_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 3000));
	bed_expect_sent(b, 0, 3000);
	send_full(b, 3);
	bed_done(b);
}

static void opening_window_answers_a_probe(void)
{
	struct bed *b = shut_out();

	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 5000));
	bed_expect_sent(b, 0, 5000);
	bed_tick(b, 5 * SEC);
	bed_expect_nothing(b);
	bed_done(b);
}

static void closed_window_that_nobody_waits_for_is_not_probed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	bed_tick(b, 100 * SEC);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_done(b);
}

static void window_that_closes_with_the_last_ack_is_probed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_rx(b, SEG(ACK, 1, 10001, 0, .zero_wnd = true));
	bed_expect_sent(b, 10000, 0);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 10000, 1, 0));
	bed_done(b);
}

/* An old segment must not close a window that a newer one has opened. */
static void older_window_is_not_believed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 2);
	bed_rx(b, SEG(ACK, 1, 2001, 0, .wnd = 9000));
	bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_SENT, 2000);
	CHECK_EQ(bed_pcb(b)->snd_wnd, 9000);
	bed_done(b);
}

/* Reordered on the way: what was sent first does not overrule what was sent later. */
static void window_of_an_earlier_segment_is_not_believed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 101, 1, 100, .wnd = 9000));
	bed_rx(b, SEG(ACK, 1, 1, 100, .zero_wnd = true));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 9000);
	bed_rx(b, SEG(ACK, 201, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 0);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* The peer takes back what it had offered (SHOULD-14: be robust): nothing is lost. */
static void shrunken_window_still_gets_what_fits(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.nagle = true;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_sendv(b, 1500), 1500);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .wnd = 300));
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_expect_nothing(b);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 1001, 1, 300));
	bed_rx(b, SEG(ACK, 1, 1301, 0, .wnd = 300));
	bed_expect_event(b, IX_EV_SENT, 300);
	bed_expect(b, SEG(ACK, 1301, 1, 200));
	bed_rx(b, SEG(ACK, 1, 1501, 0, .wnd = 300));
	bed_expect_event(b, IX_EV_SENT, 200);
	bed_done(b);
}

static void fin_goes_out_into_a_closed_window(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 2, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

/* What is in flight is beyond the edge now: it is the probe, and an answer is a sign of life. */
static void window_that_shrinks_to_nothing_is_probed_for_ever(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 3);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_SENT, 1000);
	for (uint32_t i = 0; i < 2 * b->cfg.data_retries; i++) {
		CHECK(bed_tick_to_frame(b, 61 * SEC) <= 60 * SEC + MSEC);
		bed_expect(b, SEG(ACK, 1001, 1, 1000));
		bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	}
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_done(b);
}

static void shrunken_window_gets_old_data_and_no_new(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 4);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .wnd = 2000));
	bed_expect_sent(b, 1000, 0);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_expect_nothing(b);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 2001, 0, .wnd = 2000));
	expect_full(b, 2001, 1, 2);
	bed_rx(b, SEG(ACK, 1, 4001, 0, .wnd = 2000));
	bed_forget_events(b);
	send_full(b, 2);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_done(b);
}

const struct pkt_case pkt_persist[] = {
	CASE(closed_window_is_probed_with_backoff, "RFC 9293 3.8.6.1 [MUST-36, SHLD-29, SHLD-30]"),
	CASE(answered_probes_go_on_forever, "RFC 9293 3.8.6.1 [MUST-37]"),
	CASE(unanswered_probes_go_on_forever, "RFC 9293 3.8.6.1 [MUST-37]"),
	CASE(opening_window_is_told, "IX table 1, sent"),
	CASE(opening_window_answers_a_probe, "RFC 9293 3.8.6.1 [MUST-36]"),
	CASE(closed_window_that_nobody_waits_for_is_not_probed, "RFC 9293 3.8.6.1"),
	CASE(window_that_closes_with_the_last_ack_is_probed, "RFC 9293 3.8.6.1 [MUST-36]"),
	CASE(older_window_is_not_believed, "RFC 9293 3.10.7.4, SND.WL1"),
	CASE(window_of_an_earlier_segment_is_not_believed, "RFC 9293 3.10.7.4, SND.WL1"),
	CASE(shrunken_window_still_gets_what_fits, "RFC 9293 3.8.6, 3.8.6.2.1 [MUST-34, SHLD-15]"),
	CASE(fin_goes_out_into_a_closed_window, "RFC 9293 3.8.6"),
	CASE(window_that_shrinks_to_nothing_is_probed_for_ever,
	     "RFC 9293 3.8.6 [MUST-34, MUST-35, SHLD-17, MAY-7, RFC 7323 2.4-5]"),
	CASE(shrunken_window_gets_old_data_and_no_new,
	     "RFC 9293 3.8.6 [MUST-34, SHLD-15, SHLD-16, RFC 7323 2.4-4]"),
	CASES_END
};
