# SPDX-License-Identifier: MIT
#
# sweep_shared.sh - what sweeps on other machines have in common: their working folder in the
# store, and those of sweeps that were killed; sourced by sweep_parallel.sh and sweep_slurm.sh
#
# A folder is STORE/NAME.XXXXXX with the file .ix-lock, which its script and everybody it starts
# hold: where the lock is free they are all gone. The lock is the first thing in a folder and
# the last, so what has none is not ours, or empty. Where nothing can be locked, nothing is left
# over either.

# own_options OPTION...: those of `ix sweep` that are the script's own are usage errors.
own_options()
{
	local option
	for option; do
		case $option in --e* | --coll* | --f* | --st* | --n*)
			echo "${0##*/}: $option is what this script says itself; leave it out" \
				"(-s STORE, before FILE, names the store)" >&2
			exit 2 ;;
		esac
	done
}

# folder_new NAME: its path into $folder.
folder_new()
{
	local lock
	folder=$(mktemp -d "$store/$1.XXXXXX") || return 1
	exec {lock}>"$folder/.ix-unlocked" || return 1
	flock -n $lock 2>/dev/null
	mv "$folder/.ix-unlocked" "$folder/.ix-lock"
}

# folder_remove FOLDER: the lock after all else.
folder_remove()
{
	find "$1" -mindepth 1 ! -name .ix-lock -delete && rm -f "$1/.ix-lock" && rmdir "$1"
}

# folders_left NAME FUNCTION: those of NAME that nobody holds go, once FUNCTION FOLDER succeeds.
folders_left()
{
	local left lock
	for left in "$store/$1".??????; do
		[ ! -L "$left" ] || continue
		if [ -f "$left/.ix-lock" ]; then
			exec {lock}<"$left/.ix-lock" || continue
			flock -n $lock && "$2" "$left" && folder_remove "$left"
			exec {lock}<&-
		elif [ -n "$(find "$left" -maxdepth 0 -type d -mmin +60 2>/dev/null)" ]; then
			rm -f "$left/.ix-unlocked"	# died before it had one
			rmdir "$left" 2>/dev/null
		fi
	done
}
