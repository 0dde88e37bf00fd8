/* SPDX-License-Identifier: MIT */
/*
 * test_trace.c - the export is JSON, keeps every nanosecond, and admits what it left out
 */
#include <jansson.h>
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "sim/trace.h"

static char path[] = "/tmp/test_trace.XXXXXX", err[256];

static struct trace *open_temp(void)
{
	strcpy(path + strlen(path) - 6, "XXXXXX");
	close(mkstemp(path));
	return trace_open(path, err, sizeof(err));
}

static void is_json_and_exact(void)
{
	struct cpu_charge c = { .total = 1234, .stack = 1000, .app = 200, .transmit = 34 };
	struct work w = { .rx_frames = 3, .events = 7 };
	struct trace *t = open_temp();
	json_error_t je;
	json_t *j, *e;

	CHECK(t != NULL);
	if (!t)
		return;
	trace_thread(t, 1, "client 0", 2);
	trace_pass(t, 1, 2, 5000001, &c, &w);
	trace_pass(t, 1, 2, 5001235, &c, &(struct work){ 0 });
	CHECK_EQ(trace_close(t, err, sizeof(err)), 0);
	j = json_load_file(path, 0, &je);
	CHECK(json_is_array(j));
	CHECK_EQ(json_array_size(j), 5);	/* two names, two passes, what was left out */
	e = json_array_get(j, 2);
	CHECK(strcmp(json_string_value(json_object_get(e, "ph")), "X") == 0);
	CHECK_EQ(json_integer_value(json_object_get(e, "pid")), 1);
	CHECK_EQ(json_integer_value(json_object_get(e, "tid")), 2);
	CHECK(json_real_value(json_object_get(e, "ts")) == 5000.001);
	CHECK(json_real_value(json_object_get(e, "dur")) == 1.234);
	e = json_object_get(e, "args");
	CHECK_EQ(json_integer_value(json_object_get(e, "rx_frames")), 3);
	CHECK_EQ(json_integer_value(json_object_get(e, "events")), 7);
	CHECK(json_object_get(e, "calls") == NULL);
	CHECK_EQ(json_integer_value(json_object_get(e, "transmit_ns")), 34);
	e = json_object_get(json_array_get(j, 4), "args");
	CHECK_EQ(json_integer_value(json_object_get(e, "count")), 0);
	json_decref(j);
	unlink(path);
}

static void an_empty_trace_is_json(void)
{
	struct trace *t = open_temp();
	json_error_t je;
	json_t *j;

	CHECK_EQ(trace_close(t, err, sizeof(err)), 0);
	j = json_load_file(path, 0, &je);
	CHECK_EQ(json_array_size(j), 1);
	json_decref(j);
	unlink(path);
}

static void says_why_it_cannot_write(void)
{
	struct trace *t;

	CHECK(trace_open("/no/such/dir/x.json", err, sizeof(err)) == NULL);
	CHECK(strstr(err, "/no/such/dir/x.json") != NULL);
	t = trace_open("/dev/full", err, sizeof(err));
	CHECK(t != NULL);
	CHECK_EQ(trace_close(t, err, sizeof(err)), -EIO);
	CHECK(strstr(err, "/dev/full is incomplete") != NULL);
}

CU_MAIN("trace", TEST(is_json_and_exact), TEST(an_empty_trace_is_json),
	TEST(says_why_it_cannot_write))
