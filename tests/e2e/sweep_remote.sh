#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sweep_remote.sh - a sweep through GNU parallel over ssh, and as a Slurm job array: the bytes
# of the local run, failures included, and no finished point is lost
#
# Usage: sweep_remote.sh [PROGRAM]	default: $IX, or ./ix
#
# Starts, in a temporary folder and on free ports of 127.0.0.1, an sshd with a throw-away key and
# a Slurm of one node (munged, slurmctld, slurmd), and ends them by their process ids. Parts whose
# packages are missing are skipped and say so (scripts/deps.sh remote installs them); exit 77 if
# all are. Root is needed where the daemons need it.
set -u
cd "$(dirname "$0")/../.." || exit 2
ix=$(realpath "${1:-${IX:-./ix}}")
TMPDIR=/tmp . tests/e2e/lib/check.sh	# short: names of sockets have 108 bytes
parts=0 pids=()
export IX_STORE=$T/store HOME=$T/home PATH=$PATH:/usr/sbin:/sbin
mkdir -p "$HOME"

# Daemons fork; their pid files name the ones to end.
cleanup()
{
	local p f
	[ ! -e "$T/cm" ] || "${ssh[@]}" -O exit 127.0.0.1 2>/dev/null
	for f in "$T"/*.pid; do
		[ -s "$f" ] && pids+=("$(cat "$f")")
	done
	for p in ${pids[@]+"${pids[@]}"}; do
		kill "$p" 2>/dev/null
	done
	for _ in $(seq 50); do
		for p in ${pids[@]+"${pids[@]}"}; do
			kill -0 "$p" 2>/dev/null && sleep 0.1 && continue 2
		done
		break
	done
	rm -rf "$T"
}
trap cleanup EXIT
trap 'exit 130' INT TERM

# missing TOOL...: which of them are not there
missing()
{
	local tool
	for tool; do
		command -v "$tool" >/dev/null || printf '%s ' "$tool"
	done
}

# A port of 127.0.0.1 that nobody listens on.
free_port()
{
	python3 -c 'import socket
s = socket.socket()
s.bind(("127.0.0.1", 0))
print(s.getsockname()[1])'
}

# wait_for SECONDS COMMAND...
wait_for()
{
	local i tenths=$(($1 * 10))
	shift
	for ((i = 0; i < tenths; i++)); do
		"$@" >/dev/null 2>&1 && return
		sleep 0.1
	done
	return 1
}

cat >"$T/s.conf" <<'END'
warmup = "1 ms"; duration = "2 ms";
workload = { name = "echo"; mode = "open"; rate = "100 k/s"; };
sweep = (
  { name = "one"; axes = ( { key = "server.dp.batch_max"; values = [1, 64]; },
                           { key = "workload.rate"; values = "50 k/s,100 k/s"; } ); },
  { name = "two"; set = ["server.threads=2"]; axes = ( { key = "seed"; values = [1, 2]; } ); },
  { name = "again"; axes = ( { key = "server.dp.batch_max"; values = [1]; } ); }
);
END
columns=(--columns requests_per_s,latency_p99_us,server_util_pct)
"$ix" sweep "$T/s.conf" "${columns[@]}" -q --no-store -o "$T/local/s.csv" >/dev/null || exit 1

# Failures are the same bytes: of a run, of a client, of a run that cannot be.
cat >"$T/f.conf" <<'END'
warmup = "1 ms"; duration = "2 ms";
sweep = (
  { name = "runs"; },
  { name = "fails"; set = ["duration=100 us", "fault.loss=100 %"];
    axes = ( { key = "seed"; values = [1, 2]; } ); },
  { name = "bound"; set = ["mode=closed", "workload.connections=256", "duration=1 ms",
                           "server.threads=8", "clients=1"]; },
  { name = "cannot"; set = ["server.profile=nosuch"]; }
);
END
"$ix" sweep "$T/f.conf" -q --no-store -o "$T/local/f.csv" >/dev/null 2>&1

# Long enough to be killed: what had finished is not run again.
points=12
cat >"$T/k.conf" <<'END'
warmup = "1 ms"; duration = "100 ms";
workload = { name = "echo"; mode = "open"; rate = "200 k/s"; };
sweep = ( { axes = ( { key = "seed"; values = "1:12:1"; } ); } );
END
"$ix" sweep "$T/k.conf" "${columns[@]}" -q --no-store -o "$T/local/k.csv" >/dev/null || exit 1

# status CODE COMMAND...
status()
{
	local want=$1
	shift
	"$@"
	[ $? -eq "$want" ]
}

kept() { find "$1" -name '*.json' 2>/dev/null | wc -l; }

# said TEXT, unsaid TEXT: the last command printed it, or not
said() { grep -qF -- "$1" "$T/out" || { cat "$T/out"; false; }; }
unsaid() { ! grep -F -- "$1" "$T/out"; }

# failures NAME FOLDER COMMAND...: of points that fail COMMAND makes what a local run makes
failures()
{
	check "$1: points that fail" status 1 "${@:3}" -s "$2/f/store" -o "$2/f/f.csv" "$T/f.conf"
	check "$1: ... 4 of 5, all for a reason" said "4 of 5 points failed:"
	check "$1: ... the same bytes" cmp "$T/local/f.csv" "$2/f/f.csv"
	check "$1: ... and manifest" cmp "$T/local/f.json" "$2/f/f.json"
	check "$1: ... what is no result is not kept" test "$(kept "$2/f/store")" = 2
	check "$1: ... nothing else is left" \
		test -z "$(find "$2/f/store" -name 'remote.*' -o -name 'jobs.*')"
	check "$1: ... again" status 1 "${@:3}" -s "$2/f/store" -o "$2/f/f.csv" "$T/f.conf"
	check "$1: ... they are tried again" said "2 jobs in"
	check "$1: ... the same bytes" cmp "$T/local/f.csv" "$2/f/f.csv"
}

# at_least N COMMAND...: it prints N or more
at_least() { [ "$("${@:2}")" -ge "$1" ]; }

# same NAME FOLDER: what came back is the local run, and the store has every run once
same()
{
	check "$1: the CSV of the local run" cmp "$T/local/s.csv" "$2/s.csv"
	check "$1: its manifest" cmp "$T/local/s.json" "$2/s.json"
	check "$1: a file a run" test "$(find "$2/store" -name '*.json' | wc -l)" = 6
}

# --- GNU parallel ---
parallel_here()
{
	check "parallel" scripts/sweep_parallel.sh -i "$ix" -s "$T/p/store" -o "$T/p/s.csv" \
		"$T/s.conf" "${columns[@]}"
	check "... without a warning" unsaid Warning
	same "parallel" "$T/p"
	check "parallel again: nothing to do" scripts/sweep_parallel.sh -i "$ix" -s "$T/p/store" \
		-o "$T/p/again.csv" "$T/s.conf" "${columns[@]}"
	check "... says so" grep -q '^0 jobs' "$T/out"
	check "... the same table" cmp "$T/p/again.csv" "$T/local/s.csv"
	failures "parallel" "$T/p" scripts/sweep_parallel.sh -i "$ix"
}

# --- killed ---
# long NAME STORE: the command; start NAME STORE: in the background, in a group of its own; $pid
long() { echo scripts/sweep_parallel.sh -i "$ix" -s "$T/$2" -o "$T/$1.csv" "$T/k.conf" \
	"${columns[@]}"; }
start()
{
	# shellcheck disable=SC2046 # words
	setsid $(long "$1" "$2") >"$T/bg" 2>&1 &
	pid=$!
}

# Nobody holds the lock of a folder of $1.
are_gone()
{
	local folder
	for folder in "$1"/remote.*; do
		[ ! -e "$folder/.ix-lock" ] || flock -n "$folder/.ix-lock" true || return 1
	done
}

# How many whole points of $1 came back and are in no store: none that came and were killed.
brought()
{
	local point n=0
	for point in "$1"/remote.*/jobs/*.point; do
		[ -e "$point" ] && "$ix" point --store "$T/scratch" --take "$point" && n=$((n + 1))
	done 2>/dev/null
	echo $n
}

# How many runs are finished, in the store or brought: one that was taken when the script was
# killed may be both, the same bytes.
finished()
{
	find "$1" \( -name '*.json' -o -path '*/remote.*/jobs/*.point' \) -exec md5sum {} + |
		cut -d' ' -f1 | sort -u | wc -l
}

parallel_killed()
{
	local round before=0 now
	for round in 0 1 2 3 4 5; do
		[ $((round % 3)) != 0 ] || { rm -rf "$T/kill" && before=0; }
		start kill kill
		case $round in
		0 | 3)
			check "kill $round: some are in the store" \
				wait_for 30 at_least 3 kept "$T/kill"
			check "kill $round: before all are" test "$(kept "$T/kill")" -lt $points
			;;
		*) sleep "0.$((RANDOM % 6))$((RANDOM % 10))" ;;
		esac
		# The script alone, then all of its group.
		[ $round -ge 3 ] && kill -9 -- -$pid || kill -9 $pid
		wait $pid 2>/dev/null
		check "kill $round: what runs ends, and no more" wait_for 30 are_gone "$T/kill"
		now=$(finished "$T/kill")
		check "kill $round: no finished point is lost" test $now -ge $before
		[ $round -ge 3 ] || check "kill $round: each went into the store" \
			test "$(brought "$T/kill")" = 0
		before=$now
	done
	check "after the kills" $(long kill kill)
	check "... only what was missing is planned" \
		grep -q "^$((points - before)) jobs\? in" "$T/out"
	check "... same bytes" cmp "$T/local/k.csv" "$T/kill.csv"
	check "... a file a run" test "$(kept "$T/kill")" = $points
	# One killed before it had a lock, or while it was removed, stays for an hour.
	check "... no folder is left" test -z "$(find "$T/kill" -path '*/remote.*/.ix-lock')"

	start term term
	wait_for 30 at_least 2 kept "$T/term"
	kill -TERM $pid
	wait $pid
	check "terminated: exit status" test $? = 143
	now=$(kept "$T/term")
	check "... not all of them ran" test "$now" -ge 2 -a "$now" -lt $points
	check "... what finished is in the store" test -z "$(find "$T/term" -name 'remote.*')"
	check "... and goes on" $(long term term)
	check "... only what was missing is planned" grep -q "^$((points - now)) jobs\? in" "$T/out"
	check "... same bytes" cmp "$T/local/k.csv" "$T/term.csv"

	start two1 two
	check "two at once" $(long two2 two)
	wait $pid
	check "... the other" test $? = 0
	check "... same bytes" cmp "$T/local/k.csv" "$T/two1.csv"
	check "... same bytes" cmp "$T/local/k.csv" "$T/two2.csv"
	check "... a file a run" test "$(kept "$T/two")" = $points
	check "... no folder is left" test -z "$(find "$T/two" -name 'remote.*')"
}

# strangers NAME COMMAND...: folders with names like ours, which are not ours, stay; ours go
strangers()
{
	local home=$T/home-$1 kind
	for kind in remote jobs; do
		mkdir -p "$home/$kind.thesis" "$home/$kind.my-work" "$home/$kind.empty0"
		echo text >"$home/$kind.thesis/lock" && echo text >"$home/$kind.my-work/text"
		: >"$home/$kind.empty0/.ix-unlocked"
	done
	mkdir -p "$T/other-$1/jobs" && touch "$T/other-$1/.ix-lock" "$T/other-$1/jobs/mine"
	mkdir "$home"/{remote,jobs}.fifo00 && mkfifo "$home"/{remote,jobs}.fifo00/.ix-lock
	find "$home" -depth -exec touch -d '3 hours ago' {} +
	ln -s "$T/other-$1" "$home/remote.link00" && ln -s "$T/other-$1" "$home/jobs.link00"
	check "$1: a store with others' folders" timeout 120 "${@:2}" -i "$ix" -s "$home" \
		-o "$home/o.csv" "$T/s.conf" "${columns[@]}"
	check "... leaves them" \
		test "$(cat "$home"/*.thesis/lock "$home"/*.my-work/text | wc -l)" = 4
	check "... what links name" test -e "$T/other-$1/jobs/mine" -a -e "$T/other-$1/.ix-lock"
	check "... and pipes" test -p "$home/remote.fifo00/.ix-lock" -a \
		-p "$home/jobs.fifo00/.ix-lock"
	check "... and takes its own" test "$(find "$home" -name '*.empty0' | wc -l)" = 1
	for kind in --export=x --collect --failures --no-store --n --store=x; do
		check "$1: $kind is the script's" status 2 "${@:2}" -i "$ix" "$T/s.conf" $kind
		check "... said" said "leave it out"
	done
}

# What is left over is believed no more than what comes.
parallel_left()
{
	local dead=$T/left/remote.dead00 live=$T/left/remote.live00 lock
	mkdir -p "$live/jobs"
	check "plan" "$ix" sweep "$T/k.conf" --store "$T/left" --export "$dead/jobs"
	for i in 1 2 3; do
		check "a point" "$ix" point -q -o "$dead/jobs/00000$i.point" \
			"$dead/jobs/00000$i.job"
	done
	cp "$dead/jobs/000001.point" "$T/fjobs.point"
	truncate -s 3000 "$dead/jobs/000002.point"
	mv "$dead/jobs/000003.point" "$live/jobs/"
	: >"$dead/jobs/000004.point"
	head -c 3000 "$dead/jobs/000001.point" >"$dead/jobs/.000005.point.Ab12"
	touch "$dead/.ix-lock" "$live/.ix-lock"
	exec {lock}<"$live/.ix-lock" && flock $lock
	check "left over" $(long left left) {lock}<&-
	cp "$T/out" "$T/left.said"
	check "... the whole one is not run" grep -q "^$((points - 1)) jobs in" "$T/left.said"
	check "... the torn one is, and said" \
		grep -q '000002.point is no finished point, or damaged' "$T/left.said"
	check "... same bytes" cmp "$T/local/k.csv" "$T/left.csv"
	check "... the folder is gone" test ! -e "$dead"
	check "... that of one who lives is not touched" test -e "$live/jobs/000003.point"
	exec {lock}<&-
	check "... until nobody does" $(long left left)
	check "... then it is gone" test ! -e "$live"
	check "... a file a run" test "$(kept "$T/left")" = $points
	mkdir -p "$dead/jobs" && cp "$T/fjobs.point" "$dead/jobs/000001.point"
	touch "$dead/.ix-lock" "$dead/failed"
	check "left over, and cannot be taken" status 0 $(long left left)
	check "... stays" test -e "$dead/jobs/000001.point"
	strangers parallel scripts/sweep_parallel.sh
	check "a store that cannot be" status 1 scripts/sweep_parallel.sh -i "$ix" \
		-s /dev/null/store "$T/k.conf"
}

parallel_full()
{
	local user=() code n
	[ "$(id -u)" = 0 ] || user=(-r)
	cat >"$T/full.sh" <<-'END'
	T=$1 ix=$2
	size=$(($(stat -Lc %s "$ix") / 1024 + 350))k	# the program is copied there
	mkdir "$T/full" && mount -t tmpfs -o size=$size tmpfs "$T/full" || exit 77
	"${@:3}" >"$T/full.out" 2>&1
	code=$?
	n=$(find "$T/full" -name '*.json' | wc -l)
	mount -o remount,size=32m "$T/full"
	"${@:3}" >"$T/full.again" 2>&1 || exit 1
	echo "$code $n $(find "$T/full" -name '*.json' | wc -l) $(ls "$T/full" | grep -c remote)"
	END
	# shellcheck disable=SC2046 # words
	unshare "${user[@]}" -m bash "$T/full.sh" "$T" "$ix" $(long full full) \
		>"$T/full.n" 2>/dev/null
	case $? in
	0)
		read -r code n all left <"$T/full.n"
		check "a full disk: exit status" test "$code" = 1
		check "... says so" grep -q "No space left on device" "$T/full.out"
		check "... ends it" test "$n" -gt 0 -a "$n" -lt $points
		check "... what fitted is not run again" \
			grep -q "^[1-9][0-9]* jobs\? in.* $points points, " "$T/full.again"
		check "... same bytes" cmp "$T/local/k.csv" "$T/full.csv"
		check "... a file a run, no folder" test "$all $left" = "$points 0"
		;;
	1) fail "after a full disk the sweep does not go on:"; cat "$T/full.again" ;;
	*) echo "skipped: a full disk: no mount namespace here" ;;
	esac
}

sshd_start()
{
	local port
	port=$(free_port)
	[ "$(id -u)" != 0 ] || mkdir -p /run/sshd
	ssh-keygen -q -t ed25519 -N '' -f "$T/host_key" &&
		ssh-keygen -q -t ed25519 -N '' -f "$T/key" || return 1
	cat >"$T/sshd_config" <<-END
	ListenAddress 127.0.0.1
	Port $port
	HostKey $T/host_key
	PidFile $T/sshd.pid
	AuthorizedKeysFile $T/key.pub
	StrictModes no
	PasswordAuthentication no
	PermitRootLogin prohibit-password
	SetEnv HOME=$T/home
	END
	"$(command -v sshd)" -f "$T/sshd_config" -E "$T/sshd.log" || return 1
	ssh=(ssh -p "$port" -i "$T/key" -o BatchMode=yes -o StrictHostKeyChecking=no
	     -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR
	     -o ControlMaster=auto -o "ControlPath=$T/cm" -o ControlPersist=60)
	wait_for 5 "${ssh[@]}" 127.0.0.1 true
}

parallel_ssh()
{
	check "an sshd of our own" sshd_start
	echo "2/${ssh[*]} 127.0.0.1" >"$T/hosts"
	check "over ssh" scripts/sweep_parallel.sh -i "$ix" -H "$T/hosts" -s "$T/ssh/store" \
		-o "$T/ssh/s.csv" "$T/s.conf" "${columns[@]}"
	same "over ssh" "$T/ssh"
	check "over ssh: nothing is left there" \
		test -z "$(find "$T/home" -maxdepth 1 -name '.ix-sweep.*')"
	failures "over ssh" "$T/ssh" scripts/sweep_parallel.sh -i "$ix" -H "$T/hosts"
	echo "1/:" >>"$T/hosts"
	check "there and here" scripts/sweep_parallel.sh -i "$ix" -H "$T/hosts" -s "$T/a b/store" \
		-o "$T/a b/s.csv" "$T/s.conf" "${columns[@]}"
	same "there and here" "$T/a b"
	echo "1/:" >"$T/hosts"
	check "a list with this one only" scripts/sweep_parallel.sh -i "$ix" -H "$T/hosts" \
		-s "$T/here/store" -o "$T/here/s.csv" "$T/s.conf" "${columns[@]}"
	check "... without a warning" unsaid Warning
	same "a list with this one only" "$T/here"
}

# --- Slurm ---
slurm_start()
{
	local ctld_port node_port
	ctld_port=$(free_port) node_port=$(free_port)
	head -c 1024 /dev/urandom >"$T/munge.key" && chmod 400 "$T/munge.key"
	chmod 755 "$T"		# munged wants to know who may write here
	munged --force --key-file="$T/munge.key" --socket="$T/munge.sock" \
		--pid-file="$T/munged.pid" --log-file="$T/munged.log" \
		--seed-file="$T/munge.seed" || return 1
	mkdir -p "$T/slurm/state" "$T/slurm/spool"
	export SLURM_CONF=$T/slurm.conf
	cat >"$SLURM_CONF" <<-END
	ClusterName=ix
	SlurmctldHost=localhost(127.0.0.1)
	SlurmUser=$(id -un)
	SlurmdUser=$(id -un)
	SlurmctldPort=$ctld_port
	SlurmdPort=$node_port
	AuthType=auth/munge
	AuthInfo=socket=$T/munge.sock
	CredType=cred/munge
	StateSaveLocation=$T/slurm/state
	SlurmdSpoolDir=$T/slurm/spool
	SlurmctldPidFile=$T/slurmctld.pid
	SlurmdPidFile=$T/slurmd.pid
	SlurmctldLogFile=$T/slurmctld.log
	SlurmdLogFile=$T/slurmd.log
	ProctrackType=proctrack/linuxproc
	TaskPlugin=task/none
	JobAcctGatherType=jobacct_gather/none
	AccountingStorageType=accounting_storage/none
	MpiDefault=none
	SelectType=select/cons_tres
	SelectTypeParameters=CR_CPU
	SchedulerParameters=sched_min_interval=100000,batch_sched_delay=0,sched_interval=1
	SlurmdParameters=config_overrides
	ReturnToService=2
	NodeName=localhost NodeAddr=127.0.0.1 CPUs=2 State=UNKNOWN
	PartitionName=all Nodes=localhost Default=YES MaxTime=10 State=UP
	END
	slurmctld -c && slurmd -N localhost && wait_for 20 sh -c "sinfo -h -o %t | grep -q idle"
}

slurm_array()
{
	check "a Slurm of one node" slurm_start
	check "Slurm" scripts/sweep_slurm.sh -i "$ix" -s "$T/sl/store" -o "$T/sl/s.csv" -n 4 \
		"$T/s.conf" "${columns[@]}"
	same "Slurm" "$T/sl"
	check "Slurm again: nothing to do" scripts/sweep_slurm.sh -i "$ix" -s "$T/sl/store" \
		-o "$T/sl/again.csv" "$T/s.conf" "${columns[@]}"
	check "... the same table" cmp "$T/sl/again.csv" "$T/local/s.csv"
	failures "Slurm" "$T/sl" scripts/sweep_slurm.sh -i "$ix"
	strangers Slurm scripts/sweep_slurm.sh
	local odd="$T/odd \$(touch $T/ran) 'q' \"d\" 100%"
	check "Slurm: a path is no shell" scripts/sweep_slurm.sh -i "$ix" -s "$odd" -n 08 \
		-o "$T/odd.csv" "$T/s.conf" "${columns[@]}"
	check "... same bytes" cmp "$T/local/s.csv" "$T/odd.csv"
	check "... nothing ran" test ! -e "$T/ran"
	slurm_lost
	check "Slurm: tasks are a number" status 2 scripts/sweep_slurm.sh -i "$ix" -n 1+1 \
		"$T/s.conf"
	slurm_killed
}

# sbatch loses its controller, and the array goes on: its folder stays until that is over.
slurm_lost()
{
	local line=(scripts/sweep_slurm.sh -i "$ix" -s "$T/lost" -o "$T/lost.csv" "$T/s.conf"
		"${columns[@]}")
	mkdir -p "$T/fake"
	printf '#!/bin/sh\nexit 1\n' >"$T/fake/sbatch"
	printf '#!/bin/sh\necho 7\n' >"$T/fake/squeue"
	chmod +x "$T/fake"/s*
	check "Slurm: a lost array" status 1 env PATH="$T/fake:$PATH" "${line[@]}"
	check "... is told" said "the array may still run, so "
	check "... has its jobs" test -n "$(find "$T/lost" -name '*.job')"
	check "... and goes on" "${line[@]}"
	check "... same bytes" cmp "$T/local/s.csv" "$T/lost.csv"
	check "... its folder goes" test -z "$(find "$T/lost" -name 'jobs.*')"
}

slurm_killed()
{
	local before line=(scripts/sweep_slurm.sh -i "$ix" -s "$T/slk" -o "$T/slk.csv" -n 2
		"$T/k.conf" "${columns[@]}")
	setsid "${line[@]}" >"$T/bg" 2>&1 &
	pid=$!
	check "Slurm killed: some are in the store" wait_for 60 at_least 1 kept "$T/slk"
	kill -9 -- -$pid
	wait $pid 2>/dev/null
	before=$(kept "$T/slk")
	check "... before all are" test "$before" -lt $points
	check "... again" "${line[@]}"
	check "... what was there is not planned" \
		at_least "$before" sed -n 's/.*, \([0-9]*\) of which.*/\1/p' "$T/out"
	check "... same bytes" cmp "$T/local/k.csv" "$T/slk.csv"
	check "... when the array is over" wait_for 60 queue_empty
	check "... nothing is run" "${line[@]}"
	check "... and its folder goes" test -z "$(find "$T/slk" -name 'jobs.*')"
	check "... same bytes" cmp "$T/local/k.csv" "$T/slk.csv"
}

queue_empty() { [ -z "$(squeue -h)" ]; }


# part NAME FUNCTION TOOL...
part()
{
	local name=$1 function=$2 lacks from=$SECONDS
	shift 2
	lacks=$(missing "$@")
	if [ -n "$lacks" ]; then
		echo "skipped: $name: missing: ${lacks% }"
		return
	fi
	parts=$((parts + 1))
	$function
	echo "$name: $((SECONDS - from)) s"
}

part "GNU parallel" parallel_here parallel rsync
part "GNU parallel, killed" parallel_killed parallel rsync flock setsid
part "GNU parallel, what is left over" parallel_left parallel rsync flock
part "GNU parallel, a full disk" parallel_full parallel rsync unshare
part "GNU parallel over ssh" parallel_ssh parallel rsync ssh sshd ssh-keygen python3
part "Slurm" slurm_array munged slurmctld slurmd sbatch squeue sinfo flock setsid python3
[ $parts -gt 0 ] || exit 77
if [ $failed -gt 0 ]; then
	tail -n 5 "$T"/*.log 2>/dev/null
fi
echo "sweep_remote.sh: $((checks - failed)) of $checks checks passed, $parts of 6 parts ran"
[ $failed -eq 0 ]
