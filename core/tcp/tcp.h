/* SPDX-License-Identifier: MIT */
/*
 * tcp.h - TCP (RFC 9293) of one elastic thread, as its neighbours see it
 *
 * Segments come in through tcp_rx() (core/net calls it), calls through tcp_call.c's
 * functions (core/sys calls them), time through the wheel; frames leave by ip_tx() and
 * event conditions by struct tcp_sink. tcp_flush() ends every pass: it sends the
 * acknowledgements and the data that the pass decided on.
 */
#ifndef TCP_TCP_H
#define TCP_TCP_H

#include "fg/fg.h"
#include "net/netif.h"

enum { TCP_LISTENERS_MAX = 64, TCP_EVENTS_A_FRAME = 6, TCP_PREFETCH_MAX = 64 };

/** Reasons a connection ends with; the values are the ABI's enum ix_dead_reason. */
enum tcp_end_reason {
	TCP_END_CLOSED,
	TCP_END_RESET,
	TCP_END_ABORTED,
	TCP_END_TIMEOUT,
	TCP_END_UNREACHABLE,
};

/** How close() ends a connection; the values are the ABI's enum ix_close_mode. */
enum tcp_close_mode { TCP_CLOSE_FIN, TCP_CLOSE_RST, TCP_CLOSE_HALF };

/** dp_cfg.ecn. An algorithm that lives by ECN asks for it whatever this says. */
enum tcp_ecn_use { TCP_ECN_OFF, TCP_ECN_ON, TCP_ECN_PASSIVE };
/** When a SYN is answered with a cookie: under pressure, never, always. */
enum tcp_cookie_mode { TCP_COOKIE_AUTO, TCP_COOKIE_OFF, TCP_COOKIE_ALWAYS };

enum { TCP_KEEP_SLICES = 8 };	/* looks at a connection in its idle time */

struct tcp_pcb;
struct tcp_cold;
struct tcp_cc_ops;
struct snd_hole;

/* Where event conditions go: core/sys. */
struct tcp_sink {
	/* Events that may still be raised in this pass. */
	uint32_t (*room)(void *ctx);
	void (*knock)(void *ctx, uint64_t handle, const struct flow *f);
	void (*connected)(void *ctx, uint64_t cookie, int outcome);
	void (*recv)(void *ctx, uint64_t cookie, const uint8_t *p, uint32_t len);
	void (*sent)(void *ctx, uint64_t cookie, uint32_t bytes, uint32_t window);
	void (*dead)(void *ctx, uint64_t cookie, enum tcp_end_reason why);
};

/** One piece of application memory in a send queue, covering [seq, seq + len). */
struct snd_ref {
	const uint8_t *p;
	uint32_t len;
	uint32_t seq;
	uint32_t next;		/* index + 1, 0 at the end */
	uint32_t tx_us;		/* when its last byte was first sent */
};

/** How a connection is doing; struct ix_tcp_info says what the fields mean. */
struct tcp_info {
	uint8_t state;		/* enum tcp_state, whose values the ABI's enum ix_tcp_state has */
	bool sack, ts, wscale, ecn, nagle, reordering;
	uint32_t cc;		/* index into tcp_cc_names[] */
	uint32_t mss, cwnd, ssthresh, in_flight;
	uint32_t snd_wnd, rcv_wnd, rcv_lim, rcv_held, ooo_frames;
	uint32_t srtt_us, rttvar_us, min_rtt_us, rto_us, backoff;
	uint32_t rexmit_segs, lost_bytes, sacked_bytes, delivered_bytes;
	uint64_t rexmit_bytes;
};

struct tcp_listener {
	uint16_t port;
	const struct tcp_cc_ops *cc;	/* of its connections */
	uint32_t n_pending;	/* half open, or established and not yet accepted */
	uint32_t n_half_open;
	nsec cookies_until;	/* cookies may come back: see tcp_cookie.c */
};

struct tcp_cfg {
	uint32_t conns_max, backlog_max, rcv_wnd, rcv_wnd_init, rcv_frames_max, ooo_frames_max;
	uint32_t init_cwnd, syn_retries, data_retries;
	uint32_t rto_min_us, rto_max_us, rto_init_us, delack_us, time_wait_us, fin_wait2_us;
	uint32_t keep_slice_us;		/* idle time / TCP_KEEP_SLICES; 0: no keepalive */
	uint32_t keep_interval_us, keep_probes;
	uint32_t user_timeout_us, linger_us;	/* 0: for ever */
	uint32_t syn_cookies;		/* enum tcp_cookie_mode */
	uint32_t syn_cookies_at;	/* share of the room that may be half open, 1e-9 */
	uint16_t mss, port_min, port_max;
	bool nagle, timestamps, wscale, sack, tlp, pacing, fast_path;
	uint8_t ecn;		/* enum tcp_ecn_use */
	uint8_t quickack;	/* first segments of text acknowledged at once */
	const struct tcp_cc_ops *cc;
};

struct tcp {
	struct tcp_cfg cfg;
	struct netif *nif;
	const struct tcp_sink *sink;
	void *sink_ctx;
	nsec now;		/* of the pass that is running */
	uint32_t now_us;	/* the same, modulo 2^32 us: what connections store */
	uint8_t rcv_scale;	/* shift we offer */
	uint32_t wnd_step;	/* least growth of the window worth announcing, bytes (3.8.6.2.2) */
	uint32_t wnd_update;	/* ... and to be worth an ACK of its own */
	uint32_t wnd_floor;	/* a window up to here grows however scarce frames are */
	struct tcp_pcb *pcbs;	/* conns_max, hot halves */
	struct tcp_cold *colds;	/* conns_max, cold halves */
	struct pool pcb_pool;	/* over pcbs */
	struct snd_ref *refs;	/* of all send queues */
	struct pool ref_pool;	/* over refs */
	struct snd_hole *holes;	/* of all scoreboards */
	struct pool hole_pool;	/* over holes */
	struct fg_table flows;
	const struct toeplitz *tz;
	uint64_t secret[2];
	uint32_t dirty_head, dirty_tail;	/* connections tcp_flush() must visit, slot + 1 */
	struct list time_wait;	/* oldest first, through the cold halves */
	uint32_t n_time_wait;
	struct mbuf *grave;	/* received frames of connections that have died */
	struct mbuf_done rtx_done;
	bool resume_due;	/* something tcp_resume() can do has come up since it last ran */
	uint32_t n_waiting;	/* connections with a `sent` or a `dead` that waits for the NIC */
	uint32_t wait_mark;	/* netif.refs_mark when the last of them began to */
	nsec mark_at[NETIF_MARKS];	/* no frame of the mark was made before */
	struct list starved;	/* windows withheld for want of frames; the same way */
	uint32_t n_starved;
	bool nagle_used;	/* some connection may want Nagle: see cold->nagle */
	uint32_t n_listeners;
	struct tcp_listener listeners[TCP_LISTENERS_MAX];
	uint32_t port_next;
	ip_addr port_none_addr;	/* no port was left for this remote end, and none has */
	uint16_t port_none_port;	/* ... been freed since; 0: not known */
	uint64_t ports_used[65536 / 64];
};

/** Bytes tcp_init() needs for @n connections. */
size_t tcp_bytes(uint32_t n);

/** @mem: tcp_bytes(cfg->conns_max) zeroed bytes, 64-byte aligned. @tcp is zeroed. */
void tcp_init(struct tcp *tcp, const struct tcp_cfg *cfg, struct netif *nif, void *mem,
	      const struct toeplitz *tz, const uint64_t secret[2], const struct tcp_sink *sink,
	      void *sink_ctx);

/** Start of a pass: the time every connection will see. */
static inline void tcp_set_now(struct tcp *tcp, nsec now)
{
	uint32_t mark = tcp->nif->refs_mark % NETIF_MARKS;

	tcp->now = now;
	tcp->now_us = (uint32_t)(now / NSEC_PER_USEC);
	if (tcp->nif->refs_of[mark] == 0)
		tcp->mark_at[mark] = now;
}

/** A segment; m->off at the TCP header. Takes @m. (struct netif_up.tcp_rx) */
void tcp_rx(struct tcp *tcp, struct mbuf *m, ip_addr saddr, ip_addr daddr);

/** Warm the cache for @n <= TCP_PREFETCH_MAX frames that tcp_rx() will see soon; they may hold
 * anything. */
void tcp_prefetch(struct tcp *tcp, struct mbuf *const *m, uint32_t n);

/** The same for one segment of @f that is not here yet, of RSS hash @rss, in three steps, each
 * once what the one before fetches has arrived: its bucket, which is returned; its connection, of
 * which the slot + 1 is, or 0; what that names. */
uint32_t tcp_prefetch_bucket(const struct tcp *tcp, const struct flow *f, uint32_t rss);
uint32_t tcp_prefetch_flow(const struct tcp *tcp, uint32_t bucket);
void tcp_prefetch_conn(const struct tcp *tcp, uint32_t slot);

/** The same for a call on @handle, which may be nobody's. */
void tcp_prefetch_handle(const struct tcp *tcp, uint64_t handle);

/** The same for @timer, which will fire and may be somebody else's. */
void tcp_prefetch_timer(const struct tcp *tcp, const struct timer *timer);

/** An ICMP error about one of our segments (struct netif_up.icmp_err). */
void tcp_icmp_err(struct tcp *tcp, const uint8_t *quote, uint32_t len, uint8_t type, uint8_t code,
		  uint16_t mtu);

/** Windows were withheld, and there are frames again: 3/8 of the pool; a quarter is scarce. */
static inline bool tcp_wnd_due(const struct tcp *t)
{
	return t->n_starved > 0 &&
	       mempool_avail(t->nif->pool) > t->nif->pool->pool.n / 8 * 3;
}

/** A pass is due: tcp_resume() has events to raise that nothing stands against any more. */
static inline bool tcp_resume_ready(const struct tcp *t)
{
	return t->resume_due || tcp_wnd_due(t) ||
	       (t->n_waiting > 0 && netif_refs_settled(t->nif, t->wait_mark));
}

/** Deliver what earlier passes had no room for. Start of a pass. */
void tcp_resume(struct tcp *tcp);

/** Send what is owed: acknowledgements, data, window updates. End of a pass. */
void tcp_flush(struct tcp *tcp);

/** Frames of dead connections; the caller frees them once the application has seen `dead`. */
struct mbuf *tcp_take_grave(struct tcp *tcp);

/** Connections of the listener get @cc. As dp_listen(). */
int tcp_listen(struct tcp *tcp, uint16_t port, const struct tcp_cc_ops *cc);

/** The connection of @handle, or NULL if it is stale or was never valid. */
struct tcp_pcb *tcp_pcb_of(const struct tcp *tcp, uint64_t handle);

/* The calls. Each has been decoded: @p is live and in a state that allows it. */

/** Returns the handle, -EADDRNOTAVAIL, -ENOBUFS or -EHOSTUNREACH. */
int64_t tcp_connect(struct tcp *tcp, uint64_t cookie, ip_addr raddr, uint16_t rport);
bool tcp_can_accept(const struct tcp_pcb *p);
void tcp_accept(struct tcp *tcp, struct tcp_pcb *p, uint64_t cookie);
bool tcp_can_send(const struct tcp_pcb *p);
/** Returns bytes accepted by the window, 0 .. sum of lengths. */
int64_t tcp_sendv(struct tcp *tcp, struct tcp_pcb *p, const struct mbuf_frag *sg, uint32_t n);
/** Bytes delivered and not yet given back. */
uint32_t tcp_recv_held(struct tcp *tcp, const struct tcp_pcb *p);
void tcp_recv_done(struct tcp *tcp, struct tcp_pcb *p, uint32_t bytes);
bool tcp_can_close(const struct tcp_pcb *p, enum tcp_close_mode mode);
void tcp_close(struct tcp *tcp, struct tcp_pcb *p, enum tcp_close_mode mode);
void tcp_info_get(const struct tcp *tcp, const struct tcp_pcb *p, struct tcp_info *i);
/** ... of the connection in @slot of the table: its handle, or 0 if there is none. */
uint64_t tcp_info_at(const struct tcp *tcp, uint32_t slot, struct tcp_info *i);
/** From now on; the windows stay, its state begins anew. */
void tcp_cc_set(struct tcp *tcp, struct tcp_pcb *p, const struct tcp_cc_ops *cc);
void tcp_set_nagle(struct tcp *tcp, struct tcp_pcb *p, bool on);
/** Of one connection, in us; 0: off. See the knobs of the same names. */
void tcp_set_keepalive(struct tcp *tcp, struct tcp_pcb *p, uint32_t idle_us);
void tcp_set_user_timeout(struct tcp *tcp, struct tcp_pcb *p, uint32_t us);
void tcp_set_linger(struct tcp *tcp, struct tcp_pcb *p, uint32_t us);

/** Connections in any state. */
static inline uint32_t tcp_conns(const struct tcp *tcp)
{
	return tcp->pcb_pool.n - tcp->pcb_pool.n_avail;
}

/** Received frames held for applications or reassembly. Walks every connection. */
uint32_t tcp_frames_held(const struct tcp *tcp);

extern const char *const tcp_ecn_names[];	/* by enum tcp_ecn_use, NULL-terminated */
extern const char *const tcp_cookie_names[];	/* NULL-terminated: enum tcp_cookie_mode */
extern const char *const tcp_cc_names[];	/* NULL-terminated, as dp_cfg.cc indexes it */
const struct tcp_cc_ops *tcp_cc_find(uint32_t i);

#endif
