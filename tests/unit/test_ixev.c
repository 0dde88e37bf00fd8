/* SPDX-License-Identifier: MIT */
/* test_ixev.c - core/libix against a scripted dataplane: calls, returns, life, releases */
#include "tests/unit/ixev_bed.h"

static void answers_in_one_batch_in_order(void)
{
	static struct conn c;

	bed_init(16);
	memset(&c, 0, sizeof(c));
	conn_up(&c, 1);
	event(IX_EV_RECV, &c, 0, 64);
	event(IX_EV_RECV, &c, 0, 36);
	send(&c, 0, 10);
	send(&c, 1, 20);
	enter();
	LEFT(IX_CALL_RECV_DONE, IX_CALL_SENDV);
	CHECK_EQ(t.dp.left[0].bytes, 100);
	CHECK_EQ(t.dp.left[1].n, 2);
	const struct ix_sg *sg = (const void *)(uintptr_t)t.dp.left[1].sg;
	CHECK(sg[0].addr == (uint64_t)(uintptr_t)data && sg[0].len == 10 && sg[1].len == 20);
	fake_return(&t.dp, 1, 30);
	event(IX_EV_SENT, &c, 15, 100);
	enter();
	LEFT_NOTHING();
	CHECK(c.released[0] == 1 && c.released[1] == 0);
	event(IX_EV_SENT, &c, 15, 100);
	enter();
	CHECK(c.released[0] == 1 && c.released[1] == 1);
	CHECK_EQ(c.n_sent, 2);
	CHECK_EQ(t.n_idle, 4);
}

static void short_accept_waits_for_the_window(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	send(&c, 0, 100);
	send(&c, 1, 100);
	enter();
	fake_return(&t.dp, 0, 130);
	enter();
	LEFT_NOTHING();
	send(&c, 2, 50);		/* while blocked: joins the queue only */
	enter();
	LEFT_NOTHING();
	event(IX_EV_SENT, &c, 60, 0);	/* acknowledged, but the window is still closed */
	enter();
	LEFT_NOTHING();
	event(IX_EV_SENT, &c, 0, 500);	/* a window update alone */
	enter();
	LEFT(IX_CALL_SENDV);
	const struct ix_sg *sg = (const void *)(uintptr_t)t.dp.left[0].sg;
	CHECK_EQ(t.dp.left[0].n, 2);
	CHECK(sg[0].addr == (uint64_t)(uintptr_t)(data + 1 + 30) && sg[0].len == 70);
	CHECK_EQ(sg[1].len, 50);
	fake_return(&t.dp, 0, 120);
	event(IX_EV_SENT, &c, 190, 500);
	enter();
	CHECK(c.released[0] == 1 && c.released[1] == 1 && c.released[2] == 1);
}

static void many_pieces_go_in_several_calls(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	for (int i = 0; i < 70; i++)
		send(&c, i, 1);
	enter();
	LEFT(IX_CALL_SENDV);
	CHECK_EQ(t.dp.left[0].n, IX_SG_MAX);
	fake_return(&t.dp, 0, IX_SG_MAX);
	enter();
	LEFT(IX_CALL_SENDV);
	CHECK_EQ(t.dp.left[0].n, 70 - IX_SG_MAX);
	fake_return(&t.dp, 0, 70 - IX_SG_MAX);
	event(IX_EV_SENT, &c, 70, 1);
	enter();
	for (int i = 0; i < 70; i++)
		CHECK_EQ(c.released[i], 1);
}

static void fin_waits_until_all_is_accepted(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	send(&c, 0, 100);
	ixev_close(&c.ctx, IX_CLOSE_FIN);
	send(&c, 1, 10);		/* after close: released at once */
	CHECK_EQ(c.released[1], 1);
	enter();
	LEFT(IX_CALL_SENDV);
	fake_return(&t.dp, 0, 40);
	event(IX_EV_RECV, &c, 0, 30);	/* nobody reads it, but the peer must not stall */
	event(IX_EV_RECV, &c, 0, 0);
	enter();
	LEFT(IX_CALL_RECV_DONE);
	CHECK_EQ(c.n_recv + c.n_eof, 0);
	event(IX_EV_SENT, &c, 40, 100);
	enter();
	LEFT(IX_CALL_SENDV);
	fake_return(&t.dp, 0, 60);
	enter();
	LEFT(IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].n, IX_CLOSE_FIN);
	CHECK_EQ(t.dp.left[0].handle, handle_of(1));
	event(IX_EV_SENT, &c, 60, 100);	/* memory comes back after close, silently */
	enter();
	LEFT_NOTHING();
	CHECK_EQ(c.released[0], 1);
	CHECK_EQ(c.n_sent, 0);
	event(IX_EV_DEAD, &c, 0, IX_DEAD_CLOSED);
	enter();
	CHECK_EQ(c.n_dead, 1);
	CHECK_EQ(c.reason, IX_DEAD_CLOSED);
}

/* What comes while a context closes is given back, but not in place of what a reference names. */
static void closing_keeps_what_is_named(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	c.keep = true;
	event(IX_EV_RECV, &c, 0, 100);
	event(IX_EV_RECV, &c, 0, 70);
	enter();
	LEFT_NOTHING();
	send(&c, 0, 100);
	send(&c, 1, 70);
	ixev_close(&c.ctx, IX_CLOSE_FIN);
	enter();
	LEFT(IX_CALL_SENDV);
	fake_return(&t.dp, 0, 40);
	event(IX_EV_RECV, &c, 0, 30);
	enter();
	LEFT_NOTHING();
	event(IX_EV_SENT, &c, 40, 90);
	enter();
	LEFT(IX_CALL_SENDV);
	fake_return(&t.dp, 0, 90);
	event(IX_EV_SENT, &c, 60, 0);	/* the first is released: its bytes go, and no more */
	event(IX_EV_RECV, &c, 0, 30);
	enter();
	LEFT(IX_CALL_RECV_DONE);
	CHECK_EQ(t.dp.left[0].bytes, 100);
	CHECK(c.released[0] == 1 && c.released[1] == 0);
	event(IX_EV_SENT, &c, 0, 90);
	enter();
	LEFT(IX_CALL_SENDV);
	fake_return(&t.dp, 0, 40);
	event(IX_EV_SENT, &c, 30, 0);
	event(IX_EV_SENT, &c, 40, 0);
	enter();
	LEFT(IX_CALL_RECV_DONE, IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].bytes, 70);
	CHECK(c.released[1] == 1 && c.n_recv == 2);
}

static void gives_back_no_more_than_it_holds(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	c.to_ack = 150;
	event(IX_EV_RECV, &c, 0, 100);
	enter();
	LEFT(IX_CALL_RECV_DONE);
	CHECK_EQ(t.dp.left[0].bytes, 100);
	c.to_ack = 60;
	event(IX_EV_RECV, &c, 0, 100);
	enter();
	ixev_recv_done(&c.ctx, 60);
	enter();
	LEFT(IX_CALL_RECV_DONE);
	CHECK_EQ(t.dp.left[0].bytes, 40);
}

static void rst_goes_at_once_and_dead_releases(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	c.close_on_recv = IX_CLOSE_RST + 1;
	send(&c, 0, 100);
	send(&c, 1, 100);
	event(IX_EV_RECV, &c, 0, 10);
	event(IX_EV_RECV, &c, 0, 10);	/* in the array behind the close: not delivered */
	enter();
	CHECK_EQ(c.n_recv, 1);
	CHECK_EQ(t.dp.left[t.dp.n_left - 1].nr, IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[t.dp.n_left - 1].n, IX_CLOSE_RST);
	for (uint32_t i = 0; i < t.dp.n_left; i++)
		CHECK(t.dp.left[i].nr != IX_CALL_SENDV);
	CHECK_EQ(c.released[0], 0);
	ixev_recv_done(&c.ctx, 5);
	ixev_close(&c.ctx, IX_CLOSE_FIN);
	event(IX_EV_DEAD, &c, 0, IX_DEAD_ABORTED);
	enter();
	LEFT_NOTHING();
	CHECK(c.released[0] == 1 && c.released[1] == 1);
	send(&c, 2, 5);
	CHECK_EQ(c.released[2], 1);
	CHECK_EQ(c.n_dead, 1);
}

static void half_close_keeps_receiving(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	ixev_close(&c.ctx, IX_CLOSE_HALF);
	send(&c, 0, 4);
	CHECK_EQ(c.released[0], 1);
	event(IX_EV_RECV, &c, 0, 10);
	enter();
	LEFT(IX_CALL_RECV_DONE, IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[1].n, IX_CLOSE_HALF);
	event(IX_EV_RECV, &c, 0, 10);
	event(IX_EV_RECV, &c, 0, 0);
	enter();
	LEFT(IX_CALL_RECV_DONE);
	CHECK(c.n_recv == 2 && c.n_eof == 1);
	ixev_close(&c.ctx, IX_CLOSE_HALF);	/* not stronger: nothing */
	enter();
	LEFT_NOTHING();
	ixev_close(&c.ctx, IX_CLOSE_RST);	/* stronger */
	enter();
	LEFT(IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].n, IX_CLOSE_RST);
}

static void refused_and_failed_accepts(void)
{
	static struct conn c;

	bed_init(16);
	knock(3);
	enter();
	LEFT(IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].handle, handle_of(3));
	memset(&c, 0, sizeof(c));
	t.accept = &c;
	c.reconnect = true;
	knock(4);
	enter();
	send(&c, 0, 10);	/* outside an entry: goes with the next batch, were it alive */
	fake_return(&t.dp, 0, -EBADF);
	enter();
	CHECK(c.n_dead == 1 && c.released[0] == 1);
	CHECK_EQ(c.reason, IX_DEAD_RESET);
	LEFT(IX_CALL_CONNECT);	/* the context was reused in its own dead handler */
}

/* accept and sendv in one batch, both refused: the reuse must not see the second error. */
static void stale_returns_do_not_hit_the_reuse(void)
{
	static struct conn c;

	bed_init(16);
	memset(&c, 0, sizeof(c));
	t.accept = &c;
	t.send_in_knock = true;
	c.reconnect = true;
	knock(4);
	enter();
	LEFT(IX_CALL_ACCEPT, IX_CALL_SENDV);
	fake_return(&t.dp, 0, -EBADF);
	fake_return(&t.dp, 1, -EBADF);
	enter();
	CHECK(c.n_dead == 1 && c.released[0] == 1);
	LEFT(IX_CALL_CONNECT);
	fake_return(&t.dp, 0, (int64_t)handle_of(9));
	enter();
	LEFT_NOTHING();		/* the abort of the old one is not issued for the new one */
	event(IX_EV_CONNECTED, &c, 0, 0);
	send(&c, 1, 10);
	enter();
	LEFT(IX_CALL_SENDV);
	CHECK_EQ(t.dp.left[0].handle, handle_of(9));
	CHECK(c.n_connected == 1 && c.outcome == 0);
}

/* The error of a sendv and the death that explains it come in one entry. */
static void error_with_death_is_harmless(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	c.reconnect = true;
	send(&c, 0, 10);
	enter();
	fake_return(&t.dp, 0, -ENOTCONN);
	event(IX_EV_DEAD, &c, 0, IX_DEAD_RESET);
	enter();
	CHECK(c.n_dead == 1 && c.released[0] == 1);
	LEFT(IX_CALL_CONNECT);	/* and no close */
}

static void sendv_error_without_death_aborts(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	send(&c, 0, 10);
	enter();
	fake_return(&t.dp, 0, -EFAULT);
	enter();
	LEFT(IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].n, IX_CLOSE_RST);
	event(IX_EV_DEAD, &c, 0, IX_DEAD_ABORTED);
	enter();
	CHECK(c.n_dead == 1 && c.released[0] == 1);
}

static void connect_life(void)
{
	static struct conn c;

	bed_init(16);
	memset(&c, 0, sizeof(c));
	ixev_ctx_init(&c.ctx, &ops);
	ixev_connect(t.ev, &c.ctx, 0x0a000001, 8080);
	send(&c, 0, 10);		/* before it is connected */
	enter();
	LEFT(IX_CALL_CONNECT);
	CHECK_EQ(t.dp.left[0].addr.ip, 0x0a000001);
	CHECK_EQ(t.dp.left[0].addr.port, 8080);
	CHECK_EQ(t.dp.left[0].cookie, (uint64_t)(uintptr_t)&c.ctx);
	fake_return(&t.dp, 0, (int64_t)handle_of(2));
	enter();
	LEFT_NOTHING();
	event(IX_EV_CONNECTED, &c, 0, 0);
	enter();
	LEFT(IX_CALL_SENDV);
	CHECK_EQ(t.dp.left[0].handle, handle_of(2));
}

static void connect_that_fails(void)
{
	static struct conn c;

	for (int late = 0; late < 2; late++) {
		bed_init(16);
		memset(&c, 0, sizeof(c));
		ixev_ctx_init(&c.ctx, &ops);
		ixev_connect(t.ev, &c.ctx, 1, 1);
		send(&c, 0, 10);
		enter();
		fake_return(&t.dp, 0, late ? (int64_t)handle_of(2) : -EADDRNOTAVAIL);
		if (late)
			event(IX_EV_CONNECTED, &c, 0, (uint32_t)-ECONNREFUSED);
		enter();
		CHECK(c.n_connected == 1 && c.released[0] == 1 && c.n_dead == 0);
		CHECK_EQ(c.outcome, late ? -ECONNREFUSED : -EADDRNOTAVAIL);
		LEFT_NOTHING();
	}
}

static void close_while_connecting(void)
{
	static struct conn c;

	bed_init(16);
	memset(&c, 0, sizeof(c));
	ixev_ctx_init(&c.ctx, &ops);
	ixev_connect(t.ev, &c.ctx, 1, 1);
	enter();
	fake_return(&t.dp, 0, (int64_t)handle_of(2));
	ixev_close(&c.ctx, IX_CLOSE_RST);	/* the handle is not known yet */
	enter();
	LEFT(IX_CALL_CLOSE);
	CHECK_EQ(t.dp.left[0].handle, handle_of(2));
}

static void death_leaves_the_pending_list(void)
{
	static struct conn c[3];

	bed_init(16);
	for (uint32_t i = 0; i < 3; i++)
		conn_up(&c[i], i + 1);
	for (int i = 0; i < 3; i++)
		send(&c[i], 0, 8);
	c[1].reconnect = true;
	event(IX_EV_DEAD, &c[1], 0, IX_DEAD_TIMEOUT);
	event(IX_EV_DEAD, &c[2], 0, IX_DEAD_TIMEOUT);
	enter();
	LEFT(IX_CALL_SENDV, IX_CALL_CONNECT);
	CHECK_EQ(t.dp.left[1].cookie, (uint64_t)(uintptr_t)&c[1].ctx);
	CHECK(c[1].released[0] == 1 && c[2].released[0] == 1 && c[0].released[0] == 0);
}

static void release_may_send_again(void)
{
	static struct conn c;

	bed_init(16);
	conn_up(&c, 1);
	c.resend = true;
	send(&c, 0, 10);
	enter();
	fake_return(&t.dp, 0, 10);
	event(IX_EV_SENT, &c, 10, 100);
	enter();
	LEFT(IX_CALL_SENDV);
	CHECK_EQ(c.released[0], 1);
	c.resend = true;	/* ... and in death, where it comes straight back */
	event(IX_EV_DEAD, &c, 0, IX_DEAD_RESET);
	enter();
	CHECK_EQ(c.released[0], 3);
	LEFT_NOTHING();
}

CU_MAIN("ixev", TEST(answers_in_one_batch_in_order), TEST(short_accept_waits_for_the_window),
	TEST(many_pieces_go_in_several_calls), TEST(fin_waits_until_all_is_accepted),
	TEST(closing_keeps_what_is_named), TEST(gives_back_no_more_than_it_holds),
	TEST(rst_goes_at_once_and_dead_releases), TEST(half_close_keeps_receiving),
	TEST(refused_and_failed_accepts), TEST(stale_returns_do_not_hit_the_reuse),
	TEST(error_with_death_is_harmless), TEST(sendv_error_without_death_aborts),
	TEST(connect_life), TEST(connect_that_fails), TEST(close_while_connecting),
	TEST(death_leaves_the_pending_list), TEST(release_may_send_again))
