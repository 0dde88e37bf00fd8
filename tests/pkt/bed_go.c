/* SPDX-License-Identifier: MIT */
/*
 * bed_go.c - how a connection of a bed gets into a named state (RFC 9293 section 3.3.2)
 *
 * Along the way every frame and event is checked; none is left. Closing goes by half
 * closes, so that data may still arrive, but for LAST-ACK, which is a full close.
 */
#include "bed.h"

const char *const bed_state_name[] = { "CLOSED", "SYN-SENT", "SYN-RECEIVED", "ESTABLISHED",
	"FIN-WAIT-1", "FIN-WAIT-2", "CLOSE-WAIT", "CLOSING", "LAST-ACK", "TIME-WAIT" };

void bed_align_iss(struct bed *b)
{
	const struct bed_conn *c = &b->conn[b->cur];
	struct flow f = { .laddr = 0x0a000001, .raddr = 0x0a000002, .lport = c->lport,
			  .rport = c->rport };
	struct tcp *t = &b->dp->tcp;
	uint32_t ahead;

	tcp_set_now(t, b->now);
	ahead = BED_ISN - tcp_hs_iss(t, &f);	/* of 4 us: RFC 6528 */
	bed_tick(b, (b->now / 4000 + ahead) * 4000 - b->now);
}

static void connect_out(struct bed *b)
{
	struct bed_conn *c = &b->conn[b->cur];

	c->active = true;
	c->lport = (uint16_t)b->cfg.port_min;
	bed_align_iss(b);
	if (bed_connect(b) < 0)
		bed_fail(__FILE__, __LINE__, "connect was refused");
	bed_expect(b, SEG(SYN, 0, 0, 0, .mss = BED_MSS));
}

static void knock_in(struct bed *b, struct bed_seg syn)
{
	bed_align_iss(b);
	bed_rx(b, syn);
	bed_expect(b, SEG(SYN | ACK, 0, 1, 0, .mss = BED_MSS));
}

static void establish(struct bed *b)
{
	bed_tick(b, BED_RTT_US * 1000);
	if (b->conn[b->cur].active) {
		bed_rx(b, SEG(SYN | ACK, 0, 1, 0));
		bed_expect(b, SEG(ACK, 1, 1, 0));
		bed_expect_event(b, IX_EV_CONNECTED, 0);
	} else {
		bed_rx(b, SEG(ACK, 1, 1, 0));
		bed_expect_event(b, IX_EV_KNOCK, 80);
		if (bed_accept(b) != 0)
			bed_fail(__FILE__, __LINE__, "accept was refused");
	}
}

void bed_open_with(struct bed *b, struct bed_seg syn)
{
	if (syn.flags & ACK) {
		connect_out(b);
		bed_tick(b, BED_RTT_US * 1000);
		bed_rx(b, syn);
		bed_expect(b, SEG(ACK, 1, 1, 0));
		bed_expect_event(b, IX_EV_CONNECTED, 0);
	} else {
		knock_in(b, syn);
		establish(b);
	}
}

static void peer_fin(struct bed *b, uint32_t ack)
{
	bed_rx(b, SEG(FIN | ACK, 1, ack, 0));
	bed_expect(b, SEG(ACK, ack, 2, 0));
	bed_expect_event(b, IX_EV_RECV, 0);
}

static void our_fin(struct bed *b, uint32_t ack, enum ix_close_mode mode)
{
	if (bed_close(b, mode) != 0)
		bed_fail(__FILE__, __LINE__, "close was refused");
	bed_expect(b, SEG(FIN | ACK, 1, ack, 0));
}

/* From ESTABLISHED on. */
static void go_on(struct bed *b, enum tcp_state s)
{
	if (s == TCP_CLOSE_WAIT || s == TCP_LAST_ACK) {
		peer_fin(b, 1);
		if (s == TCP_LAST_ACK)
			our_fin(b, 2, IX_CLOSE_FIN);
		return;
	}
	our_fin(b, 1, IX_CLOSE_HALF);
	if (s == TCP_CLOSING) {
		bed_rx(b, SEG(FIN | ACK, 1, 1, 0));
		bed_expect(b, SEG(ACK, 2, 2, 0));
		bed_expect_event(b, IX_EV_RECV, 0);
	}
	if (s == TCP_FIN_WAIT_2 || s == TCP_TIME_WAIT)
		bed_rx(b, SEG(ACK, 1, 2, 0));
	if (s == TCP_TIME_WAIT) {
		peer_fin(b, 2);
		bed_expect_event(b, IX_EV_DEAD, IX_DEAD_CLOSED);
	}
}

static void go(struct bed *b, enum tcp_state s, bool active)
{
	if (active)
		connect_out(b);
	else
		knock_in(b, SEG(SYN, 0, 0, 0));
	if (active && s == TCP_SYN_RCVD) {
		bed_rx(b, SEG(SYN, 0, 0, 0));
		bed_expect(b, SEG(SYN | ACK, 0, 1, 0));
	}
	if (s >= TCP_ESTABLISHED)
		establish(b);
	if (s > TCP_ESTABLISHED)
		go_on(b, s);
	if (bed_state(b) != s)
		bed_fail(__FILE__, __LINE__, "in %s, want %s", bed_state_name[bed_state(b)],
			 bed_state_name[s]);
}

void bed_go(struct bed *b, enum tcp_state s) { go(b, s, s == TCP_SYN_SENT); }
void bed_go_active(struct bed *b, enum tcp_state s) { go(b, s, true); }

struct bed *bed_in_cfg(const struct dp_cfg *cfg, enum tcp_state s)
{
	struct bed *b = bed_new(cfg);

	bed_go(b, s);
	return b;
}

struct bed *bed_in(enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();

	return bed_in_cfg(&cfg, s);
}

struct bed *bed_in_active(enum tcp_state s)
{
	struct dp_cfg cfg = bed_cfg();
	struct bed *b = bed_new(&cfg);

	bed_go_active(b, s);
	return b;
}

struct bed *bed_in_syn(const struct dp_cfg *cfg, struct bed_seg syn)
{
	struct bed *b = bed_new(cfg);

	bed_open_with(b, syn);
	return b;
}

struct bed *bed_in_sack_ts(void)
{
	static const uint8_t opts[] = { 2, 4, 3, 232, 4, 2, 8, 10, 255, 255, 255, 0, 0, 0, 0, 0 };
	struct dp_cfg cfg = bed_cfg();
	struct bed *b;

	cfg.timestamps = true;
	b = bed_new(&cfg);
	b->conn[0].ts = true;
	bed_open_with(b, SEG(SYN, 0, 0, 0, .opts = opts, .opts_len = sizeof(opts)));
	return b;
}
