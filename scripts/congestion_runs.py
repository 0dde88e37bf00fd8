# SPDX-License-Identifier: MIT
"""
congestion_runs.py - simulated runs for the congestion figures, and reading what they wrote

Entry points: algorithms(), Run, run_all(), Series. A run is `ix sim` with a configuration
from docs/figures/ and some knobs set; its JSON and its time series stay in the work folder.

Not here: what the numbers mean (congestion_figs.py) and the page (congestion.py).
"""
import csv
import json
import os
import re
import subprocess
from concurrent.futures import ThreadPoolExecutor


class RunFailed(Exception):
    """A sentence for the user."""


class Algorithm:
    """A line of algorithms.csv: congestion control and what else it wants set."""

    def __init__(self, row):
        self.name, self.cc = row['name'], row['cc']
        self.label, self.colour = row['label'], row['colour']
        self.sets_text = row['sets'] or ''
        self.there = False      # does the program have it

    def sets(self, **values):
        """Assignments for `ix sim -s`; {ecn} in them is the figure's marking threshold."""
        own = [s.strip().format(**values) for s in self.sets_text.split(';') if s.strip()]
        return [f'server.dp.cc={self.cc}', f'client.dp.cc={self.cc}'] + own


def algorithms(path, ix):
    """Every algorithm of @path, in its order, by name; those @ix lacks are marked."""
    keys = subprocess.run([ix, 'sim', '--list-keys'], capture_output=True, text=True, check=True)
    known = re.search(r'^client\.dp\.cc\s+\S+\s+one of: (.*)$', keys.stdout, re.M)
    names = [n.strip() for n in known.group(1).split(',')] if known else []
    with open(path, encoding='utf-8', newline='') as f:
        found = {row['name']: Algorithm(row) for row in csv.DictReader(f)}
    for a in found.values():
        a.there = a.cc in names
    return found


class Run:
    """One run: @name is also that of its files. After run_all(), @result is its JSON."""

    def __init__(self, name, conf, sets, series=False):
        self.name, self.conf, self.sets, self.wants_series = name, conf, sets, series
        self.result, self.series_path = None, None

    def metric(self, name):
        """A number of the result; it must be there."""
        return self.result['metrics'][name]

    def config(self, key):
        """A knob as the run resolved it."""
        return self.result['manifest']['config'][key]

    def series(self):
        """Its time series, read now."""
        return Series(self.series_path)


def run_one(run, ix, work):
    """Run it and read its result. Raises RunFailed."""
    command = [ix, 'sim', run.conf, '-q', '--json', '--allow-client-bound']
    for assignment in run.sets:
        command += ['-s', assignment]
    if run.wants_series:
        run.series_path = os.path.join(work, run.name + '.csv')
        command += ['--series', run.series_path]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        raise RunFailed(f'{run.name}: {" ".join(command)}: {done.stderr.strip()}')
    run.result = json.loads(done.stdout)
    for bad in ('bad_bytes', 'conns_died', 'conns_failed'):
        if run.metric(bad) != 0:
            raise RunFailed(f'{run.name}: {bad} is {run.metric(bad):g}, must be 0')
    return run


def run_all(runs, ix, work, jobs):
    """All of them, @jobs at a time. The order of finishing is seen nowhere."""
    os.makedirs(work, exist_ok=True)
    with ThreadPoolExecutor(max_workers=jobs) as pool:
        list(pool.map(lambda r: run_one(r, ix, work), runs))


class Series:
    """A file of `ix sim --series`: flows[id] and ports[id], lists of samples in time order."""

    def __init__(self, path):
        self.flows, self.ports = {}, {}
        with open(path, encoding='ascii') as f:
            next(f)
            for line in f:
                w = line.rstrip('\n').split(',')
                if w[1] == 'port':
                    self.ports.setdefault(int(w[2]), []).append((float(w[0]) / 1e6, int(w[8])))
                else:
                    self.flows.setdefault(int(w[2]), []).append(Sample(w))


class Sample:
    """One line about a flow. Times in seconds, windows in bytes."""
    __slots__ = ('t', 'cwnd', 'ssthresh', 'flight', 'acked')

    def __init__(self, w):
        self.t, self.cwnd = float(w[0]) / 1e6, int(w[3])
        self.ssthresh = int(w[4]) if w[4] else None
        self.flight, self.acked = int(w[6]), int(w[7])


def acked_at(samples, times):
    """Bytes acknowledged at each of @times (rising), 0 before the flow began."""
    out, i, last = [], 0, 0
    for t in times:
        while i < len(samples) and samples[i].t <= t + 1e-9:
            last = samples[i].acked
            i += 1
        out.append(last)
    return out


def jain(x):
    """Jain's fairness index of @x, 1 when all are equal; 1 for nothing at all."""
    square = sum(v * v for v in x)
    return sum(x) ** 2 / (len(x) * square) if square else 1.0
