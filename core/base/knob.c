/* SPDX-License-Identifier: MIT */
/*
 * knob.c - defaults, reading and writing of the fields a knob table describes
 *
 * Entry points: knob_defaults(), knob_get(), knob_set(). Fields are moved with memcpy, so
 * the struct may be of any type. Not here: text, units and error sentences (cli/).
 */
#include "base/knob.h"

static size_t names_count(const char *const *names)
{
	size_t n = 0;

	while (names[n] != NULL)
		n++;
	return n;
}

static bool in_range(const struct knob *k, uint64_t v)
{
	switch (k->type) {
	case KNOB_BOOL:
		return v <= 1;
	case KNOB_ENUM:
		return v < names_count(k->names);
	case KNOB_IPV4:
		if (k->max == 0)
			return v <= UINT32_MAX;
		break;
	default:
		break;
	}
	return v >= k->min && v <= k->max;
}

static void default_string(const struct knob *k, void *obj)
{
	const char *s = k->def_str != NULL ? k->def_str : "";
	size_t len = strlen(s);

	assert(len <= k->max);
	memset((char *)obj + k->off, 0, k->max + 1);
	memcpy((char *)obj + k->off, s, len);
}

static void default_double(const struct knob *k, void *obj)
{
	double v = (double)k->def;

	assert(k->def >= k->min && k->def <= k->max);
	memcpy((char *)obj + k->off, &v, sizeof(v));
}

void knob_defaults(const struct knob *k, size_t n, void *obj)
{
	for (; n > 0; n--, k++) {
		int err = 0;

		if (k->type == KNOB_STRING)
			default_string(k, obj);
		else if (k->type == KNOB_DOUBLE)
			default_double(k, obj);
		else
			err = knob_set(k, obj, k->def);
		assert(err == 0);
		(void)err;
	}
}

uint64_t knob_get(const struct knob *k, const void *obj)
{
	const char *field = (const char *)obj + k->off;
	uint64_t v64;
	uint32_t v32;
	bool flag;

	switch (k->type) {
	case KNOB_BOOL:
		memcpy(&flag, field, sizeof(flag));
		return flag;
	case KNOB_U32:
	case KNOB_ENUM:
	case KNOB_IPV4:
		memcpy(&v32, field, sizeof(v32));
		return v32;
	case KNOB_U64:
		memcpy(&v64, field, sizeof(v64));
		return v64;
	default:
		return 0;
	}
}

int knob_set(const struct knob *k, void *obj, uint64_t v)
{
	char *field = (char *)obj + k->off;
	uint32_t v32 = (uint32_t)v;
	bool flag = v != 0;

	if (k->type == KNOB_STRING || k->type == KNOB_DOUBLE)
		return -EINVAL;
	if (!in_range(k, v))
		return -ERANGE;
	switch (k->type) {
	case KNOB_BOOL:
		memcpy(field, &flag, sizeof(flag));
		break;
	case KNOB_U64:
		memcpy(field, &v, sizeof(v));
		break;
	default:
		assert(v <= UINT32_MAX);	/* a table whose max does not fit its field */
		memcpy(field, &v32, sizeof(v32));
	}
	return 0;
}
