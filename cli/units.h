/* SPDX-License-Identifier: MIT */
/*
 * units.h - values with units: text to a knob's field and back
 *
 * "10 us", "64 KB", "10 Gb/s", "0.5 %", "1.5 M/s". Arithmetic is exact: a text that is
 * not a whole number of the base unit is refused, never rounded. Bytes, packets, cycles
 * and rates a second may be bare numbers; times, bit rates and probabilities may not
 * (except 0), because a bare 10 has been read as microseconds too often.
 * K, M, G are powers of 1000; Ki, Mi, Gi powers of 1024.
 */
#ifndef CLI_UNITS_H
#define CLI_UNITS_H

#include "base/knob.h"

enum { UNIT_TEXT_MAX = 320 };	/* fits any formatted value, a KNOB_STRING included */

/**
 * Parse @text in @unit. Returns 0, -EINVAL (not a number, wrong or missing unit) or
 * -ERANGE (does not fit 64 bits, or finer than the base unit) and a sentence in @err.
 */
int unit_parse(enum knob_unit unit, const char *text, uint64_t *v, char *err, size_t err_len);

/** The shortest exact text, e.g. 16000 ns as "16 us"; unit_parse() gives @v back. */
void unit_format(enum knob_unit unit, uint64_t v, char *buf, size_t len);

/** Suffix of a column that holds base units: "_ns", "_bytes", "_bps", ... or "". */
const char *unit_suffix(enum knob_unit unit);

/**
 * Parse @text by the type, unit and range of @k into @obj; @obj is unchanged on failure.
 * Returns 0, -EINVAL or -ERANGE and a sentence in @err.
 */
int value_parse(const struct knob *k, void *obj, const char *text, char *err, size_t err_len);

/** The field of @k as value_parse() takes it. */
void value_format(const struct knob *k, const void *obj, char *buf, size_t len);

/** The field as a plain number in base units (enum: its name), for a CSV cell. */
void value_format_plain(const struct knob *k, const void *obj, char *buf, size_t len);

/** What is legal: "1 to 1024 frames", "one of: newreno, dctcp", ... */
void value_range(const struct knob *k, char *buf, size_t len);

/** The default as value_parse() takes it. */
void value_default(const struct knob *k, char *buf, size_t len);

#endif
