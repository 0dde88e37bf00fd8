/* SPDX-License-Identifier: MIT */
/*
 * pkt_info.c - the view of a connection and its options: info, set (ix/abi.h; RFC 9293 3.9.1)
 */
#include "cases.h"

_Static_assert((int)TCP_SYN_SENT == (int)IX_TCP_SYN_SENT &&
	       (int)TCP_SYN_RCVD == (int)IX_TCP_SYN_RECEIVED &&
	       (int)TCP_ESTABLISHED == (int)IX_TCP_ESTABLISHED &&
	       (int)TCP_FIN_WAIT_1 == (int)IX_TCP_FIN_WAIT_1 &&
	       (int)TCP_FIN_WAIT_2 == (int)IX_TCP_FIN_WAIT_2 &&
	       (int)TCP_CLOSE_WAIT == (int)IX_TCP_CLOSE_WAIT &&
	       (int)TCP_CLOSING == (int)IX_TCP_CLOSING &&
	       (int)TCP_LAST_ACK == (int)IX_TCP_LAST_ACK &&
	       (int)TCP_TIME_WAIT == (int)IX_TCP_TIME_WAIT, "one set of states");
_Static_assert(sizeof(struct ix_tcp_info) == 96, "what abi.h says");

static uint64_t room(const struct bed *b) { return (uintptr_t)b->win + BED_WIN - 4096; }
static uint64_t win_end(const struct bed *b) { return (uintptr_t)b->win + b->user.win_len; }

static int64_t info_at(struct bed *b, uint64_t handle, uint64_t ptr, uint32_t n)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_INFO, .handle = handle, .ptr = ptr,
					     .n = n });
}

static struct ix_tcp_info info(struct bed *b)
{
	struct ix_tcp_info i;

	CHECK_EQ(info_at(b, b->conn[b->cur].handle, room(b), sizeof(i)), sizeof(i));
	memcpy(&i, (void *)(uintptr_t)room(b), sizeof(i));
	return i;
}

static int64_t set(struct bed *b, uint32_t option, uint64_t value)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_SET, .n = option, .value = value,
					     .handle = b->conn[b->cur].handle });
}

static void fresh_connection(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_tcp_info i = info(b);

	CHECK_EQ(i.state, IX_TCP_ESTABLISHED);
	CHECK_EQ(i.flags, 0);
	CHECK_EQ(i.cc, b->cfg.cc);
	CHECK_EQ(i.mss, BED_MSS);
	CHECK_EQ(i.cwnd, 10 * BED_MSS);
	CHECK_EQ(i.ssthresh, INT32_MAX);
	CHECK_EQ(i.in_flight, 0);
	CHECK_EQ(i.snd_wnd, BED_WND);
	CHECK_EQ(i.rcv_wnd, BED_RCV_WND);
	CHECK_EQ(i.rcv_lim, BED_RCV_WND);
	CHECK_EQ(i.srtt_us, BED_RTT_US);
	CHECK_EQ(i.rttvar_us, BED_RTT_US / 2);
	CHECK_EQ(i.rto_us, 200000);			/* the floor */
	CHECK_EQ(i.backoff + i.rexmit_segs + i.rexmit_bytes + i.rcv_held + i.ooo_frames, 0);
	bed_done(b);
}

static void what_is_in_flight_and_what_was_sent_again(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_tcp_info i;

	send_full(b, 3);
	i = info(b);
	CHECK_EQ(i.in_flight, 3000);
	bed_tick(b, 250 * MSEC);
	bed_forget_tx(b);
	i = info(b);
	CHECK_EQ(i.rexmit_segs, 1);
	CHECK_EQ(i.rexmit_bytes, 1000);
	CHECK_EQ(i.backoff, 1);
	CHECK_EQ(i.rto_us, 400000);
	CHECK_EQ(i.cwnd, BED_MSS);
	CHECK(i.ssthresh < INT32_MAX);
	bed_rx(b, SEG(ACK, 1, 3001, 0));
	bed_forget_events(b);
	i = info(b);
	CHECK_EQ(i.in_flight + i.backoff, 0);
	CHECK_EQ(i.rexmit_segs, 1);
	bed_done(b);
}

static void what_is_received_and_held(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_tcp_info i;

	bed_rx(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 2001, 1, 1000));
	bed_forget_tx(b);
	bed_forget_events(b);
	i = info(b);
	CHECK_EQ(i.rcv_held, 1000);
	CHECK_EQ(i.ooo_frames, 1);
	CHECK_EQ(i.rcv_wnd, BED_RCV_WND - 1000);
	bed_done(b);
}

static void every_state_that_has_a_handle(void)
{
	for (enum tcp_state s = TCP_ESTABLISHED; s <= TCP_CLOSING; s++) {
		struct bed *b = bed_in(s);

		CHECK_EQ(info(b).state, s);
		bed_done(b);
	}
}

static void connection_that_is_opening(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);
	struct ix_tcp_info i = info(b);

	CHECK_EQ(i.state, IX_TCP_SYN_SENT);
	CHECK_EQ(i.in_flight, 1);
	CHECK_EQ(i.mss + i.srtt_us + i.cwnd, 0);
	CHECK_EQ(i.rto_us, 1000000);
	bed_done(b);
}

static void connection_that_is_closed_has_none(void)
{
	struct bed *b = bed_in(TCP_LAST_ACK);

	CHECK_EQ(info_at(b, b->conn[0].handle, room(b), 96), -EBADF);
	CHECK_EQ(set(b, IX_OPT_NAGLE, 1), -EBADF);
	CHECK_EQ(info_at(b, 0, room(b), 96), -EBADF);
	CHECK_EQ(info_at(b, UINT64_MAX, room(b), 96), -EBADF);
	bed_done(b);
}

static void what_the_handshake_agreed_on(void)
{
	static const uint8_t opts[] = { 2, 4, 3, 232, 4, 2, 8, 10, 255, 255, 255, 0, 0, 0, 0, 0,
					1, 3, 3, 7 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .opts = opts, .opts_len = sizeof(opts)));
	CHECK_EQ(info(b).flags, IX_INFO_SACK | IX_INFO_TS | IX_INFO_WSCALE);
	CHECK_EQ(info(b).mss, BED_MSS - 12);
	bed_done(b);
}

static void memory_it_may_not_write_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t h = b->conn[0].handle;
	const uint64_t bad[] = { 0, 1, UINT64_MAX, UINT64_MAX - 95, (uintptr_t)b->win - 1,
				 win_end(b) - 95, win_end(b), (uintptr_t)b->dp, 1ULL << 63 };

	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++)
		CHECK_EQ(info_at(b, h, bad[i], 96), -EFAULT);
	CHECK_EQ(info_at(b, h, win_end(b) - 96, 96), 96);
	CHECK_EQ(info_at(b, h, (uintptr_t)b->win, 96), 96);
	memcpy(b->win, b->win + BED_WIN, 96);		/* the stream's bytes again */
	bed_done(b);
}

/* It may send the bytes of a frame, but a frame is the dataplane's. */
static void received_frames_are_not_written(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	const uint8_t *p;

	bed_rx(b, SEG(ACK, 1, 1, 500));
	p = b->ev[0].p;
	bed_expect_event(b, IX_EV_RECV, 500);
	CHECK_EQ(info_at(b, b->conn[0].handle, (uintptr_t)p, 96), -EFAULT);
	CHECK_EQ(p[0], bed_byte(0, 1));
	bed_tick(b, 100 * MSEC);
	bed_forget_tx(b);
	bed_done(b);
}

static void room_is_what_the_application_says(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint8_t *to = (uint8_t *)(uintptr_t)room(b);
	uint64_t h = b->conn[0].handle;

	memset(to, 0xa5, 200);
	CHECK_EQ(info_at(b, h, room(b), 0), -EINVAL);
	CHECK_EQ(info_at(b, h, room(b), UINT32_MAX), -EFAULT);
	CHECK_EQ(to[0], 0xa5);
	CHECK_EQ(info_at(b, h, room(b), 4), 4);
	CHECK(to[0] == IX_TCP_ESTABLISHED && to[4] == 0xa5);
	CHECK_EQ(info_at(b, h, room(b), 200), 96);
	CHECK_EQ(to[96], 0xa5);
	CHECK_EQ(info_at(b, h, room(b) + 3, 96), 96);	/* any alignment */
	CHECK_EQ(to[3], IX_TCP_ESTABLISHED);
	bed_done(b);
}

static void info_changes_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct tcp_pcb before;

	send_full(b, 2);
	before = *bed_pcb(b);
	info(b);
	CHECK_EQ(memcmp(&before, bed_pcb(b), sizeof(before)), 0);
	bed_expect_nothing(b);
	bed_done(b);
}

static void nagle_of_one_connection(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_go(b, TCP_ESTABLISHED);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	CHECK_EQ(set(b, IX_OPT_NAGLE, 1), 0);
	CHECK_EQ(info(b).flags, IX_INFO_NAGLE);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100));
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect_nothing(b);				/* held */
	b->cur = 0;
	CHECK_EQ(info(b).flags, 0);
	CHECK_EQ(bed_sendv(b, 100), 100);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 101, 1, 100));
	b->cur = 1;
	bed_rx(b, SEG(ACK, 1, 101, 0));
	bed_expect(b, SEG(ACK, 101, 1, 100));
	bed_expect_event(b, IX_EV_SENT, 100);
	bed_done(b);
}

static void nagle_lets_go_what_it_held(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.nagle = true;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(info(b).flags, IX_INFO_NAGLE);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100));
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect_nothing(b);
	CHECK_EQ(set(b, IX_OPT_NAGLE, 0), 0);
	bed_expect(b, SEG(ACK, 101, 1, 100));
	CHECK_EQ(info(b).flags, 0);
	bed_done(b);
}

static void congestion_control_of_one_connection(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t cwnd = info(b).cwnd, n = 0;

	for (; tcp_cc_names[n]; n++) {
		CHECK_EQ(set(b, IX_OPT_CC, n), 0);
		CHECK_EQ(info(b).cc, n);
		CHECK_EQ(info(b).cwnd, cwnd);
		CHECK_EQ(bed_cold(b)->cc == tcp_cc_find(n), true);
	}
	CHECK_EQ(set(b, IX_OPT_CC, n), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_CC, 1ULL << 32), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_CC, UINT64_MAX), -EINVAL);
	CHECK_EQ(info(b).cc, n - 1);
	bed_done(b);
}

static void congestion_control_before_the_handshake(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	CHECK_EQ(set(b, IX_OPT_CC, 0), 0);
	bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK_EQ(info(b).cwnd, 10 * BED_MSS);
	bed_done(b);
}

static void congestion_control_of_a_port(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	uint32_t n = 0;

	while (tcp_cc_names[n])
		n++;
	CHECK_EQ(dp_listen_cc(b->dp, 81, n), -EINVAL);
	CHECK_EQ(dp_listen_cc(b->dp, 80, 0), -EADDRINUSE);
	CHECK_EQ(dp_listen_cc(b->dp, 0, 0), -EINVAL);
	CHECK_EQ(dp_listen_cc(b->dp, 81, n - 1), 0);
	b->conn[0].lport = 81;
	bed_align_iss(b);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 81);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(info(b).cc, n - 1);
	bed_done(b);
}

static void options_nobody_knows(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(set(b, IX_OPT_NONE, 0), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_NR, 0), -EINVAL);
	CHECK_EQ(set(b, UINT32_MAX, 0), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_NAGLE, 2), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_NAGLE, 1ULL << 32), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_KEEPALIVE_NS, 4 * 3600 * SEC + 1), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_USER_TIMEOUT_NS, 1801 * SEC), -EINVAL);
	CHECK_EQ(set(b, IX_OPT_LINGER_NS, UINT64_MAX), -EINVAL);
	CHECK_EQ(bed_stat(b, STAT_CALLS_REFUSED), 8);
	bed_done(b);
}

static void one_connection_asks_whether_its_peer_lives(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(set(b, IX_OPT_KEEPALIVE_NS, 8 * SEC), 0);
	CHECK(bed_tick_to_frame(b, 60 * SEC) <= 9 * SEC);
	bed_expect(b, SEG(ACK, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	CHECK_EQ(set(b, IX_OPT_KEEPALIVE_NS, 0), 0);
	bed_tick(b, 100 * SEC);
	bed_expect_nothing(b);
	bed_done(b);
}

static void one_connection_gives_up_earlier(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(set(b, IX_OPT_USER_TIMEOUT_NS, 3 * SEC), 0);
	send_full(b, 1);
	bed_tick(b, 4 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_forget_tx(b);
	bed_done(b);
}

static void one_connection_lingers_for_a_time(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(set(b, IX_OPT_LINGER_NS, 2 * SEC), 0);
	send_full(b, 1);
	bed_close(b, IX_CLOSE_FIN);
	bed_tick(b, 3 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	CHECK_EQ(bed_stat(b, STAT_TCP_RST_TX), 1);
	bed_forget_tx(b);
	bed_done(b);
}

const struct pkt_case pkt_info[] = {
	CASE(fresh_connection, "ix/abi.h info"),
	CASE(one_connection_asks_whether_its_peer_lives, "RFC 9293 3.8.4 [MUST-24, MUST-27]"),
	CASE(one_connection_gives_up_earlier, "RFC 5482 3 [2-1, RFC 9293 MUST-21]"),
	CASE(one_connection_lingers_for_a_time, "ix/abi.h set"),
	CASE(what_is_in_flight_and_what_was_sent_again, "ix/abi.h info"),
	CASE(what_is_received_and_held, "ix/abi.h info"),
	CASE(every_state_that_has_a_handle, "RFC 9293 3.3.2, 3.9.1"),
	CASE(connection_that_is_opening, "RFC 9293 3.9.1"),
	CASE(connection_that_is_closed_has_none, "ix/abi.h handles"),
	CASE(what_the_handshake_agreed_on, "RFC 7323 1.3, RFC 2018 2"),
	CASE(memory_it_may_not_write_is_refused, "IX 4.3"),
	CASE(received_frames_are_not_written, "IX 4.3"),
	CASE(room_is_what_the_application_says, "ix/abi.h info"),
	CASE(info_changes_nothing, "ix/abi.h info"),
	CASE(nagle_of_one_connection, "RFC 9293 3.7.4, RFC 1122 4.2.3.4 [MUST-17, SHLD-7]"),
	CASE(nagle_lets_go_what_it_held, "RFC 9293 3.7.4 [MUST-17]"),
	CASE(congestion_control_of_one_connection, "ix/abi.h set"),
	CASE(congestion_control_before_the_handshake, "ix/abi.h set"),
	CASE(congestion_control_of_a_port, "dp.h dp_listen_cc"),
	CASE(options_nobody_knows, "ix/abi.h set"),
	CASES_END
};
