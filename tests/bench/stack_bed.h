/* SPDX-License-Identifier: MIT */
/*
 * stack_bed.h - a server stack in memory, and the wire around it
 *
 * One elastic thread with the echo server on it, on a NIC that is two arrays. The bed plays
 * n clients by writing and reading frames; only dp_run_once() is ever timed, so what is
 * measured is the server: RX frame in, through TCP, the ABI and libix, TX frame out.
 *
 * Time is the wall's, less what reading the clock takes. A pass during which the host took
 * the CPU away (BED_PREEMPTED_NS and more) says nothing of the stack: it is left out and
 * counted.
 */
#ifndef TESTS_BENCH_STACK_BED_H
#define TESTS_BENCH_STACK_BED_H

#include "dp/dp.h"
#include "workloads/app.h"

enum {
	BED_BATCH = 64,
	BED_MSG = 64,
	BED_PREEMPTED_NS = 200000,	/* ten times a cold batch */
};

/** What a client knows of its connection: 16 bytes, so that clients cost the cache little. */
struct bed_conn {
	uint32_t snd_nxt, rcv_nxt;
	uint32_t rss;
	uint32_t pad;
};

struct bed {
	struct nic nic;
	struct user user;
	struct core_env core;
	struct mempool pool;
	struct dp *dp;
	struct ixev *ev;
	nsec now;
	struct work work;
	struct toeplitz tz;
	uint32_t n_conns;
	struct bed_conn *conns;
	uint32_t rx_n;
	struct mbuf *rx[BED_BATCH];	/* what the next pass will find */
	uint32_t tx_n;
	struct mbuf *tx[4 * BED_BATCH];	/* what it has sent */
	uint64_t replies, resets, bad;
	uint64_t timed_ns;		/* inside dp_run_once(), preempted passes left out */
	uint64_t passes, preempted;	/* timed, left out */
	uint64_t clock_ns;		/* what reading the clock twice takes */
	size_t app_bytes;		/* of the echo server, libix included */
};

/** Exits with a sentence on failure. */
void bed_init(struct bed *b, uint32_t n_conns);
void bed_free(struct bed *b);

/** Forget what was timed and counted so far. */
void bed_restart(struct bed *b);

/** Nanoseconds a pass took, preempted ones left out. */
double bed_pass_ns(const struct bed *b);

/* Put a segment of client @i in front of the next pass. */
void bed_syn(struct bed *b, uint32_t i);
void bed_ack(struct bed *b, uint32_t i);
void bed_request(struct bed *b, uint32_t i);
void bed_reset(struct bed *b, uint32_t i);

/** One timed pass, then read what it sent into the clients' state. */
void bed_pass(struct bed *b);

/** Bring all connections to ESTABLISHED and accepted, one request done on each. */
void bed_open_all(struct bed *b);

#endif
