/* SPDX-License-Identifier: MIT */
/*
 * abi.h - the boundary between a dataplane and its application (IX, table 1)
 *
 * Two arrays are shared. The dataplane writes event conditions, enters the
 * application once a pass, and the application consumes them all and leaves a
 * batch of calls. The dataplane executes the calls in order and overwrites each
 * descriptor with its return code, which the application finds there the next
 * time it is entered: 10 us after a call was refused, if no event comes first;
 * when one is free if it was for want of a timer.
 *
 * Addresses and ports are in host byte order. Time is in nanoseconds.
 * Return codes are 0 or a positive result, or a negative errno value.
 *
 * A connection's cookie gets exactly one `dead`, and it is its last event. After
 * close() the handle is gone at once, but memory given to sendv() stays
 * referenced until `sent` has covered it or `dead` has come, and both wait until the
 * NIC has let go of every frame that names it, whatever the peer acknowledges.
 *
 * A sendv() that accepts less than it was offered is followed by a `sent` (of 0
 * bytes, if nothing was acknowledged) once it would accept more.
 */
#ifndef IX_ABI_H
#define IX_ABI_H

#include <stdint.h>

/** Generation in bits 62..32, slot in bits 31..0; never negative, never 0. */
typedef uint64_t ix_handle_t;

enum {
	IX_SG_MAX = 64,			/* entries one sendv may name */
	IX_SENDV_MAX = 1 << 30,		/* bytes one sendv may name */
};

/** One piece of application memory, inside the application's window. */
struct ix_sg {
	uint64_t addr;
	uint64_t len;			/* bytes, 1 .. IX_SENDV_MAX */
};

/** Remote end of a flow, packed into one descriptor word. */
struct ix_addr {
	uint32_t ip;
	uint16_t port;			/* of the remote end */
	uint16_t local_port;		/* of our end; 0 where the call picks one */
};

enum ix_call_nr {
	IX_CALL_NONE,
	IX_CALL_CONNECT,	/* (cookie, addr)	returns the new handle */
	IX_CALL_ACCEPT,		/* (handle, cookie)	returns 0 */
	IX_CALL_SENDV,		/* (handle, sg, n)	returns bytes accepted, from 0 to all */
	IX_CALL_RECV_DONE,	/* (handle, bytes)	returns 0 */
	IX_CALL_CLOSE,		/* (handle, mode)	returns 0; on a knock: refuses it */
	IX_CALL_UDP_SENDV,	/* (cookie, addr, sg, n) returns bytes queued: all or an error */
	IX_CALL_UDP_RECV_DONE,	/* (handle)		returns 0 */
	IX_CALL_TIMER_ARM,	/* (cookie, delay)	returns a timer handle */
	IX_CALL_TIMER_CANCEL,	/* (handle)		returns 0 */
	IX_CALL_INFO,		/* (handle, ptr, n)	returns bytes written: how it is doing */
	IX_CALL_SET,		/* (handle, option, value) returns 0 */
	IX_CALL_NR,
};

enum ix_close_mode {
	IX_CLOSE_FIN,		/* orderly; data still arriving is refused with RST */
	IX_CLOSE_RST,		/* abort: peer gets RST, unsent data is dropped */
	IX_CLOSE_HALF,		/* FIN now, receiving goes on; the handle stays valid */
};

/** What IX_CALL_SET changes, of one connection, from the moment the call runs. */
enum ix_option {
	IX_OPT_NONE,
	IX_OPT_CC,		/* congestion control: 0 newreno, 1 cubic, 2 dctcp */
	IX_OPT_NAGLE,		/* 0, 1: hold short segments while data is in flight */
	IX_OPT_KEEPALIVE_NS,	/* idle time before the peer is probed, 0 .. 4 h; 0: never */
	IX_OPT_USER_TIMEOUT_NS,	/* data unacknowledged for so long ends it, 0 .. 30 min; 0: R2 */
	IX_OPT_LINGER_NS,	/* ... for so long after close, by RST, 0 .. 30 min; 0: R2 */
	IX_OPT_NR,
};

/** RFC 9293 section 3.3.2. */
enum ix_tcp_state {
	IX_TCP_CLOSED,
	IX_TCP_SYN_SENT,
	IX_TCP_SYN_RECEIVED,
	IX_TCP_ESTABLISHED,
	IX_TCP_FIN_WAIT_1,
	IX_TCP_FIN_WAIT_2,
	IX_TCP_CLOSE_WAIT,
	IX_TCP_CLOSING,
	IX_TCP_LAST_ACK,
	IX_TCP_TIME_WAIT,
};

/* ix_tcp_info.flags: agreed on in the handshake, but for the last. */
enum {
	IX_INFO_SACK = 1 << 0,		/* RFC 2018 */
	IX_INFO_TS = 1 << 1,		/* RFC 7323 timestamps */
	IX_INFO_WSCALE = 1 << 2,	/* RFC 7323 window scaling */
	IX_INFO_ECN = 1 << 3,		/* RFC 3168 */
	IX_INFO_NAGLE = 1 << 4,		/* IX_OPT_NAGLE */
};

/**
 * A connection at the moment IX_CALL_INFO runs, 96 bytes. Bytes and microseconds, and
 * segments where the name says so. A later version may add fields at the end: the call
 * returns how many bytes this one has.
 */
struct ix_tcp_info {
	uint32_t state;			/* enum ix_tcp_state */
	uint32_t flags;			/* IX_INFO_* */
	uint32_t cc;			/* as IX_OPT_CC */
	uint32_t mss;			/* largest payload we send */
	uint32_t cwnd;
	uint32_t ssthresh;		/* 0x7fffffff: nothing has been lost yet */
	uint32_t in_flight;		/* SND.NXT - SND.UNA */
	uint32_t snd_wnd;		/* the peer's window */
	uint32_t rcv_wnd;		/* ours, as last advertised, less what came since */
	uint32_t rcv_lim;		/* what it may grow to now */
	uint32_t rcv_held;		/* received in order and not given back by recv_done */
	uint32_t ooo_frames;		/* held out of order */
	uint32_t srtt_us;		/* 0: no sample yet */
	uint32_t rttvar_us;
	uint32_t min_rtt_us;		/* 0: not known */
	uint32_t rto_us;		/* backed off */
	uint32_t backoff;		/* how often it has doubled */
	uint32_t rexmit_segs;		/* retransmitted since the connection began */
	uint32_t lost_bytes;		/* believed lost and not sent again */
	uint32_t sacked_bytes;		/* in flight, and the peer has them */
	uint32_t reordering;		/* 1: the network has been seen to reorder */
	uint32_t delivered_bytes;	/* acknowledged or selectively so, modulo 2^32 */
	uint64_t rexmit_bytes;
};

/** One batched call, 32 bytes. The dataplane writes only `ret`. */
struct ix_call {
	uint32_t nr;		/* enum ix_call_nr */
	uint32_t n;		/* sendv: sg entries, 1 .. IX_SG_MAX; close: enum ix_close_mode;
				 * info: bytes at ptr, >= 1; set: enum ix_option */
	union {
		uint64_t handle;	/* in: accept, sendv, recv_done, close, info, ... */
		uint64_t cookie;	/* in: connect, udp_sendv, timer_arm */
		int64_t ret;		/* out: result or negative errno */
	};
	union {
		uint64_t sg;		/* sendv, udp_sendv: address of struct ix_sg[n] */
		uint64_t new_cookie;	/* accept */
		uint64_t bytes;		/* recv_done: 1 .. bytes delivered and not yet done */
		uint64_t delay_ns;	/* timer_arm */
		uint64_t ptr;		/* info: where struct ix_tcp_info is to be written */
		uint64_t value;		/* set */
	};
	struct ix_addr addr;	/* connect, udp_sendv */
};

enum ix_event_nr {
	IX_EV_NONE,
	IX_EV_KNOCK,		/* (handle, addr)	a client asks: accept or close */
	IX_EV_CONNECTED,	/* (cookie, outcome)	0; or negative errno, its last event */
	IX_EV_RECV,		/* (cookie, ptr, len)	read-only, valid until recv_done covers it;
				 *			len 0: the peer has sent its FIN */
	IX_EV_SENT,		/* (cookie, bytes, window) bytes acknowledged and let go, in order;
				 *			window: bytes sendv would accept now */
	IX_EV_DEAD,		/* (cookie, reason)	last event of a connection */
	IX_EV_UDP_RECV,		/* (handle, ptr, len, addr) valid until udp_recv_done(handle) */
	IX_EV_UDP_SENT,		/* (cookie)		the datagram's memory is let go */
	IX_EV_TIMER,		/* (cookie)		the timer is gone; arm again to repeat */
	IX_EV_NR,
};

enum ix_dead_reason {
	IX_DEAD_CLOSED,		/* both directions ended in order */
	IX_DEAD_RESET,		/* the peer sent RST */
	IX_DEAD_ABORTED,	/* close(IX_CLOSE_RST) by this side; after close, late data or the
				 * end of linger */
	IX_DEAD_TIMEOUT,	/* retransmissions or keepalives unanswered, or the user timeout */
	IX_DEAD_UNREACHABLE,	/* ICMP or ARP says there is no way, and time ran out */
	IX_DEAD_NR,
};

/** One event condition, 32 bytes. */
struct ix_event {
	uint32_t nr;		/* enum ix_event_nr */
	union {
		uint32_t window;	/* sent, bytes */
		uint32_t reason;	/* dead, enum ix_dead_reason */
		int32_t outcome;	/* connected */
		uint32_t len;		/* recv, udp_recv, bytes */
	};
	union {
		uint64_t cookie;
		uint64_t handle;	/* knock, udp_recv */
	};
	union {
		uint64_t ptr;		/* recv, udp_recv */
		uint64_t bytes;		/* sent */
	};
	struct ix_addr addr;	/* knock, udp_recv */
};

/**
 * The page both sides see. The dataplane never trusts what it reads here: n_calls
 * is read once and bounded by the dataplane's own copy of max_calls, and the array
 * addresses are the dataplane's own, whatever is written here.
 */
struct ix_page {
	struct ix_event *events;
	struct ix_call *calls;
	uint32_t n_events;		/* valid entries of @events */
	uint32_t n_calls;		/* written by the application, then read once */
	uint32_t max_events;
	uint32_t max_calls;
	uint64_t now_ns;		/* start of this pass */
	/* What the application declares it did in this entry; a simulator prices it, hardware
	 * only counts it. The dataplane reads no array of it. */
	uint64_t app_cycles;		/* cycles of work */
	uint64_t app_requests;		/* requests served */
	uint64_t app_updates;		/* of them, requests that changed a stored object */
	uint64_t app_bytes;		/* payload bytes parsed or composed */
	uint32_t *objects;		/* hashes of the stored objects touched, or 0: not wanted */
	uint32_t n_objects;		/* written; the world empties it */
	uint32_t max_objects;
};

#endif
