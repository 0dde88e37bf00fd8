/* SPDX-License-Identifier: MIT */
/*
 * pkt_user_timeout.c - when a connection that makes no progress is given up: R2, the user
 * timeout, linger, and the end of what the application has closed
 * (RFC 9293 sections 3.8.3, 3.8.6.1, 3.9.1; RFC 5482; RFC 6429)
 */
#include "cases.h"

static struct bed *with_timeout(uint32_t sec, enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.user_timeout_ns = sec * SEC;
	return bed_in_cfg(&cfg, s);
}

static struct bed *with_linger(uint32_t sec, enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.linger_ns = sec * SEC;
	return bed_in_cfg(&cfg, s);
}

/* Nothing is heard from now on: `dead` with @why comes after @ns, within a tick of the clock. */
static void expect_dead_after(struct bed *b, nsec ns, int64_t why)
{
	bed_tick(b, ns - 2 * MSEC);
	bed_expect_no_event(b);
	bed_tick(b, 4 * MSEC);
	bed_expect_event(b, IX_EV_DEAD, why);
}

static void unacknowledged_data_ends_at_the_user_timeout(void)
{
	struct bed *b = with_timeout(5, TCP_ESTABLISHED);

	send_full(b, 1);
	expect_dead_after(b, 5 * SEC, IX_DEAD_TIMEOUT);
	CHECK_EQ(bed_stat(b, STAT_TCP_TIMEOUT), 1);
	CHECK(bed_tx_waiting(b) >= 3);
	bed_forget_tx(b);
	bed_done(b);
}

/* R2 by count only: 200 ms doubled nine times, then a minute seven times. */
static void without_it_only_the_count_ends(void)
{
	struct bed *b = with_timeout(0, TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, 522 * SEC);
	bed_expect_no_event(b);
	bed_tick(b, 1 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_forget_tx(b);
	bed_done(b);
}

static void count_ends_before_a_longer_user_timeout(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.user_timeout_ns = 600 * SEC;
	cfg.data_retries = 3;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	expect_dead_after(b, 3 * SEC, IX_DEAD_TIMEOUT);		/* 0.2 + 0.4 + 0.8 + 1.6 */
	bed_forget_tx(b);
	bed_done(b);
}

static void progress_begins_the_user_timeout_anew(void)
{
	struct bed *b = with_timeout(5, TCP_ESTABLISHED);

	send_full(b, 2);
	bed_tick(b, 4 * SEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_tick(b, 4500 * MSEC);
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_tick(b, 10 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_forget_tx(b);
	bed_done(b);
}

/* ... and shuts the window over what is left. */
static void progress_at_the_last_moment_is_progress(void)
{
	struct bed *b = with_timeout(5, TCP_ESTABLISHED);

	send_full(b, 2);
	bed_tick(b, 4950 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_tick(b, 4900 * MSEC);
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_forget_tx(b);
	bed_done(b);
}

static void loss_that_is_repaired_has_no_end(void)
{
	struct bed *b = with_timeout(2, TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 20; i++) {
		send_full(b, 1);
		bed_tick_to_frame(b, 10 * SEC);
		bed_expect(b, SEG(ACK, 1 + 2000 * i, 1, 1000));
		bed_rx(b, SEG(ACK, 1, 1001 + 2000 * i, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
		send_full(b, 1);			/* a sample: the back-off ends */
		bed_rx(b, SEG(ACK, 1, 2001 + 2000 * i, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
		bed_tick(b, 700 * MSEC);
	}
	bed_expect_nothing(b);
	bed_done(b);
}

static void handshake_ends_at_the_user_timeout(void)
{
	struct bed *b = with_timeout(10, TCP_SYN_SENT);

	bed_tick(b, 9 * SEC);
	bed_expect_no_event(b);
	bed_tick(b, 2 * SEC);
	bed_expect_event(b, IX_EV_CONNECTED, -ETIMEDOUT);
	bed_forget_tx(b);
	bed_done(b);
}

/* The peer lives, but its application reads nothing. */
static void closed_window_ends_at_the_user_timeout(void)
{
	struct bed *b = with_timeout(30, TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	for (nsec end = b->now + 29 * SEC; b->now < end;) {
		bed_tick_to_frame(b, MIN(end - b->now, 20 * SEC));
		if (bed_tx_waiting(b)) {
			bed_expect(b, SEG(ACK, 0, 1, 0));
			bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
		}
	}
	bed_expect_no_event(b);
	bed_tick(b, 2 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_done(b);
}

static void window_that_opens_now_and_then_has_no_end(void)
{
	struct bed *b = with_timeout(30, TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 10; i++) {
		bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
		CHECK_EQ(bed_sendv(b, 1000), 0);
		bed_tick(b, 20 * SEC);
		bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 3000));
		bed_expect_sent(b, 0, 3000);
		bed_forget_tx(b);
	}
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

/* An old wait for a window does not count against data sent later. */
static void data_after_a_closed_window_has_its_whole_time(void)
{
	struct bed *b = with_timeout(10, TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick(b, 9 * SEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 3000));
	bed_expect_sent(b, 0, 3000);
	send_full(b, 1);
	expect_dead_after(b, 10 * SEC, IX_DEAD_TIMEOUT);
	bed_forget_tx(b);
	bed_done(b);
}

/* It took the window back with data under way, and answers each retransmission. */
static void window_shut_over_data_ends_at_the_user_timeout(void)
{
	struct bed *b = with_timeout(30, TCP_ESTABLISHED);

	send_full(b, 1);
	for (nsec end = b->now + 29 * SEC; b->now < end;) {
		bed_tick_to_frame(b, MIN(end - b->now, 20 * SEC));
		if (bed_tx_waiting(b)) {
			bed_expect(b, SEG(ACK, 1, 1, 1000));
			bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
		}
	}
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_tick(b, 20 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_forget_tx(b);
	bed_done(b);
}

static void idle_connection_has_no_user_timeout(void)
{
	struct bed *b = with_timeout(2, TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, SEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_tick(b, 1000 * SEC);
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

/* The RFC's R2 with a ceiling on the backoff. */
static void timeouts_stop_doubling_and_then_stop(void)
{
	static const uint32_t gap_ms[] = { 200, 400, 800, 1000, 1000, 1000 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rto_max_ns = 1 * SEC;
	cfg.data_retries = ARRAY_LEN(gap_ms);
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	for (uint32_t i = 0; i < ARRAY_LEN(gap_ms); i++) {
		nsec waited = bed_tick_to_frame(b, 10 * SEC);

		CHECK(waited >= gap_ms[i] * MSEC && waited < (gap_ms[i] + 1) * MSEC);
		bed_expect(b, SEG(ACK, 1, 1, 1000));
	}
	expect_dead_after(b, SEC, IX_DEAD_TIMEOUT);
	bed_done(b);
}

/* --- linger --- */

static void close_into_silence_is_reset_after_the_linger_time(void)
{
	struct bed *b = with_linger(5, TCP_ESTABLISHED);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	expect_dead_after(b, 5 * SEC, IX_DEAD_ABORTED);
	for (uint32_t i = bed_tx_waiting(b); i > 1; i--)
		bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_expect(b, SEG(RST | ACK, 2, 1, 0));
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void data_of_a_closed_connection_is_reset_after_the_linger_time(void)
{
	struct bed *b = with_linger(5, TCP_ESTABLISHED);

	send_full(b, 3);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_tick(b, 4 * SEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));		/* slow progress is not enough */
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_SENT, 1000);
	expect_dead_after(b, SEC, IX_DEAD_ABORTED);
	bed_forget_tx(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_RST_TX), 1);
	bed_done(b);
}

static void close_that_is_acknowledged_in_time_is_in_order(void)
{
	struct bed *b = with_linger(5, TCP_ESTABLISHED);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_tick(b, 4 * SEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_tick(b, 10 * SEC);
	bed_expect_nothing(b);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	CHECK_EQ(bed_stat(b, STAT_TCP_RST_TX), 0);
	bed_done(b);
}

static void linger_holds_in_last_ack_and_closing(void)
{
	struct bed *b = with_linger(5, TCP_LAST_ACK);

	expect_dead_after(b, 5 * SEC, IX_DEAD_ABORTED);
	bed_forget_tx(b);
	bed_done(b);
	b = with_linger(5, TCP_ESTABLISHED);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_rx(b, SEG(FIN | ACK, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_CLOSING);
	expect_dead_after(b, 5 * SEC, IX_DEAD_ABORTED);
	bed_forget_tx(b);
	bed_done(b);
}

/* All is acknowledged; only the NIC still has a frame, and `dead` waits for it. */
static void linger_ends_with_the_last_acknowledgement(void)
{
	struct bed *b = with_linger(5, TCP_LAST_ACK);

	b->tx_hold = true;
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(FIN | ACK, 1, 2, 0));
	bed_rx(b, SEG(ACK, 2, 2, 0));
	b->now += 20 * SEC;
	bed_pass_once(b);				/* it is due all the time */
	bed_expect_nothing(b);
	bed_expect_no_event(b);
	bed_let_go(b);
	bed_pass(b);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

static void half_close_does_not_linger(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.linger_ns = 5 * SEC;
	cfg.keepalive_ns = 8 * SEC;			/* shares the deadline */
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), 0);
	bed_tick(b, 60 * SEC);
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RST_TX), 0);
	bed_forget_tx(b);
	bed_done(b);
}

/* --- what nobody owns --- */

/* The peer answers every retransmission of our FIN with a closed window: `dead` after R2. */
static void peer_cannot_hold_a_closed_connection_for_ever(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = 0;

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	for (; bed_tick_to_frame(b, 100 * SEC) < 100 * SEC; n++) {
		bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
		bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	}
	CHECK_EQ(n, b->cfg.data_retries);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_done(b);
}

/* Nagle held a segment, the window shut, the application has closed: probed, but not for ever. */
static void closed_connection_is_probed_until_r2(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.nagle = true;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_sendv(b, 1500), 1500);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	while (bed_tick_to_frame(b, 100 * SEC) < 100 * SEC) {
		bed_expect(b, SEG(ACK, 1000, 1, 0));
		bed_rx(b, SEG(ACK, 1, 1001, 0, .zero_wnd = true));
	}
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	CHECK_EQ(bed_stat(b, STAT_TCP_PROBE), b->cfg.data_retries);
	bed_done(b);
}

/* As long as the application has the handle, the same peer may go on. */
static void open_connection_waits_for_a_window_over_data(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	for (uint32_t i = 0; i < 60; i++) {
		bed_tick_to_frame(b, 100 * SEC);
		bed_expect(b, SEG(ACK, 1, 1, 1000));
		bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	}
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void progress_lets_a_closed_connection_go_on(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.data_retries = 8;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 10);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_forget_tx(b);
	for (uint32_t i = 0; i < 10; i++) {		/* more timeouts in all than R2 */
		bed_tick(b, i ? 100 * SEC : 30 * SEC);
		bed_forget_tx(b);
		bed_rx(b, SEG(ACK, 1, 1001 + 1000 * i, 0));
		bed_forget_tx(b);
		bed_expect_event(b, IX_EV_SENT, 1000);
	}
	CHECK(bed_stat(b, STAT_TCP_RTO) > b->cfg.data_retries);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_1);
	bed_rx(b, SEG(ACK, 1, 10002, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_forget_tx(b);
	bed_done(b);
}

const struct pkt_case pkt_user_timeout[] = {
	CASE(unacknowledged_data_ends_at_the_user_timeout,
	     "RFC 9293 3.9.1.8; RFC 5482 3 [MUST-21, RFC 5482 2-1]"),
	CASE(without_it_only_the_count_ends, "RFC 9293 3.8.3"),
	CASE(count_ends_before_a_longer_user_timeout, "RFC 9293 3.8.3"),
	CASE(progress_begins_the_user_timeout_anew, "RFC 5482 3 [2-1]"),
	CASE(progress_at_the_last_moment_is_progress, "RFC 5482 3"),
	CASE(loss_that_is_repaired_has_no_end, "RFC 5482 3 [2-1]"),
	CASE(handshake_ends_at_the_user_timeout, "RFC 9293 3.8.3, 3.10.8 [MUST-21]"),
	CASE(closed_window_ends_at_the_user_timeout, "RFC 5482 3; RFC 9293 3.8.6.1 [2-1]"),
	CASE(window_that_opens_now_and_then_has_no_end, "RFC 9293 3.8.6.1"),
	CASE(data_after_a_closed_window_has_its_whole_time, "RFC 5482 3"),
	CASE(window_shut_over_data_ends_at_the_user_timeout, "RFC 5482 3"),
	CASE(idle_connection_has_no_user_timeout, "RFC 9293 3.10.8 [RFC 5482 2-1]"),
	CASE(timeouts_stop_doubling_and_then_stop,
	     "RFC 9293 3.8.3; RFC 6298 2.5, 5.5 [MUST-20, RFC 6298 5.5, RFC 6298 2.5]"),
	CASE(close_into_silence_is_reset_after_the_linger_time, "RFC 9293 3.9.1, 3.10.4"),
	CASE(data_of_a_closed_connection_is_reset_after_the_linger_time, "RFC 9293 3.10.4"),
	CASE(close_that_is_acknowledged_in_time_is_in_order, "RFC 9293 3.10.4"),
	CASE(linger_holds_in_last_ack_and_closing, "RFC 9293 3.10.4"),
	CASE(linger_ends_with_the_last_acknowledgement, "RFC 9293 3.10.4"),
	CASE(half_close_does_not_linger, "RFC 9293 3.10.4"),
	CASE(peer_cannot_hold_a_closed_connection_for_ever, "RFC 6429 4"),
	CASE(closed_connection_is_probed_until_r2, "RFC 6429 4; RFC 9293 3.8.6.1"),
	CASE(open_connection_waits_for_a_window_over_data, "RFC 9293 3.8.6.1 [MUST-37]"),
	CASE(progress_lets_a_closed_connection_go_on, "RFC 9293 3.8.3"),
	CASES_END
};
