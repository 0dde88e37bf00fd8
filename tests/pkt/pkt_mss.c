/* SPDX-License-Identifier: MIT */
/*
 * pkt_mss.c - the largest segment: what we say, what we believe (RFC 9293 section 3.7.1)
 */
#include "cases.h"

/* Established over a SYN with this MSS; returns the length of the first full segment. */
static uint32_t first_segment(struct bed_seg syn)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);
	uint32_t len;

	bed_open_with(b, syn);
	CHECK(bed_sendv(b, 4000) > 0);
	len = bed_take(b).len;
	bed_forget_tx(b);
	bed_done(b);
	return len;
}

static void we_send_what_the_peer_can_take(void)
{
	CHECK_EQ(first_segment(SEG(SYN, 0, 0, 0, .mss = 700)), 700);
	CHECK_EQ(first_segment(SEG(SYN | ACK, 0, 1, 0, .mss = 700)), 700);
}

static void without_the_option_it_is_536(void)
{
	CHECK_EQ(first_segment(SEG(SYN, 0, 0, 0, .no_mss = true)), 536);
	CHECK_EQ(first_segment(SEG(SYN | ACK, 0, 1, 0, .no_mss = true)), 536);
}

static void our_mtu_is_a_limit_too(void)
{
	CHECK_EQ(first_segment(SEG(SYN, 0, 0, 0, .mss = 9000)), 1460);
	CHECK_EQ(first_segment(SEG(SYN, 0, 0, 0, .mss = 65535)), 1460);
}

static void absurdly_small_mss_is_raised(void)
{
	CHECK_EQ(first_segment(SEG(SYN, 0, 0, 0, .mss = 1)), 64);
}

static void we_announce_what_we_can_take(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.mss = 0;
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .mss = 1460));
	bed_done(b);
}

static void option_on_other_segments_is_ignored(void)
{
	static const uint8_t mss100[] = { 2, 4, 0, 100 };
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .opts = mss100, .opts_len = 4));
	send_full(b, 2);
	bed_done(b);
}

static void option_is_sent_with_syn_only(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint32_t n = 0;

	bed_rx(b, SEG(ACK, 101, 1, 100));		/* a gap: an ACK of its own */
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_close(b, IX_CLOSE_HALF);
	bed_rx(b, SEG(SYN, 5, 0, 0));			/* a challenge */
	for (; bed_tx_waiting(b) > 0; n++)
		CHECK_EQ(bed_take(b).mss, 0);
	CHECK_EQ(n, 4);
	bed_done(b);
}

const struct pkt_case pkt_mss[] = {
	CASE(we_send_what_the_peer_can_take, "RFC 9293 3.7.1 [MUST-14, MUST-16]"),
	CASE(without_the_option_it_is_536, "RFC 9293 3.7.1 [MUST-15]"),
	CASE(our_mtu_is_a_limit_too, "RFC 9293 3.7.1 [MUST-16]"),
	CASE(absurdly_small_mss_is_raised, "RFC 9293 3.7.1 [MUST-16]"),
	CASE(we_announce_what_we_can_take, "RFC 9293 3.7.1 [MUST-67]"),
	CASE(option_on_other_segments_is_ignored, "RFC 9293 3.1 [MUST-5]"),
	CASE(option_is_sent_with_syn_only, "RFC 9293 3.7.1 [MUST-65]"),
	CASES_END
};
