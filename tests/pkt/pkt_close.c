/* SPDX-License-Identifier: MIT */
/*
 * pkt_close.c - ends of connections: orderly, crossing, half, with data on the way, by force
 * (RFC 9293 sections 3.6 and 3.10.4, RFC 1122 section 4.2.2.13, RFC 2525 section 2.17)
 */
#include "cases.h"

static void full_close_goes_through_fin_wait(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_1);
	bed_rx(b, SEG(ACK, 1, 2, 0));
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_done(b);
}

static void passive_close_goes_through_last_ack(void)
{
	struct bed *b = bed_in(TCP_LAST_ACK);

	bed_rx(b, SEG(ACK, 2, 2, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void simultaneous_close_goes_through_closing(void)
{
	struct bed *b = bed_in(TCP_CLOSING);

	bed_rx(b, SEG(ACK, 2, 2, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_done(b);
}

static void fin_that_acknowledges_ours_enters_time_wait(void)
{
	struct bed *b = bed_in(TCP_FIN_WAIT_1);

	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_done(b);
}

static void fin_follows_the_last_byte(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 2500), 2500);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect(b, SEG(ACK, 1001, 1, 1000));
	bed_expect(b, SEG(ACK, 2001, 1, 500));
	bed_expect(b, SEG(FIN | ACK, 2501, 1, 0));
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_1);
	bed_rx(b, SEG(ACK, 1, 2502, 0));
	bed_expect_event(b, IX_EV_SENT, 500);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

static void half_close_leaves_the_other_direction_open(void)
{
	struct bed *b = bed_in(TCP_FIN_WAIT_2);

	for (uint32_t i = 0; i < 3; i++) {
		bed_tick(b, 100 * SEC);		/* no timeout: the peer may take long */
		bed_rx(b, SEG(ACK, 1 + i * 100, 2, 100));
		bed_expect_event(b, IX_EV_RECV, 100);
		CHECK_EQ(bed_recv_done(b, 100), 0);
		bed_tick(b, SEC);
		bed_expect(b, SEG(ACK, 2, 101 + i * 100, 0));
	}
	bed_rx(b, SEG(FIN | ACK, 301, 2, 0));
	bed_expect(b, SEG(ACK, 2, 302, 0));
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

static void half_closed_by_the_peer_sending_goes_on(void)
{
	struct bed *b = bed_in(TCP_CLOSE_WAIT);

	for (uint32_t i = 0; i < 3; i++) {
		bed_tick(b, 100 * SEC);
		send_full(b, 1);
		bed_rx(b, SEG(ACK, 2, 1001 + i * 1000, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
	}
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), 0);
	bed_expect(b, SEG(FIN | ACK, 3001, 2, 0));
	bed_rx(b, SEG(ACK, 2, 3002, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

/* The data must not be taken silently, nor the peer left to believe it was. */
static void data_after_a_full_close_is_refused_with_reset(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_close(b, IX_CLOSE_FIN);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(RST | ACK, 2, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void data_in_fin_wait_2_after_a_full_close_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_close(b, IX_CLOSE_FIN);
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_rx(b, SEG(ACK, 1, 2, 100));
	bed_expect(b, SEG(RST | ACK, 2, 1, 0));
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void old_data_after_a_full_close_is_only_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_close(b, IX_CLOSE_FIN);
	bed_expect(b, SEG(FIN | ACK, 1, 101, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 2, 101, 0));
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_1);
	bed_done(b);
}

static void orphan_in_fin_wait_2_does_not_wait_forever(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_close(b, IX_CLOSE_FIN);
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_tick(b, 59 * SEC);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_tick(b, 2 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void abort_sends_reset_in_every_state(void)
{
	for (enum tcp_state s = TCP_ESTABLISHED; s < TCP_LAST_ACK; s++) {
		struct bed *b = bed_in(s);
		uint32_t seq = snd_nxt(b), ack = rcv_nxt(b);

		CHECK_EQ(bed_close(b, IX_CLOSE_RST), 0);
		bed_expect(b, SEG(RST | ACK, seq, ack, 0));
		bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
		CHECK_EQ(bed_state(b), TCP_CLOSED);
		bed_done(b);
	}
}

static void abort_drops_what_was_not_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_send_pieces(b, 8, 500), 4000);
	bed_forget_tx(b);
	bed_close(b, IX_CLOSE_RST);
	bed_expect(b, SEG(RST | ACK, 4001, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	bed_done(b);
}

static void closing_an_unanswered_connect_is_silent_on_the_wire(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect_nothing(b);
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNABORTED);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void closing_a_simultaneous_open_resets_it(void)
{
	struct bed *b = bed_in_active(TCP_SYN_RCVD);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(RST | ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNABORTED);
	bed_done(b);
}

/* Both FINs are through; the application has not heard of one yet. */
static void close_between_end_of_stream_and_its_event_still_ends(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.events_max = 16;
	cfg.batch_max = 64;
	b = bed_in_cfg(&cfg, TCP_FIN_WAIT_2);
	for (uint32_t i = 13; i > 0; i--)
		bed_queue(b, SEG(ACK, 1 + i * 10, 2, 10));
	bed_queue(b, SEG(FIN | ACK, 141, 2, 0));
	bed_pass(b);
	bed_forget_tx(b);
	/* The gap is filled: fourteen events fit, the end of the stream does not. */
	bed_queue(b, SEG(ACK, 1, 2, 10));
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_tick(b, MSEC);
	bed_forget_tx(b);
	for (uint32_t i = 0; i < 14; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_tick(b, 200 * SEC);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void close_after_a_half_close_lets_go_of_the_rest(void)
{
	struct bed *b = bed_in(TCP_FIN_WAIT_2);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_expect_nothing(b);
	bed_tick(b, 61 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

/* Bytes that have arrived and that nobody will read: RFC 2525 section 2.17. */
static void close_with_unread_data_resets(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	b->calls[b->n_calls++] = (struct ix_call){ .nr = IX_CALL_ACCEPT,
		.handle = b->conn[0].handle, .new_cookie = bed_cookie(0) };
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(RST | ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	bed_done(b);
}

static void dead_comes_once_however_it_ends(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_rx(b, SEG(RST, 2, 0, 0));
	bed_tick(b, 100 * SEC);
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	CHECK_EQ(bed_close(b, IX_CLOSE_RST), -EBADF);
	bed_done(b);
}

const struct pkt_case pkt_close[] = {
	CASE(full_close_goes_through_fin_wait, "RFC 9293 3.6 [MUST-12]"),
	CASE(passive_close_goes_through_last_ack, "RFC 9293 3.6"),
	CASE(simultaneous_close_goes_through_closing, "RFC 9293 3.6 figure 13"),
	CASE(fin_that_acknowledges_ours_enters_time_wait, "RFC 9293 3.10.7.4"),
	CASE(fin_follows_the_last_byte, "RFC 9293 3.10.4"),
	CASE(half_close_leaves_the_other_direction_open, "RFC 9293 3.6"),
	CASE(half_closed_by_the_peer_sending_goes_on, "RFC 9293 3.6"),
	CASE(data_after_a_full_close_is_refused_with_reset,
	     "RFC 1122 4.2.2.13 [RFC 9293 MAY-1, RFC 9293 SHLD-3]"),
	CASE(data_in_fin_wait_2_after_a_full_close_is_refused,
	     "RFC 1122 4.2.2.13 [RFC 9293 SHLD-3]"),
	CASE(old_data_after_a_full_close_is_only_acknowledged, "RFC 9293 3.10.7.4"),
	CASE(orphan_in_fin_wait_2_does_not_wait_forever, "RFC 9293 3.6"),
	CASE(abort_sends_reset_in_every_state, "RFC 9293 3.10.5"),
	CASE(abort_drops_what_was_not_acknowledged, "RFC 9293 3.10.5"),
	CASE(closing_an_unanswered_connect_is_silent_on_the_wire, "RFC 9293 3.10.4"),
	CASE(closing_a_simultaneous_open_resets_it, "RFC 9293 3.10.5"),
	CASE(close_between_end_of_stream_and_its_event_still_ends, "IX table 1, dead"),
	CASE(close_after_a_half_close_lets_go_of_the_rest, "RFC 9293 3.6"),
	CASE(close_with_unread_data_resets, "RFC 2525 2.17 [RFC 9293 SHLD-3]"),
	CASE(dead_comes_once_however_it_ends, "IX table 1, dead [RFC 9293 MUST-12]"),
	CASES_END
};
