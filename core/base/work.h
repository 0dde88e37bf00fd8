/* SPDX-License-Identifier: MIT */
/*
 * work.h - what one pass did, counted; a backend turns it into time or statistics
 *
 * The core adds, the backend prices (law 2). Every field is a count of things, never
 * of cycles or nanoseconds. The app_ counts are what the application declares.
 */
#ifndef BASE_WORK_H
#define BASE_WORK_H

#include "base/types.h"

/* X(name, unit, what it counts) in the order of the pass; the price list uses the names. */
#define WORK_TABLE(X) \
	X(passes, passes, "passes of the run-to-completion loop") \
	X(rx_polls, polls, "polls of an RX ring, empty ones too") \
	X(rx_frames, frames, "frames taken from an RX ring") \
	X(rx_bytes, bytes, "bytes of those frames") \
	X(rx_doorbells, doorbells, "RX tail writes (descriptor refills)") \
	X(net_other, frames, "frames that are not TCP: ARP, ICMP, UDP, dropped") \
	X(tcp_fast, segments, "TCP segments on the fast path") \
	X(tcp_slow, segments, "TCP segments on the slow path") \
	X(tcp_conns, connections, "connections created or freed") \
	X(events, events, "event conditions raised") \
	X(crossings, crossings, "entries into the application") \
	X(calls, calls, "batched calls executed") \
	X(app_cycles, cycles, "cycles the application declared") \
	X(app_requests, requests, "requests the application declared") \
	X(app_updates, updates, "of them, changes of a stored object") \
	X(app_bytes, bytes, "payload bytes the application declared") \
	X(timers, timers, "timers fired") \
	X(tx_segments, segments, "TCP segments built") \
	X(tx_frames, frames, "frames given to a TX ring") \
	X(tx_bytes, bytes, "bytes of those frames") \
	X(tx_frags, fragments, "scatter-gather pieces of application memory among them") \
	X(tx_doorbells, doorbells, "TX tail writes") \
	X(csum_bytes, bytes, "bytes summed in software") \
	X(copied_bytes, bytes, "payload bytes copied by the core")

struct work {
#define X(name, unit, doc) uint64_t name;
	WORK_TABLE(X)
#undef X
};

#endif
