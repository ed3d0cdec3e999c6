#!/bin/sh
# Installs the missing programs that a target needs if this machine permits that, and otherwise
# reports what is missing. Usage: apt.sh PROGRAM=PACKAGE … (a PROGRAM with a slash is a file
# that must exist).
set -eu
missing=
for pair in "$@"; do
	program=${pair%%=*} package=${pair#*=}
	case $program in
	*/*) [ -e "$program" ] && continue ;;
	*) command -v "$program" >/dev/null 2>&1 && continue ;;
	esac
	case " $missing " in *" $package "*) ;; *) missing="$missing $package" ;; esac
done
[ -n "$missing" ] || exit 0
sudo=
if [ "$(id -u)" != 0 ]; then
	if command -v sudo >/dev/null 2>&1 && sudo -n true 2>/dev/null; then
		sudo="sudo -n"
	else
		echo "missing packages:$missing" >&2
		echo "install them with: sudo apt-get install --no-install-recommends$missing" >&2
		exit 1
	fi
fi
if ! command -v apt-get >/dev/null 2>&1; then
	echo "missing (names of Debian's packages):$missing" >&2
	exit 1
fi
echo "installing$missing"
export DEBIAN_FRONTEND=noninteractive
log=$(mktemp)
if ! { $sudo apt-get update && $sudo apt-get install -y --no-install-recommends $missing; } >"$log" 2>&1; then
	tail -n 20 "$log" >&2
	echo "could not install:$missing" >&2
	exit 1
fi
rm -f "$log"
