/* SPDX-License-Identifier: MIT */
/* test_bulk_app.c - bulk both ends over a fake wire: streams, barrier, stagger, death, checks */
#include "tests/unit/app_bed.h"
#include "workloads/bulk.h"

enum { MS = 1000000, FLOWS = 5, BLOCK = 10000 };

static void bed_bulk(uint32_t mode, uint32_t connections)
{
	bed_cfg("bulk-client", "bulk");
	for (int i = 0; i < 2; i++) {
		bed_set(i, "mode", mode);
		bed_set(i, "connections", connections);
		bed_set(i, "block", BLOCK);
	}
}

static void bed_finish(void)
{
	for (int i = 0; i < 100000 && !b.ops[0]->finished(b.app[0]); i++)
		wire_step(&b.w);
	CHECK(b.ops[0]->finished(b.app[0]));
	for (int i = 0; i < 30; i++)
		wire_step(&b.w);
}

static void a_stream_is_the_same_at_any_offset(void)
{
	static uint8_t p[3 * BULK_PERIOD];
	uint32_t differ = 0;

	bulk_pattern(p, sizeof(p));
	CHECK(memcmp(p, p + BULK_PERIOD, 2 * BULK_PERIOD) == 0);
	for (uint32_t i = 0; i < 1460; i++)
		differ += p[i] != p[i + 1460];
	CHECK(differ > 1400);		/* a segment in another's place is seen */
}

static void a_flow_sends_its_bytes_and_ends(void)
{
	bed_bulk(BULK_STREAM, FLOWS);
	bed_set(0, "bytes", 123457);
	bed_start(1, 65536);
	bed_finish();
	CHECK_EQ(bed_report(1)->bytes, FLOWS * 123457);
	CHECK_EQ(b.report[1].bad_bytes, 0);
	CHECK_EQ(b.report[1].conns_opened, FLOWS);
	CHECK_EQ(b.report[1].conns_open, 0);
	CHECK_EQ(bed_report(0)->bytes, FLOWS * 123457);
	CHECK_EQ(b.report[0].n_flows, FLOWS);
	for (uint32_t i = 0; i < FLOWS; i++)
		CHECK_EQ(b.report[0].flow_bytes[i], 123457);
	CHECK_EQ(b.report[0].requests, FLOWS * 13);	/* the last block is a short one */
	bed_end();
}

static void a_flow_ends_when_its_time_is_over(void)
{
	bed_bulk(BULK_STREAM, 1);
	bed_set(0, "send_time", 2 * MS);
	bed_start(2, 65536);
	bed_run_until(2 * MS - 1);
	CHECK_EQ(bed_report(0)->conns_open, 1);
	bed_finish();
	CHECK(b.w.now_ns < 3 * MS);
	CHECK(bed_report(1)->bytes > 100000 && b.report[1].bytes % BLOCK == 0);
	bed_end();
}

static void only_the_measured_time_counts(void)
{
	bed_bulk(BULK_STREAM, 1);
	b.env[0].warmup_ns = 1 * MS;
	b.env[0].stop_ns = 2 * MS;
	bed_start(3, 65536);
	bed_run_until(1 * MS - 1);
	CHECK_EQ(bed_report(0)->bytes, 0);
	CHECK(bed_report(1)->bytes > 0);
	bed_finish();
	CHECK(bed_report(0)->bytes > 0 && b.report[0].bytes < bed_report(1)->bytes);
	CHECK(b.ops[0]->next_due(b.app[0]) == UINT64_MAX);
	bed_end();
}

static void flows_start_one_after_the_other(void)
{
	bed_bulk(BULK_STREAM, 3);
	bed_set(0, "stagger", 1 * MS);
	b.env[0].index = 1;		/* of two instances: flow 1 of 0 .. 2 is ours */
	b.env[0].n = 2;
	bed_start(4, 65536);
	bed_run_until(MS - MS / 10);
	CHECK_EQ(bed_report(1)->conns_opened, 0);
	bed_run_until(MS + MS / 10);
	CHECK_EQ(bed_report(1)->conns_opened, 1);
	bed_run_until(4 * MS);
	CHECK_EQ(bed_report(1)->conns_opened, 1);
	bed_end();
}

static void nobody_gets_ahead_of_the_barrier(void)
{
	bed_bulk(BULK_BARRIER, FLOWS);
	bed_set(0, "rounds", 7);
	bed_start(5, 65536);
	for (int i = 0; i < 100000 && !b.ops[0]->finished(b.app[0]); i++) {
		uint64_t most;

		wire_step(&b.w);
		most = (bed_report(1)->requests / FLOWS + 1) * FLOWS * BLOCK;
		CHECK(b.report[1].bytes <= most);
	}
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(bed_report(1)->requests, 7 * FLOWS);
	CHECK_EQ(b.report[1].bytes, 7 * FLOWS * BLOCK);
	CHECK_EQ(b.report[1].bad_bytes, 0);
	CHECK_EQ(bed_report(0)->requests, 7 * FLOWS);
	CHECK_EQ(b.report[0].latency->n, 7 * FLOWS);
	CHECK_EQ(b.report[0].bad_bytes, 0);
	/* A round is a request and a block at least: two ways of a pass each. */
	CHECK(b.report[0].latency->min >= 2 * PASS_NS);
	bed_end();
}

static void the_barrier_waits_for_the_late(void)
{
	bed_bulk(BULK_BARRIER, 2);
	bed_set(0, "stagger", 1 * MS);
	bed_start(6, 65536);
	bed_run_until(MS - MS / 10);
	CHECK_EQ(bed_report(1)->conns_open, 1);
	CHECK_EQ(b.report[1].bytes, 0);
	bed_run_until(2 * MS);
	CHECK(bed_report(1)->bytes > 0);
	bed_end();
}

static void the_barrier_survives_a_death(void)
{
	uint64_t before;

	bed_bulk(BULK_BARRIER, FLOWS);
	bed_set(0, "backoff", 50000);
	bed_start(7, 65536);
	bed_run_until(300000);
	before = bed_report(0)->requests;
	CHECK(before > 0);
	for (struct end *e = b.w.end; e < b.w.end + ENDS; e++)
		if (e->used && e->open) {
			end_die(&b.w, e->peer, IX_DEAD_TIMEOUT);
			end_die(&b.w, e, IX_DEAD_RESET);
			break;
		}
	bed_run_until(2 * MS);
	CHECK(bed_report(0)->requests > 2 * before);
	CHECK_EQ(b.report[0].conns_died, 1);
	CHECK(b.report[0].unanswered <= 1);
	CHECK_EQ(b.report[0].conns_open, FLOWS);
	CHECK_EQ(bed_report(1)->bad_bytes, 0);
	bed_end();
}

static void refusal_backs_off(void)
{
	bed_bulk(BULK_STREAM, 1);
	b.env[0].stop_ns = 10 * MS;
	bed_start(8, 65536);
	b.w.refuse_all = true;
	bed_run_until(20 * MS);
	CHECK(bed_report(0)->conns_failed >= 9 && b.report[0].conns_failed <= 10);
	CHECK(b.ops[0]->finished(b.app[0]));
	bed_end();
}

/* The sender's one buffer changes under it: every flow's stream is wrong there. */
static void a_wrong_byte_is_counted(void)
{
	static uint8_t want[64];
	uint8_t *p;

	bed_bulk(BULK_STREAM, 1);
	bed_set(0, "bytes", BULK_PERIOD);
	bed_start(9, 65536);
	bulk_pattern(want, sizeof(want));
	p = memmem(b.env[0].mem, b.env[0].mem_len, want, sizeof(want));
	CU_ASSERT_FATAL(p != NULL);
	p[100] ^= 1;
	bed_finish();
	CHECK_EQ(bed_report(1)->bytes, BULK_PERIOD);
	CHECK_EQ(b.report[1].bad_bytes, 1);
	bed_end();
}

static void a_barrier_is_one_thread_s(void)
{
	char err[256] = "";

	bed_bulk(BULK_BARRIER, 2);
	b.env[1].n = 2;
	b.env[1].mem_len = b.ops[1]->mem_need(b.cfg[1].bytes, &b.env[1]);
	b.env[1].mem = calloc(1, b.env[1].mem_len);
	CHECK(b.ops[1]->start(b.cfg[1].bytes, &b.env[1], err, sizeof(err)) == NULL);
	CHECK(strstr(err, "server.threads = 1") != NULL);
	free(b.env[1].mem);
}

CU_MAIN("bulk_app", TEST(a_stream_is_the_same_at_any_offset),
	TEST(a_flow_sends_its_bytes_and_ends), TEST(a_flow_ends_when_its_time_is_over),
	TEST(only_the_measured_time_counts), TEST(flows_start_one_after_the_other),
	TEST(nobody_gets_ahead_of_the_barrier), TEST(the_barrier_waits_for_the_late),
	TEST(the_barrier_survives_a_death), TEST(refusal_backs_off),
	TEST(a_wrong_byte_is_counted), TEST(a_barrier_is_one_thread_s))
