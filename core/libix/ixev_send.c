/* SPDX-License-Identifier: MIT */
/*
 * ixev_send.c - zero-copy sends of a context: queue, sendv, release
 *
 * References form one list, oldest first:
 *	head .. (acknowledged up to head->done) .. todo (accepted up to todo_off) .. tail
 * sendv takes from todo on, `sent` releases from head on. What sendv does not accept
 * waits for a `sent` that tells of a window: the dataplane never buffers beyond it.
 * Every reference is released exactly once: when it is wholly acknowledged, when the
 * context dies, or at once when it comes after a close.
 * Not here: when a batch is issued (ixev.c).
 */
#include "libix/ixev_impl.h"

static void release(struct ixev_ctx *c, struct ixev_ref *r)
{
	if (r->release)
		r->release(c, r);
}

void ixev_send(struct ixev_ctx *c, struct ixev_ref *r)
{
	r->next = NULL;
	r->done = 0;
	if (c->flags & (IXEV_F_SHUT | IXEV_F_GONE)) {
		release(c, r);
		return;
	}
	if (c->head)
		c->tail->next = r;
	else
		c->head = r;
	c->tail = r;
	if (!c->todo) {
		c->todo = r;
		c->todo_off = 0;
	}
	if (!(c->flags & IXEV_F_WAIT))
		ixev_pend(c);
}

/* Name what is left to send in @sg[@room]; returns the entries used and the bytes in @asked. */
static uint32_t gather(const struct ixev_ctx *c, struct ix_sg *sg, uint32_t room, uint32_t *asked)
{
	const struct ixev_ref *r = c->todo;
	uint32_t left = IX_SENDV_MAX, off = c->todo_off, len = r->len - off, n = 0;

	if (!r->next && len <= IX_SENDV_MAX) {	/* the usual case: one piece */
		sg->addr = ix_raw_addr(r->addr + off);
		sg->len = *asked = len;
		return 1;
	}
	do {
		len = r->len - off;
		if (len > left)
			len = left;
		sg[n].addr = ix_raw_addr(r->addr + off);
		sg[n++].len = len;
		left -= len;
		off = 0;
		r = r->next;
	} while (r && n < room && left);
	*asked = IX_SENDV_MAX - left;
	return n;
}

bool ixev_sendv_issue(struct ixev *ev, struct ixev_ctx *c)
{
	struct ix_sg *sg = ev->sg + ev->n_sg;
	uint32_t n, asked, room = ev->max_sg - ev->n_sg;

	if (!room || ev->n_calls >= ev->limit)
		return false;
	n = gather(c, sg, room < IX_SG_MAX ? room : IX_SG_MAX, &asked);
	ev->n_sg += n;
	ix_raw_sendv(ixev_call_for(ev, c, asked), c->handle, sg, n);
	return true;
}

/* Bytes that were not of one whole piece: move todo on by @left. */
static void todo_advance(struct ixev_ctx *c, uint64_t left)
{
	while (left && c->todo) {
		uint32_t room = c->todo->len - c->todo_off;

		if (left < room) {
			c->todo_off += (uint32_t)left;
			return;
		}
		left -= room;
		c->todo = c->todo->next;
		c->todo_off = 0;
	}
}

/* An error here means that the connection has died, which `dead` tells in this very
 * entry, or that the application named memory it may not send: then the stream cannot
 * go on and is aborted. */
void ixev_sendv_return(struct ixev_ctx *c, uint32_t asked, int64_t ret)
{
	struct ixev_ref *r = c->todo;

	if (ret < 0) {
		ixev_close(c, IX_CLOSE_RST);
		return;
	}
	if ((uint64_t)ret < asked)
		c->flags |= IXEV_F_WAIT;
	if (ret == r->len && !c->todo_off)
		c->todo = r->next;	/* the usual case: one piece, accepted whole */
	else
		todo_advance(c, (uint64_t)ret);
	if (c->todo ? !(c->flags & IXEV_F_WAIT) : (c->flags & IXEV_F_CLOSE) != 0)
		ixev_pend(c);
}

void ixev_sent_event(struct ixev_ctx *c, uint64_t bytes, uint32_t window)
{
	uint64_t left = bytes;
	struct ixev_ref *r;

	while (left && (r = c->head) != NULL) {
		uint32_t need = r->len - r->done;

		if (left < need || r == c->todo) {
			r->done += (uint32_t)(left < need ? left : 0);
			break;
		}
		left -= need;
		r->done = r->len;
		c->head = r->next;
		release(c, r);
	}
	if (window && (c->flags & IXEV_F_WAIT)) {
		c->flags &= (uint16_t)~IXEV_F_WAIT;
		ixev_pend(c);
	}
	if (c->ops->sent && !(c->flags & IXEV_F_DEAF))
		c->ops->sent(c, bytes, window);
}

/* The context is dead: handlers may send again, which releases at once. */
void ixev_release_all(struct ixev_ctx *c)
{
	struct ixev_ref *r = c->head, *next;

	c->head = NULL;
	c->tail = NULL;
	c->todo = NULL;
	for (; r; r = next) {
		next = r->next;
		release(c, r);
	}
}
