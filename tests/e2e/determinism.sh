#!/bin/bash
# SPDX-License-Identifier: MIT
#
# determinism.sh - one scenario, one seed: the same bytes from any build, process and -j
#
# Usage: determinism.sh [PROGRAM]	default: $IX, or ./ix
#
# Runs the scenarios of tests/sim/determinism/ and a sweep over them with PROGRAM, and with
# `ix` built at -O0 and at -O3 for this very processor (which may fuse multiply-adds), by gcc
# and clang, and under address+undefined sanitizers. JSON, CSV, capture and the printed
# trace hash must be equal; only the manifest's compiler and commit may differ.
# Builds in build/det/; what is there already is kept up to date. MAKEFLAGS may say -j.
# Not here: twice in one process (tests/sim/determinism.c).
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=$(realpath "${1:-${IX:-./ix}}")
confs=$(cd tests/sim/determinism && echo *.conf)
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
checks=0 failed=0 skipped=

# build NAME COMPILER OPTIMISATION [EXTRA]: build/det/NAME/ix
build()
{
	local jobs=
	command -v "$2" >/dev/null || { skipped+=" $1 ($2 is not installed)"; return 1; }
	case " ${MAKEFLAGS:-} " in *jobserver*|*" -j"*) ;; *) jobs=-j$(nproc) ;; esac
	"${MAKE:-make}" --no-print-directory $jobs CC="$2" BUILD="build/det/$1" OPT="$3" \
		EXTRA="${4:-} -g0" "build/det/$1/ix" >"$T/$1.log" 2>&1 && return
	failed=$((failed + 1))
	echo "determinism.sh: $1 does not build:"
	tail -20 "$T/$1.log"
	return 1
}

# What may differ between builds of one tree.
strip_manifest() { sed -i '/^ *"\(compiler\|commit\)":/d' "$@"; }

# play NAME PROGRAM: every scenario into $T/NAME/
play()
{
	local c out=$T/$1
	mkdir -p "$out"
	for c in $confs; do
		"$2" sim "tests/sim/determinism/$c" -q --json -o "$out/o" --allow-client-bound \
			--pcap "$out/$c.pcap" --series "$out/$c.series.csv" \
			>"$out/$c.json" 2>"$out/$c.err" || {
			failed=$((failed + 1))
			echo "determinism.sh: $1: $c failed:"
			head -5 "$out/$c.err"
		}
		# The capture's name is a knob, and its folder is ours.
		sed -i "s,$out/,," "$out/$c.json" "$out/o/${c%.conf}.json"
	done
	strip_manifest "$out"/*.json "$out"/o/*.json
}

# sweep NAME PROGRAM JOBS
sweep()
{
	"$2" sweep tests/sim/determinism/open_loop.conf -q -j "$3" --no-store \
		--allow-client-bound \
		-s "duration=5 ms" -v "workload.rate=200 k/s,400 k/s" -v seed=1:3:1 \
		-o "$T/$1/s.csv" >/dev/null 2>"$T/$1/s.err" || {
		failed=$((failed + 1))
		echo "determinism.sh: $1: the sweep failed:"
		head -5 "$T/$1/s.err"
	}
	strip_manifest "$T/$1/s.json"
}

# same NAME: everything in $T/NAME is what it is in $T/base
same()
{
	local f
	for f in $(cd "$T/base" && find . -type f ! -name '*.err'); do
		checks=$((checks + 1))
		cmp -s "$T/base/$f" "$T/$1/$f" && continue
		failed=$((failed + 1))
		echo "determinism.sh: $1: $f differs:"
		diff -a "$T/base/$f" "$T/$1/$f" | head -6
	done
}

variant()
{
	build "$@" || return
	play "$1" "build/det/$1/ix"
	sweep "$1" "build/det/$1/ix" 2
	same "$1"
}

play base "$ix"
sweep base "$ix" 1
play again "$ix"
sweep again "$ix" 4
same again
[ "$(grep -h '"trace_hash"' "$T"/base/*.json | sort -u | wc -l)" = "$(wc -w <<<"$confs")" ] ||
	{ failed=$((failed + 1)); echo "determinism.sh: two scenarios have one trace hash"; }

variant gcc-O0 gcc -O0
variant gcc-O3 gcc -O3 -march=native
variant clang-O3 clang -O3 -march=native
variant clang-san clang -O0 "-fsanitize=address,undefined -fno-sanitize-recover=all"

[ $failed = 0 ] || echo "determinism.sh: $ix must be built from this tree: is it up to date?"
[ -z "$skipped" ] || echo "skipped:$skipped"
echo "determinism.sh: $checks files compared, $failed failed"
exit $((failed != 0))
