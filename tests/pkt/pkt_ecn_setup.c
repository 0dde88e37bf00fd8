/* SPDX-License-Identifier: MIT */
/*
 * pkt_ecn_setup.c - agreeing on ECN in the handshake (RFC 3168 section 6.1.1)
 */
#include "cases.h"

static struct bed *fresh(enum tcp_ecn_use use)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.ecn = use;
	return bed_new(&cfg);
}

/* A passive open whose SYN says @syn, beside SYN; the SYN-ACK says @want. */
static struct bed *passive(enum tcp_ecn_use use, uint8_t syn, uint8_t want)
{
	struct bed *b = fresh(use);

	bed_align_iss(b);
	bed_rx(b, SEG(SYN | syn, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK | want, 0, 1, 0));
	return b;
}

static void accept_it(struct bed *b)
{
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
}

/* An active open whose SYN must say @want, beside SYN. */
static struct bed *active(enum tcp_ecn_use use, uint8_t want)
{
	struct bed *b = fresh(use);

	b->conn[0].active = true;
	b->conn[0].lport = (uint16_t)b->cfg.port_min;
	bed_align_iss(b);
	CHECK(bed_connect(b) > 0);
	bed_expect(b, SEG(SYN | want, 0, 0, 0));
	return b;
}

/* ... and is answered with @answer, beside SYN and ACK. */
static void answered(struct bed *b, uint8_t answer)
{
	bed_tick(b, 1 * MSEC);
	bed_rx(b, SEG(SYN | ACK | answer, 0, 1, 0));
	bed_expect(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
}

static void done_with(struct bed *b, bool ecn)
{
	CHECK_EQ((bed_pcb(b)->flags & F_ECN) != 0, ecn);
	if (ecn)
		send_ect(b, 1, 0);
	else
		send_full(b, 1);
	bed_done(b);
}

static void peer_that_asks_gets_it(void)
{
	struct bed *b = passive(TCP_ECN_PASSIVE, ECE | CWR, ECE);

	accept_it(b);
	done_with(b, true);
	b = passive(TCP_ECN_ON, ECE | CWR, ECE);
	accept_it(b);
	done_with(b, true);
}

static void peer_that_does_not_ask_does_not_get_it(void)
{
	static const uint8_t not_asking[] = { 0, ECE, CWR };

	for (uint32_t i = 0; i < ARRAY_LEN(not_asking); i++) {
		struct bed *b = passive(TCP_ECN_ON, not_asking[i], 0);

		accept_it(b);
		done_with(b, false);
	}
}

static void off_agrees_to_nothing(void)
{
	struct bed *b = passive(TCP_ECN_OFF, ECE | CWR, 0);

	accept_it(b);
	done_with(b, false);
}

static void passive_does_not_ask_and_takes_no_answer(void)
{
	struct bed *b = active(TCP_ECN_PASSIVE, 0);

	answered(b, ECE);
	done_with(b, false);
}

static void on_asks(void)
{
	struct bed *b = active(TCP_ECN_ON, ECE | CWR);

	answered(b, ECE);
	done_with(b, true);
}

/* Old stacks return the reserved bits as they came. */
static void reflection_is_no_answer(void)
{
	static const uint8_t no_answer[] = { ECE | CWR, CWR, 0 };

	for (uint32_t i = 0; i < ARRAY_LEN(no_answer); i++) {
		struct bed *b = active(TCP_ECN_ON, ECE | CWR);

		answered(b, no_answer[i]);
		done_with(b, false);
	}
}

static void second_syn_does_not_ask(void)
{
	struct bed *b = active(TCP_ECN_ON, ECE | CWR);

	bed_tick(b, 1001 * MSEC);
	bed_expect(b, SEG(SYN, 0, 0, 0));
	answered(b, 0);
	done_with(b, false);
}

/* The pool is empty at first: the SYN that gets out is the first one there was. */
static void syn_that_found_no_room_has_not_asked(void)
{
	static struct mbuf *m[BED_MBUFS];
	struct bed *b = fresh(TCP_ECN_ON);
	uint32_t n = 0;

	b->conn[0].active = true;
	b->conn[0].lport = (uint16_t)b->cfg.port_min;
	bed_align_iss(b);
	while (mempool_avail(&b->pool) > 0)
		m[n++] = mbuf_alloc(&b->pool);
	CHECK(bed_connect(b) > 0);
	bed_expect_nothing(b);
	while (n > 0)
		mbuf_free(m[--n]);
	bed_tick(b, 1001 * MSEC);
	bed_expect(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	answered(b, ECE);
	done_with(b, true);
}

/* The first SYN arrived after all: the peer may mark, and hears of it; our data is not ECT. */
static void late_answer_is_echoed_but_not_used(void)
{
	struct bed *b = active(TCP_ECN_ON, ECE | CWR);

	bed_tick(b, 1001 * MSEC);
	bed_expect(b, SEG(SYN, 0, 0, 0));
	answered(b, ECE);
	bed_rx(b, SEG(ACK, 1, 1, 100, .ecn = IP_ECN_CE));
	bed_expect_event(b, IX_EV_RECV, 100);
	CHECK_EQ(bed_sendv(b, 1000), 1000);
	bed_expect(b, SEG(ACK | ECE, 1, 101, 1000));
	bed_done(b);
}

static void syn_ack_again_says_the_same(void)
{
	struct bed *b = passive(TCP_ECN_PASSIVE, ECE | CWR, ECE);

	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_tick(b, 1001 * MSEC);
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	accept_it(b);
	done_with(b, true);
}

static void peer_that_stops_asking_does_not_get_it(void)
{
	struct bed *b = passive(TCP_ECN_PASSIVE, ECE | CWR, ECE);

	bed_rx(b, SEG(SYN, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	accept_it(b);
	done_with(b, false);
}

static void marked_syn_is_nothing(void)
{
	struct bed *b = fresh(TCP_ECN_PASSIVE);

	bed_align_iss(b);
	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0, .ecn = IP_ECN_CE));
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0, .ecn = IP_ECN_CE));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	CHECK_EQ(bed_stat(b, STAT_TCP_ECN_CE), 0);
	done_with(b, true);
}

static void both_ends_that_open_agree(void)
{
	struct bed *b = active(TCP_ECN_ON, ECE | CWR);

	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_CONNECTED, 0);
	done_with(b, true);
}

/* The algorithm may be changed until the SYN-ACK has gone; it brings its own wish along. */
static void algorithm_changed_in_the_handshake_begins_anew(void)
{
	struct bed *b = passive(TCP_ECN_PASSIVE, ECE | CWR, ECE);

	tcp_cc_set(&b->dp->tcp, bed_pcb(b), &tcp_cc_dctcp);
	CHECK_EQ(bed_cold(b)->cc_state.dctcp.alpha, 1 << 16);
	accept_it(b);
	CHECK(bed_cold(b)->cc == &tcp_cc_dctcp);
	done_with(b, true);
}

const struct pkt_case pkt_ecn_setup[] = {
	CASE(peer_that_asks_gets_it, "RFC 3168 6.1.1 [6.1.1-3, 6.1.1-1]"),
	CASE(peer_that_does_not_ask_does_not_get_it, "RFC 3168 6.1.1 [6.1.1-2, 6.1.1-4]"),
	CASE(off_agrees_to_nothing, "RFC 3168 6.1.1 [6.1.1-2, 6.1.1-7]"),
	CASE(passive_does_not_ask_and_takes_no_answer, "RFC 3168 6.1.1 [6.1.1-2]"),
	CASE(on_asks, "RFC 3168 6.1.1 [6.1.1-3, 6.1.1-1]"),
	CASE(reflection_is_no_answer, "RFC 3168 6.1.1 [6.1.1-2, 6.1.1-8]"),
	CASE(second_syn_does_not_ask, "RFC 3168 6.1.1.1"),
	CASE(syn_that_found_no_room_has_not_asked, "RFC 3168 6.1.1 [6.1.1-1, 6.1.1-2]"),
	CASE(late_answer_is_echoed_but_not_used, "RFC 3168 6.1.1 [6.1.1-6]"),
	CASE(syn_ack_again_says_the_same, "RFC 3168 6.1.1"),
	CASE(peer_that_stops_asking_does_not_get_it, "RFC 3168 6.1.1"),
	CASE(marked_syn_is_nothing, "RFC 3168 6.1.1"),
	CASE(both_ends_that_open_agree, "RFC 3168 6.1.1"),
	CASE(algorithm_changed_in_the_handshake_begins_anew, "RFC 8257 3.2"),
	CASES_END
};
