/* SPDX-License-Identifier: MIT */
/*
 * attack_state.c - what makes a stack remember: forged ICMP, ARP, fragments, unread data
 *
 * State is bounded, nobody else suffers, and the counters tell.
 */
#include "base/rng.h"
#include "tests/sim/attack_bed.h"

enum { PORT = 20000, N_ICMP = 50000, N_ARP = 100000, N_FRAGMENTS = 100000 };
enum { HOARDERS = 60, HOARD_PORT = 30000 };

struct talk {
	struct atk_client honest;
	struct atk_client hoarder[HOARDERS];
};

static void seen(struct atk_bed *b, const struct atk_seg *s)
{
	struct talk *t = b->ctx;

	if (atk_client_seen(b, &t->honest, s))
		return;
	if (s->port >= HOARD_PORT && s->port < HOARD_PORT + HOARDERS)
		atk_client_seen(b, &t->hoarder[s->port - HOARD_PORT], s);
}

static struct atk_bed *bed(struct talk *t, const struct dp_cfg *cfg)
{
	struct atk_bed *b = atk_new(cfg);

	*t = (struct talk){ .honest = { .ip = ATK_HOST(0), .port = PORT, .mss = 1460,
					.wnd = 65535, .iss = 0xfffffff0u } };
	b->ctx = t;
	b->seen = seen;
	atk_open(b, &t->honest);
	atk_pass(b, NSEC_PER_MSEC, true);
	atk_pass(b, NSEC_PER_MSEC, true);
	return b;
}

/* The honest client's bytes have arrived, all of them, and it is still there. */
static void check_honest(struct atk_bed *b, const struct talk *t)
{
	ATK_CHECK(!t->honest.reset);
	ATK_CHECK(atk_app_of(b, PORT)->live);
	ATK_CHECK(b->wrong == 0);
	ATK_CHECK(atk_app_of(b, PORT)->rx == t->honest.snd_nxt - t->honest.iss - 1);
}

static void quote(uint8_t *m, const struct talk *t, uint8_t type, uint8_t code, uint16_t mtu,
		  uint32_t seq)
{
	uint8_t *ip = m + ICMP_HLEN, *h = ip + IP_HLEN_MIN;

	memset(m, 0, ICMP_HLEN + IP_HLEN_MIN + 8);
	m[ICMP_TYPE] = type;
	m[ICMP_CODE] = code;
	be16_store(m + ICMP_MTU, mtu);
	ip[IP_VHL] = 0x45;
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = IPPROTO_TCP_;
	be16_store(ip + IP_TOTLEN, 1500);
	be32_store(ip + IP_SRC, ATK_SERVER);
	be32_store(ip + IP_DST, t->honest.ip);
	be16_store(h + TCP_SPORT, ATTACK_PORT);
	be16_store(h + TCP_DPORT, t->honest.port);
	be32_store(h + TCP_SEQ, seq);
}

/* RFC 5927: an error about what is not in flight is somebody's invention. */
void attack_icmp(void)
{
	static const uint8_t codes[] = { 0, 1, 2, 3, 4, 13 };
	struct dp_cfg cfg = atk_cfg();
	uint8_t m[ICMP_HLEN + IP_HLEN_MIN + 8];
	struct talk t;
	struct atk_bed *b = bed(&t, &cfg);
	struct tcp_pcb *p;
	struct rng r;
	uint16_t mss;

	rng_stream(&r, 3, 0);
	b->sends = true;			/* something is in flight throughout */
	atk_pass(b, NSEC_PER_MSEC, true);
	p = atk_pcb(b, 0, PORT);
	mss = p->mss;
	for (uint32_t i = 0; i < N_ICMP; i++) {
		uint32_t off = (uint32_t)rng_below(&r, 0xfff00000u) + 0x80000;	/* not in flight */

		quote(m, &t, 3, codes[i % ARRAY_LEN(codes)], (uint16_t)rng_below(&r, 1500),
		      p->snd_nxt + off);
		atk_send_ip(b, 0xc0000200u + i, IPPROTO_ICMP_, 0, m, sizeof(m));
		if (i % 1000 == 0)
			atk_data(b, &t.honest, 500);
		if (i % 100 == 0)
			atk_pass(b, NSEC_PER_USEC, true);
	}
	atk_pass(b, NSEC_PER_MSEC, true);
	atk_say("%u forged errors: MSS %u, was %u; %u bytes heard meanwhile", N_ICMP, p->mss, mss,
		atk_app_of(b, PORT)->rx);
	ATK_CHECK(p == atk_pcb(b, 0, PORT) && p->mss == mss);
	ATK_CHECK(p->state == TCP_ESTABLISHED);
	check_honest(b, &t);
	/* And a true one cannot make segments of nothing. */
	quote(m, &t, 3, ICMP_C_FRAG_NEEDED, 1, p->snd_una);
	atk_send_ip(b, 0xc0000201u, IPPROTO_ICMP_, 0, m, sizeof(m));
	atk_pass(b, NSEC_PER_MSEC, true);
	ATK_CHECK(p->mss >= 48);
	atk_free(b);
}

void attack_arp(void)
{
	struct dp_cfg cfg = atk_cfg();
	struct talk t;
	struct atk_bed *b = bed(&t, &cfg);
	uint32_t avail = mempool_avail(&b->pool), used = 0;
	struct rng r;

	rng_stream(&r, 4, 0);
	for (uint32_t i = 0; i < N_ARP; i++) {
		uint32_t spa = (uint32_t)rng_below(&r, 256);

		if (i & 1)
			spa |= ATK_SERVER & 0xffffff00u;
		if (i & 4)
			spa = (uint32_t)rng_u64(&r);
		atk_send_arp(b, i & 2 ? ARP_OP_REPLY : ARP_OP_REQUEST, spa,
			     i & 8 ? ATK_SERVER : spa, (uint32_t)rng_u64(&r));
		if (i % 1000 == 0)
			atk_data(b, &t.honest, 500);
		if (i % 100 == 0)
			atk_pass(b, 10 * NSEC_PER_USEC, false);
	}
	atk_pass(b, NSEC_PER_SEC, true);
	for (uint32_t i = 0; i < ARP_ENTRIES; i++)
		used += b->dp->nif.arp[i].state != ARP_FREE;
	atk_say("%u packets: %u of %u entries used, %llu learnt, %llu requests answered", N_ARP,
		used, ARP_ENTRIES, (unsigned long long)atk_stat(b, STAT_ARP_LEARNT),
		(unsigned long long)atk_stat(b, STAT_ARP_REQ_RX));
	check_honest(b, &t);
	ATK_CHECK(mempool_avail(&b->pool) == avail);
	ATK_CHECK(t.honest.their_ack == t.honest.snd_nxt);	/* its neighbour is static */
	atk_free(b);
}

void attack_fragments(void)
{
	struct dp_cfg cfg = atk_cfg();
	struct talk t;
	struct atk_bed *b = bed(&t, &cfg);
	uint32_t avail = mempool_avail(&b->pool);
	uint8_t body[64] = { 0 };
	struct rng r;

	rng_stream(&r, 5, 0);
	for (uint32_t i = 0; i < N_FRAGMENTS; i++) {
		uint16_t off = (uint16_t)rng_below(&r, 1 << 13);

		atk_send_ip(b, 0xc0000200u + i % 997, i & 1 ? IPPROTO_TCP_ : IPPROTO_UDP_,
			    (uint16_t)(off | IP_FLAG_MF), body, sizeof(body));
		if (i % 1000 == 0)
			atk_data(b, &t.honest, 500);
		if (i % 100 == 0)
			atk_pass(b, 10 * NSEC_PER_USEC, false);
	}
	atk_pass(b, NSEC_PER_SEC, true);
	atk_say("%u fragments: %llu counted, none held", N_FRAGMENTS,
		(unsigned long long)atk_stat(b, STAT_IP_FRAGMENT));
	ATK_CHECK(atk_stat(b, STAT_IP_FRAGMENT) == N_FRAGMENTS);
	ATK_CHECK(mempool_avail(&b->pool) == avail);
	check_honest(b, &t);
	atk_free(b);
}

/* Fill the window of one hoarder: every other KB, so that half of it waits out of order. */
static void hoard(struct atk_bed *b, struct atk_client *c, uint32_t round)
{
	struct atk_seg s = atk_from(c, TH_ACK, 1000);

	if (!c->up)
		return;
	if (round % 2 == 0) {
		c->snd_nxt += s.len;			/* in order, never read */
	} else {
		s.seq += 1000 * (2 + round % 60);	/* never filled in */
		s.text_off += 1000 * (2 + round % 60);
	}
	atk_send(b, &s);
}

/* Go on from what was acknowledged; the next bytes when all of them were. */
static void honest_sends(struct atk_bed *b, struct atk_client *c, uint32_t until)
{
	uint32_t off = c->their_ack - c->iss - 1;
	struct atk_seg s = atk_from(c, TH_ACK | TH_PSH, MIN(1000, until - off));

	s.seq = c->their_ack;
	s.text_off = off;
	c->snd_nxt = seq_max(c->snd_nxt, s.seq + s.len);
	if (s.len > 0)
		atk_send(b, &s);
}

void attack_memory(void)
{
	enum { HONEST_BYTES = 200000, ROUNDS = 4000 };
	struct dp_cfg cfg = atk_cfg();
	struct atk_bed *b;
	struct talk t;
	uint32_t least = UINT32_MAX, took = 0;

	cfg.mbufs = 1024;
	b = bed(&t, &cfg);
	b->no_read_from = HOARD_PORT;
	for (uint32_t i = 0; i < HOARDERS; i++) {
		t.hoarder[i] = (struct atk_client){ .ip = ATK_HOST(1 + i % 15), .mss = 1460,
			.port = (uint16_t)(HOARD_PORT + i), .wnd = 65535, .iss = i };
		atk_open(b, &t.hoarder[i]);
	}
	atk_pass(b, NSEC_PER_MSEC, true);
	for (uint32_t round = 0; round < ROUNDS; round++) {
		for (uint32_t i = round % 4; i < HOARDERS; i += 4)
			hoard(b, &t.hoarder[i], round / 4);
		if (t.honest.their_ack - t.honest.iss - 1 < HONEST_BYTES) {
			honest_sends(b, &t.honest, HONEST_BYTES);
			took = round;
		}
		atk_pass(b, NSEC_PER_MSEC, round % 64 == 0);
		least = MIN(least, mempool_avail(&b->pool));
	}
	atk_pass(b, NSEC_PER_SEC, true);
	atk_say("%u connections that never read, pool of 1024: %u frames left at least; %u honest "
		"KB took %u rounds; dropped %llu in order and %llu out of order, %llu packed",
		HOARDERS, least, HONEST_BYTES / 1000, took,
		(unsigned long long)atk_stat(b, STAT_TCP_RCV_DROP),
		(unsigned long long)atk_stat(b, STAT_TCP_OOO_DROP),
		(unsigned long long)atk_stat(b, STAT_TCP_RCV_PACKED));
	check_honest(b, &t);
	ATK_CHECK(atk_app_of(b, PORT)->rx == HONEST_BYTES);
	ATK_CHECK(took <= 2 * HONEST_BYTES / 1000);
	ATK_CHECK(atk_stat(b, STAT_TCP_RCV_DROP) + atk_stat(b, STAT_TCP_OOO_DROP) +
		  atk_stat(b, STAT_TCP_RCV_PACKED) > 0);
	ATK_CHECK(least > 0);
	atk_free(b);
}
