/* SPDX-License-Identifier: MIT */
/*
 * tcp_opts.c - TCP options, decoded once and bounds first (RFC 9293 section 3.1, RFC 7323)
 */
#include "tcp/tcp_impl.h"

enum { TCPOPT_EOL = 0, TCPOPT_NOP = 1, TCPOPT_MSS = 2, TCPOPT_WSCALE = 3, TCPOPT_SACK_OK = 4,
       TCPOPT_SACK = 5, TCPOPT_TS = 8 };
enum { TCPOLEN_TS = 10, WSCALE_MAX = 14 };

static void opts_take(struct tcp_opts *o, uint8_t kind, const uint8_t *p, size_t len)
{
	if (kind == TCPOPT_MSS && len == 2) {
		o->mss = be16_load(p);
	} else if (kind == TCPOPT_WSCALE && len == 1) {
		o->has_wscale = true;
		o->wscale = MIN(p[0], WSCALE_MAX);	/* RFC 7323 section 2.3 */
	} else if (kind == TCPOPT_SACK_OK && len == 0) {
		o->sack_ok = true;
	} else if (kind == TCPOPT_SACK && len > 0 && len % 8 == 0) {
		o->sack = p;
		o->n_sack = (uint8_t)(len / 8);
	} else if (kind == TCPOPT_TS && len == TCPOLEN_TS - 2) {
		o->has_ts = true;
		o->tsval = be32_load(p);
		o->tsecr = be32_load(p + 4);
	}
}

/**
 * Decode one header's options; unknown kinds are skipped. Returns 0, or -EBADMSG if a
 * length is below 2 or past the end (*o is then void).
 */
int tcp_opts_decode(struct tcp_opts *o, const uint8_t *p, size_t len)
{
	const uint8_t *end = p + len;

	for (*o = (struct tcp_opts){ 0 }; p < end && *p != TCPOPT_EOL;) {
		if (*p == TCPOPT_NOP) {
			p++;
			continue;
		}
		if (end - p < 2 || p[1] < 2 || p[1] > end - p)
			return -EBADMSG;
		opts_take(o, p[0], p + 2, (size_t)p[1] - 2);
		p += p[1];
	}
	return 0;
}

/**
 * Fill in the timestamps of @s, which is on a connection that uses them. Returns false
 * when the options are malformed. The layout of RFC 7323 appendix A goes the short way.
 */
bool tcp_opts_ts(struct tcp_seg *s)
{
	struct tcp_opts o;

	if (s->opts_len == 12 && be32_load(s->opts) == 0x0101080a) {
		s->tsval = be32_load(s->opts + 4);
		s->tsecr = be32_load(s->opts + 8);
		s->has_ts = true;
		return true;
	}
	if (tcp_opts_decode(&o, s->opts, s->opts_len) != 0)
		return false;
	s->has_ts = o.has_ts;
	s->tsval = o.tsval;
	s->tsecr = o.tsecr;
	return true;
}

/** TSval: a clock of 1.024 ms ticks (RFC 7323 section 5.4 asks for 1 ms .. 1 s). */
uint32_t tcp_ts_now(const struct tcp *t)
{
	return (uint32_t)(t->now / NSEC_PER_USEC >> 10);
}
