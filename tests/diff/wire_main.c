/* SPDX-License-Identifier: MIT */
/*
 * wire_main.c - a wire between two interfaces, the same impaired one for any two TCPs
 *
 *	wire IF_A IF_B [key=value ...]
 *	wire --list-keys
 *
 * Bridges two Ethernet interfaces of this network namespace (ends of veth pairs, offloads
 * off) frame by frame, each direction through a pipe of its own. Prints "ready" and, after
 * SIGTERM, its counters, one "name value" a line. `late` counts frames that left more than
 * LATE_NS after they were due: a machine too busy to be this wire.
 *
 * Not here: what befalls a frame (pipe.c), sockets (hw/tap_nic.c).
 */
#include <inttypes.h>
#include <poll.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <sys/prctl.h>

#include "cli/conf.h"
#include "hw/clock.h"
#include "hw/tap_nic.h"
#include "tests/diff/pipe.h"

enum { BURST = 64, FRAMES = 16384 };

#define LATE_NS		NSEC_PER_MSEC

struct wire_cfg {
	uint64_t seed;
	struct pipe_cfg pipe;
	struct fault_cfg fault;
};

static const struct knob wire_knobs[] = {
	{ .name = "seed", .off = offsetof(struct wire_cfg, seed), .type = KNOB_U64,
	  .max = UINT64_MAX, .def = 1, .doc = "of every fault" },
};

struct way {
	struct pipe pipe;
	struct tap_nic *from, *to;
	const char *name;		/* "ab" or "ba" */
	uint64_t late, late_max_ns;
};

struct wire {
	struct wire_cfg cfg;
	struct mempool pool;
	struct tap_nic nic[2];
	struct way way[2];
	struct work work;
};

static volatile sig_atomic_t stopped;

static void on_signal(int sig)
{
	(void)sig;
	stopped = 1;
}

static size_t sections(void *ctx, struct section out[CONF_SECTIONS_MAX])
{
	struct wire_cfg *c = ctx;

	out[0] = (struct section){ "", wire_knobs, ARRAY_LEN(wire_knobs), c };
	out[1] = (struct section){ "", pipe_knobs, n_pipe_knobs, &c->pipe };
	out[2] = (struct section){ "fault", fault_knobs, n_fault_knobs, &c->fault };
	return 3;
}

static struct schema schema_of(struct wire_cfg *cfg)
{
	struct section sec[CONF_SECTIONS_MAX];

	for (size_t i = 0, n = sections(cfg, sec); i < n; i++)
		knob_defaults(sec[i].knobs, sec[i].n, sec[i].obj);
	return (struct schema){ sections, cfg, NULL, "wire --list-keys" };
}

static int list_keys(struct wire_cfg *cfg)
{
	struct schema schema = schema_of(cfg);

	schema_list(&schema, stdout);
	return 0;
}

static bool configure(struct wire_cfg *cfg, int argc, char **argv)
{
	struct schema schema = schema_of(cfg);
	struct conf conf;
	bool ok = true;

	conf_init(&conf);
	for (int i = 0; i < argc; i++)
		ok = conf_set(&conf, argv[i], "wire") && ok;
	ok = ok && conf_apply(&conf, &schema);
	if (!ok)
		conf_complain(&conf, "wire");
	conf_free(&conf);
	return ok;
}

static bool bring_up(struct wire *w, char **names)
{
	size_t len = mempool_bytes(FRAMES);
	void *mem = aligned_alloc(CACHE_LINE, ALIGN_UP(len, (size_t)CACHE_LINE));
	char spec[64], err[512];

	if (mem == NULL) {
		fprintf(stderr, "wire: no memory for %d frames\n", FRAMES);
		return false;
	}
	memset(mem, 0, len);
	mempool_init(&w->pool, mem, FRAMES);
	for (int i = 0; i < 2; i++) {
		snprintf(spec, sizeof(spec), "packet:%s", names[i]);
		if (tap_nic_open(&w->nic[i], spec, NULL, &w->pool, err, sizeof(err)) < 0) {
			fprintf(stderr, "wire: %s\n", err);
			return false;
		}
	}
	for (int i = 0; i < 2; i++) {
		w->way[i] = (struct way){ .from = &w->nic[i], .to = &w->nic[!i],
					  .name = i == 0 ? "ab" : "ba" };
		pipe_init(&w->way[i].pipe, &w->cfg.pipe, &w->cfg.fault, &w->pool, w->cfg.seed,
			  16 * (uint64_t)i);
	}
	return true;
}

static void take_in(struct wire *w, struct way *y)
{
	struct nic *nic = &y->from->nic;
	struct mbuf *m[BURST];
	uint32_t n = nic->ops->rx_burst(nic, 0, m, BURST, &w->work);
	nsec now = clock_now_ns();

	for (uint32_t i = 0; i < n; i++)
		pipe_push(&y->pipe, m[i], now);
}

/* What the kernel does not take is lost, as at a full ring. */
static void give_out(struct wire *w, struct way *y)
{
	struct nic *nic = &y->to->nic;
	nsec now = clock_now_ns(), late;
	struct mbuf *m;

	while ((m = pipe_pop(&y->pipe, now)) != NULL) {
		late = now - m->arrival;
		y->late += late > LATE_NS;
		y->late_max_ns = MAX(y->late_max_ns, late);
		if (nic->ops->tx_burst(nic, 0, &m, 1, &w->work) == 0)
			mbuf_free(m);
	}
}

static void sleep_until(const struct wire *w, nsec due)
{
	struct pollfd pfd[2] = { { .fd = w->nic[0].fd, .events = POLLIN },
				 { .fd = w->nic[1].fd, .events = POLLIN } };
	nsec now = clock_now_ns();
	nsec left = due > now ? due - now : 0;
	struct timespec ts = { (time_t)(left / NSEC_PER_SEC), (long)(left % NSEC_PER_SEC) };
	sigset_t none;

	sigemptyset(&none);
	ppoll(pfd, 2, due == NSEC_NEVER ? NULL : &ts, &none);
}

static void run(struct wire *w)
{
	struct sigaction sa = { .sa_handler = on_signal };
	sigset_t set;

	sigemptyset(&set);
	sigaddset(&set, SIGINT);
	sigaddset(&set, SIGTERM);
	sigprocmask(SIG_BLOCK, &set, NULL);	/* but inside ppoll() */
	sigaction(SIGINT, &sa, NULL);
	sigaction(SIGTERM, &sa, NULL);
	prctl(PR_SET_TIMERSLACK, 1UL, 0UL, 0UL, 0UL);
	printf("ready\n");
	fflush(stdout);
	while (!stopped) {
		for (int i = 0; i < 2; i++) {
			take_in(w, &w->way[i]);
			give_out(w, &w->way[i]);
		}
		sleep_until(w, MIN(pipe_due(&w->way[0].pipe), pipe_due(&w->way[1].pipe)));
	}
}

static void count(const struct way *y, const char *what, uint64_t v)
{
	printf("%s_%s %" PRIu64 "\n", y->name, what, v);
}

static void report(const struct way *y)
{
	const struct fault *f = &y->pipe.fault;

#define X(field, doc) count(y, #field, y->pipe.n.field);
	PIPE_COUNTERS(X)
#undef X
	count(y, "lost", f->n_lost);
	count(y, "dup", f->n_dup);
	count(y, "corrupt", f->n_corrupt);
	count(y, "reordered", f->n_reordered);
	count(y, "late", y->late);
	count(y, "late_max_us", y->late_max_ns / NSEC_PER_USEC);
	count(y, "tx_refused", y->to->count.tx_blocked);
	count(y, "oversize", y->from->count.rx_oversize);
	count(y, "missed", y->from->count.rx_missed);
}

int main(int argc, char **argv)
{
	static struct wire w;

	if (argc == 2 && strcmp(argv[1], "--list-keys") == 0)
		return list_keys(&w.cfg);
	if (argc < 3) {
		fprintf(stderr, "Usage: wire IF_A IF_B [key=value ...]\n");
		return 2;
	}
	if (!configure(&w.cfg, argc - 3, argv + 3))
		return 2;
	if (!bring_up(&w, argv + 1))
		return 3;
	run(&w);
	for (int i = 0; i < 2; i++) {
		tap_nic_count_missed(&w.nic[i]);
		tap_nic_close(&w.nic[i]);
	}
	report(&w.way[0]);
	report(&w.way[1]);
	return 0;
}
