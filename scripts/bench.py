#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""bench.py - what `make bench` runs: measure, compare with budgets and peers, say so

Usage: bench.py [--build DIR] [--out DIR] [--update] [--only PREFIX] [--runs N]

Rows come from tests/bench/budgets.csv; the first word of an id names the program that
measures it (RUNNERS). Nanoseconds are the median of --runs runs. Instructions are counted by
callgrind and compared with tests/bench/baseline.csv as well: they do not depend on how
busy the machine is, so growth beyond GROWTH_MAX is an error. --update writes that file.
A missed budget is a result, not an error. Writes DIR/bench.csv and DIR/bench.json.

Exit status: 0 measured, whatever the verdicts; 1 instructions have grown, or a program
failed or was interrupted; 2 wrong usage.
"""
import argparse
import csv
import json
import os
import platform
import shutil
import statistics
import subprocess
import sys
import tempfile
import time

BUDGETS = 'tests/bench/budgets.csv'
BASELINE = 'tests/bench/baseline.csv'
GROWTH_MAX = 0.10
FOLDERS = ['core', 'sim', 'hw', 'workloads', 'cli', 'tests', 'scripts']
CODE = ('.c', '.h', '.py', '.sh')
COLUMNS = ['id', 'what', 'measured', 'unit', 'least', 'most', 'runs', 'instructions',
           'baseline_instructions', 'budget', 'budget_instructions', 'verdict', 'peer',
           'peer_measured', 'ratio', 'note']

# Connections: requests a run, so that a run is some 0.2 s and meets every connection.
ECHO_REQUESTS = {1: 300000, 1000: 1000000, 10000: 1000000, 100000: 600000, 1000000: 1000000}
# tests/bench/sim_NAME.conf: slices of virtual time, us each, so that one is some 0.1 s.
SIM = {'100': (20, 100000), '100000': (20, 20000), 'kv': (20, 15000), '250992': (20, 5000)}
LINUX_REQUESTS = {1: 20000, 64: 50000}


class Skipped(Exception):
    """A row that cannot be measured here, and why."""


class Failed(Exception):
    """A program that should have worked did not."""


class Result:
    """What a runner found out about one row."""

    def __init__(self, runs, instructions=None, note=''):
        self.runs = runs
        self.instructions = instructions
        self.note = note

    def value(self):
        """The number the row stands for."""
        return statistics.median(self.runs)


def execute(cmd):
    """Run a command; returns its output, CPU seconds, wall seconds and peak memory in MiB."""
    start = time.monotonic()
    with tempfile.TemporaryFile('w+') as out, tempfile.TemporaryFile('w+') as err:
        with subprocess.Popen(cmd, stdout=out, stderr=err, text=True) as proc:
            _, status, usage = os.wait4(proc.pid, 0)
            proc.returncode = os.waitstatus_to_exitcode(status)
        out.seek(0)
        err.seek(0)
        if proc.returncode != 0:
            raise Failed(f'`{" ".join(cmd)}` gave exit status {proc.returncode}: '
                         f'{err.read().strip() or "no message"}')
        return (out.read(), usage.ru_utime + usage.ru_stime, time.monotonic() - start,
                usage.ru_maxrss / 1024)


class Bench:
    """The programs of one build, and how each is run."""

    def __init__(self, args):
        self.dir = os.path.join(args.build, 'bench')
        self.ix = os.path.join(args.build, 'ix')
        self.runs = args.runs
        self.valgrind = shutil.which('valgrind')
        self.runners = {'echo': self.echo, 'churn': self.churn, 'bytes': self.bytes,
                        'part': self.part, 'sim': self.sim, 'rss': self.rss, 'linux': self.linux,
                        'attack': self.attack, 'kv': self.kv}
        self.good = {}

    def run(self, row_id):
        """Measure the row; raises Skipped or Failed."""
        kind, what = row_id.split('.', 1)
        if kind not in self.runners:
            raise Failed(f'{BUDGETS}: no program measures "{row_id}"')
        return self.runners[kind](what)

    def numbers(self, program, *words):
        """CSV lines of a program."""
        out, *_ = execute([os.path.join(self.dir, program), *map(str, words)])
        return [line.split(',') for line in out.splitlines()]

    def count(self, function, program, *words):
        """Instructions below @function, by callgrind; None without it."""
        if not self.valgrind:
            return None
        cmd = [self.valgrind, '--tool=callgrind', f'--toggle-collect={function}',
               '--callgrind-out-file=/dev/null', os.path.join(self.dir, program),
               *map(str, words)]
        done = subprocess.run(cmd, capture_output=True, text=True, check=False)
        if done.returncode != 0:
            raise Failed(f'`{" ".join(cmd)}` fails: {done.stderr.strip()[-300:]}')
        for line in done.stderr.splitlines():
            if 'Collected' in line:
                return int(line.rsplit(':', 1)[1])
        raise Failed('callgrind says nothing of "Collected"')

    def count_stack(self, what, conns, short, long):
        """Instructions an operation: the difference of two lengths, without the setting up."""
        if not self.valgrind:
            return None
        few, many = (self.count('dp_run_once', 'bench_stack', what, conns, n)
                     for n in (short, long))
        return (many - few) / (long - short)

    def stack(self, what, conns, count):
        """Runs of bench_stack, and the passes it left out."""
        lines = self.numbers('bench_stack', what, conns, count, self.runs)
        out = sum(int(line[4]) for line in lines)
        note = f'{out} preempted passes left out' if out else ''
        return Result([float(line[3]) for line in lines], note=note)

    def echo(self, what):
        """Persistent connections in random order."""
        conns = int(what)
        result = self.stack('echo', conns, ECHO_REQUESTS[conns])
        if conns <= 10000:
            result.instructions = self.count_stack('echo', conns, 2 * conns + 8000,
                                                   4 * conns + 36000)
        return result

    def churn(self, what):
        """Connections that come and go."""
        result = self.stack('churn', int(what), 100000)
        result.instructions = self.count_stack('churn', int(what), 640, 6400)
        return result

    def bytes(self, what):
        """Memory: no run, no noise."""
        line = self.numbers('bench_stack', 'bytes', what)[0]
        total = float(line[2]) * int(what) / 2 ** 30
        return Result([float(line[2])], note=f'{total:.2f} GiB in all; echo server and libix: '
                                             f'{line[3]} B more')

    def part(self, what):
        """One part of the core by itself."""
        lines = self.numbers('bench_parts', what, self.runs)
        ops = 6400
        count = self.count(f'part_{function_of(what)}', 'bench_parts', what, 1, ops)
        return Result([float(line[2]) for line in lines], None if count is None else count / ops)

    def kv(self, what):
        """A request at the memcached server, library included: verb.preset.records."""
        words = what.split('.')
        lines = self.numbers('bench_kv', *words, 640000, self.runs)
        out = sum(int(line[4]) for line in lines)
        note = f'{out} preempted passes left out' if out else ''
        result = Result([float(line[3]) for line in lines], note=note)
        if self.valgrind and int(words[2]) <= 10000:    # no more to be stored first
            few, many = (self.count('ixev_run', 'bench_kv', *words, n) for n in (12800, 38400))
            result.instructions = (many - few) / 25600
        return result

    def attack(self, what):
        """Instructions of a hostile segment in those of a good one of its direction."""
        count = 5250
        good = 'good_data' if what.startswith(('holes', 'single')) else 'good_ack'
        if not self.valgrind:
            raise Skipped('needs valgrind, to count instructions')
        if good not in self.good:
            self.good[good] = self.count('storm_pass', 'bench_attack', good, count) / count
        hostile = self.count('storm_pass', 'bench_attack', what, count) / count
        return Result([hostile / self.good[good]], hostile, f'{good}: {self.good[good]:.0f}')

    def sim_slices(self, what, slices, us):
        """Requests a CPU microsecond of every slice, and peak MiB, of one simulation."""
        out, _, _, peak = execute([os.path.join(self.dir, 'bench_sim'),
                                   f'tests/bench/sim_{what}.conf', str(slices), str(us)])
        rows = [[int(v) for v in line.split(',')] for line in out.splitlines()]
        if any(dropped for *_, dropped in rows):
            raise Failed('the scenario drops frames, so it measures recovery')
        return [requests / cpu_ns * 1e3 for requests, _, cpu_ns, _ in rows], peak

    def sim(self, what):
        """Requests a CPU second while the scenario runs; building and opening are not in it."""
        rates = []
        for _ in range(max(3, self.runs - 2)):
            rates += self.sim_slices(what, *SIM[what])[0]
        lowest, _, highest = statistics.quantiles(rates, n=4)
        return Result(rates, note=f'{len(rates)} slices, half of them {lowest:.2f} to '
                                  f'{highest:.2f}')

    def rss(self, what):
        """Peak memory of a simulation."""
        return Result([self.sim_slices(what, 1, SIM[what][1])[1]])

    def linux(self, what):
        """The kernel's TCP between two namespaces of this machine."""
        if os.geteuid() != 0:
            raise Skipped('needs root, for network namespaces')
        if not shutil.which('ip'):
            raise Skipped('needs ip (iproute2)')
        names = [f'ixbench{os.getpid()}{end}' for end in 'sc']
        try:
            veth(*names)
            lines = self.numbers('linux_echo', *names, '10.99.0.1', what,
                                 LINUX_REQUESTS[int(what)], self.runs)
        except Failed as e:
            raise Skipped(str(e)) from e
        finally:
            for name in names:
                subprocess.run(['ip', 'netns', 'del', name], stderr=subprocess.DEVNULL,
                               check=False)
        wall = statistics.median(float(line[3]) for line in lines)
        return Result([float(line[2]) for line in lines], note=f'{wall:.0f} ns of wall time')


def function_of(part):
    """The C function of a part: sizes of a lookup share one."""
    return 'flow_lookup' if part.startswith('flow_lookup') else part


def veth(server, client):
    """Two namespaces with a cable between them."""
    for words in (f'netns add {server}', f'netns add {client}',
                  f'link add ix0 netns {server} type veth peer name ix0 netns {client}',
                  f'-n {server} addr add 10.99.0.1/24 dev ix0',
                  f'-n {client} addr add 10.99.0.2/24 dev ix0',
                  f'-n {server} link set ix0 up', f'-n {client} link set ix0 up'):
        execute(['ip', *words.split()])


# --- verdicts ---

def miss(value, budget, sense='most'):
    """How many times worse than the budget; 1 or less is met."""
    return budget / value if sense == 'least' else value / budget


def say(factor):
    """A verdict in words."""
    return 'met' if factor <= 1 else f'missed by {factor:.2f}x'


def verdict(row, result):
    """Of the measurement and of the instructions; "-" without budgets."""
    words = []
    if row['budget']:
        words.append(say(miss(result.value(), float(row['budget']), row['sense'])))
    if row['instructions']:
        if result.instructions is None:
            words.append('instr. not counted')
        else:
            words.append('instr. ' + say(miss(result.instructions, float(row['instructions']))))
    return '; '.join(words) or '-'


def compare(row, results):
    """The peer's number on this row's scale and how many times ours it is."""
    peer = results.get(row['peer'])
    if not isinstance(peer, Result):
        return None, None
    theirs = peer.value() * float(row['peer_scale'])
    return theirs, theirs / results[row['id']].value()


def entry(row, result, results, baseline):
    """One line of bench.csv, as a dict over COLUMNS."""
    line = dict.fromkeys(COLUMNS, '')
    line.update(id=row['id'], what=row['what'], unit=row['unit'], budget=row['budget'],
                budget_instructions=row['instructions'], peer=row['peer_says'],
                baseline_instructions=baseline.get(row['id'], ''))
    if not isinstance(result, Result):
        line.update(verdict='skipped', note=str(result))
        return line
    theirs, ratio = compare(row, results)
    line.update(measured=f'{result.value():.4g}', least=f'{min(result.runs):.4g}',
                most=f'{max(result.runs):.4g}', runs=len(result.runs),
                verdict=verdict(row, result), note=result.note)
    if result.instructions is not None:
        line['instructions'] = f'{result.instructions:.1f}'
    if ratio:
        line.update(peer_measured=f'{theirs:.4g}', ratio=f'{ratio:.2f}')
    return line


def grown(lines):
    """Rows whose instructions are more than GROWTH_MAX above the baseline."""
    return [line for line in lines if line['instructions'] and line['baseline_instructions'] and
            float(line['instructions']) > (1 + GROWTH_MAX) * float(line['baseline_instructions'])]


# --- files ---

def read_csv(path):
    """Rows as dicts; none when there is no such file."""
    if not os.path.exists(path):
        return []
    with open(path, encoding='utf-8', newline='') as f:
        return list(csv.DictReader(f))


def write_csv(path, columns, lines):
    """Whole or not at all."""
    with open(path + '.new', 'w', encoding='utf-8', newline='') as f:
        writer = csv.DictWriter(f, columns, lineterminator='\n', extrasaction='ignore')
        writer.writeheader()
        writer.writerows(lines)
    os.replace(path + '.new', path)


def write_json(path, value):
    """Whole or not at all."""
    with open(path + '.new', 'w', encoding='utf-8') as f:
        json.dump(value, f, indent=2)
        f.write('\n')
    os.replace(path + '.new', path)


def output(*cmd):
    """What a command prints, or "unknown"."""
    try:
        return subprocess.run(cmd, capture_output=True, text=True, check=True).stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        return 'unknown'


def cpu_model():
    """As the kernel names it."""
    with open('/proc/cpuinfo', encoding='utf-8') as f:
        for line in f:
            if line.startswith('model name'):
                return line.split(':', 1)[1].strip()
    return platform.machine()


def stamp(build, name):
    """A stamp of the build."""
    try:
        with open(os.path.join(build, name), encoding='utf-8') as f:
            return f.read().strip()
    except OSError:
        return 'unknown'


def compiler(build):
    """Compiler, version and optimisation: another one makes other instructions."""
    words = stamp(build, 'flags.stamp').split()
    return ' '.join(words[1:3] + [w for w in words if w.startswith('-O')])


def code_sizes():
    """Folder: files and lines, as wc counts them."""
    sizes = {}
    for folder in FOLDERS:
        files = lines = 0
        for where, _, names in os.walk(folder):
            for name in names:
                if name.endswith(CODE):
                    with open(os.path.join(where, name), 'rb') as f:
                        lines += f.read().count(b'\n')
                    files += 1
        sizes[folder] = {'files': files, 'lines': lines}
    return sizes


class Others:
    """How much CPU everybody else took while we measured."""

    def __init__(self):
        self.busy, self.start, self.own = self.now()

    @staticmethod
    def now():
        """Busy seconds of all CPUs, wall seconds, CPU seconds of ours."""
        with open('/proc/stat', encoding='utf-8') as f:
            t = [int(x) for x in f.readline().split()[1:9]]
        own = os.times()
        return ((sum(t) - t[3] - t[4]) / os.sysconf('SC_CLK_TCK'), time.monotonic(),
                own.user + own.system + own.children_user + own.children_system)

    def cpus(self):
        """Mean number of CPUs that others kept busy, steal included."""
        busy, now, own = self.now()
        return max(0.0, (busy - self.busy - (own - self.own)) / max(now - self.start, 1e-3))


# --- saying it ---

def short(line):
    """One row of the table."""
    measured = f'{line["measured"]} {line["unit"]}' if line['measured'] else '-'
    budget = f'{line["budget"]} {line["unit"]}' if line['budget'] else '-'
    if line['budget_instructions']:
        budget += f', {line["budget_instructions"]} instr.'
    peer = '-'
    if line['ratio']:
        peer = f'{line["peer"]}: {line["peer_measured"]} {line["unit"]}, {line["ratio"]}x ours'
    return [line['what'], measured, line['least'] or '-', line['instructions'] or '-', budget,
            line['verdict'], peer]


def print_table(lines):
    """For people; what does not fit a column goes below it."""
    rows = [['what', 'measured', 'least', 'instructions', 'budget', 'verdict', 'peer and ratio']]
    rows += [short(line) for line in lines]
    wide = [max(len(r[i]) for r in rows) for i in range(6)]
    for r in rows:
        print('  '.join([r[0].ljust(wide[0]), r[1].rjust(wide[1]), r[2].rjust(wide[2]),
                         r[3].rjust(wide[3]), r[4].ljust(wide[4]), r[5].ljust(wide[5]),
                         r[6]]).rstrip())
    print()
    for line in lines:
        if line['note']:
            print(f'  {line["id"]}: {line["note"]}')


CAVEATS = """
Echo at the stack: RX frame in, through Ethernet, IP, TCP, the ABI, libix and the echo server, TX
frame out, one core, in memory; no NIC, no driver, no wire. Linux: both ends of the request over
a veth pair, system calls and epoll included, one thread that never sleeps; half of it is set
against ours. So the ratio is what batching and run to completion save at best, not what a
client would see. CPU time where it can be had; wall time in passes that nobody interrupted."""


def print_rest(sizes, others):
    """Caveats, noise, and how much code there is."""
    print(CAVEATS)
    if others > 0.1:
        print(f'\nThis machine was not quiet: others kept {others:.1f} of {os.cpu_count()} CPUs '
              'busy. Nanoseconds are too\nhigh then, through shared caches and clocks; '
              'instructions are not.')
    print('\nfolder      files   lines')
    for folder, s in sizes.items():
        print(f'{folder:<10} {s["files"]:>6} {s["lines"]:>7}')
    print()


def guard(lines, update, built_by):
    """Compare with, or write, the baseline. Returns the exit status."""
    counted = [line for line in lines if line['instructions']]
    if update:
        write_csv(BASELINE, ['id', 'instructions', 'compiler'],
                  [{**line, 'compiler': built_by} for line in counted])
        print(f'{BASELINE}: {len(counted)} rows written, for {built_by}')
        return 0
    if not counted:
        print('instructions: none counted, so nothing was compared'
              + ('' if shutil.which('valgrind') else '; valgrind is not installed'))
        return 0
    for line in grown(lines):
        print(f'error: {line["id"]} takes {line["instructions"]} instructions, the baseline '
              f'{line["baseline_instructions"]}; find out why, or accept it: make bench UPDATE=1')
    if not any(line['baseline_instructions'] for line in counted):
        print(f'instructions: no baseline for {built_by}; make bench UPDATE=1 writes one')
    elif not grown(lines):
        print(f'instructions: within {GROWTH_MAX:.0%} of the baseline')
    return 1 if grown(lines) else 0


def measure(bench, rows):
    """Every row, with a line of progress each. Returns results by id, and whether all worked."""
    results, ok = {}, True
    for i, row in enumerate(rows, 1):
        print(f'[{i:2}/{len(rows)}] {row["what"]} ... ', end='', flush=True)
        try:
            results[row['id']] = bench.run(row['id'])
            print(f'{results[row["id"]].value():.4g} {row["unit"]}', flush=True)
        except Skipped as e:
            results[row['id']] = e
            print(f'skipped: {e}', flush=True)
        except Failed as e:
            results[row['id']] = e
            ok = False
            print(f'error: {e}', flush=True)
    return results, ok


def manifest(args, lines, sizes, others, seconds):
    """What was measured, on what."""
    return {'what': 'bench', 'commit': stamp(args.build, 'commit.stamp'),
            'compiler': compiler(args.build), 'flags': stamp(args.build, 'flags.stamp'),
            'cpu': cpu_model(), 'cpus': os.cpu_count(), 'kernel': platform.release(),
            'valgrind': output('valgrind', '--version'), 'runs': args.runs,
            'cpus_busy_with_others': round(others, 2), 'seconds': round(seconds),
            'rows': lines, 'code': sizes}


def trouble_of(args, rows):
    """What is wrong with the arguments, or None."""
    if args.runs < 1:
        return f'--runs is 1 or more, not {args.runs}'
    if args.only == '':
        return '--only needs the beginning of an id, such as sim.'
    if not rows:
        return f'no row of {BUDGETS} starts with "{args.only}"'
    if args.only and args.update:
        return '--update with --only would drop the other rows'
    if not os.access(os.path.join(args.build, 'bench', 'bench_stack'), os.X_OK):
        return f'--build: there is no {args.build}/bench/bench_stack; `make bench` builds it'
    return None


def main():
    """Parse arguments, measure, compare, print, write."""
    parser = argparse.ArgumentParser(description='measure and compare with budgets and peers')
    parser.add_argument('--build', default='build/gcc', help='folder of the build')
    parser.add_argument('--out', default='results', help='folder of the results')
    parser.add_argument('--update', action='store_true', help=f'write {BASELINE}')
    parser.add_argument('--only', metavar='PREFIX',
                        help='rows whose id starts so; nothing is written')
    parser.add_argument('--runs', type=int, default=5, help='runs of a measurement, 1 or more')
    args = parser.parse_args()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    rows = [r for r in read_csv(BUDGETS) if r['id'].startswith(args.only or '')]
    trouble = trouble_of(args, rows)
    if trouble:
        parser.error(trouble)
    built_by = compiler(args.build)
    baseline = {r['id']: r['instructions'] for r in read_csv(BASELINE)
                if r['compiler'] == built_by}
    start, others = time.monotonic(), Others()
    results, ok = measure(Bench(args), rows)
    noise = others.cpus()
    lines = [entry(row, results[row['id']], results, baseline) for row in rows]
    sizes = code_sizes()
    print()
    print_table(lines)
    print_rest(sizes, noise)
    status = guard(lines, args.update, built_by)
    if args.only is None:
        os.makedirs(args.out, exist_ok=True)
        csv_path, json_path = (os.path.join(args.out, f'bench.{e}') for e in ('csv', 'json'))
        write_csv(csv_path, COLUMNS, lines)
        write_json(json_path, manifest(args, lines, sizes, noise, time.monotonic() - start))
        print(f'{csv_path} and {json_path} written, {time.monotonic() - start:.0f} s')
    return status if ok else 1


if __name__ == '__main__':
    try:
        sys.exit(main())
    except KeyboardInterrupt:
        sys.exit('\nbench: interrupted; nothing was written')
