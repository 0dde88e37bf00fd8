/* SPDX-License-Identifier: MIT */
/*
 * cookie.h - SYN cookies by script: get one, bring it back, see it refused (pkt_cookie*.c)
 */
#ifndef TESTS_PKT_COOKIE_H
#define TESTS_PKT_COOKIE_H

#include "cases.h"

static inline struct bed *with(enum tcp_cookie_mode mode, bool timestamps)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.syn_cookies = mode;
	cfg.timestamps = timestamps;
	return bed_new(&cfg);
}

static inline struct bed *always(void) { return with(TCP_COOKIE_ALWAYS, false); }

/* The peer's @syn is answered by a cookie. */
static inline struct bed_seg cookie_for(struct bed *b, struct bed_seg syn)
{
	uint64_t sent = bed_stat(b, STAT_TCP_COOKIE_SENT);
	uint32_t conns = dp_usage(b->dp).conns;
	struct bed_seg s;

	bed_rx(b, syn);
	CHECK_EQ(bed_stat(b, STAT_TCP_COOKIE_SENT), sent + 1);
	CHECK_EQ(dp_usage(b->dp).conns, conns);
	s = bed_take(b);
	CHECK_EQ(s.flags & (SYN | ACK), SYN | ACK);
	return s;
}

static inline void come_back(struct bed *b)
{
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
}

/* @s does not open anything; nor is it answered: what it lacks may come behind it. */
static inline void is_refused(struct bed *b, struct bed_seg s)
{
	uint32_t conns = dp_usage(b->dp).conns;

	bed_rx(b, s);
	bed_expect_nothing(b);
	CHECK_EQ(dp_usage(b->dp).conns, conns);
}

#endif
