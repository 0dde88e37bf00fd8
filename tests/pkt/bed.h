/* SPDX-License-Identifier: MIT */
/*
 * bed.h - one dataplane on a scripted wire: what a TCP test of tests/pkt/ stands on
 *
 * A bed is a whole struct dp, entered as a backend enters it, on a NIC whose wire is the
 * script, a clock that only the script moves, and an application that logs every event and
 * makes the calls it is told to. tcp_check_pcb() runs on every connection after every pass.
 *
 * Sequence numbers in scripts are relative to the initial ones, which are 0xffffff00 on
 * both sides: a SYN is at 0, the first byte at 1, the 256th wraps. The stream's bytes are
 * a function of their number: both directions are verified as they pass.
 *
 * A script takes frames and events off in order; bed_done() fails on any it left, and on
 * a frame, reference, timer, port or connection that outlives the closing of everything.
 * Not here: running cases twice and comparing their wires (main.c).
 */
#ifndef TESTS_PKT_BED_H
#define TESTS_PKT_BED_H

#include "dp/dp_impl.h"
#include "ix/abi.h"
#include "tcp/tcp_impl.h"

enum { FIN = TH_FIN, SYN = TH_SYN, RST = TH_RST, PSH = TH_PSH, ACK = TH_ACK, URG = TH_URG,
       ECE = TH_ECE, CWR = TH_CWR };

enum {
	BED_MSS = 1000,		/* both sides' */
	BED_WND = 60000,	/* what the peer advertises by default, unscaled */
	BED_RCV_WND = 16000,	/* what we do */
	BED_CONNS = 24,		/* a bed can talk about */
	BED_TABLE = 12,		/* connections the dataplane can have */
	BED_MBUFS = 512,
	BED_RTT_US = 10000,	/* of the handshake in bed_go() */
};

#define BED_ISN 0xffffff00u
#define MSEC NSEC_PER_MSEC
#define SEC NSEC_PER_SEC

/** [from, to) of a stream, as a SACK block says it. */
struct bed_range {
	uint32_t from, to;
};

/** A segment, from the peer or from us; what is zero is a default or not compared. */
struct bed_seg {
	uint8_t flags;
	uint32_t seq, ack;	/* relative */
	uint32_t len;
	uint8_t ecn;		/* IP_ECN_*; compared always */
	uint32_t wnd;		/* as on the wire; 0: BED_WND, or not compared */
	bool zero_wnd;		/* a window of 0 */
	uint16_t mss;		/* options of a SYN; mss 0: BED_MSS, or not compared */
	bool no_mss;
	bool has_ws, no_ws;	/* no_*: the option must be absent (sent: always is) */
	uint8_t ws;
	bool sack_ok, no_sack_ok; /* SACK-permitted */
	bool has_ts, no_ts;
	uint32_t tsval, tsecr;
	const uint8_t *opts;	/* sent: instead of all options */
	uint8_t opts_len;	/* multiple of 4 */
	uint16_t urp;
	uint8_t off_words;	/* sent: a lie about the header's length */
	bool bad_csum, bad_seq_abs;
	nsec ago;		/* sent: arrived so long before the pass */
	uint32_t n_sack;	/* SACK blocks; 0: none sent, or not compared */
	struct bed_range sack[4]; /* relative: to irs when we say it, to iss when the peer does */
	bool no_sack;		/* we must have sent none */
};

#define SEG(fl, s, a, n, ...) \
	((struct bed_seg){ .flags = (fl), .seq = (uint32_t)(s), .ack = (uint32_t)(a), \
			   .len = (uint32_t)(n), __VA_ARGS__ })

/** A connection as its peer and the application know it. */
struct bed_conn {
	uint16_t lport, rport;
	uint32_t iss, irs;
	bool active, heard;	/* heard: iss is known */
	uint64_t handle;	/* 0 before knock or connect */
	uint32_t tx_off;	/* of the next byte to be given to sendv */
	uint32_t rx_off;	/* of the next byte to be delivered */
	uint32_t undone;	/* delivered and not given back */
	bool ts;		/* the peer puts timestamps on every segment */
	uint32_t tsval, tsecr;	/* to be sent next */
	bool edge_known;
	uint32_t edge;		/* right edge of our window, as the wire says */
	uint8_t our_ws, peer_ws;
};

struct bed_event {
	uint32_t nr;
	uint32_t conn;
	int64_t value;		/* knock: local port; connected: outcome; recv: length;
				 * sent: bytes; dead: reason; timer: 0 */
	uint32_t window;
	const uint8_t *p;
};

enum { BED_LOG = 512, BED_CALLS = 64, BED_WIN = 1 << 20, BED_RING = 256 };

struct bed {
	struct dp *dp;
	struct dp_cfg cfg;
	nsec now;
	struct work work;
	uint32_t cur;		/* connection the script is talking about */
	struct bed_conn conn[BED_CONNS];
	/* wire */
	struct nic nic;
	struct mempool pool;
	struct mbuf *rx[BED_RING];
	uint32_t rx_n;
	struct { struct bed_seg seg; uint32_t conn; } tx[BED_LOG];
	uint32_t tx_pos, tx_n;
	uint32_t tx_room;	/* frames the ring takes until it is full */
	bool tx_hold;		/* the NIC keeps what it is given */
	struct mbuf *held[BED_LOG];
	uint32_t n_held;
	uint32_t icmp_seen;
	/* application */
	struct user user;
	uint8_t *win;		/* two copies of the stream, BED_WIN bytes each */
	struct bed_event ev[BED_LOG];
	uint32_t ev_pos, ev_n;
	struct ix_call calls[BED_CALLS];
	uint32_t n_calls;
	uint32_t n_calls_claim;	/* what the page is told instead, if not 0 */
	bool auto_done;		/* give back everything at once */
	void (*hook)(struct bed *b, struct ix_page *page);	/* runs last in the application */
	/* memory */
	struct core_env core;
	void *mem[32];
	uint32_t n_mem;
	uint32_t avail_base;
};

/* What main.c sets before a case and reads behind it. */
extern bool bed_fast_path;	/* of every bed made from now on */
extern uint64_t bed_hash;	/* of every frame sent and event raised since it was set */

/* --- bed.c: life --- */

/** Defaults of every test: the knobs' own but for small numbers that are easy to count in. */
struct dp_cfg bed_cfg(void);
struct bed *bed_new(const struct dp_cfg *cfg);
/** Close everything, wait for it to be gone, and look at what is left. Frees @b. */
void bed_done_at(struct bed *b, const char *file, int line);
#define bed_done(b) bed_done_at(b, __FILE__, __LINE__)

/** One pass, and as many more as are due at once. */
void bed_pass(struct bed *b);
void bed_pass_once(struct bed *b);
/** Let @ns pass; the dataplane runs when it wants to. */
void bed_tick(struct bed *b, nsec ns);
/** Time from now to the next frame, at most @max: the clock is left there. */
nsec bed_tick_to_frame(struct bed *b, nsec max);

struct tcp_pcb *bed_pcb(struct bed *b);		/* of b->cur, or NULL */
struct tcp_cold *bed_cold(struct bed *b);
enum tcp_state bed_state(struct bed *b);
uint64_t bed_stat(struct bed *b, enum stat id);
void bed_fail(const char *file, int line, const char *fmt, ...)
	__attribute__((format(printf, 3, 4)));

/* --- bed_go.c: named states --- */

/** A fresh bed whose connection 0 is in @s, opened by the peer and accepted. */
struct bed *bed_in(enum tcp_state s);
struct bed *bed_in_active(enum tcp_state s);
struct bed *bed_in_cfg(const struct dp_cfg *cfg, enum tcp_state s);
/** Take b->cur from nothing to @s; closes are half closes where both directions go on. */
void bed_go(struct bed *b, enum tcp_state s);
void bed_go_active(struct bed *b, enum tcp_state s);
/** Move the clock so that a connection opened now gets BED_ISN. */
void bed_align_iss(struct bed *b);
/** Established with this SYN (and the rest by default). */
void bed_open_with(struct bed *b, struct bed_seg syn);
/** A fresh bed whose connection 0 was opened so; and by a peer with SACK and timestamps. */
struct bed *bed_in_syn(const struct dp_cfg *cfg, struct bed_seg syn);
struct bed *bed_in_sack_ts(void);
extern const char *const bed_state_name[];

/* --- bed_wire.c: frames --- */

/** Put a frame in the RX ring; no pass runs. */
void bed_queue(struct bed *b, struct bed_seg seg);
void bed_rx(struct bed *b, struct bed_seg seg);		/* and a pass */
void bed_queue_raw(struct bed *b, const uint8_t *frame, uint32_t len);
/** An ICMP error quoting our segment at relative @seq. */
void bed_rx_icmp(struct bed *b, uint8_t type, uint8_t code, uint16_t mtu, uint32_t seq);
void bed_let_go(struct bed *b);				/* the NIC frees what it held */
void bed_expect_at(struct bed *b, const char *file, int line, struct bed_seg want);
void bed_expect_nothing_at(struct bed *b, const char *file, int line);
#define bed_expect(b, ...) bed_expect_at(b, __FILE__, __LINE__, __VA_ARGS__)
#define bed_expect_nothing(b) bed_expect_nothing_at(b, __FILE__, __LINE__)
/** The next frame taken off, whatever it is; flags 0 when there is none. */
struct bed_seg bed_take(struct bed *b);
void bed_forget_tx(struct bed *b);
uint32_t bed_tx_waiting(const struct bed *b);
extern const struct nic_ops bed_nic_ops;

/* --- bed_app.c: the application --- */

/** Make one call; returns its return code. */
int64_t bed_call(struct bed *b, struct ix_call c);
/** Send the next @len bytes of the stream; returns what was accepted. */
int64_t bed_sendv(struct bed *b, uint32_t len);
/** The next @n pieces of @len bytes each, no two adjacent in memory. */
int64_t bed_send_pieces(struct bed *b, uint32_t n, uint32_t len);
int64_t bed_recv_done(struct bed *b, uint64_t bytes);
int64_t bed_close(struct bed *b, enum ix_close_mode mode);
int64_t bed_accept(struct bed *b);
int64_t bed_connect(struct bed *b);
void bed_expect_event_at(struct bed *b, const char *file, int line, uint32_t nr, int64_t value);
#define bed_expect_event(b, nr, value) bed_expect_event_at(b, __FILE__, __LINE__, nr, value)
void bed_expect_no_event_at(struct bed *b, const char *file, int line);
#define bed_expect_no_event(b) bed_expect_no_event_at(b, __FILE__, __LINE__)
/** As bed_expect_event(IX_EV_SENT), and the window it says. */
void bed_expect_sent_at(struct bed *b, const char *file, int line, int64_t bytes, uint32_t window);
#define bed_expect_sent(b, bytes, window) \
	bed_expect_sent_at(b, __FILE__, __LINE__, bytes, window)
void bed_forget_events(struct bed *b);
extern const struct user_ops bed_user_ops;

/** Fold @len bytes into bed_hash. */
void bed_mix(const void *p, size_t len);
/** Byte @i of what we send (@dir 0) or the peer sends (@dir 1). */
uint8_t bed_byte(uint32_t i, uint32_t dir);

static inline uint64_t bed_cookie(uint32_t conn) { return 0x1000 + conn; }

#endif
