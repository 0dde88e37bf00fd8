/* SPDX-License-Identifier: MIT */
/*
 * cases.h - the scripts: one table a file, one function a rule
 *
 * A case names the rule it tests and where the rule is written. main.c runs each twice.
 *
 * Behind the place, in brackets, come the requirements of requirements.csv that the case
 * holds, with commas between. One without a number belongs to the RFC the string begins
 * with; any other is spelled out:
 *	CASE(fn, "RFC 9293 3.5 [MUST-13, RFC 5961 5.2-1]")
 *	CASE(fn, "IX 4.2 [RFC 9293 MUST-58]")
 * scripts/conformance.py joins them; `make conformance` writes docs/tcp-conformance.md.
 */
#ifndef TESTS_PKT_CASES_H
#define TESTS_PKT_CASES_H

#include "../unit/cu.h"
#include "bed.h"

struct pkt_case {
	const char *name;
	const char *rfc;	/* where the rule is written [what it holds] */
	void (*run)(void);
};

#define CASE(fn, section) { #fn, section, fn }
#define CASES_END { NULL, NULL, NULL }

#define PKT_SUITES(X) \
	X(handshake) X(listen) X(seq) X(data) X(ooo) X(ack_delay) X(rto) X(fast_rexmit) \
	X(cwnd) X(window) X(persist) X(sws_nagle) X(close) X(time_wait) X(rst) X(rfc5961) \
	X(ts) X(wscale) X(mss) X(opts) X(icmp) X(abi) X(pressure) X(zero_copy) \
	X(udp) X(sack_tx) X(sack_loss) X(rack) X(tlp) X(prr) X(undo) \
	X(ecn_setup) X(ecn) X(cubic) X(dctcp) X(synopts) X(cookie) X(cookie_opts) X(keep) \
	X(user_timeout) X(sack_rx) X(dsack) X(autosize) X(info) X(urgent) X(ip) \
	X(review)

#define X(name) extern const struct pkt_case pkt_##name[];
PKT_SUITES(X)
#undef X

/** Every state in which both sequence spaces are known. */
#define FOR_EACH_SYNCHRONIZED(s) \
	for (enum tcp_state s = TCP_ESTABLISHED; s <= TCP_TIME_WAIT; s++)

/** Blocks of a segment, as SEG() takes them. */
#define SACK(...) \
	.n_sack = sizeof((struct bed_range[]){ __VA_ARGS__ }) / sizeof(struct bed_range), \
	.sack = { __VA_ARGS__ }

/** The peer's next number and ours, relative, in the states of bed_go(). */
static inline uint32_t rcv_nxt(struct bed *b) { return bed_pcb(b)->rcv_nxt - b->conn[b->cur].irs; }
static inline uint32_t snd_nxt(struct bed *b) { return bed_pcb(b)->snd_nxt - b->conn[b->cur].iss; }

/** Expect @n full segments from relative @seq on, acknowledging @ack. */
static inline void expect_full(struct bed *b, uint32_t seq, uint32_t ack, uint32_t n)
{
	for (uint32_t i = 0; i < n; i++)
		bed_expect(b, SEG(ACK, seq + i * BED_MSS, ack, BED_MSS));
}

/** Send @n full segments and take them off the wire. */
static inline void send_full(struct bed *b, uint32_t n)
{
	uint32_t seq = snd_nxt(b), ack = rcv_nxt(b);

	CHECK_EQ(bed_sendv(b, n * BED_MSS), n * BED_MSS);
	expect_full(b, seq, ack, n);
}

/** Established with a peer that takes SACK; no probes, so that timeouts come when they are due. */
static inline struct bed *bed_in_sack(void)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.tlp = false;
	return bed_in_syn(&cfg, SEG(SYN, 0, 0, 0, .sack_ok = true));
}

/** ... and ten segments out, a round trip ago. */
static inline struct bed *ten_out(void)
{
	struct bed *b = bed_in_sack();

	send_full(b, 10);
	bed_tick(b, BED_RTT_US * 1000);
	return b;
}

/** An ACK with one block. */
static inline void sack(struct bed *b, uint32_t ack, uint32_t from, uint32_t to)
{
	bed_rx(b, SEG(ACK, rcv_nxt(b), ack, 0, .n_sack = 1, .sack = { { from, to } }));
}

/** Nothing that is left matters; ends the bed. */
static inline void done(struct bed *b)
{
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/** The peer acknowledges all there is, until nothing is left; ends the bed. */
static inline void ack_all_and_done(struct bed *b)
{
	for (uint32_t i = 0; i < 4; i++)
		bed_rx(b, SEG(ACK, rcv_nxt(b), snd_nxt(b), 0));
	done(b);
}

/** tcp_cc_names[] by number. */
enum { CC_NEWRENO, CC_CUBIC, CC_DCTCP };

/** Established with an algorithm, opened by a peer that asks for ECN and gets it. */
static inline struct bed *bed_in_ecn(uint32_t cc)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.cc = cc;
	b = bed_new(&cfg);
	bed_align_iss(b);
	bed_rx(b, SEG(SYN | ECE | CWR, 0, 0, 0));
	bed_expect(b, SEG(SYN | ACK | ECE, 0, 1, 0));
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_event(b, IX_EV_KNOCK, 80);
	CHECK_EQ(bed_accept(b), 0);
	return b;
}

/** As send_full(), all of it ECT(0); @first: flags of the first one, beside ACK. */
static inline void send_ect(struct bed *b, uint32_t n, uint8_t first)
{
	uint32_t seq = snd_nxt(b), ack = rcv_nxt(b);

	CHECK_EQ(bed_sendv(b, n * BED_MSS), n * BED_MSS);
	for (uint32_t i = 0; i < n; i++)
		bed_expect(b, SEG(ACK | (i ? 0 : first), seq + i * BED_MSS, ack, BED_MSS,
				  .ecn = IP_ECN_ECT0));
}

#endif
