/* SPDX-License-Identifier: MIT */
/*
 * tcp_cc.h - congestion control: what an algorithm is asked, and what it may change
 *
 * An algorithm is a table of functions and the state of its own in union tcp_cc. It reads
 * the connection and moves cwnd (in acked) and its own state only. When the window shrinks
 * is decided elsewhere: loss by tcp_loss.c, marks by tcp_ecn.c; to how much, here.
 * Windows are bytes, times are microseconds modulo 2^32, arithmetic is integer.
 */
#ifndef TCP_TCP_CC_H
#define TCP_TCP_CC_H

#include "base/types.h"

struct tcp;
struct tcp_pcb;
struct tcp_cold;

#define TCP_CWND_MAX	(1u << 30)

/** What RFC 9438 section 4.1.2 keeps of a congestion avoidance stage. */
struct tcp_cubic_epoch {
	uint32_t w_max;		/* 0: none, the stage begins at its plateau */
	uint32_t cwnd_prior;	/* before the last reduction */
	uint32_t w_est;
	uint32_t k;		/* 1/1024 s */
	uint32_t t_us;		/* in the stage, while the window was the limit */
	bool live;		/* the stage has begun: k, w_est and t_us are set */
};

/** State of the algorithm that the connection has. */
union tcp_cc {
	struct {
		uint32_t acked;		/* bytes towards the next increase (RFC 3465) */
	} newreno;
	struct tcp_cubic {
		struct tcp_cubic_epoch now, before;	/* before: the last reduction */
		uint32_t last_us;	/* when t_us was last brought up to date */
		uint32_t cwnd_rest, est_rest;	/* of increases: bytes / cwnd */
	} cubic;
	struct tcp_dctcp {
		uint32_t acked;		/* newreno's: both begin alike */
		uint32_t alpha;		/* 2^16 is 1 */
		uint32_t bytes_acked, bytes_marked;	/* in this observation window */
		uint32_t window_end;
		bool begun;		/* window_end is set */
	} dctcp;
};

struct tcp_cc_ops {
	const char *name;
	bool ecn;		/* asks for ECN itself, and for its echo of RFC 8257 section 3.2 */
	/* A connection has got its MSS; its windows are set afterwards. */
	void (*init)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
	/*
	 * @acked bytes are newly acknowledged outside fast recovery. May grow cwnd if @limited:
	 * the window was what limited the sender (RFC 5681 section 3.1, RFC 7661).
	 */
	void (*acked)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked,
		      bool limited);
	/* Packets were lost: the new ssthresh. @flight: bytes outstanding, at most cwnd. */
	uint32_t (*loss)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight);
	/* Packets were marked, at most once a window: the new ssthresh. NULL: as loss. */
	uint32_t (*marked)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t flight);
	/* Every ACK of a connection with ECN, before SND.UNA moves by @acked, and whether it
	 * says ECE. NULL: not interested. */
	void (*ece)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t acked, bool ece);
	/* The first timeout of a row; cwnd is one segment afterwards. NULL: nothing to do. */
	void (*timeout)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
	/* The last reduction was for nothing: cwnd and ssthresh are back. NULL: nothing to do. */
	void (*undo)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
	/* Sending again after the connection was idle; cwnd has been restarted. NULL: nothing. */
	void (*idle)(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
};

extern const struct tcp_cc_ops tcp_cc_newreno;
extern const struct tcp_cc_ops tcp_cc_cubic;
extern const struct tcp_cc_ops tcp_cc_dctcp;

/** Largest r with r * r * r <= @x. */
uint32_t tcp_cc_cbrt(uint64_t x);

#endif
