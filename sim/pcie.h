/* SPDX-License-Identifier: MIT */
/*
 * pcie.h - bytes that a NIC's transactions take of its PCIe link
 *
 * A transaction layer packet has 20 to 28 B around its payload: framing 2, sequence 2, LCRC 4,
 * and a header of 12 (completion) or 16 (64-bit addresses), and an MMIO write carries its
 * 4 B. "Up" is from the card to memory. Payloads are at most 256 B and reads ask for at most
 * 512, as root complexes and drivers of the time set them.
 *
 * Descriptors: the 82599 fetches as soon as the tail has moved and its on-chip buffer has room,
 * and takes all there are (data sheet, "Receive" and "Transmit Descriptor Fetching"); so what
 * one doorbell posted is one fetch, of as many reads as that needs. Used RX descriptors
 * are written back a cache line at a time when they come faster than they can be
 * written (data sheet, "Receive Descriptor Write-Back"), else one by one.
 * Not here: acknowledgements and flow control (about 5%), write-back of TX descriptors.
 */
#ifndef SIM_PCIE_H
#define SIM_PCIE_H

#include "base/types.h"

enum {
	PCIE_DOORBELL = 28,		/* down */
	PCIE_WRITE = 24,		/* up, with the payload */
	PCIE_READ = 24,			/* up */
	PCIE_COMPLETION = 20,		/* down, with the payload */
	PCIE_PAYLOAD = 256,
	PCIE_READ_MAX = 512,
	PCIE_DESC = 16,
	PCIE_DESC_A_LINE = 4,
	PCIE_DESC_A_COMPLETION = PCIE_PAYLOAD / PCIE_DESC,
	PCIE_DESC_A_READ = PCIE_READ_MAX / PCIE_DESC,
};

/** Of writing @len bytes to memory: up. */
static inline uint32_t pcie_write(uint32_t len)
{
	return len + (len + PCIE_PAYLOAD - 1) / PCIE_PAYLOAD * PCIE_WRITE;
}

/** Of asking for @len bytes: up. */
static inline uint32_t pcie_read(uint32_t len)
{
	return (len + PCIE_READ_MAX - 1) / PCIE_READ_MAX * PCIE_READ;
}

/** Of getting them: down. */
static inline uint32_t pcie_completion(uint32_t len)
{
	return len + (len + PCIE_PAYLOAD - 1) / PCIE_PAYLOAD * PCIE_COMPLETION;
}

/** Frame @k, from 0, of those a TX doorbell posted, @len bytes: its share of doorbell and
 * descriptor fetch, and its data. */
static inline uint32_t pcie_tx_up(uint32_t k, uint32_t len)
{
	return pcie_read(len) + (k % PCIE_DESC_A_READ == 0 ? PCIE_READ : 0);
}

static inline uint32_t pcie_tx_down(uint32_t k, uint32_t len)
{
	return pcie_completion(len) + PCIE_DESC + (k == 0 ? PCIE_DOORBELL : 0) +
	       (k % PCIE_DESC_A_COMPLETION == 0 ? PCIE_COMPLETION : 0);
}

#endif
