/* SPDX-License-Identifier: MIT */
/*
 * pkt_ack_delay.c - when an acknowledgement may wait, and when it must not
 * (RFC 9293 section 3.8.6.3, RFC 5681 section 4.2)
 */
#include "cases.h"

static void one_segment_is_acknowledged_after_the_delay(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	nsec waited;

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_nothing(b);
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 40 * MSEC && waited < 41 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_DELACK), 1);
	bed_tick(b, SEC);
	bed_done(b);
}

static void second_segment_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->auto_done = true;
	for (uint32_t i = 0; i < 3; i++) {
		bed_rx(b, SEG(ACK, 1 + i * 200, 1, 100));
		bed_expect_nothing(b);
		bed_rx(b, SEG(ACK, 101 + i * 200, 1, 100));
		bed_expect(b, SEG(ACK, 1, 201 + i * 200, 0));
	}
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	bed_forget_events(b);
	bed_done(b);
}

static void delay_counts_from_the_first_unacknowledged_segment(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	nsec waited;

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_tick(b, 30 * MSEC);
	send_full(b, 1);			/* carries the ACK */
	bed_rx(b, SEG(ACK, 101, 1001, 100));
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 40 * MSEC && waited < 41 * MSEC);
	bed_expect(b, SEG(ACK, 1001, 201, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void no_delay_acknowledges_at_the_end_of_the_pass(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.delack_ns = 0;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_queue(b, SEG(ACK, 101, 1, 100));
	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 301, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* The application answers in the pass that brought the request: one frame, not two. */
static void answer_in_the_same_pass_carries_the_ack(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.delack_ns = 0;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_queue(b, SEG(ACK, 1, 1, 100));
	CHECK_EQ(bed_sendv(b, 50), 50);
	bed_expect(b, SEG(ACK, 1, 101, 50));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 100 * MSEC);
	bed_done(b);
}

static void fin_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | FIN, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 102, 0));
	bed_forget_events(b);
	bed_done(b);
}

static void data_received_again_is_acknowledged_at_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void pure_ack_is_never_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 50000));
	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_done(b);
}

static void quick_acks_begin_a_connection(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	nsec waited;

	cfg.quickack = 2;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	b->auto_done = true;
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_rx(b, SEG(ACK, 201, 1, 100));	/* the third may wait */
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 40 * MSEC && waited < 41 * MSEC);
	bed_expect(b, SEG(ACK, 1, 301, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* A request of two segments is acknowledged twice; once it is answered the next may wait. */
static void quick_acks_end_with_an_answer(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	nsec waited;

	cfg.quickack = 16;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	b->auto_done = true;
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(PSH | ACK, 1, 201, 10));
	bed_rx(b, SEG(ACK, 201, 11, 100));
	waited = bed_tick_to_frame(b, SEC);
	CHECK(waited >= 40 * MSEC && waited < 41 * MSEC);
	bed_expect(b, SEG(ACK, 11, 301, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* Who asks first is no conversation yet: the answer's segments are acknowledged one by one. */
static void quick_acks_outlast_a_question(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.quickack = 16;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	b->auto_done = true;
	CHECK_EQ(bed_sendv(b, 10), 10);
	bed_expect(b, SEG(PSH | ACK, 1, 1, 10));
	bed_rx(b, SEG(ACK, 1, 11, 100));
	bed_expect(b, SEG(ACK, 11, 101, 0));
	bed_rx(b, SEG(ACK, 101, 11, 100));
	bed_expect(b, SEG(ACK, 11, 201, 0));
	bed_forget_events(b);
	bed_done(b);
}

const struct pkt_case pkt_ack_delay[] = {
	CASE(quick_acks_end_with_an_answer, "RFC 9293 3.8.6.3"),
	CASE(quick_acks_outlast_a_question, "RFC 9293 3.8.6.3"),
	CASE(quick_acks_begin_a_connection, "RFC 9293 3.8.6.3"),
	CASE(one_segment_is_acknowledged_after_the_delay,
	     "RFC 9293 3.8.6.3 [SHLD-18, MUST-40, RFC 5681 4.2-1, RFC 5681 4.2-2]"),
	CASE(second_segment_is_acknowledged_at_once, "RFC 9293 3.8.6.3 [SHLD-19, RFC 5681 4.2-3]"),
	CASE(delay_counts_from_the_first_unacknowledged_segment,
	     "RFC 9293 3.8.6.3 [MUST-40, RFC 5681 4.2-2]"),
	CASE(no_delay_acknowledges_at_the_end_of_the_pass, "IX 4.2 [RFC 9293 MUST-59]"),
	CASE(answer_in_the_same_pass_carries_the_ack, "IX 4.2 [RFC 9293 MUST-58]"),
	CASE(fin_is_acknowledged_at_once, "RFC 9293 3.10.7.4"),
	CASE(data_received_again_is_acknowledged_at_once, "RFC 5681 4.2 [4.2-5]"),
	CASE(pure_ack_is_never_acknowledged, "RFC 9293 3.10.7.4 [RFC 5681 4.2-5]"),
	CASES_END
};
