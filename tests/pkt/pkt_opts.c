/* SPDX-License-Identifier: MIT */
/*
 * pkt_opts.c - options as they may come: odd, unknown, malformed (RFC 9293 section 3.1)
 */
#include "cases.h"

static const uint8_t len_0[] = { 254, 0, 0, 0 };
static const uint8_t len_1[] = { 254, 1, 0, 0 };
static const uint8_t past_end[] = { 254, 9, 0, 0 };
static const uint8_t cut_off[] = { 1, 1, 1, 2 };

static const struct { const uint8_t *p; uint8_t len; } malformed[] = {
	{ len_0, 4 }, { len_1, 4 }, { past_end, 4 }, { cut_off, 4 } };

static void malformed_options_on_a_syn_make_no_connection(void)
{
	for (uint32_t i = 0; i < ARRAY_LEN(malformed); i++) {
		struct dp_cfg cfg = bed_cfg();
		struct bed *b = bed_new(&cfg);

		bed_rx(b, SEG(SYN, 0, 0, 0, .opts = malformed[i].p, .opts_len = malformed[i].len));
		bed_expect_nothing(b);
		CHECK_EQ(bed_stat(b, STAT_TCP_BAD_HEADER), 1);
		CHECK_EQ(dp_usage(b->dp).conns, 0);
		bed_done(b);
	}
}

static void malformed_options_on_a_syn_ack_are_dropped(void)
{
	for (uint32_t i = 0; i < ARRAY_LEN(malformed); i++) {
		struct bed *b = bed_in(TCP_SYN_SENT);

		bed_rx(b, SEG(SYN | ACK, 0, 1, 0, .opts = malformed[i].p,
			      .opts_len = malformed[i].len));
		bed_expect_nothing(b);
		CHECK_EQ(bed_state(b), TCP_SYN_SENT);
		bed_done(b);
	}
}

static void malformed_options_where_timestamps_are_due_are_dropped(void)
{
	for (uint32_t i = 0; i < ARRAY_LEN(malformed); i++) {
		struct dp_cfg cfg = bed_cfg();
		struct bed *b;

		cfg.timestamps = true;
		b = bed_new(&cfg);
		b->conn[0].ts = true;
		bed_go(b, TCP_ESTABLISHED);
		bed_rx(b, SEG(ACK, 1, 1, 10, .opts = malformed[i].p,
			      .opts_len = malformed[i].len));
		bed_expect_nothing(b);
		bed_expect_no_event(b);
		CHECK_EQ(bed_stat(b, STAT_TCP_BAD_HEADER), 1);
		bed_done(b);
	}
}

/* Nothing of them is looked at. */
static void malformed_options_that_nobody_reads_do_no_harm(void)
{
	for (uint32_t i = 0; i < ARRAY_LEN(malformed); i++) {
		struct bed *b = bed_in(TCP_ESTABLISHED);

		bed_rx(b, SEG(ACK, 1, 1, 10, .opts = malformed[i].p,
			      .opts_len = malformed[i].len));
		bed_expect_event(b, IX_EV_RECV, 10);
		bed_done(b);
	}
}

static void unknown_options_are_skipped(void)
{
	static const uint8_t o[] = { 253, 4, 1, 2, 254, 3, 9, 1, 2, 4, 2, 0xbc, 1, 1, 1, 0 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .opts = o, .opts_len = sizeof(o)));
	CHECK_EQ(bed_pcb(b)->mss, 700);
	bed_done(b);
}

static void options_behind_the_end_of_the_list_are_not_read(void)
{
	static const uint8_t o[] = { 0, 2, 4, 0x01, 0x02, 4, 0, 0 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .opts = o, .opts_len = sizeof(o)));
	CHECK_EQ(bed_pcb(b)->mss, 536);
	bed_done(b);
}

static void option_of_the_wrong_length_is_unknown(void)
{
	static const uint8_t o[] = { 2, 3, 9, 3, 4, 7, 7, 8, 6, 1, 2, 3, 4, 1, 1, 0 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	bed_rx(b, SEG(SYN, 0, 0, 0, .opts = o, .opts_len = sizeof(o)));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .no_ws = true, .no_ts = true));
	CHECK_EQ(bed_pcb(b)->mss, 536);
	bed_done(b);
}

static void forty_bytes_of_padding_are_accepted(void)
{
	static const uint8_t o[40] = { 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1,
				       1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1 };
	struct bed *b = bed_in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 10, .opts = o, .opts_len = sizeof(o)));
	bed_expect_event(b, IX_EV_RECV, 10);
	bed_done(b);
}

const struct pkt_case pkt_opts[] = {
	CASE(malformed_options_on_a_syn_make_no_connection, "RFC 9293 3.1 [MUST-7]"),
	CASE(malformed_options_on_a_syn_ack_are_dropped, "RFC 9293 3.1 [MUST-7]"),
	CASE(malformed_options_where_timestamps_are_due_are_dropped, "RFC 9293 3.1 [MUST-7]"),
	CASE(malformed_options_that_nobody_reads_do_no_harm, "RFC 9293 3.1 [MUST-7]"),
	CASE(unknown_options_are_skipped, "RFC 9293 3.1 [MUST-6, MUST-68]"),
	CASE(options_behind_the_end_of_the_list_are_not_read, "RFC 9293 3.1 [MUST-4]"),
	CASE(option_of_the_wrong_length_is_unknown, "RFC 9293 3.1 [MUST-68]"),
	CASE(forty_bytes_of_padding_are_accepted, "RFC 9293 3.1 [MUST-4, MUST-64]"),
	CASES_END
};
