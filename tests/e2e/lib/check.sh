# SPDX-License-Identifier: MIT
#
# check.sh - commands and what must come of them, counted; sourced by suites, not run
#
# The suite gets $T, a folder that goes when it ends, the counts $checks and $failed, and $T/out,
# what the last command printed: a command finds there what the one before it did.

T=$(mktemp -d)
trap 'rm -rf "$T"' EXIT
checks=0 failed=0

fail() { echo "${0##*/}: $*"; failed=$((failed + 1)); }

# Here, not in a subshell: it may set variables. Returns its exit status.
counted()
{
	local rc
	checks=$((checks + 1))
	"$@" >"$T/out.new" 2>&1 </dev/null
	rc=$?
	mv "$T/out.new" "$T/out"
	return $rc
}

printed() { head -10 "$T/out" | sed 's/^/	/'; }

# check NAME COMMAND...: the command must succeed.
check()
{
	counted "${@:2}" || { fail "$1 failed:"; printed; }
}

# expect NAME CODE TEXT COMMAND...: exit code and a text in what it prints (either stream).
expect()
{
	local rc
	counted "${@:4}"
	rc=$?
	[ $rc -eq "$2" ] && { [ -z "$3" ] || grep -qF -- "$3" "$T/out"; } ||
		{ fail "$1: wanted exit $2 and \"$3\", got exit $rc and:"; printed; }
}
