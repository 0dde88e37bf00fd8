#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
congestion.py - redraw the congestion figures and the page that shows them

Usage: congestion.py [--ix PROGRAM] [--jobs N] [--only NAME] [--algorithms FILE] [--out DIR]
                     [--work DIR] [--quick] [--redraw]

Runs the scenarios of docs/figures/ with the algorithms of FILE (algorithms.csv there) that
PROGRAM has, and writes there, for each figure, its tables (CSV), its drawing (SVG, PNG) and
its caption (NAME.md); docs/congestion.md shows all of them. --out and --quick write
elsewhere. Nothing in these files depends on the machine or the time. --redraw draws the
tables that are there and runs nothing.

An expectation that does not hold is a result, not an error: it is printed and it stands in
the caption. Exit status: 0, 1 a run or a drawing failed, 2 wrong usage, 3 no PROGRAM.
"""
import argparse
import csv
import io
import os
import subprocess
import sys
import time

from congestion_figs import ALL
from congestion_runs import RunFailed, algorithms, run_all

FOLDER = 'docs/figures'         # scenarios, gnuplot scripts and, unless --out, what is made
PAGE = 'docs/congestion.md'
WORK = 'build/congestion'

INTRO = '''# Congestion behaviour, by simulation

Four pictures of what the congestion control in `core/tcp` does, each beside what was published
about it. `make congestion` makes this page, its tables and its drawings again, from
`docs/figures/*.conf` and `docs/figures/algorithms.csv`, in a few minutes; every line in them is
a series or a metric of a run (`ix sim --series`, `ix sim --json`), never a formula, unless
the legend says theory. What was published is rarely a number with a tolerance; the column
*asked* says what we ask of a run to call it agreement. Hosts are priced at nothing (`free`),
so that congestion control, the queue and the wire are all there is to see.

The publications: Chiu and Jain, *Analysis of the Increase and Decrease Algorithms for Congestion
Avoidance*, 1989; RFC 9438, *CUBIC*, 2023; SIGCOMM 2009: Vasudevan et al., *Safe and Effective
Fine-grained TCP Retransmissions for Datacenter Communication*; SIGCOMM 2010: Alizadeh et al.,
*Data Center TCP (DCTCP)*.
'''


def save(path, text):
    """Write @path whole or not at all."""
    with open(path + '.part', 'w', encoding='utf-8', newline='\n') as f:
        f.write(text)
    os.replace(path + '.part', path)


def save_table(out, name, rows):
    """A CSV in folder @out."""
    text = io.StringIO()
    csv.writer(text, lineterminator='\n').writerows(rows)
    save(f'{out}/{name}.csv', text.getvalue())


def cell(text):
    """Text in a Markdown table."""
    return text.replace('|', '\\|')


def caption(fig):
    """The caption: settings, published expectation, what was measured, whether it agrees."""
    lines = [fig.settings()]
    if fig.missing:
        lines += ['', f'Not in this build, and so not in the figure: {", ".join(fig.missing)}.']
    lines += ['', '| What | Published | Asked | Measured | Agrees |', '|---|---|---|---|---|']
    for v in fig.verdicts():
        word = {True: 'yes', False: '**no**', None: 'not run'}[v.ok]
        cells = (v.what, v.published, v.asked, v.measured, word)
        lines.append('| ' + ' | '.join(cell(c) for c in cells) + ' |')
    for v in fig.verdicts():
        if v.ok is False and v.why:
            lines += ['', f'*{v.what}*: {v.why}']
    return '\n'.join(lines) + '\n'


def draw(fig, algs, out):
    """SVG and PNG by gnuplot; False, and a sentence, if it cannot."""
    shown = ' '.join(a.name for a in fig.algs)
    labels = ' '.join(algs[a.name].label for a in fig.algs)
    colours = ' '.join(algs[a.name].colour for a in fig.algs)
    for ext in ('svg', 'png'):
        variables = {
            'name': fig.name, 'ext': ext, 'out': f'{out}/{fig.name}.{ext}', 'dir': out,
            'title': fig.title, 'caption': '', 'figs': 'paper-figs', 'shown': shown,
            'labels': labels, 'colours': colours,
        }
        text = '; '.join("{}='{}'".format(k, v.replace("'", "''"))
                         for k, v in variables.items()) + '; caption_lines=0; n_failed=0'
        try:
            done = subprocess.run(['gnuplot', '-e', text, f'{FOLDER}/{fig.name}.gp'],
                                  capture_output=True, text=True, check=False)
        except FileNotFoundError:
            print('congestion.py: gnuplot is missing, so there are tables and captions but no '
                  'drawings; install it: sudo apt-get install --no-install-recommends '
                  'gnuplot-nox', file=sys.stderr)
            return False
        if done.returncode != 0 or done.stderr.strip():
            print(f'congestion.py: gnuplot {FOLDER}/{fig.name}.gp: {done.stderr.strip()}',
                  file=sys.stderr)
            return False
    return True


def page(out):
    """The page of the captions in @out: docs/congestion.md, or @out/congestion.md."""
    parts, where = [INTRO], 'figures/' if out == FOLDER else ''
    for figure in ALL:
        path = f'{out}/{figure.name}.md'
        if not os.path.exists(path):
            continue
        with open(path, encoding='utf-8') as f:
            text = f.read()
        parts.append(f'## {figure.title}\n\n![{figure.title}]({where}{figure.name}.png)\n\n'
                     f'{text}')
    save(PAGE if out == FOLDER else f'{out}/congestion.md', '\n'.join(parts))


def report(fig):
    """Verdicts for the reader of the terminal."""
    for v in fig.verdicts():
        word = {True: 'agrees', False: 'DISAGREES', None: 'not run'}[v.ok]
        print(f'{word:10} {v.what}: {v.measured}')


def arguments():
    """The command line."""
    p = argparse.ArgumentParser(description='redraw docs/congestion.md and its figures')
    p.add_argument('--ix', default='./ix', help='the program (default ./ix)')
    p.add_argument('--jobs', type=int, default=os.cpu_count(), help='runs at a time')
    p.add_argument('--algorithms', default=f'{FOLDER}/algorithms.csv', help='the list of them')
    p.add_argument('--only', choices=[f.name for f in ALL], help='one figure')
    p.add_argument('--out', help='folder to write (default docs/figures; with --quick '
                   'build/quick/congestion)')
    p.add_argument('--work', default=WORK, help='folder for what runs write')
    p.add_argument('--quick', action='store_true', help='a preview: fewer points, shorter runs')
    p.add_argument('--redraw', action='store_true', help='draw what is there, run nothing')
    return p.parse_args()


def main():
    """See the top of the file."""
    args = arguments()
    os.chdir(os.path.join(os.path.dirname(os.path.abspath(__file__)), '..'))
    if not os.access(args.ix, os.X_OK):
        print(f'congestion.py: {args.ix} is not there; build it: make', file=sys.stderr)
        return 3
    algs = algorithms(args.algorithms, args.ix)
    out = args.out or ('build/quick/congestion' if args.quick else FOLDER)
    os.makedirs(out, exist_ok=True)
    figs = [f(algs, FOLDER, args.quick) for f in ALL if args.only in (None, f.name)]
    ok = True
    if not args.redraw:
        start = time.monotonic()
        runs = [r for f in figs for r in f.runs()]
        try:
            run_all(runs, args.ix, args.work, args.jobs)
        except RunFailed as why:
            print(f'congestion.py: {why}', file=sys.stderr)
            return 1
        print(f'{len(runs)} runs, {time.monotonic() - start:.0f} s')
        for fig in figs:
            for name, rows in fig.tables().items():
                save_table(out, name, rows)
            save(f'{out}/{fig.name}.md', caption(fig))
            report(fig)
        page(out)
    for fig in figs:
        ok = draw(fig, algs, out) and ok
    return 0 if ok else 1


if __name__ == '__main__':
    sys.exit(main())
