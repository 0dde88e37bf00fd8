/* SPDX-License-Identifier: MIT */
/*
 * uaddr.h - which addresses a call may name
 *
 * The application's window, and for sending also the frames it has been shown: an echo
 * sends the very bytes it received.
 */
#ifndef SYS_UADDR_H
#define SYS_UADDR_H

#include "sys/bsys.h"

static inline bool uaddr_in(uint64_t addr, uint64_t len, uint64_t base, uint64_t size)
{
	return len <= size && addr - base <= size - len;
}

static inline bool uaddr_in_window(const struct sys *s, uint64_t addr, uint64_t len)
{
	return uaddr_in(addr, len, s->win_base, s->win_len);
}

static inline bool uaddr_readable(const struct sys *s, uint64_t addr, uint64_t len)
{
	const struct pool *frames = &s->nif->pool->pool;

	return uaddr_in_window(s, addr, len) ||
	       uaddr_in(addr, len, (uintptr_t)frames->base, (uint64_t)frames->n * frames->size);
}

#endif
