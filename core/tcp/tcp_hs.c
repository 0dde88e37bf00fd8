/* SPDX-License-Identifier: MIT */
/*
 * tcp_hs.c - the handshake: SYN-SENT and SYN-RECEIVED (RFC 9293 sections 3.5, 3.10.7)
 *
 * Passive opens begin in tcp_listen.c, active ones in tcp_call.c; both agree on options
 * in tcp_hs_take_syn() and become ESTABLISHED here. Initial sequence numbers: RFC 6528.
 */
#include "tcp/tcp_impl.h"

enum { MSS_DEFAULT = 536, MSS_MIN = 64, TS_OPT_LEN = 12, TS_TICK_US = 1024 };

/** ISN = M + F(tuple, secret), M a 4 us clock (RFC 6528 section 3). */
uint32_t tcp_hs_iss(const struct tcp *t, const struct flow *f)
{
	return (uint32_t)(t->now / 4000) + (uint32_t)siphash24(t->secret, f, sizeof(*f));
}

/** Agree on what the peer's SYN offers: MSS (3.7.1), scale and timestamps (RFC 7323), SACK. */
void tcp_hs_take_syn(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s,
		     const struct tcp_opts *o)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint16_t limit = (uint16_t)(t->nif->mtu - IP_HLEN_MIN - TCP_HLEN_MIN);

	c->irs = s->seq;
	p->rcv_nxt = s->seq + 1;
	p->rcv_adv = p->rcv_nxt + MIN(t->cfg.rcv_wnd_init, UINT16_MAX);
	c->last_ack_sent = p->rcv_nxt;
	c->peer_mss = MAX(o->mss ? o->mss : MSS_DEFAULT, MSS_MIN);
	p->mss = MIN(c->peer_mss, limit);
	if (t->cfg.timestamps && o->has_ts) {
		p->flags |= F_TS;
		p->mss = (uint16_t)(p->mss - TS_OPT_LEN);
		c->ts_recent = o->tsval;
		c->ts_recent_at = tcp_ts_now(t);
	}
	if (t->cfg.wscale && o->has_wscale) {
		c->wscale = true;
		p->scale = (uint8_t)(o->wscale | t->rcv_scale << 4);
	}
	c->sack_ok = t->cfg.sack && o->sack_ok;
	tcp_ecn_agree(t, p, s->flags);
	tcp_wnd_init(t, p);
	c->ssthresh = INT32_MAX;
	c->cc->init(t, p, c);
	p->cwnd = t->cfg.init_cwnd * p->mss;
}

static void take_window(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s, uint32_t wnd)
{
	struct tcp_cold *c = tcp_cold(t, p);

	p->snd_wnd = wnd;
	p->snd_wl1 = s->seq;
	p->snd_wl2 = s->ack;
	c->max_snd_wnd = MAX(c->max_snd_wnd, wnd);
}

/* The round trip of the SYN ends at @at_us. Of one sent more than once only the echo @tsecr
 * can tell which is answered (RFC 6298 section 3), in ticks: rounded up. */
static void time_handshake(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t at_us,
			   uint32_t tsecr)
{
	uint32_t ticks = tcp_ts_now(t) - tsecr;

	if (!c->syn_timed)
		return;				/* a cookie has forgotten when */
	if (!c->syn_again) {
		tcp_rtt_sample(p, c->syn_us, at_us);
		tcp_rtt_min(t, p, c, at_us - c->syn_us);
	} else if ((p->flags & F_TS) && ticks <= (at_us - c->syn_us) / TS_TICK_US) {
		tcp_rtt_sample(p, at_us - (ticks + 1) * TS_TICK_US, at_us);
	}
}

/* The handshake ends with a frame that came at @arrival and echoes @tsecr, with F_TS. */
static void established(struct tcp *t, struct tcp_pcb *p, nsec arrival, uint32_t tsecr)
{
	struct tcp_cold *c = tcp_cold(t, p);

	/* A SYN that timed out means a conservative start: RFC 5681 section 3.1 for the
	 * window, RFC 6298 (5.7) for the timeout, until there is a sample. */
	if (p->flags & F_BACKOFF) {
		p->cwnd = p->mss;
		p->rttvar = 3 * t->cfg.rto_init_us;
		p->flags &= ~(uint32_t)F_BACKOFF;
	}
	tcp_listen_full_open(t, p);
	c->retries = 0;
	c->quick = t->cfg.quickack;
	c->recover = p->rtt_seq = p->snd_una;
	time_handshake(t, p, c, (uint32_t)(arrival / NSEC_PER_USEC), tsecr);
	tcp_timer_data_acked(t, p);
	tcp_set_state(t, p, TCP_ESTABLISHED);
	tcp_keep_open(t, p);
	if (p->flags & F_ACTIVE)
		t->sink->connected(t->sink_ctx, p->cookie, 0);
	else
		tcp_listen_knock(t, p);
}

/* A SYN without ACK: both ends have opened (figure 8). */
static enum verdict simultaneous(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	tcp_set_state(t, p, TCP_SYN_RCVD);
	p->snd_wnd = s->wnd;
	p->snd_nxt = p->snd_una + 1;
	tcp_tx_syn(t, p);
	tcp_timer_restart_rto(t, p);
	return V_DROP;
}

/** 3.10.7.3. V_NEXT: now ESTABLISHED, text and FIN may follow in the same segment. */
enum verdict tcp_hs_syn_sent(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	struct tcp_opts o;
	bool acked = s->flags & TH_ACK;

	if (acked && (seq_leq(s->ack, p->snd_una) || seq_gt(s->ack, p->snd_nxt)))
		return s->flags & TH_RST ? V_DROP : V_RST;
	if (s->flags & TH_RST) {
		if (!acked)
			return V_DROP;
		STAT_INC(t->nif->stats, TCP_RST_RX);
		tcp_end(t, p, TCP_END_RESET);
		return V_GONE;
	}
	if (!(s->flags & TH_SYN))
		return V_DROP;
	if (tcp_opts_decode(&o, s->opts, s->opts_len) != 0) {
		STAT_INC(t->nif->stats, TCP_BAD_HEADER);
		return V_DROP;
	}
	tcp_hs_take_syn(t, p, s, &o);
	if (!acked)
		return simultaneous(t, p, s);
	p->snd_una = s->ack;
	take_window(t, p, s, s->wnd);		/* never scaled on a SYN: RFC 7323 2.2 */
	established(t, p, s->m->arrival, o.tsecr);
	p->flags |= F_ACK_NOW;
	tcp_dirty(t, p);
	s->seq++;
	s->flags &= (uint8_t)~TH_SYN;
	return V_NEXT;
}

/** Fifth step, SYN-RECEIVED: the ACK that completes the handshake, or a reset. */
enum verdict tcp_hs_syn_rcvd(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	if (!(s->flags & TH_ACK))
		return V_DROP;
	if (seq_leq(s->ack, p->snd_una) || seq_gt(s->ack, p->snd_nxt))
		return V_RST;
	p->snd_una++;				/* the SYN; tcp_snd_ack() takes what follows */
	take_window(t, p, s, s->wnd << tcp_snd_scale(p));
	established(t, p, s->m->arrival, s->tsecr);
	return V_NEXT;
}
