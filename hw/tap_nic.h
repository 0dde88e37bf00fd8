/* SPDX-License-Identifier: MIT */
/*
 * tap_nic.h - a struct nic over a TAP device or over an AF_PACKET socket
 *
 *	tap:NAME	attach to the TAP device NAME, made if it does not exist; it goes when
 *			we go, unless it was made persistent
 *	packet:NAME	share the existing Ethernet interface NAME with the kernel, which
 *			should have no address on our subnet there
 *
 * One queue, no offloads: checksums are the core's. A frame costs one system call each
 * way; pieces of application memory go out by gather, never copied. Nothing blocks:
 * the caller sleeps on `fd`.
 */
#ifndef HW_TAP_NIC_H
#define HW_TAP_NIC_H

#include "plat.h"

enum tap_kind { TAP_KIND_TAP, TAP_KIND_PACKET };

enum { TAP_NAME_LEN = 16 };	/* IFNAMSIZ */

struct tap_counters {
	uint64_t rx_frames, rx_bytes, tx_frames, tx_bytes;
	uint64_t rx_no_mbuf;	/* polls that left frames in the kernel: pool empty */
	uint64_t rx_oversize;	/* frames dropped: longer than the MTU allows (offloads are on) */
	uint64_t rx_missed;	/* packet: frames dropped because the socket's queue was full */
	uint64_t rx_errors;	/* reads that failed for good: device gone or down */
	uint64_t tx_blocked;	/* bursts the kernel did not take whole */
	uint64_t tx_errors;	/* frames dropped: device gone or down */
};

struct tap_nic {
	struct nic nic;
	enum tap_kind kind;
	int fd;			/* readable: frames wait; -1 before tap_nic_open() */
	bool tx_blocked;	/* the last burst was cut short: wait for writable, too */
	char name[TAP_NAME_LEN];
	struct mempool *pool;	/* where received frames come from */
	nsec now;		/* arrival time of what is received; the caller's to set, a pass */
	struct tap_counters count;
};

/**
 * Split "tap:NAME" or "packet:NAME"; NAME is 1 .. 15 characters without space, '/', '%'
 * or ':'. Returns 0, or -EINVAL and a sentence.
 */
int tap_spec_parse(const char *spec, enum tap_kind *kind, char name[TAP_NAME_LEN], char *err,
		   size_t err_len);

/**
 * Open @spec, set the link up, and fill @tn. @mac is our address; NULL: the interface's
 * own (packet only). @pool outlives the NIC. Returns 0, or a negative errno and a
 * sentence; then nothing stays open.
 */
int tap_nic_open(struct tap_nic *tn, const char *spec, const uint8_t mac[6], struct mempool *pool,
		 char *err, size_t err_len);

/** Add to count.rx_missed what the kernel has dropped since the last time. */
void tap_nic_count_missed(struct tap_nic *tn);

/** Close it; a TAP device we made is gone. Harmless when not open. */
void tap_nic_close(struct tap_nic *tn);

#endif
