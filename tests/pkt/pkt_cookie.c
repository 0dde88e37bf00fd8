/* SPDX-License-Identifier: MIT */
/*
 * pkt_cookie.c - SYN cookies: when they are sent, which are believed (RFC 4987 section 3.6)
 *
 * What they carry: pkt_cookie_opts.c.
 */
#include "cookie.h"

static void cookie_leaves_nothing_behind(void)
{
	struct bed *b = always();

	for (b->cur = 0; b->cur < BED_CONNS; b->cur++)
		cookie_for(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(dp_usage(b->dp).timers, 0);
	bed_tick(b, 100 * SEC);				/* and nothing is sent again */
	bed_done(b);
}

static void cookie_that_comes_back_makes_a_connection(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	come_back(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_OK), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_OPENED), 1);
	CHECK_EQ(bed_sendv(b, 1072), 1072);
	bed_expect(b, SEG(ACK, 1, 1, 536));
	bed_expect(b, SEG(ACK, 537, 1, 536));
	bed_rx(b, SEG(ACK, 1, 1073, 300));
	bed_expect_event(b, IX_EV_SENT, 1072);
	bed_expect_event(b, IX_EV_RECV, 300);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1073, 301, 0));
	bed_done(b);
}

static void text_of_the_ack_is_taken(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_done(b);
}

static void fin_of_the_ack_is_taken(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	bed_rx(b, SEG(FIN | ACK, 1, 1, 10));
	bed_expect(b, SEG(ACK, 1, 12, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_state(b), TCP_CLOSE_WAIT);
	CHECK_EQ(bed_accept(b), 0);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_done(b);
}

/* ... and no cookie is out: it is answered as in LISTEN. */
static void is_reset(struct bed *b, struct bed_seg s)
{
	bed_rx(b, s);
	bed_expect(b, SEG(RST, s.ack, 0, 0));
}

static void wrong_numbers_are_refused(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	is_refused(b, SEG(ACK, 1, 9, 0));		/* another hash */
	is_refused(b, SEG(ACK, 1, 2, 0));		/* another MSS */
	is_refused(b, SEG(ACK, 2, 1, 0));		/* another initial number */
	is_refused(b, SEG(ACK, 0, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 4);
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_OK), 0);
	come_back(b);
	bed_done(b);
}

static void cookie_of_another_flow_is_refused(void)
{
	struct bed *b = always();
	uint32_t iss;

	cookie_for(b, SEG(SYN, 0, 0, 0));
	iss = b->conn[0].iss;
	b->cur = 1;
	b->conn[1].iss = iss;
	is_refused(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 1);
	bed_done(b);
}

static void guesses_open_nothing(void)
{
	struct bed *b = always();
	uint32_t x = 1;

	cookie_for(b, SEG(SYN, 0, 0, 0));
	for (uint32_t i = 0; i < 2000; i++) {
		x = x * 1664525 + 1013904223;
		bed_rx(b, SEG(ACK, 1, x | 8, 0));
		bed_forget_tx(b);
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 2000);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void cookie_is_good_for_a_period(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	bed_tick(b, 64 * SEC);
	come_back(b);
	bed_done(b);
}

static void cookie_of_two_periods_ago_is_refused(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	bed_tick(b, 100 * SEC);
	b->cur = 1;
	cookie_for(b, SEG(SYN, 0, 0, 0));		/* others still may come back */
	bed_tick(b, 29 * SEC);
	b->cur = 0;
	is_refused(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 1);
	b->cur = 1;
	come_back(b);
	bed_done(b);
}

/* Nobody can guess a cookie of a listener that is at peace. */
static void listener_that_sent_none_lately_believes_none(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	b->dp->tcp.listeners[0].cookies_until = b->now;
	is_reset(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_NO_CONN), 1);
	b->dp->tcp.listeners[0].cookies_until = b->now + 1;
	come_back(b);
	bed_done(b);
}

static void other_listener_has_its_own_memory(void)
{
	struct bed *b = always();

	CHECK_EQ(dp_listen(b->dp, 81), 0);
	cookie_for(b, SEG(SYN, 0, 0, 0));
	b->cur = 1;
	b->conn[1].lport = 81;
	is_reset(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 0);
	bed_done(b);
}

/* Nobody remembers when the SYN-ACK was sent. */
static void cookie_gives_no_sample(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	come_back(b);
	CHECK_EQ(bed_pcb(b)->srtt, 0);
	CHECK_EQ(tcp_rtt_rto(&b->dp->tcp, bed_pcb(b), 0), SEC / 1000);
	bed_done(b);
}

static void same_syn_gets_the_same_cookie(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(cookie_for(b, SEG(SYN, 0, 0, 0)).seq, 0);
	CHECK(cookie_for(b, SEG(SYN, 1, 0, 0)).seq != 0);
	come_back(b);
	bed_done(b);
}

/* Half of the backlog of 8 may be half open. */
static void cookies_begin_when_half_the_backlog_is_half_open(void)
{
	struct bed *b = with(TCP_COOKIE_AUTO, false);

	for (b->cur = 0; b->cur < 4; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 0);
	cookie_for(b, SEG(SYN, 0, 0, 0));
	come_back(b);
	b->cur = 0;					/* one of the four completes */
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	b->cur = 5;
	bed_rx(b, SEG(SYN, 0, 0, 0));			/* and there is room again */
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 1);
	bed_done(b);
}

static void cookies_end_with_the_flood(void)
{
	struct bed *b = with(TCP_COOKIE_AUTO, false);

	for (b->cur = 0; b->cur < 20; b->cur++)
		bed_rx(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 16);
	bed_tick(b, 300 * SEC);				/* the four give up */
	bed_forget_tx(b);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	CHECK_EQ(b->dp->tcp.listeners[0].n_half_open, 0);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 16);
	CHECK_EQ(dp_usage(b->dp).conns, 1);
	bed_done(b);
}

static void share_of_the_half_open_is_a_knob(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.syn_cookies_at = 1000 * 1000 * 1000;
	b = bed_new(&cfg);
	for (b->cur = 0; b->cur < 8; b->cur++)
		bed_rx(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 0);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 1);
	bed_forget_tx(b);
	bed_done(b);
}

/* Established connections leave less: half of what they leave may be half open. */
static void slots_that_others_use_do_not_count_as_room(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.backlog_max = 100;
	b = bed_new(&cfg);
	for (b->cur = 0; b->cur < 8; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	for (; b->cur < 10; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	for (; b->cur < 12; b->cur++) {
		cookie_for(b, SEG(SYN, 0, 0, 0));
		come_back(b);
	}
	CHECK_EQ(dp_usage(b->dp).conns, BED_TABLE);
	bed_done(b);
}

static void full_table_refuses_a_cookie(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.backlog_max = 100;
	b = bed_new(&cfg);
	for (b->cur = 0; b->cur < BED_TABLE; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	cookie_for(b, SEG(SYN, 0, 0, 0));
	is_refused(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_NO_PCB), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_OK), 0);
	b->cur = 0;
	bed_close(b, IX_CLOSE_RST);
	bed_expect(b, SEG(RST | ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	b->cur = BED_TABLE;
	come_back(b);
	bed_done(b);
}

/* The connection, ESTABLISHED and accepted, goes to TIME-WAIT. */
static void end(struct bed *b)
{
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
}

/* Slots in TIME-WAIT are there for the taking: no reason for cookies. */
static void time_wait_is_room(void)
{
	struct bed *b = with(TCP_COOKIE_AUTO, false);

	for (b->cur = 0; b->cur < BED_TABLE; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
		come_back(b);
		end(b);
	}
	CHECK_EQ(b->dp->tcp.n_time_wait, BED_TABLE);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 0);
	CHECK_EQ(b->dp->tcp.n_time_wait, BED_TABLE - 1);
	bed_done(b);
}

static void full_backlog_refuses_until_somebody_accepts(void)
{
	struct bed *b = with(TCP_COOKIE_AUTO, false);

	for (b->cur = 0; b->cur < 8; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
		bed_rx(b, SEG(ACK, 1, 1, 0));
		bed_expect_event(b, IX_EV_KNOCK, 80);
	}
	cookie_for(b, SEG(SYN, 0, 0, 0));
	is_refused(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_LISTEN_DROP), 1);
	b->cur = 3;
	CHECK_EQ(bed_accept(b), 0);
	b->cur = 8;
	come_back(b);
	bed_done(b);
}

/* RFC 9293 section 3.6.1: our numbers must begin beyond the old connection's. */
static void syn_over_time_wait_is_no_case_for_a_cookie(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	come_back(b);
	end(b);
	b->conn[0].edge_known = false;
	bed_rx(b, SEG(SYN, 100, 0, 0));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), 1);
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	CHECK(seq_gt(bed_take(b).seq, 2));
	bed_done(b);
}

static void only_a_plain_ack_is_looked_at(void)
{
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	bed_rx(b, SEG(SYN | ACK, 1, 1, 0));
	bed_expect(b, SEG(RST, 1, 0, 0));
	bed_rx(b, SEG(RST | ACK, 1, 1, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 0);
	come_back(b);
	bed_done(b);
}

static void malformed_options_refuse_a_cookie(void)
{
	static const uint8_t opts[] = { 8, 40, 0, 0 };
	struct bed *b = always();

	cookie_for(b, SEG(SYN, 0, 0, 0));
	is_refused(b, SEG(ACK, 1, 1, 0, .opts = opts, .opts_len = sizeof(opts)));
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 1);
	bed_done(b);
}

const struct pkt_case pkt_cookie[] = {
	CASE(cookie_leaves_nothing_behind, "RFC 4987 3.6 [3.6-1]"),
	CASE(cookie_that_comes_back_makes_a_connection, "RFC 4987 3.6 [3.6-2]"),
	CASE(text_of_the_ack_is_taken, "RFC 4987 3.6; RFC 9293 3.10.7.4"),
	CASE(fin_of_the_ack_is_taken, "RFC 4987 3.6; RFC 9293 3.10.7.4"),
	CASE(cookie_gives_no_sample, "RFC 6298 3 [3-1]"),
	CASE(wrong_numbers_are_refused, "RFC 4987 3.6 [3.6-3, RFC 9293 3.10.7.2-1]"),
	CASE(cookie_of_another_flow_is_refused, "RFC 4987 3.6 [3.6-3]"),
	CASE(guesses_open_nothing, "RFC 4987 3.6 [3.6-3]"),
	CASE(cookie_is_good_for_a_period, "RFC 4987 3.6"),
	CASE(cookie_of_two_periods_ago_is_refused, "RFC 4987 3.6 [3.6-3]"),
	CASE(listener_that_sent_none_lately_believes_none,
	     "RFC 4987 3.6 [3.6-3, RFC 9293 3.10.7.2-1]"),
	CASE(other_listener_has_its_own_memory, "RFC 4987 3.6"),
	CASE(same_syn_gets_the_same_cookie, "RFC 4987 3.6"),
	CASE(cookies_begin_when_half_the_backlog_is_half_open, "RFC 4987 3.6 [3.2-1, 3.6-1]"),
	CASE(cookies_end_with_the_flood, "RFC 4987 3.6"),
	CASE(share_of_the_half_open_is_a_knob, "RFC 4987 3.6"),
	CASE(slots_that_others_use_do_not_count_as_room, "RFC 4987 3.6"),
	CASE(full_table_refuses_a_cookie, "RFC 9293 3.10.7.2"),
	CASE(time_wait_is_room, "RFC 4987 3.6; RFC 9293 3.6.1"),
	CASE(full_backlog_refuses_until_somebody_accepts, "RFC 4987 3.1, 3.6"),
	CASE(syn_over_time_wait_is_no_case_for_a_cookie, "RFC 9293 3.6.1"),
	CASE(only_a_plain_ack_is_looked_at, "RFC 9293 3.10.7.2"),
	CASE(malformed_options_refuse_a_cookie, "RFC 9293 3.10.7.2"),
	CASES_END
};
