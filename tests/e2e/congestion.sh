#!/bin/bash
# SPDX-License-Identifier: MIT
#
# congestion.sh - the congestion figures, as a preview: complete, and the same bytes with any -j
#
# Usage: congestion.sh	the program is $IX, or ./ix
#
# Makes them twice, one run at a time and four, and compares every file. Drawings are compared
# where gnuplot is installed. Not here: whether an expectation holds, which the captions say of
# the whole runs.
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=$(realpath "${IX:-./ix}")
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
failed=0 files=0

fail() { echo "congestion.sh: $*"; failed=$((failed + 1)); }

for jobs in 1 4; do
	python3 scripts/congestion.py --quick --ix "$ix" --jobs $jobs --out "$T/$jobs" \
		--work "$T/work$jobs" >"$T/$jobs.log" 2>&1 ||
		command -v gnuplot >/dev/null && [ -s "$T/$jobs/incast.md" ] ||
		fail "-j $jobs: $(tail -3 "$T/$jobs.log")"
	[ $failed = 0 ] || exit 1
done
for name in fairness dctcp cubic incast; do
	for file in $name.md $name.csv; do
		[ -s "$T/1/$file" ] || fail "$file was not written"
	done
	grep -q '^| What | Published | Asked | Measured | Agrees |$' "$T/1/$name.md" ||
		fail "$name.md compares nothing"
	! command -v gnuplot >/dev/null || [ -s "$T/1/$name.png" ] || fail "$name.png is missing"
done
for path in "$T"/1/* "$T"/work1/*; do
	other=${path/"$T/1/"/"$T/4/"}
	other=${other/"$T/work1/"/"$T/work4/"}
	files=$((files + 1))
	cmp -s "$path" "$other" || fail "$(basename "$path") differs with -j 4"
done
[ $files -ge 20 ] || fail "only $files files were compared"
echo "congestion.sh: $files files compared, $failed failed"
exit $((failed != 0))
