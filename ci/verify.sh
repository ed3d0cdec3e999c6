#!/bin/sh
# Fails unless FILE.exe has a valid signature. Usage: verify.sh FILE.exe
set -eu
if ! out=$(osslsigncode verify -CAfile "${LOTSE_SIGN_CA:-/etc/ssl/certs/ca-certificates.crt}" -in "$1" 2>&1); then
	echo "$out" >&2
	echo "verify: $1: the signature is not valid" >&2
	exit 1
fi
