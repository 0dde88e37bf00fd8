/* SPDX-License-Identifier: MIT */
/*
 * main.c - the packet tests: every case twice, with header prediction and without
 *
 * Both runs must put the same bytes on the wire at the same times and raise the same
 * events: the fast path is an optimisation, not another protocol.
 *
 *	tcp_pkt			run everything
 *	tcp_pkt --list		names, and the sections of the RFCs they test
 *	tcp_pkt NAME ...	run the cases whose suite.name contains a NAME
 */
#include <signal.h>
#include <unistd.h>

#include "cases.h"

struct suite {
	const char *name;
	const struct pkt_case *cases;
};

static const struct suite suites[] = {
#define X(name) { #name, pkt_##name },
	PKT_SUITES(X)
#undef X
};

static const char *running = "";

/* CUnit's test functions take no argument: the case is found by its name. */
static const struct pkt_case *current(void)
{
	const char *suite = CU_get_current_suite()->pName, *name = CU_get_current_test()->pName;

	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		if (strcmp(suites[i].name, suite) != 0)
			continue;
		for (const struct pkt_case *c = suites[i].cases; c->name; c++)
			if (strcmp(c->name, name) == 0)
				return c;
	}
	return NULL;
}

static uint64_t run_once(const struct pkt_case *c, bool fast)
{
	bed_fast_path = fast;
	bed_hash = 0xcbf29ce484222325ULL;
	c->run();
	return bed_hash;
}

static void run_case(void)
{
	const struct pkt_case *c = current();
	uint64_t fast, slow;

	running = c->name;
	fast = run_once(c, true);
	slow = run_once(c, false);
	if (fast != slow)
		fprintf(stderr, "%s: the fast path sends other bytes than the slow one\n", c->name);
	CU_ASSERT(fast == slow);
}

/* An assertion of the core has failed, or worse: say in which case. */
static void on_crash(int sig)
{
	(void)!write(STDERR_FILENO, "aborted in ", 11);
	(void)!write(STDERR_FILENO, running, strlen(running));
	(void)!write(STDERR_FILENO, bed_fast_path ? " (fast path on)\n" : " (fast path off)\n",
		     bed_fast_path ? 16 : 17);
	signal(sig, SIG_DFL);
	raise(sig);
}

static bool wanted(const char *suite, const char *name, int argc, char **argv)
{
	char full[256];

	snprintf(full, sizeof(full), "%s.%s", suite, name);
	for (int i = 1; i < argc; i++)
		if (strstr(full, argv[i]))
			return true;
	return argc == 1;
}

static int list(void)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(suites); i++)
		for (const struct pkt_case *c = suites[i].cases; c->name; c++, n++)
			printf("%s.%s\t%s\n", suites[i].name, c->name, c->rfc);
	fprintf(stderr, "%u cases\n", n);
	return 0;
}

/* Returns the number of cases registered. */
static uint32_t add_cases(int argc, char **argv)
{
	uint32_t n = 0;

	for (size_t i = 0; i < ARRAY_LEN(suites); i++) {
		CU_pSuite s = NULL;

		for (const struct pkt_case *c = suites[i].cases; c->name; c++) {
			if (!wanted(suites[i].name, c->name, argc, argv))
				continue;
			if (!s)
				s = CU_add_suite(suites[i].name, NULL, NULL);
			if (s && CU_add_test(s, c->name, run_case))
				n++;
		}
	}
	return n;
}

int main(int argc, char **argv)
{
	unsigned failed;

	if (argc == 2 && strcmp(argv[1], "--list") == 0)
		return list();
	if (CU_initialize_registry() != CUE_SUCCESS)
		return 2;
	if (add_cases(argc, argv) == 0) {
		fprintf(stderr, "no case has a name like that; --list shows them all\n");
		return 2;
	}
	signal(SIGABRT, on_crash);
	signal(SIGSEGV, on_crash);
	CU_basic_set_mode(CU_BRM_NORMAL);
	CU_basic_run_tests();
	failed = CU_get_number_of_tests_failed();
	CU_cleanup_registry();
	return failed != 0;
}
