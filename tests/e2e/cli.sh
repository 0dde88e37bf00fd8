#!/bin/bash
# SPDX-License-Identifier: MIT
#
# cli.sh - the command line from outside: messages, exit codes, files, determinism
#
# Usage: cli.sh [PROGRAM]	default: ./ix. Needs no privileges, no network, no gnuplot.
set -u
cd "$(dirname "$0")/../.." || exit 2
IX=$(realpath "${1:-./ix}")
. tests/e2e/lib/check.sh
export NO_COLOR=1 IX_STORE=$T/store

# --- the program ---
expect "no command"		2 "Usage: ix COMMAND"	"$IX"
expect "--help"			0 "Exit status: 0 ok"	"$IX" --help
check "a claim that misses is no failure" bash -c "! '$IX' help figure | tr -s '\n ' ' ' |
	grep -F 'claim failed'"
expect "a first run"		0 "ix sim -s mode=open -s workload.rate='500 k/s'" "$IX" --help
expect "... works"		0 "requests/s" "$IX" sim -s mode=open -s workload.rate='500 k/s'
expect "--version"		0 "ix 0."		"$IX" --version
expect "unknown command"	2 "did you mean \`ix sweep\`" "$IX" swep
expect "nothing like it"	2 "\`ix --help\` lists"	"$IX" frobnicate
for c in sim sweep search point figure serve load rss doctor; do
	expect "help $c"	0 "Exit status:"	"$IX" help $c
	expect "$c --help"	0 "Usage: ix $c"	"$IX" $c --help
	expect "$c bad option"	2 "unrecognized option"	"$IX" $c --no-such-option
done
expect "help help"	0 "Usage: ix COMMAND"	"$IX" help help

# --- configurations ---
cat >"$T/bad.conf" <<'END'
seed = 1;
server = { dp = { batch_mx = 3; batch_max = 5000; rto_min = "10 Gb/s"; nagle = 1; }; };
clients = true;
END
expect "unknown key"	2 "bad.conf:2: unknown key \"server.dp.batch_mx\"; did you mean server" \
	"$IX" sim "$T/bad.conf"
expect "out of range"	2 "bad.conf:2: server.dp.batch_max: 5000 is out of range: 1 to" \
	"$IX" sim "$T/bad.conf"
expect "wrong unit"	2 "server.dp.rto_min: needs a time such as" "$IX" sim "$T/bad.conf"
expect "wrong type"	2 "bad.conf:3: clients: wrong type" "$IX" sim "$T/bad.conf"
printf 'seed = 1;\nseed = 2;\n' >"$T/dup.conf"
expect "duplicate"	2 "dup.conf:2: duplicate setting name: \"seed = 2;\"" \
	"$IX" sim "$T/dup.conf"
expect "no such file"	2 "No such file"	"$IX" sim "$T/none.conf"
mkfifo "$T/fifo"
expect "a pipe is no file" 2 "fifo: cannot read the configuration: it is a pipe or a device" \
	timeout 10 "$IX" sim "$T/fifo"
expect "... nor for a sweep" 2 "name a regular file" timeout 10 "$IX" sweep "$T/fifo" -v seed=1
expect "... nor on the wire" 2 "name a regular file" timeout 10 "$IX" serve echo -f /dev/null
expect "a folder is no file" 2 "it is a folder" "$IX" sim "$T"
expect "a pipe is no price list" 2 "fifo: is no regular file" \
	timeout 10 "$IX" sim -s server.profile="$T/fifo"
expect "nor is a folder" 2 "is no regular file" "$IX" sim -s server.profile="$T"
printf 'clean\033[31m 1 ns "x"\n' >"$T/esc.conf"
expect "a terminal survives a list" 2 "no such price: 'clean?[31m'" \
	"$IX" sim -s server.profile="$T/esc.conf"
printf 'clean\033[31m\n' >"$T/esc.conf"
expect "... and a configuration" 2 'syntax error: "clean?[31m"' "$IX" sim "$T/esc.conf"
expect "option twice"	2 "is given twice"	"$IX" sim -s seed=1 -s seed=2
expect "ambiguous end"	2 "server.dp.batch_max, client.dp.batch_max" "$IX" sim -s batch_max=1
expect "no ="		2 "write key=value"	"$IX" sim -s seed
expect "contradiction"	2 "need a switch"	"$IX" sim -s clients=2 -s switch.present=false
expect "rings that take the pool" 2 "set server.dp.mbufs = 1171 or more" \
	"$IX" sim -s server.dp.mbufs=1024 -s server.nic.rx_ring=960
expect "more connections than ports" 2 "set clients = 8" timeout 10 "$IX" sim \
	-s workload.connections=500000
expect "... than the server holds" 2 "set workload.server.conns_max = 16385" timeout 10 "$IX" sim \
	-s workload.connections=16385
expect "wrong workload"	2 "\"kvv\" is not one of: echo, netpipe" "$IX" sim -s workload=kvv
expect "key of another workload" 2 "unknown key \"workload.rate\"" \
	"$IX" sim -s workload=netpipe -s workload.rate=1
expect "bad price list"	2 "nonesuch" "$IX" sim -s server.profile=nonesuch
expect "list-keys"	0 "server.dp.batch_max"	"$IX" sim --list-keys
expect "list-keys of a workload" 0 "workload.min_bytes" "$IX" sim -s workload=netpipe --list-keys
"$IX" sim -s workload=netpipe -s 'link.rate=40 Gb/s' -s seed=18446744073709551615 --print-config \
	>"$T/printed.conf"
"$IX" sim "$T/printed.conf" --print-config >"$T/again.conf"
check "a printed configuration reads back" cmp "$T/printed.conf" "$T/again.conf"
check "... with its values" grep -q 'rate = "40 Gb/s"' "$T/again.conf"

# --- runs ---
short=(-s "warmup=1 ms" -s "duration=2 ms" -s mode=open -s "workload.rate=100 k/s")
expect "a run"		0 "requests/s"		"$IX" sim "${short[@]}"
check "a server knob follows the client's" test \
	"$("$IX" sim -s workload.size=100 --print-config | grep -c 'size = "100 B"')" = 2
check "... unless it is set itself" test "$("$IX" sim -s workload.size=100 \
	-s workload.server.size=0 --print-config | grep -c 'size = "100 B"')" = 1
expect "client bound"	4 "the client was the limit" \
	"$IX" sim -s clients=1 -s workload.connections=256 \
	-s mode=closed -s "duration=2 ms" -s client.profile=ix -s server.threads=8
expect "... allowed"	0 "warning"		"$IX" sim -s clients=1 -s workload.connections=256 \
	-s mode=closed -s "duration=2 ms" -s client.profile=ix -s server.threads=8 \
	--allow-client-bound
"$IX" sim "${short[@]}" --seed 7 --json >"$T/a.json"
"$IX" sim "${short[@]}" --seed 7 --json >"$T/b.json"
"$IX" sim "${short[@]}" --seed 8 --json >"$T/c.json"
check "equal seeds, equal bytes" cmp "$T/a.json" "$T/b.json"
expect "other seeds, other bytes" 1 "differ" cmp "$T/a.json" "$T/c.json"
check "JSON is JSON" python3 -c "
import json, sys
r = json.load(open('$T/a.json'))
assert r['manifest']['seed'] == 7 and r['manifest']['config']['workload.rate'] == '100 k/s'
assert r['metrics']['requests'] > 0 and r['histograms']['latency']['n'] > 0
assert len(r['manifest']['price_lists'][r['manifest']['config']['server.profile']]) == 16"
expect "budget"		0 "one way, us" \
	"$IX" sim -s workload=netpipe -s max_bytes=64 --budget
expect "a sweep is told"	0 "it is run by: ix sweep paper-figs/e7.conf" \
	"$IX" sim paper-figs/e7.conf "${short[@]}"
"$IX" sweep -q --no-store -s workload=netpipe -s max_bytes=1024 -s rounds=2 -v seed=1 >"$T/rows.csv"
check "a row of netpipe has its own goodput" python3 -c "
import csv
rows = list(csv.DictReader(open('$T/rows.csv')))
assert len(rows) > 9
for r in rows:
    own = int(r['msg_bytes']) * 8 / float(r['one_way_us']) / 1e3
    assert abs(float(r['goodput_gbps']) / own - 1) < 1e-6, r"
expect "unwritable pcap" 2 "$T/no/such"		"$IX" sim "${short[@]}" --pcap "$T/no/such/dir.pcap"
check "pcap and trace" "$IX" sim "${short[@]}" --pcap "$T/x.pcap" --trace "$T/x.json" --out "$T/o"
check "... are there" \
	test -s "$T/x.pcap" -a -s "$T/x.json" -a -s "$T/o/sim.csv" -a -s "$T/o/sim.json"
check "full disk is no success" bash -c "! '$IX' sim --list-keys >/dev/full"

expect "nothing measured" 1 "no request was completed" "$IX" sim --quiet -s duration='100 us' \
	-s fault.loss='100 %'

# --- sweeps ---
vary=(--vary server.dp.batch_max=1,64 --vary "workload.rate=50 k/s:150 k/s:50 k/s")
check "a sweep" "$IX" sweep "${short[@]:0:6}" "${vary[@]}" -j 1 --quiet --no-store \
	--out "$T/j1/s.csv"
check "in parallel" "$IX" sweep "${short[@]:0:6}" "${vary[@]}" -j 3 --quiet --no-store \
	--out "$T/j3/s.csv"
check "-j changes no byte of the CSV" cmp "$T/j1/s.csv" "$T/j3/s.csv"
check "... or of the manifest" cmp "$T/j1/s.json" "$T/j3/s.json"
check "rows are in order" test "$(tail -n +2 "$T/j1/s.csv" | cut -d, -f1,2 | tr '\n' ' ')" = \
	"1,50000 1,100000 1,150000 64,50000 64,100000 64,150000 "
check "columns are named by unit" grep -q '^server.dp.batch_max,workload.rate_per_s,' "$T/j1/s.csv"
check "nothing is left over" test "$(ls "$T/j1" | wc -l)" = 2
expect "geometric"	0 "64" \
	"$IX" sweep "${short[@]}" -v 'server.dp.batch_max=1..64*4' --columns requests
expect "netpipe: a line a size" 0 "1024," "$IX" sweep -s workload=netpipe -s max_bytes=1024 \
	-s rounds=2 -v seed=1,2 --columns requests
expect "bad value"	2 "--vary: server.dp.batch_max: 5000 is out of range" \
	"$IX" sweep -v server.dp.batch_max=1,5000
expect "bad key"	2 "did you mean server.dp.batch_max" "$IX" sweep -v server.dp.batchmax=1
expect "B = 0"		2 "0 is out of range: 1 to 1024" "$IX" sweep -v server.dp.batch_max=0,1
expect "a negative rate" 2 "workload.rate: needs a rate such as" "$IX" sweep -s mode=open \
	-v 'workload.rate=-5 k/s,1 k/s'
expect "a point with more connections than ports" 2 "set clients = 8" "$IX" sweep \
	-v workload.connections=64,500000
expect "... says which" 2 "(in point 2 of 2: workload.connections=500000)" "$IX" sweep \
	-v workload.connections=64,500000
printf 'sweep = ( { name = "a"; zip = ( { key = "clients"; values = [1, 2]; },\n%s' \
	'{ key = "seed"; values = [1]; } ); } );' >"$T/zip.conf"
expect "an unequal zip"	2 "clients has 2 and seed has 1" "$IX" sweep "$T/zip.conf"
printf 'sweep = ( { nam = "a"; } );\n' >"$T/group.conf"
expect "a misspelt member" 2 "has no member \"nam\"; it may have name, base" "$IX" sweep \
	"$T/group.conf"
printf 'sweep = ( { name = "a"; base = "none.conf"; } );\n' >"$T/base.conf"
expect "a base that is not there" 2 "none.conf: cannot read" "$IX" sweep "$T/base.conf"
expect "bad column"	2 "no metric is called \"nosuch\"" "$IX" sweep "${short[@]}" -v seed=1 \
	--columns requests,nosuch
expect "bad range"	2 "is not lo:hi:step" "$IX" sweep -v seed=5:1:1
expect "jobs beyond 32 bits" 2 "-j needs a number" "$IX" sweep -v seed=1,2 -j 4294967297
expect "nothing measured is a failed point" 1 "no request was completed" "$IX" sweep \
	-s duration='100 us' -s fault.loss='100 %' -v seed=1 --quiet
expect "-o without a name" 2 "-o needs the file to write" "$IX" sweep -v seed=1 -o ''
expect "... nor for a search" 2 "-o needs the file to write" "$IX" search -o /tmp/
expect "a price in a knob has no source" 2 "write: name value unit; name value unit" \
	"$IX" sim -s 'server.prices=nonsense 5 ns'
expect "-o of a folder"	2 "\"$T/d/\": it is a folder" "$IX" sweep -v seed=1 -o "$T/d/"
expect "nothing to vary" 2 "nothing to vary" "$IX" sweep
expect "one pcap, many points" 2 "the sweep has 2 points" "$IX" sweep -s pcap="$T/p" -v seed=1,2
expect "a failed point is a row" 1 "1 of 2 points failed" "$IX" sweep -s mode=closed \
	-s workload.connections=256 \
	-s "duration=1 ms" -v server.threads=8 -v clients=1,16 --out "$T/f.csv"
check "... and the others are kept" test "$(wc -l <"$T/f.csv")" = 3
printf 'duration = "1 ms";\nsweep = ( { key = "seed"; values = [1, 2, 3]; } );\n' >"$T/s.conf"
check "a sweep in the file" \
	test "$("$IX" sweep "$T/s.conf" -s mode=open --columns requests | wc -l)" = 4
printf 'sweep = ( { key = "server.profile"; values = ["%0250d"%s, "nonesuch"]; } );\n' 1 \
	"$(printf ', "%0250d"' {2..20})" >"$T/long.conf"
expect "a long list is whole" 1 "21 of 21 points failed" "$IX" sweep "$T/long.conf" --quiet

# --- searches ---
echo_rate=(-s mode=open -s clients=8 -s "duration=4 ms" -s gap=exponential)
expect "a search"	0 "surely holds at workload.rate" "$IX" search "${echo_rate[@]}" \
	-v workload.rate='100 k/s..4 M/s' --sla 'latency_p99_us<100' --tolerance 20% -o "$T/se.csv"
check "... its line" grep -q '^workload.rate_per_s,search_lo,search_hi,' "$T/se.csv"
cp "$T/se.csv" "$T/se1.csv"
expect "... again: nothing runs" 0 "runs, " "$IX" search "${echo_rate[@]}" -j 1 \
	-v workload.rate='100 k/s..4 M/s' --sla 'latency_p99_us<100' --tolerance 20% -o "$T/se.csv"
check "... says so" awk '/ runs, / { n = $1; same = n == $3 } END { exit !(n && same) }' "$T/out"
check "... the same line" cmp "$T/se.csv" "$T/se1.csv"
expect "a search whose client gives up" 4 "the client was the bottleneck" "$IX" search \
	-s mode=open -s clients=1 -s server.threads=4 -s "duration=4 ms" \
	-v workload.rate='100 k/s..8 M/s' --sla 'latency_p99_us<500' --tolerance 50%
expect "a search whose runs fail" 1 "failed: workload.rate=" "$IX" search -q --no-store \
	-s mode=open -s warmup='0 ns' -s duration='1 us' -v workload.rate='100 k/s..4 M/s' \
	--sla 'latency_p99_us<500'
over=(-s mode=open -s clients=16 -s client.threads=2 -s workload.connections=512
	-s workload.server.app_cycles=20000 -s warmup='20 ms' -s duration='20 ms')
expect "a load whose answers all come late" 0 "none: no request that was due in the measured time" \
	"$IX" sim "${over[@]}" -s workload.rate='400 k/s'
expect "... does not hold" 0 "surely holds at workload.rate = 1" "$IX" search -q --no-store \
	"${over[@]}" -v workload.rate='20 k/s..10 M/s' --sla 'latency_p99_us<1000' --tolerance 10%
expect "a rate that nobody follows" 2 "workload.rate has no effect with workload.mode = closed" \
	"$IX" search -v workload.rate='100 k/s..4 M/s' --sla 'latency_p99_us<500'
expect "... is told, and no mistake" 0 "workload.rate has no effect" \
	"$IX" sim -s duration='1 ms' -s workload.rate='1 k/s'
check "... does not blame the client" test -z "$(grep client-bound "$T/out")"
expect "search: no objective" 2 "say what to vary and what must hold" "$IX" search -v seed=1..2
expect "search: bad objective" 2 '--sla: "p99" is no objective' \
	"$IX" search -v workload.rate=1..2 --sla p99
echo 'sweep = ( { search = { key = "workload.rate"; lo = 1; hi = 2; sla = "p99=5"; }; } );' \
	>"$T/sla.conf"
expect "search: bad objective of a file" 2 'sla.conf:1: "p99=5" is no objective' \
	"$IX" sweep "$T/sla.conf"
echo 'sweep = ( { key = "seed"; values = []; } );' >"$T/empty.conf"
expect "sweep: no values" 2 "empty.conf:1: nothing to vary: the list of values of seed is empty" \
	"$IX" sweep "$T/empty.conf"
expect "search: seeds" 2 "tries each load with several seeds" "$IX" search -v seed=1..9 --sla 'x<1'
expect "search: bad range" 2 "a search needs KEY=LO..HI" "$IX" search -v workload.rate=1 --sla 'x<1'
expect "search: an end that cannot be" 2 "at workload.connections=500000:" "$IX" search \
	-v 'workload.connections=64..500000' --sla 'x<1'
expect "search: bad tolerance" 2 "is a part of the load" "$IX" search --tolerance 200%
expect "search: nearly a metric" 1 "did you mean latency_p99_us? " "$IX" search -q --no-store \
	"${echo_rate[@]}" -v workload.rate='100 k/s..4 M/s' --sla "latency_p_99_us<500"
echo 'duration = "1 ms"; sweep = ( { set = ["seed=2"]; } );' >"$T/it's.conf"
expect "search: a file with a sweep" 1 "ix sweep '$T/it'\\''s.conf'" "$IX" search "$T/it's.conf" \
	--no-store "${echo_rate[@]}" -v workload.rate='100 k/s..4 M/s' --sla "nosuch<500"
expect "a run of one" 0 "this goes without what that sets" "$IX" sim "$T/it's.conf"
expect "a run of a drawing" 0 "draws what figure fig5 has measured" "$IX" sim paper-figs/e9.conf \
	-s "duration=1 ms"
expect "search: unknown metric" 1 "no metric is called \"nosuch\"" "$IX" search \
	"${echo_rate[@]}" -v workload.rate='100 k/s..4 M/s' --sla 'nosuch<100'

# --- what must not be deleted or replaced ---
seed=(-s "duration=1 ms" -v seed=1 --columns requests)
mkdir -p "$T/own/tmp"
echo mine >"$T/own/tmp/notes"
touch -d '3 hours ago' "$T/own/tmp/notes"
ours="$T/own/tmp/0123456789abcdef0123456789abcdef.host.with.dots.77"
touch -d '3 hours ago' "$ours" "${ours}x"
expect "a store with a tmp of its own" 0 "seed,requests" \
	"$IX" sweep -q "${seed[@]}" --store "$T/own"
check "... loses what killed writers left" test ! -e "$ours"
check "... and nothing else" test -e "$T/own/tmp/notes" -a -e "${ours}x"
expect "a store without a name" 2 "--store needs a folder" "$IX" sweep "${seed[@]}" --store ""
expect "... of a point" 2 "--store needs a folder" "$IX" point --store "" nojob
expect "... of a figure" 2 "--store needs a folder" "$IX" figure fig2 --store ""
expect "failures without a name" 2 "--failures needs a folder" "$IX" point --take --failures "" x
expect "... that are a file" 2 "is none" "$IX" sweep "${seed[@]}" --collect --failures "$T/esc.conf"
"$IX" sweep "${seed[@]}" --no-store --export "$T/pj" >/dev/null
mkfifo "$T/out.fifo"
expect "a pipe for a result" 2 "it is a device, a pipe or a link" \
	timeout 20 "$IX" point -q -o "$T/out.fifo" "$T/pj/000001.job"
check "... is one still" test -p "$T/out.fifo"
ln -s "$T/own/tmp/notes" "$T/link.csv"
expect "a link for a table" 2 "it is a device, a pipe or a link" \
	"$IX" sweep -q "${seed[@]}" --no-store -o "$T/link.csv"
check "... is one still" test -L "$T/link.csv"
mkdir "$T/where" "$T/m.json"
expect "a folder for a table" 2 "it is a folder" "$IX" sweep "${seed[@]}" -o "$T/where"
expect "... for its manifest" 2 "-o $T/m.csv writes $T/m.json, which cannot be: it is a folder" \
	"$IX" sweep "${seed[@]}" -o "$T/m.csv"
expect "... where a file is" 2 "as a folder is none" "$IX" sweep "${seed[@]}" -o "$T/esc.conf/x.csv"
expect "... for a result" 2 "it is a folder" "$IX" point -o "$T/where" "$T/pj/000001.job"
expect "a device for a table" 2 "it is a device" "$IX" sweep "${seed[@]}" -o /dev/stdout
expect "jobs without a folder" 2 "--export needs a folder" "$IX" sweep "${seed[@]}" --export ""
expect "names with dots" 0 "" "$IX" sweep -q "${seed[@]}" --no-store -o "$T/rate0.5"
expect "... are others" 0 "" "$IX" sweep -q "${seed[@]}" --no-store -o "$T/rate0.9.csv"
check "... each has a table" test -s "$T/rate0.5.csv" -a -s "$T/rate0.9.csv" -a -s "$T/rate0.9.json"
ln -sfn nowhere "$(find "$T/own" -name '*.json' | head -1)"
expect "a link in the store" 0 "seed,requests" "$IX" sweep -q "${seed[@]}" --store "$T/own"
check "... goes" test -z "$(find "$T/own" -type l)"
"$IX" sim -q --json -s workload=kv -s workload.stored=false -s probe=true \
	>"$T/probe.json" 2>/dev/null
check "a probe's misses are not the load's" python3 -c "
import json
m = json.load(open('$T/probe.json'))['metrics']
assert 0 < m['misses'] <= m['gets'], m"

# --- figures ---
expect "list"		0 "fig2"		"$IX" figure --list
expect "unknown figure"	2 "there is no figure \"fig99\"" "$IX" figure fig99
PATH_WITHOUT=$T/bin; mkdir "$PATH_WITHOUT"
PATH=$PATH_WITHOUT "$IX" figure fig2 --quick --quiet --out "$T/fig" >"$T/fig.out" 2>&1
check "without gnuplot: exit 3" test $? = 3
check "... says so" grep -q "gnuplot is missing" "$T/fig.out"
check "... and has numbers and verdicts" test -s "$T/fig/fig2.csv" -a -s "$T/fig/claims.csv"

# --- rss: Microsoft's verification suite ---
expect "rss"		0 "0x51ccc178"	"$IX" rss explain 66.9.149.187:2794 161.142.100.80:1766
expect "rss, second"	0 "0xc626b0ea"	"$IX" rss explain 199.92.111.2:14230 65.69.140.83:4739
expect "rss ports"	0 "tries on average" "$IX" rss explain 10.0.0.2:1 10.0.0.1:7 --queue 3
expect "rss bad address" 2 "is not ADDRESS:PORT" "$IX" rss explain 10.0.0:1 10.0.0.1:7
expect "rss bad queue"	2 "--queue is 0 to 3"	"$IX" rss explain 10.0.0.2:1 10.0.0.1:7 -n 4 -q 4
expect "rss no queues"	2 "--queues needs a number from 1 to 128" \
	"$IX" rss explain 10.0.0.2:1 10.0.0.1:7 -n 0
expect "rss bad key"	2 "80 hex digits"	"$IX" rss explain 10.0.0.2:1 10.0.0.1:7 -k 00

# --- this machine ---
expect "doctor"		0 "The simulator can run" "$IX" doctor
check "doctor --json" \
	bash -c "'$IX' doctor --json | python3 -c 'import json, sys; json.load(sys.stdin)'"
expect "serve: no workload" 2 "name a workload: echo" "$IX" serve
expect "serve: unknown workload" 2 "there is no workload \"kvv\"" timeout 10 "$IX" serve kvv
expect "serve: bad address" 2 "ix serve:"	"$IX" serve echo --nic tap:t0 --ip 10.9.0.300/24
expect "serve: numbers that contradict" 2 "dp.port_min is 2000, above dp.port_max" \
	"$IX" serve echo -s dp.port_min=2000 -s dp.port_max=1000
expect "serve: bad knob" 2 "did you mean dp.batch_max" "$IX" serve echo -s dp.batchmax=1
expect "serve: echoes any bytes" 0 'size = "0 B"' "$IX" serve echo --print-config
expect "load: list-keys" 0 "workload.connections" "$IX" load echo --list-keys

echo "cli.sh: $((checks - failed)) of $checks checks passed"
[ $failed -eq 0 ]
