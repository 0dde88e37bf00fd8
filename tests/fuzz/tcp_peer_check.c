/* SPDX-License-Identifier: MIT */
/*
 * tcp_peer_check.c - what the stack sends to the far ends of fuzz_tcp: checked, then taken
 *
 * Bytes are the application's; nothing goes beyond the greatest right edge ever offered or is
 * longer than the peer's MSS; acknowledgements never go back, name only what was said, and
 * the right edge they give never moves left; options appear only if both have agreed.
 */
#include <stdio.h>

#include "tests/fuzz/tcp_peer.h"

enum { MSS_MIN = 64 };		/* what the core makes of less */

void tcp_peer_trace(const struct peer *p, const char *who, const uint8_t *h, uint32_t len)
{
	uint32_t hlen = (h[TCP_OFF] >> 4) * 4u, ours = who[0] == 'p';

	if (!p->rig->trace)
		return;
	fprintf(stderr, "%12.6f %s %u stage %u%s: ", (double)p->rig->now / 1e9, who, p->index,
		p->stage, p->honest ? "" : " false");
	for (int i = 0; i < 8; i++)
		if (h[TCP_FLAGS] & BIT(i))
			fputc("FSRPAUEC"[i], stderr);
	fprintf(stderr, " seq %d len %u ack %d wnd %u opts", (int)(be32_load(h + TCP_SEQ) -
		(ours ? p->iss : p->irs)), len - hlen, (int)(be32_load(h + TCP_ACK) -
		(ours ? p->irs : p->iss)), be16_load(h + TCP_WND));
	for (uint32_t i = TCP_HLEN_MIN; i < hlen; i++)
		fprintf(stderr, " %02x", h[i]);
	fputc('\n', stderr);
}

/* What a segment's options say. */
struct heard {
	bool mss, wscale, sack_ok, ts, sack;
	uint8_t ws;
	uint32_t tsval;
};

/* A first block below @ack is a D-SACK (RFC 2883), of anything that ever came. */
static void check_blocks(const struct peer *p, const uint8_t *b, uint32_t n, uint32_t ack)
{
	RIG_CHECK(n % 8 == 0 && n > 0);
	for (uint32_t i = 0; i < n; i += 8) {
		uint32_t from = be32_load(b + i), to = be32_load(b + i + 4);

		RIG_CHECK(seq_lt(from, to));
		if (p->lied || (i == 0 && seq_leq(to, ack)))
			continue;
		RIG_CHECK(seq_gt(from, p->iss));
		RIG_CHECK(seq_leq(to, p->snd_max));
	}
}

static struct heard read_opts(const struct peer *p, const uint8_t *o, uint32_t len,
			      uint32_t ack)
{
	struct heard k = { 0 };

	for (uint32_t n; len > 0 && *o != 0; o += n, len -= n) {
		n = *o == 1 ? 1 : len > 1 ? o[1] : 0;
		RIG_CHECK(n > 0 && n <= len && (*o == 1 || n >= 2));
		if (*o == 2) {
			k.mss = true;
		} else if (*o == 3) {
			k.wscale = true;
			k.ws = o[2];
		} else if (*o == 4) {
			k.sack_ok = true;
		} else if (*o == 5) {
			k.sack = true;
			check_blocks(p, o + 2, n - 2, ack);
		} else if (*o == 8) {
			k.ts = true;
			k.tsval = be32_load(o + 2);
		} else {
			RIG_CHECK(*o == 1);
		}
	}
	return k;
}

/* Our SYN's numbers become known: the stack called, or answers. */
static void take_syn(struct peer *p, const uint8_t *h, const struct heard *k)
{
	bool answer = h[TCP_FLAGS] & TH_ACK;

	p->irs = be32_load(h + TCP_SEQ);
	p->rcv_nxt = p->seen = p->most = p->irs + 1;
	p->their_ws = k->ws;
	p->tsecr = k->ts ? k->tsval : 0;
	p->ts = k->ts;
	p->scaled = k->wscale;
	p->sack = k->sack_ok;
	p->ecn = h[TCP_FLAGS] & TH_ECE;
	RIG_CHECK(k->mss);
	if (!answer) {
		p->stage = PEER_CALLED;
		return;
	}
	RIG_CHECK(!k->ts || p->ts_offered);
	RIG_CHECK(!k->wscale || p->ws_offered);
	RIG_CHECK(!k->sack_ok || p->sack_offered);
	RIG_CHECK(!p->ecn || p->ecn_offered);
	RIG_CHECK(!(h[TCP_FLAGS] & TH_CWR));
	p->stage = PEER_UP;
	p->acked = p->iss + 1;
	p->edge = p->acked + be16_load(h + TCP_WND);
	p->offered = p->irs + 1 + p->syn_wnd;
}

/* The stack calls: a connection begins. */
static void called(struct peer *p, const uint8_t *h, const struct heard *k)
{
	struct peer fresh = { .rig = p->rig, .index = p->index, .ip = p->ip, .port = p->port,
			      .gen = p->gen, .honest = true, .lose = p->lose };
	const struct tcp_pcb *pcb;

	fresh.lport = be16_load(h + TCP_SPORT);
	fresh.iss = 0xfffffe00u;
	fresh.snd_max = fresh.acked = fresh.iss + 1;
	fresh.edge = fresh.acked + be16_load(h + TCP_WND);
	*p = fresh;
	take_syn(p, h, k);
	pcb = tcp_peer_pcb(p);
	if (!pcb || pcb->state != TCP_SYN_SENT) {	/* it lay in the ring: much has happened */
		tcp_peer_astray(p);
	}
}

static void check_ack(struct peer *p, const uint8_t *h)
{
	uint32_t scale = h[TCP_FLAGS] & TH_SYN || !p->scaled ? 0 : p->their_ws;
	uint32_t ack = be32_load(h + TCP_ACK), wnd = (uint32_t)be16_load(h + TCP_WND) << scale;

	RIG_CHECK(seq_geq(ack, p->acked));
	RIG_CHECK(seq_leq(ack, p->snd_max) || p->lied);
	RIG_CHECK(seq_geq(ack + wnd + BIT(scale) - 1, p->edge));
	RIG_CHECK(wnd <= p->rig->dp->cfg.rcv_wnd);
	p->acked = ack;
	p->edge = seq_max(p->edge, ack + wnd);
}

static void check_text(const struct peer *p, const uint8_t *h, uint32_t hlen, uint32_t len)
{
	uint32_t seq = be32_load(h + TCP_SEQ), off = seq - (p->irs + 1);

	RIG_CHECK(len <= MAX(p->mss, MSS_MIN));
	RIG_CHECK(seq_gt(seq, p->irs));
	RIG_CHECK(seq_leq(seq + len, p->offered));
	for (uint32_t i = 0; i < len; i++)
		RIG_CHECK(h[hlen + i] == tcp_app_byte(p->index, off + i));
}

/* What arrives in order is had; the rest is thrown away, and known to have been sent. */
static void take_text(struct peer *p, uint32_t seq, uint32_t len, bool fin)
{
	uint32_t end = seq + len + fin;

	RIG_CHECK(!p->fin_rcvd || seq_leq(end, p->rcv_nxt));
	p->seen = seq_max(p->seen, end);
	if (seq_gt(seq, p->rcv_nxt) || seq_leq(end, p->rcv_nxt))
		return;
	p->rcv_nxt = end;
	p->fin_rcvd = fin;
}

static void synchronized(struct peer *p, const uint8_t *ip, const uint8_t *h, uint32_t len,
			 const struct heard *k)
{
	uint32_t hlen = (h[TCP_OFF] >> 4) * 4u, text = len - hlen;
	uint8_t flags = h[TCP_FLAGS];

	RIG_CHECK(flags & TH_ACK);
	RIG_CHECK(k->ts == p->ts);
	RIG_CHECK(!k->mss && !k->wscale && !k->sack_ok);
	RIG_CHECK(!k->sack || p->sack);
	RIG_CHECK(p->ecn || ((ip[IP_TOS] & 3) == 0 && (flags & (TH_ECE | TH_CWR)) == 0));
	check_ack(p, h);
	if (text > 0)
		check_text(p, h, hlen, text);
	if (k->ts)
		p->tsecr = k->tsval;
	if (p->lose > 0) {
		p->lose--;
		p->seen = seq_max(p->seen, be32_load(h + TCP_SEQ) + text + !!(flags & TH_FIN));
		return;
	}
	take_text(p, be32_load(h + TCP_SEQ), text, flags & TH_FIN);
}

void tcp_peer_segment(struct rig *r, const uint8_t *ip, const uint8_t *h, uint32_t len)
{
	struct peer *p = tcp_peer_at(be32_load(ip + IP_DST), be16_load(h + TCP_DPORT));
	uint32_t hlen = (h[TCP_OFF] >> 4) * 4u;
	struct heard k;

	(void)r;
	RIG_CHECK(len >= TCP_HLEN_MIN && hlen >= TCP_HLEN_MIN && hlen <= len);
	RIG_CHECK((h[TCP_FLAGS] & (TH_SYN | TH_FIN)) != (TH_SYN | TH_FIN));
	if (!p)
		return;
	tcp_peer_trace(p, "stack", h, len);
	memcpy(p->quote, ip, sizeof(p->quote));
	k = read_opts(p, h + TCP_HLEN_MIN, hlen - TCP_HLEN_MIN, be32_load(h + TCP_ACK));
	if ((h[TCP_FLAGS] & (TH_SYN | TH_ACK | TH_RST)) == TH_SYN) {
		if ((p->stage != PEER_CALLED && p->stage != PEER_UP) ||
		    be16_load(h + TCP_SPORT) != p->lport || be32_load(h + TCP_SEQ) != p->irs)
			called(p, h, &k);
		return;
	}
	if (be16_load(h + TCP_SPORT) != p->lport)
		return;
	tcp_peer_look(p);
	if (h[TCP_FLAGS] & TH_RST) {
		if (!tcp_peer_pcb(p) && p->stage != PEER_FREE)
			p->stage = PEER_OVER;
		else if (h[TCP_FLAGS] & TH_ACK)		/* it lay in the ring: it is another now */
			tcp_peer_astray(p);
	} else if (h[TCP_FLAGS] & TH_SYN) {
		if (p->stage == PEER_CALLING && !p->lost && be32_load(h + TCP_ACK) == p->iss + 1 &&
		    p->lose-- == 0)
			take_syn(p, h, &k);
		p->lose = p->lose == UINT32_MAX ? 0 : p->lose;
	} else if (p->stage == PEER_UP && !p->lost) {
		synchronized(p, ip, h, len, &k);
	}
}
