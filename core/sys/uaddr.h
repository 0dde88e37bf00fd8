/* SPDX-License-Identifier: MIT */
/*
 * uaddr.h - which addresses a call may name
 *
 * The application's window, and for sending also the data room of any frame: an echo sends
 * the very bytes it received. Frames it was never shown it can send too: what the wire has
 * told this thread is no secret from the thread's only application.
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

/* Inside the data room of one frame; its header is the dataplane's. */
static inline bool uaddr_in_frame(const struct pool *frames, uint64_t addr, uint64_t len)
{
	uint64_t base = (uintptr_t)frames->base, at = (addr - base) % frames->size;

	return uaddr_in(addr, len, base, (uint64_t)frames->n * frames->size) &&
	       uaddr_in(at, len, sizeof(struct mbuf), MBUF_ROOM);
}

static inline bool uaddr_readable(const struct sys *s, uint64_t addr, uint64_t len)
{
	return likely(uaddr_in_window(s, addr, len)) ||
	       uaddr_in_frame(&s->nif->pool->pool, addr, len);
}

#endif
