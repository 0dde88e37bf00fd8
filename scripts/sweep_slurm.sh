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
[[ $# -gt 0 && $tasks =~ ^[0-9]{1,6}$ ]] && tasks=$((10#$tasks)) && [ $tasks -ge 1 ] || {
	echo "usage: sweep_slurm.sh [-i PROGRAM] [-s STORE] [-o OUT.csv] [-n TASKS]" \
		"[-a 'SBATCH OPTIONS'] FILE.conf [OPTION...]" >&2
	exit 2
}
command -v sbatch >/dev/null || { echo "sweep_slurm.sh: sbatch is missing; install Slurm:" \
	"sudo apt-get install --no-install-recommends slurm-client" >&2; exit 3; }
. "$(dirname "$0")/sweep_shared.sh" || exit 1
own_options "$@"
ix=$(realpath -- "$ix") || exit 2
mkdir -p -- "$store" && store=$(realpath -- "$store") || exit 1

# sbatch holds the lock of a folder too; the array has the folder's name.
array_is_over()
{
	local queued
	queued=$(squeue -h -t PD,CF,R,S -n "ix-${1##*/}" 2>/dev/null) && [ -z "$queued" ]
}

stays=
folders_left jobs array_is_over
folder_new jobs || exit 1
jobs=$folder
"$ix" sweep "$@" --store "$store" --export "$jobs" ||
	{ code=$?; folder_remove "$jobs"; exit $code; }
n=$(find "$jobs" -name '*.job' | wc -l)
[ "$tasks" -le "$n" ] || tasks=$n
if [ "$n" -gt 0 ]; then
	cat >"$jobs/array.sh" <<-END || exit 1
	#!/bin/bash
	status=0
	jobs=$(printf %q "$jobs")
	for ((i = SLURM_ARRAY_TASK_ID; i <= $n; i += $tasks)); do
		$(printf %q "$ix") point "\$jobs/\$(printf %06d.job \$i)" -q \\
			--store $(printf %q "$store") --failures "\$jobs/failed" || status=1
	done
	exit \$status
	END
	# shellcheck disable=SC2086 # options are words
	sbatch --quiet --wait --array="1-$tasks" --ntasks=1 --cpus-per-task=1 \
		--output="${jobs//%/%%}/%a.log" $more --job-name="ix-${jobs##*/}" \
		"$jobs/array.sh" || {
		echo "sweep_slurm.sh: some tasks failed:" >&2
		array_is_over "$jobs" || stays=$jobs
	}
	cat "$jobs"/*.log >&2
fi
"$ix" sweep "$@" --store "$store" --collect --failures "$jobs/failed" "${out[@]}"
code=$?
if [ -n "$stays" ]; then
	echo "sweep_slurm.sh: the array may still run, so $stays stays; the same command goes on" \
		"once it is over" >&2
else
	folder_remove "$jobs"
fi
exit $code
