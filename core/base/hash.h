/* SPDX-License-Identifier: MIT */
/*
 * hash.h - the three hashes: Toeplitz (what a NIC computes), SipHash (what an
 * attacker must not guess), and a keyed multiply-fold for table lookup
 */
#ifndef BASE_HASH_H
#define BASE_HASH_H

#include "base/types.h"

enum { RSS_KEY_LEN = 40, RSS_RETA_LEN = 128 };

/** The 82599's and Microsoft's verification key; the default of every NIC here. */
extern const uint8_t rss_default_key[RSS_KEY_LEN];

/** Toeplitz of a 12-byte IPv4 input, precomputed per byte: 12 loads a hash. */
struct toeplitz {
	uint32_t t[12][256];
};

void toeplitz_init(struct toeplitz *tz, const uint8_t key[RSS_KEY_LEN]);

/** Hash of a frame that carries this source and destination (host order). */
uint32_t toeplitz_ipv4(const struct toeplitz *tz, uint32_t saddr, uint32_t daddr,
		       uint16_t sport, uint16_t dport);

/** Hash over the addresses only: non-TCP/UDP and fragments. */
uint32_t toeplitz_ipv4_addrs(const struct toeplitz *tz, uint32_t saddr, uint32_t daddr);

/** Bit-by-bit reference of any length up to 36 bytes; for tests and `ix rss explain`. */
uint32_t toeplitz_ref(const uint8_t key[RSS_KEY_LEN], const uint8_t *in, size_t len);

/** SipHash-2-4 of @len bytes (Aumasson and Bernstein, 2012). */
uint64_t siphash24(const uint64_t key[2], const void *data, size_t len);

/**
 * Keyed fold of 16 bytes with two 64x64 multiplications. For table lookup where
 * @key is secret: cheap, spread, and not predictable without the key. Not a MAC.
 */
static inline uint32_t hash_fold(const uint64_t key[2], uint64_t a, uint64_t b)
{
	__extension__ typedef unsigned __int128 u128;
	u128 m = (u128)(a ^ key[0]) * (b ^ key[1] ^ 0x9e3779b97f4a7c15ULL);
	uint64_t x = (uint64_t)m ^ (uint64_t)(m >> 64);

	m = (u128)(x ^ key[1]) * 0xd6e8feb86659fd93ULL;
	return (uint32_t)((uint64_t)m ^ (uint64_t)(m >> 64));
}

#endif
