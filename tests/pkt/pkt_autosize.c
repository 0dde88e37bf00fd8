/* SPDX-License-Identifier: MIT */
/*
 * pkt_autosize.c - the window grows with what the application takes (core/tcp/tcp_wnd.c; RFC 9293
 * section 3.8.6 leaves the size to us, 3.8.6.2.2 and the edge to the bed)
 */
#include "cases.h"

enum { INIT = 8000, MOST = 60000 };

static struct bed *sizing(uint32_t init, uint32_t most)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.rcv_wnd_init = init;
	cfg.rcv_wnd = most;
	return bed_in_cfg(&cfg, TCP_ESTABLISHED);
}

static uint32_t lim(struct bed *b) { return bed_pcb(b)->rcv_lim; }

/* @n segments, a pair a pass, each pair @pause_ns apart and taken at once. */
static void stream(struct bed *b, uint32_t n, nsec pause)
{
	b->auto_done = true;
	for (uint32_t i = 0; i < n; i += 2) {
		uint32_t seq = rcv_nxt(b);

		bed_queue(b, SEG(ACK, seq, 1, 1000));
		bed_queue(b, SEG(ACK, seq + 1000, 1, 1000));
		bed_pass(b);
		bed_tick(b, pause);
		bed_forget_tx(b);
		bed_forget_events(b);
	}
	b->auto_done = false;
}

static void connection_begins_with_the_initial_window(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd_init = INIT;
	cfg.rcv_wnd = MOST;
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .wnd = INIT));
	bed_done(b);
	b = sizing(INIT, MOST);
	CHECK_EQ(lim(b), INIT);
	bed_rx(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1001, 1, 1000));
	bed_expect(b, SEG(ACK, 1, 2001, 0, .wnd = INIT - 2000));
	bed_forget_events(b);
	bed_done(b);
}

static void initial_window_is_at_most_the_largest(void)
{
	struct bed *b = sizing(1 << 20, 16000);

	CHECK_EQ(lim(b), 16000);
	stream(b, 100, MSEC);
	CHECK_EQ(lim(b), 16000);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_GROWN), 0);
	bed_done(b);
}

static void stream_that_is_taken_doubles_the_window(void)
{
	struct bed *b = sizing(INIT, MOST);

	stream(b, 4, MSEC);
	CHECK_EQ(lim(b), INIT);
	stream(b, 4, MSEC);
	CHECK_EQ(lim(b), 2 * INIT);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_GROWN), 1);
	stream(b, 12, MSEC);
	CHECK_EQ(lim(b), 4 * INIT);
	bed_done(b);
}

static void growth_is_announced(void)
{
	struct bed *b = sizing(INIT, MOST);

	stream(b, 40, MSEC);
	CHECK(b->conn[0].edge - rcv_nxt(b) > 3 * INIT);
	bed_done(b);
}

static void window_stops_at_the_largest(void)
{
	struct bed *b = sizing(INIT, MOST);

	stream(b, 400, MSEC);
	CHECK_EQ(lim(b), MOST);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_GROWN), 3);
	CHECK(b->conn[0].edge - rcv_nxt(b) <= MOST);
	bed_done(b);
}

/* RFC 7323 2.2: what 16 bits can say is all there is. */
static void without_scaling_it_stops_at_64k(void)
{
	struct bed *b = sizing(INIT, 1 << 20);

	stream(b, 400, MSEC);
	CHECK_EQ(lim(b), 65535);
	bed_done(b);
}

static void with_scaling_it_goes_beyond_64k(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd_init = INIT;
	cfg.rcv_wnd = 200000;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 0));
	stream(b, 600, MSEC);
	CHECK_EQ(lim(b), 200000);
	CHECK(b->conn[0].edge - rcv_nxt(b) > 150000);
	bed_done(b);
}

/* Half a window takes it longer than eight round trips of 10 ms. */
static void slow_stream_keeps_a_small_window(void)
{
	struct bed *b = sizing(INIT, MOST);

	stream(b, 100, 45 * MSEC);
	CHECK_EQ(lim(b), INIT);
	bed_done(b);
}

static void bytes_before_a_pause_do_not_count(void)
{
	struct bed *b = sizing(INIT, MOST);

	for (uint32_t i = 0; i < 20; i++) {
		stream(b, 4, MSEC);			/* not quite half */
		bed_tick(b, SEC);
	}
	CHECK_EQ(lim(b), INIT);
	bed_done(b);
}

static void application_that_takes_nothing_gets_no_more(void)
{
	struct bed *b = sizing(INIT, MOST);

	for (uint32_t i = 0; i < 8; i++)
		bed_rx(b, SEG(ACK, 1 + 1000 * i, 1, 1000));
	CHECK_EQ(lim(b), INIT);
	CHECK_EQ(bed_tx_waiting(b), 4);
	b->tx_pos = b->tx_n - 1;
	bed_expect(b, SEG(ACK, 1, 8001, 0, .zero_wnd = true));
	bed_forget_events(b);
	bed_done(b);
}

/* The handshake was retransmitted: no sample (Karn), so what is taken decides alone. */
static void without_a_round_trip_time_it_grows_too(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd_init = INIT;
	cfg.rcv_wnd = MOST;
	b = bed_new(&cfg);
	bed_align_iss(b);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_pcb(b)->srtt, 0);
	stream(b, 20, 100 * MSEC);
	CHECK(lim(b) > INIT);
	bed_done(b);
}

/* Half the pool is out. */
static void scarce_frames_stop_growth(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = sizing(INIT, MOST);
	uint32_t n = 0;

	while (mempool_avail(&b->pool) > BED_MBUFS / 2)
		m[n++] = mbuf_alloc(&b->pool);
	stream(b, 100, MSEC);
	CHECK_EQ(lim(b), INIT);
	CHECK_EQ(bed_stat(b, STAT_TCP_RCV_PRESSURE), 0);
	while (n > 0)
		mbuf_free(m[--n]);
	stream(b, 10, MSEC);
	CHECK_EQ(lim(b), 2 * INIT);
	bed_done(b);
}

static void connections_grow_apart(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.rcv_wnd_init = INIT;
	cfg.rcv_wnd = MOST;
	b = bed_new(&cfg);
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	stream(b, 40, MSEC);
	CHECK(lim(b) > INIT);
	b->cur = 0;
	CHECK_EQ(lim(b), INIT);
	bed_done(b);
}

const struct pkt_case pkt_autosize[] = {
	CASE(connection_begins_with_the_initial_window, "RFC 9293 3.8.6"),
	CASE(initial_window_is_at_most_the_largest, "tcp_wnd.c"),
	CASE(stream_that_is_taken_doubles_the_window, "tcp_wnd.c"),
	CASE(growth_is_announced, "RFC 9293 3.8.6.2.2"),
	CASE(window_stops_at_the_largest, "tcp_wnd.c"),
	CASE(without_scaling_it_stops_at_64k, "RFC 7323 2.2"),
	CASE(with_scaling_it_goes_beyond_64k, "RFC 7323 2.2"),
	CASE(slow_stream_keeps_a_small_window, "tcp_wnd.c"),
	CASE(bytes_before_a_pause_do_not_count, "tcp_wnd.c"),
	CASE(application_that_takes_nothing_gets_no_more, "RFC 9293 3.8.6"),
	CASE(without_a_round_trip_time_it_grows_too, "RFC 6298 3, tcp_wnd.c"),
	CASE(scarce_frames_stop_growth, "tcp_wnd.c"),
	CASE(connections_grow_apart, "tcp_wnd.c"),
	CASES_END
};
