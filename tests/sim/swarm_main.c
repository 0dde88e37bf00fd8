/* SPDX-License-Identifier: MIT */
/*
 * swarm_main.c - random worlds, random peers: nothing may be lost, leaked or stuck
 *
 *	swarm [OPTION...]			many seeds; a failure is one line that replays it
 *	swarm [OPTION...] --minimise SEED	the smallest world that fails as this seed does
 *	--first S --seeds N	these seeds (1, 1000)
 *	--set KEY=VALUE		in place of what the seed chooses; KEY in full or its end
 *	--calm			in place of everything the seed chooses: nothing unusual
 *	--fast-path on|off|seed	both dataplanes' (seed)
 *	--compare-fast-path	each seed with and without: the wire must be the same
 *	--jobs N		children at a time (1); 0: none, for a debugger, one seed
 *	--hash --verbose	print a line a seed, with the hash of every frame on every link
 *	--pcap FILE		capture the server's cable (one seed)
 *	--show --list-keys	print what a seed has chosen; every key
 *
 * Not here: what a world is (swarm_world.c), what must hold in it (swarm_run.c).
 */
#include <errno.h>
#include <getopt.h>
#include <stdio.h>
#include <stdlib.h>

#include "tests/sim/swarm.h"

enum { SETS_MAX = 300, BATCH = 256, FAILURES_SHOWN = 50, JOBS_MAX = 256,
       ENOUGH = 1000 };		/* seeds, for everything to happen once */

struct args {
	uint64_t first, seeds;
	unsigned jobs;
	bool minimise, compare, calm, hash, verbose, show, fast_set, fast;
	const char *pcap;
	size_t n_sets;
	const char *set[SETS_MAX];
};

static const struct option options[] = {
	{ "seeds", 1, NULL, 'n' }, { "first", 1, NULL, 'f' }, { "set", 1, NULL, 's' },
	{ "calm", 0, NULL, 'c' }, { "fast-path", 1, NULL, 'F' }, { "jobs", 1, NULL, 'j' },
	{ "compare-fast-path", 0, NULL, 'C' }, { "minimise", 1, NULL, 'm' },
	{ "hash", 0, NULL, 'h' }, { "verbose", 0, NULL, 'v' }, { "pcap", 1, NULL, 'p' },
	{ "show", 0, NULL, 'w' }, { "list-keys", 0, NULL, 'l' }, { 0 },
};

static uint64_t number(const char *text, uint64_t least, uint64_t most)
{
	uint64_t v;
	char *end;

	errno = 0;
	v = strtoull(text, &end, 10);
	if (*text < '0' || *text > '9' || *end || errno || v < least || v > most) {
		fprintf(stderr, "swarm: \"%s\" is not a number from %llu to %llu\n", text,
			(unsigned long long)least, (unsigned long long)most);
		exit(2);
	}
	return v;
}

static void list_keys(void)
{
	static struct dial dials[WORLD_DIALS_MAX];
	size_t n = world_dials(dials);

	for (size_t i = 0; i < n; i++)
		printf("%-28s %s\n", dials[i].key, dials[i].knob->doc);
	exit(0);
}

static void take_fast_path(struct args *a, const char *text)
{
	a->fast_set = strcmp(text, "seed") != 0;
	a->fast = strcmp(text, "on") == 0;
	if (a->fast_set && !a->fast && strcmp(text, "off") != 0) {
		fprintf(stderr, "swarm: --fast-path is on, off or seed, not \"%s\"\n", text);
		exit(2);
	}
}

static void take_set(struct args *a, const char *text)
{
	if (a->n_sets == SETS_MAX) {
		fprintf(stderr, "swarm: at most %d times --set\n", (int)SETS_MAX);
		exit(2);
	}
	a->set[a->n_sets++] = text;
}

static void parse(struct args *a, int argc, char **argv)
{
	int c;

	while ((c = getopt_long(argc, argv, "", options, NULL)) != -1) {
		switch (c) {
		case 'n':	a->seeds = number(optarg, 1, INT64_MAX); break;
		case 'f':	a->first = number(optarg, 0, INT64_MAX); break;
		case 'm':	a->first = number(optarg, 0, INT64_MAX); a->minimise = true; break;
		case 'j':	a->jobs = (unsigned)number(optarg, 0, JOBS_MAX); break;
		case 's':	take_set(a, optarg); break;
		case 'F':	take_fast_path(a, optarg); break;
		case 'c':	a->calm = true; break;
		case 'C':	a->compare = true; break;
		case 'h':	a->hash = true; break;
		case 'v':	a->verbose = true; break;
		case 'w':	a->show = true; break;
		case 'p':	a->pcap = optarg; break;
		case 'l':	list_keys(); break;
		default:	exit(2);
		}
	}
	if (optind < argc) {
		fprintf(stderr, "swarm: \"%s\" is no option\n", argv[optind]);
		exit(2);
	}
}

/* The world of @seed with what the command line says. A contradiction ends the program. */
static void make_world(const struct args *a, uint64_t seed, struct world *w)
{
	char err[512];

	world_choose(w, seed, a->calm);
	for (size_t i = 0; i < a->n_sets; i++)
		if (world_set(w, a->set[i], err, sizeof(err)) != 0) {
			fprintf(stderr, "swarm: --set %s: %s\n", a->set[i], err);
			exit(2);
		}
	if (a->fast_set)
		world_fast_path(w, a->fast);
	if (a->pcap)
		snprintf(w->sc.pcap, sizeof(w->sc.pcap), "%s", a->pcap);
	if (world_settle(w, err, sizeof(err)) != 0) {
		fprintf(stderr, "swarm: seed %llu: %s\n", (unsigned long long)seed, err);
		exit(2);
	}
}

/* One line that replays it. */
static void print_line(const struct args *a, const struct world *w, const struct outcome *o)
{
	printf("swarm ");
	world_print(w, stdout);
	if (a->compare)
		printf(" --compare-fast-path");
	if (a->hash)
		printf(" hash %016llx", (unsigned long long)o->hash);
	printf(": %s%s\n", o->ok ? "ok" : "FAILED: ", o->why);
}

static void add(struct totals *to, uint64_t *hash, const struct outcome *o)
{
	to->conns += o->sum.conns;
	to->orderly += o->sum.orderly;
	to->aborted += o->sum.aborted;
	to->bytes += o->sum.bytes;
	for (int i = 0; i < STAT_NR; i++)
		to->stats.v[i] += o->sum.stats.v[i];
	*hash = (*hash ^ o->hash) * 0x9e3779b97f4a7c15ULL;
}

static int minimise(const struct args *a)
{
	static struct world w;
	struct outcome o;

	make_world(a, a->first, &w);
	if (!world_minimise(&w, a->compare, stdout)) {
		printf("swarm: seed %llu does not fail\n", (unsigned long long)a->first);
		return 1;
	}
	worlds_run(&w, 1, 1, a->compare, &o);
	print_line(a, &w, &o);
	return 0;
}

/* A batch of seeds from @first; counts failures and totals. */
static void batch(const struct args *a, uint64_t first, size_t n, struct totals *sum,
		  uint64_t *hash, uint64_t *failed)
{
	static struct world w[BATCH];
	static struct outcome o[BATCH];

	for (size_t i = 0; i < n; i++)
		make_world(a, first + i, &w[i]);
	if (a->jobs == 0)
		world_run(&w[0], true, &o[0]);
	else
		worlds_run(w, n, a->jobs, a->compare, o);
	for (size_t i = 0; i < n; i++) {
		*failed += !o[i].ok;
		add(sum, hash, &o[i]);
		if (a->hash || a->verbose || (!o[i].ok && *failed <= FAILURES_SHOWN))
			print_line(a, &w[i], &o[i]);
	}
}

static int show(const struct args *a)
{
	static struct dial dials[WORLD_DIALS_MAX];
	size_t n = world_dials(dials);
	static struct world w;

	make_world(a, a->first, &w);
	for (size_t i = 0; i < n; i++)
		if (dial_get(&dials[i], &w) != dials[i].calm)
			printf("%-28s %llu\n", dials[i].key,
			       (unsigned long long)dial_get(&dials[i], &w));
	return 0;
}

/* A world in which these never happen tests less than it says. */
static bool was_hostile(const struct args *a, const struct totals *sum)
{
	static const enum stat wanted[] = {
		STAT_RX_BACKPRESSURE, STAT_TX_NO_MBUF, STAT_TX_RING_FULL, STAT_IP_BAD_CSUM,
		STAT_TCP_BAD_CSUM, STAT_TCP_FAST, STAT_TCP_SLOW, STAT_TCP_OOO, STAT_TCP_OOO_DROP,
		STAT_TCP_RCV_PACKED, STAT_TCP_RCV_DROP, STAT_TCP_DUP_DATA, STAT_TCP_REXMIT,
		STAT_TCP_FAST_REXMIT, STAT_TCP_PROBE, STAT_TCP_DELACK, STAT_TCP_LISTEN_DROP,
		STAT_TCP_COOKIE_OK, STAT_TCP_NO_PCB, STAT_TCP_RST_RX,
		STAT_TCP_TIME_WAIT_REUSE,
	};
	bool all = sum->orderly > 0 && sum->aborted > 0;

	if (a->n_sets || a->calm)
		return true;
	for (size_t i = 0; i < ARRAY_LEN(wanted); i++)
		if (sum->stats.v[wanted[i]] == 0) {
			printf("swarm: nothing counted %s: %s\n", stat_descs[wanted[i]].name,
			       stat_descs[wanted[i]].doc);
			all = false;
		}
	return all;
}

static int many(const struct args *a)
{
	struct totals sum = { 0 };
	uint64_t failed = 0, hash = 0;

	for (uint64_t done = 0; done < a->seeds; done += BATCH)
		batch(a, a->first + done, (size_t)MIN(a->seeds - done, (uint64_t)BATCH), &sum,
		      &hash, &failed);
	for (int i = 0; a->verbose && i < STAT_NR; i++)
		printf("%14llu %s\n", (unsigned long long)sum.stats.v[i], stat_descs[i].doc);
	if (failed > FAILURES_SHOWN)
		printf("... and %llu more\n", (unsigned long long)(failed - FAILURES_SHOWN));
	printf("swarm: %llu seeds%s, %llu failed; %llu connection ends (%llu orderly, %llu "
	       "aborted), %llu bytes checked, %llu retransmissions, %llu timeouts, hash %016llx\n",
	       (unsigned long long)a->seeds, a->compare ? " twice" : "",
	       (unsigned long long)failed, (unsigned long long)sum.conns,
	       (unsigned long long)sum.orderly, (unsigned long long)sum.aborted,
	       (unsigned long long)sum.bytes,
	       (unsigned long long)sum.stats.v[STAT_TCP_REXMIT],
	       (unsigned long long)sum.stats.v[STAT_TCP_RTO], (unsigned long long)hash);
	return failed != 0 || (a->seeds >= ENOUGH && !was_hostile(a, &sum));
}

/* In place of the C library's, as assert() calls it; here, for an archive would give it to every
 * program. */
__attribute__((noreturn)) void __assert_fail(const char *text, const char *file, unsigned line,
					     const char *fn)
{
	worlds_assert_failed(text, file, line, fn);
}

int main(int argc, char **argv)
{
	struct args a = { .first = 1, .seeds = 1000, .jobs = 1 };

	parse(&a, argc, argv);
	setvbuf(stdout, NULL, _IOLBF, 0);
	if (a.jobs == 0)
		a.seeds = 1;
	if (a.show)
		return show(&a);
	return a.minimise ? minimise(&a) : many(&a);
}
