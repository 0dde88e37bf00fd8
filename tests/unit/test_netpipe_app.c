/* SPDX-License-Identifier: MIT */
/* test_netpipe_app.c - NetPIPE both ends over a fake wire: schedule, rows, death, no partner */
#include "tests/unit/app_bed.h"
#include "workloads/netpipe.h"

enum { MS = 1000000 };

static void bed_netpipe(uint32_t max_bytes, uint32_t rounds)
{
	bed_cfg("netpipe-client", "netpipe");
	for (int i = 0; i < 2; i++) {
		bed_set(i, "max_bytes", max_bytes);
		bed_set(i, "rounds", rounds);
	}
}

static void schedule_is_nptcp_s(void)
{
	struct netpipe_cfg cfg = { .min_bytes = 64, .max_bytes = 512 << 10, .perturb = 3 };
	struct netpipe_sizes s;

	CHECK(netpipe_schedule(&cfg, &s));
	CHECK_EQ(s.n, 81);		/* 14 powers and 13 halves between them, three of each */
	static const uint32_t first[] = { 61, 64, 67, 93, 96, 99, 125, 128, 131, 189 };
	for (uint32_t i = 0; i < 10; i++)
		CHECK_EQ(s.bytes[i], first[i]);
	CHECK_EQ(s.bytes[80], 524288 + 3);
	for (uint32_t i = 1; i < s.n; i++)
		CHECK(s.bytes[i] > s.bytes[i - 1]);
	CHECK_EQ(netpipe_largest(&cfg), 524291);
	cfg = (struct netpipe_cfg){ .min_bytes = 1, .max_bytes = 1 << 24 };
	CHECK(netpipe_schedule(&cfg, &s));
	CHECK_EQ(s.n, 48);		/* 25 powers, 23 halves */
	cfg = (struct netpipe_cfg){ .min_bytes = 2, .max_bytes = 1 << 24, .perturb = 1 };
	CHECK(netpipe_schedule(&cfg, &s));
	CHECK_EQ(s.n, 141);
	cfg = (struct netpipe_cfg){ .min_bytes = 3, .max_bytes = 64, .perturb = 3 };
	CHECK(!netpipe_schedule(&cfg, &s));	/* a message of 0 bytes */
	cfg = (struct netpipe_cfg){ .min_bytes = 65, .max_bytes = 66 };
	CHECK(!netpipe_schedule(&cfg, &s));
}

static void every_size_gets_its_rounds(void)
{
	uint64_t sum = 0;

	bed_netpipe(512 << 10, 5);
	bed_start(1, 65536);
	for (int i = 0; i < 100000 && !b.ops[0]->finished(b.app[0]); i++)
		wire_step(&b.w);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(bed_report(0)->n_rows, 81);
	for (uint32_t i = 0; i < b.report[0].n_rows; i++) {
		const struct app_row *row = &b.report[0].rows[i];

		CHECK_EQ(row->rounds, 5);
		CHECK(row->total_ns >= 5 * 2 * PASS_NS);
		sum += 5 * row->bytes;
	}
	CHECK_EQ(b.report[0].bytes, sum);
	CHECK_EQ(b.report[0].requests, 81 * 5);
	CHECK_EQ(bed_report(1)->requests, 81 * 6);	/* the first of a size is not counted */
	CHECK_EQ(b.report[0].bad_bytes, 0);
	/* big messages take many windows: longer than small ones */
	CHECK(b.report[0].rows[80].total_ns > 10 * b.report[0].rows[0].total_ns);
	for (int i = 0; i < 20; i++)
		wire_step(&b.w);
	CHECK_EQ(bed_report(1)->conns_open, 0);		/* closed in order, by FIN */
	bed_end();
}

static void death_starts_over(void)
{
	bed_netpipe(1024, 5);
	bed_set(0, "backoff", 50000);
	bed_start(2, 65536);
	bed_run_until(200000);
	CHECK(bed_report(0)->rows[0].rounds > 0);
	for (struct end *e = b.w.end; e < b.w.end + ENDS; e++)
		if (e->used)
			end_die(&b.w, e, IX_DEAD_RESET);
	bed_run_until(220000);
	CHECK_EQ(bed_report(0)->conns_open, 0);
	bed_run_until(280000);
	CHECK_EQ(bed_report(0)->conns_open, 1);
	while (b.w.now_ns < 100 * MS && !b.ops[0]->finished(b.app[0]))
		wire_step(&b.w);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(bed_report(0)->conns_died, 1);
	for (uint32_t i = 0; i < b.report[0].n_rows; i++)
		CHECK_EQ(b.report[0].rows[i].rounds, 5);
	bed_end();
}

static void refusal_backs_off_until_stop(void)
{
	bed_netpipe(1024, 5);
	b.env[0].stop_ns = 10 * MS;
	bed_start(3, 65536);
	b.w.refuse_all = true;
	bed_run_until(20 * MS);
	CHECK(bed_report(0)->conns_failed >= 9 && b.report[0].conns_failed <= 10);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK(b.ops[0]->next_due(b.app[0]) == UINT64_MAX);
	bed_end();
}

static void other_instances_are_idle(void)
{
	bed_netpipe(1024, 5);
	b.env[0].index = 1;
	b.env[0].n = 2;
	bed_start(4, 65536);
	CHECK(b.ops[0]->finished(b.app[0]));
	bed_run_until(1 * MS);
	CHECK_EQ(bed_report(1)->conns_opened, 0);
	CHECK_EQ(bed_report(0)->n_rows, 0);
	bed_end();
}

static void empty_schedule_is_refused(void)
{
	char err[256] = "";

	for (int i = 0; i < 2; i++) {
		bed_netpipe(1024, 5);
		bed_set(i, "perturb", 64);
		b.env[i].mem_len = b.ops[i]->mem_need(b.cfg[i].bytes, &b.env[i]);
		b.env[i].mem = calloc(1, b.env[i].mem_len);
		CHECK(b.ops[i]->start(b.cfg[i].bytes, &b.env[i], err, sizeof(err)) == NULL);
		CHECK(strstr(err, "perturb 64") != NULL);
		free(b.env[i].mem);
	}
}

CU_MAIN("netpipe_app", TEST(schedule_is_nptcp_s), TEST(every_size_gets_its_rounds),
	TEST(death_starts_over), TEST(refusal_backs_off_until_stop),
	TEST(other_instances_are_idle), TEST(empty_schedule_is_refused))
