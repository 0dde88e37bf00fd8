/* SPDX-License-Identifier: MIT */
/*
 * pkt_pressure.c - nothing left of something: events, frames, references, ring (IX section 4.3)
 *
 * Scarcity delays, it loses nothing; and it ends when what was scarce comes back.
 */
#include "cases.h"

static struct bed *few_events(enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.events_max = 16;
	cfg.batch_max = 64;
	return bed_in_cfg(&cfg, s);
}

static void full_event_array_holds_frames_back(void)
{
	struct bed *b = few_events(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 50; i++)
		bed_queue(b, SEG(ACK, 1 + i * 10, 1, 10));
	bed_pass(b);
	CHECK(bed_stat(b, STAT_RX_BACKPRESSURE) > 0);
	for (uint32_t i = 0; i < 50; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	CHECK_EQ(rcv_nxt(b), 501);
	bed_forget_tx(b);
	bed_done(b);
}

static void gap_that_frees_more_than_fits_is_delivered_in_parts(void)
{
	struct bed *b = few_events(TCP_ESTABLISHED);

	for (uint32_t i = 40; i > 0; i--)
		bed_rx(b, SEG(ACK, 1 + i * 10, 1, 10));
	bed_rx(b, SEG(FIN | ACK, 411, 1, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 10));
	bed_expect(b, SEG(ACK, 1, 412, 0));
	bed_tick(b, MSEC);
	for (uint32_t i = 0; i < 41; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_done(b);
}

/* Our FIN is through and the peer's too, with more delivered than one array holds. */
static void dead_waits_for_the_last_byte(void)
{
	struct bed *b = few_events(TCP_FIN_WAIT_2);

	for (uint32_t i = 40; i > 0; i--)
		bed_rx(b, SEG(ACK, 1 + i * 10, 2, 10));
	bed_rx(b, SEG(FIN | ACK, 411, 2, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 2, 10));
	bed_expect(b, SEG(ACK, 2, 412, 0));
	bed_tick(b, MSEC);
	for (uint32_t i = 0; i < 41; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

/* A connect must not evict from TIME-WAIT what has not said `dead` yet. */
static void full_table_evicts_nobody_whose_dead_is_owed(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.events_max = 16;
	cfg.conns_max = 1;
	b = bed_in_cfg(&cfg, TCP_FIN_WAIT_2);
	for (uint32_t i = 20; i > 0; i--)
		bed_rx(b, SEG(ACK, 1 + i * 10, 2, 10));
	bed_rx(b, SEG(FIN | ACK, 211, 2, 0));
	bed_forget_tx(b);
	bed_queue(b, SEG(ACK, 1, 2, 10));
	b->cur = 1;
	CHECK_EQ(bed_connect(b), -ENOBUFS);
	b->cur = 0;
	bed_expect(b, SEG(ACK, 2, 212, 0));
	bed_tick(b, MSEC);
	for (uint32_t i = 0; i < 21; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_done(b);
}

static void close_while_bytes_wait_for_room_resets(void)
{
	struct bed *b = few_events(TCP_ESTABLISHED);

	for (uint32_t i = 40; i > 0; i--)
		bed_rx(b, SEG(ACK, 1 + i * 10, 1, 10));
	bed_forget_tx(b);
	bed_queue(b, SEG(ACK, 1, 1, 10));
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(RST | ACK, 1, 411, 0));
	for (uint32_t i = 0; i < 14; i++)
		bed_expect_event(b, IX_EV_RECV, 10);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	bed_done(b);
}

static void many_connections_dying_at_once_are_all_told(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.events_max = 16;
	b = bed_new(&cfg);
	for (b->cur = 0; b->cur < 8; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	for (b->cur = 0; b->cur < 8; b->cur++) {
		bed_queue(b, SEG(ACK, 1, 1, 10));
		bed_queue(b, SEG(RST, 11, 0, 0));
	}
	bed_pass(b);
	for (b->cur = 0; b->cur < 8; b->cur++) {
		bed_expect_event(b, IX_EV_RECV, 10);
		bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
		CHECK_EQ(bed_state(b), TCP_CLOSED);
	}
	bed_done(b);
}

static uint32_t drain(struct bed *b, struct mbuf **m, uint32_t leave)
{
	uint32_t n = 0;

	while (mempool_avail(&b->pool) > leave)
		m[n++] = mbuf_alloc(&b->pool);
	return n;
}

static void fill(struct mbuf **m, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		mbuf_free(m[i]);
}

static void empty_pool_delays_data(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, 0);

	CHECK_EQ(bed_sendv(b, 2000), 2000);
	bed_expect_nothing(b);
	bed_tick(b, 10 * MSEC);
	fill(m, n);
	bed_tick(b, 2 * SEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect(b, SEG(ACK, 1001, 1, 1000));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	CHECK(bed_stat(b, STAT_TX_NO_MBUF) > 0);
	bed_done(b);
}

static void empty_pool_delays_a_fin_and_a_syn(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, 0);

	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	b->cur = 1;
	b->conn[1].lport = 50000;
	CHECK(bed_connect(b) > 0);
	bed_expect_nothing(b);
	fill(m, n);
	bed_tick(b, 1500 * MSEC);
	CHECK(b->conn[1].heard);
	CHECK_EQ(b->tx[0].seg.flags, FIN | ACK);
	b->cur = 0;
	bed_forget_tx(b);
	bed_done(b);
}

/* The last frame is taken by the received data itself. */
static void empty_pool_delays_an_ack(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n;

	bed_rx(b, SEG(ACK, 1, 1, 10));
	bed_expect_event(b, IX_EV_RECV, 10);
	n = drain(b, m, 0);
	bed_tick(b, 100 * MSEC);
	bed_expect_nothing(b);
	fill(m, n);
	bed_tick(b, MSEC);
	bed_expect(b, SEG(ACK, 1, 11, 0));
	bed_done(b);
}

static void empty_pool_delays_a_window_update(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct mbuf *m[BED_MBUFS];
	struct bed *b;
	uint32_t n;

	cfg.rcv_wnd = 4000;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	for (uint32_t i = 0; i < 4; i++)
		bed_queue(b, SEG(ACK, 1 + i * 1000, 1, 1000));
	bed_pass(b);
	bed_expect(b, SEG(ACK, 1, 4001, 0, .zero_wnd = true));
	bed_forget_events(b);
	n = drain(b, m, 0);
	CHECK_EQ(bed_recv_done(b, 4000), 0);	/* gives back four frames */
	n += drain(b, m + n, 0);
	fill(m, n);
	bed_tick(b, MSEC);
	bed_expect(b, SEG(ACK, 1, 4001, 0, .wnd = 4000));
	bed_done(b);
}

/* The pool keeps a part for what must be sent: text is refused, ACKs are not. */
static void low_pool_refuses_text_and_takes_acks(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n;

	send_full(b, 1);
	n = drain(b, m, BED_MBUFS / 16);
	bed_rx(b, SEG(ACK, 1, 1001, 100));
	bed_expect(b, SEG(ACK, 1001, 1, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 1);
	fill(m, n);
	bed_rx(b, SEG(ACK, 1, 1001, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

/* Below an eighth only a connection that holds nothing may take text: the reader goes on. */
static void low_pool_serves_those_who_read(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, BED_MBUFS / 8);

	bed_rx(b, SEG(ACK, 1, 1, 1000));
	bed_expect_event(b, IX_EV_RECV, 1000);
	bed_rx(b, SEG(ACK, 1001, 1, 1000));		/* no room behind the first */
	bed_rx(b, SEG(ACK, 1001, 1, 1000));
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 2);
	CHECK_EQ(bed_recv_done(b, 1000), 0);
	bed_rx(b, SEG(ACK, 1001, 1, 1000));
	bed_expect_event(b, IX_EV_RECV, 1000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 2);
	bed_forget_tx(b);
	fill(m, n);
	bed_done(b);
}

static void references_that_run_out_limit_sendv(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t all = b->dp->tcp.ref_pool.n, sent = 0;
	int64_t n;

	while ((n = bed_send_pieces(b, IX_SG_MAX, 1)) == IX_SG_MAX) {
		bed_forget_tx(b);
		sent += IX_SG_MAX;
	}
	bed_forget_tx(b);
	CHECK(n >= 0);
	CHECK_EQ(sent + n, all);
	CHECK_EQ(bed_sendv(b, 1), 0);
	bed_rx(b, SEG(ACK, 1, 1 + all, 0));
	bed_expect_event(b, IX_EV_SENT, all);
	CHECK_EQ(bed_sendv(b, 1), 1);
	bed_expect(b, SEG(ACK, 1 + all, 1, 1));
	bed_done(b);
}

/* Another connection has taken every reference: who has nothing in flight is told later. */
static void references_that_come_back_are_told(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	uint32_t all = b->dp->tcp.ref_pool.n;

	bed_go(b, TCP_ESTABLISHED);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 0;
	while (bed_send_pieces(b, IX_SG_MAX, 1) > 0)
		bed_forget_tx(b);
	b->cur = 1;
	CHECK_EQ(bed_sendv(b, 100), 0);
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	b->cur = 0;
	bed_rx(b, SEG(ACK, 1, 1 + all, 0));
	bed_expect_event(b, IX_EV_SENT, all);
	bed_tick(b, MSEC);
	b->cur = 1;
	bed_expect_event(b, IX_EV_SENT, 0);
	bed_done(b);
}

static void full_ring_delays_acks_and_resets(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_room = 0;
	bed_rx(b, SEG(ACK, 11, 1, 10));
	bed_rx(b, SEG(ACK, 1, 1, 10));
	bed_tick(b, MSEC);
	bed_expect_nothing(b);
	b->tx_room = UINT32_MAX;
	bed_tick(b, MSEC);
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 21, 0));
	bed_forget_events(b);
	bed_done(b);
}

/* An application that takes nothing, and a peer that sends single bytes: below a quarter of the
 * pool they share frames, so that the others have some. */
static void single_bytes_do_not_hold_every_frame(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < BED_MBUFS + 100; i++) {
		bed_rx(b, SEG(ACK, 1 + i, 1, 1));
		bed_expect_event(b, IX_EV_RECV, 1);
		bed_forget_tx(b);
	}
	CHECK(dp_usage(b->dp).frames_held <= BED_MBUFS / 4 * 3 + 2);
	CHECK_EQ(rcv_nxt(b), BED_MBUFS + 101);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 0);
	CHECK_EQ(bed_recv_done(b, BED_MBUFS / 2 + 50), 0);	/* mid-frame */
	CHECK_EQ(bed_recv_done(b, BED_MBUFS / 2 + 50), 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	CHECK_EQ(b->work.copied_bytes, bed_stat(b, STAT_TCP_RCV_PACKED));
	b->work.copied_bytes = 0;		/* here it is meant */
	bed_forget_tx(b);
	bed_done(b);
}

/* Two segments, taken at once; what the window is then. */
static uint32_t take_two(struct bed *b)
{
	uint32_t seq = rcv_nxt(b);

	b->auto_done = true;
	bed_queue(b, SEG(ACK, seq, 1, 1000));
	bed_queue(b, SEG(ACK, seq + 1000, 1, 1000));
	bed_pass(b);
	b->auto_done = false;
	bed_forget_tx(b);
	bed_forget_events(b);
	return b->conn[b->cur].edge - rcv_nxt(b);
}

/* A quarter of the pool is left: the edge stands still, down to four segments. */
static void scarce_frames_shrink_the_window_to_a_floor(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, BED_MBUFS / 4);

	for (uint32_t left = BED_RCV_WND; left > 4000; left -= 2000)
		CHECK_EQ(take_two(b), left - 2000);
	CHECK(bed_stat(b, STAT_TCP_RCV_PRESSURE) > 0);
	for (uint32_t i = 0; i < 20; i++)		/* and the stream goes on */
		CHECK(take_two(b) >= 3000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_DROP), 0);
	CHECK_EQ(b->dp->tcp.n_starved, 1);
	fill(m, n);
	bed_tick(b, MSEC);
	bed_forget_tx(b);
	CHECK_EQ(b->dp->tcp.n_starved, 0);
	bed_done(b);
}

/* No frame of the peer is needed: the pass that memory makes due tells. */
static void window_reopens_when_frames_come_back(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, BED_MBUFS / 4), seq;

	for (uint32_t i = 0; i < 6; i++)
		take_two(b);
	seq = rcv_nxt(b);
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	n -= BED_MBUFS / 16;				/* 5/16: not yet */
	fill(m + n, BED_MBUFS / 16);
	bed_tick(b, SEC);
	bed_expect_nothing(b);
	fill(m, n);
	bed_tick(b, MSEC);
	bed_expect(b, SEG(ACK, 1, seq, 0, .wnd = BED_RCV_WND));
	bed_done(b);
}

static void all_who_were_withheld_are_told(void)
{
	struct mbuf *m[BED_MBUFS];
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	uint32_t n;

	for (b->cur = 0; b->cur < 8; b->cur++)
		bed_go(b, TCP_ESTABLISHED);
	n = drain(b, m, BED_MBUFS / 4);
	for (b->cur = 0; b->cur < 8; b->cur++)
		for (uint32_t i = 0; i < 3; i++)
			take_two(b);
	CHECK_EQ(b->dp->tcp.n_starved, 8);
	fill(m, n);
	bed_tick(b, MSEC);
	for (b->cur = 0; b->cur < 8; b->cur++)
		bed_expect(b, SEG(ACK, 1, 6001, 0, .wnd = BED_RCV_WND));
	bed_done(b);
}

/* Its place in the list goes with it: reset, closed, in TIME-WAIT. */
static void who_ends_while_withheld_is_forgotten(void)
{
	static const enum tcp_state states[] = { TCP_ESTABLISHED, TCP_FIN_WAIT_2 };

	for (uint32_t i = 0; i < ARRAY_LEN(states) * 2; i++) {
		struct mbuf *m[BED_MBUFS];
		struct bed *b = bed_in(states[i / 2]);
		uint32_t ack = snd_nxt(b), n = drain(b, m, BED_MBUFS / 4);

		b->auto_done = true;
		for (uint32_t k = 0; k < 6; k++)
			bed_rx(b, SEG(ACK, 1 + 1000 * k, ack, 1000));
		CHECK_EQ(b->dp->tcp.n_starved, 1);
		if (i % 2)
			bed_rx(b, SEG(FIN | ACK, 6001, ack, 0));
		else
			bed_rx(b, SEG(RST, 6001, 0, 0));
		bed_tick(b, MSEC);
		CHECK_EQ(b->dp->tcp.n_starved, i == 1);	/* CLOSE-WAIT lives on */
		fill(m, n);
		bed_tick(b, MSEC);
		CHECK_EQ(b->dp->tcp.n_starved, 0);
		bed_forget_tx(b);
		bed_forget_events(b);
		bed_done(b);
	}
}

static void window_below_the_floor_is_never_withheld(void)
{
	struct mbuf *m[BED_MBUFS];
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;
	uint32_t n;

	cfg.rcv_wnd = 4000;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	n = drain(b, m, BED_MBUFS / 4);
	for (uint32_t i = 0; i < 20; i++)
		CHECK(take_two(b) >= 3000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_PRESSURE), 0);
	fill(m, n);
	bed_done(b);
}

static void plenty_of_frames_withholds_nothing(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, BED_MBUFS / 2);

	for (uint32_t i = 0; i < 20; i++)
		CHECK(take_two(b) >= BED_RCV_WND - 2000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_PRESSURE), 0);
	fill(m, n);
	bed_done(b);
}

/* The last eighth is for the connections there are; their ACKs and FINs are still taken. */
static void low_pool_takes_no_new_connection(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = drain(b, m, BED_MBUFS / 8);

	b->cur = 1;
	bed_align_iss(b);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_SYN_PRESSURE), 1);
	b->cur = 0;
	bed_rx(b, SEG(FIN | ACK, 1, 1, 0));
	bed_expect(b, SEG(ACK, 1, 2, 0));
	bed_expect_event(b, IX_EV_RECV, 0);
	fill(m, n);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);			/* the SYN again */
	bed_done(b);
}

const struct pkt_case pkt_pressure[] = {
	CASE(full_event_array_holds_frames_back, "event.h"),
	CASE(gap_that_frees_more_than_fits_is_delivered_in_parts, "event.h"),
	CASE(dead_waits_for_the_last_byte, "ix/abi.h dead"),
	CASE(full_table_evicts_nobody_whose_dead_is_owed, "ix/abi.h dead"),
	CASE(close_while_bytes_wait_for_room_resets, "RFC 2525 2.17"),
	CASE(many_connections_dying_at_once_are_all_told, "event.h"),
	CASE(empty_pool_delays_data, "mbuf.h"),
	CASE(empty_pool_delays_a_fin_and_a_syn, "mbuf.h"),
	CASE(empty_pool_delays_an_ack, "mbuf.h"),
	CASE(empty_pool_delays_a_window_update, "mbuf.h"),
	CASE(low_pool_refuses_text_and_takes_acks, "tcp_rcv.c"),
	CASE(low_pool_serves_those_who_read, "tcp_rcv.c"),
	CASE(references_that_run_out_limit_sendv, "tcp_call.c"),
	CASE(references_that_come_back_are_told, "tcp_call.c"),
	CASE(full_ring_delays_acks_and_resets, "plat.h tx_burst"),
	CASE(single_bytes_do_not_hold_every_frame, "IX 4.3"),
	CASE(scarce_frames_shrink_the_window_to_a_floor, "RFC 9293 3.8.6, tcp_wnd.c"),
	CASE(window_reopens_when_frames_come_back, "RFC 9293 3.8.6.1, tcp_wnd.c"),
	CASE(all_who_were_withheld_are_told, "tcp_wnd.c"),
	CASE(who_ends_while_withheld_is_forgotten, "tcp_wnd.c"),
	CASE(window_below_the_floor_is_never_withheld, "tcp_wnd.c"),
	CASE(plenty_of_frames_withholds_nothing, "tcp_wnd.c"),
	CASE(low_pool_takes_no_new_connection, "tcp_listen.c"),
	CASES_END
};
