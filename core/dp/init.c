/* SPDX-License-Identifier: MIT */
/*
 * init.c - bring-up of an elastic thread: all the memory it will ever have
 */
#include "dp/dp_impl.h"
#include "net/arp.h"

static void up_tcp_rx(void *ctx, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now)
{
	(void)now;
	tcp_rx(&((struct dp *)ctx)->tcp, m, saddr, daddr);
}

static bool up_udp_rx(void *ctx, struct mbuf *m, uint32_t saddr, uint16_t sport, uint16_t dport,
		      nsec now)
{
	(void)now;
	return bsys_udp_rx(&((struct dp *)ctx)->sys, m, saddr, sport, dport);
}

static void up_icmp_err(void *ctx, const uint8_t *quote, uint32_t len, uint8_t type, uint8_t code,
			uint16_t mtu, nsec now)
{
	(void)now;
	tcp_icmp_err(&((struct dp *)ctx)->tcp, quote, len, type, code, mtu);
}

static uint32_t to_us(uint64_t ns) { return (uint32_t)(ns / NSEC_PER_USEC); }

static void tcp_cfg_of(struct tcp_cfg *t, const struct dp_cfg *c, const struct nic *nic)
{
	uint16_t mss = (uint16_t)(nic->mtu - IP_HLEN_MIN - TCP_HLEN_MIN);

	*t = (struct tcp_cfg){
		.conns_max = c->conns_max, .backlog_max = c->backlog_max, .rcv_wnd = c->rcv_wnd,
		.rcv_wnd_init = c->rcv_wnd_init,
		.rcv_frames_max = c->rcv_frames_max, .ooo_frames_max = c->ooo_frames_max,
		.init_cwnd = c->init_cwnd, .syn_retries = c->syn_retries,
		.data_retries = c->data_retries, .rto_min_us = to_us(c->rto_min_ns),
		.rto_max_us = to_us(c->rto_max_ns), .rto_init_us = to_us(c->rto_init_ns),
		.delack_us = to_us(c->delack_ns), .time_wait_us = to_us(c->time_wait_ns),
		.fin_wait2_us = to_us(c->fin_wait2_ns),
		.mss = c->mss ? (uint16_t)MIN(c->mss, mss) : mss,
		.port_min = (uint16_t)c->port_min, .port_max = (uint16_t)c->port_max,
		.keep_slice_us = to_us(c->keepalive_ns / TCP_KEEP_SLICES),
		.keep_interval_us = to_us(c->keepalive_interval_ns),
		.keep_probes = c->keepalive_probes, .user_timeout_us = to_us(c->user_timeout_ns),
		.linger_us = to_us(c->linger_ns), .syn_cookies = c->syn_cookies,
		.syn_cookies_at = c->syn_cookies_at,
		.nagle = c->nagle, .timestamps = c->timestamps, .wscale = c->wscale,
		.sack = c->sack, .tlp = c->tlp, .pacing = c->pacing,
		.fast_path = c->fast_path, .cc = tcp_cc_find(c->cc),
		.ecn = (uint8_t)c->ecn, .quickack = (uint8_t)c->quickack,
	};
}

static bool init_page(struct dp *dp, struct core_env *core)
{
	uint32_t cap = dp->cfg.events_max + 2 * dp->cfg.calls_max + BSYS_UDP_OUT_MAX;
	struct ix_page *page = core->ops->mem(core, sizeof(*page), CACHE_LINE);
	struct ix_event *ev = core->ops->mem(core, cap * sizeof(*ev), CACHE_LINE);
	struct ix_call *calls = core->ops->mem(core, dp->cfg.calls_max * sizeof(*calls),
					       CACHE_LINE);

	if (!page || !ev || !calls)
		return false;
	*page = (struct ix_page){ .events = ev, .calls = calls, .max_events = cap,
				  .max_calls = dp->cfg.calls_max };
	dp->page = page;
	dp->sys.events = (struct events){ .ev = ev, .max = dp->cfg.events_max, .cap = cap,
					  .stats = &dp->stats };
	dp->sys.calls = calls;
	dp->sys.calls_max = dp->cfg.calls_max;
	return true;
}

static void init_netif(struct dp *dp, const struct dp_env *env)
{
	struct netif_cfg nc = { .ip = env->ip, .mask = env->mask, .gateway = env->gateway };

	dp->up = (struct netif_up){ .tcp_rx = up_tcp_rx, .udp_rx = up_udp_rx,
				    .icmp_err = up_icmp_err };
	dp->nif.pool = env->pool;
	dp->nif.stats = &dp->stats;
	dp->nif.wheel = &dp->wheel;
	dp->nif.up = &dp->up;
	dp->nif.up_ctx = dp;
	netif_init(&dp->nif, env->nic, env->queue, &nc);
}

static bool init_layers(struct dp *dp, const struct dp_env *env, nsec now)
{
	struct core_env *core = env->core;
	void *tcp_mem = core->ops->mem(core, tcp_bytes(dp->cfg.conns_max), CACHE_LINE);
	void *timers = core->ops->mem(core, bsys_timer_bytes(dp->cfg.timers_max), CACHE_LINE);
	struct tcp_cfg tc;

	if (!tcp_mem || !timers || !init_page(dp, core))
		return false;
	wheel_init(&dp->wheel, now);
	toeplitz_init(&dp->tz, env->nic->rss_key);
	init_netif(dp, env);
	tcp_cfg_of(&tc, &dp->cfg, env->nic);
	tcp_init(&dp->tcp, &tc, &dp->nif, tcp_mem, &dp->tz, env->secret, &events_tcp_sink,
		 &dp->sys.events);
	dp->sys.tcp = &dp->tcp;
	dp->sys.nif = &dp->nif;
	dp->sys.win_base = env->user->win_base;
	dp->sys.win_len = env->user->win_len;
	bsys_init(&dp->sys, timers, dp->cfg.timers_max, dp->cfg.udp_held_max);
	return true;
}

struct dp *dp_init(const struct dp_cfg *cfg, const struct dp_env *env, nsec now)
{
	struct dp *dp = env->core->ops->mem(env->core, sizeof(*dp), CACHE_LINE);

	if (!dp)
		return NULL;
	dp->cfg = *cfg;
	dp->nic = env->nic;
	dp->queue = env->queue;
	dp->user = env->user;
	dp->now = now;
	dp->tell_at = NSEC_NEVER;
	dp->kicked = true;		/* the application's first entry needs no event */
	return init_layers(dp, env, now) ? dp : NULL;
}

int dp_listen(struct dp *dp, uint16_t port)
{
	return tcp_listen(&dp->tcp, port, dp->tcp.cfg.cc);
}

int dp_listen_cc(struct dp *dp, uint16_t port, uint32_t cc)
{
	const struct tcp_cc_ops *ops = tcp_cc_find(cc);

	return ops ? tcp_listen(&dp->tcp, port, ops) : -EINVAL;
}

int dp_udp_open(struct dp *dp, uint16_t port) { return bsys_udp_open(&dp->sys, port); }

int dp_arp_static(struct dp *dp, uint32_t ip, const uint8_t mac[6])
{
	return arp_static(&dp->nif, ip, mac);
}

/* Walks every connection: for tests and tear-down. */
struct dp_usage dp_usage(const struct dp *dp)
{
	const struct tcp *t = &dp->tcp;
	struct dp_usage u = {
		.conns = tcp_conns(t),
		.snd_refs = t->ref_pool.n - t->ref_pool.n_avail,
		.frames_held = dp->sys.udp_held + tcp_frames_held(t),
		.timers = dp->wheel.n_armed,
	};

	return u;
}

uint64_t dp_conn_info(const struct dp *dp, uint32_t slot, struct ix_tcp_info *info)
{
	struct tcp_info t;
	uint64_t handle = tcp_info_at(&dp->tcp, slot, &t);

	if (handle != 0)
		*info = bsys_info_of(&t);
	return handle;
}
