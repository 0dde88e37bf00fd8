/* SPDX-License-Identifier: MIT */
/*
 * tcp_sacked.c - the SACK blocks of an acknowledgement (RFC 2018, RFC 2883)
 *
 * Bounds first: a block outside what is outstanding is not a block. What remains goes to the
 * scoreboard (tcp_board.c).
 */
#include "tcp/tcp_impl.h"

enum { BLOCKS_MAX = 4 };

/* RFC 2883 section 4: at or below the acknowledgement, or inside the second block. */
static bool is_dsack(uint32_t ack, const uint32_t (*b)[2], uint32_t n)
{
	if (seq_leq(b[0][1], ack))
		return true;
	return n > 1 && seq_geq(b[0][0], b[1][0]) && seq_leq(b[0][1], b[1][1]);
}

/* Only of what may still be on its way: anything else proves nothing. */
static bool plausible_dsack(const struct tcp_cold *c, const struct tcp_acked *a,
			    const uint32_t b[2])
{
	return seq_lt(b[0], b[1]) && seq_geq(b[0], a->ack - c->max_snd_wnd);
}

/* Blocks of the option, up to BLOCKS_MAX; 0 if there is none or it is malformed. */
static uint32_t decode(const struct tcp_seg *s, uint32_t (*b)[2])
{
	struct tcp_opts o;
	uint32_t n;

	if (s->opts_len < 12 || tcp_opts_decode(&o, s->opts, s->opts_len) != 0 || !o.sack)
		return 0;
	n = MIN(o.n_sack, (uint32_t)BLOCKS_MAX);
	for (uint32_t i = 0; i < n; i++) {
		b[i][0] = be32_load(o.sack + 8 * i);
		b[i][1] = be32_load(o.sack + 8 * i + 4);
	}
	return n;
}

/* In the order of the stream: what was overtaken is told by what came before. */
static void sort(uint32_t (*b)[2], uint32_t n)
{
	for (uint32_t i = 1; i < n; i++)
		for (uint32_t k = i; k > 0 && seq_lt(b[k][0], b[k - 1][0]); k--)
			for (uint32_t e = 0; e < 2; e++) {
				uint32_t x = b[k][e];

				b[k][e] = b[k - 1][e];
				b[k - 1][e] = x;
			}
}

/** Read the segment's blocks into the scoreboard. SND.UNA is not behind s->ack. */
void tcp_sacked_take(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s, struct tcp_acked *a)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t b[BLOCKS_MAX][2], n = decode(s, b), first = 0;

	if (n == 0)
		return;
	if (is_dsack(s->ack, (const uint32_t (*)[2])b, n)) {
		first = 1;
		if (plausible_dsack(c, a, b[0])) {
			a->dsack = true;
			a->dsacked = b[0][1] - b[0][0];
			STAT_INC(t->nif->stats, TCP_DSACK_RX);
		}
	}
	sort(b + first, n - first);
	for (uint32_t i = first; i < n; i++) {
		if (seq_geq(b[i][0], b[i][1]) || seq_leq(b[i][0], a->ack) ||
		    seq_gt(b[i][1], p->snd_nxt)) {
			STAT_INC(t->nif->stats, TCP_SACK_BAD);
			continue;
		}
		tcp_board_sack(t, p, c, a, b[i][0], b[i][1]);
	}
}
