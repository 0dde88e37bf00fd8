#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linux_wire.py - judge what one host put on the wire, from a capture.

    linux_wire.py FILE.pcap MAC

Reads a pcap file (Ethernet, whole frames) and holds every IPv4 frame that MAC sent to
rules no clean run may break, whatever the other end does:

    checksums       IPv4, TCP, UDP and ICMP are right (RFC 1071)
    lengths         frame, IP and TCP lengths agree; options are well formed
    ack             the acknowledgement number never goes back (RFC 9293 section 3.10.7.4)
    right edge      the advertised window never shrinks (RFC 9293 section 3.8.6) by more
                    than its scale rounds off (RFC 7323 section 2.4)
    window          no byte is sent beyond the edge the peer has advertised by then
    bytes           a byte sent again is the byte that was sent before
    end             nothing but the same FIN follows a FIN; nothing but RST follows RST; the
                    peer's FIN is acknowledged; what was opened is not reset

Prints one line a violation (at most 20) and a summary; exit status 1 if there was any.
Standard library only.
"""
import struct
import sys
import zlib

FIN, SYN, RST, ACK = 1, 2, 4, 16
MOST = 20


def csum(data):
    if len(data) % 2:
        data += b"\0"
    s = sum(struct.unpack(f"!{len(data) // 2}H", data))
    while s >> 16:
        s = (s >> 16) + (s & 0xffff)
    return s ^ 0xffff


def after(a, b):
    """a is later than b in sequence space."""
    return 0 < (a - b) & 0xffffffff < 1 << 31


class Side:
    """One direction of a connection."""

    def __init__(self):
        self.scale = self.offer = None
        self.ack = self.edge = self.fin = None
        self.reset = False
        self.sent = {}          # sequence number -> (length, CRC) of a segment


class Judge:
    def __init__(self, mac):
        self.mac, self.ip, self.flows = mac, None, {}
        self.n = self.bad = self.ours = self.again = 0

    def complain(self, what):
        self.bad += 1
        if self.bad <= MOST:
            print(f"frame {self.n}: {what}")

    def frame(self, f):
        self.n += 1
        if len(f) < 14 or f[12:14] != b"\x08\x00":
            return
        ours = f[6:12] == self.mac
        self.ours += ours
        ip = f[14:]
        hlen, total = (ip[0] & 15) * 4, struct.unpack("!H", ip[2:4])[0]
        if ours:
            self.ip = ip[12:16]
        if ours and (ip[0] >> 4 != 4 or hlen < 20 or total < hlen or total > len(ip)):
            return self.complain("IPv4 lengths do not agree")
        if ours and csum(ip[:hlen]) != 0:
            self.complain("IPv4 header checksum is wrong")
        seg = ip[hlen:total]
        if ours and ip[9] == 1 and csum(seg) != 0:
            self.complain("ICMP checksum is wrong")
        if ip[9] not in (6, 17):
            return
        pseudo = ip[12:20] + struct.pack("!BBH", 0, ip[9], len(seg))
        if ours and (ip[9] == 6 or seg[6:8] != b"\0\0") and csum(pseudo + seg) != 0:
            self.complain("TCP or UDP checksum is wrong")
        if ip[9] == 6:
            self.tcp(ip[12:16], ip[16:20], seg, ours)

    def tcp(self, src, dst, seg, ours):
        sport, dport, seq, ack, off, flags, wnd = struct.unpack("!HHIIBBH", seg[:16])
        hlen = (off >> 4) * 4
        if ours and (hlen < 20 or hlen > len(seg)):
            return self.complain("TCP header length is wrong")
        me, peer = (src, sport, dst, dport), (dst, dport, src, sport)
        if flags & SYN and not flags & ACK:
            self.flows[me], self.flows[peer] = Side(), Side()
        if me not in self.flows:
            return
        a, b = self.flows[me], self.flows[peer]
        scale = self.options(seg[20:hlen], ours)
        if flags & SYN:
            a.offer = scale
            if flags & ACK:
                both = a.offer is not None and b.offer is not None
                a.scale, b.scale = (a.offer, b.offer) if both else (0, 0)
        if flags & RST:
            if ours and a.ack is not None and not b.reset:
                self.complain("resets what was open")
            a.reset = True
            return
        if ours:
            self.ours_tcp(a, b, seq, seg[hlen:], flags)
        elif flags & FIN:
            a.fin = (seq + len(seg) - hlen) & 0xffffffff
        if flags & ACK:
            self.acknowledges(a, ack, wnd << (0 if flags & SYN else a.scale or 0), ours)

    def options(self, o, ours):
        """The window scale offered, or None."""
        scale = None
        while o and o[0] != 0:
            if o[0] == 1:
                o = o[1:]
                continue
            if len(o) < 2 or o[1] < 2 or o[1] > len(o):
                if ours:
                    self.complain("a TCP option is malformed")
                break
            if o[0] == 3:
                scale = o[2]
            o = o[o[1]:]
        return scale

    def acknowledges(self, a, ack, wnd, ours):
        edge = (ack + wnd) & 0xffffffff
        if a.ack is None:
            a.ack, a.edge = ack, edge
            return
        if ours and after(a.ack, ack):
            self.complain(f"acknowledges {ack}, after {a.ack}")
        if ours and after(a.edge, edge) and (a.edge - edge) & 0xffffffff >= 1 << (a.scale or 0):
            self.complain(f"right edge moves left by {(a.edge - edge) & 0xffffffff}")
        if after(ack, a.ack):
            a.ack = ack
        if after(edge, a.edge):
            a.edge = edge

    def ours_tcp(self, a, b, seq, data, flags):
        end = (seq + len(data)) & 0xffffffff
        if a.reset:
            self.complain("speaks after its RST")
        if data and b.edge is not None and after(end, b.edge):
            self.complain(f"sends {(end - b.edge) & 0xffffffff} bytes beyond the window")
        if a.fin is not None:
            most = a.fin if data or flags & FIN else (a.fin + 1) & 0xffffffff
            if after(end, most) or (flags & FIN and end != a.fin):
                self.complain("sends beyond its FIN, or another FIN")
        if flags & FIN:
            a.fin = end
        if not data:
            return
        now, old = (len(data), zlib.crc32(data)), a.sent.get(seq)
        self.again += old is not None
        if old is not None and old[0] == now[0] and old != now:
            self.complain(f"sends other bytes at {seq} than before")
        a.sent[seq] = now


    def end(self):
        """What must have happened by the end of the capture."""
        for (src, sport, dst, dport), a in self.flows.items():
            b = self.flows[(dst, dport, src, sport)]
            if src != self.ip or b.fin is None or a.reset or b.reset:
                continue
            if a.ack != (b.fin + 1) & 0xffffffff:
                self.complain(f"(the end) the FIN of port {dport} is not acknowledged")


def frames(path):
    with open(path, "rb") as f:
        head = f.read(24)
        order = "<" if head[:4] in (b"\xd4\xc3\xb2\xa1", b"\x4d\x3c\xb2\xa1") else ">"
        if len(head) < 24 or struct.unpack(order + "I", head[20:24])[0] != 1:
            sys.exit(f"linux_wire: {path} is no Ethernet pcap file")
        while len(rec := f.read(16)) == 16:
            kept, length = struct.unpack(order + "8xII", rec)
            if kept != length:
                sys.exit(f"linux_wire: {path} has cut frames; capture with -s 0")
            yield f.read(kept)


def main():
    if len(sys.argv) != 3:
        sys.exit(__doc__)
    j = Judge(bytes.fromhex(sys.argv[2].replace(":", "")))
    for f in frames(sys.argv[1]):
        j.frame(f)
    j.end()
    print(f"{j.ours} frames, {len(j.flows) // 2} connections, {j.again} segments sent again, "
          f"{j.bad} violations")
    return 1 if j.bad or j.ours == 0 else 0


if __name__ == "__main__":
    sys.exit(main())
