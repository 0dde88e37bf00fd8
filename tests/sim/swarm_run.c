/* SPDX-License-Identifier: MIT */
/*
 * swarm_run.c - one world, from the first frame to the verdict; see swarm.h
 *
 * Phase one has the faults: of the network, and of the hosts. A stalled core runs no pass
 * for up to seconds, frames and timers pile up, and its next pass finds the clock far on;
 * a drained pool has few objects left, so that any allocation may be the one that fails.
 * Then the network heals and every connection must finish as its plan says. After every
 * pass each connection's invariants hold (tcp_check_pcb); with batch_max 1, which half the
 * dataplanes have, that is after every segment. At the end the pools are back where they
 * began. A segment costs the same on either path of the receiver, so the fast path shows
 * nowhere: world_run() gives one hash with it and without.
 */
#include <stdio.h>

#include "dp/dp_impl.h"
#include "tcp/tcp_impl.h"
#include "tests/sim/swarm.h"

#define BEGIN_NS	(5 * NSEC_PER_MSEC)
#define GIVE_UP_NS	(900 * NSEC_PER_SEC)
#define SETTLE_NS	(130 * NSEC_PER_SEC)	/* TIME-WAIT, restarted once */

enum { HOSTS = 4, THREADS = 4, STALLS_MAX = 32, DRAINS_MAX = 64,
       LINK_ENDS = 2 * (NIC_PORTS_MAX + HOSTS) };
enum { STREAM_STALLS = 2, STREAM_DRAINS = 3 };

/* Sees every frame at the far end of a link's direction. */
struct tap {
	struct port in, *to;
	uint64_t *hash;
};

/* What befalls one thread of one host for a while. */
struct mishap {
	struct event ev;
	struct host_thread *thread;
	struct engine *engine;
	uint64_t ns;
	/* A drain: objects, linked by their first word as in their pool, until it is over. */
	struct pool *pool;
	uint32_t leave;
	void *taken;
};

struct run {
	const struct world *w;
	struct topology *t;
	struct outcome *o;
	struct mishap stall[STALLS_MAX], drain[DRAINS_MAX];
	struct tap tap[LINK_ENDS];
	uint64_t busy_ns[HOSTS][THREADS];	/* checked so far */
	uint32_t base[HOSTS][THREADS];		/* frames before the first connection */
};

/* ---- what befalls hosts ---- */

/* The next pass of @m's thread not before its core is free, and at @at if @soon; of a thread that
 * has parts, the stack's, which tells the application what it has. */
static void restart(struct mishap *m, nsec at, bool soon)
{
	struct host_thread *t = m->thread;
	struct cpu_thread *c = &t->host->cpu.thread[t->queue];

	at = MAX(at, c->busy_until);
	if (soon)
		t->parts.stack_at = MIN(t->parts.stack_at, at);
	if (event_scheduled(&t->start) ? (t->start.at < c->busy_until || (soon && at < t->start.at))
				       : soon) {
		c->next_at = at;
		engine_at(m->engine, &t->start, at);
	}
}

static void stall_fire(struct event *ev, nsec now)
{
	struct mishap *m = container_of(ev, struct mishap, ev);
	struct cpu_thread *c = &m->thread->host->cpu.thread[m->thread->queue];

	c->busy_until = MAX(c->busy_until, now) + m->ns;
	restart(m, now, false);
}

/* Outside of tests only a pass gives back, so one follows. */
static void drain_end(struct event *ev, nsec now)
{
	struct mishap *m = container_of(ev, struct mishap, ev);
	void *obj;

	while ((obj = m->taken) != NULL) {
		memcpy(&m->taken, obj, sizeof(m->taken));
		pool_free(m->pool, obj);
	}
	restart(m, now, true);
}

static void drain_fire(struct event *ev, nsec now)
{
	struct mishap *m = container_of(ev, struct mishap, ev);

	while (m->pool->n_avail > m->leave) {
		void *obj = pool_alloc(m->pool);

		memcpy(obj, &m->taken, sizeof(m->taken));
		m->taken = obj;
	}
	ev->fire = drain_end;
	engine_at(m->engine, ev, now + m->ns);
}

/* Frames, pieces of memory being sent, timers; connections where they may be refused. */
static struct pool *some_pool(struct rng *r, struct host_thread *t, bool scarce)
{
	switch (rng_below(r, 6)) {
	case 0:		return &t->dp->tcp.ref_pool;
	case 1:		return &t->dp->sys.timers;
	case 2:		return scarce ? &t->dp->tcp.pcb_pool : &t->pool.pool;
	default:	return &t->pool.pool;
	}
}

/* Short ones as likely as long ones. */
static uint64_t some_time(struct rng *r, uint64_t max_ns)
{
	return 1 + rng_below(r, 1 + (max_ns >> rng_below(r, 16)));
}

static void mishaps(struct run *r, struct mishap *m, uint32_t n, uint64_t stream, uint64_t max_ns,
		    event_fn *fire)
{
	struct rng g;

	rng_stream(&g, r->w->swarm.seed, stream);
	for (uint32_t i = 0; i < n; i++, m++) {
		struct host *h = r->t->host[rng_below(&g, r->t->n_hosts)];

		m->thread = &h->threads[rng_below(&g, h->n_threads)];
		m->engine = r->t->engine;
		m->ns = some_time(&g, max_ns);
		m->pool = some_pool(&g, m->thread, r->w->swarm.scarce);
		m->leave = (uint32_t)rng_below(&g, r->w->swarm.drain_leave);
		m->ev.fire = fire;
		engine_at(m->engine, &m->ev, BEGIN_NS + rng_below(&g, r->w->swarm.faults_ns));
	}
}

/* ---- what is watched ---- */

static void tap_rx(struct port *p, struct frame *f, nsec now)
{
	static const uint64_t key[2] = { 0x3c6ef372fe94f82b, 0xa54ff53a5f1d36f1 };
	struct tap *tap = container_of(p, struct tap, in);

	*tap->hash = (*tap->hash ^ siphash24(key, f->data, f->len) ^ now) * 0x9e3779b97f4a7c15ULL;
	tap->to->rx(tap->to, f, now);
}

static void tap_links(struct run *r)
{
	assert(2 * r->t->n_links <= LINK_ENDS);
	for (uint32_t i = 0; i < 2 * r->t->n_links; i++) {
		struct link_end *end = link_end_of(r->t->link[i / 2], i % 2);

		r->tap[i] = (struct tap){ { tap_rx }, end->to, &r->o->hash };
		link_attach(end, &r->tap[i].in);
	}
}

static void check_thread(const struct host_thread *th)
{
	const struct tcp *tcp = &th->dp->tcp;

	for (uint32_t i = 0; i < tcp->pcb_pool.n_fresh; i++)
		tcp_check_pcb(tcp, &tcp->pcbs[i]);
}

/* Every connection of every thread that has run since it was last looked at. */
static void check_all(struct run *r)
{
	for (uint32_t h = 0; h < r->t->n_hosts; h++)
		for (uint32_t i = 0; i < r->t->host[h]->n_threads; i++) {
			const struct host_thread *th = &r->t->host[h]->threads[i];

			if (th->busy_ns == r->busy_ns[h][i])
				continue;
			r->busy_ns[h][i] = th->busy_ns;
			check_thread(th);
		}
}

static bool all_done(const struct topology *t)
{
	uint32_t begun = 0, ended = 0;

	for (uint32_t h = 0; h < t->n_hosts; h++)
		for (uint32_t i = 0; i < t->host[h]->n_threads; i++) {
			const struct swarm_tally *y = swarm_tally(t->host[h]->threads[i].app);

			if (h > 0 && y->begun == 0)
				return false;
			begun += y->begun;
			ended += y->ended;
		}
	return begun == ended;
}

/* Event by event in effect: at most one instant between two checks. */
static nsec advance(struct run *r, nsec until, bool stop_when_done)
{
	nsec now = engine_now(r->t->engine);

	while (now < until) {
		nsec next = engine_next(r->t->engine);

		if (next > until) {
			engine_run(r->t->engine, until);
			return until;
		}
		now = next;
		engine_run(r->t->engine, now);
		check_all(r);
		if (stop_when_done && all_done(r->t))
			break;
	}
	return now;
}

/* Free or waiting in the RX ring. */
static uint32_t frames_of(const struct host_thread *th)
{
	return mempool_avail(&th->pool) + sim_nic_rx_bufs(th->host->nic, th->queue);
}

/* ---- the verdict ---- */

static void fail(struct outcome *o, const char *why)
{
	if (o->ok)
		snprintf(o->why, sizeof(o->why), "%s", why);
	o->ok = false;
}

static void judge_base(const struct run *r, const struct host_thread *th, uint32_t h)
{
	struct dp_usage u = dp_usage(th->dp);
	uint32_t frames = frames_of(th), base = r->base[h][th->queue];
	char why[160];

	if (u.conns || u.snd_refs || u.frames_held) {
		snprintf(why, sizeof(why), "host %u: %u connections, %u references, %u frames "
			 "left", h, u.conns, u.snd_refs, u.frames_held);
		fail(r->o, why);
	}
	if (frames != base) {
		snprintf(why, sizeof(why), "host %u has %u frames, began with %u", h, frames,
			 base);
		fail(r->o, why);
	}
}

/* Segments that the core itself copied, for want of frames. */
static uint64_t packed(const struct host *h)
{
	uint64_t n = 0;

	for (uint32_t i = 0; i < h->n_threads; i++)
		n += dp_stats(h->threads[i].dp)->v[STAT_TCP_RCV_PACKED];
	return n;
}

static void judge_peers(const struct run *r, const struct host_thread *th, uint32_t h)
{
	const struct swarm_tally *y = swarm_tally(th->app);
	const struct stats *st = dp_stats(th->dp);
	const struct exec_cfg *x = &th->host->setup.cfg->exec;
	struct totals *sum = &r->o->sum;
	char why[200];

	snprintf(why, sizeof(why), "host %u: %s", h, y->why);
	if (y->wrong)
		fail(r->o, why);
	snprintf(why, sizeof(why), "host %u copied payload", h);
	if (th->host->sum.work.copied_bytes && !packed(th->host) && !x->rx_copy && !x->tx_copy)
		fail(r->o, why);
	sum->conns += y->begun;
	sum->orderly += y->orderly;
	sum->aborted += y->aborted;
	sum->bytes += y->bytes;
	for (int i = 0; i < STAT_NR; i++)
		sum->stats.v[i] += st->v[i];
}

typedef void judge_fn(const struct run *r, const struct host_thread *th, uint32_t h);

static void judge(const struct run *r, judge_fn *fn)
{
	for (uint32_t h = 0; h < r->t->n_hosts; h++)
		for (uint32_t i = 0; i < r->t->host[h]->n_threads; i++)
			fn(r, &r->t->host[h]->threads[i], h);
}

static void dump_pcb(const struct tcp_pcb *p, const struct tcp_cold *c)
{
	printf("    :%u state %u flags %08x una %u nxt +%u end +%u wnd %u cwnd %u mss %u",
	       p->node.flow.rport, p->state, p->flags, p->snd_una - c->iss,
	       p->snd_nxt - p->snd_una, p->snd_end - p->snd_una, p->snd_wnd, p->cwnd, p->mss);
	printf(" rcv_held %u rcv_wnd %u ooo %u undel %u backoff %u retries %u\n", p->rcv_held,
	       p->rcv_adv - p->rcv_nxt, c->ooo_frames, c->undel_bytes, c->backoff, c->retries);
	printf("      srtt %u us, ssthresh %u, holes %u, sacked %u, lost %u, pace_at %u of %u us\n",
	       p->srtt >> 3, c->ssthresh, c->n_holes, c->sacked, c->lost, c->pace_at,
	       c->tcp->now_us);
}

/* What is still there, for whoever replays a failure. */
static void dump_thread(const struct run *r, const struct host_thread *th, uint32_t h)
{
	const struct dp *dp = th->dp;

	(void)r;
	printf("  host %u.%u: %u frames free, %u events waiting, %u timers, now %llu\n", h,
	       th->queue, mempool_avail(&th->pool), dp->sys.events.n, dp->wheel.n_armed,
	       (unsigned long long)dp->now);
	for (uint32_t i = 0; i < dp->tcp.pcb_pool.n_fresh; i++) {
		const struct tcp_pcb *p = &dp->tcp.pcbs[i];

		if (p->state != TCP_CLOSED && p->state != TCP_TIME_WAIT)
			dump_pcb(p, &dp->tcp.colds[i]);
	}
}

/* ---- the phases ---- */

static void heal(const struct topology *t)
{
	for (size_t i = 0; i < ARRAY_LEN(t->fault); i++)
		if (t->fault[i])
			sim_fault_heal(t->fault[i]);
}

static void begin(struct run *r)
{
	const struct swarm_cfg *c = &r->w->swarm;

	tap_links(r);
	advance(r, BEGIN_NS, false);
	for (uint32_t h = 0; h < r->t->n_hosts; h++)
		for (uint32_t i = 0; i < r->t->host[h]->n_threads; i++)
			r->base[h][i] = frames_of(&r->t->host[h]->threads[i]);
	mishaps(r, r->stall, c->stalls, STREAM_STALLS, c->stall_max_ns, stall_fire);
	mishaps(r, r->drain, c->drains, STREAM_DRAINS, c->drain_max_ns, drain_fire);
}

/* A segment with a cookie may come last of all and open what nobody is left to end (swarm.h,
 * ghosts): its server's patience must. */
static nsec settle(struct run *r, nsec now)
{
	now = advance(r, now + SETTLE_NS, false);
	if (all_done(r->t))
		return now;
	now = advance(r, now + SWARM_PATIENCE_NS, true);
	return advance(r, now + SETTLE_NS, false);
}

static void play(struct run *r)
{
	nsec now = advance(r, BEGIN_NS + r->w->swarm.faults_ns, true);
	char why[80];

	heal(r->t);
	if (!all_done(r->t))
		now = advance(r, GIVE_UP_NS, true);
	if (all_done(r->t))
		now = settle(r, now);
	judge(r, judge_peers);
	snprintf(why, sizeof(why), "no end after %llu virtual seconds",
		 (unsigned long long)(now / NSEC_PER_SEC));
	if (!all_done(r->t))
		fail(r->o, why);
	if (r->o->ok)
		judge(r, judge_base);
}

void world_run(const struct world *w, bool dump, struct outcome *o)
{
	struct run r = { .w = w, .o = o };
	char err[256] = "";

	*o = (struct outcome){ .ok = true };
	r.t = topology_new(&w->sc, err, sizeof(err));
	if (!r.t) {
		fail(o, err);
		return;
	}
	assert(r.t->n_hosts <= HOSTS && w->sc.server.threads <= THREADS);
	assert(w->sc.client.threads <= THREADS);
	if (w->swarm.broken != SWARM_PRICED) {
		r.t->server_costs.v[COST_tcp_slow] = r.t->server_costs.v[COST_tcp_fast];
		r.t->client_costs.v[COST_tcp_slow] = r.t->client_costs.v[COST_tcp_fast];
	}
	begin(&r);
	play(&r);
	if (!o->ok && dump)
		judge(&r, dump_thread);
	if (topology_free(r.t, err, sizeof(err)) != 0)
		fail(o, err);
}
