/* SPDX-License-Identifier: MIT */
/*
 * test_netfuzz.c - 200000 mutated frames into eth_rx(), and its fast path against ip_rx()
 *
 * Every frame lives in an allocation of exactly its size, so a sanitizer sees the first byte
 * read past its end. Afterwards each frame has been let go of once, each was counted once,
 * and whatever was sent in answer is well formed.
 */
#include "net_bed.h"

enum { N_FRAMES = 200000, FRAME_CAP = 1600 };

struct fuzz {
	struct bed *b;
	struct rng r;
	struct mempool foreign;		/* of the frames that come in */
	uint32_t n_released, n_odd_answers;
	uint64_t sink;
};

static struct fuzz fz;

static void release(struct mempool *mp, struct mbuf *m)
{
	(void)mp;
	fz.n_released++;
	free(m->buf);
	free(m);
}

static uint32_t below(uint32_t n)
{
	return (uint32_t)rng_below(&fz.r, n);
}

/* A valid packet of one of seven kinds in @p; returns its length, @type its EtherType. */
static size_t valid_packet(uint8_t *p, uint16_t *type)
{
	uint8_t msg[1200], quote[64];
	size_t len = below(4) ? below(60) : below(1000);
	uint32_t a = below(9), b = below(2);	/* drawn here: arguments have no order */

	for (size_t i = 0; i < sizeof(msg); i++)
		msg[i] = (uint8_t)rng_u64(&fz.r);
	*type = ETHERTYPE_IPV4;
	switch (below(7)) {
	case 0:
		arp_build(p, (uint16_t)(1 + a % 2), peer_mac, PEER + a, US - b);
		*type = ETHERTYPE_ARP;
		return ARP_LEN;
	case 1:
		return ip_build(p, PEER, US, IPPROTO_TCP_, msg, len);
	case 2:
		return udp_build(p, PEER, US, 1, UDP_OPEN_PORT, msg, len);
	case 3:
		return udp_build(p, PEER, b ? US : BCAST, 1, 99, msg, len);
	case 4:
		msg[ICMP_TYPE] = ICMP_T_ECHO;
		return icmp_build(p, PEER, US, msg, ICMP_HLEN + len);
	case 5:
		msg[ICMP_TYPE] = ICMP_T_UNREACH;
		ip_build(quote, US, PEER, IPPROTO_TCP_, msg, 20);
		memcpy(msg + ICMP_HLEN, quote, 40);
		return icmp_build(p, PEER, US, msg, ICMP_HLEN + 28 + below(13));
	default:
		return ip_build(p, PEER, US, (uint8_t)below(256), msg, len);
	}
}

/* Damage @f[@len] in up to four places; returns its new length. */
static size_t mutate(uint8_t *f, size_t len)
{
	static const uint8_t edge[] = { 0, 1, 7, 8, 0x0f, 0x45, 0x4f, 0x7f, 0x80, 0xff };

	for (uint32_t n = below(5); n > 0 && len > 0; n--) {
		size_t at = below(3) ? below((uint32_t)MIN(len, (size_t)64)) : below((uint32_t)len);

		switch (below(5)) {
		case 0: f[at] ^= (uint8_t)(1 << below(8)); break;
		case 1: f[at] = (uint8_t)below(256); break;
		case 2: f[at] = edge[below(sizeof(edge))]; break;
		case 3: len = at; break;
		default: len = MIN(len + below(40), (size_t)FRAME_CAP); break;
		}
	}
	return len;
}

/* Make the header checksum right again where there is a header, so the rest is reached. */
static void repair(uint8_t *f, size_t len)
{
	if (len >= ETH_HLEN + IP_HLEN_MIN && be16_load(f + ETH_TYPE) == ETHERTYPE_IPV4 &&
	    ETH_HLEN + (f[ETH_HLEN] & 15u) * 4 <= len)
		ip_recsum(f + ETH_HLEN);
}

/* The bytes of a frame in @f[FRAME_CAP + 64]; returns their number. */
static size_t next_bytes(uint8_t *f)
{
	uint16_t type;
	size_t len = ETH_HLEN + valid_packet(f + ETH_HLEN, &type);

	memcpy(f + ETH_DST, below(8) ? us_mac : eth_broadcast, ETH_ALEN);
	memcpy(f + ETH_SRC, peer_mac, ETH_ALEN);
	be16_store(f + ETH_TYPE, type);
	len = mutate(f, len);
	if (below(4))
		repair(f, len);
	return len;
}

/* A frame of our foreign pool around exactly @f[@len]. */
static struct mbuf *wrap(const uint8_t *f, size_t len, uint16_t off, uint8_t flags)
{
	struct mbuf *m = aligned_alloc(CACHE_LINE, sizeof(*m));

	memset(m, 0, sizeof(*m));
	m->pool = &fz.foreign;
	m->off = off;
	m->len = (uint16_t)len;
	m->flags = flags;
	m->buf = malloc(off + len + (off + len == 0));
	memcpy(m->buf + off, f, len);
	return m;
}

static struct mbuf *next_frame(void)
{
	static uint8_t f[FRAME_CAP + 64];
	size_t len = next_bytes(f);
	uint16_t off = below(2) ? MBUF_HEADROOM : 0;
	uint8_t flags = below(2) ? (uint8_t)below(8) : 0;

	return wrap(f, len, off, flags);
}

static void read_all(const uint8_t *p, size_t len)
{
	while (len > 0)
		fz.sink += p[--len];
}

static void fuzz_tcp_rx(void *ctx, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now)
{
	if (daddr != US || ip_addr_is_special(&fz.b->nif, saddr) || m->l3_off + 20 > m->off)
		CU_FAIL("a segment that was not validated");
	read_all(m->buf + m->l3_off, (size_t)m->off + m->len - m->l3_off);
	bed_tcp_rx(ctx, m, saddr, daddr, now);
}

static void fuzz_icmp_err(void *ctx, const uint8_t *q, uint32_t len, uint8_t type, uint8_t code,
			  uint16_t mtu, nsec now)
{
	if (len < (q[0] & 15u) * 4 + 8 || q[0] >> 4 != 4 || be32_load(q + IP_SRC) != US)
		CU_FAIL("a quote that was not validated");
	read_all(q, len);
	bed_icmp_err(ctx, q, len, type, code, mtu, now);
}

static bool answer_valid(const struct bed_frame *f)
{
	const uint8_t *ip = f->data + ETH_HLEN;

	if (be16_load(f->data + ETH_TYPE) == ETHERTYPE_ARP)
		return f->len == ETH_HLEN + ARP_LEN && be32_load(ip + ARP_SPA) == US;
	return be16_load(ip + IP_TOTLEN) == f->len - ETH_HLEN && be32_load(ip + IP_SRC) == US &&
	       ip[IP_PROTO] == IPPROTO_ICMP_ && naive_sum(ip, 20, 0) == 0xffff &&
	       naive_sum(ip + 20, (size_t)f->len - 34, 0) == 0xffff;
}

static void mutated_frames(void)
{
	struct bed *b = fz.b = bed_new();
	struct bed_frame *f;

	fz = (struct fuzz){ .b = b, .foreign.release = release };
	rng_stream(&fz.r, 0x1f, 0);
	b->nif.gateway = 0;
	b->up.tcp_rx = fuzz_tcp_rx;
	b->up.icmp_err = fuzz_icmp_err;
	for (uint32_t i = 0; i < N_FRAMES; i++) {
		eth_rx(&b->nif, next_frame(), b->now);
		while ((f = bed_out(b)) != NULL)
			fz.n_odd_answers += !answer_valid(f);
		b->now += below(1000000);
		wheel_run(&b->wheel, b->now, UINT32_MAX);
	}
	CHECK_EQ(b->w.net_other + b->seen.n_tcp, N_FRAMES);
	CHECK_EQ(fz.n_odd_answers, 0);
	arp_flush(&b->nif);
	CHECK_EQ(fz.n_released, N_FRAMES);
	/* every corner is reached; delivered datagrams are counted above this layer */
	for (enum stat s = STAT_ETH_SHORT; s <= STAT_UDP_NO_PORT; s++)
		if (b->st.v[s] == 0 && s != STAT_ARP_PENDING_DROP && s != STAT_UDP_RX) {
			fprintf(stderr, "never counted: %s\n", stat_descs[s].name);
			CU_FAIL("a counter of this layer stayed 0");
		}
	CHECK(b->seen.n_tcp > 1000 && b->seen.n_udp > 1000 && b->seen.n_icmp > 1000);
	CHECK(b->st.v[STAT_ICMP_ECHO] > 1000 && b->st.v[STAT_ARP_REQ_RX] > 1000);
	bed_done(b);
}

/* A source that decides which branch is taken. */
static uint32_t some_source(void)
{
	static const uint32_t src[] = { PEER, FAR, US, BCAST, GATEWAY, UINT32_MAX, 0,
		IP4(10, 0, 0, 0), IP4(127, 0, 0, 1),
		IP4(10, 0, 1, 0), IP4(9, 255, 255, 255), IP4(224, 0, 0, 1),
		IP4(223, 1, 1, 1), IP4(1, 0, 0, 0), IP4(10, 0, 1, 255) };

	return src[below(ARRAY_LEN(src))];
}

/* What eth_rx() takes in one look must be what ip_rx() would have made of it. */
static void fast_path_is_equivalent(void)
{
	struct bed *b[2] = { bed_new(), bed_new() };
	uint8_t f[FRAME_CAP + 64];
	uint32_t n_diff = 0;
	size_t len;

	fz = (struct fuzz){ .foreign.release = release };
	rng_stream(&fz.r, 0x2f, 0);
	for (uint32_t i = 0; i < N_FRAMES / 2; i++) {
		uint8_t flags = (uint8_t)(below(8) ? MBUF_RX_IP_CSUM_OK : below(8));
		struct mbuf *m;

		len = next_bytes(f);
		if (len < ETH_HLEN || be16_load(f + ETH_TYPE) != ETHERTYPE_IPV4 ||
		    !eth_addr_eq(f, us_mac))
			continue;
		if (len >= ETH_HLEN + IP_HLEN_MIN && below(2)) {
			be32_store(f + ETH_HLEN + IP_SRC, some_source());
			ip_recsum(f + ETH_HLEN);
		}
		eth_rx(&b[0]->nif, wrap(f, len, 0, flags), b[0]->now);
		m = wrap(f, len, 0, flags);
		mbuf_pull(m, ETH_HLEN);
		ip_rx(&b[1]->nif, m, b[1]->now);
		n_diff += memcmp(&b[0]->st, &b[1]->st, sizeof(b[0]->st)) != 0 ||
			  memcmp(&b[0]->seen, &b[1]->seen, sizeof(b[0]->seen)) != 0 ||
			  b[0]->w.net_other != b[1]->w.net_other;
		netif_post(&b[0]->nif);
		netif_post(&b[1]->nif);
	}
	CHECK_EQ(n_diff, 0);
	CHECK(b[0]->seen.n_tcp > 3000);
	CHECK(b[0]->st.v[STAT_IP_BAD_SOURCE] > 2000);
	bed_done(b[0]);
	bed_done(b[1]);
}

CU_MAIN("netfuzz", TEST(mutated_frames), TEST(fast_path_is_equivalent))
