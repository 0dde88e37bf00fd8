/* SPDX-License-Identifier: MIT */
/*
 * rig.h - a whole dataplane that a fuzzer's input drives
 *
 * The input is two bytes of options (RIG_*) and then a script: an op byte, its operands,
 * the next op. An op's low half says what, its high half which peer (RIG_PEERS of them).
 * Past the input's end every byte is 0, so each prefix of a script is one too.
 *
 *	0	pass, no time passes
 *	1 e	time passes, 1 us << e % 28, then a pass
 *	2,3	segment: flags, seq offset, ack offset, window, length (2 B), options; offsets
 *		from what a well-behaved peer would send (low bit: times 1447)
 *	4	Ethernet frame as it is: length (2 B), mark of the NIC, bytes
 *	5	IP packet: protocol, fragment word (2 B), mark, length (2 B), payload bytes
 *	6	ICMP error that quotes the last packet sent to the peer: type, code, mtu (2 B)
 *	7	ARP: which of 16 shapes
 *	8	NIC: frames it will take from now on, and whether it holds on to them
 *	9	UDP datagram: ports, length
 *	10-14	short forms: ACK; 100 bytes; FIN; SYN; RST, each where the stack expects it
 *	15	pass, 100 us later
 *
 * rig_run() plays an input; after every pass each connection's invariants hold, every frame
 * sent is well formed, the bytes it names stay until the NIC has let go of it, and at the end,
 * when the peers have reset what is left and time has run out for the rest, nothing is held.
 * Any breach is an abort.
 * Not here: the application (fuzz_frames.c, fuzz_calls.c).
 */
#ifndef TESTS_FUZZ_RIG_H
#define TESTS_FUZZ_RIG_H

#include "dp/dp_impl.h"
#include "tcp/tcp_impl.h"

enum {
	RIG_PEERS = 8,
	RIG_FRAMES = 128,	/* of the pool */
	RIG_RING = 32,		/* frames for the next pass */
	RIG_CONNS = 6,		/* fewer than peers: the table can be full */
	RIG_CALLS = 16,
	RIG_EVENTS = 32,
	RIG_UDP_HELD = 4,	/* datagrams the application may hold */
	RIG_WINDOW = 1 << 16,	/* bytes of application memory */
};

/* Options, bytes 0 and 1 of the input. */
enum {
	RIG_FAST_PATH = BIT(0), RIG_TIMESTAMPS = BIT(1), RIG_NAGLE = BIT(2), RIG_NO_DELACK = BIT(3),
	RIG_NO_WSCALE = BIT(4), RIG_SMALL_WND = BIT(5), RIG_SOFT_CSUM = BIT(6),
	RIG_GATEWAY = BIT(7), RIG_NO_TIME_WAIT = BIT(8), RIG_FEW_OOO = BIT(9),
	RIG_CWND_1 = BIT(10), RIG_BACKLOG_2 = BIT(11),
	RIG_STREAM = BIT(12), RIG_FEW_PORTS = BIT(13), RIG_GIVE_UP_SOON = BIT(14),
	RIG_DEFENCES = BIT(15),	/* cookies always; short keepalive, user timeout and linger */
};

#define RIG_IP		0x0a000001u		/* 10.0.0.1 */
#define RIG_MASK	0xffffff00u
#define RIG_GW		0x0a0000feu
#define RIG_PEER_IP(i)	(0x0a000002u + (uint32_t)(i) % 4)
#define RIG_PORT	7			/* listens; UDP too */
#define RIG_PEER_PORT	40000

/** What is left of the input. */
struct feed {
	const uint8_t *p;
	size_t n;
};

uint8_t feed_u8(struct feed *f);
uint16_t feed_u16(struct feed *f);
uint64_t feed_u64(struct feed *f);
/** At most @n bytes, which stay where they are; *@got says how many. */
const uint8_t *feed_bytes(struct feed *f, size_t n, size_t *got);

/** A remote end: what it would send next if it behaved. */
struct rig_peer {
	uint32_t ip;
	uint16_t port, lport;
	uint32_t snd_nxt, rcv_nxt;
	uint32_t iss;			/* of the stack's last SYN to it */
	uint32_t tsval, tsecr;
	bool heard;
	uint8_t quote[28];		/* of the last packet to it */
};

struct rig {
	struct nic nic;
	struct user user;
	struct core_env core;
	struct mempool pool;
	struct dp *dp;
	struct feed feed;
	uint32_t options;
	/* The application. @kick: enter it in every pass. */
	void (*app)(struct rig *r, struct ix_page *page);
	bool kick;
	/* Instead of the peers of this file, if not NULL: change the knobs; take a TCP segment
	 * that was sent (@ip, @len bytes of TCP from @h on; valid during the call). */
	void (*configure)(struct rig *r, struct dp_cfg *c);
	void (*segment)(struct rig *r, const uint8_t *ip, const uint8_t *h, uint32_t len);
	bool trace;			/* RIG_TRACE in the environment: fuzz_tcp talks */
	bool draining;			/* the input is over: let go of everything */
	bool forged;			/* bytes came in that are not rig_byte() */
	nsec now;
	struct work work;
	uint32_t n_rx, n_held, tx_room;
	bool hold;			/* the NIC keeps what it sent */
	struct mbuf *rx[RIG_RING], *held[RIG_FRAMES];
	uint32_t held_sum[RIG_FRAMES];	/* of the bytes each had when the NIC took it */
	uint32_t next_peer;
	struct rig_peer peer[RIG_PEERS];
};

/** Payload at sequence number @seq of any peer. */
static inline uint8_t rig_byte(uint32_t seq) { return (uint8_t)(seq * 0x9e3779b1u >> 24); }

/** @r: zeroed but for app and kick. @window: RIG_WINDOW bytes or more. */
void rig_open(struct rig *r, const uint8_t *data, size_t size, void *window, size_t window_len);
/** Play what rig_open() was given, then drain. */
void rig_run(struct rig *r);
void rig_pass(struct rig *r, nsec later);
/** The end of rig_run(): peers reset what is left, and then nothing may be held. */
void rig_drain(struct rig *r);
/** What the NIC does from now on, as op 8. */
void rig_nic(struct rig *r, uint8_t how);

/** Connections by slot, free ones too (state TCP_CLOSED). */
static inline struct tcp_pcb *rig_pcb(const struct rig *r, uint32_t i)
{
	return &r->dp->tcp.pcbs[i];
}

/* rig_wire.c: frames in and out */
void rig_wire_op(struct rig *r, uint8_t op);
void rig_wire_reset(struct rig *r, const struct tcp_pcb *p);
void rig_wire_sent(struct rig *r, const struct mbuf *m);
/** A checksum of everything in @m, pieces included. */
uint32_t rig_frame_sum(const struct mbuf *m);

/* To build a frame: a buffer or NULL; Ethernet and IPv4 in front of @len bytes of @proto,
 * returns where they go; then off to the ring with @len bytes in all and MBUF_RX_* @mark. */
uint8_t *rig_frame_new(struct rig *r, struct mbuf **m);
uint8_t *rig_put_ip(uint8_t *f, uint8_t proto, uint32_t src, size_t len);
void rig_frame_in(struct rig *r, struct mbuf *m, size_t len, uint8_t mark);

/** Like assert(), but also in a build without it. */
#define RIG_CHECK(x) ((x) ? (void)0 : rig_fail(#x, __FILE__, __LINE__))
_Noreturn void rig_fail(const char *what, const char *file, int line);

#endif
