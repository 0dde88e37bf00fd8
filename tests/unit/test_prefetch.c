/* SPDX-License-Identifier: MIT */
/*
 * test_prefetch.c - more connections than stay cached: batches are looked at before they are
 * verified, and nothing of it may show
 */
#include "base/rng.h"
#include "net/wire.h"
#include "tests/bench/stack_bed.h"
#include "tests/unit/cu.h"

enum { CONNS = 6000 };		/* dp.c fetches ahead above 4096 */

static struct bed b;

static void open_all(void)
{
	bed_init(&b, CONNS);
	bed_open_all(&b);
	CHECK_EQ(dp_usage(b.dp).conns, CONNS);
	CHECK_EQ(b.replies, CONNS);
	bed_restart(&b);
}

static void every_request_is_answered(void)
{
	open_all();
	for (uint32_t i = 0; i < 3 * CONNS; i++) {
		bed_request(&b, i * 7u % CONNS);
		if (b.rx_n == BED_BATCH || i % 1000 == 999)
			bed_pass(&b);
	}
	bed_pass(&b);
	CHECK_EQ(b.replies, 3 * CONNS);
	CHECK_EQ(b.bad + b.resets, 0);
	bed_free(&b);
}

/* A frame of any length and any bytes, sometimes starting as one of ours does. */
static void put_junk(struct rng *rng)
{
	struct mbuf *m = mbuf_alloc(&b.pool);
	uint8_t *p = mbuf_data(m);

	m->len = (uint16_t)rng_below(rng, 200);
	for (uint32_t i = 0; i < 200; i++)
		p[i] = (uint8_t)rng_below(rng, 256);
	if (rng_below(rng, 2)) {
		memcpy(p + ETH_DST, b.nic.mac, 6);
		be16_store(p + ETH_TYPE, ETHERTYPE_IPV4);
		p[ETH_HLEN + IP_VHL] = 0x45;
		p[ETH_HLEN + IP_PROTO] = IPPROTO_TCP_;
	}
	m->flags = rng_below(rng, 2) ? MBUF_RX_HASH : 0;
	m->hash = (uint32_t)rng_below(rng, UINT32_MAX);
	b.rx[b.rx_n++] = m;
}

static void junk_between_requests_changes_nothing(void)
{
	struct rng rng;
	uint32_t avail, asked = 0;

	open_all();
	rng_stream(&rng, 1, 1);
	avail = mempool_avail(&b.pool);
	for (uint32_t pass = 0; pass < 500; pass++) {
		while (b.rx_n < BED_BATCH) {
			if (rng_below(&rng, 2)) {
				put_junk(&rng);
			} else {
				bed_request(&b, asked % CONNS);
				asked++;
			}
		}
		bed_pass(&b);
	}
	CHECK(asked > 10000);
	CHECK_EQ(b.replies, asked);
	CHECK_EQ(b.bad, 0);
	CHECK_EQ(mempool_avail(&b.pool), avail);
	CHECK_EQ(dp_usage(b.dp).conns, CONNS);
	bed_free(&b);
}

/* What a prefetch names may be gone when its frame's turn comes. */
static void connections_that_die_in_the_batch(void)
{
	open_all();
	for (uint32_t i = 0; i + 1 < 1000; i += 2) {
		bed_reset(&b, i);
		bed_request(&b, i);		/* of a connection that was just reset */
		bed_request(&b, i + 1);
		if (b.rx_n + 3 > BED_BATCH)
			bed_pass(&b);
	}
	bed_pass(&b);
	CHECK_EQ(b.replies, 500);
	CHECK_EQ(b.resets, 500);
	CHECK_EQ(dp_usage(b.dp).conns, CONNS - 500);
	bed_free(&b);
}

CU_MAIN("prefetch", TEST(every_request_is_answered), TEST(junk_between_requests_changes_nothing),
	TEST(connections_that_die_in_the_batch))
