/* SPDX-License-Identifier: MIT */
/*
 * tcp_cookie.c - SYN cookies: a handshake that keeps nothing (RFC 4987 section 3.6)
 *
 * The SYN-ACK's sequence number is a keyed hash of the flow, the peer's initial number and
 * a clock of 64 s, with an index into a table of MSS in its low three bits. An ACK makes a
 * connection if it acknowledges the cookie of this or the last period: 16 of 2^32 numbers do,
 * and none for a listener that has sent no cookie lately. Scale, SACK and ECN go into the
 * low six bits of TSval when both ends use timestamps, and are lost otherwise; the hash covers
 * them, so that the echo of any other timestamp is not taken for options.
 * When cookies are sent is decided in tcp_listen.c.
 */
#include "tcp/tcp_impl.h"

enum { PERIOD_SEC = 64, PERIODS = 2, NOT_A_COOKIE = -1 };
enum { ECN_SETUP = TH_ECE | TH_CWR };	/* RFC 3168 section 6.1.1 */
enum { INDEX_DEFAULT = 1, INDEX_MASK = 7 };

/* In the low bits of TSval. */
enum {
	TS_NO_WSCALE = 15,	/* instead of a shift */
	TS_WSCALE_MASK = 15,
	TS_SACK = BIT(4),
	TS_ECN = BIT(5),
	TS_MASK = BIT(6) - 1,
	TS_SAID = BIT(6),	/* there was a timestamp */
};
enum { SAID_SHIFT = 8 };	/* behind the index: what the hash covers */

const char *const tcp_cookie_names[] = { "auto", "off", "always", NULL };

/* The least we take, the default (INDEX_DEFAULT), and what links and tunnels leave of 1500. */
static const uint16_t mss_table[] = { 64, 536, 1024, 1220, 1360, 1400, 1452, 1460 };

_Static_assert(ARRAY_LEN(mss_table) == INDEX_MASK + 1, "an index is three bits");

static uint32_t mss_index(uint16_t mss)
{
	uint32_t i = INDEX_MASK;

	if (mss == 0)				/* the SYN had none */
		return INDEX_DEFAULT;
	while (i > 0 && mss_table[i] > mss)
		i--;
	return i;
}

/* The initial number that says @index in its low bits, and is proof of it, and of what TSval
 * @said, in the others. */
static uint32_t cookie(const struct tcp *t, const struct flow *f, uint32_t irs, uint32_t period,
		       uint32_t index, uint32_t said)
{
	struct { struct flow f; uint32_t irs, period, says; } in = {
		*f, irs, period, index | said << SAID_SHIFT,
	};

	return ((uint32_t)siphash24(t->secret, &in, sizeof(in)) & ~(uint32_t)INDEX_MASK) | index;
}

static uint32_t period_now(const struct tcp *t)
{
	return (uint32_t)(t->now / (PERIOD_SEC * NSEC_PER_SEC));
}

/* The index that @iss carries if it is a cookie of ours, sent with a TSval that @said so. */
static int index_of(const struct tcp *t, const struct flow *f, uint32_t irs, uint32_t iss,
		    uint32_t said)
{
	for (uint32_t age = 0; age < PERIODS; age++)
		if (cookie(t, f, irs, period_now(t) - age, iss & INDEX_MASK, said) == iss)
			return (int)(iss & INDEX_MASK);
	return NOT_A_COOKIE;
}

/* Both ends must agree on ECN here: nothing remembers the SYN (RFC 3168 section 6.1.1). */
static bool ecn_agreed(const struct tcp *t, const struct tcp_listener *l,
		       const struct tcp_seg *syn)
{
	return tcp_ecn_willing(t, l->cc) && (syn->flags & ECN_SETUP) == ECN_SETUP;
}

/* Now, or up to 64 ticks ago: never ahead of what later segments say. */
static uint32_t tsval_with(uint32_t now, uint32_t bits)
{
	uint32_t tsval = (now & ~(uint32_t)TS_MASK) | bits;

	return seq_gt(tsval, now) ? tsval - (TS_MASK + 1) : tsval;
}

/** Answer the SYN @s, whose options are @o, and forget it. */
void tcp_cookie_send(struct tcp *t, struct tcp_listener *l, const struct flow *f,
		     const struct tcp_seg *s, const struct tcp_opts *o)
{
	struct tcp_opts say = { .mss = t->cfg.mss, .wscale = t->rcv_scale, .tsecr = o->tsval };
	uint32_t said = 0, iss;
	bool ecn = false;

	say.has_ts = t->cfg.timestamps && o->has_ts;
	if (say.has_ts) {
		say.has_wscale = t->cfg.wscale && o->has_wscale;
		say.sack_ok = t->cfg.sack && o->sack_ok;
		ecn = ecn_agreed(t, l, s);
		said = (say.has_wscale ? o->wscale : (uint32_t)TS_NO_WSCALE) |
		       (say.sack_ok ? TS_SACK : 0) | (ecn ? TS_ECN : 0);
		say.tsval = tsval_with(tcp_ts_now(t), said);
		said |= TS_SAID;
	}
	iss = cookie(t, f, s->seq, period_now(t), mss_index(o->mss), said);
	l->cookies_until = t->now + PERIODS * PERIOD_SEC * NSEC_PER_SEC;
	STAT_INC(t->nif->stats, TCP_COOKIE_SENT);
	tcp_tx_syn_for(t, f, iss, s->seq + 1, ecn ? TH_SYN | TH_ACK | TH_ECE : TH_SYN | TH_ACK,
		       &say);
}

/* What the peer's SYN offered, as far as @o, the options of its ACK, still tell. */
static struct tcp_opts offered(const struct tcp_opts *o, uint16_t mss)
{
	uint8_t wscale = o->tsecr & TS_WSCALE_MASK;

	if (!o->has_ts)
		return (struct tcp_opts){ .mss = mss };
	return (struct tcp_opts){
		.mss = mss, .has_ts = true, .tsval = o->tsval,
		.has_wscale = wscale != TS_NO_WSCALE, .wscale = wscale,
		.sack_ok = (o->tsecr & TS_SACK) != 0,
	};
}

/**
 * The ACK @s reached @l and no connection. If it brings back a cookie, returns the connection
 * it makes, in SYN-RECEIVED: @s is its next segment. NULL otherwise, or when there is no room.
 */
struct tcp_pcb *tcp_cookie_take(struct tcp *t, struct tcp_listener *l, const struct flow *f,
				const struct tcp_seg *s)
{
	struct tcp_seg syn = { .seq = s->seq - 1, .wnd = s->wnd };
	struct tcp_opts o, was;
	struct tcp_pcb *p;
	int index = NOT_A_COOKIE;

	if (t->now >= l->cookies_until)
		return NULL;
	if (tcp_opts_decode(&o, s->opts, s->opts_len) == 0) {
		o.has_ts = o.has_ts && t->cfg.timestamps;
		index = index_of(t, f, syn.seq, s->ack - 1,
				 o.has_ts ? TS_SAID | (o.tsecr & TS_MASK) : 0);
	}
	if (index == NOT_A_COOKIE) {
		STAT_INC(t->nif->stats, TCP_COOKIE_BAD);
		return NULL;
	}
	if (o.has_ts && (o.tsecr & TS_ECN))
		syn.flags = ECN_SETUP;
	was = offered(&o, mss_table[index]);
	p = tcp_listen_open(t, l, f, &syn, &was, s->ack - 1);
	if (!p)
		return NULL;
	STAT_INC(t->nif->stats, TCP_COOKIE_OK);
	return p;
}
