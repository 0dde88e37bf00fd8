/* SPDX-License-Identifier: MIT */
/*
 * pkt_sack_tx.c - what a peer's SACKs make us send, and not send (RFC 2018, RFC 6675)
 */
#include "cases.h"

static void only_the_hole_is_sent_again(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->sacked, 9000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_expect_event(b, IX_EV_SENT, 10000);
	CHECK_EQ(bed_pcb(b)->flags & (F_BOARD | F_RECOVERY), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 1);
	bed_done(b);
}

static void every_hole_is_sent_again_once(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 3,
		      .sack = { { 7001, 10001 }, { 4001, 6001 }, { 1001, 3001 } }));
	expect_full(b, 1, 1, 1);
	expect_full(b, 3001, 1, 1);
	expect_full(b, 6001, 1, 1);
	bed_expect_nothing(b);
	sack(b, 1, 1001, 3001);
	sack(b, 1, 1001, 3001);
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void blocks_accumulate_and_merge(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 9001, 10001);
	CHECK_EQ(bed_cold(b)->n_holes, 1);
	sack(b, 1, 5001, 6001);
	CHECK_EQ(bed_cold(b)->n_holes, 2);
	CHECK_EQ(bed_cold(b)->sacked, 2000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 5001, 7001 }, { 9001, 10001 } }));
	CHECK_EQ(bed_cold(b)->sacked, 3000);
	sack(b, 1, 4001, 10001);
	CHECK_EQ(bed_cold(b)->sacked, 6000);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void new_data_follows_what_has_left_the_network(void)
{
	struct bed *b = ten_out();

	CHECK_EQ(bed_sendv(b, 5000), 0);
	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 1, .sack = { { 1001, 2001 } }));
	bed_expect_sent(b, 0, 1000);
	send_full(b, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 11001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void blocks_outside_what_is_outstanding_are_not_believed(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 10001, 11001);		/* never sent */
	sack(b, 1, 9001, 10002);
	sack(b, 1, 3001, 2001);			/* backwards */
	sack(b, 1, 0x70000001, 0x70001001);
	CHECK_EQ(bed_stat(b, STAT_TCP_SACK_BAD), 4);
	CHECK_EQ(bed_cold(b)->sacked, 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 0);
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void blocks_are_ignored_when_sack_was_not_agreed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	sack(b, 1, 1001, 10001);
	sack(b, 1, 1001, 10001);
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->sacked, 2000);	/* two duplicate ACKs, nothing more */
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* RFC 2018 section 8: the receiver may drop what it has reported. */
static void data_is_kept_until_it_is_acknowledged(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_expect_no_event(b);			/* no `sent`: the memory is still ours */
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_tick_to_frame(b, SEC);		/* twice in vain: it may have reneged */
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_RENEGED), 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	expect_full(b, 1001, 1, 2);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void head_reported_but_not_acknowledged_is_reneging(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1, 3001);			/* from SND.UNA on: nonsense, but bounded */
	CHECK_EQ(bed_cold(b)->sacked, 0);
	sack(b, 1, 1001, 10001);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));	/* and not 10001 */
	bed_tick_to_frame(b, SEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_RENEGED), 1);
	expect_full(b, 1001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* CVE-2019-11478: a hole storm fills the scoreboard, and no more than that. */
static void hole_storm_is_bounded(void)
{
	struct bed *b = ten_out();

	for (uint32_t at = 11; at + 10 < 10001; at += 20)
		sack(b, 1, at, at + 10);
	CHECK(bed_cold(b)->n_holes <= TCP_HOLES_MAX);
	CHECK(bed_stat(b, STAT_TCP_BOARD_FULL) > 0);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_cold(b)->n_holes, 0);
	bed_forget_tx(b);
	bed_forget_events(b);
	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 11001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void scoreboard_begins_at_the_acknowledgement_that_brings_it(void)
{
	struct bed *b = ten_out();

	sack(b, 3001, 4001, 10001);
	expect_full(b, 3001, 1, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_cold(b)->sacked, 6000);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void recovery_ends_at_the_recovery_point(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 9001);
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 9001, 0));
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
	CHECK_EQ(bed_pcb(b)->cwnd, bed_cold(b)->ssthresh);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void sacked_bytes_stay_reported_across_a_timeout(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 5001, 6001);
	bed_tick(b, 5 * MSEC);
	bed_forget_tx(b);			/* RACK has sent 1 .. 5000 or part of it */
	bed_tick_to_frame(b, SEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_RENEGED), 0);
	CHECK_EQ(bed_cold(b)->sacked, 1000);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void fin_is_a_hole_too(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 3);
	bed_close(b, IX_CLOSE_HALF);
	bed_expect(b, SEG(FIN | ACK, 3001, 1, 0));
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(FIN | ACK, 3001, 1, 0));
	bed_rx(b, SEG(ACK, 1, 3002, 0));
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_done(b);
}

const struct pkt_case pkt_sack_tx[] = {
	CASE(only_the_hole_is_sent_again, "RFC 6675 5 [5-4, 5-6, RFC 2018 5-1]"),
	CASE(every_hole_is_sent_again_once, "RFC 6675 4 [4-1, 5-8, RFC 2018 5-1]"),
	CASE(blocks_accumulate_and_merge, "RFC 2018 5 [RFC 8985 4-1]"),
	CASE(new_data_follows_what_has_left_the_network, "RFC 6675 4 [4-1]"),
	CASE(blocks_outside_what_is_outstanding_are_not_believed, "RFC 6675 4"),
	CASE(blocks_are_ignored_when_sack_was_not_agreed, "RFC 2018 2"),
	CASE(data_is_kept_until_it_is_acknowledged, "RFC 2018 8 [8-1, 5-2, 5-3]"),
	CASE(head_reported_but_not_acknowledged_is_reneging, "RFC 6675 5.1 [5.1-1, RFC 2018 5-3]"),
	CASE(hole_storm_is_bounded, "RFC 6675 7"),
	CASE(scoreboard_begins_at_the_acknowledgement_that_brings_it, "RFC 6675 4 [3-2]"),
	CASE(recovery_ends_at_the_recovery_point, "RFC 6675 5 [5-6, 5-2, RFC 9937 6.4-1]"),
	CASE(sacked_bytes_stay_reported_across_a_timeout, "RFC 6675 5.1 [5.1-1, RFC 2018 5-2]"),
	CASE(fin_is_a_hole_too, "RFC 9293 3.8.1"),
	CASES_END
};
