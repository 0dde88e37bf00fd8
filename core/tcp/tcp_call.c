/* SPDX-License-Identifier: MIT */
/*
 * tcp_call.c - the application's calls on connections (IX table 1; RFC 9293 section 3.10)
 *
 * Each has been decoded by core/sys: handle, state and ranges hold. What is left cannot
 * fail half way. Nothing here raises an event but the end of a connection.
 */
#include "tcp/tcp_impl.h"

int64_t tcp_connect(struct tcp *tcp, uint64_t cookie, ip_addr raddr, uint16_t rport)
{
	int32_t port = tcp_port_pick(tcp, raddr, rport);
	struct flow f = { .laddr = tcp->nif->ip, .raddr = raddr, .lport = (uint16_t)port,
			  .rport = rport };
	struct tcp_pcb *p;

	if (port < 0)
		return port;
	p = tcp_pcb_find(tcp, &f, tcp_rss(tcp, &f)) ? NULL : tcp_pcb_new(tcp, &f);
	if (!p) {
		tcp_port_free(tcp, f.lport);
		return -ENOBUFS;
	}
	p->flags |= F_ACTIVE | F_COOKIE;
	p->cookie = cookie;
	p->snd_una = tcp_cold(tcp, p)->iss = tcp_hs_iss(tcp, &f);
	p->snd_nxt = p->snd_end = p->snd_una + 1;
	tcp_set_state(tcp, p, TCP_SYN_SENT);
	tcp_tx_syn(tcp, p);
	tcp_timer_data_sent(tcp, p);
	return (int64_t)tcp_handle(tcp, p);
}

bool tcp_can_accept(const struct tcp_pcb *p)
{
	return p->state >= TCP_ESTABLISHED && !(p->flags & F_COOKIE);
}

void tcp_accept(struct tcp *tcp, struct tcp_pcb *p, uint64_t cookie)
{
	tcp_listen_unpend(tcp, p);
	p->cookie = cookie;
	p->flags |= F_COOKIE;
	if (p->flags & (F_UNDELIVERED | F_EOF_OWED)) {
		tcp_dirty(tcp, p);
		tcp->resume_due = true;
	}
}

bool tcp_can_send(const struct tcp_pcb *p)
{
	return (p->state == TCP_ESTABLISHED || p->state == TCP_CLOSE_WAIT) &&
	       (p->flags & F_COOKIE) &&
	       !(p->flags & F_FIN_WANTED);
}

enum { REF_MAX = 1 << 20 };	/* bytes a reference may grow to: sequence numbers wrap */

/* Append [@p, @p + @len) to the queue; false when references have run out. */
static bool append_ref(struct tcp *t, struct tcp_pcb *p, const uint8_t *data, uint32_t len)
{
	struct snd_ref *tail = p->snd_tail ? tcp_ref(t, p->snd_tail) : NULL, *r;
	uint32_t i;

	bool joins = tail && tail->p + tail->len == data && tail->len < REF_MAX;

	if (joins && (seq_geq(tail->seq, p->snd_nxt) || tail->tx_us == t->now_us)) {
		tail->len += len;
		p->snd_end += len;
		return true;
	}
	r = pool_alloc(&t->ref_pool);
	if (!r && joins) {			/* two times in one piece: see note_times() */
		tail->len += len;
		p->snd_end += len;
	}
	if (!r)
		return joins;
	*r = (struct snd_ref){ .p = data, .len = len, .seq = p->snd_end };
	i = tcp_ref_index(t, r);
	if (!tail) {
		p->snd_head = i;
		if (p->flags & F_BOARD)
			tcp_cold(t, p)->board_ref = 0;
	} else {
		if (p->snd_head == p->snd_tail) {
			tcp_cold(t, p)->snd_cur = p->snd_head;
			tcp_cold(t, p)->rtx_ref = 0;
		}
		tail->next = i;
	}
	p->snd_tail = i;
	p->snd_end += len;
	return true;
}

/*
 * RFC 9293 section 3.8.6.2.1: of @total bytes offered, of which the windows take @usable. While
 * more waits behind them the queue ends with a whole segment, and nothing shorter follows what
 * is in flight, unless it is half of all the window there ever was.
 */
static uint32_t not_silly(const struct tcp *t, const struct tcp_pcb *p, uint32_t usable,
			  uint64_t total)
{
	uint32_t queued = p->snd_end - p->snd_nxt;

	if (likely(total <= usable))
		return usable;
	if (usable >= p->mss)
		return usable - (queued + usable) % p->mss;
	if (p->snd_end == p->snd_una || usable >= tcp_cold(t, p)->max_snd_wnd / 2)
		return usable;
	return 0;
}

static void blocked(struct tcp *t, struct tcp_pcb *p)
{
	p->flags |= F_BLOCKED;
	if (p->snd_end != p->snd_una)
		return;				/* an ACK will come */
	if (t->ref_pool.n_avail == 0) {
		p->flags |= F_SENT_OWED;	/* tcp_resume() tells when there are references */
		tcp_dirty(t, p);
	} else {
		tcp_timer_persist(t, p);
	}
}

int64_t tcp_sendv(struct tcp *tcp, struct tcp_pcb *p, const struct mbuf_frag *sg, uint32_t n)
{
	uint32_t usable, end = p->snd_end;
	uint64_t total = 0;

	if (likely(n == 1 && tcp_tx_one(tcp, p, sg)))
		return sg->len;
	if (p->snd_una == p->snd_nxt && us_before(p->rto_at, tcp->now_us))
		tcp_loss_idle(tcp, p);
	usable = tcp_snd_usable(tcp, p);
	for (uint32_t i = 0; i < n; i++)
		total += sg[i].len;
	usable = not_silly(tcp, p, usable, total);
	for (uint32_t i = 0; i < n && usable > 0; i++) {
		uint32_t len = MIN(sg[i].len, usable);

		if (!append_ref(tcp, p, sg[i].p, len))
			break;
		usable -= len;
	}
	if (p->snd_end - end < total)
		blocked(tcp, p);
	if (p->snd_end != end)
		tcp_output(tcp, p);
	return p->snd_end - end;
}

uint32_t tcp_recv_held(struct tcp *tcp, const struct tcp_pcb *p)
{
	if (likely(!(p->flags & F_UNDELIVERED)))
		return p->rcv_held;
	return p->rcv_held - tcp_cold(tcp, p)->undel_bytes;
}

void tcp_recv_done(struct tcp *tcp, struct tcp_pcb *p, uint32_t bytes)
{
	assert(bytes <= tcp_recv_held(tcp, p));
	p->rcv_held -= bytes;
	while (bytes > 0) {
		struct mbuf *m = p->rcv_head;

		if (bytes < m->len) {
			mbuf_pull(m, (uint16_t)bytes);
			break;
		}
		bytes -= m->len;
		p->rcv_head = m->next;
		mbuf_free(m);
	}
	if (tcp_rcv_growth(p) >= tcp->wnd_update && !tcp_wnd_withheld(tcp, p)) {
		p->flags |= F_ACK_NOW;		/* a window update */
		tcp_dirty(tcp, p);
	}
}

bool tcp_can_close(const struct tcp_pcb *p, enum tcp_close_mode mode)
{
	if (mode == TCP_CLOSE_HALF)
		return (p->state == TCP_ESTABLISHED || p->state == TCP_CLOSE_WAIT) &&
		       (p->flags & F_COOKIE);
	return true;
}

static void abort_now(struct tcp *t, struct tcp_pcb *p)
{
	if (p->state != TCP_SYN_SENT)
		tcp_tx_rst(t, p);
	tcp_end(t, p, TCP_END_ABORTED);
}

/* Our FIN follows the last byte; 3.10.4. */
static void want_fin(struct tcp *t, struct tcp_pcb *p)
{
	if (p->flags & F_FIN_WANTED)
		return;
	p->flags = (p->flags | F_FIN_WANTED) & ~(uint32_t)F_BLOCKED;
	tcp_set_state(t, p, p->state == TCP_CLOSE_WAIT ? TCP_LAST_ACK : TCP_FIN_WAIT_1);
	tcp_output(t, p);
}

void tcp_close(struct tcp *tcp, struct tcp_pcb *p, enum tcp_close_mode mode)
{
	bool unread = p->flags & F_UNDELIVERED;

	if (mode == TCP_CLOSE_HALF) {
		want_fin(tcp, p);
		return;
	}
	/* Refusal, an unfinished handshake, or unread data (RFC 2525 section 2.17). */
	if (mode == TCP_CLOSE_RST || !(p->flags & F_COOKIE) || p->state < TCP_ESTABLISHED ||
	    unread) {
		abort_now(tcp, p);
		return;
	}
	p->flags = (p->flags | F_CLOSED) & ~(uint32_t)F_EOF_OWED;
	want_fin(tcp, p);
	if (p->flags & F_DEAD_OWED) {		/* over, but for an event that found no room */
		tcp_finish(tcp, p);
		return;
	}
	if (p->state == TCP_FIN_WAIT_2) {	/* after a half close */
		tcp_finish(tcp, p);
		tcp_timer_wait(tcp, p, tcp->cfg.fin_wait2_us);
	} else {
		tcp_keep_closed(tcp, p);
	}
}
