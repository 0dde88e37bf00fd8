/* SPDX-License-Identifier: MIT */
/*
 * types.h - the few definitions every file needs
 */
#ifndef BASE_TYPES_H
#define BASE_TYPES_H

#include <assert.h>
#include <errno.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

/** Nanoseconds since the world's own epoch. Never wraps in a run. */
typedef uint64_t nsec;

#define NSEC_NEVER	UINT64_MAX
#define NSEC_PER_USEC	1000ULL
#define NSEC_PER_MSEC	1000000ULL
#define NSEC_PER_SEC	1000000000ULL

#define CACHE_LINE	64

#define BIT(n)		(1u << (n))
#define ARRAY_LEN(a)	(sizeof(a) / sizeof((a)[0]))
#define MIN(a, b)	((a) < (b) ? (a) : (b))
#define MAX(a, b)	((a) > (b) ? (a) : (b))
#define ALIGN_UP(x, a)	(((x) + (a) - 1) / (a) * (a))

#define container_of(ptr, type, member) \
	((type *)(void *)((char *)(ptr) - offsetof(type, member)))

#define likely(x)	__builtin_expect(!!(x), 1)
#define unlikely(x)	__builtin_expect(!!(x), 0)
#define prefetch(p)	__builtin_prefetch(p)
/** Every line from @p to @end: no loop, where the compiler knows how many. */
#define prefetch_to(p, end) \
	do { \
		_Pragma("GCC unroll 16") \
		for (const char *at_ = (const char *)(p); at_ < (const char *)(end); \
		     at_ += CACHE_LINE) \
			prefetch(at_); \
	} while (0)

/* Unaligned big-endian loads and stores: the only way wire bytes are read. */
static inline uint16_t be16_load(const uint8_t *p)
{
	uint16_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap16(v);
}

static inline uint32_t be32_load(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, sizeof(v));
	return __builtin_bswap32(v);
}

/** An IPv4 address in host order. Transports keep it and compare it, and look no further. */
typedef uint32_t ip_addr;

static inline ip_addr ip_addr_load(const uint8_t *p) { return be32_load(p); }

static inline void be16_store(uint8_t *p, uint16_t v)
{
	v = __builtin_bswap16(v);
	memcpy(p, &v, sizeof(v));
}

static inline void be32_store(uint8_t *p, uint32_t v)
{
	v = __builtin_bswap32(v);
	memcpy(p, &v, sizeof(v));
}

#endif
