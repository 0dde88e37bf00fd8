/* SPDX-License-Identifier: MIT */
/*
 * hash.c - Toeplitz (Microsoft's RSS specification) and SipHash-2-4
 *
 * The Toeplitz hash of an input is the exclusive or, over its set bits i, of the 32 key
 * bits that start at bit i. It is linear, so a table of 256 entries for each input byte
 * answers in one load a byte. Not here: hash_fold(), inline in the header.
 */
#include "base/hash.h"

const uint8_t rss_default_key[RSS_KEY_LEN] = {
	0x6d, 0x5a, 0x56, 0xda, 0x25, 0x5b, 0x0e, 0xc2, 0x41, 0x67,
	0x25, 0x3d, 0x43, 0xa3, 0x8f, 0xb0, 0xd0, 0xca, 0x2b, 0xcb,
	0xae, 0x7b, 0x30, 0xb4, 0x77, 0xcb, 0x2d, 0xa3, 0x80, 0x30,
	0xf2, 0x0c, 0x6a, 0x42, 0xb7, 0x3b, 0xbe, 0xac, 0x01, 0xfa,
};

/* The 32 bits of @key that start at bit @bit (0: the top bit of the first byte). */
static uint32_t key_window(const uint8_t key[RSS_KEY_LEN], size_t bit)
{
	uint32_t word = be32_load(key + bit / 8);

	if (bit % 8 != 0)
		word = word << bit % 8 | (uint32_t)key[bit / 8 + 4] >> (8 - bit % 8);
	return word;
}

uint32_t toeplitz_ref(const uint8_t key[RSS_KEY_LEN], const uint8_t *in, size_t len)
{
	uint32_t hash = 0;

	assert(len <= RSS_KEY_LEN - 4);
	for (size_t bit = 0; bit < 8 * len; bit++)
		if (in[bit / 8] >> (7 - bit % 8) & 1)
			hash ^= key_window(key, bit);
	return hash;
}

/* The hash is linear: a byte's share is that of its lowest bit and that of the rest. */
void toeplitz_init(struct toeplitz *tz, const uint8_t key[RSS_KEY_LEN])
{
	for (size_t i = 0; i < ARRAY_LEN(tz->t); i++) {
		uint8_t in[ARRAY_LEN(tz->t)] = { 0 };

		tz->t[i][0] = 0;
		for (uint32_t v = 1; v < 256; v++) {
			uint32_t rest = v & (v - 1);

			in[i] = (uint8_t)v;
			tz->t[i][v] = rest ? tz->t[i][rest] ^ tz->t[i][v - rest] :
				      toeplitz_ref(key, in, i + 1);
		}
	}
}

/* The share of the four input bytes at @i, @v in host order. */
static uint32_t toeplitz_u32(const struct toeplitz *tz, size_t i, uint32_t v)
{
	return tz->t[i][v >> 24] ^ tz->t[i + 1][v >> 16 & 0xff] ^
	       tz->t[i + 2][v >> 8 & 0xff] ^ tz->t[i + 3][v & 0xff];
}

uint32_t toeplitz_ipv4_addrs(const struct toeplitz *tz, uint32_t saddr, uint32_t daddr)
{
	return toeplitz_u32(tz, 0, saddr) ^ toeplitz_u32(tz, 4, daddr);
}

uint32_t toeplitz_ipv4(const struct toeplitz *tz, uint32_t saddr, uint32_t daddr,
		       uint16_t sport, uint16_t dport)
{
	return toeplitz_ipv4_addrs(tz, saddr, daddr) ^
	       toeplitz_u32(tz, 8, (uint32_t)sport << 16 | dport);
}

static uint64_t rotl(uint64_t x, unsigned n)
{
	return x << n | x >> (64 - n);
}

static void sip_rounds(uint64_t v[4], unsigned n)
{
	while (n-- > 0) {
		v[0] += v[1];
		v[2] += v[3];
		v[1] = rotl(v[1], 13) ^ v[0];
		v[3] = rotl(v[3], 16) ^ v[2];
		v[0] = rotl(v[0], 32);
		v[2] += v[1];
		v[0] += v[3];
		v[1] = rotl(v[1], 17) ^ v[2];
		v[3] = rotl(v[3], 21) ^ v[0];
		v[2] = rotl(v[2], 32);
	}
}

static void sip_word(uint64_t v[4], uint64_t m)
{
	v[3] ^= m;
	sip_rounds(v, 2);
	v[0] ^= m;
}

/* @n <= 8 bytes as a little-endian word, zeros above; the host is little-endian. */
static uint64_t le_load(const uint8_t *p, size_t n)
{
	uint64_t v = 0;

	memcpy(&v, p, n);
	return v;
}

uint64_t siphash24(const uint64_t key[2], const void *data, size_t len)
{
	const uint8_t *p = data;
	uint64_t v[4] = {	/* "somepseudorandomlygeneratedbytes" */
		key[0] ^ 0x736f6d6570736575ULL, key[1] ^ 0x646f72616e646f6dULL,
		key[0] ^ 0x6c7967656e657261ULL, key[1] ^ 0x7465646279746573ULL,
	};
	size_t left;

	for (left = len; left >= 8; left -= 8, p += 8)
		sip_word(v, le_load(p, 8));
	sip_word(v, (uint64_t)len << 56 | le_load(p, left));
	v[2] ^= 0xff;
	sip_rounds(v, 4);
	return v[0] ^ v[1] ^ v[2] ^ v[3];
}
