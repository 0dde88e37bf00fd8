/* SPDX-License-Identifier: MIT */
/*
 * test_series.c - time series of small runs: the same bytes again, true numbers, no disturbance
 */
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "sim/run.h"

enum { FLOWS = 3, LINE = 256 };

static struct scenario sc;
static struct sim_result res;
static char err[512], path[] = "/tmp/test_series.XXXXXX";

static void set(const char *section, const char *name, uint64_t v)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n = scenario_sections(&sc, s);
	int found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; strcmp(s[i].path, section) == 0 && j < s[i].n; j++)
			if (strcmp(s[i].knobs[j].name, name) == 0)
				found += knob_set(&s[i].knobs[j], s[i].obj, v) == 0;
	CHECK_EQ(found, 1);
}

/* Three flows through one port, 10 ms, a sample a millisecond. */
static void setup(void)
{
	scenario_defaults(&sc);
	for (uint32_t i = 0; workload_names[i]; i++)
		if (strcmp(workload_names[i], "bulk") == 0)
			scenario_workload(&sc, i);
	set("workload", "connections", FLOWS);
	strcpy(sc.server.profile, "free");
	strcpy(sc.client.profile, "free");
	sc.clients = FLOWS;
	sc.warmup_ns = 2 * NSEC_PER_MSEC;
	sc.duration_ns = 8 * NSEC_PER_MSEC;
	sc.sw.buffer_bytes = 100000;
	sc.client.dp.rto_min_ns = NSEC_PER_MSEC;
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	strcpy(sc.series, path);
}

static void run(void)
{
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), 0);
}

static double get(const char *name)
{
	const struct metric *m = sim_metric(&res, name);

	CHECK(m != NULL);
	return m ? m->value : -1;
}

/* The file, NUL-terminated; free() it. The file is gone. */
static char *slurp(void)
{
	FILE *f = fopen(path, "r");
	char *text = calloc(1, 1 << 20);
	size_t n = f && text ? fread(text, 1, (1 << 20) - 1, f) : 0;

	CHECK(n > 0);
	if (f)
		fclose(f);
	unlink(path);
	return text;
}

static void equal_runs_give_equal_bytes(void)
{
	char *a, *b;

	setup();
	run();
	sim_result_free(&res);
	a = slurp();
	run();
	sim_result_free(&res);
	b = slurp();
	CHECK(strcmp(a, b) == 0);
	free(a);
	free(b);
}

static void looking_on_changes_nothing(void)
{
	double high;
	uint64_t hash;

	setup();
	sc.series[0] = '\0';
	run();
	hash = res.trace_hash;
	high = get("switch_buffer_high_bytes");
	sim_result_free(&res);
	strcpy(sc.series, path);
	sc.series_period_ns = 777;
	run();
	CHECK(res.trace_hash == hash);
	CHECK(get("switch_buffer_high_bytes") == high);
	sim_result_free(&res);
	unlink(path);
}

/* What is in the file is what the run did. */
static void samples_are_true(void)
{
	uint64_t acked[FLOWS] = { 0 }, at_warmup = 0, sum = 0, queue_max = 0;
	uint32_t n_ports = 0, n_flows = 0;
	char *text, *line, *save;

	setup();
	run();
	text = slurp();
	line = strtok_r(text, "\n", &save);
	CHECK(strcmp(line, "time_us,kind,id,cwnd_bytes,ssthresh_bytes,srtt_us,flight_bytes,"
		     "acked_bytes,queue_bytes") == 0);
	while ((line = strtok_r(NULL, "\n", &save)) != NULL) {
		unsigned us, id, cwnd, ssthresh, srtt, flight;
		unsigned long long total, queue;

		if (sscanf(line, "%u.000,port,%u,,,,,,%llu", &us, &id, &queue) == 3) {
			CHECK_EQ(us, n_ports * 1000);
			CHECK_EQ(id, 0);
			queue_max = MAX(queue_max, (uint64_t)queue);
			n_ports++;
			if (us == 2000)
				for (int i = 0; i < FLOWS; i++)
					at_warmup += acked[i];
			continue;
		}
		CHECK_EQ(sscanf(line, "%u.000,flow,%u,%u,%u,%u,%u,%llu,", &us, &id, &cwnd,
				&ssthresh, &srtt, &flight, &total), 7);
		CHECK(id < FLOWS && total >= acked[id % FLOWS]);
		CHECK(cwnd >= 1460 && srtt > 0 && srtt < 2000);
		acked[id % FLOWS] = total;
		n_flows++;
	}
	CHECK_EQ(n_ports, 11);			/* at 0, 1 .. 10 ms */
	CHECK_EQ(n_flows, 10 * FLOWS);		/* at 0 nobody is there */
	for (int i = 0; i < FLOWS; i++)
		sum += acked[i];
	/* Both count from the same acknowledgements; one event may be under way at either end. */
	CHECK(get("goodput_gbps") * 8e6 / 8 - (double)(sum - at_warmup) < 3 * 65536.0);
	CHECK((double)(sum - at_warmup) - get("goodput_gbps") * 8e6 / 8 < 3 * 65536.0);
	CHECK(queue_max > 10000 && (double)queue_max <= get("switch_buffer_high_bytes"));
	CHECK(get("flow_jain") > 0.3 && get("flow_jain") <= 1 && get("flows") == FLOWS);
	sim_result_free(&res);
	free(text);
}

static void fewer_flows_can_be_asked_for(void)
{
	char *text;

	setup();
	sc.series_flows = 1;
	run();
	sim_result_free(&res);
	text = slurp();
	CHECK(strstr(text, ",flow,0,") != NULL && strstr(text, ",flow,1,") == NULL);
	free(text);
}

static void says_why_it_cannot_write(void)
{
	setup();
	unlink(path);
	strcpy(sc.series, "/no/such/dir/x.csv");
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "/no/such/dir/x.csv") != NULL);
	strcpy(sc.series, "/dev/full");
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), -EIO);
	CHECK(strstr(err, "/dev/full is incomplete") != NULL);
	strcpy(sc.trace, "/dev/full");
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "series and pcap or trace name the same file") != NULL);
}

CU_MAIN("series", TEST(equal_runs_give_equal_bytes), TEST(looking_on_changes_nothing),
	TEST(samples_are_true), TEST(fewer_flows_can_be_asked_for), TEST(says_why_it_cannot_write))
