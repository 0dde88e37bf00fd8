/* SPDX-License-Identifier: MIT */
/*
 * attack_acks.c - a receiver that wants more than its share (Savage et al. 1999)
 *
 * ACK division: acknowledging each segment in pieces gains nothing, because a window grows by
 * bytes (RFC 3465) or by at most a segment an ACK (RFC 5681). Spoofed duplicates gain nothing
 * that lasts. Acknowledging what was never sent is ignored; acknowledging what was sent and
 * has not arrived cannot be told from an honest ACK by RFC 5681 or 3465: the window grows
 * by the bytes claimed, and no more than that.
 */
#include "tests/sim/attack_bed.h"

enum { MSS = 1000, PORT = 20000 };

struct acker {
	struct atk_client c;
	uint32_t sent_max;		/* end of what the stack has sent */
};

static void seen(struct atk_bed *b, const struct atk_seg *s)
{
	struct acker *a = b->ctx;

	if (!atk_client_seen(b, &a->c, s) || (s->flags & TH_RST))
		return;
	if ((s->flags & TH_SYN) || seq_gt(s->seq + s->len, a->sent_max))
		a->sent_max = s->seq + s->len + !!(s->flags & TH_SYN);
}

static struct atk_bed *bed(struct acker *a)
{
	struct dp_cfg cfg = atk_cfg();
	struct atk_bed *b;

	cfg.mss = MSS;
	b = atk_new(&cfg);
	*a = (struct acker){ .c = { .ip = ATK_HOST(0), .port = PORT, .mss = MSS, .wnd = 65535,
				    .iss = 77 } };
	b->ctx = a;
	b->seen = seen;
	b->sends = true;
	atk_open(b, &a->c);
	for (int i = 0; i < 4; i++)
		atk_pass(b, NSEC_PER_MSEC, true);
	return b;
}

static uint32_t cwnd(const struct atk_bed *b)
{
	const struct tcp_pcb *p = atk_pcb(b, 0, PORT);

	return p ? p->cwnd : 0;
}

static void ack(struct atk_bed *b, const struct acker *a, uint32_t upto)
{
	struct atk_seg s = atk_from(&a->c, TH_ACK, 0);

	s.ack = upto;
	atk_send(b, &s);
}

/* Acknowledge @bytes more in steps of @step; a round trip is 10 ms. */
static void take(struct atk_bed *b, struct acker *a, uint32_t *una, uint32_t bytes, uint32_t step)
{
	uint32_t end = *una + bytes;

	for (uint32_t round = 0; round < 1000 && *una != end; round++) {
		uint32_t to = seq_min(a->c.rcv_nxt, end);

		atk_pass(b, 10 * NSEC_PER_MSEC, true);
		while (seq_lt(*una, to)) {
			*una = seq_min(*una + step, to);
			ack(b, a, *una);
			if ((*una - a->c.irs - 1) % MSS == 0)	/* as often however many */
				atk_pass(b, 0, true);
		}
		atk_pass(b, 0, true);
	}
	ATK_CHECK(*una == end);
}

/* A loss in between, so that the second half is congestion avoidance. */
static void divided(uint32_t step, uint32_t *slow_start, uint32_t *avoidance)
{
	struct acker a;
	struct atk_bed *b = bed(&a);
	uint32_t una = a.c.irs + 1;

	take(b, &a, &una, 30000, step);
	*slow_start = cwnd(b);
	for (int i = 0; i < 3; i++)
		ack(b, &a, una);
	atk_pass(b, NSEC_PER_MSEC, true);
	take(b, &a, &una, a.sent_max - una, MSS);
	take(b, &a, &una, 200000, step);
	*avoidance = cwnd(b);
	ATK_CHECK(b->wrong == 0);
	atk_free(b);
}

void attack_ack_division(void)
{
	uint32_t honest[2], got[2];

	divided(MSS, &honest[0], &honest[1]);
	for (uint32_t step = MSS / 2; step >= MSS / 100; step /= 5) {
		divided(step, &got[0], &got[1]);
		atk_say("an ACK every %u bytes: cwnd %u in slow start, %u in avoidance; honest %u, "
			"%u", step, got[0], got[1], honest[0], honest[1]);
		ATK_CHECK(got[0] <= honest[0]);
		ATK_CHECK(got[1] <= honest[1] + MSS);	/* rounding of the last increase */
	}
}

void attack_dup_acks(void)
{
	struct acker a;
	struct atk_bed *b = bed(&a);
	uint32_t una = a.c.irs + 1, before, flight = 0;

	take(b, &a, &una, 20000, MSS);
	before = cwnd(b);
	for (int i = 0; i < 1000; i++) {
		ack(b, &a, una);
		if (i % 10 == 0)
			atk_pass(b, 100 * NSEC_PER_USEC, true);
		flight = MAX(flight, a.sent_max - una);
	}
	take(b, &a, &una, a.sent_max - una, a.sent_max - una);
	atk_say("1000 spoofed duplicates: cwnd %u before, %u after; at most %u bytes in flight",
		before, cwnd(b), flight);
	ATK_CHECK(cwnd(b) <= before);
	ATK_CHECK(flight <= a.c.wnd);
	atk_free(b);
}

void attack_optimistic(void)
{
	struct acker a;
	struct atk_bed *b = bed(&a);
	uint32_t una = a.c.irs + 1, begun = una, before, first;

	take(b, &a, &una, 10000, MSS);
	before = cwnd(b);
	for (uint32_t i = 1; i <= 1000; i++)
		ack(b, &a, a.sent_max + i * 100);
	atk_pass(b, NSEC_PER_MSEC, true);
	ATK_CHECK(cwnd(b) == before);
	ATK_CHECK(atk_pcb(b, 0, PORT)->snd_una == una);
	first = before;
	for (int round = 0; round < 4; round++) {	/* before it can have arrived */
		una = a.sent_max;
		ack(b, &a, una);
		atk_pass(b, 10 * NSEC_PER_USEC, true);
	}
	atk_say("unsent: ignored, cwnd %u; sent and not yet there: cwnd %u after %u bytes claimed",
		first, cwnd(b), una - begun);
	ATK_CHECK(cwnd(b) <= 10 * MSS + (una - begun));
	atk_free(b);
}
