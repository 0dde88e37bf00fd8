#!/bin/bash
# SPDX-License-Identifier: MIT
#
# swarm.sh - what the seeded swarm promises: it replays, it notices, it minimises
#
# Usage: swarm.sh	the program is $BUILD/sim-tests/swarm
#
# A server broken on purpose (--set broken=...) must be noticed, the line that is printed must
# fail again, and the minimised line must be short and fail in the same way.
set -u
cd "$(dirname "$0")/../.." || exit 2
bin=${BUILD:-build/gcc}/sim-tests/swarm
T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
checks=0 failed=0

# check NAME COMMAND...: the command must succeed.
check()
{
	local name=$1
	shift
	checks=$((checks + 1))
	"$@" && return
	failed=$((failed + 1))
	echo "swarm.sh: $name; it printed:"
	tail -5 "$T/out" | cut -c1-300 | sed 's/^/	/'
}

# run ARGUMENT...: output in $T/out, exit status in $status
run()
{
	timeout 300 "$bin" "$@" >"$T/out" 2>&1 </dev/null
	status=$?
}

failing() { [ $status = 1 ] && grep -qF "$1" "$T/out"; }
refused() { [ $status = 2 ] && grep -qF "$1" "$T/out"; }

# replay LINE: a line as swarm printed it, run as a shell would
replay()
{
	local words
	words=${1#swarm } words=${words%%: *}
	eval "run $words"
}

run --seeds 12 --first 40 --hash
cp "$T/out" "$T/one"
check "twelve seeds passed" [ $status = 0 ]
run --seeds 12 --first 40 --hash --jobs 3
check "three jobs gave the output of one" cmp -s "$T/out" "$T/one"
check "twelve seeds have twelve hashes" \
	[ "$(grep -o ' hash [0-9a-f]*' "$T/one" | sort -u | wc -l)" = 13 ]
run --seeds 1 --first 40 --jobs 0 --hash
check "a process of its own changes nothing" grep -qxF "$(head -1 "$T/one")" "$T/out"

run --set dp.rto_min=5
refused_ambiguous=$status
check "an ambiguous key is refused" [ $refused_ambiguous = 2 ]
run --set fault.los=1%
check "an unknown key is refused with a proposal" refused "did you mean fault.loss"
run --set fault.loss=200%
check "a value out of range is refused" refused "out of range"

run --seeds 20 --compare-fast-path --set broken=priced
check "a fast path that shows is noticed" failing "the wire shows the fast path"

for how in misreads asserts; do
	run --seeds 30 --set broken=$how
	line=$(grep -m1 'FAILED' "$T/out")
	check "$how: noticed" failing FAILED
	replay "$line"
	check "$how: the printed line fails again" grep -qxF "$line" "$T/out"
	seed=$(sed 's/.*--first \([0-9]*\) .*/\1/' <<<"$line")
	run --minimise "$seed" --set broken=$how
	line=$(tail -1 "$T/out")
	sets=$(grep -o -e '--set' <<<"$line" | wc -l)
	check "$how: minimised to few options ($sets)" [ "$sets" -le 6 ]
	check "$how: minimised to two or three connections" \
		grep -qE -e '--set (swarm.conns|clients)=[23]( |:)' <<<"$line"
	replay "$line"
	check "$how: the minimised line fails in the same way" failing "${line#*: }"
done
# A cookie that comes back when its conversation is over (RFC 4987 section 3.6) opens a
# connection whose client never speaks again; that is not lost, its server resets it.
late='server.threads=2,clients=3,swarm.conns=5,swarm.bytes_max=100 B,swarm.slow=true'
late+=',server.dp.conns_max=5,client.dp.sack=false,client.dp.rto_min=1 ms,client.dp.cc=dctcp'
late+=',client.exec.tx_flush=late,client.exec.batch_policy=wait,fault.ecn=100 %'
late+=',fault.reorder=0.25 %,fault.reorder_delay=15 ms,switch.cut_through=false'
late+=',link.rate=10 Mb/s,link.propagation=10 us'
IFS=, read -ra late <<<"$late"
run --first 56632 --seeds 1 --calm "${late[@]/#/--set=}"
check "a cookie that comes back too late passes" [ $status = 0 ]
check "... and did open a connection" grep -q ' 31 connection ends (30 orderly, 1 ' "$T/out"
# A knock whose client is gone: the refused accept is told, though nothing else happens.
run --first 62437 --seeds 1 --calm --set=swarm.conns=4 --set="swarm.spread=500 ms" \
	--set=swarm.aborts=true --set=swarm.drains=6 --set="swarm.drain_max=150 ms" \
	--set=client.exec.stack=thread
check "every accept that is refused is told" [ $status = 0 ]
run --minimise 40
check "what does not fail is not minimised" failing "does not fail"

echo "swarm.sh: $checks checks, $failed failed"
exit $((failed != 0))
