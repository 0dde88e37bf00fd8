/* SPDX-License-Identifier: MIT */
/*
 * bench_sim.c - what the simulator takes to simulate, without building and opening
 *
 *	bench_sim FILE.conf SLICES SLICE_US [KEY=VALUE]...
 *
 * Runs the scenario's warm-up, then SLICES slices of virtual time of SLICE_US each. Prints a CSV
 * line a slice: requests answered to clients, engine events, CPU nanoseconds of the process,
 * user and system, and frames that switch and NICs dropped.
 */
#include <stdio.h>
#include <stdlib.h>
#include <time.h>

#include "cli/simrun.h"
#include "sim/topology.h"

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t answered(const struct topology *t)
{
	uint64_t n = 0;

	for (uint32_t id = 1; id < t->n_hosts; id++) {
		const struct host *h = t->host[id];

		for (uint32_t i = 0; i < h->n_threads; i++) {
			struct app_report r = { 0 };

			h->setup.app->report(h->threads[i].app, &r);
			n += r.requests;
		}
	}
	return n;
}

static uint64_t dropped(const struct topology *t)
{
	uint64_t n = t->sw ? sim_switch_counters(t->sw)->drop_buffer : 0;

	for (uint32_t id = 0; id < t->n_hosts; id++) {
		const struct nic_counters *c = sim_nic_counters(t->host[id]->nic);

		n += c->rx_drop_no_desc + c->rx_drop_no_mbuf + c->rx_drop_cap;
	}
	return n;
}

static void slice(const struct topology *t, nsec until)
{
	uint64_t requests = answered(t), drops = dropped(t), cpu = cpu_ns(), events;

	events = engine_run(t->engine, until);
	cpu = cpu_ns() - cpu;
	printf("%llu,%llu,%llu,%llu\n", (unsigned long long)(answered(t) - requests),
	       (unsigned long long)events, (unsigned long long)cpu,
	       (unsigned long long)(dropped(t) - drops));
}

static int run(const struct scenario *sc, uint32_t slices, nsec each)
{
	char err[512];
	struct topology *t = topology_new(sc, err, sizeof(err));

	if (!t) {
		fprintf(stderr, "bench_sim: %s\n", err);
		return 1;
	}
	engine_run(t->engine, sc->warmup_ns);
	for (uint32_t i = 1; i <= slices; i++)
		slice(t, sc->warmup_ns + i * each);
	if (fflush(stdout) != 0) {
		perror("bench_sim: standard output");
		return 1;
	}
	return topology_free(t, err, sizeof(err)) != 0;
}

/* 1 to 10^8, and nothing behind it. */
static bool number(const char *text, uint32_t *v)
{
	char *end;
	unsigned long n = strtoul(text, &end, 10);

	*v = (uint32_t)n;
	return *text >= '0' && *text <= '9' && *end == '\0' && n > 0 && n <= 100000000;
}

int main(int argc, char **argv)
{
	struct scenario sc;
	struct conf c;
	struct schema s;
	uint32_t slices, us;
	int rc = 2;

	if (argc < 4 || !number(argv[2], &slices) || !number(argv[3], &us)) {
		fprintf(stderr, "usage: bench_sim FILE.conf SLICES SLICE_US [KEY=VALUE]...\n");
		return 2;
	}
	conf_init(&c);
	for (int i = 4; i < argc; i++)
		conf_set(&c, argv[i], "KEY=VALUE");
	simrun_schema(&s, &sc);
	if (simrun_configure(&c, argv[1], &sc)) {
		sc.duration_ns = (nsec)slices * us * NSEC_PER_USEC;
		rc = run(&sc, slices, us * NSEC_PER_USEC);
	} else {
		conf_complain(&c, "bench_sim");
	}
	conf_free(&c);
	return rc;
}
