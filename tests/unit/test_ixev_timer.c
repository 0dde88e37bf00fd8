/* SPDX-License-Identifier: MIT */
/* test_ixev_timer.c - core/libix: timers, the full call array, datagrams, declared work */
#include "tests/unit/ixev_bed.h"

static void full_array_keeps_order_and_comes_back(void)
{
	static struct conn c[12];
	uint32_t seen = 0;

	bed_init(6);
	for (uint32_t i = 0; i < 12; i++)
		conn_up(&c[i], i + 1);
	for (int i = 0; i < 12; i++) {
		send(&c[i], 0, 8);
		event(IX_EV_RECV, &c[i], 0, 4);
	}
	for (int pass = 0; pass < 12 && seen < 24; pass++) {
		enter();
		CHECK(t.dp.n_left <= 6);
		for (uint32_t i = 0; i < t.dp.n_left; i++) {
			const struct ix_call *l = &t.dp.left[i];

			if (l->nr == IX_CALL_TIMER_ARM) {	/* the kick: last, once */
				CHECK_EQ(i, t.dp.n_left - 1);
				fake_return(&t.dp, i, 1);
				fake_event(&t.dp, (struct ix_event){ .nr = IX_EV_TIMER,
								     .cookie = l->cookie });
				continue;
			}
			/* recv_done, sendv of connection 1, then of 2, ... */
			CHECK_EQ(l->nr, seen % 2 ? IX_CALL_SENDV : IX_CALL_RECV_DONE);
			CHECK_EQ(l->handle, handle_of(seen / 2 + 1));
			if (l->nr == IX_CALL_SENDV)
				fake_return(&t.dp, i, 8);
			seen++;
		}
		if (seen < 24)
			CHECK_EQ(t.dp.left[t.dp.n_left - 1].nr, IX_CALL_TIMER_ARM);
	}
	CHECK_EQ(seen, 24);
	enter();
	LEFT_NOTHING();
}

static void fired(struct ixev_timer *tm, struct ixev *ev)
{
	(void)ev;
	CHECK(tm->flags == 0);
	t.n_fired++;
}

static void timer_event(struct ixev_timer *tm)
{
	fake_event(&t.dp, (struct ix_event){ .nr = IX_EV_TIMER,
					     .cookie = (uint64_t)(uintptr_t)tm });
}

static void timers(void)
{
	struct ixev_timer a;

	bed_init(16);
	ixev_timer_init(&a, fired);
	ixev_timer_cancel(t.ev, &a);
	ixev_timer_arm(t.ev, &a, 500);
	ixev_timer_arm(t.ev, &a, 700);
	enter();
	LEFT(IX_CALL_TIMER_ARM);
	CHECK_EQ(t.dp.left[0].delay_ns, 700);
	fake_return(&t.dp, 0, 77);
	timer_event(&a);
	enter();
	CHECK_EQ(t.n_fired, 1);
	ixev_timer_arm(t.ev, &a, 500);
	enter();
	fake_return(&t.dp, 0, 78);
	enter();
	ixev_timer_arm(t.ev, &a, 900);		/* moves it */
	enter();
	LEFT(IX_CALL_TIMER_CANCEL, IX_CALL_TIMER_ARM);
	CHECK_EQ(t.dp.left[0].handle, 78);
	fake_return(&t.dp, 0, -EBADF);		/* too late: the old one is on its way */
	fake_return(&t.dp, 1, 79);
	timer_event(&a);
	enter();
	CHECK_EQ(t.n_fired, 1);
	timer_event(&a);
	enter();
	CHECK_EQ(t.n_fired, 2);
}

static void timer_cancel_beats_its_event(void)
{
	struct ixev_timer a;

	bed_init(16);
	ixev_timer_init(&a, fired);
	ixev_timer_arm(t.ev, &a, 500);
	enter();
	fake_return(&t.dp, 0, 5);
	enter();
	ixev_timer_cancel(t.ev, &a);
	timer_event(&a);
	enter();
	CHECK_EQ(t.n_fired, 0);
	LEFT_NOTHING();		/* it is gone: nothing to cancel */
	ixev_timer_arm(t.ev, &a, 1);
	enter();
	fake_return(&t.dp, 0, -ENOSPC);	/* tried again with the next batch */
	enter();
	LEFT(IX_CALL_TIMER_ARM);
}

static void datagrams(void)
{
	bed_init(16);
	fake_event(&t.dp, (struct ix_event){ .nr = IX_EV_UDP_RECV, .handle = 5, .len = 5,
					     .addr = { .ip = 9, .port = 10, .local_port = 11 } });
	enter();
	CHECK_EQ(t.n_udp, 1);
	LEFT(IX_CALL_UDP_RECV_DONE, IX_CALL_UDP_SENDV);
	CHECK(t.dp.left[1].addr.port == 10 && t.dp.left[1].addr.local_port == 53);
	CHECK_EQ(t.dp.left[1].cookie, 99);
}

/* Both run in the batch of this entry, before what the flush leaves; without a handle, not. */
static void info_and_set(void)
{
	static struct ix_tcp_info info;
	static struct conn c, idle;

	bed_init(16);
	conn_up(&c, 1);
	CHECK_EQ(ixev_info(&c.ctx, &info), -1);			/* outside an entry */
	ixev_ctx_init(&idle.ctx, &ops);
	CHECK_EQ(ixev_set(&idle.ctx, IX_OPT_NAGLE, 1), -1);	/* no connection yet */
	c.ask = &info;
	event(IX_EV_RECV, &c, 0, 5);
	enter();
	LEFT(IX_CALL_INFO, IX_CALL_SET, IX_CALL_RECV_DONE);
	CHECK_EQ(t.dp.left[0].handle, handle_of(1));
	CHECK_EQ(t.dp.left[0].ptr, (uintptr_t)&info);
	CHECK_EQ(t.dp.left[0].n, sizeof(info));
	CHECK_EQ(t.dp.left[1].n, IX_OPT_NAGLE);
	CHECK_EQ(t.dp.left[1].value, 1);
}

static void work_is_per_entry(void)
{
	bed_init(16);
	enter();
	CHECK_EQ(t.dp.page.app_cycles, 0);
	t.dp.page.app_cycles = 123;
	enter();
	CHECK_EQ(t.dp.page.app_cycles, 0);
	CHECK_EQ(ixev_now(t.ev), t.now);
	free(t.mem);
	t.mem = NULL;
}

CU_MAIN("ixev_timer", TEST(full_array_keeps_order_and_comes_back), TEST(timers),
	TEST(timer_cancel_beats_its_event), TEST(datagrams), TEST(info_and_set),
	TEST(work_is_per_entry))
