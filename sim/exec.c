/* SPDX-License-Identifier: MIT */
/*
 * exec.c - the switches of an execution model, and the counts that follow from them
 *
 * Not here: when things run (host.c, host_parts.c).
 */
#include "sim/exec.h"

#include "net/wire.h"

static const char *const wake_names[] = { "poll", "interrupt", NULL };
static const char *const stack_names[] = { "completion", "softirq", "thread", NULL };
static const char *const calls_names[] = { "batched", "single", NULL };
static const char *const flush_names[] = { "early", "pass", "late", NULL };
static const char *const policy_names[] = { "adaptive", "wait", NULL };

#define FIELD(f)	.name = #f, .off = offsetof(struct exec_cfg, f)
#define FIELD_NS(f)	.name = #f, .off = offsetof(struct exec_cfg, f##_ns), \
			.type = KNOB_U64, .unit = UNIT_NS

const struct knob exec_knobs[] = {
	{ FIELD(wake), .type = KNOB_ENUM, .max = WAKE_INTERRUPT, .names = wake_names,
	  .doc = "how an idle thread learns of a frame" },
	{ FIELD(stack), .type = KNOB_ENUM, .max = STACK_THREAD, .names = stack_names,
	  .doc = "who runs the stack: IX's pass, an interrupt (Linux), its own thread (mTCP)" },
	{ FIELD(app_batch), .type = KNOB_U32, .max = 65536, .def = 1,
	  .doc = "softirq: connections the application serves between looks at the NIC; 0: all" },
	{ FIELD(app_spin), .type = KNOB_BOOL,
	  .doc = "softirq: the application polls its sockets instead of sleeping" },
	{ FIELD(calls), .type = KNOB_ENUM, .max = CALLS_SINGLE, .names = calls_names,
	  .doc = "a crossing a batch of calls, or one a call" },
	{ FIELD(large_segments), .type = KNOB_BOOL,
	  .doc = "GRO and TSO: the stack handles full frames of one flow in a row as one" },
	{ FIELD(rx_copy), .type = KNOB_BOOL, .doc = "received payload is copied" },
	{ FIELD(tx_copy), .type = KNOB_BOOL, .doc = "sent payload is copied" },
	{ FIELD(tx_flush), .type = KNOB_ENUM, .max = FLUSH_LATE, .def = FLUSH_PASS,
	  .names = flush_names,
	  .doc = "frames reach the NIC one by one, with the pass, or after the next receive" },
	{ .name = "batch_policy", .off = offsetof(struct exec_cfg, policy), .type = KNOB_ENUM,
	  .max = BATCH_WAIT, .names = policy_names,
	  .doc = "take what is there, or wait for a full batch" },
	{ FIELD_NS(batch_timeout), .max = NSEC_PER_SEC, .def = 10 * NSEC_PER_USEC,
	  .doc = "wait: longest, since the first frame" },
	{ FIELD_NS(itr), .max = 10 * NSEC_PER_MSEC,
	  .doc = "least time between two interrupts of a queue" },
	{ FIELD(itr_adaptive), .type = KNOB_BOOL,
	  .doc = "itr follows the bytes of an interrupt, 10 to 125 us, as ixgbe's driver has it" },
	{ FIELD_NS(itr_max), .min = 10 * NSEC_PER_USEC, .max = 125 * NSEC_PER_USEC,
	  .def = 125 * NSEC_PER_USEC, .doc = "itr_adaptive: no level is above this" },
	{ FIELD_NS(softirq_max), .max = NSEC_PER_SEC, .def = 2 * NSEC_PER_MSEC,
	  .doc = "softirq: after that long without an empty ring the application gets half of "
		 "the time, as beside ksoftirqd; 0: never" },
	{ FIELD(steered), .type = KNOB_BOOL, .def = 1,
	  .doc = "softirq: a flow's interrupts come to its application's core; else its state "
		 "moves between two" },
	{ FIELD_NS(clock), .max = NSEC_PER_SEC,
	  .doc = "timers of the stack fire at multiples of this; 0: when due" },
	{ FIELD(shared), .type = KNOB_BOOL,
	  .doc = "threads share connection tables and contend for them" },
};
const size_t n_exec_knobs = ARRAY_LEN(exec_knobs);

const char *exec_trouble(const struct exec_cfg *x)
{
	if (x->stack != STACK_COMPLETION && x->tx_flush == FLUSH_LATE)
		return "tx_flush = \"late\" delays the replies of a pass that runs to completion; "
		       "use stack = \"completion\"";
	if (x->policy == BATCH_WAIT && (x->stack != STACK_COMPLETION || x->wake != WAKE_POLL))
		return "batch_policy = \"wait\" is a polling loop that holds a pass back; use "
		       "stack = \"completion\" and wake = \"poll\"";
	if (x->stack == STACK_SOFTIRQ && x->wake != WAKE_INTERRUPT)
		return "stack = \"softirq\" is entered by an interrupt; use wake = "
		       "\"interrupt\"";
	if (x->stack == STACK_THREAD && x->wake != WAKE_POLL)
		return "stack = \"thread\" polls; use wake = \"poll\"";
	return NULL;
}

/* Bytes behind the headers of @frames frames of @bytes. */
static uint64_t payload(uint64_t bytes, uint64_t frames)
{
	uint64_t headers = frames * (ETH_HLEN + IP_HLEN_MIN + TCP_HLEN_MIN);

	return bytes > headers ? bytes - headers : 0;
}

static uint64_t less(uint64_t a, uint64_t b)
{
	return a > b ? a - b : 0;
}

/* Full frames sent in one part are one flow's, as a rule: what the application wrote in a call,
 * or what an acknowledgement let go. */
static uint64_t sent_merged(const struct work *w)
{
	uint64_t full = w->tx_bytes / (ETH_HLEN + 1500);

	return full - (full + EXEC_LARGE_FRAMES - 1) / EXEC_LARGE_FRAMES;
}

void exec_adjust(const struct exec_cfg *x, struct work *w, uint32_t merged, uint32_t data)
{
	if (x->large_segments) {
		uint64_t segments = less(w->tcp_fast + w->tcp_slow, merged);

		w->tcp_fast = MIN(MAX(less(w->tcp_fast, merged), data), segments);
		w->tcp_slow = segments - w->tcp_fast;
		w->tx_segments = less(w->tx_segments, sent_merged(w));
	}
	if (x->calls == CALLS_SINGLE)
		w->crossings += w->calls;
	if (x->rx_copy && w->rx_bytes > 0)
		w->copied_bytes += payload(w->rx_bytes, w->rx_frames);
	if (x->tx_copy && w->tx_bytes > 0)
		w->copied_bytes += payload(w->tx_bytes, w->tx_frames) *
				   (x->stack == STACK_THREAD ? 2 : 1);
	if (x->tx_flush == FLUSH_EARLY && w->tx_frames > 0)
		w->tx_doorbells = w->tx_frames - (x->large_segments ? sent_merged(w) : 0);
}

uint64_t exec_app_reads(const struct exec_cfg *x, const struct work *w)
{
	return x->stack == STACK_THREAD && x->rx_copy ? payload(w->rx_bytes, w->rx_frames) : 0;
}

enum { ITR_LOW = 10, ITR_BULK = 20 };	/* bytes a microsecond */

static uint8_t itr_level(uint8_t level, uint64_t rate)
{
	if (level == 0)
		return rate > ITR_LOW;
	if (level == 1)
		return rate > ITR_BULK ? 2 : rate > ITR_LOW;
	return rate > ITR_BULK ? 2 : 1;
}

void exec_itr_update(struct exec_itr *i, uint64_t rx, uint64_t tx)
{
	static const nsec wanted[] = { 10 * NSEC_PER_USEC, 50 * NSEC_PER_USEC,
				       125 * NSEC_PER_USEC };
	uint64_t now[2] = { rx, tx };
	nsec want;

	for (int d = 0; d < 2; d++) {
		uint64_t bytes = now[d] - i->bytes[d];

		if (bytes && i->ns >= NSEC_PER_USEC)
			i->level[d] = itr_level(i->level[d], bytes / (i->ns / NSEC_PER_USEC));
		i->bytes[d] = now[d];
	}
	want = MIN(wanted[MAX(i->level[0], i->level[1])], i->max_ns);
	i->ns = 10 * want * i->ns / (9 * want + i->ns);
}

/* -ln(u) = ln 2 (k + 1 - log2 m) for u = m 2^(-k-1), m in [1, 2); log2 m by a parabola. */
nsec exec_jitter(struct rng *r, uint64_t mean_ps)
{
	uint64_t u, f, log2_m, x;
	uint32_t k;

	if (mean_ps == 0)
		return 0;
	assert(mean_ps <= COST_SCALE * NSEC_PER_MSEC);
	u = rng_u64(r) | 1;
	k = (uint32_t)__builtin_clzll(u);
	f = u << k << 1 >> 44;				/* m - 1, 20 bits of fraction */
	log2_m = f + (f * (BIT(20) - f) >> 20) * 361 / 1049;	/* 0.344 f (1 - f) */
	x = ((uint64_t)(k + 1) << 20) - log2_m;
	return (x * mean_ps >> 20) * 693147 / (1000000 * COST_SCALE);
}
