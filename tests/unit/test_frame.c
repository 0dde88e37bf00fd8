/* SPDX-License-Identifier: MIT */
/* test_frame.c - recycling, reading hostile headers, checksums against the definition */
#include "tests/unit/cu.h"

#include "base/rng.h"
#include "tests/unit/sim_bed.h"

/* RFC 1071 as it is written: 16-bit words, one at a time. */
static uint32_t words(const uint8_t *p, uint32_t len)
{
	uint32_t sum = 0;

	for (uint32_t i = 0; i < len; i++)
		sum += i % 2 == 0 ? (uint32_t)p[i] << 8 : p[i];
	return sum;
}

static uint16_t fold(uint32_t sum)
{
	while (sum >> 16 != 0)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)sum;
}

/* Ones-complement sum of a segment and its pseudo header; 0xffff when it is right. */
static uint16_t segment_sum(const struct frame *f)
{
	uint32_t len = be16_load(f->data + 16) - 20u;

	return fold(words(f->data + 26, 8) + f->data[23] + len + words(f->data + 34, len));
}

static void frames_are_recycled_clean(void)
{
	struct frame_pool *fp = frame_pool_new();
	struct frame *f = frame_get(fp, FRAME_MAX), *g;

	f->len = 60;
	f->flags = FRAME_BYTES_SUSPECT;
	f->hop_ns[HOP_WIRE] = 5;
	frame_put(fp, f);
	CHECK_EQ(frame_pool_out(fp), 0);
	g = frame_get(fp, FRAME_MAX);
	CHECK(g == f);
	CHECK_EQ(g->len, 0);
	CHECK_EQ(g->flags, 0);
	CHECK_EQ(bed_hops(g), 0);
	CHECK_EQ((uintptr_t)g % CACHE_LINE, 0);
	f = frame_get(fp, FRAME_SMALL);		/* never where a large one will be */
	CHECK(f->small && !g->small);
	frame_put(fp, f);
	frame_put(fp, g);
	CHECK(frame_get(fp, FRAME_SMALL + 1) == g);
	frame_put(fp, g);
	g = frame_dup(fp, f);
	CHECK(g == f && g->small);
	frame_put(fp, g);
	frame_pool_free(fp);
}

static void checksums_hold_for_every_length(void)
{
	struct frame_pool *fp = frame_pool_new();

	for (uint32_t len = 60; len <= 1514; len++) {
		struct frame *f = bed_frame(fp, len, 1, 2, (uint16_t)len);

		f->data[23] = len % 2 == 0 ? 6 : 17;
		CHECK_EQ(frame_csum_verify(f) == FRAME_CSUM_L4, false);
		frame_csum_write(f);
		CHECK_EQ(f->flags, 0);
		CHECK_EQ(fold(words(f->data + 14, 20)), 0xffff);
		CHECK_EQ(segment_sum(f), 0xffff);
		CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_L4);
		frame_csum_write(f);			/* not virtual: left alone */
		f->data[len - 1] ^= 0x40;
		CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_BAD);
		frame_put(fp, f);
	}
	frame_pool_free(fp);
}

/* A UDP checksum that comes out as zero is sent as 0xffff; zero means there is none. */
static void udp_zero_is_special(void)
{
	struct frame_pool *fp = frame_pool_new();
	struct frame *f = bed_frame(fp, 60, 1, 2, 1000);

	f->data[23] = 17;
	be16_store(f->data + 42, 0);
	frame_csum_write_ip(f);
	frame_csum_write_l4(f);
	be16_store(f->data + 42, be16_load(f->data + 40));	/* now the rest sums to zero */
	frame_csum_write_l4(f);
	CHECK_EQ(be16_load(f->data + 40), 0xffff);
	CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_L4);
	be16_store(f->data + 40, 0);
	CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_IP);
	frame_put(fp, f);
	frame_pool_free(fp);
}

static void padding_is_not_summed(void)
{
	struct frame_pool *fp = frame_pool_new();
	struct frame *f = bed_frame(fp, 60, 1, 2, 1000);

	be16_store(f->data + 16, 40);		/* no payload: 6 B of padding follow */
	frame_csum_write(f);
	CHECK_EQ(segment_sum(f), 0xffff);
	f->data[57] ^= 1;
	CHECK_EQ(frame_csum_verify(f), FRAME_CSUM_L4);
	frame_put(fp, f);
	frame_pool_free(fp);
}

static void flow_reads_what_is_there(void)
{
	struct frame_pool *fp = frame_pool_new();
	struct frame *f = bed_frame(fp, 60, 1, 2, 1000);
	struct frame_flow fl;

	frame_flow(f, &fl);
	CHECK_EQ(fl.kind, FLOW_L4);
	CHECK_EQ(fl.saddr, 0x0a000001);
	CHECK_EQ(fl.daddr, 0x0a000002);
	CHECK_EQ(fl.sport, 1000);
	CHECK_EQ(fl.dport, 80);
	CHECK_EQ(fl.l4_off, 34);
	f->data[14] = 0x46;			/* an option */
	frame_flow(f, &fl);
	CHECK_EQ(fl.l4_off, 38);
	f->data[21] = 1;			/* a later fragment */
	frame_flow(f, &fl);
	CHECK_EQ(fl.kind, FLOW_IPV4);
	f->len = 33;
	frame_flow(f, &fl);
	CHECK_EQ(fl.kind, FLOW_NONE);
	frame_put(fp, f);
	frame_pool_free(fp);
}

/* Random headers: nothing is read or written outside the frame (run it under ASan). */
static void hostile_lengths_stay_inside(void)
{
	struct frame_pool *fp = frame_pool_new();
	struct rng r;

	rng_stream(&r, 3, 3);
	for (uint32_t i = 0; i < 200000; i++) {
		struct frame *f = bed_frame(fp, 60, 1, 2, 1000);
		uint8_t guard[64];

		f->len = (uint16_t)(60 + rng_below(&r, 40));
		memset(f->data + f->len, 0xa5, sizeof(guard));
		memset(guard, 0xa5, sizeof(guard));
		for (uint32_t k = 0; k < 4; k++)
			f->data[12 + rng_below(&r, 38)] = (uint8_t)rng_u64(&r);
		frame_csum_write(f);
		frame_ecn_mark(f);
		frame_csum_verify(f);
		CHECK(memcmp(f->data + f->len, guard, sizeof(guard)) == 0);
		frame_put(fp, f);
	}
	frame_pool_free(fp);
}

CU_MAIN("frame", TEST(frames_are_recycled_clean), TEST(checksums_hold_for_every_length),
	TEST(udp_zero_is_special), TEST(padding_is_not_summed), TEST(flow_reads_what_is_there),
	TEST(hostile_lengths_stay_inside))
