/* SPDX-License-Identifier: MIT */
/*
 * flow_view.h - a connection's congestion state, for whoever draws it
 *
 * The one place of a world that looks into a connection. It reads and changes nothing.
 */
#ifndef SIM_FLOW_VIEW_H
#define SIM_FLOW_VIEW_H

#include "dp/dp.h"

struct flow_view {
	uint32_t life;		/* differs between connections that had one slot */
	uint32_t cwnd;		/* bytes, as are all but srtt */
	uint32_t ssthresh;	/* UINT32_MAX: no loss yet */
	uint32_t srtt_us;	/* 0: no sample yet */
	uint32_t flight;	/* sent and not acknowledged */
	uint32_t acked;		/* of the stream, modulo 2^32 */
};

/** The established connection in @slot of @dp's table. False when there is none. */
bool flow_view(const struct dp *dp, uint32_t slot, struct flow_view *v);

#endif
