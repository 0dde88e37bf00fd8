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
ns=ixkv-$$
failed=0 n=0 server="" real=""

skip() { echo "skipped: $*"; exit 77; }
[ "$(id -u)" = 0 ] || skip "network namespaces and TAP devices need root"
[ -w /dev/net/tun ] || skip "there is no /dev/net/tun (modprobe tun)"
command -v ip >/dev/null || skip "ip (iproute2) is not installed"
command -v python3 >/dev/null || skip "python3 is not installed"
command -v memccapable >/dev/null || skip "memccapable (libmemcached-tools) is not installed"
[ -x "$ix" ] || skip "$ix is not built: run make"
ip netns add "$ns" 2>/dev/null || skip "network namespaces cannot be made here"
ip netns exec "$ns" true 2>/dev/null ||
	{ ip netns del "$ns"; skip "no command can be run in a network namespace here"; }

tmp=$(mktemp -d)

cleanup()
{
	local p
	for p in $server $real; do
		kill "$p" 2>/dev/null && wait "$p" 2>/dev/null
	done
	ip netns del "$ns" 2>/dev/null
	if [ -n "${IX_KEEP:-}" ]; then echo "kept: $tmp"; else rm -rf "$tmp"; fi
}
trap cleanup EXIT
trap 'exit 130' INT TERM
ip -n "$ns" link set lo up

# Run a step: its output is shown only when it fails.
step()
{
	local name=$1
	shift
	n=$((n + 1))
	if "$@" >"$tmp/step" 2>&1; then
		echo "ok $n - $name: $(tail -1 "$tmp/step")"
		return 0
	fi
	echo "not ok $n - $name"
	sed 's/^/#   /' "$tmp/step" | tail -40
	failed=$((failed + 1))
	return 1
}

# Until FILE has WORD; fails when PID is gone or 10 s are over.
wait_line()
{
	local i
	for i in $(seq 200); do
		grep -q "$2" "$1" 2>/dev/null && return 0
		kill -0 "$3" 2>/dev/null || break
		sleep 0.05
	done
	echo "no '$2' after 10 s, or the program ended:"
	cat "$1"
	return 1
}

# Ours is 10.9.0.2, port 11211.
serve()
{
	: >"$tmp/server"
	ip netns exec "$ns" "$ix" serve kv --nic tap:ix0 --ip 10.9.0.2/24 --peer-ip 10.9.0.1/24 \
		--port 11211 --stats -s workload.memory_limit='64 MiB' "$@" >"$tmp/server" 2>&1 &
	server=$!
	wait_line "$tmp/server" "listening on 10.9.0.2 port 11211" "$server"
}

# End it by SIGTERM: it must exit 0 and hold no frame and no memory back.
unserve()
{
	local rc
	kill "$server"
	wait "$server"
	rc=$?
	server=""
	[ $rc = 0 ] || { echo "exit status $rc after SIGTERM"; tail -60 "$tmp/server"; return 1; }
	if grep -E "^(usage.(frames_held|snd_refs)|nic.[rt]x_errors)" "$tmp/server"; then
		echo "the server ended with frames or memory held, or device errors"
		return 1
	fi
	awk '$1 == "work.app_requests" { print $2 " requests" }' "$tmp/server"
}

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
echo "$((n - failed)) of $n steps passed"
[ $failed = 0 ]
