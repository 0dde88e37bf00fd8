/* SPDX-License-Identifier: MIT */
/*
 * bed_wire.c - frames of a bed: the peer's are built here, ours are taken apart and checked
 *
 * Of every frame we send: both checksums, the payload's bytes, that no payload lies in the
 * linear part (nothing was copied), and that the right edge of our window never moves left
 * but for the rounding of the scale (RFC 7323 section 2.4).
 */
#include <stdio.h>

#include "bed.h"
#include "net/csum.h"

enum { FRAME_MAX = 2048, L3 = ETH_HLEN, L4 = ETH_HLEN + IP_HLEN_MIN };

/* --- the peer's --- */

static uint32_t put_sack(const struct bed_conn *c, const struct bed_seg *s, uint8_t *o)
{
	be32_store(o, 0x01010502u + 8 * s->n_sack);
	for (uint32_t i = 0; i < s->n_sack; i++) {
		be32_store(o + 4 + 8 * i, c->iss + s->sack[i].from);
		be32_store(o + 8 + 8 * i, c->iss + s->sack[i].to);
	}
	return 4 + 8 * s->n_sack;
}

static uint32_t put_opts(struct bed *b, const struct bed_seg *s, uint8_t *o)
{
	struct bed_conn *c = &b->conn[b->cur];
	bool syn = s->flags & SYN;
	uint32_t n = 0;

	if (s->opts_len) {
		memcpy(o, s->opts, s->opts_len);
		return s->opts_len;
	}
	if (syn && !s->no_mss) {
		be32_store(o, 0x02040000u | (s->mss ? s->mss : BED_MSS));
		n = 4;
	}
	if (s->has_ts || (c->ts && !s->no_ts)) {
		be32_store(o + n, 0x0101080a);
		be32_store(o + n + 4, s->has_ts ? s->tsval : c->tsval);
		be32_store(o + n + 8, s->has_ts ? s->tsecr : c->tsecr);
		n += 12;
	}
	if (s->sack_ok) {
		be32_store(o + n, 0x01010402);
		n += 4;
	}
	if (s->has_ws) {
		be32_store(o + n, 0x01030300u | s->ws);
		n += 4;
		c->peer_ws = s->ws;
	}
	if (s->n_sack)
		n += put_sack(c, s, o + n);
	return n;
}

static void put_ip(uint8_t *ip, uint8_t proto, uint32_t total, uint8_t tos)
{
	memset(ip, 0, IP_HLEN_MIN);
	ip[IP_VHL] = 0x45;
	ip[IP_TOS] = tos;
	be16_store(ip + IP_TOTLEN, (uint16_t)total);
	ip[IP_TTL] = 64;
	ip[IP_PROTO] = proto;
	be32_store(ip + IP_SRC, 0x0a000002);
	be32_store(ip + IP_DST, 0x0a000001);
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, IP_HLEN_MIN)));
}

static void put_eth(uint8_t *f)
{
	static const uint8_t hdr[ETH_HLEN] = { 2, 0, 0, 0, 0, 1, 2, 0, 0, 0, 0, 2, 8, 0 };

	memcpy(f, hdr, sizeof(hdr));
}

static uint32_t put_tcp(struct bed *b, const struct bed_seg *s, uint8_t *h)
{
	const struct bed_conn *c = &b->conn[b->cur];
	uint32_t hlen = TCP_HLEN_MIN + put_opts(b, s, h + TCP_HLEN_MIN);
	uint32_t seq = s->bad_seq_abs ? s->seq : s->seq + c->irs;

	be16_store(h + TCP_SPORT, c->rport);
	be16_store(h + TCP_DPORT, c->lport);
	be32_store(h + TCP_SEQ, seq);
	be32_store(h + TCP_ACK, s->flags & ACK ? s->ack + c->iss : 0);
	h[TCP_OFF] = (uint8_t)((s->off_words ? s->off_words : hlen / 4) << 4);
	h[TCP_FLAGS] = s->flags;
	be16_store(h + TCP_WND, (uint16_t)(s->zero_wnd ? 0 : s->wnd ? s->wnd : (uint32_t)BED_WND));
	be16_store(h + TCP_CSUM, 0);
	be16_store(h + TCP_URP, s->urp);
	for (uint32_t i = 0; i < s->len; i++)
		h[hlen + i] = bed_byte(s->seq + !!(s->flags & SYN) - 1 + i, 1);
	return hlen + s->len;
}

static void ring_push(struct bed *b, const uint8_t *frame, uint32_t len, nsec ago)
{
	struct mbuf *m = mbuf_alloc(&b->pool);

	if (!m || b->rx_n == BED_RING) {
		bed_fail(__FILE__, __LINE__, "no room on the wire");
		return;
	}
	memcpy(mbuf_data(m), frame, len);
	m->len = (uint16_t)len;
	m->arrival = b->now - ago;
	b->rx[b->rx_n++] = m;
}

void bed_queue_raw(struct bed *b, const uint8_t *frame, uint32_t len)
{
	ring_push(b, frame, len, 0);
}

void bed_queue(struct bed *b, struct bed_seg seg)
{
	uint8_t f[FRAME_MAX] = { 0 };
	uint32_t n = put_tcp(b, &seg, f + L4);
	uint16_t sum;

	put_eth(f);
	put_ip(f + L3, IPPROTO_TCP_, IP_HLEN_MIN + n, seg.ecn);
	sum = csum_fold(csum_add(csum_pseudo(0x0a000002, 0x0a000001, IPPROTO_TCP_, n),
				 csum_partial(f + L4, n), 0));
	be16_store(f + L4 + TCP_CSUM, (uint16_t)(seg.bad_csum ? sum ^ 0x0100 : sum));
	ring_push(b, f, MAX(L4 + n, (uint32_t)ETH_FRAME_MIN), seg.ago);
}

void bed_rx(struct bed *b, struct bed_seg seg)
{
	bed_queue(b, seg);
	bed_pass(b);
}

void bed_rx_icmp(struct bed *b, uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq)
{
	const struct bed_conn *c = &b->conn[b->cur];
	uint8_t f[FRAME_MAX] = { 0 }, *icmp = f + L4, *q = icmp + ICMP_HLEN;
	uint32_t n = ICMP_HLEN + IP_HLEN_MIN + 8;

	put_ip(q, IPPROTO_TCP_, IP_HLEN_MIN + TCP_HLEN_MIN, 0);
	be32_store(q + IP_SRC, 0x0a000001);
	be32_store(q + IP_DST, 0x0a000002);
	be16_store(q + IP_HLEN_MIN + TCP_SPORT, c->lport);
	be16_store(q + IP_HLEN_MIN + TCP_DPORT, c->rport);
	be32_store(q + IP_HLEN_MIN + TCP_SEQ, seq + c->iss);
	icmp[ICMP_TYPE] = type;
	icmp[ICMP_CODE] = code;
	be16_store(icmp + ICMP_MTU, mtu);
	be16_store(icmp + ICMP_CSUM, csum_fold(csum_partial(icmp, n)));
	put_eth(f);
	put_ip(f + L3, IPPROTO_ICMP_, IP_HLEN_MIN + n, 0);
	ring_push(b, f, L4 + n, 0);
	bed_pass(b);
}

static uint32_t rx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct bed *b = container_of(nic, struct bed, nic);
	uint32_t got = MIN(n, b->rx_n);

	(void)queue;
	w->rx_polls++;
	memcpy(m, b->rx, got * sizeof(*m));
	b->rx_n -= got;
	memmove(b->rx, b->rx + got, b->rx_n * sizeof(*m));
	return got;
}

/* --- ours --- */

/* Of a segment whose options are well formed: the SACK blocks. */
static void take_sack(struct bed_seg *s, uint32_t irs, const uint8_t *o, uint32_t len)
{
	for (uint32_t i = 0; i < len && o[i] != 0; i += o[i] == 1 ? 1u : o[i + 1]) {
		if (o[i] != 5)
			continue;
		s->n_sack = (o[i + 1] - 2u) / 8;
		if (o[i + 1] % 8 != 2 || s->n_sack < 1 || s->n_sack > 4 || (s->flags & SYN)) {
			bed_fail(__FILE__, __LINE__, "we sent a malformed SACK option");
			s->n_sack = 0;
			return;
		}
		for (uint32_t k = 0; k < s->n_sack; k++)
			s->sack[k] = (struct bed_range){ be32_load(o + i + 2 + 8 * k) - irs,
							 be32_load(o + i + 6 + 8 * k) - irs };
	}
}

static void take_opts(struct bed_seg *s, const uint8_t *o, uint32_t len)
{
	struct tcp_opts t;

	if (tcp_opts_decode(&t, o, len) != 0)
		bed_fail(__FILE__, __LINE__, "we sent malformed options");
	s->mss = t.mss;
	s->has_ws = t.has_wscale;
	s->ws = t.wscale;
	s->sack_ok = t.sack_ok;
	s->has_ts = t.has_ts;
	s->tsval = t.tsval;
	s->tsecr = t.tsecr;
}

static uint32_t conn_of(const struct bed *b, const uint8_t *h)
{
	for (uint32_t i = 0; i < BED_CONNS; i++)
		if (b->conn[i].lport == be16_load(h + TCP_SPORT) &&
		    b->conn[i].rport == be16_load(h + TCP_DPORT))
			return i;
	return BED_CONNS;
}

static void check_csums(const uint8_t *f, uint32_t len)
{
	uint32_t n = len - L4;

	if (csum_fold(csum_partial(f + L3, IP_HLEN_MIN)) != 0)
		bed_fail(__FILE__, __LINE__, "we sent a wrong IPv4 checksum");
	if (csum_fold(csum_add(csum_pseudo(0x0a000001, 0x0a000002, IPPROTO_TCP_, n),
			       csum_partial(f + L4, n), 0)) != 0)
		bed_fail(__FILE__, __LINE__, "we sent a wrong TCP checksum");
}

static void check_edge(struct bed_conn *c, const struct bed_seg *s)
{
	uint32_t shift = s->flags & SYN ? 0 : c->our_ws;
	uint32_t edge = s->ack + (s->wnd << shift);

	if (!(s->flags & ACK) || (s->flags & RST))
		return;
	if (c->edge_known && seq_lt(edge + BIT(shift) - 1, c->edge))
		bed_fail(__FILE__, __LINE__, "the right edge moved from %u to %u", c->edge, edge);
	c->edge = c->edge_known ? seq_max(c->edge, edge) : edge;
	c->edge_known = true;
}

static void check_payload(const struct mbuf *m, const struct bed_seg *s, const uint8_t *data,
			  uint32_t linear)
{
	if (s->len > 0 && m->len != linear)
		bed_fail(__FILE__, __LINE__, "payload in the linear part: it was copied");
	for (uint32_t i = 0; i < s->len; i++) {
		if (data[i] != bed_byte(s->seq - 1 + i, 0)) {
			bed_fail(__FILE__, __LINE__, "we sent 0x%02x as byte %u, want 0x%02x",
				 data[i], s->seq - 1 + i, bed_byte(s->seq - 1 + i, 0));
			return;
		}
	}
}

static void learn(struct bed_conn *c, const struct bed_seg *s, uint32_t seq)
{
	if ((s->flags & SYN) && !c->heard) {
		c->heard = true;
		c->iss = seq;
	}
	if (s->flags & SYN)
		c->our_ws = s->has_ws ? s->ws : 0;
	if (s->has_ts)
		c->tsecr = s->tsval;
}

static void capture_tcp(struct bed *b, const struct mbuf *m, const uint8_t *f, uint32_t len)
{
	const uint8_t *h = f + L4;
	uint32_t hlen = (uint32_t)(h[TCP_OFF] >> 4) * 4, conn = conn_of(b, h);
	struct bed_seg s = { .flags = h[TCP_FLAGS], .wnd = be16_load(h + TCP_WND),
			     .ecn = f[L3 + IP_TOS],
			     .len = len - L4 - hlen, .zero_wnd = be16_load(h + TCP_WND) == 0 };
	struct bed_conn *c = &b->conn[conn];

	if (conn == BED_CONNS || b->tx_n == BED_LOG) {
		bed_fail(__FILE__, __LINE__, "a frame to nobody, or too many of them");
		return;
	}
	take_opts(&s, h + TCP_HLEN_MIN, hlen - TCP_HLEN_MIN);
	take_sack(&s, c->irs, h + TCP_HLEN_MIN, hlen - TCP_HLEN_MIN);
	learn(c, &s, be32_load(h + TCP_SEQ));
	s.seq = be32_load(h + TCP_SEQ) - c->iss;
	s.ack = s.flags & ACK ? be32_load(h + TCP_ACK) - c->irs : 0;
	check_csums(f, len);
	check_edge(c, &s);
	check_payload(m, &s, h + hlen, L4 + hlen);
	b->tx[b->tx_n].seg = s;
	b->tx[b->tx_n++].conn = conn;
}

static void capture(struct bed *b, const struct mbuf *m)
{
	uint8_t f[FRAME_MAX];
	uint32_t len = mbuf_gather(m, f, sizeof(f));

	bed_mix(&b->now, sizeof(b->now));
	bed_mix(f, len);
	if (be16_load(f + ETH_TYPE) != ETHERTYPE_IPV4)
		return;
	if (f[L3 + IP_PROTO] == IPPROTO_TCP_)
		capture_tcp(b, m, f, L3 + be16_load(f + L3 + IP_TOTLEN));
	else
		b->icmp_seen++;
}

static uint32_t tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct bed *b = container_of(nic, struct bed, nic);
	uint32_t take = MIN(n, b->tx_room);

	(void)queue;
	w->tx_doorbells++;
	for (uint32_t i = 0; i < take; i++) {
		capture(b, m[i]);
		if (b->tx_hold && b->n_held < BED_LOG)
			b->held[b->n_held++] = m[i];
		else
			mbuf_free(m[i]);
	}
	if (b->tx_room != UINT32_MAX)
		b->tx_room -= take;
	return take;
}

const struct nic_ops bed_nic_ops = { .rx_burst = rx_burst, .tx_burst = tx_burst };

void bed_let_go(struct bed *b)
{
	for (uint32_t i = 0; i < b->n_held; i++)
		mbuf_free(b->held[i]);
	b->n_held = 0;
}

/* --- expectations --- */

static const char *show(char *to, size_t cap, const struct bed_seg *s)
{
	int n = snprintf(to, cap, "%s%s%s%s%s%s ecn %u seq %d ack %d len %u wnd %u",
			 s->flags & SYN ? "S" : "", s->flags & FIN ? "F" : "",
			 s->flags & RST ? "R" : "", s->flags & ACK ? "A" : "",
			 s->flags & ECE ? "E" : "", s->flags & CWR ? "W" : "", s->ecn,
			 (int)s->seq, (int)s->ack, s->len, s->wnd);

	if (s->has_ts && n > 0 && (size_t)n < cap)
		n += snprintf(to + n, cap - (size_t)n, " ts %u %u", s->tsval, s->tsecr);
	for (uint32_t i = 0; i < s->n_sack && n > 0 && (size_t)n < cap; i++)
		n += snprintf(to + n, cap - (size_t)n, " sack %d-%d", (int)s->sack[i].from,
			      (int)s->sack[i].to);
	return to;
}

static bool sack_matches(const struct bed_seg *s, const struct bed_seg *w)
{
	return !(w->no_sack && s->n_sack) &&
	       (w->n_sack == 0 || (w->n_sack == s->n_sack &&
		memcmp(w->sack, s->sack, w->n_sack * sizeof(w->sack[0])) == 0));
}

static bool matches(const struct bed_seg *s, const struct bed_seg *w)
{
	return ((s->flags ^ w->flags) & ~PSH) == 0 && s->ecn == w->ecn && s->seq == w->seq &&
	       (!(s->flags & ACK) || s->ack == w->ack) && s->len == w->len &&
	       (w->wnd == 0 || s->wnd == w->wnd) && (!w->zero_wnd || s->wnd == 0) &&
	       (w->mss == 0 || s->mss == w->mss) && (!w->has_ws || (s->has_ws && s->ws == w->ws)) &&
	       !(w->no_sack_ok && s->sack_ok) && (!w->sack_ok || s->sack_ok) &&
	       !(w->no_ws && s->has_ws) && !(w->no_ts && s->has_ts) && (!w->has_ts || s->has_ts) &&
	       (w->tsval == 0 || s->tsval == w->tsval) && (w->tsecr == 0 || s->tsecr == w->tsecr) &&
	       sack_matches(s, w);
}

void bed_expect_at(struct bed *b, const char *file, int line, struct bed_seg want)
{
	char a[256], c[256];

	if (b->tx_pos == b->tx_n) {
		bed_fail(file, line, "nothing was sent, want %s", show(a, sizeof(a), &want));
		return;
	}
	if (b->tx[b->tx_pos].conn != b->cur || !matches(&b->tx[b->tx_pos].seg, &want))
		bed_fail(file, line, "sent %s, want %s",
			 show(a, sizeof(a), &b->tx[b->tx_pos].seg), show(c, sizeof(c), &want));
	b->tx_pos++;
}

struct bed_seg bed_take(struct bed *b)
{
	return b->tx_pos < b->tx_n ? b->tx[b->tx_pos++].seg : (struct bed_seg){ 0 };
}

void bed_expect_nothing_at(struct bed *b, const char *file, int line)
{
	char a[256];

	for (; b->tx_pos < b->tx_n; b->tx_pos++)
		bed_fail(file, line, "unexpected %s of connection %u",
			 show(a, sizeof(a), &b->tx[b->tx_pos].seg), b->tx[b->tx_pos].conn);
	b->tx_pos = b->tx_n = 0;
}

void bed_forget_tx(struct bed *b) { b->tx_pos = b->tx_n = 0; }
uint32_t bed_tx_waiting(const struct bed *b) { return b->tx_n - b->tx_pos; }
