#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
make_corpus.py - write the fuzzers' seeds: tests/fuzz/corpus/NAME/, a file a story

Usage: make_corpus.py [FOLDER]		default: tests/fuzz/corpus

The scripts are those of rig.h and fuzz_calls.c. Files named crash-* beside the seeds were
found by fuzzing and are not written here.
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


def main():
    top = sys.argv[1] if len(sys.argv) > 1 else os.path.join(HERE, 'corpus')
    for name, stories in (('frames', frames), ('calls', calls), ('opts', opts), ('conf', conf)):
        os.makedirs(os.path.join(top, name), exist_ok=True)
        for story, *parts in stories():
            with open(os.path.join(top, name, story), 'wb') as f:
                f.write(b''.join(parts))


if __name__ == '__main__':
    main()
