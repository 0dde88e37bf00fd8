/* SPDX-License-Identifier: MIT */
/*
 * stat.h - counters from one table: name and meaning live in one place
 *
 * Everything that is dropped, refused or survived is counted here, by cause.
 */
#ifndef BASE_STAT_H
#define BASE_STAT_H

#include "base/types.h"

#define STAT_TABLE(X) \
	X(RX_FRAMES, "rx_frames", "frames taken from the NIC") \
	X(RX_BACKPRESSURE, "rx_backpressure", \
	  "passes that left frames in the ring: event array full") \
	X(TX_FRAMES, "tx_frames", "frames given to the NIC") \
	X(TX_RING_FULL, "tx_ring_full", "posts that the TX ring did not take whole") \
	X(TX_NO_MBUF, "tx_no_mbuf", "frames not built: pool empty") \
	X(TX_BACKLOG_DROP, "tx_backlog_drop", "frames dropped: TX backlog full") \
	X(ETH_SHORT, "eth_short", "frames shorter than their headers") \
	X(ETH_NOT_OURS, "eth_not_ours", "frames to another address") \
	X(ETH_UNKNOWN_TYPE, "eth_unknown_type", "EtherTypes not handled") \
	X(ARP_BAD, "arp_bad", "malformed ARP packets") \
	X(ARP_REQ_RX, "arp_req_rx", "ARP requests answered") \
	X(ARP_LEARNT, "arp_learnt", "ARP entries learnt or refreshed") \
	X(ARP_REQ_TX, "arp_req_tx", "ARP requests sent") \
	X(ARP_PENDING_DROP, "arp_pending_drop", \
	  "frames dropped: pending queue of a neighbour full") \
	X(ARP_FAILED, "arp_failed", "neighbours given up after the probe limit") \
	X(IP_BAD_HEADER, "ip_bad_header", "IPv4 headers malformed or inconsistent") \
	X(IP_BAD_CSUM, "ip_bad_csum", "IPv4 header checksums wrong") \
	X(IP_NOT_OURS, "ip_not_ours", "IPv4 packets to another address") \
	X(IP_BAD_SOURCE, "ip_bad_source", \
	  "IPv4 packets from a broadcast, multicast or own address") \
	X(IP_FRAGMENT, "ip_fragment", "IPv4 fragments dropped") \
	X(IP_UNKNOWN_PROTO, "ip_unknown_proto", "IPv4 protocols not handled") \
	X(IP_NO_ROUTE, "ip_no_route", "packets without a way: off the subnet, no gateway") \
	X(ICMP_BAD, "icmp_bad", "ICMP messages malformed or with a wrong checksum") \
	X(ICMP_ECHO, "icmp_echo", "ICMP echo requests answered") \
	X(ICMP_UNREACH_RX, "icmp_unreach_rx", "ICMP errors passed to TCP or UDP") \
	X(ICMP_ERR_TX, "icmp_err_tx", "ICMP errors sent") \
	X(ICMP_RATE_LIMITED, "icmp_rate_limited", "ICMP errors not sent: rate limit") \
	X(UDP_RX, "udp_rx", "datagrams delivered") \
	X(UDP_BAD, "udp_bad", "datagrams malformed or with a wrong checksum") \
	X(UDP_NO_PORT, "udp_no_port", "datagrams to a port nobody serves") \
	X(UDP_NO_ROOM, "udp_no_room", "datagrams dropped: too many held by the application") \
	X(TCP_BAD_HEADER, "tcp_bad_header", "TCP headers or options malformed") \
	X(TCP_BAD_CSUM, "tcp_bad_csum", "TCP checksums wrong") \
	X(TCP_NO_CONN, "tcp_no_conn", "segments to no connection") \
	X(TCP_FAST, "tcp_fast", "segments on the fast path") \
	X(TCP_SLOW, "tcp_slow", "segments on the slow path") \
	X(TCP_OUT_OF_WINDOW, "tcp_out_of_window", "segments outside the receive window") \
	X(TCP_PAWS, "tcp_paws", "segments rejected by PAWS") \
	X(TCP_RST_RX, "tcp_rst_rx", "acceptable RSTs received") \
	X(TCP_RST_IGNORED, "tcp_rst_ignored", "RSTs not exactly at RCV.NXT, challenged") \
	X(TCP_RST_TX, "tcp_rst_tx", "RSTs sent") \
	X(TCP_EMPTY_LIMITED, "tcp_empty_limited", \
	  "empty or far segments not answered: rate limit") \
	X(TCP_CHALLENGE, "tcp_challenge", "challenge ACKs sent") \
	X(TCP_CHALLENGE_LIMITED, "tcp_challenge_limited", "challenge ACKs not sent: rate limit") \
	X(TCP_DUP_ACK, "tcp_dup_ack", "duplicate ACKs received") \
	X(TCP_OOO, "tcp_ooo", "out-of-order segments held") \
	X(TCP_OOO_DROP, "tcp_ooo_drop", "out-of-order segments dropped: bound reached") \
	X(TCP_RCV_PACKED, "tcp_rcv_packed", "segments copied into a held frame: frames short") \
	X(TCP_RCV_DROP, "tcp_rcv_drop", \
	  "in-window segments dropped: frame bound or pool watermark") \
	X(TCP_RCV_PRESSURE, "tcp_rcv_pressure", "window updates withheld: frames scarce") \
	X(TCP_RCV_GROWN, "tcp_rcv_grown", "receive windows doubled") \
	X(TCP_DSACK_TX, "tcp_dsack_tx", "duplicates reported to the peer (RFC 2883)") \
	X(TCP_DUP_DATA, "tcp_dup_data", "bytes received again") \
	X(TCP_RTO, "tcp_rto", "retransmission timeouts") \
	X(TCP_REXMIT, "tcp_rexmit", "segments retransmitted") \
	X(TCP_FAST_REXMIT, "tcp_fast_rexmit", "fast retransmits") \
	X(TCP_LIMITED_TX, "tcp_limited_tx", "segments sent by limited transmit") \
	X(TCP_TLP, "tcp_tlp", "tail loss probes sent") \
	X(TCP_UNDO, "tcp_undo", "window reductions taken back: nothing had been lost") \
	X(TCP_RENEGED, "tcp_reneged", "scoreboards dropped: the peer seems to have reneged") \
	X(TCP_SACK_BAD, "tcp_sack_bad", "SACK blocks outside what is outstanding") \
	X(TCP_DSACK_RX, "tcp_dsack_rx", "D-SACKs received") \
	X(TCP_BOARD_FULL, "tcp_board_full", "scoreboard entries not made: bound reached") \
	X(TCP_IDLE_RESTART, "tcp_idle_restart", "congestion windows restarted behind idle time") \
	X(TCP_ECN_CE, "tcp_ecn_ce", "segments received that were marked CE") \
	X(TCP_ECN_ECE, "tcp_ecn_ece", "windows reduced because of ECE") \
	X(TCP_ECN_CWR, "tcp_ecn_cwr", "segments sent that said CWR") \
	X(TCP_PROBE, "tcp_probe", "zero-window probes sent") \
	X(TCP_SENT_HELD, "tcp_sent_held", \
	  "acknowledgements of what the NIC had not let go yet") \
	X(TCP_KEEPALIVE, "tcp_keepalive", "keepalive probes sent") \
	X(TCP_DELACK, "tcp_delack", "delayed ACKs sent by timer") \
	X(TCP_KNOCKS, "tcp_knocks", "knock events raised") \
	X(TCP_LISTEN_DROP, "tcp_listen_drop", "SYNs dropped: backlog full") \
	X(TCP_COOKIE_SENT, "tcp_cookie_sent", "SYNs answered with a cookie") \
	X(TCP_COOKIE_OK, "tcp_cookie_ok", "connections made by a cookie that came back") \
	X(TCP_COOKIE_EARLY, "tcp_cookie_early", \
	  "ACKs to a listener not answered: they may have overtaken their cookie") \
	X(TCP_COOKIE_BAD, "tcp_cookie_bad", "ACKs that are no cookie of ours") \
	X(TCP_SYN_PRESSURE, "tcp_syn_pressure", "SYNs dropped: frames scarce") \
	X(TCP_NO_PCB, "tcp_no_pcb", "connections refused: table full") \
	X(TCP_OPENED, "tcp_opened", "connections that reached ESTABLISHED") \
	X(TCP_CLOSED, "tcp_closed", "connections that ended in order") \
	X(TCP_ABORTED, "tcp_aborted", "connections that ended otherwise") \
	X(TCP_TIMEOUT, "tcp_timeout", "connections given up") \
	X(TCP_TIME_WAIT_REUSE, "tcp_time_wait_reuse", "connections accepted over TIME-WAIT") \
	X(CALLS, "calls", "batched calls executed") \
	X(CALLS_REFUSED, "calls_refused", "batched calls refused with an error") \
	X(CALLS_BOUNDED, "calls_bounded", "passes whose call count was beyond the array") \
	X(EVENTS, "events", "event conditions raised")

enum stat {
#define X(id, name, doc) STAT_##id,
	STAT_TABLE(X)
#undef X
	STAT_NR
};

struct stat_desc {
	const char *name;
	const char *doc;
};

extern const struct stat_desc stat_descs[STAT_NR];

struct stats {
	uint64_t v[STAT_NR];
};

/** Count one, or @n, of cause @id (without the STAT_ prefix). */
#define STAT_INC(st, id)	((st)->v[STAT_##id]++)
#define STAT_ADD(st, id, n)	((st)->v[STAT_##id] += (n))

#endif
