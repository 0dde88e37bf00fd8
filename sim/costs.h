/* SPDX-License-Identifier: MIT */
/*
 * costs.h - a price list: what one of each thing costs, and the machine it was measured on
 *
 * The core counts (base/work.h), this prices. A list is a text file, one item a line:
 *
 *	name value unit "source"	# the rest is a comment
 *
 * An item is one of WORK_TABLE (a price a unit, in ns; left out: free), one of COST_FIXED (all
 * of them required) or one of COST_OPTIONAL (left out: 0, and not modelled). Values have at
 * most three decimals and are kept as integers in thousandths, picoseconds for a price, so
 * virtual time is exact everywhere.
 */
#ifndef SIM_COSTS_H
#define SIM_COSTS_H

#include "base/work.h"

/* X(name, unit, smallest value in thousandths, meaning) */
#define COST_FIXED(X) \
	X(poll, "ns", 0, "period of the idle polling loop; an arrival is seen half of it later") \
	X(smt_slowdown, "x", 1000, "pass duration when the core's other hyperthread is in a pass") \
	X(core_contention, "x", 0, "added to a pass's duration for each other core in a pass") \
	X(cores, "cores", 1000, "cores of the machine, two hyperthreads each") \
	X(line_bytes, "B", 1000, "cache line") \
	X(l1_bytes, "B", 1000, "first-level data cache of a hyperthread's core") \
	X(l2_bytes, "B", 1000, "second-level cache of a core") \
	X(l3_bytes, "B", 1000, "last-level cache, shared by all cores") \
	X(l1_line, "ns", 0, "one line of flow state found in the first level") \
	X(l2_line, "ns", 0, "... in the second") \
	X(l3_line, "ns", 0, "... in the third") \
	X(dram_line, "ns", 0, "... in memory, overlap of misses included") \
	X(pcb_lines, "lines", 0, "connection block and its timers, lines a segment touches") \
	X(bucket_lines, "lines", 0, "lookup table, lines a segment touches") \
	X(app_lines, "lines", 0, "application and event library, lines a segment touches") \
	X(base_misses, "misses", 0, "misses a segment has in any case (descriptors, buffers)")

/* X(name, unit, meaning) */
#define COST_OPTIONAL(X) \
	X(irq, "ns", "taking an interrupt and leaving it") \
	X(irq_delay, "ns", "from a frame being visible to the interrupt handler; no work") \
	X(wakeup, "ns", "making a sleeping application runnable and switching to it") \
	X(cross_segment, "ns", "a segment whose interrupt came to another core than its " \
	  "application's: lines that move between the two") \
	X(cross_wakeup, "ns", "... a wake-up: an interrupt between the two") \
	X(wake_jitter, "ns", "mean of an exponential wait of a woken application; no work") \
	X(spin_jitter, "ns", "mean of an exponential wait of one that polls its sockets; no work") \
	X(switch, "ns", "from the stack's thread to the application's or back") \
	X(handoff_events, "ns", "until the application's thread runs after the stack's gave it " \
	  "events; no work") \
	X(handoff_calls, "ns", "... the stack's after the application's gave it calls; no work") \
	X(app_kernel, "ns", "kernel work a declared request causes beyond its calls") \
	X(object_lines, "lines", "lines of a stored object a request touches, bucket included") \
	X(object_bytes, "B", "memory a stored object takes, for TLB and cache") \
	X(flow_pages, "pages", "pages of flow state a segment touches") \
	X(object_pages, "pages", "pages a touch of a stored object touches") \
	X(tlb_4k_entries, "entries", "4 KB pages a hyperthread's TLB levels reach") \
	X(tlb_2m_entries, "entries", "2 MB pages") \
	X(tlb_walk, "ns", "a TLB miss with native page tables") \
	X(tlb_walk_nested, "ns", "... with nested ones") \
	X(ddio_bytes, "B", "part of the last level that DMA may fill; 0: all") \
	X(rx_frame_lines, "lines", "lines software reads of each line of a received frame") \
	X(dram_rate, "GB/s", "memory bandwidth of the socket; 0: any") \
	X(conn_lock, "ns", "holding of shared locks a connection created or freed") \
	X(app_lock, "ns", "holding of the application's lock a declared request") \
	X(app_update_lock, "ns", "... and in addition a declared update") \
	X(app_item_lock, "ns", "holding of one of the application's hashed locks, a touch of a " \
	  "stored object") \
	X(conn_contention, "ns", "added to a connection created or freed in shared tables, for " \
	  "each other core in a pass") \
	X(lock_transfer, "ns", "moving a lock's line from the core that held it last")

enum cost {
#define X(name, unit, doc) COST_##name,
	WORK_TABLE(X)
#undef X
	COST_N_WORK,		/* items below are prices of struct work's counts */
	COST_BEFORE_FIXED_ = COST_N_WORK - 1,
#define X(name, unit, min, doc) COST_##name,
	COST_FIXED(X)
#undef X
#define X(name, unit, doc) COST_##name,
	COST_OPTIONAL(X)
#undef X
	COST_NR
};

enum { COST_SCALE = 1000 };	/* costs.v of one unit */

struct costs {
	uint64_t v[COST_NR];	/* thousandths of the item's unit; ns: picoseconds */
	uint64_t hash;		/* SipHash of the file's bytes, fixed key */
};

/** What the passes' counts cost, ps. The parts are part of the total. */
struct cost_split {
	uint64_t total, app, transmit;
};

/**
 * Change the items that @text names, "crossings 0 ns; poll 50 ns"; the hash stays that of the list.
 * @who stands in messages. Returns 0 or -EINVAL and a sentence.
 */
int costs_override(struct costs *c, const char *who, const char *text, char *err, size_t err_len);

/**
 * Read price list @name: a path when it holds a '/', else NAME.conf in the directory of
 * costs_search_dir(), or in sim/prices beside or above the program, or the one installed
 * with it. Returns 0, or -ENOENT, -EIO or -EINVAL and a sentence in @err that names
 * file and line.
 */
int costs_load(struct costs *c, const char *name, char *err, size_t err_len);

/** The folder of the lists that come along. false: they are not where the program is. */
bool costs_dir(char *dir, size_t len);

/** The same from memory; @file is what messages call it. */
int costs_parse(struct costs *c, const char *file, const char *text, size_t len,
		char *err, size_t err_len);

/** Look in @dir first; NULL or "": nowhere special. Keeps a copy. */
void costs_search_dir(const char *dir);

/** Price of @w, ps. */
static inline uint64_t costs_total(const struct costs *c, const struct work *w)
{
	uint64_t ps = 0;

#define X(name, unit, doc) ps += w->name * c->v[COST_##name];
	WORK_TABLE(X)
#undef X
	return ps;
}

/** The same, with the application's part (handlers and declared cycles) and transmission's. */
struct cost_split costs_split(const struct costs *c, const struct work *w);

#endif
