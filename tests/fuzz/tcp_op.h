/* SPDX-License-Identifier: MIT */
/*
 * tcp_op.h - the language of fuzz_tcp: a program of fixed-size ops about live connections
 *
 * An input is OP_HEADER bytes (two of RIG_* options, then the seed that chooses the knobs)
 * and then ops of OP_SIZE bytes each; a rest that is no whole op is ignored. Operands say
 * where on the live connection, not which number: a program stays meaningful when an op is
 * put in, taken out or changed, which is what the mutator does.
 * Not here: what the ops do (fuzz_tcp.c, tcp_peer.c).
 */
#ifndef TESTS_FUZZ_TCP_OP_H
#define TESTS_FUZZ_TCP_OP_H

#include "base/types.h"

enum { OP_HEADER = 8, OP_SIZE = 8, OP_MAX = 400 };

/* Byte 0. Byte 1's low 3 bits are the peer. Operands are bytes 2 to 7: a to f. */
enum op_kind {
	OP_PASS,	/* a: OP_T_*; 0: no time passes */
	OP_SYN,		/* a: options, b: their values, c: ECN, e: window */
	OP_SEG,		/* any segment: a flags, b anchors, c d deltas, e size and window, f how */
	OP_DATA,	/* e: as of OP_SEG; the next bytes of the stream */
	OP_ACK,		/* e: window; of all that was received */
	OP_FIN,		/* where the stream ends */
	OP_RST,		/* b c: as of OP_SEG */
	OP_AGAIN,	/* e: from the first byte that is not acknowledged */
	OP_SACK,	/* a b c d: a block each, OP_B_*; e: window */
	OP_ICMP,	/* a type, b code, c mtu / 16, d: added to the quoted sequence number */
	OP_LOSE,	/* a: that many segments to the peer are lost */
	OP_CONNECT,	/* the application calls the peer */
	OP_SENDV,	/* e: bytes, b: pieces */
	OP_DONE,	/* a: bytes in 1/255 of what it holds */
	OP_CLOSE,	/* a: enum ix_close_mode */
	OP_APP,		/* a: APP_* of fuzz_tcp.c, from now on */
	OP_NIC,		/* a: op 8 of rig.h */
	OP_POOL,	/* a: frames left in the pool; 255: all */
	OP_NR,
};

struct op {
	uint8_t kind, conn, a, b, c, d, e, f;
};

_Static_assert(sizeof(struct op) == OP_SIZE, "an op is its bytes");

/* OP_PASS a: below OP_T_LATE, 1 us << a / 2; OP_T_LATE: just behind the next deadline. */
enum { OP_T_LONG = 46, OP_T_LATE = 60 };	/* OP_T_LONG: 8 s */

/* OP_SEG b: low half of the sequence number, high half of the acknowledgement: an anchor,
 * and OP_FAR, which multiplies the delta by an MSS. */
enum { OP_FAR = 8 };
enum {
	SEQ_NEXT, SEQ_ACKED, SEQ_EDGE, SEQ_LAST, SEQ_ISS, SEQ_HOLE, SEQ_OPPOSITE, SEQ_RANDOM,
};
enum {
	ACK_RCVD, ACK_MOST, ACK_ISS, ACK_LAST, ACK_HALF, ACK_BEYOND, ACK_OPPOSITE, ACK_RANDOM,
};

/* OP_SEG f: options in the low half, then two bits of OP_W_*, then the ECN field. */
enum {
	O_USUAL, O_NONE, O_TS_OLD, O_TS_FUTURE, O_TS_ECHO_WRONG, O_TS_ANYWAY, O_MSS, O_WSCALE,
	O_BAD_LENGTH, O_UNKNOWN, O_SACK_ODD, O_SACK_EMPTY, O_NOPS, O_EOL, O_TWICE, O_FULL,
};
enum { OP_WRONG_BYTES = 0x20, OP_URGENT = 0x10 };

/* OP_SACK: blocks between the first byte not acknowledged (0) and the last one sent. */
enum { B_NONE, B_PART, B_DSACK, B_BELOW, B_BEYOND, B_EMPTY, B_REVERSED, B_ALL };

/* OP_SYN a: options there are; b: value of the scale (low half), of the MSS (high half). */
enum { SYN_MSS = BIT(0), SYN_WSCALE = BIT(1), SYN_SACK = BIT(2), SYN_TS = BIT(3),
       SYN_ODD = BIT(4) };
enum { SYN_ECN = BIT(0) };

/* tcp_mutate.c: LLVMFuzzerCustomMutator and LLVMFuzzerCustomCrossOver in all but name */
size_t op_mutate(uint8_t *data, size_t size, size_t max, uint32_t seed);
size_t op_cross(const uint8_t *a, size_t a_size, const uint8_t *b, size_t b_size, uint8_t *out,
		size_t max, uint32_t seed);

#endif
