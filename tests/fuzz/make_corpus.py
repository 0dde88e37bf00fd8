#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
make_corpus.py - write the fuzzers' seeds: tests/fuzz/corpus/NAME/, a file a story

Usage: make_corpus.py [FOLDER]		default: tests/fuzz/corpus

The scripts are those of rig.h, fuzz_calls.c, fuzz_kv.c and tcp_op.h. Files named crash-* beside
the seeds were found by fuzzing and are not written here.
"""
import os
import struct
import sys

HERE = os.path.dirname(os.path.abspath(__file__))

# rig.h: options
FAST, TS, NAGLE, NO_DELACK, NO_WS, SMALL, SOFT, GW = (1 << i for i in range(8))
NO_TW, FEW_OOO, CWND_1, BACKLOG_2, STREAM, FEW_PORTS, GIVE_UP, DEFENCES = (
    1 << i for i in range(8, 16))
# Flags
FIN, SYN, RST, PSH, ACK, URG = (1 << i for i in range(6))


def options(bits):
    return struct.pack('>H', bits)


def op(kind, peer=0):
    return bytes([kind | peer << 4])


def wait(e):
    """1 us << @e, then a pass."""
    return op(1) + bytes([e])


NOW, PASS = op(0), op(15)


def seg(peer, flags, seq=0, ack=0, wnd=255, length=0, opts=b'\0'):
    return op(2, peer) + struct.pack('>BbbBH', flags, seq, ack, wnd, length) + opts


def ack(peer=0):
    return op(10, peer)


def data(peer=0):
    return op(11, peer)


def fin(peer=0):
    return op(12, peer)


def syn(peer=0):
    return op(13, peer)


def rst(peer=0):
    return op(14, peer)


def shake(peer=0):
    return syn(peer) + PASS + ack(peer) + PASS


def frames():
    talk = data() + PASS + ack() + PASS
    yield 'handshake', options(FAST), shake()
    yield 'syn_retransmitted', options(0), syn() + PASS + wait(20) + wait(21) + wait(22)
    yield 'syn_options', options(TS), seg(0, SYN, opts=b'\x09') + PASS + ack() + PASS + talk
    yield 'syn_mss_tiny', options(0), seg(0, SYN, opts=b'\x0c') + PASS + ack() + PASS + talk * 3
    yield 'syn_bad_options', options(0), seg(0, SYN, opts=b'\x25\x02\x09\x05\xb4') + PASS
    yield 'data', options(FAST), shake() + talk * 4
    yield 'data_stream', options(FAST | STREAM), shake() + talk * 4
    yield 'data_timestamps', options(FAST | TS), shake() + talk * 4
    yield 'cookie', options(FAST | DEFENCES), shake() + talk * 4
    yield 'cookie_timestamps', options(FAST | TS | DEFENCES), shake() + talk * 4
    yield 'data_slow_path', options(NAGLE | SOFT), shake() + talk * 4
    yield 'data_small_window', options(SMALL | STREAM), \
        shake() + b''.join(seg(0, ACK, length=1399) + PASS for _ in range(4)) + ack() + PASS
    yield 'fin_by_peer', options(FAST), shake() + talk + fin() + PASS + ack() + PASS
    yield 'fin_with_data', options(0), shake() + seg(0, ACK | FIN | PSH, length=200) + PASS + \
        ack() + PASS + wait(26)
    yield 'rst', options(FAST), shake() + data() + PASS + rst() + PASS
    yield 'rst_not_exact', options(0), shake() + seg(0, RST, seq=20) + PASS + seg(0, RST) + PASS
    yield 'syn_in_window', options(0), shake() + seg(0, SYN, seq=9) + PASS + ack() + PASS
    yield 'reordered', options(STREAM), shake() + \
        seg(0, ACK, seq=3, length=1300) + seg(0, ACK, seq=5, length=1300) + PASS + \
        seg(0, ACK, seq=1, length=1399) + PASS + seg(0, ACK, length=1399) + PASS + talk
    yield 'overlap', options(FEW_OOO), shake() + seg(0, ACK, seq=40, length=300) + \
        seg(0, ACK, seq=20, length=300) + seg(0, ACK, length=100) + PASS + talk
    yield 'overlap_head', options(STREAM), shake() + seg(0, ACK, seq=20, length=300) + \
        seg(0, ACK, seq=100, length=300) + seg(0, ACK, length=100) + PASS + ack() + PASS + talk
    yield 'overlap_inside', options(0), shake() + seg(0, ACK, seq=100, length=20) + \
        seg(0, ACK, seq=20, length=300) + seg(0, ACK, length=100) + PASS + ack() + PASS + talk
    yield 'partly_old', options(FAST | STREAM), shake() + talk + \
        seg(0, ACK, seq=-100, length=300) + PASS + ack() + PASS
    yield 'early_fin', options(0), shake() + seg(0, ACK | FIN, seq=100, length=10) + PASS + \
        data() + PASS + ack() + PASS
    yield 'dupacks', options(STREAM), shake() + \
        b''.join(seg(0, ACK, length=1300) for _ in range(6)) + PASS + ack() * 5 + PASS + \
        seg(0, ACK, ack=-9) * 4 + PASS + ack() + PASS
    yield 'timeout', options(GIVE_UP), shake() + data() + PASS + wait(18) + wait(19) + wait(20) + \
        wait(21) + wait(22)
    yield 'zero_window', options(0), shake() + seg(0, ACK, wnd=0, length=200) + PASS + wait(19) + \
        wait(20) + wait(21) + seg(0, ACK) + PASS
    yield 'time_wait', options(STREAM), shake() + fin() + PASS + ack() + PASS + wait(26) + shake()
    yield 'two_clients', options(FAST), shake(0) + shake(1) + data(0) + data(1) + PASS + \
        ack(0) + ack(1) + PASS + fin(0) + rst(1) + PASS
    yield 'table_full', options(BACKLOG_2), b''.join(syn(i) for i in range(8)) + PASS + \
        b''.join(ack(i) for i in range(8)) + PASS + PASS
    yield 'nic_full', options(STREAM), shake() + op(8) + b'\x02' + \
        b''.join(seg(0, ACK, length=1300) for _ in range(4)) + PASS + op(8) + b'\x3f' + PASS
    yield 'nic_holds', options(STREAM), shake() + op(8) + b'\xbf' + talk * 3 + wait(19) + ack() + \
        PASS + op(8) + b'\x7f' + PASS
    yield 'arp_request', options(GW), op(7, 3) + b'\x00' + PASS
    yield 'arp_conflict', options(GW), op(7) + b'\x08' + PASS + wait(23) + op(7) + b'\x09' + PASS
    yield 'arp_resolves', options(FAST), syn(3) + PASS + op(7, 3) + b'\x01' + PASS + ack(3) + PASS
    yield 'icmp_echo', options(0), op(5) + b'\x01\x00\x00\x00\x00\x0c' + \
        b'\x08\x00\xf7\xff\x00\x00\x00\x00\x00\x00\x00\x00' + PASS
    yield 'icmp_unreachable', options(0), shake() + data() + PASS + op(6) + b'\x03\x01\0\0' + PASS
    yield 'icmp_frag_needed', options(0), shake() + data() + PASS + op(6) + b'\x03\x04\x02\x40' + \
        PASS
    yield 'udp', options(0), op(9) + b'\x07\x10' + op(9) + b'\x08\x10' + PASS
    yield 'raw_short', options(0), op(4) + b'\x00\x0e\x00' + bytes(range(14)) + PASS
    yield 'ip_fragment', options(0), op(5) + b'\x06\x20\x01\x00\x00\x04abcd' + PASS
    yield 'urgent', options(0), shake() + seg(0, ACK | URG, length=50) + PASS + ack() + PASS


# fuzz_calls.c: a pass is followed by what the application does
LIE, SCRIBBLE, FORGET = 0x20, 0x40, 0x80
CONNECT, ACCEPT, SENDV, DONE, CLOSE, UDP_SENDV, UDP_DONE, ARM, CANCEL = range(1, 10)
SG_OK = b'\x00'                 # the array at the window's start


def call(nr, handle=0, n=0, rest=b''):
    return bytes([nr | handle << 4, n]) + rest


def sg(length, offset=4096):
    """An entry: an address in the window, a 16-bit length."""
    return b'\x08' + struct.pack('>HH', length, offset)


def send(handle=0, length=100):
    return call(SENDV, handle, 1, SG_OK + sg(length))


def does(*batch, how=0, when=PASS):
    """A pass in which the application makes these calls."""
    return when + bytes([how | len(batch)]) + b''.join(batch)


def opened(handle=0, peer=0):
    return syn(peer) + does() + ack(peer) + does() + does(call(ACCEPT, handle))


def calls():
    first = b'\0'               # the application's first entry
    client = first + does(call(CONNECT, 0, 0, b'\x70')) + does() + syn() + does()
    yield 'accept', options(FAST), first + opened()
    yield 'refuse', options(0), first + syn() + does() + ack() + does() + does(call(CLOSE))
    yield 'connect', options(FAST | GW), client + does(send()) + ack() + does()
    yield 'connect_refused', options(0), first + does(call(CONNECT, 0, 0, b'\x70')) + rst() + does()
    yield 'connect_timeout', options(GIVE_UP), first + does(call(CONNECT, 0, 0, b'\x70')) + \
        b''.join(does(when=wait(e)) for e in (20, 21, 22, 23))
    yield 'connect_unresolved', options(GIVE_UP), first + does(call(CONNECT, 0, 0, b'\x71')) + \
        b''.join(does(when=wait(e)) for e in (20, 21, 22, 23, 24))
    yield 'connect_bad', options(0), first + does(*(call(CONNECT, 0, 0, bytes([0x70 | i]))
                                                    for i in range(8)))
    yield 'ports_exhausted', options(FEW_PORTS), first + \
        does(*(call(CONNECT, 0, 0, b'\x70') for _ in range(6)))
    yield 'send', options(FAST), first + opened() + does(send(0, 1000)) + ack() + does()
    yield 'send_much', options(FAST), first + opened() + does(send(0, 60000)) + \
        (ack() + does()) * 6
    yield 'send_64_pieces', options(FAST), first + opened() + \
        does(call(SENDV, 0, 64, SG_OK + b'\x48' + struct.pack('>HH', 7, 4096))) + ack() + does()
    yield 'send_65_pieces', options(FAST), first + opened() + \
        does(call(SENDV, 0, 65, SG_OK + b'\x48' + struct.pack('>HH', 7, 4096)))
    yield 'send_window_end', options(0), first + opened() + \
        does(call(SENDV, 0, 1, b'\x00\x0a\x00\x10'), call(SENDV, 0, 1, b'\x00\x0b\x00\x10'),
             call(SENDV, 0, 1, b'\x02\x0a\x00\x10'), call(SENDV, 0, 1, b'\x03'))
    yield 'send_wild', options(0), first + opened() + \
        does(call(SENDV, 0, 1, b'\x00\x37\x00' + bytes(8)),
             call(SENDV, 0, 1, b'\x07' + b'\xff' * 8),
             call(SENDV, 0, 1, b'\x00\x2f\x01' + b'\xff' * 8))
    yield 'send_stale', options(0), first + opened() + does(call(CLOSE, 0, 1), send(), send())
    yield 'echo_by_reference', options(FAST), first + opened() + data() + does() + \
        does(call(SENDV, 0, 1, SG_OK + b'\x19')) + ack() + does(call(DONE, 0, 0, b'\0'))
    yield 'recv_done', options(FAST), first + opened() + data() + \
        does(call(DONE, 0, 0, b'\x32')) + does(call(DONE, 0, 0, b'\x64'), call(DONE, 0, 0, b'\x32'))
    yield 'recv_done_too_much', options(0), first + opened() + data() + does() + \
        does(call(DONE, 0, 0, b'\xff' + b'\xff' * 8), call(DONE, 0, 0, b'\x00'))
    yield 'never_read', options(SMALL), first + opened() + \
        b''.join(seg(0, ACK, length=1399) + does() for _ in range(4))
    yield 'close_fin', options(FAST), first + opened() + does(call(CLOSE)) + ack() + does() + \
        fin() + does() + does(when=wait(26))
    yield 'close_half', options(0), first + opened() + does(call(CLOSE, 0, 2)) + ack() + does() + \
        data() + does() + fin() + does() + does(call(DONE, 0, 0, b'\0'), call(CLOSE))
    yield 'close_both', options(0), first + opened() + does(call(CLOSE)) + fin() + does() + \
        ack() + does()
    yield 'close_with_data', options(0), first + opened() + does(send(0, 3000), call(CLOSE)) + \
        data() + does() + ack() + does()
    yield 'close_after_fin', options(0), first + opened() + fin() + does() + \
        does(send(), call(CLOSE)) + ack() + does()
    yield 'close_rst', options(FAST), first + opened() + does(send(), call(CLOSE, 0, 1)) + does()
    yield 'close_bad_mode', options(0), first + opened() + \
        does(call(CLOSE, 0, 3), call(CLOSE, 0, 255, b'\xff' * 8))
    yield 'lie', options(0), first + opened() + does(send(), how=LIE) + b'\xff' * 8 + does()
    yield 'scribble', options(0), first + opened() + does(send(), how=SCRIBBLE) + b'\xff' * 64 + \
        data() + does()
    yield 'unknown_calls', options(0), first + does(*(bytes([nr, 0]) for nr in (0, 10, 11, 12, 13)),
                                                    b'\xff\x00' + b'\xff' * 16)
    yield 'timers', options(0), first + does(*(call(ARM, 0, n) for n in (1, 20, 30, 40, 50))) + \
        does(call(CANCEL, 1), call(CANCEL, 1), when=wait(10)) + does(when=wait(24))
    yield 'udp', options(GW), first + op(9) + b'\x07\x20' + does() + does(call(UDP_DONE)) + \
        does(call(UDP_SENDV, 0, 2, b'\x78' + SG_OK + sg(10) + sg(20)))
    yield 'udp_held', options(0), first + (op(9) + b'\x07\x20') * 6 + does() + does(call(UDP_DONE))
    yield 'udp_too_long', options(0), first + \
        does(call(UDP_SENDV, 0, 1, b'\x78' + SG_OK + sg(1473)),
             call(UDP_SENDV, 0, 5, b'\x78' + SG_OK + sg(1) * 5))
    yield 'nic_holds', options(FAST), first + opened() + op(8) + b'\xbf' + does(send(0, 2000)) + \
        ack() + does() + does(when=wait(19)) + op(8) + b'\x7f' + does()
    yield 'retransmit', options(GIVE_UP), first + opened() + does(send(0, 5000)) + \
        b''.join(does(when=wait(e)) for e in (18, 19, 20, 21))
    yield 'many', options(FAST), first + b''.join(opened(i, i) for i in range(6)) + \
        does(*(send(i) for i in range(6))) + b''.join(ack(i) for i in range(6)) + does()


# tcp_op.h: ops of fuzz_tcp, eight bytes each
(T_PASS, T_SYN, T_SEG, T_DATA, T_ACK, T_FIN, T_RST, T_AGAIN, T_SACK, T_ICMP, T_LOSE, T_CONNECT,
 T_SENDV, T_DONE, T_CLOSE, T_APP, T_NIC, T_POOL) = range(18)
LATE = 60                       # a pass behind the next deadline
SYN_ALL = 15                    # MSS, window scale, SACK, timestamps
B_PART, B_DSACK, B_BELOW, B_BEYOND, B_EMPTY, B_REVERSED, B_ALL = range(1, 8)


def t(kind, a=0, b=0, c=0, d=0, e=0, f=0, peer=0):
    return bytes([kind, peer, a, b, c & 255, d & 255, e, f])


T_NOW, T_LATE, T_1MS = t(T_PASS), t(T_PASS, LATE), t(T_PASS, 20)


def t_open(peer=0, a=SYN_ALL, b=7, c=0):
    return t(T_SYN, a, b, c, peer=peer) + T_NOW + t(T_ACK, peer=peer) + T_NOW


def t_send(size=9, pieces=0, peer=0):
    return t(T_SENDV, b=pieces, e=size, peer=peer)


T_TALK = t(T_DATA, e=11) + T_NOW + t_send(8) + T_NOW + t(T_ACK) + T_1MS


def t_program(seed, *parts, options=FAST):
    return struct.pack('>HHI', options, 0, seed) + b''.join(parts)


def tcp_lives():
    yield 'open', t_program(0, t_open())
    yield 'talk', t_program(0, t_open(), T_TALK * 4)
    yield 'talk_seeds', t_program(1, t_open(), T_TALK * 4)
    yield 'talk_no_options', t_program(2, t_open(a=0), T_TALK * 4)
    yield 'connect', t_program(0, t(T_CONNECT), T_NOW, t(T_SYN, SYN_ALL, 7), T_NOW, T_TALK * 2)
    yield 'connect_refused', t_program(0, t(T_CONNECT), T_NOW, t(T_SEG, 0x14), T_NOW)
    yield 'close_by_peer', t_program(0, t_open(), T_TALK, t(T_FIN), T_NOW, t(T_CLOSE), T_NOW,
                                     t(T_ACK), T_NOW)
    yield 'close_half', t_program(0, t_open(), t_send(14), t(T_CLOSE, 2), T_NOW, t(T_ACK), T_NOW,
                                  T_TALK)
    yield 'close_reset', t_program(0, t_open(), t_send(14), t(T_CLOSE, 1), T_NOW)


def tcp_losses():
    yield 'loss', t_program(3, t_open(), t_send(14), t(T_LOSE, 1), T_NOW, t(T_ACK) * 4, T_NOW,
                            t(T_ACK), T_1MS, T_LATE, t(T_ACK), T_NOW)
    yield 'loss_timeout', t_program(0, t_open(), t_send(14), t(T_LOSE, 9), T_NOW, T_LATE * 3)
    yield 'loss_sack', t_program(5, t_open(), t_send(15), t(T_LOSE, 2), T_NOW,
                                 *(t(T_SACK, B_PART | i << 5, 0) for i in range(1, 5)), T_NOW,
                                 t(T_ACK), T_LATE, t(T_ACK), T_NOW)
    yield 'sack_renege', t_program(5, t_open(), t_send(15), t(T_LOSE, 9), T_NOW,
                                   t(T_SACK, B_ALL) * 4, T_NOW, T_LATE, T_LATE, t(T_ACK), T_NOW)
    yield 'sack_lies', t_program(6, t_open(), t_send(15), T_NOW,
                                 *(t(T_SACK, b, B_PART, B_ALL, b) for b in range(2, 8)), T_NOW,
                                 t(T_ACK), T_NOW)
    yield 'sack_overlaps', t_program(7, t_open(a=7), t_send(15), t(T_LOSE, 3), T_NOW,
                                     t(T_SACK, B_PART | 64, B_PART | 72, B_PART | 66, B_ALL) * 5,
                                     T_NOW, T_LATE)
    yield 'dsack', t_program(8, t_open(), t_send(15), t(T_LOSE, 1), T_NOW, t(T_ACK) * 4, T_NOW,
                             t(T_SACK, B_DSACK), T_NOW, t(T_SACK, B_DSACK | 8, B_PART), T_NOW)


def tcp_receiving():
    yield 'ecn', t_program(9, t_open(c=1), t(T_DATA, e=11, f=0xc0), T_NOW, t_send(12), T_NOW,
                           t(T_SEG, 0x50), T_NOW, t(T_SEG, 0x90), T_NOW, t(T_DATA, e=11, f=0x80))
    yield 'reordered', t_program(0, t_open(), t(T_SEG, 0x10, 5, e=11),
                                 t(T_SEG, 0x10, 5 | 8, 2, e=13), T_NOW, t(T_AGAIN, e=15), T_NOW,
                                 t(T_AGAIN, e=15), T_NOW)
    yield 'overlap_lies', t_program(0, t_open(), t(T_SEG, 0x10, 5, e=11),
                                    t(T_SEG, 0x10, 5, -50, e=11, f=0x20), T_NOW,
                                    t(T_AGAIN, e=15), T_NOW)
    yield 'edge', t_program(0, t_open(), *(t(T_SEG, 0x10, 2, d, e=4) + T_NOW
                                           for d in (-2, -1, 0, 1)), t(T_AGAIN, e=3), T_NOW)
    yield 'zero_window', t_program(0, t_open(), t(T_ACK, e=0x30), t_send(12), T_NOW,
                                   T_LATE * 3, t(T_ACK), T_NOW)
    yield 'shrinking_window', t_program(0, t_open(), t_send(14), t(T_ACK, e=0xe0), T_NOW,
                                        t(T_ACK, e=0x60), T_NOW, t(T_ACK, e=0x30), T_LATE,
                                        t(T_ACK, e=0x40), T_LATE, t(T_ACK), T_NOW)
    yield 'never_read', t_program(0, t(T_APP, 2), t_open(), t(T_DATA, e=15) * 8, T_NOW,
                                  t(T_DATA, e=15) * 8, T_NOW, t(T_DONE, 128), T_NOW)
    yield 'optimistic', t_program(0, t_open(), t_send(14), t(T_LOSE, 9), T_NOW,
                                  t(T_SEG, 0x10, 0x10), T_NOW, t(T_SEG, 0x10, 0x50), T_NOW)
    yield 'blind', t_program(0, t_open(), *(t(T_SEG, f, s | 0x70, e=3) for f in (4, 2, 0x10, 0x11)
                                            for s in (2, 6, 7)), T_NOW, T_TALK)
    yield 'reset_in_window', t_program(0, t_open(), t(T_RST, 0, 0, 5), T_NOW, T_TALK)
    yield 'reset', t_program(0, t_open(), t_send(12), t(T_RST), T_NOW)
    yield 'paws', t_program(0, t_open(), t(T_SEG, 0x10, e=11, f=2), T_NOW, T_TALK,
                            options=FAST | TS)
    yield 'timestamps', t_program(4, t_open(), T_TALK, t(T_SEG, 0x10, e=11, f=4), T_NOW, T_TALK,
                                  options=TS)


def tcp_troubles():
    yield 'mss_tiny', t_program(0, t_open(b=0x60), t_send(15), T_NOW, t(T_ACK), T_NOW)
    yield 'mss_one', t_program(0, t_open(b=0x90), t_send(15, 63), T_NOW, t(T_ACK), T_NOW)
    yield 'icmp_frag_needed', t_program(0, t_open(), t_send(14), T_NOW, t(T_ICMP, 3, 4, 36), T_NOW,
                                        t(T_ICMP, 3, 4, 4, 9), T_NOW, t(T_ACK), T_LATE)
    yield 'icmp_unreachable', t_program(0, t_open(), t_send(14), t(T_LOSE, 9), T_NOW,
                                        t(T_ICMP, 3, 1), T_LATE, t(T_ICMP, 3, 3), T_LATE)
    yield 'nic_full', t_program(0, t_open(), t(T_NIC, 1), t_send(15), T_NOW, t(T_ACK), T_NOW,
                                t(T_NIC, 0x3f), T_NOW, t(T_ACK), T_NOW)
    yield 'nic_holds', t_program(0, t_open(), t(T_NIC, 0xbf), t_send(15), T_NOW, t(T_ACK), T_NOW,
                                 T_LATE, t(T_NIC, 0x7f), T_NOW)
    yield 'pool_empty', t_program(0, t_open(), t(T_POOL, 2), t_send(15), T_NOW, t(T_DATA, e=9),
                                  T_LATE, t(T_POOL, 255), T_NOW)
    yield 'pieces', t_program(0, t_open(), t_send(15, 63), T_NOW, t(T_ACK), T_NOW)
    yield 'many', t_program(0, *(t_open(i) for i in range(6)), *(t_send(12, 0, i)
                                                                  for i in range(6)), T_NOW,
                            *(t(T_DATA, e=11, peer=i) for i in range(6)), T_NOW)
    yield 'flood', t_program(10, *(t(T_SYN, SYN_ALL, peer=i) for i in range(8)), T_NOW,
                             *(t(T_ACK, peer=i) for i in range(8)), T_NOW)
    yield 'again_after_time_wait', t_program(0, t_open(), t(T_CLOSE), T_NOW, t(T_ACK), t(T_FIN),
                                             T_NOW, T_1MS, t_open(), T_TALK)


def opts():
    mss, ws, sack, ts = b'\2\4\5\xb4', b'\3\3\7', b'\4\2', b'\x08\x0a\0\0\0\1\0\0\0\2'
    yield 'none', b''
    yield 'mss', mss
    yield 'linux_syn', mss + sack + ts + b'\1' + ws
    yield 'windows_syn', mss + b'\1' + ws + b'\1\1' + sack
    yield 'timestamps', b'\1\1' + ts
    yield 'timestamps_unaligned', ts + b'\1\1'
    yield 'wscale_15', b'\3\3\xff'
    yield 'sack_blocks', b'\1\1\5\x12' + bytes(range(16))
    yield 'unknown', b'\xfe\4\0\0' + mss
    yield 'eol', mss + b'\0' + ws
    yield 'length_0', b'\2\0'
    yield 'length_1', b'\x08\1'
    yield 'length_past_end', b'\2\5\5\xb4'
    yield 'cut_kind', b'\1\2'
    yield 'nops', b'\1' * 40


def conf():
    yield 'empty', b'\n'
    yield 'comments', b'# nothing\n// more\n/* and this */\n'
    yield 'usual', b'''seed = 7; duration = "10 ms"; clients = 3;
link = { rate = "10 Gb/s"; propagation = "200 ns"; };
switch = { present = true; latency = "300 ns"; };
server = { threads = 2; dp = { batch_max = 16; nagle = true; rto_min = "5 ms"; }; };
workload = { name = "echo"; size = "2 KB"; connections = 100; mode = "open"; rate = "1.5 M/s"; };
'''
    yield 'netpipe', b'workload = { name = "netpipe"; };\n'
    yield 'workload_plain', b'workload = "netpipe";\n'
    yield 'fault', b'fault = { loss = "0.5 %"; dup = "10 ppm"; reorder = "7 ppb"; };\n'
    yield 'options', b'seed = 1;\0seed=2\0size=4 KB\0workload.server.size=1 KB\0server.dp.mss=536'
    yield 'sweep', b'sweep = { size = [ 64, 128 ]; };\nfigure = { title = "t"; };\nseed = 1;\n'
    yield 'paths', b'pcap = "a \\"b\\" \\\\ c"; trace = "";\n'
    yield 'unknown_key', b'server = { dp = { batch_mx = 3; }; };\n'
    yield 'out_of_range', b'server = { dp = { batch_max = 5000; mss = -1; }; };\n'
    yield 'wrong_unit', b'link = { rate = "10 us"; }; seed = 1.5;\n'
    yield 'wrong_type', b'clients = true; seed = "x"; link = 3;\n'
    yield 'list', b'seed = [ 1, 2 ]; clients = ( 1, "a" );\n'
    yield 'twice', b'seed = 1;\0seed=2\0seed=3'
    yield 'no_equals', b'\0seed\0=3\0 = \0size'
    yield 'deep', b'a={' * 12 + b'}' * 12
    yield 'syntax', b'seed = ;\n'
    yield 'hex_and_long', b'seed = 0xffffffffffffffffL; clients = 0x2;\n'
    yield 'contradiction', b'switch = { present = false; }; clients = 4;\n'


# fuzz_kv.c: acts
KV_PASS, KV_STALL, KV_GO, KV_EOF, KV_KILL, KV_SECOND, KV_MONTH, KV_ROOM = range(8)


def kv_say(text, client=0):
    """@text in pieces of at most 31 bytes."""
    parts = [text[i:i + 31] for i in range(0, len(text), 31)]
    return b''.join(bytes([client << 5 | len(p)]) + p for p in parts)


def kv_act(what, client=0):
    return bytes([128 | what << 2 | client])


def kv_bin(code, key=b'', value=b'', extras=b'', cas=0):
    """A request of the binary protocol."""
    return struct.pack('>BBHBBHIIQ', 0x80, code, len(key), len(extras), 0, 0,
                       len(extras) + len(key) + len(value), 7, cas) + extras + key + value


def kv():
    big = b'\0' + b'v'      # 256 bytes
    put = b'set a 1 0 5\r\nhello\r\n'
    yield 'ascii', b'\0', kv_say(put + b'get a b\r\ngets a\r\nappend a 0 0 1\r\n!\r\n'
                                b'incr a 1\r\ntouch a 9\r\ngat 1 a\r\ndelete a\r\n')
    yield 'ascii_errors', b'\0', kv_say(b'set a 0 0 x\r\nget\r\nset a 0 0 1\r\nxyz\r\n'
                                       b'cas a 0 0 1 7 noreply\r\nz\r\nflush_all 9\r\n')
    yield 'ascii_stats', b'\0', kv_say(put + b'stats\r\nstats items\r\nstats slabs\r\n'
                                      b'stats settings\r\nstats reset\r\nversion\r\nquit\r\n')
    yield 'long_value', b'\4', kv_say(b'set a 0 0 1024\r\n') + big * 4, kv_say(b'\r\nget a\r\n')
    yield 'too_large', b'\0', kv_say(b'set a 0 0 2000000\r\n') + big * 3
    yield 'evicted_while_sent', b'\5', *[
        kv_say(b'set k%d 0 0 600000\r\n' % i, i % 4) + big for i in range(6)]
    yield 'stalled', b'\2', kv_say(put), kv_act(KV_STALL), *[
        kv_say(b'get a a a a a a a a a a a a a\r\n') for _ in range(60)], kv_act(KV_GO)
    yield 'expiry', b'\0', kv_say(b'set a 0 1 1\r\nx\r\nset b 0 -1 1\r\nx\r\n'), kv_act(
        KV_SECOND), kv_say(b'get a b\r\nflush_all 1\r\n'), kv_act(KV_MONTH), kv_say(put)
    yield 'two_clients', b'\0', kv_say(put), kv_say(b'delete a\r\nincr n 1\r\n', 1), kv_act(
        KV_EOF), kv_act(KV_KILL, 1)
    flags = b'\0' * 8
    yield 'binary', b'\0', kv_say(
        kv_bin(1, b'a', b'hello', flags) + kv_bin(0, b'a') + kv_bin(12, b'a')
        + kv_bin(14, b'a', b'!') + kv_bin(4, b'a')
        + kv_bin(5, b'n', b'', b'\0' * 20) + kv_bin(10) + kv_bin(11))
    yield 'binary_quiet', b'\0', kv_say(
        kv_bin(0x11, b'a', b'hello', flags) + kv_bin(9, b'b') + kv_bin(13, b'a')
        + kv_bin(0x19, b'a', b'x') + kv_bin(0x1d, b'a', b'', b'\0' * 4) + kv_bin(0x18)
        + kv_bin(0x17))
    yield 'binary_stat', b'\0', kv_say(kv_bin(16) + kv_bin(16, b'slabs') + kv_bin(0x77, b'k', b'v'))
    yield 'binary_bad', b'\0', kv_say(kv_bin(0, b'a', b'no')), kv_say(kv_bin(1, b'a')), kv_say(
        b'\x80' * 24)


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, 'corpus')
    for name, stories in (('frames', frames), ('calls', calls), ('opts', opts), ('conf', conf),
                          ('tcp', tcp_lives), ('tcp', tcp_losses), ('tcp', tcp_receiving),
                          ('tcp', tcp_troubles), ('kv', kv)):
        os.makedirs(os.path.join(top, name), exist_ok=True)
        for story, *parts in stories():
            with open(os.path.join(top, name, story), 'wb') as f:
                f.write(b''.join(parts))


if __name__ == '__main__':
    main()
