/* SPDX-License-Identifier: MIT */
/*
 * pkt_fast_rexmit.c - loss told by duplicate ACKs: fast retransmit and NewReno
 * (RFC 5681 section 3.2, RFC 6582, RFC 3042)
 */
#include "cases.h"

static void dupacks(struct bed *b, uint32_t ack, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bed_rx(b, SEG(ACK, 1, ack, 0));
}

/* Ten segments in flight, three duplicate ACKs, the first segment sent again. */
static struct bed *in_recovery(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	dupacks(b, 1, 3);
	expect_full(b, 1, 1, 1);
	return b;
}

static void third_duplicate_ack_retransmits(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	dupacks(b, 1, 2);
	bed_expect_nothing(b);
	dupacks(b, 1, 1);
	expect_full(b, 1, 1, 1);
	dupacks(b, 1, 3);
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 1);
	bed_done(b);
}

/* Ten out, three have left, one is lost: six in flight, and the retransmission. */
static void recovery_reduces_in_proportion_to_half_the_flight(void)
{
	struct bed *b = in_recovery();

	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	CHECK_EQ(bed_pcb(b)->cwnd, 7000);
	dupacks(b, 1, 2);
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	bed_done(b);
}

static void full_ack_ends_recovery_at_ssthresh(void)
{
	struct bed *b = in_recovery();

	dupacks(b, 1, 6);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK(bed_pcb(b)->cwnd <= 5000 && bed_pcb(b)->cwnd >= 2000);
	bed_expect_event(b, IX_EV_SENT, 10000);
	bed_done(b);
}

static void partial_ack_retransmits_the_next_hole(void)
{
	struct bed *b = in_recovery();

	dupacks(b, 1, 3);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	expect_full(b, 4001, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	bed_rx(b, SEG(ACK, 1, 7001, 0));
	expect_full(b, 7001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	bed_expect_event(b, IX_EV_SENT, 4000);
	bed_expect_event(b, IX_EV_SENT, 3000);
	bed_expect_event(b, IX_EV_SENT, 3000);
	bed_done(b);
}

/* Impatient: the timer runs from the first partial ACK, later ones leave it. */
static void only_the_first_partial_ack_restarts_the_timer(void)
{
	struct bed *b = in_recovery();

	bed_tick(b, 100 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	expect_full(b, 1001, 1, 1);
	bed_tick(b, 150 * MSEC);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	expect_full(b, 2001, 1, 1);
	CHECK(bed_tick_to_frame(b, SEC) < 51 * MSEC);
	expect_full(b, 2001, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	bed_forget_events(b);
	bed_done(b);
}

static void timer_runs_on_behind_recovery(void)
{
	struct bed *b = in_recovery();

	dupacks(b, 1, 6);
	send_full(b, 4);
	bed_tick(b, 100 * MSEC);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	CHECK(bed_tick_to_frame(b, 199 * MSEC) == 199 * MSEC);
	bed_tick_to_frame(b, 2 * MSEC);
	expect_full(b, 10001, 1, 1);
	bed_done(b);
}

static void dupacks_count_for_what_was_outstanding_only(void)
{
	struct bed *b = in_recovery();

	dupacks(b, 1, 300);
	CHECK(bed_pcb(b)->cwnd <= 5000 + 10000 + 1000);
	bed_done(b);
}

static void limited_transmit_lends_two_segments(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	CHECK_EQ(bed_sendv(b, 5000), 0);
	dupacks(b, 1, 1);
	bed_expect_sent(b, 0, 1000);
	send_full(b, 1);
	CHECK_EQ(bed_sendv(b, 5000), 0);
	dupacks(b, 1, 1);
	bed_expect_sent(b, 0, 1000);
	send_full(b, 1);
	CHECK_EQ(bed_sendv(b, 5000), 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	bed_done(b);
}

/* FlightSize is ten: what limited transmit sent MUST NOT be counted. */
static void limited_transmit_does_not_raise_ssthresh(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	dupacks(b, 1, 1);
	send_full(b, 1);
	dupacks(b, 1, 1);
	send_full(b, 1);
	dupacks(b, 1, 1);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_done(b);
}

static void what_is_not_a_duplicate_ack_does_not_count(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 4);
	for (uint32_t i = 0; i < 4; i++) {
		bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 50000 + i));	/* another window */
		bed_rx(b, SEG(ACK, 1 + i, 1, 1));		/* data */
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_DUP_ACK), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* A zero-window probe of the peer carries text that we cannot take: no duplicate ACK. */
static void probe_of_our_closed_window_is_no_duplicate_ack(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd = 2048;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 1, 1, 1024));
	bed_rx(b, SEG(ACK, 1025, 1, 1024));
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true));
	send_full(b, 4);
	for (uint32_t i = 0; i < 4; i++) {
		bed_rx(b, SEG(ACK, 2049, 1, 1));
		bed_expect(b, SEG(ACK, 4001, 2049, 0, .zero_wnd = true));
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_forget_events(b);
	bed_done(b);
}

static void duplicate_acks_of_nothing_in_flight_do_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	dupacks(b, 1, 5);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	bed_done(b);
}

/* The duplicate ACKs that a go-back-N retransmission causes are not a new loss. */
static void no_fast_retransmit_below_recover(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 6);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	expect_full(b, 1001, 1, 2);
	dupacks(b, 1001, 5);
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 0);
	bed_forget_events(b);
	bed_done(b);
}

/* More than 2 GiB after the last loss its recovery point looks as if it were ahead. */
static void old_recovery_point_does_not_forbid_it(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 6);
	bed_cold(b)->recover = bed_pcb(b)->snd_una + 0x70000000;
	dupacks(b, 1, 3);
	expect_full(b, 1, 1, 1);
	bed_done(b);
}

static void second_loss_behind_recover_is_recovered_too(void)
{
	struct bed *b = in_recovery();

	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	send_full(b, 2);
	bed_rx(b, SEG(ACK, 1, 12001, 0));
	send_full(b, 3);
	dupacks(b, 12001, 3);
	expect_full(b, 12001, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 2);
	bed_forget_events(b);
	bed_done(b);
}

static void timeout_ends_recovery(void)
{
	struct bed *b = in_recovery();

	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	dupacks(b, 1, 5);
	bed_expect_nothing(b);
	bed_done(b);
}

static void new_data_goes_out_as_duplicates_arrive(void)
{
	struct bed *b = in_recovery();

	CHECK_EQ(bed_sendv(b, 3000), 0);
	dupacks(b, 1, 3);
	bed_forget_events(b);
	send_full(b, 1);			/* one for two that left: PRR */
	CHECK_EQ(bed_sendv(b, 3000), 0);
	bed_done(b);
}

static void lost_fin_is_recovered_fast(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1, 1, 500));
	bed_close(b, IX_CLOSE_HALF);
	bed_expect(b, SEG(FIN | ACK, 501, 1, 0));
	dupacks(b, 1, 3);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 500));
	bed_rx(b, SEG(ACK, 1, 502, 0));
	bed_expect_event(b, IX_EV_SENT, 500);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_done(b);
}

static void limited_transmit_stays_in_the_peers_window(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 10000));
	send_full(b, 10);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	for (uint32_t i = 0; i < 2; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 10000));
	CHECK_EQ(bed_stat(b, STAT_TCP_DUP_ACK), 2);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_expect_nothing(b);
	bed_expect_no_event(b);
	bed_done(b);
}

static void losses_in_two_windows_halve_twice(void)
{
	struct bed *b = in_recovery();

	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_pcb(b)->cwnd = 5000;
	bed_forget_events(b);
	send_full(b, 5);
	dupacks(b, 10001, 3);
	expect_full(b, 10001, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 2500);
	bed_forget_events(b);
	bed_done(b);
}

const struct pkt_case pkt_fast_rexmit[] = {
	CASE(third_duplicate_ack_retransmits, "RFC 5681 3.2 [3.2-3, 3.2-7, RFC 6582 3.2-1]"),
	CASE(recovery_reduces_in_proportion_to_half_the_flight,
	     "RFC 9937 6.2 [6.2-1, 6.1-1, RFC 5681 3.2-6]"),
	CASE(full_ack_ends_recovery_at_ssthresh, "RFC 6582 3.2 [3.2-4, RFC 5681 3.2-10]"),
	CASE(partial_ack_retransmits_the_next_hole, "RFC 6582 3.2 [3.2-5]"),
	CASE(only_the_first_partial_ack_restarts_the_timer, "RFC 6582 3.2, 4 [3.2-6]"),
	CASE(timer_runs_on_behind_recovery, "RFC 6298 5.3 [5.3]"),
	CASE(dupacks_count_for_what_was_outstanding_only, "RFC 5681 3.2"),
	CASE(limited_transmit_lends_two_segments, "RFC 3042 2 [2-1, 2-3, 2-4, RFC 5681 3.2-5]"),
	CASE(limited_transmit_does_not_raise_ssthresh, "RFC 5681 3.2 [3.2-6]"),
	CASE(what_is_not_a_duplicate_ack_does_not_count, "RFC 5681 2 [2-2]"),
	CASE(probe_of_our_closed_window_is_no_duplicate_ack, "RFC 5681 2 [2-2]"),
	CASE(duplicate_acks_of_nothing_in_flight_do_nothing, "RFC 5681 2 [2-2]"),
	CASE(no_fast_retransmit_below_recover, "RFC 6582 3.2 [3.2-2, 3.2-7]"),
	CASE(old_recovery_point_does_not_forbid_it, "RFC 6582 3.2 [3.2-2]"),
	CASE(second_loss_behind_recover_is_recovered_too,
	     "RFC 6582 3.2 [3.2-2, 3.2-3, RFC 5681 4.3-1]"),
	CASE(timeout_ends_recovery, "RFC 6582 3.2 [3.2-7]"),
	CASE(new_data_goes_out_as_duplicates_arrive, "RFC 5681 3.2 [3.2-9]"),
	CASE(lost_fin_is_recovered_fast, "RFC 5681 3.2"),
	CASE(limited_transmit_stays_in_the_peers_window, "RFC 3042 2 [2-2]"),
	CASE(losses_in_two_windows_halve_twice, "RFC 5681 4.3 [4.3-1]"),
	CASES_END
};
