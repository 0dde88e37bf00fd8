/* SPDX-License-Identifier: MIT */
/*
 * bed.c - life of a bed: memory, clock, passes, and what must be left at the end
 */
#include "bed.h"

#include <CUnit/CUnit.h>
#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>

bool bed_fast_path = true;
uint64_t bed_hash;

enum { PASSES_MAX = 20000 };

void bed_mix(const void *p, size_t len)
{
	const uint8_t *b = p;

	for (size_t i = 0; i < len; i++)
		bed_hash = (bed_hash ^ b[i]) * 0x100000001b3ULL;
}

uint8_t bed_byte(uint32_t i, uint32_t dir)
{
	return (uint8_t)(i * 31 + (i >> 8) * 7 + 0x55 * dir);
}

void bed_fail(const char *file, int line, const char *fmt, ...)
{
	char text[512];
	va_list ap;

	va_start(ap, fmt);
	vsnprintf(text, sizeof(text), fmt, ap);
	va_end(ap);
	fprintf(stderr, "%s:%d: %s (fast path %s)\n", file, line, text,
		bed_fast_path ? "on" : "off");
	CU_assertImplementation(CU_FALSE, (unsigned)line, text, file, "", CU_FALSE);
}

struct dp_cfg bed_cfg(void)
{
	struct dp_cfg c;

	knob_defaults(dp_knobs, n_dp_knobs, &c);
	c.conns_max = BED_TABLE;
	c.mbufs = BED_MBUFS;
	c.timers_max = 16;
	c.udp_held_max = 16;
	c.backlog_max = 8;
	c.rcv_wnd = BED_RCV_WND;
	c.rcv_wnd_init = 1u << 28;	/* rcv_wnd from the start */
	c.mss = BED_MSS;
	c.events_max = 64;
	c.calls_max = BED_CALLS;
	c.port_min = c.port_max = 50000;
	c.fast_path = bed_fast_path;
	return c;
}

static void *mem(struct core_env *env, size_t size, size_t align)
{
	struct bed *b = container_of(env, struct bed, core);
	void *p = NULL;

	if (b->n_mem == ARRAY_LEN(b->mem) || posix_memalign(&p, MAX(align, CACHE_LINE), size) != 0)
		return NULL;
	memset(p, 0, size);
	b->mem[b->n_mem++] = p;
	return p;
}

static const struct core_ops core_ops = { .mem = mem };

/* A frame that is let go is overwritten: who still reads it will notice. */
static void release(struct mempool *mp, struct mbuf *m)
{
	memset(m->buf, 0xdd, MBUF_ROOM);
	m->pool = NULL;
	pool_free(&mp->pool, m);
}

static void init_app(struct bed *b)
{
	b->win = mem(&b->core, 2 * (size_t)BED_WIN, 4096);
	for (uint32_t i = 0; i < BED_WIN; i++)
		b->win[i] = b->win[BED_WIN + i] = bed_byte(i, 0);
	b->user = (struct user){ .ops = &bed_user_ops, .win_base = (uintptr_t)b->win,
				 .win_len = 2 * (size_t)BED_WIN };
}

static void init_conns(struct bed *b)
{
	for (uint32_t i = 0; i < BED_CONNS; i++)
		b->conn[i] = (struct bed_conn){ .lport = 80, .rport = (uint16_t)(40000 + i),
						.irs = BED_ISN, .tsval = 0xffffff00u };
}

struct bed *bed_new(const struct dp_cfg *cfg)
{
	static const uint8_t peer_mac[6] = { 2, 0, 0, 0, 0, 2 };
	struct bed *b = calloc(1, sizeof(*b));
	struct dp_env env;

	b->cfg = *cfg;
	b->cfg.fast_path = bed_fast_path;
	b->core.ops = &core_ops;
	b->now = 1 * SEC;
	b->tx_room = UINT32_MAX;
	b->nic = (struct nic){ .ops = &bed_nic_ops, .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500,
			       .n_queues = 1 };
	memcpy(b->nic.rss_key, rss_default_key, RSS_KEY_LEN);
	init_app(b);
	init_conns(b);
	mempool_init(&b->pool, mem(&b->core, mempool_bytes(cfg->mbufs), CACHE_LINE), cfg->mbufs);
	b->pool.release = release;
	env = (struct dp_env){ .core = &b->core, .nic = &b->nic, .user = &b->user,
			       .pool = &b->pool, .ip = 0x0a000001, .mask = 0xffffff00,
			       .secret = { 0x1234567890abcdef, 0xfedcba0987654321 }, .seed = 1 };
	b->dp = dp_init(&b->cfg, &env, b->now);
	dp_listen(b->dp, 80);
	dp_arp_static(b->dp, 0x0a000002, peer_mac);
	b->avail_base = mempool_avail(&b->pool);
	bed_pass(b);
	return b;
}

static void check_all(struct bed *b)
{
	const struct tcp *t = &b->dp->tcp;

	for (uint32_t i = 0; i < t->pcb_pool.n_fresh; i++)
		tcp_check_pcb(t, &t->pcbs[i]);
}

void bed_pass_once(struct bed *b)
{
	dp_run_once(b->dp, b->now, &b->work);
	check_all(b);
}

void bed_pass(struct bed *b)
{
	uint32_t n = 0;

	do
		bed_pass_once(b);
	while (dp_next_deadline(b->dp) <= b->now && ++n < PASSES_MAX);
	if (n == PASSES_MAX)
		bed_fail(__FILE__, __LINE__, "the dataplane never comes to rest");
}

/* As bed_tick(), but stops behind the pass that sent a frame. */
static void tick(struct bed *b, nsec ns, bool to_frame)
{
	nsec end = b->now + ns;
	uint32_t n = 0, tx = b->tx_n;

	for (; n < PASSES_MAX; n++) {
		nsec at = dp_next_deadline(b->dp);

		if (at > end || (to_frame && b->tx_n != tx))
			break;
		b->now = MAX(b->now, at);
		bed_pass_once(b);
	}
	if (n == PASSES_MAX)
		bed_fail(__FILE__, __LINE__, "more than %d passes in one tick", PASSES_MAX);
	if (!to_frame || b->tx_n == tx)
		b->now = end;
}

void bed_tick(struct bed *b, nsec ns) { tick(b, ns, false); }

nsec bed_tick_to_frame(struct bed *b, nsec max)
{
	nsec from = b->now;

	tick(b, max, true);
	return b->now - from;
}

struct tcp_pcb *bed_pcb(struct bed *b)
{
	const struct bed_conn *c = &b->conn[b->cur];
	struct flow f = { .laddr = 0x0a000001, .raddr = 0x0a000002, .lport = c->lport,
			  .rport = c->rport };

	return tcp_pcb_find(&b->dp->tcp, &f, tcp_rss(&b->dp->tcp, &f));
}

struct tcp_cold *bed_cold(struct bed *b)
{
	struct tcp_pcb *p = bed_pcb(b);

	return p ? tcp_cold(&b->dp->tcp, p) : NULL;
}

enum tcp_state bed_state(struct bed *b)
{
	const struct tcp_pcb *p = bed_pcb(b);

	return p ? (enum tcp_state)p->state : TCP_CLOSED;
}

uint64_t bed_stat(struct bed *b, enum stat id) { return dp_stats(b->dp)->v[id]; }

/* Abort what the application still has; what it has closed ends by its own timers. */
static void close_all(struct bed *b)
{
	for (b->cur = 0; b->cur < BED_CONNS; b->cur++) {
		struct bed_conn *c = &b->conn[b->cur];

		if (c->handle && tcp_pcb_of(&b->dp->tcp, c->handle))
			bed_close(b, IX_CLOSE_RST);
	}
	for (uint32_t i = 0; i < 500 && (dp_usage(b->dp).conns || dp_usage(b->dp).timers); i++) {
		bed_tick(b, 20 * SEC);
		bed_forget_tx(b);
		bed_forget_events(b);
	}
}

static uint32_t ports_in_use(const struct tcp *t)
{
	uint32_t n = 0;

	for (uint32_t i = 0; i < ARRAY_LEN(t->ports_used); i++)
		n += (uint32_t)__builtin_popcountll(t->ports_used[i]);
	return n;
}

static void check_empty(struct bed *b, const char *file, int line)
{
	struct dp_usage u = dp_usage(b->dp);
	const struct tcp *t = &b->dp->tcp;

	if (u.conns || u.snd_refs || u.frames_held || u.timers)
		bed_fail(file, line, "left behind: %u connections, %u references, %u frames, "
			 "%u timers", u.conns, u.snd_refs, u.frames_held, u.timers);
	if (mempool_avail(&b->pool) != b->avail_base)
		bed_fail(file, line, "%u frames leaked", b->avail_base - mempool_avail(&b->pool));
	if (ports_in_use(t) || t->listeners[0].n_pending || t->listeners[0].n_half_open ||
	    t->n_time_wait || !list_empty(&t->time_wait))
		bed_fail(file, line, "a port, backlog or TIME-WAIT entry leaked");
	if (b->work.copied_bytes)
		bed_fail(file, line, "payload was copied");
}

void bed_done_at(struct bed *b, const char *file, int line)
{
	bed_expect_nothing_at(b, file, line);
	bed_expect_no_event_at(b, file, line);
	b->hook = NULL;
	b->tx_room = UINT32_MAX;
	b->tx_hold = false;
	bed_let_go(b);
	close_all(b);
	check_empty(b, file, line);
	bed_mix(&b->work.tx_segments, sizeof(b->work.tx_segments));
	for (uint32_t i = 0; i < b->n_mem; i++)
		free(b->mem[i]);
	free(b);
}
