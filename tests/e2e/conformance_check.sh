#!/bin/bash
# SPDX-License-Identifier: MIT
#
# conformance_check.sh - the requirements can fail: every rule of conformance.py fires
#
# Makes a small tree that is in order (and must pass), then breaks one rule at a time and
# expects exactly that rule, at that place. A rule nobody breaks here is an error.
set -u
cd "$(dirname "$0")/../.." || exit 2
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
csv=$tmp/tests/pkt/requirements.csv
list=$tmp/list
fired=$tmp/fired
failed=0
: >"$fired"

command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
python=$(python3 -c 'import sys; print(sys.executable)')	# past any wrapper, which is slow

run()
{
	"$python" scripts/conformance.py --root "$tmp" --list "$list" "$@" >"$tmp/out" 2>&1
}

fail()
{
	echo "conformance_check: $1"
	head -5 "$tmp/out"
	failed=1
}

good()
{
	mkdir -p "$tmp/tests/pkt" "$tmp/tests/unit" "$tmp/docs"
	: >"$tmp/tests/unit/test_csum.c"
	printf '%s\n' 'id,level,requirement,met,note,also,pending' \
		'9293 MUST-2,MUST,a checksum,yes,,unit/csum,' \
		'9293 MUST-13,MUST,"a wait, of 2 MSL",yes,,,' \
		'9293 MUST-30,MUST,urgent data,no,nobody uses it,,' \
		'5961 5.2-1,MUST,old ACKs,partly,one kind only,,' \
		'9438 4.6-1,SHOULD,a reduction,yes,,unit/tcp_cubic,x' >"$csv"
	printf '%s\t%s\n' tw.lasts 'RFC 9293 3.5 [MUST-13, RFC 5961 5.2-1]' \
		ack.batched 'IX 4.2 [RFC 9293 MUST-13]' abi.plain 'ix/abi.h' >"$list"
	run || fail "the document cannot be written:"
}

# expect RULE PLACE: that rule fires there, and nothing else
expect()
{
	echo "$1" >>"$fired"
	if run --check; then
		fail "rule $1 did not fire at $2"
	elif ! grep -q "^$2: $1: " "$tmp/out" || [ "$(wc -l <"$tmp/out")" -ne 1 ]; then
		fail "wanted \"$2: $1: ...\" and nothing else, got:"
	fi
	good
}

# rewrite RULE PLACE FILE EXPRESSION...: expect, of a tree where sed has changed FILE and the
# document has been written again
rewrite()
{
	local rule=$1 where=$2 file=$3
	shift 3
	sed -i "$@" "$file"
	run
	expect "$rule" "$where"
}

at=tests/pkt/requirements.csv
good
run --check || fail "the good tree does not pass:"
cp "$tmp/docs/tcp-conformance.md" "$tmp/first"
run && cmp -s "$tmp/first" "$tmp/docs/tcp-conformance.md" || fail "two runs, two documents"

rewrite csv $at:3 "$csv" 's/^9293 MUST-13,MUST/9293 MUST-13,SHALL/'
rewrite csv $at:5 "$csv" 's/,partly,/,perhaps,/'
rewrite csv $at:7 "$csv" '$a 9293 MUST-2,MUST,twice,yes,,unit/csum,'
rewrite csv $at:4 "$csv" '4s/$/,/'
rewrite csv $at:4 "$csv" '4s/^9293 /RFC /'
rewrite reason $at:4 "$csv" 's/nobody uses it//'
rewrite reason $at:5 "$csv" 's/one kind only//'
rewrite untested $at:3 "$list" -e 's/MUST-13, //' -e 's/ \[RFC 9293.*//'
rewrite untested $at:5 "$list" 's/, RFC 5961 5.2-1//'
rewrite untested $at:6 "$csv" '6s/,unit.*/,,/'
rewrite pending $at:6 "$list" '3s/$/ [RFC 9438 4.6-1]/'
rewrite pending $at:3 "$csv" '3s/yes,,/yes,suggested: tw.lasts,/'
rewrite also $at:6 "$csv" '6s/,x$/,/'
rewrite also $at:2 "$csv" '2s/csum/nowhere/'
rewrite unknown 'tcp_pkt --list:3' "$list" '3s/$/ [RFC 9293 MUST-99]/'
rewrite syntax 'tcp_pkt --list:3' "$list" '3s/$/ [MUST-13]/'
rewrite syntax 'tcp_pkt --list:3' "$list" '3s/$/ [RFC 9293 MUST-13/'
sed -i 's/a checksum/another one/' "$csv"
expect stale docs/tcp-conformance.md:1
rm "$tmp/docs/tcp-conformance.md"
expect stale docs/tcp-conformance.md:1

"$python" scripts/conformance.py --tcp-pkt "$tmp/none" --check >/dev/null 2>&1
[ $? -eq 2 ] || fail "a program that is not there must exit 2"
unbroken=$("$python" scripts/conformance.py --list-rules | cut -f1 | grep -vxFf "$fired")
[ -z "$unbroken" ] || fail "nothing breaks: $unbroken"
[ $failed -eq 0 ] && echo "$(wc -l <"$fired") bad trees, $(sort -u "$fired" | wc -l) rules"
exit $failed
