#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sweep_remote.sh - a sweep through GNU parallel over ssh, and as a Slurm job array: the bytes
# of the local run
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
	same "parallel" "$T/p"
	check "parallel again: nothing to do" scripts/sweep_parallel.sh -i "$ix" -s "$T/p/store" \
		-o "$T/p/again.csv" "$T/s.conf" "${columns[@]}"
	check "... says so" grep -q '^0 jobs' "$T/out"
	check "... the same table" cmp "$T/p/again.csv" "$T/local/s.csv"
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
}

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
part "GNU parallel over ssh" parallel_ssh parallel rsync ssh sshd ssh-keygen python3
part "Slurm" slurm_array munged slurmctld slurmd sbatch sinfo python3
[ $parts -gt 0 ] || exit 77
if [ $failed -gt 0 ]; then
	tail -n 5 "$T"/*.log 2>/dev/null
fi
echo "sweep_remote.sh: $((checks - failed)) of $checks checks passed, $parts of 3 parts ran"
[ $failed -eq 0 ]
