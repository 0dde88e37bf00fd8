#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
conformance.py - joins the requirements of the RFCs with the tests that hold them

Usage: conformance.py [--check] [--tcp-pkt PROG | --list FILE] [--root DIR] [--list-rules]

Reads DIR/tests/pkt/requirements.csv and what `PROG --list` prints (FILE: its output), and
writes DIR/docs/tcp-conformance.md. With --check it writes nothing and prints one line a
breach,
    file:line: rule: sentence
Exit status: 0 clean, 1 breaches, 2 wrong usage. How a case names what it holds is said in
tests/pkt/cases.h.

Columns of the CSV: id ("9293 MUST-13"), level, requirement in our own words, met (yes, no,
n/a, partly), note (why not, if not yes), also (tests outside tests/pkt: unit/ip, sim/swarm,
e2e/linux_peer), pending (x: the test is still to come).
"""
import argparse
import csv
import os
import re
import subprocess
import sys

CSV_PATH = 'tests/pkt/requirements.csv'
DOC_PATH = 'docs/tcp-conformance.md'
CASES = 'tcp_pkt --list'
COLUMNS = ['id', 'level', 'requirement', 'met', 'note', 'also', 'pending']
LEVELS = ('MUST', 'MUST NOT', 'SHOULD', 'SHOULD NOT', 'MAY', 'RULE')
MET = ('yes', 'partly', 'no', 'n/a')
ID = re.compile(r'(\d+) ([A-Z0-9][A-Za-z0-9.]*(?:-\d+)?)')
LABELS = ('MUST', 'SHLD', 'REC', 'MAY')         # of RFC 9293's appendix B
ALSO = {'unit': ('tests/unit/test_{}.c',), 'fuzz': ('tests/fuzz/fuzz_{}.c',),
        'sim': ('tests/sim/{}.c', 'tests/sim/{}_main.c'),
        'e2e': ('tests/e2e/{}.sh', 'tests/e2e/{}.py')}

RULES = {
    'csv': 'a row has seven columns, an id of its own, and a known level and met',
    'reason': 'what is not met, or partly, has a note that says why',
    'untested': 'what is met, even partly, is held by a test, or marked pending',
    'pending': 'what is pending has no case yet; what is not has no suggestion left',
    'also': 'a test named in the column `also` exists',
    'syntax': 'a case names ids as tests/pkt/cases.h says',
    'unknown': 'an id that a case names has a row',
    'stale': 'the document is what this script writes',
}

TITLES = {
    1191: 'Path MTU discovery', 1337: 'TIME-WAIT assassination', 2018: 'SACK',
    2883: 'D-SACK', 3042: 'Limited transmit', 3168: 'ECN',
    3465: 'Appropriate byte counting', 4015: 'The Eifel response',
    4987: 'SYN flooding', 5482: 'User timeout', 5681: 'Congestion control',
    5682: 'F-RTO', 5927: 'ICMP attacks', 5961: 'Blind in-window attacks',
    6056: 'Port randomization', 6093: 'Urgent data', 6191: 'TIME-WAIT and timestamps',
    6298: 'Retransmission timer', 6528: 'Initial sequence numbers', 6582: 'NewReno',
    6675: 'Loss recovery by SACK', 6928: 'Initial window', 7323: 'High performance',
    8257: 'DCTCP', 8985: 'RACK-TLP', 9293: 'TCP', 9438: 'CUBIC',
    9937: 'Proportional rate reduction',
}

INTRO = """# TCP conformance
<!-- Written by `make conformance` from tests/pkt/requirements.csv and the tests' own list. -->

What the RFCs ask of a TCP, in our own words, and the tests that hold us to it. Labels of RFC 9293
are those of its appendix B; for the others an id is the section and a number in it, or the RFC's
own number of a rule. The level RULE means the text of an algorithm that uses no keyword. A name
with a dot is a scripted case: `tcp_pkt NAME` runs it. `make check` fails when this page is stale or
a row that says it is met has no test; pending are those whose test is still to come.
"""


class Report:
    """Breaches found so far."""

    def __init__(self):
        self.lines = []

    def add(self, where, rule, sentence):
        assert rule in RULES
        self.lines.append(f'{where}: {rule}: {sentence}')


def sort_key(req_id):
    """RFC 9293 first, by label; the others by number and section."""
    rfc, rest = req_id.split(' ', 1)
    label, _, number = rest.partition('-')
    if label in LABELS and number:
        return (rfc != '9293', int(rfc), LABELS.index(label), int(number))
    parts = re.split(r'[.-]', rest)
    return (rfc != '9293', int(rfc), len(LABELS), 0,
            [(0, int(p), '') if p.isdigit() else (1, 0, p) for p in parts])


def also_exists(root, name):
    kind, _, what = name.partition('/')
    return any(os.path.exists(os.path.join(root, p.format(what))) for p in ALSO.get(kind, ()))


def check_row(report, where, row, root):
    if row['level'] not in LEVELS or row['met'] not in MET or row['pending'] not in ('', 'x'):
        report.add(where, 'csv', f'{row["id"]}: level is one of {", ".join(LEVELS)}; met one of '
                   f'{", ".join(MET)}; pending empty or x')
    if not row['pending'] and 'suggested:' in row['note']:
        report.add(where, 'pending', f'{row["id"]} suggests tests, but is not pending')
    if row['met'] != 'yes' and not row['note']:
        report.add(where, 'reason', f'{row["id"]} is "{row["met"]}": say why in the note')
    for name in row['also'].split():
        if not row['pending'] and not also_exists(root, name):
            report.add(where, 'also', f'{row["id"]} names {name}, which is nowhere in tests/')


def read_csv(report, root):
    """The rows by id, in order; each with its line in `where`."""
    rows = {}
    with open(os.path.join(root, CSV_PATH), newline='', encoding='utf-8') as f:
        reader = csv.reader(f)
        if next(reader, None) != COLUMNS:
            report.add(f'{CSV_PATH}:1', 'csv', f'the first line must be {",".join(COLUMNS)}')
            return rows
        for fields in reader:
            where = f'{CSV_PATH}:{reader.line_num}'
            if len(fields) != len(COLUMNS):
                report.add(where, 'csv', f'{len(fields)} columns, want {len(COLUMNS)}')
                continue
            row = dict(zip(COLUMNS, fields), where=where, tests=[])
            if not ID.fullmatch(row['id']) or row['id'] in rows:
                report.add(where, 'csv', f'"{row["id"]}" has a row already, or is no id like '
                           '"9293 MUST-13" or "5681 3.1-2"')
                continue
            check_row(report, where, row, root)
            rows[row['id']] = row
    return rows


def ids_of(section):
    """The ids a case's section names; ValueError says what is wrong with it."""
    lead = re.match(r'RFC (\d+)\b', section)
    ids = []
    for group in re.findall(r'\[([^]]*)\]', section):
        for item in group.split(','):
            item = item.strip()
            full = item[4:] if item.startswith('RFC ') else \
                f'{lead.group(1)} {item}' if lead else item
            if not ID.fullmatch(full):
                raise ValueError(f'"{item}" is no id; "RFC n ..." is spelled out where the '
                                 'section does not begin with its RFC')
            ids.append(full)
    if section.count('[') != section.count(']'):
        raise ValueError('a bracket is not closed')
    return ids


def join(report, rows, listing):
    """Give every row the cases that name it."""
    for number, line in enumerate(listing.splitlines(), 1):
        name, _, section = line.partition('\t')
        try:
            ids = ids_of(section)
        except ValueError as e:
            report.add(f'{CASES}:{number}', 'syntax', f'{name}: {e}')
            continue
        for req_id in ids:
            if req_id in rows:
                rows[req_id]['tests'].append(name)
            else:
                report.add(f'{CASES}:{number}', 'unknown',
                           f'{name} names {req_id}, which {CSV_PATH} does not have')


def check_tests(report, rows):
    for row in rows.values():
        row['tests'] = sorted(set(row['tests']))
        if row['pending'] and row['tests']:
            report.add(row['where'], 'pending', f'{row["id"]} is held by {row["tests"][0]}: '
                       'clear the column')
        if not row['pending']:
            row['tests'] += row['also'].split()
        if row['met'] in ('yes', 'partly') and not row['tests'] and not row['pending']:
            report.add(row['where'], 'untested', f'{row["id"]} is "{row["met"]}", but no test '
                       'names it')


def held_by(row):
    """The last column: tests, and why not."""
    parts = []
    if row['met'] != 'yes':
        parts.append(f'**{row["met"]}**: {row["note"]}')
    if row['tests']:
        parts.append(', '.join(f'`{t}`' for t in row['tests']))
        if row['met'] == 'yes' and row['note']:
            parts.append(row['note'])
    elif row['pending']:
        parts.append('*the test is pending*')
    return '; '.join(parts).replace('|', '\\|')


def untested(row):
    return row['pending'] == 'x' and not row['tests']


def summary(rows, rfcs):
    out = ['| RFC | | Requirements | Met | Tested | Pending | Partly | Not met | Does not apply |',
           '|---|---|--:|--:|--:|--:|--:|--:|--:|']
    for rfc in rfcs + [None]:
        mine = [r for r in rows if rfc is None or r['id'].startswith(f'{rfc} ')]
        n = {m: sum(r['met'] == m and not untested(r) for r in mine) for m in MET}
        tested = sum(bool(r['tests']) for r in mine)
        pending = sum(untested(r) for r in mine)
        name = f'[{rfc}](#rfc-{rfc}) | {TITLES.get(rfc, "")}' if rfc else '**all** |'
        out.append(f'| {name} | {len(mine)} | {n["yes"]} | {tested} | {pending} | '
                   f'{n["partly"]} | {n["no"]} | {n["n/a"]} |')
    return out


def document(rows):
    rows = sorted(rows.values(), key=lambda r: sort_key(r['id']))
    rfcs = list(dict.fromkeys(int(r['id'].split()[0]) for r in rows))
    out = [INTRO] + summary(rows, rfcs)
    for rfc in rfcs:
        out += ['', f'<a id="rfc-{rfc}"></a>', f'## RFC {rfc}: {TITLES.get(rfc, "")}'.rstrip(': '),
                '', '| Id | Level | Requirement | Held by, or why not |', '|---|---|---|---|']
        out += [f'| {r["id"]} | {r["level"]} | {r["requirement"]} | {held_by(r)} |'
                for r in rows if r['id'].startswith(f'{rfc} ')]
    return '\n'.join(out) + '\n'


def read_listing(args):
    if args.list:
        with open(args.list, encoding='utf-8') as f:
            return f.read()
    return subprocess.run([args.tcp_pkt, '--list'], check=True, stdout=subprocess.PIPE,
                          stderr=subprocess.DEVNULL, text=True).stdout


def write_or_compare(report, args, text):
    path = os.path.join(args.root, DOC_PATH)
    if not args.check:
        os.makedirs(os.path.dirname(path), exist_ok=True)
        with open(path, 'w', encoding='utf-8') as f:
            f.write(text)
        return
    committed = None
    if os.path.exists(path):
        with open(path, encoding='utf-8') as f:
            committed = f.read()
    if committed != text:
        report.add(f'{DOC_PATH}:1', 'stale', '`make conformance` writes it anew')


def parse_args():
    p = argparse.ArgumentParser(description='Join requirements and tests.')
    p.add_argument('--check', action='store_true', help='write nothing, say what is wrong')
    p.add_argument('--tcp-pkt', default='build/gcc/pkt/tcp_pkt', help='the packet tests')
    p.add_argument('--list', help='a file with what tcp_pkt --list prints, instead')
    p.add_argument('--root', default=os.path.join(os.path.dirname(__file__), '..'))
    p.add_argument('--list-rules', action='store_true')
    return p.parse_args()


def main():
    args = parse_args()
    report = Report()
    if args.list_rules:
        print('\n'.join(f'{rule}\t{text}' for rule, text in RULES.items()))
        return 0
    try:
        rows = read_csv(report, args.root)
        join(report, rows, read_listing(args))
    except (OSError, subprocess.CalledProcessError) as e:
        print(f'conformance.py: {e}; build the tests with `make tests`', file=sys.stderr)
        return 2
    check_tests(report, rows)
    write_or_compare(report, args, document(rows))
    for line in report.lines:
        print(line)
    if not report.lines:
        held = sum(bool(r['tests']) for r in rows.values())
        pending = sum(untested(r) for r in rows.values())
        print(f'{len(rows)} requirements, {held} held by tests, {pending} pending')
    return 1 if report.lines else 0


if __name__ == '__main__':
    sys.exit(main())
