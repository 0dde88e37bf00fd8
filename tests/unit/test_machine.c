/* SPDX-License-Identifier: MIT */
/*
 * test_machine.c - what a host's threads share, each part by itself and in whole runs
 */
#include <stdlib.h>
#include <unistd.h>

#include "cu.h"
#include "ix/abi.h"
#include "sim/run.h"

enum { LINE = 64, DRAM = 40000 };

static struct costs costs;
static struct machine_cfg cfg;
static struct machine m;
static struct machine_thread th[8];

static void setup(void)
{
	memset(&costs, 0, sizeof(costs));
	knob_defaults(machine_knobs, n_machine_knobs, &cfg);
	costs.v[COST_line_bytes] = LINE * COST_SCALE;
	costs.v[COST_l1_bytes] = 32768ULL * COST_SCALE;
	costs.v[COST_l2_bytes] = 262144ULL * COST_SCALE;
	costs.v[COST_l3_bytes] = 20971520ULL * COST_SCALE;
	costs.v[COST_dram_line] = DRAM;
}

static void up(void)
{
	CHECK_EQ(machine_init(&m, &cfg, &costs, ARRAY_LEN(th)), 0);
	for (size_t i = 0; i < ARRAY_LEN(th); i++)
		CHECK_EQ(machine_thread_init(&th[i], &m), 0);
}

static void down(void)
{
	for (size_t i = 0; i < ARRAY_LEN(th); i++)
		machine_thread_fini(&th[i]);
	machine_fini(&m);
}

static void nothing_is_modelled_without_prices(void)
{
	struct work w = { .tcp_conns = 5, .app_requests = 5, .app_updates = 5 };
	uint32_t object = 7;
	struct ix_page page = { .objects = &object, .n_objects = 1, .max_objects = 1 };

	setup();
	up();
	CHECK(!machine_wants_objects(&m));
	CHECK_EQ(m.ddio_bytes, 0);
	CHECK_EQ(machine_segment(&m, &th[0], 1, 100, false), 0);
	CHECK_EQ(machine_objects(&m, &th[0], &page, 0), 0);
	for (int i = 0; i < 100; i++)
		CHECK_EQ(machine_wait_ps(&m, &th[i % 2], &w, 0), 0);
	down();
}

/* What an application writes there is a declaration, not a promise. */
static void declared_objects_are_bounded(void)
{
	uint32_t objects[4] = { 1u << 30, 2u << 30, 3u << 30, 0 };
	struct ix_page page = { .objects = objects, .n_objects = 9999, .max_objects = 4 };

	setup();
	costs.v[COST_object_lines] = 2000;
	up();
	CHECK(machine_wants_objects(&m));
	CHECK_EQ(machine_objects(&m, &th[0], &page, 0), 4 * 2 * DRAM);
	CHECK_EQ(th[0].cache.count.objects, 4);
	CHECK_EQ(th[0].cache.count.misses_milli, 8000);
	CHECK_EQ(machine_objects(&m, &th[0], &page, 0), 0);
	page.objects = NULL;
	CHECK_EQ(machine_objects(&m, &th[0], &page, 0), 0);
	down();
}

static void page_size_and_nesting_are_knobs(void)
{
	static const uint64_t walk[2][2] = { { 20000, 90000 }, { 40000, 180000 } };

	for (uint32_t page = 0; page < 2; page++)
		for (int nested = 0; nested < 2; nested++) {
			setup();
			cfg.page = page;
			cfg.nested = nested;
			costs.v[COST_flow_pages] = page ? 2000 : 1000;
			costs.v[page ? COST_tlb_4k_entries : COST_tlb_2m_entries] = 32000;
			costs.v[COST_tlb_walk] = 20000;
			costs.v[COST_tlb_walk_nested] = 90000;
			up();
			CHECK_EQ(machine_segment(&m, &th[0], 1, 100, true), walk[page][nested]);
			CHECK_EQ(machine_segment(&m, &th[0], 1, 100, false), 0);
			CHECK_EQ(th[0].tlb.misses_milli, page ? 2000 : 1000);
			down();
		}
}

static void old_frames_are_in_memory(void)
{
	setup();
	costs.v[COST_ddio_bytes] = 2097152ULL * COST_SCALE;
	costs.v[COST_rx_frame_lines] = 500;
	up();
	CHECK_EQ(machine_frame(&m, &th[0], 118, 0), 0);
	CHECK_EQ(machine_frame(&m, &th[0], 118, 2097152), 0);
	CHECK_EQ(machine_frame(&m, &th[0], 118, 2097153), DRAM);	/* half of two lines */
	CHECK_EQ(machine_frame(&m, &th[0], 1514, 3000000), 12 * DRAM);
	CHECK_EQ(th[0].count.cold_frames, 2);
	CHECK_EQ(th[0].cache.count.misses_milli, 13000);
	down();
}

/* Two threads miss @lines a microsecond each. Returns the last pass's wait, ps. */
static uint64_t dram_wait(uint64_t lines, int threads)
{
	struct work w = { 0 };
	uint64_t wait = 0;

	setup();
	costs.v[COST_dram_rate] = 51200;
	up();
	for (nsec t = 0; t < 300000; t += 1000)
		for (int i = 0; i < threads; i++) {
			th[i].cache.count.misses_milli += lines * COST_SCALE;
			wait = machine_wait_ps(&m, &th[i], &w, t);
		}
	CHECK_EQ(th[0].count.dram_ps, 300 * (2 * LINE * lines * 1000000 / 51200));
	down();
	return wait;
}

/* 400 lines/us are 51.2 GB/s with what is written back. */
static void memory_slows_down_when_busy(void)
{
	uint64_t half = dram_wait(200, 2), last = 0;

	CHECK_EQ(dram_wait(390, 1), 0);				/* nobody else */
	CHECK(half > 200 * DRAM * 48 / 100 && half < 200 * DRAM * 52 / 100);
	for (uint64_t lines = 0; lines < 800; lines += 40) {
		uint64_t wait = dram_wait(lines, 2);

		CHECK(wait >= last);
		last = wait;
	}
}

static void locks_are_priced_by_what_takes_them(void)
{
	struct work conns = { .tcp_conns = 3 }, reqs = { .app_requests = 4, .app_updates = 1 };

	setup();
	costs.v[COST_conn_lock] = 100000;
	costs.v[COST_app_lock] = 50000;
	costs.v[COST_app_update_lock] = 200000;
	up();
	CHECK_EQ(machine_wait_ps(&m, &th[0], &conns, 0), 0);
	CHECK_EQ(th[0].lock[LOCK_CONN].held_ps, 0);	/* tables of one's own */
	m.shared = true;
	CHECK_EQ(machine_wait_ps(&m, &th[0], &conns, 0), 0);	/* nobody else */
	CHECK_EQ(th[0].lock[LOCK_CONN].held_ps, 300000);
	CHECK_EQ(machine_wait_ps(&m, &th[1], &reqs, 0), 0);	/* another lock */
	CHECK_EQ(th[1].lock[LOCK_APP].held_ps, 400000);
	CHECK_EQ(th[1].lock[LOCK_CONN].held_ps, 0);
	for (nsec t = 0; t < 200000; t += 1000)
		machine_wait_ps(&m, &th[0], &conns, t);
	CHECK(machine_wait_ps(&m, &th[1], &conns, 200000) > 0);
	CHECK_EQ(th[1].lock[LOCK_APP].wait_ps, 0);
	down();
}

/* Eight threads, each 20 times in 100 us. @hot: the same object. Returns what they wait in all. */
static uint64_t items_wait(bool hot, uint64_t held[STRIPES])
{
	uint32_t object;
	struct ix_page page = { .objects = &object, .n_objects = 1, .max_objects = 1 };
	uint64_t wait = 0;

	setup();
	costs.v[COST_app_item_lock] = 500000;
	up();
	CHECK(machine_wants_objects(&m));
	for (uint32_t i = 0; i < 160; i++) {
		object = hot ? 77u << 20 : i << 19;
		wait += machine_objects(&m, &th[i % 8], &page, i * 625);
	}
	CHECK_EQ(th[0].lock[LOCK_ITEM].held_ps, 20 * 500000);
	stripes_count(&m.items, held);
	down();
	return wait;
}

static void an_item_lock_waits_for_its_own_holders(void)
{
	static uint64_t held[STRIPES];
	uint64_t hot;

	CHECK_EQ(items_wait(false, held), 0);
	CHECK_EQ(held[1], 500000);
	CHECK_EQ(held[200], 0);
	hot = items_wait(true, held);			/* utilised to 80 % in the end */
	CHECK(hot > 160 * 500000 / 5 && hot < 160 * 500000 * 2ULL);
	CHECK_EQ(held[77 << 20 >> (32 - STRIPES_BITS)], 160 * 500000);
	setup();
	costs.v[COST_app_item_lock] = 1000000000;	/* 1 ms: 10,000 of them are 10 s */
	up();
	for (uint32_t i = 0; i < 10000; i++)
		stripes_wait(&m.items, &th[0].lock[LOCK_ITEM], i * NSEC_PER_MSEC, 0);
	stripes_count(&m.items, held);
	CHECK_EQ(held[0], 10000000000000);
	down();
}

/* ---- whole runs ---- */

static struct scenario sc;
static struct sim_result res;

static double get(const char *name)
{
	const struct metric *v = sim_metric(&res, name);

	if (!v)
		fprintf(stderr, "no metric %s\n", name);
	CHECK(v != NULL);
	return v ? v->value : -1;
}

static void set(const char *path, const char *name, uint64_t v)
{
	struct section s[SCENARIO_SECTIONS_MAX];
	size_t n = scenario_sections(&sc, s);
	int found = 0;

	for (size_t i = 0; i < n; i++)
		for (size_t j = 0; strcmp(s[i].path, path) == 0 && j < s[i].n; j++)
			if (strcmp(s[i].knobs[j].name, name) == 0)
				found += knob_set(&s[i].knobs[j], s[i].obj, v) == 0;
	CHECK_EQ(found, 1);
}

/* Costs next to nothing. */
static const char free_list[] =
	"passes 1 ns \"x\"\npoll 0 ns \"x\"\nsmt_slowdown 1 x \"x\"\ncore_contention 0 x \"x\"\n"
	"cores 8 cores \"x\"\nline_bytes 64 B \"x\"\nl1_bytes 32768 B \"x\"\n"
	"l2_bytes 262144 B \"x\"\nl3_bytes 20971520 B \"x\"\nl1_line 0 ns \"x\"\n"
	"l2_line 0 ns \"x\"\nl3_line 0 ns \"x\"\ndram_line 0 ns \"x\"\npcb_lines 8 lines \"x\"\n"
	"bucket_lines 0 lines \"x\"\napp_lines 0 lines \"x\"\nbase_misses 0 misses \"x\"\n";

/* Four server threads, connections that end after each request; the list above with @lines. */
static void run(const char *lines)
{
	char path[] = "/tmp/test_machine.XXXXXX", err[512] = "";
	FILE *f = fdopen(mkstemp(path), "w");

	CHECK(f != NULL);
	if (!f)
		return;
	fprintf(f, "%s%s", free_list, lines);
	fclose(f);
	scenario_defaults(&sc);
	sc.clients = 2;
	sc.server.threads = 4;
	sc.warmup_ns = 500 * NSEC_PER_USEC;
	sc.duration_ns = 2 * NSEC_PER_MSEC;
	strcpy(sc.server.profile, path);
	strcpy(sc.client.profile, "free");
	set("server.exec", "shared", 1);
	set("workload", "connections", 256);
	set("workload", "rounds", 1);
	CHECK_EQ(sim_run(&sc, &res, NULL, NULL, err, sizeof(err)), 0);
	if (err[0])
		fprintf(stderr, "%s\n", err);
	unlink(path);
}

/* A connection is created and freed, so 2 x 500 ns of the lock: 1 M connections a second. */
static void a_shared_lock_limits_a_server(void)
{
	run("tcp_conns 500 ns \"x\"\n");
	CHECK(get("conns_per_s") > 2e6);
	CHECK(get("server_lock_wait_pct") == 0);
	sim_result_free(&res);
	run("tcp_conns 500 ns \"x\"\nconn_lock 500 ns \"x\"\n");
	CHECK(get("conns_per_s") > 0.95e6 && get("conns_per_s") < 1.05e6);
	CHECK(get("server_lock_conn_util_pct") > 95 && strcmp(res.limit, "lock") == 0);
	CHECK(get("server_lock_app_util_pct") == 0);
	CHECK(get("server_lock_wait_pct") > 50);
	sim_result_free(&res);
}

static void misses_are_counted_a_message(void)
{
	run("tlb_2m_entries 1 entries \"x\"\nflow_pages 2 pages \"x\"\n"
	    "tlb_walk_nested 90 ns \"x\"\n");
	CHECK(get("tlb_misses_per_msg") < 0.1);		/* one pair of pages holds them all */
	sim_result_free(&res);
	run("tlb_2m_entries 1 entries \"x\"\nflow_pages 0.5 pages \"x\"\n");
	CHECK(get("tlb_misses_per_msg") == 0);
	sim_result_free(&res);
}

CU_MAIN("machine", TEST(nothing_is_modelled_without_prices), TEST(declared_objects_are_bounded),
	TEST(page_size_and_nesting_are_knobs), TEST(old_frames_are_in_memory),
	TEST(memory_slows_down_when_busy), TEST(locks_are_priced_by_what_takes_them),
	TEST(an_item_lock_waits_for_its_own_holders),
	TEST(a_shared_lock_limits_a_server), TEST(misses_are_counted_a_message))
