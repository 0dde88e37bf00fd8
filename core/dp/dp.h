/* SPDX-License-Identifier: MIT */
/*
 * dp.h - one elastic thread of a dataplane, and its pass (IX, figure 1b)
 *
 * A backend brings one up with dp_init(), opens ports, and then calls dp_run_once()
 * whenever frames have arrived or dp_next_deadline() has come. Everything the thread
 * has hangs off struct dp; nothing is shared with another thread.
 */
#ifndef DP_DP_H
#define DP_DP_H

#include "base/knob.h"
#include "base/stat.h"
#include "plat.h"

/** Tunables of a dataplane; dp_knobs[] describes every field. */
struct dp_cfg {
	uint32_t batch_max;	/* B: frames a pass may take */
	uint32_t events_max;	/* entries of the event array */
	uint32_t calls_max;	/* entries of the call array */
	uint32_t conns_max;	/* connections, all states */
	uint32_t mbufs;		/* frames in the pool: RX rings, held by applications, TX headers */
	uint32_t timers_max;	/* application timers */
	uint32_t udp_held_max;	/* datagrams the application may hold */
	uint32_t backlog_max;	/* half-open and not yet accepted connections a listener */
	/* TCP */
	uint32_t rcv_wnd;	/* largest receive window, bytes */
	uint32_t rcv_wnd_init;	/* the window a connection begins with, at most rcv_wnd */
	uint32_t rcv_frames_max; /* frames one connection may hold */
	uint32_t ooo_frames_max; /* of them out of order */
	uint32_t mss;		/* largest segment we take, bytes; 0: from the MTU */
	uint32_t init_cwnd;	/* initial window, segments */
	uint32_t syn_retries;	/* of SYN and SYN-ACK before giving up */
	uint32_t data_retries;	/* R2: of one segment before giving up */
	uint64_t rto_min_ns;
	uint64_t rto_max_ns;
	uint64_t rto_init_ns;
	uint64_t delack_ns;	/* delayed acknowledgement; 0: acknowledge every segment */
	uint32_t quickack;	/* first segments with data that are acknowledged at once,
				 * until data is sent in answer */
	uint64_t time_wait_ns;	/* 2 MSL; 0: no TIME-WAIT */
	uint64_t fin_wait2_ns;	/* after a full close: how long to wait for the peer's FIN */
	uint32_t cc;		/* index into tcp_cc_names[] */
	uint32_t ecn;		/* index into tcp_ecn_names[] */
	uint32_t port_min;	/* local ports of outgoing connections */
	uint32_t port_max;
	uint32_t syn_cookies;	/* index into tcp_cookie_names[] */
	uint32_t syn_cookies_at; /* share of the room half-open connections may take, 1e-9 */
	uint64_t keepalive_ns;	/* idle time before the peer is asked; 0: never */
	uint64_t keepalive_interval_ns;
	uint32_t keepalive_probes; /* without an answer before giving up */
	uint64_t user_timeout_ns; /* how long data may stay unacknowledged; 0: only R2 counts */
	uint64_t linger_ns;	/* after a full close: for data and FIN; 0: only R2 counts */
	bool nagle;
	bool timestamps;	/* offer RFC 7323 timestamps */
	bool wscale;		/* offer RFC 7323 window scaling */
	bool tlp;		/* tail loss probes */
	bool pacing;		/* spread a window over its round trip */
	bool sack;		/* offer RFC 2018 selective acknowledgement */
	bool fast_path;		/* header prediction; off gives the same wire */
};

extern const struct knob dp_knobs[];
extern const size_t n_dp_knobs;

/** What a backend brings along; all of it outlives the dataplane. */
struct dp_env {
	struct core_env *core;
	struct nic *nic;
	uint16_t queue;
	struct user *user;
	struct mempool *pool;	/* frames of this thread; mempool_init'ed */
	uint32_t ip, mask, gateway;	/* host order */
	uint64_t secret[2];	/* keys of ISN, ports and lookup; unpredictable on hardware */
	uint64_t seed;		/* of everything that may be predictable */
};

struct dp;
struct ix_event;

/**
 * Bring up an elastic thread at time @now. Returns it, or NULL when env->core has not
 * enough memory. Announces its address (RFC 5227) in the first pass.
 */
struct dp *dp_init(const struct dp_cfg *cfg, const struct dp_env *env, nsec now);

/** Accept TCP on @port. Returns 0, -EADDRINUSE, -EINVAL (port 0) or -ENOSPC (64 ports). */
int dp_listen(struct dp *dp, uint16_t port);

/** ... with tcp_cc_names[@cc] for its connections; -EINVAL if there is none. */
int dp_listen_cc(struct dp *dp, uint16_t port, uint32_t cc);

/** Take datagrams on @port. As dp_listen(). */
int dp_udp_open(struct dp *dp, uint16_t port);

/** Permanent neighbour. Returns 0 or -ENOSPC. */
int dp_arp_static(struct dp *dp, uint32_t ip, const uint8_t mac[6]);

/** One run-to-completion pass at @now; adds what it did to @w. @now never goes back. */
void dp_run_once(struct dp *dp, nsec now, struct work *w);

/**
 * The pass as the paper's released code orders it: what an application answers leaves after
 * step 2 of the next pass, for which dp_next_deadline() asks at once. An ablation.
 */
void dp_run_late(struct dp *dp, nsec now, struct work *w);

/*
 * The pass in parts, for a world that models a system which does not run to completion: the
 * stack on its own (steps 1, 2, 5, 6), the application (3) on up to @max_events of what has
 * gathered, its calls (4, 6). In one world either the whole pass is used or the parts; each
 * counts as a pass, and after dp_run_app() comes dp_run_calls() before the next dp_run_app().
 */
void dp_run_stack(struct dp *dp, nsec now, struct work *w);
void dp_run_app(struct dp *dp, nsec now, uint32_t max_events, struct work *w);
void dp_run_calls(struct dp *dp, nsec now, struct work *w);

/** Does the application have something to do: events wait, a call of its was refused (10 us ago,
 * or for want of a timer and there is one), or dp_kick() was called? */
bool dp_app_due(const struct dp *dp);

/** How many of the waiting events, from the oldest on, are of one connection. */
uint32_t dp_app_run_length(const struct dp *dp);

/** As dp_next_deadline(), of dp_run_stack() alone. */
nsec dp_stack_deadline(const struct dp *dp);

/**
 * Have the next pass enter the application even if no event has come (a generator whose
 * next request is due); dp_next_deadline() returns 0 until then.
 */
void dp_kick(struct dp *dp);

/**
 * When the next pass is due if no frame arrives: 0 means at once (work was left over),
 * NSEC_NEVER means only a frame can cause one. May be early, never late.
 */
nsec dp_next_deadline(const struct dp *dp);

const struct stats *dp_stats(const struct dp *dp);
struct ix_page *dp_page(struct dp *dp);

/** Soon there will be a pass after others of this processor's: fetch what every pass touches.
 * dp_prefetch() first; once that has arrived, dp_prefetch_next() what it points to. Of a segment
 * from @raddr:@rport to our @lport of RSS hash @rss dp_prefetch_bucket() fetches where its
 * connection is looked up; with what it returned, dp_prefetch_flow() the connection; with what that
 * returned, dp_prefetch_conn() what it names. dp_prefetch_handle() is for a connection that will be
 * called; any number will do. dp_prefetch_timer(), once what dp_prefetch_next() fetches has
 * arrived, is for the timer that is next. */
void dp_prefetch(const struct dp *dp);
void dp_prefetch_next(const struct dp *dp);
uint32_t dp_prefetch_bucket(const struct dp *dp, uint32_t raddr, uint16_t rport, uint16_t lport,
			    uint32_t rss);
uint32_t dp_prefetch_flow(const struct dp *dp, uint32_t bucket);
void dp_prefetch_conn(const struct dp *dp, uint32_t slot);
void dp_prefetch_handle(const struct dp *dp, uint64_t handle);
void dp_prefetch_timer(const struct dp *dp);

/** The event conditions that wait for the application. Returns how many. */
uint32_t dp_pending(const struct dp *dp, const struct ix_event **events);

/** Connections in any state. */
uint32_t dp_conns(const struct dp *dp);

/** Resources in use: 0, 0, 0 when every connection is gone and the application has let go. */
struct dp_usage {
	uint32_t conns;		/* connections in any state, TIME-WAIT included */
	uint32_t snd_refs;	/* pieces of application memory referenced */
	uint32_t frames_held;	/* received frames held for the application or reassembly */
	uint32_t timers;	/* armed, application's and connections' */
};
/** Walks every connection. */
struct dp_usage dp_usage(const struct dp *dp);

struct ix_tcp_info;

/**
 * Look at the connection in @slot, 0 .. conns_max - 1, for whoever draws or debugs it. Returns
 * its handle, which no other connection of the slot has, or 0 if there is none.
 */
uint64_t dp_conn_info(const struct dp *dp, uint32_t slot, struct ix_tcp_info *info);

#endif
