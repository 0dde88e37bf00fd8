/* SPDX-License-Identifier: MIT */
/*
 * pkt_icmp.c - ICMP errors about our segments: path MTU, unreachables, and forgeries
 * (RFC 1191, RFC 1122 section 4.2.3.9, RFC 5927)
 */
#include "cases.h"

static void smaller_path_mtu_cuts_segments_and_sends_again(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 2);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 1);
	for (uint32_t i = 0; i < 3; i++)
		bed_expect(b, SEG(ACK, 1 + i * 536, 1, 536));
	bed_expect(b, SEG(ACK, 1609, 1, 392));
	bed_rx(b, SEG(ACK, 1, 2001, 0));
	bed_expect_event(b, IX_EV_SENT, 2000);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_expect(b, SEG(ACK, 2001, 1, 536));
	bed_expect(b, SEG(ACK, 2537, 1, 464));
	bed_done(b);
}

/* As many segments as before: a window that was full is full. */
static void smaller_path_mtu_shrinks_cwnd_in_proportion(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 10);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 1);
	CHECK_EQ(bed_pcb(b)->cwnd, 5360);
	CHECK_EQ(bed_tx_waiting(b), 10);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void path_mtu_is_believed_about_segments_in_flight_only(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 1);
	send_full(b, 2);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 0);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 2001);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 0x80000001u);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->mss, 1000);
	bed_done(b);
}

static void path_mtu_never_raises_and_has_a_floor(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 2);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 1500, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->mss, 1000);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 1, 1001);
	CHECK_EQ(bed_pcb(b)->mss, 512);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 0, 1);
	CHECK_EQ(bed_pcb(b)->mss, 512);
	bed_forget_tx(b);
	bed_done(b);
}

static void port_unreachable_refuses_a_connect(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_PORT, 0, 0);
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNREFUSED);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void host_unreachable_explains_a_connect_that_fails(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_HOST, 0, 0);
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_tick(b, 200 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_CONNECTED, -EHOSTUNREACH);
	bed_done(b);
}

static void unreachable_does_not_end_a_connection(void)
{
	static const uint8_t codes[] = { ICMP_C_NET, ICMP_C_HOST, ICMP_C_PROTO, ICMP_C_PORT };

	for (uint32_t i = 0; i < ARRAY_LEN(codes); i++) {
		struct bed *b = bed_in(TCP_ESTABLISHED);

		send_full(b, 1);
		bed_rx_icmp(b, ICMP_T_UNREACH, codes[i], 0, 1);
		bed_rx(b, SEG(ACK, 1, 1001, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
		CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
		bed_done(b);
	}
}

static void unreachable_explains_a_timeout(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.data_retries = 2;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_HOST, 0, 1);
	bed_tick(b, 10 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_UNREACHABLE);
	bed_done(b);
}

static void progress_makes_an_unreachable_forgotten(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.data_retries = 2;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	send_full(b, 1);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_HOST, 0, 1);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	send_full(b, 1);
	bed_tick(b, 10 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_done(b);
}

static void other_errors_are_ignored(void)
{
	struct bed *b = bed_in(TCP_SYN_SENT);

	bed_rx_icmp(b, ICMP_T_TIME_EXCEEDED, 0, 0, 0);
	bed_rx_icmp(b, ICMP_T_PARAM_PROBLEM, 0, 0, 0);
	CHECK_EQ(bed_state(b), TCP_SYN_SENT);
	bed_done(b);
}

static void error_about_nobodys_segment_is_ignored(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	b->cur = 5;
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_PORT, 0, 0);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 0);
	b->cur = 0;
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void path_mtu_is_not_raised_again(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 1);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 1001, 0));
	bed_expect_event(b, IX_EV_SENT, 1000);
	for (uint32_t i = 0; i < 20; i++) {
		bed_tick(b, 60 * SEC);
		CHECK_EQ(bed_sendv(b, 1000), 1000);
		CHECK_EQ(bed_take(b).len, 536);
		CHECK_EQ(bed_take(b).len, 464);
		bed_rx(b, SEG(ACK, 1, 2001 + i * 1000, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
	}
	bed_done(b);
}

static void source_quench_is_ignored(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 5);
	bed_rx_icmp(b, 4, 0, 0, 1);
	bed_expect_nothing(b);
	CHECK_EQ(bed_pcb(b)->cwnd, 10000);
	send_full(b, 5);
	bed_done(b);
}

/* Every segment in flight was too big, and each brings an error. */
static void burst_of_errors_sends_again_once(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	send_full(b, 4);
	for (uint32_t i = 0; i < 4; i++)
		bed_rx_icmp(b, ICMP_T_UNREACH, ICMP_C_FRAG_NEEDED, 576, 1 + i * 1000);
	for (uint32_t i = 0; i < 7; i++)
		bed_expect(b, SEG(ACK, 1 + i * 536, 1, 536));
	bed_expect(b, SEG(ACK, 3753, 1, 248));
	bed_expect_nothing(b);
	bed_done(b);
}

const struct pkt_case pkt_icmp[] = {
	CASE(smaller_path_mtu_cuts_segments_and_sends_again,
	     "RFC 1191 6.4 [3-1, 6.4-1, RFC 9293 MUST-54]"),
	CASE(smaller_path_mtu_shrinks_cwnd_in_proportion, "RFC 5681 3.1 [3.1-14]"),
	CASE(path_mtu_is_believed_about_segments_in_flight_only, "RFC 5927 4.1, 7.2 [4.1-1, 7-1]"),
	CASE(path_mtu_never_raises_and_has_a_floor,
	     "RFC 1191 3; RFC 5927 7 [3-3, 5-1, RFC 5927 7-1]"),
	CASE(port_unreachable_refuses_a_connect,
	     "RFC 1122 4.2.3.9 [RFC 9293 SHLD-26, RFC 9293 MUST-54]"),
	CASE(host_unreachable_explains_a_connect_that_fails,
	     "RFC 1122 4.2.3.9 [RFC 9293 SHLD-25, RFC 9293 MUST-56]"),
	CASE(unreachable_does_not_end_a_connection, "RFC 5927 5.2 [5.2-1, RFC 9293 MUST-56]"),
	CASE(unreachable_explains_a_timeout,
	     "RFC 1122 4.2.3.9 [RFC 9293 SHLD-25, RFC 9293 MUST-47]"),
	CASE(progress_makes_an_unreachable_forgotten, "RFC 1122 4.2.3.9"),
	CASE(other_errors_are_ignored, "RFC 1122 4.2.3.9 [RFC 9293 MUST-56]"),
	CASE(error_about_nobodys_segment_is_ignored, "RFC 5927 4.1 [4.1-1]"),
	CASE(path_mtu_is_not_raised_again, "RFC 1191 3 [3-4]"),
	CASE(source_quench_is_ignored, "RFC 9293 3.9.2.2 [MUST-55, RFC 5927 6-1]"),
	CASE(burst_of_errors_sends_again_once, "RFC 1191 6.4 [6.4-1, 6.4-2]"),
	CASES_END
};
