#!/bin/bash
# SPDX-License-Identifier: MIT
#
# kv_load.sh - the key-value load against Debian's memcached, behind Linux's TCP on a TAP device
#
# memcached starts empty: every run stores its records first, and every value that comes back is
# compared. In a network namespace of our own, which a trap removes.
#
#	IX=path	the program (default ./ix)	IX_KEEP=1	keep logs
# Exit: 0 passed, 1 failed, 77 skipped (not root, no TUN device, no memcached).
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=${IX:-./ix}
. tests/e2e/lib/netns.sh
want memcached memcached

# memcached on 10.9.0.1:11211 (and everywhere else in $ns), with the given options.
serve()
{
	local i
	[ -z "$server" ] || { kill "$server" && wait "$server"; }
	ip netns exec "$ns" memcached -u nobody -l 0.0.0.0 -p 11211 -t 1 "$@" >"$tmp/server" 2>&1 &
	server=$!
	for i in $(seq 100); do
		in_ns bash -c 'exec 3<>/dev/tcp/127.0.0.1/11211' 2>/dev/null &&
			return 0
		kill -0 "$server" 2>/dev/null || break
		sleep 0.05
	done
	echo "memcached does not listen:"
	cat "$tmp/server"
	return 1
}

field() { awk -v f="$1" '$1 == f { print $2 }' "$tmp/load"; }

# run NAME WANT KNOB...: load for a second; WANT is what awk must find true of the report's fields
run()
{
	local name=$1 want=$2 opts=() rc k
	shift 2
	[[ $* = *connections* ]] || set -- "$@" workload.connections=8
	for k in "$@"; do opts+=(-s "$k"); done
	n=$((n + 1))
	in_ns "$ix" load kv --nic tap:ix0 --ip 10.9.0.2/24 --peer-ip 10.9.0.1/24 \
		--to 10.9.0.1:11211 -s "warmup=500 ms" --duration "1 s" \
		-s "workload.rate=10 k/s" "${opts[@]}" >"$tmp/load" 2>&1
	rc=$?
	if awk -v rc=$rc '{ v[$1] = $2 } END {
		bad = v["bad_bytes"] + v["errors"] + v["conns_failed"] + v["conns_died"]
		ok = rc == 0 && bad == 0 && v["gets"] + v["sets"] == v["requests"]
		exit !(ok && ('"$want"')) }' "$tmp/load"; then
		echo "ok $n - $name: $(field requests) requests, $(field sets) of them SETs," \
			"$(field misses) misses, p50 $(field latency_p50_us) us"
		return
	fi
	echo "not ok $n - $name: exit status $rc, want 0 and $want"
	sed 's/^/#   /' "$tmp/load"
	failed=$((failed + 1))
}

whole='v["misses"] == 0 && v["requests"] > 2000'
for protocol in binary ascii; do
	for preset in etc etc-osdi usr usr-osdi; do
		serve -m 256 || exit 1
		run "$preset, $protocol" "$whole" workload.fill=true workload.records=5000 \
			workload.preset=$preset workload.protocol=$protocol
	done
done
serve -m 256 || exit 1
run "open loop" "$whole && v[\"latency_mean_us\"] >= v[\"service_mean_us\"]" \
	workload.fill=true workload.records=5000 workload.mode=open
run "closed loop, 100 connections, 16 deep" "$whole" workload.mode=closed workload.depth=16 \
	workload.connections=100 workload.fill=true workload.records=5000
run "what the first run stored is there for the next" "$whole" workload.records=5000
serve -m 256 || exit 1
run "an empty store misses" 'v["misses"] > 2000' workload.records=1000000
run "frames are lost" "$whole" workload.fill=true workload.records=5000 "fault.loss=1 %" seed=3

verdict
