/* SPDX-License-Identifier: MIT */
/*
 * fuzz_frames.c - hostile frames, into a whole dataplane that serves echo
 *
 * The script of rig.h over the echo server (RIG_STREAM: as a stream, else messages of 64
 * bytes). Beyond the rig's checks, every byte echoed must be the byte that was sent.
 */
#include <stdio.h>
#include <stdlib.h>

#include "libix/ixev_impl.h"
#include "tests/fuzz/rig.h"
#include "workloads/app.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static struct ixev *ev;

static void app(struct rig *r, struct ix_page *page)
{
	(void)r;
	ixev_run(ev, page);
}

static void set(const struct app_ops *ops, void *cfg, const char *name, uint64_t v)
{
	for (size_t i = 0; i < ops->n_knobs; i++)
		if (strcmp(ops->knobs[i].name, name) == 0)
			RIG_CHECK(knob_set(&ops->knobs[i], cfg, v) == 0);
}

/* Memory of the server, at its exact size: one block for streams, one for messages. */
static void *window(size_t n, bool stream)
{
	static void *mem[2];

	if (!mem[stream] && posix_memalign(&mem[stream], CACHE_LINE, n) != 0)
		abort();
	memset(mem[stream], 0, n);
	return mem[stream];
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static _Alignas(8) unsigned char cfg[1024];
	static struct rig r;
	const struct app_ops *ops = &echo_server_ops;
	struct app_env env = { .max_calls = RIG_CALLS, .seed = 1, .n = 1, .stop_ns = NSEC_NEVER };
	bool stream = size > 1 && ((data[0] << 8 | data[1]) & RIG_STREAM);
	char err[256] = "";
	void *server;

	RIG_CHECK(ops->cfg_size <= sizeof(cfg));
	knob_defaults(ops->knobs, ops->n_knobs, cfg);
	set(ops, cfg, "conns_max", RIG_CONNS);
	set(ops, cfg, "frames", RIG_FRAMES);
	set(ops, cfg, "size", stream ? 0 : 64);
	env.mem_len = ops->mem_need(cfg, &env);
	env.mem = window(env.mem_len, stream);
	server = ops->start(cfg, &env, err, sizeof(err));
	if (!server)
		fprintf(stderr, "fuzz_frames: %s\n", err);
	RIG_CHECK(server != NULL);
	ev = ops->ev(server);
	r = (struct rig){ .app = app };
	rig_open(&r, data, size, env.mem, env.mem_len);
	rig_run(&r);
	return 0;
}
