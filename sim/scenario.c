/* SPDX-License-Identifier: MIT */
/*
 * scenario.c - the knobs of a simulated run, their defaults and their contradictions
 *
 * Entry points: scenario_defaults, scenario_sections, scenario_check. Not here: the knobs
 * of the dataplane (core/dp), NIC, machine, links, switch, faults and workloads; they come from
 * their owners' tables.
 */
#include "sim/scenario.h"

#include <stdio.h>

#include "sim/link.h"
#include "sim/switch.h"
#include "workloads/app.h"

enum { CLIENTS_MAX = 200, THREADS_MAX = 64, POOL_SLACK = 64 };

const char *const workload_names[] = { "echo", "netpipe", "bulk", "kv", NULL };
static const struct app_ops *const server_ops[] = {
	&echo_server_ops, &netpipe_server_ops, &bulk_server_ops, &kv_server_ops,
};
static const struct app_ops *const client_ops[] = {
	&echo_client_ops, &netpipe_client_ops, &bulk_client_ops, &kv_client_ops,
};
static const char *const arp_names[] = { "static", "wire", NULL };

#define US NSEC_PER_USEC
#define MS NSEC_PER_MSEC
#define SC(f) offsetof(struct scenario, f)
static const struct knob top_knobs[] = {
	{ "seed", SC(seed), KNOB_U64, UNIT_NONE, 0, UINT64_MAX, 1,
	  "of every random element; equal seeds give equal runs", NULL, NULL },
	{ "warmup", SC(warmup_ns), KNOB_U64, UNIT_NS, 0, 3600 * NSEC_PER_SEC, 5 * MS,
	  "virtual time before anything is measured", NULL, NULL },
	{ "duration", SC(duration_ns), KNOB_U64, UNIT_NS, 1 * US, 3600 * NSEC_PER_SEC, 20 * MS,
	  "virtual time that is measured", NULL, NULL },
	{ "clients", SC(clients), KNOB_U32, UNIT_NONE, 1, CLIENTS_MAX, 4,
	  "client hosts, each with the knobs of `client`", NULL, NULL },
	{ "arp", SC(arp), KNOB_ENUM, UNIT_NONE, 0, 1, 0,
	  "neighbours: static entries, or resolved on the wire", arp_names, NULL },
	{ "workload", SC(workload), KNOB_ENUM, UNIT_NONE, 0, 3, 0,
	  "what clients and server run", workload_names, NULL },
	{ "probe", SC(probe), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "one more client host, unloaded, measures latency; the others only load", NULL, NULL },
	{ "budget", SC(budget), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "account every nanosecond of a request by hop (slower)", NULL, NULL },
	{ "pcap", SC(pcap), KNOB_STRING, UNIT_NONE, 0, SCENARIO_PATH_MAX, 0,
	  "capture at the server's port 0 into this file; empty: none", NULL, "" },
	{ "trace", SC(trace), KNOB_STRING, UNIT_NONE, 0, SCENARIO_PATH_MAX, 0,
	  "Chrome trace of every pass into this file; empty: none", NULL, "" },
	{ "series", SC(series), KNOB_STRING, UNIT_NONE, 0, SCENARIO_PATH_MAX, 0,
	  "time series of windows and queues into this CSV file; empty: none", NULL, "" },
	{ "series_period", SC(series_period_ns), KNOB_U64, UNIT_NS, 100, 3600 * NSEC_PER_SEC,
	  1 * MS, "time between two samples of the series", NULL, NULL },
	{ "series_flows", SC(series_flows), KNOB_U32, UNIT_NONE, 0, 65536, 16,
	  "connections in the series: the first of every client thread, then the second ...",
	  NULL, NULL },
};

#define HOST(f) offsetof(struct host_cfg, f)
static const struct knob host_knobs[] = {
	{ "threads", HOST(threads), KNOB_U32, UNIT_NONE, 1, THREADS_MAX, 1,
	  "elastic threads, one a hyperthread and a queue", NULL, NULL },
	{ "smt_packed", HOST(smt_packed), KNOB_BOOL, UNIT_NONE, 0, 1, 1,
	  "fill both hyperthreads of a core before the next core", NULL, NULL },
	{ "profile", HOST(profile), KNOB_STRING, UNIT_NONE, 1, SCENARIO_PATH_MAX, 0,
	  "price list: a name in sim/prices/ or a path", NULL, "ix" },
	{ "prices", HOST(prices), KNOB_STRING, UNIT_NONE, 0, SCENARIO_PATH_MAX, 0,
	  "items that differ from the list: \"crossings 0 ns; poll 50 ns\"", NULL, "" },
};

const struct app_ops *scenario_server_ops(const struct scenario *sc)
{
	if (sc->test_server)
		return sc->test_server;
	return sc->workload < ARRAY_LEN(server_ops) ? server_ops[sc->workload] : NULL;
}

const struct app_ops *scenario_client_ops(const struct scenario *sc)
{
	if (sc->test_client)
		return sc->test_client;
	return sc->workload < ARRAY_LEN(client_ops) ? client_ops[sc->workload] : NULL;
}

size_t scenario_sections(struct scenario *sc, struct section out[SCENARIO_SECTIONS_MAX])
{
	const struct app_ops *server = scenario_server_ops(sc), *client = scenario_client_ops(sc);
	const struct section all[] = {
		{ "", top_knobs, ARRAY_LEN(top_knobs), sc },
		{ "link", link_knobs, n_link_knobs, &sc->link },
		{ "switch", switch_knobs, n_switch_knobs, &sc->sw },
		{ "fault", fault_knobs, n_fault_knobs, &sc->fault },
		{ "server", host_knobs, ARRAY_LEN(host_knobs), &sc->server },
		{ "server.dp", dp_knobs, n_dp_knobs, &sc->server.dp },
		{ "server.nic", nic_knobs, n_nic_knobs, &sc->server.nic },
		{ "server.exec", exec_knobs, n_exec_knobs, &sc->server.exec },
		{ "server.machine", machine_knobs, n_machine_knobs, &sc->server.machine },
		{ "client", host_knobs, ARRAY_LEN(host_knobs), &sc->client },
		{ "client.dp", dp_knobs, n_dp_knobs, &sc->client.dp },
		{ "client.nic", nic_knobs, n_nic_knobs, &sc->client.nic },
		{ "client.exec", exec_knobs, n_exec_knobs, &sc->client.exec },
		{ "client.machine", machine_knobs, n_machine_knobs, &sc->client.machine },
		{ "workload", client ? client->knobs : NULL, client ? client->n_knobs : 0,
		  sc->client_app },
		{ "workload.server", server ? server->knobs : NULL, server ? server->n_knobs : 0,
		  sc->server_app },
	};

	_Static_assert(ARRAY_LEN(all) <= SCENARIO_SECTIONS_MAX, "room for every section");
	memcpy(out, all, sizeof(all));
	return ARRAY_LEN(all);
}

void scenario_workload(struct scenario *sc, uint32_t workload)
{
	const struct app_ops *server, *client;

	assert(workload < ARRAY_LEN(server_ops));
	sc->workload = workload;
	server = scenario_server_ops(sc);
	client = scenario_client_ops(sc);
	assert(server->cfg_size <= sizeof(sc->server_app));
	assert(client->cfg_size <= sizeof(sc->client_app));
	memset(sc->server_app, 0, sizeof(sc->server_app));
	memset(sc->client_app, 0, sizeof(sc->client_app));
	knob_defaults(server->knobs, server->n_knobs, sc->server_app);
	knob_defaults(client->knobs, client->n_knobs, sc->client_app);
}

void scenario_defaults(struct scenario *sc)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n;

	memset(sc, 0, sizeof(*sc));
	n = scenario_sections(sc, s);
	for (size_t i = 0; i < n; i++)
		knob_defaults(s[i].knobs, s[i].n, s[i].obj);
	scenario_workload(sc, sc->workload);
}

/* What one host's numbers say about each other. NULL when nothing is wrong. */
static const char *check_host(const struct host_cfg *h, char *buf, size_t len, const char *who)
{
	const struct dp_cfg *dp = &h->dp;
	uint64_t used = (uint64_t)h->nic.rx_ring + POOL_SLACK;	/* core/tcp/tcp_rcv.c */

	if (7ull * dp->mbufs <= 8 * used)
		snprintf(buf, len, "%s.dp.mbufs is %u, of which an eighth is kept for sending: too "
			 "few for the %u descriptors of %s.nic.rx_ring and %d frames to work with; "
			 "set %s.dp.mbufs = %llu or more, or lower rx_ring", who, dp->mbufs,
			 h->nic.rx_ring, who, POOL_SLACK, who,
			 (unsigned long long)used * 8 / 7 + 1);
	else if (h->nic.rx_refill > h->nic.rx_ring)
		snprintf(buf, len, "%s.nic.rx_refill is %u, more than the %u descriptors of "
			 "%s.nic.rx_ring: the ring would never be refilled; lower it", who,
			 h->nic.rx_refill, h->nic.rx_ring, who);
	else if (exec_trouble(&h->exec))
		snprintf(buf, len, "%s.exec: %s", who, exec_trouble(&h->exec));
	else if (dp->rto_min_ns > dp->rto_max_ns || dp->rto_init_ns > dp->rto_max_ns)
		snprintf(buf, len, "%s.dp.rto_min and rto_init must not exceed %s.dp.rto_max", who,
			 who);
	else if (dp->port_min > dp->port_max)
		snprintf(buf, len, "%s.dp.port_min is %u, above %s.dp.port_max, %u: no port could "
			 "be chosen", who, dp->port_min, who, dp->port_max);
	else
		return NULL;
	return buf;
}

static const struct knob *knob_named(const struct knob *knobs, size_t n, const char *name)
{
	for (size_t i = 0; i < n; i++)
		if (strcmp(knobs[i].name, name) == 0)
			return &knobs[i];
	return NULL;
}

/* Value of the knob @name in @knobs[@n], which describe @cfg; @none when there is none. */
static uint64_t knob_value(const struct knob *knobs, size_t n, const void *cfg, const char *name,
			   uint64_t none)
{
	const struct knob *k = knob_named(knobs, n, name);

	return k ? knob_get(k, cfg) : none;
}

/* Client and server must agree on the message size, where both have one and the server does
 * not just return the stream (size 0). NULL when they do. */
static const char *check_size(const struct scenario *sc, char *buf, size_t len)
{
	const struct app_ops *s = scenario_server_ops(sc), *c = scenario_client_ops(sc);
	uint64_t theirs = knob_value(s->knobs, s->n_knobs, sc->server_app, "size", 0);
	uint64_t ours = knob_value(c->knobs, c->n_knobs, sc->client_app, "size", theirs);

	if (theirs == 0 || theirs == ours)
		return NULL;
	snprintf(buf, len, "workload.size is %llu B, but workload.server.size is %llu B: the "
		 "server would wait for more, or answer too early; make them equal, or set "
		 "workload.server.size = 0 to return the stream as it comes",
		 (unsigned long long)ours, (unsigned long long)theirs);
	return buf;
}

/* A server that begins with records has those that its clients ask for. NULL when it does. */
static const char *check_records(const struct scenario *sc, char *buf, size_t len)
{
	const struct app_ops *s = scenario_server_ops(sc), *c = scenario_client_ops(sc);
	static const char *const names[] = { "preset", "records" };

	if (!knob_value(s->knobs, s->n_knobs, sc->server_app, "stored", 0))
		return NULL;
	for (size_t i = 0; i < ARRAY_LEN(names); i++) {
		const struct knob *k = knob_named(s->knobs, s->n_knobs, names[i]);
		uint64_t theirs = k ? knob_get(k, sc->server_app) : 0;
		uint64_t ours = knob_value(c->knobs, c->n_knobs, sc->client_app, names[i], theirs);

		if (theirs == ours || (k->type != KNOB_ENUM && theirs > ours))
			continue;
		snprintf(buf, len, "workload.server.%s is not workload.%s: clients would ask for "
			 "records that the server does not have; make them equal, or set "
			 "workload.stored = false and workload.fill = true", names[i], names[i]);
		return buf;
	}
	return NULL;
}

/* How many of @total the fullest of @threads has when they are spread evenly. */
static uint64_t share_of(uint64_t total, uint64_t threads)
{
	return (total + threads - 1) / threads;
}

/* A client thread takes only ports whose answers RSS brings to it (core/tcp/tcp_ports.c). */
static const char *check_ports(const struct scenario *sc, uint64_t total, char *buf, size_t len)
{
	const struct dp_cfg *dp = &sc->client.dp;
	uint32_t threads = sc->client.threads, buckets = RSS_RETA_LEN / threads;
	uint64_t range = (uint64_t)dp->port_max - dp->port_min + 1;
	uint64_t ports = threads * share_of(range * buckets, RSS_RETA_LEN);
	uint64_t host = threads * share_of(total, (uint64_t)sc->clients * threads);
	uint64_t clients = share_of(total, ports);
	int n;

	ports = MIN(ports, range);
	if (host <= ports)
		return NULL;
	n = snprintf(buf, len, "workload.connections is %llu, %llu a client host, but "
		     "client.dp.port_min to port_max leave %llu local ports a host; set ",
		     (unsigned long long)total, (unsigned long long)host,
		     (unsigned long long)ports);
	if (n < 0 || (size_t)n >= len)
		return buf;
	if (sc->sw.present && clients <= CLIENTS_MAX)
		snprintf(buf + n, len - (size_t)n, "clients = %llu", (unsigned long long)clients);
	else
		snprintf(buf + n, len - (size_t)n, "workload.connections = %llu",
			 (unsigned long long)ports * sc->clients);
	return buf;
}

/* Whose conns_max bounds what a thread can have open. */
struct table {
	const char *path;
	const struct knob *knobs;
	size_t n;
	const void *cfg;
};

/* RSS spreads connections over a server's threads, but not evenly: what is suggested there
 * leaves room for twice the even share. */
static const char *check_table(const struct table *s, uint64_t threads, bool rss, uint64_t total,
			       char *buf, size_t len)
{
	const struct knob *k = knob_named(s->knobs, s->n, "conns_max");
	uint64_t each = share_of(total, threads), slack = rss && threads > 1 ? 2 : 1, max;

	if (!k || each <= (max = knob_get(k, s->cfg)))
		return NULL;
	if (each * slack <= k->max)
		snprintf(buf, len, "%s.conns_max is %llu a thread, but workload.connections is "
			 "%llu, %llu a thread; set %s.conns_max = %llu", s->path,
			 (unsigned long long)max, (unsigned long long)total,
			 (unsigned long long)each, s->path, (unsigned long long)(each * slack));
	else
		snprintf(buf, len, "%s.conns_max is %llu a thread, but workload.connections is "
			 "%llu, %llu a thread; set workload.connections = %llu", s->path,
			 (unsigned long long)max, (unsigned long long)total,
			 (unsigned long long)each,
			 (unsigned long long)MAX(max * threads / slack, 1u));
	return buf;
}

/* Connections that cannot all be open are tried again and again: not what anyone measures. */
static const char *check_conns(const struct scenario *sc, char *buf, size_t len)
{
	const struct app_ops *s = scenario_server_ops(sc), *c = scenario_client_ops(sc);
	uint64_t total = knob_value(c->knobs, c->n_knobs, sc->client_app, "connections", 0);
	uint64_t ours = (uint64_t)sc->clients * sc->client.threads, theirs = sc->server.threads;
	const struct table tables[] = {
		{ "client.dp", dp_knobs, n_dp_knobs, &sc->client.dp },
		{ "server.dp", dp_knobs, n_dp_knobs, &sc->server.dp },
		{ "workload.server", s->knobs, s->n_knobs, sc->server_app },
	};

	if (total == 0 || (!check_ports(sc, total, buf, len) &&
			   !check_table(&tables[0], ours, false, total, buf, len) &&
			   !check_table(&tables[1], theirs, true, total, buf, len) &&
			   !check_table(&tables[2], theirs, true, total, buf, len)))
		return NULL;
	return buf;
}

int scenario_check(const struct scenario *sc, char *err, size_t err_len)
{
	const struct host_cfg *s = &sc->server, *c = &sc->client;

	if (!scenario_server_ops(sc))
		snprintf(err, err_len, "workload %u does not exist", sc->workload);
	else if (sc->arp == 1 && (s->threads > 1 || c->threads > 1))
		snprintf(err, err_len, "arp = \"wire\" needs one elastic thread a host, because a "
			 "NIC hands every ARP packet to queue 0; there are %u (server) and %u "
			 "(client): use arp = \"static\"", s->threads, c->threads);
	else if (sc->budget && (s->exec.stack != STACK_COMPLETION ||
				c->exec.stack != STACK_COMPLETION))
		snprintf(err, err_len, "budget follows a request through passes that run to "
			 "completion; set budget = false, or exec.stack = \"completion\"");
	else if (sc->probe && !scenario_client_ops(sc)->probes)
		snprintf(err, err_len, "workload %s has no client that only measures: set "
			 "probe = false", workload_names[sc->workload]);
	else if (sc->probe && !sc->sw.present)
		snprintf(err, err_len, "a probe is one more client, which needs a switch: set "
			 "switch.present = true, or probe = false");
	else if (!sc->sw.present && sc->clients != 1)
		snprintf(err, err_len, "%u clients need a switch: set switch.present = true, or "
			 "clients = 1", sc->clients);
	else if (!sc->sw.present && s->nic.ports != 1)
		snprintf(err, err_len, "server.nic.ports is %u, but only a switch can bond ports: "
			 "set switch.present = true, or one port", s->nic.ports);
	else if (c->nic.ports != 1)
		snprintf(err, err_len, "client.nic.ports is %u: clients have one port",
			 c->nic.ports);
	else if (sc->pcap[0] && strcmp(sc->pcap, sc->trace) == 0)
		snprintf(err, err_len, "pcap and trace name the same file, %s", sc->pcap);
	else if (sc->series[0] && (strcmp(sc->series, sc->pcap) == 0 ||
				   strcmp(sc->series, sc->trace) == 0))
		snprintf(err, err_len, "series and pcap or trace name the same file, %s",
			 sc->series);
	else if (sc->sw.present && sc->sw.ecn_bytes > sc->sw.buffer_bytes)
		snprintf(err, err_len, "switch.ecn is above switch.buffer: no frame would "
			 "ever be marked; lower it, or 0 for none");
	else if (!check_size(sc, err, err_len) && !check_records(sc, err, err_len) &&
		 !check_host(s, err, err_len, "server") &&
		 !check_host(c, err, err_len, "client") && !check_conns(sc, err, err_len))
		return 0;
	return -EINVAL;
}
