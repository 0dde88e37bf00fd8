#!/usr/bin/env python3
# SPDX-License-Identifier: MIT
"""
check_layout.py - the house rules as a test (ARCHITECTURE.md, "Who may include whom")

Usage: check_layout.py [--root DIR] [--core-lib FILE] [--no-make] [--list-rules]

Reads every source file below DIR and prints one line a breach,
    file:line: rule: sentence
Exit status: 0 clean, 1 breaches, 2 wrong usage. `unbuilt` asks `make -n -B` which files it
compiles (--no-make leaves it out); `global` asks objdump about FILE, the archive of core/.

Not here: layout of braces and blanks (.clang-format) and warnings (the compilers).
"""
import argparse
import ast
import os
import re
import subprocess
import sys

LINE_MAX = 100          # columns, a tab stops every 8
FUNCTION_MAX = 70       # lines, signature to closing brace
FILE_MAX = 600          # lines

RULES = {
    'spdx': 'the first three lines name the licence',
    'line': f'a line is at most {LINE_MAX} columns',
    'function': f'a function is at most {FUNCTION_MAX} lines',
    'brace': 'the opening brace of a function is alone in column 0',
    'file': f'a file is at most {FILE_MAX} lines',
    'word': 'no notes to oneself are left in a source file',
    'include-path': 'an include is written from a root and names a file of the tree',
    'include-layer': 'a layer includes only what lies below it',
    'include-system': 'core/ is freestanding but for assert.h, errno.h and string.h',
    'if': 'core/ has no #if but include guards',
    'call': 'core/ calls no clock, allocator, generator or stdio; the models no clock',
    'float': 'no floating point where frames are handled',
    'unbuilt': 'every C file is compiled by some make target',
    'global': 'core/ has no mutable global',
}

# Split so that this file does not trip over itself.
WORDS = re.compile(r'\b(' + '|'.join(('FIX' 'ME', 'TO' 'DO', 'X' 'XX', 'HA' 'CK')) + r')\b')
SUFFIXES = ('.c', '.h', '.cc', '.S', '.sh', '.py', '.gp')
NAMES = ('Makefile', '.ci/run')
SKIP_DIRS = ('build', 'results', '__pycache__')

CALLS_CLOCK = ('clock_gettime gettimeofday time clock rdtsc __rdtsc __builtin_ia32_rdtsc '
               'rand srand rand_r random srandom drand48 lrand48 getrandom').split()
CALLS_CORE = CALLS_CLOCK + (
    'malloc calloc realloc free aligned_alloc posix_memalign memalign mmap alloca strdup '
    'printf fprintf sprintf snprintf vprintf vfprintf vsprintf vsnprintf puts fputs putchar '
    'fopen fclose fread fwrite fflush getenv setenv').split()
SYSTEM_CORE = 'assert errno limits stdalign stdarg stdbool stddef stdint stdnoreturn string'.split()
SYSTEM_LIBIX = 'stdbool stddef stdint string'.split()
WORKLOAD_BASE = ('core/base/types.h', 'core/base/knob.h', 'core/base/rng.h')
WORLD_WORKLOADS = ('workloads/app.h', 'workloads/hist.h')
SIM_NET = ('core/net/wire.h', 'core/net/csum.h')
CORE_LEVELS = {'base': 1, 'mem': 2, 'fg': 2, 'net': 3, 'tcp': 4, 'sys': 5, 'dp': 6}


class Report:
    """Breaches found so far, in the order of files."""

    def __init__(self):
        self.lines = []

    def add(self, path, line, rule, sentence):
        assert rule in RULES
        self.lines.append(f'{path}:{line}: {rule}: {sentence}')


class Source:
    """One file: its path below the root, its lines, and its code without comments and strings."""

    def __init__(self, root, path):
        with open(os.path.join(root, path), 'rb') as f:
            text = f.read().decode('utf-8', 'replace')
        self.path = path
        self.lines = text.splitlines()
        self.is_c = path.endswith(('.c', '.h', '.cc'))
        self.code = strip_c(text).splitlines() if self.is_c else []


def strip_c(text):
    """@text with comments and the insides of literals blanked; line numbers stay."""
    token = re.compile(r'//[^\n]*|/\*.*?\*/|"(?:\\.|[^"\\\n])*"|\'(?:\\.|[^\'\\\n])*\'', re.S)

    def blank(m):
        s = m.group(0)
        if s[0] in '"\'':
            return s[0] + ' ' * (len(s) - 2) + s[0]
        return re.sub(r'[^\n]', ' ', s)
    return token.sub(blank, text)


def sources(root):
    """Every source file below @root, sorted, in the tree's own spelling."""
    found = []
    for where, dirs, files in os.walk(root):
        dirs[:] = sorted(d for d in dirs if d not in SKIP_DIRS and (d[0] != '.' or d == '.ci'))
        for name in sorted(files):
            path = os.path.relpath(os.path.join(where, name), root)
            if path.endswith(SUFFIXES) or path in NAMES:
                found.append(path)
    return [Source(root, path) for path in found]


# --- text ---

def check_text(src, report):
    """spdx, line, file, word."""
    if not any('SPDX-License-Identifier:' in line for line in src.lines[:3]):
        report.add(src.path, 1, 'spdx', 'the first three lines do not name the licence; write '
                   '"SPDX-License-Identifier: MIT" in a comment.')
    for n, line in enumerate(src.lines, 1):
        width = len(line.expandtabs(8))
        if width > LINE_MAX:
            report.add(src.path, n, 'line', f'the line is {width} columns wide, at most '
                       f'{LINE_MAX} are allowed; break it.')
        m = WORDS.search(line)
        if m:
            report.add(src.path, n, 'word', f'"{m.group(1)}" is a note to oneself; do it now or '
                       'open an issue.')
    if len(src.lines) > FILE_MAX:
        report.add(src.path, FILE_MAX + 1, 'file', f'the file has {len(src.lines)} lines, at most '
                   f'{FILE_MAX} are allowed; split it by noun.')


# --- functions ---

def c_functions(src):
    """Yield (name, first line, last line) of every function whose brace is in column 0."""
    code = src.code
    for i, line in enumerate(code):
        if not line.startswith('{'):
            continue
        first = signature_start(code, i)
        signature = ' '.join(code[first:i])
        m = re.search(r'(\w+)\s*\(', signature)
        if not m or '=' in signature.split('(')[0]:
            continue
        last = next((j for j in range(i, len(code)) if code[j].startswith('}')), len(code) - 1)
        yield m.group(1), first + 1, last + 1


def signature_start(code, brace):
    """Index of the first line of the declaration that ends at the line before @brace."""
    first = brace
    while first > 0:
        above = code[first - 1].rstrip()
        if not above or above.endswith((';', '}')) or above.startswith('#'):
            break
        first -= 1
    return first


def check_functions(src, report):
    """function, brace."""
    spans = list(c_functions(src)) if src.is_c else py_functions(src)
    for name, first, last in spans:
        if last - first + 1 > FUNCTION_MAX:
            report.add(src.path, first, 'function', f'{name}() has {last - first + 1} lines, at '
                       f'most {FUNCTION_MAX} are allowed; give its parts names.')
    macro = False
    for n, line in enumerate(src.code, 1):
        inside, macro = macro, line.endswith('\\') and (macro or line.startswith('#'))
        if inside or not re.match(r'[A-Za-z_]', line) or '=' in line or '__attribute__' in line:
            continue
        if re.search(r'\)\s*\{$', line.rstrip()):
            report.add(src.path, n, 'brace', 'the brace that opens a function belongs alone into '
                       'column 0 of the next line.')


def py_functions(src):
    """The same for Python; a file that does not parse has none (python says so itself)."""
    if not src.path.endswith('.py'):
        return []
    try:
        tree = ast.parse('\n'.join(src.lines))
    except SyntaxError:
        return []
    return [(f.name, f.lineno, f.end_lineno) for f in ast.walk(tree)
            if isinstance(f, (ast.FunctionDef, ast.AsyncFunctionDef))]


# --- includes ---

def layer(path):
    """The layer a file belongs to: a level of core/, or the name of a top-level folder."""
    parts = path.split('/')
    if parts[0] != 'core':
        return parts[0]
    if path == 'core/plat.h':
        return 2
    if parts[1] == 'include':
        return 0
    return parts[1] if parts[1] == 'libix' else CORE_LEVELS.get(parts[1], 'core')


def may_include(path, target):
    """None if file @path may include file @target, else who may not include whom."""
    src, dst = layer(path), layer(target)
    if src == 0 or src == 'libix':
        return None if dst == 0 or dst == src else 'sees core/include/ix/ and nothing else'
    if isinstance(src, int):
        low = 0 if src >= 5 else 1
        if isinstance(dst, int) and low <= dst <= src:
            return None
        return f'is level {src} of core/ and may include levels {low} to {src}'
    core_low = isinstance(dst, int) and dst <= 2
    if src == 'workloads':
        if dst in (0, 'workloads') or target in WORKLOAD_BASE:
            return None
        return 'is an application: ix/, workloads/ and base/{types,knob,rng}.h are all it sees'
    if src in ('sim', 'hw'):
        if core_low or dst in (6, src) or target in WORLD_WORKLOADS:
            return None
        if src == 'sim' and target in SIM_NET:
            return None
        return 'is a world: it sees plat.h, dp/, base/, mem/, ix/, workloads/{app,hist}.h' + (
            ' and net/{wire,csum}.h' if src == 'sim' else '')
    if src == 'cli':
        return None if dst not in (3, 4, 5) and not target.startswith('core/fg/') else \
            'is the program: it does not see net/, tcp/, sys/ and fg/ of core/'
    if src == 'core':
        return 'is in no folder ARCHITECTURE.md knows'
    return None


def resolve(root, name):
    """The file an include names, searched as the Makefile does; None if there is none."""
    for base in ('core', 'core/include', '') if '..' not in name.split('/') else ():
        path = os.path.normpath(os.path.join(base, name))
        if os.path.isfile(os.path.join(root, path)):
            return path
    return None


def check_quoted(root, src, n, name, report):
    """include-path and include-layer for #include "name"."""
    target = resolve(root, name)
    beside = os.path.normpath(os.path.join(os.path.dirname(src.path), name))
    if target is None and src.path.startswith('tests/') and \
            os.path.isfile(os.path.join(root, beside)):
        return
    if target is None:
        report.add(src.path, n, 'include-path', f'"{name}" is not a file below core/, '
                   'core/include/ or the top; write the path from one of these.')
        return
    why = may_include(src.path, target)
    if why:
        report.add(src.path, n, 'include-layer', f'"{name}" ({target}) is out of reach: '
                   f'{os.path.dirname(src.path)}/ {why}.')


def check_system(src, n, name, report):
    """include-system for #include <name>."""
    where = layer(src.path)
    if not src.path.startswith('core/'):
        return
    if where == 0:
        allowed = ['stdint']
    else:
        allowed = SYSTEM_LIBIX if where == 'libix' else SYSTEM_CORE
    if name not in [f'{a}.h' for a in allowed]:
        report.add(src.path, n, 'include-system', f'<{name}> is not allowed here; allowed are '
                   + ', '.join(f'<{a}.h>' for a in allowed) + '.')


def check_includes(root, src, report):
    """include-path, include-layer, include-system."""
    for n, line in enumerate(src.lines, 1):
        m = re.match(r'\s*#\s*include\s*(["<])([^">]+)[">]', line)
        if not m or not src.code[n - 1].lstrip().startswith('#'):
            continue
        if m.group(1) == '"':
            check_quoted(root, src, n, m.group(2), report)
        else:
            check_system(src, n, m.group(2), report)


# --- what core/ may not contain ---

def check_if(src, report):
    """if: in core/ the first directive of a header may be its guard, nothing else."""
    directives = [(n, line.strip()) for n, line in enumerate(src.code, 1)
                  if re.match(r'\s*#', line)]
    guard = None
    if src.path.endswith('.h') and len(directives) >= 3:
        m = re.match(r'#\s*ifndef\s+(\w+)$', directives[0][1])
        if m and re.match(rf'#\s*define\s+{m.group(1)}$', directives[1][1]):
            guard = directives[0][0]
    for n, line in directives:
        if n != guard and re.match(r'#\s*(if|ifdef|ifndef|elif|else)\b', line):
            report.add(src.path, n, 'if', f'"{line.split()[0]}" chooses at compile time; core/ is '
                       'one program: make it a field of a configuration struct.')


def check_calls(src, names, report):
    """call: a member of a struct may have such a name, a function may not."""
    bad = re.compile(r'(?<![\w.>])(' + '|'.join(names) + r')\s*\(')
    for n, line in enumerate(src.code, 1):
        m = bad.search(line)
        if m:
            report.add(src.path, n, 'call', f'{m.group(1)}() makes a run depend on the host; time, '
                       'randomness and memory are arguments.')


def check_float(src, report):
    """float: allowed in core/base (generator, knobs), nowhere above."""
    for n, line in enumerate(src.code, 1):
        m = re.search(r'\b(float|double)\b', line)
        if m:
            report.add(src.path, n, 'float', f'"{m.group(1)}" where frames are handled; count in '
                       'integers.')


def check_core(src, report):
    """if, call, float."""
    if src.path.startswith('core/'):
        check_if(src, report)
        check_calls(src, CALLS_CORE, report)
        if layer(src.path) != 1:
            check_float(src, report)
    elif src.path.startswith(('sim/', 'workloads/')):
        check_calls(src, CALLS_CLOCK, report)


# --- the build ---

def check_built(root, all_sources, report):
    """unbuilt: compare the tree with what `make -n -B` compiles."""
    env = {k: v for k, v in os.environ.items() if k not in ('MAKEFLAGS', 'MFLAGS', 'MAKELEVEL')}
    cmd = ['make', '-n', '-B', '-C', root, 'everything']
    done = subprocess.run(cmd, env=env, capture_output=True, text=True, check=False)
    if done.returncode != 0:
        why = (done.stderr.strip().splitlines() or ['no message'])[-1]
        report.add('Makefile', 1, 'unbuilt', f'`{" ".join(cmd)}` fails: {why}')
        return
    built = set(re.findall(r'-c -o \S+ (\S+\.c)\b', done.stdout))
    for src in all_sources:
        if src.path.endswith('.c') and src.path not in built:
            report.add(src.path, 1, 'unbuilt', 'no make target compiles this file; remove it or '
                       'name it after the pattern of its folder (docs/testing.md).')


def check_globals(lib, report):
    """global: symbols of the archive @lib in a writable section. Relocated constants are fine."""
    try:
        done = subprocess.run(['objdump', '-t', lib], capture_output=True, text=True, check=False)
    except FileNotFoundError:
        print('skipped: rule global, objdump (binutils) is not installed')
        return
    if done.returncode != 0:
        report.add(lib, 1, 'global', f'objdump cannot read it: {done.stderr.strip()}')
    member = lib
    writable = re.compile(r'(\.data|\.bss|\.tdata|\.tbss|\*COM\*)(\.(?!rel\.ro).*)?$')
    for line in done.stdout.splitlines():
        m = re.match(r'(\S+\.o):\s+file format', line)
        if m:
            member = m.group(1)
        fields = line.split()
        if len(fields) < 4 or not re.match(r'[0-9a-f]{16} ', line):
            continue
        flags, rest = line[17:24], line[24:].split()
        if 'd' in flags or len(rest) < 3 or not writable.match(rest[0]):
            continue
        report.add(f'{lib}({member})', 1, 'global', f'"{rest[-1]}" lies in {rest[0]}, which can '
                   'be written; make it const, or a field of the struct that owns it.')


def main():
    """Parse arguments, apply every rule, print what is wrong."""
    parser = argparse.ArgumentParser(description='check the house rules')
    parser.add_argument('--root', default='.', help='top of the tree')
    parser.add_argument('--core-lib', help='libixcore.a of a build without sanitizers')
    parser.add_argument('--no-make', action='store_true', help='leave out the rule "unbuilt"')
    parser.add_argument('--list-rules', action='store_true', help='print the rules and stop')
    args = parser.parse_args()
    if args.list_rules:
        for rule, what in RULES.items():
            print(f'{rule}\t{what}')
        return 0
    if not os.path.isdir(os.path.join(args.root, 'core')):
        print(f'check_layout.py: {args.root} has no folder core/; give the top of the tree with '
              '--root', file=sys.stderr)
        return 2
    report = Report()
    all_sources = sources(args.root)
    for src in all_sources:
        check_text(src, report)
        check_functions(src, report)
        if src.is_c:
            check_includes(args.root, src, report)
            check_core(src, report)
    if not args.no_make:
        check_built(args.root, all_sources, report)
    if args.core_lib:
        check_globals(args.core_lib, report)
    for line in report.lines:
        print(line)
    if not report.lines:
        n = sum(len(src.lines) for src in all_sources)
        print(f'{len(all_sources)} files, {n} lines, {len(RULES)} rules: clean')
    return 1 if report.lines else 0


if __name__ == '__main__':
    sys.exit(main())
