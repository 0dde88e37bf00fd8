/* SPDX-License-Identifier: MIT */
/*
 * pkt_zero_copy.c - nobody copies payload: who may touch which memory, and until when
 * (IX sections 3 and 4.3, table 1; ix/abi.h)
 *
 * Every bed fails if the core has counted a copied byte.
 */
#include "cases.h"

static void frames_name_the_applications_memory(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	const struct mbuf *m;

	b->tx_hold = true;
	CHECK_EQ(bed_sendv(b, 700), 700);
	m = b->held[0];
	CHECK_EQ(m->n_frags, 1);
	CHECK(m->frag[0].p == b->win);
	CHECK_EQ(m->frag[0].len, 700);
	bed_expect(b, SEG(ACK, 1, 1, 700));
	bed_done(b);
}

static void received_bytes_are_read_in_the_frame(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	const struct pool *frames = &b->pool.pool;

	bed_rx(b, SEG(ACK, 1, 1, 100));
	CHECK(b->ev[0].p > frames->base && b->ev[0].p < frames->base + frames->n * frames->size);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void received_bytes_stay_until_recv_done(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	const uint8_t *p;

	bed_rx(b, SEG(ACK, 1, 1, 100));
	p = b->ev[0].p;
	for (uint32_t i = 1; i < 15; i++)
		bed_rx(b, SEG(ACK, 1 + i * 100, 1, 100));
	for (uint32_t i = 0; i < 100; i++)
		CHECK_EQ(p[i], bed_byte(i, 1));
	CHECK_EQ(dp_usage(b->dp).frames_held, 15);
	CHECK_EQ(bed_recv_done(b, 99), 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 15);
	CHECK_EQ(p[99], bed_byte(99, 1));
	CHECK_EQ(bed_recv_done(b, 2), 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 14);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* An echo sends the very bytes it was shown: they are in a frame, not in the window. */
static void frame_that_was_received_may_be_sent(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_sg *sg = (struct ix_sg *)(void *)(b->win + BED_WIN - 4096);
	struct bed_seg s;

	bed_rx(b, SEG(ACK, 1, 1, 3));
	*sg = (struct ix_sg){ .addr = (uintptr_t)b->ev[0].p, .len = 3 };
	bed_expect_event(b, IX_EV_RECV, 3);
	for (uint32_t i = 0; i < 3; i++)	/* what the wire check wants to see */
		((uint8_t *)(uintptr_t)sg->addr)[i] = bed_byte(i, 0);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_SENDV, .handle = b->conn[0].handle,
					       .n = 1, .sg = (uintptr_t)sg }), 3);
	s = bed_take(b);
	CHECK_EQ(s.len, 3);
	CHECK_EQ(s.ack, 4);
	bed_done(b);
}

/* The original's ACK has come; the retransmission is still in the ring and reads memory. */
static void sent_waits_for_the_nic_to_let_go_of_a_retransmission(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	b->tx_hold = true;
	bed_tick_to_frame(b, SEC);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_tick(b, 5 * MSEC);
	bed_expect_no_event(b);
	bed_let_go(b);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_done(b);
}

static void sent_waits_for_the_last_of_several_retransmissions(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct mbuf *first;

	send_full(b, 2);
	b->tx_hold = true;
	bed_tick_to_frame(b, SEC);
	bed_tick_to_frame(b, SEC);
	CHECK_EQ(b->n_held, 2);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0));	/* and the second segment again */
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_forget_tx(b);
	first = b->held[0];
	b->held[0] = b->held[--b->n_held];
	mbuf_free(first);
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	bed_let_go(b);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_done(b);
}

static void later_sends_do_not_overtake_what_is_owed(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	b->tx_hold = true;
	bed_tick_to_frame(b, SEC);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1001, 1, 500));
	bed_rx(b, SEG(ACK, 1, 1501, 0));
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	bed_let_go(b);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_SENT, 1500);
	bed_done(b);
}

/* `dead` gives the application its memory back: not while a frame that names it is unsent. */
static void dead_waits_for_the_nic_to_let_go(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_hold = true;
	send_full(b, 1);
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	CHECK_EQ(dp_usage(b->dp).conns, 1);
	bed_let_go(b);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	CHECK_EQ(dp_usage(b->dp).conns, 0);
	b->tx_hold = false;
	b->conn[0].handle = 0;
	bed_done(b);
}

/* The same when the application aborts in the very batch that sent. */
static void dead_waits_after_an_abort_too(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_hold = true;
	send_full(b, 1);
	CHECK_EQ(bed_close(b, IX_CLOSE_RST), 0);
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	bed_let_go(b);
	bed_tick(b, MSEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_ABORTED);
	b->tx_hold = false;
	bed_forget_tx(b);
	bed_done(b);
}

static void reassembled_stream_is_not_copied_either(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	for (uint32_t i = 8; i > 0; i--)
		bed_rx(b, SEG(ACK, i * 100 - 49, 1, 110));
	bed_rx(b, SEG(ACK, 1, 1, 60));
	CHECK_EQ(b->conn[0].rx_off, 860);
	CHECK_EQ(b->work.copied_bytes, 0);
	bed_forget_tx(b);
	bed_forget_events(b);
	CHECK_EQ(bed_recv_done(b, 860), 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	bed_done(b);
}

/* The peer guesses well: it acknowledges what the NIC has not sent yet. */
static void sent_waits_for_the_first_transmission_too(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_hold = true;
	send_full(b, 2);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_no_event(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_SENT_HELD), 2);
	b->tx_hold = false;
	bed_let_go(b);
	bed_tick(b, 1);
	bed_expect_event(b, IX_EV_SENT, 2000);
	bed_done(b);
}

/* What another connection has in the NIC since then does not matter. */
static void sent_waits_for_its_own_frames_only(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 0;
	send_full(b, 1);			/* gone at once */
	b->cur = 1;
	bed_tick(b, MSEC);
	b->tx_hold = true;
	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1, 1, 500));
	b->cur = 0;
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	b->tx_hold = false;
	bed_let_go(b);
	bed_done(b);
}

/* ... but a clock of 32 bits of microseconds does not tell after 36 minutes, or 72. */
static void sent_waits_for_a_nic_that_holds_for_an_hour(void)
{
	for (uint32_t minutes = 40; minutes <= 80; minutes += 20) {
		struct bed *b = bed_in(TCP_ESTABLISHED);

		b->cur = 1;
		bed_go(b, TCP_ESTABLISHED);
		b->cur = 0;
		b->tx_hold = true;
		send_full(b, 1);
		bed_rx(b, SEG(ACK, 1, 1001, 0));
		b->now += minutes * 60 * SEC;	/* not in passes: it looks every few of us */
		b->cur = 1;
		send_full(b, 1);
		bed_tick(b, MSEC);
		bed_rx(b, SEG(ACK, 1, 1001, 0));
		bed_tick(b, MSEC);
		bed_expect_no_event(b);
		b->tx_hold = false;
		bed_let_go(b);
		bed_tick(b, 1);
		bed_forget_events(b);
		bed_done(b);
	}
}

/* A NIC may let go in any order (a wire that loses the later frame): counting is not enough. */
static void sent_waits_for_a_frame_that_later_ones_overtake(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->tx_hold = true;
	send_full(b, 1);
	bed_tick(b, MSEC);
	send_full(b, 1);
	bed_tick(b, MSEC);
	CHECK_EQ(b->n_held, 2);
	mbuf_free(b->held[--b->n_held]);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_no_event(b);
	b->tx_hold = false;
	bed_let_go(b);
	bed_tick(b, 1);
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_done(b);
}

/* `dead` likewise. */
static void dead_waits_for_a_frame_that_later_ones_overtake(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 0;
	b->tx_hold = true;
	send_full(b, 1);
	bed_rx(b, SEG(RST, 1, 0, 0));
	b->cur = 1;
	CHECK_EQ(bed_sendv(b, 500), 500);
	bed_expect(b, SEG(ACK, 1, 1, 500));
	while (b->n_held > 1)
		mbuf_free(b->held[--b->n_held]);
	b->cur = 0;
	bed_tick(b, MSEC);
	bed_expect_no_event(b);
	b->tx_hold = false;
	bed_let_go(b);
	bed_tick(b, 1);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	b->conn[0].handle = 0;
	bed_done(b);
}

/* More passes than there are marks: the last ones share one, and nothing is let go early. */
static void sent_waits_when_the_marks_have_run_out(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = NETIF_MARKS + 6;

	b->tx_hold = true;
	for (uint32_t i = 0; i < n; i++) {
		CHECK_EQ(bed_sendv(b, 10), 10);
		bed_forget_tx(b);
	}
	CHECK_EQ(b->n_held, n);
	for (uint32_t i = 0; i < n - 1; i++)
		mbuf_free(b->held[i]);
	b->held[0] = b->held[n - 1];
	b->n_held = 1;
	bed_rx(b, SEG(ACK, 1, 1 + 10 * n, 0));
	bed_expect_no_event(b);
	b->tx_hold = false;
	bed_let_go(b);
	bed_tick(b, 1);
	bed_expect_event(b, IX_EV_SENT, 10 * n);
	bed_done(b);
}

const struct pkt_case pkt_zero_copy[] = {
	CASE(sent_waits_for_a_frame_that_later_ones_overtake, "ix/abi.h sendv"),
	CASE(dead_waits_for_a_frame_that_later_ones_overtake, "ix/abi.h sendv"),
	CASE(sent_waits_when_the_marks_have_run_out, "ix/abi.h sendv"),
	CASE(sent_waits_for_the_first_transmission_too, "IX table 1"),
	CASE(sent_waits_for_its_own_frames_only, "IX table 1"),
	CASE(sent_waits_for_a_nic_that_holds_for_an_hour, "IX table 1"),
	CASE(frames_name_the_applications_memory, "IX table 1, sendv"),
	CASE(received_bytes_are_read_in_the_frame, "IX table 1, recv"),
	CASE(received_bytes_stay_until_recv_done, "IX table 1, recv_done"),
	CASE(frame_that_was_received_may_be_sent, "uaddr.h"),
	CASE(sent_waits_for_the_nic_to_let_go_of_a_retransmission, "IX table 1"),
	CASE(sent_waits_for_the_last_of_several_retransmissions, "IX table 1"),
	CASE(later_sends_do_not_overtake_what_is_owed, "ix/abi.h sent"),
	CASE(dead_waits_for_the_nic_to_let_go, "IX table 1"),
	CASE(dead_waits_after_an_abort_too, "IX table 1"),
	CASE(reassembled_stream_is_not_copied_either, "IX 3"),
	CASES_END
};
