/* SPDX-License-Identifier: MIT */
/*
 * test_limit.c - every resource can be what limits a run, and is named
 */
#include "cu.h"
#include "sim/limit.h"
#include "sim/run.h"

static struct scenario sc;
static struct sim_result res;
static char err[512];

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

static void setup(uint32_t clients, uint64_t connections, const char *server, const char *client)
{
	scenario_defaults(&sc);
	sc.clients = clients;
	sc.warmup_ns = NSEC_PER_MSEC + 500 * NSEC_PER_USEC;
	sc.duration_ns = 2 * NSEC_PER_MSEC;
	strcpy(sc.server.profile, server);
	strcpy(sc.client.profile, client);
	set("workload", "connections", connections);
}

static double get(const char *name)
{
	const struct metric *m = sim_metric(&res, name);

	if (!m)
		fprintf(stderr, "no metric %s\n", name);
	CHECK(m != NULL);
	return m ? m->value : -1;
}

/* Run; the limit is @want, of which there is the metric @util. */
static void limited_by(const char *want, const char *util)
{
	err[0] = '\0';
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), 0);
	if (err[0])
		fprintf(stderr, "%s\n", err);
	if (!res.limit || strcmp(res.limit, want) != 0)
		fprintf(stderr, "the limit is %s, want %s\n", res.limit ? res.limit : "?", want);
	CHECK(res.limit && strcmp(res.limit, want) == 0);
	if (util)
		CHECK(get(util) >= LIMIT_PCT && get(util) <= 100);
}

static void each_resource_is_named(void)
{
	setup(4, 64, "ix", "free");
	limited_by("core", "server_core_util_pct");
	CHECK(get("server_link_util_pct") < 50);
	sim_result_free(&res);
	setup(4, 1024, "free", "free");
	limited_by("link", "server_link_util_pct");
	sim_result_free(&res);
	sc.server.nic.port_pps_max = 4000000;
	limited_by("packet cap", "server_cap_util_pct");
	sim_result_free(&res);
	setup(1, 200, "free", "ix");
	limited_by("client", "client_util_max_pct");
	CHECK(res.client_bound);
	sim_result_free(&res);
	setup(1, 1, "ix", "ix");
	limited_by("connections", NULL);
	CHECK(get("server_core_util_pct") > 5 && get("server_core_util_pct") < LIMIT_PCT);
	sim_result_free(&res);
}

/* A client's own NIC: the server has four times its link, and time to spare. */
static void a_client_is_more_than_its_processors(void)
{
	static const struct { const char *knob, *part; uint64_t v; } nic[] = {
		{ NULL, "link", 0 }, { "port_pps_max", "packet cap", 100000 },
		{ "pcie_rate", "PCIe", 1000000000 },
	};

	for (size_t i = 0; i < ARRAY_LEN(nic); i++) {
		setup(1, 64, "free", "free");
		sc.server.nic.ports = 4;
		set("workload", "size", i == 1 ? 64 : 8192);
		set("workload.server", "size", i == 1 ? 64 : 8192);
		if (nic[i].knob)
			set("client.nic", nic[i].knob, nic[i].v);
		limited_by("client", "client_nic_util_pct");
		CHECK(get("client_util_max_pct") < LIMIT_PCT && get("server_link_util_pct") < 50);
		CHECK(res.client_bound && strstr(res.why, nic[i].part) != NULL);
		sim_result_free(&res);
	}
	setup(1, 6, "ix", "ix");		/* busy to 94.6 %, which rounds to the limit */
	sc.server.threads = 4;
	sc.link.propagation_ns = 275;
	sc.warmup_ns = 5 * NSEC_PER_MSEC;
	sc.duration_ns = 20 * NSEC_PER_MSEC;
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), 0);
	CHECK(strcmp(res.limit, "client") == 0 && res.client_bound);
	CHECK(get("client_util_max_pct") < LIMIT_PCT && strstr(res.why, "thread 0") != NULL);
	sim_result_free(&res);
	setup(1, 64, "free", "free");		/* a cable at each end, equally full */
	set("workload", "size", 8192);
	set("workload.server", "size", 8192);
	limited_by("link", "client_nic_util_pct");
	CHECK(!res.client_bound);
	sim_result_free(&res);
}

/* The cards of two ports each: a doorbell a frame is more than they can take. */
static void a_doorbell_a_frame_saturates_pcie(void)
{
	double alone;

	setup(24, 1536, "free", "free");
	sc.server.threads = 16;
	sc.server.nic.ports = 2;
	sc.server.nic.rx_refill = 1;
	limited_by("PCIe", "server_pcie_down_util_pct");
	alone = get("requests_per_s");
	sim_result_free(&res);
	sc.server.nic.rx_refill = 32;
	limited_by("link", "server_link_util_pct");
	CHECK(get("requests_per_s") > 1.1 * alone);
	sim_result_free(&res);
	sc.server.nic.ports = 1;			/* a card for itself has room */
	sc.server.nic.rx_refill = 1;
	limited_by("link", "server_link_util_pct");
	sim_result_free(&res);
}

/* Made up: the most used one wins, in whole percent, and the first among equals. */
static void ties_are_decided_by_order(void)
{
	static struct topology t;
	static struct host_counts c;
	static struct limit_ports p;
	struct limit l;

	scenario_defaults(&sc);
	t.sc = &sc;
	limit_judge(&l, &t, 1000000, &c, &p, 950000);
	CHECK(strcmp(l.name, "client") == 0);
	limit_judge(&l, &t, 1000000, &c, &p, 944000);
	CHECK(strcmp(l.name, "none") == 0);
	c.lock_held_ps[LOCK_APP] = 995000000;
	limit_judge(&l, &t, 1000000, &c, &p, 990000);
	CHECK(strcmp(l.name, "lock") == 0);
	c.thread_busy_ns[3] = 999000;
	c.busy_ns = 999000;
	limit_judge(&l, &t, 1000000, &c, &p, 999000);
	CHECK(strcmp(l.name, "core") == 0);
	c.lock_wait_ps[LOCK_APP] = 500000000;			/* half of which is waiting */
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "lock") == 0);
	c.lock_held_ps[LOCK_APP] = 600000000;		/* ... a lock that is used more than they */
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "lock") == 0 && l.lock == 60);
	c.lock_held_ps[LOCK_APP] = 400000000;		/* ... and one that is used less */
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "core") == 0);
	c.thread_busy_ns[3] = 0;
	p.frames[0][1] = 1000;				/* 1250 B a us */
	p.bytes[0][1] = 1245000 - 24000;
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "link") == 0 && l.nic.link > 99.5 && l.nic.link < 99.7);
	c.thread_busy_ns[3] = 1000000;			/* a core is busy beside a full link */
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "link") == 0 && l.core == 100);
	p.bytes[0][1] = 1235000 - 24000;
	limit_judge(&l, &t, 1000000, &c, &p, 0);
	CHECK(strcmp(l.name, "core") == 0);
}

CU_MAIN("limit", TEST(each_resource_is_named),
	TEST(a_client_is_more_than_its_processors), TEST(a_doorbell_a_frame_saturates_pcie),
	TEST(ties_are_decided_by_order))
