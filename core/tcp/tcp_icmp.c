/* SPDX-License-Identifier: MIT */
/*
 * tcp_icmp.c - ICMP errors about our segments (RFC 1122 4.2.3.9, RFC 1191, RFC 5927)
 *
 * Only a quote whose sequence number is in flight is believed. Unreachables are hints in
 * every synchronized state: they explain a later timeout, they end nothing.
 */
#include "tcp/tcp_impl.h"

enum { PMTU_MIN = 552 };

static bool in_flight(const struct tcp_pcb *p, uint32_t seq)
{
	return seq_geq(seq, p->snd_una) && seq_lt(seq, p->snd_nxt);
}

static void path_mtu(struct tcp *t, struct tcp_pcb *p, uint16_t mtu)
{
	struct tcp_cold *c = tcp_cold(t, p);
	uint32_t mss = MAX(mtu, (uint32_t)PMTU_MIN) - IP_HLEN_MIN - TCP_HLEN_MIN -
		       (p->flags & F_TS ? 12u : 0);

	if (mss >= p->mss || p->state < TCP_ESTABLISHED)
		return;
	/* As many segments as before, not as many bytes: no burst (RFC 5681 section 3.1). */
	p->cwnd = (uint32_t)MAX((uint64_t)p->cwnd * mss / p->mss, mss);
	p->mss = (uint16_t)mss;
	p->flags = (p->flags | F_RTX | F_OUTPUT) & ~(uint32_t)F_RECOVERY;
	c->recover = p->snd_nxt;
	c->undo = c->frto = false;
	tcp_board_lose_all(t, p, c);
	tcp_dirty(t, p);
}

/* Explains a timeout that comes before anything else is acknowledged. */
static void soft_error(const struct tcp_pcb *p, struct tcp_cold *c)
{
	c->soft_err = true;
	c->soft_una = p->snd_una;
}

static void unreachable(struct tcp *t, struct tcp_pcb *p, uint8_t code)
{
	bool hard = code == ICMP_C_PROTO || code == ICMP_C_PORT;

	if (hard && p->state == TCP_SYN_SENT)
		tcp_end(t, p, TCP_END_RESET);
	else
		soft_error(p, tcp_cold(t, p));
}

void tcp_icmp_err(struct tcp *tcp, const uint8_t *quote, uint32_t len, uint8_t type, uint8_t code,
		  uint16_t mtu)
{
	uint32_t hlen = (quote[IP_VHL] & 15u) * 4;
	const uint8_t *h = quote + hlen;
	struct flow f;
	struct tcp_pcb *p;

	if (len < hlen + 8 || quote[IP_PROTO] != IPPROTO_TCP_)
		return;
	f = (struct flow){ .laddr = ip_addr_load(quote + IP_SRC),
			   .raddr = ip_addr_load(quote + IP_DST),
			   .lport = be16_load(h + TCP_SPORT), .rport = be16_load(h + TCP_DPORT) };
	p = tcp_pcb_find(tcp, &f, tcp_rss(tcp, &f));
	if (!p || !in_flight(p, be32_load(h + TCP_SEQ)))
		return;
	if (type == ICMP_T_UNREACH && code == ICMP_C_FRAG_NEEDED)
		path_mtu(tcp, p, mtu);
	else if (type == ICMP_T_UNREACH)
		unreachable(tcp, p, code);
}
