/* SPDX-License-Identifier: MIT */
/*
 * host_impl.h - what the files of a host share; nobody else includes it
 */
#ifndef SIM_HOST_IMPL_H
#define SIM_HOST_IMPL_H

#include "net/wire.h"
#include "sim/host.h"

/* Where the bytes of an option-less IPv4 header and its TCP header are in a frame. */
enum { HOST_AT_IP = ETH_HLEN, HOST_AT_TCP = ETH_HLEN + IP_HLEN_MIN };

/* A thread that runs to completion, and one whose parts run on their own. */
event_fn host_pass, host_part;
nic_wake_fn host_wake, host_part_wake;
nic_rx_tap_fn host_rx_tap;
nic_tx_tap_fn host_tx_tap;

/** What the engine tells of a pass or part that will come: fetch what it touches. */
extern const struct event_hints host_pass_hints, host_stack_hints, host_app_hints;

/** Around the work of a pass or part at @now: the NIC, then prices. @extra_ps is what the execution
 * model adds to @w; returns the end. */
void host_pass_begin(struct host_thread *t, nsec now);
nsec host_pass_end(struct host_thread *t, struct work *w, uint64_t extra_ps, nsec now);

/** When a frame that is visible at @at is seen by a thread that is doing nothing. */
nsec host_seen_at(struct host_thread *t, nsec at);

/** @t takes an interrupt at @now. The NIC's next one keeps its distance if this one is the NIC's: a
 * timer's is not, and finds the ring empty. */
void host_irq(struct host_thread *t, nsec now);

/** user_ops.run: enter the application by a direct call. */
void host_app_run(struct user *u, struct ix_page *page);

#endif
