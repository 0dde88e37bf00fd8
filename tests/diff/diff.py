#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""diff.py - our TCP and Linux's over the same impaired wire: same bytes, how much goodput?

    diff.py [--short] [--ix FILE] [--wire FILE] [--cc LIST] [--only LIST] [--roles LIST]
            [--bytes N] [--seeds N] [--jobs N] [--limit S] [--floor R]
            [--set KEY=VALUE]... [--sysctl KEY=VALUE]...

Each case is a role (send: we open and send; recv: Linux opens and sends to us), a congestion
control of the sender and an impairment. It runs over a wire of 100 Mb/s and 4 ms round trip
(tests/diff/pipe.h) with Linux on the other side, and again with Linux on both; the sender,
the seed and so the fate of the n-th frame are the same. We offer timestamps, as Linux does:
without, it cannot tell a late ACK from that of a retransmission (RFC 3522). Every byte is
verified by its receiver.

Then 10,000 connections are opened, used and closed in each role.

Prints a table; the long set writes results/diff.csv and results/diff.md. Exit status: 0; 1: a
transfer or a count was wrong, or (not with --short) the goodput under loss of 0 to 5 % was
below --floor of Linux's; 2: usage; 77: this machine cannot (the reason is printed).
"""
import argparse
import concurrent.futures
import csv
import os
import platform
import queue
import signal
import statistics
import subprocess
import sys
import tempfile

from bed import Bed, BedError, linux_ccs, missing

HERE = os.path.dirname(os.path.abspath(__file__))
TOP = os.path.dirname(os.path.dirname(HERE))
WIRE = ["rate=100 Mb/s", "delay=2 ms", "queue=100 KB"]

# name: (keys of the wire, ECN is asked for, --floor applies)
IMPAIRMENTS = {
    "none": ([], False, True),
    "loss 0.1 %": (["fault.loss=0.1 %"], False, True),
    "loss 0.5 %": (["fault.loss=0.5 %"], False, True),
    "loss 1 %": (["fault.loss=1 %"], False, True),
    "loss 2 %": (["fault.loss=2 %"], False, True),
    "loss 5 %": (["fault.loss=5 %"], False, True),
    "bursts of 8": (["burst=0.05 %"], False, False),
    "reorder 5 %": (["fault.reorder=5 %", "fault.reorder_delay=1 ms"], False, False),
    "dup 2 %": (["fault.dup=2 %"], False, False),
    "ECN marks": (["mark_above=40 KB", "mark=0.1 %"], True, False),
}
SHORT = ["none", "loss 1 %", "reorder 5 %"]
LINUX_NAME = {"newreno": "reno"}
COLUMNS = ["role", "cc", "impairment", "bytes", "seeds", "ours_mbps", "linux_mbps", "ratio",
           "ours_rexmit", "linux_rexmit", "ours_rto", "linux_rto", "late_frames", "verdict"]


def ix_keys(ix):
    r = subprocess.run([ix, "load", "stream", "--list-keys"], capture_output=True, text=True)
    return r.stdout


def our_ccs(keys):
    """The names in the row of dp.cc, "one of: newreno, cubic"."""
    for line in keys.splitlines():
        if line.split()[:1] == ["dp.cc"] and "one of:" in line:
            return [w.strip() for w in line.split("one of:")[1].split(",")]
    return ["newreno"]


def spec_of(args, kind, role, cc, impairment, seed):
    keys, ecn, _ = IMPAIRMENTS[impairment]
    ecn = ecn or cc == "dctcp"
    marks = ["mark_above=40 KB"] if cc == "dctcp" and "mark_above=40 KB" not in keys else []
    linux = LINUX_NAME.get(cc, cc)
    ix = {"dp.cc": cc, "seed": str(seed), "dp.timestamps": "true"}
    if ecn and "dp.ecn " in args.keys:
        ix["dp.ecn"] = "on"
    ix.update(s.split("=", 1) for s in args.set)
    return {
        "kind": kind, "role": role, "ecn": ecn, "ix": [f"{k}={v}" for k, v in ix.items()],
        "linux_cc": linux if linux in args.linux_ccs else "reno",
        "sysctl": args.sysctl, "wire": WIRE + keys + marks + [f"seed={seed}"],
        "bytes": args.bytes, "direction": "send", "connections": 1, "total": 1,
    }


def transfer(args, bed, key):
    """One transfer; a dict of what came of it."""
    kind, role, cc, impairment, seed = key
    try:
        client, server, wire, status = bed.run(spec_of(args, *key), args.limit)
    except BedError as e:
        return {"fault": str(e), "mbps": 0, "rexmit": 0, "rto": 0, "late": 0}
    ours = kind == "ix" and role == "send"
    r = {
        "mbps": args.bytes * 8 / 1e6 / client["elapsed_s"] if client.get("elapsed_s") else 0,
        "rexmit": client.get("tcp_rexmit" if ours else "rexmit", 0),
        "rto": client.get("tcp_rto" if ours else "timeouts", 0),
        "late": wire.get("ab_late", 0) + wire.get("ba_late", 0),
        "fault": "",
    }
    if status is None:
        r.update(mbps=0, fault=f"not done after {args.limit} s")
    elif status != 0 or client.get("requests") != 1 or client.get("bad_bytes"):
        r.update(mbps=0, fault=client["said"].strip().splitlines()[-1] if client["said"] else
                 f"exit status {status}")
    elif impairment == "none" and role == "recv" and server.get("usage.conns"):
        r["fault"] = "our server ended with a connection left"
    return r


def many(args, bed, role):
    """The case of many connections; returns (sentence, what is wrong or '')."""
    n = args.many
    spec = spec_of(args, "ix", role, args.cc[0], "none", 1)
    spec.update(bytes=100, direction="both", connections=min(200, n), total=n)
    spec["ix"].append("dp.time_wait=100 ms")
    client, server, wire, status = bed.run(spec, args.limit)
    ours = client if role == "send" else server
    # What is repeated needlessly on a busy machine may find a connection gone, and RST is right.
    repeated = sum(r.get("rexmit", 0) + r.get("tcp_rexmit", 0) for r in (client, server))
    rsts = wire.get("ab_rst", 0) + wire.get("ba_rst", 0)
    facts = {
        "client's status": (status, 0),
        "client's connections": (client.get("requests"), n),
        "server's connections": (server.get("requests" if role == "send" else "tcp_opened"), n),
        "our connections that ended in order": (ours.get("tcp_closed"), n),
        "ours aborted": (ours.get("tcp_aborted", 0), 0),
        "RSTs without a cause": (max(0, rsts - repeated), 0),
        "ours left": (ours.get("usage.conns", 0), 0),
        "our memory held": (ours.get("usage.snd_refs", 0) + ours.get("usage.frames_held", 0), 0),
        "wrong bytes": (client.get("bad_bytes", 0) + server.get("bad_bytes", 0), 0),
    }
    wrong = [f"{k}: {got}, want {want}" for k, (got, want) in facts.items() if got != want]
    rate = n / client["elapsed_s"] if client.get("elapsed_s") else 0
    return (f"{role}: {n} connections of 100 bytes each way, {rate:.0f} /s, {repeated} segments "
            f"repeated, {rsts} RSTs"), "; ".join(wrong)


def median(results, field):
    return statistics.median(r[field] for r in results)


def row_of(args, results, case):
    """A line of the table from the results of every seed."""
    role, cc, impairment = case
    seeds = range(1, args.seeds + 1)
    ours = [results["ix", role, cc, impairment, s] for s in seeds]
    linux = [results["linux", "send", cc, impairment, s] for s in seeds]
    ratio = median(ours, "mbps") / median(linux, "mbps") if median(linux, "mbps") else 0
    faults = [r["fault"] for r in ours + linux if r["fault"]]
    judged = IMPAIRMENTS[impairment][2] and not args.short
    verdict = faults[0] if faults else "below the floor" if judged and ratio < args.floor else "ok"
    return [role, cc, impairment, args.bytes, args.seeds, f"{median(ours, 'mbps'):.1f}",
            f"{median(linux, 'mbps'):.1f}", f"{ratio:.2f}", int(median(ours, "rexmit")),
            int(median(linux, "rexmit")), int(median(ours, "rto")), int(median(linux, "rto")),
            sum(r["late"] for r in ours + linux), verdict]


def run_all(args, beds, keys):
    """Run @keys on the beds, as many at a time as there are; {key: result}."""
    free = queue.Queue()
    for b in beds:
        free.put(b)

    def one(key):
        bed = free.get()
        try:
            r = transfer(args, bed, key)
        finally:
            free.put(bed)
        print(f"# {' '.join(str(k) for k in key)}: {r['mbps']:.1f} Mb/s, {r['rexmit']} "
              f"retransmitted, {r['rto']} timeouts{', ' if r['fault'] else ''}{r['fault']}",
              file=sys.stderr, flush=True)
        return key, r
    pool = concurrent.futures.ThreadPoolExecutor(len(beds))
    try:
        return dict(pool.map(one, keys))
    finally:
        pool.shutdown(wait=False, cancel_futures=True)


def print_table(rows):
    table = [[c.replace("_", " ") for c in COLUMNS]] + [[str(c) for c in r] for r in rows]
    width = [max(len(r[i]) for r in table) for i in range(len(COLUMNS))]
    return "".join("| " + " | ".join(c.ljust(w) for c, w in zip(r, width)) + " |\n" +
                   ("|" + "|".join("-" * (w + 2) for w in width) + "|\n" if r is table[0] else "")
                   for r in table)


def write_results(args, rows, notes):
    base = os.path.join(TOP, "results", "diff")
    with open(base + ".csv", "w", newline="") as f:
        w = csv.writer(f, lineterminator="\n")
        w.writerow(COLUMNS)
        w.writerows(rows)
    with open(base + ".md", "w") as f:
        f.write("<!-- SPDX-License-Identifier: MIT -->\n# Our TCP against Linux's\n\nWritten by "
                "`make diff`. Medians over the seeds; `linux` is Linux on both ends of the same "
                f"wire.\n\n{print_table(rows)}\n")
        f.writelines(f"- {n}\n" for n in notes)


def arguments():
    p = argparse.ArgumentParser(description=__doc__,
                                formatter_class=argparse.RawDescriptionHelpFormatter)
    p.add_argument("--short", action="store_true", help="few cases, 4 MB, goodput not judged")
    p.add_argument("--ix", default=os.path.join(TOP, "ix"))
    p.add_argument("--wire", default=os.path.join(TOP, "build/gcc/diff/wire"))
    p.add_argument("--cc", type=lambda s: s.split(","), help="of ours; default: all there are")
    p.add_argument("--roles", type=lambda s: s.split(","), default=["send", "recv"])
    p.add_argument("--only", type=lambda s: s.split(","), help="impairments, as in the table")
    p.add_argument("--bytes", type=int, help="a transfer; default: 64 MB, short: 4 MB")
    p.add_argument("--seeds", type=int, help="transfers a case; default: 3, short: 1")
    p.add_argument("--many", type=int, help="connections of the last case; default: 10000")
    p.add_argument("--jobs", type=int, default=2,
                   help="transfers at a time; with more than CPUs, frames are late")
    p.add_argument("--limit", type=float, default=300, help="seconds a transfer may take")
    p.add_argument("--floor", type=float, default=0.9, help="of Linux's goodput")
    p.add_argument("--set", action="append", default=[], metavar="KEY=VALUE",
                   help="a knob of ix")
    p.add_argument("--sysctl", action="append", default=[], metavar="KEY=VALUE",
                   help="of Linux at every end, such as net.ipv4.tcp_sack=0")
    args = p.parse_args()
    args.bytes = args.bytes or (4_000_000 if args.short else 64_000_000)
    args.seeds = args.seeds or (1 if args.short else 3)
    args.many = 1000 if args.short and args.many is None else \
        10000 if args.many is None else args.many
    args.only = args.only or (SHORT if args.short else list(IMPAIRMENTS))
    for name in args.only:
        if name not in IMPAIRMENTS:
            p.error(f"there is no impairment {name!r}; there are: {', '.join(IMPAIRMENTS)}")
    for setting in args.set + args.sysctl:
        if "=" not in setting:
            p.error(f"{setting!r}: write KEY=VALUE")
    return args


def lacks(args):
    for f, how in ((args.ix, "make"), (args.wire, "make tests")):
        if not os.access(f, os.X_OK):
            return f"{f} is not built: run {how}"
    return missing()


def plan(args):
    """
    The cases, and the keys of the transfers they need: seed by seed, the baseline once for both
    roles and ours beside it, so that a machine that is slow for a while is so for all of them.
    """
    cases = [(role, cc, i) for cc in args.cc for i in args.only for role in args.roles
             if role == "send" or LINUX_NAME.get(cc, cc) in args.linux_ccs]
    pairs = list(dict.fromkeys((cc, i) for _, cc, i in cases))
    keys = [(kind, role, cc, i, s) for cc, i in pairs for s in range(1, args.seeds + 1)
            for kind, role in [("linux", "send")] +
            [("ix", r) for r in args.roles if (r, cc, i) in cases]]
    return cases, keys


def notes_of(args):
    commit = subprocess.run([args.ix, "--version"], capture_output=True, text=True).stdout
    yield f"{commit.strip()}; Linux {platform.release()}; wire: {', '.join(WIRE)}"
    yield f"ix with {', '.join(['dp.timestamps=true'] + args.set)}"
    if args.sysctl:
        yield f"Linux with {', '.join(args.sysctl)}"
    for cc in args.cc:
        if LINUX_NAME.get(cc, cc) not in args.linux_ccs:
            yield (f"this kernel has no {cc}: its Linux side is reno with ECN, and it is not "
                   f"compared as a receiver")


def stop(*_):
    raise KeyboardInterrupt


def main():
    args = arguments()
    signal.signal(signal.SIGTERM, stop)
    why = lacks(args)
    if why:
        print(f"skipped: {why}")
        return 77
    args.keys, args.linux_ccs = ix_keys(args.ix), linux_ccs()
    args.cc = args.cc or our_ccs(args.keys)
    beds, bad = [], 0
    with tempfile.TemporaryDirectory() as logs:
        try:
            for i in range(args.jobs):
                beds.append(Bed(i, args.ix, args.wire, logs))
            cases, keys = plan(args)
            results = run_all(args, beds, keys)
            rows = [row_of(args, results, c) for c in cases]
            notes = list(notes_of(args))
            for role in args.roles if args.many else []:
                said, wrong = many(args, beds[0], role)
                notes.append(f"{said}: {wrong or 'ok'}")
                bad += bool(wrong)
        except BedError as e:
            print(f"diff.py: {e}", file=sys.stderr)
            return 1
        except KeyboardInterrupt:
            return 130
        finally:
            for b in beds:
                b.close()
    print(print_table(rows) + "".join(f"- {n}\n" for n in notes), end="")
    if not args.short:
        write_results(args, rows, notes)
    bad += sum(r[-1] != "ok" for r in rows)
    print(f"{len(rows)} cases, {bad} not ok")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
