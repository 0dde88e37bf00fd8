/* SPDX-License-Identifier: MIT */
/*
 * bench_parts.c - what the parts of the core cost by themselves, beside a plain alternative
 *
 *	bench_parts NAME [RUNS [OPS]]	one part; OPS: 0 or none chooses some 20 ms a run
 *	bench_parts			the names
 *
 * Prints one CSV line a run: name,operations,ns of CPU time an operation. Each part is one
 * function part_NAME(), so that callgrind's --toggle-collect=part_NAME counts nothing else.
 * Not here: the stack as a whole (bench_stack.c).
 */
#include <stdio.h>
#include <stdlib.h>
#include <sys/mman.h>
#include <time.h>

#include "base/rng.h"
#include "base/wheel.h"
#include "net/csum.h"
#include "tcp/tcp_impl.h"
#include "workloads/hist.h"

enum { BURST = 64, TIMERS = 4096, VALUES = 4096, SLOT_BYTES = 128 };

static volatile uint64_t sink;		/* keeps results alive */
static uint32_t values[VALUES];
static uint8_t bytes[2048];

static void *pages(size_t n)
{
	void *p = mmap(NULL, n, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);

	if (p == MAP_FAILED) {
		fprintf(stderr, "bench: no memory for %zu bytes\n", n);
		exit(3);
	}
	madvise(p, n, MADV_HUGEPAGE);
	return p;
}

/* ---- timing wheel ---- */

static struct wheel wheel;
static struct timer timers[TIMERS];
static nsec wheel_now;

static void fired(struct timer *t, nsec now)
{
	(void)t;
	sink += now;
}

static void wheel_setup(void)
{
	wheel_init(&wheel, 0);
	for (uint32_t i = 0; i < TIMERS; i++)
		timers[i].fire = fired;
	for (uint32_t i = 0; i < TIMERS; i++)
		timer_arm(&wheel, &timers[i], 200 * NSEC_PER_MSEC + values[i] % NSEC_PER_MSEC);
}

/* An RTO that never fires: cancelled and set again, 200 ms away. */
static void part_wheel_arm_cancel(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		struct timer *t = &timers[i % TIMERS];

		timer_cancel(&wheel, t);
		timer_arm(&wheel, t,
			  200 * NSEC_PER_MSEC + values[i % VALUES] % (64 * NSEC_PER_MSEC));
	}
}

/* Delayed ACKs within 4 ms that all fire. */
static void part_wheel_arm_fire(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++) {
		timer_arm(&wheel, &timers[i % TIMERS],
			  wheel_now + values[i % VALUES] % (4 * NSEC_PER_MSEC));
		if (i % 256 == 255) {
			wheel_now += 5 * NSEC_PER_MSEC;
			wheel_run(&wheel, wheel_now, UINT32_MAX);
		}
	}
}

/* ---- flow lookup ---- */

static struct fg_table table;
static uint32_t flows;

static struct flow flow_at(uint32_t i)
{
	return (struct flow){ .laddr = 0x0a000001, .raddr = 0x0a000100 + i / 50000, .lport = 7,
			      .rport = (uint16_t)(2000 + i % 50000) };
}

/* Stands for the NIC's hash, which costs the CPU nothing. */
static uint32_t rss_at(uint32_t i) { return i * 2654435761u >> 7; }

static void flows_setup(uint32_t n)
{
	static const uint64_t key[2] = { 1, 2 };
	uint8_t *nodes = pages((size_t)n * SLOT_BYTES);

	flows = n;
	fg_init(&table, pages(fg_buckets(n) * sizeof(uint32_t)), nodes, SLOT_BYTES, n, key);
	for (uint32_t i = 0; i < n; i++) {
		struct flow_node *node = fg_node(&table, i);

		node->flow = flow_at(i);
		fg_insert(&table, node, fg_bucket(&table, &node->flow, rss_at(i)));
	}
}

static void flows_1k_setup(void) { flows_setup(1000); }
static void flows_100k_setup(void) { flows_setup(100000); }
static void flows_1m_setup(void) { flows_setup(1000000); }

/* Lookups that do not depend on each other, in an order no prefetcher follows. */
static void part_flow_lookup(uint64_t n)
{
	uint32_t at = 1;

	for (uint64_t k = 0; k < n; k++) {
		uint32_t i = (uint32_t)((uint64_t)(at * 2654435769u) * flows >> 32);
		struct flow f = flow_at(i);

		at++;
		if (!fg_find(&table, &f, fg_bucket(&table, &f, rss_at(i))))
			abort();
	}
}

/* ---- checksum ---- */

/* RFC 1071 section 4.1, as it stands there. */
static uint16_t naive_csum(const uint8_t *p, size_t len)
{
	uint32_t sum = 0;

	for (; len > 1; len -= 2, p += 2)
		sum += be16_load(p);
	if (len > 0)
		sum += (uint32_t)*p << 8;
	while (sum >> 16)
		sum = (sum & 0xffff) + (sum >> 16);
	return (uint16_t)~sum;
}

/* Through a pointer: a caller does not know the length when it compiles. */
static uint16_t (*volatile naive)(const uint8_t *, size_t) = naive_csum;

static void csum_setup(void)
{
	if (csum_fold(csum_partial(bytes, 1460)) != naive_csum(bytes, 1460))
		abort();
}

static void part_csum_64(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += csum_fold(csum_partial(bytes + i % 8 * 64, 64));
	sink += sum;
}

static void part_csum_64_naive(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += naive(bytes + i % 8 * 64, 64);
	sink += sum;
}

static void part_csum_1460(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += csum_fold(csum_partial(bytes + i % 8 * 64, 1460));
	sink += sum;
}

static void part_csum_1460_naive(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += naive(bytes + i % 8 * 64, 1460);
	sink += sum;
}

/* ---- memory, in bursts as a pass takes it ---- */

static struct pool pool;
static struct mempool mempool;

static void pool_setup(void)
{
	pool_init(&pool, pages(pool_bytes(SLOT_BYTES, 4096)), SLOT_BYTES, 4096);
}

static void mbuf_setup(void)
{
	mempool_init(&mempool, pages(mempool_bytes(4096)), 4096);
}

static void part_pool(uint64_t n)
{
	void *out[BURST];

	for (uint64_t i = 0; i < n; i += BURST) {
		for (uint32_t k = 0; k < BURST; k++)
			out[k] = pool_alloc(&pool);
		for (uint32_t k = 0; k < BURST; k++)
			pool_free(&pool, out[k]);
	}
}

static void part_malloc(uint64_t n)
{
	void *volatile out[BURST];

	for (uint64_t i = 0; i < n; i += BURST) {
		for (uint32_t k = 0; k < BURST; k++)
			out[k] = malloc(SLOT_BYTES);
		for (uint32_t k = 0; k < BURST; k++)
			free(out[k]);
	}
}

static void part_mbuf(uint64_t n)
{
	struct mbuf *out[BURST];

	for (uint64_t i = 0; i < n; i += BURST) {
		for (uint32_t k = 0; k < BURST; k++)
			out[k] = mbuf_alloc(&mempool);
		for (uint32_t k = 0; k < BURST; k++)
			mbuf_free(out[k]);
	}
}

/* ---- Toeplitz, histogram ---- */

static struct toeplitz tz;
static struct hist hist;

static void toeplitz_setup(void) { toeplitz_init(&tz, rss_default_key); }
static void hist_setup(void) { hist_reset(&hist); }

static void part_toeplitz(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += toeplitz_ipv4(&tz, values[i % VALUES], 0x0a000001, (uint16_t)i, 7);
	sink += sum;
}

static void part_toeplitz_bitwise(uint64_t n)
{
	uint64_t sum = 0;

	for (uint64_t i = 0; i < n; i++)
		sum += toeplitz_ref(rss_default_key, bytes + i % 1024, 12);
	sink += sum;
}

static void part_hist_add(uint64_t n)
{
	for (uint64_t i = 0; i < n; i++)
		hist_add(&hist, values[i % VALUES]);
}

/* ---- */

static const struct part {
	const char *name;
	void (*setup)(void);
	void (*run)(uint64_t n);
} parts[] = {
	{ "wheel_arm_cancel", wheel_setup, part_wheel_arm_cancel },
	{ "wheel_arm_fire", wheel_setup, part_wheel_arm_fire },
	{ "flow_lookup_1k", flows_1k_setup, part_flow_lookup },
	{ "flow_lookup_100k", flows_100k_setup, part_flow_lookup },
	{ "flow_lookup_1m", flows_1m_setup, part_flow_lookup },
	{ "csum_64", csum_setup, part_csum_64 },
	{ "csum_64_naive", csum_setup, part_csum_64_naive },
	{ "csum_1460", csum_setup, part_csum_1460 },
	{ "csum_1460_naive", csum_setup, part_csum_1460_naive },
	{ "pool", pool_setup, part_pool },
	{ "malloc", pool_setup, part_malloc },
	{ "mbuf", mbuf_setup, part_mbuf },
	{ "toeplitz", toeplitz_setup, part_toeplitz },
	{ "toeplitz_bitwise", toeplitz_setup, part_toeplitz_bitwise },
	{ "hist_add", hist_setup, part_hist_add },
};

static uint64_t cpu_ns(void)
{
	struct timespec ts;

	clock_gettime(CLOCK_PROCESS_CPUTIME_ID, &ts);
	return (uint64_t)ts.tv_sec * NSEC_PER_SEC + (uint64_t)ts.tv_nsec;
}

static uint64_t run_ns(const struct part *p, uint64_t n)
{
	uint64_t t0 = cpu_ns();

	p->run(n);
	return cpu_ns() - t0;
}

static uint64_t choose_ops(const struct part *p)
{
	uint64_t n = 1024;

	while (run_ns(p, n) < 20 * NSEC_PER_MSEC)
		n *= 2;
	return n;
}

static void measure(const struct part *p, unsigned long runs, uint64_t n)
{
	p->setup();
	if (n == 0)
		n = choose_ops(p);
	while (runs--)
		printf("%s,%llu,%.3f\n", p->name, (unsigned long long)n,
		       (double)run_ns(p, n) / (double)n);
}

int main(int argc, char **argv)
{
	struct rng rng;

	rng_stream(&rng, 1, 1);
	for (uint32_t i = 0; i < VALUES; i++)
		values[i] = (uint32_t)rng_below(&rng, 200 * NSEC_PER_MSEC);
	for (size_t i = 0; i < sizeof(bytes); i++)
		bytes[i] = (uint8_t)rng_below(&rng, 256);
	for (size_t i = 0; i < ARRAY_LEN(parts); i++) {
		if (argc < 2) {
			printf("%s\n", parts[i].name);
		} else if (!strcmp(argv[1], parts[i].name)) {
			measure(&parts[i], argc > 2 ? strtoul(argv[2], NULL, 10) : 5,
				argc > 3 ? strtoull(argv[3], NULL, 10) : 0);
			return 0;
		}
	}
	if (argc < 2)
		return 0;
	fprintf(stderr, "bench_parts: no part \"%s\"; run it without arguments for the list\n",
		argv[1]);
	return 2;
}
