/* SPDX-License-Identifier: MIT */
/*
 * fuzz_opts.c - TCP options: any bytes, in a block of exactly their length
 *
 * Bounds are the sanitizer's business. Beyond them: what is accepted means the same behind a
 * NOP and in front of an end-of-list, and the short way for timestamps agrees with the long.
 */
#include <stdlib.h>

#include "tests/fuzz/rig.h"

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

static bool same(const struct tcp_opts *a, const struct tcp_opts *b)
{
	return a->mss == b->mss && a->wscale == b->wscale && a->has_wscale == b->has_wscale &&
	       a->has_ts == b->has_ts && a->sack_ok == b->sack_ok && a->tsval == b->tsval &&
	       a->tsecr == b->tsecr;
}

/* Decode @n bytes of @p between @before NOPs and @after ends, in a block of their own. */
static int decode(struct tcp_opts *o, const uint8_t *p, size_t n, size_t before, size_t after)
{
	uint8_t *copy = malloc(before + n + after);
	int rc;

	if (!copy && before + n + after > 0)
		abort();
	if (before)
		memset(copy, 1, before);
	if (n)
		memcpy(copy + before, p, n);
	if (after)
		memset(copy + before + n, 0, after);
	rc = tcp_opts_decode(o, copy, before + n + after);
	free(copy);
	return rc;
}

/* Does an end-of-list stop the decoder before the last byte? Then more bytes change nothing. */
static void check_meaning(const struct tcp_opts *o, int rc, const uint8_t *p, size_t n)
{
	struct tcp_opts other;

	RIG_CHECK(decode(&other, p, n, 1, 0) == rc);
	RIG_CHECK(rc != 0 || same(o, &other));
	RIG_CHECK(rc != 0 || decode(&other, p, n, 0, 1) == 0);
	RIG_CHECK(rc != 0 || same(o, &other));
	RIG_CHECK(rc == 0 || rc == -EBADMSG);
	RIG_CHECK(rc != 0 || (o->wscale <= 14 && (o->has_wscale || o->wscale == 0)));
	RIG_CHECK(rc != 0 || o->has_ts || (o->tsval == 0 && o->tsecr == 0));
}

static void check_timestamps(const struct tcp_opts *o, int rc, const uint8_t *p, size_t n)
{
	uint8_t *copy = malloc(n ? n : 1);
	struct tcp_seg s = { .opts = copy, .opts_len = (uint8_t)n };

	if (!copy)
		abort();
	if (n)
		memcpy(copy, p, n);
	RIG_CHECK(tcp_opts_ts(&s) == (rc == 0));
	if (rc == 0)
		RIG_CHECK(s.has_ts == o->has_ts && s.tsval == o->tsval && s.tsecr == o->tsecr);
	free(copy);
}

int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	struct tcp_opts o;
	int rc = decode(&o, data, size, 0, 0);

	check_meaning(&o, rc, data, size);
	if (size <= TCP_HLEN_MAX - TCP_HLEN_MIN)
		check_timestamps(&o, rc, data, size);
	return 0;
}
