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

struct pacer {
	nsec free;		/* with frac / rate: when the last unit has been served */
	uint64_t frac;		/* < rate */
	uint64_t rate;		/* units a second, 1 .. 1e12 */
	uint64_t recip;		/* 2^63 / rate, rounded up: a division is slow */
};

static inline void pacer_init(struct pacer *p, uint64_t rate)
{
	assert(rate > 0 && rate <= 1000 * NSEC_PER_SEC);
	*p = (struct pacer){ .rate = rate, .recip = (UINT64_MAX / 2) / rate + 1 };
}

/* @x / rate, of x < 2^63: then the product is too large by less than one. */
static inline uint64_t pacer_quotient(const struct pacer *p, uint64_t x)
{
	__extension__ typedef unsigned __int128 u128;
	uint64_t q = (uint64_t)((u128)x * p->recip >> 63);

	assert(x >> 63 == 0);
	return likely(q * p->rate <= x) ? q : q - 1;
}

/** How long @units take, rounded down, 1 <= @units < 2^33. */
static inline nsec pacer_ns(const struct pacer *p, uint64_t units)
{
	return pacer_quotient(p, units * NSEC_PER_SEC);
}

/** Serve @units that are there from @ready on, after all earlier ones. Returns the start,
 * rounded down; pacer_end() is then the end. */
static inline nsec pacer_take(struct pacer *p, nsec ready, uint64_t units)
{
	bool idle = ready > p->free;
	nsec start = idle ? ready : p->free;
	uint64_t x = units * NSEC_PER_SEC + (idle ? 0 : p->frac);
	uint64_t ns = pacer_quotient(p, x);

	p->free = start + ns;
	p->frac = x - ns * p->rate;
	return start;
}

/** When the last unit has been served, rounded up. */
static inline nsec pacer_end(const struct pacer *p) { return p->free + (p->frac != 0); }

#endif
