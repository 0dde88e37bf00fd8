/* SPDX-License-Identifier: MIT */
/*
 * pkt_dctcp.c - Data Center TCP on the wire: its echo, its share of marks, its window (RFC 8257)
 */
#include "cases.h"

#define ALPHA(b) (bed_cold(b)->cc_state.dctcp.alpha)
enum { ONE = 1 << 16 };

static void in(struct bed *b, uint32_t seq, uint8_t flags, uint8_t ecn)
{
	bed_rx(b, SEG(ACK | flags, seq, snd_nxt(b), 100, .ecn = ecn));
	bed_expect_event(b, IX_EV_RECV, 100);
}

/* A window of @n segments, the last @marked of them echoed as marked, an ACK each. */
static void window(struct bed *b, uint32_t n, uint32_t marked)
{
	uint32_t una = snd_nxt(b);

	CHECK_EQ(bed_sendv(b, n * BED_MSS), n * BED_MSS);
	bed_forget_tx(b);
	for (uint32_t i = 1; i <= n; i++)
		bed_rx(b, SEG(ACK | (i > n - marked ? ECE : 0), 1, una + i * BED_MSS, 0));
	bed_forget_events(b);
}

static void asks_whatever_the_knob_says(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.cc = CC_DCTCP;
	cfg.ecn = TCP_ECN_OFF;
	b = bed_new(&cfg);
	b->conn[0].active = true;
	b->conn[0].lport = (uint16_t)cfg.port_min;
	bed_align_iss(b);
	CHECK(bed_connect(b) > 0);
	bed_expect(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	bed_tick(b, 1 * MSEC);
	bed_rx(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	send_ect(b, 1, 0);
	bed_done(b);
}

static void peer_without_ecn_gets_newreno(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.cc = CC_DCTCP;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 10);
	bed_rx(b, SEG(ACK | ECE, 1, 2001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 12000);
	CHECK_EQ(ALPHA(b), ONE);
	bed_forget_events(b);
	bed_done(b);
}

/* --- the receiver --- */

static void change_of_state_is_acknowledged_at_once_and_apart(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	in(b, 1, 0, IP_ECN_ECT0);
	bed_expect_nothing(b);			/* delayed */
	in(b, 101, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_expect(b, SEG(ACK | ECE, 1, 201, 0));
	in(b, 201, 0, IP_ECN_CE);
	bed_expect_nothing(b);
	in(b, 301, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK | ECE, 1, 301, 0));
	bed_expect(b, SEG(ACK, 1, 401, 0));
	bed_done(b);
}

static void nothing_is_owed_at_the_change(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	in(b, 1, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 101, 0));
	in(b, 101, 0, IP_ECN_ECT0);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_done(b);
}

static void steady_state_delays_its_acks(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	in(b, 1, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 101, 0));
	in(b, 101, 0, IP_ECN_CE);
	bed_expect_nothing(b);
	in(b, 201, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 301, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 3);
	bed_done(b);
}

static void cwr_does_not_end_the_echo(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	in(b, 1, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 101, 0));
	in(b, 101, CWR, IP_ECN_CE);
	in(b, 201, 0, IP_ECN_CE);
	bed_expect(b, SEG(ACK | ECE, 1, 301, 0));
	bed_done(b);
}

/* Several changes in one pass: an acknowledgement a run, in order. */
static void batch_is_told_apart(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	for (uint32_t i = 0; i < 6; i++)
		bed_queue(b, SEG(ACK, 1 + i * 100, 1, 100,
				 .ecn = i == 2 || i == 3 ? IP_ECN_CE : IP_ECN_ECT0));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect(b, SEG(ACK | ECE, 1, 401, 0));
	bed_expect(b, SEG(ACK, 1, 601, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* --- the sender --- */

static void first_mark_halves(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	CHECK_EQ(ALPHA(b), ONE);
	send_ect(b, 10, 0);
	bed_rx(b, SEG(ACK | ECE, 1, 1001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	bed_forget_events(b);
	bed_done(b);
}

static void alpha_decays_without_marks_to_nothing(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	window(b, 4, 0);			/* the first ACK ends an empty window */
	CHECK_EQ(ALPHA(b), ONE / 16 * 15);
	window(b, 4, 0);
	CHECK_EQ(ALPHA(b), ONE / 256 * 225);
	for (uint32_t i = 0; i < 140; i++)
		window(b, 4, 0);
	CHECK_EQ(ALPHA(b), 0);
	bed_done(b);
}

static void alpha_follows_the_share_of_bytes(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	window(b, 1, 0);			/* sets the end of the observation window */
	ALPHA(b) = 0;
	window(b, 8, 2);			/* ends it at once, and a new one at 9001 */
	CHECK_EQ(ALPHA(b), 0);
	window(b, 1, 0);			/* 2 of 8 bytes: M = 2/8 */
	CHECK_EQ(ALPHA(b), ONE / 8 * 2 / 16);
	bed_done(b);
}

static void small_alpha_cuts_little_and_once(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	window(b, 1, 0);
	bed_cold(b)->ssthresh = 10000;
	bed_pcb(b)->cwnd = 10000;
	send_ect(b, 10, 0);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	ALPHA(b) = ONE / 8;
	bed_rx(b, SEG(ACK | ECE, 1, 3001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 10000 - 10000 / 16);
	bed_rx(b, SEG(ACK | ECE, 1, 11001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 10000 - 10000 / 16);
	CHECK_EQ(bed_cold(b)->ssthresh, 10000 - 10000 / 16);
	bed_forget_events(b);
	send_ect(b, 1, CWR);
	bed_done(b);
}

static void every_window_that_is_marked_cuts_to_no_less_than_two_segments(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	window(b, 10, 10);
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	window(b, 4, 4);
	CHECK_EQ(bed_pcb(b)->cwnd, 2500);
	window(b, 2, 2);
	CHECK_EQ(bed_pcb(b)->cwnd, 2000);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_ECE), 3);
	bed_done(b);
}

static void loss_is_newrenos(void)
{
	struct bed *b = bed_in_ecn(CC_DCTCP);

	send_ect(b, 10, 0);
	ALPHA(b) = 0;
	for (uint32_t i = 0; i < 3; i++)
		bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_done(b);
}

const struct pkt_case pkt_dctcp[] = {
	CASE(asks_whatever_the_knob_says, "RFC 8257 3"),
	CASE(peer_without_ecn_gets_newreno, "RFC 8257 5"),
	CASE(change_of_state_is_acknowledged_at_once_and_apart,
	     "RFC 8257 3.2 [3.2-1, 3.2-2, 3.2-3]"),
	CASE(nothing_is_owed_at_the_change, "RFC 8257 3.2 [3.2-2]"),
	CASE(steady_state_delays_its_acks, "RFC 8257 3.2 [3.2-1]"),
	CASE(cwr_does_not_end_the_echo, "RFC 8257 3.2"),
	CASE(batch_is_told_apart, "RFC 8257 3.2 [3.2-1, 3.2-3]"),
	CASE(first_mark_halves, "RFC 8257 3.3 [3.3-1, 3.3-3, RFC 9293 MAY-18]"),
	CASE(alpha_decays_without_marks_to_nothing, "RFC 8257 3.3 [3.3-1, 4.2-1, 4.2-2]"),
	CASE(alpha_follows_the_share_of_bytes, "RFC 8257 3.3 [3.3-1, 3.3-2]"),
	CASE(small_alpha_cuts_little_and_once, "RFC 8257 3.3 [3.3-3, 3.3-4]"),
	CASE(every_window_that_is_marked_cuts_to_no_less_than_two_segments, "RFC 8257 3.3 [3.3-4]"),
	CASE(loss_is_newrenos, "RFC 8257 3.5 [3.5-1]"),
	CASES_END
};
