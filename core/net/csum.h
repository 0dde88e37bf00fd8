/* SPDX-License-Identifier: MIT */
/*
 * csum.h - the Internet checksum (RFC 1071), eight bytes at a time
 *
 * A partial sum is a ones-complement sum of big-endian 16-bit words folded to 32
 * bits at most; partial sums of even-length pieces simply add up.
 */
#ifndef NET_CSUM_H
#define NET_CSUM_H

#include "base/types.h"

struct mbuf;

/** Partial sum of @len bytes (any alignment); an odd last byte is padded with zero. */
uint32_t csum_partial(const void *p, size_t len);

/** Sum of two partials, the second starting at byte @off of the whole (odd swaps bytes). */
uint32_t csum_add(uint32_t a, uint32_t b, size_t off);

/** Fold and complement: the value to store in a header, host order. */
uint16_t csum_fold(uint32_t sum);

/** Partial sum of the IPv4 pseudo header; @len is the bytes of the TCP or UDP segment. */
uint32_t csum_pseudo(uint32_t saddr, uint32_t daddr, uint8_t proto, uint32_t len);

/** Partial sum of the bytes of @m from its l4_off to the end, pieces included. */
uint32_t csum_mbuf_l4(const struct mbuf *m);

#endif
