/* SPDX-License-Identifier: MIT */
/*
 * pkt_rack.c - loss detected by time, and tail loss probes (RFC 8985)
 */
#include "cases.h"

static struct bed *open_with(bool tlp)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.tlp = tlp;
	b = bed_new(&cfg);
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	return b;
}

static struct bed *ten_out(void)
{
	struct bed *b = open_with(false);

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	return b;
}

static void sack(struct bed *b, uint32_t ack, uint32_t from, uint32_t to)
{
	bed_rx(b, SEG(ACK, 1, ack, 0, .n_sack = 1, .sack = { { from, to } }));
}

/* A quarter of the least round trip: 2.5 ms. */
static void one_segment_overtaken_waits_for_the_window(void)
{
	struct bed *b = ten_out();
	nsec waited;

	sack(b, 1, 1001, 2001);
	bed_expect_nothing(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 2500 * 1000 && waited < 2600 * 1000);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void what_arrives_within_the_window_was_reordered(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 2001);
	bed_tick(b, 2 * MSEC);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_tick(b, 20 * MSEC);
	bed_expect_nothing(b);
	CHECK(bed_cold(b)->reordering);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void three_segments_overtaking_are_enough_without_reordering(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void once_reordering_was_seen_the_window_holds(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 2001);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	CHECK(bed_cold(b)->reordering);
	sack(b, 2001, 3001, 7001);
	bed_expect_nothing(b);
	CHECK(bed_tick_to_frame(b, SEC) >= 2400 * 1000);
	expect_full(b, 2001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void lost_retransmission_is_sent_again_without_a_timeout(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_forget_events(b);
	bed_tick(b, MSEC);
	send_full(b, 3);				/* behind the retransmission */
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 13001);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	bed_rx(b, SEG(ACK, 1, 13001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* The retransmission has arrived, sent after the tail: so the tail is lost. */
static void delivered_retransmission_tells_of_a_lost_tail(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	bed_tick(b, 3 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	expect_full(b, 4001, 1, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void dsack_widens_the_window_once_a_round_trip(void)
{
	struct bed *b = ten_out();

	sack(b, 4001, 1, 1001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	sack(b, 4001, 1001, 2001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	send_full(b, 2);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 12001, 0, .n_sack = 1, .sack = { { 9001, 10001 } }));
	CHECK_EQ(bed_cold(b)->reo_mult, 3);
	bed_forget_events(b);
	bed_done(b);
}

static void wide_window_wears_off_in_sixteen_recoveries(void)
{
	struct bed *b = open_with(false);
	uint32_t at = 1;

	send_full(b, 4);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 4001, 1, 1001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	at = 4001;
	for (uint32_t i = 0; i < 16; i++, at += 4000) {
		CHECK_EQ(bed_cold(b)->reo_mult, 2);
		bed_forget_events(b);
		while (bed_pcb(b)->cwnd < 4000)
			bed_pcb(b)->cwnd += 1000;
		send_full(b, 4);
		bed_tick(b, BED_RTT_US * 1000);
		sack(b, at, at + 1000, at + 4000);
		bed_tick(b, 6 * MSEC);
		bed_forget_tx(b);
		bed_rx(b, SEG(ACK, 1, at + 4000, 0));
	}
	CHECK_EQ(bed_cold(b)->reo_mult, 1);
	bed_forget_events(b);
	bed_done(b);
}

/* Section 6.3: what was sent less than a round trip ago is not lost with the rest. */
static void timeout_spares_what_was_sent_lately(void)
{
	struct bed *b = open_with(false);

	send_full(b, 3);
	bed_tick(b, 195 * MSEC);
	send_full(b, 2);
	CHECK(bed_tick_to_frame(b, SEC) < 6 * MSEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->lost, 2000);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void probe_comes_after_two_round_trips(void)
{
	struct bed *b = open_with(true);
	nsec waited;

	send_full(b, 3);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 20 * MSEC && waited < 25 * MSEC);
	expect_full(b, 2001, 1, 1);			/* the last segment */
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	CHECK(bed_tick_to_frame(b, SEC) >= 199 * MSEC);	/* one probe, then the timeout */
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void probe_makes_rack_see_the_lost_flight(void)
{
	struct bed *b = open_with(true);

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 2001, 3001);
	bed_tick(b, 3 * MSEC);
	expect_full(b, 1, 1, 1);
	bed_forget_tx(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 0);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* The probe was needless: both copies have arrived. */
static void probe_explained_by_dsack_costs_nothing(void)
{
	struct bed *b = open_with(true);

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	sack(b, 3001, 2001, 3001);
	CHECK_EQ(bed_pcb(b)->flags & F_BOARD, 0);
	CHECK(bed_pcb(b)->cwnd >= 10000);
	bed_forget_events(b);
	bed_done(b);
}

/* No D-SACK: the original was lost, and the probe hid it from congestion control. */
static void loss_repaired_by_the_probe_is_answered(void)
{
	struct bed *b = open_with(true);

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 8001, 0));
	bed_forget_events(b);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 9001, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	send_full(b, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 11001, 0));
	CHECK(bed_pcb(b)->cwnd < 10000);
	CHECK_EQ(bed_pcb(b)->flags & F_BOARD, 0);
	bed_forget_events(b);
	bed_done(b);
}

static void one_segment_is_given_time_for_a_delayed_ack(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	nsec waited;

	cfg.rto_min_ns = SEC;
	b = bed_new(&cfg);
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	send_full(b, 2);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_forget_events(b);
	send_full(b, 2);
	bed_tick(b, MSEC);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 200 * MSEC && waited < 230 * MSEC);
	expect_full(b, 3001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void no_probe_without_sack(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 3);
	CHECK(bed_tick_to_frame(b, SEC) >= 200 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 0);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void probe_carries_a_fin(void)
{
	struct bed *b = open_with(true);

	send_full(b, 2);
	bed_close(b, IX_CLOSE_HALF);
	bed_expect(b, SEG(FIN | ACK, 2001, 1, 0));
	CHECK(bed_tick_to_frame(b, SEC) < 25 * MSEC);
	bed_expect(b, SEG(FIN | ACK, 1001, 1, 1000));
	bed_rx(b, SEG(ACK, 1, 2002, 0));
	bed_forget_events(b);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_done(b);
}

const struct pkt_case pkt_rack[] = {
	CASE(one_segment_overtaken_waits_for_the_window, "RFC 8985 6.2"),
	CASE(what_arrives_within_the_window_was_reordered, "RFC 8985 6.2"),
	CASE(three_segments_overtaking_are_enough_without_reordering, "RFC 8985 6.2"),
	CASE(once_reordering_was_seen_the_window_holds, "RFC 8985 6.2"),
	CASE(lost_retransmission_is_sent_again_without_a_timeout, "RFC 8985 6.2"),
	CASE(delivered_retransmission_tells_of_a_lost_tail, "RFC 8985 6.2"),
	CASE(dsack_widens_the_window_once_a_round_trip, "RFC 8985 6.2"),
	CASE(wide_window_wears_off_in_sixteen_recoveries, "RFC 8985 6.2"),
	CASE(timeout_spares_what_was_sent_lately, "RFC 8985 6.3"),
	CASE(probe_comes_after_two_round_trips, "RFC 8985 7.2"),
	CASE(probe_makes_rack_see_the_lost_flight, "RFC 8985 7.3"),
	CASE(probe_explained_by_dsack_costs_nothing, "RFC 8985 7.4"),
	CASE(loss_repaired_by_the_probe_is_answered, "RFC 8985 7.4"),
	CASE(one_segment_is_given_time_for_a_delayed_ack, "RFC 8985 7.2"),
	CASE(no_probe_without_sack, "RFC 8985 7.2"),
	CASE(probe_carries_a_fin, "RFC 8985 7.3"),
	CASES_END
};
