/* SPDX-License-Identifier: MIT */
/*
 * pkt_rst.c - resets and SYNs in every state: exact, near, far
 * (RFC 9293 sections 3.5.3 and 3.10.7.4, RFC 5961 sections 3 and 4)
 */
#include "cases.h"

static bool ends(enum tcp_state s) { return s != TCP_TIME_WAIT; }

static bool app_knows(enum tcp_state s) { return s != TCP_TIME_WAIT; }

static void exact_reset_ends_every_state_but_time_wait(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b = bed_in(s);

		bed_rx(b, SEG(RST, rcv_nxt(b), 0, 0));
		bed_expect_nothing(b);
		if (app_knows(s))
			bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
		CHECK_EQ(bed_state(b), ends(s) ? TCP_CLOSED : s);
		bed_done(b);
	}
}

static void reset_inside_the_window_is_challenged(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b = bed_in(s);

		bed_rx(b, SEG(RST, rcv_nxt(b) + 1, 0, 0));
		if (ends(s))
			bed_expect(b, SEG(ACK, snd_nxt(b), rcv_nxt(b), 0));
		bed_expect_nothing(b);
		CHECK_EQ(bed_state(b), s);
		CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), ends(s));
		bed_done(b);
	}
}

static void reset_outside_the_window_is_dropped(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b = bed_in(s);

		bed_rx(b, SEG(RST, rcv_nxt(b) - 1, 0, 0));
		bed_rx(b, SEG(RST, rcv_nxt(b) + BED_RCV_WND + 1, 0, 0));
		bed_rx(b, SEG(RST | ACK, rcv_nxt(b) + 0x80000000u, 1, 0));
		bed_expect_nothing(b);
		CHECK_EQ(bed_state(b), s);
		bed_done(b);
	}
}

static void half_open_connection_believes_an_exact_reset_only(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(RST, 0, 0, 0));
	bed_expect_nothing(b);
	bed_rx(b, SEG(RST, 2, 0, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	bed_rx(b, SEG(RST, 1, 0, 0));
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_expect_no_event(b);
	bed_done(b);
}

static void syn_in_the_window_is_challenged_in_every_state(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b;

		if (s == TCP_TIME_WAIT)		/* there it may be a new connection */
			continue;
		b = bed_in(s);
		bed_rx(b, SEG(SYN, rcv_nxt(b) + 10, 0, 0));
		bed_expect(b, SEG(ACK, snd_nxt(b), rcv_nxt(b), 0));
		CHECK_EQ(bed_state(b), s);
		CHECK_EQ(bed_stat(b, STAT_TCP_CHALLENGE), 1);
		bed_done(b);
	}
}

static void syn_outside_the_window_is_acknowledged(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b = bed_in(s);

		bed_rx(b, SEG(SYN, rcv_nxt(b) - 500, 0, 0));
		bed_expect(b, SEG(ACK, snd_nxt(b), rcv_nxt(b), 0));
		CHECK_EQ(bed_state(b), s);
		bed_done(b);
	}
}

static void syn_ack_in_the_window_is_challenged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(SYN | ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void reset_with_data_in_flight_lets_go_of_everything(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 201, 1, 100));
	CHECK_EQ(bed_send_pieces(b, 6, 500), 3000);
	bed_forget_tx(b);
	bed_rx(b, SEG(RST, 101, 0, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	bed_done(b);
}

/* What was delivered stays readable until the application has seen `dead`. */
static void bytes_stay_readable_in_the_pass_that_brings_dead(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_queue(b, SEG(ACK, 1, 1, 100));
	bed_queue(b, SEG(RST, 101, 0, 0));
	bed_pass_once(b);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

static void reset_with_text_is_a_reset(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(RST | ACK, 1, 1, 40));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

static void segments_behind_the_end_get_a_reset(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_close(b, IX_CLOSE_RST);
	bed_expect(b, SEG(RST | ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(RST, 1, 0, 0));
	bed_done(b);
}

const struct pkt_case pkt_rst[] = {
	CASE(exact_reset_ends_every_state_but_time_wait,
	     "RFC 5961 3.2; RFC 1337 [3.2-2, RFC 1337 3-1, RFC 9293 MUST-12]"),
	CASE(reset_inside_the_window_is_challenged, "RFC 5961 3.2 [3.2-3]"),
	CASE(reset_outside_the_window_is_dropped, "RFC 5961 3.2 [3.2-1]"),
	CASE(half_open_connection_believes_an_exact_reset_only,
	     "RFC 5961 3.2 [3.2-1, 3.2-2, 3.2-3]"),
	CASE(syn_in_the_window_is_challenged_in_every_state, "RFC 5961 4.2 [4.2-1, 4.2-2]"),
	CASE(syn_outside_the_window_is_acknowledged, "RFC 5961 4.2 [4.2-1, 4.2-2]"),
	CASE(syn_ack_in_the_window_is_challenged, "RFC 5961 4.2 [4.2-1]"),
	CASE(reset_with_data_in_flight_lets_go_of_everything, "RFC 9293 3.10.7.4"),
	CASE(bytes_stay_readable_in_the_pass_that_brings_dead, "abi.h"),
	CASE(reset_with_text_is_a_reset, "RFC 9293 3.5.3 [SHLD-2]"),
	CASE(segments_behind_the_end_get_a_reset, "RFC 9293 3.10.7.1"),
	CASES_END
};
