#!/bin/bash
# SPDX-License-Identifier: MIT
#
# linux_peer.sh - our TCP against Linux's, over a TAP device and over a veth pair
#
# Every byte is compared in both directions, in clean runs and under seeded loss,
# duplication, corruption and reordering; both ends open, close, reset and stall. What we
# put on the wire in the clean runs is captured and judged by tshark. Everything happens in
# network namespaces of our own, which a trap removes.
#
#	IX=path	the program (default ./ix)	IX_LONG=1	the long set as well
#	IX_KEEP=1	keep logs and captures
# Exit: 0 passed, 1 failed, 77 skipped (not root, no TUN device).
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=${IX:-./ix}
peer=tests/e2e/linux_peer.py
long=${IX_LONG:-}
our_mac=02:49:0a:09:00:02
capture="" other="" programs="capture other"
. tests/e2e/lib/netns.sh
far=$ns-far

serve() { serve_on 7 echo "$@"; }
client() { in_ns python3 "$peer" client 10.9.0.2:7 "$@"; }

capture_on()
{
	command -v tcpdump >/dev/null || { echo "tcpdump is not installed"; return 0; }
	ip netns exec "$ns" tcpdump -i ix0 -w "$tmp/wire.pcap" -U -B 65536 -s 0 2>"$tmp/tcpdump" &
	capture=$!
	wait_line "$tmp/tcpdump" "listening on" "$capture"
}

# False (and a reason) when there is no capture to judge.
capture_off()
{
	[ -n "$capture" ] || { echo "not judged: tcpdump is not installed"; return 1; }
	sleep 1				# for what the TAP dropped of the last frames to be repeated
	kill "$capture"
	wait "$capture"
	capture=""
	grep -q "^0 packets dropped by kernel" "$tmp/tcpdump" && return 0
	echo "not judged: tcpdump has missed frames"
	return 1
}

# Our own rules for what we sent.
judge_wire()
{
	capture_off || return 0
	python3 tests/e2e/linux_wire.py "$tmp/wire.pcap" "$our_mac"
}

# What tshark has to say against frames from us must be nothing.
judge_tshark()
{
	local bad all
	command -v tshark >/dev/null || { echo "not judged: tshark is not installed"; return 0; }
	[ -f "$tmp/wire.pcap" ] || { echo "not judged: there is no capture"; return 0; }
	bad="_ws.malformed || _ws.expert.severity==0x800000 || tcp.checksum.status==0 || \
	     ip.checksum.status==0 || udp.checksum.status==0 || icmp.checksum.status==0 || \
	     tcp.option.len.invalid || tcp.short_segment"
	bad=$(tshark_read "eth.src==$our_mac && ($bad)") || { echo "$bad"; return 1; }
	[ -z "$bad" ] || { echo "tshark objects to:"; echo "$bad" | head -20; return 1; }
	all=$(tshark_read "eth.src==$our_mac" | grep -c .)
	[ "$all" -gt 100 ] || { echo "only $all frames from us were captured"; return 1; }
	echo "$all frames, nothing wrong with them"
}

tshark_read()
{
	tshark -n -r "$tmp/wire.pcap" -o tcp.check_checksum:TRUE -o ip.check_checksum:TRUE \
		-o udp.check_checksum:TRUE -Y "$1" 2>&1 | grep -v "Running as user"
	return "${PIPESTATUS[0]}"
}

nc_echo()
{
	local got
	command -v nc >/dev/null || { echo "nc is not installed"; return 0; }
	got=$(printf 'hello over tap\n' | in_ns timeout 10 nc -N 10.9.0.2 7)
	[ "$got" = "hello over tap" ] || { echo "nc got '$got'"; return 1; }
	echo "$got"
}

rst_then_serve()
{
	client --conns 20 --bytes 200000 --mode rst && client --conns 5 --bytes 1000
}

# Kill the server under a connection and start another: the connection must be reset.
orphan()
{
	mkfifo "$tmp/go" || return 1
	ip netns exec "$ns" python3 "$peer" orphan 10.9.0.2:7 --timeout 10 \
		<"$tmp/go" >"$tmp/other" 2>&1 &
	other=$!
	exec 9>"$tmp/go"
	wait_line "$tmp/other" ready "$other" || return 1
	kill -9 "$server"
	wait "$server" 2>/dev/null
	serve || return 1
	echo go >&9
	exec 9>&-
	wait "$other"
	local rc=$?
	other=""
	cat "$tmp/other"
	return $rc
}

clean_runs()
{
	step "server starts" serve || return
	step "capture" capture_on || return
	step "ping" in_ns python3 "$peer" ping 10.9.0.2 --count 10
	step "UDP to a closed port" in_ns python3 "$peer" unreach 10.9.0.2:9
	step "TCP to a closed port" in_ns python3 "$peer" refused 10.9.0.2:9
	step "nc" nc_echo
	step "1 byte" client --bytes 1
	step "1460 bytes, then 1461" client --bytes 1461
	step "1 MB" client --bytes 1000000
	step "1 MB, half-close" client --bytes 1000000 --mode half
	step "nothing but a half-close" client --bytes 0 --mode half --conns 10
	step "200 connections of 1000 bytes" client --conns 200 --bytes 1000
	step "50 connections of 50000 bytes, half-close" client --conns 50 --bytes 50000 --mode half
	step "500 connections one after the other" client --conns 500 --parallel 1 --bytes 100
	step "1-byte segments" client --conns 4 --bytes 200 --mode dribble
	step "client resets half way" rst_then_serve
	step "our rules' verdict" judge_wire
	step "tshark's verdict" judge_tshark
	step "server ends" unserve
}

bulk_runs()
{
	step "server starts" serve || return
	step "64 MB" client --bytes 64000000
	[ -z "$long" ] || step "1 GB" client --bytes 1000000000 --timeout 120
	[ -z "$long" ] || step "5000 connections, 500 at a time" client --conns 5000 \
		--parallel 500 --bytes 5000
	step "8 connections of 4 MB, half-close" client --conns 8 --bytes 4000000 --mode half
	step "client reads late: window shut and opened" client --conns 4 --bytes 8000000 \
		--mode stall
	step "client with a tiny window" client --conns 4 --bytes 1000000 --rcvbuf 2304
	step "another server resets old connections" orphan
	step "and serves" client --conns 10 --bytes 10000
	step "server ends" unserve
}

# fault_run NAME BYTES KNOB...: 20 connections under faults, both ways, by a fixed seed
fault_run()
{
	local name=$1 bytes=$2 opts=(-s seed=7) k
	shift 2
	for k in "$@"; do opts+=(-s "fault.$k"); done
	step "server with $name starts" serve "${opts[@]}" || return
	step "$name: 20 connections of $bytes bytes" client --conns 20 --bytes "$bytes" \
		--timeout 120
	step "$name: half-close" client --conns 5 --bytes "$bytes" --mode half --timeout 120
	step "$name: server ends" unserve
}

fault_runs()
{
	fault_run "loss 1 %" 100000 "loss=1 %"
	fault_run "loss 5 %" 30000 "loss=5 %"
	fault_run "duplication 5 %" 200000 "dup=5 %"
	fault_run "reordering 5 %" 200000 "reorder=5 %"
	fault_run "corruption 1 %" 50000 "corrupt=1 %"
	fault_run "everything at 1 %" 50000 "loss=1 %" "dup=1 %" "reorder=1 %" "corrupt=1 %"
	[ -n "$long" ] || return
	fault_run "loss 10 %" 100000 "loss=10 %"
	fault_run "jitter 2 ms" 200000 "jitter=2 ms"
	fault_run "everything at 3 %" 500000 "loss=3 %" "dup=3 %" "reorder=3 %" "corrupt=3 %"
	fault_run "flaps" 2000000 "flap_period=2 s" "flap_down=200 ms"
}

# knob_run NAME KNOB...: the same conversation with another configuration of ours
knob_run()
{
	local name=$1 opts=() k
	shift
	for k in "$@"; do opts+=(-s "$k"); done
	step "server with $name starts" serve "${opts[@]}" || return
	capture_on >"$tmp/step" || return
	step "$name: 20 connections of 100000 bytes" client --conns 20 --bytes 100000
	step "$name: our rules' verdict" judge_wire
	step "$name: 4 MB, half-close" client --bytes 4000000 --mode half
	step "$name: 1-byte segments" client --bytes 100 --mode dribble
	step "$name: server ends" unserve
}

knob_runs()
{
	knob_run "timestamps" dp.timestamps=true "fault.loss=0.5 %" seed=3
	knob_run "no fast path" dp.fast_path=false
	knob_run "a 4 KB window" dp.rcv_wnd=4096
	knob_run "no window scaling" dp.wscale=false
	knob_run "MSS 536, Nagle" dp.mss=536 dp.nagle=true
	knob_run "every segment acknowledged" "dp.delack=0"
	knob_run "batches of one" dp.batch_max=1
	[ -n "$long" ] || return
	knob_run "few frames" dp.mbufs=1024
	knob_run "few events and calls" dp.events_max=16 dp.calls_max=16
	knob_run "no reassembly" dp.ooo_frames_max=0 dp.timestamps=true "fault.loss=0.5 %" seed=3
	knob_run "short timeouts" "dp.rto_min=1 ms" "dp.rto_init=10 ms" "fault.loss=2 %" seed=3
}

# load [OPTION...]: we open, Linux serves on 10.9.0.1:7007
load()
{
	in_ns "$ix" load echo --nic tap:ix0 --ip 10.9.0.2/24 --peer-ip 10.9.0.1/24 \
		--to 10.9.0.1:7007 -s workload.verify=true "$@" >"$tmp/load" 2>&1
	local rc=$? bad
	[ $rc = 0 ] || { echo "exit status $rc"; cat "$tmp/load"; return 1; }
	bad=$(awk '$1 == "bad_bytes" || $1 == "conns_failed" || $1 == "conns_died" { n += $2 }
		   $1 == "requests" { r = $2 } END { print n + (r == 0) }' "$tmp/load")
	[ "$bad" = 0 ] || { cat "$tmp/load"; return 1; }
	awk '$1 ~ /^(requests|requests_per_s|latency_p50_us)$/ { s = s $1 " " $2 " " }
	     END { print s }' "$tmp/load"
}

load_refused()
{
	local rc
	in_ns "$ix" load echo --nic tap:ix0 --ip 10.9.0.2/24 --peer-ip 10.9.0.1/24 \
		--to 10.9.0.1:7999 --duration "1 s" >"$tmp/load" 2>&1
	rc=$?
	if [ $rc = 1 ] && grep -q "no connection could be opened" "$tmp/load"; then
		echo "said so"
		return 0
	fi
	echo "exit status $rc"
	cat "$tmp/load"
	return 1
}

active_runs()
{
	ip netns exec "$ns" python3 "$peer" server 7007 >"$tmp/other" 2>&1 &
	other=$!
	step "Linux serves" wait_line "$tmp/other" "listening" "$other" || return
	step "we open: 64-byte messages" load --duration "2 s" -s workload.size=64
	step "we open: 50 connections, 20000-byte messages" load --duration "2 s" \
		-s workload.size=20000 -s workload.connections=50
	step "we open: a connection a message" load --duration "2 s" -s workload.size=64 \
		-s workload.connections=10 -s workload.rounds=1 -s workload.close=fin
	step "we open, under faults" load --duration "3 s" -s workload.size=3000 \
		-s workload.connections=10 -s seed=9 -s "fault.loss=1 %" -s "fault.reorder=2 %" \
		-s "fault.dup=1 %"
	step "nobody listens" load_refused
	[ -z "$long" ] || step "we open: 1 MB messages" load --duration "10 s" \
		-s workload.size=1000000 -s workload.connections=4
	end_all
}

# A veth pair: the far end is Linux's in its own namespace, ours has no address.
veth_runs()
{
	if ! command -v ethtool >/dev/null; then
		echo "# skipped: packet: (ethtool is not installed)"
		return
	fi
	ip netns add "$far" && ip -n "$ns" link add va type veth peer name vb netns "$far" &&
		ip -n "$far" addr add 10.9.0.1/24 dev vb && ip -n "$far" link set vb up &&
		ip netns exec "$far" ethtool -K vb tso off gso off >/dev/null || return
	: >"$tmp/server"
	ip netns exec "$ns" "$ix" serve echo --nic packet:va --ip 10.9.0.2/24 --stats \
		-s workload.size=0 >"$tmp/server" 2>&1 &
	server=$!
	step "server on a veth starts" wait_line "$tmp/server" "listening on 10.9.0.2 port 7" \
		"$server" || return
	step "veth: ping" ip netns exec "$far" python3 "$peer" ping 10.9.0.2
	step "veth: 50 connections of 100000 bytes" ip netns exec "$far" python3 "$peer" client \
		10.9.0.2:7 --conns 50 --bytes 100000
	step "veth: 16 MB, half-close" ip netns exec "$far" python3 "$peer" client 10.9.0.2:7 \
		--bytes 16000000 --mode half
	step "veth: server ends" unserve
	ip netns del "$far"
}

t0=$EPOCHREALTIME
for group in ${*:-clean bulk fault knob active veth}; do
	"${group}_runs"
	end_all
done
echo "$((n - failed)) of $n steps passed in $(since "$t0") s"
[ $failed = 0 ]
