/* SPDX-License-Identifier: MIT */
/*
 * cmd_rss.c - `ix rss explain`: which queue a flow's frames reach, and why
 *
 * The bit-by-bit Toeplitz of base/hash.h over source address, destination address, source
 * port, destination port; its low 7 bits pick one of 128 entries of the redirection table,
 * entry i being queue i modulo the queues. A client that wants its replies on a queue of
 * its choice tries source ports until the reply's hash falls there (OSDI'14, section 4.4).
 */
#include <argp.h>
#include <arpa/inet.h>
#include <ctype.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>

#include "base/hash.h"
#include "cli/cli.h"
#include "cli/sweep_args.h"

struct endpoint {
	uint32_t ip;
	uint16_t port;
};

struct rss_args {
	struct endpoint src, dst;
	unsigned n_ends, queues, port_lo, port_hi;
	int queue;		/* wanted; -1: none */
	bool verb;
	uint8_t key[RSS_KEY_LEN];
};

static bool endpoint_parse(const char *s, struct endpoint *e)
{
	const char *colon = strrchr(s, ':');
	char ip[INET_ADDRSTRLEN], *end;
	struct in_addr a;
	unsigned long port;

	if (!colon || (size_t)(colon - s) >= sizeof(ip) || !isdigit((unsigned char)colon[1]))
		return false;
	memcpy(ip, s, (size_t)(colon - s));
	ip[colon - s] = '\0';
	port = strtoul(colon + 1, &end, 10);
	if (inet_pton(AF_INET, ip, &a) != 1 || *end != '\0' || port > 65535)
		return false;
	e->ip = ntohl(a.s_addr);
	e->port = (uint16_t)port;
	return true;
}

/* 80 hex digits, colons and blanks between them allowed. */
static bool key_parse(const char *s, uint8_t key[RSS_KEY_LEN])
{
	size_t digits = 0;

	for (; *s; s++) {
		int v;

		if (*s == ':' || *s == ' ')
			continue;
		if (!isxdigit((unsigned char)*s) || digits == 2 * RSS_KEY_LEN)
			return false;
		v = isdigit((unsigned char)*s) ? *s - '0' : (*s | 32) - 'a' + 10;
		key[digits / 2] = (uint8_t)(digits % 2 ? key[digits / 2] | v : v << 4);
		digits++;
	}
	return digits == 2 * RSS_KEY_LEN;
}

static void take_word(struct rss_args *a, char *arg, struct argp_state *st)
{
	if (!a->verb) {
		if (strcmp(arg, "explain") != 0)
			argp_error(st, "there is only `ix rss explain`, not \"%s\"", arg);
		a->verb = true;
	} else if (a->n_ends == 2) {
		argp_error(st, "two addresses are enough; what is \"%s\"?", arg);
	} else if (!endpoint_parse(arg, a->n_ends++ ? &a->dst : &a->src)) {
		argp_error(st, "\"%s\" is not ADDRESS:PORT, such as 10.0.0.2:40000", arg);
	}
}

static error_t parse(int key, char *arg, struct argp_state *st)
{
	struct rss_args *a = st->input;
	char tail;

	switch (key) {
	case 'n':
		a->queues = args_count(st, "--queues", arg, 1, RSS_RETA_LEN);
		break;
	case 'q':
		a->queue = (int)args_count(st, "--queue", arg, 0, RSS_RETA_LEN - 1);
		break;
	case 'k':
		if (!key_parse(arg, a->key))
			argp_error(st, "--key needs %d hex digits", 2 * RSS_KEY_LEN);
		break;
	case 'p':
		if (sscanf(arg, "%u-%u%c", &a->port_lo, &a->port_hi, &tail) != 2 ||
		    a->port_lo > a->port_hi || a->port_hi > 65535)
			argp_error(st, "--port-range needs LO-HI within 0-65535, not \"%s\"", arg);
		break;
	case ARGP_KEY_ARG:
		take_word(a, arg, st);
		break;
	case ARGP_KEY_END:
		if (!a->verb || a->n_ends != 2)
			argp_error(st, "say `ix rss explain SRC:PORT DST:PORT`");
		if (a->queue >= (int)a->queues)
			argp_error(st, "--queue is 0 to %u with --queues %u", a->queues - 1,
				   a->queues);
		break;
	default:
		return ARGP_ERR_UNKNOWN;
	}
	return 0;
}

static uint32_t flow_hash(const struct rss_args *a, struct endpoint src, struct endpoint dst)
{
	uint8_t in[12];

	be32_store(in, src.ip);
	be32_store(in + 4, dst.ip);
	be16_store(in + 8, src.port);
	be16_store(in + 10, dst.port);
	return toeplitz_ref(a->key, in, sizeof(in));
}

static void explain(const struct rss_args *a, const char *name, struct endpoint src,
		    struct endpoint dst)
{
	char s[INET_ADDRSTRLEN], d[INET_ADDRSTRLEN];
	struct in_addr sa = { htonl(src.ip) }, da = { htonl(dst.ip) };
	uint32_t h = flow_hash(a, src, dst);

	inet_ntop(AF_INET, &sa, s, sizeof(s));
	inet_ntop(AF_INET, &da, d, sizeof(d));
	printf("%s  %s:%u -> %s:%u\n", name, s, src.port, d, dst.port);
	printf("  input   %08" PRIx32 " %08" PRIx32 " %04x %04x  "
	       "(source, destination, source port, destination port)\n", src.ip, dst.ip, src.port,
	       dst.port);
	printf("  hash    0x%08" PRIx32 "\n", h);
	printf("  bucket  %" PRIu32 "  (hash modulo %d)\n", h % RSS_RETA_LEN, RSS_RETA_LEN);
	printf("  queue   %" PRIu32 "  (bucket modulo %u queues)\n", h % RSS_RETA_LEN % a->queues,
	       a->queues);
}

/* Source ports whose reply reaches the wanted queue. */
static void ports_print(const struct rss_args *a)
{
	enum { SHOWN = 24 };
	struct endpoint src = a->src;
	unsigned n = 0, total = a->port_hi - a->port_lo + 1;

	printf("reply on queue %d from source ports", a->queue);
	for (unsigned p = a->port_lo; p <= a->port_hi; p++) {
		src.port = (uint16_t)p;
		if (flow_hash(a, a->dst, src) % RSS_RETA_LEN % a->queues != (unsigned)a->queue)
			continue;
		if (n++ < SHOWN)
			printf("%s %u", n % 12 == 1 ? "\n  " : "", p);
	}
	printf("%s\n  %u of the %u ports in %u-%u", n > SHOWN ? " ..." : n ? "" : "\n  none", n,
	       total, a->port_lo, a->port_hi);
	if (n)
		printf("; probing takes %.1f tries on average", (double)total / n);
	putchar('\n');
}

static const struct argp_option options[] = {
	{ "queues", 'n', "N", 0, "queues of the NIC, 1 to 128 (default 16)", 0 },
	{ "queue", 'q', "Q", 0, "also list source ports whose reply arrives on queue Q", 0 },
	{ "port-range", 'p', "LO-HI", 0, "ports to try (default 32768-60999)", 0 },
	{ "key", 'k', "HEX", 0, "the 40-byte hash key (default: the 82599's)", 0 },
	{ 0 },
};

static const char doc[] =
	"Explain which receive queue a TCP or UDP flow's frames reach: Toeplitz hash, bucket, "
	"queue, in both directions.\v"
	"Examples:\n"
	"  ix rss explain 10.0.0.2:40000 10.0.0.1:7\n"
	"  ix rss explain 10.0.0.2:40000 10.0.0.1:7 --queues 8 --queue 3\n\n" CLI_EXIT_CODES;

int cmd_rss(int argc, char **argv)
{
	const struct argp argp = { .options = options, .parser = parse,
				   .args_doc = "explain SRC:PORT DST:PORT", .doc = doc };
	struct rss_args a = { .queues = 16, .queue = -1, .port_lo = 32768, .port_hi = 60999 };

	memcpy(a.key, rss_default_key, sizeof(a.key));
	argp_parse(&argp, argc, argv, 0, NULL, &a);
	explain(&a, "request", a.src, a.dst);
	explain(&a, "reply  ", a.dst, a.src);
	if (a.queue >= 0)
		ports_print(&a);
	return IX_OK;
}
