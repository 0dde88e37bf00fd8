#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fuzz.sh - run every fuzzer of a build for some seconds, starting from its corpus
#
# Usage: fuzz.sh [-j N] BUILD SECONDS	SECONDS 0: only replay the corpora
#
# N at a time (default: as many as there are CPUs). tests/fuzz/corpus/NAME/ seeds fuzz_NAME and
# is not written to; what is found is kept in BUILD/corpus/NAME/ for the next time, what crashes
# in BUILD/crash-*; BUILD/fuzz/fuzz_NAME FILE replays it, with RIG_TRACE=1 in words where it can.
# FUZZ_SEED=N draws from N, and begins with the corpora that are checked in and nothing else: the
# same program then tries the same inputs in the same order, as many as there is time for.
# Exit status: 0, or 1 if an input crashed a fuzzer.
set -u
cd "$(dirname "$0")/.." || exit 2
usage="usage: fuzz.sh [-j N] BUILD SECONDS"
jobs=$(nproc)
if [ "${1:-}" = -j ]; then
	jobs=${2:?$usage}
	shift 2
fi
build=${1:?$usage} seconds=${2:?$usage}

# libconfig's lexer forgets a string when a file does not parse; the leak is not ours.
mkdir -p "$build"
echo "leak:libconfig" >"$build/leaks"
export LSAN_OPTIONS="suppressions=$build/leaks:print_suppressions=0"

found=$build/corpus seed=${FUZZ_SEED:-$RANDOM}
if [ -n "${FUZZ_SEED:-}" ]; then
	found=$build/corpus-seed
	rm -rf "$found"
fi
[ "$seconds" = 0 ] || echo "fuzz: $seconds s each, FUZZ_SEED=$seed"

# One fuzzer; its log is shown if it fails.
fuzz_one()
{
	local prog=$1 name=${1#fuzz_} log=$build/$1.log
	local seeds=() limit=(-max_total_time="$seconds" -seed="$seed")

	mkdir -p "$found/$name"
	[ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
	[ "$seconds" = 0 ] && limit=(-runs=0)
	if "$build/fuzz/$prog" "${limit[@]}" -artifact_prefix="$build/crash-$name-" -timeout=60 \
		-rss_limit_mb=2048 "$found/$name" ${seeds[@]+"${seeds[@]}"} >"$log" 2>&1
	then
		printf 'ok    %-16s %s\n' "$prog" "$(grep -aE '^#[0-9]' "$log" | tail -1 |
			sed 's/ lim:.*//; s/\t/ /g')"
	else
		printf 'FAIL  %s\n%s\n' "$prog" "$(tail -60 "$log")"
		return 1
	fi
}

failed=0 running=0
for src in tests/fuzz/fuzz_*.c; do
	[ -e "$src" ] || { echo "fuzz: there is no tests/fuzz/fuzz_*.c"; exit 0; }
	if [ $running -ge "$jobs" ]; then
		wait -n || failed=1
		running=$((running - 1))
	fi
	fuzz_one "$(basename "$src" .c)" &
	running=$((running + 1))
done
while [ $running -gt 0 ]; do
	wait -n || failed=1
	running=$((running - 1))
done
exit $failed
