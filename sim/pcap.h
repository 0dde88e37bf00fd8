/* SPDX-License-Identifier: MIT */
/*
 * pcap.h - capture to a file: ports that wrap ports, one file
 *
 * Classic pcap, nanosecond variant (magic 0xa1b23c4d), Ethernet without FCS. A record's
 * time is the arrival of the frame's last bit at the tapped port. Tap the NIC's port and
 * the port at the other end of its cable to see both directions.
 */
#ifndef SIM_PCAP_H
#define SIM_PCAP_H

#include "sim/frame.h"

enum { PCAP_TAPS_MAX = 16 };

struct pcap;

/** Create @path. NULL, and a sentence in @err, when that fails. */
struct pcap *pcap_open(const char *path, char *err, size_t err_len);

/** A port that records every frame and passes it to @to; NULL after PCAP_TAPS_MAX. */
struct port *pcap_tap(struct pcap *p, struct port *to);

uint64_t pcap_frames(const struct pcap *p);

/** Finish and free. Returns 0, or -errno of the first write that failed (disk full?). */
int pcap_close(struct pcap *p);

#endif
