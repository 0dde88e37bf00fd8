/* SPDX-License-Identifier: MIT */
/*
 * bsys_udp.c - datagrams: ports, delivery, sending by reference
 *
 * A datagram is delivered as the frame it came in, until udp_recv_done. The handle names
 * the frame and its generation. udp_sent comes when the NIC has let go of the memory.
 */
#include "net/ip.h"
#include "net/udp.h"
#include "sys/bsys.h"

enum { HANDLE_TAG = 0x10000 };		/* above a frame's 16-bit generation: never 0 */

int bsys_udp_open(struct sys *s, uint16_t port)
{
	if (port == 0)
		return -EINVAL;
	for (uint32_t i = 0; i < s->n_udp_ports; i++)
		if (s->udp_ports[i] == port)
			return -EADDRINUSE;
	if (s->n_udp_ports == BSYS_UDP_PORTS_MAX)
		return -ENOSPC;
	s->udp_ports[s->n_udp_ports++] = port;
	return 0;
}

static bool port_open(const struct sys *s, uint16_t port)
{
	for (uint32_t i = 0; i < s->n_udp_ports; i++)
		if (s->udp_ports[i] == port)
			return true;
	return false;
}

static uint64_t handle_of(const struct sys *s, const struct mbuf *m)
{
	return (uint64_t)(HANDLE_TAG | m->gen) << 32 | pool_index(&s->nif->pool->pool, m);
}

bool bsys_udp_rx(struct sys *s, struct mbuf *m, uint32_t saddr, uint16_t sport, uint16_t dport)
{
	struct ix_event *ev;

	if (!port_open(s, dport))
		return false;
	if (s->udp_held >= s->udp_held_max || events_room(&s->events) == 0) {
		STAT_INC(s->nif->stats, UDP_NO_ROOM);
		mbuf_free(m);
		return true;
	}
	STAT_INC(s->nif->stats, UDP_RX);
	s->udp_held++;
	m->flags |= MBUF_APP;
	ev = events_push(&s->events, IX_EV_UDP_RECV);
	ev->handle = handle_of(s, m);
	ev->ptr = (uintptr_t)mbuf_data(m);
	ev->len = m->len;
	ev->addr = (struct ix_addr){ .ip = saddr, .port = sport, .local_port = dport };
	return true;
}

/** udp_recv_done(handle): 0, -EBADF. */
int64_t bsys_udp_recv_done(struct sys *s, const struct ix_call *d)
{
	struct pool *frames = &s->nif->pool->pool;
	uint32_t i = (uint32_t)d->handle;
	struct mbuf *m;

	if (i >= frames->n_fresh)
		return -EBADF;
	m = pool_at(frames, i);
	if (!(m->flags & MBUF_APP) || handle_of(s, m) != d->handle)
		return -EBADF;
	m->flags &= (uint8_t)~MBUF_APP;
	s->udp_held--;
	mbuf_free(m);
	return 0;
}

static void udp_done(struct mbuf_done *done, struct mbuf *m)
{
	struct sys *s = container_of(done, struct sys, udp_done);
	struct ix_event *ev = events_push(&s->events, IX_EV_UDP_SENT);

	s->udp_out--;
	ev->cookie = (uint64_t)m->seq << 32 | m->hash;
}

static int64_t check_udp(const struct sys *s, const struct ix_call *d, int64_t len)
{
	const struct netif *nif = s->nif;

	if (d->addr.port == 0 || d->addr.local_port == 0 || ip_addr_is_special(nif, d->addr.ip) ||
	    d->addr.ip == nif->ip || d->n > MBUF_FRAGS_MAX)
		return -EINVAL;
	if (len > nif->mtu - IP_HLEN_MIN - UDP_HLEN)
		return -EMSGSIZE;
	if (((d->addr.ip ^ nif->ip) & nif->mask) != 0 && nif->gateway == 0)
		return -EHOSTUNREACH;
	return s->udp_out + s->events.n >= BSYS_UDP_OUT_MAX ? -EAGAIN : 0;
}

/** udp_sendv(cookie, addr, sg, n <= MBUF_FRAGS_MAX): bytes queued, -EINVAL, -EFAULT, -EMSGSIZE,
 * -EHOSTUNREACH, -EAGAIN, -ENOBUFS. */
int64_t bsys_udp_sendv(struct sys *s, const struct ix_call *d)
{
	struct mbuf_frag sg[IX_SG_MAX];
	int64_t len = bsys_decode_sg(s, d, sg), err;
	struct mbuf *m;

	if (len < 0)
		return len;
	err = check_udp(s, d, len);
	if (err)
		return err;
	m = netif_room(s->nif) ? mbuf_alloc(s->nif->pool) : NULL;
	if (!m)
		return -ENOBUFS;
	m->n_frags = (uint8_t)d->n;
	memcpy(m->frag, sg, d->n * sizeof(sg[0]));
	m->frag_len = (uint32_t)len;
	m->done = &s->udp_done;
	m->seq = (uint32_t)(d->cookie >> 32);
	m->hash = (uint32_t)d->cookie;
	s->udp_done.fn = udp_done;
	s->udp_out++;
	udp_tx(s->nif, m, d->addr.ip, d->addr.local_port, d->addr.port, s->now);
	return len;
}
