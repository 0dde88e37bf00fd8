/* SPDX-License-Identifier: MIT */
/*
 * pkt_ecn.c - explicit congestion notification (RFC 3168 section 6.1): what the data path says
 *
 * The ECN field of every frame is compared, here and in all other suites: without .ecn it
 * must say not-ECT. Not here: agreeing on it (pkt_ecn_setup.c), DCTCP's echo (pkt_dctcp.c).
 */
#include "cases.h"

static void in(struct bed *b, uint32_t seq, uint8_t flags, uint8_t ecn)
{
	bed_rx(b, SEG(ACK | flags, seq, snd_nxt(b), 100, .ecn = ecn));
	bed_expect_event(b, IX_EV_RECV, 100);
}

/* --- the receiver --- */

static void mark_is_echoed_until_cwr(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, IP_ECN_CE);
	in(b, 101, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK | ECE, 1, 201, 0));
	in(b, 201, 0, IP_ECN_ECT0);
	in(b, 301, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK | ECE, 1, 401, 0));
	in(b, 401, CWR, IP_ECN_ECT0);
	in(b, 501, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK, 1, 601, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 1);
	bed_done(b);
}

static void marked_segment_with_cwr_is_a_new_mark(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, IP_ECN_CE);
	in(b, 101, CWR, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 201, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 2);
	bed_done(b);
}

static void data_carries_the_echo_too(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, IP_ECN_CE);
	send_ect(b, 1, ECE);
	send_ect(b, 1, ECE);
	bed_done(b);
}

static void mark_outside_the_window_is_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, IP_ECN_ECT0);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100, .ecn = IP_ECN_CE));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 0);
	bed_done(b);
}

static void mark_out_of_order_is_echoed_at_once(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	bed_rx(b, SEG(ACK, 101, 1, 100, .ecn = IP_ECN_CE));
	bed_expect(b, SEG(ACK | ECE, 1, 1, 0));
	bed_done(b);
}

static void mark_on_a_pure_ack_is_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	bed_rx(b, SEG(ACK, 1, 1, 0, .ecn = IP_ECN_CE));
	send_ect(b, 1, 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 0);
	bed_done(b);
}

static void mark_without_agreement_is_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	in(b, 1, 0, IP_ECN_CE);
	in(b, 101, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 0);
	bed_done(b);
}

/* Something on the way clears the field or sets the other codepoint: data flows on. */
static void bleached_field_breaks_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, 0);
	in(b, 101, 0, IP_ECN_ECT1);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_done(b);
}

static void reset_carries_no_echo(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, IP_ECN_CE);
	CHECK_EQ(bed_close(b, IX_CLOSE_RST), 0);
	bed_expect(b, SEG(RST | ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	bed_done(b);
}

static void header_prediction_takes_what_is_not_marked(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);
	uint64_t fast;

	in(b, 1, 0, IP_ECN_CE);
	in(b, 101, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK | ECE, 1, 201, 0));
	fast = bed_stat(b, STAT_TCP_FAST);
	in(b, 201, 0, IP_ECN_ECT0);
	send_ect(b, 1, ECE);
	bed_rx(b, SEG(ACK, 301, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST) - fast, bed_fast_path ? 2 : 0);
	bed_done(b);
}

/* --- what may say ECT --- */

static void pure_ack_probe_and_fin_are_not_ect(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	in(b, 1, 0, 0);
	in(b, 101, 0, 0);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_rx(b, SEG(ACK, 201, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick_to_frame(b, 1 * SEC);
	bed_expect(b, SEG(ACK, 0, 201, 0));
	bed_rx(b, SEG(ACK, 201, 1, 0));
	bed_forget_events(b);
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 201, 0));
	bed_done(b);
}

static void retransmission_is_not_ect(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 10, 0);
	for (uint32_t i = 0; i < 3; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_done(b);
}

static void timeout_sends_not_ect_and_then_cwr(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 1, 0);
	bed_tick(b, 201 * MSEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_forget_events(b);
	send_ect(b, 1, CWR);
	bed_done(b);
}

/* --- the sender --- */

static void echo_halves_the_window_once_a_window(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 10, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 2001, 0));
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	for (uint32_t i = 2; i <= 5; i++)
		bed_rx(b, SEG(ACK | ECE, 1, 1 + i * 2000, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 1);
	bed_forget_events(b);
	send_ect(b, 5, CWR);
	bed_rx(b, SEG(ACK | ECE, 1, 12001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 2500);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 2);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CWR), 1);
	bed_forget_events(b);
	bed_done(b);
}

static void first_new_data_says_cwr_and_only_that(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 2, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 2001, 0));
	bed_forget_events(b);
	send_ect(b, 2, CWR);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	bed_forget_events(b);
	send_ect(b, 2, 0);
	bed_done(b);
}

static void ack_with_echo_grows_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	bed_cold(b)->ssthresh = 4000;
	bed_pcb(b)->cwnd = 4000;
	send_ect(b, 4, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 1001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 2000);
	bed_rx(b, SEG(ACK | ECE, 1, 3001, 0));
	bed_rx(b, SEG(ACK | ECE, 1, 4001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 2000);
	CHECK_EQ(bed_cold(b)->cc_state.newreno.acked, 0);
	bed_forget_events(b);
	bed_done(b);
}

static void window_keeps_two_segments(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 1, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 1001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 2000);
	bed_forget_events(b);
	bed_done(b);
}

static void echo_on_a_duplicate_ack_counts(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 10, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 1, 0));
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 1);
	bed_done(b);
}

static void echo_on_an_old_ack_or_with_nothing_in_flight_is_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	send_ect(b, 2, 0);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_rx(b, SEG(ACK | ECE, 1, 2001, 0));
	bed_forget_events(b);
	send_ect(b, 2, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 1001, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 0);
	bed_done(b);
}

static void echo_in_recovery_reduces_no_further(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);
	uint32_t cwnd;

	send_ect(b, 10, 0);
	for (uint32_t i = 0; i < 3; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	cwnd = bed_cold(b)->ssthresh;
	bed_rx(b, SEG(ACK | ECE, 1, 10001, 0));
	CHECK_EQ(bed_cold(b)->ssthresh, cwnd);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 0);
	bed_forget_events(b);
	send_ect(b, 1, CWR);			/* for any reason, and only on new data */
	bed_done(b);
}

static void echo_without_agreement_is_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_rx(b, SEG(ACK | ECE | CWR, 1, 2001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 12000);
	bed_forget_events(b);
	bed_done(b);
}

/* Text beyond a closed window is not taken, so its mark is not either. */
static void mark_on_a_window_probe_is_not_echoed(void)
{
	struct bed *b = bed_in_ecn(CC_NEWRENO);

	for (uint32_t i = 0; i < BED_RCV_WND; i += BED_MSS)
		bed_rx(b, SEG(ACK, 1 + i, 1, BED_MSS));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_rx(b, SEG(ACK, BED_RCV_WND + 1, 1, 1, .ecn = IP_ECN_CE));
	bed_expect(b, SEG(ACK, 1, BED_RCV_WND + 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 0);
	bed_done(b);
}

const struct pkt_case pkt_ecn[] = {
	CASE(mark_is_echoed_until_cwr, "RFC 3168 6.1.3 [6.1.3-1, RFC 9293 SHLD-8]"),
	CASE(marked_segment_with_cwr_is_a_new_mark, "RFC 3168 6.1.3 [6.1.3-1]"),
	CASE(data_carries_the_echo_too, "RFC 3168 6.1.3 [6.1.3-1]"),
	CASE(mark_outside_the_window_is_nothing, "RFC 3168 6.1.5 [6.1.5-2]"),
	CASE(mark_on_a_window_probe_is_not_echoed, "RFC 3168 6.1.6"),
	CASE(mark_out_of_order_is_echoed_at_once, "RFC 3168 6.1.3"),
	CASE(mark_on_a_pure_ack_is_nothing, "RFC 3168 6.1.4"),
	CASE(mark_without_agreement_is_nothing, "RFC 3168 6.1.1"),
	CASE(bleached_field_breaks_nothing, "RFC 3168 18.1"),
	CASE(reset_carries_no_echo, "RFC 3168 6.1"),
	CASE(header_prediction_takes_what_is_not_marked, "RFC 3168 6.1.3"),
	CASE(pure_ack_probe_and_fin_are_not_ect, "RFC 3168 6.1.4, 6.1.6 [6.1.4-1, 6.1.6-1]"),
	CASE(retransmission_is_not_ect, "RFC 3168 6.1.5 [6.1.2-6, 6.1.5-1, 6.1.2-7]"),
	CASE(timeout_sends_not_ect_and_then_cwr, "RFC 3168 6.1.2, 6.1.5 [6.1.5-1]"),
	CASE(echo_halves_the_window_once_a_window,
	     "RFC 3168 6.1.2 [6.1.2-1, 6.1.2-4, RFC 9293 SHLD-8]"),
	CASE(first_new_data_says_cwr_and_only_that,
	     "RFC 3168 6.1.2 [6.1.2-6, 6.1.2-2, 6.1.2-8, 6.1.1-5]"),
	CASE(ack_with_echo_grows_nothing, "RFC 3168 6.1.2 [6.1.2-3]"),
	CASE(window_keeps_two_segments, "RFC 5681 3.1"),
	CASE(echo_on_a_duplicate_ack_counts, "RFC 3168 6.1.2"),
	CASE(echo_on_an_old_ack_or_with_nothing_in_flight_is_nothing, "RFC 3168 6.1.2"),
	CASE(echo_in_recovery_reduces_no_further, "RFC 3168 6.1.2 [6.1.2-4]"),
	CASE(echo_without_agreement_is_nothing, "RFC 3168 6.1.1"),
	CASES_END
};
