/* SPDX-License-Identifier: MIT */
/*
 * series.h - a run as time series: congestion windows of flows, queues of switch ports
 *
 * One CSV line a sample:
 *	time_us,kind,id,cwnd_bytes,ssthresh_bytes,srtt_us,flight_bytes,acked_bytes,queue_bytes
 * kind "flow": the sender's view of connection id of the clients; what follows queue_bytes'
 * comma is empty. kind "port": bytes queued in output port id of the switch, the frame being
 * sent included; the fields between are empty. Samples are taken at multiples of the period,
 * between events: looking on changes no event of a run.
 *
 * Flow i + k * n is in slot k of the connection table of client thread i of n, which is the
 * numbering of the workload `bulk` as long as no connection fails.
 */
#ifndef SIM_SERIES_H
#define SIM_SERIES_H

#include "base/types.h"

struct series;
struct topology;

/** Create @path, for the first @n_flows flows. NULL, and a sentence in @err. */
struct series *series_open(const char *path, uint32_t n_flows, char *err, size_t err_len);

/** Write a line for each flow that is established and each port of the server's cables. */
void series_sample(struct series *s, const struct topology *t, nsec now);

/** Finish and free. Returns 0, or -EIO and a sentence when the file is incomplete. */
int series_close(struct series *s, char *err, size_t err_len);

#endif
