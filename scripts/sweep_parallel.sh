#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sweep_parallel.sh - a sweep on several machines, through GNU parallel and ssh
#
# Usage: sweep_parallel.sh [-i PROGRAM] [-H HOSTS] [-s STORE] [-o OUT.csv] FILE.conf [OPTION...]
#	-i	program (default: ./ix); it and its price lists are copied to every host
#	-H	file of hosts, a line each as parallel's --sshloginfile has them: "4/user@host" is
#		4 runs at a time there, ":" this machine (default: this machine only)
#	-s	store here (default: $IX_STORE, or build/store); hosts need none
#	-o	CSV to write when all points are there (default: standard output)
#	OPTION	as `ix sweep` has them: -s, -v, --columns ...
#
# Plans the points that the store lacks into STORE/remote.*, runs each where there is room (a
# host works in a folder ~/.ix-sweep.* and removes it), puts each into the store as it comes
# back, and assembles the CSV from the store. Killed at any moment, it loses what was running;
# started again, it takes what a dead one left there and plans what is missing. A full disk ends
# it; what does not fit the store stays in that folder. Several may use one store. Hosts need
# libconfig, jansson and rsync.
# Exit status: that of `ix sweep --collect`; 1 on a full disk; 3 if parallel or rsync is
# missing; 130 or 143 when interrupted.
# Not here: searches, which `ix sweep` runs itself (docs/sweeps.md).
set -u

ix=./ix hosts= out=() store=${IX_STORE:-build/store}
while getopts i:H:s:o: option; do
	case $option in
	i) ix=$OPTARG ;;
	H) hosts=$(realpath -e -- "$OPTARG") || exit 2 ;;
	s) store=$OPTARG ;;
	o) out=(-o "$OPTARG") ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] || { echo "usage: sweep_parallel.sh [-i PROGRAM] [-H HOSTS] [-s STORE]" \
	"[-o OUT.csv] FILE.conf [OPTION...]" >&2; exit 2; }
for tool in parallel rsync; do
	command -v $tool >/dev/null || { echo "sweep_parallel.sh: $tool is missing; install it:" \
		"sudo apt-get install --no-install-recommends $tool" >&2; exit 3; }
done
. "$(dirname "$0")/sweep_shared.sh" || exit 1
own_options "$@"
ix=$(realpath -- "$ix") || exit 2
prices=$(cd "$(dirname "$ix")" &&
	for d in sim/prices ../sim/prices ../../sim/prices ../../../sim/prices ../share/ix/prices
	do [ ! -d $d ] || { realpath $d; break; }; done)
mkdir -p -- "$store" && store=$(realpath -- "$store") || exit 1

# take FOLDER [POINT...]: these, or all that are there, from FOLDER/jobs into the store; a run
# that failed goes to FOLDER/failed. One that is no point is dropped. 1: some had to stay.
take()
{
	local folder=$1 point rc=0
	shift
	[ $# -gt 0 ] || set -- "$folder"/jobs/*.point
	for point; do
		[ -e "$point" ] || continue
		"$ix" point --store "$store" --failures "$folder/failed" --take "$point"
		case $? in
		0 | 4) rm -f "$point" ;;
		*) rc=1 ;;
		esac
	done
	return $rc
}

folders_left remote take
folder_new remote || exit 1
T=$folder
trap 'folder_remove "$T"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$ix" sweep "$@" --store "$store" --export "$T/jobs" || exit
mkdir -p "$T/jobs" "$T/sim/prices" && cp "$ix" "$T/ix" &&
	cp "$prices"/*.conf "$T/sim/prices/" || exit 1

# Points as parallel says that they are here. It says so of those that left nothing too.
points_take()
{
	local point
	trap '' INT TERM	# the end is when parallel ends
	while read -r point; do
		case $point in jobs/*.point) ;; *) continue ;; esac
		if [ -e "$T/$point" ]; then
			take "$T" "$T/$point"
		else
			head -c 64K /dev/zero >"$T/room" && rm "$T/room"
		fi || kill -USR1 $$ 2>/dev/null
	done
}

# Where there is nothing to copy (":") the job runs in the folder that has everything. A run
# that failed is as good an end as any; one that was killed may have room on another host.
run()
{
	local options=() f here death=()
	here=$(printf %q "$T")
	if [ -n "$hosts" ]; then
		options+=(--sshloginfile "$hosts")
	fi
	if [ -n "$hosts" ] && grep -qvE '^\s*(#.*|([0-9]+%?/)?:\s*)?$' "$hosts"; then
		options+=(--workdir ".ix-sweep.${T##*.}" --cleanup --transferfile '{}' \
			--return '{.}.point')
		for f in ix sim/prices/*; do
			options+=(--basefile "$f")
		done
	fi
	# When this script is killed parallel starts no more; what runs ends, and is taken.
	setpriv --pdeathsig HUP true 2>/dev/null && death=(setpriv --pdeathsig HUP)
	exec "${death[@]}" parallel --will-cite "${options[@]}" --retries 3 \
		"[ -e {} ] || cd $here; ./ix point {} -q -o {.}.point; code=\$?; echo {.}.point;
		[ \$code -le 1 ] && [ -e {.}.point ]"
}

# Wait for parallel and for what it brought. 1: something is left in the folder.
finish()
{
	wait "$parallel"
	while kill -0 "$parallel" 2>/dev/null; do		# a signal ends a wait
		wait "$parallel"
	done
	wait "$taker"
	take "$T" && return
	trap - EXIT
	echo "sweep_parallel.sh: finished points are in $T; the next run takes them" >&2
	return 1
}

# stop STATUS: an interrupted run keeps what has come back
stop()
{
	trap '' INT TERM
	kill -TERM "$parallel" 2>/dev/null
	finish
	exit "$1"
}

find "$T/jobs" -name '*.job' -printf 'jobs/%f\n' | sort >"$T/list" || exit 1
if [ -s "$T/list" ]; then
	full=0
	exec {back}> >(points_take)
	taker=$!
	(cd "$T" && run) <"$T/list" >&$back {back}>&- &
	parallel=$!
	exec {back}>&-
	trap 'full=1; kill -HUP "$parallel" 2>/dev/null' USR1
	trap 'stop 130' INT
	trap 'stop 143' TERM
	finish || exit 1
	[ $full = 0 ] || { echo "sweep_parallel.sh: no room in $store; the same command goes on" \
		"when there is" >&2; exit 1; }
fi
"$ix" sweep "$@" --store "$store" --collect --failures "$T/failed" "${out[@]}"
