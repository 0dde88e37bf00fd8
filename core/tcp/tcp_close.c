/* SPDX-License-Identifier: MIT */
/*
 * tcp_close.c - the end of a connection: FIN, TIME-WAIT (RFC 9293 sections 3.6, 3.10.7.4)
 *
 * The end of the peer's stream is an event of its own; `dead` is raised once, when the
 * protocol needs the application no more: on entering TIME-WAIT, in FIN-WAIT-2 after a
 * full close, or when the slot is freed.
 */
#include "tcp/tcp_impl.h"

static void enter_time_wait(struct tcp *t, struct tcp_pcb *p)
{
	tcp_set_state(t, p, TCP_TIME_WAIT);
	p->flags &= ~(uint32_t)(F_T_RTO | F_T_PERSIST);
	tcp_wnd_settled(t, p);
	list_add_tail(&t->time_wait, &tcp_cold(t, p)->link);
	t->n_time_wait++;
	tcp_timer_wait(t, p, t->cfg.time_wait_us);
	if (p->flags & F_COOKIE)
		tcp_finish(t, p);
}

/** Our FIN is acknowledged. */
enum verdict tcp_close_acked(struct tcp *t, struct tcp_pcb *p)
{
	switch (p->state) {
	case TCP_FIN_WAIT_1:
		tcp_set_state(t, p, TCP_FIN_WAIT_2);
		if (p->flags & F_CLOSED) {
			tcp_finish(t, p);
			tcp_timer_wait(t, p, t->cfg.fin_wait2_us);
		}
		return V_NEXT;
	case TCP_CLOSING:
		enter_time_wait(t, p);
		return V_DROP;
	case TCP_LAST_ACK:
		tcp_finish(t, p);
		return V_GONE;
	default:
		return V_NEXT;
	}
}

/** Eighth step: the peer's FIN, once everything before it has arrived. */
enum verdict tcp_close_fin(struct tcp *t, struct tcp_pcb *p)
{
	struct tcp_cold *c = tcp_cold(t, p);

	if (!c->fin_seen || (p->flags & F_FIN_RCVD) || p->rcv_nxt != c->fin_seq)
		return V_NEXT;
	tcp_ooo_drop(t, p);			/* nothing follows a FIN */
	p->rcv_nxt++;
	p->rcv_adv = seq_max(p->rcv_adv, p->rcv_nxt);
	p->flags |= F_FIN_RCVD | F_ACK_NOW;
	tcp_dirty(t, p);
	if (!(p->flags & F_CLOSED)) {
		p->flags |= F_EOF_OWED;
		if (p->flags & F_COOKIE)
			tcp_rcv_deliver(t, p);
	}
	switch (p->state) {
	case TCP_ESTABLISHED:
		tcp_set_state(t, p, TCP_CLOSE_WAIT);
		break;
	case TCP_FIN_WAIT_1:
		tcp_set_state(t, p, TCP_CLOSING);
		break;
	case TCP_FIN_WAIT_2:
		enter_time_wait(t, p);
		break;
	default:
		break;
	}
	return V_NEXT;
}

/** 3.10.7.4 in TIME-WAIT: a retransmitted FIN is acknowledged and restarts the wait. */
enum verdict tcp_close_time_wait(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s)
{
	enum verdict v;

	if (s->flags & TH_RST)
		return V_DROP;			/* RFC 1337: assassination */
	v = tcp_check_seq(t, p, s);
	if ((s->flags & TH_FIN) && s->seq + s->len == p->rcv_nxt - 1) {
		tcp_timer_wait(t, p, t->cfg.time_wait_us);
		return V_ACK;
	}
	if (v == V_NEXT && (s->flags & TH_SYN))
		return V_CHALLENGE;
	return v == V_NEXT && s->len == 0 ? V_DROP : V_ACK;
}

/**
 * May this SYN begin a new connection over one in TIME-WAIT? RFC 9293 section 3.6.1 and
 * RFC 6191: its sequence number, or its timestamp, is beyond the old connection's.
 */
bool tcp_close_reuse(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s)
{
	struct tcp_opts o;

	if ((s->flags & (TH_SYN | TH_ACK | TH_RST)) != TH_SYN || (p->flags & F_DEAD_OWED) ||
	    !tcp_listener_of(t, p->node.flow.lport))
		return false;
	if (seq_gt(s->seq, p->rcv_nxt))
		return true;
	return (p->flags & F_TS) && tcp_opts_decode(&o, s->opts, s->opts_len) == 0 && o.has_ts &&
	       seq_gt(o.tsval, tcp_cold(t, p)->ts_recent);
}
