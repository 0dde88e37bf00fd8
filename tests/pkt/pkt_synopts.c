/* SPDX-License-Identifier: MIT */
/*
 * pkt_synopts.c - what a SYN and a SYN-ACK say in their options, byte by byte, and what both
 * ends then agree on (RFC 9293 section 3.2, RFC 7323, RFC 2018 section 2)
 *
 * The order is Linux's: MSS, SACK-permitted in the padding of timestamps, window scale.
 */
#include "cases.h"

static struct dp_cfg cfg_with(bool sack, bool timestamps)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.sack = sack;
	cfg.timestamps = timestamps;
	return cfg;
}

/* The last frame sent has just the options @want[@n]; 0xee is any byte. Frames are held. */
static void expect_bytes(struct bed *b, const uint8_t *want, uint32_t n)
{
	uint8_t f[256];
	uint32_t len = mbuf_gather(b->held[b->n_held - 1], f, sizeof(f));
	const uint8_t *h = f + ETH_HLEN + IP_HLEN_MIN;

	CHECK(len >= ETH_HLEN + IP_HLEN_MIN + TCP_HLEN_MIN + n);
	CHECK_EQ((uint32_t)(h[TCP_OFF] >> 4) * 4, TCP_HLEN_MIN + n);
	for (uint32_t i = 0; i < n; i++)
		if (want[i] != 0xee)
			CHECK_EQ(h[TCP_HLEN_MIN + i], want[i]);
}

#define EXPECT_BYTES(b, ...) do { \
	static const uint8_t want_[] = { __VA_ARGS__ }; \
	expect_bytes(b, want_, sizeof(want_)); \
} while (0)

/* Our SYN is on the wire. */
static struct bed *calling(bool sack, bool timestamps)
{
	struct dp_cfg cfg = cfg_with(sack, timestamps);
	struct bed *b = bed_new(&cfg);

	b->tx_hold = true;
	b->conn[0].lport = (uint16_t)cfg.port_min;
	bed_align_iss(b);
	CHECK(bed_connect(b) > 0);
	bed_expect(b, SEG(SYN, 0, 0, 0, .mss = BED_MSS));
	return b;
}

/* The peer's @syn has been answered. */
static struct bed *called(bool sack, bool timestamps, struct bed_seg syn)
{
	struct dp_cfg cfg = cfg_with(sack, timestamps);
	struct bed *b = bed_new(&cfg);

	b->tx_hold = true;
	bed_align_iss(b);
	bed_rx(b, syn);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .mss = BED_MSS));
	return b;
}

static void syn_offers_sack_in_a_word_of_its_own(void)
{
	struct bed *b = calling(true, false);

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 1, 1, 4, 2, 1, 3, 3, 0);
	bed_done(b);
}

static void syn_offers_sack_in_the_padding_of_timestamps(void)
{
	struct bed *b = calling(true, true);

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 4, 2, 8, 10, 0xee, 0xee, 0xee, 0xee,
		     0, 0, 0, 0, 1, 3, 3, 0);
	bed_done(b);
}

static void syn_without_sack_pads_timestamps(void)
{
	struct bed *b = calling(false, true);

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 1, 1, 8, 10, 0xee, 0xee, 0xee, 0xee,
		     0, 0, 0, 0, 1, 3, 3, 0);
	bed_done(b);
}

static void syn_without_sack_or_timestamps_is_short(void)
{
	struct bed *b = calling(false, false);

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 1, 3, 3, 0);
	bed_done(b);
}

static void syn_ack_agrees_to_everything(void)
{
	struct bed *b = called(true, true, SEG(SYN, 0, 0, 0, .sack_ok = true, .has_ws = true,
					       .ws = 7, .has_ts = true, .tsval = 0x01020304));

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 4, 2, 8, 10, 0xee, 0xee, 0xee, 0xee,
		     1, 2, 3, 4, 1, 3, 3, 0);
	bed_done(b);
}

static void syn_ack_says_nothing_that_was_not_offered(void)
{
	struct bed *b = called(true, true, SEG(SYN, 0, 0, 0));

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255);
	bed_done(b);
}

static void syn_ack_agrees_to_sack_alone(void)
{
	struct bed *b = called(true, true, SEG(SYN, 0, 0, 0, .sack_ok = true));

	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 1, 1, 4, 2);
	bed_done(b);
}

/* A SYN-ACK sent again says the same. */
static void syn_ack_repeats_what_it_agreed_to(void)
{
	struct bed *b = called(true, false, SEG(SYN, 0, 0, 0, .sack_ok = true));

	bed_tick_to_frame(b, 2 * SEC);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .sack_ok = true, .no_ts = true, .no_ws = true));
	EXPECT_BYTES(b, 2, 4, BED_MSS >> 8, BED_MSS & 255, 1, 1, 4, 2);
	bed_done(b);
}

static void sack_holds_when_both_ends_want_it(void)
{
	for (uint32_t i = 0; i < 8; i++) {
		bool ours = i & 1, theirs = i & 2, active = i & 4;
		struct dp_cfg cfg = cfg_with(ours, false);
		struct bed *b = bed_new(&cfg);

		if (active)
			bed_open_with(b, SEG(SYN | ACK, 0, 1, 0, .sack_ok = theirs));
		else
			bed_open_with(b, SEG(SYN, 0, 0, 0, .sack_ok = theirs));
		CHECK_EQ(bed_cold(b)->sack_ok, ours && theirs);
		bed_done(b);
	}
}

static void simultaneous_open_agrees_on_sack(void)
{
	struct dp_cfg cfg = cfg_with(true, false);
	struct bed *b = bed_in_cfg(&cfg, TCP_SYN_SENT);

	bed_rx(b, SEG(SYN, 0, 0, 0, .sack_ok = true));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .sack_ok = true));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	CHECK(bed_cold(b)->sack_ok);
	bed_done(b);
}

static void sack_permitted_of_a_wrong_length_is_no_offer(void)
{
	static const uint8_t opts[] = { 4, 3, 0, 1 };
	struct dp_cfg cfg = cfg_with(true, false);
	struct bed *b = bed_new(&cfg);

	bed_rx(b, SEG(SYN, 0, 0, 0, .opts = opts, .opts_len = sizeof(opts)));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .no_sack_ok = true));
	CHECK(!bed_cold(b)->sack_ok);
	bed_done(b);
}

/* RFC 2018 section 2: it MUST NOT be sent on other segments, and means nothing there. */
static void sack_permitted_later_changes_nothing(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 100, .sack_ok = true));
	bed_expect_event(b, IX_EV_RECV, 100);
	CHECK(!bed_cold(b)->sack_ok);
	bed_tick(b, 50 * MSEC);
	bed_expect(b, SEG(ACK, 1, 101, 0, .no_sack_ok = true));
	bed_done(b);
}

const struct pkt_case pkt_synopts[] = {
	CASE(syn_offers_sack_in_a_word_of_its_own, "RFC 2018 2 [2-1]"),
	CASE(syn_offers_sack_in_the_padding_of_timestamps, "RFC 2018 2; RFC 7323 A"),
	CASE(syn_without_sack_pads_timestamps, "RFC 7323 A"),
	CASE(syn_without_sack_or_timestamps_is_short, "RFC 9293 3.2"),
	CASE(syn_ack_agrees_to_everything, "RFC 7323 2.2, 3.2; RFC 2018 2 [2.2-1, 3.2-1]"),
	CASE(syn_ack_says_nothing_that_was_not_offered,
	     "RFC 7323 2.2, 3.2; RFC 2018 2 [2.2-2, 3.2-2]"),
	CASE(syn_ack_agrees_to_sack_alone, "RFC 2018 2 [2-1]"),
	CASE(syn_ack_repeats_what_it_agreed_to, "RFC 2018 2"),
	CASE(sack_holds_when_both_ends_want_it, "RFC 2018 2 [2-1]"),
	CASE(simultaneous_open_agrees_on_sack, "RFC 9293 3.5; RFC 2018 2"),
	CASE(sack_permitted_of_a_wrong_length_is_no_offer, "RFC 2018 2"),
	CASE(sack_permitted_later_changes_nothing, "RFC 2018 2 [2-2]"),
	CASES_END
};
