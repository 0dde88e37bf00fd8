/* SPDX-License-Identifier: MIT */
/* test_stream_app.c - stream both ends over a fake wire: counts, directions, wrong bytes, death */
#include "tests/unit/app_bed.h"
#include "workloads/stream.h"

enum { MS = 1000000, SEND = 0, RECV = 1, BOTH = 2 };

static void bed_stream(uint64_t direction, uint64_t bytes, uint64_t connections, uint64_t total)
{
	bed_cfg("stream-client", "stream");
	bed_set(0, "direction", direction);
	bed_set(0, "bytes", bytes);
	bed_set(0, "connections", connections);
	bed_set(0, "total", total);
}

static void bed_finish(void)
{
	for (int i = 0; i < 100000 && !b.ops[0]->finished(b.app[0]); i++)
		wire_step(&b.w);
	CHECK(b.ops[0]->finished(b.app[0]));
	for (int i = 0; i < 20; i++)
		wire_step(&b.w);
	bed_report(0);
	bed_report(1);
}

static void every_direction_is_whole(void)
{
	for (uint64_t d = SEND; d <= BOTH; d++) {
		bed_stream(d, 300001, 1, 0);
		bed_start(d + 1, 20000);
		bed_finish();
		for (int i = 0; i < 2; i++) {
			CHECK_EQ(b.report[i].requests, 1);
			CHECK_EQ(b.report[i].bytes, d == BOTH ? 600002 : 300001);
			CHECK_EQ(b.report[i].conns_opened, 1);
			CHECK_EQ(b.report[i].conns_died, 0);
			CHECK_EQ(b.report[i].bad_bytes, 0);
			CHECK_EQ(b.report[i].conns_open, 0);
		}
		bed_end();
	}
}

static void one_after_another(void)
{
	bed_stream(BOTH, 100, 7, 200);
	bed_start(5, 65536);
	bed_finish();
	CHECK_EQ(b.report[0].requests, 200);
	CHECK_EQ(b.report[1].requests, 200);
	CHECK_EQ(b.report[0].conns_opened, 200);
	CHECK_EQ(b.report[0].bytes, 200 * 200);
	bed_end();
}

static void a_refusal_is_counted_once(void)
{
	bed_stream(SEND, 100, 3, 10);
	bed_start(6, 65536);
	b.w.refuse_all = true;
	bed_finish();
	CHECK_EQ(b.report[0].conns_failed, 10);
	CHECK_EQ(b.report[0].requests, 0);
	bed_end();
}

static void death_is_no_success(void)
{
	bed_stream(SEND, 10 << 20, 2, 0);
	bed_start(7, 20000);
	bed_run_until(1 * MS);
	for (struct end *e = b.w.end; e < b.w.end + ENDS; e++)
		if (e->used)
			end_die(&b.w, e, IX_DEAD_RESET);
	bed_finish();
	CHECK_EQ(b.report[0].conns_died, 2);
	CHECK_EQ(b.report[0].requests, 0);
	CHECK_EQ(b.report[1].conns_died, 2);
	bed_end();
}

/* The pattern is in the application's memory: the sender's byte goes wrong, its peer says so. */
static void a_wrong_byte_ends_it(void)
{
	for (uint64_t d = SEND; d <= RECV; d++) {
		uint8_t *pattern;

		bed_stream(d, 60000, 1, 0);
		bed_start(d + 8, 20000);
		pattern = (uint8_t *)b.env[d].mem + b.env[d].mem_len - STREAM_PATTERN;
		pattern[(d == SEND ? 0 : STREAM_TO_CLIENT) + 30000] ^= 1;
		bed_finish();
		CHECK_EQ(b.report[0].requests, 0);
		CHECK_EQ(b.report[0].conns_died, 1);
		CHECK_EQ(b.report[d == SEND].bad_bytes, 1);
		bed_end();
	}
}

static void the_pattern_tells_places_apart(void)
{
	static uint8_t p[STREAM_PATTERN];
	uint32_t same = 0;

	stream_pattern(p);
	CHECK(memcmp(p, p + STREAM_PERIOD, STREAM_PERIOD) == 0);
	for (uint32_t i = 0; i + 1460 < STREAM_PERIOD; i++)
		same += memcmp(p + i, p + i + 1460, 8) == 0;
	CHECK_EQ(same, 0);
	CHECK_EQ(p[0], 0x3c);	/* 1664525 + 1013904223, top byte */
}

CU_MAIN("stream app", TEST(every_direction_is_whole), TEST(one_after_another),
	TEST(a_refusal_is_counted_once), TEST(death_is_no_success), TEST(a_wrong_byte_ends_it),
	TEST(the_pattern_tells_places_apart))
