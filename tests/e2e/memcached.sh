#!/bin/bash
# SPDX-License-Identifier: MIT
#
# memcached.sh - our memcached server over a TAP device, against real clients and the real one
#
# libmemcached's conformance tool passes whole, a client checks values of every size, many keys,
# expiry and pipelines, and scripted sessions of both protocols are answered byte for byte as
# Debian's memcached answers them (on loopback). All of it in a network namespace of our own.
#
#	IX=path	the program (default ./ix)	IX_KEEP=1	keep logs
# Exit: 0 passed, 1 failed, 77 skipped (not root, no TUN device, no tools).
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=${IX:-./ix}
peer=tests/e2e/memcached_peer.py
real="" programs=real
. tests/e2e/lib/netns.sh
want memccapable libmemcached-tools

serve() { serve_on 11211 kv --port 11211 -s workload.memory_limit='64 MiB' "$@"; }

capable()
{
	timeout 120 ip netns exec "$ns" memccapable -h 10.9.0.2 -p 11211 -t 5 "$@" \
		>"$tmp/capable" 2>&1
	local rc=$?
	cat "$tmp/capable"
	[ $rc = 0 ] && grep -q "All tests passed" "$tmp/capable"
}

client() { timeout 120 ip netns exec "$ns" python3 "$peer" "$@"; }

# The same bytes to both; what comes back must be the same.
differ()
{
	local i
	command -v memcached >/dev/null ||
		{ echo "not compared: memcached is not installed"; return 0; }
	ip netns exec "$ns" memcached -u nobody -l 127.0.0.1 -p 11311 -U 0 -m 64 \
		>"$tmp/real" 2>&1 &
	real=$!
	for i in $(seq 100); do
		client ping 127.0.0.1:11311 >/dev/null 2>&1 && break
		sleep 0.1
	done
	client "$1" 10.9.0.2:11211 127.0.0.1:11311
	local rc=$?
	kill "$real"
	wait "$real" 2>/dev/null
	real=""
	return $rc
}

if step "server starts" serve; then
	step "memccapable, ASCII and binary" capable
	step "values of every size" client sizes 10.9.0.2:11211
	step "many keys in a line" client multiget 10.9.0.2:11211
	step "expiry" client expiry 10.9.0.2:11211
	step "a client that reads late" client slow 10.9.0.2:11211
	step "half requests and garbage" client hostile 10.9.0.2:11211
	step "server ends" unserve
fi
if step "server starts" serve; then
	step "ASCII as memcached answers" differ diff-ascii
	step "server ends" unserve
fi
if step "server starts" serve; then
	step "binary as memcached answers" differ diff-binary
	step "server ends" unserve
fi
if step "server under loss, 2 %, starts" serve -s seed=5 -s "fault.loss=2 %"; then
	step "values of every size" client sizes 10.9.0.2:11211
	step "server ends" unserve
fi
if step "server with records starts" serve -s workload.stored=true \
	-s workload.preset=usr -s workload.records=1000; then
	step "a record" client record 10.9.0.2:11211
	step "server ends" unserve
fi
verdict
