#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
report.py - paper-figs/index.html: every figure, claim, price and setting in one file

Usage: report.py [--results DIR] [--figs DIR] [--prices DIR] [-o FILE]

Reads what `ix figure` wrote: NAME.json, NAME.svg, NAME.md, claims.csv, points.csv, shapes.csv;
and the price lists. The page needs nothing else: drawings are part of it, without scripts. It
is a function of these files, so equal results give equal bytes.

Not here: measuring and judging (cli/judge.c), drawing (cli/plot.c).
"""
import argparse
import csv
import html
import io
import json
import os
import pathlib
import re
import sys

SECTIONS = (('paper', 'The paper\'s figures', r'fig\d|table\d'),
            ('beyond', 'Beyond the paper', r''))
WORDS = {'holds': 'ok', 'misses': 'miss', 'not run': 'none', 'informative': 'info',
         'malformed': 'miss'}


def esc(text):
    return html.escape(str(text), quote=True)


def table(head, rows, caption, classes=''):
    """An accessible table; a row is a list of cells, the first its header."""
    out = [f'<div class="scroll"><table class="{classes}"><caption>{esc(caption)}</caption>',
           '<thead><tr>' + ''.join(f'<th scope="col">{esc(h)}</th>' for h in head)
           + '</tr></thead><tbody>']
    for row in rows:
        cells = [f'<th scope="row">{row[0]}</th>'] + [
            cell(c, h == 'Verdict') for c, h in zip(row[1:], head[1:])]
        out.append('<tr>' + ''.join(cells) + '</tr>')
    out.append('</tbody></table></div>')
    return '\n'.join(out)


def cell(text, verdict):
    """Numbers to the right, verdicts with a colour beside the word."""
    if verdict and text in WORDS:
        return f'<td><span class="v {WORDS[text]}">{text}</span></td>'
    number = re.fullmatch(r'[-+]?[\d.]+(e[-+]?\d+)?( %)?', text)
    return f'<td{" class=n" if number else ""}>{text}</td>'


def damaged(path, what):
    """End with a sentence: what was read is not what `ix figure` writes."""
    sys.exit(f'report.py: {path}: {what}; make it again (`make figures`)')


def read_text(path):
    try:
        return path.read_text(encoding='utf-8')
    except UnicodeDecodeError:
        return damaged(path, 'it is no text')
    except OSError as e:
        return damaged(path, f'cannot be read: {e.strerror}')


def read_csv(path, *needed):
    """Rows of a table that has the columns @needed."""
    rows = csv.DictReader(io.StringIO(read_text(path), newline=''))
    out = list(rows)
    for column in needed:
        if column not in (rows.fieldnames or []):
            damaged(path, f'there is no column {column}')
    for i, row in enumerate(out):
        if None in row or None in row.values():
            damaged(path, f'row {i + 1} has not as many cells as there are columns')
    return out


def read_manifest(path):
    try:
        manifest = json.loads(read_text(path))
    except ValueError as e:
        return damaged(path, f'it is no JSON: {e}')
    kinds = {'commit': str, 'config': dict, 'command': str, 'seed': int, 'price_lists': dict}
    if not isinstance(manifest, dict) or \
            not all(isinstance(manifest.get(k), kind) for k, kind in kinds.items()):
        damaged(path, 'it is no manifest')
    return manifest


def shorter(text):
    """A number of ten digits as one of four."""
    try:
        return f'{float(text):.4g}'
    except ValueError:
        return text


# ---- drawings ----

def drawing(path, name, alt):
    """The SVG as an element: without title and caption, which the page has as
    text, and with ids of its own."""
    text = read_text(path)
    if '<svg' not in text or '</svg>' not in text:
        damaged(path, 'it is no whole drawing')
    text = text[text.index('<svg'):]
    size = [re.search(rf'\b{k}="(\d+(\.\d+)?)"', text) for k in ('width', 'height')]
    if None in size:
        damaged(path, 'it is no drawing of gnuplot')
    width, height = (float(found[1]) for found in size)
    # The caption is the only text of its size and grey.
    small = [float(y) for y in re.findall(r'translate\([-\d.]+,([\d.]+)\)"[^>]*'
                                          r'fill="rgb\(85,85,85\)"[^>]*font-size="9.50"', text)]
    bottom = min([height] + [y - 16 for y in small if y > height / 2])
    top = 36            # below the title, which the page has as a heading
    text = re.sub(r'<title>.*?</title>|<desc>.*?</desc>', '', text, flags=re.S)
    text = re.sub(r'\bid=([\'"])', rf'id=\1{name}-', text)
    text = re.sub(r'url\(#', f'url(#{name}-', text)
    text = re.sub(r'(xlink:)?href=([\'"])#', rf'href=\2#{name}-', text)
    body = text[text.index('>') + 1:text.rindex('</svg>')]
    body = '\n'.join(line.strip() for line in body.splitlines() if line.strip())
    return (f'<svg role="img" aria-labelledby="{name}-alt" '
            f'viewBox="0 {top} {width:g} {bottom - top:g}" '
            f'xmlns="http://www.w3.org/2000/svg"><title id="{name}-alt">{esc(alt)}</title>'
            f'{body}</svg>')



# ---- a figure ----

class Figure:
    """What `ix figure` left about one definition."""

    def __init__(self, conf, results):
        self.name = conf.stem
        text = read_text(conf)
        self.title = self.member(text, 'title') or self.name
        self.alt = self.member(text, 'alt') or self.title
        self.data = self.member(text, 'data') or self.name
        self.claims = re.findall(r'\bid = "([^"]+)"', text)
        self.curves = set(re.findall(r'\bfigure = "([^"]+)"', text)) | {self.name}
        manifest = results / f'{self.data}.json'
        self.manifest = read_manifest(manifest) if manifest.exists() else None
        self.svg = results / f'{self.name}.svg'
        self.md = results / f'{self.name}.md'

    @staticmethod
    def member(text, name):
        found = re.search(rf'^\s*{name} = "((?:[^"\\]|\\.)*)"', text, flags=re.M)
        return found.group(1) if found else None

    @property
    def paper(self):
        return re.match(SECTIONS[0][2], self.name) is not None

    def caption(self):
        """The paragraph of NAME.md after the drawing."""
        if not self.md.is_file():
            return ''
        parts = read_text(self.md).split('\n\n')
        return parts[2] if len(parts) > 2 else ''

    def command(self):
        quick = ' --quick' if self.manifest and self.manifest.get('quick') else ''
        return f'./ix figure {self.data}{quick}' + (
            '' if self.data == self.name else f' && ./ix figure {self.name} --redraw')


def claim_rows(claims):
    return [[esc(c['id']), esc(c['system']), esc(c['quantity']), esc(c['published']),
             esc(c['simulated']), esc(c['unit']), esc(c['error']), esc(c['tolerance']),
             c['verdict'], 'yes' if c['fitted'] == 'yes' else ''] for c in claims]


CLAIM_HEAD = ('Claim', 'System', 'Quantity', 'Published', 'Simulated', 'Unit', 'Error',
              'Tolerance', 'Verdict', 'Fitted')


def figure_html(fig, claims, shapes):
    out = [f'<section id="{fig.name}"><h3>{esc(fig.title)}</h3>']
    if fig.svg.is_file() and fig.manifest:
        out.append(f'<figure><div class="scroll">{drawing(fig.svg, fig.name, fig.alt)}</div>'
                   f'<figcaption>{esc(fig.caption())}</figcaption></figure>')
    elif fig.manifest:
        out.append(f'<p>Not drawn: there is no {esc(fig.svg.name)}. Where gnuplot is installed, '
                   f'<code>./ix figure {esc(fig.name)} --redraw</code> draws it.</p>')
    else:
        out.append('<p>Not run yet.</p>')
    failed = fig.manifest and fig.manifest.get('failed') or []
    if failed:
        items = ''.join(f'<li>{esc(f["error"])}</li>' for f in failed)
        out.append(f'<p>{len(failed)} of its points failed:</p><ul>{items}</ul>')
    mine = [c for c in claims if c['id'] in fig.claims]
    if mine:
        out.append(table(CLAIM_HEAD, claim_rows(mine), f'Claims about {fig.title}'))
    rows = [[f'{esc(s["check"])}: {esc(s["series"])} {esc(s["at"])}', esc(s['published']),
             esc(s['simulated']), esc(s['error']), s['verdict'], esc(s['why'])]
            for s in shapes if s['figure'] in fig.curves and s['verdict'] != 'holds']
    if rows:
        out.append(table(('Shape', 'Published', 'Simulated', 'Error', 'Verdict', 'Why'), rows,
                         'Orders and knees that do not agree'))
    out.append(f'<p class="run">Run it again: <code>{esc(fig.command())}</code></p></section>')
    return '\n'.join(out)


# ---- price lists ----

PRICE = re.compile(r'^\s*([A-Za-z_][\w.]*)\s+(\S+)\s+(\S+)\s+"([^"]*)"\s*(#.*)?$')


def price_html(path):
    about, rows = [], []
    for number, line in enumerate(read_text(path).splitlines(), 1):
        found = PRICE.match(line)
        if found:
            rows.append([f'<code>{esc(found[1])}</code>'] + [esc(g) for g in found.groups()[1:4]])
        elif line.startswith('#') and not rows and 'SPDX' not in line:
            about.append(line.lstrip('# \t'))
        elif line.strip() and not line.lstrip().startswith('#'):
            sys.exit(f'report.py: {path}: line {number} is no price: name value unit "source"')
    if not rows:
        sys.exit(f'report.py: {path}: there is no price in it')
    return (f'<h3 id="price-{path.stem}">{esc(path.stem)}</h3><pre>'
            f'{esc(chr(10).join(about).strip())}</pre>'
            + table(('Item', 'Value', 'Unit', 'Source'), rows, f'Price list {path.stem}', 'p'))


# ---- manifests ----

def said(value):
    return value if isinstance(value, str) else json.dumps(value)


def varied(axis):
    """A listed point may leave a knob alone."""
    values = ', '.join('-' if v is None else v for v in axis['values'])
    return f'{axis["key"]} = {values}'


def manifest_html(fig):
    m = fig.manifest
    groups = [[esc(g.get('name') or '-'), esc(g.get('base') or ''),
               esc(', '.join(g.get('set') or [])),
               esc('; '.join(varied(a) for a in g.get('axes') or []))]
              for g in m.get('groups') or []]
    knobs = '\n'.join(f'{k} = {said(v)}' for k, v in m['config'].items())
    prices = ', '.join(f'{k} {v}' for k, v in (m.get('price_lists') or {}).items())
    return (f'<details><summary>{esc(fig.data)}: commit {esc(m["commit"])}, seed '
            f'{esc(m["seed"])}, {esc(m.get("compiler", "?"))}, prices {esc(prices)}</summary>'
            + (table(('Curve', 'Built on', 'Set', 'Varied'), groups, 'Groups') if groups else '')
            + f'<p>Every knob of the first point:</p><pre>{esc(knobs)}</pre></details>')


# ---- the page ----

CSS = '''
:root { color-scheme: light; }
* { box-sizing: border-box; }
body { margin: 0 auto; max-width: 62rem; padding: 1rem; background: #fff; color: #1a1a1a;
  font: 16px/1.5 system-ui, "DejaVu Sans", Helvetica, Arial, sans-serif; }
h1 { font-size: 1.7rem; line-height: 1.2; } h2 { margin-top: 2.5rem;
  border-bottom: 2px solid #1a1a1a; } h3 { margin-top: 2rem; }
a { color: #00528a; } code, pre { font-family: ui-monospace, "DejaVu Sans Mono", monospace;
  font-size: .85em; } code { overflow-wrap: anywhere; }
pre { white-space: pre-wrap; overflow-wrap: anywhere; background: #f4f4f4; padding: .6rem; }
figure { margin: 0; } svg { width: 100%; min-width: 34rem; height: auto; display: block; }
figcaption { font-size: .85rem; color: #333; margin: .4rem 0 1rem; }
.scroll { overflow-x: auto; } table { border-collapse: collapse; font-size: .82rem;
  margin: .5rem 0; } caption { text-align: left; font-weight: 600; padding: .3rem 0; }
th, td { text-align: left; vertical-align: top; padding: .2rem .6rem .2rem 0;
  border-bottom: 1px solid #ddd; } thead th { border-bottom: 2px solid #888; }
tbody th { font-weight: 600; white-space: nowrap; } td.n { text-align: right;
  font-variant-numeric: tabular-nums; white-space: nowrap; }
.v { padding: 0 .35rem; border: 1px solid; border-radius: .2rem; white-space: nowrap; }
.ok { color: #00563a; } .miss { color: #8a2c00; font-weight: 700; background: #fdeee6; }
.none { color: #555; border-style: dashed; } .info { color: #00456e; }
nav ul { columns: 18rem; padding-left: 1.2rem; } dl { display: grid;
  grid-template-columns: max-content auto; gap: .1rem 1rem; } dd { margin: 0; }
@media (max-width: 40rem) { dl { display: block; } dd { margin: 0 0 .4rem 1rem; } }
@media print { body { max-width: none; padding: 0; font-size: 10pt; } svg { min-width: 0; }
  .scroll { overflow: visible; } figure, tr { break-inside: avoid; }
  h2, h3 { break-after: avoid; } table { font-size: 8pt; } a { color: inherit; } }
'''


def count(rows, key, word):
    return sum(1 for r in rows if r[key] == word)


def summary(claims, shapes):
    """What holds, in a few lines."""
    def of(check):
        mine = [s for s in shapes if s['check'] == check]
        n = count(mine, 'verdict', 'holds')
        return f'{n} of {n + count(mine, "verdict", "misses")}'
    medians = [(s['check'], f'{s["error"] or "none simulated"} ({s["simulated"]})')
               for s in shapes if s['check'].startswith('median')]
    published = [c for c in claims if re.fullmatch(r'C(0\d|[12]\d|30)', c['id'])]
    items = [('Claims C01 to C30', ', '.join(f'{count(published, "verdict", w)} {t}' for w, t in (
        ('holds', 'hold'), ('misses', 'miss'), ('not run', 'not run')))),
             ('Order of systems', of('order') + ' published points: two systems that '
              'the paper shows more than 5 % apart'),
             ('Knees within 15 %', of('knee'))] + medians
    return '<dl>' + ''.join(f'<dt>{esc(k)}</dt><dd>{esc(v)}</dd>' for k, v in items) + '</dl>'


def misses(claims, shapes):
    out = []
    for c in claims:
        if c['verdict'] not in ('misses', 'malformed'):
            continue
        why = c['why'] or 'No explanation yet.'
        out.append(f'<li><b>{esc(c["id"])}</b>, {esc(c["system"])}, {esc(c["quantity"])}: '
                   f'published {esc(c["published"])} {esc(c["unit"])}, simulated '
                   f'{esc(c["simulated"])} ({esc(c["error"])}). {esc(why)}</li>')
    for c in claims:
        if c['verdict'] == 'not run' and c['why']:
            out.append(f'<li><b>{esc(c["id"])}</b>: {esc(c["why"])}.</li>')
    for s in shapes:
        if s['verdict'] == 'misses':
            out.append(f'<li>{esc(s["check"])} of {esc(s["figure"])}, {esc(s["series"])} at '
                       f'{esc(s["at"])}: published {esc(s["published"])}, simulated '
                       f'{esc(s["simulated"])} {esc(s["error"])}. '
                       f'{esc(s["why"])}</li>')
    return '<ul>' + '\n'.join(out) + '</ul>' if out else '<p>None.</p>'


# What a page takes from the tables.
CLAIM = ('id', 'system', 'quantity', 'published', 'simulated', 'unit', 'error', 'tolerance',
         'verdict', 'fitted', 'why')
POINT = ('figure', 'series', 'x', 'published', 'simulated', 'unit', 'error_pct', 'fitted', 'note')
SHAPE = ('check', 'figure', 'series', 'at', 'published', 'simulated', 'error', 'verdict', 'why')


def points_html(points):
    rows = [[esc(p['figure']), esc(p['series']), esc(p['x']), esc(p['published']),
             esc(shorter(p['simulated'])), esc(p['unit']), esc(p['error_pct']),
             'yes' if p['fitted'] == 'yes' else '', esc(p['note'])] for p in points]
    return table(('Figure', 'Curve', 'At', 'Published', 'Simulated', 'Unit', 'Error, %',
                  'Fitted', 'Note'), rows, 'Every published point')


def page(args):
    results = args.results
    figs = [Figure(p, results) for p in sorted(args.figs.glob('*.conf'))]
    figs.sort(key=lambda f: (not f.paper, [int(p) if p.isdigit() else p
                                           for p in re.split(r'(\d+)', f.name)]))
    claims, points, shapes = (
        read_csv(results / f'{n}.csv', *needed)
        for n, *needed in (('claims', *CLAIM), ('points', *POINT), ('shapes', *SHAPE)))
    for name, rows in (('claims', claims), ('shapes', shapes)):
        for row in rows:
            if row['verdict'] not in WORDS:
                damaged(results / f'{name}.csv', f'there is a verdict "{row["verdict"]}"')
    for c in read_csv(args.figs / 'claims.csv', 'id'):
        if c['id'] not in {known['id'] for known in claims}:
            damaged(results / 'claims.csv', f'claim {c["id"]} is missing')
    done = [f for f in figs if f.manifest]
    commits = sorted({f.manifest['commit'] for f in done})
    prices = sorted(args.prices.glob('*.conf'))
    out = ['<!DOCTYPE html>', '<html lang="en"><head><meta charset="utf-8">',
           '<meta name="viewport" content="width=device-width, initial-scale=1">',
           '<title>IX Lab: the paper\'s figures, from simulation</title>',
           f'<style>{CSS}</style></head><body><main>',
           '<h1>IX Lab: the paper\'s figures, from simulation</h1>',
           *(['<p><b>A preview</b>: shorter runs of fewer points. Verdicts may differ, and what is '
              'said of misses is about the whole figures.</p>']
             if any(f.manifest.get('quick') for f in done) else []),
           '<p>Figures of "IX: A Protected Dataplane Operating System for High Throughput and '
           'Low Latency" (OSDI 2014), made by a deterministic simulator that runs the real '
           'dataplane; lines are simulated, hollow marks without a line published. Made from '
           f'commit {esc(", ".join(commits) or "none")}. Fitted: the price lists were fitted on '
           'it, so agreement there is no evidence.</p>', summary(claims, shapes), '<nav><ul>']
    out += [f'<li><a href="#{f.name}">{esc(f.title)}</a></li>' for f in figs]
    out += [f'<li><a href="#{a}">{t}</a></li>' for a, t in (
        ('claims', 'All claims'), ('misses', 'What misses, and why'),
        ('points', 'Every published point'), ('prices', 'Price lists'),
        ('manifests', 'Settings'), ('again', 'Run it again'))]
    out.append('</ul></nav>')
    for anchor, title, _ in SECTIONS:
        out.append(f'<h2 id="{anchor}">{title}</h2>')
        out += [figure_html(f, claims, shapes) for f in figs
                if f.paper == (anchor == 'paper')]
    out += ['<h2 id="claims">All claims</h2>',
            table(CLAIM_HEAD, claim_rows(claims), 'Every claim of the papers'),
            '<h2 id="misses">What misses, and why</h2>', misses(claims, shapes),
            '<h2 id="points">Every published point</h2>', points_html(points),
            '<h2 id="prices">Price lists</h2><p>What one of each thing costs, and where the '
            'number comes from.</p>']
    out += [price_html(p) for p in prices]
    out += ['<h2 id="manifests">Settings</h2>'] + [manifest_html(f) for f in done
                                                   if f.data == f.name]
    out += ['<h2 id="again">Run it again</h2><p>All of it: <code>make figures</code>; a preview: '
            '<code>make figures QUICK=1</code>; verdicts of saved results: <code>./ix figure '
            '--claims</code>. A figure alone:</p><ul>']
    out += [f'<li><code>{esc(f.command())}</code></li>' for f in figs]
    out += ['</ul></main></body></html>', '']
    return '\n'.join(out)


def save(path, text):
    """Write a file whole or not at all."""
    if path.is_symlink() or path.exists() and not path.is_file():   # a rename would replace it
        sys.exit(f'report.py: cannot write {path}: it is a folder, a device, a pipe or a link')
    tmp = path.with_name(f'{path.name}.tmp.{os.getpid()}')
    try:
        tmp.write_text(text, encoding='utf-8')
        tmp.replace(path)
    except OSError as e:
        tmp.unlink(missing_ok=True)
        sys.exit(f'report.py: cannot write {path}: {e.strerror}')


def main():
    root = pathlib.Path(__file__).resolve().parent.parent
    ap = argparse.ArgumentParser(description=__doc__.split('\n')[1])
    ap.add_argument('--results', type=pathlib.Path, default=root / 'results')
    ap.add_argument('--figs', type=pathlib.Path, default=root / 'paper-figs')
    ap.add_argument('--prices', type=pathlib.Path, default=root / 'sim/prices')
    ap.add_argument('-o', '--output', type=pathlib.Path)
    args = ap.parse_args()
    out = args.output or args.figs / 'index.html'
    for name in ('claims.csv', 'points.csv', 'shapes.csv'):
        if not (args.results / name).exists():
            sys.exit(f'report.py: {args.results} has no {name}; run `make figures` first')
    for option, folder in (('--figs', args.figs), ('--prices', args.prices)):
        if not any(folder.glob('*.conf')):
            sys.exit(f'report.py: {option}: there is no NAME.conf in {folder}')
    save(out, page(args))
    try:
        print(f'report: {out}', flush=True)
    except OSError as e:
        sys.exit(f'report.py: standard output: {e.strerror}')


if __name__ == '__main__':
    main()
