/* SPDX-License-Identifier: MIT */
/*
 * link.c - two transmitters, see link.h
 *
 * The frames of a direction wait in one list from the hand-over to their arrival. `unsent`
 * points into it at the first frame that still occupies the sender's buffer; it moves on
 * when somebody asks how much is queued, or at the latest when the frame arrives.
 */
#include "sim/link.h"

#include <stdlib.h>

#include "sim/scenario.h"

const struct knob link_knobs[] = {
	{ .name = "rate", .off = offsetof(struct link_cfg, rate_bps), .type = KNOB_U64,
	  .unit = UNIT_BPS, .min = 1000000, .max = 1000000000000, .def = 10000000000,
	  .doc = "bit rate of every link" },
	{ .name = "propagation", .off = offsetof(struct link_cfg, propagation_ns),
	  .type = KNOB_U64, .unit = UNIT_NS, .min = 0, .max = NSEC_PER_SEC, .def = 25,
	  .doc = "one-way delay of a cable: 5 ns a metre (500 ns a 100 m), 5 m" },
};
const size_t n_link_knobs = ARRAY_LEN(link_knobs);

enum { SEQ_OFF = 38 };		/* TCP sequence and acknowledgement of a plain IPv4 frame */

struct link {
	struct link_end end[2];
	struct frame_pool *fp;
};

static inline struct frame *head_pop(struct link_end *end)
{
	struct frame *f = end->head;

	end->head = f->next;
	if (end->head == NULL)
		end->tail = &end->head;
	return f;
}

/* The first unsent frame has left the sender's buffer. */
static inline void sent_one(struct link_end *end)
{
	struct frame *f = end->unsent;

	end->queued_bytes -= f->len;
	if (end->shared_bytes != NULL)
		*end->shared_bytes -= f->len;
	end->unsent = f->next;
}

static inline uint64_t hash_frame(uint64_t hash, const struct frame *f)
{
	uint64_t seq;

	memcpy(&seq, f->data + SEQ_OFF, sizeof(seq));
	hash = (hash ^ f->at ^ (uint64_t)f->len << 48) * 0x9e3779b97f4a7c15ULL;
	return (hash ^ seq ^ hash >> 29) * 0xd6e8feb86659fd93ULL;
}

static void arrive(struct event *ev, nsec now)
{
	struct link_end *end = container_of(ev, struct link_end, arrival);
	struct frame *f;

	if (end->unsent == end->head)
		sent_one(end);
	f = head_pop(end);
	if (end->head != NULL) {
		engine_at(end->engine, &end->arrival, end->head->at);
		prefetch(end->head->next);
	}
	end->n_frames++;
	end->n_bytes += f->len;
	end->hash = hash_frame(end->hash, f);
	end->to->rx(end->to, f, now);
}

static void end_init(struct link_end *end, struct engine *e, const struct link_cfg *cfg)
{
	end->arrival.fire = arrive;
	end->engine = e;
	end->tail = &end->head;
	end->propagation_ns = cfg->propagation_ns;
	end->gap_ns = LINK_GAP * 8 * NSEC_PER_SEC / cfg->rate_bps;
	pacer_init(&end->wire, cfg->rate_bps);
}

struct link *link_new(struct engine *e, struct frame_pool *fp, const struct link_cfg *cfg)
{
	struct link *l = calloc(1, sizeof(*l));

	if (l == NULL)
		return NULL;
	l->fp = fp;
	end_init(&l->end[0], e, cfg);
	end_init(&l->end[1], e, cfg);
	return l;
}

void link_free(struct link *l)
{
	if (l == NULL)
		return;
	for (uint32_t i = 0; i < 2; i++) {
		engine_cancel(l->end[i].engine, &l->end[i].arrival);
		while (l->end[i].head != NULL)
			frame_put(l->fp, head_pop(&l->end[i]));
	}
	free(l);
}

struct link_end *link_end_of(struct link *l, uint32_t side)
{
	assert(side < 2);
	return &l->end[side];
}

void link_attach(struct link_end *end, struct port *to)
{
	end->to = to;
}

void link_send(struct link_end *end, struct frame *f, nsec ready)
{
	uint64_t bits = (uint64_t)(f->len + FRAME_WIRE_OVERHEAD) * 8;
	nsec start = pacer_take(&end->wire, ready, bits);

	assert(f->len >= FRAME_MIN && f->len <= FRAME_MAX);
	f->at = pacer_end(&end->wire) - end->gap_ns + end->propagation_ns;
	f->hop_ns[HOP_QUEUE] += (uint32_t)(start - ready);
	f->hop_ns[HOP_WIRE] += (uint32_t)(f->at - start);
	f->next = NULL;
	*end->tail = f;
	end->tail = &f->next;
	end->queued_bytes += f->len;
	if (end->unsent == NULL)
		end->unsent = f;
	if (end->head == f)
		engine_at(end->engine, &end->arrival, f->at);
}

uint64_t link_backlog_bytes(struct link_end *end, nsec now)
{
	while (end->unsent != NULL && end->unsent->at - end->propagation_ns <= now)
		sent_one(end);
	return end->queued_bytes;
}

uint64_t link_queue_bytes(const struct link_end *end, nsec now)
{
	uint64_t bytes = end->queued_bytes;
	const struct frame *f = end->unsent;

	for (; f != NULL && f->at - end->propagation_ns <= now; f = f->next)
		bytes -= f->len;
	return bytes;
}
