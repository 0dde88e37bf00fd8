/* SPDX-License-Identifier: MIT */
/*
 * pipe.c - see pipe.h
 *
 * The queue is virtual: what waits at a link of constant rate is the time until it is free.
 * Frames held back leave reorder_ns later than they would have; both lines are in order of
 * time by themselves, so the next frame is the earlier of two heads.
 */
#include "tests/diff/pipe.h"

#include "net/csum.h"
#include "net/wire.h"

#define FIELD(f)	.off = offsetof(struct pipe_cfg, f)

const struct knob pipe_knobs[] = {
	{ .name = "rate", FIELD(rate_bps), .type = KNOB_U64, .unit = UNIT_BPS, .min = 1000000,
	  .max = 10000000000ULL, .def = 100000000, .doc = "of the link" },
	{ .name = "delay", FIELD(delay_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = NSEC_PER_SEC, .def = 2 * NSEC_PER_MSEC, .doc = "one way" },
	{ .name = "queue", FIELD(queue_bytes), .type = KNOB_U32, .unit = UNIT_BYTES,
	  .min = 3000, .max = 1 << 30, .def = 100000, .doc = "of the link; full: dropped" },
	{ .name = "mark_above", FIELD(mark_bytes), .type = KNOB_U32, .unit = UNIT_BYTES,
	  .max = 1 << 30, .doc = "queue from which ECN-capable frames are marked; 0: never" },
	{ .name = "mark", FIELD(mark_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = 1000000000, .doc = "ECN-capable frames marked at random" },
	{ .name = "burst", FIELD(burst_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = 1000000000, .doc = "frames that begin a burst of losses" },
	{ .name = "burst_frames", FIELD(burst_frames), .type = KNOB_U32, .unit = UNIT_FRAMES,
	  .min = 1, .max = 1000, .def = 8, .doc = "length of a burst" },
	{ .name = "burst_time", FIELD(burst_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = NSEC_PER_SEC, .def = 2 * NSEC_PER_MSEC, .doc = "a burst ends after this" },
};
const size_t n_pipe_knobs = ARRAY_LEN(pipe_knobs);

enum { STREAM_BURST = 5, STREAM_MARK = 6 };	/* behind those of fault_init() */
enum { ECN_MASK = 3, ECN_CE = 3 };

void pipe_init(struct pipe *p, const struct pipe_cfg *cfg, const struct fault_cfg *fault,
	       struct mempool *pool, uint64_t seed, uint64_t stream)
{
	*p = (struct pipe){ .cfg = *cfg, .pool = pool };
	fault_init(&p->fault, fault, seed, stream);
	rng_stream(&p->burst, seed, stream + STREAM_BURST);
	rng_stream(&p->mark, seed, stream + STREAM_MARK);
}

/* The TCP header of a whole, unfragmented frame, or NULL. */
static const uint8_t *tcp_of(const struct mbuf *m)
{
	const uint8_t *ip = mbuf_data(m) + ETH_HLEN;
	uint32_t hlen;

	if (m->len < ETH_HLEN + IP_HLEN_MIN ||
	    be16_load(mbuf_data(m) + ETH_TYPE) != ETHERTYPE_IPV4 ||
	    ip[IP_PROTO] != IPPROTO_TCP_)
		return NULL;
	hlen = (ip[0] & 15U) * 4;
	return m->len >= ETH_HLEN + hlen + TCP_HLEN_MIN ? ip + hlen : NULL;
}

static void count_flags(struct pipe *p, uint8_t flags)
{
	p->n.tcp++;
	p->n.syn += (flags & TH_SYN) != 0;
	p->n.fin += (flags & TH_FIN) != 0;
	p->n.rst += (flags & TH_RST) != 0;
}

/* RFC 3168 section 5: congestion experienced, if the ends can use it. */
static void mark_ce(struct pipe *p, struct mbuf *m)
{
	uint8_t *ip = mbuf_data(m) + ETH_HLEN;
	uint32_t hlen = (ip[0] & 15U) * 4;

	if ((ip[IP_TOS] & ECN_MASK) == 0 || (ip[IP_TOS] & ECN_MASK) == ECN_CE)
		return;
	ip[IP_TOS] |= ECN_CE;
	be16_store(ip + IP_CSUM, 0);
	be16_store(ip + IP_CSUM, csum_fold(csum_partial(ip, hlen)));
	p->n.marked++;
}

/* Draws for every frame, in a burst or not. */
static bool burst_lost(struct pipe *p, nsec now)
{
	bool begins = rng_chance(&p->burst, p->cfg.burst_ppb);

	if (now > p->burst_end)
		p->burst_left = 0;
	if (begins && p->burst_left == 0) {
		p->burst_left = p->cfg.burst_frames;
		p->burst_end = now + p->cfg.burst_ns;
	}
	if (p->burst_left == 0)
		return false;
	p->burst_left--;
	p->n.burst++;
	return true;
}

static void line_push(struct pipe_line *l, struct mbuf *m, nsec at)
{
	m->next = NULL;
	m->arrival = l->head != NULL ? MAX(at, l->tail->arrival) : at;
	if (l->head != NULL)
		l->tail->next = m;
	else
		l->head = m;
	l->tail = m;
}

/* Over the link, if its queue has room. Takes @m; @late_ns: held back so long. */
static void link_take(struct pipe *p, struct mbuf *m, bool mark, uint64_t late_ns, nsec now)
{
	nsec from = MAX(p->free_at, now);
	uint64_t waiting = (from - now) * (p->cfg.rate_bps / 1000) / 8000000;
	nsec at;

	if (waiting + m->len > p->cfg.queue_bytes) {
		p->n.overflow++;
		mbuf_free(m);
		return;
	}
	if (mark || (p->cfg.mark_bytes != 0 && waiting > p->cfg.mark_bytes && tcp_of(m) != NULL))
		mark_ce(p, m);
	p->free_at = from + m->len * 8 * NSEC_PER_SEC / p->cfg.rate_bps;
	at = p->free_at + p->cfg.delay_ns + late_ns;
	line_push(late_ns != 0 ? &p->late : &p->line, m, at);
}

static struct mbuf *copy_of(struct pipe *p, const struct mbuf *m)
{
	struct mbuf *c = mbuf_alloc(p->pool);

	if (c == NULL) {
		p->n.no_mbuf++;
		return NULL;
	}
	memcpy(mbuf_data(c), mbuf_data(m), m->len);
	c->len = m->len;
	return c;
}

void pipe_push(struct pipe *p, struct mbuf *m, nsec now)
{
	const uint8_t *tcp = tcp_of(m);
	struct fault_verdict v;
	struct mbuf *twin = NULL;
	bool burst, mark;

	p->n.frames++;
	if (tcp == NULL) {
		link_take(p, m, false, 0, now);
		return;
	}
	count_flags(p, tcp[TCP_FLAGS]);
	v = fault_next(&p->fault, m->len, now);
	burst = burst_lost(p, now);
	mark = rng_chance(&p->mark, p->cfg.mark_ppb);
	if (v.drop || burst) {
		mbuf_free(m);
		return;
	}
	if (v.corrupt)
		mbuf_data(m)[v.corrupt_bit / 8] ^= (uint8_t)(1U << v.corrupt_bit % 8);
	if (v.dup)
		twin = copy_of(p, m);
	link_take(p, m, mark, v.delay_ns, now);
	if (twin != NULL)
		link_take(p, twin, mark, 0, now);
}

static const struct pipe_line *next_line(const struct pipe *p)
{
	if (p->late.head == NULL ||
	    (p->line.head != NULL && p->line.head->arrival <= p->late.head->arrival))
		return &p->line;
	return &p->late;
}

nsec pipe_due(const struct pipe *p)
{
	const struct pipe_line *l = next_line(p);

	return l->head != NULL ? l->head->arrival : NSEC_NEVER;
}

struct mbuf *pipe_pop(struct pipe *p, nsec now)
{
	struct pipe_line *l = next_line(p) == &p->line ? &p->line : &p->late;
	struct mbuf *m = l->head;

	if (m == NULL || m->arrival > now)
		return NULL;
	l->head = m->next;
	m->next = NULL;
	p->n.out++;
	p->n.bytes += m->len;
	return m;
}
