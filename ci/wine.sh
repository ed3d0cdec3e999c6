#!/bin/sh
# Creates a wine prefix that runs Go programs, unless it exists already. Usage: wine.sh PREFIX
# [BROWSER]; BROWSER is the program that wine starts to open an address.
set -eu
prefix=$1 browser=${2:-}
here=$(cd "$(dirname "$0")" && pwd)
mkdir -p "$prefix"
export WINEPREFIX="$prefix" WINEARCH=win64 WINEDEBUG=-all WINEDLLOVERRIDES='mscoree=;mshtml=;winebus.sys=;wineusb.sys='
exec 9>"$prefix/.lock"
flock 9
if [ ! -e "$prefix/.ready" ]; then
	# Run without a display. Wine creates what needs one when there is one.
	env -u DISPLAY timeout 180 wine wineboot -i >/dev/null 2>&1 9>&-
	(cd "$here" && GOOS= GOARCH= go run ./winedll "$prefix/drive_c/windows/system32/bcryptprimitives.dll") 9>&-
	# Go programs require a Windows version that Go supports.
	env -u DISPLAY timeout 60 wine winecfg -v win10 >/dev/null 2>&1 9>&-
	timeout 60 wineserver -w 9>&- || true
	: >"$prefix/.ready"
fi
if [ -n "$browser" ] && [ "$(cat "$prefix/.browser" 2>/dev/null)" != "$browser" ]; then
	env -u DISPLAY timeout 60 wine reg add 'HKCU\Software\Wine\WineBrowser' /v Browsers /t REG_SZ /d "$browser" /f >/dev/null 2>&1 9>&-
	timeout 60 wineserver -w 9>&- || true
	printf %s "$browser" >"$prefix/.browser"
fi
