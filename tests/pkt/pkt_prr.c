/* SPDX-License-Identifier: MIT */
/*
 * pkt_prr.c - how much leaves during fast recovery: Proportional Rate Reduction (RFC 9937)
 */
#include "cases.h"

static void window_sinks_in_proportion(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 1, .sack = { { 1001, 4001 } }));
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->ssthresh, 5000);
	for (uint32_t to = 5001; to <= 10001; to += 1000) {
		uint32_t before = bed_cold(b)->prr_out;

		sack(b, 1, 1001, to);
		CHECK(bed_cold(b)->prr_out - before <= 1000);
	}
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	CHECK_EQ(bed_pcb(b)->cwnd, 5000);
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* Most of the flight is gone: no faster than what arrives, so no burst. */
static void heavy_loss_is_repaired_at_the_rate_of_delivery(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 8001, 9001);
	bed_tick(b, 3 * MSEC);
	CHECK_EQ(bed_cold(b)->lost + tcp_pipe(&b->dp->tcp, bed_pcb(b)), 9000);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT), 1);
	sack(b, 1, 8001, 10001);
	CHECK(bed_stat(b, STAT_TCP_REXMIT) <= 3);
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

static void safe_acks_let_the_window_catch_up(void)
{
	struct bed *b = ten_out();
	uint64_t before;

	sack(b, 1, 8001, 10001);
	bed_tick(b, 3 * MSEC);
	bed_forget_tx(b);
	before = bed_stat(b, STAT_TCP_REXMIT);
	bed_tick(b, BED_RTT_US * 1000);
	bed_rx(b, SEG(ACK, 1, 1001, 0, .n_sack = 1, .sack = { { 8001, 10001 } }));
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT) - before, 2);	/* one delivered, one more */
	bed_forget_tx(b);
	bed_rx(b, SEG(ACK, 1, 10001, 0));
	bed_forget_tx(b);
	bed_forget_events(b);
	bed_done(b);
}

/* What ssthresh / RecoverFS of the delivered bytes are, rounded up. */
static uint32_t share(struct bed *b)
{
	const struct tcp_cold *c = bed_cold(b);

	return (uint32_t)(((uint64_t)c->prr_delivered * c->ssthresh + c->prr_flight - 1) /
			  c->prr_flight);
}

/* The application always has more: what leaves never exceeds the share of what arrived. */
static void new_data_goes_out_in_proportion(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	CHECK_EQ(bed_cold(b)->prr_flight, 10000);
	for (uint32_t to = 5001; to <= 10001; to += 1000) {
		sack(b, 1, 1001, to);
		bed_sendv(b, 10000);
		bed_forget_events(b);
		CHECK(bed_cold(b)->prr_out <= share(b) + BED_MSS);
		CHECK(tcp_pipe(&b->dp->tcp, bed_pcb(b)) >= 5000);
	}
	CHECK(bed_cold(b)->prr_out >= 4000 && bed_cold(b)->prr_out <= 5000);
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void recovery_remembers_what_was_in_flight(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 8001, 9001);			/* arrived before recovery, but with it */
	bed_expect_nothing(b);
	sack(b, 2001, 8001, 10001);
	bed_tick(b, 3 * MSEC);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	CHECK_EQ(bed_cold(b)->recover - b->conn[0].iss, 10001);
	CHECK_EQ(bed_cold(b)->prr_out, BED_MSS);
	CHECK(bed_cold(b)->prr_flight <= 9000);	/* what had arrived before is not in flight */
	bed_forget_tx(b);
	ack_all_and_done(b);
}

/* Nothing was delivered that PRR would count, and the retransmission goes all the same. */
static void first_retransmission_does_not_wait(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 9001, 10001);
	bed_expect_nothing(b);
	bed_tick(b, 3 * MSEC);			/* the reordering timer, and no ACK */
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	expect_full(b, 1, 1, 1);
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

/* SafeACK: an ACK that advances but tells of more loss lets out what it delivered, no more. */
static void ack_that_tells_of_more_loss_is_not_safe(void)
{
	struct bed *b = ten_out();
	uint64_t before;

	sack(b, 1, 1001, 4001);
	expect_full(b, 1, 1, 1);
	bed_tick(b, BED_RTT_US * 1000);
	before = bed_stat(b, STAT_TCP_REXMIT);
	/* The retransmission arrived: all sent before it, and not reported, is lost. */
	bed_rx(b, SEG(ACK, 1, 4001, 0, .n_sack = 1, .sack = { { 9001, 10001 } }));
	CHECK_EQ(bed_cold(b)->lost + 1000 * (bed_stat(b, STAT_TCP_REXMIT) - before), 5000);
	CHECK_EQ(bed_stat(b, STAT_TCP_REXMIT) - before, 4);	/* delivered: 1 + 3 + 1, less 1 */
	bed_forget_tx(b);
	ack_all_and_done(b);
}

static void acknowledgement_without_news_sends_nothing(void)
{
	struct bed *b = ten_out();

	bed_rx(b, SEG(ACK, 1, 1, 0, .n_sack = 2, .sack = { { 9001, 10001 }, { 1001, 3001 } }));
	bed_forget_tx(b);
	CHECK(bed_pcb(b)->flags & F_RECOVERY);
	for (uint32_t i = 0; i < 5; i++)
		sack(b, 1, 1001, 3001);
	bed_expect_nothing(b);
	ack_all_and_done(b);
}

static void window_is_ssthresh_at_the_end(void)
{
	for (uint32_t lost = 1; lost <= 3; lost++) {
		struct bed *b = ten_out();

		sack(b, 1, lost * 1000 + 1, 10001);
		bed_tick(b, BED_RTT_US * 1000);
		sack(b, 1, lost * 1000 + 1, 10001);
		CHECK_EQ(bed_cold(b)->ssthresh, 5000);
		bed_rx(b, SEG(ACK, 1, 10001, 0));
		CHECK_EQ(bed_pcb(b)->flags & F_RECOVERY, 0);
		CHECK_EQ(bed_pcb(b)->cwnd, 5000);
		bed_forget_tx(b);
		ack_all_and_done(b);
	}
}

/* The application was slow: what it did not send is no credit for a burst. */
static void window_grows_by_one_segment_beyond_delivery(void)
{
	struct bed *b = ten_out();

	sack(b, 1, 1001, 10001);		/* one segment out of ten is missing */
	expect_full(b, 1, 1, 1);
	CHECK(bed_pcb(b)->cwnd <= 5000);
	bed_forget_events(b);
	CHECK(bed_sendv(b, 10000) <= 5000);	/* pipe is 1000, ssthresh 5000 */
	bed_forget_tx(b);
	ack_all_and_done(b);
}

const struct pkt_case pkt_prr[] = {
	CASE(window_sinks_in_proportion, "RFC 9937 6.2 [6.2-1, 6.2-3, 6.4-1, RFC 6675 5-5]"),
	CASE(heavy_loss_is_repaired_at_the_rate_of_delivery, "RFC 9937 6.2 [6.2-2]"),
	CASE(safe_acks_let_the_window_catch_up, "RFC 9937 6.2 [6.2-2, RFC 6675 5-5]"),
	CASE(new_data_goes_out_in_proportion, "RFC 9937 6.2 [6.2-1, RFC 6675 5-5]"),
	CASE(recovery_remembers_what_was_in_flight, "RFC 9937 6.1 [6.1-1]"),
	CASE(first_retransmission_does_not_wait, "RFC 9937 6.2 [6.2-3, RFC 6675 5-4]"),
	CASE(ack_that_tells_of_more_loss_is_not_safe, "RFC 9937 6.2 [6.2-2]"),
	CASE(acknowledgement_without_news_sends_nothing, "RFC 9937 6.2 [6.2-2]"),
	CASE(window_is_ssthresh_at_the_end, "RFC 9937 6.4 [6.4-1, RFC 5681 3.2-10]"),
	CASE(window_grows_by_one_segment_beyond_delivery, "RFC 9937 6.2 [6.2-2]"),
	CASES_END
};
