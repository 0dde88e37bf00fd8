# SPDX-License-Identifier: MIT
"""
calibrate_lists.py - price lists as text: reading values, writing fitted ones with their source

Entry points: read(), write(), follow(), rounded(). A line is `name value unit "source"`; one
whose source is "as NAME", or that and why after ";", ":" or ",", has the value of list NAME.

Not here: what is fitted (calibrate).
"""
import math
import os
import re

LINE = re.compile(r'^\s*(\w+)(\s+)([\d.]+)(\s+)(\S+)(\s+)"([^"]*)"(.*)$')
AS = re.compile(r'as ([\w-]+)([;:,].*)?')


def read(path):
    """{item: (value as written, unit, source)} of a list."""
    found = {}
    with open(path, encoding='utf-8') as f:
        for line in f:
            m = LINE.match(line.rstrip('\n'))
            if m:
                found[m.group(1)] = (m.group(3), m.group(5), m.group(7))
    return found


def write(path, changes):
    """Put @changes, {item: (value, source or None)}, into the list; other lines stay."""
    out = []
    with open(path, encoding='utf-8') as f:
        for line in f:
            m = LINE.match(line.rstrip('\n'))
            if m and m.group(1) in changes:
                value, source = changes[m.group(1)]
                source = m.group(7) if source is None else source
                line = f'{m.group(1):<12} {value:<5} {m.group(5):<3} "{source}"{m.group(8)}\n'
            out.append(line)
    with open(path + '.new', 'w', encoding='utf-8') as f:
        f.writelines(out)
    os.replace(path + '.new', path)


def follow(folder, name):
    """Bring the lines "as @name" of the other lists to its values. Returns what changed, and
    with @name None, what would: [(list, item, is, should be)]."""
    changed = []
    for file in sorted(os.listdir(folder)):
        other = file[:-5]
        if not file.endswith('.conf') or other == name:
            continue
        path, todo = os.path.join(folder, file), {}
        for item, (value, _, source) in read(path).items():
            m = AS.fullmatch(source)
            if not m or not os.path.exists(os.path.join(folder, m.group(1) + '.conf')):
                continue
            there = read(os.path.join(folder, m.group(1) + '.conf')).get(item)
            if there and float(there[0]) != float(value) and name in (None, m.group(1)):
                todo[item] = (there[0], None)
                changed.append((other, item, value, there[0]))
        if todo and name is not None:
            write(path, todo)
    return changed


def unsourced(folder):
    """Prices whose source says how, and not from what, or is "as" what has no such price, another
    price of its own list of another value, or not understood: [(list, item, source)]."""
    found = []
    for file in sorted(f for f in os.listdir(folder) if f.endswith('.conf')):
        items = read(os.path.join(folder, file))
        for item, (value, _, source) in items.items():
            other = AS.fullmatch(source)
            if other and other.group(1) in items:
                known = float(items[other.group(1)][0]) == float(value)
            elif other:
                path = os.path.join(folder, other.group(1) + '.conf')
                known = other.group(1) != file[:-5] and os.path.exists(path) and item in read(path)
            else:
                known = not source.lower().startswith('as ')
            if not known or re.fullmatch(r'\s*(fit:?|by hand( on)?)?\s*', source, re.I):
                found.append((file[:-5], item, source))
    return found


def rounded(value, error):
    """@value with the digits that a relative standard error leaves it, as a list has it."""
    digits = 3 if error < 0.02 else 2
    if value == 0:
        return '0'
    places = digits - 1 - math.floor(math.log10(abs(value)))
    text = f'{round(value, places):.{max(0, min(places, 3))}f}'
    return text.rstrip('0').rstrip('.') if '.' in text else text
