/* SPDX-License-Identifier: MIT */
/*
 * kv_ascii.h - a command line of the ASCII protocol, between its reader and its commands
 */
#ifndef WORKLOADS_KV_ASCII_H
#define WORKLOADS_KV_ASCII_H

#include "workloads/kv.h"

enum { KV_TOKENS = 8 };		/* one more than any command has */

/** Words between blanks; n counts no further than KV_TOKENS. */
struct kv_line {
	uint32_t n;
	uint32_t len[KV_TOKENS];
	const uint8_t *word[KV_TOKENS];
};

static inline bool kv_word_is(const struct kv_line *l, uint32_t i, const char *text)
{
	return l->len[i] == strlen(text) && memcmp(l->word[i], text, l->len[i]) == 0;
}

/** A signed decimal number that fits into 64 bits. */
bool kv_word_signed(const struct kv_line *l, uint32_t i, int64_t *v);

/* kv_ascii_cmd.c */
void kv_ascii_command(struct kv_server *s, struct kv_conn *c, const struct kv_line *l);

#endif
