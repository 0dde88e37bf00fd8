#!/bin/bash
# SPDX-License-Identifier: MIT
#
# replay.sh - seed and commit replay a run bit for bit: with any compiler, at any -O
#
# Runs scenarios that use every random stream with the gcc build, the clang build and a
# gcc build without optimisation, twice each, and compares every byte of metrics,
# histograms, trace hash and capture. Another seed must change them.
set -u
cd "$(dirname "$0")/../.." || exit 2
tmp=$(mktemp -d) && trap 'rm -rf "$tmp"' EXIT
failed=0 runs=0

unset MAKEFLAGS MFLAGS MAKELEVEL
builds=()
for cc in gcc clang; do
	[ -x build/$cc/ix ] && builds+=("build/$cc/ix")
done
if command -v gcc >/dev/null; then
	if make -s -j"$(nproc)" CC=gcc BUILD=build/O0 OPT=-O0 build/O0/ix >"$tmp/make" 2>&1; then
		builds+=(build/O0/ix)
	else
		echo "replay: the build with -O0 fails:"
		cat "$tmp/make"
		failed=1
	fi
fi
[ ${#builds[@]} -ge 2 ] || echo "skipped: comparing builds, there is only ${builds[*]:-none}"

# What a run printed and captured, without what names the build.
run()
{
	local ix=$1 out=$2
	shift 2
	"$ix" sim -q --json --allow-client-bound --pcap "$tmp/run.pcap" "$@" >"$tmp/json" || {
		echo "replay: $ix sim $* failed"
		failed=1
	}
	grep -vE '"(compiler|commit)":' "$tmp/json" >"$out"
	sha256sum <"$tmp/run.pcap" >>"$out"
	runs=$((runs + 1))
}

# scenario NAME ARG...
scenario()
{
	local name=$1 ix again
	shift
	run "${builds[0]}" "$tmp/want" "$@"
	for ix in "${builds[@]}"; do
		for again in 1 2; do
			run "$ix" "$tmp/got" "$@"
			cmp -s "$tmp/want" "$tmp/got" && continue
			failed=1
			echo "replay: $name: $ix differs from ${builds[0]} (run $again of: $*)"
			diff "$tmp/want" "$tmp/got" | head -6
		done
	done
	run "${builds[0]}" "$tmp/got" "$@" --seed 2
	if cmp -s "$tmp/want" "$tmp/got"; then
		failed=1
		echo "replay: $name: seed 2 gives the same bytes as seed 1"
	fi
}

ms='5 ms'
scenario open -s workload.mode=open -s workload.rate='300 k/s' -s duration="$ms"
scenario faults -s fault.loss='1 %' -s fault.dup='1 %' -s fault.corrupt='1 %' \
	-s fault.reorder='1 %' -s fault.jitter='3 us' -s server.dp.rto_min='1 ms' \
	-s client.dp.rto_min='1 ms' -s duration='20 ms'
scenario threads -s server.threads=4 -s server.nic.ports=4 -s client.threads=2 \
	-s workload.rounds=3 -s workload.gap=uniform -s duration="$ms"
scenario netpipe -s workload=netpipe -s workload.max_bytes='16 KiB' -s fault.jitter='1 us' \
	-s budget=true -s duration='50 ms'

[ $failed -eq 0 ] && echo "$runs runs, ${#builds[@]} builds, 4 scenarios: equal bytes"
exit $failed
