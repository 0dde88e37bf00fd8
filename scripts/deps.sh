#!/bin/bash
# SPDX-License-Identifier: MIT
#
# deps.sh - the packages a purpose needs: find what is missing, say so, install it
#
# Usage: deps.sh [-q] build|figures|congestion|check|fuzz|bench|remote|calibrate
#	-q	say nothing about optional packages that are missing
#
# Installs with apt-get when it may (root, or sudo without a password) and NO_INSTALL is
# not 1; otherwise prints the exact command. Exit status: 0 everything required is there
# (what is optional may be missing: the parts that want it skip themselves and say so),
# 2 wrong usage, 3 something required is missing.
set -u

quiet=0
[ "${1:-}" = -q ] && { quiet=1; shift; }
purpose=${1:-}
cc=${CC:-gcc}			# may be several words

has() { command -v "$1" >/dev/null 2>&1; }
has_sbin() { PATH=$PATH:/usr/sbin:/sbin command -v "$1" >/dev/null 2>&1; }
has_header() { echo "#include <$1>" | $cc -E -x c - >/dev/null 2>&1; }
has_font() { ! has fc-list || fc-list 2>/dev/null | grep -qi 'dejavu'; }
# The fuzzer's runtime of whatever version clang is.
has_fuzzer() { has clang && [ -e "$(clang -print-file-name=libclang_rt.fuzzer-x86_64.a)" ]; }

required=() optional=() why=()

# need PACKAGE TEST...: required; want PACKAGE REASON TEST...: optional
need() { local p=$1; shift; "$@" || required+=("$p"); }
want() { local p=$1 r=$2; shift 2; "$@" || { optional+=("$p"); why+=("$p: $r"); }; }

need_build()
{
	need gcc has "${cc%% *}"
	need libc6-dev has_header stdio.h
	need libconfig-dev has_header libconfig.h
	need libjansson-dev has_header jansson.h
}

case $purpose in
build)
	need_build
	;;
figures)
	need_build
	want python3 "the figures are made, the report is not" has python3
	want gnuplot-nox "the numbers are made, the drawings are not" has gnuplot
	want fonts-dejavu-core "drawings fall back to another font" has_font
	;;
congestion)
	need_build
	need python3 has python3
	want gnuplot-nox "the tables are made, the drawings are not" has gnuplot
	want fonts-dejavu-core "drawings fall back to another font" has_font
	;;
check)
	need_build
	need libcunit1-dev has_header CUnit/Basic.h
	need python3 has python3
	need binutils has objdump
	want clang "the build with the second compiler is skipped" has clang
	want iproute2 "tests against a real Linux peer are skipped" has ip
	want ethtool "tests over a veth pair are skipped" has ethtool
	want tshark "captures are not checked by another program" has tshark
	want libmemcached-tools "the memcached server meets no real client" has memccapable
	want memcached "the memcached server and its load do not meet the real one" has memcached
	;;
fuzz)
	need_build
	need clang has clang
	need "libclang-rt-$(clang -dumpversion 2>/dev/null | cut -d. -f1 | grep . || echo 14)-dev" \
		has_fuzzer
	;;
bench)
	need_build
	need python3 has python3
	want iproute2 "the kernel's own TCP is not measured beside ours" has ip
	want valgrind "instructions and cache misses are not counted" has valgrind
	;;
calibrate)
	need_build
	need python3 has python3
	;;
remote)
	need parallel has parallel
	need rsync has rsync
	need openssh-client has ssh
	want openssh-server "tests of a sweep over ssh are skipped" has_sbin sshd
	want slurm-client "sweeps on a Slurm cluster are not possible" has sbatch
	want slurmctld "tests of a sweep on Slurm are skipped" has_sbin slurmctld
	want slurmd "tests of a sweep on Slurm are skipped" has_sbin slurmd
	want munge "tests of a sweep on Slurm are skipped" has_sbin munged
	;;
*)
	echo "deps.sh: \"$purpose\" is no purpose; use build, figures, congestion, check, fuzz," \
		"bench, remote or calibrate." >&2
	exit 2
	;;
esac

explain()
{
	local w
	[ "$quiet" = 1 ] && return
	for w in ${why[@]+"${why[@]}"}; do
		echo "deps: optional $w" >&2
	done
}

# Print how to become root, or fail. Empty: we are.
root_command()
{
	[ "$(id -u)" = 0 ] && return 0
	has sudo && sudo -n true 2>/dev/null && { echo "sudo -n"; return 0; }
	return 1
}

apt()
{
	$as_root env DEBIAN_FRONTEND=noninteractive apt-get -o DPkg::Lock::Timeout=300 -qq "$@"
}

give_up()
{
	echo "deps: for \"$purpose\" these packages are missing: ${required[*]}" >&2
	if has apt-get; then
		echo "deps: install them with:" >&2
		echo "    sudo apt-get update && sudo apt-get install --no-install-recommends" \
			"${required[*]}" >&2
	else
		echo "deps: these are Debian's names; your distribution may use others." >&2
	fi
	exit 3
}

missing=(${required[@]+"${required[@]}"} ${optional[@]+"${optional[@]}"})
[ ${#missing[@]} -eq 0 ] && exit 0

if [ "${NO_INSTALL:-0}" = 1 ] || ! has apt-get || ! as_root=$(root_command); then
	[ ${#required[@]} -eq 0 ] || give_up
	explain
	exit 0
fi

echo "deps: installing for \"$purpose\": ${missing[*]} (NO_INSTALL=1 forbids this)"
lists=(/var/lib/apt/lists/*_Packages*)
[ -e "${lists[0]}" ] || apt update || echo "deps: apt-get update failed" >&2
# Optional packages must not keep required ones from coming in.
if ! apt install --no-install-recommends "${missing[@]}" >/dev/null; then
	apt update || echo "deps: apt-get update failed" >&2
	for p in "${missing[@]}"; do
		apt install --no-install-recommends "$p" >/dev/null ||
			echo "deps: apt-get could not install $p" >&2
	done
fi
[ "$quiet" = 1 ] && set -- -q "$purpose" || set -- "$purpose"
NO_INSTALL=1 exec "$0" "$@"
