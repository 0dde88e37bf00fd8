/* SPDX-License-Identifier: MIT */
/*
 * test_knob.c - defaults, ranges and field widths of a knob table
 */
#include "base/knob.h"
#include "tests/unit/cu.h"

enum { NAME_MAX_LEN = 7 };

struct sample {
	unsigned char before;
	uint32_t u32;
	uint64_t u64;
	bool flag;
	unsigned char guard;
	double rate;
	uint32_t mode;
	uint32_t addr;
	char name[NAME_MAX_LEN + 1];
	unsigned char after;
};

#define AT(f) .off = offsetof(struct sample, f)

static const char *const mode_names[] = { "off", "slow", "fast", NULL };

enum { K_U32, K_U64, K_BOOL, K_DOUBLE, K_ENUM, K_IPV4, K_STRING, K_EMPTY, K_NR };

static const struct knob knobs[K_NR] = {
	[K_U32] = { .name = "u32", AT(u32), .type = KNOB_U32, .min = 2, .max = 1024, .def = 64 },
	[K_U64] = { .name = "u64", AT(u64), .type = KNOB_U64, .max = UINT64_MAX,
		    .def = 10 * NSEC_PER_SEC },
	[K_BOOL] = { .name = "flag", AT(flag), .type = KNOB_BOOL, .def = 1 },
	[K_DOUBLE] = { .name = "rate", AT(rate), .type = KNOB_DOUBLE, .max = 9, .def = 3 },
	[K_ENUM] = { .name = "mode", AT(mode), .type = KNOB_ENUM, .def = 2,
		     .names = mode_names },
	[K_IPV4] = { .name = "addr", AT(addr), .type = KNOB_IPV4, .def = 0x0a000001 },
	[K_STRING] = { .name = "name", AT(name), .type = KNOB_STRING, .max = NAME_MAX_LEN,
		       .def_str = "echo" },
	[K_EMPTY] = { .name = "name", AT(name), .type = KNOB_STRING, .max = NAME_MAX_LEN },
};

static struct sample fresh(void)
{
	struct sample s;

	memset(&s, 0xa5, sizeof(s));
	knob_defaults(knobs, K_EMPTY, &s);
	return s;
}

static void defaults_fill_every_type(void)
{
	struct sample s = fresh();

	CHECK_EQ(s.u32, 64);
	CHECK_EQ(s.u64, 10000000000);
	CHECK(s.flag);
	CHECK(s.rate == 3.0);
	CHECK_EQ(s.mode, 2);
	CHECK_EQ(s.addr, 0x0a000001);
	CHECK(memcmp(s.name, "echo\0\0\0", sizeof(s.name)) == 0);
	CHECK(s.before == 0xa5 && s.guard == 0xa5 && s.after == 0xa5);
	knob_defaults(&knobs[K_EMPTY], 1, &s);
	CHECK(s.name[0] == '\0' && s.name[NAME_MAX_LEN] == '\0');
	CHECK(s.after == 0xa5);
}

static void set_then_get(void)
{
	struct sample s = fresh();
	static const uint64_t v[] = { 7, 1ULL << 40, 0, 0, 1, 0xffffffff };

	for (uint32_t i = K_U32; i <= K_IPV4; i++) {
		if (i == K_DOUBLE)
			continue;
		CHECK_EQ(knob_set(&knobs[i], &s, v[i]), 0);
		CHECK_EQ(knob_get(&knobs[i], &s), v[i]);
	}
	CHECK(s.u32 == 7 && s.u64 == 1ULL << 40 && !s.flag && s.mode == 1);
	CHECK(s.before == 0xa5 && s.guard == 0xa5 && s.after == 0xa5);
}

static void out_of_range_is_refused_and_changes_nothing(void)
{
	struct sample s = fresh();

	CHECK_EQ(knob_set(&knobs[K_U32], &s, 2), 0);
	CHECK_EQ(knob_set(&knobs[K_U32], &s, 1024), 0);
	CHECK_EQ(knob_set(&knobs[K_U32], &s, 1), -ERANGE);
	CHECK_EQ(knob_set(&knobs[K_U32], &s, 1025), -ERANGE);
	CHECK_EQ(knob_set(&knobs[K_U32], &s, (1ULL << 32) + 64), -ERANGE);
	CHECK_EQ(s.u32, 1024);
	CHECK_EQ(knob_set(&knobs[K_BOOL], &s, 2), -ERANGE);
	CHECK_EQ(knob_set(&knobs[K_ENUM], &s, 3), -ERANGE);
	CHECK_EQ(s.mode, 2);
	CHECK_EQ(knob_set(&knobs[K_IPV4], &s, 1ULL << 32), -ERANGE);
	CHECK_EQ(s.addr, 0x0a000001);
}

static void text_and_doubles_are_not_integers(void)
{
	struct sample s = fresh();

	CHECK_EQ(knob_set(&knobs[K_STRING], &s, 1), -EINVAL);
	CHECK_EQ(knob_set(&knobs[K_DOUBLE], &s, 1), -EINVAL);
	CHECK_EQ(knob_get(&knobs[K_STRING], &s), 0);
	CHECK_EQ(knob_get(&knobs[K_DOUBLE], &s), 0);
	CHECK(s.rate == 3.0 && strcmp(s.name, "echo") == 0);
}

CU_MAIN("knob", TEST(defaults_fill_every_type), TEST(set_then_get),
	TEST(out_of_range_is_refused_and_changes_nothing),
	TEST(text_and_doubles_are_not_integers))
