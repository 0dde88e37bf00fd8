# SPDX-License-Identifier: MIT
"""
calibrate_conf.py - what a figure measures, for scripts/calibrate

Entry points: parse(), dump(), Figure, find_curve(), find_claim(). A figure's definition
(paper-figs/NAME.conf) says which knobs its points have and how a published number is read off
its rows; the program itself plans the points (`ix sweep --export`), so that a fit runs exactly
what the figure runs.

Not here: running points (calibrate_runs.py).
"""
import csv
import glob
import io
import os
import re
import subprocess

TOKEN = re.compile(r'\s+|#[^\n]*|//[^\n]*|"((?:[^"\\]|\\.)*)"|([{}()\[\]=:;,])|'
                   r'([^\s{}()\[\]=:;,"#]+)')


class Word(str):
    """A number or a truth value as it was written."""


class Trouble(Exception):
    """A sentence for the user."""


def tokens(text):
    """(kind, text) of each: 's' a string, 'w' a word, or the punctuation itself."""
    at = 0
    while at < len(text):
        m = TOKEN.match(text, at)
        if not m:
            raise Trouble(f'cannot read the configuration at "{text[at:at + 20]}"')
        at = m.end()
        if m.group(1) is not None:
            yield 's', m.group(1)
        elif m.group(2):
            yield m.group(2), m.group(2)
        elif m.group(3):
            yield 'w', m.group(3)
    yield 'end', ''


class Parser:
    """libconfig, as much as our files use."""

    def __init__(self, text):
        self.all, self.at = list(tokens(text)), 0

    def peek(self):
        """Kind of the next token."""
        return self.all[self.at][0]

    def take(self, kind=None):
        """Text of the next token, which must be of @kind."""
        found, text = self.all[self.at]
        if kind and found != kind:
            raise Trouble(f'the configuration has "{text}" where "{kind}" belongs')
        self.at += 1
        return text

    def group(self, end):
        """NAME = VALUE; ... up to @end."""
        values = {}
        while self.peek() != end:
            name = self.take('w')
            self.take('=' if self.peek() == '=' else ':')
            values[name] = self.value()
            if self.peek() in (';', ','):
                self.take()
        self.take(end)
        return values

    def value(self):
        """A string, a word, a group as dict, an array or list as list."""
        kind = self.peek()
        text = self.take()
        if kind == '{':
            return self.group('}')
        if kind in '([':
            values = []
            while self.peek() not in (')', ']'):
                values.append(self.value())
                if self.peek() == ',':
                    self.take()
            self.take()
            return values
        if kind == 's':
            while self.peek() == 's':
                text += self.take()
            return text
        return Word(text)


def parse(text):
    """A configuration as nested dicts and lists."""
    return Parser(text).group('end')


def dump(value):
    """The configuration text of @value."""
    if isinstance(value, dict):
        return '{ ' + ' '.join(f'{k} = {dump(v)};' for k, v in value.items()) + ' }'
    if isinstance(value, list):
        return '( ' + ', '.join(dump(v) for v in value) + ' )'
    return str(value) if isinstance(value, Word) else f'"{value}"'


def passes(row, where):
    """Does @row pass what a curve or claim asks: "column=value", or a list of such?"""
    for text in [where] if isinstance(where, str) else where or []:
        column, _, value = text.partition('=')
        if row.get(column) != value:
            return False
    return True


class Figure:
    """A definition, the rows it has, and the job file of each."""

    def __init__(self, name, ix, figs, work):
        self.name, self.ix, self.figs, self.work = name, ix, figs, work
        self.path = os.path.join(figs, name + '.conf')
        with open(self.path, encoding='utf-8') as f:
            self.conf = parse(f.read())
        self.planned = None

    def says(self, kind):
        """Its `curves` or `claims`."""
        return self.conf.get('figure', {}).get(kind, [])

    def export(self, conf, name):
        """(rows, job files) that the program plans for the sweep of file @conf."""
        jobs = os.path.join(self.work, 'jobs', name)
        os.makedirs(jobs)
        command = [self.ix, 'sweep', conf, '-q', '--store', os.path.join(self.work, 'none')]
        done = subprocess.run(command + ['--export', jobs], capture_output=True, text=True,
                              check=False)
        if done.returncode:
            raise Trouble(f'{" ".join(command)} --export: {done.stderr.strip()}')
        text = subprocess.run(command + ['--collect'], capture_output=True, text=True,
                              check=False).stdout
        rows = [r for r in csv.DictReader(io.StringIO(text)) if not r.get('search_lo')]
        files = sorted(glob.glob(os.path.join(jobs, '*.job')))
        return [r for r in rows if 'workload.rate=' not in (r.get('error') or '')], files

    def rows(self):
        """[(row, job file)], searches left out."""
        if self.planned is None:
            rows, files = self.export(self.path, self.name)
            if len(rows) != len(files):
                raise Trouble(f'{self.path}: {len(rows)} rows, but {len(files)} jobs')
            self.planned = list(zip(rows, files))
        return self.planned

    def search(self, where):
        """The (search, job file) of the group that @where names; None if it is none."""
        name = where.partition('=')[2]
        group = [g for g in self.conf['sweep'] if g.get('name') == name and 'search' in g]
        if not group:
            return None
        group = dict(group[0])
        search = group.pop('search')
        group['axes'] = [{'key': search['key'], 'values': [search['lo']]}]
        here = os.path.abspath(self.figs)
        group['base'] = os.path.join(here, group['base'])
        group['set'] = [s if '=' in s else os.path.join(here, s) for s in group['set']]
        conf = {k: v for k, v in self.conf.items() if k not in ('figure', 'sweep')}
        tag = f'{self.name}-{name}'.replace(' ', '_')
        path = os.path.join(self.work, tag + '.conf')
        with open(path, 'w', encoding='utf-8') as f:
            for key, value in dict(conf, sweep=[group]).items():
                f.write(f'{key} = {dump(value)};\n')
        return search, self.export(path, tag)[1][0]


def find_curve(figures, name, series):
    """(figure, curve) that shows @series of the published figure @name; one that names it wins."""
    for whose in (series, None):
        for fig in figures:
            for curve in fig.says('curves'):
                if curve.get('figure', fig.name) == name and curve.get('series') == whose:
                    return fig, curve
    raise Trouble(f'no definition of {figures[0].figs} draws {name}/{series}')


def find_claim(figures, name):
    """(figure, how it is measured) of a claim."""
    for fig in figures:
        for how in fig.says('claims'):
            if how['id'] == name:
                return fig, how
    raise Trouble(f'no definition of {figures[0].figs} measures {name}')
