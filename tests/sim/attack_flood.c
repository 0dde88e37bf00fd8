/* SPDX-License-Identifier: MIT */
/*
 * attack_flood.c - SYN flood (RFC 4987): spoofed SYNs at ten times the legitimate rate
 *
 * A client a millisecond opens, sends 100 bytes, waits for their acknowledgement and resets;
 * it is RTT_MS away and sends its SYN again once, after a second. Ten SYNs a millisecond
 * come from addresses nobody answers from.
 */
#include "base/rng.h"
#include "tests/sim/attack_bed.h"

enum { CLIENTS = 3000, FLOOD = 10, RTT_MS = 5, RETRY_MS = 1000, DRAIN_MS = 2500, TEXT = 100 };

enum stage { AWAY, ASKED, ANSWERED, TALKING, SERVED, LOST };

struct caller {
	struct atk_client c;
	uint8_t stage;
	bool again;		/* its SYN went out twice */
	uint32_t at_ms;		/* of the SYN, or when the SYN-ACK arrives */
};

struct flood {
	struct caller caller[CLIENTS];
	uint32_t now_ms;
};

static void seen(struct atk_bed *b, const struct atk_seg *s)
{
	struct flood *f = b->ctx;
	uint32_t i = s->port - 10000u;
	struct caller *k;

	if (i >= CLIENTS || f->caller[i].c.ip != s->ip)
		return;
	k = &f->caller[i];
	if (s->flags & TH_RST) {
		k->stage = k->stage == SERVED ? SERVED : LOST;
	} else if ((s->flags & TH_SYN) && k->stage == ASKED && s->ack == k->c.iss + 1) {
		k->c.irs = s->seq;
		k->c.rcv_nxt = s->seq + 1;
		k->stage = ANSWERED;
		k->at_ms = f->now_ms + RTT_MS;
	} else if (k->stage == TALKING && s->ack == k->c.iss + 1 + TEXT) {
		k->stage = SERVED;
		k->c.snd_nxt = s->ack;
	}
}

/* What a caller does this millisecond. */
static void step(struct atk_bed *b, struct flood *f, struct caller *k)
{
	struct atk_seg s;

	switch (k->stage) {
	case ASKED:
		if (!k->again && f->now_ms - k->at_ms >= RETRY_MS) {
			k->again = true;
			atk_open(b, &k->c);
		}
		break;
	case ANSWERED:
		if (f->now_ms < k->at_ms)
			break;
		s = atk_from(&k->c, TH_ACK, 0);
		atk_send(b, &s);
		atk_data(b, &k->c, TEXT);
		k->stage = TALKING;
		k->at_ms = f->now_ms;
		break;
	case SERVED:
		if (k->at_ms == 0)
			break;
		s = atk_from(&k->c, TH_RST | TH_ACK, 0);
		atk_send(b, &s);
		k->at_ms = 0;
		break;
	default:
		break;
	}
}

static void spoof(struct atk_bed *b, struct rng *r)
{
	static const uint8_t opts[4] = { 2, 4, 5, 0xb4 };
	struct atk_seg s = { .ip = 0xc0000200u + (uint32_t)rng_below(r, 1 << 20),
			     .port = (uint16_t)(1024 + rng_below(r, 60000)), .flags = TH_SYN,
			     .seq = (uint32_t)rng_u64(r), .wnd = 65535, .opts_len = 4 };

	memcpy(s.opts, opts, 4);
	atk_send(b, &s);
}

static void begin(struct atk_bed *b, struct flood *f, uint32_t i)
{
	struct caller *k = &f->caller[i];

	k->c = (struct atk_client){ .ip = ATK_HOST(i % 16), .port = (uint16_t)(10000 + i),
				    .mss = 1460, .wnd = 65535, .iss = i * 7919 };
	k->stage = ASKED;
	k->at_ms = f->now_ms;
	atk_open(b, &k->c);
}

/* Shares of the clients that were served, in percent: at the first SYN, and in all. */
static void flood(uint32_t backlog, double *first, double *all)
{
	static struct flood f;
	struct dp_cfg cfg = atk_cfg();
	struct atk_bed *b;
	struct rng r;
	uint32_t once = 0, twice = 0;

	cfg.backlog_max = backlog;
	b = atk_new(&cfg);
	memset(&f, 0, sizeof(f));
	b->ctx = &f;
	b->seen = seen;
	rng_stream(&r, 1, backlog);
	for (; f.now_ms < CLIENTS + DRAIN_MS; f.now_ms++) {
		for (uint32_t i = 0; i < FLOOD && f.now_ms < CLIENTS + RETRY_MS; i++)
			spoof(b, &r);
		if (f.now_ms < CLIENTS)
			begin(b, &f, f.now_ms);
		for (uint32_t i = 0; i < MIN(f.now_ms, (uint32_t)CLIENTS); i++)
			step(b, &f, &f.caller[i]);
		atk_pass(b, NSEC_PER_MSEC, f.now_ms % 64 == 0);
	}
	for (uint32_t i = 0; i < CLIENTS; i++) {
		once += f.caller[i].stage == SERVED && !f.caller[i].again;
		twice += f.caller[i].stage == SERVED && f.caller[i].again;
	}
	*first = 100.0 * once / CLIENTS;
	*all = 100.0 * (once + twice) / CLIENTS;
	ATK_CHECK(b->wrong == 0);
	atk_say("backlog %u: %.2f %% of clients served by their first SYN, %.2f %% in all; %llu "
		"SYNs refused", backlog, *first, *all,
		(unsigned long long)atk_stat(b, STAT_TCP_LISTEN_DROP));
	atk_free(b);
}

void attack_syn_flood(void)
{
	double first, all;

	flood(65536, &first, &all);	/* the table is what runs out */
	ATK_CHECK(first >= 99);
	ATK_CHECK(all >= 99);
}

void attack_syn_flood_small(void)
{
	double first, all;

	flood(128, &first, &all);
	ATK_CHECK(first >= 99);
	ATK_CHECK(all >= 99);
}
