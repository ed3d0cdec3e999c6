#!/bin/sh
# Signs a Windows program in place, reserves space for a stamp, and verifies the result. Usage:
# sign.sh FILE.exe; dist.sh describes the environment variables.
set -eu
exe=$1
set -- sign -certs "$LOTSE_SIGN_CERTS" -key "$LOTSE_SIGN_KEY" -h sha256 -n "${LOTSE_SIGN_NAME:-Lotse}"
if [ -n "${LOTSE_SIGN_URL-}" ]; then set -- "$@" -i "$LOTSE_SIGN_URL"; fi
if [ -n "${LOTSE_SIGN_TIMESTAMP_URL-}" ]; then
	set -- "$@" -ts "$LOTSE_SIGN_TIMESTAMP_URL"
else
	set -- "$@" -time "$SOURCE_DATE_EPOCH"
fi
work=$(mktemp -d)
trap 'rm -rf "$work"' EXIT
osslsigncode "$@" -in "$exe" -out "$work/signed.exe" >"$work/log" || { cat "$work/log" >&2; exit 1; }
osslsigncode add -addUnauthenticatedBlob -in "$work/signed.exe" -out "$work/stampable.exe" >"$work/log" || { cat "$work/log" >&2; exit 1; }
ci/verify.sh "$work/stampable.exe"
mv "$work/stampable.exe" "$exe"
