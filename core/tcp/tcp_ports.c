/* SPDX-License-Identifier: MIT */
/*
 * tcp_ports.c - local ports of outgoing connections (RFC 6056 algorithm 3, within RSS)
 *
 * The NIC steers replies by Toeplitz over the reversed tuple. A port is taken only if the
 * reply's bucket belongs to our queue (IX section 4.4), so no frame ever crosses cores.
 */
#include "tcp/tcp_impl.h"

static bool port_used(const struct tcp *t, uint32_t port)
{
	return t->ports_used[port / 64] >> (port % 64) & 1;
}

static bool reply_is_ours(const struct tcp *t, const struct flow *f)
{
	const struct nic *nic = t->nif->nic;

	if (nic->n_queues <= 1)
		return true;
	return nic->reta[tcp_rss(t, f) % RSS_RETA_LEN] == t->nif->queue;
}

/** Take a free port for a flow to @raddr:@rport. Returns it, or -EADDRNOTAVAIL. */
int32_t tcp_port_pick(struct tcp *t, ip_addr raddr, uint16_t rport)
{
	uint32_t range = (uint32_t)t->cfg.port_max - t->cfg.port_min + 1;
	struct { ip_addr laddr, raddr; uint32_t rport; } key = { t->nif->ip, raddr, rport };
	uint32_t start = (uint32_t)siphash24(t->secret, &key, sizeof(key)) + t->port_next;
	bool none = t->port_none_port == rport && t->port_none_addr == raddr;
	struct flow f = { .laddr = t->nif->ip, .raddr = raddr, .rport = rport };

	for (uint32_t i = 0; i < range && !none; i++) {
		uint32_t port = t->cfg.port_min + (start + i) % range;

		f.lport = (uint16_t)port;
		if (port_used(t, port) || !reply_is_ours(t, &f))
			continue;
		t->ports_used[port / 64] |= 1ULL << (port % 64);
		t->port_next += i + 1;
		return (int32_t)port;
	}
	t->port_none_addr = raddr;
	t->port_none_port = rport;
	return -EADDRNOTAVAIL;
}

void tcp_port_free(struct tcp *t, uint16_t port)
{
	t->ports_used[port / 64] &= ~(1ULL << (port % 64));
	t->port_none_port = 0;
}
