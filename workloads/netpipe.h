/* SPDX-License-Identifier: MIT */
/*
 * netpipe.h - the schedule of message sizes that both ends run (private to netpipe*.c)
 *
 * As NPtcp: powers of two and 1.5 times powers of two between min_bytes and max_bytes,
 * each perturbed by -perturb, 0 and +perturb bytes. Both ends compute it from the same
 * knobs; nothing about it is on the wire.
 */
#ifndef WORKLOADS_NETPIPE_H
#define WORKLOADS_NETPIPE_H

#include "base/knob.h"

struct netpipe_cfg {
	uint32_t min_bytes, max_bytes, perturb, rounds;
	uint64_t backoff_ns;	/* client only */
};

enum { NETPIPE_SIZES_MAX = 160 };

struct netpipe_sizes {
	uint32_t n;
	uint32_t bytes[NETPIPE_SIZES_MAX];
};

/** The knobs both ends have, for use in a table of struct knob. */
#define NETPIPE_KNOBS \
	{ .name = "min_bytes", .off = offsetof(struct netpipe_cfg, min_bytes), \
	  .type = KNOB_U32, .unit = UNIT_BYTES, .min = 1, .max = 1 << 24, .def = 64, \
	  .doc = "smallest message" }, \
	{ .name = "max_bytes", .off = offsetof(struct netpipe_cfg, max_bytes), \
	  .type = KNOB_U32, .unit = UNIT_BYTES, .min = 1, .max = 1 << 24, .def = 512 << 10, \
	  .doc = "largest message" }, \
	{ .name = "perturb", .off = offsetof(struct netpipe_cfg, perturb), \
	  .type = KNOB_U32, .unit = UNIT_BYTES, .max = 1 << 16, .def = 3, \
	  .doc = "every size is also run with so many bytes less and more" }, \
	{ .name = "rounds", .off = offsetof(struct netpipe_cfg, rounds), \
	  .type = KNOB_U32, .min = 1, .max = 1000000, .def = 20, \
	  .doc = "round trips of a size that count; one more goes before them" }

/** Compute the schedule; false when it is empty or a size would be below 1. */
bool netpipe_schedule(const struct netpipe_cfg *cfg, struct netpipe_sizes *s);

/** Bytes of the largest message of the schedule. */
size_t netpipe_largest(const struct netpipe_cfg *cfg);

#endif
