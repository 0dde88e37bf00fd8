/* SPDX-License-Identifier: MIT */
/*
 * icmp.c - ICMP (RFC 792, RFC 1122 section 3.2.2)
 *
 * icmp_rx() answers echo requests in the frame they came in, and hands errors that quote a
 * packet of ours to the layer above. icmp_unreach() is the only error this host sends,
 * behind a token bucket that depends on nothing but its `now`.
 * Not here: what an error does to a connection (tcp); redirects, timestamps, source quench
 * (RFC 6633), address masks and router discovery, which are ignored.
 */
#include "net/icmp.h"
#include "net/csum.h"
#include "net/ip.h"

#define TOKEN_NS	(NSEC_PER_SEC / ICMP_RATE_PER_SEC)

enum { QUOTE_DATA = 8 };	/* bytes quoted past the IPv4 header: the least RFC 792 asks for */

/* Turn the request in @m into its reply. The source is our address, whatever was asked. */
static void echo_reply(struct netif *nif, struct mbuf *m, uint32_t saddr, nsec now)
{
	uint8_t *p = mbuf_data(m);

	if (m->len > nif->mtu - IP_HLEN_MIN) {	/* cannot be sent back whole */
		STAT_INC(nif->stats, ICMP_BAD);
		mbuf_free(m);
		return;
	}
	p[ICMP_TYPE] = ICMP_T_ECHO_REPLY;
	be16_store(p + ICMP_CSUM, 0);
	be16_store(p + ICMP_CSUM, csum_fold(csum_partial(p, m->len)));
	nif->work->csum_bytes += m->len;
	m->flags = 0;
	STAT_INC(nif->stats, ICMP_ECHO);
	ip_tx_raw(nif, m, saddr, IPPROTO_ICMP_, now);
}

/* Does the error in @m quote enough of a packet that may be ours? */
static bool quote_valid(const struct netif *nif, const uint8_t *q, uint32_t len)
{
	uint32_t hlen;

	if (len < IP_HLEN_MIN || q[IP_VHL] >> 4 != 4)
		return false;
	hlen = (q[IP_VHL] & 15u) * 4;
	return hlen >= IP_HLEN_MIN && len >= hlen + QUOTE_DATA &&
	       be16_load(q + IP_TOTLEN) >= hlen + QUOTE_DATA &&
	       (be16_load(q + IP_OFF) & IP_OFF_MASK) == 0 && be32_load(q + IP_SRC) == nif->ip;
}

static void error_in(struct netif *nif, const struct mbuf *m, nsec now)
{
	const uint8_t *p = mbuf_data(m), *quote = p + ICMP_HLEN;
	uint32_t quote_len = m->len - (uint32_t)ICMP_HLEN;
	uint8_t type = p[ICMP_TYPE], code = p[ICMP_CODE];
	bool has_mtu = type == ICMP_T_UNREACH && code == ICMP_C_FRAG_NEEDED;

	if (!quote_valid(nif, quote, quote_len)) {
		STAT_INC(nif->stats, ICMP_BAD);
		return;
	}
	STAT_INC(nif->stats, ICMP_UNREACH_RX);
	if (nif->up->icmp_err != NULL)
		nif->up->icmp_err(nif->up_ctx, quote, quote_len, type, code,
				  has_mtu ? be16_load(p + ICMP_MTU) : 0, now);
}

void icmp_rx(struct netif *nif, struct mbuf *m, uint32_t saddr, uint32_t daddr, nsec now)
{
	const uint8_t *p = mbuf_data(m);

	nif->work->net_other++;
	nif->work->csum_bytes += m->len;
	if (m->len < ICMP_HLEN || csum_fold(csum_partial(p, m->len)) != 0) {
		STAT_INC(nif->stats, ICMP_BAD);
		mbuf_free(m);
		return;
	}
	switch (p[ICMP_TYPE]) {
	case ICMP_T_ECHO:
		if (daddr != nif->ip)
			break;		/* broadcast: may be ignored (3.2.2.6), so is */
		echo_reply(nif, m, saddr, now);
		return;
	case ICMP_T_UNREACH:
	case ICMP_T_TIME_EXCEEDED:
	case ICMP_T_PARAM_PROBLEM:
		error_in(nif, m, now);
		break;
	default:			/* unknown types are silently discarded (3.2.2) */
		break;
	}
	mbuf_free(m);
}

/* RFC 1122 section 3.2.2: what must never be answered with an error. */
static bool error_allowed(const struct netif *nif, const uint8_t *ip)
{
	uint32_t saddr = be32_load(ip + IP_SRC);

	return ip[IP_PROTO] != IPPROTO_ICMP_ && (be16_load(ip + IP_OFF) & IP_OFF_MASK) == 0 &&
	       be32_load(ip + IP_DST) == nif->ip && saddr != nif->ip &&
	       !ip_addr_is_special(nif, saddr);
}

/* One error's worth of the budget. */
static bool token_take(struct netif *nif, nsec now)
{
	uint64_t n = (now - nif->icmp_refill) / TOKEN_NS;

	nif->icmp_refill += n * TOKEN_NS;
	nif->icmp_tokens = (uint32_t)MIN(nif->icmp_tokens + n, ICMP_BURST);
	if (nif->icmp_tokens == 0)
		return false;
	nif->icmp_tokens--;
	return true;
}

void icmp_unreach(struct netif *nif, const struct mbuf *m, uint8_t code, nsec now)
{
	const uint8_t *ip = m->buf + m->l3_off;
	uint32_t have = (uint32_t)m->off + m->len - m->l3_off;
	uint32_t quote_len = MIN(have, (ip[IP_VHL] & 15u) * 4 + QUOTE_DATA);
	struct mbuf *err;
	uint8_t *p;

	if (!error_allowed(nif, ip))
		return;
	if (!token_take(nif, now)) {
		STAT_INC(nif->stats, ICMP_RATE_LIMITED);
		return;
	}
	err = mbuf_alloc(nif->pool);
	if (err == NULL) {
		STAT_INC(nif->stats, TX_NO_MBUF);
		return;
	}
	p = mbuf_data(err);
	err->len = (uint16_t)(ICMP_HLEN + quote_len);
	memset(p, 0, ICMP_HLEN);
	memcpy(p + ICMP_HLEN, ip, quote_len);
	p[ICMP_TYPE] = ICMP_T_UNREACH;
	p[ICMP_CODE] = code;
	be16_store(p + ICMP_CSUM, csum_fold(csum_partial(p, err->len)));
	nif->work->csum_bytes += err->len;
	STAT_INC(nif->stats, ICMP_ERR_TX);
	ip_tx_raw(nif, err, be32_load(ip + IP_SRC), IPPROTO_ICMP_, now);
}
