#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sweep.sh - a sweep that is killed, torn, starved of disk or run by halves gives the same bytes
#
# Usage: sweep.sh [PROGRAM]	default: $IX, or ./ix
#
# A full disk is a small tmpfs in a mount namespace; without one that part is skipped.
# Not here: other machines (sweep_remote.sh), messages about a configuration (cli.sh).
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=$(realpath "${1:-${IX:-./ix}}")
. tests/e2e/lib/check.sh
unset IX_STORE
RANDOM=1

# status CODE COMMAND...
status()
{
	local want=$1
	shift
	"$@"
	[ $? -eq "$want" ]
}

# said TEXT: the last command printed it
said() { grep -qF -- "$1" "$T/out" || { cat "$T/out"; false; }; }

points=16
cat >"$T/s.conf" <<'END'
warmup = "1 ms"; duration = "20 ms";
workload = { name = "echo"; mode = "open"; rate = "200 k/s"; };
sweep = (
  { name = "one"; axes = ( { key = "server.dp.batch_max"; values = [1, 8, 16, 64]; },
                           { key = "workload.rate"; values = "150 k/s,200 k/s"; } ); },
  { name = "two"; set = ["server.threads=2"]; axes = ( { key = "seed"; values = "1:8:1"; } ); }
);
END
kept() { find "$1" -name '*.json' 2>/dev/null | wc -l; }
sweep() { "$ix" sweep "$T/s.conf" -q -o "$T/$1.csv" --store "$T/$2" "${@:3}"; }
# same NAME: what was saved as NAME is the uninterrupted run
same() { cmp "$T/whole.csv" "$T/$1.csv" && cmp "$T/whole.json" "$T/$1.json"; }

check "uninterrupted" "$ix" sweep "$T/s.conf" -q --no-store -o "$T/whole.csv"

# --- the store ---
check "a cold store" sweep cold store -j 1
check "... nothing was in it" said "(0 of $points runs from the store)"
check "... same bytes" same cold
check "a warm store" sweep warm store
check "... runs nothing" said "($points of $points runs from the store)"
check "... same bytes" same warm
check "without the store it runs" "$ix" sweep "$T/s.conf" -q --no-store -o "$T/none.csv"
check "... same bytes" same none
check "a new value runs its point only" "$ix" sweep "$T/s.conf" -q --store "$T/store" \
	-v server.dp.delack='40 ms,41 ms' -o "$T/more.csv"
check "... the others are there" said "($points of $((2 * points)) runs from the store)"
check "IX_STORE names a store" env IX_STORE="$T/store" "$ix" sweep "$T/s.conf" -q -o "$T/env.csv"
check "... the same one" said "($points of $points runs from the store)"
"$ix" sweep "$T/s.conf" --store "$T/store" >"$T/stdout" 2>"$T/stderr"
check "the CSV alone on standard output" cmp "$T/stdout" "$T/whole.csv"
check "... and what was there on the other" grep -qF "$points of $points points are in" "$T/stderr"
check "--columns keep the store whole" "$ix" sweep "$T/s.conf" -q --store "$T/store" \
	--columns requests -o "$T/c.csv"
check "... nothing ran" said "($points of $points runs from the store)"
check "equal points run once" "$ix" sweep -s "duration=2 ms" -v seed=1,1,2,1 -q --store "$T/twins" \
	--columns requests -o "$T/twins.csv"
check "... four lines" test "$(wc -l <"$T/twins.csv")" = 5
check "... two files" test "$(kept "$T/twins")" = 2

# Runs of a search that is refused are counted too: as many as the store has.
refused() { "$ix" search -s mode=open -s clients=1 -s "duration=2 ms" -s server.threads=8 \
	-v workload.rate="100 k/s..100 M/s" --sla "latency_p99_us<500" --store "$T/ref" "$@"; }
check "a search that the client bounds" status 4 refused
check "... counts its runs" said "$(kept "$T/ref") runs, 0 of them from the store"
check "... and again" status 4 refused
check "... all of which are there" said "$(kept "$T/ref") runs, $(kept "$T/ref") of them"

# --- columns that no metric has ---
columns() { "$ix" sweep "$1" -q -j 1 --store "$T/cols" --columns "requests,$2" -o "$T/cols.csv"; }
check "a name of no metric" status 2 columns "$T/s.conf" nosuch
check "... says so" said "no metric is called \"nosuch\"; \`ix sim --json\` shows their names"
check "... and one run was enough" test "$(kept "$T/cols")" = 1 -a ! -e "$T/cols.csv"
check "... none, when the store has it" status 2 columns "$T/s.conf" nosuch
check "... which stays" test "$(kept "$T/cols")" = 1
check "the other threads' names count" columns "$T/s.conf" server_t1_util_pct
check "... that run was not repeated" said "(1 of $points runs from the store)"
cat >"$T/kinds.conf" <<'END'
warmup = "1 ms"; duration = "2 ms";
sweep = ( { axes = ( { key = "seed"; values = "1:6:1"; } ); },
          { set = ["workload=netpipe", "workload.max_bytes=64 B"]; },
          { set = ["budget=true"]; axes = ( { key = "seed"; values = "1:6:1"; } ); },
          { set = ["workload=kv", "workload.server.conns_max=64"]; } );
END
check "and names that one workload has" columns "$T/kinds.conf" gets,budget_total_us
check "a name that is nearly one" status 2 columns "$T/s.conf" latency_p_99_us
check "... is asked about" said "; did you mean latency_p99_us? \`ix sim --json\`"
rm -r "$T/cols"
check "a run of every kind is waited for" status 2 columns "$T/kinds.conf" gets,nosuch
check "... and no more" test "$(kept "$T/cols")" = 4

cat >"$T/failing.conf" <<'END'
warmup = "1 ms"; duration = "2 ms";
sweep = ( { name = "runs"; }, { name = "fails"; set = ["budget=true", "server.profile=nosuch"]; } );
END
check "where a run failed that might have it" status 1 columns "$T/failing.conf" nosuch
check "... it is a warning" \
	said "warning: of the points that finished none has a metric called \"nosuch\""
check "columns that rows have" "$ix" sweep -q --no-store -s workload=netpipe -s max_bytes=64 \
	-s rounds=2 -v seed=1 --columns msg_bytes,one_way_us -o "$T/cols.csv"
check "no names at all" status 2 "$ix" sweep "$T/s.conf" --columns ""

# --- what must not be believed ---
check "another store" sweep torn torn
mapfile -t files < <(find "$T/torn" -name '*.json' | sort)
truncate -s -1 "${files[0]}"
: >"${files[1]}"
sed -i 's/"ok"/"no"/' "${files[2]}"
cp "${files[4]}" "${files[3]}"
check "damaged files" sweep torn torn
cp "$T/out" "$T/torn.said"
for i in 0 1 2; do
	check "... is reported" grep -qF "${files[i]} is damaged" "$T/torn.said"
done
check "... and another's" grep -qF "${files[3]} holds another point than its name says" \
	"$T/torn.said"
check "... same bytes" same torn
check "repaired" sweep torn torn
check "... for good" said "($points of $points runs from the store)"
check "... same bytes" same torn
mkdir -p "$T/torn/tmp"
name=$T/torn/tmp/0123456789abcdef0123456789abcdef.host
touch -d '2 hours ago' "$name.1" && touch "$name.2"
check "what killed writers left" sweep torn torn
check "... goes when it is old" test ! -e "$name.1" -a -e "$name.2"

# --- what decides a point ---
mkdir "$T/prices" && cp sim/prices/ix.* "$T/prices/mine.prices"
price=("$ix" sweep -q -s "duration=2 ms" -s server.profile="$T/prices/mine.prices" -v seed=1,2
	--store "$T/store" --columns requests -o "$T/price.csv")
check "a price list of one's own" "${price[@]}"
check "... again" "${price[@]}"
check "... is in the store" said "(2 of 2 runs"
echo "# a comment is another byte" >>"$T/prices/mine.prices"
check "... edited" "${price[@]}"
check "... runs again" said "(0 of 2 runs"

# --- failures ---
bound=("$ix" sweep -q -s mode=closed -s workload.connections=256 -s "duration=1 ms"
	-v server.threads=8 -v clients=1,16 --store "$T/bound" -o "$T/bound.csv")
check "a client as bottleneck is a failed point" status 1 "${bound[@]}"
check "... kept with its verdict" test "$(kept "$T/bound")" = 2
cp "$T/bound.csv" "$T/bound1.csv"
check "... the same from the store" status 1 "${bound[@]}"
check "... nothing ran" said "(2 of 2 runs"
check "... same bytes" cmp "$T/bound.csv" "$T/bound1.csv"
check "... and allowed" "${bound[@]}" --allow-client-bound
check "... nothing ran" said "(2 of 2 runs"
check "a run without a request fails" status 1 "$ix" sweep -q -s duration='100 us' \
	-s fault.loss='100 %' -v seed=1 --store "$T/fail" -o "$T/fail.csv"
check "... and is not kept" test "$(kept "$T/fail")" = 0
check "a store that cannot be" status 2 "$ix" sweep -q -v seed=1 --store /dev/null/store
check "... says so" said '"/dev/null/store" is none'
check "... nor be made" status 1 "$ix" sweep -q -v seed=1 --store /proc/store
check "... says so" said "cannot write /proc/store/"

# --- killed ---
# start: a sweep in the background, as a terminal would; $pid
start()
{
	set -m
	"$ix" sweep "$T/s.conf" -q -j 2 -o "$T/killed.csv" --store "$T/$1" >"$T/bg" 2>&1 &
	pid=$!
	set +m
}
gone() { for _ in $(seq 50); do pgrep -P "$1" >/dev/null || return 0; sleep 0.1; done; false; }

for round in $(seq 8); do
	start kill
	sleep "0.$((RANDOM % 4))$((RANDOM % 10))"
	children=$(pgrep -P $pid)
	kill -9 $pid 2>/dev/null
	wait $pid 2>/dev/null
	for child in $children; do
		for _ in $(seq 50); do
			kill -0 "$child" 2>/dev/null || break
			sleep 0.1
		done
		check "kill $round: no child is left" test ! -d "/proc/$child"
	done
	"$ix" sweep "$T/s.conf" -q --collect --store "$T/kill" -o "$T/part.csv" >"$T/bg" 2>&1
	check "kill $round: what is there is whole" test -z "$(grep -F 'is damaged' "$T/bg")"
done
# What is there is not lost, and only the others run.
before=$(kept "$T/kill")
rm -f "$(find "$T/kill" -name '*.json' | head -1)"
[ "$before" = 0 ] || before=$((before - 1))
check "after the kills" sweep killed kill
check "... only what was missing ran" said "($before of $points runs from the store)"
check "... same bytes" same killed

# Interrupted when the first point is in the store: 15 are still to be run.
start int
for _ in $(seq 500); do
	[ "$(kept "$T/int")" = 0 ] || break
	sleep 0.01
done
kill -INT $pid
wait $pid
check "Ctrl-C: exit status" test $? = 130
cp "$T/bg" "$T/out"
check "... says how to go on" said "the same command goes on from there"
check "... counts what is kept" grep -q " $(kept "$T/int") finished points" "$T/bg"
check "... leaves no child" gone $pid
check "... and goes on" sweep killed int
check "... same bytes" same killed

set -m
"$ix" sweep -s mode=open -s 'duration=1 s' -v seed=1,2 -q -j 2 --columns requests \
	--store "$T/child" -o "$T/child.csv" >"$T/bg" 2>&1 &
pid=$!
set +m
for _ in $(seq 50); do
	victim=$(pgrep -P $pid | head -1)
	[ -n "$victim" ] && kill -9 "$victim" && break
	sleep 0.02
done
wait $pid
check "a child that dies is a failed point" test $? = 1
check "... says so" grep -q 'killed by signal 9' "$T/bg"
check "... and is not kept" test "$(kept "$T/child")" = 1

# --- by halves, without running ---
check "export" "$ix" sweep "$T/s.conf" --store "$T/half" --export "$T/jobs"
check "... a job a point" said "$points jobs in $T/jobs for $points points"
check "half of the jobs" "$ix" point --store "$T/half" "$T"/jobs/00000*.job
check "... collected" status 1 sweep half half --collect
check "... says what is missing" said "7 because the store does not have them"
check "... and nothing else" status 2 "$ix" sweep "$T/s.conf" --collect --export "$T/jobs9"
check "... once more" status 2 "$ix" sweep "$T/s.conf" --store "$T/half" --export "$T/jobs"
check "... not on top of the old" said "has jobs already"
check "... the rest" "$ix" sweep "$T/s.conf" --store "$T/half" --export "$T/jobs2"
check "... is planned" said "7 jobs in"
for job in "$T"/jobs2/*.job; do
	check "a job into a file" "$ix" point -q -o "${job%.job}.point" "$job"
done
check "files into the store" "$ix" point --store "$T/half" --take "$T"/jobs2/*.point
check "collected" sweep half half --collect
check "... same bytes" same half
check "a job is a configuration" "$ix" sim -q "$T/jobs/000001.job"
sed -i 's/^seed = .*/seed = 99;/' "$T/jobs/000001.job"
check "an edited job" status 2 "$ix" point --store "$T/half" "$T/jobs/000001.job"
check "... is not run" said "it was edited"
check "no job" status 2 "$ix" point --store "$T/half" "$T/s.conf"
check "... says so" said "not a job"
deep=$T/$(printf 'd%.0s' {1..200})/$(printf 'e%.0s' {1..200})
mkdir -p "$deep"
cp "$T/s.conf" "$deep/"
check "jobs of a file far down" "$ix" sweep "$deep/s.conf" --no-store --export "$T/jobs3"
check "... are jobs" "$ix" point -q --store "$deep/$(printf 'f%.0s' {1..200})" \
	"$T/jobs3/000002.job"
check "... kept where the option says" test "$(kept "$deep/$(printf 'f%.0s' {1..200})")" = 1
check "a folder is not taken" status 1 "$ix" point --store "$T/half" --take "$T/jobs3"
check "... says so" said "it is no regular file"
echo >>"$T/jobs2/000001.point"
check "a torn file is not taken" status 4 "$ix" point --store "$T/half" --take \
	"$T/jobs2/000001.point"
check "... says so" said "is no finished point, or damaged"

# --- a run that failed elsewhere is the row of a run that failed here ---
cat >"$T/f.conf" <<'END'
warmup = "1 ms"; duration = "2 ms";
sweep = ( { name = "runs"; },
          { name = "fails"; set = ["duration=100 us", "fault.loss=100 %"]; },
          { name = "bound"; set = ["mode=closed", "workload.connections=256", "duration=1 ms",
                                   "server.threads=8", "clients=1"]; },
          { name = "cannot"; set = ["server.profile=nosuch"]; } );
END
failing() { status "$1" "$ix" sweep "$T/f.conf" -q -o "$T/$2.csv" "${@:3}"; }
check "points that fail" failing 1 flocal --no-store
check "... are planned but for one" "$ix" sweep "$T/f.conf" --no-store --export "$T/fjobs"
check "... which cannot run" said "1 point cannot run and is not planned; point 4: no price list"
for i in 1 3; do
	check "... into a file" "$ix" point -q -o "$T/fjobs/$i.point" "$T/fjobs/00000$i.job"
done
check "... why it failed too" status 1 "$ix" point -o "$T/fjobs/2.point" "$T/fjobs/000002.job"
check "... is not taken" status 1 "$ix" point --store "$T/fail2" --take "$T"/fjobs/*.point
check "... and said" said "2.point is no finished point, the run failed: no request"
check "... it is not in the store" failing 1 f --store "$T/fail2" --collect
check "... says so" said "3 of 4 points failed, 1 because the store does not have them"
check "... but where it is to be" "$ix" point --store "$T/fail2" --failures "$T/why" \
	--take "$T"/fjobs/*.point
check "... and found" failing 1 f --store "$T/fail2" --collect --failures "$T/why"
check "... same bytes" cmp "$T/f.csv" "$T/flocal.csv"
check "... same manifest" cmp "$T/f.json" "$T/flocal.json"
check "... not in the store" test "$(kept "$T/fail2")" = 2
check "... it is tried again" failing 1 f --store "$T/fail2" -j 1
check "... and nothing else" said "(2 of 4 runs from the store)"
check "without files" status 1 "$ix" point --store "$T/fail3" --failures "$T/why3" "$T"/fjobs/*.job
check "... collected" failing 1 f --store "$T/fail3" --collect --failures "$T/why3"
check "... same bytes" cmp "$T/f.csv" "$T/flocal.csv"
why=$(find "$T/why3" -name '*.json')
cp "$(find "$T/fail3" -name '*.json' | head -1)" "$why"
check "another's document" failing 1 f --store "$T/fail3" --collect --failures "$T/why3"
check "... is not believed" said "holds another point than its name says"
truncate -s 100 "$why"
check "half a document" failing 1 f --store "$T/fail3" --collect --failures "$T/why3"
check "... is not believed" said "is damaged"
check "failures of what runs here" failing 2 f --failures "$T/why"
check "... says so" said "say --collect too"

# A run that dies says so, as in a sweep; the program's status is the signal's.
"$ix" sweep -s mode=open -s 'duration=2 s' -v seed=1 --no-store --export "$T/dies" >/dev/null
"$ix" point --store "$T/died" --failures "$T/why4" "$T"/dies/*.job >"$T/bg" 2>&1 &
pid=$!
for _ in $(seq 100); do
	victim=$(pgrep -P $pid | head -1)
	[ -n "$victim" ] && kill -9 "$victim" && break
	sleep 0.02
done
wait $pid
check "a run that dies" test $? = 137
check "... says so" grep -q 'killed by signal 9' "$T/bg"
check "... in its row too" status 1 "$ix" sweep -s mode=open -s 'duration=2 s' -v seed=1 \
	--store "$T/died" --collect --failures "$T/why4"
check "... as in a sweep" said ",killed by signal 9 (Killed)"
check "... and is not kept" test "$(kept "$T/died")" = 0

# --- figures ---
figure() { "$ix" figure fig2 --quick -q --store "$T/fig" -o "$T/$1" 2>&1 | grep -v gnuplot; true; }
check "a figure" figure f1
check "... again" figure f2
check "... same bytes" cmp "$T/f1/fig2.csv" "$T/f2/fig2.csv"
check "... from the store" test "$(kept "$T/fig")" -gt 0

# --- a full disk ---
cat >"$T/full.sh" <<'END'
ix=$1 T=$2
mkdir "$T/small" && mount -t tmpfs -o size=160k tmpfs "$T/small" || exit 77
"$ix" sweep "$T/s.conf" -q -j 2 --store "$T/small/store" -o "$T/full.csv" >"$T/full.out" 2>&1
code=$?
n=$(find "$T/small/store" -name '*.json' | wc -l)
mount -o remount,size=8m "$T/small"
"$ix" sweep "$T/s.conf" -q --store "$T/small/store" -o "$T/full.csv" >"$T/full.again" 2>&1 ||
	exit 1
echo "$code $n"
END
user=()
[ "$(id -u)" = 0 ] || user=(-r)
unshare "${user[@]}" -m bash "$T/full.sh" "$ix" "$T" >"$T/full" 2>/dev/null
case $? in
0)
	read -r code n <"$T/full"
	check "a full disk: exit status" test "$code" = 1
	check "... says so" grep -q "No space left on device" "$T/full.out"
	check "... some points fitted" test "$n" -gt 0
	check "... and stayed" grep -qF "($n of $points runs from the store)" "$T/full.again"
	check "... same bytes" same full
	;;
1)
	failed=$((failed + 1))
	echo "sweep.sh: after a full disk the sweep does not go on"
	;;
*)	echo "skipped: a full disk: no mount namespace here" ;;
esac

echo "sweep.sh: $((checks - failed)) of $checks checks passed"
[ $failed -eq 0 ]
