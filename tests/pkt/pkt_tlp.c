/* SPDX-License-Identifier: MIT */
/*
 * pkt_tlp.c - tail loss probes: when one goes, what it is, and what its answer means
 * (RFC 8985 section 7)
 */
#include "cases.h"

static struct bed *probing(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.tlp = true;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	return b;
}

static void probe_comes_after_two_round_trips(void)
{
	struct bed *b = probing();
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
	struct bed *b = probing();

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
	struct bed *b = probing();

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
	struct bed *b = probing();

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
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
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
	struct bed *b = probing();

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

/* Probing, with a timeout so late that one segment is probed for too. */
static struct bed *probing_slowly(bool nagle)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rto_min_ns = SEC;
	cfg.nagle = nagle;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	return b;
}

/* Nagle holds 300 bytes back: they make the probe. */
static void probe_is_new_data_if_there_is_any(void)
{
	struct bed *b = probing_slowly(true);
	uint32_t cwnd = bed_pcb(b)->cwnd;

	CHECK_EQ(bed_sendv(b, 2300), 2300);
	expect_full(b, 1, 1, 2);
	bed_expect_nothing(b);
	CHECK(bed_tick_to_frame(b, SEC) < 25 * MSEC);
	bed_expect(b, SEG(ACK, 2001, 1, 300));
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_rx(b, SEG(ACK, 1, 2301, 0));		/* nothing was sent twice: no loss */
	CHECK(bed_pcb(b)->cwnd >= cwnd);
	CHECK_EQ(bed_pcb(b)->flags & F_BOARD, 0);
	ack_all_and_done(b);
}

/* cwnd does not hold the probe back: ten segments are out, and it is the eleventh. */
static void probe_goes_beyond_the_congestion_window(void)
{
	struct bed *b = probing_slowly(true);

	bed_pcb(b)->cwnd = 2300;
	CHECK_EQ(bed_sendv(b, 2300), 2300);
	expect_full(b, 1, 1, 2);
	bed_pcb(b)->cwnd = 2000;
	CHECK(bed_tick_to_frame(b, SEC) < 25 * MSEC);
	bed_expect(b, SEG(ACK, 2001, 1, 300));
	ack_all_and_done(b);
}

/* The peer's window does: then the last segment goes again. */
static void probe_stays_in_the_peers_window(void)
{
	struct bed *b = probing_slowly(true);

	CHECK_EQ(bed_sendv(b, 2300), 2300);
	expect_full(b, 1, 1, 2);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 2000));
	CHECK(bed_tick_to_frame(b, SEC) < 25 * MSEC);
	bed_expect(b, SEG(ACK, 1001, 1, 1000));
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	ack_all_and_done(b);
}

static void new_data_begins_the_wait_anew(void)
{
	struct bed *b = probing();
	nsec waited;

	send_full(b, 2);
	bed_tick(b, 15 * MSEC);
	send_full(b, 1);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 20 * MSEC && waited < 25 * MSEC);
	expect_full(b, 2001, 1, 1);
	ack_all_and_done(b);
}

static void partial_ack_begins_the_wait_anew(void)
{
	struct bed *b = probing();
	nsec waited;

	send_full(b, 4);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_forget_events(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 20 * MSEC && waited < 25 * MSEC);
	expect_full(b, 3001, 1, 1);
	ack_all_and_done(b);
}

static void nothing_outstanding_is_not_probed_for(void)
{
	struct bed *b = probing();

	send_full(b, 3);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 0);
	bed_done(b);
}

static void one_probe_at_a_time(void)
{
	struct bed *b = probing();

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	send_full(b, 2);				/* behind the probe */
	CHECK(bed_tick_to_frame(b, SEC) >= 190 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* Karn: an ACK of what the probe sent again is no sample, so the next flight has no probe. */
static void no_probe_without_a_sample_since_the_last(void)
{
	struct bed *b = probing_slowly(false);

	send_full(b, 1);
	CHECK(bed_tick_to_frame(b, SEC) < 230 * MSEC);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1001, 1, 1001);				/* both have arrived */
	bed_forget_events(b);
	send_full(b, 3);
	CHECK(bed_tick_to_frame(b, 2 * SEC) >= 999 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void sample_since_the_last_probe_allows_another(void)
{
	struct bed *b = probing_slowly(false);

	send_full(b, 1);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1001, 1, 1001);
	bed_forget_events(b);
	send_full(b, 3);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 4001, 0));		/* the sample */
	bed_forget_events(b);
	send_full(b, 3);
	CHECK(bed_tick_to_frame(b, SEC) < 30 * MSEC);
	expect_full(b, 6001, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 2);
	ack_all_and_done(b);
}

static void no_probe_in_recovery(void)
{
	struct bed *b = probing();

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	CHECK(bed_tick_to_frame(b, SEC) >= 190 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* The timer doubles behind the probe as it would without one, and probes stay away. */
static void no_probe_behind_a_timeout(void)
{
	struct bed *b = probing();
	nsec waited;

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 199 * MSEC && waited <= 201 * MSEC);
	bed_forget_tx(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 399 * MSEC && waited <= 401 * MSEC);
	bed_forget_tx(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 2);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 1);
	ack_all_and_done(b);
}

/* 2 SRTT and the delayed ACK would be later than the RTO: that comes, at its time. */
static void timeout_that_is_not_later_comes_instead(void)
{
	struct bed *b = probing();
	nsec waited;

	send_full(b, 1);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 199 * MSEC && waited <= 201 * MSEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	ack_all_and_done(b);
}

/* The SYN-ACK went twice: no sample of the handshake, so the timeout alone. */
static void no_probe_without_an_estimate(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_align_iss(b);
	bed_rx(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	bed_forget_tx(b);
	bed_tick_to_frame(b, 2 * SEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_pcb(b)->srtt, 0);
	send_full(b, 1);
	CHECK(bed_tick_to_frame(b, 10 * SEC) >= SEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_TLP), 0);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* A peer without D-SACK: the duplicate ACK says that the original had arrived too. */
static void probe_explained_by_a_duplicate_ack_costs_nothing(void)
{
	struct bed *b = probing();

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_BOARD, 0);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	CHECK(bed_pcb(b)->cwnd >= 10000);
	ack_all_and_done(b);
}

static void reduction_behind_a_probe_is_half(void)
{
	struct bed *b = probing();

	send_full(b, 10);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 9001, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_pcb(b)->cwnd = 10000;
	send_full(b, 9);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 11001, 0));
	CHECK_EQ(bed_cold(b)->ssthresh, 4500);	/* of eight out, and the one that was lost */
	CHECK(bed_pcb(b)->cwnd <= 5500);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 1);
	ack_all_and_done(b);
}

const struct pkt_case pkt_tlp[] = {
	CASE(probe_comes_after_two_round_trips, "RFC 8985 7.2 [7.2-1, 7.2-2, 7.3-2, 7.3-4]"),
	CASE(probe_makes_rack_see_the_lost_flight, "RFC 8985 7.3 [7.3-2]"),
	CASE(probe_explained_by_dsack_costs_nothing, "RFC 8985 7.4 [7.4-1]"),
	CASE(loss_repaired_by_the_probe_is_answered, "RFC 8985 7.4 [7.4-1, 7.4-2]"),
	CASE(one_segment_is_given_time_for_a_delayed_ack, "RFC 8985 7.2 [7.2-2]"),
	CASE(no_probe_without_sack, "RFC 8985 7.2 [4-1]"),
	CASE(probe_carries_a_fin, "RFC 8985 7.3 [7.3-2]"),
	CASE(probe_is_new_data_if_there_is_any, "RFC 8985 7.3, 7.4.2 [7.3-1, 7.4-1]"),
	CASE(probe_goes_beyond_the_congestion_window, "RFC 8985 7.3 [7.3-1]"),
	CASE(probe_stays_in_the_peers_window, "RFC 8985 7.3 [7.3-1, 7.3-2]"),
	CASE(new_data_begins_the_wait_anew, "RFC 8985 7.2 [7.2-1]"),
	CASE(partial_ack_begins_the_wait_anew, "RFC 8985 7.2 [7.2-1]"),
	CASE(nothing_outstanding_is_not_probed_for, "RFC 8985 7.2 [7.2-1]"),
	CASE(one_probe_at_a_time, "RFC 8985 7.3 [7.3-3, 7.3-4]"),
	CASE(no_probe_without_a_sample_since_the_last, "RFC 8985 7.3 [7.3-3]"),
	CASE(sample_since_the_last_probe_allows_another, "RFC 8985 7.3 [7.3-3]"),
	CASE(no_probe_in_recovery, "RFC 8985 7.2 [7.2-1]"),
	CASE(no_probe_behind_a_timeout, "RFC 8985 7.2 [7.2-1, 7.3-4, RFC 6298 5.5]"),
	CASE(timeout_that_is_not_later_comes_instead, "RFC 8985 7.2 [7.2-3]"),
	CASE(no_probe_without_an_estimate, "RFC 8985 7.2"),
	CASE(probe_explained_by_a_duplicate_ack_costs_nothing, "RFC 8985 7.4.2 [7.4-1]"),
	CASE(reduction_behind_a_probe_is_half, "RFC 8985 7.4.2 [7.4-2]"),
	CASES_END
};
