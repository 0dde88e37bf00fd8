/* SPDX-License-Identifier: MIT */
/*
 * addr.h - addresses as people write them
 *
 * All parsers take the whole string or nothing: no spaces, no octal, no short forms.
 * They return 0 or -EINVAL; what they store is then void.
 */
#ifndef HW_ADDR_H
#define HW_ADDR_H

#include "base/types.h"

enum { ADDR_IP_LEN = 16 };	/* "255.255.255.255" and NUL */

/** "10.9.0.2" in host order. */
int addr_ip(const char *s, uint32_t *ip);

/** "10.9.0.2/24", prefix 1 .. 30. */
int addr_ip_prefix(const char *s, uint32_t *ip, uint32_t *prefix);

/** "10.9.0.1:7", port 1 .. 65535. */
int addr_ip_port(const char *s, uint32_t *ip, uint16_t *port);

/** "02:49:0a:09:00:02", a unicast address other than zero. */
int addr_mac(const char *s, uint8_t mac[6]);

/** Writes @ip as a.b.c.d; returns @to. */
const char *addr_ip_str(uint32_t ip, char to[ADDR_IP_LEN]);

/** @prefix 1 .. 30 as a mask, host order. */
static inline uint32_t addr_mask(uint32_t prefix)
{
	assert(prefix >= 1 && prefix <= 30);
	return UINT32_MAX << (32 - prefix);
}

#endif
