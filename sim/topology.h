/* SPDX-License-Identifier: MIT */
/*
 * topology.h - the hosts of a scenario and what is between them
 *
 * The server is host 0 at 10.0.0.1, client i host 1 + i; all are in 10.0.0.0/16. With a
 * switch, its ports 0 .. p - 1 are the server's (bonded when p > 1), the rest one client
 * each, in order; without, the only client's port is cabled to the server's. Cables are
 * numbered so.
 * On the server's cables, from the far end to its NIC: link, fault, capture, NIC.
 */
#ifndef SIM_TOPOLOGY_H
#define SIM_TOPOLOGY_H

#include "sim/fault.h"
#include "sim/host.h"
#include "sim/link.h"
#include "sim/pcap.h"
#include "sim/series.h"
#include "sim/switch.h"

enum {
	TOPOLOGY_HOSTS_MAX = 202,
	TOPOLOGY_LINKS_MAX = NIC_PORTS_MAX + TOPOLOGY_HOSTS_MAX,
	TOPOLOGY_SERVER_PORT = 7,
	TOPOLOGY_PREFIX_LEN = 16,
};

struct topology {
	const struct scenario *sc;
	struct engine *engine;
	struct frame_pool *frames;
	struct arena mem;		/* of all hosts: one, so that they differ in cache sets */
	struct costs server_costs, client_costs;
	struct host_cfg probe;		/* one thread of the client's */
	struct sim_switch *sw;		/* NULL: back to back */
	struct pcap *pcap;
	struct trace *trace;
	struct series *series;
	struct sim_fault *fault[2 * NIC_PORTS_MAX];	/* NULL where none is wanted */
	uint32_t n_links, n_hosts;
	struct link *link[TOPOLOGY_LINKS_MAX];
	struct host *host[TOPOLOGY_HOSTS_MAX];	/* the server, clients, and the probe if any */
};

/** Build everything @sc asks for, ready to run from time 0. NULL, and a sentence in @err. */
struct topology *topology_new(const struct scenario *sc, char *err, size_t err_len);

/** Take it all down, finishing capture, trace and series. Returns 0, or -errno and a sentence when
 * one of those files is incomplete. */
int topology_free(struct topology *t, char *err, size_t err_len);

/** Is host @id the one that only measures? */
static inline bool topology_is_probe(const struct topology *t, uint32_t id)
{
	return id > t->sc->clients;
}

/** Address and MAC of host @id. */
uint32_t topology_ip(uint32_t id);
void topology_mac(uint32_t id, uint8_t mac[6]);

/** Of every event, frame and pass so far. */
uint64_t topology_hash(const struct topology *t);

#endif
