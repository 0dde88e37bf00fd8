/* SPDX-License-Identifier: MIT */
/*
 * dp_impl.h - what an elastic thread has. For core/dp and white-box tests only.
 */
#ifndef DP_DP_IMPL_H
#define DP_DP_IMPL_H

#include "dp/dp.h"
#include "sys/bsys.h"

enum { DP_BATCH_MAX = 1024 };

struct dp {
	struct dp_cfg cfg;
	struct nic *nic;
	uint16_t queue;
	struct user *user;
	struct ix_page *page;
	struct tcp tcp;
	struct sys sys;
	struct stats stats;
	struct toeplitz tz;
	struct netif_up up;
	nsec now;		/* of the last pass */
	bool kicked;		/* enter the application even without events */
	nsec tell_at;		/* ... because a call was refused; NSEC_NEVER if none was */
	bool announced;
	bool flush_owed;	/* dp_run_late() has left frames for the pass to come */
	uint32_t rx_pos, rx_n;	/* frames [rx_pos, rx_n) are taken, not yet processed */
	struct mbuf *rx[DP_BATCH_MAX];
	struct wheel wheel;
	struct netif nif;
};

#endif
