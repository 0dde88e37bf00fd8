/* SPDX-License-Identifier: MIT */
/*
 * pkt_handshake.c - opening: three ways, two at once, lost, late and wrong
 * (RFC 9293 sections 3.5 and 3.10.7.3, RFC 6298 section 5, RFC 6528)
 */
#include "cases.h"

static void passive_open_is_a_three_way_handshake(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_stat(b, STAT_TCP_OPENED), 1);
	bed_done(b);
}

static void active_open_is_a_three_way_handshake(void)
{
	struct bed *b = bed_in_active(TCP_ESTABLISHED);

	CHECK_EQ(bed_stat(b, STAT_TCP_OPENED), 1);
	bed_done(b);
}

static void simultaneous_open_is_established_by_the_ack(void)
{
	struct bed *b = bed_in_active(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	send_full(b, 1);
	bed_done(b);
}

/* Figure 7: both answer with SYN-ACK. It lies below the window, so it is acknowledged. */
static void simultaneous_open_survives_crossing_syn_acks(void)
{
	struct bed *b = bed_in_active(TCP_SYN_RCVD);

	bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void reset_of_simultaneous_open_is_refusal(void)
{
	struct bed *b = bed_in_active(TCP_SYN_RCVD);

	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNREFUSED);
	bed_done(b);
}

static void lost_syn_is_sent_again_with_doubling_timeout(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	for (uint32_t i = 0; i < 5; i++) {
		nsec waited = bed_tick_to_frame(b, 64 * SEC);

		CHECK(waited >= SEC << i && waited < (SEC << i) + MSEC);
		bed_expect(b, SEG(SYN, 0, 0, 0, .mss = BED_MSS));
	}
	bed_done(b);
}

static void unanswered_connect_ends_with_timeout(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	for (uint32_t i = 0; i < b->cfg.syn_retries; i++) {
		bed_tick_to_frame(b, 64 * SEC);
		bed_expect(b, SEG(SYN, 0, 0, 0));
	}
	bed_tick(b, 61 * SEC);
	bed_expect_event(b, IX_EV_CONNECTED, -ETIMEDOUT);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void lost_syn_ack_is_sent_again(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);
	nsec waited = bed_tick_to_frame(b, 2 * SEC);

	CHECK(waited >= SEC && waited < SEC + MSEC);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .mss = BED_MSS));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_done(b);
}

static void unanswered_syn_ack_is_given_up_in_silence(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	for (uint32_t i = 0; i < b->cfg.syn_retries; i++) {
		bed_tick_to_frame(b, 64 * SEC);
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	bed_tick(b, 61 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void syn_is_tried_for_three_minutes(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_tick(b, 180 * SEC);
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_tick(b, 10 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_CONNECTED, -ETIMEDOUT);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void syn_again_gets_the_syn_ack_again(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .mss = BED_MSS));
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	bed_done(b);
}

/* Karn: the ACK may answer either SYN-ACK. */
static void syn_ack_sent_twice_gives_no_rtt_sample(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_tick(b, 500 * MSEC);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_tick(b, 10 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_pcb(b)->srtt, 0);
	bed_done(b);
}

static void syn_sent_resets_an_ack_of_nothing(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(ACK, 7, 0, 0));
	bed_expect(b, SEG(RST, 0, 0, 0));
	bed_rx(b, SEG(SYN | ACK, 0, 2, 0));
	bed_expect(b, SEG(RST, 2, 0, 0));
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_done(b);
}

static void syn_sent_ignores_a_reset_that_proves_nothing(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(RST, 0, 0, 0));
	bed_rx(b, SEG(RST | ACK, 0, 0, 0));
	bed_rx(b, SEG(RST | ACK, 0, 2, 0));
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_done(b);
}

static void syn_sent_believes_a_reset_of_its_syn(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(RST | ACK, 0, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNREFUSED);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void syn_sent_drops_what_has_neither_syn_nor_rst(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(0, 1, 0, 10));
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_done(b);
}

static void data_in_the_syn_ack_is_delivered(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_tick(b, 10 * MSEC);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 5));
	bed_expect(b, SEG(ACK, 1, 6, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	bed_expect_event(b, IX_EV_RECV, 5);
	bed_done(b);
}

static void fin_in_the_syn_ack_ends_the_stream(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(SYN | FIN | ACK, 0, 1, 5));
	bed_expect(b, SEG(ACK, 1, 7, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	bed_expect_event(b, IX_EV_RECV, 5);
	bed_expect_event(b, IX_EV_RECV, 0);
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	bed_done(b);
}

/* The final ACK is lost; the first data stands in for it. */
static void data_completes_the_handshake(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK | PSH, 1, 1, 100));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	bed_tick(b, 41 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void fin_in_the_final_ack_ends_the_stream(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK | FIN, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 2, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_RECV, 0);
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	bed_done(b);
}

static void syn_rcvd_resets_an_ack_of_something_else(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 0, 0));
	bed_expect(b, SEG(RST, 0, 0, 0));
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect(b, SEG(RST, 2, 0, 0));
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_done(b);
}

static void syn_rcvd_drops_a_segment_without_ack(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(0, 1, 0, 10));
	bed_expect_nothing(b);
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	bed_done(b);
}

/* We do not take data on a SYN; the peer sends it again (3.10.7.2 lets us). */
static void data_in_the_syn_is_not_acknowledged(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_align_iss(b);
	bed_rx(b, SEG(SYN, 0, 0, 50));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 50));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	bed_tick(b, 50 * MSEC);
	bed_expect_event(b, IX_EV_RECV, 50);
	bed_expect(b, SEG(ACK, 1, 51, 0));
	bed_done(b);
}

static struct bed *after_a_lost_syn(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_tick_to_frame(b, 2 * SEC);
	bed_expect(b, SEG(SYN, 0, 0, 0));
	bed_tick(b, 10 * MSEC);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	return b;
}

static void lost_syn_means_an_initial_window_of_one_segment(void)
{
	struct bed *b = after_a_lost_syn();

	CHECK_EQ(bed_pcb(b)->cwnd, BED_MSS);
	CHECK_EQ(bed_sendv(b, 3000), BED_MSS);
	bed_expect(b, SEG(ACK, 1, 1, BED_MSS));
	bed_done(b);
}

/* (5.7): 3 s after a 1 s timer has expired on the SYN, until there is a sample. */
static void lost_syn_means_three_initial_timeouts_for_data(void)
{
	struct bed *b = after_a_lost_syn();
	nsec waited;

	CHECK_EQ(bed_pcb(b)->srtt, 0);
	send_full(b, 1);
	waited = bed_tick_to_frame(b, 10 * SEC);
	CHECK(waited >= 3 * SEC && waited < 3 * SEC + MSEC);
	bed_expect(b, SEG(ACK, 1, 1, BED_MSS));
	bed_done(b);
}

/* ... which an echo of the second SYN is, but not one of the first, and one of none is no echo. */
static nsec rto_after_a_lost_syn(bool second, uint32_t beyond)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t ts;
	nsec waited;

	cfg.timestamps = true;
	cfg.tlp = false;
	b = bed_in_cfg(&cfg, TCP_SYN_SENT);
	ts = b->conn[0].tsecr;
	bed_tick_to_frame(b, 2 * SEC);
	bed_expect(b, SEG(SYN, 0, 0, 0));
	if (second)
		ts = b->conn[0].tsecr;
	bed_tick(b, 10 * MSEC);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0, .has_ts = true, .tsval = 7, .tsecr = ts + beyond));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100));
	waited = bed_tick_to_frame(b, 10 * SEC);
	bed_forget_tx(b);
	b->conn[0].ts = true;
	b->conn[0].tsval = 8;
	bed_done(b);
	return waited;
}

static void echo_of_a_repeated_syn_is_a_sample(void)
{
	nsec first = rto_after_a_lost_syn(false, 0);

	CHECK(rto_after_a_lost_syn(true, 0) <= 200 * MSEC + MSEC);
	CHECK(first >= 3 * SEC && first < 4 * SEC);
	CHECK(rto_after_a_lost_syn(true, 1000) >= 3 * SEC);
}

static void rtt_of_the_handshake_ends_when_the_frame_arrived(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_tick(b, 12 * MSEC);
	bed_rx(b, SEG(ACK, 1, 1, 0, .ago = 7 * MSEC));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, 5000);
	bed_done(b);
}

static void rtt_of_an_active_open_ends_when_the_frame_arrived(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_tick(b, 12 * MSEC);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0, .ago = 7 * MSEC));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK_EQ(bed_pcb(b)->srtt >> 3, 5000);
	bed_done(b);
}

/* M is a 4 us clock: the same tuple begins later each time. */
static void isn_of_the_same_tuple_grows_with_time(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx(b, SEG(RST | ACK, 0, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNREFUSED);
	bed_tick(b, 100 * MSEC);
	CHECK(bed_connect(b) > 0);
	bed_expect(b, SEG(SYN, 100 * 250, 0, 0));
	b->conn[0].iss += 100 * 250;
	bed_done(b);
}

static void isn_of_another_tuple_is_unrelated(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t d;

	b->cur = 1;
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	d = b->conn[1].iss - b->conn[0].iss;
	CHECK(d > 1000000 && d < 0u - 1000000);
	bed_done(b);
}

static void isn_depends_on_a_secret(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	struct flow f = { .laddr = 0x0a000001, .raddr = 0x0a000002, .lport = 80, .rport = 1000 };
	uint32_t iss = tcp_hs_iss(&b->dp->tcp, &f);

	for (uint32_t i = 0; i < 64; i++) {
		b->dp->tcp.secret[i % 2] ^= 1ULL << i;
		CHECK(tcp_hs_iss(&b->dp->tcp, &f) != iss);
	}
	bed_done(b);
}

/* Algorithm 3: an offset that is a secret of the remote end, and a counter. */
static void ports_come_from_the_whole_range_and_are_hard_to_guess(void)
{
	struct dp_cfg cfg = bed_cfg();
	uint32_t lo = UINT16_MAX, hi = 0, steps = 0;
	struct tcp *t;
	struct bed *b;

	cfg.port_min = 1024;
	cfg.port_max = UINT16_MAX;
	b = bed_new(&cfg);
	t = &b->dp->tcp;
	for (uint32_t i = 0, last = 0; i < 200; i++) {
		uint32_t port = (uint32_t)tcp_port_pick(t, 0x0a000002, (uint16_t)(80 + i));

		CHECK(port >= 1024 && port <= UINT16_MAX);
		lo = MIN(lo, port);
		hi = MAX(hi, port);
		steps += port == last + 1;
		last = port;
		tcp_port_free(t, (uint16_t)port);
	}
	CHECK(lo < 8192 && hi > 57344 && steps < 3);
	bed_done(b);
}

const struct pkt_case pkt_handshake[] = {
	CASE(passive_open_is_a_three_way_handshake, "RFC 9293 3.5 [MUST-14, MAY-3, SHLD-5]"),
	CASE(active_open_is_a_three_way_handshake,
	     "RFC 9293 3.5 [MUST-14, MAY-3, SHLD-5, MUST-45]"),
	CASE(simultaneous_open_is_established_by_the_ack, "RFC 9293 3.5 figure 7 [MUST-10]"),
	CASE(simultaneous_open_survives_crossing_syn_acks, "RFC 9293 3.5 figure 7 [MUST-10]"),
	CASE(reset_of_simultaneous_open_is_refusal, "RFC 9293 3.10.7.4 [MUST-11]"),
	CASE(lost_syn_is_sent_again_with_doubling_timeout,
	     "RFC 6298 5.5 [5.5, 2.1, RFC 9293 MUST-22]"),
	CASE(unanswered_connect_ends_with_timeout, "RFC 9293 3.8.3 [MUST-22]"),
	CASE(lost_syn_ack_is_sent_again, "RFC 6298 5.4 [5.4, 2.1]"),
	CASE(unanswered_syn_ack_is_given_up_in_silence, "RFC 9293 3.8.3"),
	CASE(syn_is_tried_for_three_minutes, "RFC 9293 3.8.3 [MUST-22, MUST-23]"),
	CASE(syn_again_gets_the_syn_ack_again, "RFC 9293 3.10.7.4"),
	CASE(syn_ack_sent_twice_gives_no_rtt_sample, "RFC 6298 3 [3-1]"),
	CASE(syn_sent_resets_an_ack_of_nothing, "RFC 9293 3.10.7.3"),
	CASE(syn_sent_ignores_a_reset_that_proves_nothing, "RFC 9293 3.10.7.3 [RFC 5961 3.2-4]"),
	CASE(syn_sent_believes_a_reset_of_its_syn, "RFC 9293 3.10.7.3 [MUST-12, RFC 5961 3.2-4]"),
	CASE(syn_sent_drops_what_has_neither_syn_nor_rst, "RFC 9293 3.10.7.3"),
	CASE(data_in_the_syn_ack_is_delivered, "RFC 9293 3.10.7.3"),
	CASE(fin_in_the_syn_ack_ends_the_stream, "RFC 9293 3.10.7.3"),
	CASE(data_completes_the_handshake, "RFC 9293 3.10.7.4"),
	CASE(fin_in_the_final_ack_ends_the_stream, "RFC 9293 3.10.7.4"),
	CASE(syn_rcvd_resets_an_ack_of_something_else, "RFC 9293 3.10.7.4"),
	CASE(syn_rcvd_drops_a_segment_without_ack, "RFC 9293 3.10.7.4"),
	CASE(data_in_the_syn_is_not_acknowledged, "RFC 9293 3.10.7.2"),
	CASE(lost_syn_means_an_initial_window_of_one_segment, "RFC 5681 3.1 [3.1-4]"),
	CASE(echo_of_a_repeated_syn_is_a_sample, "RFC 6298 3, 5.7"),
	CASE(lost_syn_means_three_initial_timeouts_for_data, "RFC 6298 5.7 [5.7]"),
	CASE(rtt_of_the_handshake_ends_when_the_frame_arrived, "RFC 6298 2.2 [2.2]"),
	CASE(rtt_of_an_active_open_ends_when_the_frame_arrived, "RFC 6298 2.2 [2.2]"),
	CASE(isn_of_the_same_tuple_grows_with_time,
	     "RFC 6528 3 [3-1, RFC 9293 MUST-8, RFC 9293 SHLD-1]"),
	CASE(isn_of_another_tuple_is_unrelated, "RFC 6528 3 [3-1, 3-3, RFC 9293 SHLD-1]"),
	CASE(isn_depends_on_a_secret, "RFC 6528 3 [3-2, 3-3, RFC 9293 MUST-9]"),
	CASE(ports_come_from_the_whole_range_and_are_hard_to_guess,
	     "RFC 6056 3.3.3 [3.2-1, 3.3-1]"),
	CASES_END
};
