/* SPDX-License-Identifier: MIT */
/*
 * pkt_undo.c - PRR, and reductions that are taken back (RFC 9937, RFC 5682, RFC 3522,
 * RFC 3708, RFC 4015); the window behind idle time (RFC 5681 section 4.1) and a pace
 */
#include "cases.h"

static struct bed *open_seg(struct bed_seg syn)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.tlp = false;
	b = bed_new(&cfg);
	bed_open_with(b, syn);
	return b;
}

static struct bed *open_sack(void) { return open_seg(SEG(SYN, 0, 0, 0, .sack_ok = true)); }

static void sack(struct bed *b, uint32_t ack, uint32_t from, uint32_t to)
{
	bed_rx(b, SEG(ACK, 1, ack, 0, .n_sack = 1, .sack = { { from, to } }));
}

static struct bed *ten_out(void)
{
	struct bed *b = open_sack();

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	return b;
}

/* --- PRR --- */

static void window_sinks_in_proportion(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 1, .sack = { { 1001, 4001 } }));
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	for (uint32_t to = 5001; to <= 10001; to += 1000) {
		uint32_t before = bed_cold(b)->prr_out;

		sack(b, 1, 1001, to);
		CHECK(bed_cold(b)->prr_out - before <= 1000);
	}
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* Most of the flight is gone: no faster than what arrives, so no burst. */
static void heavy_loss_is_repaired_at_the_rate_of_delivery(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 8001, 9001);
	bed_tick(b, 3 * MSEC);
	CHECK_EQ(bed_cold(b)->lost + tcp_pipe(&b->dp->tcp, bed_pcb(b)), 9000);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 1);
	sack(b, 1, 8001, 10001);
	CHECK(bed_stat(b, STAT_TCP_REXMIT) <= 3);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void safe_acks_let_the_window_catch_up(void)
{
	struct bed *b = ten_out();
	uint64_t before;

	sack(b, 1, 8001, 10001);
	bed_tick(b, 3 * MSEC);
	bed_forget_tx(b);
	before = bed_stat(b, STAT_TCP_REXMIT);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .n_sack = 1, .sack = { { 8001, 10001 } }));
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT) - before, 2);	/* one delivered, one more */
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* --- undo --- */

/* All had arrived, late: the acknowledgements of the originals come in. */
static void spurious_timeout_is_undone(void)
{
	struct bed *b = open_sack();

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
	struct bed *b = open_sack();

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
	struct bed *b = open_sack();

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

/* --- idle time and pace --- */

static void window_restarts_behind_idle_time(void)
{
	struct bed *b = open_sack();

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
	b = bed_new(&cfg);
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
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

const struct pkt_case pkt_undo[] = {
	CASE(window_sinks_in_proportion, "RFC 9937 6.2"),
	CASE(heavy_loss_is_repaired_at_the_rate_of_delivery, "RFC 9937 6.2"),
	CASE(safe_acks_let_the_window_catch_up, "RFC 9937 6.2"),
	CASE(spurious_timeout_is_undone, "RFC 5682 3.1"),
	CASE(timeout_in_earnest_is_not_undone, "RFC 5682 3.1"),
	CASE(original_reported_behind_the_timeout_undoes_it, "RFC 5682 3.1"),
	CASE(without_sack_nothing_is_proven_by_the_numbers, "RFC 5682 3"),
	CASE(old_echo_undoes_a_timeout, "RFC 3522 3.2"),
	CASE(dsack_of_all_that_was_sent_again_undoes_a_recovery, "RFC 3708 3"),
	CASE(window_restarts_behind_idle_time, "RFC 5681 4.1"),
	CASE(pace_spreads_a_window, "RFC 9002 7.7, as RFC 9293 leaves it open"),
	CASES_END
};
