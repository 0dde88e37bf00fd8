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
# Plans the points that the store lacks, runs each where there is room (a host works in a
# folder ~/.ix-sweep.* and removes it), brings finished points back one by one, and assembles
# the CSV from the store. Killed, it loses what was
# running; started again, it plans what is missing. Hosts need libconfig, jansson and rsync.
# Exit status: that of `ix sweep --collect`; 3 if parallel or rsync is missing.
# Not here: searches, which `ix sweep` runs itself (docs/sweeps.md).
set -u

ix=./ix hosts= out=() store=${IX_STORE:-build/store}
while getopts i:H:s:o: option; do
	case $option in
	i) ix=$OPTARG ;;
	H) hosts=$(realpath -- "$OPTARG") || exit 2 ;;
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
ix=$(realpath -- "$ix") || exit 2
prices=$(cd "$(dirname "$ix")" &&
	for d in sim/prices ../sim/prices ../../sim/prices ../../../sim/prices ../share/ix/prices
	do [ ! -d $d ] || { realpath $d; break; }; done)

T=$(mktemp -d) || exit 1
trap 'rm -rf "$T"' EXIT
trap 'exit 130' INT
trap 'exit 143' TERM
"$ix" sweep "$@" --store "$store" --export "$T/jobs" || exit
mkdir -p "$T/jobs" "$T/sim/prices" && cp "$ix" "$T/ix" &&
	cp "$prices"/*.conf "$T/sim/prices/" || exit 1

# Where there is nothing to copy (":") the job runs in the folder that has everything.
run()
{
	local base=()
	cd "$T" || return 1
	for f in ix sim/prices/*; do
		base+=(--basefile "$f")
	done
	find jobs -name '*.job' | sort | parallel --will-cite --sshloginfile "${hosts:-$T/hosts}" \
		--workdir ".ix-sweep.${T##*.}" --cleanup "${base[@]}" --transferfile {} \
		--return {.}.point \
		--retries 3 "[ -e {} ] || cd $T; ./ix point {} -q -o {.}.point"
}

echo : >"$T/hosts"
take()
{
	find "$T/jobs" -name '*.point' -print0 |
		xargs -0 -r "$ix" point --store "$store" --take
}
trap 'take; rm -rf "$T"' EXIT	# an interrupted run keeps what has come back
(run) || echo "sweep_parallel.sh: some points failed; the table says which" >&2
take || exit 1
"$ix" sweep "$@" --store "$store" --collect "${out[@]}"
