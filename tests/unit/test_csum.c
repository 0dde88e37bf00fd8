/* SPDX-License-Identifier: MIT */
/* test_csum.c - core/net/csum.c against RFC 1071's own loop */
#include "net_bed.h"

enum { BUF_LEN = 70000 };

static uint8_t buf[BUF_LEN + 16];

static void fill_random(uint64_t stream)
{
	struct rng r;

	rng_stream(&r, 1, stream);
	for (size_t i = 0; i < sizeof(buf); i++)
		buf[i] = (uint8_t)rng_u64(&r);
}

static uint16_t fold(uint32_t sum)
{
	return (uint16_t)~csum_fold(sum);
}

static void rfc1071_example(void)
{
	static const uint8_t ex[] = { 0x00, 0x01, 0xf2, 0x03, 0xf4, 0xf5, 0xf6, 0xf7 };

	CHECK_EQ(fold(csum_partial(ex, sizeof(ex))), 0xddf2);
	CHECK_EQ(csum_fold(csum_partial(ex, sizeof(ex))), 0x220d);
	CHECK_EQ(csum_partial(ex, 0), 0);
	CHECK_EQ(fold(csum_partial(ex + 2, 1)), 0xf200);
}

static void every_length_and_alignment(void)
{
	uint32_t bad = 0;

	fill_random(0);
	for (size_t len = 0; len <= 300; len++)
		for (size_t at = 0; at < 9; at++)
			bad += fold(csum_partial(buf + at, len)) != naive_sum(buf + at, len, 0);
	CHECK_EQ(bad, 0);
}

static void random_pieces(void)
{
	struct rng r;
	uint32_t bad = 0;

	rng_stream(&r, 2, 0);
	fill_random(1);
	for (int i = 0; i < 20000; i++) {
		size_t at = rng_below(&r, 64), len = rng_below(&r, 2000);
		size_t cut = rng_below(&r, len + 1);
		uint32_t a = csum_partial(buf + at, cut);
		uint32_t b = csum_partial(buf + at + cut, len - cut);

		bad += fold(csum_add(a, b, cut)) != naive_sum(buf + at, len, 0);
	}
	CHECK_EQ(bad, 0);
}

static void carries_survive(void)
{
	memset(buf, 0xff, sizeof(buf));
	for (size_t len = 1; len < BUF_LEN; len = len * 2 + 1)
		CHECK_EQ(fold(csum_partial(buf + 1, len)), naive_sum(buf + 1, len, 0));
	CHECK_EQ(csum_add(UINT32_MAX, 1, 0), 1);	/* the carry comes round */
	CHECK_EQ(csum_add(0, 0x1234, 1), 0x3412);
	memset(buf, 0, sizeof(buf));
	CHECK_EQ(csum_partial(buf, 1460), 0);
	CHECK_EQ(csum_fold(0), 0xffff);
}

static void pseudo_header(void)
{
	uint8_t ph[12];

	be32_store(ph, 0xfffefdfc);
	be32_store(ph + 4, 0xc0a8ffff);
	ph[8] = 0;
	ph[9] = 6;
	be16_store(ph + 10, 65535);
	CHECK_EQ(fold(csum_pseudo(0xfffefdfc, 0xc0a8ffff, 6, 65535)), naive_sum(ph, 12, 0));
}

static void frames_with_odd_pieces(void)
{
	struct bed *b = bed_new();
	struct rng r;
	uint8_t flat[4096];

	rng_stream(&r, 3, 0);
	fill_random(2);
	for (int i = 0; i < 2000; i++) {
		struct mbuf *m = bed_mbuf(b, buf, 40 + rng_below(&r, 50));
		uint32_t n;

		m->l4_off = (uint16_t)(m->off + rng_below(&r, 40));
		m->n_frags = (uint8_t)rng_below(&r, MBUF_FRAGS_MAX + 1);
		for (uint32_t k = 0; k < m->n_frags; k++) {
			m->frag[k] = (struct mbuf_frag){ buf + rng_below(&r, 999),
							 (uint32_t)rng_below(&r, 600) };
			m->frag_len += m->frag[k].len;
		}
		n = mbuf_gather(m, flat, sizeof(flat));
		CHECK_EQ(fold(csum_mbuf_l4(m)),
			 naive_sum(flat + m->l4_off - m->off, n - (m->l4_off - m->off), 0));
		mbuf_free(m);
	}
	bed_done(b);
}

CU_MAIN("csum", TEST(rfc1071_example), TEST(every_length_and_alignment), TEST(random_pieces),
	TEST(carries_survive), TEST(pseudo_header), TEST(frames_with_odd_pieces))
