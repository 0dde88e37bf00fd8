/* SPDX-License-Identifier: MIT */
/*
 * attack_bed.h - one dataplane under attack: any segment in, every segment out looked at
 *
 * A server stack in memory on a clock the caller moves, serving ATTACK_PORT with a plain
 * application: it accepts everybody; a connection reads, and checks, the stream atk_byte()
 * (or never reads), and may send its own stream for ever. What the stack sends goes to the
 * caller's `seen`, if there is one. Neighbours are static: anybody outside 10.0.0/24 is behind
 * the gateway. Who attacks and what must hold is attack_main.c's and attack_*.c's business.
 */
#ifndef TESTS_SIM_ATTACK_BED_H
#define TESTS_SIM_ATTACK_BED_H

#include "dp/dp_impl.h"
#include "tcp/tcp_impl.h"

enum { ATTACK_PORT = 80, ATK_RING = 1024, ATK_APPS = 8192, ATK_STREAM = 1 << 20 };
#define ATK_SERVER	0x0a000001u
#define ATK_HOST(i)	(0x0a000002u + (i))	/* 16 of them */

/** A TCP segment, host order; numbers are those of the wire. */
struct atk_seg {
	uint32_t ip;		/* the other end's */
	uint16_t port;
	uint8_t flags, ecn;
	uint32_t seq, ack, len;
	uint16_t wnd;
	uint8_t opts[40];
	uint8_t opts_len;	/* multiple of 4 */
	const uint8_t *text;	/* seen: @len bytes; sent: NULL for atk_byte() from text_off on */
	uint32_t text_off;
};

/** A connection as the server's application knows it; its cookie is the index + 1. */
struct atk_app {
	uint64_t handle;
	uint16_t port;		/* of the client */
	uint32_t rx;		/* bytes delivered, all of them right */
	uint32_t undone;
	uint64_t taken, acked;
	bool live, eof;
	uint8_t reason;		/* enum ix_dead_reason, once not live */
};

struct atk_bed {
	struct dp *dp;
	struct dp_cfg cfg;
	struct nic nic;
	struct user user;
	struct core_env core;
	struct mempool pool;
	nsec now;
	struct work work;
	uint32_t n_rx;
	struct mbuf *rx[ATK_RING];
	void (*run)(struct dp *dp, nsec now, struct work *w);	/* dp_run_once() */
	void (*seen)(struct atk_bed *b, const struct atk_seg *s);
	uint64_t n_tx;			/* TCP segments sent */
	void *ctx;			/* the caller's */
	/* application */
	uint16_t no_read_from;		/* client ports that are never read, and above; 0: none */
	bool sends;			/* the stream, on every connection, without end */
	bool no_check;			/* of bytes: a benchmark */
	uint64_t wrong;			/* bytes delivered that are not the stream's */
	uint32_t n_apps, n_ended;
	struct atk_app apps[ATK_APPS];
	struct ix_call did[1024];
	uint32_t n_did;
	uint8_t *stream;		/* ATK_STREAM bytes of atk_byte(), in the window */
	void *mem[32];
	uint32_t n_mem;
};

/** Byte @off of every stream here, either way; repeats after ATK_STREAM. */
static inline uint8_t atk_byte(uint32_t off)
{
	return (uint8_t)((off % ATK_STREAM) * 0x9e3779b1u >> 24);
}

/** What every attack starts from; change it, then atk_new(). */
struct dp_cfg atk_cfg(void);
struct atk_bed *atk_new(const struct dp_cfg *cfg);
void atk_free(struct atk_bed *b);

/** A segment in front of the next pass; a full ring makes one. */
void atk_send(struct atk_bed *b, const struct atk_seg *s);
/** Any IPv4 packet of @proto from @src; @frag is the fragment word. */
void atk_send_ip(struct atk_bed *b, uint32_t src, uint8_t proto, uint16_t frag,
		 const uint8_t *body, uint32_t len);
void atk_send_arp(struct atk_bed *b, uint16_t op, uint32_t spa, uint32_t tpa, uint32_t mac);
/** Time passes; then passes until the stack has nothing left to do at once. Invariants of
 * every connection are checked when @check. */
void atk_pass(struct atk_bed *b, nsec later, bool check);

uint64_t atk_stat(const struct atk_bed *b, enum stat id);
/** Set knob @name; false when there is none of that name. */
bool atk_knob(struct dp_cfg *cfg, const char *name, uint64_t v);
/** The stack's end of the connection from ATK_HOST(@host):@port, or NULL. */
struct tcp_pcb *atk_pcb(const struct atk_bed *b, uint32_t host, uint16_t port);
/** The application's, or NULL. */
struct atk_app *atk_app_of(struct atk_bed *b, uint16_t port);

/** A well-behaved client: opens, acknowledges in order, sends the stream. */
struct atk_client {
	uint32_t ip;
	uint16_t port;
	uint16_t mss;		/* 0: no option */
	uint16_t wnd;
	bool up, reset, sack;
	uint32_t iss, snd_nxt;
	uint32_t irs, rcv_nxt;
	uint32_t their_ack;
};

void atk_open(struct atk_bed *b, struct atk_client *c);		/* its SYN */
/** Take a segment of the stack's; true if it is this client's. Answers nothing but the
 * SYN-ACK. */
bool atk_client_seen(struct atk_bed *b, struct atk_client *c, const struct atk_seg *s);
/** A segment from where the client is. */
struct atk_seg atk_from(const struct atk_client *c, uint8_t flags, uint32_t len);
void atk_data(struct atk_bed *b, struct atk_client *c, uint32_t len);	/* the next bytes */

/* --- attacks: attack_main.c prints what they say and counts what does not hold --- */

void atk_say(const char *fmt, ...) __attribute__((format(printf, 1, 2)));
void atk_check(bool ok, const char *what, const char *file, int line);
#define ATK_CHECK(x) atk_check(x, #x, __FILE__, __LINE__)

void attack_syn_flood(void);		/* attack_flood.c */
void attack_syn_flood_small(void);
void attack_blind(void);		/* attack_blind.c */
void attack_side_channel(void);
void attack_ack_division(void);		/* attack_acks.c */
void attack_dup_acks(void);
void attack_optimistic(void);
void attack_icmp(void);			/* attack_state.c */
void attack_arp(void);
void attack_fragments(void);
void attack_memory(void);

#endif
