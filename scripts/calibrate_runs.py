# SPDX-License-Identifier: MIT
"""
calibrate_runs.py - published numbers, and what the simulator says there, for scripts/calibrate

Entry points: Runner, Published, published(). A number is a point "figure/series/x" of
paper-figs/curves.csv or a claim of paper-figs/claims.csv. What was run once is kept in
build/calibrate/cache, named by the program's bytes, the job, the settings and the price lists.

Not here: what a figure's rows are (calibrate_conf.py), changing prices (calibrate).
"""
import csv
import hashlib
import json
import math
import os
import re
import subprocess

from calibrate_conf import Trouble, find_claim, find_curve, parse, passes

SEARCH_RATIO = 1.04     # bisection of a load ends when it is known this well
SLA_US = 500.0


def both_sides(conf, assignment):
    """A job says of each side what a figure says of the workload."""
    key, _, value = assignment.partition('=')
    head, _, knob = key.partition('.')
    sides = [s for s in ('server', 'client')
             if head == 'workload' and knob in conf['workload'].get(s, {})]
    return [assignment] + [f'workload.{s}.{knob}={value}' for s in sides]


class Runner:
    """Runs jobs with a list's prices overruled, on whichever side uses that list."""

    def __init__(self, ix, prices_dir, work):
        self.ix, self.work = ix, work
        os.makedirs(os.path.join(work, 'cache'), exist_ok=True)
        blob = hashlib.sha256()
        for path in [ix] + sorted(os.path.join(prices_dir, n) for n in os.listdir(prices_dir)
                                  if n.endswith('.conf')):
            with open(path, 'rb') as f:
                # A comment or a source changes no price.
                text = f.read()
                blob.update(text if path == ix else re.sub(rb'#.*|"[^"]*"', b'', text))
        self.code = blob.hexdigest()
        self.ran = 0

    def run(self, job, sets, profile, prices):
        """Metrics and rows of @job with @sets; @prices overrule those of list @profile."""
        with open(job, encoding='utf-8') as f:
            text = f.read()
        conf = parse(text)
        sets = [one for s in sets for one in both_sides(conf, s)]
        for side in ('server', 'client'):
            if conf[side]['profile'] == profile and prices:
                sets.append(f'{side}.prices={prices}')
        body = re.sub(r'#[^\n]*', '', text)
        name = hashlib.sha256('\0'.join([self.code, body] + sets).encode()).hexdigest()[:32]
        kept = os.path.join(self.work, 'cache', name + '.json')
        if os.path.exists(kept):
            with open(kept, encoding='utf-8') as f:
                return json.load(f)
        command = [self.ix, 'sim', job, '-q', '--json', '--allow-client-bound']
        for s in sets:
            command += ['-s', s]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if done.returncode:
            raise Trouble(f'{" ".join(command)}: {done.stderr.strip()}')
        full = json.loads(done.stdout)
        result = {'metrics': full['metrics'], 'rows': full['rows'], 'limit': full['limit']}
        with open(kept + f'.{os.getpid()}.{id(result)}', 'w', encoding='utf-8') as f:
            json.dump(result, f)
        os.replace(f.name, kept)
        self.ran += 1
        return result


def straight(points, x):
    """y at @x on straight lines between (x, y)."""
    points = sorted(points)
    for (x0, y0), (x1, y1) in zip(points, points[1:] + points[-1:]):
        if x0 <= x <= x1:
            return y0 + (y1 - y0) * (x - x0) / (x1 - x0) if x1 > x0 else y0
    return math.nan


def crossing(points, level):
    """Smallest x where y reaches @level."""
    points = sorted(points)
    for (x0, y0), (x1, y1) in zip(points, points[1:]):
        if y0 < level <= y1:
            return x0 + (x1 - x0) * (level - y0) / (y1 - y0)
    return math.nan


class Published:
    """One published number: value, tolerance, and how to simulate it."""

    def __init__(self, name, value, tolerance, bound=None):
        self.name, self.value, self.tolerance, self.bound = name, value, tolerance, bound
        self.sets, self.parts, self.combine, self.searches = [], [], None, None

    def simulate(self, runner, profile, prices):
        """What the simulator says."""
        if self.searches:
            return self.load(runner, profile, prices)
        got = [read(runner.run(job, self.sets, profile, prices)) for job, read in self.parts]
        return self.combine(got)

    def load(self, runner, profile, prices):
        """The load at which p99 leaves the service level, by bisection, in the claim's unit."""
        job, key, scale = self.searches
        lo, hi = 0.7 * self.value / scale, 1.25 * self.value / scale
        while hi / lo > SEARCH_RATIO:
            rate = math.sqrt(lo * hi)
            found = runner.run(job, self.sets + [f'{key}={rate / 1000:.1f} k/s'], profile, prices)
            if found['metrics']['latency_p99_us'] < SLA_US:
                lo = rate
            else:
                hi = rate
        return math.sqrt(lo * hi) * scale

    def residual(self, simulated):
        """Relative error in tolerances; 0 on the right side of a bound."""
        if not simulated or math.isnan(simulated):
            return 10.0
        r = math.log(simulated / self.value) / self.tolerance
        if self.bound == 'at most':
            return max(r, 0.0)
        return min(r, 0.0) if self.bound == 'at least' else r


def number(group, name, fallback):
    """A number of a group of a configuration."""
    return float(group.get(name, fallback))


def metric_of(y, scale, offset=0.0):
    """Reads one metric."""
    return lambda result: result['metrics'][y] * scale + offset


def only(got):
    """The one there is."""
    return got[0]


def point_parts(fig, how, series, x):
    """[(job, read)] of the row of @fig where the curve @how is at @x."""
    y_scale = number(how, 'y_scale', 1)
    where = how.get('where', f'series={series}')
    rows = [(r, j) for r, j in fig.rows() if passes(r, where)]
    if rows and how['x'] == 'msg_bytes':
        def read(result):
            at = [(r['msg_bytes'], r[how['y']] * y_scale) for r in result['rows']]
            return straight(at, x)
        return [(rows[0][1], read)]
    column, scale = how['x'], number(how, 'x_scale', 1)
    if column == 'requests_per_s':      # achieved is offered, below the knee
        column = 'workload.rate_per_s'
    rows = [(abs(float(r[column]) * scale - x), j) for r, j in rows if r.get(column)]
    if not rows:
        raise Trouble(f'{fig.name}: no row of {series} with {column}')
    off, job = min(rows)
    if off > 0.03 * x:
        raise Trouble(f'{fig.name}/{series}: no row near {x:g}')
    return [(job, metric_of(how['y'], y_scale))]


def claim_into(pub, fig, how):
    """Say in @pub how the claim is measured."""
    scale, offset = number(how, 'scale', 1), number(how, 'offset', 0)
    op, y = how['op'], how['y']
    found = fig.search(how['where']) if op == 'row' else None
    pub.combine = only
    if found:
        pub.searches = (found[1], found[0]['key'], scale)
    elif op == 'row':
        pub.parts = [(j, metric_of(y, scale)) for r, j in fig.rows() if passes(r, how['where'])]
    elif op == 'at':
        one = dict(how, y_scale=scale)
        pub.parts = point_parts(fig, one, how['where'], float(how['at']))
    elif op == 'crosses':
        rows = [j for r, j in fig.rows() if passes(r, how['where'])]

        def read(result):
            at = [(r[how['x']], r[y]) for r in result['rows']]
            return crossing(at, float(how['level'])) * scale
        pub.parts = [(rows[0], read)]
    elif op == 'ratio' and 'at' in how:
        pub.parts = [p for side in ('of', 'to') for p in
                     point_parts(fig, {'x': how['x'], 'y': y}, how[side], float(how['at']))]
        pub.combine = lambda got: got[0] / got[1]
    elif op == 'last':
        rows = [(float(r['workload.rate_per_s']), j) for r, j in fig.rows()
                if passes(r, how['where'])]
        pub.parts = [(max(rows)[1], metric_of(y, scale, offset))]
    else:
        raise Trouble(f'{pub.name}: a fit cannot use "{op}"; use the points it is made of')


def published(name, figures, figs_dir):
    """The number called @name, a claim or figure/series/x, ready to be simulated."""
    if '/' not in name:
        with open(os.path.join(figs_dir, 'claims.csv'), encoding='utf-8', newline='') as f:
            row = {r['id']: r for r in csv.DictReader(f)}.get(name)
        if not row:
            raise Trouble(f'claims.csv has no {name}')
        tolerance = re.match(r'([\d.]+)%', row['tolerance'])
        bound = row['tolerance'] if row['tolerance'].startswith('at ') else None
        pub = Published(name, float(row['value']),
                        float(tolerance.group(1)) / 200 if tolerance else 0.05, bound)
        fig, how = find_claim(figures, name)
        claim_into(pub, fig, how)
        return pub
    figure, series, x = name.split('/')
    with open(os.path.join(figs_dir, 'curves.csv'), encoding='utf-8', newline='') as f:
        for row in csv.DictReader(f):
            if (row['figure'], row['series']) == (figure, series) and float(row['x']) == float(x):
                pub = Published(name, float(row['y']), 0.05)
                fig, how = find_curve(figures, figure, series)
                pub.parts, pub.combine = point_parts(fig, how, series, float(x)), only
                return pub
    raise Trouble(f'curves.csv has no {name}')
