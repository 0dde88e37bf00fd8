/* SPDX-License-Identifier: MIT */
/*
 * units.c - see units.h
 *
 * Not here: which key a value belongs to (conf.c).
 */
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>

#include "cli/units.h"

__extension__ typedef unsigned __int128 u128;

struct scale {
	const char *name;
	uint64_t factor;
};

enum { SCALES_MAX = 8 };

/* What each unit accepts, smallest first; [0] is the base unit. */
static const struct unit_info {
	const char *what;	/* after "needs " */
	const char *suffix;
	bool bare;		/* a number without unit means the base unit */
	struct scale scales[SCALES_MAX];
} units[] = {
	[UNIT_NONE] = { "a plain number such as 16", "", true, { { "", 1 } } },
	[UNIT_NS] = { "a time such as \"10 us\"", "_ns", false,
		{ { "ns", 1 }, { "us", 1000 }, { "ms", 1000000 }, { "s", 1000000000 } } },
	[UNIT_BYTES] = { "a size such as \"64 KB\"", "_bytes", true,
		{ { "B", 1 }, { "KB", 1000 }, { "KiB", 1024 }, { "MB", 1000000 },
		  { "MiB", 1 << 20 }, { "GB", 1000000000 }, { "GiB", 1 << 30 } } },
	[UNIT_BPS] = { "a bit rate such as \"10 Gb/s\"", "_bps", false,
		{ { "b/s", 1 }, { "kb/s", 1000 }, { "Mb/s", 1000000 }, { "Gb/s", 1000000000 } } },
	[UNIT_PPB] = { "a share such as \"0.5 %\"", "_ppb", false,
		{ { "ppb", 1 }, { "ppm", 1000 }, { "%", 10000000 } } },
	[UNIT_PER_SEC] = { "a rate such as \"1.5 M/s\"", "_per_s", true,
		{ { "/s", 1 }, { "k/s", 1000 }, { "M/s", 1000000 } } },
	[UNIT_FRAMES] = { "a number of frames such as 64", "", true, { { "frames", 1 } } },
	[UNIT_CYCLES] = { "a number of cycles such as 300", "_cycles", true, { { "cycles", 1 } } },
};

const char *unit_suffix(enum knob_unit unit)
{
	return units[unit].suffix;
}

/* " (ns, us, ms, s)", or "" when there is nothing to choose from. */
static void scales_list(const struct unit_info *u, char *buf, size_t len)
{
	size_t n = 0;

	buf[0] = '\0';
	if (u->scales[1].name == NULL)
		return;
	for (size_t i = 0; i < SCALES_MAX && u->scales[i].name; i++)
		n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? ", " : " (", u->scales[i].name);
	snprintf(buf + n, len - n, ")");
}

static int unit_refuse(const struct unit_info *u, const char *text, char *err, size_t err_len)
{
	char list[96];

	scales_list(u, list, sizeof(list));
	snprintf(err, err_len, "needs %s%s, not \"%.40s\"", u->what, list, text);
	return -EINVAL;
}

/* A decimal number as mant * 10^exp. Returns what follows it, or NULL if there is none. */
static const char *decimal_parse(const char *s, uint64_t *mant, int *exp)
{
	bool any = false, point = false;
	char *end;

	*mant = 0;
	*exp = 0;
	for (; isdigit((unsigned char)*s) || (*s == '.' && !point); s++) {
		if (*s == '.') {
			point = true;
			continue;
		}
		if (__builtin_mul_overflow(*mant, 10u, mant) ||
		    __builtin_add_overflow(*mant, (uint64_t)(*s - '0'), mant))
			return NULL;
		*exp -= point;
		any = true;
	}
	if (any && (*s == 'e' || *s == 'E')) {
		long e = strtol(s + 1, &end, 10);

		if (end == s + 1 || e < -40 || e > 40)
			return NULL;
		*exp += (int)e;
		s = end;
	}
	return any ? s : NULL;
}

/* mant * 10^exp * factor, exactly. */
static int scale_exactly(uint64_t mant, int exp, uint64_t factor, uint64_t *v)
{
	u128 x = (u128)mant * factor;

	if (mant == 0)
		exp = 0;
	for (; exp > 0; exp--) {
		x *= 10;
		if (x > UINT64_MAX)
			return -ERANGE;
	}
	for (; exp < 0; exp++) {
		if (x % 10 != 0)
			return -EDOM;
		x /= 10;
	}
	if (x > UINT64_MAX)
		return -ERANGE;
	*v = (uint64_t)x;
	return 0;
}

static const struct scale *scale_find(const struct unit_info *u, const char *name, bool zero)
{
	if (*name == '\0')
		return u->bare || zero ? &u->scales[0] : NULL;
	for (size_t i = 0; i < SCALES_MAX && u->scales[i].name; i++)
		if (strcmp(u->scales[i].name, name) == 0)
			return &u->scales[i];
	return NULL;
}

int unit_parse(enum knob_unit unit, const char *text, uint64_t *v, char *err, size_t err_len)
{
	const struct unit_info *u = &units[unit];
	const struct scale *sc;
	const char *rest, *start = text;
	char name[16];
	uint64_t mant;
	size_t n;
	int exp, rc;

	while (isspace((unsigned char)*start))
		start++;
	rest = decimal_parse(start, &mant, &exp);
	if (!rest)
		return unit_refuse(u, text, err, err_len);
	while (isspace((unsigned char)*rest))
		rest++;
	for (n = strlen(rest); n > 0 && isspace((unsigned char)rest[n - 1]); n--)
		;
	if (n >= sizeof(name))
		return unit_refuse(u, text, err, err_len);
	memcpy(name, rest, n);
	name[n] = '\0';
	sc = scale_find(u, name, mant == 0);
	if (!sc)
		return unit_refuse(u, text, err, err_len);
	rc = scale_exactly(mant, exp, sc->factor, v);
	if (rc == -EDOM)
		snprintf(err, err_len, "\"%.40s\" is not a whole number%s%s", text,
			 u->scales[0].name[0] ? " of " : "", u->scales[0].name);
	else if (rc)
		snprintf(err, err_len, "\"%.40s\" is too large for 64 bits", text);
	return rc ? -ERANGE : 0;
}

/* @v in units of @sc with at most 3 decimals; returns its length, 0 if that is not exact. */
static int scale_format(const struct scale *sc, uint64_t v, char *buf, size_t len)
{
	uint64_t whole = v / sc->factor, thousandths, rem = v % sc->factor;
	char frac[8] = "";

	if (rem) {
		u128 t = (u128)rem * 1000;

		if (t % sc->factor != 0)
			return 0;
		thousandths = (uint64_t)(t / sc->factor);
		snprintf(frac, sizeof(frac), ".%03u", (unsigned)thousandths);
		while (frac[strlen(frac) - 1] == '0')
			frac[strlen(frac) - 1] = '\0';
	}
	return snprintf(buf, len, "%" PRIu64 "%s %s", whole, frac, sc->name);
}

void unit_format(enum knob_unit unit, uint64_t v, char *buf, size_t len)
{
	const struct unit_info *u = &units[unit];
	char text[48];
	int best = 0, n;

	if (u->scales[1].name == NULL) {
		snprintf(buf, len, "%" PRIu64, v);
		return;
	}
	for (size_t i = 0; i < SCALES_MAX && u->scales[i].name; i++) {
		if (i > 0 && v < u->scales[i].factor && unit != UNIT_PPB)
			continue;
		n = scale_format(&u->scales[i], v, text, sizeof(text));
		if (n > 0 && (best == 0 || n < best)) {
			best = n;
			snprintf(buf, len, "%s", text);
		}
	}
}

/* ---- fields of a knob ---- */

static const void *field(const struct knob *k, const void *obj)
{
	return (const char *)obj + k->off;
}

void value_range(const struct knob *k, char *buf, size_t len)
{
	char lo[48], hi[48];
	size_t n = 0;

	switch (k->type) {
	case KNOB_BOOL:
		snprintf(buf, len, "true or false");
		return;
	case KNOB_IPV4:
		snprintf(buf, len, "an address a.b.c.d");
		return;
	case KNOB_STRING:
		snprintf(buf, len, "text of at most %" PRIu64 " bytes", k->max);
		return;
	case KNOB_ENUM:
		n = (size_t)snprintf(buf, len, "one of: ");
		for (size_t i = 0; k->names[i] && n < len; i++)
			n += (size_t)snprintf(buf + n, len - n, "%s%s", i ? ", " : "", k->names[i]);
		return;
	default:
		break;
	}
	unit_format(k->unit, k->min, lo, sizeof(lo));
	unit_format(k->unit, k->max, hi, sizeof(hi));
	if (k->max >= UINT64_MAX / 2)
		snprintf(buf, len, "%s and up", lo);
	else
		snprintf(buf, len, "%s to %s%s", lo, hi,
			 k->unit == UNIT_FRAMES ? " frames" :
			 k->unit == UNIT_CYCLES ? " cycles" : "");
}

static int out_of_range(const struct knob *k, const char *text, char *err, size_t err_len)
{
	char range[200], def[UNIT_TEXT_MAX];

	value_range(k, range, sizeof(range));
	value_default(k, def, sizeof(def));
	snprintf(err, err_len, "%.60s is out of range: %s (default %s)", text, range, def);
	return -ERANGE;
}

static int parse_bool(const struct knob *k, void *obj, const char *text, char *err, size_t err_len)
{
	static const char *const yes[] = { "true", "on", "yes", "1" };
	static const char *const no[] = { "false", "off", "no", "0" };

	for (size_t i = 0; i < ARRAY_LEN(yes); i++) {
		if (strcmp(text, yes[i]) == 0)
			return knob_set(k, obj, 1);
		if (strcmp(text, no[i]) == 0)
			return knob_set(k, obj, 0);
	}
	snprintf(err, err_len, "needs true or false, not \"%.40s\"", text);
	return -EINVAL;
}

static int parse_enum(const struct knob *k, void *obj, const char *text, char *err, size_t err_len)
{
	char range[200];

	for (uint32_t i = 0; k->names[i]; i++)
		if (strcmp(k->names[i], text) == 0)
			return knob_set(k, obj, i);
	value_range(k, range, sizeof(range));
	snprintf(err, err_len, "\"%.60s\" is not %s", text, range);
	return -EINVAL;
}

static int parse_ipv4(const struct knob *k, void *obj, const char *text, char *err, size_t err_len)
{
	struct in_addr a;

	if (inet_pton(AF_INET, text, &a) == 1 && knob_set(k, obj, ntohl(a.s_addr)) == 0)
		return 0;
	snprintf(err, err_len, "needs an address such as 10.0.0.2, not \"%.40s\"", text);
	return -EINVAL;
}

static int parse_double(const struct knob *k, void *obj, const char *text, char *err,
			size_t err_len)
{
	char *end;
	double d = strtod(text, &end);

	if (end == text || *end != '\0' || !isfinite(d)) {
		snprintf(err, err_len, "needs a number such as 1.5, not \"%.40s\"", text);
		return -EINVAL;
	}
	if (d < (double)k->min || d > (double)k->max)
		return out_of_range(k, text, err, err_len);
	memcpy((char *)obj + k->off, &d, sizeof(d));
	return 0;
}

static int parse_string(const struct knob *k, void *obj, const char *text, char *err,
			size_t err_len)
{
	size_t n = strlen(text);

	if (n < k->min) {
		snprintf(err, err_len, "must not be empty");
		return -ERANGE;
	}
	if (n > k->max) {
		snprintf(err, err_len, "is %zu bytes long; at most %" PRIu64 " fit", n, k->max);
		return -ERANGE;
	}
	memset((char *)obj + k->off, 0, (size_t)k->max + 1);
	memcpy((char *)obj + k->off, text, n);
	return 0;
}

int value_parse(const struct knob *k, void *obj, const char *text, char *err, size_t err_len)
{
	uint64_t v;
	int rc;

	switch (k->type) {
	case KNOB_BOOL:		return parse_bool(k, obj, text, err, err_len);
	case KNOB_ENUM:		return parse_enum(k, obj, text, err, err_len);
	case KNOB_IPV4:		return parse_ipv4(k, obj, text, err, err_len);
	case KNOB_DOUBLE:	return parse_double(k, obj, text, err, err_len);
	case KNOB_STRING:	return parse_string(k, obj, text, err, err_len);
	case KNOB_U32:
	case KNOB_U64:		break;
	}
	rc = unit_parse(k->unit, text, &v, err, err_len);
	if (rc)
		return rc;
	if (v < k->min || v > k->max || knob_set(k, obj, v) != 0)
		return out_of_range(k, text, err, err_len);
	return 0;
}

static void ipv4_format(uint32_t ip, char *buf, size_t len)
{
	snprintf(buf, len, "%u.%u.%u.%u", ip >> 24, (ip >> 16) & 255, (ip >> 8) & 255, ip & 255);
}

/* Ten digits, or as many as it takes to read this very number back. */
static void double_format(double d, char *buf, size_t len)
{
	for (int digits = 10; digits <= 17; digits++) {
		snprintf(buf, len, "%.*g", digits, d);
		if (strtod(buf, NULL) == d)
			return;
	}
}

void value_format(const struct knob *k, const void *obj, char *buf, size_t len)
{
	double d;

	switch (k->type) {
	case KNOB_BOOL:
		snprintf(buf, len, "%s", knob_get(k, obj) ? "true" : "false");
		return;
	case KNOB_ENUM:
		snprintf(buf, len, "%s", k->names[knob_get(k, obj)]);
		return;
	case KNOB_IPV4:
		ipv4_format((uint32_t)knob_get(k, obj), buf, len);
		return;
	case KNOB_DOUBLE:
		memcpy(&d, field(k, obj), sizeof(d));
		double_format(d, buf, len);
		return;
	case KNOB_STRING:
		snprintf(buf, len, "%s", (const char *)field(k, obj));
		return;
	case KNOB_U32:
	case KNOB_U64:
		unit_format(k->unit, knob_get(k, obj), buf, len);
	}
}

void value_format_plain(const struct knob *k, const void *obj, char *buf, size_t len)
{
	if (k->type == KNOB_U32 || k->type == KNOB_U64)
		snprintf(buf, len, "%" PRIu64, knob_get(k, obj));
	else
		value_format(k, obj, buf, len);
}

void value_default(const struct knob *k, char *buf, size_t len)
{
	switch (k->type) {
	case KNOB_BOOL:
		snprintf(buf, len, "%s", k->def ? "true" : "false");
		return;
	case KNOB_ENUM:
		snprintf(buf, len, "%s", k->names[k->def]);
		return;
	case KNOB_IPV4:
		ipv4_format((uint32_t)k->def, buf, len);
		return;
	case KNOB_DOUBLE:
		snprintf(buf, len, "%" PRIu64, k->def);
		return;
	case KNOB_STRING:
		snprintf(buf, len, "\"%s\"", k->def_str ? k->def_str : "");
		return;
	case KNOB_U32:
	case KNOB_U64:
		unit_format(k->unit, k->def, buf, len);
	}
}
