#!/bin/bash
# SPDX-License-Identifier: MIT
#
# fuzz.sh - run every fuzzer of a build for some seconds, starting from its corpus
#
# Usage: fuzz.sh BUILD SECONDS		SECONDS 0: only replay the corpora
#
# tests/fuzz/corpus/NAME/ seeds fuzz_NAME and is not written to; what is found is kept in
# BUILD/corpus/NAME/, what crashes in BUILD/crash-*; BUILD/fuzz/fuzz_NAME FILE replays it.
# Exit status: 0, or 1 if an input crashed a fuzzer.
set -u
cd "$(dirname "$0")/.." || exit 2
build=${1:?usage: fuzz.sh BUILD SECONDS} seconds=${2:?usage: fuzz.sh BUILD SECONDS}
failed=0

# libconfig's lexer forgets a string when a file does not parse; the leak is not ours.
mkdir -p "$build"
echo "leak:libconfig" >"$build/leaks"
export LSAN_OPTIONS="suppressions=$build/leaks:print_suppressions=0"

for src in tests/fuzz/fuzz_*.c; do
	[ -e "$src" ] || { echo "fuzz: there is no tests/fuzz/fuzz_*.c"; exit 0; }
	prog=$(basename "$src" .c)
	name=${prog#fuzz_}
	mkdir -p "$build/corpus/$name"
	seeds=()
	[ -d "tests/fuzz/corpus/$name" ] && seeds=("tests/fuzz/corpus/$name")
	limit=(-max_total_time="$seconds")
	[ "$seconds" = 0 ] && limit=(-runs=0)
	log=$build/$prog.log
	if "$build/fuzz/$prog" "${limit[@]}" -artifact_prefix="$build/crash-$name-" -timeout=10 \
		-rss_limit_mb=2048 "$build/corpus/$name" ${seeds[@]+"${seeds[@]}"} >"$log" 2>&1
	then
		printf 'ok    %-16s %s\n' "$prog" "$(grep -aE '^#[0-9]' "$log" | tail -1 |
			sed 's/ lim:.*//; s/\t/ /g')"
	else
		failed=1
		printf 'FAIL  %s\n' "$prog"
		tail -60 "$log"
	fi
done
exit $failed
