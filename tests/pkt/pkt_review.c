/* SPDX-License-Identifier: MIT */
/*
 * pkt_review.c - what a connection remembers must not outlive its meaning
 *
 * State of one loss or stall that is still there at the next, hours, gigabytes or other
 * connections later; scoreboards that others have used up; a pace of parts. Cases that would
 * need gigabytes move the stale number instead.
 */
#include "cases.h"

enum { GIGABYTES = 0x90000000u };	/* further than sequence numbers can tell apart */

static struct bed *open_seg(struct bed_seg syn, bool tlp)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.tlp = tlp;
	b = bed_in_syn(&cfg, syn);
	return b;
}

static struct bed *open_plain(void) { return open_seg(SEG(SYN, 0, 0, 0), false); }

static void ack(struct bed *b, uint32_t seq)
{
	bed_rx(b, SEG(ACK, 1, seq, 0));
	bed_forget_events(b);
}

/* Ten out, the first lost and repaired. */
static void lose_one(struct bed *b)
{
	uint32_t seq = snd_nxt(b);

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, seq, seq + 1000, seq + 4000);
	expect_full(b, seq, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	ack(b, seq + 10000);
}

/* 40 minutes are more than half of what a clock of 32 bits tells apart. */
static void times_of_a_loss_long_ago_are_forgotten(void)
{
	struct bed *b = bed_in_sack();

	lose_one(b);
	bed_tick(b, 40 * 60 * SEC);
	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 10001, 11001, 12001);
	bed_tick(b, 5 * MSEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 2);	/* the one that was overtaken, no other */
	expect_full(b, 10001, 1, 1);
	ack(b, 15001);
	done(b);
}

static void order_long_ago_is_no_reordering(void)
{
	struct bed *b = bed_in_sack();

	lose_one(b);
	CHECK(!bed_cold(b)->reordering);
	bed_cold(b)->rack_fack -= GIGABYTES;
	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 10001, 11001, 14001);
	CHECK(!bed_cold(b)->reordering);
	expect_full(b, 10001, 1, 1);			/* at once: three segments */
	ack(b, 15001);
	done(b);
}

static void duplicates_count_gigabytes_after_a_recovery(void)
{
	struct bed *b = open_plain();

	bed_cold(b)->recover -= GIGABYTES;
	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	for (uint32_t i = 0; i < 3; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0));
	expect_full(b, 1, 1, 1);
	ack(b, 5001);
	done(b);
}

static void duplicates_of_other_segments_do_not_add_up(void)
{
	struct bed *b = open_plain();

	for (uint32_t i = 0; i < 2; i++) {
		send_full(b, 1);
		bed_rx(b, SEG(ACK, 1, 1 + 1000 * i, 0));
		ack(b, 1001 + 1000 * i);
	}
	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_nothing(b);
	ack(b, 7001);
	done(b);
}

static void dsack_counts_gigabytes_after_the_last(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 5);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 2001, 1, 1001);
	CHECK_EQ(bed_cold(b)->reo_mult, 2);
	ack(b, 5001);
	bed_cold(b)->dsack_round -= GIGABYTES;
	send_full(b, 2);
	sack(b, 6001, 5001, 6001);
	CHECK_EQ(bed_cold(b)->reo_mult, 3);
	ack(b, 7001);
	done(b);
}

/* Case 2 of the section: a peer without D-SACK says it by acknowledging again. */
static void needless_probe_of_the_last_segment_costs_nothing(void)
{
	struct bed *b = open_seg(SEG(SYN, 0, 0, 0, .sack_ok = true), true);

	send_full(b, 3);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 2001, 1, 1);
	ack(b, 3001);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	send_full(b, 3);
	ack(b, 6001);
	CHECK_EQ(bed_cold(b)->ssthresh, INT32_MAX);
	CHECK(bed_pcb(b)->cwnd >= 10000);
	done(b);
}

static void mark_does_not_widen_a_window_of_one_segment(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_align_iss(b);
	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	bed_tick(b, 1100 * MSEC);			/* the SYN-ACK is lost */
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK | ECE, 1, 1001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	done(b);
}

static void mark_since_then_makes_a_reduction_final(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t cwnd;

	cfg.tlp = false;
	b = bed_new(&cfg);
	bed_align_iss(b);
	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0, .sack_ok = true));
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	send_ect(b, 10, 0);
	bed_tick(b, BED_RTT_US * 1000);
	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	ack(b, 10001);
	send_ect(b, 4, CWR);
	ack(b, 14001);
	send_ect(b, 4, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 18001, 0));
	cwnd = bed_pcb(b)->cwnd;
	CHECK(cwnd < 5000);
	bed_forget_events(b);
	sack(b, 18001, 1, 1001);			/* the retransmission, very late */
	CHECK_EQ(bed_pcb(b)->cwnd, cwnd);
	done(b);
}

static void nothing_is_delivered_before_the_handshake(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);
	struct tcp_info i;

	tcp_info_get(&b->dp->tcp, bed_pcb(b), &i);
	CHECK_EQ(i.delivered_bytes, 0);
	CHECK_EQ(bed_close(b, IX_CLOSE_RST), 0);
	done(b);
}

static void fin_is_no_byte_delivered(void)
{
	struct bed *b = bed_in(TCP_FIN_WAIT_2);
	struct tcp_info i;

	tcp_info_get(&b->dp->tcp, bed_pcb(b), &i);
	CHECK_EQ(i.delivered_bytes, 0);
	done(b);
}

static int64_t set(struct bed *b, uint32_t option, uint64_t value)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_SET, .n = option, .value = value,
					     .handle = b->conn[b->cur].handle });
}

/* The window was closed once, and has been open since: that time does not count. */
static void stall_that_is_over_does_not_count(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(set(b, IX_OPT_USER_TIMEOUT_NS, 5 * SEC), 0);
	CHECK_EQ(set(b, IX_OPT_KEEPALIVE_NS, 8 * SEC), 0);
	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick(b, SEC);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	for (uint32_t i = 0; i < 10; i++) {		/* the peer answers keepalives */
		bed_tick(b, 6 * SEC);
		bed_rx(b, SEG(ACK, 1, 1, 0));
	}
	bed_forget_events(b);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	bed_tick(b, 4500 * MSEC);
	bed_expect_no_event(b);
	bed_tick(b, 3 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	done(b);
}

static void user_timeout_counts_from_the_stall_not_from_the_call(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick(b, 5 * SEC);
	CHECK_EQ(set(b, IX_OPT_USER_TIMEOUT_NS, 8 * SEC), 0);
	bed_tick(b, 2 * SEC);
	bed_expect_no_event(b);
	bed_tick(b, 2 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	done(b);
}

static uint32_t take_holes(struct bed *b, uint32_t leave)
{
	struct pool *p = &b->dp->tcp.hole_pool;
	uint32_t n = 0;

	for (; p->n_avail > leave; n++)
		pool_alloc(p);
	return n;
}

/* Blocks of one byte, two apart: each makes a hole. */
static void make_gaps(struct bed *b, uint32_t at, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bed_queue(b, SEG(ACK, 1, at, 0, .n_sack = 1,
				 .sack = { { at + 2 * i + 1, at + 2 * i + 2 } }));
	while (b->rx_n > 0)
		bed_pass(b);
}

static void one_peer_does_not_get_all_holes(void)
{
	struct bed *b = bed_in_sack();

	b->cur = 1;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	b->cur = 0;
	take_holes(b, 64);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	make_gaps(b, 1, 100);
	CHECK(b->dp->tcp.hole_pool.n_avail >= 32);
	bed_forget_tx(b);
	b->cur = 1;
	send_full(b, 4);
	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	ack(b, 4001);
	done(b);
}

/* Others have them all: the first segment outstanding needs none. */
static void timeout_repairs_without_a_scoreboard(void)
{
	struct bed *b = bed_in_sack();

	take_holes(b, 0);
	send_full(b, 4);
	for (uint32_t i = 0; i < 4; i++) {
		CHECK(bed_tick_to_frame(b, 90 * SEC) < 80 * SEC);
		expect_full(b, 1 + 1000 * i, 1, 1);
		bed_forget_tx(b);
		ack(b, 1001 + 1000 * i);
		bed_expect_nothing(b);
	}
	CHECK_EQ(bed_pcb(b)->srtt, BED_RTT_US << 3);	/* Karn */
	done(b);
}

/* Two are enough to repair all behind a timeout, an acknowledgement after the other. */
static void timeout_repairs_with_two_holes(void)
{
	struct bed *b = bed_in_sack();

	take_holes(b, 2);
	send_full(b, 8);
	CHECK(bed_tick_to_frame(b, SEC) < SEC);
	expect_full(b, 1, 1, 1);
	for (uint32_t i = 1; i < 8; i++) {
		bed_tick(b, MSEC);
		ack(b, 1 + 1000 * i);
	}
	ack(b, 8001);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 8);
	done(b);
}

/* A piece that goes out bit by bit is measured all the same. */
static void paced_stream_measures_its_round_trip(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t at = 1;

	cfg.pacing = true;
	cfg.tlp = false;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	for (uint32_t round = 0; round < 20; round++) {
		bed_sendv(b, 20000);
		bed_tick(b, 4 * MSEC);
		for (uint32_t i = 0; i < 2 && at < snd_nxt(b); i++) {
			at += 1000;
			bed_rx(b, SEG(ACK, 1, at, 0));
		}
		bed_forget_tx(b);
		bed_forget_events(b);
	}
	CHECK(bed_pcb(b)->srtt != BED_RTT_US << 3);
	CHECK(bed_pcb(b)->srtt >> 3 > 8000);
	done(b);
}

/* A window in 100 us is a segment every 5 us; the wheel wakes us every 16. */
static void pace_is_kept_with_a_coarse_clock(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.pacing = true;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_pcb(b)->srtt = 100 << 3;
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	bed_tick(b, 50 * 1000);
	CHECK_EQ(bed_tx_waiting(b), 10);
	bed_forget_tx(b);
	ack(b, 10001);
	done(b);
}

/* SRTT is of a worse time, and what is sent again does not correct it: a peer that answers at
 * once gets a segment for each answer, and the pace spreads only what goes beyond that. */
static void pace_does_not_hold_an_empty_network(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.pacing = true;
	cfg.tlp = false;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_sendv(b, 10000), 10000);
	bed_tick(b, 20 * MSEC);
	bed_forget_tx(b);
	bed_pcb(b)->srtt = 8 * 1000 * 1000 << 3;
	bed_tick_to_frame(b, 60 * SEC);
	expect_full(b, 1, 1, 1);
	for (uint32_t i = 1; i < 10; i++) {
		bed_tick(b, MSEC);
		ack(b, 1 + 1000 * i);
		expect_full(b, 1 + 1000 * i, 1, 1);
		bed_expect_nothing(b);
	}
	ack(b, 10001);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, 8 * 1000 * 1000);
	done(b);
}

const struct pkt_case pkt_review[] = {
	CASE(times_of_a_loss_long_ago_are_forgotten, "RFC 8985 6.2"),
	CASE(order_long_ago_is_no_reordering, "RFC 8985 6.2"),
	CASE(duplicates_count_gigabytes_after_a_recovery, "RFC 6582 3.2"),
	CASE(duplicates_of_other_segments_do_not_add_up, "RFC 5681 3.2"),
	CASE(dsack_counts_gigabytes_after_the_last, "RFC 8985 6.2"),
	CASE(needless_probe_of_the_last_segment_costs_nothing, "RFC 8985 7.4"),
	CASE(mark_does_not_widen_a_window_of_one_segment, "RFC 3168 6.1.2"),
	CASE(mark_since_then_makes_a_reduction_final, "RFC 3168 6.1.2"),
	CASE(nothing_is_delivered_before_the_handshake, "RFC 9293 3.9.1"),
	CASE(fin_is_no_byte_delivered, "RFC 9293 3.9.1"),
	CASE(stall_that_is_over_does_not_count, "RFC 9293 3.9.1"),
	CASE(user_timeout_counts_from_the_stall_not_from_the_call, "RFC 9293 3.9.1"),
	CASE(one_peer_does_not_get_all_holes, "RFC 6675 4"),
	CASE(timeout_repairs_without_a_scoreboard, "RFC 6298 5.4"),
	CASE(timeout_repairs_with_two_holes, "RFC 6298 5.4"),
	CASE(paced_stream_measures_its_round_trip, "RFC 6298 3"),
	CASE(pace_is_kept_with_a_coarse_clock, "RFC 9002 7.7"),
	CASE(pace_does_not_hold_an_empty_network, "RFC 9002 7.7"),
	CASES_END
};
