#!/bin/bash
# SPDX-License-Identifier: MIT
#
# figures.sh - every figure, by the program: what `make figures` runs once it is built
#
# Usage: figures.sh [--quick]	arguments go to `ix figure all`
#
# Without gnuplot the numbers are complete and only the drawings are missing: that is said,
# and is no failure here.
set -u
cd "$(dirname "$0")/.." || exit 2

./ix figure all "$@"
status=$?
if [ $status -eq 3 ] && ! command -v gnuplot >/dev/null; then
	echo "figures: the numbers are written; gnuplot is not installed, so nothing was drawn." >&2
	echo "figures: install gnuplot-nox, then: ./ix figure all --redraw" >&2
	exit 0
fi
exit $status
