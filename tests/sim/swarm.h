/* SPDX-License-Identifier: MIT */
/*
 * swarm.h - worlds a seed chooses, peers that talk at random, and an oracle on every byte
 *
 * swarm_app.c: one libix program plays both ends. A connection's number decides everything
 * about it: how much each side sends, in what pieces, how slowly it reads, and how the
 * connection ends. The client sends the number first, so the server knows it too.
 * swarm_world.c: what a seed chooses, knob by knob. swarm_run.c: one world, from the first
 * frame to the verdict. swarm_min.c: the smallest world that still fails. swarm_main.c:
 * many seeds.
 */
#ifndef TESTS_SIM_SWARM_H
#define TESTS_SIM_SWARM_H

#include "cli/conf.h"
#include "sim/topology.h"
#include "workloads/app.h"

/* ---- peers ---- */

/** What is broken, to see whether the swarm and the minimiser notice: a server that sees wrong
 * bytes, one that fails an assertion, and a fast path whose price shows on the wire. */
enum swarm_broken { SWARM_SOUND, SWARM_MISREADS, SWARM_ASSERTS, SWARM_PRICED };

/** A connection that has not ended by then is reset where it may be; virtual ns. */
#define SWARM_PATIENCE_NS	(300 * NSEC_PER_SEC)

/** Of one run; both workloads read it. swarm_knobs[] describes every field but scarce. */
struct swarm_cfg {
	uint64_t seed;
	uint32_t conns;			/* a client opens this many, over spread_ns */
	uint32_t first;			/* number of the first */
	uint32_t bytes_max;		/* either way, on one connection */
	uint64_t spread_ns;
	uint64_t faults_ns;		/* then the world heals */
	bool slow;			/* readers may be slow, or stop for seconds */
	bool aborts;			/* connections may end in RST */
	uint32_t stalls;		/* of cores chosen by the seed, during the faults */
	uint64_t stall_max_ns;
	uint32_t drains;		/* of pools chosen by the seed, during the faults */
	uint64_t drain_max_ns;
	uint32_t drain_leave;		/* objects left are below this */
	uint32_t server_prices, client_prices;	/* index into swarm_prices[] */
	uint32_t broken;		/* enum swarm_broken */
	bool scarce;			/* a table is too small for all: connects may fail */
	bool ghosts;			/* a cookie may come back twice and open what was over */
};

extern const struct knob swarm_knobs[];
extern const size_t n_swarm_knobs;
extern const char *const swarm_prices[];

/** What became of an instance's connections. */
struct swarm_tally {
	uint32_t begun, ended;
	uint32_t orderly, aborted;	/* ended as the plan said */
	uint32_t wrong;			/* did not */
	uint64_t bytes;			/* checked */
	char why[160];			/* the first thing that was wrong */
};

extern const struct app_ops swarm_server_ops, swarm_client_ops;

const struct swarm_tally *swarm_tally(void *app);

/* ---- worlds ---- */

/** Everything that decides a run. */
struct world {
	struct swarm_cfg swarm;
	struct scenario sc;
};

enum { WORLD_DIALS_MAX = 256 };

/** A knob the seed turns. */
struct dial {
	const struct knob *knob;
	size_t obj_off;			/* of its struct in struct world */
	uint64_t calm;			/* its value when nothing is out of the ordinary */
	char key[CONF_KEY_MAX];
};

/** Every dial, in a fixed order. Returns how many. */
size_t world_dials(struct dial out[WORLD_DIALS_MAX]);
uint64_t dial_get(const struct dial *d, const struct world *w);
void dial_set(const struct dial *d, struct world *w, uint64_t v);

/** What @seed chooses; with @calm, every dial at its calm value instead. */
void world_choose(struct world *w, uint64_t seed, bool calm);

/** Apply "key=value"; the key in full or by its end. Returns 0, or -EINVAL and a sentence. */
int world_set(struct world *w, const char *assignment, char *err, size_t err_len);

/** Both dataplanes with the fast path on or off. */
void world_fast_path(struct world *w, bool on);

/** Remove contradictions between dials; idempotent. Returns 0, or -EINVAL and a sentence. */
int world_settle(struct world *w, char *err, size_t err_len);

/** Print the options that make @w of its seed, the fewest of two ways. Returns how many. */
size_t world_print(const struct world *w, FILE *f);

/* ---- runs ---- */

struct totals {
	uint64_t conns, orderly, aborted, bytes;
	struct stats stats;		/* of all hosts */
};

/** What came of one world; plain bytes, so that a child can hand it to its parent. */
struct outcome {
	bool ok;
	uint64_t hash;			/* of every frame on every link, and when it arrived */
	struct totals sum;
	char why[320];			/* if not ok */
};

/** Run @w. @dump: print what is left when it fails. */
void world_run(const struct world *w, bool dump, struct outcome *o);

/** The same in a child: an assertion that fails is an outcome. @n worlds, @jobs at a time. */
void worlds_run(const struct world *w, size_t n, unsigned jobs, bool compare, struct outcome *o);

/** What a failed assertion calls (the program's __assert_fail): a child's outcome. */
__attribute__((noreturn)) void worlds_assert_failed(const char *text, const char *file,
						    unsigned line, const char *fn);

/** Make @w smaller as long as it fails in the same way, and say to @log what was done. Returns
 * false if it does not fail. */
bool world_minimise(struct world *w, bool compare, FILE *log);

#endif
