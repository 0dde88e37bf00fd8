/* SPDX-License-Identifier: MIT */
/*
 * bench_stack.c - what a 64 B echo costs at the server stack, in memory
 *
 *	bench_stack echo CONNS REQUESTS [RUNS [BATCH]]	persistent connections, random order
 *	bench_stack churn CONNS COUNT [RUNS [BATCH]]	SYN, request, ACK, RST; COUNT times
 *	bench_stack bytes CONNS			memory, nothing is run
 *
 * Prints one CSV line a run: what,conns,batch,ns per request or connection,preempted passes;
 * for bytes: what,conns,of the dataplane,of the echo server, both a connection. Under callgrind
 * with --toggle-collect=dp_run_once the instructions per request come from the difference
 * of two runs of different length.
 */
#include <stdio.h>
#include <stdlib.h>

#include "tcp/tcp_impl.h"
#include "tests/bench/stack_bed.h"

static struct bed bed;

/*
 * Every connection once a round, in an order no prefetcher follows: a full-period congruential
 * sequence over the next power of two, whose high bits are stirred into its low ones. A
 * batch ends with its round, so no connection is in it twice.
 */
struct order {
	uint32_t mask, shift, at, left;
};

static void order_init(struct order *o, uint32_t n)
{
	*o = (struct order){ .left = n };
	while (o->mask < n - 1)
		o->mask = o->mask << 1 | 1;
	for (uint32_t m = o->mask; m; m >>= 2)
		o->shift++;
}

static uint32_t order_next(struct order *o, uint32_t n)
{
	uint32_t i;

	do {
		o->at = (o->at * 1664525u + 1013904223u) & o->mask;
		i = o->at ^ o->at >> o->shift;
	} while (i >= n);
	o->left = o->left > 1 ? o->left - 1 : n;
	return i;
}

static void fail_unless_answered(uint64_t asked)
{
	if (bed.replies == asked && !bed.bad)
		return;
	fprintf(stderr, "bench: %llu of %llu answered, %llu wrong\n",
		(unsigned long long)bed.replies, (unsigned long long)asked,
		(unsigned long long)bed.bad);
	exit(1);
}

/* One run; requests per pass are full batches but for the last of a round. */
static void echo(struct order *o, uint64_t requests, uint32_t batch)
{
	uint64_t done = 0, passes = 0;

	bed_restart(&bed);
	while (done < requests) {
		uint32_t n = MIN(batch, o->left);

		for (uint32_t k = 0; k < n; k++)
			bed_request(&bed, order_next(o, bed.n_conns));
		bed_pass(&bed);
		done += n;
		passes++;
	}
	fail_unless_answered(done);
	printf("echo,%u,%u,%.2f,%llu\n", bed.n_conns, batch,
	       bed_pass_ns(&bed) * (double)passes / (double)done,
	       (unsigned long long)bed.preempted);
}

static void churn_batch(uint32_t first, uint32_t batch)
{
	static void (*const steps[])(struct bed *, uint32_t) = {
		bed_syn, bed_request,
		bed_ack,	/* data that comes before accept is answered a pass later */
		bed_reset,
	};

	for (uint32_t s = 0; s < ARRAY_LEN(steps); s++) {
		for (uint32_t k = 0; k < batch; k++)
			steps[s](&bed, first + k);
		bed_pass(&bed);
	}
}

static void churn(uint64_t count, uint32_t batch)
{
	uint64_t conns = 0;
	uint32_t first = 0;

	bed_restart(&bed);
	for (; conns < count; conns += batch) {
		if (first + batch > bed.n_conns)
			first = 0;
		churn_batch(first, batch);
		first += batch;
	}
	fail_unless_answered(conns);
	if (dp_usage(bed.dp).conns) {
		fprintf(stderr, "bench: %u connections left\n", dp_usage(bed.dp).conns);
		exit(1);
	}
	printf("churn,%u,%u,%.2f,%llu\n", bed.n_conns, batch,
	       bed_pass_ns(&bed) * 4 / batch, (unsigned long long)bed.preempted);
}

static void bytes(uint32_t conns)
{
	printf("bytes,%u,%.1f,%.1f\n", conns, (double)tcp_bytes(conns) / conns,
	       (double)bed.app_bytes / conns);
}

static int usage(void)
{
	fprintf(stderr, "usage: bench_stack echo|churn CONNS COUNT [RUNS [BATCH 1..%d]]\n"
		"       bench_stack bytes CONNS\n", BED_BATCH);
	return 2;
}

static uint32_t arg(int argc, char **argv, int i, uint32_t def)
{
	return argc > i ? (uint32_t)strtoul(argv[i], NULL, 10) : def;
}

int main(int argc, char **argv)
{
	uint32_t conns = arg(argc, argv, 2, 0), count = arg(argc, argv, 3, 1);
	uint32_t runs = arg(argc, argv, 4, 1), batch = arg(argc, argv, 5, BED_BATCH);
	struct order order;

	if (conns == 0 || count == 0 || runs == 0 || batch == 0 || batch > BED_BATCH)
		return usage();
	bed_init(&bed, conns);
	order_init(&order, conns);
	batch = MIN(batch, conns);
	if (!strcmp(argv[1], "bytes")) {
		bytes(conns);
	} else if (!strcmp(argv[1], "churn")) {
		while (runs--)
			churn(count, batch);
	} else if (!strcmp(argv[1], "echo")) {
		bed_open_all(&bed);
		while (runs--)
			echo(&order, count, batch);
	} else {
		return usage();
	}
	if (bed.work.copied_bytes) {
		fprintf(stderr, "bench: the core copied payload\n");
		return 1;
	}
	bed_free(&bed);
	return 0;
}
