/* SPDX-License-Identifier: MIT */
/*
 * wire.h - header layouts as offsets: bytes are read with be16_load and be32_load
 *
 * RFC 894 (Ethernet II), 826 (ARP), 791 (IPv4), 792 (ICMP), 768 (UDP), 9293 (TCP).
 */
#ifndef NET_WIRE_H
#define NET_WIRE_H

#include "base/types.h"

enum { ETH_ALEN = 6, ETH_HLEN = 14, ETH_FRAME_MIN = 60 };
enum { ETH_DST = 0, ETH_SRC = 6, ETH_TYPE = 12 };
enum { ETHERTYPE_IPV4 = 0x0800, ETHERTYPE_ARP = 0x0806 };

enum { ARP_LEN = 28 };
enum { ARP_HTYPE = 0, ARP_PTYPE = 2, ARP_HLEN = 4, ARP_PLEN = 5, ARP_OP = 6,
       ARP_SHA = 8, ARP_SPA = 14, ARP_THA = 18, ARP_TPA = 24 };
enum { ARP_OP_REQUEST = 1, ARP_OP_REPLY = 2 };

enum { IP_HLEN_MIN = 20, IP_HLEN_MAX = 60 };
enum { IP_VHL = 0, IP_TOS = 1, IP_TOTLEN = 2, IP_ID = 4, IP_OFF = 6, IP_TTL = 8,
       IP_PROTO = 9, IP_CSUM = 10, IP_SRC = 12, IP_DST = 16 };
enum { IP_FLAG_DF = 0x4000, IP_FLAG_MF = 0x2000, IP_OFF_MASK = 0x1fff };
enum { IP_ECN_MASK = 3, IP_ECN_ECT1 = 1, IP_ECN_ECT0 = 2, IP_ECN_CE = 3 };	/* of IP_TOS */
enum { IPPROTO_ICMP_ = 1, IPPROTO_TCP_ = 6, IPPROTO_UDP_ = 17 };

enum { ICMP_HLEN = 8 };
enum { ICMP_TYPE = 0, ICMP_CODE = 1, ICMP_CSUM = 2, ICMP_MTU = 6 };
enum { ICMP_T_ECHO_REPLY = 0, ICMP_T_UNREACH = 3, ICMP_T_ECHO = 8, ICMP_T_TIME_EXCEEDED = 11,
       ICMP_T_PARAM_PROBLEM = 12 };
enum { ICMP_C_NET = 0, ICMP_C_HOST = 1, ICMP_C_PROTO = 2, ICMP_C_PORT = 3, ICMP_C_FRAG_NEEDED = 4 };

enum { UDP_HLEN = 8 };
enum { UDP_SPORT = 0, UDP_DPORT = 2, UDP_LEN = 4, UDP_CSUM = 6 };

enum { TCP_HLEN_MIN = 20, TCP_HLEN_MAX = 60 };
enum { TCP_SPORT = 0, TCP_DPORT = 2, TCP_SEQ = 4, TCP_ACK = 8, TCP_OFF = 12, TCP_FLAGS = 13,
       TCP_WND = 14, TCP_CSUM = 16, TCP_URP = 18 };
enum { TH_FIN = 0x01, TH_SYN = 0x02, TH_RST = 0x04, TH_PSH = 0x08, TH_ACK = 0x10, TH_URG = 0x20,
       TH_ECE = 0x40, TH_CWR = 0x80 };

#endif
