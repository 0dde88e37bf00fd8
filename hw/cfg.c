/* SPDX-License-Identifier: MIT */
/*
 * cfg.c - the configuration of a run: its knobs, defaults and contradictions
 *
 * Entry points: hw_defaults(), hw_sections(), hw_check() of hw/run.h. Not here: acting
 * on it (hw/run.c), reading it (cli/).
 */
#include "hw/run.h"

#include "hw/addr.h"
#include "hw/tap_nic.h"

#define FIELD(f)	offsetof(struct hw_cfg, f)
#define STRING(f)	.off = FIELD(f), .type = KNOB_STRING, \
			.max = sizeof(((struct hw_cfg *)0)->f) - 1
#define DURATION_MAX_NS	(86400 * NSEC_PER_SEC)

const struct knob hw_knobs[] = {
	{ .name = "nic", STRING(nic), .def_str = "tap:ix0",
	  .doc = "tap:NAME (a TAP device, made on the spot) or packet:NAME (one that exists)" },
	{ .name = "ip", STRING(ip), .def_str = "10.9.0.2/24", .doc = "our address and prefix" },
	{ .name = "gateway", STRING(gateway), .doc = "way off the subnet; empty: none" },
	{ .name = "mac", STRING(mac),
	  .doc = "our MAC; empty: from the address on a TAP, the interface's own otherwise" },
	{ .name = "peer_ip", STRING(peer_ip),
	  .doc = "address and prefix for the kernel's side of the TAP; empty: leave it alone" },
	{ .name = "target", STRING(target), .def_str = "10.9.0.1:7",
	  .doc = "clients: address and port of the server" },
	{ .name = "port", .off = FIELD(port), .type = KNOB_U32, .min = 1, .max = UINT16_MAX,
	  .def = 7, .doc = "servers: TCP port" },
	{ .name = "seed", .off = FIELD(seed), .type = KNOB_U64, .max = UINT64_MAX,
	  .doc = "of faults, workload and secrets; 0: unpredictable" },
	{ .name = "warmup", .off = FIELD(warmup_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = DURATION_MAX_NS, .doc = "clients: not measured" },
	{ .name = "duration", .off = FIELD(duration_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = DURATION_MAX_NS,
	  .doc = "how long; 0: clients until they are done, servers for ever" },
	{ .name = "spin", .off = FIELD(spin_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = NSEC_PER_SEC, .def = 20 * NSEC_PER_USEC,
	  .doc = "poll at most this long before sleeping" },
	{ .name = "stats", .off = FIELD(stats), .type = KNOB_BOOL,
	  .doc = "print every counter that is not zero at the end" },
};
const size_t n_hw_knobs = ARRAY_LEN(hw_knobs);

/* A server on a wire does not know its clients' messages: it echoes the stream (RFC 862). */
static void stream_by_default(struct hw_cfg *cfg)
{
	for (size_t i = 0; i < cfg->app->n_knobs; i++)
		if (cfg->app == &echo_server_ops && !strcmp(cfg->app->knobs[i].name, "size"))
			knob_set(&cfg->app->knobs[i], cfg->app_cfg, 0);
}

void hw_defaults(struct hw_cfg *cfg, const struct app_ops *app)
{
	assert(app->cfg_size <= sizeof(cfg->app_cfg));
	memset(cfg, 0, sizeof(*cfg));
	cfg->app = app;
	knob_defaults(hw_knobs, n_hw_knobs, cfg);
	knob_defaults(dp_knobs, n_dp_knobs, &cfg->dp);
	knob_defaults(fault_knobs, n_fault_knobs, &cfg->fault);
	knob_defaults(app->knobs, app->n_knobs, cfg->app_cfg);
	stream_by_default(cfg);
}

size_t hw_sections(struct hw_cfg *cfg, struct section out[HW_SECTIONS_MAX])
{
	size_t n = 0;

	out[n++] = (struct section){ "", hw_knobs, n_hw_knobs, cfg };
	out[n++] = (struct section){ "dp", dp_knobs, n_dp_knobs, &cfg->dp };
	out[n++] = (struct section){ "fault", fault_knobs, n_fault_knobs, &cfg->fault };
	out[n++] = (struct section){ "workload", cfg->app->knobs, cfg->app->n_knobs, cfg->app_cfg };
	assert(n <= HW_SECTIONS_MAX);
	return n;
}

/* @s is "ip/prefix" and names a host of its subnet. */
static bool host_of_subnet(const char *s, uint32_t *ip, uint32_t *mask)
{
	uint32_t prefix;

	if (addr_ip_prefix(s, ip, &prefix) < 0)
		return false;
	*mask = addr_mask(prefix);
	return (*ip & ~*mask) != 0 && (*ip | *mask) != UINT32_MAX && *ip >> 24 != 0 &&
	       *ip >> 24 != 127 && *ip >> 28 < 14;
}

static int check_peer(const struct hw_cfg *cfg, uint32_t ip, uint32_t mask, char *err,
		      size_t err_len)
{
	uint32_t peer, peer_mask;

	if (cfg->peer_ip[0] == '\0')
		return 0;
	if (!host_of_subnet(cfg->peer_ip, &peer, &peer_mask)) {
		snprintf(err, err_len, "peer_ip = '%s' is no host address with a prefix of 1 to 30 "
			 "bits, as in 10.9.0.1/24", cfg->peer_ip);
		return -EINVAL;
	}
	if (peer == ip || (peer & mask) != (ip & mask)) {
		snprintf(err, err_len, "peer_ip = '%s' must be another address of our subnet, %s",
			 cfg->peer_ip, cfg->ip);
		return -EINVAL;
	}
	if (strncmp(cfg->nic, "tap:", 4) != 0) {
		snprintf(err, err_len, "peer_ip works on a TAP only: the far end of '%s' is not "
			 "ours to configure; leave peer_ip out", cfg->nic);
		return -EINVAL;
	}
	return 0;
}

static int check_gateway(const struct hw_cfg *cfg, uint32_t ip, uint32_t mask, char *err,
			 size_t err_len)
{
	uint32_t gw;

	if (cfg->gateway[0] == '\0')
		return 0;
	if (addr_ip(cfg->gateway, &gw) == 0 && gw != ip && (gw & mask) == (ip & mask))
		return 0;
	snprintf(err, err_len, "gateway = '%s' must be another address of our subnet, %s",
		 cfg->gateway, cfg->ip);
	return -EINVAL;
}

static int check_target(const struct hw_cfg *cfg, uint32_t ip, uint32_t mask, char *err,
			size_t err_len)
{
	uint32_t target;
	uint16_t port;

	if (!cfg->app->client)
		return 0;
	if (addr_ip_port(cfg->target, &target, &port) < 0 || target == ip) {
		snprintf(err, err_len, "target = '%s' is no address and port of another host, as "
			 "in 10.9.0.1:7", cfg->target);
		return -EINVAL;
	}
	if ((target & mask) != (ip & mask) && cfg->gateway[0] == '\0') {
		snprintf(err, err_len, "target = '%s' is not on our subnet, %s, and there is no "
			 "gateway: give one", cfg->target, cfg->ip);
		return -EINVAL;
	}
	return 0;
}

/* What the dataplane's numbers say about each other; the core relies on it. */
static int check_dp(const struct dp_cfg *dp, char *err, size_t err_len)
{
	if (dp->port_min > dp->port_max)
		snprintf(err, err_len, "dp.port_min is %u, above dp.port_max, %u: no port could be "
			 "chosen", dp->port_min, dp->port_max);
	else if (dp->rto_min_ns > dp->rto_max_ns || dp->rto_init_ns > dp->rto_max_ns)
		snprintf(err, err_len, "dp.rto_min and dp.rto_init must not exceed dp.rto_max");
	else
		return 0;
	return -EINVAL;
}

int hw_check(const struct hw_cfg *cfg, char *err, size_t err_len)
{
	char name[TAP_NAME_LEN];
	enum tap_kind kind;
	uint32_t ip, mask;
	uint8_t mac[6];
	int e = tap_spec_parse(cfg->nic, &kind, name, err, err_len);

	if (e < 0)
		return e;
	if (!host_of_subnet(cfg->ip, &ip, &mask)) {
		snprintf(err, err_len, "ip = '%s' is no host address with a prefix of 1 to 30 "
			 "bits, as in 10.9.0.2/24", cfg->ip);
		return -EINVAL;
	}
	if (cfg->mac[0] != '\0' && addr_mac(cfg->mac, mac) < 0) {
		snprintf(err, err_len, "mac = '%s' is no unicast MAC address, as in "
			 "02:49:0a:09:00:02", cfg->mac);
		return -EINVAL;
	}
	e = check_peer(cfg, ip, mask, err, err_len);
	if (e == 0)
		e = check_gateway(cfg, ip, mask, err, err_len);
	if (e == 0)
		e = check_dp(&cfg->dp, err, err_len);
	return e < 0 ? e : check_target(cfg, ip, mask, err, err_len);
}
