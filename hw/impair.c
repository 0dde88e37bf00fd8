/* SPDX-License-Identifier: MIT */
/*
 * impair.c - faults between the dataplane and a NIC
 *
 * A direction is a pipe: frames are taken in, meet their fate, and wait in `ready` until
 * the other side takes them. Application memory is never written and never kept: a frame
 * with pieces is copied before it is corrupted, doubled or held back.
 *
 * Not here: the decisions (base/fault.h), links with a rate (sim/).
 */
#include "hw/impair.h"

enum {
	STREAM_RX = 0x100,	/* fault streams: + 0 .. 4 */
	STREAM_TX = 0x200,
	BURST = 64,
};

/* ---- one direction ---- */

static void ready_push(struct impair_dir *d, struct mbuf *m)
{
	m->next = NULL;
	if (d->head == NULL)
		d->head = m;
	else
		d->tail->next = m;
	d->tail = m;
	d->n_ready++;
}

static struct mbuf *ready_pop(struct impair_dir *d)
{
	struct mbuf *m = d->head;

	if (m == NULL)
		return NULL;
	d->head = m->next;
	m->next = NULL;
	d->n_ready--;
	return m;
}

/* Release what is due at @now, and, when a frame has @passed, what waited for it. */
static void held_release(struct impair_dir *d, nsec now, bool passed)
{
	uint32_t kept = 0;

	for (uint32_t i = 0; i < d->n_held; i++) {
		struct impair_held h = d->held[i];

		if (h.due <= now || (passed && h.after == 1)) {
			h.m->arrival = now;
			ready_push(d, h.m);
			continue;
		}
		h.after -= passed && h.after > 0;
		d->held[kept++] = h;
	}
	d->n_held = kept;
}

/* A linear copy of @m, or NULL. */
static struct mbuf *copy(struct impair *im, const struct mbuf *m)
{
	struct mbuf *c = mbuf_alloc(im->pool);
	uint32_t len = mbuf_frame_len(m);

	if (c == NULL) {
		im->n_no_mbuf++;
		return NULL;
	}
	assert(len <= MBUF_ROOM - MBUF_HEADROOM);
	c->len = (uint16_t)mbuf_gather(m, mbuf_data(c), len);
	assert(c->len == len);
	c->flags = m->flags;
	c->hash = m->hash;
	c->arrival = m->arrival;
	return c;
}

/* Flip @bit of the frame; returns what carries it on. No checksum holds any more. */
static struct mbuf *corrupt(struct impair *im, struct mbuf *m, uint32_t bit)
{
	struct mbuf *c = m;

	if (m->n_frags > 0) {
		c = copy(im, m);
		if (c == NULL)
			return m;
		mbuf_free(m);
	}
	mbuf_data(c)[bit / 8] ^= (uint8_t)(1U << bit % 8);
	c->flags &= (uint8_t)~(MBUF_RX_IP_CSUM_OK | MBUF_RX_L4_CSUM_OK);
	return c;
}

/* Hold @m back; returns NULL, or what must go on after all. A wire holds bytes, not frames
 * that somebody waits for: those are copied. */
static struct mbuf *hold(struct impair *im, struct impair_dir *d, struct mbuf *m,
			 const struct fault_verdict *v)
{
	struct mbuf *c = m;

	if (d->n_held == IMPAIR_HELD_MAX) {
		im->n_not_held++;
		return m;
	}
	if (m->n_frags > 0 || m->done) {
		c = copy(im, m);
		if (c == NULL)
			return m;
		mbuf_free(m);
	}
	d->held[d->n_held++] = (struct impair_held){
		.m = c,
		.due = im->now + v->delay_ns,
		.after = v->reorder ? d->fault.cfg.reorder_frames : 0,
	};
	return NULL;
}

/* One frame enters the pipe. Takes @m. */
static void take(struct impair *im, struct impair_dir *d, struct mbuf *m)
{
	struct fault_verdict v = fault_next(&d->fault, mbuf_frame_len(m), im->now - im->epoch);
	bool held = !v.drop && (v.delay_ns > 0 || v.reorder);
	struct mbuf *twin;

	if (v.drop) {
		mbuf_free(m);
		return;
	}
	if (v.mark)
		d->fault.n_marked += fault_ecn_mark(mbuf_data(m), m->len);
	if (v.corrupt)
		m = corrupt(im, m, v.corrupt_bit);
	twin = v.dup ? copy(im, m) : NULL;
	if (!held)
		ready_push(d, m);
	if (twin != NULL)
		ready_push(d, twin);
	if (!held || twin != NULL)
		held_release(d, im->now, true);
	if (held)
		m = hold(im, d, m, &v);
	if (held && m != NULL)
		ready_push(d, m);
}

/* Hand what is ready to the wrapped NIC, as far as it goes. */
static void flush(struct impair *im, uint16_t queue, struct work *w)
{
	struct mbuf *burst[BURST];

	while (im->tx.n_ready > 0) {
		uint32_t n = 0, sent;

		for (struct mbuf *m = im->tx.head; m != NULL && n < BURST; m = m->next)
			burst[n++] = m;
		/* The NIC may free what it takes: unlink first, put back the rest. */
		for (uint32_t i = 0; i < n; i++)
			ready_pop(&im->tx);
		sent = im->inner->ops->tx_burst(im->inner, queue, burst, n, w);
		for (uint32_t i = n; i > sent; i--) {
			burst[i - 1]->next = im->tx.head;
			if (im->tx.head == NULL)
				im->tx.tail = burst[i - 1];
			im->tx.head = burst[i - 1];
			im->tx.n_ready++;
		}
		if (sent < n)
			return;
	}
}

/* ---- the vtable ---- */

static uint32_t rx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct impair *im = container_of(nic, struct impair, nic);
	struct mbuf *burst[BURST];
	uint32_t asked, got;

	held_release(&im->rx, im->now, false);
	while (im->rx.n_ready < n) {
		asked = MIN(n - im->rx.n_ready, (uint32_t)BURST);
		got = im->inner->ops->rx_burst(im->inner, queue, burst, asked, w);
		for (uint32_t i = 0; i < got; i++)
			take(im, &im->rx, burst[i]);
		if (got < asked)
			break;
	}
	for (got = 0; got < n && im->rx.n_ready > 0; got++)
		m[got] = ready_pop(&im->rx);
	return got;
}

static uint32_t tx_burst(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			 struct work *w)
{
	struct impair *im = container_of(nic, struct impair, nic);
	uint32_t i;

	held_release(&im->tx, im->now, false);
	flush(im, queue, w);
	for (i = 0; i < n && im->tx.n_ready < IMPAIR_READY_MAX; i++)
		take(im, &im->tx, m[i]);
	flush(im, queue, w);
	return i;
}

static int reta_set(struct nic *nic, uint16_t bucket, uint16_t queue)
{
	struct impair *im = container_of(nic, struct impair, nic);
	int err = im->inner->ops->reta_set(im->inner, bucket, queue);

	if (err == 0)
		nic->reta[bucket] = (uint8_t)queue;
	return err;
}

static const struct nic_ops impair_ops = { rx_burst, tx_burst, reta_set };

void impair_init(struct impair *im, struct nic *inner, struct mempool *pool,
		 const struct fault_cfg *cfg, uint64_t seed, nsec now)
{
	memset(im, 0, sizeof(*im));
	im->nic = *inner;
	im->nic.ops = &impair_ops;
	im->inner = inner;
	im->pool = pool;
	im->epoch = im->now = now;
	fault_init(&im->rx.fault, cfg, seed, STREAM_RX);
	fault_init(&im->tx.fault, cfg, seed, STREAM_TX);
}

void impair_poll(struct impair *im, struct work *w)
{
	held_release(&im->tx, im->now, false);
	flush(im, 0, w);
}

nsec impair_deadline(const struct impair *im)
{
	nsec due = NSEC_NEVER;

	if (im->rx.n_ready > 0)
		return 0;
	for (uint32_t i = 0; i < im->rx.n_held; i++)
		due = MIN(due, im->rx.held[i].due);
	for (uint32_t i = 0; i < im->tx.n_held; i++)
		due = MIN(due, im->tx.held[i].due);
	return due;
}

static void dir_drop(struct impair_dir *d)
{
	struct mbuf *m;

	while ((m = ready_pop(d)) != NULL)
		mbuf_free(m);
	for (uint32_t i = 0; i < d->n_held; i++)
		mbuf_free(d->held[i].m);
	d->n_held = 0;
}

void impair_drop(struct impair *im)
{
	dir_drop(&im->rx);
	dir_drop(&im->tx);
}
