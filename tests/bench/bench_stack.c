/* SPDX-License-Identifier: MIT */
/*
 * bench_stack.c - what a 64 B echo costs at the server stack, in memory
 *
 *	bench_stack echo CONNS REQUESTS [BATCH]	persistent connections, random order
 *	bench_stack churn CONNS ROUNDS [BATCH]	SYN, request, answer, RST
 *
 * Prints one CSV line: what,conns,batch,ns per request,state bytes per connection. Under
 * callgrind with --toggle-collect=dp_run_once the instructions per request come from the
 * difference of two runs of different length.
 */
#include <stdio.h>
#include <stdlib.h>

#include "base/rng.h"
#include "tcp/tcp_impl.h"
#include "tests/bench/stack_bed.h"

static struct bed bed;

/* Random, without meeting a connection twice in a batch: a stride over a prime. */
static void echo(uint64_t requests, uint32_t batch)
{
	struct rng rng;
	uint64_t done = 0, at;

	rng_stream(&rng, 1, 1);
	batch = MIN(batch, bed.n_conns);
	bed.timed_ns = 0;
	bed.replies = 0;
	at = 0;
	while (done < requests) {
		uint64_t step = bed.n_conns > 64 ? 1 + rng_below(&rng, bed.n_conns / 64) : 1;

		for (uint32_t k = 0; k < batch; k++) {
			bed_request(&bed, (uint32_t)at);
			at = (at + step) % bed.n_conns;
		}
		bed_pass(&bed);
		done += batch;
	}
	if (bed.replies != done || bed.bad) {
		fprintf(stderr, "bench: %llu of %llu answered, %llu wrong\n",
			(unsigned long long)bed.replies, (unsigned long long)done,
			(unsigned long long)bed.bad);
		exit(1);
	}
	printf("echo,%u,%u,%.1f\n", bed.n_conns, batch, (double)bed.timed_ns / (double)done);
}

static void churn(uint64_t rounds, uint32_t batch)
{
	uint64_t conns = 0;

	batch = MIN(batch, bed.n_conns);
	bed.timed_ns = 0;
	bed.replies = 0;
	for (uint64_t r = 0; r < rounds; r++) {
		uint32_t first = (uint32_t)(r * batch % (bed.n_conns - batch + 1));

		for (uint32_t k = 0; k < batch; k++)
			bed_syn(&bed, first + k);
		bed_pass(&bed);
		for (uint32_t k = 0; k < batch; k++)
			bed_request(&bed, first + k);
		bed_pass(&bed);
		for (uint32_t k = 0; k < batch; k++)	/* data before accept is answered a pass later */
			bed_ack(&bed, first + k);
		bed_pass(&bed);
		for (uint32_t k = 0; k < batch; k++)
			bed_reset(&bed, first + k);
		bed_pass(&bed);
		conns += batch;
	}
	if (bed.replies != conns || bed.bad || dp_usage(bed.dp).conns) {
		fprintf(stderr, "bench: %llu of %llu answered, %u left\n",
			(unsigned long long)bed.replies, (unsigned long long)conns,
			dp_usage(bed.dp).conns);
		exit(1);
	}
	printf("churn,%u,%u,%.1f\n", bed.n_conns, batch, (double)bed.timed_ns / (double)conns);
}

int main(int argc, char **argv)
{
	uint32_t conns = argc > 2 ? (uint32_t)strtoul(argv[2], NULL, 10) : 0;
	uint64_t n = argc > 3 ? strtoull(argv[3], NULL, 10) : 0;
	uint32_t batch = argc > 4 ? (uint32_t)strtoul(argv[4], NULL, 10) : BED_BATCH;

	if (conns == 0 || n == 0 || batch == 0 || batch > BED_BATCH) {
		fprintf(stderr, "usage: bench_stack echo|churn CONNS COUNT [BATCH 1..%d]\n", BED_BATCH);
		return 2;
	}
	bed_init(&bed, conns);
	if (!strcmp(argv[1], "churn")) {
		churn(n, batch);
	} else {
		bed_open_all(&bed);
		echo(n, batch);
	}
	if (bed.work.copied_bytes) {
		fprintf(stderr, "bench: the core copied payload\n");
		return 1;
	}
	bed_free(&bed);
	return 0;
}
