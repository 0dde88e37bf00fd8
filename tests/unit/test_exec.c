/* SPDX-License-Identifier: MIT */
/*
 * test_exec.c - execution models: what their switches change in a run, and what they refuse
 *
 * Runs are short and lightly loaded unless they say so. The price list is ix without what
 * other systems do, so what is timed here is what a list of the test's own says.
 */
#include <math.h>
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "sim/run.h"

static struct scenario sc;
static struct sim_result res;
static char err[512], list[64];

/* Is @line a price of what IX does not do? */
static bool is_foreign(const char *line)
{
	static const char *const names[] = {
		"irq ", "irq_delay ", "wakeup ", "cross_segment ", "cross_wakeup ", "wake_jitter ",
		"conn_contention ", "switch ", "handoff_events ", "handoff_calls ",
	};
	bool any = false;

	for (size_t i = 0; i < ARRAY_LEN(names); i++)
		any |= strncmp(line, names[i], strlen(names[i])) == 0;
	return any;
}

/* Has @more a price of the name that @line begins with? */
static bool is_given(const char *line, const char *more)
{
	size_t n = strcspn(line, " ") + 1;

	for (; *more; more += strcspn(more, "\n"), more += *more == '\n')
		if (strncmp(more, line, n) == 0)
			return true;
	return false;
}

/* The ix list but for those, and @more lines. */
static void prices(const char *more)
{
	char line[256];
	FILE *from = fopen("sim/prices/ix.conf", "r"), *to;
	int fd;

	strcpy(list, "/tmp/ix_exec_XXXXXX");
	fd = mkstemp(list);
	to = fd < 0 ? NULL : fdopen(fd, "w");
	CU_ASSERT_FATAL(from != NULL && to != NULL);
	while (fgets(line, sizeof(line), from))
		if (!is_foreign(line) && !is_given(line, more))
			fputs(line, to);
	fputs(more, to);
	fclose(from);
	fclose(to);
}

static void setup(const char *more)
{
	prices(more);
	scenario_defaults(&sc);
	sc.clients = 1;
	sc.warmup_ns = 2 * NSEC_PER_MSEC;
	sc.duration_ns = 4 * NSEC_PER_MSEC;
	snprintf(sc.server.profile, sizeof(sc.server.profile), "%s", list);
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

/* The run's value of @name; the list is gone afterwards. */
static double run(const char *name)
{
	const struct metric *m;
	double v;
	int rc = sim_run(&sc, &res, NULL, NULL, err, sizeof(err));

	unlink(list);
	if (rc)
		fprintf(stderr, "sim_run: %s\n", err);
	CU_ASSERT_FATAL(rc == 0);
	m = sim_metric(&res, name);
	CU_ASSERT_FATAL(m != NULL);
	v = m->value;
	CHECK_EQ((uint64_t)sim_metric(&res, "bad_bytes")->value, 0);
	CHECK((uint64_t)sim_metric(&res, "requests")->value > 0);
	sim_result_free(&res);
	return v;
}

static void softirq(struct exec_cfg *x)
{
	x->stack = STACK_SOFTIRQ;
	x->wake = WAKE_INTERRUPT;
	x->calls = CALLS_SINGLE;
	x->rx_copy = x->tx_copy = true;
}

static void one_at_a_time(void)
{
	set("workload", "connections", 1);
}

static void an_interrupt_and_a_wake_up_are_paid_a_request(void)
{
	double poll, irq;

	setup("");
	one_at_a_time();
	softirq(&sc.server.exec);
	poll = run("latency_mean_us");
	setup("irq 1000 ns \"t\"\nirq_delay 2000 ns \"t\"\nwakeup 3000 ns \"t\"\n");
	one_at_a_time();
	softirq(&sc.server.exec);
	irq = run("latency_mean_us");
	CHECK(irq - poll > 5.99 && irq - poll < 6.01);
}

/* Of 3 us a segment and 2 us a wake-up: a request is one of each. */
static void an_interrupt_elsewhere_moves_what_it_finds(void)
{
	double here, elsewhere;

	for (int i = 0; i < 2; i++) {
		setup("cross_segment 3000 ns \"t\"\ncross_wakeup 2000 ns \"t\"\n");
		one_at_a_time();
		softirq(&sc.server.exec);
		sc.server.exec.steered = i == 0;
		*(i ? &elsewhere : &here) = run("latency_mean_us");
	}
	CHECK(elsewhere - here > 4.99 && elsewhere - here < 5.01);
}

/* More comes than the stack alone can take: without a bound the application starves. */
static void ksoftirqd_leaves_half_to_the_application(void)
{
	double done[2];

	for (int i = 0; i < 2; i++) {
		setup("tcp_fast 4000 ns \"t\"\n");
		softirq(&sc.server.exec);
		sc.clients = 4;
		set("workload", "mode", 1);
		set("workload", "rate", 230000);
		set("workload", "depth", 64);
		sc.server.exec.softirq_max_ns = i ? 2 * NSEC_PER_MSEC : 0;
		sc.duration_ns = 10 * NSEC_PER_MSEC;
		done[i] = run("requests");
	}
	CHECK(done[1] > 1.2 * done[0]);
}

/* It pays the interrupt, but is never woken; how long it takes to look has a price of its own. */
static void who_spins_does_not_sleep(void)
{
	static const char prices[] = "irq 1000 ns \"t\"\nirq_delay 2000 ns \"t\"\n"
				     "wakeup 3000 ns \"t\"\nwake_jitter 9000 ns \"t\"\n";
	double poll, spin;

	setup("");
	one_at_a_time();
	softirq(&sc.server.exec);
	poll = run("latency_mean_us");
	setup(prices);
	one_at_a_time();
	softirq(&sc.server.exec);
	sc.server.exec.app_spin = true;
	spin = run("latency_mean_us");
	CHECK(spin - poll > 2.99 && spin - poll < 3.01);
	setup("spin_jitter 5000 ns \"t\"\n");
	one_at_a_time();
	softirq(&sc.server.exec);
	sc.server.exec.app_spin = true;
	CHECK_EQ((uint64_t)run("server_wakeups"), 0);
}

static void calls_cross_one_by_one(void)
{
	double requests, crossings;

	setup("");
	one_at_a_time();
	softirq(&sc.server.exec);
	requests = run("requests");
	setup("");
	one_at_a_time();
	softirq(&sc.server.exec);
	crossings = run("server_work_crossings");
	/* epoll_wait, read, write; and one more for the acknowledgement alone, if any. */
	CHECK(crossings >= 2.9 * requests && crossings <= 4.1 * requests);
}

static void two_threads_copy_twice(void)
{
	double copied[2];

	for (int i = 0; i < 2; i++) {
		setup("");
		one_at_a_time();
		sc.server.exec.rx_copy = sc.server.exec.tx_copy = true;
		sc.server.exec.stack = STACK_THREAD;
		copied[i] = run(i ? "requests" : "server_work_copied_bytes");
	}
	CHECK(fabs(copied[0] - 256 * copied[1]) <= 256);	/* 64 B in and out, by both */
}

static void payload_is_copied_where_it_is_said(void)
{
	double none, both;

	setup("");
	one_at_a_time();
	none = run("server_work_copied_bytes");
	setup("");
	one_at_a_time();
	sc.server.exec.rx_copy = sc.server.exec.tx_copy = true;
	both = run("server_work_copied_bytes");
	CHECK_EQ((uint64_t)none, 0);
	CHECK(both > 0);
	CHECK_EQ((uint64_t)both % 128, 0);	/* 64 B in and 64 B out a request */
}

static void interrupts_are_moderated(void)
{
	double passes;

	setup("");
	set("workload", "connections", 64);
	softirq(&sc.server.exec);
	sc.server.exec.itr_ns = 100 * NSEC_PER_USEC;
	passes = run("server_irqs");
	CHECK(passes >= 20 && passes <= 41);	/* 4 ms of 100 us */
}

/* What an interrupt finds decides how soon the next may come: 10, 50, 125 us. */
static void moderation_follows_the_bytes(void)
{
	struct exec_itr i = { .ns = 10 * NSEC_PER_USEC, .max_ns = 125 * NSEC_PER_USEC };
	uint64_t rx = 0;

	for (int n = 0; n < 100; n++)
		exec_itr_update(&i, rx += 100, 0);
	CHECK_EQ(i.ns, 10 * NSEC_PER_USEC);	/* 10 B/us is not above 10 */
	exec_itr_update(&i, rx, 1500);
	CHECK(i.ns > 10 * NSEC_PER_USEC && i.ns < 12 * NSEC_PER_USEC);	/* slowly */
	for (int n = 0; n < 100; n++)
		exec_itr_update(&i, rx += 60000, 1500);
	CHECK(i.ns > 120 * NSEC_PER_USEC && i.ns <= 125 * NSEC_PER_USEC);
	for (int n = 0; n < 100; n++)
		exec_itr_update(&i, rx += 100, 1500 + (uint64_t)n);
	CHECK_EQ(i.ns / NSEC_PER_USEC, 10);
}

static void threads_wait_for_each_other_twice(void)
{
	double none, some;

	setup("");
	one_at_a_time();
	sc.server.exec.stack = STACK_THREAD;
	none = run("latency_mean_us");
	setup("handoff_events 20000 ns \"t\"\nhandoff_calls 40000 ns \"t\"\n"
	      "switch 1000 ns \"t\"\n");
	one_at_a_time();
	sc.server.exec.stack = STACK_THREAD;
	some = run("latency_mean_us");
	CHECK(some - none > 61.9 && some - none < 62.1);
}

/* 32 KB take 27 us on the wire, so the application runs at 20 us and at 40: the stack takes the
 * first calls before the second, not 100 us after the first. */
static void an_application_that_is_given_more_does_not_wait_for_its_calls(void)
{
	double took[2];

	for (int i = 0; i < 2; i++) {
		setup(i ? "handoff_events 20000 ns \"t\"\nhandoff_calls 100000 ns \"t\"\n" : "");
		set("workload", "size", 32 << 10);
		set("workload.server", "size", 32 << 10);
		one_at_a_time();
		sc.server.exec.stack = STACK_THREAD;
		took[i] = run("latency_mean_us");
	}
	CHECK(took[1] - took[0] > 100.0 && took[1] - took[0] < 140.0);
}

static void late_replies_wait_for_the_next_receive(void)
{
	double pass, late;

	setup("");
	one_at_a_time();
	pass = run("latency_mean_us");
	setup("");
	one_at_a_time();
	sc.server.exec.tx_flush = FLUSH_LATE;
	late = run("latency_mean_us");
	CHECK(late > pass + 0.9 && late < pass + 2.5);
}

static void early_replies_do_not_wait_for_the_batch(void)
{
	double pass, early;

	setup("");
	set("workload", "connections", 64);
	pass = run("latency_mean_us");
	setup("");
	set("workload", "connections", 64);
	sc.server.exec.tx_flush = FLUSH_EARLY;
	early = run("latency_p50_us");
	CHECK(early != pass && early > 0);
}

/* A client sends when its timer says so, and the answer comes 10 us later. */
static void a_timer_does_not_keep_the_nic_waiting(void)
{
	double mean[2];

	for (int i = 0; i < 2; i++) {
		setup("");
		set("workload", "mode", 1);
		set("workload", "rate", 5000);
		sc.duration_ns = 20 * NSEC_PER_MSEC;
		sc.client.exec.wake = WAKE_INTERRUPT;
		sc.client.exec.itr_ns = i ? 40 * NSEC_PER_USEC : 0;
		mean[i] = run("latency_p50_us");
	}
	CHECK(mean[0] < 25 && mean[1] < mean[0] + 5);
}

static void a_batch_is_waited_for_until_the_timeout(void)
{
	double adaptive, waits;

	setup("");
	one_at_a_time();
	adaptive = run("latency_mean_us");
	setup("");
	one_at_a_time();
	sc.server.exec.policy = BATCH_WAIT;
	sc.server.exec.batch_timeout_ns = 50 * NSEC_PER_USEC;
	waits = run("latency_mean_us");
	CHECK(waits - adaptive > 49.9 && waits - adaptive < 50.1);
}

static void a_full_batch_does_not_wait(void)
{
	double batch;

	setup("");
	set("workload", "connections", 64);
	set("server.dp", "batch_max", 8);
	sc.server.exec.policy = BATCH_WAIT;
	sc.server.exec.batch_timeout_ns = 50 * NSEC_PER_USEC;
	batch = run("server_batch_mean");
	CHECK(batch > 7.5 && batch <= 8);
}

static void a_model_replays(void)
{
	uint64_t first = 0;

	for (int i = 0; i < 2; i++) {
		setup("irq 1000 ns \"t\"\nwake_jitter 5000 ns \"t\"\n");
		softirq(&sc.server.exec);
		softirq(&sc.client.exec);
		(void)run("requests");
		if (i == 0)
			first = res.trace_hash;
		else
			CHECK_EQ(res.trace_hash, first);
	}
}

static void contradictions_are_refused(void)
{
	static const struct exec_cfg bad[] = {
		{ .stack = STACK_SOFTIRQ, .wake = WAKE_POLL },
		{ .stack = STACK_THREAD, .wake = WAKE_INTERRUPT },
		{ .stack = STACK_SOFTIRQ, .wake = WAKE_INTERRUPT, .tx_flush = FLUSH_LATE },
		{ .policy = BATCH_WAIT, .wake = WAKE_INTERRUPT },
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		scenario_defaults(&sc);
		sc.server.exec = bad[i];
		CHECK_EQ(scenario_check(&sc, err, sizeof(err)), -EINVAL);
		CHECK(strstr(err, "server.exec") != NULL && strstr(err, "use ") != NULL);
	}
}

/* Mean and tail of the exponential that has no logarithm. */
static void jitter_is_exponential(void)
{
	enum { N = 200000 };
	struct rng r;
	uint64_t sum = 0, above = 0, tail = 0;

	rng_stream(&r, 1, 1);
	CHECK_EQ(exec_jitter(&r, 0), 0);
	for (int i = 0; i < N; i++) {
		nsec x = exec_jitter(&r, 10000 * 1000);

		sum += x;
		above += x > 10000;
		tail += x > 46052;		/* 1 % */
	}
	CHECK(sum / N > 9900 && sum / N < 10100);
	CHECK(above > N / 1000 * 360 && above < N / 1000 * 376);
	CHECK(tail > N / 10000 * 93 && tail < N / 10000 * 107);
}

/* A paced client has a time to send at; what it hears before that wakes it all the same. */
static void an_answer_does_not_wait_for_the_next_request(void)
{
	setup("");
	softirq(&sc.client.exec);
	set("workload", "mode", 1);		/* open */
	set("workload", "gap", 1);		/* fixed: 100 us */
	set("workload", "rate", 10000);
	set("workload", "connections", 1);
	CHECK(run("latency_mean_us") < 30);
}

CU_MAIN("exec", TEST(an_answer_does_not_wait_for_the_next_request),
	TEST(an_interrupt_and_a_wake_up_are_paid_a_request),
	TEST(an_interrupt_elsewhere_moves_what_it_finds),
	TEST(ksoftirqd_leaves_half_to_the_application), TEST(who_spins_does_not_sleep),
	TEST(calls_cross_one_by_one),
	TEST(payload_is_copied_where_it_is_said), TEST(two_threads_copy_twice),
	TEST(interrupts_are_moderated),
	TEST(moderation_follows_the_bytes),
	TEST(threads_wait_for_each_other_twice),
	TEST(an_application_that_is_given_more_does_not_wait_for_its_calls),
	TEST(late_replies_wait_for_the_next_receive),
	TEST(a_timer_does_not_keep_the_nic_waiting),
	TEST(early_replies_do_not_wait_for_the_batch),
	TEST(a_batch_is_waited_for_until_the_timeout), TEST(a_full_batch_does_not_wait),
	TEST(a_model_replays), TEST(contradictions_are_refused), TEST(jitter_is_exponential))
