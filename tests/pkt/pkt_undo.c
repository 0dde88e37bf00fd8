/* SPDX-License-Identifier: MIT */
/*
 * pkt_undo.c - reductions that are taken back (RFC 5682, RFC 3522, RFC 3708,
 * RFC 4015); the window behind idle time (RFC 5681 section 4.1) and a pace
 */
#include "cases.h"

/* --- undo --- */

/* All had arrived, late: the acknowledgements of the originals come in. */
static void spurious_timeout_is_undone(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	bed_rx(b, SEG(ACK, 1, 2001, 0));		/* beyond what was sent again */
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_pcb(b)->flags & F_RTX, 0);
	CHECK(bed_pcb(b)->cwnd >= 10000);
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	bed_forget_events(b);
	bed_done(b);
}

static void timeout_in_earnest_is_not_undone(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));		/* no more than was sent again */
	expect_full(b, 1001, 1, 2);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void original_reported_behind_the_timeout_undoes_it(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	sack(b, 1, 2001, 3001);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void without_sack_nothing_is_proven_by_the_numbers(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	CHECK(bed_pcb(b)->cwnd < 10000);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* Eifel: the echo is older than the retransmission, so the original is acknowledged. */
static void old_echo_undoes_a_timeout(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t ts;

	cfg.timestamps = true;
	cfg.tlp = false;
	b = bed_new(&cfg);
	b->conn[0].tsval = 100;
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(bed_sendv(b, 2 * 988), 2 * 988);
	bed_forget_tx(b);
	ts = b->conn[0].tsecr;				/* the originals' */
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 1, 1, 988));
	bed_rx(b, SEG(ACK, 1, 989, 0, .has_ts = true, .tsval = 101, .tsecr = ts));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK(bed_pcb(b)->cwnd >= 9880);
	bed_expect_nothing(b);
	b->conn[0].tsval = 102;
	bed_rx(b, SEG(ACK, 1, 1977, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void dsack_of_all_that_was_sent_again_undoes_a_recovery(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 4001, 0));		/* the original, late */
	sack(b, 4001, 1, 1001);				/* and then the copy */
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK(bed_pcb(b)->cwnd >= 10000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* Behind a second timeout what arrives may be of the first one's retransmission. */
static void second_timeout_is_not_undone_by_numbers(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	CHECK(bed_pcb(b)->flags & F_RTX);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* Nor one in recovery, where much has been sent twice. */
static void timeout_in_recovery_is_not_undone_by_numbers(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 6001, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void duplicate_acks_behind_a_timeout_undo_nothing(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	for (uint32_t i = 0; i < 4; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	ack_all_and_done(b);
}

/* What is undone once stays so: the next timeout stands for itself. */
static void undone_timeout_leaves_no_second_undo(void)
{
	struct bed *b = bed_in_sack();
	uint32_t cwnd;

	send_full(b, 5);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	cwnd = bed_pcb(b)->cwnd;
	sack(b, 2001, 1, 1001);				/* the copy has arrived too */
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_pcb(b)->cwnd, cwnd);
	CHECK(bed_cold(b)->ssthresh > 1000000);		/* arbitrarily high, as it was */
	ack_all_and_done(b);
}

/* Timestamps and SACK, and ten out whose echoes the peer holds back. */
static struct bed *ten_out_in_time(uint32_t *ts)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	cfg.tlp = false;
	b = bed_new(&cfg);
	b->conn[0].tsval = 100;
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	CHECK_EQ(bed_sendv(b, 9880), 9880);
	bed_forget_tx(b);
	*ts = b->conn[0].tsecr;
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .has_ts = true, .tsval = 101, .tsecr = *ts, .n_sack = 1,
		      .sack = { { 989, 3953 } }));
	bed_expect(b, SEG(ACK, 1, 1, 988));
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	return b;
}

static void old_echo_undoes_a_recovery(void)
{
	uint32_t ts;
	struct bed *b = ten_out_in_time(&ts);

	bed_tick(b, 5 * MSEC);
	bed_rx(b, SEG(ACK, 1, 3953, 0, .has_ts = true, .tsval = 102, .tsecr = ts));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK(bed_pcb(b)->cwnd >= 9880);
	bed_forget_tx(b);
	b->conn[0].tsval = 103;
	ack_all_and_done(b);
}

static void echo_of_the_retransmission_undoes_nothing(void)
{
	uint32_t ts;
	struct bed *b = ten_out_in_time(&ts);

	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 3953, 0, .has_ts = true, .tsval = 102,
		      .tsecr = b->conn[0].tsecr));
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	CHECK_EQ(bed_cold(b)->ssthresh, 4940);
	bed_forget_tx(b);
	b->conn[0].tsval = 103;
	ack_all_and_done(b);
}

static void every_retransmission_must_be_explained(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 1, .sack = { { 2001, 10001 } }));
	expect_full(b, 1, 1, 2);
	bed_rx(b, SEG(ACK, 1, 10001, 0));		/* the originals, late */
	bed_forget_events(b);
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	send_full(b, 1);
	sack(b, 10001, 1, 1001);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	sack(b, 10001, 1001, 2001);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	ack_all_and_done(b);
}

/* CUBIC's plateau and curve are back too. */
static void undo_restores_the_curve(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.cc = CC_CUBIC;
	cfg.tlp = false;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	bed_cold(b)->ssthresh = bed_pcb(b)->cwnd = 10000;
	bed_cold(b)->cc_state.cubic.now.w_max = 14000;
	bed_cold(b)->cc_state.cubic.now.cwnd_prior = 14000;
	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 7000);
	CHECK(bed_cold(b)->cc_state.cubic.now.w_max < 14000);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	sack(b, 4001, 1, 1001);
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 10000);
	CHECK_EQ(bed_cold(b)->cc_state.cubic.now.w_max, 14000);
	CHECK(bed_pcb(b)->cwnd >= 10000);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* --- idle time and pace --- */

static void window_restarts_behind_idle_time(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 10);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	send_full(b, 12);
	bed_rx(b, SEG(ACK, 1, 22001, 0));
	bed_forget_events(b);
	CHECK(bed_pcb(b)->cwnd > 11000);
	bed_tick(b, 100 * MSEC);			/* less than an RTO */
	CHECK_EQ(bed_sendv(b, 1), 1);
	CHECK(bed_pcb(b)->cwnd > 11000);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 22002, 0));
	bed_forget_events(b);
	bed_tick(b, SEC);
	CHECK_EQ(bed_sendv(b, 1), 1);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	CHECK_EQ(bed_stat(b, STAT_TCP_IDLE_RESTART), 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 22003, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* A window in half a round trip while it doubles: ten segments in 5 ms. */
static void pace_spreads_a_window(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.pacing = true;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	CHECK(bed_tx_waiting(b) <= 2);
	bed_tick(b, 2500 * 1000);
	CHECK(bed_tx_waiting(b) >= 4 && bed_tx_waiting(b) <= 7);
	bed_tick(b, 2600 * 1000);
	CHECK_EQ(bed_tx_waiting(b), 10);
	expect_full(b, 1, 1, 10);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* The ACK of what an earlier recovery sent again echoes a timestamp older than what this one
 * has: it is no proof that this one's was needless. */
static void echo_of_an_earlier_recovery_proves_nothing(void)
{
	struct dp_cfg cfg = bed_cfg();
	uint32_t ts1, ts2, n = 988;
	struct bed *b;

	cfg.timestamps = true;
	cfg.tlp = false;
	b = bed_new(&cfg);
	b->conn[0].tsval = 100;
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	CHECK_EQ(bed_sendv(b, 8 * n), 8 * n);
	bed_forget_tx(b);
	ts1 = b->conn[0].tsecr;
	bed_tick(b, BED_RTT_US * 1000);
	CHECK_EQ(bed_sendv(b, 2 * n), 2 * n);			/* segments 8 and 9, later */
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 1, .sack = { { 1 + n, 1 + 5 * n } },
		      .has_ts = true, .tsval = 100, .tsecr = ts1));
	bed_expect(b, SEG(ACK, 1, 1, n));			/* segment 0 again */
	bed_cold(b)->recover = b->conn[0].iss + 1 + 5 * n;	/* it began long ago */
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2,
		      .sack = { { 1 + 6 * n, 1 + 8 * n }, { 1 + n, 1 + 5 * n } },
		      .has_ts = true, .tsval = 100, .tsecr = ts1));
	bed_expect(b, SEG(ACK, 1 + 5 * n, 1, n));		/* segment 5 again */
	ts2 = b->conn[0].tsecr;
	bed_rx(b, SEG(ACK, 1, 1 + 5 * n, 0, .n_sack = 1, .sack = { { 1 + 6 * n, 1 + 8 * n } },
		      .has_ts = true, .tsval = 101, .tsecr = ts2));
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	bed_tick(b, 5 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1 + 5 * n, 0, .n_sack = 2,
		      .sack = { { 1 + 9 * n, 1 + 10 * n }, { 1 + 6 * n, 1 + 8 * n } },
		      .has_ts = true, .tsval = 101, .tsecr = ts2));
	bed_tick(b, 5 * MSEC);
	bed_expect(b, SEG(ACK, 1 + 8 * n, 1, n));		/* segment 8 again */
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 1 + 8 * n, 0, .n_sack = 1, .sack = { { 1 + 9 * n, 1 + 10 * n } },
		      .has_ts = true, .tsval = 102, .tsecr = ts2));	/* segment 5's */
	CHECK_EQ(bed_stat(b, STAT_TCP_UNDO), 0);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1 + 10 * n, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* One piece of memory that leaves in ten parts: every part is timed. */
static void pace_measures_round_trips(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.pacing = true;
	cfg.tlp = false;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	bed_pcb(b)->srtt = 80000 << 3;
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	while (bed_pcb(b)->snd_una != bed_pcb(b)->snd_end) {	/* all that is out, each 10 ms */
		bed_tick(b, BED_RTT_US * 1000);
		bed_rx(b, SEG(ACK, 1, snd_nxt(b), 0));
	}
	CHECK(bed_pcb(b)->srtt >> 3 < 60000);		/* from 80 ms, by several samples */
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* Something waits for the pace or for Nagle, and the peer says the same again and again: that
 * sends nothing, so it does not put off the probe. */
static void acks_that_say_nothing_do_not_put_off_the_probe(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t n = 0;

	cfg.nagle = true;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	CHECK_EQ(bed_sendv(b, 2100), 2100);
	expect_full(b, 1, 1, 2);
	for (; n < 400 && bed_tx_waiting(b) == 0; n++) {
		bed_tick(b, 10 * MSEC);
		bed_rx(b, SEG(ACK, 1, 1, 0));
	}
	CHECK(n < 150);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 2101, 0));
	bed_forget_events(b);
	bed_done(b);
}

const struct pkt_case pkt_undo[] = {
	CASE(pace_measures_round_trips, "RFC 6298 3 [3-2]"),
	CASE(spurious_timeout_is_undone, "RFC 5682 3.1 [3.1-1, 2.1-1, RFC 4015 3.2-1]"),
	CASE(timeout_in_earnest_is_not_undone, "RFC 5682 3.1 [3.1-1, 2.1-1]"),
	CASE(original_reported_behind_the_timeout_undoes_it, "RFC 5682 3.1 [3.1-1]"),
	CASE(without_sack_nothing_is_proven_by_the_numbers, "RFC 5682 2.1"),
	CASE(second_timeout_is_not_undone_by_numbers, "RFC 5682 2.1 [2.1-5]"),
	CASE(timeout_in_recovery_is_not_undone_by_numbers, "RFC 5682 2.1 [2.1-5, 3.1-1]"),
	CASE(duplicate_acks_behind_a_timeout_undo_nothing, "RFC 5682 2.1 [2.1-4]"),
	CASE(undone_timeout_leaves_no_second_undo, "RFC 4015 3.2 [3.2-1]"),
	CASE(old_echo_undoes_a_timeout, "RFC 3522 3.2 [RFC 4015 3.2-1]"),
	CASE(old_echo_undoes_a_recovery, "RFC 3522 3.2"),
	CASE(echo_of_the_retransmission_undoes_nothing, "RFC 3522 3.2"),
	CASE(dsack_of_all_that_was_sent_again_undoes_a_recovery, "RFC 3708 3"),
	CASE(every_retransmission_must_be_explained, "RFC 3708 3"),
	CASE(undo_restores_the_curve, "RFC 9438 4.9 [4.9-1]"),
	CASE(window_restarts_behind_idle_time, "RFC 5681 4.1 [4.1-1]"),
	CASE(pace_spreads_a_window, "RFC 9002 7.7, as RFC 9293 leaves it open"),
	CASE(echo_of_an_earlier_recovery_proves_nothing, "RFC 3522 3.2"),
	CASE(acks_that_say_nothing_do_not_put_off_the_probe, "RFC 8985 7.2"),
	CASES_END
};
