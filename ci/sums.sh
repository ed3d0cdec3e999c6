#!/bin/sh
# Writes SHA256SUMS of all files of a release and signs it. Usage: sums.sh FOLDER
#
# LOTSE_SUMS_KEY is the file of an SSH key: a private key, or a public one whose private key is
# in an agent or a hardware token. Without it SHA256SUMS has no signature. SECURITY.md tells
# users how to verify it.
set -eu
key=${LOTSE_SUMS_KEY-}
case $key in "" | /*) ;; *) key=$PWD/$key ;; esac
cd "$1"
rm -f SHA256SUMS SHA256SUMS.sig
files=$(find . -type f ! -name .keep -printf "%P\n" | LC_ALL=C sort)
sums=$(echo "$files" | xargs sha256sum)
echo "$sums" >SHA256SUMS
if [ -n "$key" ]; then
	ssh-keygen -q -Y sign -f "$key" -n lotse-release SHA256SUMS
else
	echo "dist: SHA256SUMS is NOT signed: LOTSE_SUMS_KEY is not set" >&2
fi
