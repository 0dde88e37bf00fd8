/* SPDX-License-Identifier: MIT */
/*
 * swarm_app.c - the peers, see swarm.h
 *
 * Bytes come from one table of random bytes: byte i of a direction is table[(phase + i) %
 * TABLE], so sends refer to the table itself and a lost, doubled or moved byte shows.
 */
#include <stdio.h>

#include "base/rng.h"
#include "tests/sim/swarm.h"

enum { TABLE = 65521, REFS = 6, CONNS_MAX = 128, HEADER = 8,
       BROKEN_AT = 3000 };

#define START_NS	(10 * NSEC_PER_MSEC)

enum ending {
	END_CLIENT_FIRST,
	END_SERVER_FIRST,
	END_BOTH,
	END_FULL,
	END_CLIENT_RST,
	END_SERVER_RST,
	END_BOTH_RST,
	END_NR
};

/** What a connection's number decides. */
struct plan {
	uint64_t up, down;		/* bytes client to server and back */
	uint32_t piece_max[2];		/* [0]: the client's sends */
	uint32_t read_delay_us[2];	/* 0: acknowledges what it reads at once */
	uint32_t pause_ms[2];		/* once, after pause_at bytes, reads nothing for so long */
	uint64_t pause_at[2];
	uint32_t phase[2];
	uint64_t abort_at[2];		/* bytes sent by a side that resets */
	enum ending ending;
};

struct end {
	struct ixev_ctx ctx;
	struct ixev_timer timer;	/* connect (client), slow reading */
	struct ixev_timer patience;	/* if the peer's RST was lost, nobody speaks again */
	struct swarm *sw;
	struct rng rng;
	struct plan plan;
	bool client, used, known, eof, shut, connected;
	bool waiting, paused;		/* to read on; has had its pause */
	uint8_t header[HEADER];
	uint64_t freed_at;		/* its timers are the library's until that entry ends */
	uint64_t tx, rx;		/* bytes given to ixev_send, bytes checked */
	uint32_t unread;
	uint32_t n_refs;
	struct ixev_ref refs[REFS], *free[REFS];
};

struct swarm {
	struct swarm_cfg cfg;
	struct app_env env;
	struct ixev *ev;
	struct swarm_tally tally;
	bool client;
	struct rng rng;
	struct end *ends;
	uint8_t *table;
};

static struct end *end_of(struct ixev_ctx *ctx) { return container_of(ctx, struct end, ctx); }

static void plan_reading(struct plan *p, struct rng *r, bool slow)
{
	static const uint32_t delays_us[] = { 0, 0, 0, 0, 50, 500, 5000 };
	static const uint32_t pauses_ms[] = { 0, 0, 0, 0, 10, 300, 3000 };

	for (int i = 0; i < 2; i++) {
		uint64_t bytes = i == 0 ? p->down : p->up;	/* what this side reads */

		p->read_delay_us[i] = delays_us[rng_below(r, ARRAY_LEN(delays_us))];
		p->pause_ms[i] = pauses_ms[rng_below(r, ARRAY_LEN(pauses_ms))];
		p->pause_at[i] = rng_below(r, bytes + 1);
		if (!slow)
			p->read_delay_us[i] = p->pause_ms[i] = 0;
	}
}

static void make_plan(struct plan *p, const struct swarm_cfg *cfg, uint64_t number)
{
	static const uint32_t pieces[] = { 7, 100, 1500, 5000, 30000 };
	struct rng r;

	rng_stream(&r, cfg->seed, number);
	p->up = HEADER + rng_below(&r, 1 + rng_below(&r, cfg->bytes_max));
	p->down = rng_below(&r, 1 + rng_below(&r, cfg->bytes_max));
	for (int i = 0; i < 2; i++) {
		p->piece_max[i] = pieces[rng_below(&r, ARRAY_LEN(pieces))];
		p->phase[i] = (uint32_t)rng_below(&r, TABLE);
	}
	p->ending = (enum ending)rng_below(&r, END_NR);
	if (!cfg->aborts && p->ending >= END_CLIENT_RST)
		p->ending = END_BOTH;
	p->abort_at[0] = HEADER + rng_below(&r, p->up);
	p->abort_at[1] = rng_below(&r, p->down + 1);
	/* many small pieces take for ever: keep such streams short */
	if (p->piece_max[0] < 100)
		p->up = MIN(p->up, 3000u);
	if (p->piece_max[1] < 100)
		p->down = MIN(p->down, 3000u);
	plan_reading(p, &r, cfg->slow);
}

static void wrong(struct end *e, const char *what)
{
	struct swarm_tally *t = &e->sw->tally;

	if (t->wrong++ == 0)
		snprintf(t->why, sizeof(t->why), "%s: %s (ending %d, sent %llu, read %llu)",
			 e->client ? "client" : "server", what, (int)e->plan.ending,
			 (unsigned long long)e->tx, (unsigned long long)e->rx);
}

static uint64_t to_send(const struct end *e) { return e->client ? e->plan.up : e->plan.down; }
static uint64_t to_read(const struct end *e) { return e->client ? e->plan.down : e->plan.up; }

static bool resets(const struct end *e)
{
	return e->plan.ending == (e->client ? END_CLIENT_RST : END_SERVER_RST) ||
	       e->plan.ending == END_BOTH_RST;
}

static bool may_abort(const struct end *e) { return e->plan.ending >= END_CLIENT_RST; }

/* Is it our turn to end our direction? */
static bool may_shut(const struct end *e)
{
	if (e->tx < to_send(e) || !e->known)
		return false;
	switch (e->plan.ending) {
	case END_CLIENT_FIRST:	return e->client || e->eof;
	case END_SERVER_FIRST:	return !e->client || e->eof;
	case END_FULL:		return e->client ? e->rx == to_read(e) : e->eof;
	default:		return true;
	}
}

static void maybe_shut(struct end *e)
{
	bool full = e->plan.ending == END_FULL || (e->eof && rng_below(&e->rng, 2));

	if (e->shut || !may_shut(e) || (e->client && !e->connected))
		return;
	if (e->eof && e->rx != to_read(e))
		wrong(e, "end of stream too early");
	if (full && !e->eof && e->unread)
		return;
	e->shut = true;
	ixev_close(&e->ctx, full ? IX_CLOSE_FIN : IX_CLOSE_HALF);
}

static const uint8_t *piece_at(struct end *e, uint32_t *len)
{
	uint64_t at = e->tx;
	uint32_t i;

	if (e->client && at < HEADER) {
		*len = MIN(*len, (uint32_t)(HEADER - at));
		return e->header + at;
	}
	i = (uint32_t)((e->plan.phase[!e->client] + at) % TABLE);
	*len = MIN(*len, TABLE - i);
	return e->sw->table + i;
}

static void send_more(struct end *e)
{
	while (e->known && !e->shut && e->n_refs > 0 && e->tx < to_send(e)) {
		struct ixev_ref *ref = e->free[--e->n_refs];

		ref->len = 1 + (uint32_t)rng_below(&e->rng, e->plan.piece_max[!e->client]);
		ref->len = (uint32_t)MIN(ref->len, to_send(e) - e->tx);
		ref->addr = piece_at(e, &ref->len);
		e->tx += ref->len;
		ixev_send(&e->ctx, ref);
		if (resets(e) && e->tx >= e->plan.abort_at[!e->client]) {
			e->shut = true;
			ixev_close(&e->ctx, IX_CLOSE_RST);
			return;
		}
	}
	maybe_shut(e);
}

static void released(struct ixev_ctx *ctx, struct ixev_ref *ref)
{
	struct end *e = end_of(ctx);

	e->free[e->n_refs++] = ref;
}

static void on_sent(struct ixev_ctx *ctx, uint64_t bytes, uint32_t window)
{
	(void)bytes;
	(void)window;
	send_more(end_of(ctx));
}

/* Only late on a connection, and only with another one: something to be searched for. */
static void misbehave(struct end *e, uint32_t len)
{
	const struct swarm *sw = e->sw;

	if (e->client || e->rx + len <= BROKEN_AT || sw->tally.begun - sw->tally.ended < 2)
		return;
	assert(sw->cfg.broken != SWARM_ASSERTS);
	if (sw->cfg.broken == SWARM_MISREADS)
		wrong(e, "misread, being broken");
}

static void check(struct end *e, const uint8_t *p, uint32_t len)
{
	uint32_t phase = e->plan.phase[e->client];

	if (e->rx + len > to_read(e)) {
		wrong(e, "more bytes than were sent");
		return;
	}
	for (uint32_t i = 0; i < len; i++)
		if (p[i] != e->sw->table[(phase + e->rx + i) % TABLE]) {
			wrong(e, "a byte differs");
			return;
		}
	e->sw->tally.bytes += len;
	if (e->sw->cfg.broken != SWARM_SOUND)
		misbehave(e, len);
}

static void take(struct end *e, const uint8_t *p, uint32_t len)
{
	while (!e->client && e->rx < HEADER && len > 0) {
		e->header[e->rx++] = *p++;
		len--;
		if (e->rx == HEADER) {
			uint64_t number;

			memcpy(&number, e->header, HEADER);
			make_plan(&e->plan, &e->sw->cfg, number);
			e->known = true;
		}
	}
	if (len > 0 && e->known) {
		check(e, p, len);
		e->rx += len;
	}
}

/* How long until what is unread is acknowledged; the long pause comes once. */
static uint64_t read_wait_ns(struct end *e)
{
	uint32_t side = !e->client;

	if (!e->known)
		return 0;
	if (!e->paused && e->plan.pause_ms[side] && e->rx >= e->plan.pause_at[side]) {
		e->paused = true;
		return e->plan.pause_ms[side] * NSEC_PER_MSEC;
	}
	return e->plan.read_delay_us[side] * NSEC_PER_USEC;
}

/* Acknowledge some of what is unread, all without a reason to wait. */
static void read_some(struct end *e, uint32_t n)
{
	e->unread -= n;
	ixev_recv_done(&e->ctx, n);
}

static void read_on(struct end *e)
{
	uint64_t ns;

	if (e->waiting || e->unread == 0)
		return;
	ns = read_wait_ns(e);
	if (ns == 0) {
		read_some(e, e->unread);
		return;
	}
	e->waiting = true;
	ixev_timer_arm(e->sw->ev, &e->timer, ns);
}

static void read_slowly(struct ixev_timer *t, struct ixev *ev)
{
	struct end *e = container_of(t, struct end, timer);

	(void)ev;
	e->waiting = false;
	if (e->unread == 0)
		return;
	read_some(e, 1 + (uint32_t)rng_below(&e->rng, e->unread));
	read_on(e);
	maybe_shut(e);
}

static void on_recv(struct ixev_ctx *ctx, const uint8_t *p, uint32_t len)
{
	struct end *e = end_of(ctx);

	take(e, p, len);
	e->unread += len;
	read_on(e);
	send_more(e);
}

static void on_eof(struct ixev_ctx *ctx)
{
	struct end *e = end_of(ctx);

	if (e->eof)
		wrong(e, "end of stream twice");
	e->eof = true;
	if (!may_abort(e) && e->rx != to_read(e))
		wrong(e, "end of stream before the last byte");
	maybe_shut(e);
}

static void finish(struct end *e, bool orderly)
{
	struct swarm_tally *t = &e->sw->tally;

	ixev_timer_cancel(e->sw->ev, &e->timer);
	ixev_timer_cancel(e->sw->ev, &e->patience);
	t->ended++;
	if (orderly)
		t->orderly++;
	else
		t->aborted++;
	e->used = false;
	e->freed_at = ixev_now(e->sw->ev);
}

/* Where tables are full, a stale handshake makes room, and its client's first bytes meet RST;
 * so does TIME-WAIT, and a FIN sent again after everything was said meets RST. A slow reader
 * may not have read yet what was said. */
static bool scarce_death(const struct end *e)
{
	bool heard = e->eof && e->rx == to_read(e);
	bool all_said = e->shut && (heard || e->sw->cfg.slow);

	return e->sw->cfg.scarce && (all_said || (e->client && e->rx == 0));
}

/* Nothing remembers a cookie: a duplicate of the segment that brought it makes a connection
 * the client does not know (RFC 4987 section 3.6). It lives until the client says so, or the
 * server's patience ends. */
static bool ghost_death(const struct end *e, enum ix_dead_reason reason)
{
	return e->sw->cfg.ghosts && !e->client &&
	       (reason == IX_DEAD_RESET || reason == IX_DEAD_ABORTED);
}

static void on_dead(struct ixev_ctx *ctx, enum ix_dead_reason reason)
{
	struct end *e = end_of(ctx);
	bool orderly = reason == IX_DEAD_CLOSED;
	char what[64];

	if (e->n_refs != REFS)
		wrong(e, "dead before every reference was released");
	if (!orderly && e->known && !may_abort(e) && !scarce_death(e) && !ghost_death(e, reason)) {
		snprintf(what, sizeof(what), "dead for reason %d", (int)reason);
		wrong(e, what);
	}
	if (orderly && e->known && !may_abort(e) && (e->rx != to_read(e) || e->tx != to_send(e)))
		wrong(e, "closed in order with bytes missing");
	finish(e, orderly);
}

static void on_connected(struct ixev_ctx *ctx, int outcome)
{
	struct end *e = end_of(ctx);

	if (outcome != 0) {
		if (!e->sw->cfg.scarce)
			wrong(e, "connect failed");
		finish(e, false);
		return;
	}
	e->connected = true;
	send_more(e);
}

static const struct ixev_conn_ops conn_ops = {
	.connected = on_connected, .recv = on_recv, .eof = on_eof, .sent = on_sent, .dead = on_dead,
};

static void lose_patience(struct ixev_timer *t, struct ixev *ev)
{
	struct end *e = container_of(t, struct end, patience);

	(void)ev;
	if (!e->known || may_abort(e) || (e->sw->cfg.ghosts && !e->client)) {
		e->shut = true;
		ixev_close(&e->ctx, IX_CLOSE_RST);
	}
}

static struct end *new_end(struct swarm *sw)
{
	struct end *e = NULL;

	for (uint32_t i = 0; i < CONNS_MAX && !e; i++)
		if (!sw->ends[i].used && sw->ends[i].freed_at < ixev_now(sw->ev))
			e = &sw->ends[i];
	if (!e)
		return NULL;
	memset(e, 0, sizeof(*e));
	e->used = true;
	e->sw = sw;
	e->client = sw->client;
	rng_split(&sw->rng, &e->rng);
	for (uint32_t i = 0; i < REFS; i++) {
		e->refs[i].release = released;
		e->free[e->n_refs++] = &e->refs[i];
	}
	ixev_ctx_init(&e->ctx, &conn_ops);
	ixev_timer_init(&e->timer, read_slowly);
	ixev_timer_init(&e->patience, lose_patience);
	ixev_timer_arm(sw->ev, &e->patience, SWARM_PATIENCE_NS);
	sw->tally.begun++;
	return e;
}

static struct ixev_ctx *knock(void *app, struct ixev *ev, const struct ix_addr *from)
{
	struct end *e = new_end(app);

	(void)ev;
	(void)from;
	return e ? &e->ctx : NULL;
}

static void dial(struct ixev_timer *t, struct ixev *ev)
{
	struct end *e = container_of(t, struct end, timer);

	t->fire = read_slowly;
	ixev_connect(ev, &e->ctx, e->sw->env.server_ip, e->sw->env.server_port);
}

static void begin(struct swarm *sw)
{
	for (uint32_t i = 0; i < sw->cfg.conns; i++) {
		struct end *e = new_end(sw);
		uint64_t number = (uint64_t)sw->env.index << 32 | (sw->cfg.first + i);

		make_plan(&e->plan, &sw->cfg, number);
		memcpy(e->header, &number, HEADER);
		e->known = true;
		e->timer.fire = dial;
		ixev_timer_arm(sw->ev, &e->timer,
			       START_NS + rng_below(&sw->rng, sw->cfg.spread_ns));
	}
}

static void idle(void *app, struct ixev *ev)
{
	struct swarm *sw = app;

	(void)ev;
	if (sw->client && sw->tally.begun == 0)
		begin(sw);
}

static const struct ixev_ops thread_ops = { .knock = knock, .idle = idle };

static size_t mem_need(const void *cfg, const struct app_env *env)
{
	(void)cfg;
	return sizeof(struct swarm) + ixev_bytes(env->max_calls) + CONNS_MAX * sizeof(struct end) +
	       TABLE + 4 * CACHE_LINE;
}

static void *start(const void *cfg, const struct app_env *env, bool client)
{
	struct swarm *sw = env->mem;
	uint8_t *at = (uint8_t *)env->mem + ALIGN_UP(sizeof(*sw), (size_t)CACHE_LINE);
	struct rng table;
	uint64_t word;

	sw->env = *env;
	sw->client = client;
	memcpy(&sw->cfg, cfg, sizeof(sw->cfg));
	rng_stream(&sw->rng, env->seed, 77);
	sw->ev = ixev_init(at, env->max_calls, &thread_ops, sw);
	at += ALIGN_UP(ixev_bytes(env->max_calls), (size_t)CACHE_LINE);
	sw->ends = (struct end *)(void *)at;
	sw->table = at + ALIGN_UP(CONNS_MAX * sizeof(struct end), (size_t)CACHE_LINE);
	rng_stream(&table, sw->cfg.seed, 1);
	for (uint32_t i = 0; i < TABLE; i += sizeof(word)) {
		word = rng_u64(&table);
		memcpy(sw->table + i, &word, MIN(sizeof(word), (size_t)(TABLE - i)));
	}
	return sw;
}

static void *start_server(const void *cfg, const struct app_env *env, char *err, size_t n)
{
	(void)err;
	(void)n;
	return start(cfg, env, false);
}

static void *start_client(const void *cfg, const struct app_env *env, char *err, size_t n)
{
	(void)err;
	(void)n;
	return start(cfg, env, true);
}

static struct ixev *ev_of(void *app) { return ((struct swarm *)app)->ev; }
static void report(void *app, struct app_report *r)
{
	(void)app;
	*r = (struct app_report){ 0 };
}
static bool finished(void *app)
{
	const struct swarm_tally *t = &((struct swarm *)app)->tally;

	return t->begun > 0 && t->begun == t->ended;
}

const struct swarm_tally *swarm_tally(void *app) { return &((struct swarm *)app)->tally; }

const struct app_ops swarm_server_ops = {
	.name = "swarm", .doc = "swarm peer", .cfg_size = sizeof(struct swarm_cfg),
	.mem_need = mem_need, .start = start_server, .ev = ev_of, .report = report,
	.finished = finished,
};

const struct app_ops swarm_client_ops = {
	.name = "swarm-client", .doc = "swarm peer", .client = true,
	.cfg_size = sizeof(struct swarm_cfg), .mem_need = mem_need, .start = start_client,
	.ev = ev_of, .report = report, .finished = finished,
};
