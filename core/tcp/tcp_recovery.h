/* SPDX-License-Identifier: MIT */
/*
 * tcp_recovery.h - how what was lost is found, repaired and answered
 *
 * An acknowledgement is read into struct tcp_acked and the scoreboard, in this order:
 *	tcp_board (what has left the network) -> tcp_rack (what is lost) -> tcp_loss (what that
 *	means) -> tcp_prr (how much may be sent) | tcp_undo (nothing had been lost)
 * and tcp_output.c sends. The part of tcp_impl.h that only these files and it need.
 */
#ifndef TCP_TCP_RECOVERY_H
#define TCP_TCP_RECOVERY_H

#include "base/types.h"

struct tcp;
struct tcp_pcb;
struct tcp_cold;
struct tcp_seg;

/** A run of bytes sent and not reported by the peer: RFC 6675's scoreboard, inside out. */
struct snd_hole {
	uint32_t seq, end;	/* [seq, end); a FIN counts */
	uint32_t tx_us;		/* when the last of it was last sent */
	uint32_t next;		/* index + 1, 0 at the end */
	uint32_t flags;		/* HOLE_* */
} __attribute__((aligned(8)));		/* pools hand out multiples of 8 bytes */

enum {
	HOLE_LOST = BIT(0),	/* deemed lost and not sent again since */
	HOLE_AGAIN = BIT(1),	/* has been sent more than once */
};

/* What rto_at means with F_PTO. */
enum tcp_pto { PTO_PROBE, PTO_REORDER };

/** What one acknowledgement has told about what we sent. */
struct tcp_acked {
	uint32_t una;		/* SND.UNA before it */
	uint32_t ack;		/* ... and behind it */
	uint32_t flight;	/* bytes outstanding before it */
	uint32_t delivered;	/* bytes newly out of the network (RFC 9937 DeliveredData) */
	uint32_t arrival_us;
	uint32_t tsecr;
	uint32_t dsacked;	/* bytes a D-SACK names (RFC 2883) */
	bool has_ts;
	bool again;		/* nothing in it is new */
	bool dup;		/* ... while something is outstanding: RFC 5681 section 2 */
	bool dsack;
	bool original;		/* delivered something that had been sent once */
	bool rtt_taken;
};

/* tcp_board.c: RFC 2018, RFC 6675 section 4 */
enum { TCP_HOLES_MAX = 128 };	/* of one connection: bounds what an acknowledgement costs */
void tcp_board_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a);
void tcp_board_sack(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a,
		    uint32_t from, uint32_t to);
bool tcp_board_extend(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, uint32_t end);
void tcp_board_extend_sent(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
			   uint32_t before_us);
bool tcp_board_cut(struct tcp *t, struct tcp_cold *c, uint32_t seq);
void tcp_board_lose(struct tcp_cold *c, struct snd_hole *h);
void tcp_board_lose_first(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, bool again);
void tcp_board_lose_all(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
void tcp_board_lose_none(struct tcp *t, struct tcp_cold *c);
struct snd_hole *tcp_board_lost(struct tcp *t, const struct tcp_cold *c);
void tcp_board_sent(struct tcp *t, struct tcp_cold *c, uint32_t seq, uint32_t len);
void tcp_board_settle(struct tcp_pcb *p, const struct tcp_cold *c);
void tcp_board_reset(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);

/* tcp_sacked.c: the blocks a peer sends */
void tcp_sacked_take(struct tcp *t, struct tcp_pcb *p, const struct tcp_seg *s,
		     struct tcp_acked *a);

/* tcp_rack.c: RFC 8985 */
enum { TCP_ACK_DELAY_US = 200 * 1000 };	/* TLP.max_ack_delay: one segment may be waited with */
void tcp_rack_delivered(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, struct tcp_acked *a,
			const struct snd_hole *h, uint32_t end);
void tcp_rack_dsack(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a);
void tcp_rack_recovered(struct tcp_cold *c);
void tcp_rack_detect(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
void tcp_rack_timed_out(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c);
bool tcp_rack_pto(const struct tcp *t, const struct tcp_pcb *p, uint32_t *us);
void tcp_rack_probe(struct tcp *t, struct tcp_pcb *p);
bool tcp_rack_verdict(struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a);

/* tcp_prr.c: RFC 9937 */
void tcp_prr_begin(const struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a);
void tcp_prr_acked(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c,
		   const struct tcp_acked *a, bool more_lost);

/* tcp_undo.c: RFC 5682, RFC 3522, RFC 4015, RFC 3708 */
void tcp_undo_save(const struct tcp *t, const struct tcp_pcb *p, struct tcp_cold *c);
bool tcp_undo_try(struct tcp *t, struct tcp_pcb *p, struct tcp_cold *c, const struct tcp_acked *a);

/* tcp_loss.c: RFC 5681, 6582, 6675, 6298 section 5 */
void tcp_loss_open(struct tcp *t, struct tcp_pcb *p, uint32_t acked, uint32_t flight);
void tcp_loss_ack(struct tcp *t, struct tcp_pcb *p, struct tcp_acked *a);
void tcp_loss_check(struct tcp *t, struct tcp_pcb *p);
void tcp_loss_timeout(struct tcp *t, struct tcp_pcb *p);
void tcp_loss_idle(struct tcp *t, struct tcp_pcb *p);
bool tcp_loss_retry(struct tcp *t, struct tcp_pcb *p);

#endif
