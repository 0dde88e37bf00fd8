/* SPDX-License-Identifier: MIT */
/*
 * pkt_keep.c - keepalive: who is probed, when, and what counts as life
 * (RFC 9293 section 3.8.4; RFC 1122 section 4.2.3.6)
 */
#include "cases.h"

enum { IDLE_SEC = 7200, EVERY_SEC = 75, PROBES = 9 };

static struct dp_cfg keeping(void)
{
	struct dp_cfg cfg = bed_cfg();

	cfg.keepalive_ns = IDLE_SEC * SEC;
	return cfg;
}

static struct bed *in(enum tcp_state s)
{
	struct dp_cfg cfg = keeping();

	return bed_in_cfg(&cfg, s);
}

/* The next frame is the probe of a connection that stands at @seq and @ack; returns the wait. */
static nsec expect_probe(struct bed *b, uint32_t seq, uint32_t ack)
{
	nsec waited = bed_tick_to_frame(b, 3 * IDLE_SEC * SEC);

	bed_expect(b, SEG(ACK, seq - 1, ack, 0));
	return waited;
}

/* Probed as late as the knob says, and at most an eighth later. */
static bool on_time(nsec waited)
{
	return waited >= IDLE_SEC * SEC && waited <= IDLE_SEC * SEC * 9 / 8 + SEC;
}

static void off_by_default(void)
{
	struct bed *b = bed_in(TCP_ESTABLISHED);

	CHECK(!(bed_pcb(b)->flags & F_T_KEEP));
	bed_tick(b, 10 * IDLE_SEC * SEC);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	CHECK_EQ(dp_usage(b->dp).timers, 0);
	bed_done(b);
}

static void idle_connection_is_probed(void)
{
	struct bed *b = in(TCP_ESTABLISHED);
	nsec waited = expect_probe(b, 1, 1);

	CHECK(waited >= IDLE_SEC * SEC && waited < IDLE_SEC * SEC + SEC);
	CHECK_EQ(bed_stat(b, STAT_TCP_KEEPALIVE), 1);
	CHECK_EQ(bed_stat(b, STAT_TCP_PROBE), 0);
	bed_done(b);
}

static void connection_that_we_opened_is_probed(void)
{
	struct dp_cfg cfg = keeping();
	struct bed *b = bed_new(&cfg);

	bed_go_active(b, TCP_ESTABLISHED);
	CHECK(on_time(expect_probe(b, 1, 1)));
	bed_done(b);
}

static void answered_probes_go_on_forever(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 30; i++) {
		CHECK(on_time(expect_probe(b, 1, 1) + (i ? EVERY_SEC * SEC : 0)));
		bed_rx(b, SEG(ACK, 1, 1, 0));
		bed_expect_nothing(b);
	}
	bed_expect_no_event(b);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void unanswered_probes_end_the_connection(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	expect_probe(b, 1, 1);
	for (uint32_t i = 1; i < PROBES; i++) {
		nsec waited = expect_probe(b, 1, 1);

		CHECK(waited >= EVERY_SEC * SEC && waited < EVERY_SEC * SEC + MSEC);
	}
	bed_tick(b, (EVERY_SEC - 1) * SEC);
	bed_expect_no_event(b);
	bed_tick(b, 2 * SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	CHECK_EQ(bed_stat(b, STAT_TCP_KEEPALIVE), PROBES);
	CHECK_EQ(bed_stat(b, STAT_TCP_TIMEOUT), 1);
	bed_done(b);
}

/* No single lost probe or answer means that the peer is gone. */
static void answer_to_the_last_probe_is_enough(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	for (uint32_t round = 0; round < 3; round++) {
		for (uint32_t i = 0; i < PROBES; i++)
			expect_probe(b, 1, 1);
		bed_rx(b, SEG(ACK, 1, 1, 0));
	}
	bed_expect_no_event(b);
	CHECK(expect_probe(b, 1, 1) >= IDLE_SEC * SEC);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void number_and_interval_of_probes_are_knobs(void)
{
	struct dp_cfg cfg = keeping();
	struct bed *b;

	cfg.keepalive_ns = 10 * SEC;
	cfg.keepalive_interval_ns = 1 * SEC;
	cfg.keepalive_probes = 2;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	bed_tick(b, 10 * SEC - MSEC);
	bed_expect_nothing(b);
	bed_tick(b, 2 * SEC);
	bed_expect(b, SEG(ACK, 0, 1, 0));
	bed_expect(b, SEG(ACK, 0, 1, 0));
	bed_expect_no_event(b);
	bed_tick(b, SEC);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);
	bed_done(b);
}

/* Text that arrives, whatever way it takes, is life. */
static void text_is_life(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	b->auto_done = true;
	for (uint32_t i = 0; i < 10; i++) {
		bed_tick(b, (IDLE_SEC - 1) * SEC);
		bed_rx(b, SEG(ACK, 1 + 10 * i, 1, 10));
		bed_tick(b, 50 * MSEC);
		bed_expect(b, SEG(ACK, 1, 11 + 10 * i, 0));
	}
	CHECK(on_time(expect_probe(b, 1, 101) + 50 * MSEC));
	bed_forget_events(b);
	bed_done(b);
}

static void acknowledgement_is_life(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 10; i++) {
		bed_tick(b, (IDLE_SEC - 1) * SEC);
		send_full(b, 1);
		bed_rx(b, SEG(ACK, 1, 1001 + 1000 * i, 0));
		bed_expect_event(b, IX_EV_SENT, 1000);
	}
	CHECK(on_time(expect_probe(b, 10001, 1)));
	bed_done(b);
}

/* It moves neither SND.UNA nor RCV.NXT. */
static void empty_segment_is_life(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 10; i++) {
		bed_tick(b, (IDLE_SEC - 1) * SEC);
		bed_rx(b, SEG(ACK, 1, 1, 0, .wnd = 5000 + i));
	}
	bed_expect_nothing(b);
	CHECK(on_time(expect_probe(b, 1, 1)));
	bed_done(b);
}

/* With and without the byte of garbage that old stacks send. */
static void peers_probe_is_answered_and_is_life(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	for (uint32_t i = 0; i < 10; i++) {
		bed_tick(b, (IDLE_SEC - 1) * SEC);
		bed_rx(b, SEG(ACK, 0, 1, i % 2));
		bed_expect(b, SEG(ACK, 1, 1, 0));
	}
	bed_expect_no_event(b);
	CHECK(on_time(expect_probe(b, 1, 1)));
	bed_done(b);
}

static void data_under_way_is_not_probed_for(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	send_full(b, 1);
	bed_tick(b, 2000 * SEC);
	bed_forget_tx(b);
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_TIMEOUT);	/* R2 */
	CHECK_EQ(bed_stat(b, STAT_TCP_KEEPALIVE), 0);
	bed_done(b);
}

static void closed_window_is_probed_by_persist_alone(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	bed_rx(b, SEG(ACK, 1, 1, 0, .zero_wnd = true));
	CHECK_EQ(bed_sendv(b, 1000), 0);
	bed_tick(b, 3 * IDLE_SEC * SEC);
	bed_forget_tx(b);
	CHECK_EQ(bed_stat(b, STAT_TCP_KEEPALIVE), 0);
	CHECK(bed_stat(b, STAT_TCP_PROBE) > 100);
	CHECK_EQ(bed_state(b), TCP_ESTABLISHED);
	bed_done(b);
}

static void half_closed_connection_is_probed(void)
{
	struct bed *b = in(TCP_FIN_WAIT_2);

	CHECK(on_time(expect_probe(b, 2, 1)));
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect_no_event(b);
	bed_done(b);
	b = in(TCP_CLOSE_WAIT);
	CHECK(on_time(expect_probe(b, 1, 2)));
	bed_rx(b, SEG(ACK, 2, 1, 0));
	bed_expect_no_event(b);
	bed_done(b);
}

static void closed_connection_is_not_probed(void)
{
	struct dp_cfg cfg = keeping();
	struct bed *b;

	cfg.keepalive_ns = 10 * SEC;
	b = bed_in_cfg(&cfg, TCP_ESTABLISHED);
	CHECK_EQ(bed_close(b, IX_CLOSE_FIN), 0);
	bed_expect(b, SEG(FIN | ACK, 1, 1, 0));
	bed_rx(b, SEG(ACK, 1, 2, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	bed_tick(b, 50 * SEC);
	bed_expect_nothing(b);
	CHECK_EQ(bed_state(b), TCP_FIN_WAIT_2);
	bed_rx(b, SEG(FIN | ACK, 1, 2, 0));
	bed_expect(b, SEG(ACK, 2, 2, 0));
	bed_tick(b, 50 * SEC);
	CHECK_EQ(bed_state(b), TCP_TIME_WAIT);
	bed_done(b);
}

/* The peer has restarted: its answer to the probe is a reset. */
static void reset_that_answers_a_probe_ends_the_connection(void)
{
	struct bed *b = in(TCP_ESTABLISHED);

	expect_probe(b, 1, 1);
	bed_rx(b, SEG(RST, 1, 0, 0));
	bed_expect_event(b, IX_EV_DEAD, IX_DEAD_RESET);
	bed_done(b);
}

static void probe_carries_timestamps(void)
{
	struct dp_cfg cfg = keeping();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0));
	bed_tick_to_frame(b, 3 * IDLE_SEC * SEC);
	bed_expect(b, SEG(ACK, 0, 1, 0, .has_ts = true, .tsecr = b->conn[0].tsval));
	bed_rx(b, SEG(ACK, 1, 1, 0));
	bed_expect_nothing(b);
	bed_done(b);
}

const struct pkt_case pkt_keep[] = {
	CASE(off_by_default, "RFC 9293 3.8.4 [MUST-25]"),
	CASE(idle_connection_is_probed, "RFC 9293 3.8.4, [MAY-5, MUST-26, MUST-27, SHLD-12]"),
	CASE(connection_that_we_opened_is_probed, "RFC 9293 3.8.4"),
	CASE(answered_probes_go_on_forever, "RFC 9293 3.8.4 [MUST-29]"),
	CASE(unanswered_probes_end_the_connection, "RFC 1122 4.2.3.6 [RFC 9293 MUST-27]"),
	CASE(answer_to_the_last_probe_is_enough, "RFC 9293 3.8.4 [MUST-29]"),
	CASE(number_and_interval_of_probes_are_knobs, "RFC 9293 3.8.4 [MUST-27]"),
	CASE(text_is_life, "RFC 9293 3.8.4 [MUST-26]"),
	CASE(acknowledgement_is_life, "RFC 9293 3.8.4 [MUST-26]"),
	CASE(empty_segment_is_life, "RFC 9293 3.8.4 [MUST-26]"),
	CASE(peers_probe_is_answered_and_is_life, "RFC 1122 4.2.3.6"),
	CASE(data_under_way_is_not_probed_for, "RFC 9293 3.8.3, 3.8.4"),
	CASE(closed_window_is_probed_by_persist_alone, "RFC 9293 3.8.4, 3.8.6.1"),
	CASE(half_closed_connection_is_probed, "RFC 9293 3.8.4"),
	CASE(closed_connection_is_not_probed, "RFC 9293 3.8.4"),
	CASE(reset_that_answers_a_probe_ends_the_connection, "RFC 9293 3.5.1, 3.8.4"),
	CASE(probe_carries_timestamps, "RFC 7323 3.2"),
	CASES_END
};
