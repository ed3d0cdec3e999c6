#!/bin/sh
# Checks that a fresh clone of this commit builds and passes: clones it into a temporary folder
# and runs make there with the script's arguments. Usage: ci/fresh.sh test
set -eu
cd "$(dirname "$0")/.."
[ -z "$(git status --porcelain)" ] || echo "fresh: changes that are not committed are not tested" >&2
folder=$(mktemp -d)
trap 'chmod -R u+w "$folder"; rm -rf "$folder"' EXIT
git clone -q . "$folder/lotse"
make -C "$folder/lotse" "${@:-test}"
