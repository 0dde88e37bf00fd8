/* SPDX-License-Identifier: MIT */
/*
 * test_units.c - values with units: exact, strict, and back again
 */
#include <stdlib.h>

#include "cli/units.h"
#include "tests/unit/cu.h"

struct obj {
	uint32_t batch;
	uint64_t rto_ns;
	bool nagle;
	double skew;
	uint32_t cc;
	uint32_t ip;
	char path[16];
	uint64_t rate;
};

static const char *const cc_names[] = { "newreno", "dctcp", NULL };
static const struct knob knobs[] = {
	{"batch", offsetof(struct obj, batch), KNOB_U32, UNIT_FRAMES, 1, 1024, 64, "B", NULL, NULL},
	{"rto", offsetof(struct obj, rto_ns), KNOB_U64, UNIT_NS, 1000, 60 * NSEC_PER_SEC, 1000000,
	 "RTO", NULL, NULL},
	{"nagle", offsetof(struct obj, nagle), KNOB_BOOL, UNIT_NONE, 0, 1, 0, "Nagle", NULL, NULL},
	{"skew", offsetof(struct obj, skew), KNOB_DOUBLE, UNIT_NONE, 0, 2, 1, "skew", NULL, NULL},
	{"cc", offsetof(struct obj, cc), KNOB_ENUM, UNIT_NONE, 0, 1, 0, "cc", cc_names, NULL},
	{"ip", offsetof(struct obj, ip), KNOB_IPV4, UNIT_NONE, 0, UINT32_MAX, 0, "ip", NULL, NULL},
	{"path", offsetof(struct obj, path), KNOB_STRING, UNIT_NONE, 0, 15, 0, "path", NULL, "x"},
	{"rate", offsetof(struct obj, rate), KNOB_U64, UNIT_BPS, 1, UINT64_MAX, 1, "r", NULL, NULL},
};

static int parse(enum knob_unit unit, const char *text, uint64_t *v)
{
	char err[256] = "";
	int rc = unit_parse(unit, text, v, err, sizeof(err));

	CHECK((rc == 0) == (err[0] == '\0'));	/* a sentence if and only if it failed */
	return rc;
}

static void units_are_exact(void)
{
	static const struct {
		enum knob_unit unit;
		const char *text;
		uint64_t v;
	} good[] = {
		{UNIT_NS, "10 us", 10000},
		{UNIT_NS, "5.7us", 5700},
		{UNIT_NS, " 1 s ", 1000000000},
		{UNIT_NS, "0", 0},
		{UNIT_NS, "0.1 s", 100000000},
		{UNIT_NS, "2.5e3 ns", 2500},
		{UNIT_BYTES, "64", 64},
		{UNIT_BYTES, "64 KB", 64000},
		{UNIT_BYTES, "64 KiB", 65536},
		{UNIT_BYTES, "1.5 MiB", 1572864},
		{UNIT_BPS, "10 Gb/s", 10000000000},
		{UNIT_PPB, "0.5 %", 5000000},
		{UNIT_PPB, "1 ppm", 1000},
		{UNIT_PPB, "100%", 1000000000},
		{UNIT_PER_SEC, "1.5 M/s", 1500000},
		{UNIT_PER_SEC, "2000", 2000},
		{UNIT_FRAMES, "64", 64},
		{UNIT_FRAMES, "64 frames", 64},
		{UNIT_CYCLES, "1e3", 1000},
		{UNIT_NONE, "18446744073709551605", 18446744073709551605ull},
	};

	for (size_t i = 0; i < ARRAY_LEN(good); i++) {
		uint64_t v = 1;

		CHECK_EQ(parse(good[i].unit, good[i].text, &v), 0);
		CHECK_EQ(v, good[i].v);
	}
}

static void wrong_text_is_refused(void)
{
	static const struct {
		enum knob_unit unit;
		const char *text;
		int rc;
	} bad[] = {
		{UNIT_NS, "10", -EINVAL},
		{UNIT_NS, "10 Gb/s", -EINVAL},
		{UNIT_NS, "us", -EINVAL},
		{UNIT_NS, "", -EINVAL},
		{UNIT_NS, "-1 us", -EINVAL},
		{UNIT_NS, "0.5 ns", -ERANGE},
		{UNIT_NS, "1 us 2", -EINVAL},
		{UNIT_NS, "1.2.3 us", -EINVAL},
		{UNIT_NS, "1e40 s", -ERANGE},
		{UNIT_NS, "1e99 s", -EINVAL},
		{UNIT_NS, "1e ns", -EINVAL},
		{UNIT_NS, "99999999999999999999 ns", -EINVAL},
		{UNIT_NS, "18446744074 s", -ERANGE},
		{UNIT_BYTES, "1 kB", -EINVAL},
		{UNIT_BPS, "10 Gbps", -EINVAL},
		{UNIT_NONE, "1 us", -EINVAL},
		{UNIT_NONE, "0x10", -EINVAL},
		{UNIT_NONE, "1 aaaaaaaaaaaaaaaaaaaaaaaaaaaaaa", -EINVAL},
	};

	for (size_t i = 0; i < ARRAY_LEN(bad); i++) {
		uint64_t v = 77;

		CHECK_EQ(parse(bad[i].unit, bad[i].text, &v), bad[i].rc);
	}
}

static void format_is_short_and_comes_back(void)
{
	char buf[64];
	uint64_t v, x = 88172645463325252ull;

	unit_format(UNIT_NS, 16000, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "16 us");
	unit_format(UNIT_NS, 1500, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "1.5 us");
	unit_format(UNIT_NS, 100, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "100 ns");
	unit_format(UNIT_BYTES, 65536, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "64 KiB");
	unit_format(UNIT_BYTES, 128000, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "128 KB");
	unit_format(UNIT_BYTES, 1448, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "1448 B");
	unit_format(UNIT_PPB, 5000000, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "0.5 %");
	for (int i = 0; i < 20000; i++) {
		enum knob_unit u = (enum knob_unit)(i % (UNIT_CYCLES + 1));
		uint64_t want;

		x ^= x << 13, x ^= x >> 7, x ^= x << 17;
		want = x >> (x % 64);
		unit_format(u, want, buf, sizeof(buf));
		v = ~want;
		CHECK_EQ(parse(u, buf, &v), 0);
		CHECK_EQ(v, want);
	}
}

static void values_obey_their_knob(void)
{
	struct obj o;
	char err[256], buf[UNIT_TEXT_MAX];

	memset(&o, 0, sizeof(o));
	CHECK_EQ(value_parse(&knobs[0], &o, "16", err, sizeof(err)), 0);
	CHECK_EQ(o.batch, 16);
	CHECK_EQ(value_parse(&knobs[0], &o, "1025", err, sizeof(err)), -ERANGE);
	CU_ASSERT_STRING_EQUAL(err, "1025 is out of range: 1 to 1024 frames (default 64)");
	CHECK_EQ(o.batch, 16);		/* unchanged on failure */
	CHECK_EQ(value_parse(&knobs[1], &o, "10 Gb/s", err, sizeof(err)), -EINVAL);
	CHECK(strstr(err, "\"10 us\" (ns, us, ms, s)") != NULL);
	CHECK_EQ(value_parse(&knobs[2], &o, "on", err, sizeof(err)), 0);
	CHECK(o.nagle);
	CHECK_EQ(value_parse(&knobs[2], &o, "maybe", err, sizeof(err)), -EINVAL);
	CHECK_EQ(value_parse(&knobs[3], &o, "0.99", err, sizeof(err)), 0);
	CHECK(o.skew > 0.98 && o.skew < 1);
	CHECK_EQ(value_parse(&knobs[3], &o, "nan", err, sizeof(err)), -EINVAL);
	CHECK_EQ(value_parse(&knobs[3], &o, "2.1", err, sizeof(err)), -ERANGE);
	CHECK_EQ(value_parse(&knobs[4], &o, "dctcp", err, sizeof(err)), 0);
	CHECK_EQ(o.cc, 1);
	CHECK_EQ(value_parse(&knobs[4], &o, "bbr", err, sizeof(err)), -EINVAL);
	CU_ASSERT_STRING_EQUAL(err, "\"bbr\" is not one of: newreno, dctcp");
	CHECK_EQ(value_parse(&knobs[5], &o, "10.1.2.3", err, sizeof(err)), 0);
	CHECK_EQ(o.ip, 0x0a010203);
	CHECK_EQ(value_parse(&knobs[5], &o, "10.1.2", err, sizeof(err)), -EINVAL);
	CHECK_EQ(value_parse(&knobs[6], &o, "123456789012345", err, sizeof(err)), 0);
	CHECK_EQ(value_parse(&knobs[6], &o, "1234567890123456", err, sizeof(err)), -ERANGE);
	value_format(&knobs[6], &o, buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "123456789012345");
}

static void ranges_and_defaults_are_readable(void)
{
	char buf[UNIT_TEXT_MAX];

	value_range(&knobs[1], buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "1 us to 60 s");
	value_range(&knobs[7], buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "1 b/s and up");
	value_default(&knobs[1], buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "1 ms");
	value_default(&knobs[6], buf, sizeof(buf));
	CU_ASSERT_STRING_EQUAL(buf, "\"x\"");
}

CU_MAIN("units", TEST(units_are_exact), TEST(wrong_text_is_refused),
	TEST(format_is_short_and_comes_back), TEST(values_obey_their_knob),
	TEST(ranges_and_defaults_are_readable))
