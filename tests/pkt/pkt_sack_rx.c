/* SPDX-License-Identifier: MIT */
/*
 * pkt_sack_rx.c - what we selectively acknowledge (RFC 2018 sections 2 to 4)
 */
#include "cases.h"

/* A segment of 100 bytes at @seq, and the ACK of 1 it causes. */
static void hole_then(struct bed *b, uint32_t seq)
{
	bed_rx(b, SEG(ACK, seq, 1, 100));
}

static void segment_behind_a_hole_is_reported(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 201 })));
	done(b);
}

static void nobody_is_told_who_did_not_permit_it(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, .no_sack = true));
	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, .no_sack = true));
	done(b);
}

static void nothing_is_reported_without_a_hole(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK, 1, 1, 1000));
	bed_rx(b, SEG(ACK, 1001, 1, 1000));
	bed_expect(b, SEG(ACK, 1, 2001, 0, .no_sack = true));
	done(b);
}

static void first_block_is_whole(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	bed_forget_tx(b);
	hole_then(b, 201);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 301 })));
	bed_rx(b, SEG(ACK, 51, 1, 50));
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 51, 301 })));
	done(b);
}

static void latest_block_is_first(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	hole_then(b, 501);
	bed_forget_tx(b);
	hole_then(b, 301);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 301, 401 }, { 501, 601 }, { 101, 201 })));
	hole_then(b, 601);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 501, 701 }, { 301, 401 }, { 101, 201 })));
	done(b);
}

static void blocks_that_meet_are_one(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	hole_then(b, 301);
	hole_then(b, 501);
	bed_forget_tx(b);
	hole_then(b, 201);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 401 }, { 501, 601 })));
	bed_rx(b, SEG(ACK, 351, 1, 200));
	bed_expect(b, SEG(ACK, 1, 1, 0, .n_sack = 2,
			  .sack = { { 351, 401 }, { 101, 601 } }));	/* and a D-SACK */
	done(b);
}

static void four_blocks_fit(void)
{
	struct bed *b = bed_in_sack();

	for (uint32_t i = 0; i < 4; i++)
		hole_then(b, 101 + 200 * i);
	bed_forget_tx(b);
	hole_then(b, 901);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 901, 1001 }, { 701, 801 }, { 501, 601 },
					     { 301, 401 })));
	done(b);
}

static void three_blocks_fit_beside_timestamps(void)
{
	struct bed *b = bed_in_sack_ts();

	for (uint32_t i = 0; i < 4; i++)
		hole_then(b, 101 + 200 * i);
	b->tx_pos = b->tx_n - 1;
	bed_expect(b, SEG(ACK, 1, 1, 0, .has_ts = true,
			  SACK({ 701, 801 }, { 501, 601 }, { 301, 401 })));
	done(b);
}

/* The departure tcp_sack_rx.c names: true, but not all of the block. */
static void forgotten_block_is_reported_in_part(void)
{
	struct bed *b = bed_in_sack();

	for (uint32_t i = 0; i < 5; i++)
		hole_then(b, 101 + 200 * i);
	bed_forget_tx(b);
	hole_then(b, 201);				/* joins 101 (forgotten) and 301 */
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 201, 401 }, { 901, 1001 }, { 701, 801 },
					     { 501, 601 })));
	done(b);
}

static void block_goes_when_the_ack_passes_it(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	hole_then(b, 301);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0, SACK({ 301, 401 })));
	bed_rx(b, SEG(ACK, 201, 1, 100));
	bed_expect(b, SEG(ACK, 1, 401, 0, .no_sack = true));
	CHECK_EQ(bed_pcb(b)->flags & F_OOO, 0);
	done(b);
}

static void bytes_in_front_of_the_hole_keep_the_report(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 301);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 101, 0, SACK({ 301, 401 })));
	bed_rx(b, SEG(ACK, 101, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0, SACK({ 301, 401 })));
	done(b);
}

/* Never what was dropped: it would have to be taken back (section 8). */
static void segment_that_found_no_place_is_not_reported(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.ooo_frames_max = 2;
	b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
	hole_then(b, 101);
	hole_then(b, 301);
	bed_forget_tx(b);
	hole_then(b, 501);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 301, 401 }, { 101, 201 })));
	CHECK_EQ(bed_stat(b, STAT_TCP_OOO_DROP), 1);
	done(b);
}

static void segment_dropped_for_want_of_frames_is_not_reported(void)
{
	struct mbuf *m[BED_MBUFS];
	struct bed *b = bed_in_sack();
	uint32_t n = 0;

	while (mempool_avail(&b->pool) > BED_MBUFS / 4)
		m[n++] = mbuf_alloc(&b->pool);
	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, .no_sack = true));
	while (n > 0)
		mbuf_free(m[--n]);
	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 201 })));
	done(b);
}

static void bytes_beyond_the_window_are_not_reported(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK, BED_RCV_WND - 99, 1, 200));
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ BED_RCV_WND - 99, BED_RCV_WND + 1 })));
	done(b);
}

static void block_may_wrap(void)
{
	struct bed *b = bed_in_sack();			/* the 256th byte wraps */

	hole_then(b, 201);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 201, 301 })));
	hole_then(b, 101);
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 301 })));
	done(b);
}

static void early_fin_is_no_byte(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK | FIN, 101, 1, 50));
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 151 })));
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 152, 0, .no_sack = true));
	done(b);
}

static void bare_early_fin_has_nothing_to_report(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK | FIN, 101, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0, .no_sack = true));
	done(b);
}

static void fin_ends_every_report(void)
{
	struct bed *b = bed_in_sack();

	bed_rx(b, SEG(ACK, 201, 1, 50));		/* beyond what will be the FIN */
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK | FIN, 1, 1, 10));
	bed_expect(b, SEG(ACK, 1, 12, 0, .no_sack = true));
	CHECK_EQ(bed_cold(b)->n_sack, 0);
	done(b);
}

static void data_does_not_carry_it(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	bed_forget_tx(b);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100, .no_sack = true));
	done(b);
}

/* SHOULD be in all ACKs while there is a hole. */
static void challenge_ack_carries_it(void)
{
	struct bed *b = bed_in_sack();

	hole_then(b, 101);
	bed_forget_tx(b);
	bed_rx(b, SEG(SYN, 500, 0, 0, .no_mss = true));
	bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 201 })));
	done(b);
}

static void stream_behind_a_hole_is_one_block(void)
{
	struct bed *b = bed_in_sack();

	for (uint32_t i = 1; i <= 20; i++) {
		hole_then(b, 1 + 100 * i);
		bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 101, 101 + 100 * i })));
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_OOO), 20);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 2101, 0, .no_sack = true));
	done(b);
}

static void reverse_order_is_one_block(void)
{
	struct bed *b = bed_in_sack();

	for (uint32_t i = 9; i > 0; i--) {
		hole_then(b, 1 + 100 * i);
		bed_expect(b, SEG(ACK, 1, 1, 0, SACK({ 1 + 100 * i, 1001 })));
	}
	done(b);
}

enum { RANDOM_SPAN = 3000, RANDOM_SEGS = 150 };

/* Of a byte at @seq: has it been received? */
static bool all_there(const uint8_t *there, uint32_t from, uint32_t to)
{
	for (uint32_t i = from; i < to; i++)
		if (!there[i])
			return false;
	return true;
}

/* Every block of @ack is bytes we got beyond a byte we miss, and no two share one. */
static void check_blocks(const uint8_t *there, const struct bed_seg *ack, uint32_t from,
			 uint32_t to, bool again)
{
	uint32_t first = again ? 1 : 0;

	for (uint32_t i = first; i < ack->n_sack; i++) {
		const struct bed_range *r = &ack->sack[i];

		CHECK(r->from > ack->ack && r->from < r->to && r->to < RANDOM_SPAN);
		CHECK(all_there(there, r->from, r->to));
		for (uint32_t k = first; k < i; k++)
			CHECK(r->to < ack->sack[k].from || r->from > ack->sack[k].to);
	}
	if (again)
		CHECK(ack->n_sack > 0 && ack->sack[0].from >= from && ack->sack[0].to <= to);
	if (from > ack->ack && ack->n_sack > first)
		CHECK(ack->sack[first].from <= from && ack->sack[first].to >= to);
}

static void any_order_reports_only_what_is_held(void)
{
	for (uint32_t seed = 1; seed <= 10; seed++) {
		uint8_t there[RANDOM_SPAN] = { 1 };
		struct bed *b = bed_in_sack();
		uint32_t x = seed;

		for (uint32_t i = 0; i < RANDOM_SEGS; i++) {
			uint32_t from, to, nxt = rcv_nxt(b);
			struct bed_seg ack;
			bool again = false;

			x = x * 1664525 + 1013904223;
			from = 1 + (x >> 8) % (RANDOM_SPAN - 500);
			to = from + 1 + (x >> 24);
			for (uint32_t k = from; k < to; k++)
				again |= there[k] || k < nxt;
			memset(there + from, 1, to - from);
			bed_rx(b, SEG(ACK, from, 1, to - from));
			if (bed_tx_waiting(b) == 0)
				continue;		/* in order, and may wait */
			ack = bed_take(b);
			check_blocks(there, &ack, from, to, again);
			bed_forget_tx(b);
			bed_forget_events(b);
		}
		done(b);
	}
}

const struct pkt_case pkt_sack_rx[] = {
	CASE(segment_behind_a_hole_is_reported, "RFC 2018 4 [4-2]"),
	CASE(nobody_is_told_who_did_not_permit_it, "RFC 2018 2 [4-1]"),
	CASE(nothing_is_reported_without_a_hole, "RFC 2018 4"),
	CASE(first_block_is_whole, "RFC 2018 4 [4-3]"),
	CASE(latest_block_is_first, "RFC 2018 4 [4-3, 4-5]"),
	CASE(blocks_that_meet_are_one, "RFC 2018 3"),
	CASE(four_blocks_fit, "RFC 2018 3 [4-4]"),
	CASE(three_blocks_fit_beside_timestamps, "RFC 2018 3 [4-4]"),
	CASE(forgotten_block_is_reported_in_part, "RFC 2018 3, tcp_sack_rx.c"),
	CASE(block_goes_when_the_ack_passes_it, "RFC 2018 4"),
	CASE(bytes_in_front_of_the_hole_keep_the_report, "RFC 2018 4"),
	CASE(segment_that_found_no_place_is_not_reported, "RFC 2018 8 [8-2]"),
	CASE(segment_dropped_for_want_of_frames_is_not_reported, "RFC 2018 8 [8-2]"),
	CASE(bytes_beyond_the_window_are_not_reported, "RFC 2018 3"),
	CASE(block_may_wrap, "RFC 2018 3"),
	CASE(early_fin_is_no_byte, "RFC 2018 3"),
	CASE(bare_early_fin_has_nothing_to_report, "RFC 2018 3"),
	CASE(fin_ends_every_report, "RFC 2018 4"),
	CASE(data_does_not_carry_it, "RFC 2018 4, tcp_tx.c"),
	CASE(challenge_ack_carries_it, "RFC 2018 4"),
	CASE(stream_behind_a_hole_is_one_block, "RFC 2018 3"),
	CASE(reverse_order_is_one_block, "RFC 2018 3"),
	CASE(any_order_reports_only_what_is_held, "RFC 2018 3, 4, 8 [4-2, 8-2]"),
	CASES_END
};
