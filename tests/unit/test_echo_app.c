/* SPDX-License-Identifier: MIT */
/* test_echo_app.c - echo server and client end to end over a fake wire */
#include "tests/unit/app_bed.h"

enum { MS = 1000000 };

static void bed_echo(uint32_t size, uint32_t server_size)
{
	bed_cfg("echo-client", "echo");
	bed_set(0, "size", size);
	bed_set(1, "size", server_size);
	bed_set(0, "connections", 4);
	bed_set(0, "connect_ramp", 0);
}

/* Every size, stream and messages, pipelined, on a small window: all bytes come back right. */
static void bytes_come_back(void)
{
	static const uint32_t sizes[] = { 1, 64, 1459, 1460, 1461, 8192, 20000 };

	for (size_t i = 0; i < sizeof(sizes) / sizeof(sizes[0]); i++)
		for (uint32_t stream = 0; stream < 2; stream++)
			for (uint32_t depth = 1; depth <= 6; depth += 5) {
				bed_echo(sizes[i], stream ? 0 : sizes[i]);
				bed_set(0, "depth", depth);
				bed_start(i * 4 + stream * 2 + depth, 16384);
				bed_run_until(5 * MS);
				CHECK_EQ(bed_report(0)->bad_bytes, 0);
				CHECK(b.report[0].requests > 100);
				CHECK_EQ(b.report[0].bytes, b.report[0].requests * sizes[i]);
				CHECK_EQ(b.report[0].conns_open, 4);
				CHECK_EQ(b.report[0].conns_died + b.report[0].conns_failed, 0);
				CHECK_EQ(b.report[0].latency->n, b.report[0].requests);
				bed_end();
			}
}

static void wrong_bytes_are_counted(void)
{
	bed_echo(64, 0);
	bed_start(1, 16384);
	bed_run_until(1 * MS);
	CHECK_EQ(bed_report(0)->bad_bytes, 0);
	for (int i = 0; i < 200; i++) {	/* flip a bit in a frame on its way to the client */
		struct end *e = &b.w.end[i % ENDS];

		wire_step(&b.w);
		if (e->used && e->side == 0 && e->n_frames)
			e->frame[0][0] ^= 1;
	}
	CHECK(bed_report(0)->bad_bytes > 0);
	CHECK(b.report[0].bad_bytes < 200);
	bed_end();
}

/* Two requests under way on four connections, which take turns or not: Little's law. */
static void outstanding_is_bounded(void)
{
	for (uint32_t order = 0; order < 2; order++) {
		bed_echo(64, 64);
		bed_set(0, "outstanding", 2);
		bed_set(0, "order", order);
		b.env[0].stop_ns = 5 * MS;
		bed_start(3, 16384);
		bed_run_until(5 * MS);
		CHECK(bed_report(0)->requests > 100);
		CHECK_EQ(b.report[0].conns_open, 4);
		CHECK_EQ(b.report[0].bad_bytes, 0);
		CHECK(b.report[0].latency->sum <= 2 * 5 * MS);
		CHECK(b.report[0].latency->sum > 2 * 5 * MS * 9 / 10);
		bed_run_until(6 * MS);
		CHECK_EQ(b.ops[0]->next_due(b.app[0]), UINT64_MAX);
		bed_end();
	}
}

/* When conversations are half through, on the average, none has ended; with `spread` about half of
 * the first ones have. */
static void first_conversations_are_spread(void)
{
	for (uint32_t spread = 0; spread < 2; spread++) {
		bed_echo(64, 64);
		bed_set(0, "connections", 16);
		bed_set(0, "rounds", 400);
		bed_set(0, "spread", spread);
		bed_start(3, 16384);
		for (int ms = 1; bed_report(0)->requests < 16 * 200; ms++)
			bed_run_until((uint64_t)ms * MS / 10);
		CHECK(b.report[0].requests < 16 * 300);
		CHECK(spread ? b.report[0].conns_opened >= 20 : b.report[0].conns_opened == 16);
		CHECK(b.report[0].conns_opened < 30);
		CHECK_EQ(b.report[0].bad_bytes, 0);
		CHECK_EQ(b.report[0].conns_died, 0);
		bed_end();
	}
}

static void rounds_then_close(uint32_t fin)
{
	bed_echo(64, 64);
	bed_set(0, "rounds", 3);
	bed_set(0, "depth", 2);
	bed_set(0, "close", fin);
	bed_start(3, 16384);
	bed_run_until(10 * MS);
	CHECK(bed_report(0)->conns_opened > 40);
	CHECK(b.report[0].requests / 3 <= b.report[0].conns_opened);
	CHECK(b.report[0].requests / 3 + 5 > b.report[0].conns_opened);
	CHECK_EQ(b.report[0].conns_died + b.report[0].conns_failed, 0);
	CHECK_EQ(b.report[0].bad_bytes, 0);
	CHECK(bed_report(1)->conns_opened >= b.report[0].conns_opened);
	CHECK_EQ(b.report[1].conns_died, 0);
	bed_end();
}

static void rounds_end_by_rst(void)
{
	rounds_then_close(0);
}

static void rounds_end_by_fin(void)
{
	rounds_then_close(1);
}

static void warmup_and_stop_bound_the_measure(void)
{
	uint64_t slices = 0, sum = 0;

	bed_echo(64, 64);
	b.env[0].warmup_ns = 2 * MS;
	b.env[0].stop_ns = 6 * MS;
	bed_start(4, 16384);
	bed_run_until(2 * MS);
	CHECK_EQ(bed_report(0)->requests, 0);
	bed_run_until(6 * MS);
	uint64_t at_stop = bed_report(0)->requests;
	CHECK(!b.ops[0]->finished(b.app[0]));
	bed_run_until(7 * MS);
	CHECK_EQ(bed_report(0)->requests, at_stop);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(b.report[0].unanswered, 0);
	CHECK(b.report[0].latency->n >= at_stop - 4 && b.report[0].latency->n <= at_stop + 4);
	CHECK_EQ(b.report[0].n_slices, 32);
	for (uint32_t i = 0; i < 32; i++) {
		CHECK(b.report[0].slice_n[i] > 0);
		slices += b.report[0].slice_n[i];
		sum += b.report[0].slice_sum_ns[i];
	}
	CHECK_EQ(slices, b.report[0].latency->n);
	CHECK_EQ(sum, b.report[0].latency->sum);
	bed_end();
}

/* Offered load well below capacity: everything due is sent, at its rate. */
static void open_loop_keeps_its_rate(void)
{
	for (uint32_t gap = 0; gap < 3; gap++) {
		bed_echo(64, 64);
		bed_set(0, "mode", 1);
		bed_set(0, "rate", 47000);
		bed_set(0, "gap", gap);
		b.env[0].warmup_ns = 1 * MS;
		b.env[0].stop_ns = 101 * MS;
		b.env[0].exact_wake = true;
		bed_start(5, 16384);
		bed_run_until(102 * MS);
		CHECK(bed_report(0)->latency->n > 4400 && b.report[0].latency->n < 5000);
		CHECK(b.report[0].never_sent <= 1);	/* due after the last pass */
		CHECK_EQ(b.report[0].unanswered, 0);
		/* intended starts are exact, sends are at passes: 0 .. 2 us later */
		CHECK(b.report[0].latency->sum > b.report[0].service->sum);
		CHECK(b.report[0].latency->sum - b.report[0].service->sum <
		      b.report[0].latency->n * 2 * PASS_NS);
		CHECK(b.report[0].late > 0);
		bed_end();
	}
}

/* Overload: delay at the client is measured and what was not sent is counted. */
static void open_loop_omits_nothing(void)
{
	uint64_t due;

	bed_echo(64, 64);
	bed_set(0, "mode", 1);
	bed_set(0, "gap", 1);
	bed_set(0, "rate", 2000000);
	b.env[0].stop_ns = 10 * MS;
	bed_start(6, 16384);
	bed_run_until(12 * MS);
	due = 2000000 / 100;		/* in 10 ms */
	bed_report(0);
	CHECK(b.report[0].never_sent > 0);
	CHECK(b.report[0].latency->n + b.report[0].never_sent + b.report[0].unanswered >= due - 2);
	CHECK(b.report[0].latency->n + b.report[0].never_sent + b.report[0].unanswered <= due);
	CHECK(hist_quantile(b.report[0].latency, 990000) >
	      20 * hist_quantile(b.report[0].service, 990000));
	CHECK(b.report[0].late > b.report[0].latency->n * 9 / 10);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), UINT64_MAX);	/* what is due never leaves */
	bed_end();
}

/* Of a load that nobody can count one by one the rest is estimated. */
static void much_is_never_sent(void)
{
	bed_echo(64, 64);
	bed_set(0, "mode", 1);
	bed_set(0, "gap", 0);
	bed_set(0, "rate", 1000000000);
	b.env[0].warmup_ns = 50 * MS;
	b.env[0].stop_ns = 250 * MS;
	bed_start(6, 16384);
	bed_run_until(MS);
	bed_report(0);
	CHECK(b.report[0].never_sent > 199000000 && b.report[0].never_sent < 201000000);
	bed_end();
}

static void next_due_is_the_intended_time(void)
{
	uint64_t due;

	bed_echo(64, 64);
	bed_set(0, "mode", 1);
	bed_set(0, "gap", 1);
	bed_set(0, "rate", 10000);
	b.env[0].stop_ns = 1 * MS;
	b.env[0].exact_wake = true;
	bed_start(7, 16384);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), 0);
	bed_run_until(50000);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), 100000);	/* fixed gaps of 100 us from 0 */
	bed_run_until(102000);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), 200000);
	bed_run_until(1 * MS);
	due = b.ops[0]->next_due(b.app[0]);
	CHECK(due == UINT64_MAX);
	for (int i = 0; i < TIMERS; i++)
		CHECK_EQ(b.w.timer[0][i].handle, 0);
	bed_end();
}

/* A world that enters a thread only for events: the timer brings it back. */
static void timer_drives_an_idle_client(void)
{
	bed_echo(64, 64);
	bed_set(0, "mode", 1);
	bed_set(0, "rate", 10000);
	bed_set(0, "connect_ramp", 100000);
	b.env[0].stop_ns = 20 * MS;
	bed_start(8, 16384);
	wire_step(&b.w);
	while (b.w.now_ns < 21 * MS) {
		uint64_t entries = b.w.dp[0].entries;

		wire_timers(&b.w, 0);
		if (b.w.dp[0].n_queued) {
			wire_step(&b.w);
			CHECK_EQ(b.w.dp[0].entries, entries + 1);
		} else {
			struct fake_dp *d = &b.w.dp[0];
			uint32_t left = d->n_left;

			/* pass of the server and the wire alone */
			wire_pass(&b.w, 1);
			d->n_left = left;
			b.w.now_ns += PASS_NS;
			for (struct end *e = b.w.end; e < b.w.end + ENDS; e++)
				if (e->used && e->open) {
					end_ack(&b.w, e);
					end_deliver(&b.w, e);
				}
		}
	}
	CHECK(bed_report(0)->requests > 120 && b.report[0].requests < 280);
	CHECK_EQ(b.report[0].conns_open, 4);
	CHECK(b.w.dp[0].entries < 1500);	/* of 10500 passes */
	bed_end();
}

static void refused_connections_back_off(void)
{
	bed_echo(64, 64);
	bed_set(1, "conns_max", 3);
	bed_set(0, "backoff", 100000);
	bed_start(9, 16384);
	bed_run_until(10 * MS);
	CHECK_EQ(bed_report(0)->conns_open, 3);
	CHECK_EQ(bed_report(1)->conns_open, 3);
	CHECK(b.report[0].conns_failed > 80 && b.report[0].conns_failed <= 100);
	CHECK(b.report[1].conns_failed >= b.report[0].conns_failed);
	bed_end();
}

static void dead_connections_come_back(void)
{
	bed_echo(64, 64);
	bed_set(0, "backoff", 10000);
	bed_start(10, 16384);
	for (int k = 0; k < 20; k++) {
		bed_run_until(b.w.now_ns + 100000);
		for (struct end *e = b.w.end; e < b.w.end + ENDS; e++)
			if (e->used && e->side == 0 && e->open) {
				struct end *peer = e->peer;

				end_die(&b.w, e, IX_DEAD_TIMEOUT);
				end_die(&b.w, peer, IX_DEAD_TIMEOUT);
				break;
			}
	}
	bed_run_until(b.w.now_ns + 100000);
	CHECK_EQ(bed_report(0)->conns_died, 20);
	CHECK_EQ(bed_report(1)->conns_died, 20);
	CHECK_EQ(b.report[0].conns_open, 4);
	CHECK_EQ(b.report[0].bad_bytes, 0);
	CHECK(b.report[0].unanswered > 0 && b.report[0].unanswered <= 24);
	bed_end();
}

/* No descriptor for a frame: the connection is reset, nothing is silently lost. */
static void out_of_frames_resets(void)
{
	bed_echo(8192, 0);
	bed_set(0, "depth", 4);
	bed_set(1, "frames", 8);
	bed_start(11, 65536);
	bed_run_until(10 * MS);
	CHECK(bed_report(1)->conns_died > 0);
	CHECK_EQ(bed_report(0)->bad_bytes, 0);
	CHECK(b.report[0].conns_died > 0);
	bed_end();
}

static void load_is_shared_out(void)
{
	struct app_report r;
	uint64_t conns = 0, opened = 0;

	for (uint32_t i = 0; i < 3; i++) {
		bed_echo(64, 64);
		bed_set(0, "connections", 10);
		b.env[0].n = 3;
		b.env[0].index = i;
		bed_start(12, 16384);
		bed_run_until(1 * MS);
		b.ops[0]->report(b.app[0], &r);
		conns += r.conns_open;
		opened += r.conns_opened;
		CHECK(r.conns_open == (i == 0 ? 4 : 3));
		bed_end();
	}
	CHECK(conns == 10 && opened == 10);
	bed_echo(64, 64);		/* fewer connections than instances: nothing to do */
	b.env[0].n = 8;
	b.env[0].index = 7;
	bed_start(13, 16384);
	bed_run_until(100000);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(bed_report(0)->conns_opened, 0);
	bed_end();
}

/* How many calls of the last batch are @nr? */
static uint32_t left_of(const struct fake_dp *d, uint32_t nr)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < d->n_left; i++)
		n += d->left[i].nr == nr;
	return n;
}

/* The peer sends 100 bytes and its FIN at once. A stream lies in received frames, which
 * close gives back, so it closes only when the last echo is acknowledged. */
static void eof_waits_for_the_echo(void)
{
	static const uint8_t data[100];
	struct fake_dp *d = &b.w.dp[1];
	uint64_t cookie;

	for (uint32_t size = 0; size <= 50; size += 50) {
		bed_echo(64, size);
		bed_set(1, "buffers", 1);
		bed_start(15, 16384);
		fake_event(d, (struct ix_event){ .nr = IX_EV_KNOCK, .handle = 1ULL << 32 });
		fake_enter(d, b.w.ev[1], 1);
		CHECK_EQ(left_of(d, IX_CALL_ACCEPT), 1);
		cookie = d->left[0].new_cookie;
		fake_event(d, (struct ix_event){ .nr = IX_EV_RECV, .cookie = cookie, .len = 100,
						 .ptr = (uint64_t)(uintptr_t)data });
		fake_event(d, (struct ix_event){ .nr = IX_EV_RECV, .cookie = cookie });
		fake_enter(d, b.w.ev[1], 2);
		CHECK_EQ(left_of(d, IX_CALL_SENDV), 1);
		CHECK_EQ(left_of(d, IX_CALL_RECV_DONE), size ? 1 : 0);
		fake_return(d, d->n_left - 1, size ? 50 : 100);
		fake_enter(d, b.w.ev[1], 3);
		CHECK_EQ(left_of(d, IX_CALL_CLOSE), 0);
		fake_event(d, (struct ix_event){ .nr = IX_EV_SENT, .cookie = cookie, .window = 1,
						 .bytes = size ? 50 : 100 });
		fake_enter(d, b.w.ev[1], 4);
		if (size) {		/* the second message, which was held */
			CHECK_EQ(left_of(d, IX_CALL_SENDV), 1);
			CHECK_EQ(left_of(d, IX_CALL_CLOSE), 0);
			fake_return(d, d->n_left - 1, 50);
			fake_enter(d, b.w.ev[1], 5);	/* accepted, in a buffer of its own */
		}
		CHECK_EQ(left_of(d, IX_CALL_CLOSE), 1);
		fake_event(d, (struct ix_event){ .nr = IX_EV_DEAD, .cookie = cookie });
		fake_enter(d, b.w.ev[1], 6);
		bed_end();
	}
}

/* The client closes as well, sends nothing more although it is due, and counts a death. */
static void server_may_leave_first(void)
{
	struct fake_dp *d = &b.w.dp[0];
	uint64_t cookie;

	bed_echo(64, 64);
	bed_set(0, "connections", 1);
	bed_set(0, "mode", 1);
	bed_set(0, "rate", 1000000);
	b.env[0].stop_ns = 10 * MS;
	bed_start(15, 16384);
	fake_enter(d, b.w.ev[0], 1);
	CHECK_EQ(left_of(d, IX_CALL_CONNECT), 1);
	cookie = d->left[0].cookie;
	fake_return(d, 0, 1LL << 32);
	fake_event(d, (struct ix_event){ .nr = IX_EV_CONNECTED, .cookie = cookie });
	fake_event(d, (struct ix_event){ .nr = IX_EV_RECV, .cookie = cookie });
	fake_enter(d, b.w.ev[0], 2);
	CHECK_EQ(bed_report(0)->conns_open, 0);
	fake_enter(d, b.w.ev[0], 1 * MS);
	CHECK_EQ(left_of(d, IX_CALL_SENDV), 0);
	fake_event(d, (struct ix_event){ .nr = IX_EV_DEAD, .cookie = cookie });
	fake_enter(d, b.w.ev[0], 2 * MS);
	CHECK_EQ(bed_report(0)->conns_died, 1);
	CHECK_EQ(b.report[0].conns_open, 0);
	CHECK_EQ(b.report[0].unanswered, 0);
	bed_end();
}

static void declared_work(void)
{
	uint64_t cycles = 0;

	bed_echo(64, 64);
	bed_set(1, "app_cycles", 500);
	bed_start(14, 16384);
	while (b.w.now_ns < 1 * MS) {
		wire_step(&b.w);
		cycles += b.w.dp[1].page.app_cycles;
	}
	CHECK_EQ(cycles, bed_report(1)->requests * 500);
	CHECK(cycles > 0);
	bed_end();
}

static void bad_configurations_are_refused(void)
{
	char err[256] = "";

	bed_echo(64, 64);
	bed_set(0, "mode", 1);
	bed_set(0, "rate", 0);
	b.env[0].mem_len = b.ops[0]->mem_need(b.cfg[0].bytes, &b.env[0]);
	b.env[0].mem = calloc(1, b.env[0].mem_len);
	CHECK(b.ops[0]->start(b.cfg[0].bytes, &b.env[0], err, sizeof(err)) == NULL);
	CHECK(strstr(err, "rate") != NULL);
	b.env[0].mem_len -= 1;
	CHECK(b.ops[0]->start(b.cfg[0].bytes, &b.env[0], err, sizeof(err)) == NULL);
	CHECK(strstr(err, "memory") != NULL);
	free(b.env[0].mem);
	CHECK(app_find("nobody") == NULL);
	for (const struct app_ops *const *a = app_all; *a; a++)
		CHECK(app_find((*a)->name) == *a);
}

CU_MAIN("echo_app", TEST(bytes_come_back), TEST(wrong_bytes_are_counted),
	TEST(outstanding_is_bounded), TEST(first_conversations_are_spread),
	TEST(rounds_end_by_rst),
	TEST(rounds_end_by_fin), TEST(warmup_and_stop_bound_the_measure),
	TEST(open_loop_keeps_its_rate), TEST(open_loop_omits_nothing),
	TEST(next_due_is_the_intended_time), TEST(timer_drives_an_idle_client),
	TEST(refused_connections_back_off), TEST(dead_connections_come_back),
	TEST(out_of_frames_resets), TEST(load_is_shared_out), TEST(eof_waits_for_the_echo),
	TEST(server_may_leave_first), TEST(much_is_never_sent),
	TEST(declared_work), TEST(bad_configurations_are_refused))
