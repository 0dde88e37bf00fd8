/* SPDX-License-Identifier: MIT */
/*
 * knob.h - one description per tunable: parser, --help and manifest come from it
 *
 * A table of knobs describes the fields of one struct. Values are stored in the
 * unit the table names; the configuration reader (cli/) converts "10 us" or
 * "10 Gb/s" by the knob's unit and refuses a wrong one.
 */
#ifndef BASE_KNOB_H
#define BASE_KNOB_H

#include "base/types.h"

enum knob_type {
	KNOB_U32,
	KNOB_U64,
	KNOB_BOOL,		/* bool; min, max ignored */
	KNOB_DOUBLE,		/* min and max are the range of the integer part */
	KNOB_ENUM,		/* uint32_t index into @names; min, max ignored */
	KNOB_IPV4,		/* uint32_t, host order; written a.b.c.d; max 0: any */
	KNOB_STRING,		/* char[max + 1], NUL-terminated */
};

enum knob_unit {
	UNIT_NONE,		/* a pure number */
	UNIT_NS,		/* "10 us"; ns us ms s */
	UNIT_BYTES,		/* "64 KB"; B KB KiB MB MiB GB GiB */
	UNIT_BPS,		/* "10 Gb/s"; b/s kb/s Mb/s Gb/s */
	UNIT_PPB,		/* "0.5 %"; %, ppm, ppb; stored as parts in 1e9 */
	UNIT_PER_SEC,		/* "1.5 M/s"; /s k/s M/s */
	UNIT_FRAMES,
	UNIT_CYCLES,
};

struct knob {
	const char *name;	/* lower_case, as written in a configuration */
	size_t off;		/* of the field in its struct */
	enum knob_type type;
	enum knob_unit unit;
	uint64_t min, max;	/* legal range, both included */
	uint64_t def;		/* default; KNOB_STRING: see def_str */
	const char *doc;	/* one line */
	const char *const *names;	/* KNOB_ENUM: NULL-terminated */
	const char *def_str;		/* KNOB_STRING: default, may be NULL */
};

/** One group of a configuration: the knobs of @obj under a dotted @path ("" is the top). */
struct section {
	const char *path;	/* "server.dp" */
	const struct knob *knobs;
	size_t n;
	void *obj;
};

/** Store every default of @k[@n] into @obj. A default that knob_set() refuses is a bug. */
void knob_defaults(const struct knob *k, size_t n, void *obj);

/** Integer value of a field (bool, u32, u64, enum, ipv4); 0 for the other types. */
uint64_t knob_get(const struct knob *k, const void *obj);

/**
 * Store an integer into a field. Returns 0, -ERANGE if outside [min, max], or
 * -EINVAL for KNOB_STRING and KNOB_DOUBLE.
 */
int knob_set(const struct knob *k, void *obj, uint64_t v);

#endif
