/* SPDX-License-Identifier: MIT */
/*
 * csum.c - the Internet checksum (RFC 1071)
 *
 * csum_partial() adds little-endian 64-bit words, 32 bytes a turn, and counts the carries, which
 * come round at the end; ones-complement addition does not mind the byte order
 * (RFC 1071 section 2 (B)), so one swap at the end gives the big-endian sum.
 * Not here: who verifies and who fills in (ip.c, icmp.c, udp.c, and the NIC).
 */
#include "net/csum.h"
#include "mem/mbuf.h"

static inline uint64_t load64(const uint8_t *p)
{
	uint64_t v;

	memcpy(&v, p, sizeof(v));
	return v;
}

/* Bytes [0, @len) of @p as a sum of little-endian words, @len < 8. */
static inline uint64_t sum_tail(const uint8_t *p, size_t len)
{
	uint64_t sum = 0;
	uint32_t v32;
	uint16_t v16;

	if (len & 4) {
		memcpy(&v32, p, sizeof(v32));
		sum += v32;
		p += sizeof(v32);
	}
	if (len & 2) {
		memcpy(&v16, p, sizeof(v16));
		sum += v16;
		p += sizeof(v16);
	}
	if (len & 1)
		sum += *p;
	return sum;
}

static inline uint16_t fold16(uint32_t sum)
{
	sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)(sum + (sum >> 16));
}

/* *@sum += the eight bytes at @p; returns the carry. */
static inline uint64_t add64(uint64_t *sum, const uint8_t *p)
{
	return __builtin_add_overflow(*sum, load64(p), sum);
}

uint32_t csum_partial(const void *buf, size_t len)
{
	const uint8_t *p = buf;
	uint64_t sum = 0, carry = 0;

	for (; len >= 32; len -= 32, p += 32) {
		carry += add64(&sum, p);
		carry += add64(&sum, p + 8);
		carry += add64(&sum, p + 16);
		carry += add64(&sum, p + 24);
	}
	for (; len >= 8; len -= 8, p += 8)
		carry += add64(&sum, p);
	carry += sum_tail(p, len);		/* below 2^34 */
	sum = (sum & UINT32_MAX) + (sum >> 32) + (carry & UINT32_MAX) + (carry >> 32);
	sum = (sum & UINT32_MAX) + (sum >> 32);
	return __builtin_bswap16(fold16((uint32_t)sum));
}

uint32_t csum_add(uint32_t a, uint32_t b, size_t off)
{
	uint32_t sum;

	if (off & 1)
		b = __builtin_bswap16(fold16(b));
	sum = a + b;
	return sum + (sum < a);
}

uint16_t csum_fold(uint32_t sum)
{
	return (uint16_t)~fold16(sum);
}

uint32_t csum_pseudo(uint32_t saddr, uint32_t daddr, uint8_t proto, uint32_t len)
{
	return (saddr >> 16) + (saddr & 0xffff) + (daddr >> 16) + (daddr & 0xffff) + proto + len;
}

uint32_t csum_mbuf_l4(const struct mbuf *m)
{
	size_t off = (size_t)m->off + m->len - m->l4_off;
	uint32_t sum = csum_partial(m->buf + m->l4_off, off);

	for (uint32_t i = 0; i < m->n_frags; i++) {
		sum = csum_add(sum, csum_partial(m->frag[i].p, m->frag[i].len), off);
		off += m->frag[i].len;
	}
	return sum;
}
