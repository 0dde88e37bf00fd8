/* SPDX-License-Identifier: MIT */
/*
 * pkt_urgent.c - urgent data is data in line, whatever the pointer says (RFC 6093 section 6)
 */
#include "cases.h"

static void urgent_byte_stays_in_the_stream(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | URG, 1, 1, 100, .urp = 1));
	bed_rx(b, SEG(ACK | URG, 101, 1, 100, .urp = 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

/* Beyond the segment, beyond the window, zero: it is never looked at. */
static void pointer_that_lies_is_ignored(void)
{
	static const uint16_t urp[] = { 0, 101, 65535 };

	for (uint32_t i = 0; i < ARRAY_LEN(urp); i++) {
		struct bed *b = bed_in(TCP_ESTABLISHED);

		bed_rx(b, SEG(ACK | URG, 1, 1, 100, .urp = urp[i]));
		bed_expect_event(b, IX_EV_RECV, 100);
		bed_tick(b, 100 * MSEC);
		bed_expect(b, SEG(ACK, 1, 101, 0));
		bed_done(b);
	}
}

static void pointer_without_the_flag_is_ignored(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);
	uint64_t slow = bed_stat(b, STAT_TCP_SLOW);

	bed_rx(b, SEG(ACK, 1, 1, 100, .urp = 50));
	bed_rx(b, SEG(ACK, 101, 1, 100, .urp = 50));
	CHECK_EQ(bed_stat(b, STAT_TCP_SLOW), slow + (bed_fast_path ? 0 : 2));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void urgent_out_of_order_waits_its_turn(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK | URG, 101, 1, 100, .urp = 100));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_no_event(b);
	bed_rx(b, SEG(ACK, 1, 1, 100));
	bed_expect(b, SEG(ACK, 1, 201, 0));
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_expect_event(b, IX_EV_RECV, 100);
	bed_done(b);
}

static void urgent_without_text_acknowledges(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_rx(b, SEG(ACK | URG, 1, 1001, 0, .urp = 10));
	bed_expect_event(b, IX_EV_SENT, 1000);
	bed_done(b);
}

const struct pkt_case pkt_urgent[] = {
	CASE(urgent_byte_stays_in_the_stream, "RFC 6093 6"),
	CASE(pointer_that_lies_is_ignored, "RFC 6093 6"),
	CASE(pointer_without_the_flag_is_ignored, "RFC 9293 3.8.5"),
	CASE(urgent_out_of_order_waits_its_turn, "RFC 6093 6"),
	CASE(urgent_without_text_acknowledges, "RFC 9293 3.10.7.4 sixth"),
	CASES_END
};
