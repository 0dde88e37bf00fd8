/* SPDX-License-Identifier: MIT */
/*
 * plat.h - the three vtables a backend fills: its NIC, its way into the
 * application, and memory at bring-up. Nothing in the core knows another backend.
 */
#ifndef PLAT_H
#define PLAT_H

#include "base/hash.h"
#include "base/work.h"
#include "mem/mbuf.h"

struct ix_page;
struct nic;

enum {
	NIC_RX_CSUM = BIT(0),	/* sets MBUF_RX_*_CSUM_OK or MBUF_RX_CSUM_BAD */
	NIC_TX_CSUM = BIT(1),	/* honours MBUF_TX_*_CSUM */
	NIC_RSS = BIT(2),	/* sets MBUF_RX_HASH, steers by RETA */
};

/* A network backend: sim/nic.c, hw/tap_nic.c. One core per queue. The indirect call is
 * per batch, so it costs 1/n of a frame. Nothing here blocks. */
struct nic_ops {
	/* Store at most @n received frames in @m, oldest first; the caller owns them.
	 * Refills descriptors; adds polls and doorbells to @w. Returns 0..n. */
	uint32_t (*rx_burst)(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			     struct work *w);
	/* Send @m in order and ring the doorbell once. Frames [0, r) now belong to the
	 * NIC, which frees them with mbuf_free() once it has read them; [r, n) still
	 * belong to the caller; r < n means the ring is full. Returns r. */
	uint32_t (*tx_burst)(struct nic *nic, uint16_t queue, struct mbuf **m, uint32_t n,
			     struct work *w);
	/* Steer RSS bucket @bucket to @queue; frames already in a ring stay there.
	 * Returns 0, or -EINVAL if either index is out of range. */
	int (*reta_set)(struct nic *nic, uint16_t bucket, uint16_t queue);
};

struct nic {
	const struct nic_ops *ops;
	uint8_t mac[6];
	uint16_t mtu;			/* bytes of IP packet, 576 .. 1500 */
	uint16_t n_queues;
	uint32_t caps;			/* NIC_* */
	uint8_t rss_key[RSS_KEY_LEN];
	uint8_t reta[RSS_RETA_LEN];	/* queue of each bucket; written by reta_set only */
};

struct user;

/* The way into the application: a direct call here, a ring switch in hw/dune. */
struct user_ops {
	/* Enter the application: it consumes page->events and leaves page->calls. */
	void (*run)(struct user *u, struct ix_page *page);
};

struct user {
	const struct user_ops *ops;
	/* The application's window: the only memory a call may name. */
	uintptr_t win_base;
	size_t win_len;
};

struct core_env;

/* Memory at bring-up, the only time the core asks for any. */
struct core_ops {
	/* @size zeroed bytes, @align a power of two up to 4096; NULL when there is none.
	 * Never given back: the backend drops it all when the dataplane is gone. */
	void *(*mem)(struct core_env *env, size_t size, size_t align);
};

struct core_env {
	const struct core_ops *ops;
};

#endif
