/* SPDX-License-Identifier: MIT */
/*
 * attack_blind.c - an attacker who knows the ports and sees nothing (RFC 5961)
 *
 * 2^20 segments with random numbers at a live flow have no effect on it. And what he gets for
 * segments into a connection of his own says nothing about anybody else's (CVE-2016-5696).
 */
#include "base/rng.h"
#include "tests/sim/attack_bed.h"

enum { PACKETS = 1 << 20, A_BATCH = 256, VICTIM_PORT = 20000, OWN_PORT = 21000 };
enum { CHALLENGES_5S = 10 };	/* a connection: RFC 5961 section 7 */

struct flows {
	struct atk_client victim, own;
	uint64_t to_victim, to_own;	/* segments without text */
};

static void seen(struct atk_bed *b, const struct atk_seg *s)
{
	struct flows *f = b->ctx;

	if (atk_client_seen(b, &f->victim, s))
		f->to_victim += s->len == 0;
	else if (atk_client_seen(b, &f->own, s))
		f->to_own += s->len == 0;
}

static struct atk_bed *bed(struct flows *f, bool victim)
{
	struct dp_cfg cfg = atk_cfg();
	struct atk_bed *b = atk_new(&cfg);

	*f = (struct flows){ .victim = { .ip = ATK_HOST(0), .port = VICTIM_PORT, .mss = 1460,
					 .wnd = 65535, .iss = 0xfffff000u },
			     .own = { .ip = ATK_HOST(1), .port = OWN_PORT, .mss = 1460,
				      .wnd = 65535, .iss = 12345 } };
	b->ctx = f;
	b->seen = seen;
	if (victim)
		atk_open(b, &f->victim);
	atk_open(b, &f->own);
	atk_pass(b, NSEC_PER_MSEC, true);
	atk_pass(b, NSEC_PER_MSEC, true);
	return b;
}

void attack_blind(void)
{
	static const uint8_t kinds[] = { TH_RST, TH_RST | TH_ACK, TH_SYN, TH_SYN | TH_ACK, TH_ACK,
					 TH_ACK | TH_PSH, TH_ACK | TH_FIN };
	struct flows f;
	struct atk_bed *b = bed(&f, true);
	uint8_t junk[64];
	struct rng r;
	nsec begun = b->now;
	uint64_t challenges;
	double seconds;

	memset(junk, 0xbb, sizeof(junk));
	rng_stream(&r, 2, 0);
	f.to_victim = 0;
	for (uint32_t i = 0; i < PACKETS; i++) {
		struct atk_seg s = atk_from(&f.victim, kinds[rng_below(&r, ARRAY_LEN(kinds))], 0);

		s.seq = (uint32_t)rng_u64(&r);
		s.ack = (uint32_t)rng_u64(&r);
		s.len = s.flags & (TH_PSH | TH_FIN) ? (uint32_t)rng_below(&r, sizeof(junk)) : 0;
		s.text = junk;
		atk_send(b, &s);
		if (i % A_BATCH == 0) {
			atk_data(b, &f.victim, 100);
			atk_pass(b, 250 * NSEC_PER_USEC, i % 65536 == 0);
		}
	}
	atk_pass(b, NSEC_PER_SEC, true);
	challenges = atk_stat(b, STAT_TCP_CHALLENGE);
	seconds = (double)(b->now - begun) / 1e9;
	atk_say("%u segments in %.1f s: %u bytes delivered, %llu wrong, %llu challenges, %llu "
		"segments in answer", PACKETS, seconds, atk_app_of(b, VICTIM_PORT)->rx,
		(unsigned long long)b->wrong, (unsigned long long)challenges,
		(unsigned long long)f.to_victim);
	ATK_CHECK(!f.victim.reset);
	ATK_CHECK(atk_app_of(b, VICTIM_PORT)->live);
	ATK_CHECK(b->wrong == 0);
	ATK_CHECK(atk_app_of(b, VICTIM_PORT)->rx == f.victim.snd_nxt - f.victim.iss - 1);
	ATK_CHECK(f.victim.their_ack == f.victim.snd_nxt);
	ATK_CHECK(f.to_victim <= PACKETS + PACKETS / A_BATCH + 1);
	ATK_CHECK((double)challenges <= CHALLENGES_5S * (seconds / 5 + 1));
	atk_free(b);
}

enum guess { GUESS_NONE, GUESS_SYN, GUESS_RST_OUTSIDE, GUESS_RST_INSIDE, GUESSES };

/* Challenges the attacker gets in a second in which he also guesses about the victim. */
static uint64_t own_count(bool victim, enum guess g)
{
	struct flows f;
	struct atk_bed *b = bed(&f, victim);
	uint64_t before = f.to_own;

	for (uint32_t i = 0; i < 2000; i++) {
		struct atk_seg s = atk_from(&f.victim, g == GUESS_SYN ? TH_SYN : TH_RST, 0);

		s.seq = f.victim.iss + 1 + (g == GUESS_RST_OUTSIDE ? 0x80000000u : 100);
		if (g != GUESS_NONE && i < 600)
			atk_send(b, &s);
		s = atk_from(&f.own, TH_RST, 0);
		s.seq += 100;
		atk_send(b, &s);
		if (i % 50 == 0)
			atk_pass(b, 10 * NSEC_PER_USEC, false);
	}
	atk_pass(b, 10 * NSEC_PER_USEC, true);
	before = f.to_own - before;
	atk_free(b);
	return before;
}

void attack_side_channel(void)
{
	bool same = true;
	uint64_t n[2][GUESSES];

	for (int g = 0; g < GUESSES; g++)
		for (int v = 0; v < 2; v++) {
			n[v][g] = own_count(v, (enum guess)g);
			same = same && n[v][g] == n[0][0];
		}
	atk_say("challenges of his own in a second, without and with a victim: no guess %llu %llu, "
		"SYN %llu %llu, RST outside %llu %llu, RST inside %llu %llu",
		(unsigned long long)n[0][0], (unsigned long long)n[1][0],
		(unsigned long long)n[0][1], (unsigned long long)n[1][1],
		(unsigned long long)n[0][2], (unsigned long long)n[1][2],
		(unsigned long long)n[0][3], (unsigned long long)n[1][3]);
	ATK_CHECK(same);
}
