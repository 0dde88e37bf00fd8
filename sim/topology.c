/* SPDX-License-Identifier: MIT */
/*
 * topology.c - build and take down what a scenario describes; see topology.h
 *
 * Order of things is the order of construction, so it is part of a run's determinism.
 */
#include "sim/topology.h"

#include <stdio.h>
#include <stdlib.h>

/* Streams of the scenario's seed: five a fault and direction. */
enum { STREAM_FAULT = 1000, STREAMS_A_FAULT = 5 };

uint32_t topology_ip(uint32_t id)
{
	return 0x0a000001u + (id == 0 ? 0 : 256 + (id - 1) % 250 + (id - 1) / 250 * 256);
}

void topology_mac(uint32_t id, uint8_t mac[6])
{
	mac[0] = 0x02;		/* locally administered */
	mac[1] = 0x69;
	mac[2] = 0x78;
	mac[3] = 0;
	be16_store(mac + 4, (uint16_t)(id + 1));
}

static const char *no_memory(char *err, size_t err_len, const char *what)
{
	snprintf(err, err_len, "no memory for %s", what);
	return NULL;
}

/* The next link, both ends still loose. */
static struct link *new_link(struct topology *t)
{
	struct link *l = link_new(t->engine, t->frames, &t->sc->link);

	if (l)
		t->link[t->n_links++] = l;
	return l;
}

/* What a frame passes on the server's cable @p before @to: fault, and in direction 1 (to the
 * server) the capture behind it; in direction 0 the capture is before the fault. */
static struct port *server_path(struct topology *t, uint32_t p, uint32_t dir, struct port *to)
{
	struct sim_fault **sf = &t->fault[2 * p + dir];
	bool faulty = fault_wanted(&t->sc->fault), capture = t->pcap && p == 0;

	if (capture && dir == 1)
		to = pcap_tap(t->pcap, to);
	if (faulty) {
		*sf = sim_fault_new(t->engine, t->frames, &t->sc->fault, t->sc->seed,
				    STREAM_FAULT + (2 * p + dir) * STREAMS_A_FAULT, to);
		if (!*sf)
			return NULL;
		to = sim_fault_port(*sf);
	}
	if (capture && dir == 0)
		to = pcap_tap(t->pcap, to);
	return to;
}

/* Cable port @p of the server to @far, which transmits by what this leaves in *@far_end. */
static bool cable_server(struct topology *t, uint32_t p, struct port *far,
			 struct link_end **far_end)
{
	struct sim_nic *nic = t->host[0]->nic;
	struct port *out = server_path(t, p, 0, far);
	struct port *in = server_path(t, p, 1, sim_nic_port(nic, p));
	struct link *l = new_link(t);

	if (!l || !out || !in)
		return false;
	link_attach(link_end_of(l, 0), out);
	link_attach(link_end_of(l, 1), in);
	sim_nic_cable(nic, p, link_end_of(l, 0));
	*far_end = link_end_of(l, 1);
	return true;
}

static bool cable_switch(struct topology *t)
{
	uint32_t ports = t->sc->server.nic.ports;
	struct link_end *end;
	uint8_t mac[6];

	t->sw = sim_switch_new(t->engine, t->frames, &t->sc->sw, ports + t->n_hosts - 1);
	if (!t->sw)
		return false;
	for (uint32_t p = 0; p < ports; p++) {
		if (!cable_server(t, p, sim_switch_port(t->sw, p), &end))
			return false;
		sim_switch_cable(t->sw, p, end);
	}
	if (ports > 1)
		sim_switch_bond(t->sw, 0, ports);
	for (uint32_t i = 0; i < t->n_hosts - 1; i++) {
		struct sim_nic *nic = t->host[1 + i]->nic;
		struct link *l = new_link(t);

		if (!l)
			return false;
		link_attach(link_end_of(l, 0), sim_switch_port(t->sw, ports + i));
		link_attach(link_end_of(l, 1), sim_nic_port(nic, 0));
		sim_nic_cable(nic, 0, link_end_of(l, 0));
		sim_switch_cable(t->sw, ports + i, link_end_of(l, 1));
	}
	for (uint32_t id = 0; t->sc->arp == 0 && id < t->n_hosts; id++) {
		topology_mac(id, mac);
		sim_switch_learn(t->sw, mac, id == 0 ? 0 : ports + id - 1);
	}
	return true;
}

static bool cable_direct(struct topology *t)
{
	struct sim_nic *nic = t->host[1]->nic;
	struct link_end *end;

	if (!cable_server(t, 0, sim_nic_port(nic, 0), &end))
		return false;
	sim_nic_cable(nic, 0, end);
	return true;
}

static struct host *new_host(struct topology *t, uint32_t id, char *err, size_t err_len)
{
	const struct scenario *sc = t->sc;
	const struct host_cfg *cfg = id ? &sc->client : &sc->server;
	struct host_setup s = {
		.engine = t->engine, .frames = t->frames, .mem = &t->mem, .cfg = cfg, .id = id,
		.costs = id ? &t->client_costs : &t->server_costs,
		.ip = topology_ip(id), .mask = ~0u << (32 - TOPOLOGY_PREFIX_LEN),
		.seed = sc->seed, .budget = sc->budget, .trace = t->trace,
		.app = id ? scenario_client_ops(sc) : scenario_server_ops(sc),
		.app_cfg = id ? sc->client_app : sc->server_app,
		.env = {
			.server_ip = topology_ip(0), .server_port = TOPOLOGY_SERVER_PORT,
			.index = id ? (id - 1) * cfg->threads : 0,
			.n = id ? sc->clients * cfg->threads : cfg->threads,
			.warmup_ns = sc->warmup_ns, .stop_ns = sc->warmup_ns + sc->duration_ns,
		},
	};

	topology_mac(id, s.mac);
	if (topology_is_probe(t, id)) {
		t->probe = sc->client;
		t->probe.threads = 1;
		s.cfg = &t->probe;
		s.env.probe = true;
		s.env.index = 0;
		s.env.n = 1;
		snprintf(s.name, sizeof(s.name), "probe");
	} else if (id > 0)
		snprintf(s.name, sizeof(s.name), "client %u", id - 1);
	else
		snprintf(s.name, sizeof(s.name), "server");
	return host_new(&s, err, err_len);
}

static bool build_hosts(struct topology *t, char *err, size_t err_len)
{
	uint32_t last = t->sc->clients + t->sc->probe;

	for (uint32_t id = 0; id <= last; id++) {
		t->host[id] = new_host(t, id, err, err_len);
		if (!t->host[id])
			return false;
		t->n_hosts++;
	}
	return true;
}

/* Neighbours, the open port, and everybody's first pass, a microsecond apart. */
static bool bring_up(struct topology *t, char *err, size_t err_len)
{
	uint8_t mac[6];
	int rc = host_listen(t->host[0], TOPOLOGY_SERVER_PORT);

	topology_mac(0, mac);
	for (uint32_t id = 1; t->sc->arp == 0 && rc == 0 && id < t->n_hosts; id++)
		rc = host_arp_static(t->host[id], topology_ip(0), mac);
	for (uint32_t id = 1; t->sc->arp == 0 && rc == 0 && id < t->n_hosts; id++) {
		topology_mac(id, mac);
		rc = host_arp_static(t->host[0], topology_ip(id), mac);
	}
	for (uint32_t id = 0; id < t->n_hosts; id++)
		host_start(t->host[id], id * NSEC_PER_USEC);
	if (rc)
		snprintf(err, err_len, "bring-up failed: %s", strerror(-rc));
	return rc == 0;
}

static bool build(struct topology *t, char *err, size_t err_len)
{
	const struct scenario *sc = t->sc;

	if (costs_load(&t->server_costs, sc->server.profile, err, err_len) != 0 ||
	    costs_load(&t->client_costs, sc->client.profile, err, err_len) != 0 ||
	    costs_override(&t->server_costs, "server.prices", sc->server.prices, err,
			   err_len) != 0 ||
	    costs_override(&t->client_costs, "client.prices", sc->client.prices, err,
			   err_len) != 0)
		return false;
	t->engine = engine_new();
	t->frames = frame_pool_new();
	if (!t->engine || !t->frames)
		return no_memory(err, err_len, "engine and frames");
	if (sc->pcap[0] && !(t->pcap = pcap_open(sc->pcap, err, err_len)))
		return false;
	if (sc->trace[0] && !(t->trace = trace_open(sc->trace, err, err_len)))
		return false;
	if (sc->series[0] && !(t->series = series_open(sc->series, sc->series_flows, err, err_len)))
		return false;
	if (!build_hosts(t, err, err_len))
		return false;
	if (!(sc->sw.present ? cable_switch(t) : cable_direct(t)))
		return no_memory(err, err_len, "links and switch");
	return bring_up(t, err, err_len);
}

struct topology *topology_new(const struct scenario *sc, char *err, size_t err_len)
{
	struct topology *t = calloc(1, sizeof(*t));

	if (!t) {
		no_memory(err, err_len, "the topology");
		return NULL;
	}
	t->sc = sc;
	if (build(t, err, err_len))
		return t;
	topology_free(t, NULL, 0);
	return NULL;
}

/* Finish all files; the last that is incomplete is what @err says. */
static int close_files(struct topology *t, char *err, size_t err_len)
{
	int rc = 0, rc2;

	if (t->pcap && (rc2 = pcap_close(t->pcap)) != 0) {
		snprintf(err, err_len, "pcap: %s is incomplete: %s", t->sc->pcap, strerror(-rc2));
		rc = rc2;
	}
	if (t->series && (rc2 = series_close(t->series, err, err_len)) != 0)
		rc = rc2;
	if (t->trace && (rc2 = trace_close(t->trace, err, err_len)) != 0)
		rc = rc2;
	return rc;
}

int topology_free(struct topology *t, char *err, size_t err_len)
{
	int rc;

	for (uint32_t i = 0; i < ARRAY_LEN(t->fault); i++)
		sim_fault_free(t->fault[i]);
	for (uint32_t i = 0; i < t->n_links; i++)
		link_free(t->link[i]);
	sim_switch_free(t->sw);
	for (uint32_t i = 0; i < t->n_hosts; i++)
		host_free(t->host[i]);
	rc = close_files(t, err, err_len);
	arena_drop(&t->mem);
	frame_pool_free(t->frames);
	engine_free(t->engine);
	free(t);
	return rc;
}

uint64_t topology_hash(const struct topology *t)
{
	uint64_t h = engine_hash(t->engine);

	for (uint32_t i = 0; i < t->n_links; i++)
		for (uint32_t side = 0; side < 2; side++)
			h = (h ^ link_end_of(t->link[i], side)->hash) * 0x9e3779b97f4a7c15ULL;
	for (uint32_t i = 0; i < t->n_hosts; i++)
		h = host_hash(t->host[i], h);
	return h ^ h >> 32;
}
