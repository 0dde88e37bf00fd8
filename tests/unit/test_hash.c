/* SPDX-License-Identifier: MIT */
/*
 * test_hash.c - Toeplitz against Microsoft's published RSS vectors, SipHash-2-4 against
 * its authors' vectors, and the spread of hash_fold()
 */
#include "base/hash.h"
#include "base/rng.h"
#include "tests/unit/cu.h"

#define IP(a, b, c, d) ((uint32_t)(a) << 24 | (uint32_t)(b) << 16 | (uint32_t)(c) << 8 | (d))

/* "Verifying the RSS Hash Calculation", Windows driver documentation. */
static const struct {
	uint32_t daddr;
	uint16_t dport;
	uint32_t saddr;
	uint16_t sport;
	uint32_t addrs, ports;
} ipv4_vectors[] = {
	{ IP(161, 142, 100, 80), 1766, IP(66, 9, 149, 187), 2794, 0x323e8fc2, 0x51ccc178 },
	{ IP(65, 69, 140, 83), 4739, IP(199, 92, 111, 2), 14230, 0xd718262a, 0xc626b0ea },
	{ IP(12, 22, 207, 184), 38024, IP(24, 19, 198, 95), 12898, 0xd2d0a5de, 0x5c2b394a },
	{ IP(209, 142, 163, 6), 2217, IP(38, 27, 205, 30), 48228, 0x82989176, 0xafc7327f },
	{ IP(202, 188, 127, 2), 1303, IP(153, 39, 163, 191), 44251, 0x5d1809c5, 0x10e828a2 },
};

/* The same document's first IPv6 line: 3ffe:2501:200:1fff::7, 2794 to 3ffe:2501:200:3::1, 1766. */
static const uint8_t ipv6_input[36] = {
	0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x1f, 0xff, 0, 0, 0, 0, 0, 0, 0, 7,
	0x3f, 0xfe, 0x25, 0x01, 0x02, 0x00, 0x00, 0x03, 0, 0, 0, 0, 0, 0, 0, 1,
	2794 >> 8, 2794 & 0xff, 1766 >> 8, 1766 & 0xff,
};

static struct toeplitz tz;

static void toeplitz_matches_microsoft(void)
{
	toeplitz_init(&tz, rss_default_key);
	for (uint32_t i = 0; i < ARRAY_LEN(ipv4_vectors); i++) {
		uint32_t s = ipv4_vectors[i].saddr, d = ipv4_vectors[i].daddr;

		CHECK_EQ(toeplitz_ipv4_addrs(&tz, s, d), ipv4_vectors[i].addrs);
		CHECK_EQ(toeplitz_ipv4(&tz, s, d, ipv4_vectors[i].sport, ipv4_vectors[i].dport),
			 ipv4_vectors[i].ports);
	}
}

static void toeplitz_ref_matches_microsoft(void)
{
	for (uint32_t i = 0; i < ARRAY_LEN(ipv4_vectors); i++) {
		uint8_t in[12];

		be32_store(in, ipv4_vectors[i].saddr);
		be32_store(in + 4, ipv4_vectors[i].daddr);
		be16_store(in + 8, ipv4_vectors[i].sport);
		be16_store(in + 10, ipv4_vectors[i].dport);
		CHECK_EQ(toeplitz_ref(rss_default_key, in, 8), ipv4_vectors[i].addrs);
		CHECK_EQ(toeplitz_ref(rss_default_key, in, 12), ipv4_vectors[i].ports);
	}
	CHECK_EQ(toeplitz_ref(rss_default_key, ipv6_input, 32), 0x2cc18cd5);
	CHECK_EQ(toeplitz_ref(rss_default_key, ipv6_input, 36), 0x40207d3d);
	CHECK_EQ(toeplitz_ref(rss_default_key, ipv6_input, 0), 0);
}

static void toeplitz_table_equals_reference(void)
{
	uint8_t key[RSS_KEY_LEN], in[12];
	struct rng r;

	rng_stream(&r, 1, 1);
	for (uint32_t i = 0; i < 20; i++) {
		for (uint32_t j = 0; j < sizeof(key); j++)
			key[j] = (uint8_t)rng_u64(&r);
		toeplitz_init(&tz, key);
		for (uint32_t k = 0; k < 100; k++) {
			for (uint32_t j = 0; j < sizeof(in); j++)
				in[j] = (uint8_t)rng_u64(&r);
			CHECK_EQ(toeplitz_ipv4(&tz, be32_load(in), be32_load(in + 4),
					       be16_load(in + 8), be16_load(in + 10)),
				 toeplitz_ref(key, in, 12));
		}
	}
}

/* Appendix A of the SipHash paper and the authors' vectors.h: key 00..0f, input 00 01 02 .. */
static const uint64_t sip_vectors[64] = {
	0x726fdb47dd0e0e31, 0x74f839c593dc67fd, 0x0d6c8009d9a94f5a, 0x85676696d7fb7e2d,
	0xcf2794e0277187b7, 0x18765564cd99a68d, 0xcbc9466e58fee3ce, 0xab0200f58b01d137,
	0x93f5f5799a932462, 0x9e0082df0ba9e4b0, 0x7a5dbbc594ddb9f3, 0xf4b32f46226bada7,
	0x751e8fbc860ee5fb, 0x14ea5627c0843d90, 0xf723ca908e7af2ee, 0xa129ca6149be45e5,
	0x3f2acc7f57c29bdb, 0x699ae9f52cbe4794, 0x4bc1b3f0968dd39c, 0xbb6dc91da77961bd,
	0xbed65cf21aa2ee98, 0xd0f2cbb02e3b67c7, 0x93536795e3a33e88, 0xa80c038ccd5ccec8,
	0xb8ad50c6f649af94, 0xbce192de8a85b8ea, 0x17d835b85bbb15f3, 0x2f2e6163076bcfad,
	0xde4daaaca71dc9a5, 0xa6a2506687956571, 0xad87a3535c49ef28, 0x32d892fad841c342,
	0x7127512f72f27cce, 0xa7f32346f95978e3, 0x12e0b01abb051238, 0x15e034d40fa197ae,
	0x314dffbe0815a3b4, 0x027990f029623981, 0xcadcd4e59ef40c4d, 0x9abfd8766a33735c,
	0x0e3ea96b5304a7d0, 0xad0c42d6fc585992, 0x187306c89bc215a9, 0xd4a60abcf3792b95,
	0xf935451de4f21df2, 0xa9538f0419755787, 0xdb9acddff56ca510, 0xd06c98cd5c0975eb,
	0xe612a3cb9ecba951, 0xc766e62cfcadaf96, 0xee64435a9752fe72, 0xa192d576b245165a,
	0x0a8787bf8ecb74b2, 0x81b3e73d20b49b6f, 0x7fa8220ba3b2ecea, 0x245731c13ca42499,
	0xb78dbfaf3a8d83bd, 0xea1ad565322a1a0b, 0x60e61c23a3795013, 0x6606d7e446282b93,
	0x6ca4ecb15c5f91e1, 0x9f626da15c9625f3, 0xe51b38608ef25f57, 0x958a324ceb064572,
};

static void siphash_matches_its_authors(void)
{
	static const uint64_t key[2] = { 0x0706050403020100, 0x0f0e0d0c0b0a0908 };
	uint8_t in[65];

	for (uint32_t i = 0; i < 64; i++) {
		uint8_t *at = in + (i & 1);	/* any alignment */

		for (uint32_t j = 0; j < i; j++)
			at[j] = (uint8_t)j;
		CHECK_EQ(siphash24(key, at, i), sip_vectors[i]);
	}
}

/* Neighbouring flows spread: 2^14 of them into as many buckets, as balls thrown at random. */
static void fold_spreads_and_depends_on_the_key(void)
{
	static uint8_t load[1 << 14];
	uint64_t keys[3][2] = { { 0, 0 }, { 1, 0 }, { 0x1234567890abcdef, 0xfedcba0987654321 } };
	uint32_t same = 0;

	for (uint32_t k = 0; k < 3; k++) {
		uint32_t used = 0, fullest = 0;

		memset(load, 0, sizeof(load));
		for (uint64_t i = 0; i < ARRAY_LEN(load); i++) {
			uint64_t addrs = (uint64_t)IP(10, 0, 0, 1) << 32 | IP(10, 0, 0, 2);
			uint32_t h = hash_fold(keys[k], addrs, 80ULL << 16 | (1024 + i));
			uint32_t n = ++load[h % ARRAY_LEN(load)];

			used += n == 1;
			fullest = MAX(fullest, n);
			same += h == hash_fold(keys[(k + 1) % 3], addrs, 80ULL << 16 | (1024 + i));
		}
		CHECK(used > 10000 && used < 10700);	/* (1 - 1/e) * 2^14 = 10357 */
		CHECK(fullest <= 11);
	}
	CHECK(same < 3);
}

CU_MAIN("hash", TEST(toeplitz_matches_microsoft), TEST(toeplitz_ref_matches_microsoft),
	TEST(toeplitz_table_equals_reference), TEST(siphash_matches_its_authors),
	TEST(fold_spreads_and_depends_on_the_key))
