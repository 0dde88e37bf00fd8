/* SPDX-License-Identifier: MIT */
/*
 * fault.c - decisions applied to frames, see fault.h
 *
 * Delayed frames wait in one of three lines, each in order and with one engine event: those
 * delayed by jitter, those held back for reordering, and those on the longer path.
 */
#include "sim/fault.h"

#include <stdlib.h>

struct line {
	struct event out;
	struct sim_fault *sf;
	struct frame *head, **tail;
	nsec last;		/* when its youngest frame leaves */
};

struct sim_fault {
	struct port in;
	struct port *to;
	struct engine *engine;
	struct frame_pool *fp;
	struct fault fault;
	struct line jitter, held, detour;
};

static struct frame *line_pop(struct line *l)
{
	struct frame *f = l->head;

	l->head = f->next;
	if (l->head == NULL)
		l->tail = &l->head;
	return f;
}

static void line_fire(struct event *ev, nsec now)
{
	struct line *l = container_of(ev, struct line, out);
	struct frame *f = line_pop(l);

	if (l->head != NULL)
		engine_at(l->sf->engine, &l->out, l->head->at);
	l->sf->to->rx(l->sf->to, f, now);
}

/* Pass @f on @delay_ns from now, not before what is ahead of it in @l. Takes @f. */
static void line_push(struct line *l, struct frame *f, nsec now, uint64_t delay_ns)
{
	nsec at = MAX(now + delay_ns, l->last);

	l->last = at;
	if (l->head == NULL && at == now) {
		l->sf->to->rx(l->sf->to, f, now);
		return;
	}
	f->hop_ns[HOP_WIRE] += (uint32_t)(at - now);
	f->at = at;
	f->next = NULL;
	*l->tail = f;
	l->tail = &f->next;
	if (l->head == f)
		engine_at(l->sf->engine, &l->out, at);
}

static void port_rx(struct port *p, struct frame *f, nsec now)
{
	struct sim_fault *sf = container_of(p, struct sim_fault, in);
	struct fault_verdict v = fault_next(&sf->fault, f->len, now);
	struct line *l = v.reorder ? &sf->held : v.detour ? &sf->detour : &sf->jitter;
	struct frame *copy;

	if (v.drop) {
		frame_put(sf->fp, f);
		return;
	}
	if (v.mark)
		sf->fault.n_marked += frame_ecn_mark(f);
	if (v.corrupt) {
		assert(v.corrupt_bit / 8 < f->len);
		frame_csum_write(f);
		f->data[v.corrupt_bit / 8] ^= (uint8_t)BIT(v.corrupt_bit % 8);
		f->flags |= FRAME_BYTES_SUSPECT;
	}
	copy = v.dup ? frame_dup(sf->fp, f) : NULL;
	line_push(l, f, now, v.delay_ns);
	if (copy != NULL)
		line_push(l, copy, now, v.delay_ns);
}

static void line_init(struct line *l, struct sim_fault *sf)
{
	l->out.fire = line_fire;
	l->sf = sf;
	l->tail = &l->head;
}

struct sim_fault *sim_fault_new(struct engine *e, struct frame_pool *fp,
				const struct fault_cfg *cfg, uint64_t seed, uint64_t stream,
				struct port *to)
{
	struct sim_fault *sf = calloc(1, sizeof(*sf));

	if (sf == NULL)
		return NULL;
	sf->in.rx = port_rx;
	sf->to = to;
	sf->engine = e;
	sf->fp = fp;
	line_init(&sf->jitter, sf);
	line_init(&sf->held, sf);
	line_init(&sf->detour, sf);
	fault_init(&sf->fault, cfg, seed, stream);
	return sf;
}

static void line_done(struct line *l)
{
	engine_cancel(l->sf->engine, &l->out);
	while (l->head != NULL)
		frame_put(l->sf->fp, line_pop(l));
}

void sim_fault_free(struct sim_fault *sf)
{
	if (sf == NULL)
		return;
	line_done(&sf->jitter);
	line_done(&sf->held);
	line_done(&sf->detour);
	free(sf);
}

struct port *sim_fault_port(struct sim_fault *sf)
{
	return &sf->in;
}

const struct fault *sim_fault_state(const struct sim_fault *sf)
{
	return &sf->fault;
}

void sim_fault_heal(struct sim_fault *sf)
{
	sf->fault.cfg = (struct fault_cfg){ 0 };
}
