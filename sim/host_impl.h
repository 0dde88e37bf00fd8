/* SPDX-License-Identifier: MIT */
/*
 * host_impl.h - what host_setup.c hangs into engine, NIC and core; for those two files only
 */
#ifndef SIM_HOST_IMPL_H
#define SIM_HOST_IMPL_H

#include "sim/host.h"

event_fn host_pass;
nic_wake_fn host_wake;
nic_rx_tap_fn host_rx_tap;
nic_tx_tap_fn host_tx_tap;

/** user_ops.run: enter the application by a direct call. */
void host_app_run(struct user *u, struct ix_page *page);

#endif
