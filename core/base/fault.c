/* SPDX-License-Identifier: MIT */
/*
 * fault.c - seeded decisions about what befalls a frame
 *
 * Entry points: fault_init(), fault_next(). Every enabled kind draws the same number of
 * values for every frame, from its own stream and whatever the other kinds decide. So one
 * kind's pattern does not move when another's rate does, and raising a rate keeps the
 * frames already chosen and adds to them. Not here: carrying a verdict out (sim/fault.c).
 */
#include "base/fault.h"

#define FIELD(f)	offsetof(struct fault_cfg, f)
#define PPB_MAX		1000000000ULL
#define DELAY_MAX_NS	(10 * NSEC_PER_SEC)
#define FLAP_MAX_NS	(3600 * NSEC_PER_SEC)

const struct knob fault_knobs[] = {
	{ .name = "loss", .off = FIELD(loss_ppb), .type = KNOB_U32, .unit = UNIT_PPB,
	  .max = PPB_MAX, .doc = "frames lost" },
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
};
const size_t n_fault_knobs = ARRAY_LEN(fault_knobs);

void fault_init(struct fault *f, const struct fault_cfg *cfg, uint64_t seed, uint64_t stream)
{
	assert(cfg->jitter_ns < UINT64_MAX - cfg->reorder_ns);
	*f = (struct fault){ .cfg = *cfg };
	rng_stream(&f->loss, seed, stream);
	rng_stream(&f->dup, seed, stream + 1);
	rng_stream(&f->corrupt, seed, stream + 2);
	rng_stream(&f->reorder, seed, stream + 3);
	rng_stream(&f->jitter, seed, stream + 4);
}

static bool link_down(const struct fault_cfg *c, nsec now)
{
	return c->flap_period_ns != 0 && now >= c->flap_period_ns &&
	       now % c->flap_period_ns < c->flap_down_ns;
}

/* What every stream says about this frame; draws, counts nothing. */
static struct fault_verdict draw(struct fault *f, uint32_t len)
{
	const struct fault_cfg *c = &f->cfg;
	struct fault_verdict v = { 0 };

	v.drop = rng_chance(&f->loss, c->loss_ppb);
	v.dup = rng_chance(&f->dup, c->dup_ppb);
	v.reorder = rng_chance(&f->reorder, c->reorder_ppb);
	if (v.reorder)
		v.delay_ns += c->reorder_ns;
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
	v = draw(f, len);
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
