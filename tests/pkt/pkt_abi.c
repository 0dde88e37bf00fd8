/* SPDX-License-Identifier: MIT */
/*
 * pkt_abi.c - the calls an application can write, hostile ones first (ix/abi.h; IX section 4.3)
 *
 * Whatever is refused has changed nothing: bed_done() finds every connection as it was.
 */
#include "cases.h"

static int64_t sendv_raw(struct bed *b, uint64_t handle, uint64_t sg, uint32_t n)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_SENDV, .handle = handle, .sg = sg,
					     .n = n });
}

/* One sendv of @n pieces laid out at @at in the window. */
static int64_t sendv_sg(struct bed *b, uint64_t at, const struct ix_sg *sg, uint32_t n)
{
	memcpy((void *)(uintptr_t)at, sg, n * sizeof(*sg));
	return sendv_raw(b, b->conn[b->cur].handle, at, n);
}

static uint64_t win(const struct bed *b) { return (uintptr_t)b->win; }
static uint64_t win_end(const struct bed *b) { return win(b) + b->user.win_len; }
static uint64_t sg_room(const struct bed *b) { return win(b) + BED_WIN - 4096; }

/* Every call on @handle is refused. */
static void expect_ebadf(struct bed *b, uint64_t handle)
{
	static const uint32_t nrs[] = { IX_CALL_ACCEPT, IX_CALL_RECV_DONE, IX_CALL_CLOSE,
					IX_CALL_SENDV, IX_CALL_UDP_RECV_DONE,
					IX_CALL_TIMER_CANCEL };

	for (uint32_t i = 0; i < ARRAY_LEN(nrs); i++)
		CHECK_EQ(bed_call(b, (struct ix_call){ .nr = nrs[i], .n = nrs[i] == IX_CALL_SENDV,
						       .handle = handle, .bytes = 1 }), -EBADF);
}

static void handle_of_nothing_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t h = b->conn[0].handle;

	expect_ebadf(b, 0);
	expect_ebadf(b, UINT64_MAX);
	expect_ebadf(b, h ^ 1ULL << 63);
	expect_ebadf(b, h + 1);
	expect_ebadf(b, h | 0xffffffff);
	expect_ebadf(b, h & 0xffffffff);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void handle_of_another_generation_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t h = b->conn[0].handle;

	expect_ebadf(b, h + (1ULL << 32));
	expect_ebadf(b, h - (1ULL << 32));
	bed_done(b);
}

static void handle_is_stale_when_the_slot_is_used_again(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t old = b->conn[0].handle;

	bed_close(b, IX_CLOSE_RST);
	bed_forget_tx(b);
	bed_forget_events(b);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	CHECK_EQ((uint32_t)old, (uint32_t)b->conn[1].handle);
	expect_ebadf(b, old);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	b->conn[0].handle = 0;
	bed_done(b);
}

static void sg_outside_the_window_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t h = b->conn[0].handle;

	CHECK_EQ(sendv_raw(b, h, 0, 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, UINT64_MAX, 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, UINT64_MAX - 15, 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, win(b) - 1, 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, win_end(b) - 15, 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, win_end(b), 1), -EFAULT);
	CHECK_EQ(sendv_raw(b, h, (uintptr_t)b->dp, 1), -EFAULT);
	bed_expect_nothing(b);
	bed_done(b);
}

static void count_of_pieces_is_bounded(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t h = b->conn[0].handle;

	CHECK_EQ(sendv_raw(b, h, win(b), 0), -EINVAL);
	CHECK_EQ(sendv_raw(b, h, win(b), IX_SG_MAX + 1), -EINVAL);
	CHECK_EQ(sendv_raw(b, h, win(b), UINT32_MAX), -EINVAL);
	CHECK_EQ(bed_send_pieces(b, IX_SG_MAX, 10), 10 * IX_SG_MAX);
	bed_forget_tx(b);
	bed_done(b);
}

static void piece_outside_the_window_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	const struct { uint64_t addr, len; int64_t want; } bad[] = {
		{ 0, 10, -EFAULT }, { UINT64_MAX, 1, -EFAULT }, { UINT64_MAX - 5, 10, -EFAULT },
		{ win(b) - 1, 10, -EFAULT }, { win_end(b) - 9, 10, -EFAULT },
		{ win_end(b), 1, -EFAULT }, { (uintptr_t)b->dp, 64, -EFAULT },
		{ win(b), 0, -EINVAL }, { win(b), (uint64_t)IX_SENDV_MAX + 1, -EINVAL },
		{ win(b), UINT64_MAX, -EINVAL }, { win(b), 1ULL << 32, -EINVAL },
		{ win(b), IX_SENDV_MAX, -EFAULT } };

	for (uint32_t i = 0; i < ARRAY_LEN(bad); i++) {
		struct ix_sg sg = { .addr = bad[i].addr, .len = bad[i].len };

		CHECK_EQ(sendv_sg(b, sg_room(b), &sg, 1), bad[i].want);
	}
	bed_expect_nothing(b);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	bed_done(b);
}

/* Decoded whole before anything is done: the good pieces in front are not sent. */
static void one_bad_piece_refuses_all(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_sg sg[3] = { { win(b), 10 }, { win(b) + 100, 10 }, { 1, 10 } };

	CHECK_EQ(sendv_sg(b, sg_room(b), sg, 3), -EFAULT);
	bed_expect_nothing(b);
	sg[2] = (struct ix_sg){ win(b) + 200, 0 };
	CHECK_EQ(sendv_sg(b, sg_room(b), sg, 3), -EINVAL);
	bed_expect_nothing(b);
	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	bed_done(b);
}

static void misaligned_array_is_read(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_sg sg = { win(b), 10 };

	for (uint32_t i = 1; i < 8; i += 2) {
		sg.addr = win(b) + b->conn[0].tx_off;
		CHECK_EQ(sendv_sg(b, sg_room(b) + i, &sg, 1), 10);
		b->conn[0].tx_off += 10;
	}
	CHECK_EQ(bed_tx_waiting(b), 4);
	bed_forget_tx(b);
	bed_done(b);
}

static void array_and_pieces_may_end_with_the_window(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_sg sg = { win(b), 10 };

	CHECK_EQ(sendv_sg(b, win_end(b) - sizeof(sg), &sg, 1), 10);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	bed_done(b);
}

static void recv_done_of_more_than_was_delivered_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_recv_done(b, 1), -EINVAL);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	CHECK_EQ(bed_recv_done(b, 0), -EINVAL);
	CHECK_EQ(bed_recv_done(b, 101), -EINVAL);
	CHECK_EQ(bed_recv_done(b, (1ULL << 32) + 1), -EINVAL);
	CHECK_EQ(bed_recv_done(b, UINT64_MAX), -EINVAL);
	CHECK_EQ(bed_recv_done(b, 60), 0);
	CHECK_EQ(bed_recv_done(b, 41), -EINVAL);
	CHECK_EQ(bed_recv_done(b, 40), 0);
	bed_done(b);
}

static void accept_is_for_knocks_and_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_accept(b), -EINVAL);
	bed_done(b);
	b = bed_in_active(TCP_ESTABLISHED);
	CHECK_EQ(bed_accept(b), -EINVAL);
	bed_done(b);
	b = bed_in(TCP_SYN_RCVD);		/* a handle can be guessed */
	b->conn[0].handle = tcp_handle(&b->dp->tcp, bed_pcb(b));
	CHECK_EQ(bed_accept(b), -EINVAL);
	CHECK_EQ(bed_sendv(b, 10), -ENOTCONN);
	CHECK_EQ(bed_recv_done(b, 1), -EINVAL);
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), -ENOTCONN);
	b->conn[0].handle = 0;
	bed_done(b);
}

static void closing_twice_is_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK_EQ(bed_close(b, (enum ix_close_mode)3), -EINVAL);
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), 0);
	CHECK_EQ(bed_close(b, IX_CLOSE_HALF), -ENOTCONN);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), -EBADF);
	CHECK_EQ(bed_close(b, IX_CLOSE_RST), -EBADF);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

static void unknown_calls_are_refused(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	static const uint32_t nrs[] = { IX_CALL_NONE, IX_CALL_NR, IX_CALL_NR + 1, 0x80000000u,
					UINT32_MAX };

	for (uint32_t i = 0; i < ARRAY_LEN(nrs); i++)
		CHECK_EQ(bed_call(b, (struct ix_call){ .nr = nrs[i] }), -ENOSYS);
	bed_done(b);
}

static void count_of_calls_beyond_the_array_is_bounded(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->n_calls_claim = UINT32_MAX;
	dp_kick(b->dp);
	bed_pass(b);
	CHECK_EQ(bed_stat(b, STAT_CALLS_BOUNDED), 1);
	CHECK_EQ(b->work.calls, BED_CALLS + 1);		/* and the accept */
	bed_done(b);
}

static void scribble(struct bed *b, struct ix_page *page)
{
	(void)b;
	page->events = (struct ix_event *)8;
	page->calls = (struct ix_call *)16;
	page->n_events = UINT32_MAX;
	page->max_events = page->max_calls = 0;
	page->now_ns = 0;
}

/* The dataplane keeps its own copy of everything but the count. */
static void scribbled_page_does_no_harm(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_page saved = *dp_page(b->dp);

	b->hook = scribble;
	dp_kick(b->dp);
	bed_pass(b);
	b->hook = NULL;
	*dp_page(b->dp) = saved;
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void calls_of_a_batch_run_in_order(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	struct ix_sg *sg = (struct ix_sg *)(uintptr_t)sg_room(b);

	*sg = (struct ix_sg){ win(b), 10 };
	b->calls[0] = (struct ix_call){ .nr = IX_CALL_SENDV, .handle = b->conn[0].handle, .n = 1,
					.sg = sg_room(b) };
	b->calls[1] = (struct ix_call){ .nr = IX_CALL_CLOSE, .handle = b->conn[0].handle };
	b->calls[2] = b->calls[0];
	b->n_calls = 3;
	CHECK_EQ(bed_accept(b), -EBADF);
	CHECK_EQ(dp_page(b->dp)->calls[0].ret, 10);
	CHECK_EQ(dp_page(b->dp)->calls[1].ret, 0);
	CHECK_EQ(dp_page(b->dp)->calls[2].ret, -EBADF);
	bed_expect(b, SEG(ACK, 1, 1, 10));
	bed_expect(b, SEG(FIN | ACK, 11, 1, 0));
	bed_done(b);
}

static int64_t connect_to(struct bed *b, uint32_t ip, uint16_t port)
{
	return bed_call(b, (struct ix_call){ .nr = IX_CALL_CONNECT, .cookie = bed_cookie(0),
					     .addr = { .ip = ip, .port = port } });
}

static uint32_t entries;

static void count_entry(struct bed *b, struct ix_page *page)
{
	(void)b;
	(void)page;
	entries++;
}

/* An application learns of a refusal when it is entered next: that may not wait for others. */
static void refusal_is_told_without_an_event(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->hook = count_entry;
	entries = 0;
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_ACCEPT, .handle = 1 }), -EBADF);
	CHECK_EQ(entries, 1);
	CHECK(dp_next_deadline(b->dp) > b->now);
	bed_tick(b, 10 * NSEC_PER_USEC);
	CHECK_EQ(entries, 2);
	bed_tick(b, MSEC);
	CHECK_EQ(entries, 2);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_SET, .handle = b->conn[0].handle,
					       .n = IX_OPT_NAGLE, .value = 1 }), 0);
	bed_tick(b, MSEC);
	CHECK_EQ(entries, 3);
	b->hook = NULL;
	bed_done(b);
}

static void arm_then_cancel(struct bed *b, struct ix_page *page)
{
	if (entries++ > 0)
		return;
	page->calls[0] = (struct ix_call){ .nr = IX_CALL_TIMER_ARM };
	page->calls[1] = (struct ix_call){ .nr = IX_CALL_TIMER_CANCEL,
					   .handle = b->conn[1].handle };
	page->n_calls = b->conn[1].handle ? 2 : 1;
}

/* ... but one for want of a timer when there is one: asking at once would be in vain. */
static void want_of_a_timer_is_told_when_there_is_one(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	int64_t timer = 0;

	for (uint32_t i = 0; i < b->cfg.timers_max; i++)
		timer = bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_ARM,
						      .delay_ns = 10 * SEC });
	CHECK(timer > 0);
	b->hook = arm_then_cancel;
	entries = 0;
	dp_kick(b->dp);
	bed_tick(b, 10 * MSEC);
	CHECK_EQ(dp_page(b->dp)->calls[0].ret, -ENOBUFS);
	CHECK_EQ(entries, 1);

	b->conn[1].handle = (uint64_t)timer;
	entries = 0;
	dp_kick(b->dp);
	bed_pass_once(b);
	CHECK_EQ(dp_page(b->dp)->calls[0].ret, -ENOBUFS);
	CHECK_EQ(dp_page(b->dp)->calls[1].ret, 0);
	bed_tick(b, 0);
	CHECK_EQ(entries, 2);
	b->conn[1].handle = 0;
	b->hook = NULL;
	bed_tick(b, 20 * SEC);
	bed_forget_events(b);
	bed_done(b);
}

static void connect_to_nowhere_is_refused(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	CHECK_EQ(connect_to(b, 0x0a000002, 0), -EINVAL);
	CHECK_EQ(connect_to(b, 0, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0xffffffff, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0x0a0000ff, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0x0a000000, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0x0a000001, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0xe0000001, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0x7f000001, 80), -EINVAL);
	CHECK_EQ(connect_to(b, 0x0b000001, 80), -EHOSTUNREACH);
	bed_done(b);
}

static void connect_runs_out_of_ports_and_of_table(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	CHECK_EQ(connect_to(b, 0x0a000002, 81), -EADDRNOTAVAIL);
	bed_done(b);
	struct dp_cfg cfg = bed_cfg();

	cfg.conns_max = 1;
	cfg.port_max = 50010;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(connect_to(b, 0x0a000002, 81), -ENOBUFS);
	bed_done(b);
}

static void timers_fire_once_and_can_be_cancelled(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	int64_t a, c;

	a = bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_ARM, .cookie = 7,
					  .delay_ns = 5 * MSEC });
	c = bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_ARM, .delay_ns = 6 * MSEC });
	CHECK(a > 0 && c > 0 && a != c);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_CANCEL,
					       .handle = (uint64_t)c }), 0);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_CANCEL,
					       .handle = (uint64_t)c }), -EBADF);
	bed_tick(b, 4 * MSEC);
	bed_expect_no_event(b);
	bed_tick(b, 4 * MSEC);
	bed_expect_event(b, IX_EV_TIMER, 0);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_CANCEL,
					       .handle = (uint64_t)a }), -EBADF);
	CHECK_EQ(bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_ARM,
					       .delay_ns = UINT64_MAX }), -EINVAL);
	for (uint32_t i = 0; i < b->cfg.timers_max; i++)
		CHECK(bed_call(b, (struct ix_call){ .nr = IX_CALL_TIMER_ARM }) > 0);
	bed_tick(b, MSEC);
	bed_forget_events(b);
	bed_done(b);
}

const struct pkt_case pkt_abi[] = {
	CASE(handle_of_nothing_is_refused, "ix/abi.h"),
	CASE(handle_of_another_generation_is_refused, "ix/abi.h"),
	CASE(handle_is_stale_when_the_slot_is_used_again, "ix/abi.h"),
	CASE(sg_outside_the_window_is_refused, "ix/abi.h sendv"),
	CASE(count_of_pieces_is_bounded, "ix/abi.h sendv"),
	CASE(piece_outside_the_window_is_refused, "ix/abi.h sendv"),
	CASE(one_bad_piece_refuses_all, "ix/abi.h sendv"),
	CASE(misaligned_array_is_read, "ix/abi.h sendv"),
	CASE(array_and_pieces_may_end_with_the_window, "ix/abi.h sendv"),
	CASE(recv_done_of_more_than_was_delivered_is_refused, "ix/abi.h recv_done"),
	CASE(accept_is_for_knocks_and_once, "ix/abi.h accept"),
	CASE(closing_twice_is_refused, "ix/abi.h close"),
	CASE(unknown_calls_are_refused, "ix/abi.h"),
	CASE(count_of_calls_beyond_the_array_is_bounded, "ix/abi.h struct ix_page"),
	CASE(scribbled_page_does_no_harm, "ix/abi.h struct ix_page"),
	CASE(calls_of_a_batch_run_in_order, "IX 4.3"),
	CASE(refusal_is_told_without_an_event, "ix/abi.h"),
	CASE(want_of_a_timer_is_told_when_there_is_one, "ix/abi.h timer_arm"),
	CASE(connect_to_nowhere_is_refused, "ix/abi.h connect [RFC 9293 MUST-46]"),
	CASE(connect_runs_out_of_ports_and_of_table, "ix/abi.h connect [RFC 6056 3.3-2]"),
	CASE(timers_fire_once_and_can_be_cancelled, "ix/abi.h timer_arm"),
	CASES_END
};
