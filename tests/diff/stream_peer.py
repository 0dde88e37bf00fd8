#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""stream_peer.py - Linux's TCP as either end of the stream workload (workloads/stream.h).

    stream_peer.py server PORT [--cc NAME]
    stream_peer.py client HOST:PORT [--bytes N] [--direction send|recv|both]
                                    [--connections C] [--total T] [--cc NAME]

Every byte is compared with what it must be. What came of it is printed one "name value" a line:
the client at its end, the server at SIGTERM; `rexmit` and `timeouts` are the kernel's own
counters of the namespace. The client's exit status is the verdict. Standard library only.
"""
import argparse
import errno
import selectors
import signal
import socket
import sys
import time

PERIOD = 65521
TO_SERVER, TO_CLIENT = 0, PERIOD // 2
WORD = 8
CHUNK = 256 * 1024


class Failure(Exception):
    pass


def make_pattern():
    x, out = 1, bytearray()
    for _ in range(PERIOD):
        x = (x * 1664525 + 1013904223) & 0xffffffff
        out.append(x >> 24)
    return bytes(out)


PATTERN = memoryview(make_pattern() * (CHUNK // PERIOD + 2))


def piece(pos, shift, most):
    at = (pos + shift) % PERIOD
    return PATTERN[at:at + min(most, CHUNK)]


def kernel_counters():
    """Segments retransmitted and timeouts so far in this namespace."""
    want = {"RetransSegs": 0, "TCPTimeouts": 0}
    for path in ("/proc/net/snmp", "/proc/net/netstat"):
        with open(path) as f:
            lines = f.read().splitlines()
        for names, values in zip(lines[::2], lines[1::2]):
            for k, v in zip(names.split(), values.split()):
                if k in want:
                    want[k] = int(v)
    return want["RetransSegs"], want["TCPTimeouts"]


def make_socket(args):
    sock = socket.socket(socket.AF_INET, socket.SOCK_STREAM)
    if args.cc:
        sock.setsockopt(socket.IPPROTO_TCP, socket.TCP_CONGESTION, args.cc.encode())
    return sock


class End:
    """What both ends of a connection do: send bytes and a word, verify the other's."""

    word_last = False

    def __init__(self, sock, shift_out, shift_in):
        sock.setblocking(False)
        self.sock, self.shift_out, self.shift_in = sock, shift_out, shift_in
        self.out = self.inn = 0
        self.out_end, self.in_end = 0, None     # None: until the peer's FIN
        self.word_out = bytearray()
        self.word_in = bytearray()
        self.eof = self.shut = False

    def send(self):
        """True once nothing is left."""
        if not self.word_last:
            self.send_word()
        while self.out < self.out_end:
            self.out += self.sock.send(piece(self.out, self.shift_out, self.out_end - self.out))
        self.send_word()
        return True

    def send_word(self):
        while self.word_out:
            del self.word_out[:self.sock.send(self.word_out)]

    def check(self, data):
        want = piece(self.inn, self.shift_in, len(data))
        if want != data:
            n = next(i for i in range(len(data)) if want[i] != data[i])
            raise Failure(f"byte {self.inn + n} is wrong")
        self.inn += len(data)

    def take_word(self, data):
        n = min(len(data), WORD - len(self.word_in))
        self.word_in += data[:n]
        return data[n:]

    def word(self):
        return int.from_bytes(self.word_in, "big")


class ServerEnd(End):
    word_last = True

    def __init__(self, sock):
        super().__init__(sock, TO_CLIENT, TO_SERVER)
        self.answered = False

    def mask(self):
        waits = self.out < self.out_end or self.word_out
        return (0 if self.eof else selectors.EVENT_READ) | (selectors.EVENT_WRITE if waits else 0)

    def read(self):
        data = self.sock.recv(CHUNK)
        if not data:
            self.eof = True
            if len(self.word_in) < WORD:
                raise Failure("the client ended before it asked")
            return
        if len(self.word_in) < WORD:
            data = self.take_word(data)
            if len(self.word_in) == WORD:
                self.out_end = self.word()
        if data:
            self.check(memoryview(data))

    def step(self, mask):
        """True when it is over."""
        try:
            if mask & selectors.EVENT_READ:
                self.read()
            if self.eof and not self.answered:
                self.answered = True
                self.word_out += self.inn.to_bytes(WORD, "big")
            self.send()
        except BlockingIOError:
            return False
        return self.answered


class ClientEnd(End):
    def __init__(self, args):
        sock = make_socket(args)
        super().__init__(sock, TO_SERVER, TO_CLIENT)
        self.out_end = 0 if args.direction == "recv" else args.bytes
        self.in_end = 0 if args.direction == "send" else args.bytes
        self.word_out += self.in_end.to_bytes(WORD, "big")
        self.connected = False
        err = sock.connect_ex(args.to)
        if err not in (0, errno.EINPROGRESS):
            raise OSError(err, "connect")

    def mask(self):
        return (selectors.EVENT_READ if self.connected else 0) | \
               (0 if self.shut else selectors.EVENT_WRITE)

    def read(self):
        data = self.sock.recv(CHUNK)
        if not data:
            self.eof = True
            return
        n = min(len(data), self.in_end - self.inn)
        if n:
            self.check(memoryview(data)[:n])
        if self.take_word(data[n:]):
            raise Failure("more came than was asked for")

    def step(self, mask):
        """True when it is over."""
        try:
            if mask & selectors.EVENT_WRITE:
                err = self.sock.getsockopt(socket.SOL_SOCKET, socket.SO_ERROR)
                if err:
                    raise OSError(err, "connect")
                self.connected = True
                if not self.shut and self.send():
                    self.shut = True
                    self.sock.shutdown(socket.SHUT_WR)
        except BlockingIOError:
            pass
        try:
            if mask & selectors.EVENT_READ:
                self.read()
        except BlockingIOError:
            pass
        if not self.eof:
            return False
        if self.inn != self.in_end or len(self.word_in) < WORD or self.word() != self.out_end:
            raise Failure(f"received {self.inn} of {self.in_end}; sent {self.out_end}, the "
                          f"server counts {self.word()}")
        return True


class Loop:
    """Ends in a selector; counts how they end."""

    def __init__(self):
        self.sel = selectors.DefaultSelector()
        self.opened = self.whole = self.died = self.bad = self.bytes = 0
        self.first_failure = ""

    def add(self, end):
        end.key_mask = end.mask()
        self.sel.register(end.sock, end.key_mask, end)

    def step(self, end, mask):
        """False once the connection is gone."""
        try:
            over = end.step(mask)
            if over:
                self.whole += 1
                self.bytes += end.inn + end.out
        except (Failure, OSError) as e:
            self.bad += isinstance(e, Failure)
            self.died += isinstance(e, OSError)
            self.first_failure = self.first_failure or str(e)
            over = True
        if over:
            self.sel.unregister(end.sock)
            end.sock.close()
        elif end.mask() != end.key_mask:
            end.key_mask = end.mask()
            self.sel.modify(end.sock, end.key_mask, end)
        return not over

    def report(self, elapsed_s, rexmit0):
        rexmit, timeouts = kernel_counters()
        if self.first_failure:
            print(f"failure {self.first_failure.replace(' ', '_')}")
        print(f"requests {self.whole}\nbytes {self.bytes}\nelapsed_s {elapsed_s:.6f}\n"
              f"conns_died {self.died}\nbad_bytes {self.bad}\nrexmit {rexmit - rexmit0[0]}\n"
              f"timeouts {timeouts - rexmit0[1]}", flush=True)


def client(args):
    loop, before = Loop(), kernel_counters()
    total = args.total or args.connections
    begun = live = 0
    start = time.monotonic()
    while begun < total or live:
        while begun < total and live < args.connections:
            begun += 1
            try:
                loop.add(ClientEnd(args))
                live += 1
            except OSError as e:
                loop.died += 1
                loop.first_failure = loop.first_failure or str(e)
        for key, mask in loop.sel.select(1):
            live -= not loop.step(key.data, mask)
    loop.report(time.monotonic() - start, before)
    return 0 if loop.whole == total else 1


class Stop(Exception):
    pass


def stop(*_):
    raise Stop


def server(args):
    loop, before = Loop(), kernel_counters()
    ls = make_socket(args)      # what it accepts has its congestion control
    ls.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    ls.bind(("", args.port))
    ls.listen(4096)
    ls.setblocking(False)
    loop.sel.register(ls, selectors.EVENT_READ, None)
    signal.signal(signal.SIGTERM, stop)
    start = time.monotonic()
    print(f"listening on port {args.port}", flush=True)
    try:
        while True:
            for key, mask in loop.sel.select():
                if key.data is not None:
                    loop.step(key.data, mask)
                    continue
                loop.opened += 1
                loop.add(ServerEnd(ls.accept()[0]))
    except Stop:
        pass
    print(f"conns_opened {loop.opened}\nconns_open {len(loop.sel.get_map()) - 1}")
    loop.report(time.monotonic() - start, before)
    return 0


def host_port(text):
    host, _, port = text.partition(":")
    return host, int(port)


def main():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    sub = p.add_subparsers(required=True)
    c = sub.add_parser("client")
    c.add_argument("to", type=host_port)
    c.add_argument("--bytes", type=int, default=1 << 20, help="a connection, each way used")
    c.add_argument("--direction", default="send", choices=("send", "recv", "both"))
    c.add_argument("--connections", type=int, default=1, help="at a time")
    c.add_argument("--total", type=int, default=0, help="in all; 0: as many as at a time")
    c.set_defaults(run=client)
    s = sub.add_parser("server")
    s.add_argument("port", type=int)
    s.set_defaults(run=server)
    for q in (c, s):
        q.add_argument("--cc", default="", help="congestion control; default: the system's")
    args = p.parse_args()
    return args.run(args)


if __name__ == "__main__":
    sys.exit(main())
