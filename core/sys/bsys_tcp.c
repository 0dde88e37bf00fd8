/* SPDX-License-Identifier: MIT */
/*
 * bsys_tcp.c - the five calls of IX table 1
 */
#include "net/ip.h"
#include "sys/bsys.h"

/** connect(cookie, addr): the handle, -EINVAL, -EHOSTUNREACH, -EADDRNOTAVAIL, -ENOBUFS. */
int64_t bsys_connect(struct sys *s, const struct ix_call *d)
{
	const struct netif *nif = s->nif;
	uint32_t ip = d->addr.ip;

	if (d->addr.port == 0 || ip_addr_is_special(nif, ip) || ip == nif->ip)
		return -EINVAL;
	if (((ip ^ nif->ip) & nif->mask) != 0 && nif->gateway == 0)
		return -EHOSTUNREACH;
	return tcp_connect(s->tcp, d->cookie, ip, d->addr.port);
}

/** accept(handle, cookie): 0, -EBADF, -EINVAL when it is accepted already. */
int64_t bsys_accept(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);

	if (!p)
		return -EBADF;
	if (!tcp_can_accept(p))
		return -EINVAL;
	tcp_accept(s->tcp, p, d->new_cookie);
	return 0;
}

/** sendv(handle, sg, n): bytes accepted, -EBADF, -EINVAL, -EFAULT, -ENOTCONN. */
int64_t bsys_sendv(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);
	struct mbuf_frag sg[IX_SG_MAX];
	int64_t err;

	if (!p)
		return -EBADF;
	err = bsys_decode_sg(s, d, sg);
	if (err < 0)
		return err;
	if (!tcp_can_send(p))
		return -ENOTCONN;
	return tcp_sendv(s->tcp, p, sg, d->n);
}

/** recv_done(handle, bytes): 0, -EBADF, -EINVAL for more than was delivered. */
int64_t bsys_recv_done(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);

	if (!p)
		return -EBADF;
	if (d->bytes == 0 || d->bytes > tcp_recv_held(s->tcp, p))
		return -EINVAL;
	tcp_recv_done(s->tcp, p, (uint32_t)d->bytes);
	return 0;
}

/** close(handle, mode): 0, -EBADF, -EINVAL, -ENOTCONN for a half close that cannot be. */
int64_t bsys_close(struct sys *s, const struct ix_call *d)
{
	struct tcp_pcb *p = tcp_pcb_of(s->tcp, d->handle);

	if (!p)
		return -EBADF;
	if (d->n > IX_CLOSE_HALF)
		return -EINVAL;
	if (!tcp_can_close(p, (enum tcp_close_mode)d->n))
		return -ENOTCONN;
	tcp_close(s->tcp, p, (enum tcp_close_mode)d->n);
	return 0;
}

_Static_assert((int)TCP_CLOSE_FIN == (int)IX_CLOSE_FIN && (int)TCP_CLOSE_RST == (int)IX_CLOSE_RST &&
	       (int)TCP_CLOSE_HALF == (int)IX_CLOSE_HALF, "one set of modes");
