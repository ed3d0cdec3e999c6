#!/bin/sh
# Runs a Windows program under wine, for go test -exec, on $DISPLAY or, without one, on an X
# server of its own. Everything that it started has ended when it returns. $LOTSE_WINE is the
# prefix, which is created if it does not exist.
set -eu
here=$(cd "$(dirname "$0")" && pwd)
prefix=${LOTSE_WINE:-${XDG_CACHE_HOME:-$HOME/.cache}/lotse-wine}
"$here/wine.sh" "$prefix"
export WINEPREFIX="$prefix" WINEARCH=win64 WINEDEBUG=${WINEDEBUG:--all} WINEDLLOVERRIDES='mscoree=;mshtml=;winebus.sys=;wineusb.sys='
# Tests share a prefix's windows and clipboard, so only one test runs at a time.
exec 8>"$prefix/.busy"
flock 8
xserver= manager= fifo=
finish() {
	wineserver -k 8>&- 2>/dev/null || true
	[ -z "$manager" ] || kill "$manager" 2>/dev/null || true
	[ -z "$xserver" ] || kill "$xserver" 2>/dev/null || true
	[ -z "$fifo" ] || rm -f "$fifo"
	wait 2>/dev/null || true
}
trap finish EXIT
trap 'exit 143' HUP INT TERM
if [ -z "${DISPLAY:-}" ]; then
	fifo=$(mktemp -u)
	mkfifo "$fifo"
	Xvfb -displayfd 3 -extension GLX -screen 0 1280x800x24 -nolisten tcp -noreset 3>"$fifo" >/dev/null 2>&1 8>&- &
	xserver=$!
	read -r number <"$fifo"
	DISPLAY=:$number
	export DISPLAY
	openbox >/dev/null 2>&1 8>&- &
	manager=$!
fi
status=0
wine "$@" 8>&- &
program=$!
wait $program || status=$?
exit $status
