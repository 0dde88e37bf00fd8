/* SPDX-License-Identifier: MIT */
/*
 * pkt_seq.c - which segments may speak: the window's edges, in every state
 * (RFC 9293 sections 3.4 and 3.10.7.4, first; fifth)
 */
#include "cases.h"

#define IN_EACH_STATE(b, s) \
	FOR_EACH_SYNCHRONIZED(s) \
		for (struct bed *b = bed_in(s); b; bed_done(b), b = NULL)

static void segment_below_the_window_is_acknowledged_in_every_state(void)
{
	IN_EACH_STATE(b, s) {
		uint32_t nxt = rcv_nxt(b), ack = snd_nxt(b);

		bed_rx(b, SEG(ACK, nxt - 101, ack > 1 ? 1 : ack, 100));
		bed_expect(b, SEG(ACK, ack, nxt, 0));
		CHECK_EQ(bed_state(b), s);
	}
}

static void segment_beyond_the_window_is_acknowledged_in_every_state(void)
{
	IN_EACH_STATE(b, s) {
		uint32_t nxt = rcv_nxt(b), ack = snd_nxt(b);

		bed_rx(b, SEG(ACK, nxt + BED_RCV_WND, ack, 100));
		bed_expect(b, SEG(ACK, ack, nxt, 0));
		CHECK_EQ(bed_state(b), s);
	}
}

/* A keep-alive: nothing, one number too early. */
static void keepalive_is_acknowledged_in_every_state(void)
{
	IN_EACH_STATE(b, s) {
		uint32_t nxt = rcv_nxt(b), ack = snd_nxt(b);

		bed_rx(b, SEG(ACK, nxt - 1, ack > 1 ? 1 : ack, 0));
		bed_expect(b, SEG(ACK, ack, nxt, 0));
		CHECK_EQ(bed_state(b), s);
	}
}

static void ack_of_unsent_data_is_acknowledged_and_dropped(void)
{
	FOR_EACH_SYNCHRONIZED(s) {
		struct bed *b;

		if (s == TCP_TIME_WAIT)
			continue;
		b = bed_in(s);
		bed_rx(b, SEG(ACK, rcv_nxt(b), snd_nxt(b) + 1, 0));
		bed_expect(b, SEG(ACK, snd_nxt(b), rcv_nxt(b), 0));
		CHECK_EQ(bed_state(b), s);
		bed_done(b);
	}
}

static void ack_of_unsent_data_brings_no_text(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 2, 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	bed_done(b);
}

static void segment_without_ack_is_dropped_in_every_state(void)
{
	IN_EACH_STATE(b, s) {
		uint32_t nxt = rcv_nxt(b);

		if (s == TCP_TIME_WAIT)
			continue;
		bed_rx(b, SEG(0, nxt, 0, 100));
		bed_rx(b, SEG(FIN, nxt, 0, 0));
		bed_expect_nothing(b);
		CHECK_EQ(bed_state(b), s);
	}
}

static void text_behind_the_peers_fin_is_not_taken(void)
{
	static const enum tcp_state states[] = { TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK,
						 TCP_TIME_WAIT };

	for (uint32_t i = 0; i < ARRAY_LEN(states); i++) {
		struct bed *b = bed_in(states[i]);

		bed_rx(b, SEG(ACK, 2, 1, 100));
		bed_expect(b, SEG(ACK, snd_nxt(b), 2, 0));
		CHECK_EQ(bed_state(b), states[i]);
		bed_done(b);
	}
}

static void fin_again_is_acknowledged_again(void)
{
	static const enum tcp_state states[] = { TCP_CLOSE_WAIT, TCP_CLOSING, TCP_LAST_ACK,
						 TCP_TIME_WAIT };

	for (uint32_t i = 0; i < ARRAY_LEN(states); i++) {
		struct bed *b = bed_in(states[i]);

		bed_rx(b, SEG(FIN | ACK, 1, 1, 0));
		bed_expect(b, SEG(ACK, snd_nxt(b), 2, 0));
		CHECK_EQ(bed_state(b), states[i]);
		bed_done(b);
	}
}

static void old_bytes_in_front_are_cut_off(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_rx(b, SEG(ACK, 51, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 50);
	bed_expect(b, SEG(ACK, 1, 151, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_DUP_DATA), 50);
	bed_done(b);
}

static void bytes_beyond_the_window_are_cut_off(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd = 2048;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1001, 1, 1000));
	bed_expect(b, SEG(ACK, 1, 2001, 0, .wnd = 48));
	bed_rx(b, SEG(ACK | FIN, 2001, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 1000);
	bed_expect_event(b, IX_EV_RECV, 1000);
	bed_expect_event(b, IX_EV_RECV, 48);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true));
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void wholly_old_data_with_a_new_fin_ends_the_stream(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK | FIN, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 102, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 0);
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	bed_done(b);
}

static void last_number_of_the_window_is_inside(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, BED_RCV_WND, 1, 1));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_OOO), 1);
	bed_rx(b, SEG(ACK, BED_RCV_WND + 1, 1, 1));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_OUT_OF_WINDOW), 1);
	bed_done(b);
}

/* Four gigabytes away in either direction is outside, not inside. */
static void half_the_number_space_away_is_outside(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 0x80000001u, 1, 1));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_tick(b, TCP_EMPTY_ACK_US * NSEC_PER_USEC);
	bed_rx(b, SEG(ACK, 0x7fffffffu, 1, 1));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_OUT_OF_WINDOW), 2);
	bed_done(b);
}

static void both_spaces_wrap_unnoticed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->auto_done = true;
	for (uint32_t i = 0; i < 4; i++) {
		bed_rx(b, SEG(ACK, 1 + i * 100, 1 + i * 100, 100));
		if (i > 0)
			bed_expect_event(b, IX_EV_SENT, 100);
		bed_expect_event(b, IX_EV_RECV, 100);
		CHECK_EQ(bed_sendv(b, 100), 100);
		bed_expect(b, SEG(ACK, 1 + i * 100, 101 + i * 100, 100));
	}
	CHECK(bed_pcb(b)->rcv_nxt < 1000 && bed_pcb(b)->snd_nxt < 1000);
	bed_done(b);
}

static void urgent_data_is_plain_data(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | URG, 1, 1, 100, .urp = 40));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_done(b);
}

static void bad_checksum_is_dropped_in_silence(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100, .bad_csum = true));
	bed_rx(b, SEG(RST, 1, 0, 0, .bad_csum = true));
	CHECK_EQ(bed_stat(b, STAT_TCP_BAD_CSUM), 2);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void header_length_that_lies_is_dropped(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .off_words = 4));
	bed_rx(b, SEG(ACK, 1, 1, 0, .off_words = 6));
	bed_rx(b, SEG(ACK, 1, 1, 3, .off_words = 15));
	CHECK_EQ(bed_stat(b, STAT_TCP_BAD_HEADER), 3);
	bed_expect_nothing(b);
	bed_done(b);
}

const struct pkt_case pkt_seq[] = {
	CASE(segment_below_the_window_is_acknowledged_in_every_state, "RFC 9293 3.10.7.4"),
	CASE(segment_beyond_the_window_is_acknowledged_in_every_state, "RFC 9293 3.10.7.4"),
	CASE(keepalive_is_acknowledged_in_every_state, "RFC 9293 3.8.4"),
	CASE(ack_of_unsent_data_is_acknowledged_and_dropped,
	     "RFC 9293 3.10.7.4 [RFC 5961 5.2-1]"),
	CASE(ack_of_unsent_data_brings_no_text, "RFC 9293 3.10.7.4 [RFC 5961 5.2-2]"),
	CASE(segment_without_ack_is_dropped_in_every_state, "RFC 9293 3.10.7.4"),
	CASE(text_behind_the_peers_fin_is_not_taken, "RFC 9293 3.10.7.4"),
	CASE(fin_again_is_acknowledged_again, "RFC 9293 3.10.7.4"),
	CASE(old_bytes_in_front_are_cut_off, "RFC 9293 3.10.7.4"),
	CASE(bytes_beyond_the_window_are_cut_off, "RFC 9293 3.10.7.4"),
	CASE(wholly_old_data_with_a_new_fin_ends_the_stream, "RFC 9293 3.10.7.4"),
	CASE(last_number_of_the_window_is_inside, "RFC 9293 3.4"),
	CASE(half_the_number_space_away_is_outside, "RFC 9293 3.4"),
	CASE(both_spaces_wrap_unnoticed, "RFC 9293 3.4"),
	CASE(urgent_data_is_plain_data,
	     "RFC 6093 4 [6-1, 5-1, RFC 9293 SHLD-13, RFC 9293 MUST-31]"),
	CASE(bad_checksum_is_dropped_in_silence, "RFC 9293 3.1 [MUST-3]"),
	CASE(header_length_that_lies_is_dropped, "RFC 9293 3.1"),
	CASES_END
};
