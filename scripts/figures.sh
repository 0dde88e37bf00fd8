#!/bin/bash
# SPDX-License-Identifier: MIT
#
# figures.sh - every figure, by the program, and the report: what `make figures` runs once built
#
# Usage: figures.sh [--quick]	arguments go to `ix figure all`
#
# A claim that misses is a result, and no failure; a point that failed is one, after everything
# else has been done. Without gnuplot the numbers are complete and only the drawings are missing:
# that is said, and is no failure here. Without Python there is no report.
set -u
cd "$(dirname "$0")/.." || exit 2

./ix figure all "$@"
status=$?
[ $status -lt 128 ] || exit $status
if [ $status -eq 3 ] && ! command -v gnuplot >/dev/null; then
	echo "figures: the numbers are written; gnuplot is not installed, so nothing was drawn." >&2
	echo "figures: install gnuplot-nox, then: ./ix figure all --redraw" >&2
	status=0
fi
case " $* " in
*" --quick "*) set -- --results build/quick -o build/quick/index.html ;;
*) set -- ;;
esac
if command -v python3 >/dev/null; then
	python3 scripts/report.py "$@" || exit 1
else
	echo "figures: python3 is not installed, so there is no report." >&2
fi
exit $status
