/* SPDX-License-Identifier: MIT */
/*
 * bsys.c - the call table, and what every call with memory goes through
 *
 * Not here: the calls (bsys_tcp.c, bsys_info.c, bsys_udp.c, bsys_timer.c).
 */
#include "sys/bsys.h"
#include "sys/uaddr.h"

static bsys_fn *const table[IX_CALL_NR] = {
	[IX_CALL_CONNECT] = bsys_connect,
	[IX_CALL_ACCEPT] = bsys_accept,
	[IX_CALL_SENDV] = bsys_sendv,
	[IX_CALL_RECV_DONE] = bsys_recv_done,
	[IX_CALL_CLOSE] = bsys_close,
	[IX_CALL_UDP_SENDV] = bsys_udp_sendv,
	[IX_CALL_UDP_RECV_DONE] = bsys_udp_recv_done,
	[IX_CALL_TIMER_ARM] = bsys_timer_arm,
	[IX_CALL_TIMER_CANCEL] = bsys_timer_cancel,
	[IX_CALL_INFO] = bsys_info,
	[IX_CALL_SET] = bsys_set,
};

uint32_t bsys_run(struct sys *s, uint32_t n, nsec now)
{
	uint32_t refused = 0;

	s->now = now;
	for (uint32_t i = 0; i < n; i++) {
		struct ix_call d = s->calls[i];		/* a copy: it cannot change under us */
		bsys_fn *fn = d.nr < IX_CALL_NR ? table[d.nr] : NULL;
		int64_t ret = fn ? fn(s, &d) : -ENOSYS;

		s->calls[i].ret = ret;
		refused += ret < 0;
	}
	s->nif->work->calls += n;
	STAT_ADD(s->nif->stats, CALLS, n);
	STAT_ADD(s->nif->stats, CALLS_REFUSED, refused);
	return refused;
}

int64_t bsys_decode_sg(const struct sys *s, const struct ix_call *d,
		       struct mbuf_frag out[IX_SG_MAX])
{
	uint64_t total = 0;

	if (d->n == 0 || d->n > IX_SG_MAX)
		return -EINVAL;
	if (!uaddr_in_window(s, d->sg, d->n * sizeof(struct ix_sg)))
		return -EFAULT;
	for (uint32_t i = 0; i < d->n; i++) {
		struct ix_sg sg;

		memcpy(&sg, (const void *)(uintptr_t)(d->sg + i * sizeof(sg)), sizeof(sg));
		if (sg.len == 0 || sg.len > IX_SENDV_MAX)
			return -EINVAL;
		if (!uaddr_readable(s, sg.addr, sg.len))
			return -EFAULT;
		total += sg.len;
		if (total > IX_SENDV_MAX)
			return -EINVAL;
		out[i] = (struct mbuf_frag){ .p = (const uint8_t *)(uintptr_t)sg.addr,
					     .len = (uint32_t)sg.len };
	}
	return (int64_t)total;
}
