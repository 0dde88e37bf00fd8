/* SPDX-License-Identifier: MIT */
/*
 * pkt_listen.c - CLOSED and LISTEN; the backlog; the knock and what comes before accept
 * (RFC 9293 sections 3.10.7.1 and 3.10.7.2; IX table 1)
 */
#include "cases.h"

/* Bounds as they are without the way out. */
static struct bed *without_cookies(uint32_t backlog_max)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.syn_cookies = TCP_COOKIE_OFF;
	cfg.backlog_max = backlog_max;
	return bed_new(&cfg);
}

static struct bed *fresh(void)
{
	struct dp_cfg cfg = bed_cfg();

	return bed_new(&cfg);
}

/* Connection @i, its handshake finished, nobody has accepted it. */
static void knock(struct bed *b, uint32_t i)
{
	b->cur = i;
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
}

static void closed_port_resets_a_syn(void)
{
	struct bed *b = fresh();

	b->conn[0].lport = 81;
	b->conn[0].iss = 0;
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(RST | ACK, 0, 1, 0));
	bed_rx(b, SEG(SYN | FIN, 0, 0, 10));
	bed_expect(b, SEG(RST | ACK, 0, 12, 0));
	bed_done(b);
}

static void closed_port_resets_at_the_ack_of_the_segment(void)
{
	struct bed *b = fresh();

	b->conn[0].lport = 81;
	bed_rx(b, SEG(ACK, 5, 99, 10));
	bed_expect(b, SEG(RST, 99, 0, 0));
	bed_done(b);
}

static void reset_is_never_answered(void)
{
	struct bed *b = fresh();

	bed_rx(b, SEG(RST, 0, 0, 0));
	bed_rx(b, SEG(RST | ACK, 0, 5, 0));
	b->conn[0].lport = 81;
	bed_rx(b, SEG(RST, 0, 0, 0));
	bed_rx(b, SEG(RST | SYN, 0, 0, 0));
	bed_done(b);
}

static void listener_resets_an_ack(void)
{
	struct bed *b = fresh();

	bed_rx(b, SEG(ACK, 5, 99, 10));
	bed_expect(b, SEG(RST, 99, 0, 0));
	bed_rx(b, SEG(SYN | ACK, 5, 77, 0));
	bed_expect(b, SEG(RST, 77, 0, 0));
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void refused_knock_is_reset_and_has_no_dead(void)
{
	struct bed *b = fresh();

	bed_align_iss(b);
	knock(b, 0);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(RST | ACK, 1, 1, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	CHECK_EQ(bed_accept(b), -EBADF);
	bed_done(b);
}

static void backlog_is_bounded(void)
{
	struct bed *b = without_cookies(8);
	uint32_t n = b->cfg.backlog_max;

	for (b->cur = 0; b->cur < n; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	b->cur = n;
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_LISTEN_DROP), 1);
	bed_done(b);
}

static void accepting_makes_room_in_the_backlog(void)
{
	struct bed *b = fresh();
	uint32_t n = b->cfg.backlog_max;

	for (uint32_t i = 0; i < n; i++)
		knock(b, i);
	b->cur = 3;
	CHECK_EQ(bed_accept(b), 0);
	knock(b, n);
	b->cur = 0;
	bed_close(b, IX_CLOSE_RST);
	bed_expect(b, SEG(RST | ACK, 1, 1, 0));
	knock(b, n + 1);
	bed_done(b);
}

static void half_open_connection_that_is_reset_leaves_the_backlog(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(RST, 1, 0, 0));
	CHECK_EQ(b->dp->tcp.listeners[0].n_pending, 0);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	bed_done(b);
}

static void full_table_drops_a_syn(void)
{
	struct bed *b = without_cookies(100);

	for (b->cur = 0; b->cur < BED_TABLE; b->cur++) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_NO_PCB), 1);
	bed_done(b);
}

static void data_before_accept_waits_for_it(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 101, 1, 200));
	bed_expect(b, SEG(ACK, 1, 301, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_recv_done(b, 1), -EINVAL);
	CHECK_EQ(bed_accept(b), 0);			/* then without delay */
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 200);
	CHECK_EQ(bed_recv_done(b, 300), 0);
	bed_done(b);
}

static void end_of_stream_before_accept_waits_for_it(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_rx(b, SEG(ACK | FIN, 1, 1, 10));
	bed_expect(b, SEG(ACK, 1, 12, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_accept(b), 0);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_done(b);
}

static void reset_before_accept_makes_the_handle_stale(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_accept(b), -EBADF);
	bed_done(b);
}

/* In one batch: the handshake's ACK, data and the reset. */
static void knock_and_reset_in_one_batch_is_survived(void)
{
	struct bed *b = bed_in(TCP_SYN_RCVD);

	bed_queue(b, SEG(ACK, 1, 1, 0));
	bed_queue(b, SEG(ACK, 1, 1, 10));
	bed_rx(b, SEG(RST, 11, 0, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	bed_expect_no_event(b);
	CHECK_EQ(bed_accept(b), -EBADF);
	bed_done(b);
}

static void data_of_nobody_is_bounded_in_frames(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_frames_max = 16;
	b = bed_in_cfg(&cfg, TCP_SYN_RCVD);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	for (uint32_t i = 0; i < 20; i++)
		bed_rx(b, SEG(ACK, 1 + i, 1, 1));
	CHECK_EQ(rcv_nxt(b), 17);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 4);
	CHECK_EQ(dp_usage(b->dp).frames_held, 16);
	bed_forget_tx(b);
	bed_done(b);
}

static void ports_are_opened_once(void)
{
	struct bed *b = fresh();

	CHECK_EQ(dp_listen(b->dp, 80), -EADDRINUSE);
	CHECK_EQ(dp_listen(b->dp, 0), -EINVAL);
	for (uint16_t i = 1; i < TCP_LISTENERS_MAX; i++)
		CHECK_EQ(dp_listen(b->dp, (uint16_t)(1000 + i)), 0);
	CHECK_EQ(dp_listen(b->dp, 999), -ENOSPC);
	bed_done(b);
}

static void flows_are_told_apart_by_port(void)
{
	struct bed *b = fresh();

	for (uint32_t i = 0; i < 4; i++) {
		knock(b, i);
		CHECK_EQ(bed_accept(b), 0);
	}
	for (b->cur = 0; b->cur < 4; b->cur++) {
		bed_rx(b, SEG(ACK, 1, 1, 10 + b->cur));
		bed_expect_event(b, IX_EV_RECV, 10 + b->cur);
	}
	bed_tick(b, 50 * MSEC);
	for (b->cur = 0; b->cur < 4; b->cur++)
		bed_expect(b, SEG(ACK, 1, 11 + b->cur, 0));
	bed_done(b);
}

/* We listen on the port of a connection that is half open, from either side. */
static void listening_disturbs_no_connection(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);
	uint16_t port = b->conn[0].lport;

	CHECK_EQ(dp_listen(b->dp, port), 0);
	for (b->cur = 1; b->cur < 3; b->cur++) {
		b->conn[b->cur].lport = port;
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	CHECK_EQ(dp_listen(b->dp, port), -EADDRINUSE);
	b->cur = 1;
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, port);
	b->cur = 2;
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	b->cur = 0;
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	bed_done(b);
}

const struct pkt_case pkt_listen[] = {
	CASE(closed_port_resets_a_syn, "RFC 9293 3.10.7.1"),
	CASE(closed_port_resets_at_the_ack_of_the_segment, "RFC 9293 3.10.7.1"),
	CASE(reset_is_never_answered, "RFC 9293 3.10.7.1"),
	CASE(listener_resets_an_ack, "RFC 9293 3.10.7.2 [3.10.7.2-1]"),
	CASE(refused_knock_is_reset_and_has_no_dead, "IX table 1"),
	CASE(backlog_is_bounded, "RFC 4987 3.1 [3.2-1]"),
	CASE(accepting_makes_room_in_the_backlog, "RFC 4987 3.1 [3.2-1]"),
	CASE(half_open_connection_that_is_reset_leaves_the_backlog, "RFC 9293 3.10.7.4 [MUST-11]"),
	CASE(full_table_drops_a_syn, "RFC 4987 3.1 [3.2-1]"),
	CASE(data_before_accept_waits_for_it, "RFC 9293 3.10.7.4"),
	CASE(end_of_stream_before_accept_waits_for_it, "RFC 9293 3.10.7.4"),
	CASE(reset_before_accept_makes_the_handle_stale, "IX table 1"),
	CASE(knock_and_reset_in_one_batch_is_survived, "IX table 1"),
	CASE(data_of_nobody_is_bounded_in_frames, "IX 4.3"),
	CASE(ports_are_opened_once, "dp.h [RFC 9293 MUST-41]"),
	CASE(flows_are_told_apart_by_port, "RFC 9293 3.3.1"),
	CASE(listening_disturbs_no_connection, "RFC 9293 3.9.1.1 [MUST-41, MUST-42]"),
	CASES_END
};
