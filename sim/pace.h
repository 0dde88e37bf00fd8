/* SPDX-License-Identifier: MIT */
/*
 * pace.h - a resource that serves units at a rate, first come first served, without drift
 *
 * A link serves bits, a PCIe lane bits, a packet engine packets. The time the resource is
 * free again is kept as whole nanoseconds and a remainder in 1/rate ns, so a year of
 * back-to-back frames of 113.6 ns is right to the nanosecond. Nothing here schedules events.
 */
#ifndef SIM_PACE_H
#define SIM_PACE_H

#include "base/types.h"

enum { PACER_MEMO = 16 };

struct pacer {
	nsec free;		/* with frac / rate: when the last unit has been served */
	uint64_t frac;		/* < rate */
	uint64_t rate;		/* units a second, 1 .. 1e12 */
	struct pacer_time {	/* units * 1e9 / rate: remembered, since a division is slow */
		uint64_t units;
		uint64_t ns;
		uint64_t frac;
	} memo[PACER_MEMO];
};

static inline void pacer_init(struct pacer *p, uint64_t rate)
{
	assert(rate > 0 && rate <= 1000 * NSEC_PER_SEC);
	*p = (struct pacer){ .rate = rate };
}

/** How long @units take, 1 <= @units < 2^34. */
static inline const struct pacer_time *pacer_time(struct pacer *p, uint64_t units)
{
	struct pacer_time *t = &p->memo[(units >> 3 ^ units >> 7) % PACER_MEMO];

	if (unlikely(t->units != units)) {
		assert(units > 0 && units < 1ULL << 34);
		t->units = units;
		t->ns = units * NSEC_PER_SEC / p->rate;
		t->frac = units * NSEC_PER_SEC % p->rate;
	}
	return t;
}

/** Serve @units that are there from @ready on, after all earlier ones. Returns the start,
 * rounded down; pacer_end() is then the end. */
static inline nsec pacer_take(struct pacer *p, nsec ready, uint64_t units)
{
	const struct pacer_time *t = pacer_time(p, units);
	bool idle = ready > p->free;
	nsec start = idle ? ready : p->free;
	uint64_t frac = (idle ? 0 : p->frac) + t->frac;
	bool carry = frac >= p->rate;

	p->free = start + t->ns + carry;
	p->frac = carry ? frac - p->rate : frac;
	return start;
}

/** When the last unit has been served, rounded up. */
static inline nsec pacer_end(const struct pacer *p) { return p->free + (p->frac != 0); }

#endif
