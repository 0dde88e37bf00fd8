/* SPDX-License-Identifier: MIT */
/*
 * stream.h - bulk bytes either way, each verified by who receives it (private to stream*.c)
 *
 * What is on the wire, so that any TCP can be the other end (tests/diff/stream_peer.py):
 *
 *	client	8 bytes: how many the server is to send; then its own bytes; FIN
 *	server	as many bytes as it was asked for; after the client's FIN 8 bytes: how many
 *		of the client's arrived and were right; FIN
 *
 * Counts are big-endian. A byte is a function of its place: pattern[(place + shift) mod
 * STREAM_PERIOD], where shift tells the directions apart. A wrong byte ends its connection
 * by RST, so both ends know.
 */
#ifndef WORKLOADS_STREAM_H
#define WORKLOADS_STREAM_H

#include "base/types.h"
#include "ix/ixev.h"

enum {
	STREAM_PERIOD = 65521,		/* prime: no shift by a segment or a power of two fits */
	STREAM_PATTERN = 2 * STREAM_PERIOD,	/* any piece of a period is contiguous */
	STREAM_WORD = 8,
	STREAM_REFS = 16,		/* pieces outstanding, of at most a period each */
};

enum { STREAM_TO_SERVER = 0, STREAM_TO_CLIENT = STREAM_PERIOD / 2 };	/* shift */

/** One end of a connection. */
struct stream_conn {
	struct ixev_ctx ctx;
	const uint8_t *pattern;
	uint32_t shift_out, shift_in;
	uint64_t out, out_end;		/* bytes handed to ixev_send, and how many there will be */
	uint64_t in, in_end;		/* bytes received, and where the word behind them starts */
	uint32_t next_ref, busy;
	uint8_t word_in_len;		/* bytes of word_in that are there */
	uint8_t word_in[STREAM_WORD], word_out[STREAM_WORD];
	struct ixev_ref word_ref;
	struct ixev_ref refs[STREAM_REFS];
};

/** Fill @pattern[STREAM_PATTERN]. */
void stream_pattern(uint8_t *pattern);

/** Queue pieces until @c->out_end or until none is free; true once all are queued. */
bool stream_pump(struct stream_conn *c);

/** Queue a word behind what was queued; once a connection. */
void stream_word_send(struct stream_conn *c, uint64_t v);

/** Take up to @len bytes of the word at @p; returns the bytes taken. */
uint32_t stream_word_take(struct stream_conn *c, const uint8_t *p, uint32_t len);

/** The word that was received. */
uint64_t stream_word(const struct stream_conn *c);

/** Compare the next @len bytes of the peer's; returns how many are right, from the first on. */
uint32_t stream_check(struct stream_conn *c, const uint8_t *p, uint32_t len);

#endif
