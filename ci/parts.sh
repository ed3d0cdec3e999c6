#!/usr/bin/env bash
# Runs targets of the Makefile and prints one line for each: ok or FAIL, its time and
# what it took of the processors. Usage: parts.sh LANE…; a lane is one argument, targets
# with spaces between them. Lanes run beside each other, the targets of a lane one after
# another. What a target prints goes to bin/TARGET.log, and is shown when it fails. The
# others go on then. Ends with 1 if a target failed.
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

lane() { # TARGETS
	local target status=0
	for target in $1; do part "$target" || status=1; done
	return "$status"
}

lanes=() status=0
# Whoever stops the tests stops all lanes.
trap 'trap - INT TERM; kill -- "${lanes[@]/#/-}" 2>/dev/null; exit 1' INT TERM
set -m # each lane is a process group
for targets in "$@"; do
	lane "$targets" &
	lanes+=("$!")
done
for pid in "${lanes[@]}"; do
	wait "$pid" || status=1
done
exit "$status"
