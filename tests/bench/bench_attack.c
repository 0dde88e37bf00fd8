/* SPDX-License-Identifier: MIT */
/*
 * bench_attack.c - what a hostile segment costs, beside a good one (CVE-2019-11477 and its kin)
 *
 *	bench_attack NAME COUNT		COUNT segments of the storm, one a pass
 *	bench_attack			the names
 *
 * Counts nothing itself: under callgrind with --toggle-collect=storm_pass the instructions are
 * those of the storm's passes, without the setting up. good_data is a segment of a download to
 * an application that reads, good_ack one of an upload that is as fast as it is acknowledged.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tests/sim/attack_bed.h"

enum { PORT = 20000, FILL = 1500, HOLES = 480, FILLERS = 45 };

static struct atk_bed *b;
static struct atk_client c = { .ip = ATK_HOST(0), .port = PORT, .wnd = 65535, .iss = 1000,
			       .sack = true };
static struct tcp_pcb *pcb;
static struct rng rng;

static struct atk_seg at_edge(uint8_t flags)
{
	struct atk_seg s = atk_from(&c, flags, 0);

	s.ack = pcb->snd_una;
	return s;
}

static void put(struct atk_seg *s, const uint8_t *raw, uint8_t n)
{
	memcpy(s->opts + s->opts_len, raw, n);
	s->opts_len = (uint8_t)(s->opts_len + n);
}

static void good_data(struct atk_seg *s)
{
	s->len = 1000;
	c.snd_nxt += 1000;
}

/* Acknowledges one segment; the next one leaves. */
static void good_ack(struct atk_seg *s)
{
	s->ack = pcb->snd_una + MIN((uint32_t)pcb->mss, pcb->snd_nxt - pcb->snd_una);
}

/* Three blocks somewhere in flight, each a segment: as many holes as there are segments. */
static void sack(struct atk_seg *s)
{
	uint32_t segs = (pcb->snd_nxt - pcb->snd_una) / pcb->mss;

	put(s, (const uint8_t[]){ 1, 1, 5, 26 }, 4);
	for (int i = 0; i < 3; i++) {
		uint32_t at = pcb->snd_una + (1 + (uint32_t)rng_below(&rng, MAX(segs, 2u) - 1)) *
			      pcb->mss;
		uint8_t block[8];

		be32_store(block, at);
		be32_store(block + 4, at + pcb->mss);
		put(s, block, sizeof(block));
	}
}

static void dup_ack(struct atk_seg *s) { (void)s; }

static void options(struct atk_seg *s)
{
	static const uint8_t nops[30] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
					  1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };

	put(s, nops, sizeof(nops));
	put(s, (const uint8_t[]){ 254, 2, 253, 2, 28, 4, 0, 0, 8, 2 }, 10);
}

static void window(struct atk_seg *s)
{
	static const uint16_t wnd[] = { 0, 65535, 1, 65535, 1000, 2 };
	static uint32_t i;

	s->wnd = wnd[i++ % ARRAY_LEN(wnd)];
}

/*
 * Single bytes, each with a hole before it, until the reassembly queue is nearly full; then
 * text in order that covers them, and again. @at: bytes ahead of the first missing one.
 */
static void hole(struct atk_seg *s, uint32_t i, uint32_t at)
{
	bool fills = i % (HOLES + FILLERS) >= HOLES;

	s->len = fills ? 1400 : 1;
	s->seq = pcb->rcv_nxt + (fills ? 0 : at);
	s->text_off = s->seq - c.iss - 1;
}

static void holes(struct atk_seg *s)
{
	static uint32_t i;

	hole(s, i++, 1 + 2 * (uint32_t)rng_below(&rng, 30000));
}

/* Always in front of what is there. */
static void holes_down(struct atk_seg *s)
{
	static uint32_t i;

	hole(s, i, 60000 - 2 * (i % (HOLES + FILLERS)));
	i++;
}

/* Always behind it. */
static void holes_up(struct atk_seg *s)
{
	static uint32_t i;

	hole(s, i, 50000 + 2 * (i % (HOLES + FILLERS)));
	i++;
}

static void single_bytes(struct atk_seg *s)
{
	s->len = 1;
	c.snd_nxt++;
}

static const struct {
	const char *name;
	void (*make)(struct atk_seg *s);
	bool sends;		/* the server sends without end */
	uint16_t mss;
	uint8_t flags;
} storms[] = {
	{ "good_data", good_data, false, 1460, TH_ACK | TH_PSH },
	{ "good_ack", good_ack, true, 1460, TH_ACK },
	{ "sack", sack, true, 64, TH_ACK },
	{ "tiny_mss", good_ack, true, 1, TH_ACK },
	{ "dup_ack", dup_ack, true, 64, TH_ACK },
	{ "options", options, true, 1460, TH_ACK },
	{ "window", window, true, 64, TH_ACK },
	{ "holes", holes, false, 1460, TH_ACK },
	{ "holes_down", holes_down, false, 1460, TH_ACK },
	{ "holes_up", holes_up, false, 1460, TH_ACK },
	{ "single_bytes", single_bytes, false, 1460, TH_ACK },
};

/* Time moves so little that no timer fires: a storm is faster than they are. */
static void one(size_t i)
{
	struct atk_seg s = at_edge(storms[i].flags);

	storms[i].make(&s);
	atk_send(b, &s);
	atk_pass(b, 2 * NSEC_PER_USEC, false);
}

/* What callgrind counts. */
void storm_pass(struct dp *dp, nsec now, struct work *w);
void storm_pass(struct dp *dp, nsec now, struct work *w) { dp_run_once(dp, now, w); }

static void handshake_seen(struct atk_bed *bed, const struct atk_seg *s)
{
	atk_client_seen(bed, &c, s);
}

static void run(size_t i, uint32_t count)
{
	struct dp_cfg cfg = atk_cfg();

	rng_stream(&rng, 6, 0);
	b = atk_new(&cfg);
	b->sends = storms[i].sends;
	b->no_check = true;
	b->seen = handshake_seen;
	c.mss = storms[i].mss;
	atk_open(b, &c);
	for (int k = 0; k < 4; k++)
		atk_pass(b, NSEC_PER_USEC, false);
	b->seen = NULL;
	pcb = atk_pcb(b, 0, PORT);
	if (!pcb) {
		fprintf(stderr, "bench_attack: the connection did not open\n");
		exit(1);
	}
	/* An honest start: the congestion window opens, the receiver has read. */
	for (uint32_t k = 0; k < FILL; k++)
		one(storms[i].sends ? 1 : 0);
	b->run = storm_pass;
	while (count-- > 0)
		one(i);
	if (atk_pcb(b, 0, PORT) != pcb) {
		fprintf(stderr, "bench_attack: the storm has ended the connection\n");
		exit(1);
	}
	atk_free(b);
}

int main(int argc, char **argv)
{
	for (size_t i = 0; i < ARRAY_LEN(storms); i++) {
		if (argc < 2)
			printf("%s\n", storms[i].name);
		else if (argc == 3 && !strcmp(argv[1], storms[i].name)) {
			run(i, (uint32_t)strtoul(argv[2], NULL, 10));
			return 0;
		}
	}
	if (argc < 2)
		return 0;
	fprintf(stderr, "usage: bench_attack [NAME COUNT]\n");
	return 2;
}
