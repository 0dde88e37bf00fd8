/* SPDX-License-Identifier: MIT */
/*
 * pkt_wscale.c - window scaling: agreement, the limit of 14, SYNs unscaled (RFC 7323 section 2)
 */
#include "cases.h"

static struct bed *fresh(uint32_t rcv_wnd, bool on)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.rcv_wnd = rcv_wnd;
	cfg.wscale = on;
	return bed_new(&cfg);
}

static void peers_shift_scales_its_windows(void)
{
	struct bed *b = fresh(BED_RCV_WND, true);

	bed_open_with(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 7));
	CHECK_EQ(bed_pcb(b)->snd_wnd, BED_WND << 7);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 10));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 1280);
	CHECK_EQ(bed_sendv(b, 1280), 1280);
	bed_expect(b, SEG(ACK, 1, 1, 1000));
	bed_expect(b, SEG(ACK, 1001, 1, 280));
	CHECK_EQ(bed_sendv(b, 5000), 0);
	bed_done(b);
}

static void window_of_the_syn_ack_is_not_scaled(void)
{
	struct bed *b = fresh(BED_RCV_WND, true);

	bed_open_with(b, SEG(SYN | ACK, 0, 1, 0, .has_ws = true, .ws = 7, .wnd = 900));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 900);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 900));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 900 << 7);
	bed_done(b);
}

static void shift_above_fourteen_is_fourteen(void)
{
	struct bed *b = fresh(BED_RCV_WND, true);

	bed_open_with(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 15));
	CHECK_EQ(tcp_snd_scale(bed_pcb(b)), 14);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 65535));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 65535u << 14);
	bed_done(b);
	b = fresh(BED_RCV_WND, true);
	bed_open_with(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 255));
	CHECK_EQ(tcp_snd_scale(bed_pcb(b)), 14);
	bed_done(b);
}

static void our_shift_is_the_smallest_that_fits(void)
{
	static const struct { uint32_t wnd; uint8_t shift; } want[] = {
		{ 65535, 0 }, { 65536, 1 }, { 131070, 1 }, { 131072, 2 }, { 1 << 20, 5 },
		{ 1 << 28, 13 } };

	for (uint32_t i = 0; i < ARRAY_LEN(want); i++) {
		struct bed *b = fresh(want[i].wnd, true);

		bed_rx(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 1));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .has_ws = true, .ws = want[i].shift));
		bed_done(b);
	}
}

static void our_window_is_scaled_behind_the_handshake(void)
{
	struct bed *b = fresh(1 << 20, true);

	bed_open_with(b, SEG(SYN | ACK, 0, 1, 0, .has_ws = true, .ws = 1));
	CHECK_EQ(b->conn[0].our_ws, 5);
	CHECK_EQ(b->conn[0].edge - 1, 1 << 20);
	bed_done(b);
}

static void without_an_offer_nothing_is_scaled(void)
{
	struct bed *b = fresh(1 << 20, true);

	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .no_ws = true, .wnd = 65535));
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 500));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_pcb(b)->snd_wnd, 500);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_sendv(b, 100), 100);
	bed_expect(b, SEG(ACK, 1, 1, 100, .wnd = 65535));
	bed_done(b);
}

static void offer_is_not_taken_when_turned_off(void)
{
	struct bed *b = fresh(1 << 20, false);

	bed_rx(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = 7));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .no_ws = true, .wnd = 65535));
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 500));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_pcb(b)->snd_wnd, 500);
	bed_done(b);
}

/* A window in flight that is larger than 65535 is really taken. */
static void large_window_is_filled(void)
{
	struct bed *b = fresh(200000, true);
	uint32_t seq = 1;

	bed_open_with(b, SEG(SYN | ACK, 0, 1, 0, .has_ws = true, .ws = 7));
	for (; seq + 1000 <= 150001; seq += 1000) {
		bed_rx(b, SEG(ACK, seq, 1, 1000));
		bed_forget_tx(b);
		bed_forget_events(b);
	}
	CHECK_EQ(rcv_nxt(b), 150001);
	CHECK_EQ(bed_recv_done(b, 150000), 0);
	bed_forget_tx(b);
	bed_done(b);
}

static void option_on_other_segments_is_ignored(void)
{
	static const uint8_t shift7[] = { 1, 3, 3, 7 };
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 5000, .opts = shift7, .opts_len = 4));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 5000);
	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 6000));
	CHECK_EQ(bed_pcb(b)->snd_wnd, 6000);
	bed_done(b);
}

static void window_of_sixteen_bits_is_unsigned(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 65535));
	bed_pcb(b)->cwnd = 1 << 20;
	CHECK_EQ(bed_sendv(b, 65535), 65535);
	expect_full(b, 1, 1, 65);
	bed_expect(b, SEG(ACK, 65001, 1, 535));
	CHECK_EQ(bed_sendv(b, 1), 0);
	bed_done(b);
}

const struct pkt_case pkt_wscale[] = {
	CASE(peers_shift_scales_its_windows, "RFC 7323 2.2 [2.3-2, RFC 9293 REC-1]"),
	CASE(window_of_the_syn_ack_is_not_scaled, "RFC 7323 2.2 [2.2-3]"),
	CASE(shift_above_fourteen_is_fourteen, "RFC 7323 2.3 [2.3-1]"),
	CASE(our_shift_is_the_smallest_that_fits, "RFC 7323 2.2"),
	CASE(our_window_is_scaled_behind_the_handshake, "RFC 7323 2.2 [2.2-1, 2.3-2]"),
	CASE(without_an_offer_nothing_is_scaled, "RFC 7323 2.2 [2.2-2, 2.2-4]"),
	CASE(offer_is_not_taken_when_turned_off, "RFC 7323 2.2 [2.2-4]"),
	CASE(large_window_is_filled, "RFC 7323 2.3 [2.3-2, 2.4-2, 2.4-3, 2.4-1, RFC 9293 REC-1]"),
	CASE(option_on_other_segments_is_ignored, "RFC 7323 2.2 [2.2-5, RFC 9293 MUST-5]"),
	CASE(window_of_sixteen_bits_is_unsigned, "RFC 9293 3.1 [MUST-1]"),
	CASES_END
};
