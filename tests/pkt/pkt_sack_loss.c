/* SPDX-License-Identifier: MIT */
/*
 * pkt_sack_loss.c - loss recovery over a scoreboard: what goes, when, and how often
 * (RFC 6675 sections 4 and 5, RFC 2018 section 5, RFC 3042, RFC 2883 section 5)
 *
 * Not here: which bytes the scoreboard has (pkt_sack_tx.c), when loss is seen (pkt_rack.c).
 */
#include "cases.h"

/* Ten out, the first one lost and sent again: fast recovery. */
static struct bed *recovering(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	return b;
}

/* Six out, a timeout in earnest: the first two were lost. */
static struct bed *behind_timeout(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 6);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	expect_full(b, 1001, 1, 2);
	CHECK(bed_pcb(b)->flags & F_RTX);
	bed_forget_events(b);
	return b;
}

/* Three blocks, but less than two segments of bytes: RACK counts bytes, and waits. */
static void three_small_blocks_wait_for_time(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 3,
		      .sack = { { 9001, 9101 }, { 7001, 7101 }, { 5001, 5101 } }));
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->sacked, 300);
	CHECK(bed_tick_to_frame(b, SEC) < 3 * MSEC);
	expect_full(b, 1, 1, 1);
	ack_all_and_done(b);
}

static void two_segments_and_a_byte_above_mean_loss(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 8001, 10001);
	bed_expect_nothing(b);
	ack_all_and_done(b);
	b = ten_out();
	sack(b, 1, 8000, 10001);
	expect_full(b, 1, 1, 1);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void pipe_is_what_the_network_holds(void)
{
	struct bed *b = ten_out();

	CHECK_EQ(tcp_pipe(&b->dp->tcp, bed_pcb(b)), 10000);
	sack(b, 1, 1001, 4001);			/* three arrived, one lost and sent again */
	CHECK_EQ(tcp_pipe(&b->dp->tcp, bed_pcb(b)), 7000);
	sack(b, 1, 1001, 5001);
	CHECK_EQ(tcp_pipe(&b->dp->tcp, bed_pcb(b)), 6000);
	bed_rx(b, SEG(ACK, 1, 5001, 0));
	CHECK_EQ(tcp_pipe(&b->dp->tcp, bed_pcb(b)), 5000);
	ack_all_and_done(b);
}

/* The pace has let four segments out when the loss of the first one shows. */
static void holes_go_before_new_data(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.pacing = true;
	cfg.tlp = false;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	bed_tick(b, 1900 * 1000);
	bed_forget_tx(b);
	CHECK_EQ(snd_nxt(b), 4001);
	sack(b, 1, 1001, 4001);
	while (bed_tx_waiting(b) < 2)
		bed_tick(b, MSEC);
	expect_full(b, 1, 1, 1);
	expect_full(b, 4001, 1, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 4001, 0));
	bed_tick(b, 30 * MSEC);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* The block ends in the middle of a segment: the bytes below it go, and no others. */
static void hole_of_a_segment_and_a_half_goes_to_the_byte(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1501, 10001);
	expect_full(b, 1, 1, 1);
	bed_expect(b, SEG(ACK, 1001, 1, 500));
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

static void block_may_begin_and_end_inside_segments(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 4301, 9701 }, { 501, 3801 } }));
	bed_expect(b, SEG(ACK, 1, 1, 500));
	bed_expect(b, SEG(ACK, 3801, 1, 500));
	CHECK_EQ(bed_cold(b)->sacked, 3300 + 5400);
	ack_all_and_done(b);
}

static void block_that_straddles_the_acknowledgement_is_not_believed(void)
{
	struct bed *b = ten_out();

	sack(b, 3001, 2001, 6001);
	CHECK_EQ(bed_stat(b, STAT_TCP_SACK_BAD), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 0);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

/* An ACK that was overtaken: its block is news, and its old block is no duplicate. */
static void overtaken_ack_tells_what_it_can(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 3001, 0));
	sack(b, 1, 1001, 2001);
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 0);
	CHECK_EQ(bed_cold(b)->reo_mult, 0);
	sack(b, 1, 6001, 7001);
	CHECK_EQ(bed_cold(b)->sacked, 1000);
	CHECK_EQ(bed_pcb(b)->snd_una - b->conn[0].iss, 3001);
	ack_all_and_done(b);
}

static void fin_may_be_reported(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 4);
	bed_close(b, IX_CLOSE_HALF);
	bed_expect(b, SEG(FIN | ACK, 4001, 1, 0));
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 4002);
	expect_full(b, 1, 1, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->sacked, 3001);
	bed_rx(b, SEG(ACK, 1, 4002, 0));
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_forget_events(b);
	bed_done(b);
}

static void duplicate_acks_without_news_let_nothing_out(void)
{
	struct bed *b = ten_out();

	CHECK_EQ(bed_sendv(b, 5000), 0);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_sendv(b, 5000), 0);
	sack(b, 1, 1001, 2001);
	bed_expect_sent(b, 0, 1000);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	expect_full(b, 10001, 1, 1);
	sack(b, 1, 1001, 2001);			/* the same again */
	CHECK_EQ(bed_sendv(b, 5000), 0);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	ack_all_and_done(b);
}

static void recovery_point_is_the_highest_sent(void)
{
	struct bed *b = recovering();

	CHECK_EQ(bed_cold(b)->recover - b->conn[0].iss, 10001);
	sack(b, 1, 1001, 8001);			/* six out, seven arrived */
	bed_forget_events(b);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	expect_full(b, 10001, 1, 1);
	CHECK_EQ(bed_cold(b)->recover - b->conn[0].iss, 10001);
	bed_rx(b, SEG(ACK, 1, 9001, 0));
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK_EQ(bed_pcb(b)->snd_nxt - b->conn[0].iss, 11001);
	ack_all_and_done(b);
}

static void one_reduction_a_recovery(void)
{
	struct bed *b = recovering();

	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 5001, 6001 }, { 1001, 4001 } }));
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 3,
		      .sack = { { 7001, 10001 }, { 5001, 6001 }, { 1001, 4001 } }));
	bed_tick(b, 3 * MSEC);
	CHECK(bed_stat(b, STAT_TCP_REXMIT) > 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 1);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* What was reported above the recovery point is not forgotten: its hole is the next loss, which
 * the ACK that ends this recovery tells, and no other ACK may come. */
static void scoreboard_outlives_recovery(void)
{
	struct bed *b = recovering();

	sack(b, 1, 1001, 10001);
	bed_forget_events(b);
	send_full(b, 3);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 10001, 0, .n_sack = 1, .sack = { { 11001, 13001 } }));
	expect_full(b, 10001, 1, 1);
	CHECK_EQ(bed_cold(b)->sacked, 2000);
	CHECK_EQ(bed_cold(b)->n_holes, 1);
	CHECK_EQ(bed_cold(b)->recover - b->conn[0].iss, 13001);
	CHECK_EQ(bed_cold(b)->ssthresh, 2500);		/* another window, another loss */
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 2);
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

/* Only when the ACK has reached what was sent at the timeout does loss halve again. */
static void no_recovery_below_the_timeouts_point(void)
{
	struct bed *b = behind_timeout();
	uint32_t ssthresh = bed_cold(b)->ssthresh;

	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1001, 2001, 3001);
	bed_tick(b, 5 * MSEC);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 0);
	CHECK_EQ(bed_cold(b)->ssthresh, ssthresh);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 6001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_RTX, 0);
	bed_forget_events(b);
	while (bed_pcb(b)->cwnd < 5000)
		bed_pcb(b)->cwnd += 1000;
	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 6001, 7001, 10001);
	expect_full(b, 6001, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_FAST_REXMIT), 1);
	ack_all_and_done(b);
}

/* What the peer reports behind the timeout is not sent again. */
static void blocks_are_used_behind_a_timeout(void)
{
	struct bed *b = behind_timeout();

	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1001, 2001, 3001);
	for (uint32_t i = 0; i < 3; i++) {
		bed_tick(b, BED_RTT_US * 1000);
		for (struct bed_seg s = bed_take(b); s.flags; s = bed_take(b))
			CHECK(s.seq != 2001);
	}
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	CHECK_EQ(bed_cold(b)->sacked, 0);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* The peer takes back its window; what it had asked for may go all the same. */
static void retransmission_ignores_a_window_that_shrank(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 500, .n_sack = 1, .sack = { { 1001, 10001 } }));
	expect_full(b, 1, 1, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_sendv(b, 1000), 0);
	ack_all_and_done(b);
}

static void timeout_in_recovery_ends_it(void)
{
	struct bed *b = recovering();

	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	CHECK_EQ(bed_cold(b)->sacked, 3000);		/* kept, once */
	CHECK_EQ(bed_cold(b)->recover - b->conn[0].iss, 10001);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	ack_all_and_done(b);
}

static void reported_twice_is_counted_once(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 3,
		      .sack = { { 8001, 9001 }, { 8001, 9001 }, { 8501, 9001 } }));
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 1);	/* the first is inside the second */
	CHECK_EQ(bed_cold(b)->sacked, 1000);
	sack(b, 1, 8001, 9001);
	CHECK_EQ(bed_cold(b)->sacked, 1000);
	ack_all_and_done(b);
}

static void duplicate_inside_the_second_block_is_seen(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 5001, 6001 }, { 4001, 8001 } }));
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 1);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	CHECK_EQ(bed_cold(b)->sacked, 4000);
	ack_all_and_done(b);
}

static void duplicate_below_the_acknowledgement_is_seen(void)
{
	struct bed *b = ten_out();

	sack(b, 2001, 1001, 2001);
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 1);
	CHECK_EQ(bed_cold(b)->sacked, 0);
	sack(b, 2001, 0x70000001, 0x70001001);		/* of another age: proves nothing */
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_RX), 1);
	ack_all_and_done(b);
}

const struct pkt_case pkt_sack_loss[] = {
	CASE(three_small_blocks_wait_for_time, "RFC 6675 4 [3-1]"),
	CASE(two_segments_and_a_byte_above_mean_loss, "RFC 6675 4 [3-1, 5-1]"),
	CASE(pipe_is_what_the_network_holds, "RFC 6675 4 [3-2]"),
	CASE(holes_go_before_new_data, "RFC 6675 4 [4-1, 5-8]"),
	CASE(hole_of_a_segment_and_a_half_goes_to_the_byte, "RFC 6675 4 [4-1, RFC 2018 5-1]"),
	CASE(block_may_begin_and_end_inside_segments, "RFC 2018 3 [5-1]"),
	CASE(block_that_straddles_the_acknowledgement_is_not_believed, "RFC 2018 4"),
	CASE(overtaken_ack_tells_what_it_can, "RFC 2883 5 [5-1]"),
	CASE(fin_may_be_reported, "RFC 2018 3"),
	CASE(duplicate_acks_without_news_let_nothing_out, "RFC 3042 2 [2-5, RFC 5681 3.2-11]"),
	CASE(recovery_point_is_the_highest_sent, "RFC 6675 5 [5-2, 5-6]"),
	CASE(one_reduction_a_recovery, "RFC 6675 5 [5-3]"),
	CASE(scoreboard_outlives_recovery, "RFC 6675 5 [5-7, RFC 5681 4.3-1]"),
	CASE(no_recovery_below_the_timeouts_point, "RFC 6675 5.1 [5.1-2]"),
	CASE(blocks_are_used_behind_a_timeout, "RFC 6675 5.1 [5.1-3]"),
	CASE(retransmission_ignores_a_window_that_shrank,
	     "RFC 9293 3.8.6 [MAY-7, RFC 7323 2.4-5]"),
	CASE(timeout_in_recovery_ends_it, "RFC 6675 5.1 [5.1-1, RFC 2018 5-2, RFC 2018 5-3]"),
	CASE(reported_twice_is_counted_once, "RFC 6675 4 [3-2]"),
	CASE(duplicate_inside_the_second_block_is_seen, "RFC 2883 5 [5-1, RFC 8985 4-3]"),
	CASE(duplicate_below_the_acknowledgement_is_seen, "RFC 2883 5 [5-1]"),
	CASES_END
};
