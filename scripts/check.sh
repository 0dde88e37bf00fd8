#!/bin/bash
# SPDX-License-Identifier: MIT
#
# check.sh - what `make check` runs: build, house rules, and every suite, one line each
#
# Usage: check.sh				build with each compiler, then test
#	 check.sh --only-tests DIR	unit, packet and short simulation tests of DIR
#
# A suite is a program or script that exits 0 (passed), 77 (skipped) or else (failed). A
# line "skipped: reason" of its output is shown; the output of a failed suite is shown
# whole. Logs stay in build/check/. e2e scripts find $IX (the program) and $BUILD (its
# folder). Exit status: 0 if nothing failed, 130 or 143 when interrupted.
set -u
cd "$(dirname "$0")/.." || exit 2

make=${MAKE:-make}
seeds=${SWARM_SEEDS:-2000}
first=${SWARM_FIRST:-1}
limit_s=900			# for one suite; a hang is a failure with a name
logs=build/check
n_run=0 n_failed=0 n_skipped=0
start=$(date +%s)
running=			# the suite's session, by the process that leads it
mkdir -p "$logs"

interrupted()
{
	trap '' INT TERM
	if [ -n "$running" ]; then
		{ pkill -s "$running" || kill "$running"; wait "$running"; } 2>/dev/null
	fi
	echo "check.sh: interrupted after $n_run suites" >&2
	exit "$1"
}
trap 'interrupted 130' INT
trap 'interrupted 143' TERM

# What a log says in a few words: CUnit's totals, or its last line.
summary()
{
	awk '/^ *tests +[0-9]/ { tests = $3 } /^ *asserts +[0-9]/ { asserts = $3 }
	     NF { last = $0 }
	     END { if (asserts != "") printf "%d tests, %d asserts", tests, asserts
		   else print substr(last, 1, 90) }' "$1"
}

# suite NAME COMMAND...
suite()
{
	local name=$1 log status from to word
	shift
	log=$logs/${name//[\/ ]/-}.log
	from=$(date +%s%N)
	[ ! -t 1 ] || printf 'run   %s\r' "$name"
	# In the background, where SIGINT would be ignored: a trap waits for nobody there.
	setsid env --default-signal=INT,QUIT timeout -k 10 "$limit_s" "$@" >"$log" 2>&1 </dev/null &
	running=$!
	wait $running
	status=$?
	running=
	to=$(date +%s%N)
	n_run=$((n_run + 1))
	case $status in
	0) word=ok ;;
	77) word=skip n_skipped=$((n_skipped + 1)) ;;
	*) word=FAIL n_failed=$((n_failed + 1)) ;;
	esac
	printf '%-5s %-28s %6d.%02d s  %s\n' $word "$name" $(((to - from) / 1000000000)) \
		$(((to - from) / 10000000 % 100)) "$(summary "$log")"
	if [ $word = FAIL ]; then
		echo "----- $* : exit status $status$([ $status = 124 ] && echo ", too slow")"
		cat "$log"
		echo "-----"
	elif [ $word = ok ]; then
		grep -h '^skipped:' "$log" | sed 's/^/      /'
	fi
	return $((status != 0 && status != 77))
}

# Programs of build folder $1, named for the reader by $2.
unit_suites()
{
	local t
	for t in tests/unit/test_*.c; do
		t=$(basename "$t" .c)
		[ "$t" = 'test_*' ] || suite "$2unit/${t#test_}" "$1/unit/$t"
	done
	[ ! -x "$1/pkt/tcp_pkt" ] || suite "$2pkt" "$1/pkt/tcp_pkt"
}

# sim_suites FOLDER LABEL SEEDS
sim_suites()
{
	local t
	for t in $(grep -lE '^(int main|CU_MAIN)\b' /dev/null tests/sim/*.c 2>/dev/null); do
		t=$(basename "$t" .c)
		t=${t%_main}
		case $t in
		swarm)
			suite "$2sim/swarm" "$1/sim-tests/swarm" --jobs 2 --first "$first" \
				--seeds "$3"
			suite "$2sim/swarm fast path" "$1/sim-tests/swarm" --jobs 2 \
				--first "$first" --seeds $((($3 + 9) / 10)) --compare-fast-path ;;
		*) suite "$2sim/$t" "$1/sim-tests/$t" ;;
		esac
	done
}

e2e_suites()
{
	local t
	for t in tests/e2e/*.sh; do
		[ ! -e "$t" ] || suite "e2e/$(basename "$t" .sh)" bash "$t"
	done
}

# Pass -j on only when nobody above has decided.
jobs_flag()
{
	case " ${MAKEFLAGS:-}" in
	*jobserver*) ;;
	*) echo "-j$(nproc)" ;;
	esac
}

finish()
{
	echo "$1: $n_run suites, $n_failed failed, $n_skipped skipped, $(($(date +%s) - start)) s"
	exit $((n_failed != 0))
}

if [ "${1:-}" = --only-tests ]; then
	export IX=$2/ix BUILD=$2
	unit_suites "$2" "$(basename "$2") "
	sim_suites "$2" "$(basename "$2") " "${SWARM_SEEDS:-100}"
	finish "tests of $2"
fi

compilers=
for cc in gcc clang; do
	if command -v $cc >/dev/null; then
		suite "build $cc" $make --no-print-directory $(jobs_flag) CC=$cc BUILD=build/$cc \
			programs || finish check
		compilers+=" $cc"
	else
		echo "skip  build $cc: $cc is not installed"
		n_skipped=$((n_skipped + 1))
	fi
done
set -- $compilers
[ $# -gt 0 ] || { echo "check.sh: neither gcc nor clang is installed." >&2; exit 3; }

export IX=build/$1/ix BUILD=build/$1
ln -sfn "$IX" ix
suite layout python3 scripts/check_layout.py --core-lib "$BUILD/libixcore.a"
for cc; do
	unit_suites "build/$cc" "$cc "
done
suite conformance python3 scripts/conformance.py --check --tcp-pkt "$BUILD/pkt/tcp_pkt"
sim_suites "$BUILD" "" "$seeds"
e2e_suites
finish check
