/* SPDX-License-Identifier: MIT */
/*
 * swarm_main.c - random worlds, random peers: nothing may be lost, leaked or stuck
 *
 *	swarm [--seeds N] [--first S] [--verbose] [--pcap FILE]
 *
 * A seed chooses topology, faults, knobs of both dataplanes and the peers' plans. Phase one
 * runs with faults; then the network heals and every connection must finish as its plan
 * says. After every pass each connection's invariants hold (tcp_check_pcb); at the end the
 * pools are back where they began. A failure prints one line that replays it.
 */
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "dp/dp_impl.h"
#include "sim/topology.h"
#include "tcp/tcp_impl.h"
#include "tests/sim/swarm.h"

#define FAULTS_NS	(1 * NSEC_PER_SEC)
#define GIVE_UP_NS	(900 * NSEC_PER_SEC)
#define SETTLE_NS	(130 * NSEC_PER_SEC)	/* TIME-WAIT, restarted once */

struct totals {
	uint64_t conns, orderly, aborted, bytes, rexmit, rto, lost;
};

static uint64_t pick(struct rng *r, const uint64_t *of, size_t n) { return of[rng_below(r, n)]; }
#define PICK(r, ...) \
	pick(r, (const uint64_t[]){ __VA_ARGS__ }, sizeof((uint64_t[]){ __VA_ARGS__ }) / 8)

static void choose_dp(struct dp_cfg *c, struct rng *r)
{
	c->batch_max = (uint32_t)PICK(r, 1, 2, 8, 64, 1024);
	c->events_max = (uint32_t)PICK(r, 16, 64, 4096);
	c->calls_max = (uint32_t)PICK(r, 16, 64, 4096);
	c->conns_max = 256;
	c->mbufs = (uint32_t)PICK(r, 1024, 1024, 4096);
	c->rcv_wnd = (uint32_t)PICK(r, 2048, 8192, 65535, 262144);
	c->rcv_frames_max = (uint32_t)PICK(r, 16, 4096);
	c->ooo_frames_max = (uint32_t)PICK(r, 0, 4, 512);
	c->mss = (uint32_t)PICK(r, 0, 0, 0, 100, 536, 1000);
	c->init_cwnd = (uint32_t)PICK(r, 1, 4, 10);
	c->syn_retries = 12;
	c->data_retries = 30;
	c->rto_min_ns = PICK(r, 1, 5, 200) * NSEC_PER_MSEC;
	c->rto_init_ns = PICK(r, 10, 100, 1000) * NSEC_PER_MSEC;
	c->rto_max_ns = 10 * NSEC_PER_SEC;
	c->delack_ns = PICK(r, 0, 1, 40) * NSEC_PER_MSEC;
	c->time_wait_ns = 60 * NSEC_PER_SEC;	/* shorter, and a lost last ACK ends in RST */
	c->fin_wait2_ns = 60 * NSEC_PER_SEC;
	c->nagle = rng_below(r, 4) == 0;
	c->timestamps = rng_below(r, 2);
	c->wscale = rng_below(r, 4) != 0;
	c->fast_path = rng_below(r, 4) != 0;
}

static void choose_fault(struct fault_cfg *f, struct rng *r)
{
	f->loss_ppb = (uint32_t)PICK(r, 0, 1000000, 10000000, 50000000, 100000000, 300000000);
	f->dup_ppb = (uint32_t)PICK(r, 0, 0, 10000000, 100000000);
	f->corrupt_ppb = (uint32_t)PICK(r, 0, 0, 10000000, 50000000);
	f->reorder_ppb = (uint32_t)PICK(r, 0, 0, 10000000, 200000000);
	f->reorder_ns = PICK(r, 5, 50, 1000) * NSEC_PER_USEC;
	f->jitter_ns = PICK(r, 0, 0, 1, 100) * NSEC_PER_USEC;
	f->flap_period_ns = PICK(r, 0, 0, 0, 50, 300) * NSEC_PER_MSEC;
	f->flap_down_ns = f->flap_period_ns / (2 + rng_below(r, 10));
}

static void choose(struct scenario *sc, uint64_t seed)
{
	struct swarm_cfg *app = (struct swarm_cfg *)(void *)sc->server_app;
	struct rng r;

	rng_stream(&r, seed, 0);
	scenario_defaults(sc);
	sc->seed = seed;
	sc->test_server = &swarm_server_ops;
	sc->test_client = &swarm_client_ops;
	sc->clients = 1 + (uint32_t)rng_below(&r, 3);
	sc->sw.present = sc->clients > 1 || rng_below(&r, 2);
	sc->arp = (uint32_t)rng_below(&r, 2);
	sc->sw.buffer_bytes = PICK(&r, 5000, 100000, 9000000);
	sc->link.rate_bps = PICK(&r, 10, 100, 1000, 10000, 40000) * 1000000;
	sc->link.propagation_ns = PICK(&r, 25, 10000, 2000000);
	choose_dp(&sc->server.dp, &r);
	choose_dp(&sc->client.dp, &r);
	sc->server.nic.rx_ring = sc->client.nic.rx_ring = (uint32_t)PICK(&r, 64, 256, 512);
	sc->server.nic.csum_offload = rng_below(&r, 2);
	sc->client.nic.csum_offload = rng_below(&r, 2);
	choose_fault(&sc->fault, &r);
	*app = (struct swarm_cfg){
		.seed = seed, .conns = 1 + (uint32_t)rng_below(&r, 8),
		.bytes_max = (uint32_t)PICK(&r, 100, 5000, 60000, 200000),
		.spread_ns = 1 + rng_below(&r, FAULTS_NS / 2), .start_ns = 10 * NSEC_PER_MSEC,
	};
	if (sc->link.rate_bps <= 100000000)
		app->bytes_max = MIN(app->bytes_max, 20000u);
	memcpy(sc->client_app, sc->server_app, sizeof(*app));
}

static void check_all(const struct topology *t)
{
	for (uint32_t h = 0; h < t->n_hosts; h++) {
		const struct tcp *tcp = &t->host[h]->threads[0].dp->tcp;

		for (uint32_t i = 0; i < tcp->pcb_pool.n_fresh; i++)
			tcp_check_pcb(tcp, &tcp->pcbs[i]);
	}
}

static bool all_done(const struct topology *t)
{
	uint32_t begun = 0, ended = 0;

	for (uint32_t h = 0; h < t->n_hosts; h++) {
		const struct swarm_tally *y = swarm_tally(t->host[h]->threads[0].app);

		if (h > 0 && y->begun == 0)
			return false;
		begun += y->begun;
		ended += y->ended;
	}
	return begun == ended;
}

/* Event by event in effect: at most one instant between two checks. */
static nsec advance(struct topology *t, nsec until, bool stop_when_done)
{
	nsec now = engine_now(t->engine);

	while (now < until) {
		nsec next = engine_next(t->engine);

		if (next > until) {
			engine_run(t->engine, until);
			return until;
		}
		now = next;
		engine_run(t->engine, now);
		check_all(t);
		if (stop_when_done && all_done(t))
			break;
	}
	return now;
}

/* Free or waiting in the RX ring. */
static uint32_t frames_of(const struct host *h)
{
	return mempool_avail(&h->threads[0].pool) + sim_nic_rx_bufs(h->nic, 0);
}

static bool back_to_base(const struct topology *t, const uint32_t *base, char *why, size_t n)
{
	for (uint32_t h = 0; h < t->n_hosts; h++) {
		const struct host_thread *th = &t->host[h]->threads[0];
		struct dp_usage u = dp_usage(th->dp);
		uint32_t frames = frames_of(t->host[h]);

		if (u.conns || u.snd_refs || u.frames_held) {
			snprintf(why, n, "host %u: %u connections, %u references, %u frames left",
				 h, u.conns, u.snd_refs, u.frames_held);
			return false;
		}
		if (frames != base[h]) {
			snprintf(why, n, "host %u has %u frames, began with %u", h, frames,
				 base[h]);
			return false;
		}
	}
	return true;
}

static bool verdict(const struct topology *t, struct totals *sum, char *why, size_t n)
{
	bool ok = true;

	for (uint32_t h = 0; h < t->n_hosts; h++) {
		const struct host_thread *th = &t->host[h]->threads[0];
		const struct swarm_tally *y = swarm_tally(th->app);
		const struct stats *st = dp_stats(th->dp);

		if (y->wrong && ok) {
			snprintf(why, n, "host %u: %s", h, y->why);
			ok = false;
		}
		sum->conns += y->begun;
		sum->orderly += y->orderly;
		sum->aborted += y->aborted;
		sum->bytes += y->bytes;
		sum->rexmit += st->v[STAT_TCP_REXMIT];
		sum->rto += st->v[STAT_TCP_RTO];
		if (th->work.copied_bytes && !st->v[STAT_TCP_RCV_PACKED] && ok) {
			snprintf(why, n, "host %u copied payload", h);
			ok = false;
		}
	}
	return ok;
}

static void dump_pcb(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	printf("    :%u state %u flags %08x una %u nxt +%u end +%u wnd %u cwnd %u mss %u",
	       p->node.flow.rport, p->state, p->flags, p->snd_una - c->iss,
	       p->snd_nxt - p->snd_una, p->snd_end - p->snd_una, p->snd_wnd, p->cwnd, p->mss);
	printf(" rcv_held %u rcv_wnd %u ooo %u undel %u backoff %u retries %u\n", p->rcv_held,
	       p->rcv_adv - p->rcv_nxt, c->ooo_frames, c->undel_bytes, c->backoff, c->retries);
}

/* What is still there, for whoever replays a failure. */
static void dump(const struct topology *t)
{
	for (uint32_t h = 0; h < t->n_hosts; h++) {
		const struct dp *dp = t->host[h]->threads[0].dp;
		const struct tcp *tcp = &dp->tcp;

		printf("  host %u: %u frames free, %u events waiting, %u timers, now %llu\n", h,
		       mempool_avail(&t->host[h]->threads[0].pool), dp->sys.events.n,
		       dp->wheel.n_armed, (unsigned long long)dp->now);
		for (uint32_t i = 0; i < tcp->pcb_pool.n_fresh; i++) {
			const struct tcp_pcb *p = &tcp->pcbs[i];
			const struct tcp_cold *c = &tcp->colds[i];

			if (p->state == TCP_CLOSED || p->state == TCP_TIME_WAIT)
				continue;
			dump_pcb(p, c);
		}
	}
}

static bool run(struct topology *t, struct totals *sum, char *why, size_t n)
{
	uint32_t base[TOPOLOGY_HOSTS_MAX];
	nsec now;

	advance(t, 5 * NSEC_PER_MSEC, false);
	for (uint32_t h = 0; h < t->n_hosts; h++)
		base[h] = frames_of(t->host[h]);
	now = advance(t, FAULTS_NS, true);
	for (size_t i = 0; i < ARRAY_LEN(t->fault); i++)
		if (t->fault[i])
			sim_fault_heal(t->fault[i]);
	if (!all_done(t))
		now = advance(t, GIVE_UP_NS, true);
	if (!verdict(t, sum, why, n))
		return false;
	if (!all_done(t)) {
		snprintf(why, n, "no end after %llu virtual seconds",
			 (unsigned long long)(now / NSEC_PER_SEC));
		return false;
	}
	advance(t, now + SETTLE_NS, false);
	return back_to_base(t, base, why, n);
}

static bool run_seed(uint64_t seed, struct totals *sum, bool verbose, const char *pcap)
{
	static struct scenario sc;
	char why[256] = "";
	struct topology *t;
	bool ok;

	choose(&sc, seed);
	snprintf(sc.pcap, sizeof(sc.pcap), "%s", pcap);
	t = topology_new(&sc, why, sizeof(why));
	ok = t && run(t, sum, why, sizeof(why));
	if (verbose || !ok)
		printf("swarm --first %llu --seeds 1: %s%s\n", (unsigned long long)seed,
		       ok ? "ok" : "FAILED: ", why);
	if (t && !ok && verbose)
		dump(t);
	if (t)
		topology_free(t, why, sizeof(why));
	return ok;
}

int main(int argc, char **argv)
{
	static const struct option opts[] = {
		{ "seeds", 1, NULL, 'n' }, { "first", 1, NULL, 'f' }, { "verbose", 0, NULL, 'v' },
		{ "pcap", 1, NULL, 'p' }, { 0 },
	};
	uint64_t n = 1000, first = 1, failed = 0;
	struct totals sum = { 0 };
	const char *pcap = "";
	bool verbose = false;
	int c;

	while ((c = getopt_long(argc, argv, "", opts, NULL)) != -1) {
		if (c == 'n')
			n = strtoull(optarg, NULL, 10);
		else if (c == 'f')
			first = strtoull(optarg, NULL, 10);
		else if (c == 'p')
			pcap = optarg;
		else if (c == 'v')
			verbose = true;
		else
			return 2;
	}
	setvbuf(stdout, NULL, _IOLBF, 0);
	for (uint64_t s = first; s < first + n; s++)
		failed += !run_seed(s, &sum, verbose, pcap);
	printf("swarm: %llu seeds, %llu failed; %llu connection ends (%llu orderly, %llu aborted), "
	       "%llu bytes checked, %llu retransmissions, %llu timeouts\n",
	       (unsigned long long)n, (unsigned long long)failed, (unsigned long long)sum.conns,
	       (unsigned long long)sum.orderly, (unsigned long long)sum.aborted,
	       (unsigned long long)sum.bytes, (unsigned long long)sum.rexmit,
	       (unsigned long long)sum.rto);
	return failed != 0 || sum.orderly == 0;
}
