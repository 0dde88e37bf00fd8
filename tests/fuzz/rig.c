/* SPDX-License-Identifier: MIT */
/*
 * rig.c - bring-up, passes, checks and tear-down of the fuzzed dataplane; see rig.h
 */
#include <stdio.h>
#include <stdlib.h>

#include "tests/fuzz/rig.h"

enum { BLOCKS = 16 };

void rig_fail(const char *what, const char *file, int line)
{
	fprintf(stderr, "%s:%d: does not hold: %s\n", file, line, what);
	abort();
}

/* ---- the input ---- */

uint8_t feed_u8(struct feed *f)
{
	if (f->n == 0)
		return 0;
	f->n--;
	return *f->p++;
}

uint16_t feed_u16(struct feed *f)
{
	uint16_t hi = feed_u8(f);

	return (uint16_t)(hi << 8 | feed_u8(f));
}

uint64_t feed_u64(struct feed *f)
{
	uint64_t v = 0;

	for (int i = 0; i < 4; i++)
		v = v << 16 | feed_u16(f);
	return v;
}

const uint8_t *feed_bytes(struct feed *f, size_t n, size_t *got)
{
	const uint8_t *p = f->p;

	*got = MIN(n, f->n);
	f->p += *got;
	f->n -= *got;
	return p;
}

/* ---- what the dataplane stands on ---- */

/* Blocks stay from input to input, each of its own, so that a sanitizer sees their ends. */
static struct {
	void *p;
	size_t size;
} block[BLOCKS];
static uint32_t n_blocks;

static void *core_mem(struct core_env *env, size_t size, size_t align)
{
	uint32_t i = n_blocks++;

	(void)env;
	RIG_CHECK(i < BLOCKS);
	if (!block[i].p) {
		if (posix_memalign(&block[i].p, MAX(align, sizeof(void *)), size) != 0)
			abort();
		block[i].size = size;
	}
	RIG_CHECK(block[i].size == size);
	memset(block[i].p, 0, size);
	return block[i].p;
}

static uint32_t rx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct rig *r = container_of(nic, struct rig, nic);
	uint32_t got = MIN(n, r->n_rx);

	(void)q;
	w->rx_polls++;
	memcpy(m, r->rx, got * sizeof(*m));
	r->n_rx -= got;
	memmove(r->rx, r->rx + got, r->n_rx * sizeof(*m));
	return got;
}

static void tx_release(struct rig *r)
{
	for (uint32_t i = 0; i < r->n_held; i++) {
		/* An application that is hostile writes where it likes. */
		RIG_CHECK(r->kick || rig_frame_sum(r->held[i]) == r->held_sum[i]);
		mbuf_free(r->held[i]);
	}
	r->n_held = 0;
}

static uint32_t tx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct rig *r = container_of(nic, struct rig, nic);
	uint32_t i;

	(void)q;
	w->tx_doorbells++;
	for (i = 0; i < n && r->tx_room > 0; i++) {
		if (r->tx_room != UINT32_MAX)
			r->tx_room--;
		rig_wire_sent(r, m[i]);
		if (r->hold && r->n_held < RIG_FRAMES) {
			r->held_sum[r->n_held] = rig_frame_sum(m[i]);
			r->held[r->n_held++] = m[i];
		} else {
			mbuf_free(m[i]);
		}
	}
	return i;
}

static void user_run(struct user *u, struct ix_page *page)
{
	struct rig *r = container_of(u, struct rig, user);

	r->app(r, page);
}

static const struct core_ops core_ops = { .mem = core_mem };
static const struct nic_ops nic_ops = { .rx_burst = rx_burst, .tx_burst = tx_burst };
static const struct user_ops user_ops = { .run = user_run };

static bool option(const struct rig *r, uint32_t bit) { return (r->options & bit) != 0; }

static void configure(const struct rig *r, struct dp_cfg *c)
{
	knob_defaults(dp_knobs, n_dp_knobs, c);
	c->batch_max = 8;
	c->events_max = RIG_EVENTS;
	c->calls_max = RIG_CALLS;
	c->conns_max = RIG_CONNS;
	c->mbufs = RIG_FRAMES;
	c->timers_max = 4;
	c->udp_held_max = RIG_UDP_HELD;
	c->backlog_max = option(r, RIG_BACKLOG_2) ? 2 : 16;
	c->rcv_wnd = option(r, RIG_SMALL_WND) ? 2048 : 100000;
	c->rcv_frames_max = 16;
	c->ooo_frames_max = option(r, RIG_FEW_OOO) ? 2 : 12;
	c->init_cwnd = option(r, RIG_CWND_1) ? 1 : 10;
	c->fast_path = option(r, RIG_FAST_PATH);
	c->timestamps = option(r, RIG_TIMESTAMPS);
	c->nagle = option(r, RIG_NAGLE);
	c->wscale = !option(r, RIG_NO_WSCALE);
	if (option(r, RIG_NO_DELACK))
		c->delack_ns = 0;
	if (option(r, RIG_NO_TIME_WAIT))
		c->time_wait_ns = 0;
	if (option(r, RIG_FEW_PORTS)) {
		c->port_min = 5000;
		c->port_max = 5001;
	}
	if (option(r, RIG_GIVE_UP_SOON)) {
		c->data_retries = 2;
		c->syn_retries = 1;
	}
	if (option(r, RIG_DEFENCES)) {
		c->syn_cookies = TCP_COOKIE_ALWAYS;
		c->keepalive_ns = 800 * NSEC_PER_MSEC;
		c->keepalive_interval_ns = 100 * NSEC_PER_MSEC;
		c->keepalive_probes = 2;
		c->user_timeout_ns = 5 * NSEC_PER_SEC;
		c->linger_ns = 2 * NSEC_PER_SEC;
	}
}

static void init_peers(struct rig *r)
{
	for (uint32_t i = 0; i < RIG_PEERS; i++)
		r->peer[i] = (struct rig_peer){ .ip = RIG_PEER_IP(i), .port = RIG_PEER_PORT,
						.lport = RIG_PORT, .snd_nxt = 0xffffff00u + i };
	for (uint32_t i = 4; i < RIG_PEERS; i++)
		r->peer[i].port++;
}

void rig_open(struct rig *r, const uint8_t *data, size_t size, void *window, size_t window_len)
{
	static void *frames;
	struct dp_cfg cfg;
	struct dp_env env;

	r->feed = (struct feed){ data, size };
	r->options = feed_u16(&r->feed);
	r->core.ops = &core_ops;
	r->user = (struct user){ &user_ops, (uintptr_t)window, window_len };
	r->nic = (struct nic){ .ops = &nic_ops, .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500,
			       .n_queues = 1, .caps = option(r, RIG_SOFT_CSUM) ? 0 :
			       NIC_RX_CSUM | NIC_TX_CSUM };
	memcpy(r->nic.rss_key, rss_default_key, RSS_KEY_LEN);
	if (!frames && posix_memalign(&frames, CACHE_LINE, mempool_bytes(RIG_FRAMES)) != 0)
		abort();
	memset(frames, 0, mempool_bytes(RIG_FRAMES));
	mempool_init(&r->pool, frames, RIG_FRAMES);
	n_blocks = 0;
	configure(r, &cfg);
	if (r->configure)
		r->configure(r, &cfg);
	r->trace = getenv("RIG_TRACE") != NULL;
	env = (struct dp_env){ .core = &r->core, .nic = &r->nic, .user = &r->user, .pool = &r->pool,
			       .ip = RIG_IP, .mask = RIG_MASK, .secret = { 1, 2 }, .seed = 1,
			       .gateway = option(r, RIG_GATEWAY) ? RIG_GW : 0 };
	r->now = NSEC_PER_SEC;
	r->tx_room = UINT32_MAX;
	init_peers(r);
	r->dp = dp_init(&cfg, &env, r->now);
	RIG_CHECK(r->dp != NULL);
	RIG_CHECK(dp_listen(r->dp, RIG_PORT) == 0);
	RIG_CHECK(dp_udp_open(r->dp, RIG_PORT) == 0);
	for (uint32_t i = 0; i < 3; i++)	/* the fourth is resolved on the wire */
		dp_arp_static(r->dp, RIG_PEER_IP(i),
			      (const uint8_t[]){ 2, 0, 0, 0, 1, (uint8_t)i });
}

/* ---- running ---- */

static void check(const struct rig *r)
{
	const struct tcp *t = &r->dp->tcp;

	for (uint32_t i = 0; i < t->pcb_pool.n_fresh; i++)
		tcp_check_pcb(t, rig_pcb(r, i));
	RIG_CHECK(r->dp->sys.udp_held <= RIG_UDP_HELD);
	RIG_CHECK(r->dp->sys.events.n <= r->dp->sys.events.cap);
}

void rig_pass(struct rig *r, nsec later)
{
	r->now += later;
	if (r->kick)
		dp_kick(r->dp);
	dp_run_once(r->dp, r->now, &r->work);
	check(r);
}

void rig_nic(struct rig *r, uint8_t how)
{
	if (how & 0x40)
		tx_release(r);
	r->hold = (how & 0x80) != 0;
	r->tx_room = (how & 0x3f) == 0x3f ? UINT32_MAX : how & 0x3f;
}

static void op_run(struct rig *r, uint8_t op)
{
	switch (op & 15) {
	case 0:
		rig_pass(r, 0);
		break;
	case 1:
		rig_pass(r, NSEC_PER_USEC << (feed_u8(&r->feed) % 28));
		break;
	case 8:
		rig_nic(r, feed_u8(&r->feed));
		break;
	case 15:
		rig_pass(r, 100 * NSEC_PER_USEC);
		break;
	default:
		rig_wire_op(r, op);
		break;
	}
}

/* Peers reset every connection, the clock runs, and then nothing may be in use. */
void rig_drain(struct rig *r)
{
	struct dp_usage u;

	r->draining = true;
	rig_nic(r, 0x7f);
	for (uint32_t i = 0; i < 200; i++) {
		rig_pass(r, 0);
		for (uint32_t c = 0; c < r->dp->tcp.pcb_pool.n_fresh && r->n_rx < RIG_RING; c++)
			rig_wire_reset(r, rig_pcb(r, c));
		rig_pass(r, i < 10 ? 0 : NSEC_PER_SEC << MIN(i / 10, 8u));
		u = dp_usage(r->dp);
		if (u.conns == 0 && u.timers == 0 && u.frames_held == 0 && r->n_rx == 0 &&
		    dp_next_deadline(r->dp) == NSEC_NEVER)
			break;
	}
	if (u.conns || u.snd_refs || u.frames_held || u.timers)
		fprintf(stderr, "rig: in use at the end: %u connections, %u references, %u frames, "
			"%u timers\n", u.conns, u.snd_refs, u.frames_held, u.timers);
	RIG_CHECK(u.conns == 0);
	RIG_CHECK(u.snd_refs == 0);
	RIG_CHECK(u.frames_held == 0);
	RIG_CHECK(u.timers == 0);
	RIG_CHECK(mempool_avail(&r->pool) == RIG_FRAMES);
}

void rig_run(struct rig *r)
{
	rig_pass(r, 0);
	while (r->feed.n > 0)
		op_run(r, feed_u8(&r->feed));
	rig_drain(r);
}
