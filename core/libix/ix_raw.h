/* SPDX-License-Identifier: MIT */
/*
 * ix_raw.h - the calls of the ABI as constructors over one descriptor
 *
 * Each ix_raw_*() fills one struct ix_call of the page's call array; nothing is checked
 * and nothing happens until the dataplane runs the batch and writes `ret`. An application
 * may use these alone; ixev.c is built on them.
 * Not here: which descriptor is free, and whose return code it will hold.
 */
#ifndef LIBIX_IX_RAW_H
#define LIBIX_IX_RAW_H

#include "ix/abi.h"

/** Memory as the ABI names it. */
static inline uint64_t ix_raw_addr(const void *p)
{
	return (uint64_t)(uintptr_t)p;
}

static inline void ix_raw_connect(struct ix_call *c, uint64_t cookie, uint32_t ip, uint16_t port)
{
	c->nr = IX_CALL_CONNECT;
	c->cookie = cookie;
	c->addr = (struct ix_addr){ .ip = ip, .port = port };
}

static inline void ix_raw_accept(struct ix_call *c, ix_handle_t handle, uint64_t cookie)
{
	c->nr = IX_CALL_ACCEPT;
	c->handle = handle;
	c->new_cookie = cookie;
}

/** @sg[@n] is read when the call runs; the memory it names stays referenced until `sent`. */
static inline void ix_raw_sendv(struct ix_call *c, ix_handle_t handle, const struct ix_sg *sg,
				uint32_t n)
{
	c->nr = IX_CALL_SENDV;
	c->n = n;
	c->handle = handle;
	c->sg = ix_raw_addr(sg);
}

static inline void ix_raw_recv_done(struct ix_call *c, ix_handle_t handle, uint64_t bytes)
{
	c->nr = IX_CALL_RECV_DONE;
	c->handle = handle;
	c->bytes = bytes;
}

static inline void ix_raw_close(struct ix_call *c, ix_handle_t handle, enum ix_close_mode mode)
{
	c->nr = IX_CALL_CLOSE;
	c->n = (uint32_t)mode;
	c->handle = handle;
}

static inline void ix_raw_udp_sendv(struct ix_call *c, uint64_t cookie, const struct ix_addr *addr,
				    const struct ix_sg *sg, uint32_t n)
{
	c->nr = IX_CALL_UDP_SENDV;
	c->n = n;
	c->cookie = cookie;
	c->sg = ix_raw_addr(sg);
	c->addr = *addr;
}

static inline void ix_raw_udp_recv_done(struct ix_call *c, ix_handle_t handle)
{
	c->nr = IX_CALL_UDP_RECV_DONE;
	c->handle = handle;
}

static inline void ix_raw_timer_arm(struct ix_call *c, uint64_t cookie, uint64_t delay_ns)
{
	c->nr = IX_CALL_TIMER_ARM;
	c->cookie = cookie;
	c->delay_ns = delay_ns;
}

static inline void ix_raw_timer_cancel(struct ix_call *c, ix_handle_t handle)
{
	c->nr = IX_CALL_TIMER_CANCEL;
	c->handle = handle;
}

/** @to[@n], in the window, is written when the call runs. */
static inline void ix_raw_info(struct ix_call *c, ix_handle_t handle, void *to, uint32_t n)
{
	c->nr = IX_CALL_INFO;
	c->n = n;
	c->handle = handle;
	c->ptr = ix_raw_addr(to);
}

static inline void ix_raw_set(struct ix_call *c, ix_handle_t handle, enum ix_option opt,
			      uint64_t value)
{
	c->nr = IX_CALL_SET;
	c->n = (uint32_t)opt;
	c->handle = handle;
	c->value = value;
}

#endif
