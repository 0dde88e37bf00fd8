# SPDX-License-Identifier: MIT
#
# netns.sh - steps against our program in a network namespace; sourced by suites, not run
#
# The suite sets $ix, the program. It gets $ns, a namespace with loopback up, and $tmp, both of
# which go when it ends (IX_KEEP=1 keeps $tmp), and skips (exit status 77) where there can be none.
# Programs it leaves behind are ended: the PIDs in $server and in the variables $programs names.

failed=0 n=0 server="" programs="server ${programs:-}"
ns=ixe2e-$$

skip() { echo "skipped: $*"; exit 77; }

# want COMMAND PACKAGE
want() { command -v "$1" >/dev/null || skip "$1 ($2) is not installed"; }

end_all()
{
	local v
	for v in $programs; do
		[ -z "${!v:-}" ] || { kill "${!v}" && wait "${!v}"; } 2>/dev/null
		printf -v "$v" ''
	done
}

cleanup()
{
	end_all
	ip netns del "$ns" 2>/dev/null
	ip netns del "$ns-far" 2>/dev/null
	if [ -n "${IX_KEEP:-}" ]; then echo "kept: $tmp"; else rm -rf "$tmp"; fi
}

[ "$(id -u)" = 0 ] || skip "network namespaces and TAP devices need root"
[ -w /dev/net/tun ] || skip "there is no /dev/net/tun (modprobe tun)"
want ip iproute2
want python3 python3
[ -x "$ix" ] || skip "$ix is not built: run make"
ip netns add "$ns" 2>/dev/null || skip "network namespaces cannot be made here"
ip netns exec "$ns" true 2>/dev/null ||
	{ ip netns del "$ns"; skip "no command can be run in a network namespace here"; }
tmp=$(mktemp -d)
trap cleanup EXIT
trap 'exit 130' INT TERM
ip -n "$ns" link set lo up

in_ns() { ip netns exec "$ns" "$@"; }	# in the background write it out: $! must be the program

since() { awk -v a="$1" -v b="$EPOCHREALTIME" 'BEGIN { printf "%.1f", b - a }'; }

# step NAME COMMAND...: its output is shown only when it fails.
step()
{
	local name=$1 t0=$EPOCHREALTIME
	shift
	n=$((n + 1))
	if "$@" >"$tmp/step" 2>&1; then
		echo "ok $n - $name: $(tail -1 "$tmp/step") ($(since "$t0") s)"
		return 0
	fi
	echo "not ok $n - $name ($(since "$t0") s)"
	sed 's/^/#   /' "$tmp/step" | { head -5; tail -35; }
	failed=$((failed + 1))
	return 1
}

# wait_line FILE WORD PID: until WORD is in FILE; fails when PID is gone or 10 s are over.
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

# serve_on PORT WORKLOAD OPTION...: ours, on a TAP in $ns; Linux is 10.9.0.1, we are 10.9.0.2.
serve_on()
{
	local port=$1
	shift
	: >"$tmp/server"
	ip netns exec "$ns" "$ix" serve "$@" --nic tap:ix0 --ip 10.9.0.2/24 \
		--peer-ip 10.9.0.1/24 --stats >"$tmp/server" 2>&1 &
	server=$!
	wait_line "$tmp/server" "listening on 10.9.0.2 port $port" "$server"
}

# End it by SIGTERM: it must exit 0, print its counters and hold no frame back. What a TAP drops
# of the last frames is repeated first, after an RTO (200 ms) if need be.
unserve()
{
	local rc
	sleep 0.5
	kill "$server"
	wait "$server"
	rc=$?
	server=""
	if [ $rc != 0 ] || ! grep -q "^nic.rx_frames" "$tmp/server"; then
		echo "exit status $rc after SIGTERM, want 0 and counters:"
		tail -60 "$tmp/server"
		return 1
	fi
	if grep -E "^(usage.(frames_held|snd_refs)|nic.[rt]x_errors)" "$tmp/server"; then
		echo "the server ended with frames or memory held, or device errors:"
		cat "$tmp/server"
		return 1
	fi
	awk '/^(tcp_rexmit|tcp_rto|tcp_fast_rexmit|tcp_ooo|work.app_requests) / \
		{ s = s " " $1 "=" $2 } END { print "counters" s }' "$tmp/server"
}

verdict() { echo "$((n - failed)) of $n steps passed"; [ $failed = 0 ]; }
