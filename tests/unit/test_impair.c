/* SPDX-License-Identifier: MIT */
/*
 * test_impair.c - what a wrapped NIC may do to frames, and what it may never do
 *
 * A fake NIC with a list of frames to receive and a log of frames sent stands behind the
 * wrapper. Every test ends with all frames back in the pool.
 */
#include "hw/impair.h"

#include <stdlib.h>

#include "tests/unit/cu.h"

enum { N_FRAMES = 4096, LOG_MAX = 8192, LEN = 100 };

struct fake {
	struct nic nic;
	struct mbuf *rx[LOG_MAX];	/* to be received */
	uint32_t n_rx, rx_at;
	uint8_t tx[LOG_MAX][LEN];	/* what was sent */
	uint32_t n_tx;
	uint32_t tx_room;		/* frames the ring takes before it is full */
};

static struct fake fake;
static struct mempool pool;
static struct impair im;
static struct work work;
static uint32_t n_done;

static uint32_t fake_rx(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	uint32_t got = 0;

	(void)nic, (void)q, (void)w;
	while (got < n && fake.rx_at < fake.n_rx)
		m[got++] = fake.rx[fake.rx_at++];
	return got;
}

static uint32_t fake_tx(struct nic *nic, uint16_t q, struct mbuf **m, uint32_t n, struct work *w)
{
	uint32_t i;

	(void)nic, (void)q, (void)w;
	for (i = 0; i < n && fake.tx_room > 0 && fake.n_tx < LOG_MAX; i++, fake.tx_room--) {
		CHECK_EQ(mbuf_frame_len(m[i]), LEN);
		mbuf_gather(m[i], fake.tx[fake.n_tx++], LEN);
		mbuf_free(m[i]);
	}
	return i;
}

static const struct nic_ops fake_ops = { .rx_burst = fake_rx, .tx_burst = fake_tx };

static void setup(const struct fault_cfg *cfg)
{
	static void *mem;

	free(mem);
	mem = aligned_alloc(CACHE_LINE, ALIGN_UP(mempool_bytes(N_FRAMES), (size_t)CACHE_LINE));
	memset(mem, 0, mempool_bytes(N_FRAMES));
	memset(&fake, 0, sizeof(fake));
	fake.nic = (struct nic){ .ops = &fake_ops, .mtu = 1500, .n_queues = 1, .mac = { 2 } };
	fake.tx_room = LOG_MAX;
	n_done = 0;
	mempool_init(&pool, mem, N_FRAMES);
	impair_init(&im, &fake.nic, &pool, cfg, 42, NSEC_PER_SEC);
	CHECK_EQ(im.nic.mtu, 1500);
	CHECK_EQ(im.nic.mac[0], 2);
}

static void teardown(void)
{
	impair_drop(&im);
	CHECK_EQ(mempool_avail(&pool), N_FRAMES);
}

static struct mbuf *numbered(uint32_t i)
{
	struct mbuf *m = mbuf_alloc(&pool);

	m->len = LEN;
	memset(mbuf_data(m), 0, LEN);
	be32_store(mbuf_data(m), i);
	return m;
}

/* Receive frames 0 .. n-1 through the wrapper into @order; returns how many came out. */
static uint32_t receive(uint32_t n, uint32_t *order)
{
	struct mbuf *m[64];
	uint32_t out = 0, got;

	for (uint32_t i = 0; i < n; i++)
		fake.rx[fake.n_rx++] = numbered(i);
	while ((got = im.nic.ops->rx_burst(&im.nic, 0, m, 64, &work)) > 0)
		for (uint32_t i = 0; i < got; i++, out++) {
			order[out] = be32_load(mbuf_data(m[i]));
			mbuf_free(m[i]);
		}
	return out;
}

static void passes_everything_without_faults(void)
{
	struct fault_cfg none = { 0 };
	static uint32_t order[LOG_MAX];
	struct mbuf *m[200];

	setup(&none);
	CHECK(!fault_wanted(&none));
	CHECK_EQ(receive(500, order), 500);
	for (uint32_t i = 0; i < 500; i++)
		CHECK_EQ(order[i], i);
	for (uint32_t i = 0; i < 200; i++)
		m[i] = numbered(i);
	CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, m, 200, &work), 200);
	CHECK_EQ(fake.n_tx, 200);
	for (uint32_t i = 0; i < 200; i++)
		CHECK_EQ(be32_load(fake.tx[i]), i);
	CHECK(impair_deadline(&im) == NSEC_NEVER);
	teardown();
}

static void loses_at_the_rate_and_repeats_by_seed(void)
{
	struct fault_cfg cfg = { .loss_ppb = 100000000 };
	static uint32_t a[LOG_MAX], b[LOG_MAX];
	uint32_t n;

	CHECK(fault_wanted(&cfg));
	setup(&cfg);
	n = receive(4000, a);
	CHECK(n > 3500 && n < 3700);
	CHECK_EQ(im.rx.fault.n_lost, 4000 - n);
	CHECK_EQ(im.tx.fault.n_lost, 0);
	teardown();
	setup(&cfg);
	CHECK_EQ(receive(4000, b), n);
	CHECK(memcmp(a, b, n * sizeof(a[0])) == 0);
	teardown();
}

static void directions_have_streams_of_their_own(void)
{
	struct fault_cfg cfg = { .loss_ppb = 500000000 };
	static uint32_t order[LOG_MAX];
	struct mbuf *m[64];
	uint32_t n, same = 0;

	setup(&cfg);
	n = receive(64, order);
	for (uint32_t i = 0; i < 64; i++)
		m[i] = numbered(i);
	CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, m, 64, &work), 64);
	for (uint32_t i = 0; i < n && i < fake.n_tx; i++)
		same += order[i] == be32_load(fake.tx[i]);
	CHECK(same < n);
	teardown();
}

static void doubles(void)
{
	struct fault_cfg cfg = { .dup_ppb = 1000000000 };
	static uint32_t order[LOG_MAX];
	struct mbuf *m[3];

	setup(&cfg);
	CHECK_EQ(receive(100, order), 200);
	for (uint32_t i = 0; i < 200; i++)
		CHECK_EQ(order[i], i / 2);
	/* A burst smaller than what is ready: the rest can be received at once. */
	fake.rx[fake.n_rx++] = numbered(7);
	CHECK_EQ(im.nic.ops->rx_burst(&im.nic, 0, m, 1, &work), 1);
	CHECK_EQ(impair_deadline(&im), 0);
	CHECK_EQ(im.nic.ops->rx_burst(&im.nic, 0, m + 1, 2, &work), 1);
	mbuf_free(m[0]);
	mbuf_free(m[1]);
	teardown();
}

static void on_done(struct mbuf_done *d, struct mbuf *m)
{
	(void)d;
	(void)m;
	n_done++;
}

static struct mbuf_done done = { on_done };

/* A frame of 40 linear bytes and two pieces of @mem. */
static struct mbuf *gathered(const uint8_t *mem)
{
	struct mbuf *m = numbered(1);

	m->len = 40;
	m->frag[0] = (struct mbuf_frag){ mem, 20 };
	m->frag[1] = (struct mbuf_frag){ mem + 30, 40 };
	m->n_frags = 2;
	m->frag_len = 60;
	m->done = &done;
	return m;
}

static void corrupts_one_bit_and_never_application_memory(void)
{
	struct fault_cfg cfg = { .corrupt_ppb = 1000000000, .dup_ppb = 1000000000 };
	uint8_t mem[70], before[70], want[LEN] = { 0, 0, 0, 1 };
	uint32_t in_pieces = 0;

	setup(&cfg);
	for (uint32_t i = 0; i < sizeof(mem); i++)
		mem[i] = before[i] = (uint8_t)(i + 1);
	memcpy(want + 40, mem, 20);
	memcpy(want + 60, mem + 30, 40);
	for (uint32_t i = 0; i < 100; i++) {
		struct mbuf *m = gathered(mem);

		CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, &m, 1, &work), 1);
	}
	CHECK(memcmp(mem, before, sizeof(mem)) == 0);
	CHECK_EQ(fake.n_tx, 200);
	CHECK_EQ(n_done, 100);		/* told once a frame, whatever became of it */
	for (uint32_t i = 0; i < fake.n_tx; i++) {
		uint32_t bits = 0;

		for (uint32_t j = 0; j < LEN; j++) {
			uint8_t diff = fake.tx[i][j] ^ want[j];

			bits += (uint32_t)__builtin_popcount(diff);
			in_pieces += j >= 40 && diff != 0;
		}
		CHECK_EQ(bits, 1);
	}
	CHECK(in_pieces > 60 && in_pieces < 180);
	teardown();
}

static void corruption_voids_the_nics_verdict(void)
{
	struct fault_cfg cfg = { .corrupt_ppb = 1000000000 };
	struct mbuf *m;

	setup(&cfg);
	fake.rx[0] = numbered(0);
	fake.rx[0]->flags = MBUF_RX_L4_CSUM_OK | MBUF_RX_IP_CSUM_OK;
	fake.n_rx = 1;
	CHECK_EQ(im.nic.ops->rx_burst(&im.nic, 0, &m, 1, &work), 1);
	CHECK_EQ(m->flags, 0);
	mbuf_free(m);
	teardown();
}

static void holds_back_by_frames(void)
{
	struct fault_cfg cfg = { .reorder_ppb = 100000000, .reorder_frames = 3,
				 .reorder_ns = NSEC_PER_SEC };
	static uint32_t order[LOG_MAX];
	uint32_t n, late = 0, next = 0;
	bool held[1000] = { false };

	setup(&cfg);
	n = receive(1000, order);
	CHECK_EQ(n + im.rx.n_held, 1000);
	CHECK(im.rx.fault.n_reordered > 60 && im.rx.fault.n_reordered < 140);
	for (uint32_t i = 0; i < n; i++) {
		if (held[order[i]]) {	/* exactly three that were not held went first */
			uint32_t passed = 0;

			for (uint32_t j = 0; j < i; j++)
				passed += order[j] > order[i] && !held[order[j]];
			CHECK_EQ(passed, 3);
			late++;
			continue;
		}
		for (; next < order[i]; next++)
			held[next] = true;
		next = order[i] + 1;
	}
	CHECK_EQ(late + im.rx.n_held, im.rx.fault.n_reordered);
	teardown();
}

static void nothing_is_held_for_ever(void)
{
	struct fault_cfg cfg = { .reorder_ppb = 1000000000, .reorder_frames = 3,
				 .reorder_ns = 5000 };
	static uint32_t order[LOG_MAX];
	struct mbuf *m;

	setup(&cfg);
	CHECK_EQ(receive(1, order), 0);
	CHECK_EQ(impair_deadline(&im), NSEC_PER_SEC + 5000);
	im.now += 2000;
	m = numbered(9);
	CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, &m, 1, &work), 1);
	im.now += 3000;
	CHECK_EQ(receive(0, order), 1);
	CHECK_EQ(fake.n_tx, 0);
	CHECK_EQ(impair_deadline(&im), NSEC_PER_SEC + 7000);
	im.now += 2000;
	impair_poll(&im, &work);
	CHECK_EQ(fake.n_tx, 1);
	CHECK(impair_deadline(&im) == NSEC_NEVER);
	teardown();
}

static void what_is_held_is_bytes(void)
{
	struct fault_cfg cfg = { .reorder_ppb = 1000000000, .reorder_frames = 3,
				 .reorder_ns = 5000 };
	uint8_t mem[70];
	struct mbuf *m;

	setup(&cfg);
	memset(mem, 7, sizeof(mem));
	m = gathered(mem);
	CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, &m, 1, &work), 1);
	CHECK_EQ(n_done, 1);		/* the application may have its memory back ... */
	memset(mem, 9, sizeof(mem));
	im.now += 5000;
	impair_poll(&im, &work);
	CHECK_EQ(fake.n_tx, 1);
	CHECK_EQ(fake.tx[0][40], 7);	/* ... and the wire does not see what it does with it */
	teardown();
}

static void jitter_delays_within_its_bound(void)
{
	struct fault_cfg cfg = { .jitter_ns = 1000 };
	static uint32_t order[LOG_MAX];
	uint32_t n;

	setup(&cfg);
	n = receive(40, order);
	CHECK(n < 40);
	im.now += 1000;
	CHECK_EQ(n + receive(0, order), 40);
	CHECK_EQ(im.rx.n_held, 0);
	teardown();
}

static void too_many_held_pass(void)
{
	struct fault_cfg cfg = { .reorder_ppb = 1000000000, .reorder_frames = 3,
				 .reorder_ns = NSEC_PER_SEC };
	static uint32_t order[LOG_MAX];

	setup(&cfg);
	CHECK_EQ(receive(100, order), 100 - IMPAIR_HELD_MAX);
	CHECK_EQ(im.n_not_held, 100 - IMPAIR_HELD_MAX);
	teardown();
}

static void a_full_ring_loses_nothing(void)
{
	struct fault_cfg cfg = { .dup_ppb = 1000000000 };
	struct mbuf *m[400];
	uint32_t r, rounds = 0;

	setup(&cfg);
	fake.tx_room = 10;
	for (uint32_t i = 0; i < 400; i++)
		m[i] = numbered(i);
	r = im.nic.ops->tx_burst(&im.nic, 0, m, 400, &work);
	CHECK(r < 400);
	CHECK(im.tx.n_ready >= IMPAIR_READY_MAX - 10 && im.tx.n_ready <= IMPAIR_READY_MAX + 1);
	CHECK_EQ(2 * r, fake.n_tx + im.tx.n_ready);
	while (r < 400 && rounds++ < 100) {
		fake.tx_room = 33;
		r += im.nic.ops->tx_burst(&im.nic, 0, m + r, 400 - r, &work);
	}
	fake.tx_room = LOG_MAX;
	impair_poll(&im, &work);
	CHECK_EQ(fake.n_tx, 800);
	for (uint32_t i = 0; i < fake.n_tx; i++)
		CHECK_EQ(be32_load(fake.tx[i]), i / 2);
	teardown();
}

static void survives_an_empty_pool(void)
{
	struct fault_cfg cfg = { .dup_ppb = 1000000000, .corrupt_ppb = 1000000000 };
	static struct mbuf *all[N_FRAMES];
	uint8_t mem[70] = { 1 };
	struct mbuf *m;
	uint32_t n = 0;

	setup(&cfg);
	m = gathered(mem);
	while ((all[n] = mbuf_alloc(&pool)) != NULL)
		n++;
	CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, &m, 1, &work), 1);
	CHECK_EQ(fake.n_tx, 1);
	CHECK_EQ(im.n_no_mbuf, 2);
	while (n > 0)
		mbuf_free(all[--n]);
	teardown();
}

static void a_longer_path_holds_frames_back(void)
{
	struct fault_cfg cfg = { .path_period_ns = 1000, .path_extra_ns = 500 };
	static uint32_t order[LOG_MAX];

	CHECK(fault_wanted(&cfg));
	setup(&cfg);
	CHECK_EQ(receive(5, order), 5);
	im.now += 1900;
	CHECK_EQ(receive(5, order), 0);
	CHECK_EQ(impair_deadline(&im), NSEC_PER_SEC + 2400);
	im.now += 100;			/* the short one again: newer frames come first */
	CHECK_EQ(receive(5, order), 5);
	im.now += 400;
	CHECK_EQ(receive(0, order), 5);
	teardown();
}

static void marks_capable_packets(void)
{
	struct fault_cfg cfg = { .ecn_ppb = 1000000000 };
	uint8_t mem[70] = { 0 };
	struct mbuf *m;

	setup(&cfg);
	for (uint32_t i = 0; i < 4; i++) {
		m = gathered(mem);
		be16_store(mbuf_data(m) + 12, 0x0800);
		mbuf_data(m)[14] = 0x45;
		mbuf_data(m)[15] = (uint8_t)i;
		CHECK_EQ(im.nic.ops->tx_burst(&im.nic, 0, &m, 1, &work), 1);
		CHECK_EQ(fake.tx[i][15], i != 0 ? 3 : 0);
	}
	CHECK_EQ(im.tx.fault.n_marked, 3);
	teardown();
}

static void flaps_count_from_the_start(void)
{
	struct fault_cfg cfg = { .flap_period_ns = 1000, .flap_down_ns = 100 };
	static uint32_t order[LOG_MAX];

	setup(&cfg);
	CHECK_EQ(receive(5, order), 5);
	im.now += 1050;
	CHECK_EQ(receive(5, order), 0);
	im.now += 100;
	CHECK_EQ(receive(5, order), 5);
	CHECK_EQ(im.rx.fault.n_flapped, 5);
	teardown();
}

CU_MAIN("impair", TEST(passes_everything_without_faults),
	TEST(loses_at_the_rate_and_repeats_by_seed), TEST(directions_have_streams_of_their_own),
	TEST(doubles), TEST(corrupts_one_bit_and_never_application_memory),
	TEST(corruption_voids_the_nics_verdict), TEST(holds_back_by_frames),
	TEST(nothing_is_held_for_ever), TEST(what_is_held_is_bytes),
	TEST(jitter_delays_within_its_bound),
	TEST(too_many_held_pass), TEST(a_full_ring_loses_nothing), TEST(survives_an_empty_pool),
	TEST(a_longer_path_holds_frames_back), TEST(marks_capable_packets),
	TEST(flaps_count_from_the_start))
