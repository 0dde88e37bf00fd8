#!/bin/bash
# SPDX-License-Identifier: MIT
#
# sweep_slurm.sh - a sweep as a job array of a Slurm cluster
#
# Usage: sweep_slurm.sh [-i PROGRAM] [-s STORE] [-o OUT.csv] [-n TASKS] [-a 'SBATCH OPTIONS']
#		FILE.conf [OPTION...]
#	-i	program (default: ./ix), at a path that all nodes see
#	-s	store on a shared folder (default: $IX_STORE, or build/store)
#	-o	CSV to write when all points are there (default: standard output)
#	-n	tasks of the array at most (default: 1000); each runs every n-th point
#	-a	for sbatch, such as '--partition=short --time=2:00:00'
#	OPTION	as `ix sweep` has them: -s, -v, --columns ...
#
# Plans the points that the store lacks into STORE/jobs.*, submits them, waits, and assembles
# the CSV from the store, where each task puts its points itself. Killed while it waits, the
# array goes on; started again, it plans what is missing, and removes folders whose script is
# gone and whose array is over. Exit status: that of `ix sweep --collect`; 3 if Slurm is missing.
# Not here: searches, which `ix sweep` runs itself (docs/sweeps.md).
set -u

ix=./ix out=() store=${IX_STORE:-build/store} tasks=1000 more=
while getopts i:s:o:n:a: option; do
	case $option in
	i) ix=$OPTARG ;;
	s) store=$OPTARG ;;
	o) out=(-o "$OPTARG") ;;
	n) tasks=$OPTARG ;;
	a) more=$OPTARG ;;
	*) exit 2 ;;
	esac
done
shift $((OPTIND - 1))
[ $# -gt 0 ] && [ "$tasks" -ge 1 ] 2>/dev/null || {
	echo "usage: sweep_slurm.sh [-i PROGRAM] [-s STORE] [-o OUT.csv] [-n TASKS]" \
		"[-a 'SBATCH OPTIONS'] FILE.conf [OPTION...]" >&2
	exit 2
}
command -v sbatch >/dev/null || { echo "sweep_slurm.sh: sbatch is missing; install Slurm:" \
	"sudo apt-get install --no-install-recommends slurm-client" >&2; exit 3; }
ix=$(realpath -- "$ix") || exit 2
mkdir -p "$store" && store=$(realpath -- "$store") || exit 1

# The script of a folder holds its lock, sbatch too; the array has the folder's name.
leftovers_remove()
{
	local folder lock queued
	for folder in "$store"/jobs.*; do
		if [ -e "$folder/lock" ]; then
			exec {lock}<"$folder/lock" || continue
			flock -n $lock && queued=$(squeue -h -n "ix-${folder##*/}" 2>/dev/null) &&
				[ -z "$queued" ] && rm -rf "$folder"
			exec {lock}<&-
		else	# died before it had one, or is about to
			find "$folder" -maxdepth 0 -mmin +60 -exec rm -rf {} + 2>/dev/null
		fi
	done
}

leftovers_remove
jobs=$(mktemp -d "$store/jobs.XXXXXX") || exit 1
exec {lock}>"$jobs/unlocked" || exit 1
flock -n $lock 2>/dev/null	# where nothing can be locked, nothing is removed either
mv "$jobs/unlocked" "$jobs/lock" || exit 1
"$ix" sweep "$@" --store "$store" --export "$jobs" ||
	{ code=$?; rm -rf "$jobs"; exit $code; }
n=$(find "$jobs" -name '*.job' | wc -l)
[ "$tasks" -le "$n" ] || tasks=$n
if [ "$n" -gt 0 ]; then
	cat >"$jobs/array.sh" <<-END || exit 1
	#!/bin/bash
	status=0
	for ((i = SLURM_ARRAY_TASK_ID; i <= $n; i += $tasks)); do
		"$ix" point "\$(printf '%s/%06d.job' "$jobs" \$i)" --store "$store" \\
			--failures "$jobs/failed" -q || status=1
	done
	exit \$status
	END
	# shellcheck disable=SC2086 # options are words
	sbatch --quiet --wait --array="1-$tasks" --ntasks=1 --cpus-per-task=1 \
		--output="$jobs/%a.log" $more --job-name="ix-${jobs##*/}" "$jobs/array.sh" ||
		echo "sweep_slurm.sh: some tasks failed:" >&2
	cat "$jobs"/*.log >&2
fi
"$ix" sweep "$@" --store "$store" --collect --failures "$jobs/failed" "${out[@]}"
code=$?
rm -rf "$jobs"
exit $code
