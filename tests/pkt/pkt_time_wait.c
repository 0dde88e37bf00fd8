/* SPDX-License-Identifier: MIT */
/*
 * pkt_time_wait.c - TIME-WAIT: how long, what restarts it, what cannot kill it, reuse
 * (RFC 9293 sections 3.6.1 and 3.10.7.4, RFC 1337, RFC 6191)
 */
#include "cases.h"

/* The peer opens again, its numbers @ahead of where it began the first time. */
static void syn_again(struct bed *b, uint32_t ahead)
{
	b->conn[0].irs += ahead;
	b->conn[0].heard = b->conn[0].edge_known = false;
	bed_rx(b, SEG(SYN, 0, 0, 0));
}

static void it_lasts_two_msl(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_tick(b, 59 * SEC);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_tick(b, 2 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void fin_again_restarts_it(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_tick(b, 50 * SEC);
	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_tick(b, 50 * SEC);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_tick(b, 11 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void data_does_not_restart_it(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_tick(b, 50 * SEC);
	bed_rx(b, SEG(ACK, 2, 2, 10));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_tick(b, 11 * SEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void reset_does_not_assassinate_it(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_rx(b, SEG(RST, 2, 0, 0));
	bed_rx(b, SEG(RST | ACK, 2, 2, 0));
	bed_expect_nothing(b);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_done(b);
}

static void it_holds_neither_frames_nor_references(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	CHECK_EQ(dp_usage(b->dp).snd_refs, 0);
	CHECK_EQ(dp_usage(b->dp).frames_held, 0);
	CHECK_EQ(bed_sendv(b, 10), -EBADF);
	bed_done(b);
}

static void later_syn_reuses_it(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	syn_again(b, 3);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	CHECK_EQ(bed_state(b), TCP_SYN_RCVD);
	CHECK_EQ(bed_stat(b, STAT_TCP_TIME_WAIT_REUSE), 1);
	bed_done(b);
}

static void older_syn_does_not_reuse_it(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);

	bed_rx(b, SEG(SYN, 2, 0, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_rx(b, SEG(SYN, -1000, 0, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	CHECK_EQ(bed_stat(b, STAT_TCP_TIME_WAIT_REUSE), 0);
	bed_done(b);
}

/* RFC 6191: a later timestamp speaks for the SYN even if its number does not. */
static void later_timestamp_reuses_it(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_go(b, TCP_TIME_WAIT);
	bed_rx(b, SEG(SYN, -1000, 0, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	b->conn[0].tsval++;
	syn_again(b, 0u - 1000);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	bed_done(b);
}

/* We open actively: the port stays taken, and a knock on it is not a listener's. */
static void active_closer_keeps_its_port(void)
{
	struct bed *b = bed_in_active(TCP_TIME_WAIT);

	CHECK_EQ(bed_connect(b), -EADDRNOTAVAIL);
	bed_tick(b, 61 * SEC);
	CHECK(bed_connect(b) > 0);
	bed_take(b);
	bed_close(b, IX_CLOSE_RST);
	bed_expect_event(b, IX_EV_CONNECTED, -ECONNABORTED);
	bed_done(b);
}

/* Numbers of the new incarnation begin beyond those of the old (3.4.1): here the old one
 * was fast, and has used more of them than the 4 us clock has counted. */
static void reuse_begins_beyond_the_old_numbers(void)
{
	struct bed *b = bed_in(TCP_TIME_WAIT);
	uint32_t used = bed_pcb(b)->snd_nxt + 50000000;

	bed_pcb(b)->snd_una = bed_pcb(b)->snd_nxt = used;
	bed_pcb(b)->snd_end = used - 1;
	syn_again(b, 3);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	CHECK(seq_gt(b->conn[0].iss, used));
	bed_done(b);
}

static void full_table_makes_room_from_time_wait(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.conns_max = 2;
	b = bed_new(&cfg);
	bed_go(b, TCP_TIME_WAIT);
	b->cur = 1;
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 2;
	bed_go(b, TCP_ESTABLISHED);
	b->cur = 0;
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

static void none_when_it_is_turned_off(void)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.time_wait_ns = 0;
	b = bed_in_cfg(&cfg, TCP_FIN_WAIT_2);
	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_expect_event(b, IX_EV_RECV, 0);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_tick(b, MSEC);
	CHECK_EQ(bed_state(b), TCP_CLOSED);
	bed_done(b);
}

const struct pkt_case pkt_time_wait[] = {
	CASE(it_lasts_two_msl, "RFC 9293 3.10.8 [MUST-13]"),
	CASE(fin_again_restarts_it, "RFC 9293 3.10.7.4 [MUST-13]"),
	CASE(data_does_not_restart_it, "RFC 9293 3.10.7.4 [RFC 1337 3-2]"),
	CASE(reset_does_not_assassinate_it, "RFC 1337 3 [3-1]"),
	CASE(it_holds_neither_frames_nor_references, "tcp_close.c"),
	CASE(later_syn_reuses_it, "RFC 9293 3.6.1 [MAY-2, RFC 6191 2-2]"),
	CASE(older_syn_does_not_reuse_it, "RFC 9293 3.6.1 [RFC 6191 2-3, RFC 1337 3-2]"),
	CASE(later_timestamp_reuses_it, "RFC 6191 2 [2-1, RFC 9293 SHLD-4]"),
	CASE(active_closer_keeps_its_port, "RFC 9293 3.6.1"),
	CASE(reuse_begins_beyond_the_old_numbers, "RFC 9293 3.6.1 [MAY-2]"),
	CASE(full_table_makes_room_from_time_wait, "tcp_pcb.c"),
	CASE(none_when_it_is_turned_off, "dp.h time_wait"),
	CASES_END
};
