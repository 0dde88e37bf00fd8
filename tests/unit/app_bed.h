/* SPDX-License-Identifier: MIT */
/*
 * app_bed.h - a client workload and a server workload at the ends of a fake wire
 *
 * bed_cfg() sets the knobs of both to their defaults, bed_set() changes one by name, bed_start()
 * starts them, bed_run_until() steps; bed_end() aborts every connection and frees.
 */
#ifndef TESTS_UNIT_APP_BED_H
#define TESTS_UNIT_APP_BED_H

#include "tests/unit/fake_wire.h"
#include "workloads/app.h"
#include "workloads/hist.h"

static struct app_bed {
	struct wire w;
	const struct app_ops *ops[2];
	union {
		unsigned char bytes[1024];
		uint64_t align;
	} cfg[2];
	struct app_env env[2];
	void *app[2];
	struct app_report report[2];
} b;

static inline void bed_cfg(const char *client, const char *server)
{
	memset(&b, 0, sizeof(b));
	b.ops[0] = app_find(client);
	b.ops[1] = app_find(server);
	for (int i = 0; i < 2; i++) {
		CU_ASSERT_FATAL(b.ops[i] && b.ops[i]->cfg_size <= sizeof(b.cfg[i]));
		CU_ASSERT(b.ops[i]->client == (i == 0));
		knob_defaults(b.ops[i]->knobs, b.ops[i]->n_knobs, b.cfg[i].bytes);
		b.env[i] = (struct app_env){ .max_calls = 64, .seed = 5, .server_ip = 1,
					     .server_port = 2, .n = 1, .warmup_ns = 0,
					     .stop_ns = UINT64_MAX };
	}
}

static inline void bed_set(int side, const char *name, uint64_t v)
{
	const struct app_ops *o = b.ops[side];

	for (size_t i = 0; i < o->n_knobs; i++)
		if (strcmp(o->knobs[i].name, name) == 0) {
			CHECK_EQ(knob_set(&o->knobs[i], b.cfg[side].bytes, v), 0);
			return;
		}
	CU_FAIL("no such knob");
}

static inline void bed_start(uint64_t seed, uint32_t wnd)
{
	char err[256] = "";

	wire_init(&b.w, seed, 64, wnd);
	for (int i = 0; i < 2; i++) {
		struct app_env *env = &b.env[i];
		size_t shared = b.ops[i]->shared_need ?
				b.ops[i]->shared_need(b.cfg[i].bytes, env) : 0;

		env->shared = shared ? calloc(1, shared) : NULL;
		env->mem_len = b.ops[i]->mem_need(b.cfg[i].bytes, env);
		env->mem = aligned_alloc(64, (env->mem_len + 63) / 64 * 64);
		memset(env->mem, 0, env->mem_len);
		b.app[i] = b.ops[i]->start(b.cfg[i].bytes, env, err, sizeof(err));
		if (!b.app[i])
			fprintf(stderr, "start: %s\n", err);
		CU_ASSERT_FATAL(b.app[i] != NULL);
		b.w.ev[i] = b.ops[i]->ev(b.app[i]);
	}
}

static inline void bed_run_until(uint64_t ns)
{
	while (b.w.now_ns < ns)
		wire_step(&b.w);
}

static inline const struct app_report *bed_report(int side)
{
	b.ops[side]->report(b.app[side], &b.report[side]);
	return &b.report[side];
}

static inline void bed_end(void)
{
	wire_end(&b.w);
	CHECK_EQ(bed_report(0)->conns_open, 0);
	CHECK_EQ(bed_report(1)->conns_open, 0);
	CHECK_EQ(b.w.bad_calls, 0);
	free(b.env[0].mem);
	free(b.env[1].mem);
	free(b.env[0].shared);
	free(b.env[1].shared);
}

#endif
