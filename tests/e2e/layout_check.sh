#!/bin/bash
# SPDX-License-Identifier: MIT
#
# layout_check.sh - the house rules can fail: every rule of check_layout.py fires on a bad tree
#
# Makes a small tree that obeys the rules (and must pass), then breaks one rule at a time in
# a copy and expects exactly that rule, at that file and line. A rule nobody breaks here is
# an error, so a new rule brings its bad tree along.
set -u
cd "$(dirname "$0")/../.." || exit 2
top=$PWD
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
fired=$tmp/fired
failed=0
: >"$fired"

command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
python=$(python3 -c 'import sys; print(sys.executable)')	# past any wrapper, which is slow

# A file with its licence line; $2.. are the lines after it.
file()
{
	local path=$bad/$1
	shift
	mkdir -p "$(dirname "$path")"
	printf '/* SPDX-License-Identifier: MIT */\n' >"$path"
	[ $# -eq 0 ] || printf '%s\n' "$@" >>"$path"
}

good_tree()
{
	bad=$tmp/tree
	rm -rf "$bad"
	mkdir -p "$bad"
	cp Makefile "$bad/"
	file core/base/types.h '#ifndef T_H' '#define T_H' '#include <stdint.h>' '#endif'
	file core/mem/mbuf.h '#ifndef M_H' '#define M_H' '#include "base/types.h"' '#endif'
	file core/net/wire.h
	file core/net/ip.h '#include "mem/mbuf.h"' 'struct ops { void (*free)(void); };'
	file core/net/ip.c '#include "net/ip.h"' '/* malloc( if float */' '#define X 1' \
		'int ip(struct ops *o);' 'int ip(struct ops *o)' '{' '	o->free();' \
		'	return X;' '}'
	file core/tcp/tcp.h '#include "net/ip.h"'
	file core/include/ix/abi.h '#include <stdint.h>'
	file core/libix/ixev.c '#include <string.h>' '#include "ix/abi.h"'
	file core/dp/dp.h '#include "ix/abi.h"' '#include "tcp/tcp.h"'
	file workloads/app.h '#include "ix/abi.h"' '#include "base/types.h"'
	file sim/sim.c '#include <stdlib.h>' '#include "dp/dp.h"' '#include "net/wire.h"'
	file hw/hw.h
	file cli/cli.c '#include "sim/sim.h"' '#include "hw/hw.h"'
	file cli/main.c
	file sim/sim.h
	file tests/unit/test_a.c '#include "tcp/tcp.h"' '#include "cu.h"'
	file tests/unit/cu.h
}

run()
{
	"$python" scripts/check_layout.py --root "$bad" "$@" >"$tmp/out" 2>&1
}

# expect RULE FILE:LINE [ARG...]: the tree breaks RULE there and nothing else
expect()
{
	local rule=$1 where=$2
	shift 2
	echo "$rule" >>"$fired"
	if run "$@"; then
		echo "layout_check: rule $rule did not fire at $where"
		failed=1
	elif ! grep -qF "$where: $rule: " "$tmp/out" || [ "$(wc -l <"$tmp/out")" -ne 1 ]; then
		echo "layout_check: wanted \"$where: $rule: ...\" and nothing else, got:"
		head -5 "$tmp/out"
		failed=1
	fi
}

repeat()
{
	local i
	for ((i = 0; i < $1; i++)); do
		printf '%s\n' "$2"
	done
}

good_tree
if ! run; then
	echo "layout_check: the good tree does not pass:"
	cat "$tmp/out"
	failed=1
fi

text_rules()
{
	good_tree; sed -i 1d "$bad/hw/hw.h"; echo 'int hw;' >"$bad/hw/hw.h"
	expect spdx hw/hw.h:1 --no-make
	good_tree; echo 'echo no licence' >"$bad/run.sh"
	expect spdx run.sh:1 --no-make
	good_tree; file hw/hw.h "int	a_name_that_is_$(printf 'long%.0s' {1..20});"
	expect line hw/hw.h:2 --no-make
	good_tree; file hw/hw.h "/* FIX""ME later */"
	expect word hw/hw.h:2 --no-make
	good_tree; file hw/hw.h "$(repeat 600 'int hw;')"
	expect file hw/hw.h:601 --no-make
}

function_rules()
{
	good_tree
	file core/net/ip.c 'int' 'ip(int a,' '   int b)' '{' "$(repeat 66 '	a++;')" '}'
	expect function core/net/ip.c:2
	good_tree
	file core/net/ip.c 'int' 'ip(int a,' '   int b)' '{' "$(repeat 65 '	a++;')" '}'
	run || { echo "layout_check: 70 lines are allowed:"; cat "$tmp/out"; failed=1; }
	good_tree
	printf '# SPDX-License-Identifier: MIT\ndef f():\n%s\n' "$(repeat 70 '    pass')" \
		>"$bad/x.py"
	expect function x.py:2 --no-make
	good_tree; file core/net/ip.c 'int ip(int a) {' '	return a;' '}'
	expect brace core/net/ip.c:2
}

# layer FILE INCLUDE: FILE may not include INCLUDE
layer()
{
	good_tree; file "$1" "#include \"$2\""
	expect include-layer "$1:2" --no-make
}

include_rules()
{
	layer core/base/types.h mem/mbuf.h
	layer core/net/ip.h tcp/tcp.h
	layer core/net/ip.h ix/abi.h
	layer core/tcp/tcp.h dp/dp.h
	layer core/dp/dp.h sim/sim.h
	layer core/libix/ixev.c base/types.h
	layer core/include/ix/abi.h base/types.h
	layer sim/sim.h hw/hw.h
	layer hw/hw.h sim/sim.h
	layer hw/hw.h net/wire.h
	layer sim/sim.h net/ip.h
	layer sim/sim.h tcp/tcp.h
	layer workloads/app.h mem/mbuf.h
	layer cli/cli.c tcp/tcp.h
	good_tree; file sim/sim.h '#include "nowhere.h"'
	expect include-path sim/sim.h:2 --no-make
	good_tree; file core/mem/mbuf.h '#include "../base/types.h"'
	expect include-path core/mem/mbuf.h:2 --no-make
	good_tree; file core/net/ip.h '#include <stdio.h>'
	expect include-system core/net/ip.h:2 --no-make
	good_tree; file core/libix/ixev.c '#include <errno.h>'
	expect include-system core/libix/ixev.c:2 --no-make
	good_tree; file core/include/ix/abi.h '#include <stddef.h>'
	expect include-system core/include/ix/abi.h:2 --no-make
}

core_rules()
{
	good_tree; file core/net/ip.c '#ifdef FAST' '#endif'
	expect if core/net/ip.c:2 --no-make
	good_tree
	file core/net/ip.h '#ifndef A' '#define A' '#if A > 1' '#endif' '#endif'
	expect if core/net/ip.h:4 --no-make
	good_tree; file core/net/ip.c 'void *f(void)' '{' '	return malloc(1);' '}'
	expect call core/net/ip.c:4 --no-make
	good_tree; file sim/sim.c 'void f(void)' '{' '	clock_gettime(0, 0);' '}'
	expect call sim/sim.c:4 --no-make
	good_tree; file core/net/ip.c 'double ip;'
	expect float core/net/ip.c:2 --no-make
	good_tree; file tests/unit/notes.d/lost.c
	expect unbuilt tests/unit/notes.d/lost.c:1
}

global_rule()
{
	command -v objdump >/dev/null || { echo "skipped: objdump is not installed"; return; }
	good_tree
	file core/net/ip.c 'const char *const n[] = { "a", "b" };' 'const int k = 3;'
	gcc -fPIC -c -o "$tmp/ip.o" "$bad/core/net/ip.c" && ar rcs "$tmp/good.a" "$tmp/ip.o"
	run --no-make --core-lib "$tmp/good.a" ||
		{ echo "layout_check: constants are no globals:"; cat "$tmp/out"; failed=1; }
	for what in 'int count = 1;' 'static int count; int *f(void) { return &count; }' \
		'int f(void) { static int n; return n++; }' 'const char *name = "x";'; do
		file core/net/ip.c "$what"
		gcc -w -c -o "$tmp/ip.o" "$bad/core/net/ip.c" && ar rcs "$tmp/bad.a" "$tmp/ip.o"
		expect global "$tmp/bad.a(ip.o):1" --no-make --core-lib "$tmp/bad.a"
	done
}

text_rules
function_rules
include_rules
core_rules
global_rule

python3 scripts/check_layout.py --root "$top/no-such-folder" >/dev/null 2>&1
[ $? -eq 2 ] || { echo "layout_check: a wrong --root must exit 2"; failed=1; }
unbroken=$(python3 scripts/check_layout.py --list-rules | cut -f1 | grep -vxFf "$fired")
[ -z "$unbroken" ] || { echo "layout_check: no bad tree for:" $unbroken; failed=1; }
[ $failed -eq 0 ] && echo "$(wc -l <"$fired") bad trees, $(sort -u "$fired" | wc -l) rules"
exit $failed
