/* SPDX-License-Identifier: MIT */
/*
 * stress_choose.c - what stress draws from: keys, their values, and how often
 *
 * Values are those at the ends of a range, those that are awkward, and those in use. Keys that
 * belong together are drawn together, so that few configurations are refused.
 */
#include <stdarg.h>
#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/stress.h"

/* Values of a key, "a|b|c", each as likely; chosen at all in @percent of the seeds. */
struct dial {
	const char *key;
	uint32_t percent;
	const char *values;
};

static const struct dial top[] = {
	{ "clients", 60, "1|2|3|5" },
	{ "client.threads", 40, "1|2|3" },
	{ "server.threads", 50, "1|2|3|8" },
	{ "server.smt_packed", 20, "false" },
	{ "switch.cut_through", 20, "false" },
	{ "switch.buffer", 10, "20 KB|64 KB" },
	{ "switch.ecn", 10, "15 KB" },
	{ "link.rate", 20, "1 Gb/s|40 Gb/s|100 Gb/s" },
	{ "link.propagation", 20, "0 ns|500 ns|50 us" },
	{ "arp", 3, "wire" },
	{ "budget", 3, "true" },
};

/* Of the server and, less often, of the clients; without "server." or "client.". */
static const struct dial host[] = {
	{ "dp.batch_max", 40, "1|2|16|1024" },
	{ "dp.events_max", 30, "16|17|64" },
	{ "dp.calls_max", 30, "16|17|64" },
	{ "dp.mbufs", 250, "1024|2048|4096" },
	{ "dp.conns_max", 250, "1024|2048" },
	{ "dp.timers_max", 10, "1" },
	{ "dp.rcv_wnd", 15, "2 KiB|64 KiB|1 MiB" },
	{ "dp.rcv_wnd_init", 10, "2 KiB|64 KiB" },
	{ "dp.rcv_frames_max", 15, "16|64" },
	{ "dp.ooo_frames_max", 10, "0|8" },
	{ "dp.mss", 10, "100|536|1000" },
	{ "dp.init_cwnd", 10, "1|64" },
	{ "dp.delack", 15, "0 ns|1 ms" },
	{ "dp.quickack", 40, "1|2|16|255" },
	{ "dp.cc", 25, "cubic|dctcp" },
	{ "dp.ecn", 10, "on|off" },
	{ "dp.syn_cookies", 10, "off|always" },
	{ "dp.nagle", 10, "true" },
	{ "dp.timestamps", 20, "true" },
	{ "dp.wscale", 10, "false" },
	{ "dp.tlp", 10, "false" },
	{ "dp.pacing", 15, "true" },
	{ "dp.sack", 10, "false" },
	{ "dp.fast_path", 15, "false" },
	{ "dp.time_wait", 20, "0 ns|10 us|1 ms" },
	{ "dp.keepalive", 8, "100 us" },
	{ "nic.rx_ring", 30, "8|16|64" },		/* with fewer refilled: see ring() */
	{ "nic.tx_ring", 30, "8|16|64" },
	{ "nic.rx_refill", 20, "1|4|8" },
	{ "nic.rx_latency", 10, "0 ns" },
	{ "nic.tx_latency", 10, "0 ns" },
	{ "nic.pcie_latency", 10, "0 ns" },
	{ "nic.pcie_rate", 10, "1 Gb/s|1000 Gb/s" },
	{ "nic.port_pps_max", 10, "100 k/s|8 M/s" },
	{ "nic.csum_offload", 10, "false" },
	{ "exec.app_batch", 40, "0|1|2|16|65536" },
	{ "exec.app_spin", 30, "true" },
	{ "exec.calls", 50, "single" },
	{ "exec.large_segments", 40, "true" },
	{ "exec.rx_copy", 30, "true" },
	{ "exec.tx_copy", 30, "true" },
	{ "exec.itr", 40, "1 ns|1 us|10 us|100 us" },
	{ "exec.itr_adaptive", 40, "true" },
	{ "exec.clock", 30, "1 ns|10 us|100 us|1 ms" },
	{ "exec.shared", 40, "true" },
	{ "machine.page", 20, "4K" },
	{ "machine.nested", 20, "false" },
	{ "machine.objects", 10, "1|1000000000" },
	{ "profile", 60, "ix|linux|linux-tuned|mtcp|free|client" },
	{ "prices", 15, "poll 0 ns|handoff 0 ns; switch 0 ns|irq_delay 0 ns; irq 0 ns|"
			"wake_jitter 0 ns; wakeup 0 ns|tcp_fast 0 ns; events 0 ns; calls 0 ns|"
			"passes 1 ns; rx_polls 0 ns; rx_frames 0 ns|wake_jitter 100000 ns|"
			"handoff 200000 ns|smt_slowdown 3 x" },
};

static const struct dial fault[] = {
	{ "fault.loss", 50, "0.1 %|1 %|10 %" },
	{ "fault.loss_burst", 20, "4" },
	{ "fault.dup", 30, "1 %|20 %" },
	{ "fault.corrupt", 30, "1 %|5 %" },
	{ "fault.reorder", 30, "1 %|20 %" },
	{ "fault.reorder_delay", 30, "0 ns|5 us|1 ms" },
	{ "fault.jitter", 30, "1 us|50 us" },
	{ "fault.flap_period", 10, "1 ms" },
	{ "fault.flap_down", 10, "100 us" },
	{ "fault.path_period", 10, "100 us" },
	{ "fault.path_extra", 10, "20 us" },
	{ "fault.ecn", 20, "5 %|100 %" },
};

static const struct dial echo[] = {
	{ "workload.size", 70, "1 B|2 B|64 B|1460 B|1461 B|9 KB|64 KB" },
	{ "workload.rounds", 40, "1|2|7|100" },
	{ "workload.connections", 90, "1|2|16|64|500" },
	{ "workload.mode", 30, "open" },
	{ "workload.rate", 60, "300 k/s|2 M/s|50 M/s" },
	{ "workload.gap", 40, "fixed|uniform|gpareto" },
	{ "workload.depth", 40, "1|2|7|256" },
	{ "workload.outstanding", 20, "1|3|100" },
	{ "workload.order", 20, "random" },
	{ "workload.spread", 20, "true" },
	{ "workload.connect_ramp", 200, "0 ns|10 us|300 us" },
	{ "workload.backoff", 20, "1 ns|1 us" },
	{ "workload.close", 40, "fin" },
	{ "workload.server.buffers", 30, "1|64" },
	{ "workload.server.app_cycles", 20, "1|10000" },
	{ "workload.server.frames", 15, "1|64" },
	{ "workload.server.conns_max", 200, "600|600|600|600|600|600|10" },
};

static const struct dial netpipe[] = {
	{ "workload.min_bytes", 40, "1 B|63 B|2 KB" },
	{ "workload.max_bytes", 80, "64 B|1461 B|16 KB|100 KB" },
	{ "workload.perturb", 40, "0 B|1 B|100 B" },
	{ "workload.rounds", 80, "1|2|5" },
};

static const struct dial bulk[] = {
	{ "workload.mode", 30, "barrier" },
	{ "workload.connections", 70, "1|2|20" },
	{ "workload.block", 60, "1 B|1460 B|16 KiB|100 KB" },
	{ "workload.depth", 40, "2|256" },
	{ "workload.rounds", 30, "1|3" },
	{ "workload.bytes", 30, "1 B|100 KB" },
	{ "workload.stagger", 30, "10 us" },
	{ "workload.send_time", 20, "1 ns|500 us" },
	{ "workload.server.conns_max", 5, "1" },
};

static const struct dial kv[] = {
	{ "workload.preset", 70, "etc|etc-osdi|usr|usr-osdi" },
	{ "workload.records", 200, "1|2|100|3000" },
	{ "workload.protocol", 50, "ascii" },
	{ "workload.mode", 60, "closed|open" },
	{ "workload.rate", 60, "0 /s|300 k/s|2 M/s|50 M/s" },
	{ "workload.connections", 80, "1|2|16|200" },
	{ "workload.depth", 60, "1|2|256" },
	{ "workload.connect_ramp", 200, "0 ns|10 us|300 us" },
	{ "workload.stored", 20, "false" },
	{ "workload.fill", 20, "true" },
	{ "workload.server.memory_limit", 200, "1 MiB|4 MiB|32 MiB" },
	{ "workload.server.hash_power", 200, "4|10|16" },
	{ "workload.server.conns_max", 200, "600" },
	{ "workload.server.copy_max", 40, "0 B|1 B|680 B" },
	{ "workload.server.evict", 20, "false" },
	{ "workload.server.frames", 15, "1|64" },
	{ "probe", 40, "true" },
	{ "workload.probe_connections", 30, "1|20" },
	{ "workload.probe_rate", 40, "0 /s|100 k/s" },
};

__attribute__((format(printf, 2, 3)))
static void put(struct choice *c, const char *fmt, ...)
{
	va_list ap;

	if (c->n == SETS_MAX)
		return;
	va_start(ap, fmt);
	vsnprintf(c->set[c->n++], SET_LEN, fmt, ap);
	va_end(ap);
}

static uint32_t dice(struct rng *r, uint32_t n)
{
	return (uint32_t)rng_below(r, n);
}

/* One of "a|b|c". */
static const char *pick(struct rng *r, const char *values, int *len)
{
	uint32_t n = 1, k;

	for (const char *p = values; *p; p++)
		n += *p == '|';
	for (k = dice(r, n); k > 0; values++)
		k -= *values == '|';
	*len = (int)strcspn(values, "|");
	return values;
}

static void roll(struct choice *c, struct rng *r, const struct dial *d, size_t n,
		 const char *prefix, uint32_t percent)
{
	const char *value;
	int len;

	for (size_t i = 0; i < n; i++)
		if (dice(r, 10000) < d[i].percent * percent) {
			value = pick(r, d[i].values, &len);
			put(c, "%s%s=%.*s", prefix, d[i].key, len, value);
		}
}
#define ROLL(c, r, table, prefix, percent) \
	roll(c, r, table, ARRAY_LEN(table), prefix, percent)

/* A model that fits together, as a rule: what does not is refused, which tests little. */
static void model(struct choice *c, struct rng *r, const char *who)
{
	static const char *const models[] = {
		"completion", "completion", "softirq", "softirq", "thread", "thread",
	};
	const char *stack = models[dice(r, ARRAY_LEN(models))];
	bool irq = stack[0] == 's' || (stack[0] == 'c' && dice(r, 3) == 0);

	if (dice(r, 50) == 0)
		irq = !irq;
	put(c, "%s.exec.stack=%s", who, stack);
	put(c, "%s.exec.wake=%s", who, irq ? "interrupt" : "poll");
	if (dice(r, 3) == 0)
		put(c, "%s.exec.tx_flush=%s", who,
		    stack[0] == 'c' && dice(r, 2) ? "late" : "early");
	if (stack[0] == 'c' && !irq && dice(r, 3) == 0) {
		put(c, "%s.exec.batch_policy=wait", who);
		put(c, "%s.exec.batch_timeout=%s", who, dice(r, 2) ? "0 ns" : "20 us");
	}
}

/* As many descriptors as the ring has can be refilled at a time. */
static void ring(struct choice *c, const char *who)
{
	char ring[40], refill[40];
	bool small = false, said = false;

	snprintf(ring, sizeof(ring), "%s.nic.rx_ring=", who);
	snprintf(refill, sizeof(refill), "%s.nic.rx_refill=", who);
	for (size_t i = 0; i < c->n; i++) {
		small |= strncmp(c->set[i], ring, strlen(ring)) == 0;
		said |= strncmp(c->set[i], refill, strlen(refill)) == 0;
	}
	if (small && !said)
		put(c, "%s8", refill);
}

/* Timeouts are short, so that a run of a few milliseconds sees what follows a loss. */
static void timeouts(struct choice *c, const char *who)
{
	put(c, "%s.dp.rto_min=200 us", who);
	put(c, "%s.dp.rto_init=500 us", who);
	put(c, "%s.dp.rto_max=5 ms", who);
}

void stress_choose(struct choice *c, uint64_t seed)
{
	static const char *const names[] = { "echo", "echo", "netpipe", "bulk", "kv", "kv" };
	struct rng r;
	const char *name;

	memset(c, 0, sizeof(*c));
	c->seed = seed;
	rng_stream(&r, seed, 0);
	name = names[dice(&r, ARRAY_LEN(names))];
	put(c, "seed=%llu", (unsigned long long)seed);
	put(c, "workload=%s", name);
	put(c, "warmup=%s", dice(&r, 2) ? "0 ns" : "200 us");
	put(c, "duration=%s", dice(&r, 2) ? "1 ms" : "2 ms");
	ROLL(c, &r, top, "", 100);
	model(c, &r, "server");
	ROLL(c, &r, host, "server.", dice(&r, 4) ? 40 : 100);
	if (dice(&r, 2)) {
		model(c, &r, "client");
		ROLL(c, &r, host, "client.", dice(&r, 4) ? 40 : 100);
	} else {
		put(c, "client.dp.mbufs=2048");
		put(c, "client.dp.conns_max=1024");
	}
	ring(c, "server");
	ring(c, "client");
	timeouts(c, "server");
	timeouts(c, "client");
	if (dice(&r, 3) == 0)
		ROLL(c, &r, fault, "", 100);
	switch (name[0]) {
	case 'e':	ROLL(c, &r, echo, "", 60); break;
	case 'n':	ROLL(c, &r, netpipe, "", 100); break;
	case 'b':	ROLL(c, &r, bulk, "", 80); break;
	default:	ROLL(c, &r, kv, "", 80); break;
	}
}
