#!/bin/bash
# SPDX-License-Identifier: MIT
#
# calibrate.sh - scripts/calibrate from outside: exit codes, --check, the method, one number
#
# Usage: calibrate.sh [PROGRAM]	default: $IX, or ./ix
#
# Works on a copy of the lists. Not here: whether a fit is good, which is a result and no test.
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=$(realpath "${1:-${IX:-./ix}}")
. tests/e2e/lib/check.sh

mkdir -p "$T/sim" "$T/results" "$T/scripts"
cp -r sim/prices "$T/sim/"
cp -r results/calibration "$T/results/"
cp scripts/calibrate* "$T/scripts/"
cp -r paper-figs "$T/"
calibrate="$T/scripts/calibrate"

expect "a list is its fit's, or says by hand" 0 "" "$calibrate" ix --check
# damaged PYTHON: the definition of ix after a statement on it, j
damaged()
{
	python3 - "$1" sim/prices/fits/ix.json >"$T/sim/prices/fits/ix.json" <<-'END'
		import json, sys
		j = json.load(open(sys.argv[2]))
		exec(sys.argv[1])
		print(json.dumps(j))
	END
}
while IFS='|' read -r change text; do
	damaged "$change"
	expect "a definition after $change" 2 "$text" "$calibrate" ix --check
done <<'END'
j = None|a definition is an object
del j['parameters']|`parameters` is a list
j['points'] = []|`points` is a list
j['held_out'] = 5|`held_out` is a list
del j['parameters'][0]['name']|an object with a name
j['parameters'][0]['bounds'] = [1]|are two numbers
j['parameters'][0]['bounds'] = ['a', 2]|are two numbers
j['parameters'][0]['items'] = {}|one of them above 0
j['parameters'][0]['items'] = {'events': 'x'}|one of them above 0
j['points'][0] = {}|an object with `at`
j['points'][0]['tolerance'] = 0|a number above 0
j['points'][0]['set'] = 'x'|a list of "key=value"
END
cp sim/prices/fits/ix.json "$T/sim/prices/fits/"
sed -i 's/^tcp_fast .*/tcp_fast 1 ns "guessed"/' "$T/sim/prices/ix.conf"
expect "an edited price" 1 "tcp_fast is 1, but was" "$calibrate" ix --check
sed -i '/^switch /d' "$T/sim/prices/ix.conf"
expect "a price that is gone" 1 "switch is None, but was" "$calibrate" ix --check
cp sim/prices/ix.conf "$T/sim/prices/"
sed -i 's/^dram_line .*/dram_line 1 ns "as ix"/' "$T/sim/prices/linux.conf"
expect "a price that follows" 1 "dram_line is 1, but the list it follows" "$calibrate" --check
sed -i 's/^switch .*/switch 1 ns "as mtcp; not used"/' "$T/sim/prices/linux.conf"
expect "... and says more" 1 "switch is 1, but the list it follows" "$calibrate" --check
cp sim/prices/linux.conf "$T/sim/prices/"
# unfollowed NAME SOURCE
unfollowed()
{
	sed -i "s/^handoff_calls .*/  handoff_calls 9 ns \"$2\"/" "$T/sim/prices/linux-tuned.conf"
	expect "a source that is $1" 1 "linux-tuned: handoff_calls" "$calibrate" --check
	cp sim/prices/linux-tuned.conf "$T/sim/prices/"
}
unfollowed "not followed" "as mtcp;not used"
unfollowed "not understood" "As mtcp"
unfollowed "its own list" "as linux-tuned"
unfollowed "another price" "as handoff_events"
sed -i 's/^switch .*/rx_bytes 1 ns "as linux"/' "$T/sim/prices/ix.conf"
expect "a source that has no such price" 1 "ix: rx_bytes" "$calibrate" --check
cp sim/prices/ix.conf "$T/sim/prices/"
sed -i 's/^calls .*/calls 1 ns "fit"/' "$T/sim/prices/mtcp.conf"
expect "a source that names nothing" 1 'calls says "fit", and not on what' "$calibrate" --check
cp sim/prices/mtcp.conf "$T/sim/prices/"
sed -i 's/^calls .*/calls 1 ns "as linx"/' "$T/sim/prices/mtcp.conf"
expect "a source that is no list" 1 'calls says "as linx"' "$calibrate" --check
printf 'calls 1 ns "\351"\n' >>"$T/sim/prices/mtcp.conf"
expect "a list that is no text" 2 "is damaged" "$calibrate" --check
cp sim/prices/mtcp.conf "$T/sim/prices/"
echo >>"$T/sim/prices/fits/ix.json"
expect "an edited definition" 1 "the definition of the fit has changed" "$calibrate" ix --check
expect "no such fit" 2 'there is no fit "none"' "$calibrate" none --check
expect "wrong usage" 2 "--jobs at least 1" "$calibrate" -j 0
expect "no program" 3 "run make" "$calibrate" --ix "$T/none" ix

cat >"$T/sim/prices/fits/ix.json" <<'END'
{"parameters": [{"name": "pass", "bounds": [0.5, 3], "items": {"passes": 500}}],
 "points": [{"at": "C01", "tolerance": 0.05,
  "set": ["workload.max_bytes=64 B", "workload.perturb=0 B", "workload.rounds=5"]}]}
END
expect "one factor on one point" 0 "wrote" "$calibrate" ix --ix "$ix" --write -q --rounds 6
expect "... which it reaches" 0 "C01" grep -E '^C01 .* [-+]0\.[0-9]% ' "$T/out"
expect "... and records" 0 '"at": "C01"' cat "$T/results/calibration/ix.json"
expect "... as its source" 0 '"fit: C01"' grep '^passes' "$T/sim/prices/ix.conf"
expect "... so that it checks" 0 "" "$calibrate" ix --check

# Two items of one factor that are no multiples of it: a measurement leaves them.
sed -i 's/"passes": 500/"passes": 500, "calls": 33/' "$T/sim/prices/fits/ix.json"
cp "$T/sim/prices/ix.conf" "$T/before"
expect "a measurement of the list" 0 "wrote" "$calibrate" ix --ix "$ix" --write -q --rounds 0
check "... which leaves it" diff "$T/before" "$T/sim/prices/ix.conf"
expect "... and checks" 0 "" "$calibrate" ix --check

echo "calibrate.sh: $checks checks, $failed failed"
[ $failed -eq 0 ]
