/* SPDX-License-Identifier: MIT */
/*
 * tcp_impl.h - a connection, and what the files of core/tcp say to each other
 *
 * A connection is two cache lines that every segment touches (struct tcp_pcb) and a cold
 * half (struct tcp_cold) for timers, recovery and closing. Both are arrays indexed by
 * slot. Variables carry RFC 9293's names.
 *
 * A segment runs through
 *	tcp_rx (prediction) | tcp_segment (check -> ack -> text -> fin) -> conclude
 * and only conclude() (tcp_segment.c), tcp_flush() and tcp_output() send; and tcp_ecn_text()
 * acknowledges what came before a change of marks.
 */
#ifndef TCP_TCP_IMPL_H
#define TCP_TCP_IMPL_H

#include "base/seq.h"
#include "net/wire.h"
#include "tcp/tcp.h"
#include "tcp/tcp_cc.h"
#include "tcp/tcp_recovery.h"

/* RFC 9293 section 3.3.2. LISTEN is not a connection's state here: see tcp_listen.c. */
enum tcp_state {
	TCP_CLOSED,
	TCP_SYN_SENT,
	TCP_SYN_RCVD,
	TCP_ESTABLISHED,
	TCP_FIN_WAIT_1,
	TCP_FIN_WAIT_2,
	TCP_CLOSE_WAIT,
	TCP_CLOSING,
	TCP_LAST_ACK,
	TCP_TIME_WAIT,
};

/* tcp_pcb.flags */
enum {
	F_DIRTY = BIT(0),	/* in the list tcp_flush() visits */
	F_ACK_NOW = BIT(1),	/* acknowledge in this pass */
	F_ACK_LATER = BIT(2),	/* one segment unacknowledged: delayed ACK */
	F_OUTPUT = BIT(3),	/* data, FIN or a retransmission waits for room or window */
	F_BLOCKED = BIT(4),	/* the application wanted to send more than the window took */
	F_COOKIE = BIT(5),	/* the application has named it: events may be raised */
	F_CLOSED = BIT(6),	/* the application closed it: the handle is gone */
	F_FIN_WANTED = BIT(7),	/* our FIN follows the last byte accepted */
	F_FIN_SENT = BIT(8),
	F_FIN_RCVD = BIT(9),	/* the peer's FIN is in sequence */
	F_EOF_OWED = BIT(10),	/* ... and the application has not been told */
	F_UNDELIVERED = BIT(11), /* received bytes wait for accept or for event room */
	F_T_PACE = BIT(12),	/* deadline: cold->pace_at */
	F_TS = BIT(13),		/* RFC 7323 timestamps agreed */
	F_RECOVERY = BIT(14),	/* fast recovery, until SND.UNA reaches cold->recover */
	F_RTX = BIT(15),	/* behind a timeout, until SND.UNA reaches cold->recover */
	F_OOO = BIT(16),	/* something waits in reassembly, or a D-SACK for its ACK */
	F_T_RTO = BIT(17),	/* deadlines that are set */
	F_T_DELACK = BIT(18),
	F_T_PERSIST = BIT(19),
	F_T_WAIT = BIT(20),
	F_TIMER = BIT(21),	/* the wheel holds cold->timer, to fire at timer_at */
	F_ACTIVE = BIT(22),	/* we opened it */
	F_KNOCKED = BIT(23),	/* counted by its listener until accepted or gone */
	F_BACKOFF = BIT(24),	/* cold->backoff doublings, maybe 0, hold until an RTT sample;
				 * no loss probe before it (RFC 8985 section 7.3) */
	F_SENT_OWED = BIT(25),	/* acknowledged bytes wait for the NIC to let go, or for room */
	F_BOARD = BIT(26),	/* a scoreboard, or a loss probe that awaits its verdict */
	F_DEAD_OWED = BIT(27),	/* over, but something is undelivered or still in the NIC */
	F_ENDING = BIT(28),	/* only `dead` is left, until the NIC has let go of what it sends */
	F_PTO = BIT(29),	/* rto_at is not a retransmission timeout but cold->pto */
	F_ECN = BIT(30),	/* ECN agreed (RFC 3168) */
	F_T_KEEP = BIT(31),	/* keepalive, user timeout or linger: see tcp_keep.c */
};

/* With any of these a segment takes the long way. */
#define F_SLOW (F_BLOCKED | F_CLOSED | F_FIN_WANTED | F_FIN_RCVD | F_UNDELIVERED | F_RECOVERY | \
		F_RTX | F_OOO | F_T_PERSIST | F_SENT_OWED | F_BOARD | F_OUTPUT)

struct tcp_pcb {
	struct flow_node node;
	uint32_t snd_una;
	uint32_t snd_nxt;	/* highest sequence number sent + 1 */
	uint32_t snd_end;	/* end of what the application gave; FIN takes snd_end */
	uint32_t snd_wnd;	/* bytes, scaled */
	uint32_t snd_wl1, snd_wl2;
	uint32_t rcv_nxt;
	uint32_t rcv_adv;	/* right edge advertised; never moves left */
	uint32_t cwnd;		/* bytes */
	uint32_t rcv_held;	/* bytes in rcv_head: delivered or about to be */
	uint32_t flags;		/* F_* */
	uint16_t mss;		/* largest payload we send, options counted in */
	uint8_t state;		/* enum tcp_state */
	uint8_t scale;		/* SND.WS in bits 0-3, RCV.WS in bits 4-7 */

	uint64_t cookie;
	uint32_t gen;		/* of the slot; never 0 while in use */
	uint32_t dirty_next;	/* slot + 1 */
	struct mbuf *rcv_head, *rcv_tail;	/* in-order frames until recv_done */
	uint32_t snd_head, snd_tail;	/* struct snd_ref, index + 1 */
	uint32_t rto_at;	/* us, with F_T_RTO */
	uint32_t timer_at;	/* us, with F_TIMER */
	uint32_t srtt;		/* us << 3; 0 before the first sample */
	uint32_t rttvar;	/* us << 2; without a sample, a first timeout in us or 0 */
	uint32_t rtt_seq;	/* an acknowledgement beyond it makes the next RTT sample */
	uint32_t rcv_lim;	/* bytes the window may have now: see tcp_wnd.c */
} __attribute__((aligned(CACHE_LINE)));

_Static_assert(sizeof(struct tcp_pcb) == 2 * CACHE_LINE, "the hot half is two cache lines");

enum { TCP_SACK_MAX = 4 };	/* blocks that fit an option: RFC 2018 section 3 */

/** [from, to) of a sequence space; empty when both are equal. */
struct tcp_range {
	uint32_t from, to;
};

struct tcp_cold {
	struct timer timer;	/* one line: what delayed ACKs and a window that changes touch */
	struct tcp *tcp;
	uint32_t delack_at, persist_at, wait_at;	/* us */
	uint32_t max_snd_wnd, quick_end; /* quick_end: snd_end at the first text; with quick */
	uint8_t n_sack, quick;	/* quick: segments of text still to be acknowledged at once */
	bool starved;		/* in tcp.starved */
	bool nagle;		/* hold short segments while data is in flight */
	struct list link;	/* tcp.time_wait or tcp.starved */
	const struct tcp_cc_ops *cc;
	union tcp_cc cc_state;
	uint32_t ecn_end;	/* SND.NXT at the last reduction of cwnd, with ecn_held */
	bool ecn_held;		/* it was within this window of data: no other because of marks */
	bool ecn_cwr;		/* the next new data says CWR */
	bool ecn_echo;		/* what we send says ECE */
	bool ecn_asked;		/* a SYN of ours asked for ECN */
	bool ecn_mute;		/* ... and one did not: our data must not say ECT */
	struct mbuf *ooo;	/* reassembly queue by sequence number, no overlaps */
	struct mbuf *ooo_tail;	/* its last, while it is not empty */
	struct mbuf *undel;	/* first frame not delivered, with F_UNDELIVERED */
	uint32_t undel_bytes;
	uint32_t bucket;	/* of fg_table */
	uint32_t iss, irs;
	uint32_t fin_seq;	/* of the peer's FIN, with fin_seen */
	uint32_t ssthresh;
	uint32_t pass_us, pass_flight;	/* most bytes outstanding in that pass: see limited() */
	uint32_t recover;	/* RFC 6582; RecoveryPoint of RFC 6675 */
	/* The scoreboard, tcp_board.c: [SND.UNA, board_end) less the holes has been SACKed. */
	uint32_t holes, holes_tail;	/* struct snd_hole, index + 1, by sequence number */
	uint32_t board_end;
	uint32_t board_ref;	/* struct snd_ref at or before board_end, index + 1; 0: the first */
	uint32_t sacked;	/* bytes that have left the network, SACK or duplicate ACKs say */
	uint32_t lost;		/* bytes of holes with HOLE_LOST */
	/* RACK-TLP, tcp_rack.c (RFC 8985 section 5.3) */
	uint32_t rack_tx, rack_end;	/* RACK.xmit_ts, us, and RACK.end_seq */
	uint32_t rack_rtt, min_rtt;	/* us; 0: none yet */
	uint32_t min_rtt_at;		/* us, when min_rtt was measured */
	uint32_t rack_fack;		/* RACK.fack */
	uint32_t dsack_round;		/* one widening of the window a round trip: until here */
	uint32_t tlp_end;		/* TLP.end_seq, with tlp_out */
	/* Fast recovery, tcp_prr.c (RFC 9937), and its undoing, tcp_undo.c */
	uint32_t prr_delivered, prr_out, prr_flight;	/* bytes; the last one RecoverFS */
	uint32_t prior_cwnd, prior_ssthresh;	/* before the reduction, with undo */
	uint32_t dup_una;	/* SND.UNA at the last duplicate ACK */
	uint32_t undo_rtx;	/* segments sent again since, less those a D-SACK has explained */
	uint32_t rtx_ts;	/* TSval of the first of them, with rtx_ts_set (RFC 3522) */
	uint32_t pace_at;	/* us: the next segment may go (knob pacing) */
	uint32_t syn_us;	/* when the SYN was sent first */
	uint32_t ts_recent, ts_recent_at;	/* RFC 7323; at: us / 1024 */
	struct tcp_range sack[TCP_SACK_MAX];	/* held beyond RCV.NXT, the latest first */
	struct tcp_range dsack;	/* received twice and not reported yet: RFC 2883 */
	uint32_t size_seq;	/* first byte not taken when sizing of the window last began */
	uint32_t size_at;	/* us, when that was */
	uint32_t rexmit_segs;
	uint64_t rexmit_bytes;
	uint32_t last_ack_sent;
	uint32_t snd_cur;	/* struct snd_ref that holds SND.NXT or precedes it, index + 1 */
	uint32_t rtx_ref;	/* ... that the last retransmission began in, or 0 */
	uint32_t sent_owed;	/* bytes */
	uint32_t soft_una;
	uint32_t wait_mark;	/* netif.refs_mark at the end, with F_ENDING or sent_waits */
	uint32_t empty_acked_at; /* us: an unacceptable segment, empty or far, was answered */
	uint32_t challenge_at;	/* us: the challenge ACKs sent are paid for */
	uint32_t keep_at;	/* us, with F_T_KEEP */
	uint32_t keep_slice_us, user_timeout_us, linger_us;	/* 0: off */
	uint32_t keep_rcv, keep_una;	/* RCV.NXT and SND.UNA when last looked at */
	uint32_t stalled_at, stall_una;	/* us, and SND.UNA since; with stalled */
	uint32_t linger_at;	/* us: closed, and all must be acknowledged */
	uint8_t keep_silent;	/* looks in a row that found nothing new */
	bool keep_heard;	/* a segment came the slow way */
	bool stalled;
	uint16_t rcv_frames;	/* frames in the reassembly queue and waiting for delivery */
	uint16_t ooo_frames;
	uint16_t peer_mss;	/* from the SYN, options not counted in */
	uint16_t listener;
	uint16_t rtx_in_nic;	/* retransmitted frames the NIC still reads */
	uint16_t n_holes;
	uint8_t dupacks;	/* of a peer without SACK, for dup_una */
	uint8_t backoff;	/* RTO doublings, with F_BACKOFF */
	uint8_t probes;		/* zero-window probes in a row */
	uint8_t pto;		/* enum tcp_pto, with F_PTO */
	uint8_t reo_mult;	/* RACK.reo_wnd_mult */
	uint8_t reo_persist;	/* RACK.reo_wnd_persist */
	bool reordering;	/* RACK.reordering_seen */
	bool rack_valid;	/* rack_tx is */
	bool dsack_in_round;	/* dsack_round is */
	bool tlp_out;		/* a loss probe was sent and has no verdict */
	bool tlp_again;		/* TLP.is_retrans */
	bool rtx_due;		/* a timeout: one segment goes whatever the window says */
	bool undo;		/* the reduction can be taken back */
	bool frto;		/* the timeout may have been spurious (RFC 5682) */
	bool rtx_ts_set;
	bool sent_waits;	/* F_SENT_OWED because of first transmissions in the NIC */
	uint8_t retries;	/* timeouts without progress */
	bool fin_seen;
	bool soft_err;		/* ICMP says unreachable, about what begins at soft_una */
	bool partial;		/* a partial ACK has been seen in this recovery */
	bool syn_timed, syn_again;	/* the SYN has been sent; more than once */
	bool wscale;		/* window scaling agreed */
	bool sack_ok;		/* the peer takes SACK: RFC 2018 section 2 */
	uint8_t why;		/* enum tcp_end_reason, with F_ENDING */
} __attribute__((aligned(CACHE_LINE)));

/** A segment being processed; host order. */
struct tcp_seg {
	struct mbuf *m;		/* payload; NULL once taken */
	uint32_t seq, ack, wnd;	/* wnd as on the wire, not scaled */
	uint32_t len;		/* payload bytes */
	uint32_t tsval, tsecr;
	const uint8_t *opts;	/* in the frame */
	uint8_t opts_len;
	uint8_t flags;		/* TH_* */
	bool has_ts;
};

/** What a step decided: go on, or drop with or without an answer. */
enum verdict {
	V_NEXT,
	V_DROP,
	V_ACK,		/* drop, acknowledge */
	V_CHALLENGE,	/* drop, challenge ACK (RFC 5961), rate limited */
	V_RST,		/* drop, answer with RST, the connection stays */
	V_ABORT,	/* answer with RST, the connection ends as aborted */
	V_GONE,		/* the connection has ended: touch it no more */
};

struct tcp_opts {
	uint16_t mss;		/* 0: absent */
	uint8_t wscale;		/* 0 .. 14 */
	bool has_wscale, has_ts, sack_ok;
	uint32_t tsval, tsecr;
	const uint8_t *sack;	/* of the header: n_sack blocks of 8 bytes; NULL: absent */
	uint8_t n_sack;
};

static inline uint32_t tcp_slot(const struct tcp *t, const struct tcp_pcb *p)
{
	return (uint32_t)(p - t->pcbs);
}

static inline struct tcp_cold *tcp_cold(const struct tcp *t, const struct tcp_pcb *p)
{
	return &t->colds[tcp_slot(t, p)];
}

static inline uint8_t tcp_snd_scale(const struct tcp_pcb *p) { return p->scale & 15; }
static inline uint8_t tcp_rcv_scale(const struct tcp_pcb *p) { return p->scale >> 4; }
static inline uint32_t tcp_flight(const struct tcp_pcb *p) { return p->snd_nxt - p->snd_una; }
static inline bool us_before(uint32_t a, uint32_t b) { return (int32_t)(a - b) < 0; }

static inline uint64_t tcp_handle(const struct tcp *t, const struct tcp_pcb *p)
{
	return (uint64_t)p->gen << 32 | tcp_slot(t, p);
}

static inline struct snd_hole *tcp_hole(const struct tcp *t, uint32_t i)
{
	return &t->holes[i - 1];
}

static inline struct snd_ref *tcp_ref(const struct tcp *t, uint32_t i)
{
	return &t->refs[i - 1];
}

static inline uint32_t tcp_ref_index(const struct tcp *t, const struct snd_ref *r)
{
	return (uint32_t)(r - t->refs) + 1;
}

/** Have tcp_resume() and tcp_flush() look at @p. */
static inline void tcp_dirty(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t me;

	if (p->flags & F_DIRTY)
		return;
	me = tcp_slot(t, p) + 1;
	p->flags |= F_DIRTY;
	p->dirty_next = 0;
	*(t->dirty_tail ? &t->pcbs[t->dirty_tail - 1].dirty_next : &t->dirty_head) = me;
	t->dirty_tail = me;
}

/** Bytes in the network: outstanding, neither reported nor deemed lost (RFC 6675 pipe). */
static inline uint32_t tcp_pipe(const struct tcp *t, const struct tcp_pcb *p)
{
	uint32_t flight = tcp_flight(p), gone;

	if (likely(!(p->flags & F_BOARD)))
		return flight;
	gone = tcp_cold(t, p)->sacked + tcp_cold(t, p)->lost;
	return flight > gone ? flight - gone : 0;
}

/** Bytes sendv would accept now: the smaller window less what it already took. */
static inline uint32_t tcp_snd_usable(const struct tcp *t, const struct tcp_pcb *p)
{
	uint32_t used = p->snd_end - p->snd_una;
	uint32_t wnd = p->snd_wnd > used ? p->snd_wnd - used : 0;

	/* What is lost will be sent again: it counts. */
	if (unlikely(p->flags & F_BOARD))
		used -= MIN(used, tcp_cold(t, p)->sacked);
	return MIN(wnd, p->cwnd > used ? p->cwnd - used : 0);
}

/** At most @eighths of the pool's frames are left. */
static inline bool tcp_wnd_scarce(const struct tcp *t, uint32_t eighths)
{
	return mempool_avail(t->nif->pool) <= t->nif->pool->pool.n / 8 * eighths;
}

/* tcp_wnd.c: how large the window may be, and what memory has to say about it */
void tcp_wnd_init(struct tcp *t, struct tcp_pcb *p);
uint32_t tcp_wnd_open(struct tcp *t, struct tcp_pcb *p, uint32_t growth);
bool tcp_wnd_withheld(struct tcp *t, struct tcp_pcb *p);
void tcp_wnd_settled(struct tcp *t, struct tcp_pcb *p);
void tcp_wnd_revisit(struct tcp *t);

/** How far the right edge could move now: what is free and not announced yet. */
static inline uint32_t tcp_rcv_growth(const struct tcp_pcb *p)
{
	int32_t growth = (int32_t)(p->rcv_lim - p->rcv_held - (p->rcv_adv - p->rcv_nxt));

	return growth > 0 ? (uint32_t)growth : 0;
}

/** RCV.WND to advertise: never moves the right edge left, and not by slivers (3.8.6.2.2). */
static inline uint32_t tcp_rcv_wnd(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t wnd = p->rcv_adv - p->rcv_nxt, growth = tcp_rcv_growth(p);

	if (likely(growth < t->wnd_step))
		return wnd;
	return wnd + tcp_wnd_open(t, p, growth);
}

void tcp_rcv_quick(struct tcp *t, struct tcp_pcb *p);
/** Bytes [rcv_nxt, rcv_nxt + @len) are ours now. Decides on the acknowledgement. */
static inline void tcp_rcv_took(struct tcp *t, struct tcp_pcb *p, uint32_t len)
{
	p->rcv_held += len;
	p->rcv_nxt += len;
	p->flags |= p->flags & F_ACK_LATER ? F_ACK_NOW : F_ACK_LATER;
	if (unlikely(t->cfg.quickack))
		tcp_rcv_quick(t, p);
	tcp_dirty(t, p);
}

/** ... and they are in @m. */
static inline void tcp_rcv_append(struct tcp *t, struct tcp_pcb *p, struct mbuf *m, uint32_t len)
{
	m->next = NULL;
	*(p->rcv_head ? &p->rcv_tail->next : &p->rcv_head) = m;
	p->rcv_tail = m;
	tcp_rcv_took(t, p, len);
}

/** Slow start: L = 2 SMSS, one behind a timeout (RFC 5681 section 3.1, RFC 3465 section 2.3). */
static inline void tcp_cc_slow_start(struct tcp_pcb *p, uint32_t acked)
{
	uint32_t limit = (p->flags & F_RTX ? 1u : 2u) * p->mss;

	p->cwnd = MIN(p->cwnd + MIN(acked, limit), TCP_CWND_MAX);
}

/** RTO in us after @backoff doublings, within the knobs' floor and ceiling. (2.1) - (2.5) */
static inline uint32_t tcp_rtt_rto(const struct tcp *t, const struct tcp_pcb *p, uint8_t backoff)
{
	uint32_t g = 16, rto = t->cfg.rto_init_us;	/* G: a tick of the wheel */

	if (likely(p->srtt != 0))
		rto = (p->srtt >> 3) + MAX(g, p->rttvar);
	else if (p->rttvar != 0)
		rto = p->rttvar;		/* the SYN was lost: see tcp_hs.c */
	rto = MAX(rto, t->cfg.rto_min_us);
	if (unlikely(backoff > 0))
		rto = (uint32_t)MIN((uint64_t)rto << MIN(backoff, 16), UINT32_MAX);
	return MIN(rto, t->cfg.rto_max_us);
}

/* tcp_pcb.c: life of a slot */
struct tcp_pcb *tcp_pcb_new(struct tcp *t, const struct flow *f);
void tcp_pcb_free(struct tcp *t, struct tcp_pcb *p);
struct tcp_pcb *tcp_pcb_find(const struct tcp *t, const struct flow *f, uint32_t rss);
void tcp_set_state(struct tcp *t, struct tcp_pcb *p, enum tcp_state next);
/* The application hears `dead` (if it knows the connection) and the slot is freed; not before
 * the NIC has let go of the application's memory. */
void tcp_end(struct tcp *t, struct tcp_pcb *p, enum tcp_end_reason why);
/* F_ENDING: raise `dead` if the NIC has let go; false: not yet. */
bool tcp_end_raise(struct tcp *t, struct tcp_pcb *p);
/* As tcp_end(TCP_END_CLOSED), but not before everything received has been delivered. */
void tcp_finish(struct tcp *t, struct tcp_pcb *p);
uint32_t tcp_rss(const struct tcp *t, const struct flow *f);
/** Asserts what must hold between segments. For tests; cost is linear in what is queued. */
void tcp_check_pcb(const struct tcp *t, const struct tcp_pcb *p);

/* tcp_opts.c */
int tcp_opts_decode(struct tcp_opts *o, const uint8_t *p, size_t len);
bool tcp_opts_ts(struct tcp_seg *s);
uint32_t tcp_ts_now(const struct tcp *t);

/* tcp_check.c: first to fourth step of RFC 9293 3.10.7.4 */
enum verdict tcp_check_seq(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
enum verdict tcp_check_rst(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);
enum verdict tcp_check_syn(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);

bool tcp_check_far(const struct tcp *t, const struct tcp_pcb *p, uint32_t seq);

/* tcp_segment.c */
enum { TCP_EMPTY_ACK_US = 10000 };	/* between answers to empty or far segments */
void tcp_segment(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);

/* tcp_hs.c */
enum verdict tcp_hs_syn_sent(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
enum verdict tcp_hs_syn_rcvd(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
void tcp_hs_take_syn(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s,
		     const struct tcp_opts *o);
uint32_t tcp_hs_iss(const struct tcp *t, const struct flow *f);

/* tcp_cookie.c: RFC 4987 section 3.6 */
void tcp_cookie_send(struct tcp *t, struct tcp_listener *l, const struct flow *f,
		     const struct tcp_seg *s, const struct tcp_opts *o);
struct tcp_pcb *tcp_cookie_take(struct tcp *t, struct tcp_listener *l, const struct flow *f,
				const struct tcp_seg *s);

/* tcp_listen.c */
struct tcp_listener *tcp_listener_of(struct tcp *t, uint16_t port);
void tcp_listen_syn(struct tcp *t, struct tcp_listener *l, const struct flow *f,
		    struct tcp_seg *s, const uint32_t *beyond);
struct tcp_pcb *tcp_listen_open(struct tcp *t, struct tcp_listener *l, const struct flow *f,
				const struct tcp_seg *syn, const struct tcp_opts *o, uint32_t iss);
void tcp_listen_full_open(struct tcp *t, const struct tcp_pcb *p);
void tcp_listen_unpend(struct tcp *t, struct tcp_pcb *p);
void tcp_listen_knock(struct tcp *t, struct tcp_pcb *p);

/* tcp_snd.c: fifth step, and the send queue */
enum verdict tcp_snd_ack(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
uint32_t tcp_snd_acked(struct tcp *t, struct tcp_pcb *p, uint32_t ack, nsec arrival);
void tcp_snd_owe(struct tcp *t, struct tcp_pcb *p, uint32_t bytes);
void tcp_snd_mark(struct tcp *t);
void tcp_snd_tell(struct tcp *t, struct tcp_pcb *p, uint32_t bytes);
void tcp_snd_drop_refs(struct tcp *t, struct tcp_pcb *p);

/* tcp_ecn.c: RFC 3168, RFC 8257 section 3.2 */
uint8_t tcp_ecn_syn(const struct tcp *t, const struct tcp_pcb *p);
void tcp_ecn_syn_sent(const struct tcp *t, const struct tcp_pcb *p, uint8_t flags);
bool tcp_ecn_willing(const struct tcp *t, const struct tcp_cc_ops *cc);
void tcp_ecn_agree(struct tcp *t, struct tcp_pcb *p, uint8_t flags);
bool tcp_ecn_fast(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);
bool tcp_ecn_ack(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);
void tcp_ecn_text(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);
void tcp_ecn_stamp(struct tcp *t, struct tcp_pcb *p, struct mbuf *m, bool fresh);

/** The window has shrunk, for any reason. RFC 3168 section 6.1.2. */
static inline void tcp_ecn_reduced(const struct tcp_pcb *p, struct tcp_cold *c)
{
	c->ecn_end = p->snd_nxt;
	c->ecn_held = c->ecn_cwr = true;
}

/* tcp_rcv.c: seventh step, reassembly's result, delivery */
enum verdict tcp_rcv_text(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
void tcp_rcv_deliver(struct tcp *t, struct tcp_pcb *p);
void tcp_rcv_drop_all(struct tcp *t, struct tcp_pcb *p);

/* tcp_ooo.c: reassembly queue */
void tcp_ooo_insert(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
void tcp_ooo_collect(struct tcp *t, struct tcp_pcb *p);
void tcp_ooo_drop(struct tcp *t, struct tcp_pcb *p);

/* tcp_sack_rx.c: what we tell the peer of it. RFC 2018, RFC 2883 */
void tcp_sack_held(struct tcp_cold *c, uint32_t from, uint32_t to);
void tcp_sack_twice(struct tcp_pcb *p, struct tcp_cold *c, uint32_t from, uint32_t to);
bool tcp_sack_due(const struct tcp_cold *c);
void tcp_sack_idle(struct tcp_pcb *p, const struct tcp_cold *c);
void tcp_sack_put(struct tcp *t, struct tcp_pcb *p, struct mbuf *m);

/* tcp_close.c: eighth step and the states after ESTABLISHED */
enum verdict tcp_close_fin(struct tcp *t, struct tcp_pcb *p);
enum verdict tcp_close_acked(struct tcp *t, struct tcp_pcb *p);
enum verdict tcp_close_time_wait(struct tcp *t, struct tcp_pcb *p, struct tcp_seg *s);
bool tcp_close_reuse(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s);

/* tcp_tx.c: building segments */
enum { TX_REXMIT = BIT(0) };
uint32_t tcp_tx_data(struct tcp *t, struct tcp_pcb *p, uint32_t seq, uint32_t len, uint8_t flags,
		     uint32_t how);
bool tcp_tx_one(struct tcp *t, struct tcp_pcb *p, const struct mbuf_frag *sg);
void tcp_tx_ack(struct tcp *t, struct tcp_pcb *p);
void tcp_tx_probe(struct tcp *t, struct tcp_pcb *p);
void tcp_tx_syn(struct tcp *t, struct tcp_pcb *p);
bool tcp_tx_syn_for(struct tcp *t, const struct flow *f, uint32_t seq, uint32_t ack, uint8_t flags,
		    const struct tcp_opts *say);
void tcp_tx_rst(struct tcp *t, struct tcp_pcb *p);
void tcp_tx_rst_for(struct tcp *t, const struct flow *f, const struct tcp_seg *s);
void tcp_tx_challenge(struct tcp *t, struct tcp_pcb *p);

/* tcp_output.c: what may be sent now */
void tcp_output(struct tcp *t, struct tcp_pcb *p);

/* tcp_rtt.c: RFC 6298 */
void tcp_rtt_sample(struct tcp_pcb *p, uint32_t tx_us, uint32_t arrival_us);
void tcp_rtt_min(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c,
		 uint32_t rtt_us);

/* tcp_timer.c: the only file that arms or cancels */
void tcp_timer_set(struct tcp *t, struct tcp_pcb *p, uint32_t at_us);
void tcp_timer_restart_rto(struct tcp *t, struct tcp_pcb *p);
void tcp_timer_sent_more(struct tcp *t, struct tcp_pcb *p);
void tcp_timer_reorder(struct tcp *t, struct tcp_pcb *p, uint32_t us);
void tcp_timer_pace(struct tcp *t, struct tcp_pcb *p, uint32_t at_us);
void tcp_timer_ack_owed(struct tcp *t, struct tcp_pcb *p);
void tcp_timer_persist(struct tcp *t, struct tcp_pcb *p);
void tcp_timer_wait(struct tcp *t, struct tcp_pcb *p, uint32_t us);
void tcp_timer_keep(struct tcp *t, struct tcp_pcb *p, uint32_t at_us);
void tcp_timer_stop(struct tcp *t, struct tcp_pcb *p);
timer_fn tcp_timer_fire;

/** Does the NIC still have a frame of @p that was first sent at @tx_us, or was sent again? Then
 * its memory is not the application's yet, whatever the peer acknowledges. May say so needlessly
 * of a NIC that has held on to a frame for longer than times in us are told apart. */
static inline bool tcp_snd_in_nic(struct tcp *t, const struct tcp_pcb *p, uint32_t tx_us)
{
	nsec oldest;

	if (t->nif->refs == 0)
		return false;
	netif_refs_settle(t->nif);
	oldest = t->mark_at[t->nif->refs_oldest % NETIF_MARKS];
	return tcp_cold(t, p)->rtx_in_nic > 0 ||
	       t->now - oldest > INT32_MAX * NSEC_PER_USEC ||
	       !us_before(tx_us, (uint32_t)(oldest / NSEC_PER_USEC));
}

/** Call after sending the only segment outstanding of a connection without a past. */
static inline void tcp_timer_one_sent(struct tcp *t, struct tcp_pcb *p)
{
	uint32_t rto = tcp_rtt_rto(t, p, 0);

	if (unlikely(rto > TCP_ACK_DELAY_US)) {
		tcp_timer_sent_more(t, p);
		return;
	}
	p->flags = (p->flags | F_T_RTO) & ~(uint32_t)(F_T_PERSIST | F_PTO);
	p->rto_at = t->now_us + rto;
	if (unlikely(!(p->flags & F_TIMER) || us_before(p->rto_at, p->timer_at)))
		tcp_timer_set(t, p, p->rto_at);
}

/** Call after sending what must be acknowledged. RFC 6298 (5.1), RFC 8985 section 7.2. */
static inline void tcp_timer_data_sent(struct tcp *t, struct tcp_pcb *p)
{
	if (unlikely(tcp_flight(p) > p->mss || p->snd_head != p->snd_tail ||
		     (p->flags & (F_RTX | F_BACKOFF)) || p->state < TCP_ESTABLISHED)) {
		tcp_timer_sent_more(t, p);
		return;
	}
	p->flags &= ~(uint32_t)F_T_PERSIST;
	if (!(p->flags & F_T_RTO))
		tcp_timer_one_sent(t, p);
}

/** Call after SND.UNA advances. RFC 6298 (5.2), (5.3). */
static inline void tcp_timer_data_acked(struct tcp *t, struct tcp_pcb *p)
{
	if (unlikely((p->flags & F_RECOVERY) && tcp_cold(t, p)->partial))
		return;		/* only the first partial ACK restarts it: RFC 6582 3.2 */
	p->flags &= ~(uint32_t)(F_T_RTO | F_PTO);
	if (p->snd_una != p->snd_nxt)
		tcp_timer_data_sent(t, p);
}

/* tcp_keep.c: keepalive, user timeout, linger */
void tcp_keep_open(struct tcp *t, struct tcp_pcb *p);
void tcp_keep_stalled(struct tcp *t, struct tcp_pcb *p, uint32_t since_us);
void tcp_keep_closed(struct tcp *t, struct tcp_pcb *p);
void tcp_keep_due(struct tcp *t, struct tcp_pcb *p);

/* tcp_ports.c: RFC 6056 within queue affinity */
int32_t tcp_port_pick(struct tcp *t, ip_addr raddr, uint16_t rport);
void tcp_port_free(struct tcp *t, uint16_t port);

#endif
