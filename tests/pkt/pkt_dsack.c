/* SPDX-License-Identifier: MIT */
/*
 * pkt_dsack.c - what arrives twice is reported, once and at once (RFC 2883 section 4)
 */
#include "cases.h"

/* A receiver that has had [1, 101), and said so. */
static struct bed *began(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_tick(b, 100 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack = true));
	return b;
}

static void have(struct bed *b, uint32_t from, uint32_t to)
{
	bed_rx(b, SEG(ACK, from, 1, to - from));
	bed_forget_tx(b);
}

static void whole_segment_again(void)
{
	struct bed *b = began();

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 })));
	CHECK_EQ(bed_stat(b, STAT_TCP_DSACK_TX), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_DUP_DATA), 100);
	done(b);
}

static void each_duplicate_is_reported_once(void)
{
	struct bed *b = began();

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_forget_tx(b);
	bed_rx(b, SEG(SYN, 500, 0, 0, .no_mss = true));		/* any other ACK */
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack = true));
	bed_rx(b, SEG(ACK, 1, 1, 100));				/* a third time: again */
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 })));
	done(b);
}

static void duplicates_of_one_batch_are_answered_one_by_one(void)
{
	struct bed *b = began();

	have(b, 101, 201);
	bed_queue(b, SEG(ACK, 1, 1, 100));
	bed_queue(b, SEG(ACK, 101, 1, 100));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 201, 0, SACK({ 1, 101 })));
	bed_expect(b, SEG(ACK, 1, 201, 0, SACK({ 101, 201 })));
	done(b);
}

static void duplicate_and_a_hole(void)
{
	struct bed *b = began();

	have(b, 301, 401);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 }, { 301, 401 })));
	bed_rx(b, SEG(ACK, 501, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 501, 601 }, { 301, 401 })));
	done(b);
}

static void duplicate_out_of_order(void)
{
	struct bed *b = began();

	have(b, 301, 401);
	bed_rx(b, SEG(ACK, 301, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 301, 401 }, { 301, 401 })));
	CHECK_EQ(bed_cold(b)->ooo_frames, 1);
	done(b);
}

static void second_block_is_the_larger_one(void)
{
	struct bed *b = began();

	have(b, 301, 401);
	have(b, 401, 501);
	have(b, 701, 801);
	bed_rx(b, SEG(ACK, 401, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 401, 501 }, { 301, 501 }, { 701, 801 })));
	done(b);
}

static void head_again_with_news_behind_it(void)
{
	struct bed *b = began();

	bed_rx(b, SEG(ACK, 51, 1, 100));
	bed_expect(b, SEG(ACK, 1, 151, 0, SACK({ 51, 101 })));
	CHECK_EQ(rcv_nxt(b), 151);
	bed_tick(b, 100 * MSEC);
	bed_expect_nothing(b);				/* it needs no second ACK */
	done(b);
}

static void part_of_what_waits_again(void)
{
	struct bed *b = began();

	have(b, 301, 401);
	bed_rx(b, SEG(ACK, 351, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 351, 401 }, { 301, 451 })));
	bed_rx(b, SEG(ACK, 251, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 301, 351 }, { 251, 451 })));
	done(b);
}

static void tail_that_was_waiting_is_a_duplicate(void)
{
	struct bed *b = began();

	have(b, 151, 201);
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0, SACK({ 151, 201 })));
	done(b);
}

static void first_of_two_pieces_below_the_ack(void)
{
	struct bed *b = began();

	have(b, 201, 301);
	bed_rx(b, SEG(ACK, 51, 1, 350));
	bed_expect(b, SEG(ACK, 1, 401, 0, SACK({ 51, 101 })));
	CHECK_EQ(b->conn[0].rx_off, 400);
	done(b);
}

static void first_of_two_pieces_above_the_ack(void)
{
	struct bed *b = began();

	have(b, 201, 301);
	have(b, 401, 501);
	bed_rx(b, SEG(ACK, 201, 1, 300));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 201, 301 }, { 201, 501 })));
	done(b);
}

static void pieces_that_touch_are_one(void)
{
	struct bed *b = began();

	have(b, 201, 301);
	have(b, 301, 401);
	bed_rx(b, SEG(ACK, 201, 1, 200));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 201, 401 }, { 201, 401 })));
	done(b);
}

static void it_takes_the_place_of_the_oldest_block(void)
{
	struct bed *b = began();

	for (uint32_t i = 0; i < 4; i++)
		have(b, 201 + 200 * i, 301 + 200 * i);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 }, { 801, 901 }, { 601, 701 },
					       { 401, 501 })));
	done(b);
}

static void beside_timestamps_two_blocks_follow_it(void)
{
	struct bed *b = bed_in_sack_ts();

	have(b, 1, 101);
	for (uint32_t i = 0; i < 3; i++)
		have(b, 201 + 200 * i, 301 + 200 * i);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, .has_ts = true,
			  SACK({ 1, 101 }, { 601, 701 }, { 401, 501 })));
	done(b);
}

static void nobody_is_told_who_did_not_permit_it(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	have(b, 1, 101);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack = true));
	CHECK_EQ(bed_pcb(b)->flags & F_OOO, 0);
	done(b);
}

static void duplicate_does_not_wait_for_the_delayed_ack(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_nothing(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 })));
	bed_tick(b, 100 * MSEC);
	bed_expect_nothing(b);
	done(b);
}

/* The answer of an application would acknowledge too, but has no room for the report. */
static void it_does_not_wait_behind_data(void)
{
	struct bed *b = began();

	bed_queue(b, SEG(ACK, 51, 1, 100));
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 151, 0, SACK({ 51, 101 })));
	bed_expect(b, SEG(ACK, 1, 151, 100, .no_sack = true));
	CHECK_EQ(bed_pcb(b)->flags & F_OOO, 0);
	done(b);
}

static void the_fast_path_is_back_behind_it(void)
{
	struct bed *b = began();
	uint64_t slow;

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_forget_tx(b);
	slow = bed_stat(b, STAT_TCP_SLOW);
	bed_rx(b, SEG(ACK, 101, 1, 100));
	CHECK_EQ(bed_stat(b, STAT_TCP_SLOW), slow + !bed_fast_path);
	done(b);
}

static void fin_again_is_no_duplicate_byte(void)
{
	struct bed *b = began();

	bed_rx(b, SEG(ACK | FIN, 101, 1, 50));
	bed_expect(b, SEG(ACK, 1, 152, 0, .no_sack = true));
	bed_rx(b, SEG(ACK | FIN, 151, 1, 0));
	bed_expect(b, SEG(ACK, 1, 152, 0, .no_sack = true));
	bed_rx(b, SEG(ACK | FIN, 101, 1, 50));
	bed_expect(b, SEG(ACK, 1, 152, 0, SACK({ 101, 151 })));
	done(b);
}

/* The segment that ends the connection for the application, half of it old. */
static void last_segment_reports_too(void)
{
	struct bed *b = began();

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 101, 0));
	bed_rx(b, SEG(ACK, 101, 2, 0));
	bed_rx(b, SEG(ACK | FIN, 51, 2, 50));
	bed_expect(b, SEG(ACK, 2, 102, 0, SACK({ 51, 101 })));
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	done(b);
}

static void window_that_is_closed_reports_too(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd = 2048;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	have(b, 1, 1001);
	have(b, 1001, 2001);
	have(b, 2001, 2049);
	bed_tick(b, 100 * MSEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 2001, 1, 100));
	bed_expect(b, SEG(ACK, 1, 2049, 0, .zero_wnd = true, SACK({ 2001, 2049 })));
	done(b);
}

/* PAWS says it is of another age: it is not this byte again. */
static void segment_of_another_age_is_no_duplicate(void)
{
	struct bed *b = bed_in_sack_ts();

	have(b, 1, 101);
	bed_rx(b, SEG(ACK, 1, 1, 100, .has_ts = true, .tsval = 0xfffffe00u));
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack = true));
	done(b);
}

/* It is older than any window: nobody who counts duplicates has sent it. */
static void what_no_window_reached_is_no_duplicate(void)
{
	struct bed *b = began();
	int32_t wnd = (int32_t)b->dp->tcp.cfg.rcv_wnd;

	bed_rx(b, SEG(ACK, 100 - wnd, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack = true));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 1, 101 })));
	done(b);
}

const struct pkt_case pkt_dsack[] = {
	CASE(what_no_window_reached_is_no_duplicate, "RFC 2883 4"),
	CASE(whole_segment_again, "RFC 2883 4.1.1 [4-1]"),
	CASE(each_duplicate_is_reported_once, "RFC 2883 4 (2) [4-1]"),
	CASE(duplicates_of_one_batch_are_answered_one_by_one, "RFC 2883 4 (1) [4-1]"),
	CASE(duplicate_and_a_hole, "RFC 2883 4.1.2 [4-1]"),
	CASE(duplicate_out_of_order, "RFC 2883 4.1.3"),
	CASE(second_block_is_the_larger_one, "RFC 2883 4 (4) [4-2]"),
	CASE(head_again_with_news_behind_it, "RFC 2883 4.2.1 [4-3]"),
	CASE(part_of_what_waits_again, "RFC 2883 4.2.1 [4-2, 4-3]"),
	CASE(tail_that_was_waiting_is_a_duplicate, "RFC 2883 4.2.1"),
	CASE(first_of_two_pieces_below_the_ack, "RFC 2883 4.2.2 [4-3]"),
	CASE(first_of_two_pieces_above_the_ack, "RFC 2883 4.2.3"),
	CASE(pieces_that_touch_are_one, "RFC 2883 4 (3)"),
	CASE(it_takes_the_place_of_the_oldest_block, "RFC 2883 4 (5) [RFC 2018 4-4]"),
	CASE(beside_timestamps_two_blocks_follow_it, "RFC 2018 3, RFC 2883 4"),
	CASE(nobody_is_told_who_did_not_permit_it, "RFC 2883 4"),
	CASE(duplicate_does_not_wait_for_the_delayed_ack, "RFC 5681 4.2, RFC 2883 4"),
	CASE(it_does_not_wait_behind_data, "RFC 2883 4"),
	CASE(the_fast_path_is_back_behind_it, "tcp_rx.c"),
	CASE(fin_again_is_no_duplicate_byte, "RFC 2883 4"),
	CASE(last_segment_reports_too, "RFC 2883 4, RFC 9293 3.10.7.4 eighth"),
	CASE(window_that_is_closed_reports_too, "RFC 2883 4"),
	CASE(segment_of_another_age_is_no_duplicate, "RFC 7323 5.3"),
	CASES_END
};
