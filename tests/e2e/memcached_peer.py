#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
memcached_peer.py - clients of a memcached server, and two servers side by side

Usage: memcached_peer.py ping|sizes|multiget|expiry|slow|hostile|record ADDR:PORT
       memcached_peer.py diff-ascii|diff-binary ADDR:PORT ADDR:PORT

Prints what was done and exits 0, or says what was wrong and exits 1. The sessions of diff-* are
sent to both servers on one connection each, a request at a time; CAS ids may differ by a constant
and the version is masked.
"""
import random
import re
import select
import socket
import struct
import sys
import time

TIMEOUT = 20


def connect(where):
    host, port = where.rsplit(':', 1)
    return socket.create_connection((host, int(port)), TIMEOUT)


def read_exactly(s, n):
    out = bytearray()
    while len(out) < n:
        part = s.recv(min(n - len(out), 1 << 20))
        if not part:
            sys.exit(f'the server closed after {len(out)} of {n} bytes: {bytes(out[-200:])!r}')
        out += part
    return bytes(out)


def expect(s, want, what=''):
    got = read_exactly(s, len(want))
    if got != want:
        at = next(i for i in range(len(want)) if got[i] != want[i])
        sys.exit(f'{what}: byte {at} of {len(want)} is wrong: {got[at:at + 80]!r}, '
                 f'want {want[at:at + 80]!r}')


def body(n, salt=0):
    return bytes((i * 7 + (i >> 8) + salt) & 255 for i in range(n))


def store(s, key, value, flags=0, exptime=0):
    s.sendall(b'set %s %d %d %d\r\n' % (key, flags, exptime, len(value)) + value + b'\r\n')
    expect(s, b'STORED\r\n', f'set of {len(value)} bytes')


def ping(where):
    with connect(where) as s:
        s.sendall(b'version\r\n')
        if not s.recv(100).startswith(b'VERSION '):
            sys.exit('no version')
    print('pong')


def sizes(where):
    """Each size once by its length and once by a flag, read back whole."""
    lengths = [0, 1, 2, 511, 512, 513, 1024, 1459, 1460, 1461, 10000, 65536, 300000, 1048000]
    with connect(where) as s:
        for i, n in enumerate(lengths):
            store(s, b'k%d' % i, body(n, i), i)
        for i, n in enumerate(lengths):
            s.sendall(b'get k%d\r\n' % i)
            expect(s, b'VALUE k%d %d %d\r\n' % (i, i, n) + body(n, i) + b'\r\nEND\r\n', f'{n} B')
        s.sendall(b'set k0 0 0 1048576\r\n' + body(1048576) + b'\r\nget k0\r\n')
        expect(s, b'SERVER_ERROR object too large for cache\r\nEND\r\n', 'too large')
    print(f'{len(lengths)} sizes, {sum(lengths)} bytes')


def multiget(where):
    """A line of 6,000 keys, which is longer than any buffer, a third of them missing."""
    with connect(where) as s:
        want = bytearray()
        for i in range(4000):
            s.sendall(b'set multi-%d 0 0 20 noreply\r\n%020d\r\n' % (i, i))
            want += b'VALUE multi-%d 0 20\r\n%020d\r\n' % (i, i)
        s.sendall(b'get' + b''.join(b' multi-%d' % i for i in range(6000)) + b'\r\n')
        expect(s, bytes(want) + b'END\r\n', 'multi-get')
    print(f'{len(want)} bytes in one answer')


def expiry(where):
    with connect(where) as s:
        now = int(time.time())
        store(s, b'short', b'x', exptime=1)
        store(s, b'long', b'x', exptime=100)
        store(s, b'past', b'x', exptime=now - 10)
        store(s, b'date', b'x', exptime=now + 100)
        store(s, b'soon', b'x', exptime=now + 2)
        s.sendall(b'get past date long\r\n')
        expect(s, b'VALUE date 0 1\r\nx\r\nVALUE long 0 1\r\nx\r\nEND\r\n', 'at once')
        time.sleep(3.2)
        s.sendall(b'get short soon date long\r\n')
        expect(s, b'VALUE date 0 1\r\nx\r\nVALUE long 0 1\r\nx\r\nEND\r\n', 'after 3 s')
        s.sendall(b'touch long -1\r\nget long\r\nflush_all 1\r\nget date\r\n')
        expect(s, b'TOUCHED\r\nEND\r\nOK\r\nVALUE date 0 1\r\nx\r\nEND\r\n', 'touch')
        time.sleep(2.2)
        s.sendall(b'get date\r\n')
        expect(s, b'END\r\n', 'flushed')
    print('relative, absolute, touched, flushed with a delay')


def slow(where):
    """5,000 requests of 20 kB each are sent before anything is read."""
    value = body(20000)
    answer = b'VALUE big 0 20000\r\n' + value + b'\r\nEND\r\n'
    with connect(where) as s:
        store(s, b'big', value)
        s.setblocking(False)
        ask, sent = b'get big\r\n' * 5000, 0
        quiet = time.monotonic()
        while sent < len(ask) and time.monotonic() - quiet < 1:
            try:
                sent += s.send(ask[sent:])
                quiet = time.monotonic()
            except BlockingIOError:
                time.sleep(0.01)
        s.settimeout(TIMEOUT)
        requests = sent // 9
        for _ in range(requests):
            expect(s, answer, 'late')
    print(f'{requests} requests, {requests * len(answer) >> 20} MiB')


def hostile(where):
    """Whatever these get, the next client is served."""
    rng = random.Random(4)
    for i in range(60):
        with connect(where) as s:
            s.settimeout(0.3)
            try:
                s.sendall((b'\x80' if i % 2 else b'') + rng.randbytes(rng.randrange(1, 3000)))
                if i % 3 == 0:
                    s.shutdown(socket.SHUT_WR)
                if i % 3 == 1:
                    s.sendall(b'set a 0 0 1000000\r\nabc')
                s.recv(100)
            except OSError:
                pass
    with connect(where) as s:
        store(s, b'still', b'here')
        s.sendall(b'get ' + b'x' * 100000 + b'\r\nget still\r\n')
        expect(s, b'CLIENT_ERROR bad command line format\r\nVALUE still 0 4\r\nhere\r\nEND\r\n')
    print('60 clients nobody wants')


def record(where):
    """Record 77 of USR is its number with zeros in front."""
    with connect(where) as s:
        key = b'%0*d' % (USR_KEY, 77)
        s.sendall(b'get ' + key + b'\r\n')
        want = b'VALUE ' + key + b' 0 2\r\n'
        expect(s, want, 'record')
        if not read_exactly(s, 2 + 7).endswith(b'\r\nEND\r\n'):
            sys.exit('the record is not 2 bytes long')
    print(key.decode())


USR_KEY = 19


# --- side by side ---

def answers(socks, mask, patience=2.0, quiet=0.02):
    """What each server says, masked: until both have said the same and then nothing for @quiet, or
    nobody anything more for @patience."""
    heard, closed = [b'', b''], [False, False]
    last = time.monotonic()
    while True:
        ready, _, _ = select.select([s for s, c in zip(socks, closed) if not c], [], [], quiet)
        for i, s in enumerate(socks):
            if s in ready:
                part = s.recv(1 << 20)
                heard[i] += part or b'<closed>'
                closed[i] = not part
                last = time.monotonic()
        same = mask(heard[0]) == mask(heard[1])
        # Both silent: what is only late is found out by the next request.
        if not ready and (same or time.monotonic() - last > patience) or all(closed):
            return [mask(h) for h in heard]


def side_by_side(a, b, requests, mask):
    """Each of @requests to both servers; a new connection when they close."""
    socks = [connect(a), connect(b)]
    seen = 0
    for request in requests:
        for s in socks:
            s.sendall(request)
        got = answers(socks, mask)
        if got[0] != got[1]:
            sys.exit(f'{request[:200]!r}:\n  {a}: {got[0][:400]!r}\n  {b}: {got[1][:400]!r}')
        seen += len(got[0])
        if got[0].endswith(b'<closed>'):
            socks = [connect(a), connect(b)]
    print(f'{len(requests)} requests, {seen} bytes, the same')


def ascii_requests():
    long_key, too_long = b'k' * 250, b'k' * 251
    lines = [b'get a', b'get', b'gets', b' get a', b'', b'foo', b'GET a', b'getx a', b'set',
             b'set a',
             b'set a 0 0', b'set a 0 0 x', b'set a 0 0 -1', b'set a 0 x 1', b'set a x 0 1',
             b'set a -1 0 1', b'set a 0 0 2147483646', b'set a 0 0 1 2 3', b'cas a 0 0 1',
             b'cas a 0 0 1 x', b'get ' + too_long, b'delete ' + too_long,
             b'incr ' + too_long + b' 1',
             b'touch ' + too_long + b' 1', b'delete', b'delete a b', b'delete a 0', b'delete a 1',
             b'delete a 0 noreply', b'delete a 0 noreply x', b'incr', b'incr a', b'incr a x',
             b'incr a -1', b'incr nope 1', b'incr a 18446744073709551616', b'touch', b'touch a',
             b'touch a x', b'touch nope 1', b'gat', b'gat x a', b'gat 0 nope', b'flush_all x',
             b'flush_all 1 2 3', b'flush_all 0', b'flush_all', b'flush_all noreply', b'verbosity',
             b'verbosity 1', b'verbosity 1 noreply', b'verbosity 1 2 3', b'stats foo',
             b'stats reset', b'stats sizes']
    sets = [b'set a 5 0 3\r\nabc', b'add a 0 0 1\r\nx', b'add b 4294967295 0 0\r\n',
            b'replace nope 0 0 1\r\nx', b'replace b 7 0 2\r\n\r\n', b'append a 9 9 2\r\nde',
            b'prepend a 9 9 1\r\n_', b'append nope 0 0 1\r\nx', b'cas nope 0 0 1 1\r\nx',
            b'cas a 0 0 1 99999\r\nx', b'set c 0 0 1 noreply\r\nq', b'set n 0 0 2\r\n10',
            b'set a 0 0 3\r\nabcdef', b'set a 0 0 3\r\nab', b'set a 0 0 3 foo\r\nabc',
            b'set ' + too_long + b' 0 0 1\r\nx', b'set ' + long_key + b' 0 0 1\r\nx',
            b'set e 0 -1 1\r\nx', b'set f 0 1700000000 1\r\nx', b'set g 0 100 1\r\nx',
            b'set big 0 0 100000\r\n' + b'x' * 100000,
            b'set huge 0 0 1048576 noreply\r\n' + b'x' * 1048576, b'set sp 0 0 3\r\n 12',
            b'set text 0 0 3\r\n1x2', b'set empty 0 0 0\r\n']
    reads = [b'get a b c', b'gets a b', b'get n', b'incr n 5', b'decr n 6', b'get n',
             b'decr n 1000',
             b'get n', b'incr n 1234', b'get n', b'incr n 18446744073709551615', b'incr sp 1',
             b'get sp', b'incr text 1', b'incr empty 1', b'touch a 100', b'gat 100 a b nope',
             b'gats 0 a', b'get ' + long_key, b'get e f g', b'get big', b'get huge', b'delete a',
             b'delete a', b'delete b noreply', b'get a b', b'get  c   n ', b'flush_all 100',
             b'get c',
             b'flush_all', b'get c n g']
    rng = random.Random(2)
    more = []
    for _ in range(60):     # a number that shrinks must not be joined to: see mask_ascii()
        key = b'r%d' % rng.randrange(4)
        more.append(rng.choice([
            b'set %s %d 0 3\r\n%d' % (key, rng.randrange(9), rng.randrange(100, 1000)),
            b'add %s 0 0 2\r\n%d' % (key, rng.randrange(10, 100)), b'append %s 0 0 1\r\n0' % key,
            b'prepend %s 0 0 1\r\n1' % key, b'replace %s 1 0 1\r\n5' % key, b'delete %s' % key,
            b'incr %s %d' % (key, rng.randrange(2000)), b'decr d %d' % rng.randrange(2000),
            b'set d 0 0 4\r\n%04d' % rng.randrange(10000), b'get %s' % key, b'gat 0 %s' % key]))
        more.append(b'gets r0 r1 r2 r3 d')
    pipelined = [b'\r\n'.join(sets[:12] + reads[:12])]
    return [r + b'\r\n' for r in lines + sets + reads + more + pipelined]


def mask_ascii(text):
    """CAS ids are counted from other starts: only their order is compared. And a number that
    shrank keeps its length and has blanks behind, unless somebody still held the item."""
    text = re.sub(rb'(VALUE \S+ \d+) \d+((?: \d+)?\r\n\d+) *\r\n', rb'\1 0\2\r\n', text)
    ids = sorted({int(m) for m in re.findall(rb'VALUE \S+ \d+ \d+ (\d+)\r\n', text)})
    return re.sub(rb'(VALUE \S+ \d+ \d+) (\d+)\r\n',
                  lambda m: b'%s id%d\r\n' % (m[1], ids.index(int(m[2]))), text)


def packet(code, key=b'', value=b'', extras=b'', cas=0):
    return struct.pack('>BBHBBHIIQ', 0x80, code, len(key), len(extras), 0, 0,
                       len(extras) + len(key) + len(value), 0x01020304, cas) + extras + key + value


def binary_requests():
    flags, exptime = struct.pack('>II', 0xdeadbeef, 0), struct.pack('>I', 100)

    def delta(code, key, by, initial, expires):
        return packet(code, key, b'', struct.pack('>QQI', by, initial, expires))
    out = [packet(0, b'a'), packet(9, b'a'), packet(0xc, b'a'), packet(0xd, b'a'),
           packet(1, b'a', b'hello', flags), packet(0, b'a'), packet(9, b'a'), packet(0xc, b'a'),
           packet(0xd, b'a'), packet(2, b'a', b'x', flags), packet(2, b'b', b'', flags),
           packet(0xc, b'b'), packet(0x12, b'b', b'x', flags), packet(3, b'nope', b'x', flags),
           packet(3, b'b', b'y', flags), packet(0x13, b'b', b'z', flags),
           packet(1, b'a', b'x', flags, 9999), packet(1, b'nope', b'x', flags, 9999),
           packet(0x11, b'c', b'quiet', flags), packet(0xe, b'c', b'!'), packet(0xf, b'c', b'?'),
           packet(0x19, b'c', b'!'), packet(0x1a, b'c', b'?'), packet(0xe, b'nope', b'!'),
           packet(0x19, b'nope', b'!'), packet(0, b'c'), packet(4, b'c', cas=9999), packet(4, b'c'),
           packet(4, b'c'), packet(0x14, b'c'), delta(5, b'n', 1, 5, 0xffffffff),
           delta(5, b'n', 1, 5, 0), delta(5, b'n', 10, 5, 0), delta(6, b'n', 3, 5, 0),
           delta(0x15, b'n', 1, 5, 0), delta(0x16, b'n', 1, 5, 0), packet(0, b'n'),
           delta(6, b'n', 100, 5, 0), delta(5, b'a', 1, 5, 0), packet(0x1c, b'a', b'', exptime),
           packet(0x1c, b'nope', b'', exptime), packet(0x1d, b'a', b'', exptime),
           packet(0x1e, b'a', b'', exptime), packet(0x23, b'a', b'', exptime),
           packet(0x24, b'a', b'', exptime), packet(0x1d, b'nope', b'', exptime),
           packet(0x1e, b'nope', b'', exptime), packet(0x23, b'nope', b'', exptime), packet(0xa),
           packet(0x77), packet(0x1f), packet(1, b'big', b'x' * 100000, flags), packet(0, b'big'),
           packet(1, b'huge', b'x' * 1048576, flags), packet(0, b'huge'),
           packet(0xa) * 3 + packet(9, b'a') + packet(0xd, b'nope') + packet(0xa),
           packet(8, extras=struct.pack('>I', 1000)), packet(0, b'a'), packet(0x18),
           packet(0, b'a'),
           packet(8), packet(0, b'k' * 251), packet(0), packet(1, b'a'), packet(0xa, b'a'),
           packet(5, b'a', b'', flags), packet(0, b'a', b'value'), packet(0xe, b'a', b'x', flags),
           b'\x80' + b'\0' * 23 + b'\x81' * 24, packet(7), packet(0x17)]
    return out


def mask_binary(text):
    """Zero every CAS id but 0."""
    out, at = bytearray(text), 0
    while at + 24 <= len(out) and out[at] == 0x81:
        if any(out[at + 16:at + 24]):
            out[at + 16:at + 24] = b'\0' * 7 + b'\1'
        at += 24 + struct.unpack('>I', out[at + 8:at + 12])[0]
    return bytes(out)


def main():
    what, where = sys.argv[1], sys.argv[2:]
    if what == 'diff-ascii':
        side_by_side(*where, ascii_requests(), mask_ascii)
    elif what == 'diff-binary':
        side_by_side(*where, binary_requests(), mask_binary)
    else:
        {'ping': ping, 'sizes': sizes, 'multiget': multiget, 'expiry': expiry, 'slow': slow,
         'hostile': hostile, 'record': record}[what](where[0])


if __name__ == '__main__':
    main()
