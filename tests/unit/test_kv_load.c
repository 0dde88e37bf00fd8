/* SPDX-License-Identifier: MIT */
/* test_kv_load.c - workloads/kv_load*.c against a small store: values, pacing, lies, the probe */
#include <math.h>

#include "tests/unit/kv_load_bed.h"

enum { MS = 1000000 };
enum { CLOSED, MUTILATE, OPEN };

/* Nothing went wrong at either end. */
static void all_well(void)
{
	CHECK_EQ(kvs.bad_requests, 0);
	CHECK_EQ(kvs.bad_values, 0);
	CHECK_EQ(bed_report(0)->bad_bytes, 0);
	CHECK_EQ(b.report[0].errors, 0);
	CHECK_EQ(b.report[0].misses, 0);
	CHECK_EQ(b.report[0].conns_failed + b.report[0].conns_died, 0);
}

/* Both protocols and every preset on a small window: every value comes back right. */
static void values_come_back(void)
{
	for (uint32_t i = 0; i < KV_PRESET_NR * 4; i++) {
		bed_kv((enum kv_preset)(i / 4), STORE_RECORDS, true);
		bed_set(0, "protocol", i & 1);
		bed_set(0, "depth", i & 2 ? 7 : 1);
		bed_set(0, "mode", CLOSED);
		bed_start(i, 8192);
		bed_run_until(20 * MS);
		all_well();
		CHECK(b.report[0].requests > 1000);
		CHECK_EQ(b.report[0].gets + b.report[0].sets, b.report[0].requests);
		CHECK(kvs.n_gets >= b.report[0].gets && kvs.n_sets >= b.report[0].sets);
		CHECK_EQ(b.report[0].conns_open, 4);
		CHECK_EQ(b.report[0].latency->n, b.report[0].requests);
		CHECK_EQ(b.report[0].latency->sum, b.report[0].service->sum);
		bed_end();
	}
}

static void the_mix_is_the_presets(void)
{
	for (int preset = 0; preset < KV_PRESET_NR; preset++) {
		double want = kv_update_ppb((enum kv_preset)preset) / 1e9, n, sets;
		uint32_t least = UINT32_MAX, most = 0;

		bed_kv((enum kv_preset)preset, 50, true);
		bed_set(0, "mode", CLOSED);
		bed_set(0, "verify", 0);
		bed_start(1, 65536);
		bed_run_until(100 * MS);
		bed_report(0);
		n = (double)b.report[0].requests;
		sets = (double)b.report[0].sets;
		CHECK(n > 20000);
		CHECK(fabs(sets / n - want) < 5 * sqrt(want * (1 - want) / n));
		for (int r = 0; r < 50; r++) {
			least = MIN(least, kvs.times[r]);
			most = MAX(most, kvs.times[r]);
		}
		CHECK(least > n / 50 * 0.7 && most < n / 50 * 1.3);
		bed_end();
	}
}

/* A value that no segment, window or buffer holds is sent and compared all the same. */
static void big_values(void)
{
	for (uint32_t ascii = 0; ascii < 2; ascii++) {
		uint32_t big = 0;

		bed_kv(KV_ETC_OSDI, STORE_RECORDS, false);
		bed_set(0, "protocol", ascii);
		bed_set(0, "fill", 1);
		bed_set(0, "mode", CLOSED);
		bed_start(ascii, 16384);
		bed_run_until(150 * MS);
		all_well();
		for (uint32_t r = 0; r < STORE_RECORDS; r++)
			big = MAX(big, kv_dist_value_len(&kvs.dist, r));
		CHECK(big > 5000);
		CHECK(b.report[0].requests > 1000);
		bed_end();
	}
}

static void fill_comes_first(void)
{
	for (uint32_t mode = CLOSED; mode <= OPEN; mode++) {
		bed_kv(KV_USR, STORE_RECORDS, false);
		bed_set(0, "fill", 1);
		bed_set(0, "mode", mode);
		bed_set(0, "rate", 50000);
		bed_start(mode, 16384);
		bed_run_until(1 * MS);
		CHECK_EQ(bed_report(0)->requests, 0);
		CHECK(kvs.n_sets > 100 && kvs.n_gets == 0);
		bed_run_until(100 * MS);
		all_well();
		for (uint32_t r = 0; r < STORE_RECORDS; r++)
			CHECK(kvs.has[r]);
		CHECK(b.report[0].measured_from_ns > 1 * MS);
		CHECK(b.report[0].measured_from_ns < 60 * MS);
		CHECK(b.report[0].requests > 1000);
		CHECK_EQ(b.report[0].sets + STORE_RECORDS, kvs.n_sets);
		CHECK_EQ(b.report[0].latency->n + 0, b.report[0].requests);
		bed_end();
	}
}

/* Instances fill disjoint parts that are all of it. */
static void fill_is_shared(void)
{
	for (uint32_t i = 0; i < 3; i++) {
		uint32_t n = 0;

		bed_kv(KV_USR, 1000, false);
		bed_set(0, "fill", 1);
		bed_set(0, "mode", CLOSED);
		b.env[0].index = i;
		b.env[0].n = 3;
		b.env[0].stop_ns = 20 * MS;
		bed_start(i, 16384);
		while (bed_report(0)->measured_from_ns == 0 && b.w.now_ns < 20 * MS)
			wire_step(&b.w);
		for (uint32_t r = 0; r < 1000; r++) {
			CHECK_EQ(kvs.has[r], r >= 1000 * i / 3 && r < 1000 * (i + 1) / 3);
			n += kvs.has[r];
		}
		CHECK(n == 333 || n == 334);
		bed_end();
	}
}

/* A connection that dies while it fills loses nothing for good. */
static void fill_survives_deaths(void)
{
	bed_kv(KV_USR, STORE_RECORDS, false);
	bed_set(0, "fill", 1);
	bed_set(0, "mode", CLOSED);
	bed_set(0, "backoff", 10000);
	kvs.lie = LIE_CLOSE;
	kvs.lie_every = 301;
	bed_start(1, 16384);
	bed_run_until(100 * MS);
	CHECK(bed_report(0)->conns_died > 10);
	CHECK(b.report[0].measured_from_ns > 0 && b.report[0].requests > 1000);
	CHECK_EQ(b.report[0].misses, 0);
	for (uint32_t r = 0; r < STORE_RECORDS; r++)
		CHECK(kvs.has[r]);
	bed_end();
}

/* Well below capacity: what is due is sent when it is due. */
static void paced_loads_keep_their_rate(void)
{
	for (uint32_t i = 0; i < 8; i++) {
		bool open = i & 1, exact = i & 2;

		bed_kv(i & 4 ? KV_ETC : KV_USR, STORE_RECORDS, true);
		bed_set(0, "mode", open ? OPEN : MUTILATE);
		bed_set(0, "rate", 100000);
		b.env[0].warmup_ns = 1 * MS;
		b.env[0].stop_ns = 101 * MS;
		b.env[0].exact_wake = exact;
		bed_start(i, 65536);
		bed_run_until(102 * MS);
		all_well();
		CHECK(fabs((double)b.report[0].latency->n - 10000) < 5 * 1.21 * 100);
		CHECK(b.report[0].never_sent <= 2);
		CHECK_EQ(b.report[0].unanswered, 0);
		CHECK(b.ops[0]->finished(b.app[0]));
		CHECK_EQ(b.report[0].latency->sum > b.report[0].service->sum, open);
		CHECK_EQ(b.report[0].late > 0, open);
		bed_end();
	}
}

/* Beyond capacity: the tool of the paper does not see what waits, the open load does. */
static void overload_is_omitted_or_not(void)
{
	uint64_t service[3] = { 0 };

	for (uint32_t mode = MUTILATE; mode <= OPEN; mode++) {
		bed_kv(KV_USR, STORE_RECORDS, true);
		bed_set(0, "mode", mode);
		bed_set(0, "connections", 1);
		bed_set(0, "depth", 2);
		bed_set(0, "rate", 2000000);
		b.env[0].stop_ns = 20 * MS;
		bed_start(3, 65536);
		bed_run_until(22 * MS);
		all_well();
		service[mode] = hist_quantile(b.report[0].service, 500000);
		CHECK(service[mode] < 60000);
		CHECK(b.report[0].never_sent > 10000);
		CHECK_EQ(b.ops[0]->next_due(b.app[0]), UINT64_MAX);	/* it will not be sent */
		CHECK(fabs((double)(b.report[0].never_sent + b.report[0].requests) - 40000) < 1500);
		CHECK_EQ(hist_quantile(b.report[0].latency, 500000) > 5 * MS, mode == OPEN);
		CHECK_EQ(b.report[0].latency->sum == b.report[0].service->sum, mode == MUTILATE);
		bed_end();
	}
	CHECK_EQ(service[MUTILATE], service[OPEN]);	/* the same requests at the same times */
}

static void rate_0_is_closed(void)
{
	uint64_t n[2];

	for (int i = 0; i < 2; i++) {
		bed_kv(KV_USR, STORE_RECORDS, true);
		bed_set(0, "mode", i ? MUTILATE : CLOSED);
		bed_set(0, "rate", 0);
		bed_start(3, 65536);
		bed_run_until(5 * MS);
		all_well();
		n[i] = b.report[0].requests;
		bed_end();
	}
	CHECK(n[0] > 3000 && n[0] == n[1]);
}

/* Its own connections, depth and rate; paced beside a closed load; it does not fill. */
static void the_probe_probes(void)
{
	for (uint32_t mode = CLOSED; mode <= OPEN; mode++) {
		bed_kv(KV_USR, STORE_RECORDS, true);
		bed_set(0, "connections", 1000);
		bed_set(0, "mode", mode);
		bed_set(0, "rate", 1000000000);
		bed_set(0, "fill", 1);
		bed_set(0, "probe_connections", 3);
		bed_set(0, "probe_rate", 20000);
		b.env[0].probe = true;
		b.env[0].exact_wake = true;
		b.env[0].stop_ns = 100 * MS;
		bed_start(mode, 65536);
		bed_run_until(50 * MS);
		CHECK_EQ(bed_report(0)->conns_open, 3);
		bed_run_until(102 * MS);
		all_well();
		CHECK(fabs((double)b.report[0].requests - 2000) < 5 * 45);
		CHECK(b.report[0].sets < 50);
		bed_end();
	}
}

/* An idle thread is not entered: the next thing to do is known. */
static void idle_costs_nothing(void)
{
	uint64_t due;

	bed_kv(KV_USR, STORE_RECORDS, true);
	bed_set(0, "rate", 1000);
	b.env[0].exact_wake = true;
	b.env[0].stop_ns = 50 * MS;
	CHECK_EQ(b.env[0].warmup_ns, 0);
	bed_start(1, 65536);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), 0);
	bed_run_until(1 * MS);
	due = b.ops[0]->next_due(b.app[0]);
	CHECK(due >= b.w.now_ns && due < 20 * MS);
	while (b.w.now_ns < due)
		wire_step(&b.w);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), due);
	wire_step(&b.w);
	CHECK(b.ops[0]->next_due(b.app[0]) > due);
	bed_run_until(51 * MS);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), UINT64_MAX);
	bed_end();

	bed_kv(KV_USR, STORE_RECORDS, true);	/* an instance that has no connections */
	bed_set(0, "connections", 1);
	b.env[0].index = 1;
	b.env[0].n = 2;
	bed_start(1, 65536);
	bed_run_until(1 * MS);
	CHECK_EQ(b.ops[0]->next_due(b.app[0]), UINT64_MAX);
	CHECK(b.ops[0]->finished(b.app[0]));
	CHECK_EQ(kvs.n, 0);
	bed_end();
}

static void misses_are_counted(void)
{
	for (uint32_t ascii = 0; ascii < 2; ascii++) {
		bed_kv(KV_USR, STORE_RECORDS, false);
		bed_set(0, "protocol", ascii);
		bed_set(0, "mode", CLOSED);
		bed_start(1, 65536);
		bed_run_until(5 * MS);
		CHECK(bed_report(0)->misses > 1000);
		CHECK(b.report[0].misses <= b.report[0].gets);
		CHECK_EQ(b.report[0].errors + b.report[0].bad_bytes + b.report[0].conns_died, 0);
		bed_end();
	}
}

/* What is well told is counted and the connection stays. */
static void lies_that_are_counted(void)
{
	for (uint32_t i = 0; i < 4; i++) {
		bed_kv(KV_USR_OSDI, STORE_RECORDS, true);
		bed_set(0, "mode", CLOSED);
		bed_set(0, "protocol", i == 3);
		kvs.lie = i == 0 ? LIE_WRONG_VALUE : i == 1 ? LIE_SHORT_VALUE : LIE_ERROR;
		kvs.lie_every = 10;
		bed_start(1, 65536);
		bed_run_until(5 * MS);
		bed_report(0);
		CHECK(b.report[0].requests > 1000);
		CHECK_EQ(b.report[0].conns_died, 0);
		if (i < 2) {
			CHECK(b.report[0].bad_bytes > 80);
			CHECK(b.report[0].bad_bytes <= kvs.n_lies);
			CHECK_EQ(b.report[0].errors, 0);
		} else {
			CHECK(b.report[0].errors > 80 && b.report[0].errors <= kvs.n_lies);
			CHECK_EQ(b.report[0].bad_bytes, 0);
		}
		bed_end();
	}
}

/* What makes no sense ends the connection; it is opened again and the load goes on. */
static void lies_that_end_a_connection(void)
{
	static const enum kv_lie lies[] = { LIE_OPAQUE, LIE_MAGIC, LIE_LENGTH, LIE_UNASKED,
					    LIE_CLOSE, LIE_MAGIC };

	for (uint32_t i = 0; i < ARRAY_LEN(lies); i++)
		for (uint32_t mode = CLOSED; mode <= OPEN; mode++) {
			bed_kv(KV_ETC, STORE_RECORDS, true);
			bed_set(0, "mode", mode);
			bed_set(0, "protocol", i == 5);
			bed_set(0, "rate", 400000);
			bed_set(0, "backoff", 20000);
			kvs.lie = lies[i];
			kvs.lie_every = 97;
			b.env[0].stop_ns = 40 * MS;
			bed_start(i, 65536);
			bed_run_until(45 * MS);
			bed_report(0);
			CHECK(kvs.n_lies > 20);
			CHECK_EQ(kvs.bad_requests + kvs.bad_values, 0);
			CHECK(b.report[0].conns_died + 4 > kvs.n_lies / 2);
			CHECK(b.report[0].conns_died <= kvs.n_lies);
			CHECK(b.report[0].requests > 1000);
			CHECK_EQ(b.report[0].bad_bytes, 0);
			CHECK(lies[i] == LIE_CLOSE ? b.report[0].errors == 0 :
						     b.report[0].errors == b.report[0].conns_died);
			CHECK(lies[i] == LIE_CLOSE || b.report[0].unanswered > 0);
			CHECK(b.report[0].conns_opened > b.report[0].conns_died);
			bed_end();
		}
}

static void silence_is_unanswered(void)
{
	bed_kv(KV_USR, STORE_RECORDS, true);
	bed_set(0, "mode", CLOSED);
	bed_set(0, "depth", 1);
	kvs.lie = LIE_SILENT;
	kvs.lie_every = 100;
	b.env[0].stop_ns = 20 * MS;
	bed_start(1, 65536);
	bed_run_until(21 * MS);
	CHECK_EQ(bed_report(0)->unanswered, 4);
	CHECK(!b.ops[0]->finished(b.app[0]));
	bed_end();
	CHECK(b.report[0].unanswered >= 4);
}

/* Many connections of one instance: the heap, at every depth of it. */
static void many_connections(void)
{
	bed_kv(KV_USR, STORE_RECORDS, true);
	bed_set(0, "connections", STORE_CONNS - 1);
	bed_set(0, "mode", OPEN);
	bed_set(0, "rate", 300000);
	bed_set(0, "connect_ramp", MS);
	b.env[0].exact_wake = true;
	b.env[0].stop_ns = 100 * MS;
	bed_start(8, 65536);
	bed_run_until(99 * MS);
	CHECK_EQ(bed_report(0)->conns_open, STORE_CONNS - 1);
	bed_run_until(101 * MS);
	all_well();
	CHECK(fabs((double)b.report[0].latency->n - 29700) < 5 * 173);
	CHECK(b.report[0].never_sent <= 4);
	bed_end();
}

static void failed_connects_are_retried(void)
{
	bed_kv(KV_USR, STORE_RECORDS, true);
	bed_set(0, "mode", CLOSED);
	bed_start(1, 65536);
	b.w.refuse_all = true;
	bed_run_until(5 * MS);
	CHECK(bed_report(0)->conns_failed >= 4 && b.report[0].requests == 0);
	b.w.refuse_all = false;
	bed_run_until(10 * MS);
	CHECK_EQ(bed_report(0)->conns_open, 4);
	CHECK(b.report[0].requests > 100);
	bed_end();
}

CU_MAIN("kv_load", TEST(values_come_back), TEST(the_mix_is_the_presets), TEST(big_values),
	TEST(fill_comes_first), TEST(fill_is_shared), TEST(fill_survives_deaths),
	TEST(paced_loads_keep_their_rate), TEST(overload_is_omitted_or_not), TEST(rate_0_is_closed),
	TEST(the_probe_probes), TEST(idle_costs_nothing), TEST(misses_are_counted),
	TEST(lies_that_are_counted), TEST(lies_that_end_a_connection), TEST(silence_is_unanswered),
	TEST(many_connections), TEST(failed_connects_are_retried))
