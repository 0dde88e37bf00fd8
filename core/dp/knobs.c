/* SPDX-License-Identifier: MIT */
/*
 * knobs.c - every tunable of a dataplane: parser, --help and manifest come from here
 */
#include "dp/dp.h"
#include "tcp/tcp.h"

#define F(field) offsetof(struct dp_cfg, field)
#define US NSEC_PER_USEC
#define MS NSEC_PER_MSEC
#define SEC NSEC_PER_SEC

/* name, where, type, unit, min, max, default, meaning */
const struct knob dp_knobs[] = {
	{ "batch_max", F(batch_max), KNOB_U32, UNIT_FRAMES, 1, 1024, 64,
	  "B: frames a pass may take (IX section 4.2)", NULL, NULL },
	{ "events_max", F(events_max), KNOB_U32, UNIT_NONE, 16, 1u << 20, 4096,
	  "entries of the event array before a pass stops taking frames", NULL, NULL },
	{ "calls_max", F(calls_max), KNOB_U32, UNIT_NONE, 16, 1u << 20, 4096,
	  "entries of the call array", NULL, NULL },
	{ "conns_max", F(conns_max), KNOB_U32, UNIT_NONE, 1, 1u << 21, 65536,
	  "connections in any state, TIME-WAIT included", NULL, NULL },
	{ "mbufs", F(mbufs), KNOB_U32, UNIT_FRAMES, 1024, 1u << 22, 16384,
	  "frames of a thread: rings, held by the application, headers", NULL, NULL },
	{ "timers_max", F(timers_max), KNOB_U32, UNIT_NONE, 1, 1u << 20, 1024,
	  "timers of the application", NULL, NULL },
	{ "udp_held_max", F(udp_held_max), KNOB_U32, UNIT_FRAMES, 1, 1u << 20, 4096,
	  "datagrams the application may hold", NULL, NULL },
	{ "backlog_max", F(backlog_max), KNOB_U32, UNIT_NONE, 1, 1u << 20, 65536,
	  "half-open and not yet accepted connections of a listener", NULL, NULL },
	{ "rcv_wnd", F(rcv_wnd), KNOB_U32, UNIT_BYTES, 2048, 1u << 28, 262144,
	  "receive window", NULL, NULL },
	{ "rcv_frames_max", F(rcv_frames_max), KNOB_U32, UNIT_FRAMES, 16, 65535, 4096,
	  "frames of one connection waiting for delivery", NULL, NULL },
	{ "ooo_frames_max", F(ooo_frames_max), KNOB_U32, UNIT_FRAMES, 0, 65535, 512,
	  "frames of one connection in reassembly", NULL, NULL },
	{ "mss", F(mss), KNOB_U32, UNIT_BYTES, 0, 1460, 0,
	  "largest segment we take; 0: what the MTU allows", NULL, NULL },
	{ "init_cwnd", F(init_cwnd), KNOB_U32, UNIT_NONE, 1, 64, 10,
	  "initial congestion window, segments (RFC 6928)", NULL, NULL },
	{ "syn_retries", F(syn_retries), KNOB_U32, UNIT_NONE, 0, 15, 7,
	  "retransmissions of a SYN before giving up: 183 s (RFC 9293 3.8.3)", NULL, NULL },
	{ "data_retries", F(data_retries), KNOB_U32, UNIT_NONE, 1, 30, 15,
	  "R2: timeouts without progress before giving up (RFC 9293 3.8.3)", NULL, NULL },
	{ "rto_min", F(rto_min_ns), KNOB_U64, UNIT_NS, 100 * US, 60 * SEC, 200 * MS,
	  "floor of the retransmission timeout (RFC 6298 asks for 1 s)", NULL, NULL },
	{ "rto_max", F(rto_max_ns), KNOB_U64, UNIT_NS, 1 * MS, 240 * SEC, 60 * SEC,
	  "ceiling of the retransmission timeout", NULL, NULL },
	{ "rto_init", F(rto_init_ns), KNOB_U64, UNIT_NS, 100 * US, 60 * SEC, 1 * SEC,
	  "timeout before the first sample (RFC 6298 2.1)", NULL, NULL },
	{ "delack", F(delack_ns), KNOB_U64, UNIT_NS, 0, 500 * MS, 40 * MS,
	  "delayed acknowledgement; 0: acknowledge in every pass", NULL, NULL },
	{ "time_wait", F(time_wait_ns), KNOB_U64, UNIT_NS, 0, 240 * SEC, 60 * SEC,
	  "2 MSL", NULL, NULL },
	{ "fin_wait2", F(fin_wait2_ns), KNOB_U64, UNIT_NS, 1 * MS, 600 * SEC, 60 * SEC,
	  "wait for the peer's FIN after a full close", NULL, NULL },
	{ "cc", F(cc), KNOB_ENUM, UNIT_NONE, 0, 2, 0,
	  "congestion control; dctcp asks for ECN whatever ecn says", tcp_cc_names, NULL },
	{ "ecn", F(ecn), KNOB_ENUM, UNIT_NONE, 0, TCP_ECN_PASSIVE, TCP_ECN_PASSIVE,
	  "RFC 3168: ask for ECN and agree to it (on), or only agree (passive)", tcp_ecn_names,
	  NULL },
	{ "port_min", F(port_min), KNOB_U32, UNIT_NONE, 1, 65535, 1024,
	  "first local port of outgoing connections", NULL, NULL },
	{ "port_max", F(port_max), KNOB_U32, UNIT_NONE, 1, 65535, 65535,
	  "last local port of outgoing connections", NULL, NULL },
	{ "nagle", F(nagle), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "hold short segments while data is in flight (RFC 9293 3.7.4)", NULL, NULL },
	{ "timestamps", F(timestamps), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "RFC 7323 timestamps and PAWS: 12 B a segment", NULL, NULL },
	{ "wscale", F(wscale), KNOB_BOOL, UNIT_NONE, 0, 1, 1,
	  "RFC 7323 window scaling", NULL, NULL },
	{ "tlp", F(tlp), KNOB_BOOL, UNIT_NONE, 0, 1, 1,
	  "tail loss probes (RFC 8985 section 7)", NULL, NULL },
	{ "pacing", F(pacing), KNOB_BOOL, UNIT_NONE, 0, 1, 0,
	  "spread a window over its round trip instead of sending it at once", NULL, NULL },
	{ "fast_path", F(fast_path), KNOB_BOOL, UNIT_NONE, 0, 1, 1,
	  "header prediction; off sends the same bytes, slower", NULL, NULL },
};

const size_t n_dp_knobs = ARRAY_LEN(dp_knobs);
