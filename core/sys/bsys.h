/* SPDX-License-Identifier: MIT */
/*
 * bsys.h - batched calls: decoded, then invoked (IX section 4.3; ARCHITECTURE, law 3)
 *
 * Decode copies the descriptor and checks all of it, changing nothing; invoke changes
 * state and cannot fail half way. No descriptor an application can write breaks the
 * stack, another flow, or the process.
 */
#ifndef SYS_BSYS_H
#define SYS_BSYS_H

#include "sys/event.h"

enum {
	BSYS_UDP_PORTS_MAX = 64,
	BSYS_UDP_OUT_MAX = 1024,	/* datagrams whose udp_sent is still to come */
};

/** A timer of the application. */
struct app_timer {
	uint64_t pool_link;	/* the pool's while free */
	struct timer timer;
	uint64_t cookie;
	struct sys *sys;
	uint32_t gen;
	bool armed;
};

/** What the calls of one thread act on. */
struct sys {
	struct tcp *tcp;
	struct netif *nif;
	struct events events;
	struct ix_call *calls;
	uint32_t calls_max;
	uintptr_t win_base;	/* the application's window */
	size_t win_len;
	nsec now;
	struct pool timers;	/* struct app_timer */
	uint32_t timers_short;	/* arms refused for want of one since the last entry */
	struct mbuf_done udp_done;
	uint32_t udp_out;	/* datagrams sent, udp_sent not raised */
	uint32_t udp_held, udp_held_max;
	uint32_t n_udp_ports;
	uint16_t udp_ports[BSYS_UDP_PORTS_MAX];
};

/** Bytes of timers bsys_init() needs. */
size_t bsys_timer_bytes(uint32_t n);

/** Completes a zeroed @s whose tcp, nif, events, calls and window are set. */
void bsys_init(struct sys *s, void *timer_mem, uint32_t timers_max, uint32_t udp_held_max);

/** Execute calls [0, @n), overwriting each with its return code. @n is already bounded. Returns
 * how many were refused; those for want of a timer are in timers_short as well. */
uint32_t bsys_run(struct sys *s, uint32_t n, nsec now);

/** Take datagrams on @port: 0, -EINVAL, -EADDRINUSE, -ENOSPC. */
int bsys_udp_open(struct sys *s, uint16_t port);

/** struct netif_up.udp_rx */
bool bsys_udp_rx(struct sys *s, struct mbuf *m, uint32_t saddr, uint16_t sport, uint16_t dport);

/** @t as the ABI says it. */
struct ix_tcp_info bsys_info_of(const struct tcp_info *t);

/* One function a call; each returns the return code. */
typedef int64_t bsys_fn(struct sys *s, const struct ix_call *d);
bsys_fn bsys_connect, bsys_accept, bsys_sendv, bsys_recv_done, bsys_close;
bsys_fn bsys_info, bsys_set;
bsys_fn bsys_udp_sendv, bsys_udp_recv_done, bsys_timer_arm, bsys_timer_cancel;

/** Copy the sg array of a call into @out, checked: -EINVAL, -EFAULT, or the sum of lengths. */
int64_t bsys_decode_sg(const struct sys *s, const struct ix_call *d,
		       struct mbuf_frag out[IX_SG_MAX]);

#endif
