/* SPDX-License-Identifier: MIT */
/*
 * bulk.h - the stream of bytes that both ends of a bulk transfer know (private to bulk*.c)
 *
 * Byte i of every connection's stream is a function of i with a period that no segment size
 * divides, so a segment that was lost, repeated or moved cannot look right.
 */
#ifndef WORKLOADS_BULK_H
#define WORKLOADS_BULK_H

#include "base/types.h"

enum {
	BULK_PERIOD = 4093,		/* bytes; a prime */
	BULK_GO = 8,			/* bytes that ask a sender for its next block */
};

enum bulk_mode { BULK_STREAM, BULK_BARRIER, BULK_MODE_NR };

extern const char *const bulk_mode_names[];	/* NULL-terminated; index is enum bulk_mode */

/** The knobs both ends have, for use in a table of struct knob of a @T with these fields. */
#define BULK_KNOBS(T) \
	{ .name = "mode", .off = offsetof(T, mode), .type = KNOB_ENUM, \
	  .max = BULK_MODE_NR - 1, .names = bulk_mode_names, \
	  .doc = "stream: send all the time; barrier: a block each when the receiver asks, which " \
		 "is when it has everybody's last" }, \
	{ .name = "connections", .off = offsetof(T, connections), .type = KNOB_U32, .min = 1, \
	  .max = 4096, .def = 4, .doc = "connections of all instances together" }, \
	{ .name = "block", .off = offsetof(T, block), .type = KNOB_U32, .unit = UNIT_BYTES, \
	  .min = 1, .max = 1 << 24, .def = 64 << 10, \
	  .doc = "bytes handed over at a time; barrier: answer of one sender" }

/** The first @len bytes of a stream; from offset o on it is what @buf has from o % BULK_PERIOD. */
void bulk_pattern(uint8_t *buf, size_t len);

#endif
