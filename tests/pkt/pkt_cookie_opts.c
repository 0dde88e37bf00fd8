/* SPDX-License-Identifier: MIT */
/*
 * pkt_cookie_opts.c - what a SYN cookie carries: the MSS, and options in a timestamp
 * (RFC 4987 section 3.6)
 */
#include "cookie.h"

static void mss_survives_as_the_next_smaller_of_the_table(void)
{
	static const uint16_t mss[][2] = { { 1460, 1460 }, { 1459, 1452 }, { 1400, 1400 },
					   { 1380, 1360 }, { 1300, 1220 }, { 1100, 1024 },
					   { 536, 536 }, { 535, 64 }, { 30, 64 } };
	struct bed *b = always();

	for (b->cur = 0; b->cur < ARRAY_LEN(mss); b->cur++) {
		cookie_for(b, SEG(SYN, 0, 0, 0, .mss = mss[b->cur][0]));
		come_back(b);
		CHECK_EQ(bed_pcb(b)->mss, mss[b->cur][1]);
	}
	cookie_for(b, SEG(SYN, 0, 0, 0, .no_mss = true));
	come_back(b);
	CHECK_EQ(bed_pcb(b)->mss, 536);			/* RFC 9293 MUST-15 */
	bed_done(b);
}

static void without_timestamps_only_the_mss_survives(void)
{
	struct bed *b = with(TCP_COOKIE_ALWAYS, true);
	struct bed_seg s = cookie_for(b, SEG(SYN, 0, 0, 0, .sack_ok = true, .has_ws = true,
					     .ws = 7));

	CHECK(!s.has_ws && !s.sack_ok && !s.has_ts);
	CHECK_EQ(s.mss, BED_MSS);
	come_back(b);
	CHECK(!bed_cold(b)->wscale && !bed_cold(b)->sack_ok);
	CHECK(!(bed_pcb(b)->flags & F_TS));
	CHECK_EQ(bed_pcb(b)->snd_wnd, BED_WND);
	bed_done(b);
}

/* Open with timestamps through a cookie; the peer's other options are @syn's. */
static struct bed_seg open_with_ts(struct bed *b, struct bed_seg syn)
{
	struct bed_conn *c = &b->conn[b->cur];
	struct bed_seg s;

	c->ts = syn.has_ts = true;
	c->tsval = syn.tsval = 1000;
	s = cookie_for(b, syn);
	CHECK(s.has_ts);
	CHECK_EQ(s.tsecr, 1000);
	c->tsval = 1010;
	bed_tick(b, BED_RTT_US * NSEC_PER_USEC);
	come_back(b);
	CHECK(bed_pcb(b)->flags & F_TS);
	CHECK_EQ(bed_cold(b)->ts_recent, 1010);
	return s;
}

static void timestamps_carry_scale_and_sack(void)
{
	for (uint8_t ws = 0; ws <= 14; ws++) {
		struct bed *b = with(TCP_COOKIE_ALWAYS, true);
		bool sack = ws % 2;
		struct bed_seg s = open_with_ts(b, SEG(SYN, 0, 0, 0, .has_ws = true, .ws = ws,
						       .sack_ok = sack));

		CHECK(s.has_ws && s.sack_ok == sack);
		CHECK(bed_cold(b)->wscale);
		CHECK_EQ(tcp_snd_scale(bed_pcb(b)), ws);
		CHECK_EQ(bed_pcb(b)->snd_wnd, (uint32_t)BED_WND << ws);
		CHECK_EQ(bed_cold(b)->sack_ok, sack);
		bed_done(b);
	}
}

static void timestamps_carry_that_there_is_no_scale(void)
{
	struct bed *b = with(TCP_COOKIE_ALWAYS, true);
	struct bed_seg s = open_with_ts(b, SEG(SYN, 0, 0, 0));

	CHECK(!s.has_ws && !s.sack_ok);
	CHECK(!bed_cold(b)->wscale && !bed_cold(b)->sack_ok);
	bed_done(b);
}

/* A connection that a cookie made may have died in silence: its peer goes on, and echoes the
 * timestamps of segments, whose low bits are of a clock. They are no options. */
static void timestamp_that_was_not_the_cookies_is_refused(void)
{
	struct bed *b = with(TCP_COOKIE_ALWAYS, true);
	struct bed_conn *c = &b->conn[0];
	uint32_t said;

	c->ts = true;
	cookie_for(b, SEG(SYN, 0, 0, 0));
	said = c->tsecr;
	for (uint32_t bit = 1; bit < 64; bit <<= 1) {
		c->tsecr = said ^ bit;
		is_refused(b, SEG(ACK, 1, 1, 100));
	}
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_BAD), 6);
	c->tsecr = said;
	come_back(b);
	bed_done(b);
}

/* ... nor does one open without timestamps what began with them, or the other way round. */
static void timestamps_come_back_if_they_were_there(void)
{
	struct bed *b = with(TCP_COOKIE_ALWAYS, true);

	b->conn[0].ts = true;
	cookie_for(b, SEG(SYN, 0, 0, 0));
	b->conn[0].ts = false;
	is_refused(b, SEG(ACK, 1, 1, 0));
	b->cur = 1;
	cookie_for(b, SEG(SYN, 0, 0, 0));
	is_refused(b, SEG(ACK, 1, 1, 0, .has_ts = true, .tsval = 5));
	bed_done(b);
}

/* RFC 7323 section 5.4: the next segment's TSval must not be before it. */
static void timestamp_of_a_cookie_is_not_ahead(void)
{
	struct bed *b = with(TCP_COOKIE_ALWAYS, true);

	for (uint32_t i = 0; i < 140; i++) {
		struct bed_seg s = cookie_for(b, SEG(SYN, 0, 0, 0, .has_ts = true, .tsval = 5,
						     .sack_ok = i % 2, .has_ws = true,
						     .ws = (uint8_t)(i % 15)));

		CHECK(tcp_ts_now(&b->dp->tcp) - s.tsval < 64);
		CHECK_EQ(s.tsval & 63, i % 15 + (i % 2 ? 16 : 0));
		bed_tick(b, MSEC + i * 1000);
	}
	bed_done(b);
}

/* An algorithm that asks for ECN gets it through a cookie (RFC 3168 section 6.1.1). */
static void timestamps_carry_ecn(void)
{
	struct tcp_cc_ops ecn_cc = tcp_cc_newreno;

	ecn_cc.ecn = true;
	for (uint32_t i = 0; i < 2; i++) {
		struct bed *b = with(TCP_COOKIE_ALWAYS, true);
		uint8_t ask = i ? TH_ECE | TH_CWR : 0;
		struct bed_seg s;

		b->dp->tcp.cfg.cc = &ecn_cc;
		s = open_with_ts(b, SEG(SYN | ask, 0, 0, 0));
		CHECK_EQ(s.flags & (TH_ECE | TH_CWR), i ? TH_ECE : 0);
		CHECK_EQ((bed_pcb(b)->flags & F_ECN) != 0, i);
		bed_done(b);
	}
}

const struct pkt_case pkt_cookie_opts[] = {
	CASE(mss_survives_as_the_next_smaller_of_the_table,
	     "RFC 4987 3.6, A; RFC 9293 3.7.1 [3.6-4]"),
	CASE(without_timestamps_only_the_mss_survives, "RFC 4987 3.6 [3.6-4]"),
	CASE(timestamps_carry_scale_and_sack, "RFC 4987 3.6; RFC 7323 2.2 [3.6-4]"),
	CASE(timestamps_carry_that_there_is_no_scale, "RFC 4987 3.6; RFC 7323 2.2"),
	CASE(timestamp_that_was_not_the_cookies_is_refused, "RFC 4987 3.6 [3.6-3]"),
	CASE(timestamps_come_back_if_they_were_there, "RFC 4987 3.6; RFC 7323 3.2"),
	CASE(timestamp_of_a_cookie_is_not_ahead, "RFC 7323 5.4"),
	CASE(timestamps_carry_ecn, "RFC 4987 3.6; RFC 3168 6.1.1"),
	CASES_END
};
