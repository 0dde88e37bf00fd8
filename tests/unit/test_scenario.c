/* SPDX-License-Identifier: MIT */
/*
 * test_scenario.c - sections and defaults of a scenario, and every contradiction it refuses
 */
#include "cu.h"
#include "sim/scenario.h"
#include "workloads/app.h"

static struct scenario sc;
static char err[512];

static const struct knob *find(const char *path, const char *name, void **obj)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n = scenario_sections(&sc, s);

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; strcmp(s[i].path, path) == 0 && j < s[i].n; j++)
			if (strcmp(s[i].knobs[j].name, name) == 0) {
				*obj = s[i].obj;
				return &s[i].knobs[j];
			}
	return NULL;
}

static uint64_t get(const char *path, const char *name)
{
	void *obj;
	const struct knob *k = find(path, name, &obj);

	if (!k)
		fprintf(stderr, "no knob %s.%s\n", path, name);
	CHECK(k != NULL);
	return k ? knob_get(k, obj) : 0;
}

static void set(const char *path, const char *name, uint64_t v)
{
	void *obj;
	const struct knob *k = find(path, name, &obj);

	CHECK(k != NULL && knob_set(k, obj, v) == 0);
}

static void every_section_is_there(void)
{
	static const char *const want[] = {
		"", "link", "switch", "fault", "server", "server.dp", "server.nic", "server.exec",
		"server.machine", "client", "client.dp", "client.nic", "client.exec",
		"client.machine", "workload", "workload.server",
	};
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n;

	scenario_defaults(&sc);
	n = scenario_sections(&sc, s);
	CHECK_EQ(n, ARRAY_LEN(want));
	for (size_t i = 0; i < n && i < ARRAY_LEN(want); i++) {
		CHECK(strcmp(s[i].path, want[i]) == 0);
		CHECK(s[i].n > 0);
	}
}

/* Each knob once, with a doc, and its default legal and inside the struct it describes. */
static void knobs_are_well_formed(void)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	const char *base = (const char *)&sc;
	size_t n;

	scenario_defaults(&sc);
	n = scenario_sections(&sc, s);
	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; j < s[i].n; j++) {
			const struct knob *k = &s[i].knobs[j];
			const char *field = (const char *)s[i].obj + k->off;

			CHECK(k->doc != NULL && k->doc[0] != '\0');
			CHECK(field >= base && field < base + sizeof(sc));
			if (k->type == KNOB_U32 || k->type == KNOB_U64 || k->type == KNOB_ENUM)
				CHECK(k->def >= k->min && k->def <= k->max);
			for (size_t l = 0; l < j; l++)
				CHECK(strcmp(k->name, s[i].knobs[l].name) != 0);
		}
}

static void defaults_are_a_legal_scenario(void)
{
	memset(&sc, 0xff, sizeof(sc));
	scenario_defaults(&sc);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	CHECK_EQ(get("", "seed"), 1);
	CHECK_EQ(get("link", "rate"), 10000000000);
	CHECK_EQ(get("server", "threads"), 1);
	CHECK_EQ(get("server.dp", "batch_max"), 64);
	CHECK_EQ(get("server.nic", "rx_ring"), 512);
	CHECK(strcmp(sc.server.profile, "ix") == 0);
	CHECK_EQ(sc.pcap[0], 0);
	CHECK_EQ(get("switch", "present"), 1);
}

/* Knobs of one host do not show in the other. */
static void hosts_are_apart(void)
{
	scenario_defaults(&sc);
	set("server", "threads", 4);
	set("server.dp", "batch_max", 8);
	CHECK_EQ(sc.server.threads, 4);
	CHECK_EQ(sc.client.threads, 1);
	CHECK_EQ(sc.server.dp.batch_max, 8);
	CHECK_EQ(sc.client.dp.batch_max, 64);
}

static void workload_brings_its_own_knobs(void)
{
	void *obj;

	scenario_defaults(&sc);
	CHECK(scenario_client_ops(&sc) == &echo_client_ops);
	CHECK(scenario_server_ops(&sc) == &echo_server_ops);
	CHECK(find("workload", "size", &obj) != NULL);
	for (uint32_t i = 0; workload_names[i]; i++) {
		struct section s[SCENARIO_SECTIONS_MAX];
		size_t n;

		scenario_workload(&sc, i);
		CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
		CHECK(scenario_client_ops(&sc)->client && !scenario_server_ops(&sc)->client);
		n = scenario_sections(&sc, s);
		CHECK(s[n - 2].knobs == scenario_client_ops(&sc)->knobs);
		CHECK(s[n - 2].obj == sc.client_app);
		CHECK(s[n - 1].knobs == scenario_server_ops(&sc)->knobs);
		for (size_t j = 0; j < s[n - 2].n; j++)
			if (s[n - 2].knobs[j].type != KNOB_STRING &&
			    s[n - 2].knobs[j].type != KNOB_DOUBLE)
				CHECK_EQ(knob_get(&s[n - 2].knobs[j], sc.client_app),
					 s[n - 2].knobs[j].def);
	}
}

/* @sc as it is now is refused with a sentence that holds @want. */
static void refused(const char *want)
{
	err[0] = '\0';
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), -EINVAL);
	if (!strstr(err, want))
		fprintf(stderr, "got '%s', want '%s' in it\n", err, want);
	CHECK(strstr(err, want) != NULL);
	scenario_defaults(&sc);
}

static void refuses_contradictions(void)
{
	scenario_defaults(&sc);
	sc.arp = 1;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	sc.server.threads = 2;
	refused("use arp = \"static\"");
	sc.arp = 1;
	sc.client.threads = 3;
	refused("3 (client)");
	sc.sw.present = false;
	sc.clients = 1;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	sc.clients = 2;
	refused("2 clients need a switch");
	sc.sw.present = false;
	sc.clients = 1;
	sc.server.nic.ports = 4;
	refused("only a switch can bond ports");
	sc.client.nic.ports = 2;
	refused("clients have one port");
	sc.server.dp.rto_min_ns = sc.server.dp.rto_max_ns + 1;
	refused("server.dp.rto_max");
	sc.client.dp.port_min = 50000;
	sc.client.dp.port_max = 40000;
	refused("no port could be chosen");
	strcpy(sc.pcap, "x");
	strcpy(sc.trace, "x");
	refused("the same file, x");
	sc.sw.ecn_bytes = sc.sw.buffer_bytes + 1;
	refused("switch.ecn is above");
	set("workload", "size", 8192);
	refused("workload.size is 8192 B, but workload.server.size is 64 B");
	set("workload", "size", 8192);
	set("workload.server", "size", 0);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	set("workload.server", "size", 8192);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	scenario_defaults(&sc);
	sc.workload = 99;
	refused("workload 99 does not exist");
}

/* The smallest pool that is accepted is the one the sentence names. */
static void refuses_rings_that_empty_the_pool(void)
{
	unsigned need = 0;
	const char *p;

	scenario_defaults(&sc);
	sc.server.dp.mbufs = 1024;
	sc.server.nic.rx_ring = 831;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	sc.server.nic.rx_ring = 832;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), -EINVAL);
	p = strstr(err, "set server.dp.mbufs = ");
	CHECK(p && sscanf(p, "set server.dp.mbufs = %u", &need) == 1);
	sc.server.dp.mbufs = need;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	sc.server.dp.mbufs = need - 1;
	refused("server.dp.mbufs is");
	sc.client.nic.rx_ring = 65536;
	refused("client.dp.mbufs is");
	sc.client.nic.rx_refill = sc.client.nic.rx_ring + 1;
	refused("client.nic.rx_refill is");
	sc.server.nic.rx_refill = sc.server.nic.rx_ring + 1;
	refused("server.nic.rx_refill is");
}

static void refuses_more_connections_than_ports(void)
{
	scenario_defaults(&sc);
	sc.client.dp.port_min = 1000;
	sc.client.dp.port_max = 1099;
	set("workload", "connections", 400);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	set("workload", "connections", 401);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "set clients = 5") != NULL);
	sc.clients = 5;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	sc.clients = 1;
	sc.sw.present = false;
	refused("set workload.connections = 100");
	sc.client.dp.port_min = sc.client.dp.port_max;
	set("workload", "connections", 500);
	refused("set workload.connections = 4");
	sc.client.threads = 3;		/* 42 of RSS's 128 buckets is all the last one has */
	sc.client.dp.port_min = 1024;
	sc.client.dp.port_max = 2303;
	set("workload", "connections", 4 * 1260);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	set("workload", "connections", 4 * 1260 + 1);
	refused("1260 local ports");
}

static void refuses_more_connections_than_tables_hold(void)
{
	scenario_defaults(&sc);
	sc.client.threads = 2;
	sc.client.dp.conns_max = 10;
	set("workload", "connections", 80);
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	set("workload", "connections", 81);
	refused("set client.dp.conns_max = 11");
	sc.server.dp.conns_max = 63;
	refused("set server.dp.conns_max = 64");
	set("workload", "connections", 16385);
	refused("set workload.server.conns_max = 16385");
	set("workload", "connections", 16385);
	sc.server.threads = 2;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
	set("workload.server", "conns_max", 8192);
	refused("set workload.server.conns_max = 16386");
	sc.clients = 200;
	set("workload", "connections", 5000000);
	refused("server.dp.conns_max is 65536 a thread, but workload.connections is 5000000");
	sc.clients = 200;
	set("workload", "connections", 5000000);
	refused("set workload.connections = 65536");
	scenario_workload(&sc, 1);	/* netpipe has one */
	sc.server.dp.conns_max = 1;
	CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
}

static uint32_t workload_named(const char *name)
{
	uint32_t i = 0;

	while (strcmp(workload_names[i], name) != 0)
		i++;
	return i;
}

static void refuses_records_that_the_server_lacks(void)
{
	static const struct {
		const char *name;
		uint64_t v;
		bool ok;
	} t[] = {
		{ "preset", 2, false }, { "records", 999999, false }, { "records", 2000000, true },
	};

	for (size_t i = 0; i < ARRAY_LEN(t); i++) {
		scenario_defaults(&sc);
		scenario_workload(&sc, workload_named("kv"));
		set("workload.server", t[i].name, t[i].v);
		CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);	/* it begins empty */
		set("workload.server", "stored", 1);
		if (t[i].ok)
			CHECK_EQ(scenario_check(&sc, err, sizeof(err)), 0);
		if (!t[i].ok)
			refused(t[i].name);
	}
}

CU_MAIN("scenario", TEST(every_section_is_there), TEST(knobs_are_well_formed),
	TEST(defaults_are_a_legal_scenario), TEST(hosts_are_apart),
	TEST(workload_brings_its_own_knobs), TEST(refuses_contradictions),
	TEST(refuses_rings_that_empty_the_pool), TEST(refuses_more_connections_than_ports),
	TEST(refuses_more_connections_than_tables_hold),
	TEST(refuses_records_that_the_server_lacks))
