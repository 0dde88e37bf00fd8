/* SPDX-License-Identifier: MIT */
/*
 * bsys_info.c - the view of a connection, and its options: info, set
 *
 * The ABI's struct ix_tcp_info is filled from the core's, field by field: its layout is a
 * promise, theirs is not.
 */
#include "sys/bsys.h"
#include "sys/uaddr.h"

static uint32_t flags_of(const struct tcp_info *t)
{
	return (t->sack ? (uint32_t)IX_INFO_SACK : 0) | (t->ts ? (uint32_t)IX_INFO_TS : 0) |
	       (t->wscale ? (uint32_t)IX_INFO_WSCALE : 0) | (t->ecn ? (uint32_t)IX_INFO_ECN : 0) |
	       (t->nagle ? (uint32_t)IX_INFO_NAGLE : 0);
}

struct ix_tcp_info bsys_info_of(const struct tcp_info *t)
{
	return (struct ix_tcp_info){
		.state = t->state, .flags = flags_of(t), .cc = t->cc, .mss = t->mss,
		.cwnd = t->cwnd, .ssthresh = t->ssthresh, .in_flight = t->in_flight,
		.snd_wnd = t->snd_wnd, .rcv_wnd = t->rcv_wnd, .rcv_lim = t->rcv_lim,
		.rcv_held = t->rcv_held, .ooo_frames = t->ooo_frames, .srtt_us = t->srtt_us,
		.rttvar_us = t->rttvar_us, .min_rtt_us = t->min_rtt_us, .rto_us = t->rto_us,
		.backoff = t->backoff, .rexmit_segs = t->rexmit_segs, .lost_bytes = t->lost_bytes,
		.sacked_bytes = t->sacked_bytes, .reordering = t->reordering,
		.delivered_bytes = t->delivered_bytes, .rexmit_bytes = t->rexmit_bytes,
	};
}

/** info(handle, ptr, n): bytes written, at most n; -EBADF, -EINVAL, -EFAULT. */
int64_t bsys_info(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);
	struct ix_tcp_info info;
	struct tcp_info t;
	size_t n = MIN((size_t)d->n, sizeof(info));

	if (!p)
		return -EBADF;
	if (d->n == 0)
		return -EINVAL;
	if (!uaddr_in_window(s, d->ptr, d->n))
		return -EFAULT;
	tcp_info_get(s->tcp, p, &t);
	info = bsys_info_of(&t);
	memcpy((void *)(uintptr_t)d->ptr, &info, n);
	return (int64_t)n;
}

static int64_t set_time(struct sys *s, struct tcp_pcb *p, uint64_t ns, uint64_t most_ns,
			void (*set)(struct tcp *t, struct tcp_pcb *p, uint32_t us))
{
	if (ns > most_ns)
		return -EINVAL;
	set(s->tcp, p, (uint32_t)(ns / NSEC_PER_USEC));
	return 0;
}

/** set(handle, option, value): 0, -EBADF, -EINVAL. */
int64_t bsys_set(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);
	const struct tcp_cc_ops *cc;

	if (!p)
		return -EBADF;
	switch (d->n) {
	case IX_OPT_CC:
		cc = d->value <= UINT32_MAX ? tcp_cc_find((uint32_t)d->value) : NULL;
		if (!cc)
			return -EINVAL;
		tcp_cc_set(s->tcp, p, cc);
		return 0;
	case IX_OPT_NAGLE:
		if (d->value > 1)
			return -EINVAL;
		tcp_set_nagle(s->tcp, p, d->value != 0);
		return 0;
	case IX_OPT_KEEPALIVE_NS:
		return set_time(s, p, d->value, 4 * 3600 * NSEC_PER_SEC, tcp_set_keepalive);
	case IX_OPT_USER_TIMEOUT_NS:
		return set_time(s, p, d->value, 1800 * NSEC_PER_SEC, tcp_set_user_timeout);
	case IX_OPT_LINGER_NS:
		return set_time(s, p, d->value, 1800 * NSEC_PER_SEC, tcp_set_linger);
	default:
		return -EINVAL;
	}
}
