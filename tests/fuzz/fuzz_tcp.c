/* SPDX-License-Identifier: MIT */
/*
 * fuzz_tcp.c - stateful: a program of ops on live TCP connections, their peers and the application
 *
 * The language is tcp_op.h, the peers are tcp_peer.h's. Beyond the rig's checks and the
 * peers': what is delivered is the peer's stream, in order (or, once it has lied, one of the
 * two things it said); `sent` never exceeds what the peer has acknowledged; and when the
 * program is over everybody behaves, and then each connection of an honest peer ends in
 * order, with every byte of both streams where it belongs.
 *
 * Knobs: bools and enums of dp_knobs[] by the seed, whatever they are; sizes from knob_some[].
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/tcp_peer.h"

enum { ENDS = 64, QUEUE = 12, SG_ROOM = 16384, FINISH_PASSES = 2000,
       FINISH_BYTES = 1 << 18 };	/* a window of 2 KB a pass, in a tenth of them */
enum { APP_REFUSE = BIT(0), APP_KEEP = BIT(1) };	/* KEEP: no recv_done by itself */

/** A connection as the application knows it: its cookie is the index. */
struct end {
	struct peer *peer;
	uint32_t gen;		/* of the peer; with another one the peer is a later one */
	uint64_t handle;
	bool open;		/* the handle is valid, as far as one knows */
	bool live, eof, closed, dead;
	bool sending;		/* a sendv is out, which may take less than it was offered */
	uint32_t reason;
	uint32_t rx, undone;	/* bytes delivered; of them not given back */
	uint64_t taken, sent;
};

static struct {
	struct rig rig;
	uint8_t *window;		/* a ring a peer, then arrays of pieces */
	struct end end[ENDS];
	uint32_t n_ends;
	uint8_t mood;			/* APP_* */
	bool finishing;
	struct op queue[QUEUE];		/* calls to make at the next entry */
	uint32_t n_queue;
	struct ix_call did[RIG_CALLS];
	uint32_t n_did;
	struct mbuf *taken[RIG_FRAMES];	/* out of the pool: OP_POOL */
	uint32_t n_taken;
} g;

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);
size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed);
size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed);

size_t LLVMFuzzerCustomMutator(uint8_t *data, size_t size, size_t max, unsigned int seed)
{
	return op_mutate(data, size, max, seed);
}

size_t LLVMFuzzerCustomCrossOver(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size,
				 uint8_t *out, size_t max, unsigned int seed)
{
	return op_cross(a, a_size, b, b_size, out, max, seed);
}

/* ---- the application: what it learns ---- */

static struct end *end_of(const struct peer *p)
{
	for (uint32_t i = g.n_ends; i-- > 1; )
		if (g.end[i].peer == p && g.end[i].gen == p->gen)
			return &g.end[i];
	return NULL;
}

static bool current(const struct end *e) { return e->gen == e->peer->gen; }

static struct end *new_end(struct peer *p)
{
	if (!p || g.n_ends == ENDS)
		return NULL;
	g.end[g.n_ends] = (struct end){ .peer = p, .gen = p->gen };
	return &g.end[g.n_ends++];
}

static uint8_t *ring(const struct peer *p, uint64_t off)
{
	return g.window + p->index * PEER_RING + off % PEER_RING;
}

static void returned(const struct ix_call *c, int64_t ret)
{
	struct end *e = &g.end[c->nr == IX_CALL_CONNECT ? c->cookie : 0];

	if (c->nr == IX_CALL_CONNECT) {
		e->handle = (uint64_t)ret;
		e->open = ret > 0;
		e->dead = ret <= 0;
	}
	if (c->nr == IX_CALL_ACCEPT && ret < 0) {	/* it was reset behind the knock */
		RIG_CHECK(ret == -EBADF);
		g.end[c->new_cookie].dead = true;
		g.end[c->new_cookie].open = false;
	}
	if (c->nr == IX_CALL_SENDV && ret > 0) {
		for (uint32_t i = 1; i < g.n_ends; i++)
			if (g.end[i].handle == c->handle)
				g.end[i].taken += (uint64_t)ret;
	}
	for (uint32_t i = 1; i < g.n_ends; i++)
		g.end[i].sending = false;
}

static void see_recv(struct end *e, const struct ix_event *ev)
{
	const uint8_t *p = (const uint8_t *)(uintptr_t)ev->ptr;
	const struct peer *peer = e->peer;

	RIG_CHECK(!e->eof);
	e->eof = ev->len == 0;
	for (uint32_t i = 0; i < ev->len && !peer->lost; i++) {
		uint8_t right = tcp_peer_byte(peer->index, e->rx + i), lie = right ^ 0xff;

		RIG_CHECK(p[i] == right || ((peer->lied || !current(e)) && p[i] == lie));
	}
	e->rx += ev->len;
	e->undone += ev->len;
	if (current(e))
		RIG_CHECK(e->rx <= peer->snd_max - peer->iss - 1 || peer->lied);
}

/* Does no other connection of the peer, which has the same ring, send? */
static bool rings_alone(const struct end *e)
{
	for (const struct end *o = g.end + 1; o < g.end + g.n_ends; o++)
		if (o != e && o->peer == e->peer && !o->dead && (o->sending || o->taken > o->sent))
			return false;
	return true;
}

static void see_sent(struct end *e, uint64_t bytes)
{
	bool ours = rings_alone(e);			/* again */

	for (uint64_t i = e->sent; i < e->sent + bytes && ours; i++)
		*ring(e->peer, i) = 0xee;
	e->sent += bytes;
	RIG_CHECK(e->sent <= e->taken);
	if (current(e) && !e->peer->lost)
		RIG_CHECK(e->sent <= e->peer->most - e->peer->irs - 1);
}

static void see(const struct ix_event *ev, struct ix_call *c, uint32_t *n)
{
	struct end *e = ev->nr == IX_EV_KNOCK ?
			new_end(tcp_peer_at(ev->addr.ip, ev->addr.port)) : &g.end[ev->cookie];

	RIG_CHECK(ev->nr == IX_EV_KNOCK || (ev->cookie > 0 && ev->cookie < g.n_ends));
	RIG_CHECK(!e || !e->dead);
	switch (ev->nr) {
	case IX_EV_KNOCK:
		if (!e || (g.mood & APP_REFUSE)) {
			c[(*n)++] = (struct ix_call){ .nr = IX_CALL_CLOSE, .handle = ev->handle };
			if (e)
				e->dead = e->closed = true;
			break;
		}
		e->handle = ev->handle;
		e->live = e->open = true;
		c[(*n)++] = (struct ix_call){ .nr = IX_CALL_ACCEPT, .handle = ev->handle,
					      .new_cookie = (uint64_t)(e - g.end) };
		break;
	case IX_EV_CONNECTED:
		e->live = ev->outcome == 0;
		e->dead = ev->outcome != 0;
		break;
	case IX_EV_RECV: see_recv(e, ev); break;
	case IX_EV_SENT: see_sent(e, ev->bytes); break;
	default:
		RIG_CHECK(ev->nr == IX_EV_DEAD && ev->reason < IX_DEAD_NR);
		e->dead = true;
		e->reason = ev->reason;
		e->open = false;
	}
}

/* ---- the application: what it does ---- */

/* Up to 64 pieces of the ring, as far as it is free. The array lies behind the rings. */
static bool put_send(struct end *e, const struct op *o, uint32_t slot, struct ix_call *c)
{
	static const uint16_t size[16] = { 1, 2, 10, 64, 100, 500, 536, 1000, 1460, 1461, 2000,
					   2920, 4000, 5000, 8000, 8192 };
	uint32_t left = (uint32_t)MIN(size[o->e & 15], PEER_RING - (e->taken - e->sent));
	uint32_t pieces = 1u + o->b % 64, piece = MAX(left / pieces, 1u);
	struct ix_sg *sg = (struct ix_sg *)(void *)(g.window + PEERS * PEER_RING) + slot * 64;
	uint64_t off = e->taken;

	*c = (struct ix_call){ .nr = IX_CALL_SENDV, .handle = e->handle, .sg = (uintptr_t)sg };
	while (left > 0 && c->n < IX_SG_MAX) {
		uint32_t n = MIN(MIN(piece, left), PEER_RING - (uint32_t)(off % PEER_RING));

		for (uint32_t i = 0; i < n; i++)
			*ring(e->peer, off + i) = tcp_app_byte(e->peer->index, (uint32_t)(off + i));
		sg[c->n++] = (struct ix_sg){ .addr = (uintptr_t)ring(e->peer, off), .len = n };
		off += n;
		left -= n;
	}
	e->sending = c->n > 0;
	return e->sending;
}

static bool put_connect(struct peer *p, struct ix_call *c)
{
	struct end *e = end_of(p);

	if (!tcp_peer_can_begin(p) || tcp_peer_pcb(p) || (e && !e->live && !e->dead))
		return false;
	p->stage = PEER_FREE;
	p->gen++;
	e = new_end(p);
	if (!e)
		return false;
	*c = (struct ix_call){ .nr = IX_CALL_CONNECT, .cookie = (uint64_t)(e - g.end),
			       .addr = { .ip = p->ip, .port = p->port } };
	return true;
}

static bool put_done(struct end *e, uint32_t bytes, struct ix_call *c)
{
	*c = (struct ix_call){ .nr = IX_CALL_RECV_DONE, .handle = e->handle, .bytes = bytes };
	e->undone -= bytes;
	return bytes > 0;
}

static bool put_close(struct end *e, uint8_t mode, struct ix_call *c)
{
	*c = (struct ix_call){ .nr = IX_CALL_CLOSE, .handle = e->handle, .n = mode };
	if (mode != IX_CLOSE_HALF)
		e->open = false;
	if (mode == IX_CLOSE_RST || (mode == IX_CLOSE_FIN && !e->eof))
		e->peer->honest = e->peer->honest && !current(e);	/* late data is refused */
	e->closed = true;
	return true;
}

/* Op @o as a call; false: not now. */
static bool put_call(const struct op *o, uint32_t slot, struct ix_call *c)
{
	struct peer *p = &tcp_peer[o->conn % PEERS];
	struct end *e = end_of(p);

	if (o->kind == OP_CONNECT)
		return put_connect(p, c);
	if (!e || !e->live || !e->open)
		return false;
	switch (o->kind) {
	case OP_SENDV: return !e->closed && !e->sending && put_send(e, o, slot, c);
	case OP_DONE: return put_done(e, (uint32_t)((uint64_t)e->undone * o->a / 255), c);
	default: return !e->closed && put_close(e, o->a % 3, c);
	}
}

/* Give back what was read; when all are to end, close what the peer has closed. */
static void tend(struct ix_call *c, uint32_t *n)
{
	for (uint32_t i = 1; i < g.n_ends && *n < RIG_CALLS - 1; i++) {
		struct end *e = &g.end[i];

		if (!e->live || !e->open || e->dead)
			continue;
		if ((!(g.mood & APP_KEEP) || g.finishing) && put_done(e, e->undone, &c[*n]))
			++*n;
		if (g.finishing && e->eof && (!e->closed || e->open))
			*n += put_close(e, IX_CLOSE_FIN, &c[*n]);
	}
}

static void enter(struct rig *r, struct ix_page *page)
{
	struct ix_call *c = page->calls;
	uint32_t n = 0, left = 0;

	for (uint32_t i = 0; i < g.n_did; i++)
		returned(&g.did[i], c[i].ret);
	for (uint32_t i = 0; i < page->n_events; i++) {
		if (n == RIG_CALLS && page->events[i].nr == IX_EV_KNOCK)
			abort();	/* the rig's table is smaller than its calls */
		see(&page->events[i], c, &n);
	}
	for (uint32_t i = 0; i < g.n_queue && !r->draining; i++) {
		if (n == RIG_CALLS)
			g.queue[left++] = g.queue[i];
		else
			n += put_call(&g.queue[i], n, &c[n]);
	}
	g.n_queue = left;
	tend(c, &n);
	memcpy(g.did, c, n * sizeof(*c));
	page->n_calls = g.n_did = n;
}

/* ---- the program ---- */

static void op_pass(uint8_t a)
{
	nsec due = dp_next_deadline(g.rig.dp), later = 0;

	if (a >= OP_T_LATE)
		later = due != NSEC_NEVER && due > g.rig.now ? due - g.rig.now : 0;
	else if (a > 0)
		later = NSEC_PER_USEC << a / 2;
	if (g.n_queue > 0)
		dp_kick(g.rig.dp);
	rig_pass(&g.rig, later);
}

static void op_pool(uint8_t left)
{
	while (g.n_taken > 0 && (left == 255 || mempool_avail(&g.rig.pool) < left))
		mbuf_free(g.taken[--g.n_taken]);
	while (left != 255 && mempool_avail(&g.rig.pool) > left)
		g.taken[g.n_taken++] = mbuf_alloc(&g.rig.pool);
}

static void op_run(const struct op *o)
{
	switch (o->kind) {
	case OP_PASS: op_pass(o->a); break;
	case OP_APP: g.mood = o->a; break;
	case OP_NIC: rig_nic(&g.rig, o->a); break;
	case OP_POOL: op_pool(o->a); break;
	case OP_CONNECT:
	case OP_SENDV:
	case OP_DONE:
	case OP_CLOSE:
		if (g.n_queue < QUEUE)
			g.queue[g.n_queue++] = *o;
		break;
	default:
		tcp_peer_op(&tcp_peer[o->conn % PEERS], o);
	}
}

/* ---- the end ---- */

/* What must still come to a good end: both sides are up, nobody has spoilt it, and the stack
 * would send once more what it has sent in vain. A cookie can bring a connection back that has
 * died in silence: a peer that has heard from the dead one is ahead of the other. One that has
 * spoken from far beyond its window has more to fill than there is time for. */
static bool fair(const struct peer *p)
{
	const struct end *e = end_of(p);
	const struct tcp_pcb *pcb = tcp_peer_pcb(p);
	const struct tcp *t = &g.rig.dp->tcp;

	return p->stage == PEER_UP && p->honest && e && e->live && !e->dead && pcb &&
	       seq_leq(p->rcv_nxt, pcb->snd_nxt) && p->snd_max - p->acked <= FINISH_BYTES &&
	       tcp_cold(t, pcb)->retries < t->cfg.data_retries;
}

static void check_fair(const struct peer *p)
{
	const struct end *e = end_of(p);

	RIG_CHECK(e->dead && e->reason == IX_DEAD_CLOSED);
	RIG_CHECK(e->eof && e->rx == p->fin_at - p->iss - 1);
	RIG_CHECK(p->fin_rcvd && p->rcv_nxt - p->irs - 2 == e->taken);
	RIG_CHECK(e->sent == e->taken);
}

static bool finished(const bool *is_fair)
{
	for (uint32_t i = 0; i < PEERS; i++)
		if (is_fair[i] && !end_of(&tcp_peer[i])->dead)
			return false;
	return true;
}

/* A timeout may be longer than the stack's patience: what it ends is no stream that failed. */
static void be_patient(const struct peer *p)
{
	struct tcp *t = &g.rig.dp->tcp;
	struct tcp_pcb *pcb = rig_pcb(&g.rig, tcp_slot(t, tcp_peer_pcb(p)));

	tcp_set_linger(t, pcb, 0);
	tcp_set_user_timeout(t, pcb, 0);
}

/* Everybody behaves from here on. A retransmission that has backed off is a minute away, and who
 * did not behave before may have a deadline in every ms of it. */
static void finish(void)
{
	bool is_fair[PEERS];

	rig_nic(&g.rig, 0x7f);
	op_pool(255);
	g.mood = 0;
	g.n_queue = 0;
	g.finishing = true;
	for (uint32_t i = 0; i < 4; i++) {
		dp_kick(g.rig.dp);
		rig_pass(&g.rig, NSEC_PER_MSEC);
	}
	for (uint32_t i = 0; i < PEERS; i++) {
		tcp_peer[i].lose = 0;
		tcp_peer_look(&tcp_peer[i]);	/* is the stack's end the one it knows? */
		is_fair[i] = fair(&tcp_peer[i]);
		if (is_fair[i])
			be_patient(&tcp_peer[i]);
	}
	for (uint32_t pass = 0; pass < FINISH_PASSES && !finished(is_fair); pass++) {
		for (uint32_t i = 0; i < PEERS; i++)
			if (is_fair[i])
				tcp_peer_finish(&tcp_peer[i]);
		op_pass(0);
		op_pass(pass % 16 == 15 ? OP_T_LONG : pass % 4 == 3 ? OP_T_LATE : 20);
	}
	for (uint32_t i = 0; i < PEERS; i++)
		if (is_fair[i])
			check_fair(&tcp_peer[i]);
	rig_drain(&g.rig);
	for (uint32_t i = 1; i < g.n_ends; i++)
		RIG_CHECK(g.end[i].dead || !g.end[i].live);
}

/* ---- knobs ---- */

static const struct { const char *name; uint64_t v[4]; } knob_some[] = {
	{ "rcv_wnd", { 2048, 16000, 65535, 200000 } },
	{ "ooo_frames_max", { 0, 2, 12, 64 } },
	{ "rcv_frames_max", { 16, 16, 32, 100 } },
	{ "mss", { 0, 0, 536, 1000 } },
	{ "init_cwnd", { 1, 2, 10, 64 } },
	{ "backlog_max", { 1, 2, 6, 16 } },
	{ "syn_retries", { 1, 3, 6, 6 } },
	{ "data_retries", { 2, 5, 15, 15 } },
	{ "rto_min", { 1000000, 10000000, 200000000, 1000000000 } },
	{ "delack", { 0, 1000000, 40000000, 500000000 } },
	{ "time_wait", { 0, 1000000, 60000000000, 60000000000 } },
	{ "fin_wait2", { 1000000, 60000000000, 60000000000, 60000000000 } },
};

/* A number from the seed and the name: a knob that comes or goes leaves the others alone. */
static uint64_t chance(uint64_t seed, const char *name)
{
	for (; *name; name++)
		seed = (seed ^ (uint8_t)*name) * 0x100000001b3u;
	seed ^= seed >> 29;
	return seed * 0x9e3779b97f4a7c15u >> 40;
}

static void configure(struct rig *r, struct dp_cfg *c)
{
	size_t got;
	const uint8_t *raw = feed_bytes(&r->feed, OP_HEADER - 2, &got);
	uint64_t seed = 0;

	for (size_t i = 0; i < got; i++)
		seed = seed << 8 | raw[i];
	for (size_t i = 0; i < n_dp_knobs; i++) {
		const struct knob *k = &dp_knobs[i];
		uint64_t n = 0, v = chance(seed, k->name);

		while (k->type == KNOB_ENUM && k->names[n])
			n++;
		if (seed != 0 && (k->type == KNOB_BOOL || n > 0))
			knob_set(k, c, v % (n ? n : 2));
		for (size_t j = 0; seed != 0 && j < ARRAY_LEN(knob_some); j++)
			if (strcmp(k->name, knob_some[j].name) == 0)
				knob_set(k, c, knob_some[j].v[v % 4]);
	}
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static uint8_t *window;
	struct op o;

	if (!window) {
		if (posix_memalign((void **)&window, 4096, PEERS * PEER_RING + SG_ROOM) != 0)
			abort();
		for (uint32_t i = 0; i < PEERS * PEER_RING; i++)
			window[i] = tcp_app_byte(i / PEER_RING, i % PEER_RING);
	}
	memset(&g, 0, sizeof(g));
	g.window = window;
	g.n_ends = 1;
	g.rig = (struct rig){ .app = enter, .configure = configure,
			      .segment = tcp_peer_segment };
	rig_open(&g.rig, data, size, window, PEERS * PEER_RING + SG_ROOM);
	tcp_peers_init(&g.rig);
	rig_pass(&g.rig, 0);
	for (uint32_t i = 0; i < OP_MAX && g.rig.feed.n >= OP_SIZE; i++) {
		size_t n;

		memcpy(&o, feed_bytes(&g.rig.feed, OP_SIZE, &n), OP_SIZE);
		o.kind %= OP_NR;
		op_run(&o);
	}
	finish();
	return 0;
}
