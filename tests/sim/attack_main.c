/* SPDX-License-Identifier: MIT */
/*
 * attack_main.c - known attacks on a TCP, each with what must still hold
 *
 *	attack [NAME...]	default: all of them
 *
 * An attack prints a line of what it measured. Exit status: 0 when everything held.
 */
#include <stdarg.h>
#include <stdio.h>

#include "tests/sim/attack_bed.h"

static const struct {
	const char *name;
	void (*run)(void);
} attacks[] = {
	{ "syn_flood", attack_syn_flood },
	{ "syn_flood_small", attack_syn_flood_small },
	{ "blind", attack_blind },
	{ "side_channel", attack_side_channel },
	{ "ack_division", attack_ack_division },
	{ "dup_acks", attack_dup_acks },
	{ "optimistic", attack_optimistic },
	{ "icmp", attack_icmp },
	{ "arp", attack_arp },
	{ "fragments", attack_fragments },
	{ "memory", attack_memory },
};

static unsigned int failed;
static const char *running;

void atk_say(const char *fmt, ...)
{
	va_list ap;

	printf("%s: ", running);
	va_start(ap, fmt);
	vprintf(fmt, ap);
	va_end(ap);
	putchar('\n');
}

void atk_check(bool ok, const char *what, const char *file, int line)
{
	if (ok)
		return;
	failed++;
	printf("%s: FAIL %s:%d: does not hold: %s\n", running, file, line, what);
}

static bool wanted(const char *name, int argc, char **argv)
{
	for (int i = 1; i < argc; i++)
		if (strcmp(name, argv[i]) == 0)
			return true;
	return argc == 1;
}

int main(int argc, char **argv)
{
	unsigned int n = 0;

	setvbuf(stdout, NULL, _IOLBF, 0);
	for (size_t i = 0; i < ARRAY_LEN(attacks); i++) {
		if (!wanted(attacks[i].name, argc, argv))
			continue;
		running = attacks[i].name;
		attacks[i].run();
		n++;
	}
	if (n == 0) {
		fprintf(stderr, "attack: no attack of that name; they are in attack_main.c\n");
		return 2;
	}
	printf("%u attacks, %u checks failed\n", n, failed);
	return failed != 0;
}
