/* SPDX-License-Identifier: MIT */
/*
 * tcp_peer.c - segments of the far ends, true and false; see tcp_peer.h
 *
 * Not here: what they make of the stack's segments (tcp_peer_check.c).
 */
#include "net/csum.h"
#include "tests/fuzz/tcp_peer.h"

struct peer tcp_peer[PEERS];

struct seg {
	uint8_t flags, ecn;
	uint32_t seq, ack, len;
	uint16_t wnd, urp;
	bool wrong;		/* not the stream's bytes */
	uint8_t opts[40];
	uint32_t opts_len;
};

void tcp_peers_init(struct rig *r)
{
	for (uint32_t i = 0; i < PEERS; i++)
		tcp_peer[i] = (struct peer){ .rig = r, .index = i, .ip = RIG_PEER_IP(i % 3),
					     .port = (uint16_t)(PEER_PORT + i), .lport = RIG_PORT };
}

struct peer *tcp_peer_at(uint32_t ip, uint16_t port)
{
	uint32_t i = (uint32_t)port - PEER_PORT;

	return i < PEERS && tcp_peer[i].ip == ip ? &tcp_peer[i] : NULL;
}

const struct tcp_pcb *tcp_peer_pcb(const struct peer *p)
{
	for (uint32_t i = 0; i < p->rig->dp->tcp.pcb_pool.n_fresh; i++) {
		const struct tcp_pcb *pcb = rig_pcb(p->rig, i);
		const struct flow *f = &pcb->node.flow;

		if (pcb->state != TCP_CLOSED && f->raddr == p->ip && f->rport == p->port &&
		    f->lport == p->lport)
			return pcb;
	}
	return NULL;
}

bool tcp_peer_can_begin(const struct peer *p)
{
	const struct rig *r = p->rig;

	for (uint32_t i = 0; i < r->dp->tcp.pcb_pool.n_fresh; i++) {
		const struct tcp_pcb *pcb = rig_pcb(r, i);

		if (pcb->state != TCP_CLOSED && pcb->state != TCP_TIME_WAIT &&
		    pcb->node.flow.raddr == p->ip && pcb->node.flow.rport == p->port)
			return false;
	}
	return r->n_rx == 0 && r->dp->nif.n_txq == 0;
}

/* ---- the frame ---- */

static void put_bytes(const struct peer *p, const struct seg *s, uint8_t *to)
{
	uint32_t off = s->seq + !!(s->flags & TH_SYN) - (p->iss + 1);

	for (uint32_t i = 0; i < s->len; i++)
		to[i] = tcp_peer_byte(p->index, off + i) ^ (s->wrong ? 0xff : 0);
}

static void send_seg(struct peer *p, const struct seg *s)
{
	size_t hlen = TCP_HLEN_MIN + ALIGN_UP(MIN(s->opts_len, 40u), 4u), len = hlen + s->len;
	struct rig *r = p->rig;
	struct mbuf *m;
	uint8_t *f = rig_frame_new(r, &m), *h;

	if (!f)
		return;
	f[ETH_HLEN + IP_TOS] = s->ecn;
	h = rig_put_ip(f, IPPROTO_TCP_, p->ip, len);
	be16_store(h + TCP_SPORT, p->port);
	be16_store(h + TCP_DPORT, p->lport);
	be32_store(h + TCP_SEQ, s->seq);
	be32_store(h + TCP_ACK, s->ack);
	h[TCP_OFF] = (uint8_t)(hlen / 4 << 4);
	h[TCP_FLAGS] = s->flags;
	be16_store(h + TCP_WND, s->wnd);
	be16_store(h + TCP_URP, s->urp);
	memcpy(h + TCP_HLEN_MIN, s->opts, MIN(s->opts_len, 40u));
	put_bytes(p, s, h + hlen);
	be16_store(h + TCP_CSUM, csum_fold(csum_add(csum_partial(h, len),
			csum_pseudo(p->ip, RIG_IP, IPPROTO_TCP_, (uint32_t)len), 0)));
	tcp_peer_trace(p, "peer", h, (uint32_t)len);
	rig_frame_in(r, m, ETH_HLEN + IP_HLEN_MIN + len, (r->options & RIG_SOFT_CSUM) ? 0 :
		     MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK);
}

/* ---- what a segment says, for the books ---- */

static bool near(uint32_t a, uint32_t b) { return a - b + PEER_FAR < 2u * PEER_FAR; }

static void said_fin(struct peer *p, uint32_t at)
{
	if (p->fin_said ? at != p->fin_at : seq_lt(at, p->snd_max)) {
		p->honest = false;
		p->lied = true;
		return;
	}
	p->fin_said = true;
	p->fin_at = at;
	p->snd_max = at + 1;
}

static void said_text(struct peer *p, const struct seg *s)
{
	uint32_t end = s->seq + s->len;

	if (!near(s->seq, p->snd_max))
		return;			/* outside any window */
	if (s->wrong && s->len > 0) {
		p->lied = true;
		p->honest = false;
	}
	if (s->len > 0 && p->fin_said && seq_gt(end, p->fin_at)) {
		p->honest = false;
		p->lied = true;
	}
	if (seq_gt(end, p->snd_max)) {
		if (s->len == 0)	/* speaks from where it is not */
			p->honest = false;
		p->snd_max = s->len ? end : p->snd_max;
	}
	if (s->flags & TH_FIN)
		said_fin(p, end);
}

void tcp_peer_look(struct peer *p)
{
	const struct tcp_pcb *pcb = tcp_peer_pcb(p);

	if (!pcb)
		return;
	if (p->stage == PEER_OVER || (p->pcb && (pcb != p->pcb || pcb->gen != p->pcb_gen)))
		tcp_peer_astray(p);
	p->pcb = pcb;
	p->pcb_gen = pcb->gen;
}

/* A cookie is good for two minutes, whatever became of the connection it made: an ACK may make
 * another, which has heard and said nothing. */
static bool may_be_reborn(const struct peer *p)
{
	bool used = p->stage == PEER_OVER || p->acked != p->iss + 1;

	return p->rst_said || (used && !tcp_peer_pcb(p));
}

static void said_ack(struct peer *p, const struct seg *s)
{
	uint32_t scale = p->scaled ? p->ws : 0;

	if (may_be_reborn(p))
		tcp_peer_astray(p);
	if (p->stage != PEER_UP || s->ack - p->irs > p->seen - p->irs + PEER_FAR)
		return;
	if (seq_gt(s->ack, p->rcv_nxt)) {
		p->honest = false;
		if (!tcp_peer_pcb(p))		/* a SYN cookie, changed: other numbers */
			tcp_peer_astray(p);
	}
	p->most = seq_max(p->most, s->ack);
	p->wnd_max = MAX(p->wnd_max, MAX(p->syn_wnd, (uint32_t)s->wnd << scale));
	p->offered = seq_max(p->offered, s->ack + p->wnd_max);
}

/* Could this SYN begin a connection? Not where there is one (RFC 5961 section 4), and nothing
 * comes before it that could end that. */
static void said_syn(struct peer *p)
{
	const struct tcp_pcb *pcb = tcp_peer_pcb(p);
	const struct rig *r = p->rig;

	if (p->stage == PEER_UP && p->honest && pcb && pcb->state >= TCP_ESTABLISHED &&
	    pcb->state != TCP_TIME_WAIT && r->n_rx == 0 && r->dp->rx_pos == r->dp->rx_n)
		return;
	tcp_peer_astray(p);
}

static void say(struct peer *p, struct seg *s)
{
	if (p->stage == PEER_FREE)
		return;
	tcp_peer_look(p);
	if ((s->flags & (TH_SYN | TH_RST)) == TH_SYN)
		said_syn(p);
	if (!(s->flags & (TH_RST | TH_SYN)))
		said_text(p, s);
	if (s->flags & TH_ACK)
		said_ack(p, s);
	if ((s->flags & TH_RST) && near(s->seq, p->snd_max)) {
		p->honest = false;
		p->rst_said |= seq_in(s->seq, p->acked, p->snd_max + 1 - p->acked);
	}
	p->last = s->seq;
	send_seg(p, s);
}

/* ---- operands ---- */

static uint32_t size_of(uint8_t e)
{
	static const uint16_t size[16] = { 0, 0, 0, 1, 2, 7, 64, 100, 500, 536, 1000, 1001, 1300,
					   1390, 1399, 1400 };

	return size[e & 15];
}

static uint16_t window_of(uint8_t e)
{
	static const uint16_t window[16] = { 65535, 65535, 65535, 0, 1, 10, 100, 999, 1000, 1460,
					     3000, 5000, 14600, 20000, 40000, 60000 };

	return window[e >> 4];
}

static uint32_t delta_of(uint8_t v, uint8_t how)
{
	return (uint32_t)((int8_t)v * (how & OP_FAR ? 1001 : 1));
}

static uint32_t seq_of(const struct peer *p, uint8_t how, uint8_t delta)
{
	uint32_t at[] = {
		[SEQ_NEXT] = p->fin_said ? p->fin_at : p->snd_max, [SEQ_ACKED] = p->acked,
		[SEQ_EDGE] = p->edge, [SEQ_LAST] = p->last, [SEQ_ISS] = p->iss,
		[SEQ_HOLE] = p->acked + 1400, [SEQ_OPPOSITE] = p->acked + 0x80000000u,
		[SEQ_RANDOM] = (p->acked + delta) * 0x9e3779b1u,
	};

	return at[how & 7] + delta_of(delta, how);
}

static uint32_t ack_of(const struct peer *p, uint8_t how, uint8_t delta)
{
	uint32_t at[] = {
		[ACK_RCVD] = p->rcv_nxt, [ACK_MOST] = p->seen, [ACK_ISS] = p->irs,
		[ACK_LAST] = p->most, [ACK_HALF] = p->rcv_nxt - (p->rcv_nxt - p->most) / 2,
		[ACK_BEYOND] = p->seen + 1, [ACK_OPPOSITE] = p->seen + 0x80000000u,
		[ACK_RANDOM] = (p->seen + delta) * 0x85ebca6bu,
	};

	return at[how & 7] + delta_of(delta, how);
}

/* ---- options ---- */

static void put(struct seg *s, const uint8_t *raw, uint32_t n)
{
	if (s->opts_len + n > sizeof(s->opts))
		return;
	memcpy(s->opts + s->opts_len, raw, n);
	s->opts_len += n;
}

#define PUT(s, ...) \
	put(s, (const uint8_t[]){ __VA_ARGS__ }, sizeof((const uint8_t[]){ __VA_ARGS__ }))

static void put_ts(struct peer *p, struct seg *s, int32_t later, uint32_t echo_off)
{
	uint8_t o[12] = { 1, 1, 8, 10 };

	be32_store(o + 4, 0xfffff000u + (uint32_t)(p->rig->now / NSEC_PER_MSEC) + (uint32_t)later);
	be32_store(o + 8, p->tsecr + echo_off);
	put(s, o, sizeof(o));
}

static void put_block(struct seg *s, uint32_t from, uint32_t to)
{
	uint8_t b[8];

	be32_store(b, from);
	be32_store(b + 4, to);
	put(s, b, sizeof(b));
}

/* What every segment of the connection has. */
static void put_usual(struct peer *p, struct seg *s)
{
	if (p->ts)
		put_ts(p, s, 0, 0);
}

/* A SYN cookie's options are in the timestamp it gets back: other ones may be agreed on now. */
static void said_odd_ts(struct peer *p)
{
	if (p->stage != PEER_UP || tcp_peer_pcb(p))
		return;
	tcp_peer_astray(p);
}

static void put_odd(struct peer *p, struct seg *s, uint8_t how)
{
	if ((how & 15) == O_TS_ECHO_WRONG || ((how & 15) == O_TS_ANYWAY && !p->ts))
		said_odd_ts(p);
	switch (how & 15) {
	case O_NONE: return;
	case O_TS_OLD: put_ts(p, s, -100000, 0); return;
	case O_TS_FUTURE:
		p->honest = p->honest && !p->ts;
		put_ts(p, s, 1 << 30, 0);
		return;
	case O_TS_ECHO_WRONG: put_ts(p, s, 0, 12345u << (how & 7)); return;
	case O_TS_ANYWAY: put_ts(p, s, 0, 0); return;
	case O_BAD_LENGTH: PUT(s, 8, 1, 1, 1); return;
	default: put_usual(p, s); break;
	}
	switch (how & 15) {
	case O_MSS: PUT(s, 2, 4, 0, 1); break;
	case O_WSCALE: PUT(s, 3, 3, 0, 1); break;
	case O_UNKNOWN: PUT(s, 254, 6, 0xca, 0xfe, 1, 2, 1, 1); break;
	case O_SACK_ODD: PUT(s, 1, 1, 5, 9, 0, 0, 0, 0, 0, 0, 0, 1); break;
	case O_SACK_EMPTY: PUT(s, 5, 2, 1, 1); break;
	case O_NOPS: PUT(s, 1, 1, 1, 1, 1, 1, 1, 1); break;
	case O_EOL: PUT(s, 0, 255, 255, 255); break;
	case O_TWICE: put_usual(p, s); break;
	case O_FULL:
		while (s->opts_len < sizeof(s->opts))
			PUT(s, 1);
		break;
	default: break;
	}
}

/* A block somewhere between the first byte not acknowledged and the last one sent. */
static void put_sack(const struct peer *p, struct seg *s, uint8_t how)
{
	uint32_t una = p->most, flight = p->seen - una;
	uint32_t from = una + flight / 32 * (how >> 3), to = from + MAX(flight / 8, 1u);

	switch (how & 7) {
	case B_NONE: return;
	case B_PART: put_block(s, from, seq_gt(to, p->seen) ? p->seen : to); return;
	case B_DSACK: put_block(s, una - 1 - (how >> 3) * 10u, una); return;
	case B_BELOW: put_block(s, una - 2000, una - 1000); return;
	case B_BEYOND: put_block(s, from, p->seen + 1 + (how >> 3) * 1000u); return;
	case B_EMPTY: put_block(s, from, from); return;
	case B_REVERSED: put_block(s, to, from); return;
	default: put_block(s, una + 1, p->seen); return;
	}
}

static void put_syn_opts(struct peer *p, struct seg *s, const struct op *o)
{
	static const uint16_t mss[16] = { 1460, 1460, 1460, 536, 536, 1000, 64, 63, 0, 1, 48, 88,
					  100, 1400, 9000, 65535 };

	p->syn_opts = o->a;
	p->mss = 536;
	p->ws = o->b & 15;
	if (o->a & SYN_MSS) {
		p->mss = mss[o->b >> 4];
		PUT(s, 2, 4, (uint8_t)(p->mss >> 8), (uint8_t)p->mss);
		p->mss = p->mss ? p->mss : 536;		/* 0 says nothing */
	}
	if (o->a & SYN_SACK)
		PUT(s, 1, 1, 4, 2);
	if (o->a & SYN_TS)
		put_ts(p, s, 0, 0);
	if (o->a & SYN_WSCALE)
		PUT(s, 1, 3, 3, p->ws);
	if (o->a & SYN_ODD)
		PUT(s, 254, 4, 0xf9, 0x89);
	p->ws = MIN(p->ws, 14);
}

/* ---- ops ---- */

static void begin(struct peer *p)
{
	struct peer fresh = { .rig = p->rig, .index = p->index, .ip = p->ip, .port = p->port,
			      .lport = RIG_PORT, .gen = p->gen + 1, .honest = true,
			      .stage = PEER_CALLING };

	/* Above the last one's, near the wrap the first time. */
	fresh.iss = p->gen ? p->snd_max + 100000 : 0xffffff00u;
	fresh.snd_max = fresh.acked = fresh.iss + 1;
	fresh.edge = fresh.acked + 2048;
	*p = fresh;
}

/* A SYN that opens, or the answer to the stack's. */
static void op_syn(struct peer *p, const struct op *o)
{
	struct seg s = { .flags = TH_SYN, .wnd = window_of(o->e) };
	bool answers = p->stage == PEER_CALLED;

	if (answers) {
		s.flags |= TH_ACK | (o->c & SYN_ECN ? TH_ECE : 0);
	} else if (tcp_peer_can_begin(p)) {
		begin(p);
		s.flags |= o->c & SYN_ECN ? TH_ECE | TH_CWR : 0;
	} else {
		return;
	}
	s.seq = p->iss;
	s.ack = answers ? p->irs + 1 : 0;
	put_syn_opts(p, &s, o);
	p->ecn_offered = o->c & SYN_ECN;
	p->sack_offered = o->a & SYN_SACK;
	p->ts_offered = o->a & SYN_TS;
	p->ws_offered = o->a & SYN_WSCALE;
	p->syn_wnd = s.wnd;
	if (answers) {
		p->stage = PEER_UP;
		p->ts &= p->ts_offered;
		p->scaled &= p->ws_offered;
		p->sack &= p->sack_offered;
		p->ecn &= p->ecn_offered;
		p->most = p->rcv_nxt;
		p->offered = p->irs + 1 + s.wnd;
	}
	send_seg(p, &s);
}

static void op_seg(struct peer *p, const struct op *o)
{
	struct seg s = {
		.flags = o->a, .seq = seq_of(p, o->b & 15, o->c), .ack = ack_of(p, o->b >> 4, o->d),
		.len = size_of(o->e), .wnd = window_of(o->e), .ecn = o->f >> 6,
		.wrong = o->f & OP_WRONG_BYTES, .urp = o->f & OP_URGENT ? 1 : 0,
	};

	put_odd(p, &s, o->f);
	say(p, &s);
}

static struct seg plain(struct peer *p, uint8_t flags, const struct op *o)
{
	struct seg s = { .flags = flags, .seq = p->snd_max, .ack = p->rcv_nxt,
			 .wnd = window_of(o->e), .ecn = o->f >> 6 };

	put_usual(p, &s);
	return s;
}

static void op_plain(struct peer *p, const struct op *o)
{
	struct seg s = plain(p, TH_ACK, o);

	switch (o->kind) {
	case OP_DATA:
		s.len = p->fin_said ? 0 : MAX(size_of(o->e), 1u);
		s.flags |= TH_PSH;
		break;
	case OP_FIN:
		s.flags |= TH_FIN;
		s.seq = p->fin_said ? p->fin_at : p->snd_max;
		break;
	case OP_RST:
		s.flags = TH_RST | (o->a & TH_ACK);
		s.seq = seq_of(p, o->b & 15, o->c);
		break;
	case OP_AGAIN:
		s.seq = p->acked;
		s.len = MIN(MAX(size_of(o->e), 1u), p->snd_max - p->fin_said - p->acked);
		break;
	case OP_SACK:
		s.opts_len = (uint32_t)ALIGN_UP(s.opts_len, 4u);
		PUT(&s, 1, 1, 5, 2);
		put_sack(p, &s, o->a);
		put_sack(p, &s, o->b);
		put_sack(p, &s, o->c);
		put_sack(p, &s, o->d);
		s.opts[p->ts ? 15 : 3] = (uint8_t)(s.opts_len - (p->ts ? 14 : 2));
		break;
	default:
		break;
	}
	say(p, &s);
}

static void op_icmp(struct peer *p, const struct op *o)
{
	struct mbuf *m;
	uint8_t *f = rig_frame_new(p->rig, &m), *h;

	if (!f)
		return;
	h = rig_put_ip(f, IPPROTO_ICMP_, p->ip, ICMP_HLEN + sizeof(p->quote));
	h[ICMP_TYPE] = o->a & 15;
	h[ICMP_CODE] = o->b & 15;
	be16_store(h + ICMP_MTU, (uint16_t)(o->c * 16));
	memcpy(h + ICMP_HLEN, p->quote, sizeof(p->quote));
	be32_store(h + ICMP_HLEN + IP_HLEN_MIN + TCP_SEQ,
		   be32_load(p->quote + IP_HLEN_MIN + TCP_SEQ) + delta_of(o->d, o->e));
	be16_store(h + ICMP_CSUM, csum_fold(csum_partial(h, ICMP_HLEN + sizeof(p->quote))));
	rig_frame_in(p->rig, m, ETH_HLEN + IP_HLEN_MIN + ICMP_HLEN + sizeof(p->quote), 0);
}

void tcp_peer_op(struct peer *p, const struct op *o)
{
	switch (o->kind) {
	case OP_SYN: op_syn(p, o); break;
	case OP_SEG: op_seg(p, o); break;
	case OP_ICMP: op_icmp(p, o); break;
	case OP_LOSE: p->lose = o->a; break;
	default:
		if (p->stage == PEER_UP)
			op_plain(p, o);
	}
}

/* ---- behaving ---- */

void tcp_peer_finish(struct peer *p)
{
	uint32_t end = p->fin_said ? p->fin_at : p->snd_max;
	uint32_t room = seq_gt(p->edge, p->acked) ? p->edge - p->acked : 1;
	struct seg s = { .flags = TH_ACK, .seq = p->acked, .ack = p->rcv_nxt, .wnd = 65535 };

	put_usual(p, &s);
	for (uint32_t i = 0; i < 4 && room > 0 && seq_leq(s.seq, end); i++) {
		s.len = MIN(MIN(end - s.seq, 1000u), room);
		s.flags = TH_ACK | (s.seq + s.len == end ? TH_FIN : 0);
		say(p, &s);
		if (s.flags & TH_FIN)
			return;
		s.seq += s.len;
		room -= s.len;
	}
	/* The newest window is the one at the highest number; see SND.WL1. */
	s.seq = seq_gt(p->acked, end) ? p->acked : seq_lt(end, p->edge) ? end : p->edge;
	s.flags = TH_ACK;
	s.len = 0;
	say(p, &s);
}
