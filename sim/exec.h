/* SPDX-License-Identifier: MIT */
/*
 * exec.h - the execution model of a host: who runs when, and what crosses between them
 *
 * The same core, application and network under another operating system. Every mechanism is a
 * switch, so that IX, Linux, mTCP and whatever lies between them is a configuration; what each
 * thing costs is the price list's (costs.h).
 *
 *	completion	IX: one pass takes frames through stack and application to the TX ring
 *	softirq		Linux: interrupt, then the stack until the ring is empty, then the
 *			application, woken if it slept, a few events at a time; the stack goes
 *			first, for softirq_max, then both have equal time (ksoftirqd)
 *	thread		mTCP: a stack thread that polls and an application thread share the
 *			hyperthread and hand each other batches, which takes a while each time
 */
#ifndef SIM_EXEC_H
#define SIM_EXEC_H

#include "base/knob.h"
#include "base/rng.h"
#include "base/work.h"
#include "sim/costs.h"

enum exec_wake { WAKE_POLL, WAKE_INTERRUPT };
enum exec_stack { STACK_COMPLETION, STACK_SOFTIRQ, STACK_THREAD };
enum exec_calls { CALLS_BATCHED, CALLS_SINGLE };
enum exec_flush { FLUSH_EARLY, FLUSH_PASS, FLUSH_LATE };
enum exec_policy { BATCH_ADAPTIVE, BATCH_WAIT };

struct exec_cfg {
	uint32_t wake;			/* enum exec_wake: how an idle thread learns of a frame */
	uint32_t stack;			/* enum exec_stack */
	uint32_t app_batch;		/* softirq: connections between looks at the NIC; 0: all */
	bool app_spin;			/* softirq: asks epoll_wait() again and never sleeps */
	uint32_t calls;			/* enum exec_calls: one crossing a batch, or a call */
	bool large_segments;		/* GRO and TSO: full frames of a flow in a row are one */
	bool rx_copy, tx_copy;		/* payload is copied to, from the application */
	uint32_t tx_flush;		/* enum exec_flush: when frames reach the NIC */
	uint32_t policy;		/* enum exec_policy */
	uint64_t batch_timeout_ns;	/* wait: since the first frame of the batch */
	uint64_t itr_ns;		/* least time between two interrupts of a queue */
	bool itr_adaptive;		/* ... follows what they find, see exec_itr_update() */
	uint64_t itr_max_ns;		/* ... up to this */
	uint64_t softirq_max_ns;	/* softirq: polling before it shares with the application */
	bool steered;			/* softirq: interrupts come to the application's core */
	uint64_t clock_ns;		/* timers of the stack fire at its multiples; 0: when due */
	bool shared;			/* threads share connection tables, and their lock */
};

extern const struct knob exec_knobs[];
extern const size_t n_exec_knobs;

/** Contradictions. NULL when there are none, else a sentence fragment that follows "WHO.exec". */
const char *exec_trouble(const struct exec_cfg *x);

enum {
	EXEC_LARGE_FRAMES = 44,		/* of 1460 B of text in the 64 KiB of one large segment */
	EXEC_FULL_FRAME = 1000,		/* bytes from which on a frame is merged */
};

/** What a system that crosses, copies and merges where IX does not has done other than @w says:
 * changes @w. @merged: received frames that were appended to the one before; @data: others with
 * payload. Its stack has one path for those, tcp_fast, where ours may leave its fast one. */
void exec_adjust(const struct exec_cfg *x, struct work *w, uint32_t merged, uint32_t data);

/** Bytes of @w that the application's thread will copy once more: a stack that is a thread of its
 * own keeps them in a buffer until then, as it does what is sent (both copies of that are before
 * the frames, so exec_adjust() counts two). */
uint64_t exec_app_reads(const struct exec_cfg *x, const struct work *w);

/* A queue's moderation. ixgbe's driver takes bytes a microsecond, counted as if every interrupt
 * came as late as it may: above 10 it allows an interrupt in 50 us instead of 10, above 20 one in
 * 125 us, a step at a time, and moves towards that by a tenth of its rate. */
struct exec_itr {
	nsec ns;			/* least time between two interrupts now */
	nsec max_ns;			/* no level is above this */
	uint8_t level[2];		/* received, sent: 0 to 2 */
	uint64_t bytes[2];		/* seen so far */
};

/** A poll that found the ring empty at its end, so interrupts are allowed again: @rx and @tx
 * bytes were received and sent since the start. */
void exec_itr_update(struct exec_itr *i, uint64_t rx, uint64_t tx);

/** An exponentially distributed time of mean @mean_ps, in ns; 0 draws nothing. Error of the
 * distribution function below 0.006. */
nsec exec_jitter(struct rng *r, uint64_t mean_ps);

/** The first multiple of the clock at or after @at. */
static inline nsec exec_tick(const struct exec_cfg *x, nsec at)
{
	if (x->clock_ns == 0 || at == NSEC_NEVER)
		return at;
	return (at + x->clock_ns - 1) / x->clock_ns * x->clock_ns;
}

#endif
