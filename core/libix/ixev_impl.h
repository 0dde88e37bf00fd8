/* SPDX-License-Identifier: MIT */
/*
 * ixev_impl.h - private to libix: the thread, its call slots, the flags of a context
 *
 * ixev.c owns the entry (return codes, events, flush) and the life of a context,
 * ixev_send.c its references, ixev_timer.c the timers. A call is issued by taking the
 * next slot; the slot remembers whose return code the descriptor will hold.
 */
#ifndef LIBIX_IXEV_IMPL_H
#define LIBIX_IXEV_IMPL_H

#include <stdbool.h>
#include <stddef.h>

#include "ix/ixev.h"
#include "libix/ix_raw.h"

enum {
	IXEV_F_PENDED = 1 << 0,		/* on the pending list */
	IXEV_F_CONNECT = 1 << 1,	/* connect is to be issued; handle holds the address */
	IXEV_F_ACCEPT = 1 << 2,		/* accept is to be issued */
	IXEV_F_OPEN = 1 << 3,		/* sendv and an orderly close may be issued */
	IXEV_F_WAIT = 1 << 4,		/* no sendv before `sent` tells of a window */
	IXEV_F_CLOSE = 1 << 5,		/* a close of close_mode is to be issued */
	IXEV_F_SHUT = 1 << 6,		/* some close was asked for: nothing more is sent */
	IXEV_F_DEAF = 1 << 7,		/* FIN or RST asked for: only release and dead run */
	IXEV_F_GONE = 1 << 8,		/* no handle any more: closed, or dead */
};

enum {
	IXEV_T_PENDED = 1 << 0,		/* on the pending list */
	IXEV_T_WANT = 1 << 1,		/* to be armed */
	IXEV_T_CANCEL = 1 << 2,		/* the live one is to be cancelled first */
	IXEV_T_LIVE = 1 << 3,		/* the dataplane has it, and its event was not seen */
	IXEV_T_STALE = 1 << 4,		/* cancelled too late: one event is to be ignored */
};

/** A descriptor of the running batch whose return code interests somebody. */
struct ixev_slot {
	void *who;		/* context or timer */
	uint32_t asked;		/* sendv: bytes named */
	uint32_t call;		/* index of the descriptor */
};

struct ixev {
	const struct ixev_ops *ops;
	void *app;
	struct ix_page *page;		/* of the entry that is running, else 0 */
	uint64_t now_ns;
	uint64_t work_cycles;		/* declared in this entry */
	struct ixev_ctx *pend_head;
	struct ixev_ctx **pend_tail;
	struct ixev_timer *timer_head;
	struct ixev_timer **timer_tail;
	uint32_t n_calls;		/* descriptors in use */
	uint32_t n_slots;		/* of them whose return codes are wanted */
	uint32_t max_calls;		/* ixev_init()'s */
	uint32_t limit;			/* n_calls stays below this */
	uint32_t n_sg, max_sg;
	uint32_t refuse_head, n_refuse;	/* ring of max_calls handles */
	struct ixev_slot *slot;		/* [max_calls] */
	struct ix_sg *sg;		/* [max_sg], of this entry's sendv calls */
	ix_handle_t *refuse;		/* knocks to be refused when there is room */
	struct ixev_timer kick;		/* brings the next entry when calls were left over */
};

/** Next free descriptor, whose return code nobody wants; 0 when the array is full. */
static inline struct ix_call *ixev_call(struct ixev *ev)
{
	if (ev->n_calls >= ev->limit)
		return NULL;
	return &ev->page->calls[ev->n_calls++];
}

/** ... whose return code is for @who. */
static inline struct ix_call *ixev_call_for(struct ixev *ev, void *who, uint32_t asked)
{
	struct ix_call *call = ixev_call(ev);

	if (call)
		ev->slot[ev->n_slots++] = (struct ixev_slot){ who, asked, ev->n_calls - 1 };
	return call;
}

/** Put @c at the end of the pending list, once. */
static inline void ixev_pend(struct ixev_ctx *c)
{
	struct ixev *ev = c->ev;

	if ((c->flags & IXEV_F_PENDED) || !ev)
		return;		/* without a thread: the knock handler has not returned yet */
	c->flags |= IXEV_F_PENDED;
	c->pend_next = NULL;
	c->pend_prev = ev->pend_tail;
	*ev->pend_tail = c;
	ev->pend_tail = &c->pend_next;
}

/* ixev_send.c */
bool ixev_sendv_issue(struct ixev *ev, struct ixev_ctx *c);	/* false: no room, nothing issued */
void ixev_sendv_return(struct ixev_ctx *c, uint32_t asked, int64_t ret);
void ixev_sent_event(struct ixev_ctx *c, uint64_t bytes, uint32_t window);
void ixev_release_all(struct ixev_ctx *c);

/* ixev_timer.c */
void ixev_timer_event(struct ixev *ev, struct ixev_timer *t);
void ixev_timer_return(struct ixev *ev, struct ixev_timer *t, uint32_t nr, int64_t ret);
bool ixev_timers_flush(struct ixev *ev);	/* false: some are left over */
void ixev_kick(struct ixev *ev);		/* the thread must be entered again soon */

#endif
