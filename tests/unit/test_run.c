/* SPDX-License-Identifier: MIT */
/*
 * test_run.c - whole simulated runs: replay, bookkeeping, refusals, files
 *
 * Short ones; figures and claims are judged elsewhere.
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "sim/budget.h"
#include "sim/metrics.h"
#include "workloads/hist.h"

static struct scenario sc;
static struct sim_result res;
static char err[512];

static void setup(void)
{
	scenario_defaults(&sc);
	sc.clients = 1;
	sc.warmup_ns = 2 * NSEC_PER_MSEC;
	sc.duration_ns = 4 * NSEC_PER_MSEC;
}

static void set(const char *path, const char *name, uint64_t v)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n = scenario_sections(&sc, s);
	int found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; strcmp(s[i].path, path) == 0 && j < s[i].n; j++)
			if (strcmp(s[i].knobs[j].name, name) == 0)
				found += knob_set(&s[i].knobs[j], s[i].obj, v) == 0;
	CHECK_EQ(found, 1);
}

static void run(void)
{
	int rc = sim_run(&sc, &res, NULL, NULL, err, sizeof(err));

	if (rc)
		fprintf(stderr, "sim_run: %s\n", err);
	CHECK_EQ(rc, 0);
}

static double get(const char *name)
{
	const struct metric *m = sim_metric(&res, name);

	if (!m)
		fprintf(stderr, "no metric %s\n", name);
	CHECK(m != NULL);
	return m ? m->value : -1;
}

static uint64_t hash_of_run(void)
{
	run();
	sim_result_free(&res);
	return res.trace_hash;
}

static void equal_scenarios_give_equal_runs(void)
{
	static struct sim_result first;

	setup();
	run();
	first = res;
	sim_result_free(&res);
	CHECK(hash_of_run() == first.trace_hash);
	CHECK_EQ(res.n_metrics, first.n_metrics);
	for (uint32_t i = 0; i < res.n_metrics; i++) {
		CHECK(strcmp(res.metrics[i].name, first.metrics[i].name) == 0);
		CHECK(res.metrics[i].value == first.metrics[i].value);
	}
	sc.seed++;
	CHECK(hash_of_run() != first.trace_hash);
}

/* Looking on must not change what happens. */
static void observers_do_not_disturb(void)
{
	char pcap[] = "/tmp/test_run.pcap.XXXXXX", trace[] = "/tmp/test_run.json.XXXXXX";
	json_error_t je;
	json_t *j;
	uint64_t h;

	setup();
	h = hash_of_run();
	sc.budget = true;
	CHECK(hash_of_run() == h);
	close(mkstemp(pcap));
	close(mkstemp(trace));
	strcpy(sc.pcap, pcap);
	strcpy(sc.trace, trace);
	CHECK(hash_of_run() == h);
	j = json_load_file(trace, 0, &je);
	CHECK(json_array_size(j) > 100);
	json_decref(j);
	unlink(trace);
	unlink(pcap);
}

/* One connection, one request under way: every nanosecond of its round trip is in a hop. */
static void budget_adds_up_to_the_round_trip(void)
{
	static const uint32_t sizes[] = { 1, 64, 512, 1460 };

	for (size_t i = 0; i < ARRAY_LEN(sizes); i++)
		for (int direct = 0; direct < 2; direct++) {
			double off;

			setup();
			sc.budget = true;
			sc.sw.present = !direct;
			set("workload", "connections", 1);
			set("workload", "size", sizes[i]);
			set("workload.server", "size", sizes[i]);
			run();
			CHECK(get("budget_answers") > 100);
			CHECK(get("budget_answers") == (double)res.service->n);
			off = get("budget_total_us") - get("service_mean_us");
			CHECK(off * 1e3 <= HOP_NR && off * 1e3 >= -HOP_NR);
			CHECK(get("budget_stack_us") > 0 && get("budget_app_us") > 0);
			CHECK(get("budget_wire_us") > 0);
			CHECK((get("budget_switch_us") > 0) == !direct);
			sim_result_free(&res);
		}
}

static void a_request_is_counted_once_everywhere(void)
{
	setup();
	set("workload", "connections", 1);
	run();
	CHECK(get("requests") > 100);
	CHECK(get("requests_per_s") == get("requests") * 1e9 / 4e6);
	CHECK(get("goodput_gbps") == get("requests") * 64 * 8 / 4e6);
	CHECK(get("conns_open") == 1 && get("conns_died") == 0 && get("bad_bytes") == 0);
	/* Frames of the window: a request more or less may be under way at either end. */
	CHECK(get("server_rx_frames") - get("requests") <= 1);
	CHECK(get("requests") - get("server_rx_frames") <= 1);
	CHECK(get("server_batch_mean") == 1);
	CHECK(get("server_work_events") == get("server_events"));
	CHECK(get("left_frames_held") == 0);
	CHECK(get("latency_p50_us") <= get("latency_p99_us"));
	CHECK(get("latency_p99_lo_us") <= get("latency_p99_us"));
	CHECK(get("latency_p99_us") <= get("latency_p99_hi_us"));
	CHECK(get("latency_p95_us") <= get("latency_p99_lo_us"));
	CHECK(get("server_util_pct") < 50 && !res.client_bound);
	sim_result_free(&res);
}

static void every_thread_of_a_bonded_server_works(void)
{
	setup();
	sc.clients = 4;
	sc.server.nic.ports = 4;
	sc.server.threads = 4;
	strcpy(sc.client.profile, "free");
	set("workload", "connections", 64);
	run();
	for (int i = 0; i < 4; i++) {
		char name[32];

		snprintf(name, sizeof(name), "server_t%d_util_pct", i);
		CHECK(get(name) > 10);
	}
	CHECK(!res.client_bound);
	CHECK(get("server_nic_drop_no_desc") == 0);
	sim_result_free(&res);
}

static void client_threads_get_their_own_answers(void)
{
	setup();
	sc.client.threads = 4;
	sc.clients = 2;
	set("workload", "connections", 32);
	run();
	CHECK(get("conns_open") == 32);
	CHECK(get("client_tcp_no_conn") == 0);
	CHECK(get("requests") > 1000);
	sim_result_free(&res);
}

static void neighbours_can_be_resolved_on_the_wire(void)
{
	setup();
	sc.arp = 1;
	sc.clients = 3;
	set("workload", "connections", 3);
	run();
	CHECK(get("conns_open") == 3);
	CHECK(get("requests") > 100);
	sim_result_free(&res);
}

static void losses_are_repaired(void)
{
	setup();
	sc.fault.loss_ppb = 10000000;
	sc.duration_ns = 50 * NSEC_PER_MSEC;
	sc.client.dp.rto_min_ns = sc.server.dp.rto_min_ns = NSEC_PER_MSEC;
	set("workload", "connections", 4);
	run();
	CHECK(get("fault_lost") > 10);
	CHECK(get("client_tcp_rexmit") + get("server_tcp_rexmit") > 10);
	CHECK(get("requests") > 1000);
	CHECK(get("bad_bytes") == 0 && get("conns_died") == 0);
	sim_result_free(&res);
}

static void netpipe_has_rows(void)
{
	setup();
	scenario_workload(&sc, 1);
	sc.warmup_ns = 0;
	sc.duration_ns = NSEC_PER_SEC;
	set("workload", "max_bytes", 4096);
	set("workload.server", "max_bytes", 4096);
	run();
	CHECK(res.n_rows > 5);
	for (uint32_t i = 1; i < res.n_rows; i++)
		CHECK(res.rows[i].bytes > res.rows[i - 1].bytes && res.rows[i].rounds > 0);
	CHECK(res.end < NSEC_PER_SEC);		/* it stops when it is done */
	sim_result_free(&res);
}

static void the_defaults_are_not_client_bound(void)
{
	scenario_defaults(&sc);
	run();
	CHECK(!res.client_bound);
	CHECK(get("requests") > 10000 && get("server_util_pct") > 99);
	sim_result_free(&res);
}

static void a_saturated_client_is_named(void)
{
	setup();
	set("workload", "connections", 200);
	run();
	CHECK(res.client_bound);
	CHECK(strstr(res.why, "thread 0 of client 0") != NULL);
	CHECK(strstr(res.why, "raise clients") != NULL);
	sim_result_free(&res);
}

static void refused(int want_rc, const char *want)
{
	err[0] = '\0';
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), want_rc);
	if (!strstr(err, want))
		fprintf(stderr, "got '%s', want '%s' in it\n", err, want);
	CHECK(strstr(err, want) != NULL);
	CHECK(res.latency == NULL && res.rows == NULL);
	setup();
}

static void refusals_are_sentences(void)
{
	setup();
	strcpy(sc.server.profile, "no-such-list");
	refused(-EINVAL, "no price list 'no-such-list'");
	sc.server.threads = 17;
	refused(-EINVAL, "server.threads is 17, but price list ix describes 8 cores");
	strcpy(sc.pcap, "/no/such/dir/x.pcap");
	refused(-EINVAL, "/no/such/dir/x.pcap");
	strcpy(sc.trace, "/no/such/dir/x.json");
	refused(-EINVAL, "/no/such/dir/x.json");
	sc.sw.present = false;
	sc.clients = 2;
	refused(-EINVAL, "need a switch");
	strcpy(sc.trace, "/dev/full");
	refused(-EIO, "/dev/full is incomplete");
}

static bool stop(void *ctx, nsec now, nsec end)
{
	++*(int *)ctx;
	CHECK(now < end);
	return false;
}

static void the_caller_can_stop_it(void)
{
	int told = 0;

	setup();
	sc.duration_ns = 10 * NSEC_PER_SEC;
	CHECK_EQ(sim_run(&sc, &res, stop, &told, err, sizeof(err)), -EINTR);
	CHECK_EQ(told, 1);
	CHECK(res.latency == NULL);
}

/* By hand: mean 2, variance 1, t of 2 degrees of freedom 4.303, so 4.303 / sqrt(3). */
static void confidence_interval(void)
{
	static const double x[] = { 1, 2, 3 };
	double ci = metrics_ci95(x, 3);

	CHECK(ci > 2.4843 && ci < 2.4844);
	CHECK(metrics_ci95(x, 1) == 0);
}

CU_MAIN("run", TEST(equal_scenarios_give_equal_runs), TEST(observers_do_not_disturb),
	TEST(budget_adds_up_to_the_round_trip), TEST(a_request_is_counted_once_everywhere),
	TEST(every_thread_of_a_bonded_server_works), TEST(client_threads_get_their_own_answers),
	TEST(neighbours_can_be_resolved_on_the_wire), TEST(losses_are_repaired),
	TEST(netpipe_has_rows), TEST(the_defaults_are_not_client_bound),
	TEST(a_saturated_client_is_named), TEST(refusals_are_sentences),
	TEST(the_caller_can_stop_it), TEST(confidence_interval))
