#!/usr/bin/env bash
# Runs targets of the Makefile and prints one line for each: ok or FAIL, its elapsed time, and
# its processor time. Usage: parts.sh WORKERS TARGET…; at most WORKERS targets run at the same
# time. A target's output goes to bin/TARGET.log and is shown if the target fails. The other
# targets still run then. The exit code is 1 if a target failed.
set -uo pipefail
cd "$(dirname "$0")/.."
mkdir -p bin
unset MAKEFLAGS MFLAGS MAKELEVEL # each target is a make of its own
TIMEFORMAT='%0R %0U %0S'
exec 7>bin/.parts.lock # one target's lines at a time

part() { # TARGET
	local log=bin/$1.log word=ok status=0 real user sys
	{ time make --no-print-directory "$1" >"$log" 2>&1 </dev/null 7>&-; } 2>"$log.time" || word=FAIL status=1
	read -r real user sys <"$log.time"
	rm -f "$log.time"
	flock 7
	printf '%-4s %-18s %4d s  (%d s of processor)\n' "$word" "$1" "$real" $((user + sys))
	if [ "$status" != 0 ]; then
		sed 's/^/    /' "$log"
		printf '%-4s %-18s its output is above, and in %s\n' "$word" "$1" "$log"
	fi
	flock -u 7
	return "$status"
}

workers=$1 running=() status=0
shift
# Stopping the tests stops all parts.
trap 'trap - INT TERM; kill -- "${running[@]/#/-}" 2>/dev/null; exit 1' INT TERM
set -m # each part is a process group

# Waits until one of the running parts has ended.
ended() {
	local pid
	wait -n -p pid "${running[@]}" || status=1
	local left=()
	for p in "${running[@]}"; do [ "$p" = "$pid" ] || left+=("$p"); done
	running=("${left[@]}")
}

for target in "$@"; do
	[ "${#running[@]}" -lt "$workers" ] || ended
	part "$target" &
	running+=("$!")
done
while [ "${#running[@]}" -gt 0 ]; do ended; done
exit "$status"
