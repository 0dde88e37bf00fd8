/* SPDX-License-Identifier: MIT */
/*
 * stack_bed.c - see stack_bed.h
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "net/wire.h"
#include "tcp/tcp.h"
#include "tests/bench/stack_bed.h"

enum { PORTS_A_HOST = 50000, PORT_BASE = 2000, SERVER_PORT = 7 };
enum { PASS_NS = 5000 };	/* between passes: 1 M connections come round before an RTO */
#define SERVER_IP 0x0a000001u
#define CLIENT_IP 0x0a000100u

static nsec wall_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_MONOTONIC, &ts);
	return (nsec)ts.tv_sec * NSEC_PER_SEC + (nsec)ts.tv_nsec;
}

static void *pages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE,
		       -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "bench: no memory for %zu bytes\n", n);
		exit(3);
	}
	madvise(p, n, MADV_HUGEPAGE);
	return p;
}

static void *core_mem(struct core_env *env, size_t size, size_t align)
{
	(void)env;
	(void)align;
	return pages(size);
}

static const struct core_ops core_ops = { .mem = core_mem };

static uint32_t rx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct bed *b = container_of(nic, struct bed, nic);
	uint32_t r = MIN(n, b->rx_n);

	(void)q;
	w->rx_polls++;
	memcpy(m, b->rx, r * sizeof(*m));
	b->rx_n = 0;
	return r;
}

static uint32_t tx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct bed *b = container_of(nic, struct bed, nic);
	uint32_t r = MIN(n, (uint32_t)ARRAY_LEN(b->tx) - b->tx_n);

	(void)q;
	w->tx_doorbells++;
	memcpy(b->tx + b->tx_n, m, r * sizeof(*m));
	b->tx_n += r;
	return r;
}

static const struct nic_ops nic_ops = { .rx_burst = rx_burst, .tx_burst = tx_burst };

static void run_app(struct user *u, struct ix_page *page)
{
	ixev_run(container_of(u, struct bed, user)->ev, page);
}

static const struct user_ops user_ops = { .run = run_app };

static uint32_t ip_of(uint32_t i) { return CLIENT_IP + i / PORTS_A_HOST; }
static uint16_t port_of(uint32_t i) { return (uint16_t)(PORT_BASE + i % PORTS_A_HOST); }

static void init_app(struct bed *b, uint32_t n)
{
	const struct app_ops *ops = app_find("echo");
	struct app_env env = { .max_calls = 4096, .seed = 1, .n = 1, .stop_ns = NSEC_NEVER };
	unsigned char *cfg = calloc(1, ops->cfg_size);
	char err[256];
	void *app;

	knob_defaults(ops->knobs, ops->n_knobs, cfg);
	for (size_t i = 0; i < ops->n_knobs; i++) {
		if (!strcmp(ops->knobs[i].name, "conns_max"))
			knob_set(&ops->knobs[i], cfg, MAX(n, 1024u));
		if (!strcmp(ops->knobs[i].name, "buffers"))
			knob_set(&ops->knobs[i], cfg, 1);
	}
	env.mem_len = ops->mem_need(cfg, &env);
	env.mem = pages(env.mem_len);
	b->app_bytes = env.mem_len;
	b->user.win_base = (uintptr_t)env.mem;
	b->user.win_len = env.mem_len;
	app = ops->start(cfg, &env, err, sizeof(err));
	if (!app) {
		fprintf(stderr, "bench: %s\n", err);
		exit(1);
	}
	b->ev = ops->ev(app);
	free(cfg);
}

/* The least of many: a pass is at least this much shorter than its two readings say. */
static uint64_t clock_cost_ns(void)
{
	uint64_t least = UINT64_MAX;

	for (int i = 0; i < 10000; i++) {
		nsec t0 = wall_ns(), t1 = wall_ns();

		least = MIN(least, t1 - t0);
	}
	return least;
}

void bed_init(struct bed *b, uint32_t n)
{
	static const uint8_t client_mac[6] = { 2, 0, 0, 0, 0, 2 };
	struct dp_cfg cfg;
	struct dp_env env;

	memset(b, 0, sizeof(*b));
	b->clock_ns = clock_cost_ns();
	b->core.ops = &core_ops;
	b->nic = (struct nic){ .ops = &nic_ops, .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500,
			       .n_queues = 1, .caps = NIC_RX_CSUM | NIC_TX_CSUM | NIC_RSS };
	memcpy(b->nic.rss_key, rss_default_key, RSS_KEY_LEN);
	toeplitz_init(&b->tz, b->nic.rss_key);
	b->user.ops = &user_ops;
	init_app(b, n);
	knob_defaults(dp_knobs, n_dp_knobs, &cfg);
	cfg.conns_max = MAX(n, 1024u);
	cfg.backlog_max = 1 << 20;
	cfg.syn_cookies = TCP_COOKIE_OFF;	/* all of them at once are no flood */
	mempool_init(&b->pool, pages(mempool_bytes(cfg.mbufs)), cfg.mbufs);
	env = (struct dp_env){ .core = &b->core, .nic = &b->nic, .user = &b->user, .pool = &b->pool,
			       .ip = SERVER_IP, .mask = 0xff000000, .secret = { 1, 2 }, .seed = 1 };
	b->now = NSEC_PER_SEC;
	b->dp = dp_init(&cfg, &env, b->now);
	dp_listen(b->dp, SERVER_PORT);
	for (uint32_t i = 0; i <= n / PORTS_A_HOST; i++)
		dp_arp_static(b->dp, CLIENT_IP + i, client_mac);
	b->n_conns = n;
	b->conns = pages(n * sizeof(struct bed_conn));
	for (uint32_t i = 0; i < n; i++)
		b->conns[i] = (struct bed_conn){
			.snd_nxt = 1000 + i,
			.rss = toeplitz_ipv4(&b->tz, ip_of(i), SERVER_IP, port_of(i), SERVER_PORT),
		};
	bed_pass(b);
}

void bed_restart(struct bed *b)
{
	b->replies = b->resets = b->timed_ns = b->passes = b->preempted = 0;
}

double bed_pass_ns(const struct bed *b)
{
	return b->passes ? (double)b->timed_ns / (double)b->passes : 0;
}

void bed_free(struct bed *b) { munmap(b->conns, b->n_conns * sizeof(struct bed_conn)); }

static void segment(struct bed *b, uint32_t i, uint8_t flags, uint32_t seq, uint32_t len)
{
	struct bed_conn *c = &b->conns[i];
	struct mbuf *m = mbuf_alloc(&b->pool);
	uint8_t *p = mbuf_data(m), *ip = p + ETH_HLEN, *h = ip + IP_HLEN_MIN;

	memset(p, 0, ETH_HLEN + IP_HLEN_MIN + TCP_HLEN_MIN);
	memcpy(p + ETH_DST, b->nic.mac, 6);
	p[ETH_SRC] = 2;
	p[ETH_SRC + 5] = 2;
	be16_store(p + ETH_TYPE, ETHERTYPE_IPV4);
	ip[IP_VHL] = 0x45;
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = IPPROTO_TCP_;
	be16_store(ip + IP_TOTLEN, (uint16_t)(IP_HLEN_MIN + TCP_HLEN_MIN + len));
	be32_store(ip + IP_SRC, ip_of(i));
	be32_store(ip + IP_DST, SERVER_IP);
	be16_store(h + TCP_SPORT, port_of(i));
	be16_store(h + TCP_DPORT, SERVER_PORT);
	be32_store(h + TCP_SEQ, seq);
	be32_store(h + TCP_ACK, c->rcv_nxt);
	h[TCP_OFF] = 5 << 4;
	h[TCP_FLAGS] = flags;
	be16_store(h + TCP_WND, 65535);
	memset(h + TCP_HLEN_MIN, (int)(i & 0xff), len);
	m->len = (uint16_t)(ETH_HLEN + IP_HLEN_MIN + TCP_HLEN_MIN + len);
	m->flags = MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK | MBUF_RX_HASH;
	m->hash = c->rss;
	m->arrival = b->now;
	b->rx[b->rx_n++] = m;
}

void bed_syn(struct bed *b, uint32_t i)
{
	segment(b, i, TH_SYN, b->conns[i].snd_nxt++, 0);
}

void bed_ack(struct bed *b, uint32_t i) { segment(b, i, TH_ACK, b->conns[i].snd_nxt, 0); }

void bed_request(struct bed *b, uint32_t i)
{
	segment(b, i, TH_ACK | TH_PSH, b->conns[i].snd_nxt, BED_MSG);
	b->conns[i].snd_nxt += BED_MSG;
}

void bed_reset(struct bed *b, uint32_t i)
{
	segment(b, i, TH_RST | TH_ACK, b->conns[i].snd_nxt, 0);
	b->conns[i].snd_nxt += 100000;	/* the next incarnation starts higher */
}

static void read_reply(struct bed *b, struct mbuf *m)
{
	const uint8_t *ip = mbuf_data(m) + ETH_HLEN, *h = ip + IP_HLEN_MIN;
	uint32_t i, len;

	if (be16_load(mbuf_data(m) + ETH_TYPE) != ETHERTYPE_IPV4)
		return;
	i = (be32_load(ip + IP_DST) - CLIENT_IP) * PORTS_A_HOST;
	i += be16_load(h + TCP_DPORT) - PORT_BASE;
	len = mbuf_frame_len(m) - ETH_HLEN - IP_HLEN_MIN - (uint32_t)(h[TCP_OFF] >> 4) * 4;
	if (i >= b->n_conns) {
		b->bad++;
	} else if (h[TCP_FLAGS] & TH_RST) {
		b->resets++;
	} else {
		b->conns[i].rcv_nxt = be32_load(h + TCP_SEQ) + len + !!(h[TCP_FLAGS] & TH_SYN);
		b->bad += len > 0 && m->frag[0].p[len - 1] != (uint8_t)i;
		b->replies += len > 0;
	}
}

/* Through a pointer, so that the pass stays a function of its own under any optimisation. */
static void (*volatile run_once)(struct dp *, nsec, struct work *) = dp_run_once;

void bed_pass(struct bed *b)
{
	nsec t0 = wall_ns(), took;

	run_once(b->dp, b->now, &b->work);
	took = wall_ns() - t0;
	took -= MIN(took, b->clock_ns);
	if (took < BED_PREEMPTED_NS) {
		b->timed_ns += took;
		b->passes++;
	} else {
		b->preempted++;
	}
	b->now += PASS_NS;
	for (uint32_t i = 0; i < b->tx_n; i++) {
		read_reply(b, b->tx[i]);
		mbuf_free(b->tx[i]);
	}
	b->tx_n = 0;
}

static void each(struct bed *b, void (*what)(struct bed *, uint32_t))
{
	for (uint32_t i = 0; i < b->n_conns; i++) {
		what(b, i);
		if (b->rx_n == BED_BATCH || i + 1 == b->n_conns)
			bed_pass(b);
	}
}

void bed_open_all(struct bed *b)
{
	each(b, bed_syn);
	each(b, bed_ack);
	each(b, bed_request);
}
