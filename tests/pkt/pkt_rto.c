/* SPDX-License-Identifier: MIT */
/*
 * pkt_rto.c - the retransmission timer (RFC 6298) and what it does to the window (RFC 5681)
 *
 * The handshake took 10 ms: SRTT 10 ms, RTTVAR 5 ms, so RTO is the floor of 200 ms.
 */
#include "cases.h"

/* The next frame comes after @want and at most 1 ms of timer ticks later. */
#define CHECK_WAIT(b, want) \
	do { \
		nsec w_ = bed_tick_to_frame(b, 2 * (want) + SEC); \
		CHECK(w_ >= (want) && w_ < (want) + MSEC); \
	} while (0)

static void lost_segment_is_sent_again_after_the_floor(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	CHECK_WAIT(b, 200 * MSEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_done(b);
}

static void timeout_doubles_up_to_the_ceiling(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rto_max_ns = 1 * SEC;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	CHECK_WAIT(b, 200 * MSEC);
	CHECK_WAIT(b, 400 * MSEC);
	CHECK_WAIT(b, 800 * MSEC);
	CHECK_WAIT(b, 1000 * MSEC);
	CHECK_WAIT(b, 1000 * MSEC);
	for (uint32_t i = 0; i < 5; i++)
		bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_done(b);
}

static void first_sample_sets_the_timeout(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rto_min_ns = 1 * MSEC;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, BED_RTT_US);
	CHECK_EQ(bed_pcb(b)->rttvar >> 2, BED_RTT_US / 2);
	send_full(b, 1);
	CHECK_WAIT(b, 30 * MSEC);		/* SRTT + 4 RTTVAR */
	bed_forget_tx(b);
	bed_done(b);
}

/* R' = 20 ms: RTTVAR = 3/4 * 5 + 1/4 * 10, SRTT = 7/8 * 10 + 1/8 * 20. */
static void later_samples_are_smoothed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, 20 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, 11250);
	CHECK_EQ(bed_pcb(b)->rttvar >> 2, 6250);
	bed_done(b);
}

static void sample_ends_when_the_frame_arrived(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, 50 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .ago = 40 * MSEC));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, 10000);
	bed_done(b);
}

/* It waited in the ring while we sent what it claims to acknowledge: a guess of the peer. */
static void ack_older_than_its_data_is_no_huge_sample(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_tick(b, 5 * MSEC);
	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .ago = 2 * MSEC));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK(bed_pcb(b)->srtt >> 3 <= 10000);
	bed_done(b);
}

static void segment_sent_twice_gives_no_sample(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t srtt = bed_pcb(b)->srtt;

	send_full(b, 1);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_tick(b, MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_pcb(b)->srtt, srtt);
	bed_done(b);
}

static void timer_restarts_when_something_is_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 2);
	bed_tick(b, 150 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK(bed_tick_to_frame(b, 150 * MSEC) == 150 * MSEC);
	bed_expect_nothing(b);
	bed_tick_to_frame(b, 2 * SEC);
	bed_expect(b, SEG(ACK, 1001, 1, 1000));
	bed_done(b);
}

static void timer_stops_when_all_is_acknowledged(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 2);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_tick(b, 10 * SEC);
	bed_expect_nothing(b);
	CHECK_EQ(dp_usage(b->dp).timers, 0);
	bed_done(b);
}

static void timeout_leaves_a_window_of_one_segment(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->cwnd, 1000);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_done(b);
}

static void second_timeout_leaves_ssthresh_alone(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_tick_to_frame(b, SEC);
	bed_tick_to_frame(b, SEC);
	bed_forget_tx(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_RTO), 2);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	bed_done(b);
}

/* Everything in flight is taken for lost and sent again as slow start allows. */
static void after_a_timeout_the_rest_follows_in_slow_start(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 6);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	expect_full(b, 1001, 1, 2);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	expect_full(b, 3001, 1, 3);		/* cwnd 3000: at ssthresh */
	bed_rx(b, SEG(ACK, 1, 6001, 0));
	bed_forget_events(b);
	CHECK_EQ(bed_pcb(b)->flags & F_RTX, 0);
	bed_done(b);
}

/* The other five had arrived: one ACK, nothing is sent in vain. */
static void ack_beyond_the_retransmission_ends_it(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 6);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 6001, 0));
	bed_expect_event(b, IX_EV_SENT, 6000);
	bed_tick(b, 5 * SEC);
	bed_expect_nothing(b);
	bed_done(b);
}

static void connection_is_given_up_after_r2(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.data_retries = 3;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	bed_tick(b, 30 * SEC);
	expect_full(b, 1, 1, 1);
	expect_full(b, 1, 1, 1);
	expect_full(b, 1, 1, 1);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	CHECK_EQ(bed_sendv(b, 1), -EBADF);
	bed_done(b);
}

static void progress_makes_the_count_of_timeouts_start_again(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.data_retries = 2;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	for (uint32_t i = 0; i < 4; i++) {
		send_full(b, 1);
		bed_tick_to_frame(b, 200 * SEC);
		bed_tick_to_frame(b, 200 * SEC);
		expect_full(b, 1 + i * 1000, 1, 1);
		expect_full(b, 1 + i * 1000, 1, 1);
		bed_rx(b, SEG(ACK, 1, 1001 + i * 1000, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
	}
	bed_done(b);
}

/* What was sent twice measures nothing: new data waits as long as the last attempt did. */
static void back_off_lasts_until_there_is_a_sample(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick_to_frame(b, SEC);
	bed_tick_to_frame(b, SEC);
	expect_full(b, 1, 1, 1);
	expect_full(b, 1, 1, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	send_full(b, 1);
	CHECK(bed_tick_to_frame(b, 10 * SEC) >= 4 * 200 * MSEC);
	expect_full(b, 1001, 1, 1);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	send_full(b, 1);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	send_full(b, 1);
	CHECK(bed_tick_to_frame(b, 10 * SEC) < 300 * MSEC);
	expect_full(b, 3001, 1, 1);
	bed_forget_events(b);
	bed_done(b);
}

static void lost_fin_is_sent_again(void)
{
	static const enum tcp_state states[] = { TCP_FIN_WAIT_1, TCP_CLOSING, TCP_LAST_ACK };

	for (uint32_t i = 0; i < ARRAY_LEN(states); i++) {
		struct bed *b = bed_in(states[i]);

		CHECK_WAIT(b, 200 * MSEC);
		bed_expect(b, SEG(FIN | ACK, 1, rcv_nxt(b), 0));
		CHECK_WAIT(b, 400 * MSEC);
		bed_expect(b, SEG(FIN | ACK, 1, rcv_nxt(b), 0));
		bed_done(b);
	}
}

static void lost_data_and_fin_go_again_together(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_sendv(b, 300), 300);
	bed_expect(b, SEG(ACK, 1, 1, 300));
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 301, 1, 0));
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 300));
	bed_rx(b, SEG(ACK, 1, 302, 0));
	bed_expect_event(b, IX_EV_SENT, 300);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_done(b);
}

static void retransmission_names_the_pieces_again(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_send_pieces(b, 8, 100), 800);
	bed_expect(b, SEG(ACK, 1, 1, 400));
	bed_expect(b, SEG(ACK, 401, 1, 400));
	bed_rx(b, SEG(ACK, 1, 151, 0));
	bed_expect_event(b, IX_EV_SENT, 150);
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 151, 1, 350));	/* four pieces, the first cut */
	bed_expect(b, SEG(ACK, 501, 1, 300));
	bed_rx(b, SEG(ACK, 1, 801, 0));
	bed_expect_event(b, IX_EV_SENT, 650);
	bed_done(b);
}

static void by_default_nobody_is_given_up_within_100_seconds(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, 100 * SEC);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_expect_no_event(b);
	bed_tick(b, 900 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_done(b);
}

static void every_round_trip_gives_a_sample(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 5; i++) {
		uint32_t srtt = bed_pcb(b)->srtt;

		send_full(b, 4);
		bed_tick(b, 50 * MSEC);
		bed_rx(b, SEG(ACK, 1, 4001 + i * 4000, 0));
		CHECK(bed_pcb(b)->srtt > srtt);
	}
	bed_forget_events(b);
	bed_done(b);
}

static void no_variance_counts_as_a_tick(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rto_min_ns = 1 * MSEC;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_pcb(b)->rttvar = 0;
	CHECK(tcp_rtt_rto(&b->dp->tcp, bed_pcb(b), 0) > BED_RTT_US);
	CHECK(tcp_rtt_rto(&b->dp->tcp, bed_pcb(b), 0) < BED_RTT_US + 1000);
	bed_done(b);
}

const struct pkt_case pkt_rto[] = {
	CASE(lost_segment_is_sent_again_after_the_floor,
	     "RFC 6298 2.4, 5.4 [5.1, 5.4, 5-1, RFC 9293 MUST-18]"),
	CASE(timeout_doubles_up_to_the_ceiling,
	     "RFC 6298 2.5, 5.5 [2.5, 5.5, 5.6, RFC 9293 MUST-19]"),
	CASE(first_sample_sets_the_timeout, "RFC 6298 2.2 [2.2]"),
	CASE(later_samples_are_smoothed, "RFC 6298 2.3 [2.3, 2.3-2]"),
	CASE(sample_ends_when_the_frame_arrived, "RFC 6298 2.3; ARCHITECTURE [2.3]"),
	CASE(ack_older_than_its_data_is_no_huge_sample, "RFC 6298 2.3 [2.3]"),
	CASE(segment_sent_twice_gives_no_sample, "RFC 6298 3 [3-1, RFC 9293 MUST-18]"),
	CASE(timer_restarts_when_something_is_acknowledged, "RFC 6298 5.3 [5.3, 5-1]"),
	CASE(timer_stops_when_all_is_acknowledged, "RFC 6298 5.2 [5.2]"),
	CASE(timeout_leaves_a_window_of_one_segment, "RFC 5681 3.1 [3.1-9, 3.1-11]"),
	CASE(second_timeout_leaves_ssthresh_alone, "RFC 5681 3.1 [3.1-10]"),
	CASE(after_a_timeout_the_rest_follows_in_slow_start, "RFC 5681 3.1 [3.1-12]"),
	CASE(ack_beyond_the_retransmission_ends_it, "RFC 5681 3.1"),
	CASE(connection_is_given_up_after_r2, "RFC 9293 3.8.3 [MUST-20]"),
	CASE(progress_makes_the_count_of_timeouts_start_again, "RFC 9293 3.8.3"),
	CASE(back_off_lasts_until_there_is_a_sample, "RFC 6298 5.5, 5.7"),
	CASE(lost_fin_is_sent_again, "RFC 6298 5.4 [5.4]"),
	CASE(lost_data_and_fin_go_again_together, "RFC 6298 5.4 [5.4]"),
	CASE(retransmission_names_the_pieces_again, "RFC 9293 3.8.1"),
	CASE(by_default_nobody_is_given_up_within_100_seconds, "RFC 9293 3.8.3 [MUST-20, SHLD-11]"),
	CASE(every_round_trip_gives_a_sample, "RFC 6298 3 [3-2, 2.3]"),
	CASE(no_variance_counts_as_a_tick, "RFC 6298 4 [4-1]"),
	CASES_END
};
