#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""linux_peer.py - Linux's TCP as the other end of an echo conversation.

    linux_peer.py client HOST:PORT [--conns N] [--bytes B] [--mode MODE] ...
    linux_peer.py server PORT [--rcvbuf B] [--close-after B]
    linux_peer.py refused HOST:PORT     TCP to a closed port: must be refused
    linux_peer.py unreach HOST:PORT     UDP to a closed port: must be reported
    linux_peer.py ping HOST [--count N]
    linux_peer.py orphan HOST:PORT      talk, wait for a new server, be reset by it

Every byte that comes back is compared with what was sent. The client's exit status is
the verdict; a failure is one sentence on stderr. Standard library only.

Modes of the client, each connection on its own:
    plain      send all, read all, then close first and wait for the server's end
    half       shutdown(SHUT_WR) after the last byte, then read to the end of the stream
    rst        after half of the bytes came back, close with RST
    stall      do not read until the server's window has been shut for a while
    dribble    1-byte segments (TCP_NODELAY), with pauses
"""
import argparse
import errno
import os
import random
import selectors
import signal
import socket
import struct
import sys
import time

BLOCK_LEN = (1 << 20) - 3       # not a power of two: a shifted stream never matches
STALL_S = 1.5


class Failure(Exception):
    pass


def make_block(seed):
    return random.Random(seed).randbytes(BLOCK_LEN)


class Stream:
    """The bytes of one connection: the block from an offset of its own, over and over."""

    def __init__(self, block, index):
        self.twice = memoryview(block * 2)
        self.start = index * 7919 % BLOCK_LEN

    def piece(self, pos, most):
        at = (self.start + pos) % BLOCK_LEN
        return self.twice[at:at + min(most, BLOCK_LEN)]

    def differs(self, pos, data):
        """Position of the first byte of @data that is wrong, or -1."""
        done = 0
        while done < len(data):
            want = self.piece(pos + done, len(data) - done)
            got = data[done:done + len(want)]
            if want != got:
                return pos + done + next(i for i in range(len(got)) if want[i] != got[i])
            done += len(want)
        return -1


class Conn:
    def __init__(self, args, index, stream):
        self.args, self.index, self.stream = args, index, stream
        self.sent = self.got = 0
        self.total = args.bytes
        self.connected = self.shut = self.done = self.closed = False
        self.read_from = time.monotonic() + (STALL_S if args.mode == "stall" else 0)
        self.next_send = 0
        self.sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
        self.sock.setblocking(False)
        if args.rcvbuf:
            self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, args.rcvbuf)
        if args.mode == "dribble":
            self.sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
        err = self.sock.connect_ex(args.to)
        if err not in (0, errno.EINPROGRESS):
            raise Failure(f"connection {index}: connect: {os.strerror(err)}")

    def fail(self, what):
        raise Failure(f"connection {self.index} (local port {self.port()}): {what}; "
                      f"sent {self.sent}, received {self.got} of {self.total}")

    def port(self):
        try:
            return self.sock.getsockname()[1]
        except OSError:
            return 0

    def mask(self, now):
        m = 0
        if not self.connected or (self.sent < self.total and now >= self.next_send):
            m |= selectors.EVENT_WRITE
        if self.connected and now >= self.read_from:
            m |= selectors.EVENT_READ
        return m

    def on_write(self, now):
        if not self.connected:
            err = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
            if err:
                self.fail(f"connect: {os.strerror(err)}")
            self.connected = True
        most = 1 if self.args.mode == "dribble" else 256 * 1024
        while self.sent < self.total:
            try:
                n = self.sock.send(self.stream.piece(self.sent, min(most, self.total - self.sent)))
            except BlockingIOError:
                break
            self.sent += n
            if self.args.mode == "dribble":
                self.next_send = now + 0.002
                break
        if self.sent == self.total and self.args.mode == "half" and not self.shut:
            self.shut = True
            self.sock.shutdown(socket.SHUT_WR)

    def on_read(self):
        for _ in range(4):
            try:
                data = self.sock.recv(256 * 1024)
            except BlockingIOError:
                return
            if not data:
                return self.on_eof()
            bad = self.stream.differs(self.got, data)
            if bad >= 0:
                self.fail(f"byte {bad} of the echo is wrong")
            self.got += len(data)
            if self.got > self.sent:
                self.fail("more came back than was sent")
            if self.args.mode == "rst" and self.got >= self.total // 2:
                self.sock.setsockopt(socket.SOL_SOCKET, socket.SO_LINGER, struct.pack("ii", 1, 0))
                self.done = True
                return
            if self.got == self.total and self.args.mode != "half" and not self.shut:
                self.shut = True
                self.sock.shutdown(socket.SHUT_WR)

    def on_eof(self):
        if self.got < self.total:
            self.fail("the stream ended early")
        if not self.shut:
            self.fail("the server closed first")
        self.done = True

    def step(self, mask, now):
        try:
            if mask & selectors.EVENT_WRITE:
                self.on_write(now)
            if mask & selectors.EVENT_READ and not self.done:
                self.on_read()
        except (ConnectionError, TimeoutError, OSError) as e:
            self.fail(str(e))


def client(args):
    block = make_block(args.seed)
    sel = selectors.DefaultSelector()
    start = time.monotonic()
    waiting = [i for i in range(args.conns)]
    live, masks = [], {}
    done = 0
    while waiting or live:
        now = time.monotonic()
        if now - start > args.timeout:
            stuck = "; ".join(f"port {c.port()}: sent {c.sent}, received {c.got}, "
                              f"{'connected' if c.connected else 'not connected'}"
                              for c in live[:4])
            raise Failure(f"{len(live)} of {args.conns} connections are stuck after "
                          f"{args.timeout} s: {stuck}")
        while waiting and len(live) < args.parallel:
            c = Conn(args, waiting[0], Stream(block, waiting.pop(0)))
            live.append(c)
            masks[c] = 0
        for c in live:
            m = c.mask(now)
            if m == masks[c]:
                continue
            if masks[c] == 0:
                sel.register(c.sock, m, c)
            elif m == 0:
                sel.unregister(c.sock)
            else:
                sel.modify(c.sock, m, c)
            masks[c] = m
        idle = any(m == 0 for m in masks.values()) or args.mode == "dribble"
        for key, mask in sel.select(0.002 if idle else 0.5):
            c = key.data
            c.step(mask, time.monotonic())
            if c.done:
                sel.unregister(c.sock)
                c.sock.close()
                live.remove(c)
                del masks[c]
                done += 1
    s = max(time.monotonic() - start, 1e-9)
    print(f"{done} connections, {done * args.bytes} bytes each way in {s:.2f} s, "
          f"{done * args.bytes * 8 / s / 1e6:.0f} Mb/s each way")


class Echo:
    """One served connection: reads while it has room, writes what it has read."""

    ROOM = 1 << 20

    def __init__(self, sock):
        self.sock, self.buf, self.eof, self.n = sock, bytearray(), False, 0

    def mask(self):
        return (0 if self.eof or len(self.buf) >= self.ROOM else selectors.EVENT_READ) | \
               (selectors.EVENT_WRITE if self.buf else 0)

    def step(self, mask, close_after):
        """False when the connection is over."""
        try:
            if mask & selectors.EVENT_READ:
                data = self.sock.recv(256 * 1024)
                self.eof = not data
                self.buf += data
                self.n += len(data)
            if self.buf:
                del self.buf[:self.sock.send(memoryview(self.buf)[:256 * 1024].tobytes())]
        except BlockingIOError:
            return True
        except OSError:
            return False
        if close_after and self.n >= close_after:
            self.eof = True
        return not self.eof or bool(self.buf)


def server(args):
    ls = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    if args.rcvbuf:
        ls.setsockopt(socket.SOL_SOCKET, socket.SO_RCVBUF, args.rcvbuf)
    ls.bind(("", args.port))
    ls.listen(1024)
    ls.setblocking(False)
    sel = selectors.DefaultSelector()
    sel.register(ls, selectors.EVENT_READ, None)
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(0))
    print(f"listening on port {args.port}", flush=True)
    while True:
        for key, mask in sel.select():
            c = key.data
            if c is None:
                sock, _ = ls.accept()
                sock.setblocking(False)
                sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_NODELAY, 1)
                sel.register(sock, selectors.EVENT_READ, Echo(sock))
            elif c.step(mask, args.close_after):
                if c.mask() != key.events:
                    sel.modify(c.sock, c.mask(), c)
            else:
                sel.unregister(c.sock)
                c.sock.close()


def refused(args):
    s = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    s.settimeout(args.timeout)
    err = s.connect_ex(args.to)
    if err != errno.ECONNREFUSED:
        raise Failure(f"connect to a closed port: {os.strerror(err)}, want ECONNREFUSED")
    print("refused, as it should be")


def unreach(args):
    s = socket.socket(socket.AF_INET, socket.SOCK_DGRAM)
    s.settimeout(args.timeout)
    s.connect(args.to)
    s.send(b"anyone?")
    try:
        s.recv(100)
    except ConnectionRefusedError:
        print("port unreachable, as it should be")
        return
    except socket.timeout:
        pass
    raise Failure("a datagram to a closed port brought no ICMP port unreachable")


def orphan(args):
    """A server that has started anew knows no old connection: it must reset it."""
    s = socket.create_connection(args.to, timeout=args.timeout)
    s.sendall(b"before")
    if s.recv(100) != b"before":
        raise Failure("no echo before the server went away")
    print("ready", flush=True)
    sys.stdin.readline()
    try:
        s.sendall(b"after")
        got = s.recv(100)
    except ConnectionResetError:
        print("reset, as it should be")
        return
    except socket.timeout:
        raise Failure(f"the new server did not reset an old connection in {args.timeout} s") \
            from None
    raise Failure(f"the new server answered an old connection: {got!r}")


def icmp_csum(b):
    if len(b) % 2:
        b += b"\0"
    s = sum(struct.unpack(f"!{len(b) // 2}H", b))
    s = (s >> 16) + (s & 0xffff)
    return ~(s + (s >> 16)) & 0xffff


def ping(args):
    s = socket.socket(socket.AF_INET, socket.SOCK_RAW, socket.IPPROTO_ICMP)
    s.settimeout(args.timeout)
    ident = os.getpid() & 0xffff
    for i in range(args.count):
        body = make_block(i)[:(0, 1, 56, 1471, 1472)[i % 5]]
        msg = struct.pack("!BBHHH", 8, 0, 0, ident, i) + body
        msg = msg[:2] + struct.pack("!H", icmp_csum(msg)) + msg[4:]
        s.sendto(msg, (args.to[0], 0))
        while True:
            try:
                got = s.recv(2048)
            except socket.timeout:
                raise Failure(f"no answer to echo request {i} of {len(body)} bytes") from None
            got = got[(got[0] & 15) * 4:]
            if got[0] == 0 and struct.unpack("!HH", got[4:8]) == (ident, i):
                break
        if got[8:] != body or icmp_csum(got) != 0:
            raise Failure(f"echo reply {i} is not the request's {len(body)} bytes, or its "
                          f"checksum is wrong")
    print(f"{args.count} echo requests answered")


def host_port(text):
    host, _, port = text.partition(":")
    return host, int(port or 0)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(required=True)
    c = sub.add_parser("client")
    c.add_argument("to", type=host_port)
    c.add_argument("--conns", type=int, default=1)
    c.add_argument("--parallel", type=int, default=1000, help="at most so many at a time")
    c.add_argument("--bytes", type=int, default=1000, help="a connection, each way")
    c.add_argument("--mode", default="plain", choices=("plain", "half", "rst", "stall", "dribble"))
    c.add_argument("--rcvbuf", type=int, default=0)
    c.add_argument("--seed", type=int, default=1)
    c.add_argument("--timeout", type=float, default=60)
    c.set_defaults(run=client)
    s = sub.add_parser("server")
    s.add_argument("port", type=int)
    s.add_argument("--rcvbuf", type=int, default=0)
    s.add_argument("--close-after", type=int, default=0, help="close first after so many bytes")
    s.set_defaults(run=server)
    for name, run in (("refused", refused), ("unreach", unreach), ("ping", ping),
                      ("orphan", orphan)):
        r = sub.add_parser(name)
        r.add_argument("to", type=host_port)
        r.add_argument("--count", type=int, default=5)
        r.add_argument("--timeout", type=float, default=5)
        r.set_defaults(run=run)
    args = p.parse_args()
    try:
        args.run(args)
    except Failure as e:
        print(f"linux_peer: {e}", file=sys.stderr)
        return 1
    except KeyboardInterrupt:
        return 130
    return 0


if __name__ == "__main__":
    sys.exit(main())
