/* SPDX-License-Identifier: MIT */
/*
 * test_mbuf.c - frames: a clean header, release and completion, chains, gathering
 */
#include <signal.h>
#include <stdlib.h>
#include <sys/wait.h>
#include <unistd.h>

#include "mem/mbuf.h"
#include "tests/unit/cu.h"

enum { N = 4 };

static struct mempool mp;

static void setup(void)
{
	static void *mem;

	free(mem);
	mem = aligned_alloc(CACHE_LINE, mempool_bytes(N));
	memset(mem, 0, mempool_bytes(N));
	mempool_init(&mp, mem, N);
}

static void alloc_gives_a_clean_frame(void)
{
	static const uint8_t zeros[CACHE_LINE];
	struct mbuf *m;

	setup();
	for (uint32_t round = 0; round < 2; round++) {
		m = mbuf_alloc(&mp);
		CHECK(m->next == NULL && m->pool == &mp && m->done == NULL);
		CHECK_EQ(m->off, MBUF_HEADROOM);
		CHECK_EQ(m->len, 0);
		CHECK_EQ(m->arrival | m->flags | m->n_frags | m->l3_off | m->l4_off, 0);
		CHECK_EQ(m->hash | m->seq | m->frag_len, 0);
		CHECK_EQ((uintptr_t)m % CACHE_LINE, 0);
		CHECK_EQ((uintptr_t)m->buf % CACHE_LINE, 0);
		CHECK_EQ(m->gen, round);
		if (round == 0)		/* only the first line was written */
			CHECK(memcmp(m->frag, zeros, sizeof(zeros)) == 0);
		memset(m->buf, 0xff, MBUF_ROOM);
		m->arrival = 77;
		m->flags = m->n_frags = 77;
		m->off = m->len = m->l3_off = m->l4_off = 77;
		m->next = m;
		m->hash = m->seq = m->frag_len = 77;
		mbuf_free(m);
	}
}

static void rooms_do_not_overlap(void)
{
	struct mbuf *m[N];

	setup();
	for (uint32_t i = 0; i < N; i++) {
		CHECK_EQ(mempool_avail(&mp), N - i);
		m[i] = mbuf_alloc(&mp);
		memset(m[i]->buf, (int)i, MBUF_ROOM);
		m[i]->seq = i;
	}
	CHECK(mbuf_alloc(&mp) == NULL);
	for (uint32_t i = 0; i < N; i++) {
		CHECK_EQ(m[i]->seq, i);
		CHECK(m[i]->buf[0] == i && m[i]->buf[MBUF_ROOM - 1] == i);
		mbuf_free(m[i]);
	}
	CHECK_EQ(mempool_avail(&mp), N);
}

struct watch {
	struct mbuf_done done;
	struct mbuf *saw;
	uint32_t n, avail;
	uint16_t gen;
};

static void watch_done(struct mbuf_done *d, struct mbuf *m)
{
	struct watch *x = container_of(d, struct watch, done);

	x->saw = m;
	x->n++;
	x->avail = mempool_avail(m->pool);
	x->gen = m->gen;
}

static void completion_runs_once_before_release(void)
{
	struct watch x = { .done.fn = watch_done };
	struct mbuf *m;

	setup();
	m = mbuf_alloc(&mp);
	m->done = &x.done;
	mbuf_free(m);
	CHECK(x.saw == m);
	CHECK_EQ(x.n, 1);
	CHECK_EQ(x.avail, N - 1);	/* still out then */
	CHECK_EQ(x.gen, 0);		/* handles still good then */
	CHECK_EQ(mempool_avail(&mp), N);
	CHECK(mbuf_alloc(&mp) == m);
	CHECK_EQ(m->gen, 1);
	mbuf_free(m);
	CHECK_EQ(x.n, 1);
}

static void free_forgets_the_application(void)
{
	struct mbuf *m;

	setup();
	m = mbuf_alloc(&mp);
	m->flags = MBUF_APP;
	mbuf_free(m);
	CHECK_EQ(m->flags & MBUF_APP, 0);
	CHECK_EQ(m->gen, 1);
}

/* The child must die of an assertion; its message goes nowhere. */
static void double_free_is_caught(void)
{
	int status = 0;
	pid_t pid;

	setup();
	fflush(NULL);
	pid = fork();
	CHECK(pid >= 0);
	if (pid == 0) {
		struct mbuf *m = mbuf_alloc(&mp);

		close(STDERR_FILENO);
		mbuf_free(m);
		mbuf_free(m);
		_exit(0);
	}
	CHECK(waitpid(pid, &status, 0) == pid);
	CHECK(WIFSIGNALED(status) && WTERMSIG(status) == SIGABRT);
}

static uint32_t n_released;

static void count_release(struct mempool *pool, struct mbuf *m)
{
	CHECK(pool == &mp && m->pool == &mp);
	n_released++;
}

static void foreign_frames_go_back_to_their_owner(void)
{
	struct watch x = { .done.fn = watch_done };
	uint8_t bytes[64];
	struct mbuf m = { .buf = bytes, .pool = &mp, .done = &x.done };

	setup();
	mp.release = count_release;
	n_released = 0;
	mbuf_free(&m);
	CHECK_EQ(n_released, 1);
	CHECK_EQ(x.n, 1);
	CHECK_EQ(m.gen, 1);
	CHECK_EQ(mempool_avail(&mp), N);
}

static void chain_is_freed_whole(void)
{
	struct mbuf *a, *b, *c;

	setup();
	a = mbuf_alloc(&mp);
	b = mbuf_alloc(&mp);
	c = mbuf_alloc(&mp);
	a->next = b;
	b->next = c;
	mbuf_free_chain(a);
	CHECK_EQ(mempool_avail(&mp), N);
	mbuf_free_chain(NULL);
	CHECK_EQ(mempool_avail(&mp), N);
}

static void prepend_and_pull_move_the_edge(void)
{
	struct mbuf *m;

	setup();
	m = mbuf_alloc(&mp);
	memcpy(mbuf_prepend(m, 4), "body", 4);
	memcpy(mbuf_prepend(m, 4), "head", 4);
	CHECK_EQ(m->off, MBUF_HEADROOM - 8);
	CHECK_EQ(m->len, 8);
	CHECK(memcmp(mbuf_data(m), "headbody", 8) == 0);
	mbuf_pull(m, 4);
	CHECK(memcmp(mbuf_data(m), "body", 4) == 0);
	CHECK_EQ(mbuf_frame_len(m), 4);
	mbuf_free(m);
}

static void gather_stops_at_the_capacity(void)
{
	static const char whole[] = "linearpiece1xpiece22";
	struct mbuf *m;
	uint8_t out[32];

	setup();
	m = mbuf_alloc(&mp);
	memcpy(mbuf_prepend(m, 6), "linear", 6);
	m->frag[0] = (struct mbuf_frag){ (const uint8_t *)"piece1", 6 };
	m->frag[1] = (struct mbuf_frag){ (const uint8_t *)"x", 1 };
	m->frag[2] = (struct mbuf_frag){ (const uint8_t *)"", 0 };
	m->frag[3] = (struct mbuf_frag){ (const uint8_t *)"piece22", 7 };
	m->n_frags = 4;
	m->frag_len = 14;
	CHECK_EQ(mbuf_frame_len(m), 20);
	for (uint32_t cap = 0; cap < sizeof(out); cap++) {
		uint32_t want = MIN(cap, 20u);

		memset(out, 0xee, sizeof(out));
		CHECK_EQ(mbuf_gather(m, out, cap), want);
		CHECK(memcmp(out, whole, want) == 0);
		CHECK(out[want] == 0xee);
	}
	mbuf_free(m);
}

/* They count as out, and which they are is left open: the last freed, at last fresh ones. */
static void what_is_set_aside_is_nobody_elses(void)
{
	struct mbuf *a, *b, *m;

	setup();
	a = mbuf_alloc(&mp);
	b = mbuf_alloc(&mp);
	CHECK_EQ(mbuf_set_aside(&mp, 1), 1);
	CHECK_EQ(mempool_avail(&mp), N - 3);
	mbuf_free(a);
	CHECK(mbuf_alloc_aside(&mp) == a);
	CHECK_EQ(mempool_avail(&mp), N - 2);
	CHECK_EQ(mbuf_set_aside(&mp, N), N - 2);
	CHECK(mbuf_alloc(&mp) == NULL);
	mbuf_free(b);
	CHECK_EQ(mempool_avail(&mp), 1);
	CHECK(mbuf_alloc(&mp) == b);
	for (uint32_t i = 2; i < N; i++) {
		m = mbuf_alloc_aside(&mp);
		CHECK_EQ(pool_index(&mp.pool, m), i);
		CHECK(m->pool == &mp);
	}
	CHECK(mbuf_alloc(&mp) == NULL);
}

CU_MAIN("mbuf", TEST(alloc_gives_a_clean_frame), TEST(rooms_do_not_overlap),
	TEST(completion_runs_once_before_release), TEST(free_forgets_the_application),
	TEST(double_free_is_caught), TEST(foreign_frames_go_back_to_their_owner),
	TEST(chain_is_freed_whole), TEST(prepend_and_pull_move_the_edge),
	TEST(gather_stops_at_the_capacity), TEST(what_is_set_aside_is_nobody_elses))
