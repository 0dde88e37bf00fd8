#!/bin/bash
# SPDX-License-Identifier: MIT
#
# linux_diff.sh - the short set of tests/diff/diff.py: verified transfers in both roles and many
# connections, over an impaired wire, with Linux at the other end
#
#	IX=path	the program (default ./ix)	BUILD=dir	its build folder
#	IX_LONG=1	the long set instead: goodput is judged, results/ is written
# Exit: 0 passed, 1 failed, 77 skipped.
set -u
cd "$(dirname "$0")/../.." || exit 2
command -v python3 >/dev/null || { echo "skipped: python3 is not installed"; exit 77; }
short=--short
[ -z "${IX_LONG:-}" ] || short=
exec python3 tests/diff/diff.py $short --ix "${IX:-./ix}" \
	--wire "${BUILD:-build/gcc}/diff/wire" "$@"
