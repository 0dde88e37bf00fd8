/* SPDX-License-Identifier: MIT */
/*
 * attack_bed.c - see attack_bed.h
 */
#include <stdio.h>
#include <stdlib.h>

#include "net/csum.h"
#include "tests/sim/attack_bed.h"

#define GATEWAY 0x0a0000feu

static void *core_mem(struct core_env *env, size_t size, size_t align)
{
	struct atk_bed *b = container_of(env, struct atk_bed, core);
	void *p = NULL;

	if (b->n_mem == ARRAY_LEN(b->mem) || posix_memalign(&p, MAX(align, sizeof(p)), size) != 0)
		return NULL;
	b->mem[b->n_mem++] = p;
	return memset(p, 0, size);
}

/* ---- wire ---- */

static uint32_t rx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct atk_bed *b = container_of(nic, struct atk_bed, nic);
	uint32_t got = MIN(n, b->n_rx);

	(void)q;
	w->rx_polls++;
	memcpy(m, b->rx, got * sizeof(*m));
	b->n_rx -= got;
	memmove(b->rx, b->rx + got, b->n_rx * sizeof(*m));
	return got;
}

static void look(struct atk_bed *b, const struct mbuf *m)
{
	uint8_t f[2048];
	const uint8_t *ip = f + ETH_HLEN, *h = ip + IP_HLEN_MIN;
	uint32_t len = mbuf_gather(m, f, sizeof(f)), hlen;
	struct atk_seg s;

	if (be16_load(f + ETH_TYPE) != ETHERTYPE_IPV4 || ip[IP_PROTO] != IPPROTO_TCP_)
		return;
	hlen = (h[TCP_OFF] >> 4) * 4u;
	s = (struct atk_seg){
		.ip = be32_load(ip + IP_DST), .port = be16_load(h + TCP_DPORT),
		.flags = h[TCP_FLAGS], .ecn = ip[IP_TOS] & 3, .seq = be32_load(h + TCP_SEQ),
		.ack = be32_load(h + TCP_ACK), .wnd = be16_load(h + TCP_WND),
		.len = len - ETH_HLEN - IP_HLEN_MIN - hlen, .text = h + hlen,
		.opts_len = (uint8_t)(hlen - TCP_HLEN_MIN),
	};
	memcpy(s.opts, h + TCP_HLEN_MIN, s.opts_len);
	b->n_tx++;
	b->seen(b, &s);
}

static uint32_t tx_burst(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	struct atk_bed *b = container_of(nic, struct atk_bed, nic);

	(void)q;
	w->tx_doorbells++;
	for (uint32_t i = 0; i < n; i++) {
		if (b->seen)
			look(b, m[i]);
		mbuf_free(m[i]);
	}
	return n;
}

static struct mbuf *frame(struct atk_bed *b, uint16_t type, uint32_t mac)
{
	struct mbuf *m;
	uint8_t *f;

	if (b->n_rx == ATK_RING)
		atk_pass(b, 0, false);
	m = b->n_rx < ATK_RING ? mbuf_alloc(&b->pool) : NULL;
	if (!m)
		return NULL;		/* the NIC has no buffer: lost */
	m->arrival = b->now;
	f = mbuf_data(m);
	memset(f, 0, ETH_FRAME_MIN + TCP_HLEN_MAX);
	memcpy(f + ETH_DST, b->nic.mac, ETH_ALEN);
	f[ETH_SRC] = 2;
	be32_store(f + ETH_SRC + 2, mac);
	be16_store(f + ETH_TYPE, type);
	b->rx[b->n_rx++] = m;
	return m;
}

static uint8_t *ip_frame(struct atk_bed *b, uint32_t src, uint8_t proto, uint16_t frag,
			 uint32_t len)
{
	struct mbuf *m = frame(b, ETHERTYPE_IPV4, src);
	uint8_t *ip;

	if (!m)
		return NULL;
	ip = mbuf_data(m) + ETH_HLEN;
	ip[IP_VHL] = 0x45;
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = proto;
	be16_store(ip + IP_OFF, frag);
	be16_store(ip + IP_TOTLEN, (uint16_t)(IP_HLEN_MIN + len));
	be32_store(ip + IP_SRC, src);
	be32_store(ip + IP_DST, ATK_SERVER);
	m->len = (uint16_t)(ETH_HLEN + IP_HLEN_MIN + len);
	m->flags = MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK;
	return ip + IP_HLEN_MIN;
}

void atk_send(struct atk_bed *b, const struct atk_seg *s)
{
	uint32_t hlen = TCP_HLEN_MIN + s->opts_len;
	uint8_t *h = ip_frame(b, s->ip, IPPROTO_TCP_, 0, hlen + s->len);

	if (!h)
		return;
	h[IP_TOS - IP_HLEN_MIN] = s->ecn;
	be16_store(h + TCP_SPORT, s->port);
	be16_store(h + TCP_DPORT, ATTACK_PORT);
	be32_store(h + TCP_SEQ, s->seq);
	be32_store(h + TCP_ACK, s->ack);
	h[TCP_OFF] = (uint8_t)(hlen / 4 << 4);
	h[TCP_FLAGS] = s->flags;
	be16_store(h + TCP_WND, s->wnd);
	memcpy(h + TCP_HLEN_MIN, s->opts, s->opts_len);
	for (uint32_t i = 0; i < s->len; i++)
		h[hlen + i] = s->text ? s->text[i] : atk_byte(s->text_off + i);
}

void atk_send_ip(struct atk_bed *b, uint32_t src, uint8_t proto, uint16_t frag,
		 const uint8_t *body, uint32_t len)
{
	uint8_t *h = ip_frame(b, src, proto, frag, len);

	if (!h)
		return;
	memcpy(h, body, len);
	if (proto == IPPROTO_ICMP_)
		be16_store(h + ICMP_CSUM, csum_fold(csum_partial(h, len)));
}

void atk_send_arp(struct atk_bed *b, uint16_t op, uint32_t spa, uint32_t tpa, uint32_t mac)
{
	struct mbuf *m = frame(b, ETHERTYPE_ARP, mac);
	uint8_t *a;

	if (!m)
		return;
	a = mbuf_data(m) + ETH_HLEN;
	be16_store(a + ARP_HTYPE, 1);
	be16_store(a + ARP_PTYPE, ETHERTYPE_IPV4);
	a[ARP_HLEN] = ETH_ALEN;
	a[ARP_PLEN] = 4;
	be16_store(a + ARP_OP, op);
	memcpy(a + ARP_SHA, mbuf_data(m) + ETH_SRC, ETH_ALEN);
	be32_store(a + ARP_SPA, spa);
	be32_store(a + ARP_TPA, tpa);
	m->len = ETH_FRAME_MIN;
}

/* ---- application ---- */

static void see(struct atk_bed *b, const struct ix_event *ev, struct ix_call *c, uint32_t *n)
{
	struct atk_app *a = &b->apps[ev->nr == IX_EV_KNOCK ? b->n_apps : ev->cookie - 1];
	const uint8_t *p = (const uint8_t *)(uintptr_t)ev->ptr;

	switch (ev->nr) {
	case IX_EV_KNOCK:
		if (b->n_apps == ATK_APPS) {
			c[(*n)++] = (struct ix_call){ .nr = IX_CALL_CLOSE, .handle = ev->handle };
			break;
		}
		*a = (struct atk_app){ .handle = ev->handle, .port = ev->addr.port, .live = true };
		c[(*n)++] = (struct ix_call){ .nr = IX_CALL_ACCEPT, .handle = ev->handle,
					      .new_cookie = ++b->n_apps };
		break;
	case IX_EV_RECV:
		a->eof = ev->len == 0;
		for (uint32_t i = 0; i < ev->len && !b->no_check; i++)
			b->wrong += p[i] != atk_byte(a->rx + i);
		a->rx += ev->len;
		a->undone += ev->len;
		break;
	case IX_EV_SENT:
		a->acked += ev->bytes;
		break;
	case IX_EV_DEAD:
		a->live = false;
		a->reason = (uint8_t)ev->reason;
		b->n_ended++;
		break;
	default:
		break;
	}
}

static void tend(struct atk_bed *b, struct ix_call *c, uint32_t *n, uint32_t max)
{
	struct ix_sg *sg = (struct ix_sg *)(void *)(b->stream + 2 * ATK_STREAM);

	for (uint32_t i = 0; i < b->n_apps && *n + 2 < max; i++) {
		struct atk_app *a = &b->apps[i];

		if (!a->live)
			continue;
		if (a->undone > 0 && (!b->no_read_from || a->port < b->no_read_from)) {
			c[(*n)++] = (struct ix_call){ .nr = IX_CALL_RECV_DONE, .handle = a->handle,
						      .bytes = a->undone };
			a->undone = 0;
		}
		if (b->sends) {
			sg[*n] = (struct ix_sg){ (uintptr_t)b->stream + a->taken % ATK_STREAM,
						 ATK_STREAM };
			c[*n] = (struct ix_call){ .nr = IX_CALL_SENDV, .handle = a->handle, .n = 1,
						  .sg = (uintptr_t)&sg[*n] };
			++*n;
		}
	}
}

static void returned(struct atk_bed *b, const struct ix_call *c, int64_t ret)
{
	for (uint32_t i = 0; c->nr == IX_CALL_SENDV && ret > 0 && i < b->n_apps; i++)
		if (b->apps[i].handle == c->handle)
			b->apps[i].taken += (uint64_t)ret;
	if (c->nr == IX_CALL_ACCEPT && ret < 0)
		b->apps[c->new_cookie - 1].live = false;
}

static void user_run(struct user *u, struct ix_page *page)
{
	struct atk_bed *b = container_of(u, struct atk_bed, user);
	uint32_t n = 0;

	for (uint32_t i = 0; i < b->n_did; i++)
		returned(b, &b->did[i], page->calls[i].ret);
	for (uint32_t i = 0; i < page->n_events; i++)
		see(b, &page->events[i], page->calls, &n);
	tend(b, page->calls, &n, MIN(page->max_calls, (uint32_t)ARRAY_LEN(b->did)));
	memcpy(b->did, page->calls, n * sizeof(b->did[0]));
	page->n_calls = b->n_did = n;
}

/* ---- life ---- */

struct dp_cfg atk_cfg(void)
{
	struct dp_cfg c;

	knob_defaults(dp_knobs, n_dp_knobs, &c);
	c.conns_max = 4096;
	c.mbufs = 8192;
	c.events_max = 512;
	c.calls_max = 1024;
	return c;
}

bool atk_knob(struct dp_cfg *cfg, const char *name, uint64_t v)
{
	for (size_t i = 0; i < n_dp_knobs; i++)
		if (strcmp(dp_knobs[i].name, name) == 0)
			return knob_set(&dp_knobs[i], cfg, v) == 0;
	return false;
}

struct atk_bed *atk_new(const struct dp_cfg *cfg)
{
	static const struct core_ops core_ops = { .mem = core_mem };
	static const struct nic_ops nic_ops = { .rx_burst = rx_burst, .tx_burst = tx_burst };
	static const struct user_ops user_ops = { .run = user_run };
	size_t window = 2 * ATK_STREAM + 1024 * sizeof(struct ix_sg);
	struct atk_bed *b = calloc(1, sizeof(*b));
	struct dp_env env;

	if (!b)
		abort();
	b->run = dp_run_once;
	b->core.ops = &core_ops;
	b->stream = core_mem(&b->core, window, 4096);
	for (uint32_t i = 0; i < 2 * ATK_STREAM; i++)
		b->stream[i] = atk_byte(i);
	b->user = (struct user){ &user_ops, (uintptr_t)b->stream, window };
	b->nic = (struct nic){ .ops = &nic_ops, .mac = { 2, 0, 0, 0, 0, 1 }, .mtu = 1500,
			       .n_queues = 1, .caps = NIC_RX_CSUM | NIC_TX_CSUM };
	memcpy(b->nic.rss_key, rss_default_key, RSS_KEY_LEN);
	mempool_init(&b->pool, core_mem(&b->core, mempool_bytes(cfg->mbufs), CACHE_LINE),
		     cfg->mbufs);
	env = (struct dp_env){ .core = &b->core, .nic = &b->nic, .user = &b->user,
			       .pool = &b->pool, .ip = ATK_SERVER, .mask = 0xffffff00u,
			       .gateway = GATEWAY, .secret = { 1, 2 }, .seed = 1 };
	b->cfg = *cfg;
	b->now = NSEC_PER_SEC;
	b->dp = dp_init(cfg, &env, b->now);
	if (!b->dp || dp_listen(b->dp, ATTACK_PORT) != 0)
		abort();
	dp_arp_static(b->dp, GATEWAY, (const uint8_t[]){ 2, 0, 10, 0, 0, 254 });
	for (uint8_t i = 0; i < 16; i++)
		dp_arp_static(b->dp, ATK_HOST(i), (const uint8_t[]){ 2, 0, 10, 0, 0, i });
	return b;
}

void atk_free(struct atk_bed *b)
{
	while (b->n_mem > 0)
		free(b->mem[--b->n_mem]);
	free(b);
}

void atk_pass(struct atk_bed *b, nsec later, bool check)
{
	b->now += later;
	if (b->sends)
		dp_kick(b->dp);
	for (uint32_t i = 0; i < 64; i++) {
		b->run(b->dp, b->now, &b->work);
		if (b->n_rx == 0 && dp_next_deadline(b->dp) > b->now)
			break;
	}
	for (uint32_t i = 0; check && i < b->dp->tcp.pcb_pool.n_fresh; i++)
		tcp_check_pcb(&b->dp->tcp, &b->dp->tcp.pcbs[i]);
}

uint64_t atk_stat(const struct atk_bed *b, enum stat id) { return dp_stats(b->dp)->v[id]; }

struct tcp_pcb *atk_pcb(const struct atk_bed *b, uint32_t host, uint16_t port)
{
	for (uint32_t i = 0; i < b->dp->tcp.pcb_pool.n_fresh; i++) {
		struct tcp_pcb *p = &b->dp->tcp.pcbs[i];

		if (p->state != TCP_CLOSED && p->node.flow.raddr == ATK_HOST(host) &&
		    p->node.flow.rport == port)
			return p;
	}
	return NULL;
}

struct atk_app *atk_app_of(struct atk_bed *b, uint16_t port)
{
	for (uint32_t i = b->n_apps; i-- > 0; )
		if (b->apps[i].port == port)
			return &b->apps[i];
	return NULL;
}

/* ---- a client ---- */

void atk_open(struct atk_bed *b, struct atk_client *c)
{
	struct atk_seg s = { .ip = c->ip, .port = c->port, .flags = TH_SYN, .seq = c->iss,
			     .wnd = c->wnd };

	if (c->mss) {
		memcpy(s.opts, (const uint8_t[]){ 2, 4, (uint8_t)(c->mss >> 8), (uint8_t)c->mss },
		       s.opts_len = 4);
	}
	if (c->sack) {
		memcpy(s.opts + s.opts_len, (const uint8_t[]){ 1, 1, 4, 2 }, 4);
		s.opts_len = (uint8_t)(s.opts_len + 4);
	}
	c->snd_nxt = c->their_ack = c->iss + 1;
	atk_send(b, &s);
}

struct atk_seg atk_from(const struct atk_client *c, uint8_t flags, uint32_t len)
{
	return (struct atk_seg){ .ip = c->ip, .port = c->port, .flags = flags, .seq = c->snd_nxt,
				 .ack = c->rcv_nxt, .wnd = c->wnd, .len = len,
				 .text_off = c->snd_nxt - c->iss - 1 };
}

void atk_data(struct atk_bed *b, struct atk_client *c, uint32_t len)
{
	struct atk_seg s = atk_from(c, TH_ACK | TH_PSH, len);

	c->snd_nxt += len;
	atk_send(b, &s);
}

bool atk_client_seen(struct atk_bed *b, struct atk_client *c, const struct atk_seg *s)
{
	if (s->ip != c->ip || s->port != c->port)
		return false;
	if (s->flags & TH_RST) {
		c->reset = true;
	} else if (s->flags & TH_SYN) {
		if (c->up || s->ack != c->iss + 1)
			return true;
		c->irs = s->seq;
		c->rcv_nxt = s->seq + 1;
		c->up = true;
		atk_send(b, &(struct atk_seg){ .ip = c->ip, .port = c->port, .flags = TH_ACK,
					       .seq = c->snd_nxt, .ack = c->rcv_nxt,
					       .wnd = c->wnd });
	} else if (c->up) {
		c->their_ack = seq_max(c->their_ack, s->ack);
		for (uint32_t i = 0; i < s->len; i++)
			b->wrong += s->text[i] != atk_byte(s->seq - c->irs - 1 + i);
		if (s->seq == c->rcv_nxt)
			c->rcv_nxt += s->len + !!(s->flags & TH_FIN);
	}
	return true;
}
