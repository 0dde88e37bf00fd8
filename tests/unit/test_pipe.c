/* SPDX-License-Identifier: MIT */
/* test_pipe.c - the wire of tests/diff: rate, queue, delay, order, marks, the n-th frame's fate */
#include "tests/diff/pipe.h"

#include <stdlib.h>

#include "net/csum.h"
#include "net/wire.h"
#include "tests/unit/cu.h"

enum { FRAMES = 4096, LEN = 1000, TOS_ECT0 = 2, TOS_CE = 3 };

#define MS NSEC_PER_MSEC

static struct mempool pool;
static struct pipe p;
static struct pipe_cfg cfg;
static struct fault_cfg fault;

static void setup(void)
{
	static void *mem;

	free(mem);
	mem = aligned_alloc(CACHE_LINE, ALIGN_UP(mempool_bytes(FRAMES), (size_t)CACHE_LINE));
	CU_ASSERT_FATAL(mem != NULL);
	memset(mem, 0, mempool_bytes(FRAMES));
	mempool_init(&pool, mem, FRAMES);
	knob_defaults(pipe_knobs, n_pipe_knobs, &cfg);
	knob_defaults(fault_knobs, n_fault_knobs, &fault);
	cfg.rate_bps = 8000000;		/* a frame of LEN a millisecond */
	cfg.delay_ns = 10 * MS;
	cfg.queue_bytes = 1 << 30;
}

static void begin(void)
{
	pipe_init(&p, &cfg, &fault, &pool, 7, 0);
}

static struct mbuf *frame(uint16_t type, uint8_t proto, uint8_t tos, uint32_t id)
{
	struct mbuf *m = mbuf_alloc(&pool);
	uint8_t *f = mbuf_data(m), *ip = f + ETH_HLEN;

	memset(f, 0, LEN);
	m->len = LEN;
	be16_store(f + ETH_TYPE, type);
	ip[IP_VHL] = 0x45;
	ip[IP_TOS] = tos;
	ip[IP_PROTO] = proto;
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, IP_HLEN_MIN)));
	be32_store(ip + IP_HLEN_MIN + TCP_SEQ, id);
	return m;
}

static void push(uint32_t id, nsec now)
{
	pipe_push(&p, frame(ETHERTYPE_IPV4, IPPROTO_TCP_, TOS_ECT0, id), now);
}

static uint32_t id_of(const struct mbuf *m)
{
	return be32_load(mbuf_data(m) + ETH_HLEN + IP_HLEN_MIN + TCP_SEQ);
}

static uint8_t tos_of(const struct mbuf *m)
{
	return mbuf_data(m)[ETH_HLEN + IP_TOS];
}

/* Take what leaves next, whenever that is: its id and, in @at, the time; -1: nothing. */
static int64_t pop(nsec *at)
{
	struct mbuf *m;
	int64_t id;

	*at = pipe_due(&p);
	if (*at == NSEC_NEVER)
		return -1;
	CHECK(pipe_pop(&p, *at - 1) == NULL);
	m = pipe_pop(&p, *at);
	CU_ASSERT_FATAL(m != NULL);
	id = id_of(m);
	mbuf_free(m);
	return id;
}

static void end(void)
{
	nsec at;

	while (pop(&at) >= 0)
		;
	CHECK_EQ(mempool_avail(&pool), FRAMES);
}

static void rate_and_delay_make_the_time(void)
{
	nsec at;

	setup();
	begin();
	for (uint32_t i = 0; i < 3; i++)
		push(i, 0);
	push(3, 100 * MS);
	for (uint32_t i = 0; i < 3; i++) {
		CHECK_EQ(pop(&at), i);
		CHECK_EQ(at, (i + 1) * MS + 10 * MS);
	}
	CHECK_EQ(pop(&at), 3);
	CHECK_EQ(at, 111 * MS);		/* an idle link starts at once */
	end();
}

static void a_full_queue_drops_the_tail(void)
{
	nsec at;

	setup();
	cfg.queue_bytes = 4 * LEN;
	begin();
	for (uint32_t i = 0; i < 10; i++)
		push(i, 0);
	CHECK_EQ(p.n.overflow, 6);
	push(10, 1 * MS);		/* one has left: room for one */
	push(11, 1 * MS);
	CHECK_EQ(p.n.overflow, 7);
	for (uint32_t i = 0; i < 4; i++)
		CHECK_EQ(pop(&at), i);
	CHECK_EQ(pop(&at), 10);
	CHECK_EQ(pop(&at), -1);
	end();
}

static void what_is_held_back_is_overtaken(void)
{
	int64_t got, last = -1;
	uint32_t n = 0, late = 0;
	nsec at, before = 0;

	setup();
	fault.reorder_ppb = 100000000;
	fault.reorder_ns = 3 * MS;
	begin();
	for (uint32_t i = 0; i < 1000; i++)
		push(i, 0);
	while ((got = pop(&at)) >= 0) {
		CHECK(at >= before);
		before = at;
		late += got < last;
		last = MAX(last, got);
		n++;
	}
	CHECK_EQ(n, 1000);
	CHECK(late > 50 && late < 150);
	CHECK_EQ(p.fault.n_reordered >= late, 1);
	end();
}

static void marks_only_who_can_use_them(void)
{
	static const uint8_t tos[] = { TOS_ECT0, 0, 1, TOS_CE, 0xb8 | TOS_ECT0 };
	static const uint8_t want[] = { TOS_CE, 0, TOS_CE, TOS_CE, 0xb8 | TOS_CE };
	struct mbuf *m;

	setup();
	cfg.mark_ppb = 1000000000;
	begin();
	for (uint32_t i = 0; i < ARRAY_LEN(tos); i++)
		pipe_push(&p, frame(ETHERTYPE_IPV4, IPPROTO_TCP_, tos[i], i), 0);
	for (uint32_t i = 0; i < ARRAY_LEN(tos); i++) {
		m = pipe_pop(&p, 1000 * MS);
		CU_ASSERT_FATAL(m != NULL);
		CHECK_EQ(tos_of(m), want[i]);
		CHECK_EQ(csum_fold(csum_partial(mbuf_data(m) + ETH_HLEN, IP_HLEN_MIN)), 0);
		mbuf_free(m);
	}
	CHECK_EQ(p.n.marked, 3);
	end();
}

static void marks_above_the_threshold(void)
{
	struct mbuf *m;

	setup();
	cfg.mark_bytes = 4 * LEN;
	begin();
	for (uint32_t i = 0; i < 10; i++)
		push(i, 0);
	for (uint32_t i = 0; i < 10; i++) {
		m = pipe_pop(&p, 1000 * MS);
		CU_ASSERT_FATAL(m != NULL);
		CHECK_EQ(tos_of(m), i > 4 ? TOS_CE : TOS_ECT0);
		mbuf_free(m);
	}
	end();
}

/* Ids of the frames of 1000 that are lost, as a bitmap; @others frames of ARP in between. */
static void losses(bool lost[1000], uint32_t others)
{
	int64_t id;
	nsec at;

	begin();
	memset(lost, true, 1000);
	for (uint32_t i = 0; i < 1000; i++) {
		push(i, i * MS);
		for (uint32_t k = 0; k < others; k++)
			pipe_push(&p, frame(ETHERTYPE_ARP, 0, 0, 5000), i * MS);
	}
	while ((id = pop(&at)) >= 0)
		if (id < 1000)
			lost[id] = false;
	end();
}

static void the_nth_frame_s_fate_is_the_seed_s(void)
{
	bool a[1000], b[1000];
	uint32_t n = 0;

	setup();
	fault.loss_ppb = 50000000;
	losses(a, 0);
	CHECK_EQ(p.n.burst, 0);
	losses(b, 3);
	CHECK(memcmp(a, b, sizeof(a)) == 0);
	for (uint32_t i = 0; i < 1000; i++)
		n += a[i];
	CHECK(n > 25 && n < 80);
}

static void bursts_have_their_length(void)
{
	bool lost[1000];
	uint32_t run = 0, bursts = 0;

	setup();
	cfg.burst_ppb = 5000000;
	cfg.burst_frames = 8;
	cfg.burst_ns = 8 * MS;
	losses(lost, 0);
	for (uint32_t i = 0; i < 1000; i++) {
		run = lost[i] ? run + 1 : 0;
		bursts += run == 8;
		CHECK(run < 16);
		if (i < 999 && lost[i] && !lost[i + 1])
			CHECK_EQ(run % 8, 0);
	}
	CHECK(bursts > 0);
	CHECK(p.n.burst >= bursts * 8 && p.n.burst <= bursts * 16);
	cfg.burst_ns = 3 * MS;
	losses(lost, 0);
	CHECK(p.n.burst >= bursts * 4 && p.n.burst < bursts * 8);
}

static void a_twin_follows(void)
{
	nsec at;

	setup();
	fault.dup_ppb = 1000000000;
	begin();
	push(1, 0);
	CHECK_EQ(pop(&at), 1);
	CHECK_EQ(at, 11 * MS);
	CHECK_EQ(pop(&at), 1);
	CHECK_EQ(at, 12 * MS);
	CHECK_EQ(pop(&at), -1);
	end();
}

CU_MAIN("pipe", TEST(rate_and_delay_make_the_time), TEST(a_full_queue_drops_the_tail),
	TEST(what_is_held_back_is_overtaken), TEST(marks_only_who_can_use_them),
	TEST(marks_above_the_threshold), TEST(the_nth_frame_s_fate_is_the_seed_s),
	TEST(bursts_have_their_length), TEST(a_twin_follows))
