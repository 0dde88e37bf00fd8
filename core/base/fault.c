/* SPDX-License-Identifier: MIT */
/*
 * fault.c - seeded decisions about what befalls a frame
 *
 * Entry points: fault_init(), fault_next(), fault_ecn_mark(). Every enabled kind draws the
 * same number of values for every frame, from its own stream and whatever the other kinds
 * decide. So one kind's pattern does not move when another's rate does, and raising a rate
 * keeps the frames already chosen and adds to them.
 *
 * Bursts are the Gilbert-Elliott channel whose bad state loses everything and whose good
 * state loses nothing (Gilbert 1960, Elliott 1963). Not here: carrying a verdict out
 * (sim/fault.c, hw/impair.c). RFC 3168 (the mark), RFC 1624 (its checksum).
 */
#include "base/fault.h"

#define FIELD(f)	offsetof(struct fault_cfg, f)
#define PPB_MAX		1000000000ULL
#define DELAY_MAX_NS	(10 * NSEC_PER_SEC)
#define FLAP_MAX_NS	(3600 * NSEC_PER_SEC)

const struct knob fault_knobs[] = {
	{ .name = "loss", .off = FIELD(loss_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "frames lost" },
	{ .name = "loss_burst", .off = FIELD(burst_frames), .type = KNOB_U32,
	  .unit = UNIT_FRAMES, .min = 1, .max = 1000000, .def = 1,
	  .doc = "mean run of losses, at the same rate; 1: each frame for itself" },
	{ .name = "dup", .off = FIELD(dup_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "frames delivered twice" },
	{ .name = "corrupt", .off = FIELD(corrupt_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "frames with one bit flipped" },
	{ .name = "reorder", .off = FIELD(reorder_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "frames held back behind later ones" },
	{ .name = "reorder_frames", .off = FIELD(reorder_frames), .type = KNOB_U32,
	  .unit = UNIT_FRAMES, .min = 1, .max = 64, .def = 3,
	  .doc = "how many later frames pass a held one, where there is no clock" },
	{ .name = "reorder_delay", .off = FIELD(reorder_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = DELAY_MAX_NS, .def = 100 * NSEC_PER_USEC,
	  .doc = "how long a frame is held back, where there is a clock" },
	{ .name = "jitter", .off = FIELD(jitter_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = DELAY_MAX_NS, .doc = "largest extra delay of every frame, uniform from 0" },
	{ .name = "flap_period", .off = FIELD(flap_period_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = FLAP_MAX_NS, .doc = "the link goes down once in this time; 0: never" },
	{ .name = "flap_down", .off = FIELD(flap_down_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = FLAP_MAX_NS, .doc = "how long it stays down, from the second period on" },
	{ .name = "blackout_at", .off = FIELD(blackout_at_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .max = FLAP_MAX_NS,
	  .doc = "when the link goes down once, for `blackout`; 0: never" },
	{ .name = "blackout", .off = FIELD(blackout_ns), .type = KNOB_U64, .unit = UNIT_NS,
	  .max = FLAP_MAX_NS, .doc = "how long that lasts" },
	{ .name = "path_period", .off = FIELD(path_period_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .max = FLAP_MAX_NS,
	  .doc = "the path changes after this time, and back after as much; 0: never" },
	{ .name = "path_extra", .off = FIELD(path_extra_ns), .type = KNOB_U64,
	  .unit = UNIT_NS, .max = DELAY_MAX_NS,
	  .doc = "how much longer the other path is; frames on the short one overtake" },
	{ .name = "ecn", .off = FIELD(ecn_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "ECN-capable packets marked Congestion Experienced" },
};
const size_t n_fault_knobs = ARRAY_LEN(fault_knobs);

bool fault_wanted(const struct fault_cfg *c)
{
	return c->loss_ppb != 0 || c->dup_ppb != 0 || c->corrupt_ppb != 0 ||
	       c->reorder_ppb != 0 || c->jitter_ns != 0 || c->ecn_ppb != 0 ||
	       (c->flap_period_ns != 0 && c->flap_down_ns != 0) ||
	       (c->blackout_at_ns != 0 && c->blackout_ns != 0) ||
	       (c->path_period_ns != 0 && c->path_extra_ns != 0);
}

void fault_init(struct fault *f, const struct fault_cfg *cfg, uint64_t seed, uint64_t stream)
{
	assert(cfg->jitter_ns <= DELAY_MAX_NS && cfg->reorder_ns <= DELAY_MAX_NS);
	assert(cfg->path_extra_ns <= DELAY_MAX_NS);
	*f = (struct fault){ .cfg = *cfg };
	rng_stream(&f->loss, seed, stream);
	rng_stream(&f->dup, seed, stream + 1);
	rng_stream(&f->corrupt, seed, stream + 2);
	rng_stream(&f->reorder, seed, stream + 3);
	rng_stream(&f->jitter, seed, stream + 4);
	rng_stream(&f->ecn, seed, stream + FAULT_STREAMS_FAR);
}

static bool link_down(const struct fault_cfg *c, nsec now)
{
	bool flap = c->flap_period_ns != 0 && now >= c->flap_period_ns &&
		    now % c->flap_period_ns < c->flap_down_ns;
	bool black = c->blackout_at_ns != 0 && now >= c->blackout_at_ns &&
		     now - c->blackout_at_ns < c->blackout_ns;

	return flap || black;
}

static bool on_detour(const struct fault_cfg *c, nsec now)
{
	return c->path_period_ns != 0 && now / c->path_period_ns % 2 == 1;
}

/*
 * One draw against the chance of loss in the channel's state. A run ends with chance 1/L,
 * or sooner if runs would be longer than L without any memory (then there is none); it
 * begins as often as the rate asks for. With L = 1 both chances are the rate itself.
 */
static bool lose(struct fault *f)
{
	uint64_t p = f->cfg.loss_ppb, burst = MAX(f->cfg.burst_frames, 1u), end, begin;

	if (p == 0 || p == PPB_MAX)
		return p != 0;
	end = MIN(PPB_MAX / burst, PPB_MAX - p);
	begin = (end * p + PPB_MAX - p - 1) / (PPB_MAX - p);
	f->in_burst = rng_chance(&f->loss, (uint32_t)(f->in_burst ? PPB_MAX - end : begin));
	return f->in_burst;
}

/* What every stream says about this frame; draws, counts nothing. */
static struct fault_verdict draw(struct fault *f, uint32_t len, nsec now)
{
	const struct fault_cfg *c = &f->cfg;
	struct fault_verdict v = { .detour = on_detour(c, now) };

	v.drop = lose(f);
	v.dup = rng_chance(&f->dup, c->dup_ppb);
	v.reorder = rng_chance(&f->reorder, c->reorder_ppb);
	if (v.reorder)
		v.delay_ns += c->reorder_ns;
	if (v.detour)
		v.delay_ns += c->path_extra_ns;
	v.mark = rng_chance(&f->ecn, c->ecn_ppb);
	if (c->jitter_ns != 0)
		v.delay_ns += rng_below(&f->jitter, c->jitter_ns + 1);
	if (c->corrupt_ppb != 0) {
		bool hit = rng_chance(&f->corrupt, c->corrupt_ppb);
		uint64_t bit = rng_below(&f->corrupt, MAX(8 * (uint64_t)len, 1));

		v.corrupt = hit && len != 0;
		v.corrupt_bit = v.corrupt ? (uint32_t)bit : 0;
	}
	return v;
}

struct fault_verdict fault_next(struct fault *f, uint32_t len, nsec now)
{
	struct fault_verdict v;

	assert(len <= UINT32_MAX / 8);
	v = draw(f, len, now);
	if (link_down(&f->cfg, now)) {
		f->n_flapped++;
		return (struct fault_verdict){ .drop = true };
	}
	if (v.drop) {
		f->n_lost++;
		return (struct fault_verdict){ .drop = true };
	}
	f->n_dup += v.dup;
	f->n_corrupt += v.corrupt;
	f->n_reordered += v.reorder;
	return v;
}

bool fault_ecn_mark(uint8_t *p, uint32_t len)
{
	enum { TYPE = 12, IP = 14, IP_MIN = 20, TOS = 1, CSUM = 10, CE = 3 };
	uint16_t before, after;
	uint8_t *ip = p + IP;
	uint32_t sum;

	if (len < IP + IP_MIN || be16_load(p + TYPE) != 0x0800 || ip[0] >> 4 != 4)
		return false;
	if ((ip[0] & 15u) * 4 < IP_MIN || IP + (ip[0] & 15u) * 4 > len || (ip[TOS] & CE) == 0)
		return false;
	before = be16_load(ip);
	ip[TOS] |= CE;
	after = be16_load(ip);
	/* RFC 1624 equation 3: HC' = ~(~HC + ~m + m'). A void checksum stays void. */
	sum = (uint32_t)(uint16_t)~be16_load(ip + CSUM) + (uint16_t)~before + after;
	sum = (sum & 0xffff) + (sum >> 16);
	sum = (sum & 0xffff) + (sum >> 16);
	be16_store(ip + CSUM, (uint16_t)~sum);
	return true;
}
