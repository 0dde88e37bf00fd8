/* SPDX-License-Identifier: MIT */
/*
 * tcp_peer.h - the far ends of fuzz_tcp: they know the real sequence numbers, and may lie
 *
 * A peer keeps what the wire has told it, builds segments relative to that, and checks what
 * the stack sends. Its stream is tcp_peer_byte(); it keeps no copy of the other one, so what
 * comes out of order it throws away (and says SACK about it when the program wants to).
 *
 * `honest` falls when a peer has said something that no TCP recovers from: a byte that is
 * not its stream's, an acknowledgement of what it has not got, a reset, a FIN in the middle,
 * a timestamp from the future. What it says of windows, SACK, ECN, MSS and what lies outside
 * the window may be anything. A connection of an honest peer must come to a good end.
 */
#ifndef TESTS_FUZZ_TCP_PEER_H
#define TESTS_FUZZ_TCP_PEER_H

#include "tests/fuzz/rig.h"
#include "tests/fuzz/tcp_op.h"

enum { PEERS = 8, PEER_PORT = 40000, PEER_RING = 1 << 13, PEER_FAR = 1 << 21 };

enum peer_stage {
	PEER_FREE,
	PEER_CALLING,		/* its SYN is out */
	PEER_CALLED,		/* has seen the stack's */
	PEER_UP,		/* both have */
	PEER_OVER,		/* the stack has reset the connection */
};

struct peer {
	struct rig *rig;
	uint32_t index, ip;
	uint16_t port, lport;
	uint8_t stage;
	bool honest, lied;	/* lied: some of its bytes are ~tcp_peer_byte() */
	bool lost;		/* a stray SYN of its may have opened: it knows no numbers */
	bool rst_said;		/* it may have ended the connection itself */
	const struct tcp_pcb *pcb;	/* the stack's end when last looked at, and its life */
	uint32_t pcb_gen;
	uint32_t gen;		/* connections so far */
	/* its stream; sequence numbers */
	uint32_t iss, snd_max;	/* end of what it has said, FIN included */
	uint32_t fin_at;	/* its FIN's number, with fin_said */
	bool fin_said;
	uint32_t last;		/* of its last segment */
	uint32_t acked, edge;	/* what the stack has acknowledged, and its right edge */
	/* the stack's stream */
	uint32_t irs, rcv_nxt, seen;	/* seen: end of what came in any order */
	bool fin_rcvd;
	uint32_t most, offered;	/* greatest acknowledgement it gave, greatest right edge */
	uint32_t syn_wnd, wnd_max;	/* wnd_max: an old segment moves the edge with any window */
	uint32_t lose;		/* segments that will not arrive */
	/* options */
	uint8_t syn_opts, ws, their_ws;
	uint16_t mss;
	bool scaled, ts, sack, ecn, sack_offered, ts_offered, ws_offered, ecn_offered;
	uint32_t tsecr;
	uint8_t quote[28];
};

extern struct peer tcp_peer[PEERS];

/** @p knows no numbers any more: nothing it says or hears is judged. */
static inline void tcp_peer_astray(struct peer *p)
{
	p->lost = p->lied = true;
	p->honest = false;
}

/** Byte @off of what peer @i sends. */
static inline uint8_t tcp_peer_byte(uint32_t i, uint32_t off)
{
	return (uint8_t)((off * 8 + i) * 0x9e3779b1u >> 24);
}

/** Byte @off of what peer @i is sent: the same every PEER_RING bytes. */
static inline uint8_t tcp_app_byte(uint32_t i, uint32_t off)
{
	return (uint8_t)((off % PEER_RING * 8 + i) * 0x85ebca6bu >> 24);
}

/** Everybody free, attached to @r. */
void tcp_peers_init(struct rig *r);
/** The peer at @ip, @port, or NULL. */
struct peer *tcp_peer_at(uint32_t ip, uint16_t port);
/** The stack's end of @p's connection, or NULL. */
const struct tcp_pcb *tcp_peer_pcb(const struct peer *p);
/** Look whether the stack's end is still the one it was: if not, @p knows no numbers. */
void tcp_peer_look(struct peer *p);
/** May @p begin anew? Nothing of its last connection is left but a TIME-WAIT. */
bool tcp_peer_can_begin(const struct peer *p);

/** OP_SYN .. OP_LOSE: one segment or packet into the ring. */
void tcp_peer_op(struct peer *p, const struct op *o);

/* Of the end of a program, when everybody behaves: acknowledge what came; then send what is
 * not acknowledged, as far as the window goes, and the FIN. */
void tcp_peer_finish(struct peer *p);

/** With rig.trace: a line about a TCP segment in a frame, numbers relative. */
void tcp_peer_trace(const struct peer *p, const char *who, const uint8_t *h, uint32_t len);

/** struct rig.segment: checks, and takes it if it arrives. */
void tcp_peer_segment(struct rig *r, const uint8_t *ip, const uint8_t *h, uint32_t len);

#endif
